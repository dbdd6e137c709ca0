from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vtx_dagster.core.bible import Bible
from vtx_dagster.core.clip_from_shot import shot_to_clip
from vtx_dagster.core.coverage import prove_coverage
from vtx_dagster.core.pacing import pace
from vtx_dagster.core.shot import Angle, CameraMove, ShotSize, TimeOfDay
from vtx_dagster.core.shotlist import Shot, Shotlist
from vtx_dagster.core.story import Source
from vtx_dagster.engines.breakdown.cast import Cast
from vtx_dagster.engines.breakdown.shots import scene_shots
from vtx_dagster.engines.breakdown.takes import SceneSetting, direction_remarks
from vtx_dagster.engines.screenplay.fountain import parse_scene


def setting(longest_s: int) -> SceneSetting:
    return SceneSetting(
        id="A01_S01", file="scene.fountain", location="room", time_of_day=TimeOfDay.DAY, longest_s=Fraction(longest_s)
    )


def shots_of(body: str, *, heading: str = "INT. ROOM - DAY", longest_s: int = 15, cast: tuple[str, ...] = ()) -> list[Shot]:
    scene = parse_scene(Source(name="scene.fountain", text=f"{heading}\n\n{body}"))
    speakers = [element.speaker for element in scene.elements if element.speaker]
    shots = scene_shots(scene, setting(longest_s), Cast(Bible(), [*speakers, *cast]))
    assert prove_coverage({"A01_S01": scene}, Shotlist(shots=tuple(shots))).problems == ()
    assert [shot.id for shot in shots] == [f"A01_S01_SH{number * 10:03d}" for number in range(1, len(shots) + 1)]
    return shots


def told(shot: Shot) -> tuple:
    return shot.size, shot.angle, shot.move, shot.characters


TALK = """\
Mara and Noah sit at the table.

MARA
It has been a very long time since anybody sat here with me.

NOAH
I know, and I am sorry that it took so long to come.

MARA
You look tired, and you have not touched your tea at all.

Noah smiles.

NOAH
The road was long and the rain never stopped on the way.
"""


def test_a_conversation():
    shots = shots_of(TALK)
    assert [told(shot) for shot in shots] == [
        (ShotSize.WS, Angle.EYE_LEVEL, CameraMove.STATIC, ("mara", "noah")),
        (ShotSize.MS, Angle.EYE_LEVEL, CameraMove.STATIC, ("mara", "noah")),
        (ShotSize.MCU, Angle.EYE_LEVEL, CameraMove.STATIC, ("noah",)),
        (ShotSize.MCU, Angle.EYE_LEVEL, CameraMove.STATIC, ("mara",)),
        (ShotSize.CU, Angle.EYE_LEVEL, CameraMove.STATIC, ("noah",)),
        (ShotSize.MS, Angle.OVER_SHOULDER, CameraMove.STATIC, ("noah", "mara")),
    ]
    assert [len(shot.dialogue) for shot in shots] == [0, 1, 1, 1, 0, 1]
    assert shots[1].continuity == "Follows on the shot before: same place and light; still in frame: Mara, Noah."
    assert shots[0].continuity == ""


@pytest.mark.parametrize(
    ("heading", "size", "move"),
    [
        ("INT. ROOM - DAY", ShotSize.WS, CameraMove.STATIC),
        ("EXT. PIER - DAY", ShotSize.EWS, CameraMove.DOLLY_IN),
        (".Somewhere", ShotSize.WS, CameraMove.STATIC),
    ],
)
def test_establishing_shots(heading, size, move):
    (shot,) = shots_of("Nothing stirs.", heading=heading)
    assert (shot.size, shot.move, shot.characters) == (size, move, ())


