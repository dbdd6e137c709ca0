"""Acting: who does what, from the prose of an action line.

A line is read sentence by sentence. A sentence falls into parts at commas and at words such as *and*; a part has the subject that
is named before its verb, or goes on with the one before it. What is denied, wanted or only begins to end is not done. Rules:

- What the last sentence tells wins, unless it is only a look.
- A posture and a gesture of one sentence go together (she sits and writes); of two postures, or two gestures, the later wins.
- A posture stays while later sentences tell of gestures only, but for one that is brief (walking): that is over
  with the sentence, and before a gesture that has a posture of its own (walks to the desk and writes).
- The parenthetical of somebody who speaks on screen, and what stands in brackets within the speech, is read like a sentence of
  which the speaker is the subject. What the action line tells of the speaker wins; what the other does not tell is added.
- Of somebody of whom nothing is told nothing is known: a neutral stance, or a small gesture while speaking.

What the words mean is data: see ``action_words``.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from vtx_dagster.core.bible import Pronoun, SetKind
from vtx_dagster.core.plan import Drawing, DrawnFigure
from vtx_dagster.core.shot import DialogueLine, Posture
from vtx_dagster.engines.animatic.action_words import (
    BREAKS,
    Match,
    Name,
    Token,
    action_words,
    base_forms,
    first_words,
    groups_of,
    languages_of,
    matches_in,
    names_in,
    sentences_of,
)  # fmt: skip
from vtx_dagster.engines.animatic.chance import stable_hash
from vtx_dagster.engines.animatic.doings import Doing, Kind, all_doings

_SEATED: Final = frozenset({SetKind.VEHICLE, SetKind.TRAIN})
"""Where people sit of whom nothing is told."""


_LOOK: Final = "look"
_NOUN_WORDS: Final = 4
"""How many words a thing has that is seen, at most, with its article."""
_WITH: Final = frozenset({"with", "mit", "avec", "con", "com"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What one figure does in a shot.

    Attributes:
        posture: What the whole body does: a posture of ``doings.yaml``.
        gesture: What arms and head do; empty if nothing is told of them.
        partner: Key of the figure with whom it is done, or at whom it is looked; empty if there is none.
        told: Whether the action line tells it.
        is_posture_told: Whether the posture is told, and not only what usually goes with the gesture.
    """

    posture: str
    gesture: str = ""
    partner: str = ""
    told: bool = False
    is_posture_told: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """What a script says in brackets of somebody who speaks: ``(pointing at the door)``.

    Attributes:
        speaker: Key of the figure.
        text: What stands in the brackets.
        speech: What is said with it; it tells the language.
    """

    speaker: str
    text: str
    speech: str = ""


@dataclass(frozen=True, slots=True)
class _Event:
    sentence: int
    key: str
    doing: str
    partner: str


@dataclass(slots=True)
class _Memory:
    """Of whom was spoken: keys, the last one last, and the last ones who did something together.

    Attributes:
        recent: Who was named, the last one last.
        subject: Who did something last.
        events: What was told.
        groups: Whom words mean that several names share, in their plural.
        members: Of the group that was named last, those who were not singled out yet.
    """

    recent: list[str] = field(default_factory=list)
    subject: tuple[str, ...] = ()
    events: list[_Event] = field(default_factory=list)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    members: tuple[str, ...] = ()

    def mention(self, key: str) -> None:
        if key in self.recent:
            self.recent.remove(key)
        self.recent.append(key)


def acts_in(drawing: Drawing) -> dict[str, Act]:
    """Return what every figure of a drawing does, by key."""
    speakers = {line.character for line in drawing.dialogue if not line.off_screen}
    known = all_doings()
    acts = acts_of(drawing.action, drawing.figures, _asides_of(drawing))
    for figure in drawing.figures:
        act = acts[figure.key]
        posture = figure.posture or (Posture.SIT if drawing.interior and drawing.set in _SEATED else None)
        if posture and not (act.told and act.is_posture_told):
            act = acts[figure.key] = replace(act, posture=posture.value)
        if not act.gesture and figure.name in speakers and not known.doings[act.posture].brief:
            gesture = known.speaking[stable_hash(figure.key, "speaking") % len(known.speaking)]
            acts[figure.key] = Act(posture=act.posture, gesture=gesture, partner=act.partner, told=act.told)
    return acts


_BRACKETS: Final = re.compile(r"\(([^()]+)\)")


