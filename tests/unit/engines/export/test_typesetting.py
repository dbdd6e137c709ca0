import pytest

from vtx_dagster.core.export_formats import Paper
from vtx_dagster.engines.export.title_page import TitlePage
from vtx_dagster.engines.export.typesetting import FORMATS, Format, Line, Page, columns_of, paginated, title_pages, wrapped
from vtx_dagster.engines.screenplay.emphasis import Run, runs

SHORT = Format(columns=60, lines=10)


def typed(page: Page) -> str:
    """Return a page as it looks."""
    return "\n".join(map(typed_line, page))


def typed_line(line: Line) -> str:
    text = ""
    for piece in line.pieces:
        text = text.ljust(piece.column) + "".join(run.text for run in piece.runs)
    return text


def lines(count: int, word: str = "line") -> str:
    return "\n".join(f"{word} {number}" for number in range(1, count + 1))


@pytest.mark.parametrize(
    ("text", "columns", "found"),
    [
        pytest.param("one two three", 7, ["one two", "three"], id="between-words"),
        pytest.param("one\n\ntwo", 7, ["one", "", "two"], id="as-given"),
        pytest.param("abcdefgh ij", 3, ["abc", "def", "gh", "ij"], id="long-word"),
        pytest.param("a bcdefg", 3, ["a", "bcd", "efg"], id="long-word-after-a-short-one"),
        pytest.param("e\u0301e\u0301e\u0301e", 3, ["e\u0301e\u0301e\u0301", "e"], id="marks-take-no-column"),
        pytest.param("", 5, [""], id="nothing"),
    ],
)
def test_text_is_wrapped(text: str, columns: int, found: list[str]):
    assert ["".join(run.text for run in line) for line in wrapped((Run(text),), columns)] == found


def test_styles_go_over_lines():
    assert wrapped(runs("one **two three** four"), 10) == [
        (Run("one "), Run("two", bold=True)),
        (Run("three", bold=True), Run(" four")),
    ]


def test_columns():
    assert (columns_of("abc"), columns_of("Ж漢"), columns_of("e\u0301\u200d")) == (3, 2, 1)


def test_everything_stands_in_its_column(full):
    (page,) = paginated(full, FORMATS[Paper.LETTER])

    assert typed(page) == (
        "FADE IN:\n"
        "\n"
        "                       THE LAST FERRY\n"
        "\n\n"
        "int. kitchen - night\n"
        "\n"
        "MARA, 40, opens the door — it creaks twice.\n"
        "On the table: *a* letter. 😀 漢字\n"
        "\n"
        "                      MARA (V.O.)\n"
        "                (softly)\n"
        "          I knew it.\n"
        "\n"
        "          It was always\n"
        "          here.\n"
        "                (beat)\n"
        "          Always.\n"
        "          And she sings\n"
        "\n"
        "        McAvoy                         MARA\n"
        "You lie.                       I do not!\n"
        "\n"
        "                      JÓZEF\n"
        "          Nor I.\n"
        "\n"
        "TOM (nods)\n"
        "\n"
        "INT. IS A WORD\nAnd !so on.\n"
        "\n"
        "lonely\n"
        "\n"
        "          A song of nobody\n"
        "          in two lines\n"
        "\n"
        "                                                Fade slowly.\n"
        "\n"
        "                                                     CUT TO:"
    )
    heading = next(line for line in page if line.number)
    assert (heading.number, heading.bookmarks) == ("12A", ((1, "int. kitchen - night"),))
    assert page[0].bookmarks == ((0, "Act *One*"),)
    assert [run.italic for line in page for piece in line.pieces for run in piece.runs if "song" in run.text] == [True]


def test_scenes_without_acts_are_the_first_level_of_bookmarks(read):
    (page,) = paginated(read(["INT. A\n\nHe waits.", "INT. B\n\nHe waits."]), FORMATS[Paper.LETTER])

    assert [line.bookmarks for line in page if line.bookmarks] == [((0, "INT. A"),), ((0, "INT. B"),)]


def test_acts_without_titles_are_counted(read):
    (page,) = paginated(read(["INT. A\n\nHe waits."], ["INT. B\n\nHe waits."]), FORMATS[Paper.LETTER])

    assert [line.bookmarks for line in page if line.bookmarks] == [
        ((0, "Act 1"), (1, "INT. A")),
        ((0, "Act 2"), (1, "INT. B")),
    ]


