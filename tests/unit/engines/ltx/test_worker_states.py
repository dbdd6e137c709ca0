import os
import signal
import socket
import threading
import time

import pytest
from tiny_worker import GPU0, GPU1, job, recipe, watch

from vtx_dagster.core.errors import BusyError
from vtx_dagster.engines.ltx import worker_client, worker_states
from vtx_dagster.engines.ltx.devices import hold_device, lock_path
from vtx_dagster.engines.ltx.jobs import Device, Rung
from vtx_dagster.engines.ltx.quarantine import note_failure
from vtx_dagster.engines.ltx.worker_client import kill_group, look_at_worker, peer_of
from vtx_dagster.engines.ltx.worker_lanes import WorkerLanes
from vtx_dagster.engines.ltx.worker_states import device_states, kill_worker, stop_worker


@pytest.fixture
def lanes(folder, tmp_path):
    found = WorkerLanes((GPU0,), recipe(folder))
    with found.lane() as lane:
        lane.run(job(tmp_path / "out.mp4"), rung=Rung(name="plain"), watch=watch(tmp_path))
    yield found
    found.close()


def states(folder, *devices: Device) -> list[tuple[str, str, str]]:
    return [(found.device.name, found.state, found.holder) for found in device_states(folder, devices)]


def test_who_has_which_device(folder, lanes):
    with lanes.lane(), hold_device((GPU1,), folder=folder, what="ltx_cli of my_film"):
        assert states(folder, GPU1, Device(name="gpu2")) == [
            ("gpu1", "in use", "ltx_cli of my_film"),
            ("gpu2", "free", ""),
            ("gpu0", "busy", "a test"),
        ]
        lock_path(folder, GPU1).write_text("{")
        assert states(folder, GPU1)[0] == ("gpu1", "in use", "another process")
    wait_until_idle(folder)
    for clip in "AAB":
        note_failure(folder, GPU0, clip=clip, reason="lost")
    found = next(device_states(folder, (GPU0,)))
    assert (found.state, found.holder, found.log) == ("idle", "", folder / "gpu0.log")
    assert found.worker is not None
    assert found.worker["num_jobs"] == 1
    assert found.quarantine is not None


def wait_until_idle(folder) -> None:
    deadline = time.monotonic() + 5
    while states(folder, GPU0)[0][1] != "idle":
        assert time.monotonic() < deadline


def test_only_idle_workers_are_stopped(folder, lanes):
    told = "gpu0: a test renders there: stop that first, or kill the worker with --now"
    with lanes.lane(), pytest.raises(BusyError, match=told):
        stop_worker(folder, GPU0)
    wait_until_idle(folder)
    assert stop_worker(folder, GPU0)
    assert states(folder, GPU0) == [("gpu0", "free", "")]
    assert not stop_worker(folder, GPU0)
    with hold_device((GPU0,), folder=folder, what="ltx_cli"):
        assert not stop_worker(folder, GPU0)


@pytest.mark.parametrize("is_hung", [pytest.param(False, id="busy"), pytest.param(True, id="hung")])
def test_any_worker_can_be_killed(folder, lanes, is_hung, monkeypatch):
    monkeypatch.setattr(worker_client, "ANSWER_S", 0.3)
    hello = look_at_worker(folder, GPU0)
    assert hello is not None
    if is_hung:
        os.kill(hello["pid"], signal.SIGSTOP)
    lanes.close()
    assert kill_worker(folder, GPU0)
    assert states(folder, GPU0) == [("gpu0", "free", "")]
    assert not kill_worker(folder, GPU0)


def test_a_device_that_does_not_get_free(folder, lanes, monkeypatch):
    monkeypatch.setattr(worker_states, "GONE_S", 0.1)
    with lanes.lane(), pytest.raises(BusyError, match=r"gpu0: still in use 0\.1 s after"):
        kill_worker(folder, GPU0)  # the lease of the client holds it


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"what\n", id="junk"),
        pytest.param(b'{"event":"hello","protocol":2,"pid":1}\n', id="another version"),
        pytest.param(b'{"event":"hello","protocol":1,"pid":1}\n', id="of another process"),
        pytest.param(b"", id="gone"),
    ],
)
def test_what_is_no_worker_of_this_version(folder, answer):
    """Nobody is killed on the word of a stranger."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "gpu0.sock"))
        listener.listen()
        listener.settimeout(5)

        def serve() -> None:
            for _ in range(2):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(100)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        assert not kill_worker(folder, GPU0)
        thread.join()
    (folder / "gpu0.sock").unlink()


def test_where_the_kernel_tells_less(monkeypatch):
    one, two = socket.socketpair()
    with one, two:
        assert peer_of(one) == os.getpid()
        monkeypatch.delattr(socket, "SO_PEERCRED")
        assert peer_of(one) is None
    monkeypatch.delattr(os, "pidfd_open")
    assert worker_client._has_ended(os.getpid(), 0.0)


def test_only_leaders_of_groups_are_killed(monkeypatch):
    killed: list[int] = []
    monkeypatch.setattr(os, "getpgid", lambda pid: 1)
    monkeypatch.setattr(os, "killpg", lambda group, number: killed.append(group))
    kill_group(4711)
    assert killed == []
