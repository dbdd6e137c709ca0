import json
import os
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from vtx_dagster.core.errors import CancelledError, InvalidRequestError, StorageError
from vtx_dagster.engines.ltx import devices
from vtx_dagster.engines.ltx.devices import (
    ask_to_retire,
    device_environment,
    devices_of,
    hold_device,
    is_held,
    lock_path,
    log_path,
    socket_path,
    try_device,
    workers_folder,
)
from vtx_dagster.engines.ltx.jobs import Device
from vtx_dagster.studio.settings import Settings

GPU0 = Device(name="gpu0", visible="0")
GPU1 = Device(name="gpu1", visible="1")
CPU = Device(name="cpu")
HIDDEN = Device(name="cpu", visible="")

SMI = """#!/bin/sh
[ "$*" = "--query-gpu=index,uuid --format=csv,noheader" ] || exit 3
echo asked >> "$0.calls"
echo "0, GPU-aaaa-1111"
echo "1, GPU-bbbb-2222"
echo "Unable to determine the device handle"
echo "[N/A], GPU-cccc"
"""


@pytest.fixture
def smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Put an `nvidia-smi` on the path, and nothing else but a shell's own commands."""

    def put(text: str) -> Path:
        program = tmp_path / "bin/nvidia-smi"
        program.parent.mkdir(exist_ok=True)
        program.write_text(text)
        program.chmod(0o755)
        return program

    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    devices._listed.cache_clear()
    return put


@pytest.fixture(autouse=True)
def _forgotten():
    yield
    devices._listed.cache_clear()


def settings(root: Path = Path("/studio"), **environ: str) -> Settings:
    return Settings.load(root, None, environ)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("0,1", (GPU0, GPU1), id="two"),
        pytest.param(" 1 , 00", (GPU1, GPU0), id="in their order"),
        pytest.param("CPU", (HIDDEN,), id="none, even if there are some"),
    ],
)
def test_devices_that_are_named(value, expected):
    assert devices_of(settings(VTX_GPUS=value, CUDA_VISIBLE_DEVICES="7")) == expected


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        pytest.param("gpu0", "is not a list", id="a name"),
        pytest.param("0,,1", "is not a list", id="a gap"),
        pytest.param("-1", "is not a list", id="negative"),
        pytest.param("0,00", "names a GPU twice", id="twice"),
    ],
)
def test_values_that_are_none(tmp_path, value, problem):
    (tmp_path / "config").mkdir()
    (tmp_path / "config/global.env").write_text(f"\nVTX_GPUS={value}\n")
    with pytest.raises(InvalidRequestError, match=rf"^config/global.env:2: VTX_GPUS: '{value}' {problem}"):
        devices_of(settings(tmp_path))


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        pytest.param(None, (GPU0, GPU1), id="all"),
        pytest.param("1", (GPU1,), id="one"),
        pytest.param("GPU-bbbb,0", (GPU1, GPU0), id="by the beginning of a UUID"),
        pytest.param("1,-1,0", (GPU1,), id="cut short"),
        pytest.param("MIG-GPU-aaaa/3/0", (Device(name="MIGGPUaaaa30", visible="MIG-GPU-aaaa/3/0"),), id="a slice"),
        pytest.param("", (HIDDEN,), id="hidden"),
    ],
)
def test_devices_that_are_found(smi, visible, expected):
    smi(SMI)
    environ = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert devices_of(settings(**environ)) == expected
    assert devices_of(settings(VTX_GPUS="auto", **environ)) == expected


def test_nvidia_smi_is_asked_once(smi):
    program = smi(SMI)
    for _ in range(3):
        devices_of(settings())
    assert program.with_name("nvidia-smi.calls").read_text() == "asked\n"


def test_a_driver_that_comes_late_is_found(smi):
    smi("#!/bin/sh\nexit 9\n")
    assert devices_of(settings()) == (CPU,)
    smi(SMI)
    assert devices_of(settings()) == (GPU0, GPU1)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("#!/bin/sh\nexit 9\n", id="no driver"),
        pytest.param("#!/bin/sh\necho No devices were found\n", id="no GPU"),
        pytest.param("", id="no program"),
    ],
)
def test_the_cpu_where_there_is_no_gpu(smi, text):
    if text:
        smi(text)
    assert devices_of(settings()) == (CPU,)


