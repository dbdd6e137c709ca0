"""A still card with a text, in place of a clip that is not there yet."""

from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vtx_dagster.engines.clip_writer import ClipWriter

BACKGROUND: Final = (24, 26, 30)
FOREGROUND: Final = (226, 224, 216)
RULE: Final = (196, 92, 60)
_MARGIN: Final = 0.08


def slate(output: Path, *, text: str, num_frames: int, fps: int, width: int, height: int) -> None:
    """Write a clip of a still card.

    Args:
        output: The MP4 to write.
        text: What the card says; its lines are kept, and long ones wrapped. It is set smaller until it fits.
        num_frames: Length in frames.
        fps: Whole frames per second.
        width: Even, in pixels.
        height: Even, in pixels.

    Raises:
        RenderError: If a size, rate or count is out of range.
        StorageError: If the file cannot be written.
    """
    picture = card(text, width=width, height=height)
    with ClipWriter(output, width=width, height=height, fps=fps, num_frames=num_frames) as writer:
        for _ in range(num_frames):
            writer.write_rgb(picture)


def card(text: str, *, width: int, height: int) -> np.ndarray:
    """Return the card as a picture, ``[height, width, 3]`` uint8 sRGB."""
    image = Image.new("RGB", (width, height), BACKGROUND)
    draw = ImageDraw.Draw(image)
    room = (width * (1 - 2 * _MARGIN), height * (1 - 2 * _MARGIN))
    size = max(8, height // 9)
    wrapped, font = _set(draw, text, room[0], size)
    while size > 8 and not _fits(draw, wrapped, font, room):
        size = max(8, int(size * 0.85))
        wrapped, font = _set(draw, text, room[0], size)
    draw.multiline_text((width / 2, height / 2), wrapped, FOREGROUND, font, anchor="mm", align="center")
    edge = max(1, height // 120)
    draw.rectangle((0, height - 3 * edge, width, height), RULE)
    return np.asarray(image)


def _set(
    draw: ImageDraw.ImageDraw, text: str, width: float, size: int
) -> tuple[str, ImageFont.FreeTypeFont | ImageFont.ImageFont]:
    font = ImageFont.load_default(size)
    return "\n".join(_wrapped(draw, line, width, font) for line in text.splitlines()), font


def _wrapped(draw: ImageDraw.ImageDraw, line: str, width: float, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    lines: list[str] = [""]
    for word in line.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and draw.textlength(longer, font) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)


def _fits(
    draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: tuple[float, float]
) -> bool:
    left, top, right, bottom = draw.multiline_textbbox((0, 0), text, font)
    return right - left <= room[0] and bottom - top <= room[1]
