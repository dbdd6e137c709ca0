import json

import pytest

from vtx_dagster.core.errors import RenderError
from vtx_dagster.studio.takes import FailureRecord, TakeStore


def words(text: str) -> str:
    return " ".join(text.split())


def test_new_makes_a_project_from_a_screenplay(vtx, studio, tmp_path):
    screenplay = tmp_path / "mine.fountain"
    screenplay.write_text("INT. ROOM - DAY\n\nSomething.\n", encoding="utf-8")
    result = vtx("projects", "new", "mine", "--title", "Mine", "--screenplay", screenplay, "--studio", studio.root)
    assert result.exit_code == 0
    assert (studio.root / "projects/mine/story/source/mine.fountain").is_file()
    assert result.stdout.endswith(f"next: vtx make mine --studio {studio.root}\n")


def test_new_takes_title_and_author_from_the_title_page(vtx, studio, tmp_path):
    screenplay = tmp_path / "mine.fountain"
    screenplay.write_text("Title: _**Mine**_\n    Alone\nAuthor: Ann\n\nINT. ROOM - DAY\n\nX.\n", encoding="utf-8")
    at = ("--screenplay", screenplay, "--studio", studio.root)
    assert json.loads(vtx("projects", "new", "mine", "--json", *at).stdout)["title"] == "Mine Alone"
    assert vtx("projects", "new", "yours", "--title", "Yours", *at).exit_code == 0
    metadata = [studio.project(slug).metadata() for slug in ("mine", "yours")]
    assert [(one.title, one.author) for one in metadata] == [("Mine Alone", "Ann"), ("Yours", "Ann")]


@pytest.mark.parametrize(
    ("name", "text", "code", "message"),
    [
        ("mine.fountain", "Title: Mine\n", 1, "mine.fountain:"),
        ("mine.pdf", "%PDF", 1, "mine.pdf: not a PDF that can be read"),
        ("mine.docx", "PK", 1, "mine.docx: Word files are not read: save it as PDF"),
    ],
    ids=["no screenplay", "no PDF", "other format"],
)
def test_new_without_a_title_is_refused(vtx, studio, tmp_path, name, text, code, message):
    (tmp_path / name).write_text(text, encoding="utf-8")
    result = vtx("projects", "new", "mine", "--screenplay", tmp_path / name, "--studio", studio.root)
    assert result.exit_code == code
    assert message in " ".join(result.stderr.replace("│", " ").split())
    assert not (studio.root / "projects/mine").exists()


def test_new_without_a_title_page_is_called_as_its_file(vtx, studio, tmp_path):
    (tmp_path / "my_own-film.fountain").write_text("INT. ROOM - DAY\n\nX.\n", encoding="utf-8")
    result = vtx("projects", "new", "mine", "--screenplay", tmp_path / "my_own-film.fountain", "--studio", studio.root)
    assert 'my_own-film.fountain has no title page with a Title: the film is called "My Own Film"' in result.stderr
    assert studio.project("mine").metadata().title == "My Own Film"


def test_new_with_notes_in_place_of_a_screenplay_is_refused(vtx, studio, tmp_path):
    (tmp_path / "notes.txt").write_text("A man sits.\n", encoding="utf-8")
    result = vtx("projects", "new", "mine", "--title", "M", "--screenplay", tmp_path / "notes.txt", "--studio", studio.root)
    assert result.exit_code == 1
    assert "no scene heading in it" in " ".join(result.stderr.split())
    assert "give the file the suffix .fountain" in " ".join(result.stderr.split())


def test_new_without_anything_has_no_title(vtx, studio):
    result = vtx("projects", "new", "mine", "--studio", studio.root)
    assert result.exit_code == 2
    assert "give one" in result.stderr


def test_new_without_a_screenplay_says_what_to_write(vtx, studio):
    result = vtx("projects", "new", "mine", "--title", "Mine", "--logline", "A line.", "--studio", studio.root)
    assert "next: write story/00_brief.md" in result.stdout
    assert "A line." in studio.project("mine").brief_path.read_text(encoding="utf-8")


