"""Bodies: everything of a figure below the chin, and what it holds, sits on and works at, from the joints of its skeleton."""

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from vtx_dagster.core.bible import Hair, Pronoun
from vtx_dagster.engines.animatic.brush import Pen, arc, box, curve
from vtx_dagster.engines.animatic.chance import stable_hash
from vtx_dagster.engines.animatic.costumes import Style
from vtx_dagster.engines.animatic.doings import Held
from vtx_dagster.engines.animatic.figures import Actor, Face, Paints, draw_face, draw_hair_behind, draw_head, head_pen, limb
from vtx_dagster.engines.animatic.palette import Colour, colour, mix
from vtx_dagster.engines.animatic.skeleton import SHOULDERS_Y, Arm, Leg, Sight, Vector

Spot = tuple[float, float]
Part = tuple[float, Callable[[], None]]
"""How near to us something is, and what draws it."""

_BEFORE_FACE: Final = 1.05
"""How near to the eyes a hand is that may cover the face, in heads."""

_FORESHORTENED: Final = 0.45

_KNEES: Final = 0.99
"""What begins further before a figure than this stands before it, in heads."""

_BEHIND_BODY: Final = 8.0
_BEFORE_BODY: Final = 8.0
_AT_WORK: Final = 16.0
"""How much nearer things are drawn that lie behind and before a body, and the arms at work on them."""

_SEEN_TORSO: Final = 0.9
"""A torso that is longer than this from above is seen as such, in heads; of others we see the shoulders."""

_SHARP_DEG: Final = 95.0
"""A limb that is bent more than this is drawn bone by bone."""


def draw_body(pen: Pen, actor: Actor, *, head: Pen | None = None) -> None:
    """Draw everything below the chin but hands before the face, from back to front, with what stands around the figure.

    Args:
        pen: In heads, from the eyes.
        actor: Whom to draw.
        head: The pen of the head, whose hair falls behind the shoulders; the same where it is not given.
    """
    sight = actor.sight
    _shadow(pen, sight)
    parts: list[Part] = [*_furniture(pen, sight), *_legs(pen, actor), (0.05, lambda: _torso(pen, actor))]
    parts.append((0.045, lambda: draw_hair_behind(head or head_pen(pen, actor), actor)))
    parts += [part for near, part in _arms(pen, actor) if not _covers_face(actor, near=near)]
    for _, draw in sorted(parts, key=lambda part: part[0]):
        draw()


def draw_over(pen: Pen, actor: Actor) -> None:
    """Draw the arms before the face."""
    for near, (_, draw) in _arms(pen, actor):
        if _covers_face(actor, near=near):
            draw()


def _covers_face(actor: Actor, *, near: bool) -> bool:
    sight = actor.sight
    hand = sight.skeleton.arms[near].hand
    return math.hypot(*sight.at(hand)) < _BEFORE_FACE and sight.nearness(hand) > sight.nearness(sight.skeleton.eyes) - 0.2


def _shadow(pen: Pen, sight: Sight) -> None:
    skeleton = sight.skeleton
    feet = [leg.ankle for leg in skeleton.legs.values()]
    on_ground = [sight.at(np.array([joint[0], 0.0, 0.0])) for joint in (*feet, skeleton.hip, skeleton.neck)]
    x = [spot[0] for spot in on_ground]
    wide = max(skeleton.body.shoulder * 1.25, (max(x) - min(x)) / 2 + 0.5)
    middle = (max(x) + min(x)) / 2
    y = max(spot[1] for spot in on_ground)
    tall = skeleton.body.shoulder if sight.above else 0.16 + 0.1 * max(0.0, sight.pitch)
    pen.cast(arc(middle - 0.1 * pen.light.side, y, wide, tall), 0.34)


