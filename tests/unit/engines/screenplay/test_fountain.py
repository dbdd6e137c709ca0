# ruff: noqa: RUF001 - other alphabets are what is tested here
import time
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.screenplay import Element, ElementKind, SceneText, Screenplay
from vtx_dagster.core.story import Source
from vtx_dagster.engines.screenplay.fountain import (
    parse_scene,
    parse_screenplay,
    reads_as_action,
    reads_as_announcement,
    reads_as_cue,
    reads_as_heading,
    reads_as_speech,
)
from vtx_dagster.engines.screenplay.source_lines import SceneLines, source_lines
from vtx_dagster.engines.screenplay.title_page import read_title_page

ACTION, DIALOGUE, LYRIC = ElementKind.ACTION, ElementKind.DIALOGUE, ElementKind.LYRIC
TRANSITION, NOTE, SYNOPSIS = ElementKind.TRANSITION, ElementKind.NOTE, ElementKind.SYNOPSIS
SECTION, BREAK = ElementKind.SECTION, ElementKind.PAGE_BREAK


def source(text: str) -> Source:
    return Source(name="film.fountain", text=text)


def scenes(text: str) -> list[SceneText]:
    return [scene for act in parse_screenplay(source(text)).acts for scene in act.scenes]


def elements(body: str) -> list[Element]:
    """Return the elements of a scene whose first body line is line 3."""
    return list(scenes("INT. ROOM - DAY\n\n" + body)[0].elements)


