import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtx_dagster.core.plain_form import plain_form, without_unseen

PLAIN = "É says:\n\n  - no\n"


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(PLAIN, id="plain"),
        pytest.param(PLAIN.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(PLAIN.replace("\n", "\r"), id="CR"),
        pytest.param("\ufeff" + PLAIN, id="byte order mark"),
        pytest.param(PLAIN.replace("\n", " \t\n"), id="trailing space"),
        pytest.param(PLAIN.replace("\n", "\u00a0\n"), id="trailing no-break space"),
        pytest.param(PLAIN.replace("\n", "  \n"), id="line breaks of Markdown"),
        pytest.param(PLAIN + "\n\n\n", id="empty lines at the end"),
        pytest.param(PLAIN.removesuffix("\n"), id="no line end at the end"),
        pytest.param(unicodedata.normalize("NFD", PLAIN), id="NFD"),
        pytest.param("É\u200b sa\u00adys\u2060:\n\n  - no\n", id="what nobody sees"),
    ],
)
def test_the_same_words_have_the_same_plain_form(stored):
    assert plain_form(stored) == PLAIN


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("", ""),
        (" \n\t\n", ""),
        ("\n\na", "\n\na\n"),
        ("a\n\n\nb\n", "a\n\n\nb\n"),
        ("ก\u200bข a\u200bb\n", "ก\u200bข ab\n"),
        ("a  b\n", "a  b\n"),
    ],
)
def test_plain_form(text, plain):
    assert plain_form(text) == plain


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("MARA\nOne.\n  \nTwo.\n", "MARA\nOne.\n  \nTwo.\n"),
        ("MARA\nOne.\r\n  \r\nTwo.", "MARA\nOne.\n  \nTwo.\n"),
        ("One.  \n \n   \n\t\nTwo. \n  \n \n", "One.\n\n\n\nTwo.\n"),
    ],
)
def test_two_spaces_hold_a_speech_together(text, plain):
    assert plain_form(text, is_fountain=True) == plain


@given(st.text(alphabet="aé\u0301 \t\u00a0\r\n\ufeff\u200bก"), st.booleans())
def test_a_plain_form_is_its_own(text, is_fountain):
    plain = plain_form(text, is_fountain=is_fountain)
    assert plain_form(plain, is_fountain=is_fountain) == plain
    assert plain_form(plain.replace("\n", "\r\n"), is_fountain=is_fountain) == plain


def test_without_unseen():
    assert without_unseen("the\x00lamp\u200b,\n\tlit \x85 \ufeffnow") == "the lamp,\n\tlit   now"
