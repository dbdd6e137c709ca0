"""Where the joints of a body are in space, and where we see them.

Space is measured in heads: forward (where the figure faces), up from the ground, and out to its far side. In the picture the eyes
are at (0, 0), x runs right and y down.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vtx_dagster.engines.animatic.brush import Window
from vtx_dagster.engines.animatic.doings import Pose
from vtx_dagster.engines.animatic.proportions import Body

Vector = NDArray[np.float64]

# Of an average adult, in heads: the canon of seven and a half.
_LEG: Final = 3.99
_THIGH: Final = 1.97
_SHIN: Final = 1.82
_ANKLE: Final = 0.20
_UPPER_ARM: Final = 1.30
_FOREARM: Final = 1.12
_FOOT: Final = 0.62
_NECK: Final = 0.78
"""From the line of the shoulders to the eyes."""

_HELD: Final = 0.7
"""How far things reach beyond the hand that holds them."""

SHOULDERS_Y: Final = 0.92
"""Where a torso that is drawn by itself has its shoulders, below the eyes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """The joints of an arm."""

    shoulder: Vector
    elbow: Vector
    wrist: Vector

    @property
    def hand(self) -> Vector:
        """The middle of the hand."""
        along = self.wrist - self.elbow
        return self.wrist + along * (0.17 / max(0.2, float(np.linalg.norm(along))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """The joints of a leg."""

    hip: Vector
    knee: Vector
    ankle: Vector
    toe: Vector


def _vector(forward: float, up: float, out: float) -> Vector:
    return np.array([forward, up, out], dtype=float)


def bent(start: Vector, end: Vector, lengths: tuple[float, float], towards: Vector) -> tuple[Vector, Vector]:
    """Return the middle joint of a limb of two bones, and its end, which is nearer than wanted where the limb is too short.

    Args:
        start: Where it is fixed.
        end: Where its end is wanted.
        lengths: Of its bones.
        towards: The direction to which the middle joint goes.
    """
    upper, lower = lengths
    way = end - start
    far = float(np.linalg.norm(way))
    axis = way / far if far > 1e-6 else _vector(0, -1, 0)
    reach = min(max(far, abs(upper - lower) + 0.02), (upper + lower) * 0.999)
    end = start + axis * reach
    along = (upper**2 - lower**2 + reach**2) / (2 * reach)
    off = math.sqrt(max(0.0, upper**2 - along**2))
    side = towards - axis * float(towards @ axis)
    length = float(np.linalg.norm(side))
    side = side / length if length > 1e-6 else _vector(1, 0, 0)
    return start + axis * along + side * off, end


class Skeleton:
    """The joints of a body in a pose, on the ground."""

    def __init__(self, body: Body, pose: Pose) -> None:
        self.body = body
        self.pose = pose
        self._size = body.leg / _LEG
        lift = pose.lift * self._size if pose.lies else 0.0
        forward, up = pose.posture.hip
        self.hip = _vector(forward * self._size, up * self._size + lift, 0)
        lean = math.radians(pose.lean + (0 if pose.lies else body.stoop))
        self._up, self._forward = _vector(math.sin(lean), math.cos(lean), 0), _vector(math.cos(lean), -math.sin(lean), 0)
        self.neck = self.hip + self._up * body.spine
        self.tilt_deg = math.degrees(lean) if pose.lies else math.degrees(lean) * 0.45 + pose.nod * 0.4
        tilt = math.radians(self.tilt_deg)
        self.eyes = self.neck + _NECK * _vector(math.sin(tilt), math.cos(tilt), 0)
        self.lift = lift
        self.legs = {near: self._leg(near=near) for near in (True, False)}
        self.arms = {near: self._arm(near=near) for near in (True, False)}

    def _leg(self, *, near: bool) -> Leg:
        side = -1 if near else 1
        forward, up, out = self.pose.foot(near=near)
        hip = self.hip + _vector(0, 0, side * self.body.hip * 0.5)
        size = self._size
        sole = _vector(forward * size, up * size + self.lift, side * (out + self.body.hip * 0.5))
        bend = self.pose.knee(near=near)
        towards = _vector(bend[0], bend[1], side * bend[2])
        knee, ankle = bent(hip, sole + _vector(0, _ANKLE * size, 0), (_THIGH * size, _SHIN * size), towards)
        shin = (ankle - knee) / max(1e-6, float(np.linalg.norm(ankle - knee)))
        # A foot is square to the shin, and the ground stops it.
        toe = ankle + _FOOT * _vector(-shin[1], shin[0], 0) + shin * _ANKLE * size
        if toe[1] < self.lift:
            # Whoever kneels stretches the foot; whoever stands has it flat on the ground.
            back = toe[1] < self.lift - 0.2 * _FOOT and shin[0] < 0
            toe = _vector(ankle[0] + (-_FOOT if back else _FOOT), self.lift, toe[2])
        return Leg(hip=hip, knee=knee, ankle=ankle, toe=toe)

    def _arm(self, *, near: bool) -> Arm:
        side = -1 if near else 1
        thick = 0.17 + 0.07 * (self.body.shoulder - 0.6)
        shoulder = self.neck - self._up * 0.12 + _vector(0, 0, side * (self.body.shoulder - thick * 0.95))
        wrist = self._local(self.pose.hand(near=near), side)
        bend = self.pose.elbow(near=near)
        towards = self._forward * bend[0] + self._up * bend[1] + _vector(0, 0, side * bend[2])
        size = self.body.arm
        elbow, wrist = bent(shoulder, wrist, (_UPPER_ARM * size, _FOREARM * size), towards)
        return Arm(shoulder=shoulder, elbow=elbow, wrist=wrist)

    def _local(self, at: tuple[float, float, float], side: int) -> Vector:
        forward, up, out = at
        return self.neck + self._forward * forward + self._up * up + _vector(0, 0, side * out)

    @property
    def eye_height(self) -> float:
        """How high the eyes are above the ground."""
        return float(self.eyes[1])

    def corners(self) -> list[tuple[Vector, Vector, str]]:
        """Return the furniture: two opposite corners of each box, and its colour."""
        return [
            (np.array(block.low) * size, np.array(block.high) * size, block.fill)
            for piece in self.pose.furniture
            for size in (self._size if piece.fits else 1 / self.body.scale,)
            for block in piece.blocks
        ]


@dataclass(frozen=True)
class Sight:
    """A skeleton as we see it.

    Attributes:
        turn: Of the body: 0 to us, 1 to the right in profile, -1 to the left.
        pitch: From where we look: 1 from above, -1 from below.
        above: From straight above.
    """

    skeleton: Skeleton
    turn: float
    pitch: float = 0.0
    above: bool = False

    @property
    def facing(self) -> int:
        """-1 or 1: to which side of the picture the body faces."""
        return 1 if self.turn >= 0 else -1

    @cached_property
    def _axes(self) -> NDArray[np.float64]:
        """Rows: right, down and towards us, of forward, up and out."""
        if self.above:
            return np.array([[self.facing, 0, 0], [0, 0, -1], [0, 1, 0]], dtype=float)
        angle = min(1.0, abs(self.turn)) * math.pi / 2
        near = np.array([math.cos(angle), 0, -math.sin(angle)])
        # What is nearer stands lower in the picture, the more so the higher the camera is.
        slope = 0.0 if self.pitch < 0 else 0.10 + 0.22 * self.pitch
        right = self.facing * np.array([math.sin(angle), 0, math.cos(angle)])
        return np.stack([right, np.array([0.0, -1.0, 0.0]) + slope * near, near + np.array([0.0, slope, 0.0])])

    def at(self, point: Vector) -> tuple[float, float]:
        """Return where a point is in the picture."""
        x, y = self._axes[:2] @ (point - self.skeleton.eyes)
        return float(x), float(y)

    def nearness(self, point: Vector) -> float:
        """Return how near to us a point is."""
        return float(self._axes[2] @ (point - self.skeleton.hip))

    def faces(self, low: Vector, high: Vector) -> Iterable[tuple[list[tuple[float, float]], int]]:
        """Return the sides of a box that we see, as polygons, with the axis to which each is square."""
        for axis in range(3):
            towards = self._axes[2][axis]
            if abs(towards) < 0.02:
                continue
            level = high[axis] if towards > 0 else low[axis]
            first, second = (other for other in range(3) if other != axis)
            corners = []
            for a, b in ((low, low), (high, low), (high, high), (low, high)):
                corner = np.zeros(3)
                corner[axis], corner[first], corner[second] = level, a[first], b[second]
                corners.append(self.at(corner))
            yield corners, axis

    def shared(self) -> float | None:
        """Return how far to the side the middle of the furniture is that somebody opposite may share; None without any."""
        size = self.skeleton.body.leg / _LEG
        for piece in self.skeleton.pose.furniture:
            if piece.shares:
                low, high = (np.array(edge) for edge in zip(*((block.low, block.high) for block in piece.blocks), strict=True))
                middle = (low.min(axis=0) + high.max(axis=0)) / 2 * size
                return self.at(middle)[0]
        return None

    def extent(self) -> Window:
        """Return a window that holds everything of the figure, around its eyes, in heads."""
        joints = [self.skeleton.hip, self.skeleton.neck]
        for leg in self.skeleton.legs.values():
            joints += [leg.knee, leg.ankle, leg.toe]
        for arm in self.skeleton.arms.values():
            joints += [arm.elbow, arm.hand]
        places = [(0.0, 0.0), *(self.at(joint) for joint in joints)]
        for near, arm in self.skeleton.arms.items():
            if self.skeleton.pose.held(near=near) is not None:
                x, y = self.at(arm.hand)
                places.append((x + _HELD * self.facing, y))
        wide = self.skeleton.body.shoulder
        neck = self.at(self.skeleton.neck)
        places += [(neck[0] - wide, neck[1]), (neck[0] + wide, neck[1])]
        for low, high, _ in self.skeleton.corners():
            places += [corner for corners, _ in self.faces(low, high) for corner in corners]
        x, y = zip(*places, strict=True)
        return Window(min(x), min(y), max(x), max(y))
