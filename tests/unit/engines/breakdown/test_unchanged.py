"""Shots of scenes that are as they were stay, whatever was edited elsewhere and whatever the rules are by now."""

import pytest

from vtx_dagster.core.bible import Bible
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.shot import ShotSize
from vtx_dagster.core.shotlist import Shotlist
from vtx_dagster.core.story import Source, StoryContext
from vtx_dagster.engines.breakdown.rules import Breakdown

FILM = """INT. ROOM - DAY

Ann waits for a long time. Ben comes in.

ANN
There you are, and it is about time that you came.

BEN
I am here.

> THE NEXT DAY <

EXT. YARD - NIGHT

Ben walks up and down.

BEN
(softly)
Hello out there.
"""


def context_of(text: str) -> StoryContext:
    return StoryContext(
        metadata=Metadata(title="T"), brief=Source(name="b", text=""), screenplays=(Source(name="a.fountain", text=text),)
    )


def shotlist(text: str, previous: Shotlist | None = None, *, anew: bool = False) -> Shotlist:
    context, breakdown = context_of(text), Breakdown()
    outline = breakdown.outline(context, previous=breakdown.outline(context_of(FILM)))
    files = breakdown.screenplay(context, outline, "")
    scenes = {file.scene: Source(name=file.scene, text=file.text) for file in files}
    return breakdown.shotlist(context, outline, scenes, previous=previous, anew=anew)


def by_other_rules(text: str = FILM, *, noted: bool = True) -> Shotlist:
    """Return a shotlist as other rules had made it: everything in extreme close-up."""
    made = shotlist(text)
    shots = tuple(shot.model_copy(update={"size": ShotSize.ECU}) for shot in made.shots)
    return made.model_copy(update={"shots": shots, "made_of": made.made_of if noted else {}})


def standing(made: Shotlist) -> dict[str, bool]:
    """Say of every scene whether its shots stood."""
    return {
        scene: all(shot.size == ShotSize.ECU for shot in made.shots if shot.scene == scene)
        for scene in dict.fromkeys(shot.scene for shot in made.shots)
    }


ONLY_THE_FIRST = {"A01_S01": True, "A01_S02": False}
BOTH = {"A01_S01": True, "A01_S02": True}


@pytest.mark.parametrize("noted", [True, False])
@pytest.mark.parametrize(
    ("edited", "expected"),
    [
        pytest.param(FILM, BOTH, id="nothing"),
        pytest.param(FILM.replace("Hello out", "Hello in"), ONLY_THE_FIRST, id="a word"),
        pytest.param(FILM.replace("YARD - NIGHT", "YARD - DAWN"), ONLY_THE_FIRST, id="the light"),
        pytest.param(FILM.replace("YARD", "GATE"), ONLY_THE_FIRST, id="the place"),
        pytest.param(FILM.replace("Ben walks", "[[SHOT: CU]]\n\nBen walks"), ONLY_THE_FIRST, id="a direction"),
        pytest.param(FILM.replace("BEN\nI am", "ANN\nI am"), {"A01_S01": False, "A01_S02": True}, id="who speaks"),
        pytest.param(FILM.replace("\n\nANN\n", "\n\n\n\nANN\n"), BOTH, id="empty lines"),
    ],
)
def test_only_what_was_edited_is_shot_anew(edited, expected, noted):
    made = shotlist(edited, by_other_rules(noted=noted))
    assert standing(made) == expected
    assert made.made_of.keys() == {"A01_S01", "A01_S02"}
    assert [shot.id for shot in made.shots] == [shot.id for shot in shotlist(edited, shotlist(FILM)).shots]


def test_the_lines_of_a_scene_that_stands_are_those_on_which_it_stands_now():
    edited = FILM.replace("\n\nANN\n", "\n\n\n\nANN\n")
    assert [shot.sources for shot in shotlist(edited, by_other_rules()).shots] == [
        shot.sources for shot in shotlist(edited).shots
    ]


@pytest.mark.parametrize(
    ("edited", "expected"),
    [
        pytest.param(FILM + "\n\nINT. BAR - DAY\n\nBEN, a boy of 7, sits.\n", BOTH, id="told before"),
        pytest.param("EXT. YARD - DAY\n\nRain.\n\n" + FILM, ONLY_THE_FIRST, id="the place was seen before"),
    ],
)
def test_what_is_told_elsewhere_counts(edited, expected):
    made = shotlist(edited, by_other_rules())
    first = next(shot.scene for shot in made.shots if "long time" in shot.action)
    second = next(shot.scene for shot in made.shots if "up and down" in shot.action)
    found = standing(made)
    assert [found[first], found[second]] == [*expected.values()]


def test_whom_a_pronoun_means_by_now_counts():
    told = (
        FILM.replace("Ben walks up and down.", "Ben walks up and down. He and she wait.")
        .replace("Ben", "Kim")
        .replace("BEN", "KIM")
    )
    context, breakdown = context_of(told), Breakdown()
    outline = breakdown.outline(context)
    scenes = {file.scene: Source(name=file.scene, text=file.text) for file in breakdown.screenplay(context, outline, "")}
    before = breakdown.shotlist(context, outline, scenes)
    known = Bible.model_validate({"characters": {"characters": {"kim": {"name": "Kim", "pronoun": "he"}}}})
    after = breakdown.shotlist(context.model_copy(update={"bible": known}), outline, scenes, previous=before)
    assert [scene for scene, basis in after.made_of.items() if basis != before.made_of[scene]] == ["A01_S02"]


def test_all_are_shot_anew_when_somebody_asks():
    assert not any(standing(shotlist(FILM, by_other_rules(), anew=True)).values())


@pytest.mark.parametrize("noted", [True, False])
def test_a_scene_that_had_no_shots_is_shot(noted):
    before = by_other_rules(noted=noted)
    left = before.model_copy(update={"shots": tuple(shot for shot in before.shots if shot.scene == "A01_S01")})
    assert standing(shotlist(FILM, left)) == {"A01_S01": True, "A01_S02": False}


def test_shots_that_do_not_cover_what_there_is_do_not_stand():
    before = by_other_rules()
    shots = tuple(shot.model_copy(update={"sources": shot.sources[:0]}) for shot in before.shots)
    assert not any(standing(shotlist(FILM, before.model_copy(update={"shots": shots}))).values())
