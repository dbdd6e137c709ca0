import pytest
from pydantic import ValidationError

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.policy import Policy
from vtx_dagster.studio.documents import parse_document


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("The Old Lamp burns.", True, id="capitals"),
        pytest.param("an old\n  lamp", True, id="line end"),
        pytest.param("'old lamp'", True, id="quotes"),
        pytest.param("an old lamplight", False, id="longer word"),
        pytest.param("cold lamp", False, id="end of a word"),
        pytest.param("an old, lamp", False, id="mark between"),
        pytest.param("", False, id="empty"),
    ],
)
def test_whole_words(text: str, found: bool):
    assert Policy(banned_phrases=("old lamp",)).banned_in([text]) == (("old lamp",) if found else ())


def test_marks_are_literal():
    policy = Policy(banned_phrases=("C++", "a.b", "(c)"))

    assert policy.banned_in(["C++ is fun", "axb"]) == ("C++",)
    assert policy.banned_in(["see (C) and a.b"]) == ("a.b", "(c)")


def test_letters_of_other_scripts():
    assert Policy(banned_phrases=("ЛАМПА", "straße")).banned_in(["лампа", "Straße"]) == ("ЛАМПА", "straße")


def test_texts_are_searched_one_by_one_and_phrases_named_once_in_their_order():
    policy = Policy(banned_phrases=("two", "one", "one two"))

    assert policy.banned_in(iter(["one", "two", "one"])) == ("two", "one")
    assert Policy().banned_in(["anything"]) == ()


@pytest.mark.parametrize("phrase", ["", " ", " lamp", "lamp "])
def test_phrases_have_no_space_around_them(phrase: str):
    with pytest.raises(ValidationError):
        Policy(banned_phrases=(phrase,))


def test_the_file():
    assert parse_document("banned_phrases: [old lamp]", Policy, name="policy.yaml").banned_phrases == ("old lamp",)
    with pytest.raises(InvalidFileError, match="banned_phrases"):
        parse_document("banned: [x]", Policy, name="policy.yaml")
