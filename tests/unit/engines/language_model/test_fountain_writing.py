import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.errors import InvalidRequestError
from vtx_dagster.core.screenplay import ElementKind
from vtx_dagster.core.story import Source
from vtx_dagster.engines.breakdown.fountain import parse_scene
from vtx_dagster.engines.language_model.fountain_writing import Passage, cue_text, passages_of, scene_fountain, written_text

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
    st.builds(
        Passage, kind=st.just(DIALOGUE), text=TEXTS, speaker=CUES, parenthetical=PARENTHETICALS, off_screen=st.booleans()
    ),
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
