"""Many clips of many projects in one go: bibles are read again only when edited, and every engine starts at most once."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Self

from vtx_dagster.core.batch_order import BatchItem
from vtx_dagster.core.engines import (
    MediaTool,
    Progress,
    RenderEngine,
    RenderReport,
    RenderRequest,
    RenderSession,
    never,
    no_progress,
)
from vtx_dagster.core.errors import CancelledError, VtxError
from vtx_dagster.core.film_order import FilmOrder
from vtx_dagster.production.gpu_time import GpuTime
from vtx_dagster.production.lanes import Batch
from vtx_dagster.production.render import Clock, Rendered, find_take, render_clip, write_plan
from vtx_dagster.production.resolve import EngineFor, ResolvedClip, Resolver
from vtx_dagster.studio.files import FileIdentity, file_identity
from vtx_dagster.studio.project import Project, Studio
from vtx_dagster.studio.takes import TakeStore

_POLL_S = 0.2


def utc_now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """What all clips of a project share, or why it cannot be had, and the files that it was read from."""

    files: tuple[FileIdentity | None, ...]
    found: Resolver | VtxError


class ClipWorkshop:
    """Plans and renders clips by project slug and clip id, keeping bibles and engines at hand between them.

    What is edited meanwhile (the bible, ``metadata.yaml``, settings) holds from the next clip on: with the old one, the rest of
    a long batch would be stale as soon as it is rendered.

    Clips may be rendered from several threads.

    Use it as a context manager when rendering: engines are stopped at its end. What a killed process left half-rendered in a
    project is removed when the first of its clips is rendered.

    Args:
        studio: Where the projects are.
        engine_for: Returns the engines of a project.
        media_for: Returns the media tool of a project; needed for rendering only.
        clock: Dates the takes.
    """

    def __init__(
        self,
        studio: Studio,
        *,
        engine_for: EngineFor,
        media_for: Callable[[Project], MediaTool] | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._studio = studio
        self._engine_for = engine_for
        self._media_for = media_for
        self._clock = clock
        self._prepared: dict[str, _Prepared] = {}
        self._sessions: dict[RenderEngine, _SharedSession] = {}
        self._media_tools: dict[str, MediaTool] = {}
        self._running = ExitStack()
        self._lock = threading.Lock()
        self._gpu = GpuTime(studio, clock=clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._running.close()

    def plan(self, slug: str, clip: str) -> ResolvedClip:
        """Resolve one clip and write its plan to ``renders/plans``."""
        resolver, resolved = self._resolve(slug, clip)
        write_plan(resolver.project, resolved)
        return resolved

    def batch(self, clips: Mapping[str, tuple[str, str]], *, profile: str | None = None) -> Batch:
        """Return how clips are best rendered together; a clip that cannot be planned fails when its turn comes.

        Args:
            clips: Slug and clip id by the key that the batch names them by.
            profile: As for ``render``.
        """
        keys = {place: key for key, place in self._in_order(clips)}
        items: list[BatchItem] = []
        num_lanes = 1
        affinity: tuple[object, ...] = ()
        for (slug, clip), key in keys.items():
            after = ""
            # One that cannot be planned costs nothing wherever it comes, so it comes where it stands.
            with suppress(VtxError):
                _, resolved = self._resolve(slug, clip, profile=profile)
                plan, engine = resolved.plan, resolved.engine
                affinity = (plan.engine, engine.key, plan.pipeline, tuple((lora.sha256, lora.strength) for lora in plan.loras))
                after = keys.get((slug, plan.previous.clip), "") if plan.previous is not None else ""
                num_lanes = max(num_lanes, engine.concurrency)
            items.append(BatchItem(key=key, affinity=affinity, after=after))
        return Batch(items=tuple(items), num_lanes=num_lanes)

    def _in_order(self, clips: Mapping[str, tuple[str, str]]) -> Iterator[tuple[str, tuple[str, str]]]:
        """Yield keys with slug and clip id, project by project in the order of its film; what cannot be placed comes last."""
        by_slug: dict[str, list[tuple[str, tuple[str, str]]]] = {}
        for key, place in clips.items():
            by_slug.setdefault(place[0], []).append((key, place))
        for slug in sorted(by_slug):
            positions: Mapping[str, int] = {}
            with suppress(VtxError):
                positions = self._order(slug).positions
            yield from sorted(by_slug[slug], key=lambda one: positions.get(one[1][1], len(positions)))

    def render(
        self,
        slug: str,
        clip: str,
        *,
        force: bool = False,
        profile: str | None = None,
        broken: VtxError | None = None,
        progress: Progress = no_progress,
        cancelled: Callable[[], bool] = never,
    ) -> Rendered:
        """Make sure that a clip's take exists; see ``render_clip`` for what is raised.

        With a ``profile`` other than the clip's own, the take is kept in the store and is not shown.
        """
        resolver, due = self._resolve(slug, clip, renew=force)
        resolved = due
        if profile is not None:
            resolver, resolved = self._resolve(slug, clip, profile=profile, renew=force)
        if resolved.clip_hash == due.clip_hash:
            write_plan(resolver.project, resolved)
        options = resolver.metadata.render
        return render_clip(
            resolver.project,
            resolved,
            session=self._session(resolved.engine),
            media=self._media(resolver.project),
            clock=self._clock,
            force=force,
            broken=broken,
            show=resolved.clip_hash == due.clip_hash,
            may_degrade=options.allow_degrade,
            attempt=partial(
                self._gpu.attempt,
                resolver.project,
                resolved.plan,
                clip_hash=resolved.clip_hash,
                budget_s=options.budget_gpu_s,
                cancelled=cancelled,
            ),
            progress=progress,
            cancelled=cancelled,
        )

    def find(self, slug: str, clip: str) -> Rendered:
        """Return the finished take of a clip's present plan.

        Raises:
            NotFoundError: If there is none.
        """
        resolver, resolved = self._resolve(slug, clip)
        return find_take(resolver.project, resolved)

    def strip(self, slug: str, rendered: Rendered) -> bytes:
        """Return three frames of a take as one small WebP. What was edited since it was rendered does not matter."""
        media = self._media_tools.get(slug) or self._media(self._studio.project(slug))
        return media.strip(rendered.take.path)

    def _order(self, slug: str) -> FilmOrder:
        with self._lock:
            return self._resolver(slug).order()

    def _resolve(self, slug: str, clip: str, *, profile: str | None = None, renew: bool = False) -> tuple[Resolver, ResolvedClip]:
        with self._lock:
            resolver = self._resolver(slug)
            return resolver, resolver.resolve_clip(clip, profile=profile, renew=renew)

    def _resolver(self, slug: str) -> Resolver:
        """Return a project's resolver, made once per state of its files; if that failed, fail in the same way for other clips."""
        project = self._studio.project(slug)
        # Before they are read, so that an edit in between is seen the next time.
        files = tuple(file_identity(path) for path in _shared_files(project))
        prepared = self._prepared.get(slug)
        if prepared is None or prepared.files != files:
            prepared = self._prepared[slug] = _Prepared(files=files, found=self._prepare(project))
        if isinstance(prepared.found, VtxError):
            raise prepared.found
        return prepared.found

    def _prepare(self, project: Project) -> Resolver | VtxError:
        try:
            resolver = Resolver.of(project, engine_for=self._engine_for)
            if self._media_for is not None:
                TakeStore(project).sweep_scratch()
        except VtxError as error:
            return error
        return resolver

    def _session(self, engine: RenderEngine) -> RenderSession:
        with self._lock:
            return self._sessions.setdefault(engine, _SharedSession(engine, self._running))

    def _media(self, project: Project) -> MediaTool:
        if self._media_for is None:
            raise TypeError("this workshop was made for planning: give it media_for")
        media = self._media_tools[project.slug] = self._media_for(project)
        return media


