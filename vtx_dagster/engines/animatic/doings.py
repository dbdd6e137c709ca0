"""What people do: poses by their joints and the words that tell of them. All of it is data, in ``doings.yaml``.

A posture is a whole body: sitting, running. A gesture is what arms and head do over a posture: drinking, reading. A pose is the
two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from vtx_dagster.core.document import HexColour, Key, Part
from vtx_dagster.core.errors import InvalidFileError

Point = tuple[float, float, float]
"""Forward, up and out, in heads."""

_Model = TypeVar("_Model", bound=BaseModel)

PACKAGE: Final = "vtx_dagster.engines.animatic"


class Kind(StrEnum):
    """What of a body a doing moves."""

    POSTURE = "posture"
    GESTURE = "gesture"


class Sides(Part):
    """A value for each side of the body; ``both`` holds for the side that is not given."""

    both: Point | None = None
    near: Point | None = None
    far: Point | None = None

    @model_validator(mode="after")
    def _any_side(self) -> "Sides":
        if self.both is None and self.near is None and self.far is None:
            raise ValueError("give both, or near and far")
        return self

    def of(self, *, near: bool) -> Point | None:
        """Return the value of one side, if it has one."""
        own = self.near if near else self.far
        return own or self.both


class Head(Part):
    """How the head is held."""

    turn: float = Field(default=0.0, ge=-1, le=1, description="Further to where the figure faces; negative: to the camera.")
    nod: float = Field(default=0.0, ge=-60, le=90, description="Degrees downwards.")


class Mimic(StrEnum):
    """A face that a doing keeps."""

    ASLEEP = "asleep"
    SHOUTING = "shouting"
    CRYING = "crying"
    LAUGHING = "laughing"
    SMILING = "smiling"


class Doing(Part):
    """One thing that people do."""

    kind: Kind
    words: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="By language.")
    unless: tuple[str, ...] = Field(default=(), description="Phrases with those words that mean something else.")
    brief: bool = Field(default=False, description="It is over when something with a posture of its own is told.")
    weak: bool = Field(default=False, description="It gives way to what was told before.")
    faint: bool = Field(default=False, description="It gives way to anything else.")
    with_partner: Key | None = Field(default=None, description="What two people do together in its place.")
    together: bool = Field(default=False, description="It takes two.")
    apart: float | None = Field(default=None, gt=0, description="How far from each other two who do it stand, in heads.")
    turn: float = Field(default=0.0, ge=0, le=1, description="How far the body is turned to the side at least.")
    posture: Key | None = Field(default=None, description="Of a gesture: what the body does if nothing is told of it.")
    instead: Key | None = Field(default=None, description="Of a gesture: its posture indoors where there is no bed.")
    on_foot: bool = Field(default=False, description="Of a gesture: nobody does it like this in a car.")
    hip: tuple[float, float] = Field(default=(0.0, 4.0), description="Forward, and up from the ground.")
    lean: float = Field(default=0.0, ge=-100, le=100, description="Of the torso, forward, in degrees; -90 lies on the back.")
    feet: Sides | None = None
    knees: Sides | None = None
    hands: Sides | None = None
    elbows: Sides | None = None
    head: Head = Head()
    holds: dict[str, Key] = Field(default_factory=dict, description="``near`` or ``far``: a thing of ``held``.")
    things: tuple[Key, ...] = Field(default=(), description="Furniture that the pose needs, wherever it is.")
    inside: tuple[Key, ...] = Field(default=(), description="Furniture that it needs indoors.")
    outside: tuple[Key, ...] = Field(default=(), description="Furniture that it needs in the open.")
    face: Mimic | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Doing":
        if self.kind == Kind.POSTURE:
            for name, sides in (("feet", self.feet), ("hands", self.hands)):
                if sides is None or sides.of(near=True) is None or sides.of(near=False) is None:
                    raise ValueError(f"a posture needs {name}: both, or near and far")
        if not set(self.holds) <= {"near", "far"}:
            raise ValueError("holds: only near and far")
        return self


class Block(Part):
    """A box of a piece of furniture. Two corners: forward, up, out; in heads, from below the figure's hip."""

    low: Point
    high: Point
    fill: HexColour


