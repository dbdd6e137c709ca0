"""The words of an action line: names of figures, verbs that tell of doings, and the small words between them.

What the verbs mean is in ``doings.yaml``, the small words are in ``action_words.yaml``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

from vtx_dagster.core.document import Part
from vtx_dagster.core.plan import DrawnFigure
from vtx_dagster.engines.animatic.doings import all_doings, packaged


class Grammar(Part):
    """The small words of one language, as ``action_words.yaml`` says what they are."""

    articles: frozenset[str]
    and_: frozenset[str]
    joins: frozenset[str]
    who: frozenset[str]
    not_now: frozenset[str]
    not_: frozenset[str]
    not_after: frozenset[str]
    to: frozenset[str]
    begins: frozenset[str]
    ends: frozenset[str]
    be: frozenset[str]
    by: frozenset[str]
    states: frozenset[str]
    prepositions: frozenset[str]
    sees: frozenset[str]
    he: frozenset[str]
    she: frozenset[str]
    they: frozenset[str]
    him: frozenset[str]
    her: frozenset[str]
    them: frozenset[str]
    each_other: frozenset[str]
    all_: frozenset[str]
    two: frozenset[str]
    others: frozenset[str]
    men: frozenset[str]
    women: frozenset[str]
    numbers: frozenset[str]
    there: frozenset[str]
    adverbs: frozenset[str]
    someone: frozenset[str]
    one: frozenset[str]
    another: frozenset[str]
    compounds: frozenset[str]
    nouns_have_capitals: bool = False
    spoken: frozenset[str]

    @cached_property
    def everybody(self) -> frozenset[str]:
        """The phrases that mean everybody, or everybody else."""
        return self.all_ | self.others

    @cached_property
    def marks(self) -> frozenset[str]:
        """The words by which the language is known."""
        own = self.articles | self.and_ | self.prepositions | self.he | self.she | self.they | self.be | self.not_
        return own | self.spoken


class ActionWords(Part):
    """``action_words.yaml``."""

    titles: frozenset[str]
    languages: dict[str, Grammar]


@cache
def action_words() -> ActionWords:
    """Return what ``action_words.yaml`` says.

    Raises:
        InvalidFileError: If the file was edited and is not valid any more.
    """
    return packaged("action_words.yaml", ActionWords)


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a mark: as it is written, and without case."""

    text: str
    word: str


@dataclass(frozen=True, slots=True)
class Match:
    """Words that tell of a doing: the first and last of them, and which ones of those between."""

    doing: str
    first: int
    last: int
    words: frozenset[int]


@dataclass(frozen=True, slots=True)
class Name:
    """Words that name a figure: the first and last of them, and whether they end in a genitive."""

    first: int
    last: int
    key: str
    possessive: bool


_SPEECH: Final = re.compile(r"\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|«[^»]*»")
_SENTENCE_END: Final = re.compile(
    r"(?<!\bmr)(?<!\bmrs)(?<!\bms)(?<!\bdr)(?<!\bst)(?<!\b\w)[.!?…]+(?=\s|$)|;|\n|--+\s*$", re.IGNORECASE
)
_DASHES: Final = "\u2013\u2014"
_TOKEN: Final = re.compile(rf"[\w'\-]*\w|[,:(){_DASHES}]|--")
_SHORT: Final = {"s": "is", "re": "are", "m": "am", "ll": "will", "d": "would", "ve": "have"}
_SHORTENED: Final = frozenset(
    {"i", "you", "he", "she", "it", "we", "they", "that", "this", "who", "what", "there", "here", "everyone"}
)
"""English words that a verb is joined to: *he's* is *he is*; with a name it may be a genitive."""

_SAME_IN_THE_PAST: Final = frozenset({"read", "hit", "beat", "put", "shut", "lay"})
_NAME_WORD: Final = re.compile(r"[\w\-]+")
_SHORT_WORD: Final = 2

