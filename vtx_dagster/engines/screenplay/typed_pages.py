"""A formatted screenplay as it stands on the page, as Fountain: what a line is, is told by where it begins.

Margins differ by program and paper, so they are learned from the pages: headings show where action begins, and the most common
indent of ordinary text right of it is that of dialogue. Lengths are in points, from the left and the top; a typewriter has
``CHARACTER_PT`` by ``LINE_PT`` to a character.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from vtx_dagster.engines.export.emphasis import Run
from vtx_dagster.engines.screenplay.fountain_form import Kind, Paragraph, fountain_text
from vtx_dagster.engines.screenplay.imported import ImportedScreenplay
from vtx_dagster.engines.screenplay.title_page import TitleLine, title_page_entries

CHARACTER_PT: Final = 7.2
LINE_PT: Final = 12.0

_PREFIX = r"(?:INT|EXT|EST|INTERIOR|EXTERIOR|INT\.?\s*/\s*EXT|EXT\.?\s*/\s*INT|I\s*/\s*E|ИНТ|НАТ|INNEN|AUSSEN|AUßEN|İÇ|DIŞ)"  # noqa: RUF001
_HEADING = re.compile(rf"^{_PREFIX}(?:\s*[.:]|\s+[-–—]|\s)\s*\S", re.IGNORECASE)  # noqa: RUF001
_NUMBER = r"(?:[A-Z]{0,2}\d{1,4}[A-Z]{0,3}(?:[.-]\d{1,2})?)"
_MARGIN_NUMBER = re.compile(rf"^{_NUMBER}[.)]?$")
_NUMBERED_HEADING = re.compile(rf"^(?P<number>{_NUMBER})[.)]?\s+(?={_PREFIX}(?:\s*[.:]|\s))")
_PAGE_NUMBER = re.compile(
    r"^(?:-\s*)?(?:[Pp]age\s+|PAGE\s+|p\.\s*)?(?:(?P<number>\d{1,4})[A-Z]?|[ivx]{1,6})\.?(?:\s*(?:of|/)\s*\d{1,4})?(?:\s*-)?$"
)
_CONTINUED = re.compile(rf"^(?:{_NUMBER}\s+)?\(?CONTINUED\)?:?(?:\s*\(\d+\))?:?(?:\s+{_NUMBER})?$")
_MORE = re.compile(r"^\(\s*MORE\s*\)$", re.IGNORECASE)
_CUE_TAIL = re.compile(r"(?:\s*\([^()]*\)?)*$")
_CONTD = re.compile(r"\s*\(\s*CON(?:T['’]?D?|TINUED|TINUING)\.?\s*\)", re.IGNORECASE)  # noqa: RUF001
_TRANSITION = re.compile(
    r"^(?:(?:FADE|IRIS)\s+(?:IN|OUT|UP|TO\b.*|INTO\b.*)|(?:[A-Z'’-]+\s+){0,4}(?:CUT|DISSOLVE|WIPE|FADE|CROSSFADE|MATCH|BACK|INTERCUT)"  # noqa: RUF001
    r"(?:\s+(?:TO|WITH|INTO)\b.*)?|[A-Z'’ -]+\sTO)\s*[:.]$|^(?:FADE (?:IN|OUT)|(?:CUT|FADE) TO BLACK|THE END TO)$"  # noqa: RUF001
)
_EDGE_LINES: Final = 2
_MOST_EXTRA_PAGES: Final = 20
"""By how much the number of a page may differ from its place, because of pages such as 12A."""

_LONGEST_NAME: Final = 200
_MOST: Final = 0.8
_SHOWN: Final = 8


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


def read_typed_pages(pages: Sequence[TypedPage], *, name: str) -> ImportedScreenplay:
    """Return formatted pages as Fountain; empty text if there is no scene heading on them.

    Args:
        pages: The pages, with their headers and page numbers.
        name: The file's, for remarks.
    """
    remarks = _Remarks(name)
    entries, script = _without_title_page(pages)
    script = _without_furniture(script, remarks)
    grid = _Grid.of(script)
    if grid is None:
        return ImportedScreenplay(text="")
    reader = _Reader(grid, remarks)
    for page in script:
        reader.read(page)
    paragraphs = _without_usual_styles(reader.paragraphs())
    text, more = fountain_text(paragraphs, title_page=entries)
    return ImportedScreenplay(text=text, remarks=(*remarks.lines(), *(f"{name}: {remark}" for remark in more)))


def is_name(words: str) -> bool:
    """Say whether words have the form of a cue."""
    if len(words) > _LONGEST_NAME:
        return False
    name = _CUE_TAIL.sub("", words, count=1).strip()
    return bool(name) and name == name.upper() and any(letter.isupper() for letter in name) and not name.startswith("(")


def is_heading(line: str) -> bool:
    """Say whether a line of a typed page begins as scene headings do, after its number if it has one."""
    text = line.strip()
    text = text[found.end() :] if (found := _NUMBERED_HEADING.match(text)) else text
    return bool(_HEADING.match(text)) and _is_upper(text)


def begins_script(line: str) -> bool:
    """Say whether a line is the first of a script: a scene heading, or ``FADE IN:``."""
    return is_heading(line) or bool(_TRANSITION.match(line.strip()))


class _Remarks:
    """Collects what is unsure: one line per kind, with the pages."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))

    def add(self, what: str, page: str, words: str = "") -> None:
        self._found[what][page].append(words[:60])

    def lines(self) -> Iterator[str]:
        for what, pages in self._found.items():
            shown = []
            for page, words in list(pages.items())[:_SHOWN]:
                quoted = ", ".join(f"“{word}”" for word in words[:2] if word)
                shown.append(f"{page} ({quoted}{', …' if len(words) > len(words[:2]) else ''})" if quoted else page)
            more = f" and {len(pages) - _SHOWN} more" if len(pages) > _SHOWN else ""
            yield f"{self._name}: {what}: {', '.join(shown)}{more}"


