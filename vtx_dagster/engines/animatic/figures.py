"""People: distinct, readable figures in ink and wash. Where they stand and how large they are is decided elsewhere.

A figure is drawn in heads: one unit is its head from chin to crown,
    (0, 0) lies between its eyes, y runs down. The picture's left and right,
not the figure's.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never

import numpy as np

from vtx_dagster.core.bible import Build, Hair
from vtx_dagster.core.plan import DrawnFigure
from vtx_dagster.engines.animatic.brush import Pen, arc, box, curve
from vtx_dagster.engines.animatic.chance import stable_hash
from vtx_dagster.engines.animatic.palette import Colour, Light, colour, mix


class Mouth(StrEnum):
    """What a mouth is doing."""

    CLOSED = "closed"
    SMALL = "small"
    OPEN = "open"


class Pose(StrEnum):
    """What the arms are doing."""

    HANGING = "hanging"
    POCKETS = "pockets"
    FOLDED = "folded"
    RAISED = "raised"


@dataclass(frozen=True, slots=True)
class Face:
    """The parts of a face that change within a clip."""

    mouth: Mouth = Mouth.CLOSED
    eyes_open: bool = True


@dataclass(frozen=True, slots=True)
class Body:
    """Proportions, in heads: half widths of shoulders and hips, and how far below the eyes things are."""

    shoulder: float
    hip: float
    hip_y: float
    foot_y: float
    neck: float
    scale: float


BODIES: Final = {
    Build.SLIGHT: Body(shoulder=0.74, hip=0.46, hip_y=3.05, foot_y=6.65, neck=0.15, scale=0.97),
    Build.AVERAGE: Body(shoulder=0.88, hip=0.54, hip_y=3.10, foot_y=6.70, neck=0.18, scale=1.0),
    Build.BROAD: Body(shoulder=1.10, hip=0.70, hip_y=3.15, foot_y=6.60, neck=0.24, scale=1.04),
    Build.CHILD: Body(shoulder=0.62, hip=0.44, hip_y=2.35, foot_y=4.70, neck=0.13, scale=0.86),
}
"""``scale`` is the size of the head beside an average one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A figure as it stands in one clip.

    Attributes:
        turn: Where it faces: -1 left in profile, 0 to the camera, 1 right in profile.
        pitch: Where its face is seen from: negative from below, positive from above.
        pose: What its arms do.
    """

    figure: DrawnFigure
    turn: float
    pitch: float = 0.0
    pose: Pose = Pose.HANGING

    @property
    def body(self) -> Body:
        """The figure's proportions."""
        return BODIES[self.figure.build]

    @property
    def facing(self) -> int:
        """-1 or 1: the side to which it looks."""
        return 1 if self.turn >= 0 else -1

    def colours(self, light: Light) -> "Paints":
        """Return what the light makes of the figure's colours."""
        cloth = colour(self.figure.wardrobe)
        variant = stable_hash(self.figure.key, "trousers") % 3
        legs = ((58, 60, 72), (84, 70, 58), (70, 76, 70))[variant]
        return Paints(
            skin=light.on(colour(self.figure.skin), 0.12),
            hair=light.on(colour(self.figure.hair_colour), 0.14),
            cloth=light.on(cloth, 0.14),
            under=light.on(mix(cloth, (236, 228, 214), 0.72), 0.14),
            legs=light.on(legs, 0.18),
            shoes=light.on((50, 42, 40), 0.18),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Paints:
    """A figure's colours in the light of the scene."""

    skin: Colour
    hair: Colour
    cloth: Colour
    under: Colour
    legs: Colour
    shoes: Colour


def limb(points: list[tuple[float, float]], widths: list[float]) -> np.ndarray:
    """Return the outline of a limb that runs through points with a half width at each."""
    path = curve(points, steps=5)
    half = np.interp(np.linspace(0, len(points) - 1, len(path)), range(len(points)), widths)[:, None]
    along = np.gradient(path, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) / np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)[:, None]
    tips = [
        [end + way * reach * 0.5 + across * 0.75, end + way * reach * 0.8, end + way * reach * 0.5 - across * 0.75]
        for end, way, reach, across in (
            (path[-1], along[-1] / max(1e-6, float(np.hypot(*along[-1]))), float(half[-1, 0]), normal[-1] * half[-1]),
            (path[0], -along[0] / max(1e-6, float(np.hypot(*along[0]))), float(half[0, 0]), -normal[0] * half[0]),
        )
    ]
    return np.concatenate([path + normal * half, tips[0], (path - normal * half)[::-1], tips[1]])


