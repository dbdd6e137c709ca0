"""What Dagster, the take store and verification cost per clip, with an engine that only copies a small finished clip.

Measured beside a bare Python process per clip, and beside a Dagster run of its own per clip. Run as a script; prints a Markdown
table.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import numpy as np

from vtx_dagster.assets.clips import CLIPS_PER_RUN, clip_spec, rendered_clip
from vtx_dagster.core.engines import RenderReport, RenderRequest
from vtx_dagster.core.plan import EngineIdentity, RenderPlan
from vtx_dagster.engines.clip_writer import ClipWriter
from vtx_dagster.partitions.batches import batches, range_tags
from vtx_dagster.partitions.keys import key_of
from vtx_dagster.partitions.sync import register
from vtx_dagster.resources.ffmpeg import FfmpegResource
from vtx_dagster.resources.ltx import LtxPipeline
from vtx_dagster.resources.studio import StudioResource
from vtx_dagster.studio.project import Project, Studio

FPS, WIDTH, HEIGHT, RENDER_FRAMES = 8, 128, 72, 9
METADATA = f"""version: 1
title: Orchestration
render:
  profile: tiny
  profiles:
    tiny: {{width: {WIDTH}, height: {HEIGHT}, fps: {FPS}}}
"""


class CopyEngine:
    """Renders nothing: every clip is a copy of one finished file."""

    draws = False
    key = ""
    concurrency = 1
    identity = EngineIdentity(name="copy", version="1")
    finished = Path()

    def accept(self, plan: RenderPlan, files: Mapping[str, Path]) -> RenderPlan:  # noqa: ARG002 - the signature of all engines
        return plan

    @contextmanager
    def session(self) -> Iterator["CopyEngine"]:
        yield self

    def render(self, request: RenderRequest) -> RenderReport:
        shutil.copyfile(self.finished, request.output)
        request.log.write_text("copied\n", encoding="utf-8")
        return RenderReport()


class CopyPipeline(LtxPipeline):
    """The resource that hands out the engine."""

    def engine_for(self, project: Project, name: str = "") -> CopyEngine:  # noqa: ARG002 - one engine for every project
        return CopyEngine()


def make_studio(root: Path, *, clips: int) -> Studio:
    studio = Studio.init(root)
    project = studio.create_project("bench", title="Orchestration")
    project.metadata_path.write_text(METADATA, encoding="utf-8")
    for number in range(clips):
        clip = f"A01_S01_SH{number + 1:03d}"
        project.clip_spec_path(clip).write_text(f"version: 1\nid: {clip}\nduration: {{seconds: 1}}\n", encoding="utf-8")
    CopyEngine.finished = root / "finished.mp4"
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    with ClipWriter(CopyEngine.finished, width=WIDTH, height=HEIGHT, fps=FPS, num_frames=RENDER_FRAMES) as writer:
        for index in range(RENDER_FRAMES):
            channels = [columns + index * 20, rows + index * 9, columns + rows]
            writer.write_rgb(np.stack(channels, axis=-1).astype(np.uint8))
    return studio


def render_all(studio: Studio, instance: dg.DagsterInstance) -> float:
    """Render every clip in batches, in this process, and return the seconds that it took."""
    resources = {"studio": StudioResource(home=str(studio.root)), "ltx": CopyPipeline(), "ffmpeg": FfmpegResource()}
    keys = [key_of("bench", clip) for clip in studio.project("bench").clip_ids()]
    started = time.perf_counter()
    for batch in batches(keys, keys, size=CLIPS_PER_RUN, span=CLIPS_PER_RUN):
        result = dg.materialize(
            [clip_spec, rendered_clip], selection=[rendered_clip], instance=instance, resources=resources, tags=range_tags(batch)
        )
        assert result.success
    return time.perf_counter() - started


def bare_processes(count: int) -> float:
    started = time.perf_counter()
    for _ in range(count):
        subprocess.run([sys.executable, "-c", "pass"], check=True, timeout=60)
    return time.perf_counter() - started


def run_of_its_own(studio: Studio, clip: str) -> float:
    """Render one clip in a Dagster run started from the command line, as CI does, and return the seconds that it took."""
    command = ["dagster", "asset", "materialize", "-m", "vtx_dagster.definitions", "--select", "rendered_clip"]
    environment = {**os.environ, "VTX_HOME": str(studio.root), "DAGSTER_HOME": str(studio.root / ".dagster")}
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", *command, "--partition", key_of("bench", clip)],
        check=True,
        capture_output=True,
        timeout=120,
        env=environment,
    )
    return time.perf_counter() - started


def rows(*, clips: int = 100, repeats: int = 3) -> list[tuple[str, str, str]]:
    """Return what was done, the seconds per clip (median), and the ratio to a bare process (median of each round's)."""
    with tempfile.TemporaryDirectory() as scratch:
        rounds = []
        for index in range(repeats):
            studio = make_studio(Path(scratch) / f"studio{index}", clips=clips)
            with dg.DagsterInstance.from_config(str(studio.root / ".dagster")) as instance:
                register(instance, studio)
                rounds.append((bare_processes(clips) / clips, render_all(studio, instance) / clips))
        # The animatic draws these clips of nine tiny frames in less time than the run takes to start.
        own_s = statistics.median(run_of_its_own(studio, f"A01_S01_SH{number:03d}") for number in (1, 2, 3))
    bare_s = statistics.median(bare for bare, _ in rounds)
    batch_s = statistics.median(batch for _, batch in rounds)
    ratio = statistics.median(batch / bare for bare, batch in rounds)
    return [
        ("python -c pass, one process per clip", f"{bare_s:.4f}", "1.00"),
        (f"vtx, runs of {CLIPS_PER_RUN} clips, verified and reported", f"{batch_s:.4f}", f"{ratio:.2f}"),
        ("dagster asset materialize, one run per clip", f"{own_s:.4f}", f"{own_s / batch_s:.0f} x the row above"),
    ]


def main() -> None:
    print("| Orchestration | seconds per clip | ratio |\n|---|---|---|")
    for row in rows():
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
