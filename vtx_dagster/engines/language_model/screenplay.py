"""The screenplay: every scene written from the outline and the treatment, following on the end of the scene before.

Scenes are written in *sequences*, runs of scenes of one act: inside a sequence one after the other, sequences at the same time.
Where sequences begin depends on the outline alone, so what is asked does not depend on how much is asked at a time.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from pydantic import Field

from vtx_dagster.core.capsules import Capsules
from vtx_dagster.core.document import Part
from vtx_dagster.core.errors import InvalidRequestError
from vtx_dagster.core.outline import OutlineAct, OutlineScene
from vtx_dagster.core.planner import Forecast, Stage
from vtx_dagster.core.screenplay import ElementKind
from vtx_dagster.core.story import Basis, Draft, Job, Provenance, SceneFile, Story
from vtx_dagster.engines.breakdown.rules import scene_slug
from vtx_dagster.engines.language_model.asking import AnswerProblems
from vtx_dagster.engines.language_model.basis import aspect_hash
from vtx_dagster.engines.language_model.desk import ModelDesk
from vtx_dagster.engines.language_model.fountain_writing import Passage, scene_fountain, written_text
from vtx_dagster.engines.language_model.guess import expected_scenes, guessed, treatment_tokens
from vtx_dagster.engines.language_model.parallel import PartFailure, attempted, in_parallel
from vtx_dagster.engines.language_model.prompt import Prompt, Window
from vtx_dagster.engines.language_model.roles import Roles
from vtx_dagster.engines.language_model.tokens import BYTES_PER_TOKEN, estimated_tokens
from vtx_dagster.engines.language_model.treatment import treatment_section
from vtx_dagster.engines.screenplay.heading import looks_like_heading

_TEMPLATE = "screenplay"
_MAX_SEQUENCE = 8
_END_TOKENS = 500
"""How much of the scene before is shown: about its last half page."""

_MISSING_TOKENS = 2_000
"""What beats, voices and the scene before add to a question, where they are not written yet; a treatment comes on top."""

_WORDS_PER_S = 2.5
"""Words of screenplay in a second of film: speech has 2.5, and a page of 150 to 200 words is a minute."""

_ASIDE = re.compile(r"^\((?P<aside>[^()]+)\)\s*(?P<said>\S.*)$", re.DOTALL)
_PARENTHESES = re.compile(r"[()]")


class WrittenKind(StrEnum):
    """What an element of a scene is."""

    ACTION = "action"
    DIALOGUE = "dialogue"
    TITLE_CARD = "title_card"
    TRANSITION = "transition"


class WrittenElement(Part):
    """An element of a scene as the model writes it."""

    kind: WrittenKind
    text: str = Field(description="The paragraph, what is said, the text of the card, or the transition.")
    speaker: str | None = Field(description="Key of who speaks; null for everything but dialogue.")
    parenthetical: str = Field(description="How it is said, two or three words, without parentheses; usually empty.")
    off_screen: bool = Field(description="True if the speaker is heard and not seen.")


class SceneAnswer(Part):
    """A scene, element by element, in order."""

    elements: list[WrittenElement]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A scene, and where it stands in the outline."""

    act: OutlineAct
    scene: OutlineScene
    before: OutlineScene | None
    first: bool
    """It begins a sequence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """A scene that was written."""

    text: str
    remarks: tuple[str, ...]


class ScreenplayStage:
    """Writes one Fountain file per scene."""

    def __init__(self, desk: ModelDesk) -> None:
        self._desk = desk

    def parts(self, story: Story) -> dict[str, Basis]:
        """Return the scenes of the outline.

        Raises:
            NotFoundError: If the outline or the treatment is not written yet.
        """
        return {place.scene.id: self._basis(story, place) for place in _places(story)}

    def prompts(self, story: Story, job: Job) -> list[tuple[str, Prompt]]:
        """Return what would be sent first for every scene that is due.

        A scene that follows on one that is not written yet is shown with the beats of that one; it will get its end.
        """
        return [
            (place.scene.id, self._prompt(story, place, self._end_on_disk(story, place)))
            for place in _places(story)
            if place.scene.id in job.due
        ]

    def forecast(self, story: Story, job: Job) -> Forecast:
        """Return what the scenes that are due would cost at most; a guess while outline or treatment are not written."""
        if not story.outline_source.text or not story.treatment_source.text:
            acts = {scene.id: act for act in (story.outline.acts if story.outline_source.text else ()) for scene in act.scenes}
            stand_ins = (
                _Place(act=acts.get(scene.id, OutlineAct(id="A01")), scene=scene, before=None, first=True)
                for scene in expected_scenes(story, job)
            )
            prompts = [self._prompt(story, place, "", treatment="") for place in stand_ins]
            more = _MISSING_TOKENS + treatment_tokens(story.metadata)
            return guessed(self._desk, prompts, more_input_tokens=more)
        return self._desk.asker.forecast(
            self._longest(story, place, job) for place in _places(story) if place.scene.id in job.due
        )

    def write(self, story: Story, job: Job) -> Iterator[Draft[tuple[SceneFile, ...]]]:
        """Yield the scenes that are due, as they are written.

        Raises:
            BudgetError: If they could cost more than is left; nothing is sent then.
            UnfinishedStageError: At the end, if scenes could not be written.
            InvalidRequestError: If a heading of the outline cannot be one in a screenplay; nothing is sent then.
            InvalidFileError: If a character of the bible can have no cue; nothing is sent then.
            NotFoundError: If the outline or the treatment is not written yet.
        """
        _check_writable(story, job)
        self._desk.asker.afford(self.forecast(story, job), stage=Stage.SCREENPLAY)
        due = [run for run in _sequences(_places(story)) if any(place.scene.id in job.due for place in run)]
        yield from in_parallel(
            due, partial(self._sequence, story, job), concurrency=self._desk.concurrency, stage=Stage.SCREENPLAY
        )

    def _sequence(self, story: Story, job: Job, places: Sequence[_Place]) -> Iterator[Draft[tuple[SceneFile, ...]] | PartFailure]:
        end = ""
        for place in places:
            if place.scene.id not in job.due:
                end = _end(story.scenes[place.scene.id].text) if place.scene.id in story.scenes else ""
                continue
            outcome = attempted(place.scene.id, partial(self._scene, story, place, "" if place.first else end))
            end = "" if isinstance(outcome, PartFailure) else _end(outcome.value[0].text)
            yield outcome

    def _scene(self, story: Story, place: _Place, end: str) -> Draft[tuple[SceneFile, ...]]:
        scene, prompt = place.scene, self._prompt(story, place, end)
        check = partial(_checked, scene=scene, roles=_roles(story, scene))
        answered = self._desk.asker.ask(prompt, check, stage=Stage.SCREENPLAY, part=scene.id)
        provenance = Provenance(
            basis=self._basis(story, place),
            writer=self._desk.model,
            template=prompt.template,
            capsules=Capsules(writing=story.capsules.writing).names(),
            calls=answered.calls,
            remarks=(*prompt.cuts, *answered.remarks, *answered.value.remarks),
        )
        file = SceneFile(scene=scene.id, slug=scene_slug(scene), text=answered.value.text)
        return Draft(part=scene.id, value=(file,), provenance=provenance)

    def _basis(self, story: Story, place: _Place) -> dict[str, str]:
        act, scene, outline, treatment = place.act, place.scene, story.outline, story.treatment
        # Only its own characters: who is in another scene is no reason to write this one again.
        roles = Roles(scene.characters, story.bible).roles
        voices = [[role.key, role.name, list(role.aliases), role.age, role.voice] for role in roles]
        override = self._desk.library.override_hash(_TEMPLATE)
        return {
            "scene": aspect_hash(
                scene.heading, scene.synopsis, scene.location, scene.time_of_day, list(scene.characters), scene.seconds
            ),
            "beats": aspect_hash([[beat.text, beat.purpose] for beat in scene.beats]),
            "treatment": aspect_hash(treatment_section(treatment, act.id) or treatment),
            "voices": aspect_hash(voices),
            "style": aspect_hash(list(story.capsules.writing.items())),
            "story": aspect_hash(outline.title, outline.logline, act.title, act.synopsis),
        } | ({"template": override} if override else {})

    def _end_on_disk(self, story: Story, place: _Place) -> str:
        if place.first or place.before is None or place.before.id not in story.scenes:
            return ""
        return _end(story.scenes[place.before.id].text)

    def _longest(self, story: Story, place: _Place, job: Job) -> Prompt:
        """Return the longest question that may be sent for a scene, where the scene before it is yet to be written."""
        prompt = self._prompt(story, place, self._end_on_disk(story, place))
        if place.first or place.before is None or place.before.id not in job.due:
            return prompt
        any_end = self._prompt(story, place, "x" * (_END_TOKENS * BYTES_PER_TOKEN))
        told = self._prompt(story, place, "")
        return max((any_end, told), key=lambda prompt: prompt.input_tokens)

    def _prompt(self, story: Story, place: _Place, end: str, *, treatment: str | None = None) -> Prompt[SceneAnswer]:
        scene, roles = place.scene, _roles(story, place.scene)
        whole = story.treatment if treatment is None else treatment
        outlined = story.outline if story.outline_source.text else None
        values = {
            "title": outlined.title if outlined else story.metadata.title,
            "logline": outlined.logline if outlined else story.metadata.logline,
            "act": place.act,
            "scene": scene,
            "roles": roles.roles,
            "seconds": round(scene.seconds) if scene.seconds else 0,
            "num_words": max(20, round(scene.seconds * _WORDS_PER_S / 10) * 10) if scene.seconds else 0,
            "before": place.before,
            "capsules": story.capsules,
        }
        windows = (
            Window(name="treatment", text=treatment_section(whole, place.act.id) or whole, priority=1),
            Window(name="end_before", text=end, priority=2, keep="end"),
        )
        return self._desk.library.render(_TEMPLATE, SceneAnswer, values=values, windows=windows, keys={"speaker": roles.keys})


def _places(story: Story) -> list[_Place]:
    places: list[_Place] = []
    for act in story.outline.acts:
        for number, scene in enumerate(act.scenes):
            before = places[-1].scene if places else None
            places.append(_Place(act=act, scene=scene, before=before, first=number % _MAX_SEQUENCE == 0))
    return places


def _sequences(places: Sequence[_Place]) -> list[list[_Place]]:
    runs: list[list[_Place]] = []
    for place in places:
        if place.first:
            runs.append([])
        runs[-1].append(place)
    return runs


def _roles(story: Story, scene: OutlineScene) -> Roles:
    """Return who may speak in a scene: who is in it, or where it does not say everybody whom the outline names."""
    acts = story.outline.acts if story.outline_source.text else ()
    return Roles(scene.characters or [key for act in acts for one in act.scenes for key in one.characters], story.bible)


def _check_writable(story: Story, job: Job) -> None:
    """Return if the scenes that are due can have their headings and cues: before anything is paid."""
    for scene in (place.scene for place in _places(story) if place.scene.id in job.due):
        roles = _roles(story, scene)
        for key in roles.keys:
            roles.cue(key)
        try:
            scene_fountain(scene.heading, ())
        except InvalidRequestError as error:
            raise InvalidRequestError(f"{story.outline_source.name}: {scene.id}: {error.message}", scene=scene.id) from error


def _end(text: str) -> str:
    """Return the end of a scene file: as many whole paragraphs as may be shown, or the end of the last one if it is too long."""
    kept: list[str] = []
    for paragraph in reversed(text.strip().split("\n\n")):
        if estimated_tokens("\n\n".join([paragraph, *kept])) > _END_TOKENS:
            break
        kept.insert(0, paragraph)
    return "\n\n".join(kept) or text.strip().encode()[-_END_TOKENS * BYTES_PER_TOKEN :].decode(errors="ignore")


def _checked(answer: SceneAnswer, *, scene: OutlineScene, roles: Roles) -> _Written:
    """Return a scene as Fountain.

    Raises:
        AnswerProblems: If it is empty, somebody speaks who cannot, or Fountain cannot say it.
    """
    passages: list[Passage] = []
    problems: list[str] = []
    remarks: list[str] = []
    for number, element in enumerate(answer.elements, start=1):
        try:
            passage, remark = _passage(element, roles)
        except ValueError as error:
            problems.append(f"element {number} ({element.kind}): {error}")
            continue
        passages.append(passage)
        remarks += [f"element {number}: {remark}"] if remark else []
    if not problems and not any(passage.kind != ElementKind.TRANSITION and not passage.centred for passage in passages):
        problems.append("nothing happens in the scene and nobody speaks: write action and dialogue")
    if problems:
        raise AnswerProblems(problems)
    try:
        text = scene_fountain(scene.heading, passages)
    except InvalidRequestError as error:
        raise AnswerProblems([f"{error.message}: write plain sentences, without marks and unusual letters"]) from error
    return _Written(text=text, remarks=tuple(dict.fromkeys(remarks)))


def _passage(element: WrittenElement, roles: Roles) -> tuple[Passage, str]:
    """Return an element as Fountain can say it, and what was repaired.

    Raises:
        ValueError: If it says nothing, or nobody says it.
    """
    text = written_text(element.text)
    if not text:
        raise ValueError("it has no text")
    match element.kind:
        case WrittenKind.DIALOGUE:
            return _speech(element, text, roles)
        case WrittenKind.TRANSITION:
            return Passage(kind=ElementKind.TRANSITION, text=written_text(text.upper())), ""
        case WrittenKind.TITLE_CARD:
            return Passage(kind=ElementKind.ACTION, text=text, centred=True), ""
        case WrittenKind.ACTION if looks_like_heading(text):
            raise ValueError(f"{text!r} is a scene heading: the scene has one already, and is one place at one time")
        case _:
            return Passage(kind=ElementKind.ACTION, text=text), ""


def _speech(element: WrittenElement, text: str, roles: Roles) -> tuple[Passage, str]:
    if not element.speaker or not element.speaker.strip():
        raise ValueError(f"nobody speaks: name the speaker of {text[:60]!r}")
    key, remark = roles.find(element.speaker.strip())
    if key is None:
        raise ValueError(
            f"{element.speaker} is not in this scene and cannot speak: let one of {', '.join(roles.keys) or 'nobody'} speak,"
            " or tell it without words"
        )
    parenthetical = element.parenthetical
    if aside := _ASIDE.match(text):
        parenthetical, text = f"{parenthetical} {aside['aside']}", aside["said"]
    passage = Passage(
        kind=ElementKind.DIALOGUE,
        text=text,
        speaker=roles.cue(key),
        parenthetical=written_text(_PARENTHESES.sub(" ", parenthetical)),
        off_screen=element.off_screen,
    )
    return passage, remark
