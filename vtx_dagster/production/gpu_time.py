"""GPU time as a budget: what a render may take before it begins, and what it took once it has ended.

Every attempt at a clip whose plan names models is noted in the project's ledger when it begins, with the most that it may take,
and when it ends. So attempts that run at the same time, in one process or in several, never may take more than what is left of
``render.budget_gpu_s`` together.
"""

import logging
import math
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from vtx_dagster.core.engines import RenderReport, never, no_meter
from vtx_dagster.core.errors import BudgetError, CancelledError, EngineLostError, VtxError
from vtx_dagster.core.gpu_forecast import GpuForecast, GpuHistory, GpuWork
from vtx_dagster.core.plan import RenderPlan
from vtx_dagster.production.gpu_meter import GpuMeter, forget_notes, last_note
from vtx_dagster.studio.locks import is_locked
from vtx_dagster.studio.project import Project, Studio
from vtx_dagster.studio.usage import Attempt, Outcome, Usage, UsageLedger, Used

logger = logging.getLogger(__name__)

_POLL_S = 0.2
"""How often one who waits looks whether another process is done; of its own process it is told."""

_AMPLE = 10
"""How many times the upper end of its forecast a render may take at most: no render that is well takes that long."""


@dataclass(slots=True)
class GpuAttempt:
    """An attempt at a clip, under way.

    Attributes:
        limit_s: The most seconds that it may take; None without a budget.
        on_gpu: To be told whether a GPU is held, as ``RenderRequest.on_gpu``.
        report: What the engine said; None until it has.
    """

    limit_s: float | None = None
    on_gpu: Callable[[str | None], None] = no_meter
    report: RenderReport | None = None


def unmetered() -> AbstractContextManager[GpuAttempt]:
    """Return an attempt that has no limit and is not noted."""
    return nullcontext(GpuAttempt())


