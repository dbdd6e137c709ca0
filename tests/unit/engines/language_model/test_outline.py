"""The outline, act by act, from a model that says what it is told to."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from vtx_dagster.core.bible import Bible, Character, Characters
from vtx_dagster.core.capsules import Capsules, VisualCapsule, WritingCapsule
from vtx_dagster.core.errors import BudgetError, InvalidAnswerError, InvalidRequestError, NotFoundError
from vtx_dagster.core.ids import FilmId
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.outline import Outline, OutlineAct, OutlineScene
from vtx_dagster.core.planner import Forecast
from vtx_dagster.core.story import Job, Source, Story
from vtx_dagster.engines.language_model.client import ModelRequest
from vtx_dagster.engines.language_model.outline import OutlineStage
from vtx_dagster.engines.language_model.prompt import TEMPLATES_DIR

ALL = Job(due=frozenset({""}))
METADATA = Metadata(title="The Last Ferry", length_s=90)
ACTS = {
    "logline": "A ferrywoman\nmust choose.",
    "acts": [
        {"title": "The offer ", "synopsis": "Ida is offered a job.", "seconds": 50.0},
        {"title": "The crossing", "synopsis": "Ida casts off.", "seconds": 50.0},
    ],
}


def scene(place: str, **changes: object) -> dict[str, Any]:
    return {
        "interior": True,
        "place": place,
        "time_of_day": "night",
        "synopsis": f"Ida waits at the {place}.",
        "characters": ["Ida"],
        "beats": [{"text": f"Ida enters the {place}.", "purpose": "shows her alone"}],
        "seconds": 20.0,
    } | changes


SCENES = [
    {"scenes": [scene("Wheelhouse"), scene("Pier", characters=["Ida", "Ticket Seller"], seconds=21.0)]},
    {"scenes": [scene("River", interior=False, seconds=41.0)]},
]


class Answers:
    """Answers the acts, then the scenes of act after act."""

    def __init__(self, acts: object = ACTS, scenes: list[Any] | None = None) -> None:
        self._acts = acts
        self._scenes = list(SCENES if scenes is None else scenes)

    def __call__(self, request: ModelRequest) -> object:
        return self._acts if request.name == "outline_acts" else self._scenes.pop(0)


Desk = Callable[..., tuple[Any, Any]]
Stories = Callable[..., Story]


@pytest.fixture
def story(story_of: Stories) -> Story:
    return story_of(metadata=METADATA)


def given_outline() -> Outline:
    def outlined(id_text: str, heading: str, **fields: Any) -> OutlineScene:
        return OutlineScene(id=id_text, heading=heading, synopsis=f"At {id_text}.", **fields)

    return Outline(
        title="The Last Ferry",
        logline="A given logline.",
        acts=(
            OutlineAct(
                id="A01",
                title="First",
                scenes=(outlined("A01_S01", "INT. BAR - DAY", characters=("dr_santos",), location="bar", seconds=30),),
            ),
            OutlineAct(
                id="A03", scenes=(outlined("A03_S01", "INT. WHEELHOUSE - NIGHT"), outlined("A03_S02", "EXT. SEA - NIGHT"))
            ),
            OutlineAct(id="A04", synopsis="It ends.", scenes=(outlined("A04_S01", "EXT. BRIDGE - DAWN", seconds=30),)),
        ),
        retired=("A02_S01",),
    )


def user_text(request: ModelRequest) -> str:
    return request.messages[1].text


def test_acts_then_scenes_become_an_outline(desk_of: Desk, story: Story) -> None:
    desk, model = desk_of(Answers())
    draft = OutlineStage(desk).write(story, ALL)
    outline = draft.value
    assert draft.part == ""
    assert (outline.title, outline.logline) == ("The Last Ferry", "A ferrywoman must choose.")
    assert [(act.id, act.title, act.synopsis) for act in outline.acts] == [
        ("A01", "The offer", "Ida is offered a job."),
        ("A02", "The crossing", "Ida casts off."),
    ]
    assert [(one.id, one.heading) for act in outline.acts for one in act.scenes] == [
        ("A01_S10", "INT. WHEELHOUSE - NIGHT"),
        ("A01_S20", "INT. PIER - NIGHT"),
        ("A02_S10", "EXT. RIVER - NIGHT"),
    ]
    assert [request.name for request in model.requests] == ["outline_acts", "outline_scenes", "outline_scenes"]


def test_what_was_asked_is_noted(desk_of: Desk, story: Story) -> None:
    desk, _ = desk_of(Answers())
    stage = OutlineStage(desk)
    provenance = stage.write(story, ALL).provenance
    assert provenance.basis == stage.parts(story)[""]
    assert provenance.writer == "saying-1"
    assert provenance.template == "outline_acts 1, outline_scenes 1"
    assert [call.reused for call in provenance.calls] == [False, False, False]
    assert provenance.remarks == ("outline adds up to 82 s; metadata.yaml asks for 90 s (9 % short)",)


@pytest.mark.parametrize(
    ("length_s", "remarks"),
    [
        pytest.param(None, (), id="no length"),
        pytest.param(82.2, (), id="as wanted"),
        pytest.param(75.0, ("outline adds up to 82 s; metadata.yaml asks for 75 s (9 % over)",), id="over"),
    ],
)
def test_how_far_the_length_is_off_is_told(
    desk_of: Desk, story_of: Stories, length_s: float | None, remarks: tuple[str, ...]
) -> None:
    desk, _ = desk_of(Answers(acts={**ACTS, "acts": [{**act, "seconds": 41.0} for act in ACTS["acts"]]}))
    draft = OutlineStage(desk).write(story_of(metadata=Metadata(title="Film", length_s=length_s)), ALL)
    assert draft.provenance.remarks == remarks


def test_a_second_run_asks_nothing(desk_of: Desk, story: Story) -> None:
    first, _ = desk_of(Answers())
    draft = OutlineStage(first).write(story, ALL)
    desk, model = desk_of(Answers())
    again = OutlineStage(desk).write(story, ALL)
    assert again.value == draft.value
    assert all(call.reused for call in again.provenance.calls)
    assert model.requests == []


def test_every_act_gets_its_share_of_the_wanted_length(desk_of: Desk, story: Story) -> None:
    desk, model = desk_of(Answers())
    OutlineStage(desk).write(story, ALL)
    for request in model.requests[1:]:
        assert "1. The offer (45 seconds): Ida is offered a job.\n2. The crossing (45 seconds)" in user_text(request)


def test_an_act_knows_what_was_before_it(desk_of: Desk, story: Story) -> None:
    desk, model = desk_of(Answers())
    OutlineStage(desk).write(story, ALL)
    first, second = map(user_text, model.requests[1:])
    assert "The scenes before" not in first
    before = "INT. WHEELHOUSE - NIGHT (Ida)\nIda waits at the Wheelhouse.\n\nINT. PIER - NIGHT (Ida, Ticket Seller)"
    assert f"## The scenes before\n\n{before}" in second
    assert "## People\n\n- Ida\n- Ticket Seller" in second
    assert "## Places\n\n- Wheelhouse\n- Pier" in second
    assert "Break down act 2, The crossing," in second


def test_who_was_introduced_in_one_act_is_the_same_in_the_next(desk_of: Desk, story_of: Stories) -> None:
    scenes = [
        {"scenes": [scene("Wheelhouse", characters=["Anna", "Hanna"], seconds=45.0)]},
        {"scenes": [scene("Pier", characters=["Hanna"], seconds=45.0)]},
    ]
    desk, _ = desk_of(Answers(scenes=scenes))
    bible = Bible(characters=Characters(characters={"anna": Character(name="Anna")}))
    draft = OutlineStage(desk).write(story_of(metadata=METADATA, bible=bible), ALL)
    assert [act.scenes[0].characters for act in draft.value.acts] == [("anna", "hanna"), ("hanna",)]


def test_title_and_logline_of_the_metadata_win(desk_of: Desk, story_of: Stories) -> None:
    desk, model = desk_of(Answers())
    metadata = Metadata(title="My title", logline="My logline.")
    outline = OutlineStage(desk).write(story_of(metadata=metadata), ALL).value
    assert (outline.title, outline.logline) == ("My title", "My logline.")
    assert all("Logline: My logline." in user_text(request) for request in model.requests)


def test_ids_of_the_outline_before_are_kept(desk_of: Desk, story_of: Stories, story: Story) -> None:
    desk, _ = desk_of(Answers())
    before = OutlineStage(desk).write(story, ALL).value
    wheelhouse, pier = SCENES[0]["scenes"]
    cellar, attic = (scene(place, seconds=5.0) for place in ("Cellar", "Attic"))
    scenes = [{"scenes": [cellar, wheelhouse, attic, pier]}, SCENES[1]]
    other, _ = desk_of(Answers(scenes=scenes))
    changed = story_of(metadata=METADATA, brief=Source(name="story/00_brief.md", text="Another brief."), given_outline=before)
    outline = OutlineStage(other).write(changed, ALL).value
    assert [(one.id, one.heading) for one in outline.acts[0].scenes] == [
        ("A01_S05", "INT. CELLAR - NIGHT"),
        ("A01_S10", "INT. WHEELHOUSE - NIGHT"),
        ("A01_S15", "INT. ATTIC - NIGHT"),
        ("A01_S20", "INT. PIER - NIGHT"),
    ]
    assert outline.acts[1] == before.acts[1]


def test_only_one_act_is_written_anew(desk_of: Desk, story_of: Stories) -> None:
    before = given_outline()
    desk, model = desk_of(Answers(scenes=[{"scenes": [scene("Wheelhouse"), scene("Cellar", seconds=12.0)]}]))
    story = story_of(metadata=METADATA, given_outline=before)
    draft = OutlineStage(desk).write(story, Job(due=frozenset({""}), only=FilmId.parse("A03")))
    assert (draft.value.acts[0], draft.value.acts[2]) == (before.acts[0], before.acts[2])
    assert [(one.id, one.heading) for one in draft.value.acts[1].scenes] == [
        ("A03_S01", "INT. WHEELHOUSE - NIGHT"),
        ("A03_S10", "INT. CELLAR - NIGHT"),
    ]
    assert draft.value.retired == ("A02_S01", "A03_S02")
    assert draft.provenance.template == "outline_scenes 1"
    assert draft.provenance.remarks == ("outline adds up to 92 s; metadata.yaml asks for 90 s (2 % over)",)
    (request,) = model.requests
    text = user_text(request)
    assert "1. First (30 seconds)\n2. Act 2 (30 seconds)\n3. Act 3 (30 seconds): It ends." in text
    assert "- Dr Santos" in text
    assert "INT. BAR - DAY (Dr Santos)\nAt A01_S01." in text
    assert "## The scene that follows this act\n\nEXT. BRIDGE - DAWN\nAt A04_S01." in text
    assert "Break down act 2, into" in text


def test_an_act_of_unknown_length_has_no_remark_on_it(desk_of: Desk, story_of: Stories) -> None:
    desk, model = desk_of(Answers(scenes=[{"scenes": [scene("Wheelhouse")]}]))
    story = story_of(metadata=Metadata(title="Film"), given_outline=given_outline())
    draft = OutlineStage(desk).write(story, Job(due=frozenset({""}), only=FilmId.parse("A03")))
    assert draft.provenance.remarks == ()
    assert "Give every scene the seconds that its beats take" in user_text(model.requests[0])


def test_scenes_without_a_length_are_not_added_up(desk_of: Desk, story_of: Stories) -> None:
    desk, _ = desk_of(Answers(scenes=[{"scenes": [scene("Cellar", seconds=30.0)]}]))
    story = story_of(metadata=METADATA, given_outline=given_outline())
    draft = OutlineStage(desk).write(story, Job(due=frozenset({""}), only=FilmId.parse("A04")))
    assert draft.provenance.remarks == ()


@pytest.mark.parametrize("use", ["write", "prompts", "forecast"])
def test_an_outline_is_written_act_by_act(desk_of: Desk, story_of: Stories, use: str) -> None:
    desk, model = desk_of(Answers())
    stage, story = OutlineStage(desk), story_of(given_outline=given_outline())
    with pytest.raises(InvalidRequestError, match="A03_S01: an outline is written act by act: name an act \\(A01, A03, A04\\)"):
        getattr(stage, use)(story, Job(due=frozenset({""}), only=FilmId.parse("A03_S01")))
    with pytest.raises(NotFoundError, match=r"act A02 is not in the outline \(did you mean"):
        getattr(stage, use)(story, Job(due=frozenset({""}), only=FilmId.parse("A02")))
    assert model.requests == []


def test_without_an_outline_no_act_can_be_written_anew(desk_of: Desk, story: Story) -> None:
    desk, _ = desk_of(Answers())
    with pytest.raises(NotFoundError, match="01_outline"):
        OutlineStage(desk).prompts(story, Job(due=frozenset({""}), only=FilmId.parse("A01")))


def test_repairs_and_names_are_told_with_their_act(desk_of: Desk, story_of: Stories) -> None:
    scenes = [
        {"scenes": []},
        {"scenes": [scene("Wheelhouse", characters=["Ida Brandd"], seconds=45.0)]},
        {"scenes": [scene("Pier", seconds=10.0)]},
        {"scenes": [scene("Pier", seconds=11.0)]},
        {"scenes": [scene("Pier", seconds=12.0)]},
    ]
    desk, model = desk_of(Answers(scenes=scenes))
    bible = Bible(characters=Characters(characters={"ida": Character(name="Ida Brandt")}))
    draft = OutlineStage(desk).write(story_of(metadata=METADATA, bible=bible), ALL)
    assert draft.provenance.remarks[:2] == (
        "act 1: repair 1: there is no scene",
        "act 1: Ida Brandd was taken for Ida Brandt of the bible",
    )
    assert draft.provenance.remarks[-2].startswith(
        "act 2: left as it is: the scenes add up to 12 s where 45 s are wanted (73 % short)"
    )
    assert draft.provenance.remarks[-1] == "outline adds up to 57 s; metadata.yaml asks for 90 s (37 % short)"
    assert draft.value.acts[1].scenes[0].seconds == 12.0
    assert "1. there is no scene" in model.requests[2].messages[-1].text


def test_an_answer_that_stays_wrong_is_an_error_with_its_act(desk_of: Desk, story: Story) -> None:
    desk, _ = desk_of(Answers(scenes=[SCENES[0], *[{"scenes": []}] * 3]))
    with pytest.raises(InvalidAnswerError, match=r"outline A02: .*there is no scene") as caught:
        OutlineStage(desk).write(story, ALL)
    assert (caught.value.details["stage"], caught.value.details["part"]) == ("outline", "A02")


def test_a_run_after_a_failure_asks_only_what_is_missing(desk_of: Desk, story: Story) -> None:
    desk, _ = desk_of(Answers(scenes=[SCENES[0], *[{"scenes": []}] * 3]))
    with pytest.raises(InvalidAnswerError):
        OutlineStage(desk).write(story, ALL)
    again, model = desk_of(Answers(scenes=SCENES[1:]))
    draft = OutlineStage(again).write(story, ALL)
    assert [len(act.scenes) for act in draft.value.acts] == [2, 1]
    assert [call.reused for call in draft.provenance.calls] == [True, True, False]
    assert "Break down act 2" in user_text(model.requests[0])


def test_what_was_cut_is_told(desk_of: Desk, story_of: Stories) -> None:
    desk, _ = desk_of(Answers(), context_tokens=3000)
    long = story_of(
        metadata=METADATA, brief=Source(name="story/00_brief.md", text="\n\n".join(["Rain falls on the river."] * 900))
    )
    remarks = OutlineStage(desk).write(long, ALL).provenance.remarks
    assert remarks[0].startswith("brief: ")
    assert remarks[1].startswith("act 1: brief: ")
    assert remarks[2].startswith("act 2: brief: ")


def test_the_first_question_is_for_the_acts(desk_of: Desk, story: Story) -> None:
    desk, model = desk_of(Answers())
    ((part, prompt),) = OutlineStage(desk).prompts(story, ALL)
    assert (part, prompt.name) == ("", "outline_acts")
    assert "The seconds of the acts add up to exactly 90" in prompt.messages[1].text
    assert "at most 3 acts" in prompt.messages[1].text
    assert model.requests == []


def test_nothing_is_asked_where_nothing_is_due(desk_of: Desk, story: Story) -> None:
    desk, _ = desk_of(Answers())
    stage = OutlineStage(desk)
    assert stage.prompts(story, Job()) == []
    assert stage.forecast(story, Job()) == Forecast()


def test_the_forecast_counts_as_many_acts_as_there_can_be(desk_of: Desk, story_of: Stories) -> None:
    desk, model = desk_of(Answers())
    stage = OutlineStage(desk)
    short, long = (stage.forecast(story_of(metadata=Metadata(title="Film", length_s=length_s)), ALL) for length_s in (90, 5400))
    assert (short.num_calls, long.num_calls) == (4, 6)
    assert short.is_guess
    assert model.requests == []


def test_the_forecast_is_not_passed_by_what_is_asked(desk_of: Desk, story: Story) -> None:
    desk, model = desk_of(Answers())
    stage = OutlineStage(desk)
    forecast = stage.forecast(story, ALL)
    stage.write(story, ALL)
    assert len(model.requests) <= forecast.num_calls
    assert sum(request.max_output_tokens for request in model.requests) <= forecast.output_tokens


def test_one_act_is_known_exactly(desk_of: Desk, story_of: Stories) -> None:
    desk, _ = desk_of(Answers())
    stage, story = OutlineStage(desk), story_of(metadata=METADATA, given_outline=given_outline())
    job = Job(due=frozenset({""}), only=FilmId.parse("A01"))
    ((_, prompt),) = stage.prompts(story, job)
    forecast = stage.forecast(story, job)
    assert forecast == desk.asker.forecast([prompt])
    assert (forecast.num_calls, forecast.is_guess) == (1, False)


def test_a_budget_below_the_forecast_sends_nothing(desk_of: Desk, story: Story) -> None:
    rich, _ = desk_of(Answers())
    usd = OutlineStage(rich).forecast(story, ALL).usd
    assert usd is not None
    desk, model = desk_of(Answers(), budget_usd=str(usd - Decimal("0.000001")))
    with pytest.raises(BudgetError):
        OutlineStage(desk).write(story, ALL)
    assert model.requests == []
    desk, model = desk_of(Answers(), budget_usd=str(usd))
    OutlineStage(desk).write(story, ALL)
    assert len(model.requests) == 3


@pytest.mark.parametrize(
    ("changes", "aspects"),
    [
        pytest.param({"brief": Source(name="story/00_brief.md", text="Other.")}, {"brief"}, id="brief"),
        pytest.param({"metadata": Metadata(title="Other", length_s=90)}, {"format"}, id="title"),
        pytest.param({"metadata": METADATA.model_copy(update={"length_s": 91})}, {"format"}, id="length"),
        pytest.param({"capsules": Capsules(writing={"terse": WritingCapsule(title="Terse")})}, {"style"}, id="writing"),
        pytest.param({"capsules": Capsules(visual={"noir": VisualCapsule(title="Noir")})}, set(), id="look"),
        pytest.param({"bible": Bible(characters=Characters(characters={"ida": Character(name="Ida")}))}, set(), id="bible"),
        pytest.param({"given_outline": given_outline()}, set(), id="the outline itself"),
    ],
)
def test_what_decides_an_outline(desk_of: Desk, story_of: Stories, changes: dict[str, Any], aspects: set[str]) -> None:
    desk, _ = desk_of(Answers())
    stage = OutlineStage(desk)
    before, after = stage.parts(story_of(metadata=METADATA))[""], stage.parts(story_of(**{"metadata": METADATA} | changes))[""]
    assert {aspect for aspect in after if after[aspect] != before.get(aspect)} == aspects


def test_the_order_of_capsules_decides(desk_of: Desk, story_of: Stories) -> None:
    desk, _ = desk_of(Answers())
    one, two = WritingCapsule(title="One"), WritingCapsule(title="Two")
    stage = OutlineStage(desk)
    first, second = (
        stage.parts(story_of(capsules=Capsules(writing=writing)))[""] for writing in ({"a": one, "b": two}, {"b": two, "a": one})
    )
    assert first["style"] != second["style"]


@pytest.mark.parametrize("name", ["outline_acts", "outline_scenes"])
def test_an_own_template_decides(desk_of: Desk, story: Story, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    plain, _ = desk_of(Answers())
    assert "template" not in OutlineStage(plain).parts(story)[""]
    text = (TEMPLATES_DIR / f"{name}.md").read_text(encoding="utf-8")
    (folder / f"{name}.md").write_text(text.replace("# user\n", "# user\n\nBe brief.\n"), encoding="utf-8")
    desk, model = desk_of(Answers())
    stage = OutlineStage(desk)
    noted = stage.parts(story)[""]["template"]
    assert len(noted) == 64
    (folder / f"{name}.md").write_text((folder / f"{name}.md").read_text(encoding="utf-8").replace("\n", "\r\n"), newline="")
    both = OutlineStage(desk_of(Answers())[0]).parts(story)[""]["template"].split()
    assert both[0] == noted
    assert both[1] not in ("", noted), "earlier versions noted the text as it was stored"
    draft = stage.write(story, ALL)
    assert f"{name} (project)" in draft.provenance.template
    assert "Be brief." in user_text(next(request for request in model.requests if request.name == name))


def test_writing_capsules_are_shown_and_noted(desk_of: Desk, story_of: Stories) -> None:
    desk, model = desk_of(Answers())
    capsules = Capsules(
        writing={"terse": WritingCapsule(title="Terse", descriptors=("sentences under ten words",))},
        visual={"noir": VisualCapsule(title="Noir", descriptors=("hard shadows",))},
    )
    draft = OutlineStage(desk).write(story_of(metadata=METADATA, capsules=capsules), ALL)
    assert draft.provenance.capsules == ("writing/terse",)
    for request in model.requests:
        assert "sentences under ten words" in request.messages[0].text
        assert "hard shadows" not in request.messages[0].text
