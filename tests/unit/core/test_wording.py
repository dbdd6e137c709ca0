import pytest

from vtx_dagster.core.wording import capitalised, clean, distinct, listed, phrase, sentence, unquoted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ""),
        (" a  b\nc ", "a b c."),
        ("Now!", "Now!"),
        ("so,", "so."),
        ("so..", "so."),
        ("so...", "so..."),
        ("so\u2026", "so\u2026"),
        ('"Now."', '"Now."'),
        ("(now)", "(now)."),
    ],
    ids=["empty", "spaces", "mark", "comma", "two stops", "three stops", "ellipsis", "quoted", "brackets"],
)
def test_a_sentence_ends_with_one_mark(text: str, wanted: str) -> None:
    assert sentence(text) == wanted


def test_phrases_go_on() -> None:
    assert clean("\ta \n b ") == "a b"
    assert phrase(" grain , . ") == "grain"
    assert listed("grain,", " ", "warm. light.", "") == "grain, warm. light"
    assert capitalised("iPhone film") == "IPhone film"
    assert capitalised("") == ""


def test_items_are_listed_once_whatever_their_capitals() -> None:
    assert list(distinct(["text, Logo", "", "logo., blur"])) == ["text", "Logo", "blur"]


def test_quotes_inside_quotes_are_single() -> None:
    assert unquoted('She said "no" \u201cagain\u201d \u00abhere\u00bb') == "She said 'no' 'again' 'here'"
