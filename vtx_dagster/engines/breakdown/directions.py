"""Directions: notes such as ``[[SHOT: CU, dolly in, her hands, 4s]]`` with which a writer directs a shot.

Parts are separated by commas, in any order and case. A part is a size, an angle, a move, a lens (``85mm``), seconds (``4s``), a
time of day, or, as everything else is, the subject. ``CU on her hands`` is a size and a subject.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from vtx_dagster.core.screenplay import Element, ElementKind
from vtx_dagster.core.shot import Angle, CameraMove, ShotSize, TimeOfDay

MAX_SHOT_S = 15
"""The longest clip that a project can have."""

_MARK = re.compile(r"^shot\s*:\s*", re.IGNORECASE)

_SIZES = {
    ShotSize.ECU: ("ecu", "xcu", "extreme close up", "extreme close", "macro"),
    ShotSize.CU: ("cu", "close up", "closeup", "close", "close on", "insert", "tight"),
    ShotSize.MCU: ("mcu", "medium close up", "medium close"),
    ShotSize.MS: ("ms", "medium", "mid", "medium shot", "mid shot"),
    ShotSize.MWS: ("mws", "mls", "medium wide", "medium long", "cowboy", "american"),
    ShotSize.WS: ("ws", "ls", "wide", "long", "full", "establishing"),
    ShotSize.EWS: ("ews", "els", "xws", "extreme wide", "extreme long", "very wide", "vista"),
}
_ANGLES = {
    Angle.EYE_LEVEL: ("eye level",),
    Angle.LOW: ("low angle", "low", "from below", "worm's eye"),
    Angle.HIGH: ("high angle", "high", "from above", "bird's eye"),
    Angle.OVERHEAD: ("overhead", "top down", "top shot", "god's eye"),
    Angle.DUTCH: ("dutch", "dutch angle", "canted", "tilted frame"),
    Angle.OVER_SHOULDER: ("over shoulder", "over the shoulder", "over her shoulder", "over his shoulder", "ots"),
    Angle.POV: ("pov", "point of view", "subjective"),
    Angle.PROFILE: ("profile", "in profile", "side on"),
}
_MOVES = {
    CameraMove.STATIC: ("static", "locked off", "locked", "still", "tripod"),
    CameraMove.PAN_LEFT: ("pan left",),
    CameraMove.PAN_RIGHT: ("pan right", "pan"),
    CameraMove.TILT_UP: ("tilt up", "tilt"),
    CameraMove.TILT_DOWN: ("tilt down",),
    CameraMove.DOLLY_IN: ("dolly in", "push in", "push", "track in", "dolly", "move in"),
    CameraMove.DOLLY_OUT: ("dolly out", "pull out", "pull back", "track out", "dolly back", "move out"),
    CameraMove.TRUCK_LEFT: ("truck left", "track left", "dolly left"),
    CameraMove.TRUCK_RIGHT: ("truck right", "track right", "dolly right", "tracking", "truck", "track"),
    CameraMove.CRANE_UP: ("crane up", "boom up", "jib up", "crane", "pedestal up"),
    CameraMove.CRANE_DOWN: ("crane down", "boom down", "jib down", "pedestal down"),
    CameraMove.ZOOM_IN: ("zoom in", "zoom", "crash zoom"),
    CameraMove.ZOOM_OUT: ("zoom out",),
    CameraMove.HANDHELD: ("handheld", "hand held", "shaky"),
}
_TIMES = {time: (time.value,) for time in TimeOfDay}

_FILLER = re.compile(r"\b(?:slow|slowly|fast|quick|quickly|gentle|gently|camera|shot|a|the)\b")
_SECONDS = re.compile(r"^(\d+(?:\.\d+)?)\s*(?:s|sec|secs|second|seconds)$")
_LENS = re.compile(r"^(\d+(?:\.\d+)?)\s*mm(?:\s+lens)?$")
_SIZE_WITH_SUBJECT = re.compile(r"^(?P<size>.+?)\s+(?:on|of|at)\s+(?P<subject>\S.*)$", re.IGNORECASE)


_SHOT_WORDS = (
    r"extreme close[- ]?up|close[- ]?up|closer|close|tight(?:er)?|wide(?:r)?|extreme wide|medium(?: close[- ]?up| wide)?|insert"
    r"|(?:low|high|another|reverse|new) angle|angle|pov|point of view|overhead|aerial|over the shoulder"
)
_CAMERA_WORDS = re.compile(
    rf"^(?:we (?:are|go|cut) )?(?:[^\W\d_][\w'\u2019 ]{{0,30}}['\u2019]s? )?(?P<shot>{_SHOT_WORDS})(?: shot| angle| view)?"
    r"(?:\s+(?:on|of|over|from|at)\b)?\s*[:.\u2013\u2014-]*\s*(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_BEHIND_CAMERA = re.compile(r"(?:\s+(?:shot|angle|view))?(?:\s+on\b|\s*[:\u2013\u2014]|\s+-)", re.IGNORECASE)
_MOVE_WORDS = (
    r"(?:push(?:es)? in|pulls? (?:back|out)|pans? (?:left|right)|pans?|tilts? (?:up|down)|tracks?(?: (?:left|right|in|out))?"
    r"|doll(?:y|ies) (?:in|out)|zooms? (?:in|out)|cranes? (?:up|down)|moves? in)"
)
_CAMERA_MOVE = re.compile(
    rf"\b(?i:(?:we|(?:the\s+)?camera)\s+(?P<move>{_MOVE_WORDS}))\b"
    rf"|(?:^|(?<=[.!?]\s))(?P<bare>{_MOVE_WORDS.upper()})\b"
)
"""A camera move: ``We push in``, ``The camera pans``, and, in capitals at the beginning of a sentence, ``PULL BACK``."""
_WITH_S = re.compile(r"^\w+?s\b")
_WHEN = re.compile(r"\s+[\u2013\u2014-]+\s*(?P<time>[^\W\d_]+)\.?$")
_FREEZE = re.compile(r"(?:^|(?<=[.!?]\s))FREEZE(?: FRAME)?[.!]*(?:\s+|$)")
_ASKED = {
    "extreme close up": {"size": ShotSize.ECU},
    "close up": {"size": ShotSize.CU},
    "closeup": {"size": ShotSize.CU},
    "closer": {"size": ShotSize.CU},
    "close": {"size": ShotSize.CU},
    "tight": {"size": ShotSize.CU},
    "tighter": {"size": ShotSize.CU},
    "insert": {"size": ShotSize.CU},
    "medium": {"size": ShotSize.MS},
    "medium close up": {"size": ShotSize.MCU},
    "medium wide": {"size": ShotSize.MWS},
    "wide": {"size": ShotSize.WS},
    "wider": {"size": ShotSize.WS},
    "extreme wide": {"size": ShotSize.EWS},
    "low angle": {"angle": Angle.LOW},
    "high angle": {"angle": Angle.HIGH},
    "overhead": {"angle": Angle.OVERHEAD},
    "aerial": {"size": ShotSize.EWS, "angle": Angle.HIGH},
    "pov": {"angle": Angle.POV},
    "point of view": {"angle": Angle.POV},
    "over the shoulder": {"angle": Angle.OVER_SHOULDER},
}
"""What camera words ask for; ANGLE and REVERSE ANGLE ask for another shot, and leave it to the rules which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """What a note asks of a shot; what is None is left to the rules.

    Attributes:
        subject: What the shot looks at, as written; empty when the note does not say.
        remarks: What of the note was not followed, and why.
    """

    size: ShotSize | None = None
    angle: Angle | None = None
    move: CameraMove | None = None
    lens_mm: int | None = None
    seconds: float | None = None
    time_of_day: TimeOfDay | None = None
    subject: str = ""
    remarks: tuple[str, ...] = ()


