"""What a model proposes for the bible."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from vtx_dagster.core.bible import (
    Bible,
    Character,
    Characters,
    Figure,
    Location,
    Locations,
    Palette,
    StyleBible,
)
from vtx_dagster.core.capsules import Capsules, VisualCapsule, WritingCapsule
from vtx_dagster.core.errors import BudgetError, InvalidAnswerError, NotFoundError
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.outline import Beat, Outline, OutlineAct, OutlineScene
from vtx_dagster.core.planner import Forecast
from vtx_dagster.core.story import Job, Story
from vtx_dagster.engines.language_model.bible import BibleStage
from vtx_dagster.engines.language_model.prompt import TEMPLATES_DIR

Desk = Callable[..., tuple[Any, Any]]
Stories = Callable[..., Story]

ALL = Job(due=frozenset({""}))
OUTLINE = Outline(
    title="The Last Ferry",
    logline="A ferrywoman must choose.",
    acts=(
        OutlineAct(
            id="A01",
            scenes=(
                OutlineScene(
                    id="A01_S01",
                    heading="INT. OLD FERRY - WHEELHOUSE - NIGHT",
                    synopsis="A letter comes.",
                    location="wheelhouse",
                    characters=("ida", "dr_santos"),
                    beats=(Beat(text="Ida opens the letter."),),
                ),
                OutlineScene(id="A01_S02", heading="EXT. PIER - NIGHT", location="pier", characters=("ida",)),
            ),
        ),
        OutlineAct(id="A02", scenes=(OutlineScene(id="A02_S01", heading="EXT. SOMEWHERE - NIGHT"),)),
    ),
)
TREATMENT = "# The Last Ferry\n\n## A01\n\nIda waits in the rain.\n"
NOBODY = Outline(title="Film", acts=(OutlineAct(id="A01", scenes=(OutlineScene(id="A01_S01", heading="EXT. SEA - DAY"),)),))


def character(key: str, **changes: object) -> dict[str, Any]:
    return {
        "character": key,
        "name": key.capitalize(),
        "aliases": [],
        "age": 66,
        "descriptor": f"short and\nupright {key}",
        "wardrobe": "yellow oilskin coat",
        "voice": "low, dry",
        "build": "slight",
        "hair": "bun",
        "hair_colour": "#b9b4ad",
        "skin": "#e0ac80",
        "wardrobe_colour": "#d4a017",
    } | changes


def location(key: str, **changes: object) -> dict[str, Any]:
    return {
        "location": key,
        "name": key.capitalize(),
        "aliases": [],
        "interior": False,
        "descriptor": f"a narrow {key}",
        "set": "boat",
    } | changes


def answer(
    characters: list[dict[str, Any]] | None = None,
    locations: list[dict[str, Any]] | None = None,
    *,
    prefix: str = "35mm film,\nsoft grain",
    negative: str = "watermark",
) -> dict[str, Any]:
    return {
        "characters": [character("ida"), character("dr_santos", name="Dr. Santos", age=None)]
        if characters is None
        else characters,
        "locations": [location("wheelhouse"), location("pier")] if locations is None else locations,
        "style_prefix": prefix,
        "style_negative": negative,
    }


def bible(characters: dict[str, Character] | None = None, locations: dict[str, Location] | None = None, **style: str) -> Bible:
    return Bible(
        style=StyleBible(**style),  # type: ignore[arg-type]  # the texts of a style bible
        characters=Characters(characters=characters or {}),
        locations=Locations(locations=locations or {}),
    )


@pytest.fixture
def story(story_of: Stories) -> Story:
    return story_of(given_outline=OUTLINE, given_treatment=TREATMENT)


def text_of(stage: BibleStage, story: Story) -> str:
    ((_, prompt),) = stage.prompts(story, ALL)
    return prompt.messages[1].text


def test_an_empty_bible_gets_all_that_the_outline_uses(desk_of: Desk, story: Story) -> None:
    desk, model = desk_of(lambda request: answer())
    draft = BibleStage(desk).write(story, ALL)
    assert draft.part == ""
    assert list(draft.value.characters) == ["ida", "dr_santos"]
    assert draft.value.characters["ida"] == Character.model_validate(
        {
            "name": "Ida",
            "age": 66,
            "descriptor": "short and upright ida",
            "wardrobe": "yellow oilskin coat",
            "voice": "low, dry",
            "figure": {"build": "slight", "hair": "bun", "hair_colour": "#b9b4ad", "skin": "#e0ac80", "wardrobe": "#d4a017"},
        }
    )
    assert draft.value.characters["dr_santos"].name == "Dr. Santos"
    assert draft.value.characters["dr_santos"].age is None
    assert draft.value.locations["pier"] == Location.model_validate(
        {"name": "Pier", "interior": False, "descriptor": "a narrow pier", "set": "boat"}
    )
    assert (draft.value.style_prefix, draft.value.style_negative) == ("35mm film, soft grain", "watermark")
    assert len(model.requests) == 1


def test_what_was_asked_is_noted(desk_of: Desk, story: Story) -> None:
    desk, _ = desk_of(lambda request: answer())
    stage = BibleStage(desk)
    provenance = stage.write(story, ALL).provenance
    assert provenance.basis == stage.parts(story)[""]
    assert (provenance.writer, provenance.template) == ("saying-1", "bible 1")
    assert (len(provenance.calls), provenance.remarks) == (1, ())


def test_the_prompt_shows_the_story_and_asks_for_what_is_missing(desk_of: Desk, story_of: Stories) -> None:
    desk, _ = desk_of(lambda request: answer())
    known = bible(
        {
            "ida": Character(
                name="Ida",
                aliases=("The Ferrywoman",),
                age=66,
                descriptor="short and upright",
                figure=Figure.model_validate({"hair": "bun", "wardrobe": "#d4a017"}),
            ),
            "dr_santos": Character(name="Dr Santos", stub=True),
        },
        {"pier": Location(name="Pier", aliases=("Landing",), descriptor="old piles")},
        prefix="35mm film",
    )
    stage = BibleStage(desk)
    story = story_of(given_outline=OUTLINE, given_treatment=TREATMENT, bible=known)
    text = text_of(stage, story)
    assert "- style prefix: 35mm film\n" in text
    assert (
        "- character `ida`: Ida; also The Ferrywoman; age 66; descriptor short and upright; hair bun; wardrobe_colour #d4a017"
        in text
    )
    assert "- character `dr_santos`: Dr Santos\n" in text
    assert "- place `pier`: Pier; also Landing; descriptor old piles" in text
    assert (
        "INT. OLD FERRY - WHEELHOUSE - NIGHT [wheelhouse] [ida, dr_santos]\nA letter comes.\n\nEXT. PIER - NIGHT [pier] [ida]"
        in text
    )
    assert "Ida waits in the rain." in text
    assert "for each of these characters: dr_santos." in text
    assert "for each of these places: wheelhouse." in text
    assert "Write `style_prefix` and `style_negative`." in text
    ((_, prompt),) = stage.prompts(story, ALL)
    properties = prompt.schema["properties"]
    assert properties["characters"]["items"]["properties"]["character"]["enum"] == ["ida", "dr_santos"]
    assert properties["locations"]["items"]["properties"]["location"]["enum"] == ["wheelhouse", "pier"]


def test_a_full_bible_is_asked_for_changes_only(desk_of: Desk, story_of: Stories) -> None:
    desk, _ = desk_of(lambda request: answer([], []))
    known = bible(
        {"ida": Character(name="Ida"), "dr_santos": Character(name="Dr Santos")},
        {"pier": Location(name="Pier"), "wheelhouse": Location(name="Wheelhouse")},
        prefix="35mm film",
        negative="watermark",
    )
    story = story_of(given_outline=OUTLINE, given_treatment=TREATMENT, bible=known)
    text = text_of(BibleStage(desk), story)
    assert "All characters and places of the story have entries." in text
    assert "The style is fixed" in text
    draft = BibleStage(desk).write(story, ALL)
    assert (draft.value.characters, draft.value.locations) == ({}, {})
    assert (draft.value.style_prefix, draft.value.style_negative) == ("", "")


def test_only_what_the_style_bible_lacks_is_proposed(desk_of: Desk, story_of: Stories) -> None:
    desk, _ = desk_of(lambda request: answer())
    story = story_of(given_outline=OUTLINE, given_treatment=TREATMENT, bible=bible(negative="subtitles"))
    proposal = BibleStage(desk).write(story, ALL).value
    assert (proposal.style_prefix, proposal.style_negative) == ("35mm film, soft grain", "")


def test_an_entry_that_says_the_same_is_no_proposal_and_another_is_one(desk_of: Desk, story_of: Stories) -> None:
    pier = Location.model_validate({"name": "Pier", "interior": False, "descriptor": "a narrow pier", "set": "boat"})
    known = bible(
        {"ida": Character(name="Ida", descriptor="tall")},
        {"pier": pier, "wheelhouse": Location(name="Wheelhouse", palette=Palette(sky="#101010"))},
    )
    desk, _ = desk_of(lambda request: answer())
    story = story_of(given_outline=OUTLINE, given_treatment=TREATMENT, bible=known)
    proposal = BibleStage(desk).write(story, ALL).value
    assert list(proposal.characters) == ["ida", "dr_santos"]
    assert proposal.characters["ida"].descriptor == "short and upright ida"
    assert list(proposal.locations) == ["wheelhouse"]
    assert proposal.locations["wheelhouse"].palette == Palette(sky="#101010")


def test_what_stays_missing_becomes_a_stub(desk_of: Desk, story: Story) -> None:
    desk, model = desk_of(lambda request: answer([character("ida")], [location("pier")]))
    draft = BibleStage(desk).write(story, ALL)
    assert draft.value.characters["dr_santos"] == Character(name="Dr Santos", stub=True)
    assert draft.value.locations["wheelhouse"] == Location(name="Old Ferry - Wheelhouse", interior=True, stub=True)
    assert len(model.requests) == 3
    assert "1. character dr_santos has no entry\n2. location wheelhouse has no entry" in model.requests[1].messages[-1].text
    assert draft.provenance.remarks[-2:] == (
        "character dr_santos: a stub, because the answer has no entry",
        "location wheelhouse: a stub, because the answer has no entry",
    )


def test_a_stub_that_is_there_is_not_proposed_again(desk_of: Desk, story_of: Stories) -> None:
    known = bible({"dr_santos": Character(name="Doc", stub=True)}, {"pier": Location(name="The Pier", stub=True)})
    desk, model = desk_of(lambda request: answer([character("ida")], [location("wheelhouse")]))
    draft = BibleStage(desk).write(story_of(given_outline=OUTLINE, given_treatment=TREATMENT, bible=known), ALL)
    assert list(draft.value.characters) == ["ida"]
    assert list(draft.value.locations) == ["wheelhouse"]
    assert len(model.requests) == 3


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        pytest.param(answer([character("ida"), character("ida")]), "character ida has 2 entries; write one", id="twice"),
        pytest.param(answer([character("noah")]), "there is no character noah; there are ida, dr_santos", id="unknown character"),
        pytest.param(answer(None, [location("sea")]), "there is no location sea; there are wheelhouse, pier", id="unknown place"),
        pytest.param(answer([character("ida", name="-")]), "character ida: its name '-' is not a name", id="no name"),
        pytest.param(
            answer(None, [location("pier", descriptor=" ")]), "location pier: its descriptor is empty", id="no descriptor"
        ),
        pytest.param(
            answer([character("ida", descriptor="x" * 401)]),
            "character ida: its descriptor has 401 letters; write at most 400",
            id="long descriptor",
        ),
        pytest.param(answer([character("ida", age=1000)]), "age", id="age"),
        pytest.param(answer([character("ida", skin="brown")]), "skin", id="colour"),
    ],
)
def test_what_is_wrong_is_told_to_the_model(desk_of: Desk, story: Story, wrong: dict[str, Any], problem: str) -> None:
    answers = [wrong, answer()]
    desk, model = desk_of(lambda request: answers.pop(0))
    assert list(BibleStage(desk).write(story, ALL).value.characters) == ["ida", "dr_santos"]
    assert problem in model.requests[1].messages[-1].text


def test_an_answer_that_stays_wrong_is_an_error(desk_of: Desk, story_of: Stories) -> None:
    desk, _ = desk_of(lambda request: answer([character("ida")], []))
    with pytest.raises(InvalidAnswerError, match="there is no character ida; there are none"):
        BibleStage(desk).write(story_of(given_outline=NOBODY, given_treatment=TREATMENT), ALL)


@pytest.mark.parametrize(
    ("aliases", "kept"),
    [
        pytest.param(["The Ferrywoman", "Captain"], ("The Ferrywoman", "Captain"), id="own"),
        pytest.param(["Dr. Santos", "Noah", "dr santos"], (), id="of others"),
        pytest.param(["IDA", "", "?"], (), id="no others"),
        pytest.param(["Captain", "CAPTAIN"], ("CAPTAIN",), id="twice"),
    ],
)
def test_aliases_are_names_of_nobody_else(desk_of: Desk, story_of: Stories, aliases: list[str], kept: tuple[str, ...]) -> None:
    people = [character("ida", aliases=aliases), character("dr_santos", name="Dr. Santos")]
    desk, _ = desk_of(lambda request: answer(people))
    story = story_of(given_outline=OUTLINE, given_treatment=TREATMENT, bible=bible({"engineer": Character(name="Noah")}))
    assert BibleStage(desk).write(story, ALL).value.characters["ida"].aliases == kept


def test_nothing_is_asked_where_nothing_is_due(desk_of: Desk, story: Story) -> None:
    stage = BibleStage(desk_of(lambda request: answer())[0])
    assert stage.prompts(story, Job()) == []
    assert stage.forecast(story, Job()) == Forecast()


@pytest.mark.parametrize(
    "given", [{}, {"given_outline": OUTLINE}, {"given_treatment": TREATMENT}], ids=["neither", "no treatment", "no outline"]
)
def test_without_its_sources_the_forecast_is_a_guess(desk_of: Desk, story_of: Stories, given: dict[str, Any]) -> None:
    desk, model = desk_of(lambda request: answer())
    stage = BibleStage(desk)
    short, feature = (
        stage.forecast(story_of(metadata=Metadata(title="Film", length_s=length_s), **given), Job()) for length_s in (60, 6000)
    )
    assert (short.num_calls, short.is_guess) == (1, True)
    assert feature.input_tokens > short.input_tokens
    assert stage.prompts(story_of(**given), ALL) == []
    with pytest.raises(NotFoundError):
        stage.write(story_of(**given), ALL)
    assert model.requests == []


def test_a_budget_below_the_forecast_sends_nothing(desk_of: Desk, story: Story) -> None:
    forecast = BibleStage(desk_of(lambda request: answer())[0]).forecast(story, ALL)
    assert (forecast.num_calls, forecast.is_guess) == (1, False)
    assert forecast.usd is not None
    desk, model = desk_of(lambda request: answer(), budget_usd=str(forecast.usd - Decimal("0.000001")))
    with pytest.raises(BudgetError):
        BibleStage(desk).write(story, ALL)
    assert model.requests == []


def with_scene(**changes: object) -> Outline:
    first, second = OUTLINE.acts[0].scenes
    act = OUTLINE.acts[0].model_copy(update={"scenes": (first.model_copy(update=changes), second)})
    return OUTLINE.model_copy(update={"acts": (act, *OUTLINE.acts[1:])})


@pytest.mark.parametrize(
    ("changes", "aspects"),
    [
        pytest.param({"given_outline": with_scene(characters=("ida", "noah"))}, {"names"}, id="characters"),
        pytest.param({"given_outline": with_scene(location="bridge")}, {"names"}, id="location"),
        pytest.param({"given_outline": with_scene(synopsis="Other.", beats=())}, set(), id="what happens"),
        pytest.param({"given_treatment": "Other."}, {"treatment"}, id="treatment"),
        pytest.param({"capsules": Capsules(visual={"noir": VisualCapsule(title="Noir")})}, {"style"}, id="look"),
        pytest.param({"capsules": Capsules(writing={"terse": WritingCapsule(title="Terse")})}, set(), id="writing"),
        pytest.param({"bible": bible({"ida": Character(name="Ida")})}, set(), id="the bible itself"),
    ],
)
def test_what_decides_a_proposal(desk_of: Desk, story_of: Stories, changes: dict[str, Any], aspects: set[str]) -> None:
    stage = BibleStage(desk_of(lambda request: answer())[0])
    given = {"given_outline": OUTLINE, "given_treatment": TREATMENT}
    before, after = stage.parts(story_of(**given))[""], stage.parts(story_of(**given | changes))[""]
    assert {aspect for aspect in after if after[aspect] != before.get(aspect)} == aspects


def test_an_own_template_decides(desk_of: Desk, story: Story, tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    assert "template" not in BibleStage(desk_of(lambda request: answer())[0]).parts(story)[""]
    text = (TEMPLATES_DIR / "bible.md").read_text(encoding="utf-8")
    (folder / "bible.md").write_text(text.replace("# user\n", "# user\n\nBe brief.\n"), encoding="utf-8")
    desk, _ = desk_of(lambda request: answer())
    stage = BibleStage(desk)
    assert stage.parts(story)[""]["template"] == desk.library.override_hash("bible")
    assert stage.write(story, ALL).provenance.template == "bible (project)"


def test_looks_are_shown_and_noted(desk_of: Desk, story_of: Stories) -> None:
    desk, model = desk_of(lambda request: answer())
    capsules = Capsules(
        writing={"terse": WritingCapsule(title="Terse", descriptors=("sentences under ten words",))},
        visual={"noir": VisualCapsule(title="Noir", descriptors=("hard shadows",))},
    )
    draft = BibleStage(desk).write(story_of(given_outline=OUTLINE, given_treatment=TREATMENT, capsules=capsules), ALL)
    assert draft.provenance.capsules == ("visual/noir",)
    system = model.requests[0].messages[0].text
    assert "hard shadows" in system
    assert "sentences under ten words" not in system


def test_what_was_cut_is_noted(desk_of: Desk, story_of: Stories) -> None:
    desk, _ = desk_of(lambda request: answer(), context_tokens=4000)
    story = story_of(given_outline=OUTLINE, given_treatment="\n\n".join(["Rain falls on the river."] * 900))
    assert any(remark.startswith("treatment: ") for remark in BibleStage(desk).write(story, ALL).provenance.remarks)
