import json
import os
import re

import pytest

from vtx_dagster.cli import plan as plan_module


def test_plan_of_a_new_film_shows_the_story_stages(vtx, studio):
    result = vtx("plan", "--studio", studio.root)
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines() if "not written yet" in line]
    assert [line[:3] for line in lines] == [
        ["film", "write", stage] for stage in ("outline", "treatment", "screenplay", "shotlist")
    ]
    assert result.stdout.endswith(
        "4 steps due: 4 story stages to write\n"
        "film then: 3 clips to render (A01_S01_SH010 new, A01_S01_SH020 new, A02_S01_SH010 new)\n"
    )


def test_plan_after_an_edit_of_the_screenplay_says_what_may_follow(vtx, film, edit):
    edit(film.source_dir / "film.fountain", "opens the door", "closes the door")
    at = ("--studio", film.studio.root)
    result = vtx("plan", "film", *at)
    assert result.stdout.endswith("2 steps due: 2 story stages to write\nthen: 1 clip to render (A01_S01_SH010 changed)\n")
    told = json.loads(vtx("plan", "--json", *at).stdout)
    assert told["then"] == {"film": ["treatment", "shotlist"]}
    assert told["effects"] == {"film": {"render": [["A01_S01_SH010", "changed"]], "gone": [], "aside": [], "problem": ""}}


def test_plan_says_what_will_be_gone_and_set_aside_and_writes_nothing(vtx, film, edit):
    """The scene of a hand-edited clip is taken out of the screenplay."""
    edit(film.clip_spec_path("A01_S01_SH010"), "camera:", "seed: 7\ncamera:")
    path = film.source_dir / "film.fountain"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("INT.")] + text[text.index("#", text.index("INT.")) :], encoding="utf-8")
    at = ("--studio", film.studio.root)
    files = {found: found.read_bytes() for found in film.story_dir.rglob("*") if found.is_file()}
    stdout = vtx("plan", "film", *at).stdout
    assert "then: no clip to render, 1 gone (A01_S01_SH020), 1 set aside (A01_S01_SH010)\n" in stdout
    assert {found: found.read_bytes() for found in film.story_dir.rglob("*") if found.is_file()} == files
    for stage in ("outline", "treatment", "screenplay", "shotlist"):
        vtx("story", stage, "film", *at)
    remark = "A01_S01_SH010 is set aside: it is no shot any more"
    assert remark in vtx("plan", "film", *at).stdout
    assert remark in vtx("projects", "status", "film", *at).stdout
    assert json.loads(vtx("plan", "--json", *at).stdout)["aside"] == {"film": ["A01_S01_SH010"]}
    assert json.loads(vtx("projects", "status", "film", "--json", *at).stdout)["projects"][0]["aside"] == ["A01_S01_SH010"]
    refused = vtx("render", "clip", "film", "A01_S01_SH010", *at)
    assert (refused.exit_code, "A01_S01_SH010 that could be rendered: it is no shot any more" in refused.stderr) == (1, True)
    path.write_text(text, encoding="utf-8")
    assert "then: 1 clip to render (A01_S01_SH010 changed)\n" in vtx("plan", "film", *at).stdout, "its seed"


def test_plan_says_why_a_story_cannot_be_written(vtx, film, edit):
    (film.source_dir / "film.fountain").write_text("Title: The Film\n", encoding="utf-8")
    stdout = vtx("plan", "film", "--studio", film.studio.root).stdout
    assert "then: cannot be written: story/source/film.fountain:" in stdout


def test_plan_names_the_files_that_are_not_read(vtx, film):
    (film.source_dir / "Film.DOCX").write_bytes(b"PK")
    at = ("--studio", film.studio.root)
    remark = "story/source/Film.DOCX is not read: Word files are not read: save it as PDF"
    assert vtx("plan", "film", *at).stdout == f"{remark}\n"
    assert vtx("plan", *at).stdout == f"film {remark}\n"
    assert json.loads(vtx("plan", "--json", *at).stdout)["passed_over"] == {"film": [remark]}


def test_plan_of_a_finished_film_is_empty(vtx, finished):
    result = vtx("plan", "film", "--check", "--studio", finished[0])
    assert (result.exit_code, result.stdout) == (0, "everything is current\n")


