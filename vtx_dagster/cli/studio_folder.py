"""Which studio a command works on, and what is on its disk: without Dagster, so that looking is quick."""

import os
import shlex
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from vtx_dagster.core.errors import NotFoundError

if TYPE_CHECKING:
    from vtx_dagster.core.engines import RenderEngine
    from vtx_dagster.core.planner import ProjectRecord
    from vtx_dagster.studio.project import Project, Studio


def open_studio(chosen: Path | None) -> "Studio":
    """Return the studio: the chosen folder, else ``VTX_HOME``, else the current folder or the nearest above that is one.

    Raises:
        NotFoundError: If there is none.
    """
    from vtx_dagster.studio.project import Studio

    environ = dict(os.environ)
    named = chosen or (Path(environ["VTX_HOME"]) if environ.get("VTX_HOME") else None)
    if named is not None:
        return Studio.open(named, environ)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "projects").is_dir() and (folder / "config").is_dir():
            return Studio.open(folder, environ)
    raise NotFoundError(
        f"{here} is not in a studio: make one with `vtx init PATH`, or name yours with --studio PATH or VTX_HOME", path=str(here)
    )


def studio_words(studio: "Studio") -> str:
    """Return the words that a command typed here needs to find a studio: none, or `` --studio PATH``."""
    with suppress(NotFoundError):
        if open_studio(None).root == studio.root:
            return ""
    return f" --studio {shlex.quote(str(studio.root))}"


def engine_for(project: "Project", name: str) -> "RenderEngine":
    """Return the engine of that name for a project; of an empty name the one that the project's settings name.

    Raises:
        InvalidRequestError: If there is no such engine.
    """
    from vtx_dagster.engines.choice import render_engine

    return render_engine(project.settings(), name=name)


def records(studio: "Studio", *, with_story: bool = False) -> list["ProjectRecord"]:
    """Return what is on disk of all projects, by slug. One that cannot be read has its problem in its record."""
    from vtx_dagster.engines.choice import story_writer
    from vtx_dagster.production.survey import survey_studio

    return list(survey_studio(studio, engine_for=engine_for, writer_for=story_writer if with_story else None))


def record_of(studio: "Studio", slug: str, *, with_story: bool = False) -> "ProjectRecord":
    """Return what is on disk of one project.

    Raises:
        VtxError: If there is no such project, or it cannot be read: what is wrong with it.
    """
    from vtx_dagster.engines.choice import story_writer
    from vtx_dagster.production.survey import survey

    project = studio.project(slug)
    return survey(project, engine_for=engine_for, writer=story_writer(project) if with_story else None)


def chosen_records(studio: "Studio", slug: str | None, *, with_story: bool = False) -> list["ProjectRecord"]:
    """Return ``record_of`` of the project that was named, or ``records`` of all where none was."""
    return records(studio, with_story=with_story) if slug is None else [record_of(studio, slug, with_story=with_story)]
