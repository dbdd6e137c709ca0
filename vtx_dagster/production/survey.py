"""What is on disk, as the records that the planner reads.

Resolving a clip's plan and reading its take's sidecar cost milliseconds, and a studio may have 90,000 clips. So what was found
of a clip is remembered in ``renders/.survey.json`` together with the identity (size, times, inode) of the files it was found in,
and looked up again only when one of them changed. That file may be deleted at any time.
"""

import gc
import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from vtx_dagster import __version__
from vtx_dagster.core.clip import ClipSpec
from vtx_dagster.core.errors import InvalidRequestError, StorageError, VtxError
from vtx_dagster.core.film_order import FilmOrder
from vtx_dagster.core.gpu_forecast import GpuKind, GpuWork
from vtx_dagster.core.lineup import Lineup
from vtx_dagster.core.planner import ClipRecord, CutRecord, ProjectRecord
from vtx_dagster.core.story import StoryWriter
from vtx_dagster.production.cut import assembled_hash
from vtx_dagster.production.resolve import EngineFor, ResolvedClip, Resolver, blocked_by
from vtx_dagster.production.story import StoryDesk
from vtx_dagster.studio.files import FileIdentity, file_identity, storage_errors, write_atomic
from vtx_dagster.studio.locks import locked_clips
from vtx_dagster.studio.project import Project, Studio
from vtx_dagster.studio.takes import TakeStore

logger = logging.getLogger(__name__)

SETTLED_NS = 2_000_000_000
"""A file that changed less than two seconds ago may change again without its times showing it, so it is not remembered yet."""


@dataclass(frozen=True, slots=True)
class _Link:
    """From which clip another goes on.

    Attributes:
        clip: That clip.
        is_named: The clip spec names it; else it is the one before in story order.
        found: The hash of its plan, or why it has none, when the other one was looked at.
    """

    clip: str
    is_named: bool
    found: str


@dataclass(slots=True)
class _Planned:
    """A clip's plan, in short, and the files that it was made from.

    Attributes:
        spec: Identity of the clip's YAML.
        inputs: Identity of every input and LoRA file, by path; None for one that is missing.
        link: From which clip it goes on, if it does.
        gpu: What rendering it asks of a GPU, if anything.
        older: The engine and its version whose take the plan is of, where that is another version than today's.
        folder: Identity of the folder of the clip's takes from before that one was found among them; None without one.
        take: Identity of the take that was found for the plan, if one was.
        ground: Identity of the take from whose end that one goes on, by its own account; None while that is not known.
        outdated: Why the take does not count all the same.
    """

    clip: str
    spec: FileIdentity | None
    plan_hash: str
    content_frames: int
    fps: int
    width: int
    height: int
    inputs: dict[str, FileIdentity | None]
    link: _Link | None = None
    gpu: GpuWork | None = None
    older: str = ""
    folder: FileIdentity | None = None
    take: FileIdentity | None = None
    ground: FileIdentity | None = None
    outdated: str = ""

    def clip_hash(self) -> str:
        """Return the hash of the clip's render plan, as a lineup asks for it."""
        return self.plan_hash


@dataclass(frozen=True, slots=True)
class _Blocked:
    """Why a clip's plan could not be made, and the files that this was found in; as of ``_Planned``."""

    clip: str
    problem: str
    spec: FileIdentity | None
    inputs: dict[str, FileIdentity | None]
    link: _Link | None = None


_Found = _Planned | _Blocked


