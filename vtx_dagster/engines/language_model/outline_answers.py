"""What a model answers about an outline: its form, what must hold of it, and what becomes of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import Field

from vtx_dagster.core.bible import Bible, Character, Location
from vtx_dagster.core.document import Part
from vtx_dagster.core.ids import FilmId
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.outline import Beat, OutlineScene
from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.core.wording import clean
from vtx_dagster.engines.breakdown.cast import Cast, key_of
from vtx_dagster.engines.language_model.asking import AnswerProblems
from vtx_dagster.engines.language_model.names import known_keys
from vtx_dagster.engines.screenplay.heading import looks_like_heading, read_heading

_TOLERANCE = 0.25
"""How far a length may be off before the model is asked to mend it."""

_SHORT_S = 600.0
_MAX_ACTS_SHORT, _MAX_ACTS = 3, 5
_LONGEST_S = 36_000
_UNSAFE = str.maketrans(dict.fromkeys("#[]*_\n\r\t", " "))
"""What means something else than itself in a Fountain heading."""


class ActAnswer(Part):
    """An act as the model plans it."""

    title: str = Field(description="Two to five words.")
    synopsis: str = Field(description="What happens and what it changes, in two to four sentences.")
    seconds: float = Field(gt=0, le=_LONGEST_S, description="Length of the act in the film.")


class ActsAnswer(Part):
    """The story in acts."""

    logline: str = Field(description="One sentence: who wants what, and what stands in the way.")
    acts: list[ActAnswer]


class BeatAnswer(Part):
    """A beat as the model writes it."""

    text: str = Field(description="One thing that is seen or heard to happen, as one sentence.")
    purpose: str = Field(description="What the beat changes for the audience, in a few words.")


class SceneAnswer(Part):
    """A scene as the model outlines it."""

    interior: bool
    place: str = Field(description="The place alone, e.g. Wheelhouse; no INT., no time of day.")
    time_of_day: TimeOfDay
    synopsis: str = Field(description="One or two sentences: what happens, and what is different at the end.")
    characters: list[str] = Field(description="Names of everybody who is seen or heard.")
    beats: list[BeatAnswer]
    seconds: float = Field(gt=0, le=_LONGEST_S, description="Length of the scene in the film.")


class ScenesAnswer(Part):
    """The scenes of one act, in order."""

    scenes: list[SceneAnswer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduced:
    """Names that the story has used so far, by key."""

    characters: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)


_NOTHING = Introduced()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedScenes:
    """The scenes of one act.

    Attributes:
        scenes: Their ids are placeholders.
        names: The characters' names as the model writes them, by key.
        remarks: Names that were taken for others.
    """

    scenes: tuple[OutlineScene, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def max_acts(metadata: Metadata) -> int:
    """Return how many acts a film may have."""
    is_short = metadata.length_s is not None and metadata.length_s <= _SHORT_S
    return _MAX_ACTS_SHORT if is_short else _MAX_ACTS


def checked_acts(answer: ActsAnswer, *, metadata: Metadata) -> ActsAnswer:
    """Return the acts as they are.

    Raises:
        AnswerProblems: If something is missing, or they are far from the wanted length; those can be used.
    """
    problems = [] if answer.acts else ["there is no act"]
    if len(answer.acts) > max_acts(metadata):
        problems.append(f"there are {len(answer.acts)} acts; at most {max_acts(metadata)} are wanted")
    if not (metadata.logline or answer.logline.strip()):
        problems.append("the logline is empty")
    titles: set[str] = set()
    for number, act in enumerate(answer.acts, start=1):
        problems += [f"act {number}: its {name} is empty" for name in ("title", "synopsis") if not getattr(act, name).strip()]
        if act.title.strip().casefold() in titles:
            problems.append(f"act {number}: another act has the title {act.title.strip()!r}, too")
        titles.add(act.title.strip().casefold())
    if problems:
        raise AnswerProblems(problems)
    if off := _far_off(sum(act.seconds for act in answer.acts), metadata.length_s):
        raise AnswerProblems([f"the acts add up to {off}: change how much happens, and their seconds"], partial=answer)
    return answer


def checked_scenes(
    answer: ScenesAnswer, *, bible: Bible, seconds: float | None, introduced: Introduced = _NOTHING
) -> KeyedScenes:
    """Return the scenes of an act with the keys of the bible and the story where they have the names, and their headings.

    Args:
        answer: The scenes.
        bible: Its names and aliases win; new names get keys of their own.
        seconds: The wanted length of the act, if there is one.
        introduced: Who and what the acts before have in them: nobody of them becomes somebody else.

    Raises:
        AnswerProblems: If something is missing, or they are far from the wanted length; those can be used.
    """
    headings = [_heading(scene) for scene in answer.scenes]
    problems = [] if answer.scenes else ["there is no scene"]
    for number, scene in enumerate(answer.scenes, start=1):
        problems += [f"scene {number}: {problem}" for problem in _scene_problems(scene)]
    for number in range(1, len(headings)):
        if headings[number - 1] == headings[number]:
            problems.append(
                f"scenes {number} and {number + 1} have the same heading, {headings[number]}: make them one scene, "
                "or play one of them at another place or time"
            )
    if problems:
        raise AnswerProblems(problems)
    found = _keyed(answer.scenes, bible, introduced)
    if off := _far_off(sum(scene.seconds for scene in answer.scenes), seconds):
        raise AnswerProblems([f"the scenes add up to {off}: change how much happens, and their seconds"], partial=found)
    return found


def _scene_problems(scene: SceneAnswer) -> Iterator[str]:
    if not key_of(_place(scene)):
        yield f"its place {scene.place!r} is not a name"
    if not scene.synopsis.strip():
        yield "its synopsis is empty"
    if not scene.beats:
        yield "it has no beat"
    for number, beat in enumerate(scene.beats, start=1):
        if not beat.text.strip():
            yield f"beat {number} is empty"
    for name in scene.characters:
        if not key_of(name):
            yield f"{name!r} is not the name of a character"


def _keyed(scenes: Sequence[SceneAnswer], bible: Bible, introduced: Introduced) -> KeyedScenes:
    named = [name for scene in scenes for name in scene.characters]
    cast = Cast(_with(bible, introduced), named, places=map(_place, scenes))
    characters, misspelt = known_keys(named, bible.characters.characters, exact=cast.character, introduced=introduced.characters)
    places = bible.locations.locations
    locations, misplaced = known_keys(map(_place, scenes), places, exact=cast.location, introduced=introduced.places)
    outlined = []
    for scene in scenes:
        place, key = _place(scene), locations[_place(scene)]
        if cast.location(place) != key:
            place = places[key].name if key in places else introduced.places[key]
        outlined.append(
            OutlineScene(
                id=str(FilmId.of(1, 1)),
                heading=_heading(scene, place),
                synopsis=clean(scene.synopsis),
                location=key,
                time_of_day=scene.time_of_day,
                characters=tuple(dict.fromkeys(characters[name] for name in scene.characters)),
                beats=tuple(Beat(text=clean(beat.text), purpose=clean(beat.purpose)) for beat in scene.beats),
                seconds=scene.seconds,
            )
        )
    names: dict[str, str] = {}
    for name in named:
        names.setdefault(characters[name], name)
    return KeyedScenes(scenes=tuple(outlined), names=names, remarks=(*misspelt, *misplaced))


def _with(bible: Bible, introduced: Introduced) -> Bible:
    """Return a bible that also knows whom and what the story has introduced, so that others get keys of their own."""
    characters = {key: Character(name=name) for key, name in introduced.characters.items()} | bible.characters.characters
    places = {key: Location(name=name) for key, name in introduced.places.items()} | bible.locations.locations
    return bible.model_copy(
        update={
            "characters": bible.characters.model_copy(update={"characters": characters}),
            "locations": bible.locations.model_copy(update={"locations": places}),
        }
    )


def _place(scene: SceneAnswer) -> str:
    """Return the place alone, although a model may have written a heading."""
    text = clean(scene.place.translate(_UNSAFE))
    return text and read_heading(text if looks_like_heading(text) else f"INT. {text}").place


def _heading(scene: SceneAnswer, place: str | None = None) -> str:
    return f"{'INT.' if scene.interior else 'EXT.'} {(place or _place(scene)).upper()} - {scene.time_of_day.upper()}"


def _far_off(seconds: float, wanted: float | None) -> str:
    """Return by how much a length is off, if that is too much; else an empty text."""
    if wanted is None or abs(seconds - wanted) <= _TOLERANCE * wanted:
        return ""
    return f"{spelled_seconds(seconds)} s where {spelled_seconds(wanted)} s are wanted ({off_by(seconds, wanted)})"


def off_by(seconds: float, wanted: float) -> str:
    """Return how far a length is from the wanted one: ``9 % short``."""
    return f"{abs(seconds - wanted) / wanted * 100:.0f} % {'short' if seconds < wanted else 'over'}"


def spelled_seconds(seconds: float | None) -> str:
    """Return seconds as a person writes them; empty for None."""
    return "" if seconds is None else f"{round(seconds, 1):g}"
