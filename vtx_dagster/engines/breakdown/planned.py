"""Shots that somebody planned, filled in and completed by the rules of ``breakdown.shots``.

A plan says how a shot is framed, what is seen, and which elements of the scene it covers. What the scene knows is taken from the
scene: who says what, its place and light, text to be read, transitions. The person who wrote the scene has the last word: a shot
that begins under a note ``[[SHOT: ...]]`` gets what the note asks for, and no shot goes on beyond a note.

What the plan leaves out becomes shots by rule, so that the coverage proof holds for every plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from vtx_dagster.core.coverage import covered_elements
from vtx_dagster.core.pacing import reading_seconds
from vtx_dagster.core.screenplay import Element, SceneText
from vtx_dagster.core.shot import Camera
from vtx_dagster.core.shotlist import Shot, ShotSource
from vtx_dagster.engines.breakdown.cast import Cast
from vtx_dagster.engines.breakdown.directions import Direction
from vtx_dagster.engines.breakdown.prose import divided, readable_text
from vtx_dagster.engines.breakdown.shots import shot_takes
from vtx_dagster.engines.breakdown.takes import (
    Blocking,
    Piece,
    SceneSetting,
    Segment,
    Take,
    action_beats,
    cut_element,
    purpose_of,
    segments_of,
    takes_by_rule,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedShot:
    """A shot before the scene fills it in.

    Attributes:
        elements: What it covers, as rising indices into ``covered_elements``. An element that several shots cover, one after the
            other, is divided among them: an action into steps, a speech or a title card at sentence ends.
        action: What is seen. Empty: the scene's own words.
        characters: Keys of who is in frame. Whoever speaks and is not among them is heard from outside the frame.
        beats: Ids of beats. Empty: the sentences of the action, where there is action.
        continuity: Empty: what the shot before tells.
    """

    elements: tuple[int, ...]
    camera: Camera
    action: str
    characters: tuple[str, ...] = ()
    beats: tuple[str, ...] = ()
    props: tuple[str, ...] = ()
    continuity: str = ""


def planned_shots(scene: SceneText, setting: SceneSetting, cast: Cast, plan: Sequence[PlannedShot]) -> list[Shot]:
    """Return the shots of a scene, numbered 10, 20, 30; those that the plan left out have ``by_rule`` set.

    A shot whose words would pass the longest clip is cut: the first part has the planned camera and action, the others are
    framed by rule. A speech that more shots cover than it has sentences is covered by the first ones.

    Args:
        scene: The parsed scene.
        setting: What is the same in all its shots.
        cast: Who may be in it.
        plan: In the order of the scene: no shot covers an element that stands before one of an earlier shot.
    """
    return shot_takes(_Plan(scene, setting, cast, plan).takes(), scene, setting, cast)


def num_parts(element: Element) -> int | None:
    """Return how many shots an element can be divided among: a speech and a title card by sentences, None for any number."""
    return len(divided(element.text, len(element.text))) if element.speaker or element.centred else None


class _Plan:
    """A plan, element by element."""

    def __init__(self, scene: SceneText, setting: SceneSetting, cast: Cast, plan: Sequence[PlannedShot]) -> None:
        self._setting = setting
        self._cast = cast
        self._plan = plan
        self._elements = covered_elements(scene)
        self._segments = segments_of(scene)
        self._segment_of = [number for number, segment in enumerate(self._segments) for _ in segment.elements]
        self._pieces = self._divided()

    def takes(self) -> list[Take]:
        """Return what every shot covers, in the order of the scene."""
        planned = [group for number in range(len(self._plan)) for group in self._groups(number)]
        left_out = self._left_out()
        numbered = [(first, number, takes) for first, number, takes in planned]
        numbered += [(group[0], -1, self._by_rule(group)) for group in left_out]
        return [take for _, _, takes in sorted(numbered, key=lambda found: found[:2]) for take in takes]

    def _divided(self) -> dict[tuple[int, int], list[Piece]]:
        """Return the pieces of every element in every shot that covers it, by shot and element."""
        found: dict[tuple[int, int], list[Piece]] = {}
        for index, element in enumerate(self._elements):
            shots = [number for number, shot in enumerate(self._plan) if index in shot.elements]
            if not shots:
                continue
            texts = divided(element.text, len(shots))
            if element.speaker or element.centred:
                pieces = cut_element(element, texts, self._setting, self._cast)
            else:
                parts = len(shots)
                pieces = [[_step(element, "".join(texts[part : part + 1]), part + 1, parts)] for part in range(parts)]
            found |= {(number, index): some for number, some in zip(shots, pieces, strict=False)}
        return found

    def _left_out(self) -> list[list[int]]:
        """Return the elements that no shot covers, in runs that stand together under the same direction."""
        covered = {index for _, index in self._pieces}
        return self._together([index for index in range(len(self._elements)) if index not in covered])

    def _together(self, indices: Sequence[int]) -> list[list[int]]:
        runs: list[list[int]] = []
        for index in indices:
            if runs and runs[-1][-1] == index - 1 and self._segment_of[index - 1] == self._segment_of[index]:
                runs[-1].append(index)
            else:
                runs.append([index])
        return runs

    def _opens(self, index: int) -> Segment | None:
        """Return the segment that an element is the first of, if it is."""
        if index and self._segment_of[index - 1] == self._segment_of[index]:
            return None
        return self._segments[self._segment_of[index]]

    def _by_rule(self, indices: list[int]) -> list[Take]:
        opened = self._opens(indices[0])
        elements = [self._elements[index] for index in indices]
        direction = opened.direction if opened else None
        if direction and opened and len(elements) < len(opened.elements):
            # The seconds were asked for all that stands under the note, and this is not all of it.
            direction = replace(direction, seconds=None)
        takes = takes_by_rule(elements, direction, self._setting, self._cast, opening=indices[0] == 0)
        return [replace(take, by_rule=True) for take in takes]

    def _groups(self, number: int) -> list[tuple[int, int, list[Take]]]:
        """Return the takes of a planned shot: one, if it needs no cut; each with the element it begins at and its number."""
        shot = self._plan[number]
        covered = [index for index in shot.elements if (number, index) in self._pieces]
        found = []
        for run in self._together(covered):
            packed = self._packed([piece for index in run for piece in self._pieces[number, index]], shot)
            opened = self._opens(run[0]) if self._pieces[number, run[0]][0].source.part == 1 else None
            asked = opened.direction if opened else None
            takes = [Take(pieces=tuple(group), purpose=purpose_of(group), blocking=_staying(shot)) for group in packed]
            direction = Direction()
            if not found:
                takes[0] = replace(takes[0], blocking=_blocking(shot, takes[0]))
                direction = _direction(shot.camera)
            takes[0] = replace(takes[0], direction=_following(asked, direction, whole=len(takes) == 1))
            found.append((run[0], number, takes))
        return found

    def _packed(self, pieces: Sequence[Piece], shot: PlannedShot) -> list[list[Piece]]:
        """Return pieces in as few groups as have time for their words; who is not in frame is heard from outside."""
        packed: list[list[Piece]] = [[]]
        for piece in pieces:
            words_s = sum((before.words_s for before in packed[-1]), Fraction(0))
            if packed[-1] and piece.words_s and words_s + piece.words_s > self._setting.limit_s:
                packed.append([])
            packed[-1].append(_heard(piece, shot.characters))
        return packed


def _step(element: Element, text: str, part: int, parts: int) -> Piece:
    """Return a step of an action: its own time is that of the words in which the plan tells it."""
    return Piece(
        element=element,
        source=ShotSource(lines=element.lines, part=part, parts=parts),
        text=text,
        lines=(),
        words_s=reading_seconds(readable_text(text)),
        happening_s=Fraction(0),
    )


def _heard(piece: Piece, in_frame: Sequence[str]) -> Piece:
    if piece.line is None or piece.line.character in in_frame:
        return piece
    return replace(piece, lines=tuple(line.model_copy(update={"off_screen": True}) for line in piece.lines))


def _blocking(shot: PlannedShot, take: Take) -> Blocking:
    acts = any(piece.line is None and not piece.element.centred for piece in take.pieces)
    return Blocking(
        characters=shot.characters,
        action=shot.action or None,
        beats=shot.beats or (action_beats(shot.action) if acts and shot.action else None),
        props=shot.props,
        continuity=shot.continuity or None,
    )


def _staying(shot: PlannedShot) -> Blocking:
    """Return what holds of the rest of a shot that was cut."""
    return Blocking(characters=shot.characters)


def _direction(camera: Camera) -> Direction:
    return Direction(size=camera.size, angle=camera.angle, move=camera.move, lens_mm=camera.lens_mm)


def _following(asked: Direction | None, planned: Direction, *, whole: bool) -> Direction:
    """Return a planned direction with what a note asks for in its place; a lens goes with its size."""
    if asked is None:
        return planned
    return Direction(
        size=asked.size or planned.size,
        angle=asked.angle or planned.angle,
        move=asked.move or planned.move,
        lens_mm=asked.lens_mm or (None if asked.size else planned.lens_mm),
        seconds=asked.seconds if whole else None,
        time_of_day=asked.time_of_day,
    )
