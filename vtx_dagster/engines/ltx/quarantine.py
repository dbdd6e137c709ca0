"""Devices that fail clip after clip are left out for a while, so that the others can go on."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from vtx_dagster.engines.ltx.jobs import Device
from vtx_dagster.studio.files import storage_errors, write_atomic

MAX_FAILURES: Final = 3
"""Failures in a row that are too many, if they are of two clips or more: one clip may be to blame for its own."""
QUARANTINE_S: Final = 3600.0

_KEPT: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFailure:
    """What rendered on a device was lost.

    Attributes:
        clip: The clip that was rendered.
        reason: For people.
        at_s: When, in seconds since 1970.
    """

    clip: str
    reason: str
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """Why a device is left out, and until when.

    Attributes:
        reason: For people: the last failure.
        num_failures: How many there were in a row.
        since_s: Time of the last one, in seconds since 1970.
        until_s: When it is tried again.
    """

    reason: str
    num_failures: int
    since_s: float
    until_s: float


def quarantine_of(folder: Path, device: Device) -> Quarantine | None:
    """Return why a device is left out, or None if it is not.

    Raises:
        StorageError: If the file cannot be read.
    """
    failures = _failures(folder, device)
    if len(failures) < MAX_FAILURES or len({failure.clip for failure in failures}) == 1:
        return None
    last = failures[-1]
    return Quarantine(reason=last.reason, num_failures=len(failures), since_s=last.at_s, until_s=last.at_s + QUARANTINE_S)


def note_failure(folder: Path, device: Device, *, clip: str, reason: str) -> None:
    """Take note that what rendered a clip on a device was lost; whoever does this holds the device.

    Raises:
        StorageError: If the file cannot be written.
    """
    failures = (*_failures(folder, device), DeviceFailure(clip=clip, reason=reason, at_s=time.time()))
    write_atomic(_path(folder, device), json.dumps([asdict(failure) for failure in failures[-_KEPT:]], indent=1))


def forget_failures(folder: Path, device: Device) -> bool:
    """Forget the failures of a device, because it works or is to be tried again; return whether there were any.

    Raises:
        StorageError: If the file cannot be removed.
    """
    path = _path(folder, device)
    with storage_errors(path, doing="remove"):
        had_any = path.exists()
        path.unlink(missing_ok=True)
    return had_any


def _path(folder: Path, device: Device) -> Path:
    return folder / f"{device.name}.failures.json"


def _failures(folder: Path, device: Device) -> tuple[DeviceFailure, ...]:
    """Return the failures in a row that are not too old to count."""
    path = _path(folder, device)
    with storage_errors(path, doing="read"):
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ()
    found = (DeviceFailure(**entry) for entry in json.loads(text))
    oldest = time.time() - QUARANTINE_S
    return tuple(failure for failure in found if failure.at_s > oldest)