# -- what is no part of the script ----------------------------------------------------------------------------------------------


def _without_title_page(pages: Sequence[TypedPage]) -> tuple[dict[str, list[str]], list[TypedPage]]:
    """Return what the title page says, if the first page is one, and the other pages."""
    pages = [page for page in pages if page.lines]
    if len(pages) < 2 or not _may_be_title_page(pages[0]):
        return {}, pages
    page = pages[0]
    lines: list[TitleLine] = []
    pitch = _pitch([page])
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
    if len(page.lines) > 30 or any(_HEADING.match(line.text.lstrip("0123456789. ")) for line in page.lines):
        return False
    return not any(_TRANSITION.match(line.text.strip()) for line in page.lines)


def _is_short_and_centred(line: TypedLine, page: TypedPage) -> bool:
    return abs((line.left + line.right) / 2 - page.width / 2) < page.width / 16 and line.right - line.left < page.width / 2


def _without_furniture(pages: Sequence[TypedPage], remarks: _Remarks) -> list[TypedPage]:
    """Return the pages without page numbers, headers, footers and ``CONTINUED``."""
    repeated = _repeated(pages)
    first = _first_page_number(pages)
    found = []
    for index, page in enumerate(pages):
        lines = list(page.lines)
        for edge in (0, -1):
            while lines and _is_furniture(lines, edge, page=page, repeated=repeated, number=first + index):
                line = lines.pop(edge)
                if not _PAGE_NUMBER.match(line.text.strip()) and not _CONTINUED.match(_words(line)):
                    words = re.sub(r"(?:^|\s)(?:page\s*)?\d+\.?$", "", _words(line))
                    remarks.add(f"a header or footer was left out (“{words[:60]}”)", page.label)
        found.append(replace(page, lines=tuple(lines)))
    return found


