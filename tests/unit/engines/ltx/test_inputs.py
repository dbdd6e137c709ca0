import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from vtx_dagster.core.clip import InputMode, Pipeline, RetakeRange
from vtx_dagster.core.errors import VerificationError
from vtx_dagster.core.plan import EngineIdentity, PlanInput, PlanPrevious, RenderPlan
from vtx_dagster.engines.ltx.inputs import check_inputs, render_sound, tail_frames

MakeClip = Callable[..., Path]


def problems(path: Path, role: str, *, pipeline: Pipeline = Pipeline.DISTILLED, given: Any = None, **fields: Any) -> list[str]:
    plan = RenderPlan(
        **{
            "clip": "A01_S01_SH001",
            "engine": EngineIdentity(name="ltx", version="1.2"),
            "pipeline": pipeline,
            "mode": InputMode.T2V,
            "prompt": "",
            "negative_prompt": "",
            "seed": 1,
            "width": 64,
            "height": 32,
            "fps": 16,
            "content_frames": 17,
            "render_frames": 17,
            "inputs": (PlanInput(role=role, sha256="x", **(given or {})),),
            **fields,
        }
    )
    return [*check_inputs(plan, {"x": path})]


def still(path: Path, width: int = 64, height: int = 64) -> Path:
    Image.new("RGB", (width, height), (200, 20, 20)).save(path)
    return path


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.bmp", "a.tiff"])
def test_pictures_that_can_be_used(tmp_path: Path, name: str) -> None:
    assert problems(still(tmp_path / name), "image", given={"frame_index": 16}) == []


@pytest.mark.parametrize(
    ("width", "height", "says"), [(15, 64, "it is 15x64, and 16 to 16384 px a side"), (17000, 16, "17000x16")]
)
def test_pictures_of_no_sane_size(tmp_path: Path, width: int, height: int, says: str) -> None:
    (found,) = problems(still(tmp_path / "a.png", width, height), "image")
    assert says in found


def test_what_is_no_picture_for_ltx(tmp_path: Path, make_clip: MakeClip) -> None:
    film = make_clip(tmp_path / "a.mp4")
    nothing = "it is no picture that can be decoded (nothing of the kind is in it): use PNG or JPEG"
    assert problems(film, "image") == [f"a.mp4: {nothing}"]
    assert problems(film.rename(tmp_path / "film.png"), "image") == [f"film.png: {nothing}"]
    (found,) = problems(still(tmp_path / "b.png").rename(tmp_path / "b.EXR"), "image")
    assert found == "b.EXR: LTX takes OpenEXR only for films in HDR, which vtx does not make: use PNG or JPEG"


def test_pictures_that_were_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.effect_noise((64, 64), 90).save(path)
    path.write_bytes(path.read_bytes()[:-900])
    (found,) = problems(path, "image")
    assert found.startswith("a.jpg: it is no picture that can be decoded (image file is truncated")


def test_pictures_at_no_frame_of_the_clip(tmp_path: Path) -> None:
    assert problems(still(tmp_path / "a.png"), "image", given={"frame_index": 17}) == [
        "a.png: frame 17 is outside a clip of 17 frames"
    ]


@pytest.mark.parametrize(
    ("role", "says"),
    [
        ("image", "it is no picture that can be decoded"),
        ("video", "it is no video that can be decoded"),
        ("audio", "it has no sound that can be decoded"),
    ],
)
@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\x89PNG\r\n\x1a\n" + bytes(50)])
def test_files_that_cannot_be_decoded(tmp_path: Path, role: str, says: str, content: bytes) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    (found,) = problems(path, role)
    assert found.startswith(f"a.bin: {says}")


def test_files_are_looked_at_again_once_they_change(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"no")
    assert problems(path, "image")
    assert problems(still(path), "image") == []


def write_sound(path: Path, seconds: float, *, rate: int = 8000, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.full(round(seconds * rate) * channels, 16384, dtype=np.int16).tobytes())
    return path


def test_sound_must_last_until_the_clip_begins(tmp_path: Path, make_clip: MakeClip) -> None:
    path = write_sound(tmp_path / "a.wav", 2)
    assert problems(path, "audio", given={"start_s": 1.5}) == []
    assert problems(path, "audio", given={"start_s": 2.0}) == ["a.wav: start_s is 2 and the sound lasts 2.00 s: begin earlier"]
    matroska = make_clip(tmp_path / "a.mkv", container_format="matroska")
    assert problems(matroska, "audio") == []
    (silent,) = problems(make_clip(tmp_path / "silent.mp4", has_sound=False), "audio")
    assert silent == "silent.mp4: it has no sound that can be decoded (nothing of the kind is in it): use WAV, MP3 or AAC"


