from pathlib import Path

from typer.testing import Result

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


def test_a_second_make_renders_nothing_and_says_so(film: Project, vtx) -> None:
    result = vtx("make", "film", "--studio", film.studio.root)
    assert result.exit_code == 0
    assert "everything is current, nothing was rendered" in result.stdout
    assert f"{film.film_path}\n3.0 s\n" in result.stdout
