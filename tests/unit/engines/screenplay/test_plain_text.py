# ruff: noqa: RUF001 - other alphabets are what is tested
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.story import Source
from vtx_dagster.engines.export.fountain import fountain_text
from vtx_dagster.engines.export.script import read_script
from vtx_dagster.engines.export.typesetting import FORMATS, Paper, paginated
from vtx_dagster.engines.screenplay.fountain import parse_screenplay
from vtx_dagster.engines.screenplay.imported import ImportedScreenplay
from vtx_dagster.engines.screenplay.plain_text import read_markdown, read_text_file

SCENE = """INT. BAR - NIGHT

Rain falls on the roof, and the keeper looks at the clock on the wall, which has stopped.

MARA (V.O.)
(low)
It was the last winter, and the longest one that any of us would remember.

She leaves.
"""


def text_of(text: str) -> str:
    return read_text_file(text.encode(), name="f.txt").text


def test_fountain_in_a_text_file_is_read_as_it_is():
    assert text_of(SCENE) == SCENE
    assert text_of(SCENE.replace("\n", "\r\n")) == SCENE
    assert text_of("INT. A\n\nRain.\n\fEXT. B\n\nSnow.\n\f") == "INT. A\n\nRain.\n\n\n===\n\nEXT. B\n\nSnow.\n"
    for heading in (".THE BAR", "Int. Bar - night", "屋外 海岸 夕方", "KÜCHE - INNEN - TAG"):
        assert text_of(f"{heading}\n\nRain.\n") == f"{heading}\n\nRain.\n"


def test_notes_are_no_screenplay():
    found = read_text_file(b"Dear Ann,\n\nthank you.\n", name="f.txt")
    assert found == ImportedScreenplay(text="", remarks=("f.txt: no scene heading in it: not read as a screenplay",))


@pytest.mark.parametrize("between", ["\f", "\n{number:>60}.\n\n"], ids=["form feeds", "page numbers"])
@pytest.mark.parametrize("left", [0, 15])
def test_typed_pages_are_read_by_where_lines_begin(between, left):
    scenes = {
        f"A01_S{number:02d}": Source(name="scene", text=SCENE.replace("last", word).replace("leaves", f"sees {word}"))
        for number, word in enumerate(
            ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh"), start=1
        )
    }
    script = read_script(scenes, metadata=Metadata(title="T", author=""), outline=None)
    typed = []
    for number, page in enumerate(paginated(script, FORMATS[Paper.LETTER]), start=1):
        rows = []
        for line in page:
            row = ""
            for piece in line.pieces:
                row = row.ljust(piece.column) + "".join(run.text for run in piece.runs)
            rows.append(" " * left + row if row else "")
        typed.append((between.format(number=number) if number > 1 else "") + "\n".join(rows))
    found = read_text_file("".join(typed).encode(), name="f.txt")
    assert found.text.split() == fountain_text(script).split("\n\n", 1)[1].split()
    assert found.remarks == ()


TYPED = """
                         THE BAR

                        written by

                          Ann B

FADE IN:

INT. BAR - NIGHT

Rain.

                    MARA
          Never.

                    TOM
\t  Why?
"""


def test_what_stands_above_the_script_is_its_title_page():
    assert text_of(TYPED) == (
        "Title: THE BAR\nCredit: written by\nAuthor: Ann B\n\n> FADE IN:\n\nINT. BAR - NIGHT\n\nRain.\n\n"
        "MARA\nNever.\n\nTOM\nWhy?\n"
    )
    assert text_of(TYPED[TYPED.index("FADE") :]).startswith("> FADE IN:\n")


@pytest.mark.parametrize(
    ("heading", "cut", "mara", "tom", "cue"),
    [
        ("НАТ. БАР - НОЧЬ", "ЗТМ.", "МАРА", "ТОМ", "МАРА"),
        ("BAR - INNEN - NACHT", "ÜBERBLENDUNG", "MÄRA", "TOM", "MÄRA"),
        ("○酒場（夜）", "暗転", "花子", "太郎", "@花子"),
    ],
)
def test_typed_pages_of_other_languages_are_read_as_english_ones_are(heading, cut, mara, tom, cue):
    text = TYPED.replace("INT. BAR - NIGHT", heading).replace("FADE IN:", cut).replace("MARA", mara).replace("TOM", tom)
    found = read_text_file(text.encode(), name="f.txt")
    assert found.text.startswith(
        f"Title: THE BAR\nCredit: written by\nAuthor: Ann B\n\n> {cut}\n\n{heading}\n\nRain.\n\n{cue}\nNever.\n\n"
    )
    assert found.remarks == ()


def test_a_number_in_the_text_is_no_page():
    assert "1984" in text_of(TYPED.replace("Rain.", "Rain.\n\n1984\n\nSnow."))


