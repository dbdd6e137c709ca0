"""Backdrops: the sixteen sets, each a wall or landscape far off and things that stand in the middle distance.

Set units: one unit is the height of the picture in a wide shot, y = 0 is the foot of the wall (interiors) or the horizon
(exteriors), and x = 0 the middle. Sets run on to both sides beyond what any move shows.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, assert_never

import numpy as np

from vtx_dagster.core.bible import SetKind
from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.engines.animatic.brush import Pen, arc, box, curve
from vtx_dagster.engines.animatic.palette import Colour, Light, colour, mix
from vtx_dagster.engines.animatic.scenery.painter import paint_file
from vtx_dagster.engines.animatic.scenery.stage import CEILING, REACH, Stage
from vtx_dagster.engines.animatic.scenery.vocabulary import GroundKind, SetFile, has_set, load_set


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What a kind of set is.

    Attributes:
        paint: Paints it as it is seen from the ground.
        floor: Colour of its ground, seen from above.
        ground: What that is made of.
        has_walls: Its y = 0 is the foot of a wall, or stands for it, rather than a horizon. None where that depends on whether
            the scene is inside.
        has_middle: It is made around its middle, from which close shots do not wander.
    """

    paint: Callable[[Stage], None]
    floor: Colour
    ground: GroundKind
    has_walls: bool | None
    has_middle: bool = False


def paint_set(kind: SetKind, stage: Stage) -> None:
    """Paint a set."""
    if kind in _PAINTERS:
        _PAINTERS[kind].paint(stage)
    else:
        paint_file(kind, _file(kind), stage)


def is_room(kind: SetKind, *, interior: bool) -> bool:
    """Say whether a set has walls rather than a horizon."""
    has_walls = _PAINTERS[kind].has_walls if kind in _PAINTERS else _file(kind).walls
    return interior if has_walls is None else has_walls


def has_middle(kind: SetKind) -> bool:
    """Say whether a set is made around its middle, from which close shots do not wander."""
    return _PAINTERS[kind].has_middle if kind in _PAINTERS else _file(kind).middle


def _file(kind: SetKind) -> SetFile:
    return load_set(kind if has_set(kind) else SetKind.PLAIN)


# Sky and what all landscapes share


def _sky(stage: Stage, pen: Pen, top: float = -2.2, bottom: float = 0.02) -> None:
    light = stage.light
    pen.gradient(top, -0.62, mix(light.sky, light.shadow, 0.10), light.sky)
    pen.gradient(-0.62, bottom, light.sky, light.horizon)


def _heaven(stage: Stage) -> None:
    """Sun, moon and stars."""
    light, pen = stage.light, stage.far
    _sky(stage, pen)
    x = 0.62 * light.side
    y = -0.10 - 0.46 * light.sun_height
    match stage.time:
        case TimeOfDay.NIGHT:
            for star_x, star_y, size in stage.chance.uniform((-2.2, -1.5, 0.4), (2.2, -0.1, 1.0), (90, 3)).tolist():
                pen.fill(arc(star_x, star_y, 0.0032 * size, 0.0032 * size), mix(light.light, light.sky, 0.3 + 0.4 * (1 - size)))
            pen.glow(x, y, 0.42, light.light, 0.35)
            pen.fill(arc(x, y, 0.062, 0.062), mix(light.light, (255, 252, 240), 0.6))
            pen.wash(arc(x - 0.016, y - 0.012, 0.018, 0.014), light.mid, 0.22)
            pen.wash(arc(x + 0.020, y + 0.016, 0.012, 0.010), light.mid, 0.22)
        case TimeOfDay.EVENING:
            pen.glow(x, 0.02, 0.9, light.accent, 0.45)
            for star_x, star_y in stage.chance.uniform((-2, -1.4), (2, -0.5), (24, 2)).tolist():
                pen.fill(arc(star_x, star_y, 0.0024, 0.0024), mix(light.light, light.sky, 0.35))
        case TimeOfDay.DAWN | TimeOfDay.MORNING | TimeOfDay.DAY | TimeOfDay.AFTERNOON | TimeOfDay.DUSK:
            low = light.sun_height < 0.3
            pen.glow(x, y, 0.95 if low else 0.7, mix(light.light, light.accent, 0.25 if low else 0.0), 0.75)
            pen.fill(arc(x, y, 0.066, 0.066), mix(light.light, (255, 252, 236), 0.75))
            for cloud_x, cloud_y, size in stage.chance.uniform((-1.9, -0.92, 0.5), (1.9, -0.30, 1.0), (7, 3)).tolist():
                _cloud(stage, cloud_x, cloud_y, 0.26 * size)
        case _:
            assert_never(stage.time)


def _cloud(stage: Stage, x: float, y: float, size: float) -> None:
    """A heap of cloud with a flat foot; ``size`` is half its width."""
    light, pen = stage.light, stage.far
    lit = mix(light.horizon, (255, 253, 246), 0.45)
    tops = stage.chance.uniform(0.5, 1.0, 4).tolist()
    heap = [(x - size, y), (x - size * 0.8, y - size * 0.16 * tops[0]), (x - size * 0.45, y - size * 0.34 * tops[1]),
        (x, y - size * 0.48 * tops[2]),
        (x + size * 0.45, y - size * 0.30 * tops[3]), (x + size * 0.85, y - size * 0.12), (x + size, y),
        (x + size * 0.4, y + size * 0.05), (x - size * 0.4, y + size * 0.04)]  # fmt: skip
    path = curve(heap, closed=True)
    pen.wash(path, lit, 0.62)
    pen.shade(path, 0.16, shift=(0.0, -size * 0.14), paint=light.shadow)
    pen.stroke(heap[1:6], 0.5, smooth=True, paint=mix(light.ink, light.sky, 0.55))


def _ridge(stage: Stage, pen: Pen, height: float, rough: float, paint: Colour, *, step: float = 0.16, line: float = 0.8) -> None:
    """A range of hills along the horizon."""
    x = np.arange(-REACH, REACH + step, step)
    y = -height * (0.55 + 0.45 * stage.chance.uniform(-rough, 1, len(x)))
    ridge = curve(np.stack([x, y], axis=1), steps=5)
    pen.fill([*ridge.tolist(), (REACH, 0.1), (-REACH, 0.1)], paint)
    pen.stroke(ridge, line)


def _ground(pen: Pen, near: Colour, far: Colour) -> None:
    pen.gradient(0.0, 0.55, far, near)
    pen.gradient(0.55, 2.4, near, mix(near, (0, 0, 0), 0.25))


def _tufts(stage: Stage, pen: Pen, count: int, paint: Colour) -> None:
    for x, depth in stage.chance.uniform((-2.2, 0.08), (2.2, 1.0), (count, 2)).tolist():
        y, size = 0.06 + 0.6 * depth * depth, 0.012 + 0.05 * depth
        for lean in (-0.6, 0.0, 0.5):
            pen.stroke(
                [(x, y), (x + lean * size * 0.4, y - size * 0.6), (x + lean * size, y - size)],
                0.5 + 0.5 * depth,
                paint=paint,
                smooth=True,
            )


def _cottage(pen: Pen, x: float, y: float, size: float, light: Light) -> None:
    wall, roof = light.on((222, 208, 184)), light.on((128, 74, 60))
    hut = pen.at(x, y, size)
    hut.shape(box(-0.5, -0.5, 0.5, 0), wall, 0.8, form=0.4)
    hut.shape([(-0.62, -0.46), (-0.42, -0.92), (0.42, -0.92), (0.62, -0.46)], roof, 0.8, form=0.3)
    hut.shape(box(0.2, -1.1, 0.34, -0.8), light.shaded(roof, 0.3), 0.7)
    hut.shape(box(-0.08, -0.32, 0.12, 0), light.shaded(wall, 0.7), 0.6)
    pane = light.accent if light.lamps else light.shaded(light.on((120, 150, 160)), 0.4)
    for left in (-0.38, 0.25):
        hut.shape(box(left, -0.36, left + 0.16, -0.18), pane, 0.6)
    if light.lamps:
        hut.glow(-0.3, -0.27, 0.5, light.accent, 0.45)


def _tree(stage: Stage, pen: Pen, x: float, y: float, size: float, paint: Colour) -> None:
    """A broad-leaved tree; ``size`` is its height."""
    light = stage.light
    tree = pen.at(x, y, size)
    tree.shape([(-0.05, 0), (-0.03, -0.5), (0.03, -0.5), (0.055, 0)], light.shaded(light.on((104, 80, 62)), 0.3), 0.8)
    around = np.radians(np.arange(0, 360, 30))
    reach = stage.chance.uniform(0.85, 1.12, len(around))
    crown = np.stack([0.30 * reach * np.cos(around), -0.68 + 0.32 * reach * np.sin(around)], axis=1)
    tree.shape(crown, paint, 0.9, smooth=True, form=0.5)
    for dx, dy in stage.chance.uniform((-0.18, -0.85), (0.18, -0.5), (4, 2)).tolist():
        tree.stroke([(dx - 0.05, dy), (dx, dy - 0.04), (dx + 0.05, dy)], 0.6, smooth=True)


def _pine(pen: Pen, x: float, y: float, size: float, paint: Colour, light: Light) -> None:
    tree = pen.at(x, y, size)
    tree.fill(box(-0.025, -0.15, 0.025, 0), light.shaded(paint, 0.7))
    for low, wide in ((-0.12, 0.21), (-0.38, 0.165), (-0.62, 0.12)):
        bough = [(-wide, low), (-wide * 0.3, low - 0.2), (0, low - 0.40), (wide * 0.3, low - 0.2), (wide, low), (0, low + 0.035)]
        tree.shape(bough, paint, 0.7, form=0.45)


