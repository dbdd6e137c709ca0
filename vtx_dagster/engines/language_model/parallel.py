"""Parts of a stage, written several at a time: one that fails does not lose the others."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event
from typing import TypeVar

from pydantic import JsonValue

from vtx_dagster.core.errors import (
    BudgetError,
    CredentialsError,
    MissingSettingError,
    ServiceError,
    UnfinishedStageError,
    VtxError,
)
from vtx_dagster.core.story import Draft

P = TypeVar("P")
T = TypeVar("T")

_HOPELESS = (BudgetError, CredentialsError, MissingSettingError)
"""What fails one part with these fails all that follow."""

_HTTP_NOT_FOUND = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFailure:
    """A part that could not be written."""

    part: str
    error: VtxError

    @property
    def is_hopeless(self) -> bool:
        """Whether every other part would fail for the same reason.

        A service that does no work at all (it cannot be reached, the account has no credit left, it has no such model) fails
        each of them, after every retry; an answer that cannot be used, a time-out or an internal error is the part's own.
        """
        details = self.error.details
        if isinstance(self.error, ServiceError):
            return details.get("may_have_cost") is False
        return isinstance(self.error, _HOPELESS) or details.get("status") == _HTTP_NOT_FOUND


def attempted(part: str, write: Callable[[], Draft[T]]) -> Draft[T] | PartFailure:
    """Return what writing a part gives: its draft, or the failure that a `VtxError` tells."""
    try:
        return write()
    except VtxError as error:
        return PartFailure(part=part, error=error)


def in_parallel(
    items: Sequence[P], work: Callable[[P], Iterable[Draft[T] | PartFailure]], *, concurrency: int, stage: str
) -> Iterator[Draft[T]]:
    """Yield the drafts of all items as they finish.

    Closing the iterator, or an interrupt, lets what was begun end its part and begins nothing more.

    Args:
        items: What is worked on at the same time.
        work: Yields the parts of one item, done one after the other; it runs in a thread and is not resumed once all is to stop.
        concurrency: Items that are worked on at once, 1 or more.
        stage: Named in the error.

    Raises:
        UnfinishedStageError: At the end, if parts failed; retryable if all of them are. Details hold the error of each part.
        BudgetError: As soon as what was begun has ended: no further part could be paid.
        CredentialsError, MissingSettingError, RejectedRequestError, ServiceError: In the same way, for a key that is not
            accepted or not set, a model that the service has not, or a service that cannot be reached. All have the error of
            each part in their details, too.
    """
    ended: SimpleQueue[tuple[int, Draft[T] | PartFailure | Future[None]]] = SimpleQueue()
    stop = Event()

    def run(index: int, item: P) -> None:
        if stop.is_set():
            return
        try:
            for outcome in work(item):
                ended.put((index, outcome))
                if isinstance(outcome, PartFailure) and outcome.is_hopeless:
                    stop.set()
                if stop.is_set():
                    return
        except BaseException:
            stop.set()
            raise

    failures: list[tuple[int, PartFailure]] = []
    crashes: list[BaseException] = []
    num_drafts = 0
    with ThreadPoolExecutor(max_workers=concurrency, thread_name_prefix=stage) as pool:
        try:
            for index, item in enumerate(items):
                pool.submit(run, index, item).add_done_callback(lambda future: ended.put((-1, future)))
            num_open = len(items)
            while num_open:
                index, outcome = ended.get()
                if isinstance(outcome, Future):
                    num_open -= 1
                    crash = outcome.exception()
                    crashes += [crash] if crash is not None else []
                elif isinstance(outcome, PartFailure):
                    failures.append((index, outcome))
                else:
                    num_drafts += 1
                    yield outcome
        finally:
            stop.set()
    if crashes:
        raise crashes[0]
    failures.sort(key=lambda failure: failure[0])
    _raise_failures([failure for _, failure in failures], num_parts=num_drafts + len(failures), stage=stage)


def _raise_failures(failures: Sequence[PartFailure], *, num_parts: int, stage: str) -> None:
    if not failures:
        return
    errors: dict[str, JsonValue] = {failure.part: failure.error.to_json() for failure in failures}
    for failure in failures:
        if failure.is_hopeless:
            failure.error.details["parts"] = errors
            raise failure.error
    told = "; ".join(f"{failure.part}: {failure.error.message}" for failure in failures)
    parts = "part" if num_parts == 1 else "parts"
    raise UnfinishedStageError(
        f"{stage}: {len(failures)} of {num_parts} {parts} failed: {told}; run it again to go on with these alone",
        retryable=all(failure.error.retryable for failure in failures),
        stage=stage,
        parts=errors,
    )
