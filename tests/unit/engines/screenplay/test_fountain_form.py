# ruff: noqa: RUF001 - other alphabets are what is tested
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.screenplay import Element, ElementKind
from vtx_dagster.core.story import Source
from vtx_dagster.engines.screenplay.emphasis import Run, plain, plain_text
from vtx_dagster.engines.screenplay.fountain import parse_screenplay
from vtx_dagster.engines.screenplay.fountain_form import JOINER, Kind, Paragraph, fountain_text, marked
from vtx_dagster.engines.screenplay.heading import is_end_card


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
        (paragraph(Kind.HEADING, "INT. BAR #3#"), "INT. BAR #3#"),
        (paragraph(Kind.HEADING, "Int. Bar"), "Int. Bar"),
        (paragraph(Kind.HEADING, "BACK IN THE BAR", number="1 A"), ".BACK IN THE BAR #1A#"),
        (paragraph(Kind.HEADING, "INT BAR"), "INT BAR"),
        (paragraph(Kind.HEADING, "INNEN. KÜCHE - NACHT"), "INNEN. KÜCHE - NACHT"),
        (paragraph(Kind.HEADING, "- BAR -"), f".{JOINER}- BAR -"),
        (paragraph(Kind.HEADING, "BAR", number="[[1]] #2"), f".BAR #[{JOINER}[1]{JOINER}]2#"),
        (paragraph(Kind.HEADING, "---"), "---"),
        (paragraph(Kind.ACTION, "Rain falls."), "Rain falls."),
        (paragraph(Kind.ACTION, "RAIN"), "!RAIN"),
        (paragraph(Kind.ACTION, "int. bar"), "!int. bar"),
        (paragraph(Kind.ACTION, "We go to\nCUT TO:"), "We go to\nCUT TO:"),
        (paragraph(Kind.ACTION, "A list:\n# one\n> two <"), "!A list:\n!# one\n!> two <"),
        (paragraph(Kind.ACTION, "..."), "..."),
        (paragraph(Kind.ACTION, "- - -"), "- - -"),
        (paragraph(Kind.ACTION, "INNEN. KÜCHE - NACHT"), "!INNEN. KÜCHE - NACHT"),
        (paragraph(Kind.ACTION, "Rain.\nX - INT. NIGHT"), "Rain.\n!X - INT. NIGHT"),
        (paragraph(Kind.ACTION, "!Ay"), f"!{JOINER}!Ay"),
        (paragraph(Kind.ACTION, "12."), "!12."),
        (paragraph(Kind.ACTION, "THE END"), "!THE END"),
        (paragraph(Kind.ACTION, "完"), "!完"),
        (paragraph(Kind.ACTION, "a\x01b\ufeff"), "ab"),
        (paragraph(Kind.ACTION, "雨が降る。"), "雨が降る。"),
        (paragraph(Kind.ACTION, "Stars * and_lines \\*"), r"Stars \* and\_lines \\\*"),
        (paragraph(Kind.ACTION, "No [[note]] and no /* end"), f"No [{JOINER}[note]{JOINER}] and no /\\* end"),
        (paragraph(Kind.ACTION, "Monday: rain."), "!Monday: rain."),
        (paragraph(Kind.ACTION, "Rain.\nTitle: X"), "!Rain.\n!Title: X"),
        (paragraph(Kind.HEADING, "INT. BAR: BACK"), "INT. BAR: BACK"),
        (paragraph(Kind.CENTRED, "THE\nEND"), "> THE <\n> END <"),
        (paragraph(Kind.TRANSITION, "CUT TO:"), "> CUT TO:"),
        (paragraph(Kind.TRANSITION, "TO <"), f"> TO <{JOINER}"),
        (paragraph(Kind.TRANSITION, "FIN."), "> FIN. <"),
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
        ("ΜΑΡΙΑ", "ΜΑΡΙΑ"),
        ("花子", "@花子"),
        ("(ALL)", f"@{JOINER}(ALL){JOINER}"),
        ("^", f"@{JOINER}^{JOINER}"),
        ("TITLE: ", "@TITLE:"),
        ("MARA: LOW", "@MARA: LOW"),
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


# -- read back ---------------------------------------------------------------------------------------------------------------

Told = tuple[str, str]
"""The kind of a paragraph, and its letters: without white space, and without the signs that only say what it is."""


def letters(text: str) -> str:
    return "".join(letter for letter in text if not letter.isspace() and letter not in f"();^\x01\ufeff{JOINER}")


def lines_of(one: Paragraph) -> list[str]:
    lines = (paragraph(one.kind, line).words for line in "".join(run.text for run in one.text).split("\n"))
    return [line for line in lines if line]


def meant(paragraphs: list[Paragraph]) -> list[Told]:
    """Return what paragraphs are, with what cannot be as the remarks say it is."""
    found: list[Told] = []
    speech: list[Paragraph] = []

    def end_speech() -> None:
        if any(one.kind in (Kind.DIALOGUE, Kind.LYRIC) for one in speech):
            found.extend(told for one in speech for told in spoken(one))
        elif speech:
            found.append(("action", "".join(letters(one.words) for one in speech)))
        speech.clear()

    for one in (one for one in paragraphs if one.words or one.kind not in (Kind.DIALOGUE, Kind.LYRIC, Kind.PARENTHETICAL)):
        if speech and one.kind in (Kind.DIALOGUE, Kind.LYRIC, Kind.PARENTHETICAL):
            speech.append(one)
            continue
        end_speech()
        if one.kind == Kind.CUE and one.words:
            speech.append(one)
        elif one.words or one.kind == Kind.PAGE_BREAK:
            found += alone(one)
    end_speech()
    return merged(found)


