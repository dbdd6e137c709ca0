"""The shots of a scene as a model answers them, and the plan that this makes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import Field

from vtx_dagster.core.coverage import covered_elements
from vtx_dagster.core.document import Part
from vtx_dagster.core.outline import Beat
from vtx_dagster.core.pacing import ORIENTATION_S
from vtx_dagster.core.screenplay import Element, SceneText
from vtx_dagster.core.shot import Angle, Camera, CameraMove, ShotSize
from vtx_dagster.engines.breakdown.planned import PlannedShot, num_parts
from vtx_dagster.engines.breakdown.prose import shortened
from vtx_dagster.engines.breakdown.takes import SceneSetting, happening_seconds, segments_of
from vtx_dagster.engines.language_model.fountain_writing import written_text
from vtx_dagster.engines.language_model.roles import Roles

_MAX_LETTERS = 80


class ShotAnswer(Part):
    """One shot as the model plans it."""

    elements: list[int] = Field(description="Numbers of the elements that it covers, in order.")
    size: ShotSize
    angle: Angle
    move: CameraMove
    lens_mm: int = Field(ge=8, le=1200, description="Focal length, full-frame equivalent.")
    action: str = Field(description="What is seen, present tense, one or two sentences; nothing that is only said.")
    characters: list[str] = Field(description="Keys of who is in frame, the most important first.")
    beats: list[str] = Field(description="Ids of the beats that this shot plays; usually one, often none.")
    props: list[str] = Field(description="Things in frame that matter later, in lower case; at most four.")
    continuity: str = Field(description="What must match the shots around it: screen side, eyeline, hands, light, weather.")


class ShotsAnswer(Part):
    """The shots of a scene in the order in which they are seen."""

    shots: list[ShotAnswer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A scene as it is put before a model, and as its answer is measured.

    Attributes:
        notes: What a person asked of the shot that begins at an element, by index of the element.
    """

    scene: SceneText
    setting: SceneSetting
    roles: Roles
    beats: tuple[Beat, ...] = ()
    elements: tuple[Element, ...] = ()
    notes: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, scene: SceneText, setting: SceneSetting, roles: Roles, *, beats: tuple[Beat, ...]) -> "Board":
        """Return the board of a scene."""
        notes: dict[int, str] = {}
        index = 0
        for segment in segments_of(scene):
            if segment.direction:
                notes[index] = segment.asked
            index += len(segment.elements)
        return cls(scene=scene, setting=setting, roles=roles, beats=beats, elements=covered_elements(scene), notes=notes)

    @property
    def beat_ids(self) -> tuple[str, ...]:
        """Ids of the beats that a shot can play."""
        return tuple(beat.id for beat in self.beats if beat.id)

    def named(self, index: int) -> str:
        """Return an element for a message: ``element 2 (MARA: "Who is there?")``."""
        element = self.elements[index]
        who = element.speaker or ("title card" if element.centred else "action")
        return f'element {index + 1} ({who}: "{shortened(element.text, _MAX_LETTERS)}")'


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReading:
    """What an answer says.

    Attributes:
        plan: As much of it as can be shot.
        problems: What is wrong, in words for the model.
        remarks: What was repaired.
    """

    plan: tuple[PlannedShot, ...]
    problems: tuple[str, ...]
    remarks: tuple[str, ...]


def read_plan(answer: ShotsAnswer, board: Board) -> PlanReading:
    """Return the plan that an answer makes, and what is wrong with it."""
    return _Reading(board).read(answer)


