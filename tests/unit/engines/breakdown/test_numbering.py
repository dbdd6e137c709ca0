"""Ids of outlines and shotlists that are written anew, as a whole or in part."""

from collections.abc import Sequence
from itertools import chain, combinations, pairwise

import pytest

from vtx_dagster.core.outline import Beat, Outline, OutlineAct, OutlineScene
from vtx_dagster.core.shot import DialogueLine
from vtx_dagster.core.shotlist import Shot
from vtx_dagster.core.stable_ids import Remembered, hash_of_words
from vtx_dagster.engines.breakdown.numbering import numbered_outline, numbered_shots, with_new_scenes


def scene(heading: str, id_text: str = "A01_S01") -> OutlineScene:
    return OutlineScene(id=id_text, heading=heading, beats=(Beat(text=f"Somebody comes to {heading.lower()}."),))


OUTLINE = Outline(
    title="Film",
    acts=(
        OutlineAct(id="A01", scenes=(scene("INT. BAR - DAY"),)),
        OutlineAct(
            id="A03",
            title="The middle",
            scenes=(scene("INT. SHIP - DAY", "A03_S01"), scene("EXT. PIER - NIGHT", "A03_S03")),
        ),
        OutlineAct(id="A04", scenes=(scene("INT. HALL - DAY", "A04_S01"),)),
    ),
    retired=("A03_S02", "A03_S04", "A04_S02"),
)


def ids(scenes: Sequence[OutlineScene]) -> list[tuple[str, str]]:
    return [(found.id, found.heading) for found in scenes]


def test_scenes_that_stay_keep_their_ids_and_new_ones_get_fresh_ones() -> None:
    new = [scene("INT. SHIP - DAY"), scene("INT. CELLAR - DUSK")]
    found = with_new_scenes(OUTLINE, "A03", new)
    assert [act.id for act in found.acts] == ["A01", "A03", "A04"]
    assert ids(found.acts[1].scenes) == [("A03_S01", "INT. SHIP - DAY"), ("A03_S05", "INT. CELLAR - DUSK")]
    assert found.retired == ("A03_S02", "A03_S03", "A03_S04", "A04_S02")
    assert [one.id for one in found.remembered] == ["A03_S03"]


def test_the_other_acts_stand_as_they_are() -> None:
    found = with_new_scenes(OUTLINE, "A03", [scene("INT. CELLAR - DUSK")])
    assert (found.acts[0], found.acts[2]) == (OUTLINE.acts[0], OUTLINE.acts[2])
    assert (found.title, found.acts[1].title) == ("Film", "The middle")


def test_the_same_scenes_again_change_nothing() -> None:
    assert with_new_scenes(OUTLINE, "A03", OUTLINE.acts[1].scenes) == OUTLINE


def test_scenes_in_steps_leave_room_between_them() -> None:
    bar, ship, pier, hall = (scene(heading) for heading in ("INT. BAR - DAY", "INT. SHIP - DAY", "EXT. PIER - DAY", "INT. HALL"))
    first = Outline(title="Film", acts=(OutlineAct(id="A01", scenes=(bar, pier)),))
    numbered = numbered_outline(first, None, given=[["", ""]], scene_step=10)
    assert [found.id for found in numbered.acts[0].scenes] == ["A01_S10", "A01_S20"]
    again = with_new_scenes(numbered, "A01", [bar, ship, pier, hall], scene_step=10)
    assert [found.id for found in again.acts[0].scenes] == ["A01_S10", "A01_S15", "A01_S20", "A01_S30"]
    assert again.retired == ()


def test_numbers_of_a_screenplay_come_before_steps() -> None:
    given = Outline(title="Film", acts=(OutlineAct(id="A01", scenes=(scene("INT. BAR - DAY"), scene("INT. HALL - DAY"))),))
    numbered = numbered_outline(given, None, given=[["3", "4"]], scene_step=10)
    assert [found.id for found in numbered.acts[0].scenes] == ["A01_S03", "A01_S04"]


def act(*scenes: OutlineScene, title: str = "") -> OutlineAct:
    return OutlineAct(id="A01", title=title, scenes=scenes)


def written(acts: Sequence[OutlineAct], previous: Outline | None = None, *, texts: Sequence[str] = ()) -> Outline:
    outline = Outline(title="Film", acts=tuple(acts))
    return numbered_outline(outline, previous, given=[[""] * len(one.scenes) for one in acts], texts=texts)


