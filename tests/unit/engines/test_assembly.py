import os
import shutil
from fractions import Fraction
from math import ceil
from pathlib import Path

import av
import numpy as np
import pytest

from vtx_dagster.core.engines import Segment
from vtx_dagster.core.errors import InvalidRequestError, MissingInputError, ProcessError, StorageError, VerificationError
from vtx_dagster.engines import assembly
from vtx_dagster.engines.ffmpeg import Ffmpeg, find_ffmpeg
from vtx_dagster.engines.mp4_tables import read_tracks


@pytest.fixture(scope="module")
def tool():
    return Ffmpeg(find_ffmpeg(None), timeout_s=60)


@pytest.fixture
def join(tool, tmp_path):
    def join(segments, output=None, *, fps=16, width=64, height=48, **options):
        segments = [Segment(name=f"clip{index}", path=path, content_frames=n) for index, (path, n) in enumerate(segments)]
        output = output or tmp_path / "film.mp4"
        return tool.assemble(segments, output, fps=fps, width=width, height=height, log=tmp_path / "log.txt", **options)

    return join


def decoded_sound(path):
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray() for frame in container.decode(container.streams.audio[0])], axis=1)


def bursts_in(path):
    """Times at which the sound begins to be loud, in seconds."""
    loud = np.abs(decoded_sound(path)[0]) > 0.2
    starts = np.flatnonzero(loud)
    return [starts[0] / 48000, *(starts[1:][np.diff(starts) > 2400] / 48000)] if len(starts) else []


def packets_of(path):
    with av.open(str(path)) as container:
        video, audio = [], []
        for packet in container.demux():
            if packet.size:
                (video if packet.stream.type == "video" else audio).append((packet.pts, packet.dts, packet.duration))
    return video, audio


def assert_exact(path, *, total, fps):
    video, audio = packets_of(path)
    ticks = video[0][2]
    assert video == [(index * ticks, index * ticks, ticks) for index in range(total)]
    assert len(audio) == ceil(Fraction(total * 48000, fps * 1024))
    assert audio == [(index * 1024, index * 1024, 1024) for index in range(len(audio))]
    samples = decoded_sound(path).shape[1]
    assert samples == len(audio) * 1024
    assert 0 <= Fraction(samples, 48000) - Fraction(total, fps) < Fraction(1024, 48000)


