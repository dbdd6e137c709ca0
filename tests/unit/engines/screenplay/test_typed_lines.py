import pytest

from vtx_dagster.engines.screenplay.typed_lines import begins_script, is_heading, is_name


@pytest.mark.parametrize(
    ("text", "heading", "begins", "name"),
    [
        ("INT. BAR", True, True, True),
        ("  12 EXT. BAR 12", True, True, True),
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
