"""Pieces: what data cannot say well and Python paints with parameters. ``{piece: window, at: [0.55, -0.86], panes: 3}``.

A piece is a model of its parameters with a method that paints them. A new one is added to ``Piece`` at the end.
"""

import math
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.engines.animatic.brush import Pen, arc, box, curve
from vtx_dagster.engines.animatic.palette import Colour, mix
from vtx_dagster.engines.animatic.scenery.outdoors import Block, Peak, Rays
from vtx_dagster.engines.animatic.scenery.shapes import tinted
from vtx_dagster.engines.animatic.scenery.stage import CEILING, REACH, Easel, Item, Model, Paint, Point, Share

Box = tuple[float, float, float, float]


# Under the sky


class Sky(Item):
    """The sky's run of colour, without sun or moon; over ``box`` alone if that is given."""

    piece: Literal["sky"]
    top: float = -2.2
    bottom: float = 0.02
    box: Box | None = None

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        pen = easel.pen()
        if self.box is None:
            _sky(easel, pen, self.top, self.bottom)
        else:
            _sky_in(easel, pen, self.box)


def _sky(easel: Easel, pen: Pen, top: float, bottom: float) -> None:
    light = easel.light
    middle = bottom - 0.64
    pen.gradient(top, middle, mix(light.sky, light.shadow, 0.10), light.sky)
    pen.gradient(middle, bottom, light.sky, light.horizon)


def _sky_in(easel: Easel, pen: Pen, area: Box) -> None:
    left, top, right, bottom = area
    rows = 10
    for row in range(rows):
        y = top + (bottom - top) * row / rows
        pen.fill(easel.points(box(left, y, right, bottom)), mix(easel.light.sky, easel.light.horizon, row / (rows - 1)))


class Heaven(Item):
    """The sky with sun, moon, stars and clouds."""

    piece: Literal["heaven"]
    clouds: int = Field(default=7, ge=0, le=40)

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        light, pen, chance = easel.light, easel.pen(), easel.chance()
        _sky(easel, pen, -2.2, 0.02)
        x, y = 0.62 * light.side, -0.10 - 0.46 * light.sun_height
        if easel.time == TimeOfDay.NIGHT:
            for star_x, star_y, size in chance.uniform((-2.2, -1.5, 0.4), (2.2, -0.1, 1.0), (90, 3)).tolist():
                pen.fill(arc(star_x, star_y, 0.0032 * size, 0.0032 * size), mix(light.light, light.sky, 0.3 + 0.4 * (1 - size)))
            pen.glow(x, y, 0.42, light.light, 0.35)
            pen.fill(arc(x, y, 0.062, 0.062), mix(light.light, (255, 252, 240), 0.6))
            pen.wash(arc(x - 0.016, y - 0.012, 0.018, 0.014), light.mid, 0.22)
            pen.wash(arc(x + 0.020, y + 0.016, 0.012, 0.010), light.mid, 0.22)
        elif easel.time == TimeOfDay.EVENING:
            pen.glow(x, 0.02, 0.9, light.accent, 0.45)
            for star_x, star_y in chance.uniform((-2, -1.4), (2, -0.5), (24, 2)).tolist():
                pen.fill(arc(star_x, star_y, 0.0024, 0.0024), mix(light.light, light.sky, 0.35))
        else:
            low = light.sun_height < 0.3
            pen.glow(x, y, 0.95 if low else 0.7, mix(light.light, light.accent, 0.25 if low else 0.0), 0.75)
            pen.fill(arc(x, y, 0.066, 0.066), mix(light.light, (255, 252, 236), 0.75))
            for cloud_x, cloud_y, size in chance.uniform((-1.9, -0.92, 0.5), (1.9, -0.30, 1.0), (self.clouds, 3)).tolist():
                _cloud(easel, pen, (cloud_x, cloud_y, 0.26 * size), chance)


def _cloud(easel: Easel, pen: Pen, spot: tuple[float, float, float], chance: np.random.Generator) -> None:
    """Paint a heap of cloud with a flat foot at x, y; the third number is half its width."""
    light, (x, y, size) = easel.light, spot
    lit = mix(light.horizon, (255, 253, 246), 0.45)
    tops = chance.uniform(0.5, 1.0, 4).tolist()
    heap = [(x - size, y), (x - size * 0.8, y - size * 0.16 * tops[0]), (x - size * 0.45, y - size * 0.34 * tops[1]),
        (x, y - size * 0.48 * tops[2]),
        (x + size * 0.45, y - size * 0.30 * tops[3]), (x + size * 0.85, y - size * 0.12), (x + size, y),
        (x + size * 0.4, y + size * 0.05), (x - size * 0.4, y + size * 0.04)]  # fmt: skip
    path = curve(heap, closed=True)
    pen.wash(path, lit, 0.62)
    pen.shade(path, 0.16, shift=(0.0, -size * 0.14), paint=light.shadow)
    pen.stroke(heap[1:6], 0.5, smooth=True, paint=mix(light.ink, light.sky, 0.55))


