import pytest

from vtx_dagster.engines.screenplay.typed_title_page import TitleLine, title_page_entries


def entries(*texts: str, **more) -> dict[str, list[str]]:
    return title_page_entries([TitleLine(text=text, **more) for text in texts])


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (
            ["BIG", "FILM", "", "written by", "", "Ann B"],
            {"Title": ["BIG", "FILM"], "Credit": ["written by"], "Author": ["Ann B"]},
        ),
        (["FILM", "by Ann B"], {"Title": ["FILM"], "Credit": ["by"], "Author": ["Ann B"]}),
        (["FILM", "Screenplay by: Ann B"], {"Title": ["FILM"], "Credit": ["Screenplay by"], "Author": ["Ann B"]}),
        (
            ["FILM", "", "Written by", "", "Ann B", "&", "Bo C", "", "and", "", "Cy D", "", "A comedy"],
            {"Title": ["FILM"], "Credit": ["Written by"], "Author": ["Ann B", "&", "Bo C", "and", "Cy D"], "Notes": ["A comedy"]},
        ),
        (
            ["FILM", "", "Written by", "Ann B", "", "Story by", "Bo C", "", "Based on the novel by", "Cy D"],
            {
                "Title": ["FILM"],
                "Credit": ["Written by"],
                "Author": ["Ann B"],
                "Source": ["Story by", "Bo C", "Based on the novel by", "Cy D"],
            },
        ),
        (
            ["FILM", "", "written by Ann", "", "story by Bo"],
            {"Title": ["FILM"], "Credit": ["written by"], "Author": ["Ann"], "Source": ["story by Bo"]},
        ),
        (["FILM", "", "Second draft", "3/4/2026"], {"Title": ["FILM"], "Draft date": ["Second draft", "3/4/2026"]}),
        (
            ["FILM", "", "March 4, 2026", "© 2026 Ann"],
            {"Title": ["FILM"], "Draft date": ["March 4, 2026"], "Copyright": ["© 2026 Ann"]},
        ),
        (["FILM", "", "a@b.org", "12 Hill Road"], {"Title": ["FILM"], "Contact": ["a@b.org", "12 Hill Road"]}),
        (
            ["Title: FILM", "Authors: Ann", "Date: today", "Revision: 2"],
            {"Title": ["FILM"], "Author": ["Ann"], "Draft date": ["today"], "Notes": ["2"]},
        ),
        (["written by", "Ann"], {"Credit": ["written by"], "Author": ["Ann"]}),
        (["", " "], {}),
    ],
)
def test_wording_tells_what_a_line_is(texts, expected):
    assert entries(*texts) == expected


def test_what_stands_low_or_aside_is_an_address():
    lines = [
        TitleLine(text="FILM"),
        TitleLine(text=""),
        TitleLine(text="Hill Road", low=True),
        TitleLine(text="Town", low=True),
        TitleLine(text="by the sea", low=True),
        TitleLine(text="", low=True),
        TitleLine(text="left", centred=False),
    ]
    assert title_page_entries(lines) == {"Title": ["FILM"], "Contact": ["Hill Road", "Town", "by the sea", "left"]}
    assert entries("low", low=True) == {"Contact": ["low"]}