@pytest.mark.parametrize("role", ["video", "mask"])
@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"num_frames": 17}, ""),
        ({"num_frames": 16}, "it has 16 frames{}: use a longer video"),
        ({"num_frames": 30, "fps": 24}, "it runs at 24 fps and the clip at 16: convert it"),
    ],
)
def test_steering_videos(tmp_path: Path, make_clip: MakeClip, role: str, options: Any, says: str) -> None:
    found = problems(make_clip(tmp_path / "a.mp4", **options), role, pipeline=Pipeline.IC_LORA)
    short = " and the clip 17" if role == "video" else ", and with a mask LTX needs all 17 that are rendered"
    assert found == ([f"a.mp4: {says.format(short)}"] if says else [])


@pytest.mark.parametrize("role", ["video", "mask"])
@pytest.mark.parametrize(("num_frames", "is_taken"), [(19, False), (24, False), (25, True), (30, True)])
def test_with_a_mask_videos_last_as_long_as_the_render(
    tmp_path: Path, make_clip: MakeClip, role: str, num_frames: int, is_taken: bool
) -> None:
    longer = {"content_frames": 20, "render_frames": 25}
    path = make_clip(tmp_path / "a.mp4", num_frames=num_frames)
    mask = PlanInput(role="mask", sha256="x")
    found = problems(path, role, pipeline=Pipeline.IC_LORA, **longer, inputs=(PlanInput(role=role, sha256="x"), mask))
    says = f"a.mp4: it has {num_frames} frames, and with a mask LTX needs all 25 that are rendered: use a longer video"
    assert found == ([] if is_taken else [says, says])
    if role == "video" and num_frames == 24:
        assert problems(path, role, pipeline=Pipeline.IC_LORA, **longer) == []


def test_a_steering_video_and_an_echo_do_not_go_together(tmp_path: Path, make_clip: MakeClip) -> None:
    previous = PlanPrevious(clip="A01_S01_SH000", clip_hash="a", end_frame=9, frames=9)
    (found,) = problems(make_clip(tmp_path / "a.mp4"), "video", pipeline=Pipeline.IC_LORA, previous=previous)
    assert "it would begin 9 frames too early" in found


def test_videos_of_no_sane_size(tmp_path: Path, make_clip: MakeClip) -> None:
    path = make_clip(tmp_path / "a.mp4", width=64, height=8)
    assert problems(path, "video", pipeline=Pipeline.IC_LORA) == ["a.mp4: it is 64x8, and 16 to 16384 px a side are taken"]


def test_a_rate_that_no_video_has(tmp_path: Path, make_clip: MakeClip) -> None:
    path = make_clip(tmp_path / "a.mp4", fps=300)
    assert problems(path, "video", pipeline=Pipeline.IC_LORA) == ["a.mp4: it runs at 300 fps, and 1 to 240 are taken: convert it"]


@pytest.mark.parametrize(
    ("options", "range_", "says"),
    [
        ({}, (0.25, 1.0), []),
        ({"num_frames": 16}, (0.25, 1.0), ["it has 16 frames, which is not 8k + 1: cut it to 9"]),
        (
            {"num_frames": 25},
            (0.25, 1.0),
            ["it has 25 frames and the clip is rendered with 17: give the clip its length (duration: {seconds: 1.562})"],
        ),
        ({"fps": 24}, (0.1, 0.5), ["it runs at 24 fps and the render profile at 16: they must be equal"]),
        ({"height": 48}, (0.25, 1.0), ["it is 64x48, and both sides must be multiples of 32"]),
        ({"height": 64}, (0.25, 1.0), ["it is 64x64 and the profile 64x32: they must be equal"]),
        ({}, (0.25, 1.2), ["inputs.retake ends at 1.2 s and the video at 1.06 s"]),
        ({"times": lambda index: index + (index > 8)}, (0.25, 1.0), ["it runs at 15.1111 fps: convert it to a whole number"]),
    ],
)
def test_videos_for_a_retake(
    tmp_path: Path, make_clip: MakeClip, options: Any, range_: tuple[float, float], says: list[str]
) -> None:
    path = make_clip(tmp_path / "a.mp4", **{"height": 32} | options)
    start_s, end_s = range_
    found = problems(path, "video", pipeline=Pipeline.RETAKE, retake=RetakeRange(start_s=start_s, end_s=end_s))
    assert found == [f"a.mp4: {line}" for line in says]


