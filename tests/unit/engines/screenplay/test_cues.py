"""What words on a cue say of the speaker, and whether they are anybody's name."""

import pytest

from vtx_dagster.core.screenplay import ElementKind
from vtx_dagster.core.story import Source
from vtx_dagster.engines.screenplay.cues import is_manner, is_no_name
from vtx_dagster.engines.screenplay.fountain import parse_scene
from vtx_dagster.engines.screenplay.plain_text import read_markdown


def elements(body: str):
    return parse_scene(Source(name="a", text=f"INT. ROOM - DAY\n\n{body}")).elements


@pytest.mark.parametrize(
    ("capitals", "expected"),
    [
        ('SUPER: "MARCH 1944"', True),
        ("TITLE CARD: LATER", True),
        ("OVER BLACK:", True),
        ("OVER BLACK", True),
        ("HIGH ABOVE THE", True),
        ("SUPER", False),
        ("MARA:", False),
        ("THEODORA", False),
        ("MAN ON TV", False),
    ],
)
def test_capitals_that_are_no_name(capitals, expected):
    assert is_no_name(capitals) is expected


def test_what_is_no_name_is_no_cue():
    (card,) = elements('SUPER: "FIBER OPTIC DRONES"\nSUPER: "Silent."')
    assert (card.kind, card.speaker) == (ElementKind.ACTION, "")
    (prose,) = elements("HIGH ABOVE THE\ncity a plane passes.")
    assert (prose.kind, prose.text) == (ElementKind.ACTION, "HIGH ABOVE THE city a plane passes.")


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        ("softly", True),
        ("into phone", True),
        ("INTO PHONE", True),
        ("FILTERED", False),
        ("YELLING", False),
        ("on phone", False),
        ("V.O.", False),
        ("cont'd", False),
        ("Cont.", False),
        ("30", False),
    ],
)
def test_what_on_a_cue_is_the_manner_of_a_speech(extension, expected):
    assert is_manner(extension) is expected


def test_a_manner_on_a_cue_is_a_parenthetical():
    (speech,) = elements("MARA (softly) (V.O.)\nHello.\n(louder)\nHello!")
    assert (speech.speaker, speech.off_screen) == ("MARA", True)
    assert [(aside.text, aside.after) for aside in speech.asides] == [("softly", 0), ("louder", 6)]


def test_who_speaks_into_a_telephone_does_so_in_small_letters():
    (speech,) = elements("MARA (INTO PHONE)\nHello.")
    assert [aside.text for aside in speech.asides] == ["into phone"]


def test_a_manner_on_a_cue_is_told_once():
    first, song, second = elements("MARA (softly)\nHello.\n~La la\nHello!")
    assert [len(one.asides) for one in (first, song, second)] == [1, 0, 0]


def test_a_name_in_bold_with_a_manner_in_italics():
    read = read_markdown(b"# INT. ROOM - DAY\n\n**MARA** *(softly)*\nHello.\n\n**MARA LOW**\nYes.\n", name="a.md")
    assert read.text.split("\n\n") == ["INT. ROOM - DAY", "MARA (softly)\nHello.", "MARA LOW\nYes.\n"]


@pytest.mark.parametrize(
    ("cue", "speaker", "is_heard"),
    [("LEIA V/O", "LEIA", True), ("LEIA V.O.", "LEIA", True), ("LEIA (V/O)", "LEIA", True), ("ANH VO", "ANH VO", False)],
)
def test_off_screen_without_parentheses(cue, speaker, is_heard):
    (speech,) = elements(f"{cue}\nHello.")
    assert (speech.speaker, speech.off_screen, speech.cue) == (speaker, is_heard, cue)
