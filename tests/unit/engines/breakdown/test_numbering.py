"""Ids of an outline in which one act is written anew."""

from collections.abc import Sequence

from vtx_dagster.core.outline import Beat, Outline, OutlineAct, OutlineScene
from vtx_dagster.engines.breakdown.numbering import numbered_outline, with_new_scenes


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
