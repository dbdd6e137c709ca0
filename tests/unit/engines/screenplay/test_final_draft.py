# ruff: noqa: RUF001 - other alphabets are what is tested
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.story import Source
from vtx_dagster.engines.export.final_draft import final_draft_xml
from vtx_dagster.engines.export.fountain import fountain_text
from vtx_dagster.engines.export.script import read_script
from vtx_dagster.engines.screenplay.final_draft import read_final_draft
from vtx_dagster.engines.screenplay.imported import ImportedScreenplay

HEADING = '<Paragraph Type="Scene Heading"><Text>INT. BAR - NIGHT</Text></Paragraph>'


def read(content: str, rest: str = "") -> ImportedScreenplay:
    head = '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n'
    xml = f'{head}<FinalDraft DocumentType="Script" Version="5"><Content>\n{content}\n</Content>{rest}</FinalDraft>'
    return read_final_draft(xml.encode(), name="f.fdx")


def of(kind: str, text: str, **attributes: str) -> str:
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<Paragraph Type="{kind}"{more}><Text>{text}</Text></Paragraph>'


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (HEADING, "INT. BAR - NIGHT"),
        (of("Scene Heading", "Ext. Sea", Number="12A"), "Ext. Sea #12A#"),
        (of("Action", "Rain &amp; &#x2014; wind.\r\nSnow."), "Rain & — wind.\nSnow."),
        (of("Action", "Rain", Number="1"), "Rain"),
        (of("Action", "THE END", Alignment="Center"), "> THE END <"),
        (of("Action", "DISSOLVE:", Alignment="Right"), "> DISSOLVE:"),
        (of("Action", "切至：", Alignment="Right"), "> 切至："),
        (of("Action", "aside", Alignment="Right"), "aside"),
        (of("Scene Heading", "КУХНЯ - ИНТ. НОЧЬ"), "КУХНЯ - ИНТ. НОЧЬ"),
        (of("Action", "○海（夜）"), "!○海（夜）"),
        (of("Character", "МАРА") + of("Dialogue", "НАТ. УЛИЦА. УТРО"), "МАРА\n\u2060НАТ. УЛИЦА. УТРО"),
        (of("Character", "花子") + of("Dialogue", "はい。"), "@花子\nはい。"),
        (of("Shot", "ON THE DOOR"), "!ON THE DOOR"),
        (of("General", "Words."), "Words."),
        (of("Transition", "FADE OUT."), "> FADE OUT."),
        (of("Singing", "La"), "~La"),
        (of("New Act", "ACT ONE"), "# ACT ONE"),
        (of("End of Act", "END OF ACT ONE"), "[[END OF ACT ONE]]"),
        (of("Show/Ep. Title", "The Show"), "[[The Show]]"),
        (of("Cast List", "(Ann, Bo)"), "[[(Ann, Bo)]]"),
        (of("Outline 1", "Set up"), "## Set up"),
        (of("Outline Body", "They meet."), "= They meet."),
        (of("Summary", "They part."), "= They part."),
        (of("Character", "ANN") + of("Parenthetical", "(low)") + of("Dialogue", "Yes."), "ANN\n(low)\nYes."),
        (of("Character", "ANN") + of("Action", "") + of("Dialogue", "Yes."), "!ANN\n\nYes."),
        (of("Character", "ANN") + of("Singing", "La"), "ANN\n~La"),
        (of("Action", "Rain.", StartsNewPage="Yes"), "===\n\nRain."),
        ('<Paragraph><Text>Untyped.</Text></Paragraph>', "Untyped."),
        ('<Paragraph Type="Action"><Text>ca</Text><Text TagNumber="3">t</Text><Text></Text></Paragraph>', "cat"),
        ('<Paragraph Type="Action"><Text Style="AllCaps">Bang</Text><Text> it goes.</Text></Paragraph>', "BANG it goes."),
        (
            '<Paragraph Type="Action"><Text Style="Bold">bold </Text><Text Style="Bold+Italic">both</Text>'
            '<Text Style="Underline"> line</Text></Paragraph>',
            "**bold** ***both*** _line_",
        ),
        (
            '<Paragraph Type="Scene Heading"><SceneProperties><Summary><Paragraph><Text>They</Text><Text> meet.</Text>'
            "</Paragraph>"
            "</Summary><SceneArcBeats><CharacterArcBeat><Paragraph/></CharacterArcBeat></SceneArcBeats></SceneProperties>"
            "<ScriptNote><Paragraph><Text>Check</Text></Paragraph><Paragraph><Text>this</Text></Paragraph></ScriptNote>"
            "<Text>INT. BAR</Text></Paragraph>",
            "INT. BAR [[Check this]]\n\n= They meet.",
        ),
        (
            "<Paragraph><DualDialogue>" + of("Character", "ANN") + of("Dialogue", "Yes.") + of("Character", "BO")
            + of("Dialogue", "No.") + "</DualDialogue></Paragraph>",
            "ANN\nYes.\n\nBO ^\nNo.",
        ),
        (
            "<Paragraph><ScriptNote><Paragraph><Text>both</Text></Paragraph></ScriptNote><DualDialogue>" + of("Character", "ANN")
            + of("Dialogue", "Yes.") + "</DualDialogue></Paragraph>",
            "[[both]]\n\nANN\nYes.",
        ),
        (of("Action", "") + of("Scene Heading", " "), ""),
    ],
)  # fmt: skip
def test_every_type_of_paragraph(content, text):
    read_text = read(content).text
    assert read_text == (text + "\n" if text else "")


