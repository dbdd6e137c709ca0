"""The story writer that asks a language model, stage by stage."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from vtx_dagster.core.beats import numbered_beats
from vtx_dagster.core.outline import Outline, OutlineScene
from vtx_dagster.core.plan import EngineIdentity
from vtx_dagster.core.planner import Forecast, Stage
from vtx_dagster.core.shotlist import Shotlist
from vtx_dagster.core.story import Basis, BibleProposal, Draft, Job, PromptText, SceneFile, Story
from vtx_dagster.engines.breakdown.numbering import words_of_scene
from vtx_dagster.engines.breakdown.writer import BreakdownWriter
from vtx_dagster.engines.language_model.bible import BibleStage
from vtx_dagster.engines.language_model.desk import ModelDesk
from vtx_dagster.engines.language_model.outline import OutlineStage
from vtx_dagster.engines.language_model.screenplay import ScreenplayStage
from vtx_dagster.engines.language_model.shotlist import ShotlistStage
from vtx_dagster.engines.language_model.treatment import TreatmentStage

_BY_RULE_FROM_A_SCREENPLAY = (Stage.OUTLINE, Stage.TREATMENT, Stage.SCREENPLAY)


class LanguageModelWriter:
    """Implements ``core.story.StoryWriter`` with a language model.

    A screenplay that a person brought along is never rewritten: of such a film the outline, the treatment and the scenes come
    from the breakdown, and the model writes the proposal for the bible and the shotlist.

    Args:
        desk: The prompts, and who answers them.
    """

    def __init__(self, desk: ModelDesk) -> None:
        self._desk = desk
        self._rules = BreakdownWriter()
        self._outline = OutlineStage(desk)
        self._treatment = TreatmentStage(desk)
        self._bible = BibleStage(desk)
        self._screenplay = ScreenplayStage(desk)
        self._shotlist = ShotlistStage(desk)

    @property
    def identity(self) -> EngineIdentity:
        """Name and version. The model is not part of it: another one does not make what is written stale."""
        return EngineIdentity(name="openai", version="1")

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that it writes, in order."""
        return (Stage.OUTLINE, Stage.TREATMENT, Stage.BIBLE_PROPOSAL, Stage.SCREENPLAY, Stage.SHOTLIST)

    @property
    def is_free(self) -> bool:
        """False: most of what it writes is asked of a model."""
        return False

    def parts(self, stage: Stage, story: Story) -> Mapping[str, Basis]:
        """Return the parts that a stage has now, in story order, each with its basis; none while its sources are not written."""
        if self._is_by_rule(stage, story):
            return self._rules.parts(stage, story)
        return self._stage(stage).parts(story) if _has_sources(stage, story) else {}

    def forecast(self, stage: Stage, story: Story, job: Job) -> Forecast:
        """Return what a job would cost at most; nothing is sent. A stage whose sources are not written yet is a guess."""
        return Forecast() if self._is_by_rule(stage, story) else self._stage(stage).forecast(story, job)

    def prompts(self, stage: Stage, story: Story, job: Job) -> tuple[PromptText, ...]:
        """Return exactly what a job would send first, per part; nothing is sent."""
        if self._is_by_rule(stage, story):
            return ()
        return tuple(
            PromptText(
                part=part,
                template=prompt.template,
                messages=tuple((message.role, message.text) for message in prompt.messages),
                request=self._desk.asker.request_body(prompt),
                input_tokens=prompt.input_tokens,
                max_output_tokens=prompt.max_output_tokens,
                cuts=prompt.cuts,
            )
            for part, prompt in self._stage(stage).prompts(story, job)
        )

    def afford(self, forecast: Forecast, *, what: str) -> None:
        """Return if that much may be spent.

        Raises:
            BudgetError: If it could pass what is left of the project's budget.
        """
        self._desk.asker.afford(forecast, stage=what)

    def outline(self, story: Story, job: Job) -> Draft[Outline]:
        """Return acts, scenes and beats with their ids; those of the outline before stay where the scene or beat is the same."""
        if self._is_by_rule(Stage.OUTLINE, story):
            draft = self._rules.outline(story, job)
            return replace(draft, value=_with_told_beats(draft.value, story))
        draft = self._outline.write(story, job)
        previous = story.outline if story.outline_source.text else None
        return replace(draft, value=numbered_beats(draft.value, previous))

    def treatments(self, story: Story, job: Job) -> Iterator[Draft[str]]:
        """Yield the treatments that are due as Markdown."""
        by_rule = self._is_by_rule(Stage.TREATMENT, story)
        return self._rules.treatments(story, job) if by_rule else self._treatment.write(story, job)

    def bible(self, story: Story, job: Job) -> Draft[BibleProposal]:
        """Return what the story needs that the bible does not have."""
        return self._bible.write(story, job)

    def screenplay(self, story: Story, job: Job) -> Iterator[Draft[tuple[SceneFile, ...]]]:
        """Yield Fountain scenes, one per draft and part."""
        by_rule = self._is_by_rule(Stage.SCREENPLAY, story)
        return self._rules.screenplay(story, job) if by_rule else self._screenplay.write(story, job)

    def shotlist(self, story: Story, job: Job) -> Iterator[Draft[Shotlist]]:
        """Yield the numbered shots of one scene per draft and part."""
        return self._shotlist.write(story, job)

    def _is_by_rule(self, stage: Stage, story: Story) -> bool:
        return stage in _BY_RULE_FROM_A_SCREENPLAY and bool(story.screenplays)

    def _stage(self, stage: Stage) -> OutlineStage | TreatmentStage | BibleStage | ScreenplayStage | ShotlistStage:
        return {
            Stage.OUTLINE: self._outline,
            Stage.TREATMENT: self._treatment,
            Stage.BIBLE_PROPOSAL: self._bible,
            Stage.SCREENPLAY: self._screenplay,
            Stage.SHOTLIST: self._shotlist,
        }[stage]


def _with_told_beats(outline: Outline, story: Story) -> Outline:
    """Return an outline in which a scene that is written as before keeps its beats to the letter.

    They are told to the model with the scene, so that the same in other words would be asked, and paid for, again.
    """
    before = story.outline.acts if story.outline_source.text else ()
    told = {scene.id: scene.beats for act in before for scene in act.scenes}

    def with_beats(scene: OutlineScene) -> OutlineScene:
        is_same = scene.id in story.scenes and scene.words == words_of_scene(story.scenes[scene.id].text)
        beats = told.get(scene.id, scene.beats) if is_same else scene.beats
        return scene.model_copy(update={"beats": tuple(beat.model_copy(update={"id": None}) for beat in beats)})

    acts = (act.model_copy(update={"scenes": tuple(map(with_beats, act.scenes))}) for act in outline.acts)
    return outline.model_copy(update={"acts": tuple(acts)})


def _has_sources(stage: Stage, story: Story) -> bool:
    has_outline, has_treatment = bool(story.outline_source.text), bool(story.treatment_source.text)
    return {
        Stage.OUTLINE: True,
        Stage.TREATMENT: has_outline,
        Stage.BIBLE_PROPOSAL: has_outline and has_treatment,
        Stage.SCREENPLAY: has_outline and has_treatment,
        Stage.SHOTLIST: has_outline and bool(story.scenes),
    }[stage]
