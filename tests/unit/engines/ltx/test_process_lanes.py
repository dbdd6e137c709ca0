from dataclasses import replace
from pathlib import Path

import pytest

from vtx_dagster.core.errors import EngineLostError, OutOfMemoryError, StorageError
from vtx_dagster.engines.ltx import process_lanes
from vtx_dagster.engines.ltx.jobs import Device, Job, Rung, Watch
from vtx_dagster.engines.ltx.process_lanes import ProcessLanes
from vtx_dagster.engines.ltx.quarantine import note_failure, quarantine_of

JOB = Job(clip="A01_S01_SH001", backend="ltx", request={"module": "ltx_pipelines.distilled", "argv": []}, output=Path("none"))


def lanes(folder: Path, script: str, *devices: str) -> ProcessLanes:
    python = folder / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    found = tuple(Device(name=name, visible="0") for name in devices or ("gpu0",))
    return ProcessLanes(devices=found, python=python, folder=folder, env={"PATH": "/usr/bin:/bin"})


def run(asked: ProcessLanes, tmp_path: Path, *, clip: str = JOB.clip) -> None:
    with asked.lane() as lane:
        lane.run(replace(JOB, clip=clip), rung=Rung(name="as configured"), watch=Watch(log=tmp_path / "log.txt", timeout_s=20))


def test_a_kill_of_the_kernel_is_want_of_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kills = iter((1, 2))
    monkeypatch.setattr(process_lanes, "host_kills", lambda: next(kills))
    with pytest.raises(OutOfMemoryError, match="the kernel killed LTX because the computer has too little memory"):
        run(lanes(tmp_path, "kill -9 $$"), tmp_path)


def test_an_interpreter_that_cannot_be_started_is_a_lost_engine(tmp_path: Path) -> None:
    asked = lanes(tmp_path, "")
    asked.python.unlink()
    with pytest.raises(EngineLostError, match="the program is not there"):
        run(asked, tmp_path)


@pytest.mark.parametrize(
    "words",
    [
        "torch.AcceleratorError: CUDA error: unspecified launch failure",
        "RuntimeError: No CUDA GPUs are available",
        "ImportError: libcudart.so.13: cannot open shared object file: No such file or directory",
    ],
)
def test_a_broken_device_or_installation_is_not_charged_to_clips(tmp_path: Path, words: str) -> None:
    asked = lanes(tmp_path, f"echo '{words}' >&2; exit 1")
    for clip in ("A", "B", "C"):
        with pytest.raises(EngineLostError, match=words):
            run(asked, tmp_path, clip=clip)
    assert quarantine_of(tmp_path, asked.devices[0]) is not None


def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    words = "OSError: [Errno 28] No space left on device"
    with pytest.raises(StorageError, match=r"A01_S01_SH001: OSError: \[Errno 28\] No space left on device: make room"):
        run(lanes(tmp_path, f"echo '{words}' >&2; exit 1"), tmp_path)
    assert not list(tmp_path.glob("*.failures.json"))


def test_the_last_words_may_be_none(tmp_path: Path) -> None:
    with pytest.raises(process_lanes.RenderError, match="LTX failed with exit code 3: it printed nothing; see the log"):
        run(lanes(tmp_path, "exit 3"), tmp_path)


def test_devices_in_quarantine_are_left_out_and_others_forgiven(tmp_path: Path) -> None:
    asked = lanes(tmp_path, "exit 3", "gpu0", "gpu1")
    for clip in ("A", "B", "C"):
        note_failure(tmp_path, asked.devices[0], clip=clip, reason="lost")
    note_failure(tmp_path, asked.devices[1], clip="A", reason="lost")
    assert quarantine_of(tmp_path, asked.devices[0]) is not None
    with asked.lane() as lane:
        assert lane.device.name == "gpu1"
    with pytest.raises(process_lanes.RenderError):
        run(asked, tmp_path)
    for clip in ("B", "C"):
        note_failure(tmp_path, asked.devices[1], clip=clip, reason="lost")
    assert quarantine_of(tmp_path, asked.devices[1]) is None
    asked.close()
