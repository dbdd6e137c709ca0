import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.engines.animatic.lettering import ELLIPSIS, MAX_CHARACTERS, Lettering, ellipsized, fitted, plain, wrapped

FACE = Lettering().face(12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("  a \n b\t", "a b"), ("a\x00b\x07", "ab"), ("\ue000x", "x"), ("x" * 9000, "x" * MAX_CHARACTERS)],
    ids=["space", "controls", "private", "long"],
)
def test_plain(text, expected):
    assert plain(text) == expected


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80), st.integers(30, 200))
def test_lines_fit_and_lose_nothing(text, width):
    words = plain(text)
    lines = wrapped(words, FACE, width)
    assert "".join(lines).replace(" ", "") == words.replace(" ", "")
    assert all(len(line) == 1 or FACE.getlength(line) <= width for line in lines)


@settings(max_examples=40, deadline=None)
@given(st.text("abcdefgh ", max_size=80), st.integers(0, 200))
def test_fitted_fits_and_says_what_is_missing(text, width):
    result = fitted(text, FACE, width)
    assert FACE.getlength(result) <= width
    assert result == text or result.endswith(ELLIPSIS) or not result


def test_ellipsized_keeps_the_first_lines():
    lines = ["one two", "three", "four"]
    assert ellipsized(lines, 3, FACE, 90) == lines
    shorter = ellipsized(lines, 2, FACE, 90)
    assert shorter[0] == "one two"
    assert shorter[1].startswith("three")
    assert shorter[1].endswith(ELLIPSIS)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("日本語のせりふ", ["日本語", "のせり", "ふ"]),
        ("日本語。「の」せり", ["日本", "語。", "「の」", "せり"]),
        ("Tokyo東京駅 north", ["Tokyo", "東京駅", "north"]),
        ("東 京 駅", ["東 京", "駅"]),
        ("きゃっと言う", ["きゃっ", "と言う"]),
    ],
)
def test_lines_of_wide_letters_are_broken_between_any_two_but_not_before_a_stop_or_after_a_bracket(text, lines):
    face = Lettering(folders=()).face(12)
    wide = face.getlength("日")
    assert wrapped(text, face, max(3.2 * wide, face.getlength("Tokyo") if "T" in text else 0)) == lines