class Ridge(Item):
    """Hills along the horizon, ``height`` high; ``rough`` -1 is even, 1 jagged at most; ``haze`` is the horizon's share in it."""

    piece: Literal["ridge"]
    height: float = Field(gt=0)
    rough: float = Field(default=0.2, ge=-1, le=1)
    fill: Paint = "shadow"
    haze: Share = 0.5
    step: float = Field(default=0.16, ge=0.02)
    ink: float = Field(default=0.6, ge=0)
    at: Point = (0.0, 0.0)

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        pen = easel.pen().at(*self.at)
        x = np.arange(-REACH, REACH + self.step, self.step)
        y = -self.height * (0.55 + 0.45 * easel.chance().uniform(-self.rough, 1, len(x)))
        ridge = curve(np.stack([x, y], axis=1), steps=5)
        pen.fill([*ridge.tolist(), (REACH, 0.1), (-REACH, 0.1)], tinted(easel, self.fill, ("horizon", self.haze), 0))
        if self.ink:
            pen.stroke(ridge, self.ink)


class Ground(Item):
    """The ground from the horizon to the camera: from ``far`` to ``near``, which darkens towards the camera."""

    piece: Literal["ground"]
    near: Paint
    far: Paint
    haze: Share = 0.15

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        pen, near = easel.pen(), easel.colour(self.near)
        pen.gradient(0.0, 0.55, tinted(easel, self.far, ("horizon", self.haze), 0), near)
        pen.gradient(0.55, 2.4, near, mix(near, (0, 0, 0), 0.25))


class Water(Item):
    """Water from ``top`` to ``bottom``, with waves and the glitter of sun or moon; below, it goes on to the lower edge."""

    piece: Literal["water"]
    top: float = 0.0
    bottom: float = 0.9
    fill: Paint = "#3a6878"

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        pen, light, chance = easel.pen(), easel.light, easel.chance()
        deep = mix(easel.colour(self.fill), light.sky, 0.30)
        tall = self.bottom - self.top
        pen.gradient(self.top, self.bottom, mix(deep, light.horizon, 0.55), light.shaded(deep, 0.25))
        pen.gradient(self.bottom, 2.6, light.shaded(deep, 0.25), light.shaded(deep, 0.5))
        x = 0.62 * light.side
        glitter = mix(light.light, light.accent if light.sun_height < 0.2 else light.light, 0.35)
        for row in range(26):
            share = (row / 26) ** 1.5
            y = self.top + 0.004 + tall * share
            reach = 0.03 + 0.10 * share
            for dx, wide in chance.uniform((-1.2, 0.3), (1.2, 1.0), (2, 2)).tolist():
                pen.fill(arc(x + dx * reach * 1.4, y, reach * wide, 0.0016 + 0.004 * share), glitter)
            for dx, wide in chance.uniform((-2.4, 0.4), (2.4, 1.4), (4, 2)).tolist():
                long = (0.03 + 0.12 * share) * wide
                pen.stroke([(dx - long, y), (dx - long / 3, y - 0.006 - 0.008 * share), (dx + long / 3, y),
                    (dx + long, y - 0.003)], 0.4 + 0.5 * share, paint=light.shaded(deep, 0.55), smooth=True)  # fmt: skip


class Tufts(Item):
    """Blades of grass, larger the nearer."""

    piece: Literal["tufts"]
    count: int = Field(default=40, ge=1, le=400)
    fill: Paint
    shade: Share = 0.6

    def paint(self, easel: Easel) -> None:
        """Paint them."""
        pen, paint = easel.pen(), tinted(easel, self.fill, None, self.shade)
        for x, depth in easel.chance().uniform((-2.2, 0.08), (2.2, 1.0), (self.count, 2)).tolist():
            y, size = 0.06 + 0.6 * depth * depth, 0.012 + 0.05 * depth
            for lean in (-0.6, 0.0, 0.5):
                blade = [(x, y), (x + lean * size * 0.4, y - size * 0.6), (x + lean * size, y - size)]
                pen.stroke(blade, 0.5 + 0.5 * depth, paint=paint, smooth=True)