def test_plan_says_what_waits_and_check_fails(vtx, film, edit):
    edit(film.clip_spec_path("A01_S01_SH010"), "camera:", "seed: 7\ncamera:")
    film.clip_spec_path("A01_S01_SH020").write_text("version: 1\nid: A01_S01_SH020\nsede: 7\n", encoding="utf-8")
    result = vtx("plan", "--check", "--studio", film.studio.root)
    assert result.exit_code == 1
    words = " ".join(result.stdout.split())
    assert "film render A01_S01_SH010 changed: seed " in words
    assert "waits: prompts/clips/A01_S01_SH020.yaml:3: sede: " in result.stdout
    assert "waits: blocked clips: A01_S01_SH020" in result.stdout
    assert "1 step due: 1 clip to render, 1.0 s of film; 2 waiting" in result.stdout


def test_plan_says_in_a_film_maker_s_words_what_changed(vtx, film, edit, monkeypatch):
    edit(film.metadata_path, "render:", "produce_in_acts: true\nrender:")
    for clip in film.clip_ids()[:2]:
        text = film.clip_spec_path(clip).read_text(encoding="utf-8")
        film.clip_spec_path(clip).write_text(re.sub(r"size: \w+", "size: ECU", text), encoding="utf-8")
    monkeypatch.setattr(plan_module, "MAX_CHANGES", 1)
    result = vtx("plan", "film", "--studio", film.studio.root)
    rows = [re.split(r"\s{2,}", line.strip()) for line in result.stdout.splitlines()]
    assert ["do", "what", "why", "film"] in rows
    assert ["render", "A01_S01_SH010", "changed: size WS -> ECU, prompt", "1.0 s"] in rows
    assert ["render", "A01_S01_SH020", "the plan changed since it was rendered", "1.0 s"] in rows
    assert ["assemble", "act A01", "never assembled", "2.0 s"] in rows
    assert ["assemble", "film", "its lineup changed", "3.0 s"] in rows
    assert "rendered_clip" not in result.stdout


def test_a_damaged_take_is_named_and_rendered_again(vtx, film):
    (take,) = film.takes_dir.glob("A01_S01_SH010/*.mp4")
    os.truncate(take, 500)
    at = ("--studio", film.studio.root)
    reason = "its take is damaged (the file is not what was verified)"
    assert f"render A01_S01_SH010 {reason} 1.0 s" in " ".join(vtx("plan", "film", *at).stdout.split())
    assert f"A01_S01_SH010 stale 1.00 {reason}" in " ".join(vtx("projects", "status", "film", *at).stdout.split())
    assert "1 rendered" in vtx("make", "film", *at).stdout
    assert vtx("plan", "film", "--check", *at).exit_code == 0


def test_a_shot_without_a_clip_spec_is_named(vtx, film):
    film.clip_spec_path("A01_S01_SH020").unlink()
    at = ("--studio", film.studio.root)
    remark = "A01_S01_SH020 is in the shotlist but has no clip spec (vtx story clips film brings it back)\n"
    assert vtx("plan", "film", *at).stdout.endswith(remark)
    assert json.loads(vtx("plan", "film", "--json", *at).stdout)["unwritten"] == {"film": ["A01_S01_SH020"]}
    assert remark in vtx("projects", "status", "film", *at).stdout
    with film.shotlist_path.open("a", encoding="utf-8") as shotlist:
        shotlist.write("retired: [A01_S01_SH900]\n")
    assert remark not in vtx("plan", "film", *at).stdout
    vtx("story", "clips", "film", *at)
    assert "brings it back" not in vtx("plan", "film", *at).stdout


def test_plan_says_what_a_model_would_be_asked_at_most(vtx, studio, asking):
    at = ("--studio", studio.root)
    rows = [re.split(r"\s{2,}", line.strip()) for line in vtx("plan", "film", *at).stdout.splitlines()]
    assert ["do", "what", "why", "questions", "tokens", "at most", "film"] in rows
    assert ["write", "outline", "not written yet", "1", "1,500", "$0.0100"] in rows
    assert ["write", "screenplay", "not written yet", "~2", "~3,000", "~$0.0200"] in rows
    (total,) = [row[0] for row in rows if row[0].startswith("9 questions")]
    assert total.startswith("9 questions to a language model, up to 9,000 tokens in and 4,500 out, $0.0900 at most (a guess")
    assert asking.asked == []
    asking.usd = None
    assert "unknown" in vtx("plan", "film", *at).stdout


