"""For how long a GPU is held: measured while it is, and noted on the disk so that it is known of a process that was killed."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Annotated, Self

from pydantic import Field, TypeAdapter, ValidationError

from vtx_dagster.core.errors import StorageError
from vtx_dagster.studio.files import storage_errors, write_atomic

logger = logging.getLogger(__name__)

BEAT_S = 5.0
"""How often the time is noted while a GPU is held."""

LATE_S = 2 * BEAT_S
"""How long a GPU may have been held after the last note: a busy disk makes a note late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """For how long a GPU was held, as far as was noted.

    Attributes:
        seconds: Up to the note.
        device: The GPU that was held then; empty if its name is not known, None if none was held.
    """

    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    device: str | None

    @property
    def at_most_s(self) -> float:
        """The most that it can have been until the process was killed."""
        return self.seconds if self.device is None else self.seconds + LATE_S


_HELD = TypeAdapter(Held)


class GpuMeter:
    """Measures for how long a GPU is held for a clip, within its context. May be told from any thread.

    Args:
        path: Where it is noted; None if nobody needs to know of it later.
        clock: Returns the present time.
    """

    def __init__(self, path: Path | None, *, clock: Callable[[], datetime]) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="vtx-gpu-meter", daemon=True)
        self._seconds = 0.0
        self._since = clock()
        self._held: str | None = None
        self.device = ""
        """The GPU that was held last, if its name is known."""

    def __enter__(self) -> Self:
        self._note()
        if self._path is not None:
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.told(None)
        self._stopped.set()
        if self._path is not None:
            self._thread.join()

    @property
    def seconds(self) -> float:
        """For how long a GPU was held until now."""
        with self._lock:
            return self._counted()

    def told(self, device: str | None) -> None:
        """Take note that a GPU is held from now on; empty if its name is not known, None for none."""
        with self._lock:
            was = self._held
            self._seconds, self._since, self._held = self._counted(), self._clock(), device
            self.device = device or self.device
        if device != was:
            self._note()

    def _counted(self) -> float:
        # A clock that was set back gives no time back.
        return self._seconds + (0.0 if self._held is None else max(0.0, (self._clock() - self._since).total_seconds()))

    def _beat(self) -> None:
        while not self._stopped.wait(BEAT_S):
            self._note()

    def _note(self) -> None:
        if self._path is None:
            return
        with self._lock:
            held = Held(seconds=self._counted(), device=self._held)
            try:
                write_atomic(self._path, _HELD.dump_json(held))
            except StorageError as error:
                # Only should the process be killed is the note missed; the render is worth more.
                logger.warning("how long a GPU is held could not be noted: %s", error.message)


def last_note(path: Path) -> Held | None:
    """Return what was noted last, or None if nothing was.

    Raises:
        StorageError: If it cannot be read.
    """
    with storage_errors(path, doing="read"):
        try:
            return _HELD.validate_json(path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None


def forget_notes(path: Path) -> None:
    """Remove what was noted, because it is in the ledger now.

    Raises:
        StorageError: If it cannot be removed.
    """
    with storage_errors(path, doing="remove"):
        path.unlink(missing_ok=True)
