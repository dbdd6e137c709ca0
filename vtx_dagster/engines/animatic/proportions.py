"""Proportions of bodies, by build, age and pronoun. In heads: one unit is the figure's own head from chin to crown.

Drawing schools give a man of 1.80 m seven and a half heads, children the fewer the younger they are (Loomis, *Figure Drawing for
All It's Worth*: four heads at two years, five at five, six at nine, seven at fourteen). Heights by age are the medians of the
WHO's growth charts.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from vtx_dagster.core.bible import Build, Pronoun
from vtx_dagster.core.plan import DrawnFigure


@dataclass(frozen=True, slots=True)
class Body:
    """Half widths of shoulders, hips and neck, how far below the eyes hips and soles are, and how bent it is.

    ``scale`` is the size of the head beside an average one, ``stoop`` in degrees.
    """

    shoulder: float
    hip: float
    hip_y: float
    foot_y: float
    neck: float
    scale: float
    stoop: float = 0.0

    @property
    def spine(self) -> float:
        """From the hip joints to the line of the shoulders."""
        return self.hip_y - 1.17

    @property
    def leg(self) -> float:
        """From hip joint to sole."""
        return self.foot_y - self.hip_y + 0.39

    @property
    def arm(self) -> float:
        """Length of the arm beside that of an average adult."""
        return (self.hip_y + 0.3) / 3.4


BODIES: Final = {
    Build.SLIGHT: Body(shoulder=0.74, hip=0.46, hip_y=3.05, foot_y=6.65, neck=0.15, scale=0.97),
    Build.AVERAGE: Body(shoulder=0.88, hip=0.54, hip_y=3.10, foot_y=6.70, neck=0.18, scale=1.0),
    Build.BROAD: Body(shoulder=1.10, hip=0.70, hip_y=3.15, foot_y=6.60, neck=0.24, scale=1.04),
    Build.CHILD: Body(shoulder=0.62, hip=0.44, hip_y=2.35, foot_y=4.70, neck=0.13, scale=0.86),
}

GROWN: Final = 18
"""From this age on nobody grows."""

OLD: Final = 68
"""From this age on people stoop and have lines in their faces."""

_AGES: Final = (0, 2, 5, 9, 14, GROWN)
_HEADS: Final = (3.8, 4.0, 5.0, 6.0, 7.0, 7.27)
_METRES: Final = (0.50, 0.87, 1.10, 1.33, 1.63, 1.72)
_SHOULDERS: Final = (0.50, 0.52, 0.58, 0.66, 0.80, 0.88)
_HIPS: Final = (0.42, 0.43, 0.43, 0.45, 0.50, 0.54)
_NECKS: Final = (0.12, 0.12, 0.13, 0.14, 0.17, 0.18)
_ADULT_HEAD_M: Final = 1.72 / 7.27


def is_child(figure: DrawnFigure) -> bool:
    """Return whether a figure has a child's face."""
    return figure.age < 13 if figure.age is not None else figure.build == Build.CHILD


def is_old(figure: DrawnFigure) -> bool:
    """Return whether a figure has an old face."""
    return figure.age is not None and figure.age >= OLD


def body_of(figure: DrawnFigure) -> Body:
    """Return the proportions of a figure."""
    age = figure.age
    body = _growing(age) if age is not None and age < GROWN else BODIES[figure.build]
    if is_child(figure):
        return body
    if figure.pronoun == Pronoun.SHE:
        body = replace(body, shoulder=body.shoulder * 0.90, hip=body.hip * 1.08, neck=body.neck * 0.84, scale=body.scale * 0.97)
    elif figure.pronoun == Pronoun.HE:
        body = replace(body, shoulder=body.shoulder * 1.05, hip=body.hip * 0.96, neck=body.neck * 1.12)
    if is_old(figure):
        body = replace(body, foot_y=body.foot_y - 0.2, stoop=9.0)
    return body


def _growing(age: int) -> Body:
    def at(values: tuple[float, ...]) -> float:
        return float(np.interp(age, _AGES, values))

    heads = at(_HEADS)
    foot_y = heads - 0.57
    # The younger, the shorter the legs: from two fifths of the height to half of it.
    leg = heads * float(np.interp(age, _AGES, (0.40, 0.43, 0.47, 0.50, 0.53, 0.55)))
    return Body(
        shoulder=at(_SHOULDERS),
        hip=at(_HIPS),
        hip_y=foot_y - leg + 0.39,
        foot_y=foot_y,
        neck=at(_NECKS),
        scale=at(_METRES) / heads / _ADULT_HEAD_M,
    )