def _furniture(pen: Pen, sight: Sight) -> list[Part]:
    parts: list[Part] = []
    for low, high, fill in sight.skeleton.corners():
        paint = pen.light.on(colour(fill), 0.16)
        middle = (low + high) / 2
        # Whoever sits or lies on something is before it, and whoever works at it has the hands before it.
        nearness = sight.nearness(middle)
        before = low[0] > _KNEES * sight.skeleton.body.leg / 4
        nearness = _BEFORE_BODY + 0.01 * len(parts) if before else nearness - _BEHIND_BODY
        parts.append((nearness, lambda low=low, high=high, paint=paint: _block(pen, sight, low, high, paint)))
    return parts


def _block(pen: Pen, sight: Sight, low: Vector, high: Vector, paint: Colour) -> None:
    for corners, axis in sight.faces(low, high):
        shade = (0.28, 0.0, 0.12)[axis]
        pen.shape(corners, pen.light.shaded(paint, shade), 0.9)


def _limb(pen: Pen, joints: list[Vector], widths: list[float], paint: Colour, sight: Sight) -> None:
    spots = [sight.at(joint) for joint in joints]
    for start, end, wide in zip(spots, spots[1:], widths[1:], strict=False):
        if math.dist(start, end) < _FORESHORTENED:
            pen.shape(arc(*end, wide, wide), paint, 1.0, form=0.3)
    spots = _spread(spots)
    if _bend_deg(spots) > _SHARP_DEG:
        pen.shape(limb(spots[:2], widths[:2]), paint, form=0.42)
        pen.shape(limb(spots[1:], widths[1:]), paint, form=0.42)
    else:
        pen.shape(limb(spots, widths), paint, form=0.42)


def _bend_deg(spots: list[Spot]) -> float:
    (ax, ay), (bx, by), (cx, cy) = spots
    turn = math.degrees(math.atan2(cy - by, cx - bx) - math.atan2(by - ay, bx - ax))
    return abs((turn + 180) % 360 - 180)


def _spread(spots: list[Spot]) -> list[Spot]:
    """Return spots of which no two neighbours are one."""
    apart = [spots[0]]
    for x, y in spots[1:]:
        close = math.dist(apart[-1], (x, y)) < 0.03
        apart.append((apart[-1][0] + 0.01, apart[-1][1] + 0.03) if close else (x, y))
    return apart


def wears_skirt(actor: Actor) -> bool:
    """Return whether a figure wears a skirt."""
    figure = actor.figure
    if figure.pronoun == Pronoun.HE or actor.costume is not None:
        return False
    likely = figure.pronoun == Pronoun.SHE or figure.hair in (Hair.LONG, Hair.BUN)
    return likely and stable_hash(figure.key, "skirt") % 3 == 0


def _legs(pen: Pen, actor: Actor) -> list[Part]:
    sight, body, paints = actor.sight, actor.body, actor.colours(pen.light)
    skirt = wears_skirt(actor)
    parts: list[Part] = []
    for near, leg in sight.skeleton.legs.items():
        nearness = (sight.nearness(leg.knee) + sight.nearness(leg.hip)) / 2 - 0.35 + (0.01 if near else 0.0)
        parts.append((nearness, lambda leg=leg, near=near: _leg(pen, actor, paints, leg, near=near, bare=skirt)))
    if skirt:
        knees = [leg.knee for leg in sight.skeleton.legs.values()]
        nearness = max(nearness for nearness, _ in parts) + 0.02
        hem = (knees[0] + knees[1]) / 2
        wide = max(body.hip * 1.3, math.dist(sight.at(knees[0]), sight.at(knees[1])) / 2 + body.hip * 0.6)
        cloth = pen.light.shaded(paints.cloth, 0.25)
        hip = sight.skeleton.hip
        joints = [hip + (hip - hem) * 0.1, (hip + hem) / 2, hem]
        widths = [body.hip * 0.9, body.hip * 1.1, wide]
        parts.append((nearness, lambda: _limb(pen, joints, widths, cloth, sight)))
    return parts


def _leg(pen: Pen, actor: Actor, paints: Paints, leg: Leg, *, near: bool, bare: bool) -> None:
    sight, thick = actor.sight, actor.body.hip * 0.46
    paint = mix(paints.skin, paints.legs, 0.35) if bare else paints.legs
    if not near:
        paint = pen.light.shaded(paint, 0.18)
    _shoe(pen, sight, leg, paints.shoes)
    _limb(pen, [leg.hip, leg.knee, leg.ankle], [thick, thick * 0.80, thick * 0.54], paint, sight)


