"""Jobs: the groups of assets that people run together."""

import dagster as dg

from vtx_dagster.assets.clips import clip_spec, rendered_clip
from vtx_dagster.assets.cut import act, film
from vtx_dagster.assets.story import outline, screenplay, shotlist, treatment

story_job = dg.define_asset_job(
    "story",
    selection=[outline, treatment, screenplay, shotlist],
    description="From brief or screenplay to shotlist and clip specs, for one project.",
)

render_job = dg.define_asset_job(
    "render", selection=[clip_spec, rendered_clip], description="Plan and render clips; any number of them in one run."
)

acts_job = dg.define_asset_job("acts", selection=[act], description="Assemble acts from their rendered clips.")

film_job = dg.define_asset_job("film", selection=[film], description="Assemble the final film of a project.")

ALL_JOBS = (story_job, render_job, acts_job, film_job)
