"""``vtx plan``, ``vtx render`` and ``vtx render costs`` with an engine that uses a GPU: the animatic, in the guise of one."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vtx_dagster.core.engines import RenderReport, RenderRequest, RenderSession
from vtx_dagster.core.errors import RenderError
from vtx_dagster.core.plan import EngineIdentity, PlanModel, RenderPlan
from vtx_dagster.engines.animatic.engine import AnimaticEngine
from vtx_dagster.studio.locks import clip_lock
from vtx_dagster.studio.project import Project
from vtx_dagster.studio.usage import Attempt, UsageLedger

ONE, TWO, THREE = "A01_S01_SH010", "A01_S01_SH020", "A02_S01_SH010"


@dataclass(eq=False)
class GpuEngine:
    """Draws the animatic and says that it took a GPU so many seconds."""

    gpu_s: float = 10.0
    failing: set[str] = field(default_factory=set)
    animatic: AnimaticEngine = field(default_factory=lambda: AnimaticEngine(font=None))
    identity: EngineIdentity = field(default_factory=lambda: EngineIdentity(name="ltx", version="1.2"))
    draws: bool = True
    key: str = "gpu"
    concurrency: int = 1

    def accept(self, plan: RenderPlan, files: Mapping[str, Path]) -> RenderPlan:
        return plan.model_copy(update={"models": (PlanModel(role="checkpoint", fingerprint="f"),)})

    @contextmanager
    def session(self) -> Iterator[RenderSession]:
        with self.animatic.session() as session:
            yield GpuSession(self, session)


@dataclass
class GpuSession:
    engine: GpuEngine
    animatic: RenderSession

    def render(self, request: RenderRequest) -> RenderReport:
        if request.plan.clip in self.engine.failing:
            raise RenderError("no ink", gpu_s=4.0)
        return RenderReport(facts=self.animatic.render(request).facts, gpu_s=self.engine.gpu_s)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> GpuEngine:
    engine = GpuEngine()
    for module in ("vtx_dagster.engines.choice", "vtx_dagster.resources.ltx"):
        monkeypatch.setattr(f"{module}.render_engine", lambda settings, name="": engine)
    return engine


@pytest.fixture
def budget(film: Project, edit):
    """Set the budget of the film."""

    def write(seconds: float) -> None:
        text = film.metadata_path.read_text(encoding="utf-8")
        rest = re.sub(r"  budget_gpu_s: .*\n", "", text)
        film.metadata_path.write_text(rest.replace("render:\n", f"render:\n  budget_gpu_s: {seconds}\n"), encoding="utf-8")

    return write


def words(result) -> str:
    return " ".join(result.stdout.split())


def test_from_no_history_to_a_film_within_its_budget(vtx, film, engine, budget) -> None:
    at = ("--studio", film.studio.root)
    assert vtx("render", "costs", *at).stdout == "no GPU time was used\n"
    budget(20)
    plan = words(vtx("plan", "film", *at))
    assert f"render {ONE} changed: engine animatic -> ltx unknown 1.0 s" in plan
    assert "no history for ltx ti2vid_two_stages yet: 3 clips cannot be forecast" in plan
    assert "film: 20 s left of a budget of 20 s of GPU time" in plan

    engine.failing.add(TWO)
    result = vtx("render", "resume", *at)
    assert result.exit_code == 1
    assert "no ink" in result.stdout
    assert f"film/{THREE} was not rendered: it takes about 10 s of GPU time (6 to 16), and of the 20 s" in words(result)
    engine.failing.clear()

    plan = words(vtx("plan", "film", *at))
    assert "~10 s, over budget 1.0 s" in plan
    assert "GPU time: about 20 s (13 to 31), from 1 render" in plan
    assert "film: 6.0 s left of a budget of 20 s of GPU time: not enough for 2 of 2 clips" in plan
    costs = words(vtx("render", "costs", "film", *at))
    assert "film 14 s 4.0 s failed 4.0 s 14 s 20 s 6.0 s" in costs

    budget(100)
    plan = json.loads(vtx("plan", "film", "--json", *at).stdout)
    assert plan["gpu"]["clips"] == 2
    assert plan["gpu"]["budgets"] == {"film": {"budget_s": 100.0, "spent_s": 14.0, "left_s": 86.0, "clips_beyond": 0}}
    (step, *_) = plan["steps"]
    assert (step["gpu"]["engine"], step["gpu"]["gpu_s"], step["gpu"]["over_budget"]) == ("ltx", pytest.approx(10.0), False)
    assert plan["steps"][-1]["gpu"] is None
    assert vtx("render", "resume", *at).exit_code == 0
    found = json.loads(vtx("render", "costs", "--json", *at).stdout)
    assert found["problems"] == {}
    assert found["projects"]["film"] == {
        "spent_gpu_s": 34.0,
        "useful_gpu_s": 30.0,
        "wasted_gpu_s": 4.0,
        "wasted": {"failed": 4.0},
        "at_most_gpu_s": 0,
        "rendering": 0,
        "film_s": 3.0,
        "gpu_s_per_film_s": pytest.approx(34 / 3),
        "budget_gpu_s": 100.0,
        "left_gpu_s": 66.0,
    }
    assert "GPU time" not in vtx("plan", "film", *at).stdout


def begun(clip: str, *, ago_s: float, limit_s: float | None = None) -> Attempt:
    return Attempt(
        id=clip,
        clip=clip,
        clip_hash="h",
        engine="ltx",
        pipeline="distilled",
        width=128,
        height=72,
        fps=8,
        render_frames=9,
        limit_s=limit_s,
        at=datetime.now(UTC) - timedelta(seconds=ago_s),
    )


def test_what_runs_and_what_was_killed_is_said(vtx, film) -> None:
    UsageLedger(film).append(begun(ONE, ago_s=500, limit_s=50.0), begun(TWO, ago_s=5))
    with clip_lock(film, TWO):
        lines = vtx("render", "costs", "film", "--studio", film.studio.root).stdout.splitlines()
    assert lines[-2:] == [
        "film: of this, 50 s are the most that attempts can have taken that were cut short",
        "film: 1 clip being rendered, not counted yet",
    ]
    assert re.split(r"\s{2,}", lines[-4].strip()) == ["film", "50 s", "50 s", "lost 50 s"]


def test_what_others_took_is_told_of_and_fails_no_look_at_this_project(vtx, film, engine) -> None:
    at = ("--studio", film.studio.root)
    ledger = UsageLedger(film.studio.create_project("other", title="O")).path
    ledger.parent.mkdir(exist_ok=True)
    ledger.write_text("?\n", encoding="utf-8")
    plan = vtx("plan", "film", *at)
    assert (plan.exit_code, plan.stdout.splitlines()[0][:32]) == (0, "other: renders/usage.jsonl:1: th")
    found = vtx("plan", "film", "--json", *at)
    assert (found.exit_code, list(json.loads(found.stdout)["problems"])) == (0, ["other"])
    assert vtx("plan", *at).exit_code == 1, "it is one of those asked about"


def test_a_project_that_cannot_be_read_is_named(vtx, film, engine, edit) -> None:
    at = ("--studio", film.studio.root)
    film.studio.create_project("broken", title="B").metadata_path.write_text("version: 1\n", encoding="utf-8")
    path = UsageLedger(film).path
    path.write_text("?\n", encoding="utf-8")
    result = vtx("render", "costs", *at)
    assert result.exit_code == 1
    assert "film: renders/usage.jsonl:1: the line is damaged" in result.stdout
    assert "broken: metadata.yaml:1" in result.stdout
    assert "no GPU time" not in result.stdout
    edit(film.metadata_path, "render:", "render:\n  budget_gpu_s: 5")
    result = vtx("plan", "film", *at)
    assert result.exit_code == 1
    assert "film: renders/usage.jsonl:1: the line is damaged" in result.stdout
    assert "of GPU time" not in result.stdout, "nobody knows what is left"
