from pathlib import Path

import pytest

from vtx_dagster.studio.project import Project, Studio


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio.init(tmp_path / "studio")


@pytest.fixture
def project(studio: Studio) -> Project:
    return studio.create_project("film", title="The Film")
