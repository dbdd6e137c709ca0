import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.errors import InvalidRequestError
from vtx_dagster.core.screenplay import ElementKind
from vtx_dagster.core.story import Source
from vtx_dagster.engines.language_model.fountain_writing import Passage, cue_text, passages_of, scene_fountain, written_text
from vtx_dagster.engines.screenplay.fountain import parse_scene

HEADING = "INT. LIGHTHOUSE - NIGHT"
ACTION, DIALOGUE, TRANSITION = ElementKind.ACTION, ElementKind.DIALOGUE, ElementKind.TRANSITION

TRICKY = st.text(
    st.one_of(
        st.sampled_from("!@.>~=#[]*_\\/<()^:-' \n\t\r\x00\x85\u2028\u2060ABCabcÉß老王\U0001f600123"),
        st.characters(codec="utf-8"),
    ),
    max_size=30,
)
LOOKING_LIKE = st.sampled_from(
    [
        "INT. CELLAR - DAY",
        "EXT. SEA",
        ".45 calibre",
        "FADE OUT.",
        "CUT TO:",
        "MARA",
        "MARA (O.S.)",
        "@mara",
        "!bang",
        "~la la",
        "= a synopsis",
        "===",
        "# Act two",
        "> THE END <",
        "[[a note]]",
        "/* gone */",
        "*star*",
        "_under_",
        "***",
        "(beat)",
        "(softly) Go.",
        "Title: A film",
        "a\n\nb",
    ]
)
TEXTS = st.one_of(TRICKY, LOOKING_LIKE, st.builds("{} {}".format, LOOKING_LIKE, TRICKY)).map(written_text).filter(bool)
CUES = TRICKY.map(cue_text).filter(lambda cue: bool(cue) and cue == cue_text(cue))
PARENTHETICALS = st.one_of(st.just(""), TEXTS.map(lambda text: written_text(text.replace("(", "").replace(")", ""))))

PASSAGES = st.one_of(
    st.builds(Passage, kind=st.just(ACTION), text=TEXTS, centred=st.booleans()),
    st.builds(Passage, kind=st.just(TRANSITION), text=TEXTS),
    st.builds(Passage, kind=st.just(DIALOGUE), text=TEXTS, speaker=CUES, parenthetical=PARENTHETICALS, off_screen=st.booleans()),
)


def read_back(*passages: Passage) -> tuple[Passage, ...]:
    return passages_of(parse_scene(Source(name="scene.fountain", text=scene_fountain(HEADING, passages))))


@given(st.lists(PASSAGES, max_size=5))
@settings(max_examples=300, deadline=None)
def test_what_is_written_is_read_back(passages):
    assert read_back(*passages) == tuple(passages)


@given(TRICKY)
@settings(max_examples=200, deadline=None)
def test_a_written_text_is_a_paragraph(text):
    written = written_text(text)
    assert "[[" not in written
    assert written == " ".join(written.split())


def test_a_scene_looks_as_a_screenwriter_writes_it():
    text = scene_fountain(
        HEADING,
        (
            Passage(kind=ACTION, text="Rain."),
            Passage(kind=DIALOGUE, text="Who is there?", speaker="MARA", parenthetical="low"),
            Passage(kind=DIALOGUE, text="Me.", speaker="NOAH", off_screen=True),
            Passage(kind=ACTION, text="THE END", centred=True),
            Passage(kind=TRANSITION, text="FADE OUT."),
        ),
    )
    assert text == (
        "INT. LIGHTHOUSE - NIGHT\n\nRain.\n\nMARA\n(low)\nWho is there?\n\nNOAH (O.S.)\nMe.\n\n> THE END <\n\n> FADE OUT.\n"
    )


@pytest.mark.parametrize(
    ("passage", "written"),
    [
        (Passage(kind=ACTION, text="INT. CELLAR is on the door"), "!INT. CELLAR is on the door"),
        (Passage(kind=ACTION, text="BANG"), "!BANG"),
        (Passage(kind=ACTION, text="a * b * c"), "a * b * c"),
        (Passage(kind=ACTION, text="a*b*c /* d"), r"a\*b\*c /\* d"),
        (Passage(kind=TRANSITION, text="A <"), "> A *<*"),
        (Passage(kind=TRANSITION, text="<"), "> *<*"),
        (Passage(kind=DIALOGUE, text="(no) *way*", speaker="MARA"), "MARA\n*(*no) \\*way\\*"),
        (Passage(kind=DIALOGUE, text="Ja.", speaker="老王"), "@老王\nJa."),
    ],
    ids=["heading", "cue", "stars", "emphasis", "centred", "one letter", "parenthetical", "name without capitals"],
)
def test_what_would_be_misread_is_marked(passage, written):
    assert scene_fountain(HEADING, (passage,)) == f"{HEADING}\n\n{written}\n"
    assert read_back(passage) == (passage,)


@pytest.mark.parametrize(
    ("text", "written"),
    [("*Never* again,\n\n_Noah_.", "Never again, Noah."), ("a\x00b [[[note]]", "a b [ [ [note]]"), (" \n ", "")],
    ids=["emphasis and lines", "control and note", "nothing"],
)
def test_a_text_is_written_as_one_plain_paragraph(text, written):
    assert written_text(text) == written


@pytest.mark.parametrize("heading", ["KITCHEN", ".KITCHEN: NIGHT", "INT./EXT.  CAR - DAY", "ext. sea_side *here*"])
def test_a_heading_is_kept(heading):
    assert parse_scene(Source(name="scene", text=scene_fountain(heading, ()))).heading == written_text(heading).lstrip(".")


@pytest.mark.parametrize(
    ("heading", "why"), [("INT. ROOM #5#", "reads as 'INT. ROOM'"), ("«»", "write a place"), ("", "write a place")]
)
def test_a_heading_that_is_none_is_refused(heading, why):
    with pytest.raises(InvalidRequestError, match=why):
        scene_fountain(heading, ())


def test_a_passage_that_is_no_paragraph_is_refused():
    with pytest.raises(InvalidRequestError, match="does not read back as it was written"):
        scene_fountain(HEADING, (Passage(kind=ACTION, text="One.\n\nTwo."),))
