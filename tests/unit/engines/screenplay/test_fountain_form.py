# ruff: noqa: RUF001 - other alphabets are what is tested
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtx_dagster.core.screenplay import ElementKind
from vtx_dagster.core.story import Source
from vtx_dagster.engines.screenplay.emphasis import Run, plain
from vtx_dagster.engines.screenplay.fountain import parse_screenplay
from vtx_dagster.engines.screenplay.fountain_form import JOINER, Kind, Paragraph, fountain_text, marked


def paragraph(kind: Kind, text: str = "", **more) -> Paragraph:
    return Paragraph(kind=kind, text=(Run(text),) if text else (), **more)


def written(*paragraphs: Paragraph, **more) -> str:
    return fountain_text(paragraphs, **more)[0]


HEADING = paragraph(Kind.HEADING, "INT. BAR - NIGHT")


@pytest.mark.parametrize(
    ("given_paragraph", "line"),
    [
        (HEADING, "INT. BAR - NIGHT"),
        (paragraph(Kind.HEADING, "INT. BAR - NIGHT", number="12"), "INT. BAR - NIGHT #12#"),
        (paragraph(Kind.HEADING, "INT. BAR #3#"), f"INT. BAR #3#{JOINER}"),
        (paragraph(Kind.HEADING, "Int. Bar"), ".Int. Bar"),
        (paragraph(Kind.HEADING, "BACK IN THE BAR", number="1 A"), ".BACK IN THE BAR #1A#"),
        (paragraph(Kind.HEADING, "INT BAR"), ".INT BAR"),
        (paragraph(Kind.ACTION, "Rain falls."), "Rain falls."),
        (paragraph(Kind.ACTION, "RAIN"), "!RAIN"),
        (paragraph(Kind.ACTION, "int. bar"), "!int. bar"),
        (paragraph(Kind.ACTION, "We go to\nCUT TO:"), "We go to\nCUT TO:"),
        (paragraph(Kind.ACTION, "A list:\n# one\n> two <"), "!A list:\n!# one\n!> two <"),
        (paragraph(Kind.ACTION, "..."), "!..."),
        (paragraph(Kind.ACTION, "- - -"), "!- - -"),
        (paragraph(Kind.ACTION, "雨が降る。"), "雨が降る。"),
        (paragraph(Kind.ACTION, "Stars * and_lines \\*"), r"Stars \* and\_lines \\\*"),
        (paragraph(Kind.ACTION, "No [[note]] and no /* end"), f"No [{JOINER}[note]{JOINER}] and no /\\* end"),
        (paragraph(Kind.ACTION, "Monday: rain."), "!Monday: rain."),
        (paragraph(Kind.HEADING, "INT. BAR: BACK"), ".INT. BAR: BACK"),
        (paragraph(Kind.CENTRED, "THE\nEND"), "> THE <\n> END <"),
        (paragraph(Kind.TRANSITION, "CUT TO:"), "> CUT TO:"),
        (paragraph(Kind.TRANSITION, "TO <"), f"> TO <{JOINER}"),
        (paragraph(Kind.NOTE, "see ]] below]"), "[[see ] ] below] ]]"),
        (paragraph(Kind.SYNOPSIS, "They meet."), "= They meet."),
        (paragraph(Kind.SECTION, "Act One"), "# Act One"),
        (paragraph(Kind.SECTION, "One", level=3), "### One"),
        (paragraph(Kind.LYRIC, "La la"), "~La la"),
        (paragraph(Kind.PAGE_BREAK), "==="),
        (paragraph(Kind.ACTION, "Rain.", notes=("wet", "cold")), "Rain. [[wet]] [[cold]]"),
        (paragraph(Kind.ACTION, notes=("alone",)), "[[alone]]"),
    ],
)
def test_every_kind_has_a_form_that_cannot_be_misread(given_paragraph, line):
    assert written(given_paragraph) == line + "\n"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("MARA", "MARA"),
        ("MARA (V.O.)", "MARA (V.O.)"),
        ("O'NEIL-SMITH 2", "O'NEIL-SMITH 2"),
        ("Mara", "@Mara"),
        ("INT. VOICE", "@INT. VOICE"),
        ("ΜΑΡΙΑ", "@ΜΑΡΙΑ"),
        ("BACK TO", "@BACK TO"),
        ("MARA ^", "MARA"),
    ],
)
def test_a_cue_is_forced_where_capitals_do_not_say_it(name, line):
    assert written(paragraph(Kind.CUE, name), paragraph(Kind.DIALOGUE, "Yes.")) == f"{line}\nYes.\n"


