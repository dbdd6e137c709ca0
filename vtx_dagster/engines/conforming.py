"""Makes a clip of any origin conform to the contract of ``clip_writer``: what cannot be joined as it is, is encoded again."""

from collections.abc import Generator, Iterator
from contextlib import closing
from fractions import Fraction
from itertools import islice
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
    join_sound(silent, source, output, num_packets=audio_packets(num_frames, fps))
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


def join_sound(
    pictures_of: Path,
    sound_of: Path,
    output: Path,
    *,
    num_packets: int,
    num_frames: int | None = None,
    start_s: Fraction = Fraction(0),
    bits_per_s: int = AUDIO_BITS_PER_S,
) -> None:
    """Write the picture of one file, copied, with the sound of another, as stereo AAC of 48 kHz that starts at zero.

    Args:
        pictures_of: A file whose frames are decoded in the order in which they are shown.
        sound_of: A file with sound, or without: then there is silence.
        output: The MP4 to write.
        num_packets: Length of the sound, in packets of 1,024 samples; filled up with silence.
        num_frames: How many frames are taken; all of them when missing.
        start_s: Where in its file the sound begins, in seconds.
        bits_per_s: Rate of the sound.
    """
    options = {"movflags": "+faststart", "use_editlist": "0"}
    with av.open(str(pictures_of)) as pictures, av.open(str(output), "w", format="mp4", options=options) as joined:
        joined.flags |= Flags.bitexact.value
        video = joined.add_stream_from_template(pictures.streams.video[0])
        audio = joined.add_stream("aac", rate=AUDIO_RATE_HZ, layout="stereo")
        audio.bit_rate = bits_per_s
        packets: list[Packet] = []
        with closing(stereo_sound(sound_of, start_s)) as sound:
            for index in range(num_packets):
                frame = next(sound, None) or _silence()
                frame.pts, frame.time_base = index * AUDIO_PACKET_SAMPLES, Fraction(1, AUDIO_RATE_HZ)
                packets += audio.encode(frame)
        packets += audio.encode(None)
        shown = (packet for packet in pictures.demux(pictures.streams.video[0]) if packet.dts is not None)
        for packet in islice(shown, num_frames):
            packet.stream = video
            packets.append(packet)
        # As in ClipWriter, the packet before zero only primes the decoder and would shift every joint.
        for packet in sorted(packets, key=_time):
            if _time(packet) >= 0:
                joined.mux(packet)


def _time(packet: Packet) -> Fraction:
    return (packet.dts or 0) * (packet.time_base or Fraction(0))


def stereo_sound(source: Path, start_s: Fraction) -> Generator[AudioFrame, None, None]:
    """Yield the sound of a file from a time on, in stereo frames of 1,024 samples; the last is filled up with silence."""
    with open_media(source) as container:
        stream = next(iter(container.streams.audio), None)
        if stream is None:
            return
        stream.codec_context.options = {"err_detect": "explode"}
        resampler = AudioResampler(format="fltp", layout="stereo", rate=AUDIO_RATE_HZ)
        fifo = AudioFifo()
        skipped = round(start_s * AUDIO_RATE_HZ)
        is_first = True
        for frame in container.decode(stream):
            if is_first and frame.time:
                _write_silence(fifo, round(frame.time * AUDIO_RATE_HZ))
            is_first = False
            for part in resampler.resample(frame):
                _write(fifo, part)
            skipped -= _drop(fifo, skipped)
            yield from fifo.read_many(AUDIO_PACKET_SAMPLES)
        for part in resampler.resample(None):
            _write(fifo, part)
        _drop(fifo, skipped)
        if fifo.samples:
            _write_silence(fifo, -fifo.samples % AUDIO_PACKET_SAMPLES)
        yield from fifo.read_many(AUDIO_PACKET_SAMPLES)


def _write(fifo: AudioFifo, frame: AudioFrame) -> None:
    frame.pts = None  # the fifo counts samples; gaps of the source's clock are not wanted
    fifo.write(frame)


def _drop(fifo: AudioFifo, num_samples: int) -> int:
    """Take samples off the front, as many as there are, and say how many."""
    dropped = min(num_samples, fifo.samples)
    if dropped:
        fifo.read(dropped)
    return dropped


def _write_silence(fifo: AudioFifo, num_samples: int) -> None:
    if num_samples > 0:
        frame = AudioFrame.from_ndarray(np.zeros((2, num_samples), dtype=np.float32), format="fltp", layout="stereo")
        frame.sample_rate = AUDIO_RATE_HZ
        fifo.write(frame)


def _silence() -> AudioFrame:
    frame = AudioFrame.from_ndarray(np.zeros((2, AUDIO_PACKET_SAMPLES), dtype=np.float32), format="fltp", layout="stereo")
    frame.sample_rate = AUDIO_RATE_HZ
    return frame
