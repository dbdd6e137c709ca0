from dataclasses import replace

import pytest

from vtx_dagster.core.bible import Bible, Character, Characters
from vtx_dagster.core.capsules import Capsules, VisualCapsule, WritingCapsule
from vtx_dagster.core.errors import (
    BudgetError,
    InvalidAnswerError,
    InvalidFileError,
    InvalidRequestError,
    NotFoundError,
    UnfinishedStageError,
)
from vtx_dagster.core.ids import FilmId
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.outline import Beat, Outline, OutlineAct, OutlineScene
from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.core.story import Job, Source
from vtx_dagster.engines.language_model.fountain_writing import scene_fountain
from vtx_dagster.engines.language_model.screenplay import ScreenplayStage
from vtx_dagster.engines.screenplay.fountain import parse_scene

BIBLE = Bible(
    characters=Characters(
        characters={
            "mara": Character(name="Mara", aliases=("The Keeper",), age=60, voice="dry, few words"),
            "noah": Character(name="Noah"),
        }
    )
)
TREATMENT = "# Film\n\n## A01: One\n\nThe lamp dies.\n\n## A02: Two\n\nThe bridge opens.\n"


def element(kind="action", text="Rain.", **facts):
    return {"kind": kind, "text": text, "speaker": None, "parenthetical": "", "off_screen": False, **facts}


def speech(text="Who?", speaker="mara", **facts):
    return element("dialogue", text, speaker=speaker, **facts)


def answering(*elements):
    return {"elements": list(elements or (element(),))}


def outlined(number: int, act: int = 1, **facts) -> OutlineScene:
    facts = {"heading": f"INT. ROOM {number} - NIGHT", "characters": ("mara", "noah"), **facts}
    return OutlineScene(
        id=f"A{act:02d}_S{number:02d}",
        synopsis=f"Synopsis {act}.{number}.",
        beats=(Beat(id=f"A{act:02d}_S{number:02d}_B01", text=f"Beat {act}.{number}.", purpose="fear"),),
        time_of_day=TimeOfDay.NIGHT,
        seconds=40,
        **facts,
    )


def outline(*counts: int, **facts) -> Outline:
    acts = tuple(
        OutlineAct(
            id=f"A{act:02d}",
            title=f"Act {act}",
            synopsis=f"What act {act} tells.",
            scenes=tuple(outlined(number, act, **facts) for number in range(1, count + 1)),
        )
        for act, count in enumerate(counts, start=1)
    )
    return Outline(title="The Light", logline="A light goes out.", acts=acts)


@pytest.fixture
def given(story_of):
    def make(*counts: int, scene=None, **facts):
        return story_of(
            **{
                "given_outline": outline(*(counts or (1,)), **(scene or {})),
                "given_treatment": TREATMENT,
                "bible": BIBLE,
                **facts,
            }
        )

    return make


def all_due(story) -> Job:
    return Job(due=frozenset(scene.id for act in story.outline.acts for scene in act.scenes))


def asked(request) -> str:
    return request.messages[1].text


def about(request, heading: str) -> bool:
    return f"## The scene to write: {heading}" in asked(request)


def text_of(draft) -> str:
    return draft.value[0].text


def only_text(desk_of, story, *elements) -> str:
    desk, _ = desk_of(lambda _: answering(*elements))
    (draft,) = ScreenplayStage(desk).write(story, all_due(story))
    return text_of(draft)


def test_a_scene_is_written_as_fountain(desk_of, given):
    desk, _ = desk_of(
        lambda _: answering(
            element(text="The lamp is *out*.\n\nRain."),
            speech("Who is there?", parenthetical="(low)"),
            speech("Me.", "noah", off_screen=True),
            element("title_card", "The end"),
            element("transition", "Fade out."),
        )
    )
    (draft,) = ScreenplayStage(desk).write(given(), Job(due=frozenset({"A01_S01"})))
    (file,) = draft.value
    assert (draft.part, file.scene, file.slug) == ("A01_S01", "A01_S01", "room_1")
    assert file.text == (
        "INT. ROOM 1 - NIGHT\n\nThe lamp is out. Rain.\n\nMARA\n(low)\nWho is there?\n\nNOAH (O.S.)\nMe.\n\n"
        "> The end <\n\n> FADE OUT.\n"
    )
    assert len(parse_scene(Source(name="scene", text=file.text)).elements) == 5


