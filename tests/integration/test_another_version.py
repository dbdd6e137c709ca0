"""A newer version of an engine makes nothing due by itself; what it made before stands until it is asked for anew."""

import json
import os
import time

import pytest

from vtx_dagster.core.bible import Build, Hair
from vtx_dagster.core.plan import RenderPlan
from vtx_dagster.core.planner import State
from vtx_dagster.studio.project import Project
from vtx_dagster.studio.takes import TakeStore

FIRST, SECOND = "A01_S01_SH010", "A01_S01_SH020"


@pytest.fixture
def film(make_project, write_bible, write_clip, engine, render_all) -> Project:
    """A film that version 1 of an engine drew."""
    engine.draws = True
    project = make_project(clips=())
    write_bible(project, "locations", locations={"ward": {"name": "Ward"}})
    write_bible(project, "characters", characters={"ida": {"name": "Ida", "descriptor": "old", "age": 70}})
    for clip in (FIRST, SECOND):
        write_clip(project, clip, characters=["ida"], location="ward", action="Ida waits.")
    render_all(project)
    engine.version = "2"
    return project


def settle(film: Project) -> None:
    """Let everything be an hour old, so that surveys remember it."""
    for path in film.root.rglob("*"):
        os.utime(path, (time.time() - 3600,) * 2)


def states(record) -> list[tuple[State, str]]:
    return [(clip.state, clip.older) for clip in record.clips]


def test_nothing_is_due(film, look, engine, render_all):
    for _ in range(2):
        assert states(look(film)) == [(State.RENDERED, "fake 1")] * 2
        assert all(clip.is_current for clip in look(film).clips)
    render_all(film)
    assert len(engine.renders) == 2


def test_it_is_made_anew_when_somebody_asks(film, look, workshop, engine):
    settle(film)
    assert states(look(film)) == [(State.RENDERED, "fake 1")] * 2
    with workshop() as opened:
        rendered = opened.render(film.slug, FIRST, force=True)
    assert rendered.record.plan.engine.version == "2"
    assert states(look(film)) == [(State.RENDERED, ""), (State.RENDERED, "fake 1")]
    assert len(engine.renders) == 3
    engine.version = "3"
    assert states(look(film)) == [(State.RENDERED, "fake 2"), (State.RENDERED, "fake 1")], "the latest take of it is shown"


@pytest.mark.parametrize(
    ("change", "due"),
    [
        ({"action": "Ida leaves."}, [State.STALE, State.RENDERED]),
        ({"seed": 7}, [State.STALE, State.RENDERED]),
        ({"camera": {"size": "CU"}}, [State.STALE, State.RENDERED]),
        ({"time_of_day": "night"}, [State.STALE, State.RENDERED]),
    ],
)
def test_an_edit_is_due_and_undone_it_is_not(film, look, write_clip, engine, render_all, change, due):
    write_clip(film, FIRST, **{"characters": ["ida"], "location": "ward", "action": "Ida waits."} | change)
    assert [clip.state for clip in look(film).clips] == due
    render_all(film)
    assert len(engine.renders) == 3
    write_clip(film, FIRST, characters=["ida"], location="ward", action="Ida waits.")
    assert states(look(film)) == [(State.RENDERED, "fake 1")] * 2
    render_all(film)
    assert len(engine.renders) == 3
    assert all(clip.is_current for clip in look(film).clips)


@pytest.mark.parametrize("entry", [{"set": "kitchen"}, {"interior": False}, {"palette": {"sky": "#112233"}}, {"name": "Hall"}])
def test_what_somebody_gives_now_is_due(film, look, write_bible, entry):
    write_bible(film, "locations", locations={"ward": {"name": "Ward", **entry}})
    assert [clip.state for clip in look(film).clips] == [State.STALE] * 2


@pytest.mark.parametrize("entry", [{"pronoun": "she"}, {"age": 71}, {"descriptor": "young"}, {"figure": {"hair": "bun"}}])
def test_so_is_what_is_known_of_a_character_now(film, look, write_bible, entry):
    write_bible(film, "characters", characters={"ida": {"name": "Ida", "descriptor": "old", "age": 70, **entry}})
    assert [clip.state for clip in look(film).clips] == [State.STALE] * 2


def test_a_take_that_is_gone_is_rendered_by_the_new_version(film, look, engine, render_all):
    assert states(look(film))[0] == (State.RENDERED, "fake 1")
    for path in (film.takes_dir / FIRST).iterdir():
        path.unlink()
    film.current_path(FIRST).unlink()
    assert states(look(film)) == [(State.PLANNED, ""), (State.RENDERED, "fake 1")]
    render_all(film)
    assert states(look(film)) == [(State.RENDERED, ""), (State.RENDERED, "fake 1")]


def test_a_sidecar_that_cannot_be_compared_is_no_take_of_another_version(film, look):
    (sidecar,) = (film.takes_dir / FIRST).glob("*.render.json")
    record = json.loads(sidecar.read_text())
    record["plan"]["a field of tomorrow"] = 1
    sidecar.write_text(json.dumps(record))
    assert [clip.state for clip in look(film).clips] == [State.STALE, State.RENDERED]


def test_a_chain_goes_on_from_the_take_that_stands(film, look, write_clip, workshop, engine, render_all):
    engine.version = "1"
    write_clip(film, SECOND, action="Ida waits.", inputs={"mode": "i2v", "from_previous": {"frames": 1}})
    render_all(film)
    engine.version = "2"
    assert states(look(film)) == [(State.RENDERED, "fake 1")] * 2
    with workshop() as opened:
        opened.render(film.slug, FIRST, force=True)
    assert [clip.state for clip in look(film).clips] == [State.RENDERED, State.STALE]


def test_plans_say_what_was_chosen_for_the_engine(film):
    (take,) = TakeStore(film).takes(FIRST)
    plan = TakeStore(film).record(take).plan

    def by(version: str, **engine: str) -> RenderPlan:
        return plan.model_copy(update={"engine": plan.engine.model_copy(update={"version": version, **engine})})

    assert by("2").asks_for_the_same(plan)
    assert not by("2+font.1").asks_for_the_same(plan)
    assert by("3+font.1").asks_for_the_same(by("2+font.1"))
    assert not by("2", name="other").asks_for_the_same(plan)
    assert not by("2").asks_for_the_same(plan.model_copy(update={"drawing": None}))
    assert not by("2").model_copy(update={"drawing": None}).asks_for_the_same(plan)
    assert by("2").model_copy(update={"drawing": None}).asks_for_the_same(plan.model_copy(update={"drawing": None}))


def test_what_an_older_version_chose_is_no_difference(film):
    (take,) = TakeStore(film).takes(FIRST)
    plan = TakeStore(film).record(take).plan
    assert plan.drawing is not None
    (figure,) = plan.drawing.figures
    chosen = figure.model_copy(update={"build": Build.BROAD, "hair": Hair.BUN, "age": None, "descriptor": ""})
    drawing = plan.drawing.model_copy(update={"interior": True, "location": "", "figures": (chosen,)})
    older = plan.model_copy(update={"drawing": drawing})
    assert plan.asks_for_the_same(older)
    assert not older.asks_for_the_same(plan), "somebody gave it since"
    nobody = plan.model_copy(update={"drawing": drawing.model_copy(update={"figures": (chosen, chosen)})})
    assert not plan.asks_for_the_same(nobody)
