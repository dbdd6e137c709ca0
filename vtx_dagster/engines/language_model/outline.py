"""The outline from a brief: first the acts, then the scenes and beats of every act in order."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from vtx_dagster.core.bible import Bible
from vtx_dagster.core.capsules import Capsules
from vtx_dagster.core.errors import InvalidFileError, InvalidRequestError, NotFoundError
from vtx_dagster.core.ids import FilmId
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.outline import Outline, OutlineAct, OutlineScene
from vtx_dagster.core.planner import Forecast, Stage
from vtx_dagster.core.story import WHOLE, Basis, CallFacts, Draft, Job, Provenance, Story
from vtx_dagster.core.suggestions import did_you_mean
from vtx_dagster.core.wording import clean
from vtx_dagster.engines.breakdown.brief import without_comments
from vtx_dagster.engines.breakdown.cast import title_name
from vtx_dagster.engines.breakdown.numbering import numbered_outline, with_new_scenes
from vtx_dagster.engines.language_model.basis import aspect_hash, either
from vtx_dagster.engines.language_model.desk import ModelDesk
from vtx_dagster.engines.language_model.guess import guessed
from vtx_dagster.engines.language_model.names import cast_lines, place_lines, spoken_name
from vtx_dagster.engines.language_model.outline_answers import (
    ActAnswer,
    ActsAnswer,
    Introduced,
    KeyedScenes,
    ScenesAnswer,
    checked_acts,
    checked_scenes,
    max_acts,
    off_by,
    spelled_seconds,
)
from vtx_dagster.engines.language_model.prompt import Prompt, Window
from vtx_dagster.engines.screenplay.heading import read_heading

_HEADING = re.compile(r"^\s*#[^\n]*$", re.MULTILINE)
_ACTS, _SCENES = "outline_acts", "outline_scenes"

_SCENE_STEP = 10
"""Distance of the numbers of scenes, so that one can be put between two and no other is written again for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _ActPlan:
    """What an act is to be. ``seconds`` is None where nobody says how long."""

    title: str
    synopsis: str
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Notes:
    """What is noted of the questions that were asked: calls, cuts, repairs."""

    templates: tuple[str, ...] = ()
    calls: tuple[CallFacts, ...] = ()
    remarks: tuple[str, ...] = ()

    def __add__(self, other: "_Notes") -> "_Notes":
        return _Notes(
            templates=tuple(dict.fromkeys((*self.templates, *other.templates))),
            calls=(*self.calls, *other.calls),
            remarks=(*self.remarks, *other.remarks),
        )


