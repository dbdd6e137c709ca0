"""Running Dagster's server in the foreground: says when it answers, and leaves no process behind.

Not ``run_process``, which collects the output of a program that ends by itself; a server has this terminal to itself.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

from vtx_dagster.core.errors import BusyError, ProcessError

GRACE_S = 20.0
"""How long a server that was asked to stop has for it."""

_IMPATIENT = 2
"""So many signals end the server at once."""

_POLL_S = 0.2
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def serve(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    address: tuple[str, int],
    on_ready: Callable[[], None],
    on_stop: Callable[[Callable[[], bool]], None] = lambda _is_impatient: None,
) -> None:
    """Run a server until it is stopped by Ctrl-C, SIGTERM or SIGHUP, and then all that it started.

    Args:
        command: Its program and arguments.
        environment: Its environment.
        address: Host and port that it will listen on.
        on_ready: Called once it does.
        on_stop: Called before the server is asked to stop, with what says whether somebody cannot wait.

    Raises:
        BusyError: If something listens there already.
        ProcessError: If the server ended by itself.
    """
    if _listens(address):
        host, port = address
        raise BusyError(f"{host}:{port} is in use by another program: choose another port with --port {port + 1}", port=port)
    with _asked_to_stop() as asked:
        # A session of its own, so that only this process gets Ctrl-C and the server is asked once.
        process = subprocess.Popen(list(command), env=dict(environment), start_new_session=True)
        try:
            _wait(process, address, asked, on_ready)
            if process.poll() is None:
                on_stop(lambda: len(asked) >= _IMPATIENT or process.poll() is not None)
                _end(process, asked)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if not asked:
        code = process.returncode
        raise ProcessError(f"the server ended by itself with exit code {code}; what it printed above says why", exit_code=code)


def _wait(process: subprocess.Popen[bytes], address: tuple[str, int], asked: list[int], on_ready: Callable[[], None]) -> None:
    is_ready = False
    while process.poll() is None and not asked:
        if not is_ready and _listens(address):
            is_ready = True
            on_ready()
        time.sleep(_POLL_S)


def _end(process: subprocess.Popen[bytes], asked: list[int]) -> None:
    process.terminate()
    until = time.monotonic() + GRACE_S
    while process.poll() is None and len(asked) < _IMPATIENT and time.monotonic() < until:
        time.sleep(_POLL_S)


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """Collect the signals that ask this process to stop, instead of stopping."""
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    before = {number: signal.signal(number, note) for number in _SIGNALS}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listens(address: tuple[str, int]) -> bool:
    host, port = address
    try:
        with socket.create_connection((reachable(host), port), timeout=1):
            return True
    except OSError:
        return False


def reachable(host: str) -> str:
    """Return where a server that listens on a host is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - looked at, not bound
