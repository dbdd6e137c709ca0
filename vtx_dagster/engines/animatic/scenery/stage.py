"""What scenery is painted with: pens for two planes, the light, the colours of a file, and the chance of the place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.engines.animatic.brush import Pen, Points
from vtx_dagster.engines.animatic.chance import generator
from vtx_dagster.engines.animatic.palette import Colour, Light, colour, mix

REACH: Final = 3.2
"""How far sets run to each side."""

CEILING: Final = -1.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a backdrop is painted with: pens for the far sheet and for the middle distance, in set units."""

    far: Pen
    mid: Pen
    light: Light
    time: TimeOfDay
    interior: bool
    chance: np.random.Generator


class Plane(StrEnum):
    """The sheet that something is painted on."""

    FAR = "far"
    MID = "mid"


class ColourName(str):
    """A name of a file's colours, a hex colour, or one of the light's own."""

    __slots__ = ()


Paint = Annotated[str, Field(pattern=r"^(#[0-9a-fA-F]{6}!?|[a-z][a-z0-9_]*)$"), AfterValidator(ColourName)]
Point = tuple[float, float]
Share = Annotated[float, Field(ge=0, le=1)]

LIGHT_COLOURS: Final[frozenset[str]] = frozenset(("light", "shadow", "sky", "horizon", "accent", "ink", "glass", "lamp"))
"""Colours that files need not define. ``glass`` is lit from within when lamps burn, ``lamp`` shines then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Easel:
    """Where an item is painted: a stage moved to the place of the item.

    Attributes:
        far: Pen for the far plane, at the item's origin.
        mid: The same for the middle distance.
        light: The light of the scene.
        time: Of day.
        interior: Whether the scene is inside.
        colours: The file's colours as the light shows them.
        place: Seed of everything that differs from place to place.
        path: Where in the files the item stands; with ``place`` the seed of its chance.
        flip: -1 where left and right are exchanged, else 1.
        plane: On which items are painted that do not say it.
    """

    far: Pen
    mid: Pen
    light: Light
    time: TimeOfDay
    interior: bool
    colours: Mapping[str, Colour]
    place: int
    path: tuple[str | int, ...]
    flip: int = 1
    plane: Plane = Plane.FAR

    def pen(self, plane: Plane | None = None) -> Pen:
        """Return the pen of a plane."""
        return self.mid if (plane or self.plane) == Plane.MID else self.far

    def at(self, x: float, y: float, size: float = 1.0) -> "Easel":
        """Return the easel with its origin at (x, y) and its unit ``size`` times as long."""
        x *= self.flip
        return replace(self, far=self.far.at(x, y, size), mid=self.mid.at(x, y, size))

    def turned(self, degrees: float) -> "Easel":
        """Return the easel turned clockwise about its origin."""
        return replace(self, far=self.far.turned(degrees), mid=self.mid.turned(degrees)) if degrees else self

    def under(self, *steps: str | int) -> "Easel":
        """Return the easel of something further down in the files."""
        return replace(self, path=(*self.path, *steps))

    def chance(self, *keys: str | int) -> np.random.Generator:
        """Return numbers that are the same in the same place for the same item."""
        return generator(self.place, *self.path, *keys)

    def points(self, points: Points) -> np.ndarray:
        """Return points as they lie after a mirroring."""
        return np.asarray(points, dtype=float) * (self.flip, 1.0)

    def colour(self, name: str) -> Colour:
        """Return a colour as the light shows it; what shines by itself (``#rrggbb!``) is not changed by it."""
        light = self.light
        match name:
            case "light" | "shadow" | "sky" | "horizon" | "accent" | "ink":
                return getattr(light, name)
            case "glass" if light.lamps:
                return mix(light.accent, (255, 240, 205), 0.42)
            case "glass":
                return light.shaded(light.on((122, 146, 156)), 0.32)
            case "lamp":
                return (255, 244, 214) if light.lamps else light.on((226, 220, 200))
            case _ if name.endswith("!"):
                return colour(name)
            case _:
                return light.on(colour(name)) if name.startswith("#") else self.colours[name]


class Model(BaseModel):
    """What is read from a file: nothing but what is described here, and nothing changes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class When(StrEnum):
    """A condition on the light or the place of the camera."""

    LAMPS = "lamps"
    NO_LAMPS = "no_lamps"
    NIGHT = "night"
    DAY = "day"
    INSIDE = "inside"
    OUTSIDE = "outside"

    def holds(self, easel: Easel) -> bool:
        """Say whether it is so."""
        night = easel.time == TimeOfDay.NIGHT
        facts = {
            When.LAMPS: easel.light.lamps,
            When.NO_LAMPS: not easel.light.lamps,
            When.NIGHT: night,
            When.DAY: not night,
            When.INSIDE: easel.interior,
            When.OUTSIDE: not easel.interior,
        }
        return facts[self]


class Row(Model):
    """One after another along x (or down along y), from and to in set units."""

    start: float = Field(alias="from")
    to: float
    step: float = Field(gt=0.005)
    down: bool = False

    def spots(self, _chance: np.random.Generator) -> Iterator[tuple[float, float, float]]:
        """Yield x, y and size of each."""
        for at in np.arange(self.start, self.to + self.step * 0.001, self.step).tolist():
            yield (0.0, at, 1.0) if self.down else (at, 0.0, 1.0)


class Scatter(Model):
    """As many as ``count``, anywhere between two x, two y and two sizes; the farther ones (with smaller y) first."""

    count: int = Field(ge=1, le=400)
    x: Point
    y: Point = (0.0, 0.0)
    size: Point = (1.0, 1.0)

    def spots(self, _chance: np.random.Generator) -> Iterator[tuple[float, float, float]]:
        """Yield x, y and size of each."""
        low, high = zip(self.x, self.y, self.size, strict=True)
        yield from sorted(_chance.uniform(low, high, (self.count, 3)).tolist(), key=lambda spot: spot[1])


class Depth(Model):
    """In even steps from far to near, each given as x, y and size: pews, seats, an avenue."""

    count: int = Field(ge=2, le=60)
    far: tuple[float, float, float]
    near: tuple[float, float, float]

    def spots(self, _chance: np.random.Generator) -> Iterator[tuple[float, float, float]]:
        """Yield x, y and size of each."""
        first, last = np.array(self.far), np.array(self.near)
        for away in np.linspace(1 / first[2], 1 / last[2], self.count).tolist():
            x, y, size = (first + (last - first) * (1 / away - first[2]) / (last[2] - first[2])).tolist()
            yield x, y, size


class Item(Model):
    """What every entry of ``paint`` may say.

    Attributes:
        plane: The sheet; without it the one of what the item belongs to.
        when: What must be so for it to be there; several must all be so.
        chance: In how many of the places it is there, 0 to 1.
        mirror: Exchanges left and right: ``light`` where light comes from the left (inside the same at all times of day; outside
            only what light does may turn with it), ``place`` in half of the places, ``always`` (props and groups then turn
            round where they stand), ``never`` undoes the one of what they belong to (for writing).
        repeat: Paints it more than once.
    """

    plane: Plane | None = None
    when: When | tuple[When, ...] = ()
    chance: Share = 1.0
    mirror: Literal["light", "place", "always", "never"] | None = None
    repeat: Row | Scatter | Depth | None = None

    def is_there(self, easel: Easel) -> bool:
        """Say whether it is to be painted in this place and light."""
        conditions = (self.when,) if isinstance(self.when, When) else self.when
        return all(each.holds(easel) for each in conditions) and (
            self.chance == 1 or easel.chance("chance").random() < self.chance
        )

    def easels(self, easel: Easel) -> Iterator[Easel]:
        """Yield the easel of each time that it is painted."""
        easel = mirrored(replace(easel, plane=self.plane or easel.plane), self.mirror)
        if self.repeat is None:
            yield easel
            return
        for number, (x, y, size) in enumerate(self.repeat.spots(easel.chance("repeat"))):
            yield easel.at(x, y, size).under(number)


def mirrored(easel: Easel, mirror: str | None) -> Easel:
    """Return an easel with left and right exchanged, if they are to be."""
    match mirror:
        case "light":
            flip = easel.light.side
        case "place":
            flip = 1 if easel.chance("mirror").random() < 0.5 else -1
        case "always":
            flip = -1
        case "never":
            flip = easel.flip
        case _:
            flip = 1
    return replace(easel, flip=easel.flip * flip)
