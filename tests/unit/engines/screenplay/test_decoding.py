# ruff: noqa: RUF001 - other letters are what is tested
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.engines.screenplay.decoding import decode_text

QUOTED = "“Don’t,” she said – the café’s naïve señor…\n"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_needs_no_remark(codec):
    text = f"{QUOTED}雨\r\nline\rend\x0cpage\x0b\x85\t"
    assert decode_text(text.encode(codec), name="f") == decode_text(text.encode(), name="f")
    decoded = decode_text(text.encode(codec), name="f")
    assert (decoded.text, decoded.remarks) == (text, ())


@pytest.mark.parametrize(
    ("codec", "called"), [("cp1252", "Windows-1252"), ("mac_roman", "Mac Roman")], ids=["Windows", "Macintosh"]
)
@pytest.mark.parametrize("text", [QUOTED, "Il est né à Besançon, l’été.\n", "Ein Mädchen läuft über die Brücke.\n", "don’t\n"])
def test_older_files_are_told_apart_by_their_letters(codec, called, text):
    decoded = decode_text(b"plain\n" + text.encode(codec), name="f")
    assert decoded.text == f"plain\n{text}"
    assert decoded.remarks == (f"f: not UTF-8 (line 2): read as {called}; if letters with accents are wrong, save it as UTF-8",)


def test_control_characters_are_left_out_and_counted():
    decoded = decode_text(b"a\x00b\n\x1b\nc\n\x07\n\x07\n\x07\n\x07\n", name="f")
    assert decoded.text == "ab\n\nc\n\n\n\n\n"
    assert decoded.remarks == ("f: 6 control characters were left out (line 1, 2, 4, 5, 6, ...)",)


def test_utf_16_that_ends_in_the_middle_is_an_error():
    with pytest.raises(InvalidFileError, match=r"^f:2: the file says that it is UTF-16, and is not"):
        decode_text("a\nb".encode("utf-16") + b"\x00", name="f")


def text_or_problem(data: bytes) -> str:
    try:
        return decode_text(data, name="f").text
    except InvalidFileError as error:
        return error.message


@given(st.binary(max_size=60))
def test_anything_is_a_text_or_a_clear_error(data):
    assert "\x00" not in text_or_problem(data)