class _SharedSession:
    """An engine's session, started by the first clip that is rendered, for as many threads at once as it can serve.

    Args:
        engine: The engine.
        running: Stops it.
    """

    def __init__(self, engine: RenderEngine, running: ExitStack) -> None:
        self._engine = engine
        self._running = running
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(engine.concurrency)
        self._session: RenderSession | None = None

    def render(self, request: RenderRequest) -> RenderReport:
        """Render a clip as soon as there is room for it."""
        while not self._free.acquire(timeout=_POLL_S):
            if request.cancelled():
                raise CancelledError(f"{request.plan.clip} was called off before its render began", clip=request.plan.clip)
        try:
            session = self._started()
            # An engine that knows better says so.
            request.on_gpu("")
            return session.render(request)
        finally:
            request.on_gpu(None)
            self._free.release()

    def _started(self) -> RenderSession:
        with self._lock:
            if self._session is None:
                self._session = self._running.enter_context(self._engine.session())
            return self._session


def _shared_files(project: Project) -> tuple[Path, ...]:
    """Return the files that decide about every clip of a project, there or not."""
    settings = (project.studio.root / "config" / name for name in ("global.env", "models.env"))
    bible = (project.style_path, project.characters_path, project.locations_path, project.loras_path)
    return (project.metadata_path, project.env_path, *settings, *bible)
