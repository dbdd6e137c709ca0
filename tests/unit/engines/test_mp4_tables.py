import struct

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vtx_dagster.engines import mp4_tables
from vtx_dagster.engines.mp4_tables import NotPlainMp4Error, is_whole, read_tracks


@pytest.mark.parametrize("options", [{}, {"keeps_priming": True}, {"num_frames": 1}], ids=["plain", "priming", "one frame"])
def test_agrees_with_libavformat(tmp_path, make_clip, options):
    path = make_clip(tmp_path / "a.mp4", **options)
    tracks = read_tracks(path)
    assert [track.kind for track in tracks] == ["vide", "soun"]
    assert is_whole(path)
    with av.open(str(path), options={"advanced_editlist": "0"}) as container:
        for track, stream in zip(tracks, container.streams, strict=True):
            entries = list(stream.index_entries)
            assert track.num_samples == len(entries)
            assert [track.position(index) for index in range(len(entries))] == [entry.pos for entry in entries]
            assert track.sizes.tolist() == [entry.size for entry in entries]
            assert track.configuration == stream.codec_context.extradata
            assert 1 / stream.time_base == track.timescale
    assert (tracks[0].codec, tracks[0].width, tracks[0].height) == ("avc1", 64, 48)
    assert tracks[1].codec == "mp4a"
    assert tracks[1].is_edited == bool(options.get("keeps_priming"))


@pytest.mark.parametrize(
    ("options", "attribute", "value"),
    [
        ({"video_options": {"bf": "3", "preset": "slow"}}, "reorders", True),
        ({}, "reorders", False),
        ({"times": lambda index: index + 2, "keeps_priming": True}, "is_edited", True),
        ({"video_codec": "mpeg4"}, "configuration", b""),
        ({}, "starts_on_keyframe", True),
    ],
)
def test_what_decides_about_copies(tmp_path, make_clip, options, attribute, value):
    assert getattr(read_tracks(make_clip(tmp_path / "a.mp4", **options))[0], attribute) == value


@pytest.mark.parametrize(
    ("durations", "ticks"),
    [((), None), (((9, 4),), 4), (((9, 4), (1, 3)), 4), (((9, 4), (2, 3)), None), (((1, 1), (1, 2), (1, 3)), None)],
)
def test_ticks_per_sample(tmp_path, make_clip, durations, ticks):
    track = read_tracks(make_clip(tmp_path / "a.mp4"))[0]
    changed = {name: getattr(track, name) for name in track.__dataclass_fields__} | {"durations": durations}
    assert mp4_tables.Track(**changed).ticks_per_sample() == ticks


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def movie(*, entry: bytes, handler: bytes = b"soun", edits: bytes = b"", sizes: bytes = b"", wide: bool = False) -> bytes:
    """A header with one track of three samples of five bytes in two chunks."""
    table = box(
        b"stbl",
        box(b"stsd", struct.pack(">II", 0, 1), entry),
        box(b"stts", struct.pack(">IIII", 0, 1, 3, 7)),
        box(b"stsc", struct.pack(">II6I", 0, 2, 1, 2, 1, 2, 1, 1)),
        box(b"stsz", sizes or struct.pack(">III", 0, 5, 3)),
        box(b"co64", struct.pack(">IIQQ", 0, 2, 100, 200)) if wide else box(b"stco", struct.pack(">IIII", 0, 2, 100, 200)),
    )
    clock = struct.pack(">IQQIQ", 1 << 24, 0, 0, 900, 3) if wide else struct.pack(">IIIII", 0, 0, 0, 900, 3)
    media = box(b"mdia", box(b"mdhd", clock), box(b"hdlr", bytes(8), handler, bytes(13)), box(b"minf", table))
    return box(b"moov", box(b"trak", edits, media))


def write(path, header: bytes):
    path.write_bytes(header + box(b"mdat", bytes(300)))
    return path


SOUND = box(b"mp4a", bytes(28))


@pytest.mark.parametrize("wide", [False, True])
def test_constant_sizes_and_wide_offsets(tmp_path, wide):
    (track,) = read_tracks(write(tmp_path / "a.mp4", movie(entry=SOUND, wide=wide)))
    assert [track.position(index) for index in range(3)] == [100, 105, 200]
    assert (track.timescale, track.durations, track.configuration) == (900, ((3, 7),), b"")