def told(body: str) -> list[tuple]:
    return [(element.kind, element.text, element.speaker) for element in elements(body)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("Mara climbs.", [(ACTION, "Mara climbs.", "")], id="action"),
        pytest.param(
            "Mara climbs.\nShe stops.\n\nRain.", [(ACTION, "Mara climbs. She stops.", ""), (ACTION, "Rain.", "")], id="paragraphs"
        ),
        pytest.param("MARA\nHello.\nYou.", [(DIALOGUE, "Hello. You.", "MARA")], id="speech"),
        pytest.param("MARA\n\nHello.", [(ACTION, "MARA", ""), (ACTION, "Hello.", "")], id="capitals without a speech are action"),
        pytest.param("Then\nMARA\nspeaks.", [(ACTION, "Then MARA speaks.", "")], id="no cue inside a paragraph"),
        pytest.param("ÉLODIE ØRSTED\nOui.", [(DIALOGUE, "Oui.", "ÉLODIE ØRSTED")], id="accented cue"),
        pytest.param("МАРА\nДа.", [(DIALOGUE, "Да.", "МАРА")], id="cyrillic cue"),
        pytest.param("李雷\n你好", [(ACTION, "李雷 你好", "")], id="letters without case make no cue"),
        pytest.param("@李雷\n你好", [(DIALOGUE, "你好", "李雷")], id="forced cue in any script"),
        pytest.param("@McAvoy\nHi.", [(DIALOGUE, "Hi.", "McAvoy")], id="forced cue"),
        pytest.param("@McAvoy\n\nHe goes.", [(ACTION, "McAvoy", ""), (ACTION, "He goes.", "")], id="forced cue without a speech"),
        pytest.param("@\nMail.", [(ACTION, "Mail.", "")], id="lone at sign"),
        pytest.param("R2D2\nBeep.", [(DIALOGUE, "Beep.", "R2D2")], id="digits in a name"),
        pytest.param("1985\nA year.", [(ACTION, "1985 A year.", "")], id="a number is no name"),
        pytest.param("MARA\nHello.\n\nShe goes.", [(DIALOGUE, "Hello.", "MARA"), (ACTION, "She goes.", "")], id="speech ends"),
        pytest.param("MARA\nHello.\n  \nStill me.", [(DIALOGUE, "Hello. Still me.", "MARA")], id="two spaces go on"),
        pytest.param(
            "MARA\nHello.\n \nShe goes.", [(DIALOGUE, "Hello.", "MARA"), (ACTION, "She goes.", "")], id="one space ends"
        ),
        pytest.param(
            "MARA\n(nods)\n\nShe goes.", [(ACTION, "MARA (nods)", ""), (ACTION, "She goes.", "")], id="cue without words"
        ),
        pytest.param(
            "MARA\nEst. 1921.\n#1 in town.\n= so it is.",
            [(DIALOGUE, "Est. 1921. #1 in town. = so it is.", "MARA")],
            id="marks in speech",
        ),
        pytest.param(
            "MARA\nHello.\n!She goes.",
            [(DIALOGUE, "Hello.", "MARA"), (ACTION, "She goes.", "")],
            id="forced action ends a speech",
        ),
        pytest.param(
            "MARA\nHello.\n> CUT TO:", [(DIALOGUE, "Hello.", "MARA"), (TRANSITION, "CUT TO:", "")], id="transition after speech"
        ),
        pytest.param("!INT. THIS IS NO SCENE", [(ACTION, "INT. THIS IS NO SCENE", "")], id="forced action"),
        pytest.param("!\n\nRain.", [(ACTION, "Rain.", "")], id="lone exclamation mark"),
        pytest.param("~La la\n~La", [(LYRIC, "La la La", "")], id="lyric"),
        pytest.param(
            "MARA\n~La la\nSo.\n\nRain.",
            [(LYRIC, "La la", "MARA"), (DIALOGUE, "So.", "MARA"), (ACTION, "Rain.", "")],
            id="sung speech",
        ),
        pytest.param("CUT TO:", [(TRANSITION, "CUT TO:", "")], id="transition"),
        pytest.param(
            "COUPÉ À:\n\nÇA VA TO:", [(TRANSITION, "COUPÉ À:", ""), (TRANSITION, "ÇA VA TO:", "")], id="accented transition"
        ),
        pytest.param(
            "CUT TO:\nRain.", [(TRANSITION, "CUT TO:", ""), (ACTION, "Rain.", "")], id="no empty line below a transition"
        ),
        pytest.param("**CUT TO:**", [(TRANSITION, "CUT TO:", "")], id="transition in emphasis"),
        pytest.param("> **CUT TO:**", [(TRANSITION, "CUT TO:", "")], id="emphasis in a forced transition"),
        pytest.param("INTERCUT WITH:", [(TRANSITION, "INTERCUT WITH:", "")], id="transition that ends in no TO:"),
        pytest.param("INTERCUT WITH: THE YARD:", [(TRANSITION, "INTERCUT WITH: THE YARD:", "")], id="transition that goes on"),
        pytest.param("SCHNITT AUF:", [(TRANSITION, "SCHNITT AUF:", "")], id="german transition"),
        pytest.param("ЗТМ.", [(TRANSITION, "ЗТМ.", "")], id="russian transition"),
        pytest.param("THE END", [(ACTION, "THE END", "")], id="end card"),
        pytest.param("> THE END", [(ACTION, "THE END", "")], id="end card as a transition"),
        pytest.param("_Ende._", [(ACTION, "Ende.", "")], id="no end card in small letters"),
        pytest.param("Rain.\n\nCONTINUED:\n\n12.\n\nSnow.", [(ACTION, "Rain.", ""), (ACTION, "Snow.", "")], id="page furniture"),
        pytest.param(
            "MARA\nHello\n(MORE)\n\n7.\n\nMARA (CONT'D)\nyou.",
            [(DIALOGUE, "Hello", "MARA"), (DIALOGUE, "you.", "MARA")],
            id="more",
        ),
        pytest.param("MORE\n\n- 12 -", [(ACTION, "MORE", ""), (ACTION, "- 12 -", "")], id="no page furniture"),
        pytest.param("MARA\n(_low_)\n", [(ACTION, "MARA (low)", "")], id="a name and an aside"),
        pytest.param("MARA\n(\\_0\\_)\n", [(ACTION, "MARA (_0_)", "")], id="a name and an aside with signs"),
        pytest.param(
            "MARA\n~X - INT. NIGHT\n\nTOM\n\u2060X - INT. NIGHT\n(X - INT. NIGHT)",
            [(LYRIC, "X - INT. NIGHT", "MARA"), (DIALOGUE, "X - INT. NIGHT", "TOM")],
            id="marks that keep a line from being a heading",
        ),
        pytest.param("1\n\nRain.\n\n2\n\nSnow.\n\n3", [(ACTION, "Rain.", ""), (ACTION, "Snow.", "")], id="bare page numbers"),
        pytest.param("1\n\nRain.\n\n2", [(ACTION, "1", ""), (ACTION, "Rain.", ""), (ACTION, "2", "")], id="too few to be pages"),
        pytest.param("3\n\n2\n\n1", [(ACTION, "3", ""), (ACTION, "2", ""), (ACTION, "1", "")], id="a countdown"),
        pytest.param("**MARA**\nHello.", [(DIALOGUE, "Hello.", "MARA")], id="cue in emphasis"),
        pytest.param("MARA:\nHello.", [(DIALOGUE, "Hello.", "MARA")], id="cue with a colon"),
        pytest.param("MARA\n(low,\nbut\nto Tom)\nHello.", [(DIALOGUE, "Hello.", "MARA")], id="parenthetical of three lines"),
        pytest.param("MARA\n(low\nHello.", [(DIALOGUE, "(low Hello.", "MARA")], id="parenthetical that is not closed"),
        pytest.param("MARA\n(low\n(beat)\nHello.", [(DIALOGUE, "(low Hello.", "MARA")], id="parenthetical before another"),
        pytest.param("MARA\n(low\nHello) you.", [(DIALOGUE, "(low Hello) you.", "MARA")], id="parenthesis in a speech"),
        pytest.param("MARA\nHello.\n~", [(DIALOGUE, "Hello.", "MARA")], id="nothing sung"),
        pytest.param("RAIN - NIGHT\nfalls.", [(DIALOGUE, "falls.", "RAIN - NIGHT")], id="a slug stands alone"),
        pytest.param("!!CLOSE ON THE DOOR", [(ACTION, "CLOSE ON THE DOOR", "")], id="shot of Beat"),
        pytest.param("MARA\nHello.\n> A <", [(DIALOGUE, "Hello.", "MARA"), (ACTION, "A", "")], id="card ends a speech"),
        pytest.param("> Burn to white", [(TRANSITION, "Burn to white", "")], id="forced transition"),
        pytest.param("FADE OUT.", [(TRANSITION, "FADE OUT.", "")], id="fade out"),
        pytest.param("FADE IN: not here", [(ACTION, "FADE IN: not here", "")], id="no fade"),
        pytest.param("= She goes.", [(SYNOPSIS, "She goes.", "")], id="synopsis"),
        pytest.param("==== \n\nRain.", [(BREAK, "", ""), (ACTION, "Rain.", "")], id="page break"),
        pytest.param("#\n\nRain.", [(ACTION, "Rain.", "")], id="section without a title"),
        pytest.param("Rain.\n\n[[wet\nand cold", [(ACTION, "Rain.", ""), (NOTE, "wet and cold", "")], id="open note at the end"),
        pytest.param("## Two\n\nRain.", [(SECTION, "Two", ""), (ACTION, "Rain.", "")], id="section"),
        pytest.param("==no", [(ACTION, "==no", "")], id="two equal signs"),
        pytest.param("> \n\n~\n\n=\n\nRain.", [(ACTION, "Rain.", "")], id="empty marks"),
        pytest.param("..and so on.", [(ACTION, "..and so on.", "")], id="two dots force nothing"),
        pytest.param("She *sees* **it**, _now_, \\*not\\*.", [(ACTION, "She sees it, now, *not*.", "")], id="emphasis"),
        pytest.param("A snake_case_name stays.", [(ACTION, "A snake_case_name stays.", "")], id="underscores in words"),
        pytest.param("She\tgoes.", [(ACTION, "She goes.", "")], id="tab"),
        pytest.param("Stop.\nINT. not a scene", [(ACTION, "Stop. INT. not a scene", "")], id="heading inside a paragraph"),
        pytest.param("Rain [[wet]] falls.", [(NOTE, "wet", ""), (ACTION, "Rain falls.", "")], id="inline note"),
        pytest.param(
            "Rain\n[[wet]]\nfalls.", [(ACTION, "Rain", ""), (NOTE, "wet", ""), (ACTION, "falls.", "")], id="note on its own line"
        ),
        pytest.param("[[two\nlines]]\nMARA\nHi.", [(NOTE, "two lines", ""), (DIALOGUE, "Hi.", "MARA")], id="note above a cue"),
        pytest.param("MARA\n[[aside]]\nHi.", [(NOTE, "aside", ""), (DIALOGUE, "Hi.", "MARA")], id="note in a speech"),
        pytest.param("[[a\n  \nb]]\n\nRain.", [(NOTE, "a b", ""), (ACTION, "Rain.", "")], id="connected note"),
        pytest.param("Rain /* wet */ falls.", [(ACTION, "Rain falls.", "")], id="inline boneyard"),
        pytest.param("/*\nINT. OLD - DAY\n\nGone [[.\n*/\n\nRain.", [(ACTION, "Rain.", "")], id="boneyard"),
        pytest.param("MARA\n/* old */\nHi.", [(DIALOGUE, "Hi.", "MARA")], id="boneyard in a speech"),
        pytest.param("3*/ and ]] stay.", [(ACTION, "3*/ and ]] stay.", "")], id="stray closers"),
        pytest.param("(She waits.)", [(ACTION, "(She waits.)", "")], id="parentheses in action"),
        pytest.param("MARA\n(beat) Hi.", [(DIALOGUE, "(beat) Hi.", "MARA")], id="parentheses in a line"),
    ],
)
def test_elements(body, expected):
    assert told(body) == expected


