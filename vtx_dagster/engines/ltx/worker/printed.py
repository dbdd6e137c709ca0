"""What a worker prints, while a job runs: its own log file, followed.

Standard output and error are that file from the start, rather than a pipe: nothing is lost in a crash, and C code that prints and
does not let other threads run cannot fill it up and wait for ever.
"""

import codecs
import os
import sys
import threading
from collections.abc import Callable
from typing import Final

from vtx_dagster.engines.ltx.worker.protocol import MAX_LINE_CHARACTERS

MAX_LOG_BYTES: Final = 16 * 1024 * 1024
TAIL_CHARACTERS: Final = 8 * 1024

_POLL_S: Final = 0.05
_READ_BYTES: Final = 64 * 1024


class PrintedLines:
    """Follows a file while it is a context, from where it ends now, and tells its lines.

    A file that is too long is begun anew before it is followed; one that gets too long meanwhile, too.

    Args:
        path: The file; what prints into it appends.
        say: Told each line without its end, at most 4,096 characters; called from a thread of its own.
        max_bytes: How long the file may get, give or take what is printed in a twentieth of a second.

    Attributes:
        tail: The last lines, at most 8 Ki characters.
    """

    def __init__(self, path: str, say: Callable[[str], None], *, max_bytes: int = MAX_LOG_BYTES) -> None:
        self._path = path
        self._say = say
        self._max_bytes = max_bytes
        self._ended = threading.Event()
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._line = ""
        self._descriptor = -1
        self._thread = threading.Thread(target=self._follow, name="printed lines", daemon=True)
        self.tail = ""

    def __enter__(self) -> "PrintedLines":
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._begin_anew_if_long()
        os.lseek(self._descriptor, 0, os.SEEK_END)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Tell everything that was printed until now."""
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self._ended.set()
        self._thread.join()
        self._read()
        self._feed(self._decoder.decode(b"", final=True))
        self._tell(self._line)
        os.close(self._descriptor)

    def _follow(self) -> None:
        while not self._ended.wait(_POLL_S):
            self._read()
            self._begin_anew_if_long()

    def _read(self) -> None:
        while chunk := os.read(self._descriptor, _READ_BYTES):
            self._feed(self._decoder.decode(chunk))

    def _begin_anew_if_long(self) -> None:
        if os.fstat(self._descriptor).st_size > self._max_bytes:
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, 0, os.SEEK_SET)

    def _feed(self, text: str) -> None:
        *lines, self._line = (self._line + text.replace("\r", "\n")).split("\n")
        self._line = self._line[:MAX_LINE_CHARACTERS]
        for line in lines:
            self._tell(line[:MAX_LINE_CHARACTERS])

    def _tell(self, line: str) -> None:
        if line.strip():
            self.tail = f"{self.tail}{line}\n"[-TAIL_CHARACTERS:]
            self._say(line)
