"""Staging: who stands where, how large, looking which way, and how the set lies behind them. Size and angle in, places out."""

import re
from dataclasses import dataclass, replace
from typing import Final, assert_never

from vtx_dagster.core.bible import Build, Hair, SetKind
from vtx_dagster.core.plan import Drawing, DrawnFigure
from vtx_dagster.core.shot import Angle, ShotSize
from vtx_dagster.engines.animatic.acting import acts_in
from vtx_dagster.engines.animatic.chance import stable_hash
from vtx_dagster.engines.animatic.doings import Doings, Pose, all_doings, pose_of
from vtx_dagster.engines.animatic.figures import Actor
from vtx_dagster.engines.animatic.proportions import body_of
from vtx_dagster.engines.animatic.sets import eye_height, has_middle, is_room
from vtx_dagster.engines.animatic.skeleton import Skeleton


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
    key="", name="", build=Build.AVERAGE, hair=Hair.SHORT, hair_colour="#4a3426", skin="#c99a7a", wardrobe="#5a6472"
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
        shoulder: The figure in the foreground of a shot over the shoulder.
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
    cast = _cast(drawing, framing, view)
    above = view.from_above
    in_cab = drawing.set == SetKind.VEHICLE and not above and not view.over_shoulder
    players = _players(drawing, cast[:1] if view.over_shoulder else cast, in_cab=in_cab)
    stands = framing.eye_y is None
    head = 1 / ((14.0 if is_whole_room else framing.heads) * view.heads)
    if stands and players:
        head = min(head, (0.5 + _LOWEST_GROUND) / (_eye_heights(players)[1] + _CROWN))
    eye_y = framing.ground_y + (0.05 if is_whole_room else 0) - _ADULT_EYES * head if framing.eye_y is None else framing.eye_y
    eye_y += view.eye_y
    if stands and players:
        # Nobody's head is above the picture.
        eye_y = max(eye_y, -0.5 + (_eye_heights(players)[1] + _CROWN - _ADULT_EYES) * head)
    scale = framing.set_scale * min(1.5, max(0.72, (camera.lens_mm / 35) ** 0.3))
    rise = scale * eye_height(drawing.set, interior=drawing.interior)
    # However far off people are, the horizon is above their knees.
    horizon = eye_y + (rise if room else min(rise, _KNEES * head)) + view.horizon
    side = 1 if stable_hash(seed, "side") % 2 else -1
    if not cast and not room:
        # With nobody in it a landscape is more than its ground.
        horizon = max(horizon, 0.06)
    shoulder = _shoulder(drawing, cast, head, aspect, side) if view.over_shoulder else None
    if above:
        marks = _marks_from_above(players, head, aspect, view)
    elif shoulder is not None:
        marks = _marks(players, head, eye_y, aspect, view, side, centre=-shoulder.x * 0.45, stands=stands)
    else:
        marks = _marks(players, head, eye_y, aspect, view, side, stands=stands)
    if room and not stands and not in_cab and players:
        # Where the camera goes down to those who sit, the floor comes up.
        low, high = _eye_heights(players)
        horizon -= min(0.25, max(0.0, 0.6 * head * (_ADULT_EYES - (low + high) / 2 - 1)))
        grounds = [mark.y + mark.actor.sight.skeleton.eye_height * mark.actor.body.scale * mark.head for mark in marks]
        if not above and min(grounds) < 0.5:
            # Whoever lies on the floor does not lie on the wall.
            horizon = min(horizon, min(grounds) - _BEHIND)
    return Staging(
        marks=marks,
        shoulder=shoulder,
        set_x=0.0 if above else _set_x(drawing.set, scale, aspect, seed),
        set_y=0.0 if above else horizon,
        set_scale=max(0.8, 3.2 * head) if above else scale,
        tilt_deg=view.tilt_deg * side,
        blur=0.0 if above else framing.blur * min(2.0, max(0.5, camera.lens_mm / 35)),
        from_above=above,
        cab=Cab(x=0.0, y=eye_y, head=head) if in_cab else None,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Player:
    """Somebody with a pose, before there is a place.

    Attributes:
        partner: Key of the figure that is looked at, or with whom it is done.
        apart: How far from the partner to stand, in heads; None if they do nothing together.
    """

    figure: DrawnFigure
    pose: Pose
    partner: str
    apart: float | None


def _players(drawing: Drawing, cast: tuple[DrawnFigure, ...], *, in_cab: bool) -> tuple[_Player, ...]:
    """Return the cast with its poses; two who do something together stand side by side."""
    known = all_doings()
    acts = acts_in(drawing)
    keys = {figure.key for figure in cast}
    players: dict[str, _Player] = {}
    for figure in cast:
        act = acts[figure.key]
        posture, gesture = act.posture, act.gesture
        if in_cab:
            # Legs are out of sight, and the wheel is the car's.
            posture = known.stand
            gesture = "" if gesture and known.doings[gesture].on_foot else gesture
        instead = known.doings[gesture].instead if gesture and not act.is_posture_told else None
        if instead is not None and drawing.interior and not in_cab and not _has_bed(drawing, known, bare_floor=True):
            posture = instead
        doing = known.doings[posture]
        pose = pose_of(posture, gesture or _rest(figure, posture, known), inside=drawing.interior)
        if pose.lies:
            pose = replace(pose, inside=_has_bed(drawing, known))
        apart = doing.apart if doing.together and act.partner in keys else None
        players[figure.key] = _Player(figure=figure, pose=pose, partner=act.partner, apart=apart)
    order: list[_Player] = []
    for player in players.values():
        if player not in order:
            order.append(player)
            partner = players.get(player.partner)
            if player.apart is not None and partner is not None and partner not in order:
                order.append(partner)
    return tuple(order)


_WITH_BED: Final = {
    SetKind.PLAIN, SetKind.ROOM, SetKind.BEDROOM, SetKind.HOSPITAL, SetKind.PRISON, SetKind.BOAT, SetKind.SPACESHIP,
}  # fmt: skip
"""Places where there is a bed, indoors."""


def _has_bed(drawing: Drawing, known: Doings, *, bare_floor: bool = False) -> bool:
    """Return whether whoever lies lies on a bed and not on the ground; ``bare_floor``: the floor will do, where it is named."""
    words = set(re.findall(r"\w+", drawing.action.casefold()))
    if words & known.ground:
        return bare_floor
    return bool(words & known.bed) or (drawing.interior and drawing.set in _WITH_BED)


def _rest(figure: DrawnFigure, posture: str, known: Doings) -> str:
    """Return what the arms do of somebody of whom nothing is told: other postures have arms of their own."""
    return known.neutral[stable_hash(figure.key, "pose") % len(known.neutral)] if posture == known.stand else ""


def _actor(player: _Player, turn: float, view: Viewpoint) -> Actor:
    side = 1 if turn >= 0 else -1
    return Actor(
        figure=player.figure,
        turn=side * max(abs(turn), player.pose.turn),
        pitch=view.pitch,
        pose=player.pose,
        from_above=view.from_above,
    )


def _marks(
    players: tuple[_Player, ...],
    head: float,
    eye_y: float,
    aspect: float,
    view: Viewpoint,
    side: int,
    *,
    centre: float | None = None,
    stands: bool = False,
) -> tuple[Mark, ...]:
    """Return where people are.

    Args:
        players: Who, from left to right.
        head: Height of an average head, in heights of the picture.
        eye_y: Where the eyes of a standing adult are in shots that show the ground, else those of whoever is there.
        aspect: Width of the picture over its height.
        view: From where they are seen.
        side: To which a lone figure looks.
        centre: Where a lone figure stands.
        stands: Whether the ground is in the picture, on which all stand.
    """
    count = len(players)
    if count == 0:
        return ()
    rows = 1 if count <= _FRONT_ROW else 2
    front = players if rows == 1 else players[: (count + 1) // 2]
    back = players[len(front) :]
    ranks = (players,) if rows == 1 else (back, front)
    tallest = _eye_heights(players)
    marks: list[Mark] = []
    for row, people in enumerate(ranks, start=2 - rows):
        size = head * (0.86 if row == 0 else 1.0)
        gap = min(aspect * 0.84 / len(people), head * (2.35 if head < _TIGHT else 1.9))
        # A crowd shrinks rather than hides itself.
        size *= 1.0 if count == 1 else min(1.0, max(0.45, gap / (head * 1.35)))
        rough = [(place - (len(people) - 1) / 2) * gap for place in range(len(people))]
        actors = [_actor(player, _turn(x, count, view, side), view) for player, x in zip(people, rough, strict=True)]
        if centre is not None:
            facing = -1 if centre > 0 else 1
            actors = [_actor(people[0], facing * abs(actors[0].turn), view)]
        actors = _facing(people, actors, rough, view)
        xs = rough if rows == 2 else _places(people, actors, size, gap, aspect)
        if count == 1:
            xs = [xs[0] - 0.09 * aspect * actors[0].turn * (not players[0].pose.lies) if centre is None else centre]
        # Those behind look over the shoulders of those in front.
        aside = gap * 0.5 if row == 0 and len(back) == len(front) else 0.0
        up = 0.05 * (1 - row) if rows == 2 else 0.0
        for place, (actor, x) in enumerate(zip(actors, xs, strict=True)):
            own_eye = _own_eye(actor, tallest, size=size, head=head, eye_y=eye_y, stands=stands)
            behind = any(_share_a_bed(people[place], other) for other in people[place + 1 :])
            y = own_eye - up - (_BED_MATE * size if behind else 0.0)
            depth = 0.86 if row == 0 else 1.0
            marks.append(Mark(actor=actor, x=x + aside, y=y, head=size, stretch=view.stretch, depth=depth))
    return tuple(marks)


_FRONT_ROW: Final = 5
"""More people than these stand in two rows."""

_CROWN: Final = 0.7
"""How far hair reaches above the eyes, in heads."""

_LOWEST_GROUND: Final = 0.45
"""How far down those stand who are the tallest, in heights of the picture from its middle."""

_TIGHT: Final = 0.3
"""Heads larger than this fill the picture."""

_ADULT_EYES: Final = 6.7
"""How high the eyes of a standing adult are, in heads."""


def _eye_heights(players: tuple[_Player, ...]) -> tuple[float, float]:
    """Return the lowest and the highest eyes above the ground, in average heads."""
    heights = [_eye_height(player) for player in players]
    return min(heights), max(heights)


def _eye_height(player: _Player) -> float:
    body = body_of(player.figure)
    return Skeleton(body, player.pose).eye_height * body.scale


def _own_eye(actor: Actor, heights: tuple[float, float], *, size: float, head: float, eye_y: float, stands: bool) -> float:
    """Return where the eyes of one actor are: those of all must be in the picture."""
    own = actor.sight.skeleton.eye_height * actor.body.scale
    if stands:
        return eye_y + _ADULT_EYES * head - own * size
    low, high = heights
    # Whoever is shorter has lower eyes; in a tight shot the camera goes halfway down to them.
    alike = high - low < 1
    offset = (high - own) * head * (0.3 if head >= 0.2 else 0.8) if alike else ((low + high) / 2 - own) * head
    if actor.pose.lies:
        eye_y += _EYES_IN_BED if actor.pose.lift else _EYES_ON_GROUND
    return min(max(eye_y + offset, -0.5 + _CROWN * size), max(eye_y, 0.34 - 0.5 * size))


_BEHIND: Final = 0.09
"""How much of the floor is seen behind somebody who lies on it."""

_EYES_IN_BED: Final = 0.14
_EYES_ON_GROUND: Final = 0.40
"""How much further down the eyes of somebody who lies are: there is nothing below them."""


def _places(people: tuple[_Player, ...], actors: list[Actor], size: float, gap: float, aspect: float) -> list[float]:
    """Return where the eyes of the people of one row are, so that none hides another, and all of them in the middle."""
    extents = [actor.sight.extent() for actor in actors]
    units = [size * actor.body.scale for actor in actors]
    gaps: list[float] = []
    wide: list[bool] = []
    for place in range(len(people) - 1):
        apart = people[place].apart
        together = apart is not None and people[place + 1].figure.key == people[place].partner
        between = _table_between(actors[place], actors[place + 1])
        if _share_a_bed(people[place], people[place + 1]):
            # Whoever lies behind lies a little further down, not in the headboard.
            apart, together = -0.12 * actors[place].facing, True
        elif between is not None:
            apart, together = between, True
        room = extents[place].right * units[place] - extents[place + 1].left * units[place + 1] + _ELBOW_ROOM * size
        gaps.append(apart * size if apart is not None and together else max(gap, min(room, _MOST_ROOM * size)))
        wide.append(not together)
    limit = max(0.3, aspect * 0.94 - 1.3 * size)
    fixed = sum(each for each, free in zip(gaps, wide, strict=True) if not free)
    free = sum(gaps) - fixed
    squeeze = min(1.0, max(0.1, limit - fixed) / free) if free else 1.0
    xs = [0.0]
    for each, loose in zip(gaps, wide, strict=True):
        xs.append(xs[-1] + each * (squeeze if loose else 1.0))
    left = min(x + extent.left * unit for x, extent, unit in zip(xs, extents, units, strict=True))
    right = max(x + extent.right * unit for x, extent, unit in zip(xs, extents, units, strict=True))
    shift = -(left + right) / 2
    # Faces stay in the picture, whatever becomes of feet and furniture.
    edge = max(0.0, aspect / 2 - 0.75 * size)
    low, high = -edge - min(xs), edge - max(xs)
    shift = min(max(shift, low), high) if low <= high else (low + high) / 2
    return [x + shift for x in xs]


def _table_between(left: Actor, right: Actor) -> float | None:
    """Return how far apart two sit who have a table between them, in average heads; None if they have none."""
    if (left.facing, right.facing) != (1, -1):
        return None
    first, second = left.sight.shared(), right.sight.shared()
    alike = abs(left.body.leg * left.body.scale - right.body.leg * right.body.scale) < _SAME_TABLE
    return None if first is None or second is None or not alike else first * left.body.scale - second * right.body.scale


_SAME_TABLE: Final = 0.6
"""How much longer legs may be, in average heads, of one of two who sit at one table."""


def _is_in_bed(player: _Player) -> bool:
    return player.pose.lies and player.pose.lift > 0


def _share_a_bed(first: _Player, second: _Player) -> bool:
    return _is_in_bed(first) and _is_in_bed(second)


_BED_MATE: Final = 0.78
"""How much higher in the picture those lie who lie behind somebody in a bed, in heads."""

_ELBOW_ROOM: Final = 0.45
_MOST_ROOM: Final = 7.0
"""Between two people, in heads: the room between their elbows, and the most there is from eyes to eyes."""


def _facing(people: tuple[_Player, ...], actors: list[Actor], xs: list[float], view: Viewpoint) -> list[Actor]:
    """Turn everybody to the partner, and all who lie in a bed to one side."""
    at = {player.figure.key: x for player, x in zip(people, xs, strict=True)}
    turned: list[Actor] = []
    in_bed: float | None = None
    for player, actor, x in zip(people, actors, xs, strict=True):
        if in_bed is None and _is_in_bed(player):
            in_bed = actor.turn
        elif in_bed is not None and _is_in_bed(player):
            turned.append(_actor(player, in_bed, view))
            continue
        other = at.get(player.partner)
        if other is not None and other != x:
            actor = _actor(player, (1 if other > x else -1) * abs(actor.turn), view)
        turned.append(actor)
    return turned


def _turn(x: float, count: int, view: Viewpoint, side: int) -> float:
    towards = side if count == 1 else (-1 if x > 1e-9 else 1)
    if view.turn is not None:
        return towards * view.turn
    if count > 2 and abs(x) < 1e-9:
        return 0.2 * side
    return towards * (0.42 if count == 1 else 0.62)


def _marks_from_above(players: tuple[_Player, ...], head: float, aspect: float, view: Viewpoint) -> tuple[Mark, ...]:
    size = min(0.30, max(0.05, head * 1.1))
    columns = min(max(len(players), 1), _COLUMNS)
    rows = [players[first : first + columns] for first in range(0, len(players), columns)]
    marks: list[Mark] = []
    for row, people in enumerate(rows):
        gap = min(2.6 * size, 0.46)
        rough = [(column - (len(people) - 1) / 2) * gap for column in range(len(people))]
        actors = [_actor(player, -1.0 if x > 1e-9 else 1.0, view) for player, x in zip(people, rough, strict=True)]
        actors = _facing(people, actors, rough, view)
        xs = rough if len(rows) > 1 else _places(people, actors, size, gap, aspect)
        for place, (actor, x) in enumerate(zip(actors, xs, strict=True)):
            mates = [_share_a_bed(people[place], other) * (1 if other in people[:place] else -1) for other in people]
            beside = sum(each for other, each in zip(people, mates, strict=True) if other is not people[place])
            y = (row - (len(rows) - 1) / 2) * min(2.4 * size, 0.26) + beside * size
            marks.append(Mark(actor=actor, x=x, y=y, head=size))
    return tuple(marks)


_COLUMNS: Final = 4
"""Of people who are seen from above."""
