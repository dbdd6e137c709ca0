import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.engines.language_model.tokens import estimated_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("a", 1), ("abc", 1), ("abcd", 2), ("é", 1), ("日本", 2), ("🎬", 2)],
    ids=["empty", "one letter", "three", "four", "accent", "two ideographs", "emoji"],
)
def test_a_token_is_three_bytes_rounded_up(text: str, tokens: int) -> None:
    assert estimated_tokens(text) == tokens


@settings(max_examples=50)
@given(st.text(), st.text())
def test_parts_are_never_estimated_lower_than_the_whole(one: str, other: str) -> None:
    assert estimated_tokens(one) + estimated_tokens(other) >= estimated_tokens(one + other) >= estimated_tokens(one)
