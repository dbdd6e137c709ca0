"""People: distinct, readable figures in ink and wash. Where they stand and how large they are is decided elsewhere.

A figure is drawn in heads: one unit is its head from chin to crown,
    (0, 0) lies between its eyes, y runs down. The picture's left and right,
not the figure's.
"""

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Final, assert_never

import numpy as np

from vtx_dagster.core.bible import Build, Hair, Pronoun
from vtx_dagster.core.plan import DrawnFigure
from vtx_dagster.engines.animatic.brush import Pen, Points, arc, box, curve
from vtx_dagster.engines.animatic.chance import stable_hash
from vtx_dagster.engines.animatic.costumes import Costume, Hat, costume_of
from vtx_dagster.engines.animatic.doings import Mimic, Pose, pose_of
from vtx_dagster.engines.animatic.palette import Colour, Light, colour, mix
from vtx_dagster.engines.animatic.proportions import Body, body_of, is_child, is_old
from vtx_dagster.engines.animatic.skeleton import Sight, Skeleton


class Mouth(StrEnum):
    """What a mouth is doing."""

    CLOSED = "closed"
    SMALL = "small"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Face:
    """The parts of a face that change within a clip."""

    mouth: Mouth = Mouth.CLOSED
    eyes_open: bool = True


_BEARDED_AGE: Final = 20


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A figure as it acts in one clip.

    Attributes:
        turn: Where it faces: -1 left in profile, 0 to the camera, 1 right in profile.
        pitch: Where it is seen from: negative from below, positive from above.
        pose: What it does.
        from_above: It is seen from straight above.
    """

    figure: DrawnFigure
    turn: float
    pitch: float = 0.0
    pose: Pose = field(default_factory=lambda: pose_of("stand", "hang"))
    from_above: bool = False

    @cached_property
    def body(self) -> Body:
        """The figure's proportions."""
        return body_of(self.figure)

    @cached_property
    def sight(self) -> Sight:
        """The figure's joints as we see them."""
        return Sight(Skeleton(self.body, self.pose), self.turn, self.pitch, above=self.from_above)

    @cached_property
    def costume(self) -> Costume | None:
        """What the figure wears by its profession."""
        return costume_of(f"{self.figure.name} {self.figure.descriptor}")

    @property
    def hat(self) -> Hat | None:
        """The hat that goes with the costume."""
        return self.costume.hat if self.costume else None

    @property
    def facing(self) -> int:
        """-1 or 1: the side to which it faces."""
        return 1 if self.turn >= 0 else -1

    @property
    def look(self) -> float:
        """Where the head is turned: as ``turn``."""
        if self.from_above:
            return 0.0
        return self.facing * min(1.0, max(0.0, abs(self.turn) + self.pose.head_turn))

    @property
    def face_pitch(self) -> float:
        """How far the face looks down: 1 as from above."""
        return min(1.6, max(-1.3, self.pitch + self.pose.nod / 22))

    @property
    def wears_glasses(self) -> bool:
        """Whether the figure wears glasses: one in six, and half of the old."""
        return not is_child(self.figure) and self.has("glasses", 2 if is_old(self.figure) else 6) and self._is_described

    @property
    def beard(self) -> int:
        """0 without, 1 with stubble, 2 with a moustache, 3 with a beard. Only grown men have one."""
        if self.figure.pronoun != Pronoun.HE or (self.figure.age is not None and self.figure.age < _BEARDED_AGE):
            return 0
        return (0, 0, 0, 1, 1, 2, 3)[stable_hash(self.figure.key, "beard") % 7]

    @property
    def _is_described(self) -> bool:
        """Whether anything is known of the figure but its colours."""
        return self.figure.pronoun is not None or self.figure.age is not None

    def held_face(self, face: Face) -> Face:
        """Return a face as the figure's doing lets it be: whoever sleeps keeps the eyes closed."""
        match self.pose.face:
            case Mimic.ASLEEP | Mimic.CRYING:
                return replace(face, eyes_open=False)
            case Mimic.SHOUTING:
                return replace(face, mouth=Mouth.OPEN)
            case Mimic.LAUGHING:
                return replace(face, mouth=Mouth.OPEN, eyes_open=False)
            case Mimic.SMILING | None:
                return face
            case _:
                assert_never(self.pose.face)

    def has(self, trait: str, one_in: int) -> bool:
        """Return whether the figure has something that one in so many people have."""
        return stable_hash(self.figure.key, trait) % one_in == 0

    def colours(self, light: Light) -> "Paints":
        """Return what the light makes of the figure's colours."""
        costume = self.costume
        cloth = colour(costume.coat if costume and costume.coat else self.figure.wardrobe)
        variant = stable_hash(self.figure.key, "trousers") % 3
        legs = colour(costume.legs) if costume and costume.legs else ((58, 60, 72), (84, 70, 58), (70, 76, 70))[variant]
        shoes = colour(costume.shoes) if costume and costume.shoes else (50, 42, 40)
        return Paints(
            skin=light.on(colour(self.figure.skin), 0.12),
            hair=light.on(colour(self.figure.hair_colour), 0.14),
            cloth=light.on(cloth, 0.14),
            under=light.on(mix(cloth, (236, 228, 214), 0.72), 0.14),
            legs=light.on(legs, 0.18),
            shoes=light.on(shoes, 0.18),
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


def head_pen(pen: Pen, actor: Actor) -> Pen:
    """Return a pen for the head of a figure, whose eyes are at the origin of another pen: it leans with the body."""
    skeleton = actor.sight.skeleton
    across, down = actor.sight.at(skeleton.neck)
    return pen.turned(math.degrees(math.atan2(-across, down))) if math.hypot(across, down) > _HEAD_ON else pen


_HEAD_ON: Final = 0.25
"""A neck that is shorter in the picture points at us."""


def draw_hair_behind(pen: Pen, actor: Actor) -> None:
    """Draw the hair that falls behind neck and shoulders."""
    paints = actor.colours(pen.light)
    if abs(actor.look) > _PROFILE:
        _profile_hair_behind(pen, actor, paints)
    else:
        _hair_behind(pen, actor, paints)


_PROFILE: Final = 0.85
"""A head that is turned further than this is drawn from the side."""


def draw_head(pen: Pen, actor: Actor) -> None:
    """Draw the head without eyes and mouth."""
    paints = actor.colours(pen.light)
    if abs(actor.look) > _PROFILE:
        _profile_head(pen, actor, paints)
        return
    turn, light = actor.look, pen.light
    skull = [
        (-0.385, -0.12), (-0.375, 0.08), (-0.30, 0.30), (-0.14 + 0.09 * turn, 0.46), (0.10 * turn, 0.51),
        (0.14 + 0.09 * turn, 0.46), (0.30, 0.30), (0.375, 0.08), (0.385, -0.12), (0.31, -0.38), (0.0, -0.50), (-0.31, -0.38),
        ]  # fmt: skip
    jaw, wide, chin = _skull(actor)
    skull = [(x * (jaw if y > 0.2 else wide), y * (chin if y > 0 else 1)) for x, y in skull]
    for side in (-1, 1):
        if side * turn < 0.35:
            ear = arc(side * 0.385 - 0.05 * turn, 0.04, 0.075, 0.13)
            pen.shape(ear, light.shaded(paints.skin, 0.18), 0.8)
    pen.shape(skull, paints.skin, 1.1, smooth=True, form=0.34)
    _beard(pen, actor, paints)
    _nose(pen, actor, paints)
    if is_old(actor.figure):
        _lines(pen, actor)
    _hair_front(pen, actor, paints)
    if actor.hat is not None:
        _hat(pen, actor, actor.hat)


def _skull(actor: Actor) -> tuple[float, float, float]:
    """Return factors of the width of the jaw, of the skull, and of the height below the eyes."""
    if is_child(actor.figure):
        return 0.97, 1.05, 0.86
    jaw, wide, chin = {Build.BROAD: (1.10, 1.04, 1.0), Build.SLIGHT: (0.90, 0.97, 0.96)}.get(actor.figure.build, (1.0, 1.0, 1.0))
    if actor.figure.pronoun == Pronoun.SHE:
        return jaw * 0.89, wide * 0.99, chin * 0.96
    if actor.figure.pronoun == Pronoun.HE:
        return jaw * 1.14, wide * 1.01, chin * 1.03
    return jaw, wide, chin


def _centre(actor: Actor) -> tuple[float, float]:
    return 0.14 * actor.look, 0.10 * actor.face_pitch + (0.035 if is_child(actor.figure) else 0.0)


def _beard(pen: Pen, actor: Actor, paints: Paints) -> None:
    turn, y = actor.look, _centre(actor)[1]
    x = _centre(actor)[0] * 0.8
    jaw, wide, chin = _skull(actor)
    grown = [(-0.375 * wide, 0.06), (-0.33 * jaw, 0.30), (-0.15 * jaw + 0.09 * turn, 0.49 * chin), (0.10 * turn, 0.56 * chin),
        (0.15 * jaw + 0.09 * turn, 0.49 * chin), (0.33 * jaw, 0.30), (0.375 * wide, 0.06), (0.27 + x * 0.4, 0.20),
        (x + 0.16, 0.25),
        (x, 0.235 + y), (x - 0.16, 0.25), (-0.27 + x * 0.4, 0.20)]  # fmt: skip
    hair = mix(paints.hair, paints.skin, 0.12)
    if actor.beard == _STUBBLE:
        pen.wash(curve(grown, closed=True), hair, 0.30)
    elif actor.beard == _MOUSTACHE:
        pen.shape([(x - 0.18, y + 0.315), (x - 0.07, y + 0.245), (x, y + 0.265), (x + 0.07, y + 0.245), (x + 0.18, y + 0.315),
            (x, y + 0.30)], hair, 0.7, smooth=True)  # fmt: skip
    elif actor.beard == _FULL_BEARD:
        pen.shape(grown, hair, 0.8, smooth=True, form=0.3)
        lip = mix(paints.skin, pen.light.on((150, 58, 56), 0.1), 0.25)
        pen.fill(arc(x + 0.03 * turn, y + 0.345, 0.12, 0.05), lip)


_STUBBLE: Final = 1
_MOUSTACHE: Final = 2
_FULL_BEARD: Final = 3


def _lines(pen: Pen, actor: Actor) -> None:
    """Draw the lines of an old face."""
    x, y = _centre(actor)
    for side in (-1, 1):
        pen.stroke([(x + side * 0.11, y + 0.19), (x + side * 0.18, y + 0.27), (x + side * 0.19, y + 0.36)], 0.6, smooth=True)
        pen.stroke([(x + side * 0.10, y + 0.11), (x + side * 0.19, y + 0.13), (x + side * 0.26, y + 0.09)], 0.5, smooth=True)
        pen.stroke([(x + side * 0.29, y - 0.02), (x + side * 0.34, y - 0.05)], 0.5)
    for level in (-0.22, -0.28):
        pen.stroke([(x - 0.13, y + level + 0.01), (x, y + level), (x + 0.13, y + level + 0.01)], 0.45, smooth=True)


def _hat(pen: Pen, actor: Actor, hat: Hat, *, profile: bool = False, behind: bool = False) -> None:
    """Draw a hat over the hair; ``behind``: from behind, without what is in front."""
    light = pen.light
    fill = light.on(colour(actor.costume.hat_fill if actor.costume else "#303030"), 0.12)
    dark = light.shaded(fill, 0.45)
    side = 1 if actor.look >= 0 else -1
    bill = 0.34 * actor.look if abs(actor.look) > 0.1 else 0.0
    if profile:
        bill = 0.30 * side
    match hat:
        case Hat.PEAKED:
            pen.shape([(-0.40, -0.22), (-0.56, -0.48), (-0.30, -0.70), (0.30, -0.70), (0.56, -0.48), (0.40, -0.22)], fill,
                smooth=True, form=0.35)  # fmt: skip
            pen.shape(box(-0.42, -0.36, 0.42, -0.22), dark, 0.8)
            if behind:
                return
            pen.fill(arc(0.3 * actor.look, -0.46, 0.07, 0.08), light.on((214, 178, 92), 0.1))
            pen.shape([(-0.38 + max(0, bill), -0.24), (0.38 + min(0, bill), -0.24), (0.36 + bill, -0.13), (bill, -0.08),
                (-0.36 + bill, -0.13)], mix(dark, light.ink, 0.5))  # fmt: skip
        case Hat.HELMET | Hat.STEEL:
            low = -0.20 if hat == Hat.HELMET else -0.10
            pen.shape([(-0.47, low), (-0.46, -0.42), (-0.26, -0.66), (0.0, -0.71), (0.26, -0.66), (0.46, -0.42), (0.47, low),
                (0.0, low - 0.07)], fill, 1.1, smooth=True, form=0.35)  # fmt: skip
            pen.shape([(-0.54 + min(0, bill) * 0.4, low), (-0.42, low - 0.08), (0.42, low - 0.08),
                (0.54 + max(0, bill) * 0.4, low), (0.0, low - 0.02)], dark, 0.9)  # fmt: skip
            if hat == Hat.HELMET:
                pen.stroke([(0.2 * actor.look, -0.70), (0.28 * actor.look, -0.32)], 1.4)
        case Hat.TOQUE:
            pen.shape([(-0.36, -0.40), (-0.52, -0.72), (-0.34, -0.98), (0.0, -1.05), (0.34, -0.98), (0.52, -0.72), (0.36, -0.40)],
                fill, smooth=True, form=0.3)  # fmt: skip
            pen.shape(box(-0.40, -0.52, 0.40, -0.26), fill, 0.9)
            for x in (-0.18, 0.02, 0.2):
                pen.stroke([(x, -0.58), (x * 1.3, -0.86)], 0.6)
        case Hat.NURSE:
            pen.shape([(-0.28, -0.40), (-0.24, -0.66), (0.24, -0.66), (0.28, -0.40), (0.0, -0.45)], fill, 0.9)
            if behind:
                return
            cross = light.on((196, 48, 44), 0.05)
            pen.fill(box(-0.025, -0.62, 0.025, -0.48), cross)
            pen.fill(box(-0.07, -0.575, 0.07, -0.525), cross)
        case _:
            assert_never(hat)


def _nose(pen: Pen, actor: Actor, paints: Paints) -> None:
    x, y = _centre(actor)
    lean = actor.look if abs(actor.look) > 0.1 else 0.3 * -pen.light.side
    tip = x + 0.10 * lean
    grown = 0.19 if actor.figure.pronoun == Pronoun.SHE else 0.21
    long = 0.13 if is_child(actor.figure) else grown
    pen.stroke([(x + 0.02 * lean, y + 0.02), (tip, y + long * 0.86), (tip - 0.02 * lean, y + long),
        (x - 0.02 * lean, y + long + 0.005)], 0.8, smooth=True)  # fmt: skip
    cheek = pen.light.shaded(mix(paints.skin, (196, 84, 70), 0.30), 0.05)
    for side in (-1, 1):
        pen.wash(arc(x + side * 0.20, y + 0.20, 0.075, 0.05), cheek, 0.4)


def _hair_behind(pen: Pen, actor: Actor, paints: Paints) -> None:
    back = pen.light.shaded(paints.hair, 0.28)
    turn = actor.look
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
    turn, light, hair = actor.look, pen.light, paints.hair
    drop = 0.05 * actor.face_pitch
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
            line = [(-0.36, 0.44), (-0.40, 0.80), (-0.47, 0.74), (-0.48, 0.42), (-0.46, 0.0), (-0.42, -0.34),
                (-0.22, -0.54), (0.05, -0.57), (0.30, -0.50), (0.44, -0.28),
                (0.46, 0.0),
                (0.48, 0.42), (0.47, 0.74), (0.40, 0.80), (0.36, 0.44), (0.36, 0.10),
                (0.33, -0.12), (parting + 0.10, -0.32), (parting, -0.40), (parting - 0.14, -0.26),
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


def _faced(points: list[tuple[float, float]], actor: Actor) -> list[tuple[float, float]]:
    side = 1 if actor.look >= 0 else -1
    return [(x * side, y) for x, y in points]


def _profile_hair_behind(pen: Pen, actor: Actor, paints: Paints) -> None:
    back = pen.light.shaded(paints.hair, 0.2)
    if actor.figure.hair == Hair.LONG:
        fall = [(-0.10, -0.50), (-0.40, -0.34), (-0.50, 0.10), (-0.52, 0.70), (-0.34, 1.0), (-0.08, 0.85), (0.02, 0.2)]
        pen.shape(_faced(fall, actor), back, smooth=True, form=0.3)
    elif actor.figure.hair == Hair.BUN:
        bun = [(-0.36, -0.40), (-0.60, -0.44), (-0.66, -0.22), (-0.46, -0.10), (-0.34, -0.18)]
        pen.shape(_faced(bun, actor), back, smooth=True)
    elif actor.figure.hair == Hair.CURLY:
        curls = ((0.16, -0.48), (-0.06, -0.54), (-0.28, -0.46), (-0.44, -0.28), (-0.50, -0.06), (-0.44, 0.16), (-0.28, 0.26))
        for x, y in _faced(list(curls), actor):
            pen.shape(arc(x, y, 0.17, 0.16), back, 0.9)


def _profile_head(pen: Pen, actor: Actor, paints: Paints) -> None:
    face = 1 if actor.look >= 0 else -1
    light = pen.light

    def turned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return _faced(points, actor)

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
    if actor.beard in (_STUBBLE, _FULL_BEARD):
        grown = [(-0.06, 0.10), (0.06, 0.16), (0.22, 0.20), (0.40, 0.25), (0.41, 0.40), (0.38, 0.53), (0.26, 0.56), (0.10, 0.48),
            (-0.06, 0.34)]  # fmt: skip
        if actor.beard == _STUBBLE:
            pen.wash(curve(turned(grown), closed=True), paints.hair, 0.3)
        else:
            pen.shape(turned(grown), mix(paints.hair, paints.skin, 0.12), 0.8, smooth=True)
    elif actor.beard == _MOUSTACHE:
        pen.shape(turned([(0.22, 0.30), (0.34, 0.25), (0.42, 0.27), (0.38, 0.31)]), paints.hair, 0.6, smooth=True)
    if actor.hat is not None:
        _hat(pen, actor, actor.hat, profile=True)
    elif actor.figure.hair == Hair.CAP:
        pen.shape(turned([(0.20, -0.24), (0.34, -0.26), (0.62, -0.12), (0.34, -0.14)]), light.shaded(paints.hair, 0.4))


def draw_face(pen: Pen, actor: Actor, face: Face) -> None:
    """Draw eyes, brows and mouth."""
    if abs(actor.look) > _PROFILE:
        _profile_face(pen, actor, face)
        return
    face = actor.held_face(face)
    crying = actor.pose.face == Mimic.CRYING
    x, y = _centre(actor)
    turn = actor.look
    child = is_child(actor.figure)
    brows = 0.9 if child else {Pronoun.SHE: 1.2, Pronoun.HE: 2.3}.get(actor.figure.pronoun or Pronoun.THEY, 1.7)
    for side in (-1, 1):
        far = side * turn > 0
        width = (0.088 if not child else 0.112) * (1 - (0.32 * abs(turn) if far else 0.0))
        _eye(pen, actor, (x + side * 0.165 * (1 - (0.22 * abs(turn) if far else 0.0)), y + 0.01), width, face)
        brow_y = y - 0.125
        centre = x + side * 0.17 * (1 - (0.22 * abs(turn) if far else 0.0))
        if crying:
            brow_y += 0.012
        outer = brow_y + (-0.03 if crying else 0.015)
        pen.stroke([(centre - side * width * 1.15, outer), (centre + side * width * 0.2, brow_y - 0.025),
            (centre + side * width * 1.35, brow_y + 0.02)], brows, smooth=True,
            paint=mix(actor.colours(pen.light).hair, pen.light.ink, 0.6))  # fmt: skip
    mouth = (x + 0.03 * turn, y + 0.335 - 0.02 * actor.face_pitch)
    if actor.pose.face == Mimic.LAUGHING:
        _laughing_mouth(pen, actor, mouth)
    elif actor.pose.face == Mimic.SMILING and face.mouth == Mouth.CLOSED:
        _smiling_mouth(pen, actor, mouth)
    else:
        _mouth(pen, actor, mouth, face.mouth)
    if actor.wears_glasses:
        for side in (-1, 1):
            far = side * turn > 0
            centre = x + side * 0.175 * (1 - (0.22 * abs(turn) if far else 0.0))
            pen.stroke(arc(centre, y + 0.015, 0.125 * (1 - (0.3 * abs(turn) if far else 0.0)), 0.105), 1.1, closed=True)
        pen.stroke([(x - 0.05, y), (x, y - 0.02), (x + 0.05, y)], 1.0, smooth=True)
        pen.stroke([(x - 0.30, y), (-0.39, y - 0.02)], 0.9)
        pen.stroke([(x + 0.30, y), (0.39, y - 0.02)], 0.9)
    if crying:
        tear = pen.light.on((196, 222, 236), 0.05)
        for side in (-1, 1):
            pen.shape(arc(x + side * 0.17, y + 0.16, 0.028, 0.05), tear, 0.5)


def _eye(pen: Pen, actor: Actor, at: tuple[float, float], width: float, face: Face) -> None:
    x, y = at
    lid = [
        (x - width, y + 0.008),
        (x - width * 0.35, y - width * 0.55),
        (x + width * 0.45, y - width * 0.52),
        (x + width, y + 0.004),
    ]
    if not face.eyes_open:
        # Eyes that laugh are bows upwards.
        bend = -0.5 if actor.pose.face == Mimic.LAUGHING else 0.42
        pen.stroke([(x - width, y), (x, y + width * bend), (x + width, y)], 1.3, smooth=True)
        return
    white = [*lid, (x + width * 0.4, y + width * 0.46), (x - width * 0.4, y + width * 0.46)]
    pen.fill(curve(white, closed=True), pen.light.on((240, 236, 228), 0.12))
    iris = 0.064 if is_child(actor.figure) else 0.052
    gaze = x + 0.34 * width * actor.look
    shades = ((74, 54, 40), (62, 84, 96), (76, 88, 58))
    tone = pen.light.on(shades[stable_hash(actor.figure.key, "eyes") % 3], 0.1)
    pen.fill(arc(gaze, y - 0.004, iris, iris * 1.08), mix(tone, pen.light.ink, 0.35))
    pen.fill(arc(gaze, y + 0.006, iris * 0.74, iris * 0.74), tone)
    pen.fill(arc(gaze, y, iris * 0.46, iris * 0.46), pen.light.ink)
    pen.fill(arc(gaze + 0.016 * pen.light.side, y - 0.02, 0.012, 0.012), (250, 248, 240))
    she = actor.figure.pronoun == Pronoun.SHE
    pen.stroke(lid, 2.0 if she else 1.5, smooth=True)
    if she:
        side = 1 if x > _centre(actor)[0] else -1
        for reach in (0.0, 0.35):
            root, low = x + side * width * (1 - reach), y - width * 0.5 * (reach + 0.1)
            pen.stroke([(root, low), (root + side * 0.05, low - 0.035)], 0.9)
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
    wide = width * (1 - 0.18 * abs(actor.look))
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


def _laughing_mouth(pen: Pen, actor: Actor, at: tuple[float, float]) -> None:
    """Draw a mouth that is open wide, with its corners up."""
    x, y = at
    lip = mix(actor.colours(pen.light).skin, pen.light.on((150, 58, 56), 0.1), 0.55)
    wide = 0.175 * (1 - 0.18 * abs(actor.look))

    def bow(reach: float, top: float, bottom: float) -> Points:
        return curve(
            [(x - reach, y - 0.045), (x, y + top), (x + reach, y - 0.045), (x + reach * 0.6, y + bottom * 0.75),
             (x, y + bottom), (x - reach * 0.6, y + bottom * 0.75)], closed=True,
        )  # fmt: skip

    pen.fill(bow(wide * 1.1, -0.03, 0.135), lip)
    pen.shape(bow(wide, -0.008, 0.11), mix(pen.light.ink, (92, 26, 28), 0.35), 0.8)
    pen.fill(bow(wide * 0.84, -0.004, 0.032), (236, 230, 220))
    for side in (-1, 1):
        pen.stroke([(x + side * wide * 1.12, y - 0.075), (x + side * wide * 1.2, y - 0.03)], 0.7)


def _smiling_mouth(pen: Pen, actor: Actor, at: tuple[float, float]) -> None:
    x, y = at
    lip = mix(actor.colours(pen.light).skin, pen.light.on((150, 58, 56), 0.1), 0.55)
    wide = 0.165 * (1 - 0.18 * abs(actor.look))
    pen.fill(curve([(x - wide * 0.8, y - 0.03), (x, y), (x + wide * 0.8, y - 0.03), (x, y + 0.065)], closed=True), lip)
    pen.stroke([(x - wide, y - 0.045), (x - wide * 0.5, y + 0.008), (x, y + 0.024), (x + wide * 0.5, y + 0.008),
        (x + wide, y - 0.045)], 1.4, smooth=True)  # fmt: skip
    for side in (-1, 1):
        pen.stroke([(x + side * wide * 1.02, y - 0.07), (x + side * wide * 1.14, y - 0.03)], 0.7)


def _profile_face(pen: Pen, actor: Actor, face: Face) -> None:
    face = actor.held_face(face)
    side = 1 if actor.look >= 0 else -1
    y = 0.06 * actor.face_pitch
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
    if actor.wears_glasses:
        pen.stroke(arc(0.26 * side, 0.0 + y, 0.085, 0.10), 1.0, closed=True)
        pen.stroke([(0.18 * side, -0.02 + y), (-0.06 * side, -0.02 + y)], 0.9)
    if face.mouth == Mouth.CLOSED:
        pen.stroke([(0.375 * side, 0.332), (0.30 * side, 0.335), (0.25 * side, 0.345)], 1.1, smooth=True)
        return
    drop = 0.04 if face.mouth == Mouth.SMALL else 0.09
    hole = [(0.40 * side, 0.31), (0.25 * side, 0.335), (0.37 * side, 0.33 + drop)]
    pen.shape(hole, mix(pen.light.ink, (92, 26, 28), 0.35), 0.7)


def draw_back(pen: Pen, actor: Actor) -> None:
    """Draw head and shoulders from behind, out of the light: the foreground of a shot over the shoulder."""
    light, paints, body = pen.light, actor.colours(pen.light), actor.body
    cloth = mix(light.shaded(paints.cloth, 0.30), light.ink, 0.12)
    skin = mix(light.shaded(paints.skin, 0.30), light.ink, 0.08)
    wide = body.shoulder * 1.08
    pen.shape([(-body.neck * 1.1, 0.2), (body.neck * 1.1, 0.2), (body.neck * 1.3, 0.95), (-body.neck * 1.3, 0.95)], skin)
    coat = [(-body.neck * 1.4, 0.66), (-wide * 0.62, 0.80), (-wide, 1.12), (-wide * 1.08, 2.2), (-wide * 1.1, 5), (wide * 1.1, 5),
        (wide * 1.08, 2.2), (wide, 1.12), (wide * 0.62, 0.80), (body.neck * 1.4, 0.66)]  # fmt: skip
    pen.shape(coat, cloth, 1.3, smooth=True, form=0.4)
    pen.shade(curve(coat, closed=True), 0.5, shift=(-light.side * 0.05, 0.04), paint=mix(light.light, cloth, 0.35))
    collar = limb([(-body.neck * 1.5, 0.80), (0, 0.70), (body.neck * 1.5, 0.80)], [0.09, 0.11, 0.09])
    pen.shape(collar, light.shaded(cloth, 0.25), 0.9)
    for side in (-1, 1):
        pen.stroke([(side * wide * 0.66, 1.3), (side * wide * 0.74, 2.0), (side * wide * 0.72, 3.0)], 1.0, smooth=True)
    pen.stroke([(0.0, 0.95), (0.02, 3.0)], 0.7)
    for side in (-1, 1):
        pen.shape(arc(side * 0.39, 0.04, 0.06, 0.12), skin, 0.8)
    _back_of_head(pen, actor, paints, skin)


def _back_of_head(pen: Pen, actor: Actor, paints: Paints, skin: Colour) -> None:
    light, cut = pen.light, actor.figure.hair
    hair = mix(light.shaded(paints.hair, 0.18), light.ink, 0.06)
    shine = mix(hair, light.light, 0.35)
    nape = 0.46 if actor.figure.pronoun == Pronoun.SHE else 0.36
    skull = [(-0.40, -0.05), (-0.36, 0.22), (-0.22, 0.42), (0.22, 0.42), (0.36, 0.22), (0.40, -0.05), (0.34, -0.38), (0, -0.53),
        (-0.34, -0.38)]  # fmt: skip
    pen.shape(skull, skin, 1.3, smooth=True, form=0.3)
    cap = [(-0.42, -0.02), (-0.38, 0.16), (-0.22, nape - 0.06), (0, nape), (0.22, nape - 0.06), (0.38, 0.16), (0.42, -0.02),
        (0.37, -0.40), (0, -0.57), (-0.37, -0.40)]  # fmt: skip
    match cut:
        case Hair.BALD:
            fringe = [
                (-0.41, 0.0),
                (-0.38, 0.20),
                (-0.20, 0.36),
                (0.20, 0.36),
                (0.38, 0.20),
                (0.41, 0.0),
                (0.24, 0.12),
                (-0.24, 0.12),
            ]
            pen.shape(fringe, hair, 1.0, smooth=True)
            cap = skull
        case Hair.LONG:
            cap = [(x * 1.18, y if y < 0.1 else y + 0.62) for x, y in cap]
            pen.shape(cap, hair, 1.3, smooth=True, form=0.35)
        case Hair.CURLY:
            cap = [(x * 1.24, y * 1.12) for x, y in cap]
            for angle in range(0, 360, 30):
                a = math.radians(angle)
                pen.shape(arc(0.44 * math.cos(a), -0.06 + 0.46 * math.sin(a), 0.15, 0.14), hair, 1.0)
            pen.fill(arc(0, -0.06, 0.46, 0.48), hair)
            for x, y in ((-0.22, -0.25), (0.12, -0.33), (0.26, -0.02), (-0.08, 0.02), (-0.26, 0.18), (0.14, 0.24)):
                pen.stroke([(x - 0.08, y + 0.03), (x, y - 0.05), (x + 0.08, y + 0.03)], 0.8, smooth=True, paint=shine)
        case Hair.SHORT | Hair.BUN | Hair.CAP:
            pen.shape(cap, hair, 1.3, smooth=True, form=0.35)
        case _:
            assert_never(cut)
    pen.shade(curve(cap, closed=True), 0.5, shift=(-light.side * 0.035, 0.03), paint=mix(light.light, hair, 0.4))
    if cut in (Hair.SHORT, Hair.LONG, Hair.BUN):
        low = 0.85 if cut == Hair.LONG else 0.26
        for x in (-0.24, -0.10, 0.05, 0.19):
            pen.stroke([(x * 0.5, -0.50), (x * 1.15, -0.15), (x * 1.1, low)], 0.7, smooth=True, paint=mix(hair, light.ink, 0.45))
        pen.stroke(
            [(light.side * 0.10, -0.48), (light.side * 0.24, -0.36), (light.side * 0.30, -0.12)], 1.3, smooth=True, paint=shine
        )
    if cut == Hair.BUN:
        pen.shape(arc(0.04, -0.24, 0.22, 0.20), light.shaded(hair, 0.15), 1.1, form=0.4)
    elif cut == Hair.CAP:
        band = mix(hair, light.ink, 0.35)
        pen.shape(box(-0.41, 0.0, 0.41, 0.10), band, 1.0)
        pen.shape(arc(0, 0.05, 0.10, 0.10), skin, 0.8)
    if actor.hat is not None:
        _hat(pen, actor, actor.hat, behind=True)
