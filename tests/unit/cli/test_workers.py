import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_worker import GPU0, job, recipe, watch

from vtx_dagster.engines.ltx.jobs import Device, Rung
from vtx_dagster.engines.ltx.quarantine import note_failure, quarantine_of
from vtx_dagster.engines.ltx.worker_client import look_at_worker
from vtx_dagster.engines.ltx.worker_lanes import WorkerLanes
from vtx_dagster.engines.ltx.worker_states import kill_worker


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="vtx", dir="/tmp") as name:
        monkeypatch.setenv("VTX_WORKERS_DIR", name)
        monkeypatch.setenv("VTX_GPUS", "0,1")
        yield Path(name)
        kill_worker(Path(name), GPU0)


@pytest.fixture
def lanes(folder, tmp_path) -> Iterator[WorkerLanes]:
    found = WorkerLanes((GPU0,), recipe(folder))
    with found.lane() as lane:
        lane.run(job(tmp_path / "out.mp4"), rung=Rung(name="plain"), watch=watch(tmp_path))
    yield found
    found.close()


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.startswith(" gpu")]


def test_the_list(vtx, studio, folder, lanes):
    at = ("--studio", studio.root)
    with lanes.lane():
        hello = look_at_worker(folder, GPU0)
        busy, free = rows(vtx("workers", "list", *at).stdout)
        shown = vtx("workers", "list", "--json", *at).stdout
    assert hello is not None
    assert busy == ["gpu0", "busy", str(hello["pid"]), "a", "test", "1", "1", str(folder / "gpu0.log")]
    assert free == ["gpu1", "free"]
    gpu0, gpu1 = json.loads(shown)
    assert gpu0["worker"] | {"versions": {}} == {key: hello[key] for key in hello if key != "event"} | {"versions": {}}
    assert gpu1 == {"device": "gpu1", "state": "free", "holder": "", "quarantine": None, "worker": None, "log": None}


def test_quarantine_is_shown_and_ended(vtx, studio, folder):
    for clip in "AAB":
        note_failure(folder, Device(name="gpu1"), clip=clip, reason="it fell over\nand more")
    at = ("--studio", studio.root)
    shown = vtx("workers", "list", *at).stdout
    assert rows(shown)[1] == ["gpu1", "quarantined"]
    line = shown.splitlines()[-1]
    assert line.startswith("gpu1: left out for ")
    assert line.endswith("after 3 failures in a row: it fell over")
    assert json.loads(vtx("workers", "list", "--json", *at).stdout)[1]["quarantine"]["num_failures"] == 3
    assert vtx("workers", "release", *at).stdout.splitlines() == ["gpu0: was not left out", "gpu1: used again"]
    assert quarantine_of(folder, Device(name="gpu1")) is None


def test_stopping(vtx, studio, folder, lanes):
    at = ("--studio", studio.root)
    with lanes.lane():
        busy = vtx("workers", "stop", "gpu0", *at)
    assert busy.exit_code == 1
    assert "gpu0: a test renders there" in busy.stderr
    while json.loads(vtx("workers", "list", "--json", *at).stdout)[0]["state"] != "idle":
        pass
    assert " s " in vtx("workers", "list", *at).stdout, "idle for how long"
    assert vtx("workers", "stop", *at).stdout.splitlines() == ["gpu0: stopped", "gpu1: no worker"]
    assert vtx("workers", "stop", "--now", *at).stdout.splitlines() == ["gpu0: no worker", "gpu1: no worker"]


def test_a_device_that_is_not_there(vtx, studio, folder):
    result = vtx("workers", "release", "gpu7", "--studio", studio.root)
    assert result.exit_code == 1
    assert "there is no device gpu7: choose one of gpu0, gpu1" in result.stderr
