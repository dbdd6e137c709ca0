from fractions import Fraction

import numpy as np
import pytest

from vtx_dagster.core.errors import VerificationError
from vtx_dagster.engines import verification
from vtx_dagster.engines.clip_writer import ClipWriter
from vtx_dagster.engines.ffmpeg import Ffmpeg
from vtx_dagster.engines.media_reading import open_media, probe
from vtx_dagster.engines.verification import verify


def black(index):
    return np.zeros((48, 64, 3), dtype=np.uint8)


def still(index):
    return np.random.default_rng(1).integers(0, 255, (48, 64, 3), dtype=np.uint8)


def still_with_counter(index):
    image = np.full((48, 64, 3), 90, dtype=np.uint8)
    image[36:46, 4 + 8 * (index % 4) : 10 + 8 * (index % 4)] = 240
    return image


def night(index):
    image = np.full((48, 64, 3), 1, dtype=np.uint8)
    image[10:30, 10 + index : 20 + index] = 60
    return image


def ball(index):
    image = np.full((48, 64, 3), 60, dtype=np.uint8)
    image[10:40, 2 * index : 2 * index + 20] = 200
    return image


@pytest.mark.parametrize("num_frames", [1, 2, 17])
def test_good_clip(tmp_path, make_clip, plan_for, num_frames):
    path = make_clip(tmp_path / "a.mp4", num_frames=num_frames)
    facts = Ffmpeg(tmp_path).verify(path, plan_for(num_frames=num_frames))
    assert (facts.width, facts.height, facts.fps, facts.num_frames) == (64, 48, 16, num_frames)
    assert facts.duration_s * 16 == num_frames
    assert (facts.video_codec, facts.pixel_format) == ("h264", "yuv420p")
    assert (facts.audio_codec, facts.audio_rate_hz, facts.audio_channels) == ("aac", 48000, 2)
    assert 0 <= facts.audio_s - facts.duration_s < 1024 / 48000
    assert facts.size_bytes == path.stat().st_size
    assert probe(path) == facts


def test_clip_of_the_writer_is_good(tmp_path, plan_for):
    with ClipWriter(tmp_path / "a.mp4", width=64, height=48, fps=24, num_frames=9) as writer:
        for index in range(9):
            writer.write_rgb(ball(index))
    assert verify(tmp_path / "a.mp4", plan_for(num_frames=9, fps=24)).num_frames == 9


@pytest.mark.parametrize("picture", [night, still_with_counter, ball], ids=lambda picture: picture.__name__)
def test_dark_and_nearly_still_pictures_are_good(tmp_path, make_clip, plan_for, picture):
    assert verify(make_clip(tmp_path / "a.mp4", picture=picture), plan_for()).num_frames == 17


