"""Many clips of many projects in one go: bibles are read once, and every engine starts at most once."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Self

from vtx_dagster.core.engines import MediaTool, Progress, RenderEngine, RenderSession, no_progress
from vtx_dagster.core.errors import VtxError
from vtx_dagster.core.plan import EngineIdentity
from vtx_dagster.production.render import Clock, Rendered, find_take, render_clip, write_plan
from vtx_dagster.production.resolve import ResolvedClip, Resolver
from vtx_dagster.studio.project import Project, Studio
from vtx_dagster.studio.takes import TakeStore


def utc_now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


class ClipWorkshop:
    """Plans and renders clips by project slug and clip id, keeping bibles and engines at hand between them.

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
        self._resolvers: dict[str, tuple[Resolver, RenderEngine] | VtxError] = {}
        self._sessions: dict[EngineIdentity, RenderSession] = {}
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
        """Return a project's resolver, made once; if that failed, fail in the same way for its other clips."""
        if slug not in self._resolvers:
            try:
                project = self._studio.project(slug)
                engine = self._engine_for(project)
                resolver = Resolver.of(project, engine=engine.identity, draws=engine.draws)
                if self._media_for is not None:
                    TakeStore(project).sweep_scratch()
                self._resolvers[slug] = (resolver, engine)
            except VtxError as error:
                self._resolvers[slug] = error
        found = self._resolvers[slug]
        if isinstance(found, VtxError):
            raise found
        return found

    def _session(self, engine: RenderEngine) -> RenderSession:
        if engine.identity not in self._sessions:
            self._sessions[engine.identity] = self._running.enter_context(engine.session())
        return self._sessions[engine.identity]

    def _media(self, project: Project) -> MediaTool:
        if self._media_for is None:
            raise TypeError("this workshop was made for planning: give it media_for")
        return self._media_for(project)
