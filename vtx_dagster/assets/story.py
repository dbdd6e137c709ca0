"""The story: from a brief or a screenplay to the shotlist."""

import dagster as dg

from vtx_dagster.assets import _reports
from vtx_dagster.assets._boundary import domain_boundary
from vtx_dagster.core.ids import FilmId
from vtx_dagster.core.planner import Stage
from vtx_dagster.partitions.definitions import project_partitions
from vtx_dagster.production.story import StoryDesk, WrittenStage
from vtx_dagster.resources.story import StoryModel
from vtx_dagster.resources.studio import StudioResource

brief = dg.AssetSpec(
    "brief",
    partitions_def=project_partitions,
    group_name="story",
    kinds={"markdown"},
    owners=["team:story"],
    code_version="1",
    description="What the film is to be: `story/00_brief.md`, and any screenplay in `story/source/*.fountain`. Written by a "
    "person; the sensor `studio_watch` observes its content hash.",
)

bible = dg.AssetSpec(
    "bible",
    partitions_def=project_partitions,
    group_name="continuity",
    kinds={"yaml"},
    owners=["team:continuity"],
    code_version="1",
    description="What looks the same in every clip: style bible, characters, locations and LoRA bundles under `prompts/`. "
    "Written by a person; the sensor `studio_watch` observes its content hash.",
)


class StoryConfig(dg.Config):
    """Run options of the story stages."""

    part: str = ""
    """Only this act (`A01`) or scene (`A01_S01`). Empty: the whole story."""

    overwrite: bool = False
    """Replace files that a person wrote or edited, too."""

    clips_only: bool = False
    """Of `shotlist`: leave the shotlist as it is, and write the clip specs that it asks for."""


def _write(
    stage: Stage, context: dg.AssetExecutionContext, config: StoryConfig, studio: StudioResource, story: StoryModel
) -> WrittenStage:
    project = studio.project(context.partition_key)
    only = FilmId.parse(config.part) if config.part else None
    desk = StoryDesk(project, story.writer_for(project))
    if config.clips_only:
        return desk.write_clips(only=only, overwrite=config.overwrite)
    return desk.run(stage, only=only, overwrite=config.overwrite)


def _result(written: WrittenStage, *checks: dg.AssetCheckResult) -> dg.MaterializeResult:
    return dg.MaterializeResult(
        data_version=dg.DataVersion(written.content_hash), metadata=_reports.story_stage(written), check_results=list(checks)
    )


@dg.asset(
    partitions_def=project_partitions,
    deps=[brief],
    group_name="story",
    kinds={"yaml"},
    owners=["team:story"],
    code_version="1",
)
def outline(
    context: dg.AssetExecutionContext, config: StoryConfig, studio: StudioResource, story: StoryModel
) -> dg.MaterializeResult:
    """Acts, scenes and beats, as YAML in `story/01_outline.yaml`. Ids, once given, stay with their scene."""
    with domain_boundary():
        written = _write(Stage.OUTLINE, context, config, studio, story)
    return _result(written)


@dg.asset(
    partitions_def=project_partitions,
    deps=[outline],
    group_name="story",
    kinds={"markdown"},
    owners=["team:story"],
    code_version="1",
)
def treatment(
    context: dg.AssetExecutionContext, config: StoryConfig, studio: StudioResource, story: StoryModel
) -> dg.MaterializeResult:
    """The story told in prose, as Markdown in `story/02_treatment.md`."""
    with domain_boundary():
        written = _write(Stage.TREATMENT, context, config, studio, story)
    return _result(written)


@dg.asset(
    partitions_def=project_partitions,
    deps=[outline, treatment],
    group_name="story",
    kinds={"fountain"},
    owners=["team:story"],
    code_version="1",
)
def screenplay(
    context: dg.AssetExecutionContext, config: StoryConfig, studio: StudioResource, story: StoryModel
) -> dg.MaterializeResult:
    """Every scene as its own Fountain file in `story/03_screenplay/`, named by scene id and slug."""
    with domain_boundary():
        written = _write(Stage.SCREENPLAY, context, config, studio, story)
    return _result(written)


@dg.asset(
    partitions_def=project_partitions,
    deps=[screenplay, bible],
    group_name="story",
    kinds={"yaml"},
    owners=["team:story"],
    code_version="1",
    check_specs=[
        dg.AssetCheckSpec(
            "covers_screenplay",
            asset="shotlist",
            description="Every action paragraph and every speech belongs to exactly one shot, and every shot cites its lines.",
        )
    ],
)
def shotlist(
    context: dg.AssetExecutionContext, config: StoryConfig, studio: StudioResource, story: StoryModel
) -> dg.MaterializeResult:
    """Every shot of the film in `story/04_shotlist.yaml`, and one clip spec per shot in `prompts/clips/`.

    Every action paragraph and every speech of the screenplay belongs to exactly one shot. Characters and locations that the
    bible does not know are added to it as stubs to fill in.
    """
    with domain_boundary():
        written = _write(Stage.SHOTLIST, context, config, studio, story)
    return _result(written, _covers_screenplay(written))


def _covers_screenplay(written: WrittenStage) -> dg.AssetCheckResult:
    problems = written.coverage.problems if written.coverage is not None else ()
    return dg.AssetCheckResult(
        check_name="covers_screenplay",
        passed=not problems,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"vtx/problems": dg.MetadataValue.md("\n".join(f"- {problem}" for problem in problems) or "none")},
    )
