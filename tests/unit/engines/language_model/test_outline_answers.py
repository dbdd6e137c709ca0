"""What must hold of the acts and scenes that a model answers, and what becomes of them."""

from typing import Any

import pytest
from pydantic import ValidationError

from vtx_dagster.core.bible import Bible, Character, Characters, Location, Locations
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.engines.language_model.asking import AnswerProblems
from vtx_dagster.engines.language_model.outline_answers import (
    ActsAnswer,
    Introduced,
    KeyedScenes,
    ScenesAnswer,
    checked_acts,
    checked_scenes,
    max_acts,
    off_by,
    spelled_seconds,
)
from vtx_dagster.engines.screenplay.heading import read_heading

BIBLE = Bible(
    characters=Characters(characters={"ida": Character(name="Ida", aliases=("Ida Brandt",))}),
    locations=Locations(locations={"wheelhouse": Location(name="Wheelhouse"), "landing": Location(name="Ferry Landing")}),
)


def acts(*found: dict[str, Any], logline: str = "A ferrywoman must choose.") -> ActsAnswer:
    return ActsAnswer.model_validate({"logline": logline, "acts": list(found)})


def act(**changes: object) -> dict[str, Any]:
    return {"title": "The last run", "synopsis": "Ida casts off.", "seconds": 30} | changes


def scenes(*found: dict[str, Any]) -> ScenesAnswer:
    return ScenesAnswer.model_validate({"scenes": list(found)})


def scene(**changes: object) -> dict[str, Any]:
    return {
        "interior": True,
        "place": "Wheelhouse",
        "time_of_day": "night",
        "synopsis": "Ida finds a letter.",
        "characters": ["Ida"],
        "beats": [{"text": "Ida opens the letter.", "purpose": "raises a question"}],
        "seconds": 15,
    } | changes


def problems_of_acts(answer: ActsAnswer, **metadata: Any) -> AnswerProblems[ActsAnswer]:
    with pytest.raises(AnswerProblems) as caught:
        checked_acts(answer, metadata=Metadata(title="Film", **metadata))
    return caught.value


def problems_of_scenes(answer: ScenesAnswer, *, seconds: float | None = None) -> AnswerProblems[KeyedScenes]:
    with pytest.raises(AnswerProblems) as caught:
        checked_scenes(answer, bible=BIBLE, seconds=seconds)
    return caught.value


@pytest.mark.parametrize(
    ("length_s", "wanted"), [(None, 5), (600.0, 3), (601.0, 5)], ids=["no length", "ten minutes", "more than that"]
)
def test_a_short_film_has_few_acts(length_s: float | None, wanted: int) -> None:
    assert max_acts(Metadata(title="Film", length_s=length_s)) == wanted


def test_good_acts_are_taken_as_they_are() -> None:
    answer = acts(act(), act(title="The bridge"))
    assert checked_acts(answer, metadata=Metadata(title="Film", length_s=60)) == answer


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        pytest.param(acts(), "there is no act", id="no act"),
        pytest.param(
            acts(*(act(title=str(number)) for number in range(6))), "there are 6 acts; at most 5 are wanted", id="too many"
        ),
        pytest.param(acts(act(), logline=" "), "the logline is empty", id="no logline"),
        pytest.param(acts(act(title=" ")), "act 1: its title is empty", id="no title"),
        pytest.param(acts(act(synopsis="")), "act 1: its synopsis is empty", id="no synopsis"),
        pytest.param(
            acts(act(), act(title="the LAST run ")), "act 2: another act has the title 'the LAST run', too", id="same title"
        ),
    ],
)
def test_what_is_missing_in_acts_is_told(answer: ActsAnswer, problem: str) -> None:
    found = problems_of_acts(answer)
    assert found.problems == (problem,)
    assert found.partial is None


def test_a_given_logline_needs_no_other() -> None:
    answer = acts(act(), logline="")
    assert checked_acts(answer, metadata=Metadata(title="Film", logline="Given.")) == answer


