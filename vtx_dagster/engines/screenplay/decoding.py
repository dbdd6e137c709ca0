"""The bytes of a text file as text, whatever wrote it."""

import re
from dataclasses import dataclass
from typing import Final

from chardet import detect

from vtx_dagster.core.errors import InvalidFileError

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_WESTERN: Final = {"cp1252": "Windows-1252", "mac_roman": "Mac Roman"}
_OTHERS: Final = {
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "cp1253": "Windows-1253",
    "cp1254": "Windows-1254",
    "cp1255": "Windows-1255",
    "cp1256": "Windows-1256",
    "koi8-r": "KOI8-R",
    "koi8-u": "KOI8-U",
    "cp866": "code page 866",
    "cp932": "Shift JIS",
    "euc_jis_2004": "EUC-JP",
    "iso2022_jp_2": "ISO-2022-JP",
    "gb18030": "GB 18030",
    "big5hkscs": "Big5",
    "cp949": "EUC-KR",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
}
"""What files are written in that are not Western, as Python and as people call it."""

_LEAST_CONFIDENCE: Final = 0.08
"""Below it, chardet guesses: a few French accents were Arabic to it."""

_NOT_LATIN = re.compile(r"[\u0370-\u07ff]")
_IN_TWO_ALPHABETS = re.compile(r"[A-Za-z][\u0370-\u07ff]|[\u0370-\u07ff][A-Za-z]")
_MOST_MIXED: Final = 0.1
"""The share of Greek, Cyrillic, Hebrew or Arabic letters from which on those beside Latin ones are accents read wrongly."""

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

    UTF-8 with or without byte order mark and UTF-16 with one are certain. Anything else is taken for the encoding whose letters
    are the most usual ones, with a remark. Control characters are left out, with a remark.

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
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        where = f" (line {line})"
    else:
        # Every ASCII letter of UTF-16 has a zero byte; ISO-2022-JP is ASCII with an escape before every change.
        if not {"\0", "\x1b"} & set(text) or (codec := _other_codec(data)) is None:
            return text, []
        return data.decode(codec, errors="replace"), [_read_as(name, _OTHERS[codec])]
    codec = _other_codec(data) or min(_WESTERN, key=lambda western: _strangeness(data, western))
    return data.decode(codec, errors="replace"), [_read_as(name, (_WESTERN | _OTHERS)[codec], where)]


def _read_as(name: str, called: str, where: str = "") -> str:
    return f"{name}: not UTF-8{where}: read as {called}; if letters are wrong, save it as UTF-8"


def _other_codec(data: bytes) -> str | None:
    """Return the codec of a text that is not Western; None for one that is, or that nothing speaks for."""
    found = detect(data, include_encodings=(*_OTHERS, *_WESTERN), prefer_superset=True, compat_names=False)
    codec = found["encoding"]
    if codec not in _OTHERS or found["confidence"] < _LEAST_CONFIDENCE:
        return None
    text = data.decode(codec, errors="replace")
    is_a_mixture = len(_IN_TWO_ALPHABETS.findall(text)) > _MOST_MIXED * len(_NOT_LATIN.findall(text))
    return None if is_a_mixture or not {"\n", "\r"} & set(text) else codec


def _strangeness(data: bytes, codec: str) -> int:
    """Return how unlikely a text is in a codec: undefined bytes and odd symbols count, quotes and accents in place help."""
    text = data.decode(codec, errors="replace")
    odd = 10 * text.count("\ufffd") + 3 * len(_UNUSUAL.findall(text))
    capitals = sum(1 for letter in _LETTER_INSIDE.findall(text) if letter.isupper())
    accents = sum(1 for letter in _LETTER_INSIDE.findall(text) if letter.islower())
    return odd + 3 * capitals - accents - 2 * len(_USUAL.findall(text))
