import json

import pytest
import typer

from vtx_dagster.cli.story import part_of


@pytest.mark.parametrize(
    ("act", "scene", "part"),
    [
        (None, None, ""),
        ("A01", None, "A01"),
        (None, "A01_S02", "A01_S02"),
        ("A01", "S02", "A01_S02"),
        ("A01", "A01_S02", "A01_S02"),
    ],
)
def test_act_and_scene_name_a_part(act, scene, part):
    assert part_of(act, scene) == part


@pytest.mark.parametrize(
    ("act", "scene", "message"),
    [
        (None, "S02", "say the act"),
        ("A02", "A01_S02", "not a scene of act A02"),
        ("A1", None, "not an id"),
        ("A01_S01", None, "act A01_S01"),
        (None, "A01_S01_SH010", "not a scene"),
        (None, "A1_S1", "not an id"),
    ],
)
def test_what_names_no_part_is_wrong_usage(act, scene, message):
    with pytest.raises(typer.BadParameter, match=message):
        part_of(act, scene)


def test_stages_run_one_by_one(vtx, studio):
    project = studio.project("film")
    at = ("--studio", studio.root)
    result = vtx("story", "outline", "film", *at)
    assert (result.exit_code, result.stdout) == (0, f"film outline: wrote 1 file\n{project.outline_path}\n")
    found = json.loads(vtx("story", "treatment", "film", "--json", *at).stdout)
    assert (found["stage"], found["written"], found["file"]) == ("treatment", 1, str(project.treatment_path))
    assert "text" not in found
    assert "wrote 1 file" in vtx("story", "screenplay", "film", "--act", "A01", *at).stdout
    assert "wrote 1 file" in vtx("story", "screenplay", "film", *at).stdout
    result = vtx("story", "shotlist", "film", *at)
    assert "wrote 4 files" in result.stdout
    assert "added to prompts/locations.yaml" in result.stderr
    assert len(project.clip_ids()) == 3


def test_clips_are_written_from_the_shotlist_as_it_is(vtx, film, edit):
    at = ("--studio", film.studio.root)
    edit(film.clip_spec_path("A01_S01_SH010"), "camera:", "seed: 7\ncamera:")
    film.clip_spec_path("A02_S01_SH010").unlink()
    result = vtx("story", "clips", "film", *at)
    assert result.stdout == f"film clips: wrote 1 file, kept 1 that you wrote\n{film.clips_dir}\n"
    assert "A01_S01_SH010.yaml was written or edited by hand and is kept" in result.stderr
    assert "seed: 7" in film.clip_spec_path("A01_S01_SH010").read_text(encoding="utf-8")
    result = vtx("story", "clips", "film", "--act", "A01", "--scene", "S01", "--overwrite", *at)
    assert result.stdout.startswith("film clips: wrote 1 file\n")
    assert "seed" not in film.clip_spec_path("A01_S01_SH010").read_text(encoding="utf-8")


def test_clips_that_the_shotlist_lost_are_removed_and_counted(vtx, film):
    shotlist = film.shotlist_path.read_text(encoding="utf-8")
    film.shotlist_path.write_text(shotlist[: shotlist.index("- id: A02_S01_SH010")], encoding="utf-8")
    result = vtx("story", "clips", "film", "--studio", film.studio.root)
    assert result.stdout == f"film clips: wrote 0 files, removed 1\n{film.clips_dir}\n"


def test_a_stage_without_its_source_is_one_clear_error(vtx, studio):
    result = vtx("story", "shotlist", "film", "--json", "--studio", studio.root)
    assert result.exit_code == 1
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "not_found"
    assert "vtx story outline film" in error["message"]
    assert result.stderr == ""


def test_a_scene_without_its_act_is_wrong_usage(vtx, studio):
    result = vtx("story", "shotlist", "film", "--scene", "S01", "--studio", studio.root)
    assert result.exit_code == 2
    assert "--act A01" in result.stderr