@pytest.mark.parametrize("fps", [10, 16, 24, 25, 30, 46, 50, 60, 120])
def test_sound_stays_with_its_picture_over_many_cuts(tmp_path, make_clip, join, fps):
    """Without the shared plan the error grows by up to a packet, 21 ms, per cut: a second over these."""
    render = 8 * (fps // 8) + 9
    clips = [make_clip(tmp_path / f"{seed}.mp4", num_frames=render, fps=fps, seed=seed, bursts_s=(0.3,)) for seed in range(3)]
    contents = [render - 1 - index * 5 % 7 for index in range(48)]
    facts = join([(clips[index % 3], n) for index, n in enumerate(contents)], fps=fps)
    assert facts.num_frames == sum(contents)
    assert facts.fps == fps
    assert_exact(tmp_path / "film.mp4", total=sum(contents), fps=fps)
    expected = [sum(contents[:index]) / fps + 0.3 for index in range(len(contents))]
    heard = bursts_in(tmp_path / "film.mp4")
    assert len(heard) == len(expected)
    assert max(abs(is_at - should_be) for is_at, should_be in zip(heard, expected, strict=True)) < 0.024


def test_acts_join_into_a_film_like_clips(tmp_path, make_clip, join):
    clip = make_clip(tmp_path / "clip.mp4", num_frames=41, fps=24, bursts_s=(0.5,))
    contents = [[37, 40, 41, 33], [41, 41, 41], [29, 31]]
    acts = [tmp_path / f"A{index:02d}.mp4" for index in range(3)]
    for act, frames in zip(acts, contents, strict=True):
        join([(clip, n) for n in frames], act, fps=24)
    join([(act, sum(frames)) for act, frames in zip(acts * 4, contents * 4, strict=True)], fps=24)
    flat = [n for frames in contents * 4 for n in frames]
    assert_exact(tmp_path / "film.mp4", total=sum(flat), fps=24)
    heard = bursts_in(tmp_path / "film.mp4")
    expected = [sum(flat[:index]) / 24 + 0.5 for index in range(len(flat))]
    assert max(abs(is_at - should_be) for is_at, should_be in zip(heard, expected, strict=True)) < 0.030


def test_conforming_clips_are_copied_bit_for_bit(tmp_path, make_clip, join):
    clips = [make_clip(tmp_path / f"{seed}.mp4", seed=seed) for seed in range(3)]
    join([(clip, 16) for clip in clips])

    def payloads(path):
        with av.open(str(path)) as container:
            return [bytes(packet) for packet in container.demux(container.streams.video[0]) if packet.size]

    assert payloads(tmp_path / "film.mp4") == [payload for clip in clips for payload in payloads(clip)[:16]]
    assert read_tracks(tmp_path / "film.mp4")[0].configuration == read_tracks(clips[0])[0].configuration


def test_the_same_lineup_gives_the_same_bytes_with_the_header_first(tmp_path, make_clip, join):
    clip = make_clip(tmp_path / "clip.mp4")
    join([(clip, 16)] * 3, tmp_path / "a.mp4")
    join([(clip, 16)] * 3, tmp_path / "b.mp4")
    data = (tmp_path / "a.mp4").read_bytes()
    assert data == (tmp_path / "b.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_single_frames_and_progress(tmp_path, make_clip, join):
    clip = make_clip(tmp_path / "clip.mp4")
    calls = []
    facts = join([(clip, 1)] * 20, progress=lambda done, total: calls.append((done, total)))
    assert facts.num_frames == 20
    assert_exact(tmp_path / "film.mp4", total=20, fps=16)
    assert calls[0] == (0, 20)
    assert calls[-1] == (20, 20)
    assert join([(clip, 1)]).num_frames == 1


@pytest.mark.parametrize(
    "name", ["it's here.mp4", "a b 'c' \\d.mp4", "été 映画.mp4", "line\nbreak.mp4", "50%d #1.mp4", "file:x.mp4"]
)
def test_awkward_names(tmp_path, make_clip, join, name):
    folder = tmp_path / f"dir {name}"
    folder.mkdir()
    clip = make_clip(tmp_path / "clip.mp4").rename(folder / name)
    assert join([(clip, 16), (clip, 12)], folder / f"film {name}").num_frames == 28
    assert sorted(path.name for path in folder.iterdir()) == sorted([name, f"film {name}"])


def test_relative_paths(tmp_path, make_clip, join, monkeypatch):
    make_clip(tmp_path / "clip.mp4")
    monkeypatch.chdir(tmp_path)
    assert join([(Path("clip.mp4"), 16)], Path("out.mp4")).num_frames == 16
    assert (tmp_path / "out.mp4").is_file()


NON_CONFORMING = {
    "b-frames": {"video_options": {"bf": "3", "preset": "slow"}, "keeps_priming": True},
    "other parameter sets": {"video_options": {"preset": "ultrafast"}},
    "other profile": {"pixel_format": "yuv444p"},
    "44.1 kHz": {"rate": 44_100},
    "mono": {"layout": "mono"},
    "no sound": {"has_sound": False},
    "short sound": {"sound_frames": 5},
    "priming and edit list": {"keeps_priming": True},
    "mp3": {"audio_codec": "libmp3lame", "keeps_priming": True},
    "other rate": {"fps": 24, "num_frames": 27},
    "other size": {"width": 96, "height": 96},
    "uneven": {"times": lambda index: index + (index > 8)},
    "late start": {"times": lambda index: index + 2, "keeps_priming": True},
    "mpeg4": {"video_codec": "mpeg4"},
    "matroska": {"container_format": "matroska"},
}


@pytest.mark.parametrize("name", NON_CONFORMING)
def test_only_clips_that_do_not_conform_are_encoded_again(tmp_path, make_clip, join, monkeypatch, name):
    good = make_clip(tmp_path / "good.mp4", bursts_s=(0.5,))
    odd = make_clip(tmp_path / "odd.mp4", **{"num_frames": 17, "bursts_s": (0.5,)} | NON_CONFORMING[name])
    again = []
    conform = assembly.conform
    monkeypatch.setattr(
        assembly, "conform", lambda source, *args, **options: (again.append(source), conform(source, *args, **options))
    )
    facts = join([(good, 16), (odd, 15), (good, 16)])
    assert again == [odd]
    assert (facts.width, facts.height, facts.num_frames) == (64, 48, 47)
    assert_exact(tmp_path / "film.mp4", total=47, fps=16)
    expected = [0.5, 31 / 16 + 0.5] if name in ("no sound", "short sound") else [0.5, 1.5, 31 / 16 + 0.5]
    assert bursts_in(tmp_path / "film.mp4") == pytest.approx(expected, abs=0.030)


def test_all_alike_are_copied_whoever_encoded_them(tmp_path, make_clip, join, monkeypatch):
    monkeypatch.setattr(assembly, "conform", lambda *args, **options: pytest.fail("encoded again"))
    clip = make_clip(tmp_path / "clip.mp4", video_options={"preset": "ultrafast"})
    assert join([(clip, 16)] * 3).num_frames == 48


def test_foreign_majority_becomes_ours_when_mixed(tmp_path, make_clip, join):
    foreign = make_clip(tmp_path / "foreign.mp4", video_options={"preset": "ultrafast"})
    silent = make_clip(tmp_path / "silent.mp4", has_sound=False)
    ours = make_clip(tmp_path / "ours.mp4")
    assert join([(foreign, 16), (foreign, 16), (silent, 16), (ours, 16)]).num_frames == 64
    assert read_tracks(tmp_path / "film.mp4")[0].configuration == read_tracks(ours)[0].configuration
    assert_exact(tmp_path / "film.mp4", total=64, fps=16)


def moved_to_the_end(path, kind):
    """Rewrite a file so that one stream stands behind the other, chunk by chunk."""
    data = bytearray(path.read_bytes())
    track = next(track for track in read_tracks(path) if track.kind == kind)
    ends = [*track.chunk_starts[1:].tolist(), track.num_samples]
    table = data.index(b"stco", data.index(kind.encode())) + 12
    moved = bytearray()
    for chunk, (first, end) in enumerate(zip(track.chunk_starts.tolist(), ends, strict=True)):
        at = int(track.chunk_offsets[chunk])
        data[table + 4 * chunk : table + 4 * chunk + 4] = (len(data) + 8 + len(moved)).to_bytes(4)
        moved += data[at : at + int(track.sizes[first:end].sum())]
    path.write_bytes(data + (8 + len(moved)).to_bytes(4) + b"mdat" + moved)
    return path


@pytest.mark.parametrize("kind", ["vide", "soun"])
@pytest.mark.parametrize("fps", [16, 60])
def test_file_that_holds_one_stream_behind_the_other(tmp_path, make_clip, join, monkeypatch, kind, fps):
    """ffmpeg stops at the first sample past the cut, so a copy would lose the stream behind it."""
    again = []
    conform = assembly.conform
    monkeypatch.setattr(
        assembly, "conform", lambda source, *args, **options: (again.append(source), conform(source, *args, **options))
    )
    clip = make_clip(tmp_path / "clip.mp4", fps=fps, num_frames=2 * fps + 1, bursts_s=(0.5,))
    apart = moved_to_the_end(make_clip(tmp_path / "apart.mp4", fps=fps, num_frames=2 * fps + 1, bursts_s=(0.5,)), kind)
    join([(clip, fps), (apart, fps), (clip, fps)], fps=fps)
    assert again == [apart]
    assert_exact(tmp_path / "film.mp4", total=3 * fps, fps=fps)
    assert bursts_in(tmp_path / "film.mp4") == pytest.approx([0.5, 1.5, 2.5], abs=0.030)


def test_missing_files_are_all_listed(tmp_path, make_clip, join):
    clip = make_clip(tmp_path / "clip.mp4")
    with pytest.raises(MissingInputError, match=r"2 of 3 files are missing.*clip1.*clip2") as caught:
        join([(clip, 16), (tmp_path / "b.mp4", 16), (tmp_path / "c.mp4", 16)])
    assert caught.value.details["clips"] == ["clip1", "clip2"]


def test_empty_lineup_and_empty_segment(tmp_path, make_clip, join):
    with pytest.raises(InvalidRequestError, match="lineup is empty"):
        join([])
    with pytest.raises(InvalidRequestError, match="clip0: shows 0 frames"):
        join([(make_clip(tmp_path / "clip.mp4"), 0)])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: b"", "is empty"),
        (lambda data: b"<html>not found</html>", "cannot be read"),
        (lambda data: data[: len(data) // 2], "cannot be read|cut off"),
        (lambda data: data[:-1], "cut off"),
    ],
    ids=["empty", "html", "half", "last byte"],
)
def test_corrupt_clip_is_named_and_nothing_replaced(tmp_path, make_clip, join, damage, message):
    good, bad = make_clip(tmp_path / "good.mp4"), make_clip(tmp_path / "bad.mp4")
    bad.write_bytes(damage(bad.read_bytes()))
    (tmp_path / "film.mp4").write_text("the film before")
    with pytest.raises(VerificationError, match=message) as caught:
        join([(good, 16), (bad, 16)])
    assert caught.value.message.startswith("clip1: ")
    assert caught.value.details["clip"] == "clip1"
    assert (tmp_path / "film.mp4").read_text() == "the film before"
    assert not list(tmp_path.glob("film.mp4.*"))


def test_clip_shorter_than_its_content(tmp_path, make_clip, join):
    clip = make_clip(tmp_path / "clip.mp4", num_frames=9)
    with pytest.raises(VerificationError, match=r"clip0: .*it has 9 frames at 16 fps and 16 are needed"):
        join([(clip, 16)])


def test_clip_without_picture(tmp_path, make_clip, join):
    clip = make_clip(tmp_path / "clip.mp4")
    with av.open(str(clip)) as source, av.open(str(tmp_path / "sound.mp4"), "w") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    with pytest.raises(VerificationError, match="it has no picture"):
        join([(tmp_path / "sound.mp4", 16)])


def test_failing_ffmpeg_leaves_nothing(tmp_path, make_clip):
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\nfor last; do :; done\necho partial > \"$last\"\necho 'No space left'\nexit 1\n")
    program.chmod(0o755)
    clip = make_clip(tmp_path / "clip.mp4")
    segments = [Segment(name="clip", path=clip, content_frames=16)]
    with pytest.raises(ProcessError, match="No space left"):
        Ffmpeg(program).assemble(segments, tmp_path / "film.mp4", fps=16, width=64, height=48, log=tmp_path / "log")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "ffmpeg", "log"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"num_frames": 15}, "it has 15 frames and its parts 16"),
        ({"fps": 24, "num_frames": 16}, "not evenly spaced at 16 fps"),
        ({"sound_frames": 9}, "its sound lasts"),
        ({"keeps_priming": True}, "does not conform"),
    ],
    ids=["frames", "rate", "sound", "edit list"],
)
def test_result_that_is_not_its_parts_is_refused(tmp_path, make_clip, options, reason):
    """A stand-in for ffmpeg that exits well but delivers another file."""
    wrong = make_clip(tmp_path / "wrong.mp4", **{"num_frames": 16} | options)
    program = tmp_path / "ffmpeg"
    program.write_text(f'#!/bin/sh\nfor last; do :; done\ncp "{wrong}" "$last"\n')
    program.chmod(0o755)
    segments = [Segment(name="clip", path=make_clip(tmp_path / "clip.mp4"), content_frames=16)]
    with pytest.raises(VerificationError, match="not joined as they should") as caught:
        Ffmpeg(program).assemble(segments, tmp_path / "film.mp4", fps=16, width=64, height=48, log=tmp_path / "log")
    assert any(reason in found for found in caught.value.details["reasons"]), caught.value.details["reasons"]
    assert not list(tmp_path.glob("film*"))


