import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from vtx_dagster.core.clip import InputMode, Pipeline
from vtx_dagster.core.engines import RenderReport, never
from vtx_dagster.core.errors import BudgetError, CancelledError, EngineLostError, InvalidFileError, RenderError, StorageError
from vtx_dagster.core.plan import EngineIdentity, PlanModel, RenderPlan
from vtx_dagster.production import gpu_time
from vtx_dagster.production.gpu_meter import LATE_S, GpuMeter
from vtx_dagster.production.gpu_time import GpuAttempt, GpuTime, unmetered
from vtx_dagster.studio.locks import clip_lock
from vtx_dagster.studio.project import Project, Studio
from vtx_dagster.studio.usage import Attempt, Outcome, Usage, UsageLedger

ONE, TWO, THREE = "A01_S01_SH010", "A01_S01_SH020", "A02_S01_SH010"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def project(make_project) -> Project:
    return make_project(clips=())


@pytest.fixture
def gpu(studio: Studio, clock: Clock) -> GpuTime:
    return GpuTime(studio, clock=clock)


@pytest.fixture
def attempt(gpu: GpuTime, project: Project) -> Callable[..., AbstractContextManager[GpuAttempt]]:
    def begin(clip: str = ONE, *, budget_s: float | None = None, **fields) -> AbstractContextManager[GpuAttempt]:
        cancelled = fields.pop("cancelled", never)
        plan = plan_of(clip, **fields)
        return gpu.attempt(project, plan, clip_hash=plan.clip_hash(), budget_s=budget_s, cancelled=cancelled)

    return begin


def plan_of(clip: str = ONE, **fields) -> RenderPlan:
    values = {
        "clip": clip,
        "engine": EngineIdentity(name="ltx", version="1.2"),
        "pipeline": Pipeline.DISTILLED,
        "mode": InputMode.T2V,
        "prompt": "a kettle",
        "negative_prompt": "",
        "seed": 1,
        "width": 128,
        "height": 64,
        "fps": 8,
        "content_frames": 8,
        "render_frames": 9,
        "models": (PlanModel(role="checkpoint", fingerprint="f"),),
        **fields,
    }
    return RenderPlan(**values)


def spend(attempt, gpu_s: float, *, number: int = 1, clip: str = ONE, **fields) -> None:
    for _ in range(number):
        with attempt(clip, **fields) as running:
            running.report = RenderReport(gpu_s=gpu_s)


def fail(error: BaseException, clock: Clock, running: GpuAttempt) -> None:
    """Wait for a GPU for two hours, hold one for 20 seconds, and fail."""
    running.on_gpu(None)
    clock.passes(7200)
    running.on_gpu("gpu2")
    clock.passes(20)
    raise error


def files_beside(project: Project) -> list[str]:
    return [path.name for path in project.locks_dir.glob("*.gpu.json")]


def begin_and_die(project: Project, clock: Clock, *, limit_s: float | None = None) -> None:
    size = {"width": 128, "height": 64, "fps": 8, "render_frames": 9}
    begun = Attempt(id="0", clip=ONE, clip_hash="h", engine="ltx", pipeline="distilled", **size, limit_s=limit_s, at=clock.now)
    UsageLedger(project).append(begun)


def test_an_attempt_is_noted_when_it_begins_and_when_it_has_ended(gpu, project, attempt, clock) -> None:
    with clip_lock(project, ONE), attempt(num_inference_steps=8) as running:
        (begun,) = gpu.used(project).open
        assert (begun.clip, begun.engine, begun.pipeline, begun.steps, begun.limit_s) == (ONE, "ltx", "distilled", 8, None)
        assert (begun.width, begun.height, begun.fps, begun.render_frames, begun.at) == (128, 64, 8, 9, clock.now)
        assert running.limit_s is None
        clock.passes(20)
        running.report = RenderReport(gpu_s=12.34567, facts={"device": "gpu0"})
    used = gpu.used(project)
    (usage,) = used.ended
    assert used.open == ()
    assert (usage.id, usage.clip_hash, usage.outcome) == (begun.id, begun.clip_hash, "rendered")
    assert (usage.gpu_s, usage.is_at_most, usage.device, usage.at) == (12.346, False, "gpu0", clock.now)


