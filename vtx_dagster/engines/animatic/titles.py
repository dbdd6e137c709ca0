"""Titles: shots that are nothing but text to be read, set large on a dark field in the colours of the film's light."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from vtx_dagster.core.shot import CameraMove, ShotSize
from vtx_dagster.engines.animatic.brush import Sheet, Window
from vtx_dagster.engines.animatic.camera import Path, camera_path
from vtx_dagster.engines.animatic.layers import Layer
from vtx_dagster.engines.animatic.lettering import Lettering, is_wide, wrapped, written_lines
from vtx_dagster.engines.animatic.palette import Colour, Light, luminance, mix
from vtx_dagster.engines.animatic.typefaces import Face

_BLACK: Final[Colour] = (10, 9, 11)
_WHITE: Final[Colour] = (255, 250, 240)
_ROOM: Final = 0.78
"""How much of the picture's width lines may take, before the camera comes closer."""
_ROOM_HIGH: Final = 0.70
"""Likewise, of its height."""
_PITCH: Final = 1.34
"""Of lines, in sizes of the type."""
_GAP: Final = 0.55
"""Of an empty line, in lines."""
_LARGEST: Final = 0.21
"""Size of type, in heights of the picture."""
_AS_WRITTEN: Final = 0.62
"""Lines keep together if they need not be smaller than this, of the size that they could have broken."""
_PUSH: Final = 0.3
"""How far the camera goes towards a title, of a dolly in."""
_LIGHTEST: Final = 0.16
"""Of the field, luminance."""
_DARKEST: Final = 0.07
_MAX_EVEN: Final = 6
"""Lines beyond which nobody sees whether they are of similar length."""


@dataclass(frozen=True, slots=True)
class Lines:
    """A text set in type.

    Attributes:
        lines: As they are drawn.
        size_px: Of the type.
    """

    lines: tuple[str, ...]
    size_px: int

    @property
    def height_px(self) -> float:
        """Of all lines."""
        return _height(self.lines) * self.size_px


def title_path(*, num_frames: int, fps: int, roll: float) -> Path:
    """Return the path of the camera before a title: a slow push, or past a text that is higher than the picture.

    Args:
        num_frames: Of the clip.
        fps: Frames per second.
        roll: How much higher the text is than its room, in heights of the picture; zero for one that fits.
    """
    path = camera_path(CameraMove.DOLLY_IN, ShotSize.WS, num_frames=num_frames, fps=fps, seed=0)
    if roll:
        progress = 0.2 * path.push + 0.8 * np.linspace(0, 1, num_frames)
        return replace(path, push=path.push * 0, walk_y=(progress - 0.5) * roll)
    return replace(path, push=path.push * _PUSH)


def set_lines(text: str, lettering: Lettering, *, room: tuple[float, float], sizes: tuple[int, int]) -> Lines:
    """Return a text in the largest type in which it fits, its lines as they were written wherever they can be.

    Args:
        text: Not empty.
        lettering: The typeface.
        room: Width and height, in pixels; a text that is too long even in the smallest type is higher.
        sizes: Of the type, the smallest and the largest, in pixels.
    """
    written = written_lines(text)
    broken = _largest(written, lettering, room=room, sizes=sizes)
    if len(broken.lines) > len(written):
        whole = _largest(written, lettering, room=room, sizes=sizes, whole=True)
        if whole.size_px >= _AS_WRITTEN * broken.size_px and len(whole.lines) == len(written):
            return whole
    return broken


def _largest(
    written: list[str], lettering: Lettering, *, room: tuple[float, float], sizes: tuple[int, int], whole: bool = False
) -> Lines:
    low, high = sizes
    while low < high:
        middle = (low + high + 1) // 2
        face = lettering.face(middle, bold=True)
        lines = _broken(written, face, room[0])
        fits = _height(lines) * middle <= room[1] and _keeps_words(written, face, room[0])
        if fits and not (whole and len(lines) > len(written)):
            low = middle
        else:
            high = middle - 1
    face = lettering.face(low, bold=True)
    return Lines(tuple(_broken(written, face, room[0], even=True)), low)


def _height(lines: tuple[str, ...] | list[str]) -> float:
    return _PITCH * sum(1 if line else _GAP for line in lines)