@pytest.mark.parametrize(
    ("action", "size", "angle", "move", "characters"),
    [
        ("Mara runs to the door and out into the yard beyond.", ShotSize.MS, Angle.EYE_LEVEL, CameraMove.TRUCK_RIGHT, ("mara",)),
        ("Mara walks back to the door, and the rain comes in.", ShotSize.MS, Angle.EYE_LEVEL, CameraMove.TRUCK_LEFT, ("mara",)),
        ("Mara looks up at the ceiling and listens to the rain.", ShotSize.MS, Angle.LOW, CameraMove.TILT_UP, ("mara",)),
        ("The dog chases Mara round and round the long low table.", ShotSize.MS, Angle.EYE_LEVEL, CameraMove.HANDHELD, ("mara",)),
        ("Slowly the door opens and lets in the cold of the evening.", ShotSize.MWS, Angle.EYE_LEVEL, CameraMove.DOLLY_IN, ()),
        ("Her hand rests on the table beside the cup and the bread.", ShotSize.CU, Angle.EYE_LEVEL, CameraMove.STATIC, ("mara",)),
        (
            "Mara and Noah lay the table for a guest who is not here.",
            ShotSize.MWS,
            Angle.EYE_LEVEL,
            CameraMove.STATIC,
            ("mara", "noah"),
        ),
        ("The lamp on the wall is seen from above, and it stands.", ShotSize.MWS, Angle.OVERHEAD, CameraMove.STATIC, ()),
    ],
)
def test_actions(action, size, angle, move, characters):
    shots = shots_of(f"Mara waits.\n\n{action}", cast=("MARA", "NOAH"))
    assert told(shots[1]) == (size, angle, move, characters)


def test_they_are_all_who_are_there():
    shots = shots_of("Mara waits for Noah.\n\nThey sit.", cast=("MARA", "NOAH"))
    assert shots[1].characters == ("mara", "noah")


def test_short_actions_share_a_shot():
    assert [shot.action for shot in shots_of("Rain.\n\nA dog barks.\n\nIt stops.\n\nSilence.")] == [
        "Rain.",
        "A dog barks. It stops.",
        "Silence.",
    ]


def test_a_scene_may_begin_with_a_speech():
    (shot,) = shots_of("MARA\nHello there, all of you.")
    assert told(shot) == (ShotSize.MS, Angle.EYE_LEVEL, CameraMove.STATIC, ("mara",))


def test_short_exchanges_share_a_two_shot():
    (shot,) = shots_of("MARA\nNow?\n\nNOAH\nNow.")
    assert (shot.size, shot.characters) == (ShotSize.MS, ("mara", "noah"))
    assert [line.text for line in shot.dialogue] == ["Now?", "Now."]


def test_dual_dialogue_shares_a_two_shot():
    words = "I never wanted any of this to happen to you or to me."
    (shot,) = shots_of(f"MARA\n{words}\n\nNOAH ^\n{words}")
    assert [line.character for line in shot.dialogue] == ["mara", "noah"]


def test_dual_dialogue_too_long_for_one_shot():
    words = "I never wanted any of this to happen to you or to me, not here, not now."
    shots = shots_of(f"MARA\n{words}\n\nNOAH ^\n{words}", longest_s=8)
    assert [len(shot.dialogue) for shot in shots] == [1, 1]


@pytest.mark.parametrize(
    ("body", "characters"),
    [
        ("Mara waits.\n\nNOAH (O.S.)\nWho is there?", ("mara",)),
        ("NOAH (V.O.)\nNobody came.", ()),
        ("NOAH (V.O.)\nNobody came.\n\nMARA\nI did come, and you know it well.", ("mara",)),
    ],
)
def test_who_is_off_screen_is_not_in_frame(body, characters):
    shots = shots_of(body, cast=("MARA",))
    heard = next(shot for shot in shots if shot.dialogue and shot.dialogue[0].off_screen)
    assert (heard.characters, heard.dialogue[0].character) == (characters, "noah")


def test_long_speeches_are_cut_at_sentences():
    sentence = "This is a sentence of ten words, more or less."
    shots = shots_of("MARA\n(softly)\n" + " ".join([sentence] * 6))
    assert len(shots) == 2
    assert [line.text.count(sentence) for shot in shots for line in shot.dialogue] == [3, 3]
    assert [line.parenthetical for shot in shots for line in shot.dialogue] == ["softly", ""]
    assert [(shot.sources[0].part, shot.sources[0].parts) for shot in shots] == [(1, 2), (2, 2)]
    assert shots[0].size != shots[1].size


def test_a_long_speech_moves_in():
    (shot,) = shots_of("MARA\n" + "word " * 20)
    assert shot.move == CameraMove.DOLLY_IN


def test_lyrics_are_spoken_or_heard():
    sung, heard = shots_of("MARA\n~La la la\n\n~La la")
    assert (sung.dialogue[0].text, heard.action, heard.dialogue) == ("La la la", "La la", ())


def test_a_title_card_is_a_shot_of_its_own():
    rain, card = shots_of("[[SHOT: CU, 4s]]\n\nRain.\n\n> THE END <\n\nFADE OUT.")
    assert (rain.readable_text, rain.seconds, rain.transition) == ("", 4.0, "")
    assert (card.readable_text, card.seconds, card.transition, card.props) == ("THE END", None, "FADE OUT.", ())