def draw_body(pen: Pen, actor: Actor) -> None:
    """Draw everything below the chin, feet first."""
    body, paints = actor.body, actor.colours(pen.light)
    # Torsos are drawn with a neck to spare; people have less of it.
    pen = pen.at(0, -0.14)
    pen.cast(arc(0.1 * pen.light.side * -1, body.foot_y + 0.12, body.shoulder * 1.25, 0.16), 0.34)
    _legs(pen, actor, paints)
    if actor.pose != Pose.FOLDED:
        _arm(pen, actor, paints, side=actor.facing)
    _torso(pen, actor, paints)
    _arm(pen, actor, paints, side=-actor.facing)
    if actor.pose == Pose.FOLDED:
        _folded(pen, actor, paints)


def _legs(pen: Pen, actor: Actor, paints: Paints) -> None:
    body = actor.body
    lean = 0.06 * actor.turn
    skirt = stable_hash(actor.figure.key, "skirt") % 3 == 0 and actor.figure.hair in (Hair.LONG, Hair.BUN)
    for side in (actor.facing, -actor.facing):
        hip, foot = side * body.hip * 0.52, side * body.hip * 0.62 + lean
        thick = body.hip * 0.46
        knee_y = (body.hip_y + body.foot_y) / 2
        leg = limb(
            [(hip, body.hip_y - 0.25), (hip * 1.05 + lean, knee_y), (foot, body.foot_y - 0.08)],
            [thick, thick * 0.78, thick * 0.52],
        )
        pen.shape(leg, paints.legs if not skirt else mix(paints.skin, paints.legs, 0.35), form=0.45)
        toe = 0.30 * actor.turn + side * 0.05
        shoe = [(foot - 0.17, body.foot_y - 0.14), (foot + 0.17, body.foot_y - 0.14),
            (foot + 0.20 + max(0, toe), body.foot_y + 0.1), (foot - 0.20 + min(0, toe), body.foot_y + 0.1)]  # fmt: skip
        pen.shape(shoe, paints.shoes)
    if skirt:
        hem = body.hip_y + (body.foot_y - body.hip_y) * 0.42
        pen.shape(
            [(-body.hip * 0.9, body.hip_y - 0.5), (body.hip * 0.9, body.hip_y - 0.5), (body.hip * 1.35, hem), (0, hem + 0.06),
            (-body.hip * 1.35, hem)], pen.light.shaded(paints.cloth, 0.25), form=0.4,
        )  # fmt: skip


def _torso(pen: Pen, actor: Actor, paints: Paints) -> None:
    body, light, turn = actor.body, pen.light, actor.turn
    wide = body.shoulder * (1 - 0.16 * abs(turn))
    neck_x = 0.04 * turn
    neck = [
        (neck_x - body.neck, 0.30),
        (neck_x + body.neck, 0.30),
        (neck_x + body.neck * 1.25, 0.86),
        (neck_x - body.neck * 1.25, 0.86),
    ]
    pen.shape(neck, pen.light.shaded(paints.skin, 0.22), 0.8)
    pen.shade(neck, 0.55, shift=(0.0, 0.22))
    shoulder_y = 0.92
    coat = curve(
        [(-body.neck * 1.3, 0.70), (-wide * 0.62, 0.80), (-wide, shoulder_y + 0.16), (-wide * 0.93, 1.75),
        (-body.hip * 1.02, body.hip_y - 0.55), (-body.hip * 1.12, body.hip_y + 0.18), (0, body.hip_y + 0.24),
        (body.hip * 1.12, body.hip_y + 0.18), (body.hip * 1.02, body.hip_y - 0.55), (wide * 0.93, 1.75),
        (wide, shoulder_y + 0.16), (wide * 0.62, 0.80), (body.neck * 1.3, 0.70)], closed=True, steps=5,
    )  # fmt: skip
    pen.shape(coat, paints.cloth, 1.1, form=0.42)
    pen.shade(coat, 0.30, shift=(-light.side * 0.10, 0.07), paint=light.light)
    centre = 0.20 * turn
    collar = [(centre - 0.24, 0.70), (centre + 0.24, 0.70), (centre + 0.03, 1.28)]
    style = stable_hash(actor.figure.key, "coat") % 4
    if style == 0:
        pen.shape(collar, paints.under, 0.8)
        pen.stroke([(centre + 0.03, 1.28), (centre + 0.05, body.hip_y + 0.2)], 0.8)
        for step in range(3):
            y = 1.55 + 0.45 * step
            pen.fill(arc(centre + 0.12, y, 0.035, 0.035), light.ink)
    elif style == 1:
        roll = limb([(centre - 0.30, 0.74), (centre, 0.93), (centre + 0.30, 0.74)], [0.11, 0.14, 0.11])
        pen.shape(roll, light.shaded(paints.cloth, 0.15), 0.8)
    elif style == 2:
        pen.shape([(centre - 0.2, 0.68), (centre + 0.2, 0.68), (centre + 0.02, 1.02)], light.shaded(paints.skin, 0.15), 0.7)
        lapel = [(centre - 0.22, 0.66), (centre - 0.40, 1.02), (centre + 0.02, 1.75)]
        pen.stroke(lapel, 0.9)
        pen.stroke([(2 * centre - x, y) for x, y in lapel], 0.9)
    else:
        scarf = limb([(centre - 0.34, 0.70), (centre, 0.92), (centre + 0.34, 0.70)], [0.12, 0.17, 0.12])
        tail = limb([(centre + 0.12, 0.9), (centre + 0.20, 1.35), (centre + 0.16, 1.8)], [0.10, 0.12, 0.11])
        warm = mix(light.on(colour(actor.figure.hair_colour), 0.2), light.accent, 0.55)
        pen.shape(tail, light.shaded(warm, 0.2), 0.8)
        pen.shape(scarf, warm, 0.9)
    fold = -light.side * wide * 0.4
    pen.stroke([(fold, 1.9), (fold * 0.8, 2.3), (fold * 0.9, 2.6)], 0.7, smooth=True)
    pen.stroke([(fold * 0.4, body.hip_y - 0.5), (fold * 0.8, body.hip_y - 0.2)], 0.6)


