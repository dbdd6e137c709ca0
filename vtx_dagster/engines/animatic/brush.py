"""Brush and pen: washes, wobbling ink lines and shading on a sheet. What is drawn with them belongs elsewhere.

A sheet is a window of the stage. On the stage one unit is the height of the picture, x runs right, y runs down, and (0, 0) is the
centre of the picture at rest.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw

from vtx_dagster.engines.animatic.chance import generator
from vtx_dagster.engines.animatic.palette import Colour, Light, mix

Points = Sequence[tuple[float, float]] | NDArray[np.float64]

SUPERSAMPLING: Final = 2
LINE_WIDTH: Final = 0.0042
"""Of a line of weight one, in heights of the picture: 1.6 px in a picture of 370 px."""


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of the stage."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Of the rectangle."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Of the rectangle."""
        return self.bottom - self.top

    def overlap(self, other: "Window") -> "Window | None":
        """Return what two windows share, or None."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return Window(left, top, right, bottom) if right > left and bottom > top else None


def curve(points: Points, *, closed: bool = False, steps: int = 6) -> NDArray[np.float64]:
    """Return a Catmull-Rom curve through the points, ``steps`` points for each of them."""
    knots = np.asarray(points, dtype=float)
    if closed:
        around = np.concatenate([knots[-1:], knots, knots[:2]])
    else:
        around = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    before, start, end, after = around[:-3], around[1:-2], around[2:-1], around[3:]
    t = (np.arange(steps) / steps)[None, :, None]
    before, start, end, after = (part[:, None, :] for part in (before, start, end, after))
    run = 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - before - 3 * end + after) * t**3
    )
    path = run.reshape(-1, 2)
    return path if closed else np.concatenate([path, knots[-1:]])


def arc(x: float, y: float, radius_x: float, radius_y: float, *, start: float = 0, end: float = 360) -> NDArray[np.float64]:
    """Return points on an ellipse, from ``start`` to ``end`` degrees, clockwise from three o'clock."""
    count = max(6, int(abs(end - start) / 12))
    turn = np.radians(np.linspace(start, end, count, endpoint=abs(end - start) < 360))
    return np.stack([x + radius_x * np.cos(turn), y + radius_y * np.sin(turn)], axis=1)


def box(left: float, top: float, right: float, bottom: float) -> NDArray[np.float64]:
    """Return the corners of a rectangle."""
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


class Sheet:
    """A window of the stage to paint on, supersampled.

    Args:
        window: What part of the stage it shows; it grows to whole pixels.
        px_per_unit: Its resolution in finished pixels per height of the picture.
        light: The light of the scene.
        ground: Colour of an opaque sheet; without it the sheet is clear, with ink colour beneath, so that edges stay inked.
        seed: Of the wobble of its lines.
    """

    def __init__(self, window: Window, px_per_unit: float, *, light: Light, seed: int, ground: Colour | None = None) -> None:
        self.light = light
        self.scale = px_per_unit * SUPERSAMPLING
        self.size = (max(1, math.ceil(window.width * px_per_unit)), max(1, math.ceil(window.height * px_per_unit)))
        # Whole pixels, so that a layer seen at its own scale is copied and not resampled.
        self.window = Window(
            window.left, window.top, window.left + self.size[0] / px_per_unit, window.top + self.size[1] / px_per_unit
        )
        inner = (self.size[0] * SUPERSAMPLING, self.size[1] * SUPERSAMPLING)
        self.image = Image.new("RGB", inner, ground or light.ink)
        self.mask = None if ground else Image.new("L", inner, 0)
        self.draw = ImageDraw.Draw(self.image)
        self.mask_draw = None if self.mask is None else ImageDraw.Draw(self.mask)
        self.chance = generator(seed)

    def pen(self, *, tilt_deg: float = 0.0) -> "Pen":
        """Return a pen in stage units, turned about the centre of the picture."""
        turn = math.radians(tilt_deg)
        matrix = self.scale * np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        return Pen(self, matrix, -self.scale * np.array([self.window.left, self.window.top]))

    def finished(self) -> tuple[Image.Image, Image.Image | None]:
        """Return colour and coverage (None where everything is covered) at the finished resolution."""
        return self.image.reduce(SUPERSAMPLING), None if self.mask is None else self.mask.reduce(SUPERSAMPLING)