def test_transitions_go_with_the_shot_before_them():
    shots = shots_of(
        "Rain.\n\nMARA\nHello, and welcome to you.\n\nCUT TO:\n\nSnow.\n\nFADE OUT.", heading="FADE IN:\n\nINT. A - DAY"
    )
    assert [shot.transition for shot in shots] == ["FADE IN:", "CUT TO:", "FADE OUT."]


def test_a_scene_without_action_has_no_shots():
    assert shots_of("= Nothing.\n\nCUT TO:") == []


def test_a_direction_is_followed():
    shots = shots_of(
        "Mara waits.\n\n[[SHOT: ECU, low angle, tilt down, 135mm, dusk, her hands, 4s]]\n\nMara lifts the KEY.\n\n"
        "MARA\nAt last.\n\n"
        "[[SHOT: MWS]]\n\nShe goes."
    )
    hands, going = shots[1:]
    assert told(hands) == (ShotSize.ECU, Angle.LOW, CameraMove.TILT_DOWN, ("mara",))
    assert (hands.lens_mm, hands.seconds, hands.time_of_day) == (135, 4.0, TimeOfDay.DUSK)
    assert hands.action == "Her hands. Mara lifts the KEY."
    assert (hands.props, hands.beats) == (("key",), ("Mara lifts the KEY.",))
    assert [line.text for line in hands.dialogue] == ["At last."]
    assert (going.size, going.lens_mm, going.action, going.characters) == (ShotSize.MWS, 35, "She goes.", ("mara",))


def test_a_name_as_subject_says_who_is_in_frame():
    (shot,) = shots_of("[[SHOT: Noah]]\n\nIt is late.\n\nMARA\nYes.\n\nNOAH\nNo.")
    assert (shot.characters, shot.action) == (("noah", "mara"), "It is late.")


def test_a_close_up_by_direction_is_not_over_the_shoulder():
    shots = shots_of("MARA\nHello, it is late and cold.\n\n[[SHOT: CU]]\n\nNOAH\nIt is, and it will be worse.")
    assert told(shots[1])[:2] == (ShotSize.CU, Angle.EYE_LEVEL)


def test_a_direction_over_too_much_is_cut():
    shots = shots_of("[[SHOT: CU, her face]]\n\n" + "\n\n".join(["Mara " + "walks on and on and on. " * 3] * 4), cast=("MARA",))
    assert len(shots) > 1
    assert {shot.size for shot in shots} == {ShotSize.CU}
    assert [shot.action.startswith("Her face.") for shot in shots] == [True] + [False] * (len(shots) - 1)


TOO_LONG = "a shot lasts more than 0 and at most 15 seconds"
NOTHING_UNDER = "nothing stands under this SHOT note: put it above the action or speech that it directs"


@pytest.mark.parametrize(
    ("body", "sizes", "remarks"),
    [
        ("Rain.\n\n[[SHOT: CU]]", [ShotSize.WS], [f"scene.fountain:5: {NOTHING_UNDER}"]),
        ("[[SHOT: CU]]\n\n[[SHOT: MS]]\n\nRain.", [ShotSize.MS], [f"scene.fountain:3: {NOTHING_UNDER}"]),
        (
            "[[SHOT: 9000s, CU]]\n\nRain.",
            [ShotSize.CU],
            [f"scene.fountain:3: the SHOT note asks for 9000s, which is left out: {TOO_LONG}"],
        ),
        (
            "[[SHOT: 3s, CU]]\n\nMARA\n" + "word " * 80,
            [ShotSize.CU] * 3,
            ["scene.fountain:3: the SHOT note asks for 3 s, which is left out: what stands under it takes about 33 s"],
        ),
        ("[[SHOT: 3s, CU]]\n\nRain.", [ShotSize.CU], []),
    ],
)
def test_directions_that_cannot_be_followed_are_left_out_and_said(body, sizes, remarks):
    assert [shot.size for shot in shots_of(body)] == sizes
    scene = parse_scene(Source(name="scene.fountain", text=f"INT. ROOM - DAY\n\n{body}\n"))
    assert direction_remarks(scene, setting(15), Cast(Bible())) == remarks


