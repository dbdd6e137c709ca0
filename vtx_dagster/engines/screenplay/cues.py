"""What the words in parentheses on a cue say of the speaker. The words are data: ``cue_words.yaml``."""

import re
from collections.abc import Iterable
from functools import cache

from vtx_dagster.engines.word_table import word_table


def is_off_screen(extension: str) -> bool:
    """Say whether an extension means that the speaker is heard and not seen: ``V.O.``, ``ON PHONE``, ``hors champ``.

    Whoever speaks *into* a telephone is there.
    """
    off_screen, into = _patterns()
    words = extension.replace(".", "")
    return off_screen.search(words) is not None and into.search(words) is None


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    table = word_table("vtx_dagster.engines.screenplay", "cue_words.yaml")
    devices = _any_of(table["devices"])
    off_screen = re.compile(rf"(?<!\w)(?:{_any_of(table['off_screen'])}|{devices})(?!\w)", re.IGNORECASE)
    into = rf"(?<!\w)(?:{_any_of(table['into'])})\s+(?:(?:the|a|his|her|their)\s+)?(?:{devices})(?!\w)"
    return off_screen, re.compile(into, re.IGNORECASE)


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
