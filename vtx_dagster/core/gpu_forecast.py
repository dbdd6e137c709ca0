"""How much GPU time renders will take, from what renders of the same kind took.

Of every render in the history the seconds per megapixel-frame are known: its rate. Rates of one kind (engine, pipeline, steps)
are taken for draws from one distribution of logarithms, with the median as its middle and the median absolute deviation as its
width, so that a render that was disturbed, or ran on another device, moves neither much. The interval is that of the sum of
the renders that are due, with Student's t, so that few samples make it wide: the sum lies in it about four times out of five.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from math import exp, log, pi, sqrt
from statistics import median
from typing import Self

from vtx_dagster.core.plan import RenderPlan

LATEST = 100
"""Renders of a kind that count, the latest: what a studio's former devices took says little about the present ones."""

MIN_SPREAD = 0.1
"""Standard deviation of a rate's logarithm, at least: time is only about proportional to pixels and frames, and a few equal
timings do not prove that the next one is equal."""

_MAD_TO_DEVIATION = 1.4826
"""Of a normal distribution: standard deviation over median absolute deviation."""

_MEDIAN_VARIANCE = pi / 2
"""Of normal samples: variance of their median over that of their mean."""

_T90 = (3.078, 1.886, 1.638, 1.533, 1.476, 1.440, 1.415, 1.397, 1.383)
"""90 % quantile of Student's t with 1 to 9 degrees of freedom."""


@dataclass(frozen=True, slots=True, order=True)
class GpuKind:
    """Renders whose times can be compared.

    Attributes:
        steps: Inference steps; 0 where the pipeline has its own.
    """

    engine: str
    pipeline: str
    steps: int = 0

    def __str__(self) -> str:
        return f"{self.engine} {self.pipeline}{f' with {self.steps} steps' if self.steps else ''}"


@dataclass(frozen=True, slots=True)
class GpuWork:
    """What a render asks of a GPU.

    Attributes:
        frames: Frames that are rendered, echo included.
    """

    kind: GpuKind
    width: int
    height: int
    frames: int

    @classmethod
    def of(cls, plan: RenderPlan) -> Self | None:
        """Return what a plan asks of a GPU; None if nothing, because its engine has no model."""
        if not plan.models:
            return None
        kind = GpuKind(plan.engine.name, plan.pipeline.value, plan.num_inference_steps or 0)
        return cls(kind, plan.width, plan.height, plan.render_frames)

    @property
    def amount(self) -> float:
        """Megapixel-frames: 257 frames of 1024x576 are 151.6."""
        return self.width * self.height * self.frames / 1e6


@dataclass(frozen=True, slots=True)
class GpuForecast:
    """What renders will take together.

    Attributes:
        seconds: The middle of what is expected of those that can be forecast.
        low_s: They take less once in ten times.
        high_s: They take more once in ten times.
        num_clips: How many those are.
        num_samples: How many renders of the history this is drawn from.
        unknown: Of each kind that was never rendered: how many of it are due. They are not in the seconds.
    """

    seconds: float = 0.0
    low_s: float = 0.0
    high_s: float = 0.0
    num_clips: int = 0
    num_samples: int = 0
    unknown: Mapping[GpuKind, int] = field(default_factory=dict)

    def __add__(self, other: "GpuForecast") -> "GpuForecast":
        """Return both together, for different kinds; the interval is rather too wide, as if both erred to the same side."""
        return GpuForecast(
            seconds=self.seconds + other.seconds,
            low_s=self.low_s + other.low_s,
            high_s=self.high_s + other.high_s,
            num_clips=self.num_clips + other.num_clips,
            num_samples=self.num_samples + other.num_samples,
            unknown=dict(Counter(self.unknown) + Counter(other.unknown)),
        )


class GpuHistory:
    """What renders took.

    Args:
        samples: Finished renders and the seconds that each held a GPU, the oldest first.
    """

    def __init__(self, samples: Iterable[tuple[GpuWork, float]]) -> None:
        rates: defaultdict[GpuKind, deque[float]] = defaultdict(lambda: deque(maxlen=LATEST))
        for work, gpu_s in samples:
            if gpu_s > 0:
                rates[work.kind].append(log(gpu_s / work.amount))
        self._rates = {kind: _Rates.of(known) for kind, known in rates.items()}

    def forecast(self, due: Iterable[GpuWork]) -> GpuForecast:
        """Return what renders will take together: kind by kind, nothing of a kind that was never rendered."""
        amounts: defaultdict[GpuKind, list[float]] = defaultdict(list)
        for work in due:
            amounts[work.kind].append(work.amount)
        first, *others = [self._of_kind(kind, amounts[kind]) for kind in sorted(amounts)] or [GpuForecast()]
        return sum(others, start=first)

    def beyond(self, due: Iterable[GpuWork], left_s: float) -> list[bool]:
        """Return of each render that is due, in order, whether less is left by then than it takes at least.

        Args:
            due: The renders; one whose kind was never rendered is begun as long as anything is left.
            left_s: Seconds that may be used.
        """
        told = []
        for work in due:
            forecast = self.forecast([work])
            is_beyond = left_s <= 0 or forecast.low_s > left_s
            told.append(is_beyond)
            left_s -= 0.0 if is_beyond else forecast.seconds
        return told

    def _of_kind(self, kind: GpuKind, amounts: list[float]) -> GpuForecast:
        rates = self._rates.get(kind)
        if rates is None:
            return GpuForecast(unknown={kind: len(amounts)})
        total = sum(amounts)
        # Errors of single renders even out in a sum; that of the middle is the same in all of them and does not.
        share = sum(amount * amount for amount in amounts) / (total * total)
        spread = _t90(rates.number) * rates.deviation * sqrt(share + _MEDIAN_VARIANCE / rates.number)
        seconds = exp(rates.middle) * total
        return GpuForecast(
            seconds=seconds,
            low_s=seconds * exp(-spread),
            high_s=seconds * exp(spread),
            num_clips=len(amounts),
            num_samples=rates.number,
        )


@dataclass(frozen=True, slots=True)
class _Rates:
    """The logarithms of the rates of one kind: how many, their middle and their width."""

    number: int
    middle: float
    deviation: float

    @classmethod
    def of(cls, rates: Collection[float]) -> Self:
        middle = median(rates)
        deviation = _MAD_TO_DEVIATION * median(abs(rate - middle) for rate in rates)
        return cls(len(rates), middle, max(MIN_SPREAD, deviation))


def _t90(num_samples: int) -> float:
    """Return the 90 % quantile of Student's t; of a single sample, whose spread says nothing, that of two."""
    freedom = max(1, num_samples - 1)
    return _T90[freedom - 1] if freedom <= len(_T90) else 1.2816 + 0.8467 / freedom