def test_a_speech_knows_everything_about_itself():
    (element,) = elements("DR. MARA VOSS (V.O.) (CONT'D) ^\n(softly)\nHello.\n(beat)\n(again)\n*You.*\nThere.")
    assert element == Element(
        kind=DIALOGUE,
        text="Hello. You. There.",
        lines={"first": 3, "last": 9},
        speaker="DR. MARA VOSS",
        asides=({"text": "softly", "after": 0}, {"text": "beat", "after": 6}, {"text": "again", "after": 6}),
        off_screen=True,
        dual=True,
        cue="DR. MARA VOSS (V.O.) (CONT'D)",
        parts=(
            {"text": "(softly)", "parenthetical": True},
            {"text": "Hello."},
            {"text": "(beat)", "parenthetical": True},
            {"text": "(again)", "parenthetical": True},
            {"text": "*You.*\nThere."},
        ),
    )
    assert element.parenthetical == "softly; beat; again"


def test_marks_and_line_breaks_are_kept():
    action, lyric, speech = elements("She *sees*\n   it.\n\n  ~La _la_\n~La\n\nMARA\n  Said *and\nheard*.\n  \n  \nYes.\n  ")
    assert (action.text, action.marked) == ("She sees it.", "She *sees*\n   it.")
    assert (lyric.text, lyric.marked) == ("La la La", "La _la_\nLa")
    assert (speech.text, speech.parts[0].text) == ("Said and heard. Yes.", "Said *and\nheard*.\n\n\nYes.")
    (sung,) = elements("MARA\n~\n(low)\n  \n~La")
    assert [part.text for part in sung.parts] == ["(low)", "La"]


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        pytest.param("\tIn a column.", "    In a column.", id="tab"),
        pytest.param("    !  Forced.", "  Forced.", id="forced"),
        pytest.param(" Nearly.", "Nearly.", id="one-space"),
        pytest.param("[[note]] Seen.", "Seen.", id="after-a-note"),
        pytest.param("Seen [[note]] again.", "Seen again.", id="around-a-note"),
        pytest.param("   > CARD <", "CARD", id="card"),
        pytest.param("@a_b\n(nods)", "a\\_b (nods)", id="wordless"),
    ],
)
def test_indents_of_action_are_kept(text, marked):
    (element,) = (one for one in elements(text) if one.kind == ElementKind.ACTION)
    assert element.marked == marked


def test_a_sung_speech_goes_on():
    spoken, sung, again = elements("MARA\nSo:\n~La la\nThere.\n\n@McX\nMe.")[:3]
    assert [element.goes_on for element in (spoken, sung, again)] == [False, True, True]
    assert elements("@McX\nMe.")[0].forced


def test_an_aside_above_a_song_belongs_to_it():
    song = elements("MARA\n(low)\n~La\n(louder)\nStop!")
    assert [(one.kind, one.text, [aside.text for aside in one.asides]) for one in song] == [
        (LYRIC, "La", ["low", "louder"]),
        (DIALOGUE, "Stop!", []),
    ]


@pytest.mark.parametrize(
    ("below", "off_screen", "asides"),
    [("(V.O.)", True, []), ("(CONT'D)", False, []), ("(o.s.)\n(low)", True, ["low"]), ("(low)\n(V.O.)", False, ["low", "V.O."])],
)
def test_an_extension_below_the_name_is_one(below, off_screen, asides):
    (element,) = elements(f"MARA\n{below}\nHello.")
    assert (element.speaker, element.text, element.off_screen) == ("MARA", "Hello.", off_screen)
    assert [aside.text for aside in element.asides] == asides


@pytest.mark.parametrize("above", ["INT. BAR - DAY\n\n", ""])
def test_a_slug_alone_opens_a_scene(above):
    *_, kitchen = scenes(f"{above}KITCHEN - NIGHT\n\nRain.")
    assert (kitchen.place, kitchen.time, kitchen.minor, len(kitchen.elements)) == ("KITCHEN", "NIGHT", True, 1)