class Pen:
    """Draws on a sheet in a coordinate system of its own."""

    def __init__(self, sheet: Sheet, matrix: NDArray[np.float64], offset: NDArray[np.float64], weight: float = 1.0) -> None:
        self.sheet = sheet
        self.light = sheet.light
        self._matrix = matrix
        self._offset = offset
        self._weight = weight

    def at(self, x: float, y: float, scale: float = 1.0, *, stretch: float = 1.0, weight: float | None = None) -> "Pen":
        """Return a pen whose origin is at (x, y) and whose unit is ``scale`` of this one's (``stretch`` times that in height)."""
        matrix = self._matrix @ np.array([[scale, 0.0], [0.0, scale * stretch]])
        return Pen(self.sheet, matrix, self._matrix @ np.array([x, y]) + self._offset, self._weight if weight is None else weight)

    def turned(self, degrees: float) -> "Pen":
        """Return a pen whose axes are turned clockwise about its origin."""
        turn = math.radians(degrees)
        matrix = self._matrix @ np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        return Pen(self.sheet, matrix, self._offset, self._weight)

    def place(self, points: Points) -> NDArray[np.float64]:
        """Return points in pixels of the supersampled sheet."""
        return np.asarray(points, dtype=float) @ self._matrix.T + self._offset

    def _clipped(self, placed: NDArray[np.float64]) -> tuple[int, int, int, int] | None:
        low, high = placed.min(axis=0), placed.max(axis=0)
        width, height = self.sheet.image.size
        left, top = max(0, math.floor(low[0])), max(0, math.floor(low[1]))
        right, bottom = min(width, math.ceil(high[0]) + 1), min(height, math.ceil(high[1]) + 1)
        return (left, top, right, bottom) if right > left and bottom > top else None

    def pixels(self, window: Window) -> tuple[int, int, int, int]:
        """Return the pixels of the supersampled sheet that hold a window of this pen's system, on whole finished pixels.

        Of a window beside the sheet, that is the whole sheet.
        """
        width, height = self.sheet.image.size
        area = self._clipped(self.place(box(window.left, window.top, window.right, window.bottom))) or (0, 0, width, height)
        left, top = (side - side % SUPERSAMPLING for side in area[:2])
        right, bottom = (-(-side // SUPERSAMPLING) * SUPERSAMPLING for side in area[2:])
        return left, top, min(width, right), min(height, bottom)

    def _polygon(self, placed: NDArray[np.float64], paint: Colour) -> None:
        flat = placed.ravel().tolist()
        self.sheet.draw.polygon(flat, fill=paint)
        if self.sheet.mask_draw is not None:
            self.sheet.mask_draw.polygon(flat, fill=255)

    def fill(self, points: Points, paint: Colour) -> None:
        """Fill an area, without a line."""
        placed = self.place(points)
        if self._clipped(placed):
            self._polygon(placed, paint)

    def wash(self, points: Points, paint: Colour, strength: float) -> None:
        """Lay a thin wash over an area; it colours what is there and covers nothing new."""
        placed = self.place(points)
        area = self._clipped(placed)
        if area is None:
            return
        self.sheet.image.paste(paint, area, self._stencil(placed, area, round(255 * strength)))

    def _stencil(self, placed: NDArray[np.float64], area: tuple[int, int, int, int], value: int) -> Image.Image:
        stencil = Image.new("L", (area[2] - area[0], area[3] - area[1]), 0)
        ImageDraw.Draw(stencil).polygon((placed - area[:2]).ravel().tolist(), fill=value)
        return stencil

    def cast(self, points: Points, strength: float) -> None:
        """Let a shadow fall on whatever lies below the sheet."""
        placed = self.place(points)
        if self.sheet.mask_draw is None:
            self.wash(points, self.light.ink, strength)
        elif self._clipped(placed):
            self.sheet.mask_draw.polygon(placed.ravel().tolist(), fill=round(255 * strength))

    def shade(self, points: Points, strength: float, *, shift: tuple[float, float], paint: Colour | None = None) -> None:
        """Darken the part of an area that a copy of it, moved by ``shift``, leaves uncovered: form shadow, or rim light."""
        placed = self.place(points)
        area = self._clipped(placed)
        if area is None:
            return
        stencil = self._stencil(placed, area, round(255 * strength))
        moved = placed + self._matrix @ np.asarray(shift)
        ImageDraw.Draw(stencil).polygon((moved - area[:2]).ravel().tolist(), fill=0)
        self.sheet.image.paste(paint or self.light.shadow, area, stencil)

    def hatch(self, points: Points, *, spacing: float = 0.016, strength: float = 0.35, slope: float = 1.0) -> None:
        """Rule parallel ink lines across an area; ``spacing`` is in heights of the picture."""
        placed = self.place(points)
        area = self._clipped(placed)
        if area is None:
            return
        width, height = area[2] - area[0], area[3] - area[1]
        lines = Image.new("L", (width, height), 0)
        draw = ImageDraw.Draw(lines)
        step, run = max(3.0, spacing * self.sheet.scale), height * slope
        thick = max(1, round(0.0018 * self.sheet.scale))
        for start in np.arange(-abs(run) - step * (area[0] / step % 1), width + abs(run), step).tolist():
            draw.line((start, height, start + run, 0), fill=round(255 * strength), width=thick)
        covered = self._stencil(placed, area, 255)
        self.sheet.image.paste(self.light.ink, area, Image.composite(lines, Image.new("L", lines.size, 0), covered))

    def stroke(
        self, points: Points, weight: float = 1.0, *, smooth: bool = False, closed: bool = False, paint: Colour | None = None
    ) -> None:
        """Draw an ink line of varying width."""
        path = curve(points, closed=closed) if smooth else self._subdivided(points, closed=closed)
        self._ink(path, weight, closed=closed, paint=paint or self.light.ink)

    def _ink(self, path: NDArray[np.float64], weight: float, *, closed: bool, paint: Colour) -> None:
        placed = self.place(path)
        if self._clipped(placed):
            width = max(1.6, weight * self._weight * LINE_WIDTH * self.sheet.scale)
            self._polygon(self._ribbon(placed, width, closed=closed), paint)

    def _subdivided(self, points: Points, *, closed: bool) -> NDArray[np.float64]:
        knots = np.asarray(points, dtype=float)
        if closed:
            knots = np.concatenate([knots, knots[:1]])
        part = np.linspace(0, 1, 5, endpoint=False)[None, :, None]
        path = (knots[:-1, None, :] * (1 - part) + knots[1:, None, :] * part).reshape(-1, 2)
        return np.concatenate([path, knots[-1:]])

    def _ribbon(self, path: NDArray[np.float64], width: float, *, closed: bool) -> NDArray[np.float64]:
        if closed:
            path = np.concatenate([path, path[:1]])
        along = np.gradient(path, axis=0)
        normal = np.stack([-along[:, 1], along[:, 0]], axis=1) / np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)[:, None]
        count = len(path)
        knots = self.sheet.chance.uniform(-1, 1, (2, max(3, count // 5)))
        at = np.linspace(0, knots.shape[1] - 1, count)
        wobble = np.interp(at, np.arange(knots.shape[1]), knots[0])
        swell = np.interp(at, np.arange(knots.shape[1]), knots[1])
        half = width / 2 * (0.95 + 0.35 * swell)
        if closed:
            wobble[-1], half[-1] = wobble[0], half[0]
        else:
            half *= np.minimum(1, 0.35 + 3 * np.minimum(np.linspace(0, 1, count), np.linspace(1, 0, count)))
        middle = path + normal * (wobble * width * 0.22)[:, None]
        return np.concatenate([middle + normal * half[:, None], (middle - normal * half[:, None])[::-1]])

    def shape(self, points: Points, paint: Colour, weight: float = 1.0, *, smooth: bool = False, form: float = 0.0) -> None:
        """Fill an area and ink its edge; ``form`` is how strongly it is shaded on the side away from the light."""
        path = curve(points, closed=True) if smooth else np.asarray(points, dtype=float)
        self.fill(path, paint)
        if form:
            extent = float(np.ptp(path[:, 0]))
            self.shade(path, form, shift=(self.light.side * extent * 0.18, -extent * 0.05))
        if smooth:
            self._ink(path, weight, closed=True, paint=self.light.ink)
        else:
            self.stroke(path, weight, closed=True)

    def gradient(self, top: float, bottom: float, upper: Colour, lower: Colour) -> None:
        """Fill the sheet's whole width from ``top`` to ``bottom`` with a vertical run of colour."""
        edges = self.place([(0.0, top), (0.0, bottom)])[:, 1]
        first, last = round(float(edges[0])), round(float(edges[1]))
        width, height = self.sheet.image.size
        rows = range(max(0, first), min(height, last))
        for row in rows:
            self.sheet.draw.line((0, row, width, row), fill=mix(upper, lower, (row - first) / max(1, last - first)))

    def glow(self, x: float, y: float, radius: float, paint: Colour, strength: float) -> None:
        """Let something shine: a soft disc of light."""
        placed = self.place(arc(x, y, radius, radius))
        area = self._clipped(placed)
        if area is None:
            return
        soft = Image.radial_gradient("L").point([round((1 - value / 255) ** 2 * 255 * strength) for value in range(256)])
        low, span = placed.min(axis=0), np.maximum(np.ptp(placed, axis=0), 1e-6)
        seen = (np.array([area[:2], area[2:]]) - low) / span * 256
        part = np.clip(seen, 0, 256).ravel().tolist()
        stencil = soft.resize((area[2] - area[0], area[3] - area[1]), Image.Resampling.BILINEAR, box=tuple(part))
        if self.sheet.mask is not None:
            # Where a sheet is clear, the light is a veil over whatever lies below.
            covered = self.sheet.mask.crop(area)
            self.sheet.image.paste(paint, area, ImageChops.invert(covered))
            self.sheet.mask.paste(ImageChops.lighter(covered, stencil), area)
        self.sheet.image.paste(paint, area, stencil)