def test_new_as_json(vtx, studio):
    found = json.loads(vtx("projects", "new", "mine", "--title", "Mine", "--json", "--studio", studio.root).stdout)
    assert found == {"project": "mine", "path": str(studio.root / "projects/mine"), "title": "Mine"}


@pytest.mark.parametrize(
    ("slug", "code"), [("film", "already_exists"), ("../film", "invalid_request"), ("Film", "invalid_request")]
)
def test_new_refuses(vtx, studio, slug, code):
    result = vtx("projects", "new", slug, "--title", "X", "--json", "--studio", studio.root)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["code"] == code


def test_list(vtx, film):
    film.studio.create_project("broken", title="B").metadata_path.write_text("titel: B\n", encoding="utf-8")
    text = words(vtx("projects", "list", "--studio", film.studio.root).stdout)
    assert "film The Film current 3.0 s" in text
    assert "broken error film" in text
    assert "broken: metadata.yaml:1" in text
    found = json.loads(vtx("projects", "list", "--json", "--studio", film.studio.root).stdout)
    assert [project["project"] for project in found["projects"]] == ["broken", "film"]
    assert found["projects"][1] == {
        "project": "film",
        "title": "The Film",
        "state": "current",
        "clips": 3,
        "film_s": 3.0,
        "film": str(film.film_path),
        "problem": "",
    }


def test_list_says_in_a_word_where_a_project_stands(vtx, film, edit):
    def word() -> str:
        found = json.loads(vtx("projects", "list", "--json", "--studio", film.studio.root).stdout)["projects"]
        return next(one["state"] for one in found if one["project"] == "film")

    film.studio.create_project("new", title="New")
    assert json.loads(vtx("projects", "list", "--json", "--studio", film.studio.root).stdout)["projects"][1]["state"] == "empty"
    clip = "A01_S01_SH010"
    edit(film.clip_spec_path(clip), "camera:", "seed: 7\ncamera:")
    assert word() == "due"
    (step,) = json.loads(vtx("plan", "film", "--json", "--studio", film.studio.root).stdout)["steps"][:1]
    failure = FailureRecord(clip=clip, clip_hash=step["hash"], code="render", message="no paint", failed_at="2026-01-01")
    TakeStore(film).record_failure(failure)
    assert word() == "failed"
    edit(film.clip_spec_path(clip), "camera:", "sede: 7\ncamera:")
    assert word() == "blocked"


@pytest.mark.parametrize("command", ["list", "status"])
def test_an_empty_studio(vtx, tmp_path, command):
    vtx("init", tmp_path / "empty")
    assert vtx("projects", command, "--studio", tmp_path / "empty").stdout.startswith("no projects yet: vtx projects new")


def test_status_of_all(vtx, film):
    film.studio.create_project("broken", title="B").metadata_path.write_text("titel: B\n", encoding="utf-8")
    film.studio.create_project("fresh", title="F")
    text = words(vtx("projects", "status", "--studio", film.studio.root).stdout)
    assert f"film 3 3 rendered 3.0 s {film.film_path}" in text
    assert "fresh 0 0.0 s there are no clips yet" in text
    assert "broken 0 0.0 s metadata.yaml:1" in text


def test_status_of_one_gives_every_reason(vtx, film, edit):
    edit(film.clip_spec_path("A01_S01_SH010"), "camera:", "seed: 7\ncamera:")
    film.clip_spec_path("A01_S01_SH020").write_text("version: 1\nid: A01_S01_SH020\nsede: 7\n", encoding="utf-8")
    result = vtx("projects", "status", "film", "--studio", film.studio.root)
    assert result.exit_code == 0
    text = words(result.stdout)
    assert "A01_S01_SH010 stale 1.00 seed " in text
    assert "-> 7" in text
    assert "A01_S01_SH020 blocked prompts/clips/A01_S01_SH020.yaml:3: sede: " in text
    assert "A02_S01_SH010 rendered 1.00" in text
    assert "shotlist: current" in text
    assert "film: not current: 2 of 3 clips are not rendered" in text
    assert "3 clips (1 blocked, 1 rendered, 1 stale), 2.0 s" in text


