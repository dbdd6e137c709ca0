import json
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from vtx_dagster.engines.ltx.worker import server as server_module
from vtx_dagster.engines.ltx.worker.device_lock import try_lock
from vtx_dagster.engines.ltx.worker.jobs import JobError, WorkerConfig
from vtx_dagster.engines.ltx.worker.protocol import Channel, ClosedError, Message, connect
from vtx_dagster.engines.ltx.worker.server import Server, kill_own_group


class Told:
    """Jobs that do what the request says."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def versions(self) -> dict[str, str]:
        return {"told": "1.0"}

    def run(self, request: Any, output: str, say: Callable[[str], None]) -> dict[str, Any]:
        say(f"to {output}")
        if "kind" in request:
            raise JobError(request["kind"], "it went wrong", exit_code=3)
        if request.get("wait"):
            assert self.go_on.wait(10)
        return {"model_loads": 1, "peak_memory_bytes": 5, "asked": request["options"]}


class Running:
    """A server in a thread of this process."""

    def __init__(self, folder: Path, *, idle_s: float) -> None:
        self.folder = folder
        self.jobs = Told()
        self.killed = 0
        self._channels: list[Channel] = []
        lock = try_lock(str(folder / "gpu0.lock"))
        assert lock is not None
        self._lock = lock
        ours, theirs = socket.socketpair()
        self.first = Channel(ours, accepts_descriptor=True)
        config = WorkerConfig(
            folder=str(folder),
            device="gpu0",
            backend="ltx",
            config_key="k",
            idle_s=idle_s,
            lock_descriptor=self._lock,
            client_descriptor=theirs.detach(),
            owner="run 0",
            log=str(folder / "gpu0.log"),
        )
        self.thread = threading.Thread(target=Server(config, self.jobs, kill=self._kill).serve)
        self.thread.start()
        self._channels.append(self.first)

    def _kill(self) -> None:
        self.killed += 1

    @property
    def socket(self) -> Path:
        return self.folder / "gpu0.sock"

    def client(self) -> Channel:
        deadline = time.monotonic() + 5
        while (connection := connect(str(self.socket))) is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        self._channels.append(Channel(connection, accepts_descriptor=True))
        return self._channels[-1]

    def end(self) -> None:
        self.jobs.go_on.set()
        for channel in self._channels:
            channel.close()
        deadline = time.monotonic() + 10
        while self.thread.is_alive():
            assert time.monotonic() < deadline
            # It may still be at a job whose client is gone, or end while it is asked.
            connection = connect(str(self.socket))
            if connection is not None:
                with suppress(ClosedError):
                    ask(Channel(connection), "retire")
                connection.close()
            self.thread.join(0.05)
        os.close(self._lock)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="vtx") as folder:  # pytest's own are too long for a socket
        yield Path(folder)


@pytest.fixture
def worker(folder: Path) -> Iterator[Running]:
    found = Running(folder, idle_s=60)
    assert ask(found.first, "hello")["owner"] == "run 0", "who started it has the first lease"
    ask(found.first, "release")
    yield found
    found.end()


def ask(channel: Channel, op: str, **more: Any) -> Message:
    channel.send({"op": op, **more})
    return answer(channel)


def answer(channel: Channel) -> Message:
    message = channel.receive(5)
    assert message is not None
    return message


def begin(channel: Channel, number: int = 1, **request: Any) -> None:
    asked = {"options": {"--offload": "cpu"}, **request}
    channel.send({"op": "job", "id": number, "clip": "A01", "backend": "ltx", "request": asked, "output": "out.mp4"})


def ending(channel: Channel) -> list[Message]:
    found = [answer(channel)]
    while found[-1]["event"] not in ("done", "failed"):
        found.append(answer(channel))
    return found


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_client_leases_renders_and_leaves(worker):
    client = worker.client()
    hello = ask(client, "hello")
    assert hello | {"idle_s": 0} == {
        "event": "hello",
        "protocol": 1,
        "pid": os.getpid(),
        "device": "gpu0",
        "backend": "ltx",
        "config_key": "k",
        "versions": {"told": "1.0"},
        "state": "idle",
        "owner": "",
        "clip": "",
        "model_loads": 0,
        "peak_memory_bytes": 0,
        "num_jobs": 0,
        "idle_s": 0,
        "log": str(worker.folder / "gpu0.log"),
    }
    assert worker.socket.stat().st_mode & 0o777 == 0o600
    assert json.loads((worker.folder / "gpu0.lock").read_text())["what"] == "worker (ltx)"
    assert ask(client, "lease", owner="run 1") == {"event": "leased"}
    descriptor = client.take_descriptor()
    assert descriptor is not None
    assert os.fstat(descriptor).st_ino == (worker.folder / "gpu0.lock").stat().st_ino
    os.close(descriptor)
    begin(client)
    line, done = ending(client)
    assert line == {"event": "line", "text": "to out.mp4", "id": 1}
    assert done | {"seconds": 0} == {
        "event": "done",
        "model_loads": 1,
        "peak_memory_bytes": 5,
        "facts": {"asked": {"--offload": "cpu"}},
        "id": 1,
        "seconds": 0,
    }
    hello = ask(client, "hello")
    assert [hello[key] for key in ("state", "owner", "clip", "model_loads", "num_jobs", "idle_s")] == [
        "busy",
        "run 1",
        "",
        1,
        1,
        0,
    ]
    assert ask(client, "release") == {"event": "released"}
    assert ask(client, "hello")["state"] == "idle"
    assert worker.killed == 0


def test_what_is_printed_is_told_and_heartbeats_are_sent(worker, monkeypatch):
    monkeypatch.setattr(server_module, "HEARTBEAT_S", 0.02)
    client = worker.client()
    ask(client, "lease", owner="run 1")
    begin(client, wait=True)
    assert answer(client)["text"] == "to out.mp4"
    assert answer(client) == {"event": "heartbeat", "id": 1}
    (worker.folder / "gpu0.log").write_text("step 1/2\r")
    worker.jobs.go_on.set()
    assert {"event": "line", "text": "step 1/2", "id": 1} in ending(client)


@pytest.mark.parametrize("kind", ["oom", "error", "exit", "storage"])
def test_a_failed_job_has_a_reason_and_the_worker_lives(worker, kind):
    client = worker.client()
    ask(client, "lease", owner="run 1")
    (worker.folder / "gpu0.log").write_text("earlier\n")
    begin(client, kind=kind)
    failed = ending(client)[-1]
    expected = {"event": "failed", "kind": kind, "message": "it went wrong", "exit_code": 3, "tail": "", "id": 1, "seconds": 0}
    assert failed | {"seconds": 0} == expected
    begin(client, 2)
    assert ending(client)[-1]["event"] == "done"


def test_a_worker_that_is_lost_ends(worker):
    client = worker.client()
    ask(client, "lease", owner="run 1")
    begin(client, kind="lost")
    assert ending(client)[-1]["kind"] == "lost"
    worker.thread.join(5)
    assert not worker.thread.is_alive()
    assert not worker.socket.exists()


def test_one_lease_at_a_time(worker):
    one, two = worker.client(), worker.client()
    ask(one, "lease", owner="run 1")
    assert ask(two, "lease", owner="run 2") == {"event": "busy", "owner": "run 1", "clip": ""}
    assert ask(two, "retire") == {"event": "busy", "owner": "run 1", "clip": ""}
    assert ask(two, "release") == {"event": "released"}, "of nothing"
    begin(one, wait=True)
    wait_for(lambda: ask(two, "hello")["clip"] == "A01")
    one.send({"op": "retire"})
    assert {"event": "busy", "owner": "run 1", "clip": "A01"} in (answer(one), answer(one)), "not while it renders"
    worker.jobs.go_on.set()
    ending(one)
    assert ask(one, "lease", owner="run 1 again") == {"event": "leased"}
    ask(one, "release")
    assert ask(two, "lease", owner="run 2") == {"event": "leased"}


def test_the_end_of_its_client_during_a_job_kills_the_group(worker):
    client = worker.client()
    ask(client, "lease", owner="run 1")
    begin(client, wait=True)
    wait_for(lambda: ask(worker.client(), "hello")["clip"] == "A01")
    client.close()
    wait_for(lambda: worker.killed == 1)


def test_the_end_of_its_client_between_jobs_frees_it(worker):
    client = worker.client()
    ask(client, "lease", owner="run 1")
    client.close()
    other = worker.client()
    wait_for(lambda: ask(other, "hello")["state"] == "idle")
    assert worker.killed == 0


@pytest.mark.parametrize(
    "junk",
    [
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="no JSON"),
        pytest.param(b'{"op":"format"}\n', id="no op of the protocol"),
        pytest.param(b'{"op":"lease","owner":7}\n', id="wrong type"),
        pytest.param(b'{"op":"job","id":1,"clip":"","backend":"ltx","request":{},"output":""}\n', id="no lease"),
    ],
)
def test_junk_ends_that_connection_only(worker, junk):
    good = worker.client()
    ask(good, "lease", owner="run 1")
    with socket.socket(socket.AF_UNIX) as bad:
        bad.connect(str(worker.socket))
        bad.sendall(junk)
        bad.settimeout(5)
        assert bad.recv(100) == b""
    begin(good)
    assert ending(good)[-1]["event"] == "done"


def test_a_second_job_or_one_of_another_kind_is_junk(worker):
    client = worker.client()
    ask(client, "lease", owner="run 1")
    client.send({"op": "job", "id": 1, "clip": "", "backend": "diffusers", "request": {}, "output": ""})
    with pytest.raises(ClosedError):
        client.receive(5)


def test_it_ends_when_nobody_needed_it_for_long_enough(folder):
    worker = Running(folder, idle_s=0)
    client = worker.first
    begin(client)
    ending(client)
    time.sleep(0.3)
    assert worker.thread.is_alive(), "not while it is leased"
    ask(client, "release")
    worker.thread.join(1)
    assert not worker.thread.is_alive()
    assert not worker.socket.exists()
    worker.end()


def test_nobody_leases_a_worker_that_is_about_to_end(worker):
    """Two clients that talk to it in the same moment."""
    one, two = worker.client(), worker.client()
    ask(one, "hello")
    ask(two, "hello")
    assert ask(one, "retire") == {"event": "retiring"}
    with suppress(ClosedError):  # it may be gone already
        assert ask(two, "lease", owner="run 2")["event"] == "busy"


def test_the_group_that_is_killed_is_its_own(monkeypatch):
    calls: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "killpg", lambda group, number: calls.append((group, number)))
    kill_own_group()
    assert calls == [(os.getpgid(0), 9)]
