"""Where a project stands, for people: the survey of its folder with reasons in words."""

from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from vtx_dagster.cli.changes import Change, changes
from vtx_dagster.cli.studio_folder import engine_for
from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.planner import ClipRecord, ProjectRecord, Stage, State, plan_project
from vtx_dagster.production.resolve import Resolver
from vtx_dagster.studio.takes import read_sidecar

if TYPE_CHECKING:
    from vtx_dagster.studio.project import Project, Studio

MAX_CHANGES = 50
"""Clips of which is told what changed: each costs the reading of a sidecar and the plans of all clips that it goes back to."""


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
        unwritten: Clips that the shotlist has and that have no clip spec.
        aside: Clips that are no shots any more and that a person edited: they are out of the film.
        problem: Why the project cannot be read.
    """

    project: str
    film_s: float = 0.0
    clips: tuple[ClipStanding, ...] = ()
    story: tuple[tuple[str, str], ...] = ()
    acts: tuple[tuple[str, str], ...] = ()
    film: str = ""
    is_current: bool = False
    unwritten: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
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
    takes = ShownTakes(project)
    told = frozenset(islice((clip.clip for clip in record.clips if clip.has_other_plan), MAX_CHANGES))
    return Standing(
        project=record.project,
        film_s=seconds_of(record),
        clips=tuple(_clip(takes if clip.clip in told else None, record, clip) for clip in record.clips),
        story=tuple((str(story.stage), "" if story.is_current else story.reason) for story in record.story),
        acts=tuple((act, due.get((Stage.ACT, act), "current")) for act, _ in record.acts),
        film=_film(project, record, due.get((Stage.FILM, ""), "")),
        is_current=not due and bool(record.clips),
        unwritten=unwritten_clips(project, record),
        aside=record.aside,
    )


def seconds_of(record: ProjectRecord) -> float:
    """Return the length of a film as it is planned, in seconds."""
    return float(record.lineup.duration_s) if record.lineup is not None else 0.0


def word_for(record: ProjectRecord) -> str:
    """Return in one word where a project stands: ``error``, ``blocked``, ``failed``, ``due``, ``empty`` or ``current``."""
    states = {clip.state for clip in record.clips}
    if record.problem:
        return "error"
    if any(clip.problem for clip in record.clips) or record.lineup_problem:
        return "blocked"
    if State.FAILED in states:
        return "failed"
    if next(plan_project(record), None) is not None:
        return "due"
    return "current" if record.clips else "empty"


def unwritten_clips(project: "Project", record: ProjectRecord) -> tuple[str, ...]:
    """Return the clips that the shotlist has and that have no clip spec, in order; none while the shotlist is due itself.

    Raises:
        InvalidFileError: If the shotlist is not valid.
    """
    if not any(story.stage == Stage.SHOTLIST and story.is_current for story in record.story):
        return ()
    return project.film().missing


class ShownTakes:
    """What changed of a project's clips since the takes that are shown were rendered."""

    def __init__(self, project: "Project") -> None:
        self._project = project

    @cached_property
    def _resolver(self) -> Resolver:
        return Resolver.of(self._project, engine_for=engine_for)

    def changes(self, clip: str) -> tuple[Change, ...]:
        """Return what changed in the plan of a clip that is stale; that the plan cannot be read is one change.

        Raises:
            NotFoundError: If no take is shown.
        """
        try:
            shown = read_sidecar(self._project.current_path(clip).with_suffix(".render.json")).plan
        except InvalidFileError:
            return (Change(name="its plan", difference="was written by another version"),)
        return changes(shown, self._resolver.resolve_clip(clip).plan)


def _film(project: "Project", record: ProjectRecord, due: str) -> str:
    if not due and record.lineup is not None:
        return str(project.film_path)
    unfinished = len(record.unfinished())
    if unfinished:
        return f"not current: {unfinished} of {len(record.clips)} clips are not rendered"
    return f"not current: {due}" if due else "there are no clips yet"


def _clip(takes: ShownTakes | None, record: ProjectRecord, clip: ClipRecord) -> ClipStanding:
    return ClipStanding(clip=clip.clip, state=clip.state, film_s=clip.content_frames / record.fps, reason=_reason(takes, clip))


def _reason(takes: ShownTakes | None, clip: ClipRecord) -> str:
    if takes is not None:
        return "; ".join(change.line() for change in takes.changes(clip.clip))
    return {
        State.PLANNED: f"continues {clip.continues}" if clip.continues else "",
        State.RENDERING: "",
        State.BLOCKED: clip.problem or clip.broken_link,
        State.FAILED: clip.failure,
        State.RENDERED: "" if clip.is_current else "its take is in the store and not shown yet",
    }.get(clip.state, clip.reason)
