"""The story: from a brief or a screenplay to the shotlist."""

from collections.abc import Sequence

import dagster as dg
from pydantic import Field

from vtx_dagster.assets import _reports
from vtx_dagster.assets._boundary import domain_boundary
from vtx_dagster.core.ids import FilmId
from vtx_dagster.core.planner import Stage
from vtx_dagster.partitions.definitions import project_partitions
from vtx_dagster.production.story import StoryDesk
from vtx_dagster.production.story_run import WrittenStage
from vtx_dagster.resources.story import StoryModel
from vtx_dagster.resources.studio import StudioResource

COVERS_SCREENPLAY = dg.AssetCheckSpec(
    "covers_screenplay",
    asset="shotlist",
    description="Every action paragraph and every speech belongs to exactly one shot, and every shot cites its lines.",
)

brief = dg.AssetSpec(
    "brief",
    partitions_def=project_partitions,
    group_name="story",
    kinds={"markdown"},
    owners=["team:story"],
    code_version="1",
    description="What the film is to be: `story/00_brief.md`, and any screenplay in `story/source`. Written by a "
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

    again: bool = False
    """Forget what a language model answered, and ask anew: this costs what the questions cost."""

    clips_only: bool = False
    """Of `shotlist`: leave the shotlist as it is, and write the clip specs that it asks for."""

    variants: int = Field(default=0, ge=0, le=9)
    """Of `treatment`: how many to choose from, from now on. 0: as many as before, or as `metadata.yaml` says."""

    choose: int = Field(default=0, ge=0, le=9)
    """Of `treatment`: the one that stands, from now on. 0: the one that was chosen before, or the first."""


def _write(stage: Stage, slug: str, config: StoryConfig, studio: StudioResource, story: StoryModel) -> WrittenStage:
    project = studio.project(slug)
    only = FilmId.parse(config.part) if config.part else None
    desk = StoryDesk(project, story.writer_for(project))
    if config.clips_only:
        return desk.write_clips(only=only, overwrite=config.overwrite)
    if stage == Stage.TREATMENT and (config.variants or config.choose):
        desk.choose_treatment(chosen=config.choose or None, variants=config.variants or None)
    return desk.run(stage, only=only, overwrite=config.overwrite, again=config.again)


def _stage(
    stage: Stage,
    description: str,
    *,
    deps: Sequence[dg.AssetsDefinition | dg.AssetSpec],
    kind: str,
    group: str = "story",
    check_specs: Sequence[dg.AssetCheckSpec] = (),
) -> dg.AssetsDefinition:
    """Return the asset of a story stage: they differ in what they depend on, and in what they say."""

    @dg.asset(
        name=stage.value,
        description=description,
        partitions_def=project_partitions,
        deps=deps,
        group_name=group,
        kinds={kind},
        owners=[f"team:{group}"],
        code_version="1",
        check_specs=check_specs,
    )
    def write(
        context: dg.AssetExecutionContext, config: StoryConfig, studio: StudioResource, story: StoryModel
    ) -> dg.MaterializeResult:
        with domain_boundary():
            written = _write(stage, context.partition_key, config, studio, story)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(written.content_hash),
            metadata=_reports.story_stage(written),
            check_results=[_covers_screenplay(written) for _ in check_specs],
        )

    return write


outline = _stage(
    Stage.OUTLINE,
    "Acts, scenes and beats, as YAML in `story/01_outline.yaml`. Ids, once given, stay with their scene.",
    deps=[brief],
    kind="yaml",
)

treatment = _stage(
    Stage.TREATMENT,
    "The story told in prose, as Markdown in `story/02_treatment.md`. A language model writes several, in `story/treatments/`; "
    "the one that was chosen stands, or the first.",
    deps=[outline],
    kind="markdown",
)

bible_proposal = _stage(
    Stage.BIBLE_PROPOSAL,
    "What the story needs and the bible does not have: characters, locations and style, as YAML in "
    "`story/02_bible_proposal.yaml`.\n\n"
    "What is new is added to the files in `prompts/`, and stubs are filled in (not with `VTX_STORY_BIBLE=propose`); what else is "
    "there is left as it is, and "
    "shown as a difference. The breakdown by rule proposes nothing.",
    deps=[outline, treatment],
    kind="yaml",
    group="continuity",
)

screenplay = _stage(
    Stage.SCREENPLAY,
    "Every scene as its own Fountain file in `story/03_screenplay/`, named by scene id and slug.",
    deps=[outline, treatment, bible_proposal],
    kind="fountain",
)

shotlist = _stage(
    Stage.SHOTLIST,
    "Every shot of the film in `story/04_shotlist.yaml`, and one clip spec per shot in `prompts/clips/`.\n\n"
    "Every action paragraph and every speech of the screenplay belongs to exactly one shot. Characters and locations that the "
    "bible does not know are added to it as stubs to fill in.",
    deps=[screenplay, bible],
    kind="yaml",
    check_specs=[COVERS_SCREENPLAY],
)

STORY_ASSETS = {
    Stage.OUTLINE: outline,
    Stage.TREATMENT: treatment,
    Stage.BIBLE_PROPOSAL: bible_proposal,
    Stage.SCREENPLAY: screenplay,
    Stage.SHOTLIST: shotlist,
}
"""The assets that write the story, in order."""


def _covers_screenplay(written: WrittenStage) -> dg.AssetCheckResult:
    problems = written.coverage.problems if written.coverage is not None else ()
    return dg.AssetCheckResult(
        check_name=COVERS_SCREENPLAY.name,
        passed=not problems,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"vtx/problems": dg.MetadataValue.md("\n".join(f"- {problem}" for problem in problems) or "none")},
    )
