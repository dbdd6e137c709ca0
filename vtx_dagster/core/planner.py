"""What state every clip, act and film is in, and what must be done about it, in order, and why.

The planner reads records of what was found on disk and never looks itself. One planner serves ``vtx plan``, ``vtx status``,
the sensors, resume and CI.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from vtx_dagster.core.errors import IncompleteLineupError, NotFoundError
from vtx_dagster.core.gpu_forecast import GpuWork
from vtx_dagster.core.lineup import Lineup
from vtx_dagster.core.suggestions import did_you_mean


class State(StrEnum):
    """Where a clip, an act or a film stands."""

    PLANNED = "planned"
    BLOCKED = "blocked"
    RENDERING = "rendering"
    RENDERED = "rendered"
    STALE = "stale"
    FAILED = "failed"


class Stage(StrEnum):
    """The assets that a step can ask for, in the order of the graph."""

    OUTLINE = "outline"
    TREATMENT = "treatment"
    BIBLE_PROPOSAL = "bible_proposal"
    SCREENPLAY = "screenplay"
    SHOTLIST = "shotlist"
    RENDERED_CLIP = "rendered_clip"
    ACT = "act"
    FILM = "film"


class Work(StrEnum):
    """What a step does."""

    WRITE = "write"
    RENDER = "render"
    REUSE = "reuse"
    ASSEMBLE = "assemble"


_DAMAGED = "its take is damaged (the file is not what was verified)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipRecord:
    """What was found of one clip.

    Attributes:
        clip: The clip id.
        act: The act that it stands in.
        clip_hash: Hash of its render plan; empty when the plan cannot be made.
        content_frames: Length in the film, zero when the plan cannot be made.
        problem: Why the plan cannot be made: the file, line or input at fault.
        has_take: A finished take of exactly this plan is in the store.
        is_current: That take is also what ``renders/clips`` shows.
        shown_hash: Hash of the take that ``renders/clips`` shows, when it is another one; else empty.
        failure: Why this plan failed to render, when it did.
        is_locked: A process is rendering the clip at this moment.
        is_damaged: There is a file of exactly this plan in the store, but it is not the one that was verified.
        outdated: Why a finished take of exactly this plan does not count: the clip that it goes on from was rendered again since,
            or is to be.
        continues: The clip from whose end it goes on; empty for most.
        broken_link: Why it cannot go on from there now: that clip failed, or cannot be rendered itself.
        gpu: What rendering it asks of a GPU; None if nothing.
        older: The version of the engine that made its take, where that is another one than today's; the take stands all the same.
    """

    clip: str
    act: str = ""
    clip_hash: str = ""
    content_frames: int = 0
    problem: str = ""
    has_take: bool = False
    is_current: bool = False
    shown_hash: str = ""
    failure: str = ""
    is_locked: bool = False
    is_damaged: bool = False
    outdated: str = ""
    continues: str = ""
    broken_link: str = ""
    gpu: GpuWork | None = None
    older: str = ""

    @property
    def state(self) -> State:
        """The clip's state: a property of what is on disk, never stored."""
        if self.problem:
            return State.BLOCKED
        if self.has_take:
            return State.RENDERED
        if self.broken_link:
            return State.BLOCKED
        if self.is_locked:
            return State.RENDERING
        if self.failure:
            return State.FAILED
        return State.STALE if self.shown_hash or self.is_damaged or self.outdated else State.PLANNED

    @property
    def has_other_plan(self) -> bool:
        """Whether it is stale because the take that is shown is of another plan."""
        return self.state == State.STALE and not (self.is_damaged or self.outdated)

    @property
    def reason(self) -> str:
        """Why it is not rendered and shown; empty if it is."""
        if self.state == State.RENDERED and self.is_current:
            return ""
        return {
            State.RENDERED: "a take of this plan is in the store and not the one shown",
            State.PLANNED: "never rendered",
            State.STALE: self.outdated or (_DAMAGED if self.is_damaged else "the plan changed since it was rendered"),
            State.FAILED: f"failed before: {self.failure}",
            State.RENDERING: "being rendered by another process",
            State.BLOCKED: self.broken_link or "cannot be planned",
        }[self.state]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What writing would cost at most.

    Attributes:
        num_calls: Questions to a language model that are not answered yet.
        input_tokens: Estimated on the high side.
        output_tokens: The limits that the questions set, added up.
        usd: Price of all these tokens; None where a model has no known price.
        is_guess: The number of questions is not known yet, because what they are about is not written.
    """

    num_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: Decimal | None = Decimal(0)
    is_guess: bool = False

    def __add__(self, other: "Forecast") -> "Forecast":
        """Return both together; unknown if one of them is."""
        return Forecast(
            num_calls=self.num_calls + other.num_calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            usd=None if self.usd is None or other.usd is None else self.usd + other.usd,
            is_guess=self.is_guess or other.is_guess,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRecord:
    """What was found of one story stage.

    Attributes:
        stage: Which stage.
        is_current: Its files are there and were written by hand, or generated from what their sources say now.
        reason: Why it is not current.
        due: Parts to write, in story order, each with its reason; empty where the stage is written in one piece.
        forecast: What writing it would cost at most.
        problem: Why it cannot be written now: the file and line at fault.
    """

    stage: Stage
    is_current: bool
    reason: str = ""
    due: tuple[tuple[str, str], ...] = ()
    forecast: Forecast = Forecast()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutRecord:
    """What was found of an act or film: the hash of the lineup that its file was assembled from, empty without a file."""

    assembled_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRecord:
    """What was found of one project.

    Attributes:
        problem: Why the project cannot be worked on at all; everything else is then empty.
        aside: Clips that are no shots any more, whose specs a person edited: they are out of the film.
        lineup: Clips that have a plan, in the order of the film; None without clips, or if they do not fit together.
        lineup_problem: Why the clips cannot be one film, e.g. different frame rates.
        acts: The act files found, by act id; only read where the project produces in acts.
        budget_gpu_s: The most seconds of GPU time that the project may use; None for no limit.
    """

    project: str
    problem: str = ""
    story: tuple[StoryRecord, ...] = ()
    clips: tuple[ClipRecord, ...] = ()
    aside: tuple[str, ...] = ()
    lineup: Lineup | None = None
    lineup_problem: str = ""
    produces_in_acts: bool = False
    acts: tuple[tuple[str, CutRecord], ...] = ()
    film: CutRecord = CutRecord()
    may_render: bool = True
    may_assemble: bool = True
    budget_gpu_s: float | None = None

    @property
    def fps(self) -> int:
        """Frame rate of the film; 1 while it has no lineup."""
        return self.lineup.fps if self.lineup is not None else 1

    def cut_lineup(self, act: str = "") -> Lineup:
        """Return the lineup of the film, or of one act.

        Raises:
            IncompleteLineupError: If there are no clips, or they cannot be one film.
            NotFoundError: If there is no such act.
        """
        if self.lineup is None:
            raise IncompleteLineupError(f"{self.project}: {self.lineup_problem or self._no_lineup()}", project=self.project)
        if not act:
            return self.lineup
        if act not in self.lineup.acts():
            raise NotFoundError(f"{self.project} has no act {act}{did_you_mean(act, self.lineup.acts())}", act=act)
        return self.lineup.act(act)

    def clips_of(self, act: str = "") -> tuple[ClipRecord, ...]:
        """Return the clips of the film, or of one act."""
        return tuple(clip for clip in self.clips if not act or clip.act == act)

    def unfinished(self, act: str = "") -> tuple[ClipRecord, ...]:
        """Return the clips of the film, or of one act, that have no take of their present plan."""
        return tuple(clip for clip in self.clips_of(act) if not clip.has_take)

    def story_to_follow(self) -> tuple[Stage, ...]:
        """Return the story stages that are current now, and may be due once an earlier one that is due was written."""
        due = [index for index, story in enumerate(self.story) if not story.is_current]
        return tuple(story.stage for story in self.story[due[0] :] if story.is_current) if due else ()

    def _no_lineup(self) -> str:
        if not self.clips:
            return "there are no clips to assemble (vtx story clips makes them)"
        return f"there is nothing to assemble, because none of its clips has a plan; the first one: {self.clips[0].problem}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do: the stage and the key that it is done for.

    Attributes:
        id: Act or clip id; empty for stages of the whole project.
        work_hash: Hash of the plan or lineup that the step makes real; empty for story stages.
        num_frames: Frames that will be rendered or joined.
        waits_for: Why the step cannot be done now; empty when it can.
        forecast: What a story stage would cost at most.
        gpu: What a render asks of a GPU; None if nothing.
    """

    project: str
    stage: Stage
    id: str = ""
    work: Work
    reason: str
    work_hash: str = ""
    num_frames: int = 0
    fps: int = 1
    waits_for: str = ""
    forecast: Forecast = Forecast()
    gpu: GpuWork | None = None

    @property
    def film_s(self) -> Fraction:
        """Seconds of film that the step makes."""
        return Fraction(self.num_frames, self.fps)


