from xml.etree import ElementTree as ET

from screenplay_tools.fdx.parser import Parser

from vtx_dagster.engines.export.final_draft import final_draft_xml


def paragraphs(data: bytes, path: str = "Content/Paragraph") -> list[tuple[str | None, str]]:
    root = ET.fromstring(data)
    return [(one.get("Type"), "".join(text.text or "" for text in one.findall("Text"))) for one in root.findall(path)]


def test_every_kind_of_paragraph(full):
    data = final_draft_xml(full)

    assert paragraphs(data) == [
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
        ("Action", "TOM\n(nods)"),
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


def test_title_page(full, read):
    assert [text for _, text in paragraphs(final_draft_xml(full), "TitlePage/Content/Paragraph")] == [
        "The Film: a_story_",
        "",
        "written by",
        "",
        "Ana Żółć",
    ]
    bare = final_draft_xml(read(["INT. A\n\nHe waits."]))
    assert paragraphs(bare, "TitlePage/Content/Paragraph") == [("General", "The Film")]


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


def test_what_xml_cannot_hold_is_replaced(read):
    assert paragraphs(final_draft_xml(read(["INT. A\n\nHe\uffff waits."])))[1] == ("Action", "He\ufffd waits.")
