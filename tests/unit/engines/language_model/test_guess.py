"""Costs of questions that cannot be asked yet."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from vtx_dagster.core.bible import Bible, Character, Characters
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.outline import Beat, Outline, OutlineAct, OutlineScene
from vtx_dagster.core.planner import Forecast
from vtx_dagster.core.story import Job, Source, Story
from vtx_dagster.engines.language_model.bible import BibleStage
from vtx_dagster.engines.language_model.guess import expected_scenes, guessed, outline_tokens, treatment_tokens
from vtx_dagster.engines.language_model.outline_answers import ActsAnswer
from vtx_dagster.engines.language_model.prompt import Message, Prompt
from vtx_dagster.engines.language_model.screenplay import ScreenplayStage
from vtx_dagster.engines.language_model.shotlist import ShotlistStage
from vtx_dagster.engines.language_model.treatment import TreatmentStage

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
    found = guessed(desk, [PROMPT, PROMPT], more_input_tokens=500)
    input_tokens = 2 * (PROMPT.input_tokens + 500)
    usd = (input_tokens * Decimal(1) + 2000 * Decimal(10)) / 1_000_000
    assert found == Forecast(num_calls=2, input_tokens=input_tokens, output_tokens=2000, usd=usd, is_guess=True)
    assert model.requests == []


def test_a_question_is_never_longer_than_one_may_be(desk_of: Callable[..., Any]) -> None:
    desk, _ = desk_of(lambda request: "", context_tokens=1500)
    found = guessed(desk, [PROMPT, PROMPT], more_input_tokens=50_000)
    assert found.input_tokens == 2 * 1500


@pytest.mark.parametrize(
    ("length_s", "wanted"),
    [(10, 3), (60, 4), (61, 5), (None, 12), (600, 40)],
    ids=["a scene for every act", "short scenes", "begun", "no length", "long"],
)
def test_a_film_that_is_not_outlined_is_counted_in_short_scenes(
    story_of: Callable[..., Story], length_s: float | None, wanted: int
) -> None:
    bible = Bible(characters=Characters(characters={"ida": Character(name="Ida")}))
    scenes = expected_scenes(story_of(metadata=Metadata(title="Film", length_s=length_s), bible=bible), Job())
    assert len({scene.id for scene in scenes}) == wanted
    assert {scene.characters for scene in scenes} == {("ida",)}


def film(story_of: Callable[..., Story], **facts: object) -> Story:
    """Return a film of three acts and short scenes, written to the last word."""
    metadata = Metadata(title="The Last Ferry", length_s=180)
    people = ("ida", "noah", "harbour_master", "ticket_seller")
    beats = tuple(
        Beat(text=f"Ida does thing {number} with her hands and Noah sees it." * 2, purpose="raises a question")
        for number in range(4)
    )
    acts = tuple(
        OutlineAct(
            id=f"A{act:02d}",
            title="The offer of a lifetime",
            synopsis="Somebody does something that changes what everybody wants. " * 4,
            scenes=tuple(
                OutlineScene(
                    id=f"A{act:02d}_S{number}0",
                    heading=f"INT. LIGHTHOUSE - LAMP ROOM {number} - NIGHT",
                    location=f"lighthouse_lamp_room_{number}",
                    synopsis="Ida finds what she was not meant to find, and hides it. " * 2,
                    characters=people,
                    beats=beats,
                    seconds=15,
                )
                for number in range(1, 5)
            ),
        )
        for act in range(1, 4)
    )
    sections = [f"## {act.id}: {act.title}\n\n{'They pull the rope, slowly. ' * 36}" for act in acts]
    scene = "INT. LIGHTHOUSE - LAMP ROOM 1 - NIGHT\n\n" + "Ida pulls the rope.\n\nIDA\n(low)\nNot yet, Noah.\n\n" * 4
    return story_of(
        **{
            "metadata": metadata,
            "given_outline": Outline(title="The Last Ferry", logline="Who wants what, and what stands in the way.", acts=acts),
            "given_treatment": "\n\n".join(["# The Last Ferry", *sections]),
            "scenes": {one.id: Source(name=one.id, text=scene) for act in acts for one in act.scenes},
            **facts,
        }
    )


@pytest.mark.parametrize(
    ("stage", "missing"),
    [
        pytest.param(TreatmentStage, {"given_outline": None, "given_treatment": None, "scenes": {}}, id="treatment"),
        pytest.param(BibleStage, {"given_outline": None, "given_treatment": None, "scenes": {}}, id="bible"),
        pytest.param(ScreenplayStage, {"given_outline": None, "given_treatment": None, "scenes": {}}, id="screenplay"),
        pytest.param(ScreenplayStage, {"given_treatment": None, "scenes": {}}, id="screenplay after the outline"),
        pytest.param(ShotlistStage, {"given_outline": None, "given_treatment": None, "scenes": {}}, id="shotlist"),
        pytest.param(ShotlistStage, {"scenes": {}}, id="shotlist after the treatment"),
    ],
)
def test_a_guess_is_not_less_than_what_the_film_costs_at_most(
    desk_of: Callable[..., Any], story_of: Callable[..., Story], stage: Callable[..., Any], missing: dict[str, Any]
) -> None:
    writer = stage(desk_of(lambda request: "")[0])
    written = film(story_of)
    job = Job(due=frozenset(writer.parts(written)))
    guess, known = writer.forecast(film(story_of, **missing), Job()), writer.forecast(written, job)
    assert (guess.is_guess, known.is_guess) == (True, False)
    assert guess.num_calls >= known.num_calls > 0
    assert known.input_tokens <= guess.input_tokens <= 3 * known.input_tokens
    assert guess.output_tokens >= known.output_tokens
    assert guess.usd >= known.usd


@pytest.mark.parametrize("tokens", [outline_tokens, treatment_tokens], ids=["outline", "treatment"])
def test_a_longer_film_has_a_longer_story(tokens: Callable[[Metadata], int]) -> None:
    short, usual, feature = (tokens(Metadata(title="Film", length_s=length_s)) for length_s in (60, None, 6000))
    assert 0 < short < usual < feature
