"""A story writer with prices that asks nobody, for those who run stages and show what they cost."""

import hashlib
from collections.abc import Iterator, Mapping
from decimal import Decimal

import pytest

from vtx_dagster.core.bible import Character
from vtx_dagster.core.errors import BudgetError, UnfinishedStageError
from vtx_dagster.core.outline import Outline
from vtx_dagster.core.plan import EngineIdentity
from vtx_dagster.core.planner import Forecast, Stage
from vtx_dagster.core.shotlist import Shotlist
from vtx_dagster.core.story import WHOLE, Basis, BibleProposal, CallFacts, Draft, Job, PromptText, Provenance, SceneFile, Story
from vtx_dagster.engines.breakdown.writer import BreakdownWriter

CENT = Decimal("0.01")


class AskingWriter:
    """A ``StoryWriter`` that takes its words from the breakdown and acts as if each part was one question for a cent.

    Attributes:
        asked: Stage and part of every question.
        fails: Why parts cannot be written, by part.
        budget: What all that is due may cost.
        usd: Price of a question; None as if it was not known.
        num_reused: So many questions are answered from before.
        capsules: Style capsules that it says it was given.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails: dict[str, str] = {}
        self.budget = Decimal(10)
        self.usd: Decimal | None = CENT
        self.num_reused = 0
        self.capsules: tuple[str, ...] = ()
        self.cuts: tuple[str, ...] = ()
        self._rules = BreakdownWriter()

    identity = EngineIdentity(name="asking", version="1")
    is_free = False
    stages = (Stage.OUTLINE, Stage.TREATMENT, Stage.BIBLE_PROPOSAL, Stage.SCREENPLAY, Stage.SHOTLIST)

    def parts(self, stage: Stage, story: Story) -> Mapping[str, Basis]:
        if stage == Stage.OUTLINE:
            return {WHOLE: {"brief": _digest(story.brief.text, *(source.text for source in story.screenplays))}}
        if not story.outline_source.text:
            return {}
        if stage == Stage.TREATMENT:
            return {str(number): {"title": story.outline.title} for number in range(1, story.metadata.story.treatments + 1)}
        if stage == Stage.BIBLE_PROPOSAL:
            return {WHOLE: {"treatment": _digest(story.treatment_source.text)}}
        if stage == Stage.SCREENPLAY:
            scenes = (scene for act in story.outline.acts for scene in act.scenes)
            return {scene.id: {"beats": _digest(scene.model_dump_json())} for scene in scenes}
        return {scene: {"scene": _digest(source.text)} for scene, source in story.scenes.items()}

    def forecast(self, stage: Stage, story: Story, job: Job) -> Forecast:
        is_guess = stage != Stage.OUTLINE and not story.outline_source.text
        count = 2 if is_guess else len(job.due)
        usd = None if self.usd is None else self.usd * count
        return Forecast(num_calls=count, input_tokens=1000 * count, output_tokens=500 * count, usd=usd, is_guess=is_guess)

    def prompts(self, stage: Stage, story: Story, job: Job) -> tuple[PromptText, ...]:
        return tuple(
            PromptText(
                part=part,
                template=f"{stage} 1",
                messages=(("system", "You write films."), ("user", f"Write {part}.\n")),
                request={"model": "m", "input": f"Write {part}."},
                input_tokens=1234,
                max_output_tokens=5678,
                cuts=self.cuts,
            )
            for part in sorted(job.due)
        )

    def afford(self, forecast: Forecast, *, what: str) -> None:
        if forecast.usd is not None and forecast.usd > self.budget:
            raise BudgetError(f"{what} could cost {forecast.usd} USD")

    def outline(self, story: Story, job: Job) -> Draft[Outline]:
        (value,) = (draft.value for draft in [self._rules.outline(story, job)])
        return self._draft(Stage.OUTLINE, story, WHOLE, value)

    def treatments(self, story: Story, job: Job) -> Iterator[Draft[str]]:
        acts = "\n\n".join(f"## {act.id}: {act.title}\n\nTold this way." for act in story.outline.acts)
        for part in self._due(Stage.TREATMENT, story, job):
            yield self._draft(Stage.TREATMENT, story, part, f"# Version {part}\n\n{acts}\n")

    def bible(self, story: Story, job: Job) -> Draft[BibleProposal]:
        new = Character(name="Ines", descriptor="tall, in a yellow coat")
        return self._draft(Stage.BIBLE_PROPOSAL, story, WHOLE, BibleProposal(characters={"ines": new}))

    def screenplay(self, story: Story, job: Job) -> Iterator[Draft[tuple[SceneFile, ...]]]:
        (whole,) = self._rules.screenplay(story, job)
        for part in self._due(Stage.SCREENPLAY, story, job):
            files = tuple(file for file in whole.value if file.scene == part)
            yield self._draft(Stage.SCREENPLAY, story, part, files)
        self._raise_failures(Stage.SCREENPLAY, job)

    def shotlist(self, story: Story, job: Job) -> Iterator[Draft[Shotlist]]:
        (whole,) = self._rules.shotlist(story, job)
        for part in self._due(Stage.SHOTLIST, story, job):
            shots = tuple(shot for shot in whole.value.shots if shot.scene == part)
            yield self._draft(Stage.SHOTLIST, story, part, Shotlist(shots=shots))
        self._raise_failures(Stage.SHOTLIST, job)

    def _due(self, stage: Stage, story: Story, job: Job) -> list[str]:
        return [part for part in self.parts(stage, story) if part in job.due and part not in self.fails]

    def _raise_failures(self, stage: Stage, job: Job) -> None:
        failed = {part: {"code": "refused_answer", "message": self.fails[part]} for part in sorted(self.fails.keys() & job.due)}
        if failed:
            raise UnfinishedStageError(f"{stage}: {len(failed)} of {len(job.due)} parts failed", parts=failed)

    def _draft(self, stage: Stage, story: Story, part: str, value) -> Draft:
        self.asked.append(f"{stage} {part}".strip())
        call = CallFacts(
            key=_digest(stage, part),
            model="gpt-test",
            response_id=f"resp_{len(self.asked)}",
            input_tokens=1000,
            output_tokens=500,
            usd=self.usd,
            reused=len(self.asked) <= self.num_reused,
        )
        provenance = Provenance(
            basis=dict(self.parts(stage, story)[part]),
            writer="gpt-test",
            template=f"{stage} 1",
            capsules=self.capsules,
            calls=(call,),
        )
        return Draft(part=part, value=value, provenance=provenance)


def _digest(*values: object) -> str:
    return hashlib.sha256(repr(values).encode()).hexdigest()


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> AskingWriter:
    """The writer of every project, whatever its settings say."""
    writer = AskingWriter()
    for name in ("vtx_dagster.engines.choice.story_writer", "vtx_dagster.resources.story.story_writer"):
        monkeypatch.setattr(name, lambda _project, **_: writer)
    return writer