# Interiors


def _shell(stage: Stage, wall: Colour, floor: Colour, *, boards: bool = True, skirting: bool = True) -> None:
    pen, light = stage.far, stage.light
    wall, floor = light.on(wall), light.on(floor)
    pen.gradient(-2.4, CEILING, light.shaded(wall, 0.55), light.shaded(wall, 0.45))
    pen.gradient(CEILING, 0.0, light.shaded(wall, 0.28), mix(wall, light.light, 0.10))
    pen.gradient(0.0, 0.9, light.shaded(floor, 0.30), floor)
    pen.gradient(0.9, 2.4, floor, light.shaded(floor, 0.2))
    # The far side from the window falls into shade, so that the room has a direction.
    for step in range(14):
        edge = -light.side * (0.05 + 0.12 * step)
        pen.wash(box(min(edge, -light.side * 4), -2.4, max(edge, -light.side * 4), 2.4), light.shadow, 0.034)
    if boards:
        for step in range(-16, 17):
            pen.stroke([(step * 0.17, 0.0), (step * 0.62, 1.6)], 0.6, paint=light.shaded(floor, 0.62))
    if skirting:
        pen.shape(box(-REACH, -0.055, REACH, 0.0), light.shaded(wall, 0.35), 0.8)
    pen.stroke([(-REACH, CEILING), (REACH, CEILING)], 0.9)


def _view(stage: Stage, left: float, top: float, right: float, bottom: float) -> None:
    """What is seen through a window: sky, a far roofline, sun or moon."""
    pen, light = stage.far, stage.light
    rows = 10
    for row in range(rows):
        y0, y1 = top + (bottom - top) * row / rows, top + (bottom - top) * (row + 1) / rows
        pen.fill(box(left, y0, right, y1 + 0.002), mix(light.sky, light.horizon, row / (rows - 1)))
    x = np.linspace(left, right, 9)
    y = bottom - (bottom - top) * stage.chance.uniform(0.14, 0.34, 9)
    pen.fill([*zip(x.tolist(), y.tolist(), strict=True), (right, bottom), (left, bottom)], mix(light.shadow, light.horizon, 0.45))
    wide = right - left
    if stage.time == TimeOfDay.NIGHT:
        pen.fill(arc(left + wide * 0.7, top + 0.1, 0.032, 0.032), mix(light.light, (255, 252, 240), 0.6))


def _window(stage: Stage, x: float, y: float, wide: float, tall: float, *, panes: int = 2, curtains: bool = True) -> None:
    """A window with its view, centre top at (x, y), and the light that it lets in."""
    pen, light = stage.far, stage.light
    left, right, bottom = x - wide / 2, x + wide / 2, y + tall
    frame = light.on((226, 216, 198))
    pen.shape(box(left - 0.03, y - 0.03, right + 0.03, bottom + 0.03), frame)
    _view(stage, left, y, right, bottom)
    for part in range(1, panes):
        at = left + wide * part / panes
        pen.shape(box(at - 0.008, y, at + 0.008, bottom), frame, 0.6)
    pen.shape(box(left, y + tall * 0.46, right, y + tall * 0.46 + 0.015), frame, 0.6)
    pen.stroke(box(left, y, right, bottom), 0.9, closed=True)
    pen.shape(box(left - 0.06, bottom + 0.03, right + 0.06, bottom + 0.06), mix(frame, light.shadow, 0.2), 0.8)
    if curtains:
        cloth = light.on(mix(light.accent, (170, 120, 100), 0.4))
        for side in (-1, 1):
            edge = x + side * (wide / 2 + 0.06)
            inner = x + side * wide * 0.33
            drape = [(edge, y - 0.06), (inner, y - 0.06), (x + side * wide * 0.38, y + tall * 0.5),
                (x + side * wide * 0.46, bottom + 0.10), (edge + side * 0.04, bottom + 0.12)]  # fmt: skip
            pen.shape(drape, cloth, 0.9, form=0.4)
            for share in (0.3, 0.6):
                run = edge + (inner - edge) * share
                pen.stroke([(run, y - 0.05), (run + side * 0.02, bottom + 0.08)], 0.6)
        pen.stroke([(left - 0.14, y - 0.07), (right + 0.14, y - 0.07)], 1.6)
    if not light.lamps:
        pen.glow(x, y + tall / 2, max(wide, tall) * 1.15, light.light, 0.34)
        lean = -light.side * 0.38
        pen.wash(
            [(left + lean, 0.06), (right + lean, 0.06), (right + 2.4 * lean, 0.60), (left + 2.4 * lean - wide * 0.3, 0.60)],
            light.light,
            0.34,
        )


def _lamp(pen: Pen, x: float, y: float, light: Light, *, hang: float = 0.0) -> None:
    """A shaded lamp at (x, y), hanging by a cord of length ``hang`` or standing."""
    shade = mix(light.on((226, 190, 130)), light.accent, 0.5)
    if hang:
        pen.stroke([(x, y - hang), (x, y)], 0.9)
    if light.lamps:
        pen.glow(x, y + 0.06, 0.62, mix(light.accent, (255, 240, 205), 0.4), 0.62)
    pen.shape(
        [(x - 0.035, y), (x + 0.035, y), (x + 0.095, y + 0.10), (x - 0.095, y + 0.10)],
        shade if light.lamps else light.on(shade),
        form=0.2,
    )
    if light.lamps:
        pen.fill([(x - 0.09, y + 0.098), (x + 0.09, y + 0.098), (x + 0.06, y + 0.115), (x - 0.06, y + 0.115)], (255, 244, 214))


def _frame(stage: Stage, x: float, y: float, wide: float, tall: float) -> None:
    """A picture on the wall."""
    pen, light = stage.far, stage.light
    pen.shape(box(x, y, x + wide, y + tall), light.on((110, 82, 58)))
    pen.shape(box(x + 0.018, y + 0.018, x + wide - 0.018, y + tall - 0.018), light.on((206, 196, 172)), 0.6)
    low = y + tall - 0.03
    hill = [
        (x + 0.02, low),
        (x + wide * 0.35, y + tall * 0.4),
        (x + wide * 0.6, y + tall * 0.65),
        (x + wide - 0.02, y + tall * 0.5),
        (x + wide - 0.02, low),
    ]
    pen.fill(hill, light.on((122, 138, 128)))


def _door(stage: Stage, x: float, wide: float = 0.30, tall: float = 0.80) -> None:
    pen, light = stage.far, stage.light
    wood = light.on((140, 104, 76))
    pen.shape(box(x - 0.03, -tall - 0.03, x + wide + 0.03, 0), light.shaded(wood, 0.25))
    pen.shape(box(x, -tall, x + wide, 0), wood, form=0.25)
    for top, bottom in ((-tall * 0.94, -tall * 0.55), (-tall * 0.48, -tall * 0.07)):
        pen.shape(box(x + 0.04, top, x + wide - 0.04, bottom), light.shaded(wood, 0.15), 0.7)
    pen.shape(arc(x + wide - 0.03, -tall * 0.48, 0.012, 0.012), light.accent, 0.6)


def _shelf(stage: Stage, pen: Pen, x: float, y: float, wide: float, rows: int, pitch: float = 0.17) -> None:
    """A bookcase that stands at (x, y)."""
    light = stage.light
    wood = light.on((120, 88, 64))
    tall = rows * pitch + 0.03
    pen.shape(box(x, y - tall, x + wide, y), light.shaded(wood, 0.45))
    for row in range(rows):
        floor = y - 0.015 - row * pitch
        at = x + 0.02
        while at < x + wide - 0.05:
            thick, high = float(stage.chance.uniform(0.016, 0.036)), float(stage.chance.uniform(0.09, 0.14))
            hue = ((150, 76, 60), (72, 96, 104), (176, 146, 92), (92, 104, 78), (204, 190, 164))[int(stage.chance.integers(5))]
            pen.shape(box(at, floor - high, at + thick, floor), light.on(hue), 0.5)
            at += thick + (0.05 if stage.chance.random() < 0.14 else 0.002)
        pen.shape(box(x, floor, x + wide, floor + 0.016), wood, 0.7)
    pen.stroke(box(x, y - tall, x + wide, y), 1.1, closed=True)


def _table(stage: Stage, x: float, y: float, wide: float, tall: float, wood: Colour) -> None:
    """A table in the middle distance; its feet stand at y."""
    pen, lit = stage.mid, stage.light.on(wood)
    pen.cast(arc(x, y, wide * 0.6, 0.035), 0.30)
    for side in (-1, 1):
        leg = x + side * wide * 0.42
        pen.shape(box(leg - 0.014, y - tall, leg + 0.014, y), stage.light.shaded(lit, 0.4), 0.9)
    pen.shape(
        [
            (x - wide * 0.44, y - tall - 0.05),
            (x + wide * 0.44, y - tall - 0.05),
            (x + wide / 2, y - tall),
            (x - wide / 2, y - tall),
        ],
        lit,
    )
    pen.shape(box(x - wide / 2, y - tall, x + wide / 2, y - tall + 0.035), stage.light.shaded(lit, 0.3), 0.9)


def _chair(stage: Stage, x: float, y: float, side: int) -> None:
    pen, wood = stage.mid, stage.light.on((126, 92, 66))
    dark = stage.light.shaded(wood, 0.35)
    pen.cast(arc(x, y, 0.12, 0.022), 0.3)
    pen.shape(box(x - 0.09, y - 0.24, x + 0.09, y - 0.215), wood, 0.9)
    for leg in (-0.08, 0.08):
        pen.shape(box(x + leg - 0.009, y - 0.215, x + leg + 0.009, y), dark, 0.8)
    post = x + side * 0.085
    pen.shape(
        [
            (post - 0.01, y - 0.24),
            (post + 0.01, y - 0.24),
            (post + side * 0.03 + 0.01, y - 0.52),
            (post + side * 0.03 - 0.01, y - 0.52),
        ],
        wood,
        0.9,
    )