def test_what_a_file_says_of_cuda_is_not_the_environment(smi, tmp_path):
    smi(SMI)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/global.env").write_text("CUDA_VISIBLE_DEVICES=1\n")
    assert devices_of(settings(tmp_path)) == (GPU0, GPU1)


def test_the_environment_of_a_device():
    assert device_environment(CPU) == {}
    assert device_environment(GPU1) == {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": "1"}


def test_the_folder_is_the_users_own(tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "_TEMPORARY", tmp_path)
    folder = workers_folder(settings())
    assert folder == tmp_path / f"vtx-{os.getuid()}"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert workers_folder(settings(VTX_WORKERS_DIR=str(tmp_path / "w"))) == tmp_path / "w"
    assert {path(folder, GPU0).name for path in (lock_path, socket_path, log_path)} == {"gpu0.lock", "gpu0.sock", "gpu0.log"}


def test_the_folder_is_the_same_for_every_process(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert workers_folder(settings(TMPDIR=str(tmp_path))) == Path(f"/tmp/vtx-{os.getuid()}")


def test_a_gpu_is_hidden_only_where_that_is_said():
    assert [device.may_be_gpu for device in (GPU0, CPU, HIDDEN)] == [True, True, False]


def test_folders_that_will_not_do(tmp_path):
    with pytest.raises(InvalidRequestError, match="too long for a socket: set VTX_WORKERS_DIR"):
        workers_folder(settings(VTX_WORKERS_DIR=f"/tmp/{'x' * 90}"))
    folder = tmp_path / "w"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(InvalidRequestError, match="other users may write there"):
        workers_folder(settings(VTX_WORKERS_DIR=str(folder)))
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="a file is in the way"):
        workers_folder(settings(VTX_WORKERS_DIR=str(tmp_path / "file/w")))


def test_the_first_free_device_is_held(tmp_path):
    with hold_device((GPU0, GPU1), folder=tmp_path, what="run 1") as (first, descriptor):
        assert first == GPU0
        assert not os.get_inheritable(descriptor)
        assert json.loads(lock_path(tmp_path, GPU0).read_text())["what"] == "run 1"
        assert is_held(tmp_path, GPU0)
        assert try_device(tmp_path, GPU0) is None
        with hold_device((GPU0, GPU1), folder=tmp_path, what="run 2") as (second, _):
            assert second == GPU1
    assert not is_held(tmp_path, GPU0)
    assert not is_held(tmp_path, GPU1)


def test_a_worker_that_is_ending_cannot_be_asked():
    with tempfile.TemporaryDirectory(prefix="vtx", dir="/tmp") as name, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_path(Path(name), GPU0)))
        listener.listen()
        thread = threading.Thread(target=lambda: listener.accept()[0].close())
        thread.start()
        assert not ask_to_retire(Path(name), GPU0)
        thread.join()


def test_waiting_can_be_called_off(tmp_path):
    called_off = threading.Event()
    threading.Timer(0.2, called_off.set).start()
    started = time.monotonic()
    with (
        hold_device((GPU0,), folder=tmp_path, what="run 1"),
        pytest.raises(CancelledError, match="waited for gpu0"),
        hold_device((GPU0,), folder=tmp_path, what="run 2", cancelled=called_off.is_set),
    ):
        pass
    assert time.monotonic() - started < 0.5


def test_a_device_is_taken_as_soon_as_it_is_free(tmp_path):
    leave = threading.Event()
    held = threading.Event()

    def hold() -> None:
        with hold_device((GPU0,), folder=tmp_path, what="run 1"):
            held.set()
            leave.wait(5)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(5)
    threading.Timer(0.1, leave.set).start()
    with hold_device((GPU0,), folder=tmp_path, what="run 2"):
        assert leave.is_set()
    thread.join()
