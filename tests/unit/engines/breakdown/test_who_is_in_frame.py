"""Who is in frame, shot after shot of a film: what was once wrong on screenplays of other people, with what is right."""

import pytest

from vtx_dagster.core.bible import Bible, Pronoun
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.shot import CameraMove, ShotSize
from vtx_dagster.core.shotlist import Shot
from vtx_dagster.core.story import Source, StoryContext
from vtx_dagster.engines.breakdown.cast import missing_bible_entries
from vtx_dagster.engines.breakdown.rules import Breakdown
from vtx_dagster.engines.screenplay.fountain import parse_scene


def shots_of(text: str) -> list[Shot]:
    source = Source(name="a.fountain", text=text)
    context = StoryContext(metadata=Metadata(title="T"), brief=Source(name="b", text=""), screenplays=(source,))
    breakdown = Breakdown()
    outline = breakdown.outline(context)
    scenes = {file.scene: Source(name=file.scene, text=file.text) for file in breakdown.screenplay(context, outline, "")}
    return list(breakdown.shotlist(context, outline, scenes).shots)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "EXT. SEA - DAY\n\nIDA (70), in a blue coat, walks along the water.\n\nShe stops.",
            [("ida",), ("ida",)],
            id="who does not speak is there",
        ),
        pytest.param(
            "INT. HOTEL - DAY\n\nA clerk waits. IDA (70) comes in.\n\nCLERK\nRoom nine.\n\nIda nods. She takes the key.",
            [("clerk", "ida"), ("clerk", "ida"), ("ida",)],
            id="she is the one who was named, not the one who spoke",
        ),
        pytest.param(
            "INT. BANK - DAY\n\nA GUARD, fifty, bored, reads a paper. Ann comes in.\n\nANN\nGood morning to you.\n\n"
            "The guard nods. Two BOYS run past.",
            [("guard", "ann"), ("ann", "guard"), ("guard", "boy_1", "boy_2")],
            id="introduced by a role and an age",
        ),
        pytest.param(
            "INT. ROOM - NIGHT\n\nANN, her son BEN and CLEO sit down.\n\nBEN\nCan I go to bed now, please, mother?\n\nANN\n"
            "Go on, it is late enough for all of us.\n\nBen leaves.\n\nCLEO\nIs he well, do you think, or is he not?",
            [("ann", "ben", "cleo"), ("ben", "ann"), ("ann",), ("ben",), ("cleo",)],
            id="who left is not looked at over a shoulder",
        ),
        pytest.param(
            "INT. ANN'S FLAT - NIGHT\n\nAnn picks up.\n\nANN (into phone)\nHello? Who is calling me now?\n\nBEN (ON PHONE)\n"
            "It is me, and I have something to tell you now.",
            [("ann",), ("ann",), ("ann",)],
            id="who is on the phone is not in the room",
        ),
        pytest.param(
            "INT. FLAT - DAY\n\nAnn sits.\n\nANN\nOh.\n\nRADIO\nThe storm is coming.\n\nShe turns it off.",
            [("ann",), ("ann",), ("ann",), ("ann",)],
            id="a machine is nobody",
        ),
        pytest.param(
            "INT. FLAT - DAY\n\nAnn looks at a photo of Ben.\n\nDear Ann, come home. Ben.\n\nANN\nHm.\n\nEXT. ROAD - DAY\n\n"
            "Ben walks.\n\nBEN\nOh.",
            [("ann",), (), ("ann",), ("ben",), ("ben",)],
            id="a mention is no presence",
        ),
        pytest.param(
            "INT. YARD - DAY\n\nAnn waits for herself. Scott comes. He hums.\n\nSCOTT\nHello.\n\nANN\nNo.\n\n"
            "She points at the gate, and goes on pointing at it.",
            [("ann", "scott"), ("scott", "ann"), ("ann",)],
            id="she is not the man who was in frame before",
        ),
        pytest.param(
            "INT. FLAT - DAY\n\nAnn and Ben sit.\n\nANN\nI do not know what to say to you any more, Ben.\n\nBEN\n"
            "Then say nothing at all, and we will sit here.\n\nA long silence.\n\nThe two look at each other.",
            [("ann", "ben"), ("ann", "ben"), ("ben",), ("ann", "ben")],
            id="a silence keeps who was there",
        ),
        pytest.param(
            "INT. FLAT - DAY\n\nBen waits.\n\nBEN\nEve?\n\nShe sits in the corner.\n\nBEN\nOh.\n\nEXT. ROAD - DAY\n\n"
            "Eve walks.\n\nEVE\nHm.",
            [("ben",), ("ben",), ("eve",), ("ben",), ("eve",), ("eve",)],
            id="she is the one who was called",
        ),
        pytest.param(
            "INT. FLAT - DAY\n\nBen waits.\n\nBEN\nOh.\n\nShe sits in the corner.\n\nBEN\nThere you are.",
            [("ben",), ("ben",), (), ("ben",)],
            id="she is not he",
        ),
        pytest.param(
            "INT. FLAT - DAY\n\nStan can't believe it. Goodman nods.\n\nSTAN LEE\nOh.\n\nMARTIN GOODMAN\nAh.",
            [("stan_lee", "martin_goodman")] * 2,
            id="first and last names alone",
        ),
        pytest.param(
            "INT. FLAT - DAY\n\nBen walks up and down.\n\nBEN (V.O.)\nIt was long ago.\n\nANN (V.O.)\nIt was.",
            [("ben",), ("ben",), ("ben",)],
            id="who thinks aloud is seen",
        ),
        pytest.param(
            "INT. FLAT - DAY\n\nCleo shouts at Ben.\n\nCLEO\nOut, and do not come back here to me!\n\n"
            "Ben and Ann look at each other.\n\nBEN\nThis is not the place for such a word.\n\nANN\nNo.",
            [("cleo", "ben"), ("cleo", "ben"), ("ben", "ann"), ("ben", "ann")],
            id="the listener is the one in frame before",
        ),
        pytest.param(
            "INT. FLAT - DAY\n\nAnn, Ben and Omar wait. Omar rubs his eyes. Ben rubs his eyes.\n\n"
            "Suddenly Ben runs in. He hits the wall.\n\nANN\nOh.\n\nBEN\nOh.\n\nOMAR\nOh.",
            [("ann", "ben", "omar"), ("ben",), ("ann", "ben"), ("omar", "ben")],
            id="he is the one before him in the text",
        ),
        pytest.param(
            "INT. FLAT - DAY\n\nAnn keys her mic.\n\nANN\nDo you see anything over there?\n\nBEN\nI see nothing at all from here."
            "\n\nANN\nThen come back, and be quick.",
            [("ann",), ("ann",), ("ann",), ("ann",)],
            id="who answers by radio is not there",
        ),
        pytest.param(
            "INT. FLAT - DAY\n\nAnn and Ben sit.\n\nBEN\nTwo.\n\nANN AND BEN\nThree of us all!\n\nANN & BEN\nNow!\n\nALL\nFour!",
            [("ann", "ben"), ("ben", "ann"), ("ann",), ("ben",)],
            id="two names on a cue are two people",
        ),
        pytest.param(
            "INT. YARD - DAY\n\nThe rain will stop. Will leads Ann in, then Will sits. She sees Will and nods to Will.\n\n"
            "WILL SCARLET\nNo.\n\nANN\nOh.",
            [("will_scarlet", "ann"), ("will_scarlet", "ann")],
            id="a name that is a word, too",
        ),
        pytest.param(
            "INT. YARD - DAY\n\nAnn smiles at another girl, NELL. A man called OSCAR waits.\n\nNell leaves.\n\n"
            "Oscar waits.\n\nANN\nOh.",
            [("ann", "nell", "oscar"), ("nell", "oscar"), ("ann",)],
            id="introduced behind a word for a person",
        ),
        pytest.param(
            "INT. BAR - DAY\n\nA young deckhand passes by.\n\nTwo men carry a box.\n\nThe King stares.\n\n"
            "A waiter screams in the distance.\n\nANN\nOh.\n\nEXT. YARD - DAY\n\nThe sheriff of Bray waits. A boy runs. "
            "The Sheriff nods.\n\nBRAY\nNo.\n\nYOUNG BOY\nAh.",
            [("deckhand",), ("man_1", "man_2", "king"), (), ("ann", "king"), ("young_boy",), ("bray", "young_boy")],
            id="who comes up without a name",
        ),
        pytest.param(
            "INT. SHOP - DAY\n\nAnn looks out of the window. A PAPERBOY waits at the WINDOW.\n\nWINDOW\nOpen me.\n\n"
            "Ann shuts the window again.\n\nANN\nOh.",
            [("ann", "paperboy"), ("window", "ann"), ("ann",), ("ann", "window")],
            id="a cue of one speech may be a thing",
        ),
        pytest.param(
            'INT. SHOP - DAY\n\n"BEN" waits.\n\nAnn sends Ben a text. She reads "Sea" by Ben.\n\nAnn comes from the city of Ben.'
            "\n\nBEN\nOh.\n\nANN\nAh.",
            [("ben",), ("ann",), ("ann",), ("ben", "ann")],
            id="who is written to, or writes books, is not there",
        ),
    ],
)
def test_who_is_in_frame(text, expected):
    assert [shot.characters for shot in shots_of(text)] == expected


