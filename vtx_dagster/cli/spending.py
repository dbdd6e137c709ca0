"""What questions to a language model cost, in words and for ``--json``."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vtx_dagster.cli.output import counted

if TYPE_CHECKING:
    from decimal import Decimal

    from vtx_dagster.core.planner import Forecast

UNKNOWN = "price unknown"


def usd(amount: "Decimal | float | None") -> str:
    """Return a price for people: ``$0.0312``, from a dollar on ``$12.40``, or that it is not known."""
    if amount is None:
        return UNKNOWN
    return f"${amount:,.2f}" if amount >= 1 else f"${amount:.4f}"


def asked(facts: Mapping[str, Any]) -> str:
    """Return what a stage that was run cost; empty where no model was asked.

    Args:
        facts: What was reported of the stage, by metadata key.
    """
    if "vtx/calls" not in facts:
        return ""
    reused = f" ({facts['vtx/calls_reused']} answered from before)" if facts["vtx/calls_reused"] else ""
    tokens = f"{facts['vtx/input_tokens']:,} tokens in, {facts['vtx/output_tokens']:,} out"
    cost = facts["vtx/cost_usd"]
    return f"asked {counted(facts['vtx/calls'], 'question')}{reused}, {tokens}, {usd(None if isinstance(cost, str) else cost)}"


def asked_json(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a stage cost for ``--json``; empty where no model was asked, the price None where it is not known."""
    if "vtx/calls" not in facts:
        return {}
    names = ("calls", "calls_reused", "input_tokens", "output_tokens")
    cost = facts["vtx/cost_usd"]
    return {**{name: facts[f"vtx/{name}"] for name in names}, "cost_usd": None if isinstance(cost, str) else cost}


def at_most(forecast: "Forecast") -> str:
    """Return what is due at most, in one line."""
    price = UNKNOWN if forecast.usd is None else f"{usd(forecast.usd)} at most"
    tokens = f"up to {forecast.input_tokens:,} tokens in and {forecast.output_tokens:,} out"
    guess = " (a guess: not all that the questions are about is written yet)" if forecast.is_guess else ""
    return f"{counted(forecast.num_calls, 'question')} to a language model, {tokens}, {price}{guess}"


def forecast_json(forecast: "Forecast") -> dict[str, Any]:
    """Return a forecast for ``--json``; the price is None where it is not known."""
    return {
        "calls": forecast.num_calls,
        "input_tokens": forecast.input_tokens,
        "output_tokens": forecast.output_tokens,
        "usd": None if forecast.usd is None else float(forecast.usd),
        "is_guess": forecast.is_guess,
    }
