"""What a story needs and the bible does not have: shown as a diff against the files, and added.

Nothing that a person wrote is changed. A stub that nobody filled in describes nothing, so a proposal takes its place. An entry
whose name is another one in the screenplay now gets that as an alias, and nothing else.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from vtx_dagster.core.bible import Bible, Character, Location, is_bare
from vtx_dagster.core.document import Part
from vtx_dagster.core.screenplay import SceneText
from vtx_dagster.core.shotlist import Shotlist
from vtx_dagster.core.story import BibleProposal
from vtx_dagster.core.wording import listed
from vtx_dagster.engines.breakdown.cast import spelling_of
from vtx_dagster.engines.breakdown.renames import renamed_characters, renamed_places
from vtx_dagster.production.story_files import StoryFiles
from vtx_dagster.studio.documents import add_aliases, add_entries, fill_text, replace_entries, yaml_text

E = TypeVar("E", Character, Location)


def proposal_diff(bible: Bible, proposal: BibleProposal) -> str:
    """Return what a proposal would change if every file took it over, as a unified diff; empty if nothing."""
    return "".join(
        "".join(difflib.unified_diff(now.splitlines(keepends=True), then.splitlines(keepends=True), name, name, n=3))
        for name, now, then in (
            (
                "prompts/characters.yaml",
                *_both(bible.characters.characters, proposal.characters, new_aliases(bible, proposal).character_aliases),
            ),
            (
                "prompts/locations.yaml",
                *_both(bible.locations.locations, proposal.locations, new_aliases(bible, proposal).location_aliases),
            ),
            ("prompts/style_bible.yaml", _style(bible.style.prefix, bible.style.negative), _proposed_style(bible, proposal)),
        )
    )


def apply_proposal(story: StoryFiles, proposal: BibleProposal) -> list[str]:
    """Add to the bible's files what a proposal has and they have not, or only as stubs; return what was done, in words.

    Raises:
        InvalidFileError: If a file is written in a way that cannot be added to, or in which nothing can be replaced.
        StorageError: If the disk refuses, or someone saved a file meanwhile.
    """
    bible, project = story.bible, story.project
    characters = {key: entry for key, entry in proposal.characters.items() if key not in bible.characters.characters}
    locations = {key: entry for key, entry in proposal.locations.items() if key not in bible.locations.locations}
    notes = add_to_bible(story, characters, locations)
    for key, value, present in (
        ("prefix", proposal.style_prefix, bible.style.prefix),
        ("negative", proposal.style_negative, bible.style.negative),
    ):
        if value and not present:
            fill_text(project.style_path, key, value)
            notes.append(f"{story.relative(project.style_path)} has a {key} now: {value}")
    notes += _write(
        story,
        _for_stubs(bible.characters.characters, proposal.characters),
        _for_stubs(bible.locations.locations, proposal.locations),
        write=replace_entries,
        done="filled in stubs of",
    )
    notes += add_aliases_to_bible(story, proposal)
    after = story.bible
    renamed = {*proposal.character_aliases, *proposal.location_aliases}
    differing = [key for key, entry in proposal.characters.items() if after.characters.characters[key] != entry]
    differing += [key for key, entry in proposal.locations.items() if after.locations.locations[key] != entry]
    differing = [key for key in differing if key not in renamed]
    if differing:
        notes.append(
            f"proposed otherwise and left as they are: {', '.join(differing)} (`vtx story bible {project.slug}` shows how)"
        )
    return notes


def add_to_bible(story: StoryFiles, characters: Mapping[str, Character], locations: Mapping[str, Location]) -> list[str]:
    """Add new characters and locations to the files and to the story at hand; return what was added, in words."""
    return _write(story, characters, locations, write=add_entries, done="added to")


def new_names(
    scenes: Sequence[SceneText], scenes_before: Sequence[SceneText], shots_before: Shotlist, bible: Bible
) -> BibleProposal:
    """Return the names that entries of the bible have in a screenplay now, as aliases; none for an empty screenplay."""
    if not scenes:
        return BibleProposal()
    characters, places = renamed_characters(scenes, shots_before, bible), renamed_places(scenes, scenes_before, bible)
    return BibleProposal(
        character_aliases={key: (name,) for key, name in characters.items()},
        location_aliases={key: (name,) for key, name in places.items()},
    )


def new_aliases(bible: Bible, proposal: BibleProposal) -> BibleProposal:
    """Return the aliases of a proposal alone, as far as the bible has the entries and does not know the names."""
    return BibleProposal(
        character_aliases=_unknown(bible.characters.characters, proposal.character_aliases),
        location_aliases=_unknown(bible.locations.locations, proposal.location_aliases),
    )


def with_aliases(bible: Bible, proposal: BibleProposal) -> Bible:
    """Return a bible with the aliases of a proposal that are new to it; a stub that nobody filled in gets the name instead."""
    new = new_aliases(bible, proposal)
    characters = _renamed(bible.characters.characters, new.character_aliases)
    locations = _renamed(bible.locations.locations, new.location_aliases)
    return bible.model_copy(
        update={
            "characters": bible.characters.model_copy(update={"characters": {**bible.characters.characters, **characters}}),
            "locations": bible.locations.model_copy(update={"locations": {**bible.locations.locations, **locations}}),
        }
    )


def add_aliases_to_bible(story: StoryFiles, proposal: BibleProposal) -> list[str]:
    """Add the aliases of a proposal to the files and to the story at hand; return what was done, in words.

    Raises:
        InvalidFileError: If a file is written in a way in which nothing can be replaced.
        StorageError: If the disk refuses, or someone saved a file meanwhile.
    """
    project, bible, new = story.project, story.bible, new_aliases(story.bible, proposal)
    present, places = bible.characters.characters, bible.locations.locations
    notes = _add_aliases(story, project.characters_path, "characters", present=present, names=new.character_aliases)
    notes += _add_aliases(story, project.locations_path, "locations", present=places, names=new.location_aliases)
    story.bible = with_aliases(bible, proposal)
    return notes


def _add_aliases(
    story: StoryFiles, path: Path, section: str, *, present: Mapping[str, E], names: Mapping[str, tuple[str, ...]]
) -> list[str]:
    renamed = _renamed(present, names)
    bare = {key: entry for key, entry in renamed.items() if is_bare(present[key])}
    replace_entries(path, section, bare)
    add_aliases(path, section, {key: names[key] for key in names if key not in bare})
    file = story.relative(path)
    return [
        f"the screenplay calls {present[key].name} {listed(*names[key])} now: {file} keeps the entry {key}, with"
        f" {'this name' if key in bare else 'this alias (change its name if the film is to show the new one)'}"
        for key in names
    ]


def _unknown(entries: Mapping[str, E], names: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Return the names of entries that there are, without those that an entry has already.

    A key leads to its entry, too; but only an entry that a person filled in is called otherwise than its key without an alias.
    """
    known = {spelling_of(name) for entry in entries.values() for name in (entry.name, *entry.aliases)}
    keys = {spelling_of(key): key for key in entries}

    def is_new(key: str, spelling: str) -> bool:
        return spelling not in known and (spelling not in keys or (keys[spelling] == key and is_bare(entries[key])))

    new = {key: tuple(name for name in names[key] if is_new(key, spelling_of(name))) for key in names if key in entries}
    return {key: of_key for key, of_key in new.items() if of_key}


