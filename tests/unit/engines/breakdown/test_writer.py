"""The breakdown as a story writer: free, in one piece, and without a proposal for the bible."""

from decimal import Decimal
from pathlib import Path

import pytest

from vtx_dagster.core.planner import Forecast, Stage
from vtx_dagster.core.story import WHOLE, BibleProposal, Job
from vtx_dagster.engines.breakdown.writer import BreakdownWriter
from vtx_dagster.production.story_files import StoryFiles
from vtx_dagster.studio.project import Studio

WRITER = BreakdownWriter()
ALL = Job(due=frozenset({WHOLE}))


@pytest.fixture
def story(tmp_path: Path) -> StoryFiles:
    project = Studio.init(tmp_path).create_project("film", title="The Kettle")
    (project.source_dir / "film.fountain").write_text("INT. KITCHEN - DAY\n\nA kettle steams.\n", encoding="utf-8")
    return StoryFiles(project)


def test_it_costs_nothing_and_sends_nothing(story: StoryFiles) -> None:
    for stage in WRITER.stages:
        assert list(WRITER.parts(stage, story)) == [WHOLE]
        assert WRITER.forecast(stage, story, ALL) == Forecast(usd=Decimal(0))
        assert WRITER.prompts(stage, story, ALL) == ()
    WRITER.afford(Forecast(num_calls=1, usd=None), what="a story")


def test_it_proposes_nothing_for_the_bible(story: StoryFiles) -> None:
    assert Stage.BIBLE_PROPOSAL not in WRITER.stages
    assert WRITER.bible(story, ALL).value == BibleProposal()


def test_a_draft_says_what_it_was_made_of(story: StoryFiles) -> None:
    draft = WRITER.outline(story, ALL)
    assert draft.value.acts[0].scenes[0].heading == "INT. KITCHEN - DAY"
    assert draft.provenance.basis == WRITER.parts(Stage.OUTLINE, story)[WHOLE]
    assert (draft.part, draft.provenance.writer, draft.provenance.calls) == (WHOLE, "breakdown 1", ())
