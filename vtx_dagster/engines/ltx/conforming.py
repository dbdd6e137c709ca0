"""Makes what LTX wrote a clip of the contract: the echo cut off, the picture copied where it fits, the sound in its place.

Frames are counted here, never resampled by time: a render has the plan's rate or is not one of the plan.
"""

from collections.abc import Generator
from contextlib import closing
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Final

import av
from av.container import Flags, InputContainer, OutputContainer
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream
from pydantic import JsonValue

from vtx_dagster.core.errors import VerificationError
from vtx_dagster.core.plan import RenderPlan
from vtx_dagster.engines.clip_writer import X264_OPTIONS, audio_packets, keyframe_interval
from vtx_dagster.engines.conforming import join_sound
from vtx_dagster.engines.media_reading import open_media, probe
from vtx_dagster.engines.mp4_tables import NotPlainMp4Error, read_tracks

ENCODER: Final = X264_OPTIONS | {"crf": "16"}
"""Better than what LTX itself writes (19), so that nothing that it drew is lost by encoding again."""

SOUND_BITS_PER_S: Final = 192_000

_EIGHT_BIT_420_PROFILES: Final = (66, 77, 100)


def conform_clip(source: Path, output: Path, *, plan: RenderPlan, size: tuple[int, int]) -> dict[str, JsonValue]:
    """Write a rendered file as a clip of the contract.

    Args:
        source: What the engine wrote: at least ``plan.render_frames`` frames at ``plan.fps``, with or without sound.
        output: The MP4 to write.
        plan: What was rendered.
        size: Width and height that were rendered, in pixels. Smaller than the plan's, the picture is scaled up to fill it.

    Returns:
        What was done, for the take: ``{"picture": "copied", "sound": "kept"}``, or ``"encoded"`` with ``"because"``.

    Raises:
        VerificationError: If the file cannot be read or is not what was asked for.
    """
    _check(source, plan, size)
    has_sound = probe(source).audio_channels > 0
    facts: dict[str, JsonValue] = {"sound": "kept" if has_sound else "silence: the render has none"}
    packets = audio_packets(plan.file_frames, plan.fps)
    start_s = Fraction(plan.echo_frames, plan.fps)
    because = _why_not_copied(source, plan)
    if because is None:
        _join(source, source, output, plan=plan, num_packets=packets, start_s=start_s)
        return {"picture": "copied", **facts}
    silent = output.with_suffix(".silent.mp4")
    _encode(source, silent, plan)
    _join(silent, source, output, plan=plan, num_packets=packets, start_s=start_s)
    silent.unlink()
    return {"picture": "encoded", "because": because, **facts}


def _join(pictures: Path, sound: Path, output: Path, *, plan: RenderPlan, num_packets: int, start_s: Fraction) -> None:
    join_sound(
        pictures,
        sound,
        output,
        num_packets=num_packets,
        num_frames=plan.file_frames,
        start_s=start_s,
        bits_per_s=SOUND_BITS_PER_S,
    )


def _check(source: Path, plan: RenderPlan, size: tuple[int, int]) -> None:
    facts = probe(source)
    if not facts.num_frames:
        raise _not_as_planned(source, plan, ["it has no picture"])
    reasons: list[str] = []
    if (facts.width, facts.height) != size:
        reasons.append(f"the picture is {facts.width}x{facts.height} and not {size[0]}x{size[1]}")
    if facts.num_frames < plan.render_frames:
        reasons.append(f"it has {facts.num_frames} frames and not {plan.render_frames}")
    if facts.num_frames > 1 and facts.fps != plan.fps:
        reasons.append(f"it runs at {float(facts.fps):g} fps and not {plan.fps}")
    if reasons:
        raise _not_as_planned(source, plan, reasons)


def _not_as_planned(source: Path, plan: RenderPlan, reasons: list[str]) -> VerificationError:
    return VerificationError(
        f"{plan.clip}: what was rendered is not what was planned: {'; '.join(reasons)}; render it again",
        path=str(source),
        clip=plan.clip,
        reasons=list(reasons),
    )


def _why_not_copied(source: Path, plan: RenderPlan) -> str | None:
    """Say in words what of the picture breaks the contract, or return None if nothing does."""
    if plan.echo_frames:
        return f"its first {plan.echo_frames} frames repeat the previous clip"
    try:
        video = next((track for track in read_tracks(source) if track.kind == "vide"), None)
    except NotPlainMp4Error as error:
        return f"it is no plain MP4: {error}"
    if video is None or video.codec != "avc1" or video.configuration[1:2] not in map(_as_byte, _EIGHT_BIT_420_PROFILES):
        return "it is not H.264 of 8 bit 4:2:0"
    if (video.width, video.height) != (plan.width, plan.height):
        return "it is smaller than planned"
    if video.reorders:
        return "it has frames that are decoded in another order than shown"
    if video.is_edited or not video.starts_on_keyframe:
        return "it does not begin with its first frame"
    return None


def _as_byte(number: int) -> bytes:
    return bytes([number])


def _encode(source: Path, output: Path, plan: RenderPlan) -> None:
    """Encode the frames after the echo, scaled to cover the plan's size."""
    with open_media(source) as container, av.open(str(output), "w", format="mp4", options={"use_editlist": "0"}) as written:
        written.flags |= Flags.bitexact.value
        video = _video_stream(written, plan)
        with closing(_frames(container, plan)) as frames:
            for index, frame in enumerate(islice(frames, plan.echo_frames, None)):
                frame.pts, frame.time_base = index, Fraction(1, plan.fps)
                written.mux(video.encode(frame))
        written.mux(video.encode(None))


def _frames(container: InputContainer, plan: RenderPlan) -> Generator[VideoFrame, None, None]:
    video = container.streams.video[0]
    video.thread_type = "AUTO"
    video.codec_context.options = {"err_detect": "explode"}
    scaler = None if (video.width, video.height) == (plan.width, plan.height) else _scaler(video, plan)
    for frame in islice(container.decode(video), plan.render_frames):
        if scaler is None:
            yield _as_video(frame)
        else:
            scaler.push(frame)
            yield _as_video(scaler.pull())


def _as_video(frame: object) -> VideoFrame:
    assert isinstance(frame, VideoFrame)  # noqa: S101 - tells the type checker what a video stream yields
    return frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)


def _scaler(video: VideoStream, plan: RenderPlan) -> Graph:
    graph = Graph()
    size = f"{plan.width}:{plan.height}"
    graph.link_nodes(
        graph.add_buffer(template=video),
        graph.add("scale", f"{size}:force_original_aspect_ratio=increase:flags=lanczos"),
        graph.add("crop", size),
        graph.add("buffersink"),
    ).configure()
    return graph


def _video_stream(container: OutputContainer, plan: RenderPlan) -> VideoStream:
    stream = container.add_stream("libx264", rate=plan.fps, options=ENCODER | {"g": str(keyframe_interval(plan.fps))})
    stream.width, stream.height, stream.pix_fmt = plan.width, plan.height, "yuv420p"
    context = stream.codec_context
    stream.time_base = context.time_base = Fraction(1, plan.fps)
    context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
    return stream