def test_status_tells_of_some_clips_what_changed(vtx, film, edit, monkeypatch):
    monkeypatch.setattr("vtx_dagster.cli.standing.MAX_CHANGES", 1)
    for clip in film.clip_ids()[:2]:
        path = film.clip_spec_path(clip)
        path.write_text(path.read_text(encoding="utf-8") + "seed: 8\n", encoding="utf-8")
    told = json.loads(vtx("projects", "status", "film", "--json", "--studio", film.studio.root).stdout)
    reasons = [clip["reason"] for clip in told["projects"][0]["clips"][:2]]
    assert reasons[0].startswith("seed ")
    assert reasons[1] == "the plan changed since it was rendered"


def test_status_of_a_film_in_acts(vtx, film, edit):
    edit(film.metadata_path, "render:", "produce_in_acts: true\nrender:")
    text = vtx("projects", "status", "film", "--studio", film.studio.root).stdout
    assert "act A01: never assembled" in text
    film.film_path.unlink()
    assert "film: not current: never assembled" in vtx("projects", "status", "film", "--studio", film.studio.root).stdout


def test_status_of_a_failed_and_of_a_hidden_take(vtx, film, edit):
    store, clip = TakeStore(film), "A01_S01_SH010"
    spec = film.clip_spec_path(clip).read_text(encoding="utf-8")
    edit(film.clip_spec_path(clip), "camera:", "seed: 7\ncamera:")
    (step,) = json.loads(vtx("plan", "--json", "--studio", film.studio.root).stdout)["steps"][:1]
    store.record_failure(
        FailureRecord(clip=clip, clip_hash=step["hash"], code=RenderError.code, message="no paint", failed_at="2026-01-01")
    )
    text = words(vtx("projects", "status", "film", "--studio", film.studio.root).stdout)
    assert "A01_S01_SH010 failed 1.00 no paint" in text
    film.clip_spec_path(clip).write_text(spec, encoding="utf-8")
    film.current_path(clip).unlink()
    text = words(vtx("projects", "status", "film", "--studio", film.studio.root).stdout)
    assert "A01_S01_SH010 rendered 1.00 its take is in the store and not shown yet" in text


def test_status_and_plan_of_a_take_of_another_version(vtx, film, edit):
    clip = "A01_S01_SH010"
    edit(film.clip_spec_path(clip), "camera:", "seed: 7\ncamera:")
    edit(film.current_path(clip).with_suffix(".render.json"), '"plan": {', '"plan": {"scheduler": "euler",')
    for command in (("projects", "status", "film"), ("plan", "film")):
        text = words(vtx(*command, "--studio", film.studio.root).stdout)
        assert "its plan was written by another version" in text


def test_status_as_json(vtx, film):
    (found,) = json.loads(vtx("projects", "status", "film", "--json", "--studio", film.studio.root).stdout)["projects"]
    assert found["is_current"] is True
    assert found["film_s"] == 3.0
    assert found["clips"][0] == {"clip": "A01_S01_SH010", "state": "rendered", "film_s": 1.0, "reason": ""}
    assert found["story"][0] == {"stage": "outline", "due": ""}
    assert found["acts"] == []


def test_status_of_a_fresh_project(vtx, studio):
    text = vtx("projects", "status", "film", "--studio", studio.root).stdout
    assert text.startswith("outline: not written yet\n")
    assert "film: 0 clips (none), 0.0 s\nfilm: there are no clips yet\n" in text


def test_status_of_a_broken_project_is_an_error(vtx, studio):
    studio.project("film").metadata_path.write_text("version: 1\ntitel: B\n", encoding="utf-8")
    result = vtx("projects", "status", "film", "--studio", studio.root)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: metadata.yaml:1: 'title' is missing\nmetadata.yaml:2: titel: unknown key")