def _arm(pen: Pen, actor: Actor, paints: Paints, *, side: int) -> None:
    body = actor.body
    wide = body.shoulder * (1 - 0.16 * abs(actor.turn))
    thick = 0.17 + 0.07 * (body.shoulder - 0.6)
    top = (side * (wide - thick * 0.95), 1.06)
    near = side == -actor.facing
    cloth = paints.cloth if near else pen.light.shaded(paints.cloth, 0.30)
    elbow_y, hand_y = (body.hip_y * 0.64, body.hip_y + 0.22)
    if actor.pose == Pose.RAISED and not near:
        path = [top, (side * (wide + 0.30), elbow_y), (side * (wide + 0.55), 1.32)]
        reach = (side * (wide + 0.60), 1.10)
    elif actor.pose == Pose.POCKETS:
        path = [top, (side * (wide + 0.22), elbow_y), (side * body.hip * 0.95, body.hip_y - 0.12)]
        reach = None
    elif actor.pose == Pose.FOLDED:
        path = [top, (side * (wide + 0.06), elbow_y), (side * wide * 0.5, elbow_y + 0.1)]
        reach = None
    else:
        path = [top, (side * (wide + 0.08), elbow_y), (side * (wide + 0.02) + 0.06 * actor.turn, hand_y - 0.2)]
        reach = (side * (wide + 0.01) + 0.08 * actor.turn, hand_y)
    if reach:
        hand = arc(reach[0], reach[1], 0.13, 0.19)
        pen.shape(hand, paints.skin, 0.9, form=0.3)
        pen.stroke([(reach[0] - 0.03, reach[1]), (reach[0] - 0.02, reach[1] + 0.15)], 0.6)
        pen.stroke([(reach[0] + 0.05, reach[1]), (reach[0] + 0.05, reach[1] + 0.14)], 0.6)
    pen.shape(limb(path, [thick, thick * 0.88, thick * 0.74]), cloth, form=0.42)


def _folded(pen: Pen, actor: Actor, paints: Paints) -> None:
    body = actor.body
    wide, y = body.shoulder * 0.86, body.hip_y * 0.64
    thick = 0.17 + 0.05 * (body.shoulder - 0.6)
    pen.shape(limb([(-wide, y), (0, y + 0.10), (wide * 0.55, y - 0.04)], [thick, thick, thick * 0.8]), paints.cloth, form=0.3)
    pen.shape(arc(wide * 0.62, y - 0.05, 0.17, 0.12), paints.skin, 0.8)
    pen.shape(limb([(wide, y), (0, y - 0.08), (-wide * 0.55, y + 0.02)], [thick, thick, thick * 0.8]), paints.cloth, form=0.3)