def test_a_parenthetical_stays_at_its_words():
    (shot,) = shots_of("ANN\n(to Ben)\nSit down.\n(to Cleo)\n(low)\nYou, out.\n(nods)")
    assert [(line.parenthetical, line.text) for line in shot.dialogue] == [
        ("to Ben", "Sit down."),
        ("to Cleo; low; nods", "You, out."),
    ]
    assert [source.spoken for source in shot.sources] == [2]


def test_parentheticals_of_a_speech_that_is_cut_stay_at_their_words():
    text = "ANN\n(loud)\n" + "Word " * 30 + "end.\n(low)\n" + "Word " * 30 + "end."
    shots = shots_of(text)
    said = [(line.parenthetical, len(line.text.split())) for shot in shots for line in shot.dialogue]
    assert said == [("loud", 31), ("low", 31)]
    assert [(source.part, source.parts, source.spoken) for shot in shots for source in shot.sources] == [(1, 2, 1), (2, 2, 1)]


def test_a_project_of_very_short_clips_is_not_cut_into_words():
    assert len(shots_of("Rain falls on the roof of the house.", longest_s=2)) == 1


WORDS = st.sampled_from(
    [
        *("Mara", "Noah", "walks", "slowly", "looks up", "the", "hand", "KEY", "door.", "rain,", "sign", "reads", '"EXIT"'),
        *("they", "she", "and", "then!", "雨が降る"),
    ]
)
PROSE = st.lists(WORDS, min_size=1, max_size=90).map(" ".join)
BLOCKS = st.one_of(
    PROSE.map(lambda text: f"!{text}"),
    st.tuples(st.sampled_from(["MARA", "NOAH (O.S.)", "ÉLODIE ^"]), PROSE).map("\n".join),
    st.just("[[SHOT: CU, pan left]]\n\n!Mara."),
    st.just("~La la"),
    st.just("CUT TO:"),
    st.just("> LATER <"),
)


@settings(max_examples=40, deadline=None)
@example(blocks=["!Mara", "!door. Mara", "!door. door. Mara"], longest_s=8)
@given(st.lists(BLOCKS, max_size=12), st.sampled_from([8, 15]))
def test_any_scene_is_covered_within_the_limit(blocks, longest_s):
    shots = shots_of("\n\n".join(blocks), longest_s=longest_s)
    for shot in shots:
        assert pace(shot_to_clip(shot), min_s=1, max_s=longest_s, fps=16, max_frames=257).clamps == ()
    if not any("[[" in block for block in blocks):
        for one, other in pairwise(shots):
            assert one.characters != other.characters or one.size != other.size


SEATED = "ANN, her son BEN and CLEO sit down.\n\n"
ASKS = "BEN\nCan I go to bed now, please, mother of mine?\n\n"
ALLOWS = "ANN\nGo on, it is late enough for all of us here.\n\n"


def people(body: str, **options) -> list[tuple]:
    """Return who is in frame and who speaks, shot after shot."""
    return [(shot.characters, *(line.character for line in shot.dialogue)) for shot in shots_of(body, **options)]


def test_who_left_is_not_looked_at_over_a_shoulder():
    left = f"{SEATED}{ASKS}{ALLOWS}Ben leaves.\n\nCLEO\nIs he well, do you think, or is he not?\n\n{ALLOWS}"
    assert people(left)[-2] == (("cleo", "ann"), "cleo")


@pytest.mark.parametrize("leaves", ["Ben walks out.", "He leaves.", "Ben is gone."])
def test_who_leaves_is_not_there_any_more(leaves):
    wait = "They wait for the rain to stop, and it does not stop at all."
    body = f"Ann and Ben sit. Ben nods. He smiles.\n\n{leaves}\n\n{wait}\n\nANN\nWell.\n\nBEN\nI am back, and I will stay here."
    found = people(body)
    assert found[2] == (("ann",),)
    assert found[-1] == (("ann", "ben"), "ann", "ben")


@pytest.mark.parametrize(("said", "listener"), [("BEN", "ann"), ("BEN\n(to Cleo)", "cleo")])
def test_the_listener_is_the_one_spoken_with(said, listener):
    rain = "Rain beats against the window of the old house by the sea."
    talk = f"{SEATED}{ASKS}{ALLOWS}{rain}\n\n{said}\nGood night to both of you, then.\n\n{ALLOWS}"
    assert people(talk, cast=("CLEO",))[-2] == (("ben", listener), "ben")


