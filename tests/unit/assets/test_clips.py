"""Clip assets run as Dagster runs them, with a stand-in engine."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import dagster as dg
import pytest

from vtx_dagster.assets import _batch
from vtx_dagster.assets.clips import clip_spec, rendered_clip
from vtx_dagster.core.continuity import derived_seed
from vtx_dagster.core.engines import RenderReport, RenderRequest
from vtx_dagster.core.errors import CancelledError, EngineLostError, RenderError, StorageError
from vtx_dagster.partitions.batches import range_tags
from vtx_dagster.partitions.sync import register
from vtx_dagster.production.progress import Settled, watching
from vtx_dagster.resources.studio import StudioResource

ONE, TWO, THREE = "A01_S01_SH010", "A01_S01_SH020", "A02_S01_SH010"
KEYS = tuple(f"film/{clip}" for clip in (ONE, TWO, THREE))

Run = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture
def run(ephemeral_instance, studio, studio_resource, ltx_with, ffmpeg_with, engine, media) -> Run:
    """Run assets for some keys, registering what is on disk first."""
    resources = {"studio": studio_resource, "ltx": ltx_with(engine), "ffmpeg": ffmpeg_with(media)}

    def run(
        *assets: dg.AssetsDefinition, keys: tuple[str, ...], config: dict[str, Any] | None = None
    ) -> dg.ExecuteInProcessResult:
        register(ephemeral_instance, studio)
        tags = range_tags(keys)
        return dg.materialize(
            [clip_spec, rendered_clip],
            selection=list(assets),
            instance=ephemeral_instance,
            resources=resources,
            partition_key=keys[0] if len(keys) == 1 else None,
            tags=tags if len(keys) > 1 else None,
            run_config={"ops": {"rendered_clip": {"config": config or {}}}} if rendered_clip in assets else {},
            raise_on_error=False,
        )

    return run


def reported(result: dg.ExecuteInProcessResult, asset: dg.AssetsDefinition) -> dict[str, dg.AssetMaterialization]:
    """Return what was materialised of an asset, by key; each key once."""
    events = [event.materialization for event in result.get_asset_materialization_events()]
    found = [event for event in events if event.asset_key == asset.key]
    by_key = {str(event.partition): event for event in found}
    assert len(by_key) == len(found)
    return by_key


def versions(events: dict[str, dg.AssetMaterialization]) -> dict[str, str]:
    return {key: (event.tags or {})["dagster/data_version"] for key, event in events.items()}


def failure(result: dg.ExecuteInProcessResult) -> Any:
    (event,) = [event for event in result.all_events if event.is_step_failure]
    return event.step_failure_data.user_failure_data


@pytest.mark.filterwarnings("ignore:Asset job .* materializes assets with varying BackfillPolicies")  # that is the point
def test_a_run_of_one_clip_plans_and_renders_it(run: Run, make_project, engine, ephemeral_instance, look) -> None:
    project = make_project()
    result = run(clip_spec, rendered_clip, keys=KEYS[:1])
    assert result.success
    clip_hash = look(project).clips[0].clip_hash
    plan, take = reported(result, clip_spec)[KEYS[0]], reported(result, rendered_clip)[KEYS[0]]
    assert versions({"plan": plan, "take": take}) == {"plan": clip_hash, "take": clip_hash}
    assert {name: value.value for name, value in plan.metadata.items()} == {
        "vtx/prompt": plan.metadata["vtx/prompt"].value,
        "vtx/negative_prompt": "",
        "vtx/seed": derived_seed("film", ONE),
        "vtx/size": "128x72 at 8 fps",
        "vtx/frames": 8,
        "vtx/seconds": 1.0,
        "vtx/pacing": plan.metadata["vtx/pacing"].value,
        "vtx/engine": "fake 1",
        "vtx/pipeline": "ti2vid_two_stages",
    }
    assert plan.metadata["vtx/pacing"].value.startswith("- ")
    assert take.metadata["vtx/frames_strip"].value.startswith(f"![{ONE}](data:image/webp;base64,")
    assert take.metadata["vtx/reused"].value is False
    assert take.metadata["vtx/file"].value.endswith(f"renders/takes/{ONE}/{clip_hash[:12]}.mp4")
    assert set(take.metadata) >= {
        f"vtx/{name}" for name in ("prompt", "seed", "frames", "seconds", "render_s", "engine", "size_bytes")
    }

    again = run(rendered_clip, keys=KEYS[:1])
    assert reported(again, rendered_clip)[KEYS[0]].metadata["vtx/reused"].value is True
    assert engine.renders == [ONE]
    forced = run(rendered_clip, keys=KEYS[:1], config={"force": True})
    assert reported(forced, rendered_clip)[KEYS[0]].metadata["vtx/reused"].value is False
    assert engine.renders == [ONE, ONE]


def test_a_batch_reports_each_clip_by_itself(run: Run, make_project, write_clip, engine, look, ephemeral_instance) -> None:
    project = make_project()
    write_clip(project, TWO, characters=["nobody"])
    plans = run(clip_spec, keys=KEYS)
    wanted = {f"film/{clip.clip}": clip.clip_hash for clip in look(project).clips}
    assert versions(reported(plans, clip_spec)) == wanted
    assert "nobody" in reported(plans, clip_spec)[KEYS[1]].metadata["vtx/warnings"].value
    assert "vtx/warnings" not in reported(plans, clip_spec)[KEYS[0]].metadata
    assert engine.num_sessions == 0

    told: list[tuple[str, int, int, str]] = []
    settled: list[Settled] = []
    with watching(lambda *frames: told.append(frames), settled=settled.append):
        takes = run(rendered_clip, keys=KEYS)
    assert takes.success
    assert versions(reported(takes, rendered_clip)) == wanted
    assert (engine.renders, engine.num_sessions, engine.num_open_sessions) == ([ONE, TWO, THREE], 1, 0)
    assert told == [(key, 9, 9, "") for key in KEYS]
    assert [(one.stage, one.key, one.error) for one in settled] == [("rendered_clip", key, None) for key in KEYS]
    assert ephemeral_instance.get_materialized_partitions(rendered_clip.key) == set(KEYS)
    last = ephemeral_instance.get_latest_materialization_event(rendered_clip.key)
    assert last.asset_materialization.partition == KEYS[2]


def test_a_failing_clip_stops_no_other_and_is_listed(run: Run, make_project, write_clip, engine, ephemeral_instance) -> None:
    project = make_project()
    engine.errors[ONE] = RenderError("no ink")
    write_clip(project, TWO, profile="no")
    settled: list[Settled] = []
    with watching(lambda *_: None, settled=settled.append):
        result = run(rendered_clip, keys=KEYS)
    assert not result.success
    assert ephemeral_instance.get_materialized_partitions(rendered_clip.key) == {KEYS[2]}
    found = failure(result)
    assert found.description == f"2 of 3 failed: {KEYS[0]}, {KEYS[1]}"
    assert found.metadata["vtx/codes"].value == {KEYS[0]: "render", KEYS[1]: "invalid_request"}
    assert f"- `{KEYS[0]}`: no ink" in found.metadata["vtx/failed"].value
    assert [one.key for one in settled if one.error] == [KEYS[0], KEYS[1]]
    assert engine.renders == [ONE, THREE], "what failed for good is not tried again"


@pytest.mark.filterwarnings("ignore:Asset job .* materializes assets with varying BackfillPolicies")  # that is the point
def test_a_run_of_one_clip_fails_with_its_error_and_the_take_is_not_made(run: Run, make_project, engine) -> None:
    project = make_project()
    project.clip_spec_path(ONE).write_text(f"id: {ONE}\nseed: many\n")
    result = run(clip_spec, rendered_clip, keys=KEYS[:1])
    found = failure(result)
    assert f"prompts/clips/{ONE}.yaml:2: seed" in found.description
    assert found.metadata["vtx/code"].value == "invalid_file"
    assert engine.renders == []


def test_only_what_may_pass_is_tried_again(run: Run, make_project, engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_batch, "RETRY_DELAYS_S", (0, 0))
    make_project()
    engine.errors[ONE] = StorageError("the disk is full")
    result = run(rendered_clip, keys=KEYS[:1])
    assert not result.success
    assert engine.renders == [ONE] * 3
    assert failure(result).description == "the disk is full"

    engine.renders.clear()
    engine.errors[TWO] = RenderError("no ink")
    settled: list[Settled] = []
    with watching(lambda *_: None, settled=settled.append):
        result = run(rendered_clip, keys=KEYS)
    assert engine.renders == [ONE, TWO, THREE, ONE, ONE]
    assert failure(result).metadata["vtx/codes"].value == {KEYS[0]: "storage", KEYS[1]: "render"}
    assert failure(result).description == f"2 of 3 failed: {KEYS[1]}, {KEYS[0]}"
    assert [one.key for one in settled] == [KEYS[1], KEYS[2], KEYS[0]]

    engine.renders.clear()
    del engine.errors[TWO]
    engine.errors[ONE] = ZeroDivisionError("a bug")
    assert not run(rendered_clip, keys=KEYS[:1]).success
    assert engine.renders == [ONE]


@pytest.mark.parametrize("profile", ["", "small"], ids=["shown", "not shown"])
def test_a_try_reports_nothing_that_an_earlier_one_reported(
    run: Run, make_project, engine, ephemeral_instance, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    monkeypatch.setattr(_batch, "RETRY_DELAYS_S", (0, 0))
    make_project()
    render, full = engine.render, StorageError("the disk is full")
    errors = {TWO: [full], THREE: [full, full]}

    def full_at_first(request: RenderRequest) -> RenderReport:
        left = errors.get(request.plan.clip)
        if left:
            raise left.pop()
        return render(request)

    monkeypatch.setattr(engine, "render", full_at_first)
    settled: list[Settled] = []
    with watching(lambda *_: None, settled=settled.append):
        result = run(rendered_clip, keys=KEYS, config={"profile": profile, "force": True})
    assert result.success
    assert engine.renders == [ONE, TWO, THREE]
    assert [(one.key, one.error) for one in settled] == [(key, None) for key in KEYS]
    kind = dg.DagsterEventType.ASSET_OBSERVATION if profile else dg.DagsterEventType.ASSET_MATERIALIZATION
    records = ephemeral_instance.get_records_for_run(result.run_id, of_type=kind).records
    assert [record.partition_key for record in records] == list(KEYS)


def test_what_is_given_up_is_settled_once(run: Run, make_project, engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_batch, "RETRY_DELAYS_S", (0, 0))
    make_project()
    engine.errors[TWO] = StorageError("the disk is full")
    settled: list[Settled] = []
    with watching(lambda *_: None, settled=settled.append):
        result = run(rendered_clip, keys=KEYS)
    assert [(one.key, one.error) for one in settled] == [(KEYS[0], None), (KEYS[2], None), (KEYS[1], engine.errors[TWO])]
    assert failure(result).description == f"1 of 3 failed: {KEYS[1]}"


def test_waiting_times_rise() -> None:
    assert list(_batch.RETRY_DELAYS_S) == sorted(_batch.RETRY_DELAYS_S)
    assert min(_batch.RETRY_DELAYS_S) >= 1


@pytest.mark.filterwarnings("ignore:Asset job .* materializes assets with varying BackfillPolicies")  # that is the point
def test_several_clips_and_several_assets_in_one_run_are_refused(run: Run, make_project, engine, monkeypatch) -> None:
    make_project()
    result = run(clip_spec, rendered_clip, keys=KEYS)
    assert not result.success
    assert "a run of 3 partitions can make one asset only" in failure(result).description
    assert (engine.renders, reported(result, clip_spec)) == ([], {})


def test_a_take_in_another_profile_is_only_observed(run: Run, make_project, engine, ephemeral_instance) -> None:
    project = make_project()
    for keys in (KEYS[:1], KEYS[1:]):
        result = run(rendered_clip, keys=keys, config={"profile": "small"})
        assert result.success
        assert reported(result, rendered_clip) == {}
        observed = {event.asset_observation_data.asset_observation.partition for event in result.get_asset_observation_events()}
        assert observed == set(keys)
    assert not project.current_path(ONE).exists()
    assert ephemeral_instance.get_materialized_partitions(rendered_clip.key) == set()


def test_a_studio_that_is_not_there_is_one_clear_error(
    ephemeral_instance, engine, ltx_with, ffmpeg_with, media, tmp_path
) -> None:
    ephemeral_instance.add_dynamic_partitions("clips", [KEYS[0]])
    resources = {"studio": StudioResource(home=str(tmp_path)), "ltx": ltx_with(engine), "ffmpeg": ffmpeg_with(media)}
    for asset in (clip_spec, rendered_clip):
        result = dg.materialize(
            [clip_spec, rendered_clip],
            selection=[asset],
            instance=ephemeral_instance,
            resources=resources,
            partition_key=KEYS[0],
            raise_on_error=False,
        )
        assert "is not a studio folder: make one with `vtx init" in failure(result).description


# -- batches ------------------------------------------------------------------------------------------------------------------

TEN = tuple(f"A01_S01_SH{number:03d}" for number in range(10, 110, 10))
TEN_KEYS = tuple(f"film/{clip}" for clip in TEN)
WAIT_S = 20.0


@pytest.mark.parametrize("lanes", [1, 2], ids=["one lane", "two lanes"])
def test_of_ten_clips_three_fail_and_the_next_run_touches_only_those(
    run: Run, make_project, engine, ephemeral_instance, lanes: int
) -> None:
    make_project(clips=TEN)
    engine.concurrency = lanes
    bad = {TEN[index] for index in (1, 4, 9)}
    engine.errors = {clip: RenderError(f"no ink for {clip}") for clip in bad}
    settled: list[Settled] = []
    with watching(lambda *_: None, settled=settled.append):
        result = run(rendered_clip, keys=TEN_KEYS)
    assert not result.success
    assert ephemeral_instance.get_materialized_partitions(rendered_clip.key) == {f"film/{clip}" for clip in set(TEN) - bad}
    assert set(failure(result).metadata["vtx/codes"].value) == {f"film/{clip}" for clip in bad}
    assert {one.key: one.error and one.error.message for one in settled} == {
        f"film/{clip}": f"no ink for {clip}" if clip in bad else None for clip in TEN
    }
    assert (sorted(engine.renders), engine.num_sessions, engine.num_open_sessions) == (sorted(TEN), 1, 0)

    engine.renders.clear()
    engine.errors.clear()
    again = run(rendered_clip, keys=TEN_KEYS)
    assert again.success
    assert sorted(engine.renders) == sorted(bad)
    reused = {key: event.metadata["vtx/reused"].value for key, event in reported(again, rendered_clip).items()}
    assert reused == {f"film/{clip}": clip not in bad for clip in TEN}


def test_an_engine_with_two_devices_renders_two_clips_at_the_same_time(run: Run, make_project, write_clip, engine) -> None:
    project = make_project()
    write_clip(project, "A02_S01_SH020", inputs={"from_previous": {"frames": 1}})
    engine.concurrency = 2
    together = threading.Barrier(2, timeout=WAIT_S)
    finished: list[str] = []
    main, told_in, settled_in = threading.current_thread(), set[threading.Thread](), set[threading.Thread]()

    def hook(request: RenderRequest) -> None:
        if request.plan.clip in (ONE, TWO):
            together.wait()
        if request.plan.clip == "A02_S01_SH020":
            assert "A02_S01_SH010" in finished
        request.progress(1, 2, "stage one")
        finished.append(request.plan.clip)

    engine.render_hook = hook
    with watching(
        lambda *_: told_in.add(threading.current_thread()), settled=lambda _: settled_in.add(threading.current_thread())
    ):
        result = run(rendered_clip, keys=(*KEYS, "film/A02_S01_SH020"))
    assert result.success
    assert told_in == settled_in == {main}
    assert len(reported(result, rendered_clip)) == 4


def test_clips_that_share_a_model_are_rendered_together(run: Run, make_project, write_clip, engine) -> None:
    project = make_project(clips=())
    for index, clip in enumerate(TEN[:6]):
        write_clip(project, clip, pipeline="distilled" if index % 2 else "ti2vid_one_stage")
    assert run(rendered_clip, keys=TEN_KEYS[:6]).success
    assert engine.renders == [*TEN[:6:2], *TEN[1:6:2]]


@pytest.mark.parametrize("lanes", [1, 2], ids=["one lane", "two lanes"])
def test_a_clip_whose_predecessor_failed_fails_and_is_not_held_against_it(
    run: Run, make_project, write_clip, engine, look, lanes: int
) -> None:
    project = make_project()
    write_clip(project, TWO, inputs={"from_previous": {"frames": 1}})
    engine.concurrency = lanes
    engine.errors[ONE] = RenderError("no ink")
    result = run(rendered_clip, keys=KEYS)
    assert failure(result).metadata["vtx/codes"].value == {KEYS[0]: "render", KEYS[1]: "missing_input"}
    assert [clip.failure for clip in look(project).clips] == ["no ink", "", ""]
    engine.errors.clear()
    assert run(rendered_clip, keys=KEYS[:2]).success


@pytest.mark.parametrize("lanes", [1, 2], ids=["one lane", "two lanes"])
def test_a_chain_whose_beginning_was_lost_is_tried_again(
    run: Run, make_project, write_clip, engine, monkeypatch: pytest.MonkeyPatch, lanes: int
) -> None:
    monkeypatch.setattr(_batch, "RETRY_DELAYS_S", (0, 0))
    project = make_project()
    for clip in (TWO, THREE):
        write_clip(project, clip, inputs={"from_previous": {"frames": 1}})
    engine.concurrency = lanes
    lost = [EngineLostError("the worker died")] * 2

    def hook(request: RenderRequest) -> None:
        if request.plan.clip == ONE and lost:
            raise lost.pop()

    engine.render_hook = hook
    result = run(rendered_clip, keys=KEYS)
    assert result.success
    assert engine.renders == [ONE, ONE, ONE, TWO, THREE]
    assert set(reported(result, rendered_clip)) == set(KEYS)


def test_what_goes_on_from_a_clip_that_just_failed_is_not_rendered_from_its_old_take(
    run: Run, make_project, write_clip, engine
) -> None:
    project = make_project()
    for clip in (TWO, THREE):
        write_clip(project, clip, inputs={"from_previous": {"frames": 1}})
    assert run(rendered_clip, keys=KEYS).success
    engine.renders.clear()
    engine.errors[ONE] = RenderError("no ink")
    found = failure(run(rendered_clip, keys=KEYS, config={"force": True}))
    assert engine.renders == [ONE]
    assert f"{THREE} continues {TWO}, which was not rendered: no ink" in found.metadata["vtx/failed"].value


@pytest.mark.parametrize(
    "interrupt", [KeyboardInterrupt, dg.DagsterExecutionInterruptedError], ids=["a person", "a terminated run"]
)
def test_an_interrupt_calls_off_what_is_in_hand_and_what_was_finished_is_reported(
    run: Run, make_project, engine, ephemeral_instance, monkeypatch: pytest.MonkeyPatch, interrupt: type[BaseException]
) -> None:
    make_project(clips=TEN[:5])
    engine.concurrency = 3
    begun, called_off = threading.Event(), threading.Event()

    def hook(request: RenderRequest) -> None:
        if request.plan.clip == TEN[0]:
            assert begun.wait(WAIT_S)
        elif request.plan.clip == TEN[1]:
            begun.set()
            while not request.cancelled():
                time.sleep(0.005)
            called_off.set()
            raise CancelledError("called off")
        else:
            assert called_off.wait(WAIT_S)

    engine.render_hook = hook

    told: list[str] = []

    def settled(one: Settled) -> None:
        told.append(one.key)
        if len(told) == 1:
            # Where a signal arrives: while the main thread tells of the first clip that is finished.
            raise interrupt

    with watching(lambda *_: None, settled=settled), suppress(interrupt):
        assert not run(rendered_clip, keys=TEN_KEYS[:5]).success
    assert called_off.is_set()
    finished = {key for key in TEN_KEYS[:5] if key.removeprefix("film/") in engine.renders} - {TEN_KEYS[1]}
    assert TEN_KEYS[0] in finished
    assert ephemeral_instance.get_materialized_partitions(rendered_clip.key) == finished == set(told)
    assert engine.num_open_sessions == 0

    engine.render_hook = lambda _request: None
    assert run(rendered_clip, keys=TEN_KEYS[:5]).success
    assert {clip: engine.renders.count(clip) for clip in TEN[:5]} == {clip: 1 + (clip == TEN[1]) for clip in TEN[:5]}


def test_what_an_engine_says_of_a_render_is_shown(run: Run, make_project, engine) -> None:
    make_project()
    engine.facts = {"model_loads": 1, "degraded": "half size", "device": "gpu0", "attempts": [{"rung": "offload cpu"}], "x": 1}
    engine.gpu_s = 12.5
    shown = reported(run(rendered_clip, keys=KEYS[:2]), rendered_clip)[KEYS[0]].metadata
    said = {name: shown[f"vtx/{name}"].value for name in ("model_loads", "gpu_s", "degraded", "device", "attempts")}
    assert said == {
        "model_loads": 1,
        "gpu_s": 12.5,
        "degraded": "half size",
        "device": "gpu0",
        "attempts": [{"rung": "offload cpu"}],
    }
    assert "vtx/x" not in shown
    settled: list[Settled] = []
    with watching(lambda *_: None, settled=settled.append):
        reused = reported(run(rendered_clip, keys=KEYS[:2]), rendered_clip)[KEYS[0]].metadata
    for facts in (reused, settled[0].facts):
        assert (facts["vtx/reused"].value, facts["vtx/degraded"].value) == (True, "half size")
        assert not facts.keys() & {"vtx/model_loads", "vtx/gpu_s"}, "they were told of when it was rendered"


def test_each_stage_of_a_render_is_in_the_log_once(run: Run, make_project, engine, caplog: pytest.LogCaptureFixture) -> None:
    make_project()
    caplog.set_level("INFO", logger="vtx_dagster")

    def hook(request: RenderRequest) -> None:
        for step in range(5):
            request.progress(step, 5, "denoising")
        request.progress(1, 1, "decoding")

    engine.render_hook = hook
    run(rendered_clip, keys=KEYS[:1])
    assert [message for message in caplog.messages if message.startswith("film/")] == [
        f"{KEYS[0]}: denoising",
        f"{KEYS[0]}: decoding",
    ]