class OutlineStage:
    """Writes the outline in one call for the acts and one for the scenes of each act."""

    def __init__(self, desk: ModelDesk) -> None:
        self._desk = desk

    def parts(self, story: Story) -> dict[str, Basis]:
        """Return the outline as one part. The bible is not in its basis: it is filled from the story later."""
        metadata = story.metadata
        basis = {
            "brief": aspect_hash(_brief(story)),
            "format": aspect_hash(metadata.title, metadata.logline, metadata.length_s),
            "style": aspect_hash(list(story.capsules.writing.items())),
        }
        overrides = [self._desk.library.override_hash(name).split() or [""] for name in (_ACTS, _SCENES)]
        template = either(aspect_hash([plain for plain, *_ in overrides]), aspect_hash([stored for *_, stored in overrides]))
        return {WHOLE: basis | ({"template": template} if overrides != [[""], [""]] else {})}

    def prompts(self, story: Story, job: Job) -> list[tuple[str, Prompt]]:
        """Return the question that comes first: for the acts, or for the scenes of the one act that is asked for.

        Raises:
            InvalidRequestError: If the job is restricted to something else than an act.
            NotFoundError: If the outline does not have the act.
        """
        if WHOLE not in job.due:
            return []
        if job.only is not None:
            outline = story.outline
            index = _act_index(outline, job.only)
            return [(WHOLE, self._scenes_prompt(story, _Board.of(outline, story), index))]
        return [(WHOLE, self._acts_prompt(story))]

    def forecast(self, story: Story, job: Job) -> Forecast:
        """Return what the outline would cost at most. How many acts it will have is a guess, on the high side."""
        prompts = [prompt for _, prompt in self.prompts(story, job)]
        known = self._desk.asker.forecast(prompts)
        if not prompts or job.only is not None:
            return known
        stand_in = _ActPlan(title="", synopsis="", seconds=None)
        num_acts = max_acts(story.metadata)
        board = _Board(bible=story.bible, logline="", plans=(stand_in,) * num_acts, scenes=((),) * num_acts)
        scenes = [self._scenes_prompt(story, board, index) for index in range(num_acts)]
        return known + guessed(self._desk, scenes, more_input_tokens=prompts[0].max_output_tokens)

    def write(self, story: Story, job: Job) -> Draft[Outline]:
        """Return the outline with its acts and scenes numbered; beats have no ids yet.

        Raises:
            InvalidFileError: If the brief has no words of its own; nothing is sent then.
            BudgetError: If it could cost more than is left; nothing is sent then.
            AnswerError: If an answer cannot be used after all repairs.
            InvalidRequestError: If the job is restricted to something else than an act.
            NotFoundError: If the outline does not have the act.
        """
        if not _HEADING.sub("", _brief(story)).strip():
            name = story.brief.name
            message = f"{name}:1: nothing to write a story from: say in it what happens, or put a screenplay into story/source/"
            raise InvalidFileError(message, file=name, line=1)
        self._desk.asker.afford(self.forecast(story, job), stage=Stage.OUTLINE)
        outline, notes = self._one_act(story, job.only) if job.only is not None else self._all_acts(story)
        provenance = Provenance(
            basis=dict(self.parts(story)[WHOLE]),
            writer=self._desk.model,
            template=", ".join(notes.templates),
            capsules=Capsules(writing=story.capsules.writing).names(),
            calls=notes.calls,
            remarks=(*notes.remarks, *_length_remarks(outline, story.metadata)),
        )
        return Draft(part=WHOLE, value=outline, provenance=provenance)

    def _all_acts(self, story: Story) -> tuple[Outline, _Notes]:
        metadata = story.metadata
        prompt = self._acts_prompt(story)
        answered = self._desk.asker.ask(prompt, partial(checked_acts, metadata=metadata), stage=Stage.OUTLINE, part=WHOLE)
        notes = _Notes(templates=(prompt.template,), calls=answered.calls, remarks=(*prompt.cuts, *answered.remarks))
        plans = _to_length(answered.value.acts, metadata.length_s)
        logline = metadata.logline or clean(answered.value.logline)
        board = _Board(bible=story.bible, logline=logline, plans=plans, scenes=((),) * len(plans))
        for index in range(len(plans)):
            written, act_notes = self._scenes(story, board, index, part=str(FilmId.of(index + 1)))
            board = board.with_scenes(index, written)
            notes += act_notes
        acts = tuple(
            OutlineAct(id=str(FilmId.of(1)), title=plan.title, synopsis=plan.synopsis, scenes=scenes)
            for plan, scenes in zip(board.plans, board.scenes, strict=True)
        )
        outline = Outline(title=metadata.title, logline=logline, acts=acts)
        previous = story.outline if story.outline_source.text else None
        return numbered_outline(outline, previous, given=[[""] * len(act.scenes) for act in acts], scene_step=_SCENE_STEP), notes

    def _one_act(self, story: Story, only: FilmId) -> tuple[Outline, _Notes]:
        outline = story.outline
        index = _act_index(outline, only)
        act_id = outline.acts[index].id
        written, notes = self._scenes(story, _Board.of(outline, story), index, part=act_id)
        return with_new_scenes(outline, act_id, written.scenes, scene_step=_SCENE_STEP), notes

    def _scenes(self, story: Story, board: "_Board", index: int, *, part: str) -> tuple[KeyedScenes, _Notes]:
        prompt = self._scenes_prompt(story, board, index)
        introduced = Introduced(characters=board.characters, places=board.places)
        check = partial(checked_scenes, bible=story.bible, seconds=board.plans[index].seconds, introduced=introduced)
        answered = self._desk.asker.ask(prompt, check, stage=Stage.OUTLINE, part=part)
        remarks = (*prompt.cuts, *answered.remarks, *answered.value.remarks)
        told = tuple(f"act {index + 1}: {remark}" for remark in remarks)
        return answered.value, _Notes(templates=(prompt.template,), calls=answered.calls, remarks=told)

    def _acts_prompt(self, story: Story) -> Prompt[ActsAnswer]:
        metadata = story.metadata
        values = {
            "title": metadata.title,
            "logline": metadata.logline,
            "length_s": spelled_seconds(metadata.length_s),
            "max_acts": max_acts(metadata),
            "capsules": story.capsules,
        }
        windows = (
            Window(name="brief", text=_brief(story), priority=2),
            Window(name="cast", text=cast_lines(story.bible, {}), priority=1),
            Window(name="places", text=place_lines(story.bible, {}), priority=1),
        )
        return self._desk.library.render(_ACTS, ActsAnswer, values=values, windows=windows)

    def _scenes_prompt(self, story: Story, board: "_Board", index: int) -> Prompt[ScenesAnswer]:
        values = {
            "title": story.metadata.title,
            "logline": board.logline,
            "acts": [
                {"number": number, "title": plan.title, "synopsis": plan.synopsis, "seconds": spelled_seconds(plan.seconds)}
                for number, plan in enumerate(board.plans, start=1)
            ],
            "act": index + 1,
            "next_scene": _scene_text(board.scenes[index + 1][0]) if any(board.scenes[index + 1 : index + 2]) else "",
            "longest_shot_s": spelled_seconds(story.metadata.render.max_clip_s),
            "capsules": story.capsules,
        }
        before = [scene for scenes in board.scenes[:index] for scene in scenes]
        windows = (
            Window(name="brief", text=_brief(story), priority=1),
            Window(name="scenes_before", text="\n\n".join(map(_scene_text, before)), priority=2, keep="end"),
            Window(name="cast", text=cast_lines(story.bible, board.characters), priority=3),
            Window(name="places", text=place_lines(story.bible, board.places), priority=3),
        )
        return self._desk.library.render(_SCENES, ScenesAnswer, values=values, windows=windows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Board:
    """The outline as far as it is made.

    Attributes:
        scenes: The scenes of every act; none of an act that is not made.
        characters: Names of characters by key, as far as the story has introduced any.
    """

    bible: Bible
    logline: str
    plans: tuple[_ActPlan, ...]
    scenes: tuple[tuple[OutlineScene, ...], ...]
    characters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, outline: Outline, story: Story) -> "_Board":
        """Return an outline that is there."""
        length_s = story.metadata.length_s
        share = length_s / len(outline.acts) if length_s is not None else None
        plans = []
        for act in outline.acts:
            seconds = sum(scene.seconds or 0.0 for scene in act.scenes)
            plans.append(_ActPlan(title=act.title, synopsis=act.synopsis, seconds=seconds or share))
        keys = [key for act in outline.acts for scene in act.scenes for key in scene.characters]
        return cls(
            bible=story.bible,
            logline=outline.logline,
            plans=tuple(plans),
            scenes=tuple(act.scenes for act in outline.acts),
            characters={key: spoken_name(key) for key in keys},
        )

    @property
    def places(self) -> dict[str, str]:
        """Names of the places in the scenes, by key."""
        scenes = [scene for scenes in self.scenes for scene in scenes]
        return {scene.location: title_name(read_heading(scene.heading).place) for scene in scenes if scene.location}

    def with_scenes(self, index: int, written: KeyedScenes) -> "_Board":
        """Return the board with the scenes of one act on it."""
        scenes = (*self.scenes[:index], written.scenes, *self.scenes[index + 1 :])
        new = {key: name for key, name in written.names.items() if key not in self.characters}
        return replace(self, scenes=scenes, characters={**self.characters, **new})


