"""What stands on the pages of a screenplay and is no part of it: title page, page numbers, headers, footers, ``CONTINUED``."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from vtx_dagster.engines.screenplay.heading import is_transition
from vtx_dagster.engines.screenplay.page_marks import is_continued, is_more, is_page_number, page_number
from vtx_dagster.engines.screenplay.typed_lines import (
    TypedLine,
    TypedPage,
    is_heading,
    is_name,
    pitch_of,
    words_of,
)
from vtx_dagster.engines.screenplay.typed_title_page import TitleLine, title_page_entries

_EDGE_LINES: Final = 2
_MOST_EXTRA_PAGES: Final = 20
"""By how much the number of a page may differ from its place, because of pages such as 12A."""

_SHOWN: Final = 8


class PageRemarks:
    """Collects what is unsure: one line per kind, with the pages."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))

    def add(self, what: str, page: str, words: str = "") -> None:
        """Note something about a page, with the words that it is about."""
        self._found[what][page].append(words[:60])

    def lines(self) -> Iterator[str]:
        """Yield what was noted, a line for each thing."""
        for what, pages in self._found.items():
            shown = []
            for page, words in list(pages.items())[:_SHOWN]:
                quoted = ", ".join(f"“{word}”" for word in words[:2] if word)
                shown.append(f"{page} ({quoted}{', …' if len(words) > len(words[:2]) else ''})" if quoted else page)
            more = f" and {len(pages) - _SHOWN} more" if len(pages) > _SHOWN else ""
            yield f"{self._name}: {what}: {', '.join(shown)}{more}"


def without_title_page(pages: Sequence[TypedPage]) -> tuple[dict[str, list[str]], list[TypedPage]]:
    """Return what the title page says, if the first page is one, and the other pages."""
    pages = [page for page in pages if page.lines]
    if len(pages) < 2 or not _may_be_title_page(pages[0]):
        return {}, pages
    page = pages[0]
    lines: list[TitleLine] = []
    pitch = pitch_of([page])
    last_y = page.lines[0].y
    for line in page.lines:
        if line.y - last_y > 1.6 * pitch:
            lines.append(TitleLine(text=""))
        last_y = line.y
        for piece in line.pieces:
            centred = abs((piece.left + piece.right) / 2 - page.width / 2) < page.width / 9
            low = line.y > page.height * 0.62
            lines.append(TitleLine(text=piece.text, centred=centred, low=low))
    entries = title_page_entries(lines)
    # A page with nothing but a line of prose on it, such as an epigraph, is part of the script.
    is_title = _is_short_and_centred(next(iter(page.lines)), page) or not entries.keys().isdisjoint({"Credit", "Author"})
    return (entries, pages[1:]) if is_title else ({}, pages)


def _may_be_title_page(page: TypedPage) -> bool:
    """Say whether a page has a few lines, and no scene among them."""
    if len(page.lines) > 30 or any(is_heading(words_of(line)) for line in page.lines):
        return False
    return not any(is_transition(line.text.strip()) for line in page.lines)


def _is_short_and_centred(line: TypedLine, page: TypedPage) -> bool:
    return abs((line.left + line.right) / 2 - page.width / 2) < page.width / 16 and line.right - line.left < page.width / 2


def without_furniture(pages: Sequence[TypedPage], remarks: PageRemarks) -> list[TypedPage]:
    """Return the pages without page numbers, headers, footers and ``CONTINUED``."""
    repeated = _repeated(pages)
    first = _first_page_number(pages)
    found = []
    for index, page in enumerate(pages):
        lines = list(page.lines)
        for edge in (0, -1):
            while lines and _is_furniture(lines, edge, page=page, repeated=repeated, number=first + index):
                line = lines.pop(edge)
                if not is_page_number(words_of(line)) and not is_continued(words_of(line)):
                    words = re.sub(r"(?:^|\s)(?:page\s*)?\d+\.?$", "", words_of(line))
                    remarks.add(f"a header or footer was left out (“{words[:60]}”)", page.label)
        found.append(replace(page, lines=tuple(lines)))
    return found


def _first_page_number(pages: Sequence[TypedPage]) -> int:
    """Return what number the first of the pages has: what most numbers at the edges of pages say, else 1."""
    edges = [(index, words_of(page.lines[edge])) for index, page in enumerate(pages) for edge in (0, -1)]
    numbers = [(index, number) for index, words in edges if (number := page_number(words)) is not None]
    first, count = Counter(number - index for index, number in numbers).most_common(1)[0] if numbers else (1, 0)
    return first if count > 1 else 1


def _is_furniture(lines: Sequence[TypedLine], edge: int, *, page: TypedPage, repeated: set[tuple[int, str]], number: int) -> bool:
    words = words_of(lines[edge])
    if not is_page_number(words):
        return _furniture_key(lines[edge]) in repeated or is_continued(words)
    # A year, or a sum, that stands alone is text.
    found = page_number(words)
    is_near = found is None or abs(found - number) <= _MOST_EXTRA_PAGES
    return is_near and _stands_apart(lines, edge, page=page)


def _stands_apart(lines: Sequence[TypedLine], edge: int, *, page: TypedPage) -> bool:
    """Say whether the first or last line has an empty line between it and the text, or stands right of the middle."""
    if len(lines) == 1 or lines[edge].left > page.width / 2:
        return True
    near = lines[1 if edge == 0 else -2]
    return abs(near.y - lines[edge].y) > 1.5 * pitch_of([page])


def _furniture_key(line: TypedLine) -> tuple[int, str]:
    words = re.sub(r"\d+|\b[ivxl]+\b", "#", " ".join(line.text.split()).lower())
    return round(line.y / 4), re.sub(r"(?:^|\s)(?:page\s*)?#\.?$", "", words)


def _repeated(pages: Sequence[TypedPage]) -> set[tuple[int, str]]:
    """Return the lines that stand at the same place on many pages, and are no part of the script."""
    counts: Counter[tuple[int, str]] = Counter()
    for page in pages:
        pitch = pitch_of([page])
        for group in _edge_groups(page.lines, pitch):
            # A name in capitals is a header only where nothing is said below it.
            if len(group) > 1 and is_name(group[0].text.strip()) and not is_name(group[1].text.strip()):
                continue
            for line in group:
                words = line.text.strip()
                if not (is_heading(words) or is_transition(words) or is_more(words)):
                    counts[_furniture_key(line)] += 1
    return {key for key, count in counts.items() if count >= max(3, len(pages) // 5)}


def _edge_groups(lines: Sequence[TypedLine], pitch: float) -> Iterator[Sequence[TypedLine]]:
    """Yield the lines at the top and at the foot of a page that stand apart from the text."""
    gaps = [number for number, (above, below) in enumerate(pairwise(lines), start=1) if below.y - above.y > 1.5 * pitch]
    first, last = (gaps[0], gaps[-1]) if gaps else (len(lines), len(lines))
    if first <= _EDGE_LINES:
        yield lines[:first]
    if len(lines) - last <= _EDGE_LINES and last >= first:
        yield lines[last:]
