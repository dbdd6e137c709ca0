"""Writes the one kind of clip file that the whole house agrees on. What is in the pictures belongs to the engines.

H.264 yuv420p, BT.709 and tagged so, constant integer fps, no B-frames (DTS equals PTS) and one stereo 48 kHz AAC track whose
packets start at zero. Files like that can be joined and trimmed as stream copies.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import Flags
from av.error import FFmpegError
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from vtx_dagster.core.errors import RenderError, StorageError

AUDIO_RATE_HZ: Final = 48_000
AUDIO_PACKET_SAMPLES: Final = 1024
MAX_SIDE_PX: Final = 8192
MAX_PENDING_FRAMES: Final = 2

X264_OPTIONS: Final = {
    # Medium at 20 keeps ink lines clean at about 1 Mbit/s for a drawing of 768x432. The thread count is part of the result:
    # x264 decides differently with another, so it must not follow the machine.
    "preset": "medium",
    "crf": "20",
    "bf": "0",
    "threads": "2",
    "flags": "+cgop",
    # Else the quality would be written into the decoder configuration, and clips of two qualities could not be joined as copies.
    "x264-params": "stitchable=1",
}
"""Encoder settings; the keyframe interval, four seconds, is added per clip."""


def keyframe_interval(fps: int) -> int:
    """Return the longest distance between keyframes, in frames: four seconds, so that scrubbing stays quick."""
    return 4 * fps


def audio_packets(num_frames: int, fps: int) -> int:
    """Return how many AAC packets cover a clip: 33 frames at 16 fps are 2.0625 s, 99,000 samples, 97 packets."""
    samples = Fraction(num_frames, fps) * AUDIO_RATE_HZ
    return -(-samples // AUDIO_PACKET_SAMPLES)


class ClipWriter:
    """Encodes pictures into a conforming MP4 with a silent sound track; a context manager.

    Leaving the context without an error checks that exactly ``num_frames`` came, and closes the file. After any error the file is
    gone. Encoding runs on threads of its own, so an error of the encoder may be raised by a later call than the one that
    caused it. An error of the block passes unchanged.

    Args:
        path: The MP4 to write; an existing file is replaced.
        width: Even, in pixels.
        height: Even, in pixels.
        fps: Whole frames per second.
        num_frames: How many pictures will be written.

    Raises:
        RenderError: If a size, rate or count is out of range, or the encoder refuses.
        StorageError: If the file cannot be written.
    """

    def __init__(self, path: Path, *, width: int, height: int, fps: int, num_frames: int) -> None:
        if width % 2 or height % 2 or not (16 <= width <= MAX_SIDE_PX and 16 <= height <= MAX_SIDE_PX):
            raise RenderError(
                f"{path.name}: a picture of {width}x{height} cannot be encoded; both sides must be even, "
                f"from 16 to {MAX_SIDE_PX} px",
                path=str(path),
            )
        if fps < 1 or num_frames < 1:
            raise RenderError(
                f"{path.name}: {num_frames} frames at {fps} fps are no clip; both must be at least 1", path=str(path)
            )
        self._path = path
        self._size = (width, height)
        self._fps = fps
        self._num_frames = num_frames
        self._written = 0
        self._audio_sent = 0
        self._reformatter = VideoReformatter()
        self._pending: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        # PyAV opens the file with the first packet, so that is when a folder that is missing shows.
        self._container = av.open(self._path, "w", format="mp4", options={"movflags": "+faststart", "use_editlist": "0"})
        self._container.flags |= Flags.bitexact.value
        self._video = self._add_video()
        self._audio = self._add_audio()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="clip-writer")
        try:
            with self._refusals():
                # Opened by the worker, x264 coded up to two thirds of equal clips of 64x48 otherwise; so it is one in a hundred.
                self._video.codec_context.open()
                self._silence = self._encoded_silence()
        except BaseException:
            self._abandon()
            raise
        return self

    def _add_video(self) -> VideoStream:
        options = X264_OPTIONS | {"g": str(keyframe_interval(self._fps))}
        stream = self._container.add_stream("libx264", rate=self._fps, options=options)
        stream.width, stream.height = self._size
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, self._fps)
        context = stream.codec_context
        context.time_base = Fraction(1, self._fps)
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        context.colorspace = Colorspace.ITU709
        context.color_range = ColorRange.MPEG
        return stream

    def _add_audio(self) -> AudioStream:
        stream = self._container.add_stream("aac", rate=AUDIO_RATE_HZ, layout="stereo")
        stream.bit_rate = 128_000
        return stream

    def _encoded_silence(self) -> bytes:
        """Return a packet of the sound track; every one is the same."""
        samples = np.zeros((2, AUDIO_PACKET_SAMPLES), dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = AUDIO_RATE_HZ, 0
        # The encoder's first packet only primes the decoder and lies before zero: kept, it would need an edit list, and each
        # joint of a film would drift by 21 ms.
        *_, packet = [*self._audio.encode(frame), *self._audio.encode(None)]
        return bytes(packet)

    def write_rgb(self, picture: NDArray[np.uint8]) -> None:
        """Append one picture.

        Args:
            picture: ``[height, width, 3]`` uint8 sRGB.

        Raises:
            RenderError: If it has another shape, or is one too many, or the encoder refused an earlier one.
            StorageError: If an earlier one cannot be written.
        """
        width, height = self._size
        if picture.shape != (height, width, 3) or picture.dtype != np.uint8:
            raise RenderError(
                f"{self._path.name}: a picture of shape {picture.shape} and type {picture.dtype} came where "
                f"[{height}, {width}, 3] uint8 was due",
                path=str(self._path),
            )
        if self._written == self._num_frames:
            raise RenderError(f"{self._path.name}: more than the {self._num_frames} frames announced", path=str(self._path))
        with self._refusals():
            # On the caller's thread: x264 stands still for as long as its next picture is not there.
            frame = self._converted(picture)
            frame.pts, frame.time_base = self._written, Fraction(1, self._fps)
            silence = self._silence_until(audio_packets(self._written + 1, self._fps))
            while len(self._pending) >= MAX_PENDING_FRAMES:
                self._pending.popleft().result()
        self._pending.append(self._worker.submit(self._encode, frame, silence))
        self._written += 1

    def _converted(self, picture: NDArray[np.uint8]) -> av.VideoFrame:
        return self._reformatter.reformat(
            av.VideoFrame.from_ndarray(picture, format="rgb24"),
            format="yuv420p",
            src_colorspace=Colorspace.ITU709,
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            # x264 has the other cores.
            threads=1,
        )

    def _encode(self, frame: av.VideoFrame, silence: list[av.Packet]) -> None:
        self._container.mux(self._video.encode(frame))
        self._container.mux(silence)

    def _silence_until(self, count: int) -> list[av.Packet]:
        packets: list[av.Packet] = []
        for index in range(self._audio_sent, count):
            packet = av.Packet(self._silence)
            packet.stream, packet.time_base = self._audio, Fraction(1, AUDIO_RATE_HZ)
            packet.pts = packet.dts = index * AUDIO_PACKET_SAMPLES
            packet.duration, packet.is_keyframe = AUDIO_PACKET_SAMPLES, True
            packets.append(packet)
        self._audio_sent = max(count, self._audio_sent)
        return packets

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is not None:
            self._abandon()
            return
        try:
            with self._refusals():
                self._finish()
        except BaseException:
            self._abandon()
            raise

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """Say of what FFmpeg raises here that the clip could not be written. What it raises elsewhere is the caller's."""
        try:
            yield
        except FFmpegError as refusal:
            if isinstance(refusal, OSError) and refusal.errno:
                raise StorageError(
                    f"{self._path}: cannot be written ({refusal}); check space and permissions", path=str(self._path)
                ) from refusal
            raise RenderError(f"{self._path.name}: the encoder refused ({refusal})", path=str(self._path)) from refusal

    def _finish(self) -> None:
        while self._pending:
            self._pending.popleft().result()
        self._worker.shutdown()
        if self._written != self._num_frames:
            raise RenderError(
                f"{self._path.name}: {self._written} of the {self._num_frames} frames announced were written",
                path=str(self._path),
            )
        self._container.mux(self._video.encode(None))
        self._container.close()

    def _abandon(self) -> None:
        self._worker.shutdown(cancel_futures=True)
        with suppress(FFmpegError):
            # What stopped the writing may stop the closing, and is already on its way to the caller.
            self._container.close()
        self._path.unlink(missing_ok=True)