def test_a_long_speech_goes_on_with_more_and_continued(read):
    pages = paginated(read([f"INT. A\n\nMARA (V.O.)\n{lines(20)}"]), SHORT)

    assert typed(pages[0]).splitlines()[2:4] == [" " * 22 + "MARA (V.O.)", " " * 10 + "line 1"]
    assert typed(pages[0]).endswith("line 6\n" + " " * 22 + "(MORE)")
    assert typed(pages[1]).startswith(" " * 22 + "MARA (V.O.) (CONT'D)\n" + " " * 10 + "line 7\n")
    assert typed(pages[2]).startswith(" " * 22 + "MARA (V.O.) (CONT'D)\n" + " " * 10 + "line 15\n")
    assert [len(page) for page in pages] == [10, 10, 7]


def test_a_cue_that_is_continued_already_is_not_continued_twice(read):
    pages = paginated(read([f"INT. A\n\nMARA (CONT'D)\n{lines(12)}"]), SHORT)

    assert typed(pages[1]).splitlines()[0] == " " * 22 + "MARA (CONT'D)"


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        pytest.param(f"{lines(4)}\n\n{lines(4, 'next')}", "line 4\n\nnext 1\nnext 2", "next 3\nnext 4", id="two-lines-on-either"),
        pytest.param(f"{lines(5)}\n\n{lines(3, 'next')}", "line 5", "next 1\nnext 2\nnext 3", id="three-lines-stay-together"),
        pytest.param(f"{lines(5)}\n\nMARA\n{lines(2, 'said')}", "line 5", "MARA\nsaid 1\nsaid 2", id="short-speech"),
        pytest.param(
            f"{lines(2)}\n\nMARA\n{lines(5, 'said')}",
            "MARA\nsaid 1\nsaid 2\nsaid 3\n(MORE)",
            "MARA (CONT'D)\nsaid 4\nsaid 5",
            id="more",
        ),
        pytest.param(
            f"{lines(2)}\n\nMARA\nsaid 1\nsaid 2\n(beat)\nsaid 3\nsaid 4",
            "MARA\nsaid 1\nsaid 2\n(MORE)",
            "MARA (CONT'D)\n(beat)\nsaid 3\nsaid 4",
            id="a-parenthetical-is-not-the-last",
        ),
        pytest.param(
            f"{lines(6)}\n\nMARA\n{lines(3)}\n\nTOM ^\nYes.", "line 6", "MARA TOM\nline 1 Yes.\nline 2\nline 3", id="dual"
        ),
    ],
)
def test_where_a_page_ends(read, text: str, first: str, second: str):
    pages = paginated(read([f"INT. A\n\n{text}"]), SHORT)
    shown = ["\n".join(" ".join(line.split()) for line in typed(page).splitlines()) for page in pages]

    assert len(shown) == 2
    assert shown[0].endswith(first)
    assert shown[1] == second


def test_a_heading_is_never_the_last_on_a_page(read):
    pages = paginated(read([f"INT. A\n\n{lines(5)}", f"INT. B\n\n{lines(4)}", "FADE IN:\n\nINT. C"]), SHORT)

    assert [typed(page).splitlines()[0] for page in pages] == ["INT. A", "INT. B", "FADE IN:"]
    assert typed(pages[0]).splitlines()[-1] == "line 5"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("MARA\n" + "\n".join(f"(aside {n})" for n in range(25)) + "\nline 1\n\nTOM ^\nNo.", id="dual"),
        pytest.param("MARA\n" + "\n".join(f"(aside {n})" for n in range(25)) + "\nline 1", id="asides"),
        pytest.param(lines(40), id="action"),
        pytest.param("> " + "word " * 300, id="transition"),
        pytest.param("@" + "Name " * 150 + "\nline 1\nline 2", id="cue"),
    ],
)
def test_what_is_longer_than_a_page_is_cut(read, text: str):
    pages = paginated(read([f"INT. A\n\n{text}"]), SHORT)

    assert len(pages) > 2
    assert max(map(len, pages)) <= 10
    assert min(map(len, pages)) >= 1
    found = "".join(typed(page) for page in pages)
    assert [word for word in set(text.replace("^", "").split()) if word.strip("@>") not in found] == []


