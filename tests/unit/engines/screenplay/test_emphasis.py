import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.story import Source
from vtx_dagster.engines.screenplay.emphasis import Run, escaped, plain, runs
from vtx_dagster.engines.screenplay.fountain import parse_scene


@pytest.mark.parametrize(
    ("markup", "found"),
    [
        pytest.param("", (), id="nothing"),
        pytest.param("as it is", (Run("as it is"),), id="plain"),
        pytest.param("a *b* c", (Run("a "), Run("b", italic=True), Run(" c")), id="italic"),
        pytest.param("**b**", (Run("b", bold=True),), id="bold"),
        pytest.param("***b***", (Run("b", bold=True, italic=True),), id="both"),
        pytest.param("_b_", (Run("b", underlined=True),), id="underlined"),
        pytest.param("_a *b*_", (Run("a ", underlined=True), Run("b", italic=True, underlined=True)), id="nested"),
        pytest.param("*a\nb*", (Run("a\nb", italic=True),), id="over-lines"),
        pytest.param("***b**", (Run("*"), Run("b", bold=True)), id="one-star-too-many"),
        pytest.param(r"\*a\* \_b\_ \\", (Run("*a* _b_ \\"),), id="escaped"),
        pytest.param("2 * 3 * 4, a_b_c", (Run("2 * 3 * 4, a_b_c"),), id="no-marks"),
    ],
)
def test_marks_become_styles(markup: str, found: tuple[Run, ...]):
    assert runs(markup) == found


@settings(max_examples=60)
@given(st.text(st.sampled_from("ab *_\\"), min_size=1, max_size=14))
def test_what_is_shown_is_what_the_parser_reads(text: str):
    line = "Z" + " ".join(text.split()) + "z."
    scene = parse_scene(Source(name="a", text=f"INT. A\n\n{line}\n"))
    assert plain(line) == scene.elements[0].text


@settings(max_examples=60)
@given(st.text(st.sampled_from("ab *_\\"), max_size=14))
def test_an_escaped_text_is_shown_as_it_is(text: str):
    assert plain(escaped(text)) == text