def _renamed(entries: Mapping[str, E], names: Mapping[str, tuple[str, ...]]) -> dict[str, E]:
    return {
        key: entries[key].model_copy(
            update={"name": of_key[-1]} if is_bare(entries[key]) else {"aliases": (*entries[key].aliases, *of_key)}
        )
        for key, of_key in names.items()
    }


def _write(
    story: StoryFiles,
    characters: Mapping[str, Character],
    locations: Mapping[str, Location],
    *,
    write: Callable[[Path, str, Mapping[str, Part]], None],
    done: str,
) -> list[str]:
    """Write entries to the files and to the story at hand; return what was done, in words."""
    project, bible = story.project, story.bible
    notes = []
    for path, section, entries in (
        (project.characters_path, "characters", characters),
        (project.locations_path, "locations", locations),
    ):
        if entries:
            write(path, section, entries)
            notes.append(f"{done} {story.relative(path)}: {', '.join(entries)}")
    story.bible = with_entries(bible, characters, locations)
    return notes


def with_entries(bible: Bible, characters: Mapping[str, Character], locations: Mapping[str, Location]) -> Bible:
    """Return a bible with more characters and locations in it."""
    return bible.model_copy(
        update={
            "characters": bible.characters.model_copy(update={"characters": {**bible.characters.characters, **characters}}),
            "locations": bible.locations.model_copy(update={"locations": {**bible.locations.locations, **locations}}),
        }
    )


def _for_stubs(present: Mapping[str, E], proposed: Mapping[str, E]) -> dict[str, E]:
    """Return the proposed entries that describe what is there only as a stub."""
    return {key: entry for key, entry in proposed.items() if key in present and is_bare(present[key]) and not entry.stub}


def _both(present: Mapping[str, E], proposed: Mapping[str, E], aliases: Mapping[str, tuple[str, ...]]) -> tuple[str, str]:
    """Return the entries that are proposed, as the file has them and as they are proposed."""
    proposed = {**proposed, **_renamed({**present, **proposed}, aliases)}
    return _entries({key: present[key] for key in proposed if key in present}), _entries(proposed)


def _entries(entries: Mapping[str, Part]) -> str:
    return (
        yaml_text({key: entry.model_dump(mode="json", exclude_defaults=True) for key, entry in entries.items()})
        if entries
        else ""
    )


def _style(prefix: str, negative: str) -> str:
    given = {key: value for key, value in (("prefix", prefix), ("negative", negative)) if value}
    return yaml_text(given) if given else ""


def _proposed_style(bible: Bible, proposal: BibleProposal) -> str:
    return _style(proposal.style_prefix or bible.style.prefix, proposal.style_negative or bible.style.negative)