def draw_head(pen: Pen, actor: Actor) -> None:
    """Draw the head without eyes and mouth."""
    paints = actor.colours(pen.light)
    if abs(actor.turn) > 0.85:
        _profile_head(pen.at(0, 0), actor, paints)
        return
    _hair_behind(pen, actor, paints)
    turn, light = actor.turn, pen.light
    skull = [
        (-0.385, -0.12), (-0.375, 0.08), (-0.30, 0.30), (-0.14 + 0.09 * turn, 0.46), (0.10 * turn, 0.51),
        (0.14 + 0.09 * turn, 0.46), (0.30, 0.30), (0.375, 0.08), (0.385, -0.12), (0.31, -0.38), (0.0, -0.50), (-0.31, -0.38),
        ]  # fmt: skip
    if actor.figure.build == Build.BROAD:
        skull = [(x * (1.10 if y > 0.2 else 1.04), y) for x, y in skull]
    elif actor.figure.build in (Build.SLIGHT, Build.CHILD):
        skull = [(x * (0.90 if y > 0.2 else 0.97), y * (0.96 if y > 0 else 1)) for x, y in skull]
    for side in (-1, 1):
        if side * turn < 0.35:
            ear = arc(side * 0.385 - 0.05 * turn, 0.04, 0.075, 0.13)
            pen.shape(ear, light.shaded(paints.skin, 0.18), 0.8)
    pen.shape(skull, paints.skin, 1.1, smooth=True, form=0.34)
    _nose(pen, actor, paints)
    _hair_front(pen, actor, paints)


def _centre(actor: Actor) -> tuple[float, float]:
    return 0.14 * actor.turn, 0.10 * actor.pitch


def _nose(pen: Pen, actor: Actor, paints: Paints) -> None:
    x, y = _centre(actor)
    lean = actor.turn if abs(actor.turn) > 0.1 else 0.3 * -pen.light.side
    tip = x + 0.10 * lean
    long = 0.21 if actor.figure.build != Build.CHILD else 0.15
    pen.stroke([(x + 0.02 * lean, y + 0.02), (tip, y + long * 0.86), (tip - 0.02 * lean, y + long),
        (x - 0.02 * lean, y + long + 0.005)], 0.8, smooth=True)  # fmt: skip
    cheek = pen.light.shaded(mix(paints.skin, (196, 84, 70), 0.30), 0.05)
    for side in (-1, 1):
        pen.wash(arc(x + side * 0.20, y + 0.20, 0.075, 0.05), cheek, 0.4)


def _hair_behind(pen: Pen, actor: Actor, paints: Paints) -> None:
    back = pen.light.shaded(paints.hair, 0.28)
    turn = actor.turn
    match actor.figure.hair:
        case Hair.LONG:
            fall = [(-0.43, -0.20), (-0.50, 0.30), (-0.52, 0.82), (-0.30, 1.02), (0.0, 0.92), (0.30, 1.02), (0.52, 0.82),
                (0.50, 0.30), (0.43, -0.20), (0.0, -0.50)]  # fmt: skip
            pen.shape([(x - 0.08 * turn, y) for x, y in fall], back, smooth=True, form=0.3)
        case Hair.BUN:
            pen.shape(arc(-0.28 * turn, -0.55, 0.20, 0.18), back, form=0.4)
        case Hair.CURLY:
            for angle in range(150, 391, 24):
                a = math.radians(angle)
                pen.shape(arc(0.42 * math.cos(a) - 0.05 * turn, -0.08 + 0.44 * math.sin(a), 0.17, 0.16), back, 0.9)
            pen.fill(arc(-0.05 * turn, -0.12, 0.46, 0.44), back)
        case Hair.SHORT | Hair.BALD | Hair.CAP:
            pass
        case _:
            assert_never(actor.figure.hair)


