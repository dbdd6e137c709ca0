"""How long a clip is: as short as covers its content well.

What the audience takes in with the same sense comes one after the other, and everything else happens at the same time:

- **words** = all dialogue + all text in frame. Nobody reads and listens at once.
- **picture** = finding one's way in the frame + what happens in it. People act while they speak.
- **camera** = the time that its move needs to be seen as one.

The longest of the three is the length of the clip. A person's hints come after that, then the limits of the project, then
what fits into one render; every one of them that changes the length is reported.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from vtx_dagster.core.clip import ClipSpec
from vtx_dagster.core.errors import InvalidRequestError
from vtx_dagster.core.frames import FrameGrid, content_frames, exact_seconds, fit_frames
from vtx_dagster.core.shot import CameraMove, DialogueLine, ShotSize

WORD_S = Fraction(2, 5)
"""A spoken word: 150 a minute, the usual figure for American English conversation. Screen actors are often faster; models that
generate speech garble it when it has to hurry."""

WIDE_LETTER_S = Fraction(1, 5)
"""A spoken character of Chinese, Japanese or Korean, which stand without spaces: about 5 syllables a second (Pellegrino et al.
2011 measured 5.2 for Mandarin)."""

SPEECH_AIR_S = Fraction(2, 5)
"""Silence that every speech brings with it, half before and half after, so that a cut does not clip a word and two speeches
stand 0.4 s apart. Turns in conversation are 0.2 s apart (Stivers et al. 2009); a listener who is new to it needs more."""

HESITATION_S = Fraction(1, 2)
"""A dash or an ellipsis inside a speech. Commas and full stops are already in the 150 words a minute."""

BEAT_S = Fraction(1)
"""A parenthetical that asks for silence: ``(beat)``, ``(pause)``. Screenwriters count a beat as about a second."""

SLOW_FACTOR = Fraction(5, 4)
"""How much longer the words take under a parenthetical like ``(slowly)``: 120 words a minute, a speech at a lectern."""

READ_LETTER_S = Fraction(1, 12)
"""A letter to be read: the six-second rule of subtitling, two full lines of 37 letters, spaces included, in six seconds. A letter
of Chinese, Japanese or Korean counts twice."""

READ_FIND_S = Fraction(1)
"""Noticing that there is text in the frame and where: subtitles need not be found, a sign does."""

ORIENTATION_S = {
    ShotSize.ECU: Fraction(1),
    ShotSize.CU: Fraction(1),
    ShotSize.MCU: Fraction(1),
    ShotSize.MS: Fraction(3, 2),
    ShotSize.MWS: Fraction(3, 2),
    ShotSize.WS: Fraction(2),
    ShotSize.EWS: Fraction(5, 2),
}
"""Finding one's way in a new picture. A face takes three or four fixations of 0.3 s; a wide has several places to look at."""

ACTION_BEAT_S = Fraction(3, 2)
"""One thing that happens: it starts, is noticed, and is over."""

ACTION_WORD_S = Fraction(1, 5)
"""A word of action. A page is a minute of film and holds about 250 words of dense action, 0.24 s each; a little less, since
many of them describe what is seen at a glance."""

MOVE_S = {
    CameraMove.PAN_LEFT: Fraction(3),
    CameraMove.PAN_RIGHT: Fraction(3),
    CameraMove.TILT_UP: Fraction(3),
    CameraMove.TILT_DOWN: Fraction(3),
    CameraMove.DOLLY_IN: Fraction(3),
    CameraMove.DOLLY_OUT: Fraction(3),
    CameraMove.TRUCK_LEFT: Fraction(3),
    CameraMove.TRUCK_RIGHT: Fraction(3),
    CameraMove.CRANE_UP: Fraction(4),
    CameraMove.CRANE_DOWN: Fraction(4),
    CameraMove.ZOOM_IN: Fraction(5, 2),
    CameraMove.ZOOM_OUT: Fraction(5, 2),
}
"""Half a second at rest, the move, half a second at rest; a faster pan strobes at 16 to 24 fps. Static and handheld have no goal
to arrive at, so they need no time of their own."""

