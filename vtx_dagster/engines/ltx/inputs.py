"""The files that a clip is rendered from: whether they are what LTX takes them for, and what is made of them for it.

LTX decodes inputs once its models are loaded, and takes frame counts, rates and sizes for granted.
"""

import functools
import wave
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.error import FFmpegError
from PIL import Image, UnidentifiedImageError

from vtx_dagster.core.errors import VerificationError
from vtx_dagster.core.frames import STRIDE
from vtx_dagster.core.pipelines import PIPELINES
from vtx_dagster.core.plan import PlanInput, RenderPlan
from vtx_dagster.engines.clip_writer import AUDIO_RATE_HZ
from vtx_dagster.engines.conforming import stereo_sound
from vtx_dagster.engines.media_reading import open_media, probe
from vtx_dagster.studio.files import FileIdentity, file_identity, storage_errors

MIN_SIDE_PX: Final = 16
MAX_SIDE_PX: Final = 16_384
MAX_FPS: Final = 240
RATE_TOLERANCE: Final = Fraction(1, 100)
"""A steering video of 23.976 fps goes with a clip of 24: its frames are counted, and 1 % is seen by nobody."""

RETAKE_MULTIPLE: Final = 32
STEREO: Final = 2
PICTURES: Final = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
"""What every Pillow opens; LTX opens images with the one in its own environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """What a look at a file showed; ``problem`` is empty if it can be used."""

    problem: str = ""
    width: int = 0
    height: int = 0
    fps: Fraction = Fraction(0)
    num_frames: int = 0
    channels: int = 0
    sound_s: float = 0.0


def check_inputs(plan: RenderPlan, files: Mapping[str, Path]) -> Iterator[str]:
    """Yield what is wrong with the input files of a plan, in words; each file is decoded once per process while it is the same.

    Args:
        plan: The plan.
        files: Path of each input, by SHA-256.
    """
    for given in plan.inputs:
        path = files[given.sha256]
        look = {"image": _look_at_picture, "audio": _look_at_sound}.get(given.role, _look_at_video)
        looked = look(str(path), file_identity(path))
        if looked.problem:
            yield f"{path.name}: {looked.problem}"
        elif given.role == "image":
            yield from _image_problems(plan, given, path)
        elif given.role == "audio":
            yield from _sound_problems(given, looked, path)
        elif PIPELINES[plan.pipeline].needs_range:
            yield from _retake_problems(plan, looked, path)
        else:
            yield from _steering_problems(plan, looked, path)


def tail_frames(take: Path, folder: Path, *, end_frame: int, frames: int) -> tuple[tuple[int, Path], ...]:
    """Write the last frames of a take that the film shows as PNG files, as many as LTX takes for a window.

    Args:
        take: The previous clip's take.
        folder: Where the files go; it exists.
        end_frame: How many of its frames are shown.
        frames: Length of the window, ``8k + 1``.

    Returns:
        Places in the window and files: the frames 0, 8, 16, ... of the window, one for each latent frame of LTX.

    Raises:
        VerificationError: If the take cannot be read, or has fewer frames.
        StorageError: If a file cannot be written.
    """
    wanted = {end_frame - frames + place: place for place in range(0, frames, STRIDE)}
    found: list[tuple[int, Path]] = []
    with open_media(take) as container:
        for index, frame in enumerate(islice(container.decode(container.streams.video[0]), end_frame)):
            if index in wanted:
                path = folder / f"previous{wanted[index]:03d}.png"
                with storage_errors(path):
                    frame.to_image().save(path)
                found.append((wanted[index], path))
    if len(found) < len(wanted):
        reason = f"it has fewer than {end_frame} frames"
        raise VerificationError(f"{take}: {reason}; render it again", path=str(take), reasons=[reason])
    return tuple(found)


def render_sound(source: Path, output: Path, *, start_s: float, echo_frames: int, render_frames: int, fps: int) -> Path:
    """Write the sound of a clip as LTX takes it: stereo, and exactly as long as the render.

    Where the clip begins with an echo, there is silence for as long as the echo lasts; where the source ends too early, silence
    until the end.

    Args:
        source: The file with the sound.
        output: The WAV to write: 48 kHz, stereo, 16 bit.
        start_s: Where in the source the clip begins.
        echo_frames: How many rendered frames come before the clip.
        render_frames: Length of the whole, in frames.
        fps: Frames per second.

    Raises:
        VerificationError: If the source cannot be read.
        StorageError: If the output cannot be written.
    """
    total, place = (frames * AUDIO_RATE_HZ // fps for frames in (render_frames, echo_frames))
    samples = np.zeros((total, 2), dtype=np.int16)
    with closing(stereo_sound(source, Fraction(str(start_s)))) as sound:
        for frame in sound:
            part = frame.to_ndarray().T[: total - place]
            samples[place : place + len(part)] = np.clip(part * 32768.0, -32768, 32767).astype(np.int16)
            place += len(part)
            if place >= total:
                break
    with storage_errors(output), wave.open(str(output), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(AUDIO_RATE_HZ)
        file.writeframes(samples.tobytes())
    return output


def _image_problems(plan: RenderPlan, given: PlanInput, path: Path) -> Iterator[str]:
    if not 0 <= given.frame_index < plan.render_frames:
        yield f"{path.name}: frame {given.frame_index} is outside a clip of {plan.render_frames} frames"


def _sound_problems(given: PlanInput, looked: _Looked, path: Path) -> Iterator[str]:
    start_s = given.start_s or 0.0
    if start_s >= looked.sound_s:
        yield f"{path.name}: start_s is {start_s:g} and the sound lasts {looked.sound_s:.2f} s: begin earlier"


def _steering_problems(plan: RenderPlan, looked: _Looked, path: Path) -> Iterator[str]:
    """Yield why a video or a mask cannot steer. LTX lays a mask over the latent frames of the video: both last a whole render."""
    if plan.echo_frames:
        yield f"{path.name}: a steering video cannot go with from_previous: it would begin {plan.echo_frames} frames too early"
    has_mask = any(given.role == "mask" for given in plan.inputs)
    if has_mask and looked.num_frames < plan.render_frames:
        reason = f"it has {looked.num_frames} frames, and with a mask LTX needs all {plan.render_frames} that are rendered"
        yield f"{path.name}: {reason}: use a longer video"
    elif looked.num_frames < plan.content_frames:
        yield f"{path.name}: it has {looked.num_frames} frames and the clip {plan.content_frames}: use a longer video"
    if abs(looked.fps / plan.fps - 1) > RATE_TOLERANCE:
        yield f"{path.name}: it runs at {float(looked.fps):g} fps and the clip at {plan.fps}: convert it"


def _retake_problems(plan: RenderPlan, looked: _Looked, path: Path) -> Iterator[str]:
    """Yield why a video cannot be rendered anew in part: the result has its size, rate and length, so they are the plan's."""
    name = path.name
    if looked.num_frames % STRIDE != 1:
        below = max(0, looked.num_frames - 1) // STRIDE * STRIDE + 1
        yield f"{name}: it has {looked.num_frames} frames, which is not 8k + 1: cut it to {below}"
    elif looked.num_frames != plan.render_frames:
        seconds = f"{looked.num_frames / plan.fps:.3f}".rstrip("0").rstrip(".")
        yield (
            f"{name}: it has {looked.num_frames} frames and the clip is rendered with {plan.render_frames}: "
            f"give the clip its length (duration: {{seconds: {seconds}}})"
        )
    if looked.fps.denominator != 1:
        yield f"{name}: it runs at {float(looked.fps):g} fps: convert it to a whole number"
    elif looked.fps != plan.fps:
        yield f"{name}: it runs at {looked.fps} fps and the render profile at {plan.fps}: they must be equal"
    if looked.width % RETAKE_MULTIPLE or looked.height % RETAKE_MULTIPLE:
        yield f"{name}: it is {looked.width}x{looked.height}, and both sides must be multiples of {RETAKE_MULTIPLE}"
    elif (looked.width, looked.height) != (plan.width, plan.height):
        yield f"{name}: it is {looked.width}x{looked.height} and the profile {plan.width}x{plan.height}: they must be equal"
    if looked.channels not in (0, STEREO):
        yield f"{name}: its sound has {looked.channels} channel(s), and LTX takes stereo: convert it, or leave the sound out"
    if plan.retake is not None and looked.fps and plan.retake.end_s > looked.num_frames / looked.fps:
        length_s = float(looked.num_frames / looked.fps)
        yield f"{name}: inputs.retake ends at {plan.retake.end_s:g} s and the video at {length_s:.2f} s"


