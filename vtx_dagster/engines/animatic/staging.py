"""Staging: who stands where, how large, looking which way, and how the set lies behind them. Size and angle in, places out."""

from dataclasses import dataclass
from typing import Final

from vtx_dagster.core.bible import Build, Hair, SetKind
from vtx_dagster.core.plan import Drawing, DrawnFigure
from vtx_dagster.core.shot import Angle, ShotSize
from vtx_dagster.engines.animatic.chance import stable_hash
from vtx_dagster.engines.animatic.figures import Actor, Pose
from vtx_dagster.engines.animatic.sets import is_room

HEADS_IN_PICTURE: Final = {
    ShotSize.ECU: 0.52,
    ShotSize.CU: 1.75,
    ShotSize.MCU: 2.5,
    ShotSize.MS: 3.9,
    ShotSize.MWS: 5.9,
    ShotSize.WS: 9.2,
    ShotSize.EWS: 34.0,
}
"""How many heads high the picture is: the drawing school's measure of shot sizes."""

_EYES: Final = {ShotSize.ECU: 0.0, ShotSize.CU: -0.07, ShotSize.MCU: -0.14, ShotSize.MS: -0.19, ShotSize.MWS: -0.26}
"""Height of the eyes in shots that cut the body off; the others stand on the ground."""

_GROUND: Final = {ShotSize.WS: 0.41, ShotSize.EWS: 0.30}
_SET_SCALE: Final = {
    ShotSize.ECU: 3.4,
    ShotSize.CU: 2.5,
    ShotSize.MCU: 2.0,
    ShotSize.MS: 1.55,
    ShotSize.MWS: 1.25,
    ShotSize.WS: 1.0,
    ShotSize.EWS: 0.64,
}
_CAST: Final = {ShotSize.ECU: 1, ShotSize.CU: 2, ShotSize.MCU: 3, ShotSize.MS: 5}
"""How many people a tight shot holds; the others are out of frame."""

SOFT_SIZES: Final = {ShotSize.ECU: 0.012, ShotSize.CU: 0.008, ShotSize.MCU: 0.005}
"""Sizes whose background is out of focus, with the blur in heights of the picture at 35 mm."""

_NARROW: Final = (SetKind.CORRIDOR, SetKind.VEHICLE, SetKind.BOAT, SetKind.BRIDGE)
"""Sets that are made around their middle; close shots do not wander from it."""

STRANGER: Final = DrawnFigure(
    key="", name="", build=Build.AVERAGE, hair=Hair.SHORT, hair_colour="#3a3432", skin="#c99a7a", wardrobe="#4a4f58"
)
"""Over whose shoulder the camera looks when the plan names one figure only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where one actor stands.

    Attributes:
        x: Of the eyes, in heights of the picture from its middle.
        y: Likewise, downwards.
        head: Height of an average head, in heights of the picture.
        stretch: Foreshortening of the body below the eyes' line.
        depth: Distance from the plane of the figures, see ``camera``.
    """

    actor: Actor
    x: float
    y: float
    head: float
    stretch: float = 1.0
    depth: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cab:
    """Where a car stands: the eyes of those who sit in it, and the height of their heads."""

    x: float
    y: float
    head: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Staging:
    """A composed picture at rest.

    Attributes:
        marks: Actors from back to front.
        shoulder: The dark figure in the foreground of a shot over the shoulder.
        set_x: Where the middle of the set lies.
        set_y: Where its y = 0 lies.
        set_scale: Its enlargement.
        tilt_deg: Of everything, clockwise.
        blur: Of the set, in heights of the picture.
        from_above: Whether the camera looks straight down.
        cab: The people's eyes and the head's height in a car, around which the car is drawn.
        hands: Whether the camera's own hands are in frame.
    """

    marks: tuple[Mark, ...]
    shoulder: Mark | None
    set_x: float
    set_y: float
    set_scale: float
    tilt_deg: float
    blur: float
    from_above: bool
    cab: Cab | None
    hands: bool


