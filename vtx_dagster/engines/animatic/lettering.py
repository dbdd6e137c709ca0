"""Lettering: fonts, wrapping and fitting of any text. Where text stands on the page belongs elsewhere."""

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import ImageFont

from vtx_dagster.core.errors import RenderError

_FONTS: Final = Path(__file__).parent / "fonts"
ELLIPSIS: Final = "…"
MAX_CHARACTERS: Final = 4000
"""Of any one text; what is longer can never be read from a frame and is cut before it costs time."""


class Lettering:
    """A typeface in two weights: the bundled one, or a font file of the user's for both.

    Raises:
        RenderError: If the file is not a font.
    """

    def __init__(self, font: Path | None = None) -> None:
        self._regular = font or _FONTS / "DejaVuSansCondensed.ttf"
        self._bold = font or _FONTS / "DejaVuSansCondensed-Bold.ttf"
        self.face(12)

    def face(self, size_px: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
        """Return the font at a size, in pixels per em."""
        return _face(self._bold if bold else self._regular, size_px)


@lru_cache(maxsize=64)
def _face(path: Path, size_px: int) -> ImageFont.FreeTypeFont:
    try:
        return ImageFont.truetype(path, size_px)
    except OSError as error:
        raise RenderError(f"{path}: cannot be read as a font ({error}); set another font file", path=str(path)) from error


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


def fitted(text: str, face: ImageFont.FreeTypeFont, width_px: float) -> str:
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


def fitted_around(text: str, face: ImageFont.FreeTypeFont, width_px: float) -> str:
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


def wrapped(text: str, face: ImageFont.FreeTypeFont, width_px: float) -> list[str]:
    """Return the text broken into lines that fit; a word wider than a line is broken inside."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if face.getlength(longer) <= width_px:
            line = longer
            continue
        if line:
            lines.append(line)
        *full, line = _pieces(word, face, width_px)
        lines.extend(full)
    return [*lines, line] if line else lines


def _pieces(word: str, face: ImageFont.FreeTypeFont, width_px: float) -> list[str]:
    pieces = [""]
    for character in word:
        if pieces[-1] and face.getlength(pieces[-1] + character) > width_px:
            pieces.append("")
        pieces[-1] += character
    return pieces


def ellipsized(lines: list[str], most: int, face: ImageFont.FreeTypeFont, width_px: float) -> list[str]:
    """Return at most ``most`` lines; the last one says if there was more."""
    if len(lines) <= most:
        return lines
    return (
        [*lines[: most - 1], fitted(lines[most - 1] + " " + lines[most], face, width_px).rstrip(ELLIPSIS).rstrip() + ELLIPSIS]
        if most
        else []
    )