def test_a_scene_says_how_it_came_to_be(desk_of, given):
    desk, _ = desk_of(lambda _: answering(speech(speaker="maara")))
    capsules = Capsules(writing={"terse": WritingCapsule(title="Terse")}, visual={"film": VisualCapsule(title="Film")})
    story = given(capsules=capsules)
    (draft,) = ScreenplayStage(desk).write(story, all_due(story))
    provenance = draft.provenance
    assert provenance.basis == ScreenplayStage(desk).parts(story)["A01_S01"]
    assert (provenance.writer, provenance.template, provenance.capsules) == ("saying-1", "screenplay 1", ("writing/terse",))
    assert [call.output_tokens for call in provenance.calls] == [50]
    assert provenance.remarks == ("element 1: maara was taken for mara",)


@pytest.mark.parametrize(
    ("elements", "problem"),
    [
        ([], "nothing happens in the scene and nobody speaks"),
        ([element("title_card", "One"), element("transition", "CUT TO:")], "nothing happens in the scene and nobody speaks"),
        ([element(text=" \n ")], r"element 1 \(action\): it has no text"),
        ([element(), speech(speaker=None)], r"element 2 \(dialogue\): nobody speaks: name the speaker of 'Who\?'"),
        ([speech(speaker=" ")], "nobody speaks"),
        ([speech(speaker="stranger")], "stranger is not in this scene and cannot speak: let one of mara, noah speak"),
        ([element(text="EXT. SEA - DAY")], "'EXT. SEA - DAY' is a scene heading"),
    ],
    ids=["empty", "no action", "no text", "nobody", "blank", "stranger", "heading"],
)
def test_what_is_no_scene_is_told_to_the_model(desk_of, given, elements, problem):
    answers = iter([{"elements": elements}, answering(element(text="Rain."))])
    desk, model = desk_of(lambda _: next(answers))
    story = given()
    (draft,) = ScreenplayStage(desk).write(story, all_due(story))
    assert text_of(draft) == "INT. ROOM 1 - NIGHT\n\nRain.\n"
    assert len(model.requests) == 2
    with pytest.raises(AssertionError, match=problem):
        raise AssertionError(model.requests[1].messages[-1].text)


def test_a_character_of_the_film_who_is_not_in_the_scene_cannot_speak(desk_of, given):
    desk, model = desk_of(lambda _: answering(speech(speaker="noah")))
    story = given(scene={"characters": ("mara",)})
    with pytest.raises(UnfinishedStageError) as caught:
        list(ScreenplayStage(desk).write(story, all_due(story)))
    assert caught.value.details["parts"]["A01_S01"]["code"] == InvalidAnswerError.code
    assert len(model.requests) == 3


def test_an_aside_at_the_start_of_a_speech_is_its_parenthetical(desk_of, given):
    text = only_text(desk_of, given(), speech("(low) Who?"), speech("(quick) Me.", parenthetical="and"), speech("(beat)"))
    assert "MARA\n(low)\nWho?\n" in text
    assert "MARA\n(and quick)\nMe.\n" in text
    assert "MARA\n*(*beat)\n" in text


@pytest.fixture
def empty_scene(given):
    """A film whose first scene does not say who is in it; only Mara and a stranger are in the second."""
    first, second = outlined(1, characters=()), outlined(2, characters=("mara", "stranger"))
    act = OutlineAct(id="A01", title="Act 1", synopsis="What act 1 tells.", scenes=(first, second))
    return given(given_outline=Outline(title="The Light", acts=(act,)))


