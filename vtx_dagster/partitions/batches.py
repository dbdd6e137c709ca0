"""Which partitions share a run: ranges of keys in the order of their registration."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from vtx_dagster.core.planner import ProjectRecord
from vtx_dagster.partitions.keys import key_of, split_key

PARTITION_TAG = "dagster/partition"
RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"


def batches(
    due: Iterable[str],
    order: Sequence[str],
    *,
    size: int,
    span: int,
    passable: Collection[str] = frozenset(),
    after: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[tuple[str, ...]]:
    """Yield the due keys in batches that a run can take as one range.

    Args:
        due: Keys that are wanted; those that are not registered are left out.
        order: All registered keys in the order of registration, which is what ranges follow.
        size: At most this many due keys in a batch, all of one project.
        span: At most this many registered keys from the first to the last of a batch; those between them run, too.
        passable: Keys that may lie between those of a batch, because running them does nothing (see ``passable_keys``). No
            batch reaches across any other key, nor across one of another project.
        after: Keys that must be done before others, by these (see ``links``). A due key is left out unless the one before it
            is in the same batch: it is for a later time.
    """
    positions = {key: index for index, key in enumerate(order)}
    batch: list[str] = []
    for key in sorted({key for key in due if key in positions}, key=positions.__getitem__):
        if batch and (
            len(batch) == size
            or positions[key] - positions[batch[0]] >= span
            or split_key(key)[0] != split_key(batch[0])[0]
            or not all(_may_pass(order[at], key, passable) for at in range(positions[batch[-1]] + 1, positions[key]))
        ):
            yield tuple(batch)
            batch = []
        if after.get(key, key) in {key, *batch}:
            batch.append(key)
    if batch:
        yield tuple(batch)


def links(record: ProjectRecord) -> Iterator[tuple[str, str]]:
    """Yield the keys of the clips of a project that continue one without a take, each with the key of that one."""
    without_take = {clip.clip for clip in record.clips if not clip.has_take}
    return (
        (key_of(record.project, clip.clip), key_of(record.project, clip.continues))
        for clip in record.clips
        if clip.continues in without_take
    )


def passable_keys(record: ProjectRecord) -> Iterator[str]:
    """Yield the keys of the clips of a project that a run finds done: they have a take of their plan, and it is shown."""
    return (key_of(record.project, clip.clip) for clip in record.clips if clip.has_take and clip.is_current)


def range_tags(batch: Sequence[str]) -> dict[str, str]:
    """Return the run tags that make a run cover a batch."""
    if len(batch) == 1:
        return {PARTITION_TAG: batch[0]}
    return {RANGE_START_TAG: batch[0], RANGE_END_TAG: batch[-1]}


def keys_of_run(tags: Mapping[str, str], order: Sequence[str]) -> tuple[str, ...]:
    """Return the keys that a run with these tags covers; none if it covers no registered key."""
    if PARTITION_TAG in tags:
        return (tags[PARTITION_TAG],)
    first, last = tags.get(RANGE_START_TAG), tags.get(RANGE_END_TAG)
    if first not in order or last not in order:
        return ()
    return tuple(order[order.index(first) : order.index(last) + 1])


def _may_pass(between: str, key: str, passable: Collection[str]) -> bool:
    return between in passable and split_key(between)[0] == split_key(key)[0]
