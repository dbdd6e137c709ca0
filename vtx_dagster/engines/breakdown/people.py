"""Who there is in a film, besides those who speak: told by how a screenplay introduces people, and what it says of them.

A name in capitals is a person where an age, a description or a word for a person stands with it (``IDA (70), in a blue coat``,
``A GUARD, fifty, bored``), or where it does something and is written as a name elsewhere, too. Capitals that also stand in small
letters somewhere are things (``the ROPE``), and so are the words of the camera and of sounds.

The words are data: ``people_words.yaml``.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

from vtx_dagster.core.bible import Pronoun
from vtx_dagster.core.coverage import action_texts
from vtx_dagster.core.screenplay import SceneText
from vtx_dagster.core.sets import PLACE_WORDS
from vtx_dagster.engines.breakdown.prose import sentences
from vtx_dagster.engines.word_table import word_table

_CAPITALS = r"[^\W\d_a-zß-öø-ÿ][^\W_a-zß-öø-ÿ'\u2019.-]*[^\W_a-zß-öø-ÿ]\.?"
_NAME = re.compile(rf"(?<![\w'\u2019-])(?P<name>{_CAPITALS}(?:\s+{_CAPITALS})*(?:\s+#?\d+)?)(?![\w'\u2019-])")
_IN_BRACKETS = re.compile(r"^\s*\((?P<told>[^()]{1,60})\)")
_BEHIND_COMMA = re.compile(r"^\s*,\s*(?P<told>[^.;!?]{1,120})")
_DESCRIBED = re.compile(r"^(?:an?|the|his|her|their|in|wearing|dressed|late|early|mid)\b", re.IGNORECASE)
_DOES = re.compile(
    r"^\s+(?:slowly|quickly|quietly|suddenly|just|now|then|still|also|and)?\s*(?P<verb>[a-z]{2,}s|is|has|was|sits|are|have)\b"
)
_DECADE = re.compile(r"\b(?:(?P<part>early|mid|late)[\s-]*)?(?P<decade>[1-9]0)\W?s\b", re.IGNORECASE)
_YEARS = re.compile(r"(?<![\d$#:/.-])(?P<years>\d{1,2})(?![\d%:/]|\s*(?:am|pm|hours?|minutes?|miles?|feet|th|st|nd|rd)\b)")
_YEARS_OLD = re.compile(r"\b(?P<number>[a-z]+)[\s-]+(?:years?|yrs?)[\s-]+old\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:[-'\u2019][^\W_]+)*")
_DETERMINER = re.compile(
    r"\b(?:the|an?|his|her|its|their|this|that|another|some|every|each)\s+(?:[a-z-]+\s+){0,2}$", re.IGNORECASE
)
_QUOTED = re.compile(r"[\"“«][^\"”»]{0,200}[\"”»]")
_ACTS = re.compile(r"^(?P<name>[^\W\d_a-zà-öø-ÿ][^\W\d_A-ZÀ-ÖØ-Þ]{2,})\s+(?:[a-z]+ly\s+)?[a-z]{2,}s\b")
_AMID = re.compile(r"(?<=[a-zß-öø-ÿ,;] )[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]+(?![\w-])(?! [A-ZÀ-ÖØ-Þ])")
_OFTEN, _NEAR = 3, 24
_SHORTEST_CUE, _TWICE = 3, 2
_SELDOM = 2
_YEARS_GO_BY = 5
_MOST_WORDS = 4
_OLDEST = 110
_MEMBERS, _MOST_MEMBERS = 3, 4
"""How many of a group are drawn where no number is said, and at most."""

_PART_OF_DECADE = {"early": 2, "mid": 5, "late": 8, None: 5}


_HEARD_ONLY = re.compile(r"\b(?:off[- ]?screen|somewhere|in the distance|o\.?s\.?|far away|outside|voice|sound)\b", re.IGNORECASE)


@cache
def _somebody() -> re.Pattern[str]:
    """Return a pattern of somebody unnamed who comes up at the beginning of a sentence: ``A young waiter brings the bill``."""
    words = people_words()
    roles = sorted(filter(str.isalpha, words.pronoun_of), key=len, reverse=True)
    several = "|".join([*sorted(words.plurals), *(f"{role}s" for role in roles)])
    numbers = "|".join(re.escape(number.capitalize()) for number in words.numbers if number != "one")
    kind = r"(?:[a-z]+(?:-[a-z]+)?\s+){0,2}?"
    one = rf"(?:An?|Another)\s+{kind}(?P<one>{'|'.join(roles)})|The\s+(?P<titled>{'|'.join(map(str.title, roles))})"
    does = r"(?=\s*,|\s+(?:[a-z]+ly\s+)?(?:[a-z]*[a-rt-z]s|[a-z]+ing|is|has|in|with|at|on|behind)\b)"
    return re.compile(rf"(?:(?:{one}){does}|(?:{numbers})\s+{kind}(?P<many>{several})(?=\s*,|\s+[a-z]+\b)(?!\s+of\b))")


def somebody_new(sentence: str) -> re.Match[str] | None:
    """Return the first words of a sentence where somebody unnamed comes up in it; None where nobody does."""
    return None if _HEARD_ONLY.search(sentence) else _somebody().match(sentence)


class Phrases:
    """Words and phrases to look for, in small letters: that is much faster than a pattern that ignores the case."""

    def __init__(self, words: Iterable[str] = (), **groups: Iterable[str]) -> None:
        """Make a pattern for any of some words, or of groups of them, which are its groups; ``*`` is a word or none."""
        named = "|".join(f"(?P<{name}>{_alternatives(group)})" for name, group in groups.items())
        self._pattern = re.compile(rf"(?<!\w)(?:{named or _alternatives(words)})(?!\w)")

    def search(self, text: str) -> re.Match[str] | None:
        """Return the first match in a text; its places are those of the text."""
        return self._pattern.search(_lowered(text))

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Return all matches in a text."""
        return self._pattern.finditer(_lowered(text))


