"""What bearers of a first name are usually called: ``first_names.yaml``."""

import re
from collections.abc import Mapping
from functools import cache

from vtx_dagster.core.bible import Pronoun
from vtx_dagster.engines.breakdown.people import people_words, without_accents
from vtx_dagster.engines.word_table import word_table

_WORD = re.compile(r"[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*")


def pronoun_of_first_name(name: str) -> Pronoun | None:
    """Return the pronoun that a first name says, as in ``DR. ANNA BELL``; None for one that women have as well as men."""
    words = (word for word in map(without_accents, _WORD.findall(name)) if word not in people_words().titles)
    return _names().get(next(words, ""))


@cache
def _names() -> Mapping[str, Pronoun]:
    table = word_table("vtx_dagster.engines.breakdown", "first_names.yaml")
    return {without_accents(name): Pronoun(pronoun) for pronoun in ("she", "he") for name in table[pronoun]}
