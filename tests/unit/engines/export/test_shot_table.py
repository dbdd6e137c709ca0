import csv
import io
from dataclasses import replace

import pytest

from vtx_dagster.core.bible import Bible, Character, Characters, Location, Locations
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.shot import Angle, CameraMove, DialogueLine, ShotSize, TimeOfDay
from vtx_dagster.core.shotlist import Shot, Shotlist
from vtx_dagster.engines.export.shot_table import COLUMNS, ShotRow, shot_rows, shots_csv

SHOT = Shot(
    id="A01_S01_SH010",
    scene="A01_S01",
    size=ShotSize.CU,
    angle=Angle.OVER_SHOULDER,
    move=CameraMove.PAN_LEFT,
    lens_mm=50,
    action='MARA, 40, reads "the letter".',
    characters=("mara", "old_man"),
    location="kitchen",
    time_of_day=TimeOfDay.NIGHT,
    dialogue=(
        DialogueLine(character="mara", text="Żółć 😀", parenthetical="softly"),
        DialogueLine(character="old_man", text="No.", off_screen=True),
    ),
    props=("letter", "lamp"),
    continuity="lamp lit",
    transition="CUT TO:",
    seconds=4.0,
)
BIBLE = Bible(
    characters=Characters(characters={"mara": Character(name="Mara Vane")}),
    locations=Locations(locations={"kitchen": Location(name="The Kitchen")}),
)


def rows(*shots: Shot, headings: dict[str, str] | None = None) -> list[ShotRow]:
    return shot_rows(Shotlist(shots=shots), headings=headings or {}, bible=BIBLE, metadata=Metadata(title="T"))


def test_a_shot_in_words():
    assert rows(SHOT, headings={"A01_S01": "INT. KITCHEN - NIGHT"}) == [
        ShotRow(
            shot="A01_S01_SH010",
            scene="A01_S01",
            heading="INT. KITCHEN - NIGHT",
            size="CU",
            angle="over shoulder",
            move="pan left",
            lens_mm=50,
            seconds=4.0,
            location="The Kitchen",
            time_of_day="night",
            characters="Mara Vane, Old Man",
            action='MARA, 40, reads "the letter".',
            dialogue="Mara Vane: (softly) Żółć 😀\nOld Man (V.O.): No.",
            props="letter, lamp",
            continuity="lamp lit",
            transition="CUT TO:",
        )
    ]


def test_a_bare_shot_has_the_length_that_pacing_gives_it():
    (row,) = rows(Shot(id="A01_S02_SH010", scene="A01_S02", location="old_mill"))

    assert (row.heading, row.location, row.time_of_day, row.characters) == ("", "Old Mill", "", "")
    assert 1 <= row.seconds <= 15


def test_csv_can_be_read_back():
    data = shots_csv(rows(SHOT))
    text = data.decode("utf-8-sig")

    assert data.startswith(b"\xef\xbb\xbfshot,scene,heading,size,angle,move,lens_mm,seconds,")
    assert data.endswith(b"\r\n")
    header, row = csv.reader(io.StringIO(text, newline=""))
    assert tuple(header) == COLUMNS
    assert dict(zip(header, row, strict=True))["dialogue"] == "Mara Vane: (softly) Żółć 😀\nOld Man (V.O.): No."
    assert dict(zip(header, row, strict=True))["seconds"] == "4.0"


@pytest.mark.parametrize(
    ("action", "cell"),
    [
        pytest.param("=1+1", "'=1+1", id="equals"),
        pytest.param("+1", "'+1", id="plus"),
        pytest.param("-1", "'-1", id="minus"),
        pytest.param("@A1", "'@A1", id="at"),
        pytest.param("  =1", "'  =1", id="behind-spaces"),
        pytest.param("\t=1", "'\t=1", id="tab"),
        pytest.param("a=1", "a=1", id="inside"),
        pytest.param("— dash", "— dash", id="dash"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_no_cell_is_a_formula(action: str, cell: str):
    (row,) = rows(SHOT)
    _, found = csv.reader(io.StringIO(shots_csv([replace(row, action=action)]).decode("utf-8-sig"), newline=""))

    assert found[COLUMNS.index("action")] == cell
