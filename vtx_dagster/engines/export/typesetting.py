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
from vtx_dagster.engines.export.emphasis import Run, plain, runs
from vtx_dagster.engines.export.script import Action, Block, DualSpeech, Lyric, PartKind, Scene, Script, Speech, Transition

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
_EMPTY = Line()


def paginated(script: Script, page_format: Format) -> list[Page]:
    """Return the pages of a script, without title page and page numbers. There is at least one line on each."""
    pager = _Pager(page_format.lines)
    paragraphs = list(_paragraphs(script, page_format))
    for paragraph, after in zip_longest(paragraphs, paragraphs[1:]):
        pager.add(paragraph, after)
    return pager.pages()


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
    """

    lines: tuple[Line, ...]
    gap: int = 1
    again: tuple[Line, ...] = ()
    asides: frozenset[int] = frozenset()
    keeps_next: bool = False
    splits: bool = True

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
    return after.gap + after.least if paragraph.keeps_next and after is not None else 0


def _paragraphs(script: Script, page_format: Format) -> Iterator[_Paragraph]:
    has_acts = len(script.acts) > 1 or any(act.title for act in script.acts)
    for number, act in enumerate(script.acts, start=1):
        marks = [(0, act.title or f"Act {number}")] if has_acts else []
        for scene in act.scenes:
            marks.append((int(has_acts), scene.heading))
            yield from _scene(scene, page_format, bookmarks=tuple(marks))
            marks = []


def _scene(scene: Scene, page_format: Format, *, bookmarks: tuple[tuple[int, str], ...]) -> Iterator[_Paragraph]:
    first, *others = wrapped((Run(scene.heading),), page_format.columns)
    heading = (
        replace(_line(0, *first), number=scene.number, bookmarks=bookmarks),
        *(_line(0, *other) for other in others),
    )
    yield from (replace(_paragraph(block, page_format), keeps_next=True) for block in scene.before)
    yield _Paragraph(lines=heading, gap=2, keeps_next=True)
    yield from (_paragraph(block, page_format) for block in scene.blocks)


def _paragraph(block: Block, page_format: Format) -> _Paragraph:
    columns = page_format.columns
    match block:
        case Action(centred=True):
            lines = wrapped(runs(block.text), columns)
            return _Paragraph(lines=tuple(_line((columns - _width(line)) // 2, *line) for line in lines))
        case Action():
            return _Paragraph(lines=tuple(_line(0, *line) for line in wrapped(runs(block.text), columns)))
        case Lyric():
            lines = wrapped(_sung(block.text), page_format.speech_columns)
            return _Paragraph(lines=tuple(_line(_DIALOGUE, *line) for line in lines))
        case Transition():
            lines = wrapped(runs(block.text), columns)
            return _Paragraph(lines=tuple(_line(0 if block.opens else columns - _width(line), *line) for line in lines))
        case DualSpeech():
            return _dual(block, page_format)
        case _:
            return _single(block, page_format)


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
            text = _sung(part.text) if part.kind == PartKind.LYRIC else runs(part.text)
            found = [_line(where.text, *line) for line in wrapped(text, where.text_columns)]
        lines += found
    return tuple(lines), frozenset(asides)


def _sung(markup: str) -> tuple[Run, ...]:
    return tuple(replace(run, italic=True) for run in runs(markup))


def _line(column: int, *text: Run) -> Line:
    return Line(pieces=(Piece(column, text),)) if text else _EMPTY


def _width(line: Iterable[Run]) -> int:
    return sum(columns_of(run.text) for run in line)
