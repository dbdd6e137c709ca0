from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st
from screenplay_tools.fdx.parser import Parser

from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.story import Source
from vtx_dagster.engines.export.final_draft import final_draft_xml
from vtx_dagster.engines.export.script import read_script
from vtx_dagster.engines.screenplay.fountain import parse_scene


def paragraphs(data: bytes, path: str = "Content/Paragraph") -> list[tuple[str | None, str]]:
    root = ET.fromstring(data)
    return [(one.get("Type"), "".join(text.text or "" for text in one.findall("Text"))) for one in root.findall(path)]


def test_every_kind_of_paragraph(full):
    data = final_draft_xml(full)

    assert paragraphs(data) == [
        ("New Act", "Act *One*"),
        ("Transition", "FADE IN:"),
        ("Action", "THE LAST FERRY"),
        ("Scene Heading", "int. kitchen - night"),
        ("Action", "MARA, 40, opens the door — it creaks twice.\nOn the table: *a* letter. 😀 漢字"),
        ("Character", "MARA (V.O.)"),
        ("Parenthetical", "(softly)"),
        ("Dialogue", "I knew it.\n\nIt was always\nhere."),
        ("Parenthetical", "(beat)"),
        ("Dialogue", "Always."),
        ("Dialogue", "And she sings"),
        (None, ""),
        ("Character", "JÓZEF"),
        ("Dialogue", "Nor I."),
        ("Action", "TOM (nods)"),
        ("Action", "INT. IS A WORD\nAnd !so on."),
        ("Action", "lonely"),
        ("Action", "A song of nobody\nin two lines"),
        ("Transition", "Fade slowly."),
        ("Transition", "CUT TO:"),
    ]
    assert paragraphs(data, "Content/Paragraph/DualDialogue/Paragraph") == [
        ("Character", "McAvoy"),
        ("Dialogue", "You lie."),
        ("Character", "MARA"),
        ("Dialogue", "I do not!"),
    ]


def test_emphasis_numbers_and_centred_text(full):
    root = ET.fromstring(final_draft_xml(full))
    styled = {text.get("Style"): text.text for text in root.iter("Text") if text.get("Style")}

    assert {"Italic", "Bold", "Underline"} <= styled.keys()
    assert (styled["Underline"], styled["Italic"]) == ("creaks", "A song of nobody\nin two lines")
    assert [one.get("Number") for one in root.iter("Paragraph") if one.get("Type") == "Scene Heading"] == ["12A"]
    centred = [one for one in root.findall("Content/Paragraph") if one.get("Alignment") == "Center"]
    assert ["".join(one.itertext()).split() for one in centred] == [["THE", "LAST", "FERRY"]]


def title_lines(data: bytes) -> list[tuple[int, str | None, str]]:
    """Return the lines of the title page that are not empty: number, alignment, text."""
    found = ET.fromstring(data).findall("TitlePage/Content/Paragraph")
    lines = ((row, one.get("Alignment"), "".join(text.text or "" for text in one)) for row, one in enumerate(found, start=1))
    return [line for line in lines if line[2]]


def test_title_page(full, read):
    assert title_lines(final_draft_xml(full)) == [
        (18, "Center", "The Film: a_story_"),
        (20, "Center", "written by"),
        (22, "Center", "Ana Żółć"),
    ]
    assert title_lines(final_draft_xml(read(["INT. A\n\nHe waits."]))) == [(18, "Center", "The Film")]


def test_a_whole_title_page(read):
    entries = {
        "title": "**The**\nFilm",
        "author": "Ana",
        "contact": "A street\nA town",
        "copyright": "(c) Ana",
        "draft date": "May",
        "revision": "Blue",
    }
    data = final_draft_xml(read(["INT. A\n\nHe waits."], entries=entries))

    assert title_lines(data) == [
        (18, "Center", "The"),
        (19, "Center", "Film"),
        (21, "Center", "Ana"),
        (50, "Right", "May"),
        (51, "Right", "Blue"),
        (52, "Left", "A street"),
        (53, "Left", "A town"),
        (54, "Left", "(c) Ana"),
    ]
    assert [text.get("Style") for text in ET.fromstring(data).iterfind("TitlePage//Text") if text.text == "The"] == ["Bold"]


