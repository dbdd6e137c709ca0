import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.batch_order import BatchItem, BatchQueue, batch_order


def items(*written: str) -> list[BatchItem]:
    """Read items such as ``b:X<a``: clip b of affinity X, after a."""
    read = []
    for text in written:
        head, _, after = text.partition("<")
        key, _, affinity = head.partition(":")
        read.append(BatchItem(key=key, affinity=affinity, after=after))
    return read


ORDERS = {
    "nothing": ((), ""),
    "one kind stays in story order": (("a:X", "b:X", "c:X"), "abc"),
    "two kinds, each loaded once": (("a:X", "b:Y", "c:X", "d:Y"), "acbd"),
    "a chain over two kinds": (("a:X", "b:Y<a", "c:X<b", "d:X"), "adbc"),
    "after one that is elsewhere": (("a:X<zz", "b:X"), "ab"),
    "after one that stands later": (("a:X<b", "b:X"), "ba"),
    "after itself": (("a:X<a", "b:X"), "ba"),
    "two that wait for each other": (("a:X<b", "b:X<a", "c:X"), "cab"),
}


@pytest.mark.parametrize(("written", "order"), ORDERS.values(), ids=ORDERS.keys())
def test_order(written: tuple[str, ...], order: str) -> None:
    assert "".join(batch_order(items(*written))) == order


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_clip_once_and_after_its_predecessor(data: st.DataObject) -> None:
    num = data.draw(st.integers(0, 12))
    given = [
        BatchItem(
            key=str(index),
            affinity=data.draw(st.sampled_from("XYZ")),
            after=str(data.draw(st.integers(0, index - 1))) if index and data.draw(st.booleans()) else "",
        )
        for index in range(num)
    ]
    order = batch_order(given)
    assert sorted(order, key=int) == [item.key for item in given]
    assert all(order.index(item.after) < order.index(item.key) for item in given if item.after)
    if not any(item.after for item in given):
        kinds = [next(item.affinity for item in given if item.key == key) for key in order]
        loads = sum(one != other for one, other in zip(["", *kinds], kinds, strict=False))
        assert loads == len(set(kinds))


def test_places_take_what_suits_them_and_wait_for_clips_in_hand() -> None:
    queue = BatchQueue(items("a:X", "b:X", "c:Y", "d:X<a", "e:Y<c"))
    assert queue.take().key == "a"
    assert queue.take(elsewhere={"X"}).key == "c", "what is loaded elsewhere is left to that place"
    assert queue.take("Y", elsewhere={"X"}).key == "b", "rather than nothing"
    assert queue.take("Y") is None
    queue.done("c")
    assert queue.take("X").key == "e"
    queue.done("a")
    assert queue.take("X").key == "d"
    assert queue.take("X") is None


def test_a_circle_is_broken_only_when_nothing_is_in_hand() -> None:
    queue = BatchQueue(items("a:X<b", "b:X<a", "c:X"))
    assert queue.take().key == "c"
    assert queue.take() is None
    queue.done("c")
    assert queue.take().key == "a"
    queue.done("a")
    assert queue.take().key == "b"
    queue.done("b")


def test_thousands_of_clips_take_no_time() -> None:
    chained = [BatchItem(key=str(index), affinity=index % 3, after=str(index - 1) if index % 7 else "") for index in range(5000)]
    started = time.perf_counter()
    assert len(batch_order(chained)) == 5000
    assert time.perf_counter() - started < 2.0