def plan_project(record: ProjectRecord, *, retry_failed: bool = True) -> Iterator[Step]:
    """Yield what must be done for one project, in an order in which it can be done.

    Args:
        record: What was found.
        retry_failed: Whether clips that failed with exactly this plan are tried again. A person asks for that; a sensor does not.
    """
    for story in record.story:
        if not story.is_current:
            yield Step(
                project=record.project,
                stage=story.stage,
                work=Work.WRITE,
                reason=story.reason,
                waits_for=story.problem,
                forecast=story.forecast,
            )
    finished = {clip.clip for clip in record.clips if clip.has_take}
    due: set[str] = set()
    for clip in record.clips:
        step = _clip_step(record, clip, retry_failed=retry_failed)
        if step is None:
            continue
        if clip.continues in due:
            # What broke the chain is tried again before.
            step = replace(step, waits_for=clip.problem)
        if step.work == Work.RENDER and clip.continues and clip.continues not in finished and not step.waits_for:
            step = replace(step, reason=f"{step.reason}; after {clip.continues}")
        if not step.waits_for:
            due.add(clip.clip)
        yield step
    if record.lineup_problem:
        yield Step(
            project=record.project,
            stage=Stage.FILM,
            work=Work.ASSEMBLE,
            reason="never assembled",
            waits_for=record.lineup_problem,
        )
    if record.lineup is None:
        return
    if record.produces_in_acts:
        found = dict(record.acts)
        for act in record.lineup.acts():
            step = _cut_step(record, record.lineup.act(act), found.get(act, CutRecord()), act=act)
            if step is not None:
                yield step
    step = _cut_step(record, record.lineup, record.film)
    if step is not None:
        yield step


