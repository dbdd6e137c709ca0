"""Whom a pronoun may mean: told by how the bible describes a character, and by sentences that name nobody else. English only."""

import re
from collections.abc import Callable, Iterable

from vtx_dagster.core.bible import Pronoun
from vtx_dagster.engines.breakdown.prose import sentences

_SPELLINGS = {
    Pronoun.SHE: frozenset({"she", "her", "hers", "herself"}),
    Pronoun.HE: frozenset({"he", "him", "his", "himself"}),
}
_NOUNS = {
    Pronoun.SHE: re.compile(r"(?:woman|girl|lady|mother|sister|daughter|wife|aunt)\b"),
    Pronoun.HE: re.compile(r"(?:(?<!wo)man|boy|father|brother|\bson|husband|uncle)\b"),
}


def pronouns_in(text: str) -> frozenset[Pronoun]:
    """Return the pronouns that a text uses."""
    words = set(re.findall(r"[a-z]+", text.casefold()))
    return frozenset(pronoun for pronoun, spellings in _SPELLINGS.items() if words & spellings)


def described_pronoun(descriptor: str) -> Pronoun | None:
    """Return the pronoun of somebody described as, say, "a weathered ferrywoman"; None if the words do not tell."""
    told = [pronoun for pronoun, nouns in _NOUNS.items() if nouns.search(descriptor.casefold())]
    return told[0] if len(told) == 1 else None


def used_pronouns(actions: Iterable[str], *, mentioned: Callable[[str], tuple[str, ...]]) -> dict[str, Pronoun]:
    """Return the pronouns of characters, by key, as far as sentences that name one character and use one pronoun tell them.

    Args:
        actions: Paragraphs of action.
        mentioned: Returns the keys of the characters that a text names.
    """
    found: dict[str, Pronoun] = {}
    for sentence in (sentence for action in actions for sentence in sentences(action)):
        used = pronouns_in(sentence)
        named = mentioned(sentence) if len(used) == 1 else ()
        if len(named) == 1:
            found.setdefault(named[0], *used)
    return found