def is_direction(element: Element) -> bool:
    """Say whether an element is a note that directs a shot."""
    return element.kind == ElementKind.NOTE and _MARK.match(element.text) is not None


def direction_text(element: Element) -> str:
    """Return what a note asks for as it was written: ``CU, dolly in, her hands, 4s``."""
    return _MARK.sub("", element.text)


def read_direction(element: Element) -> Direction:
    """Return what a note asks for.

    Of two of a kind the first holds; a length or a lens that no shot can have is left out. Both are remarked upon.

    Args:
        element: A note for which ``is_direction`` holds.
    """
    found: dict[str, object] = {}
    subjects: list[str] = []
    remarks: list[str] = []
    for part in direction_text(element).split(","):
        kind, value, rest = _read_part(part.strip())
        if problem := _problem(kind, value):
            remarks.append(f"the SHOT note asks for {part.strip()}, which is left out: {problem}")
        elif kind and found.setdefault(kind, value) is not value:
            remarks.append(f"the SHOT note asks for a second {kind} ({part.strip()}): the first holds")
        if rest:
            subjects.append(rest)
    return Direction(subject=", ".join(subjects), remarks=tuple(remarks), **found)  # pyright: ignore[reportArgumentType] - one key for each type of value


@lru_cache(maxsize=10_000)
def camera_words(text: str) -> tuple[Direction | None, str]:
    """Return what the camera words in an action ask for, None without any, and the action without those at its beginning.

    ``CLOSE ON the letter. We PUSH IN.`` asks for a close-up that moves in, of ``The letter.`` A word that begins a sentence
    (``Close the door``) is none: camera words are in capitals, or stand before *on*, a colon or a dash.
    """
    text, freezes = _FREEZE.subn("", text) if _FREEZE.sub("", text).strip() else (text, 0)
    found = _CAMERA_WORDS.match(text)
    if found and found["shot"].upper() != found["shot"] and not _BEHIND_CAMERA.match(text, found.end("shot")):
        found = None
    move = _CAMERA_MOVE.search(text)
    if not (found or move or freezes):
        return None, text
    asked: dict[str, object] = dict(_ASKED.get(found["shot"].casefold().replace("-", " "), {})) if found else {}
    rest = found["rest"] if found else text
    if move:
        asked["move"] = _read_part(_WITH_S.sub(_without_s, (move["move"] or move["bare"]).lower()))[1]
        begins = rf"(?:^|(?<=[.!?]\s)){re.escape(move[0])}"
        rest = re.sub(rf"{begins}\s*[.!]+\s*", "", rest)
        rest = re.sub(rf"{begins}\s+(?:ON|TO REVEAL|TO)\b[\s:\u2013\u2014-]*", "", rest)
    if when := _WHEN.search(rest) if found else None:
        kind, light, _ = _read_part(when["time"])
        if kind == "time_of_day":
            asked["time_of_day"], rest = light, rest[: when.start()]
    if freezes:
        asked.setdefault("move", CameraMove.STATIC)
    rest = rest.strip()
    shown = rest[:1].upper() + rest[1:] if re.search(r"\w", rest) else text
    return Direction(**asked), shown  # pyright: ignore[reportArgumentType] - one key for each type of value


