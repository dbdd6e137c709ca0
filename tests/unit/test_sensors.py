"""The sensors on a real instance: each tick is evaluated as the daemon does it, and its runs are put into the instance."""

import json
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import dagster as dg
import pytest

from vtx_dagster import sensors
from vtx_dagster.assets.passing import PASSING_TAG
from vtx_dagster.core.errors import RenderError
from vtx_dagster.definitions import defs
from vtx_dagster.partitions.batches import PARTITION_TAG, keys_of_run
from vtx_dagster.production.clips import utc_now
from vtx_dagster.production.cut import assemble
from vtx_dagster.sensors import MAX_ATTEMPTS, STOPPED_TAG, UNFINISHED, WORK_TAG, auto_assemble, auto_render, studio_watch
from vtx_dagster.studio.locks import clip_lock

ONE, TWO, THREE = "A01_S01_SH010", "A01_S01_SH020", "A02_S01_SH010"


@dataclass
class Daemon:
    """What Dagster's daemon does with a sensor."""

    instance: dg.DagsterInstance
    definitions: dg.Definitions

    def tick(self, sensor: dg.SensorDefinition, cursor: str | None = None) -> Any:
        with dg.build_sensor_context(
            instance=self.instance,
            instance_ref=self.instance.get_ref(),
            definitions=self.definitions,
            resources={name: self.definitions.resources[name] for name in sensor.required_resource_keys},
            sensor_name=sensor.name,
            cursor=cursor,
        ) as context:
            return sensor.evaluate_tick(context)

    def launch(self, sensor: dg.SensorDefinition, request: dg.RunRequest, status: dg.DagsterRunStatus) -> dg.DagsterRun:
        """Put a run into the instance as it would be after some time, without running anything."""
        tags = {**self._tags(request), "dagster/sensor_name": sensor.name, "dagster/run_key": str(request.run_key)}
        return self.instance.create_run_for_job(self.definitions.resolve_job_def(str(request.job_name)), tags=tags, status=status)

    def covered(self, request: dg.RunRequest) -> tuple[str, tuple[str, ...]]:
        order = self.instance.get_dynamic_partitions("clips")
        return str(request.job_name), keys_of_run(self._tags(request), order)

    def _tags(self, request: dg.RunRequest) -> dict[str, str]:
        return {**request.tags, **({PARTITION_TAG: request.partition_key} if request.partition_key else {})}


@pytest.fixture
def daemon(sqlite_instance, studio_resource, ltx_with, engine) -> Daemon:
    resources = {**(defs.resources or {}), "studio": studio_resource, "ltx": ltx_with(engine)}
    return Daemon(
        instance=sqlite_instance,
        definitions=dg.Definitions(assets=defs.assets, jobs=defs.jobs, sensors=defs.sensors, resources=resources),
    )


def test_studio_watch_follows_the_disk_and_observes_what_changed(daemon: Daemon, make_project, write_bible, studio) -> None:
    film = make_project("film")
    make_project("other", clips=())
    first = daemon.tick(studio_watch)
    assert list(daemon.instance.get_dynamic_partitions("clips")) == [f"film/{clip}" for clip in (ONE, TWO, THREE)]
    observed = {(event.asset_key.to_user_string(), event.partition) for event in first.asset_events}
    assert observed == {(asset, slug) for asset in ("brief", "bible") for slug in ("film", "other")}
    assert first.run_requests == []

    again = daemon.tick(studio_watch, first.cursor)
    assert (again.skip_message, list(again.asset_events)) == ("nothing changed on disk", [])

    write_bible(film, "characters", characters={"mara": {"name": "Mara"}})
    second = daemon.tick(studio_watch, first.cursor)
    (event,) = second.asset_events
    assert (event.asset_key, event.partition) == (dg.AssetKey("bible"), "film")
    before = {(e.asset_key, e.partition): e.tags["dagster/data_version"] for e in first.asset_events}
    assert event.tags["dagster/data_version"] not in ("", before[event.asset_key, "film"])

    film.clip_spec_path(THREE).unlink()
    third = daemon.tick(studio_watch, second.cursor)
    assert list(third.asset_events) == []
    assert f"film/{THREE}" not in daemon.instance.get_dynamic_partitions("clips")
    assert third.cursor == second.cursor


def test_studio_watch_waits_for_a_disk_that_is_not_there(daemon: Daemon, make_project, studio) -> None:
    film = make_project("film")
    first = daemon.tick(studio_watch)
    film.root.rename(studio.projects_dir / ".away")
    film.root.symlink_to(studio.root / "unmounted")
    make_project("new", clips=())
    away = daemon.tick(studio_watch, first.cursor)
    assert {event.partition for event in away.asset_events} == {"new"}
    assert f"film/{ONE}" in daemon.instance.get_dynamic_partitions("clips")
    film.root.unlink()
    (studio.projects_dir / ".away").rename(film.root)
    assert daemon.tick(studio_watch, away.cursor).skip_message == "nothing changed on disk"

    never_seen = studio.projects_dir / "never_seen"
    never_seen.symlink_to(studio.root / "unmounted")
    assert list(daemon.tick(studio_watch, away.cursor).asset_events) == []