@pytest.mark.parametrize("card", ["THE END", "The End <", "> THE END.", "FIN", "ENDE", "КОНЕЦ", "完"])
def test_an_end_card_is_a_card(card):
    text = card if not card.endswith("<") else f"> {card}"
    assert elements(f"Rain.\n\n{text}")[-1].centred


def test_what_is_left_out_is_said():
    pages = "\n\n".join(f"Rain.\n\n{page}." for page in range(1, 11))
    (remark,) = parse_screenplay(source(f"INT. A - DAY\n\n{pages}")).remarks
    assert (remark.line, remark.text) == (
        5,
        "page numbers, (MORE) and CONTINUED: are left out (lines 5, 9, 13, 17, 21, 25, 29, 33 and 2 more)",
    )


@pytest.mark.parametrize(
    ("extension", "off_screen"),
    [
        ("(V.O.)", True),
        ("(vo)", True),
        ("(O.S.)", True),
        ("(O.C.)", True),
        ("(off)", True),
        ("(CONT'D)", False),
        ("(on phone)", True),
        ("(OVER RADIO)", True),
        ("(FILTERED)", True),
        ("(ON TV)", True),
        ("(through the door)", True),
        ("(PRE-LAP)", True),
        ("(OFFSCREEN)", True),
        ("(HORS CHAMP)", True),
        ("(au téléphone)", True),
        ("(IM OFF)", True),
        ("(ЗА КАДРОМ)", True),
        ("(画外音)", True),
        ("(into phone)", False),
        ("(to the phone)", False),
        ("(ins Telefon)", False),
        ("(laughing)", False),
    ],
)
def test_off_screen_extensions(extension, off_screen):
    (element,) = elements(f"MARA {extension}\nHello.")
    assert (element.speaker, element.off_screen) == ("MARA", off_screen)


def test_centred_text_is_marked():
    card, action = elements("> THE END <\nRain.")
    assert (card.text, card.centred, action.centred) == ("THE END", True, False)


def test_empty_parentheses_say_nothing():
    assert elements("MARA\n()\nHello.")[0].parenthetical == ""


def test_lines_are_those_of_the_file():
    found = elements("Rain\nfalls.\n\nMARA\n(low)\nHello.\n\n[[a\nb]]\n\nCUT TO:")
    assert [(element.kind, element.lines.first, element.lines.last) for element in found] == [
        (ACTION, 3, 4),
        (DIALOGUE, 6, 8),
        (NOTE, 10, 11),
        (TRANSITION, 13, 13),
    ]


@pytest.mark.parametrize(
    ("heading", "interior", "place", "time", "number"),
    [
        ("INT. BAR - BACK ROOM - NIGHT", True, "BAR - BACK ROOM", "NIGHT", ""),
        ("EXT. PIER - DAY #12#", False, "PIER", "DAY", "12"),
        ("EST. CITY", False, "CITY", "", ""),
        ("INT./EXT. CAR – DUSK", None, "CAR", "DUSK", ""),
        ("EXT/INT. CAR - DUSK", None, "CAR", "DUSK", ""),
        ("I/E. CAR - LATER", None, "CAR", "LATER", ""),
        ("INT BAR - DAY", True, "BAR", "DAY", ""),
        ("int. bar - day", True, "bar", "day", ""),
        ("int. bar - kitchen", True, "bar - kitchen", "", ""),
        (".ÉGLISE - JOUR #3A#", None, "ÉGLISE", "JOUR", "3A"),
        (".Somewhere", None, "Somewhere", "", ""),
        ("INT. NIGHT CLUB", True, "NIGHT CLUB", "", ""),
        ("INT. BAR - DAY (FLASHBACK)", True, "BAR", "DAY (FLASHBACK)", ""),
        ("INT. *BAR* - DAY", True, "BAR", "DAY", ""),
    ],
)
def test_headings(heading, interior, place, time, number):
    (scene,) = scenes(f"{heading}\n\nRain.")
    assert (scene.interior, scene.place, scene.time, scene.number) == (interior, place, time, number)


@pytest.mark.parametrize("line", ["Est maintenant.", "Int house", "EXTRA. Bread.", "INT.", ".", "...and then"])
def test_no_headings(line):
    assert len(scenes(f"INT. BAR - DAY\n\n{line}\n\nRain.")) == 1


def test_a_cue_without_a_speech_ends_above_a_card():
    found = elements("MARA\n(beat)\n> CARD <")
    assert [(element.text, element.lines.first, element.lines.last) for element in found] == [
        ("MARA (beat)", 3, 4),
        ("CARD", 5, 5),
    ]


def test_a_parenthetical_that_a_heading_breaks_off_is_kept():
    found = scenes("INT. BAR - DAY\n\nMARA\nHello.\n(softly, as if\nINT. HALL - NIGHT\n\nRain (at last).\n")
    assert [[element.text for element in scene.elements] for scene in found] == [["Hello. (softly, as if"], ["Rain (at last)."]]


@pytest.mark.parametrize("above", ["MARA\nHello.", "Rain."])
def test_a_full_heading_opens_a_scene_wherever_it_stands(above):
    first, second = scenes(f"INT. BAR - DAY\n\n{above}\nEXT. YARD - NIGHT\nSnow.")
    assert (len(first.elements), second.place, second.elements[0].text) == (1, "YARD", "Snow.")


def test_a_heading_needs_no_empty_line_below():
    (scene,) = scenes("INT. BAR - DAY\nMARA\nHello.")
    assert scene.elements[0].speaker == "MARA"


def test_a_note_on_the_heading_is_in_the_scene():
    first, second = scenes("INT. A - DAY\n\nRain.\n\nINT. B - DAY [[cold]]\n\nSnow.")
    assert [element.text for element in first.elements] == ["Rain."]
    assert [element.text for element in second.elements] == ["cold", "Snow."]


