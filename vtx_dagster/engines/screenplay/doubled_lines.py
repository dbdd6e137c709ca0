"""Typed pages of which every line has an empty one below it, as collections of screenplays on the web have them.

What stood on the page is set anew from where lines begin and end: pages that slipped sideways are put straight, speeches that
lost their indent get it back, and an empty line is put where one stood.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from vtx_dagster.engines.screenplay.heading import SCENE_NUMBER, is_end_card, is_transition
from vtx_dagster.engines.screenplay.page_marks import is_page_mark, is_page_number
from vtx_dagster.engines.screenplay.typed_lines import has_room, is_heading, is_name, name_in, usual_end

_LEAST_LINES: Final = 40
_NEARLY_ALL: Final = 0.97
_ACTION_COLUMN: Final = 12
_SET_IN: Final = _ACTION_COLUMN + 4
"""The column from which on a line is no action."""

_SPEECH_COLUMN: Final = 24
_PARENTHETICAL_COLUMN: Final = 30
_CUE_COLUMN: Final = 36
_LONGER_THAN_SPEECH: Final = 45
_OFTEN: Final = 0.25

_LEAST_HEADERS: Final = 10
"""As many pages have the same header, if they have one."""

_MARGIN_SHARE: Final = 0.9
"""The share of lines that end before their margin; the few longer ones stand out of it."""

_LEAST_MARGIN: Final = 20
_LONGEST_CUE_WORDS: Final = 2
"""A line in capitals that occurs once, and is no longer, is a cue; what speaks twice may have more words."""


_NUMBER = re.compile(rf"{SCENE_NUMBER}[.)]?\s+")
_HEADER = re.compile(r"(?P<words>[^\d\s].{3,60}?)\s+(?P<number>\d{1,3}\.?)")
_GAP = re.compile(r"\s{3,}")


def are_doubled(lines: Sequence[str]) -> bool:
    """Say whether every line has an empty one below it."""
    number = sum(bool(line.strip()) for line in lines)
    alone = sum(bool(above.strip()) and not below.strip() for above, below in pairwise(lines))
    return number >= _LEAST_LINES and alone >= _NEARLY_ALL * number


def single_spaced(lines: Sequence[str]) -> list[str]:
    """Return doubled lines as they stood on the page, with empty ones between paragraphs, cues and headings.

    Args:
        lines: Lines without tabs, each with an empty one below it.
    """
    kept = list(_straight(_without_headers([line.rstrip() for line in lines if line.strip()])))
    if not _are_set_in(kept):
        kept = list(_with_speeches_set_in(kept))
    margin = _margin(
        line for line in kept if _column(line) == _ACTION_COLUMN and not is_heading(line) and not _is_in_pieces(line)
    )
    found = kept[:1]
    for above, below in pairwise(kept):
        if _is_parted(above, below, margin=margin):
            found.append("")
        found.append(below)
    return found


def _without_headers(lines: Sequence[str]) -> list[str]:
    """Return the lines with nothing left but the number of those that many pages have, such as ``Smith / Second Draft 12.``."""
    parts = [_HEADER.fullmatch(" ".join(line.split())) for line in lines]
    times = Counter(part["words"] for part in parts if part)
    return [
        f"{'':>60}{part['number']}" if part and times[part["words"]] >= _LEAST_HEADERS else line
        for line, part in zip(lines, parts, strict=True)
    ]


# -- columns --------------------------------------------------------------------------------------------------------------------


def _straight(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines with action and headings in one column, whatever column a page has them in."""
    action = _action_column(lines) or 0
    for page in _pages(lines):
        own = _action_column(page)
        action = action if own is None else own
        for line in page:
            words = line.strip()
            number = _NUMBER.match(words)
            if is_heading(line) or (number and words == words.upper()):
                yield " " * max(0, _ACTION_COLUMN - (number.end() if number else 0)) + words
            else:
                yield " " * max(_ACTION_COLUMN, _ACTION_COLUMN + _column(line) - action) + words


def _pages(lines: Sequence[str]) -> Iterator[list[str]]:
    page: list[str] = []
    for line in lines:
        page.append(line)
        if is_page_number(_GAP.split(line.strip())[-1]) and not is_heading(line):
            yield page
            page = []
    yield page


