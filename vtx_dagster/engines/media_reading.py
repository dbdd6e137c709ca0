"""Opening media files, and finding out what they hold without decoding: from sample tables and packets."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Stream

from vtx_dagster.core.engines import MediaFacts
from vtx_dagster.core.errors import VerificationError
from vtx_dagster.engines.mp4_tables import is_whole


@contextmanager
def open_media(path: Path) -> Iterator[InputContainer]:
    """Open a file for reading, strictly: damage is an error.

    Raises:
        VerificationError: If it is missing, empty or no media file, or is found to be damaged while it is open.
    """
    try:
        if path.stat().st_size == 0:
            raise VerificationError(f"{path}: the file is empty; render it again", path=str(path), reasons=["the file is empty"])
        with av.open(str(path), options={"err_detect": "explode"}, metadata_errors="replace") as container:
            if container.format.name.startswith("mov") and not is_whole(path):
                reason = "the file was cut off"
                raise VerificationError(f"{path}: {reason}; render it again", path=str(path), reasons=[reason])
            yield container
    except (FFmpegError, OSError) as error:
        reason = f"cannot be read: {error.strerror or error}"
        raise VerificationError(f"{path}: {reason}; render it again", path=str(path), reasons=[reason]) from error


def probe(path: Path) -> MediaFacts:
    """Return what a file holds, from its sample tables where it has them and its packets otherwise.

    Returns:
        Facts whose frames and audio length are counted, not taken from a header: 32 frames at 16 fps are 2 s. What is not there
        has empty texts and zeros.

    Raises:
        VerificationError: If it cannot be read, or ends before its samples do.
    """
    with open_media(path) as container:
        times = _sample_times(container)
        video = next((stream for stream in container.streams.video if codec_name(stream)), None)
        audio = next((stream for stream in container.streams.audio if codec_name(stream)), None)
        frames = times[video.index] if video else []
        fps = _frame_rate(frames, video) if video else Fraction(0)
        return MediaFacts(
            width=video.width if video else 0,
            height=video.height if video else 0,
            fps=fps,
            num_frames=len(frames),
            duration_s=len(frames) / fps if fps else Fraction(0),
            video_codec=codec_name(video) if video else "",
            pixel_format=(video.codec_context.pix_fmt or "") if video else "",
            audio_codec=codec_name(audio) if audio else "",
            audio_rate_hz=audio.rate if audio else 0,
            audio_channels=audio.channels if audio else 0,
            audio_s=Fraction(len(times[audio.index]) * audio.codec_context.frame_size, audio.rate) if audio else Fraction(0),
            size_bytes=path.stat().st_size,
        )


def codec_name(stream: Stream) -> str:
    """Return the name of the codec of a stream, empty if nothing here decodes it (PyAV then gives it no codec context)."""
    context = stream.codec_context
    return context.name if context else ""


def _sample_times(container: InputContainer) -> dict[int, list[int]]:
    """Return the time of every sample of every stream, in ticks of the stream, ascending."""
    times: dict[int, list[int]] = {stream.index: [] for stream in container.streams}
    if container.format.name.startswith("mov"):
        for stream in container.streams:
            times[stream.index] = [entry.timestamp for entry in stream.index_entries]
        return times
    for packet in container.demux():
        time = packet.pts if packet.pts is not None else packet.dts
        if time is not None and packet.size:
            times[packet.stream_index].append(time)
    return {index: sorted(values) for index, values in times.items()}


def _frame_rate(times: Sequence[int], video: Stream) -> Fraction:
    """Return the exact rate of evenly spaced frames, or the average of others."""
    steps = {after - before for before, after in pairwise(times)}
    if len(steps) == 1 and (step := steps.pop()) > 0 and video.time_base:
        return 1 / (step * video.time_base)
    return Fraction(getattr(video, "average_rate", None) or 0)
