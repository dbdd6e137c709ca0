"""Who talks by telephone, or in a scene cut against another place, is seen in his own place, or heard."""

import pytest

from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.shotlist import Shot
from vtx_dagster.core.story import Source, StoryContext
from vtx_dagster.engines.breakdown.rules import Breakdown

CALL = "Hello? Who is calling me at this hour of the night?"
ANSWER = "It is me, and I have something to tell you now."
CAR = "INT. BEN'S CAR - NIGHT\n\nBen drives.\n\n"
DIALS = "INT. HALL - DAY\n\nAnn dials a number.\n\n"
FLAT = "INT. ANN'S FLAT - NIGHT\n\n"
TALK = f"ANN\n{CALL}\n\nBEN\n{ANSWER}\n\nANN\nTell me, then, and do not wait for the morning."


def shots(text: str) -> list[Shot]:
    context = StoryContext(
        metadata=Metadata(title="T"), brief=Source(name="b", text=""), screenplays=(Source(name="a.fountain", text=text),)
    )
    breakdown = Breakdown()
    outline = breakdown.outline(context)
    files = breakdown.screenplay(context, outline, "")
    scenes = {file.scene: Source(name=file.scene, text=file.text) for file in files}
    return list(breakdown.shotlist(context, outline, scenes).shots)


def talk(text: str) -> list[tuple]:
    """Return place, people, speaker and whether that one is heard, of every shot with a speech in it."""
    return [
        (shot.location, shot.characters, shot.dialogue[0].character, shot.dialogue[0].off_screen)
        for shot in shots(text)
        if shot.dialogue
    ]


IN_THEIR_PLACES = [
    ("anns_flat", ("ann",), "ann", False),
    ("bens_car", ("ben",), "ben", False),
    ("anns_flat", ("ann",), "ann", False),
]
HEARD = [("anns_flat", ("ann",), "ann", False), ("anns_flat", ("ann",), "ben", True), ("anns_flat", ("ann",), "ann", False)]
TOGETHER = [
    ("anns_flat", ("ann", "ben"), "ann", False),
    ("anns_flat", ("ben",), "ben", False),
    ("anns_flat", ("ann",), "ann", False),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"{CAR}{FLAT}Ann waits.\n\n> INTERCUT WITH:\n\n{TALK}", IN_THEIR_PLACES, id="intercut"),
        pytest.param(f"{CAR}{FLAT}Ann waits.\n\nINTERCUT PHONE CALL\n\n{TALK}", IN_THEIR_PLACES, id="in the action"),
        pytest.param(f"{CAR}{FLAT}Ann picks up the phone.\n\n{TALK}", IN_THEIR_PLACES, id="a call"),
        pytest.param(
            f"{CAR}INT. HALL - DAY\n\nAnn dials a number.\n\n{FLAT}Ann waits.\n\n{TALK}", IN_THEIR_PLACES, id="called before"
        ),
        pytest.param(f"{FLAT}Ann dials the number.\n\n{TALK}", HEARD, id="never seen before"),
        pytest.param(f"{CAR}{FLAT}Ann waits.\n\n{TALK}", TOGETHER, id="no call"),
        pytest.param(f"{CAR}{FLAT}Ann drops the phone. Ben comes in.\n\n{TALK}", TOGETHER, id="there by the action"),
        pytest.param(
            f"{CAR}He waits.\n\n{DIALS}She waits.\n\n{FLAT}Ann waits. He looks at her.\n\n{TALK}",
            TOGETHER,
            id="there by a pronoun",
        ),
        pytest.param(
            f"{CAR}{DIALS}INT. BEN'S FLAT - NIGHT\n\nAnn waits.\n\n{TALK}",
            [(place.replace("anns", "bens"), *rest) for place, *rest in TOGETHER],
            id="whose place it is",
        ),
    ],
)
def test_a_conversation(text, expected):
    assert talk(text) == expected


def test_who_went_on_is_seen_where_he_went():
    found = talk(f"{CAR}INT. GARAGE - NIGHT\n\nBen stops.\n\n{FLAT}Ann waits.\n\n> INTERCUT WITH:\n\n{TALK}")
    assert found[1] == ("garage", ("ben",), "ben", False)


def test_people_of_a_heading_without_a_place_are_where_they_were():
    found = talk(f"{CAR}.LATER\n\nBen stops.\n\n{FLAT}Ann waits.\n\n> INTERCUT WITH:\n\n{TALK}")
    assert found[1] == ("bens_car", ("ben",), "ben", False)
    nowhere = talk(f"INT. NIGHT\n\nBen stops.\n\n{FLAT}Ann dials.\n\n{TALK}")
    assert nowhere[1] == ("anns_flat", ("ann",), "ben", True)