@pytest.mark.parametrize("pause", ["A long silence.", "The two look at each other.", "Rain."])
def test_a_pause_keeps_who_was_there(pause):
    talk = "Ann and Ben sit.\n\nANN\nI do not know what to say any more.\n\nBEN\nThen say nothing at all to me.\n\n"
    assert [sorted(seen) for seen in people(f"{talk}{pause}\n\nANN\nYes.")[3]] == [["ann", "ben"]]


def test_a_long_action_without_people_shows_nobody():
    talk = "Ann and Ben sit.\n\nANN\nI do not know what to say any more.\n\n"
    assert people(f"{talk}The rain beats against the tall windows of the old house by the sea.\n\nBEN\nYes.")[2] == ((),)


def test_a_pause_after_nobody_shows_who_is_there():
    rain = "The rain beats against the tall windows of the old house by the sea."
    body = f"Ann and Ben sit down.\n\n{rain}\n\nA long silence."
    assert people(body, cast=("ANN", "BEN"))[1:] == [((),), (("ben", "ann"),)]


def test_machines_are_heard_by_who_is_there():
    found = people("Ann sits.\n\nRADIO\nThe storm is coming.\n\nShe turns it off.", cast=("ANN",))
    assert found[1:] == [(("ann",), "radio"), (("ann",),)]


def test_what_two_say_together_is_said_by_the_first():
    body = "Ann and Ben sit.\n\nANN\nOne.\n\nBEN\nTwo.\n\nANN AND BEN\n(loud)\nThree of us in all, and no more!\n\nALL\nFour!"
    lines = [line for shot in shots_of(body) for line in shot.dialogue]
    assert [(line.character, line.parenthetical, line.off_screen) for line in lines] == [
        ("ann", "", False),
        ("ben", "", False),
        ("ann", "with Ben; loud", False),
        ("ann", "all together", False),
    ]
    (alone,) = (line for shot in shots_of("ALL\nFour!") for line in shot.dialogue)
    assert (alone.character, alone.off_screen) == ("all", True)


def test_two_who_share_a_shot_are_both_in_it():
    told = "Ann and Scott wait. Ann smiles at herself. Scott scratches his head."
    found = people(f"{told}\n\nRain.\n\nHe points.\n\nShe nods.\n\nHe sits. Ann coughs.", cast=("ANN", "SCOTT"))
    assert found[1:] == [(("scott",),), (("ann", "scott"),)]
    assert people(f"{told}\n\nAnn waits. He leaves.", cast=("ANN", "SCOTT"))[1] == (("ann",),)


def test_words_for_a_person_mean_somebody_only_where_there_is_one():
    other = "There waits a woman. The guard nods."
    assert people(other, cast=("WOMAN", "GUARD")) == [((),)]
    assert people(f"{other}\n\nWOMAN\nYes.", cast=("GUARD",))[0] == (("woman",),)
    assert people("A GUARD waits.\n\nThe guard nods at the long line of people.", cast=("GUARD",))[1] == (("guard",),)


def test_nobody_is_seen_in_what_is_read():
    read = "Ben -- be at the hotel at one tomorrow, and do not be late again."
    found = people(f"Ann opens the card. Inside is written:\n\n{read}\n\nShe sighs.", cast=("ANN", "BEN"))
    assert found[1:] == [((),), (("ann",),)]


def test_camera_words_direct_the_camera():
    close, angle, still = shots_of(
        "Ann waits.\n\nCLOSE ON Ann's hand.\n\nANGLE ON the buoy. We PUSH IN.\n\nRain.", cast=("ANN",)
    )[1:]
    assert (close.size, close.action, close.characters) == (ShotSize.CU, "Ann's hand.", ("ann",))
    assert (angle.move, angle.action) == (CameraMove.DOLLY_IN, "The buoy.")
    assert still.move == CameraMove.STATIC


def test_centred_lines_in_a_row_are_one_card():
    cards = shots_of("Ann waits.\n\n> BRICK & STEEL <\n> FULL RETIRED <\n\n> THE END <", cast=("ANN",))[1:]
    assert [(card.readable_text, card.characters) for card in cards] == [("BRICK & STEEL\nFULL RETIRED", ()), ("THE END", ())]


def test_a_place_that_was_just_seen_is_not_established_again():
    scene = parse_scene(Source(name="scene.fountain", text="EXT. PIER - DAY\n\nMara runs on."))

    def sizes(visit: int) -> ShotSize:
        (shot,) = scene_shots(scene, replace(setting(15), visit=visit), Cast(Bible(), ["MARA"]))
        return shot.size

    assert [sizes(visit) for visit in range(4)] == [ShotSize.EWS, ShotSize.MWS, ShotSize.MCU, ShotSize.MS]


