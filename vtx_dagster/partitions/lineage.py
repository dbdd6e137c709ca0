"""Which partitions of one level depend on which of another: a key on all of its project that are registered on the other level.

Which act a clip stands in is in the story, and may change while keys stay. So an act depends on every clip of its project; what
must be made anew is decided by the hashes of lineups, which are exact.

Dagster's host processes never import user code and drop a custom ``PartitionMapping``; they then assume the identity, and
launching a backfill of ``film`` fails with "depends on non-existent partitions" (seen on 1.13.27). So the mapping here is a
subclass of ``dg.AllPartitionMapping`` *with the same name*: it crosses the wire as Dagster's own. The host then sees a safe
superset (a film waits for every clip that the same backfill asked for); runs, sensors and automation see those of the project.
To be removed when Dagster serialises user-defined mappings or offers one between dynamic partitions.
"""

from collections.abc import Iterable
from typing import Any, cast

import dagster as dg

from vtx_dagster.partitions.definitions import project_partitions
from vtx_dagster.partitions.keys import split_key


class AllPartitionMapping(dg.AllPartitionMapping):
    """Dagster's mapping on the wire, the same project in user code."""

    def get_upstream_mapped_partitions_result_for_partitions(  # noqa: D102 - documented by the class it overrides
        self,
        downstream_partitions_subset,
        downstream_partitions_def,
        upstream_partitions_def,
        current_time=None,
        dynamic_partitions_store=None,
    ):
        everything = super().get_upstream_mapped_partitions_result_for_partitions(
            downstream_partitions_subset,
            downstream_partitions_def,
            upstream_partitions_def,
            current_time,
            dynamic_partitions_store,
        )
        if downstream_partitions_subset is None:
            return everything
        keys = _related(
            downstream_partitions_subset.get_partition_keys(),
            of=downstream_partitions_def,
            wanted=upstream_partitions_def,
            store=dynamic_partitions_store,
        )
        # The result class is not exported by Dagster, so it is taken from what Dagster itself answered.
        return type(everything)(
            partitions_subset=upstream_partitions_def.empty_subset().with_partition_keys(keys),
            required_but_nonexistent_subset=everything.required_but_nonexistent_subset,
        )

    def get_downstream_partitions_for_partitions(  # noqa: D102 - documented by the class it overrides
        self,
        upstream_partitions_subset,
        upstream_partitions_def,
        downstream_partitions_def,
        current_time=None,  # noqa: ARG002 - dynamic partitions do not depend on time
        dynamic_partitions_store=None,
    ):
        keys = _related(
            upstream_partitions_subset.get_partition_keys(),
            of=upstream_partitions_def,
            wanted=downstream_partitions_def,
            store=dynamic_partitions_store,
        )
        return downstream_partitions_def.empty_subset().with_partition_keys(keys)

    @property
    def description(self) -> str:
        """What the UI shows at the dependency."""
        return "Projects, acts and clips depend on each other within one project."


def _related(keys: Iterable[str], *, of: object, wanted: object, store: Any) -> list[str]:
    """Return the registered keys of level ``wanted`` that belong to the projects of ``keys``, which are of level ``of``.

    ``store`` is where Dagster looks dynamic partitions up: an instance, or None for the one that it has at hand itself.
    """
    level = cast(dg.DynamicPartitionsDefinition, wanted)
    if wanted == of:
        return [key for key in keys if level.has_partition_key(key, dynamic_partitions_store=store)]
    projects = {split_key(key)[0] for key in keys}
    if level == project_partitions:
        return [key for key in sorted(projects) if level.has_partition_key(key, dynamic_partitions_store=store)]
    return [key for key in level.get_partition_keys(dynamic_partitions_store=store) if split_key(key)[0] in projects]


film_lineage = AllPartitionMapping()
"""Use as ``dg.AssetDep(..., partition_mapping=film_lineage)`` between assets of different levels."""