def survey_studio(
    studio: Studio,
    *,
    engine_for: EngineFor,
    writer_for: Callable[[Project], StoryWriter] | None = None,
    only: Iterable[str] | None = None,
) -> Iterator[ProjectRecord]:
    """Yield the record of every project, by slug. One that cannot be read has its problem in its record and stops no other.

    Args:
        studio: The studio.
        engine_for: Returns the engines of a project, whose identity is part of every plan.
        writer_for: Returns the story writer of a project; without it the story stages are left out.
        only: Slugs of the projects that are wanted; all when missing.
    """
    for slug in studio.slugs() if only is None else sorted(only):
        try:
            project = studio.project(slug)
            writer = writer_for(project) if writer_for is not None else None
            with _uncollected():
                record = survey(project, engine_for=engine_for, writer=writer)
            yield record
        except VtxError as error:
            yield ProjectRecord(project=slug, problem=error.message)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pause the collection of cyclic garbage, of which a survey makes none.

    Many small objects that stay make the collector go through all of Dagster again and again: a sensor tick on 90,000 clips took
    4.8 s, and takes 2.8 s with this (2026-11).
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def survey(project: Project, *, engine_for: EngineFor, writer: StoryWriter | None = None) -> ProjectRecord:
    """Return what is on disk of one project. A clip that cannot be planned is ``blocked`` and stops no other.

    Raises:
        InvalidFileError: If ``metadata.yaml``, a bible file or a setting does not hold what it should.
        StorageError: If a folder of it cannot be read.
        VtxError: If its engine cannot be had.
    """
    resolver = Resolver.of(project, engine_for=engine_for)
    memory = _Memory.load(project, resolver)
    shelf = _Shelf(project)
    found: dict[str, _Found] = {}
    records: list[ClipRecord] = []
    order = project.film()
    acts_of = {clip: act for act, clips in order.clips_by_act().items() for clip in clips}
    before = ""
    for clip, act in acts_of.items():
        one = found[clip] = memory.clip(clip, resolver, _Earlier(found, before, order))
        records.append(shelf.record(one, found, act=act) if isinstance(one, _Planned) else _blocked(one, act=act))
        before = clip
    memory.save(found)
    planned = [one for one in found.values() if isinstance(one, _Planned)]
    lineup, lineup_problem = _lineup(planned, acts_of)
    metadata = resolver.metadata
    produces_in_acts = project.produces_in_acts()
    acts = lineup.acts() if lineup is not None and produces_in_acts else ()
    return ProjectRecord(
        project=project.slug,
        story=StoryDesk(project, writer).records() if writer is not None else (),
        clips=tuple(_linked(_with_locks(project, records))),
        aside=order.aside,
        lineup=lineup,
        lineup_problem=lineup_problem,
        produces_in_acts=produces_in_acts,
        acts=tuple((act, CutRecord(assembled_hash=assembled_hash(project.act_path(act)))) for act in acts),
        film=CutRecord(assembled_hash=assembled_hash(project.film_path)),
        may_render=metadata.automation.render,
        may_assemble=metadata.automation.assemble,
        budget_gpu_s=metadata.render.budget_gpu_s,
    )


def _blocked(found: _Blocked, *, act: str) -> ClipRecord:
    return ClipRecord(
        clip=found.clip, act=act, problem=found.problem, continues=found.link.clip if found.link is not None else ""
    )


@dataclass(frozen=True, slots=True)
class _Broken:
    """Where a chain of clips ends: at a clip that failed, and why it did."""

    root: str
    failure: str


def _linked(records: Iterable[ClipRecord]) -> Iterator[ClipRecord]:
    """Yield the records, with why clips cannot go on from those that they continue, if a chain is broken there or before.

    A clip that is being rendered breaks nothing: why it failed before may not hold any more.
    """
    broken: dict[str, _Broken] = {}
    for record in records:
        end = broken.get(record.continues)
        if record.problem or record.is_locked:
            yield record
        elif end is not None and not record.has_take:
            broken[record.clip] = end
            back = "" if end.root == record.continues else f", which goes back to {end.root}"
            yield replace(record, broken_link=f"continues {record.continues}{back}, which failed: {end.failure}")
        else:
            if record.failure:
                broken[record.clip] = _Broken(record.clip, record.failure)
            yield record


