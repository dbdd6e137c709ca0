from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.bible import Bible
from vtx_dagster.core.coverage import covered_elements, prove_coverage
from vtx_dagster.core.pacing import dialogue_seconds
from vtx_dagster.core.screenplay import SceneText
from vtx_dagster.core.shot import Angle, Camera, CameraMove, ShotSize, TimeOfDay
from vtx_dagster.core.shotlist import Shot, Shotlist
from vtx_dagster.core.story import Source
from vtx_dagster.engines.breakdown.cast import Cast
from vtx_dagster.engines.breakdown.planned import PlannedShot, num_parts, planned_shots
from vtx_dagster.engines.breakdown.takes import SceneSetting
from vtx_dagster.engines.screenplay.fountain import parse_scene

SCENE = """\
INT. LAMP ROOM - NIGHT

Mara climbs in. She lifts the KEY. The lamp is out.

MARA
(whispering)
Who is there? I heard you. I know you are here.

NOAH (O.S.)
Nobody.

[[SHOT: CU, dolly in, her hands, 4s, dusk]]
Her hands shake.

The door closes.

> THE END <

CUT TO:
"""
LONG = " ".join(f"This is sentence number {number} of a very long speech." for number in range(1, 13))
CLOSE = Camera(size=ShotSize.CU, angle=Angle.LOW, move=CameraMove.PAN_LEFT, lens_mm=70)


def scene(text: str = SCENE) -> SceneText:
    return parse_scene(Source(name="scene.fountain", text=text))


def setting(longest_s: int = 10) -> SceneSetting:
    return SceneSetting(
        id="A01_S01", file="scene.fountain", location="lamp_room", time_of_day=TimeOfDay.NIGHT, longest_s=Fraction(longest_s)
    )


def shots(*plan: PlannedShot, text: str = SCENE) -> list[Shot]:
    parsed = scene(text)
    found = planned_shots(parsed, setting(), Cast(Bible(), ["MARA", "NOAH"]), plan)
    report = prove_coverage({"A01_S01": parsed}, Shotlist(shots=tuple(found)))
    assert report.problems == ()
    return found


def plan(*elements: int, **facts) -> PlannedShot:
    return PlannedShot(elements=elements, camera=CLOSE, **{"action": "Mara waits.", **facts})


def lines_of(shot: Shot) -> list[tuple[int, int, int]]:
    return [(source.lines.first, source.part, source.parts) for source in shot.sources]


def test_a_planned_shot_is_as_planned_and_filled_in_from_the_scene():
    first, *_ = shots(
        plan(0, characters=("mara",), beats=("A01_S01_B01",), props=("key",), continuity="Mara left."), plan(1, 2, 3, 4, 5)
    )
    assert (first.size, first.angle, first.move, first.lens_mm) == (ShotSize.CU, Angle.LOW, CameraMove.PAN_LEFT, 70)
    assert (first.action, first.characters, first.beats, first.props, first.continuity) == (
        "Mara waits.",
        ("mara",),
        ("A01_S01_B01",),
        ("key",),
        "Mara left.",
    )
    assert (first.id, first.location, first.time_of_day, first.by_rule) == ("A01_S01_SH010", "lamp_room", TimeOfDay.NIGHT, False)


def test_what_the_plan_leaves_open_is_told_by_rule():
    first, second, third, *_ = shots(plan(0, action="Mara climbs in. She stops."), plan(1, action=""), plan(2))
    assert first.beats == ("Mara climbs in.", "She stops.")
    assert first.continuity == ""
    assert (second.action, second.beats) == ("", ())
    assert second.continuity.startswith("Follows on the shot before")
    assert (third.action, third.beats) == ("Mara waits.", ())


def test_what_the_plan_leaves_out_is_shot_by_rule_in_its_place():
    found = shots(plan(0), plan(2))
    assert [shot.by_rule for shot in found] == [False, True, False, True, True]
    assert [line.character for line in found[1].dialogue] == ["mara"]
    assert found[3].action == "Her hands. Her hands shake. The door closes."
    assert found[4].readable_text == "THE END"
    assert found[4].transition == "CUT TO:"


def test_without_a_plan_everything_is_shot_by_rule():
    assert all(shot.by_rule for shot in shots())


def test_an_element_that_is_left_out_inside_a_shot_cuts_it_in_two():
    first, left_out, rest, *_ = shots(plan(0, 2, characters=("mara",)))
    assert (first.action, left_out.by_rule, rest.by_rule) == ("Mara waits.", True, False)
    assert (rest.action, rest.characters, [line.text for line in rest.dialogue]) == ("", ("mara",), ["Nobody."])


def test_who_is_not_in_frame_is_heard():
    seen, heard, *_ = shots(plan(0, 1, characters=("mara",)), plan(2, characters=("mara",)))
    assert [line.off_screen for line in seen.dialogue] == [False]
    assert [line.off_screen for line in heard.dialogue] == [True]
    listener, *_ = shots(plan(0, 1, characters=("noah",)))
    assert [line.off_screen for line in listener.dialogue] == [True]


def test_an_action_in_several_shots_is_told_in_steps():
    first, second, *_ = shots(plan(0, action="Mara climbs in."), plan(0, 1, action="She lifts the key."))
    assert lines_of(first) == [(3, 1, 2)]
    assert lines_of(second) == [(3, 2, 2), (5, 1, 1)]
    assert [first.action, second.action] == ["Mara climbs in.", "She lifts the key."]


def test_an_action_may_have_more_steps_than_sentences():
    text = 'INT. ROOM - DAY\n\nA sign reads "NO ENTRY".\n'
    first, second = shots(plan(0), plan(0), text=text)
    assert (first.readable_text, second.readable_text) == ("NO ENTRY", "")