class Plant(Item):
    """What trees have: where they stand, how high they are, and their colour."""

    at: Point = (0.0, 0.0)
    size: float = Field(default=1.0, gt=0)
    fill: Paint
    haze: Share = 0.0


class Tree(Plant):
    """A broad-leaved tree."""

    piece: Literal["tree"]
    trunk: Paint = "#68503e"

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        chance = easel.chance()
        tree = easel.pen().at(self.at[0] * easel.flip, self.at[1], self.size)
        bark = tinted(easel, self.trunk, ("shadow", 0.3), 0)
        tree.shape([(-0.05, 0), (-0.03, -0.5), (0.03, -0.5), (0.055, 0)], mix(bark, easel.light.horizon, self.haze), 0.8)
        around = np.radians(np.arange(0, 360, 30))
        reach = chance.uniform(0.85, 1.12, len(around)) * np.where(np.arange(len(around)) % 2, 1.05, 0.95)
        crown = np.stack([0.30 * reach * np.cos(around), -0.68 + 0.32 * reach * np.sin(around)], axis=1)
        leaf = tinted(easel, self.fill, ("horizon", self.haze), 0)
        tree.shape(crown, leaf, 0.9, smooth=True, form=0.5)
        lit = (crown - (0.0, -0.68)) * 0.52 + (0.09 * easel.light.side, -0.78)
        tree.wash(curve(lit, closed=True), easel.light.light, 0.20)
        for dx, dy in chance.uniform((-0.20, -0.88), (0.10, -0.5), (5, 2)).tolist():
            scallops = [(dx, dy), (dx + 0.03, dy + 0.022), (dx + 0.06, dy), (dx + 0.09, dy + 0.022), (dx + 0.12, dy)]
            tree.stroke(scallops, 0.5, smooth=True, paint=mix(easel.light.ink, leaf, 0.35))


class Pine(Plant):
    """A fir or pine."""

    piece: Literal["pine"]

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        tree = easel.pen().at(self.at[0] * easel.flip, self.at[1], self.size)
        paint = tinted(easel, self.fill, ("horizon", self.haze), 0)
        tree.fill(box(-0.025, -0.15, 0.025, 0), easel.light.shaded(paint, 0.7))
        for low, wide in ((-0.12, 0.21), (-0.38, 0.165), (-0.62, 0.12)):
            bough = [
                (-wide, low),
                (-wide * 0.3, low - 0.2),
                (0, low - 0.40),
                (wide * 0.3, low - 0.2),
                (wide, low),
                (0, low + 0.035),
            ]
            tree.shape(bough, paint, 0.7, form=0.45)


class Bush(Plant):
    """A bush, or a rock if ``smooth`` is false; ``size`` is half its width, ``flat`` its height's share of that."""

    piece: Literal["bush"]
    flat: float = Field(default=0.62, gt=0)
    smooth: bool = True

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        around = np.radians(np.arange(180, 361, 20 if self.smooth else 36))
        reach = easel.chance().uniform(0.8, 1.15, len(around))
        heap = np.stack([reach * np.cos(around), self.flat * reach * np.sin(around)], axis=1)
        pen = easel.pen().at(self.at[0] * easel.flip, self.at[1], self.size)
        pen.cast(arc(0, 0, 1.1, 0.09), 0.3)
        pen.shape(heap, tinted(easel, self.fill, ("horizon", self.haze), 0), 0.9, form=0.45)


class Skyline(Item):
    """Houses side by side along the horizon, with lit windows if ``windows`` is true."""

    piece: Literal["skyline"]
    wide: Point = (0.14, 0.34)
    tall: Point = (0.5, 1.0)
    fill: Paint = "shadow"
    haze: Share = 0.55
    gap: float = Field(default=0.0, ge=0)
    windows: bool = False
    ink: float = Field(default=0.0, ge=0)
    foot: float = 0.05

    def paint(self, easel: Easel) -> None:
        """Paint them."""
        pen, chance = easel.pen(), easel.chance()
        far = tinted(easel, self.fill, ("horizon", self.haze), 0)
        x = -REACH
        while x < REACH:
            wide, tall = float(chance.uniform(*self.wide)), float(chance.uniform(*self.tall))
            paint = mix(far, easel.light.sky, float(chance.uniform(0, 0.25)))
            pen.fill(box(x, -tall, x + wide, self.foot), paint)
            if self.ink:
                pen.stroke(box(x, -tall, x + wide, self.foot), self.ink, closed=True)
            if self.windows:
                _panes(easel, pen, (x, -tall, x + wide, 0.0), paint, chance)
            x += wide + float(chance.uniform(0, self.gap))