def _kitchen(stage: Stage) -> None:
    light = stage.light
    _shell(stage, (206, 200, 178), (170, 150, 124), boards=False)
    pen = stage.far
    for row in range(1, 7):
        y = 0.9 * (row / 6) ** 1.7
        pen.stroke([(-REACH, y), (REACH, y)], 0.5)
    for step in range(-14, 15):
        pen.stroke([(step * 0.2, 0.0), (step * 0.62, 1.4)], 0.5)
    tile = light.on((222, 222, 208))
    pen.fill(box(-REACH, -0.62, REACH, -0.36), tile)
    for step in range(-26, 27):
        pen.stroke([(step * 0.12, -0.62), (step * 0.12, -0.36)], 0.4, paint=light.shaded(tile, 0.4))
    pen.stroke([(-REACH, -0.49), (REACH, -0.49)], 0.4, paint=light.shaded(tile, 0.4))
    _window(stage, 0.12 * light.side, -0.90, 0.46, 0.46, curtains=False)
    door = light.on(mix(light.accent, (120, 140, 130), 0.75))
    for left in (-1.5, -1.16, -0.82, 0.5, 0.84, 1.18):
        pen.shape(box(left, -0.98, left + 0.33, -0.66), door, form=0.12)
        pen.shape(box(left + 0.03, -0.95, left + 0.30, -0.69), light.shaded(door, 0.08), 0.5)
        pen.stroke([(left + 0.28, -0.74), (left + 0.28, -0.71)], 1.4)
    pen.shape(box(-REACH, -0.36, REACH, -0.32), light.on((150, 120, 92)))
    pen.fill(box(-REACH, -0.32, REACH, -0.0), light.shaded(door, 0.12))
    for step in range(-9, 10):
        pen.shape(box(step * 0.34, -0.31, step * 0.34 + 0.33, -0.04), door, 0.7)
        pen.stroke([(step * 0.34 + 0.12, -0.27), (step * 0.34 + 0.21, -0.27)], 1.2)
    for x, wide, tall, hue in (
        (-0.62, 0.10, 0.13, (176, 92, 66)),
        (-0.5, 0.07, 0.10, (90, 110, 120)),
        (0.62, 0.12, 0.09, (90, 92, 96)),
    ):
        pen.shape(
            [(x, -0.36), (x + wide, -0.36), (x + wide * 0.92, -0.36 - tall), (x + wide * 0.08, -0.36 - tall)],
            light.on(hue),
            form=0.35,
        )
    _table(stage, -0.05, 0.30, 0.92, 0.30, (160, 122, 84))
    _chair(stage, -0.66, 0.30, -1)
    _chair(stage, 0.58, 0.30, 1)
    cup = stage.mid.at(0.10, -0.01)
    cup.shape([(-0.03, -0.06), (0.03, -0.06), (0.022, 0), (-0.022, 0)], light.on((226, 218, 200)), 0.8, form=0.3)
    _lamp(stage.far, -0.08, -0.84, light, hang=0.6)


def _office(stage: Stage) -> None:
    light = stage.light
    _shell(stage, (178, 184, 182), (112, 116, 120), boards=False)
    pen = stage.far
    _window(stage, 0.40 * light.side, -0.90, 1.05, 0.66, panes=4, curtains=False)
    for slat in range(6):
        y = -0.89 + 0.036 * slat
        pen.stroke([(0.40 * light.side - 0.52, y), (0.40 * light.side + 0.52, y)], 1.0, paint=light.on((214, 210, 200)))
    _shelf(stage, pen, -1.10 * light.side - 0.22, 0.0, 0.46, 5)
    board = -0.48 * light.side - 0.2
    pen.shape(box(board, -0.80, board + 0.40, -0.46), light.on((186, 154, 112)))
    for x, y, hue in (
        (0.05, -0.75, (236, 226, 200)),
        (0.17, -0.72, (222, 196, 120)),
        (0.27, -0.76, (204, 214, 214)),
        (0.10, -0.60, (214, 160, 140)),
    ):
        pen.shape(box(board + x, y, board + x + 0.08, y + 0.10), light.on(hue), 0.5)
    _door(stage, 1.42 * light.side - 0.15)
    for x in (-0.72, 0.74):
        _table(stage, x, 0.22, 0.72, 0.27, (150, 120, 92))
        desk = stage.mid.at(x, -0.05)
        desk.shape([(-0.14, -0.21), (0.14, -0.21), (0.14, -0.03), (-0.14, -0.03)], light.on((62, 66, 72)))
        desk.shape(box(-0.125, -0.195, 0.125, -0.045), mix(light.on((130, 160, 170)), light.light, 0.3), 0.5)
        desk.shape(box(-0.02, -0.03, 0.02, 0.0), light.on((62, 66, 72)), 0.6)
        for sheet in range(3):
            desk.shape(box(0.18, -0.02 - 0.012 * sheet, 0.32, -0.008 - 0.012 * sheet), light.on((232, 226, 210)), 0.5)
    for x in (-0.9, 0.1, 1.1):
        pen.shape(
            box(x - 0.22, CEILING + 0.02, x + 0.22, CEILING + 0.05),
            (252, 248, 232) if light.lamps else light.on((230, 228, 220)),
            0.7,
        )
        if light.lamps:
            pen.glow(x, CEILING + 0.05, 0.5, light.light, 0.4)


def _corridor(stage: Stage) -> None:
    light, pen = stage.light, stage.far
    wall, floor = light.on((176, 178, 160)), light.on((126, 118, 108))
    pen.fill(box(-4, -3, 4, 3), light.shaded(wall, 0.3))
    end = box(-0.22, -0.72, 0.22, -0.16)
    mouth = [(-2.6, -2.3), (2.6, -2.3), (2.6, 1.9), (-2.6, 1.9)]
    quads = (
        ([mouth[0], mouth[1], tuple(end[1]), tuple(end[0])], light.shaded(wall, 0.5)),
        ([mouth[1], mouth[2], tuple(end[2]), tuple(end[1])], light.shaded(wall, 0.35 if light.side > 0 else 0.12)),
        ([mouth[3], mouth[0], tuple(end[0]), tuple(end[3])], light.shaded(wall, 0.35 if light.side < 0 else 0.12)),
        ([mouth[2], mouth[3], tuple(end[3]), tuple(end[2])], floor),
    )
    for quad, paint in quads:
        pen.shape(quad, paint, 0.9)
    pen.shape(end, mix(wall, light.light, 0.35))
    pen.shape(box(-0.09, -0.56, 0.09, -0.16), light.on((130, 96, 72)), 0.8)
    pen.shape(box(-0.07, -0.53, 0.07, -0.38), mix(light.horizon, light.light, 0.5), 0.6)
    pen.glow(0, -0.45, 0.5, light.light, 0.45)
    for near in (0.24, 0.42, 0.68, 1.10, 1.75):
        share = (near - 0.22) / 2.38
        for side in (-1, 1):
            far = share * 0.72
            x0, x1 = 0.22 + 2.38 * far, 0.22 + 2.38 * share * 0.93
            top0, top1 = -0.60 - 1.35 * far, -0.60 - 1.35 * share * 0.93
            low0, low1 = -0.16 + 2.06 * far, -0.16 + 2.06 * share * 0.93
            pen.shape([(side * x0, top0), (side * x1, top1), (side * x1, low1), (side * x0, low0)], light.on((132, 102, 80)), 0.8)
        y = -0.72 - 1.58 * share
        wide = 0.07 + 0.5 * share
        pen.shape([(-wide, y), (wide, y), (wide * 1.12, y - 0.10 * share - 0.012), (-wide * 1.12, y - 0.10 * share - 0.012)],
            (252, 246, 226) if light.lamps else mix(wall, light.light, 0.6), 0.7)  # fmt: skip
        pen.wash([(-wide * 1.3, -0.16 + 2.06 * share), (wide * 1.3, -0.16 + 2.06 * share), (wide * 1.5, -0.13 + 2.3 * share),
            (-wide * 1.5, -0.13 + 2.3 * share)], light.light, 0.22)  # fmt: skip