@dataclass(frozen=True, slots=True)
class _Earlier:
    """What was found of the clips before one.

    Attributes:
        found: All of them.
        last: The one right before it; empty for the first clip.
        order: The order of the film.
    """

    found: Mapping[str, _Found]
    last: str
    order: FilmOrder

    def holds(self, link: _Link | None) -> bool:
        """Say whether what a clip goes on from is what it was."""
        return link is None or ((link.is_named or link.clip == self.last) and link.found == self.state_of(link.clip))

    def state_of(self, clip: str) -> str:
        """Return the hash of a clip's plan, or why it has none; empty if there is no such clip."""
        one = self.found.get(clip)
        if one is None:
            return ""
        return one.problem if isinstance(one, _Blocked) else one.plan_hash

    def link_of(self, spec: ClipSpec) -> _Link | None:
        """Return what a clip goes on from, or None; of a clip that has none to go on from, a link to nothing.

        One that names a clip which is not earlier goes on from nothing as long as the order is this one.
        """
        wanted = spec.inputs.from_previous
        if wanted is None:
            return None
        clip = wanted.clip or self.last
        return _Link(clip, wanted.clip is not None, self.state_of(clip))

    def plan_of(self, clip: str, *, of: str) -> _Planned:
        """Return the plan of a clip that another one continues.

        Raises:
            InvalidRequestError: If it cannot be planned; says which clip of the chain is to blame.
        """
        one = self.found.get(clip)
        if one is None:
            raise blocked_by(of, clip, root=clip, reason="there is no such clip: correct inputs.from_previous.clip")
        if isinstance(one, _Planned):
            return one
        root = one
        # A link to what was not there, or not earlier, leads no further back.
        while root.link is not None and root.link.found and isinstance(earlier := self.found.get(root.link.clip), _Blocked):
            root = earlier
        raise blocked_by(of, clip, root=root.clip, reason=root.problem)


class _Shelf:
    """What the take store of a project holds, read folder by folder instead of clip by clip."""

    def __init__(self, project: Project) -> None:
        self._store = TakeStore(project)
        self._rendered = {entry.name for entry in _entries(project.takes_dir)}
        self._shown = {entry.name: entry.inode() for entry in _entries(project.current_dir)}

    def record(self, found: _Planned, earlier: Mapping[str, _Found], *, act: str) -> ClipRecord:
        """Return a clip's record; one system call when its take is there and known from before, and none without a take.

        Args:
            found: The clip's plan.
            earlier: What was found of the clips before it.
            act: The act that it stands in.
        """
        clip, plan_hash = found.clip, found.plan_hash
        take = self._take(found) if clip in self._rendered else None
        if take != found.take:
            found.ground = None
        found.take = take
        found.outdated = (
            self._outdated(found, earlier.get(found.link.clip)) if take is not None and found.link is not None else ""
        )
        shown = self._shown.get(f"{clip}.mp4")
        # A process that was killed while it showed a take leaves the clip without its sidecar; showing it again mends that.
        if take is not None and shown == take[3] and f"{clip}.render.json" in self._shown:
            shown_hash = plan_hash
        else:
            shown_hash = "" if shown is None else self._store.current_hash(clip) or ""
        has_take = take is not None and not found.outdated
        failure = self._store.failure(clip, plan_hash) if not has_take and clip in self._rendered else None
        return ClipRecord(
            clip=clip,
            act=act,
            clip_hash=plan_hash,
            content_frames=found.content_frames,
            has_take=has_take,
            is_current=has_take and shown_hash == plan_hash,
            shown_hash=shown_hash if shown_hash != plan_hash else "",
            failure=failure.message if failure else "",
            is_damaged=take is None and clip in self._rendered and self._is_damaged(found),
            outdated=found.outdated,
            continues=found.link.clip if found.link is not None else "",
            gpu=found.gpu,
            older=found.older,
        )

    def _outdated(self, found: _Planned, before: _Found | None) -> str:
        """Return why a take does not count that goes on from another; two sidecars are read where one of them is new."""
        if not isinstance(before, _Planned) or before.take is None:
            return ""
        if before.outdated:
            return f"{before.clip} is to be rendered again"
        if found.ground != before.take:
            takes = self._store.find(found.clip, found.plan_hash), self._store.find(before.clip, before.plan_hash)
            if takes[0] is not None and takes[1] is not None and not takes[0].goes_on_from(takes[1]):
                return f"{before.clip} was rendered again"
            found.ground = before.take
        return ""

    def _is_damaged(self, found: _Planned) -> bool:
        """Say whether a plan that has no whole take was rendered: a sidecar is written last, so a killed render leaves none."""
        path = self._store.take_path(found.clip, found.plan_hash)
        return file_identity(path) is not None and file_identity(path.with_suffix(".render.json")) is not None

    def _take(self, found: _Planned) -> FileIdentity | None:
        """Return the identity of a plan's take; the sidecar is read only of a file that was not seen before."""
        path = str(self._store.take_path(found.clip, found.plan_hash))
        identity = file_identity(path)
        # A sidecar that someone removed takes its file out of the store, and leaves the file itself as it was.
        if identity is None or (identity == found.take and file_identity(path.removesuffix(".mp4") + ".render.json") is not None):
            return identity
        return identity if self._store.find(found.clip, found.plan_hash) else None


