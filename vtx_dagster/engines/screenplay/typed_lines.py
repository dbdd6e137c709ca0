"""Lines of a typed page, and what they look like by themselves. Lengths are in points, from the left and the top."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from vtx_dagster.engines.screenplay.emphasis import Run
from vtx_dagster.engines.screenplay.fountain import has_form_of_cue
from vtx_dagster.engines.screenplay.heading import SCENE_NUMBER, is_transition, looks_like_heading, without_number

CHARACTER_PT: Final = 7.2
LINE_PT: Final = 12.0

MARGIN_NUMBER = re.compile(rf"^{SCENE_NUMBER}[.)]?$")
_CUE_TAIL = re.compile(r"(?:\s*\([^()]*\)?)*$")
_SENTENCE_END: Final = tuple(".!?…:;,。！？、，：」』")  # noqa: RUF001 - of other alphabets
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
    return has_form_of_cue(name_in(words))


def may_be_name(words: str) -> bool:
    """Say whether words that stand where names do may be one; letters without capitals (``花子``) do not tell by themselves."""
    name = name_in(words)
    has_no_case = name.upper() == name.lower() and any(letter.isalpha() for letter in name)
    return is_name(words) or (has_no_case and name[0] not in "(\uff08" and not name.endswith(_SENTENCE_END))


def name_in(words: str) -> str:
    """Return the name on a cue, without what stands in parentheses behind it; empty if it is far too long for one."""
    return _CUE_TAIL.sub("", words, count=1).strip() if len(words) <= _LONGEST_NAME else ""


def is_heading(line: str) -> bool:
    """Say whether a line of a typed page is worded as scene headings are, and begins in capitals as they do on pages."""
    text = line.strip()
    return looks_like_heading(text) and _is_upper(without_number(text)[0])


def begins_script(line: str) -> bool:
    """Say whether a line is the first of a script: a scene heading, or ``FADE IN:``."""
    return is_heading(line) or is_transition(line.strip())


def heading_lefts(line: TypedLine) -> tuple[float, ...]:
    """Return where a heading begins, and the number before it if both stand together; nothing for what is no heading."""
    has_number = len(line.pieces) > 1 and bool(MARGIN_NUMBER.match(line.pieces[0].text.strip()))
    pieces = list(line.pieces[has_number:])
    first, text = pieces[0], " ".join(piece.text for piece in pieces)
    if not is_heading(text) and not (has_number and is_heading(words_of(line))):
        return ()
    begins = text.index(without_number(text)[0])
    if not begins:
        return (first.left,)
    return (first.left, first.left + (first.right - first.left) * min(begins / len(first.text), 1.0))


def _is_upper(text: str) -> bool:
    """Say whether the first words are in capitals; what follows may be a remark such as ``(v.o. begins)``."""
    start = " ".join(text.split()[:2])
    return start == start.upper()


def words_of(line: TypedLine) -> str:
    """Return what a line says, with single spaces."""
    return " ".join(line.text.split())


def usual_end(ends: Iterable[float], default: float, *, share: float) -> float:
    """Return where lines end at most: a share of them, and only the few longest further right; a default where there are none."""
    ordered = sorted(ends)
    return ordered[int(len(ordered) * share)] if ordered else default


def has_room(above: str, below: str, *, margin: float) -> bool:
    """Say whether the first word of a line would have fitted into the one above, so that its break was meant."""
    return len(above) + 1 + len(below.strip().split(" ", 1)[0]) < margin


def pitch_of(pages: Iterable[TypedPage]) -> float:
    """Return the distance of lines that follow each other: the smallest one that is common."""
    gaps = Counter(
        round((below.y - above.y) * 2) / 2 for page in pages for above, below in pairwise(page.lines) if below.y - above.y > 3
    )
    common = [gap for gap, count in gaps.items() if count >= 0.1 * gaps.total()]
    return min(common, default=LINE_PT)
