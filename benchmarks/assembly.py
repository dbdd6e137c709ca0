"""How long it takes to join many clips into a film, beside plain ffmpeg and moviepy on the same files.

Run as a script; prints a Markdown table. The clips are a few drawn ones, copied: joining does not look at pictures.
"""

import argparse
import importlib.util
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from vtx_dagster.core.engines import Segment
from vtx_dagster.engines.clip_writer import ClipWriter
from vtx_dagster.engines.ffmpeg import Ffmpeg, find_ffmpeg

FPS, WIDTH, HEIGHT = 16, 512, 288
RENDER_FRAMES, CONTENT_FRAMES = 33, 32
MOVIEPY_CLIPS = 10


def make_clips(folder: Path, count: int) -> list[Path]:
    drawn = [folder / f"drawn{seed}.mp4" for seed in range(min(count, 6))]
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    for seed, path in enumerate(drawn):
        with ClipWriter(path, width=WIDTH, height=HEIGHT, fps=FPS, num_frames=RENDER_FRAMES) as writer:
            for index in range(RENDER_FRAMES):
                channels = [columns * 2 + index * 5 + seed * 31, rows * 3 + index * 3, columns + rows + index * 2]
                writer.write_rgb(np.stack(channels, axis=-1).astype(np.uint8))
    return [Path(shutil.copyfile(drawn[index % len(drawn)], folder / f"clip{index:05d}.mp4")) for index in range(count)]


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def rows(*, clips: int = 900, repeats: int = 5) -> list[tuple[str, str, str]]:
    """Return what was done, the seconds it took (median), and the ratio to plain ffmpeg (median of the ratios of each round)."""
    executable = find_ffmpeg(None)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        files = make_clips(folder, clips)
        listed = folder / "plain.txt"
        listed.write_text("".join(f"file '{path}'\n" for path in files))
        plain_argv = [str(executable), "-v", "error", "-nostdin", "-y", "-f", "concat", "-safe", "0", "-i", str(listed)]
        plain_argv += ["-c", "copy", str(folder / "plain.mp4")]
        segments = [Segment(name=path.stem, path=path, content_frames=CONTENT_FRAMES) for path in files]

        def plain() -> object:
            return subprocess.run(plain_argv, check=True, timeout=600)

        def ours() -> object:
            return Ffmpeg(executable).assemble(
                segments, folder / "film.mp4", fps=FPS, width=WIDTH, height=HEIGHT, log=folder / "log.txt"
            )

        plain()  # warms the page cache for both
        # Taken in turns, so that a busy machine slows both.
        rounds = [(seconds(plain), seconds(ours)) for _ in range(repeats)]
        plain_s = statistics.median(first for first, _ in rounds)
        ours_s = statistics.median(second for _, second in rounds)
        ratio = statistics.median(second / first for first, second in rounds)
        table = [
            (f"ffmpeg -f concat -c copy, {clips} clips", f"{plain_s:.2f}", "1.00"),
            (f"vtx assemble, {clips} clips, trimmed and checked", f"{ours_s:.2f}", f"{ratio:.2f}"),
        ]
        table.append(moviepy_row(files, plain_s / clips, folder))
    return table


def moviepy_row(files: list[Path], plain_clip_s: float, folder: Path) -> tuple[str, str, str]:
    if importlib.util.find_spec("moviepy") is None:
        return ("moviepy concatenate_videoclips", "not installed", "-")
    from moviepy import VideoFileClip, concatenate_videoclips  # pyright: ignore[reportMissingImports] - an optional extra

    some = files[:MOVIEPY_CLIPS]

    def join() -> None:
        parts = [VideoFileClip(str(path)) for path in some]
        concatenate_videoclips(parts).write_videofile(str(folder / "moviepy.mp4"), logger=None)
        for part in parts:
            part.close()

    took_s = seconds(join) * len(files) / len(some)
    name = f"moviepy concatenate_videoclips, scaled from {len(some)} clips"
    return (name, f"{took_s:.2f}", f"{took_s / len(files) / plain_clip_s:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=900)
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    print("| Assembly | seconds | ratio |\n|---|---|---|")
    for row in rows(clips=chosen.clips, repeats=chosen.repeats):
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
