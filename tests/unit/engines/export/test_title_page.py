import pytest

from vtx_dagster.engines.export.title_page import TitlePage, title_page

PAGE = {
    "title": "_**BRICK & STEEL**_\n_FULL RETIRED_",
    "credit": "Story and screenplay by",
    "authors": "Stu\nAnn",
    "source": "A *story* by KTM",
    "draft date": "1/20/2012",
    "contact": "1588 Mission Dr.\nSolvang",
    "font": "Courier",
    "revision": "Blue",
    "copyright": "(c) KTM",
}


def test_a_page_with_the_words_of_the_project_stays_as_it_is():
    page = title_page(PAGE, title=" BRICK & STEEL  FULL RETIRED", author="Stu, Ann")

    assert list(page.entries.items()) == list(PAGE.items())
    assert (page.title, page.author) == ("BRICK & STEEL FULL RETIRED", "Stu, Ann")
    assert page.centred == (PAGE["title"], "Story and screenplay by", "Stu\nAnn", "A *story* by KTM")
    assert (page.left, page.right) == ("1588 Mission Dr.\nSolvang\n(c) KTM", "1/20/2012\nBlue")


@pytest.mark.parametrize(
    ("given", "author", "found"),
    [
        pytest.param({}, "", {"title": "A\\_B"}, id="nothing"),
        pytest.param({}, "Ana", {"title": "A\\_B", "credit": "written by", "author": "Ana"}, id="author"),
        pytest.param({"date": "May"}, "", {"title": "A\\_B", "date": "May"}, id="no-title"),
        pytest.param({"date": "May", "title": "*Old*"}, "", {"date": "May", "title": "A\\_B"}, id="another-title"),
        pytest.param({"titre": "", "author": "Old"}, " Ana ", {"titre": "A\\_B", "author": "Ana"}, id="another-author"),
        pytest.param({"title": "A\\_B", "author": "Old"}, "", {"title": "A\\_B", "author": "Old"}, id="no-author-in-the-project"),
        pytest.param({"authors": "A\nB"}, "A B", {"title": "A\\_B", "authors": "A\nB"}, id="authors-in-one-line"),
        pytest.param(
            {"title": "x", "date": "May", "credit": "by"},
            "Ana",
            {"title": "A\\_B", "date": "May", "credit": "by", "author": "Ana"},
            id="credit-without-author",
        ),
    ],
)
def test_title_and_author_of_the_project_are_shown(given, author, found):
    assert list(title_page(given, title="A_B", author=author).entries.items()) == list(found.items())


def test_keys_that_are_words_of_the_page_are_shown():
    page = TitlePage(entries={"title": "T", "written by": "Ana", "based on": "a novel", "source": ""})

    assert page.centred == ("T", "written by\n\nAna", "based on\n\na novel")
    assert (page.left, page.right, page.author) == ("", "", "Ana")