def test_a_voice_over_black_shows_nobody():
    scene = parse_scene(Source(name="a", text="MARA (V.O.)\nIt was winter.\n\nMARA\nAnd I was there."))
    first, _ = scene_shots(scene, setting(15), Cast(Bible(), ["MARA"]))
    assert first.characters == ()


def test_all_answer_in_a_shot_that_somebody_directed():
    (directed,) = shots_of("Ann and Ben sit.\n\n[[SHOT: MS]]\n\nANN\nOne.\n\nALL\nTwo.", cast=("BEN",))[1:]
    assert [(line.character, line.parenthetical) for line in directed.dialogue] == [("ann", ""), ("ann", "all together")]


def test_a_shot_of_a_thing_says_which():
    hand, letter, face = shots_of(
        "Mara waits.\n\nHer hand rests on the table beside the cup and the bread.\n\n[[SHOT: CU, the letter]]\n\nIt is old.\n\n"
        "[[SHOT: CU, her face]]\n\nShe looks up.",
        cast=("MARA",),
    )[1:]
    assert [shot.insert for shot in (hand, letter, face)] == ["hand", "letter", ""]


@pytest.mark.parametrize(
    ("action", "seen"),
    [
        pytest.param("The two of them wait for the rain to stop, and wait.", 2, id="counted"),
        pytest.param("The group waits for the rain to stop, and waits on.", 3, id="all"),
        pytest.param("The three look at the rain, and at each other, and wait.", 3, id="the three"),
        pytest.param("Their eyes are on the rain that does not want to stop.", 3, id="theirs"),
        pytest.param("The rain beats on their roof, and does not want to stop.", 0, id="what is theirs is not them"),
    ],
)
def test_several_are_counted(action, seen):
    assert len(people(f"{SEATED}{action}", cast=("ANN", "BEN", "CLEO"))[1][0]) == seen


def test_several_who_were_not_seen_yet_are_those_of_the_scene():
    talk = "\n\nBEN\nNow?\n\nANN\nNow."
    assert people(f"They wait.{talk}")[0] == (("ben", "ann"),)
    assert people(f"Rain. They wait.{talk}")[0] == (("ben", "ann"),)
    assert people(f"Two lamps burn, and moths fly around both.{talk}")[0] == ((),)


def test_who_is_called_is_spoken_with():
    talk = f"{SEATED}{ASKS}{ALLOWS}The rain beats against the tall windows of the old house.\n\n"
    called = people(f"{talk}BEN\nGood night, Cleo. I will see you tomorrow then.\n\n{ALLOWS}", cast=("CLEO",))
    assert called[-2] == (("ben", "cleo"), "ben")


def test_who_is_meant_by_a_pronoun_is_somebody_else_than_the_one_named():
    told = "Ann smiles at herself. Eve pulls at her sleeve. Ben laughs at himself."
    found = people(f"{told}\n\nRain.\n\nShe looks at Ann, and goes on looking at her for a while.", cast=("ANN", "BEN", "EVE"))
    assert found[2] == (("ann", "eve"),)


CALM = "I have nothing more to say to you about all of this."
LOUD = "You have nothing more to say to me about all of this!"


def test_tension_brings_the_camera_closer():
    def sizes(line: str) -> list[ShotSize]:
        talk = "\n\n".join(f"{name}\n{line}" for name in ("ANN", "BEN", "ANN", "BEN", "ANN"))
        return [shot.size for shot in shots_of(f"Ann and Ben sit.\n\n{talk}")[2:]]

    assert sizes(CALM) == [ShotSize.MCU, ShotSize.MCU, ShotSize.MS, ShotSize.MS]
    assert sizes(LOUD) == [ShotSize.CU, ShotSize.CU, ShotSize.MCU, ShotSize.MCU]


def test_the_wider_size_looks_over_a_shoulder():
    talk = "\n\n".join(f"{name}\n{CALM}" for name in ("ANN", "BEN", "ANN", "BEN", "ANN"))
    over = [(shot.size, shot.characters) for shot in shots_of(talk) if shot.angle == Angle.OVER_SHOULDER]
    assert over == [(ShotSize.MS, ("ben", "ann")), (ShotSize.MS, ("ann", "ben"))]