def test_everybody_of_the_outline_may_speak_where_it_does_not_say_who_is_there(desk_of, empty_scene):
    desk, _ = desk_of(lambda _: answering(speech(speaker="stranger")))
    job = Job(due=frozenset({"A01_S01"}))
    ((_, prompt),) = ScreenplayStage(desk).prompts(empty_scene, job)
    assert "- `mara`: Mara (also The Keeper), aged 60. Voice: dry, few words\n- `stranger`: Stranger" in prompt.messages[1].text
    assert "The outline names nobody here: at most these" in prompt.messages[1].text
    assert "noah" not in prompt.messages[1].text
    (draft,) = ScreenplayStage(desk).write(empty_scene, job)
    assert "STRANGER\nWho?" in text_of(draft)


def test_a_scene_that_names_nobody_is_not_written_again_because_of_others(desk_of, empty_scene):
    stage = ScreenplayStage(desk_of(lambda _: "")[0])
    people = {**BIBLE.characters.characters, "ghost": Character(name="Ghost")}
    more = replace(empty_scene, bible=Bible(characters=Characters(characters=people)))
    scenes = (outlined(1, characters=()), outlined(2, characters=("mara", "stranger", "ghost")))
    act = more.outline.acts[0].model_copy(update={"scenes": scenes})
    more = replace(more, given_outline=more.outline.model_copy(update={"acts": (act,)}))
    assert stage.parts(more)["A01_S01"] == stage.parts(empty_scene)["A01_S01"]


def test_where_the_outline_names_nobody_nobody_speaks(desk_of, given):
    story = given(scene={"characters": ()})
    ((_, prompt),) = ScreenplayStage(desk_of(lambda _: "")[0]).prompts(story, all_due(story))
    assert "Nobody. There is no dialogue." in prompt.messages[1].text


def test_a_scene_that_does_not_read_back_is_told_to_the_model(desk_of, given, monkeypatch):
    written = scene_fountain

    def odd(heading, passages):
        if any(passage.text == "Odd." for passage in passages):
            raise InvalidRequestError("the scene does not read back")
        return written(heading, passages)

    monkeypatch.setattr("vtx_dagster.engines.language_model.screenplay.scene_fountain", odd)
    answers = iter([answering(element(text="Odd.")), answering()])
    desk, model = desk_of(lambda _: next(answers))
    story = given()
    (draft,) = ScreenplayStage(desk).write(story, all_due(story))
    assert text_of(draft) == "INT. ROOM 1 - NIGHT\n\nRain.\n"
    assert "the scene does not read back: write plain sentences" in model.requests[1].messages[-1].text


def test_two_scenes_that_look_the_same_are_two_questions(desk_of, given):
    same = [outlined(number, heading="INT. ROOM - NIGHT") for number in (1, 9)]
    same = [scene.model_copy(update={"synopsis": "She waits.", "beats": ()}) for scene in same]
    acts = tuple(
        OutlineAct(id=f"A{number:02d}", scenes=(scene.model_copy(update={"id": f"A{number:02d}_S01"}),))
        for number, scene in enumerate(same, 1)
    )
    story = given(given_outline=Outline(title="The Light", acts=acts), given_treatment="Once.")
    first, second = (prompt for _, prompt in ScreenplayStage(desk_of(lambda _: "")[0]).prompts(story, all_due(story)))
    assert "## The scene to write: INT. ROOM - NIGHT\n\nScene: A01_S01\n" in first.messages[1].text
    assert "## The scene to write: INT. ROOM - NIGHT\n\nScene: A02_S01\n" in second.messages[1].text


