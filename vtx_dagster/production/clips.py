"""Many clips of many projects in one go: bibles are read again only when edited, and every engine starts at most once."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from vtx_dagster.core.engines import MediaTool, Progress, RenderEngine, RenderSession, no_progress
from vtx_dagster.core.errors import VtxError
from vtx_dagster.production.render import Clock, Rendered, find_take, render_clip, write_plan
from vtx_dagster.production.resolve import ResolvedClip, Resolver
from vtx_dagster.studio.files import FileIdentity, file_identity
from vtx_dagster.studio.project import Project, Studio
from vtx_dagster.studio.takes import TakeStore


def utc_now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """What all clips of a project share, or why it cannot be had, and the files that it was read from."""

    files: tuple[FileIdentity | None, ...]
    found: tuple[Resolver, RenderEngine] | VtxError


class ClipWorkshop:
    """Plans and renders clips by project slug and clip id, keeping bibles and engines at hand between them.

    What is edited meanwhile (the bible, ``metadata.yaml``, settings) holds from the next clip on: with the old one, the rest of
    a long batch would be stale as soon as it is rendered.

    Use it as a context manager when rendering: engines are stopped at its end. What a killed process left half-rendered in a
    project is removed when the first of its clips is rendered.

    Args:
        studio: Where the projects are.
        engine_for: Returns the engine of a project.
        media_for: Returns the media tool of a project; needed for rendering only.
        clock: Dates the takes.
    """

    def __init__(
        self,
        studio: Studio,
        *,
        engine_for: Callable[[Project], RenderEngine],
        media_for: Callable[[Project], MediaTool] | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._studio = studio
        self._engine_for = engine_for
        self._media_for = media_for
        self._clock = clock
        self._prepared: dict[str, _Prepared] = {}
        self._sessions: dict[RenderEngine, RenderSession] = {}
        self._running = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._running.close()

    def plan(self, slug: str, clip: str) -> ResolvedClip:
        """Resolve one clip and write its plan to ``renders/plans``."""
        resolved = self._resolve(slug, clip)
        write_plan(self._resolver(slug)[0].project, resolved)
        return resolved

    def render(
        self, slug: str, clip: str, *, force: bool = False, profile: str | None = None, progress: Progress = no_progress
    ) -> Rendered:
        """Make sure that a clip's take exists; see ``render_clip`` for what is raised.

        With a ``profile`` other than the clip's own, the take is kept in the store and is not shown.
        """
        resolver, engine = self._resolver(slug)
        due = self._resolve(slug, clip)
        resolved = due if profile is None else resolver.resolve(resolver.project.clip_spec(clip), profile=profile)
        if resolved.clip_hash == due.clip_hash:
            write_plan(resolver.project, resolved)
        return render_clip(
            resolver.project,
            resolved,
            session=self._session(engine),
            media=self._media(resolver.project),
            clock=self._clock,
            force=force,
            show=resolved.clip_hash == due.clip_hash,
            progress=progress,
        )

    def find(self, slug: str, clip: str) -> Rendered:
        """Return the finished take of a clip's present plan.

        Raises:
            NotFoundError: If there is none.
        """
        return find_take(self._resolver(slug)[0].project, self._resolve(slug, clip))

    def strip(self, slug: str, rendered: Rendered) -> bytes:
        """Return three frames of a take as one small WebP."""
        return self._media(self._resolver(slug)[0].project).strip(rendered.take.path)

    def _resolve(self, slug: str, clip: str) -> ResolvedClip:
        resolver, _ = self._resolver(slug)
        return resolver.resolve(resolver.project.clip_spec(clip))

    def _resolver(self, slug: str) -> tuple[Resolver, RenderEngine]:
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

    def _prepare(self, project: Project) -> tuple[Resolver, RenderEngine] | VtxError:
        try:
            engine = self._engine_for(project)
            resolver = Resolver.of(project, engine=engine.identity, draws=engine.draws)
            if self._media_for is not None:
                TakeStore(project).sweep_scratch()
        except VtxError as error:
            return error
        return resolver, engine

    def _session(self, engine: RenderEngine) -> RenderSession:
        if engine not in self._sessions:
            self._sessions[engine] = self._running.enter_context(engine.session())
        return self._sessions[engine]

    def _media(self, project: Project) -> MediaTool:
        if self._media_for is None:
            raise TypeError("this workshop was made for planning: give it media_for")
        return self._media_for(project)


def _shared_files(project: Project) -> tuple[Path, ...]:
    """Return the files that decide about every clip of a project, there or not."""
    settings = (project.studio.root / "config" / name for name in ("global.env", "models.env"))
    bible = (project.style_path, project.characters_path, project.locations_path, project.loras_path)
    return (project.metadata_path, project.env_path, *settings, *bible)
