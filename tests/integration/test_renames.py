"""A person who is called otherwise in the screenplay, where a language model writes bible and shotlist."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import story_author
from model_server import ModelServer

from vtx_dagster.core.planner import Stage
from vtx_dagster.core.story import BibleProposal
from vtx_dagster.engines.choice import story_writer
from vtx_dagster.production.story import StoryDesk
from vtx_dagster.studio.documents import load_document
from vtx_dagster.studio.project import Project, Studio

SCREENPLAY = """INT. BAR - NIGHT

STEEL waits.

STEEL
Where is the boat? It should have been here at nine.

IDA
It sank.

EXT. SEA - DAY

IDA
It was a fine boat.
"""


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(story_author.write) as server:
        yield server


def new_film(folder: Path, server: ModelServer, **settings: str) -> Project:
    environ = {**server.settings, "VTX_STORY_WRITER": "openai", **settings}
    project = Studio.init(folder / "studio", environ).create_project("film", title="Film")
    (project.source_dir / "film.fountain").write_text(SCREENPLAY)
    return project


def make(project: Project) -> list[str]:
    """Run what is due; return what is said."""
    notes: list[str] = []
    writer = story_writer(project)
    for stage in writer.stages:
        desk = StoryDesk(project, writer)
        if any(record.stage == stage and not record.is_current for record in desk.records()):
            notes += desk.run(stage).notes
    return notes


def speakers(project: Project) -> set[str]:
    return {line.character for clip in project.clip_ids() for line in project.clip_spec(clip).dialogue}


def test_a_model_is_not_asked_who_somebody_is_that_was_renamed(tmp_path: Path, server: ModelServer) -> None:
    film = new_film(tmp_path, server)
    make(film)
    make(film)
    steel = film.bible().characters.characters["steel"]
    assert (steel.stub, speakers(film)) == (False, {"steel", "ida"})
    (film.source_dir / "film.fountain").write_text(SCREENPLAY.replace("STEEL", "STONE"))
    notes = make(film)
    assert any(note.startswith("the screenplay calls Steel Stone now: prompts/characters.yaml keeps") for note in notes)
    characters = film.bible().characters.characters
    assert characters.keys() == {"steel", "ida"}
    assert characters["steel"] == steel.model_copy(update={"aliases": ("Stone",)})
    assert speakers(film) == {"steel", "ida"}
    assert make(film) == []


def test_a_proposal_that_a_model_writes_keeps_the_new_names(tmp_path: Path, server: ModelServer) -> None:
    film = new_film(tmp_path, server, VTX_STORY_BIBLE="propose")
    make(film)
    StoryDesk(film, story_writer(film)).apply_bible_proposal()
    make(film)
    (film.source_dir / "film.fountain").write_text(SCREENPLAY.replace("STEEL", "STONE"))
    assert "steel: Stone" in "".join(make(film))
    assert Stage.BIBLE_PROPOSAL in {request.schema_name + "_proposal" for request in server.requests}
    assert load_document(film.bible_proposal_path, BibleProposal).character_aliases == {"steel": ("Stone",)}
    assert film.bible().characters.characters["steel"].aliases == ()
    assert speakers(film) == {"steel", "ida"}
    assert make(film) == []
    assert "prompts/characters.yaml keeps the entry steel" in "".join(StoryDesk(film, story_writer(film)).apply_bible_proposal())
    make(film)
    assert (speakers(film), make(film)) == ({"steel", "ida"}, [])