def test_two_places_that_are_cut_against_each_other_are_two():
    shots = shots_of(
        "INT. CAR - NIGHT\n\nBen drives.\n\nINT. FLAT - NIGHT\n\nAnn picks up the phone.\n\n> INTERCUT WITH:\n\nANN\n"
        "Hello? Who is calling me at this hour of the night?\n\nBEN\nIt is me, and I have something to tell you now."
    )
    assert [(shot.location, shot.characters) for shot in shots[2:]] == [("flat", ("ann",)), ("car", ("ben",))]


def test_capitals_and_camera_words_are_no_props_and_no_shots_of_nothing():
    shots = shots_of(
        "EXT. SEA - DAY\n\nBen holds on.\n\nThe rope SNAPS. A LOUD BANG. Ben FALLS into the water. He is GONE.\n\n"
        "ANGLE ON the buoy. We PUSH IN. FREEZE FRAME.\n\nCLOSE ON Ben's hand.\n\nINSERT - THE LETTER\n\nBEN\nHelp!"
    )
    assert [shot.props for shot in shots] == [()] * 6
    assert [shot.action for shot in shots[2:5]] == ["The buoy.", "Ben's hand.", "THE LETTER"]
    assert [(shot.size, shot.move, shot.insert) for shot in shots[2:5]] == [
        (ShotSize.MWS, CameraMove.DOLLY_IN, ""),
        (ShotSize.CU, CameraMove.STATIC, "hand"),
        (ShotSize.CU, CameraMove.STATIC, "letter"),
    ]


