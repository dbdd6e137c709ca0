"""Who has which device, for people: without waiting and without starting anything."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vtx_dagster.core.errors import BusyError
from vtx_dagster.engines.ltx.devices import POLL_S, ask_to_retire, is_held, lock_path, log_path
from vtx_dagster.engines.ltx.jobs import Device
from vtx_dagster.engines.ltx.quarantine import Quarantine, quarantine_of
from vtx_dagster.engines.ltx.worker.protocol import Message
from vtx_dagster.engines.ltx.worker_client import GONE_S, kill_group, look_at_worker, silent_worker
from vtx_dagster.studio.files import storage_errors

State = Literal["free", "idle", "busy", "in use"]
"""Nobody has the device; a worker without a client; a worker with one; or what is no worker, or one that does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """What is going on on a device.

    Attributes:
        device: Which.
        state: See ``State``.
        quarantine: Why it is left out, or None.
        worker: What its worker says of itself (``hello`` of the protocol), or None.
        holder: Who has the device, for people; empty if it is free.
        log: Where its worker writes what it prints, if there is such a file.
    """

    device: Device
    state: State
    quarantine: Quarantine | None
    worker: Message | None
    holder: str
    log: Path | None


def device_states(folder: Path, devices: Iterable[Device]) -> Iterator[DeviceState]:
    """Yield the states of some devices, and of all others that have been used on this machine.

    Raises:
        StorageError: If the folder cannot be read.
    """
    known = list(devices)
    names = {device.name for device in known}
    with storage_errors(folder, doing="read"):
        used = sorted(path.stem for path in folder.glob("*.lock"))
    for device in (*known, *(Device(name=name) for name in used if name not in names)):
        yield _state_of(folder, device)


def stop_worker(folder: Path, device: Device) -> bool:
    """Have the idle worker of a device end, and wait until it is gone; return whether there was one.

    Raises:
        BusyError: If it is not idle, or does not go; says who uses it.
    """
    if ask_to_retire(folder, device):
        _wait_until_free(folder, device)
        return True
    found = _state_of(folder, device)
    if found.state in ("free", "in use"):
        return False
    message = f"{device.name}: {found.holder} renders there: stop that first, or kill the worker with --now"
    raise BusyError(message, device=device.name, holder=found.holder)


def kill_worker(folder: Path, device: Device) -> bool:
    """Kill the worker of a device, whatever it does, and wait until it is gone; return whether there was one.

    Raises:
        BusyError: If it does not go.
    """
    found = look_at_worker(folder, device)
    pid = int(found["pid"]) if found else silent_worker(folder, device)
    if pid is None:
        return False
    kill_group(pid)
    _wait_until_free(folder, device)
    return True


def _wait_until_free(folder: Path, device: Device) -> None:
    deadline = time.monotonic() + GONE_S
    while is_held(folder, device):
        if time.monotonic() > deadline:
            raise BusyError(f"{device.name}: still in use {GONE_S:g} s after its worker was told to end", device=device.name)
        time.sleep(POLL_S / 4)


def _state_of(folder: Path, device: Device) -> DeviceState:
    worker = look_at_worker(folder, device)
    holder = ""
    state: State = "free"
    if worker is not None:
        state = "busy" if worker["state"] == "busy" else "idle"
        holder = " ".join(part for part in (worker["owner"], worker["clip"]) if part)
    elif is_held(folder, device):
        state = "in use"
        holder = _signed(lock_path(folder, device))
    log = log_path(folder, device)
    return DeviceState(
        device=device,
        state=state,
        quarantine=quarantine_of(folder, device),
        worker=worker,
        holder=holder,
        log=log if log.exists() else None,
    )


def _signed(path: Path) -> str:
    """Return who has signed a lock; it may be about to."""
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["what"])
    except (OSError, ValueError, KeyError):
        return "another process"
