"""Parts of a stage, written several at a time: one that fails does not lose the others."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event, Thread
from typing import TypeVar

from pydantic import JsonValue

from vtx_dagster.core.errors import (
    BudgetError,
    CredentialsError,
    InvalidFileError,
    MissingSettingError,
    ServiceError,
    StorageError,
    UnfinishedStageError,
    VtxError,
)
from vtx_dagster.core.story import Draft

P = TypeVar("P")
T = TypeVar("T")

_HOPELESS = (BudgetError, CredentialsError, InvalidFileError, MissingSettingError, StorageError)
"""What fails one part with these fails all that follow: nothing can be paid, asked or kept."""

_HTTP_NOT_FOUND = 404
_HTTP_NO_SERVICE = (429, 502, 503)
"""No credit or too many requests, and a service that is down; other errors may be the question's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFailure:
    """A part that could not be written."""

    part: str
    error: VtxError

    @property
    def is_hopeless(self) -> bool:
        """Whether every other part would fail for the same reason.

        A service that does no work at all (it cannot be reached, is down, has no credit left or no such model) fails each of
        them, after every retry, and so do a full disk and a damaged memory; an answer that cannot be used, a time-out or an
        internal error is the part's own.
        """
        details = self.error.details
        status = details.get("status")
        if isinstance(self.error, ServiceError):
            return details.get("may_have_cost") is False if status is None else status in _HTTP_NO_SERVICE
        return isinstance(self.error, _HOPELESS) or status == _HTTP_NOT_FOUND


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

    Closing the iterator, or an interrupt, lets what was begun end its part and begins nothing more. An interrupt while it waits
    for that gives up waiting: what is open then is lost with the process.

    Args:
        items: What is worked on at the same time.
        work: Yields the parts of one item, done one after the other; it runs in a thread and is not resumed once all is to stop.
        concurrency: Items that are worked on at once, 1 or more.
        stage: Named in the error.

    Raises:
        UnfinishedStageError: At the end, if parts failed; retryable if all of them are. Details hold the error of each part.
        BudgetError: As soon as what was begun has ended: no further part could be paid.
        CredentialsError, MissingSettingError, RejectedRequestError, ServiceError: In the same way, for a key that is not
            accepted or not set, a model that the service has not, or a service that cannot be reached or is down.
        InvalidFileError, StorageError: In the same way, for a damaged file or a disk that refuses: answers could be paid, and not
            be kept. All of these have the error of each part in their details, too.
    """
    ended: SimpleQueue[tuple[int, Draft[T] | PartFailure] | None] = SimpleQueue()  # None: a thread has no more to do
    num_threads = min(concurrency, len(items))
    waiting = deque([*enumerate(items), *[None] * num_threads])
    stop = Event()
    crashes: list[BaseException] = []

    def run() -> None:
        try:
            while not stop.is_set() and (taken := waiting.popleft()) is not None:
                index, item = taken
                for outcome in work(item):
                    ended.put((index, outcome))
                    if isinstance(outcome, PartFailure) and outcome.is_hopeless:
                        stop.set()
                    if stop.is_set():
                        return
        except BaseException as error:  # noqa: BLE001 - it is raised again, in the thread that waits
            stop.set()
            crashes.append(error)
        finally:
            ended.put(None)

    failures: list[tuple[int, PartFailure]] = []
    num_drafts = 0
    # Daemons, and so no pool: Python waits for the threads of a pool at its end, whatever the user wants.
    num_open = 0
    try:
        for number in range(num_threads):
            Thread(target=run, name=f"{stage}_{number}", daemon=True).start()
            num_open += 1
        while num_open:
            found = ended.get()
            if found is None:
                num_open -= 1
            elif isinstance(found[1], PartFailure):
                failures.append((found[0], found[1]))
            else:
                num_drafts += 1
                yield found[1]
    finally:
        stop.set()
        while num_open:
            num_open -= ended.get() is None
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
