"""How long it takes to plan a studio, and one tick of ``auto_render`` on it, from 9,000 to 90,000 clips.

Every measurement is a process of its own, as a command is, on a studio that was surveyed before. One clip in ten
has a take. Run as a script; prints a Markdown table.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CLIPS_PER_PROJECT = 900
CLIP = """version: 1
id: {clip}
camera:
  size: MS
  move: dolly_in
action: She walks to the window and looks out, for the {number}th time.
characters: [c{cast}]
location: kitchen
time_of_day: night
dialogue:
- character: c{cast}
  text: I knew that you would come back some day.
"""


def make_studio(root: Path, *, projects: int) -> None:
    """Make a studio whose clips are specs; every tenth one has a take, whose file is a stand-in of a few bytes."""
    from vtx_dagster.cli.studio_folder import engine_for
    from vtx_dagster.production.resolve import Resolver
    from vtx_dagster.studio.project import Studio
    from vtx_dagster.studio.takes import TakeRecord, TakeStore

    studio = Studio.init(root)
    for index in range(projects):
        project = studio.create_project(f"film_{index:03d}", title=f"Film {index}")
        cast = "".join(f"  c{number}: {{name: C{number}, descriptor: person number {number}}}\n" for number in range(5))
        project.characters_path.write_text(f"version: 1\ncharacters:\n{cast}", encoding="utf-8")
        resolver = Resolver.of(project, engine_for=engine_for)
        store = TakeStore(project)
        for number in range(CLIPS_PER_PROJECT):
            clip = f"A{number // 300 + 1:02d}_S{number // 10 % 30 + 1:02d}_SH{number % 10 * 10 + 10:03d}"
            text = CLIP.format(clip=clip, number=number, cast=number % 5)
            project.clip_spec_path(clip).write_text(text, encoding="utf-8")
            if number % 10 == 0:
                resolved = resolver.resolve(project.clip_spec(clip))
                rendered = root / "rendered.mp4"
                rendered.write_bytes(b"stand-in")
                times = {"started_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:00:01Z", "render_s": 1.0}
                record = TakeRecord.of(resolved.plan, project=project.slug, clip_hash=resolved.clip_hash, **times)
                store.make_current(store.store(rendered, record))


def plan(root: Path) -> tuple[float, int]:
    """Return the seconds of planning everything, as a command does it: imports included; and the steps that are due."""
    started = time.perf_counter()
    from vtx_dagster.cli.studio_folder import engine_for
    from vtx_dagster.core.planner import plan_studio
    from vtx_dagster.engines.choice import story_writer
    from vtx_dagster.production.survey import survey_studio
    from vtx_dagster.studio.project import Studio

    records = survey_studio(
        Studio.open(root, {}),
        engine_for=engine_for,
        writer_for=story_writer,
    )
    num_steps = sum(1 for _ in plan_studio(records))
    return time.perf_counter() - started, num_steps


def tick(root: Path) -> tuple[float, int]:
    """Return the seconds of one tick, and its run requests; Dagster's daemon has imported everything long before."""
    import dagster as dg

    from vtx_dagster.definitions import defs
    from vtx_dagster.resources.ltx import LtxPipeline
    from vtx_dagster.resources.studio import StudioResource
    from vtx_dagster.sensors import auto_render

    with dg.DagsterInstance.from_config(str(root / ".dagster")) as instance:
        context = dg.build_sensor_context(
            instance=instance,
            definitions=defs,
            resources={"studio": StudioResource(home=str(root)), "ltx": LtxPipeline()},
            sensor_name="auto_render",
        )
        started = time.perf_counter()
        requests = auto_render.evaluate_tick(context).run_requests or ()
        return time.perf_counter() - started, len(requests)


def measured(action: str, root: Path) -> dict[str, float]:
    """Run one measurement in a process of its own and return its seconds, its peak memory in MB, and what it counted."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.planning", action, str(root)]
    done = subprocess.run(command, check=True, capture_output=True, timeout=1200)
    return json.loads(done.stdout.splitlines()[-1])


def rows(*, small: int = 10, large: int = 100) -> list[tuple[str, str, str]]:
    """Return what was done, seconds and peak memory, and the ratio of the large studio's time to the small one's."""
    table = []
    with tempfile.TemporaryDirectory() as scratch:
        studios = {size: Path(scratch) / f"studio_{size}" for size in (small, large)}
        for size, root in studios.items():
            make_studio(root, projects=size)
        for action, name in (("plan", "vtx plan, warm"), ("tick", "auto_render tick, warm")):
            for root in studios.values():
                measured(action, root)  # the first survey of a studio resolves every plan; later ones remember
            found = {
                size: min((measured(action, root) for _ in range(3)), key=lambda one: one["seconds"])
                for size, root in studios.items()
            }
            for size, one in found.items():
                ratio = one["seconds"] / found[small]["seconds"]
                clips = f"{size * CLIPS_PER_PROJECT:,}"
                table.append((f"{name}, {clips} clips", f"{one['seconds']:.2f} ({one['peak_mb']:.0f} MB)", f"{ratio:.1f}"))
    return table


def main() -> None:
    if len(sys.argv) == 3:
        action, root = sys.argv[1], Path(sys.argv[2])
        seconds, counted = {"plan": plan, "tick": tick}[action](root)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peak_mb": peak_mb, "counted": counted}))
        return
    print("| Planning | seconds (peak memory) | ratio |\n|---|---|---|")
    for row in rows():
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