@functools.lru_cache(maxsize=4096)
def _look_at_picture(path: str, _identity: FileIdentity | None) -> _Looked:
    if path.lower().endswith(".exr"):
        return _Looked(problem="LTX takes OpenEXR only for films in HDR, which vtx does not make: use PNG or JPEG")
    try:
        with Image.open(path, formats=PICTURES) as picture:
            problem = _size_problem(picture.width, picture.height)
            if not problem:
                picture.load()
            return _Looked(problem=problem)
    except UnidentifiedImageError:
        return _Looked(problem="it is no picture that can be decoded (nothing of the kind is in it): use PNG or JPEG")
    except Exception as error:  # noqa: BLE001 - Pillow passes on whatever its decoders raise: SyntaxError, zlib.error, OSError, ...
        return _Looked(problem=f"it is no picture that can be decoded ({error}): use PNG or JPEG")


@functools.lru_cache(maxsize=4096)
def _look_at_video(path: str, _identity: FileIdentity | None) -> _Looked:
    try:
        with open_media(Path(path)) as container:
            frame = next(container.decode(container.streams.video[0]))
    except (VerificationError, StopIteration, IndexError) as error:
        return _Looked(problem=f"it is no video that can be decoded ({_reason(error)}): use MP4")
    if problem := _size_problem(frame.width, frame.height):
        return _Looked(problem=problem)
    facts = probe(Path(path))
    if not 1 <= facts.fps <= MAX_FPS:
        return _Looked(problem=f"it runs at {float(facts.fps):g} fps, and 1 to {MAX_FPS} are taken: convert it")
    return _Looked(
        width=facts.width, height=facts.height, fps=facts.fps, num_frames=facts.num_frames, channels=facts.audio_channels
    )


@functools.lru_cache(maxsize=4096)
def _look_at_sound(path: str, _identity: FileIdentity | None) -> _Looked:
    try:
        with open_media(Path(path)) as container:
            stream = container.streams.audio[0]
            next(container.decode(stream))
            length_s = float((stream.duration or 0) * (stream.time_base or 0)) or (container.duration or 0) / av.time_base
            return _Looked(sound_s=length_s)
    except (VerificationError, FFmpegError, StopIteration, IndexError) as error:
        return _Looked(problem=f"it has no sound that can be decoded ({_reason(error)}): use WAV, MP3 or AAC")


def _size_problem(width: int, height: int) -> str:
    if min(width, height) >= MIN_SIDE_PX and max(width, height) <= MAX_SIDE_PX:
        return ""
    return f"it is {width}x{height}, and {MIN_SIDE_PX} to {MAX_SIDE_PX} px a side are taken"


def _reason(error: Exception) -> str:
    reasons = error.details.get("reasons") if isinstance(error, VerificationError) else None
    return str(reasons[0]) if isinstance(reasons, list) else "nothing of the kind is in it"
