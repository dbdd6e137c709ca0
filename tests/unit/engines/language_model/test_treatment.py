"""Treatments to choose from."""

import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from vtx_dagster.core.bible import Bible, Character, Characters, Location, Locations
from vtx_dagster.core.capsules import Capsules, VisualCapsule, WritingCapsule
from vtx_dagster.core.errors import BudgetError, CredentialsError, NotFoundError, UnfinishedStageError
from vtx_dagster.core.metadata import Metadata, StoryOptions
from vtx_dagster.core.outline import Beat, Outline, OutlineAct, OutlineScene
from vtx_dagster.core.planner import Forecast
from vtx_dagster.core.story import Draft, Job, Story
from vtx_dagster.engines.language_model.client import ModelRequest
from vtx_dagster.engines.language_model.prompt import TEMPLATES_DIR
from vtx_dagster.engines.language_model.treatment import TreatmentStage, treatment_section

Desk = Callable[..., tuple[Any, Any]]
Stories = Callable[..., Story]

PATIENCE_S = 20.0
METADATA = Metadata(title="Film", length_s=90)
OUTLINE = Outline(
    title="The Last Ferry",
    logline="A ferrywoman must choose.",
    acts=(
        OutlineAct(
            id="A01",
            title="The offer",
            synopsis="Ida is offered a job.",
            scenes=(
                OutlineScene(
                    id="A01_S01",
                    heading="INT. WHEELHOUSE - NIGHT",
                    synopsis="A letter comes.",
                    characters=("ida", "ticket_seller"),
                    beats=(Beat(text="Ida opens the letter."),),
                    seconds=30,
                ),
                OutlineScene(id="A01_S02", heading="EXT. PIER - NIGHT"),
            ),
        ),
        OutlineAct(id="A03"),
    ),
)
ACTS = [{"act": "A03", "prose": "The bell rings.\n"}, {"act": "A01", "prose": "\nIda waits.\n\nRain."}]
MARKDOWN = """\
# The Last Ferry

*A ferrywoman must choose.*

## A01: The offer

Ida waits.

Rain.

## A03

The bell rings.
"""


def good(request: ModelRequest) -> object:
    return {"acts": ACTS}


def variant(request: ModelRequest) -> str:
    return request.messages[1].text.partition("This is treatment ")[2][:1]


def due(*parts: str) -> Job:
    return Job(due=frozenset(parts))


@pytest.fixture
def story(story_of: Stories) -> Story:
    return story_of(metadata=METADATA, given_outline=OUTLINE)


def written(desk: Any, story: Story, job: Job) -> list[Draft[str]]:
    return list(TreatmentStage(desk).write(story, job))


def test_a_treatment_is_markdown_with_a_section_for_every_act(desk_of: Desk, story: Story) -> None:
    desk, model = desk_of(good)
    (draft,) = written(desk, story, due("2"))
    assert draft.part == "2"
    assert draft.value == MARKDOWN
    assert draft.provenance.basis == TreatmentStage(desk).parts(story)["2"]
    assert (draft.provenance.writer, draft.provenance.template) == ("saying-1", "treatment 1")
    assert (len(draft.provenance.calls), draft.provenance.remarks) == (1, ())
    assert [variant(request) for request in model.requests] == ["2"]


def test_a_film_without_a_logline_has_none(desk_of: Desk, story_of: Stories) -> None:
    desk, _ = desk_of(good)
    story = story_of(given_outline=OUTLINE.model_copy(update={"logline": ""}))
    (draft,) = written(desk, story, due("1"))
    assert draft.value.startswith("# The Last Ferry\n\n## A01: The offer\n")


def test_every_variant_that_is_due_is_written_in_its_own_approach(desk_of: Desk, story: Story) -> None:
    desk, model = desk_of(good)
    assert sorted(draft.part for draft in written(desk, story, due("1", "2", "3", "4"))) == ["1", "2", "3"]
    approaches = {request.messages[1].text.partition("\n> ")[2].partition("\n")[0] for request in model.requests}
    assert len(approaches) == 3
    assert "" not in approaches


