"""What bearers of a first name are usually called: ``first_names.yaml``."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml

from vtx_dagster.core.bible import Pronoun
from vtx_dagster.engines.breakdown.people import people_words

_WORD = re.compile(r"[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*")


def pronoun_of_first_name(name: str) -> Pronoun | None:
    """Return the pronoun that the first name says, as in ``DR. ANNA BELL``; None without one, and for one that women and men have."""
    words = (word for word in map(_folded, _WORD.findall(name)) if word not in people_words().titles)
    return _names().get(next(words, ""))


@cache
def _names() -> Mapping[str, Pronoun]:
    text = (files("vtx_dagster.engines.breakdown") / "first_names.yaml").read_text(encoding="utf-8")
    table = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    return {_folded(name): Pronoun(pronoun) for pronoun in ("she", "he") for name in table[pronoun]}


def _folded(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter))
