"""A budget of GPU time, held while clips are rendered by a workshop."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from vtx_dagster.core.engines import RenderRequest
from vtx_dagster.core.errors import BudgetError, EngineLostError, RenderError, StorageError, VtxError
from vtx_dagster.core.gpu_forecast import GpuKind, GpuWork
from vtx_dagster.core.plan import PlanModel
from vtx_dagster.production.clips import utc_now
from vtx_dagster.production.gpu_accounts import Waste, account_of
from vtx_dagster.production.gpu_time import GpuTime
from vtx_dagster.studio.project import Project
from vtx_dagster.studio.takes import TakeStore
from vtx_dagster.studio.usage import UsageLedger

COST_S = 10.0
CLIPS = tuple(f"A01_S01_SH{number:03d}" for number in range(10, 90, 10))
ONE, TWO = CLIPS[:2]


class Gpu:
    """Notes what runs at the same time, and stops a render at its limit."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.running: set[str] = set()
        self.most_at_once = 0
        self.expected_at_once = 1

    def __call__(self, request: RenderRequest) -> None:
        limit_s = request.limit_s if request.limit_s is not None else float("inf")
        with self.lock:
            self.running.add(request.plan.clip)
            self.most_at_once = max(self.most_at_once, len(self.running))
        for _ in range(200):
            # On a busy machine the other lane may take its time.
            threading.Event().wait(0.05)
            if self.most_at_once >= self.expected_at_once:
                break
        with self.lock:
            self.running.remove(request.plan.clip)
        if limit_s < COST_S:
            raise BudgetError(f"stopped after {limit_s:g} s", gpu_s=limit_s)


@pytest.fixture
def gpu(engine) -> Gpu:
    """Make the fake engine one that uses a GPU."""
    engine.accept = lambda plan, files: plan.model_copy(update={"models": (PlanModel(role="checkpoint", fingerprint="f"),)})
    engine.gpu_s = COST_S
    engine.render_hook = hook = Gpu()
    return hook


@pytest.fixture
def render(workshop) -> Callable[..., dict[str, VtxError | None]]:
    """Render clips in some lanes and return what came of each."""

    def run(project: Project, *, lanes: int = 1, clips: tuple[str, ...] = CLIPS, **options) -> dict[str, VtxError | None]:
        with workshop() as opened:

            def one(clip: str) -> VtxError | None:
                try:
                    opened.render(project.slug, clip, **options)
                except VtxError as error:
                    return error
                return None

            with ThreadPoolExecutor(lanes) as pool:
                return dict(zip(clips, pool.map(one, clips), strict=True))

    return run


def spent(project: Project) -> float:
    return UsageLedger(project).read().spent_s


@pytest.mark.parametrize("lanes", [1, 2])
def test_the_budget_is_never_exceeded_and_a_larger_one_goes_on(
    make_project, write_metadata, engine, gpu, render, lanes: int
) -> None:
    engine.concurrency = gpu.expected_at_once = lanes
    project = make_project(clips=CLIPS, render={"budget_gpu_s": 55.0})
    outcomes = render(project, lanes=lanes)
    done = [clip for clip, error in outcomes.items() if error is None]
    assert spent(project) <= 55.0
    assert 4 <= len(done) < len(CLIPS)
    assert gpu.most_at_once == lanes
    assert {type(error) for error in outcomes.values() if error is not None} == {BudgetError}
    assert not list(project.takes_dir.rglob("*.failed.json")), "nothing is on record against a clip"

    before = len(engine.renders)
    assert {type(error) for error in render(project, lanes=lanes).values()} == {BudgetError, type(None)}
    assert len(engine.renders) - before <= 1, "at most the last of them was tried again, on what is left"

    write_metadata(project, render={"budget_gpu_s": 200.0})
    assert set(render(project, lanes=lanes).values()) == {None}
    assert spent(project) <= 200.0
    assert all(engine.renders.count(clip) == 1 for clip in done)