def test_a_speech_is_one_block_whose_lines_stay_dialogue():
    text = written(
        HEADING,
        paragraph(Kind.CUE, "MARA", notes=("older",)),
        paragraph(Kind.PARENTHETICAL, "low"),
        paragraph(Kind.PARENTHETICAL),
        paragraph(Kind.DIALOGUE, "!Ay!\n\n> so", notes=("loud",)),
        paragraph(Kind.LYRIC, "La\nla"),
        paragraph(Kind.DIALOGUE),
        paragraph(Kind.CUE, "TOM", dual=True),
        paragraph(Kind.PARENTHETICAL, "(softly)"),
        paragraph(Kind.DIALOGUE, "Yes."),
    )
    assert text == (
        f"INT. BAR - NIGHT\n\nMARA [[older]]\n(low)\n{JOINER}!Ay!\n{JOINER}> so [[loud]]\n~La\n~la\n\nTOM ^\n(softly)\nYes.\n"
    )
    scene = parse_screenplay(Source(name="t", text=text)).acts[0].scenes[0]
    assert [(one.kind, one.speaker) for one in scene.elements if one.kind != ElementKind.NOTE] == [
        (ElementKind.DIALOGUE, "MARA"),
        (ElementKind.LYRIC, "MARA"),
        (ElementKind.DIALOGUE, "TOM"),
    ]
    assert scene.elements[-1].dual


def test_speech_without_a_name_and_a_name_without_speech_are_action_and_said_so():
    text, remarks = fountain_text(
        [
            paragraph(Kind.DIALOGUE, "Nobody says this, and it goes on for much longer than a remark would want to show."),
            paragraph(Kind.CUE, "MARA", where="f:7"),
            paragraph(Kind.ACTION, "Rain."),
            paragraph(Kind.CUE),
        ]
    )
    assert text.endswith("\n\n!MARA\n\nRain.\n")
    assert remarks == [
        "a speech without a name above it: taken as action (Nobody says this, and it goes on for much longer than a …)",
        "f:7: the name 'MARA' has no speech below it: taken as action",
    ]
    assert fountain_text([paragraph(Kind.PARENTHETICAL, "(hm)")])[1] == [
        "a speech without a name above it: taken as action ((hm))"
    ]


def test_the_title_page_stands_first():
    text = written(HEADING, title_page={"Title": ["One", "Two"], "Author": ["Ann  B"], "Contact": [" "]})
    assert text == "Title:\n    One\n    Two\nAuthor: Ann B\n\nINT. BAR - NIGHT\n"
    assert parse_screenplay(Source(name="t", text=text)).title_page == {"title": "One\nTwo", "author": "Ann B"}
    assert written() == ""


@pytest.mark.parametrize(
    ("runs", "markup"),
    [
        ([Run("a "), Run("b", bold=True)], "a **b**"),
        ([Run("a"), Run(" b ", italic=True), Run("c")], "a *b* c"),
        ([Run("a", underlined=True), Run(" "), Run("b", underlined=True)], "_a b_"),
        ([Run("a", bold=True, italic=True, underlined=True)], "_***a***_"),
        ([Run("a", bold=True), Run(" ", bold=False), Run("b", bold=True)], "**a b**"),
        ([Run("over\nlines", bold=True)], "**over**\n**lines**"),
        ([Run("  ", bold=True), Run("a", italic=True)], "  *a*"),
        ([Run("half", underlined=True), Run("word")], "halfword"),
        ([Run("5*", bold=True), Run("3")], r"**5\***3"),
        ([Run("either/"), Run("or", bold=True)], f"either/{JOINER}**or**"),
    ],
)
def test_emphasis_is_marked_where_it_can_be_read_back(runs, markup):
    assert marked(runs) == markup
    assert plain(markup.replace(JOINER, "")) == "".join(run.text for run in runs)


def test_emphasis_of_a_line_that_is_far_too_long_is_left_out():
    assert marked([Run("* " * 20_000, bold=True), Run("a")]) == "\\* " * 20_000 + "a"


texts = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=20)


@given(st.lists(st.builds(Run, texts, bold=st.booleans(), italic=st.booleans(), underlined=st.booleans()), max_size=6))
def test_marks_never_change_the_words(runs):
    whole = "".join(run.text for run in runs)
    assert plain(marked(runs).replace(JOINER, "")).split() == whole.replace(JOINER, "").split()


words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=25)


names = st.text(st.characters(codec="utf-8", categories=["L", "N", "Zs"]), min_size=1, max_size=25)


@given(words, names, words)
def test_the_reader_takes_it_for_what_it_was(action, name, speech):
    text = written(
        HEADING,
        paragraph(Kind.ACTION, action),
        paragraph(Kind.ACTION, "x"),
        paragraph(Kind.CUE, f"N{name}N"),
        paragraph(Kind.DIALOGUE, f"s {speech}"),
        paragraph(Kind.ACTION, "z"),
    )
    elements = parse_screenplay(Source(name="t", text=text)).acts[0].scenes[0].elements
    assert {one.kind for one in elements} == {ElementKind.ACTION, ElementKind.DIALOGUE}
    assert elements[-1].text == "z"
    assert elements[-2].kind == ElementKind.DIALOGUE
    assert elements[-2].text.replace(JOINER, "").split() == f"s {speech}".replace(JOINER, "").split()
