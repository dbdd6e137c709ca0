# ruff: noqa: RUF001 - other alphabets are what is tested here
import time
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.screenplay import Element, ElementKind, SceneText, Screenplay
from vtx_dagster.core.story import Source
from vtx_dagster.engines.screenplay.fountain import parse_scene, parse_screenplay, reads_as_action, reads_as_cue

ACTION, DIALOGUE, LYRIC = ElementKind.ACTION, ElementKind.DIALOGUE, ElementKind.LYRIC
TRANSITION, NOTE, SYNOPSIS = ElementKind.TRANSITION, ElementKind.NOTE, ElementKind.SYNOPSIS


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
            "COUPÉ À:\n\nÇA VA TO:", [(ACTION, "COUPÉ À:", ""), (TRANSITION, "ÇA VA TO:", "")], id="accented transition"
        ),
        pytest.param("CUT TO:\nnow.", [(DIALOGUE, "now.", "CUT TO:")], id="transition needs an empty line"),
        pytest.param("> Burn to white", [(TRANSITION, "Burn to white", "")], id="forced transition"),
        pytest.param("FADE OUT.", [(TRANSITION, "FADE OUT.", "")], id="fade out"),
        pytest.param("FADE IN: not here", [(ACTION, "FADE IN: not here", "")], id="no fade"),
        pytest.param("= She goes.", [(SYNOPSIS, "She goes.", "")], id="synopsis"),
        pytest.param("==== \n\nRain.", [(ACTION, "Rain.", "")], id="page break"),
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
    (element,) = elements("DR. MARA VOSS (V.O.) (CONT'D) ^\n(softly)\nHello.\n(beat)\n(again)\nYou.")
    assert element == Element(
        kind=DIALOGUE,
        text="Hello. You.",
        lines={"first": 3, "last": 8},
        speaker="DR. MARA VOSS",
        parenthetical="softly; beat; again",
        off_screen=True,
        dual=True,
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
        ("(on phone)", False),
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
        ["A thing.", "Snow.", "It turns.", "Wind."],
        ["MUCH LATER", "Sun.", "All is well."],
    ]


@pytest.mark.parametrize(
    "first",
    ["FADE IN:", "CUT TO:", "INT HOUSE: KITCHEN - DAY", "> FADE IN:"],
)
def test_a_first_line_with_a_colon_is_not_always_a_title_page(first):
    assert parse_screenplay(source(f"{first}\n\nINT. A - DAY\n\nRain.")).title_page == {}


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
    ("text", "message"),
    [
        pytest.param("", "film.fountain:1: the screenplay is empty", id="empty"),
        pytest.param(" \n\t\n/* all gone */", "film.fountain:1: the screenplay is empty", id="nothing but comments"),
        pytest.param("Title: X", "film.fountain:1: no scene heading", id="title page only"),
        pytest.param("Title: X\n\nFADE IN:\n", "film.fountain:1: no scene heading", id="no scene"),
        pytest.param("Rain.\n\nINT. A - DAY\n", "film.fountain:1: this text stands in no scene", id="prose first"),
        pytest.param(
            "INT. A - DAY\n\n# Two\n\nRain.\n", "film.fountain:5: this text stands in no scene", id="prose after a section"
        ),
        pytest.param(
            "INT. A - DAY\n\n# End\n\n> THE END <\n", "film.fountain:5: this text stands in no scene", id="card after all"
        ),
        pytest.param("INT. A - DAY\n\nRain [[wet", "film.fountain:3: [[ is never closed", id="open note"),
        pytest.param(
            "INT. A - DAY\n\nRain [[wet\n\nSnow ]]", "film.fountain:3: [[ is not closed before the empty line", id="torn note"
        ),
        pytest.param("INT. A - DAY\n\n/* wet\n", "film.fountain:3: /* is never closed", id="open boneyard"),
        pytest.param(
            "INT. A - DAY\n\n/*\n*/ INT. B - DAY", "film.fountain:4: a comment ends where a scene begins", id="torn heading"
        ),
        pytest.param("INT. A - DAY\n\nRa\x00in.", "film.fountain:3: control character U+0000", id="binary"),
    ],
)
def test_what_cannot_be_read(text, message):
    with pytest.raises(InvalidFileError) as caught:
        parse_screenplay(Source(name="film.fountain", text=text))
    assert str(caught.value).startswith(message)


def test_a_scene_file_holds_one_scene():
    assert parse_scene(source("INT. A - DAY\n\nRain.")).place == "A"
    with pytest.raises(InvalidFileError, match=r"^film\.fountain:5: a second scene heading \(INT\. B\)"):
        parse_scene(source("INT. A\n\nRain.\n\nINT. B\n\nSnow."))


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
@given(st.lists(LINES, max_size=25).map("\n".join))
def test_a_scene_cut_out_of_its_file_is_the_same_scene(text):
    text = f"INT. FIRST - DAY\n\n{text}"
    screenplay = outcome(text)
    if isinstance(screenplay, str):
        return
    lines = text.split("\n")
    for scene in (scene for act in screenplay.acts for scene in act.scenes):
        cut = parse_scene(Source(name="cut.fountain", text="\n".join(lines[scene.lines.first - 1 : scene.lines.last])))
        assert [told_of(element) for element in cut.elements] == [told_of(element) for element in scene.elements]
        assert cut.heading == scene.heading


def told_of(element: Element) -> dict:
    return element.model_dump(exclude={"lines"})


def test_long_screenplays_take_time_in_proportion():
    def seconds(num_scenes: int) -> float:
        text = "\n".join(f"INT. ROOM {number} - DAY\n\nMara waits.\n\nMARA\nHello {number}.\n" for number in range(num_scenes))
        start = time.process_time()
        assert len(scenes(text)) == num_scenes
        return time.process_time() - start

    seconds(50)
    # Ten times the scenes; quadratic time would be a hundred times as long.
    assert seconds(1000) < 40 * seconds(100)


@pytest.mark.parametrize(
    ("line", "is_action", "is_cue"),
    [
        ("Mara waits.", True, False),
        ("MARA", False, True),
        ("ÉLODIE (O.S.)", False, True),
        ("老王", True, False),
        ("CUT TO:", False, True),
        ("INT. ROOM", False, False),
        (".45 calibre", False, False),
        ("@mara", False, False),
        ("!Bang", False, False),
        ("> THE END <", False, False),
    ],
)
def test_how_a_line_reads_without_a_mark(line, is_action, is_cue):
    assert (reads_as_action(line), reads_as_cue(line)) == (is_action, is_cue)