def test_structure_and_what_is_no_part_of_the_film(read):
    first = (
        "[[one]]\n\n## Part\n\n= They meet.\n\nINT. A\n\n[[two]]\n[[three]]\n    He waits.\n\n===\n\n### Deep\n\nMARA\nHi.\n\n"
    )
    script = read([f"{first}===\n\nTOM\nA.\n\nMARA ^\nB.\n\n[[four]]"], ["Rain.\n"], titles=("One",), notes=True)
    root = ET.fromstring(final_draft_xml(script))
    found = root.findall("Content/Paragraph")

    assert [(one.get("Type"), "".join(text.text or "" for text in one.findall("Text"))) for one in found] == [
        ("New Act", "One"),
        ("Summary", "What happens in One."),
        ("Outline 1", "Part"),
        ("Summary", "They meet."),
        ("Scene Heading", "INT. A"),
        ("Action", "    He waits."),
        ("Outline 2", "Deep"),
        ("Character", "MARA"),
        ("Dialogue", "Hi."),
        (None, ""),
        ("New Act", "Act 2"),
        ("Action", "Rain."),
    ]
    assert [(one.get("Type"), "".join(note.itertext()).strip()) for one in found for note in one.iter("ScriptNote")] == [
        ("Outline 1", "one"),
        ("Action", "two"),
        ("Action", "three"),
        ("New Act", "four"),
    ]
    assert [index for index, one in enumerate(found) if one.get("StartsNewPage") == "Yes"] == [7, 9]


def test_a_note_that_nothing_follows_is_in_the_last_paragraph(read):
    root = ET.fromstring(final_draft_xml(read(["INT. A\n\n[[one]]\nHe waits.\n\n[[two]]"], notes=True)))

    assert ["".join(note.itertext()).strip() for note in root.findall("Content/Paragraph[2]/ScriptNote")] == ["one", "two"]


def test_the_parser_of_screenplay_tools_reads_it(read):
    script = read(["INT. A & B - DAY\n\nHe <waits>.\n\nMARA (V.O.)\n(softly)\nHello.\n\nCUT TO:\n"])
    found = Parser().parse(final_draft_xml(script).decode())

    assert [element.dump() for element in found.elements] == [
        'HEADING:"INT. A & B - DAY"',
        'ACTION:"He <waits>."',
        'CHARACTER:"MARA" "(V.O.)"',
        'PARENTHETICAL:"softly"',
        'DIALOGUE:"Hello."',
        'TRANSITION:"CUT TO:"',
    ]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.sampled_from(("He <waits> & sees.", "MARA", "@McAvoy", "(low)", "~La la", "Said.", "> CUT TO:", "> CARD <", "", "")),
        max_size=12,
    )
)
def test_every_word_is_in_it_once(lines: list[str]):
    source = Source(name="a", text="INT. A\n\n" + "\n".join(lines))
    data = final_draft_xml(read_script({"A01_S01": source}, metadata=Metadata(title="T")))
    written = ["INT. A"]
    for element in parse_scene(source).elements:
        written += [*([element.cue] if element.cue and not element.goes_on else []), *(one.text for one in element.parts)]
        written += [element.text] if not element.parts else []

    words = [word for text in ET.fromstring(data).iterfind("Content//Text") for word in (text.text or "").split()]
    assert words == " ".join(written).split()


def test_what_xml_cannot_hold_is_replaced(read):
    assert paragraphs(final_draft_xml(read(["INT. A\n\nHe\uffff waits."])))[1] == ("Action", "He\ufffd waits.")
