"""What one shot covers: the elements of a scene cut into pieces, and pieces grouped into takes.

**Directed.** A note ``[[SHOT: ...]]`` begins a take that covers what comes after it, up to the next such note or the end of the
scene; it is cut only where it would pass the longest clip.

**By rule**, for everything else: see "Shots by rule" in ``docs/fountain.md``. Every action paragraph, speech and lyric is in one
take and no other, or, cut, every part of it is (``core.coverage`` proves it).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from itertools import accumulate, groupby

from vtx_dagster.core.coverage import covered_elements
from vtx_dagster.core.pacing import (
    ACTION_BEAT_S,
    ACTION_WORD_S,
    ORIENTATION_S,
    dialogue_seconds,
    line_seconds,
    reading_seconds,
)
from vtx_dagster.core.screenplay import Element, SceneText
from vtx_dagster.core.shot import DialogueLine, TimeOfDay
from vtx_dagster.core.shotlist import Shot, ShotSource
from vtx_dagster.engines.breakdown.cast import Cast
from vtx_dagster.engines.breakdown.directions import Direction, camera_words, direction_text, is_direction, read_direction
from vtx_dagster.engines.breakdown.framing import Purpose, shows_detail
from vtx_dagster.engines.breakdown.people import moves_about, whom_touched
from vtx_dagster.engines.breakdown.prose import readable_text, sentences, shortened, split_to_fit

_UNDIRECTED = Direction()
_SHORT_ACTION_WORDS = 10
_SHARED_SPEECHES_S = Fraction(5)
_MARGIN_S = Fraction(1, 2)
_FINEST_CUT_S = Fraction(6)
"""A project with shorter clips than this gets its clips clamped by pacing, not its sentences cut into words."""
_WIDEST_S = max(ORIENTATION_S.values())
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]")
"""Letters of scripts without spaces, of which ``pacing`` takes two for a word."""
MAX_BEATS = 12
_MAX_BEAT_LETTERS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneSetting:
    """What is the same in all shots of a scene.

    Attributes:
        id: Of the scene.
        file: Name of the scene file, for errors.
        location: Key, or None for a heading that names no place.
        interior: Whether it is inside, where that is not the side that the bible has of its location.
        longest_s: What no clip may pass.
        visit: How often the place was come back to, each time after a few scenes; then it is not established again.
        chase: The scene is one of a chase that is cut between places.
        elsewhere: Where people are who talk in the scene and are not there, by key; None if that is not known: they are heard.
        recent: Keys of those who were seen in the last scenes.
    """

    id: str
    file: str
    location: str | None
    time_of_day: TimeOfDay
    longest_s: Fraction
    style_profile: str | None = None
    interior: bool | None = None
    visit: int = 0
    chase: bool = False
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
    lines: tuple[DialogueLine, ...] = field(init=False)
    """What is said in it."""
    action: str = field(init=False)
    """The scene's own words for what happens in it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "lines", tuple(line for piece in self.pieces for line in piece.lines))
        object.__setattr__(self, "action", " ".join(piece.text for piece in self.pieces if piece.line is None))

    @property
    def is_short(self) -> bool:
        """Whether it is nothing but short actions."""
        return all(piece.short_action for piece in self.pieces)


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
    return tuple(shortened(beat, _MAX_BEAT_LETTERS) for beat in sentences(text)[:MAX_BEATS])


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
        is_between = self._speaks(index - 1) and self._speaks(index + 1)
        if piece.short_action and len(people) == 1 and is_between and not moves_about(piece.text):
            return 1, Purpose.REACTION
        after = self._at(index + 1)
        are_short = piece.short_action and after is not None and after.short_action
        count = 2 if are_short and after and _seconds((piece, after)) <= self._limit_s else 1
        is_of_two = piece.text.startswith("They ") or whom_touched(piece.text) is not None
        if shows_detail(piece.text) and len(people) < 2 and not is_of_two:
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
