"""The stages together: what the model writes, and what the breakdown keeps of an author's own screenplay."""

from pathlib import Path

import pytest
import story_author
from model_server import ModelServer, Request

from vtx_dagster.core.errors import BudgetError, InvalidFileError
from vtx_dagster.core.planner import Forecast, Stage
from vtx_dagster.core.story import Job
from vtx_dagster.engines.choice import story_writer
from vtx_dagster.engines.language_model.basis import aspect_hash
from vtx_dagster.production.story import StoryDesk
from vtx_dagster.production.story_files import StoryFiles
from vtx_dagster.studio.project import Project, Studio

SCREENPLAY = "INT. KITCHEN - DAY\n\nMARA pours tea.\n\nMARA\nIt is late.\n"


@pytest.fixture
def film(tmp_path: Path) -> Project:
    studio = Studio.init(tmp_path / "studio", {"VTX_STORY_WRITER": "openai", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"})
    return studio.create_project("film", title="Film")


def test_an_author_s_screenplay_is_broken_down_and_only_its_shots_are_asked_for(film: Project) -> None:
    (film.source_dir / "film.fountain").write_text(SCREENPLAY)

    def author(request: Request) -> object:
        value = story_author.write(request)
        return {"shots": [{**shot, "characters": ["mara"]} for shot in value["shots"]]} if "shots" in value else value

    with ModelServer(author) as server:
        film = Studio.open(film.studio.root, {**film.studio.environ, **server.settings}).project("film")
        writer = story_writer(film)
        desk = StoryDesk(film, writer)
        for stage in writer.stages:
            desk.run(stage)
        assert [request.schema_name for request in server.requests] == ["bible", "shotlist"]
    (scene,) = film.scenes_dir.iterdir()
    assert scene.read_text() == SCREENPLAY
    assert all(record.is_current for record in desk.records())
    assert writer.prompts(Stage.SCREENPLAY, StoryFiles(film), Job(due=frozenset({""}))) == ()
    assert writer.forecast(Stage.OUTLINE, StoryFiles(film), Job(due=frozenset({""}))) == Forecast()


def test_a_stage_without_sources_has_no_parts(film: Project) -> None:
    writer, story = story_writer(film), StoryFiles(film)
    assert {stage: len(writer.parts(stage, story)) for stage in writer.stages} == {
        Stage.OUTLINE: 1,
        Stage.TREATMENT: 0,
        Stage.BIBLE_PROPOSAL: 0,
        Stage.SCREENPLAY: 0,
        Stage.SHOTLIST: 0,
    }


def test_prompts_are_what_would_be_sent(film: Project) -> None:
    film.brief_path.write_text("A woman waits for a ferry.\n")
    (prompt,) = story_writer(film).prompts(Stage.OUTLINE, StoryFiles(film), Job(due=frozenset({""})))
    assert prompt.template == "outline_acts 1"
    assert [role for role, _ in prompt.messages] == ["system", "user"]
    assert "A woman waits for a ferry." in prompt.messages[1][1]
    assert prompt.request["model"] == "gpt-5-mini"
    assert prompt.request["max_output_tokens"] == prompt.max_output_tokens
    assert prompt.input_tokens > 100


def test_a_budget_is_asked_before_anything_is_sent(film: Project) -> None:
    film.env_path.write_text("VTX_STORY_BUDGET_USD=0.01\n")
    writer = story_writer(film.studio.project("film"))
    writer.afford(Forecast(), what="nothing")
    with pytest.raises(BudgetError, match="the story of film"):
        writer.afford(Forecast(num_calls=1, usd=None), what="the story of film")


def test_what_has_no_plain_form_has_no_hash() -> None:
    assert aspect_hash({"b": 1, "a": (None, 2.5)}) == aspect_hash({"a": [None, 2.5], "b": 1})
    with pytest.raises(TypeError, match="PosixPath has no hash"):
        aspect_hash(Path("x"))


def test_comments_in_a_brief_are_not_sent(film: Project) -> None:
    film.brief_path.write_text("A woman waits.\n<!-- note to self:\nsecret -->\nA boy has a lamp.\n")
    writer = story_writer(film)
    (prompt,) = writer.prompts(Stage.OUTLINE, StoryFiles(film), Job(due=frozenset({""})))
    assert "A woman waits." in prompt.messages[1][1]
    assert "A boy has a lamp." in prompt.messages[1][1]
    assert "secret" not in prompt.messages[1][1]
    basis = writer.parts(Stage.OUTLINE, StoryFiles(film))
    film.brief_path.write_text(film.brief_path.read_text().replace("secret", "another secret"))
    assert writer.parts(Stage.OUTLINE, StoryFiles(film)) == basis


def test_the_shots_of_a_scene_that_is_not_written_are_in_the_estimate(film: Project) -> None:
    film.brief_path.write_text("A woman waits for a ferry.\n")
    with ModelServer(story_author.write) as server:
        film = Studio.open(film.studio.root, {**film.studio.environ, **server.settings}).project("film")
        desk = StoryDesk(film, story_writer(film))
        for stage in story_writer(film).stages:
            desk.run(stage)
        (film.scenes_dir / "A01_S20__pier.fountain").write_text("EXT. PIER - DUSK\n\nA bell.\n")
        (film.scenes_dir / "A01_S10__kitchen.fountain").rename(film.root / "elsewhere.fountain")
        text = film.outline_path.read_text()
        film.outline_path.write_text(text.replace("Mara looks out from the kitchen.", "Mara sleeps."))
        forecasts = {record.stage: record.forecast for record in desk.records()}
        assert (forecasts[Stage.SCREENPLAY].num_calls, forecasts[Stage.SCREENPLAY].is_guess) == (1, False)
        assert (forecasts[Stage.SHOTLIST].num_calls, forecasts[Stage.SHOTLIST].is_guess) == (2, True)
        num_asked = len(server.requests)
        desk.run(Stage.SCREENPLAY)
        desk.run(Stage.SHOTLIST)
        assert len(server.requests) - num_asked == 3


def test_a_brief_without_words_is_refused(film: Project) -> None:
    with pytest.raises(InvalidFileError, match=r"story/00_brief\.md:1: nothing to write a story from"):
        StoryDesk(film, story_writer(film)).run(Stage.OUTLINE)
