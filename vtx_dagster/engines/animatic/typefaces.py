"""Fonts: which letters they have, and which fonts of this machine have those that the chosen one does not."""

import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from vtx_dagster.core.errors import RenderError

FOLDERS: Final = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("~/.local/share/fonts"),
    Path("~/.fonts"),
    Path("/System/Library/Fonts"),
    Path("/Library/Fonts"),
    Path("~/Library/Fonts"),
    Path("/mnt/c/Windows/Fonts"),
)
"""Where Linux, macOS and Windows (from its Linux) keep fonts."""

KNOWN_FONTS: Final = (
    # Chinese, Japanese and Korean.
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKjp-Regular.otf",
    "NotoSansJP-Regular.ttf",
    "NotoSansJP-Regular.otf",
    "ヒラギノ角ゴシック W3.ttc",
    "Hiragino Sans GB.ttc",
    "PingFang.ttc",
    "YuGothR.ttc",
    "msgothic.ttc",
    "ipag.ttf",
    "ipagp.ttf",
    "TakaoPGothic.ttf",
    "NotoSansSC-Regular.otf",
    "NotoSansSC-Regular.ttf",
    "msyh.ttc",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "NotoSansKR-Regular.otf",
    "NotoSansKR-Regular.ttf",
    "AppleSDGothicNeo.ttc",
    "malgun.ttf",
    "NanumGothic.ttf",
    # The scripts of India, and Thai.
    "NotoSansDevanagari-Regular.ttf",
    "Kohinoor.ttc",
    "Lohit-Devanagari.ttf",
    "NotoSansBengali-Regular.ttf",
    "NotoSansTamil-Regular.ttf",
    "NotoSansTelugu-Regular.ttf",
    "Nirmala.ttc",
    "Nirmala.ttf",
    "NotoSansThai-Regular.ttf",
    "Thonburi.ttc",
    "LeelawUI.ttf",
    # Much of everything, and signs.
    "Arial Unicode.ttf",
    "FreeSans.ttf",
    "NotoNaskhArabic-Regular.ttf",
    "NotoSansSymbols2-Regular.ttf",
    "NotoEmoji-Regular.ttf",
    "Symbola.ttf",
    "Apple Symbols.ttf",
    "seguisym.ttf",
    "seguiemj.ttf",
)
"""Files of fonts that are common, the first choice first."""

_NO_CHARACTER: Final = "\U0010fffe"
_PROBED_PX: Final = 20
_FOLLOWING: Final = {"Mn", "Me", "Cf", "Zs"}
"""Categories of what has no shape of its own, and is drawn with what it follows."""


class Others:
    """Fonts for letters that a font lacks; those of the machine are looked for once there is one.

    Args:
        first: Files that come before any of the machine.
        folders: Where those of the machine are.
    """

    def __init__(self, first: tuple[Path, ...], folders: tuple[Path, ...]) -> None:
        self._first, self._folders = first, folders

    def __iter__(self) -> Iterator[Path]:
        yield from self._first
        yield from installed(self._folders)