def test_plan_names_the_parts_of_a_stage_that_are_due(vtx, studio, asking):
    at = ("--studio", studio.root)
    for stage in ("outline", "treatment", "bible", "screenplay", "shotlist"):
        vtx("story", stage, "film", *at)
    path = studio.project("film").outline_path
    path.write_text(path.read_text(encoding="utf-8").replace("The Film", "The Movie"), encoding="utf-8")
    scene = next(studio.project("film").scenes_dir.glob("A02_S01*"))
    scene.write_text(scene.read_text(encoding="utf-8") + "\nShe sits down.\n", encoding="utf-8")
    stdout = " ".join(vtx("plan", "film", *at).stdout.split())
    assert "write treatment its title changed 3 4,500 $0.0300" in stdout
    assert "write shotlist A02_S01: its scene changed 2 3,000 $0.0200" in stdout, "a new treatment may change both scenes"
    steps = {step["stage"]: step for step in json.loads(vtx("plan", "film", "--json", *at).stdout)["steps"]}
    assert steps["shotlist"]["parts"] == [{"part": "A02_S01", "reason": "its scene changed"}]
    assert steps["shotlist"]["forecast"] == {
        "calls": 2,
        "input_tokens": 2000,
        "output_tokens": 1000,
        "usd": 0.02,
        "is_guess": False,
    }
    assert json.loads(vtx("plan", "film", "--json", *at).stdout)["forecast"]["calls"] == 5


def test_plan_needs_no_key(vtx, studio, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    project = studio.create_project("fog", title="Fog")
    project.brief_path.write_text("# Fog\n\nA keeper hears a voice in the fog.\n", encoding="utf-8")
    project.env_path.write_text("VTX_STORY_WRITER=openai\n", encoding="utf-8")
    result = vtx("plan", "fog", "--studio", studio.root)
    assert result.exit_code == 0, result.output
    assert "questions to a language model" in result.stdout
    assert "(a guess" in result.stdout


def test_plan_as_json(vtx, film, edit):
    edit(film.clip_spec_path("A01_S01_SH010"), "camera:", "seed: 7\ncamera:")
    film.studio.create_project("broken", title="B").metadata_path.write_text("version: 1\n", encoding="utf-8")
    result = vtx("plan", "--json", "--studio", film.studio.root)
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert [(step["stage"], step["id"], step["work"]) for step in found["steps"]] == [
        ("rendered_clip", "A01_S01_SH010", "render"),
        ("film", "", "assemble"),
    ]
    assert found["steps"][0]["frames"] == 8
    assert found["steps"][0]["film_s"] == 1.0
    assert len(found["steps"][0]["hash"]) == 64
    assert found["steps"][0]["changed"].endswith("-> 7")
    assert "metadata.yaml" in found["problems"]["broken"]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("VTX_ENGINE=ltx", "VTX_ENGINE='ltx' is not known"),
        ("VTX_FONT=nowhere.ttf", "nowhere.ttf"),
        ("no setting", "project.env:1"),
    ],
    ids=["engine", "font", "syntax"],
)
def test_a_wrong_setting_is_the_error(vtx, studio, setting, message):
    studio.project("film").env_path.write_text(f"{setting}\n", encoding="utf-8")
    one, every = (vtx("plan", *names, "--studio", studio.root) for names in (("film",), ()))
    assert (one.exit_code, every.exit_code) == (1, 1)
    assert one.stderr.startswith("error: ")
    assert message in one.stderr
    assert every.stdout == f"film: {one.stderr.removeprefix('error: ')}"


def test_check_fails_on_a_project_that_cannot_be_read(vtx, studio):
    studio.project("film").metadata_path.write_text("version: 1\n", encoding="utf-8")
    result = vtx("plan", "--check", "--studio", studio.root)
    assert result.exit_code == 1
    assert "film: metadata.yaml:1" in result.stdout
    assert "current" not in result.stdout
