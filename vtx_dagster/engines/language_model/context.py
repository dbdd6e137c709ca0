"""Cutting the context of a prompt so that it fits: windows of text, the least important first, whole paragraphs at a time."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from vtx_dagster.engines.language_model.tokens import estimated_tokens

CUT_MARK = "[...]"
"""Stands in a window where text was left out, so that a model does not take the rest for the whole."""

_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A text of a prompt that may be cut to fit.

    Attributes:
        name: Its variable in the template.
        text: Paragraphs with blank lines between them, or lines where there is no blank line.
        priority: Lower is cut first; of equal ones the first given.
        keep: The end of the text that stays longest.
    """

    name: str
    text: str
    priority: int
    keep: Literal["start", "end"] = "start"


def fit_windows(
    windows: Sequence[Window], *, fits: Callable[[Mapping[str, str]], bool]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the text of every window so that all together fit, and what was cut in words.

    Args:
        windows: The windows; names differ.
        fits: Says whether a prompt with these texts by name fits. Less text never fits worse.

    Returns:
        As much as fits of each. Where even empty windows do not fit, all are empty.
    """
    texts = {window.name: window.text for window in windows}
    cuts: list[str] = []
    for window in sorted(windows, key=lambda window: window.priority):
        if fits(texts):
            break
        texts[window.name] = _cut(window, lambda text, name=window.name: fits({**texts, name: text}))
        whole, left = estimated_tokens(window.text), estimated_tokens(texts[window.name])
        if left < whole:
            cuts.append(f"{window.name}: {whole - left:,} of {whole:,} tokens left out")
    return texts, tuple(cuts)


def _cut(window: Window, fits: Callable[[str], bool]) -> str:
    """Return the longest shorter form of a window that fits, else an empty text."""
    separator = "\n\n" if _BLANK_LINES.search(window.text.strip()) else "\n"
    units = _BLANK_LINES.split(window.text.strip()) if separator == "\n\n" else window.text.strip().split("\n")

    def of(count: int) -> str:
        if not count:
            return ""
        kept = [*units[:count], CUT_MARK] if window.keep == "start" else [CUT_MARK, *units[-count:]]
        return separator.join(kept)

    low, high = 0, len(units) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(of(middle)) else (low, middle - 1)
    return of(low)
