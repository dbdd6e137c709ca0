"""Synthesised media: small clips whose pictures move and whose sound is silent but for bursts at known times."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.container import Flags
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from vtx_dagster.core.clip import InputMode, Pipeline
from vtx_dagster.core.plan import EngineIdentity, RenderPlan
from vtx_dagster.engines.clip_writer import X264_OPTIONS, audio_packets

BURST_S = 0.01


def pattern(index: int, *, width: int, height: int, seed: int = 0) -> np.ndarray:
    """A diagonal gradient that wanders by a few pixels a frame."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([columns * 3 + index * 7, rows * 3 + seed * 40, columns + rows + index * 5], axis=-1).astype(np.uint8)


def sound(bursts_s: tuple[float, ...], *, num_samples: int, rate: int) -> np.ndarray:
    """One channel: a burst of 2 kHz, 10 ms long, at each time."""
    samples = np.zeros(num_samples, dtype=np.float32)
    for burst_s in bursts_s:
        start = round(burst_s * rate)
        length = max(0, min(round(BURST_S * rate), num_samples - start))
        samples[start : start + length] = 0.7 * np.sin(2 * np.pi * 2000 * np.arange(length) / rate)
    return samples


@pytest.fixture(scope="session")
def make_clip() -> Callable[..., Path]:
    """Write a clip; without options it conforms to the contract, and each option breaks one clause of it."""

    def make(
        path: Path,
        *,
        num_frames: int = 17,
        fps: int = 16,
        width: int = 64,
        height: int = 48,
        seed: int = 0,
        bursts_s: tuple[float, ...] = (),
        picture: Callable[[int], np.ndarray] | None = None,
        has_sound: bool = True,
        rate: int = 48_000,
        layout: str = "stereo",
        keeps_priming: bool = False,
        audio_codec: str = "aac",
        sound_frames: int | None = None,
        video_codec: str = "libx264",
        pixel_format: str = "yuv420p",
        video_options: dict[str, str] | None = None,
        times: Callable[[int], int] = lambda index: index,
        container_format: str = "mp4",
    ) -> Path:
        edit = {} if keeps_priming else {"use_editlist": "0"}
        with av.open(str(path), "w", format=container_format, options=edit if container_format == "mp4" else {}) as container:
            container.flags |= Flags.bitexact.value
            options = X264_OPTIONS | {"g": str(4 * fps)} if video_codec == "libx264" else {}
            video = container.add_stream(video_codec, rate=fps, options=options | (video_options or {}))
            video.width, video.height, video.pix_fmt = width, height, pixel_format
            video.time_base = video.codec_context.time_base = Fraction(1, fps)
            context = video.codec_context
            context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
            context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
            audio = container.add_stream(audio_codec, rate=rate, layout=layout) if has_sound else None
            packets = []
            for index in range(num_frames):
                image = picture(index) if picture else pattern(index, width=width, height=height, seed=seed)
                frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=pixel_format)
                frame.pts, frame.time_base = times(index), Fraction(1, fps)
                packets += video.encode(frame)
            packets += video.encode(None)
            if audio is not None:
                count = (
                    audio_packets(sound_frames or num_frames, fps) if rate == 48_000 else round(num_frames / fps * rate / 1024)
                )
                samples = sound(bursts_s, num_samples=count * 1024, rate=rate)
                for index in range(count):
                    part = np.stack([samples[index * 1024 : index * 1024 + 1024]] * (2 if layout == "stereo" else 1))
                    piece = av.AudioFrame.from_ndarray(np.ascontiguousarray(part), format="fltp", layout=layout)
                    piece.sample_rate, piece.pts, piece.time_base = rate, index * 1024, Fraction(1, rate)
                    packets += audio.encode(piece)
                packets += audio.encode(None)
            for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
                if keeps_priming or packet.stream is video or packet.pts >= 0:
                    container.mux(packet)
        return path

    return make


@pytest.fixture(scope="session")
def plan_for() -> Callable[..., RenderPlan]:
    def plan(*, num_frames: int = 17, fps: int = 16, width: int = 64, height: int = 48) -> RenderPlan:
        return RenderPlan(
            clip="A01_S01_SH001",
            engine=EngineIdentity(name="test", version="1"),
            pipeline=Pipeline.TI2VID_ONE_STAGE,
            mode=InputMode.T2V,
            prompt="",
            negative_prompt="",
            seed=1,
            width=width,
            height=height,
            fps=fps,
            content_frames=max(1, num_frames - 1),
            render_frames=num_frames,
        )

    return plan
