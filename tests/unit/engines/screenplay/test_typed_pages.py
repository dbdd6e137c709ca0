# ruff: noqa: RUF001 - other alphabets are what is tested
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.screenplay import ElementKind
from vtx_dagster.core.story import Source
from vtx_dagster.engines.screenplay.emphasis import Run
from vtx_dagster.engines.screenplay.fountain import parse_screenplay
from vtx_dagster.engines.screenplay.imported import ImportedScreenplay
from vtx_dagster.engines.screenplay.typed_lines import (
    CHARACTER_PT,
    LINE_PT,
    Piece,
    TypedLine,
    TypedPage,
)
from vtx_dagster.engines.screenplay.typed_pages import read_typed_pages

LEFT = 14
"""Columns from the edge of the paper to the left margin."""


def line(text: str, row: float, *, bold: bool = False) -> TypedLine:
    pieces, at = [], 0
    while at < len(text):
        start = at + len(text[at:]) - len(text[at:].lstrip())
        end = text.find("   ", start)
        end = len(text.rstrip()) if end < 0 else end
        if start >= end:
            break
        runs = (Run(text[start:end], bold=bold),)
        pieces.append(Piece(left=(LEFT + start) * CHARACTER_PT, right=(LEFT + end) * CHARACTER_PT, runs=runs))
        at = end
    return TypedLine(y=row * LINE_PT, pieces=tuple(pieces))


def page(text: str, number: int = 1, *, first_row: int = 6, bold: str = "") -> TypedPage:
    rows = [(row, words) for row, words in enumerate(text.strip("\n").split("\n"), start=first_row) if words.strip()]
    lines = tuple(line(words, row, bold=bool(bold) and bold in words) for row, words in rows)
    return TypedPage(label=f"page {number}", width=612.0, height=792.0, lines=lines)


def read(*texts: str, **more) -> ImportedScreenplay:
    return read_typed_pages([page(text, number, **more) for number, text in enumerate(texts, start=1)], name="f")


SPEECH = """
                      MARA
                (low)
          It never boils when I look at
          it.
"""
SCENE = f"""
INT. KITCHEN - MORNING

A kettle steams on an old stove. Maya, in a wool jumper that
is too large, watches it.
{SPEECH}
She sits.
"""


def test_where_a_line_begins_says_what_it_is():
    found = read(SCENE + "\n                                               CUT TO:\n\nEXT. GARDEN - DUSK\n\nRain.\n")
    assert found == ImportedScreenplay(
        text="INT. KITCHEN - MORNING\n\n"
        "A kettle steams on an old stove. Maya, in a wool jumper that is too large, watches it.\n\n"
        "MARA\n(low)\nIt never boils when I look at it.\n\nShe sits.\n\n> CUT TO:\n\nEXT. GARDEN - DUSK\n\nRain.\n"
    )


@pytest.mark.parametrize(
    ("numbered", "text"),
    [
        ("12    INT. BAR - NIGHT                              12", "INT. BAR - NIGHT #12#"),
        ("12.   INT. BAR - NIGHT", "INT. BAR - NIGHT #12#"),
        ("12A INT. BAR - NIGHT 12A", "INT. BAR - NIGHT #12A#"),
        ("      INT. BAR - NIGHT                              A7", "INT. BAR - NIGHT #A7#"),
        ("12    BACK IN THE KITCHEN                           12", ".BACK IN THE KITCHEN #12#"),
        ("      INT.   BAR - NIGHT", "INT. BAR - NIGHT"),
    ],
)
def test_numbers_in_the_margins_are_the_scenes(numbered, text):
    shifted = "\n".join(f"      {row}" if row.strip() else "" for row in (SCENE * 2).split("\n"))
    assert f"\n\n{text}\n\nRain.\n" in read(shifted + f"\n\n{numbered}\n\n      Rain.\n").text


def test_a_heading_may_have_two_lines():
    heading = "EXT. THE VERY LONG ROAD FROM THE LIGHTHOUSE TO THE TOWN -\nNIGHT"
    assert read(f"{SCENE}\n{heading}\n\nRain.").text.endswith(
        "EXT. THE VERY LONG ROAD FROM THE LIGHTHOUSE TO THE TOWN - NIGHT\n\nRain.\n"
    )
    assert read(f"{SCENE}\nEXT. ROAD\nRAIN FALLS\n").text.endswith("EXT. ROAD\n\n!RAIN FALLS\n")
    assert read(f"{SCENE}\nEXT. ROAD\nRain falls.\n").text.endswith("EXT. ROAD\n\nRain falls.\n")