def test_the_prompt_shows_what_the_scene_is_made_from(desk_of, given):
    desk, _ = desk_of(lambda _: answering())
    story = given(1, 1)
    prompts = dict(ScreenplayStage(desk).prompts(story, all_due(story)))
    assert list(prompts) == ["A01_S01", "A02_S01"]
    text = prompts["A02_S01"].messages[1].text
    for told in (
        *("The Light", "A light goes out.", "What act 2 tells.", "The bridge opens.", "1. Beat 2.1. (fear)"),
        *(
            "- `mara`: Mara (also The Keeper), aged 60. Voice: dry, few words\n- `noah`: Noah\n",
            "about 40 seconds: about 100 words",
        ),
        *("## The scene before: INT. ROOM 1 - NIGHT\n\nSynopsis 1.1.\n\n- Beat 1.1.\n",),
    ):
        assert told in text
    assert "The lamp dies." not in text
    speaker = prompts["A02_S01"].schema["properties"]["elements"]["items"]["properties"]["speaker"]
    assert speaker["anyOf"][0]["enum"] == ["mara", "noah"]
    assert "scene before" not in prompts["A01_S01"].messages[1].text


def test_a_treatment_without_sections_is_shown_whole(desk_of, given):
    desk, _ = desk_of(lambda _: answering())
    story = given(given_treatment="Once upon a time.")
    ((_, prompt),) = ScreenplayStage(desk).prompts(story, all_due(story))
    assert "Once upon a time." in prompt.messages[1].text


def test_scenes_of_a_sequence_follow_on_each_other(desk_of, given):
    desk, model = desk_of(
        lambda request: answering(element(text=f"Written {asked(request).split('ROOM ')[-1][0]}.")), concurrency=4
    )
    story = given(3, 1)
    drafts = list(ScreenplayStage(desk).write(story, all_due(story)))
    assert sorted(draft.part for draft in drafts) == ["A01_S01", "A01_S02", "A01_S03", "A02_S01"]
    second = next(request for request in model.requests if about(request, "INT. ROOM 2 - NIGHT"))
    assert "## How the scene before ends (INT. ROOM 1 - NIGHT)\n\nINT. ROOM 1 - NIGHT\n\nWritten 1.\n" in asked(second)
    other_act = next(request for request in model.requests if "Beat 2.1." in asked(request))
    assert "How the scene before ends" not in asked(other_act)
    assert "Synopsis 1.3." in asked(other_act)


def test_a_sequence_has_at_most_eight_scenes(desk_of, given):
    desk, model = desk_of(lambda _: answering())
    story = given(9)
    list(ScreenplayStage(desk).write(story, all_due(story)))
    following = [request for request in model.requests if "How the scene before ends" in asked(request)]
    assert len(following) == 7
    assert not any(about(request, "INT. ROOM 9 - NIGHT") for request in following)


def test_what_is_asked_does_not_depend_on_how_much_is_asked_at_a_time(desk_of, given):
    story = given(2, 2, 2)
    one, first = desk_of(lambda _: answering(), concurrency=1)
    list(ScreenplayStage(one).write(story, all_due(story)))
    many, second = desk_of(lambda _: answering(), concurrency=8)
    list(ScreenplayStage(many).write(story, all_due(story)))
    assert (len(first.requests), second.requests) == (6, [])


def test_a_scene_follows_on_the_file_of_the_one_before(desk_of, given):
    desk, model = desk_of(lambda _: answering())
    story = given(3, scenes={"A01_S01": Source(name="one", text="INT. ROOM 1 - NIGHT\n\nBy hand.\n")})
    drafts = list(ScreenplayStage(desk).write(story, Job(due=frozenset({"A01_S02"}))))
    assert [draft.part for draft in drafts] == ["A01_S02"]
    assert "By hand." in asked(model.requests[0])
    ((_, prompt),) = ScreenplayStage(desk).prompts(story, Job(due=frozenset({"A01_S02"})))
    assert prompt.messages == model.requests[0].messages


