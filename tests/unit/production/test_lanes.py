import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from vtx_dagster.core.batch_order import BatchItem
from vtx_dagster.core.errors import CancelledError, RenderError
from vtx_dagster.production.lanes import Batch, Lanes, Watch
from vtx_dagster.production.progress import watching

WAIT_S = 20.0


def batch(*written: str, lanes: int = 2) -> Batch:
    """Read clips such as ``b:X<a``: clip b of affinity X, after a."""
    items = []
    for text in written:
        head, _, after = text.partition("<")
        key, _, affinity = head.partition(":")
        items.append(BatchItem(key=key, affinity=affinity, after=after))
    return Batch(items=tuple(items), num_lanes=lanes)


def results(lanes: Lanes[str]) -> list[tuple[str, str]]:
    return [(key, finish()) for key, finish in lanes]


def test_one_lane_works_in_this_thread_when_it_is_asked_what_came_of_it() -> None:
    worked: list[tuple[str, threading.Thread]] = []

    def work(key: str, watch: Watch) -> str:
        assert not watch.cancelled()
        worked.append((key, threading.current_thread()))
        return key.upper()

    lanes = Lanes(batch("a:X", "b:Y", "c:X", lanes=1), work)
    finishes = iter(lanes)
    key, finish = next(finishes)
    assert (key, worked) == ("a", [])
    assert finish() == "A"
    assert [(key, finish()) for key, finish in finishes] == [("c", "C"), ("b", "B")]
    assert {thread for _, thread in worked} == {threading.current_thread()}
    assert list(lanes.stop()) == []


def test_work_that_depends_on_nothing_is_done_in_the_order_given() -> None:
    lanes = Lanes(Batch.of_keys(["b", "a"]), lambda key, _watch: key)
    assert results(lanes) == [("b", "b"), ("a", "a")]
    assert results(Lanes(Batch.of_keys([]), lambda key, _watch: key)) == []


def test_two_lanes_work_at_the_same_time_and_one_clip_needs_only_one() -> None:
    together = threading.Barrier(2, timeout=WAIT_S)

    def work(key: str, _watch: Watch) -> str:
        together.wait()
        return key

    assert sorted(results(Lanes(batch("a:X", "b:X"), work))) == [("a", "a"), ("b", "b")]
    here: list[threading.Thread] = []
    ((_, finish),) = Lanes(batch("a:X", lanes=9), lambda *_: here.append(threading.current_thread()))
    finish()
    assert here == [threading.current_thread()]


def test_a_clip_waits_for_the_one_that_it_continues() -> None:
    done: list[str] = []

    def work(key: str, _watch: Watch) -> str:
        if key == "b":
            assert "a" in done
        time.sleep(0.05 if key == "a" else 0)
        done.append(key)
        if key == "a":
            raise RenderError("no")
        return key

    told = []
    for key, finish in Lanes(batch("a:X", "b:X<a", "c:X"), work):
        try:
            told.append((key, finish()))
        except RenderError as error:
            told.append((key, error.message))
    assert sorted(told) == [("a", "no"), ("b", "b"), ("c", "c")]


def test_lanes_keep_to_what_they_have_loaded() -> None:
    pairs = {number: threading.Barrier(2, timeout=WAIT_S) for number in "123"}

    def work(key: str, _watch: Watch) -> str:
        # Passes only if a clip of each kind is worked on at the same time, three times.
        pairs[key[1]].wait()
        return key

    assert len(results(Lanes(batch("a1:A", "a2:A", "a3:A", "b1:B", "b2:B", "b3:B"), work))) == 6


def test_progress_is_told_in_the_thread_that_started(caplog: pytest.LogCaptureFixture) -> None:
    told: list[tuple[str, int, int, str, threading.Thread]] = []
    caplog.set_level("INFO", logger="vtx_dagster")

    def work(key: str, watch: Watch) -> None:
        for done in (1, 2):
            watch.progress(done, 2, "stage one")
        watch.progress(1, 1, "decode")

    with watching(lambda *frames: told.append((*frames, threading.current_thread()))):
        for _, finish in Lanes(batch("a:X", "b:X"), work):
            finish()
    assert {thread for *_, thread in told} == {threading.current_thread()}
    for key in "ab":
        assert [one[1:4] for one in told if one[0] == key] == [(1, 2, "stage one"), (2, 2, "stage one"), (1, 1, "decode")]
    assert sorted(caplog.messages) == ["a: decode", "a: stage one", "b: decode", "b: stage one"]


@contextmanager
def at_work(work: Callable[[str, Watch], str], *written: str) -> Iterator[tuple[Lanes[str], Iterator]]:
    lanes = Lanes(batch(*written), work)
    yield lanes, iter(lanes)


def test_what_is_called_off_ends_and_what_was_done_meanwhile_is_told() -> None:
    begun, go_on = threading.Event(), threading.Event()
    called_off: list[str] = []

    def work(key: str, watch: Watch) -> str:
        if key == "quick":
            return "done"
        if key == "finishing":
            begun.set()
            assert go_on.wait(WAIT_S)
            return "done"
        while not watch.cancelled():
            time.sleep(0.005)
        called_off.append(key)
        go_on.set()
        raise CancelledError(f"{key} was called off")

    with at_work(work, "quick:X", "finishing:X", "long:X", "later:X") as (lanes, finishes):
        key, finish = next(finishes)
        assert (key, finish()) == ("quick", "done")
        assert begun.wait(WAIT_S)
        assert [(key, finish()) for key, finish in lanes.stop(timeout_s=WAIT_S)] == [("finishing", "done")]
    assert called_off == ["long"], "what had not begun does not begin"


def test_what_failed_for_good_is_told_after_an_interrupt_and_a_bug_is_not() -> None:
    begun = threading.Barrier(3, timeout=WAIT_S)
    errors = {"bad": RenderError("no ink"), "bug": ZeroDivisionError("a bug")}

    def work(key: str, _watch: Watch) -> str:
        begun.wait()
        raise errors[key]

    lanes = Lanes(batch("bad:X", "bug:X"), work)
    assert lanes._start()
    begun.wait()
    ((key, finish),) = lanes.stop(timeout_s=WAIT_S)
    assert key == "bad"
    with pytest.raises(RenderError, match="no ink"):
        finish()


def test_a_lane_that_hangs_is_left_behind() -> None:
    release = threading.Event()
    lanes = Lanes(batch("a:X", "b:X"), lambda _key, _watch: release.wait(WAIT_S))
    assert lanes._start()
    started = time.monotonic()
    assert list(lanes.stop(timeout_s=0.05)) == []
    assert time.monotonic() - started < WAIT_S / 2
    release.set()


def test_a_clip_that_is_called_off_before_its_thread_begins_is_not_worked_on(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []
    monkeypatch.setattr(threading.Thread, "start", lambda thread: threads.append(thread))
    worked: list[str] = []
    lanes = Lanes(batch("a:X", "b:X"), lambda key, _watch: worked.append(key))
    assert lanes._start()
    assert list(lanes.stop(timeout_s=WAIT_S)) == []
    for thread in threads:
        thread.run()
    assert (len(threads), worked) == (2, [])
