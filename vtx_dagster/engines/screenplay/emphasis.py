r"""Bold, italic and underlined text as Fountain marks it: ``**bold**``, ``*italic*``, ``_underlined_``, and ``\*`` for a star."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

JOINER: Final = "\u2060"
"""Word joiner: invisible, and no white space. What stands behind it has no meaning to a reader of Fountain."""

_BOLD, _ITALIC, _UNDERLINED = 1, 2, 4
_MARKS = frozenset("*_\\")
_STARS = re.compile(r"(?<!\\)\*{1,3}(?=[^\s*])")
_UNDERSCORE = re.compile(r"(?<![\w\\])_(?=\S)")
_ENDS = {
    "*": re.compile(r"(?<=[^\s\\])\*"),
    "**": re.compile(r"(?<=[^\s\\])\*\*"),
    "***": re.compile(r"(?<=[^\s\\])\*\*\*"),
    "_": re.compile(r"(?<=[^\s\\])_(?!\w)"),
}
_STYLES = {"*": _ITALIC, "**": _BOLD, "***": _BOLD | _ITALIC, "_": _UNDERLINED}
_ESCAPES = re.compile(r"\\[*_\\]")


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
    for begins in (_STARS, _UNDERSCORE):
        text, styles = _styled(text, styles, begins)
    backslashes = [(found.start(), found.start() + 1) for found in _ESCAPES.finditer(text)]
    return tuple(_joined(*_without(text, styles, backslashes)))


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


def _styled(text: str, styles: list[int], begins: re.Pattern[str]) -> tuple[str, list[int]]:
    """Return a text and the style of every character, with what stands between marks styled and the marks taken out."""
    marks: list[tuple[int, int]] = []
    styles = list(styles)
    never_ends: set[str] = set()
    position = 0
    while begin := begins.search(text, position):
        mark = begin.group()
        end = _ENDS[mark].search(text, begin.end() + 1) if mark not in never_ends else None
        if end is None:
            # Nor will one that begins later, so that a line of nothing but marks is read once.
            never_ends.add(mark)
            position = begin.start() + 1
            continue
        for index in range(begin.end(), end.start()):
            styles[index] |= _STYLES[mark]
        marks += [begin.span(), end.span()]
        position = end.end()
    return _without(text, styles, marks)


def _without(text: str, styles: list[int], spans: Iterable[tuple[int, int]]) -> tuple[str, list[int]]:
    """Return a text and its styles without some spans, which are in order."""
    kept: list[str] = []
    new: list[int] = []
    position = 0
    for start, end in spans:
        kept.append(text[position:start])
        new += styles[position:start]
        position = end
    return "".join([*kept, text[position:]]), new + styles[position:]


def _joined(text: str, styles: list[int]) -> Iterator[Run]:
    for style, group in groupby(zip(text, styles, strict=True), key=lambda pair: pair[1]):
        letters = "".join(letter for letter, _ in group)
        yield Run(letters, bold=bool(style & _BOLD), italic=bool(style & _ITALIC), underlined=bool(style & _UNDERLINED))