def test_a_scene_that_fails_does_not_lose_the_others(desk_of, given):
    desk, model = desk_of(lambda request: answering() if not about(request, "INT. ROOM 2 - NIGHT") else {"elements": []})
    story = given(3)
    drafts = ScreenplayStage(desk).write(story, all_due(story))
    assert sorted(next(drafts).part for _ in range(2)) == ["A01_S01", "A01_S03"]
    with pytest.raises(UnfinishedStageError, match="1 of 3 parts failed: A01_S02"):
        next(drafts)
    third = next(request for request in model.requests if about(request, "INT. ROOM 3 - NIGHT"))
    assert "- Beat 1.2." in asked(third)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("INT. A\n\nShort.\n", "INT. A\n\nShort."),
        ("INT. A\n\n" + "a" * 1490 + "\n\nLast.\n", "a" * 1490 + "\n\nLast."),
        ("INT. A\n\n" + "é" * 1500 + "\n", "é" * 750),
    ],
    ids=["all", "paragraphs", "one long paragraph"],
)
def test_the_end_of_a_scene_is_what_may_be_shown(desk_of, given, text, end):
    desk, _ = desk_of(lambda _: answering())
    story = given(2, scenes={"A01_S01": Source(name="one", text=text)})
    ((_, prompt),) = ScreenplayStage(desk).prompts(story, Job(due=frozenset({"A01_S02"})))
    assert f"(INT. ROOM 1 - NIGHT)\n\n{end}\n\n##" in prompt.messages[1].text


def change(story, field):
    """Return a story in which one thing is different, and the aspects that this decides."""
    first = story.outline.acts[0].scenes[0]
    scenes = {
        "synopsis": first.model_copy(update={"synopsis": "Other."}),
        "heading": first.model_copy(update={"heading": "EXT. SEA - DAY"}),
        "beats": first.model_copy(update={"beats": (Beat(text="Other."),)}),
        "beat id": first.model_copy(
            update={"beats": tuple(beat.model_copy(update={"id": "A01_S01_B07"}) for beat in first.beats)}
        ),
    }
    if field in scenes:
        act = story.outline.acts[0].model_copy(update={"scenes": (scenes[field], *story.outline.acts[0].scenes[1:])})
        return replace(story, given_outline=story.outline.model_copy(update={"acts": (act, *story.outline.acts[1:])}))
    mara = BIBLE.characters.characters["mara"]
    described = mara.model_copy(update={"voice": "loud"} if field == "voice" else {"descriptor": "tall"})
    changed = Bible(characters=Characters(characters={**BIBLE.characters.characters, "mara": described}))
    return {
        "voice": replace(story, bible=changed),
        "descriptor": replace(story, bible=changed),
        "treatment": replace(story, given_treatment=TREATMENT.replace("The lamp dies.", "Other.")),
        "other act": replace(story, given_treatment=TREATMENT.replace("The bridge opens.", "Other.")),
        "style": replace(story, capsules=Capsules(writing={"terse": WritingCapsule(title="Terse")})),
        "look": replace(story, capsules=Capsules(visual={"film": VisualCapsule(title="Film")})),
        "logline": replace(story, given_outline=story.outline.model_copy(update={"logline": "Other."})),
    }[field]


@pytest.mark.parametrize(
    ("field", "aspects"),
    [
        ("synopsis", {"scene"}),
        ("heading", {"scene"}),
        ("beats", {"beats"}),
        ("beat id", set()),
        ("voice", {"voices"}),
        ("descriptor", set()),
        ("treatment", {"treatment"}),
        ("other act", set()),
        ("style", {"style"}),
        ("look", set()),
        ("logline", {"story"}),
    ],
)
def test_what_decides_a_scene(desk_of, given, field, aspects):
    stage = ScreenplayStage(desk_of(lambda _: "")[0])
    story = given(2, 1)
    before, after = stage.parts(story), stage.parts(change(story, field))
    assert {aspect for aspect in before["A01_S01"] if before["A01_S01"][aspect] != after["A01_S01"][aspect]} == aspects
    if field in {"synopsis", "heading", "beats"}:
        assert before["A01_S02"] == after["A01_S02"]


