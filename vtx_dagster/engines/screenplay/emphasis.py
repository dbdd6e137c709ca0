r"""Bold, italic and underlined text as Fountain marks it: ``**bold**``, ``*italic*``, ``_underlined_``, and ``\*`` for a star."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

JOINER: Final = "\u2060"
"""Word joiner: invisible, and no white space. What stands behind it has no meaning to a reader of Fountain."""

_BOLD, _ITALIC, _UNDERLINED = 1, 2, 4
_MARKS = frozenset("*_\\")
_STARS = re.compile(r"(?<!\\)(?P<mark>\*{1,3})(?=[^\s*])(?P<inner>.+?)(?<=[^\s\\])(?P=mark)")
_UNDERSCORES = re.compile(r"(?<![\w\\])_(?=\S)(?P<inner>.+?)(?<=[^\s\\])_(?!\w)")
_ESCAPED = re.compile(r"\\(?P<inner>[*_\\])")
_STAR_STYLES = {1: _ITALIC, 2: _BOLD, 3: _BOLD | _ITALIC}


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one style; it may have line breaks."""

    text: str
    bold: bool = False
    italic: bool = False
    underlined: bool = False


def runs(markup: str) -> tuple[Run, ...]:
    """Return marked text as runs without the marks; none of an empty text. Emphasis may go over line breaks."""
    if _MARKS.isdisjoint(markup):
        return (Run(markup),) if markup else ()
    text, styles = markup, [0] * len(markup)
    text, styles = _applied(text, styles, _STARS, lambda found: _STAR_STYLES[len(found["mark"])])
    text, styles = _applied(text, styles, _UNDERSCORES, lambda _: _UNDERLINED)
    text, styles = _applied(text, styles, _ESCAPED, lambda _: 0)
    return tuple(_joined(text, styles))


def plain(markup: str) -> str:
    """Return marked text without its marks."""
    return "".join(run.text for run in runs(markup))


def plain_text(markup: str) -> str:
    """Return marked text without its marks, with single spaces and without what nobody sees."""
    words = " ".join(markup.split()).replace(JOINER, "")
    return words if _MARKS.isdisjoint(words) else " ".join(plain(words).split())


def escaped(text: str) -> str:
    """Return marked text that shows a text as it is."""
    return re.sub(r"([*_\\])", r"\\\1", text)


def _applied(
    text: str, styles: list[int], pattern: re.Pattern[str], style_of: Callable[[re.Match[str]], int]
) -> tuple[str, list[int]]:
    """Return a text and the style of every character, with what a pattern marks styled and its marks taken out."""
    kept: list[str] = []
    new: list[int] = []
    position = 0
    for found in pattern.finditer(text.replace("\n", " ")):
        first, last = found.span("inner")
        kept += [text[position : found.start()], text[first:last]]
        new += styles[position : found.start()]
        new += [style | style_of(found) for style in styles[first:last]]
        position = found.end()
    return "".join([*kept, text[position:]]), new + styles[position:]


def _joined(text: str, styles: list[int]) -> Iterator[Run]:
    for style, group in groupby(zip(text, styles, strict=True), key=lambda pair: pair[1]):
        letters = "".join(letter for letter, _ in group)
        yield Run(letters, bold=bool(style & _BOLD), italic=bool(style & _ITALIC), underlined=bool(style & _UNDERLINED))