def test_studio_watch_keeps_the_keys_of_a_project_that_cannot_be_read(daemon: Daemon, make_project) -> None:
    broken = make_project("broken")
    first = daemon.tick(studio_watch)
    (broken.clips_dir / "notes.yaml").write_text("")
    second = daemon.tick(studio_watch, first.cursor)
    assert second.skip_message == "nothing changed on disk"
    assert f"broken/{ONE}" in daemon.instance.get_dynamic_partitions("clips")


def test_auto_render_asks_once_for_each_content(daemon: Daemon, make_project, write_clip, render_all) -> None:
    film = make_project("film")
    make_project("quiet", automation={"render": False})
    make_project("broken").metadata_path.write_text("title: [\n")
    keys = tuple(f"film/{clip}" for clip in (ONE, TWO, THREE))

    tick = daemon.tick(auto_render)
    assert [daemon.covered(request) for request in tick.run_requests] == [("plan_clips", keys), ("render_clips", keys)]
    assert len({request.run_key for request in tick.run_requests}) == 2
    same = daemon.tick(auto_render)
    assert [request.run_key for request in same.run_requests] == [request.run_key for request in tick.run_requests]

    plan, render = tick.run_requests
    daemon.launch(auto_render, plan, dg.DagsterRunStatus.SUCCESS)
    run = daemon.launch(auto_render, render, dg.DagsterRunStatus.STARTED)
    assert daemon.tick(auto_render).run_requests == [], "a run is at work on all of them"

    render_all(film)
    daemon.instance.report_run_failed(run)
    done = daemon.tick(auto_render)
    assert (done.run_requests, done.skip_message.split(":")[0]) == ([], "nothing to start")

    write_clip(film, TWO, prompt="Rain.")
    edited = daemon.tick(auto_render).run_requests
    assert [daemon.covered(request) for request in edited] == [(job, (keys[1],)) for job in ("plan_clips", "render_clips")]
    assert [request.partition_key for request in edited] == [keys[1]] * 2


def test_auto_render_gives_up_after_some_crashes_of_the_same_work(daemon: Daemon, make_project, write_clip) -> None:
    film = make_project("film", clips=(ONE,))
    run_keys = set()
    for _ in range(MAX_ATTEMPTS):
        plan, render = daemon.tick(auto_render).run_requests
        daemon.launch(auto_render, plan, dg.DagsterRunStatus.SUCCESS)
        daemon.launch(auto_render, render, dg.DagsterRunStatus.FAILURE)
        run_keys |= {plan.run_key, render.run_key}
    assert len(run_keys) == 2 * MAX_ATTEMPTS
    assert daemon.tick(auto_render).run_requests == []
    write_clip(film, ONE, prompt="Rain.")
    assert len(daemon.tick(auto_render).run_requests) == 2, "other content is other work"