def test_speeches_go_on_over_pages_and_what_says_so_is_gone():
    cue = " " * 22
    first = f"{SCENE}\n{cue}TOM\n          Then look at me. You never\n          do, and I\n{cue}(MORE)\n"
    second = f"{' ' * 58}2.\n\n{cue}TOM (CONT'D)\n          know why.\n\nRain.\n"
    found = read(first, second)
    assert "TOM\nThen look at me. You never do, and I know why.\n\nRain.\n" in found.text.replace(
        "do, and I\nknow", "do, and I know"
    )
    assert found.remarks == ()
    other = read(first, f"{cue}ANN\n          No.\n\nRain.\n")
    assert "do, and I\n\nANN\nNo.\n\nRain.\n" in other.text


def test_a_paragraph_goes_on_over_pages_where_its_sentence_does():
    start = "Nobody had ever seen him smile, and the few people who were"
    assert f"{start} still awake did not look.\n\nRain.\n" in read(SCENE + start, "still awake did not look.\n\nRain.").text
    assert f"{start}\n\nMary did not.\n" in read(SCENE + "Nobody had.\n\n" + start, "Mary did not.").text.replace(
        "were Mary", "were\n\nMary"
    )
    assert "smile.\n\nMary did not.\n" in read(SCENE + "Nobody had ever seen him smile.", "Mary did not.").text
    assert "smile\n\nMary did not.\n" in read(SCENE + "Nobody had ever seen him smile", "Mary did not.").text
    assert "were\n\nINT. BAR - NIGHT\n" in read(SCENE + start, "INT. BAR - NIGHT\n\nRain.").text
    speech = "                      TOM\n          Nobody had ever seen him and\n"
    goes_on = read(SCENE + speech, "          still they came here.\n\nRain.\n").text
    assert "TOM\nNobody had ever seen him and" in goes_on
    assert "still they came here.\n\nRain.\n" in goes_on
    torn = read(SCENE + start, "                      TOM\n          Yes.\n\nRain.\n").text
    assert f"{start}\n\nTOM\nYes.\n" in torn
    rest = read(SCENE + start, "still here.\nEXT. SEA\n").text
    assert f"{start} still here.\n\nEXT. SEA\n" in rest


def test_page_numbers_headers_footers_and_continued_are_left_out():
    pages = [
        f"THE FILM - Draft 3                                      {number}.\n{number} CONTINUED: ({number})\n\n{SCENE}\n"
        f"                                           (CONTINUED)\n\nCopyright Ann"
        for number in range(1, 7)
    ]
    found = read(*pages)
    assert found.text == read(SCENE).text.rstrip("\n") + ("\n\n" + read(SCENE).text.rstrip("\n")) * 5 + "\n"
    assert found.remarks == (
        "f: a header or footer was left out (“THE FILM - Draft 3”): page 1, page 2, page 3, page 4, page 5, page 6",
        "f: a header or footer was left out (“Copyright Ann”): page 1, page 2, page 3, page 4, page 5, page 6",
    )


def test_marks_of_pages_are_left_out_where_pages_are_not_parted():
    marks = "\n\n                                           (CONTINUED)\n\n7    CONTINUED: (2)\n\n12   OMITTED   12\n\n"
    assert read(SCENE + marks.replace("7    ", "") + SCENE).text.split() == read(SCENE).text.split() * 2


def test_what_only_looks_like_a_page_number_stays():
    assert read(SCENE + "1984\n").text.endswith("She sits.\n1984\n")
    assert read(SCENE + "\n\n1984\n").text.endswith("She sits.\n\n1984\n")
    assert read(SCENE + "\n\nIll.\n").text.endswith("She sits.\n\nIll.\n")
    assert "12\n" in read(*[f"{SCENE}\n\n{number}\n" for number in (112, 113, 114, 12)]).text
    assert (
        read(*[f"{SCENE}\n\n{number}\n" for number in ("112", "112A", "- 113 -", "xii.")]).text.split()
        == read(SCENE).text.split() * 4
    )
    assert read("2.\n", SCENE).text == read(SCENE).text


def test_a_name_at_the_top_of_every_page_is_a_header_only_if_nothing_is_said():
    speech = SPEECH.lstrip("\n")
    assert read(*[speech + SCENE] * 6).text.count("MARA\n") == 12
    named = read(*["                      BIG FISH\n\n" + SCENE] * 6)
    assert "BIG FISH" not in named.text
    assert named.remarks[0].startswith("f: a header or footer was left out (“BIG FISH”): page 1")


