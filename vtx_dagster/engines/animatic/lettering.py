"""Lettering: fonts, wrapping and fitting of any text. Where text stands on the page belongs elsewhere."""

import unicodedata
from pathlib import Path
from typing import Final

from vtx_dagster.engines.animatic.typefaces import FOLDERS, Face, Others

_BUNDLED: Final = Path(__file__).parent / "fonts/DejaVuSansCondensed.ttf"
_BUNDLED_BOLD: Final = Path(__file__).parent / "fonts/DejaVuSansCondensed-Bold.ttf"
ELLIPSIS: Final = "…"
_SMALL_KANA: Final = frozenset("ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々")
_NOT_FIRST: Final = {"Pe", "Pf", "Po", "Mn", "Me", "Mc", "Cf"}
"""Categories of what no line may begin with: closing brackets and quotes, stops and commas, what belongs to the letter before."""
_NOT_LAST: Final = {"Ps", "Pi"}
MAX_CHARACTERS: Final = 4000
"""Of any one text; what is longer can never be read from a frame and is cut before it costs time."""


class Lettering:
    """A typeface in two weights: the bundled one, or a font file of the user's for both.

    Letters that it lacks are taken from fonts of the machine that are known and have them.

    Args:
        font: A file in place of the bundled font.
        folders: Where other fonts are looked for, once a letter is lacking.

    Attributes:
        missing: Letters that were asked for and that no font has.

    Raises:
        RenderError: If the file is not a font.
    """

    def __init__(self, font: Path | None = None, *, folders: tuple[Path, ...] = FOLDERS) -> None:
        self._regular = font or _BUNDLED
        self._bold = font or _BUNDLED_BOLD
        self._others = Others((_BUNDLED,) if font else (), folders)
        self.missing: set[str] = set()
        self.face(12).font  # noqa: B018

    def face(self, size_px: int, *, bold: bool = False) -> Face:
        """Return the font at a size, in pixels per em."""
        return Face(self._bold if bold else self._regular, size_px, self._others, self.missing)

    def lacks(self, text: str) -> bool:
        """Say whether there is a letter in a text that no font has."""
        face = Face(self._regular, 12, self._others, set())
        face.getlength(text)
        return bool(face.missing)


def plain(text: str) -> str:
    """Return a text on one line: white space collapsed, what no font can draw (controls, lone surrogates) gone."""
    spaced = "".join(" " if character.isspace() else character for character in text[:MAX_CHARACTERS])
    kept = (character for character in spaced if unicodedata.category(character) not in {"Cc", "Cs", "Cn", "Co"})
    return " ".join("".join(kept).split())


def written_lines(text: str) -> list[str]:
    """Return a text line by line as it was written, each line plain; no two empty lines in a row, and none at the ends."""
    lines: list[str] = []
    for line in map(plain, text[:MAX_CHARACTERS].splitlines()):
        if line or (lines and lines[-1]):
            lines.append(line)
    return lines[:-1] if lines and not lines[-1] else lines


def fitted(text: str, face: Face, width_px: float) -> str:
    """Return the text, or as much of its start as fits, with an ellipsis; nothing if not even that fits."""
    if face.getlength(text) <= width_px:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if face.getlength(text[:middle].rstrip() + ELLIPSIS) <= width_px:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + ELLIPSIS if low else ""


def fitted_around(text: str, face: Face, width_px: float) -> str:
    """Return the text, or as much of its start and end as fits, with an ellipsis between; nothing if not even that fits."""
    if face.getlength(text) <= width_px:
        return text

    def around(kept: int) -> str:
        return text[: kept - kept // 2].rstrip() + ELLIPSIS + text[len(text) - kept // 2 :].lstrip()

    low, high = 0, len(text) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if face.getlength(around(middle)) <= width_px:
            low = middle
        else:
            high = middle - 1
    return around(low) if low else ""


def wrapped(text: str, face: Face, width_px: float) -> list[str]:
    """Return the text broken into lines that fit: between words, at wide letters (Chinese, Japanese, Korean) anywhere.

    A word wider than a line is broken inside.
    """
    lines: list[str] = []
    line = ""
    for word in text.split():
        gap = " "
        for unit in _units(word):
            longer = f"{line}{gap}{unit}" if line else unit
            gap = ""
            if face.getlength(longer) <= width_px:
                line = longer
                continue
            if line:
                lines.append(line)
            *full, line = _pieces(unit, face, width_px)
            lines.extend(full)
    return [*lines, line] if line else lines


def is_wide(character: str) -> bool:
    """Say whether lines may be broken before and after a character, as in what is written without spaces."""
    return unicodedata.east_asian_width(character) in "WF"


def _units(word: str) -> list[str]:
    """Return a word in the parts between which a line may be broken."""
    units = [""]
    for character in word:
        before = units[-1][-1:]
        if before and (is_wide(character) or is_wide(before)) and _may_part(before, character):
            units.append("")
        units[-1] += character
    return units


def _may_part(before: str, character: str) -> bool:
    return not (
        character in _SMALL_KANA or unicodedata.category(character) in _NOT_FIRST or unicodedata.category(before) in _NOT_LAST
    )


def _pieces(word: str, face: Face, width_px: float) -> list[str]:
    pieces = [""]
    for character in word:
        if pieces[-1] and face.getlength(pieces[-1] + character) > width_px:
            pieces.append("")
        pieces[-1] += character
    return pieces


def ellipsized(lines: list[str], most: int, face: Face, width_px: float) -> list[str]:
    """Return at most ``most`` lines; the last one says if there was more."""
    if len(lines) <= most:
        return lines
    return (
        [*lines[: most - 1], fitted(lines[most - 1] + " " + lines[most], face, width_px).rstrip(ELLIPSIS).rstrip() + ELLIPSIS]
        if most
        else []
    )
