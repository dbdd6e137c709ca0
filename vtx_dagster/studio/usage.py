"""What renders took of a GPU: ``renders/usage.jsonl``, a line when an attempt begins and one when it has ended.

An attempt that began, has not ended and whose clip nobody is rendering was killed. Whoever notices that ends it, with the most
that it can have taken. Nothing is ever changed in the file but a last line that a crash cut short.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.gpu_forecast import GpuKind, GpuWork
from vtx_dagster.studio.files import display_name, storage_errors
from vtx_dagster.studio.locks import project_lock
from vtx_dagster.studio.project import Project

_LOCK = "usage"


class Outcome(StrEnum):
    """How an attempt ended."""

    RENDERED = "rendered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt at a clip, as it began.

    Attributes:
        id: Its name in the file.
        render_frames: Frames to render, echo included.
        steps: Inference steps; 0 where the pipeline has its own.
        limit_s: The most seconds that it may take of a GPU; None where there is no budget.
        at: When.
    """

    id: str
    clip: str
    clip_hash: str
    engine: str
    pipeline: str
    width: int
    height: int
    fps: int
    render_frames: int
    steps: int = 0
    limit_s: float | None = None
    at: AwareDatetime

    @property
    def work(self) -> GpuWork:
        """What it asks of a GPU."""
        return GpuWork(GpuKind(self.engine, self.pipeline, self.steps), self.width, self.height, self.render_frames)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage(Attempt):
    """An attempt that ended.

    Attributes:
        at: When it ended.
        outcome: An ``Outcome``, or one of a later version.
        gpu_s: Seconds that it held a GPU.
        is_at_most: Nobody knows exactly: it was less or as much. No engine said so; a GPU was held for that long.
        device: What it ran on, as far as the engine said.
    """

    outcome: str
    gpu_s: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    is_at_most: bool = False
    device: str = ""


_ATTEMPT = TypeAdapter(Attempt)
_USAGE = TypeAdapter(Usage)


@dataclass(frozen=True, slots=True)
class Used:
    """What a ledger holds.

    Attributes:
        ended: Every attempt that ended, the earliest end first.
        open: Every one that began and has not ended, the earliest first.
    """

    ended: tuple[Usage, ...]
    open: tuple[Attempt, ...]

    @property
    def spent_s(self) -> float:
        """Seconds that all attempts took that ended."""
        return sum(usage.gpu_s for usage in self.ended)


class UsageLedger:
    """The GPU time of one project. Threads and processes may share the file; an instance belongs to one thread at a time.

    An instance reads only what was added since it last read: 100,000 lines take half a second once.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self.path: Path = project.root / "renders/usage.jsonl"
        self._forget(inode=0)

    def read(self) -> Used:
        """Return what is in the file now; a last line that is not finished does not count.

        Raises:
            InvalidFileError: If a line is damaged, so that nobody can say what was used.
            StorageError: If it cannot be read.
        """
        with storage_errors(self.path, doing="read"):
            try:
                with self.path.open("rb") as file:
                    self._follow(file.fileno())
            except FileNotFoundError:
                self._forget(inode=0)
        return Used(tuple(self._ended), tuple(self._open.values()))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the right to append: what was read inside stays true until the end of the block.

        Raises:
            StorageError: If the lock file cannot be made.
        """
        with project_lock(self._project, _LOCK):
            yield

    def append(self, *lines: Attempt) -> None:
        """Add lines in one write, and have them on the disk; needs ``locked``.

        Raises:
            StorageError: If the disk refuses.
        """
        data = b"".join(_json(line) + b"\n" for line in lines)
        with storage_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
            try:
                _mend(descriptor)
                _write(descriptor, data)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _forget(self, *, inode: int) -> None:
        self._inode = inode
        self._offset = 0
        self._num_lines = 0
        self._ended: list[Usage] = []
        self._open: dict[str, Attempt] = {}

    def _follow(self, descriptor: int) -> None:
        facts = os.fstat(descriptor)
        if facts.st_ino != self._inode or facts.st_size < self._offset:
            self._forget(inode=facts.st_ino)
        added = _read(descriptor, start=self._offset, end=facts.st_size)
        whole = added[: added.rfind(b"\n") + 1]
        for line in whole.splitlines():
            self._take(line)
            self._num_lines += 1
        self._offset += len(whole)

    def _take(self, line: bytes) -> None:
        try:
            if b'"outcome":' in line:
                usage = _USAGE.validate_json(line)
                self._ended.append(usage)
                self._open.pop(usage.id, None)
            else:
                attempt = _ATTEMPT.validate_json(line)
                self._open[attempt.id] = attempt
        except ValidationError as error:
            name, number = display_name(self.path, self._project.root), self._num_lines + 1
            message = (
                f"{name}:{number}: the line is damaged, so that what the renders took of a GPU is not known: "
                "restore the file from a backup, or remove the line"
            )
            self._forget(inode=0)
            raise InvalidFileError(message, file=name, line=number) from error


def _json(line: Attempt) -> bytes:
    return _USAGE.dump_json(line) if isinstance(line, Usage) else _ATTEMPT.dump_json(line)


def _read(descriptor: int, *, start: int, end: int) -> bytes:
    parts = []
    while start < end and (part := os.pread(descriptor, end - start, start)):
        parts.append(part)
        start += len(part)
    return b"".join(parts)


def _write(descriptor: int, data: bytes) -> None:
    # One write; the rest of one that a full disk cut short is an error at the next, and mended by the next writer.
    while data:
        data = data[os.write(descriptor, data) :]


def _mend(descriptor: int) -> None:
    """Take away a last line that a crash cut short. Readers never came to it."""
    size = os.fstat(descriptor).st_size
    end = size
    while end and (piece := os.pread(descriptor, min(end, 4096), max(0, end - 4096))):
        found = piece.rfind(b"\n")
        end = end - len(piece) + found + 1 if found >= 0 else end - len(piece)
        if found >= 0:
            break
    if end < size:
        os.ftruncate(descriptor, end)