@dataclass(frozen=True, slots=True)
class Face:
    """A font at a size, with others that have letters which it lacks.

    Attributes:
        path: File of the font.
        size_px: Pixels per em.
        others: Fonts for what it lacks, the first choice first.
        missing: Takes the letters that were asked for and that no font has; they are drawn as empty boxes.
    """

    path: Path
    size_px: int
    others: Others
    missing: set[str]

    @property
    def font(self) -> ImageFont.FreeTypeFont:
        """The font itself.

        Raises:
            RenderError: If the file is not one.
        """
        return loaded(self.path, self.size_px)

    def getlength(self, text: str) -> float:
        """Return how wide a line is, in pixels."""
        return sum(font.getlength(part) for part, font in self._parts(text))

    def write(
        self,
        draw: ImageDraw.ImageDraw,
        at: tuple[float, float],
        line: str,
        *,
        fill: int | tuple[int, ...],
        anchor: str,
        stroke: tuple[int, tuple[int, ...]] | None = None,
    ) -> None:
        """Write a line.

        Args:
            draw: What to write on.
            at: Where the anchor is, in pixels.
            line: Of text.
            fill: Its colour.
            anchor: ``lm`` or ``mm``: the left end or the middle, halfway up.
            stroke: Width in pixels and colour of an outline.
        """
        width, colour = stroke or (0, None)
        parts = self._parts(line)
        if len(parts) <= 1:
            font = parts[0][1] if parts else self.font
            draw.text(at, line, fill=fill, font=font, anchor=anchor, stroke_width=width, stroke_fill=colour)
            return
        ascent, descent = self.font.getmetrics()
        x, y = at[0] - (self.getlength(line) / 2 if anchor == "mm" else 0), at[1] + (ascent - descent) / 2
        for part, font in parts:
            draw.text((x, y), part, fill=fill, font=font, anchor="ls", stroke_width=width, stroke_fill=colour)
            x += font.getlength(part)

    def _parts(self, text: str) -> list[tuple[str, ImageFont.FreeTypeFont]]:
        """Return the text in parts, each with the font that has it."""
        if text.isascii():
            return [(text, self.font)]
        parts: list[tuple[str, Path]] = []
        for character in text:
            path = parts[-1][1] if parts and unicodedata.category(character) in _FOLLOWING else self._with(character)
            if parts and parts[-1][1] == path:
                parts[-1] = (parts[-1][0] + character, path)
            else:
                parts.append((character, path))
        return [(part, loaded(path, self.size_px)) for part, path in parts]

    def _with(self, character: str) -> Path:
        """Return the first font that has a character; without any, the font itself."""
        found = next((path for path in chain((self.path,), self.others) if has(path, character)), None)
        if found is None and unicodedata.category(character) not in _FOLLOWING:
            self.missing.add(character)
        return found or self.path


@lru_cache(maxsize=64)
def loaded(path: Path, size_px: int) -> ImageFont.FreeTypeFont:
    """Return a font at a size, in pixels per em.

    Raises:
        RenderError: If the file is not a font.
    """
    try:
        return ImageFont.truetype(path, size_px)
    except OSError as error:
        raise RenderError(f"{path}: cannot be read as a font ({error}); set another font file", path=str(path)) from error


@lru_cache(maxsize=8192)
def has(path: Path, character: str) -> bool:
    """Say whether a font has a character: whether it draws it otherwise than one that there is in no font."""
    return character.isascii() or _shape(path, character) != _shape(path, _NO_CHARACTER)


@lru_cache(maxsize=8192)
def _shape(path: Path, character: str) -> bytes:
    sheet = Image.new("L", (3 * _PROBED_PX, 2 * _PROBED_PX))
    ImageDraw.Draw(sheet).text((_PROBED_PX, _PROBED_PX), character, fill=255, font=_probe(path), anchor="ls")
    return sheet.tobytes()


@lru_cache(maxsize=64)
def _probe(path: Path) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, _PROBED_PX, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=8)
def installed(folders: tuple[Path, ...] = FOLDERS) -> tuple[Path, ...]:
    """Return the known fonts that are in these folders or below, the first choice first, without those that cannot be read."""
    found: dict[str, Path] = {}
    for path in _files(folders):
        name = unicodedata.normalize("NFC", path.name)
        if name in KNOWN_FONTS and _is_font(path):
            found.setdefault(name, path)
    return tuple(found[name] for name in KNOWN_FONTS if name in found)


def _files(folders: tuple[Path, ...]) -> Iterator[Path]:
    for folder in folders:
        # Not everybody has a home.
        with suppress(RuntimeError):
            yield from sorted(folder.expanduser().rglob("*.[to]t[cf]"))


def _is_font(path: Path) -> bool:
    try:
        _probe(path)
    except OSError:
        return False
    return True
