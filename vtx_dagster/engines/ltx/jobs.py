"""What is asked of LTX for one clip, where it runs and what came of it: the values that engines, devices and workers share."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pydantic import JsonValue

from vtx_dagster.core.engines import never


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Where a model runs.

    Attributes:
        name: For people and for the names of its files: ``gpu0``, or ``cpu`` where no GPU was found.
        visible: Value of ``CUDA_VISIBLE_DEVICES`` for its processes; None leaves their environment alone.
    """

    name: str
    visible: str | None = None

    @property
    def may_be_gpu(self) -> bool:
        """Whether what runs there may find a GPU: torch sees some that ``nvidia-smi`` does not list, unless all are hidden."""
        return self.visible != ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A setting of the memory ladder: none of them changes the picture.

    Attributes:
        name: For people, such as ``offload cpu``.
        options: What the job is run with: of LTX ``{"--offload": "cpu"}``, of diffusers ``{"offload": "model"}``. Of LTX, what
            does not begin with hyphens is for workers alone.
        env: Environment variables for the process, such as ``PYTORCH_CUDA_ALLOC_CONF``. A worker that runs with others is
            started again.
    """

    name: str
    options: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One render.

    Attributes:
        clip: The clip's id, for logs.
        backend: Which kind of job it is for a worker: ``ltx`` or ``diffusers``.
        request: JSON-ready. Of ``ltx``: ``{"module": "ltx_pipelines.distilled", "argv": ["--prompt=...", ...]}``, with
            the options of a rung appended by whoever runs it, and ``"models": ["..."]``, fingerprints of what it loads. Of
            ``diffusers``: see ``worker/diffusers_jobs.py``.
        output: The file that it writes.
        facts: JSON-ready; what the take says of how the job was made, such as arguments that were left out.
    """

    clip: str
    backend: str
    request: Mapping[str, JsonValue]
    output: Path
    facts: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """What came of a job that ended well.

    Attributes:
        model_loads: How many times models were built for it: 1 per process, 0 where they were resident.
        facts: JSON-ready: ``device``, ``peak_memory_bytes``, ``versions`` and what else the runner knows.
    """

    model_loads: int
    facts: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How a job is watched.

    Attributes:
        log: Text file to which everything is appended that the job prints, secrets redacted.
        timeout_s: Its limit.
        on_line: Called with each line that it prints.
        cancelled: Polled at least every 0.2 s; once true, the job's process group is killed and ``CancelledError`` raised.
    """

    log: Path
    timeout_s: float
    on_line: Callable[[str], None] = lambda _line: None
    cancelled: Callable[[], bool] = never


class Lane(Protocol):
    """A device that this process holds, with what renders on it."""

    @property
    def device(self) -> Device:
        """Which device."""
        ...

    def run(self, job: Job, *, rung: Rung, watch: Watch) -> JobResult:
        """Run a job to its end.

        Whatever else ends this call (``KeyboardInterrupt``, an error of ``on_line``), the device is free of the job within 5 s.

        Raises:
            OutOfMemoryError: If the device's memory was too small; the lane is usable afterwards.
            RenderError: If the job failed for a reason of its own; the lane is usable afterwards.
            EngineLostError: If what renders died, hung or could not be started. The next job starts it again.
            CancelledError: If it was called off.
            StorageError: If the log or the output cannot be written.
        """
        ...


class Lanes(Protocol):
    """All devices of an engine."""

    @property
    def devices(self) -> tuple[Device, ...]:
        """Which devices, quarantined ones included; at least one."""
        ...

    def lane(self, *, cancelled: Callable[[], bool] = never) -> AbstractContextManager[Lane]:
        """Hold a free device for one clip; waits for one as long as other clips, runs or programs of this package hold all.

        A device that this process held before is preferred, because its models are loaded.

        Raises:
            EngineLostError: If every device is quarantined; says why and how to release them.
            CancelledError: If it was called off while it waited.
        """
        ...

    def close(self) -> None:
        """Let go of all devices; idempotent."""
        ...