def _workshop(stage: Stage) -> None:
    light, pen = stage.light, stage.far
    _shell(stage, (150, 128, 104), (112, 96, 82))
    for step in range(-18, 19):
        pen.stroke([(step * 0.17, CEILING), (step * 0.17, 0.0)], 0.5)
    for x in (-1.9, -0.72, 0.5, 1.7):
        pen.shape([(x, -2.2), (x + 0.10, -2.2), (x + 0.10, 0), (x, 0)], light.on((108, 80, 58)))
    _window(stage, -0.12 + 0.2 * light.side, -0.88, 0.62, 0.44, panes=4, curtains=False)
    for x, long in (
        (-1.30, 0.22),
        (-1.18, 0.16),
        (-1.06, 0.26),
        (-0.94, 0.18),
        (0.84, 0.24),
        (0.96, 0.18),
        (1.08, 0.22),
        (1.20, 0.14),
    ):
        pen.stroke([(x, -0.74), (x, -0.74 + long)], 2.0, paint=light.on((116, 84, 60)))
        pen.shape(box(x - 0.03, -0.74 + long - 0.03, x + 0.03, -0.74 + long + 0.03), light.on((128, 132, 134)), 0.7)
    pen.stroke([(-1.40, -0.75), (-0.86, -0.75)], 1.2)
    pen.stroke([(0.76, -0.75), (1.28, -0.75)], 1.2)
    wood = light.on((146, 108, 76))
    bench = stage.mid
    bench.cast(arc(0.0, 0.16, 1.3, 0.05), 0.3)
    for x in (-1.15, -0.4, 0.4, 1.15):
        bench.shape(box(x - 0.035, -0.16, x + 0.035, 0.16), light.shaded(wood, 0.4))
    bench.shape([(-1.28, -0.24), (1.28, -0.24), (1.34, -0.18), (-1.34, -0.18)], mix(wood, light.light, 0.12))
    bench.shape(box(-1.34, -0.18, 1.34, -0.12), wood, form=0.2)
    bench.shape(box(-1.05, -0.35, -0.80, -0.21), light.on((150, 84, 60)), form=0.3)
    bench.shape([(0.74, -0.22), (0.78, -0.36), (0.98, -0.36), (1.02, -0.22)], light.on((96, 104, 110)), form=0.4)
    bench.shape(box(0.70, -0.40, 0.92, -0.35), light.on((96, 104, 110)))
    for x in (-0.6, -0.52, -0.45):
        bench.shape(box(x, -0.30, x + 0.05, -0.22), light.on((196, 184, 150)), 0.7, form=0.3)
    _lamp(stage.far, 0.62, -0.76, light, hang=0.7)
    _lamp(stage.far, -0.86, -0.80, light, hang=0.7)


def _station(stage: Stage) -> None:
    light, pen = stage.light, stage.far
    _sky(stage, pen, bottom=0.1)
    pen.gradient(0.0, 2.4, light.on((140, 136, 130)), light.shaded(light.on((150, 144, 136)), 0.2))
    _ridge(stage, pen, 0.16, 0.2, mix(light.shadow, light.horizon, 0.5), line=0.5)
    roof = light.on((86, 92, 98))
    pen.shape([(-4, -2.6), (4, -2.6), (4, -0.88), (-4, -0.88)], light.shaded(roof, 0.35))
    for step in range(-8, 9):
        x = step * 0.42
        pen.fill([(x + 0.03, -1.04), (x + 0.36, -1.04), (x + 0.36, -0.93), (x + 0.03, -0.93)], mix(light.sky, light.light, 0.35))
        pen.stroke([(x, -2.2), (x, -0.88)], 1.0)
    pen.stroke([(-4, -0.90), (4, -0.90)], 2.2)
    train = light.on(mix(light.accent, (120, 60, 52), 0.35))
    pen.shape(box(-4, -0.56, 1.22, -0.02), train, form=0.1)
    pen.fill(box(-4, -0.26, 1.22, -0.20), light.on((226, 212, 178)))
    pen.shape(box(-4, -0.60, 1.26, -0.55), light.shaded(train, 0.5))
    for step in range(-9, 4):
        x = step * 0.32
        pane = mix(light.accent, (255, 240, 205), 0.4) if light.lamps else mix(light.on((120, 146, 158)), light.light, 0.25)
        pen.shape(box(x, -0.49, x + 0.22, -0.30), pane, 0.8)
    pen.shape(box(-4, -0.02, 4, 0.03), light.shaded(light.on((120, 116, 110)), 0.4), 0.9)
    pen.fill(box(-4, 0.09, 4, 0.115), light.on((226, 196, 110)))
    for step in range(-14, 15):
        pen.stroke([(step * 0.22, 0.115), (step * 0.62, 1.4)], 0.5)
    for x in (-1.42, 1.38):
        post = stage.mid.at(x, 0.14)
        post.cast(arc(0, 0, 0.10, 0.02), 0.3)
        post.shape([(-0.03, 0), (0.03, 0), (0.022, -1.6), (-0.022, -1.6)], light.on((70, 80, 84)), form=0.4)
        post.shape(box(-0.05, -0.06, 0.05, 0), light.on((70, 80, 84)), 0.9)
        post.stroke([(0, -0.92), (-0.14, -1.1), (-0.2, -1.3)], 1.6, smooth=True)
        post.stroke([(0, -0.92), (0.14, -1.1), (0.2, -1.3)], 1.6, smooth=True)
    clock = stage.far.at(0.34, -0.74)
    clock.stroke([(0, -0.2), (0, -0.1)], 1.4)
    clock.shape(arc(0, 0, 0.105, 0.105), light.on((60, 66, 70)))
    clock.shape(arc(0, 0, 0.085, 0.085), mix((244, 238, 222), light.mid, 0.0 if light.lamps else 0.15), 0.6)
    clock.stroke([(0, 0), (0, -0.06)], 1.4)
    clock.stroke([(0, 0), (0.045, 0.02)], 1.4)
    seat = stage.mid.at(-0.86, 0.16)
    seat.cast(arc(0, 0, 0.36, 0.03), 0.3)
    wood = light.on((140, 100, 70))
    for y in (-0.34, -0.28, -0.16):
        seat.shape(box(-0.32, y, 0.32, y + 0.04), wood, 0.9)
    for x in (-0.26, 0.26):
        seat.shape(box(x - 0.012, -0.34, x + 0.012, 0), light.on((60, 62, 64)), 0.8)


def _vehicle(stage: Stage) -> None:
    light, pen = stage.light, stage.far
    _sky(stage, pen)
    _ridge(stage, pen, 0.30, 0.2, mix(light.shadow, light.horizon, 0.55), line=0.6)
    _ridge(stage, pen, 0.16, 0.1, mix(light.on((104, 118, 88)), light.horizon, 0.25), line=0.7)
    pen.gradient(0.0, 0.7, light.on((132, 138, 104)), light.on((112, 108, 86)))
    for x in (-1.5, -0.5, 0.62, 1.56):
        _tree(stage, pen, x, 0.02, 0.36, light.on((92, 112, 80)))
    pen.stroke([(-0.3, 0.005), (-2.4, 0.9)], 0.8)
    pen.stroke([(0.3, 0.005), (2.4, 0.9)], 0.8)
    pen.fill([(-0.3, 0.005), (0.3, 0.005), (2.4, 0.9), (5, 2.4), (-5, 2.4), (-2.4, 0.9)], light.on((120, 118, 118)))
    pen.fill([(-0.012, 0.01), (0.012, 0.01), (0.09, 0.9), (-0.09, 0.9)], light.on((214, 206, 186)))


def draw_cab_back(pen: Pen, light: Light) -> None:
    """Draw the inside of a car behind its people: seats and rear window. In heads, from the eyes of the people."""
    lining = light.shaded(light.on((92, 84, 82)), 0.45)
    pen.shape([(-2.9, -1.25), (2.9, -1.25), (3.6, 2.6), (-3.6, 2.6)], lining)
    pen.shape([(-1.7, -0.85), (1.7, -0.85), (2.0, 0.35), (-2.0, 0.35)], mix(light.horizon, light.sky, 0.4))
    pen.fill(
        [(-1.9, 0.02), (-0.9, -0.18), (0.2, -0.05), (1.1, -0.2), (1.9, 0.02), (2.0, 0.35), (-2.0, 0.35)],
        mix(light.shadow, light.horizon, 0.45),
    )
    pen.stroke([(-1.7, -0.85), (1.7, -0.85), (2.0, 0.35), (-2.0, 0.35)], closed=True)
    seat = light.on((128, 100, 80))
    for x in (-1.35, 1.35):
        pen.shape([(x - 0.34, 0.02), (x + 0.34, 0.02), (x + 0.36, 0.55), (x - 0.36, 0.55)], seat, form=0.3)
        pen.shape(
            [(x - 0.85, 0.72), (x - 0.5, 0.52), (x + 0.5, 0.52), (x + 0.85, 0.72), (x + 1.0, 2.8), (x - 1.0, 2.8)], seat, form=0.3
        )


def draw_cab_front(pen: Pen, light: Light) -> None:
    """Draw the front of a car around the people in it. In heads, from the eyes of the people."""
    paint = light.on(mix(light.accent, (110, 120, 116), 0.55))
    dark = light.on((52, 52, 56))
    pen.cast(arc(0, 6.55, 4.9, 0.4), 0.4)
    for x in (-3.3, 3.3):
        pen.shape(box(x - 0.55, 4.9, x + 0.55, 6.6), dark)
    pen.shape([(-3.0, -1.22), (-2.4, -1.75), (2.4, -1.75), (3.0, -1.22), (2.6, -1.12), (-2.6, -1.12)], paint, 1.3)
    for side in (-1, 1):
        pen.shape([(side * 2.62, -1.16), (side * 3.0, -1.22), (side * 4.05, 2.15), (side * 3.55, 2.1)], paint, 1.2)
        pen.shape([(side * 4.0, 1.3), (side * 4.7, 1.2), (side * 4.8, 1.75), (side * 4.05, 1.8)], paint)
    pen.stroke(arc(1.35, 2.05, 0.85, 0.72, start=180, end=360), 4.5)
    hood = [(-3.9, 2.05), (-2.0, 1.86), (2.0, 1.86), (3.9, 2.05), (4.35, 3.4), (4.3, 5.3), (-4.3, 5.3), (-4.35, 3.4)]
    pen.shape(hood, paint, 1.3, form=0.25)
    pen.stroke([(-2.9, 2.1), (-3.1, 3.3)], 0.9)
    pen.stroke([(2.9, 2.1), (3.1, 3.3)], 0.9)
    pen.stroke([(-1.7, 1.95), (0.2, 1.80)], 1.4)
    pen.stroke([(1.2, 1.95), (2.7, 1.82)], 1.4)
    pen.shape(box(-2.3, 3.6, 2.3, 4.5), dark)
    for step in range(8):
        pen.stroke([(-2.1 + 0.6 * step, 3.68), (-2.1 + 0.6 * step, 4.42)], 0.8, paint=mix(dark, light.light, 0.4))
    for side in (-1, 1):
        lamp = mix(light.accent, (255, 246, 220), 0.6) if light.lamps else light.on((226, 226, 216))
        pen.shape(arc(side * 3.3, 4.0, 0.55, 0.48), lamp)
    pen.shape(box(-4.5, 4.85, 4.5, 5.5), light.on((150, 150, 148)), form=0.2)
    pen.shape(box(-0.8, 4.95, 0.8, 5.4), light.on((226, 220, 204)), 0.8)


