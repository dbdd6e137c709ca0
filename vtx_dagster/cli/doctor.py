"""What `vtx doctor` looks at. Every finding has a remedy, unless it is in order."""

import os
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.metadata import version

from vtx_dagster import __version__
from vtx_dagster.cli.studio_folder import records
from vtx_dagster.core.errors import VtxError
from vtx_dagster.core.planner import State
from vtx_dagster.engines.animatic.lettering import Lettering
from vtx_dagster.engines.choice import media_tool, render_engine, story_writer
from vtx_dagster.engines.ffmpeg import ffmpeg_version, find_ffmpeg
from vtx_dagster.studio.project import Studio
from vtx_dagster.studio.settings import KNOWN, Setting, Settings, masked

LOW_BYTES = 2 * 1024**3
"""With less room on the disk there is a warning: a feature's takes have some gigabytes."""


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at, what was found, and what to do about it."""

    level: Level
    what: str
    found: str
    remedy: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the finding for ``--json``."""
        return {name: str(value) for name, value in asdict(self).items()}


def examine(studio: Studio, slug: str | None = None) -> Iterator[Finding]:
    """Yield everything that was found about a studio, and about one project of it or all.

    Raises:
        NotFoundError, InvalidRequestError: If there is no such project.
    """
    yield from _versions()
    yield from _disk(studio)
    scope = studio.project(slug) if slug is not None else studio
    try:
        settings = scope.settings()
    except VtxError as error:
        yield Finding(level=Level.FAIL, what="settings", found=error.message, remedy="correct the file")
    else:
        yield from _tools(settings)
        yield from _settings(settings)
    yield from _projects(studio, slug)


def _versions() -> Iterator[Finding]:
    yield Finding(level=Level.OK, what="vtx", found=__version__)
    yield Finding(level=Level.OK, what="python", found=f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    dagster, webserver = version("dagster"), version("dagster-webserver")
    same = dagster == webserver
    yield Finding(
        level=Level.OK if same else Level.FAIL,
        what="dagster",
        found=dagster if same else f"{dagster}, and dagster-webserver {webserver}",
        remedy="" if same else f"pip install dagster-webserver=={dagster}",
    )


def _disk(studio: Studio) -> Iterator[Finding]:
    writable = all(os.access(folder, os.W_OK) for folder in (studio.root, studio.projects_dir))
    yield Finding(
        level=Level.OK if writable else Level.FAIL,
        what="studio",
        found=f"{studio.root}{'' if writable else ' is read-only'}",
        remedy="" if writable else "change the owner or mode of the folder, or mount it writable",
    )
    free = shutil.disk_usage(studio.root).free
    yield Finding(
        level=Level.OK if free >= LOW_BYTES else Level.WARN,
        what="disk",
        found=f"{free / 1e9:.1f} GB free",
        remedy="" if free >= LOW_BYTES else "free some space: a feature needs several gigabytes for its takes",
    )


def _tools(settings: Settings) -> Iterator[Finding]:
    yield _tried("ffmpeg", lambda: _ffmpeg(settings), "pip install imageio-ffmpeg, or set VTX_FFMPEG to an ffmpeg")
    yield _tried("font", lambda: _font(settings), "set VTX_FONT to a TrueType font, or remove it to use the built-in one")
    yield _tried("engine", lambda: _identity(render_engine(settings)), "correct VTX_ENGINE")
    yield _tried("writer", lambda: _identity(story_writer(settings)), "correct VTX_STORY_WRITER")
    yield _tried("limits", lambda: _limits(settings), "correct the setting")


def _tried(what: str, look: Callable[[], str], remedy: str) -> Finding:
    try:
        return Finding(level=Level.OK, what=what, found=look())
    except VtxError as error:
        return Finding(level=Level.FAIL, what=what, found=error.message, remedy=remedy)


def _ffmpeg(settings: Settings) -> str:
    path = find_ffmpeg(settings.get("VTX_FFMPEG"))
    media_tool(settings)
    return f"{ffmpeg_version(path)} at {path}"


def _font(settings: Settings) -> str:
    path = settings.path("VTX_FONT")
    Lettering(path)
    return str(path) if path is not None else "DejaVu Sans Condensed (built in)"


def _identity(tool: object) -> str:
    identity = tool.identity  # type: ignore[attr-defined]  # engines and writers share only this
    return f"{identity.name} {identity.version}"


def _limits(settings: Settings) -> str:
    frames = settings.integer("LTX_MAX_FRAMES", default=int(KNOWN["LTX_MAX_FRAMES"].default), minimum=9)
    chars = settings.integer("VTX_PROMPT_MAX_CHARS", default=int(KNOWN["VTX_PROMPT_MAX_CHARS"].default), minimum=1)
    acts = settings.flag("VTX_PRODUCE_IN_ACTS", default=False)
    return f"{frames} frames a clip, {chars} characters a prompt, {'in acts' if acts else 'not in acts'}"


def _settings(settings: Settings) -> Iterator[Finding]:
    for setting in settings.all_known():
        yield Finding(level=Level.OK, what=f"setting {setting.name}", found=_shown(setting))


def _shown(setting: Setting) -> str:
    return f"{masked(setting)} ({setting.source})" if setting.value else setting.source


def _projects(studio: Studio, slug: str | None) -> Iterator[Finding]:
    for record in records(studio, None if slug is None else [slug]):
        what = f"project {record.project}"
        if record.problem:
            yield Finding(level=Level.FAIL, what=what, found=record.problem, remedy="correct the file")
            continue
        blocked = {clip.clip: clip.problem for clip in record.clips if clip.state == State.BLOCKED}
        failed = {clip.clip: clip.failure for clip in record.clips if clip.state == State.FAILED}
        yield Finding(level=Level.OK, what=what, found=f"{len(record.clips)} clips")
        if record.lineup_problem:
            yield Finding(level=Level.FAIL, what=what, found=record.lineup_problem, remedy="give the clips one render profile")
        yield from _clips(record.project, blocked, "blocked", "put the file there, or correct the clip")
        yield from _clips(record.project, failed, "failed", "mend the reason, then: vtx render resume")


def _clips(project: str, reasons: Mapping[str, str], state: str, remedy: str) -> Iterator[Finding]:
    for clip, reason in reasons.items():
        yield Finding(level=Level.WARN, what=f"clip {project}/{clip}", found=f"{state}: {reason}", remedy=remedy)
