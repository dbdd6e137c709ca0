import pytest

from vtx_dagster.cli.studio_folder import open_studio, record_of, records, studio_words
from vtx_dagster.core.errors import InvalidRequestError, NotFoundError
from vtx_dagster.studio.project import Studio


def test_the_option_wins_over_the_environment(studio, tmp_path, monkeypatch):
    monkeypatch.setenv("VTX_HOME", str(tmp_path / "nowhere"))
    assert open_studio(studio.root).root == studio.root


def test_the_environment_wins_over_the_current_folder(studio, tmp_path, monkeypatch):
    monkeypatch.setenv("VTX_HOME", str(studio.root))
    assert open_studio(None).root == studio.root


def test_a_folder_inside_a_studio_is_enough(studio, monkeypatch):
    monkeypatch.chdir(studio.project("film").story_dir)
    assert open_studio(None).root == studio.root


def test_without_a_studio_the_error_says_how_to_make_one():
    with pytest.raises(NotFoundError, match="vtx init"):
        open_studio(None)


def test_records_are_by_slug_and_hold_the_problem_of_a_broken_project(studio):
    (studio.create_project("broken", title="B").metadata_path).write_text("version: 1\ntitel: B\n", encoding="utf-8")
    broken, film = records(studio)
    assert (broken.project, film.project) == ("broken", "film")
    assert "metadata.yaml:2" in broken.problem
    assert film.problem == ""
    assert film.story == ()


def test_records_of_an_unknown_project_are_an_error(studio):
    with pytest.raises(NotFoundError, match="did you mean 'film'"):
        record_of(studio, "flim")


def test_the_record_of_one_project_raises_what_is_wrong_with_it(studio):
    assert record_of(studio, "film").clips == ()
    studio.project("film").env_path.write_text("VTX_ENGINE=ltx\n", encoding="utf-8")
    with pytest.raises(InvalidRequestError, match=r"^VTX_ENGINE='ltx' is not known"):
        record_of(studio, "film")


def test_the_studio_is_named_only_where_it_would_not_be_found(studio, tmp_path, monkeypatch):
    assert studio_words(studio) == f" --studio {studio.root}"
    monkeypatch.chdir(studio.root)
    assert studio_words(studio) == ""
    other = Studio.init(tmp_path / "my other")
    assert studio_words(other) == f" --studio '{other.root}'"
    monkeypatch.setenv("VTX_HOME", str(tmp_path / "nowhere"))
    assert studio_words(studio) == f" --studio {studio.root}"
