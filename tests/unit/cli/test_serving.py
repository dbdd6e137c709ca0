import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from vtx_dagster.cli import serving
from vtx_dagster.cli.serving import serve
from vtx_dagster.core.errors import BusyError, ProcessError

SERVER = """
import os, signal, socket, subprocess, sys, time
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    open(sys.argv[3], "w").write(f"{os.getpid()} {child.pid}")
    while True:
        server.accept()[0].close()
"""


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    return number


def is_alive(pid: int) -> bool:
    """Say whether a process is there and is no zombie; one that was just killed has a moment to go."""
    for _ in range(100):
        try:
            status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):
            return False
        if status.rpartition(")")[2].split()[0] == "Z":
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize(
    ("manner", "number"),
    [("polite", signal.SIGINT), ("polite", signal.SIGTERM), ("polite", signal.SIGHUP), ("stubborn", signal.SIGTERM)],
    ids=["Ctrl-C", "SIGTERM", "SIGHUP", "server that does not stop"],
)
def test_a_signal_ends_the_server_and_all_that_it_started(tmp_path, port, monkeypatch, manner, number):
    monkeypatch.setattr(serving, "GRACE_S", 0.3)
    before = signal.getsignal(number)
    command = [sys.executable, "-c", SERVER, str(port), manner, str(tmp_path / "pids")]
    seen = []

    def ready() -> None:
        seen.extend(int(pid) for pid in (tmp_path / "pids").read_text().split())
        signal.raise_signal(number)

    serve(command, dict(os.environ), address=("127.0.0.1", port), on_ready=ready)
    assert len(seen) == 2
    assert not any(is_alive(pid) for pid in seen)
    assert signal.getsignal(number) == before


def test_what_it_does_is_ended_before_the_server(tmp_path, port):
    command = [sys.executable, "-c", SERVER, str(port), "polite", str(tmp_path / "pids")]
    seen = []

    def stop(is_impatient) -> None:
        (pid, _) = (int(pid) for pid in (tmp_path / "pids").read_text().split())
        seen.append((is_alive(pid), is_impatient()))
        signal.raise_signal(signal.SIGINT)
        seen.append((is_alive(pid), is_impatient()))

    def ready() -> None:
        signal.raise_signal(signal.SIGINT)

    serve(command, dict(os.environ), address=("127.0.0.1", port), on_ready=ready, on_stop=stop)
    assert seen == [(True, False), (True, True)]


def test_a_server_that_ends_by_itself_is_an_error(port):
    with pytest.raises(ProcessError, match="exit code 3"):
        serve([sys.executable, "-c", "raise SystemExit(3)"], {}, address=("0.0.0.0", port), on_ready=lambda: None)


def test_a_port_in_use_is_an_error_before_anything_starts():
    with socket.create_server(("127.0.0.1", 0)) as other:
        number = other.getsockname()[1]
        with pytest.raises(BusyError, match=f"127.0.0.1:{number} is in use.*--port {number + 1}"):
            serve(["/nowhere"], {}, address=("127.0.0.1", number), on_ready=lambda: None)


def test_a_second_signal_ends_a_stubborn_server_at_once(tmp_path, port):
    command = [sys.executable, "-c", SERVER, str(port), "stubborn", str(tmp_path / "pids")]

    def ready() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    started = time.monotonic()
    serve(command, dict(os.environ), address=("127.0.0.1", port), on_ready=ready)
    assert time.monotonic() - started < serving.GRACE_S
    assert not any(is_alive(int(pid)) for pid in (tmp_path / "pids").read_text(encoding="utf-8").split())
