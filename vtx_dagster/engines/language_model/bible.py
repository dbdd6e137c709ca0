"""A proposal for the bible: what the story needs to look the same in every shot, from its outline and treatment."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

from pydantic import Field

from vtx_dagster.core.bible import Bible, Build, Character, Figure, Hair, Location, SetKind
from vtx_dagster.core.capsules import Capsules
from vtx_dagster.core.document import HexColour, Part
from vtx_dagster.core.outline import Outline, OutlineScene
from vtx_dagster.core.planner import Forecast, Stage
from vtx_dagster.core.story import WHOLE, Basis, BibleProposal, Draft, Job, Provenance, Story
from vtx_dagster.core.wording import clean
from vtx_dagster.engines.breakdown.cast import key_of, spelling_of, title_name
from vtx_dagster.engines.language_model.asking import AnswerProblems
from vtx_dagster.engines.language_model.basis import aspect_hash
from vtx_dagster.engines.language_model.desk import ModelDesk
from vtx_dagster.engines.language_model.guess import guessed, outline_tokens, treatment_tokens
from vtx_dagster.engines.language_model.names import spoken_name
from vtx_dagster.engines.language_model.prompt import Prompt, Window
from vtx_dagster.engines.screenplay.heading import read_heading

_TEMPLATE = "bible"
E = TypeVar("E", Character, Location)

_LONGEST_DESCRIPTOR = 400
"""In letters. It stands in the prompt of every clip, beside those of others; 30 words have about 200."""


class CharacterAnswer(Part):
    """A character as the model describes it."""

    character: str = Field(description="Key of the character.")
    name: str = Field(description="As it is written in prose.")
    aliases: list[str]
    age: int | None = Field(ge=0, le=999)
    descriptor: str
    wardrobe: str
    voice: str
    build: Build
    hair: Hair
    hair_colour: HexColour = Field(description="sRGB, such as #6b4423.")
    skin: HexColour
    wardrobe_colour: HexColour


class LocationAnswer(Part):
    """A place as the model describes it."""

    location: str = Field(description="Key of the place.")
    name: str = Field(description="As it is written in prose.")
    aliases: list[str]
    interior: bool
    descriptor: str
    set: SetKind


class BibleAnswer(Part):
    """Entries for the bible."""

    characters: list[CharacterAnswer]
    locations: list[LocationAnswer]
    style_prefix: str
    style_negative: str


class BibleStage:
    """Proposes entries for the characters, the places and the style of a story, in one call."""

    def __init__(self, desk: ModelDesk) -> None:
        self._desk = desk

    def parts(self, story: Story) -> dict[str, Basis]:
        """Return the proposal as one part. What the bible holds is not in its basis: a proposal fills it.

        Raises:
            NotFoundError: If there is no outline or no treatment.
        """
        needs = _Needs(story.outline)
        basis = {
            "names": aspect_hash(sorted(needs.characters), sorted(needs.locations)),
            "treatment": aspect_hash(story.treatment),
            "style": aspect_hash(list(story.capsules.visual.items())),
        }
        if override := self._desk.library.override_hash(_TEMPLATE):
            basis["template"] = override
        return {WHOLE: basis}

    def prompts(self, story: Story, job: Job) -> list[tuple[str, Prompt]]:
        """Return the one question, if it is due; none while there is no outline or no treatment."""
        if WHOLE not in job.due or not _has_sources(story):
            return []
        return [(WHOLE, self._prompt(story, story.outline, story.treatment))]

    def forecast(self, story: Story, job: Job) -> Forecast:
        """Return what the proposal would cost at most; a guess while there is no outline or no treatment."""
        if _has_sources(story):
            return self._desk.asker.forecast(prompt for _, prompt in self.prompts(story, job))
        metadata = story.metadata
        prompt = self._prompt(story, Outline(title=metadata.title), "")
        tokens = outline_tokens(metadata) + treatment_tokens(metadata)
        return guessed(self._desk, [prompt], more_input_tokens=tokens)

    def write(self, story: Story, job: Job) -> Draft[BibleProposal]:
        """Return the proposal: an entry for everything that the outline uses and the bible does not describe, and more if useful.

        Raises:
            BudgetError: If it could cost more than is left; nothing is sent then.
            AnswerError: If the answer cannot be used after all repairs.
            NotFoundError: If there is no outline or no treatment.
        """
        self._desk.asker.afford(self.forecast(story, job), stage=Stage.BIBLE_PROPOSAL)
        outline, bible = story.outline, story.bible
        prompt = self._prompt(story, outline, story.treatment)
        check = partial(_checked, needs=_Needs(outline), bible=bible)
        answered = self._desk.asker.ask(prompt, check, stage=Stage.BIBLE_PROPOSAL, part=WHOLE)
        proposal, remarks = answered.value
        provenance = Provenance(
            basis=dict(self.parts(story)[WHOLE]),
            writer=self._desk.model,
            template=prompt.template,
            capsules=Capsules(visual=story.capsules.visual).names(),
            calls=answered.calls,
            remarks=(*prompt.cuts, *answered.remarks, *remarks),
        )
        return Draft(part=WHOLE, value=proposal, provenance=provenance)

    def _prompt(self, story: Story, outline: Outline, treatment: str) -> Prompt[BibleAnswer]:
        needs, bible = _Needs(outline), story.bible
        missing = needs.missing(bible)
        values = {
            "title": outline.title,
            "logline": outline.logline,
            "wanted_characters": list(missing.characters),
            "wanted_locations": list(missing.locations),
            "has_style": bool(bible.style.prefix and bible.style.negative),
            "capsules": story.capsules,
        }
        windows = (
            Window(name="treatment", text=treatment, priority=2),
            Window(name="outline", text="\n\n".join(_scene_text(scene) for scene in _scenes(outline)), priority=1),
            Window(name="existing", text=_existing_text(bible), priority=3),
        )
        keys = {
            "character": [*needs.characters, *bible.characters.characters],
            "location": [*needs.locations, *bible.locations.locations],
        }
        return self._desk.library.render(_TEMPLATE, BibleAnswer, values=values, windows=windows, keys=keys)


class _Needs:
    """What an outline needs of the bible: stubs by key, in order of appearance."""

    def __init__(self, outline: Outline) -> None:
        self.characters: dict[str, Character] = {}
        self.locations: dict[str, Location] = {}
        for scene in _scenes(outline):
            for key in scene.characters:
                self.characters.setdefault(key, Character(name=spoken_name(key), stub=True))
            if scene.location:
                heading = read_heading(scene.heading)
                stub = Location(name=title_name(heading.place), interior=heading.interior, stub=True)
                self.locations.setdefault(scene.location, stub)

    def missing(self, bible: Bible) -> "_Needs":
        """Return what the bible does not describe: it has no entry, or a stub."""
        missing = _Needs(Outline(title=""))
        known_characters, known_locations = bible.characters.characters, bible.locations.locations
        missing.characters = {key: stub for key, stub in self.characters.items() if known_characters.get(key, stub).stub}
        missing.locations = {key: stub for key, stub in self.locations.items() if known_locations.get(key, stub).stub}
        return missing


def _has_sources(story: Story) -> bool:
    return bool(story.outline_source.text and story.treatment_source.text)


def _scenes(outline: Outline) -> Iterator[OutlineScene]:
    for act in outline.acts:
        yield from act.scenes


def _scene_text(scene: OutlineScene) -> str:
    """Return a scene with its keys. Its beats are told by the treatment."""
    who = f" [{', '.join(scene.characters)}]" if scene.characters else ""
    where = f" [{scene.location}]" if scene.location else ""
    return "\n".join(line for line in (f"{scene.heading}{where}{who}", scene.synopsis) if line)


def _existing_text(bible: Bible) -> str:
    """Return what the bible says, a line for each entry."""
    lines = [f"- style {name}: {text}" for name, text in _told(bible.style, "prefix", "negative")]
    for key, character in bible.characters.characters.items():
        told = [
            character.name,
            *([f"also {', '.join(character.aliases)}"] if character.aliases else []),
            *([f"age {character.age}"] if character.age is not None else []),
            *(f"{name} {text}" for name, text in _told(character, "descriptor", "wardrobe", "voice")),
            *(f"{name} {text}" for name, text in _told(character.figure, "build", "hair", "hair_colour", "skin")),
            *(f"{name}_colour {text}" for name, text in _told(character.figure, "wardrobe")),
        ]
        lines.append(f"- character `{key}`: {'; '.join(told)}")
    for key, location in bible.locations.locations.items():
        told = [
            location.name,
            *([f"also {', '.join(location.aliases)}"] if location.aliases else []),
            *(f"{name} {text}" for name, text in _told(location, "descriptor", "set")),
        ]
        lines.append(f"- place `{key}`: {'; '.join(told)}")
    return "\n".join(lines)


def _told(entry: Part, *names: str) -> Iterator[tuple[str, str]]:
    yield from ((name, getattr(entry, name)) for name in names if getattr(entry, name))


def _checked(answer: BibleAnswer, *, needs: _Needs, bible: Bible) -> tuple[BibleProposal, tuple[str, ...]]:
    """Return what an answer proposes, and what was dropped of it.

    Raises:
        AnswerProblems: If an entry is there twice, says nothing, has an unknown key, or is missing. If nothing else is wrong than
            missing entries, the others can be used, with stubs for these.
    """
    known_characters, known_locations = bible.characters.characters, bible.locations.locations
    characters, locations = answer.characters, answer.locations
    character_keys, location_keys = [one.character for one in characters], [one.location for one in locations]
    problems = [
        *_key_problems("character", character_keys, (*needs.characters, *known_characters)),
        *_key_problems("location", location_keys, (*needs.locations, *known_locations)),
        *(problem for one in characters for problem in _entry_problems(f"character {one.character}", one)),
        *(problem for one in locations for problem in _entry_problems(f"location {one.location}", one)),
    ]
    if problems:
        raise AnswerProblems(problems)
    missing = needs.missing(bible)
    absent_characters = {key: stub for key, stub in missing.characters.items() if key not in character_keys}
    absent_locations = {key: stub for key, stub in missing.locations.items() if key not in location_keys}
    names = {one.character: one.name for one in characters} | {key: entry.name for key, entry in known_characters.items()}
    places = {one.location: one.name for one in locations} | {key: entry.name for key, entry in known_locations.items()}
    characters_then = {one.character: _character(one, _own(one.character, one.name, one.aliases, names)) for one in characters}
    locations_then = {
        one.location: _location(one, _own(one.location, one.name, one.aliases, places), known_locations.get(one.location))
        for one in locations
    }
    proposal = BibleProposal(
        characters=_new(characters_then, known_characters)
        | {key: stub for key, stub in absent_characters.items() if key not in known_characters},
        locations=_new(locations_then, known_locations)
        | {key: stub for key, stub in absent_locations.items() if key not in known_locations},
        style_prefix="" if bible.style.prefix else clean(answer.style_prefix),
        style_negative="" if bible.style.negative else clean(answer.style_negative),
    )
    absent = [f"character {key}" for key in absent_characters] + [f"location {key}" for key in absent_locations]
    if absent:
        stubs = tuple(f"{key}: a stub, because the answer has no entry" for key in absent)
        raise AnswerProblems([f"{key} has no entry" for key in absent], partial=(proposal, stubs))
    return proposal, ()


def _key_problems(kind: str, keys: Sequence[str], known: Sequence[str]) -> Iterator[str]:
    for key in dict.fromkeys(keys):
        if keys.count(key) > 1:
            yield f"{kind} {key} has {keys.count(key)} entries; write one"
        if key not in known:
            yield f"there is no {kind} {key}; there are {', '.join(dict.fromkeys(known)) or 'none'}"


def _entry_problems(what: str, entry: CharacterAnswer | LocationAnswer) -> Iterator[str]:
    if not key_of(entry.name):
        yield f"{what}: its name {entry.name!r} is not a name"
    if not entry.descriptor.strip():
        yield f"{what}: its descriptor is empty"
    elif len(entry.descriptor) > _LONGEST_DESCRIPTOR:
        yield f"{what}: its descriptor has {len(entry.descriptor)} letters; write at most {_LONGEST_DESCRIPTOR}"


def _own(key: str, name: str, aliases: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the aliases that are no name of somebody else, and not the entry's own name again."""
    taken = {spelling_of(other) for other in names.values()} | set(names) | {spelling_of(name), key, ""}
    return tuple({spelling_of(alias): clean(alias) for alias in aliases if spelling_of(alias) not in taken}.values())


def _character(answer: CharacterAnswer, aliases: tuple[str, ...]) -> Character:
    return Character(
        name=clean(answer.name),
        aliases=aliases,
        age=answer.age,
        descriptor=clean(answer.descriptor),
        wardrobe=clean(answer.wardrobe),
        voice=clean(answer.voice),
        figure=Figure(
            build=answer.build,
            hair=answer.hair,
            hair_colour=answer.hair_colour,
            skin=answer.skin,
            wardrobe=answer.wardrobe_colour,
        ),
    )


def _location(answer: LocationAnswer, aliases: tuple[str, ...], before: Location | None) -> Location:
    return Location(
        name=clean(answer.name),
        aliases=aliases,
        interior=answer.interior,
        descriptor=clean(answer.descriptor),
        set=answer.set,
        palette=before.palette if before is not None else None,
    )


def _new(entries: Mapping[str, E], known: Mapping[str, E]) -> dict[str, E]:
    return {key: entry for key, entry in entries.items() if known.get(key) != entry}
