import json

import pytest
import typer

from vtx_dagster.cli.parts import part_of
from vtx_dagster.cli.runs import Registry


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
        ("A02", "A01_S02", "give --scene A01_S02 alone"),
        ("A1", None, "not an id"),
        ("A01_S01", None, "not an act"),
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


def test_a_stage_that_a_model_wrote_says_what_it_cost(vtx, studio, asking):
    at = ("--studio", studio.root)
    asking.num_reused = 1
    result = vtx("story", "outline", "film", *at)
    assert result.stdout.splitlines()[2:] == ["asked 1 question (1 answered from before), 0 tokens in, 0 out, $0.0000"]
    result = vtx("story", "treatment", "film", "--variants", 2, *at)
    assert result.stdout.endswith("asked 2 questions, 2,000 tokens in, 1,000 out, $0.0200\n")
    assert "treatment 1 of 2 stands, because none was chosen" in result.stderr
    asking.usd = None
    found = json.loads(vtx("story", "screenplay", "film", "--act", "A01", "--json", *at).stdout)
    assert (found["calls"], found["calls_reused"], found["input_tokens"], found["cost_usd"]) == (1, 0, 1000, None)
    assert (found["model"], found["template"], found["notes"]) == ("gpt-test", "screenplay 1", [])
    asking.asked.clear()
    assert vtx("story", "screenplay", "film", "--act", "A01", *at).stdout.startswith("film screenplay: wrote 0 files")
    assert asking.asked == []
    vtx("story", "screenplay", "film", "--scene", "A01_S01", "--again", *at)
    assert asking.asked == ["screenplay A01_S01"]


def test_a_proposal_for_the_bible_is_shown_and_added_when_asked(vtx, studio, asking):
    project = studio.project("film")
    project.env_path.write_text("VTX_STORY_BIBLE=propose\n", encoding="utf-8")
    at = ("--studio", studio.root)
    for stage in ("outline", "treatment"):
        vtx("story", stage, "film", *at)
    result = vtx("story", "bible", "film", *at)
    assert "--- prompts/characters.yaml\n+++ prompts/characters.yaml\n" in result.stdout
    assert "+ines:\n+  name: Ines\n" in result.stdout
    assert result.stdout.endswith("asked 1 question, 1,000 tokens in, 500 out, $0.0100\n")
    assert "ines" not in project.bible().characters.characters
    assert json.loads(vtx("story", "bible", "film", "--json", *at).stdout)["diff"].startswith("--- prompts/characters.yaml\n")
    result = vtx("story", "bible", "film", "--apply", *at)
    assert result.stderr == "- added to prompts/characters.yaml: ines\n"
    assert project.bible().characters.characters["ines"].descriptor == "tall, in a yellow coat"
    result = vtx("story", "bible", "film", "--apply", *at)
    assert result.stdout.endswith("the bible has all that it proposes\n")
    assert json.loads(vtx("story", "bible", "film", "--json", *at).stdout)["diff"] == ""
    assert result.stderr == ""


def test_the_breakdown_proposes_nothing(vtx, studio):
    result = vtx("story", "bible", "film", "--apply", "--studio", studio.root)
    assert result.exit_code == 0
    assert "breakdown 1 writes no bible_proposal" in result.stderr


def test_parts_that_failed_are_one_clear_error(vtx, studio, asking):
    at = ("--studio", studio.root)
    for stage in ("outline", "treatment"):
        vtx("story", stage, "film", *at)
    asking.fails = {"A02_S01": "refused"}
    error = json.loads(vtx("story", "screenplay", "film", "--json", *at).stdout)["error"]
    assert (error["code"], error["details"]["parts"]["A02_S01"]["message"]) == ("unfinished_stage", "refused")
    asking.fails = {}
    assert "asked 1 question," in vtx("story", "screenplay", "film", *at).stdout


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


def test_ctrl_c_says_what_is_kept_of_a_stage(vtx, studio, monkeypatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Registry, "run", interrupted)
    at = ("--studio", studio.root)
    result = vtx("story", "outline", "film", *at)
    assert (result.exit_code, "story/calls" in result.stderr) == (130, False)
    (studio.project("film").story_dir / "calls").mkdir()
    result = vtx("story", "outline", "film", *at)
    assert result.stderr.splitlines() == [
        "film outline: every answer that arrived is in story/calls, and will not be asked or paid for again",
        "interrupted: what was finished is kept; `vtx make SLUG` or `vtx render resume` goes on from there",
    ]