def test_two_columns_are_said_at_once():
    dual = """
        TOM                           ANN
   (loud)                         Never, not for
Never.                            anything.
                                  (low)
                                  No.
"""
    found = read(SCENE + dual + "\nRain.\n").text
    assert found.endswith("TOM\n(loud)\nNever.\n\nANN ^\nNever, not for anything.\n(low)\nNo.\n\nRain.\n")


def test_two_names_side_by_side_without_speech_are_no_columns():
    assert "TOM ANN\n" in read(SCENE + "\nTOM                           ANN\n\nRain.\n").text


def test_the_title_page_is_read_by_its_places():
    title = (
        "\n" * 3
        + " " * 24
        + "BIG FILM\n\n"
        + " " * 23
        + "written by\n\n"
        + " " * 26
        + "Ann B\n"
        + "\n" * 28
        + "a@b.org\nHill Road\n"
    )
    found = read_typed_pages([page(title, 0, first_row=16), page(SCENE, 1)], name="f").text
    assert found.startswith("Title: BIG FILM\nCredit: written by\nAuthor: Ann B\nContact:\n    a@b.org\n    Hill Road\n\nINT. ")
    quote = page("Rain falls, and nobody is there to hear it.", 0, first_row=3)
    assert read_typed_pages([quote, page(SCENE, 1)], name="f").text.startswith("Rain falls, and nobody")
    fade = page(" " * 24 + "FADE IN:", 0)
    assert read_typed_pages([fade, page(SCENE, 1)], name="f").text.startswith("> FADE IN:")


def test_transitions_cards_and_other_indents():
    found = read(
        SCENE
        + "\nFADE OUT.\n\n                                             BURN TO PINK.\n\n                  NEXT ON SCREEN:\n\n"
        + "                         THE END\n                        AND MORE\n\n      A letter, set in.\n      More of it.\n"
    )
    assert found.text.endswith(
        "> FADE OUT.\n\n> BURN TO PINK.\n\n> NEXT ON SCREEN:\n\n> THE END <\n> AND MORE <\n\nA letter, set in.\nMore of it.\n"
    )
    assert found.remarks == ("f: indented text that is no speech was taken as action: page 1 (“A letter, set in.”)",)


def test_lines_in_capitals_are_scenes_where_they_are_set_as_headings_are():
    plain = SCENE.replace("She sits.", "BACK IN THE BAR\n\nShe sits.")
    found = read(plain)
    assert "!BACK IN THE BAR\n" in found.text
    assert found.remarks == ("f: a line in capitals on its own was taken as action, not as a scene: page 1 (“BACK IN THE BAR”)",)
    far = f"{plain}\n\n{plain}".replace("\nBACK", "\n\n\nBACK")
    assert read(far).text.count("\n.BACK IN THE BAR\n") == 2
    pages = [page(plain, bold="I")]
    bold = pages[0].lines[:1] + tuple(one for one in pages[0].lines[1:])
    headings = tuple(
        line(one.text, one.y / LINE_PT, bold=one.text.isupper() and one.left < 110)
        if len(one.pieces) == 1 and one.left < 110
        else one
        for one in bold
    )
    assert (
        "\n.BACK IN THE BAR\n" in read_typed_pages([TypedPage(label="p", width=612, height=792, lines=headings)], name="f").text
    )


def test_revision_marks_in_the_margin_are_left_out():
    found = read(
        SCENE.replace("She sits.", "She sits.                                                        *\n\n" + " " * 66 + "*")
    )
    assert found.text == read(SCENE).text
    assert found.remarks == ("f: marks of a revision (*) in the margin were left out: page 1",)


def test_a_speech_may_have_paragraphs_long_asides_and_capitals():
    speech = """
                      MARA
                (looking at the door, the
                window)
          GO AWAY, ALL OF YOU, NOW, AND
          DO NOT COME BACK!

          And never return.

                      TOM
          Fine.
"""
    found = read(SCENE + speech).text
    said = "GO AWAY, ALL OF YOU, NOW, AND\nDO NOT COME BACK!\nAnd never return."
    assert f"MARA\n(looking at the door, the window)\n{said}\n\nTOM\nFine.\n" in found.replace("NOW, AND DO", "NOW, AND\nDO")


def test_centred_speeches_are_speeches():
    centred = SCENE + "\n                          ELZEARD\n             Hundreds of trees now stand here\n\nRain.\n"
    assert "ELZEARD\nHundreds of trees now stand here\n\nRain.\n" in read(centred).text


def test_words_that_a_hyphen_parts_are_one_word():
    found = read(SCENE + "\nHe counts the money and the drugs of the long smash-\nand-grab -\nall of it.\n").text
    assert "smash-and-grab -\nall of it.\n" in found


