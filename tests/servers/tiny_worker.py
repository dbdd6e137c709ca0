"""Workers for tests: real processes that run the pipeline in ``tiny_ltx``, which does what it is told."""

import os
import sys
from pathlib import Path
from typing import Any

from vtx_dagster.engines.ltx.jobs import Device, Job, Watch
from vtx_dagster.engines.ltx.worker_client import WorkerRecipe

TINY_LTX = Path(__file__).with_name("tiny_ltx")
GPU0 = Device(name="gpu0", visible="0")
GPU1 = Device(name="gpu1", visible="1")


def recipe(folder: Path, **changes: Any) -> WorkerRecipe:
    """Return how to start workers in a folder: of this interpreter, without its packages."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(TINY_LTX)}
    known = {"python": sys.executable, "backend": "ltx", "config_key": "k", "folder": folder, "env": env}
    return WorkerRecipe(**{**known, "idle_s": 20.0, "silence_s": 20.0, "start_s": 20.0, "owner": "a test", **changes})


def job(output: Path, *do: str, clip: str = "A01_S01_SH010", **flags: str) -> Job:
    """Return a job that does what is said, one after another, and then writes its output."""
    argv = [f"--prompt={clip}", f"--output-path={output}", *(f"--do={word}" for word in do)]
    argv += [f"--{name}={value}" for name, value in flags.items()]
    return Job(clip=clip, backend="ltx", request={"module": "ltx_pipelines.tiny", "argv": argv}, output=output)


def watch(folder: Path, **changes: Any) -> Watch:
    """Return a watch with its log in a folder."""
    return Watch(**{"log": folder / "clip.log.txt", "timeout_s": 30.0, **changes})
