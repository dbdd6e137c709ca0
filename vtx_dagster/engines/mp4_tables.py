"""The sample tables of an MP4, read straight from its boxes: what decides whether a clip can be joined as a stream copy.

A reader of its own, because an assembly asks it of every clip: 0.2 ms a file, where opening one with libavformat (which starts
decoders) takes 1.2 to 1.5 ms (measured 2026-11-21), and because libavformat hides what matters here: edit lists, offsets between
decoding and showing, chunks.

Source: ISO/IEC 14496-12 (boxes), 14496-14 (esds), 14496-15 (avcC).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

MAX_HEADER_BYTES: Final = 1 << 30
_VISUAL_ENTRY_BYTES: Final = 78
_AUDIO_ENTRY_BYTES: Final = 28


class NotPlainMp4Error(Exception):
    """The file is no MP4 of the kind that this module reads; never leaves ``engines``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One track.

    Attributes:
        kind: ``vide``, ``soun`` or another handler.
        codec: Four characters of the sample entry, such as ``avc1``.
        configuration: Decoder configuration: the avcC record, or the AudioSpecificConfig.
        width: Coded picture width in pixels, zero for sound.
        height: Coded picture height in pixels, zero for sound.
        timescale: Ticks per second.
        durations: Pairs of sample count and ticks per sample.
        reorders: Whether samples are shown at other times than they are decoded.
        is_edited: Whether an edit list shifts or cuts the track.
        starts_on_keyframe: Whether the first sample needs no other.
        sizes: Bytes of each sample.
        chunk_starts: Index of the first sample of each chunk.
        chunk_offsets: Position of each chunk in the file.
    """

    kind: str
    codec: str
    configuration: bytes
    width: int
    height: int
    timescale: int
    durations: tuple[tuple[int, int], ...]
    reorders: bool
    is_edited: bool
    starts_on_keyframe: bool
    sizes: NDArray[np.int64]
    chunk_starts: NDArray[np.int64]
    chunk_offsets: NDArray[np.int64]

    @property
    def num_samples(self) -> int:
        """How many samples (frames or packets) the track has."""
        return len(self.sizes)

    def position(self, index: int) -> int:
        """Return where in the file a sample begins."""
        chunk = int(np.searchsorted(self.chunk_starts, index, side="right")) - 1
        return int(self.chunk_offsets[chunk] + self.sizes[int(self.chunk_starts[chunk]) : index].sum())

    def ticks_per_sample(self) -> int | None:
        """Return the length of every sample, or None if they differ. The last one may differ: nothing follows it."""
        if not self.durations:
            return None
        (_, ticks), *rest = self.durations
        return ticks if not rest or (len(rest) == 1 and rest[0][0] == 1) else None


def read_tracks(path: Path) -> tuple[Track, ...]:
    """Return the tracks of an MP4 file.

    Raises:
        NotPlainMp4Error: If it is none, is fragmented, cut off, or has tables that contradict each other.
        OSError: If it cannot be read.
    """
    size_bytes = path.stat().st_size
    with path.open("rb", buffering=4096) as file:
        header = _movie_header(file, size_bytes)
    try:
        tracks = tuple(_track(body) for kind, body in _boxes(header) if kind == b"trak")
    except (struct.error, ValueError, IndexError, KeyError, OverflowError) as error:
        raise NotPlainMp4Error(f"its tables cannot be read: {error!r}") from error
    for track in tracks:
        if track.num_samples and track.position(track.num_samples - 1) + int(track.sizes[-1]) > size_bytes:
            raise NotPlainMp4Error("it ends before its samples do")
    return tracks


def is_whole(path: Path) -> bool:
    """Say whether the outermost boxes of an MP4 fill the file: one that was cut off, anywhere, is not whole.

    Raises:
        OSError: If it cannot be read.
    """
    size_bytes = path.stat().st_size
    with path.open("rb", buffering=4096) as file:
        try:
            return bool(list(_outer_boxes(file, size_bytes)))
        except NotPlainMp4Error:
            return False


def _outer_boxes(file: IO[bytes], size_bytes: int) -> Iterator[tuple[bytes, int]]:
    """Yield kind and body size of each box, the file standing at its body."""
    position = 0
    while position + 8 <= size_bytes:
        file.seek(position)
        size, kind = struct.unpack(">I4s", file.read(8))
        start = 8
        if size == 1:
            size, start = int.from_bytes(file.read(8)), 16
        elif size == 0:
            size = size_bytes - position  # ISO 14496-12, 4.2: the last box may reach to the end of the file
        if size < start or position + size > size_bytes:
            raise NotPlainMp4Error(f"its box at byte {position} reaches past the end: it is cut off or no MP4")
        yield kind, size - start
        position += size


def _movie_header(file: IO[bytes], size_bytes: int) -> memoryview:
    for kind, size in _outer_boxes(file, size_bytes):
        if kind == b"moov":
            if size > MAX_HEADER_BYTES:
                raise NotPlainMp4Error("its header is absurdly large")
            return memoryview(file.read(size))
    raise NotPlainMp4Error("it has no header")


def _boxes(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    while len(data) >= 8:
        size, kind = struct.unpack(">I4s", data[:8])
        if not 8 <= size <= len(data):
            raise ValueError(f"box {kind!r} of {size} bytes")
        yield kind, data[8:size]
        data = data[size:]


def _track(data: memoryview) -> Track:
    track = dict(_boxes(data))
    media = dict(_boxes(track[b"mdia"]))
    table = dict(_boxes(dict(_boxes(media[b"minf"]))[b"stbl"]))
    kind = bytes(media[b"hdlr"][8:12]).decode("latin-1")
    codec, configuration, width, height = _description(table[b"stsd"], kind)
    sizes = _sizes(table[b"stsz"])
    chunk_offsets = _chunk_offsets(table)
    timescale_at = 20 if media[b"mdhd"][0] == 1 else 12
    return Track(
        kind=kind,
        codec=codec,
        configuration=configuration,
        width=width,
        height=height,
        timescale=struct.unpack_from(">I", media[b"mdhd"], timescale_at)[0],
        durations=tuple((int(count), int(ticks)) for count, ticks in _rows(table[b"stts"], 2)),
        reorders=b"ctts" in table,
        is_edited=_is_edited(track.get(b"edts")),
        starts_on_keyframe=b"stss" not in table or bytes(table[b"stss"][8:12]) == b"\0\0\0\1",
        sizes=sizes,
        chunk_starts=_chunk_starts(table[b"stsc"], len(chunk_offsets), len(sizes)),
        chunk_offsets=chunk_offsets,
    )


def _rows(table: memoryview, columns: int, *, skip: int = 4, kind: str = ">u4") -> NDArray[np.int64]:
    count = struct.unpack_from(">I", table, skip)[0]
    values = np.frombuffer(table, dtype=kind, count=count * columns, offset=skip + 4)
    return values.reshape(count, columns).astype(np.int64)


def _sizes(table: memoryview) -> NDArray[np.int64]:
    size, count = struct.unpack_from(">II", table, 4)
    return np.full(count, size, dtype=np.int64) if size else _rows(table, 1, skip=8)[:, 0]


def _chunk_offsets(table: dict[bytes, memoryview]) -> NDArray[np.int64]:
    if b"co64" in table:
        return _rows(table[b"co64"], 1, kind=">u8")[:, 0]
    return _rows(table[b"stco"], 1)[:, 0]


def _chunk_starts(table: memoryview, num_chunks: int, num_samples: int) -> NDArray[np.int64]:
    per_chunk = np.zeros(num_chunks, dtype=np.int64)
    for first_chunk, samples, _ in _rows(table, 3):
        per_chunk[int(first_chunk) - 1 :] = samples
    if per_chunk.sum() != num_samples:
        raise ValueError(f"chunks hold {per_chunk.sum()} samples of {num_samples}")
    return np.concatenate(([0], np.cumsum(per_chunk)[:-1])) if num_chunks else per_chunk


def _is_edited(edits: memoryview | None) -> bool:
    """Say whether an edit list does more than show everything from the first sample on."""
    if edits is None:
        return False
    table = dict(_boxes(edits))[b"elst"]
    wide = table[0] == 1
    count = struct.unpack_from(">I", table, 4)[0]
    media_time = struct.unpack_from(">q", table, 16)[0] if wide else struct.unpack_from(">i", table, 12)[0]
    return count != 1 or media_time != 0


def _description(table: memoryview, kind: str) -> tuple[str, bytes, int, int]:
    """Return codec, decoder configuration, width and height; the configuration is empty for codecs other than H.264 and AAC."""
    entries = list(_boxes(table[8:]))
    if len(entries) != 1:
        raise ValueError(f"{len(entries)} sample entries")
    code, entry = entries[0]
    codec = code.decode("latin-1")
    if kind == "vide":
        width, height = struct.unpack_from(">HH", entry, 24)
        boxes = dict(_boxes(entry[_VISUAL_ENTRY_BYTES:]))
        return codec, bytes(boxes.get(b"avcC", b"")), width, height
    if kind == "soun" and codec == "mp4a":
        return codec, _audio_configuration(dict(_boxes(entry[_AUDIO_ENTRY_BYTES:])).get(b"esds")), 0, 0
    return codec, b"", 0, 0


def _audio_configuration(esds: memoryview | None) -> bytes:
    """Return the AudioSpecificConfig from the nested descriptors 3, 4 and 5, which also hold bit rates: those differ by file."""
    if esds is None:
        return b""
    data = bytes(esds[4:])
    for tag, skip in ((3, 3), (4, 13), (5, 0)):
        if data[0] != tag:
            raise ValueError(f"descriptor {data[0]} where {tag} is due")
        length, used = 0, 1
        while True:
            byte = data[used]
            length, used = length << 7 | byte & 0x7F, used + 1
            if not byte & 0x80:
                break
        data = data[used + skip : used + length]
    return data