def _panes(easel: Easel, pen: Pen, area: Box, wall: Colour, chance: np.random.Generator) -> None:
    light, (left, top, right, bottom) = easel.light, area
    pane = mix(light.accent, (255, 236, 196), 0.25) if light.lamps else light.shaded(wall, 0.25)
    for row in range(int((bottom - top) / 0.06)):
        for column in range(int((right - left) / 0.045)):
            if chance.random() < (0.30 if light.lamps else 0.5):
                x, y = left + 0.014 + 0.045 * column, top + 0.025 + 0.06 * row
                pen.fill(box(x, y, x + 0.016, y + 0.026), pane)


class Facade(Item):
    """A house in a street; with a shop and its awning if ``shop`` is true, a house door otherwise."""

    piece: Literal["facade"]
    at: Point = (0.0, 0.04)
    size: Point
    fill: Paint | tuple[Paint, ...]
    shop: bool = True

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        chance, light = easel.chance(), easel.light
        hue = self.fill if isinstance(self.fill, str) else self.fill[int(chance.integers(len(self.fill)))]
        wall, (wide, tall) = easel.colour(hue), self.size
        left = self.at[0] if easel.flip > 0 else -self.at[0] - wide
        pen = easel.pen().at(left, self.at[1])
        pen.shape(box(0, -tall, wide, 0), wall, form=0.12)
        pen.shape(box(-0.02, -tall, wide + 0.02, -tall + 0.045), light.shaded(wall, 0.25), 0.9)
        columns, pitch = max(2, round(wide / 0.16)), 0.22
        across = wide / columns
        for row in range(int((tall - 0.34) / pitch)):
            for column in range(columns):
                x, top = across * (column + 0.27), -tall + 0.10 + row * pitch
                lit = light.lamps and chance.random() < 0.42
                pane = mix(light.accent, (255, 238, 200), 0.3) if lit else light.shaded(light.on((116, 136, 146)), 0.35)
                pen.shape(box(x, top, x + across * 0.46, top + 0.12), pane, 0.6)
                pen.fill(box(x - 0.008, top + 0.12, x + across * 0.46 + 0.008, top + 0.135), light.shaded(wall, 0.4))
        if self.shop:
            _shop_front(easel, pen, wide, mix(wall, light.accent, 0.45))
        else:
            pen.shape(box(wide * 0.42, -0.30, wide * 0.42 + 0.14, 0), light.shaded(mix(wall, light.accent, 0.3), 0.4), 0.8)


def _shop_front(easel: Easel, pen: Pen, wide: float, paint: Colour) -> None:
    light = easel.light
    pen.shape(box(0.03, -0.28, wide - 0.03, 0), light.shaded(paint, 0.4), 0.9)
    pen.shape(box(0.06, -0.23, wide * 0.6, -0.04), easel.colour("glass"), 0.7)
    pen.shape(box(wide * 0.70, -0.24, wide * 0.90, 0), light.shaded(paint, 0.1), 0.8)
    stripes = 6
    for stripe in range(stripes):
        a, b = (0.03 + (wide - 0.06) * part / stripes for part in (stripe, stripe + 1))
        pen.shape([(a, -0.33), (b, -0.33), (b + 0.01, -0.24), (a - 0.01, -0.24)],
            paint if stripe % 2 else light.on((232, 222, 200)), 0.5)  # fmt: skip


# Inside


