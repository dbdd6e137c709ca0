"""Media verification and assembly as a Dagster resource."""

import dagster as dg
from pydantic import Field

from vtx_dagster.core.engines import MediaTool
from vtx_dagster.engines.choice import media_tool
from vtx_dagster.studio.project import Project


class FfmpegResource(dg.ConfigurableResource):
    """Decodes, checks and joins media files."""

    executable: str = Field(default="", description="The ffmpeg program. Empty: VTX_FFMPEG, the PATH, or the bundled one.")

    def media_for(self, project: Project) -> MediaTool:
        """Return the media tool of a project.

        Raises:
            MissingSettingError: If the program that is named does not exist, or none is named and none found.
        """
        return media_tool(project.settings(), executable=self.executable)