# Exteriors


def _rooftop(stage: Stage) -> None:
    light, pen = stage.light, stage.far
    _heaven(stage)
    for depth, low, high in ((0.75, 0.22, 0.60), (0.45, 0.12, 0.42)):
        x = -REACH
        while x < REACH:
            wide, tall = float(stage.chance.uniform(0.10, 0.26)), float(stage.chance.uniform(low, high))
            paint = mix(mix(light.shadow, light.on((124, 116, 116)), 0.4), light.horizon, depth)
            pen.shape(box(x, -tall, x + wide, 0.1), paint, 0.5)
            for row in range(int(tall / 0.06)):
                for column in range(int(wide / 0.045)):
                    if stage.chance.random() < (0.30 if light.lamps else 0.5):
                        left, top = x + 0.014 + 0.045 * column, -tall + 0.025 + 0.06 * row
                        pane = mix(light.accent, (255, 236, 196), 0.25) if light.lamps else light.shaded(paint, 0.25)
                        pen.fill(box(left, top, left + 0.016, top + 0.026), pane)
            x += wide + float(stage.chance.uniform(0, 0.05))
    pen.gradient(0.02, 2.4, light.on((134, 126, 120)), light.shaded(light.on((126, 118, 112)), 0.3))
    brick = light.on((156, 104, 84))
    pen.shape(box(-4, -0.10, 4, 0.14), brick)
    for row in range(4):
        y = -0.06 + 0.05 * row
        pen.stroke([(-REACH, y), (REACH, y)], 0.4, paint=light.shaded(brick, 0.5))
    pen.shape(box(-4, -0.14, 4, -0.09), light.on((190, 180, 166)))
    for row in range(1, 5):
        pen.stroke([(-REACH, 0.14 + 0.5 * (row / 4) ** 1.6), (REACH, 0.14 + 0.5 * (row / 4) ** 1.6)], 0.5)
    tank = stage.mid.at(-0.98, 0.16)
    wood = light.on((140, 104, 80))
    for x in (-0.16, 0.16):
        tank.stroke([(x * 1.15, 0), (x, -0.36)], 2.2)
    tank.stroke([(-0.18, -0.02), (0.16, -0.34)], 1.2)
    tank.shape(box(-0.22, -0.80, 0.22, -0.36), wood, form=0.45)
    for y in (-0.70, -0.58, -0.46):
        tank.stroke([(-0.22, y), (0.22, y)], 0.8)
    tank.shape([(-0.25, -0.80), (0.25, -0.80), (0, -0.98)], light.shaded(wood, 0.4), form=0.4)
    vent = stage.mid.at(1.02, 0.20)
    vent.cast(arc(0, 0, 0.24, 0.03), 0.3)
    vent.shape(box(-0.20, -0.30, 0.20, 0), light.on((150, 154, 154)), form=0.35)
    for y in (-0.24, -0.19, -0.14, -0.09):
        vent.stroke([(-0.15, y), (0.15, y)], 1.0)
    aerial = stage.mid.at(0.62, 0.16)
    aerial.stroke([(0, 0), (0, -0.72)], 1.4)
    for y, wide in ((-0.70, 0.12), (-0.64, 0.16), (-0.58, 0.10)):
        aerial.stroke([(-wide, y), (wide, y)], 1.0)


def _field(stage: Stage) -> None:
    light, pen = stage.light, stage.far
    _heaven(stage)
    green = light.on((146, 152, 92))
    _ridge(stage, pen, 0.16, 0.2, mix(mix(light.shadow, green, 0.3), light.horizon, 0.55), line=0.5)
    _ridge(stage, pen, 0.07, 0.2, mix(green, light.horizon, 0.3), line=0.6)
    _ground(pen, light.on((166, 150, 84)), mix(green, light.horizon, 0.15))
    for x in (-1.6, -1.36, -1.2, 0.9, 1.06, 1.3, 1.9):
        _tree(stage, pen, x, 0.01, 0.16, mix(light.on((96, 112, 72)), light.horizon, 0.15))
    _cottage(pen, -0.52, 0.035, 0.13, light)
    track = light.on((190, 166, 126))
    pen.shape(
        [(0.10, 0.005), (0.14, 0.005), (0.05, 0.16), (0.24, 0.40), (1.1, 1.4), (-1.0, 1.4), (-0.34, 0.40), (-0.10, 0.16)],
        track,
        0.7,
    )
    for step in range(-15, 16):
        if abs(step) > 1:
            pen.stroke([(step * 0.10, 0.03), (step * 0.44, 0.9)], 0.5, paint=light.shaded(green, 0.55))
    _tufts(stage, pen, 60, light.shaded(green, 0.6))
    fence = light.on((120, 96, 74))
    for step in range(-6, 7):
        x = step * 0.42 + 0.2
        if abs(x) > 0.45:
            stage.mid.shape(box(x - 0.014, -0.08, x + 0.014, 0.17), fence, 0.9, form=0.3)
            reach = 0.42 if step < 6 else 0.1
            if x + reach < -0.3 or x > 0.3:
                for y in (-0.04, 0.05):
                    stage.mid.shape([(x, y), (x + reach, y + 0.006), (x + reach, y + 0.026), (x, y + 0.02)], fence, 0.7)


def _forest(stage: Stage) -> None:
    light, pen = stage.light, stage.far
    _heaven(stage)
    leaf = light.on((92, 114, 78))
    for depth, count, size in ((0.7, 34, 0.5), (0.42, 24, 0.75)):
        paint = mix(light.shaded(leaf, 0.25), light.horizon, depth)
        for x, grown in stage.chance.uniform((-REACH, 0.75), (REACH, 1.25), (count, 2)).tolist():
            _pine(pen, x, 0.05, size * grown, paint, light)
    _ground(pen, light.on((98, 92, 64)), mix(leaf, light.horizon, 0.3))
    bark = light.on((106, 82, 64))
    for x, thick in (
        (-1.75, 0.13),
        (-1.28, 0.10),
        (-0.92, 0.07),
        (-0.36, 0.05),
        (0.42, 0.055),
        (0.86, 0.08),
        (1.24, 0.12),
        (1.72, 0.10),
    ):
        y = 0.04 + thick * 0.6
        lean = float(stage.chance.uniform(-0.05, 0.05))
        trunk = [(x - thick * 0.8, y + 0.02), (x - thick * 0.42, y - 0.2), (x + lean - thick * 0.36, -1.0),
            (x + 2 * lean - thick * 0.3, -2.4),
            (x + 2 * lean + thick * 0.3, -2.4), (x + lean + thick * 0.36, -1.0), (x + thick * 0.42, y - 0.2),
            (x + thick * 0.8, y + 0.02)]  # fmt: skip
        pen.shape(trunk, mix(bark, light.horizon, max(0.0, 0.45 - thick * 3.5)), 1.0, form=0.5)
        for run in (-0.2, 0.12):
            pen.stroke([(x + thick * run, y - 0.1), (x + lean * 0.5 + thick * run, -0.45), (x + lean + thick * run, -0.8)], 0.6)
    if stage.time != TimeOfDay.NIGHT:
        for x in (-0.9, -0.1, 0.6):
            lean = -light.side * 0.5
            pen.wash([(x, -1.8), (x + 0.14, -1.8), (x + 0.30 + lean, 0.10), (x + lean, 0.06)], light.light, 0.13)
    _tufts(stage, pen, 50, light.shaded(leaf, 0.6))
    for x, size in ((-0.78, 0.16), (0.72, 0.20), (1.42, 0.24), (-1.5, 0.24)):
        around = np.radians(np.arange(180, 361, 20))
        reach = stage.chance.uniform(0.8, 1.15, len(around))
        bush = [
            (x + size * r * math.cos(a), 0.17 + size * 0.62 * r * math.sin(a))
            for a, r in zip(around.tolist(), reach.tolist(), strict=True)
        ]
        stage.mid.shape(bush, light.shaded(leaf, 0.25), 0.9, form=0.4)