class BugError(Exception):
    """Nobody expected it."""


@pytest.mark.parametrize(
    ("error", "outcome", "gpu_s", "is_at_most"),
    [
        pytest.param(RenderError("no ink", gpu_s=7.0, device="gpu1"), Outcome.FAILED, 7.0, False, id="failed"),
        pytest.param(RenderError("cost nothing", gpu_s=0.0), Outcome.FAILED, 0.0, False, id="cost nothing"),
        pytest.param(StorageError("disk full"), Outcome.FAILED, 20.0, True, id="does not say"),
        pytest.param(RenderError("odd", gpu_s="much"), Outcome.FAILED, 20.0, True, id="no number"),
        pytest.param(EngineLostError("gone", gpu_s=3), Outcome.LOST, 3.0, False, id="lost"),
        pytest.param(CancelledError("stop", gpu_s=2.5), Outcome.CANCELLED, 2.5, False, id="cancelled"),
        pytest.param(BudgetError("enough", gpu_s=9.0), Outcome.FAILED, 9.0, False, id="limit reached"),
        pytest.param(KeyboardInterrupt(), Outcome.CANCELLED, 20.0, True, id="interrupted"),
        pytest.param(dg.DagsterExecutionInterruptedError(), Outcome.CANCELLED, 20.0, True, id="cancelled in Dagster"),
        pytest.param(BugError(), Outcome.FAILED, 20.0, True, id="bug"),
    ],
)
def test_whatever_ends_an_attempt_is_noted(gpu, project, attempt, clock, error, outcome, gpu_s, is_at_most) -> None:
    with pytest.raises(type(error)), attempt() as running:
        fail(error, clock, running)
    (usage,) = gpu.used(project).ended
    assert (usage.outcome, usage.gpu_s, usage.is_at_most) == (outcome, gpu_s, is_at_most)
    assert usage.device == ("gpu1" if gpu_s == 7.0 else "gpu2")
    assert files_beside(project) == []


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), CancelledError("stop"), BugError()], ids=lambda error: type(error).__name__
)
def test_who_never_held_a_gpu_took_nothing_of_one(gpu, project, attempt, clock, error) -> None:
    def wait() -> None:
        with attempt():
            clock.passes(7200)
            raise error

    with pytest.raises(type(error)):
        wait()
    (usage,) = gpu.used(project).ended
    assert (usage.gpu_s, usage.is_at_most, usage.device) == (0.0, False, "")


def test_what_was_rendered_and_is_no_take_cost_what_the_engine_said(gpu, project, attempt) -> None:
    def render() -> None:
        with attempt() as running:
            running.report = RenderReport(gpu_s=11.0)
            raise StorageError("disk full")

    with pytest.raises(StorageError):
        render()
    (usage,) = gpu.used(project).ended
    assert (usage.outcome, usage.gpu_s) == (Outcome.FAILED, 11.0)


@pytest.mark.parametrize(("gpu_s", "number"), [(0.0, 0), (4.0, 1)], ids=["animatic", "an engine that names no models"])
def test_a_plan_without_models_is_noted_only_if_it_took_something(gpu, project, attempt, gpu_s: float, number: int) -> None:
    spend(attempt, gpu_s, models=(), budget_s=1.0)
    assert [usage.gpu_s for usage in gpu.used(project).ended] == [gpu_s] * number
    assert (project.root / "renders/usage.jsonl").exists() == bool(number)
    spend(attempt, 0.0, models=(), budget_s=1.0)


def test_without_history_the_first_may_take_all_that_is_left(attempt) -> None:
    spend(attempt, 30.0, pipeline=Pipeline.IC_LORA)
    with attempt(budget_s=100.0) as running:
        assert running.limit_s == 70.0


