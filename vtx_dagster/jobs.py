"""Jobs: the groups of assets that people run together."""

import dagster as dg

from vtx_dagster.assets.clips import clip_spec, rendered_clip
from vtx_dagster.assets.cut import act, film
from vtx_dagster.assets.story import STORY_ASSETS

story_job = dg.define_asset_job(
    "write_story",
    selection=list(STORY_ASSETS.values()),
    description="From brief or screenplay to shotlist and clip specs, for one project. It may cost money: no sensor starts it.",
)

# Plans and takes are jobs of their own: in a run of several partitions an asset yields no output (see assets/_batch.py), so
# Dagster would skip what comes after it. Nothing is lost, because rendering makes the plan that it needs.
plan_job = dg.define_asset_job("plan_clips", selection=[clip_spec], description="Resolve render plans; any number in one run.")

render_job = dg.define_asset_job("render_clips", selection=[rendered_clip], description="Render clips; any number in one run.")

acts_job = dg.define_asset_job("assemble_acts", selection=[act], description="Assemble acts from their rendered clips.")

film_job = dg.define_asset_job("assemble_film", selection=[film], description="Assemble the final film of a project.")

ALL_JOBS = (story_job, plan_job, render_job, acts_job, film_job)