@pytest.mark.parametrize("seconds", [45.0, 75.0], ids=["a quarter short", "a quarter over"])
def test_acts_may_be_a_quarter_off(seconds: float) -> None:
    answer = acts(act(seconds=seconds))
    assert checked_acts(answer, metadata=Metadata(title="Film", length_s=60)) == answer


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        pytest.param(
            44.0,
            "the acts add up to 44 s where 60 s are wanted (27 % short): change how much happens, and their seconds",
            id="short",
        ),
        pytest.param(
            90.0,
            "the acts add up to 90 s where 60 s are wanted (50 % over): change how much happens, and their seconds",
            id="over",
        ),
    ],
)
def test_acts_that_are_further_off_can_be_used_if_they_are_not_mended(seconds: float, told: str) -> None:
    answer = acts(act(seconds=seconds))
    found = problems_of_acts(answer, length_s=60)
    assert found.problems == (told,)
    assert found.partial == answer


@pytest.mark.parametrize("seconds", [0, -1, 36_001, "nan"], ids=["nothing", "less", "ten hours", "no number"])
def test_lengths_have_limits(seconds: object) -> None:
    with pytest.raises(ValidationError):
        acts(act(seconds=seconds))
    with pytest.raises(ValidationError):
        scenes(scene(seconds=seconds))


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        pytest.param(scenes(), "there is no scene", id="no scene"),
        pytest.param(scenes(scene(place="")), "scene 1: its place '' is not a name", id="no place"),
        pytest.param(scenes(scene(place="#**")), "scene 1: its place '#**' is not a name", id="a place of marks"),
        pytest.param(scenes(scene(synopsis=" ")), "scene 1: its synopsis is empty", id="no synopsis"),
        pytest.param(scenes(scene(beats=[])), "scene 1: it has no beat", id="no beat"),
        pytest.param(scenes(scene(beats=[{"text": " ", "purpose": ""}])), "scene 1: beat 1 is empty", id="an empty beat"),
        pytest.param(scenes(scene(characters=["?"])), "scene 1: '?' is not the name of a character", id="no name"),
        pytest.param(
            scenes(scene(), scene(place="INT. WHEELHOUSE - DAY")),
            "scenes 1 and 2 have the same heading, INT. WHEELHOUSE - NIGHT: make them one scene, "
            "or play one of them at another place or time",
            id="twice the same",
        ),
    ],
)
def test_what_is_missing_in_scenes_is_told(answer: ScenesAnswer, problem: str) -> None:
    found = problems_of_scenes(answer, seconds=15)
    assert problem in found.problems
    assert found.partial is None


def test_a_place_may_come_back() -> None:
    answer = scenes(scene(), scene(place="Ferry Landing", interior=False), scene())
    assert len(checked_scenes(answer, bible=BIBLE, seconds=None).scenes) == 3


def test_scenes_far_from_the_length_of_their_act_can_be_used_if_they_are_not_mended() -> None:
    found = problems_of_scenes(scenes(scene(seconds=12)), seconds=30)
    assert found.problems == (
        "the scenes add up to 12 s where 30 s are wanted (60 % short): change how much happens, and their seconds",
    )
    assert found.partial is not None
    assert [one.heading for one in found.partial.scenes] == ["INT. WHEELHOUSE - NIGHT"]


def test_a_scene_of_the_outline_is_made_of_the_answer() -> None:
    answer = scenes(scene(synopsis=" Ida\nfinds a letter. ", characters=["Ida Brandt", "IDA", "Ticket Seller"], seconds=12.5))
    found = checked_scenes(answer, bible=BIBLE, seconds=12)
    (outlined,) = found.scenes
    assert outlined.heading == "INT. WHEELHOUSE - NIGHT"
    assert outlined.synopsis == "Ida finds a letter."
    assert outlined.location == "wheelhouse"
    assert outlined.time_of_day == "night"
    assert outlined.characters == ("ida", "ticket_seller")
    assert [(beat.text, beat.purpose, beat.id) for beat in outlined.beats] == [
        ("Ida opens the letter.", "raises a question", None)
    ]
    assert outlined.seconds == 12.5
    assert found.names == {"ida": "Ida Brandt", "ticket_seller": "Ticket Seller"}
    assert found.remarks == ()


