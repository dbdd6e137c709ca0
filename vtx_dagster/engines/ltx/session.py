"""Rendering clips on lanes: which device, which rung of the memory ladder, which size, and what the take will say about it.

Knows nothing of flags or of diffusers: a ``JobMaker`` turns a request into a job.
"""

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Final, Protocol

from pydantic import JsonValue

from vtx_dagster.core.clip import Pipeline
from vtx_dagster.core.engines import RenderReport, RenderRequest
from vtx_dagster.core.errors import (
    BudgetError,
    EngineLostError,
    OutOfMemoryError,
    RenderError,
    VerificationError,
    VtxError,
)
from vtx_dagster.core.pipelines import PIPELINES
from vtx_dagster.core.plan import RenderPlan
from vtx_dagster.engines.ltx.conforming import conform_clip
from vtx_dagster.engines.ltx.jobs import Device, Job, JobResult, Lanes, Rung, Watch
from vtx_dagster.engines.process import REDACTED

MAX_LOSSES: Final = 3
"""How often a clip is begun again after what renders it was lost. It says nothing about the clip, but may not go on for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far a job is, as read from a line that it printed.

    Attributes:
        stage: In words, such as ``rendering``; empty for the one that goes on.
        done: Steps of the stage that are done.
        total: Steps of the stage; zero where only the stage is known.
    """

    stage: str
    done: int = 0
    total: int = 0


class JobMaker(Protocol):
    """What differs between the ways of rendering by LTX."""

    @property
    def ladder(self) -> tuple[Rung, ...]:
        """What to try one after another where memory is short; at least one rung, the first as configured."""
        ...

    def job(self, request: RenderRequest, *, width: int, height: int, output: Path) -> Job:
        """Return a request as a job of that size, writing ``output``; it may write files that it needs beside it.

        Raises:
            InvalidRequestError, MissingInputError, MissingSettingError: If no job can be made of it.
        """
        ...

    def step_of(self, line: str) -> Step | None:
        """Return what a printed line says of the progress, or None."""
        ...


@dataclass(frozen=True, slots=True)
class _Size:
    width: int
    height: int

    def volume(self, plan: RenderPlan) -> int:
        return self.width * self.height * plan.render_frames


@dataclass(slots=True)
class _Account:
    """What rendering one clip has taken so far."""

    attempts: list[JsonValue] = field(default_factory=list)
    wait_s: float = 0.0
    held_s: float = 0.0
    gpu_s: float = 0.0
    losses: int = 0