def _hair_front(pen: Pen, actor: Actor, paints: Paints) -> None:
    turn, light, hair = actor.turn, pen.light, paints.hair
    drop = 0.05 * actor.pitch
    parting = 0.18 * turn if abs(turn) > 0.1 else 0.1
    match actor.figure.hair:
        case Hair.BALD:
            pen.shade(
                curve(arc(0, -0.1, 0.37, 0.38), closed=True, steps=2), 0.3, shift=(-light.side * 0.12, 0.08), paint=light.light
            )
            for side in (-1, 1):
                if side * turn < 0.35:
                    pen.fill(arc(side * 0.37 - 0.03 * turn, -0.06, 0.05, 0.13), hair)
            return
        case Hair.CAP:
            crown = [
                (-0.41, -0.16 + drop),
                (-0.40, -0.36),
                (-0.20, -0.54),
                (0.05, -0.57),
                (0.28, -0.50),
                (0.41, -0.32),
                (0.41, -0.16 + drop),
            ]
            pen.shape(crown, hair, smooth=True, form=0.4)
            bill = 0.30 * (turn if abs(turn) > 0.1 else 0.0)
            brim = [(-0.40 + max(0, bill), -0.20 + drop), (0.40 + min(0, bill), -0.20 + drop), (0.38 + bill, -0.10 + drop),
                (bill, -0.06 + drop), (-0.38 + bill, -0.10 + drop)]  # fmt: skip
            pen.shape(brim, light.shaded(hair, 0.4))
            for side in (-1, 1):
                if side * turn < 0.35:
                    pen.fill(arc(side * 0.37 - 0.04 * turn, 0.0, 0.035, 0.10), light.shaded(hair, 0.3))
            return
        case Hair.CURLY:
            for x, y, size in ((-0.37, -0.14, 0.11), (0.37, -0.14, 0.11), (-0.31, -0.32, 0.14), (0.32, -0.32, 0.14),
                (-0.15, -0.43, 0.15), (0.17, -0.43, 0.15), (0.01, -0.42, 0.15)):  # fmt: skip
                pen.shape(arc(x - 0.02 * turn, y + drop, size, size * 0.92), hair, 0.9, form=0.3)
                pen.stroke(
                    [(x - size * 0.4, y + drop + 0.02), (x, y + drop - 0.05), (x + size * 0.4, y + drop + 0.02)], 0.6, smooth=True
                )
            return
        case Hair.LONG:
            line = [(-0.43, 0.42), (-0.46, 0.0), (-0.42, -0.34), (-0.22, -0.54), (0.05, -0.57), (0.30, -0.50), (0.44, -0.28),
                (0.46, 0.0),
                (0.43, 0.42), (0.36, 0.10), (0.33, -0.12), (parting + 0.10, -0.32), (parting, -0.40), (parting - 0.14, -0.26),
                (-0.33, -0.06), (-0.36, 0.12)]  # fmt: skip
        case Hair.BUN:
            line = [(-0.40, 0.04), (-0.42, -0.20), (-0.34, -0.42), (-0.14, -0.54), (0.08, -0.55), (0.30, -0.46),
                (0.42, -0.22), (0.40, 0.04),
                (0.36, -0.14), (0.24, -0.30), (parting, -0.36), (-0.24, -0.30), (-0.36, -0.14)]  # fmt: skip
        case Hair.SHORT:
            line = [(-0.40, 0.02), (-0.43, -0.18), (-0.38, -0.42), (-0.18, -0.56), (0.08, -0.58), (0.32, -0.49),
                (0.43, -0.22), (0.40, 0.02),
                (0.36, -0.14), (0.26, -0.27), (0.12, -0.25), (-0.04, -0.31), (-0.20, -0.26), (-0.36, -0.16)]  # fmt: skip
        case _:
            assert_never(actor.figure.hair)
    front = [(x, y + (drop if y > -0.4 else 0)) for x, y in line]
    pen.shape(front, hair, smooth=True)
    path = curve(front, closed=True)
    pen.shade(path, 0.35, shift=(light.side * 0.09, -0.02))
    shine = mix(hair, light.light, 0.55)
    pen.stroke(
        [(light.side * 0.12, -0.50), (light.side * 0.25, -0.43), (light.side * 0.34, -0.30)], 1.1, smooth=True, paint=shine
    )