def _mountain(stage: Stage) -> None:
    light, pen = stage.light, stage.far
    _heaven(stage)
    stone, snow = light.on((136, 132, 140)), mix(light.on((236, 238, 240)), light.light, 0.3)
    peaks = (
        (0.62, 0.50, ((-1.9, 0.5), (-0.8, 0.66), (0.35, 0.56), (1.5, 0.70))),
        (0.30, 0.36, ((-1.35, 0.44), (-0.1, 0.36), (1.0, 0.50), (2.1, 0.4))),
    )
    for haze, spread, tops in peaks:
        for x, tall in tops:
            left, right = x - spread * 1.3, x + spread * 1.2
            face = [(left, 0.08), (x - spread * 0.5, -tall * 0.52), (x - spread * 0.3, -tall * 0.60), (x, -tall),
                (x + spread * 0.25, -tall * 0.70), (x + spread * 0.42, -tall * 0.62), (right, 0.08)]  # fmt: skip
            paint = mix(stone, light.horizon, haze)
            pen.shape(face, paint, 0.9)
            dark = [(x, -tall), (x + spread * 0.25, -tall * 0.70), (x + spread * 0.42, -tall * 0.62), (right, 0.08),
                (x + spread * 0.1, 0.08), (x - 0.03, -tall * 0.4), (x + 0.05, -tall * 0.66)]  # fmt: skip
            if light.side > 0:
                dark = [(2 * x - a, b) for a, b in dark]
            pen.wash(dark, light.shadow, 0.38)
            pen.hatch(dark, strength=0.22, slope=0.8)
            cap = [(x - spread * 0.23, -tall * 0.69), (x, -tall), (x + spread * 0.20, -tall * 0.76),
                (x + spread * 0.10, -tall * 0.70), (x + 0.02, -tall * 0.80),
                (x - 0.04, -tall * 0.68), (x - spread * 0.12, -tall * 0.76)]  # fmt: skip
            pen.shape(cap, mix(snow, light.horizon, haze * 0.5), 0.6)
    _ridge(stage, pen, 0.12, 0.2, light.shaded(light.on((92, 108, 84)), 0.2), line=0.7)
    for x in np.arange(-2.4, 2.4, 0.115).tolist():
        _pine(
            pen,
            x + float(stage.chance.uniform(-0.03, 0.03)),
            0.05,
            float(stage.chance.uniform(0.10, 0.18)),
            light.shaded(light.on((78, 98, 78)), 0.2),
            light,
        )
    _ground(pen, light.on((142, 136, 104)), light.on((118, 128, 92)))
    _tufts(stage, pen, 36, light.shaded(light.on((118, 128, 92)), 0.6))
    for x, y, size in ((-1.08, 0.17, 0.26), (-0.78, 0.18, 0.12), (0.98, 0.17, 0.20), (1.38, 0.20, 0.34)):
        rock = [
            (x - size, y),
            (x - size * 0.8, y - size * 0.5),
            (x - size * 0.2, y - size * 0.78),
            (x + size * 0.4, y - size * 0.6),
            (x + size, y),
        ]
        stage.mid.cast(arc(x, y, size * 1.1, 0.02), 0.3)
        stage.mid.shape(rock, stone, form=0.5)
        stage.mid.stroke(
            [(x - size * 0.2, y - size * 0.75), (x - size * 0.05, y - size * 0.35), (x - size * 0.3, y - size * 0.1)], 0.7
        )


def _water(stage: Stage, top: float, bottom: float) -> None:
    pen, light = stage.far, stage.light
    deep = mix(light.on((58, 104, 120)), light.sky, 0.30)
    pen.gradient(top, bottom, mix(deep, light.horizon, 0.55), light.shaded(deep, 0.25))
    x = 0.62 * light.side
    glitter = mix(light.light, light.accent if light.sun_height < 0.2 else light.light, 0.35)
    for row in range(26):
        share = (row / 26) ** 1.5
        y = top + 0.004 + (bottom - top) * share
        reach = 0.03 + 0.10 * share
        for dx, wide in stage.chance.uniform((-1.2, 0.3), (1.2, 1.0), (2, 2)).tolist():
            pen.fill(arc(x + dx * reach * 1.4, y, reach * wide, 0.0016 + 0.004 * share), glitter)
        for dx, wide in stage.chance.uniform((-2.4, 0.4), (2.4, 1.4), (4, 2)).tolist():
            long = (0.03 + 0.12 * share) * wide
            pen.stroke([(dx - long, y), (dx - long / 3, y - 0.006 - 0.008 * share), (dx + long / 3, y),
                (dx + long, y - 0.003)], 0.4 + 0.5 * share, paint=light.shaded(deep, 0.55), smooth=True)  # fmt: skip


def _lighthouse(stage: Stage, pen: Pen, x: float, y: float, size: float) -> None:
    light = stage.light
    house = pen.at(x, y, size)
    white, red = light.on((236, 230, 216)), light.on(mix(light.accent, (176, 62, 52), 0.6))
    if light.lamps:
        house.glow(0, -1.06, 1.0, mix(light.accent, (255, 244, 210), 0.5), 0.75)
        for side in (-1, 1):
            house.wash([(0, -1.06), (side * 4.0, -1.42), (side * 4.0, -1.0)], mix(light.light, (255, 244, 210), 0.5), 0.20)
    house.shape([(-0.13, 0), (0.13, 0), (0.085, -0.94), (-0.085, -0.94)], white, 0.9, form=0.45)
    for low in (0.22, 0.58):
        a, b = 0.13 - 0.048 * low, 0.13 - 0.048 * (low + 0.18)
        house.shape([(-a, -low), (a, -low), (b, -low - 0.18), (-b, -low - 0.18)], red, 0.7, form=0.4)
    house.shape(box(-0.125, -0.97, 0.125, -0.94), light.shaded(white, 0.4), 0.8)
    house.shape(box(-0.06, -1.13, 0.06, -0.97), (255, 244, 206) if light.lamps else light.on((150, 176, 184)), 0.8)
    house.shape([(-0.085, -1.13), (0.085, -1.13), (0, -1.25)], red, 0.8)


def _shore(stage: Stage) -> None:
    light, pen = stage.light, stage.far
    _heaven(stage)
    _water(stage, 0.0, 0.22)
    cliff = light.on((132, 122, 108))
    side = -light.side
    land = [(side * 0.42, 0.03), (side * 0.52, -0.06), (side * 0.70, -0.10), (side * 0.86, -0.20), (side * 1.25, -0.24),
        (side * 2.0, -0.30), (side * 3.4, -0.32), (side * 3.4, 0.05), (side * 1.2, 0.07), (side * 0.7, 0.05)]  # fmt: skip
    pen.shape(land, mix(cliff, light.horizon, 0.12), 0.9, form=0.2)
    pen.hatch(land, strength=0.20, slope=0.5)
    pen.shape(
        [(side * 0.86, -0.195), (side * 1.25, -0.24), (side * 3.4, -0.33), (side * 3.4, -0.27), (side * 1.1, -0.19)],
        light.on((122, 134, 88)),
        0.7,
    )
    _lighthouse(stage, pen, side * 1.02, -0.205, 0.36)
    sand = light.on((206, 184, 144))
    edge = curve([(x, 0.20 + 0.025 * math.sin(2.1 * x + 0.6)) for x in np.arange(-3.4, 3.5, 0.4).tolist()])
    pen.fill([*edge.tolist(), (3.4, 2.4), (-3.4, 2.4)], sand)
    pen.fill([*edge.tolist(), *[(x, y + 0.035) for x, y in edge[::-1].tolist()]], light.shaded(sand, 0.3))
    pen.stroke(edge - np.array([0.0, 0.006]), 2.4, paint=mix(light.light, (255, 255, 255), 0.4))
    pen.stroke(edge - np.array([0.1, 0.035]), 1.2, paint=mix(light.light, (255, 255, 255), 0.2))
    for x, y in stage.chance.uniform((-2.2, 0.3), (2.2, 0.9), (70, 2)).tolist():
        pen.stroke([(x, y), (x + 0.03, y - 0.004), (x + 0.06, y)], 0.5, paint=light.shaded(sand, 0.5), smooth=True)
    for x, y, size in ((0.98 * light.side, 0.22, 0.15), (1.22 * light.side, 0.24, 0.22), (-1.28 * light.side, 0.28, 0.13)):
        rock = [
            (x - size, y),
            (x - size * 0.75, y - size * 0.5),
            (x - size * 0.1, y - size * 0.72),
            (x + size * 0.5, y - size * 0.5),
            (x + size, y),
        ]
        stage.mid.cast(arc(x, y, size * 1.1, 0.02), 0.3)
        stage.mid.shape(rock, light.shaded(cliff, 0.25), form=0.5)
    for x, tall in ((-1.0, 0.2), (-0.93, 0.26), (-0.86, 0.18), (0.7, 0.16)):
        stage.mid.stroke([(x, 0.32), (x + 0.01, 0.32 - tall * 0.6), (x + 0.05, 0.32 - tall)], 1.0, smooth=True)


def _sea(stage: Stage) -> None:
    light = stage.light
    _heaven(stage)
    _water(stage, 0.0, 0.9)
    stage.far.gradient(0.9, 2.6, light.shaded(light.on((58, 104, 120)), 0.45), light.shaded(light.on((58, 104, 120)), 0.6))
    sail = stage.far.at(-0.66 * light.side, 0.015, 0.16)
    sail.shape([(0.02, -0.9), (0.02, -0.1), (0.42, -0.1)], light.on((236, 226, 204)), 0.7, form=0.3)
    sail.shape([(-0.02, -0.8), (-0.02, -0.1), (-0.26, -0.1)], light.on((220, 206, 182)), 0.7)
    sail.shape([(-0.36, -0.06), (0.46, -0.06), (0.32, 0.04), (-0.26, 0.04)], light.on((112, 72, 58)), 0.8)
    deck, rail = light.on((156, 120, 88)), light.on((226, 216, 196))
    pen = stage.mid
    pen.shape([(-4, 0.24), (-1.4, 0.19), (1.4, 0.19), (4, 0.24), (4, 3), (-4, 3)], deck)
    for step in range(-14, 15):
        pen.stroke([(step * 0.2, 0.20), (step * 0.52, 1.2)], 0.6)
    for step in range(-9, 10):
        x = step * 0.36
        pen.shape(box(x - 0.012, -0.06, x + 0.012, 0.22), rail, 0.8, form=0.3)
    for y in (-0.07, 0.06):
        pen.shape([(-4, y + 0.02), (4, y + 0.02), (4, y - 0.012), (-4, y - 0.012)], rail, 0.8)
    pen.shape(arc(0.86, 0.04, 0.10, 0.10), light.on((216, 96, 64)), 1.0)
    pen.shape(arc(0.86, 0.04, 0.055, 0.055), mix(light.on((58, 104, 120)), light.sky, 0.3), 0.9)