def _without_s(verb: re.Match[str]) -> str:
    return {"pushes": "push", "dollies": "dolly"}.get(verb[0], verb[0][:-1])


def _plain(part: str) -> str:
    """Return a part in lower case, without hyphens and words that do not change what it asks for."""
    return " ".join(_FILLER.sub(" ", part.casefold().replace("-", " ").replace("_", " ").replace("\u2019", "'")).split())


def _spellings(words: dict) -> dict[str, object]:
    return {_plain(spelling): value for value, spellings in words.items() for spelling in spellings}


_VOCABULARY: tuple[tuple[str, dict[str, object]], ...] = tuple(
    (kind, _spellings(words)) for kind, words in (("size", _SIZES), ("angle", _ANGLES), ("move", _MOVES), ("time_of_day", _TIMES))
)


def _problem(kind: str, value: object) -> str:
    """Return why no shot can have what is asked for; empty if it can."""
    if kind == "seconds" and isinstance(value, float) and not 0 < value <= MAX_SHOT_S:
        return f"a shot lasts more than 0 and at most {MAX_SHOT_S} seconds"
    if kind == "lens_mm" and isinstance(value, int) and not 8 <= value <= 1200:
        return "lenses are 8mm to 1200mm long"
    return ""


def _read_part(part: str) -> tuple[str, object, str]:
    """Return what a part is (empty for a subject), its value, and the subject in it."""
    plain = _plain(part)
    if seconds := _SECONDS.match(plain):
        return "seconds", float(seconds[1]), ""
    if lens := _LENS.match(plain):
        return "lens_mm", round(float(lens[1])), ""
    for kind, spellings in _VOCABULARY:
        if plain in spellings:
            return kind, spellings[plain], ""
    if with_subject := _SIZE_WITH_SUBJECT.match(part):
        kind, value, rest = _read_part(with_subject["size"])
        if kind in {"size", "angle", "move"} and not rest:
            return kind, value, with_subject["subject"]
    return "", None, part