def test_with_history_a_render_gets_ample_time_and_leaves_the_rest(project, attempt) -> None:
    spend(attempt, 10.0, number=20)
    with clip_lock(project, ONE), attempt(budget_s=260.0) as running:
        assert running.limit_s == 30.0, "half"
        with attempt(TWO, budget_s=260.0) as other:
            assert other.limit_s == 15.0, "half of the other half"
    with attempt(budget_s=2000.0) as running:
        assert running.limit_s == pytest.approx(10 * 11.5, abs=1.0)


def test_a_render_that_does_not_fit_is_not_begun(gpu, project, attempt) -> None:
    spend(attempt, 10.0, number=20)
    with pytest.raises(BudgetError) as caught, attempt(budget_s=205.0):
        pytest.fail("it began")
    words = caught.value.message
    assert words.startswith("film/A01_S01_SH010 was not rendered: it takes about 10 s of GPU time (9 to 11), and of the 205 s")
    assert words.endswith("200 s are spent: raise it to go on")
    assert caught.value.details == {
        "project": "film",
        "clip": ONE,
        "budget_gpu_s": 205.0,
        "spent_gpu_s": 200.0,
        "left_gpu_s": 5.0,
        "forecast_gpu_s": pytest.approx(10.0),
    }
    assert len(gpu.used(project).ended) == 20
    assert gpu.used(project).open == ()
    with attempt(budget_s=215.0) as running:
        assert running.limit_s == 15.0, "all of it, because half is not enough"


def test_when_nothing_is_left_nothing_is_begun(attempt) -> None:
    spend(attempt, 10.0)
    with pytest.raises(BudgetError, match="it takes GPU time, and of the 10 s") as caught:
        attempt(pipeline=Pipeline.RETAKE, budget_s=10.0).__enter__()
    assert caught.value.details["forecast_gpu_s"] is None


def test_history_is_that_of_the_studio(gpu, studio, project, attempt) -> None:
    other = studio.create_project("other", title="Other")
    with gpu.attempt(other, plan_of(), clip_hash="h", budget_s=None) as running:
        running.report = RenderReport(gpu_s=50.0)
    with pytest.raises(BudgetError, match="it takes about 50 s of GPU time"):
        attempt(budget_s=20.0).__enter__()
    failed, problems = gpu.history()
    assert problems == {}
    assert gpu.history()[0] is failed, "read once"


def test_failures_say_nothing_about_the_time_of_a_render(gpu, attempt) -> None:
    with pytest.raises(RenderError), attempt():
        raise RenderError("no ink", gpu_s=500.0)
    with attempt(budget_s=600.0) as running:
        assert running.limit_s == 100.0


def test_a_damaged_ledger_stops_its_own_project_only(gpu, studio, project, attempt, caplog) -> None:
    other = studio.create_project("other", title="Other")
    path = other.root / "renders/usage.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("?\n", encoding="utf-8")
    with attempt(budget_s=10.0) as running:
        assert running.limit_s == 10.0
    assert "other: what its renders took is left out of forecasts: renders/usage.jsonl:1" in caplog.text
    assert list(gpu.history()[1]) == ["other"]
    with pytest.raises(InvalidFileError, match="damaged"):
        gpu.attempt(other, plan_of(), clip_hash="h", budget_s=10.0).__enter__()


def test_a_project_whose_disk_is_away_stops_no_other(gpu, studio, project, attempt, caplog) -> None:
    (studio.projects_dir / "away").symlink_to(studio.root / "unmounted")
    with attempt(budget_s=10.0) as running:
        assert running.limit_s == 10.0
    assert list(gpu.history()[1]) == ["away"]
    assert caplog.text.count("away: what its renders took is left out of forecasts") == 1, "and once is enough"


