"""What questions will cost that cannot be asked yet, because what they are about is not written."""

from collections.abc import Sequence
from typing import Any

from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.planner import Forecast
from vtx_dagster.engines.language_model.asking import Asker
from vtx_dagster.engines.language_model.prompt import Prompt

_USUAL_LENGTH_S = 180.0
"""A film of a few lines, where nobody asks for a length."""

_SCENE_S = 15.0
_SCENE_TOKENS = 100
_OUTLINE_TOKENS = 600
"""Of the acts; scenes come on top, counted as if all of them were short."""

_TREATMENT_TOKENS, _TREATMENT_TOKENS_PER_S = 400, 6
"""About three words for every second of the film, which treatments are asked for, and half as many again."""


def outline_tokens(metadata: Metadata) -> int:
    """Return how many tokens an outline without its beats may have that is not written yet."""
    length_s = metadata.length_s or _USUAL_LENGTH_S
    return _OUTLINE_TOKENS + round(length_s / _SCENE_S) * _SCENE_TOKENS


def treatment_tokens(metadata: Metadata) -> int:
    """Return how many tokens a treatment may have that is not written yet."""
    return _TREATMENT_TOKENS + round((metadata.length_s or _USUAL_LENGTH_S) * _TREATMENT_TOKENS_PER_S)


def guessed(asker: Asker, prompts: Sequence[Prompt[Any]], *, more_input_tokens: int) -> Forecast:
    """Return a forecast for questions of which a part is missing.

    Args:
        asker: Knows the prices.
        prompts: The questions without what is missing.
        more_input_tokens: What will be added to each of them.
    """
    input_tokens = sum(prompt.input_tokens + more_input_tokens for prompt in prompts)
    output_tokens = sum(prompt.max_output_tokens for prompt in prompts)
    usd = asker.price(input_tokens=input_tokens, output_tokens=output_tokens)
    return Forecast(num_calls=len(prompts), input_tokens=input_tokens, output_tokens=output_tokens, usd=usd, is_guess=True)