def test_a_heading_longer_than_a_page_is_cut(read):
    pages = paginated(read([f".{'WORD ' * 200}\n\nHe waits."]), SHORT)

    assert max(map(len, pages)) <= 10
    assert "".join(typed(page) for page in pages).count("WORD") == 200


def test_a_very_long_paragraph_takes_many_pages(read):
    assert len(paginated(read([f"INT. A\n\n{lines(20_000)}"]), SHORT)) == 2001


@pytest.mark.parametrize(("paper", "columns"), [(Paper.LETTER, 60), (Paper.A4, 57)])
def test_no_line_is_wider_than_the_paper(read, paper: Paper, columns: int):
    pages = paginated(
        read(["INT. A\n\n" + "word " * 100 + "\n\nMARA\n" + "word " * 100 + "\n\nTOM ^\n" + "word " * 60]), FORMATS[paper]
    )

    assert columns - 5 < max(len(typed_line(line)) for page in pages for line in page) <= columns


def test_a_page_break_begins_a_page(read):
    pages = paginated(read(["===\n\nINT. A\n\nOne.\n\n===\n\n===\n\nTwo.", "FADE IN:\n\n===\n\nINT. B\n\nThree.\n\n==="]), SHORT)

    assert [typed(page).split("\n") for page in pages] == [
        ["INT. A", "", "One."],
        ["Two.", "", "FADE IN:"],
        ["INT. B", "", "Three."],
    ]


def test_text_outside_of_scenes_has_no_heading(read):
    (page,) = paginated(read(["# One\n\nRain.", "INT. A\n\nSun."]), FORMATS[Paper.LETTER])

    assert [typed_line(line) for line in page] == ["Rain.", "", "", "INT. A", "", "Sun."]


def test_sections_are_bookmarks_of_what_follows(read):
    scenes = ["## S\n\n#### *Deep*\n\nINT. A\n\nOne.\n\n### Less\n\nTwo.", "## T\n\nINT. B\n\nThree.\n\n## U"]
    (page,) = paginated(read(scenes, titles=("Act",)), FORMATS[Paper.LETTER])

    assert [(typed_line(line), line.bookmarks) for line in page if line.bookmarks] == [
        ("INT. A", ((0, "Act"), (1, "S"), (2, "Deep"), (3, "INT. A"))),
        ("Two.", ((2, "Less"),)),
        ("INT. B", ((1, "T"), (2, "INT. B"))),
        ("Three.", ((1, "U"),)),
    ]


def test_notes_and_synopses_are_in_italics(read):
    script = read(["INT. A\n\n= Who *comes*\n\n[[a_b]]\nRain."], titles=("One",), notes=True)
    (page,) = paginated(script, FORMATS[Paper.LETTER])

    italic = [typed_line(line) for line in page if any(run.italic for piece in line.pieces for run in piece.runs)]
    assert italic == ["What happens in One.", "Who comes", "[a_b]"]


def test_indents_are_kept(read):
    (page,) = paginated(read(["INT. A\n\n    A column\n\tof *text*.\n      " + "word " * 12]), FORMATS[Paper.LETTER])

    assert [typed_line(line) for line in page[2:]] == [
        "    A column",
        "    of text.",
        "      word word word word word word word word word word word",
        "word",
    ]


def test_the_lines_of_a_title_page():
    entries = {"title": "A\n*Film*", "author": "Ana", "contact": "Street", "date": "May", "revision": "Blue"}
    (page,) = title_pages(TitlePage(entries=entries), Format(columns=21, lines=12))

    assert typed(page) == "\n" * 4 + "          A\n        Film\n\n         Ana\n\n\n                  May\nStreet           Blue"


def test_a_title_page_moves_up_and_goes_on_where_it_is_long():
    entries = {"title": "\n".join("ABCDEFG"), "contact": "\n".join("1234567890")}
    first, second = title_pages(TitlePage(entries=entries), Format(columns=20, lines=12))

    assert [typed(page).split() for page in (first, second)] == [[*"ABCDEFG", *"1234"], [*"567890"]]
    assert [len(page) for page in title_pages(TitlePage(entries={"title": "A"}), SHORT)] == [4]
