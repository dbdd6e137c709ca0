"""The Dagster code location: ``dagster dev -m vtx_dagster.definitions``, ``dagster asset materialize -m ...``, ``vtx dev``."""

import dagster as dg

from vtx_dagster.assets.clips import clip_spec, rendered_clip
from vtx_dagster.assets.cut import act, film
from vtx_dagster.assets.story import STORY_ASSETS, bible, brief
from vtx_dagster.jobs import ALL_JOBS
from vtx_dagster.resources.ffmpeg import FfmpegResource
from vtx_dagster.resources.ltx import LtxPipeline
from vtx_dagster.resources.story import StoryModel
from vtx_dagster.resources.studio import StudioResource
from vtx_dagster.sensors import ALL_SENSORS

# Every run is a process of its own already, and a step process would cost two seconds more: so steps run in the run's process.
defs = dg.Definitions(
    assets=[brief, bible, *STORY_ASSETS.values(), clip_spec, rendered_clip, act, film],
    jobs=ALL_JOBS,
    sensors=ALL_SENSORS,
    resources={
        "studio": StudioResource(),
        "ltx": LtxPipeline(),
        "ffmpeg": FfmpegResource(),
        "story": StoryModel(),
    },
    executor=dg.in_process_executor,
)