def test_title_page_and_sections():
    screenplay = parse_screenplay(
        source(
            dedent("""\
            Title:
                _The Light_
            Título alternativo: La luz
            Author: A
                and B

            [[about all of it]]

            FADE IN:

            # One
            = It begins.

            INT. A - DAY

            Rain.

            ## Sequence
            = A thing.

            INT. B - DAY

            Snow.

            ### Beat
            = It turns.

            Wind.

            # Without scenes

            # Two

            > MUCH LATER <

            INT. C - DAY

            Sun.

            ## Coda
            = All is well.
            """)
        )
    )
    assert screenplay.title_page == {"title": "The Light", "título alternativo": "La luz", "author": "A\nand B"}
    assert [(act.title, act.synopsis, len(act.scenes)) for act in screenplay.acts] == [("One", "It begins.", 2), ("Two", "", 1)]
    told = [[element.text for element in scene.elements] for act in screenplay.acts for scene in act.scenes]
    assert told == [
        ["about all of it", "FADE IN:", "Rain."],
        ["Sequence", "A thing.", "Snow.", "Beat", "It turns.", "Wind."],
        ["MUCH LATER", "Sun.", "Coda", "All is well."],
    ]


@pytest.mark.parametrize(
    "first",
    ["FADE IN:", "CUT TO:", "INT HOUSE: KITCHEN - DAY", "> FADE IN:"],
)
def test_a_first_line_with_a_colon_is_not_always_a_title_page(first):
    assert parse_screenplay(source(f"{first}\n\nINT. A - DAY\n\nRain.")).title_page == {}


def test_a_title_page_is_read_with_its_marks():
    text = "**Title: A_B**\nAuthor: *Ana*\n    _Bo_\n\nINT. A\n\nRain."
    assert read_title_page(source_lines(text).lines)[0] == {"title": "A\\_B", "author": "*Ana*\n_Bo_"}
    assert parse_screenplay(source(text)).title_page == {"title": "A_B", "author": "Ana\nBo"}


def test_a_title_page_ends_at_the_first_heading():
    screenplay = parse_screenplay(source("Title: X\nINT. A: B - DAY\n\nRain."))
    assert screenplay.title_page == {"title": "X"}
    assert screenplay.acts[0].scenes[0].place == "A: B"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends_and_byte_order_mark(newline):
    text = "\ufeff" + newline.join(["Title: X", "", "INT. A - DAY", "", "Rain.", ""])
    (scene,) = scenes(text)
    assert (scene.lines.first, scene.elements[0].lines.first) == (3, 5)


@pytest.mark.parametrize(
    "text",
    ["", " \n\t\n/* all gone */", "Title: X", "Title: X\n\nFADE IN:\n", "# One\n\n## Two\n\n= Three\n\n[[four]]"],
    ids=["empty", "nothing but comments", "title page only", "nothing but a transition", "sections and synopses"],
)
def test_what_shows_nothing_is_refused(text):
    with pytest.raises(InvalidFileError, match=r"^film\.fountain:1: there is nothing to see or hear in it"):
        parse_screenplay(source(text))


def shown(text: str) -> list[tuple]:
    """Return heading, place and words of every scene."""
    return [(scene.heading, scene.place, [element.text for element in scene.elements]) for scene in scenes(text)]


@pytest.mark.parametrize(
    ("text", "expected", "remarks"),
    [
        pytest.param(
            "FADE IN:\n\nSnow.\n\nANN (V.O.)\nIt was winter.\n\nINT. HALL - NIGHT\n\nRain.",
            [("", "Black", ["FADE IN:", "Snow.", "It was winter."]), ("INT. HALL - NIGHT", "HALL", ["Rain."])],
            [(3, "this text stands in no scene: it becomes a scene of its own, in black")],
            id="before the first heading",
        ),
        pytest.param(
            'SUPER: "1984"\n\nINT. HALL\n\nRain.',
            [("", "Black", ['SUPER: "1984"']), ("INT. HALL", "HALL", ["Rain."])],
            [(1, "this text stands in no scene: it becomes a scene of its own, in black")],
            id="a caption first",
        ),
        pytest.param(
            "INT. A\n\nRain.\n\n# Two\n= It goes on.\n\nSnow.\n\nINT. B\n\nSun.",
            [("INT. A", "A", ["Rain."]), ("Two", "Two", ["Snow."]), ("INT. B", "B", ["Sun."])],
            [(8, "this text stands in no scene: it becomes a scene of its own, under 'Two'")],
            id="under an act",
        ),
        pytest.param(
            "INT. A\n\nRain.\n\n# End\n\n> THE END <\n",
            [("INT. A", "A", ["Rain."]), ("End", "End", ["THE END"])],
            [(7, "this text stands in no scene: it becomes a scene of its own, under 'End'")],
            id="a card after all",
        ),
        pytest.param(
            "> 1984 <\n\n# One\n\nINT. A\n\nRain.",
            [("", "Black", ["1984"]), ("INT. A", "A", ["Rain."])],
            [(1, "this text stands in no scene: it becomes a scene of its own, in black")],
            id="a card before the first act",
        ),
        pytest.param(
            "Rain.\n\nMARA\nHello.",
            [("", "Black", ["Rain.", "Hello."])],
            [(1, "no scene heading such as INT. KITCHEN - DAY in it: it is taken as one scene")],
            id="no heading at all",
        ),
        pytest.param(
            "# Act\n\nRain.\n\n## One\n\nSnow.\n\n## Two\n\n# Three\n\nSun.",
            [("Act", "Act", ["Rain."]), ("One", "One", ["One", "Snow."]), ("Three", "Three", ["Sun."])],
            [(1, "no scene heading such as INT. KITCHEN - DAY in it: it is taken as 3 scenes, one for each section")],
            id="sections alone",
        ),
        pytest.param(
            "INT. A\n\nRain [[wet\n\nSnow.",
            [("INT. A", "A", ["wet", "Rain", "Snow."])],
            [(3, "[[ is not closed with ]]: the note is taken to end before the next empty line or scene heading")],
            id="open note",
        ),
        pytest.param(
            "INT. A\n\nRain.\n\n[[wet\nINT. B\nSnow.",
            [("INT. A", "A", ["Rain.", "wet"]), ("INT. B", "B", ["Snow."])],
            [(5, "[[ is not closed with ]]: the note is taken to end before the next empty line or scene heading")],
            id="open note above a heading",
        ),
        pytest.param(
            "INT. A\n\n/* wet\n\nRain [[n]].",
            [("INT. A", "A", ["/* wet", "n", "Rain ."])],
            [(3, "/* is never closed with */: it is taken as text")],
            id="open boneyard",
        ),
        pytest.param(
            "INT. A\n\n/* wet /* cold /*a [[n]]\n\n/* dry",
            [("INT. A", "A", ["n", "/* wet /* cold /*a", "/* dry"])],
            [(3, "/* is never closed with */: it is taken as text"), (5, "/* is never closed with */: it is taken as text")],
            id="open boneyards on one line",
        ),
        pytest.param(
            "# One\n= Told.\n\n# Two\n\n[[n]]\n\n# Three\n\nINT. A\n\nRain.",
            [("INT. A", "A", ["n", "Rain."])],
            [
                (1, "nothing is seen or heard under 'One': it is left out"),
                (4, "nothing is seen or heard under 'Two': it is left out"),
            ],
            id="acts of nothing but synopses and notes",
        ),
        pytest.param(
            "INT. A\n\nRain.\n\n/*\n*/ INT. B\n\nSnow.",
            [("INT. A", "A", ["Rain."]), ("INT. B", "B", ["Snow."])],
            [],
            id="torn heading",
        ),
        pytest.param(
            "INT. A\n\nRa\x00in.", [("INT. A", "A", ["Rain."])], [(3, "control character U+0000 is left out")], id="binary"
        ),
    ],
)
def test_everything_is_taken(text, expected, remarks):
    assert shown(text) == expected
    assert [(remark.line, remark.text) for remark in parse_screenplay(source(text)).remarks] == remarks


