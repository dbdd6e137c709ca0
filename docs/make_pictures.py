"""Make the pictures of the README anew: the demo film, and the studio in the browser. Needs Chromium and the `browser` extra.

python docs/make_pictures.py
"""

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import av
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/browser"))

from studio_browser import GROUPS, Screen, browsing, find_programs, serving

IMAGES = Path(__file__).resolve().parent / "images"
SLUG = "the_last_ferry"
MOMENTS = (0.04, 0.2, 0.38, 0.55, 0.72, 0.93)
"""Where in the film the frames of the strip are, as a share of its length: at least one in every act."""

SHOWN_CLIP = "A01_S01_SH020"
_COLUMNS = 3
_FRAME_PX = (480, 270)
_GAP_PX = 6
_MARGIN_PX = 20
_SCALE = 2
"""Pixels of a picture for each pixel of the page, so that small letters stay sharp."""


def main() -> None:
    """Make the demo film in a studio that is thrown away, and write the pictures."""
    programs = find_programs()
    if programs is None:
        raise SystemExit("install Chromium and its driver first (Debian: apt-get install chromium chromium-driver)")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        studio, profile, failures = root / "studio", root / "profile", root / "failures"
        failures.mkdir()
        run = [sys.executable, "-c", "from vtx_dagster.cli.main import main; main()", "demo", str(studio)]
        subprocess.run(run, check=True, stdout=sys.stderr, env={**os.environ, "DAGSTER_DISABLE_TELEMETRY": "1"})
        film = studio / f"projects/{SLUG}/renders/final/{SLUG}__final.mp4"
        _sheet(_frames(film)).save(IMAGES / "frame_strip.webp", quality=80, method=6)
        with (
            serving(studio, log=root / "vtx_dev.log") as server,
            browsing(server, programs, profile=profile, pictures=failures, size=(1700, 1000)) as screen,
        ):
            _save(_graph(screen), IMAGES / "asset_graph.png")
            screen.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
            screen.driver.set_window_size(1280, 900)
            screen.open_strip(f"{SLUG}/{SHOWN_CLIP}")
            _save(_shot(screen), IMAGES / "clip_partition.png")


def _frames(film: Path) -> Iterator[Image.Image]:
    """Yield the frames of the film at the chosen moments."""
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        wanted = [round(moment * stream.frames) for moment in MOMENTS]
        for index, frame in enumerate(container.decode(stream)):
            if index in wanted:
                yield frame.to_image()


def _sheet(frames: Iterator[Image.Image]) -> Image.Image:
    """Return the frames in rows on one white sheet."""
    pictures = [frame.resize(_FRAME_PX, Image.Resampling.LANCZOS) for frame in frames]
    rows = -(-len(pictures) // _COLUMNS)
    width, height = _FRAME_PX[0] + _GAP_PX, _FRAME_PX[1] + _GAP_PX
    sheet = Image.new("RGB", (width * _COLUMNS - _GAP_PX, height * rows - _GAP_PX), "white")
    for index, picture in enumerate(pictures):
        sheet.paste(picture, (index % _COLUMNS * width, index // _COLUMNS * height))
    return sheet


def _graph(screen: Screen) -> Image.Image:
    """Return the whole asset graph, and nothing around it."""
    page = {"width": 1700, "height": 1400, "deviceScaleFactor": _SCALE, "mobile": False}
    screen.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", page)
    screen.open_graph()
    screen.until("the whole graph", lambda: {*GROUPS, "film"} <= screen.boxes().keys())
    edges = [screen.boxes()[group] for group in GROUPS]
    left, top = min(edge[0] for edge in edges), min(edge[1] for edge in edges)
    right, bottom = max(edge[2] for edge in edges), max(edge[3] for edge in edges)
    box = (left - _MARGIN_PX, top - _MARGIN_PX, right + _MARGIN_PX, bottom + _MARGIN_PX)
    return _shot(screen).crop(tuple(round(edge * _SCALE) for edge in box))


def _shot(screen: Screen) -> Image.Image:
    return Image.open(io.BytesIO(screen.driver.get_screenshot_as_png())).convert("RGB")


def _save(picture: Image.Image, path: Path) -> None:
    picture.quantize(256).save(path, optimize=True)


if __name__ == "__main__":
    main()
