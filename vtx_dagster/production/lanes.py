"""Doing the work of a batch in several places at once, while one thread alone tells of it.

Dagster's events, the log of a run and the listeners of progress belong to the thread that started; the others only work.
"""

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import Generic, Self, TypeVar

from vtx_dagster.core.batch_order import BatchItem, BatchQueue
from vtx_dagster.core.engines import Progress, never
from vtx_dagster.core.errors import VtxError
from vtx_dagster.production.progress import StageReporter

R = TypeVar("R")

STOP_TIMEOUT_S = 30.0
"""How long lanes are waited for that were called off. Engines let go of a GPU within 5 s; a take that is complete is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The clips of a run.

    Attributes:
        items: In story order, each once.
        num_lanes: How many of them are rendered at the same time, at most.
    """

    items: tuple[BatchItem, ...]
    num_lanes: int = 1

    @classmethod
    def of_keys(cls, keys: Sequence[str]) -> Self:
        """Return work that depends on nothing and shares nothing: it is done one by one, in the order given."""
        return cls(items=tuple(BatchItem(key=key, affinity=None) for key in keys))


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What the work on one key is given.

    Attributes:
        progress: Told how far it is; from any thread.
        cancelled: Says whether it was called off.
        broken: Why the clip that it continues failed in the same batch, if it did; of a chain the first failure.
    """

    progress: Progress
    cancelled: Callable[[], bool] = never
    broken: VtxError | None = None


Work = Callable[[str, Watch], R]
"""Does the work on one key."""


@dataclass(slots=True, eq=False)
class _Lane:
    """A place where one clip at a time is worked on.

    Attributes:
        affinity: Of the clip that was worked on last: what is loaded there.
        is_busy: It has a clip in hand.
    """

    affinity: Hashable = None
    is_busy: bool = False


@dataclass(frozen=True, slots=True)
class _Done:
    """A clip was rendered, or failed."""

    lane: _Lane
    key: str


class Lanes(Generic[R]):
    """Works on a batch: each clip after the one that it continues, and clips of one affinity in one place if possible.

    Iterate over it once to have each key with a function that returns what came of it, or raises. With one lane that function
    does the work, in the calling thread; with more it is done by then, in another.

    Args:
        batch: What is to be done.
        work: Does it for one key.
    """

    def __init__(self, batch: Batch, work: Work[R]) -> None:
        self._work = work
        self._queue = BatchQueue(batch.items)
        self._messages: SimpleQueue[_Done | Callable[[], None]] = SimpleQueue()
        self._called_off = threading.Event()
        self._lanes = [_Lane() for _ in range(min(batch.num_lanes, len(batch.items)))]
        self._untold: dict[str, Future[R]] = {}
        self._failed: dict[str, VtxError] = {}

    def __iter__(self) -> Iterator[tuple[str, Callable[[], R]]]:
        if len(self._lanes) > 1:
            yield from self._in_threads()
            return
        affinity: Hashable = None
        while (item := self._queue.take(affinity)) is not None:
            affinity = item.affinity
            yield item.key, partial(self._worked_on, item, StageReporter(item.key))
            self._queue.done(item.key)

    def stop(self, *, timeout_s: float = STOP_TIMEOUT_S) -> Iterator[tuple[str, Callable[[], R]]]:
        """Call off what is in hand, wait for it, and yield as iterating does what was done, or failed for good, all the same.

        Args:
            timeout_s: How long to wait; what hangs is left behind.
        """
        self._called_off.set()
        begun = {key: future for key, future in self._untold.items() if not future.cancel()}
        wait(begun.values(), timeout=timeout_s)
        for key, future in begun.items():
            if future.done():
                error = future.exception()
                if error is None or (isinstance(error, VtxError) and not error.retryable):
                    yield key, future.result

    def _worked_on(self, item: BatchItem, progress: Progress) -> R:
        broken = self._failed.get(item.after)
        try:
            return self._work(item.key, Watch(progress=progress, cancelled=self._called_off.is_set, broken=broken))
        except VtxError as error:
            self._failed[item.key] = broken or error
            raise

    def _in_threads(self) -> Iterator[tuple[str, Callable[[], R]]]:
        while self._start():
            message = self._messages.get()
            if isinstance(message, _Done):
                message.lane.is_busy = False
                self._queue.done(message.key)
                # The lane goes on while what it did is told of.
                self._start()
                yield message.key, self._untold.pop(message.key).result
            else:
                message()

    def _start(self) -> bool:
        """Give every free lane a clip, and say whether any lane is at work."""
        for lane in self._lanes:
            if not lane.is_busy:
                elsewhere = {other.affinity for other in self._lanes if other.is_busy}
                item = self._queue.take(lane.affinity, elsewhere=elsewhere)
                if item is not None:
                    lane.is_busy, lane.affinity = True, item.affinity
                    future = self._untold[item.key] = Future()
                    # A daemon, so that a lane that hangs cannot keep a process alive that was told to end.
                    run = partial(copy_context().run, self._run, lane, item, future)
                    threading.Thread(target=run, name=f"lane of {item.key}", daemon=True).start()
        return any(lane.is_busy for lane in self._lanes)

    def _run(self, lane: _Lane, item: BatchItem, future: "Future[R]") -> None:
        if not future.set_running_or_notify_cancel():
            return
        reporter = StageReporter(item.key)

        def progress(done: int, total: int, stage: str = "") -> None:
            self._messages.put(lambda: reporter(done, total, stage))

        try:
            future.set_result(self._worked_on(item, progress))
        except BaseException as error:  # noqa: BLE001 - it is raised again by whoever asks what came of the clip
            future.set_exception(error)
        self._messages.put(_Done(lane, item.key))
