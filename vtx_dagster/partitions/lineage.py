"""Which partitions of one level depend on which of another: a key depends on its ancestors and on its descendants.

Dagster's host processes never import user code and drop a custom ``PartitionMapping``; they then assume the identity, and
launching a backfill of ``film`` fails with "depends on non-existent partitions" (seen on 1.13.27). So the mapping here is a
subclass of ``dg.AllPartitionMapping`` *with the same name*: it crosses the wire as Dagster's own. The host then sees a safe
superset (a film waits for every clip that the same backfill asked for); runs, sensors and automation see the exact lineage.
To be removed when Dagster serialises user-defined mappings or offers one between dynamic partitions.
"""

from collections.abc import Iterable
from typing import Any, cast

import dagster as dg

from vtx_dagster.partitions.definitions import LEVELS
from vtx_dagster.partitions.keys import lineage


class AllPartitionMapping(dg.AllPartitionMapping):
    """Dagster's mapping on the wire, the film's lineage in user code."""

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
        return "A project depends on its own acts and clips, an act on its own clips, and each of them on its project."


def _related(keys: Iterable[str], *, of: object, wanted: object, store: Any) -> list[str]:
    """Return the registered keys of level ``wanted`` that are ancestors or descendants of ``keys``, which are of level ``of``.

    ``store`` is where Dagster looks dynamic partitions up: an instance, or None for the one that it has at hand itself.
    """
    depth = LEVELS.index(cast(dg.DynamicPartitionsDefinition, wanted))
    level = LEVELS[depth]
    if depth <= LEVELS.index(cast(dg.DynamicPartitionsDefinition, of)):
        ancestors = {lineage(key)[depth] for key in keys}
        return [key for key in sorted(ancestors) if level.has_partition_key(key, dynamic_partitions_store=store)]
    roots = set(keys)
    candidates = level.get_partition_keys(dynamic_partitions_store=store)
    return [key for key in candidates if not roots.isdisjoint(lineage(key))]


film_lineage = AllPartitionMapping()
"""Use as ``dg.AssetDep(..., partition_mapping=film_lineage)`` between assets of different levels."""
