"""The bytes of a text file as text, whatever wrote it."""

import re
from dataclasses import dataclass
from typing import Final

from vtx_dagster.core.errors import InvalidFileError

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_OLD_CODECS: Final = (("cp1252", "Windows-1252"), ("mac_roman", "Mac Roman"))
_LETTER_INSIDE = re.compile(r"(?<=[a-z])[^\x00-\x7f](?=[a-z])")
_USUAL = re.compile(r"(?<=\w)[’](?=\w)|(?<!\w)[“‘¿¡«](?=\w)|(?<=[\w.,!?…])[”’»](?!\w)|(?<=\w)…|(?<=[\w ])[–—](?=[\w ])")  # noqa: RUF001
_UNUSUAL = re.compile(r"[¤¦¨¬¶¸†‡‰‹›∂∑∏π∫ΩæøŒœªº◊ÿŸ⁄€ﬁﬂ·‚„ÂÊÁËÈÍÎÏÌÓÔÒÚÛÙıˆ˜¯˘˙˚˝˛ˇ\x80-\x9f]")  # noqa: RUF001
_MAX_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedText:
    """A text, and what had to be done to read it."""

    text: str
    remarks: tuple[str, ...] = ()


def decode_text(data: bytes, *, name: str) -> DecodedText:
    """Return the text of a file; line ends and form feeds stay as they are.

    UTF-8 with or without byte order mark and UTF-16 with one are certain. Anything else is taken for Windows-1252 or Mac Roman,
    whichever gives the more usual letters, with a remark. Control characters are left out, with a remark.

    Args:
        data: The bytes of the file.
        name: The file's, for errors and remarks.

    Raises:
        InvalidFileError: If it is UTF-16 that ends inside a character.
    """
    text, remarks = _decoded(data, name)
    kept = _CONTROL.sub("", text)
    if kept != text:
        found = _CONTROL.findall(text)
        lines = [number for number, line in enumerate(re.split(r"\r\n?|\n", text), start=1) if _CONTROL.search(line)]
        where = ", ".join(map(str, lines[:_MAX_NAMED])) + (", ..." if len(lines) > _MAX_NAMED else "")
        remarks.append(f"{name}: {len(found)} control characters were left out (line {where})")
    return DecodedText(text=kept, remarks=tuple(remarks))


def _decoded(data: bytes, name: str) -> tuple[str, list[str]]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), []
        except UnicodeDecodeError as error:
            line = data[: error.start].decode("utf-16", errors="replace").count("\n") + 1
            message = f"{name}:{line}: the file says that it is UTF-16, and is not: save it as UTF-8"
            raise InvalidFileError(message, file=name, line=line) from error
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        codec, called = min(_OLD_CODECS, key=lambda codec: _strangeness(data, codec[0]))
        text = data.decode(codec, errors="replace")
        return text, [f"{name}: not UTF-8 (line {line}): read as {called}; if letters with accents are wrong, save it as UTF-8"]


def _strangeness(data: bytes, codec: str) -> int:
    """Return how unlikely a text is in a codec: undefined bytes and odd symbols count, quotes and accents in place help."""
    text = data.decode(codec, errors="replace")
    odd = 10 * text.count("\ufffd") + 3 * len(_UNUSUAL.findall(text))
    capitals = sum(1 for letter in _LETTER_INSIDE.findall(text) if letter.isupper())
    accents = sum(1 for letter in _LETTER_INSIDE.findall(text) if letter.islower())
    return odd + 3 * capitals - accents - 2 * len(_USUAL.findall(text))
