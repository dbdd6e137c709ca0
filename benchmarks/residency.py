"""What it saves to keep a model loaded: twelve clips by diffusers in one worker, beside a process per clip.

Needs a Python with the extra ``diffusers``: ``VTX_DIFFUSERS_PYTHON``, or this one. Run as a script; prints a Markdown table. The
model is tiny, with random weights, so a process per clip loses mostly the imports here; of a real one it reads the weights anew.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from vtx_dagster.core.errors import MissingSettingError
from vtx_dagster.engines.ltx.capabilities import clean_environment
from vtx_dagster.engines.ltx.diffusers_installation import find_diffusers
from vtx_dagster.engines.ltx.jobs import Device, Job, Rung, Watch
from vtx_dagster.engines.ltx.worker_client import WorkerRecipe
from vtx_dagster.engines.ltx.worker_lanes import WorkerLanes

CLIPS = 12
ROOT = Path(__file__).parents[1]
MAKE_MODEL = "import sys; from pathlib import Path; from tiny_ltx2 import make_tiny_ltx2; make_tiny_ltx2(Path(sys.argv[1]))"
ONE_JOB = """
import json, sys
from vtx_dagster.engines.ltx.worker.diffusers_jobs import DiffusersJobs
DiffusersJobs().run(json.loads(sys.argv[1]), sys.argv[2], print)
"""


def interpreter() -> Path:
    return Path(os.environ.get("VTX_DIFFUSERS_PYTHON") or sys.executable).absolute()


def run(python: Path, *arguments: str) -> None:
    env = clean_environment(os.environ) | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'torch'}", "CUDA_VISIBLE_DEVICES": ""}
    subprocess.run([str(python), "-W", "ignore", *arguments], check=True, timeout=600, env=env, capture_output=True)


def job(model: Path, output: Path, number: int) -> Job:
    request = {
        "model": str(model),
        "revision": "1",
        "pipeline": "LTX2Pipeline",
        "prompt": f"A woman waits for a ferry, take {number}.",
        "negative_prompt": "",
        "seed": number,
        "width": 64,
        "height": 64,
        "num_frames": 17,
        "fps": 8,
        "num_inference_steps": 4,
    }
    return Job(clip=f"A01_S01_SH{number:03d}", backend="diffusers", request=request, output=output)


def one_process_per_clip(python: Path, jobs: list[Job]) -> list[float]:
    taken = []
    for one in jobs:
        started = time.perf_counter()
        run(python, "-c", ONE_JOB, json.dumps(dict(one.request)), str(one.output))
        taken.append(time.perf_counter() - started)
    return taken


def one_worker(python: Path, jobs: list[Job], folder: Path) -> tuple[list[float], list[float], int]:
    """Return the seconds per clip (with the start of the worker), what the worker adds to later ones, and the loads."""
    recipe = WorkerRecipe(
        python=str(python),
        backend="diffusers",
        config_key="benchmark",
        folder=folder,
        env=clean_environment(os.environ),
        idle_s=1,
        silence_s=120,
        start_s=600,
    )
    lanes = WorkerLanes([Device(name="cpu", visible="")], recipe)
    taken, added, num_loads = [], [], 0
    try:
        for one in jobs:
            started = time.perf_counter()
            with lanes.lane() as lane:
                watch = Watch(log=folder / "log.txt", timeout_s=600)
                result = lane.run(one, rung=Rung(name="as configured"), watch=watch)
            taken.append(time.perf_counter() - started)
            added.append(taken[-1] - float(str(result.facts["seconds"])))
            num_loads += result.model_loads
    finally:
        lanes.close()
    return taken, added[1:], num_loads


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield what was done, the seconds per clip, and the ratio to a process per clip."""
    python = interpreter()
    with tempfile.TemporaryDirectory(prefix="vtx-") as scratch:
        folder = Path(scratch)
        try:
            find_diffusers(python, cache=folder, environ=clean_environment(os.environ))
        except MissingSettingError:
            yield "LTX-2 by diffusers", "not installed", "-"
            return
        run(python, "-c", MAKE_MODEL, str(folder / "model"))
        jobs = [job(folder / "model", folder / f"{number}.mp4", number) for number in range(CLIPS)]
        apart = one_process_per_clip(python, jobs)
        together, added, num_loads = one_worker(
            python, [replace(one, output=folder / f"r{one.clip}.mp4") for one in jobs], folder
        )
    per_clip, resident = sum(apart) / CLIPS, sum(together) / CLIPS
    later = statistics.median(together[1:])
    yield f"{CLIPS} clips, a process and a model load for each (CPU)", f"{per_clip:.3f}", "1.00"
    yield (
        f"{CLIPS} clips, one worker, {num_loads} load, its start included (CPU)",
        f"{resident:.3f}",
        f"{resident / per_clip:.2f}",
    )
    yield "a clip of these, from the second one on, median", f"{later:.3f}", f"{later / per_clip:.2f}"
    yield "of which the worker and its protocol, median", f"{statistics.median(added):.4f}", ""


def main() -> None:
    print("| Keeping the model | seconds per clip | ratio |\n|---|---|---|")
    for row in rows():
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