def test_work_whose_failures_may_pass_is_never_given_up_but_asked_for_less_and_less(
    daemon: Daemon, make_project, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_project("film", clips=(ONE, TWO))
    now = [utc_now()]
    monkeypatch.setattr(sensors, "utc_now", lambda: now[0])
    monkeypatch.setattr(sensors, "MAX_PAUSE", timedelta(minutes=3))
    tick = daemon.tick(auto_render)
    for minutes in (1, 2, 3, 3):
        plan, render = tick.run_requests
        daemon.launch(auto_render, plan, dg.DagsterRunStatus.SUCCESS)
        run = daemon.launch(auto_render, render, dg.DagsterRunStatus.FAILURE)
        daemon.instance.add_run_tags(run.run_id, {PASSING_TAG: "true"})
        failed = utc_now()
        now[0] = failed + timedelta(minutes=minutes, seconds=-5)
        tick = daemon.tick(auto_render, tick.cursor)
        assert tick.run_requests == []
        (line,) = json.loads(tick.cursor)["told"]
        assert line.startswith(
            f"runs of film/{ONE}, film/{TWO} failed for reasons that may pass, see their logs: not tried before 2"
        )
        now[0] = failed + timedelta(minutes=minutes, seconds=5)
        tick = daemon.tick(auto_render, tick.cursor)
        assert [daemon.covered(request)[1] for request in tick.run_requests] == [(f"film/{ONE}", f"film/{TWO}")] * 2


def test_a_crash_ends_the_pause_and_counts(daemon: Daemon, make_project) -> None:
    make_project("film", clips=(ONE,))
    plan, render = daemon.tick(auto_render).run_requests
    daemon.launch(auto_render, plan, dg.DagsterRunStatus.SUCCESS)
    run = daemon.launch(auto_render, render, dg.DagsterRunStatus.FAILURE)
    daemon.instance.add_run_tags(run.run_id, {PASSING_TAG: "true"})
    assert daemon.tick(auto_render).run_requests == []
    for number in range(MAX_ATTEMPTS):
        daemon.launch(auto_render, render, dg.DagsterRunStatus.CANCELED if number else dg.DagsterRunStatus.FAILURE)
        assert len(daemon.tick(auto_render).run_requests) == (2 if number < MAX_ATTEMPTS - 1 else 0)


def test_what_stopped_with_the_server_is_no_attempt(daemon: Daemon, make_project) -> None:
    make_project("film", clips=(ONE,))
    _, render = daemon.tick(auto_render).run_requests
    for _ in range(MAX_ATTEMPTS):
        run = daemon.launch(auto_render, render, dg.DagsterRunStatus.CANCELED)
        daemon.instance.add_run_tags(run.run_id, {STOPPED_TAG: "true"})
    assert len(daemon.tick(auto_render).run_requests) == 2


def test_auto_render_leaves_failed_and_blocked_clips_to_a_person(
    daemon: Daemon, make_project, write_clip, workshop, engine
) -> None:
    clips = [f"A01_S01_SH{number:03d}" for number in range(1, 6)]
    film = make_project("film", clips=clips)
    engine.errors[clips[1]] = RenderError("no ink")
    with workshop() as opened, pytest.raises(RenderError):
        opened.render("film", clips[1])
    write_clip(film, clips[3], profile="no")
    ranges = [daemon.covered(request) for request in daemon.tick(auto_render).run_requests if request.job_name == "render_clips"]
    assert ranges == [("render_clips", (f"film/{clips[0]}",)), ("render_clips", (f"film/{clips[2]}",))], (
        "and no run reaches over them"
    )

    write_clip(film, clips[1], prompt="Rain.")
    (first, *_) = daemon.tick(auto_render).run_requests
    assert daemon.covered(first)[1] == tuple(f"film/{clip}" for clip in clips[:3])


def test_auto_render_asks_for_plans_and_takes_together(daemon: Daemon, make_project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensors, "CLIPS_PER_RUN", 1)
    make_project("film")
    in_flight = dg.RunRequest(run_key="other", job_name="render_clips", tags={PARTITION_TAG: "film/A09_S01_SH010"})
    asked = []
    for _ in range(5):
        asked.append([request.job_name for request in daemon.tick(auto_render).run_requests])
        daemon.launch(auto_render, in_flight, dg.DagsterRunStatus.STARTING)
    pair = ["plan_clips", "render_clips"]
    assert asked == [pair * 2, pair, pair, [], []]


def test_auto_assemble_cuts_acts_then_the_film_when_all_is_there(
    daemon: Daemon, make_project, look, render_all, workshop, media, write_clip
) -> None:
    film = make_project("film", produce_in_acts=True)
    render_all(make_project("quiet", automation={"assemble": False}))
    make_project("broken").metadata_path.write_text("title: [\n")

    def asked() -> list[tuple[str, str | None]]:
        return [(str(request.job_name), request.partition_key) for request in daemon.tick(auto_assemble).run_requests]

    assert asked() == []
    with workshop() as opened:
        opened.render("film", THREE)
    assert asked() == [("assemble_acts", "film/A02")], "the other act waits for its clips"
    render_all(film)
    assert asked() == [("assemble_acts", "film/A01"), ("assemble_acts", "film/A02")]
    first = daemon.tick(auto_assemble).run_requests[0]
    run = daemon.launch(auto_assemble, first, dg.DagsterRunStatus.STARTED)
    assert asked() == [("assemble_acts", "film/A02")], "one is in flight, and the film waits for both"
    for act in ("A01", "A02"):
        assemble(film, lambda: look(film), media=media, act=act)
    daemon.instance.report_run_failed(run)
    assert asked() == [("assemble_film", "film")]
    assemble(film, lambda: look(film), media=media)
    assert asked() == []
    write_clip(film, ONE, profile="no")
    assert asked() == [], "a film with a blocked clip waits"


def test_auto_assemble_cuts_the_film_at_once_without_acts(daemon: Daemon, make_project, render_all, workshop) -> None:
    film = make_project("film")
    with workshop() as opened:
        opened.render("film", ONE)
    assert daemon.tick(auto_assemble).run_requests == []
    render_all(film)
    (request,) = daemon.tick(auto_assemble).run_requests
    assert (request.job_name, request.partition_key, set(request.tags) >= {WORK_TAG}) == ("assemble_film", "film", True)


def test_every_status_of_a_run_that_goes_on_counts_as_unfinished() -> None:
    finished = {
        dg.DagsterRunStatus.SUCCESS,
        dg.DagsterRunStatus.FAILURE,
        dg.DagsterRunStatus.CANCELED,
        dg.DagsterRunStatus.MANAGED,
    }
    assert set(UNFINISHED) == set(dg.DagsterRunStatus) - finished


def test_work_that_succeeded_is_asked_for_again_however_often(daemon: Daemon, make_project) -> None:
    make_project("film", clips=(ONE,))
    run_keys = set()
    for _ in range(MAX_ATTEMPTS + 2):
        for request in daemon.tick(auto_render).run_requests:
            daemon.launch(auto_render, request, dg.DagsterRunStatus.SUCCESS)
            run_keys.add(request.run_key)
    assert len(run_keys) == 2 * (MAX_ATTEMPTS + 2)


def test_a_clip_that_crashes_keeps_no_other_of_its_batch_waiting(daemon: Daemon, make_project) -> None:
    make_project("film", clips=(ONE, TWO))
    tick = daemon.tick(auto_render)
    for _ in range(MAX_ATTEMPTS):
        plan, render = tick.run_requests
        daemon.launch(auto_render, plan, dg.DagsterRunStatus.SUCCESS)
        daemon.launch(auto_render, render, dg.DagsterRunStatus.FAILURE)
        tick = daemon.tick(auto_render, tick.cursor)
    assert tick.run_requests == []
    for _ in range(MAX_ATTEMPTS):
        tick = daemon.tick(auto_render, tick.cursor)
        assert [daemon.covered(request)[1] for request in tick.run_requests] == [(f"film/{ONE}",)] * 2 + [(f"film/{TWO}",)] * 2
        for request in tick.run_requests[:2]:
            daemon.launch(auto_render, request, dg.DagsterRunStatus.FAILURE)
    tick = daemon.tick(auto_render, tick.cursor)
    assert [daemon.covered(request)[1] for request in tick.run_requests] == [(f"film/{TWO}",)] * 2
    assert json.loads(tick.cursor)["told"] == [
        f"film: gave up on film/{ONE}: 3 runs of each failed or were cancelled: see their logs, then `vtx make film`"
    ]


def test_a_run_of_somebody_else_is_not_doubled_and_one_in_hand_is_left_alone(daemon: Daemon, make_project) -> None:
    film = make_project("film")
    request = dg.RunRequest(run_key="mine", job_name="render_clips", partition_key=f"film/{ONE}")
    daemon.launch(auto_assemble, request, dg.DagsterRunStatus.STARTED)
    with clip_lock(film, TWO):
        found = daemon.tick(auto_render).run_requests
    assert {daemon.covered(one)[1] for one in found} == {(f"film/{THREE}",)}


def test_what_waits_is_told_once_in_a_line_for_each_project(
    daemon: Daemon, make_project, write_clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(logging.Logger, "log", lambda _, level, text, *values: logged.append(text % values))
    film = make_project("film")
    for clip in (ONE, TWO):
        write_clip(film, clip, profile="no")
    tick = daemon.tick(auto_render)
    (line,) = json.loads(tick.cursor)["told"]
    assert line.startswith(f"film: 2 clips wait: {ONE}: ")
    assert logged == [line]
    again = daemon.tick(auto_render, tick.cursor)
    assert (again.cursor, logged) == (tick.cursor, [line])
    broken = make_project("broken")
    (broken.clips_dir / "notes.yaml").write_text("")
    watch = daemon.tick(studio_watch)
    daemon.tick(studio_watch, watch.cursor)
    assert [one.split(":")[0] for one in logged] == ["film", "broken"]


def test_a_chain_is_asked_for_in_one_run_or_after_what_it_continues(
    daemon: Daemon, make_project, write_clip, engine, workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(clips=(ONE,))
    for clip in (TWO, THREE):
        write_clip(project, clip, inputs={"from_previous": {"frames": 1}})

    def asked() -> list[tuple[str, ...]]:
        requests = daemon.tick(auto_render).run_requests
        return [keys for job, keys in map(daemon.covered, requests) if job == "render_clips"]

    keys = tuple(f"film/{clip}" for clip in (ONE, TWO, THREE))
    assert asked() == [keys]
    monkeypatch.setattr(sensors, "CLIPS_PER_RUN", 1)
    assert asked() == [keys[:1]]
    with workshop() as opened:
        opened.render("film", ONE)
        assert asked() == [keys[1:2]]
        with clip_lock(project, TWO):
            assert asked() == [], "what it continues is being rendered"
        engine.errors[TWO] = RenderError("no ink")
        with pytest.raises(RenderError):
            opened.render("film", TWO)
    assert asked() == [], "what it continues waits for a person"