def spoken(one: Paragraph) -> list[Told]:
    if one.kind != Kind.DIALOGUE:
        return [(one.kind.value, letters(one.words))] if letters(one.words) or one.kind != Kind.PARENTHETICAL else []
    is_aside = re.compile(r"\(\s*[^()\s][^()]*\)")
    return [
        (
            "parenthetical" if is_aside.fullmatch(line) and line.lower() not in {"(more)", "(continued)"} else "dialogue",
            letters(line),
        )
        for line in lines_of(one)
    ]


def alone(one: Paragraph) -> list[Told]:
    match one.kind:
        case Kind.PAGE_BREAK:
            return [("page break", "")]
        case Kind.CENTRED | Kind.SYNOPSIS:
            return [(one.kind.value, letters(line)) for line in lines_of(one)]
        case Kind.TRANSITION if is_end_card(one.words):
            return [("centred", letters(one.words))]
        case Kind.DIALOGUE | Kind.PARENTHETICAL:
            return [("action", letters(one.words))]
        case Kind.HEADING if not re.search(r"[^\W_]", one.words):
            return [("action", letters(one.words))]
        case Kind.HEADING:
            return [("heading", heading_letters(f"{one.words.lstrip('.')} {one.number}"))]
    return [(one.kind.value, letters(one.words))]


def heading_letters(text: str) -> str:
    """Return the words of a heading whose number may stand on either side, or on both."""
    return " ".join(sorted(set(re.findall(r"[^\W_]+", text))))


def merged(found: list[Told]) -> list[Told]:
    """Return neighbours of a speech that are of one kind as one."""
    joined: list[Told] = []
    for kind, text in found:
        if joined and joined[-1][0] == kind and kind in {"dialogue", "parenthetical", "lyric"}:
            joined[-1] = (kind, joined[-1][1] + text)
        else:
            joined.append((kind, text))
    return joined


def read_back(text: str) -> list[Told]:
    found: list[Told] = []
    for act in parse_screenplay(Source(name="t", text=text)).acts:
        found += [("section", letters(act.title))] if act.title else []
        for scene in act.scenes:
            told = [one for element in scene.elements[: scene.before] for one in told_of(element)]
            found += told if scene.outside else [*told, ("heading", heading_letters(f"{scene.heading} {scene.number}"))]
            found += [one for element in scene.elements[scene.before :] for one in told_of(element)]
    return merged(found)


def told_of(element: Element) -> list[Told]:
    if not element.speaker:
        return [("centred" if element.centred else element.kind.value.replace("_", " "), letters(element.text))]
    cue = [] if element.goes_on else [("cue", letters(plain_text(element.cue)))]
    return cue + [
        ("parenthetical" if part.parenthetical else element.kind.value, letters(plain_text(part.text))) for part in element.parts
    ]


NASTY = r"""
INT. BAR - NIGHT|INT. BAR. NIGHT|12. EXT. SEA - DAY 12|X - INT. NIGHT|int. bar|Int. Bar|INT BAR|INT. BAR #3#|INNEN. KÜCHE - TAG
ИНТ. КУХНЯ - НОЧЬ|○海（夜）|屋外 海岸 夕方|EST. 1921|I/E CAR|THE END|FIN|完|CUT TO:|FADE OUT.|BACK TO|切至：|Rain falls.
12|12.|7|8|9|xii.|- 3 -|Page 4|1984|(MORE)|(more)|(low)|(low|low)|()|((a) b)|(a) and (b)|CONTINUED:|(CONTINUED)
MARA|MARA (V.O.)|MARA:|MARA ^|Mara|花子|МАРА|(ALL)|^|@|@MARA|@ x|!|!Ay!|!!A|>|> x|x <|> x <|~|~la|=|==|===|= x|#|# x|#5
.|..|...|.x|.BAR|- BAR|---|- - -|*|**|***|*x*|_x_|\*|\|[[|[[x]]|]]|/*|*/|/* x */|[|]
Title: X|Author:|Monday: rain.|Draft|a:|Rain.|RAIN|Œuvre|雨が降る。
"""
UNSEEN = ["x\u2060y", "\u2060", "\u2060INT. BAR. NIGHT", "\ufeffx", "\x01INT. BAR. NIGHT"]
nasty = st.sampled_from([*re.split(r"[|\n]", NASTY.strip()), *UNSEEN])
lines = nasty | st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=25)
several = st.lists(lines, min_size=1, max_size=3).map("\n".join)
any_paragraph = st.builds(
    lambda kind, text, number, level: paragraph(kind, text, number=number, level=level),
    st.sampled_from(Kind),
    lines | several,
    st.sampled_from(["", "", "12", "A7"]),
    st.integers(1, 6),
)
SCENE = [HEADING, paragraph(Kind.ACTION, "x")]


@settings(deadline=None)
@given(st.lists(any_paragraph, max_size=8))
def test_whatever_it_is_is_read_back_as_that(paragraphs):
    # A section without a scene below it is none.
    whole = [*SCENE, *(one for each in paragraphs for one in ([each, *SCENE] if each.kind == Kind.SECTION else [each])), *SCENE]
    assert read_back(written(*whole)) == meant(whole)


@settings(deadline=None)
@given(any_paragraph, st.sampled_from([{}, {"Title": ["T"]}]))
def test_no_paragraph_is_taken_for_a_title_page(first, title_page):
    text = written(first, paragraph(Kind.DIALOGUE, "Title: Y"), *SCENE, title_page=title_page)
    found = parse_screenplay(Source(name="t", text=text))
    assert found.title_page == {key.lower(): value[0] for key, value in title_page.items()}
