"""What programs print on pages between the lines of a script, told by its wording: page numbers, ``(MORE)``, ``CONTINUED``.

Where such a line must stand to be left out is for the readers of pages and of Fountain to say.
"""

import re
from typing import Final

from vtx_dagster.engines.screenplay.heading import SCENE_NUMBER

_MORE = re.compile(r"\(\s*MORE\s*\):?", re.IGNORECASE)
# "continued" alone may be the last word of a paragraph.
_CONTINUED = re.compile(
    rf"(?:{SCENE_NUMBER}\s+)?(?:CONTINUED|(?i:\(\s*continued\s*\)|continued:)|(?i:\(?cont['\u2019]?d\)?:)):?"
    rf"(?:\s*\(\d+\))?:?(?:\s+{SCENE_NUMBER})?"
)
_LONGEST_OMITTED: Final = 60
_SURE_CONTINUED = re.compile(r"\(\s*continued\s*\)(?:\s*continued:)?|continued\s?:(?:\s*\(\d+\))?", re.IGNORECASE)
_BESIDE_OMITTED = re.compile(rf"{SCENE_NUMBER}|(?i:scenes?|thru|through|to|and)")
_PAGE_NUMBER = re.compile(
    r"(?:-\s*)?(?i:page\s+|p\.\s*)?(?:(?P<number>\d{1,4})[A-Z]?|[ivx]{1,6})\.?(?:\s*(?:of|/)\s*\d{1,4})?(?:\s*-)?"
)
_SURE_NUMBER = re.compile(r"(?:page\s+)?\d{1,3}\.|page\s+\d{1,3}", re.IGNORECASE)


def is_more(text: str) -> bool:
    """Say whether a line is ``(MORE)``: a speech goes on overleaf."""
    return _MORE.fullmatch(text) is not None


def is_continued(text: str) -> bool:
    """Say whether a line is ``CONTINUED``: a scene goes on overleaf, or comes from the page before."""
    return _CONTINUED.fullmatch(text) is not None


def is_surely_continued(text: str) -> bool:
    """Say whether a line is ``CONTINUED`` wherever it stands: with a colon or in brackets."""
    return _SURE_CONTINUED.fullmatch(text) is not None


def is_omitted(text: str) -> bool:
    """Say whether a line keeps the number of a scene that is gone: ``12 OMITTED 12``."""
    if len(text) > _LONGEST_OMITTED:
        return False
    words = [word for word in re.split(r"[\W_]+", text) if word and not _BESIDE_OMITTED.fullmatch(word)]
    return len(words) == 1 and words[0].casefold() in ("omitted", "omit")


def is_page_number(text: str) -> bool:
    """Say whether a line may be the number of a page; at the edge of one it is."""
    return _PAGE_NUMBER.fullmatch(text) is not None


def page_number(text: str) -> int | None:
    """Return the number of a page in figures: 12 for ``- 12 -``, ``Page 12 of 90`` and ``12A.``; None for any other line."""
    found = _PAGE_NUMBER.fullmatch(text)
    return int(found["number"]) if found and found["number"] else None


def is_page_mark(text: str) -> bool:
    """Say whether a line that stands alone is a mark of a page wherever it stands: a bare number may be text, ``12.`` is none."""
    return is_more(text) or is_continued(text) or is_omitted(text) or _SURE_NUMBER.fullmatch(text) is not None
