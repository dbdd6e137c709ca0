"""Reading and writing single files: atomic writes, text with located errors, hashes. What the files mean belongs elsewhere."""

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vtx_dagster.core.errors import InvalidFileError, NotFoundError, StorageError
from vtx_dagster.core.plain_form import plain_form

MAX_TEXT_BYTES = 64 * 1024 * 1024
"""No text file of a film is larger; a shotlist of 15,000 shots has about 10 MB."""

FileIdentity = tuple[int, int, int, int]
"""Size in bytes, times of modification and of status change in nanoseconds, and inode."""

_REMEDIES = {
    errno.ENOSPC: "the disk is full: free some space",
    errno.EDQUOT: "the disk quota is used up: free some space",
    errno.EFBIG: "the file is larger than this disk or session allows",
    errno.EROFS: "the disk is read-only: mount it writable or use another folder",
    errno.EACCES: "no permission: change the owner or mode of the folder",
    errno.EPERM: "no permission: change the owner or mode of the folder",
    errno.EEXIST: "a file is in the way where a folder is needed: move it",
    errno.ENOTDIR: "a file is in the way where a folder is needed: move it",
    errno.EISDIR: "a folder is in the way where a file is needed: move it",
    errno.ENAMETOOLONG: "the name is too long for this disk: use a shorter one",
    errno.ELOOP: "the path goes round in symbolic links: remove them",
}


@contextmanager
def storage_errors(path: Path, *, doing: str = "write") -> Iterator[None]:
    """Turn an ``OSError`` about a file of the studio into a ``StorageError`` that names the path and the remedy.

    Args:
        path: The file or folder that is worked on; the error names the one that the system blames, if it does.
        doing: What is being done, as a verb.

    Raises:
        StorageError: For every ``OSError`` of the block.
    """
    try:
        yield
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "check the disk")
        message = f"cannot {doing} {path}: {remedy} ({os.strerror(error.errno) if error.errno else error})"
        raise StorageError(message, path=str(path), errno=error.errno) from error


def file_identity(path: Path | str) -> FileIdentity | None:
    """Return what tells whether a path still leads to the same, unchanged file, or None if there is nothing there.

    Links are followed. The time of status change is part of it because whoever writes a file may set its modification time back.

    Raises:
        StorageError: If the disk refuses to say.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 - three times as fast as Path.stat, and a survey asks 90,000 times
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StorageError(f"cannot look at {path}: {error.strerror}", path=str(path), errno=error.errno) from error
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def partial_path(path: Path) -> Path:
    """Return a new hidden name beside a file, under which it is made before it is renamed into place."""
    return path.with_name(f".{path.name[:150]}.{os.getpid()}-{secrets.token_hex(4)}.partial")


def write_atomic(path: Path, data: bytes | str) -> None:
    """Write a file so that a reader, or a crash at any moment, sees the old content or the new, never a part.

    Missing parent folders are made, and a file keeps its permissions. A symbolic link is replaced, not followed.

    Args:
        path: The file.
        data: Bytes, or text that is stored as UTF-8.

    Raises:
        StorageError: If the disk refuses; what was there before is still there.
    """
    content = data.encode() if isinstance(data, str) else data
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = partial_path(path)
        try:
            with partial.open("xb") as file:
                if path.is_file() and not path.is_symlink():
                    os.fchmod(file.fileno(), stat.S_IMODE(path.stat().st_mode))
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        except BaseException:
            with suppress(OSError):
                partial.unlink()
            raise


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits.

    Raises:
        NotFoundError: If there is no such file.
        StorageError: If it cannot be read.
    """
    try:
        with storage_errors(path, doing="read"), path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except StorageError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise NotFoundError(f"{path} does not exist", path=str(path)) from error
        raise


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a text-sized regular file.

    Raises:
        NotFoundError: If there is no such file.
        InvalidFileError: If it is a folder, a device or a pipe, or larger than ``MAX_TEXT_BYTES``.
        StorageError: If it cannot be read.
    """
    try:
        with storage_errors(path, doing="read"):
            facts = path.stat()
            if not stat.S_ISREG(facts.st_mode):
                raise InvalidFileError(f"{path}: not a regular file: put a text file there", file=str(path))
            if facts.st_size > MAX_TEXT_BYTES:
                message = f"{path}: {facts.st_size} bytes are too many for a text file: at most {MAX_TEXT_BYTES} are read"
                raise InvalidFileError(message, file=str(path), size_bytes=facts.st_size)
            return path.read_bytes()
    except StorageError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise NotFoundError(f"{path} does not exist", path=str(path)) from error
        raise


def read_text(path: Path, *, root: Path | None = None) -> str:
    """Return the text of a UTF-8 file, without its byte order mark; line ends stay as they are.

    Args:
        path: The file.
        root: Folder relative to which an error names the file.

    Raises:
        NotFoundError: If there is no such file.
        InvalidFileError: If it is not UTF-8 (names the line of the first bad byte), not a regular file or far too large.
        StorageError: If it cannot be read.
    """
    content = read_bytes(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        name = display_name(path, root)
        message = f"{name}:{line}: byte 0x{error.object[error.start]:02x} is not UTF-8: save the file as UTF-8"
        raise InvalidFileError(message, file=name, line=line) from error


def read_plain(path: Path, *, root: Path | None = None) -> str:
    """Return the plain form of a UTF-8 file: what it says, whatever its line ends, trailing spaces and composition of letters.

    Raises:
        InvalidFileError, NotFoundError, StorageError: As ``read_text``.
    """
    return plain_form(read_text(path, root=root), is_fountain=is_fountain(path))


def is_fountain(path: Path) -> bool:
    """Say whether a file is a screenplay, by its name."""
    return path.suffix.casefold() == ".fountain"


def display_name(path: Path, root: Path | None) -> str:
    """Return how errors name a file: relative to a root that it lies in, else as it is."""
    if root is not None and path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    return str(path)
