"""Which devices there are, and the right to one of them.

Devices belong to the machine, not to a studio: all studios of a user share one folder of locks.
"""

import functools
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vtx_dagster.core.engines import never
from vtx_dagster.core.errors import CancelledError, InvalidRequestError, ProcessError
from vtx_dagster.engines.ltx.jobs import Device
from vtx_dagster.engines.ltx.worker.device_lock import is_locked, sign, try_lock
from vtx_dagster.engines.ltx.worker.protocol import Channel, ClosedError, JunkError, connect
from vtx_dagster.engines.process import run_process
from vtx_dagster.studio.files import storage_errors
from vtx_dagster.studio.settings import ENVIRONMENT, Setting, Settings

POLL_S: Final = 0.1
MAX_SOCKET_PATH_BYTES: Final = 100
"""macOS takes 103 bytes, Linux 107."""

_TEMPORARY: Final = Path("/tmp")  # noqa: S108 - the folder made in it is refused if it is somebody else's
"""Not ``TMPDIR``, which differs from session to session: programs that lock in different folders share a GPU."""
_NVIDIA_SMI_S: Final = 15.0
_RETIRE_S: Final = 2.0
_ASK_S: Final = 0.5
_COLUMNS: Final = 2
_NAME_CHARACTERS: Final = 12
_NUMBER: Final = re.compile(r"[0-9]{1,3}")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gpu:
    index: str
    uuid: str


def devices_of(settings: Settings) -> tuple[Device, ...]:
    """Return the devices that clips are rendered on, at least one.

    ``VTX_GPUS`` is a list of numbers as ``nvidia-smi`` counts (``0,1``), ``cpu``, or ``auto``: every GPU that ``nvidia-smi``
    knows and ``CUDA_VISIBLE_DEVICES`` of the environment lets through, else the CPU.

    Raises:
        InvalidFileError, InvalidRequestError: If ``VTX_GPUS`` is something else; says where it is set.
    """
    found = settings.lookup("VTX_GPUS")
    value = found.value.strip().lower() if found else "auto"
    if value == "cpu":
        # An empty list hides every GPU, which is what was asked for.
        return (Device(name="cpu", visible=""),)
    if value == "auto":
        visible = next((layer["CUDA_VISIBLE_DEVICES"] for layer in settings.layers if _is_exported(layer)), None)
        if visible is None:
            return tuple(_gpu(gpu.index) for gpu in _nvidia_gpus()) or (Device(name="cpu"),)
        return tuple(_visible(visible.value)) or (Device(name="cpu", visible=""),)
    numbers = [part.strip() for part in value.split(",")]
    if not all(_NUMBER.fullmatch(number) for number in numbers):
        raise _bad_value(found, "is not a list of GPU numbers such as 0,1, nor auto, nor cpu")
    numbers = [str(int(number)) for number in numbers]
    if len(set(numbers)) < len(numbers):
        raise _bad_value(found, "names a GPU twice")
    return tuple(_gpu(number) for number in numbers)


