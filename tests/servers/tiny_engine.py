"""A render engine of resident workers that render by copying a film, after a nap; and a foreman who makes a batch with it."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tiny_worker import job, recipe

from vtx_dagster.core.engines import RenderEngine, RenderRequest
from vtx_dagster.core.plan import EngineIdentity, RenderPlan
from vtx_dagster.engines.choice import render_engine
from vtx_dagster.engines.ltx.jobs import Device, Job, Rung
from vtx_dagster.engines.ltx.session import LaneSession, Step
from vtx_dagster.engines.ltx.worker_lanes import WorkerLanes
from vtx_dagster.studio.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class TinyEngine:
    """Renders every clip as the same film.

    Attributes:
        film: The film: of the size, rate and length that is asked for.
        folder: Where the workers are.
        nap_s: How long a render takes.
        num_devices: How many workers.
    """

    film: Path
    folder: Path
    nap_s: float
    num_devices: int = 1
    draws: bool = False
    key: str = "tiny"

    @property
    def identity(self) -> EngineIdentity:
        return EngineIdentity(name="tiny", version="1")

    @property
    def ladder(self) -> tuple[Rung, ...]:
        return (Rung(name="as configured"),)

    @property
    def concurrency(self) -> int:
        return self.num_devices

    def accept(self, plan: RenderPlan, files: Mapping[str, Path]) -> RenderPlan:
        return plan

    @contextmanager
    def session(self) -> Iterator[LaneSession]:
        devices = tuple(Device(name=f"gpu{number}", visible=str(number)) for number in range(self.num_devices))
        with closing(WorkerLanes(devices, recipe(self.folder, idle_s=1.0))) as lanes:
            yield LaneSession(lanes, self, timeout_s=30.0)

    def job(self, request: RenderRequest, *, width: int, height: int, output: Path) -> Job:
        return job(output, f"sleep:{self.nap_s}", clip=request.plan.clip, film=str(self.film))

    def step_of(self, line: str) -> Step | None:
        return None


def engine_of(told: Mapping[str, Any]) -> RenderEngine:
    """Return the engine of a batch: LTX with the settings that are told, or a tiny one."""
    if told["environ"]:
        return render_engine(Settings.load(Path(told["studio"]), None, told["environ"]), name="ltx_worker")
    return TinyEngine(film=Path(told["film"]), folder=Path(told["folder"]), nap_s=told["nap_s"], num_devices=told["num_devices"])


def make_batch(studio_root: Path, slug: str, engine: RenderEngine, instance_root: Path) -> None:
    """Render every clip of a project in one Dagster run."""
    import dagster as dg

    from vtx_dagster.assets.clips import clip_spec, rendered_clip
    from vtx_dagster.partitions.batches import range_tags
    from vtx_dagster.partitions.sync import register
    from vtx_dagster.resources.ffmpeg import FfmpegResource
    from vtx_dagster.resources.ltx import LtxPipeline
    from vtx_dagster.resources.studio import StudioResource
    from vtx_dagster.studio.project import Project, Studio

    class Ltx(LtxPipeline):
        def engine_for(self, project: Project, name: str = "") -> RenderEngine:
            return engine

    studio = Studio.open(studio_root, {})
    keys = tuple(f"{slug}/{clip}" for clip in studio.project(slug).clip_ids())
    with dg.DagsterInstance.local_temp(str(instance_root)) as instance:
        register(instance, studio)
        dg.materialize(
            [clip_spec, rendered_clip],
            selection=[rendered_clip],
            instance=instance,
            resources={"studio": StudioResource(home=str(studio_root)), "ltx": Ltx(), "ffmpeg": FfmpegResource()},
            tags=range_tags(keys),
        )


def main() -> None:
    """Make a batch in a new process for each line that is read (what to make, as JSON); print its id, and how it ended."""
    import vtx_dagster.definitions  # noqa: F401 - so that no child has to import it

    print("ready", flush=True)  # noqa: T201 - who started this reads it
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            told = json.loads(line)
            engine = engine_of(told)
            make_batch(Path(told["studio"]), told["slug"], engine, Path(told["instance"]))
            os._exit(0)
        print(child, flush=True)  # noqa: T201 - as above
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201 - as above


if __name__ == "__main__":
    main()
