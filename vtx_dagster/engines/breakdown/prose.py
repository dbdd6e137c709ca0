"""Sentences: where a text may be cut, and what it says about things to be seen and read."""

import re
from collections.abc import Callable
from fractions import Fraction
from itertools import accumulate
from textwrap import shorten

_ABBREVIATED = re.compile(r"(?:^|[\s(\"“])(?:Mr|Mrs|Ms|Dr|St|Prof|Sgt|Lt|Capt|Mt|No|vs|[^\W\d_])\.$")
_SENTENCE_END = re.compile(r"[.!?…]+[\"'”\u2019)\]]*\s+|[。\uff01\uff1f]+[」』\uff09]*\s*")
_CLAUSE_END = re.compile(r"[,;:\u2014\u2013]+[\"'”\u2019)\]]*\s+|\s+[\u2014\u2013-]+\s+|[、\uff0c\uff1b]\s*")
_WORD_END = re.compile(r"\s+")

_QUOTED = r"[\"“«](?P<quoted>[^\"”»]{1,200})[\"”»]"
_SIGN = (
    r"\b(?:reads?|reading|says|sign|signs|signpost|letters?|note|label|labelled|labeled|screen|display|headline|poster|plaque|banner|page|"
    r"title|caption|written|writes|scrawled|painted|printed|engraved|spells?|marked|stamped|words?|lettering|telegram|message|text)\b"
)
_IN_FRAME = re.compile(rf"{_SIGN}[^.!?\"“«]{{0,80}}{_QUOTED}", re.IGNORECASE)
_SUPER = re.compile(r"^(?:SUPER|TITLE|TITLE CARD|CARD|CAPTION|CHYRON|SUBTITLE)\s*:\s*(?P<text>.+)$")
_CAPITALS = re.compile(r"(?<![\w'\u2019.-])[^\W\d_][\w'\u2019-]*[^\W_](?:\s+[^\W\d_][\w'\u2019-]*[^\W_])*")

_MAX_PROPS = 4
_EVEN_SHARES = (Fraction(21, 20), Fraction(6, 5), Fraction(7, 5), Fraction(8, 5))


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
        return found["text"].strip("\"“”«»' ")
    if centred:
        return text
    return " ".join(found["quoted"].strip() for found in _IN_FRAME.finditer(text))


def props(text: str, *, names: Callable[[str], tuple[str, ...]]) -> tuple[str, ...]:
    """Return the things that an action paragraph writes in capitals, in lower case, at most four.

    Args:
        text: The paragraph; one that is all in capitals names no props.
        names: Returns the characters that a text names.
    """
    if text.isupper() or _SUPER.match(text):
        return ()
    quoted = re.sub(_QUOTED, " ", text)
    capitals = (run for found in _CAPITALS.finditer(quoted) for run in _upper_runs(found.group()))
    return tuple(dict.fromkeys(run.casefold() for run in capitals if not names(run)))[:_MAX_PROPS]


def _upper_runs(words: str) -> list[str]:
    """Return the runs of words in capitals that have a word of three letters or more in them."""
    runs: list[list[str]] = [[]]
    for word in words.split():
        if word.isupper():
            runs[-1].append(word)
        else:
            runs.append([])
    return [" ".join(run) for run in runs if any(len(word) > 2 for word in run)]


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