def staged(drawing: Drawing, *, aspect: float, seed: int) -> Staging:
    """Return the composition of a shot.

    Args:
        drawing: Who and what is to be shown, and how.
        aspect: Width of the picture over its height.
        seed: Of what the drawing leaves open, such as the side to which a lone figure looks.
    """
    camera = drawing.camera
    size, angle = camera.size, camera.angle
    room = is_room(drawing.set, interior=drawing.interior)
    heads = 14.0 if size == ShotSize.EWS and room else HEADS_IN_PICTURE[size]
    heads *= {Angle.LOW: 0.88, Angle.HIGH: 1.08}.get(angle, 1.0)
    head = 1 / heads
    eyes = _EYES.get(size)
    eye_y = _GROUND[size] + (0.05 if room and size == ShotSize.EWS else 0) - 6.7 * head if eyes is None else eyes
    eye_y += {Angle.LOW: -0.03, Angle.HIGH: 0.03}.get(angle, 0.0)
    scale = _SET_SCALE[size] * min(1.5, max(0.72, (camera.lens_mm / 35) ** 0.3))
    horizon = eye_y + scale * (0.55 if room else 0.12) + {Angle.LOW: 0.20, Angle.HIGH: -0.26}.get(angle, 0.0)
    side = 1 if stable_hash(seed, "side") % 2 else -1
    cast = _cast(drawing)
    if not cast and not room:
        # With nobody in it a landscape is more than its ground.
        horizon = max(horizon, 0.06)
    shoulder = _shoulder(drawing, cast, head, aspect, side) if angle == Angle.OVER_SHOULDER else None
    above = angle == Angle.OVERHEAD
    if above:
        marks = _marks_from_above(cast, head)
    elif shoulder is not None:
        marks = _marks(cast[:1], head, eye_y, aspect, angle, side, centre=-shoulder.x * 0.45)
    else:
        marks = _marks(cast, head, eye_y, aspect, angle, side)
    return Staging(
        marks=marks,
        shoulder=shoulder,
        set_x=0.0 if above else _set_x(drawing.set, scale, aspect, seed),
        set_y=0.0 if above else horizon,
        set_scale=max(0.8, 3.2 * head) if above else scale,
        tilt_deg=8.0 * side if angle == Angle.DUTCH else 0.0,
        blur=0.0 if above else SOFT_SIZES.get(size, 0.0) * min(2.0, max(0.5, camera.lens_mm / 35)),
        from_above=above,
        cab=Cab(x=0.0, y=eye_y, head=head) if drawing.set == SetKind.VEHICLE and not above and shoulder is None else None,
        hands=angle == Angle.POV and not above,
    )


def _set_x(kind: SetKind, scale: float, aspect: float, seed: int) -> float:
    """Return a sideways shift, so that close shots in one place do not all have the same wall behind them."""
    room = max(0.0, min(0.5, (scale - 1) * 0.35)) if kind not in _NARROW else 0.0
    return room * aspect * ((stable_hash(seed, "wall") % 1000) / 500 - 1)


def _cast(drawing: Drawing) -> tuple[DrawnFigure, ...]:
    """Return who fits into the shot: speakers before listeners, then in the order of the plan."""
    limit = _CAST.get(drawing.camera.size, len(drawing.figures))
    if drawing.camera.angle == Angle.OVER_SHOULDER:
        limit = max(limit, 2)
    speakers = [line.character for line in drawing.dialogue if not line.off_screen]
    ranked = sorted(
        drawing.figures, key=lambda figure: speakers.index(figure.name) if figure.name in speakers else len(speakers)
    )  # stable: equals keep the plan's order
    chosen = {figure.key for figure in ranked[:limit]}
    if drawing.camera.angle == Angle.OVER_SHOULDER:
        return tuple(ranked[:limit])
    return tuple(figure for figure in drawing.figures if figure.key in chosen)