def test_a_killed_attempt_counts_as_the_most_that_it_can_have_taken(gpu, studio, project, attempt, clock) -> None:
    begin_and_die(project, clock, limit_s=100.0)
    clock.passes(30)
    fresh = GpuTime(studio, clock=clock)
    with clip_lock(project, TWO), fresh.attempt(project, plan_of(TWO), clip_hash="h", budget_s=100.0) as running:
        assert running.limit_s == 70.0
        (killed,) = fresh.used(project).ended
        assert (killed.clip, killed.outcome, killed.gpu_s, killed.is_at_most) == (ONE, Outcome.LOST, 30.0, True)
    begin_and_die(project, clock, limit_s=70.0)
    clock.passes(90_000)
    with pytest.raises(BudgetError, match="100 s are spent, of which 100 s are the most that attempts can have taken that were"):
        attempt(TWO, budget_s=100.0).__enter__()


@pytest.mark.parametrize(
    ("told", "gpu_s", "device"),
    [
        pytest.param(["gpu0", "gpu1"], 20.0 + LATE_S, "gpu1", id="while it held a GPU"),
        pytest.param(["gpu0", ""], 20.0 + LATE_S, "", id="of no name"),
        pytest.param(["gpu0", None, "gpu0"], 20.0 + LATE_S, "gpu0", id="again after it had waited"),
        pytest.param(["gpu0", None], 20.0, "", id="after it had let go of it"),
        pytest.param(["", None, "gpu1", None, "gpu0"], 25.0, "gpu0", id="at its limit"),
        pytest.param([None], 0.0, "", id="while it waited for one"),
    ],
)
def test_a_killed_attempt_that_nobody_notices_for_days_took_what_it_held(
    gpu, project, attempt, clock, told, gpu_s: float, device: str
) -> None:
    begin_and_die(project, clock, limit_s=25.0 if gpu_s == 25.0 else 100.0)
    meter = GpuMeter(project.locks_dir / "0.gpu.json", clock=clock)
    meter.told("gpu0")
    for one in told:
        meter.told(one)
        clock.passes(20)
    clock.passes(3 * 86_400)
    looked = gpu.used(project)
    assert files_beside(project) == ["0.gpu.json"]
    with clip_lock(project, TWO):
        spend(attempt, 1.0, clip=TWO)
    lost, _ = gpu.used(project).ended
    assert (lost.gpu_s, lost.is_at_most, lost.device) == (gpu_s, gpu_s > 0, device)
    assert [(one.gpu_s, one.device) for one in looked.ended] == [(gpu_s, device)]
    assert files_beside(project) == []


def test_the_callers_own_clip_was_killed_before_if_it_is_open(gpu, project, attempt, clock) -> None:
    begin_and_die(project, clock)
    clock.passes(40)
    with clip_lock(project, ONE):
        spend(attempt, 1.0)
    assert [(usage.outcome, usage.gpu_s) for usage in gpu.used(project).ended] == [("lost", 40.0), ("rendered", 1.0)]


def test_a_clock_that_was_set_back_gives_no_time_back(gpu, project, attempt, clock) -> None:
    begin_and_die(project, clock)
    clock.passes(-40)
    spend(attempt, 1.0)
    assert gpu.used(project).spent_s == 1.0


def test_without_history_others_wait_for_the_first(studio, project, gpu, clock) -> None:
    began, go_on = threading.Event(), threading.Event()
    limits: dict[str, float | None] = {}
    waited = threading.Event()

    def waits() -> bool:
        waited.set()
        return False

    def first() -> None:
        with clip_lock(project, ONE), gpu.attempt(project, plan_of(), clip_hash="a", budget_s=100.0) as running:
            limits[ONE] = running.limit_s
            began.set()
            go_on.wait(10)
            running.report = RenderReport(gpu_s=10.0)

    def second() -> None:
        attempt = gpu.attempt(project, plan_of(TWO), clip_hash="b", budget_s=100.0, cancelled=waits)
        with clip_lock(project, TWO), attempt as running:
            limits[TWO] = running.limit_s

    threads = [threading.Thread(target=one) for one in (first, second)]
    threads[0].start()
    began.wait(10)
    threads[1].start()
    assert waited.wait(10)
    assert limits == {ONE: 100.0}
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert limits[TWO] == 45.0