def test_leftovers_of_a_killed_run_are_cleared(tmp_path, make_clip, join):
    (tmp_path / "film.mp4.partial").write_text("half")
    (tmp_path / "film.mp4.parts").mkdir()
    (tmp_path / "film.mp4.parts" / "again000000.mp4").write_text("half")
    assert join([(make_clip(tmp_path / "clip.mp4"), 16)]).num_frames == 16
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mp4", "film.mp4", "log.txt"]


def test_folder_that_cannot_be_written(tmp_path, make_clip, join):
    clip = make_clip(tmp_path / "clip.mp4")
    with pytest.raises(StorageError, match=r"gone/film.mp4.parts: cannot be written"):
        join([(clip, 16)], tmp_path / "gone" / "film.mp4")


def test_target_that_cannot_be_replaced(tmp_path, make_clip, join):
    (tmp_path / "film.mp4").mkdir()
    with pytest.raises(StorageError, match=r"film.mp4: cannot be written"):
        join([(make_clip(tmp_path / "clip.mp4"), 16)])
    assert not list(tmp_path.glob("film.mp4.*"))


def test_list_that_cannot_be_written(tmp_path, make_clip, join, monkeypatch):
    def full(*args):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(assembly, "_write_list", full)
    with pytest.raises(StorageError, match="No space left"):
        join([(make_clip(tmp_path / "clip.mp4"), 16)])


def test_no_time_to_waste_on_copies(tmp_path, make_clip, join):
    clip = make_clip(tmp_path / "clip.mp4")
    copies = [shutil.copyfile(clip, tmp_path / f"{index}.mp4") for index in range(40)]
    assert join([(copy, 16) for copy in copies]).duration_s == 40


def test_encoder_that_breaks_its_contract(tmp_path, make_clip, join, monkeypatch):
    silent = make_clip(tmp_path / "silent.mp4", has_sound=False)
    monkeypatch.setattr(assembly, "conform", lambda source, output, **options: shutil.copyfile(source, output))
    with pytest.raises(VerificationError, match="clip0: does not conform even after"):
        join([(silent, 16)])