def test_what_is_left_out_or_guessed_is_said():
    found = read(
        of("Beat 2", "A custom type.")
        + '\n<Paragraph Type="Action"><Text Style="Strikeout">Old words</Text><Text ChangeType="Deleted"> gone</Text>'
        + '<Text>New.</Text><Odd><Text>odd</Text></Odd><DynamicLabel Type="Page #"/></Paragraph>'
        + "\n<Table><Text>cell</Text></Table><Empty/>"
    )
    assert found.text == "A custom type.\n\nNew.\n"
    assert found.remarks == (
        "f.fdx:3: paragraphs of type 'Beat 2' are taken as action",
        "f.fdx:4: struck out, and left out: Old words",
        "f.fdx:4: struck out, and left out: gone",
        "f.fdx:4: <Odd> was left out: odd",
        "f.fdx:5: <Table> is no part of a script and was left out: cell",
    )


def test_a_speech_without_a_name_is_said_with_its_line():
    assert read(of("Dialogue", "Yes.")).remarks == ("f.fdx:3: a speech without a name above it: taken as action (Yes.)",)


TITLE = (
    '<Content><Paragraph/><Paragraph Alignment="Center"><Text>THE FILM</Text></Paragraph><Paragraph/>'
    '<Paragraph Alignment="Center"><Text>Written by\nAnn B</Text></Paragraph><Paragraph/><Paragraph/>'
    '<Paragraph Alignment="Left"><Text>a@b.org</Text></Paragraph></Content>'
)


@pytest.mark.parametrize(
    "found",
    [
        read(HEADING, f"<TitlePage>{TITLE}</TitlePage>"),
        read(HEADING + f"<TitlePage>{TITLE}</TitlePage>"),
        read(HEADING, f"<TitlePage>{TITLE.removeprefix('<Content>').removesuffix('</Content>')}</TitlePage>"),
    ],
    ids=["beside the script", "in it", "without Content"],
)
def test_the_title_page(found):
    expected = "Title: THE FILM\nCredit: Written by\nAuthor: Ann B\nContact: a@b.org\n\nINT. BAR - NIGHT\n"
    assert (found.text, found.remarks) == (expected, ())


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + f"<FinalDraft><Content>{HEADING}é</Content></FinalDraft>".encode(),
        f"\r\n \r\n<?xml version='1.0' encoding='utf-8'?>\r\n<FinalDraft><Content>{HEADING}</Content></FinalDraft>".encode(),
        f"<?xml version='1.0' encoding='UTF-16'?><FinalDraft><Content>{HEADING}</Content></FinalDraft>".encode("utf-16"),
        f"<?xml version='1.0' encoding='utf-16'?><FinalDraft><Content>{HEADING}</Content></FinalDraft>".encode(),
        f"<?xml version='1.0' encoding='x-none'?><FinalDraft><Content>{HEADING}</Content></FinalDraft>".encode(),
    ],
    ids=["byte order mark", "lines before", "UTF-16", "declared by mistake", "unknown encoding"],
)
def test_how_the_file_is_encoded_does_not_matter(data):
    assert read_final_draft(data, name="f").text == "INT. BAR - NIGHT\n"