def test_limits_of_renders_that_run_at_the_same_time_add_up(make_project, engine, gpu, render) -> None:
    engine.concurrency = 2
    project = make_project(clips=CLIPS, render={"budget_gpu_s": 120.0})
    starts: list[float] = []

    def look(request: RenderRequest) -> None:
        assert request.limit_s is not None
        used = UsageLedger(project).read()
        starts.append(used.spent_s + sum(one.limit_s or 0.0 for one in used.open))

    engine.render_hook = look
    assert set(render(project, lanes=2).values()) == {None}
    assert len(starts) == len(CLIPS)
    assert max(starts) <= 120.0


def test_failures_stale_and_replaced_takes_are_waste(make_project, write_clip, workshop, engine, gpu, render, look) -> None:
    project = make_project(clips=(ONE, TWO))
    engine.errors[TWO] = RenderError("no ink", gpu_s=3.0)
    outcomes = render(project, clips=(ONE, TWO))
    assert isinstance(outcomes[TWO], RenderError)
    engine.errors.clear()
    render(project, clips=(ONE, TWO))
    render(project, clips=(ONE,), force=True)
    render(project, clips=(ONE,), profile="small")
    write_clip(project, TWO, seed=7)
    account = account_of(GpuTime(project.studio, clock=utc_now).used(project), look(project), budget_s=None)
    assert account.wasted == {Waste.FAILED: 3.0, Waste.STALE: COST_S, Waste.UNUSED: 2 * COST_S}
    assert account.useful_s == COST_S
    assert account.per_film_s == 43.0

    (failed, *rendered) = UsageLedger(project).read().ended[1:]
    assert (failed.clip, failed.gpu_s) == (TWO, 3.0)
    assert {one.engine for one in rendered} == {"fake"}


def test_what_was_not_verified_was_paid_for_nothing(make_project, engine, gpu, media, render) -> None:
    project = make_project(clips=(ONE,))
    media.rejected.add(ONE)
    render(project, clips=(ONE,))
    (usage,) = UsageLedger(project).read().ended
    assert (usage.outcome, usage.gpu_s) == ("failed", COST_S)


def test_an_engine_that_says_nothing_held_a_gpu_all_along(make_project, engine, gpu, render) -> None:
    def fail(_request: RenderRequest) -> None:
        threading.Event().wait(0.05)
        raise StorageError("disk full")

    engine.render_hook = fail
    project = make_project(clips=(ONE,))
    assert isinstance(render(project, clips=(ONE,))[ONE], StorageError)
    (usage,) = UsageLedger(project).read().ended
    assert 0.05 <= usage.gpu_s < 5
    assert usage.is_at_most


def test_an_engine_that_does_not_start_held_none(make_project, engine, gpu, render, monkeypatch) -> None:
    def refuse() -> None:
        raise EngineLostError("no device")

    monkeypatch.setattr(engine, "session", refuse)
    project = make_project(clips=(ONE,))
    assert isinstance(render(project, clips=(ONE,))[ONE], EngineLostError)
    (usage,) = UsageLedger(project).read().ended
    assert (usage.gpu_s, usage.is_at_most) == (0.0, False)


def test_a_take_that_is_found_takes_nothing(make_project, engine, gpu, render) -> None:
    project = make_project(clips=(ONE,), render={"budget_gpu_s": 10.0})
    assert render(project, clips=(ONE,)) == {ONE: None}
    assert render(project, clips=(ONE,)) == {ONE: None}
    assert len(UsageLedger(project).read().ended) == 1
    assert TakeStore(project).takes(ONE)


def test_an_engine_without_models_has_no_limit_and_no_ledger(make_project, engine, render) -> None:
    project = make_project(clips=(ONE,), render={"budget_gpu_s": 1.0})
    assert render(project, clips=(ONE,)) == {ONE: None}
    assert engine.requests[0].limit_s is None
    assert not (project.root / "renders/usage.jsonl").exists()


def test_a_look_says_what_a_clip_asks_of_a_gpu(make_project, engine, gpu, look) -> None:
    project = make_project(clips=(ONE, TWO))
    wanted = GpuWork(GpuKind("fake", "ti2vid_two_stages"), 128, 72, 9)
    assert [clip.gpu for clip in look(project).clips] == [wanted, wanted]
    for clip in project.clip_ids():
        os.utime(project.clip_spec_path(clip), (1e9, 1e9))
    look(project)
    engine.accept = None
    assert [clip.gpu for clip in look(project).clips] == [wanted, wanted], "from memory"