def _shoe(pen: Pen, sight: Sight, leg: Leg, paint: Colour) -> None:
    shin = (leg.ankle - leg.knee) / max(1e-6, float(np.linalg.norm(leg.ankle - leg.knee)))
    heel, toe = sight.at(leg.ankle + shin * 0.12), sight.at(leg.toe)
    if math.dist(heel, toe) < 0.3:
        x, y = heel
        pen.shape([(x - 0.16, y - 0.16), (x + 0.16, y - 0.16), (x + 0.21, y + 0.16), (x - 0.21, y + 0.16)], paint)
        return
    pen.shape(limb([heel, ((heel[0] + toe[0]) / 2, (heel[1] + toe[1]) / 2), toe], [0.16, 0.16, 0.11]), paint)


def _torso(pen: Pen, actor: Actor) -> None:
    sight = actor.sight
    neck, hip = sight.at(sight.skeleton.neck), sight.at(sight.skeleton.hip)
    across, down = hip[0] - neck[0], hip[1] - neck[1]
    # Of a torso that points at us we see the shoulders.
    stretch = max(0.42, math.hypot(across, down) / sight.skeleton.body.spine)
    upright = math.hypot(across, down) < 0.3
    angle = 0.0 if upright else -math.degrees(math.atan2(across, down))
    own = pen.at(*neck).turned(angle).at(0, -SHOULDERS_Y * stretch, stretch=stretch)
    _neck(own, actor)
    _coat(own, actor)


def _neck(pen: Pen, actor: Actor) -> None:
    body, paints, x = actor.body, actor.colours(pen.light), 0.04 * actor.turn
    neck = [(x - body.neck, 0.30), (x + body.neck, 0.30), (x + body.neck * 1.25, 0.86), (x - body.neck * 1.25, 0.86)]
    pen.shape(neck, pen.light.shaded(paints.skin, 0.22), 0.8)
    pen.shade(neck, 0.55, shift=(0.0, 0.22))


def torso_width(actor: Actor) -> float:
    """Return half the width of the shoulders as we see them."""
    turn = 0.0 if actor.from_above else abs(actor.turn)
    return actor.body.shoulder * (1 - 0.34 * turn**1.6)


def _coat(pen: Pen, actor: Actor) -> None:
    body, light, paints = actor.body, pen.light, actor.colours(pen.light)
    wide = torso_width(actor)
    hip = body.hip * (1 - 0.2 * abs(actor.turn))
    coat = curve(
        [(-body.neck * 1.3, 0.70), (-wide * 0.62, 0.80), (-wide, SHOULDERS_Y + 0.16), (-wide * 0.93, 1.75),
        (-hip * 1.02, body.hip_y - 0.55), (-hip * 1.12, body.hip_y + 0.18), (0, body.hip_y + 0.24),
        (hip * 1.12, body.hip_y + 0.18), (hip * 1.02, body.hip_y - 0.55), (wide * 0.93, 1.75),
        (wide, SHOULDERS_Y + 0.16), (wide * 0.62, 0.80), (body.neck * 1.3, 0.70)], closed=True, steps=5,
    )  # fmt: skip
    pen.shape(coat, paints.cloth, 1.1, form=0.42)
    pen.shade(coat, 0.30, shift=(-light.side * 0.10, 0.07), paint=light.light)
    centre = 0.24 * actor.turn
    if actor.costume is not None:
        _COSTUMES[actor.costume.style](pen, actor, paints, centre)
    else:
        _FRONTS[stable_hash(actor.figure.key, "coat") % 4](pen, actor, paints, centre)
    fold = -light.side * wide * 0.4
    pen.stroke([(fold, 1.9), (fold * 0.8, 2.3), (fold * 0.9, 2.6)], 0.7, smooth=True)
    pen.stroke([(fold * 0.4, body.hip_y - 0.5), (fold * 0.8, body.hip_y - 0.2)], 0.6)