class GpuTime:
    """The GPU time of the projects of a studio. May be used from several threads.

    Args:
        studio: The studio.
        clock: Dates what happens.
    """

    def __init__(self, studio: Studio, *, clock: Callable[[], datetime]) -> None:
        self._studio = studio
        self._clock = clock
        self._lock = threading.Lock()
        self._ended = threading.Condition(self._lock)
        self._ledgers: dict[str, UsageLedger] = {}
        self._problems: Mapping[str, str] = {}
        self._known: tuple[Mapping[str, int], GpuHistory] = ({}, GpuHistory(()))

    def used(self, project: Project) -> Used:
        """Return what a project used; attempts whose processes are dead count as ended, with the most that they can have taken.

        Raises:
            InvalidFileError: If the ledger is damaged.
            StorageError: If it cannot be read.
        """
        with self._lock:
            ledger = self._ledger(project)
            before = self._killed(project, ledger.read())
            # An attempt that ended between the two looks is noted by now: that comes before its clip is unlocked.
            used = ledger.read()
        running = {one.id for one in used.open} - {one.id for one in before}
        killed = (one for one in before if any(one.id == other.id for other in used.open))
        return Used((*used.ended, *killed), tuple(one for one in used.open if one.id in running))

    def history(self) -> tuple[GpuHistory, Mapping[str, str]]:
        """Return what the renders of all projects took, and by slug why a project's are not in it."""
        with self._lock:
            return self._history()

    def beyond(self, project: Project, due: Iterable[GpuWork], budget_s: float) -> list[bool]:
        """Return of each render that is due, in order, whether the project's budget will not do for it.

        Raises:
            InvalidFileError: If the project's ledger is damaged.
            StorageError: If it cannot be read.
        """
        return self.history()[0].beyond(due, budget_s - self.used(project).spent_s)

    @contextmanager
    def attempt(
        self,
        project: Project,
        plan: RenderPlan,
        *,
        clip_hash: str,
        budget_s: float | None,
        cancelled: Callable[[], bool] = never,
    ) -> Iterator[GpuAttempt]:
        """Note an attempt at a clip, whose lock the caller holds, and when the block ends, what it took and what became of it.

        Waits for attempts that are under way where there may be enough left for this one once they have ended. What the engine
        says that it took counts; where it says nothing because something failed, the time for which a GPU was held.

        Args:
            project: The project.
            plan: What is rendered. One that names no models needs no GPU, and nothing is noted unless the report says otherwise.
            clip_hash: The plan's hash.
            budget_s: The most seconds that the project may use in all; None for no limit.
            cancelled: Says whether the render was called off.

        Raises:
            BudgetError: If nothing is left, or less than the render takes by all experience.
            CancelledError: If it was called off while it waited.
            InvalidFileError: If the ledger is damaged.
            StorageError: If it cannot be written.
        """
        work = GpuWork.of(plan)
        begun = None if work is None else self._begin(project, plan, work, clip_hash, budget_s, cancelled)
        meter = GpuMeter(None if begun is None else _notes(project, begun), clock=self._clock)
        running = GpuAttempt(limit_s=begun.limit_s if begun is not None else None, on_gpu=meter.told)

        def end(outcome: Outcome, gpu_s: float | None, device: str) -> None:
            if begun is not None:
                measured_s = meter.seconds
                self._end(
                    project,
                    begun,
                    outcome,
                    measured_s if gpu_s is None else gpu_s,
                    is_at_most=gpu_s is None and measured_s > 0,
                    device=device or meter.device,
                )
            elif gpu_s:
                self._end(project, self._attempt(plan, clip_hash), outcome, gpu_s, device=device)

        try:
            with meter:
                yield running
        except BaseException as error:
            taken = _gpu_seconds(error)
            if taken is None and running.report is not None:
                taken = running.report.gpu_s
            end(_outcome(error), taken, _device(error))
            raise
        report = running.report or RenderReport()
        end(Outcome.RENDERED, report.gpu_s, str(report.facts.get("device", "")))

    def _begin(
        self,
        project: Project,
        plan: RenderPlan,
        work: GpuWork,
        clip_hash: str,
        budget_s: float | None,
        cancelled: Callable[[], bool],
    ) -> Attempt:
        while True:
            with self._lock, self._ledger(project).locked():
                used = self._without_killed(project, plan.clip)
                limit_s = math.inf if budget_s is None else self._granted(project, plan.clip, work, used, budget_s)
                if limit_s is not None:
                    attempt = self._attempt(plan, clip_hash, limit_s=None if math.isinf(limit_s) else limit_s)
                    self._ledger(project).append(attempt)
                    return attempt
            if cancelled():
                raise CancelledError(f"{project.slug}/{plan.clip} was called off while it waited for GPU time", clip=plan.clip)
            with self._ended:
                self._ended.wait(_POLL_S)

    def _granted(self, project: Project, clip: str, work: GpuWork, used: Used, budget_s: float) -> float | None:
        """Return how many seconds a render may take, or None if that can be said once others have ended."""
        left = budget_s - used.spent_s
        forecast = self._history()[0].forecast([work])
        if left <= 0 or forecast.low_s > left:
            raise _over_budget(project, clip, forecast, used=used, budget_s=budget_s)
        free = left - sum(math.inf if one.limit_s is None else one.limit_s for one in used.open)
        if not forecast.num_clips:
            # The first of its kind may need everything; the others go on from what it took.
            return None if used.open else left
        if used.open and free < forecast.high_s:
            return None
        # Half of it leaves something for a render beside this one, where half is enough.
        return min(free if free < 2 * forecast.high_s else free / 2, _AMPLE * forecast.high_s)

    def _without_killed(self, project: Project, clip: str) -> Used:
        """Return what a project used, after noting in its ledger, which is locked, what was killed."""
        ledger = self._ledger(project)
        used = ledger.read()
        killed = self._killed(project, used, clip=clip)
        if not killed:
            return used
        ledger.append(*killed)
        for one in killed:
            forget_notes(_notes(project, one))
        return ledger.read()

    def _killed(self, project: Project, used: Used, *, clip: str = "") -> list[Usage]:
        """Return the attempts whose processes are dead, as ended.

        Args:
            project: The project.
            used: Its ledger. An attempt that has not ended is under way only while its clip is locked.
            clip: A clip whose lock is the caller's, who has not begun.
        """
        now = self._clock()
        killed = (one for one in used.open if one.clip == clip or not is_locked(project, one.clip))
        return [_lost(project, one, at=now) for one in killed]

    def _end(
        self, project: Project, attempt: Attempt, outcome: Outcome, gpu_s: float, *, is_at_most: bool = False, device: str
    ) -> None:
        usage = _ended(attempt, outcome, gpu_s, at=self._clock(), is_at_most=is_at_most, device=device)
        with self._lock, self._ledger(project).locked():
            self._ledger(project).append(usage)
            self._ended.notify_all()
        forget_notes(_notes(project, attempt))

    def _attempt(self, plan: RenderPlan, clip_hash: str, *, limit_s: float | None = None) -> Attempt:
        return Attempt(
            id=secrets.token_hex(6),
            clip=plan.clip,
            clip_hash=clip_hash,
            engine=plan.engine.name,
            pipeline=plan.pipeline.value,
            width=plan.width,
            height=plan.height,
            fps=plan.fps,
            render_frames=plan.render_frames,
            steps=plan.num_inference_steps or 0,
            limit_s=limit_s,
            at=self._clock(),
        )

    def _history(self) -> tuple[GpuHistory, Mapping[str, str]]:
        usages: list[Usage] = []
        problems = {}
        counts = {}
        for slug in self._studio.slugs():
            try:
                ended = self._ledger(self._studio.project(slug)).read().ended
            except VtxError as error:
                # Another project's, mostly; and the forecast is as good without it.
                if self._problems.get(slug) != error.message:
                    logger.warning("%s: what its renders took is left out of forecasts: %s", slug, error.message)
                problems[slug] = error.message
                continue
            usages += ended
            counts[slug] = len(ended)
        self._problems = problems
        if counts != self._known[0]:
            rendered = (one for one in usages if one.outcome == Outcome.RENDERED)
            self._known = counts, GpuHistory((one.work, one.gpu_s) for one in sorted(rendered, key=lambda one: one.at))
        return self._known[1], problems

    def _ledger(self, project: Project) -> UsageLedger:
        return self._ledgers.setdefault(project.slug, UsageLedger(project))


