import re
from html.parser import HTMLParser

import pytest

from vtx_dagster.core.bible import Bible
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.shotlist import Shot, Shotlist
from vtx_dagster.engines.export.shot_table import ShotRow, shot_rows
from vtx_dagster.engines.export.web_page import screenplay_page, shots_page

VOID = {"meta", "img", "hr"}


class Page(HTMLParser):
    """Collects text by tag and class, and checks that every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(f"{tag}.{dict(attrs).get('class', '')}")

    def handle_endtag(self, tag):
        assert self.open.pop().split(".")[0] == tag

    def handle_data(self, data):
        if data.strip() and self.open[-1] != "style.":
            self.texts.append((self.open[-1], data.strip("\n")))


def test_a_screenplay_in_html(full):
    page = Page(screenplay_page(full))

    assert page.texts == [
        ("title.", "The Film: a_story_"),
        ("h1.", "The Film: a_story_"),
        ("p.", "written by"),
        ("p.", "Ana Żółć"),
        ("h2.", "Act *One*"),
        ("p.transition opens", "FADE IN:"),
        ("p.action centred", "THE "),
        ("i.", "LAST"),
        ("p.action centred", " FERRY"),
        ("span.number", "12A"),
        ("h3.", "int. kitchen - night"),
        ("p.action", "MARA, 40, "),
        ("i.", "opens"),
        ("p.action", " the "),
        ("b.", "door"),
        ("p.action", " — it "),
        ("u.", "creaks"),
        ("p.action", " twice.\nOn the table: *a* letter. 😀 漢字"),
        ("p.cue", "MARA (V.O.)"),
        ("p.parenthetical", "(softly)"),
        ("p.dialogue", "I knew it.\n\nIt was "),
        ("b.", "always\nhere"),
        ("p.dialogue", "."),
        ("p.parenthetical", "(beat)"),
        ("p.dialogue", "Always."),
        ("p.lyric", "And she sings"),
        ("p.cue", "McAvoy"),
        ("p.dialogue", "You lie."),
        ("p.cue", "MARA"),
        ("p.dialogue", "I do not!"),
        ("p.cue", "JÓZEF"),
        ("p.dialogue", "Nor I."),
        ("p.action", "TOM (nods)"),
        ("p.action", "INT. IS A WORD\nAnd !so on."),
        ("p.action", "lonely"),
        ("p.lyric alone", "A song of nobody\nin two lines"),
        ("p.transition", "Fade slowly."),
        ("p.transition", "CUT TO:"),
    ]
    assert [attributes for tag, attributes in page.tags if attributes.get("class") == "dual"] == [{"class": "dual"}]


def test_what_stands_around_the_scenes_in_html(read):
    entries = {"title": "**The**\nFilm", "credit": "Story by", "contact": "A street\nA town", "draft date": "May"}
    text = "## Part\n\n= They *meet*.\n\nINT. A\n\n[[why *so*?]]\n    He waits.\n\n===\n\nHe runs."
    page = Page(screenplay_page(read(["Rain.", text], titles=("One",), title="The Film", entries=entries, notes=True)))

    assert page.texts == [
        ("title.", "The Film"),
        ("b.", "The"),
        ("h1.", "Film"),
        ("p.", "Story by"),
        ("p.left", "A street\nA town"),
        ("p.right", "May"),
        ("h2.", "One"),
        ("p.synopsis", "What happens in One."),
        ("p.action", "Rain."),
        ("p.section", "Part"),
        ("p.synopsis", "They "),
        ("i.", "meet"),
        ("p.synopsis", "."),
        ("h3.", "INT. A"),
        ("aside.note", "why *so*?"),
        ("p.action", "    He waits."),
        ("p.action", "He runs."),
    ]
    assert [tag for tag, _ in page.tags].count("hr") == 1


def test_a_screenplay_without_author_and_acts(read):
    page = Page(screenplay_page(read(["INT. A\n\nHe waits."])))

    assert page.texts == [("title.", "The Film"), ("h1.", "The Film"), ("h3.", "INT. A"), ("p.action", "He waits.")]


@pytest.mark.parametrize("evil", ["<script>alert</script>", '"><img src=x>', "{{ 7*7 }}", "&amp;"])
def test_everything_is_escaped(read, evil: str):
    text = f"INT. {evil}\n\nHe {evil}.\n\n@Mara {evil}\n({evil})\nSays {evil}.\n\n> {evil}.\n"
    page = Page(screenplay_page(read([text], titles=(evil,), title=evil, author=evil)))

    assert not {"script", "img"} & {tag for tag, _ in page.tags}
    assert sum(evil in text for _, text in page.texts) == 10


def rows() -> list[ShotRow]:
    shots = (
        Shot(id="A01_S01_SH010", scene="A01_S01", action="<b>He waits</b>", seconds=4),
        Shot(id="A01_S01_SH020", scene="A01_S01", action="She comes.", seconds=3),
        Shot(id="A01_S02_SH010", scene="A01_S02", action="Rain.", seconds=5),
    )
    return shot_rows(Shotlist(shots=shots), headings={"A01_S01": "INT. A & B"}, bible=Bible(), metadata=Metadata(title="T"))


def test_shots_in_html_are_grouped_by_scene():
    page = Page(shots_page("The <Film>", rows()))

    assert ("h1.", "The <Film>") in page.texts
    assert ("p.", "3 shots in 2 scenes, 0:12") in page.texts
    assert [text for tag, text in page.texts if tag == "h2."] == ["A01_S01 INT. A & B ", "A01_S02  "]
    assert [text for tag, text in page.texts if tag == "span."] == ["0:07", "0:05"]
    assert [text for tag, text in page.texts if tag == "td.id"] == ["A01_S01_SH010", "A01_S01_SH020", "A01_S02_SH010"]
    assert ("td.", "<b>He waits</b>") in page.texts
    assert "img" not in {tag for tag, _ in page.tags}


def test_shots_with_pictures():
    page = Page(shots_page("The Film", rows(), pictures={"A01_S01_SH020": b"webp"}))
    cells = [tag for tag, _ in page.tags].count("td")

    assert [attributes for tag, attributes in page.tags if tag == "img"] == [
        {"src": "data:image/webp;base64,d2VicA==", "alt": "A01_S01_SH020"}
    ]
    assert cells == 3 * 10


def test_hours_are_shown():
    long = [row for row in rows() for _ in range(400)]

    assert re.search(r"1200 shots in \d+ scenes, 1:20:00", shots_page("T", long))


@pytest.mark.parametrize("text", ["screenplay", "shots"])
def test_a_page_needs_no_other_file(full, text: str):
    html = screenplay_page(full) if text == "screenplay" else shots_page("T", rows())

    assert re.findall(r"(?:src|href)=|url\(|@import|https?://", html) == []
    assert "prefers-color-scheme: dark" in html
    assert "@media print" in html