def test_all_nine_approaches_differ(desk_of: Desk, story_of: Stories) -> None:
    desk, _ = desk_of(good)
    metadata = Metadata(title="Film", story=StoryOptions(treatments=9))
    parts = tuple(str(number) for number in range(1, 10))
    prompts = TreatmentStage(desk).prompts(story_of(metadata=metadata, given_outline=OUTLINE), due(*parts))
    assert [part for part, _ in prompts] == list(parts)
    assert len({prompt.messages[1].text.partition("\n> ")[2].partition("\n")[0] for _, prompt in prompts}) == 9


def test_a_single_treatment_has_no_others(desk_of: Desk, story_of: Stories) -> None:
    desk, _ = desk_of(good)
    metadata = Metadata(title="Film", story=StoryOptions(treatments=1))
    ((_, prompt),) = TreatmentStage(desk).prompts(story_of(metadata=metadata, given_outline=OUTLINE), due("1"))
    assert "This is the only treatment." in prompt.messages[1].text


def test_the_prompt_shows_scenes_and_no_beats(desk_of: Desk, story_of: Stories) -> None:
    desk, _ = desk_of(good)
    bible = Bible(
        characters=Characters(characters={"ida": Character(name="Ida Brandt")}),
        locations=Locations(locations={"pier": Location(name="Old Pier")}),
    )
    story = story_of(metadata=METADATA, given_outline=OUTLINE, bible=bible)
    ((_, prompt),) = TreatmentStage(desk).prompts(story, due("1"))
    text = prompt.messages[1].text
    assert "A01: The offer (30 seconds)\nIda is offered a job.\n\n- INT. WHEELHOUSE - NIGHT: A letter comes." in text
    assert "\n\n- EXT. PIER - NIGHT\n\nA03\n" in text
    assert "Ida opens the letter" not in text
    assert "- Ida Brandt\n- Ticket Seller\n" in text
    assert "- Old Pier" in text
    assert "Length: 90 seconds" in text
    assert "Write the prose of every act: A01, A03. Paragraphs" in text
    assert prompt.schema["properties"]["acts"]["items"]["properties"]["act"]["enum"] == ["A01", "A03"]


@pytest.mark.parametrize(
    ("length_s", "told"),
    [
        pytest.param(None, "", id="no length"),
        pytest.param(20.0, "About 150 words", id="short"),
        pytest.param(300.0, "About 900 words", id="usual"),
        pytest.param(7200.0, "About 5000 words", id="feature"),
    ],
)
def test_a_longer_film_has_a_longer_treatment(desk_of: Desk, story_of: Stories, length_s: float | None, told: str) -> None:
    desk, _ = desk_of(good)
    story = story_of(metadata=Metadata(title="Film", length_s=length_s), given_outline=OUTLINE)
    ((_, prompt),) = TreatmentStage(desk).prompts(story, due("1"))
    text = prompt.messages[1].text
    assert told in text
    assert ("words for the whole film" in text) == bool(told)


@pytest.mark.parametrize(
    ("acts", "problem"),
    [
        pytest.param(ACTS[:1], "1. act A01 is missing", id="missing"),
        pytest.param([*ACTS, ACTS[0]], "1. act A03 is there more than once", id="twice"),
        pytest.param([*ACTS, {"act": "A02", "prose": "x"}], "1. there is no act A02; the acts are A01, A03", id="unknown"),
        pytest.param([ACTS[0], {"act": "A01", "prose": " "}], "1. act A01 has no prose", id="empty"),
        pytest.param(
            [ACTS[0], {"act": "A01", "prose": "x\n\n## More\n\ny"}], "1. act A01: write prose without headings", id="headings"
        ),
    ],
)
def test_what_is_wrong_is_told_to_the_model(desk_of: Desk, story: Story, acts: list[Any], problem: str) -> None:
    answers = [{"acts": acts}, {"acts": ACTS}]
    desk, model = desk_of(lambda request: answers.pop(0))
    (draft,) = written(desk, story, due("1"))
    assert draft.value == MARKDOWN
    assert problem in model.requests[1].messages[-1].text
    assert draft.provenance.remarks == (f"repair 1: {problem[3:]}",)


