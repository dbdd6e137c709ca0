"""What ``vtx plan`` says of an edit beforehand; many kinds of edits are in ``tests/integration/test_edits.py``."""

import pytest

from vtx_dagster.core.errors import InvalidRequestError
from vtx_dagster.core.planner import Stage
from vtx_dagster.engines.breakdown.writer import BreakdownWriter
from vtx_dagster.production.story import StoryDesk
from vtx_dagster.production.story_preview import Effect, foresee
from vtx_dagster.production.survey import survey
from vtx_dagster.studio.project import Project

FOUNTAIN = """INT. KITCHEN - DAY

MARA pours tea into the blue cup.

EXT. PIER - NIGHT

Waves roll over the stones. TOM waits.

EXT. FIELD - DAY

Nobody is there but a scarecrow.
"""


def write_story(project: Project) -> None:
    for stage in BreakdownWriter().stages:
        StoryDesk(project, BreakdownWriter()).run(stage)


def edit(project: Project, old: str, new: str) -> None:
    path = project.source_dir / "film.fountain"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


@pytest.fixture
def film(make_project, render_all) -> Project:
    project = make_project(clips=())
    (project.source_dir / "film.fountain").write_text(FOUNTAIN)
    write_story(project)
    render_all(project)
    return project


@pytest.fixture
def effect(engine):
    """Say what will become of a project's clips."""

    def of(project: Project) -> Effect | None:
        record = survey(project, engine_for=lambda *_: engine, writer=BreakdownWriter())
        return foresee(project, record, BreakdownWriter(), engine_for=lambda *_: engine)

    return of


def test_nothing_is_due(film, effect) -> None:
    assert effect(film) is None


def test_a_writer_that_costs_money_is_not_asked(film, engine, asking) -> None:
    record = survey(film, engine_for=lambda *_: engine, writer=asking)
    assert any(not story.is_current for story in record.story)
    assert foresee(film, record, asking, engine_for=lambda *_: engine) is None
    assert asking.asked == []


def test_what_a_person_wrote_stays(film, effect) -> None:
    film.outline_path.write_text(film.outline_path.read_text() + "# mine\n")
    film.treatment_path.write_text("Mine.\n")
    kept = next(film.scenes_dir.glob("A01_S01*"))
    kept.write_text(kept.read_text() + "\nA bell.\n")
    edit(film, "blue cup", "green cup")
    edit(film, "a scarecrow", "a crow")
    assert effect(film) == Effect(render=(("A01_S01_SH020", "new"), ("A01_S03_SH010", "changed"))), "the bell, and the crow"
    film.shotlist_path.write_text(film.shotlist_path.read_text() + "# mine\n")
    assert effect(film) == Effect(), "the shotlist stays, and so do the clips"
    write_story(film)
    assert "blue cup" in film.clip_spec("A01_S01_SH010").action


def test_a_shotlist_that_is_not_written_out_yet(film, effect) -> None:
    text = film.shotlist_path.read_text()
    film.shotlist_path.write_text(text.replace("Nobody is there but a scarecrow.", "Nobody."))
    assert effect(film) == Effect(render=(("A01_S03_SH010", "changed"),))


def test_a_clip_that_goes_on_from_the_one_before_changes_with_the_order(film, effect, write_clip, render_all) -> None:
    write_clip(film, "A01_S03_SH010", inputs={"from_previous": {"frames": 1}})
    render_all(film)
    assert effect(film) is None
    edit(film, "EXT. FIELD", "INT. CELLAR - DAY\n\nA rat looks up from its dinner.\n\nEXT. FIELD")
    assert effect(film) == Effect(render=(("A01_S04_SH010", "new"), ("A01_S03_SH010", "changed")))


def test_a_clip_that_cannot_be_planned_says_why_unless_it_is_known(film, effect, engine, write_clip) -> None:
    engine.refuses["A01_S04_SH010"] = InvalidRequestError("no ink")
    edit(film, "EXT. FIELD", "INT. CELLAR - DAY\n\nA rat looks up from its dinner.\n\nEXT. FIELD")
    assert effect(film) == Effect(render=(("A01_S04_SH010", "cannot be planned: no ink"),))
    engine.refuses["A01_S03_SH010"] = InvalidRequestError("no pen")
    edit(film, "a scarecrow", "a crow")
    assert effect(film) == Effect(render=(("A01_S04_SH010", "cannot be planned: no ink"),))


def test_a_clip_that_is_due_as_it_is_is_not_named_again(film, effect, write_clip) -> None:
    write_clip(film, "A01_S03_SH010", inputs={"from_previous": {"frames": 1}})
    edit(film, "blue cup", "green cup")
    assert effect(film) == Effect(render=(("A01_S01_SH010", "changed"),))


def test_why_the_story_cannot_be_written(film, effect) -> None:
    (film.source_dir / "film.fountain").write_text("Title: The Film\n", encoding="utf-8")
    found = effect(film)
    assert found is not None
    assert found.problem.startswith("story/source/film.fountain:")
    assert (found.render, found.gone, found.aside) == ((), (), ())


def test_a_writer_of_more_stages_than_the_breakdown(film, engine) -> None:
    class Proposing(BreakdownWriter):
        stages = (Stage.OUTLINE, Stage.TREATMENT, Stage.BIBLE_PROPOSAL, Stage.SCREENPLAY, Stage.SHOTLIST)

    edit(film, "blue cup", "green cup")
    record = survey(film, engine_for=lambda *_: engine, writer=BreakdownWriter())
    found = foresee(film, record, Proposing(), engine_for=lambda *_: engine)
    assert found == Effect(render=(("A01_S01_SH010", "changed"),))
