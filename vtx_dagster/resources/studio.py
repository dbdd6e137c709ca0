"""The studio folder as a Dagster resource."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from pydantic import Field

from vtx_dagster.core.errors import MissingSettingError
from vtx_dagster.studio.locks import run_lock
from vtx_dagster.studio.project import Project, Studio


class StudioResource(dg.ConfigurableResource):
    """The folder that holds all film projects."""

    home: str = Field(default="", description="The studio folder. Empty: the environment variable VTX_HOME says it.")

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["StudioResource"]:
        """Hold the lock of a run as long as its process lives: so the next start of a server knows which runs are no more."""
        if context.run is None or context.instance is None:
            yield self
            return
        with run_lock(Path(context.instance.root_directory), context.run.run_id):
            yield self

    def open(self) -> Studio:
        """Return the studio.

        Raises:
            MissingSettingError: If neither ``home`` nor ``VTX_HOME`` says where it is.
            NotFoundError: If there is no studio.
        """
        home = self.home or os.environ.get("VTX_HOME", "")
        if not home:
            raise MissingSettingError(
                "VTX_HOME is not set: set it to the studio folder (made by `vtx init PATH`)", setting="VTX_HOME"
            )
        return Studio.open(Path(home), environ=dict(os.environ))

    def project(self, slug: str) -> Project:
        """Return one project of the studio."""
        return self.open().project(slug)