def _first_page_number(pages: Sequence[TypedPage]) -> int:
    """Return what number the first of the pages has: what most numbers at the edges of pages say, else 1."""
    edges = [(index, _words(page.lines[edge])) for index, page in enumerate(pages) for edge in (0, -1)]
    numbers = [
        (index, int(found["number"])) for index, words in edges if (found := _PAGE_NUMBER.match(words)) and found["number"]
    ]
    first, count = Counter(number - index for index, number in numbers).most_common(1)[0] if numbers else (1, 0)
    return first if count > 1 else 1


def _is_furniture(lines: Sequence[TypedLine], edge: int, *, page: TypedPage, repeated: set[tuple[int, str]], number: int) -> bool:
    words = _words(lines[edge])
    found = _PAGE_NUMBER.match(words)
    if found is None:
        return _furniture_key(lines[edge]) in repeated or bool(_CONTINUED.match(words))
    # A year, or a sum, that stands alone is text.
    is_near = found["number"] is None or abs(int(found["number"]) - number) <= _MOST_EXTRA_PAGES
    return is_near and _stands_apart(lines, edge, page=page)


def _stands_apart(lines: Sequence[TypedLine], edge: int, *, page: TypedPage) -> bool:
    """Say whether the first or last line has an empty line between it and the text, or stands right of the middle."""
    if len(lines) == 1 or lines[edge].left > page.width / 2:
        return True
    near = lines[1 if edge == 0 else -2]
    return abs(near.y - lines[edge].y) > 1.5 * _pitch([page])


def _furniture_key(line: TypedLine) -> tuple[int, str]:
    words = re.sub(r"\d+|\b[ivxl]+\b", "#", " ".join(line.text.split()).lower())
    return round(line.y / 4), re.sub(r"(?:^|\s)(?:page\s*)?#\.?$", "", words)


def _repeated(pages: Sequence[TypedPage]) -> set[tuple[int, str]]:
    """Return the lines that stand at the same place on many pages, and are no part of the script."""
    counts: Counter[tuple[int, str]] = Counter()
    for page in pages:
        pitch = _pitch([page])
        for group in _edge_groups(page.lines, pitch):
            # A name in capitals is a header only where nothing is said below it.
            if len(group) > 1 and is_name(group[0].text.strip()) and not is_name(group[1].text.strip()):
                continue
            for line in group:
                words = line.text.strip()
                if not (is_heading(words) or _TRANSITION.match(words) or _MORE.match(words)):
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


# -- where things stand ---------------------------------------------------------------------------------------------------------