def test_returns_have_other_angles_and_lenses():
    scene = parse_scene(Source(name="scene.fountain", text="EXT. PIER - DAY\n\nMara waits."))

    def camera(visit: int) -> tuple[Angle, int | None]:
        (shot,) = scene_shots(scene, replace(setting(15), visit=visit), Cast(Bible(), ["MARA"]))
        return shot.angle, shot.lens_mm

    assert [camera(visit) for visit in range(4)] == [
        (Angle.EYE_LEVEL, 24),
        (Angle.LOW, 35),
        (Angle.HIGH, 65),
        (Angle.EYE_LEVEL, 50),
    ]


def test_in_a_chase_nothing_is_still_and_all_move_in_one_direction():
    scene = parse_scene(
        Source(name="scene.fountain", text="EXT. PIER - DAY\n\nMara waits.\n\nMara walks left, on and on and on.")
    )
    chase, calm = (
        [shot.move for shot in scene_shots(scene, replace(setting(15), visit=1, chase=is_chase), Cast(Bible(), ["MARA"]))]
        for is_chase in (True, False)
    )
    assert chase == [CameraMove.TRUCK_RIGHT]
    assert calm == [CameraMove.TRUCK_LEFT]


def postures(body: str, **options) -> list[dict[str, str]]:
    return [{key: str(posture) for key, posture in shot.postures.items()} for shot in shots_of(body, **options)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("Ann sits at the bar. Ben waits.", {"ann": "sit"}, id="one of two"),
        pytest.param("Ann and Ben are at the kitchen table.", {"ann": "sit", "ben": "sit"}, id="at a table"),
        pytest.param("Ann is in bed.", {"ann": "lie"}, id="lies"),
        pytest.param("Ann is sitting on her bed.", {"ann": "sit"}, id="sits on a bed"),
        pytest.param("Ann sits. She kneels.", {"ann": "kneel"}, id="a pronoun"),
        pytest.param("Ann sits. Ben stands up.", {"ann": "sit"}, id="another one stands up"),
        pytest.param("Ann sits, stands up and sits down again.", {"ann": "sit"}, id="the last one holds"),
        pytest.param("Ann sits. She gets up.", {}, id="no longer"),
        pytest.param("Ann sits. Ann heads for the door.", {}, id="goes away"),
        pytest.param("Ann walks to Ben and sits.", {"ann": "sit"}, id="beside somebody"),
        pytest.param("Ann watches Ben sit.", {"ben": "sit"}, id="of two, the last one"),
        pytest.param("Ann waits as Ben walks to Ann and sits.", {"ben": "sit"}, id="in the last part"),
        pytest.param("Close to Ann and Ben, sitting.", {"ann": "sit", "ben": "sit"}, id="whoever"),
        pytest.param("Ann does not sit.", {}, id="denied"),
        pytest.param("Ann asks Ben to sit.", {}, id="asked for"),
        pytest.param("Ann and Ben wait. He notices a manuscript sitting on a shelf.", {}, id="a thing that is seen"),
        pytest.param("Ann sits down and runs away.", {}, id="not for long"),
        pytest.param("Sitting in the chair, Ann waits.", {"ann": "sit"}, id="at the beginning"),
        pytest.param("Ann and Ben wait. They sit.", {"ann": "sit", "ben": "sit"}, id="they"),
        pytest.param("Ann waits. Sitting. Waiting.", {"ann": "sit"}, id="who else"),
        pytest.param("Ann waits. The cup sits on the table.", {}, id="a thing"),
        pytest.param("Ann est assise. Ben attend.", {"ann": "sit"}, id="in French"),
        pytest.param("ANN\n(to Ben, sitting down)\nHello.\n\nBen waits.", {"ann": "sit"}, id="in a parenthetical"),
        pytest.param("ANN (O.S.)\n(sitting down)\nHello.\n\nBen waits.", {}, id="off screen"),
    ],
)
def test_who_sits_stays_so(body, expected):
    assert postures(body, cast=("ANN", "BEN"))[0] == expected


def test_postures_go_on_from_shot_to_shot():
    body = f"Ann and Ben sit down.\n\n{ASKS}{ALLOWS}Ben gets up and walks to the door of the house.\n\n{ASKS}{ALLOWS}"
    assert postures(body) == [
        {"ann": "sit", "ben": "sit"},
        {"ann": "sit", "ben": "sit"},
        {"ann": "sit"},
        {},
        {"ann": "sit"},
        {"ann": "sit"},
    ]


