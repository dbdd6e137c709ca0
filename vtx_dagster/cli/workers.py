"""``vtx workers``: who renders on which GPU, and how to make one free."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vtx_dagster.cli.options import JsonOption, StudioOption, add_command
from vtx_dagster.cli.output import clock, print_json, print_table, say
from vtx_dagster.cli.studio_folder import open_studio

if TYPE_CHECKING:
    from vtx_dagster.engines.ltx.jobs import Device
    from vtx_dagster.engines.ltx.worker_states import DeviceState

app = typer.Typer(no_args_is_help=True, help="The GPUs of this machine, and the workers that keep models loaded on them.")

DeviceArgument = Annotated[
    str | None, typer.Argument(metavar="[DEVICE]", help="One device, such as gpu0; all when left out.", show_default=False)
]

_GIB = 1024**3


def list_workers(*, studio: StudioOption = None, as_json: JsonOption = False) -> None:
    """Show every device: whether it is free, who renders on it, and what its worker has loaded.

    The state is free, idle (a worker keeps models loaded for whoever comes next), busy (a worker is leased to a run), in use (by
    what is no worker, such as ltx_cli), or quarantined (left out for an hour, because renders were lost there again and again).
    """
    from vtx_dagster.engines.ltx.worker_states import device_states

    states = list(device_states(*_place(studio)))
    if as_json:
        print_json([_to_json(found) for found in states])
        return
    columns = ("device", "state", "#process", "who and what", "#clips", "#loads", "#peak memory", "#idle for", "log")
    print_table(columns, (_row(found) for found in states))
    for found in states:
        if found.quarantine is not None:
            left = clock(max(0.0, found.quarantine.until_s - time.time()))
            first = found.quarantine.reason.partition("\n")[0]
            say(f"{found.device.name}: left out for {left} after {found.quarantine.num_failures} failures in a row: {first}")


def stop(
    device: DeviceArgument = None,
    *,
    now: Annotated[bool, typer.Option("--now", help="Kill busy workers, too; the clips that they render begin again.")] = False,
    studio: StudioOption = None,
) -> None:
    """End workers, so that their memory is free. Those that render are left alone.

    A worker ends by itself after VTX_WORKER_IDLE_S seconds without a client.
    """
    from vtx_dagster.engines.ltx.worker_states import kill_worker, stop_worker

    folder, devices = _place(studio)
    for one in _chosen(folder, devices, device):
        was_there = kill_worker(folder, one) if now else stop_worker(folder, one)
        say(f"{one.name}: {'stopped' if was_there else 'no worker'}")


def release(device: DeviceArgument = None, *, studio: StudioOption = None) -> None:
    """Use devices again that were left out because renders were lost there again and again."""
    from vtx_dagster.engines.ltx.quarantine import forget_failures, quarantine_of

    folder, devices = _place(studio)
    for one in _chosen(folder, devices, device):
        was_left_out = quarantine_of(folder, one) is not None
        forget_failures(folder, one)
        say(f"{one.name}: {'used again' if was_left_out else 'was not left out'}")


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    add_command(app, list_workers, "vtx workers list", name="list")
    add_command(app, stop, "vtx workers stop", "vtx workers stop gpu1 --now")
    add_command(app, release, "vtx workers release gpu0")


add_commands(app)


def _place(chosen: Path | None) -> tuple[Path, tuple["Device", ...]]:
    from vtx_dagster.engines.ltx.devices import devices_of, workers_folder

    settings = open_studio(chosen).settings()
    return workers_folder(settings), devices_of(settings)


def _chosen(folder: Path, devices: tuple["Device", ...], name: str | None) -> Iterator["Device"]:
    """Yield the device of that name, or all that there are.

    Raises:
        NotFoundError: If there is none of that name.
    """
    from vtx_dagster.core.errors import NotFoundError
    from vtx_dagster.engines.ltx.worker_states import device_states

    known = [state.device for state in device_states(folder, devices)]
    if name is not None and name not in [device.name for device in known]:
        names = ", ".join(device.name for device in known)
        raise NotFoundError(f"there is no device {name}: choose one of {names}", device=name)
    yield from (device for device in known if name in (None, device.name))


def _row(found: "DeviceState") -> tuple[object, ...]:
    worker = found.worker
    state = "quarantined" if found.quarantine is not None and found.state in ("free", "idle") else found.state
    log = found.log or ""
    if worker is None:
        return (found.device.name, state, "", found.holder, "", "", "", "", log)
    peak_bytes = worker["peak_memory_bytes"]
    return (
        found.device.name,
        state,
        worker["pid"],
        found.holder,
        worker["num_jobs"],
        worker["model_loads"],
        f"{peak_bytes / _GIB:.1f} GiB" if peak_bytes else "",
        clock(worker["idle_s"]) if found.state == "idle" else "",
        log,
    )


def _to_json(found: "DeviceState") -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "device": found.device.name,
        "state": found.state,
        "holder": found.holder,
        "quarantine": None if found.quarantine is None else asdict(found.quarantine),
        "worker": None if found.worker is None else {key: found.worker[key] for key in found.worker if key != "event"},
        "log": None if found.log is None else str(found.log),
    }