def _keeps_words(written: list[str], face: Face, width: float) -> bool:
    """Say whether no word is broken; what is written without spaces may be broken anywhere."""
    words = (word for line in written for word in line.split())
    return all(face.getlength(word) <= width or any(map(is_wide, word)) for word in words)


def _broken(written: list[str], face: Face, width: float, *, even: bool = False) -> list[str]:
    lines: list[str] = []
    for line in written:
        pieces = wrapped(line, face, width) or [""]
        lines += _even(line, face, width, len(pieces)) if even and 1 < len(pieces) <= _MAX_EVEN else pieces
    return lines


def _even(line: str, face: Face, width: float, count: int) -> list[str]:
    """Return a line in ``count`` pieces of similar length."""
    low, high = max(width / count, *map(face.getlength, line.split())), width
    while high - low > 2:
        middle = (low + high) / 2
        low, high = (low, middle) if len(wrapped(line, face, middle)) <= count else (middle, high)
    return wrapped(line, face, high)


@dataclass(frozen=True, slots=True)
class Title:
    """The words of a title, in the middle of the stage.

    Attributes:
        layer: Of words.
        roll: How much higher they are than their room, in heights of the picture; zero if they fit.
    """

    layer: Layer
    roll: float


def painted_title(text: str, lettering: Lettering, *, aspect: float, px_per_unit: float, light: Light, smallest: float) -> Title:
    """Return the words of a title.

    Args:
        text: Not empty.
        lettering: The typeface.
        aspect: Width of the picture over its height.
        px_per_unit: Resolution, in pixels for a height of the picture.
        light: Whose colours are used.
        smallest: Size of the smallest type, in heights of the picture.
    """
    room = (_ROOM * aspect * px_per_unit, _ROOM_HIGH * px_per_unit)
    least = max(4, round(smallest * px_per_unit))
    lines = set_lines(text, lettering, room=room, sizes=(least, max(least, round(_LARGEST * px_per_unit))))
    mask = _mask(lines, lettering.face(lines.size_px, bold=True))
    image = Image.new("RGBA", mask.size, (*title_colour(light), 0))
    image.putalpha(mask)
    half_width, half_height = mask.width / px_per_unit / 2, mask.height / px_per_unit / 2
    window = Window(-half_width, -half_height, half_width, half_height)
    return Title(Layer(window, image.convert("RGBa")), max(0.0, (lines.height_px - room[1]) / px_per_unit))


def _mask(lines: Lines, face: Face) -> Image.Image:
    pad = lines.size_px
    width = round(max(face.getlength(line) for line in lines.lines)) + 2 * pad
    mask = Image.new("L", (width, round(lines.height_px) + 2 * pad), 0)
    draw = ImageDraw.Draw(mask)
    top = float(pad)
    for line in lines.lines:
        tall = _height([line]) * lines.size_px
        face.write(draw, (width / 2, top + tall / 2), line, fill=255, anchor="mm")
        top += tall
    return mask


def title_colour(light: Light) -> Colour:
    """Return the colour of a title's words: the light's, but never dark."""
    return mix(light.light, _WHITE, max(0.35, 1 - luminance(light.light)))


def paint_field(sheet: Sheet, aspect: float) -> None:
    """Paint what a title stands on: the shadow of the film's light, nearly black at the edges."""
    light = sheet.light
    pen = sheet.pen()
    dark = _dimmed(mix(light.shadow, _BLACK, 0.55))
    pen.gradient(sheet.window.top, sheet.window.bottom, mix(dark, _BLACK, 0.25), mix(dark, _BLACK, 0.55))
    pen.glow(0, 0.04, 0.62 * max(1.0, aspect), _dimmed(mix(light.shadow, light.mid, 0.3)), 0.8)


def _dimmed(paint: Colour) -> Colour:
    """Return a colour that is dark, but not black."""
    bright = luminance(paint)
    if bright > _LIGHTEST:
        return mix(paint, _BLACK, 1 - _LIGHTEST / bright)
    return mix(paint, _WHITE, (_DARKEST - bright) / (1 - bright)) if bright < _DARKEST else paint
