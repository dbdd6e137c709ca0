"""Pieces of the world outside: what runs to a vanishing point, houses with windows in perspective, and peaks."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from vtx_dagster.engines.animatic.brush import Pen
from vtx_dagster.engines.animatic.palette import Colour, mix
from vtx_dagster.engines.animatic.scenery.shapes import tinted
from vtx_dagster.engines.animatic.scenery.stage import Easel, Item, Paint, Point, Share


class Rays(Item):
    """Lines on the ground that run to one point: planks, furrows, lanes, joints of paving.

    Attributes:
        to: The point where they would meet.
        top: Where they begin, y.
        bottom: Where they end, y.
        x: From where to where they end.
        count: How many there are, evenly apart.
        wide: Of each, at its end; 0 draws a line of weight ``ink``.
        gap: How far from the middle, at their ends, there are none.
    """

    piece: Literal["rays"]
    to: Point = (0.0, 0.0)
    top: float
    bottom: float
    x: Point
    count: int = Field(ge=1, le=80)
    wide: float = Field(default=0.0, ge=0)
    gap: float = Field(default=0.0, ge=0)
    fill: Paint = "ink"
    shade: Share = 0.0
    ink: float = Field(default=0.6, gt=0)

    def paint(self, easel: Easel) -> None:
        """Paint them."""
        pen, found = easel.pen(), tinted(easel, self.fill, None, self.shade)
        (x, y), half = self.to, self.wide / 2
        share = (self.top - y) / (self.bottom - y)
        for end in np.linspace(*self.x, self.count).tolist():
            if abs(end) < self.gap:
                continue
            if half:
                low, high = (end - half, end + half), (x + (end - half - x) * share, x + (end + half - x) * share)
                quad = [(high[0], self.top), (high[1], self.top), (low[1], self.bottom), (low[0], self.bottom)]
                pen.fill(easel.points(quad), found)
            else:
                line = [(x + (end - x) * share, self.top), (end, self.bottom)]
                pen.stroke(easel.points(line), self.ink, paint=found)


class Block(Item):
    """A wall with rows of windows, which may run away from us: a house, a tower, one side of an avenue.

    Attributes:
        quad: Its corners: top left, top right, bottom right, bottom left.
        columns: Of windows.
        rows: Of windows.
        lit: The share of windows in which light burns when lamps do.
        pane: The share of its cell that a window takes, across and down.
        fill: Of the wall; of several, each place has one.
        glass: Of the windows by day.
    """

    piece: Literal["block"]
    quad: tuple[Point, Point, Point, Point]
    columns: int = Field(ge=1, le=40)
    rows: int = Field(ge=1, le=60)
    lit: Share = 0.4
    pane: tuple[Annotated[float, Field(gt=0, le=1)], Annotated[float, Field(gt=0, le=1)]] = (0.5, 0.55)
    fill: Paint | tuple[Paint, ...]
    glass: Paint = "#6d8290"
    shade: Share = 0.0
    haze: Share = 0.0
    form: Share = 0.0
    ink: float = Field(default=0.8, ge=0)

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        chance, pen, light = easel.chance(), easel.pen(), easel.light
        name = self.fill if isinstance(self.fill, str) else self.fill[int(chance.integers(len(self.fill)))]
        wall = mix(tinted(easel, name, None, self.shade), light.horizon, self.haze)
        dark = mix(light.shaded(easel.colour(self.glass), 0.2 + 0.5 * self.shade), light.horizon, self.haze)
        bright = mix(mix(light.accent, (255, 236, 196), 0.35), light.horizon, self.haze * 0.5)
        corners = easel.points(self.quad)
        pen.fill(corners, wall)
        if self.form:
            wide = float(np.ptp(corners[:, 0]))
            pen.shade(corners, self.form, shift=(light.side * wide * 0.22, 0.0))
        for row in range(self.rows):
            for column in range(self.columns):
                lit = light.lamps and chance.random() < self.lit
                pen.fill(self._pane(corners, row, column), bright if lit else dark)
        if self.ink:
            pen.stroke(corners, self.ink, closed=True)

    def _pane(self, corners: np.ndarray, row: int, column: int) -> np.ndarray:
        wide, tall = self.pane
        across = (column + 0.5 + np.array([-wide, wide, wide, -wide]) / 2) / self.columns
        down = (row + 0.5 + np.array([-tall, -tall, tall, tall]) / 2) / self.rows
        top = corners[0] + (corners[1] - corners[0]) * across[:, None]
        bottom = corners[3] + (corners[2] - corners[3]) * across[:, None]
        return top + (bottom - top) * down[:, None]


class Peak(Item):
    """A mountain, lit from one side; above ``snow``, a share of its height, it is white (1 is a mountain without snow).

    ``size`` is half its width and its height.
    """

    piece: Literal["peak"]
    at: Point
    size: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]
    fill: Paint
    cap: Paint = "#ecf0f4"
    snow: Share = 0.62
    haze: Share = 0.0
    ink: float = Field(default=0.9, ge=0)

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        light, (wide, tall) = easel.light, self.size
        pen = easel.pen().at(self.at[0] * easel.flip, self.at[1])
        rough = easel.chance().uniform(-1, 1, 10).tolist()
        left = _flank(-wide, tall, rough[:5])
        right = _flank(wide, tall, rough[5:])
        stone = tinted(easel, self.fill, ("horizon", self.haze), 0)
        outline = [*left, (0.0, -tall), *right[::-1]]
        pen.fill(outline, stone)
        lee = right if light.side < 0 else left
        side = -light.side
        dark = [(0.0, -tall), *lee[::-1], (side * wide * 0.12, 0.0), (side * wide * 0.02, -tall * 0.3),
            (side * wide * 0.16, -tall * 0.5), (-side * wide * 0.02, -tall * 0.75)]  # fmt: skip
        pen.wash(dark, light.shadow, 0.42 * (1 - 0.5 * self.haze))
        pen.hatch(dark, strength=0.16 * (1 - self.haze), slope=0.8)
        if self.snow < 1:
            self._lay_snow(easel, pen, left, right)
        if self.ink:
            pen.stroke(outline, self.ink)

    def _lay_snow(self, easel: Easel, pen: Pen, left: list[Point], right: list[Point]) -> None:
        light, tall = easel.light, self.size[1]
        low = -tall * self.snow
        white: Colour = mix(mix(easel.colour(self.cap), light.light, 0.3), light.horizon, self.haze * 0.5)
        ends = [_at_height(flank, tall, low) for flank in (left, right)]
        teeth = np.linspace(0.0, 1.0, 9)
        x = ends[0] + (ends[1] - ends[0]) * teeth
        y = low + tall * 0.075 * np.where(np.arange(9) % 2, 1, -0.6) * np.minimum(1, 4 * np.minimum(teeth, 1 - teeth))
        upper = [(a, b) for a, b in left if b < low], [(a, b) for a, b in right if b < low]
        cap = [*zip(x.tolist(), y.tolist(), strict=True), *upper[1], (0.0, -tall), *upper[0][::-1]]
        pen.fill(cap, white)
        lee = upper[1] if light.side < 0 else upper[0]
        half = [(0.0, -tall), *lee[::-1], (ends[1] if light.side < 0 else ends[0], low), (0.0, low * 0.98)]
        pen.wash(half, light.shadow, 0.24)
        pen.stroke(list(zip(x.tolist(), y.tolist(), strict=True)), 0.5)


def _flank(wide: float, tall: float, rough: list[float]) -> list[Point]:
    """Return the points of one side of a mountain from its foot to below its top."""
    shares = (0.0, 0.22, 0.42, 0.62, 0.82)
    return [
        (wide * (1 - share) * (1 + 0.10 * bump * (share > 0)), -tall * (share + 0.05 * bump * (share > 0)))
        for share, bump in zip(shares, rough, strict=True)
    ]


def _at_height(flank: list[Point], tall: float, y: float) -> float:
    x, heights = zip(*[*flank, (0.0, -tall)], strict=True)
    return float(np.interp(-y, [-height for height in heights], x))
