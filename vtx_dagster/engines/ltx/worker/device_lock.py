"""The right to a device: an ``flock``, which the kernel lets go of when the last process that has it ends, however it ends."""

import fcntl
import json
import os
import time
from pathlib import Path


def try_lock(path: str) -> int | None:
    """Return a descriptor that holds a lock file exclusively, or None if another does.

    The lock belongs to the open file: it holds until this descriptor and all its copies, in whatever process, are closed. It is
    not inherited by children.

    Raises:
        OSError: If the file cannot be made.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        # Whoever cleans folders of temporary files may have removed the file meanwhile; another would lock a new one.
        if _is_same(descriptor, path):
            return descriptor
        os.close(descriptor)


def is_locked(path: str) -> bool:
    """Say whether someone holds a lock file. Does not wait and makes no file.

    Raises:
        OSError: If it cannot be looked at.
    """
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


def sign(descriptor: int, *, what: str) -> None:
    """Write into a lock file that is held who holds it, for people."""
    note = json.dumps({"pid": os.getpid(), "what": what, "since": time.time()}).encode()
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, note, 0)


def _is_same(descriptor: int, path: str) -> bool:
    try:
        there = Path(path).stat()
    except FileNotFoundError:
        return False
    mine = os.fstat(descriptor)
    return (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino)