def test_a_speech_in_several_shots_is_cut_at_sentence_ends():
    _, first, second, *_ = shots(plan(0), plan(1, characters=("mara",)), plan(1, 2))
    assert [line.text for line in first.dialogue] == ["Who is there? I heard you."]
    assert [line.text for line in second.dialogue] == ["I know you are here.", "Nobody."]
    assert [line.parenthetical for line in (*first.dialogue, *second.dialogue)] == ["whispering", "", ""]


def test_a_speech_has_no_more_shots_than_sentences():
    found = shots(plan(0), plan(1), plan(2), plan(2), plan(2))
    assert [shot.dialogue[0].text for shot in found[2:3]] == ["Nobody."]
    assert len(found) == 3 + 2


def test_a_speech_that_is_too_long_is_cut_and_framed_by_rule():
    text = f"INT. ROOM - DAY\n\nMARA\n{LONG}\n\nShe sits.\n"
    first, *rest = shots(plan(0, 1, characters=("mara",), action="Mara speaks."), text=text)
    assert first.action == "Mara speaks."
    assert len(rest) > 1
    assert all(shot.characters == ("mara",) and not shot.by_rule for shot in rest)
    assert [shot.size for shot in (first, *rest)] == [ShotSize.CU, *(shot.size for shot in rest)]
    assert all(before.size != after.size for before, after in zip((first, *rest), rest, strict=False))
    assert rest[-1].action == "She sits."
    assert all(dialogue_seconds(shot.dialogue) <= 10 for shot in (first, *rest))


def test_a_note_has_the_last_word_on_the_shot_that_begins_under_it():
    *_, noted, after, _ = shots(plan(0, 1, 2), plan(3, characters=("mara",)), plan(4))
    assert (noted.size, noted.angle, noted.move, noted.lens_mm) == (ShotSize.CU, Angle.LOW, CameraMove.DOLLY_IN, 85)
    assert (noted.seconds, noted.time_of_day, noted.action) == (4, TimeOfDay.DUSK, "Mara waits.")
    assert (after.seconds, after.time_of_day, after.move) == (None, TimeOfDay.NIGHT, CameraMove.PAN_LEFT)


def test_a_lens_of_the_plan_stays_where_the_note_asks_for_no_size():
    text = "INT. ROOM - DAY\n\n[[SHOT: dutch]]\nShe waits.\n"
    (shot,) = shots(plan(0), text=text)
    assert (shot.angle, shot.size, shot.lens_mm) == (Angle.DUTCH, ShotSize.CU, 70)


def test_a_shot_does_not_go_on_beyond_a_note():
    _, before, noted, *_ = shots(plan(0, 1), plan(2, 3))
    assert (len(before.sources), len(noted.sources)) == (1, 1)
    assert (before.action, noted.action) == ("Mara waits.", "Her hands shake.")
    assert noted.move == CameraMove.DOLLY_IN


def test_a_step_that_does_not_open_an_action_does_not_get_the_note_again():
    *_, first, second, _, _ = shots(plan(0, 1, 2), plan(3), plan(3))
    assert (first.seconds, second.seconds) == (4, None)


def test_a_note_over_more_than_is_left_out_does_not_say_how_long_that_is():
    found = shots(plan(0, 1, 2), plan(4))
    (left_out,) = [shot for shot in found if shot.by_rule and not shot.readable_text]
    assert (left_out.action, left_out.move, left_out.seconds) == ("Her hands. Her hands shake.", CameraMove.DOLLY_IN, None)


def test_a_title_card_over_a_picture_stays_in_its_shot():
    *_, last = shots(plan(0, 1, 2), plan(3), plan(4, 5))
    assert (last.readable_text, last.beats, len(last.sources)) == ("THE END", ("Mara waits.",), 2)


def test_a_direction_with_nothing_under_it_directs_nothing():
    (shot,) = shots(text="INT. ROOM - DAY\n\nShe sits.\n\n[[SHOT: CU]]\n")
    assert (shot.by_rule, shot.size) == (True, ShotSize.WS)


@pytest.mark.parametrize(
    ("index", "most"), [(0, None), (1, 3), (2, 1), (5, 1)], ids=["action", "speech", "short speech", "title card"]
)
def test_how_many_shots_an_element_can_be_in(index, most):
    assert num_parts(covered_elements(scene())[index]) == most


@st.composite
def plans(draw) -> list[PlannedShot]:
    found: list[PlannedShot] = []
    lowest = 0
    for _ in range(draw(st.integers(0, 7))):
        elements = draw(st.sets(st.integers(lowest, 5), min_size=1, max_size=4))
        characters = tuple(draw(st.sets(st.sampled_from(["mara", "noah"]))))
        camera = Camera(size=draw(st.sampled_from(ShotSize)), angle=draw(st.sampled_from(Angle)))
        found.append(
            PlannedShot(
                elements=tuple(sorted(elements)),
                camera=camera,
                action=draw(st.sampled_from(["", "She waits."])),
                characters=characters,
            )
        )
        lowest = max(elements)
    return found


@given(plans(), st.booleans())
@settings(max_examples=80, deadline=None)
def test_the_proof_holds_for_every_plan(planned, is_long):
    text = SCENE.replace("Who is there?", LONG) if is_long else SCENE
    found = shots(*planned, text=text)
    assert [shot.id for shot in found] == [f"A01_S01_SH{number * 10:03d}" for number in range(1, len(found) + 1)]
    assert all(dialogue_seconds(shot.dialogue) <= 10 for shot in found)
    covered = {index for shot in planned for index in shot.elements}
    assert covered == set(range(6)) or any(shot.by_rule for shot in found)
