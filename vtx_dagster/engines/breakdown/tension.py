"""How tense a dialogue is, speech by speech: shouts, threats, tears, interruptions and questions bring the camera closer."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from vtx_dagster.engines.breakdown.people import people_words

_EXCLAIMED = re.compile(r"[!\uff01]")
_IN_CAPITALS = re.compile(r"\b[^\W\d_a-zß-öø-ÿ]{4,}\b")
_BROKEN_OFF = re.compile(r"(?:--|[\u2014\u2013-])[\"\u201d'\u2019]?\s*$")
_ASKED = re.compile(r"[?\uff1f]")
_SHORT_WORDS = 5
_RAISED, _HIGH = 0.75, 1.5


class Tension(Enum):
    """How tense a conversation is."""

    CALM = auto()
    RAISED = auto()
    HIGH = auto()


@dataclass(slots=True)
class Dialogue:
    """Follows how tense a conversation gets; half of the tension stays from one shot to the next."""

    _level: float = 0

    def after(self, speech: str, manner: str) -> Tension:
        """Return how tense it is with the next speech; manner is its parentheticals. Both are empty where nobody speaks."""
        self._level = self._level / 2 + _heat(speech, manner)
        if self._level >= _HIGH:
            return Tension.HIGH
        return Tension.RAISED if self._level >= _RAISED else Tension.CALM


def _heat(speech: str, manner: str) -> float:
    """Return what one speech adds: 1 for loud words and for a tense manner, less where it is broken off, asks, or is short."""
    if not speech:
        return 0
    is_all_capitals = speech == speech.upper()
    loud = _EXCLAIMED.search(speech) is not None or (not is_all_capitals and _IN_CAPITALS.search(speech) is not None)
    tense = people_words().tense.search(manner) is not None
    broken_off, asks = _BROKEN_OFF.search(speech) is not None, _ASKED.search(speech) is not None
    return loud + tense + broken_off / 2 + asks / 4 + (len(speech.split()) <= _SHORT_WORDS) / 4