def _with_locks(project: Project, records: list[ClipRecord]) -> Iterator[ClipRecord]:
    """Yield the records, those of unfinished clips with whether someone renders them now."""
    locked = locked_clips(project, among=[record.clip for record in records if not record.has_take])
    for record in records:
        yield replace(record, is_locked=True) if record.clip in locked else record


def _lineup(planned: list[_Planned], acts: Mapping[str, str]) -> tuple[Lineup | None, str]:
    if not planned:
        return None, ""
    try:
        return Lineup.of(planned, acts=acts), ""
    except InvalidRequestError as error:
        return None, error.message


class _Memory:
    """What earlier surveys of a project found, as far as it still holds."""

    def __init__(self, path: Path, project: Project, context: str, saved: dict[str, list]) -> None:
        self._path = path
        self._clips_dir = project.clips_dir
        self._takes_dir = project.takes_dir
        self._context = context
        self._saved = saved
        self._clips = {clip: _from_row(clip, row) for clip, row in saved.items()}

    @classmethod
    def load(cls, project: Project, resolver: Resolver) -> "_Memory":
        """Return the memory of a project; empty if what all its plans share has changed since, or if it cannot be read."""
        path = project.root / "renders" / ".survey.json"
        context = _context(project, resolver)
        try:
            with storage_errors(path, doing="read"):
                saved = json.loads(path.read_bytes()) if path.exists() else {}
            return cls(path, project, context, saved["clips"] if saved["context"] == context else {})
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls(path, project, context, {})

    def _folder(self, clip: str) -> FileIdentity | None:
        return file_identity(f"{self._takes_dir}/{clip}")

    def clip(self, clip: str, resolver: Resolver, earlier: _Earlier) -> _Found:
        """Return a clip's plan in short, or why there is none; from memory if nothing that decides it changed."""
        spec: FileIdentity | None = None
        inputs: dict[str, FileIdentity | None] = {}
        link: _Link | None = None
        try:
            spec = file_identity(f"{self._clips_dir}/{clip}.yaml")
            known = self._clips.get(clip)
            if (
                known is not None
                and not (isinstance(known, _Planned) and known.older and known.folder != self._folder(clip))
                and known.spec == spec
                and all(file_identity(path) == was for path, was in known.inputs.items())
                and earlier.holds(known.link)
            ):
                return known
            read = resolver.project.clip_spec(clip)
            # Before the plan is made: a file that changes while it is looked at is then looked at again.
            inputs = resolver.looked_at(read)
            link = earlier.link_of(read)
            name = resolver.predecessor(read, order=earlier.order)
            previous = earlier.plan_of(name, of=clip) if name else None
            folder = self._folder(clip)
            found = _planned(resolver.resolve(read, previous=previous), spec, inputs, link)
            if found.older:
                found.folder = folder
        except VtxError as error:
            found = _Blocked(clip, error.message, spec, inputs, link)
            if not _is_lasting(error):
                self._clips.pop(clip, None)
                return found
        self._clips[clip] = found
        return found

    def save(self, clips: Iterable[str]) -> None:
        """Write the memory of these clips, if it changed."""
        settled = time.time_ns() - SETTLED_NS
        present = ((clip, self._clips.get(clip)) for clip in clips)
        rows = {
            clip: _row(found)
            for clip, found in present
            if found is not None and all(one is None or one[1] < settled for one in _looked_at(found))
        }
        if rows != self._saved:
            try:
                write_atomic(self._path, json.dumps({"context": self._context, "clips": rows}, separators=(",", ":")))
            except StorageError as error:
                # Looking must be possible on a disk that is full or read-only; it is only slower next time.
                logger.warning("what was found of %s is not remembered: %s", self._clips_dir, error.message)