BREAKS: Final = frozenset(f",:(){_DASHES}") | {"--"}
_MOST_LETTERS: Final = 4000
_MOST_WORDS: Final = 90
_ANYTHING: Final = {"*"}
_SOMEBODY: Final = {"@"}
_STAR_WORDS: Final = 4
"""How many words a ``*`` may stand for."""


def sentences_of(action: str) -> list[list[Token]]:
    """Return the words of the last sentences of a text, without what is said in it. No sentence is longer than people write."""
    clean = _SPEECH.sub(" , ", action[-_MOST_LETTERS:].replace("\u2019", "'").replace("--", " -- "))
    sentences: list[list[Token]] = []
    for part in _SENTENCE_END.split(clean):
        tokens = _tokens(part)
        sentences += [tokens[first : first + _MOST_WORDS] for first in range(0, len(tokens), _MOST_WORDS)]
    return sentences


def _tokens(sentence: str) -> list[Token]:
    tokens: list[Token] = []
    for text in _TOKEN.findall(sentence):
        word, _, rest = text.casefold().partition("'")
        full = _SHORT.get(rest) if word in _SHORTENED else None
        tokens += [Token(word, word), Token(full, full)] if full else [Token(text, text.casefold())]
    return tokens


def languages_of(words: list[str]) -> list[str]:
    """Return the languages in which a text may be, the most likely one first."""
    score = {name: sum(word in grammar.marks for word in words) for name, grammar in action_words().languages.items()}
    best = max(score.values())
    return [name for name, count in score.items() if count == best]


@cache
def _phrases(language: str) -> dict[str, list[tuple[str, bool, tuple[frozenset[str], ...]]]]:
    """Return all phrases by their first word: doing, whether it means that, and the words."""
    phrases: dict[str, list[tuple[str, bool, tuple[frozenset[str], ...]]]] = {}
    for name, doing in all_doings().doings.items():
        for text, means in (*((text, True) for text in doing.words.get(language, ())), *((text, False) for text in doing.unless)):
            words = tuple(frozenset(part.casefold().split("/")) for part in text.split())
            for first in words[0]:
                phrases.setdefault(first, []).append((name, means, words))
    return phrases


@cache
def first_words(phrases: frozenset[str]) -> frozenset[str]:
    """Return the words with which phrases begin."""
    return frozenset(phrase.split()[0] for phrase in phrases)


@cache
def base_forms(language: str) -> frozenset[str]:
    """Return the verbs in the form in which, in English, one person does nothing: *run*, beside which there is *runs*."""
    forms: set[str] = set()
    for doing in all_doings().doings.values() if language == "en" else ():
        alone = (text for text in doing.words.get("en", ()) if " " not in text or "/" in text.split()[0])
        firsts = {word for text in alone for word in text.split()[0].split("/")}
        forms |= {word for word in firsts if {f"{word}s", f"{word}es", f"{word[:-1]}ies"} & firsts}
    return frozenset(forms - _SAME_IN_THE_PAST)


def groups_of(figures: Sequence[DrawnFigure]) -> dict[str, tuple[str, ...]]:
    """Return whom a plural means: every word that several names share, as it is when there are several."""
    sharing: dict[str, list[str]] = {}
    for figure in figures:
        for word in dict.fromkeys(_NAME_WORD.findall(figure.name.casefold())):
            sharing.setdefault(word, []).append(figure.key)
    groups: dict[str, tuple[str, ...]] = {}
    for word, keys in sharing.items():
        if len(keys) > 1 and len(word) > _SHORT_WORD and word.isalpha():
            several = [f"{word}{end}" for end in ("s", "es", "en", "n", "e")]
            several += [f"{word[:-1]}ies"] * word.endswith("y") + [f"{word[:-2]}en"] * word.endswith("man")
            groups |= dict.fromkeys(several, tuple(keys))
    return groups


