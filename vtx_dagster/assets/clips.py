"""The clips: from a clip spec to a verified take."""

from collections.abc import Iterator, Sequence

import dagster as dg

from vtx_dagster.assets import _reports
from vtx_dagster.assets._batch import PartitionReport, each_partition
from vtx_dagster.assets._boundary import domain_boundary
from vtx_dagster.assets.story import bible, shotlist
from vtx_dagster.partitions.definitions import clip_partitions
from vtx_dagster.partitions.keys import split_key
from vtx_dagster.partitions.lineage import film_lineage
from vtx_dagster.production.clips import ClipWorkshop
from vtx_dagster.production.lanes import Batch, Watch
from vtx_dagster.resources.ffmpeg import FfmpegResource
from vtx_dagster.resources.ltx import LtxPipeline
from vtx_dagster.resources.studio import StudioResource

CLIPS_PER_RUN = 25
"""A run takes 3 s to start and an engine must load its model, so clips share runs; a crash still costs one clip at most."""


class RenderConfig(dg.Config):
    """Run options of ``rendered_clip``."""

    force: bool = False
    """Render even where a take of the same plan exists."""

    profile: str = ""
    """Render in this profile of ``metadata.yaml`` instead. Such a take is kept, but it is not the one that the film shows."""


@dg.asset(
    partitions_def=clip_partitions,
    deps=[dg.AssetDep(shotlist, partition_mapping=film_lineage), dg.AssetDep(bible, partition_mapping=film_lineage)],
    group_name="clips",
    kinds={"yaml", "json"},
    owners=["team:continuity"],
    code_version="1",
    backfill_policy=dg.BackfillPolicy.single_run(),
    output_required=False,
)
def clip_spec(context: dg.AssetExecutionContext, studio: StudioResource, ltx: LtxPipeline) -> Iterator[dg.MaterializeResult]:
    """The resolved render plan of one clip, as JSON in `renders/plans/`.

    It holds everything that decides the clip's pixels and sound: the prompt compiled from the bible and the clip's YAML, seed,
    size, frame rate, frames (on the `8k + 1` grid), inputs and LoRAs by content hash, engine and version. Its SHA-256 is the
    **clip hash** and the data version.
    """
    with domain_boundary():
        workshop = ClipWorkshop(studio.open(), engine_for=ltx.engine_for)

    def plan(key: str, _watch: Watch) -> PartitionReport:
        return _reports.clip_spec(workshop.plan(*split_key(key)))

    yield from each_partition(context, plan)


@dg.asset(
    partitions_def=clip_partitions,
    deps=[clip_spec],
    group_name="clips",
    kinds={"ltx", "mp4"},
    owners=["team:camera"],
    code_version="1",
    pool="render",
    backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=CLIPS_PER_RUN),
    output_required=False,
)
def rendered_clip(
    context: dg.AssetExecutionContext,
    config: RenderConfig,
    studio: StudioResource,
    ltx: LtxPipeline,
    ffmpeg: FfmpegResource,
) -> Iterator[dg.MaterializeResult]:
    """One clip of the film: a verified take in the store, shown as `renders/clips/<clip id>.mp4`.

    H.264 yuv420p BT.709 at a constant whole frame rate, with one stereo 48 kHz AAC track. It was decoded end to end before it
    counted. Its data version is the clip hash: an unchanged plan finds its take and renders nothing.
    """
    with domain_boundary():
        opened = studio.open()
    with ClipWorkshop(opened, engine_for=ltx.engine_for, media_for=ffmpeg.media_for) as workshop:

        def batch_of(keys: Sequence[str]) -> Batch:
            return workshop.batch({key: split_key(key) for key in keys}, profile=config.profile or None)

        def render(key: str, watch: Watch) -> PartitionReport:
            project, clip = split_key(key)
            rendered = workshop.render(
                project,
                clip,
                force=config.force,
                profile=config.profile or None,
                broken=watch.broken,
                progress=watch.progress,
                cancelled=watch.cancelled,
            )
            return _reports.rendered_clip(rendered, strip=workshop.strip(project, rendered))

        yield from each_partition(context, render, batch_of=batch_of)
