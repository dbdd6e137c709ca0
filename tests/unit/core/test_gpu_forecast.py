import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.clip import InputMode, Pipeline
from vtx_dagster.core.gpu_forecast import LATEST, GpuForecast, GpuHistory, GpuKind, GpuWork
from vtx_dagster.core.plan import EngineIdentity, PlanModel, RenderPlan

DISTILLED = GpuKind("ltx", "distilled")
GUIDED = GpuKind("ltx", "ti2vid_two_stages", 30)
frames = st.integers(1, 33).map(lambda k: 8 * k + 1)
rates = st.floats(0.01, 100.0)


def work(num_frames: int = 121, kind: GpuKind = DISTILLED, *, width: int = 1024, height: int = 576) -> GpuWork:
    return GpuWork(kind, width, height, num_frames)


def history_of(rates_s: list[float], kind: GpuKind = DISTILLED) -> GpuHistory:
    sample = work(kind=kind)
    return GpuHistory((sample, rate * sample.amount) for rate in rates_s)


def plan(**fields) -> RenderPlan:
    values = {
        "clip": "A01_S01_SH010",
        "engine": EngineIdentity(name="ltx", version="1.2"),
        "pipeline": Pipeline.DISTILLED,
        "mode": InputMode.T2V,
        "prompt": "a kettle",
        "negative_prompt": "",
        "seed": 1,
        "width": 1024,
        "height": 576,
        "fps": 24,
        "content_frames": 240,
        "render_frames": 257,
        "models": (PlanModel(role="checkpoint", fingerprint="f"),),
        **fields,
    }
    return RenderPlan(**values)


def test_work_of_a_plan() -> None:
    found = GpuWork.of(plan())
    assert found == GpuWork(DISTILLED, 1024, 576, 257)
    assert found is not None
    assert found.amount == pytest.approx(151.6, abs=0.02)
    guided = GpuWork.of(plan(pipeline=Pipeline.TI2VID_TWO_STAGES, num_inference_steps=30))
    assert guided is not None
    assert guided.kind == GUIDED
    assert (str(DISTILLED), str(GUIDED)) == ("ltx distilled", "ltx ti2vid_two_stages with 30 steps")


def test_a_plan_without_models_asks_nothing_of_a_gpu() -> None:
    assert GpuWork.of(plan(models=())) is None


def test_without_history_nothing_is_said() -> None:
    none = GpuHistory(())
    assert none.forecast([]) == GpuForecast()
    found = none.forecast([work(), work(9), work(kind=GUIDED)])
    assert (found.seconds, found.num_clips, found.unknown) == (0.0, 0, {DISTILLED: 2, GUIDED: 1})


def test_only_the_same_kind_counts_and_the_rest_is_named() -> None:
    found = history_of([2.0, 2.0, 2.0]).forecast([work(), work(kind=GUIDED), work(kind=GpuKind("diffusers", "distilled"))])
    assert found.seconds == pytest.approx(2.0 * work().amount)
    assert (found.num_clips, found.num_samples) == (1, 3)
    assert found.unknown == {GUIDED: 1, GpuKind("diffusers", "distilled"): 1}


def test_kinds_add_up() -> None:
    both = GpuHistory([(work(), 10.0), (work(kind=GUIDED), 100.0)]).forecast([work(), work(kind=GUIDED)])
    alone = [
        GpuHistory([(work(kind=kind), seconds)]).forecast([work(kind=kind)])
        for kind, seconds in ((DISTILLED, 10.0), (GUIDED, 100.0))
    ]
    assert both.seconds == pytest.approx(110.0)
    assert both.low_s == pytest.approx(sum(one.low_s for one in alone))
    assert both.high_s == pytest.approx(sum(one.high_s for one in alone))
    assert both.num_samples == 2


def test_one_sample_gives_a_wide_interval_and_many_a_narrow_one() -> None:
    one, many = (history_of([1.0] * number).forecast([work()]) for number in (1, LATEST))
    assert (one.low_s / one.seconds, one.high_s / one.seconds) == pytest.approx((0.61, 1.64), abs=0.01)
    assert (many.low_s / many.seconds, many.high_s / many.seconds) == pytest.approx((0.88, 1.14), abs=0.01)


def test_a_render_that_was_disturbed_moves_little() -> None:
    calm, disturbed = (history_of(rates_s).forecast([work()]) for rates_s in ([1.0] * 9, [1.0] * 8 + [40.0]))
    assert disturbed == calm


def test_only_the_latest_of_a_kind_count() -> None:
    assert history_of([9.0] * 50 + [1.0] * LATEST).forecast([work()]) == history_of([1.0] * LATEST).forecast([work()])


def test_a_render_without_gpu_time_says_nothing() -> None:
    assert GpuHistory([(work(), 0.0)]).forecast([work()]).unknown == {DISTILLED: 1}


@given(rate=rates, number=st.integers(1, 40), due=st.lists(frames, min_size=1, max_size=20))
@settings(max_examples=60)
def test_of_constant_rates_the_truth_is_in_the_interval(rate: float, number: int, due: list[int]) -> None:
    works = [work(num_frames) for num_frames in due]
    found = history_of([rate] * number).forecast(works)
    truth = rate * sum(one.amount for one in works)
    assert found.seconds == pytest.approx(truth)
    assert 0 < found.low_s < truth < found.high_s


@given(samples=st.lists(rates, min_size=1, max_size=20), due=st.lists(frames, min_size=1, max_size=20))
@settings(max_examples=60)
def test_fewer_samples_are_wider(samples: list[float], due: list[int]) -> None:
    works = [work(num_frames) for num_frames in due]
    few, many = (history_of(one).forecast(works) for one in (samples, samples * 3))
    assert few.seconds == pytest.approx(many.seconds)
    assert few.high_s / few.low_s > many.high_s / many.low_s


@given(samples=st.lists(rates, min_size=1, max_size=20), due=st.lists(frames, min_size=1, max_size=20), more=frames)
@settings(max_examples=60)
def test_more_work_takes_longer(samples: list[float], due: list[int], more: int) -> None:
    history = history_of(samples)
    before, after = (history.forecast([work(num_frames) for num_frames in one]) for one in (due, [*due, more]))
    assert after.seconds > before.seconds
    assert after.num_clips == before.num_clips + 1
    assert math.isfinite(after.high_s)


@given(samples=st.lists(rates, min_size=1, max_size=20), num_frames=frames, number=st.integers(2, 30))
@settings(max_examples=60)
def test_errors_of_many_clips_even_out(samples: list[float], num_frames: int, number: int) -> None:
    history = history_of(samples)
    one, many = (history.forecast([work(num_frames)] * count) for count in (1, number))
    assert many.high_s / many.seconds < one.high_s / one.seconds
    assert many.low_s / many.seconds > one.low_s / one.seconds


@pytest.mark.parametrize(
    ("left_s", "beyond"),
    [
        pytest.param(1000.0, [False, False, False, False], id="enough"),
        pytest.param(25.0, [False, False, True, False], id="the third does not fit, and of the last nobody knows"),
        pytest.param(20.0, [False, False, True, True], id="used up"),
        pytest.param(0.0, [True, True, True, True], id="nothing left"),
    ],
)
def test_what_is_beyond_a_budget(left_s: float, beyond: list[bool]) -> None:
    history = GpuHistory([(work(), 10.0)] * LATEST)
    assert history.beyond([work(), work(), work(), work(kind=GUIDED)], left_s) == beyond