def _buttoned(pen: Pen, actor: Actor, paints: Paints, centre: float) -> None:
    pen.shape([(centre - 0.24, 0.70), (centre + 0.24, 0.70), (centre + 0.03, 1.28)], paints.under, 0.8)
    pen.stroke([(centre + 0.03, 1.28), (centre + 0.05, actor.body.hip_y + 0.2)], 0.8)
    for step in range(3):
        pen.fill(arc(centre + 0.12, 1.55 + 0.45 * step, 0.035, 0.035), pen.light.ink)


def _rolled(pen: Pen, actor: Actor, paints: Paints, centre: float) -> None:  # noqa: ARG001 - the signature of all fronts
    roll = limb([(centre - 0.30, 0.74), (centre, 0.93), (centre + 0.30, 0.74)], [0.11, 0.14, 0.11])
    pen.shape(roll, pen.light.shaded(paints.cloth, 0.15), 0.8)


def _lapels(pen: Pen, actor: Actor, paints: Paints, centre: float) -> None:
    under = paints.under if actor.costume is not None else pen.light.shaded(paints.skin, 0.15)
    pen.shape([(centre - 0.2, 0.68), (centre + 0.2, 0.68), (centre + 0.02, 1.02)], under, 0.7)
    lapel = [(centre - 0.22, 0.66), (centre - 0.40, 1.02), (centre + 0.02, 1.75)]
    pen.stroke(lapel, 0.9)
    pen.stroke([(2 * centre - x, y) for x, y in lapel], 0.9)
    if actor.costume is not None:
        pen.stroke([(centre + 0.02, 1.75), (centre + 0.02, actor.body.hip_y + 0.2)], 0.9)
        pen.shape(box(centre + 0.18, 1.5, centre + 0.42, 1.74), pen.light.shaded(paints.cloth, 0.1), 0.6)


def _scarf(pen: Pen, actor: Actor, paints: Paints, centre: float) -> None:  # noqa: ARG001 - the signature of all fronts
    light = pen.light
    scarf = limb([(centre - 0.34, 0.70), (centre, 0.92), (centre + 0.34, 0.70)], [0.12, 0.17, 0.12])
    tail = limb([(centre + 0.12, 0.9), (centre + 0.20, 1.35), (centre + 0.16, 1.8)], [0.10, 0.12, 0.11])
    warm = mix(light.on(colour(actor.figure.hair_colour), 0.2), light.accent, 0.55)
    pen.shape(tail, light.shaded(warm, 0.2), 0.8)
    pen.shape(scarf, warm, 0.9)


def _uniform(pen: Pen, actor: Actor, paints: Paints, centre: float) -> None:
    waist, wide = actor.body.hip_y - 0.45, actor.body.hip * 1.02
    brass = pen.light.on((214, 178, 92), 0.1)
    pen.stroke([(centre - 0.26, 0.72), (centre, 0.92), (centre + 0.26, 0.72)], 1.0)
    for step in range(3):
        for side in (-1, 1):
            pen.fill(arc(centre + side * 0.2, 1.25 + 0.36 * step, 0.045, 0.045), brass)
    pen.shape(box(-wide, waist - 0.09, wide, waist + 0.09), paints.shoes, 0.7)
    pen.fill(box(centre - 0.1, waist - 0.09, centre + 0.1, waist + 0.09), brass)


def _priest(pen: Pen, actor: Actor, paints: Paints, centre: float) -> None:
    neck = actor.body.neck * 1.35
    pen.shape(box(-neck, 0.60, neck, 0.78), paints.cloth, 0.6)
    pen.fill(box(centre - 0.09, 0.61, centre + 0.09, 0.78), pen.light.on((244, 242, 236), 0.05))
    pen.stroke([(centre, 0.85), (centre, actor.body.hip_y)], 0.7)


