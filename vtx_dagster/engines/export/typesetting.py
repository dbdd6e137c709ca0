"""A screenplay as pages of a typewriter: ten characters to the inch, six lines to the inch, and where each kind of text stands.

The rules of a page: a heading is never the last thing on it; a paragraph or speech that goes on over a page leaves two lines on
either; a speech says so with ``(MORE)``, and with ``(CONT'D)`` on the next page.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Final

from vtx_dagster.core.export_formats import Paper
from vtx_dagster.engines.breakdown.prose import shortened
from vtx_dagster.engines.export.script import (
    Action,
    Block,
    DualSpeech,
    Lyric,
    Note,
    PageBreak,
    PartKind,
    Script,
    Section,
    Speech,
    Synopsis,
    Transition,
    side_by_side,
)
from vtx_dagster.engines.export.title_page import TitlePage
from vtx_dagster.engines.screenplay.emphasis import Run, escaped, plain, runs

_WORD = re.compile(r"\S+")
_CONTINUED: Final = "(CONT'D)"
_MORE: Final = "(MORE)"
_CUE, _PARENTHETICAL, _DIALOGUE = 22, 16, 10
_LEAST = 2
"""Lines of a paragraph that stand together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A page in characters and lines; the left margin is 1.5 in, those above and below are 1 in.

    Attributes:
        columns: Characters in a line of action.
        lines: Lines on a page.
        speech_columns: Characters in a line of dialogue, which begins 1 in further right than action.
    """

    columns: int
    lines: int
    speech_columns: int = 35


FORMATS = {Paper.LETTER: Format(columns=60, lines=54), Paper.A4: Format(columns=57, lines=58)}


@dataclass(frozen=True, slots=True)
class Piece:
    """Text in a line, and the column where it begins, counted from the left margin."""

    column: int
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line on a page.

    Attributes:
        bookmarks: Level and title of what begins here.
        number: Scene number, for both margins.
    """

    pieces: tuple[Piece, ...] = ()
    bookmarks: tuple[tuple[int, str], ...] = ()
    number: str = ""


Page = tuple[Line, ...]
_Printed = Action | Speech | DualSpeech | Lyric | Transition | Note | Synopsis
_EMPTY = Line()


def paginated(script: Script, page_format: Format) -> list[Page]:
    """Return the pages of a script, without title page and page numbers. There is at least one line on each."""
    pager = _Pager(page_format.lines)
    paragraphs = _Composer(page_format).paragraphs(script)
    for paragraph, after in zip_longest(paragraphs, paragraphs[1:]):
        pager.add(paragraph, after)
    return pager.pages()