def _boat(stage: Stage) -> None:
    if stage.interior:
        _wheelhouse(stage)
    else:
        _ferry_deck(stage)


def _wheelhouse(stage: Stage) -> None:
    """The front of a wheelhouse from within: water through its windows, and what one steers with below them."""
    light, pen = stage.light, stage.far
    wood = light.on((150, 98, 62))
    dark = light.shaded(wood, 0.42)
    _shell(stage, (150, 98, 62), (112, 84, 62), skirting=False)
    pen.fill(box(-REACH, -0.92, REACH, -0.36), dark)
    for left in np.arange(-2.86, 2.8, 0.44).tolist():
        _pane(stage, left, left + 0.40)
    pen.shape(box(-REACH, -0.97, REACH, -0.91), wood, 0.9, form=0.2)
    pen.shape(box(-REACH, -0.37, REACH, -0.30), mix(wood, light.light, 0.14), 0.9)
    for x in np.arange(-3.1, 3.1, 0.11).tolist():
        pen.stroke([(x, -0.30), (x, 0.0)], 0.5, paint=dark)
    pen.shape(box(-REACH, -0.05, REACH, 0.0), dark, 0.8)
    _lamp(pen, -0.50 * light.side, -0.86, light, hang=0.3)
    pen.shape(box(0.62, -0.46, 0.86, -0.37), light.on((92, 98, 100)), 0.8, form=0.3)
    for x in (0.68, 0.74, 0.80):
        pen.shape(arc(x, -0.415, 0.020, 0.020), light.on((232, 224, 204)), 0.6)
    brass = light.on(mix(light.accent, (206, 160, 72), 0.6))
    _wheel(stage, -0.44, -0.17, 0.27, brass)
    compass = stage.mid.at(0.46, 0.12)
    compass.cast(arc(0, 0, 0.16, 0.02), 0.3)
    compass.shape([(-0.07, 0), (0.07, 0), (0.05, -0.34), (-0.05, -0.34)], wood, 0.9, form=0.4)
    compass.shape(arc(0, -0.35, 0.085, 0.030), brass, 0.9)
    compass.shape(arc(0, -0.37, 0.070, 0.055, start=180, end=360), mix(light.on((150, 176, 184)), light.light, 0.3), 0.8)
    _bell(stage.mid, 0.045, -0.70, light, brass)


def _pane(stage: Stage, left: float, right: float) -> None:
    """One window of a wheelhouse: sky over water, and drops on the glass."""
    pen, light = stage.far, stage.light
    top, horizon, bottom = -0.89, -0.55, -0.39
    rows = 8
    for row in range(rows):
        y = top + (horizon - top) * row / rows
        pen.fill(box(left, y, right, y + (horizon - top) / rows + 0.002), mix(light.sky, light.horizon, row / (rows - 1)))
    water = mix(light.on((58, 104, 120)), light.sky, 0.30)
    pen.fill(box(left, horizon, right, bottom), water)
    pen.fill(box(left, horizon, right, horizon + 0.03), mix(water, light.horizon, 0.45))
    bank = stage.chance.uniform(0.008, 0.035, 4)
    x = np.linspace(left, right, 4)
    ridge = list(zip(x.tolist(), (horizon - bank).tolist(), strict=True))
    pen.fill([*ridge, (right, horizon), (left, horizon)], mix(light.shadow, light.horizon, 0.40))
    for wave_x, wave_y in stage.chance.uniform((left + 0.02, horizon + 0.03), (right - 0.12, bottom - 0.01), (4, 2)).tolist():
        pen.stroke(
            [(wave_x, wave_y), (wave_x + 0.05, wave_y - 0.006), (wave_x + 0.10, wave_y)],
            0.5,
            smooth=True,
            paint=light.shaded(water, 0.5),
        )
    for drop_x, drop_y in stage.chance.uniform((left + 0.01, top + 0.02), (right - 0.01, bottom - 0.08), (6, 2)).tolist():
        pen.stroke([(drop_x, drop_y), (drop_x - 0.006, drop_y + 0.035)], 0.5, paint=mix(light.horizon, light.light, 0.5))
    pen.stroke(box(left, top, right, bottom), 1.1, closed=True)


def _wheel(stage: Stage, x: float, y: float, radius: float, brass: Colour) -> None:
    """A ship's wheel on its post; (x, y) is its hub."""
    light = stage.light
    pen, wood = stage.mid.at(x, y), light.on((128, 80, 50))
    pen.cast(arc(0, 0.30, 0.20, 0.025), 0.3)
    pen.shape([(-0.07, 0.30), (0.07, 0.30), (0.045, 0.0), (-0.045, 0.0)], light.shaded(wood, 0.3), 0.9, form=0.4)
    for spoke in range(8):
        turn = math.radians(22.5 + 45 * spoke)
        pen.stroke([(0, 0), (1.26 * radius * math.cos(turn), 1.26 * radius * math.sin(turn))], 4.2)
        pen.stroke([(0, 0), (1.25 * radius * math.cos(turn), 1.25 * radius * math.sin(turn))], 2.6, paint=wood)
    rim, inside = (curve(arc(0, 0, radius + wide, radius + wide), closed=True, steps=2) for wide in (0.016, -0.016))
    pen.fill([*rim.tolist(), rim[0].tolist(), inside[0].tolist(), *inside[::-1].tolist()], brass)
    pen.stroke(rim, 0.9, closed=True)
    pen.stroke(inside, 0.9, closed=True)
    pen.shape(arc(0, 0, 0.055, 0.055), brass, 0.9, form=0.4)


def _bell(pen: Pen, x: float, y: float, light: Light, brass: Colour) -> None:
    """A small bell under the ceiling and the cord to ring it by; its crown is at (x, y)."""
    pen.stroke([(x, -1.2), (x, y)], 1.4)
    pen.stroke([(x, y + 0.10), (x + 0.006, y + 0.22), (x - 0.004, y + 0.36)], 1.8, smooth=True, paint=light.on((224, 206, 170)))
    pen.shape(arc(x - 0.004, y + 0.37, 0.012, 0.016), light.on((176, 62, 52)), 0.8)
    pen.shape(
        [(x + a, y + b) for a, b in ((-0.02, 0), (0.02, 0), (0.036, 0.055), (0.058, 0.1), (-0.058, 0.1), (-0.036, 0.055))],
        brass,
        1.0,
        form=0.4,
    )
    pen.shape(arc(x, y + 0.108, 0.014, 0.014), light.shaded(brass, 0.5), 0.7)
    pen.stroke([(x - 0.022, y + 0.03), (x - 0.036, y + 0.08)], 0.9, paint=mix(brass, (255, 248, 226), 0.6))


def _ferry_deck(stage: Stage) -> None:
    light, pen = stage.light, stage.mid
    _heaven(stage)
    _ridge(stage, stage.far, 0.07, 0.3, mix(mix(light.shadow, light.on((96, 108, 92)), 0.4), light.horizon, 0.45), line=0.6)
    _water(stage, 0.0, 0.9)
    stage.far.gradient(0.9, 2.6, light.shaded(light.on((58, 104, 120)), 0.45), light.shaded(light.on((58, 104, 120)), 0.6))
    plank, paint, rail = light.on((150, 116, 84)), light.on((62, 84, 92)), light.on((232, 224, 206))
    # The bow comes together ahead: the deck is a wedge with water on both sides.
    edge = [(-4.0, 1.30), (-1.65, 0.42), (-0.95, 0.235), (-0.45, 0.165), (0.45, 0.165), (0.95, 0.235), (1.65, 0.42), (4.0, 1.30)]
    pen.shape([*edge, (4, 3), (-4, 3)], plank)
    for step in range(-8, 9):
        pen.stroke([(step * 0.055, 0.17), (step * 0.40, 1.4)], 0.6, paint=light.shaded(plank, 0.55))
    tops = [(x, y - 0.13 - 0.30 * (y - 0.165)) for x, y in edge]
    pen.shape([*edge, *tops[::-1]], paint, 1.0)
    pen.stroke([(x, y - 0.02) for x, y in edge], 1.4, paint=light.shaded(paint, 0.4))
    for height, weight in ((0.17, 3.6), (0.09, 2.2)):
        line = [(x, y - height - 0.5 * height * (low - 0.165)) for (x, y), (_, low) in zip(tops, edge, strict=True)]
        for x, y, foot in ((x, y, top) for (x, y), (_, top) in zip(line, tops, strict=True) if height > 0.1):
            pen.stroke([(x, foot), (x, y)], 3.4)
            pen.stroke([(x, foot), (x, y)], 2.0, paint=rail)
        pen.stroke(line, weight + 1.6)
        pen.stroke(line, weight, paint=rail)
    pen.stroke([(0, 0.05), (0, -0.62)], 3.0)
    lantern = mix(light.accent, (255, 240, 205), 0.5) if light.lamps else light.on((214, 210, 190))
    if light.lamps:
        pen.glow(0, -0.50, 0.30, light.accent, 0.5)
    pen.shape(box(-0.03, -0.545, 0.03, -0.465), lantern, 0.9)
    pen.shape([(0.012, -0.62), (0.20, -0.57), (0.012, -0.52)], light.on(mix(light.accent, (176, 62, 52), 0.6)), 0.8, form=0.3)
    pen.shape(arc(1.24, 0.20, 0.115, 0.115), light.on((216, 96, 64)), 1.0)
    pen.shape(arc(1.24, 0.20, 0.062, 0.062), paint, 0.9)
    for x in (-0.72, -0.58):
        pen.shape(box(x - 0.03, 0.20, x + 0.03, 0.33), light.on((70, 70, 72)), 0.9, form=0.4)
        pen.shape(box(x - 0.045, 0.19, x + 0.045, 0.215), light.on((70, 70, 72)), 0.9)
    for turn in range(4):
        pen.stroke(arc(-0.65, 0.26 + 0.018 * turn, 0.085, 0.014), 2.0, closed=True, paint=light.on((196, 168, 116)))
    for turn in range(3):
        pen.stroke(arc(0.74, 0.42 - 0.014 * turn, 0.13 - 0.02 * turn, 0.030), 2.4, smooth=True, closed=True,
            paint=light.on((196, 168, 116)))  # fmt: skip


