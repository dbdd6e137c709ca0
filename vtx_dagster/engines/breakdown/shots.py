"""The rules by which a scene becomes shots.

**Directed.** A note ``[[SHOT: ...]]`` begins a shot that covers what comes after it, up to the next such note or the end of the
scene; it is cut only where it would pass the longest clip. What the note leaves open is framed by rule.

A title card (centred text) is a shot of its own.

**By rule**, for everything else:

1. The first action paragraph of a scene is its establishing shot: extreme wide outside, wide inside.
2. Every other action paragraph is a shot; two short ones share it. People are framed in medium shots, groups wider, hands, eyes
   and other details close. A short paragraph about one person between two speeches is a reaction: close.
3. A conversation opens with a two-shot. After that every speech is a shot of the speaker, medium close-ups and close-ups in turn,
   every other one over the shoulder of the listener. Two short exchanges share a two-shot, and so do speeches in dual dialogue. A
   speaker who is off screen is heard over those who are there.
4. Speeches (and actions) too long for a clip are cut at sentence ends.
5. The same subject never has the same size twice in a row, moves follow words in the text (*runs*, *looks up*, *slowly*),
   lenses the size: see ``framing``.

Every action paragraph, speech and lyric is in exactly one shot, or, cut, every part of it is (``core.coverage`` proves it).
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from itertools import accumulate, groupby

from vtx_dagster.core.bible import Pronoun
from vtx_dagster.core.coverage import covered_elements
from vtx_dagster.core.ids import FilmId
from vtx_dagster.core.pacing import (
    ACTION_BEAT_S,
    ACTION_WORD_S,
    ORIENTATION_S,
    dialogue_seconds,
    line_seconds,
    reading_seconds,
)
from vtx_dagster.core.screenplay import Element, ElementKind, SceneText
from vtx_dagster.core.shot import Angle, Camera, DialogueLine, ShotSize, TimeOfDay
from vtx_dagster.core.shotlist import Shot, ShotSource
from vtx_dagster.engines.breakdown.cast import Cast
from vtx_dagster.engines.breakdown.directions import Direction, camera_words, direction_text, is_direction, read_direction
from vtx_dagster.engines.breakdown.framing import LENS_MM, Purpose, SceneFraming, detail_in, shows_detail
from vtx_dagster.engines.breakdown.people import people_words
from vtx_dagster.engines.breakdown.pronouns import pronouns_in, used_pronouns
from vtx_dagster.engines.breakdown.prose import announces_text, props, readable_text, sentences, shortened, split_to_fit

SHOT_STEP = 10
"""Shots are numbered in tens, so that one can be put between two."""

_UNDIRECTED = Direction()
_SHORT_ACTION_WORDS = 10
_SHARED_SPEECHES_S = Fraction(5)
_MARGIN_S = Fraction(1, 2)
_FINEST_CUT_S = Fraction(6)
"""A project with shorter clips than this gets its clips clamped by pacing, not its sentences cut into words."""
_WIDEST_S = max(ORIENTATION_S.values())
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]")
"""Letters of scripts without spaces, of which ``pacing`` takes two for a word."""

_CALLED = re.compile(r"(?:^|(?<=[,.!?]\s))[^\W\d_][\w'\u2019. -]{1,30}(?=[,.!?])")
"""Words of a speech between marks, among them the name of the one who is called: ``Alors. Magda. Have you seen her?``"""

_SEVERAL = re.compile(
    r"^their\b|\b(?:they|them|both|every(?:one|body)|all of (?:them|us)"
    r"|the (?P<count>two|three|four|five)?\s?(?:of them|group|others|men|women|boys|girls|family|friends|couple|pair|trio|gang"
    r"|team|kids|children)?(?<!the )\b)\b",
    re.IGNORECASE,
)
_SEVERAL_SEEN = 3
_ABOUT_SOMEBODY = re.compile(r"^(?:she|he)\b", re.IGNORECASE)
_MAX_BEATS = 12
_MAX_BEAT_LETTERS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneSetting:
    """What is the same in all shots of a scene.

    Attributes:
        id: Of the scene.
        file: Name of the scene file, for errors.
        location: Key, or None for a heading that names no place.
        longest_s: What no clip may pass.
        visit: How often the place was seen in the scenes right before; one that was is not established again.
        elsewhere: Where people are who talk in the scene and are not there, by key; None if that is not known: they are heard.
        recent: Keys of those who were seen in the last scenes.
    """

    id: str
    file: str
    location: str | None
    time_of_day: TimeOfDay
    longest_s: Fraction
    style_profile: str | None = None
    visit: int = 0
    elsewhere: Mapping[str, str | None] = field(default_factory=dict)
    recent: frozenset[str] = frozenset()

    @property
    def limit_s(self) -> Fraction:
        """What the estimate of a shot may not pass; less than ``longest_s``, since frames are rounded up."""
        return max(self.longest_s - _MARGIN_S, _FINEST_CUT_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Elements to cover that stand under the same direction.

    Attributes:
        direction: None before the first note of a scene.
        asked: The direction as it was written; empty without one.
        line: Where it stands in the scene file.
    """

    direction: Direction | None
    asked: str
    line: int
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """An element that is covered, or a part of it.

    Attributes:
        lines: What is said, a line for every parenthetical; none for action.
        words_s: Seconds to listen and read.
        happening_s: Seconds in which it happens; none for a speech, during which people act.
    """

    element: Element
    source: ShotSource
    text: str
    lines: tuple[DialogueLine, ...]
    words_s: Fraction
    happening_s: Fraction

    @property
    def line(self) -> DialogueLine | None:
        """The first line of a speech; None for action."""
        return self.lines[0] if self.lines else None

    @property
    def readable(self) -> str:
        """Text in frame."""
        return "" if self.line else readable_text(self.text, centred=self.element.centred)

    @property
    def whole(self) -> bool:
        """Whether it is all of its element."""
        return self.source.parts == 1

    @property
    def short_action(self) -> bool:
        """Whether it may share a shot with another action."""
        return self.line is None and self.whole and not self.readable and len(self.text.split()) <= _SHORT_ACTION_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocking:
    """What somebody decided about a shot besides its camera; what is None is left to the rules."""

    characters: tuple[str, ...]
    action: str | None = None
    beats: tuple[str, ...] | None = None
    props: tuple[str, ...] | None = None
    continuity: str | None = None

    def apply(self, shot: Shot) -> Shot:
        """Return a shot with all of this but the characters, who are in it from the start."""
        decided = {"action": self.action, "beats": self.beats, "props": self.props, "continuity": self.continuity}
        return shot.model_copy(update={name: value for name, value in decided.items() if value is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """What one shot covers, before it is framed."""

    pieces: tuple[Piece, ...]
    purpose: Purpose
    direction: Direction = _UNDIRECTED
    blocking: Blocking | None = None
    by_rule: bool = False

    @property
    def action(self) -> str:
        """The scene's own words for what happens in it."""
        return " ".join(piece.text for piece in self.pieces if piece.line is None)

    @property
    def lines(self) -> tuple[DialogueLine, ...]:
        """What is said in it."""
        return tuple(line for piece in self.pieces for line in piece.lines)


def scene_shots(scene: SceneText, setting: SceneSetting, cast: Cast) -> list[Shot]:
    """Return the shots of a scene, numbered 10, 20, 30."""
    takes: list[Take] = []
    for segment in segments_of(scene):
        takes += takes_by_rule(segment.elements, segment.direction, setting, cast, opening=not takes)
    return shot_takes(takes, scene, setting, cast)


def takes_by_rule(
    elements: Sequence[Element], direction: Direction | None, setting: SceneSetting, cast: Cast, *, opening: bool
) -> list[Take]:
    """Return the takes that cover elements one after the other.

    Args:
        elements: What is covered.
        direction: What is asked of them, or None.
        setting: The setting of their scene.
        cast: Who may be in it.
        opening: They open their scene.
    """
    takes: list[Take] = []
    for is_card, group in groupby(elements, key=lambda element: element.centred):
        pieces = [piece for element in group for piece in cut_element(element, [element.text], setting, cast)[0]]
        if is_card:
            for row in _rows(pieces):
                takes += [Take(pieces=tuple(card), purpose=Purpose.TITLE) for card in _packed(row, setting)]
        elif direction:
            takes += _directed_takes(direction, pieces, setting)
        else:
            for asked, run in groupby(pieces, key=_camera):
                if asked:
                    # Camera words ask for a shot of their own, every time.
                    takes += [take for piece in run for take in _directed_takes(asked, [_without_camera(piece)], setting)]
                else:
                    opens = opening and not takes and not setting.visit
                    takes += _Grouping(list(run), cast, setting, opening=opens).takes()
    return takes


def _rows(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return centred lines in rows: those right below each other are one card."""
    rows: list[list[Piece]] = []
    for piece in pieces:
        if rows and piece.source.lines.first == rows[-1][-1].source.lines.last + 1:
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return rows


def _camera(piece: Piece) -> Direction | None:
    """Return what the camera words ask for with which an action begins; None without any."""
    return camera_words(piece.text)[0] if piece.line is None and piece.source.part == 1 else None


def _without_camera(piece: Piece) -> Piece:
    return replace(piece, text=camera_words(piece.text)[1])


def shot_takes(takes: list[Take], scene: SceneText, setting: SceneSetting, cast: Cast) -> list[Shot]:
    """Return the shots of a scene's takes, framed one after the other and numbered 10, 20, 30."""
    stage = _Stage(scene, setting, cast)
    for number, (take, transition) in enumerate(zip(takes, _transitions(takes, scene), strict=True), start=1):
        stage.shoot(take, number=number * SHOT_STEP, transition=transition, after=takes[number : number + 2])
    return stage.shots


def segments_of(scene: SceneText) -> list[Segment]:
    """Return the elements to cover, by the direction that they stand under; a direction with nothing under it is left out."""
    return [segment for segment in _directed_segments(scene) if segment.elements]


def direction_remarks(scene: SceneText, setting: SceneSetting, cast: Cast) -> list[str]:
    """Return what of the SHOT notes of a scene is not followed, and why, each with its line in the scene file."""
    remarks: list[str] = []
    for segment in _directed_segments(scene):
        if segment.direction is None:
            continue
        where = f"{setting.file}:{segment.line}"
        remarks += [f"{where}: {remark}" for remark in segment.direction.remarks]
        if not segment.elements:
            remarks.append(f"{where}: nothing stands under this SHOT note: put it above the action or speech that it directs")
        elif segment.direction.seconds is not None:
            pieces = [piece for one in segment.elements for piece in cut_element(one, [one.text], setting, cast)[0]]
            groups = _packed(pieces, setting)
            if len(groups) > 1:
                total = sum((float(_seconds(group)) for group in groups), 0.0)
                remarks.append(
                    f"{where}: the SHOT note asks for {segment.direction.seconds:g} s, which is left out: what stands under it"
                    f" takes about {total:.0f} s"
                )
    return remarks


def _directed_segments(scene: SceneText) -> list[Segment]:
    covered = set(map(id, covered_elements(scene)))
    segments: list[tuple[Direction | None, Element | None, list[Element]]] = [(None, None, [])]
    for element in scene.elements:
        if is_direction(element):
            segments.append((read_direction(element), element, []))
        elif id(element) in covered:
            segments[-1][2].append(element)
    return [
        Segment(
            direction=direction,
            asked=direction_text(note) if note else "",
            line=note.lines.first if note else 0,
            elements=tuple(elements),
        )
        for direction, note, elements in segments
    ]


def cut_element(element: Element, texts: Sequence[str], setting: SceneSetting, cast: Cast) -> list[list[Piece]]:
    """Return an element in pieces, cut at sentence ends where a text is too long for a clip.

    Args:
        element: What is cut.
        texts: All of its text, in the parts that are wanted.
        setting: The setting of its scene.
        cast: Who may speak.

    Returns:
        The pieces of every text.
    """
    speaker, *others = cast.speakers(element.speaker) if element.speaker else [""]
    together = f"with {' and '.join(map(cast.display_name, others))}" if others else ""
    is_unseen = speaker in setting.elsewhere and setting.elsewhere[speaker] is None
    is_heard = element.off_screen or cast.is_heard_only(speaker) or is_unseen

    def line(text: str, parenthetical: str) -> DialogueLine:
        manner = "; ".join(filter(None, (together, parenthetical)))
        return DialogueLine(character=speaker, text=text, parenthetical=manner, off_screen=is_heard)

    @cache  # cutting weighs the same texts again and again
    def needs(text: str) -> tuple[Fraction, Fraction]:
        if speaker:
            return line_seconds(line(text, element.parenthetical)), Fraction(0)
        return reading_seconds(readable_text(text, centred=element.centred)), happening_seconds(text)

    def seconds(text: str) -> Fraction:
        words_s, happening_s = needs(text)
        return max(words_s, _WIDEST_S + happening_s)

    cut = [split_to_fit(text, seconds=seconds, limit_s=setting.limit_s) for text in texts]
    parts = sum(map(len, cut))
    said = iter(_said([text for fitting in cut for text in fitting], element) if speaker else [()] * parts)

    def piece(text: str, part: int) -> Piece:
        lines = tuple(line(words, parenthetical) for words, parenthetical in next(said))
        words_s, happening_s = needs(text)
        if len(lines) > 1:
            words_s = dialogue_seconds(lines)
        source = ShotSource(lines=element.lines, part=part, parts=parts, spoken=max(len(lines), 1))
        return Piece(element=element, source=source, text=text, lines=lines, words_s=words_s, happening_s=happening_s)

    starts = accumulate(map(len, cut), initial=1)
    return [
        [piece(text, number) for number, text in enumerate(fitting, start=start)]
        for start, fitting in zip(starts, cut, strict=False)
    ]


def _said(texts: Sequence[str], element: Element) -> list[list[tuple[str, str]]]:
    """Return the lines of every part of a speech: words, and the parenthetical before them; one at the end goes with the last."""
    asides = list(element.asides)
    found: list[list[tuple[str, str]]] = []
    letters = 0
    for text in texts:
        lines: list[tuple[str, list[str]]] = [("", [])]
        for word in text.split():
            here = [aside.text for aside in asides if aside.after <= letters]
            if here:
                del asides[: len(here)]
                if lines[-1][0]:
                    lines.append(("", []))
                lines[-1][1].extend(here)
            lines[-1] = (f"{lines[-1][0]} {word}".strip(), lines[-1][1])
            letters += len(word)
        found.append([(words, "; ".join(parentheticals)) for words, parentheticals in lines])
    if asides and found:
        words, parenthetical = found[-1][-1]
        found[-1][-1] = (words, "; ".join(filter(None, (parenthetical, *(aside.text for aside in asides)))))
    return found


def _seconds(pieces: Sequence[Piece]) -> Fraction:
    words = sum((piece.words_s for piece in pieces), Fraction(0))
    return max(words, _WIDEST_S + sum((piece.happening_s for piece in pieces), Fraction(0)))


def happening_seconds(text: str) -> Fraction:
    """Return how long what an action tells takes to happen, without the time to find one's way in the picture."""
    num_words = len(text.split()) + Fraction(len(_WIDE.findall(text)), 2)
    return max(len(action_beats(text)) * ACTION_BEAT_S, num_words * ACTION_WORD_S)


def action_beats(text: str) -> tuple[str, ...]:
    """Return what happens in an action, one thing a sentence."""
    return tuple(shortened(beat, _MAX_BEAT_LETTERS) for beat in sentences(text)[:_MAX_BEATS])


def _directed_takes(direction: Direction, pieces: list[Piece], setting: SceneSetting) -> list[Take]:
    """Return the take that was asked for, or several where it would pass the longest clip; their lengths are by rule then."""
    packed = _packed(pieces, setting)
    if len(packed) > 1:
        direction = replace(direction, seconds=None)
    return [
        Take(
            pieces=tuple(group),
            purpose=purpose_of(group),
            direction=direction if index == 0 else replace(direction, subject=""),
        )
        for index, group in enumerate(packed)
    ]


def _packed(pieces: Sequence[Piece], setting: SceneSetting) -> list[list[Piece]]:
    packed: list[list[Piece]] = [[]]
    for piece in pieces:
        if packed[-1] and _seconds([*packed[-1], piece]) > setting.limit_s:
            packed.append([])
        packed[-1].append(piece)
    return packed


def purpose_of(pieces: Sequence[Piece]) -> Purpose:
    """Return what a take of some pieces is there for, where no rule grouped them."""
    speakers = {piece.line.character for piece in pieces if piece.line}
    if not speakers:
        return Purpose.DETAIL if shows_detail(pieces[0].text) else Purpose.ACTION
    return Purpose.SPEECH if len(speakers) == 1 else Purpose.TWO_SHOT


class _Grouping:
    """Groups the pieces between two directions into takes, by the rules of this module."""

    def __init__(self, pieces: list[Piece], cast: Cast, setting: SceneSetting, *, opening: bool) -> None:
        self._pieces = pieces
        self._limit_s = setting.limit_s
        self._away = setting.elsewhere
        self._cast = cast
        self._opening = opening

    def takes(self) -> list[Take]:
        takes: list[Take] = []
        index = 0
        while index < len(self._pieces):
            count, purpose = self._next(index)
            takes.append(Take(pieces=tuple(self._pieces[index : index + count]), purpose=purpose))
            index += count
        return takes

    def _next(self, index: int) -> tuple[int, Purpose]:
        """Return how many pieces the take that begins here covers, and what it is there for."""
        piece = self._pieces[index]
        if piece.line:
            return self._speech(index, piece)
        if self._opening and index == 0:
            return 1, Purpose.ESTABLISH
        people = self._cast.seen(piece.text)
        if piece.short_action and len(people) == 1 and self._speaks(index - 1) and self._speaks(index + 1):
            return 1, Purpose.REACTION
        after = self._at(index + 1)
        count = 2 if piece.short_action and after and after.short_action else 1
        if shows_detail(piece.text) and len(people) < 2:
            return count, Purpose.DETAIL
        return count, (Purpose.PLACE, Purpose.ACTION, Purpose.GROUP)[min(len(people), 2)]

    def _speech(self, index: int, piece: Piece) -> tuple[int, Purpose]:
        after = self._at(index + 1)
        if after is None or after.line is None or piece.line is None or after.line.character == piece.line.character:
            return 1, Purpose.SPEECH
        heard = any(line.off_screen or line.character in self._away for line in (piece.line, after.line))
        together = piece.whole and after.whole and not heard
        if together and (after.element.dual or piece.words_s + after.words_s <= _SHARED_SPEECHES_S):
            fits = _seconds((piece, after)) <= self._limit_s
            return (2, Purpose.TWO_SHOT) if fits else (1, Purpose.TWO_SHOT)
        if not self._speaks(index - 1) and not heard:
            return 1, Purpose.TWO_SHOT
        return 1, Purpose.SPEECH

    def _at(self, index: int) -> Piece | None:
        return self._pieces[index] if 0 <= index < len(self._pieces) else None

    def _speaks(self, index: int) -> bool:
        piece = self._at(index)
        return piece is not None and piece.line is not None


def _transitions(takes: list[Take], scene: SceneText) -> list[str]:
    """Return the transitions of every take: those after it, and for the first one also those before it."""
    texts: list[list[str]] = [[] for _ in takes]
    take = 0
    for transition in (element for element in scene.elements if element.kind == ElementKind.TRANSITION):
        while take + 1 < len(takes) and takes[take + 1].pieces[0].element.lines.first < transition.lines.first:
            take += 1
        if texts:
            texts[take].append(transition.text)
    return [" / ".join(found) for found in texts]


class _Stage:
    """Puts people before the camera, shot after shot of one scene."""

    def __init__(self, scene: SceneText, setting: SceneSetting, cast: Cast) -> None:
        self._setting = setting
        self._cast = cast
        self._framing = SceneFraming(exterior=scene.interior is False, visit=setting.visit)
        self._named = _named_in(scene, cast)
        self._own_roles = _own_roles(scene, cast) | setting.recent & cast.roles
        self._is_black = scene.outside
        actions = (element.text for element in covered_elements(scene) if not element.speaker)
        self._pronouns = used_pronouns(actions, mentioned=cast.mentioned) | cast.pronouns
        self._before: tuple[str, ...] = ()
        self._here: dict[str, None] = {}
        self._left: set[str] = set()
        self._spoke: tuple[str, ...] = ()
        self._is_read = False
        self._answered_from_elsewhere = False
        self.shots: list[Shot] = []

    def shoot(self, take: Take, *, number: int, transition: str, after: Sequence[Take] = ()) -> None:
        """Frame the next take.

        Args:
            take: What it covers.
            number: Of the shot.
            transition: How the picture changes.
            after: The takes that come next.
        """
        take = self._with_everybody(take)
        direction, action = take.direction, take.action
        location = self._location(take)
        is_elsewhere = location != self._setting.location
        people = self._people(take, after)
        purpose = take.purpose
        if purpose == Purpose.SPEECH and all(line.off_screen for line in take.lines):
            purpose = Purpose.REACTION if people else Purpose.PLACE
        if is_elsewhere:
            people, purpose = people[:1], Purpose.SPEECH if purpose == Purpose.TWO_SHOT else purpose
        listeners = () if is_elsewhere else self._listeners(people, take, after)
        subject = people[:1] if purpose in {Purpose.SPEECH, Purpose.REACTION} else people
        text = action or " ".join(line.text for line in take.lines)
        ruled = self._framing.frame(purpose, subject, text, listeners=bool(listeners))
        camera = _follow(direction, ruled)
        self._framing.remember(subject, camera.size)
        between = "\n" if purpose == Purpose.TITLE else " "
        if camera.angle == Angle.OVER_SHOULDER and len(people) == 1:
            people = (*people, *listeners[:1])
        shot = Shot(
            id=str(FilmId((*FilmId.parse(self._setting.id).numbers, number))),
            scene=self._setting.id,
            size=camera.size,
            angle=camera.angle,
            move=camera.move,
            lens_mm=camera.lens_mm,
            action=" ".join(filter(None, (self._subject_sentence(direction), action))),
            characters=people,
            location=location,
            time_of_day=direction.time_of_day or self._setting.time_of_day,
            style_profile=self._setting.style_profile,
            dialogue=take.lines,
            props=_props(take, self._cast),
            insert=_insert(take, camera.size),
            continuity=self._continuity(people),
            beats=tuple(beat for piece in take.pieces if piece.line is None for beat in action_beats(piece.text))[:_MAX_BEATS],
            transition=transition,
            seconds=direction.seconds,
            readable_text=between.join(filter(None, (piece.readable for piece in take.pieces))),
            sources=tuple(piece.source for piece in take.pieces),
            by_rule=take.by_rule,
        )
        self.shots.append(take.blocking.apply(shot) if take.blocking else shot)
        self._before = people
        self._note(take, () if is_elsewhere else people)

    def _with_everybody(self, take: Take) -> Take:
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

    def _location(self, take: Take) -> str | None:
        """Return where a take is: in a scene that is cut against other places, where the one who speaks is."""
        speakers = [line.character for line in take.lines if not line.off_screen]
        return self._setting.elsewhere.get(speakers[0], self._setting.location) if speakers else self._setting.location

    def _note(self, take: Take, people: tuple[str, ...]) -> None:
        """Remember who is there after a take: who was in frame, without those who left."""
        for key in people:
            self._here.pop(key, None)
            self._here[key] = None
            self._left.discard(key)
        self._is_read = announces_text(take.action)
        if take.lines:
            self._answered_from_elsewhere = any(map(self._is_elsewhere, take.lines))
        spoke = tuple(line.character for line in take.lines if not line.off_screen)
        self._spoke = (*self._spoke, *spoke)[-6:]
        for sentence in sentences(take.action):
            if leaving := people_words().leaves.search(sentence):
                subjects = self._cast.seen(sentence[: leaving.start()])
                subjects = subjects or self._meant(pronouns_in(sentence[: leaving.start()]))
                self._left.update(subjects)

    def _is_elsewhere(self, line: DialogueLine) -> bool:
        return line.character in self._setting.elsewhere

    def _there(self, keys: Iterable[str]) -> list[str]:
        """Return those of some who did not leave, each once."""
        return [key for key in dict.fromkeys(keys) if key not in self._left and key not in self._setting.elsewhere]

    def _people(self, take: Take, after: Sequence[Take] = ()) -> tuple[str, ...]:
        """Return who is in frame: who speaks there, who is named, and for a pronoun whom it means."""
        if take.blocking:
            return take.blocking.characters
        if take.purpose == Purpose.TITLE or (not take.lines and self._is_read):
            return ()
        speakers = [line.character for line in take.lines if not line.off_screen]
        heard = {line.character for line in take.lines if line.off_screen}
        text = f"{take.direction.subject} {take.action}"
        texts = [take.direction.subject, *(piece.text for piece in take.pieces if piece.line is None)]
        named = [key for one in texts for key in self._seen(one) if key not in heard]
        pointed_at = self._seen(take.direction.subject)
        if named and not speakers:
            named += self._also_meant(texts)
        people = tuple(dict.fromkeys((*pointed_at, *speakers, *named)))
        if people:
            if take.purpose == Purpose.TWO_SHOT and len(people) == 1:
                people = (*people, *self._listeners(people, take, after)[:1])
            return people
        here = self._there(reversed(self._here))
        if take.lines:
            then = () if self._is_black else (line.character for one in after for line in one.lines if not line.off_screen)
            seen = self._there(self._before) or here or self._there(then)[:1]
            is_call = any(map(self._is_elsewhere, take.lines))
            return tuple(key for key in seen if key not in heard)[: 1 if is_call else 2]
        if several := _SEVERAL.search(text):
            count = people_words().numbers.get((several["count"] or "").casefold(), _SEVERAL_SEEN)
            meant = here[:count] if len(here) > 1 else self._there((*here, *self._named))[:count]
            return tuple(key for key in dict.fromkeys((*self._here, *self._named)) if key in meant)
        meant = dict.fromkeys(key for one in texts for key in self._meant(pronouns_in(one)))
        return tuple(meant) or self._staying(take, after)

    def _also_meant(self, texts: Iterable[str]) -> list[str]:
        """Return whom sentences are about that begin with a pronoun, beside those whom they name."""
        about = [(one, found) for text in texts for one in sentences(text) if (found := _ABOUT_SOMEBODY.match(one))]
        return [
            key
            for one, found in about
            if not people_words().leaves.search(one)
            for key in self._meant(pronouns_in(found.group()), but=self._seen(one))
        ]

    def _seen(self, text: str) -> list[str]:
        """Return who is seen in a text; a mere word for a person means somebody only in scenes in which there is one."""
        return [key for key in self._cast.seen(text) if key not in self._cast.roles or key in self._own_roles]

    def _staying(self, take: Take, after: Sequence[Take]) -> tuple[str, ...]:
        """Return who was in frame, where nothing but a pause comes in between, such as a long silence."""
        is_pause = people_words().pauses.search(sentences(take.action)[0]) is not None
        goes_on = bool(after) and bool(after[0].lines) and bool(self.shots) and bool(self.shots[-1].dialogue)
        is_bare = not (take.direction.size or shows_detail(take.action))
        staying = self._there(self._before) or self._there(reversed(self._here))[:2]
        return tuple(staying) if is_bare and (is_pause or (goes_on and _is_short(take))) else ()

    def _meant(self, pronouns: frozenset[Pronoun], *, but: Collection[str] = ()) -> tuple[str, ...]:
        """Return whom pronouns mean: the last one in frame, or else present, who is called so or of whom it is not known."""
        candidates = [key for key in self._there((*self._before, *reversed(self._here), *self._named)) if key not in but]
        called_so = dict.fromkeys(self._pronouns.get(key) for key in candidates if self._pronouns.get(key) in pronouns)
        known = [next(key for key in candidates if self._pronouns.get(key) == pronoun) for pronoun in called_so]
        before = self._there(self._before or reversed(self._here))
        unknown = [key for key in before if key not in self._pronouns and key not in but]
        return tuple(known or unknown[:1]) if pronouns else ()

    def _subject_sentence(self, direction: Direction) -> str:
        """Return the subject of a direction as a sentence; a mere name says who is in frame, and nothing happens."""
        subject = direction.subject
        if not subject or self._cast.is_name(subject):
            return ""
        return subject[0].upper() + subject[1:] + ("" if subject[-1] in ".!?…" else ".")

    def _listeners(self, people: tuple[str, ...], take: Take, after: Sequence[Take]) -> tuple[str, ...]:
        """Return who is spoken with: whom the speech is said to, who spoke last, who speaks next, who else is there.

        Nobody who is there is, where somebody answers who is not: over the telephone, say.
        """
        answers = [line for one in after[:1] for line in one.lines]
        if take.lines and (self._answered_from_elsewhere or any(map(self._is_elsewhere, answers))):
            return ()
        called = [line.parenthetical for line in take.lines]
        called += [one.group() for line in take.lines for one in _CALLED.finditer(line.text)]
        said_to = [key for text in called for key in self._cast.mentioned(text) if key in self._here]
        then = [line.character for one in after for line in one.lines if not line.off_screen] if take.lines else []
        spoke = [key for key in reversed(self._spoke) if key in self._here]
        others = self._there((*said_to, *spoke, *then[:2], *self._before, *reversed(self._here)))
        return tuple(key for key in others if key not in people[:1])

    def _continuity(self, people: tuple[str, ...]) -> str:
        """Return what carries over from the shot before."""
        if not self.shots:
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
    """Return the mere words for a person (``WOMAN``) that mean somebody in a scene: who speaks there, or stands in capitals."""
    speaking = {key for element in scene.elements if element.speaker for key in cast.speakers(element.speaker)}
    actions = " ".join(element.text for element in covered_elements(scene) if not element.speaker)
    capitals = " ".join(word if word.upper() == word else "." for word in actions.split())
    return frozenset((*speaking, *cast.mentioned(capitals))) & cast.roles


def _is_short(take: Take) -> bool:
    return all(piece.short_action for piece in take.pieces)


def _follow(direction: Direction, ruled: Camera) -> Camera:
    """Return the camera that was asked for; what was left open is as ruled."""
    size = direction.size or ruled.size
    close = size in {ShotSize.ECU, ShotSize.CU} and ruled.angle == Angle.OVER_SHOULDER
    return Camera(
        size=size,
        angle=direction.angle or (Angle.EYE_LEVEL if close else ruled.angle),
        move=direction.move or ruled.move,
        lens_mm=direction.lens_mm or LENS_MM[size],
    )


def _insert(take: Take, size: ShotSize) -> str:
    """Return the thing that a close shot shows, where a direction or the action is about one and nobody speaks."""
    if take.lines or size not in {ShotSize.ECU, ShotSize.CU}:
        return ""
    return detail_in(take.direction.subject) or (detail_in(take.action) if take.purpose == Purpose.DETAIL else "")


def _props(take: Take, cast: Cast) -> tuple[str, ...]:
    found = (
        prop
        for piece in take.pieces
        if piece.line is None and not piece.element.centred
        for prop in props(piece.text, names=cast.mentioned)
    )
    return tuple(dict.fromkeys(found))
