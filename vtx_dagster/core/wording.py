"""Putting words together: phrases, lists and sentences out of texts that people wrote with any punctuation at their ends."""

import re
from collections.abc import Iterable

_CLOSERS = "\"'\u2019\u201d)]"
_DOUBLE_STOP = re.compile(r"(?<!\.)\.\.$")
_QUOTES = re.compile('["\u201c\u201d\u201e\u00ab\u00bb]')


def distinct(texts: Iterable[str]) -> Iterable[str]:
    """Return the comma-separated items of all texts in order, each once whatever its capitals."""
    found: dict[str, str] = {}
    for item in filter(None, (phrase(item) for text in texts for item in text.split(","))):
        found.setdefault(item.casefold(), item)
    return found.values()


def clean(text: str) -> str:
    """Return a text with single spaces for all white space."""
    return " ".join(text.split())


def phrase(text: str) -> str:
    """Return a text without the punctuation at its end, to go on after it."""
    return clean(text).rstrip(" .,;:")


def listed(*texts: str) -> str:
    """Return the texts that are not empty as phrases with commas between them."""
    return ", ".join(filter(None, map(phrase, texts)))


def sentence(text: str) -> str:
    """Return a text with clean white space and one mark at its end; empty stays empty."""
    cleaned = _DOUBLE_STOP.sub(".", clean(text).rstrip(" ,;:"))
    ended = cleaned.rstrip(_CLOSERS).endswith((".", "!", "?", "\u2026"))
    return cleaned if ended or not cleaned else f"{cleaned}."


def unquoted(text: str) -> str:
    """Return a clean text that can stand in double quotes: its own become single ones."""
    return _QUOTES.sub("'", clean(text))


def capitalised(text: str) -> str:
    """Return a text with a capital at its start and the rest as it is."""
    return text[:1].upper() + text[1:]