def test_a_boneyard_between_scenes_is_cut_with_neither():
    text = "INT. A\n\nRain. [[wet]] /* old\nolder\n*/ INT. B - DAY [[n]]\n\nSnow. /*\n*/"
    lines = SceneLines(text)
    cut = [lines.of(scene.lines) for scene in scenes(text)]
    assert cut == ["INT. A\n\nRain. [[wet]]\n", " INT. B - DAY [[n]]\n\nSnow. /*\n*/\n"]


def test_a_scene_file_holds_one_scene():
    assert parse_scene(source("INT. A - DAY\n\nRain.")).place == "A"
    assert parse_scene(source("Notes: it rains.")).elements[0].text == "Notes: it rains."  # it has no title page
    with pytest.raises(InvalidFileError, match=r"^film\.fountain:5: a second scene heading \(INT\. B\)"):
        parse_scene(source("INT. A\n\nRain.\n\nINT. B\n\nSnow."))
    with pytest.raises(InvalidFileError, match=r"^film\.fountain:3: text of a second scene: "):
        parse_scene(source("Rain.\n\n# Two\n\nSnow."))
    with pytest.raises(InvalidFileError, match=r"^film\.fountain:1: no scene in it"):
        parse_scene(source("[[nothing]]"))


def opened(text: str) -> list[tuple]:
    """Return act, heading, number and place of every scene, and what is in it."""
    return [
        (act.title, scene.heading, scene.number, scene.place, [element.text for element in scene.elements])
        for act in parse_screenplay(source(text)).acts
        for scene in act.scenes
    ]


@pytest.mark.parametrize(
    "line",
    [
        "SCENE 7",
        "**SCENE 7**",
        "> SCENE 7 <",
        "> **SCENE 7** <",
        "**[SCENE 7 | 0:35 - 2:15]**",
        "=== SCENE 7 ===",
        "--- SCENE 7 ---",
        "    SCENE 7",
        "## SCENE 7",
        "# SCENE 7",
        ".SCENE 7",
        ".[SCENE 7]",
    ],
)
@pytest.mark.parametrize("below", ["\n\n", "\n"], ids=["apart", "right above"])
def test_a_scene_is_announced_by_its_number(line, below):
    assert opened(
        f"SCENE 6\n\nRain.\n\n{line}{below}Snow." if line[0] != "#" else f"## SCENE 6\n\nRain.\n\n{line}{below}Snow."
    ) == [
        ("", "SCENE 6", "6", "", ["Rain."]),
        ("", "SCENE 7", "7", "", ["Snow."]),
    ]


def test_an_announced_scene_has_a_place_of_its_own_or_goes_on():
    first, second = scenes("SCENE 1: THE PIER - NIGHT\n\nRain.\n\nSCENE 2\n\nSnow.")
    assert (first.place, first.time, first.interior, first.minor, first.outside) == ("THE PIER", "NIGHT", None, False, False)
    assert (second.place, second.time, second.interior, second.minor, second.outside) == ("", "", None, True, False)


@pytest.mark.parametrize(
    "text",
    [
        "Scene 3: the harbour\nis asleep.",
        "SCENE MISSING\n\nRain.",
        "Rain.\nSCENE 3\nSnow.",
        "!SCENE 3",
        "MARA\nSCENE 3\nis the best.",
        "= Scene 3",
        "[[Scene 3]]",
        "## Scene breakdown\n\nRain.",
        "== x",
        "1. One\n\n2. Two",
        "ACT I\n\nRain.",
        "> ACT I <\n\nRain.",
        "*Scene 3 is the best.*",
    ],
)
def test_what_announces_no_scene(text):
    assert len(scenes(f"INT. BAR - DAY\n\nRain.\n\n{text}")) == 1


