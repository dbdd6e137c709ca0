"""Framing by rule: size, angle, move and lens of a shot, from what it shows and from the shots before it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from vtx_dagster.core.shot import Angle, Camera, CameraMove, ShotSize
from vtx_dagster.engines.breakdown.tension import Dialogue, Tension

LENS_MM = {
    ShotSize.ECU: 100,
    ShotSize.CU: 85,
    ShotSize.MCU: 65,
    ShotSize.MS: 50,
    ShotSize.MWS: 35,
    ShotSize.WS: 28,
    ShotSize.EWS: 24,
}
"""Longer lenses for faces, which they flatter, wider ones for places: the usual set of primes."""


class Purpose(Enum):
    """What a shot is there for."""

    ESTABLISH = auto()
    ACTION = auto()
    DETAIL = auto()
    GROUP = auto()
    PLACE = auto()
    TWO_SHOT = auto()
    SPEECH = auto()
    REACTION = auto()
    TITLE = auto()


_SIZES = {
    Purpose.ESTABLISH: (ShotSize.WS, ShotSize.EWS, ShotSize.MWS),
    Purpose.ACTION: (ShotSize.MS, ShotSize.MWS, ShotSize.MCU),
    Purpose.DETAIL: (ShotSize.CU, ShotSize.ECU, ShotSize.MCU),
    Purpose.GROUP: (ShotSize.MWS, ShotSize.MS, ShotSize.WS),
    Purpose.PLACE: (ShotSize.WS, ShotSize.MWS, ShotSize.CU),
    Purpose.TWO_SHOT: (ShotSize.MS, ShotSize.MWS, ShotSize.WS),
    Purpose.REACTION: (ShotSize.CU, ShotSize.MCU, ShotSize.ECU),
    Purpose.TITLE: (ShotSize.WS, ShotSize.MWS, ShotSize.EWS),
}
"""Three each: one may be the last size of the same subject and one that of the shot before, so one is always left."""

_SPEECH_SIZES = {
    Tension.CALM: (ShotSize.MS, ShotSize.MCU, ShotSize.CU),
    Tension.RAISED: (ShotSize.MCU, ShotSize.CU, ShotSize.MS),
    Tension.HIGH: (ShotSize.CU, ShotSize.MCU, ShotSize.ECU),
}
_OVER_SHOULDER = {Tension.CALM: ShotSize.MS, Tension.RAISED: ShotSize.MCU, Tension.HIGH: None}
"""The wider one of the two sizes that take turns looks over a shoulder; in a heated dialogue people are alone in frame."""
_RETURN_ANGLES = (Angle.EYE_LEVEL, Angle.LOW, Angle.HIGH)
"""From which a place is seen that is not established again, visit after visit."""

_DETAIL = re.compile(
    r"\b(?:(?<!clock )(?<!clock's )(?<!clock\u2019s )hands?|fingers?|fists?|eyes?|lips?|tears?|face|knuckles|key|ring|letter|note"
    r"|clock|card|postcard|ticket|telegram|photo|photograph|envelope|watch|switch|match|button|screen(?! door)|dial|lock|wound"
    r"|palm)\b",
    re.IGNORECASE,
)
_MAY_BE_VERB = frozenset(
    {"watch", "ring", "note", "lock", "dial", "match", "switch", "screen", "wound", "photograph", "hand", "hands", "palm", "face"}
)
_BEFORE_VERB = re.compile(
    r"\b(?:to|i|you|we|they|he|she|who|both|all|others|everyone|everybody|men|women|people|children|not|never|just|will|would"
    r"|can|could|should|must|don['\u2019]t|i['\u2019](?:d|ll)|and|then|(?!his\b|its\b|as\b|this\b|is\b|was\b|has\b|does\b)\w+[^\Ws]s"
    r")\s+$",
    re.IGNORECASE,
)
"""What stands before a verb: ``the others watch``."""
_AFTER_VERB = re.compile(r"\s+(?:him|them|it|us|me|you|over|each other|one another)\b", re.IGNORECASE)
_UNREAL = re.compile(r"\bas (?:if|though)\b.*", re.IGNORECASE | re.DOTALL)
"""What is only compared: ``as if opening a lock``."""
_HANDS = frozenset({"hand", "hands", "finger", "fingers", "fist", "fists", "knuckles", "palm"})
_OF_A_FACE = frozenset({"eye", "eyes", "lip", "lips", "tear", "tears", "face"})
_MOVES = tuple(
    (move, re.compile(rf"\b(?:{words})\b", re.IGNORECASE))
    for move, words in (
        (
            CameraMove.HANDHELD,
            r"chas(?:es|ing|ed)|fle(?:es|eing)|struggl\w+|fights?|fighting|stumbl\w+|shak(?:es|ing)|storms? in|crash\w*",
        ),
        (CameraMove.TILT_UP, r"looks? up|gaz\w+ up|star\w+ up|glanc\w+ up|rises|climbs?|climbing|towers?|soars?"),
        (CameraMove.TILT_DOWN, r"looks? down|gaz\w+ down|falls?|drops?|sinks?|kneels?|descends?"),
        (CameraMove.DOLLY_OUT, r"walks? away|backs? away|leaves|alone|recedes?|disappears?|vanishes"),
        (CameraMove.DOLLY_IN, r"slowly|approach\w*|leans? in|closer|draws? near|realises|realizes|stares?"),
        (
            CameraMove.TRUCK_RIGHT,
            r"walks?|walking|runs?|running|strides?|march\w*|cross\w*|hurr\w+|paces|pacing|rush\w*|follows?",
        ),
        (CameraMove.PAN_RIGHT, r"turns?|looks? around|scans?|pass(?:es|ing)|sweeps?|arrives?|enters?|sails?|drives?"),
    )
)
_LEFT = re.compile(r"\b(?:left|west|back)\b", re.IGNORECASE)
_MIRRORED = {CameraMove.TRUCK_RIGHT: CameraMove.TRUCK_LEFT, CameraMove.PAN_RIGHT: CameraMove.PAN_LEFT}
_ONWARD = {left: right for right, left in _MIRRORED.items()}
_ANGLES = (
    (Angle.OVERHEAD, re.compile(r"\b(?:from above|overhead|seen from the air|aerial)\b", re.IGNORECASE)),
    (Angle.LOW, re.compile(r"\b(?:towers?|looms?|looks? up|climbs?|stands? over)\b", re.IGNORECASE)),
    (Angle.HIGH, re.compile(r"\b(?:far below|looks? down|small against|tiny)\b", re.IGNORECASE)),
)
_LONG_SPEECH_WORDS = 18
_DETAIL_WORDS, _DETAIL_FIRST = 20, 4


def shows_detail(text: str) -> bool:
    """Say whether an action is about a detail, which only a close-up shows: it is short, or begins with the detail.

    With hands it must begin: ``His hand shakes`` is about a hand, ``Ann comes in, bag in hand`` is about Ann.
    """
    words = text.split()
    first = " ".join(words[:_DETAIL_FIRST])
    if any(_details(first)):
        return True
    return len(words) <= _DETAIL_WORDS and any(thing not in _HANDS for thing in _details(text))


def _details(text: str) -> Iterator[str]:
    """Return the words of a text that name a detail, without those that are verbs there."""
    shown = _UNREAL.sub("", text)
    for found in _DETAIL.finditer(shown):
        word = found.group().casefold()
        is_verb = _BEFORE_VERB.search(shown, 0, found.start()) or _AFTER_VERB.match(shown, found.end())
        if not (word in _MAY_BE_VERB and is_verb):
            yield word


def detail_in(text: str) -> str:
    """Return the last thing in a text that a close-up shows by itself, rather than hands; empty if there is none.

    Faces are shown as people are.
    """
    found = [*_details(text)][::-1]
    things = [thing for thing in found if thing not in _OF_A_FACE]
    return next((thing for thing in things if thing not in _HANDS), things[0] if things else "")


def move_for(text: str) -> CameraMove:
    """Return the camera move that an action calls for: chases handheld, walks trucked, looks tilted; static without a cue."""
    for move, cue in _MOVES:
        if cue.search(text):
            return _MIRRORED.get(move, move) if _LEFT.search(text) else move
    return CameraMove.STATIC


@dataclass(slots=True)
class SceneFraming:
    """Remembers the shots of one scene, so that sizes change, a conversation alternates, and tension brings the camera closer.

    Args:
        exterior: Establishing shots of exteriors are extreme wide, of interiors wide.
        visit: How often the place was seen right before: its first shot has another size and angle every time.
        chase: The scene is one of a chase: the camera is never still, and everybody moves in the same direction.
    """

    exterior: bool
    visit: int = 0
    chase: bool = False
    _last_of: dict[tuple[str, ...], ShotSize] = field(default_factory=dict)
    _last: ShotSize | None = None
    _last_purpose: Purpose | None = None
    _dialogue: Dialogue = field(default_factory=Dialogue)

    def frame(
        self, purpose: Purpose, subject: Sequence[str], text: str, *, speech: str = "", manner: str = "", listeners: bool = False
    ) -> Camera:
        """Return how the next shot is framed.

        Args:
            purpose: What it is there for.
            subject: Keys of the characters that it is about.
            text: Its action, or its speech.
            speech: What is said in it.
            manner: How, in the words of its parentheticals.
            listeners: Somebody else is there to look over the shoulder of.
        """
        tension = self._dialogue.after(speech, manner)
        angle = self._angle(purpose, text)
        size = self._size(purpose, tuple(subject), tension)
        if purpose == Purpose.SPEECH and listeners and size == _OVER_SHOULDER[tension]:
            angle = Angle.OVER_SHOULDER
        self.remember(subject, size)
        self._last_purpose = purpose
        return Camera(size=size, angle=angle, move=self._move(purpose, text), lens_mm=LENS_MM[size])

    def remember(self, subject: Sequence[str], size: ShotSize) -> None:
        """Note the size of a shot that was framed elsewhere, such as by a direction."""
        self._last_of[tuple(subject)] = size
        self._last = size

    def _size(self, purpose: Purpose, subject: tuple[str, ...], tension: Tension) -> ShotSize:
        wanted = _SPEECH_SIZES[tension] if purpose == Purpose.SPEECH else _SIZES[purpose]
        if purpose == Purpose.ESTABLISH and self.exterior:
            wanted = (ShotSize.EWS, ShotSize.WS, ShotSize.MWS)
        if self.visit and self._last is None:
            turned = self.visit % len(wanted)
            wanted = (*wanted[turned:], *wanted[:turned])
        own = self._last_of.get(subject)
        answers = purpose == self._last_purpose == Purpose.SPEECH
        # Who answers is as large as who spoke.
        wanted = tuple(sorted(wanted, key=lambda size: size != self._last or size == wanted[-1])) if answers else wanted
        return next(size for size in wanted if size != own and (answers or size != self._last))

    def _angle(self, purpose: Purpose, text: str) -> Angle:
        if purpose == Purpose.SPEECH:
            return Angle.EYE_LEVEL
        returned = _RETURN_ANGLES[self.visit % len(_RETURN_ANGLES)] if self._last is None else Angle.EYE_LEVEL
        return next((angle for angle, cue in _ANGLES if cue.search(text)), returned)

    def _move(self, purpose: Purpose, text: str) -> CameraMove:
        if purpose in {Purpose.SPEECH, Purpose.TWO_SHOT, Purpose.REACTION}:
            return CameraMove.DOLLY_IN if len(text.split()) >= _LONG_SPEECH_WORDS else CameraMove.STATIC
        move = move_for(text)
        if self.chase:
            return _ONWARD.get(move, CameraMove.HANDHELD if move == CameraMove.STATIC else move)
        if purpose == Purpose.ESTABLISH and move == CameraMove.STATIC and self.exterior:
            return CameraMove.DOLLY_IN
        return move