@pytest.mark.parametrize("first_budget_s", [None, 100.0], ids=["began before the budget was set", "has all that is left"])
def test_who_waits_can_be_called_off(gpu, project, attempt, first_budget_s: float | None) -> None:
    spend(attempt, 20.0)
    answers = iter([False, True])
    with clip_lock(project, ONE), attempt(budget_s=first_budget_s), pytest.raises(CancelledError, match="waited for GPU time"):
        attempt(TWO, budget_s=50.0, cancelled=lambda: next(answers)).__enter__()
    assert [usage.clip for usage in gpu.used(project).ended] == [ONE, ONE]


def test_looking_tells_what_runs_from_what_was_killed_and_writes_nothing(gpu, project, attempt, clock) -> None:
    begin_and_die(project, clock, limit_s=15.0)
    clock.passes(20)
    before = UsageLedger(project).path.read_bytes()
    used = gpu.used(project)
    assert (used.open, [(one.clip, one.gpu_s, one.is_at_most) for one in used.ended]) == ((), [(ONE, 15.0, True)])
    assert UsageLedger(project).path.read_bytes() == before
    with clip_lock(project, TWO), attempt(TWO):
        used = gpu.used(project)
        assert ([one.clip for one in used.open], [one.clip for one in used.ended]) == ([TWO], [ONE])


def test_an_attempt_that_ends_while_one_looks_counts_once(gpu, project, attempt, clock, monkeypatch) -> None:
    begin_and_die(project, clock)
    (begun,) = UsageLedger(project).read().open

    def ends(*_: object) -> bool:
        facts = {name: getattr(begun, name) for name in Attempt.__dataclass_fields__}
        UsageLedger(project).append(Usage(**facts, outcome=Outcome.RENDERED, gpu_s=3.0))
        return False

    monkeypatch.setattr(gpu_time, "is_locked", ends)
    used = gpu.used(project)
    assert (used.open, [(one.outcome, one.gpu_s) for one in used.ended]) == ((), [("rendered", 3.0)])


KILLED = """
import sys
from datetime import UTC, datetime
from pathlib import Path

from vtx_dagster.core.plan import RenderPlan
from vtx_dagster.production.gpu_meter import LATE_S, GpuMeter
from vtx_dagster.production.gpu_time import GpuTime
from vtx_dagster.studio.locks import clip_lock
from vtx_dagster.studio.project import Studio

studio = Studio.open(Path(sys.argv[1]), {})
project, plan = studio.project("film"), RenderPlan.model_validate_json(sys.argv[2])
gpu = GpuTime(studio, clock=lambda: datetime.now(UTC))
with clip_lock(project, plan.clip), gpu.attempt(project, plan, clip_hash="h", budget_s=100.0) as running:
    running.on_gpu("gpu0")
    print("rendering", flush=True)
    sys.stdin.read()
"""


def test_a_render_in_another_process_counts_while_it_lives_and_after_it_was_killed(studio, project) -> None:
    now = [datetime.now(UTC)]
    gpu = GpuTime(studio, clock=lambda: now[-1])
    arguments = [sys.executable, "-c", KILLED, str(studio.root), plan_of().model_dump_json()]
    other = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"rendering\n"
        (running,) = gpu.used(project).open
        assert running.limit_s == 100.0
        with pytest.raises(CancelledError):
            gpu.attempt(project, plan_of(TWO), clip_hash="h", budget_s=100.0, cancelled=lambda: True).__enter__()
        other.kill()
    now.append(datetime.now(UTC) + timedelta(days=3))
    with clip_lock(project, TWO), gpu.attempt(project, plan_of(TWO), clip_hash="h", budget_s=100.0) as mine:
        (killed,) = gpu.used(project).ended
        assert (killed.clip, killed.outcome, killed.is_at_most) == (ONE, Outcome.LOST, True)
        assert LATE_S <= killed.gpu_s < 30
        assert mine.limit_s == 100.0 - killed.gpu_s


def test_an_unmetered_attempt_has_no_limit() -> None:
    with unmetered() as running:
        assert running == GpuAttempt(limit_s=None, report=None)