def told(outline: Outline) -> list[tuple[str, list[str]]]:
    return [(one.id, [found.id for found in one.scenes]) for one in outline.acts]


BAR, SHIP, PIER, HALL = map(scene, ("INT. BAR - DAY", "INT. SHIP - DAY", "EXT. PIER - NIGHT", "INT. HALL - DAY"))
TWO_ACTS = written([act(BAR, SHIP, title="One"), act(PIER, HALL, title="Two")])
NEW = scene("EXT. MOON - NIGHT")


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        pytest.param([act(BAR, SHIP, title="One"), act(PIER, HALL, title="Two")], ["A01", "A02"], id="the same"),
        pytest.param(
            [act(NEW), act(BAR, SHIP, title="One"), act(PIER, HALL, title="Two")], ["A03", "A01", "A02"], id="one in front"
        ),
        pytest.param(
            [act(NEW, title="One"), act(BAR, SHIP, title="Two"), act(PIER, HALL, title="Three")],
            ["A03", "A01", "A02"],
            id="one in front and all titles moved on",
        ),
        pytest.param([act(PIER, HALL, title="Two"), act(BAR, SHIP, title="One")], ["A02", "A01"], id="exchanged"),
        pytest.param([act(BAR), act(SHIP), act(PIER, HALL)], ["A01", "A03", "A02"], id="split: the first part keeps it"),
        pytest.param([act(BAR, SHIP, PIER, HALL)], ["A01"], id="merged"),
        pytest.param([act(BAR, SHIP, PIER), act(HALL)], ["A01", "A02"], id="a first scene moved to the act before"),
        pytest.param([act(NEW, title="Two")], ["A02"], id="known by its title"),
    ],
)
def test_acts_are_known_by_their_scenes(acts: Sequence[OutlineAct], expected: list[str]) -> None:
    after = written(acts, TWO_ACTS)
    assert [one.id for one in after.acts] == expected
    kept = {found.heading: found.id for one in TWO_ACTS.acts for found in one.scenes}
    assert all(found.id == kept[found.heading] for one in after.acts for found in one.scenes if found.heading in kept)
    assert written([act(BAR, SHIP, title="One"), act(PIER, HALL, title="Two")], after).acts == TWO_ACTS.acts, "undone"


BREAKS = [*chain.from_iterable(combinations(range(1, 5), count) for count in range(5))]


@pytest.mark.parametrize("is_titled", [True, False])
@pytest.mark.parametrize("breaks_before", BREAKS)
@pytest.mark.parametrize("breaks_between", BREAKS)
def test_act_breaks_that_are_undone_leave_the_acts_as_they_were(
    breaks_before: Sequence[int], breaks_between: Sequence[int], *, is_titled: bool
) -> None:
    scenes = [BAR, SHIP, PIER, HALL, NEW]

    def acts(breaks: Sequence[int]) -> list[OutlineAct]:
        bounds = pairwise([0, *breaks, len(scenes)])
        return [act(*scenes[first:last], title=f"From {first}" if first or is_titled else "") for first, last in bounds]

    before = written(acts(breaks_before))
    between = written(acts(breaks_between), before)
    assert told(written(acts(breaks_before), between)) == told(before)


def test_a_scene_that_is_new_in_an_act_gets_no_number_of_one_that_left_it() -> None:
    moved = written([act(BAR, title="One"), act(SHIP, PIER, HALL, title="Two")], TWO_ACTS)
    assert told(moved) == [("A01", ["A01_S01"]), ("A02", ["A01_S02", "A02_S01", "A02_S02"])]
    more = written([act(BAR, NEW, title="One"), act(SHIP, PIER, HALL, title="Two")], moved)
    assert told(more)[0] == ("A01", ["A01_S01", "A01_S03"])


