"""What `vtx doctor` looks at. Every finding that is not in order has a remedy, in its text or beside it."""

import os
import platform
import shutil
from collections.abc import Collection, Iterator, Mapping
from importlib.metadata import version

from vtx_dagster import __version__
from vtx_dagster.cli.doctor_ltx import look_at_ltx
from vtx_dagster.cli.doctor_writer import look_at_writer, shown_address
from vtx_dagster.cli.findings import SETTING_OF, Finding, Level, tried
from vtx_dagster.cli.studio_folder import record_of, records
from vtx_dagster.core.errors import VtxError
from vtx_dagster.core.planner import ProjectRecord, State
from vtx_dagster.engines.animatic.lettering import Lettering
from vtx_dagster.engines.choice import media_tool, render_engine
from vtx_dagster.engines.ffmpeg import ffmpeg_version, find_ffmpeg
from vtx_dagster.studio.project import Studio
from vtx_dagster.studio.settings import KNOWN, Setting, Settings, masked

LOW_BYTES = 2 * 1024**3
"""With less room on the disk there is a warning: a feature's takes have some gigabytes."""


def examine(studio: Studio, slug: str | None = None, *, only_set: bool = True) -> Iterator[Finding]:
    """Yield everything that was found about a studio, and about one project of it or all: results first, then the settings.

    Args:
        studio: The studio.
        slug: The project whose settings and clips are looked at; the studio's settings and all projects when left out.
        only_set: Leave out the settings that have their default.

    Raises:
        NotFoundError, InvalidRequestError: If there is no such project.
    """
    yield from _versions()
    yield from _disk(studio)
    scope = studio.project(slug) if slug is not None else studio
    try:
        settings = scope.settings()
    except VtxError as error:
        yield Finding(level=Level.FAIL, what="settings", found=error.message)
        yield from _projects(studio, slug)
        return
    tools = (*_tools(settings), *look_at_ltx(settings), *look_at_writer(scope, settings))
    yield from tools
    yield from _projects(studio, slug)
    told = {SETTING_OF.get(finding.what, "") for finding in tools if finding.level == Level.FAIL}
    yield from _settings(settings, only_set=only_set, without=told)


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
    yield tried("ffmpeg", lambda: _ffmpeg(settings), settings)
    yield tried("font", lambda: _font(settings), settings)
    yield tried("engine", lambda: _engine(settings), settings)
    yield tried("limits", lambda: _limits(settings), settings)


def _ffmpeg(settings: Settings) -> str:
    path = find_ffmpeg(settings.get("VTX_FFMPEG"))
    media_tool(settings)
    return f"{ffmpeg_version(path)} at {path}"


_SCRIPTS = {"Chinese": "中", "Japanese": "あ", "Korean": "한", "Hindi": "न", "Thai": "ส", "Arabic": "م"}
"""A letter of scripts that the built-in font may lack; without another font that has them they are drawn as empty boxes."""


def _font(settings: Settings) -> str:
    path = settings.path("VTX_FONT")
    lettering = Lettering(path)
    name = str(path) if path is not None else "DejaVu Sans Condensed (built in)"
    lacking = [script for script, letters in _SCRIPTS.items() if lettering.lacks(letters)]
    return f"{name}; none here for {', '.join(lacking)}" if lacking else name


def _engine(settings: Settings) -> str:
    identity = render_engine(settings).identity
    return f"{identity.name} {identity.version}"


def _limits(settings: Settings) -> str:
    frames = settings.integer("LTX_MAX_FRAMES", default=int(KNOWN["LTX_MAX_FRAMES"].default), minimum=9)
    chars = settings.integer("VTX_PROMPT_MAX_CHARS", default=int(KNOWN["VTX_PROMPT_MAX_CHARS"].default), minimum=1)
    acts = settings.flag("VTX_PRODUCE_IN_ACTS", default=False)
    return f"{frames} frames a clip, {chars} characters a prompt, {'in acts' if acts else 'not in acts'}"


def _settings(settings: Settings, *, only_set: bool, without: Collection[str]) -> Iterator[Finding]:
    for setting in settings.all_known():
        if setting.name in without or (only_set and settings.lookup(setting.name) is None):
            continue
        yield Finding(level=Level.OK, what=f"setting {setting.name}", found=_shown(setting))


def _shown(setting: Setting) -> str:
    value = shown_address(setting.value) if setting.value and setting.name == "OPENAI_BASE_URL" else masked(setting)
    return f"{value} ({setting.source})" if setting.value else setting.source


def _projects(studio: Studio, slug: str | None) -> Iterator[Finding]:
    for record in records(studio) if slug is None else [_record(studio, slug)]:
        what = f"project {record.project}"
        if record.problem:
            yield Finding(level=Level.FAIL, what=what, found=record.problem)
            continue
        blocked = {clip.clip: clip.problem for clip in record.clips if clip.state == State.BLOCKED}
        failed = {clip.clip: clip.failure for clip in record.clips if clip.state == State.FAILED}
        yield Finding(level=Level.OK, what=what, found=f"{len(record.clips)} clips")
        if record.lineup_problem:
            yield Finding(level=Level.FAIL, what=what, found=record.lineup_problem)
        yield from _clips(record.project, blocked, "blocked", "")
        yield from _clips(record.project, failed, "failed", "mend the reason, then: vtx render resume")


def _record(studio: Studio, slug: str) -> ProjectRecord:
    try:
        return record_of(studio, slug)
    except VtxError as error:
        return ProjectRecord(project=slug, problem=error.message)


def _clips(project: str, reasons: Mapping[str, str], state: str, remedy: str) -> Iterator[Finding]:
    for clip, reason in reasons.items():
        yield Finding(level=Level.WARN, what=f"clip {project}/{clip}", found=f"{state}: {reason}", remedy=remedy)
