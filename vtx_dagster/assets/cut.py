"""The cut: acts and the final film, assembled from rendered clips."""

from functools import partial

import dagster as dg

from vtx_dagster.assets import _reports
from vtx_dagster.assets._batch import retrying_boundary
from vtx_dagster.assets.clips import rendered_clip
from vtx_dagster.partitions.definitions import act_partitions, project_partitions
from vtx_dagster.partitions.keys import split_key
from vtx_dagster.partitions.lineage import film_lineage
from vtx_dagster.production import progress
from vtx_dagster.production.cut import Cut, assemble
from vtx_dagster.production.survey import survey
from vtx_dagster.resources.ffmpeg import FfmpegResource
from vtx_dagster.resources.ltx import LtxPipeline
from vtx_dagster.resources.studio import StudioResource


class CutConfig(dg.Config):
    """Run options of acts and films."""

    allow_missing: bool = False
    """Put a slate in the place of every clip that is not rendered. The result stays due until they are."""


def _assemble(key: str, config: CutConfig, studio: StudioResource, ltx: LtxPipeline, ffmpeg: FfmpegResource) -> Cut:
    slug, act_id = split_key(key)
    project = studio.project(slug)
    return assemble(
        project,
        lambda: survey(project, engine_for=ltx.engine_for),
        media=ffmpeg.media_for(project),
        act=act_id,
        allow_missing=config.allow_missing,
        progress=partial(progress.report, key),
    )


def _result(cut: Cut) -> dg.MaterializeResult:
    is_exact = cut.facts.num_frames == cut.lineup.num_frames
    return dg.MaterializeResult(
        data_version=dg.DataVersion(cut.data_version),
        metadata=_reports.cut(cut),
        check_results=[
            dg.AssetCheckResult(
                check_name="matches_timeline",
                passed=is_exact and not cut.slates,
                severity=dg.AssetCheckSeverity.ERROR if not is_exact else dg.AssetCheckSeverity.WARN,
                metadata={
                    "vtx/frames": cut.facts.num_frames,
                    "vtx/frames_of_lineup": cut.lineup.num_frames,
                    "vtx/slates": len(cut.slates),
                },
            )
        ],
    )


_MATCHES_TIMELINE = "As long as its lineup, to the frame, and no clip of it is a slate."


@dg.asset(
    partitions_def=act_partitions,
    deps=[dg.AssetDep(rendered_clip, partition_mapping=film_lineage)],
    group_name="cut",
    kinds={"ffmpeg", "mp4"},
    owners=["team:post"],
    code_version="1",
    pool="ffmpeg",
    check_specs=[dg.AssetCheckSpec("matches_timeline", asset="act", description=_MATCHES_TIMELINE)],
)
def act(
    context: dg.AssetExecutionContext, config: CutConfig, studio: StudioResource, ltx: LtxPipeline, ffmpeg: FfmpegResource
) -> dg.MaterializeResult:
    """One act of a film, `renders/acts/<act>.mp4`: its clips in story order, joined as stream copies trimmed to content frames.

    Its data version is the hash of its lineup (clip hashes, order, lengths), so an unchanged lineup is the same act.
    """
    with retrying_boundary(context):
        cut = _assemble(context.partition_key, config, studio, ltx, ffmpeg)
    return _result(cut)


@dg.asset(
    partitions_def=project_partitions,
    deps=[
        dg.AssetDep(rendered_clip, partition_mapping=film_lineage),
        dg.AssetDep(act, partition_mapping=film_lineage),
    ],
    group_name="cut",
    kinds={"ffmpeg", "mp4"},
    owners=["team:post"],
    code_version="1",
    pool="ffmpeg",
    check_specs=[dg.AssetCheckSpec("matches_timeline", asset="film", description=_MATCHES_TIMELINE)],
)
def film(
    context: dg.AssetExecutionContext, config: CutConfig, studio: StudioResource, ltx: LtxPipeline, ffmpeg: FfmpegResource
) -> dg.MaterializeResult:
    """The final film of one project, `renders/final/<project>__final.mp4`: every clip in story order.

    Joined from the acts where the project is produced in acts. Its data version is the hash of its lineup (clip hashes, order,
    lengths), so an unchanged lineup is the same film.
    """
    with retrying_boundary(context):
        cut = _assemble(context.partition_key, config, studio, ltx, ffmpeg)
    return _result(cut)
