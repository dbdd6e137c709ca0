"""Cutting the context of a prompt so that it fits: windows of text, the least important first, whole paragraphs at a time."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from vtx_dagster.engines.language_model.tokens import estimated_tokens

CUT_MARK = "[...]"
"""Stands in a window where text was left out, so that a model does not take the rest for the whole."""

_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A text of a prompt that may be cut to fit.

    Attributes:
        name: Its variable in the template. Where nothing of it fits, the variable is an empty text.
        text: Paragraphs with blank lines between them, or lines where there is no blank line.
        priority: Lower is cut first; of equal ones the first given.
        keep: The end of the text that stays longest.
    """

    name: str
    text: str
    priority: int
    keep: Literal["start", "end"] = "start"


def fit_windows(
    windows: Sequence[Window], *, size_of: Callable[[Mapping[str, str]], int], budget: int
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the text of every window so that all together fit, and what was cut in words.

    Args:
        windows: The windows; names differ.
        size_of: Returns the tokens of a prompt with these texts by name. Less text never makes it longer.
        budget: The tokens that the prompt may have.

    Returns:
        As much as fits of each. Where the prompt is too long even without them, all are empty.
    """
    texts = {window.name: window.text for window in windows}
    emptied: list[Window] = []
    for window in sorted(windows, key=lambda window: window.priority):
        if size_of(texts) <= budget:
            break
        texts[window.name] = ""
        emptied.append(window)
    cuts: list[str] = []
    # The most important gets back as much as fits, then the others what still does.
    for window in reversed(emptied):
        texts[window.name], left_out = _most(window, lambda text, name=window.name: size_of({**texts, name: text}) <= budget)
        if left_out:
            cuts.append(f"{window.name}: {left_out:,} of {estimated_tokens(window.text):,} tokens left out")
    return texts, tuple(reversed(cuts))


def _most(window: Window, fits: Callable[[str], bool]) -> tuple[str, int]:
    """Return as much of a window as fits, and how many tokens of it do not."""
    if not window.text or fits(window.text):
        return window.text, 0
    text = window.text.strip("\n")
    separator = "\n\n" if _BLANK_LINES.search(text) else "\n"
    units = _BLANK_LINES.split(text) if separator == "\n\n" else text.split("\n")

    def kept(count: int) -> str:
        return separator.join(units[:count] if window.keep == "start" else units[len(units) - count :])

    def shown(count: int) -> str:
        parts = (kept(count), CUT_MARK) if window.keep == "start" else (CUT_MARK, kept(count))
        return separator.join(parts) if count else ""

    low, high = 0, len(units) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(shown(middle)) else (low, middle - 1)
    return shown(low), max(1, estimated_tokens(window.text) - estimated_tokens(kept(low)))
