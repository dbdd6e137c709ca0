"""Sentences: where a text may be cut, and what it says about things to be seen and read."""

import re
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate
from textwrap import shorten

_ABBREVIATED = re.compile(
    r"(?:^|[\s(\"“])(?:Mr|Mrs|Ms|Dr|St|Prof|Sgt|Lt|Capt|Mt|No|vs|Jr|Sr|JR|SR|MR|MRS|MS|DR|ST|PROF|SGT|LT|CAPT|MT|[^\W\d_])\.$"
)
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”\u2019)\]]*\s+|[。\uff01\uff1f]+[」』\uff09]*\s*")
_CLAUSE_END = re.compile(r"[,;:\u2014\u2013]+[\"'”\u2019)\]]*\s+|\s+[\u2014\u2013-]+\s+|[、\uff0c\uff1b]\s*")
_WORD_END = re.compile(r"\s+")

_QUOTED = r"[\"“«](?P<quoted>[^\"”»]{1,200})[\"”»]"
_SIGN = (
    r"\b(?:reads?|reading|says|sign|signs|signpost|letters?|note|label|labelled|labeled|screen|display|headline|poster|plaque|banner|page|"
    r"title|caption|written|writes|scrawled|painted|printed|engraved|spells?|marked|stamped|words?|lettering|telegram|message|text)\b"
)
_IN_FRAME = re.compile(rf"{_SIGN}[^.!?\"“«]{{0,80}}{_QUOTED}", re.IGNORECASE)
_CARD = r"(?:SUPER|SUPERIMPOSED?|TITLE|TITLE CARD|CARD|CAPTION|CHYRON|SUBTITLE|ON[ -]SCREEN(?: TEXT)?)\s*:\s*"
_SUPER = re.compile(rf"^{_CARD}(?P<text>.+)$", re.DOTALL)
_CAPITAL_WORD = r"[^\W\d_a-zà-öø-ÿ](?:[^\W_a-zà-öø-ÿ]|['\u2019-])*[^\W_a-zà-öø-ÿ]"
_THING = re.compile(
    r"(?:\b(?:(?i:the|an?|his|her|its|their|my|our|your|this|that|another|two|three|four|five|six|some|several|no"
    r"|der|die|das|ein|eine|le|la|les|un|une|el|los|las|una|il|lo|o|os|um|uma)|\w+['\u2019]s)\s+(?P<between>(?:[^\W\d_A-Z]+\s+){0,2}))"
    rf"(?P<thing>{_CAPITAL_WORD}(?:\s+{_CAPITAL_WORD})*)(?![\w'\u2019])"
)
_LEADING = re.compile(r"^(?:THE|AN?|HIS|HER)\s+")
_NO_THING = re.compile(
    r"\b(?:BANGS?|CRASH\w*|BOOMS?|THUDS?|CLICKS?|CLANGS?|SLAMS?|KNOCKS?|KNOCKING|RINGS?|RINGING|BEEPS?|BUZZ\w*|ROARS?|SCREAMS?|SCREAMING"
    r"|SHOUTS?|EXPLOSIONS?|THUNDER|LIGHTNING|SILENCE|NOISES?|SOUNDS?|MUSIC|SONG|VOICES?|GUNSHOTS?|SHOTS?|CRACKS?|SNAPS?|SPLASH|GASPS?|SIGHS?"
    r"|LAUGHTER|APPLAUSE|FLASH\w*|CLOSE|ANGLE|POV|WIDE|INSERT|FRAME|SCREEN|CAMERA|BACKGROUND|FOREGROUND|END|BEGINNING)$"
)

_MAX_PROPS = 4
_EVEN_SHARES = (Fraction(21, 20), Fraction(6, 5), Fraction(7, 5), Fraction(8, 5))


