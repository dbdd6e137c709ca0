from decimal import Decimal

import pytest

from vtx_dagster.cli.spending import asked, asked_json, at_most, forecast_json, usd
from vtx_dagster.core.planner import Forecast


@pytest.mark.parametrize(
    ("amount", "text"),
    [(Decimal("0.0312"), "$0.0312"), (0.99999, "$1.0000"), (1, "$1.00"), (Decimal("1234.5"), "$1,234.50"), (0, "$0.0000")],
)
def test_prices_in_words(amount, text):
    assert usd(amount) == text


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        pytest.param({}, "", id="no model"),
        pytest.param(
            {
                "vtx/calls": 12,
                "vtx/calls_reused": 3,
                "vtx/input_tokens": 18420,
                "vtx/output_tokens": 9120,
                "vtx/cost_usd": 0.0312,
            },
            "asked 12 questions (3 answered from before), 18,420 tokens in, 9,120 out, $0.0312",
            id="some reused",
        ),
        pytest.param(
            {"vtx/calls": 1, "vtx/calls_reused": 0, "vtx/input_tokens": 10, "vtx/output_tokens": 5, "vtx/cost_usd": "unknown"},
            "asked 1 question, 10 tokens in, 5 out, price unknown",
            id="price unknown",
        ),
    ],
)
def test_what_a_stage_cost(facts, text):
    assert asked(facts) == text
    told = asked_json(facts)
    assert told.get("calls", 0) == facts.get("vtx/calls", 0)
    if facts:
        assert told["cost_usd"] == (0.0312 if told["calls"] == 12 else None)


def test_what_is_due_at_most():
    known = Forecast(num_calls=34, input_tokens=120_400, output_tokens=80_000, usd=Decimal("0.312"))
    assert at_most(known) == "34 questions to a language model, up to 120,400 tokens in and 80,000 out, $0.3120 at most"
    guessed = at_most(known + Forecast(num_calls=1, usd=None, is_guess=True))
    assert guessed.startswith("35 questions to a language model, up to 120,400 tokens in and 80,000 out, price unknown (a guess:")
    assert forecast_json(known) == {
        "calls": 34,
        "input_tokens": 120_400,
        "output_tokens": 80_000,
        "usd": 0.312,
        "is_guess": False,
    }
    assert forecast_json(Forecast(usd=None))["usd"] is None
