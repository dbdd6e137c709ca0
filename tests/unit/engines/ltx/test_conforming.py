from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from vtx_dagster.core.clip import InputMode, Pipeline
from vtx_dagster.core.engines import Segment
from vtx_dagster.core.errors import VerificationError
from vtx_dagster.core.plan import EngineIdentity, PlanPrevious, RenderPlan
from vtx_dagster.engines import assembly
from vtx_dagster.engines.ffmpeg import Ffmpeg, find_ffmpeg
from vtx_dagster.engines.ltx.conforming import conform_clip
from vtx_dagster.engines.verification import verify

MakeClip = Callable[..., Path]


def plan(*, echo: int = 0, **fields: Any) -> RenderPlan:
    previous = PlanPrevious(clip="A01_S01_SH000", clip_hash="a", end_frame=echo, frames=echo) if echo else None
    return RenderPlan(
        **{
            "clip": "A01_S01_SH001",
            "engine": EngineIdentity(name="ltx", version="1.2"),
            "pipeline": Pipeline.DISTILLED,
            "mode": InputMode.T2V,
            "prompt": "",
            "negative_prompt": "",
            "seed": 1,
            "width": 64,
            "height": 48,
            "fps": 16,
            "content_frames": 8,
            "render_frames": 17,
            "previous": previous,
            **fields,
        }
    )


def conformed(source: Path, asked: RenderPlan, *, size: tuple[int, int] = (64, 48)) -> tuple[Any, Path]:
    output = source.with_name("out.mp4")
    facts = conform_clip(source, output, plan=asked, size=size)
    verify(output, asked)
    assert sorted(path.name for path in source.parent.iterdir()) == sorted([source.name, "out.mp4"])
    return facts, output


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]


def loud_at_s(path: Path) -> float:
    with av.open(str(path)) as container:
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)[0]
    return int(np.flatnonzero(np.abs(heard) > 0.2)[0]) / 48_000


def test_a_picture_that_fits_is_copied_and_only_its_sound_encoded(tmp_path: Path, make_clip: MakeClip) -> None:
    source = make_clip(tmp_path / "raw.mp4", rate=24_000, bursts_s=(0.5,))
    facts, output = conformed(source, plan())
    assert facts == {"picture": "copied", "sound": "kept"}
    assert packets(output) == packets(source)
    assert loud_at_s(output) == pytest.approx(0.5, abs=0.03)


def test_of_a_longer_file_the_beginning_is_copied(tmp_path: Path, make_clip: MakeClip) -> None:
    source = make_clip(tmp_path / "raw.mp4", num_frames=20)
    _, output = conformed(source, plan())
    assert packets(output) == packets(source)[:17]


@pytest.mark.parametrize(
    ("options", "because"),
    [
        ({"video_options": {"bf": "2"}}, "it has frames that are decoded in another order than shown"),
        ({"pixel_format": "yuv444p"}, "it is not H.264 of 8 bit 4:2:0"),
        ({"video_codec": "mpeg4"}, "it is not H.264 of 8 bit 4:2:0"),
        ({"container_format": "matroska"}, "it is no plain MP4"),
        ({"times": lambda index: index + 16, "keeps_priming": True}, "it does not begin with its first frame"),
        ({"has_sound": False, "video_options": {"bf": "2"}}, "it has frames"),
    ],
)
def test_other_pictures_are_encoded_again(tmp_path: Path, make_clip: MakeClip, options: Any, because: str) -> None:
    source = make_clip(tmp_path / "raw.mp4", **options)
    facts, output = conformed(source, plan())
    assert facts["picture"] == "encoded"
    assert facts["because"].startswith(because)
    assert (facts["sound"] == "kept") == options.get("has_sound", True)
    for before, after in zip(pictures(source), pictures(output), strict=True):
        assert np.abs(before - after).mean() < 4


def test_the_echo_is_cut_off_with_its_sound(tmp_path: Path, make_clip: MakeClip) -> None:
    source = make_clip(tmp_path / "raw.mp4", num_frames=25, bursts_s=(0.2, 0.9))
    facts, output = conformed(source, plan(echo=9, render_frames=25))
    assert facts["because"] == "its first 9 frames repeat the previous clip"
    shown, rendered = pictures(output), pictures(source)
    assert len(shown) == 16
    assert np.abs(shown[0] - rendered[9]).mean() < 3
    assert loud_at_s(output) == pytest.approx(0.9 - 9 / 16, abs=0.03)


def test_a_smaller_render_fills_the_picture(tmp_path: Path, make_clip: MakeClip) -> None:
    source = make_clip(tmp_path / "raw.mp4", width=64, height=64)
    facts, output = conformed(source, plan(width=192, height=128), size=(64, 64))
    assert facts["because"] == "it is smaller than planned"
    assert pictures(output)[3].shape == (128, 192, 3)
    assert pictures(output)[3][:2].mean() > 20


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"num_frames": 9}, "it has 9 frames and not 17"),
        ({"fps": 15}, "it runs at 15 fps and not 16"),
        ({"width": 96}, "the picture is 96x48 and not 64x48"),
    ],
)
def test_what_was_not_planned_is_no_take(tmp_path: Path, make_clip: MakeClip, options: Any, says: str) -> None:
    source = make_clip(tmp_path / "raw.mp4", **options)
    with pytest.raises(VerificationError, match=says):
        conform_clip(source, tmp_path / "out.mp4", plan=plan(), size=(64, 48))


def test_sound_alone_is_no_take(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "raw.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=48_000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), dtype=np.float32), format="fltp", layout="stereo")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(VerificationError, match="it has no picture"):
        conform_clip(tmp_path / "raw.mp4", tmp_path / "out.mp4", plan=plan(), size=(64, 48))


def test_takes_and_slates_are_joined_without_encoding_again(tmp_path: Path, make_clip: MakeClip) -> None:
    segments = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        source = make_clip(folder / "raw.mp4", seed=number, video_options={"bf": "2"}, rate=24_000)
        _, output = conformed(source, plan())
        segments.append(Segment(name=str(number), path=output, content_frames=16))
    again: list[object] = []
    media = Ffmpeg(find_ffmpeg(None))
    media.slate(tmp_path / "slate.mp4", text="missing", num_frames=16, fps=16, width=64, height=48)
    segments.append(Segment(name="slate", path=tmp_path / "slate.mp4", content_frames=16))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assembly, "conform", lambda *words, **options: again.append(words))
        facts = media.assemble(segments, tmp_path / "act.mp4", fps=16, width=64, height=48, log=tmp_path / "log.txt")
    assert (again, facts.num_frames) == ([], 48)