def _asides_of(drawing: Drawing) -> tuple[Aside, ...]:
    keys = {figure.name: figure.key for figure in drawing.figures}
    lines = [line for line in drawing.dialogue if not line.off_screen and line.character in keys]
    return tuple(
        Aside(speaker=keys[line.character], text=text, speech=line.text) for line in lines for text in _bracketed(line)
    )  # fmt: skip


def _bracketed(line: DialogueLine) -> list[str]:
    """Return the parenthetical of a line, and what stands in brackets within it and is not said."""
    others = [grammar.articles | grammar.he | grammar.she for grammar in action_words().languages.values()]
    inside = [
        text for text in _BRACKETS.findall(line.text) if not any(text.casefold().split(" ")[0] in words for words in others)
    ]
    return [line.parenthetical, *inside] if line.parenthetical else inside


def acts_of(action: str, figures: Sequence[DrawnFigure], asides: Sequence[Aside] = ()) -> dict[str, Act]:
    """Return what an action line, and what a script says in brackets, tell of every figure, by key."""
    known = all_doings()
    told = _events(sentences_of(action), figures)
    said = [event for aside in asides for event in _aside_events(aside, figures)]
    acts: dict[str, Act] = {}
    for figure in figures:
        own = _joined(*([event for event in events if event.key == figure.key] for events in (told, said)))
        acts[figure.key] = _act(own) if own else Act(posture=known.stand)
    return acts


def _joined(told: list[_Event], said: list[_Event]) -> list[_Event]:
    """Return what is told of one figure together with what is said of it in brackets: that gives way."""
    if not told or not said:
        return told or said
    known, act = all_doings().doings, _act(told)
    is_free = not act.gesture or known[act.gesture].weak
    before = [replace(event, sentence=told[0].sentence) for event in said if known[event.doing].kind == Kind.POSTURE]
    after = [
        replace(event, sentence=told[-1].sentence)
        for event in said
        if known[event.doing].kind == Kind.GESTURE and is_free and not (known[act.posture].brief and known[event.doing].posture)
    ]
    return [*before, *told, *after]


def _aside_events(aside: Aside, figures: Sequence[DrawnFigure]) -> list[_Event]:
    opening = Token("(", "(")
    sentences = [[opening, *tokens] for tokens in sentences_of(aside.text)]
    words = [token.word for tokens in (*sentences, *sentences_of(aside.speech)) for token in tokens]
    return _read(sentences, words, figures, speaker=aside.speaker)


def _events(sentences: list[list[Token]], figures: Sequence[DrawnFigure]) -> list[_Event]:
    return _read(sentences, [token.word for tokens in sentences for token in tokens], figures)


def _read(
    sentences: list[list[Token]], words: list[str], figures: Sequence[DrawnFigure], *, speaker: str = ""
) -> list[_Event]:  # fmt: skip
    """Return what sentences tell, in the likeliest language of some words; ``speaker`` does what is told of nobody else."""
    told: list[_Event] = []
    groups = groups_of(figures)
    for language in languages_of(words):
        memory = _Memory(groups=groups)
        if speaker:
            memory.subject = (speaker,)
            memory.mention(speaker)
        for index, tokens in enumerate(sentences):
            sentence = _Sentence(tokens, figures, language, memory, index)
            sentence.main = (speaker,) if speaker else None
            sentence.read()
        told = max(told, memory.events, key=len)
    return told


@dataclass(slots=True)
class _Segment:
    """A part of a sentence: where it begins and ends, and with which word."""

    first: int
    last: int
    opener: str


