# ruff: noqa: RUF001 - other alphabets are what is tested
import pytest

from vtx_dagster.engines.screenplay.typed_lines import begins_script, is_heading, is_name, may_be_name


@pytest.mark.parametrize(
    ("text", "heading", "begins", "name"),
    [
        ("INT. BAR", True, True, True),
        ("  12 EXT. BAR 12", True, True, True),
        ("A12 EXT. BAR - DAY A12", True, True, True),
        ("12 int. bar", False, False, False),
        ("KÜCHE - INNEN - NACHT", True, True, True),
        ("НАТ. УЛИЦА. УТРО", True, True, True),
        ("○海（夜）", True, True, False),
        ("切至：", False, True, False),
        ("ÜBERBLENDUNG", False, True, True),
        ("Int. nothing", False, False, False),
        ("Interior thoughts", False, False, False),
        ("FADE IN:", False, True, True),
        ("MARA (V.O.)", False, False, True),
        ("(MORE)", False, False, False),
        ("雨", False, False, False),
        ("A" * 300, False, False, False),
    ],
)
def test_what_a_line_looks_like(text, heading, begins, name):
    assert (is_heading(text), begins_script(text), is_name(text.strip())) == (heading, begins, name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("花子", True),
        ("花子 (声)", True),
        ("雨が降る。", False),
        ("（低く）", False),
        ("12", False),
        ("MARA", True),
        ("Mara", False),
    ],
)
def test_what_may_be_a_name_where_names_stand(text, expected):
    assert may_be_name(text) is expected
