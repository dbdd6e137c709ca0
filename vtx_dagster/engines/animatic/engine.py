"""The animatic as a ``RenderEngine``: plans with a ``Drawing`` in, conforming MP4 files out."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from vtx_dagster.core.engines import RenderReport, RenderRequest
from vtx_dagster.core.errors import RenderError
from vtx_dagster.core.plan import EngineIdentity, RenderPlan
from vtx_dagster.engines.clip_writer import ClipWriter

VERSION = "1"


class AnimaticEngine:
    def __init__(self, font: Path | None = None) -> None:
        self._font = font
        self._version = VERSION if font is None else f"{VERSION}+font.{hashlib.sha256(font.read_bytes()).hexdigest()[:12]}"

    @property
    def identity(self) -> EngineIdentity:
        return EngineIdentity(name="animatic", version=self._version)

    @property
    def draws(self) -> bool:
        return True

    @contextmanager
    def session(self) -> Iterator["AnimaticSession"]:
        yield AnimaticSession(self._font)


class AnimaticSession:
    def __init__(self, font: Path | None) -> None:
        self._font = font

    def render(self, request: RenderRequest) -> RenderReport:
        plan = request.plan
        with ClipWriter(request.output, width=plan.width, height=plan.height, fps=plan.fps, num_frames=plan.render_frames) as writer:
            for index in range(plan.render_frames):
                writer.write_rgb(np.asarray(paint_frame(plan, index)))
                request.progress(index + 1, plan.render_frames)
        request.log.write_text(f"animatic {VERSION}: {plan.clip}, {plan.render_frames} frames\n", encoding="utf-8")
        return RenderReport(facts={"frames": plan.render_frames})


def paint_frame(plan: RenderPlan, frame_index: int) -> Image.Image:
    drawing = plan.drawing
    if drawing is None:
        raise RenderError(f"{plan.clip}: the plan has no drawing; make it again for the animatic engine", clip=plan.clip)
    image = Image.new("RGB", (plan.width, plan.height), (plan.seed % 200, 90, 120))
    draw = ImageDraw.Draw(image)
    x = plan.width * frame_index // plan.render_frames
    draw.rectangle((x, plan.height // 3, x + plan.width // 5, plan.height * 2 // 3), fill=(230, 200, 150))
    draw.text((4, 4), f"{drawing.title} {plan.clip} {frame_index}".encode("ascii", "replace").decode(), fill="white")
    return image
