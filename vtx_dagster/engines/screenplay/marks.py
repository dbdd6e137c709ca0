"""Emphasis marks of Fountain, taken out: ``**bold**``, ``*italic*``, ``_underlined_``."""

import re

_EMPHASIS = (
    (re.compile(r"(?<!\\)(\*{1,3})(?=[^\s*])(.+?)(?<=[^\s\\])\1"), r"\2"),
    (re.compile(r"(?<![\w\\])_(?=\S)(.+?)(?<=[^\s\\])_(?!\w)"), r"\1"),
    (re.compile(r"\\([*_\\])"), r"\1"),
)
_MARKS = frozenset("*_\\")


def plain_text(text: str) -> str:
    """Return a text without emphasis marks and with single spaces. Emphasis may go over line breaks."""
    text = " ".join(text.split())
    if not _MARKS.isdisjoint(text):
        for pattern, replacement in _EMPHASIS:
            text = pattern.sub(replacement, text)
    return text


def escaped(text: str) -> str:
    """Return marked text that shows a text as it is."""
    return re.sub(r"([*_\\])", r"\\\1", text)
