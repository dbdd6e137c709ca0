"""Whom a pronoun may mean: told by how the bible describes a character, and by sentences that name nobody else. English only."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from vtx_dagster.core.bible import Pronoun
from vtx_dagster.engines.breakdown.prose import sentences

_SPELLINGS = dict.fromkeys(("she", "her", "hers", "herself"), Pronoun.SHE) | dict.fromkeys(
    ("he", "him", "his", "himself"), Pronoun.HE
)
_PRONOUN = re.compile(r"\b(?:she|her|hers|herself|he|him|his|himself)\b", re.IGNORECASE)
_BEGINS_WITH_PRONOUN = re.compile(r"^(?:she|he)\b", re.IGNORECASE)
_NOUNS = {
    Pronoun.SHE: re.compile(r"(?:woman|girl|lady|mother|sister|daughter|wife|aunt|\bfemale)\b"),
    Pronoun.HE: re.compile(r"(?:(?<!wo)man|boy|father|brother|\bson|husband|uncle|\bmale)\b"),
}
_USUALLY = 4
_WHOM = re.compile(r"\b(?:him|her(?!\s+[a-z]))\b")
"""Whoever looks at him is somebody else."""
_SUBJECT = re.compile(r"\b(?:he|she|himself|herself)\b", re.IGNORECASE)
_RELATED = re.compile(
    r",\s+(?P<whose>(?i:his|her))\s+(?:[\w'\u2019-]+\s+){0,2}?"
    r"(?i:partner|friend|mate|colleague|assistant|boss|neighbou?r|cousin|rival|lover|ex|fianc\w+|wife|husband|mother|father|mom|mum"
    r"|dad|son|daughter|sister|brother|aunt|uncle|nephew|niece|boyfriend|girlfriend|twin|child)\b(?!\s+[A-Z])"
)
"""Behind a name: ``DICK STEEL, his former partner`` tells what somebody else is called, who was spoken of before."""


@lru_cache(maxsize=10_000)
def pronouns_in(text: str) -> frozenset[Pronoun]:
    """Return the pronouns that a text uses."""
    return frozenset(_SPELLINGS[word.lower()] for word in _PRONOUN.findall(text))


def described_pronoun(descriptor: str) -> Pronoun | None:
    """Return the pronoun of somebody described as, say, "a weathered ferrywoman"; None if the words do not tell."""
    told = [pronoun for pronoun, nouns in _NOUNS.items() if nouns.search(descriptor.casefold())]
    return told[0] if len(told) == 1 else None


def used_pronouns(
    actions: Iterable[str], *, mentioned: Callable[[str], tuple[str, ...]], usual: Mapping[str, Pronoun] | None = None
) -> dict[str, Pronoun]:
    """Return the pronouns of characters, by key, as most of the sentences that tell one have it.

    A sentence tells it that names one character and uses one pronoun as its subject or reflexive, or that begins with a pronoun
    right behind one that names one character and nobody else. ``DICK STEEL, his former partner, enters.`` tells it of the one who
    was named before him. Whose hand somebody takes is only asked where nothing else tells: ``Ben takes her hand``.

    Args:
        actions: Paragraphs of action.
        mentioned: Returns the keys of the characters that a text names.
        usual: What the bearers of their names are usually called, by key: it counts as much as four sentences.
    """
    sure: defaultdict[str, Counter[Pronoun]] = defaultdict(Counter)
    weak: defaultdict[str, Counter[Pronoun]] = defaultdict(Counter)
    for key, pronoun in (usual or {}).items():
        sure[key][pronoun] += _USUALLY
    last: tuple[str, ...] = ()
    for action in actions:
        before: tuple[str, ...] = ()
        for sentence in sentences(action):
            if related := _RELATED.search(sentence):
                earlier = mentioned(sentence[: related.start()])
                owners = earlier[:-1] or before or last
                if earlier and len(owners) == 1:
                    sure[owners[0]].update(pronouns_in(related["whose"]))
                sentence = sentence[: related.start()] + sentence[related.end() :]
            used = pronouns_in(sentence)
            named = mentioned(sentence if used or not before else "")
            if before and not named and len(used) == len(before) == 1 and _BEGINS_WITH_PRONOUN.match(sentence):
                sure[before[0]].update(used)
            elif len(named) == 1:
                told = pronouns_in(" ".join(_SUBJECT.findall(sentence)))
                (sure if told else weak)[named[0]].update(told or pronouns_in(_WHOM.sub("", sentence)))
            before = named or before if used else mentioned(sentence)
            if _WHOM.search(sentence):
                # She may be the one whom he looks at.
                before = ()
        last = before or last
    return _most(weak) | _most(sure)


def _most(votes: Mapping[str, Counter[Pronoun]]) -> dict[str, Pronoun]:
    most = {key: cast.most_common(2) for key, cast in votes.items()}
    return {key: found[0][0] for key, found in most.items() if found and (len(found) == 1 or found[0][1] > found[1][1])}