class Furniture(Part):
    """Something to sit at, to lie on or to work with."""

    lifts: float = Field(default=0.0, description="How high it holds whoever is on it.")
    shares: bool = Field(default=False, description="Two who face each other may have it between them.")
    fits: bool = Field(default=True, description="A child's is smaller.")
    blocks: tuple[Block, ...] = Field(min_length=1)


class HeldShape(Part):
    """A part of something that is held: one of the three. From the hand, x where the figure faces, y down; in heads."""

    poly: tuple[tuple[float, float], ...] = ()
    ellipse: tuple[float, float, float, float] | None = None
    line: tuple[tuple[float, float], ...] = ()
    fill: str = Field(default="#202020", pattern="^(#[0-9a-fA-F]{6}|skin|ink)$")
    ink: float = 0.8

    @model_validator(mode="after")
    def _one_shape(self) -> "HeldShape":
        if sum((len(self.poly) > 2, self.ellipse is not None, len(self.line) > 1)) != 1:
            raise ValueError("give exactly one of poly (3 points or more), ellipse and line (2 or more)")
        return self


class Held(Part):
    """Something in a hand."""

    along: bool = Field(default=False, description="It turns with the forearm; otherwise it stays upright.")
    paint: tuple[HeldShape, ...] = Field(min_length=1)


class Doings(Part):
    """``doings.yaml``."""

    stand: Key = Field(description="The posture of somebody of whom nothing is told.")
    neutral: tuple[Key, ...] = Field(min_length=1, description="Gestures of somebody of whom nothing is told.")
    speaking: tuple[Key, ...] = Field(min_length=1, description="Gestures of somebody who speaks and does nothing else.")
    bed: frozenset[str] = Field(default=frozenset(), description="Words by which whoever lies lies on a bed.")
    ground: frozenset[str] = Field(default=frozenset(), description="Words by which whoever lies lies on the ground.")
    doings: dict[Key, Doing]
    furniture: dict[Key, Furniture] = Field(default_factory=dict)
    held: dict[Key, Held] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> "Doings":
        for name, doing in self.doings.items():
            named = {
                "posture": ((doing.posture,), self.postures),
                "instead": ((doing.instead,), self.postures),
                "with_partner": ((doing.with_partner,), self.doings),
                "holds": (tuple(doing.holds.values()), self.held),
                "things": (doing.things, self.furniture),
                "inside": (doing.inside, self.furniture),
                "outside": (doing.outside, self.furniture),
            }
            for field, (keys, known) in named.items():
                for key in keys:
                    if key is not None and key not in known:
                        raise ValueError(f"doings.{name}.{field}: there is no {key}")
        for field, keys, known in (
            ("stand", (self.stand,), self.postures),
            ("neutral", self.neutral, self.gestures),
            ("speaking", self.speaking, self.gestures),
        ):
            for key in keys:
                if key not in known:
                    raise ValueError(f"{field}: there is no {key}")
        return self

    @property
    def postures(self) -> Mapping[str, Doing]:
        """The doings of whole bodies."""
        return {name: doing for name, doing in self.doings.items() if doing.kind == Kind.POSTURE}

    @property
    def gestures(self) -> Mapping[str, Doing]:
        """The doings of arms and head."""
        return {name: doing for name, doing in self.doings.items() if doing.kind == Kind.GESTURE}