def test_older_encodings_are_read_as_declared_or_with_a_remark():
    xml = "<?xml version='1.0' encoding='iso-8859-2'?><FinalDraft><Content>" + of("Action", "Zażółć") + "</Content></FinalDraft>"
    assert read_final_draft(xml.encode("iso-8859-2"), name="f") == ImportedScreenplay(text="Zażółć\n")
    wrong = xml.replace("iso-8859-2", "utf-8").replace("Zażółć", "café").encode("cp1252")
    found = read_final_draft(wrong, name="f")
    assert found.text == "café\n"
    assert found.remarks[0].startswith("f: not UTF-8 (line 1): read as Windows-1252")


def test_what_xml_cannot_hold_is_no_reason_to_fail():
    found = read(of("Action", "a&#11;b&#xFFFF;c&#9;d\x0ce\x01"))
    assert found.text == "a b c d e\n"
    assert found.remarks == ("f.fdx: 1 control characters were left out (line 3)",)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", r"^f:1: the file is empty"),
        (b"<a>\n<b></a>", r"^f:2: not well-formed XML \(mismatched tag\): save it anew as \.fdx"),
        (b"<html/>", r"^f:1: not a Final Draft document: <html> holds no script"),
        (b"<FinalDraft/>", r"^f:1: not a Final Draft document"),
        (b"INT. BAR - NIGHT\n", r"^f:1: not well-formed XML"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", r"^f:1: a document type has no place"),
        (b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", r"^f:1: a document type has no place"),
        (b"<a>" * 300, r"^f:1: more than 200 elements in one another"),
        (b"<a>&unknown;</a>", r"^f:1: not well-formed XML \(undefined entity\)"),
    ],
)
def test_what_is_no_final_draft_document_is_one_clear_error(data, problem):
    with pytest.raises(InvalidFileError, match=problem):
        read_final_draft(data, name="f")


def test_what_is_exported_comes_back():
    scene = (
        "INT. BAR - NIGHT #3#\n\nRain *falls* on **all**\nof _it_.\n\nANN (V.O.)\n(low)\nYes.\n(louder)\nNo!\n\n> THE END <\n\n"
        "ANN\nNow.\n\nBO ^\nNever.\n\n> CUT TO:\n"
    )
    script = read_script(
        {"A01_S01": Source(name="A01_S01", text=scene)}, metadata=Metadata(title="T", author="A. B"), outline=None
    )
    found = read_final_draft(final_draft_xml(script), name="f")
    exported = fountain_text(script)
    assert found.remarks == ()
    assert found.text.replace("> CUT", "CUT").split("\n\n", 1)[1].split() == exported.split("\n\n", 1)[1].split()
    assert found.text.startswith("Title: T\nCredit: written by\nAuthor: A. B\n")


def problem_of(data: bytes) -> str:
    try:
        read_final_draft(data, name="f")
    except InvalidFileError as error:
        return error.message
    return "f: none"


@given(st.binary(max_size=80) | st.text("<>/&;#x\"' Paragraph!-[]", max_size=80).map(str.encode))
def test_junk_is_an_error_and_nothing_else(data):
    for whole in (data, b"<FinalDraft><Content>" + data + b"</Content></FinalDraft>"):
        assert problem_of(whole).startswith("f:")
