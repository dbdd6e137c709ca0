import pytest

from vtx_dagster.engines.screenplay.page_marks import is_continued, is_more, is_page_mark, is_page_number, page_number


@pytest.mark.parametrize(
    ("text", "more", "continued", "mark"),
    [
        ("(MORE)", True, False, True),
        ("( more )", True, False, True),
        ("more", False, False, False),
        ("MORE", False, False, False),
        ("CONTINUED:", False, True, True),
        ("Continued:", False, True, True),
        ("(CONTINUED)", False, True, True),
        ("12A CONTINUED: (2) 12A", False, True, True),
        ("CONT'D:", False, True, True),
        ("continued", False, False, False),
        ("12.", False, False, True),
        ("Page 12", False, False, True),
        ("12", False, False, False),
        ("OMITTED", False, False, True),
        ("12 OMITTED 12", False, False, True),
        ("12-14 OMIT", False, False, True),
        ("A12 thru A14 OMITTED.", False, False, True),
        ("(SCENES 3 AND 4 OMITTED)", False, False, True),
        ("He omitted it.", False, False, False),
        ("1 " * 40 + "OMITTED", False, False, False),
        ("1984.", False, False, False),
    ],
)
def test_marks_of_pages(text, more, continued, mark):
    assert (is_more(text), is_continued(text), is_page_mark(text)) == (more, continued, mark)


@pytest.mark.parametrize(
    ("text", "is_number", "number"),
    [
        ("12", True, 12),
        ("12A.", True, 12),
        ("- 12 -", True, 12),
        ("PAGE 3 of 90", True, 3),
        ("p. 3", True, 3),
        ("xii.", True, None),
        ("12 men", False, None),
        ("", False, None),
    ],
)
def test_numbers_of_pages(text, is_number, number):
    assert (is_page_number(text), page_number(text)) == (is_number, number)
