"""Joins the clips of a lineup into an act, and acts into a film: stream copies trimmed to the content, exact to the frame.

ffmpeg's concat demuxer reads the clips one after another; the ``setts`` filter then numbers frames and packets, so that both
timelines are contiguous whatever the parts say. Where sound is cut is decided in ``cut_plan``. The result conforms like a clip.
"""

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Final

from vtx_dagster.core.engines import MediaFacts, Progress, Segment
from vtx_dagster.core.errors import InvalidRequestError, MissingInputError, StorageError, VerificationError
from vtx_dagster.engines.clip_writer import AUDIO_PACKET_SAMPLES, AUDIO_RATE_HZ, audio_packets
from vtx_dagster.engines.conforming import conform
from vtx_dagster.engines.cut_plan import PACKET_S, Cut, plan_cuts
from vtx_dagster.engines.media_reading import probe
from vtx_dagster.engines.mp4_tables import NotPlainMp4Error, Track, read_tracks
from vtx_dagster.engines.process import run_process

_AAC_LC_48_KHZ_STEREO: Final = b"\x11\x90"
_EIGHT_BIT_420_PROFILES: Final = (66, 77, 100)
_STATS_LINE: Final = re.compile(r"frame=\s*(\d+)")
_ENTRY_OPTIONS: Final = "option fpsprobesize 0\noption probesize 32\noption analyzeduration 0\n"
"""Tables of conforming clips say everything, so ffmpeg need not decode to find out: a fifth faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Format:
    """What must be equal in all files of one copy. The AVC configuration implies profile, level, pixel format and reordering."""

    picture: bytes
    sound: bytes
    timescale: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A file that can be copied from."""

    path: Path
    cut: Cut
    format: _Format


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    fps: int
    width: int
    height: int


def assemble(
    executable: Path,
    segments: Sequence[Segment],
    output: Path,
    *,
    fps: int,
    width: int,
    height: int,
    log: Path,
    timeout_s: float,
    progress: Progress,
) -> MediaFacts:
    """Join files into one and check the result; only parts that do not conform are encoded again.

    Args:
        executable: The ffmpeg to run, 5.1 or later.
        segments: What to join, in order; at least one.
        output: The MP4 to write. It is replaced only by a result that passed; until then ``<output>.partial`` and
            ``<output>.parts/`` lie beside it.
        fps: Whole frames per second of the result.
        width: Even, in pixels.
        height: Even, in pixels.
        log: Text file to which ffmpeg's words are appended.
        timeout_s: Limit for ffmpeg, in seconds.
        progress: Told about frames joined.

    Returns:
        Facts of the result: as many frames as its parts show, sound at most one packet (21.33 ms) longer than the picture.

    Raises:
        InvalidRequestError: If there is nothing to join, or a segment shows no frame.
        MissingInputError: If files are missing; lists all of them.
        VerificationError: If a part is damaged or too short, or the result is not as long as its parts.
        ProcessError: If ffmpeg failed.
        StorageError: If the folder cannot be written.
    """
    _check_request(segments, output)
    target = _Target(fps=fps, width=width, height=height)
    total = sum(segment.content_frames for segment in segments)
    partial = output.with_name(f"{output.name}.partial")
    with _scratch(output) as scratch:
        sources = _conforming_sources(segments, target, scratch)
        lists = _write_lists(sources, fps, scratch)
        argv = _command(executable, lists, sources, partial, fps=fps)

        def on_line(line: str) -> None:
            if found := _STATS_LINE.match(line):
                progress(min(int(found[1]), total), total)

        progress(0, total)
        try:
            run_process(argv, timeout_s=timeout_s, log=log, cwd=scratch, on_line=on_line)
            facts = _checked(partial, total, target)
            _replace(partial, output)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    progress(total, total)
    return facts


def _check_request(segments: Sequence[Segment], output: Path) -> None:
    if not segments:
        raise InvalidRequestError(f"{output}: the lineup is empty; add clips before assembling", path=str(output))
    for segment in segments:
        if segment.content_frames < 1:
            raise InvalidRequestError(
                f"{segment.name}: shows {segment.content_frames} frames; at least 1 is needed", clip=segment.name
            )
    missing = [segment for segment in segments if not segment.path.is_file()]
    if missing:
        raise MissingInputError(
            f"{output.name}: {len(missing)} of {len(segments)} files are missing; render them first: "
            + ", ".join(f"{segment.name} ({segment.path})" for segment in missing),
            clips=[segment.name for segment in missing],
            paths=[str(segment.path) for segment in missing],
        )