def title_pages(page: TitlePage, page_format: Format) -> list[Page]:
    """Return the title page; more than one if it is longer than a page."""
    columns = page_format.columns
    half = columns // 2 - 1
    middle = wrapped(runs("\n\n".join(page.centred)), columns)
    left = wrapped(runs(page.left), half) if page.left else []
    right = wrapped(runs(page.right), half) if page.right else []
    num_low = max(len(left), len(right))
    above = max(0, min(page_format.lines // 3, page_format.lines - len(middle) - num_low - 1))
    between = max(1, page_format.lines - above - len(middle) - num_low) if num_low else 0
    # Both end on the last line.
    rows = zip([()] * (num_low - len(left)) + left, [()] * (num_low - len(right)) + right, strict=True)
    low = [Line(pieces=(*_line(0, *one).pieces, *_line(columns - _width(two), *two).pieces)) for one, two in rows]
    lines = [*[_EMPTY] * above, *(_line((columns - _width(line)) // 2, *line) for line in middle), *[_EMPTY] * between, *low]
    return [tuple(lines[first : first + page_format.lines]) for first in range(0, len(lines), page_format.lines)]


def columns_of(text: str) -> int:
    """Return how many columns a text takes: one per character, none for those that are set on or between others."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def wrapped(text: Sequence[Run], columns: int) -> list[tuple[Run, ...]]:
    """Return the lines of a text: broken where its author broke it, and between words. Only a word that is too long is cut."""
    whole = "".join(run.text for run in text)
    return [_slice(text, first, last) for first, last in _line_spans(whole, columns)]


def _columns(letter: str) -> int:
    return 0 if unicodedata.category(letter) in ("Mn", "Me", "Cf") else 1


def _line_spans(text: str, columns: int) -> Iterator[tuple[int, int]]:
    offset = 0
    for given in text.split("\n"):
        first = last = offset
        for word in _WORD.finditer(given):
            start, end = offset + word.start(), offset + word.end()
            if last > first and columns_of(text[first:end]) > columns:
                yield first, last
                first = start
            while columns_of(text[first:end]) > columns:
                cut = _fitting(text, first, columns)
                yield first, cut
                first = cut
            last = end
        yield first, last
        offset += len(given) + 1


def _fitting(text: str, first: int, columns: int) -> int:
    """Return where a word must be cut to fit."""
    end, used = first, 0
    while used + _columns(text[end]) <= columns:
        used += _columns(text[end])
        end += 1
    return end


def _slice(text: Sequence[Run], first: int, last: int) -> tuple[Run, ...]:
    found = []
    position = 0
    for run in text:
        part = run.text[max(0, first - position) : max(0, last - position)]
        if part:
            found.append(replace(run, text=part))
        position += len(run.text)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paragraph:
    """Lines that belong together.

    Attributes:
        gap: Empty lines above it, except at the top of a page.
        again: The cue of a speech as it stands on the next page; empty for what is no speech.
        asides: Numbers of the lines that are parentheticals, counted from 0.
        keeps_next: It may not be the last on a page.
        splits: Lines may go to the next page.
        begins_page: Nothing stands above it on its page.
    """

    lines: tuple[Line, ...]
    gap: int = 1
    again: tuple[Line, ...] = ()
    asides: frozenset[int] = frozenset()
    keeps_next: bool = False
    splits: bool = True
    begins_page: bool = False

    @property
    def least(self) -> int:
        """The fewest lines that it takes on the page where it begins."""
        least = len(self.again) + _LEAST + bool(self.again)
        return least if self.splits and len(self.lines) >= least + _LEAST else len(self.lines)

    def split(self, room: int) -> "tuple[_Paragraph, _Paragraph] | None":
        """Return what stands in so many lines, and the rest; None if nothing may be cut off."""
        if not self.splits:
            return None
        taken = min(room - bool(self.again), len(self.lines) - _LEAST)
        while taken - 1 in self.asides:
            taken -= 1
        return self.cut(taken) if taken >= len(self.again) + _LEAST else None

    def cut(self, taken: int) -> "tuple[_Paragraph, _Paragraph]":
        """Return the first lines and the rest, wherever that is."""
        more = (_line(_CUE, Run(_MORE)),) if self.again else ()
        moved = len(self.again) - taken
        return (
            replace(self, lines=(*self.lines[:taken], *more)),
            replace(
                self,
                lines=(*self.again, *self.lines[taken:]),
                asides=frozenset(number + moved for number in self.asides if number >= taken),
            ),
        )


class _Pager:
    """Puts paragraphs onto pages."""

    def __init__(self, lines: int) -> None:
        self._lines = lines
        self._pages: list[list[Line]] = [[]]

    def add(self, paragraph: _Paragraph, after: _Paragraph | None) -> None:
        """Put a paragraph below the others: on this page, on the next, or on both."""
        kept = _kept_with(paragraph, after)
        if paragraph.begins_page and self._pages[-1]:
            self._pages.append([])
        while True:
            page = self._pages[-1]
            gap = paragraph.gap if page else 0
            room = self._lines - len(page) - gap
            needed = len(paragraph.lines)
            if needed + kept <= room or (not page and needed <= room):
                page += [*[_EMPTY] * gap, *paragraph.lines]
                return
            cut = None if kept and page else paragraph.split(room)
            if cut is None and not page:
                # It is longer than a page, and where it may be cut there is no page's end.
                cut = paragraph.cut(room - bool(paragraph.again))
            if cut is not None:
                page += [*[_EMPTY] * gap, *cut[0].lines]
                paragraph = cut[1]
            self._pages.append([])

    def pages(self) -> list[Page]:
        """Return the pages."""
        return [tuple(page) for page in self._pages]


def _kept_with(paragraph: _Paragraph, after: _Paragraph | None) -> int:
    """Return how many lines must stand on the same page, below a paragraph."""
    return after.gap + after.least if paragraph.keeps_next and after is not None and not after.begins_page else 0


class _Composer:
    """Makes paragraphs of a script. Sections are bookmarks of what follows them, for Fountain's are not printed."""

    def __init__(self, page_format: Format) -> None:
        self._format = page_format
        self._paragraphs: list[_Paragraph] = []
        self._sections: list[int] = []
        """The levels of the sections that are open."""
        self._bookmarks: list[tuple[int, str]] = []
        self._breaks = False

    def paragraphs(self, script: Script) -> list[_Paragraph]:
        """Return the paragraphs of a script, from first to last."""
        for number, act in enumerate(script.acts, start=1):
            if script.has_acts:
                self._open(1, act.title or f"Act {number}")
            if act.synopsis:
                self._add(_told(act.synopsis, self._format))
            for scene in act.scenes:
                self._add_blocks(scene.before, keeps_next=True)
                if scene.heading:
                    self._add_heading(scene.heading, scene.number)
                self._add_blocks(scene.blocks)
        if self._bookmarks:
            last = self._paragraphs[-1]
            *above, line = last.lines
            marked = replace(line, bookmarks=(*line.bookmarks, *self._bookmarks))
            self._paragraphs[-1] = replace(last, lines=(*above, marked))
        return self._paragraphs

    def _add_blocks(self, blocks: Iterable[Block], *, keeps_next: bool = False) -> None:
        for block in side_by_side(blocks):
            if isinstance(block, Section):
                self._open(block.level, plain(block.text))
            elif isinstance(block, PageBreak):
                self._breaks = True
            else:
                paragraph = _paragraph(block, self._format)
                self._add(replace(paragraph, keeps_next=keeps_next))

    def _add_heading(self, heading: str, number: str) -> None:
        self._bookmarks.append((len(self._sections), heading))
        first, *others = wrapped((Run(heading),), self._format.columns)
        lines = (replace(_line(0, *first), number=number), *(_line(0, *other) for other in others))
        self._add(_Paragraph(lines=lines, gap=2, keeps_next=True))

    def _open(self, level: int, title: str) -> None:
        while self._sections and self._sections[-1] >= level:
            self._sections.pop()
        self._bookmarks.append((len(self._sections), title))
        self._sections.append(level)

    def _add(self, paragraph: _Paragraph) -> None:
        first, *others = paragraph.lines
        lines = (replace(first, bookmarks=tuple(self._bookmarks)), *others)
        self._paragraphs.append(replace(paragraph, lines=lines, begins_page=self._breaks))
        self._bookmarks, self._breaks = [], False


def _paragraph(block: _Printed, page_format: Format) -> _Paragraph:
    columns = page_format.columns
    match block:
        case Action(centred=True):
            lines = wrapped(runs(block.text), columns)
            return _Paragraph(lines=tuple(_line((columns - _width(line)) // 2, *line) for line in lines))
        case Action():
            return _Paragraph(lines=tuple(_line(0, *line) for line in wrapped(runs(block.text), columns)))
        case Lyric():
            lines = wrapped(_italic(block.text), page_format.speech_columns)
            return _Paragraph(lines=tuple(_line(_DIALOGUE, *line) for line in lines))
        case Transition():
            lines = wrapped(runs(block.text), columns)
            return _Paragraph(lines=tuple(_line(0 if block.opens else columns - _width(line), *line) for line in lines))
        case Synopsis():
            return _told(block.text, page_format)
        case Note():
            return _told(f"[{escaped(block.text)}]", page_format)
        case DualSpeech():
            return _dual(block, page_format)
        case _:
            return _single(block, page_format)


def _told(markup: str, page_format: Format) -> _Paragraph:
    """Return what is no part of the film, in italics."""
    return _Paragraph(lines=tuple(_line(0, *line) for line in wrapped(_italic(markup), page_format.columns)))


def _single(speech: Speech, page_format: Format) -> _Paragraph:
    where = _SpeechFormat(
        cue=_CUE,
        aside=_PARENTHETICAL,
        text=_DIALOGUE,
        cue_columns=page_format.columns - _CUE,
        aside_columns=25,
        text_columns=page_format.speech_columns,
    )
    lines, asides = _speech_lines(speech, where)
    cue = plain(speech.cue)
    continued = "" if _CONTINUED in cue.upper() else f" {_CONTINUED}"
    again = (_line(_CUE, Run(shortened(cue, where.cue_columns - len(continued)) + continued)),)
    return _Paragraph(lines=lines, again=again, asides=asides)


def _dual(block: DualSpeech, page_format: Format) -> _Paragraph:
    columns = (page_format.columns - 3) // 2
    sides = []
    for speech, left in ((block.left, 0), (block.right, columns + 3)):
        where = _SpeechFormat(
            cue=left + 8,
            aside=left + 4,
            text=left,
            cue_columns=columns - 8,
            aside_columns=columns - 8,
            text_columns=columns,
        )
        sides.append(_speech_lines(speech, where)[0])
    rows = zip_longest(*sides, fillvalue=_EMPTY)
    return _Paragraph(lines=tuple(Line(pieces=(*left.pieces, *right.pieces)) for left, right in rows), splits=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _SpeechFormat:
    """Where the parts of a speech begin, and how many columns each has."""

    cue: int
    aside: int
    text: int
    cue_columns: int
    aside_columns: int
    text_columns: int


def _speech_lines(speech: Speech, where: _SpeechFormat) -> tuple[tuple[Line, ...], frozenset[int]]:
    """Return the lines of a speech, and which of them are parentheticals."""
    lines = [_line(where.cue, *line) for line in wrapped(runs(speech.cue), where.cue_columns)]
    asides: set[int] = set()
    for part in speech.parts:
        if part.kind == PartKind.PARENTHETICAL:
            found = [_line(where.aside, *line) for line in wrapped(runs(part.text), where.aside_columns)]
            asides.update(range(len(lines), len(lines) + len(found)))
        else:
            text = _italic(part.text) if part.kind == PartKind.LYRIC else runs(part.text)
            found = [_line(where.text, *line) for line in wrapped(text, where.text_columns)]
        lines += found
    return tuple(lines), frozenset(asides)


def _italic(markup: str) -> tuple[Run, ...]:
    return tuple(replace(run, italic=True) for run in runs(markup))


def _line(column: int, *text: Run) -> Line:
    return Line(pieces=(Piece(column, text),)) if text else _EMPTY


def _width(line: Iterable[Run]) -> int:
    return sum(columns_of(run.text) for run in line)