def _vest(pen: Pen, actor: Actor, paints: Paints, centre: float) -> None:  # noqa: ARG001 - the signature of all fronts
    white = pen.light.on((240, 238, 230), 0.08)
    pen.shape([(centre - 0.28, 0.70), (centre + 0.28, 0.70), (centre + 0.02, 1.7)], white, 0.8)
    bow = [(centre - 0.17, 0.72), (centre + 0.17, 0.90), (centre + 0.17, 0.72), (centre - 0.17, 0.90)]
    pen.shape(bow, paints.shoes, 0.6)
    for step in range(2):
        pen.fill(arc(centre + 0.04, 1.85 + 0.3 * step, 0.035, 0.035), white)


def _stripes(pen: Pen, actor: Actor, paints: Paints, centre: float) -> None:  # noqa: ARG001 - as before
    wide = torso_width(actor)
    band = pen.light.on((226, 226, 206), 0.05)
    for y in (1.75, 2.25):
        pen.shape(box(-wide * 0.86, y - 0.08, wide * 0.86, y + 0.08), band, 0.5)
    pen.stroke([(centre, 0.8), (centre, actor.body.hip_y + 0.1)], 0.9)
    pen.stroke([(centre - 0.24, 0.70), (centre, 0.95), (centre + 0.24, 0.70)], 0.9)


def _apron(pen: Pen, actor: Actor, paints: Paints, centre: float) -> None:  # noqa: ARG001 - as before
    hip = actor.body.hip
    white = pen.light.on((244, 243, 238), 0.05)
    pen.shape([(centre - 0.3, 1.25), (centre + 0.3, 1.25), (hip * 0.9, 2.1), (hip * 1.0, actor.body.hip_y + 0.2),
        (-hip * 1.0, actor.body.hip_y + 0.2), (-hip * 0.9, 2.1)], white, 0.8)  # fmt: skip
    pen.stroke([(centre - 0.26, 0.72), (centre, 0.95), (centre + 0.26, 0.72)], 0.9)
    cross = pen.light.on((196, 48, 44), 0.05)
    pen.fill(box(centre - 0.03, 1.38, centre + 0.03, 1.62), cross)
    pen.fill(box(centre - 0.12, 1.47, centre + 0.12, 1.53), cross)


Front = Callable[[Pen, Actor, Paints, float], None]
_FRONTS: Final[tuple[Front, ...]] = (_buttoned, _rolled, _lapels, _scarf)
_COSTUMES: Final[dict[Style, Front]] = {
    Style.UNIFORM: _uniform,
    Style.LAPELS: _lapels,
    Style.COLLAR: _priest,
    Style.VEST: _vest,
    Style.STRIPES: _stripes,
    Style.APRON: _apron,
}


def _arms(pen: Pen, actor: Actor) -> list[tuple[bool, Part]]:
    sight = actor.sight
    parts: list[tuple[bool, Part]] = []
    for near, arm in sight.skeleton.arms.items():
        nearness = (sight.nearness(arm.elbow) + sight.nearness(arm.hand)) / 2 - sight.nearness(sight.skeleton.neck) * 0.5
        nearness += 0.06 if near else 0.04
        if nearness > 0.05:
            nearness += _AT_WORK
        parts.append((near, (nearness, lambda arm=arm, near=near: _arm(pen, actor, arm, near=near))))
    return parts


def _arm(pen: Pen, actor: Actor, arm: Arm, *, near: bool) -> None:
    sight, body, paints = actor.sight, actor.body, actor.colours(pen.light)
    thick = 0.17 + 0.07 * (body.shoulder - 0.6)
    cloth = paints.cloth if near else pen.light.shaded(paints.cloth, 0.30)
    held = actor.pose.held(near=near)
    elbow, wrist, hand = (sight.at(joint) for joint in (arm.elbow, arm.wrist, arm.hand))
    _hand(pen, wrist, hand, paints)
    if held is not None:
        _held(pen, held, hand, elbow, sight, paints)
    _limb(pen, [arm.shoulder, arm.elbow, arm.wrist], [thick, thick * 0.88, thick * 0.70], cloth, sight)