@lru_cache(maxsize=10_000)  # the same paragraphs are asked again and again
def sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a text; ``Dr. Santos`` and initials do not end one. Joined by spaces they are the text."""
    return tuple(_cut(text, _SENTENCE_END, keep_abbreviations=True))


def split_to_fit(text: str, *, seconds: Callable[[str], Fraction], limit_s: Fraction) -> tuple[str, ...]:
    """Return a text in as few parts as fit, cut at sentence ends; at clauses, words or letters only where a sentence is too long.

    Args:
        text: Not empty.
        seconds: How long a part takes; more for more text.
        limit_s: What no part may pass.

    Returns:
        Parts of similar length, at least one; without white space, their concatenation is that of the text.
    """
    total = seconds(text)
    if total <= limit_s:
        return (text,)
    atoms = _atoms(text, seconds, limit_s)
    fewest = _pack(atoms, seconds, limit_s)
    even = (_pack(atoms, seconds, min(limit_s, total / len(fewest) * share)) for share in _EVEN_SHARES)
    return next((parts for parts in even if len(parts) == len(fewest)), fewest)


def divided(text: str, count: int) -> tuple[str, ...]:
    """Return a text in so many parts of similar length, cut at sentence ends; in fewer if it has fewer sentences.

    Args:
        text: Not empty.
        count: Parts, 1 or more.

    Returns:
        Parts whose concatenation, without white space, is that of the text.
    """
    pieces = sentences(text)
    ends = list(accumulate(map(len, pieces)))
    parts: list[str] = []
    start = 0
    for number in range(min(count, len(pieces)), 0, -1):
        share = ends[-1] * (len(parts) + 1) / (len(parts) + number)
        end = start + 1
        while end <= len(pieces) - number and ends[end - 1] < share:
            end += 1
        parts.append(" ".join(pieces[start:end]))
        start = end
    return tuple(parts)


def shortened(text: str, max_letters: int) -> str:
    """Return a text, cut at a word with an ellipsis if it is longer than so many letters."""
    return text if len(text) <= max_letters else shorten(text, max_letters, placeholder=" …")


def readable_text(text: str, *, centred: bool = False) -> str:
    """Return what an action paragraph puts into frame to be read: a title card, or quotes after words like *reads* and *sign*."""
    if found := _SUPER.match(text):
        return "\n".join(text.strip("\"“”«»' \n") for text in re.split(rf"\s*\b{_CARD}", found["text"]))
    if centred:
        return text
    return " ".join(found["quoted"].strip() for found in _IN_FRAME.finditer(text))


def announces_text(text: str) -> bool:
    """Say whether an action ends by saying that the next paragraph is read: ``Inside is written:``."""
    return text.endswith(":") and re.search(_SIGN, sentences(text)[-1], re.IGNORECASE) is not None


def props(text: str, *, names: Callable[[str], tuple[str, ...]]) -> tuple[str, ...]:
    """Return the things that an action paragraph writes in capitals, in lower case, at most four.

    A thing has an article, a number or somebody's before it (``a LETTER``, ``Ann's OLD KEY``), so that verbs (``the rope SNAPS``)
    and words of the camera are none; nor are sounds (``a LOUD BANG``).

    Args:
        text: The paragraph; one that is all in capitals names no props.
        names: Returns the characters that a text names.
    """
    if text.isupper() or _SUPER.match(text):
        return ()
    quoted = re.sub(_QUOTED, " ", text)
    things = (_LEADING.sub("", " ".join(found["thing"].split())) for found in _THING.finditer(quoted) if not _is_verb(found))
    return tuple(dict.fromkeys(thing.casefold() for thing in things if _is_thing(thing) and not names(thing)))[:_MAX_PROPS]


def _is_verb(found: re.Match[str]) -> bool:
    """Say whether capitals behind a noun are what it does: ``the rope SNAPS``."""
    return found["between"] != "" and found["thing"].split()[0].endswith("S")


def _is_thing(words: str) -> bool:
    return any(len(word) > 2 for word in words.split()) and not _NO_THING.search(words)


def _cut(text: str, ends: re.Pattern[str], *, keep_abbreviations: bool = False) -> list[str]:
    pieces: list[str] = []
    start = 0
    for end in ends.finditer(text):
        if end.end() == len(text) or (
            keep_abbreviations and _ABBREVIATED.search(text[max(start, end.start() - 8) : end.start() + 1])
        ):
            continue
        pieces.append(text[start : end.end()].strip())
        start = end.end()
    pieces.append(text[start:].strip())
    return [piece for piece in pieces if piece]


def _atoms(text: str, seconds: Callable[[str], Fraction], limit_s: Fraction) -> list[str]:
    """Return pieces that each fit, cut as gently as possible."""
    pieces = [text]
    for ends in (_SENTENCE_END, _CLAUSE_END, _WORD_END):
        pieces = [
            part
            for piece in pieces
            for part in (_cut(piece, ends, keep_abbreviations=ends is _SENTENCE_END) if seconds(piece) > limit_s else [piece])
        ]
    return [part for piece in pieces for part in _halves(piece, seconds, limit_s)]


def _halves(piece: str, seconds: Callable[[str], Fraction], limit_s: Fraction) -> list[str]:
    """Return a piece without white space in halves of halves that fit, as scripts without spaces need it."""
    if len(piece) < 2 or seconds(piece) <= limit_s:
        return [piece]
    middle = len(piece) // 2
    return [*_halves(piece[:middle], seconds, limit_s), *_halves(piece[middle:], seconds, limit_s)]


def _pack(atoms: list[str], seconds: Callable[[str], Fraction], limit_s: Fraction) -> tuple[str, ...]:
    """Return the atoms joined in order, each part as long as it may be."""
    parts: list[str] = []
    for atom in atoms:
        joined = f"{parts[-1]} {atom}" if parts else atom
        if parts and seconds(joined) <= limit_s:
            parts[-1] = joined
        else:
            parts.append(atom)
    return tuple(parts)
