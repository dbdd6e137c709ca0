import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from vtx_dagster.cli.export import add_commands
from vtx_dagster.studio.project import Project, Studio

Export = Callable[..., Result]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a scene and a shot."""
    files = {
        "story/03_screenplay/A01_S01__kitchen.fountain": "INT. KITCHEN - NIGHT\n\nMARA opens the door. 漢\n",
        "story/04_shotlist.yaml": "version: 1\nshots:\n- {id: A01_S01_SH010, scene: A01_S01, action: MARA waits.}\n",
    }
    return Studio.init(tmp_path / "studio").create_project("film", title="The Film", files=files)


@pytest.fixture
def export(project: Project) -> Export:
    """Run the command."""
    app = typer.Typer()
    app.callback()(lambda: None)
    add_commands(app)

    def run(*arguments: object) -> Result:
        at = ["export", "film", "--studio", str(project.studio.root), *map(str, arguments)]
        return CliRunner().invoke(app, at, catch_exceptions=False)

    return run


def test_a_screenplay_is_exported(export, project):
    path = project.story_dir / "export/film.fountain"

    assert export("--format", "fountain").stdout == f"film screenplay: wrote\n{path}\n"
    assert export("--format", "fountain").stdout == f"film screenplay: unchanged\n{path}\n"
    assert "INT. KITCHEN - NIGHT\n" in path.read_text(encoding="utf-8")


def test_a_pdf_says_how_many_pages_it_has_and_what_it_cannot_show(export, tmp_path: Path):
    result = export("--format", "pdf", "--paper", "a4", "--scene-numbers", "--output", tmp_path / "a.pdf")

    assert result.stdout == f"film screenplay: wrote, 1 page\n{tmp_path / 'a.pdf'}\n"
    assert "漢 (U+6F22, 1 times)" in result.stderr
    assert b"841.89" in (tmp_path / "a.pdf").read_bytes()


def test_notes_are_exported_on_request(export, project):
    path = project.story_dir / "03_screenplay/A01_S01__kitchen.fountain"
    path.write_text("INT. A\n\n[[Why?]]\nRain.\n", encoding="utf-8")

    assert export("--format", "fountain", "--notes").exit_code == 0
    assert "[[Why?]]\n" in (project.story_dir / "export/film.fountain").read_text(encoding="utf-8")


def test_shots_are_exported(export, project):
    path = project.story_dir / "export/film_shots.csv"

    assert export("--format", "csv", "--shots").stdout == f"film shotlist: wrote\n{path}\n"
    assert "MARA waits." in path.read_text(encoding="utf-8-sig")


def test_what_was_done_as_json(export, project):
    found = json.loads(export("--format", "html", "--shots", "--pictures", "--json").stdout)
    path = project.story_dir / "export/film_shots.html"

    assert found == {
        "project": "film",
        "export": "shotlist",
        "format": "html",
        "file": str(path),
        "written": True,
        "size_bytes": path.stat().st_size,
        "pages": None,
        "notes": [],
    }


def test_overwrite_replaces_what_is_there(export, tmp_path: Path):
    path = tmp_path / "film.html"
    path.write_text("mine", encoding="utf-8")

    assert export("--format", "html", "-o", path, "--overwrite").exit_code == 0
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("--format", "csv"), "or add --shots", id="csv"),
        pytest.param(("--format", "pdf", "--shots"), "choose one of csv, html", id="shots"),
        pytest.param(("--format", "html", "--paper", "a4"), "only a PDF has a paper", id="paper"),
        pytest.param(("--format", "csv", "--shots", "--scene-numbers"), "only a screenplay", id="numbers"),
        pytest.param(("--format", "csv", "--shots", "--notes"), "only a screenplay has notes", id="notes"),
        pytest.param(("--format", "html", "--pictures"), "only a shotlist", id="pictures"),
        pytest.param(("--format", "csv", "--shots", "--pictures"), "only a shotlist", id="pictures-in-csv"),
        pytest.param((), "--format", id="no-format"),
        pytest.param(("--format", "doc"), "doc", id="unknown"),
    ],
)
def test_what_cannot_be_is_wrong_usage(export, project, arguments: tuple[str, ...], message: str):
    result = export(*arguments)

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())
    assert not (project.story_dir / "export").exists()