def test_treatments_are_written_at_the_same_time_and_come_as_they_finish(desk_of: Desk, story: Story) -> None:
    second_is_there = threading.Event()

    def answer(request: ModelRequest) -> object:
        if variant(request) == "1":
            assert second_is_there.wait(PATIENCE_S)
        return {"acts": ACTS}

    desk, _ = desk_of(answer, concurrency=2)
    parts = []
    for draft in TreatmentStage(desk).write(story, due("1", "2")):
        parts.append(draft.part)
        second_is_there.set()
    assert parts == ["2", "1"]


def test_one_failure_does_not_lose_the_others(desk_of: Desk, story: Story) -> None:
    desk, _ = desk_of(lambda request: {"acts": [] if variant(request) == "2" else ACTS})
    parts: list[str] = []
    with pytest.raises(UnfinishedStageError, match=r"treatment: 1 of 3 parts failed: 2: treatment 2: .* run it again") as caught:
        parts.extend(draft.part for draft in TreatmentStage(desk).write(story, due("1", "2", "3")))
    assert sorted(parts) == ["1", "3"]
    assert list(caught.value.details["parts"]) == ["2"]  # type: ignore[arg-type]  # a mapping, as JSON
    again, model = desk_of(good)
    assert [draft.part for draft in TreatmentStage(again).write(story, due("1", "2", "3"))]
    assert [variant(request) for request in model.requests] == ["2"]


def test_a_wrong_key_stops_all(desk_of: Desk, story: Story) -> None:
    def answer(request: ModelRequest) -> object:
        raise CredentialsError("the key was not accepted")

    desk, model = desk_of(answer, concurrency=1)
    with pytest.raises(CredentialsError, match="the key was not accepted"):
        written(desk, story, due("1", "2", "3"))
    assert len(model.requests) == 1


def test_a_budget_below_the_forecast_sends_nothing(desk_of: Desk, story: Story) -> None:
    job = due("1", "2", "3")
    forecast = TreatmentStage(desk_of(good)[0]).forecast(story, job)
    assert (forecast.num_calls, forecast.is_guess) == (3, False)
    assert forecast.usd is not None
    desk, model = desk_of(good, budget_usd=str(forecast.usd - Decimal("0.000001")))
    with pytest.raises(BudgetError):
        TreatmentStage(desk).write(story, job)  # before the first draft is asked for
    assert model.requests == []
    desk, model = desk_of(good, budget_usd=str(forecast.usd))
    assert len(written(desk, story, job)) == 3


def test_what_is_answered_costs_nothing_more(desk_of: Desk, story: Story) -> None:
    desk, _ = desk_of(good)
    written(desk, story, due("1"))
    stage = TreatmentStage(desk)
    assert stage.forecast(story, due("1")) == Forecast()
    assert stage.forecast(story, due("1", "2")).num_calls == 1


def test_without_an_outline_the_forecast_is_a_guess_for_all(desk_of: Desk, story_of: Stories) -> None:
    desk, model = desk_of(good)
    stage = TreatmentStage(desk)
    short, feature = (
        stage.forecast(story_of(metadata=Metadata(title="Film", length_s=length_s)), Job()) for length_s in (60, 6000)
    )
    assert (short.num_calls, short.is_guess) == (3, True)
    assert feature.input_tokens > short.input_tokens
    assert stage.prompts(story_of(), due("1")) == []
    assert model.requests == []


def test_without_an_outline_nothing_is_written(desk_of: Desk, story_of: Stories) -> None:
    desk, _ = desk_of(good)
    with pytest.raises(NotFoundError, match="01_outline"):
        TreatmentStage(desk).write(story_of(), due("1"))


def changed_act(**changes: object) -> Outline:
    return OUTLINE.model_copy(update={"acts": (OUTLINE.acts[0].model_copy(update=changes), OUTLINE.acts[1])})


