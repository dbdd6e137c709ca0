"""How long the animatic takes to draw and encode a clip, beside ffmpeg encoding its test picture with the same settings.

Run as a script; prints a Markdown table. The clips are shots of the demo film, drawn for fifteen seconds each. Each is drawn
three times, in turns with ffmpeg, and the best turn of each counts: what else the machine does makes the others longer, nothing
makes one shorter.
"""

import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from vtx_dagster.core.engines import RenderRequest, RenderSession
from vtx_dagster.core.plan import RenderPlan
from vtx_dagster.core.planner import Stage
from vtx_dagster.engines.animatic.engine import AnimaticEngine
from vtx_dagster.engines.breakdown.writer import BreakdownWriter
from vtx_dagster.engines.clip_writer import X264_OPTIONS, keyframe_interval
from vtx_dagster.engines.ffmpeg import find_ffmpeg
from vtx_dagster.engines.verification import verify
from vtx_dagster.production.resolve import Resolver
from vtx_dagster.production.story import StoryDesk
from vtx_dagster.studio import demo
from vtx_dagster.studio.project import Project, Studio

FPS, WIDTH, HEIGHT, SECONDS = 16, 768, 432, 15
RENDER_FRAMES = SECONDS * FPS + 1
TURNS = 3


def demo_project(folder: Path) -> Project:
    studio = Studio.init(folder / "studio")
    shutil.copytree(Path(demo.__file__).parent, studio.projects_dir / "demo")
    project = studio.project("demo")
    desk = StoryDesk(project, BreakdownWriter())
    for stage in (Stage.OUTLINE, Stage.TREATMENT, Stage.SCREENPLAY, Stage.SHOTLIST):
        desk.run(stage)
    return project


def plans(project: Project) -> list[RenderPlan]:
    """Return the plans of all shots of the demo film, at the size and length that is measured."""
    engine = AnimaticEngine()
    resolver = Resolver.of(project, engine_for=lambda *_: engine)
    size = {"width": WIDTH, "height": HEIGHT, "fps": FPS}
    length = {"content_frames": RENDER_FRAMES - 1, "render_frames": RENDER_FRAMES}
    resolved = (resolver.resolve(project.clip_spec(clip)).plan for clip in project.clip_ids())
    return [plan.model_copy(update={**size, **length}) for plan in resolved]


def encode_test_picture(output: Path) -> float:
    """Return the seconds that ffmpeg takes for its test picture, picture only, as a whole process."""
    settings = {"preset": X264_OPTIONS["preset"], "crf": X264_OPTIONS["crf"], "bf": X264_OPTIONS["bf"]}
    options = [part for name, value in settings.items() for part in (f"-{name}", value)]
    source = f"testsrc2=size={WIDTH}x{HEIGHT}:rate={FPS}"
    argv = [str(find_ffmpeg(None)), "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", source]
    argv += ["-frames:v", str(RENDER_FRAMES), "-c:v", "libx264", *options, "-threads", X264_OPTIONS["threads"]]
    argv += ["-g", str(keyframe_interval(FPS)), "-pix_fmt", "yuv420p", str(output)]
    started = time.perf_counter()
    # Its output is read, because a wait with a timeout alone looks every 50 ms whether the process has ended.
    subprocess.run(argv, check=True, timeout=300, capture_output=True)
    return time.perf_counter() - started


def measure(session: RenderSession, plan: RenderPlan, folder: Path) -> tuple[float, float, float]:
    """Return the seconds that ffmpeg, drawing and verification take, one after another."""
    output = folder / "clip.mp4"
    ffmpeg_s = encode_test_picture(folder / "test.mp4")
    started = time.perf_counter()
    session.render(RenderRequest(plan=plan, output=output, log=folder / "log.txt"))
    drawn = time.perf_counter()
    verify(output, plan)
    return ffmpeg_s, drawn - started, time.perf_counter() - drawn


def rows() -> list[tuple[str, str, str]]:
    """Return what was done, the seconds per clip (median over all shots), and the ratio to ffmpeg (median of each shot's)."""
    with tempfile.TemporaryDirectory() as scratch, AnimaticEngine().session() as session:
        folder = Path(scratch)
        shots = [(plan, [measure(session, plan, folder) for _ in range(TURNS)]) for plan in plans(demo_project(folder))]
    best = {plan.clip: [min(column) for column in zip(*shot, strict=True)] for plan, shot in shots}
    ffmpeg_s, drawn_s, verified_s = (statistics.median(column) for column in zip(*best.values(), strict=True))
    ratios = {clip: drawn / ffmpeg for clip, (ffmpeg, drawn, _) in best.items()}
    slowest = max((plan for plan, _ in shots), key=lambda plan: ratios[plan.clip])
    verified_ratio = statistics.median(verified / ffmpeg for ffmpeg, _, verified in best.values())
    return [
        (f"ffmpeg testsrc2, {WIDTH}x{HEIGHT}, {RENDER_FRAMES} frames, same encoder settings", f"{ffmpeg_s:.2f}", "1.00"),
        (
            f"animatic, draw and encode, median of {len(shots)} shots",
            f"{drawn_s:.2f}",
            f"{statistics.median(ratios.values()):.2f}",
        ),
        (f"animatic, the slowest of these shots ({move_of(slowest)})", "", f"{ratios[slowest.clip]:.2f}"),
        ("verification: decoded end to end and checked", f"{verified_s:.2f}", f"{verified_ratio:.2f}"),
    ]


def move_of(plan: RenderPlan) -> str:
    return plan.drawing.camera.move.value.replace("_", " ") if plan.drawing else ""


def main() -> None:
    print("| Animatic | seconds | ratio |\n|---|---|---|")
    for row in rows():
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