_WIDE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WIDE_LETTER = re.compile(rf"[{_WIDE}]")
# A word goes on to the next space or separator, not to the next non-letter: the vowel signs of Indian scripts are no letters.
_WORD = re.compile(rf"\d|[^\W\d_{_WIDE}][^\s\d.,;:!?/\-\u2010-\u2015\u2026{_WIDE}]*")
_HESITATION = re.compile(r"\.{2,}|\u2026|--+|\u2014|(?<=\s)\u2013(?=\s)")
_SILENCE = re.compile(r"\b(?:beat|moment|pauses?|pausing|silence|hesitates|hesitating)\b", re.IGNORECASE)
_SLOW = re.compile(
    r"\b(?:slow|slower|slowly|halting|haltingly|hesitant|hesitantly|faltering|drunk|drunkenly|drowsy|sleepily|dying|weakly"
    r"|solemnly|deliberately|measured)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """The length of a clip, and why.

    Attributes:
        seconds: What the film shows of it: exactly ``frames.content_frames / fps``.
        frames: The same as frames.
        reasons: What asked for how much time, the longest first.
        clamps: Every limit that changed the length, in the order in which they did.
    """

    seconds: Fraction
    frames: FrameGrid
    reasons: tuple[str, ...]
    clamps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Need:
    """So many seconds of something; ``why`` spells out what is in it."""

    seconds: Fraction
    what: str
    why: str = ""

    def __str__(self) -> str:
        return f"{_written(self.seconds)} of {self.what}{f' ({self.why})' if self.why else ''}"


def speech_seconds(text: str) -> Fraction:
    """Return how long a speech takes, with the air around it.

    Args:
        text: What is said, without parentheticals. Digits count a word each, since they are often spoken one by one.

    Returns:
        Seconds, more for every word; zero for a text in which nothing is said. "Who is there?" takes 1.6 s. A text that is
        split at the end of a sentence takes ``SPEECH_AIR_S`` more per piece and is otherwise as long as before.
    """
    spoken = _spoken_seconds(text)
    return spoken + SPEECH_AIR_S if spoken else spoken


def line_seconds(line: DialogueLine) -> Fraction:
    """Return how long a dialogue line takes: its speech, and what its parenthetical adds."""
    spoken = _spoken_seconds(line.text)
    if _SLOW.search(line.parenthetical):
        spoken *= SLOW_FACTOR
    silence = BEAT_S * len(_SILENCE.findall(line.parenthetical))
    return spoken + silence + SPEECH_AIR_S if spoken else silence


def dialogue_seconds(lines: Sequence[DialogueLine]) -> Fraction:
    """Return how long dialogue lines take, one after the other."""
    return sum(map(line_seconds, lines), Fraction(0))


def reading_seconds(text: str) -> Fraction:
    """Return how long a text in frame takes to find and read; zero for none. "NO ENTRY" takes 1.67 s."""
    letters = len(" ".join(text.split())) + len(_WIDE_LETTER.findall(text))
    return READ_FIND_S + letters * READ_LETTER_S if letters else Fraction(0)


def pace(
    clip: ClipSpec, *, min_s: float | Fraction, max_s: float | Fraction, fps: int, max_frames: int, echo_frames: int = 0
) -> Pacing:
    """Return how long a clip is.

    Args:
        clip: The clip. ``duration.seconds`` replaces what its content asks for; ``duration.min_s`` and ``max_s`` bound both.
        min_s: Shortest clip of the project.
        max_s: Longest clip of the project; like ``min_s``, it wins over the clip's own hints.
        fps: Frames per second.
        max_frames: Most frames that one render may have.
        echo_frames: Frames of the render that repeat the clip before and are not shown.

    Returns:
        The length on the frame grid. A static medium shot in which one thing happens takes 3 s: 48 frames at 16 fps.

    Raises:
        InvalidRequestError: If ``min_s`` is above ``max_s``, or a number is not positive.
    """
    lower, upper = exact_seconds(min_s), exact_seconds(max_s)
    if lower > upper:
        raise InvalidRequestError(
            f"{clip.id}: no clip can be at least {_written(lower)} and at most {_written(upper)}: "
            "in metadata.yaml, lower render.min_clip_s or raise render.max_clip_s",
            clip=clip.id,
        )
    needs = _needs(clip)
    seconds, asked, clamps = _asked(clip, needs)
    for limit, name, sign in (*_hinted_limits(clip), (lower, "project's minimum", -1), (upper, "clip limit", 1)):
        if (seconds - limit) * sign > 0:
            clamps.append(f"{asked} {'cut' if sign > 0 else 'raised'} to the {name} of {_written(limit)}")
            seconds, asked = limit, _written(limit)
    frames = fit_frames(content_frames(seconds, fps), max_frames=max_frames, echo_frames=echo_frames)
    if frames.clamped_from is not None:
        clamps.append(
            f"{asked} ({frames.clamped_from} frames) cut to {_written(Fraction(frames.content_frames, fps))}: "
            f"one render has at most {frames.render_frames} frames, here at {fps} fps"
        )
    return Pacing(
        seconds=Fraction(frames.content_frames, fps),
        frames=frames,
        reasons=_reasons(clip, needs),
        clamps=tuple(clamps),
    )


def _needs(clip: ClipSpec) -> tuple[_Need, ...]:
    """Return what the words, the picture and the camera ask for, the longest first; the first one decides."""
    needs = [need for need in (_words(clip), _picture(clip), _camera(clip)) if need.seconds]
    return tuple(sorted(needs, key=lambda need: need.seconds, reverse=True))


def _words(clip: ClipSpec) -> _Need:
    dialogue = dialogue_seconds(clip.dialogue)
    reading = reading_seconds(clip.duration.readable_text)
    if not reading:
        return _Need(dialogue, "dialogue", _counted(len(clip.dialogue), "speech", "speeches"))
    if not dialogue:
        return _Need(reading, "readable text")
    return _Need(dialogue + reading, "dialogue and readable text", f"{_written(dialogue)} to listen, {_written(reading)} to read")


def _picture(clip: ClipSpec) -> _Need:
    size, beats = clip.camera.size, clip.duration.beats
    num_words = len(_WORD.findall(clip.action))
    happening = max(beats * ACTION_BEAT_S, num_words * ACTION_WORD_S)
    orientation = ORIENTATION_S[size]
    found = f"{_written(orientation)} to take in the {size}"
    if not happening:
        return _Need(orientation, "picture", found)
    what = _counted(beats, "beat", "beats") if beats * ACTION_BEAT_S == happening else f"{num_words} words of action"
    return _Need(orientation + happening, "action", f"{found}, {_written(happening)} for {what}")


def _camera(clip: ClipSpec) -> _Need:
    move = clip.camera.move
    return _Need(MOVE_S.get(move, Fraction(0)), f"camera move, {move.replace('_', ' ')}")


def _asked(clip: ClipSpec, needs: tuple[_Need, ...]) -> tuple[Fraction, str, list[str]]:
    """Return the length before any limit, what to call it, and a clamp if the hint leaves no time for the words."""
    hint = clip.duration.seconds
    if hint is None:
        return needs[0].seconds, f"{_written(needs[0].seconds)} of {needs[0].what}", []
    seconds = exact_seconds(hint)
    words = _words(clip)
    cut = f"{_written(words.seconds)} of {words.what} cut to the duration.seconds of {_written(seconds)}"
    return seconds, f"{_written(seconds)} asked for by duration.seconds", [cut] if words.seconds > seconds else []


def _hinted_limits(clip: ClipSpec) -> list[tuple[Fraction, str, int]]:
    hints = ((clip.duration.min_s, "clip's own min_s", -1), (clip.duration.max_s, "clip's own max_s", 1))
    return [(exact_seconds(hint), name, sign) for hint, name, sign in hints if hint is not None]


def _reasons(clip: ClipSpec, needs: tuple[_Need, ...]) -> tuple[str, ...]:
    hint = clip.duration.seconds
    asked = () if hint is None else (f"{_written(exact_seconds(hint))} asked for by duration.seconds",)
    return (*asked, *map(str, needs))


def _spoken_seconds(text: str) -> Fraction:
    return (
        len(_WORD.findall(text)) * WORD_S
        + len(_WIDE_LETTER.findall(text)) * WIDE_LETTER_S
        + len(_HESITATION.findall(text)) * HESITATION_S
    )


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _written(seconds: Fraction) -> str:
    """Write seconds for people, to the hundredth: ``17.2 s``."""
    return f"{round(float(seconds), 2):g} s"
