"""Makes a clip of any origin conform to the contract of ``clip_writer``: what cannot be joined as it is, is encoded again."""

from collections.abc import Generator, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Final, cast

import av
import numpy as np
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import Flags
from av.error import BlockingIOError as NothingYetError
from av.error import EOFError as EndReachedError
from av.filter import Graph
from av.packet import Packet
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from vtx_dagster.core.errors import VerificationError
from vtx_dagster.engines.clip_writer import AUDIO_PACKET_SAMPLES, AUDIO_RATE_HZ, ClipWriter, audio_packets
from vtx_dagster.engines.media_reading import open_media

AUDIO_BITS_PER_S: Final = 128_000


def conform(source: Path, output: Path, *, num_frames: int, fps: int, width: int, height: int) -> None:
    """Encode the beginning of a file again so that it conforms; its sound is kept, or silence put where it has none.

    The picture is fitted into the size with black bars, and resampled to the rate by time. A source that is less than one frame
    too short shows its last frame once more.

    Args:
        source: Any file with a picture that libavformat reads.
        output: The MP4 to write; a ``.silent.mp4`` lies beside it for a while.
        num_frames: Frames to take, at ``fps``.
        fps: Whole frames per second.
        width: Even, in pixels.
        height: Even, in pixels.

    Raises:
        VerificationError: If the source cannot be read, is damaged, or is too short.
        RenderError: If the encoder refuses.
        StorageError: If the output cannot be written.
    """
    silent = output.with_suffix(".silent.mp4")
    with ClipWriter(silent, width=width, height=height, fps=fps, num_frames=num_frames) as writer:
        count, last = 0, None
        with closing(_pictures(source, fps=fps, width=width, height=height)) as pictures:
            for last in pictures:
                writer.write_rgb(last)
                count += 1
                if count == num_frames:
                    break
        if last is not None and count == num_frames - 1:
            writer.write_rgb(last)
            count += 1
        if count < num_frames:
            reason = f"it has {count} frames at {fps} fps and {num_frames} are needed"
            raise VerificationError(f"{source}: {reason}; render it again", path=str(source), reasons=[reason])
    _with_sound(silent, source, output, num_packets=audio_packets(num_frames, fps))
    silent.unlink()


def _pictures(source: Path, *, fps: int, width: int, height: int) -> Generator[NDArray[np.uint8], None, None]:
    """Yield ``[height, width, 3]`` uint8 sRGB pictures, ``fps`` of them for each second of the source."""
    with open_media(source) as container:
        video = next(iter(container.streams.video), None)
        if video is None:
            raise VerificationError(
                f"{source}: it has no picture; render it again", path=str(source), reasons=["it has no picture"]
            )
        video.thread_type = "AUTO"
        video.codec_context.options = {"err_detect": "explode"}
        graph = Graph()
        graph.link_nodes(
            graph.add_buffer(template=video),
            graph.add("fps", f"fps={fps}:start_time=0"),
            graph.add("scale", f"{width}:{height}:force_original_aspect_ratio=decrease:flags=lanczos"),
            graph.add("pad", f"{width}:{height}:-1:-1"),
            graph.add("format", "rgb24"),
            graph.add("buffersink"),
        ).configure()
        for frame in container.decode(video):
            graph.push(frame)
            yield from _pulled(graph)
        graph.push(None)
        yield from _pulled(graph)


def _pulled(graph: Graph) -> Iterator[NDArray[np.uint8]]:
    while True:
        try:
            frame = graph.pull()
        except (NothingYetError, EndReachedError):
            return
        yield cast(VideoFrame, frame).to_ndarray().astype(np.uint8, copy=False)


def _with_sound(silent: Path, source: Path, output: Path, *, num_packets: int) -> None:
    """Write the picture of ``silent`` with the sound of ``source``."""
    options = {"movflags": "+faststart", "use_editlist": "0"}
    with av.open(str(silent)) as pictures, av.open(str(output), "w", format="mp4", options=options) as joined:
        joined.flags |= Flags.bitexact.value
        video = joined.add_stream_from_template(pictures.streams.video[0])
        audio = joined.add_stream("aac", rate=AUDIO_RATE_HZ, layout="stereo")
        audio.bit_rate = AUDIO_BITS_PER_S
        packets: list[Packet] = []
        with closing(_sound(source)) as sound:
            for index in range(num_packets):
                frame = next(sound, None) or _silence()
                frame.pts, frame.time_base = index * AUDIO_PACKET_SAMPLES, Fraction(1, AUDIO_RATE_HZ)
                packets += audio.encode(frame)
        packets += audio.encode(None)
        for packet in pictures.demux(pictures.streams.video[0]):
            if packet.dts is not None:
                packet.stream = video
                packets.append(packet)
        # As in ClipWriter, the packet before zero only primes the decoder and would shift every joint.
        for packet in sorted(packets, key=_time):
            if _time(packet) >= 0:
                joined.mux(packet)


def _time(packet: Packet) -> Fraction:
    return (packet.dts or 0) * (packet.time_base or Fraction(0))


def _sound(source: Path) -> Generator[AudioFrame, None, None]:
    """Yield the sound of a file from time zero, in stereo frames of 1,024 samples; the last is filled up with silence."""
    with open_media(source) as container:
        stream = next(iter(container.streams.audio), None)
        if stream is None:
            return
        stream.codec_context.options = {"err_detect": "explode"}
        resampler = AudioResampler(format="fltp", layout="stereo", rate=AUDIO_RATE_HZ)
        fifo = AudioFifo()
        is_first = True
        for frame in container.decode(stream):
            if is_first and frame.time:
                _write_silence(fifo, round(frame.time * AUDIO_RATE_HZ))
            is_first = False
            for part in resampler.resample(frame):
                _write(fifo, part)
            yield from fifo.read_many(AUDIO_PACKET_SAMPLES)
        for part in resampler.resample(None):
            _write(fifo, part)
        if fifo.samples:
            _write_silence(fifo, -fifo.samples % AUDIO_PACKET_SAMPLES)
        yield from fifo.read_many(AUDIO_PACKET_SAMPLES)


def _write(fifo: AudioFifo, frame: AudioFrame) -> None:
    frame.pts = None  # the fifo counts samples; gaps of the source's clock are not wanted
    fifo.write(frame)


def _write_silence(fifo: AudioFifo, num_samples: int) -> None:
    if num_samples > 0:
        frame = AudioFrame.from_ndarray(np.zeros((2, num_samples), dtype=np.float32), format="fltp", layout="stereo")
        frame.sample_rate = AUDIO_RATE_HZ
        fifo.write(frame)


def _silence() -> AudioFrame:
    frame = AudioFrame.from_ndarray(np.zeros((2, AUDIO_PACKET_SAMPLES), dtype=np.float32), format="fltp", layout="stereo")
    frame.sample_rate = AUDIO_RATE_HZ
    return frame