def _planned(
    resolved: ResolvedClip, spec: FileIdentity | None, inputs: dict[str, FileIdentity | None], link: _Link | None
) -> _Planned:
    plan = resolved.plan
    return _Planned(
        clip=plan.clip,
        spec=spec,
        plan_hash=resolved.clip_hash,
        content_frames=plan.content_frames,
        fps=plan.fps,
        width=plan.width,
        height=plan.height,
        inputs=inputs,
        link=link,
        gpu=GpuWork.of(plan),
        older=resolved.older,
    )


def _looked_at(found: _Found) -> Iterator[FileIdentity | None]:
    yield from (found.spec, *found.inputs.values())
    yield found.folder if isinstance(found, _Planned) else None


def _is_lasting(error: VtxError) -> bool:
    """Say whether a problem stays as long as the files do: a disk's refusal does not, nor where a link leads."""
    return not error.retryable and not (isinstance(error, InvalidRequestError) and "path" in error.details)


def _row(found: _Found) -> list[object]:
    link = found.link
    basis = [
        _listed(found.spec),
        {path: _listed(identity) for path, identity in found.inputs.items()},
        None if link is None else [link.clip, link.is_named, link.found],
    ]
    if isinstance(found, _Blocked):
        return [*basis, found.problem]
    gpu = found.gpu
    return [
        *basis,
        found.plan_hash,
        [found.content_frames, found.fps, found.width, found.height],
        None if gpu is None else [gpu.kind.engine, gpu.kind.pipeline, gpu.kind.steps, gpu.frames],
        [found.older, _listed(found.folder)],
        _listed(found.take),
        _listed(found.ground),
    ]


def _from_row(clip: str, row: list) -> _Found:
    listed, listed_inputs, listed_link, *rest = row
    spec, inputs = _identity(listed), {path: _identity(identity) for path, identity in listed_inputs.items()}
    link = None if listed_link is None else _Link(*listed_link)
    if len(rest) == 1:
        return _Blocked(clip, str(rest[0]), spec, inputs, link)
    plan_hash, (content_frames, fps, width, height), gpu, (older, folder), take, ground = rest
    return _Planned(
        clip=clip,
        spec=spec,
        plan_hash=plan_hash,
        content_frames=content_frames,
        fps=fps,
        width=width,
        height=height,
        inputs=inputs,
        link=link,
        gpu=None if gpu is None else GpuWork(GpuKind(*gpu[:3]), width, height, gpu[3]),
        older=older,
        folder=_identity(folder),
        take=_identity(take),
        ground=_identity(ground),
    )


def _listed(identity: FileIdentity | None) -> list[int] | None:
    """Return an identity as JSON gives it back, so that rows can be compared."""
    return None if identity is None else list(identity)


def _identity(listed: list[int] | None) -> FileIdentity | None:
    if listed is None:
        return None
    size_bytes, modified_ns, changed_ns, inode = listed
    return (size_bytes, modified_ns, changed_ns, inode)


def _context(project: Project, resolver: Resolver) -> str:
    """Return the hash of everything that all plans of a project share."""
    loras = [lora for bundle in resolver.bible.loras.bundles.values() for lora in bundle.loras if lora.env_path]
    settings = project.settings()
    shared = [
        __version__,
        project.slug,
        *_engine_facts(resolver),
        resolver.metadata.model_dump_json(),
        resolver.bible.model_dump_json(),
        f"{resolver.max_frames}",
        *(f"{lora.env_path}={settings.path(str(lora.env_path))}" for lora in loras),
    ]
    return hashlib.sha256("\0".join(shared).encode()).hexdigest()


def _engine_facts(resolver: Resolver) -> Iterator[str]:
    """Yield what the engines of a project are, the one that a profile names included, or why it cannot be had."""
    for name in sorted({profile.engine or "" for profile in resolver.metadata.render.profiles.values()} | {""}):
        try:
            engine = resolver.engine(name)
            yield f"{name}={engine.identity.model_dump_json()} {engine.draws} {engine.key}"
        except VtxError as error:
            yield f"{name}={error.message}"


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with storage_errors(folder, doing="read"):
        try:
            return list(os.scandir(folder))
        except FileNotFoundError:
            return []
