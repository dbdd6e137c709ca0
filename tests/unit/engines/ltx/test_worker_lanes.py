import itertools
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import pytest
from tiny_worker import GPU0, GPU1, job, recipe, watch

from vtx_dagster.core.errors import CancelledError, EngineLostError, OutOfMemoryError, RenderError, StorageError
from vtx_dagster.engines.ltx import devices, worker_client, worker_lanes
from vtx_dagster.engines.ltx.devices import ask_to_retire, hold_device, is_held, socket_path
from vtx_dagster.engines.ltx.jobs import JobResult, Rung
from vtx_dagster.engines.ltx.quarantine import quarantine_of
from vtx_dagster.engines.ltx.worker_client import look_at_worker, silent_worker
from vtx_dagster.engines.ltx.worker_lanes import WorkerLanes

PLAIN = Rung(name="as configured")


@pytest.fixture
def make_lanes(folder: Path) -> Iterator[Callable[..., WorkerLanes]]:
    with ExitStack() as stack:

        def make(*devices: Any, **changes: Any) -> WorkerLanes:
            """Return lanes; they are closed at the end of the test."""
            lanes = WorkerLanes(devices or (GPU0,), recipe(folder, **changes))
            stack.callback(lanes.close)
            return lanes

        yield make


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], str]:
    """Make a program that passes for a Python and does something else."""

    def make(script: str) -> str:
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return make


def render(
    lanes: WorkerLanes, output: Path, *do: str, rung: Rung = PLAIN, clip: str = "A01_S01_SH010", **watched: Any
) -> JobResult:
    with lanes.lane() as lane:
        return lane.run(job(output, *do, clip=clip), rung=rung, watch=watch(output.parent, **watched))


def pid_of(folder: Path, device=GPU0) -> int:
    hello = look_at_worker(folder, device)
    assert hello is not None
    return hello["pid"]


def is_running(pid: int) -> bool:
    """Say whether any thread of a process runs; one that has ended may still wait for its parent to take note."""
    return not worker_client._has_ended(pid, 0.0)


