"""Nothing enters unverified: a rendered clip is decoded end to end and compared with its plan.

A flipped bit that still decodes to a valid picture cannot be seen here; whatever the decoder calls damage is.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final, cast

import numpy as np
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from vtx_dagster.core.engines import MediaFacts
from vtx_dagster.core.errors import VerificationError
from vtx_dagster.core.plan import RenderPlan
from vtx_dagster.engines.clip_writer import AUDIO_PACKET_SAMPLES, AUDIO_RATE_HZ
from vtx_dagster.engines.media_reading import codec_name, open_media

LUMA_STRIDE_PX: Final = 2
"""Pictures are looked at through every second pixel of every second row: strokes of a burnt-in counter are that wide."""

BLACK_MEAN: Final = 20.0
BLACK_SPREAD: Final = 2.0
"""Video black is luma 16. A night scene may be as dark on average but has detail, so mean and deviation must both be low."""

STILL_MEAN: Final = 0.5
STILL_STEP: Final = 24
STILL_PIXELS: Final = 4
"""A frame differs from the first if luma moved by half a level on average, or by 24 levels in four pixels (a counter that ticks).

Encoding one still picture again and again stays below both.
"""

MIN_MOVING_FRAMES: Final = 3


def verify(path: Path, plan: RenderPlan) -> MediaFacts:
    """Decode a rendered clip end to end and compare it with its plan.

    Returns:
        What the file holds, counted in decoded frames and samples.

    Raises:
        VerificationError: If it is not what the plan asked for; ``details["reasons"]`` lists everything that is wrong.
    """
    with open_media(path) as container:
        reasons = _stream_reasons(container)
        seen = _Seen(fps=Fraction(plan.fps))
        if not reasons:
            try:
                _decode(container, seen)
            except FFmpegError as error:
                reasons.append(f"damaged after {seen.num_frames} frames: {error.strerror}")
            reasons += _picture_reasons(container, seen, plan)
            reasons += _sound_reasons(seen)
        if reasons:
            raise VerificationError(
                f"{plan.clip}: what was rendered is not what was planned: {'; '.join(reasons)}; render it again",
                path=str(path),
                clip=plan.clip,
                reasons=list(reasons),
            )
        video, audio = container.streams.video[0], container.streams.audio[0]
        return MediaFacts(
            width=video.width,
            height=video.height,
            fps=seen.fps,
            num_frames=seen.num_frames,
            duration_s=seen.num_frames / seen.fps,
            video_codec=codec_name(video),
            pixel_format=video.codec_context.pix_fmt or "",
            audio_codec=codec_name(audio),
            audio_rate_hz=audio.rate,
            audio_channels=audio.channels,
            audio_s=Fraction(seen.audio_samples, AUDIO_RATE_HZ),
            size_bytes=path.stat().st_size,
        )


@dataclass(slots=True)
class _Seen:
    """What decoding has shown so far."""

    fps: Fraction
    num_frames: int = 0
    audio_samples: int = 0
    sizes: set[tuple[int, int]] = field(default_factory=set)
    pixel_formats: set[str] = field(default_factory=set)
    off_grid: int = 0
    corrupt: int = 0
    first: NDArray[np.int16] | None = None
    has_light: bool = False
    moves: bool = False

    def video(self, frame: VideoFrame) -> None:
        time = Fraction(-1) if frame.pts is None or frame.time_base is None else frame.pts * frame.time_base
        self.off_grid += time != self.num_frames / self.fps
        self.corrupt += frame.is_corrupt
        self.sizes.add((frame.width, frame.height))
        self.pixel_formats.add(frame.format.name)
        if frame.format.name == "yuv420p" and not (self.has_light and self.moves):
            self._look(_luma(frame))
        self.num_frames += 1

    def _look(self, luma: NDArray[np.int16]) -> None:
        self.has_light = self.has_light or luma.mean() >= BLACK_MEAN or luma.std() >= BLACK_SPREAD
        if self.first is None:
            self.first = luma
        self.moves = self.moves or _differ(self.first, luma)


def _differ(one: NDArray[np.int16], other: NDArray[np.int16]) -> bool:
    if one.shape != other.shape:
        return True
    difference = np.abs(one - other)
    return bool(difference.mean() >= STILL_MEAN or np.count_nonzero(difference >= STILL_STEP) >= STILL_PIXELS)


def _luma(frame: VideoFrame) -> NDArray[np.int16]:
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)
    return rows[: frame.height : LUMA_STRIDE_PX, : frame.width : LUMA_STRIDE_PX].astype(np.int16)


def _stream_reasons(container: InputContainer) -> list[str]:
    """Say what is wrong with the kinds of streams, before anything is decoded."""
    reasons: list[str] = []
    kinds = [stream.type for stream in container.streams]
    if sorted(kinds) != ["audio", "video"]:
        return [f"it holds the streams {', '.join(kinds) or 'none'} and not exactly one video and one audio stream"]
    video, audio = container.streams.video[0], container.streams.audio[0]
    if codec_name(video) != "h264":
        reasons.append(f"the video is {codec_name(video)} and not H.264")
    if codec_name(audio) != "aac":
        reasons.append(f"the audio is {codec_name(audio)} and not AAC")
    elif audio.rate != AUDIO_RATE_HZ or audio.channels != 2:
        reasons.append(f"the audio has {audio.channels} channels at {audio.rate} Hz and not 2 at {AUDIO_RATE_HZ} Hz")
    return reasons


def _decode(container: InputContainer, seen: _Seen) -> None:
    video, audio = container.streams.video[0], container.streams.audio[0]
    video.thread_type = "AUTO"
    for stream in (video, audio):
        stream.codec_context.options = {"err_detect": "explode"}
    for packet in container.demux(video, audio):
        for frame in packet.decode():
            if isinstance(frame, VideoFrame):
                seen.video(frame)
            else:
                seen.audio_samples += cast(AudioFrame, frame).samples


def _picture_reasons(container: InputContainer, seen: _Seen, plan: RenderPlan) -> list[str]:
    reasons: list[str] = []
    if seen.corrupt:
        reasons.append(f"{seen.corrupt} frames are damaged")
    if seen.sizes - {(plan.width, plan.height)}:
        found = ", ".join(f"{width}x{height}" for width, height in sorted(seen.sizes))
        reasons.append(f"the picture is {found} and not {plan.width}x{plan.height}")
    if seen.pixel_formats - {"yuv420p"}:
        reasons.append(f"the pixel format is {', '.join(sorted(seen.pixel_formats))} and not yuv420p")
    if seen.num_frames != plan.file_frames:
        reasons.append(f"it has {seen.num_frames} frames and not {plan.file_frames}")
    if seen.off_grid:
        rate = container.streams.video[0].average_rate
        reasons.append(f"{seen.off_grid} frames do not lie on the grid of {plan.fps} fps from zero (average rate {rate})")
    if seen.first is not None and not seen.has_light:
        reasons.append("every frame is black")
    if seen.first is not None and not seen.moves and seen.num_frames >= MIN_MOVING_FRAMES:
        reasons.append("the picture is frozen from the first frame to the last")
    return reasons


def _sound_reasons(seen: _Seen) -> list[str]:
    picture_s, sound_s = seen.num_frames / seen.fps, Fraction(seen.audio_samples, AUDIO_RATE_HZ)
    if not seen.audio_samples:
        return ["the audio track is empty"]
    # Above 46 fps a frame is shorter than an AAC packet, the smallest step that sound can have.
    tolerance_s = max(1 / seen.fps, Fraction(AUDIO_PACKET_SAMPLES, AUDIO_RATE_HZ))
    if abs(sound_s - picture_s) > tolerance_s:
        return [f"the sound lasts {float(sound_s):.3f} s and the picture {float(picture_s):.3f} s"]
    return []
