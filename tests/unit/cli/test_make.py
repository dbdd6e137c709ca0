import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import Result

from vtx_dagster.cli.runs import Registry
from vtx_dagster.studio.project import Project


def test_make_goes_from_screenplay_to_film(finished: tuple[Path, Result]) -> None:
    root, result = finished
    film = root / "projects/film/renders/final/film__final.mp4"
    assert film.is_file()
    assert str(film) in result.stdout
    assert "3 rendered" in result.stdout
    assert "3.0 s (24 frames, 3 clips, 128x72 at 8 fps)" in result.stdout
    assert "film outline: not written yet" in result.stderr
    assert "film/A01_S01_SH010  rendered in" in result.stderr


def test_make_tells_first_what_the_story_costs_at_most_and_then_what_it_did(vtx, studio, asking):
    result = vtx("make", "film", "--json", "--studio", studio.root)
    found = json.loads(result.stdout)
    assert found["stages"] == ["outline", "treatment", "bible_proposal", "screenplay", "shotlist"]
    assert found["asked"]["treatment"] == {
        "calls": 3,
        "calls_reused": 0,
        "input_tokens": 3000,
        "output_tokens": 1500,
        "cost_usd": 0.03,
    }
    assert found["rendered"] == 3
    path = studio.project("film").outline_path
    path.write_text(path.read_text(encoding="utf-8").replace("The Film", "The Movie"), encoding="utf-8")
    lines = vtx("make", "film", "--studio", studio.root).stderr.splitlines()
    assert lines[0] == "film: 5 questions to a language model, up to 5,000 tokens in and 2,500 out, $0.0500 at most"
    assert lines[1] == "film treatment: its title changed"
    assert "film treatment: asked 3 questions, 3,000 tokens in, 1,500 out, $0.0300" in lines


def test_nothing_is_sent_if_all_that_is_due_does_not_fit_the_budget(vtx, studio, asking):
    asking.budget = Decimal("0.08")
    result = vtx("make", "film", "--studio", studio.root)
    assert result.exit_code == 1
    assert result.stderr == "error: the story of film could cost 0.09 USD\n"
    assert asking.asked == []


def test_a_second_make_renders_nothing_and_says_so(film: Project, vtx) -> None:
    result = vtx("make", "film", "--studio", film.studio.root)
    assert result.exit_code == 0
    assert "everything is current, nothing was rendered" in result.stdout
    assert f"{film.film_path}\n3.0 s\n" in result.stdout


def test_what_another_version_drew_stands_until_it_is_asked_for(vtx, film, monkeypatch):
    monkeypatch.setattr("vtx_dagster.engines.animatic.engine.DRAWING_VERSION", "next")
    at = ("--studio", film.studio.root)
    assert "everything is current, nothing was rendered" in vtx("make", "film", *at).stdout
    plan = vtx("plan", "film", *at).stdout
    assert "3 clips were made by animatic 3, another version than today's: vtx make film --renew" in plan
    assert json.loads(vtx("plan", "film", "--json", *at).stdout)["older"] == {"film": {"animatic 3": 3}}
    found = json.loads(vtx("make", "film", "--renew", "--json", *at).stdout)
    assert (found["rendered"], found["was_current"], found["film"]) == (3, False, str(film.film_path))
    assert "everything is current" in vtx("plan", "film", *at).stdout
    assert json.loads(vtx("make", "film", "--renew", "--json", *at).stdout)["was_current"] is True


def test_nothing_is_run_for_a_film_that_is_current(vtx, film, monkeypatch):
    monkeypatch.setattr(Registry, "run", lambda *_, **__: pytest.fail("something was run"))
    shutil.rmtree(film.studio.root / ".dagster")
    assert json.loads(vtx("make", "film", "--json", "--studio", film.studio.root).stdout)["was_current"] is True
    added = json.loads(vtx("sync", "--json", "--studio", film.studio.root).stdout)["added"]
    assert added == []


def test_editing_one_clip_remakes_that_clip_its_act_and_the_film(vtx, film, edit):
    edit(film.metadata_path, "render:", "produce_in_acts: true\nrender:")
    at = ("--json", "--studio", film.studio.root)
    found = json.loads(vtx("make", "film", *at).stdout)
    assert (found["rendered"], found["acts"]) == (0, ["A01", "A02"])
    edit(film.clip_spec_path("A02_S01_SH010"), "camera:", "seed: 7\ncamera:")
    found = json.loads(vtx("make", "film", *at).stdout)
    assert [clip["clip"] for clip in found["clips"]] == ["film/A02_S01_SH010"]
    assert (found["rendered"], found["acts"], found["was_current"]) == (1, ["A02"], False)
    assert (found["film"], found["film_s"], found["stages"]) == (str(film.film_path), 3.0, [])
    assert json.loads(vtx("make", "film", *at).stdout)["was_current"] is True


def test_a_project_without_a_story_says_what_to_write(vtx, studio):
    studio.create_project("empty", title="E")
    result = vtx("make", "empty", "--studio", studio.root)
    assert result.exit_code == 1
    assert "error: empty has nothing to make a film of: put a screenplay (.fountain, .spmd, .fdx," in result.stderr


def test_a_project_that_cannot_be_read_is_one_clear_error(vtx, studio):
    studio.project("film").metadata_path.write_text("version: 1\ntitel: B\n", encoding="utf-8")
    result = vtx("make", "film", "--studio", studio.root)
    assert result.exit_code == 1
    assert "metadata.yaml:2: titel" in result.stderr


def test_a_stage_that_stays_due_does_not_go_round_for_ever(vtx, studio, monkeypatch):
    monkeypatch.setattr(Registry, "write", lambda *_, **__: {})
    result = vtx("make", "film", "--studio", studio.root)
    assert result.exit_code == 1
    assert "outline is due again right after it was written" in result.stderr


def test_clips_that_change_while_they_are_rendered_are_not_cut(vtx, film, edit, monkeypatch):
    render = Registry.render

    def render_and_edit(registry, keys, **options):
        outcomes = render(registry, keys, **options)
        edit(film.clip_spec_path("A02_S01_SH010"), "camera:", "seed: 7\ncamera:")
        return outcomes

    edit(film.clip_spec_path("A01_S01_SH010"), "camera:", "seed: 7\ncamera:")
    monkeypatch.setattr(Registry, "render", render_and_edit)
    result = vtx("make", "film", "--studio", film.studio.root)
    assert result.exit_code == 1
    assert "clips changed while they were rendered: A02_S01_SH010" in result.stderr


def test_a_stage_that_fails_is_one_clear_error(vtx, studio):
    (studio.project("film").source_dir / "film.fountain").write_bytes(b"Title: The Film\n")
    result = vtx("make", "film", "--studio", studio.root)
    assert result.exit_code == 1
    assert "story/source/film.fountain:1" in result.stderr
    assert "Traceback" not in result.stderr


def test_files_that_are_not_read_are_named_once(vtx, film, studio):
    remark = "story/source/film.docx is not read: Word files are not read: save it as PDF"
    for project in (film, studio.project("film")):
        (project.source_dir / "film.docx").write_bytes(b"PK")
        result = vtx("make", "film", "--studio", project.studio.root)
        assert result.exit_code == 0
        assert result.stderr.count(remark) == 1


def test_a_film_that_is_gone_is_assembled_again_from_its_takes(vtx, film):
    film.film_path.unlink()
    result = vtx("make", "film", "--studio", film.studio.root)
    assert result.exit_code == 0
    assert "rendered" not in result.stdout
    assert f"{film.film_path}\n3.0 s (24 frames" in result.stdout
