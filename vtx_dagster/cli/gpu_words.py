"""GPU time in words and for ``--json``."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vtx_dagster.cli.output import counted

if TYPE_CHECKING:
    from vtx_dagster.core.gpu_forecast import GpuForecast, GpuKind, GpuWork

_UNITS = ((7200.0, 3600.0, "h"), (120.0, 60.0, "min"))
"""From how many seconds on a unit is used, its seconds and its name."""


def gpu_time(seconds: float) -> str:
    """Return a length of GPU time for people: ``45 s``, ``12 min`` or ``3.4 h``."""
    unit_s, unit = _unit(seconds)
    return f"{_number(seconds / unit_s)} {unit}"


def about(forecast: "GpuForecast") -> str:
    """Return a forecast with its interval, such as ``12 min (9 to 16)``, all in one unit."""
    unit_s, unit = _unit(forecast.seconds)
    middle, low, high = (_number(one / unit_s) for one in (forecast.seconds, forecast.low_s, forecast.high_s))
    return f"{middle} {unit} ({low} to {high})"


def outlook(forecast: "GpuForecast") -> str:
    """Return in one line what renders will take, and of which of them nobody can say; empty where there are none."""
    parts = []
    if forecast.num_clips:
        parts.append(f"GPU time: about {about(forecast)}, from {counted(forecast.num_samples, 'render')}")
    parts += [
        f"no history for {kind} yet: {counted(number, 'clip')} cannot be forecast" for kind, number in forecast.unknown.items()
    ]
    return "; ".join(parts)


def outlook_json(forecast: "GpuForecast") -> dict[str, Any]:
    """Return a forecast for ``--json``."""
    return {
        "gpu_s": forecast.seconds,
        "low_s": forecast.low_s,
        "high_s": forecast.high_s,
        "clips": forecast.num_clips,
        "samples": forecast.num_samples,
        "no_history": [{**_kind_json(kind), "clips": number} for kind, number in forecast.unknown.items()],
    }


def work_json(work: "GpuWork", forecast: "GpuForecast", *, is_beyond: bool) -> dict[str, Any]:
    """Return one render for ``--json``; times are None where its kind was never rendered."""
    times: Mapping[str, float | None] = {"gpu_s": forecast.seconds, "low_s": forecast.low_s, "high_s": forecast.high_s}
    if not forecast.num_clips:
        times = dict.fromkeys(times)
    return {**_kind_json(work.kind), "megapixel_frames": work.amount, **times, "over_budget": is_beyond}


def _kind_json(kind: "GpuKind") -> dict[str, Any]:
    return {"engine": kind.engine, "pipeline": kind.pipeline, "steps": kind.steps or None}


def _unit(seconds: float) -> tuple[float, str]:
    return next(((unit_s, name) for least, unit_s, name in _UNITS if seconds >= least), (1.0, "s"))


def _number(value: float) -> str:
    return f"{value:.1f}" if value < 9.95 else f"{value:,.0f}"
