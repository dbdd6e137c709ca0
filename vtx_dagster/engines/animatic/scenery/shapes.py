"""Shapes: what data can say well. Each is named by its own field: ``box: [left, top, right, bottom]``."""

from abc import abstractmethod
from typing import Annotated

import numpy as np
from pydantic import Field

from vtx_dagster.engines.animatic.brush import Pen, Points, arc, box, curve
from vtx_dagster.engines.animatic.figures import limb
from vtx_dagster.engines.animatic.palette import Colour, mix
from vtx_dagster.engines.animatic.scenery.stage import Easel, Item, Paint, Plane, Point, Share


def tinted(easel: Easel, fill: str, tint: tuple[str, float] | None, shade: float) -> Colour:
    """Return a colour, mixed with another and laid in shade."""
    found = easel.colour(fill)
    if tint is not None:
        found = mix(found, easel.colour(tint[0]), tint[1])
    return easel.light.shaded(found, shade) if shade else found


class Shape(Item):
    """What all shapes may say.

    Attributes:
        fill: Colour; without it nothing but the outline is drawn.
        shade: How far in shade, 0 to 1.
        tint: Another colour and its share.
        strength: Below 1 the colour is a thin wash over what is there.
        ink: Weight of the outline; 0 draws none.
        form: Shading on the side away from the light, 0 to 1.
        hatch: Strength of ruled lines across it.
    """

    fill: Paint | None = None
    shade: Share = 0.0
    tint: tuple[Paint, Share] | None = None
    strength: Share = 1.0
    ink: float = Field(default=0.8, ge=0, le=8)
    form: Share = 0.0
    hatch: Share = 0.0

    @abstractmethod
    def outline(self, easel: Easel) -> Points:
        """Return the points of the outline."""
        ...

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        pen, outline = easel.pen(), self.outline(easel)
        if self.fill is not None:
            self._fill(easel, pen, outline)
        if self.form:
            wide = float(np.ptp(np.asarray(outline)[:, 0]))
            pen.shade(outline, self.form, shift=(easel.light.side * wide * 0.18, -wide * 0.05))
        if self.hatch:
            pen.hatch(outline, strength=self.hatch, slope=0.8)
        if self.ink:
            pen.stroke(outline, self.ink, closed=True)

    def _fill(self, easel: Easel, pen: Pen, outline: Points) -> None:
        found = tinted(easel, self.fill or "ink", self.tint, self.shade)
        if self.strength < 1:
            pen.wash(outline, found, self.strength)
        else:
            pen.fill(outline, found)


class Box(Shape):
    """A rectangle; ``to`` lets its colour run to another one at its foot."""

    box: tuple[float, float, float, float]
    to: Paint | None = None

    def outline(self, easel: Easel) -> Points:
        """Return the corners."""
        return easel.points(box(*self.box))

    def _fill(self, easel: Easel, pen: Pen, outline: Points) -> None:
        super()._fill(easel, pen, outline)
        if self.to is not None:
            upper, lower = tinted(easel, self.fill or self.to, self.tint, self.shade), easel.colour(self.to)
            left, top, right, bottom = self.box
            rows = 12
            for row in range(rows):
                y = top + (bottom - top) * row / rows
                pen.fill(easel.points(box(left, y, right, bottom)), mix(upper, lower, row / (rows - 1)))


class Poly(Shape):
    """A polygon."""

    poly: Annotated[tuple[Point, ...], Field(min_length=3)]

    def outline(self, easel: Easel) -> Points:
        """Return the corners."""
        return easel.points(self.poly)


class Curve(Shape):
    """A closed, smooth outline through points."""

    curve: Annotated[tuple[Point, ...], Field(min_length=3)]

    def outline(self, easel: Easel) -> Points:
        """Return points along it."""
        return curve(easel.points(self.curve), closed=True)


class Ellipse(Shape):
    """An ellipse: x, y of its middle and its radii; ``arc`` is the part of it in degrees, clockwise from three o'clock."""

    ellipse: tuple[float, float, float, float]
    arc: tuple[float, float] = (0.0, 360.0)

    def outline(self, easel: Easel) -> Points:
        """Return points along it."""
        start, end = self.arc
        return easel.points(arc(*self.ellipse, start=start, end=end))


class Limb(Shape):
    """A rounded limb: x, y and half its thickness at each point. Fingers, handles, cords."""

    limb: Annotated[tuple[tuple[float, float, float], ...], Field(min_length=2)]

    def outline(self, easel: Easel) -> Points:
        """Return points around it."""
        run = np.asarray(self.limb)
        return limb(easel.points(run[:, :2]).tolist(), run[:, 2].tolist())


class Line(Item):
    """An open line; ``ink`` is its weight."""

    line: Annotated[tuple[Point, ...], Field(min_length=2)]
    ink: float = Field(default=0.8, gt=0, le=20)
    fill: Paint = "ink"
    shade: Share = 0.0
    tint: tuple[Paint, Share] | None = None
    smooth: bool = False

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        found = tinted(easel, self.fill, self.tint, self.shade)
        easel.pen().stroke(easel.points(self.line), self.ink, smooth=self.smooth, paint=found)


class Glow(Item):
    """A soft disc of light; on the far plane if it does not say another."""

    glow: Point
    radius: float = Field(gt=0)
    fill: Paint = "light"
    strength: Share = 0.5

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        x, y = self.glow
        easel.pen(self.plane or Plane.FAR).glow(x * easel.flip, y, self.radius, easel.colour(self.fill), self.strength)


class Gradient(Item):
    """A run of colour from ``top`` to ``bottom`` over the whole width of the sheet."""

    gradient: Point
    fill: Paint
    to: Paint
    shade: Share = 0.0
    to_shade: Share = 0.0

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        top, bottom = self.gradient
        light = easel.light
        upper, lower = light.shaded(easel.colour(self.fill), self.shade), light.shaded(easel.colour(self.to), self.to_shade)
        easel.pen().gradient(top, bottom, upper, lower)


class Cast(Item):
    """A shadow on the ground: x, y of its middle and its radii."""

    cast: tuple[float, float, float, float]
    strength: Share = 0.3

    def paint(self, easel: Easel) -> None:
        """Paint it."""
        easel.pen().cast(easel.points(arc(*self.cast)), self.strength)
