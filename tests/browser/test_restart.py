"""A power cut while `vtx dev` renders: the next start frees the place of the run that is no more, and the film is finished."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from vtx_dagster.studio.project import Studio

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

CLIPS = tuple(f"A01_S01_SH{number:03}" for number in range(10, 50, 10))


def wait_for(look: Callable[[], object], *, seconds: float = 150) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.3)


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    studio = Studio.init(tmp_path / "studio", {})
    project = studio.create_project("film", title="Film")
    metadata = {"title": "Film", "render": {"profile": "large", "profiles": {"large": {"width": 1280, "height": 704, "fps": 24}}}}
    project.metadata_path.write_text(yaml.safe_dump({"version": 1, **metadata}), encoding="utf-8")
    for clip in CLIPS:
        spec = {"version": 1, "id": clip, "action": "Rain falls on the quay.", "duration": {"seconds": 10.0}}
        path = project.clip_spec_path(clip)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(spec), encoding="utf-8")
    return studio


def test_a_power_cut_in_mid_run_blocks_nothing(studio: Studio, tmp_path: Path) -> None:
    pytest.importorskip("selenium")
    from studio_browser import serving

    log = tmp_path / "vtx_dev.log"
    with serving(studio.root, log=log) as server:
        wait_for(lambda: server.partitions("rendered_clip")["materialized"])
        assert server.runs("render_clips") == ["STARTED"]
        server.pull_the_plug()
    with serving(studio.root, log=log) as server:
        assert "1 run of a server that was killed: failed, and started again" in log.read_text(encoding="utf-8")
        wait_for(lambda: len(server.partitions("rendered_clip")["materialized"]) == len(CLIPS))
        assert server.runs("render_clips")[-1] == "FAILURE"
