"""Backdrops: a set is a file of ``scenery``; here is what the board asks of it, its ground from above, and the cab of a car.

Set units: one unit is the height of the picture in a wide shot, y = 0 is the foot of the wall (interiors) or the horizon
(exteriors), and x = 0 the middle. Sets run on to both sides beyond what any move shows.
"""

from vtx_dagster.core.bible import SetKind
from vtx_dagster.engines.animatic.brush import Pen, arc, box, curve
from vtx_dagster.engines.animatic.palette import Colour, Light, colour, mix
from vtx_dagster.engines.animatic.scenery.painter import paint_above, paint_file
from vtx_dagster.engines.animatic.scenery.stage import Stage
from vtx_dagster.engines.animatic.scenery.vocabulary import GroundKind, load_set


def paint_set(kind: SetKind, stage: Stage) -> None:
    """Paint a set."""
    paint_file(kind, load_set(kind), stage)


def is_room(kind: SetKind, *, interior: bool) -> bool:
    """Say whether a set has walls rather than a horizon."""
    walls = load_set(kind).walls
    return interior if walls is None else walls


def has_middle(kind: SetKind) -> bool:
    """Say whether a set is made around its middle, from which close shots do not wander."""
    return load_set(kind).middle


def eye_height(kind: SetKind, *, interior: bool) -> float:
    """Return how far above a set's y = 0 people's eyes are in a wide shot."""
    eye = load_set(kind).eye
    if eye is not None:
        return eye
    return 0.55 if is_room(kind, interior=interior) else 0.12


def paint_floor(kind: SetKind, stage: Stage) -> None:
    """Paint the ground of a set as seen from straight above; there, one unit is the height of the picture too."""
    found = load_set(kind)
    lit = stage.light.on(colour(found.floor.colour))
    if found.above:
        stage.far.fill(box(-6, -6, 6, 6), lit)
        # First of all, so that a place has the same colours from every side.
        paint_above(kind, found, stage)
        stage.far.glow(0.7 * stage.light.side, -0.5, 1.6, stage.light.light, 0.25)
        return
    _cover(stage, lit, found.floor.ground)
    if found.floor.rug:
        cloth = stage.light.on(mix(stage.light.accent, (150, 84, 70), 0.5))
        stage.far.shape(box(-0.92, -0.36, 0.92, 0.40), cloth, 0.9)
        stage.far.stroke(box(-0.86, -0.30, 0.86, 0.34), 0.7, closed=True)
    stage.far.glow(0.7 * stage.light.side, -0.5, 1.6, stage.light.light, 0.25)
    if is_room(kind, interior=stage.interior):
        _place_tables(stage)


def _cover(stage: Stage, lit: Colour, ground: GroundKind) -> None:
    light, pen = stage.light, stage.far
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
    else:
        for x, y, size in stage.chance.uniform((-3, -2, 0.02), (3, 2, 0.10), (130, 3)).tolist():
            pen.wash(curve(arc(x, y, size * 1.8, size), closed=True, steps=2), light.shadow if size < 0.06 else light.light, 0.10)
            if size < 0.05:
                pen.stroke([(x - size, y), (x, y - size * 0.6), (x + size, y)], 0.6, smooth=True, paint=light.shaded(lit, 0.6))


def _place_tables(stage: Stage) -> None:
    for x, y, wide, tall in ((-1.15, -0.42, 0.34, 0.24), (1.12, 0.34, 0.26, 0.34)):
        stage.mid.cast(box(x - wide + 0.05, y - tall + 0.06, x + wide + 0.05, y + tall + 0.06), 0.3)
        stage.mid.shape(box(x - wide, y - tall, x + wide, y + tall), stage.light.on((136, 100, 74)), 1.1, form=0.12)
        stage.mid.stroke(box(x - wide + 0.03, y - tall + 0.03, x + wide - 0.03, y + tall - 0.03), 0.6, closed=True)


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
