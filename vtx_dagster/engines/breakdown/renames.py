"""Names that a screenplay changed while the person, or the place, stayed: STEEL is STONE now, everywhere.

A person of the bible was renamed if nobody is called so any more, on a cue or in action, and a name that the bible does not know
says at least half of what the person said, and not much else: at least half of what it says was the person's. A place was renamed
if no heading has it any more, and all its scenes are there, word for word, at one place that the bible does not know.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from vtx_dagster.core.bible import Bible, Character, Location, is_bare
from vtx_dagster.core.screenplay import ElementKind, SceneText
from vtx_dagster.core.shotlist import Shotlist
from vtx_dagster.engines.breakdown.cast import Cast, spelling_of, title_name

_SHARE = 0.5
"""Of what is said, in letters. A person who was renamed may have been rewritten a little at the same time."""

_WORD = re.compile(r"\w+")


def renamed_characters(scenes: Sequence[SceneText], before: Shotlist, bible: Bible) -> dict[str, str]:
    """Return the new names of characters of the bible, by key.

    Args:
        scenes: The whole screenplay as it is now.
        before: The shots of the screenplay as it was; what is said in them tells who is who.
        bible: Whom it does not know may be somebody renamed.
    """
    speakers = [element.speaker for scene in scenes for element in scene.elements if element.speaker]
    cast = Cast(bible, speakers)
    gone = bible.characters.characters.keys() - {cast.character(name) for name in speakers} - _mentioned(scenes, bible)
    said: dict[str, list[str]] = {}
    for line in (line for shot in before.shots for line in shot.dialogue if line.character in gone):
        said.setdefault(line.character, []).append(line.text)
    names: dict[str, str] = {}
    says: dict[str, list[str]] = {}
    for element in (element for scene in scenes for element in scene.elements if element.speaker):
        if not cast.knows_character(element.speaker):
            names.setdefault(cast.character(element.speaker), title_name(element.speaker))
            says.setdefault(cast.character(element.speaker), []).append(element.text)
    found = [(key, new) for key in said for new in says if _are_the_same(said[key], says[new])]
    keys, others = Counter(key for key, _ in found), Counter(new for _, new in found)
    # Two people who became one, or one who became two, are nobody's new name.
    renamed = {key: names[new] for key, new in found if keys[key] == others[new] == 1}
    return {**_called_by_their_keys(bible.characters.characters, speakers, cast.character), **renamed}


def renamed_places(scenes: Sequence[SceneText], before: Sequence[SceneText], bible: Bible) -> dict[str, str]:
    """Return the new names of locations of the bible, by key.

    Args:
        scenes: The whole screenplay as it is now.
        before: The whole screenplay as it was.
        bible: What it does not know may be a place renamed.
    """
    cast, known = Cast(bible, places=[scene.place for scene in scenes]), bible.locations.locations
    now: dict[tuple[object, ...], set[str]] = {}
    for scene in scenes:
        now.setdefault(_content(scene), set()).add(scene.place)
    there = {cast.location(scene.place) for scene in scenes}
    places: dict[str, set[str]] = {}
    for scene in before:
        key = cast.location(scene.place)
        if key in known and key not in there:
            # A scene that has nothing in it, or is not there any more, tells nothing; a place of no name stands for it.
            places.setdefault(key, set()).update(now.get(_content(scene), {""}) if scene.elements else {""})
    one = {key: next(iter(found)) for key, found in places.items() if len(found) == 1}
    renamed = {
        key: title_name(place)
        for key, place in one.items()
        if place and cast.location(place) not in known and list(one.values()).count(place) == 1
    }
    return {**_called_by_their_keys(known, [scene.place for scene in scenes if not scene.minor], cast.location), **renamed}


def _called_by_their_keys(
    entries: Mapping[str, Character] | Mapping[str, Location], names: Iterable[str], key_of_name: Callable[[str], str | None]
) -> dict[str, str]:
    """Return the names of stubs that are called by their key again, and not by their name: a rename was undone."""
    called: dict[str, dict[str, str]] = {}
    for name in names:
        if (key := key_of_name(name)) in entries:
            called.setdefault(str(key), {})[spelling_of(name)] = name
    return {
        key: title_name(spellings[key])
        for key, spellings in called.items()
        if is_bare(entries[key]) and [*spellings] == [key] and spelling_of(entries[key].name) != key
    }


def _mentioned(scenes: Iterable[SceneText], bible: Bible) -> set[str]:
    """Return the keys of those whose own name is in action. An alias, such as a role, may be anybody's by now."""
    characters = {key: Character(name=entry.name) for key, entry in bible.characters.characters.items()}
    named = Cast(Bible(characters=bible.characters.model_copy(update={"characters": characters})))
    actions = (element.text for scene in scenes for element in scene.elements if element.kind == ElementKind.ACTION)
    return {key for text in actions for key in named.mentioned(text)}


def _are_the_same(said: Sequence[str], says: Sequence[str]) -> bool:
    return min(_share(said, says), _share(says, said)) >= _SHARE


def _share(texts: Iterable[str], others: Iterable[str]) -> float:
    """Return how much of some texts is in others, word for word; by letters, from 0 to 1."""
    whole = f" {' '.join(map(_words, others))} "
    lengths: Mapping[bool, list[int]] = {True: [], False: []}
    for words in map(_words, texts):
        lengths[f" {words} " in whole].append(len(words))
    total = sum(lengths[True]) + sum(lengths[False])
    return sum(lengths[True]) / total if total else 0.0


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _content(scene: SceneText) -> tuple[object, ...]:
    """Return what a scene is but for its place, and for the names of those who speak."""
    elements = tuple((element.kind, element.text, element.parenthetical) for element in scene.elements)
    return (scene.interior, scene.time.casefold(), elements)
