import pytest

from vtx_dagster.core.story import Source
from vtx_dagster.engines.breakdown.brief import brief_as_fountain, is_fountain, without_wraps
from vtx_dagster.engines.screenplay.fountain import parse_screenplay


def converted(text: str, logline: str = ""):
    return brief_as_fountain(Source(name="story/00_brief.md", text=text), title="My film", logline=logline)


@pytest.mark.parametrize(
    ("text", "fountain"),
    [
        pytest.param(
            "Rain falls.\nAll day.\n\n- Mara waits.\n- Mara goes.",
            ".My film\n\n!Rain falls. All day.\n\n!Mara waits.\n\n!Mara goes.\n",
            id="plain",
        ),
        pytest.param("# At home\nRain.\n", ".At home\n\n!Rain.\n", id="one heading"),
        pytest.param(
            "# Film\nA story.\n## Home\nRain.\n## Sea\n1. Wind.", ".Home\n\n!Rain.\n\n.Sea\n\n!Wind.\n", id="title and scenes"
        ),
        pytest.param(
            "# Film\n## One\nIt begins.\n### Home\nRain.\n## Two\n### Sea\n> Wind.\n---\n### Empty\n",
            "# One\n= It begins.\n\n.Home\n\n!Rain.\n\n# Two\n\n.Sea\n\n!Wind.\n",
            id="acts",
        ),
        pytest.param(
            "A story.\n\n# Home\nRain [[wet]] /* x */.\n# Sea\nWind.",
            ".Home\n\n!Rain [wet] / x /.\n\n.Sea\n\n!Wind.\n",
            id="literal",
        ),
        pytest.param("# Film\n\nA story.\n\n(one line: what is it about?)\n<!-- a\nb -->", "", id="template"),
        pytest.param(
            "Hotel\n=====\n\nLobby\n-----\nRain.\n\nBar\n---\nWind.\nSnow.\n---\n- Sun\n---\n",
            ".Lobby\n\n!Rain.\n\n.Bar\n\n!Wind. Snow.\n\n!Sun\n",
            id="underlined headings",
        ),
        pytest.param("---\ntitle: Film\n# no entry\n---\n# At home\nRain.", ".At home\n\n!Rain.\n", id="front matter"),
        pytest.param("", "", id="empty"),
    ],
)
def test_fountain(text, fountain):
    assert converted(text, logline="A story.").fountain == Source(name="story/00_brief.md", text=fountain)


def test_title_and_logline():
    brief = converted("# Film\nA story.\n## Home\nRain.")
    assert (brief.title, brief.logline) == ("Film", "A story.")
    brief = converted('---\nTitle: "Film"\nlogline: A story.\n...\n## Home\nRain.')
    assert (brief.title, brief.logline) == ("Film", "A story.")
    assert converted("A story.\n\n# Home\nRain.\n# Sea\nWind.").logline == "A story."


def test_a_brief_may_be_a_screenplay():
    assert is_fountain(Source(name="b", text="# Film\n\nINT. ROOM - DAY\n\nRain."))
    assert is_fountain(Source(name="b", text="Int. Room - Day\n\nRain."))
    assert not is_fountain(Source(name="b", text="# Film\n\nInterior."))
    assert not is_fountain(Source(name="b", text="# Film\n\nInt. calls were free, and the hotel Est. 1921."))


def test_a_numbered_heading_is_the_place_and_the_time():
    (scene,) = parse_screenplay(converted("## Scene 1: INT. BAR - NIGHT\nRain.").fountain).acts[0].scenes
    assert (scene.place, scene.time, scene.number) == ("BAR", "NIGHT", "1")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "# Film\n\nRain falls. All day.\n\n- Mara waits there.\n- Noah.\n\n---\n\n> He said.\n\nEnd.", id="a line each"
        ),
        pytest.param(
            "# Film\nRain falls.\nAll\n day.\n\n\n- Mara\n  waits there.\n- Noah.\n---\n> He said.\n\nEnd.\n", id="wrapped"
        ),
    ],
)
def test_wraps_are_no_words(text):
    units = ["# Film", "Rain falls. All day.", "- Mara waits there.", "- Noah.", "---", "> He said.", "End."]
    assert without_wraps(text) == "\n\n".join(units)
