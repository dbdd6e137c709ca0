"""Scene headings: inside or outside, the place, the time, and the light that the time means."""

import re
from dataclasses import dataclass

from vtx_dagster.core.shot import TimeOfDay

_PREFIX = re.compile(
    r"^(?:(?P<both>I\s*/\s*E|E\s*/\s*I|INT\.?\s*/\s*EXT|EXT\.?\s*/\s*INT)|(?P<inside>INT)|(?P<outside>EXT|EST))(?P<end>[.\s])\s*(?=\S)",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"\s+[-\u2013\u2014]+\s+")
_ASIDE = re.compile(r"\([^()]*\)|\d+")

_LIGHT = {
    TimeOfDay.DAWN: "dawn sunrise daybreak aube amanecer alba morgengrauen рассвет",
    TimeOfDay.MORNING: "morning breakfast matin mañana mattina morgen утро",
    TimeOfDay.DAY: "day noon midday daytime jour día dia giorno tag день",
    TimeOfDay.AFTERNOON: "afternoon après-midi tarde pomeriggio nachmittag",
    TimeOfDay.DUSK: "dusk sunset twilight sundown crépuscule atardecer tramonto dämmerung сумерки",
    TimeOfDay.EVENING: "evening soir sera abend вечер",
    TimeOfDay.NIGHT: "night midnight nighttime nuit noche notte nacht ночь",
}
_TIME_WORDS = {word: light for light, words in _LIGHT.items() for word in words.split()}
_TIME_PHRASES = {
    "magic hour": TimeOfDay.DUSK,
    "golden hour": TimeOfDay.DUSK,
    "blue hour": TimeOfDay.DUSK,
    "first light": TimeOfDay.DAWN,
}
_SAME_AS_BEFORE = {"continuous", "later", "same", "same time", "moments later", "minutes later", "hours later"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A scene heading in its parts; ``INT. BAR - BACK ROOM - NIGHT`` has the place ``BAR - BACK ROOM``."""

    interior: bool | None
    place: str
    time: str


def looks_like_heading(text: str) -> bool:
    """Say whether a line begins as scene headings do and names something after that.

    Fountain takes any case; without a dot this takes capitals only, because ``Est`` and ``Int`` begin sentences too.
    """
    prefix = _PREFIX.match(text)
    return prefix is not None and (prefix["end"] == "." or prefix.group().isupper())


def read_heading(text: str) -> Heading:
    """Return the parts of a heading (without its scene number); a forced one may have neither prefix nor time."""
    prefix = _PREFIX.match(text)
    interior = None
    if prefix and prefix["both"] is None:
        interior = prefix["inside"] is not None
    rest = text[prefix.end() :] if prefix else text
    segments = _SEPARATOR.split(rest.strip())
    if len(segments) > 1 and _is_time(segments[-1]):
        return Heading(interior=interior, place=" - ".join(segments[:-1]), time=segments[-1])
    return Heading(interior=interior, place=" - ".join(segments), time="")


def time_of_day(time: str, previous: TimeOfDay) -> TimeOfDay:
    """Return the light that a written time means.

    Args:
        time: As in the heading, e.g. ``NIGHT``, ``LATER``, ``DAY 3``; empty when the heading has none.
        previous: The light of the scene before, which ``CONTINUOUS``, ``LATER`` and ``SAME`` keep.
    """
    words = _plain(time)
    if words in _TIME_PHRASES:
        return _TIME_PHRASES[words]
    if words in _SAME_AS_BEFORE:
        return previous
    return _TIME_WORDS.get(words.rsplit(" ", 1)[-1], TimeOfDay.DAY)


def _is_time(segment: str) -> bool:
    words = _plain(segment)
    return words in _TIME_PHRASES or words in _SAME_AS_BEFORE or words.rsplit(" ", 1)[-1] in _TIME_WORDS


def _plain(time: str) -> str:
    return " ".join(_ASIDE.sub(" ", time).casefold().replace(",", " ").replace(".", " ").split())
