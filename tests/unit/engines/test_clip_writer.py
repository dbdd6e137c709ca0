import hashlib
import resource
import subprocess
from fractions import Fraction

import av
import imageio_ffmpeg
import numpy as np
import pytest

from vtx_dagster.core.errors import RenderError, StorageError
from vtx_dagster.engines import clip_writer
from vtx_dagster.engines.clip_writer import ClipWriter, audio_packets


def picture(colour=(255, 0, 0), size=(48, 64)):
    image = np.zeros((*size, 3), dtype=np.uint8)
    image[:] = colour
    return image


def write(path, pictures, *, num_frames=None, fps=16):
    height, width, _ = pictures[0].shape
    with ClipWriter(path, width=width, height=height, fps=fps, num_frames=num_frames or len(pictures)) as writer:
        for each in pictures:
            writer.write_rgb(each)
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write(tmp_path_factory.mktemp("clip") / "a.mp4", [picture((250, index * 7, 0)) for index in range(33)])


def packets(path, kind):
    with av.open(path) as container:
        return [packet for packet in container.demux(getattr(container.streams, kind)[0]) if packet.size]


@pytest.mark.parametrize(
    ("num_frames", "fps", "expected"), [(33, 16, 97), (241, 16, 707), (1, 1, 47), (1, 120, 1), (16, 16, 47), (512, 24, 1000)]
)
def test_audio_packets_cover_the_clip(num_frames, fps, expected):
    assert audio_packets(num_frames, fps) == expected
    assert Fraction(expected * 1024, 48000) >= Fraction(num_frames, fps) > Fraction((expected - 1) * 1024, 48000)


def test_video_is_constant_without_b_frames_and_starts_with_a_keyframe(clip):
    found = packets(clip, "video")
    step = found[1].pts
    assert len(found) == 33
    assert [packet.pts for packet in found] == [index * step for index in range(33)]
    assert all(packet.pts == packet.dts for packet in found)
    assert found[0].is_keyframe
    with av.open(clip) as container:
        stream = container.streams.video[0]
        assert (stream.average_rate, stream.codec_context.name, stream.pix_fmt) == (16, "h264", "yuv420p")
        assert (stream.width, stream.height, stream.start_time) == (64, 48, 0)


def test_sound_is_silent_stereo_aac_that_starts_at_zero(clip):
    found = packets(clip, "audio")
    assert [packet.pts for packet in found] == [index * 1024 for index in range(97)]
    with av.open(clip) as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.name, stream.rate, stream.codec_context.layout.name) == ("aac", 48000, "stereo")
        assert max(float(np.abs(frame.to_ndarray()).max()) for frame in container.decode(stream)) < 1e-4


def test_file_can_be_joined_and_streamed(clip):
    content = clip.read_bytes()
    assert b"elst" not in content
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize(
    ("colour", "luma"),
    [((255, 0, 0), 63), ((0, 255, 0), 173), ((0, 0, 255), 32), ((255, 255, 255), 235), ((0, 0, 0), 16)],
    ids=["red", "green", "blue", "white", "black"],
)
def test_colours_are_bt709_limited_and_tagged_so(tmp_path, colour, luma):
    path = write(tmp_path / "a.mp4", [picture(colour)])
    with av.open(path) as container:
        context = container.streams.video[0].codec_context
        frame = next(container.decode(video=0))
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
        assert abs(int(frame.to_ndarray()[24, 32]) - luma) <= 1


def test_ffmpeg_reads_it_without_complaint(clip):
    result = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "warning", "-i", str(clip), "-f", "null", "-"], capture_output=True, timeout=60
    )
    assert (result.returncode, result.stderr) == (0, b"")


def test_equal_pictures_make_equal_bytes(tmp_path):
    # Not smaller or plainer: of a few equal blocks x264 makes something else in one of a hundred turns.
    blocks = np.random.default_rng(1).integers(0, 256, (9, 16, 3), dtype=np.uint8)
    pictures = [np.roll(np.kron(blocks, np.ones((8, 8, 1), dtype=np.uint8)), index, axis=1) for index in range(9)]
    hashes = {hashlib.sha256(write(tmp_path / f"{turn}.mp4", pictures).read_bytes()).hexdigest() for turn in range(2)}
    assert len(hashes) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"width": 65}, "even"),
        ({"height": 8}, "even, from 16"),
        ({"width": 100_000}, "to 8192 px"),
        ({"fps": 0}, "at 0 fps"),
        ({"num_frames": 0}, "0 frames"),
    ],
    ids=["odd", "small", "huge", "fps", "frames"],
)
def test_impossible_clips_are_refused(tmp_path, arguments, message):
    with pytest.raises(RenderError, match=message):
        ClipWriter(tmp_path / "a.mp4", **{"width": 64, "height": 48, "fps": 16, "num_frames": 9} | arguments)


@pytest.mark.parametrize("count", [1, 3], ids=["too few", "too many"])
def test_wrong_count_leaves_no_file(tmp_path, count):
    with pytest.raises(RenderError, match="frames announced"):
        write(tmp_path / "a.mp4", [picture()] * count, num_frames=2)
    assert list(tmp_path.iterdir()) == []


def test_wrong_shape_leaves_no_file(tmp_path):
    with pytest.raises(RenderError, match=r"shape \(10, 10, 3\)"):
        write(tmp_path / "a.mp4", [picture(), picture(size=(10, 10))])
    assert list(tmp_path.iterdir()) == []


def fail_after_one_picture(path, error):
    with ClipWriter(path, width=64, height=48, fps=16, num_frames=2) as writer:
        writer.write_rgb(picture())
        raise error


def test_error_of_the_caller_passes_and_leaves_no_file(tmp_path):
    with pytest.raises(KeyError, match="mine"):
        fail_after_one_picture(tmp_path / "a.mp4", KeyError("mine"))
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="cannot be written"):
        write(tmp_path / "none" / "a.mp4", [picture()])


def test_full_disk_is_a_storage_error_and_leaves_no_file(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    noise = np.random.default_rng(1).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        with pytest.raises(StorageError, match="check space"):
            write(tmp_path / "a.mp4", [np.roll(noise, 7 * index) for index in range(60)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_will_not_start_is_a_render_error(tmp_path, monkeypatch):
    monkeypatch.setitem(clip_writer.X264_OPTIONS, "preset", "none of these")
    with pytest.raises(RenderError, match=r"a\.mp4: the encoder refused"):
        write(tmp_path / "a.mp4", [picture()])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("count", [3, 30], ids=["told at the end", "told by a later picture"])
def test_refusal_of_a_picture_is_a_render_error(tmp_path, count):
    def write_with_sound_that_begins_again():
        with ClipWriter(tmp_path / "a.mp4", width=64, height=48, fps=16, num_frames=count) as writer:
            for _ in range(2):
                writer.write_rgb(picture())
            writer._audio_sent = 0
            for _ in range(count - 2):
                writer.write_rgb(picture())

    with pytest.raises(RenderError, match=r"a\.mp4: the encoder refused"):
        write_with_sound_that_begins_again()
    assert list(tmp_path.iterdir()) == []


def test_what_ffmpeg_refuses_to_the_caller_is_not_the_encoders_fault(tmp_path):
    with pytest.raises(av.error.InvalidDataError):
        fail_after_one_picture(tmp_path / "a.mp4", av.error.InvalidDataError(1094995529, "Invalid data"))
    assert list(tmp_path.iterdir()) == []
