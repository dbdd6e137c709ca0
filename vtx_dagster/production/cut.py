"""Assembling acts and films from the takes of their lineup."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, JsonValue, ValidationError

from vtx_dagster.core.document import Document
from vtx_dagster.core.engines import MediaFacts, MediaTool, Progress, Segment, no_progress
from vtx_dagster.core.errors import IncompleteLineupError
from vtx_dagster.core.lineup import Lineup
from vtx_dagster.core.planner import ProjectRecord
from vtx_dagster.studio.files import storage_errors, write_atomic
from vtx_dagster.studio.locks import project_lock
from vtx_dagster.studio.project import Project
from vtx_dagster.studio.takes import TakeStore


class CutSidecar(Document):
    """What an assembled file was made from; stands beside it as ``.render.json``."""

    project: str
    act: str = ""
    lineup_hash: str
    clips: tuple[str, ...]
    num_frames: int
    fps: int
    size_bytes: int
    slates: tuple[str, ...] = ()
    facts: dict[str, JsonValue] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """An assembled act or film.

    Attributes:
        slates: Clips that were missing: shown as slates, or left out if they have no plan and so no length.
    """

    path: Path
    lineup: Lineup
    facts: MediaFacts
    slates: tuple[str, ...] = ()

    @property
    def data_version(self) -> str:
        """The lineup's hash; marked where slates stand in for clips, so that it never equals the whole lineup's."""
        return f"incomplete-{self.lineup.lineup_hash()}" if self.slates else self.lineup.lineup_hash()


def sidecar_of(cut: Path) -> Path:
    """Return the path of an act's or film's sidecar."""
    return cut.with_suffix(".render.json")


def assembled_hash(cut: Path) -> str:
    """Return the lineup hash that a file was assembled from; empty if there is no such file, whole and known."""
    sidecar = _read_sidecar(cut)
    return sidecar.lineup_hash if sidecar is not None else ""


def find_cut(project: Project, record: ProjectRecord, act: str = "") -> Cut | None:
    """Return the act or film that is on disk, if it is what its present lineup asks for and its facts are of this version."""
    path = _path(project, act)
    lineup = record.cut_lineup(act)
    sidecar = _read_sidecar(path)
    if sidecar is None or sidecar.lineup_hash != lineup.lineup_hash():
        return None
    try:
        facts = MediaFacts.from_json(sidecar.facts)
    except (TypeError, ValueError):
        return None
    return Cut(path=path, lineup=lineup, facts=facts)


def _read_sidecar(cut: Path) -> CutSidecar | None:
    with storage_errors(sidecar_of(cut), doing="read"):
        try:
            sidecar = CutSidecar.model_validate_json(sidecar_of(cut).read_bytes())
            return sidecar if cut.stat().st_size == sidecar.size_bytes else None
        except (FileNotFoundError, ValidationError):
            return None


def assemble(
    project: Project,
    look: Callable[[], ProjectRecord],
    *,
    media: MediaTool,
    act: str = "",
    allow_missing: bool = False,
    progress: Progress = no_progress,
) -> Cut:
    """Make sure that one act, or the film, is what its present lineup asks for.

    Args:
        project: The project.
        look: Surveys it. Called once this process alone may assemble, so that whoever had to wait neither puts an older film in
            the place of a newer one nor makes again what the other one made.
        media: Joins and checks the files.
        act: An act id; the whole film when empty. Where the project produces in acts, its film is joined from the act files.
        allow_missing: Put a slate in the place of every clip that has no take. The result stays due until they are there.
        progress: Told about frames.

    Returns:
        The act or film; as it was found, if it was current.

    Raises:
        IncompleteLineupError: If clips (or acts, for a film in acts) are missing.
        VerificationError, ProcessError: If joining failed; the file that was there before stays.
        StorageError: If the disk refuses.
    """
    output = _path(project, act)
    with project_lock(project, _lock_name(act)):
        record = look()
        lineup = record.cut_lineup(act)
        missing = record.unfinished(act)
        if missing and not allow_missing:
            message = _missing_message(record, act)
            raise IncompleteLineupError(message, project=record.project, clips=[clip.clip for clip in missing])
        found = None if missing else find_cut(project, record, act)
        return found or _assemble(project, record, lineup, output, media=media, act=act, progress=progress)


@contextmanager
def replacing_take(project: Project, clip: str) -> Iterator[None]:
    """Have the clip's act and the film made again from the take that the block stores in the place of one of the same plan.

    Their lineup does not change with it, so nothing else would show that they hold the old take. Nobody assembles them
    meanwhile; if the block fails, they are made again for nothing.

    Raises:
        StorageError: If the disk refuses.
    """
    acts = [act for act, clips in project.film().clips_by_act().items() if clip in clips]
    with ExitStack() as locks:
        for act in (*acts, ""):
            locks.enter_context(project_lock(project, _lock_name(act)))
        for cut in (*(project.act_path(act) for act in acts), project.film_path):
            with storage_errors(sidecar_of(cut), doing="remove"):
                sidecar_of(cut).unlink(missing_ok=True)
        yield


def _lock_name(act: str) -> str:
    return f"cut-{act or 'film'}"


def _path(project: Project, act: str) -> Path:
    return project.act_path(act) if act else project.film_path


def _assemble(
    project: Project, record: ProjectRecord, lineup: Lineup, output: Path, *, media: MediaTool, act: str, progress: Progress
) -> Cut:
    slates = tuple(clip.clip for clip in record.unfinished(act))
    store = TakeStore(project)
    store.sweep_scratch()
    with store.scratch(act or "film") as scratch:
        if record.produces_in_acts and not act and not slates:
            segments = _act_segments(project, lineup)
        else:
            segments = _clip_segments(store, record, lineup, media=media, scratch=scratch)
        joined = scratch / output.name
        project.logs_dir.mkdir(parents=True, exist_ok=True)
        facts = media.assemble(
            segments,
            joined,
            fps=lineup.fps,
            width=lineup.width,
            height=lineup.height,
            log=project.logs_dir / f"{output.stem}.log.txt",
            progress=progress,
        )
        sidecar = CutSidecar(
            project=project.slug,
            act=act,
            lineup_hash=f"incomplete {lineup.lineup_hash()}" if slates else lineup.lineup_hash(),
            clips=tuple(entry.clip for entry in lineup.entries),
            num_frames=facts.num_frames,
            fps=lineup.fps,
            size_bytes=facts.size_bytes,
            slates=slates,
            facts=facts.to_json(),
        )
        with storage_errors(output):
            output.parent.mkdir(parents=True, exist_ok=True)
            # The old sidecar goes first: a crash in between leaves a file that nobody vouches for, which is assembled again.
            sidecar_of(output).unlink(missing_ok=True)
            joined.replace(output)
        write_atomic(sidecar_of(output), sidecar.model_dump_json(indent=2) + "\n")
    return Cut(path=output, lineup=lineup, facts=facts, slates=slates)


def _missing_message(record: ProjectRecord, act: str) -> str:
    lines = [
        f"{clip.clip}: {clip.state}{f' ({why})' if (why := clip.problem or clip.failure) else ''}"
        for clip in record.unfinished(act)
    ]
    shown = "\n  ".join(lines[:20]) + (f"\n  ... and {len(lines) - 20} more" if len(lines) > 20 else "")
    return (
        f"{record.project}: {len(lines)} of {len(record.clips_of(act))} clips are not rendered, so {act or 'the film'} cannot be"
        f" assembled (vtx render resume --project {record.project}, or --allow-missing for slates):\n  {shown}"
    )


def _clip_segments(store: TakeStore, record: ProjectRecord, lineup: Lineup, *, media: MediaTool, scratch: Path) -> list[Segment]:
    hashes = {clip.clip: clip.clip_hash for clip in record.clips if clip.has_take}
    segments = []
    for entry in lineup.entries:
        if entry.clip in hashes:
            path = store.take_path(entry.clip, hashes[entry.clip])
        else:
            path = scratch / f"{entry.clip}__slate.mp4"
            media.slate(
                path,
                text=f"{record.project}\n{entry.clip}\nmissing",
                num_frames=entry.content_frames,
                fps=lineup.fps,
                width=lineup.width,
                height=lineup.height,
            )
        segments.append(Segment(name=entry.clip, path=path, content_frames=entry.content_frames))
    return segments


def _act_segments(project: Project, lineup: Lineup) -> Sequence[Segment]:
    due = [act for act in lineup.acts() if assembled_hash(project.act_path(act)) != lineup.act(act).lineup_hash()]
    if due:
        raise IncompleteLineupError(
            f"{project.slug} is produced in acts, and these are not assembled from its present clips: {', '.join(due)}"
            f" (vtx make {project.slug})",
            project=project.slug,
            acts=list(due),
        )
    return [Segment(name=act, path=project.act_path(act), content_frames=lineup.act(act).num_frames) for act in lineup.acts()]
