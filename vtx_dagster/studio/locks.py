"""Locks between processes: one holder renders a clip or writes a story; another waits, and can tell for whom."""

import fcntl
import json
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from math import inf
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from vtx_dagster.core.engines import never
from vtx_dagster.core.errors import BusyError, CancelledError
from vtx_dagster.studio.files import storage_errors
from vtx_dagster.studio.project import Project

_POLL_S = 0.05
_LOOK_S = 0.2
"""How often who waits looks whether it was called off."""


@contextmanager
def clip_lock(
    project: Project, clip: str, *, timeout_s: float | None = None, cancelled: Callable[[], bool] = never
) -> Iterator[None]:
    """Hold the right to render one clip. The kernel lets go of it when the process dies, however it dies.

    Args:
        project: The project.
        clip: Id of the clip.
        timeout_s: How long to wait for another holder; for ever when None, not at all when 0.
        cancelled: Says whether the wait was called off.

    Raises:
        BusyError: If another holder kept it for that long; says who.
        CancelledError: If the wait was called off.
        StorageError: If the lock file cannot be made.
    """
    with _held(_lock_path(project, clip), f"{project.slug}/{clip} is being rendered", timeout_s, cancelled):
        yield


@contextmanager
def project_lock(project: Project, name: str, *, timeout_s: float | None = None) -> Iterator[None]:
    """Hold the right to one kind of work on a project, such as ``story``; as ``clip_lock``."""
    with _held(_lock_path(project, f"project.{name}"), f"{name} of {project.slug} is being worked on", timeout_s):
        yield


@contextmanager
def server_lock(home: Path, url: str) -> Iterator[None]:
    """Hold the right to serve a Dagster instance, as ``clip_lock`` without a wait; who comes second is told the address."""
    with _held(home / "server.lock", "this studio is being served", 0.0, at=url):
        yield


@contextmanager
def run_lock(home: Path, run: str) -> Iterator[None]:
    """Hold the lock of a run for as long as its process works on it, however the process dies."""
    with _held(_run_path(home, run), f"run {run} is being worked on", 0.0):
        try:
            yield
        finally:
            forget_run(home, run)


def forget_run(home: Path, run: str) -> None:
    """Remove the lock file of a run whose process was killed."""
    _run_path(home, run).unlink(missing_ok=True)


def is_run_held(home: Path, run: str) -> bool:
    """Say whether a process works on a run."""
    return _is_held(_run_path(home, run))


def _run_path(home: Path, run: str) -> Path:
    return home / "workers" / f"run-{run}.lock"


def is_locked(project: Project, clip: str) -> bool:
    """Say whether someone is rendering a clip right now. Does not wait and makes no file."""
    return _is_held(_lock_path(project, clip))


def locked_clips(project: Project, *, among: Iterable[str]) -> frozenset[str]:
    """Return those of some clips that are being rendered right now.

    Lock files stay for ever, so only those of the clips that are asked about are looked at.
    """
    wanted = list(among)
    if not wanted:
        return frozenset()
    with storage_errors(project.locks_dir, doing="read"):
        try:
            names = frozenset(path.name for path in project.locks_dir.iterdir())
        except FileNotFoundError:
            return frozenset()
    return frozenset(clip for clip in wanted if f"{clip}.lock" in names and is_locked(project, clip))


def holder(project: Project, clip: str) -> str | None:
    """Return who is rendering a clip, such as ``process 4711 on studio1``, or None if nobody is."""
    path = _lock_path(project, clip)
    return _holder(path) if _is_held(path) else None


def _lock_path(project: Project, name: str) -> Path:
    return project.locks_dir / f"{name}.lock"


@contextmanager
def _held(
    path: Path, what: str, timeout_s: float | None, cancelled: Callable[[], bool] = never, *, at: str = ""
) -> Iterator[None]:
    lock = FileLock(path, thread_local=False, poll_interval=_POLL_S)
    with storage_errors(path, doing="lock"):
        path.parent.mkdir(parents=True, exist_ok=True)
        _acquire(lock, what, timeout_s, cancelled)
    try:
        with storage_errors(path):
            path.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "at": at}), encoding="utf-8")
        yield
    finally:
        lock.release()


def _acquire(lock: BaseFileLock, what: str, timeout_s: float | None, cancelled: Callable[[], bool]) -> None:
    path = Path(lock.lock_file)
    end = inf if timeout_s is None else time.monotonic() + timeout_s
    while True:
        try:
            lock.acquire(timeout=max(0.0, min(_LOOK_S, end - time.monotonic())))
        except Timeout as error:
            holder = _holder(path)
            if cancelled():
                raise CancelledError(f"{what} by {holder}, and the wait for it was called off", path=str(path)) from error
            if time.monotonic() >= end:
                message = f"{what} by {holder}: wait for it or stop it, then try again"
                raise BusyError(message, path=str(path), holder=holder) from error
        else:
            return


def _is_held(path: Path) -> bool:
    # A shared lock is tried, not filelock's exclusive one, so that looking never makes a worker wait or two lookers collide.
    with storage_errors(path, doing="look at"):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False


def _holder(path: Path) -> str:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        return f"process {facts['pid']} on {facts['host']}" + (f" at {facts['at']}" if facts.get("at") else "")
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