def device_environment(device: Device) -> dict[str, str]:
    """Return what a process that uses a device has in its environment, beside everything else.

    CUDA counts the fastest GPU first unless it is told to count as ``nvidia-smi`` does.
    """
    if device.visible is None:
        return {}
    return {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": device.visible}


def workers_folder(settings: Settings) -> Path:
    """Return the folder of this user where devices are locked and workers listen; made if it is missing.

    ``VTX_WORKERS_DIR``, else ``/tmp/vtx-<user id>``: every program of the user that renders on the machine must come to the same
    one, which neither ``TMPDIR`` nor ``XDG_RUNTIME_DIR`` promises. It is not in the home, which machines may share: their GPUs
    have the same names, and NFS has neither sockets nor locks that are handed on.

    Raises:
        InvalidRequestError: If its path is too long for a socket, or others may write there.
        StorageError: If it cannot be made.
    """
    folder = settings.path("VTX_WORKERS_DIR") or _TEMPORARY / f"vtx-{os.getuid()}"
    folder = folder.absolute()
    remedy = "set VTX_WORKERS_DIR to another folder"
    longest = socket_path(folder, Device(name="x" * _NAME_CHARACTERS))
    if len(os.fsencode(longest)) > MAX_SOCKET_PATH_BYTES:
        raise InvalidRequestError(f"{folder}: the path is too long for a socket: {remedy}", setting="VTX_WORKERS_DIR")
    with storage_errors(folder, doing="make"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = folder.stat()
    if facts.st_uid != os.getuid() or facts.st_mode & 0o022:
        message = f"{folder}: other users may write there, and could pass for a worker: {remedy}, or its mode to 0700"
        raise InvalidRequestError(message, setting="VTX_WORKERS_DIR")
    return folder


def lock_path(folder: Path, device: Device) -> Path:
    """Return the file whose lock is the right to a device."""
    return folder / f"{device.name}.lock"


def socket_path(folder: Path, device: Device) -> Path:
    """Return where the worker of a device listens."""
    return folder / f"{device.name}.sock"


def log_path(folder: Path, device: Device) -> Path:
    """Return where the worker of a device writes what it prints."""
    return folder / f"{device.name}.log"


def is_held(folder: Path, device: Device) -> bool:
    """Say whether a process has a device right now: a run that renders on it, or a worker, idle ones included.

    Raises:
        StorageError: If the lock file cannot be looked at.
    """
    path = lock_path(folder, device)
    with storage_errors(path, doing="look at"):
        return is_locked(str(path))


@contextmanager
def hold_device(
    devices: Sequence[Device], *, folder: Path, what: str, cancelled: Callable[[], bool] = never
) -> Iterator[tuple[Device, int]]:
    """Hold the first device that is free, and wait for one as long as none is.

    A worker that is idle on one of them is asked to end, so that its memory is free.

    Args:
        devices: Which will do, the best first; at least one.
        folder: As ``workers_folder`` returns it.
        what: For what, for people who look who has the device.
        cancelled: Polled every 0.1 s while it waits.

    Yields:
        The device, and the descriptor of its lock. It is closed at the end.

    Raises:
        CancelledError: If it was called off while it waited.
        StorageError: If a lock file cannot be made.
    """
    device, descriptor = _first_free(devices, folder, cancelled)
    try:
        sign(descriptor, what=what)
        yield device, descriptor
    finally:
        os.close(descriptor)


def try_device(folder: Path, device: Device) -> int | None:
    """Return the descriptor of a device's lock, which the caller closes, or None if another process has the device.

    Raises:
        StorageError: If the lock file cannot be made.
    """
    path = lock_path(folder, device)
    with storage_errors(path, doing="lock"):
        return try_lock(str(path))


def ask_to_retire(folder: Path, device: Device) -> bool:
    """Ask the worker of a device to end, which it does if it is idle; return whether it will.

    The device is free a moment later, once the worker's process is gone.
    """
    connection = connect(str(socket_path(folder, device)), timeout_s=_RETIRE_S)
    if connection is None:
        return False
    channel = Channel(connection)
    try:
        channel.send({"op": "retire"})
        answer = channel.receive(_RETIRE_S)
    except (ClosedError, JunkError):
        return False
    finally:
        channel.close()
    return answer is not None and answer.get("event") == "retiring"


def _first_free(devices: Sequence[Device], folder: Path, cancelled: Callable[[], bool]) -> tuple[Device, int]:
    ask_at = 0.0
    while True:
        for device in devices:
            descriptor = try_device(folder, device)
            if descriptor is not None:
                return device, descriptor
        if cancelled():
            names = ", ".join(device.name for device in devices)
            raise CancelledError(f"called off while it waited for {names}")
        if time.monotonic() >= ask_at:
            # One is enough; it takes a moment to end.
            any(ask_to_retire(folder, device) for device in devices)
            ask_at = time.monotonic() + _ASK_S
        time.sleep(POLL_S)


def _gpu(number: str) -> Device:
    return Device(name=f"gpu{number}", visible=number)


def _is_exported(layer: Mapping[str, Setting]) -> bool:
    return "CUDA_VISIBLE_DEVICES" in layer and layer["CUDA_VISIBLE_DEVICES"].source == ENVIRONMENT


def _visible(value: str) -> Iterator[Device]:
    """Yield the devices of a ``CUDA_VISIBLE_DEVICES``: numbers, or (beginnings of) UUIDs. As for CUDA, -1 ends the list."""
    for entry in (part.strip() for part in value.split(",")):
        if not entry or entry.startswith("-"):
            return
        known = entry if _NUMBER.fullmatch(entry) else next((g.index for g in _nvidia_gpus() if g.uuid.startswith(entry)), None)
        # A slice of a GPU (MIG-...) is not among those that nvidia-smi lists; its end tells it from its neighbours.
        yield _gpu(str(int(known))) if known else Device(name=_UNSAFE.sub("", entry)[-_NAME_CHARACTERS:], visible=entry)


def _nvidia_gpus() -> tuple[_Gpu, ...]:
    """Return the GPUs that ``nvidia-smi`` lists; none where there is no such program, or no driver behind it yet."""
    try:
        return _listed()
    except ProcessError:
        return ()


@functools.cache
def _listed() -> tuple[_Gpu, ...]:
    """Return at least one GPU, always the same. An error is not kept: a driver may come up, or be mended, while this runs."""
    listed = run_process(["nvidia-smi", "--query-gpu=index,uuid", "--format=csv,noheader"], timeout_s=_NVIDIA_SMI_S)
    rows = (line.split(", ") for line in listed.tail.splitlines())
    found = tuple(_Gpu(index=row[0], uuid=row[1]) for row in rows if len(row) == _COLUMNS and _NUMBER.fullmatch(row[0]))
    if not found:
        raise ProcessError("nvidia-smi lists no GPU: look at its driver", program="nvidia-smi")
    return found


def _bad_value(found: Setting | None, problem: str) -> InvalidRequestError:
    assert found is not None  # noqa: S101 - tells the type checker that a value which is not set is never bad
    return InvalidRequestError(f"{found.source}: VTX_GPUS: {found.value!r} {problem}", setting="VTX_GPUS")
