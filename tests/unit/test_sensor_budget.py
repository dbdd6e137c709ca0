"""The render sensor leaves out what the budget of GPU time will not do for."""

import json
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest

from vtx_dagster.core.plan import PlanModel
from vtx_dagster.definitions import defs
from vtx_dagster.sensors import auto_render
from vtx_dagster.studio.usage import Usage, UsageLedger

CLIPS = tuple(f"A01_S01_SH{number:03d}" for number in range(10, 90, 10))


@pytest.fixture
def tick(sqlite_instance, studio_resource, ltx_with, engine):
    """Evaluate the sensor with an engine that uses a GPU."""
    engine.accept = lambda plan, files: plan.model_copy(update={"models": (PlanModel(role="checkpoint", fingerprint="f"),)})
    resources = {**(defs.resources or {}), "studio": studio_resource, "ltx": ltx_with(engine)}
    definitions = dg.Definitions(assets=defs.assets, jobs=defs.jobs, sensors=defs.sensors, resources=resources)

    def run() -> Any:
        with dg.build_sensor_context(
            instance=sqlite_instance,
            instance_ref=sqlite_instance.get_ref(),
            definitions=definitions,
            resources={name: resources[name] for name in auto_render.required_resource_keys},
            sensor_name=auto_render.name,
        ) as context:
            return auto_render.evaluate_tick(context)

    return run


def used(gpu_s: float) -> Usage:
    work = {"engine": "fake", "pipeline": "ti2vid_two_stages", "width": 128, "height": 72, "fps": 8, "render_frames": 9}
    at = datetime(2026, 2, 3, tzinfo=UTC)
    return Usage(id="1", clip=CLIPS[0], clip_hash="old", outcome="rendered", gpu_s=gpu_s, at=at, **work)


def told(result: Any) -> list[str]:
    return json.loads(result.cursor)["told"]


def test_clips_within_the_budget_are_asked_for_and_the_others_named(tick, make_project) -> None:
    project = make_project(clips=CLIPS, render={"budget_gpu_s": 25.0})
    UsageLedger(project).append(used(10.0))
    result = tick()
    assert {request.partition_key for request in result.run_requests} == {f"film/{CLIPS[0]}"}
    assert told(result) == [
        f"film: render.budget_gpu_s in metadata.yaml will not do for {', '.join(CLIPS[1:6])} and 2 more: raise it to go on"
    ]


def test_with_enough_left_or_no_budget_all_are_asked_for(tick, make_project, write_metadata) -> None:
    project = make_project(clips=CLIPS[:2], render={"budget_gpu_s": 40.0})
    UsageLedger(project).append(used(10.0))
    assert len(tick().run_requests) == 2
    write_metadata(project, render={"budget_gpu_s": 20.0})
    assert told(tick()) == [f"film: render.budget_gpu_s in metadata.yaml will not do for {CLIPS[1]}: raise it to go on"]
    write_metadata(project)
    result = tick()
    assert (len(result.run_requests), told(result)) == (2, [])


def test_while_nobody_can_say_what_is_left_nothing_is_asked_for(tick, make_project) -> None:
    project = make_project(clips=CLIPS[:2], render={"budget_gpu_s": 40.0})
    path = UsageLedger(project).path
    path.parent.mkdir(exist_ok=True)
    path.write_text("?\n", encoding="utf-8")
    result = tick()
    assert result.run_requests == []
    assert "the line is damaged" in told(result)[0]
