from vtx_dagster.engines.screenplay.plain_text import read_text_file
from vtx_dagster.engines.screenplay.transcript import is_transcript

TRANSCRIPT = """\
(Cut to a rooftop, where MARA rushes up to the edge, carrying
    a loaf of bread.)

GUARD:  Stop, thief!  I'll have your hands for a trophy,
        street rat!

MARA (low):    All this for a loaf of bread?

(She jumps off.)

GUARD:  There she is!

She is gone.

MARA:   Not yet.

INT. HALL - NIGHT

GUARD:  Where is she?
        CUT TO:
"""
FOUNTAIN = """\

(Cut to a rooftop, where MARA rushes up to the edge, carrying
a loaf of bread.)

GUARD
Stop, thief!  I'll have your hands for a trophy,
street rat!

MARA
(low)
All this for a loaf of bread?

(She jumps off.)

GUARD
There she is!

She is gone.

MARA
Not yet.

INT. HALL - NIGHT

GUARD
Where is she?

CUT TO:
"""


def read(text: str) -> list[str]:
    found = read_text_file(text.encode(), name="f.txt").text
    return [line for line in found.split("\n") if line]


def test_what_stands_behind_a_name_is_said_by_it():
    found = read_text_file((TRANSCRIPT * 6).encode(), name="f.txt")
    assert [line for line in found.text.split("\n") if line] == [line for line in (FOUNTAIN * 6).split("\n") if line]
    assert "\n\nMARA\n(low)\nAll this for a loaf of bread?\n\n" in found.text
    assert "\n\nShe is gone.\n\nMARA" in found.text
    assert found.remarks == ()


def test_a_doubled_transcript_is_read_too():
    doubled = "".join(f"{line}\n\n" for line in (TRANSCRIPT * 6).split("\n") if line.strip())
    assert read(doubled) == read(TRANSCRIPT * 6)
    assert "\n\nShe is gone.\n\nMARA" in read_text_file(doubled.encode(), name="f.txt").text


def test_few_names_with_a_colon_are_no_transcript():
    assert is_transcript((TRANSCRIPT * 6).split("\n"))
    assert not is_transcript(TRANSCRIPT.split("\n"))
    assert not is_transcript(["CUT TO: the bar", "MARA: Yes."] * 30)