class _Reading:
    """Reads an answer shot by shot."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._plan: list[PlannedShot] = []
        self._problems: list[str] = []
        self._remarks: list[str] = []
        self._last = -1

    def read(self, answer: ShotsAnswer) -> PlanReading:
        for number, shot in enumerate(answer.shots, start=1):
            elements = self._elements(number, shot.elements)
            planned = self._planned(number, shot, elements)
            if elements:
                self._plan.append(planned)
        for index in range(len(self._board.elements)):
            self._check_element(index)
        self._check_speakers()
        return PlanReading(plan=tuple(self._plan), problems=tuple(self._problems), remarks=tuple(dict.fromkeys(self._remarks)))

    def _elements(self, number: int, numbers: Sequence[int]) -> tuple[int, ...]:
        """Return the indices of the elements that a shot can cover."""
        board, found = self._board, []
        for index in sorted({cited - 1 for cited in numbers}):
            if not 0 <= index < len(board.elements):
                self._problems.append(
                    f"shot {number}: there is no element {index + 1}; they are numbered 1 to {len(board.elements)}"
                )
            elif index < self._last:
                self._problems.append(
                    f"shot {number}: {board.named(index)} stands before element {self._last + 1}, which an earlier shot covers:"
                    " cover the elements in their order"
                )
            else:
                found.append(index)
        if not found:
            self._problems.append(f"shot {number} covers no element: give it one, or leave the shot out")
            return ()
        self._last = found[-1]
        for note in board.notes:
            if found[0] < note <= found[-1]:
                self._problems.append(f"shot {number} goes on beyond a direction: begin a new shot at {board.named(note)}")
        return tuple(found)

    def _planned(self, number: int, shot: ShotAnswer, elements: tuple[int, ...]) -> PlannedShot:
        action = written_text(shot.action)
        longest_s = self._board.setting.longest_s
        if not action:
            self._problems.append(f"shot {number} has no action: say what is seen")
        elif ORIENTATION_S[shot.size] + happening_seconds(action) > longest_s:
            self._problems.append(
                f"shot {number}: what happens in it takes longer than {float(longest_s):g} s, the longest clip:"
                " one thing that happens is one shot"
            )
        return PlannedShot(
            elements=elements,
            camera=Camera(size=shot.size, angle=shot.angle, move=shot.move, lens_mm=shot.lens_mm),
            action=action,
            characters=self._characters(number, shot.characters),
            beats=self._beats(number, shot.beats),
            props=tuple(dict.fromkeys(filter(None, (written_text(prop).casefold() for prop in shot.props)))),
            continuity=written_text(shot.continuity),
        )

    def _characters(self, number: int, names: Sequence[str]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for name in names:
            key, remark = self._board.roles.find(name)
            self._remarks += [f"shot {number}: {remark}"] if remark else []
            if key is not None:
                found[key] = None
            else:
                who = ", ".join(self._board.roles.keys) or "nobody"
                self._problems.append(f"shot {number}: {name} is not in this scene: {who} can be in frame")
        return tuple(found)

    def _beats(self, number: int, ids: Sequence[str]) -> tuple[str, ...]:
        known = self._board.beat_ids
        self._remarks += [f"shot {number}: {beat} is no beat of this scene" for beat in ids if beat not in known]
        return tuple(dict.fromkeys(beat for beat in ids if beat in known))

    def _check_element(self, index: int) -> None:
        board = self._board
        shots = sum(index in shot.elements for shot in self._plan)
        most = num_parts(board.elements[index])
        if not shots:
            self._problems.append(f"{board.named(index)} is in no shot")
        elif most is not None and shots > most:
            self._problems.append(
                f"{board.named(index)} is in {shots} shots and can be cut into {most} at most, at the ends of its sentences"
            )

    def _check_speakers(self) -> None:
        """Note who speaks on screen and is in frame in none of these shots."""
        board = self._board
        spoken: dict[str, list[int]] = {}
        for index, element in enumerate(board.elements):
            if element.speaker and not element.off_screen:
                spoken.setdefault(board.roles.cast.character(element.speaker), []).append(index)
        for key, indices in spoken.items():
            shots = [shot for shot in self._plan if set(indices) & set(shot.elements)]
            if shots and not any(key in shot.characters for shot in shots):
                where = board.named(indices[0])
                self._problems.append(f"{key} speaks and is never seen to: put {key} in frame in a shot that covers {where}")
