import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.screenplay import Element, ElementKind, Screenplay
from vtx_dagster.core.story import Source
from vtx_dagster.engines.export.fountain import fountain_text
from vtx_dagster.engines.export.script import Script, read_script
from vtx_dagster.engines.screenplay.fountain import parse_scene, parse_screenplay
from vtx_dagster.engines.screenplay.source_lines import source_lines
from vtx_dagster.engines.screenplay.title_page import read_title_page

LINES = (
    "",
    "  ",
    "He waits.",
    "MARA",
    "MARA (V.O.) ^",
    "@McAvoy",
    "(beat)",
    "(half",
    "~La la",
    "CUT TO:",
    "FADE OUT.",
    "> SLOW",
    "> CARD <",
    "!INT. NOT",
    "*loud*",
    "[[note]]",
    "= synopsis",
    "/* cut */ Left",
    "a [[x]] b",
    "@here",
    "...and so",
    "    Indented.",
    "MARA [[now]]",
    "THE END",
    "===",
    "## Part *two*",
    "12.",
    "a /* b",
    "!",
)


def parsed(script: Script) -> Screenplay:
    return parse_screenplay(Source(name="export.fountain", text=fountain_text(script)))


def content(elements: tuple[Element, ...]) -> list[dict[str, object]]:
    """Return what elements say, without notes, synopses and lines."""
    left_out = (ElementKind.NOTE, ElementKind.SYNOPSIS)
    return [element for element in everything(elements) if element["kind"] not in left_out]


def said_of(elements: tuple[Element, ...]) -> list[str]:
    """Return the notes and synopses."""
    return [element.text for element in elements if element.kind in (ElementKind.NOTE, ElementKind.SYNOPSIS)]


def everything(elements: tuple[Element, ...]) -> list[dict[str, object]]:
    """Return what elements say, without lines."""
    return [element.model_dump(exclude={"lines"}) for element in elements]


def test_an_export_is_parsed_into_the_same_elements(full, full_text):
    (act,) = parsed(full).acts
    (scene,) = act.scenes
    given_scene = parse_scene(Source(name="a", text=full_text))

    assert content(scene.elements) == content(given_scene.elements)
    assert (scene.heading, scene.number) == (given_scene.heading, given_scene.number)
    assert act.title == "Act *One*"


def test_title_page_and_acts(read):
    script = read(["INT. A\n\nA."], [".B\n\nB."], ["EXT. C\n\nC."], titles=("", "Two"), title="The *Film*", author="Ana")

    assert fountain_text(script) == (
        "Title: The \\*Film\\*\nCredit: written by\nAuthor: Ana\n\n"
        "INT. A\n\n!A.\n\n# Two\n\n.B\n\n!B.\n\n# Act 3\n\nEXT. C\n\n!C.\n"
    )
    assert parsed(script).title_page == {"title": "The *Film*", "credit": "written by", "author": "Ana"}
    assert [act.title for act in parsed(script).acts] == ["", "Two", "Act 3"]


def test_a_title_page_survives(read):
    entries = {"title": "*The*\nFilm", "credit": "by", "authors": "Ana\nBo", "font": "", "contact": "A_B: 1\nTown", "notes": "N"}
    text = fountain_text(read(["INT. A\n\nA."], entries=entries, title="The Film"))

    assert read_title_page(source_lines(text).lines)[0] == entries
    assert text.startswith(
        "Title:\n    *The*\n    Film\nCredit: by\nAuthors:\n    Ana\n    Bo\nFont:\nContact:\n    A_B: 1\n    Town\n"
    )


@pytest.mark.parametrize("notes", [False, True])
def test_a_whole_screenplay_survives(read, notes: bool):
    acts = (
        ["# One\n\nRain.\n\n> CARD <", "## S\n\n= They meet.\n\nSnow.", "### T\n\nFADE IN:\n\nINT. A\n\nA.\n\n===\n\n[[so]]\nB."],
        ["[[first]]\n\nEXT. B - DAY #7#\n\n    B.\n\nMARA\nHi.\n\n@Tom ^\n(beat)\n~La"],
    )
    script = read(*acts, titles=("One",), notes=notes)
    one, two = parsed(script).acts

    assert (one.title, one.synopsis, two.title) == ("One", "What happens in One." if notes else "", "Act 2")
    given_scenes = [parse_scene(Source(name="a", text=text)) for act in acts for text in act]
    seen = everything if notes else content
    for after, before in zip((*one.scenes, *two.scenes), given_scenes, strict=True):
        assert seen(after.elements) == seen(before.elements)
        assert (after.heading, after.number, after.outside) == (before.heading, before.number, before.outside)