def test_returns_differ():
    street, car = "EXT. STREET - DAY\n\nAnn waits.", "INT. CAR - DAY\n\nBen waits."
    shots = shots_of(f"{street}\n\n{car}\n\n{street}\n\n{car}\n\n{street}\n\nANN\nOh.\n\nBEN\nAh.")
    assert [shot.size for shot in shots[:5]] == [ShotSize.EWS, ShotSize.WS, ShotSize.MWS, ShotSize.MWS, ShotSize.MCU]
    assert len({(shot.size, shot.angle, shot.lens_mm) for shot in shots[:5:2]}) == 3


def test_what_is_told_of_somebody_is_in_the_stub():
    text = "INT. FLAT - DAY\n\nA child, NIKO (6), cries. His mother MAYA waits.\n\nMAYA\nHush."
    entries, _ = missing_bible_entries({"A01_S01": parse_scene(Source(name="a", text=text))}, Bible())
    assert (entries["niko"].age, entries["niko"].told) == (6, "A child, NIKO (6), cries.")
    assert entries["maya"].pronoun is Pronoun.SHE


def test_a_place_seen_from_both_sides_says_which_where_the_bible_does_not():
    text = (
        "INT. SHOP - DAY\n\nAnn waits.\n\nEXT. SHOP - DAY\n\nBen waits.\n\nINT. BAR - DAY\n\nAnn waits.\n\nANN\nOh.\n\nBEN\nAh."
    )
    assert [(shot.location, shot.interior) for shot in shots_of(text)[:3]] == [("shop", None), ("shop", False), ("bar", None)]
