"""The one way to run a program: list argv, own process group, timeout, log file, bounded memory, no orphans, no secrets.

Every subprocess of the package goes through ``run_process``. What a program is asked to do belongs to its caller.
"""

import codecs
import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from vtx_dagster.core.engines import never
from vtx_dagster.core.errors import CancelledError, ProcessError, StorageError

TAIL_CHARACTERS: Final = 64 * 1024
MAX_LINE_CHARACTERS: Final = 4096
MAX_LOG_BYTES: Final = 64 * 1024 * 1024
GRACE_S: Final = 5.0
CANCEL_GRACE_S: Final = 0.5
"""Shorter than the other: who calls off wants the GPU back."""
REDACTED: Final = "***"

_READ_BYTES: Final = 64 * 1024
_POLL_S: Final = 0.1
_UNPRINTABLE: Final = {code: "\N{REPLACEMENT CHARACTER}" for code in range(32) if chr(code) not in "\n\t\r"} | {ord("\r"): "\n"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessResult:
    """A program that ended well.

    Attributes:
        returncode: Always zero; other codes are errors.
        tail: The last 64 Ki characters of its output and error stream together, secrets redacted.
        elapsed_s: Wall-clock seconds from start to end.
    """

    returncode: int
    tail: str
    elapsed_s: float


def run_process(
    argv: Sequence[str],
    *,
    timeout_s: float,
    log: Path | None = None,
    secrets: Sequence[str] = (),
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
    grace_s: float = GRACE_S,
    cancelled: Callable[[], bool] = never,
) -> ProcessResult:
    """Run a program to its end and return the end of what it said.

    The program gets no input and a session (so a process group) of its own. Whatever ends this call - exit, timeout,
    ``KeyboardInterrupt``, an error in ``on_line`` or in the log - the whole group is gone when it returns, and children that the
    program left behind with it. On Linux with ``setpriv`` the program also dies when this process is killed outright.

    Args:
        argv: Program and arguments; the program is a path or a name on ``PATH``.
        timeout_s: Wall-clock limit in seconds.
        log: Text file to which the command and its output are appended, at most 64 MiB a run; its folder exists.
        secrets: Texts replaced by ``***`` in the log, the tail, the lines and the errors.
        cwd: Working folder of the program.
        env: Its whole environment; this process's own when missing.
        on_line: Called with each line of output as it comes; carriage returns end lines too; cut at 4,096 characters.
        grace_s: Seconds between the polite signal (TERM) and the last one (KILL).
        cancelled: Asked about ten times a second; once it says yes the group is killed, with half a second of grace at most.

    Raises:
        ProcessError: If it cannot be started, runs past its limit, or ends with another code than zero.
        CancelledError: If it was called off.
        StorageError: If the log cannot be written.
    """
    redact = _Redactor(secrets)
    command = redact.whole(" ".join(argv))
    program = redact.whole(argv[0])
    executable = _executable(argv[0], program)
    started = time.monotonic()
    with _Output(log, redact, on_line) as output:
        output.write_log(f"$ {command}\n")
        try:
            process = subprocess.Popen(
                [*_dies_with_parent(), executable, *argv[1:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=env,
                start_new_session=True,
                bufsize=0,
            )
        except OSError as error:
            raise ProcessError(
                f"{program}: cannot be started ({error.strerror}); check the program and its permissions", program=program
            ) from error
        assert process.stdout is not None  # noqa: S101 - tells the type checker what PIPE means
        with process.stdout as pipe:
            try:
                in_time = _pump(process.pid, pipe, output, deadline=started + timeout_s, cancelled=cancelled)
                if not in_time:
                    _terminate(process.pid, grace_s)
            except CancelledError:
                _terminate(process.pid, min(grace_s, CANCEL_GRACE_S))
                raise
            except BaseException:
                _terminate(process.pid, grace_s)
                raise
            finally:
                # Before the leader is reaped its number cannot be given to another process, so this hits our group alone.
                _signal_group(process.pid, signal.SIGKILL)
                process.wait()
        output.finish()
    tail = output.tail
    if not in_time:
        raise ProcessError(
            f"{program}: still running after {timeout_s:g} s and was killed; raise its time limit\n{_excerpt(tail)}",
            program=program,
            timeout_s=timeout_s,
            tail=tail,
        )
    if process.returncode != 0:
        end = _end_of(process.returncode)
        raise ProcessError(f"{program}: {end}; its last words:\n{_excerpt(tail)}", program=program, end=end, tail=tail)
    return ProcessResult(returncode=process.returncode, tail=tail, elapsed_s=time.monotonic() - started)


def _executable(name: str, shown: str) -> str:
    found = shutil.which(name)
    if found is None:
        if Path(name).is_file():
            raise ProcessError(f"{shown}: the program is not executable; check its permissions", program=shown)
        raise ProcessError(f"{shown}: the program is not there; install it or correct its path", program=shown)
    return str(Path(found).absolute())


def _dies_with_parent() -> list[str]:
    # PR_SET_PDEATHSIG has to be set between fork and exec. A preexec_fn would run Python there, which can deadlock when other
    # threads hold locks (Dagster has threads); setpriv (util-linux) is an exec of 1 ms. Elsewhere the program outlives a SIGKILL.
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []


def _pump(pid: int, pipe: IO[bytes], output: "_Output", *, deadline: float, cancelled: Callable[[], bool]) -> bool:
    """Pass on what the program prints until it has exited; return False if the deadline came first."""
    os.set_blocking(pipe.fileno(), False)
    is_open = True
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            # A child of the program may hold the pipe open after it: its exit counts, not the end of the stream.
            exited = _has_exited(pid)
            slice_end = min(deadline, time.monotonic() + _POLL_S)
            while is_open and (chunk := pipe.read(_READ_BYTES)) is not None and time.monotonic() < slice_end:
                output.feed(chunk)
                if not chunk:
                    selector.unregister(pipe)
                    is_open = False
            if exited:
                return True
            if cancelled():
                raise CancelledError("called off; the program was stopped")
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return False
            if is_open:
                selector.select(min(left_s, _POLL_S))
            else:
                time.sleep(min(left_s, 0.005))


def _has_exited(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _terminate(pid: int, grace_s: float) -> None:
    _signal_group(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while not _has_exited(pid) and time.monotonic() < deadline:
        time.sleep(0.01)


def _signal_group(pid: int, number: signal.Signals) -> None:
    # macOS answers EPERM where only the exited leader is left in the group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _end_of(returncode: int) -> str:
    if returncode > 0:
        return f"exit code {returncode}"
    return f"killed by {signal.Signals(-returncode).name}"


def _excerpt(tail: str) -> str:
    return tail.rstrip()[-2000:] or "(it printed nothing)"


class _Redactor:
    """Replaces secrets in a stream of texts, also where one is cut in two."""

    def __init__(self, secrets: Sequence[str]) -> None:
        # Longest first: one secret may contain another.
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
        self._held = ""

    def whole(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text

    def feed(self, text: str) -> str:
        text = self._held + text
        held = max((self._overlap(text, secret) for secret in self._secrets), default=0)
        self._held = text[len(text) - held :]
        return self.whole(text[: len(text) - held])

    def finish(self) -> str:
        held, self._held = self._held, ""
        return self.whole(held)

    @staticmethod
    def _overlap(text: str, secret: str) -> int:
        """Return how many characters at the end of ``text`` may be the beginning of ``secret``."""
        longest = min(len(secret) - 1, len(text))
        return next((size for size in range(longest, 0, -1) if text.endswith(secret[:size])), 0)


class _Output:
    """What a program printed: passed to the log and to ``on_line``, its end kept."""

    def __init__(self, log: Path | None, redact: _Redactor, on_line: Callable[[str], None] | None) -> None:
        self._path = log
        self._log: IO[bytes] | None = None
        self._log_room = MAX_LOG_BYTES
        self._redact = redact
        self._on_line = on_line
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._line = ""
        self.tail = ""

    def __enter__(self) -> Self:
        if self._path is not None:
            with self._storage():
                self._log = self._path.open("ab", buffering=0)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._log is not None:
            self._log.close()

    @contextlib.contextmanager
    def _storage(self):
        try:
            yield
        except OSError as error:
            raise StorageError(
                f"{self._path}: the log cannot be written ({error.strerror}); check space and permissions", path=str(self._path)
            ) from error

    def feed(self, chunk: bytes) -> None:
        self._emit(self._redact.feed(self._decoder.decode(chunk)))

    def finish(self) -> None:
        self._emit(self._redact.feed(self._decoder.decode(b"", final=True)) + self._redact.finish())
        if self._line:
            self._say(self._line)

    def _emit(self, text: str) -> None:
        text = text.translate(_UNPRINTABLE)
        self.tail = (self.tail + text)[-TAIL_CHARACTERS:]
        self.write_log(text)
        if self._on_line is None:
            return
        *lines, self._line = (self._line + text).split("\n")
        self._line = self._line[:MAX_LINE_CHARACTERS]
        for line in lines:
            self._say(line)

    def _say(self, line: str) -> None:
        if self._on_line is not None and line:
            self._on_line(line[:MAX_LINE_CHARACTERS])

    def write_log(self, text: str) -> None:
        if self._log is None or self._log_room <= 0:
            return
        data = text.encode()
        with self._storage():
            self._log.write(data)
            self._log_room -= len(data)
            if self._log_room <= 0:
                self._log.write(b"\n[the rest of the output is left out]\n")