def test_scenes_announced_by_their_number_survive(read):
    texts = [
        "[SCENE 1: THE PIER - NIGHT | 0:35]\n\nA.",
        "> SCENE 2 <\n\nLocation: the bar\n\nB.",
        "## Scene 3\n\nC.",
        "SCENE 4\n\nINT. D\n\nD.",
    ]
    given = [parse_scene(Source(name="a", text=text)) for text in texts]
    for after, before in zip(parsed(read(texts)).acts[0].scenes, given, strict=True):
        assert content(after.elements) == content(before.elements)
        assert (after.heading, after.number, after.place, after.time) == (
            before.heading,
            before.number,
            before.place,
            before.time,
        )
        assert (after.interior, after.minor, after.outside) == (before.interior, before.minor, False)
    assert [scene.place for scene in given] == ["THE PIER", "the bar", "", "D"]


def test_text_outside_of_scenes_does_not_go_on_with_the_scene_above(read):
    texts = ["INT. A\n\nA.", "Rain.", "## S\n\nSnow."]

    assert [(scene.heading, scene.outside) for scene in parsed(read(texts)).acts[0].scenes] == [
        ("INT. A", False),
        ("Black", False),
        ("Black", False),
    ]
    assert [(scene.heading, scene.outside) for scene in parsed(read(texts[1:])).acts[0].scenes] == [("", True), ("S", True)]
    assert [scene.heading for scene in parsed(read([texts[1], "> CARD <\n\nSun."])).acts[0].scenes] == ["", "Black"]


def test_a_comment_that_is_never_closed_hides_nothing(read):
    script = read(["INT. A\n\nA /* b.", "INT. B\n\nC */ d."])

    assert [scene.elements[0].text for scene in parsed(script).acts[0].scenes] == ["A /* b.", "C */ d."]
    assert "A /* b." in fountain_text(read(["INT. A\n\nA /* b."]))


def test_without_an_author_nobody_wrote_it(read):
    assert fountain_text(read(["INT. A\n\nHe waits."])) == "Title: The Film\n\nINT. A\n\nHe waits.\n"


def test_notes_comments_and_synopses_are_left_out(full):
    text = fountain_text(full)

    assert [word for word in ("[[", "/*", "SHOT", "beat?", "cut", "Nobody reads", "\n=") if word in text] == []
    assert "**door** — it _creaks_ twice.\nOn the table: \\*a\\* letter. 😀 漢字" in text
    assert "~A song of nobody\n~in two lines" in text


@pytest.mark.parametrize(
    "action",
    [
        "CUT TO:",
        "MARA (quietly)",
        ".5 seconds",
        "INT. IS LATIN",
        "#1",
        "=",
        "123",
        "> <a",
        "THE END",
        "@here",
        "INT. A - DAY TO:",
    ],
)
def test_what_looks_like_something_else_stays_action(read, action: str):
    script = read([f"INT. A\n\n!{action}\n\nHe waits."])
    (act,) = parsed(script).acts

    assert [(one.kind, one.text) for one in act.scenes[0].elements] == [
        (ElementKind.ACTION, action),
        (ElementKind.ACTION, "He waits."),
    ]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=9))
def test_any_scene_survives_the_export(lines: list[str]):
    source = Source(name="a", text="INT. A - DAY\n\n" + "\n".join(lines))
    try:
        before = parse_scene(source)
    except InvalidFileError:
        return
    for notes in (False, True):
        script = read_script({"A01_S01": source}, metadata=Metadata(title="T"), notes=notes)
        (after,) = parsed(script).acts[0].scenes
        assert content(after.elements) == content(before.elements)
    # Those in a speech stand beside it.
    assert sorted(said_of(after.elements)) == sorted(said_of(before.elements))