@pytest.mark.parametrize(("layout", "says"), [("mono", "1 channel(s)"), ("5.1", "6 channel(s)"), ("stereo", ""), ("", "")])
def test_the_sound_of_a_video_for_a_retake(tmp_path: Path, make_clip: MakeClip, layout: str, says: str) -> None:
    source = make_clip(tmp_path / "a.mp4", height=32, has_sound=False)
    path = with_sound(source, tmp_path / "b.mp4", layout) if layout else source
    found = problems(path, "video", pipeline=Pipeline.RETAKE, retake=RetakeRange(start_s=0.25, end_s=1.0))
    assert found == ([f"b.mp4: its sound has {says}, and LTX takes stereo: convert it, or leave the sound out"] if says else [])


def with_sound(source: Path, output: Path, layout: str) -> Path:
    """Copy the picture of a file and put a tone beside it."""
    with av.open(str(source)) as pictures, av.open(str(output), "w") as written:
        video = written.add_stream_from_template(pictures.streams.video[0])
        audio = written.add_stream("aac", rate=48_000, layout=layout)
        for packet in pictures.demux(video=0):
            if packet.dts is not None:
                packet.stream = video
                written.mux(packet)
        samples = np.full((av.AudioLayout(layout).nb_channels, 1024), 0.2, dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
        frame.sample_rate = 48_000
        written.mux([*audio.encode(frame), *audio.encode(None)])
    return output


def shade(index: int) -> np.ndarray:
    return np.full((32, 64, 3), 8 * index, dtype=np.uint8)


@pytest.mark.parametrize(("frames", "places"), [(1, [0]), (9, [0, 8]), (17, [0, 8, 16])])
def test_the_tail_is_of_the_frames_that_are_shown(tmp_path: Path, make_clip: MakeClip, frames: int, places: list[int]) -> None:
    take = make_clip(tmp_path / "a.mp4", num_frames=25, height=32, picture=shade)
    found = tail_frames(take, tmp_path, end_frame=20, frames=frames)
    assert [place for place, _ in found] == places
    shades = [np.asarray(Image.open(path)).mean() for _, path in found]
    assert shades == pytest.approx([8 * (20 - frames + place) for place in places], abs=6)
    with pytest.raises(VerificationError, match="it has fewer than 26 frames"):
        tail_frames(take, tmp_path, end_frame=26, frames=1)


@pytest.mark.parametrize(("start_s", "heard_s"), [(0.0, 1.0), (0.75, 0.25), (0.999, 0.001)])
def test_the_sound_of_a_render(tmp_path: Path, start_s: float, heard_s: float) -> None:
    source = write_sound(tmp_path / "a.wav", 1.0, rate=48_000)
    path = render_sound(source, tmp_path / "b.wav", start_s=start_s, echo_frames=8, render_frames=32, fps=16)
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (48_000, 2, 96_000)
        samples = np.frombuffer(file.readframes(96_000), dtype=np.int16).reshape(-1, 2)
    loud = np.flatnonzero(np.abs(samples[:, 0].astype(int)) > 8000)
    assert loud[0] == pytest.approx(24_000, abs=2)
    assert len(loud) == pytest.approx(heard_s * 48_000, abs=30)


def test_sound_that_is_longer_than_the_render(tmp_path: Path) -> None:
    source = write_sound(tmp_path / "a.wav", 3.0, rate=48_000)
    path = render_sound(source, tmp_path / "b.wav", start_s=0.0, echo_frames=8, render_frames=16, fps=16)
    with wave.open(str(path)) as file:
        assert file.getnframes() == 48_000


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_sound_of_any_layout_becomes_stereo_of_the_length_of_the_render(tmp_path: Path, channels: int) -> None:
    source = write_sound(tmp_path / "a.wav", 0.5, rate=44_100, channels=channels)
    path = render_sound(source, tmp_path / "b.wav", start_s=0.0, echo_frames=0, render_frames=17, fps=16)
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (48_000, 2, 51_000)
        samples = np.frombuffer(file.readframes(51_000), dtype=np.int16).reshape(-1, 2)
    loud = np.abs(samples.astype(int)).min(axis=1) > 4000
    assert loud[:20_000].all()
    assert not loud[26_000:].any()