def _lowered(text: str) -> str:
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else text


def _alternatives(words: Iterable[str]) -> str:
    return "|".join(re.escape(word.lower()).replace(r"\*\ ", r"(?:\w+ )?") for word in sorted(words, key=len, reverse=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """``people_words.yaml``, in small letters."""

    pronoun_of: Mapping[str, Pronoun | None]
    """Every role, with the pronoun that it says."""
    plurals: frozenset[str]
    numbers: Mapping[str, int]
    ages: Mapping[str, int]
    voices: Phrases
    together: frozenset[str]
    titles: frozenset[str]
    not_names: frozenset[str]
    animals: frozenset[str]
    pictures: Phrases
    absent: Phrases
    leaves: Phrases
    enters: Phrases
    pauses: Phrases
    acts: Phrases
    tense: Phrases
    touches: Phrases
    moves: Phrases
    """With a group for each of sits, lies, kneels and rises."""


_IS_READ = re.compile(r"\b(?:read|reads|reading|says|saying|marked|labell?ed|titled|emblazoned)\W*$", re.IGNORECASE)
_OF_A_TRADE = re.compile(r"[A-Z]{2}(?:BOY|GIRL|MAN|WOMAN|HAND|KEEPER|MAKER|DRIVER|PERSON)$")
_ONE = re.compile(r"\b(?:an?|another|one)\s+(?:[a-z-]+\s+){0,2}$", re.IGNORECASE)
_IS_CALLED = re.compile(r"\b(?:named|called)\W*$", re.IGNORECASE)
_WHOM = re.compile(r"\b(?:him|her(?!\s+[a-z]))\b")
_PHRASES = ("voices", "pictures", "absent", "leaves", "enters", "pauses", "acts", "tense", "touches")


@cache
def people_words() -> Words:
    """Return the words by which people are known."""
    table = word_table("vtx_dagster.engines.breakdown", "people_words.yaml")
    pronouns = {"she": Pronoun.SHE, "he": Pronoun.HE, "either": None}
    return Words(
        pronoun_of={word: pronouns[kind] for kind in ("either", "he", "she") for word in table["roles"][kind]},
        plurals=frozenset(table["plurals"]),
        numbers=table["numbers"],
        ages=table["ages"],
        together=frozenset(table["together"]),
        titles=frozenset(table["titles"]),
        not_names=frozenset(table["not_names"]),
        animals=frozenset(table["animals"]),
        moves=Phrases(**{name: table[name] for name in ("sits", "lies", "kneels", "rises")}),
        **{name: Phrases(table[name]) for name in _PHRASES},
    )


def moves_about(text: str) -> bool:
    """Say whether somebody comes, goes, sits down or stands up in a text: only a wider shot shows that."""
    words = people_words()
    return any(pattern.search(text) for pattern in (words.leaves, words.enters, words.moves))


def whom_touched(sentence: str) -> re.Match[str] | None:
    """Return the *him* or *her* of a sentence in which somebody holds, hits or helps somebody; None if there is none."""
    touches = people_words().touches.search(sentence)
    return _WHOM.search(sentence, touches.end()) if touches else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a screenplay tells of somebody.

    Attributes:
        name: As it is written first, in capitals.
        also: Other names of the same person, such as the first name alone.
        full: The whole name, where more of it is told than the one that cues have.
        source: Where it is told: the words of the sentence.
        silent: Introduced in action, and without a cue.
    """

    name: str
    also: tuple[str, ...] = ()
    full: str = ""
    age: int | None = None
    pronoun: Pronoun | None = None
    source: str = ""
    silent: bool = True


@dataclass(frozen=True, slots=True)
class People:
    """Who there is in a film, by the words of its screenplay.

    Attributes:
        things: Cues that are hardly ever spoken under, and words for things in the action, such as ``WINDOW``.
    """

    told: tuple[Told, ...] = ()
    things: frozenset[str] = frozenset()

    @classmethod
    def of(cls, scenes: Iterable[SceneText]) -> "People":
        """Return the people of a film, in order of appearance."""
        scenes = list(scenes)
        actions = (text for scene in scenes for text in action_texts(scene))
        cues = (element.speaker for scene in scenes for element in scene.elements if element.speaker)
        return _people(tuple(actions), tuple(cues))


def is_voice(name: str) -> bool:
    """Say whether a cue is that of a machine, or of a voice without a person: ``RADIO``, ``MAN'S VOICE``."""
    return people_words().voices.search(name) is not None


@lru_cache(maxsize=10_000)
def is_role(name: str) -> bool:
    """Say whether a name is a word for a person, with or without a number: ``WOMAN``, ``GUARD #2``, ``OLD MAN``."""
    words = [word for word in _words(name) if not word.isdigit()]
    return bool(words) and words[-1] in people_words().pronoun_of


def joint_names(name: str) -> tuple[str, ...]:
    """Return the names on a cue of several: ``ANN AND BEN``, ``ANN & BEN``, ``ANN/BEN``; one where it is of one."""
    parts = re.split(r"\s+(?:and|und|et|y|e|&)\s+|\s*[&/+,]\s*", name.strip(), flags=re.IGNORECASE)
    return tuple(part for part in parts if part) or (name,)


def is_of_all(name: str) -> bool:
    """Say whether a cue is of all who are there: ``ALL``, ``BOTH``."""
    words = _words(name)
    return bool(words) and all(word in people_words().together for word in words)


def pronoun_of(name: str) -> Pronoun | None:
    """Return the pronoun that a name says, as ``OLD WOMAN`` and ``MR. GREY`` do; None if it says none."""
    found = {people_words().pronoun_of.get(word) for word in _words(name)} - {None}
    return next(iter(found)) if len(found) == 1 else None


def age_in(text: str) -> int | None:
    """Return the age that a description says: ``70``, ``late 30s``, ``in his forties``, ``a teen``; None if it says none."""
    if found := _DECADE.search(text):
        part = found["part"].casefold() if found["part"] else None
        return int(found["decade"]) + _PART_OF_DECADE[part]
    ages, numbers = people_words().ages, people_words().numbers
    if (told := _YEARS_OLD.search(text)) and (
        found := ages.get(told["number"].casefold(), numbers.get(told["number"].casefold()))
    ):
        return found
    years = [int(one["years"]) for one in _YEARS.finditer(text) if int(one["years"]) <= _OLDEST]
    if years:
        return years[0]
    plain = f" {' '.join(_words(text))} "
    return next((ages[word] for word in sorted(ages, key=len, reverse=True) if f" {word} " in plain), None)


def without_accents(text: str) -> str:
    """Return a text in small letters without accents."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter))


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


@lru_cache(maxsize=4)  # outline and shotlist ask for the people of one film
def _people(actions: tuple[str, ...], cues: tuple[str, ...]) -> People:
    return _Search(actions, cues).people()


@dataclass(slots=True)
class _Search:
    """Looks through the action of a film."""

    actions: Sequence[str]
    cues: Sequence[str]
    _speakers: set[str] = field(default_factory=set)
    _small: set[str] = field(default_factory=set)
    _titled: Counter[str] = field(default_factory=Counter)
    _alone: Counter[str] = field(default_factory=Counter)
    """Words with a capital amid a sentence, and no other such word beside them."""

    _text: str = ""

    def people(self) -> People:
        actions = self.actions
        for action in actions:
            for word in re.findall(r"[^\W\d_]{2,}", action):
                if word.islower():
                    self._small.add(word)
                elif word.istitle():
                    self._titled[word.casefold()] += 1
            self._alone.update(word.casefold() for word in _AMID.findall(action))
        speakers: dict[str, Told] = {}
        cues = Counter(self.cues)
        for cue in self.cues:
            name = " ".join(cue.split())
            self._speakers.add(name.casefold())
            age = age_in(name) if is_role(name) else None
            speakers.setdefault(name.casefold(), Told(name=name, age=age, pronoun=pronoun_of(name), silent=False))
        found = {key: replace(told, also=self._also_called(told.name)) for key, told in speakers.items()}
        for told in self._acting(actions):
            self._add(found, told)
        for action in actions:
            if action == action.upper():
                continue
            for sentence in sentences(_QUOTED.sub(" ", action)):
                for told in self._introduced(sentence):
                    self._add(found, told)
        self._text = " ".join(actions).casefold()
        for sentence in (one for action in actions for one in sentences(_QUOTED.sub(" ", action))):
            for told in self._acting_without_a_name(sentence, found):
                self._add(found, told)
        return People(
            tuple(found.values()), frozenset(cue for cue, often in cues.items() if often <= _SELDOM and self._is_thing(cue))
        )

    def _is_thing(self, cue: str) -> bool:
        """Say whether a cue is a word that the action has in small letters, and nobody's name or role."""
        word = cue.casefold()
        return word in self._small and not self._alone[word] and not is_role(cue)

    def _also_called(self, cue: str) -> tuple[str, ...]:
        """Return how the action calls whoever has a cue: by a longer name, or by one of the names on it."""
        words = [word for word in _words(cue) if word not in people_words().titles]
        if len(words) < 2 or is_role(cue) or is_voice(cue):
            return self._long_for(cue)
        others = [word for name in self._speakers if name != cue.casefold() for word in _words(name)]
        alone = (words[0], words[-1])
        return tuple(word.upper() for word in alone if word not in others and self._is_name_alone(word))

    def _is_name_alone(self, word: str) -> bool:
        """Say whether a part of a name stands for it: it never is in small letters, or has a capital amid a sentence."""
        return self._alone[word] >= _TWICE if word in self._small else self._titled[word] > 0

    def _long_for(self, cue: str) -> tuple[str, ...]:
        """Return the name in the action that a cue is short for, as ``SEB`` is for Sébastien; empty unless there is just one."""
        short = without_accents(cue)
        if len(short) < _SHORTEST_CUE or not short.isalpha() or self._titled[cue.casefold()]:
            return ()
        longer = [
            name
            for name, often in self._titled.items()
            if often >= _TWICE and len(name) > len(short) and without_accents(name).startswith(short)
        ]
        is_free = len(longer) == 1 and longer[0] not in self._speakers and longer[0] not in self._small
        return (longer[0].upper(),) if is_free else ()

    def _acting(self, actions: Sequence[str]) -> Iterator[Told]:
        """Yield who begins sentences again and again, does what people do, and is never written in small letters."""
        begun: defaultdict[str, list[str]] = defaultdict(list)
        for action in actions:
            for sentence in sentences(action):
                if found := _ACTS.match(sentence):
                    begun[found["name"]].append(sentence)
        acts = people_words().acts
        for name, told in begun.items():
            known = name.casefold() in self._small or name.casefold() in people_words().not_names
            if len(told) >= _OFTEN and not known and any(acts.search(sentence[len(name) :][:_NEAR]) for sentence in told):
                yield Told(name=name.upper(), source=told[0])

    def _acting_without_a_name(self, sentence: str, known: Mapping[str, Told]) -> Iterator[Told]:
        """Yield who does something at the beginning of a sentence and is nobody known: ``A young waiter brings the bill``."""
        found = somebody_new(sentence)
        if found is None:
            return
        word = (found["one"] or found["titled"] or found["many"]).casefold()
        one = _IRREGULAR.get(word, word.removesuffix("s")).casefold() if found["many"] else word
        called = [name for name in known if [part for part in _words(name) if not part.isdigit()][-1:] in ([one], [word])]
        # The Sheriff may be the Sheriff of Nottingham, whose cue is NOTTINGHAM.
        is_title = found["titled"] and any(f"{one} {of}{name}" in self._text for name in known for of in ("", "of "))
        if len(called) != 1 and one not in known and not is_title:
            told = Told(name=word.upper(), age=age_in(found[0]), pronoun=pronoun_of(one), source=sentence)
            yield from _members(told, found[0].removesuffix(word))

    def _add(self, found: dict[str, Told], told: Told) -> None:
        """Add somebody, or what is told of somebody who is known by this name or a part of it."""
        words = _words(told.name)
        known = next(
            (
                key
                for key in found
                if key == told.name.casefold() or (set(words) & set(_words(key)) and self._is_part(key, words))
            ),
            None,
        )
        if known is None:
            first = next((word for word in words if word not in people_words().titles), "")
            also = (first.upper(),) if len(words) > 1 and first and not is_role(told.name) and self._titled[first] else ()
            found[told.name.casefold()] = replace(told, also=told.also or also)
            return
        before = found[known]
        found[known] = replace(
            before,
            age=before.age if is_role(told.name) and before.age is not None else _age_of_both(before.age, told.age),
            pronoun=before.pronoun or told.pronoun,
            source=before.source or told.source,
            full=max(before.full, told.name, before.name, key=len),
        )

    def _is_part(self, key: str, words: Sequence[str]) -> bool:
        """Say whether one of two names is a part of the other, a name and no mere role or title."""
        own = [word for word in _words(key) if word not in people_words().titles and word not in people_words().pronoun_of]
        other = [word for word in words if word not in people_words().titles and word not in people_words().pronoun_of]
        return bool(own and other) and (set(own) <= set(other) or set(other) <= set(own))

    def _introduced(self, sentence: str) -> Iterator[Told]:
        for found in _NAME.finditer(sentence):
            name = self._name(found["name"])
            if not name:
                continue
            before, after = sentence[: found.start()], sentence[found.end() :]
            told = self._told(name, before, after)
            if told is not None:
                yield from _members(replace(told, source=sentence), before)

    def _name(self, capitals: str) -> str:
        """Return what of a run of capitals may be a name: without the words that never are, at its ends."""
        words = capitals.split()
        while words and words[0].strip(".,").casefold() in people_words().not_names:
            words.pop(0)
        while words and words[-1].strip(".,").casefold() in people_words().not_names:
            words.pop()
        name = " ".join(words).strip(".")
        return name if len(words) <= _MOST_WORDS and (len(name) > 2 or name.casefold() in self._speakers) else ""

    def _told(self, name: str, before: str, after: str) -> Told | None:
        """Return what is told of somebody where a name is introduced; None where the capitals are no person."""
        words = people_words()
        bracketed, behind = _IN_BRACKETS.match(after), _BEHIND_COMMA.match(after)
        description = " ".join(re.split(r"[,;]", one["told"])[0] for one in (bracketed, behind) if one)
        first = re.split(r"[,;]", behind["told"])[0] if behind else ""
        called = age_in(name) if is_role(name) else None
        beside = age_in(first) if first and len(first.split()) <= 5 else None
        age = age_in(bracketed["told"]) if bracketed else called if called is not None else beside
        role = is_role(name) or _is_plural(name) or (_OF_A_TRADE.search(name) is not None and _ONE.search(before) is not None)
        is_described = behind is not None and _DESCRIBED.match(behind["told"]) is not None
        acts = _DOES.match(after) is not None
        if not (name.casefold() in self._speakers or role):
            has_article = _DETERMINER.search(before) is not None
            common = any(word in self._small for word in _words(name)) or _words(name)[-1] in words.not_names
            beyond = _BEHIND_COMMA.match(after[bracketed.end() :]) if bracketed else None
            kind = f"{description} {beyond['told'] if beyond else ''}"
            is_animal = any(word in words.animals for word in (*_words(before)[-2:], *_words(kind)))
            is_place = _words(name)[-1] in PLACE_WORDS and age is None
            if is_animal or is_place or _IS_READ.search(before):
                return None
            is_certain = age is not None and (bracketed is not None or not common)
            is_called = _IS_CALLED.search(before) is not None
            begins = is_described or acts or is_role(_last_word(before))
            named = not common and self._titled[_words(name)[0]] > 0 and (is_called or (begins and not has_article))
            if not (is_certain or named):
                return None
        is_alike = re.match(r"^\s*(?:an?|the)\b", description) is not None or bracketed is not None
        described = pronoun_of(description) if is_alike else None
        return Told(name=name, age=age if age is not None else age_in(name), pronoun=pronoun_of(name) or described)


def _age_of_both(first: int | None, then: int | None) -> int | None:
    """Return the age of somebody of whom two are told: the first one, unless years go by in the film; then the older one."""
    if first is None or then is None:
        return then if first is None else first
    return max(first, then) if abs(first - then) > _YEARS_GO_BY else first


def _last_word(text: str) -> str:
    return (_words(text) or [""])[-1]


def _is_plural(name: str) -> bool:
    last = _words(name)[-1:]
    words = people_words()
    return bool(last) and (last[0] in words.plurals or (last[0].endswith("s") and last[0][:-1] in words.pronoun_of))


_IRREGULAR = {"men": "MAN", "women": "WOMAN", "children": "CHILD", "people": "PERSON", "ladies": "LADY", "gentlemen": "GENTLEMAN"}


def _members(told: Told, before: str) -> Iterator[Told]:
    """Yield the members of a group, as many as a number before it says, or three; somebody alone as he is."""
    if not _is_plural(told.name):
        yield told
        return
    *kind, last = told.name.split()
    numbers = people_words().numbers
    counted = [word.casefold() for word in (*before.split()[-3:], *kind)]
    count = next(
        (int(word) if word.isdigit() else numbers[word] for word in reversed(counted) if word in numbers or word.isdigit()), 3
    )
    one = _IRREGULAR.get(last.casefold(), last[:-1] if last.casefold().endswith("s") else last)
    kind = [word for word in kind if word.casefold() not in numbers and not word.isdigit()]
    for number in range(1, min(count, _MOST_MEMBERS) + 1):
        name = " ".join([*kind, one, str(number)])
        age = told.age if told.age is not None else age_in(one)
        yield replace(told, name=name, age=age, pronoun=told.pronoun or pronoun_of(one), also=(told.name,))
