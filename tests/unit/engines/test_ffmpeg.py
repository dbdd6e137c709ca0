import io
import shutil
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from vtx_dagster.core.engines import MediaTool, Segment
from vtx_dagster.core.errors import MissingSettingError, ProcessError, RenderError, VerificationError
from vtx_dagster.engines import frame_strip
from vtx_dagster.engines.ffmpeg import Ffmpeg, ffmpeg_version, find_ffmpeg
from vtx_dagster.engines.frame_strip import MAX_STRIP_BYTES, strip
from vtx_dagster.engines.slates import BACKGROUND, RULE, card


def program(path: Path, text: str = "echo hello") -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


class TestFind:
    def test_setting_wins(self, tmp_path, monkeypatch):
        chosen = program(tmp_path / "mine" / "ff")
        monkeypatch.setenv("PATH", str(program(tmp_path / "bin" / "ffmpeg").parent))
        assert find_ffmpeg(str(chosen)) == chosen

    def test_setting_may_be_a_name_on_path(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", str(program(tmp_path / "bin" / "ffmpeg8").parent))
        assert find_ffmpeg("ffmpeg8") == tmp_path / "bin" / "ffmpeg8"

    def test_setting_may_start_at_home(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        chosen = program(tmp_path / "ff")
        assert find_ffmpeg("~/ff") == chosen

    @pytest.mark.parametrize("setting", [None, ""])
    def test_path_comes_next(self, tmp_path, monkeypatch, setting):
        monkeypatch.setenv("PATH", str(program(tmp_path / "bin" / "ffmpeg").parent))
        assert find_ffmpeg(setting) == tmp_path / "bin" / "ffmpeg"

    def test_wheel_comes_last(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        assert find_ffmpeg(None) == Path(imageio_ffmpeg.get_ffmpeg_exe())

    def test_setting_that_points_at_nothing(self, tmp_path):
        with pytest.raises(MissingSettingError, match=r"VTX_FFMPEG=.*/gone: there is no such program") as caught:
            find_ffmpeg(str(tmp_path / "gone"))
        assert caught.value.details["setting"] == "VTX_FFMPEG"

    def test_none_at_all(self, tmp_path, monkeypatch):
        def none():
            raise RuntimeError("No ffmpeg exe could be found")

        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", none)
        with pytest.raises(MissingSettingError, match="install ffmpeg, or set VTX_FFMPEG"):
            find_ffmpeg(None)


def test_version():
    assert ffmpeg_version(find_ffmpeg(None))[0] in "n0123456789N"


def test_version_of_another_program(tmp_path):
    with pytest.raises(ProcessError, match="does not answer as ffmpeg does"):
        ffmpeg_version(program(tmp_path / "ffmpeg"))


def test_is_a_media_tool():
    tool: MediaTool = Ffmpeg(Path("ffmpeg"))
    assert tool.probe


class TestStrip:
    def test_three_frames_in_order(self, tmp_path, make_clip):
        def shade(index):
            return np.full((96, 128, 3), 40 + 10 * index, dtype=np.uint8)

        data = strip(make_clip(tmp_path / "a.mp4", num_frames=20, width=128, height=96, picture=shade))
        image = Image.open(io.BytesIO(data)).convert("L")
        assert data[8:12] == b"WEBP"
        assert image.size == (3 * 128 + 4, 96)
        shades = [image.getpixel((64 + 130 * place, 48)) for place in range(3)]
        assert shades == pytest.approx([60, 140, 220], abs=12)

    def test_noise_is_made_smaller_until_it_fits(self, tmp_path, make_clip):
        def noise(index):
            return np.random.default_rng(index).integers(0, 255, (270, 480, 3), dtype=np.uint8)

        data = strip(make_clip(tmp_path / "a.mp4", num_frames=9, width=480, height=270, picture=noise))
        assert len(data) <= MAX_STRIP_BYTES
        assert Image.open(io.BytesIO(data)).height < 144

    def test_one_frame(self, tmp_path, make_clip):
        assert Ffmpeg(tmp_path).strip(make_clip(tmp_path / "a.mp4", num_frames=1))[:4] == b"RIFF"

    def test_nothing_fits(self, tmp_path, make_clip, monkeypatch):
        monkeypatch.setattr(frame_strip, "MAX_STRIP_BYTES", 10)
        with pytest.raises(VerificationError, match="fits into 10"):
            strip(make_clip(tmp_path / "a.mp4"))

    def test_no_picture(self, tmp_path):
        path = tmp_path / "a.srt"
        path.write_text("1\n00:00:00,000 --> 00:00:01,000\nwords\n")
        with pytest.raises(VerificationError, match="no picture"):
            strip(path)


class TestSlate:
    def test_conforms_and_joins_with_clips(self, tmp_path, make_clip, monkeypatch):
        tool = Ffmpeg(find_ffmpeg(None))
        tool.slate(tmp_path / "slate.mp4", text="A01_S01_SH002\nmissing", num_frames=17, fps=16, width=64, height=48)
        facts = tool.probe(tmp_path / "slate.mp4")
        assert (facts.num_frames, facts.width, facts.height, facts.fps) == (17, 64, 48, 16)
        clip = make_clip(tmp_path / "clip.mp4")
        monkeypatch.setattr("vtx_dagster.engines.assembly.conform", lambda *args, **options: pytest.fail("encoded again"))
        segments = [
            Segment(name="a", path=clip, content_frames=16),
            Segment(name="b", path=tmp_path / "slate.mp4", content_frames=12),
        ]
        film = tool.assemble(segments, tmp_path / "film.mp4", fps=16, width=64, height=48, log=tmp_path / "log")
        assert film.num_frames == 28

    @pytest.mark.parametrize("text", ["A01_S01_SH002", "", "two\nlines", "a long sentence of many words " * 20], ids=range(4))
    def test_text_stays_inside(self, text):
        picture = card(text, width=320, height=180)
        assert picture.shape == (180, 320, 3)
        assert (picture[178] == RULE).all()
        assert (picture[:, :8][:170] == BACKGROUND).all()
        assert (picture[:, -8:][:170] == BACKGROUND).all()
        assert (picture.max() > 200) == bool(text)

    def test_impossible_size(self, tmp_path):
        with pytest.raises(RenderError):
            Ffmpeg(tmp_path).slate(tmp_path / "a.mp4", text="x", num_frames=1, fps=16, width=65, height=48)
        assert not list(tmp_path.iterdir())


def test_wheel_is_not_needed_where_path_has_one(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(program(tmp_path / "bin" / "ffmpeg").parent))
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", lambda: pytest.fail("asked"))
    assert find_ffmpeg(None) == Path(shutil.which("ffmpeg") or "")