def _notes(project: Project, attempt: Attempt) -> Path:
    """Return where is noted for how long an attempt held a GPU until now."""
    return project.locks_dir / f"{attempt.id}.gpu.json"


def _lost(project: Project, attempt: Attempt, *, at: datetime) -> Usage:
    """Return an attempt whose process is dead as ended, with the most that it can have taken of a GPU."""
    held = last_note(_notes(project, attempt))
    gpu_s = max(0.0, (at - attempt.at).total_seconds()) if held is None else held.at_most_s
    if attempt.limit_s is not None:
        gpu_s = min(gpu_s, attempt.limit_s)
    device = "" if held is None else held.device or ""
    return _ended(attempt, Outcome.LOST, gpu_s, at=at, is_at_most=gpu_s > 0, device=device)


def _gpu_seconds(error: BaseException) -> float | None:
    """Return the seconds of a GPU that an error says were used; None if it does not say."""
    seconds = error.details.get("gpu_s") if isinstance(error, VtxError) else None
    return float(seconds) if isinstance(seconds, int | float) and 0 <= seconds < math.inf else None


def _ended(
    attempt: Attempt, outcome: Outcome, gpu_s: float, *, at: datetime, is_at_most: bool = False, device: str = ""
) -> Usage:
    return Usage(
        id=attempt.id,
        clip=attempt.clip,
        clip_hash=attempt.clip_hash,
        engine=attempt.engine,
        pipeline=attempt.pipeline,
        width=attempt.width,
        height=attempt.height,
        fps=attempt.fps,
        render_frames=attempt.render_frames,
        steps=attempt.steps,
        limit_s=attempt.limit_s,
        at=at,
        outcome=outcome,
        gpu_s=round(gpu_s, 3),
        is_at_most=is_at_most,
        device=device,
    )


def _outcome(error: BaseException) -> Outcome:
    # Ctrl-C, and what Dagster raises in a run that is cancelled, are no Exception.
    if isinstance(error, CancelledError) or not isinstance(error, Exception):
        return Outcome.CANCELLED
    return Outcome.LOST if isinstance(error, EngineLostError) else Outcome.FAILED


def _device(error: BaseException) -> str:
    return str(error.details.get("device", "")) if isinstance(error, VtxError) else ""


def _over_budget(project: Project, clip: str, forecast: GpuForecast, *, used: Used, budget_s: float) -> BudgetError:
    left = max(0.0, budget_s - used.spent_s)
    if forecast.num_clips:
        wanted = f"takes about {forecast.seconds:.0f} s of GPU time ({forecast.low_s:.0f} to {forecast.high_s:.0f})"
    else:
        wanted = "takes GPU time"
    unsure = sum(one.gpu_s for one in used.ended if one.is_at_most)
    note = f", of which {unsure:.0f} s are the most that attempts can have taken that were cut short" if unsure else ""
    message = (
        f"{project.slug}/{clip} was not rendered: it {wanted}, and of the {budget_s:.0f} s that render.budget_gpu_s in "
        f"metadata.yaml allows, {used.spent_s:.0f} s are spent{note}: raise it to go on"
    )
    return BudgetError(
        message,
        project=project.slug,
        clip=clip,
        budget_gpu_s=budget_s,
        spent_gpu_s=used.spent_s,
        left_gpu_s=left,
        forecast_gpu_s=forecast.seconds if forecast.num_clips else None,
    )