@contextmanager
def _scratch(output: Path) -> Iterator[Path]:
    """Make a folder beside the output, on the same disk; what a killed run left is cleared first."""
    scratch = output.with_name(f"{output.name}.parts")
    try:
        if scratch.exists():
            shutil.rmtree(scratch)
        scratch.mkdir()
    except OSError as error:
        raise _storage_error(scratch, error) from error
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _conforming_sources(segments: Sequence[Segment], target: _Target, scratch: Path) -> list[_Source]:
    """Return a file to copy from for every segment, all of one format."""
    cuts = plan_cuts([segment.content_frames for segment in segments], target.fps)
    sources = [_source(segment.path, cut, target) for segment, cut in zip(segments, cuts, strict=True)]
    formats = Counter(source.format for source in sources if source is not None)
    wanted = formats.most_common(1)[0][0] if formats else None
    joinable: list[_Source] = []
    for index, (segment, cut, source) in enumerate(zip(segments, cuts, sources, strict=True)):
        if source is None or source.format != wanted:
            source = _encoded_again(segment, cut, scratch / f"again{index:06d}.mp4", target)
            if source.format != wanted:
                # Files of another encoder cannot share a copy with ours, so ours is now the format and those before come again.
                wanted = source.format
                joinable = [
                    before
                    if before.format == wanted
                    else _encoded_again(segments[place], cuts[place], scratch / f"again{place:06d}.mp4", target)
                    for place, before in enumerate(joinable)
                ]
        joinable.append(source)
    return joinable


def _source(path: Path, cut: Cut, target: _Target) -> _Source | None:
    """Return a file as a source, or None if it does not conform."""
    try:
        tracks = {track.kind: track for track in read_tracks(path)}
    except NotPlainMp4Error:
        return None
    video, audio = tracks.get("vide"), tracks.get("soun")
    if video is None or audio is None or len(tracks) != 2:
        return None
    ticks = video.ticks_per_sample()
    video_conforms = (
        video.codec == "avc1"
        and video.configuration[1:2] in [bytes([profile]) for profile in _EIGHT_BIT_420_PROFILES]
        and (video.width, video.height) == (target.width, target.height)
        and ticks is not None
        and ticks * target.fps == video.timescale
        and video.starts_on_keyframe
        and video.num_samples >= cut.frames
    )
    audio_conforms = (
        audio.configuration.startswith(_AAC_LC_48_KHZ_STEREO)
        and audio.timescale == AUDIO_RATE_HZ
        and audio.ticks_per_sample() == AUDIO_PACKET_SAMPLES
        and audio.num_samples >= audio_packets(cut.frames, target.fps)
    )
    if not (video_conforms and audio_conforms) or any(track.reorders or track.is_edited for track in (video, audio)):
        return None
    if not _can_be_cut(video, audio, cut, target.fps):
        return None
    file_format = _Format(picture=video.configuration, sound=audio.configuration, timescale=video.timescale)
    return _Source(path=path, cut=cut, format=file_format)


def _can_be_cut(video: Track, audio: Track, cut: Cut, fps: int) -> bool:
    """Say whether ffmpeg finds everything before it stops: at the first sample of either stream past an outpoint."""
    packets_before = ceil(cut.video_outpoint_s / PACKET_S)
    frames_before = ceil(cut.audio_outpoint_s * fps)
    return _comes_before(video, cut.frames, audio, packets_before) and _comes_before(audio, cut.packets, video, frames_before)


def _comes_before(track: Track, count: int, other: Track, others: int) -> bool:
    """Say whether the first ``count`` samples of a track stand in the file before all but the first ``others`` of the other."""
    return count == 0 or others >= other.num_samples or track.position(count - 1) < other.position(others)


def _encoded_again(segment: Segment, cut: Cut, path: Path, target: _Target) -> _Source:
    try:
        conform(
            segment.path,
            path,
            num_frames=segment.content_frames,
            fps=target.fps,
            width=target.width,
            height=target.height,
        )
    except VerificationError as error:
        raise VerificationError(f"{segment.name}: {error.message}", **{**error.details, "clip": segment.name}) from error
    source = _source(path, cut, target)
    if source is None:
        raise VerificationError(
            f"{segment.name}: does not conform even after it was encoded again; this is a fault of the encoder, report it",
            clip=segment.name,
            path=str(segment.path),
            reasons=["does not conform"],
        )
    return source


