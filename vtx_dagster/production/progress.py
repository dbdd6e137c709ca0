"""Progress of long work, for whoever started it in this process and watches: a command line with a bar, or nobody.

Dagster makes its own copies of resources and runs assets deep inside its engine, so a listener cannot be handed down; it is
found through a context variable instead.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from vtx_dagster.core.errors import VtxError

logger = logging.getLogger(__name__)

Listener = Callable[[str, int, int, str], None]
"""Called with a partition key, the frames, steps or parts that are done of it, their total, and the stage that they belong to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A partition that needs no more work in this run: it is finished, or failed.

    Attributes:
        stage: Name of the asset.
        error: Why it failed, if it did.
        facts: What was reported of it, by metadata key, when it did not.
    """

    stage: str
    key: str
    error: VtxError | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


SettledListener = Callable[[Settled], None]
"""Called once for every partition of a run over many, as soon as it is settled."""

_listener: ContextVar[Listener | None] = ContextVar("vtx_progress_listener", default=None)
_settled_listener: ContextVar[SettledListener | None] = ContextVar("vtx_settled_listener", default=None)


@contextmanager
def watching(listener: Listener, *, settled: SettledListener | None = None) -> Iterator[None]:
    """Have a listener told of all progress that is made inside the block, and one of the partitions that are settled."""
    tokens = _listener.set(listener), _settled_listener.set(settled)
    try:
        yield
    finally:
        _listener.reset(tokens[0])
        _settled_listener.reset(tokens[1])


def report(key: str, done: int, total: int, stage: str = "") -> None:
    """Tell the listener, if there is one."""
    listener = _listener.get()
    if listener is not None:
        listener(key, done, total, stage)


class StageReporter:
    """The ``Progress`` of one partition: tells the listener, and logs each stage when it begins.

    Dagster brings the log of this package into the log of the run, so a single step must not write to it: a render has many.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._stage = ""

    def __call__(self, done: int, total: int, stage: str = "") -> None:
        """Take note of steps done, of their total, and of the stage that they belong to."""
        if stage and stage != self._stage:
            self._stage = stage
            logger.info("%s: %s", self._key, stage)
        report(self._key, done, total, stage)


def settle(settled: Settled) -> None:
    """Tell the listener of a partition that is finished or failed, if there is one."""
    listener = _settled_listener.get()
    if listener is not None:
        listener(settled)