LANGUAGES = {
    "German": (
        "INNEN. KÜCHE - TAG",
        "Regen fällt.",
        "JÜRGEN (OFF)",
        "Nie wieder.",
        "ÜBERBLENDUNG",
        "KÜCHE - INNEN - NACHT",
        "ENDE",
    ),
    "Russian": ("ИНТ. КУХНЯ - ДЕНЬ", "Идёт дождь.", "МАРА", "Никогда.", "ЗТМ.", "НАТ. УЛИЦА. НОЧЬ", "КОНЕЦ"),
    "French": ("INT. CUISINE - JOUR", "Il pleut.", "ÉLISE", "Jamais.", "FONDU AU NOIR", "EXTÉRIEUR. RUE - NUIT", "FIN"),
    "Japanese": ("○台所（昼）", "雨が降る。", "花子", "もう二度と。", "暗転", "屋外 海岸 夕方", "終"),
    "Korean": ("실내. 부엌 - 낮", "비가 내린다.", "민수", "다시는 안 해.", "페이드 아웃", "실외 - 거리 - 새벽", "끝"),
}


@pytest.mark.parametrize(("heading", "action", "name", "said", "cut", "other", "end"), LANGUAGES.values(), ids=LANGUAGES)
def test_other_languages_are_read_as_english_is(heading, action, name, said, cut, other, end):
    speech = f"{' ' * 22}{name}\n{' ' * 16}({said})\n{' ' * 10}{said}\n\n{action}\n\n"
    rows = f"{heading}\n\n{action}\n\n{speech * 3}{' ' * 40}{cut}\n\n#\n\n{action}\n\n{' ' * 50}{end}\n".split("\n")
    typed = "\n".join(f"      {row}" if row != "#" else f"12    {other}      12" for row in rows)
    found = parse_screenplay(Source(name="t", text=read(typed).text))
    first, second = found.acts[0].scenes
    assert (first.heading, second.heading, second.number) == (heading, other, "12")
    speeches = [(one.speaker, one.text) for one in first.elements if one.speaker]
    assert speeches == [(name.removesuffix(" (OFF)"), said)] * 3
    assert [one.text for one in first.elements if one.kind == ElementKind.ACTION] == [action] * 4
    assert first.elements[-1].kind == ElementKind.TRANSITION
    assert (second.elements[-1].text, second.elements[-1].centred) == (end, True)
    assert (len(found.acts[0].scenes), found.remarks) == (2, ())


@pytest.mark.parametrize("end", ["THE END", "Ende".upper(), "完"])
def test_the_last_card_is_a_card_wherever_it_stands(end):
    for column in (0, 29, 52):
        assert read(f"{SCENE}\n{' ' * column}{end}\n").text.endswith(f"\n\n> {end} <\n")


def test_speeches_without_any_heading_are_read_too():
    text = "Rain.\n" + SPEECH * 4 + "\nSnow.\n\nWind.\n\nHail.\n"
    assert read(text).text.startswith("Rain.\n\nMARA\n(low)\nIt never boils")
    assert read("Dear Ann,\n\nthank you for the cake.\n").text == ""
    assert read_typed_pages([], name="f").text == ""


def test_a_film_without_words_is_read_too():
    assert read("INT. BAR - NIGHT\n\nRain.\n").text == "INT. BAR - NIGHT\n\nRain.\n"


def test_styles_that_a_kind_always_has_mean_nothing():
    lines = page(SCENE).lines
    bold = tuple(line(one.text, one.y / LINE_PT, bold=True) if len(one.pieces) == 1 and one.left < 110 else one for one in lines)
    found = read_typed_pages([TypedPage(label="p", width=612, height=792, lines=bold)], name="f")
    assert "*" not in found.text


def test_many_pages_are_named_in_short():
    found = read(*[f"{SCENE}\n\n      An aside.\n\nRain on {letter}.\n\nSnow on {letter}.\n" for letter in "abcdefghjkmn"])
    assert found.remarks[0].endswith("page 8 (“An aside.”) and 4 more")
    three = read(SCENE + "\n\n      One.\n\n      Two.\n\n      Three.\n")
    assert three.remarks[0].endswith("page 1 (“One.”, “Two.”, …)")


rows = st.tuples(st.integers(0, 60), st.text(st.sampled_from("INT. ABab()1-:*   "), max_size=30)).map(
    lambda row: " " * row[0] + row[1]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(rows, max_size=25), st.lists(rows, max_size=12))
def test_nothing_is_lost_but_marks_of_pages(first, second):
    pages = [page("\n".join(lines), number) for number, lines in enumerate((first, second), start=1)]
    found = read_typed_pages([page(SCENE, 0), *pages], name="f")
    assert "A kettle steams" in found.text
