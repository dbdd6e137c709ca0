"""A scene in shots: takes (``takes``) with people before the camera (``staging``), framed one after the other (``framing``)."""

from collections.abc import Sequence

from vtx_dagster.core.ids import FilmId
from vtx_dagster.core.screenplay import ElementKind, SceneText
from vtx_dagster.core.shot import Angle, Camera, ShotSize
from vtx_dagster.core.shotlist import Shot
from vtx_dagster.engines.breakdown.cast import Cast
from vtx_dagster.engines.breakdown.directions import Direction
from vtx_dagster.engines.breakdown.framing import LENS_MM, Purpose, SceneFraming, detail_in
from vtx_dagster.engines.breakdown.prose import props
from vtx_dagster.engines.breakdown.staging import Staging
from vtx_dagster.engines.breakdown.takes import MAX_BEATS, SceneSetting, Take, action_beats, segments_of, takes_by_rule

SHOT_STEP = 10
"""Shots are numbered in tens, so that one can be put between two."""


def scene_shots(scene: SceneText, setting: SceneSetting, cast: Cast) -> list[Shot]:
    """Return the shots of a scene, numbered 10, 20, 30."""
    takes: list[Take] = []
    for segment in segments_of(scene):
        takes += takes_by_rule(segment.elements, segment.direction, setting, cast, opening=not takes)
    return shot_takes(takes, scene, setting, cast)


def shot_takes(takes: list[Take], scene: SceneText, setting: SceneSetting, cast: Cast) -> list[Shot]:
    """Return the shots of a scene's takes, framed one after the other and numbered 10, 20, 30."""
    shooting = _Shooting(scene, setting, cast)
    for number, (take, transition) in enumerate(zip(takes, _transitions(takes, scene), strict=True), start=1):
        shooting.shoot(take, number=number * SHOT_STEP, transition=transition, after=takes[number : number + 2])
    return shooting.shots


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


class _Shooting:
    """Frames the takes of a scene, one after the other."""

    def __init__(self, scene: SceneText, setting: SceneSetting, cast: Cast) -> None:
        self._setting = setting
        self._cast = cast
        self._staging = Staging(scene, setting, cast)
        self._framing = SceneFraming(exterior=scene.interior is False, visit=setting.visit, chase=setting.chase)
        self.shots: list[Shot] = []

    def shoot(self, take: Take, *, number: int, transition: str, after: Sequence[Take] = ()) -> None:
        """Frame the next take.

        Args:
            take: What it covers.
            number: Of the shot.
            transition: How the picture changes.
            after: The takes that come next.
        """
        take = self._staging.with_everybody(take)
        direction, action = take.direction, take.action
        location = self._staging.location(take)
        is_elsewhere = location != self._setting.location
        people = self._staging.people(take, after)
        purpose = take.purpose
        if purpose == Purpose.SPEECH and all(line.off_screen for line in take.lines):
            purpose = Purpose.REACTION if people else Purpose.PLACE
        if is_elsewhere:
            people, purpose = people[:1], Purpose.SPEECH if purpose == Purpose.TWO_SHOT else purpose
        looks_over = purpose == Purpose.SPEECH or direction.angle == Angle.OVER_SHOULDER
        listeners = self._staging.listeners(people, take, after) if looks_over and not is_elsewhere else ()
        subject = people[:1] if purpose in {Purpose.SPEECH, Purpose.REACTION} else people
        speech, manner = " ".join(line.text for line in take.lines), " ".join(line.parenthetical for line in take.lines)
        ruled = self._framing.frame(purpose, subject, action or speech, speech=speech, manner=manner, listeners=bool(listeners))
        camera = _follow(direction, ruled)
        self._framing.remember(subject, camera.size)
        between = "\n" if purpose == Purpose.TITLE else " "
        if camera.angle == Angle.OVER_SHOULDER and len(people) == 1:
            people = (*people, *listeners[:1])
        continuity = self._staging.continuity(people)
        self._staging.note(take, people)
        shot = Shot(
            id=str(FilmId((*FilmId.parse(self._setting.id).numbers, number))),
            scene=self._setting.id,
            size=camera.size,
            angle=camera.angle,
            move=camera.move,
            lens_mm=camera.lens_mm,
            action=" ".join(filter(None, (self._subject_sentence(direction), action))),
            characters=people,
            postures=self._staging.postures(people),
            location=location,
            interior=None if is_elsewhere else self._setting.interior,
            time_of_day=direction.time_of_day or self._setting.time_of_day,
            style_profile=self._setting.style_profile,
            dialogue=take.lines,
            props=_props(take, self._cast),
            insert=_insert(take, camera.size),
            continuity=continuity,
            beats=tuple(beat for piece in take.pieces if piece.line is None for beat in action_beats(piece.text))[:MAX_BEATS],
            transition=transition,
            seconds=direction.seconds,
            readable_text=between.join(filter(None, (piece.readable for piece in take.pieces))),
            sources=tuple(piece.source for piece in take.pieces),
            by_rule=take.by_rule,
        )
        self.shots.append(take.blocking.apply(shot) if take.blocking else shot)

    def _subject_sentence(self, direction: Direction) -> str:
        """Return the subject of a direction as a sentence; a mere name says who is in frame, and nothing happens."""
        subject = direction.subject
        if not subject or self._cast.is_name(subject):
            return ""
        return subject[0].upper() + subject[1:] + ("" if subject[-1] in ".!?…" else ".")


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