def test_the_heading_that_follows_is_that_of_the_scene():
    for between in ("", "= It rains.\n\n", "[[note]]\n\n", "> FADE IN:\n\n", "> Card <\n\n"):
        (scene,) = scenes(f"SCENE 12: The end\n\n{between}INT. BAR - DAY\n\nRain.")
        assert (scene.heading, scene.number, scene.interior, scene.place) == ("INT. BAR - DAY", "12", True, "BAR")
        assert (scene.elements[0].kind, scene.elements[0].level, scene.elements[0].text) == (SECTION, 2, "SCENE 12: The end")
    assert opened("SCENE 12\n\nINT. BAR #3#\n\nRain.\n\nINT. HALL\n\nSnow.") == [
        ("", "INT. BAR", "3", "BAR", ["SCENE 12", "Rain."]),
        ("", "INT. HALL", "", "HALL", ["Snow."]),
    ]
    told = scenes("SCENE 1\n\nLocation: the bar\n\nINT. BAR\n\nLocation: none.")[0].elements
    assert [(element.kind, element.text) for element in told] == [
        (SECTION, "SCENE 1"),
        (NOTE, "Location: the bar"),
        (ACTION, "Location: none."),
    ]


def test_sections_are_what_they_are_where_headings_follow():
    text = "## Scene 1\n\n= It rains.\n\nINT. BAR - DAY\n\nRain.\n\n## Scene 2\n\nSnow.\n\n### Scene 3\n\nINT. HALL\n\nSun."
    assert opened(text) == [
        ("", "INT. BAR - DAY", "", "BAR", ["Scene 1", "It rains.", "Rain.", "Scene 2", "Snow."]),
        ("", "INT. HALL", "", "HALL", ["Scene 3", "Sun."]),
    ]
    assert opened("# Scene 1\n\nINT. BAR\n\nRain.\n\n# Scene 2\n\nSnow.") == [
        ("Scene 1", "INT. BAR", "", "BAR", ["Rain."]),
        ("Scene 2", "Scene 2", "2", "", ["Snow."]),
    ]


def test_sections_are_scenes_where_no_scene_is_open():
    text = "# One\n\n## Scene 1\n\n## Scene 2: Pier\n\nRain.\n\n# Two\n\n## Scene 3\n\nSnow.\n\n## Scene 4"
    assert opened(text) == [
        ("One", "Scene 2: Pier", "2", "Pier", ["Scene 1", "Rain."]),
        ("Two", "Scene 3", "3", "", ["Snow.", "Scene 4"]),
    ]
    assert [scene.outside for scene in scenes(text)] == [False, False]


def test_acts_of_a_play():
    text = (
        "ACT I\n\nSCENE I\n\nRain.\n\n> ACT II <\n\n[[note]]\n\nSCENE I: Pier\n\nSnow.\n\nACT III, SCENE I\n\nSun.\n\n"
        "> ACT III, SCENE II <\n\nFog.\n\nACT IV\nSCENE I\n\nHail.\n\nACT V\n\nIce."
    )
    assert opened(text) == [
        ("ACT I", "SCENE I", "1", "", ["Rain."]),
        ("ACT II", "SCENE I: Pier", "1", "Pier", ["note", "Snow."]),
        ("ACT III", "ACT III, SCENE I", "1", "", ["Sun."]),
        ("ACT III", "ACT III, SCENE II", "2", "", ["Fog."]),
        ("ACT IV", "SCENE I", "1", "", ["Hail.", "ACT V", "Ice."]),
    ]
    assert opened("> Card <\n\nACT I, SCENE I\n\nRain.") == [("ACT I", "ACT I, SCENE I", "1", "", ["Card", "Rain."])]
    assert opened("SCENE I\n\nACT II, SCENE I\n\nRain.") == [
        ("", "SCENE I", "1", "", []),
        ("ACT II", "ACT II, SCENE I", "1", "", ["Rain."]),
    ]


@pytest.mark.parametrize(
    ("below", "place", "time"),
    [
        ("Location: The pier. Night. Rain.", "The pier", "Night"),
        ("*Ort: Am See*\n*Zeit: Nacht*", "Am See", "Nacht"),
        ("[[note]]\n\nLocation: the pier\n\nTime: dawn\n\nTime: night", "the pier", "dawn"),
        ("Setting: INT. BAR - NIGHT", "BAR", "NIGHT"),
        ("Location: Das Café ist gut besucht.", "", ""),
        ("Rain.\n\nLocation: the pier", "", ""),
        ("## Part\n\nLocation: the pier", "", ""),
    ],
)
@pytest.mark.parametrize("line", ["SCENE 3", ".SCENE 3"])
def test_a_place_may_be_told_below(line, below, place, time):
    (scene,) = scenes(f"{line}\n\n{below}")
    assert (scene.place, scene.time, scene.minor) == (place, time, not place)
    assert scene.interior is (True if place == "BAR" else None)
    assert all(element.kind != NOTE for element in scene.elements if element.text != "note")
    assert scenes(f"{line}: Garden\n\n{below}")[0].place == "Garden"
    assert scenes(f"{line} - DAY\n\n{below}")[0].time == "DAY"


def test_a_note_on_the_line_is_in_the_scene():
    (scene,) = scenes("SCENE 3 [[n]]\n\nRain.")
    assert (scene.before, [element.text for element in scene.elements]) == (0, ["n", "Rain."])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("SCENE 7", True),
        ("> SCENE 7 <", True),
        ("### Scene 7 ", True),
        ("*Scene 7*", True),
        ("# Seven", False),
        ("> Card <", False),
        ("INT. BAR", False),
        ("Rain.", False),
    ],
)
def test_how_an_announcement_reads(line, expected):
    assert reads_as_announcement(line) is expected
    assert not (expected and (reads_as_action(line) or reads_as_cue(line)))


def outcome(text: str) -> Screenplay | str:
    """Return the screenplay, or what the error says."""
    try:
        return parse_screenplay(Source(name="junk.fountain", text=text))
    except InvalidFileError as error:
        return str(error)


