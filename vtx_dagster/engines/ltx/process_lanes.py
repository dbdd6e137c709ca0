"""The lanes of ``ltx_cli``: one process of LTX per clip, which has the device to itself."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from vtx_dagster.core.engines import never
from vtx_dagster.core.errors import EngineLostError, OutOfMemoryError, ProcessError, RenderError, StorageError, VtxError
from vtx_dagster.engines.ltx.devices import device_environment, hold_device
from vtx_dagster.engines.ltx.jobs import Device, Job, JobResult, Rung, Watch
from vtx_dagster.engines.ltx.memory_ladder import host_kills
from vtx_dagster.engines.ltx.quarantine import forget_failures, note_failure, quarantine_of
from vtx_dagster.engines.ltx.worker.failures import failure_kind, telling_line
from vtx_dagster.engines.process import run_process

GRACE_S: Final = 0.5
"""LTX has nothing to save, and a GPU is to be free within seconds."""

_NOTE_CHARACTERS: Final = 500
_KILLED: Final = "killed by "


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessLanes:
    """Devices on which a process is started for each clip; see ``Lanes``.

    Attributes:
        devices: Which devices; at least one.
        python: The interpreter that has LTX.
        folder: Of the locks of devices.
        env: Environment of the processes, except for what device and rung add.
        secrets: Texts that must not get into logs and errors.
    """

    devices: tuple[Device, ...]
    python: Path
    folder: Path
    env: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @contextmanager
    def lane(self, *, cancelled: Callable[[], bool] = never) -> Iterator["_ProcessLane"]:
        """Hold a free device for one clip; see ``Lanes.lane``.

        Raises:
            EngineLostError: If every device is quarantined.
            CancelledError: If it was called off while it waited.
        """
        reasons = {device: found for device in self.devices if (found := quarantine_of(self.folder, device))}
        usable = [device for device in self.devices if device not in reasons]
        if not usable:
            told = "; ".join(f"{device.name}: {found.reason}" for device, found in reasons.items())
            raise EngineLostError(
                f"every device is left out because renders on it were lost again and again: mend what is wrong, then "
                f"`vtx workers release`, or wait an hour ({told})",
                devices=[device.name for device in reasons],
            )
        with hold_device(usable, folder=self.folder, what="ltx_cli", cancelled=cancelled) as (device, _):
            yield _ProcessLane(device, self)

    def close(self) -> None:
        """Do nothing: a device is held for one clip at a time."""


@dataclass(frozen=True, slots=True)
class _ProcessLane:
    """A held device; see ``Lane``."""

    device: Device
    lanes: ProcessLanes

    def run(self, job: Job, *, rung: Rung, watch: Watch) -> JobResult:
        """Run a job in a process of its own; see ``Lane.run``."""
        folder, device = self.lanes.folder, self.device
        kills = host_kills()
        try:
            self._run(job, rung, watch)
        except ProcessError as error:
            failure = _explained(error, job, killed_for_memory=host_kills() > kills)
            if isinstance(failure, EngineLostError):
                note_failure(folder, device, clip=job.clip, reason=failure.message[:_NOTE_CHARACTERS])
            else:
                forget_failures(folder, device)
            raise failure from error
        forget_failures(folder, device)
        if not job.output.is_file() or not job.output.stat().st_size:
            raise RenderError(f"{job.clip}: LTX ended without an error and wrote no file; see the log", clip=job.clip)
        return JobResult(model_loads=1)

    def _run(self, job: Job, rung: Rung, watch: Watch) -> None:
        module, argv = job.request["module"], job.request["argv"]
        assert isinstance(module, str)  # noqa: S101 - tells the type checker what ``Job`` says
        assert isinstance(argv, list)  # noqa: S101 - likewise
        run_process(
            [
                str(self.lanes.python),
                "-m",
                module,
                *map(str, argv),
                *(f"{flag}={value}" for flag, value in rung.options.items()),
            ],
            timeout_s=watch.timeout_s,
            log=watch.log,
            secrets=self.lanes.secrets,
            env={**self.lanes.env, **device_environment(self.device), **rung.env, "PYTHONUNBUFFERED": "1"},
            on_line=watch.on_line,
            grace_s=GRACE_S,
            cancelled=watch.cancelled,
        )


def _explained(error: ProcessError, job: Job, *, killed_for_memory: bool) -> VtxError:
    """Say what the end of a process means: short of memory or disk, lost, or a failure of the clip's own."""
    tail, end = str(error.details.get("tail", "")), str(error.details.get("end", ""))
    details = {**error.details, "clip": job.clip}
    if "timeout_s" in error.details:
        limit = error.details["timeout_s"]
        return RenderError(
            f"{job.clip}: still rendering after {limit:g} s and stopped: raise VTX_RENDER_TIMEOUT_S, or use a smaller profile",
            **details,
        )
    kind = failure_kind(tail)
    if kind == "oom":
        return OutOfMemoryError(f"{job.clip}: the GPU has too little memory: {telling_line(tail)}", **details)
    if killed_for_memory and end == "killed by SIGKILL":
        return OutOfMemoryError(f"{job.clip}: the kernel killed LTX because the computer has too little memory", **details)
    if kind == "storage":
        return StorageError(f"{job.clip}: {telling_line(tail)}: make room, or let it be written", **details)
    if end and not end.startswith(_KILLED) and kind != "lost":
        return RenderError(f"{job.clip}: LTX failed with {end}: {telling_line(tail)}; see the log", **details)
    how = f"{end}: {telling_line(tail)}; see the log" if end else error.message
    return EngineLostError(f"{job.clip}: LTX was lost: {how}", **details)
