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
)


def parsed(script: Script) -> Screenplay:
    return parse_screenplay(Source(name="export.fountain", text=fountain_text(script)))


def content(elements: tuple[Element, ...]) -> list[dict[str, object]]:
    """Return what elements say, without notes, synopses and lines."""
    left_out = (ElementKind.NOTE, ElementKind.SYNOPSIS)
    return [element.model_dump(exclude={"lines"}) for element in elements if element.kind not in left_out]


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


def test_without_an_author_nobody_wrote_it(read):
    assert fountain_text(read(["INT. A\n\nHe waits."])) == "Title: The Film\n\nINT. A\n\nHe waits.\n"


def test_notes_comments_and_synopses_are_left_out(full):
    text = fountain_text(full)

    assert [word for word in ("[[", "/*", "SHOT", "beat?", "cut", "Nobody reads", "\n=") if word in text] == []
    assert "**door** — it _creaks_ twice.\nOn the table: \\*a\\* letter. 😀 漢字" in text
    assert "~A song of nobody\n~in two lines" in text


@pytest.mark.parametrize(
    "action", ["Fade to nothing.", "MARA (quietly)", ".5 seconds", "INT. IS LATIN", "#1", "=", "123", "> <a"]
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
    script = read_script({"A01_S01": source}, metadata=Metadata(title="T"))

    assert content(parsed(script).acts[0].scenes[0].elements) == content(before.elements)
