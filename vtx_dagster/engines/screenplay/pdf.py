"""PDF screenplays with a text layer as typed pages: which letters stand where. What they are is told by ``typed_pages``.

PDFium reads the files, the library of Chrome's viewer: it gives the place of every letter whatever made the file, repairs broken
cross references, and takes a third of a second for a feature. It is not safe in threads, hence the lock.
"""

import ctypes
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.engines.screenplay.emphasis import Run
from vtx_dagster.engines.screenplay.imported import ImportedScreenplay
from vtx_dagster.engines.screenplay.typed_lines import Piece, TypedLine, TypedPage
from vtx_dagster.engines.screenplay.typed_pages import read_typed_pages

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfTextPage

MAX_PAGES: Final = 2000
MAX_PAGE_CHARACTERS: Final = 20_000
"""A typed page has 3,000."""

_READING = threading.Lock()
_PASSWORD_ERROR: Final = 4
_SPACE_EM, _SURE_SPACE_EM, _WIDE_EM = 0.15, 0.5, 1.4
"""Gaps that separate words without spaces in the text, with them, and those that separate columns. Courier has 0.6 em."""

_BACK_EM: Final = 1.0
_LEAST_SPACES: Final = 0.05
"""Share of the letters of a page from which on its spaces are taken for all spaces that there are."""
_EM: Final = 0.9
"""Of the height of a letter's box, which leaves room above and below; the size that a PDF names may be scaled by its page."""

_SAME_PLACE_EM: Final = 0.12
_MAX_LIGATURE, _EXACTLY_PT = 3, 0.05
_SAME_LINE_EM: Final = 0.35
_FAR_PT: Final = 1e5
"""Longer than any page: PDFium places letters there, or at no number at all, where a file is damaged."""
_LIGATURES: Final = {
    "ﬀ": "ff",
    "ﬁ": "fi",
    "ﬂ": "fl",
    "ﬃ": "ffi",
    "ﬄ": "ffl",
    "\u00ad": "-",
    "\u2011": "-",
    "\ufffe": "-",
    "\x02": "-",
}


@dataclass(frozen=True, slots=True)
class _Letter:
    """A letter on a page: its left and right edge, its baseline from the top, and its size."""

    text: str
    left: float
    right: float
    y: float
    size: float
    bold: bool
    italic: bool


def read_pdf(data: bytes, *, name: str) -> ImportedScreenplay:
    """Return a PDF screenplay as Fountain.

    Args:
        data: The bytes of the file.
        name: The file's, for errors and remarks.

    Raises:
        InvalidFileError: If it is no PDF, asks for a password, is far too long, has no text in it or no scene heading.
    """
    with _READING:
        pages, remarks = _pages(data, name)
    if not any(page.lines for page in pages):
        message = (
            f"{name}: none of its {len(pages)} pages has text, only pictures: run text recognition (OCR) on it, or export the"
            " screenplay from the program that it was written in"
        )
        raise InvalidFileError(message, file=name)
    empty = [page.label.removeprefix("page ") for page in pages if not page.lines]
    if empty:
        remarks.append(f"{name}: no text on page {', '.join(empty)}: what stands there, if anything, is a picture")
    read = read_typed_pages(pages, name=name)
    if not read.text:
        message = (
            f"{name}: no scene heading such as INT. KITCHEN - DAY on any page: this is no screenplay, or not in its usual form"
        )
        raise InvalidFileError(message, file=name)
    return ImportedScreenplay(text=read.text, remarks=(*remarks, *read.remarks))


def _pages(data: bytes, name: str) -> tuple[list[TypedPage], list[str]]:
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        document = PdfDocument(data)
    except PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD_ERROR:
            message = f"{name}: the PDF asks for a password: save it without one"
        else:
            message = f"{name}: not a PDF that can be read ({error}): export it anew"
        raise InvalidFileError(message, file=name) from error
    try:
        if len(document) > MAX_PAGES:
            raise InvalidFileError(f"{name}: {len(document)} pages are too many: at most {MAX_PAGES} are read", file=name)
        return _read_pages(document, name)
    finally:
        document.close()