class Shell(Item):
    """Wall, ceiling and floor of a room, darker on the side away from the light; ``boards`` or square ``tiles`` on the floor."""

    piece: Literal["shell"]
    wall: Paint
    floor: Paint
    ceiling: Paint | None = None
    boards: bool = True
    tiles: bool = False
    skirting: bool = True
    height: float = Field(default=-CEILING, gt=0)

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        pen, light, top = easel.pen(), easel.light, -self.height
        wall, floor = easel.colour(self.wall), easel.colour(self.floor)
        above = wall if self.ceiling is None else easel.colour(self.ceiling)
        pen.gradient(-2.6, top, light.shaded(above, 0.55), light.shaded(above, 0.40))
        pen.gradient(top, 0.0, light.shaded(wall, 0.28), mix(wall, light.light, 0.10))
        pen.gradient(0.0, 0.9, light.shaded(floor, 0.30), floor)
        pen.gradient(0.9, 2.4, floor, light.shaded(floor, 0.2))
        # The far side from the window falls into shade, so that the room has a direction.
        for step in range(14):
            edge = -light.side * (0.05 + 0.12 * step)
            pen.wash(box(min(edge, -light.side * 4), -2.4, max(edge, -light.side * 4), 2.4), light.shadow, 0.034)
        line = light.shaded(floor, 0.62 if self.boards else 0.4)
        if self.boards or self.tiles:
            for step in range(-16, 17):
                pen.stroke([(step * 0.17, 0.0), (step * 0.62, 1.6)], 0.6 if self.boards else 0.5, paint=line)
        if self.tiles:
            for row in range(1, 7):
                y = 0.9 * (row / 6) ** 1.7
                pen.stroke([(-REACH, y), (REACH, y)], 0.5, paint=line)
        if self.skirting:
            pen.shape(box(-REACH, -0.055, REACH, 0.0), light.shaded(wall, 0.35), 0.8)
        pen.stroke([(-REACH, top), (REACH, top)], 0.9)


class Panel(Model):
    """Something on the side of a ``perspective``, once or ``count`` times between two depths.

    Attributes:
        side: Where it is.
        depth: Where the first one begins and the last one ends; 0 is the far end, 1 the picture's edge, even in reality.
        count: How many there are.
        filled: The share of its stretch that each of them takes up.
        across: From where to where on the side: up from the floor on walls, from left to right on floor and ceiling, 0 to 1.
        fill: Colour.
    """

    side: Literal["left", "right", "walls", "floor", "ceiling"]
    depth: Point = (0.0, 1.0)
    count: int = Field(default=1, ge=1, le=60)
    filled: float = Field(default=0.6, gt=0, le=1)
    across: Point = (0.0, 0.75)
    fill: Paint
    shade: Share = 0.0
    strength: Share = 1.0
    ink: float = Field(default=0.8, ge=0)


class Perspective(Item):
    """A corridor, cabin or nave that runs away from us: from ``mouth``, around the picture, to ``end``."""

    piece: Literal["perspective"]
    end: Box = (-0.22, -0.72, 0.22, -0.16)
    mouth: Box = (-2.6, -2.3, 2.6, 1.9)
    wall: Paint
    floor: Paint
    ceiling: Paint | None = None
    back: Paint | None = None
    ink: float = Field(default=0.9, ge=0)
    panels: tuple[Panel, ...] = ()

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        pen, light = easel.pen(), easel.light
        wall = easel.colour(self.wall)
        above = light.shaded(wall if self.ceiling is None else easel.colour(self.ceiling), 0.4)
        pen.gradient(-3, 3, above, easel.colour(self.floor))
        lit, dark = light.shaded(wall, 0.10), light.shaded(wall, 0.35)
        for side, paint in (
            ("ceiling", above),
            ("right", dark if light.side > 0 else lit),
            ("left", lit if light.side > 0 else dark),
            ("floor", easel.colour(self.floor)),
        ):
            quad = self._quad(side, (0.0, 1.0), (0.0, 1.0))
            pen.fill(quad, paint)
            if self.ink:
                pen.stroke(quad, self.ink, closed=True)
        back = mix(wall, light.light, 0.35) if self.back is None else easel.colour(self.back)
        pen.shape(box(*self.end), back, max(self.ink, 0.6))
        for panel in self.panels:
            self._paint_panel(easel, pen, panel)

    def _paint_panel(self, easel: Easel, pen: Pen, panel: Panel) -> None:
        found = tinted(easel, panel.fill, None, panel.shade)
        start, end = panel.depth
        stretch = (end - start) / panel.count
        for side in ("left", "right") if panel.side == "walls" else (panel.side,):
            for number in range(panel.count):
                first = start + stretch * (number + (1 - panel.filled) / 2)
                quad = self._quad(side, (first, first + stretch * panel.filled), panel.across)
                if panel.strength < 1:
                    pen.wash(quad, found, panel.strength)
                else:
                    pen.fill(quad, found)
                if panel.ink:
                    pen.stroke(quad, panel.ink, closed=True)

    def _quad(self, side: str, depth: Point, across: Point) -> list[Point]:
        (a, b), (near, far) = across, (depth[1], depth[0])
        return [self._at(side, far, a), self._at(side, near, a), self._at(side, near, b), self._at(side, far, b)]

    def _at(self, side: str, depth: float, across: float) -> Point:
        nearness = (self.end[2] - self.end[0]) / (self.mouth[2] - self.mouth[0])
        away = 1 + (nearness - 1) * depth
        share = (1 / away - 1) / (1 / nearness - 1)
        left, top, right, bottom = (a + (b - a) * share for a, b in zip(self.end, self.mouth, strict=True))
        if side in ("left", "right"):
            return (left if side == "left" else right), bottom + (top - bottom) * across
        return left + (right - left) * across, (bottom if side == "floor" else top)