@pytest.mark.parametrize(
    ("changes", "aspects"),
    [
        pytest.param({"given_outline": OUTLINE.model_copy(update={"logline": "Other."})}, {"story"}, id="logline"),
        pytest.param({"given_outline": OUTLINE.model_copy(update={"title": "Other"})}, {"story"}, id="title"),
        pytest.param({"given_outline": changed_act(synopsis="Other.")}, {"acts"}, id="synopsis of an act"),
        pytest.param({"given_outline": changed_act(title="Other")}, {"acts"}, id="title of an act"),
        pytest.param({"given_outline": changed_act(scenes=())}, set(), id="scenes"),
        pytest.param({"capsules": Capsules(writing={"terse": WritingCapsule(title="Terse")})}, {"style"}, id="writing"),
        pytest.param({"capsules": Capsules(visual={"noir": VisualCapsule(title="Noir")})}, {"style"}, id="look"),
        pytest.param({"metadata": Metadata(title="Other", length_s=60)}, set(), id="metadata"),
    ],
)
def test_what_decides_a_treatment(desk_of: Desk, story_of: Stories, changes: dict[str, Any], aspects: set[str]) -> None:
    desk, _ = desk_of(good)
    stage = TreatmentStage(desk)
    given = {"metadata": METADATA, "given_outline": OUTLINE}
    before, after = stage.parts(story_of(**given)), stage.parts(story_of(**given | changes))
    assert list(after) == ["1", "2", "3"]
    for part, basis in after.items():
        assert {aspect for aspect in basis if basis[aspect] != before[part].get(aspect)} == aspects


def test_an_own_template_decides(desk_of: Desk, story: Story, tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    assert "template" not in TreatmentStage(desk_of(good)[0]).parts(story)["1"]
    text = (TEMPLATES_DIR / "treatment.md").read_text(encoding="utf-8")
    (folder / "treatment.md").write_text(text.replace("# user\n", "# user\n\nBe brief.\n"), encoding="utf-8")
    desk, _ = desk_of(good)
    assert TreatmentStage(desk).parts(story)["1"]["template"] == desk.library.override_hash("treatment")
    (draft,) = written(desk, story, due("1"))
    assert draft.provenance.template == "treatment (project)"


def test_capsules_are_shown_and_noted(desk_of: Desk, story_of: Stories) -> None:
    desk, model = desk_of(good)
    capsules = Capsules(
        writing={"terse": WritingCapsule(title="Terse", descriptors=("sentences under ten words",))},
        visual={"noir": VisualCapsule(title="Noir", descriptors=("hard shadows",))},
    )
    (draft,) = written(desk, story_of(given_outline=OUTLINE, capsules=capsules), due("1"))
    assert draft.provenance.capsules == ("writing/terse", "visual/noir")
    system = model.requests[0].messages[0].text
    assert system.index("sentences under ten words") < system.index("hard shadows")


def test_what_was_cut_is_noted(desk_of: Desk, story_of: Stories) -> None:
    long = changed_act(scenes=tuple(OUTLINE.acts[0].scenes[:1]) * 400)
    desk, _ = desk_of(good, context_tokens=3000)
    (draft,) = written(desk, story_of(given_outline=long), due("1"))
    assert any(remark.startswith("outline: ") for remark in draft.provenance.remarks)


@pytest.mark.parametrize(
    ("text", "act_id", "section"),
    [
        pytest.param(MARKDOWN, "A01", "Ida waits.\n\nRain.", id="between"),
        pytest.param(MARKDOWN, "A03", "The bell rings.", id="last"),
        pytest.param(MARKDOWN, "A02", None, id="none"),
        pytest.param(
            "## A01 by hand\n\n### Part\n\nIda.\n# End\n", "A01", "### Part\n\nIda.", id="by hand, with smaller headings"
        ),
        pytest.param("## A01\n\n## A02\n\nx\n", "A01", None, id="empty"),
        pytest.param("## A010\n\nx\n", "A01", None, id="another act"),
        pytest.param("## The offer\n\nx\n", "A01", None, id="no ids"),
    ],
)
def test_the_section_of_an_act(text: str, act_id: str, section: str | None) -> None:
    assert treatment_section(text, act_id) == section