def _action_column(lines: Sequence[str]) -> int | None:
    """Return the leftmost column where many lines begin that are too long for speech; None if there are not two of them."""
    columns = Counter(_column(line) for line in lines if len(line.strip()) > _LONGER_THAN_SPEECH and not is_heading(line))
    most = max(columns.values(), default=0)
    return min((column for column, count in columns.items() if count >= _OFTEN * most), default=0) if most > 1 else None


def _column(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_in_pieces(line: str) -> bool:
    return _GAP.search(line.strip()) is not None


def _margin(lines: Iterable[str]) -> float:
    return max(_LEAST_MARGIN, usual_end(map(len, lines), _LEAST_MARGIN, share=_MARGIN_SHARE))


# -- speeches at the margin -----------------------------------------------------------------------------------------------------


def _are_set_in(lines: Sequence[str]) -> bool:
    """Say whether what stands below names begins right of action."""
    below_names = [_column(lines[number + 1]) >= _SET_IN for number in _cues(lines)]
    return sum(below_names) >= len(below_names) / 2


def _with_speeches_set_in(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines with cues and what is spoken below them set in.

    A speech ends above a line that is too long for one, and below one that had room for the first word of the next.
    """
    cues = _cues(lines)
    speech = [below for number, below in enumerate(lines[1:]) if number in cues and not below.strip().startswith("(")]
    margin = _margin(line.strip() for line in speech)
    is_narrow = margin < _LONGER_THAN_SPEECH
    said = ""
    is_speech = False
    is_aside = False
    for number, line in enumerate(lines):
        words = line.strip()
        if number in cues:
            is_speech, said = True, ""
            yield " " * _CUE_COLUMN + words
            continue
        if is_page_mark(words):
            yield line
            continue
        is_aside = is_speech and (is_aside or (words.startswith("(") and not said))
        if is_aside:
            is_aside = ")" not in words
            yield " " * _PARENTHETICAL_COLUMN + words
            continue
        is_speech = is_speech and not _is_apart(line) and (not said or _goes_on(said, words, margin=margin, is_narrow=is_narrow))
        said = words
        yield " " * _SPEECH_COLUMN + words if is_speech else line


def _goes_on(above: str, below: str, *, margin: float, is_narrow: bool) -> bool:
    """Say whether a speech goes on in the next line."""
    return is_narrow and len(below) <= margin + 2 and not has_room(above, below, margin=margin)


def _cues(lines: Sequence[str]) -> set[int]:
    """Return the numbers of the lines that name who speaks below."""
    may_be = [
        number
        for number, (line, below) in enumerate(pairwise(lines))
        if is_name(line.strip()) and not _is_apart(line) and not _is_apart(below) and not is_name(below.strip())
    ]
    names = {number: name_in(lines[number].strip()) for number in may_be}
    times = Counter(names.values())
    set_in = {name for number, name in names.items() if _column(lines[number]) > _SET_IN}
    are_set_in = sum(name in set_in for name in names.values()) >= len(names) / 2
    return {
        number
        for number, name in names.items()
        if times[name] > 1
        or name in set_in
        or lines[number].endswith(")")
        or (not are_set_in and len(name.split()) <= _LONGEST_CUE_WORDS)
    }


# -- paragraphs -----------------------------------------------------------------------------------------------------------------


def _is_parted(above: str, below: str, *, margin: float) -> bool:
    """Say whether a paragraph ends between two lines."""
    if is_heading(above) and below.strip() == below.strip().upper() and not has_room(above, below, margin=margin):
        return False
    if _is_apart(above) or _is_apart(below):
        return True
    is_action, goes_on = _column(above) < _SET_IN, _column(below) < _SET_IN
    if is_action and goes_on:
        return has_room(above, below, margin=margin) or is_page_number(below.strip())
    return is_action or goes_on or (is_name(below.strip()) and _column(below) > _column(above))


def _is_apart(line: str) -> bool:
    """Say whether a line is no part of a paragraph: a heading, a transition, a mark of the page."""
    words = line.strip()
    return is_heading(line) or is_page_mark(words) or is_transition(words) or is_end_card(words)
