import dagster as dg
import pytest

from vtx_dagster.assets.story import STORY_ASSETS
from vtx_dagster.definitions import defs
from vtx_dagster.partitions.lineage import AllPartitionMapping


@pytest.fixture(scope="module")
def nodes() -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}


def test_the_code_location_loads() -> None:
    dg.Definitions.validate_loadable(defs)


def test_keys_groups_partitions_and_dependencies(nodes: dict[str, dg.AssetSpec]) -> None:
    found = {
        name: (
            spec.group_name,
            spec.partitions_def.name if isinstance(spec.partitions_def, dg.DynamicPartitionsDefinition) else None,
            sorted(dep.asset_key.to_user_string() for dep in spec.deps),
        )
        for name, spec in nodes.items()
    }
    assert found == {
        "brief": ("story", "projects", []),
        "bible": ("continuity", "projects", []),
        "outline": ("story", "projects", ["brief"]),
        "treatment": ("story", "projects", ["outline"]),
        "bible_proposal": ("continuity", "projects", ["outline", "treatment"]),
        "screenplay": ("story", "projects", ["bible_proposal", "outline", "treatment"]),
        "shotlist": ("story", "projects", ["bible", "screenplay"]),
        "clip_spec": ("clips", "clips", ["bible", "shotlist"]),
        "rendered_clip": ("clips", "clips", ["clip_spec"]),
        "act": ("cut", "acts", ["rendered_clip"]),
        "film": ("cut", "projects", ["act", "rendered_clip"]),
    }


def test_every_asset_says_what_it_is_and_whose(nodes: dict[str, dg.AssetSpec]) -> None:
    for name, spec in nodes.items():
        assert spec.description, name
        assert spec.owners, name
        assert spec.code_version, name
        assert spec.kinds, name


def test_dependencies_between_levels_are_the_lineage(nodes: dict[str, dg.AssetSpec]) -> None:
    for name, spec in nodes.items():
        for dep in spec.deps:
            crosses = nodes[dep.asset_key.to_user_string()].partitions_def != spec.partitions_def
            assert isinstance(dep.partition_mapping, AllPartitionMapping) == crosses, f"{name} on {dep.asset_key}"


def test_scarce_things_have_pools_and_batches_their_size() -> None:
    assets = {one.key.to_user_string(): one for one in defs.assets if isinstance(one, dg.AssetsDefinition)}
    pools = {name: definition.op.pool for name, definition in assets.items()}
    assert {name: pool for name, pool in pools.items() if pool} == {"rendered_clip": "render", "act": "ffmpeg", "film": "ffmpeg"}
    policies = {name: definition.backfill_policy for name, definition in assets.items() if definition.backfill_policy}
    assert policies == {
        "clip_spec": dg.BackfillPolicy.single_run(),
        "rendered_clip": dg.BackfillPolicy.multi_run(max_partitions_per_run=25),
    }


def test_no_sensor_can_start_what_may_cost_money() -> None:
    by_name = {job.name: defs.resolve_job_def(job.name).asset_layer.executable_asset_keys for job in defs.jobs}
    started = {key.to_user_string() for sensor in defs.sensors for target in sensor.targets for key in by_name[target.job_name]}
    assert started == {"clip_spec", "rendered_clip", "act", "film"}
    assert started.isdisjoint(stage.value for stage in STORY_ASSETS)


def test_jobs_checks_sensors_and_resources() -> None:
    jobs = {
        job.name: sorted(key.to_user_string() for key in defs.resolve_job_def(job.name).asset_layer.executable_asset_keys)
        for job in defs.jobs
    }
    assert jobs == {
        "write_story": ["bible_proposal", "outline", "screenplay", "shotlist", "treatment"],
        "plan_clips": ["clip_spec"],
        "render_clips": ["rendered_clip"],
        "assemble_acts": ["act"],
        "assemble_film": ["film"],
    }
    assert all(job.description for job in defs.jobs)
    assert [sensor.name for sensor in defs.sensors] == ["studio_watch", "auto_render", "auto_assemble"]
    assert all(sensor.description for sensor in defs.sensors)
    assert all(sensor.default_status == dg.DefaultSensorStatus.RUNNING for sensor in defs.sensors)
    assert set(defs.resources) == {"studio", "ltx", "ffmpeg", "story"}
    assert defs.executor is dg.in_process_executor