class Window(Item):
    """A window with its view; ``at`` is the middle of its upper edge. By day light falls in if ``beam`` is true."""

    piece: Literal["window"]
    at: Point
    size: Point
    panes: int = Field(default=2, ge=1, le=12)
    bar: bool = True
    curtains: bool = False
    blinds: int = Field(default=0, ge=0, le=20)
    round: bool = False
    beam: bool = True
    frame: Paint = "#e2d8c6"
    cloth: Paint | None = None

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        pen, light = easel.pen(), easel.light
        wide, tall = self.size
        x, y = self.at[0] * easel.flip, self.at[1]
        left, right, bottom = x - wide / 2, x + wide / 2, y + tall
        frame = easel.colour(self.frame)
        top = y - (wide * 0.5 if self.round else 0)
        if self.round:
            pen.shape(arc(x, y, wide / 2 + 0.03, wide / 2 + 0.03, start=180, end=360), frame)
        pen.shape(box(left - 0.03, y - 0.03 * (not self.round), right + 0.03, bottom + 0.03), frame)
        if self.round:
            pen.fill(arc(x, y, wide / 2, wide / 2, start=180, end=360), light.sky)
        _view(easel, pen, (left, y, right, bottom))
        for part in range(1, self.panes):
            at = left + wide * part / self.panes
            pen.shape(box(at - 0.008, y, at + 0.008, bottom), frame, 0.6)
        if self.bar:
            pen.shape(box(left, y + tall * 0.46, right, y + tall * 0.46 + 0.015), frame, 0.6)
        if self.round:
            pen.stroke(
                [*arc(x, y, wide / 2, wide / 2, start=180, end=360).tolist(), (right, bottom), (left, bottom)], 0.9, closed=True
            )
        else:
            pen.stroke(box(left, y, right, bottom), 0.9, closed=True)
        pen.shape(box(left - 0.06, bottom + 0.03, right + 0.06, bottom + 0.06), mix(frame, light.shadow, 0.2), 0.8)
        for slat in range(self.blinds):
            pen.stroke([(left, y + 0.01 + 0.036 * slat), (right, y + 0.01 + 0.036 * slat)], 1.0, paint=light.shaded(frame, 0.1))
        if self.curtains:
            self._hang_curtains(easel, pen, x)
        if self.beam and not light.lamps:
            pen.glow(x, (top + bottom) / 2, max(wide, tall) * 1.15, light.light, 0.34)
            # The lower the sun, the farther from the window its light falls.
            lean = -light.side * (0.58 - 0.36 * light.sun_height)
            patch = [
                (left + lean, 0.06),
                (right + lean, 0.06),
                (right + 2.4 * lean, 0.60),
                (left + 2.4 * lean - wide * 0.3, 0.60),
            ]
            pen.wash(patch, light.light, 0.34)

    def _hang_curtains(self, easel: Easel, pen: Pen, x: float) -> None:
        light, (wide, tall), y = easel.light, self.size, self.at[1]
        bottom = y + tall
        cloth = easel.light.on(mix(light.accent, (170, 120, 100), 0.4)) if self.cloth is None else easel.colour(self.cloth)
        for side in (-1, 1):
            edge, inner = x + side * (wide / 2 + 0.06), x + side * wide * 0.33
            drape = [(edge, y - 0.06), (inner, y - 0.06), (x + side * wide * 0.38, y + tall * 0.5),
                (x + side * wide * 0.46, bottom + 0.10), (edge + side * 0.04, bottom + 0.12)]  # fmt: skip
            pen.shape(drape, cloth, 0.9, form=0.4)
            for share in (0.3, 0.6):
                run = edge + (inner - edge) * share
                pen.stroke([(run, y - 0.05), (run + side * 0.02, bottom + 0.08)], 0.6)
        pen.stroke([(x - wide / 2 - 0.14, y - 0.07), (x + wide / 2 + 0.14, y - 0.07)], 1.6)


