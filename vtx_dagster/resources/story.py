"""The story writer as a Dagster resource."""

import dagster as dg
from pydantic import Field

from vtx_dagster.core.story import StoryWriter
from vtx_dagster.engines.choice import story_writer
from vtx_dagster.studio.project import Project


class StoryModel(dg.ConfigurableResource):
    """Writes outlines, treatments, proposals for the bible, screenplays and shotlists."""

    writer: str = Field(default="", description="Writer for every project. Empty: each one's VTX_STORY_WRITER (breakdown).")

    def writer_for(self, project: Project) -> StoryWriter:
        """Return the writer of a project's story.

        Raises:
            InvalidRequestError: If there is no such writer.
            InvalidFileError: If a setting or a file that tells it how to write is not valid.
        """
        return story_writer(project, name=self.writer)
