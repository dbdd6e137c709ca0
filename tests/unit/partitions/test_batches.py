from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.planner import ClipRecord, ProjectRecord
from vtx_dagster.partitions.batches import (
    PARTITION_TAG,
    RANGE_END_TAG,
    RANGE_START_TAG,
    batches,
    keys_of_run,
    links,
    passable_keys,
    range_tags,
)
from vtx_dagster.partitions.keys import split_key

ORDER = [f"{project}/A01_S01_SH{number:03d}" for project in ("a", "b", "c") for number in range(10)]


@settings(max_examples=150, deadline=None)
@given(
    due=st.lists(st.sampled_from([*ORDER, "z/A01_S01_SH001"])),
    order=st.permutations(ORDER).filter(bool) | st.just(ORDER),
    size=st.integers(1, 7),
    span=st.integers(1, 12),
    passable=st.sets(st.sampled_from([*ORDER, "z/A01_S01_SH002"])),
)
def test_every_due_key_is_in_one_batch_within_the_limits(
    due: list[str], order: list[str], size: int, span: int, passable: set[str]
) -> None:
    found = list(batches(due, order, size=size, span=span, passable=passable))
    position = {key: index for index, key in enumerate(order)}
    wanted = sorted({key for key in due if key in position}, key=position.__getitem__)
    assert [key for batch in found for key in batch] == wanted
    for batch in found:
        covered = order[position[batch[0]] : position[batch[-1]] + 1]
        assert 1 <= len(batch) <= size
        assert len(covered) <= max(span, 1)
        assert len({split_key(key)[0] for key in batch}) == 1
        assert set(covered) - set(batch) <= passable, "a clip runs that nobody asked for"
        assert len({split_key(key)[0] for key in covered}) == 1, "a clip of another project runs"
    for earlier, later in pairwise(found):
        covered = order[position[earlier[0]] : position[later[0]] + 1]
        between = order[position[earlier[-1]] + 1 : position[later[0]]]
        assert (
            len(earlier) == size
            or len(covered) > span
            or split_key(earlier[0])[0] != split_key(later[0])[0]
            or any(key not in passable or split_key(key)[0] != split_key(later[0])[0] for key in between)
        ), "a batch ended without need"


@pytest.mark.parametrize(
    ("batch", "covered"),
    [(ORDER[3:4], ORDER[3:4]), ([ORDER[1], ORDER[4]], ORDER[1:5])],
    ids=["one key", "a range with keys between"],
)
def test_a_run_covers_what_its_tags_say(batch: list[str], covered: list[str]) -> None:
    tags = range_tags(batch)
    assert set(tags) in ({PARTITION_TAG}, {RANGE_START_TAG, RANGE_END_TAG})
    assert keys_of_run({"other": "tag", **tags}, ORDER) == tuple(covered)


@pytest.mark.parametrize(
    "tags",
    [{}, {RANGE_START_TAG: ORDER[0]}, {RANGE_START_TAG: ORDER[0], RANGE_END_TAG: "gone/A01_S01_SH001"}],
    ids=["no partition", "half a range", "a key that was retired"],
)
def test_a_run_without_registered_keys_covers_none(tags: dict[str, str]) -> None:
    assert keys_of_run(tags, ORDER) == ()


def test_a_run_of_one_key_covers_it_even_when_it_was_retired() -> None:
    assert keys_of_run({PARTITION_TAG: "gone"}, ORDER) == ("gone",)


def test_a_clip_that_was_added_late_is_no_reason_to_run_another_project() -> None:
    order = [*ORDER[:20], "a/A01_S01_SH099"]
    found = list(batches([ORDER[8], ORDER[9], order[-1]], order, size=25, span=100, passable=frozenset(ORDER)))
    assert found == [(ORDER[8], ORDER[9]), (order[-1],)]


def test_a_batch_may_pass_what_is_rendered_and_shown() -> None:
    clips = (
        ClipRecord(clip="A01_S01_SH000", has_take=True, is_current=True),
        ClipRecord(clip="A01_S01_SH001", has_take=True),
        ClipRecord(clip="A01_S01_SH002", problem="no such profile"),
        ClipRecord(clip="A01_S01_SH003"),
    )
    assert list(passable_keys(ProjectRecord(project="a", clips=clips))) == [ORDER[0]]


AFTER = {
    "its predecessor is in the batch": ((0, 1, 2), {1: 0, 2: 1}, 9, [(0, 1, 2)]),
    "its predecessor is not due": ((1, 2), {1: 0}, 9, [(2,)]),
    "its predecessor is in the batch before": ((0, 1, 2), {2: 1}, 2, [(0, 1)]),
    "no batch reaches across it": ((0, 1, 2), {1: 5}, 9, [(0,), (2,)]),
    "its predecessor was registered later": ((0, 1, 2), {0: 1}, 9, [(1, 2)]),
    "a chain at the end of a batch": ((0, 1, 2, 3, 4), {2: 1, 3: 2, 4: 3}, 2, [(0, 1)]),
}


@pytest.mark.parametrize(("due", "after", "size", "found"), AFTER.values(), ids=AFTER.keys())
def test_a_clip_comes_with_or_after_the_one_that_it_continues(due, after, size, found) -> None:
    named = {ORDER[key]: ORDER[previous] for key, previous in after.items()}
    made = batches([ORDER[key] for key in due], ORDER, size=size, span=20, after=named)
    assert list(made) == [tuple(ORDER[key] for key in batch) for batch in found]


def test_links_to_clips_without_a_take() -> None:
    clips = (
        ClipRecord(clip="A01_S01_SH010", has_take=True),
        ClipRecord(clip="A01_S01_SH020", continues="A01_S01_SH010"),
        ClipRecord(clip="A01_S01_SH030", continues="A01_S01_SH020"),
    )
    record = ProjectRecord(project="film", clips=clips)
    assert dict(links(record)) == {"film/A01_S01_SH030": "film/A01_S01_SH020"}
