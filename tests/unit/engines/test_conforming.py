import av
import numpy as np
import pytest

from vtx_dagster.core.errors import VerificationError
from vtx_dagster.engines import conforming
from vtx_dagster.engines.conforming import conform
from vtx_dagster.engines.media_reading import probe


def pictures(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(container.streams.video[0])]


def loudness(path):
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(container.streams.audio[0])]
    return np.abs(np.concatenate(frames, axis=1)[0])


def test_result_conforms_and_holds_no_more_than_asked(tmp_path, make_clip):
    source = make_clip(tmp_path / "a.mkv", fps=24, num_frames=49, width=96, height=48, rate=44_100, container_format="matroska")
    conform(source, tmp_path / "b.mp4", num_frames=32, fps=16, width=64, height=64)
    facts = probe(tmp_path / "b.mp4")
    assert (facts.width, facts.height, facts.fps, facts.num_frames) == (64, 64, 16, 32)
    assert (facts.audio_rate_hz, facts.audio_channels) == (48000, 2)
    assert 0 <= facts.audio_s - facts.duration_s < 1024 / 48000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mkv", "b.mp4"]


def test_picture_keeps_its_shape_between_black_bars(tmp_path, make_clip):
    def grey(index):
        return np.full((48, 96, 3), 180, dtype=np.uint8)

    source = make_clip(tmp_path / "a.mp4", width=96, height=48, picture=grey)
    conform(source, tmp_path / "b.mp4", num_frames=4, fps=16, width=64, height=64)
    image = pictures(tmp_path / "b.mp4")[2]
    assert image[:12].max() < 24
    assert image[-12:].max() < 24
    assert image[20:44] == pytest.approx(180, abs=6)


def test_last_frame_is_held_for_one_frame_at_most(tmp_path, make_clip):
    source = make_clip(tmp_path / "a.mp4", num_frames=9)
    conform(source, tmp_path / "b.mp4", num_frames=10, fps=16, width=64, height=48)
    shown = pictures(tmp_path / "b.mp4")
    assert len(shown) == 10
    assert np.abs(shown[9].astype(int) - shown[8]).mean() < 2
    with pytest.raises(VerificationError, match="it has 9 frames at 16 fps and 11 are needed"):
        conform(source, tmp_path / "c.mp4", num_frames=11, fps=16, width=64, height=48)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]


def test_sound_that_ends_early_is_filled_up(tmp_path, make_clip):
    long = make_clip(tmp_path / "picture.mp4", num_frames=32, has_sound=False)
    short = make_clip(tmp_path / "sound.mp4", num_frames=8, rate=44_100, bursts_s=(0.2,))
    with av.open(str(long)) as first, av.open(str(short)) as second, av.open(str(tmp_path / "a.mp4"), "w") as joined:
        streams = [first.streams.video[0], second.streams.audio[0]]
        copies = [joined.add_stream_from_template(stream) for stream in streams]
        for container, stream, copy in zip((first, second), streams, copies, strict=True):
            for packet in container.demux(stream):
                if packet.size:
                    packet.stream = copy
                    joined.mux(packet)
    conform(tmp_path / "a.mp4", tmp_path / "b.mp4", num_frames=32, fps=16, width=64, height=48)
    heard = loudness(tmp_path / "b.mp4")
    assert len(heard) == 94 * 1024
    assert np.flatnonzero(heard > 0.2)[0] / 48000 == pytest.approx(0.2, abs=0.025)
    assert heard[48000:].max() < 0.01


def test_sound_that_starts_late_stays_late(tmp_path, make_clip):
    source = make_clip(tmp_path / "a.mp4", num_frames=32, bursts_s=(0.1,))
    with av.open(str(source)) as original, av.open(str(tmp_path / "late.mkv"), "w") as late:
        copies = [late.add_stream_from_template(stream) for stream in original.streams]
        for packet in original.demux():
            if packet.size:
                if packet.stream.type == "audio":
                    packet.pts = packet.dts = packet.pts + 24_000
                packet.stream = copies[packet.stream_index]
                late.mux(packet)
    conform(tmp_path / "late.mkv", tmp_path / "b.mp4", num_frames=32, fps=16, width=64, height=48)
    assert np.flatnonzero(loudness(tmp_path / "b.mp4") > 0.2)[0] / 48000 == pytest.approx(0.6, abs=0.025)


def test_whole_packets_of_sound_need_no_silence_after_them():
    fifo = av.AudioFifo()
    conforming._write_silence(fifo, 0)
    assert fifo.samples == 0
    conforming._write_silence(fifo, 24)
    assert fifo.samples == 24