@pytest.mark.parametrize(
    ("changes", "heading", "location"),
    [
        pytest.param({"interior": False, "place": "Pier 9"}, "EXT. PIER 9 - NIGHT", "pier_9", id="a new place"),
        pytest.param({"place": "Old Ferry - Wheelhouse"}, "INT. OLD FERRY - WHEELHOUSE - NIGHT", "wheelhouse", id="a part"),
        pytest.param({"place": "INT. WHEELHOUSE - NIGHT"}, "INT. WHEELHOUSE - NIGHT", "wheelhouse", id="a whole heading"),
        pytest.param({"place": "Wheelhouse - Night", "time_of_day": "dawn"}, "INT. WHEELHOUSE - DAWN", "wheelhouse", id="a time"),
        pytest.param({"place": "Café [*old*] #1"}, "INT. CAFÉ OLD 1 - NIGHT", "cafe_old_1", id="marks"),
        pytest.param({"place": "Wheelhuose"}, "INT. WHEELHOUSE - NIGHT", "wheelhouse", id="misspelt"),
    ],
)
def test_headings_are_written_by_rule_and_can_be_read_back(changes: dict[str, object], heading: str, location: str) -> None:
    answer = scenes(scene(**changes))
    (outlined,) = checked_scenes(answer, bible=BIBLE, seconds=None).scenes
    assert outlined.heading == heading
    assert outlined.location == location
    read = read_heading(outlined.heading)
    assert read.interior == answer.scenes[0].interior
    assert read.time == answer.scenes[0].time_of_day.upper()


def test_misspelt_names_are_told() -> None:
    answer = scenes(scene(place="Wheelhuose", characters=["Ida Brant"]))
    assert checked_scenes(answer, bible=BIBLE, seconds=None).remarks == (
        "Ida Brant was taken for Ida of the bible",
        "Wheelhuose was taken for Wheelhouse of the bible",
    )


def test_people_and_places_that_the_story_has_introduced_stay_themselves() -> None:
    answer = scenes(scene(place="Wheelhouses", characters=["Idah"]), scene(place="Pier - Hut", characters=["Idah"]))
    introduced = Introduced(characters={"idah": "Idah"}, places={"wheelhouses": "Wheelhouses", "hut": "Pier - Hut"})
    found = checked_scenes(answer, bible=BIBLE, seconds=None, introduced=introduced)
    assert [(one.characters, one.location) for one in found.scenes] == [(("idah",), "wheelhouses"), (("idah",), "hut")]
    assert [one.heading for one in found.scenes] == ["INT. WHEELHOUSES - NIGHT", "INT. PIER - HUT - NIGHT"]


def test_lengths_are_told_as_people_write_them() -> None:
    assert spelled_seconds(82.0) == "82"
    assert spelled_seconds(82.54) == "82.5"
    assert spelled_seconds(7200.0) == "7200"
    assert spelled_seconds(None) == ""
    assert off_by(82, 90) == "9 % short"
    assert off_by(99, 90) == "10 % over"


def test_names_that_are_the_same_in_ascii_are_two_people() -> None:
    introduced = Introduced(characters={"li": "李"}, places={"lijia": "李家"})
    answer = scenes(scene(place="李家", characters=["李"]), scene(place="理家", characters=["理", "李"]))
    first, second = checked_scenes(answer, bible=BIBLE, seconds=None, introduced=introduced).scenes
    assert (first.characters, first.location) == (("li",), "lijia")
    assert second.characters[1] == "li"
    assert second.characters[0].startswith("li_")
    assert second.location.startswith("lijia_")
