"""The camera: where it looks in every frame of a move, and what that does to things near and far."""

from dataclasses import dataclass, replace
from typing import Final, assert_never

import numpy as np
from numpy.typing import NDArray

from vtx_dagster.core.shot import CameraMove, ShotSize
from vtx_dagster.engines.animatic.brush import Window
from vtx_dagster.engines.animatic.chance import smooth_noise

Track = NDArray[np.float64]

FIGURES: Final = 1.0
"""Depth of the plane in which figures stand. The sky has depth 0; what stands before the figures has more than 1."""

_TRAVEL: Final = {
    ShotSize.ECU: 0.10,
    ShotSize.CU: 0.14,
    ShotSize.MCU: 0.17,
    ShotSize.MS: 0.20,
    ShotSize.MWS: 0.24,
    ShotSize.WS: 0.28,
    ShotSize.EWS: 0.32,
}
"""How far a move goes to each side of the middle, in heights of the picture: near faces must stay in frame."""


def eased(num_frames: int) -> Track:
    """Return progress from 0 to 1 over a clip: still, accelerating, even, slowing, still."""
    if num_frames == 1:
        return np.zeros(1)
    part = np.linspace(0, 1, num_frames)
    return part * part * part * (part * (6 * part - 15) + 10)


@dataclass(frozen=True, slots=True)
class Path:
    """A camera move, frame by frame.

    Attributes:
        turn_x: Sideways swing, in heights of the picture; everything shifts alike.
        turn_y: Vertical swing, likewise.
        walk_x: Sideways travel; near things shift more.
        walk_y: Vertical travel, likewise.
        push: Travel towards the scene, 0 to 1; near things grow more.
        zoom: Enlargement of everything.
        trembles: It is held by hand and never at rest.
    """

    turn_x: Track
    turn_y: Track
    walk_x: Track
    walk_y: Track
    push: Track
    zoom: Track
    trembles: bool

    @property
    def travels(self) -> bool:
        """Whether the camera changes its place, so that near and far part."""
        return bool(np.any(self.walk_x) or np.any(self.walk_y) or np.any(self.push))

    def views(self, depth: float, aspect: float) -> "Views":
        """Return what the camera sees of the plane at ``depth``, frame by frame, in stage units."""
        scale = self.zoom * (1 + self.push * (0.06 + 0.26 * depth**1.4))
        x = self.turn_x * (0.82 + 0.18 * depth) + self.walk_x * (0.12 + 0.88 * depth)
        y = self.turn_y * (0.82 + 0.18 * depth) + self.walk_y * (0.16 + 0.84 * depth)
        return Views(x=x, y=y, scale=scale, aspect=aspect)


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """The centre and enlargement of what is seen of one plane, frame by frame."""

    x: Track
    y: Track
    scale: Track
    aspect: float

    @property
    def scales(self) -> bool:
        """Whether the enlargement changes."""
        return bool(np.ptp(self.scale))

    def unscaled(self) -> "Views":
        """Return views that move likewise and enlarge nothing."""
        return replace(self, scale=np.ones_like(self.scale))

    def window(self, frame_index: int) -> Window:
        """Return what one frame shows."""
        x, y, half = float(self.x[frame_index]), float(self.y[frame_index]), 0.5 / float(self.scale[frame_index])
        return Window(x - half * self.aspect, y - half, x + half * self.aspect, y + half)

    def union(self) -> Window:
        """Return the window that holds what all frames show."""
        half = 0.5 / self.scale
        wide = half * self.aspect
        return Window(
            float((self.x - wide).min()), float((self.y - half).min()), float((self.x + wide).max()), float((self.y + half).max())
        )

    def closest(self) -> float:
        """Return the greatest enlargement."""
        return float(self.scale.max())


def camera_path(move: CameraMove, size: ShotSize, *, num_frames: int, fps: int, seed: int) -> Path:
    """Return the path of a move over a whole clip.

    Pans, tilts, trucks and cranes run through the composed picture from one side to the other; dollies and zooms begin or end
    in it.
    """
    still = np.zeros(num_frames)
    progress = eased(num_frames)
    swing = (2 * progress - 1) * _TRAVEL[size]
    tracks = {"turn_x": still, "turn_y": still, "walk_x": still, "walk_y": still, "push": still, "zoom": still + 1}
    match move:
        case CameraMove.PAN_LEFT:
            tracks["turn_x"] = -swing
        case CameraMove.PAN_RIGHT:
            tracks["turn_x"] = swing
        case CameraMove.TILT_UP:
            tracks["turn_y"] = -0.7 * swing
        case CameraMove.TILT_DOWN:
            tracks["turn_y"] = 0.7 * swing
        case CameraMove.TRUCK_LEFT:
            tracks["walk_x"] = -swing
        case CameraMove.TRUCK_RIGHT:
            tracks["walk_x"] = swing
        case CameraMove.CRANE_UP:
            tracks["walk_y"] = -0.7 * swing
        case CameraMove.CRANE_DOWN:
            tracks["walk_y"] = 0.7 * swing
        case CameraMove.DOLLY_IN:
            tracks["push"] = progress
        case CameraMove.DOLLY_OUT:
            tracks["push"] = 1 - progress
        case CameraMove.ZOOM_IN:
            tracks["zoom"] = 1 + 0.32 * progress
        case CameraMove.ZOOM_OUT:
            tracks["zoom"] = 1.32 - 0.32 * progress
        case CameraMove.HANDHELD:
            for name, amount in (("turn_x", 0.016), ("turn_y", 0.012), ("walk_x", 0.007)):
                slow = smooth_noise(num_frames, 0.9 * fps, seed, name)
                quick = smooth_noise(num_frames, 0.3 * fps, seed, name, "quick")
                tracks[name] = amount * (slow + 0.3 * quick)
            tracks["zoom"] = still + 1.03
        case CameraMove.STATIC:
            pass
        case _:
            assert_never(move)
    return Path(**tracks, trembles=move == CameraMove.HANDHELD)