@pytest.mark.parametrize(
    ("markdown", "fountain"),
    [
        (SCENE, SCENE),
        ("# The Bar\n\n## INT. BAR - NIGHT ##\nRain.\n", "Title: The Bar\n\nINT. BAR - NIGHT\n\nRain.\n"),
        ("# One\n# Two\n\nINT. BAR\n", "Title: One\n\n[[Two]]\n\nINT. BAR\n"),
        ("**INT. BAR - NIGHT**\n\n**MARA**\n*(low)*\nYes.\n", "INT. BAR - NIGHT\n\nMARA\n(low)\nYes.\n"),
        ("INT. BAR\n\n**MARA:** Yes.\n\n**TOM:** (low) No.\n", "INT. BAR\n\nMARA\nYes.\n\nTOM\n(low)\nNo.\n"),
        ("INT. BAR\n\n**Not a name:** Yes.\n", "INT. BAR\n\n**Not a name:** Yes.\n"),
        (
            "INT. BAR\n\n---\n\n```\nRain.\\\n```\n> Snow.\n\n> CUT TO:\n\n> The end <\n",
            "INT. BAR\n\nRain.\n\nSnow.\n\n> CUT TO:\n\n> The end <\n",
        ),
        ("INT. BAR\n\n# Act Two\n\n## Scene 2\n\nINT. HALL\n", "INT. BAR\n\n# Act Two\n\n## Scene 2\n\nINT. HALL\n"),
        ("<!-- to do */ -->\n\nINT. BAR\n\nTom &amp; Ann.\n", "/* to do * / */\n\nINT. BAR\n\nTom & Ann.\n"),
        ('---\ntitle: "The Bar"\nauthor: Ann\nnone\n---\n\nINT. BAR\n', "Title: The Bar\nAuthor: Ann\n\nINT. BAR\n"),
        ("---\n```\nFADE IN:\n\nINT. BAR\n", "FADE IN:\n\nINT. BAR\n"),
    ],
)
def test_markdown_becomes_fountain(markdown, fountain):
    assert read_markdown(markdown.encode(), name="f.md").text == fountain


def test_what_stands_above_the_first_scene_is_kept_as_notes():
    found = read_markdown(b"# The Bar\n\n- *Pages*: [[8]]\n- Genre: drama\n\nINT. BAR\n", name="f.md")
    assert found.text == "Title: The Bar\n\n[[- Pages: [ [8] ] - Genre: drama]]\n\nINT. BAR\n"
    assert found.remarks == ("f.md: what stands above the first scene heading was kept as notes",)


@pytest.mark.parametrize(
    "junk", ["(" * 50_000 + "x", "**" * 50_000, "# " + "a #" * 20_000, "<!--" * 50_000, "_a" * 50_000 + "\n\n" + "* " * 30_000]
)
def test_long_lines_take_no_longer_than_others(junk):
    assert "INT. BAR" in read_markdown(f"{junk}\n\nINT. BAR\n\n{junk}\n".encode(), name="f.md").text
    assert "INT. BAR" in read_text_file(f"{junk}\n\nINT. BAR\n\n{junk}\n".encode(), name="f.txt").text


@pytest.mark.parametrize(
    ("markdown", "fountain"),
    [
        (
            "# The Bar\n\n### COLD OPEN\n\n**[SZENE 0 - TEASER | 0:00 - 0:35]**\n\n*Rain.*\n\n### AKT 1: PLAN\n\n### SZENE 2\n\n"
            "**ANN:**\n*(leise)*\nJa.\n",
            "Title: The Bar\n\n[[COLD OPEN]]\n\n[SZENE 0 - TEASER | 0:00 - 0:35]\n\n*Rain.*\n\n# AKT 1: PLAN\n\nSZENE 2\n\n"
            "ANN\n(leise)\nJa.\n",
        ),
        ("## Scene 1: [The Bar]\nRain.\n\n## Notes\n", "Scene 1: [The Bar]\n\nRain.\n\n## Notes\n"),
        ("Dear Ann,\n\n## Scene 1\n\nINT. BAR\n", "[[Dear Ann,]]\n\n[[Scene 1]]\n\nINT. BAR\n"),
    ],
)
def test_scenes_of_markdown_may_be_announced_by_their_number(markdown, fountain):
    assert read_markdown(markdown.encode(), name="f.md").text == fountain


def test_a_text_file_may_announce_its_scenes():
    text = "    SCENE 1\n\nRain.\n\n> SCENE 2 <\n\nSnow.\n"
    assert text_of(text) == text


TALK = "Rain.\n\nANN\nYes.\n\nBEN\n(low)\nNo.\n"


def test_people_who_speak_make_a_screenplay_without_scenes():
    assert read_text_file(TALK.encode(), name="f.txt") == ImportedScreenplay(text=TALK)
    found = read_markdown(b"# Talk\n\n---\n\nRain.\n\n**ANN:** Yes.\n\n**BEN**\n*(low)*\nNo.\n", name="f.md")
    assert found == ImportedScreenplay(text=f"Title: Talk\n\n{TALK}")
    (act,) = parse_screenplay(Source(name="f.md", text=found.text)).acts
    assert [(scene.outside, len(scene.elements)) for scene in act.scenes] == [(True, 3)]
    assert read_markdown(b"---\n\nRain.\n\nANN\nYes.\n\nBEN\nNo.\n", name="f.md").text == "Rain.\n\nANN\nYes.\n\nBEN\nNo.\n"


@pytest.mark.parametrize("text", ["", "Rain.\n\nANN\nYes.\n", "ANN\nYes.\n~la\nNo.\n", "ANN\n\nBEN\n"])
def test_fewer_speeches_make_none(text):
    for read in (read_text_file, read_markdown):
        found = read(text.encode(), name="f")
        assert (found.text, found.remarks[-1]) == ("", "f: no scene heading in it: not read as a screenplay")


def test_markdown_without_a_scene_is_no_screenplay():
    assert read_markdown(b"# Notes\n\nBuy milk.\n", name="f.md") == ImportedScreenplay(
        text="",
        remarks=(
            "f.md: what stands above the first scene heading was kept as notes",
            "f.md: no scene heading in it: not read as a screenplay",
        ),
    )


@settings(deadline=None)
@given(st.text(st.sampled_from("INT. ABab12()\n\f\t-:*#>` "), max_size=200))
def test_junk_is_text(text):
    for read in (read_text_file, read_markdown):
        assert isinstance(read(("INT. BAR\n\n" + text).encode(), name="f").text, str)