def _profile_head(pen: Pen, actor: Actor, paints: Paints) -> None:
    face = actor.facing
    light = pen.light

    def turned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(x * face, y) for x, y in points]

    back = light.shaded(paints.hair, 0.2)
    if actor.figure.hair == Hair.LONG:
        fall = [(-0.10, -0.50), (-0.40, -0.34), (-0.50, 0.10), (-0.52, 0.70), (-0.34, 1.0), (-0.08, 0.85), (0.02, 0.2)]
        pen.shape(turned(fall), back, smooth=True, form=0.3)
    elif actor.figure.hair == Hair.BUN:
        pen.shape(turned([(-0.36, -0.40), (-0.60, -0.44), (-0.66, -0.22), (-0.46, -0.10), (-0.34, -0.18)]), back, smooth=True)
    elif actor.figure.hair == Hair.CURLY:
        for x, y in ((0.16, -0.48), (-0.06, -0.54), (-0.28, -0.46), (-0.44, -0.28), (-0.50, -0.06), (-0.44, 0.16), (-0.28, 0.26)):
            pen.shape(arc(x * face, y, 0.17, 0.16), back, 0.9)
    head = [(0.28, -0.34), (0.345, -0.14), (0.325, -0.02), (0.40, 0.09), (0.475, 0.185), (0.465, 0.225), (0.36, 0.24),
        (0.355, 0.285), (0.40, 0.32),
        (0.365, 0.35), (0.385, 0.385), (0.35, 0.42), (0.36, 0.47), (0.29, 0.52), (0.16, 0.47), (-0.06, 0.34),
        (-0.16, 0.26), (-0.32, 0.18), (-0.42, -0.08), (-0.34, -0.36), (-0.06, -0.51), (0.16, -0.46)]  # fmt: skip
    pen.shape(turned(head), paints.skin, 1.1, smooth=True, form=0.30)
    pen.wash(arc(0.16 * face, 0.20, 0.08, 0.05), mix(paints.skin, (196, 84, 70), 0.35), 0.4)
    pen.shape(arc(-0.08 * face, 0.03, 0.055, 0.095), light.shaded(paints.skin, 0.15), 0.8)
    cuts = {
        Hair.SHORT: [(0.27, -0.26), (0.30, -0.42), (0.12, -0.56), (-0.14, -0.57), (-0.40, -0.40), (-0.46, -0.08), (-0.36, 0.20),
        (-0.22, 0.14), (-0.14, -0.08), (-0.02, -0.10), (0.06, -0.26)],
        Hair.LONG: [(0.28, -0.26), (0.28, -0.44), (0.08, -0.56), (-0.18, -0.56), (-0.44, -0.36), (-0.50, 0.10), (-0.42, 0.5),
        (-0.16, 0.5), (-0.12, 0.06), (0.02, -0.16), (0.14, -0.30)],
        Hair.BUN: [(0.26, -0.28), (0.26, -0.44), (0.06, -0.55), (-0.18, -0.54), (-0.42, -0.36), (-0.44, -0.06), (-0.30, 0.10),
        (-0.16, -0.04), (-0.02, -0.14), (0.12, -0.28)],
        Hair.CURLY: [(0.30, -0.20), (0.36, -0.38), (0.22, -0.58), (-0.06, -0.64), (-0.36, -0.54), (-0.55, -0.28),
        (-0.52, 0.06), (-0.38, 0.26), (-0.22, 0.16), (-0.16, -0.06), (-0.02, -0.10), (0.10, -0.26)],
        Hair.CAP: [(0.34, -0.20), (0.28, -0.44), (0.06, -0.58), (-0.20, -0.56), (-0.42, -0.38), (-0.45, -0.12), (-0.2, -0.16),
        (0.1, -0.20)], Hair.BALD: [(-0.42, -0.02), (-0.36, 0.18), (-0.22, 0.14), (-0.16, -0.06), (-0.26, -0.10)], }  # fmt: skip
    pen.shape(turned(cuts[actor.figure.hair]), paints.hair, smooth=True, form=0.3)
    if actor.figure.hair == Hair.CAP:
        pen.shape(turned([(0.20, -0.24), (0.34, -0.26), (0.62, -0.12), (0.34, -0.14)]), light.shaded(paints.hair, 0.4))


def draw_face(pen: Pen, actor: Actor, face: Face) -> None:
    """Draw eyes, brows and mouth."""
    if abs(actor.turn) > 0.85:
        _profile_face(pen, actor, face)
        return
    x, y = _centre(actor)
    turn = actor.turn
    child = actor.figure.build == Build.CHILD
    for side in (-1, 1):
        far = side * turn > 0
        width = (0.088 if not child else 0.098) * (1 - (0.32 * abs(turn) if far else 0.0))
        _eye(pen, actor, (x + side * 0.165 * (1 - (0.22 * abs(turn) if far else 0.0)), y + 0.01), width, face)
        brow_y = y - 0.125
        centre = x + side * 0.17 * (1 - (0.22 * abs(turn) if far else 0.0))
        pen.stroke([(centre - side * width * 1.15, brow_y + 0.015), (centre + side * width * 0.2, brow_y - 0.025),
            (centre + side * width * 1.35, brow_y + 0.02)], 1.7 if not child else 1.0, smooth=True,
            paint=mix(actor.colours(pen.light).hair, pen.light.ink, 0.6))  # fmt: skip
    _mouth(pen, actor, (x + 0.03 * turn, y + 0.335 - 0.02 * actor.pitch), face.mouth)


