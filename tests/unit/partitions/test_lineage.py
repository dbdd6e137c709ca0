"""The mapping in user code, asked as Dagster asks it. How a host sees it is in ``tests/integration/test_host_view.py``."""

from collections.abc import Iterator

import dagster as dg
import pytest

from vtx_dagster.partitions.definitions import LEVELS, act_partitions, clip_partitions, project_partitions
from vtx_dagster.partitions.lineage import film_lineage

CLIPS = ("m1/A01_S01_SH010", "m1/A01_S02_SH010", "m1/A02_S01_SH010", "m10/A01_S01_SH010", "m2/A01_S01_SH010")
ACTS = ("m1/A01", "m1/A02", "m10/A01", "m2/A01")
PROJECTS = ("m1", "m10", "m2", "m3")


@pytest.fixture(scope="module")
def store() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        for definition, keys in zip(LEVELS, (PROJECTS, ACTS, CLIPS), strict=True):
            instance.add_dynamic_partitions(str(definition.name), list(keys))
        yield instance


CASES = [
    pytest.param(project_partitions, ["m1"], clip_partitions, CLIPS[:3], id="film on clips"),
    pytest.param(project_partitions, ["m1", "m2"], act_partitions, ["m1/A01", "m1/A02", "m2/A01"], id="films on acts"),
    pytest.param(project_partitions, ["m3"], clip_partitions, [], id="a film without clips"),
    pytest.param(act_partitions, ["m1/A01"], clip_partitions, CLIPS[:3], id="act on the clips of its project"),
    pytest.param(clip_partitions, ["m10/A01_S01_SH010"], project_partitions, ["m10"], id="clip on its project"),
    pytest.param(clip_partitions, [CLIPS[0], CLIPS[1]], project_partitions, ["m1"], id="clips on one project"),
    pytest.param(clip_partitions, [CLIPS[2]], act_partitions, ["m1/A01", "m1/A02"], id="clip on the acts of its project"),
    pytest.param(clip_partitions, ["gone/A01_S01_SH010"], project_partitions, [], id="a key whose project is not registered"),
    pytest.param(clip_partitions, [CLIPS[0]], clip_partitions, [CLIPS[0]], id="the same level"),
]


@pytest.mark.parametrize(("downstream_def", "downstream", "upstream_def", "upstream"), CASES)
def test_a_key_depends_on_those_of_its_project_alone(
    store: dg.DagsterInstance,
    downstream_def: dg.DynamicPartitionsDefinition,
    downstream: list[str],
    upstream_def: dg.DynamicPartitionsDefinition,
    upstream: list[str],
) -> None:
    found = film_lineage.get_upstream_mapped_partitions_result_for_partitions(
        downstream_def.empty_subset().with_partition_keys(downstream),
        downstream_def,
        upstream_def,
        dynamic_partitions_store=store,
    )
    assert set(found.partitions_subset.get_partition_keys()) == set(upstream)
    assert not set(found.required_but_nonexistent_subset.get_partition_keys())


@pytest.mark.parametrize(("upstream_def", "upstream", "downstream_def", "downstream"), CASES)
def test_the_way_down_is_the_way_up(
    store: dg.DagsterInstance,
    upstream_def: dg.DynamicPartitionsDefinition,
    upstream: list[str],
    downstream_def: dg.DynamicPartitionsDefinition,
    downstream: list[str],
) -> None:
    found = film_lineage.get_downstream_partitions_for_partitions(
        upstream_def.empty_subset().with_partition_keys(upstream),
        upstream_def,
        downstream_def,
        dynamic_partitions_store=store,
    )
    assert set(found.get_partition_keys()) == set(downstream)


def test_what_has_no_partitions_depends_on_everything(store: dg.DagsterInstance) -> None:
    found = film_lineage.get_upstream_mapped_partitions_result_for_partitions(
        None, None, clip_partitions, dynamic_partitions_store=store
    )
    assert set(found.partitions_subset.get_partition_keys()) == set(CLIPS)


def test_dagster_hands_an_asset_its_own_partitions(store: dg.DagsterInstance) -> None:
    @dg.asset(partitions_def=clip_partitions)
    def takes() -> None: ...

    @dg.asset(partitions_def=project_partitions, deps=[dg.AssetDep(takes, partition_mapping=film_lineage)])
    def movie(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        keys = context.asset_partition_keys_for_input("takes")
        return dg.MaterializeResult(metadata={"keys": list(keys)})

    result = dg.materialize([movie, takes], selection=[movie], partition_key="m1", instance=store)
    (event,) = result.get_asset_materialization_events()
    assert set(event.materialization.metadata["keys"].value) == set(CLIPS[:3])


def test_it_says_what_it_does_and_crosses_the_wire_as_dagsters_own() -> None:
    assert "within one project" in film_lineage.description
    received = dg.deserialize_value(dg.serialize_value(film_lineage))
    assert type(received) is dg.AllPartitionMapping