def _hand(pen: Pen, wrist: Spot, hand: Spot, paints: Paints) -> None:
    turn = math.degrees(math.atan2(hand[1] - wrist[1], hand[0] - wrist[0])) if math.dist(wrist, hand) > 0.02 else 90.0
    own = pen.at(*hand).turned(turn)
    pen_shape = arc(0.02, 0, 0.19, 0.13)
    own.shape(pen_shape, paints.skin, 0.9, form=0.3)
    own.stroke([(0.02, -0.03), (0.16, -0.02)], 0.6)
    own.stroke([(0.02, 0.05), (0.15, 0.05)], 0.6)


def _held(pen: Pen, held: Held, hand: Spot, elbow: Spot, sight: Sight, paints: Paints) -> None:
    face = sight.facing
    own = pen.at(*hand)
    if held.along:
        own = own.turned(math.degrees(math.atan2(hand[1] - elbow[1], hand[0] - elbow[0])))
        face = 1 if math.cos(math.atan2(hand[1] - elbow[1], hand[0] - elbow[0])) >= 0 else -1
    for part in held.paint:
        fill = {"skin": paints.skin, "ink": pen.light.ink}.get(part.fill) or pen.light.on(colour(part.fill), 0.12)

        def turned(points: tuple[Spot, ...]) -> list[Spot]:
            return [(x, y * face) for x, y in points] if held.along else [(x * face, y) for x, y in points]

        if part.ellipse is not None:
            x, y, wide, tall = part.ellipse
            own.shape(arc(*turned(((x, y),))[0], wide, tall), fill, part.ink)
        elif part.poly:
            own.shape(turned(part.poly), fill, part.ink, form=0.2)
        else:
            own.stroke(turned(part.line), part.ink + 1.4, paint=pen.light.ink)
            own.stroke(turned(part.line), part.ink, paint=fill)


def draw_from_above(pen: Pen, actor: Actor) -> None:
    """Draw the figure as seen from straight above; it faces the picture's left or right."""
    sight = actor.sight
    lies = actor.pose.lies
    neck, hip = sight.at(sight.skeleton.neck), sight.at(sight.skeleton.hip)
    is_long = math.dist(neck, hip) > _SEEN_TORSO
    parts: list[Part] = [*_furniture(pen, sight), *_legs(pen, actor), *(part for _, part in _arms(pen, actor))]
    level = sight.nearness(sight.skeleton.neck)
    parts.append((level if lies else level - 0.4, lambda: _torso(pen, actor) if is_long else _shoulders(pen, actor)))
    _shadow(pen, sight)
    for _, draw in sorted(parts, key=lambda part: part[0]):
        draw()
    if lies:
        head = pen.turned(-90.0 * sight.facing)
        draw_hair_behind(head, actor)
        draw_head(head, actor)
        draw_face(head, actor, Face())
        return
    _crown(pen, actor)


def _shoulders(pen: Pen, actor: Actor) -> None:
    x, y = actor.sight.at(actor.sight.skeleton.neck)
    pen.shape(arc(x, y, 0.42, actor.body.shoulder), actor.colours(pen.light).cloth, 1.1, form=0.4)


def _crown(pen: Pen, actor: Actor) -> None:
    paints, face, light = actor.colours(pen.light), actor.facing, pen.light
    pen.fill(arc(face * 0.40, 0, 0.09, 0.07), paints.skin)
    bald = actor.figure.hair == Hair.BALD
    pen.shape(arc(0.06 * face, 0, 0.40, 0.36), paints.skin if bald else paints.hair, 1.1, form=0.4)
    shine = mix(paints.hair, light.light, 0.4)
    pen.stroke([(0.34 * face, -0.04), (0.05 * face, 0.03), (-0.22 * face, -0.02)], 0.7, smooth=True, paint=shine)
    if actor.figure.hair == Hair.CAP:
        pen.shape(box(min(0.32 * face, 0.58 * face), -0.24, max(0.32 * face, 0.58 * face), 0.24), light.shaded(paints.hair, 0.4))
    elif actor.figure.hair == Hair.BUN:
        pen.shape(arc(-0.26 * face, 0, 0.18, 0.17), light.shaded(paints.hair, 0.25))