def test_a_template_of_the_project_decides_too(desk_of, given, tmp_path):
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "screenplay.md").write_text("---\nmax_output_tokens: 100\n---\n# system\nWrite.\n# user\n{{ scene.heading }}\n")
    desk, _ = desk_of(lambda _: "")
    assert "template" in ScreenplayStage(desk).parts(given())["A01_S01"]


def test_the_forecast_is_at_least_what_is_sent(desk_of, given):
    desk, model = desk_of(lambda _: answering(element(text="é" * 2000)))
    story = given(3)
    forecast = ScreenplayStage(desk).forecast(story, all_due(story))
    assert (forecast.num_calls, forecast.is_guess) == (3, False)
    list(ScreenplayStage(desk).write(story, all_due(story)))
    prompts = ScreenplayStage(desk).prompts(story, all_due(story))
    sent = sum(len(message.text.encode()) // 3 for request in model.requests for message in request.messages)
    assert sent <= forecast.input_tokens
    assert forecast.output_tokens == sum(prompt.max_output_tokens for _, prompt in prompts)


def test_what_was_answered_before_costs_nothing(desk_of, given):
    desk, _ = desk_of(lambda _: answering())
    story = given(1)
    list(ScreenplayStage(desk).write(story, all_due(story)))
    assert ScreenplayStage(desk).forecast(story, all_due(story)).num_calls == 0


def test_over_budget_nothing_is_sent(desk_of, given):
    desk, model = desk_of(lambda _: answering(), budget_usd="0.01")
    story = given(2)
    with pytest.raises(BudgetError):
        list(ScreenplayStage(desk).write(story, all_due(story)))
    assert model.requests == []


@pytest.mark.parametrize(
    ("facts", "job", "num_calls"),
    [
        ({"given_outline": None, "given_treatment": None, "metadata": Metadata(title="Film", length_s=300)}, Job(), 20),
        ({"given_outline": None, "given_treatment": None}, Job(), 12),
        ({"given_outline": None, "given_treatment": None, "metadata": Metadata(title="Film", length_s=10)}, Job(), 3),
        ({"given_treatment": None}, Job(), 3),
        ({"given_treatment": None}, Job(only=FilmId.of(2)), 1),
    ],
    ids=["length", "no length", "short", "outline", "one act"],
)
def test_what_is_not_written_yet_is_guessed(desk_of, given, facts, job, num_calls):
    desk, _ = desk_of(lambda _: "")
    forecast = ScreenplayStage(desk).forecast(given(2, 1, **facts), job)
    assert (forecast.num_calls, forecast.is_guess) == (num_calls, True)
    assert forecast.input_tokens > num_calls * 2500


def test_without_a_treatment_nothing_is_written(desk_of, given):
    desk, _ = desk_of(lambda _: "")
    story = given(given_treatment=None)
    with pytest.raises(NotFoundError, match="vtx story treatment"):
        list(ScreenplayStage(desk).prompts(story, all_due(story)))


def test_a_heading_that_is_none_is_an_error_before_anything_is_sent(desk_of, given):
    desk, model = desk_of(lambda _: answering())
    story = given(scene={"heading": "INT. ROOM #5#"})
    with pytest.raises(InvalidRequestError, match=r"story/01_outline.yaml: A01_S01: 'INT. ROOM #5#' cannot open a scene"):
        list(ScreenplayStage(desk).write(story, all_due(story)))
    assert model.requests == []


def test_a_character_without_a_cue_is_an_error_before_anything_is_sent(desk_of, given):
    desk, model = desk_of(lambda _: answering())
    bible = Bible(characters=Characters(characters={"ida": Character(name="Ida"), "ida-2": Character(name="Ida")}))
    story = given(bible=bible, scene={"characters": ("ida-2",)})
    with pytest.raises(InvalidFileError, match=r"characters\.ida-2"):
        list(ScreenplayStage(desk).write(story, all_due(story)))
    assert model.requests == []