def parsed(text: str, model: type[_Model], name: str) -> _Model:
    """Return the content of a data file. Plain words are text there, *no*, *on* and *y* among them.

    Raises:
        InvalidFileError: If it is not YAML or not what the model says; the message names file and field.
    """
    try:
        content = yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506 - it makes nothing but text
        return model.model_validate(content)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = 1 if mark is None else mark.line + 1
        raise InvalidFileError(f"{name}:{line}: not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InvalidFileError(f"{name}: {field}: {first['msg']}") from error


def packaged(name: str, model: type[_Model]) -> _Model:
    """Return the content of a data file of this package.

    Raises:
        InvalidFileError: As ``parsed``.
    """
    return parsed((files(PACKAGE) / name).read_text(encoding="utf-8"), model, name)


@cache
def all_doings() -> Doings:
    """Return what ``doings.yaml`` says.

    Raises:
        InvalidFileError: If the file was edited and is not valid any more.
    """
    return packaged("doings.yaml", Doings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """A posture and a gesture as one body: joints for a standing height of four heads below the hip.

    Attributes:
        posture: The whole body.
        gesture: What arms and head do over it, if anything.
        inside: Whether it is indoors: there are beds.
    """

    posture: Doing
    gesture: Doing | None = None
    inside: bool = True

    @property
    def _top(self) -> Doing:
        return self.posture if self.gesture is None else self.gesture

    def foot(self, *, near: bool) -> Point:
        """Return where the sole of a foot is: from below the hip's zero, up from the ground, outwards."""
        return _side(self.posture.feet, near=near) or _NOWHERE

    def knee(self, *, near: bool) -> Point:
        """Return to where a knee bends."""
        return _side(self.posture.knees, near=near) or _KNEE

    def hand(self, *, near: bool) -> Point:
        """Return where a wrist is, from between the shoulders, in the torso's own directions."""
        return _side(self._top.hands, near=near) or _side(self.posture.hands, near=near) or _NOWHERE

    def elbow(self, *, near: bool) -> Point:
        """Return to where an elbow bends."""
        own = self._top if _side(self._top.hands, near=near) else self.posture
        return _side(own.elbows, near=near) or _ELBOW

    def held(self, *, near: bool) -> Held | None:
        """Return what a hand holds."""
        name = self._top.holds.get("near" if near else "far")
        return all_doings().held[name] if name else None

    @property
    def lean(self) -> float:
        """Of the torso, forward, in degrees."""
        own = self.posture.lean
        more = self.gesture.lean if self.gesture else 0.0
        return own if abs(own) > _LYING else own + more

    @property
    def lies(self) -> bool:
        """Whether the torso lies, rather than being upright."""
        return abs(self.posture.lean) > _LYING

    @property
    def nod(self) -> float:
        """How far the head looks down, in degrees."""
        return self._top.head.nod

    @property
    def head_turn(self) -> float:
        """How much further than the body the head is turned to the side."""
        return (self._top if self._top.head.turn else self.posture).head.turn

    @property
    def turn(self) -> float:
        """How far the body is turned to the side at least."""
        return max(self.posture.turn, self._top.turn)

    @property
    def furniture(self) -> tuple[Furniture, ...]:
        """What stands around the figure, or under it."""
        names = [*self.posture.things, *(self.posture.inside if self.inside else self.posture.outside)]
        own = self.gesture.posture if self.gesture else None
        if self.gesture and own and all_doings().doings[own] is self.posture:
            names += self.gesture.things
        return tuple(all_doings().furniture[name] for name in dict.fromkeys(names))

    @property
    def lift(self) -> float:
        """How high the furniture holds the figure."""
        return max((piece.lifts for piece in self.furniture), default=0.0)

    @property
    def face(self) -> Mimic | None:
        """The face that the figure keeps."""
        return self._top.face or self.posture.face


def _side(sides: Sides | None, *, near: bool) -> Point | None:
    return sides.of(near=near) if sides else None


_NOWHERE: Final = (0.0, 0.0, 0.0)
_KNEE: Final = (1.0, 0.25, 0.12)
_ELBOW: Final = (-0.6, -0.8, 0.45)
_LYING: Final = 60.0


def pose_of(posture: str, gesture: str = "", *, inside: bool = True) -> Pose:
    """Return a pose by the names of its doings.

    Raises:
        KeyError: If there is none of that name.
    """
    known = all_doings()
    return Pose(
        posture=known.doings[posture],
        gesture=known.doings[gesture] if gesture else None,
        inside=inside,
    )
