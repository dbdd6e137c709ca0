"""Parts that are written at the same time."""

import signal
import threading
import time
from collections.abc import Generator, Iterator, Sequence

import pytest

from vtx_dagster.core.errors import (
    BudgetError,
    CredentialsError,
    InvalidAnswerError,
    InvalidFileError,
    MissingSettingError,
    RejectedRequestError,
    ServiceError,
    StorageError,
    UnfinishedStageError,
    VtxError,
)
from vtx_dagster.core.story import Draft, Provenance
from vtx_dagster.engines.language_model.parallel import PartFailure, attempted, in_parallel

PATIENCE_S = 20.0


def draft(part: str) -> Draft[str]:
    return Draft(part=part, value=part.lower(), provenance=Provenance())


def failing(error: VtxError) -> Draft[str]:
    raise error


def collect(drafts: Iterator[Draft[str]], written: list[str]) -> None:
    for found in drafts:
        written.append(found.part)  # noqa: PERF401 - what came before an error must be seen


def each(items: Sequence[str], errors: dict[str, VtxError]) -> Iterator[Draft[str] | PartFailure]:
    for part in items:
        yield PartFailure(part=part, error=errors[part]) if part in errors else draft(part)


def test_every_part_of_every_item_is_yielded_once() -> None:
    items = [["A", "B"], ["C"], [], ["D", "E", "F"]]
    drafts = list(in_parallel(items, lambda parts: each(parts, {}), concurrency=2, stage="screenplay"))
    assert sorted(found.part for found in drafts) == ["A", "B", "C", "D", "E", "F"]


def test_nothing_to_do_yields_nothing() -> None:
    nothing: list[str] = []
    assert list(in_parallel(nothing, lambda part: [draft(part)], concurrency=4, stage="screenplay")) == []


def test_parts_of_one_item_come_in_order() -> None:
    drafts = list(in_parallel([list("ABCDEFGH")], lambda parts: each(parts, {}), concurrency=4, stage="screenplay"))
    assert [found.part for found in drafts] == list("ABCDEFGH")


@pytest.mark.parametrize("concurrency", [1, 3])
def test_as_many_items_are_open_as_allowed(concurrency: int) -> None:
    lock = threading.Lock()
    together = threading.Barrier(concurrency)
    num_open, most = 0, 0

    def work(part: str) -> Iterator[Draft[str]]:
        nonlocal num_open, most
        with lock:
            num_open += 1
            most = max(most, num_open)
        together.wait(PATIENCE_S)  # passes only if so many are open at once
        with lock:
            num_open -= 1
        yield draft(part)

    assert len(list(in_parallel("ABCDEF", work, concurrency=concurrency, stage="treatment"))) == 6
    assert most == concurrency


def test_a_draft_is_yielded_before_slower_ones_end() -> None:
    was_seen = threading.Event()

    def work(part: str) -> Iterator[Draft[str]]:
        if part == "SLOW":
            assert was_seen.wait(PATIENCE_S)
        yield draft(part)

    found = []
    for one in in_parallel(["SLOW", "QUICK"], work, concurrency=2, stage="treatment"):
        found.append(one.part)
        was_seen.set()
    assert found == ["QUICK", "SLOW"]


def test_failures_are_told_at_the_end_in_the_order_of_the_items() -> None:
    errors: dict[str, VtxError] = {
        "A01_S07": ServiceError("the server did not answer", host="localhost"),
        "A01_S03": InvalidAnswerError("no scene has a beat"),
    }
    items = [["A01_S01", "A01_S02", "A01_S03", "A01_S04"], ["A01_S05", "A01_S06", "A01_S07", "A01_S08"]]
    written: list[str] = []
    with pytest.raises(UnfinishedStageError) as caught:
        collect(in_parallel(items, lambda parts: each(parts, errors), concurrency=2, stage="screenplay"), written)
    assert sorted(written) == ["A01_S01", "A01_S02", "A01_S04", "A01_S05", "A01_S06", "A01_S08"]
    assert caught.value.message == (
        "screenplay: 2 of 8 parts failed: A01_S03: no scene has a beat; A01_S07: the server did not answer;"
        " run it again to go on with these alone"
    )
    assert caught.value.details["stage"] == "screenplay"
    assert caught.value.details["parts"] == {part: errors[part].to_json() for part in ("A01_S03", "A01_S07")}
    assert not caught.value.retryable


def test_drafts_are_yielded_although_others_failed() -> None:
    parts = in_parallel([["A"], ["B"]], lambda item: each(item, {"A": ServiceError("gone")}), concurrency=1, stage="treatment")
    assert next(parts).part == "B"
    with pytest.raises(UnfinishedStageError, match="1 of 2 parts failed: A: gone"):
        next(parts)


def test_a_stage_whose_failures_may_all_pass_is_retryable() -> None:
    errors: dict[str, VtxError] = {"A": ServiceError("slow"), "B": ServiceError("slow")}
    with pytest.raises(UnfinishedStageError) as caught:
        list(in_parallel(["A", "B"], lambda part: each([part], errors), concurrency=1, stage="treatment"))
    assert caught.value.retryable
    assert caught.value.to_json()["retryable"] is True
    assert not UnfinishedStageError("another").retryable


def test_one_part_is_no_parts() -> None:
    with pytest.raises(UnfinishedStageError, match="treatment: 1 of 1 part failed"):
        list(in_parallel(["A"], lambda part: each([part], {"A": ServiceError("slow")}), concurrency=1, stage="treatment"))


