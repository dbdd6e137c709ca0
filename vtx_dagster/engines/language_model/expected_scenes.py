"""The scenes that a film will have, for forecasts: those of its outline, or as many as its length suggests."""

from vtx_dagster.core.ids import FilmId
from vtx_dagster.core.outline import OutlineScene
from vtx_dagster.core.story import Job, Story

_SCENE_S = 60
"""A page of screenplay is a minute of film, and a scene of a short film is about a page."""

_LENGTH_S = 600
"""For a film of which nobody said how long it is to be."""


def expected_scenes(story: Story, job: Job) -> list[OutlineScene]:
    """Return the scenes of the outline that a job is about; without an outline, nameless ones."""
    if not story.outline_source.text:
        count = max(1, round((story.metadata.length_s or _LENGTH_S) / _SCENE_S))
        return [OutlineScene(id=str(FilmId.of(1, number)), heading="INT. PLACE - DAY") for number in range(1, count + 1)]
    scenes = [scene for act in story.outline.acts for scene in act.scenes]
    return [scene for scene in scenes if job.only is None or job.only.contains(FilmId.parse(scene.id))]
