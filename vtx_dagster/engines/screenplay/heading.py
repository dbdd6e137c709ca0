# ruff: noqa: RUF001 - letters of other alphabets
"""Scene headings: inside or outside, the place, the time, and the light that the time means.

The words are data, by language: ``heading_words.yaml``. A heading is read from its ends: a scene's number and INT. or EXT. on the
left, and on the right whatever says when. What is left in between is the place.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from importlib.resources import files
from itertools import takewhile

import yaml

from vtx_dagster.core.sets import PLACE_WORDS
from vtx_dagster.core.shot import TimeOfDay

_FULL_WIDTH = str.maketrans(
    {"．": ".", "：": ":", "／": "/", "，": ",", "、": ",", "。": ".", "・": "/", "（": "(", "）": ")", "－": "-", "\u3000": " "}
)
_DASHES = r"\-\u2010\u2011\u2012\u2013\u2014\u2015"
_SEPARATOR = re.compile(
    rf"\s+[{_DASHES}]+\s*|[{_DASHES}]+\s+|[\u2013\u2014]|--+|(?<=[\u3040-\u9fff])-(?=[\u3040-\u9fff])|\s*[/|;]\s*|[,.:]\s+|\s*,\s*"
)
_DASH = re.compile(rf"\s*[{_DASHES}]+\s*")
_BRACKETS = re.compile(r"\s*(?:\((?P<round>[^()]*)\)|\[(?P<square>[^\[\]]*)\])")
_WORD = re.compile(r"[^\W_]+(?:[.'\u2019&-][^\W_]+)*\.?|[^\s\w,.;:/()\[\]-]+")
_PLACE_ALONE = re.compile(r"(?:[^\W\d_]{3,} ){1,3}[^\W\d_]{3,}")
_NO_PLACE = re.compile(
    r"\b(?:INT|EXT|INTERIOR|EXTERIOR|INTERCUT|ANGLE|INTO|FROM|DOWN|END|AND|FOR|WITH|SHE|THEY|HIS|HER|THEIR)\b|\sTHE\b"
)
_SLUG = re.compile(rf"[\w)\]'\"](?:\s+[{_DASHES}]+\s*|\s*,\s*|\s*[(\[])\w")
_LETTERS = re.compile(r"[^\W\d_]")
_CLOCK = re.compile(
    r"\b(?P<hour>\d{1,2})\s*(?:(?P<sep>[:.h])\s*(?P<minute>\d{2}))?\s*(?P<half>[ap]\.?\s?m\b\.?|uhr\b|o'?clock\b|hrs\b)?",
    re.IGNORECASE,
)
_DATE_NUMBER = re.compile(r"\d{1,4}(?:st|nd|rd|th|s|e|er|'s)?")
_MARKED = re.compile(r"[○〇◯]|(?:S\s*#|씬)\s*(?P<korean>\d{1,4}[A-Z]?)\s*[.):]?\s*(?=\S)", re.IGNORECASE)
"""What makes a line a heading by itself in Japan (``○``) and Korea (``S#12.``)."""

_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_CARD_OF_YEAR = re.compile(r"(?:in\s+)?\d{3,4}\b(?!.*\s[-\u2013\u2014]+\s)", re.IGNORECASE)
"""What follows ``EST.`` where that is *established*: ``EST. 1921``."""

_ELIDED = re.compile(r"^(?P<article>l|d|qu|all|dall|dell|un)['\u2019](?=\w)")
_FEWEST_WORDS_OF_SENTENCE = 3
SCENE_NUMBER = r"[A-Z]{0,2}\d{1,4}[A-Z]{0,3}(?:[.-]\d{1,2})?"
"""A pattern for the number of a scene: ``12``, ``12A``, ``A12``, ``12.1``."""

_MARKED_NUMBER = re.compile(r"\s*#(?P<number>[^\s#](?:[^#]*[^\s#])?)#\s*$")
_JOINED = re.compile(r"\s*(?:[./&+-]|\band\b)\s*", re.IGNORECASE)
_DANGLING = frozenset(
    [
        "of",
        "the",
        "a",
        "an",
        "and",
        "&",
        "by",
        "for",
        "to",
        "in",
        "at",
        "on",
        "with",
        "from",
        "le",
        "la",
        "les",
        "de",
        "du",
        "des",
        "der",
        "die",
        "das",
        "el",
        "los",
        "las",
        "di",
        "del",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A scene heading in its parts; ``INT. BAR - BACK ROOM - NIGHT`` has the place ``BAR - BACK ROOM``.

    Attributes:
        interior: None where it says neither, or both (``INT./EXT.``).
        place: As written; empty where the heading says only when.
        time: As written: ``NIGHT``, ``DAY (FLASHBACK)``; empty where it says none.
        number: The scene's number, without ``#``.
        named: It begins with ``INT.`` or ``EXT.``, or announces a scene and its place, so that it is a heading by itself.
    """

    interior: bool | None
    place: str
    time: str
    number: str = ""
    named: bool = False


@dataclass(slots=True)
class _Words:
    """The words of all languages, folded."""

    sides: dict[str, bool] = field(default_factory=dict)
    weak: set[str] = field(default_factory=set)
    light: dict[str, TimeOfDay] = field(default_factory=dict)
    keeps: set[str] = field(default_factory=set)
    time: set[str] = field(default_factory=set)
    filler: set[str] = field(default_factory=set)
    scene: set[str] = field(default_factory=set)
    transitions: set[str] = field(default_factory=set)
    end: set[str] = field(default_factory=set)
    longest: int = 1


def looks_like_heading(text: str) -> bool:
    """Say whether a line is a scene heading without a mark that makes it one.

    It begins with INT. or EXT. in one of the languages known, after a scene's number if it has one, or has such a word in it
    between two separators. Fountain takes any case; without a dot this takes capitals only, because ``Est`` and ``Int`` begin
    sentences too.
    """
    return _begins(text) and _read(text).named


def read_heading(text: str) -> Heading:
    """Return the parts of a heading; a forced one may have neither prefix nor time."""
    return _read(text)


def reads_as_slug(text: str) -> bool:
    """Say whether a line that stands alone is a heading without INT. or EXT.: capitals, and a time behind a dash or a comma.

    ``KITCHEN - NIGHT`` and ``BEDROOM, CONTINUOUS`` are. ``AND THEN, NIGHT.`` and ``SUPER: LONDON - DAY`` are not. Nothing but the
    name of a place is one, too: ``DINING ROOM``, ``THE GREENHOUSE``.
    """
    if text == text.upper() and _PLACE_ALONE.fullmatch(text) and not _NO_PLACE.search(text):
        words = _fold(text).split()
        return words[-1] in PLACE_WORDS or "_".join(words[-2:]) in PLACE_WORDS
    if text != text.upper() or {":", "."} & set(text) or not _SLUG.search(text) or not _LETTERS.search(text):
        return False
    found = _read(text)
    is_place = bool(found.place) and not _is_time(found.place)
    return is_place and (says_light(found.time) or _fold(found.time) in _words().keeps)


def without_number(text: str) -> tuple[str, str]:
    """Return a heading without the number of its scene (``INT. BAR #12#``, ``12. INT. BAR``), and the number."""
    if (marked := _MARKED_NUMBER.search(text)) and marked.start():
        return text[: marked.start()].rstrip(), marked["number"]
    found = _number_pattern().match(text)
    if found and (side := _side(text[found.end() :], numbered=True)) is not None and side.rest:
        number = found["number"]
        rest = text[found.end() :]
        # The same number in the other margin.
        return re.sub(rf"\s+{re.escape(number)}\.?$", "", rest).rstrip(), number
    return text, ""


def time_of_day(time: str, previous: TimeOfDay) -> TimeOfDay:
    """Return the light that a written time means.

    Args:
        time: As in the heading, e.g. ``NIGHT``, ``TEN MINUTES LATER``, ``DAY 3``; empty when the heading has none.
        previous: The light of the scene before, which holds where nothing is said of the light.

    Returns:
        The first light that is named; one that tells more than *day* goes before that: ``NEXT DAY - DUSK`` is dusk.
    """
    found = list(_lights(time))
    return next((light for light in found if light != TimeOfDay.DAY), found[0] if found else previous)


def says_light(time: str) -> bool:
    """Say whether a written time names a light: ``NIGHT`` and ``NEXT MORNING`` do, ``LATER`` and ``1987`` do not."""
    return any(_lights(time))


def says_only_when(text: str) -> bool:
    """Say whether a text names a time and nothing else: ``MOMENTS LATER``, ``NIGHT``, ``3 AM``."""
    return _is_time(text)


def inside_or_outside(text: str) -> bool | None:
    """Return what a text that says nothing else says: True for ``INSIDE``, False for ``BACK OUTSIDE``; None for any other."""
    tokens = [token for token in _tokens(text) if token not in _words().filler]
    return _words().sides.get(tokens[0]) if len(tokens) == 1 else None


def is_transition(text: str) -> bool:
    """Say whether a line is a transition; ``FADE OUT.`` is one to every writer, though Fountain asks for ``TO:``."""
    if _LETTERS.search(text) is None or text != text.upper():
        return False
    words = _words()
    folded = _fold(text.rstrip(" .:\uff1a\u3002"))
    if text.endswith((" TO:", " TO BLACK.", " TO WHITE.")) or folded in words.transitions:
        return True
    # INTERCUT WITH: THE KITCHEN, DISSOLVE TO - a picture word that a colon ends.
    return text.endswith((":", "\uff1a")) and any(folded.startswith(f"{known} ") for known in words.transitions)


def is_end_card(text: str) -> bool:
    """Say whether a line is the last card of a film: ``THE END``, ``FIN.``, ``完``."""
    return text == text.upper() and _fold(text.strip(' .!?*_-\u2013\u2014~"“”')) in _words().end


def folded(text: str) -> str:
    """Return a text without case, accents and punctuation at its ends, as words are compared here."""
    return _fold(text)


def narrowed(text: str) -> str:
    """Return a text with its full-width signs as those of Latin text."""
    return text.translate(_FULL_WIDTH)


# -- reading ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Side:
    interior: bool | None
    rest: str
    weak: bool


@dataclass(frozen=True, slots=True)
class _Segment:
    """What stands between two separators, and the separator before it."""

    before: str
    text: str


def _begins(text: str) -> bool:
    """Say whether a line could be a heading at all, fast: most lines are not."""
    return bool(text) and len(text) <= 250 and _quick().search(text) is not None


@cache
def _quick() -> re.Pattern[str]:
    """Match lines in which a word for inside or outside stands where a heading may have it."""
    sides = "|".join(re.escape(word) for word in sorted(_raw_sides(), key=len, reverse=True))
    named = rf"(?:^|[\s\d.,:/○〇◯#&|({_DASHES}])(?:I\s*/\s*E|E\s*/\s*I|{sides})(?=[\W\d_]|$)"
    return re.compile(rf"{named}|^(?:[○〇◯]|S\s*#|씬)", re.IGNORECASE)


@lru_cache(maxsize=20_000)
def _read(text: str) -> Heading:
    text = unicodedata.normalize("NFC", text).translate(_FULL_WIDTH).strip()
    if mark := _MARKED.match(text):
        number, rest = mark["korean"] or "", text[mark.end() :].strip()
        side = _side(rest, numbered=True)
        marked = _parts(side or _Side(None, rest, weak=False), number, forced=False)
        return replace(marked, named=bool(marked.place))
    rest, number = without_number(text)
    side = _side(rest, numbered=bool(number))
    if side is None:
        return _between(rest, number)
    heading = _parts(side, number, forced=False)
    if side.weak and not (number or heading.time):
        return _parts(_Side(None, rest, weak=False), number, forced=True)
    return heading


def _side(text: str, *, numbered: bool) -> _Side | None:
    """Return INT. or EXT. at the beginning of a line, and what follows; None if it begins otherwise."""
    found = _prefix_pattern().match(text)
    if found is None:
        return None
    prefix, end = found["prefix"], found["end"]
    rest = text[found.end() :].strip()
    sides = {_words().sides[word] for word in (_fold(part) for part in _JOINED.split(prefix)) if word in _words().sides}
    interior = next(iter(sides)) if len(sides) == 1 else None
    weak = all(_fold(part) in _words().weak for part in _JOINED.split(prefix) if part)
    is_est = _fold(prefix) == "est"
    has_capitals = prefix == prefix.upper()
    # "Est. 1921, the hotel ..." and "4 outside broadcast vans park" are sentences.
    is_short = not (weak or is_est) and (end.startswith(".") or numbered)
    if not re.search(r"[^\W_]", rest) or not (has_capitals or is_short) or (is_est and _CARD_OF_YEAR.match(rest)):
        return None
    side = _Side(interior, rest, weak)
    return None if not has_capitals and prefix[0].isupper() and _reads_as_sentence(side) else side


def _reads_as_sentence(side: _Side) -> bool:
    """Say whether what follows ``Int.`` is the rest of a sentence, as in ``Int. calls were free.``, and no place."""
    words = side.rest.split()
    goes_on = words[0][0].islower() and words[-1].endswith((".", "!", "?")) and len(words) >= _FEWEST_WORDS_OF_SENTENCE
    return goes_on and not _parts(side, "", forced=False).time


def _between(text: str, number: str) -> Heading:
    """Read a line that does not begin with INT. or EXT., but may have it between its separators: ``KÜCHE - INNEN - TAG``."""
    found = _parts(_Side(None, text, weak=False), number, forced=True)
    if text != text.upper() or not _LETTERS.search(text):
        return found
    if (counted := _number_pattern().match(text)) and not (counted["number"][0].isascii() and counted["number"][0].isalpha()):
        # "K9 UNIT - INT. NIGHT" has no number.
        number, text = number or counted["number"], text[counted.end() :]
        if _HAN.search(text):
            # 12 教室 内 朝
            text = " / ".join(text.split())
    segments = list(_segments(text))
    for index, segment in enumerate(segments[1:], start=1):
        word = segment.text.rstrip(".")
        if _fold(word) in _words().sides:
            interior, kept = _words().sides[_fold(word)], [*segments[:index], *segments[index + 1 :]]
        elif (side := _side(segment.text, numbered=True)) is not None and _is_time(side.rest):
            interior = side.interior
            kept = [*segments[:index], _Segment(segment.before, side.rest), *segments[index + 1 :]]
        else:
            continue
        # FLASHBACK - INT. BAR
        when = list(takewhile(lambda one: _is_time(one.text), kept))
        kept = [*kept[len(when) :], *(_Segment(" - ", one.text) for one in when)]
        heading = _parts(_Side(interior, _text_of(kept), weak=False), number, forced=False)
        if heading.place and (heading.time or number):
            return heading
    return found


def _parts(side: _Side, number: str, *, forced: bool) -> Heading:
    """Return place and time of what follows INT. or EXT.

    Args:
        side: What was found.
        number: Of the scene.
        forced: The line was no heading by itself, so a last word such as *Day* belongs to its name.
    """
    segments = _without_other_sides(list(_segments(side.rest)))
    cut = len(segments)
    while cut > 1 and _is_time(segments[cut - 1].text):
        cut -= 1
    place, time = segments[:cut], segments[cut:]
    if not any(_is_light(segment) for segment in time):
        # HOUSE - NIGHT - ANN'S POV. The first segment is a time only in French order: INT. JOUR - CUISINE
        for index in [*range(len(place) - 1, 0, -1), *([0] if len(place) > 1 else [])]:
            if _is_light(place[index]):
                time = [place[index], *time]
                place = [*place[:index], *place[index + 1 :]]
                break
    if len(place) == 1 and not time and _is_time(place[0].text):
        # MOMENTS LATER, NIGHT: when, and no place.
        place, time = [], place
    if place and not time and not forced:
        place, time = _last_words(place)
    if len(place) > 1 and _fold(place[0].text) in _words().keeps:
        # LATER. BEDROOM
        place, time = place[1:], [_Segment("", place[0].text), *(_Segment(one.before or " - ", one.text) for one in time)]
    return Heading(interior=side.interior, place=_text_of(place), time=_text_of(time), number=number, named=not forced)


def _without_other_sides(segments: list[_Segment]) -> list[_Segment]:
    """Return a heading of two places without the second INT. or EXT., and the time before it: ``CAR - DAY / EXT. ROAD - DAY``."""
    kept: list[_Segment] = []
    before = ""
    for index, segment in enumerate(segments):
        word = _fold(segment.text)
        is_side = word in _words().sides and word not in {*_words().weak, "est"} and segment.text == segment.text.upper()
        if kept and is_side and index + 1 < len(segments):
            before = segment.before
            while len(kept) > 1 and _is_time(kept[-1].text):
                kept.pop()
        else:
            kept.append(_Segment(before or segment.before, segment.text))
            before = ""
    return kept


def _is_light(segment: _Segment) -> bool:
    return _is_time(segment.text) and any(_lights(segment.text))


def _segments(text: str) -> Iterator[_Segment]:
    """Yield what stands between separators; brackets stay whole, and are a segment of their own where they say when."""
    shielded = _BRACKETS.sub(lambda found: found.group().translate({ord(sign): "\0" for sign in ",.:;/|-\u2013\u2014"}), text)
    start, before = 0, ""
    for found in [*_SEPARATOR.finditer(shielded), None]:
        end = found.start() if found else len(text)
        segment = text[start:end].strip()
        if segment:
            yield from _with_brackets(_Segment(before, segment))
            before = ""
        if found:
            before = before or found.group()
            start = found.end()


def _with_brackets(segment: _Segment) -> Iterator[_Segment]:
    """Yield a segment; brackets at its end apart, where they say when and the rest does not: ``KITCHEN (NIGHT)``."""
    found = next((one for one in _BRACKETS.finditer(segment.text) if one.end() == len(segment.text)), None)
    if found is None or not found.start():
        yield segment
        return
    rest, inner = segment.text[: found.start()], found["round"] if found["round"] is not None else found["square"]
    if _is_time(inner) and not _is_time(rest):
        yield _Segment(segment.before, rest)
        yield _Segment(" - ", found.group().strip())
    else:
        yield segment


def _text_of(segments: list[_Segment]) -> str:
    """Return segments as they were written, dashes between them as `` - ``."""
    text = ""
    for segment in segments:
        between = " - " if _DASH.fullmatch(segment.before) else segment.before
        text += (between if text else "") + segment.text
    return " ".join(text.split()).strip(" .,;:")


def _last_words(place: list[_Segment]) -> tuple[list[_Segment], list[_Segment]]:
    """Return a place without the time that is its last words: ``KITCHEN NIGHT``; no time where none is."""
    *before, last = place
    head, dot, tail = last.text.rpartition(".")
    if dot and head and says_light(tail) and _is_time(tail):
        # INT.CABIN.DAY
        return [*before, _Segment(last.before, head)], [_Segment(" ", tail)]
    words = last.text.split()
    for count in range(len(words) - 1, 0, -1):
        tail = " ".join(words[-count:])
        rest = words[:-count]
        if rest[-1].casefold() in _DANGLING or not _is_time(tail) or _fold(words[-count]) in _words().filler - _EARLY:
            continue
        if any(_lights(tail)) or _fold(tail) in _words().keeps:
            return [*before, _Segment(last.before, " ".join(rest))], [_Segment(" ", tail)]
    head, dash, tail = last.text.rpartition("-")
    if dash and head[-1:].isalnum() and _is_time(tail) and (says_light(tail) or _fold(tail) in _words().keeps):
        # INT. BAR-NIGHT
        return [*before, _Segment(last.before, head)], [_Segment(" ", tail)]
    return place, []


_EARLY = frozenset({"early", "late", "mid", "next", "same", "pre", "later", "two", "three", "ten"})


def _is_time(text: str) -> bool:
    """Say whether a text says when, and nothing else."""
    if bracketed := _BRACKETS.search(text):
        # DAY (1973), NIGHT [THE DREAM]: what stands in brackets beside a time goes with it.
        if beside := _BRACKETS.sub(" ", text).strip():
            return _is_time(beside)
        if bracketed["square"] is not None:
            return True
        text = text.strip("() ")
    without_clock = _CLOCK.sub(lambda found: " \x01 " if found["sep"] or found["half"] else found.group(), text)
    tells = "\x01" in without_clock
    tokens = _tokens(without_clock.replace("\x01", " "))
    words, index = _words(), 0
    while index < len(tokens):
        for count in range(min(words.longest, len(tokens) - index), 0, -1):
            phrase = " ".join(tokens[index : index + count])
            if phrase in words.light or phrase in words.keeps or phrase in words.time:
                tells = True
                break
            if phrase in words.filler or (count == 1 and _DATE_NUMBER.fullmatch(phrase)):
                # A year says when; another number only goes with a word: DAY 3.
                tells = tells or (len(phrase) >= 4 and phrase[:4].isdigit())
                break
        else:
            return False
        index += count
    return tells


def _lights(text: str) -> Iterator[TimeOfDay]:
    """Yield every light that a text names, in order."""
    for found in _CLOCK.finditer(text):
        if found["sep"] or found["half"]:
            hour = int(found["hour"]) % 24
            half = (found["half"] or "").casefold()
            if half.startswith("p") and hour < 12:
                hour += 12
            elif half.startswith("a") and hour == 12:
                hour = 0
            yield _light_at(hour)
    tokens, words, index = _tokens(re.sub(r"[()\[\]]", " ", text)), _words(), 0
    while index < len(tokens):
        for count in range(min(words.longest, len(tokens) - index), 0, -1):
            phrase = " ".join(tokens[index : index + count])
            if phrase in words.light:
                yield words.light[phrase]
                break
        else:
            count = 1
        index += count


def _light_at(hour: int) -> TimeOfDay:
    bounds = (
        (5, TimeOfDay.NIGHT),
        (7, TimeOfDay.DAWN),
        (11, TimeOfDay.MORNING),
        (14, TimeOfDay.DAY),
        (18, TimeOfDay.AFTERNOON),
        (20, TimeOfDay.DUSK),
        (22, TimeOfDay.EVENING),
    )
    return next((light for before, light in bounds if hour < before), TimeOfDay.NIGHT)


def _tokens(text: str) -> list[str]:
    words = (_fold(word.strip(".")) for word in _WORD.findall(re.sub(rf"[{_DASHES}]", " ", text)))
    # L'AUBE is two words, O'CLOCK is one.
    return [token for word in words for token in _ELIDED.sub(r"\g<article> ", word).split()]


@lru_cache(maxsize=20_000)
def _fold(text: str) -> str:
    """Return a text without case, accents and punctuation at its ends."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("\u2019", "'"))
    folded = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).replace("\u0131", "i")
    return " ".join(folded.strip(" .:").split())


@cache
def word_table() -> Mapping[str, Mapping]:
    """Return the words by language, then by what they are for: ``heading_words.yaml``."""
    text = (files("vtx_dagster.engines.screenplay") / "heading_words.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader


@cache
def _words() -> _Words:
    words = _Words()
    for language in word_table().values():
        words.sides |= {_fold(word): True for word in language["inside"]} | {_fold(word): False for word in language["outside"]}
        words.weak |= {_fold(word) for word in language.get("weak", ())}
        words.keeps |= {_fold(word) for word in language["keeps"]}
        words.time |= {_fold(word) for word in language["time"]}
        words.filler |= {_fold(word) for word in language["filler"]}
        words.scene |= {_fold(word) for word in language["scene"]}
        words.transitions |= {_fold(text) for text in language["transitions"]}
        words.end |= {_fold(text) for text in language["end"]}
        for light, named in language["light"].items():
            words.light |= {_tokenised(word): TimeOfDay(light) for word in named if _tokenised(word) not in words.light}
    for known in (words.keeps, words.time, words.filler):
        known |= {" ".join(_tokens(word)) for word in known}
    words.longest = max(len(word.split()) for word in (*words.light, *words.keeps, *words.time, *words.filler))
    return words


def _tokenised(word: str) -> str:
    return " ".join(_tokens(word))


def _raw_sides() -> set[str]:
    raw = {word for language in word_table().values() for word in (*language["inside"], *language["outside"])}
    return raw | {word.upper() for word in raw} | {word.replace("i", "İ") for word in raw}


@cache
def _prefix_pattern() -> re.Pattern[str]:
    sides = "|".join(re.escape(word) for word in sorted(_raw_sides(), key=len, reverse=True))
    side = rf"(?:{sides})"
    return re.compile(
        rf"(?P<prefix>I\s*/\s*E|E\s*/\s*I|{side}(?:\.?\s*[/&+-]\s*{side}|\s+AND\s+{side})?)"
        rf"(?P<end>\s*[.:]\s*|\s*/\s*|\s+[{_DASHES}]+\s*|\s+)",
        re.IGNORECASE,
    )


@cache
def _number_pattern() -> re.Pattern[str]:
    words = "|".join(
        re.escape(word) for word in sorted({w for one in word_table().values() for w in one["scene"]}, key=len, reverse=True)
    )
    return re.compile(
        rf"\s*[(\[]?(?:(?:{words})\.?\s*)?(?P<number>{SCENE_NUMBER}|[一二三四五六七八九十百〇零]+(?=\s*[场場]))"
        rf"\s*(?:[.)\]:\u3001#{_DASHES}]|場|场)*\s*(?=\D)",
        re.IGNORECASE,
    )
