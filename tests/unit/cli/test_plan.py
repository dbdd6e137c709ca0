import json


def test_plan_of_a_new_film_shows_the_story_stages(vtx, studio):
    result = vtx("plan", "--studio", studio.root)
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines() if "not written yet" in line]
    assert [line[:3] for line in lines] == [
        ["film", "write", stage] for stage in ("outline", "treatment", "screenplay", "shotlist")
    ]
    assert "4 steps due: 0 clips to render" in result.stdout


def test_plan_of_a_finished_film_is_empty(vtx, finished):
    result = vtx("plan", "film", "--check", "--studio", finished[0])
    assert (result.exit_code, result.stdout) == (0, "everything is current\n")


def test_plan_says_what_waits_and_check_fails(vtx, film, edit):
    edit(film.clip_spec_path("A01_S01_SH010"), "camera:", "seed: 7\ncamera:")
    film.clip_spec_path("A01_S01_SH020").write_text("version: 1\nid: A01_S01_SH020\nsede: 7\n", encoding="utf-8")
    result = vtx("plan", "--check", "--studio", film.studio.root)
    assert result.exit_code == 1
    words = " ".join(result.stdout.split())
    assert "render rendered_clip A01_S01_SH010 the plan changed since it was rendered 1.0 s" in words
    assert "waits: prompts/clips/A01_S01_SH020.yaml:3: sede: " in result.stdout
    assert "waits: blocked clips: A01_S01_SH020" in result.stdout
    assert "1 step due: 1 clip to render, 1.0 s of film; 2 waiting" in result.stdout


def test_plan_as_json(vtx, film, edit):
    edit(film.clip_spec_path("A01_S01_SH010"), "camera:", "seed: 7\ncamera:")
    film.studio.create_project("broken", title="B").metadata_path.write_text("version: 1\n", encoding="utf-8")
    found = json.loads(vtx("plan", "--json", "--studio", film.studio.root).stdout)
    assert [(step["stage"], step["id"], step["work"]) for step in found["steps"]] == [
        ("rendered_clip", "A01_S01_SH010", "render"),
        ("film", "", "assemble"),
    ]
    assert found["steps"][0]["frames"] == 8
    assert found["steps"][0]["film_s"] == 1.0
    assert len(found["steps"][0]["hash"]) == 64
    assert "metadata.yaml" in found["problems"]["broken"]


def test_check_fails_on_a_project_that_cannot_be_read(vtx, studio):
    studio.project("film").metadata_path.write_text("version: 1\n", encoding="utf-8")
    result = vtx("plan", "--check", "--studio", studio.root)
    assert result.exit_code == 1
    assert "film cannot be read: metadata.yaml:1" in result.stdout
    assert "current" not in result.stdout