def _eye(pen: Pen, actor: Actor, at: tuple[float, float], width: float, face: Face) -> None:
    x, y = at
    lid = [
        (x - width, y + 0.008),
        (x - width * 0.35, y - width * 0.55),
        (x + width * 0.45, y - width * 0.52),
        (x + width, y + 0.004),
    ]
    if not face.eyes_open:
        pen.stroke([(x - width, y), (x, y + width * 0.42), (x + width, y)], 1.3, smooth=True)
        return
    white = [*lid, (x + width * 0.4, y + width * 0.46), (x - width * 0.4, y + width * 0.46)]
    pen.fill(curve(white, closed=True), pen.light.on((240, 236, 228), 0.12))
    iris = 0.052
    gaze = x + 0.34 * width * actor.turn
    shades = ((74, 54, 40), (62, 84, 96), (76, 88, 58))
    tone = pen.light.on(shades[stable_hash(actor.figure.key, "eyes") % 3], 0.1)
    pen.fill(arc(gaze, y - 0.004, iris, iris * 1.08), mix(tone, pen.light.ink, 0.35))
    pen.fill(arc(gaze, y + 0.006, iris * 0.74, iris * 0.74), tone)
    pen.fill(arc(gaze, y, iris * 0.46, iris * 0.46), pen.light.ink)
    pen.fill(arc(gaze + 0.016 * pen.light.side, y - 0.02, 0.012, 0.012), (250, 248, 240))
    pen.stroke(lid, 1.5, smooth=True)
    pen.stroke(
        [(x - width * 0.6, y + width * 0.44), (x + width * 0.1, y + width * 0.56), (x + width * 0.7, y + width * 0.36)],
        0.5,
        smooth=True,
    )
    pen.stroke(
        [(x - width * 0.8, y - width * 0.62), (x, y - width * 0.92), (x + width * 0.8, y - width * 0.66)], 0.5, smooth=True
    )


def _mouth(pen: Pen, actor: Actor, at: tuple[float, float], mouth: Mouth, *, width: float = 0.125) -> None:
    x, y = at
    lip = mix(actor.colours(pen.light).skin, pen.light.on((150, 58, 56), 0.1), 0.55)
    wide = width * (1 - 0.18 * abs(actor.turn))
    if mouth == Mouth.CLOSED:
        pen.fill(curve([(x - wide * 0.7, y), (x, y - 0.022), (x + wide * 0.7, y), (x, y + 0.048)], closed=True), lip)
        pen.stroke(
            [(x - wide, y - 0.004), (x - wide * 0.3, y + 0.008), (x + wide * 0.3, y + 0.006), (x + wide, y - 0.008)],
            1.1,
            smooth=True,
        )
        pen.stroke([(x - wide * 0.3, y + 0.075), (x + wide * 0.3, y + 0.075)], 0.5)
        return
    drop = 0.055 if mouth == Mouth.SMALL else 0.125
    reach = wide * (0.85 if mouth == Mouth.SMALL else 0.78)
    hole = curve(
        [(x - reach, y), (x, y - 0.032), (x + reach, y), (x + reach * 0.55, y + drop), (x - reach * 0.55, y + drop)], closed=True
    )
    pen.fill(curve([(x - reach * 1.1, y), (x, y - 0.055), (x + reach * 1.1, y), (x, y + drop + 0.045)], closed=True), lip)
    pen.shape(hole, mix(pen.light.ink, (92, 26, 28), 0.35), 0.8)
    if mouth == Mouth.OPEN:
        pen.fill(
            curve([(x - reach * 0.6, y + 0.002), (x, y - 0.014), (x + reach * 0.6, y + 0.002), (x, y + 0.022)], closed=True),
            (236, 230, 220),
        )
    pen.stroke([(x - wide * 0.3, y + drop + 0.06), (x + wide * 0.3, y + drop + 0.06)], 0.5)


def _profile_face(pen: Pen, actor: Actor, face: Face) -> None:
    side = actor.facing
    y = 0.06 * actor.pitch
    eye = [(0.29, -0.01 + y), (0.22, -0.045 + y), (0.15, 0.0 + y)]
    brow = [(0.33, -0.115 + y), (0.24, -0.145 + y), (0.14, -0.10 + y)]
    if face.eyes_open:
        pen.fill(
            [(0.285 * side, -0.01 + y), (0.22 * side, -0.04 + y), (0.16 * side, 0.0 + y), (0.22 * side, 0.03 + y)],
            (238, 234, 226),
        )
        pen.fill(arc(0.262 * side, -0.004 + y, 0.024, 0.036), pen.light.ink)
        pen.stroke([(a * side, b) for a, b in eye], 1.4, smooth=True)
    else:
        pen.stroke([(0.28 * side, 0.0 + y), (0.22 * side, 0.03 + y), (0.15 * side, 0.0 + y)], 1.3, smooth=True)
    pen.stroke([(a * side, b) for a, b in brow], 1.6, smooth=True, paint=mix(actor.colours(pen.light).hair, pen.light.ink, 0.5))
    if face.mouth == Mouth.CLOSED:
        pen.stroke([(0.375 * side, 0.332), (0.30 * side, 0.335), (0.25 * side, 0.345)], 1.1, smooth=True)
        return
    drop = 0.04 if face.mouth == Mouth.SMALL else 0.09
    hole = [(0.40 * side, 0.31), (0.25 * side, 0.335), (0.37 * side, 0.33 + drop)]
    pen.shape(hole, mix(pen.light.ink, (92, 26, 28), 0.35), 0.7)