LINES = st.sampled_from(
    [
        *[
            "",
            "  ",
            "INT. A - DAY",
            ".Ü",
            "MARA",
            "@x (V.O.) ^",
            "(beat)",
            "Rain.",
            "# A",
            "## S",
            "= s",
            "===",
            "~la",
            "> CUT TO:",
            "> A <",
        ],
        *[
            "[[SHOT: CU]]",
            "[[",
            "]]",
            "/*",
            "*/",
            "a [[n]] b",
            "!",
            "FADE IN:",
            "Title: x",
            "    y",
            "*b* _u_",
            "\\",
            "#",
            ".",
            "@",
            ">",
            "<",
        ],
        *[
            "SCENE 1",
            "Scene 2 - Pier",
            "> SCENE 3 <",
            "## Scene 4",
            "# Scene 5",
            ".SCENE 6",
            "ACT I",
            "ACT II, SCENE 7",
            "Location: Pier.",
        ],
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=200), st.lists(st.one_of(LINES, st.text(max_size=12)), max_size=25).map("\n".join)))
def test_any_text_is_a_screenplay_or_an_error_that_says_where(text):
    screenplay = outcome(text)
    if isinstance(screenplay, str):
        assert screenplay.startswith("junk.fountain:")
        return
    last = 0
    for scene in (scene for act in screenplay.acts for scene in act.scenes):
        assert scene.lines.first > last
        last = scene.lines.last
        assert all(scene.lines.first <= element.lines.first <= element.lines.last <= last for element in scene.elements)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["INT. FIRST - DAY", "SCENE 1: PIER", "Rain."]), st.lists(LINES, max_size=25).map("\n".join))
def test_a_scene_cut_out_of_its_file_is_the_same_scene(first, text):
    text = f"{first}\n\n{text}"
    screenplay = outcome(text)
    if isinstance(screenplay, str):
        return
    lines = SceneLines(text)
    for scene in (scene for act in screenplay.acts for scene in act.scenes):
        cut = parse_scene(Source(name="cut.fountain", text=lines.of(scene.lines)))
        assert [told_of(element) for element in cut.elements] == [told_of(element) for element in scene.elements]
        assert cut.heading == scene.heading
        assert scene.outside or (cut.place, cut.time, cut.number, cut.minor) == (
            scene.place,
            scene.time,
            scene.number,
            scene.minor,
        )


def told_of(element: Element) -> dict:
    return element.model_dump(exclude={"lines"})


def test_long_screenplays_take_time_in_proportion():
    def seconds(num_scenes: int) -> float:
        text = "\n".join(
            f"INT. ROOM {num_scenes}.{number} - DAY\n\nMara waits.\n\nMARA\nHello {number}.\n" for number in range(num_scenes)
        )
        start = time.process_time()
        assert len(scenes(text)) == num_scenes
        return time.process_time() - start

    seconds(50)
    # Ten times the scenes; quadratic time would be a hundred times as long.
    assert seconds(1000) < 40 * seconds(100)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("A" + "(A)" * 100_000 + "x\nhello", id="extensions"),
        pytest.param("A" + " " * 300_000 + "B\nhello", id="spaces in a cue"),
        pytest.param("*a " * 100_000, id="stars"),
        pytest.param("_a " * 100_000, id="underscores"),
        pytest.param("/* " * 100_000, id="open boneyards"),
        pytest.param("/* [[a]] " * 30_000, id="notes between open boneyards"),
        pytest.param("MARA\n" + "(a)\nb\n" * 30_000, id="asides"),
        pytest.param("SCENE 1 " * 40_000, id="scenes in a line"),
        pytest.param("[SCENE 1" + " [" * 150_000, id="brackets"),
        pytest.param("SCENE 1\n\n" * 5000, id="scenes without anything in them"),
        pytest.param("SCENE 1\n\nLocation: the pier\n\n" * 5000, id="scenes with a place below"),
        pytest.param("".join(f"ACT {'I' * (number % 3 + 1)}, SCENE 1\n\n" for number in range(5000)), id="acts"),
        pytest.param(".PIER, " + "ROOM, " * 50_000 + "DAY\n\nRain.", id="a long heading"),
    ],
)
def test_hostile_lines_are_read_in_one_pass(text):
    """Time that grew with the square of their length would be minutes, which the time limit of every test ends."""
    assert scenes(text)


@pytest.mark.parametrize(
    ("line", "is_action", "is_cue"),
    [
        ("Mara waits.", True, False),
        ("MARA", False, True),
        ("ÉLODIE (O.S.)", False, True),
        ("老王", True, False),
        ("CUT TO:", False, False),
        ("INT. ROOM", False, False),
        (".45 calibre", False, False),
        ("@mara", False, False),
        ("!Bang", False, False),
        ("> THE END <", False, False),
        ("完", False, False),
        ("12.", False, False),
        ("7", False, False),
    ],
)
def test_how_a_line_reads_without_a_mark(line, is_action, is_cue):
    assert (reads_as_action(line), reads_as_cue(line)) == (is_action, is_cue)


@pytest.mark.parametrize(
    ("line", "is_action"),
    [("MARA", True), ("7", True), ("CUT TO:", True), ("INT. ROOM - DAY", False), ("~La", False), ("@mara", False)],
)
def test_how_a_line_below_others_reads(line, is_action):
    assert reads_as_action(line, starts=False) == is_action


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("INT. BAR", True),
        (".BAR", True),
        (".\u2060- BAR", True),
        ("BAR", False),
        ("...", False),
        ("!INT. BAR", False),
        ("# INT. BAR", False),
    ],
)
def test_how_a_heading_reads(line, expected):
    assert reads_as_heading(line) is expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Yes.", True),
        ("#1 of all", True),
        ("12.", True),
        ("(low", False),
        ("!Ay", False),
        ("~La", False),
        ("INT. BAR - NIGHT", False),
    ],
)
def test_how_a_line_of_a_speech_reads(line, expected):
    assert reads_as_speech(line) is expected