class _Sentence:
    """One sentence as it is read."""

    def __init__(
        self, tokens: list[Token], figures: Sequence[DrawnFigure], language: str, memory: _Memory, index: int
    ) -> None:  # fmt: skip
        self.tokens = tokens
        self.figures = figures
        self.grammar = action_words().languages[language]
        self.memory = memory
        self.index = index
        self.names = names_in(tokens, figures, self.grammar)
        named = {place for name in self.names for place in range(name.first, name.last + 1)}
        self.named = named
        grammar = self.grammar
        objects = grammar.him | grammar.her | grammar.them
        people = named | {place for place, token in enumerate(tokens) if token.word in objects or self._mutual_at(place)}
        self.bases = base_forms(language)
        self.are_several = False
        self.is_aside = tokens[0].word == "(" if tokens else False
        self.matches = [
            match
            for match in matches_in(tokens, language, frozenset(people))
            if not match.words & named and not self._is_compound(match) and not self._has_article(match)
        ]
        self.matches = [match for match in self.matches if not self._is_end(match)]
        self.main: tuple[str, ...] | None = None
        self.denied = False

    def read(self) -> None:
        """Add what the sentence tells to the memory."""
        pending: tuple[str, ...] = ()
        current: tuple[str, ...] | None = None
        waiting: list[tuple[Match, _Segment]] = []
        for segment in self._segments():
            matches = [match for match in self.matches if segment.first <= match.first <= segment.last]
            subject, known = self._subject(segment, matches)
            if subject and pending:
                subject = (*pending, *(key for key in subject if key not in pending))
                self.main = subject if self.main == pending else self.main
            elif known and pending and segment.opener in self.grammar.joins:
                # Ann and a stranger dance.
                subject, self.are_several = pending, True
            if not known:
                subject = self._goes_on(segment, matches, current)
            pending = subject if known and subject and not matches and self._is_bare_name(segment) else ()
            if known or subject:
                current = subject
            if subject and known and self.main is None:
                self.main = subject
                for match, _ in waiting:
                    self._tell(match, subject, segment)
                waiting = []
            if matches and not subject and not known and self.main is None and not self.memory.subject:
                waiting += [
                    (match, segment)
                    for match in matches
                    if self.tokens[match.first].word not in self.bases and not self._is_denied(match, segment, seen=False)
                ]
            denied = False
            for match in matches:
                denied = self._tell_of(match, subject, segment, matches)
            self.denied = denied
            for name in self.names:
                if segment.first <= name.first <= segment.last:
                    self.memory.mention(name.key)
            if subject:
                self.memory.subject = subject
                for key in subject:
                    self.memory.mention(key)
        only = self.figures[0].key if len(self.figures) == 1 else ""
        for match, segment in waiting:
            # A wave carries Ann: it is not she who carries.
            if only and not any(match.last < name.first <= segment.last for name in self.names):
                self._tell(match, (only,), _Segment(0, len(self.tokens) - 1, ""))

    def _segments(self) -> Iterable[_Segment]:
        grammar, start, opener = self.grammar, 0, ""
        for index, token in enumerate(self.tokens):
            phrase = self._phrase_at(index, grammar.not_now)
            is_who = index > 0 and token.word in grammar.who and self._after_name(index)
            opens = token.word in BREAKS or token.word in grammar.and_ or bool(phrase) or is_who
            # Mom and Dad may be one.
            opens = opens and not any(name.first < index <= name.last for name in self.names)
            # A word within a phrase that tells of a doing begins nothing: the Portuguese `se senta` is no `if`.
            if not opens or any(index in match.words and (match.first < index or len(match.words) > 1) for match in self.matches):
                continue
            if index > start:
                yield _Segment(start, index - 1, opener)
                opener = ""
            start = index + max(1, len(phrase.split()))
            # Of openers in a row a comma says least, and what denies says most.
            if not (opener and (token.word in BREAKS or opener in grammar.not_now)):
                opener = phrase or token.word
        if start < len(self.tokens):
            yield _Segment(start, len(self.tokens) - 1, opener)

    def _is_compound(self, match: Match) -> bool:
        """Return whether the word is part of the name of a thing: *dining room*."""
        after = self.tokens[match.last + 1].word if match.last + 1 < len(self.tokens) else ""
        return after in self.grammar.compounds and self.tokens[match.last].word.endswith("ing")

    def _is_end(self, match: Match) -> bool:
        """Return whether the word only ends something: who stops running stands, but who stops crying may sit."""
        after = match.last + 1
        if self.tokens[match.first].word not in self.grammar.ends or not self.tokens[after : after + 1]:
            return False
        known = all_doings().doings
        moves = any(other.first == after and known[other.doing].brief for other in self.matches)
        return self.tokens[after].word.endswith("ing") and not moves

    def _has_article(self, match: Match) -> bool:
        """Return whether the word is a noun: `with a laugh she waves`. An aside may tell something by it."""
        grammar, first = self.grammar, match.first
        before = self.tokens[first - 1].word if first and not self.is_aside else ""
        nouns = grammar.articles - grammar.him - grammar.her - grammar.numbers - grammar.someone
        return self.tokens[first].word in self.bases and before in nouns

    def _after_name(self, index: int) -> bool:
        """Return whether a name, or a comma after a name, stands before a token."""
        before = index - 1 if self.tokens[index - 1].word not in BREAKS else index - 2
        return any(name.last == before for name in self.names)

    def _phrase_at(self, index: int, phrases: frozenset[str]) -> str:
        """Return the longest of some phrases that begins at a token, or an empty text."""
        if self.tokens[index].word not in first_words(phrases):
            return ""
        for length in (4, 3, 2, 1):
            text = " ".join(token.word for token in self.tokens[index : index + length])
            if text in phrases and index + length <= len(self.tokens):
                return text
        return ""

    def _name_from(self, index: int) -> Name | None:
        return next((name for name in self.names if name.first == index), None)

    def _is_skipped(self, place: int) -> bool:
        """Return whether a word says nothing of who does it; Kelly and Emily are no adverbs."""
        word = self.tokens[place].word
        return place not in self.named and (word in self.grammar.adverbs or (word.endswith("ly") and len(word) > 4))

    def _subject(self, segment: _Segment, matches: list[Match]) -> tuple[tuple[str, ...], bool]:
        """Return whom the beginning of a segment names as its subject, and whether it names anybody or anything at all."""
        grammar = self.grammar
        end = matches[0].first if matches else segment.last + 1
        at = segment.first
        while at < end and self._is_skipped(at) and not self._phrase_at(at, grammar.everybody):
            at += 1
        if at >= end:
            return self._inverted(segment, matches) if at > segment.first or not matches else ((), False)
        everybody = self._phrase_at(at, grammar.everybody)
        first = self.tokens[at].word
        if everybody and not self._is_of_others(at, everybody, end):
            return self._everybody(everybody), True
        for phrases, pronoun in ((grammar.men, Pronoun.HE), (grammar.women, Pronoun.SHE)):
            if self._phrase_at(at, phrases):
                some = tuple(figure.key for figure in self.figures if figure.pronoun in (pronoun, None))
                return some if len(some) > 1 else (), True
        member = self._member(at, end)
        if member:
            return member, True
        if first in self.memory.groups:
            return self._group(first), True
        name = self._name_from(at)
        if name is not None:
            # Ann's phone rings; but Ann's sitting.
            is_short = name.possessive and name.last + 1 == end and self.tokens[end : end + 1] and matches
            sits = bool(is_short) and self.tokens[end].word.endswith("ing")
            return ((name.key,) if sits or not name.possessive else ()), True
        pronoun = self._pronoun(first, {name.key for name in self.names if at < name.first <= segment.last})
        if pronoun is not None and not (first in grammar.articles and end - at > 1):
            return pronoun, True
        if first in grammar.prepositions or first in grammar.there:
            return self._after_preposition(segment, matches, at, end)
        if first in grammar.articles:
            return self._after_article(at, end)
        later = self._later_subject(at, end)
        if later is not None and matches:
            return later, True
        if at == 0 and not segment.opener and not first.endswith("ing") and not first.endswith("ed"):
            # Rain falls; cars race by.
            return (), bool(matches) or not self.names
        if matches and segment.opener not in ("", "("):
            # As Swan, who is not in the picture, opens fire.
            is_named = self.tokens[at].text[0].isupper() and not grammar.nouns_have_capitals
            return (), is_named or self._is_rain_falling(segment, at, end)
        return (), False

    def _is_of_others(self, at: int, phrase: str, end: int) -> bool:
        """Return whether what looks like everybody is not: `all the while`, `the rest of the crowd`."""
        grammar, after = self.grammar, at + len(phrase.split())
        if after >= end:
            return False
        word = self.tokens[after].word
        return word in grammar.prepositions or (" " not in phrase and word in grammar.articles - grammar.numbers)

    def _group(self, word: str) -> tuple[str, ...]:
        """Return whom a plural means: *soldiers* are Soldier 1 and Soldier 2."""
        self.memory.members = self.memory.groups[word]
        return self.memory.groups[word]

    def _member(self, at: int, end: int) -> tuple[str, ...]:
        """Return whom `one` and `another` mean after a group was named; empty if nobody."""
        grammar, word = self.grammar, self.tokens[at].word
        is_alone = at + 1 >= end or self.tokens[at + 1].word in grammar.prepositions or self._is_skipped(at + 1)
        if not self.memory.members or not is_alone or word not in grammar.one | grammar.another:
            return ()
        first, *rest = self.memory.members
        self.memory.members = tuple(rest)
        return (first,)

    def _is_rain_falling(self, segment: _Segment, at: int, end: int) -> bool:
        """Return whether a part tells of a thing: `Ann sits, rain falling`; but not `Ann sits and nods smiling`."""
        if not self.bases or not self.tokens[end].word.endswith("ing"):
            return False
        is_thing = at + 1 == end and segment.opener not in self.grammar.joins
        return is_thing or self.tokens[end - 1].word in self.grammar.be or not self.tokens[at].word.endswith(("s", "ed"))

    def _everybody(self, phrase: str) -> tuple[str, ...]:
        """Return whom `both` and `all` mean: of more than two, `the two` are those who were named last."""
        keys = tuple(figure.key for figure in self.figures)
        if phrase in self.grammar.others:
            busy = {event.key for event in self.memory.events}
            return tuple(key for key in keys if key not in busy)
        recent = tuple(key for key in keys if key in self.memory.recent[-2:])
        return recent if phrase in self.grammar.two and len(recent) > 1 else keys

    def _later_subject(self, at: int, end: int) -> tuple[str, ...] | None:
        """Return who is named before the verb though not at the beginning: `slowly, old Ann`."""
        for place in range(at, min(end, at + 3)):
            name = self._name_from(place)
            if name is not None and not name.possessive and self.tokens[place - 1].word not in self.grammar.prepositions:
                return (name.key,) if name.last + 1 >= end or self._is_skipped(name.last + 1) else None
        return None

    def _after_article(self, at: int, end: int) -> tuple[tuple[str, ...], bool]:
        """`The old man`, if that is a name, else somebody who is not in the picture; `his face in his hands` goes on."""
        if at + 1 == end:
            return (), self.tokens[at].word in self.grammar.someone
        for place in range(at + 1, min(end, at + 4)):
            if self.tokens[place].word in self.grammar.prepositions:
                break
            if self.tokens[place].word in self.memory.groups:
                return self._group(self.tokens[place].word), True
            name = self._name_from(place)
            if name is not None:
                return ((), True) if name.possessive else ((name.key,), True)
        return (), True

    def _after_preposition(self, segment: _Segment, matches: list[Match], at: int, end: int) -> tuple[tuple[str, ...], bool]:
        grammar = self.grammar
        for place in range(at + 1, end):
            before, word = self.tokens[place - 1].word, self.tokens[place].word
            name = self._name_from(place)
            free = before not in grammar.prepositions
            if name is not None and free and not name.possessive and not (before in grammar.articles and place - at <= 2):
                return (name.key,), True
            pronoun = self._pronoun(word)
            if pronoun is not None and free and not (word in grammar.articles and place < end - 1):
                return pronoun, True
            if word in grammar.articles and free and before not in grammar.adverbs and word not in grammar.her | grammar.him:
                return (), True
        return self._inverted(segment, matches)

    def _inverted(self, segment: _Segment, matches: list[Match]) -> tuple[tuple[str, ...], bool]:
        """`On the bed lies Ann`; `at the window stands a man`."""
        if not matches:
            return (), False
        after = matches[0].last + 1
        article = after <= segment.last and self.tokens[after].word in self.grammar.articles
        name = self._name_from(after + 1 if article else after)
        is_posture = all_doings().doings[matches[0].doing].kind == Kind.POSTURE
        if is_posture and name is not None and name.last <= segment.last and not name.possessive:
            return (name.key,), True
        # With a sigh opens the door: what is opened does nothing; slowly looks at Ben.
        return (), article and is_posture

    def _goes_on(self, segment: _Segment, matches: list[Match], current: tuple[str, ...] | None) -> tuple[str, ...]:
        """Return the subject of a segment that names none."""
        if segment.opener in self.grammar.who:
            return (max((name for name in self.names if name.last < segment.first), key=lambda name: name.last).key,)
        if matches and matches[0].first == segment.first and self.tokens[segment.first].word.endswith("ing") and self.main:
            return self.main
        if current is not None:
            return current
        if self.memory.subject:
            return self.memory.subject
        return ()

    def _is_bare_name(self, segment: _Segment) -> bool:
        """Return whether nothing but a name stands there, or a name and where it is: `Ann and Ben from the bakery dance`."""
        last = max((name.last for name in self.names if segment.first <= name.first <= segment.last), default=-1)
        after = self.tokens[last + 1].word if last < segment.last else ""
        return last >= 0 and (not after or after in self.grammar.prepositions or after.isdigit())

    def _pronoun(self, word: str, others: Collection[str] = ()) -> tuple[str, ...] | None:
        """Return for whom a pronoun stands, rather not for some others; None if it is none."""
        grammar = self.grammar
        if word in grammar.he:
            return self._meant((Pronoun.HE,), others)
        if word in grammar.she:
            meant = self._meant((Pronoun.SHE,), others)
            return meant if meant or word not in grammar.they else self._several()
        if word in grammar.they:
            several = self._several()
            return tuple(key for key in several if key not in others) or several
        return None

    def _meant(self, pronouns: tuple[Pronoun, ...], others: Collection[str] = ()) -> tuple[str, ...]:
        for wanted in (pronouns, (None,)):
            keys = [figure.key for figure in self.figures if figure.pronoun in wanted]
            # In `He looks at Ben` it is not Ben who looks.
            keys = [key for key in keys if key not in others] or keys
            # Who did the last thing goes on, rather than who was only named in it.
            subject = [key for key in self.memory.subject if key in keys]
            recent = [key for key in self.memory.recent if key in keys]
            if len(subject) == 1 or recent:
                return (subject[0] if len(subject) == 1 else recent[-1],)
            if len(keys) == 1:
                return (keys[0],)
        return ()

    def _several(self) -> tuple[str, ...]:
        """Return whom `they` means: the one of whom that is said, those who did something together, or everybody."""
        last = self.memory.recent[-1] if self.memory.recent else ""
        theirs = [figure.key for figure in self.figures if figure.pronoun == Pronoun.THEY]
        if last in theirs and len(self.memory.subject) < 2:
            return (last,)
        if len(self.memory.subject) > 1:
            return self.memory.subject
        return tuple(figure.key for figure in self.figures)

    def _tell_of(self, match: Match, subject: tuple[str, ...], segment: _Segment, matches: list[Match]) -> bool:
        """Add one match, and return whether it was denied."""
        own = self._seen(match, segment, matches)
        own = self._right_before(match, segment) if own is None else own
        if self._is_denied(match, segment, seen=own is not None):
            return True
        if own is None and not self.is_aside and self._is_noun(match, subject):
            return False
        agent = self._agent(match, segment)
        if agent is not None:
            who, partner = agent
            if who:
                self._tell(match, (who,), segment, partner=subject[0] if subject else partner)
            return False
        self._tell(match, own if own is not None else subject, segment)
        return False

    def _right_before(self, match: Match, segment: _Segment) -> tuple[str, ...] | None:
        """Return whom a pronoun right before the verb means, after another one: `once he is gone she runs`."""
        at, grammar = match.first - 1, self.grammar
        before = {token.word for token in self.tokens[segment.first : max(at, segment.first)]}
        is_other = bool(before & (grammar.he | grammar.she | grammar.they))
        return self._pronoun(self.tokens[at].word) if is_other and self.bases else None

    def _is_noun(self, match: Match, subject: tuple[str, ...]) -> bool:
        """Return whether a word is no verb because one person does not do it in that form: `Ann drops the pocket watch`."""
        word, before = self.tokens[match.first].word, self.tokens[match.first - 1].word if match.first else ""
        if word not in self.bases or len(subject) != 1 or before in self.grammar.to or before in self.grammar.and_:
            return False
        if self.are_several or before in self.grammar.they or any(name.last == match.first - 1 for name in self.names):
            return False
        return not any(figure.key in subject and figure.pronoun == Pronoun.THEY for figure in self.figures)

    def _seen(self, match: Match, segment: _Segment, matches: list[Match]) -> tuple[str, ...] | None:
        """Return who does it of whom somebody else sees or lets them: `Ann watches Ben sleep`; None if there is nobody."""
        at = match.first - 1
        while at >= segment.first and self._is_skipped(at):
            at -= 1
        if at <= segment.first:
            return None
        if self._is_of_what_is_seen(at, matches):
            return ()
        name = next((name for name in self.names if name.last == at and not name.possessive), None)
        word = self.tokens[at].word
        grammar = self.grammar
        if word in grammar.articles and not self.is_aside and word not in grammar.him | grammar.her | grammar.numbers:
            # Letting it run; the running water.
            return ()
        start = name.first if name is not None else at
        before = self.tokens[start - 1].word if start > segment.first else ""
        if not before or (before in grammar.prepositions and before not in grammar.sees):
            return None
        if name is not None:
            return (name.key,) if any(other.first < name.first for other in matches) or start - 1 > segment.first else None
        if word in grammar.him:
            return self._meant((Pronoun.HE,))
        return self._meant((Pronoun.SHE,)) if word in grammar.her else None

    def _is_of_what_is_seen(self, at: int, matches: list[Match]) -> bool:
        """Return whether a noun that ends there is what somebody sees: `Ann notices a large manuscript lying there`."""
        looks = (each.last for each in matches if each.doing == _LOOK and each.last < at)
        after = max(looks, default=at) + 1
        nouns = self.grammar.articles - self.grammar.him - self.grammar.her
        is_plain = not any(token.word in self.grammar.prepositions for token in self.tokens[after : at + 1])
        is_named = any(after <= name.first <= at for name in self.names)
        return after < at < after + _NOUN_WORDS and self.tokens[after].word in nouns and is_plain and not is_named

    def _is_denied(self, match: Match, segment: _Segment, *, seen: bool) -> bool:
        grammar = self.grammar
        if segment.opener in grammar.not_now:
            return True
        before = [token.word for token in self.tokens[segment.first : match.first]]
        after = [token.word for token in self.tokens[match.last + 1 : min(match.last + 4, segment.last + 1)]]
        near = [word for word in before if not (word.endswith("ly") and len(word) > 4)]
        last = near[-1] if near else ""
        if last in grammar.to:
            return len(near) < 2 or near[-2] not in grammar.begins
        places = [] if seen else [place for place in range(segment.first, match.first) if place not in self.named]
        if last in grammar.ends or any(self._phrase_at(place, grammar.not_) for place in places):
            return True
        if any(word.endswith("n't") for word in before) or any(word in grammar.not_after for word in after):
            return True
        word = self.tokens[match.first].word
        goes_on = not before and self.denied and segment.opener in grammar.and_
        return goes_on and not word.endswith(("s", "ed", "ing"))

    def _agent(self, match: Match, segment: _Segment) -> tuple[str, str] | None:
        """Return who does it in a passive (an empty key if nobody in the picture); None in an active."""
        grammar = self.grammar
        word = self.tokens[match.first].word
        before = [token.word for token in self.tokens[segment.first : match.first] if not token.word.endswith("ly")]
        is_passive = bool(before) and before[-1] in grammar.be
        if not (is_passive or self._is_reduced(match)) or word in grammar.states:
            return None
        rest = range(match.first + 1, segment.last + 1)
        by = next((place for place in rest if self.tokens[place].word in grammar.by), None)
        name = None if by is None else self._name_from(by + 1)
        if by is not None and name is None and self.tokens[by + 1 : by + 2] and self.tokens[by + 1].word in grammar.articles:
            name = self._name_from(by + 2)
        if name is not None:
            return name.key, ""
        passive = word.endswith(("ed", "en")) or by is not None
        return ("", "") if passive else None

    def _is_reduced(self, match: Match) -> bool:
        """Return whether somebody else does it though no word says so before: `Ann enters, followed by Ben`."""
        doing, after = all_doings().doings[match.doing], [token.word for token in self.tokens[match.last + 1 : match.last + 2]]
        is_done = doing.kind == Kind.GESTURE or doing.brief
        return is_done and self.tokens[match.first].word.endswith("ed") and any(word in self.grammar.by for word in after)

    def _partner(self, match: Match, segment: _Segment, subject: tuple[str, ...]) -> str:
        """Return whom it is done to or with."""
        grammar = self.grammar
        for place in range(match.first + 1, segment.last + 1):
            name = self._name_from(place)
            if name is not None and name.key not in subject:
                return name.key
            word = self.tokens[place].word
            for wanted, pronoun in ((grammar.him, Pronoun.HE), (grammar.her, Pronoun.SHE)):
                followed = (
                    place < segment.last
                    and self.tokens[place + 1].word not in grammar.prepositions
                    and not self._is_skipped(place + 1)
                    and not any(other.first == place + 1 for other in self.matches)
                )
                if word in wanted and not (word in grammar.articles and followed):
                    meant = self._others(pronoun, subject)
                    if meant:
                        return meant[-1]
        return ""

    def _others(self, pronoun: Pronoun, subject: tuple[str, ...]) -> list[str]:
        """Return whom an object pronoun may mean: not the subject; the one named last is the last."""
        for wanted in (pronoun, None):
            keys = [figure.key for figure in self.figures if figure.pronoun == wanted and figure.key not in subject]
            if keys:
                return sorted(keys, key=lambda key: self.memory.recent.index(key) if key in self.memory.recent else -1)
        return []

    def _tell(self, match: Match, subject: tuple[str, ...], segment: _Segment, *, partner: str = "") -> None:
        """Add what a match tells of its subject, and of the partner where it takes two."""
        known = all_doings()
        doing = known.doings[match.doing]
        company = self._company(match, segment, subject)
        other = "" if company else partner or self._partner(match, segment, subject)
        pairs = [subject[place : place + 2] for place in range(0, len(subject), 2)] if len(subject) > 1 else [subject]
        if len(subject) == 1 and other and (doing.together or (doing.with_partner and self._is_with(match, segment))):
            pairs = [(subject[0], other)]
        if doing.together and len(subject) > 1:
            # An odd one out does nothing that takes two.
            pairs = [pair for pair in pairs if len(pair) > 1]
        for pair in pairs:
            two = len(pair) > 1 and (doing.together or doing.with_partner is not None)
            name = doing.with_partner or match.doing if two else match.doing
            for key in pair:
                mate = next((each for each in pair if each != key), "") if two or self._is_mutual(match, segment) else other
                self.memory.events.append(_Event(self.index, key, name, mate))
        self.memory.events += [_Event(self.index, key, match.doing, "") for key in company]

    def _company(self, match: Match, segment: _Segment, subject: tuple[str, ...]) -> list[str]:
        """Return who does the same with somebody: `Ann walks with Ben`; but not who has something: `with Ben's coat`."""
        grammar, doing = self.grammar, all_doings().doings[match.doing]
        takes_one = doing.kind == Kind.POSTURE and not doing.together and not doing.with_partner
        for at in range(match.last + 1, segment.last) if takes_one and subject else ():
            if self.tokens[at].word in _WITH:
                first = at + 2 if self.tokens[at + 1].word in grammar.articles - grammar.him - grammar.her else at + 1
                name = self._name_from(first)
                is_object = self.tokens[at + 1].word in grammar.him | grammar.her
                if (name is not None and not name.possessive) or is_object:
                    mate = self._partner(replace(match, first=at), _Segment(at, min(at + 2, segment.last), ""), subject)
                    return [mate] if mate else []
        return []

    def _is_with(self, match: Match, segment: _Segment) -> bool:
        return any(token.word in _WITH for token in self.tokens[match.last : segment.last + 1])

    def _is_mutual(self, match: Match, segment: _Segment) -> bool:
        return any(self._mutual_at(place) for place in range(match.last + 1, segment.last + 1))

    def _mutual_at(self, place: int) -> bool:
        return bool(self._phrase_at(place, self.grammar.each_other))


