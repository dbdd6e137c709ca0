"""What words on a cue say of the speaker, and whether they are anybody's name. The words are data: ``cue_words.yaml``."""

import re
from collections.abc import Iterable
from functools import cache

from vtx_dagster.engines.word_table import word_table

_GOES_ON = re.compile(r"cont\b|cont['\u2019]?d|continu|more\b|pre-?lap", re.IGNORECASE)


def is_off_screen(extension: str) -> bool:
    """Say whether an extension means that the speaker is heard and not seen: ``V.O.``, ``ON PHONE``, ``hors champ``.

    Whoever speaks *into* a telephone is there.
    """
    off_screen, into = _patterns()
    words = extension.replace(".", "").replace("/", "")
    return off_screen.search(words) is not None and into.search(words) is None


def is_manner(extension: str) -> bool:
    """Say whether an extension tells how the speaker speaks, as a parenthetical does.

    ``MARA (softly)`` and ``MARA (INTO PHONE)`` do, ``MARA (CONT'D)`` does not.
    """
    _, into = _patterns()
    is_told = extension != extension.upper() or into.search(extension) is not None
    return is_told and not is_off_screen(extension) and _GOES_ON.match(extension) is None


def is_no_name(capitals: str) -> bool:
    """Say whether capitals before a line of text are nobody's name: ``SUPER: "MARCH"``, ``OVER BLACK``, ``HIGH ABOVE THE``."""
    return _no_name().search(capitals) is not None


@cache
def _no_name() -> re.Pattern[str]:
    table = word_table("vtx_dagster.engines.screenplay", "cue_words.yaml")
    cards, alone, ends = (_any_of(table[name]) for name in ("cards", "no_names", "no_ends"))
    return re.compile(rf"^(?:{cards})\s*:|^(?:{alone})\W*$|\s(?:{ends})$", re.IGNORECASE)


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    table = word_table("vtx_dagster.engines.screenplay", "cue_words.yaml")
    devices = _any_of(table["devices"])
    off_screen = re.compile(rf"(?<!\w)(?:{_any_of(table['off_screen'])}|{devices})(?!\w)", re.IGNORECASE)
    into = rf"(?<!\w)(?:{_any_of(table['into'])})\s+(?:(?:the|a|his|her|their)\s+)?(?:{devices})(?!\w)"
    return off_screen, re.compile(into, re.IGNORECASE)


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
