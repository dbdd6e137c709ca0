"""Dagster runs whose clips are rendered by resident workers: killed at any moment, called off, on one device and on two."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

import dagster as dg
import pytest
import tiny_engine
from ltx_interpreter import make_interpreter, make_models
from tiny_worker import GPU0

from vtx_dagster.assets.clips import rendered_clip
from vtx_dagster.engines.choice import media_tool
from vtx_dagster.engines.ffmpeg import find_ffmpeg
from vtx_dagster.engines.ltx.devices import is_held
from vtx_dagster.engines.ltx.worker_client import kill_group, look_at_worker
from vtx_dagster.engines.ltx.worker_states import device_states
from vtx_dagster.studio.project import Project
from vtx_dagster.studio.takes import TakeStore, read_sidecar

CLIPS = tuple(f"A01_S{scene:02d}_SH{number:03d}" for scene in range(1, 6) for number in (10, 20, 30, 40))
NUM_KILLS = 9
SERVERS = Path(tiny_engine.__file__).parent


class Foreman:
    """A process that renders batches, each as a Dagster run in a new process."""

    def __init__(self, process: subprocess.Popen[str], film: Path) -> None:
        self._process = process
        self._film = film

    def start(
        self,
        project: Project,
        folder: Path,
        *,
        nap_s: float = 0.0,
        num_devices: int = 1,
        environ: Mapping[str, str] = MappingProxyType({}),
    ) -> int:
        """Start a run on a project's clips, and return its process; with settings, LTX itself renders."""
        (folder / "dagster").mkdir(exist_ok=True)
        told = {
            "studio": str(project.studio.root),
            "slug": project.slug,
            "film": str(self._film),
            "folder": str(folder),
            "instance": str(folder / "dagster"),
            "nap_s": nap_s,
            "num_devices": num_devices,
            "environ": dict(environ),
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        return int(self._read())

    def ended(self) -> int:
        """Wait for the run and return its exit code."""
        return int(self._read())

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foreman]:
    root = tmp_path_factory.mktemp("works")
    # What a worker renders: 9 frames at 8 fps, as LTX counts, with sound.
    film = root / "film.mp4"
    inputs = [
        "-f",
        "lavfi",
        "-i",
        "testsrc=size=128x72:rate=8:duration=2",
        "-f",
        "lavfi",
        "-i",
        "sine=sample_rate=24000:duration=2",
    ]
    options = ["-frames:v", "9", "-t", "1.125", "-pix_fmt", "yuv420p", "-bf", "0"]
    subprocess.run([find_ffmpeg(None), "-v", "error", *inputs, *options, film], check=True)
    with (
        (root / "log").open("ab") as log,
        subprocess.Popen(
            [sys.executable, tiny_engine.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, "PYTHONPATH": str(SERVERS)},
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", (root / "log").read_text()
        yield Foreman(process, film)
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="vtx", dir="/tmp") as name:
        yield Path(name)
        for state in device_states(Path(name), ()):
            if state.worker is not None:
                kill_group(state.worker["pid"])


def worker_of(folder: Path) -> int | None:
    hello = look_at_worker(folder, GPU0)
    return hello["pid"] if hello else None


def processes_of(folder: Path) -> list[int]:
    """Return the workers that were started for a folder and are not gone."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes()
                if b"launcher.py" in words and str(folder).encode() in words:
                    found.append(int(entry.name))
    return found


def until(condition: Callable[[], bool], limit_s: float = 10.0) -> float:
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < limit_s
        time.sleep(0.02)
    return time.monotonic() - started


def takes_of(project: Project) -> dict[Path, int]:
    """Check every take, and return the inode of each."""
    media = media_tool(project.settings())
    found: dict[Path, int] = {}
    for clip in CLIPS:
        for take in TakeStore(project).takes(clip):
            record = read_sidecar(take.sidecar_path)
            assert hashlib.sha256(take.path.read_bytes()).hexdigest() == record.sha256
            media.verify(take.path, record.plan)
            found[take.path] = take.path.stat().st_ino
    return found


def reported(folder: Path) -> set[str]:
    with dg.DagsterInstance.local_temp(str(folder / "dagster")) as instance:
        return set(instance.get_materialized_partitions(rendered_clip.key))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_killed_at_any_moment_every_clip_is_rendered_once(make_project, write_clip, works, folder, tmp_path) -> None:
    project = make_project(clips=(), render={"profile": "small"})
    for clip in CLIPS:
        write_clip(project, clip, pipeline="distilled", prompt="A tram in the rain %sleep:0.1%")
    environ = {
        **make_models(tmp_path),
        "VTX_LTX_PYTHON": str(make_interpreter(tmp_path)),
        "VTX_WORKERS_DIR": str(folder),
        "VTX_GPUS": "0",
        "VTX_WORKER_IDLE_S": "1",
    }
    chance = random.Random(4)
    finished: dict[Path, int] = {}
    killed = {"run": 0, "worker": 0, "both": 0}
    for number in range(NUM_KILLS):
        run = works.start(project, folder, environ=environ)
        # The first ones at any moment of the start; the others when a clip was rendered, or the device would be given up.
        num_jobs = 0 if number < len(killed) else 1
        until(lambda: (look_at_worker(folder, GPU0) or {"num_jobs": -1})["num_jobs"] >= num_jobs, limit_s=30)  # noqa: B023 - called at once
        time.sleep(chance.uniform(0.0, 0.5))
        what = tuple(killed)[number % 3]
        worker = worker_of(folder)
        if what != "worker":
            os.kill(run, signal.SIGKILL)
        if what != "run" and worker is not None:
            kill_group(worker)
        if what == "worker":
            time.sleep(chance.uniform(0.1, 0.4))  # the run goes on with another one
            os.kill(run, signal.SIGKILL)
        killed[what] += 1
        assert works.ended() == -signal.SIGKILL
        takes = takes_of(project)
        assert {path: takes.get(path) for path in finished} == finished, "a finished take was made again"
        finished = takes
    assert min(killed.values()) == 3
    assert 0 < len(finished) < len(CLIPS), "the last run has something to do, too"
    works.start(project, folder, environ=environ)
    assert works.ended() == 0
    takes = takes_of(project)
    assert {path: takes[path] for path in finished} == finished
    assert len(takes) == len(CLIPS), "each clip once"
    sidecars = [take.sidecar_path for clip in CLIPS for take in TakeStore(project).takes(clip)]
    assert {read_sidecar(path).plan.engine.name for path in sidecars} == {"ltx"}
    assert reported(folder) == {f"film/{clip}" for clip in CLIPS}
    until(lambda: not processes_of(folder), limit_s=5)
    # A process that ends has no command line any more a moment before the kernel lets go of its locks.
    until(lambda: not is_held(folder, GPU0), limit_s=1)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, id="cancelled"), pytest.param(signal.SIGKILL, id="killed")])
def test_a_run_that_ends_frees_its_device(make_project, works, folder, number) -> None:
    project = make_project(clips=CLIPS[:2])
    run = works.start(project, folder, nap_s=60)
    until(lambda: bool((look_at_worker(folder, GPU0) or {}).get("clip")))
    worker = worker_of(folder)
    os.kill(run, number)
    assert until(lambda: not is_held(folder, GPU0)) < 5
    assert worker not in processes_of(folder)
    assert works.ended() != 0


def test_two_devices_take_about_half_the_time(make_project, works, folder) -> None:
    took_s: list[float] = []
    for num_devices in (1, 2):
        project = make_project(f"film{num_devices}", clips=CLIPS[:10])
        works.start(project, folder, nap_s=0.7, num_devices=num_devices)
        assert works.ended() == 0
        # From the first clip on: the start of a run takes as long as it does, whatever the number of devices.
        records = [read_sidecar(path.with_suffix(".render.json")) for path in takes_of(project)]
        assert len(records) == 10
        first, last = min(record.started_at for record in records), max(record.finished_at for record in records)
        took_s.append((datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds())
    assert took_s[1] / took_s[0] < 0.75, took_s