def _pitch(pages: Iterable[TypedPage]) -> float:
    """Return the distance of lines that follow each other: the smallest one that is common."""
    gaps = Counter(
        round((below.y - above.y) * 2) / 2 for page in pages for above, below in pairwise(page.lines) if below.y - above.y > 3
    )
    common = [gap for gap, count in gaps.items() if count >= 0.1 * gaps.total()]
    return min(common, default=LINE_PT)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """Where things stand on the pages of one screenplay.

    Attributes:
        character: Width of a character.
        pitch: Distance of lines.
        action: Where headings and action begin.
        speech: Where dialogue begins; beyond the page where there is none.
        margin: Where lines of action end.
        speech_margin: Where lines of dialogue end.
        middle: The middle between the margins.
        are_headings_bold: Headings are bold, and action is not.
        heading_gap: The least gap above a heading; beyond the page where it is that above any paragraph.
    """

    character: float
    pitch: float
    action: float
    speech: float
    margin: float
    speech_margin: float
    middle: float
    are_headings_bold: bool
    heading_gap: float

    @classmethod
    def of(cls, pages: Sequence[TypedPage]) -> "_Grid | None":
        """Return what can be learned from pages; None without a heading."""
        lines = [line for page in pages for line in page.lines]
        widths = sorted((piece.right - piece.left) / len(piece.text) for line in lines for piece in line.pieces)
        character = widths[len(widths) // 2] if widths else 0.0
        if character <= 0.0:
            return None
        action = _action_left(lines, character)
        ordinary = [line for line in lines if len(line.pieces) == 1 and not is_name(line.text) and line.text[0] != "("]
        if action is None:
            return None
        speech = _speech_left([line.left for line in ordinary if line.left > action + 2.5 * character], character)
        margin = _usual_end([line.right for line in ordinary if abs(line.left - action) < character], action + 60 * character)
        speech_margin = _usual_end([line.right for line in ordinary if abs(line.left - speech) < character], margin)
        pitch = _pitch(pages)
        headings = [line for line in lines if _heading_lefts(line)]
        others = [line for line in ordinary if abs(line.left - action) < character]
        return cls(
            character=character,
            pitch=pitch,
            action=action,
            speech=speech,
            margin=margin,
            speech_margin=speech_margin,
            middle=(action + margin) / 2,
            are_headings_bold=_share(headings, _is_bold) > _MOST and _share(others, _is_bold) < 1 - _MOST,
            heading_gap=_heading_gap(pages, action=action, character=character, pitch=pitch),
        )


def _heading_lefts(line: TypedLine) -> tuple[float, ...]:
    """Return where a heading begins, and the number before it if both stand together; nothing for what is no heading."""
    has_number = len(line.pieces) > 1 and bool(_MARGIN_NUMBER.match(line.pieces[0].text.strip()))
    pieces = list(line.pieces[has_number:])
    first, text = pieces[0], " ".join(piece.text for piece in pieces)
    if _HEADING.match(text) and _is_upper(text):
        return (first.left,)
    if found := _NUMBERED_HEADING.match(text):
        return (first.left, first.left + (first.right - first.left) * min(found.end() / len(first.text), 1.0))
    return ()


def _is_upper(text: str) -> bool:
    """Say whether the first words are in capitals; what follows may be a remark such as ``(v.o. begins)``."""
    start = " ".join(text.split()[:2])
    return start == start.upper()


def _share(lines: Sequence[TypedLine], condition: Callable[[TypedLine], bool]) -> float:
    return sum(map(condition, lines)) / len(lines) if lines else 0.0


def _is_bold(line: TypedLine) -> bool:
    return all(run.bold or not run.text.strip() for piece in line.pieces for run in piece.runs)


def _heading_gap(pages: Sequence[TypedPage], *, action: float, character: float, pitch: float) -> float:
    """Return from which gap on a line is a heading, where headings stand further below than paragraphs of action do."""
    above_headings: list[float] = []
    above_action: list[float] = []
    for page in pages:
        for above, line in pairwise(page.lines):
            gap = line.y - above.y
            if _heading_lefts(line):
                above_headings.append(gap)
            elif abs(line.left - action) < character and gap > 1.5 * pitch and not is_name(line.text):
                above_action.append(gap)
    if not above_headings or not above_action:
        return float("inf")
    usual, least = sorted(above_action)[len(above_action) // 2], sorted(above_headings)[len(above_headings) // 4]
    return least - pitch / 4 if least > usual + pitch / 2 else float("inf")


def _action_left(lines: Sequence[TypedLine], character: float) -> float | None:
    """Return where action begins: where headings do, or where most lines do that are left of names.

    Returns:
        None if there are no headings, and no speeches either.
    """
    lefts = Counter(round(line.left / character * 2) for line in lines if not _heading_lefts(line))
    headings = [found for line in lines if (found := _heading_lefts(line))]
    if headings:
        low = Counter(round(found[0]) for found in headings).most_common(1)[0][0]
        high = Counter(round(found[-1]) for found in headings).most_common(1)[0][0]
        near = [line.left for line in lines if low - character < line.left < high + 2 * character and not _heading_lefts(line)]
        at = Counter(map(round, near)).most_common(1)
        return float(at[0][0] if at else high)
    names = [above for above, below in pairwise(lines) if is_name(above.text) and below.left < above.left - character]
    common = [key for key, count in lefts.items() if count >= max(3, 0.01 * lefts.total())]
    return min(common) * character / 2 if len(names) >= 3 and common else None


def _speech_left(lefts: Sequence[float], character: float) -> float:
    """Return the indent that most lines have, those that are nearly as far in counted with it."""
    counts = Counter(round(left / character * 2) for left in lefts)
    if not counts:
        return float("inf")
    near = {key: sum(counts[key + step] for step in (-1, 0, 1)) for key in counts}
    best = max(near, key=lambda key: (near[key], -key))
    return min(left for left in lefts if abs(round(left / character * 2) - best) <= 1)


def _usual_end(rights: Sequence[float], default: float) -> float:
    """Return where long lines end: all but the longest few."""
    ordered = sorted(rights)
    return ordered[int(len(ordered) * 0.97)] if ordered else default


# -- reading --------------------------------------------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class _Open:
    """A paragraph that lines may still be added to."""

    kind: Kind
    page: str
    lines: list[TypedLine] = field(default_factory=list)
    number: str = ""
    dual: bool = False


class _Reader:
    """Reads page by page, top to bottom."""

    def __init__(self, grid: _Grid, remarks: _Remarks) -> None:
        self._grid = grid
        self._remarks = remarks
        self._done: list[Paragraph] = []
        self._open: _Open | None = None
        self._in_speech = False
        self._is_torn = False
        self._page = ""
        self._gap = 0.0
        self._in_columns = False
        self._page_middle = 0.0

    def paragraphs(self) -> list[Paragraph]:
        """Return what was read."""
        self._close()
        return self._done

    def read(self, page: TypedPage) -> None:
        """Read a page."""
        self._page, self._page_middle = page.label, page.width / 2
        blocks = self._blocks(page)
        for number, (gap, block) in enumerate(blocks):
            self._gap = gap
            self._read_block(block, starts_page=number == 0)

    def _blocks(self, page: TypedPage) -> list[tuple[float, list[TypedLine]]]:
        """Return the lines of a page in groups between which there is an empty line, each with the gap above it."""
        blocks: list[tuple[float, list[TypedLine]]] = []
        before: TypedLine | None = None
        for raw in page.lines:
            line = self._without_marks(raw, page)
            if line is None:
                continue
            gap = line.y - before.y if before is not None else 0.0
            if before is None or gap > 1.5 * self._grid.pitch:
                blocks.append((gap, []))
            blocks[-1][1].append(line)
            before = line
        return blocks

    def _without_marks(self, line: TypedLine, page: TypedPage) -> TypedLine | None:
        """Return a line without the stars of a revision, or None if there is nothing else."""
        pieces = line.pieces
        while pieces and pieces[-1].text.strip() in ("*", "**") and pieces[-1].left > self._grid.margin - self._grid.character:
            self._remarks.add("marks of a revision (*) in the margin were left out", page.label)
            pieces = pieces[:-1]
        return replace(line, pieces=pieces) if pieces else None

    # -- blocks ----------------------------------------------------------------------------------------------------------------

    def _read_block(self, block: list[TypedLine], *, starts_page: bool) -> None:
        if self._is_dual(block):
            self._read_dual(block)
            return
        is_torn, self._is_torn = self._is_torn and starts_page, False
        rest = block
        if is_torn and len(block) > 1 and is_name(_words(block[0])) and not self._is_heading(block[0]):
            rest = block[1:]
        elif starts_page and self._open is not None:
            rest = self._gone_on(block)
        for number, line in enumerate(rest):
            below = rest[number + 1] if number + 1 < len(rest) else None
            starts = number == 0 and not (is_torn or (starts_page and rest is not block))
            self._read_line(line, below=below, starts=starts)

    def _gone_on(self, block: list[TypedLine]) -> list[TypedLine]:
        """Return what is left of the first block of a page after the lines that end a paragraph of the page before."""
        first, opened = block[0], self._open
        if opened is None or opened.kind not in (Kind.ACTION, Kind.DIALOGUE) or self._is_heading(first):
            return block
        last = opened.lines[-1]
        same_place = abs(first.left - last.left) < self._grid.character and len(first.pieces) == 1
        if not same_place or not self._flows_on(last, first, kind=opened.kind):
            return block
        taken = 0
        for line in block:
            if abs(line.left - first.left) >= self._grid.character or self._is_heading(line):
                break
            opened.lines.append(line)
            taken += 1
        return block[taken:]

    def _flows_on(self, above: TypedLine, below: TypedLine, *, kind: Kind) -> bool:
        """Say whether a paragraph goes on over the end of a page."""
        words = _words(below)
        if words[:1].islower():
            return True
        ends = _words(above).rstrip("\"'”’)*_")[-1:] in (".", "!", "?", ":", "…", "-", "—")  # noqa: RUF001
        return not ends and not self._has_room(above, below, kind=kind) and words != words.upper()

    def _has_room(self, above: TypedLine, below: TypedLine, *, kind: Kind) -> bool:
        """Say whether the first word of a line would have fitted into the one above, so that its break was meant."""
        margin = self._grid.speech_margin if kind == Kind.DIALOGUE else self._grid.margin
        word = _words(below).split(" ", 1)[0]
        return above.right + (len(word) + 1) * self._grid.character < margin - 0.5 * self._grid.character

    # -- two columns -----------------------------------------------------------------------------------------------------------

    def _is_dual(self, block: list[TypedLine]) -> bool:
        first = block[0]
        if len(block) < 2 or len(first.pieces) != 2 or self._is_heading(first):
            return False
        left, right = first.pieces
        return is_name(left.text) and is_name(right.text) and right.left > self._grid.middle - 2 * self._grid.character

    def _read_dual(self, block: list[TypedLine]) -> None:
        self._close()
        self._in_columns = True
        split = min(line.pieces[1].left for line in block if len(line.pieces) == 2) - self._grid.character
        for is_right in (False, True):
            column = []
            for line in block:
                pieces = tuple(piece for piece in line.pieces if (piece.left >= split) == is_right)
                if pieces:
                    column.append(replace(line, pieces=pieces))
            for number, line in enumerate(column):
                if number == 0:
                    self._start(Kind.CUE, line, dual=is_right)
                else:
                    self._spoken(line)
            self._close()
        self._in_columns = self._in_speech = False

    # -- lines -----------------------------------------------------------------------------------------------------------------

    def _read_line(self, line: TypedLine, *, below: TypedLine | None, starts: bool) -> None:
        words, grid = _words(line), self._grid
        if _MORE.match(words):
            self._is_torn = True
            return
        if self._is_heading(line) or (starts and below is None and self._is_minor_heading(line)):
            self._read_heading(line)
            return
        if self._goes_on_heading(line, starts=starts):
            return
        if self._is_cue(line, below):
            self._start(Kind.CUE, line)
            self._in_speech = True
            return
        if self._in_speech and line.left > grid.action + 1.5 * grid.character and not (starts and self._is_other(line)):
            self._spoken(line, apart=starts)
            return
        if line.left < grid.action + 1.5 * grid.character:
            self._in_speech = False
            self._read_left(line, below=below, starts=starts)
            return
        self._in_speech = False
        self._read_indented(line, starts=starts)

    def _read_heading(self, line: TypedLine) -> None:
        pieces, number = list(line.pieces), ""
        if len(pieces) > 1 and _MARGIN_NUMBER.match(pieces[0].text.strip()):
            number = pieces.pop(0).text.strip().rstrip(".)")
        if len(pieces) > 1 and _MARGIN_NUMBER.match(last := pieces[-1].text.strip()) and number in ("", last.rstrip(".)")):
            number = last.rstrip(".)")
            pieces.pop()
        text = " ".join(piece.text for piece in pieces)
        if found := _NUMBERED_HEADING.match(text):
            number = found["number"]
            text = text[found.end() :].removesuffix(f" {number}").rstrip()
        pieces = [Piece(left=pieces[0].left, right=pieces[-1].right, runs=(Run(text),))]
        self._in_speech = False
        self._start(Kind.HEADING, replace(line, pieces=tuple(pieces)), number=number)

    def _goes_on_heading(self, line: TypedLine, *, starts: bool) -> bool:
        """Add the second line of a long heading to it."""
        opened = self._open
        if starts or opened is None or opened.kind != Kind.HEADING or _words(line) != _words(line).upper():
            return False
        if line.left < self._grid.action - self._grid.character or self._has_room(opened.lines[-1], line, kind=Kind.HEADING):
            return False
        opened.lines.append(line)
        return True

    def _read_left(self, line: TypedLine, *, below: TypedLine | None, starts: bool) -> None:
        words = _words(line)
        if starts and below is None and _TRANSITION.match(words):
            self._start(Kind.TRANSITION, line)
            return
        if starts and below is None and is_name(words) and words[-1].isalnum():
            self._remarks.add("a line in capitals on its own was taken as action, not as a scene", self._page, words)
        if not starts and self._open is not None and self._open.kind == Kind.ACTION:
            self._open.lines.append(line)
        else:
            self._start(Kind.ACTION, line)

    def _read_indented(self, line: TypedLine, *, starts: bool) -> None:
        words, grid, opened = _words(line), self._grid, self._open
        is_right = line.left > grid.middle and abs(line.right - grid.margin) < 3 * grid.character and len(words) < 40
        if is_name(words) and (
            _TRANSITION.match(words) or is_right or (words.endswith(":") and line.left > grid.speech + 2 * grid.character)
        ):
            self._start(Kind.TRANSITION, line)
        elif self._is_centred(line):
            if opened is not None and opened.kind == Kind.CENTRED and not starts:
                opened.lines.append(line)
            else:
                self._start(Kind.CENTRED, line)
        elif opened is not None and opened.kind == Kind.ACTION and not starts:
            opened.lines.append(line)
        else:
            self._remarks.add("indented text that is no speech was taken as action", self._page, words)
            self._start(Kind.ACTION, line)

    def _spoken(self, line: TypedLine, *, apart: bool = False) -> None:
        """Add a line to the speech: dialogue, or a parenthetical, which may have several lines."""
        words, opened = _words(line), self._open
        if opened is not None and opened.kind == Kind.PARENTHETICAL and not _is_closed(opened):
            opened.lines.append(line)
        elif words.startswith("(") and (words.endswith(")") or line.left > self._grid.speech + self._grid.character):
            self._start(Kind.PARENTHETICAL, line)
        elif opened is not None and opened.kind == Kind.DIALOGUE and not apart:
            opened.lines.append(line)
        else:
            self._start(Kind.DIALOGUE, line)

    # -- what a line is --------------------------------------------------------------------------------------------------------

    def _is_heading(self, line: TypedLine) -> bool:
        return any(abs(left - self._grid.action) < 4 * self._grid.character for left in _heading_lefts(line))

    def _is_minor_heading(self, line: TypedLine) -> bool:
        """Say whether a line in capitals is set as headings are, though it does not begin as they do: ``BACK IN THE BAR``."""
        grid, first = self._grid, line.pieces[0]
        if len(line.pieces) > 1 and first.right < grid.action and _MARGIN_NUMBER.match(first.text.strip()):
            return abs(line.pieces[1].left - grid.action) < grid.character
        words = _words(line)
        if abs(line.left - grid.action) >= grid.character or not is_name(words) or _TRANSITION.match(words):
            return False
        return (grid.are_headings_bold and _is_bold(line)) or self._gap > grid.heading_gap

    def _is_cue(self, line: TypedLine, below: TypedLine | None) -> bool:
        """Say whether a line is a name above a speech: right of dialogue, or in the middle above centred dialogue."""
        grid, words = self._grid, _words(line)
        if below is None or len(line.pieces) > 1 or not is_name(words) or below.left < grid.action + 3 * grid.character:
            return False
        if _words(below).startswith("(") or abs(below.left - grid.speech) < 2 * grid.character:
            return line.left > grid.speech + 1.5 * grid.character or (self._is_centred(line) and not self._in_speech)
        return self._is_centred(line) and self._is_centred(below) and not is_name(_words(below))

    def _is_other(self, line: TypedLine) -> bool:
        """Say whether a line below an empty one is no dialogue, though a speech stands above."""
        return abs(line.left - self._grid.speech) > 1.5 * self._grid.character and not _words(line).startswith("(")

    def _is_centred(self, line: TypedLine) -> bool:
        middle = (line.left + line.right) / 2
        return any(abs(middle - at) < 2 * self._grid.character for at in (self._grid.middle, self._page_middle))

    # -- paragraphs ------------------------------------------------------------------------------------------------------------

    def _start(self, kind: Kind, line: TypedLine, *, number: str = "", dual: bool = False) -> None:
        self._close()
        self._open = _Open(kind=kind, page=self._page, lines=[line], number=number, dual=dual)

    def _close(self) -> None:
        opened, self._open = self._open, None
        if opened is None:
            return
        text = tuple(self._joined(opened))
        if opened.kind == Kind.CUE:
            text = (Run("".join(run.text for run in text)),)
        self._done.append(Paragraph(kind=opened.kind, text=text, number=opened.number, dual=opened.dual, where=opened.page))

    def _joined(self, opened: _Open) -> Iterator[Run]:
        """Return the text of a paragraph: lines that the page's width broke are one line again."""
        for number, line in enumerate(opened.lines):
            if number:
                yield Run(self._between(opened.lines[number - 1], line, kind=opened.kind))
            for position, piece in enumerate(line.pieces):
                if position:
                    yield Run(" ")
                yield from piece.runs

    def _between(self, above: TypedLine, below: TypedLine, *, kind: Kind) -> str:
        if kind == Kind.CENTRED or (
            not self._in_columns and kind in (Kind.ACTION, Kind.DIALOGUE) and self._has_room(above, below, kind=kind)
        ):
            return "\n"
        return "" if re.search(r"\w-$", above.text.rstrip()) and not above.text.rstrip().endswith("--") else " "


def _words(line: TypedLine) -> str:
    return " ".join(line.text.split())


def _is_closed(opened: _Open) -> bool:
    text = " ".join(map(_words, opened.lines))
    return text.count("(") <= text.count(")")


def _without_usual_styles(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """Return paragraphs without the styles that most of their kind has, and headings, cues and transitions without any."""
    plain = {Kind.HEADING, Kind.CUE, Kind.TRANSITION, Kind.PARENTHETICAL}
    totals: Counter[Kind] = Counter()
    styled: dict[str, Counter[Kind]] = {"bold": Counter(), "italic": Counter()}
    for paragraph in paragraphs:
        for run in paragraph.text:
            totals[paragraph.kind] += len(run.text)
            styled["bold"][paragraph.kind] += len(run.text) * run.bold
            styled["italic"][paragraph.kind] += len(run.text) * run.italic

    def usual(style: str) -> Callable[[Kind], bool]:
        return lambda kind: kind in plain or styled[style][kind] > totals[kind] / 2

    is_bold, is_italic = usual("bold"), usual("italic")
    return [
        replace(
            paragraph,
            text=tuple(
                replace(run, bold=run.bold and not is_bold(paragraph.kind), italic=run.italic and not is_italic(paragraph.kind))
                for run in paragraph.text
            ),
        )
        for paragraph in paragraphs
    ]
