"""The render engine as a Dagster resource."""

import dagster as dg
from pydantic import Field

from vtx_dagster.core.engines import RenderEngine
from vtx_dagster.engines.choice import render_engine
from vtx_dagster.studio.project import Project


class LtxPipeline(dg.ConfigurableResource):
    """Renders clips from plans on LTX's frame grid."""

    engine: str = Field(
        default="", description="Engine for every clip. Empty: what metadata.yaml names, else the setting VTX_ENGINE (animatic)."
    )

    def engine_for(self, project: Project, name: str = "") -> RenderEngine:
        """Return the engine that renders a project's clips.

        Args:
            project: The project.
            name: The engine that its ``metadata.yaml`` names, for the clip's render profile or for all; empty if it names none.

        Raises:
            InvalidRequestError: If there is no such engine.
        """
        return render_engine(project.settings(), name=self.engine or name)
