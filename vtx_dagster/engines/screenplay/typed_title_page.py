"""What the lines of a title page are, by where they stand and how they are worded: Fountain wants a key for each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_CREDIT = re.compile(
    r"^(?:(?:original\s+)?(?:screenplay|teleplay|story|script|written|created|adapted|adaptation|a film|pilot)\b.*\bby|by"
    r"|(?:screenplay|teleplay|story|script)(?:\s+(?:and|&)\s+(?:screenplay|teleplay|story|script))*(?:\s+by)?|escrito\s+por|écrit\s+par"
    r"|geschrieben\s+von|von|por|par|scritto\s+da|di)\s*:?$",
    re.IGNORECASE,
)
_CREDIT_AND_NAME = re.compile(
    r"^(?P<credit>(?:(?:original\s+)?(?:screenplay|teleplay|story|script|written|created|adapted)\b[\w\s&,]*?\b)?by)\s*:?\s+(?P<name>\S.*)$",
    re.IGNORECASE,
)
_SOURCE = re.compile(
    r"\b(?:based\s+(?:up)?on|from\s+the\s+(?:novel|book|play|story)|adapted\s+from|inspired\s+by)\b", re.IGNORECASE
)
_DATE = re.compile(
    r"\b(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(?:\d{1,2},?\s+)?\d{4}"
    r"|\d{1,2}\.?\s+(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+\d{4})\b",
    re.IGNORECASE,
)
_DRAFT = re.compile(r"\b(?:draft|revision|revised|version|rev\.)\b|^(?:white|blue|pink|yellow|green|goldenrod)\b", re.IGNORECASE)
_COPYRIGHT = re.compile(r"©|\(c\)|\bcopyright\b|\ball rights reserved\b", re.IGNORECASE)
_CONTACT = re.compile(
    r"@\w|\bwww\.|https?://|\d{3}[-.\s)]+\d{3,4}|\b(?:phone|tel|e-?mail|contact|agent|represented)\b", re.IGNORECASE
)
_KEYED = re.compile(
    r"^(?P<key>title|credit|authors?|source|draft date|date|contact|copyright|notes|revision)\s*:\s*(?P<value>\S.*)$", re.I
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleLine:
    """A line of a title page; an empty one separates.

    Attributes:
        centred: It stands in the middle.
        low: It stands in the lower part of the page.
    """

    text: str
    centred: bool = True
    low: bool = False


def title_page_entries(lines: Sequence[TitleLine]) -> dict[str, list[str]]:
    """Return the lines under the keys of Fountain. Every line is under some key; what fits nowhere is under Notes."""
    sorter = _Sorter()
    for line in lines:
        sorter.add(line)
    order = ("Title", "Credit", "Author", "Source", "Draft date", "Contact", "Copyright", "Notes")
    return {key: sorter.entries[key] for key in order if sorter.entries.get(key)}


class _Sorter:
    """Sorts lines as they come, from the top of the page to its foot."""

    def __init__(self) -> None:
        self.entries: dict[str, list[str]] = {}
        self._current = ""
        self._was_blank = False

    def add(self, line: TitleLine) -> None:
        text = " ".join(line.text.split())
        if not text:
            self._was_blank = True
            return
        for key, value in self._keyed(line, text):
            self.entries.setdefault(key, []).append(value)
            self._current = key
        self._was_blank = False

    def _keyed(self, line: TitleLine, text: str) -> list[tuple[str, str]]:
        if keyed := _KEYED.match(text):
            key = keyed["key"].lower()
            return [({"authors": "Author", "date": "Draft date", "revision": "Notes"}.get(key, key.capitalize()), keyed["value"])]
        if not self.entries and not line.low and not self._has_meaning(text):
            return [("Title", text)]
        if self._current == "Title" and not self._was_blank and line.centred and not self._has_meaning(text):
            return [("Title", text)]
        if not line.low and "Author" not in self.entries and (found := _CREDIT_AND_NAME.match(text)):
            return [("Credit", found["credit"]), ("Author", found["name"])]
        return [(self._worded(line, text), text)]

    def _has_meaning(self, text: str) -> bool:
        return any(pattern.search(text) for pattern in (_CREDIT, _CREDIT_AND_NAME, _SOURCE, _COPYRIGHT))

    def _worded(self, line: TitleLine, text: str) -> str:
        if _COPYRIGHT.search(text):
            return "Copyright"
        is_credit = not line.low and bool(_CREDIT.match(text))
        if is_credit and "Author" not in self.entries:
            return "Credit"
        if is_credit or _SOURCE.search(text) or (not line.low and _CREDIT_AND_NAME.match(text)):
            return "Source"
        if _CONTACT.search(text):
            return "Contact"
        if _DATE.search(text) or _DRAFT.search(text):
            return "Draft date"
        if line.centred and not line.low:
            if self._current == "Credit" or (self._current == "Author" and (not self._was_blank or text.lower() in ("and", "&"))):
                return "Author"
            if self._current == "Author" and self.entries["Author"][-1].lower() in ("and", "&"):
                return "Author"
        if self._current in ("Source", "Contact") and not self._was_blank:
            return self._current
        return "Contact" if line.low or not line.centred else "Notes"
