"""Progress of long work, for whoever started it in this process and watches: a command line with a bar, or nobody.

Dagster makes its own copies of resources and runs assets deep inside its engine, so a listener cannot be handed down; it is
found through a context variable instead.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, int, int], None]
"""Called with a partition key, the frames that are done of it and their total."""

_listener: ContextVar[Listener | None] = ContextVar("vtx_progress_listener", default=None)


@contextmanager
def watching(listener: Listener) -> Iterator[None]:
    """Have a listener told of all progress that is made inside the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report(key: str, done: int, total: int) -> None:
    """Tell the listener, if there is one."""
    listener = _listener.get()
    if listener is not None:
        listener(key, done, total)