def draw_back(pen: Pen, actor: Actor) -> None:
    """Draw head and shoulders from behind, dark: the foreground of a shot over the shoulder."""
    light, paints, body = pen.light, actor.colours(pen.light), actor.body
    dark = mix(light.shaded(paints.cloth, 0.62), light.ink, 0.45)
    hair = mix(light.shaded(paints.hair, 0.5), light.ink, 0.5)
    skin = mix(light.shaded(paints.skin, 0.55), light.ink, 0.35)
    wide = body.shoulder * 1.08
    pen.shape([(-body.neck * 1.1, 0.2), (body.neck * 1.1, 0.2), (body.neck * 1.3, 0.95), (-body.neck * 1.3, 0.95)], skin)
    coat = [(-body.neck * 1.4, 0.66), (-wide * 0.62, 0.80), (-wide, 1.12), (-wide * 1.08, 2.2), (-wide * 1.1, 5), (wide * 1.1, 5),
        (wide * 1.08, 2.2), (wide, 1.12), (wide * 0.62, 0.80), (body.neck * 1.4, 0.66)]  # fmt: skip
    pen.shape(coat, dark, 1.3, smooth=True)
    pen.shade(curve(coat, closed=True), 0.5, shift=(-light.side * 0.05, 0.04), paint=mix(light.light, dark, 0.35))
    for side in (-1, 1):
        pen.shape(arc(side * 0.39, 0.04, 0.06, 0.12), skin, 0.8)
    head = [
        (-0.40, -0.05),
        (-0.36, 0.24),
        (-0.22, 0.42),
        (0.22, 0.42),
        (0.36, 0.24),
        (0.40, -0.05),
        (0.34, -0.38),
        (0, -0.53),
        (-0.34, -0.38),
    ]
    if actor.figure.hair == Hair.LONG:
        head = [(x * 1.18, y if y < 0.2 else y + 0.55) for x, y in head]
    elif actor.figure.hair == Hair.CURLY:
        head = [(x * 1.24, y * 1.12) for x, y in head]
    bald = actor.figure.hair == Hair.BALD
    if actor.figure.hair == Hair.BUN:
        pen.shape(arc(0.05, -0.30, 0.21, 0.19), hair)
    pen.shape(head, skin if bald else hair, 1.3, smooth=True)
    pen.shade(curve(head, closed=True), 0.5, shift=(-light.side * 0.035, 0.03), paint=mix(light.light, hair, 0.4))
    if actor.figure.hair == Hair.CAP:
        pen.stroke([(-0.40, 0.02), (0, 0.10), (0.40, 0.02)], 1.2, smooth=True, paint=mix(light.light, hair, 0.6))


def draw_from_above(pen: Pen, actor: Actor) -> None:
    """Draw the figure as seen from straight above; it faces the picture's left or right."""
    light, paints, body = pen.light, actor.colours(pen.light), actor.body
    face = actor.facing
    pen.cast(arc(-light.side * 0.45, 0.30, body.shoulder * 1.15, body.shoulder * 0.9), 0.36)
    for side in (-1, 1):
        pen.shape(arc(face * 0.42, side * body.shoulder * 0.72, 0.20, 0.12), paints.shoes)
        reach = limb([(0.0, side * body.shoulder * 0.86), (face * 0.30, side * body.shoulder * 1.02),
            (face * 0.58, side * body.shoulder * 0.78)], [0.20, 0.17, 0.14])  # fmt: skip
        pen.shape(arc(face * 0.66, side * body.shoulder * 0.70, 0.13, 0.11), paints.skin, 0.8)
        pen.shape(reach, light.shaded(paints.cloth, 0.12), form=0.3)
    pen.shape(arc(-face * 0.02, 0, 0.42, body.shoulder), paints.cloth, 1.1, form=0.4)
    pen.fill(arc(face * 0.40, 0, 0.09, 0.07), paints.skin)
    bald = actor.figure.hair == Hair.BALD
    pen.shape(arc(0.06 * face, 0, 0.40, 0.36), paints.skin if bald else paints.hair, 1.1, form=0.4)
    pen.stroke(
        [(0.34 * face, -0.04), (0.05 * face, 0.03), (-0.22 * face, -0.02)],
        0.7,
        smooth=True,
        paint=mix(paints.hair, light.light, 0.4),
    )
    if actor.figure.hair == Hair.CAP:
        pen.shape(box(min(0.32 * face, 0.58 * face), -0.24, max(0.32 * face, 0.58 * face), 0.24), light.shaded(paints.hair, 0.4))
    elif actor.figure.hair == Hair.BUN:
        pen.shape(arc(-0.26 * face, 0, 0.18, 0.17), light.shaded(paints.hair, 0.25))