@pytest.mark.parametrize(
    ("edits", "is_edited"),
    [
        (b"", False),
        (struct.pack(">IIIiI", 0, 1, 21, 0, 1 << 16), False),
        (struct.pack(">IIIiI", 0, 1, 21, 1024, 1 << 16), True),
        (struct.pack(">IIIiI", 0, 1, 21, -1, 1 << 16), True),
        (struct.pack(">IIIiIIiI", 0, 2, 21, 0, 1 << 16, 21, 0, 1 << 16), True),
        (struct.pack(">IIQqI", 1 << 24, 1, 21, 0, 1 << 16), False),
        (struct.pack(">IIQqI", 1 << 24, 1, 21, 5, 1 << 16), True),
    ],
)
def test_edit_lists(tmp_path, edits, is_edited):
    wrapped = box(b"edts", box(b"elst", edits)) if edits else b""
    (track,) = read_tracks(write(tmp_path / "a.mp4", movie(entry=SOUND, edits=wrapped)))
    assert track.is_edited == is_edited


def test_large_box_sizes_and_a_box_to_the_end(tmp_path):
    header = movie(entry=SOUND)
    wide = struct.pack(">I4sQ", 1, b"free", 24) + bytes(8)
    path = tmp_path / "a.mp4"
    path.write_bytes(wide + header + struct.pack(">I4s", 0, b"mdat") + bytes(300))
    assert len(read_tracks(path)) == 1
    assert is_whole(path)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"", "no header"),
        (box(b"moov", b"\0\0\0\1trak"), "box b'trak' of 1 bytes"),
        (box(b"moov", box(b"trak")), "mdia"),
        (movie(entry=SOUND + SOUND), "2 sample entries"),
        (movie(entry=SOUND, sizes=struct.pack(">III", 0, 5, 4)), "chunks hold 3 samples of 4"),
        (movie(entry=SOUND, sizes=struct.pack(">III", 0, 900, 3)), "ends before its samples do"),
        (movie(entry=box(b"mp4a", bytes(28), box(b"esds", bytes(4), b"\x09\x01\x00"))), "descriptor 9 where 3 is due"),
        (movie(entry=SOUND, sizes=struct.pack(">III", 0, 0, 3)), "tables cannot be read"),
    ],
)
def test_contradictions(tmp_path, header, message):
    with pytest.raises(NotPlainMp4Error, match=message):
        read_tracks(write(tmp_path / "a.mp4", header))


def test_absurd_header(tmp_path, monkeypatch):
    monkeypatch.setattr(mp4_tables, "MAX_HEADER_BYTES", 10)
    with pytest.raises(NotPlainMp4Error, match="absurdly large"):
        read_tracks(write(tmp_path / "a.mp4", movie(entry=SOUND)))


@pytest.mark.parametrize("data", [b"", b"<html>", b"\0\0\0\x04ftyp", b"\0\0\1\0ftyp"])
def test_not_whole(tmp_path, data):
    (tmp_path / "a.mp4").write_bytes(data)
    assert not is_whole(tmp_path / "a.mp4")


def test_track_of_another_kind(tmp_path):
    (track,) = read_tracks(write(tmp_path / "a.mp4", movie(entry=box(b"tx3g", bytes(40)), handler=b"sbtl")))
    assert (track.kind, track.codec, track.configuration) == ("sbtl", "tx3g", b"")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=20))
def test_junk_is_refused_or_read_but_never_worse(tmp_path, changes):
    data = bytearray(movie(entry=SOUND, edits=box(b"edts", box(b"elst", struct.pack(">IIIiI", 0, 1, 21, 0, 1)))))
    for at, value in changes:
        data[8 + at % (len(data) - 8)] = value
    path = write(tmp_path / "a.mp4", bytes(data))
    try:
        tracks = read_tracks(path)
    except NotPlainMp4Error:
        return
    assert all(isinstance(track.sizes, np.ndarray) for track in tracks)