def _read_pages(document: "PdfDocument", name: str) -> tuple[list[TypedPage], list[str]]:
    from pypdfium2 import PdfiumError

    pages: list[TypedPage] = []
    slanted: list[str] = []
    for index in range(len(document)):
        label = f"page {index + 1}"
        try:
            page = document[index]
            text = page.get_textpage()
        except PdfiumError as error:
            raise InvalidFileError(f"{name}: {label} of the PDF is broken ({error}): export it anew", file=name) from error
        width, height = page.get_size()
        left, _, _, top = page.get_bbox()
        letters, has_slanted = _letters(_LetterReader(text, left=left, top=top), name=name, label=label)
        if has_slanted:
            slanted.append(str(index + 1))
        pages.append(TypedPage(label=label, width=width, height=height, lines=tuple(_typed_lines(letters))))
    remarks = [f"{name}: slanted text, such as a watermark, was left out: page {', '.join(slanted)}"] if slanted else []
    return pages, remarks


def _letters(reader: "_LetterReader", *, name: str, label: str) -> tuple[list[_Letter], bool]:
    """Return the letters of a page, and whether there are others that do not stand upright."""
    if reader.num_letters > MAX_PAGE_CHARACTERS:
        message = f"{name}: {label} has {reader.num_letters} characters, and a page of a screenplay at most {MAX_PAGE_CHARACTERS}"
        raise InvalidFileError(message, file=name)
    letters = [letter for index in range(reader.num_letters) if (letter := reader.letter(index)) is not None]
    return list(_once(letters)), reader.has_slanted


def _once(letters: Sequence[_Letter]) -> Iterator[_Letter]:
    """Yield the letters without those that are printed twice at one place, to make them bold.

    Letters of one ligature stand at one place, too: exactly, and right after each other.
    """
    seen: dict[tuple[str, int, int], tuple[int, float]] = {}
    for number, letter in enumerate(letters):
        step = _SAME_PLACE_EM * letter.size
        column, row = round(letter.left / step), round(letter.y / step)
        near = [seen.get((letter.text, column + x, row + y)) for x in (-1, 0, 1) for y in (-1, 0, 1)]
        before = next((found for found in near if found is not None), None)
        is_ligature = before is not None and number - before[0] <= _MAX_LIGATURE and abs(letter.left - before[1]) < _EXACTLY_PT
        if letter.text == " " or before is None or is_ligature:
            seen[letter.text, column, row] = (number, letter.left)
            yield letter


class _LetterReader:
    """Asks PDFium for one letter after another."""

    def __init__(self, page: "PdfTextPage", *, left: float, top: float) -> None:
        from pypdfium2 import raw

        self._raw = raw
        self._page = page
        self._left, self._top = left, top
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._box = raw.FS_RECTF()
        self._styles: dict[int | None, tuple[bool, bool]] = {}
        self.num_letters = page.count_chars()
        self.has_slanted = False

    def letter(self, index: int) -> _Letter | None:
        """Return a letter; None for what has no place on the page or stands askew."""
        raw, page = self._raw, self._page
        code = raw.FPDFText_GetUnicode(page, index)
        text = chr(code) if 0 < code < 0x110000 else ""
        text = _LIGATURES.get(text, text)
        text = " " if text.isspace() else text
        is_shown = bool(text) and text.isprintable() and raw.FPDFText_IsGenerated(page, index) != 1
        has_place = is_shown and raw.FPDFText_GetLooseCharBox(page, index, self._box)
        if not (has_place and raw.FPDFText_GetCharOrigin(page, index, self._x, self._y)):
            return None
        box = (self._box.left, self._box.right, self._box.top, self._box.bottom, self._y.value)
        if not all(abs(coordinate) < _FAR_PT for coordinate in box):  # nor is NaN less than anything
            return None
        angle = raw.FPDFText_GetCharAngle(page, index)
        if 0.02 < angle < 6.26:
            self.has_slanted = True
            return None
        bold, italic = self._style(index)
        return _Letter(
            text,
            self._box.left - self._left,
            self._box.right - self._left,
            self._top - self._y.value,
            max(self._box.top - self._box.bottom, 1.0) * _EM,
            bold,
            italic,
        )

    def _style(self, index: int) -> tuple[bool, bool]:
        raw = self._raw
        text_object = raw.FPDFText_GetTextObject(self._page, index)
        key = ctypes.cast(text_object, ctypes.c_void_p).value
        if key not in self._styles:
            buffer, flags = ctypes.create_string_buffer(200), ctypes.c_int()
            raw.FPDFText_GetFontInfo(self._page, index, buffer, 200, flags)
            font = buffer.value.decode("utf-8", errors="replace").lower()
            self._styles[key] = ("bold" in font, "italic" in font or "oblique" in font)
        return self._styles[key]


