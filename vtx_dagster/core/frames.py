"""Time as whole frames: the grid that every engine obeys, and the ways between seconds, frames and timecode."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from vtx_dagster.core.errors import InvalidRequestError

STRIDE = 8
"""Pixel frames per latent frame after the first one: LTX renders ``8k + 1`` frames and floors other counts silently."""

MAX_FRAMES = 257
"""Most frames of one render unless ``LTX_MAX_FRAMES`` says otherwise: 16 s at 16 fps."""

_HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameGrid:
    """How many frames of a clip the film shows, and how many the engine renders.

    Attributes:
        content_frames: Frames that the film shows, from the first one on.
        render_frames: The next ``8k + 1`` at or above them.
        clamped_from: The content frames that were wanted, where they did not fit into one render; otherwise None.
    """

    content_frames: int
    render_frames: int
    clamped_from: int | None = None


def exact_seconds(seconds: float | Fraction) -> Fraction:
    """Return the decimal number that a person typed: ``0.1`` is exactly one tenth, not the nearest binary float."""
    return seconds if isinstance(seconds, Fraction) else Fraction(str(seconds))


def frames_covering(duration_s: Fraction, rate: Fraction | int, *, stride: int = STRIDE) -> int:
    """Return the smallest frame count on the ``stride * k + 1`` grid that covers a duration.

    Args:
        duration_s: Wanted length in seconds, greater than zero.
        rate: Frames per second, greater than zero.
        stride: Pixel frames per latent frame after the first one.

    Returns:
        ``n`` with ``(n - 1) % stride == 0`` and ``n / rate >= duration_s``. Five seconds at 24 fps gives 121.

    Raises:
        InvalidRequestError: If any argument is not positive.

    Source:
        LTX-2 floors other counts silently: 120 frames become 113.
    """
    _check_positive(duration_s=duration_s, rate=rate, stride=stride)
    return _up_to_grid(ceil(duration_s * rate), stride)


def content_frames(seconds: Fraction, fps: int) -> int:
    """Return the frames that the film shows of a clip: the nearest whole number, a half going up, at least 1.

    Args:
        seconds: Length of the clip, greater than zero.
        fps: Frames per second, at least 1.

    Returns:
        A count of 1 or more. Fifteen seconds at 16 fps gives 240.

    Raises:
        InvalidRequestError: If an argument is not positive.
    """
    _check_positive(seconds=seconds, fps=fps)
    return max(1, _nearest(seconds * fps))


def fit_frames(content_frames: int, *, max_frames: int = MAX_FRAMES, echo_frames: int = 0) -> FrameGrid:
    """Return the grid for a clip of so many content frames.

    Args:
        content_frames: Frames that the film should show, at least 1.
        max_frames: Most frames that one render may have, at least 1; it need not be on the grid itself.
        echo_frames: Frames at the start of the render that repeat another clip and are not shown.

    Returns:
        A grid with ``content_frames + echo_frames <= render_frames <= max_frames``. 240 content frames give 241 render frames.
        Content that does not fit is cut to the largest render that does, and ``clamped_from`` then holds what was wanted.

    Raises:
        InvalidRequestError: If an argument is not positive, or the echo leaves no frame to show.
    """
    _check_positive(content_frames=content_frames, max_frames=max_frames)
    render_frames = _up_to_grid(content_frames + echo_frames, STRIDE)
    if render_frames <= max_frames:
        return FrameGrid(content_frames=content_frames, render_frames=render_frames)
    largest = (max_frames - 1) // STRIDE * STRIDE + 1
    if largest <= echo_frames:
        raise InvalidRequestError(
            f"a render of at most {max_frames} frames has no room for {echo_frames} that repeat another clip: "
            "lower inputs.from_previous.frames or raise LTX_MAX_FRAMES",
            echo_frames=echo_frames,
            max_frames=max_frames,
        )
    return FrameGrid(content_frames=largest - echo_frames, render_frames=largest, clamped_from=content_frames)


def frame_at(seconds: float | Fraction, fps: int, *, num_frames: int) -> int:
    """Return the index of the frame that is shown nearest to a time, a half going up.

    Args:
        seconds: Time from the start of the clip, zero or more; a float is taken as the decimal that it prints as.
        fps: Frames per second, at least 1.
        num_frames: Frames of the clip, at least 1.

    Returns:
        An index in ``range(num_frames)``. The end of the clip means its last frame: 5 s into 80 frames at 16 fps is frame 79.

    Raises:
        InvalidRequestError: If the time lies outside the clip, or ``fps`` or ``num_frames`` is not positive.
    """
    _check_positive(fps=fps, num_frames=num_frames)
    if not 0 <= exact_seconds(seconds) <= Fraction(num_frames, fps):
        raise InvalidRequestError(
            f"{float(seconds):g} s is outside a clip of {num_frames} frames at {fps} fps: "
            f"give a time from 0 to {num_frames / fps:g} s",
            seconds=float(seconds),
            num_frames=num_frames,
            fps=fps,
        )
    return min(_nearest(exact_seconds(seconds) * fps), num_frames - 1)


def timecode(frame_index: int, fps: int) -> str:
    """Return a frame index as non-drop timecode ``HH:MM:SS:FF``; frame 90 at 24 fps is ``00:00:03:18``.

    Raises:
        InvalidRequestError: If the index is negative or ``fps`` is not positive.
    """
    _check_positive(fps=fps)
    if frame_index < 0:
        raise InvalidRequestError(f"frame {frame_index} has no timecode: frames count from 0", frame_index=frame_index)
    whole_s, frame = divmod(frame_index, fps)
    minutes, second = divmod(whole_s, 60)
    hour, minute = divmod(minutes, 60)
    width = max(2, len(str(fps - 1)))
    return f"{hour:02d}:{minute:02d}:{second:02d}:{frame:0{width}d}"


def _nearest(value: Fraction) -> int:
    return floor(value + _HALF)


def _up_to_grid(frames: int, stride: int) -> int:
    return -(-(frames - 1) // stride) * stride + 1


def _check_positive(**values: Fraction | int) -> None:
    for name, value in values.items():
        if value <= 0:
            raise InvalidRequestError(f"{name} is {float(value):g}: give a number greater than zero", argument=name)
