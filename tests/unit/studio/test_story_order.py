import json
import os
import time
from pathlib import Path

import pytest

from vtx_dagster.core.errors import InvalidFileError, StorageError
from vtx_dagster.core.film_order import StoryOrder
from vtx_dagster.studio import story_order as module
from vtx_dagster.studio.project import Project

OUTLINE = (
    "version: 1\ntitle: Film\nacts:\n- {id: A01, scenes: [{id: A01_S02, heading: INT. A}, {id: A01_S01, heading: INT. B}]}\n"
)
SHOTLIST = (
    "version: 1\nshots:\n- {id: A01_S01_SH010, scene: A01_S01}\n- {id: A01_S02_SH010, scene: A01_S02}\nretired: [A01_S03_SH010]\n"
)
ORDER = StoryOrder(
    acts={"A01": ("A01_S02", "A01_S01")},
    shots={"A01_S01": ("A01_S01_SH010",), "A01_S02": ("A01_S02_SH010",)},
    retired=frozenset({"A01_S03_SH010"}),
)


def settle(*paths: Path, seconds: float = 60.0) -> None:
    """Make files look as if they had not changed for a while."""
    for path in paths:
        then = time.time_ns() - int(seconds * 1e9)
        os.utime(path, ns=(then, then))


@pytest.fixture
def film(make_project, monkeypatch) -> Project:
    project = make_project(clips=("A01_S01_SH010", "A01_S02_SH010", "A01_S03_SH010"))
    project.outline_path.write_text(OUTLINE)
    project.shotlist_path.write_text(SHOTLIST)
    settle(project.outline_path, project.shotlist_path)
    return project


@pytest.fixture
def parsed(monkeypatch) -> list[str]:
    """The files that were parsed."""
    names: list[str] = []
    load = module.load_document

    def noting(path, model, **options):
        names.append(path.name)
        return load(path, model, **options)

    monkeypatch.setattr(module, "load_document", noting)
    return names


def test_outline_and_shotlist_are_parsed_once_as_long_as_they_stay(film, parsed) -> None:
    assert film.story_order() == ORDER
    assert film.story_order() == ORDER
    assert parsed == ["01_outline.yaml", "04_shotlist.yaml"]
    assert (film.clip_ids(), film.film().aside) == (("A01_S02_SH010", "A01_S01_SH010"), ("A01_S03_SH010",))
    film.shotlist_path.write_text(SHOTLIST.replace("SH010", "SH020"))
    settle(film.shotlist_path)
    assert film.story_order().retired == {"A01_S03_SH020"}
    assert parsed[2:] == ["04_shotlist.yaml"], "the other file stayed"
    film.outline_path.unlink()
    assert film.story_order().acts == {}
    film.shotlist_path.unlink()
    film.outline_path.write_text(OUTLINE)
    assert film.story_order() == StoryOrder(acts=ORDER.acts)
    film.outline_path.unlink()
    assert film.story_order() == StoryOrder()


def test_what_changed_just_now_is_not_remembered(film, parsed) -> None:
    settle(film.outline_path, film.shotlist_path, seconds=0.0)
    for _ in range(2):
        assert film.story_order() == ORDER
    assert len(parsed) == 4
    film.outline_path.unlink()
    assert film.story_order().acts == {}
    assert not (film.root / "renders/.order.json").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"files": []})])
def test_a_damaged_memory_is_made_anew(film, parsed, text: str) -> None:
    (film.root / "renders/.order.json").write_text(text)
    assert film.story_order() == ORDER
    assert film.story_order() == ORDER
    assert len(parsed) == 2


def test_a_disk_that_takes_nothing_is_no_reason_not_to_look(film, monkeypatch, caplog) -> None:
    def refuse(path, _data):
        raise StorageError("cannot write: the disk is full", path=str(path))

    monkeypatch.setattr(module, "write_atomic", refuse)
    assert film.story_order() == ORDER
    assert "is not remembered: cannot write: the disk is full" in caplog.text


def test_a_film_without_a_story_has_no_memory(make_project) -> None:
    project = make_project()
    assert project.story_order() == StoryOrder()
    assert not (project.root / "renders/.order.json").exists()


def test_an_outline_that_cannot_be_read_is_an_error(film) -> None:
    film.outline_path.write_text("version: 1\n")
    with pytest.raises(InvalidFileError, match=r"story/01_outline.yaml:1: "):
        film.clip_ids()
