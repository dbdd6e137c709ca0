"""Staging: who stands where, how large, looking which way, and how the set lies behind them. Size and angle in, places out."""

from dataclasses import dataclass
from typing import Final, assert_never

from vtx_dagster.core.bible import Build, Hair, SetKind
from vtx_dagster.core.plan import Drawing, DrawnFigure
from vtx_dagster.core.shot import Angle, ShotSize
from vtx_dagster.engines.animatic.chance import stable_hash
from vtx_dagster.engines.animatic.figures import Actor, Pose
from vtx_dagster.engines.animatic.sets import eye_height, has_middle, is_room


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """What a shot size means.

    Attributes:
        heads: How many heads high the picture is: the drawing school's measure of shot sizes.
        eye_y: Height of the eyes in sizes that cut the body off, in heights of the picture from its middle, downwards.
        ground_y: Height of the ground on which people stand in the others, likewise.
        set_scale: Enlargement of the set.
        cast: How many people it holds, if not all; the others are out of frame.
        blur: Of the background, which is out of focus in tight shots, in heights of the picture at 35 mm.
    """

    heads: float
    eye_y: float | None = None
    ground_y: float = 0.0
    set_scale: float
    cast: int | None = None
    blur: float = 0.0


def _framing(size: ShotSize) -> Framing:
    match size:
        case ShotSize.ECU:
            return Framing(heads=0.52, eye_y=0.0, set_scale=3.4, cast=1, blur=0.012)
        case ShotSize.CU:
            return Framing(heads=1.75, eye_y=-0.07, set_scale=2.5, cast=2, blur=0.008)
        case ShotSize.MCU:
            return Framing(heads=2.5, eye_y=-0.14, set_scale=2.0, cast=3, blur=0.005)
        case ShotSize.MS:
            return Framing(heads=3.9, eye_y=-0.19, set_scale=1.55, cast=5)
        case ShotSize.MWS:
            return Framing(heads=5.9, eye_y=-0.26, set_scale=1.25)
        case ShotSize.WS:
            return Framing(heads=9.2, ground_y=0.41, set_scale=1.0)
        case ShotSize.EWS:
            return Framing(heads=34.0, ground_y=0.30, set_scale=0.64)
        case _:
            assert_never(size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewpoint:
    """What an angle means, beside a camera at the height of the eyes.

    Attributes:
        heads: Factor of how many heads high the picture is.
        eye_y: How much further down the eyes are, in heights of the picture.
        horizon: How much further down the horizon is, likewise.
        pitch: Where faces are seen from: -1 below, 1 above.
        stretch: Foreshortening of bodies.
        tilt_deg: Of everything.
        turn: How far people are turned away from the camera, 0 to 1; None where that follows from how many there are.
        from_above: The camera looks straight down.
        over_shoulder: Of somebody who stands before it.
        hands: The camera's own are in frame.
    """

    heads: float = 1.0
    eye_y: float = 0.0
    horizon: float = 0.0
    pitch: float = 0.0
    stretch: float = 1.0
    tilt_deg: float = 0.0
    turn: float | None = None
    from_above: bool = False
    over_shoulder: bool = False
    hands: bool = False


def _viewpoint(angle: Angle) -> Viewpoint:
    match angle:
        case Angle.EYE_LEVEL:
            return Viewpoint()
        case Angle.LOW:
            return Viewpoint(heads=0.88, eye_y=-0.03, horizon=0.20, pitch=-1.0)
        case Angle.HIGH:
            return Viewpoint(heads=1.08, eye_y=0.03, horizon=-0.26, pitch=1.0, stretch=0.88)
        case Angle.OVERHEAD:
            return Viewpoint(from_above=True)
        case Angle.DUTCH:
            return Viewpoint(tilt_deg=8.0)
        case Angle.OVER_SHOULDER:
            return Viewpoint(over_shoulder=True)
        case Angle.POV:
            return Viewpoint(turn=0.0, hands=True)
        case Angle.PROFILE:
            return Viewpoint(turn=1.0)
        case _:
            assert_never(angle)


_KNEES: Final = 3.0
"""How far below the eyes knees are, in heads, or a little less."""

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
    framing, view = _framing(camera.size), _viewpoint(camera.angle)
    room = is_room(drawing.set, interior=drawing.interior)
    is_whole_room = room and camera.size == ShotSize.EWS
    head = 1 / ((14.0 if is_whole_room else framing.heads) * view.heads)
    eye_y = framing.ground_y + (0.05 if is_whole_room else 0) - 6.7 * head if framing.eye_y is None else framing.eye_y
    eye_y += view.eye_y
    scale = framing.set_scale * min(1.5, max(0.72, (camera.lens_mm / 35) ** 0.3))
    rise = scale * eye_height(drawing.set, interior=drawing.interior)
    # However far off people are, the horizon is above their knees.
    horizon = eye_y + (rise if room else min(rise, _KNEES * head)) + view.horizon
    side = 1 if stable_hash(seed, "side") % 2 else -1
    cast = _cast(drawing, framing, view)
    if not cast and not room:
        # With nobody in it a landscape is more than its ground.
        horizon = max(horizon, 0.06)
    shoulder = _shoulder(drawing, cast, head, aspect, side) if view.over_shoulder else None
    above = view.from_above
    if above:
        marks = _marks_from_above(cast, head)
    elif shoulder is not None:
        marks = _marks(cast[:1], head, eye_y, aspect, view, side, centre=-shoulder.x * 0.45)
    else:
        marks = _marks(cast, head, eye_y, aspect, view, side)
    return Staging(
        marks=marks,
        shoulder=shoulder,
        set_x=0.0 if above else _set_x(drawing.set, scale, aspect, seed),
        set_y=0.0 if above else horizon,
        set_scale=max(0.8, 3.2 * head) if above else scale,
        tilt_deg=view.tilt_deg * side,
        blur=0.0 if above else framing.blur * min(2.0, max(0.5, camera.lens_mm / 35)),
        from_above=above,
        cab=Cab(x=0.0, y=eye_y, head=head) if drawing.set == SetKind.VEHICLE and not above and shoulder is None else None,
        hands=view.hands,
    )


def _set_x(kind: SetKind, scale: float, aspect: float, seed: int) -> float:
    """Return a sideways shift, so that close shots in one place do not all have the same wall behind them."""
    room = max(0.0, min(0.5, (scale - 1) * 0.35)) if not has_middle(kind) else 0.0
    return room * aspect * ((stable_hash(seed, "wall") % 1000) / 500 - 1)


def _cast(drawing: Drawing, framing: Framing, view: Viewpoint) -> tuple[DrawnFigure, ...]:
    """Return who fits into the shot: speakers before listeners, then in the order of the plan."""
    limit = len(drawing.figures) if framing.cast is None else framing.cast
    if view.over_shoulder:
        limit = max(limit, 2)
    speakers = [line.character for line in drawing.dialogue if not line.off_screen]
    ranked = sorted(
        drawing.figures, key=lambda figure: speakers.index(figure.name) if figure.name in speakers else len(speakers)
    )  # stable: equals keep the plan's order
    chosen = {figure.key for figure in ranked[:limit]}
    if view.over_shoulder:
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
    view: Viewpoint,
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
            turn = _turn(x, count, view, side)
            if count == 1:
                x = centre if centre is not None else -0.09 * aspect * turn
                turn = (-1 if x > 0 else 1) * abs(turn) if centre is not None else turn
            elif row == 0:
                x += gap * 0.5
            actor = Actor(figure=figure, turn=turn, pitch=view.pitch, pose=_pose(figure))
            tall = actor.body.foot_y * actor.body.scale * size
            # Whoever is shorter has lower eyes; in a tight shot the camera goes halfway down to them.
            own_eye = foot - tall if head < 0.2 else eye_y + min(0.12, max(-0.04, (6.7 * head - tall) * 0.3)) * (count > 1)
            marks.append(
                Mark(actor=actor, x=x, y=own_eye - (0.05 * (1 - row) if rows == 2 else 0), head=size,
                stretch=view.stretch, depth=0.86 if row == 0 else 1.0)
            )  # fmt: skip
    return tuple(marks)


def _turn(x: float, count: int, view: Viewpoint, side: int) -> float:
    towards = side if count == 1 else (-1 if x > 1e-9 else 1)
    if view.turn is not None:
        return towards * view.turn
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
