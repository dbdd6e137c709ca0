"""Where a project stands, for people: the survey of its folder with reasons in words."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from vtx_dagster.cli.changes import changes
from vtx_dagster.core.planner import ClipRecord, ProjectRecord, Stage, State, plan_project
from vtx_dagster.engines.choice import render_engine
from vtx_dagster.production.resolve import Resolver
from vtx_dagster.studio.takes import read_sidecar

if TYPE_CHECKING:
    from vtx_dagster.studio.project import Project, Studio


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipStanding:
    """A clip, its state, its seconds of film, and why it is not rendered."""

    clip: str
    state: State
    film_s: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A project.

    Attributes:
        film_s: Length of the film as it is planned, in seconds.
        story: Stage and why it is not current; empty if it is.
        acts: Act and its state, where the project produces in acts.
        film: Where the film is, or why there is no current one.
        problem: Why the project cannot be read.
    """

    project: str
    film_s: float = 0.0
    clips: tuple[ClipStanding, ...] = ()
    story: tuple[tuple[str, str], ...] = ()
    acts: tuple[tuple[str, str], ...] = ()
    film: str = ""
    is_current: bool = False
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the project for ``--json``."""
        facts = asdict(self)
        facts["story"] = [{"stage": stage, "due": reason} for stage, reason in self.story]
        facts["acts"] = [{"act": act, "state": state} for act, state in self.acts]
        return facts


def standing_of(studio: "Studio", record: ProjectRecord) -> Standing:
    """Return where a project stands."""
    if record.problem:
        return Standing(project=record.project, problem=record.problem)
    project = studio.project(record.project)
    due = {(step.stage, step.id): step.waits_for or step.reason for step in plan_project(record)}
    seconds = float(record.lineup.duration_s) if record.lineup is not None else 0.0
    return Standing(
        project=record.project,
        film_s=seconds,
        clips=tuple(_clip(project, record, clip) for clip in record.clips),
        story=tuple((str(story.stage), "" if story.is_current else story.reason) for story in record.story),
        acts=tuple((act, due.get((Stage.ACT, act), "current")) for act, _ in record.acts),
        film=_film(project, record, due.get((Stage.FILM, ""), "")),
        is_current=not due and bool(record.clips),
    )


def _film(project: "Project", record: ProjectRecord, due: str) -> str:
    if not due and record.lineup is not None:
        return str(project.film_path)
    unfinished = len(record.unfinished())
    if unfinished:
        return f"not current: {unfinished} of {len(record.clips)} clips are not rendered"
    return f"not current: {due}" if due else "there are no clips yet"


def _clip(project: "Project", record: ProjectRecord, clip: ClipRecord) -> ClipStanding:
    return ClipStanding(clip=clip.clip, state=clip.state, film_s=clip.content_frames / record.fps, reason=_reason(project, clip))


def _reason(project: "Project", clip: ClipRecord) -> str:
    if clip.state == State.STALE:
        return "; ".join(_changes(project, clip.clip))
    if clip.state == State.RENDERED and not clip.is_current:
        return "its take is in the store and not shown yet"
    return {State.BLOCKED: clip.problem, State.FAILED: clip.failure}.get(clip.state, "")


def _changes(project: "Project", clip: str) -> tuple[str, ...]:
    """Return what changed in a clip's plan since the take that is shown was rendered."""
    shown = read_sidecar(project.current_path(clip).with_suffix(".render.json")).plan
    engine = render_engine(project.settings())
    resolver = Resolver.of(project, engine=engine.identity, draws=engine.draws)
    return changes(shown, resolver.resolve(project.clip_spec(clip)).plan)
