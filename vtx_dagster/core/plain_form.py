"""What a text says, without how a program happened to store it: line ends, space at the ends of lines, invisible characters.

Two texts with the same plain form have the same words on the same lines, so an editor or a version control system that makes one
of the other has not edited it.
"""

import re
import unicodedata

_CONNECTED = "  "
_UNSEEN = re.compile("[\ufeff\u2060\u00ad]|(?<![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])\u200b")
"""Byte order mark, word joiner, soft hyphen, zero-width space. The last one separates words in Thai, Lao, Burmese and Khmer."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def plain_form(text: str, *, is_fountain: bool = False) -> str:
    r"""Return a text in its plain form; plain text stays as it is, and every line keeps its number.

    Lines end with a line feed and no space, letters are composed (NFC), characters that nobody sees are gone, and the text ends
    with one line end: ``"\ufeffe\u0301 \r\n\r\n"`` gives ``"\u00e9\n"``.

    Args:
        text: Any text.
        is_fountain: Keep lines of exactly two spaces: in Fountain they hold a speech together.
    """
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    if not unified.isascii():
        unified = unicodedata.normalize("NFC", _UNSEEN.sub("", unified))
    lines = [line if is_fountain and line == _CONNECTED else line.rstrip() for line in unified.split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    return "\n".join([*lines, ""]) if lines else ""


def without_unseen(text: str) -> str:
    """Return a text without control characters and others that nobody sees; a control character separates words.

    Line ends and tabs stay.
    """
    return _UNSEEN.sub("", _CONTROL.sub(" ", text))
