"""How long a screenplay of 120 scenes takes to be written by a language model that needs a tenth of a second for each answer."""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "servers"))

import story_author
from model_server import ModelServer, Request

from vtx_dagster.core.planner import Stage
from vtx_dagster.engines.choice import story_writer
from vtx_dagster.production.story import StoryDesk
from vtx_dagster.studio.project import Project, Studio

LATENCY_S = 0.1
NUM_SCENES = 120
ACTS = 2


def author(request: Request) -> dict[str, Any]:
    """Answer as a film of ``NUM_SCENES`` scenes; a scene takes ``LATENCY_S``."""
    value = story_author.write(request)
    if request.schema_name == "outline_scenes":
        scenes = (value["scenes"] * NUM_SCENES)[: NUM_SCENES // ACTS]
        return {"scenes": [{**scene, "place": f"{scene['place']} {number}"} for number, scene in enumerate(scenes)]}
    if request.schema_name == "screenplay":
        time.sleep(LATENCY_S)
    return value


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield what was measured, the seconds and the ratio to one question at a time."""
    with ModelServer(author) as server, tempfile.TemporaryDirectory() as folder:
        settings = {**server.settings, "VTX_STORY_WRITER": "openai", "VTX_STORY_CONTEXT_TOKENS": "60000"}
        outlined = Studio.init(Path(folder) / "outlined", settings)
        project = outlined.create_project("film", title="The Crossing")
        project.brief_path.write_text("A woman waits for a ferry.\n", encoding="utf-8")
        for stage in (Stage.OUTLINE, Stage.TREATMENT, Stage.BIBLE_PROPOSAL):
            StoryDesk(project, story_writer(project)).run(stage)
        one, _ = _screenplay(outlined, settings, 1)
        four, written = _screenplay(outlined, settings, 4)
        remembered, _ = _again(written)
    yield f"{NUM_SCENES} scenes, one question at a time", f"{one:.1f}", "1.00"
    yield f"{NUM_SCENES} scenes, four at a time", f"{four:.1f}", f"{four / one:.2f}"
    yield "the files lost, every answer remembered", f"{remembered:.1f}", f"{remembered / one:.2f}"


def _screenplay(outlined: Studio, settings: dict[str, str], concurrency: int) -> tuple[float, Project]:
    root = outlined.root.with_name(f"concurrency_{concurrency}")
    shutil.copytree(outlined.root, root)
    project = Studio.open(root, {**settings, "VTX_STORY_CONCURRENCY": str(concurrency)}).project("film")
    return _timed(project)


def _again(project: Project) -> tuple[float, Project]:
    for path in project.scenes_dir.iterdir():
        path.unlink()
    return _timed(project)


def _timed(project: Project) -> tuple[float, Project]:
    started = time.perf_counter()
    written = StoryDesk(project, story_writer(project)).run(Stage.SCREENPLAY)
    assert len(written.written) == NUM_SCENES
    return time.perf_counter() - started, project


if __name__ == "__main__":
    for row in rows():
        print(f"| {' | '.join(row)} |")