def _typed_lines(letters: Sequence[_Letter]) -> Iterator[TypedLine]:
    """Yield the lines of a page from top to bottom."""
    rows: list[list[tuple[int, _Letter]]] = []
    num_spaces = sum(letter.text == " " for letter in letters)
    space_em = _SURE_SPACE_EM if num_spaces > _LEAST_SPACES * len(letters) else _SPACE_EM
    in_place = [(number, letter) for number, letter in enumerate(letters) if letter.text != " "]
    for number, letter in sorted(in_place, key=lambda found: (found[1].y, found[0])):
        if rows and letter.y - rows[-1][0][1].y < _SAME_LINE_EM * letter.size:
            rows[-1].append((number, letter))
        else:
            rows.append([(number, letter)])
    for row in rows:
        row.sort(key=lambda found: found[0])
        yield TypedLine(y=row[0][1].y, pieces=tuple(_pieces(row, letters, space_em=space_em)))


def _fragments(row: Sequence[tuple[int, _Letter]]) -> list[list[tuple[int, _Letter]]]:
    """Return the parts of a row from left to right, each in the order in which it was written.

    Where a letter stands is not always its place in the word: vowels of Indic scripts stand before the letter that they follow.
    """
    fragments: list[list[tuple[int, _Letter]]] = []
    for number, letter in row:
        before = fragments[-1][-1][1] if fragments else None
        if (
            before is None
            or letter.left < before.left - _BACK_EM * letter.size
            or letter.left > before.right + _WIDE_EM * letter.size
        ):
            fragments.append([])
        fragments[-1].append((number, letter))
    return sorted(fragments, key=lambda fragment: min(letter.left for _, letter in fragment))


def _pieces(row: Sequence[tuple[int, _Letter]], letters: Sequence[_Letter], *, space_em: float) -> Iterator[Piece]:
    """Yield the pieces of a row, parted at wide gaps."""
    piece: list[_Letter] = []
    for fragment in _fragments(row):
        for position, (number, letter) in enumerate(fragment):
            if not piece:
                piece = [letter]
                continue
            before = piece[-1]
            gap = letter.left - before.right
            overlaps = position == 0 and gap < -_SURE_SPACE_EM * letter.size
            if gap > _WIDE_EM * letter.size or overlaps:
                yield _piece(piece)
                piece = [letter]
                continue
            has_space = letters[number - 1].text == " "
            if has_space or gap > space_em * letter.size:
                piece.append(replace(before, text=" ", bold=before.bold and letter.bold, italic=before.italic and letter.italic))
            piece.append(letter)
    yield _piece(piece)


def _piece(letters: Sequence[_Letter]) -> Piece:
    runs = tuple(
        Run("".join(letter.text for letter in group), bold=bold, italic=italic)
        for (bold, italic), group in groupby(letters, key=lambda letter: (letter.bold, letter.italic))
    )
    return Piece(left=min(letter.left for letter in letters), right=max(letter.right for letter in letters), runs=runs)