def _act_index(outline: Outline, only: FilmId) -> int:
    """Return the position of an act that a job is restricted to."""
    ids = [act.id for act in outline.acts]
    if len(only.numbers) > 1:
        raise InvalidRequestError(f"{only}: an outline is written act by act: name an act ({', '.join(ids)})", id=str(only))
    if str(only) not in ids:
        raise NotFoundError(f"act {only} is not in the outline{did_you_mean(str(only), ids)}", act=str(only))
    return ids.index(str(only))


def _to_length(acts: Sequence[ActAnswer], length_s: float | None) -> tuple[_ActPlan, ...]:
    """Return the acts, each with its share of the wanted length."""
    factor = length_s / sum(act.seconds for act in acts) if length_s is not None else 1.0
    return tuple(_ActPlan(title=act.title.strip(), synopsis=clean(act.synopsis), seconds=act.seconds * factor) for act in acts)


def _length_remarks(outline: Outline, metadata: Metadata) -> tuple[str, ...]:
    lengths = [scene.seconds for act in outline.acts for scene in act.scenes]
    total, wanted = sum(seconds or 0.0 for seconds in lengths), metadata.length_s
    if wanted is None or None in lengths or round(abs(total - wanted) / wanted * 100) == 0:
        return ()
    told = spelled_seconds(wanted)
    return (f"outline adds up to {spelled_seconds(total)} s; metadata.yaml asks for {told} s ({off_by(total, wanted)})",)


def _scene_text(scene: OutlineScene) -> str:
    told = [scene.heading, *(f"({part})" for part in (", ".join(map(spoken_name, scene.characters)),) if part)]
    return "\n".join(part for part in (" ".join(told), scene.synopsis) if part)


def _brief(story: Story) -> str:
    """Return the brief without its comments: what a person notes there for themselves is not sent."""
    return without_comments(story.brief).strip()
