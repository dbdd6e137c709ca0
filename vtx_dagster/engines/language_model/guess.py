"""What questions will cost that cannot be asked yet, because what they are about is not written.

A guess is on the high side: what the same film costs at most when it is written is not more.
"""

import math
from collections.abc import Sequence
from typing import Any

from vtx_dagster.core.ids import FilmId
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.outline import OutlineScene
from vtx_dagster.core.planner import Forecast
from vtx_dagster.core.story import Job, Story
from vtx_dagster.engines.language_model.desk import ModelDesk
from vtx_dagster.engines.language_model.outline_answers import max_acts
from vtx_dagster.engines.language_model.prompt import Prompt

_USUAL_LENGTH_S = 180.0
"""A film of a few lines, where nobody asks for a length: the prompts of the outline ask for one to three minutes then."""

_SCENE_S = 15.0
"""A short scene. Films of longer scenes have fewer of them, and fewer questions."""

_SCENE_TOKENS = 150
_OUTLINE_TOKENS = 600
"""Of the acts; scenes come on top, counted as if all of them were short."""

_TREATMENT_TOKENS, _TREATMENT_TOKENS_PER_S = 400, 6
"""About three words for every second of the film, which treatments are asked for, and half as many again."""


def expected_scenes(story: Story, job: Job) -> list[OutlineScene]:
    """Return the scenes of the outline that a job is about; without an outline, as many as its length suggests.

    Those have no names of their own, and everybody of the bible in them.
    """
    if not story.outline_source.text:
        people = tuple(story.bible.characters.characters)
        ids = (str(FilmId.of(1, number)) for number in range(1, _num_scenes(story.metadata) + 1))
        return [OutlineScene(id=scene, heading="INT. PLACE - DAY", characters=people, seconds=_SCENE_S) for scene in ids]
    only = None if job.only is None else str(job.only)
    return [scene for act in story.outline.acts for scene in act.scenes if only in (None, act.id, scene.id)]


def outline_tokens(metadata: Metadata) -> int:
    """Return how many tokens an outline without its beats may have that is not written yet."""
    return _OUTLINE_TOKENS + _num_scenes(metadata) * _SCENE_TOKENS


def treatment_tokens(metadata: Metadata) -> int:
    """Return how many tokens a treatment may have that is not written yet."""
    return _TREATMENT_TOKENS + round(_length_s(metadata) * _TREATMENT_TOKENS_PER_S)


def guessed(desk: ModelDesk, prompts: Sequence[Prompt[Any]], *, more_input_tokens: int) -> Forecast:
    """Return a forecast for questions of which a part is missing.

    Args:
        desk: Knows the prices, and how long a question may be.
        prompts: The questions without what is missing.
        more_input_tokens: What will be added to each of them.
    """
    input_tokens = sum(min(prompt.input_tokens + more_input_tokens, desk.library.context_tokens) for prompt in prompts)
    output_tokens = sum(prompt.max_output_tokens for prompt in prompts)
    usd = desk.asker.price(input_tokens=input_tokens, output_tokens=output_tokens)
    return Forecast(num_calls=len(prompts), input_tokens=input_tokens, output_tokens=output_tokens, usd=usd, is_guess=True)


def _length_s(metadata: Metadata) -> float:
    return metadata.length_s or _USUAL_LENGTH_S


def _num_scenes(metadata: Metadata) -> int:
    return max(max_acts(metadata), math.ceil(_length_s(metadata) / _SCENE_S))
