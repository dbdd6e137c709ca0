from textwrap import dedent

import pytest

from vtx_dagster.engines.screenplay.source_lines import source_lines
from vtx_dagster.engines.screenplay.title_page import read_title_page


@pytest.mark.parametrize(
    ("text", "expected", "rest"),
    [
        pytest.param(
            """\
            Title:
                _The Light_
                Of Day
            Credit: Story by
            Author: A
            \tand B

            INT. A""",
            {"title": "_The Light_\nOf Day", "credit": "Story by", "author": "A\nand B"},
            "",
            id="indented",
        ),
        pytest.param(
            """\
            Title: Contact
            Contact:
            a.writer@example.org
            12 Hill Road
            http://example.org

            INT. HALL""",
            {"title": "Contact", "contact": "a.writer@example.org\n12 Hill Road\nhttp://example.org"},
            "",
            id="not indented",
        ),
        pytest.param("\n\nTitle: X\n\nAuthor: Y\n\nRain.", {"title": "X", "author": "Y"}, "", id="empty lines between entries"),
        pytest.param("Title: X\nINT. A: B - DAY", {"title": "X"}, "INT. A: B - DAY", id="heading right below"),
        pytest.param("Title: X\nFADE IN:", {"title": "X"}, "FADE IN:", id="transition right below"),
        pytest.param("Title: X\n# One", {"title": "X"}, "# One", id="section right below"),
        pytest.param("Title: X\n/* draft */\nAuthor: Y", {"title": "X", "author": "Y"}, "", id="comment in it"),
        pytest.param("Slug: x\nTitle: Y", {"slug": "x", "title": "Y"}, "", id="unknown key above a known one"),
        pytest.param("---\ntitle: X\nauthor: Y\n---\nRain.", {"title": "X", "author": "Y"}, "Rain.", id="front matter"),
        pytest.param("Title: X\n===\nRain.", {"title": "X"}, "===", id="page break"),
        pytest.param("Title:X\n\nRain.", {"title": "X"}, "", id="no space"),
        pytest.param("Title\uff1aX\n\nRain.", {"title": "X"}, "", id="full-width colon"),
        pytest.param("Draft date: 1 May\n\nRain.", {"draft date": "1 May"}, "", id="two words"),
        pytest.param('SUPER: "1984"\n\nRain.', {}, 'SUPER: "1984"', id="caption"),
        pytest.param("OVER BLACK:\n\nRain.", {}, "OVER BLACK:", id="over black"),
        pytest.param("Mara: hello.\n\nRain.", {}, "Mara: hello.", id="a line with a colon"),
        pytest.param("Mara: hello.", {}, "Mara: hello.", id="nothing but a line with a colon"),
        pytest.param("FADE IN:\n\nRain.", {}, "FADE IN:", id="fade in"),
        pytest.param("INT HOUSE: KITCHEN - DAY\n\nRain.", {}, "INT HOUSE: KITCHEN - DAY", id="heading"),
        pytest.param("", {}, "", id="empty"),
        pytest.param("---", {}, "---", id="a rule"),
    ],
)
def test_title_pages(text, expected, rest):
    lines = source_lines(dedent(text)).lines
    page, first = read_title_page(lines)
    assert page == expected
    assert (lines[first].text if first < len(lines) else "") == rest
