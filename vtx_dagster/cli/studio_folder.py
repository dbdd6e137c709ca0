"""Which studio a command works on, and what is on its disk: without Dagster, so that looking is quick."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from vtx_dagster.core.errors import NotFoundError

if TYPE_CHECKING:
    from vtx_dagster.core.planner import ProjectRecord
    from vtx_dagster.studio.project import Studio


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


def records(studio: "Studio", only: Iterable[str] | None = None, *, with_story: bool = False) -> list["ProjectRecord"]:
    """Return what is on disk of the projects that are named, or of all, by slug.

    A project that cannot be read has its problem in its record.

    Raises:
        NotFoundError, InvalidRequestError: If a project that is named does not exist.
    """
    from vtx_dagster.engines.choice import render_engine, story_writer
    from vtx_dagster.production.survey import survey_studio

    wanted = None if only is None else tuple(only)
    for slug in wanted or ():
        studio.project(slug)
    return list(
        survey_studio(
            studio,
            engine_for=lambda project: render_engine(project.settings()),
            writer_for=(lambda project: story_writer(project.settings())) if with_story else None,
            only=wanted,
        )
    )