@pytest.mark.parametrize(
    ("options", "reasons"),
    [
        ({"picture": black}, ["every frame is black", "frozen"]),
        ({"picture": still}, ["frozen from the first frame to the last"]),
        ({"num_frames": 9}, ["it has 9 frames and not 17"]),
        ({"num_frames": 25}, ["it has 25 frames and not 17"]),
        ({"width": 96, "height": 64}, ["the picture is 96x64 and not 64x48"]),
        ({"fps": 24}, ["do not lie on the grid of 16 fps"]),
        ({"times": lambda index: index + (index > 8)}, ["8 frames do not lie on the grid"]),
        ({"has_sound": False}, ["streams video and not exactly one video and one audio"]),
        ({"rate": 44_100}, ["2 channels at 44100 Hz and not 2 at 48000 Hz"]),
        ({"layout": "mono"}, ["1 channels at 48000 Hz"]),
        ({"sound_frames": 33}, ["the sound lasts 2.069 s and the picture 1.062 s"]),
        ({"sound_frames": 5}, ["the sound lasts 0.320 s and the picture 1.062 s"]),
        ({"audio_codec": "libmp3lame", "keeps_priming": True}, ["the audio is mp3"]),
        ({"video_codec": "mpeg4"}, ["the video is mpeg4 and not H.264"]),
        ({"pixel_format": "yuv444p"}, ["the pixel format is yuv444p and not yuv420p"]),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else ",".join(value),
)
def test_every_reason_is_given(tmp_path, make_clip, plan_for, options, reasons):
    path = make_clip(tmp_path / "a.mp4", **options)
    with pytest.raises(VerificationError) as caught:
        verify(path, plan_for())
    assert caught.value.details["path"] == str(path)
    assert caught.value.details["clip"] == "A01_S01_SH001"
    for reason in reasons:
        assert any(reason in found for found in caught.value.details["reasons"]), caught.value.details["reasons"]


def test_frozen_is_not_asked_of_two_frames(tmp_path, make_clip, plan_for):
    assert verify(make_clip(tmp_path / "a.mp4", num_frames=2, picture=still), plan_for(num_frames=2)).num_frames == 2


def without_samples(path, kind):
    """Empty the sample tables of one track, as a writer does that was given no frame."""
    data = bytearray(path.read_bytes())
    track = data.index(kind)
    for box in (b"stts", b"stsc", b"stsz", b"stco"):
        at = data.index(box, track) + 8 + (4 if box == b"stsz" else 0)
        data[at : at + 4] = b"\0\0\0\0"
    path.write_bytes(data)
    return path


def test_sound_without_samples(tmp_path, make_clip, plan_for):
    with pytest.raises(VerificationError, match="the audio track is empty"):
        verify(without_samples(make_clip(tmp_path / "a.mp4"), b"soun"), plan_for())


def test_picture_without_samples(tmp_path, make_clip, plan_for):
    path = without_samples(make_clip(tmp_path / "a.mp4"), b"vide")
    with pytest.raises(VerificationError, match="it has 0 frames and not 17"):
        verify(path, plan_for())
    assert probe(path).num_frames == 0
    with pytest.raises(VerificationError, match=r"a.mp4: .*; render it again"):
        Ffmpeg(path).strip(path)


BROKEN = {
    "missing": lambda data: None,
    "empty": lambda data: b"",
    "html": lambda data: b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>" * 20,
    "zeros": lambda data: bytes(len(data)),
    "half": lambda data: data[: len(data) // 2],
    "last byte gone": lambda data: data[:-1],
    "header only": lambda data: data[:40],
}


@pytest.mark.parametrize("check", [probe, verify, lambda path: Ffmpeg(path).strip(path)], ids=["probe", "verify", "strip"])
@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_have_a_clear_error(tmp_path, make_clip, plan_for, name, check):
    path = make_clip(tmp_path / "a.mp4")
    data = BROKEN[name](path.read_bytes())
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(VerificationError, match="render it again") as caught:
        check(path, plan_for()) if check is verify else check(path)
    assert caught.value.details["reasons"]


@pytest.mark.parametrize("lost_bytes", [1, 300, 2000])
def test_every_cut_shows_without_decoding(tmp_path, lost_bytes):
    path = tmp_path / "a.mp4"
    with ClipWriter(path, width=64, height=48, fps=16, num_frames=17) as writer:  # its header comes first
        for index in range(17):
            writer.write_rgb(ball(index))
    path.write_bytes(path.read_bytes()[:-lost_bytes])
    with pytest.raises(VerificationError, match=r"cut off|cannot be read"):
        probe(path)


def test_probe_of_another_container(tmp_path, make_clip):
    facts = probe(make_clip(tmp_path / "a.mkv", container_format="matroska"))
    assert (facts.num_frames, facts.width, facts.video_codec) == (17, 64, "h264")


def test_flipped_bits_are_damage_and_nothing_worse(tmp_path, make_clip, plan_for):
    path = make_clip(tmp_path / "a.mp4", picture=lambda index: np.roll(still(0), index, axis=1))
    data = path.read_bytes()
    random = np.random.default_rng(5)
    found = 0
    for _ in range(30):
        broken = bytearray(data)
        for at in random.integers(0, len(data), 40):
            broken[at] ^= 1 << int(random.integers(8))
        path.write_bytes(broken)
        try:
            verify(path, plan_for())
        except VerificationError:
            found += 1
    assert found >= 28


def test_damage_says_where(tmp_path, make_clip, plan_for):
    path = make_clip(tmp_path / "a.mp4", picture=lambda index: np.roll(still(0), index, axis=1))
    data = bytearray(path.read_bytes())
    middle = data.index(b"mdat") + len(data) // 2
    data[middle : middle + 400] = b"\xff" * 400
    path.write_bytes(data)
    with pytest.raises(VerificationError, match=r"damaged after \d+ frames"):
        verify(path, plan_for())


def test_probe_without_mp4_or_streams(tmp_path, make_clip):
    silent = probe(make_clip(tmp_path / "silent.mp4", has_sound=False))
    assert (silent.audio_codec, silent.audio_rate_hz, silent.audio_channels, silent.audio_s) == ("", 0, 0, 0)
    uneven = probe(make_clip(tmp_path / "uneven.mp4", times=lambda index: index + (index > 8)))
    assert uneven.fps != 16
    assert uneven.num_frames == 17
    subtitles = tmp_path / "a.srt"
    subtitles.write_text("1\n00:00:00,000 --> 00:00:01,000\nwords\n")
    words = probe(subtitles)
    assert (words.width, words.num_frames, words.fps, words.duration_s, words.video_codec) == (0, 0, 0, 0, "")


def test_frames_that_the_decoder_marks_as_damaged(tmp_path, make_clip, plan_for):
    seen = verification._Seen(fps=Fraction(16), num_frames=17, corrupt=2)
    with open_media(make_clip(tmp_path / "a.mp4")) as container:
        assert verification._picture_reasons(container, seen, plan_for()) == ["2 frames are damaged"]


def test_pictures_of_different_size_differ():
    assert verification._differ(np.zeros((2, 2), np.int16), np.zeros((3, 3), np.int16))
    assert not verification._differ(np.zeros((2, 2), np.int16), np.zeros((2, 2), np.int16))
