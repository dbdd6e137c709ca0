"""What a kind of job has to offer to the worker, and the errors that it may answer with."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

FailureKind = Literal["oom", "error", "exit", "storage", "lost"]
"""Of memory, of the job itself, a program that ended itself, the disk, or what leaves the process of no further use."""


class JobError(Exception):
    """A job failed.

    Args:
        kind: What failed.
        message: The reason, for people.
        exit_code: Of a program that ended itself.
    """

    def __init__(self, kind: FailureKind, message: str, *, exit_code: int | None = None) -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.message = message
        self.exit_code = exit_code


@dataclass(frozen=True, kw_only=True)
class WorkerConfig:
    """How a worker was started.

    Attributes:
        folder: Where its files are.
        device: Name of its device.
        backend: Kind of its jobs: a key of ``BACKENDS``.
        config_key: A text that is equal for clients that can use the same worker.
        idle_s: Seconds without a lease after which it ends.
        lock_descriptor: Of the device's lock, inherited; it holds it until it ends.
        client_descriptor: Of a connection to the client that started it, inherited, which has the first lease.
        owner: Who that client is, for people.
        log: Where its standard output and error go.
    """

    folder: str
    device: str
    backend: str
    config_key: str
    idle_s: float
    lock_descriptor: int
    client_descriptor: int
    owner: str
    log: str


class Jobs(Protocol):
    """A kind of job. One instance lives as long as the worker and keeps what the next job can use."""

    def versions(self) -> dict[str, str]:
        """Return the versions of the packages that it uses, by name, without loading them."""
        ...

    def run(self, request: Mapping[str, Any], output: str, say: Callable[[str], None]) -> dict[str, Any]:
        """Do a job, on the main thread.

        Args:
            request: As the client sent it; ``options`` in it are those of the rung of the memory ladder.
            output: Path of the file to write.
            say: Tells the client a line, beside what is printed.

        Returns:
            Facts, JSON-ready: ``model_loads`` (0 where what it needed was there), ``peak_memory_bytes`` where it is known,
            ``versions`` and what else is worth knowing.

        Raises:
            JobError: If it failed. After ``oom`` nothing of it may be left in memory.
        """
        ...


BACKENDS = {
    "ltx": "vtx_dagster.engines.ltx.worker.ltx_jobs:LtxJobs",
    "diffusers": "vtx_dagster.engines.ltx.worker.diffusers_jobs:DiffusersJobs",
}
"""Module and class of each kind of job."""


def load_jobs(backend: str) -> Jobs:
    """Return a kind of job; its module is imported now, the packages that it uses with its first job.

    Raises:
        KeyError: If there is no such kind.
    """
    module, _, name = BACKENDS[backend].partition(":")
    return getattr(importlib.import_module(module), name)()