class LaneSession:
    """Renders clips on the devices of an engine; a ``RenderSession`` that may be used from several threads.

    Args:
        lanes: The devices.
        maker: Makes the jobs.
        timeout_s: Limit for one job, in seconds.
        secrets: Texts that must not get into a take's facts.
    """

    def __init__(self, lanes: Lanes, maker: JobMaker, *, timeout_s: float, secrets: Sequence[str] = ()) -> None:
        self._lanes = lanes
        self._maker = maker
        self._timeout_s = timeout_s
        self._secrets = tuple(secret for secret in secrets if secret)
        self._lowest = _LowestRungs()

    def render(self, request: RenderRequest) -> RenderReport:
        """Render one clip, conform it and say how.

        The rungs of the ladder are tried from the one that worked for a clip as large; smaller pictures only where the request
        allows them.

        Raises:
            OutOfMemoryError: If every rung was tried.
            EngineLostError: If what renders was lost more than three times, or no device is left.
            BudgetError: If the request's limit was reached.
            RenderError: If the job failed for a reason of its own.
            VerificationError: If what came of it cannot be conformed; it is then at ``request.output`` for a look.
            CancelledError: If it was called off.
        """
        account = _Account()
        raw = request.output.with_name(f"{request.output.stem}.raw.mp4")
        try:
            job, result, size, device = self._rendered(request, raw, account)
            started = time.monotonic()
            conformed = _conformed(raw, request, size)
            facts: dict[str, JsonValue] = {
                **job.facts,
                **result.facts,
                "request": dict(job.request),
                "device": device.name,
                "model_loads": result.model_loads,
                "loras": _loras(request),
                "attempts": account.attempts,
                "timings": {
                    "wait_s": round(account.wait_s, 3),
                    "render_s": round(account.held_s, 3),
                    "conform_s": round(time.monotonic() - started, 3),
                },
                "conformed": conformed,
            }
            plan = request.plan
            if size != _Size(plan.width, plan.height):
                facts["degraded"] = (
                    f"rendered at {size.width}x{size.height} and scaled up to {plan.width}x{plan.height}: "
                    f"the memory of {device.name} was too small"
                )
        except VtxError as error:
            error.details |= {"gpu_s": round(account.gpu_s, 3), "attempts": account.attempts}
            raise
        return RenderReport(facts={name: self._redacted(value) for name, value in facts.items()}, gpu_s=account.gpu_s)

    def _rendered(self, request: RenderRequest, raw: Path, account: _Account) -> tuple[Job, JobResult, _Size, Device]:
        """Render on the first rung and at the first size that memory allows."""
        plan, ladder = request.plan, self._maker.ladder
        tries = deque(self._tries(request, len(ladder)))
        while True:
            size, index = tries.popleft()
            job = self._maker.job(request, width=size.width, height=size.height, output=raw)
            try:
                result, device = self._run(request, job, ladder[index], size, account)
            except OutOfMemoryError as error:
                if not tries:
                    raise _too_large(plan, ladder, error) from error
            else:
                # Only what worked: a clip that is too large for any rung must not slow down those after it.
                self._lowest.note(plan.pipeline, _Size(plan.width, plan.height).volume(plan), index)
                return job, result, size, device

    def _tries(self, request: RenderRequest, num_rungs: int) -> Iterator[tuple[_Size, int]]:
        """Yield sizes and rungs: the ladder from where it worked before, then smaller sizes with all that saves memory."""
        plan = request.plan
        full, *smaller = _sizes(plan, may_degrade=request.may_degrade)
        for index in range(self._lowest.rung(plan.pipeline, full.volume(plan)), num_rungs):
            yield full, index
        for size in smaller:
            yield size, num_rungs - 1

    def _run(self, request: RenderRequest, job: Job, rung: Rung, size: _Size, account: _Account) -> tuple[JobResult, Device]:
        """Run a job on whatever lane is free, and again on another where what renders is lost."""
        while True:
            waiting = time.monotonic()
            request.on_gpu(None)
            with self._lanes.lane(cancelled=request.cancelled) as lane:
                request.on_gpu(lane.device.name if lane.device.may_be_gpu else None)
                account.wait_s += time.monotonic() - waiting
                job.output.unlink(missing_ok=True)
                watch = Watch(
                    log=request.log,
                    timeout_s=self._time_left(request, account),
                    on_line=_Listener(self._maker, request),
                    cancelled=request.cancelled,
                )
                started = time.monotonic()
                outcome = "failed"
                try:
                    result = lane.run(job, rung=rung, watch=watch)
                except EngineLostError as error:
                    outcome = error.code
                    account.losses += 1
                    if account.losses > MAX_LOSSES:
                        raise
                except RenderError as error:
                    outcome = error.code
                    used_up = request.limit_s is not None and watch.timeout_s < self._timeout_s
                    if used_up and not isinstance(error, OutOfMemoryError) and time.monotonic() - started >= watch.timeout_s:
                        raise _over_budget(request) from error
                    raise
                except VtxError as error:
                    outcome = error.code
                    raise
                else:
                    outcome = "done"
                    return result, lane.device
                finally:
                    request.on_gpu(None)
                    spent_s = time.monotonic() - started
                    account.held_s += spent_s
                    account.gpu_s += spent_s if lane.device.may_be_gpu else 0.0
                    account.attempts.append(
                        {
                            "rung": rung.name,
                            "size": f"{size.width}x{size.height}",
                            "device": lane.device.name,
                            "outcome": outcome,
                            "seconds": round(spent_s, 3),
                        }
                    )

    def _time_left(self, request: RenderRequest, account: _Account) -> float:
        """Return the limit of the next job; a budget is of the whole clip, whatever attempts it takes."""
        if request.limit_s is None:
            return self._timeout_s
        left_s = request.limit_s - account.held_s
        if left_s <= 0:
            raise _over_budget(request)
        return min(self._timeout_s, left_s)

    def _redacted(self, value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            for secret in self._secrets:
                value = value.replace(secret, REDACTED)
            return value
        if isinstance(value, Mapping):
            return {name: self._redacted(inner) for name, inner in value.items()}
        return [self._redacted(inner) for inner in value] if isinstance(value, list) else value


@dataclass(slots=True)
class _Listener:
    """Turns the lines that one job prints into progress. ltx-pipelines 1.0.0 never says what it does."""

    maker: JobMaker
    request: RenderRequest
    stage: str = "working"

    def __call__(self, line: str) -> None:
        step = self.maker.step_of(line)
        if step is not None:
            self.stage = step.stage or self.stage
            self.request.progress(step.done, step.total, self.stage)


class _LowestRungs:
    """Where the ladder begins for a clip: at the rung that a clip of the pipeline needed that is not larger."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._needed: dict[Pipeline, list[tuple[int, int]]] = {}

    def rung(self, pipeline: Pipeline, volume: int) -> int:
        with self._lock:
            return max((rung for known, rung in self._needed.get(pipeline, ()) if known <= volume), default=0)

    def note(self, pipeline: Pipeline, volume: int, rung: int) -> None:
        with self._lock:
            self._needed.setdefault(pipeline, []).append((volume, rung))


def _sizes(plan: RenderPlan, *, may_degrade: bool) -> Iterator[_Size]:
    """Yield the sizes to try, largest first: the plan's, and where it may be, half and a quarter of each side on the grid."""
    yield _Size(plan.width, plan.height)
    traits = PIPELINES[plan.pipeline]
    if not may_degrade or traits.needs_range:
        return
    step = traits.size_multiple
    for divisor in (2, 4):
        width, height = (max(step, side // divisor // step * step) for side in (plan.width, plan.height))
        yield _Size(width, height)


def _too_large(plan: RenderPlan, ladder: Sequence[Rung], error: OutOfMemoryError) -> OutOfMemoryError:
    return OutOfMemoryError(
        f"{plan.clip}: {plan.width}x{plan.height} and {plan.render_frames} frames do not fit into memory, with "
        f"{', '.join(rung.name for rung in ladder)} tried: use a smaller render profile, fewer frames, LTX_QUANTIZATION, "
        f"or allow smaller pictures with render.allow_degrade",
        **{**error.details, "clip": plan.clip},
    )


def _over_budget(request: RenderRequest) -> BudgetError:
    clip = request.plan.clip
    return BudgetError(
        f"{clip}: stopped after {request.limit_s:g} s, which is what was left of the project's budget: raise render.budget_gpu_s",
        clip=clip,
        limit_s=request.limit_s,
    )


def _conformed(raw: Path, request: RenderRequest, size: _Size) -> dict[str, JsonValue]:
    with _kept_for_a_look(raw, request.output):
        facts = conform_clip(raw, request.output, plan=request.plan, size=(size.width, size.height))
    raw.unlink()
    return facts


@contextmanager
def _kept_for_a_look(raw: Path, output: Path) -> Iterator[None]:
    try:
        yield
    except (RenderError, VerificationError) as error:
        with suppress(FileNotFoundError):
            raw.replace(output)
        # The file has another name by the time that anybody reads this.
        raise type(error)(error.message.replace(str(raw), "what was rendered"), **error.details) from error


def _loras(request: RenderRequest) -> list[JsonValue]:
    return [
        {"sha256": lora.sha256, "strength": lora.strength, "file": request.files[lora.sha256].name}
        for lora in request.plan.loras
        if lora.sha256 in request.files
    ]
