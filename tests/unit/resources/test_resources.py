from pathlib import Path

import pytest

from vtx_dagster.core.errors import InvalidRequestError, MissingSettingError, NotFoundError
from vtx_dagster.engines.animatic.engine import AnimaticEngine
from vtx_dagster.engines.breakdown.writer import BreakdownWriter
from vtx_dagster.engines.ffmpeg import Ffmpeg
from vtx_dagster.resources.ffmpeg import FfmpegResource
from vtx_dagster.resources.ltx import LtxPipeline
from vtx_dagster.resources.story import StoryModel
from vtx_dagster.resources.studio import StudioResource


def test_the_studio_is_where_home_says_else_where_the_environment_does(
    studio, make_project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_project("film")
    monkeypatch.delenv("VTX_HOME", raising=False)
    with pytest.raises(MissingSettingError, match=r"VTX_HOME is not set: .*vtx init PATH") as caught:
        StudioResource().open()
    assert caught.value.details == {"setting": "VTX_HOME"}
    monkeypatch.setenv("VTX_HOME", str(studio.root))
    monkeypatch.setenv("VTX_SOMETHING", "mine")
    opened = StudioResource().open()
    assert opened.root == studio.root
    assert opened.environ["VTX_SOMETHING"] == "mine"
    assert StudioResource().project("film").slug == "film"
    with pytest.raises(NotFoundError, match="is not a studio folder"):
        StudioResource(home=str(tmp_path)).open()


def test_each_project_chooses_its_engine_writer_and_ffmpeg(make_project, studio, tmp_path: Path) -> None:
    film = make_project("film")
    assert isinstance(LtxPipeline().engine_for(film), AnimaticEngine)
    assert isinstance(StoryModel().writer_for(film), BreakdownWriter)
    assert isinstance(FfmpegResource().media_for(film), Ffmpeg)

    program = tmp_path / "my ffmpeg"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    film.env_path.write_text(f'VTX_ENGINE=anymatic\nVTX_STORY_WRITER=brakedown\nVTX_FFMPEG="{program}"\nVTX_FFMPEG_TIMEOUT_S=7\n')
    film = studio.project("film")
    with pytest.raises(InvalidRequestError, match=r"VTX_ENGINE='anymatic' is not known \(did you mean 'animatic'"):
        LtxPipeline().engine_for(film)
    with pytest.raises(InvalidRequestError, match=r"VTX_STORY_WRITER='brakedown'.*'breakdown'"):
        StoryModel().writer_for(film)
    tool = FfmpegResource().media_for(film)
    assert tool == Ffmpeg(program, timeout_s=7)
    # What the code location says goes before what the project says.
    assert isinstance(LtxPipeline(engine="animatic").engine_for(film), AnimaticEngine)
    assert isinstance(StoryModel(writer="breakdown").writer_for(film), BreakdownWriter)
    with pytest.raises(MissingSettingError, match="no_such_ffmpeg"):
        FfmpegResource(executable="no_such_ffmpeg").media_for(film)