def _write_lists(sources: Sequence[_Source], fps: int, scratch: Path) -> list[Path]:
    """Write the list of files for ffmpeg: one for both streams, or one for each where no single time cuts both right."""
    try:
        names = [_listed_name(source.path, scratch / f"{index:06d}.mp4") for index, source in enumerate(sources)]
        durations = [Fraction(source.cut.frames, fps) for source in sources]
        video = [source.cut.video_outpoint_s for source in sources]
        audio = [source.cut.audio_outpoint_s for source in sources]
        if video == audio:
            return [_write_list(scratch / "both.ffconcat", names, durations, video)]
        return [
            _write_list(scratch / "video.ffconcat", names, durations, video),
            _write_list(scratch / "audio.ffconcat", names, durations, audio),
        ]
    except OSError as error:
        raise _storage_error(scratch, error) from error


def _listed_name(path: Path, link: Path) -> str:
    """Return a path as the list holds it, in quotes; a name with a line break, which the format cannot hold, through a link."""
    path = path.absolute()
    if "\n" in str(path):
        link.symlink_to(path)
        return link.name
    return "'" + str(path).replace("'", "'\\''") + "'"


def _write_list(path: Path, names: Sequence[str], durations: Sequence[Fraction], outpoints: Sequence[Fraction]) -> Path:
    lines = ["ffconcat version 1.0\n"]
    for name, duration_s, outpoint_s in zip(names, durations, outpoints, strict=True):
        lines.append(f"file {name}\n{_ENTRY_OPTIONS}duration {float(duration_s):.6f}\noutpoint {float(outpoint_s):.6f}\n")
    path.write_bytes(os.fsencode("".join(lines)))
    return path


def _command(executable: Path, lists: Sequence[Path], sources: Sequence[_Source], partial: Path, *, fps: int) -> list[str]:
    inputs = [word for path in lists for word in ("-f", "concat", "-safe", "0", "-auto_convert", "0", "-i", path.name)]
    timescale = sources[0].format.timescale
    ticks = timescale // fps
    return [
        *[str(executable), "-nostdin", "-hide_banner", "-v", "error", "-stats", "-xerror", "-y"],
        *inputs,
        *["-map", "0:v:0", "-map", f"{len(lists) - 1}:a:0", "-c", "copy", "-map_metadata", "-1", "-map_chapters", "-1"],
        *["-bsf:v", f"setts=pts=N*{ticks}:dts=N*{ticks}:duration={ticks}"],
        *["-bsf:a", f"setts=pts=N*{AUDIO_PACKET_SAMPLES}:dts=N*{AUDIO_PACKET_SAMPLES}:duration={AUDIO_PACKET_SAMPLES}"],
        *["-fflags", "+bitexact", "-video_track_timescale", str(timescale), "-use_editlist", "0"],
        # Room for the header at the front, as +faststart would put it there, without writing a film of gigabytes twice.
        *["-moov_size", str(_header_room_bytes(sources, fps)), "-f", "mp4", str(partial.absolute())],
    ]


def _header_room_bytes(sources: Sequence[_Source], fps: int) -> int:
    """Return an upper bound of the header of the result.

    A sample takes 4 bytes (its size) and 4 more as a keyframe; a chunk 8 for its place and 12 for its count, and chunks end where
    the other stream goes on, or at 1 MiB.
    """
    frames = sum(source.cut.frames for source in sources)
    packets = audio_packets(frames, fps)
    media_bytes = sum(source.path.stat().st_size for source in sources)
    chunks = 2 * min(frames, packets) + 2 + media_bytes // (1 << 19)
    return 8192 + 8 * frames + 4 * packets + 20 * chunks


def _checked(partial: Path, total_frames: int, target: _Target) -> MediaFacts:
    facts = probe(partial)
    reasons: list[str] = []
    if facts.num_frames != total_frames:
        reasons.append(f"it has {facts.num_frames} frames and its parts {total_frames}")
    if total_frames > 1 and facts.fps != target.fps:
        reasons.append(f"its frames are not evenly spaced at {target.fps} fps")
    picture_s = Fraction(total_frames, target.fps)
    packets = ceil(picture_s * AUDIO_RATE_HZ / AUDIO_PACKET_SAMPLES)
    if facts.audio_s != Fraction(packets * AUDIO_PACKET_SAMPLES, AUDIO_RATE_HZ):
        reasons.append(f"its sound lasts {float(facts.audio_s):.3f} s and its picture {float(picture_s):.3f} s")
    (whole,) = plan_cuts([total_frames], target.fps)
    if _source(partial, whole, target) is None:
        reasons.append("it does not conform as its parts do")
    if reasons:
        raise VerificationError(
            f"{partial.name}: the parts were not joined as they should: {'; '.join(reasons)}; see the log",
            path=str(partial),
            reasons=list(reasons),
        )
    return facts


def _replace(partial: Path, output: Path) -> None:
    try:
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(output)
    except OSError as error:
        raise _storage_error(output, error) from error


def _storage_error(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path}: cannot be written ({error.strerror}); check space and permissions", path=str(path))
