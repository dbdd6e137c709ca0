"""Three frames of a clip side by side: what a person looks at to know a clip again."""

import io
from fractions import Fraction
from pathlib import Path
from typing import Final

from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from vtx_dagster.core.errors import VerificationError
from vtx_dagster.engines.media_reading import open_media

MAX_STRIP_BYTES: Final = 8 * 1024
POSITIONS: Final = (Fraction(1, 10), Fraction(1, 2), Fraction(9, 10))
_HEIGHTS_PX: Final = (144, 120, 96, 72, 48, 24)
_QUALITIES: Final = (80, 60, 40, 20)
_GAP_PX: Final = 2


def strip(path: Path) -> bytes:
    """Return the frames at 10, 50 and 90 % of a clip side by side as one WebP.

    Returns:
        At most 8,192 bytes: the largest size and then the best quality that fit. Every frame is at most 144 px high.

    Raises:
        VerificationError: If the clip cannot be read or has no picture.
    """
    with open_media(path) as container:
        pictures = [_picture_at(container, position, path) for position in POSITIONS]
    return _smallest_enough(pictures)


def _picture_at(container: InputContainer, position: Fraction, path: Path) -> Image.Image:
    video = next(iter(container.streams.video), None)
    frame = _frame_at(container, video, position) if video is not None else None
    if frame is None:
        reason = f"it has no picture at {float(position):.0%}"
        raise VerificationError(f"{path}: {reason}; render it again", path=str(path), reasons=[reason])
    return frame.to_image()


def _frame_at(container: InputContainer, video: VideoStream, position: Fraction) -> VideoFrame | None:
    target = (video.start_time or 0) + int((video.duration or 0) * position)
    container.seek(target, stream=video)
    shown = None
    for frame in container.decode(video):
        if shown is not None and frame.pts is not None and frame.pts > target:
            break
        shown = frame
    return shown


def _smallest_enough(pictures: list[Image.Image]) -> bytes:
    data = b""
    for height in _HEIGHTS_PX:
        sheet = _side_by_side(pictures, height)
        for quality in _QUALITIES:
            buffer = io.BytesIO()
            sheet.save(buffer, "WEBP", quality=quality, method=4)
            data = buffer.getvalue()
            if len(data) <= MAX_STRIP_BYTES:
                return data
    raise VerificationError(f"no strip of {len(data)} bytes fits into {MAX_STRIP_BYTES}", reasons=["the picture is too wide"])


def _side_by_side(pictures: list[Image.Image], height: int) -> Image.Image:
    height = min(height, pictures[0].height)
    width = max(1, round(pictures[0].width * height / pictures[0].height))
    sheet = Image.new("RGB", (width * len(pictures) + _GAP_PX * (len(pictures) - 1), height), "white")
    for index, picture in enumerate(pictures):
        sheet.paste(picture.resize((width, height), Image.Resampling.BOX), (index * (width + _GAP_PX), 0))
    return sheet
