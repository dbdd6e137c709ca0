import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from vtx_dagster.cli.main import app
from vtx_dagster.studio.project import Project, Studio

SCREENPLAY = """\
Title: The Film

# Act One

INT. KITCHEN - NIGHT

[[SHOT: WS, pan left, 1s]]
MARA opens the door.

[[SHOT: CU, dolly in, 1s]]
She looks at the clock.

# Act Two

EXT. GARDEN - DAY

[[SHOT: MS, pan right, 1s]]
MARA waters a dead tree.
"""

METADATA = """\
version: 1
title: The Film
render:
  profile: tiny
  profiles:
    tiny: {width: 128, height: 72, fps: 8}
    large: {width: 192, height: 108, fps: 8}
"""

Vtx = Callable[..., Result]


def add_film(studio: Studio, slug: str = "film") -> Project:
    """Add a project with a screenplay of three short shots in two acts."""
    files = {"metadata.yaml": METADATA, "story/source/film.fountain": SCREENPLAY}
    return studio.create_project(slug, title="The Film", files=files)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("VTX_HOME", "DAGSTER_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def vtx() -> Vtx:
    """Run the command line; an exception that it lets through is raised."""

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)

    return run


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """A studio whose one film was made by `vtx make`, and what that printed. Not to be changed."""
    root = tmp_path_factory.mktemp("finished") / "studio"
    add_film(Studio.init(root))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAGSTER_HOME", raising=False)
        result = CliRunner().invoke(app, ["make", "film", "--studio", str(root)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return root, result


@pytest.fixture(scope="session")
def unmade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A studio with one film, of which nothing is made, and an instance that knows nothing of it. Not to be changed."""
    from vtx_dagster.cli.runs import open_registry

    studio = Studio.init(tmp_path_factory.mktemp("unmade") / "studio")
    add_film(studio)
    with open_registry(studio):
        return studio.root


@pytest.fixture
def studio(unmade: Path, tmp_path: Path) -> Studio:
    """A studio with one film, of which nothing is made."""
    shutil.copytree(unmade, tmp_path / "studio")
    return Studio.open(tmp_path / "studio", {})


@pytest.fixture
def film(finished: tuple[Path, Result], tmp_path: Path) -> Project:
    """A finished film, in a studio of its own that may be changed."""
    root = tmp_path / "copy"
    shutil.copytree(finished[0], root)
    return Studio.open(root, {}).project("film")


@pytest.fixture
def edit() -> Callable[[Path, str, str], None]:
    """Replace a text that must be in a file."""

    def replace(path: Path, old: str, new: str) -> None:
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return replace


@pytest.fixture
def instance_runs() -> Callable[[Path], list[Any]]:
    """Return the runs of an instance, the latest first."""
    import dagster as dg

    def runs(home: Path) -> list[Any]:
        with dg.DagsterInstance.from_config(str(home)) as instance:
            return list(instance.get_runs())

    return runs