def _bridge(stage: Stage) -> None:
    """The deck of a suspension bridge, seen along its empty lanes, with the river on both sides."""
    light, pen = stage.light, stage.far
    _heaven(stage)
    _ridge(stage, pen, 0.09, 0.2, mix(light.shadow, light.horizon, 0.55), line=0.5)
    _water(stage, 0.0, 0.6)
    stage.far.gradient(0.6, 2.6, light.shaded(light.on((58, 104, 120)), 0.35), light.shaded(light.on((58, 104, 120)), 0.55))
    steel = light.on(mix((104, 120, 128), light.accent, 0.18))
    road = light.on((122, 122, 126))
    pen.shape([(-0.10, 0.005), (0.10, 0.005), (1.5, 0.45), (5.0, 1.6), (5, 3), (-5, 3), (-5.0, 1.6), (-1.5, 0.45)], road, 0.9)
    for near, far, wide in ((0.030, 0.075, 0.008), (0.12, 0.22, 0.018), (0.32, 0.52, 0.034), (0.72, 1.1, 0.07)):
        pen.fill([(-wide * 0.6, near), (wide * 0.6, near), (wide, far), (-wide, far)], light.on((228, 222, 204)))
    for side in (-1, 1):
        pen.stroke([(side * 0.085, 0.005), (side * 1.30, 0.45), (side * 4.4, 1.6)], 1.0, paint=light.on((228, 222, 204)))
    for size, x in ((0.42, 0.17), (1.0, 0.62)):
        haze = 0.35 if size < 1 else 0.08
        tone = mix(steel, light.horizon, haze)
        foot, top = 0.05 + 0.14 * size, -1.25 * size
        for side in (-1, 1):
            pen.shape(box(side * x - 0.055 * size, top, side * x + 0.055 * size, foot), tone, 0.9, form=0.35)
            for y in np.linspace(top + 0.12 * size, foot - 0.1, 9).tolist():
                pen.stroke([(side * x - 0.05 * size, y), (side * x + 0.05 * size, y)], 0.5)
        for y in (top, top + 0.34 * size):
            pen.shape(box(-x - 0.06 * size, y, x + 0.06 * size, y + 0.10 * size), tone, 0.9, form=0.2)
        for part in range(4):
            left, right = -x + 2 * x * part / 4, -x + 2 * x * (part + 1) / 4
            pen.stroke([(left, top + 0.10 * size), (right, top + 0.34 * size)], 0.9)
            pen.stroke([(right, top + 0.10 * size), (left, top + 0.34 * size)], 0.9)
    for side in (-1, 1):
        share = np.linspace(0, 1, 9)
        sag = [(side * (0.17 + 0.45 * t), -0.525 - 0.725 * t + 1.9 * t * (1 - t)) for t in share.tolist()]
        pen.stroke(sag, 2.2, smooth=True)
        near = [(side * (0.62 + 2.6 * t), -1.25 + 2.1 * t * (1 - t) - 1.6 * t * t) for t in share.tolist()]
        pen.stroke(near, 3.4, smooth=True)
        for (x, y), t in zip([*sag[1:-1], *near[1:]], [*share[1:-1].tolist(), *share[1:].tolist()], strict=True):
            pen.stroke([(x, y), (x, 0.02 + 0.29 * abs(x))], 0.9 if abs(x) < 0.6 else 1.3 + t)
    pen = stage.mid
    for side in (-1, 1):
        for x in (0.30, 0.44, 0.62, 0.86, 1.16, 1.55, 2.05, 2.7):
            foot, tall = 0.30 * x + 0.02, 0.10 + 0.13 * x
            pen.shape(box(side * x - 0.008 - 0.006 * x, foot - tall, side * x + 0.008 + 0.006 * x, foot), steel, 0.8, form=0.3)
        for height in (1.0, 0.55):
            line = [(side * x, 0.30 * x + 0.02 - height * (0.10 + 0.13 * x)) for x in (0.22, 0.9, 3.4)]
            pen.stroke(line, 4.4)
            pen.stroke(line, 2.6, paint=steel)


_PAINTERS: Final[Mapping[SetKind, Design]] = {
    SetKind.STATION: Design(paint=_station, floor=(156, 150, 142), ground=GroundKind.PAVED, has_walls=True),
    SetKind.VEHICLE: Design(paint=_vehicle, floor=(96, 90, 88), ground=GroundKind.BOARDS, has_walls=True, has_middle=True),
    SetKind.BOAT: Design(paint=_boat, floor=(150, 116, 84), ground=GroundKind.BOARDS, has_walls=None, has_middle=True),
    SetKind.BRIDGE: Design(paint=_bridge, floor=(138, 138, 142), ground=GroundKind.PAVED, has_walls=False, has_middle=True),
    SetKind.ROOFTOP: Design(paint=_rooftop, floor=(142, 132, 126), ground=GroundKind.PAVED, has_walls=False),
    SetKind.FIELD: Design(paint=_field, floor=(160, 150, 92), ground=GroundKind.EARTH, has_walls=False),
    SetKind.FOREST: Design(paint=_forest, floor=(104, 104, 72), ground=GroundKind.EARTH, has_walls=False),
    SetKind.MOUNTAIN: Design(paint=_mountain, floor=(144, 138, 112), ground=GroundKind.EARTH, has_walls=False),
    SetKind.SHORE: Design(paint=_shore, floor=(208, 186, 148), ground=GroundKind.EARTH, has_walls=False),
    SetKind.SEA: Design(paint=_sea, floor=(74, 116, 128), ground=GroundKind.EARTH, has_walls=False),
}
"""Sets that are not files yet."""


def paint_floor(kind: SetKind, stage: Stage) -> None:
    """Paint the ground of a set as seen from straight above; there, one unit is the height of the picture too."""
    light, pen = stage.light, stage.far
    if kind in _PAINTERS:
        design = _PAINTERS[kind]
        floor, ground, walls = design.floor, design.ground, design.has_walls
    else:
        found = _file(kind)
        floor, ground, walls = colour(found.floor.colour), found.floor.ground, found.walls
    lit = light.on(floor)
    pen.fill(box(-6, -6, 6, 6), lit)
    if ground == GroundKind.PAVED:
        for step in range(-10, 11):
            x = step * 0.34
            pen.stroke([(x, -3), (x, 3)], 0.6, paint=light.shaded(lit, 0.5))
            pen.stroke([(-4, x), (4, x)], 0.6, paint=light.shaded(lit, 0.5))
    elif ground == GroundKind.BOARDS:
        for step in range(-14, 15):
            y = step * 0.15
            pen.stroke([(-4, y), (4, y)], 0.7, paint=light.shaded(lit, 0.55))
            for x in stage.chance.uniform(-3, 3, 5).tolist():
                pen.stroke([(x, y), (x, y + 0.15)], 0.6, paint=light.shaded(lit, 0.55))
        if kind != SetKind.BOAT:
            pen.shape(box(-0.92, -0.36, 0.92, 0.40), light.on(mix(light.accent, (150, 84, 70), 0.5)), 0.9)
            pen.stroke(box(-0.86, -0.30, 0.86, 0.34), 0.7, closed=True)
    else:
        for x, y, size in stage.chance.uniform((-3, -2, 0.02), (3, 2, 0.10), (130, 3)).tolist():
            pen.wash(curve(arc(x, y, size * 1.8, size), closed=True, steps=2), light.shadow if size < 0.06 else light.light, 0.10)
            if size < 0.05:
                pen.stroke([(x - size, y), (x, y - size * 0.6), (x + size, y)], 0.6, smooth=True, paint=light.shaded(lit, 0.6))
    pen.glow(0.7 * light.side, -0.5, 1.6, light.light, 0.25)
    prop = light.on((136, 100, 74))
    if walls is not False:
        for x, y, wide, tall in ((-1.15, -0.42, 0.34, 0.24), (1.12, 0.34, 0.26, 0.34)):
            stage.mid.cast(box(x - wide + 0.05, y - tall + 0.06, x + wide + 0.05, y + tall + 0.06), 0.3)
            stage.mid.shape(box(x - wide, y - tall, x + wide, y + tall), prop, 1.1, form=0.12)
            stage.mid.stroke(box(x - wide + 0.03, y - tall + 0.03, x + wide - 0.03, y + tall - 0.03), 0.6, closed=True)
    else:
        for x, y, size in ((-1.12, -0.34, 0.20), (1.08, 0.36, 0.26), (1.2, -0.40, 0.12)):
            around = np.radians(np.arange(0, 360, 30))
            reach = stage.chance.uniform(0.8, 1.15, len(around))
            blob = np.stack([x + size * reach * np.cos(around), y + size * reach * np.sin(around)], axis=1)
            stage.mid.cast(blob + 0.04, 0.3)
            stage.mid.shape(blob, light.shaded(mix(lit, light.on((96, 112, 76)), 0.55), 0.15), 1.0, smooth=True, form=0.4)