def _view(easel: Easel, pen: Pen, area: Box) -> None:
    """Paint what is seen through a window: sky, a far roofline, the moon."""
    light, (left, top, right, bottom) = easel.light, area
    _sky_in(easel, pen, (left * easel.flip, top, right * easel.flip, bottom))
    x = np.linspace(left, right, 9)
    y = bottom - (bottom - top) * easel.chance("view").uniform(0.14, 0.34, 9)
    pen.fill([*zip(x.tolist(), y.tolist(), strict=True), (right, bottom), (left, bottom)], mix(light.shadow, light.horizon, 0.45))
    if easel.time == TimeOfDay.NIGHT and right - left > 0.15:
        pen.fill(arc(left + (right - left) * 0.7, top + 0.1, 0.032, 0.032), mix(light.light, (255, 252, 240), 0.6))


class Door(Item):
    """A panelled door; ``at`` is the middle of its foot. ``glazed`` puts glass into its upper half."""

    piece: Literal["door"]
    at: Point = (0.0, 0.0)
    size: Point = (0.34, 0.84)
    fill: Paint = "#8c684c"
    glazed: bool = False

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        light, wood, (wide, tall) = easel.light, easel.colour(self.fill), self.size
        pen = easel.pen().at(self.at[0] * easel.flip - wide / 2, self.at[1])
        pen.shape(box(-0.03, -tall - 0.03, wide + 0.03, 0), light.shaded(wood, 0.25))
        pen.shape(box(0, -tall, wide, 0), wood, form=0.25)
        for number, (top, bottom) in enumerate(((-tall * 0.94, -tall * 0.55), (-tall * 0.48, -tall * 0.07))):
            inner = easel.colour("glass") if self.glazed and number == 0 else light.shaded(wood, 0.15)
            pen.shape(box(0.04, top, wide - 0.04, bottom), inner, 0.7)
        pen.shape(arc(wide - 0.03, -tall * 0.48, 0.012, 0.012), light.accent, 0.6)


class Picture(Item):
    """A framed picture on the wall; ``at`` is its middle."""

    piece: Literal["picture"]
    at: Point
    size: Point = (0.26, 0.20)
    frame: Paint = "#6e523a"
    paper: Paint = "#cec4ac"
    fill: Paint = "#7a8a80"

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        wide, tall = self.size
        pen = easel.pen().at(self.at[0] * easel.flip - wide / 2, self.at[1] - tall / 2)
        pen.shape(box(0, 0, wide, tall), easel.colour(self.frame))
        pen.shape(box(0.018, 0.018, wide - 0.018, tall - 0.018), easel.colour(self.paper), 0.6)
        low, tops = tall - 0.03, easel.chance().uniform(0.35, 0.75, 4).tolist()
        hill = [(0.02, low), *((wide * (0.1 + 0.26 * number), tall * top) for number, top in enumerate(tops)), (wide - 0.02, low)]
        pen.fill(hill, easel.colour(self.fill))


class Bookcase(Item):
    """A bookcase of ``rows`` shelves with ``goods`` in the colours ``fills``; ``at`` is the middle of its foot."""

    piece: Literal["bookcase"]
    at: Point = (0.0, 0.0)
    wide: float = Field(default=0.38, gt=0.1)
    rows: int = Field(default=4, ge=1, le=12)
    pitch: float = Field(default=0.17, gt=0.04)
    fill: Paint = "#785840"
    fills: Annotated[tuple[Paint, ...], Field(min_length=1)] = ("#964c3c", "#486068", "#b0925c", "#5c684e", "#ccbea4")
    thick: Point = (0.016, 0.036)
    high: Point = (0.09, 0.14)
    gap: Share = 0.14
    goods: Literal["books", "bottles", "tins"] = "books"

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        light, chance, wide = easel.light, easel.chance(), self.wide
        pen = easel.pen().at(self.at[0] * easel.flip - wide / 2, self.at[1])
        wood, hues = easel.colour(self.fill), [easel.colour(name) for name in self.fills]
        tall = self.rows * self.pitch + 0.03
        pen.shape(box(0, -tall, wide, 0), light.shaded(wood, 0.45))
        for row in range(self.rows):
            floor, at = -0.015 - row * self.pitch, 0.02
            while at < wide - self.thick[1] - 0.015:
                thick, high = float(chance.uniform(*self.thick)), float(chance.uniform(*self.high))
                self._stand(easel, pen, (at, floor - high, at + thick, floor), hues[int(chance.integers(len(hues)))])
                at += thick + (0.05 if chance.random() < self.gap else 0.002)
            pen.shape(box(0, floor, wide, floor + 0.016), wood, 0.7)
        pen.stroke(box(0, -tall, wide, 0), 1.1, closed=True)

    def _stand(self, easel: Easel, pen: Pen, area: Box, hue: Colour) -> None:
        left, top, right, bottom = area
        wide, tall = right - left, bottom - top
        if self.goods == "bottles":
            outline = np.array([(0, 1), (0, 0.42), (0.32, 0.3), (0.32, 0), (0.68, 0), (0.68, 0.3), (1, 0.42), (1, 1)])
            pen.shape(outline * (wide, tall) + (left, top), hue, 0.5)
            pen.fill(box(left, top + tall * 0.6, right, top + tall * 0.85), mix(hue, (240, 232, 212), 0.65))
            return
        pen.shape(box(left, top, right, bottom), hue, 0.5)
        if self.goods == "tins":
            label = box(left, top + tall * 0.3, right, top + tall * 0.75)
            pen.fill(label, mix(hue, (244, 238, 222), 0.7))
            pen.fill(arc((left + right) / 2, top + tall * 0.52, wide * 0.25, tall * 0.12), hue)
            pen.shade(box(left, top, right, bottom), 0.3, shift=(easel.light.side * wide * 0.3, 0.0))


