from pathlib import Path

import pytest

from vtx_dagster.core.errors import InvalidRequestError, MissingSettingError
from vtx_dagster.core.planner import Stage
from vtx_dagster.engines.animatic.engine import AnimaticEngine
from vtx_dagster.engines.choice import media_tool, render_engine, story_writer, story_writer_name
from vtx_dagster.studio.project import Project, Studio
from vtx_dagster.studio.settings import Settings


def settings(tmp_path: Path, **environ: str) -> Settings:
    return Settings.load(tmp_path, None, environ)


def project(tmp_path: Path, **environ: str) -> Project:
    return Studio.init(tmp_path / "studio", environ).create_project("film", title="Film")


def test_what_needs_nothing_is_chosen_by_default(tmp_path: Path) -> None:
    assert render_engine(settings(tmp_path)).identity == AnimaticEngine().identity
    assert story_writer(project(tmp_path)).identity.name == "breakdown"
    assert media_tool(settings(tmp_path)).timeout_s == 3600


def test_the_argument_goes_before_the_setting(tmp_path: Path) -> None:
    wrong = settings(tmp_path, VTX_ENGINE="crayon", VTX_STORY_WRITER="parrot", VTX_FFMPEG="no_such_program")
    assert render_engine(wrong, name="animatic").identity.name == "animatic"
    film = project(tmp_path, VTX_STORY_WRITER="parrot")
    assert story_writer(film, name="breakdown").identity.name == "breakdown"
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert media_tool(wrong, executable=str(program)).executable == program
    with pytest.raises(
        InvalidRequestError, match=r"VTX_ENGINE='crayon' is not known \(known: animatic, diffusers, ltx_cli, ltx_worker\)"
    ) as caught:
        render_engine(wrong)
    assert caught.value.details == {"setting": "VTX_ENGINE"}
    with pytest.raises(InvalidRequestError, match=r"engine 'ltx' is not known \(did you mean .*correct render\.engine") as caught:
        render_engine(wrong, name="ltx")
    assert caught.value.details == {"engine": "ltx"}
    with pytest.raises(InvalidRequestError, match="VTX_STORY_WRITER='parrot'"):
        story_writer(film)
    with pytest.raises(InvalidRequestError, match=r"known: breakdown, openai\)"):
        story_writer_name(wrong)
    assert story_writer_name(wrong, name="openai") == "openai"
    with pytest.raises(MissingSettingError, match="VTX_FFMPEG=no_such_program"):
        media_tool(wrong)


@pytest.mark.parametrize(
    ("name", "setting"), [("ltx_cli", "VTX_LTX_PYTHON"), ("ltx_worker", "VTX_LTX_PYTHON"), ("diffusers", "VTX_DIFFUSERS_MODEL")]
)
def test_engines_for_gpus_need_to_be_set_up(tmp_path: Path, name: str, setting: str) -> None:
    with pytest.raises(MissingSettingError, match=f"{setting} is not set"):
        render_engine(settings(tmp_path, VTX_ENGINE=name))


def test_a_font_is_part_of_the_engine(tmp_path: Path) -> None:
    with pytest.raises(MissingSettingError, match=r"letters\.ttf"):
        render_engine(settings(tmp_path, VTX_FONT="letters.ttf"))
    (tmp_path / "letters.ttf").write_bytes(b"a font")
    assert render_engine(settings(tmp_path, VTX_FONT="letters.ttf")).identity.version.startswith(
        AnimaticEngine().identity.version + "+font."
    )


def test_a_language_model_is_chosen_without_a_key(tmp_path: Path) -> None:
    writer = story_writer(project(tmp_path, VTX_STORY_WRITER="openai"))
    assert (writer.identity.name, Stage.BIBLE_PROPOSAL in writer.stages) == ("openai", True)
    with pytest.raises(InvalidRequestError, match="VTX_STORY_CONCURRENCY"):
        story_writer(
            Studio.open(tmp_path / "studio", {"VTX_STORY_WRITER": "openai", "VTX_STORY_CONCURRENCY": "0"}).project("film")
        )