@pytest.mark.parametrize(
    "error",
    [
        BudgetError("0.01 USD left"),
        CredentialsError("wrong key"),
        MissingSettingError("no key"),
        RejectedRequestError("no such model", status=404),
        ServiceError("cannot be reached", may_have_cost=False),
        ServiceError("too many requests", may_have_cost=False, status=429),
        ServiceError("bad gateway", may_have_cost=False, status=502),
        ServiceError("down", may_have_cost=False, status=503),
        StorageError("no space left"),
        InvalidFileError("the memory is damaged"),
    ],
    ids=["budget", "wrong key", "no key", "no model", "unreachable", "429", "502", "503", "full disk", "damaged memory"],
)
def test_what_fails_every_part_stops_at_once_and_is_raised_itself(error: VtxError) -> None:
    begun: list[str] = []

    def work(parts: list[str]) -> Iterator[Draft[str] | PartFailure]:
        for outcome in each(parts, {"A": ServiceError("slow"), "C": error}):
            begun.append(outcome.part)
            yield outcome

    written: list[str] = []
    with pytest.raises(type(error)) as caught:
        collect(in_parallel([["A", "B", "C", "D"], ["E"], ["F"]], work, concurrency=1, stage="screenplay"), written)
    assert caught.value is error
    assert begun == ["A", "B", "C"]
    assert written == ["B"]
    told = caught.value.details["parts"]
    assert isinstance(told, dict)
    assert list(told) == ["A", "C"]


def test_what_was_begun_ends_and_is_yielded_when_another_part_stops_all() -> None:
    has_failed = threading.Event()

    def work(part: str) -> Iterator[Draft[str] | PartFailure]:
        if part == "POOR":
            try:
                yield PartFailure(part=part, error=BudgetError("nothing left"))
            finally:  # it is closed, not resumed
                has_failed.set()
        assert has_failed.wait(PATIENCE_S)
        yield draft(part)
        yield draft(f"{part} again")

    written: list[str] = []
    with pytest.raises(BudgetError, match="nothing left"):
        collect(in_parallel(["RICH", "POOR"], work, concurrency=2, stage="treatment"), written)
    assert written == ["RICH"]


def test_a_bug_in_the_work_stops_all_and_looks_like_one() -> None:
    begun: list[str] = []

    def work(part: str) -> Iterator[Draft[str]]:
        begun.append(part)
        if part == "B":
            raise ZeroDivisionError("a bug")
        yield draft(part)

    written: list[str] = []
    with pytest.raises(ZeroDivisionError, match="a bug"):
        collect(in_parallel("ABCD", work, concurrency=1, stage="treatment"), written)
    assert begun == ["A", "B"]
    assert written == ["A"]


def test_closing_the_iterator_begins_nothing_more() -> None:
    begun: list[str] = []
    go_on = threading.Event()

    def work(parts: str) -> Iterator[Draft[str]]:
        for part in parts:
            begun.append(part)
            yield draft(part)
            assert go_on.wait(PATIENCE_S)

    drafts = in_parallel(["AB", "CD"], work, concurrency=1, stage="screenplay")
    assert next(drafts).part == "A"
    # Closing waits for the thread, which waits for this.
    threading.Timer(0.05, go_on.set).start()
    assert isinstance(drafts, Generator)
    drafts.close()
    assert begun in (["A"], ["A", "B"])


def test_a_second_interrupt_gives_up_what_is_open() -> None:
    is_open, go_on, main = threading.Event(), threading.Event(), threading.get_ident()
    begun: list[threading.Thread] = []
    interrupts: list[int] = []

    def work(part: str) -> Iterator[Draft[str]]:
        begun.append(threading.current_thread())
        is_open.set()
        go_on.wait(PATIENCE_S)
        yield draft(part)

    def interrupt_twice() -> None:
        assert is_open.wait(PATIENCE_S)
        for _ in range(2):
            time.sleep(0.2)
            interrupts.append(signal.SIGINT)
            signal.pthread_kill(main, signal.SIGINT)

    user = threading.Thread(target=interrupt_twice)
    user.start()
    with pytest.raises(KeyboardInterrupt):
        list(in_parallel("AB", work, concurrency=1, stage="treatment"))
    assert len(interrupts) == 2, "after the first one it waits"
    [thread] = begun
    assert thread.is_alive()
    assert thread.daemon, "Python would wait for it at its end"
    go_on.set()
    thread.join(PATIENCE_S)
    assert len(begun) == 1


def test_an_attempt_keeps_a_known_error_as_a_failure() -> None:
    error = ServiceError("slow")
    assert attempted("A", lambda: draft("A")) == draft("A")
    assert attempted("A", lambda: failing(error)) == PartFailure(part="A", error=error)


def test_an_attempt_does_not_hide_a_bug() -> None:
    def bug() -> Draft[str]:
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError):
        attempted("A", bug)


@pytest.mark.parametrize(
    "error",
    [
        RejectedRequestError("too long", status=400),
        ServiceError("too slow", may_have_cost=True),
        ServiceError("it broke over this question", may_have_cost=False, status=500),
        ServiceError("the gateway did not wait", may_have_cost=True, status=504),
        InvalidAnswerError("no JSON"),
    ],
    ids=["rejected", "slow", "500", "504", "answer"],
)
def test_what_is_wrong_with_one_part_stops_no_other(error: VtxError) -> None:
    assert not PartFailure(part="A01_S01", error=error).is_hopeless
