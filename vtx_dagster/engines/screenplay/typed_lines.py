"""Lines of a typed page, and what they look like by themselves. Lengths are in points, from the left and the top."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from vtx_dagster.engines.screenplay.emphasis import Run

CHARACTER_PT: Final = 7.2
LINE_PT: Final = 12.0

_PREFIX = r"(?:INT|EXT|EST|INTERIOR|EXTERIOR|INT\.?\s*/\s*EXT|EXT\.?\s*/\s*INT|I\s*/\s*E|ИНТ|НАТ|INNEN|AUSSEN|AUßEN|İÇ|DIŞ)"  # noqa: RUF001
HEADING = re.compile(rf"^{_PREFIX}(?:\s*[.:]|\s+[-–—]|\s)\s*\S", re.IGNORECASE)  # noqa: RUF001
NUMBER = r"(?:[A-Z]{0,2}\d{1,4}[A-Z]{0,3}(?:[.-]\d{1,2})?)"
MARGIN_NUMBER = re.compile(rf"^{NUMBER}[.)]?$")
NUMBERED_HEADING = re.compile(rf"^(?P<number>{NUMBER})[.)]?\s+(?={_PREFIX}(?:\s*[.:]|\s))")
MORE = re.compile(r"^\(\s*MORE\s*\)$", re.IGNORECASE)
_CUE_TAIL = re.compile(r"(?:\s*\([^()]*\)?)*$")
TRANSITION = re.compile(
    r"^(?:(?:FADE|IRIS)\s+(?:IN|OUT|UP|TO\b.*|INTO\b.*)|(?:[A-Z'’-]+\s+){0,4}(?:CUT|DISSOLVE|WIPE|FADE|CROSSFADE|MATCH|BACK|INTERCUT)"  # noqa: RUF001
    r"(?:\s+(?:TO|WITH|INTO)\b.*)?|[A-Z'’ -]+\sTO)\s*[:.]$|^(?:FADE (?:IN|OUT)|(?:CUT|FADE) TO BLACK|THE END TO)$"  # noqa: RUF001
)
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Text without a wide gap in it, and from where to where it goes."""

    left: float
    right: float
    runs: tuple[Run, ...]

    @property
    def text(self) -> str:
        """What it says."""
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedLine:
    """A line of a page, its baseline ``y`` counted from the top."""

    y: float
    pieces: tuple[Piece, ...]

    @property
    def left(self) -> float:
        """Where it begins."""
        return self.pieces[0].left

    @property
    def right(self) -> float:
        """Where it ends."""
        return self.pieces[-1].right

    @property
    def text(self) -> str:
        """What it says, its pieces two spaces apart."""
        return "  ".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedPage:
    """A page.

    Attributes:
        label: What a remark calls it: ``page 3``.
    """

    label: str
    width: float
    height: float
    lines: tuple[TypedLine, ...]


def is_name(words: str) -> bool:
    """Say whether words have the form of a cue."""
    name = name_in(words)
    return bool(name) and name == name.upper() and any(letter.isupper() for letter in name) and not name.startswith("(")


def name_in(words: str) -> str:
    """Return the name on a cue, without what stands in parentheses behind it; empty if it is far too long for one."""
    return _CUE_TAIL.sub("", words, count=1).strip() if len(words) <= _LONGEST_NAME else ""


def is_heading(line: str) -> bool:
    """Say whether a line of a typed page begins as scene headings do, after its number if it has one."""
    text = line.strip()
    text = text[found.end() :] if (found := NUMBERED_HEADING.match(text)) else text
    return bool(HEADING.match(text)) and _is_upper(text)


def begins_script(line: str) -> bool:
    """Say whether a line is the first of a script: a scene heading, or ``FADE IN:``."""
    return is_heading(line) or bool(TRANSITION.match(line.strip()))


def heading_lefts(line: TypedLine) -> tuple[float, ...]:
    """Return where a heading begins, and the number before it if both stand together; nothing for what is no heading."""
    has_number = len(line.pieces) > 1 and bool(MARGIN_NUMBER.match(line.pieces[0].text.strip()))
    pieces = list(line.pieces[has_number:])
    first, text = pieces[0], " ".join(piece.text for piece in pieces)
    if HEADING.match(text) and _is_upper(text):
        return (first.left,)
    if found := NUMBERED_HEADING.match(text):
        return (first.left, first.left + (first.right - first.left) * min(found.end() / len(first.text), 1.0))
    return ()


def _is_upper(text: str) -> bool:
    """Say whether the first words are in capitals; what follows may be a remark such as ``(v.o. begins)``."""
    start = " ".join(text.split()[:2])
    return start == start.upper()


def words_of(line: TypedLine) -> str:
    """Return what a line says, with single spaces."""
    return " ".join(line.text.split())


def pitch_of(pages: Iterable[TypedPage]) -> float:
    """Return the distance of lines that follow each other: the smallest one that is common."""
    gaps = Counter(
        round((below.y - above.y) * 2) / 2 for page in pages for above, below in pairwise(page.lines) if below.y - above.y > 3
    )
    common = [gap for gap, count in gaps.items() if count >= 0.1 * gaps.total()]
    return min(common, default=LINE_PT)