def plan_studio(records: Iterable[ProjectRecord], *, retry_failed: bool = True) -> Iterator[Step]:
    """Yield what must be done for all projects: by slug, then in the order of ``plan_project``."""
    for record in sorted(records, key=lambda record: record.project):
        yield from plan_project(record, retry_failed=retry_failed)


def _clip_step(record: ProjectRecord, clip: ClipRecord, *, retry_failed: bool) -> Step | None:
    state = clip.state
    if state == State.RENDERED and clip.is_current:
        return None
    if state == State.FAILED and not retry_failed:
        return None
    work = Work.REUSE if state == State.RENDERED else Work.RENDER
    return Step(
        project=record.project,
        stage=Stage.RENDERED_CLIP,
        id=clip.clip,
        work=work,
        reason=clip.reason,
        work_hash=clip.clip_hash,
        num_frames=clip.content_frames,
        fps=record.fps,
        waits_for=clip.problem or ("" if state == State.RENDERED else clip.broken_link),
        gpu=clip.gpu if work == Work.RENDER else None,
    )


def _cut_step(record: ProjectRecord, lineup: Lineup, found: CutRecord, *, act: str = "") -> Step | None:
    blocked = [clip.clip for clip in record.clips_of(act) if clip.problem]
    wanted = lineup.lineup_hash()
    if found.assembled_hash == wanted and not blocked:
        return None
    return Step(
        project=record.project,
        stage=Stage.ACT if act else Stage.FILM,
        id=act,
        work=Work.ASSEMBLE,
        reason="its lineup changed" if found.assembled_hash else "never assembled",
        work_hash=wanted,
        num_frames=lineup.num_frames,
        fps=record.fps,
        waits_for=f"blocked clips: {', '.join(blocked[:5])}{' ...' if len(blocked) > 5 else ''}" if blocked else "",
    )
