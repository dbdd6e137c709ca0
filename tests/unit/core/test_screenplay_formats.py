import pytest

from vtx_dagster.core.screenplay_formats import READABLE_SUFFIXES, is_readable, remedy_for, spelled_suffixes, suffix_of


@pytest.mark.parametrize(
    ("name", "readable"),
    [
        ("film.fountain", True),
        ("FILM.FOUNTAIN", True),
        ("film.Fdx", True),
        ("a.b.pdf", True),
        ("film.docx", False),
        ("fountain", False),
        (".fountain", False),
        ("._film.fountain", False),
        (".#film.fountain", False),
    ],
)
def test_the_suffix_says_what_is_read_and_hidden_files_are_not(name, readable):
    assert is_readable(name) == readable


def test_a_suffix_has_one_spelling():
    assert suffix_of("a/B.FOUNTAIN") == ".fountain"
    assert suffix_of("a") == ""


def test_what_is_not_read_comes_with_what_to_do():
    assert remedy_for("film.docx") == "Word files are not read: save it as PDF"
    assert remedy_for("FILM.CELTX").startswith("Celtx files are not read: export it as Fountain")
    assert remedy_for("film.xyz") == f"only {spelled_suffixes()} files are read"
    assert not any(remedy_for(f"film{suffix}") for suffix in READABLE_SUFFIXES)
    assert spelled_suffixes().startswith(".fountain, ")
    assert spelled_suffixes().endswith(" or .pdf")
