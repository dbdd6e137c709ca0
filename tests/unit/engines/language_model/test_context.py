from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.engines.language_model.context import CUT_MARK, Window, fit_windows
from vtx_dagster.engines.language_model.tokens import estimated_tokens

PARAGRAPHS = "\n\n".join(f"Paragraph {number}.\nIts second line." for number in range(1, 9))
LINES = "\n".join(f"line {number}" for number in range(1, 21))


def size(texts: Mapping[str, str]) -> int:
    return estimated_tokens("".join(texts.values()))


def window(name: str, text: str, priority: int = 1, **more) -> Window:
    return Window(name=name, text=text, priority=priority, **more)


def test_what_fits_stays_as_it_is() -> None:
    odd = "a\n\n\n\n  b \n"
    assert fit_windows([window("a", odd)], size_of=size, budget=size({"a": odd})) == ({"a": odd}, ())


def test_nothing_to_cut_is_nothing_cut() -> None:
    assert fit_windows([], size_of=lambda _: 10, budget=5) == ({}, ())


@pytest.mark.parametrize("keep", ["start", "end"])
def test_whole_paragraphs_are_cut_and_one_end_stays(keep) -> None:
    texts, cuts = fit_windows([window("story", PARAGRAPHS, keep=keep)], size_of=size, budget=40)
    parts = texts["story"].split("\n\n")
    assert size(texts) <= 40
    kept = PARAGRAPHS.split("\n\n")[:3] if keep == "start" else PARAGRAPHS.split("\n\n")[-3:]
    assert parts == ([*kept, CUT_MARK] if keep == "start" else [CUT_MARK, *kept])
    gone = estimated_tokens(PARAGRAPHS) - estimated_tokens("\n\n".join(kept))
    assert cuts == (f"story: {gone} of {estimated_tokens(PARAGRAPHS)} tokens left out",)


def test_text_without_blank_lines_is_cut_by_lines() -> None:
    texts, _ = fit_windows([window("list", LINES)], size_of=size, budget=20)
    assert texts["list"].split("\n") == [*(f"line {number}" for number in range(1, 8)), CUT_MARK]


def test_indentation_and_fountain_blocks_stay_whole() -> None:
    text = "INT. SHIP\n\n  She waits.\n\nIDA\nNow.\n \n\nCut."
    texts, _ = fit_windows([window("scene", text, keep="end")], size_of=size, budget=9)
    assert texts["scene"] == f"{CUT_MARK}\n\nIDA\nNow.\n\nCut."


def test_the_least_important_is_cut_first_and_of_equals_the_first() -> None:
    windows = [window("high", LINES, 3), window("second", LINES, 2), window("first", LINES, 1), window("also", LINES, 1)]
    whole = size({"": LINES})
    texts, cuts = fit_windows(windows, size_of=size, budget=3 * whole)
    assert [cut.split(":")[0] for cut in cuts] == ["first"]
    texts, cuts = fit_windows(windows, size_of=size, budget=3 * whole - 10)
    assert [cut.split(":")[0] for cut in cuts] == ["first", "also"]
    assert texts["first"] == ""
    assert texts["high"] == texts["second"] == LINES


def test_a_window_that_the_template_does_not_use_is_left_alone() -> None:
    texts, cuts = fit_windows(
        [window("unused", LINES, 1), window("empty", "", 2), window("used", LINES, 3)],
        size_of=lambda texts: estimated_tokens(texts["used"]),
        budget=20,
    )
    assert texts["unused"] == LINES
    assert [cut.split(":")[0] for cut in cuts] == ["used"]


def test_where_nothing_fits_all_is_cut_and_said() -> None:
    texts, cuts = fit_windows([window("a", "x" * 3300)], size_of=lambda texts: size(texts) + 50, budget=10)
    assert (texts, cuts) == ({"a": ""}, ("a: 1,100 of 1,100 tokens left out",))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.text(alphabet="ab \n", max_size=120), st.integers(0, 3), st.booleans()), max_size=4),
    st.integers(0, 120),
)
def test_the_budget_holds_and_only_what_had_to_go_went(parts: list[tuple[str, int, bool]], budget: int) -> None:
    windows = [
        window(str(number), text, priority, keep="end" if at_end else "start")
        for number, (text, priority, at_end) in enumerate(parts)
    ]
    texts, cuts = fit_windows(windows, size_of=size, budget=budget)
    assert (texts, cuts) == fit_windows(windows, size_of=size, budget=budget)
    assert size(texts) <= budget
    changed = {one.name: one for one in windows if texts[one.name] != one.text}
    assert sorted(changed) == sorted(cut.split(":")[0] for cut in cuts)
    if changed:
        least = min(one.priority for one in windows if one.text)
        top = max(one.priority for one in changed.values())
        without = {one.name: "" if one.priority < top else one.text for one in windows}
        assert top == least or size(without) > budget, "what matters more is cut only if the rest is not enough"


def test_what_a_large_paragraph_leaves_free_goes_to_the_others() -> None:
    windows = [window("lines", LINES, 1), window("block", "x" * 300, 2)]
    texts, cuts = fit_windows(windows, size_of=size, budget=90)
    assert texts["block"] == ""
    assert texts["lines"] == LINES
    assert cuts == ("block: 100 of 100 tokens left out",)
