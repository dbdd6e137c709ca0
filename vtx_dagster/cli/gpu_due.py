"""What GPU time the renders take that are due, for ``vtx plan``: read only where there are any."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vtx_dagster.cli.gpu_words import gpu_time, outlook, outlook_json, work_json
from vtx_dagster.cli.output import counted
from vtx_dagster.core.gpu_forecast import GpuForecast
from vtx_dagster.core.planner import Step
from vtx_dagster.production.clips import utc_now
from vtx_dagster.production.gpu_time import GpuTime

if TYPE_CHECKING:
    from vtx_dagster.studio.project import Studio


@dataclass(frozen=True, slots=True, kw_only=True)
class DueBudget:
    """A project's budget and what is due of it.

    Attributes:
        num_due: Renders that are due.
        num_beyond: How many of them there will not be enough left for.
    """

    budget_s: float
    spent_s: float
    num_due: int
    num_beyond: int

    @property
    def left_s(self) -> float:
        """What is left."""
        return max(0.0, self.budget_s - self.spent_s)

    def line(self, project: str) -> str:
        """Return it in one line."""
        short = f": not enough for {self.num_beyond} of {counted(self.num_due, 'clip')}" if self.num_beyond else ""
        return f"{project}: {gpu_time(self.left_s)} left of a budget of {gpu_time(self.budget_s)} of GPU time{short}"

    def to_json(self) -> dict[str, Any]:
        """Return it for ``--json``."""
        return {"budget_s": self.budget_s, "spent_s": self.spent_s, "left_s": self.left_s, "clips_beyond": self.num_beyond}


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuDue:
    """The GPU time of what is due.

    Attributes:
        total: Of all renders that can be done now.
        each: Of each render, by project and clip.
        beyond: The renders that there will not be enough left for, as project and clip.
        budgets: By project; only where there is one and renders are due.
        problems: Why a project's history could not be read, by project.
    """

    total: GpuForecast = field(default_factory=GpuForecast)
    each: Mapping[tuple[str, str], GpuForecast] = field(default_factory=dict)
    beyond: frozenset[tuple[str, str]] = frozenset()
    budgets: Mapping[str, DueBudget] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    def cell(self, step: Step) -> str:
        """Return what a step takes, for a table."""
        if step.gpu is None:
            return ""
        key = (step.project, step.id)
        forecast = self.each[key]
        time = f"~{gpu_time(forecast.seconds)}" if forecast.num_clips else "unknown"
        return f"{time}, over budget" if key in self.beyond else time

    def lines(self) -> Iterable[str]:
        """Yield the totals for people."""
        if text := outlook(self.total):
            yield text
        yield from (budget.line(project) for project, budget in self.budgets.items())

    def step_json(self, step: Step) -> dict[str, Any] | None:
        """Return what a step takes, for ``--json``; None if nothing."""
        if step.gpu is None:
            return None
        key = (step.project, step.id)
        return work_json(step.gpu, self.each[key], is_beyond=key in self.beyond)

    def to_json(self) -> dict[str, Any]:
        """Return the totals for ``--json``."""
        return {**outlook_json(self.total), "budgets": {project: one.to_json() for project, one in self.budgets.items()}}


def gpu_due(studio: "Studio", steps: Iterable[Step]) -> GpuDue:
    """Return the GPU time that steps take, from what the studio's renders took."""
    renders = [step for step in steps if step.gpu is not None]
    if not renders:
        return GpuDue()
    gpu = GpuTime(studio, clock=utc_now)
    history, problems = gpu.history()
    each = {(step.project, step.id): history.forecast([step.gpu]) for step in renders if step.gpu is not None}
    budgets: dict[str, DueBudget] = {}
    beyond: set[tuple[str, str]] = set()
    for slug in dict.fromkeys(step.project for step in renders):
        project = studio.project(slug)
        budget_s = project.metadata().render.budget_gpu_s
        if budget_s is None or slug in problems:
            continue
        spent_s = gpu.used(project).spent_s
        ready = {step.id: step.gpu for step in renders if step.project == slug and step.gpu is not None and not step.waits_for}
        told = dict(zip(ready, history.beyond(ready.values(), budget_s - spent_s), strict=True))
        beyond |= {(slug, clip) for clip, is_beyond in told.items() if is_beyond}
        budgets[slug] = DueBudget(budget_s=budget_s, spent_s=spent_s, num_due=len(told), num_beyond=sum(told.values()))
    ready_works = (step.gpu for step in renders if step.gpu is not None and not step.waits_for)
    return GpuDue(
        total=history.forecast(ready_works), each=each, beyond=frozenset(beyond), budgets=budgets, problems=dict(problems)
    )