def test_who_moves_about_between_two_speeches_is_seen_wider():
    def size(action: str) -> ShotSize:
        return shots_of(f"Ann and Ben wait.\n\n{ASKS}{action}\n\n{ALLOWS}")[2].size

    assert (size("Ben smiles."), size("Ben sits down.")) == (ShotSize.CU, ShotSize.MWS)


@pytest.mark.parametrize(
    ("action", "seen"),
    [
        pytest.param("Ann slaps him in the face, and that is all there is to say.", ("ann", "ben"), id="him"),
        pytest.param("Ann slaps her hand on the table, and that is all there is.", ("ann",), id="her own"),
        pytest.param("Ann thinks of him, and that is all there is to say to it.", ("ann",), id="only in thought"),
        pytest.param("They shake hands. Ann nods at all of the others.", ("ann", "ben"), id="they, then one"),
        pytest.param("Ann's eyes fill with tears. They fill.", ("ann",), id="a detail is of one"),
    ],
)
def test_who_is_touched_is_there(action, seen):
    assert set(people(f"Ann smiles at herself. Ben scratches himself.\n\n{action}", cast=("ANN", "BEN"))[1][0]) == set(seen)


@pytest.mark.parametrize("manner", ["to himself", "aside", "to themselves, softly"])
def test_who_speaks_to_himself_has_no_listener(manner):
    talk = f"{SEATED}{ASKS}{ALLOWS}The rain beats against the tall windows of the old house.\n\n"
    assert people(f"{talk}BEN\n({manner})\nIt will never stop raining in this place of ours.")[-1] == (("ben",), "ben")


def test_the_hands_of_a_clock_are_no_hands():
    hands, clock = shots_of("Ann waits.\n\nHer hands shake.\n\nRain.\n\nThe clock's hands tick on to the hour.", cast=("ANN",))[
        1:
    ]
    assert (hands.insert, clock.insert) == ("hands", "clock")


@pytest.mark.parametrize(
    ("action", "insert"),
    [
        pytest.param("Ann reads the letter.", "letter", id="short"),
        pytest.param("Ann and the others watch in astonishment.", "", id="a verb"),
        pytest.param("They hand it over.", "", id="what they do"),
        pytest.param("Ann turns the pipe as if with a key.", "", id="only compared"),
        pytest.param("Ann looks at his watch.", "watch", id="a watch"),
        pytest.param(f"His hand shakes{' and shakes' * 12}.", "hand", id="begins with it"),
        pytest.param(f"Ann waits{' and waits' * 12} with a letter.", "", id="long, and about more"),
    ],
)
def test_a_long_action_is_not_about_a_detail(action, insert):
    assert shots_of(f"Ann waits.\n\n{action}", cast=("ANN",))[1].insert == insert


@pytest.mark.parametrize(
    ("action", "insert"),
    [
        pytest.param("Ann comes in at last, a bag in her hand.", "", id="somebody with something in hand"),
        pytest.param("In her hand lies a small key.", "key", id="what lies in a hand"),
        pytest.param("A key, and her hand beside it.", "key", id="rather the thing"),
        pytest.param("Ann's hand shakes.", "hand", id="the hand itself"),
    ],
)
def test_hands_are_shown_where_the_action_is_about_them(action, insert):
    assert shots_of(f"Ann waits.\n\n{action}", cast=("ANN",))[1].insert == insert


def test_a_woman_is_not_the_woman_who_was_seen():
    scene = (
        "A WOMAN waits. Rain falls on the street and on the roofs of the houses.\n\n{} walks along the wet street, and is gone."
    )
    assert people(scene.format("The woman"), cast=("WOMAN",))[1] == (("woman",),)
    assert people(scene.format("A woman"), cast=("WOMAN",))[1] == ((),)


def test_him_is_the_one_in_frame_of_whom_nothing_is_told_rather_than_somebody_else():
    told = (
        "Ben laughs at himself. Kim waits. Ann smiles at herself.\n\nKim reads the paper from the first to the last page of it."
    )
    assert people(f"{told}\n\nAnn slaps him, and goes on slapping, and does not stop.", cast=("ANN", "BEN", "KIM"))[2] == (
        ("ann", "kim"),
    )


def test_who_is_there_is_spoken_with_rather_than_who_speaks_next():
    talk = "Ann and Ben sit down.\n\nANN\nDo not turn around, and do not say a single word.\n\nRain.\n\nCLEO\nDid you call me?"
    assert people(talk, cast=("BEN",))[1] == (("ann", "ben"), "ann")