def until(condition: Callable[[], bool], limit_s: float = 5.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_clips_and_runs_share_one_load(folder, make_lanes, tmp_path):
    output = tmp_path / "out.mp4"
    lines: list[str] = []
    lanes = make_lanes(secrets=("sesame", ""))
    assert lanes.devices == (GPU0,)
    first = render(lanes, output, "write", "env:CUDA_VISIBLE_DEVICES", clip="A sesame", on_line=lines.append)
    assert first == JobResult(model_loads=1, facts={"peak_memory_bytes": None, "versions": first.facts["versions"]})
    assert lines == ["Building transformer from ", "step 1/2", "step 2/2 A ***", "from C é", "env CUDA_VISIBLE_DEVICES=0"]
    assert output.read_text().startswith("A sesame by DEFER")
    pid = pid_of(folder)
    assert render(lanes, output).model_loads == 0
    log = (tmp_path / "clip.log.txt").read_text()
    assert log.startswith(f"$ worker {pid} on gpu0: " + '{"module": "ltx_pipelines.tiny", "argv": ["--prompt=A ***"')
    assert "sesame" not in log
    lanes.close()
    lanes.close()
    assert is_held(folder, GPU0), "by the worker"
    assert render(make_lanes(), output).model_loads == 0
    assert pid_of(folder) == pid
    assert os.getpgid(pid) == os.getsid(pid) == pid


def test_an_overhead_of_milliseconds(make_lanes, tmp_path):
    lanes = make_lanes()
    render(lanes, tmp_path / "out.mp4")
    started = time.monotonic()
    for _ in range(20):
        render(lanes, tmp_path / "out.mp4")
    assert (time.monotonic() - started) / 20 < 0.02


@pytest.mark.parametrize(
    ("do", "error", "message"),
    [
        pytest.param("oom", OutOfMemoryError, "CUDA out of memory", id="memory"),
        pytest.param("fail:shape", RenderError, "^RuntimeError: shape; see the log$", id="error"),
        pytest.param("exit:3", RenderError, "^it ended with exit code 3: step 2/2 A01_S01_SH010; see the log$", id="exit"),
        pytest.param("full", StorageError, "No space left", id="disk"),
    ],
)
def test_failures_of_a_job_leave_the_worker(folder, make_lanes, tmp_path, do, error, message):
    lanes = make_lanes()
    render(lanes, tmp_path / "out.mp4")
    pid = pid_of(folder)
    with pytest.raises(error, match=f"(?s){message}") as failure:
        render(lanes, tmp_path / "out.mp4", do)
    assert type(failure.value) is error
    assert failure.value.details["device"] == "gpu0"
    render(lanes, tmp_path / "out.mp4")
    assert pid_of(folder) == pid


@pytest.mark.parametrize(
    ("do", "message"),
    [
        pytest.param(
            "crash",
            r"ended while it rendered \(killed by SIGSEGV\): Fatal Python error: Segmentation fault; see .*gpu0.log$",
            id="crash",
        ),
        pytest.param("fail:CUDA error: unspecified launch failure", "CUDA error", id="broken device"),
        pytest.param("hang:30", "gave no sign of life for 1 s", id="hang in C code"),
    ],
)
def test_a_lost_worker_is_started_again(folder, make_lanes, tmp_path, do, message):
    lanes = make_lanes(silence_s=1.0 if do.startswith("hang") else 20.0)
    render(lanes, tmp_path / "out.mp4")
    pid = pid_of(folder)
    with lanes.lane() as lane:
        with pytest.raises(EngineLostError, match=f"(?s){message}") as failure:
            lane.run(job(tmp_path / "out.mp4", do), rung=PLAIN, watch=watch(tmp_path))
        assert is_held(folder, GPU0), "nobody else takes the device before the clip is given up"
    assert failure.value.retryable
    assert not is_running(pid)
    assert render(lanes, tmp_path / "out.mp4").model_loads == 1


def test_a_worker_that_the_kernel_killed_had_too_little_memory(folder, make_lanes, tmp_path, monkeypatch):
    kills = iter((4, 5))
    monkeypatch.setattr(worker_lanes, "host_kills", lambda: next(kills))
    with pytest.raises(OutOfMemoryError, match="the kernel killed the worker"):
        render(make_lanes(), tmp_path / "out.mp4", "kill")
    assert not (folder / "gpu0.failures.json").exists()


def test_what_the_kernel_kills_elsewhere_is_no_want_of_memory_here(make_lanes, tmp_path, monkeypatch):
    kills = itertools.count()
    monkeypatch.setattr(worker_lanes, "host_kills", lambda: next(kills))
    with pytest.raises(EngineLostError, match=r"ended while it rendered \(killed by SIGSEGV\)"):
        render(make_lanes(), tmp_path / "out.mp4", "crash")


def test_of_a_worker_of_another_run_it_is_not_known_how_it_ended(make_lanes, tmp_path):
    first = make_lanes()
    render(first, tmp_path / "out.mp4")
    first.close()
    with pytest.raises(EngineLostError, match="ended while it rendered: step 2/2 A01_S01_SH010; see "):
        render(make_lanes(), tmp_path / "out.mp4", "kill")


def test_a_worker_that_was_killed_between_clips_is_no_loss(folder, make_lanes, tmp_path):
    lanes = make_lanes()
    render(lanes, tmp_path / "out.mp4")
    pid = pid_of(folder)
    os.killpg(pid, signal.SIGKILL)
    until(lambda: not is_running(pid))
    assert render(lanes, tmp_path / "out.mp4").model_loads == 1
    assert not (folder / "gpu0.failures.json").exists()


def stop_by(how: str, since: float) -> dict[str, Any]:
    def interrupt(line: str) -> None:
        raise KeyboardInterrupt

    return {
        "cancel": {"cancelled": lambda: time.monotonic() - since > 0.4},
        "interrupt": {"on_line": interrupt},
        "limit": {"timeout_s": 0.4},
        "log": {"log": Path("/none/clip.log.txt")},
    }[how]


@pytest.mark.parametrize(
    ("how", "error"),
    [
        pytest.param("cancel", CancelledError, id="called off"),
        pytest.param("interrupt", KeyboardInterrupt, id="interrupt"),
        pytest.param("limit", RenderError, id="limit"),
        pytest.param("log", StorageError, id="log"),
    ],
)
def test_whatever_ends_a_job_ends_its_processes(folder, make_lanes, tmp_path, how, error):
    lanes = make_lanes()
    render(lanes, tmp_path / "out.mp4")
    pid = pid_of(folder)
    started = time.monotonic()
    with pytest.raises(error):
        render(lanes, tmp_path / "out.mp4", "sleep:30", **stop_by(how, started))
    assert time.monotonic() - started < 2
    assert not is_running(pid)
    assert not (folder / "gpu0.failures.json").exists(), "the device is not to blame"
    assert render(lanes, tmp_path / "out.mp4").model_loads == 1


def test_a_rung_with_an_environment_has_a_worker_of_its_own(folder, make_lanes, tmp_path):
    lanes = make_lanes()
    render(lanes, tmp_path / "out.mp4")
    pid = pid_of(folder)
    lines: list[str] = []
    rung = Rung(name="allocator", env={"TINY": "1"}, options={"--offload": "cpu"})
    assert render(lanes, tmp_path / "out.mp4", "env:TINY", rung=rung, on_line=lines.append).model_loads == 1
    assert "env TINY=1" in lines
    assert not is_running(pid)
    pid = pid_of(folder)
    lanes.close()
    assert render(make_lanes(config_key="another"), tmp_path / "out.mp4").model_loads == 1
    assert not is_running(pid), "of another configuration"


def test_two_clips_at_once_on_two_devices(folder, make_lanes, tmp_path):
    lanes = make_lanes(GPU0, GPU1)
    used: list[str] = []

    def go(number: int) -> None:
        with lanes.lane() as lane:
            lane.run(job(tmp_path / f"{number}.mp4", "sleep:0.3"), rung=PLAIN, watch=watch(tmp_path))
            used.append(lane.device.name)

    threads = [threading.Thread(target=go, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(used) == ["gpu0", "gpu0", "gpu1", "gpu1"]
    assert pid_of(folder, GPU0) != pid_of(folder, GPU1)


def test_a_device_with_models_on_it_comes_first(folder, make_lanes, tmp_path):
    one = make_lanes(GPU1)
    render(one, tmp_path / "out.mp4")
    one.close()
    two = make_lanes(GPU0, GPU1)
    assert render(two, tmp_path / "out.mp4").model_loads == 0
    with two.lane() as lane:
        assert lane.device == GPU1
    assert not is_held(folder, GPU0)


def test_a_device_of_another_run_is_waited_for(folder, make_lanes, tmp_path):
    one = make_lanes()
    render(one, tmp_path / "out.mp4")
    other_run = ExitStack()
    other_run.enter_context(one.lane())
    started = time.monotonic()
    with (
        pytest.raises(CancelledError, match="waited for gpu0"),
        make_lanes().lane(cancelled=lambda: time.monotonic() - started > 0.5),
    ):
        pass
    threading.Timer(0.3, other_run.close).start()
    two = make_lanes(owner="run 2")
    with two.lane() as lane:
        assert lane.run(job(tmp_path / "out.mp4"), rung=PLAIN, watch=watch(tmp_path)).model_loads == 0
        hello = look_at_worker(folder, GPU0)
    assert hello is not None
    assert hello["owner"] == "run 2"


def test_runs_take_turns_clip_by_clip(folder, make_lanes, tmp_path):
    one, two = make_lanes(owner="run 1"), make_lanes(owner="run 2")
    loads = [render(lanes, tmp_path / "out.mp4").model_loads for lanes in (one, two, one, two)]
    assert loads == [1, 0, 0, 0], "a run that has clips to go keeps no other waiting, and the model stays"


def test_what_is_no_worker_waits_for_one_to_end_and_keeps_it_out(folder, make_lanes, tmp_path):
    lanes = make_lanes()
    render(lanes, tmp_path / "out.mp4")
    pid = pid_of(folder)
    with lanes.lane():
        assert not ask_to_retire(folder, GPU0), "it is leased"
    with hold_device((GPU0,), folder=folder, what="ltx_cli"):
        assert not is_running(pid)
        started = time.monotonic()
        with pytest.raises(CancelledError), make_lanes().lane(cancelled=lambda: time.monotonic() - started > 0.3):
            pass
    assert not ask_to_retire(folder, GPU0), "there is none"


def test_a_worker_that_answers_nobody_is_ended(folder, make_lanes, tmp_path, monkeypatch):
    monkeypatch.setattr(worker_client, "ANSWER_S", 0.2)
    monkeypatch.setattr(devices, "_RETIRE_S", 0.2)
    one = make_lanes()
    render(one, tmp_path / "out.mp4")
    pid = pid_of(folder)
    one.close()
    until(lambda: pid_of(folder) == pid and look_at_worker(folder, GPU0)["state"] == "idle")  # type: ignore[index]
    os.kill(pid, signal.SIGSTOP)
    assert silent_worker(folder, GPU0) == pid
    assert not ask_to_retire(folder, GPU0)
    assert render(make_lanes(silence_s=0.5), tmp_path / "out.mp4").model_loads == 1
    assert not is_running(pid)


def test_a_worker_that_answers_again_is_left_alone(folder, monkeypatch):
    slot = worker_lanes._Slot(GPU0, recipe(folder, silence_s=5.0))
    answers = iter([4711, 4711, None, 4711])
    killed: list[int] = []
    monkeypatch.setattr(worker_lanes, "silent_worker", lambda folder, device: next(answers))
    monkeypatch.setattr(worker_lanes, "kill_group", killed.append)
    for _ in range(4):
        slot._watch_silence()
    assert killed == []


def test_devices_that_fail_again_and_again_are_left_out(folder, make_lanes, tmp_path):
    lanes = make_lanes(GPU0, GPU1)
    with lanes.lane() as lane:
        assert lane.device == GPU0
        for clip in "AAB":
            with pytest.raises(EngineLostError):
                lane.run(job(tmp_path / "out.mp4", "crash", clip=clip), rung=PLAIN, watch=watch(tmp_path))
    assert quarantine_of(folder, GPU0) is not None
    assert not is_held(folder, GPU0)
    with lanes.lane() as lane:
        assert lane.device == GPU1, "the others go on"
        for clip in "AAB":
            with pytest.raises(EngineLostError):
                lane.run(job(tmp_path / "out.mp4", "crash", clip=clip), rung=PLAIN, watch=watch(tmp_path))
    with (
        pytest.raises(EngineLostError, match=r"(?s)`vtx workers release`.*gpu0: the worker on gpu0.*gpu1: ") as failure,
        lanes.lane(),
    ):
        pass
    assert failure.value.details["devices"] == ["gpu0", "gpu1"]


@pytest.mark.parametrize("do", [pytest.param((), id="success"), pytest.param(("fail:x",), id="a reason of its own")])
def test_failures_in_a_row_only(folder, make_lanes, tmp_path, do):
    lanes = make_lanes()
    for clip in "AB":
        with pytest.raises(EngineLostError):
            render(lanes, tmp_path / "out.mp4", "crash", clip=clip)
    with pytest.raises(RenderError, match="RuntimeError: x") if do else nullcontext():
        render(lanes, tmp_path / "out.mp4", *do)
    with pytest.raises(EngineLostError):
        render(lanes, tmp_path / "out.mp4", "crash", clip="C")
    assert quarantine_of(folder, GPU0) is None


def test_an_interpreter_that_is_not_there(make_lanes, tmp_path):
    with pytest.raises(RenderError, match=r"/none/python cannot be started \(No such file"):
        render(make_lanes(python="/none/python"), tmp_path / "out.mp4")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        pytest.param(
            "echo no module x; exit 3", r"ended with exit code 3 as it was started by .*python: no module x; see ", id="ends"
        ),
        pytest.param("exec sleep 30", r"did not answer within 0\.5 s", id="does not answer"),
    ],
)
def test_workers_that_do_not_start(folder, make_lanes, program, tmp_path, script, message):
    lanes = make_lanes(python=program(script), start_s=0.5)
    with pytest.raises(EngineLostError, match=f"(?s){message}"):
        render(lanes, tmp_path / "out.mp4")
    lanes.close()
    assert not is_held(folder, GPU0), "nor by what was started"


def test_a_worker_that_hangs_on_its_way_out_is_killed(folder, make_lanes, program, tmp_path, monkeypatch):
    monkeypatch.setattr(worker_client, "GONE_S", 0.3)
    hangs = "import os, time; os.closerange(3, 64); time.sleep(30)"
    lanes = make_lanes(python=program(f"exec {sys.executable} -c '{hangs}'"))
    with pytest.raises(EngineLostError, match="closed its connection and did not end as it was started"):
        render(lanes, tmp_path / "out.mp4")
    lanes.close()
    assert not is_held(folder, GPU0)


def test_a_start_is_part_of_the_time_that_a_render_may_take(folder, make_lanes, program, tmp_path):
    lanes = make_lanes(python=program("exec sleep 30"))
    with pytest.raises(RenderError, match=r"the worker on gpu0 was not ready after 0\.3\d* s, the limit") as failure:
        render(lanes, tmp_path / "out.mp4", timeout_s=0.4)
    assert type(failure.value) is RenderError
    assert not (folder / "gpu0.failures.json").exists(), "the device is not to blame"


def test_a_render_has_what_the_start_left_of_its_time(make_lanes, program, tmp_path):
    lanes = make_lanes(python=program(f'sleep 0.6; exec {sys.executable} "$@"'))
    started = time.monotonic()
    with pytest.raises(RenderError, match="still rendering after 2 s"):
        render(lanes, tmp_path / "out.mp4", "sleep:30", timeout_s=2.0)
    assert time.monotonic() - started < 2.5


def test_a_start_can_be_called_off(folder, make_lanes, program, tmp_path):
    lanes = make_lanes(python=program("exec sleep 30"))
    started = time.monotonic()
    with pytest.raises(CancelledError, match="while the worker on gpu0 was started"):
        render(lanes, tmp_path / "out.mp4", cancelled=lambda: time.monotonic() - started > 0.3)
    assert time.monotonic() - started < 2
    lanes.close()
    assert not is_held(folder, GPU0)


def test_what_an_earlier_worker_said_is_not_told(folder, make_lanes, program, tmp_path, monkeypatch):
    (folder / "gpu0.log").write_text("an old story\n" * 9)
    monkeypatch.setattr(worker_client, "MAX_WORKER_LOG_BYTES", 100)
    with pytest.raises(EngineLostError) as failure:
        render(make_lanes(python=program("exit 3")), tmp_path / "out.mp4")
    assert failure.value.details["tail"] == ""
    assert (folder / "gpu0.log").read_text() == "-- worker started --\n", "a log that is too long begins anew"


def test_a_worker_ends_when_it_was_idle(folder, make_lanes, tmp_path):
    lanes = make_lanes(GPU0, GPU1, idle_s=0.0)
    render(lanes, tmp_path / "out.mp4")
    assert render(lanes, tmp_path / "out.mp4").model_loads == 0, "it stays for the clips of its run"
    pid = pid_of(folder)
    lanes.close()
    until(lambda: not is_running(pid))
    assert not is_held(folder, GPU0)
    assert not socket_path(folder, GPU0).exists()


def test_an_end_does_not_wait_for_what_python_and_cuda_take_down(folder, make_lanes, tmp_path):
    lanes = make_lanes()
    render(lanes, tmp_path / "out.mp4", "linger:30")
    pid = pid_of(folder)
    lanes.close()
    until(lambda: ask_to_retire(folder, GPU0))
    started = time.monotonic()
    until(lambda: not is_held(folder, GPU0))
    assert time.monotonic() - started < 1.0
    assert not is_running(pid)
    assert "said at its end" in (folder / "gpu0.log").read_text()


def test_heartbeats_are_signs_of_life(make_lanes, tmp_path):
    lines: list[str] = []
    render(make_lanes(silence_s=1.5), tmp_path / "out.mp4", "sleep:2", on_line=lines.append)
    assert lines == ["Building transformer from ", "step 1/2", "step 2/2 A01_S01_SH010"]


def test_a_worker_that_does_not_retire_is_killed(folder, make_lanes, tmp_path, monkeypatch):
    monkeypatch.setattr(worker_client, "GONE_S", 0.3)
    lanes = make_lanes()
    with lanes.lane() as lane:
        lane.run(job(tmp_path / "out.mp4"), rung=PLAIN, watch=watch(tmp_path))
        pid = pid_of(folder)
        os.kill(pid, signal.SIGSTOP)
        rung = Rung(name="allocator", env={"TINY": "1"})
        assert lane.run(job(tmp_path / "out.mp4"), rung=rung, watch=watch(tmp_path)).model_loads == 1
    assert not is_running(pid)


def test_a_worker_that_cannot_be_killed_is_an_error(folder, make_lanes, tmp_path, monkeypatch):
    monkeypatch.setattr(worker_client, "GONE_S", 0.2)
    monkeypatch.setattr(worker_client, "kill_group", lambda pid: None)
    with pytest.raises(EngineLostError, match=r"gpu0: process \d+ does not end though it was killed: restart the machine"):
        render(make_lanes(), tmp_path / "out.mp4", "sleep:1", timeout_s=0.2)


def test_a_job_log_has_an_end(make_lanes, tmp_path, monkeypatch):
    monkeypatch.setattr(worker_client, "MAX_LOG_BYTES", 10)
    render(make_lanes(), tmp_path / "out.mp4")
    assert (tmp_path / "clip.log.txt").read_text().count("\n") == 1
