"""A formatted screenplay as it stands on the page, as Fountain: what a line is, is told by where it begins.

Headings show where action begins, and the most common indent of ordinary text right of it is that of dialogue.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from vtx_dagster.engines.screenplay.emphasis import Run
from vtx_dagster.engines.screenplay.fountain_form import Kind, Paragraph, fountain_text
from vtx_dagster.engines.screenplay.heading import is_end_card, is_transition, without_number
from vtx_dagster.engines.screenplay.imported import ImportedScreenplay
from vtx_dagster.engines.screenplay.page_furniture import PageRemarks, without_furniture, without_title_page
from vtx_dagster.engines.screenplay.page_grid import Grid, is_bold
from vtx_dagster.engines.screenplay.page_marks import is_more, is_omitted, is_surely_continued
from vtx_dagster.engines.screenplay.typed_lines import (
    MARGIN_NUMBER,
    Piece,
    TypedLine,
    TypedPage,
    heading_lefts,
    is_name,
    may_be_name,
    name_in,
    words_of,
)


def read_typed_pages(pages: Sequence[TypedPage], *, name: str) -> ImportedScreenplay:
    """Return formatted pages as Fountain; empty text if there is no scene heading on them.

    Args:
        pages: The pages, with their headers and page numbers.
        name: The file's, for remarks.
    """
    remarks = PageRemarks(name)
    entries, script = without_title_page(pages)
    script = without_furniture(script, remarks)
    grid = Grid.of(script)
    if grid is None:
        return ImportedScreenplay(text="")
    reader = _Reader(grid, remarks)
    for page in script:
        reader.read(page)
    paragraphs = _without_usual_styles(reader.paragraphs())
    text, more = fountain_text(paragraphs, title_page=entries)
    return ImportedScreenplay(text=text, remarks=(*remarks.lines(), *(f"{name}: {remark}" for remark in more)))


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

    def __init__(self, grid: Grid, remarks: PageRemarks) -> None:
        self._grid = grid
        self._remarks = remarks
        self._done: list[Paragraph] = []
        self._open: _Open | None = None
        self._in_speech = False
        self._is_torn = False
        self._page = ""
        self._speaker = ""
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
        if is_torn and len(block) > 1 and name_in(words_of(block[0])) == self._speaker:
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
        words = words_of(below)
        if words[:1].islower():
            return True
        ends = words_of(above).rstrip("\"'”’)*_")[-1:] in (".", "!", "?", ":", "…", "-", "—")  # noqa: RUF001
        return not ends and not self._has_room(above, below, kind=kind) and words != words.upper()

    def _has_room(self, above: TypedLine, below: TypedLine, *, kind: Kind) -> bool:
        """Say whether the first word of a line would have fitted into the one above, so that its break was meant."""
        margin = self._grid.speech_margin if kind == Kind.DIALOGUE else self._grid.margin
        word = words_of(below).split(" ", 1)[0]
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
        words, grid = words_of(line), self._grid
        if is_more(words):
            self._is_torn = True
            return
        if is_surely_continued(words) or is_omitted(words):
            return
        if self._is_heading(line) or (starts and below is None and self._is_minor_heading(line)):
            self._read_heading(line)
            return
        if self._goes_on_heading(line, starts=starts):
            return
        if self._is_cue(line, below, starts=starts):
            self._start(Kind.CUE, line)
            self._speaker = name_in(words)
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
        if len(pieces) > 1 and MARGIN_NUMBER.match(pieces[0].text.strip()):
            number = pieces.pop(0).text.strip().rstrip(".)")
        if len(pieces) > 1 and MARGIN_NUMBER.match(last := pieces[-1].text.strip()) and number in ("", last.rstrip(".)")):
            number = last.rstrip(".)")
            pieces.pop()
        text, found = without_number(" ".join(piece.text for piece in pieces))
        number = found or number
        pieces = [Piece(left=pieces[0].left, right=pieces[-1].right, runs=(Run(text),))]
        self._in_speech = False
        self._start(Kind.HEADING, replace(line, pieces=tuple(pieces)), number=number)

    def _goes_on_heading(self, line: TypedLine, *, starts: bool) -> bool:
        """Add the second line of a long heading to it."""
        opened = self._open
        if starts or opened is None or opened.kind != Kind.HEADING or words_of(line) != words_of(line).upper():
            return False
        if line.left < self._grid.action - self._grid.character or self._has_room(opened.lines[-1], line, kind=Kind.HEADING):
            return False
        opened.lines.append(line)
        return True

    def _read_left(self, line: TypedLine, *, below: TypedLine | None, starts: bool) -> None:
        words = words_of(line)
        if starts and below is None and (is_end_card(words) or is_transition(words)):
            self._start(Kind.TRANSITION, line)
            return
        if starts and below is None and is_name(words) and words[-1].isalnum():
            self._remarks.add("a line in capitals on its own was taken as action, not as a scene", self._page, words)
        if not starts and self._open is not None and self._open.kind == Kind.ACTION:
            self._open.lines.append(line)
        else:
            self._start(Kind.ACTION, line)

    def _read_indented(self, line: TypedLine, *, starts: bool) -> None:
        words, grid, opened = words_of(line), self._grid, self._open
        is_right = line.left > grid.middle and abs(line.right - grid.margin) < 3 * grid.character and len(words) < 40
        is_beyond_speech = words.endswith(":") and line.left > grid.speech + 2 * grid.character
        is_set_apart = is_name(words) and (is_right or is_beyond_speech)
        if is_transition(words) or is_set_apart or (is_end_card(words) and not self._is_centred(line)):
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
        words, opened = words_of(line), self._open
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
        return any(abs(left - self._grid.action) < 4 * self._grid.character for left in heading_lefts(line))

    def _is_minor_heading(self, line: TypedLine) -> bool:
        """Say whether a line in capitals is set as headings are, though it does not begin as they do: ``BACK IN THE BAR``."""
        grid, first = self._grid, line.pieces[0]
        if len(line.pieces) > 1 and first.right < grid.action and MARGIN_NUMBER.match(first.text.strip()):
            return abs(line.pieces[1].left - grid.action) < grid.character
        words = words_of(line)
        if abs(line.left - grid.action) >= grid.character or not is_name(words) or is_transition(words) or is_end_card(words):
            return False
        return (grid.are_headings_bold and is_bold(line)) or self._gap > grid.heading_gap

    def _is_cue(self, line: TypedLine, below: TypedLine | None, *, starts: bool) -> bool:
        """Say whether a line is a name above a speech: right of dialogue, or in the middle above centred dialogue."""
        grid, words = self._grid, words_of(line)
        is_worded = is_name(words) or (starts and may_be_name(words))
        if below is None or len(line.pieces) > 1 or not is_worded or below.left < grid.action + 3 * grid.character:
            return False
        if words_of(below).startswith("(") or abs(below.left - grid.speech) < 2 * grid.character:
            return line.left > grid.speech + 1.5 * grid.character or (self._is_centred(line) and not self._in_speech)
        return is_name(words) and self._is_centred(line) and self._is_centred(below) and not is_name(words_of(below))

    def _is_other(self, line: TypedLine) -> bool:
        """Say whether a line below an empty one is no dialogue, though a speech stands above."""
        return abs(line.left - self._grid.speech) > 1.5 * self._grid.character and not words_of(line).startswith("(")

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


def _is_closed(opened: _Open) -> bool:
    text = " ".join(map(words_of, opened.lines))
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