def _act(events: list[_Event]) -> Act:
    """Return what comes of all that is told of one figure, by the rules at the top."""
    known = all_doings()
    posture = gesture = partner = ""
    is_posture_told = False
    for sentence in sorted({event.sentence for event in events}):
        told = [(event, known.doings[event.doing]) for event in events if event.sentence == sentence]
        last_move = max((place for place, (_, doing) in enumerate(told) if doing.kind == Kind.POSTURE), default=-1)
        if last_move >= 0:
            event = told[last_move][0]
            posture, gesture, partner = event.doing, "", event.partner
            is_posture_told = True
        for place, (event, doing) in enumerate(told):
            is_weaker = gesture and (doing.faint or (doing.weak and not known.doings[gesture].weak))
            if doing.kind == Kind.POSTURE or is_weaker:
                continue
            gesture = event.doing
            body = known.doings[posture] if posture else None
            partner = _kept_partner(body, partner) or event.partner
            if body is not None and body.brief and _is_over(body, doing, earlier=last_move < 0, before=place > last_move):
                posture = ""
            if not posture and doing.posture != known.stand:
                posture, is_posture_told = doing.posture or "", False
    return Act(
        posture=posture or known.stand, gesture=gesture, partner=partner, told=True, is_posture_told=is_posture_told
    )  # fmt: skip


def _is_over(body: Doing, doing: Doing, *, earlier: bool, before: bool) -> bool:
    """Return whether a brief posture is over when a gesture is told: whoever walks to the desk and writes does not walk any more.

    Args:
        body: The posture.
        doing: The gesture.
        earlier: Whether the posture was told in an earlier sentence.
        before: Whether it was told before the gesture.
    """
    return (doing.posture is not None and before) or (earlier and not body.together and not doing.weak)


def _kept_partner(doing: Doing | None, partner: str) -> str:
    """Return with whom two go on together, whatever else is told of one of them."""
    return partner if doing is not None and doing.together else ""