def _fit(tokens: list[Token], start: int, words: tuple[frozenset[str], ...], people: frozenset[int]) -> list[int] | None:
    """Return which tokens are the words of a phrase that begins at one, if it does; ``people`` are tokens that mean somebody."""
    places: list[int] = []
    at, star = start, 0
    for wanted in words:
        if wanted == _ANYTHING:
            star = _STAR_WORDS
            continue
        if wanted == _SOMEBODY:
            if not any(place in people for place in (at, at + 1)):
                return None
            star = _STAR_WORDS
            continue
        while True:
            if at >= len(tokens) or (tokens[at].word in BREAKS and at > start):
                return None
            if tokens[at].word in wanted:
                break
            if star == 0:
                return None
            star -= 1
            at += 1
        places.append(at)
        at, star = at + 1, 0
    return places


def matches_in(tokens: list[Token], language: str, people: frozenset[int]) -> list[Match]:
    """Return what is told, in the order of the words; where phrases share words, of the longest one."""
    found: list[tuple[Match, bool]] = []
    phrases = _phrases(language)
    for index, token in enumerate(tokens):
        for doing, means, words in phrases.get(token.word, ()):
            places = _fit(tokens, index, words, people)
            if places is not None:
                found.append((Match(doing, places[0], places[-1], frozenset(places)), means))
    others = [match for match, means in found if not means]
    taken: set[int] = set()
    chosen: list[Match] = []
    for match, means in sorted(found, key=lambda each: (-len(each[0].words), each[0].first)):
        if not means or match.words & taken:
            continue
        if any(
            other.doing == match.doing and other.words & match.words and len(other.words) >= len(match.words) for other in others
        ):
            continue
        taken |= match.words
        chosen.append(match)
    return sorted(chosen, key=lambda match: match.first)


def names_in(tokens: list[Token], figures: Sequence[DrawnFigure], grammar: Grammar) -> list[Name]:
    """Return where figures are named: by the whole name, or by a word of it that no other has."""
    parts = {figure.key: [word.casefold() for word in _NAME_WORD.findall(figure.name)] for figure in figures}
    counts: dict[str, int] = {}
    for words in parts.values():
        for word in set(words):
            counts[word] = counts.get(word, 0) + 1
    found: list[Name] = []
    at = 0
    while at < len(tokens):
        name = _name_at(tokens, at, parts, counts, grammar)
        if name is not None:
            found.append(name)
            at = name.last
        at += 1
    return found


def _name_at(tokens: list[Token], at: int, parts: dict[str, list[str]], counts: dict[str, int], grammar: Grammar) -> Name | None:
    best: Name | None = None
    for key, words in parts.items():
        for length in range(len(words), 0, -1):
            for start in range(len(words) - length + 1):
                wanted = words[start : start + length]
                if length == 1 and (
                    counts[wanted[0]] > 1 or wanted[0] in action_words().titles or (len(words) > 1 and len(wanted[0]) < 3)
                ):
                    continue
                possessive = _is_named(tokens, at, wanted, grammar)
                if possessive is not None and (best is None or length > best.last - best.first + 1):
                    best = Name(at, at + length - 1, key, possessive)
    return best


def _is_named(tokens: list[Token], at: int, wanted: list[str], grammar: Grammar) -> bool | None:
    """Return whether a name stands there with a genitive s; None if it does not stand there."""
    here = tokens[at : at + len(wanted)]
    if len(here) < len(wanted):
        return None
    last = here[-1].word
    possessive = last in (f"{wanted[-1]}'s", f"{wanted[-1]}'")
    if [token.word for token in here[:-1]] != wanted[:-1] or not (last == wanted[-1] or possessive):
        return None
    # A name is written with a capital, or is a role with an article: grace and Grace are not the same.
    capital = here[0].text[0].isupper() or not here[0].text[0].isalpha()
    role = at > 0 and tokens[at - 1].word in grammar.articles
    return possessive if capital or role else None