def _shoulder(drawing: Drawing, cast: tuple[DrawnFigure, ...], head: float, aspect: float, side: int) -> Mark:
    figure = cast[1] if len(cast) > 1 else STRANGER
    if len(cast) > 1:
        # The one who is named first stands on the left in every shot of a scene: nobody jumps across the line.
        side = -1 if drawing.figures.index(figure) < drawing.figures.index(cast[0]) else 1
    near = min(0.62, max(0.40, head * 1.7))
    return Mark(actor=Actor(figure=figure, turn=0.0), x=side * aspect * 0.34, y=0.02, head=near, depth=1.75)


def _marks(
    cast: tuple[DrawnFigure, ...],
    head: float,
    eye_y: float,
    aspect: float,
    angle: Angle,
    side: int,
    *,
    centre: float | None = None,
) -> tuple[Mark, ...]:
    count = len(cast)
    if count == 0:
        return ()
    rows = 1 if count <= 5 else 2
    front = cast if rows == 1 else cast[: (count + 1) // 2]
    back = cast[len(front) :]
    marks: list[Mark] = []
    for row, people in enumerate((back, front)):
        reach = aspect * 0.84 / max(1, len(people))
        gap = min(reach, head * (2.35 if head < 0.3 else 1.9))
        # A crowd shrinks rather than hides itself.
        crowding = 1.0 if count == 1 else min(1.0, max(0.45, gap / (head * 1.35)))
        size = head * crowding * (0.86 if row == 0 else 1.0)
        foot = eye_y + 6.7 * head
        for place, figure in enumerate(people):
            x = (place - (len(people) - 1) / 2) * gap
            turn = _turn(x, count, angle, side)
            if count == 1:
                x = centre if centre is not None else -0.09 * aspect * turn * (0.4 if angle == Angle.POV else 1.0)
                turn = (-1 if x > 0 else 1) * abs(turn) if centre is not None else turn
            elif row == 0:
                x += gap * 0.5
            actor = Actor(figure=figure, turn=turn, pitch={Angle.LOW: -1.0, Angle.HIGH: 1.0}.get(angle, 0.0), pose=_pose(figure))
            tall = actor.body.foot_y * actor.body.scale * size
            # Whoever is shorter has lower eyes; in a tight shot the camera goes halfway down to them.
            own_eye = foot - tall if head < 0.2 else eye_y + min(0.12, max(-0.04, (6.7 * head - tall) * 0.3)) * (count > 1)
            marks.append(
                Mark(actor=actor, x=x, y=own_eye - (0.05 * (1 - row) if rows == 2 else 0), head=size,
                stretch=0.88 if angle == Angle.HIGH else 1.0, depth=0.86 if row == 0 else 1.0)
            )  # fmt: skip
    return tuple(marks)


def _turn(x: float, count: int, angle: Angle, side: int) -> float:
    if angle == Angle.POV:
        return 0.0
    towards = side if count == 1 else (-1 if x > 1e-9 else 1)
    if angle == Angle.PROFILE:
        return float(towards)
    if count > 2 and abs(x) < 1e-9:
        return 0.2 * side
    return towards * (0.42 if count == 1 else 0.62)


def _pose(figure: DrawnFigure) -> Pose:
    return (Pose.HANGING, Pose.POCKETS, Pose.FOLDED, Pose.RAISED)[stable_hash(figure.key, "pose") % 4]


def _marks_from_above(cast: tuple[DrawnFigure, ...], head: float) -> tuple[Mark, ...]:
    size = min(0.30, max(0.05, head * 1.1))
    count = len(cast)
    marks: list[Mark] = []
    columns = min(max(count, 1), 4)
    for place, figure in enumerate(cast):
        column, row = place % columns, place // columns
        rows = -(-count // columns)
        x = (column - (min(count, columns) - 1) / 2) * min(2.6 * size, 0.46)
        y = (row - (rows - 1) / 2) * min(2.4 * size, 0.26)
        towards = -1.0 if x > 1e-9 else 1.0
        marks.append(Mark(actor=Actor(figure=figure, turn=towards), x=x, y=y, head=size))
    return tuple(marks)
