"""A screenplay as PDF: Courier Prime 12 pt, embedded, with title page, page numbers and bookmarks.

What Courier Prime does not have (Greek, Cyrillic, symbols) is set in DejaVu Sans Condensed, each letter as wide
as those of a typewriter.
"""

import io
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from vtx_dagster.core.export_formats import Paper
from vtx_dagster.engines.export.script import Script
from vtx_dagster.engines.export.typesetting import FORMATS, Format, Line, Page, columns_of, paginated, title_pages
from vtx_dagster.engines.screenplay.emphasis import Run

UNSHOWN: Final = "□"
"""Stands for a character that no font here has."""

_INCH: Final = 72.0
_SIZE_PT: Final = 12.0
_COLUMN_PT: Final = 7.2
_LEFT_PT: Final = 1.5 * _INCH
_TOP_PT: Final = 1.0 * _INCH
_SIZES_PT: Final = {Paper.LETTER: (612.0, 792.0), Paper.A4: (595.28, 841.89)}

_FONTS: Final = Path(__file__).parent / "fonts"
_OTHER: Final = "vtx-other"
_OTHER_FILE: Final = Path(__file__).parents[1] / "animatic/fonts/DejaVuSansCondensed.ttf"
_FACES: Final = {
    (False, False): ("vtx-courier", "CourierPrime.ttf"),
    (True, False): ("vtx-courier-bold", "CourierPrime-Bold.ttf"),
    (False, True): ("vtx-courier-italic", "CourierPrime-Italic.ttf"),
    (True, True): ("vtx-courier-bold-italic", "CourierPrime-BoldItalic.ttf"),
}
"""Name and file of each face, by bold and italic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedScript:
    """A PDF.

    Attributes:
        unshown: How often ``□`` stands in it for each character that cannot be set: East Asian scripts and emoji, which need
            other fonts, and Hebrew and Arabic, whose lines run from right to left.
    """

    data: bytes
    num_pages: int
    unshown: Mapping[str, int] = field(default_factory=dict)


def printed(script: Script, *, paper: Paper = Paper.LETTER) -> PrintedScript:
    """Return a script as PDF. The same script gives the same bytes.

    Returns:
        The PDF, whose pages are counted without the title page.
    """
    pages = paginated(script, FORMATS[paper])
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=_SIZES_PT[paper], invariant=1, pageCompression=1)
    canvas.setTitle(script.title)
    canvas.setAuthor(script.author)
    canvas.setCreator("vtx-dagster")
    typewriter = _Typewriter(canvas, height_pt=_SIZES_PT[paper][1])
    for page in title_pages(script.title_page, FORMATS[paper]):
        _type_page(typewriter, page, FORMATS[paper])
    for number, page in enumerate(pages, start=1):
        if number > 1:
            label = f"{number}."
            typewriter.type(FORMATS[paper].columns - len(label), -3, (Run(label),))
        _type_page(typewriter, page, FORMATS[paper])
    canvas.save()
    return PrintedScript(data=buffer.getvalue(), num_pages=len(pages), unshown=dict(sorted(typewriter.unshown.items())))


def _type_page(typewriter: "_Typewriter", page: Page, page_format: Format) -> None:
    for row, line in enumerate(page):
        _type_line(typewriter, line, row=row, right=page_format.columns + 1)
    typewriter.canvas.showPage()


def _type_line(typewriter: "_Typewriter", line: Line, *, row: int, right: int) -> None:
    for level, title in line.bookmarks:
        typewriter.bookmark(title, level=level, row=row)
    if line.number:
        typewriter.type(-2 - columns_of(line.number), row, (Run(line.number),))
    for piece in line.pieces:
        typewriter.type(piece.column, row, piece.runs)
    if line.number:
        typewriter.type(right, row, (Run(line.number),))


class _Typewriter:
    """Sets text on a grid of columns and rows. Rows count down from the top margin, columns from the left one."""

    def __init__(self, canvas: Canvas, *, height_pt: float) -> None:
        self.canvas = canvas
        self.unshown: Counter[str] = Counter()
        self._top_pt = height_pt - _TOP_PT - _SIZE_PT
        self._letters = _fonts()
        self._num_bookmarks = 0

    def type(self, column: int, row: int, text: tuple[Run, ...]) -> None:
        """Set a text."""
        for run in text:
            shown = unicodedata.normalize("NFC", run.text)
            self._type_run(column, row, run, shown)
            if run.underlined:
                x, y = self._at(column, row)
                self.canvas.line(x, y - 1.5, x + columns_of(shown) * _COLUMN_PT, y - 1.5)
            column += columns_of(shown)

    def bookmark(self, title: str, *, level: int, row: int) -> None:
        """Make a row an entry of the PDF's outline."""
        self._num_bookmarks += 1
        key = f"b{self._num_bookmarks}"
        self.canvas.bookmarkPage(key, fit="XYZ", top=self._at(0, row - 1)[1])
        self.canvas.addOutlineEntry(title, key, level=level, closed=level == 0)

    def _type_run(self, column: int, row: int, run: Run, text: str) -> None:
        face, _ = _FACES[run.bold, run.italic]
        if text.isascii():
            self._draw(face, text, column=column, row=row)
            return
        for in_face, group in groupby(text, key=self._letters[face].__contains__):
            letters = "".join(group)
            if in_face:
                self._draw(face, letters, column=column, row=row)
            else:
                self._type_others(column, row, letters)
            column += columns_of(letters)

    def _type_others(self, column: int, row: int, letters: str) -> None:
        """Set letters in the other font, each in the middle of its column; one that is too wide is made narrower."""
        for letter in letters:
            if unicodedata.category(letter) == "Cf" or 0xFE00 <= ord(letter) <= 0xFE0F:
                continue  # joiners and variation selectors say how to set their neighbours, and have no shape
            width = columns_of(letter)
            shown = letter
            if letter not in self._letters[_OTHER] or not _is_settable(letter):
                self.unshown[letter] += 1
                shown = UNSHOWN
            natural_pt = pdfmetrics.stringWidth(shown, _OTHER, _SIZE_PT)
            scale = min(1.0, _COLUMN_PT / natural_pt) if natural_pt else 1.0
            x, y = self._at(column if width else column - 1, row)
            text = self.canvas.beginText(x + (_COLUMN_PT - natural_pt * scale) / 2, y)
            text.setFont(_OTHER, _SIZE_PT)
            text.setHorizScale(scale * 100)
            text.textOut(shown)
            text.setHorizScale(100)
            self.canvas.drawText(text)
            column += width

    def _draw(self, font: str, text: str, *, column: int, row: int) -> None:
        self.canvas.setFont(font, _SIZE_PT)
        self.canvas.drawString(*self._at(column, row), text)

    def _at(self, column: int, row: int) -> tuple[float, float]:
        return _LEFT_PT + column * _COLUMN_PT, self._top_pt - row * _SIZE_PT


def _is_settable(letter: str) -> bool:
    """Say whether a letter can be set where it stands, and found again: a PDF made here has a wrong text for higher planes."""
    return unicodedata.bidirectional(letter) not in ("R", "AL") and letter <= "\uffff"


@lru_cache(maxsize=1)
def _fonts() -> dict[str, frozenset[str]]:
    """Make the fonts known, and return which characters each has."""
    return {name: frozenset(_registered(name, path)) for name, path in _font_files()}


def _font_files() -> Iterator[tuple[str, Path]]:
    yield from ((name, _FONTS / file) for name, file in _FACES.values())
    yield _OTHER, _OTHER_FILE


def _registered(name: str, path: Path) -> Iterator[str]:
    font = TTFont(name, str(path))
    pdfmetrics.registerFont(font)
    return map(chr, font.face.charToGlyph)