class Lamp(Item):
    """A shaded lamp whose shade begins at ``at``, on a cord of length ``hang``; it burns when lamps do."""

    piece: Literal["lamp"]
    at: Point = (0.0, 0.0)
    hang: float = Field(default=0.0, ge=0)
    size: float = Field(default=1.0, gt=0)
    fill: Paint = "#e2be82"

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        light, x = easel.light, self.at[0] * easel.flip
        if light.lamps:
            easel.far.glow(x, self.at[1] + 0.06 * self.size, 0.62 * self.size, mix(light.accent, (255, 240, 205), 0.4), 0.62)
        pen = easel.pen().at(x, self.at[1], self.size)
        shade = mix(easel.colour(self.fill), light.accent, 0.5)
        if self.hang:
            pen.stroke([(0, -self.hang / self.size), (0, 0)], 0.9)
        pen.shape([(-0.035, 0), (0.035, 0), (0.095, 0.10), (-0.095, 0.10)], shade, form=0.2)
        if light.lamps:
            pen.fill([(-0.09, 0.098), (0.09, 0.098), (0.06, 0.115), (-0.06, 0.115)], (255, 244, 214))


class Wheel(Item):
    """A wheel with spokes: of a ship, a cart or a valve; ``at`` is its hub."""

    piece: Literal["wheel"]
    at: Point = (0.0, 0.0)
    radius: float = Field(default=0.27, gt=0)
    spokes: int = Field(default=8, ge=0, le=40)
    handles: Share = 0.26
    fill: Paint
    spoke: Paint

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        pen, radius = easel.pen().at(self.at[0] * easel.flip, self.at[1]), self.radius
        wood, rim_paint = easel.colour(self.spoke), easel.colour(self.fill)
        for number in range(self.spokes):
            turn = math.radians(180 / self.spokes + 360 / self.spokes * number)
            reach = (1 + self.handles) * radius
            pen.stroke([(0, 0), (reach * math.cos(turn), reach * math.sin(turn))], 4.2)
            pen.stroke([(0, 0), (0.99 * reach * math.cos(turn), 0.99 * reach * math.sin(turn))], 2.6, paint=wood)
        thick = 0.06 * radius
        rim, inside = (curve(arc(0, 0, radius + wide, radius + wide), closed=True, steps=2) for wide in (thick, -thick))
        pen.fill([*rim.tolist(), rim[0].tolist(), inside[0].tolist(), *inside[::-1].tolist()], rim_paint)
        pen.stroke(rim, 0.9, closed=True)
        pen.stroke(inside, 0.9, closed=True)
        pen.shape(arc(0, 0, 0.2 * radius, 0.2 * radius), rim_paint, 0.9, form=0.4)


Piece = Annotated[
    Sky | Heaven | Ridge | Ground | Water | Tufts | Tree | Pine | Bush | Skyline | Facade
    | Rays | Block | Peak | Shell | Perspective | Window | Door | Picture | Bookcase | Lamp | Wheel,
    Field(discriminator="piece"),
]  # fmt: skip
