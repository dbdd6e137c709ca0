"""Costs of questions that cannot be asked yet."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.planner import Forecast
from vtx_dagster.engines.language_model.guess import guessed, outline_tokens, treatment_tokens
from vtx_dagster.engines.language_model.outline_answers import ActsAnswer
from vtx_dagster.engines.language_model.prompt import Message, Prompt

PROMPT = Prompt(
    name="treatment",
    template="treatment 1",
    messages=(Message(role="user", text="x" * 300),),
    answer=ActsAnswer,
    schema={},
    max_output_tokens=1000,
)


def test_what_is_missing_is_added_to_every_question(desk_of: Callable[..., Any]) -> None:
    desk, model = desk_of(lambda request: "")
    found = guessed(desk.asker, [PROMPT, PROMPT], more_input_tokens=500)
    input_tokens = 2 * (PROMPT.input_tokens + 500)
    usd = (input_tokens * Decimal(1) + 2000 * Decimal(10)) / 1_000_000
    assert found == Forecast(num_calls=2, input_tokens=input_tokens, output_tokens=2000, usd=usd, is_guess=True)
    assert model.requests == []


@pytest.mark.parametrize("tokens", [outline_tokens, treatment_tokens], ids=["outline", "treatment"])
def test_a_longer_film_has_a_longer_story(tokens: Callable[[Metadata], int]) -> None:
    short, usual, feature = (tokens(Metadata(title="Film", length_s=length_s)) for length_s in (60, None, 6000))
    assert 0 < short < usual < feature