def test_scenes_are_known_by_their_text_whatever_their_beats_say() -> None:
    texts = ["INT. BAR - DAY #1#\n\nRain falls.\n\n# Two\n", "INT. BAR - DAY #2#\n\nSnow falls on the road.\n"]
    before = written([act(BAR, BAR)], texts=texts)
    first, second = before.acts[0].scenes
    assert first.words != second.words
    others = [found.model_copy(update={"beats": (Beat(text="Told in quite other words."),)}) for found in (BAR, BAR)]
    swapped = written([act(*others)], before, texts=[texts[1].replace("#2#", "#7A#"), texts[0]])
    assert [found.id for found in swapped.acts[0].scenes] == ["A01_S02", "A01_S01"]
    old = before.model_copy(
        update={
            "acts": (
                before.acts[0].model_copy(
                    update={"scenes": tuple(one.model_copy(update={"words": None}) for one in (first, second))}
                ),
            )
        }
    )
    files = {first.id: texts[0], second.id: texts[1]}
    found = numbered_outline(
        Outline(title="Film", acts=(act(*others),)), old, given=[["", ""]], texts=[texts[1], texts[0]], texts_before=files
    )
    assert [one.id for one in found.acts[0].scenes] == ["A01_S02", "A01_S01"]


def shot(scene_id: str, action: str) -> Shot:
    return Shot(id=f"{scene_id}_SH001", scene=scene_id, action=action)


A, B, C = "Mara climbs the long stair.", "Noah waits at the door below.", "The lamp goes out at midnight."


def test_a_shot_that_moved_into_another_scene_keeps_its_id_and_comes_back() -> None:
    before = numbered_shots([shot("A01_S01", A), shot("A01_S01", B), shot("A01_S02", C)], None)
    after = numbered_shots([shot("A01_S01", A), shot("A01_S02", B), shot("A01_S02", "New."), shot("A01_S02", C)], before)
    assert [(one.scene, one.id) for one in after.shots] == [
        ("A01_S01", "A01_S01_SH010"),
        ("A01_S02", "A01_S01_SH020"),
        ("A01_S02", "A01_S02_SH005"),
        ("A01_S02", "A01_S02_SH010"),
    ]
    more = numbered_shots([shot("A01_S01", A), shot("A01_S01", "Else."), *after.shots[1:]], after)
    assert more.shots[1].id == "A01_S01_SH030", "the number of one that was moved away is not free"
    undone = numbered_shots(before.shots, more)
    assert (undone.shots, undone.retired) == (before.shots, ("A01_S01_SH030", "A01_S02_SH005"))


def test_a_scene_that_is_written_by_itself_takes_no_shot_of_another_one() -> None:
    before = numbered_shots([shot("A01_S01", A), shot("A01_S02", B)], None)
    found = numbered_shots([shot("A01_S01", A), shot("A01_S01", B)], before, scene="A01_S01")
    assert [one.id for one in found.shots] == ["A01_S01_SH010", "A01_S01_SH020"]
    assert found.retired == ()


def test_an_act_that_is_written_anew_takes_no_scene_of_another_one_nor_the_id_of_an_act() -> None:
    """Although the words are those that the other scene had before, and those that are an act's title."""
    first = written([act(BAR, title="One"), act(SHIP, title=BAR.heading)])
    changed = written([act(NEW.model_copy(update={"beats": ()}), title="One"), act(SHIP, title="Two")], first)
    reworded = changed.model_copy(
        update={
            "remembered": (
                Remembered(id=changed.acts[0].scenes[0].id, words=hash_of_words(f"{HALL.heading} {HALL.beats[0].text}")),
                Remembered(id="A02", words=hash_of_words(f"{PIER.heading} {PIER.beats[0].text}")),
            )
        }
    )
    found = with_new_scenes(reworded, "A02", [SHIP, HALL, PIER])
    ids_now = [one.id for one in found.acts[1].scenes]
    assert ids_now == ["A02_S01", "A02_S02", "A02_S03"]
    whole = written([act(*changed.acts[0].scenes, title="One"), act(SHIP, PIER, title="Two")], reworded)
    assert told(whole)[1] == ("A02", ["A02_S01", "A02_S02"])


def test_shots_keep_their_ids_when_a_character_is_renamed() -> None:
    def says(character: str, text: str) -> Shot:
        return Shot(id="A01_S01_SH001", scene="A01_S01", dialogue=(DialogueLine(character=character, text=text),))

    lines = [("steel", "Yes."), ("brick", "Yes."), ("steel", "No."), ("steel", "Yes.")]
    before = numbered_shots([says(who, text) for who, text in lines], None)
    renamed = [says(who.replace("steel", "stone"), text) for who, text in lines]
    after = numbered_shots(renamed, before)
    assert [one.id for one in after.shots] == [one.id for one in before.shots]
    assert (after.retired, after.remembered) == ((), ())
    assert numbered_shots(before.shots, after) == before
