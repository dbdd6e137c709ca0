from dataclasses import replace

import pytest

from vtx_dagster.core.screenplay import Element, ElementKind, Lines
from vtx_dagster.core.shot import Angle, CameraMove, ShotSize, TimeOfDay
from vtx_dagster.engines.breakdown.directions import Direction, camera_words, is_direction, read_direction


def note(text: str) -> Element:
    return Element(kind=ElementKind.NOTE, text=text, lines=Lines(first=7, last=8))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "SHOT: CU, dolly in, her hands, 4s",
            Direction(size=ShotSize.CU, move=CameraMove.DOLLY_IN, subject="her hands", seconds=4.0),
        ),
        ("shot: 2.5 sec, Extreme Close-Up", Direction(size=ShotSize.ECU, seconds=2.5)),
        ("SHOT: close up on her hands", Direction(size=ShotSize.CU, subject="her hands")),
        ("SHOT: push in, over the shoulder", Direction(move=CameraMove.DOLLY_IN, angle=Angle.OVER_SHOULDER)),
        ("SHOT: slow pan left, 85mm lens, night", Direction(move=CameraMove.PAN_LEFT, lens_mm=85, time_of_day=TimeOfDay.NIGHT)),
        ("SHOT: wide shot, low angle, hand-held", Direction(size=ShotSize.WS, angle=Angle.LOW, move=CameraMove.HANDHELD)),
        ("SHOT: POV of the dog", Direction(angle=Angle.POV, subject="the dog")),
        ("SHOT: a frying pan, the door", Direction(subject="a frying pan, the door")),
        ("SHOT: tilt on and on", Direction(move=CameraMove.TILT_UP, subject="and on")),
        ("SHOT: something on fire", Direction(subject="something on fire")),
        ("SHOT: close uo", Direction(subject="close uo")),
        ("SHOT: CU, close up", Direction(size=ShotSize.CU)),
        ("SHOT:", Direction()),
    ],
)
def test_read(text, expected):
    assert read_direction(note(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected", "remarks"),
    [
        (
            "SHOT: 9000s, CU",
            Direction(size=ShotSize.CU),
            ["the SHOT note asks for 9000s, which is left out: a shot lasts more than 0 and at most 15 seconds"],
        ),
        (
            "SHOT: 0s",
            Direction(),
            ["the SHOT note asks for 0s, which is left out: a shot lasts more than 0 and at most 15 seconds"],
        ),
        ("SHOT: 2mm", Direction(), ["the SHOT note asks for 2mm, which is left out: lenses are 8mm to 1200mm long"]),
        (
            "SHOT: CU, wide, 2s, 3s",
            Direction(size=ShotSize.CU, seconds=2.0),
            [
                "the SHOT note asks for a second size (wide): the first holds",
                "the SHOT note asks for a second seconds (3s): the first holds",
            ],
        ),
    ],
)
def test_what_cannot_be_followed_is_left_out_and_said(text, expected, remarks):
    found = read_direction(note(text))
    assert replace(found, remarks=()) == expected
    assert list(found.remarks) == remarks


def test_other_notes_direct_nothing():
    assert is_direction(note("Shot : CU"))
    assert not is_direction(note("SHOTGUN"))
    assert not is_direction(Element(kind=ElementKind.ACTION, text="SHOT: CU", lines=Lines(first=1, last=1)))


@pytest.mark.parametrize(
    ("text", "asked", "shown"),
    [
        ("CLOSE ON the letter.", Direction(size=ShotSize.CU), "The letter."),
        ("Close on: Ann's hands", Direction(size=ShotSize.CU), "Ann's hands"),
        ("CLOSE UP - THE KEY", Direction(size=ShotSize.CU), "THE KEY"),
        ("EXTREME CLOSE-UP of an eye.", Direction(size=ShotSize.ECU), "An eye."),
        ("WIDE SHOT: the valley.", Direction(size=ShotSize.WS), "The valley."),
        ("ANGLE ON the buoy.", Direction(), "The buoy."),
        ("INSERT - THE LETTER", Direction(size=ShotSize.CU), "THE LETTER"),
        ("ANN'S POV - the street.", Direction(angle=Angle.POV), "The street."),
        ("LOW ANGLE on the tower.", Direction(angle=Angle.LOW), "The tower."),
        ("AERIAL SHOT of the bay.", Direction(size=ShotSize.EWS, angle=Angle.HIGH), "The bay."),
        ("CLOSE ON the letter. We PUSH IN.", Direction(size=ShotSize.CU, move=CameraMove.DOLLY_IN), "The letter."),
        ("We pan left to the door.", Direction(move=CameraMove.PAN_LEFT), "We pan left to the door."),
        ("We pull back.", Direction(move=CameraMove.DOLLY_OUT), "We pull back."),
        ("ANGLE ON", Direction(), "ANGLE ON"),
        ("The camera pans right. Rain.", Direction(move=CameraMove.PAN_RIGHT), "Rain."),
        ("Camera pushes in to Ann.", Direction(move=CameraMove.DOLLY_IN), "Camera pushes in to Ann."),
        ("The camera dollies out.", Direction(move=CameraMove.DOLLY_OUT), "The camera dollies out."),
        ("Ann waits. PULL BACK TO REVEAL a crowd.", Direction(move=CameraMove.DOLLY_OUT), "Ann waits. a crowd."),
        ("PUSH IN ON Ann's face.", Direction(move=CameraMove.DOLLY_IN), "Ann's face."),
        ("The buoy. FREEZE FRAME.", Direction(move=CameraMove.STATIC), "The buoy."),
        ("FREEZE FRAME.", None, "FREEZE FRAME."),
        ("WIDE SHOT OF THE HIVE \u2014 DAWN", Direction(size=ShotSize.WS, time_of_day=TimeOfDay.DAWN), "THE HIVE"),
        ("WIDE SHOT OF THE HIVE - SILENCE", Direction(size=ShotSize.WS), "THE HIVE - SILENCE"),
        ("Push in the door.", None, "Push in the door."),
        ("Close the door.", None, "Close the door."),
        ("Wide eyes look up.", None, "Wide eyes look up."),
        ("Rain.", None, "Rain."),
    ],
)
def test_camera_words_direct_and_leave_the_text(text, asked, shown):
    assert camera_words(text) == (asked, shown)
