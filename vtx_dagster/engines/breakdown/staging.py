"""Who is in frame, shot after shot of one scene: who speaks there, who is named, whom a pronoun means, who stays and who left."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from vtx_dagster.core.bible import Pronoun
from vtx_dagster.core.coverage import action_texts, covered_elements
from vtx_dagster.core.screenplay import SceneText
from vtx_dagster.core.shot import DialogueLine, Posture
from vtx_dagster.engines.breakdown.cast import Cast
from vtx_dagster.engines.breakdown.framing import Purpose, shows_detail
from vtx_dagster.engines.breakdown.people import people_words, somebody_new, whom_touched
from vtx_dagster.engines.breakdown.pronouns import pronouns_in, used_pronouns
from vtx_dagster.engines.breakdown.prose import announces_text, sentences
from vtx_dagster.engines.breakdown.takes import SceneSetting, Take

_CALLED = re.compile(r"(?:^|(?<=[,.!?]\s))[^\W\d_][\w'\u2019. -]{1,30}(?=[,.!?])")
"""Words of a speech between marks, among them the name of the one who is called: ``Alors. Magda. Have you seen her?``"""

_SEVERAL = re.compile(
    r"^their\b|\b(?:they|them|both|every(?:one|body)|all of (?:them|us)"
    r"|the (?P<count>two|three|four|five)?\s?(?:of them|group|others|men|women|boys|girls|family|friends|couple|pair|trio|gang"
    r"|team|kids|children)?(?<!the )\b)\b",
    re.IGNORECASE,
)
_SEVERAL_SEEN = 3
_POSTURES = {"sits": Posture.SIT, "lies": Posture.LIE, "kneels": Posture.KNEEL}
_PARTS = re.compile(r"[;:\u2013\u2014]|--|\b(?:as|while|when|where)\b")
_OBJECT = re.compile(
    r"\b(?:to|at|with|by|beside|behind|from|for|of|on|over|near|around|past|towards?|into|between|against|[a-z]+(?:s|ed|ing))\s+"
    r"(?:the\s+)?[A-Z][\w'\u2019-]*(?:\s+[A-Z][\w'\u2019-]*)*(?:\s+and\s+[A-Z][\w'\u2019-]*)*"
)
"""A name that is no subject: ``looks at Ben``."""
_LAST_OBJECT = re.compile(rf"(?:{_OBJECT.pattern})(?=(?:\s+(?:is|are|was|were|still|just|now|[a-z]+ly))*\s*$)")
_THING = re.compile(r"\b(?:a|an|the|his|her|their|its)\s+(?:(?!(?:and|then|who|to|while|as|but|still|\w+ly)\b)[\w-]+\s+){1,3}$")
"""What sits or lies without being of the cast: ``notices a manuscript`` sitting there."""
_NOT_DONE = re.compile(
    r"(?:\b(?:not|never|without|cannot|can|could|would|will|should|must|nearly|almost)|n['\u2019]t"
    r"|\b(?:asks?|tells?|wants?|tries|motions?|gestures?|signals?|begs?|orders?|invites?|needs?|about|going|ready|refuses)"
    r"(?:\s+(?:for\s+)?[\w'\u2019]+){0,3}\s+to)\s+$"
)
_TO_ONESELF = re.compile(
    r"\b(?:to (?:him|her|them|it)sel(?:f|ves)|aside|under (?:his|her) breath|zu sich|für sich|à (?:lui|elle)-même|para s[ií]"
    r"|tra sé)\b",
    re.IGNORECASE,
)
_ABOUT_SEVERAL = re.compile(r"^(?:they|both)\b", re.IGNORECASE)
_ABOUT_SOMEBODY = re.compile(r"^(?:she|he)\b", re.IGNORECASE)
_MAX_BEATS = 12


class Staging:
    """Puts people before the camera.

    Args:
        scene: The scene whose takes are staged, in order.
        setting: What is the same in all of them.
        cast: Who may be in it.
    """

    def __init__(self, scene: SceneText, setting: SceneSetting, cast: Cast) -> None:
        self._setting = setting
        self._cast = cast
        self._named = _named_in(scene, cast)
        self._own_roles = _own_roles(scene, cast) | setting.recent & cast.roles
        self._is_black = scene.outside
        self._scene = scene
        self._before: tuple[str, ...] = ()
        self._here: dict[str, None] = {}
        self._left: set[str] = set()
        self._spoke: tuple[str, ...] = ()
        self._postures: dict[str, Posture] = {}
        self._spoken_of: tuple[str, ...] = ()
        self._has_begun = False
        self._was_spoken = False
        self._is_read = False
        self._answered_from_elsewhere = False

    @cached_property
    def _pronouns(self) -> Mapping[str, Pronoun]:
        """What everybody is called, by key: in the film, else in this scene."""
        if all(key in self._cast.pronouns for key in self._named):
            return self._cast.pronouns
        actions = action_texts(self._scene)
        return used_pronouns(actions, mentioned=self._cast.mentioned) | self._cast.pronouns

    def with_everybody(self, take: Take) -> Take:
        """Return a take in which the first of those who are there says what all say together."""
        here = [key for key in self._here if key not in self._left]
        if not here or not any(line.character in self._cast.everybody for line in take.lines):
            return take

        def said(line: DialogueLine) -> DialogueLine:
            if line.character not in self._cast.everybody:
                return line
            manner = "; ".join(filter(None, ("all together", line.parenthetical)))
            return line.model_copy(update={"character": here[0], "parenthetical": manner, "off_screen": False})

        pieces = tuple(replace(piece, lines=tuple(map(said, piece.lines))) for piece in take.pieces)
        return replace(take, pieces=pieces)

    def location(self, take: Take) -> str | None:
        """Return where a take is: in a scene that is cut against other places, where the one who speaks is."""
        speakers = [line.character for line in take.lines if not line.off_screen]
        return self._setting.elsewhere.get(speakers[0], self._setting.location) if speakers else self._setting.location

    def note(self, take: Take, people: tuple[str, ...]) -> None:
        """Remember who is there after a take: who was in frame, without those who left; nobody of another place."""
        self._before = people
        for key in () if self.location(take) != self._setting.location else people:
            self._here.pop(key, None)
            self._here[key] = None
            self._left.discard(key)
        self._has_begun, self._was_spoken = True, bool(take.lines)
        self._is_read = announces_text(take.action)
        self._spoken_of = tuple(key for line in take.lines for key in self._cast.mentioned(line.text))
        if take.lines:
            self._answered_from_elsewhere = any(map(self._is_elsewhere, take.lines))
        spoke = tuple(line.character for line in take.lines if not line.off_screen)
        self._spoke = (*self._spoke, *spoke)[-6:]
        for line in take.lines:
            if not line.off_screen and line.parenthetical:
                self._move(line.parenthetical, (), speaker=line.character)
        for sentence in sentences(take.action):
            self._move(sentence, people)
            if leaving := people_words().leaves.search(sentence):
                subjects = self._cast.seen(sentence[: leaving.start()])
                subjects = subjects or self._meant(pronouns_in(sentence[: leaving.start()]))
                self._left.update(subjects)

    def _move(self, sentence: str, people: tuple[str, ...], *, speaker: str = "") -> None:
        """Remember who sits, lies, kneels or stands after a sentence, or the speaker after a parenthetical."""
        for move in people_words().moves.finditer(sentence):
            if _NOT_DONE.search(sentence[: move.start()]):
                continue
            posture = _POSTURES.get(move.lastgroup or "")
            for key in (speaker,) if speaker else self._who_moves(sentence, move.start(), people):
                if posture:
                    self._postures[key] = posture
                else:
                    self._postures.pop(key, None)

    def _who_moves(self, sentence: str, start: int, people: tuple[str, ...]) -> Iterable[str]:
        """Return whom a word of a sentence is about: who is named before it, whom a pronoun there means, or all of several."""
        before = sentence[:start]
        if (thing := _THING.search(before)) and not self._cast.seen(thing.group()):
            return ()
        if named := self._subjects(before) if before else self._cast.seen(sentence):
            return named
        if _SEVERAL.search(before):
            return people
        return self._meant(pronouns_in(before)) or (people if not before else ())

    def _subjects(self, text: str) -> tuple[str, ...]:
        """Return whom the last part of a text with a name is about.

        In ``Ann walks to Ben and sits`` it is Ann who sits, in ``Ann watches Ben sit`` it is Ben.
        """
        part = next((part for part in reversed(_PARTS.split(text)) if self._cast.seen(part)), "")
        if last := _LAST_OBJECT.search(part):
            return self._cast.seen(last.group())
        return self._cast.seen(_OBJECT.sub(" ", part)) or self._cast.seen(part)

    def postures(self, people: tuple[str, ...]) -> dict[str, Posture]:
        """Return how those of some are who do not stand."""
        return {key: self._postures[key] for key in people if key in self._postures}

    def _is_elsewhere(self, line: DialogueLine) -> bool:
        return line.character in self._setting.elsewhere

    def _there(self, keys: Iterable[str]) -> list[str]:
        """Return those of some who did not leave, each once."""
        return [key for key in dict.fromkeys(keys) if key not in self._left and key not in self._setting.elsewhere]

    def people(self, take: Take, after: Sequence[Take] = ()) -> tuple[str, ...]:
        """Return who is in frame: who speaks there, who is named, and for a pronoun whom it means."""
        if take.blocking:
            return take.blocking.characters
        if take.purpose == Purpose.TITLE or (not take.lines and self._is_read):
            return ()
        speakers = [line.character for line in take.lines if not line.off_screen]
        heard = {line.character for line in take.lines if line.off_screen}
        text = f"{take.direction.subject} {take.action}".strip()
        texts = [take.direction.subject, *(piece.text for piece in take.pieces if piece.line is None)]
        named = [key for one in texts for key in self._seen(one) if key not in heard]
        pointed_at = self._seen(take.direction.subject)
        if named and not speakers and take.purpose != Purpose.DETAIL:
            named += self._also_meant(texts)
            named += self._touched(texts)
        people = tuple(dict.fromkeys((*pointed_at, *speakers, *named)))
        if people:
            if take.purpose == Purpose.TWO_SHOT and len(people) == 1:
                people = (*people, *self.listeners(people, take, after)[:1])
            return people
        here = self._there(reversed(self._here))
        if take.lines:
            then = () if self._is_black else (line.character for one in after for line in one.lines if not line.off_screen)
            seen = self._there(self._before) or here or self._there(then)[:1]
            is_call = any(map(self._is_elsewhere, take.lines))
            # Who is heard over himself tells what he thinks.
            shown = [key for key in seen if key not in heard] or [key for key in self._before if key in heard]
            return tuple(shown)[: 1 if is_call else 2]
        if several := _SEVERAL.search(text):
            count = people_words().numbers.get((several["count"] or "").casefold(), _SEVERAL_SEEN)
            begins = several.start() == 0 or any(one.startswith(several.group()) for one in sentences(text))
            meant = here[:count] if len(here) > 1 or not begins else self._there((*here, *self._named))[:count]
            return tuple(key for key in dict.fromkeys((*self._here, *self._named)) if key in meant)
        meant = dict.fromkeys(key for one in texts for key in self._meant(pronouns_in(one)))
        return tuple(meant) or self._staying(take, after)

    def _touched(self, texts: Iterable[str]) -> list[str]:
        """Return whom somebody holds, hits or helps who is only called him or her."""
        found: list[str] = []
        for sentence in (one for text in texts for one in sentences(text)):
            if whom := whom_touched(sentence):
                found += self._meant(pronouns_in(whom.group()), but=self._seen(sentence[: whom.start()]))
        return found

    def _also_meant(self, texts: Iterable[str]) -> list[str]:
        """Return whom sentences are about that begin with a pronoun, beside those whom they name."""
        if any(_ABOUT_SEVERAL.match(one) for text in texts for one in sentences(text)):
            return self._there(reversed(self._here))[:_SEVERAL_SEEN]
        also: list[str] = []
        before: list[str] = []
        for one in (one for text in texts for one in sentences(text)):
            pronouns = pronouns_in(found.group()) if (found := _ABOUT_SOMEBODY.match(one)) else frozenset()
            goes_on = any(self._pronouns.get(key) in {*pronouns, None} for key in before)
            if pronouns and not goes_on and not people_words().leaves.search(one):
                also += self._meant(pronouns, but=self._seen(one))
            before += self._seen(one)
        return also

    def _seen(self, text: str) -> list[str]:
        """Return who is seen in a text; a mere word for a person means somebody only in scenes in which there is one."""
        seen = self._cast.seen(text)
        return [
            key for key in seen if key not in self._cast.roles or (key in self._own_roles and not self._is_another(key, text))
        ]

    def _is_another(self, key: str, text: str) -> bool:
        """Say whether a word for a person means somebody else than the one who was seen: ``a woman``, not ``the woman``."""
        if key not in self._here and key not in self._setting.recent:
            return False
        name = re.escape(self._cast.display_name(key).lower())
        return re.search(rf"\b(?:an?|another|some)\s+(?:[a-z-]+\s+){{0,2}}{name}\b", text.lower()) is not None

    def _staying(self, take: Take, after: Sequence[Take]) -> tuple[str, ...]:
        """Return who was in frame, where nothing but a pause comes in between, such as a long silence."""
        is_pause = people_words().pauses.search(sentences(take.action)[0]) is not None
        goes_on = bool(after) and bool(after[0].lines) and self._was_spoken
        is_bare = not (take.direction.size or shows_detail(take.action))
        staying = self._there((*self._before, *reversed(self._spoke[-2:]))) or self._there(reversed(self._here))[:2]
        is_of_another = bool(pronouns_in(take.action))
        return tuple(staying) if is_bare and (is_pause or (goes_on and take.is_short and not is_of_another)) else ()

    def _meant(self, pronouns: frozenset[Pronoun], *, but: Collection[str] = ()) -> tuple[str, ...]:
        """Return whom pronouns mean: the last one in frame, or else present, who is called so or of whom it is not known."""
        if not pronouns:
            return ()
        called = self._pronouns.get
        spoken_of = (*self._before, *reversed(self._here), *self._named, *self._spoken_of)
        candidates = [key for key in self._there(spoken_of) if key not in but]
        before = [key for key in self._there(self._before or reversed(self._here)) if key not in but]
        found = (
            next((key for key in before if called(key) == pronoun), None)
            or next((key for key in before if called(key) is None), None)
            or next((key for key in candidates if called(key) == pronoun), None)
            for pronoun in sorted(pronouns)
        )
        return tuple(dict.fromkeys(filter(None, found)))

    def listeners(self, people: tuple[str, ...], take: Take, after: Sequence[Take]) -> tuple[str, ...]:
        """Return who is spoken with: whom the speech is said to, who spoke last, who speaks next, who else is there.

        Nobody who is there is, where somebody answers who is not: over the telephone, say.
        """
        answers = [line for one in after[:1] for line in one.lines]
        if take.lines and (self._answered_from_elsewhere or any(map(self._is_elsewhere, answers))):
            return ()
        if take.lines and all(_TO_ONESELF.search(line.parenthetical) for line in take.lines):
            return ()
        called = [line.parenthetical for line in take.lines]
        called += [one.group() for line in take.lines for one in _CALLED.finditer(line.text)]
        said_to = [key for text in called for key in self._cast.mentioned(text) if key in self._here]
        then = [line.character for one in after for line in one.lines if not line.off_screen][:2] if take.lines else []
        spoke = [key for key in reversed(self._spoke) if key in self._here]
        present = (*(key for key in then if key in self._here), *self._before, *reversed(self._here))
        near = self._before if not self._was_spoken else ()
        others = self._there((*said_to, *near, *spoke, *present, *then))
        return tuple(key for key in others if key not in people[:1])

    def continuity(self, people: tuple[str, ...]) -> str:
        """Return what carries over from the shot before."""
        if not self._has_begun:
            return ""
        staying = [self._cast.display_name(key) for key in people if key in self._before]
        kept = f"; still in frame: {', '.join(staying)}" if staying else ""
        return f"Follows on the shot before: same place and light{kept}."


def _named_in(scene: SceneText, cast: Cast) -> tuple[str, ...]:
    """Return who is on screen in a scene, in order of appearance."""
    found: dict[str, None] = {}
    for element in covered_elements(scene):
        if element.speaker and not element.off_screen:
            found.update({key: None for key in cast.speakers(element.speaker) if not cast.is_heard_only(key)})
        elif not element.speaker:
            found.update(dict.fromkeys(cast.mentioned(element.text)))
    return tuple(found)


def _own_roles(scene: SceneText, cast: Cast) -> frozenset[str]:
    """Return the mere words for a person (``WOMAN``) that mean somebody in a scene: who speaks, comes up, or is in capitals."""
    speaking = {key for element in scene.elements if element.speaker for key in cast.speakers(element.speaker)}
    actions = action_texts(scene)
    capitals = " ".join(word if word.upper() == word else "." for word in " ".join(actions).split())
    new = [found.group() for action in actions for one in sentences(action) if (found := somebody_new(one))]
    return frozenset((*speaking, *cast.mentioned(". ".join((capitals, *new))))) & cast.roles
