"""Starts a worker: ``python launcher.py CONFIG``, with a ``WorkerConfig`` as JSON.

Runs in an interpreter that need not have this package or anything that it depends on. So the packages above the worker's modules
are made known without running or finding anything: their names, and where their modules are.
"""

import faulthandler
import io
import json
import os
import sys
from collections.abc import MutableMapping
from pathlib import Path
from types import ModuleType

PARENTS = ("vtx_dagster", "vtx_dagster.engines", "vtx_dagster.engines.ltx")


def register_parents(modules: MutableMapping[str, ModuleType], *, here: Path) -> None:
    """Make the packages above the worker known as bare packages, whose ``__init__`` is not run.

    Args:
        modules: Where imported modules are known: ``sys.modules``.
        here: The folder of the worker's modules.
    """
    for name, folder in zip(PARENTS, reversed(here.parents[: len(PARENTS)]), strict=True):
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        modules.setdefault(name, package)


def main() -> None:
    """Serve as the configuration in the first argument says."""
    here = Path(__file__).parent
    # The folder of a script comes first on the path, and its modules would hide others of the same name.
    sys.path[:] = [entry for entry in sys.path if entry != str(here)]
    register_parents(sys.modules, here=here)

    from vtx_dagster.engines.ltx.worker.jobs import WorkerConfig, load_jobs
    from vtx_dagster.engines.ltx.worker.server import Server

    config = WorkerConfig(**json.loads(sys.argv[1]))
    for descriptor in (config.lock_descriptor, config.client_descriptor):
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - the standard library's signature
    # Text goes out as it is printed, so that progress and last words are in the log.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="replace")
    faulthandler.enable(all_threads=False)
    Server(config, load_jobs(config.backend)).serve()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    # The device is locked until the process is gone, and Python would first take gigabytes of tensors apart.
    os._exit(0)


if __name__ == "__main__":
    main()
