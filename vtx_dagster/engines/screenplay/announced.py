# ruff: noqa: RUF001 - letters of other alphabets
"""Scenes that a line announces by their number, without INT. or EXT.: ``SCENE 7: THE PIER - NIGHT``, ``1. SZENE``, ``第3場``.

The word for a scene, a number before or after it, and mostly where and when it is. Brackets and time codes around it, as in
``[SZENE 1 - CAFÉ (MORGEN) | 0:35 - 2:15]``, are none of it. The words are data: ``heading_words.yaml``. What follows such a line,
and so whether it is the heading or stands above one, is the reader's business.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Final

from vtx_dagster.engines.screenplay.heading import (
    Heading,
    folded,
    looks_like_heading,
    narrowed,
    read_heading,
    says_light,
    without_number,
    word_table,
)

_LONGEST: Final = 200
_LONGEST_TOLD: Final = 1000
_MOST_WORDS: Final = 14
_MOST_WORDS_OF_SENTENCE: Final = 6
_MOST_WORDS_IN_LOWER_CASE: Final = 4
_MOST_WORDS_OF_PLACE: Final = 8
_FEW_WORDS: Final = 3
_SHORT_WORD: Final = 3
_DASHES: Final = r"\-\u2010-\u2015"
_WITHOUT_CASE: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_HAN: Final = "一二三四五六七八九"
_HAN_NUMBER: Final = rf"[{_HAN}十百〇零両两]+"
_NUMBER: Final = rf"(?P<number>\d{{1,3}}(?:[A-Za-z](?![^\W_]))?(?:\.\d{{1,2}}(?!\d))?|{_HAN_NUMBER}|[^\W\d_]+)"
_ORDINAL: Final = r"(?:[.)]|st|nd|rd|th|[eª°º]|er|re|[èe]re|i?[èe]me|-?(?:я|е|й))?\.?"
_ROMAN: Final = re.compile(r"(?=[IVXL])(XL|L?X{0,3})(IX|IV|V?I{0,3})")
_FRAMES: Final = (("[", "]"), ("【", "】"), ("［", "］"), ("〔", "〕"), ("<", ">"))
_RULES: Final = "-=*~_\u2013\u2014"
_SEPARATED: Final = re.compile(rf"\s*(?:[:.,;/|]+|[{_DASHES}]+(?!\d)|\s[{_DASHES}]+)\s*|\s*(?=[(\[])")
_RANGE: Final = re.compile(
    rf"\s*[|(\[/{_DASHES}]?\s*\d{{1,2}}(?::\d{{2}}){{1,2}}\s*[{_DASHES}]\s*\d{{1,2}}(?::\d{{2}}){{1,2}}\s*[)\]]?$"
)
_LENGTH: Final = re.compile(r"\s*\|\s*(?!\d{4}\b)[~\d:.,]*\d\s*(?:s|secs?|sek|seconds|mins?|m|h|'|\")?\.?$", re.IGNORECASE)
_PART: Final = re.compile(r"(?P<name>[^\W\d_]+(?:[ -][^\W\d_]+){1,2})\s*\|")
_LABEL: Final = re.compile(r"(?P<label>[^\W\d_][^:]{1,24}?)\s*:\s*(?P<words>\S.*)")
_SENTENCE: Final = re.compile(r"(?<=[^\W_]{2})[.!?;\u2026\u3002](?:\s+|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A line that announces a scene.

    Attributes:
        heading: Its number in digits, place and time. One with a place is a heading by itself; one without goes on where the
            scene before is, as a minor slug does.
        text: What it says without what is around it.
        act: The act in front of it, as written: ``ACT I`` of ``ACT I, SCENE II``; empty without one.
        bare: It says nothing but its number.
    """

    heading: Heading
    text: str
    act: str = ""
    bare: bool = False


@dataclass(frozen=True, slots=True)
class _Counted:
    """A word with a number, where a text begins with them."""

    number: str
    end: int
    has_capitals: bool


def announced(text: str, *, forced: bool = False) -> Announced | None:
    """Return the scene that a line announces; None for any other line.

    Args:
        text: The line, without marks of emphasis.
        forced: It is a heading, whatever it says.
    """
    return _announced(text, forced) if len(text) <= _LONGEST and _scene_word().search(text) else None


def act_of(text: str) -> str:
    """Return the name of the act that a line announces, as written: ``ACT I``, ``Zweiter Akt: Die Flucht``; else empty."""
    if len(text) > _LONGEST or not _act_word().search(text):
        return ""
    line = _unframed(_normal(text))
    counted = _counted(line, "act")
    return line if counted is not None and _rest_of(line, counted) is not None else ""


def setting_told(lines: Sequence[str]) -> Heading:
    """Return where and when a scene is by lines such as ``Location: The pier. Dawn.`` at the beginning of a paragraph.

    Args:
        lines: The lines of the paragraph, without marks of emphasis.

    Returns:
        Place and time, empty where they do not name one: sentences are no places.
    """
    told = Heading(interior=None, place="", time="")
    for label, words in _told(lines):
        first, *others = [words] if looks_like_heading(words) else _SENTENCE.split(words)
        found = read_heading(first)
        if label in _labels("when"):
            told = replace(told, time=told.time or ("" if found.place else found.time))
        elif not told.place and _names_place(found.place):
            beside = read_heading(others[0]) if others else found
            time = found.time or ("" if beside.place else beside.time)
            told = replace(found, time=told.time or time)
    return told


def tells_setting(lines: Sequence[str]) -> bool:
    """Say whether every line of a paragraph tells where or when a scene is: ``Location: The pier``."""
    return len([*_told(lines)]) == len(lines)


def _told(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the labels, folded, and what they tell, as long as there are some."""
    for line in lines:
        found = _LABEL.fullmatch(line.strip()) if len(line) <= _LONGEST_TOLD else None
        label = folded(found["label"]) if found else ""
        if found is None or label not in _labels("setting") | _labels("when"):
            return
        yield label, found["words"]


def _names_place(place: str) -> bool:
    """Say whether words are the name of a place, and no sentence: a few, or all but the shortest with a capital."""
    words = place.split()
    is_named = all(len(word) <= _SHORT_WORD or not word[0].islower() for word in words)
    return bool(words) and (len(words) <= _FEW_WORDS or (is_named and len(words) <= _MOST_WORDS_OF_PLACE))


@lru_cache(maxsize=4096)
def _announced(text: str, forced: bool) -> Announced | None:  # noqa: FBT001 - a cache takes no keywords apart
    text = _normal(text)
    line, given = without_number(text) if text.endswith("#") else (text, "")
    line = _unframed(line)
    if (part := _PART.match(line)) and (forced or line != text) and part["name"].isupper() and _ends_in_scene(part["name"]):
        # [BONUS SCENE | after the credits]
        return Announced(heading=Heading(interior=None, place="", time="", number=given), text=line, bare=True)
    line = _LENGTH.sub("", _RANGE.sub("", line)).strip()
    line = _unframed(line)
    act, words = _without_act(line)
    counted = _counted(words, "announces")
    rest = _rest_of(words, counted) if counted else None
    if counted is None or rest is None or not (forced or line[0] == line[0].upper()):
        return None
    number = given or counted.number
    if not rest:
        return Announced(heading=Heading(interior=None, place="", time="", number=number), text=line, act=act, bare=True)
    if not forced and _reads_as_text(line, rest, counted):
        return None
    found = read_heading(_separated(rest))
    is_named = looks_like_heading(rest)
    heading = replace(found, number=number, named=is_named or bool(found.place))
    return Announced(heading=heading, text=rest if is_named else line, act=act)


def _normal(text: str) -> str:
    return " ".join(narrowed(unicodedata.normalize("NFC", text)).split())


def _unframed(line: str) -> str:
    """Return a line without the brackets or rules on both of its sides."""
    for opening, closing in _FRAMES:
        if line.startswith(opening) and line.endswith(closing):
            return line[1:-1].strip()
    if line[:1] in _RULES and line[-1:] in _RULES:
        return line.strip(f"{_RULES} ")
    return line


def _ends_in_scene(name: str) -> bool:
    return folded(re.split("[ -]", name)[-1]) in {folded(word) for word in _words("announces")}


def _without_act(line: str) -> tuple[str, str]:
    """Return the act in front of a scene, and the rest: ``ACT I, SCENE II``."""
    act = _counted(line, "act")
    if act is None:
        return "", line
    rest = line[act.end :]
    return line[: act.end].strip(), rest.lstrip(" .,:;/|-\u2013\u2014")


def _counted(line: str, kind: str) -> _Counted | None:
    """Return the number that a word of some kind has at the beginning of a line, before or behind it."""
    for behind, pattern in enumerate(_patterns(kind)):
        found = pattern.match(line)
        if found and (number := _number_of(found["number"], before=not behind, marked=bool(found.groupdict().get("mark")))):
            return _Counted(number, found.end(), has_capitals=found["word"] == found["word"].upper())
    return None


def _rest_of(line: str, counted: _Counted) -> str | None:
    """Return what stands behind the number, without the separator; None if that goes on with it."""
    rest = line[counted.end :]
    if not rest.strip(" .:;,)]-\u2013\u2014"):
        return ""
    found = _SEPARATED.match(rest)
    if found is None:
        # 第3場 教室
        return rest.strip() if rest[0] == " " and _WITHOUT_CASE.match(line) else None
    rest = rest[found.end() :].strip()
    whole = rest.startswith("(") and rest.endswith(")") and rest.count("(") == 1
    return rest[1:-1].strip() if whole else rest


def _reads_as_text(line: str, rest: str, counted: _Counted) -> bool:
    """Say whether what follows a number reads as a sentence about the scene, and not as where it is."""
    words = rest.split()
    if len(words) > _MOST_WORDS:
        return True
    if line == line.upper() or looks_like_heading(rest):
        return False
    sentences = [one.split() for one in re.split(r"[.!?\u2026](?:\s+|$)", rest) if one]
    says_when = says_light(read_heading(rest).time)
    if rest.endswith((".", "!", "?", "\u2026")) and not says_when:
        return not counted.has_capitals or any(len(sentence) > _MOST_WORDS_OF_SENTENCE for sentence in sentences)
    goes_on = "," in line[: -len(rest)] or len(words) > _MOST_WORDS_IN_LOWER_CASE
    return rest[0].islower() and not says_when and goes_on


def _separated(rest: str) -> str:
    """Return a place and a time in letters without capitals with a separator between them."""
    return " / ".join(rest.split()) if re.search(r"[\u3040-\u30ff\u3400-\u9fff]", rest) else rest


def _number_of(token: str, *, before: bool, marked: bool) -> str:
    """Return a number in digits; empty for any other word."""
    if token[0].isdecimal():
        token = "".join(str(int(letter)) if letter.isdecimal() else letter for letter in token)
        return token.upper().lstrip("0") or "0"
    if re.fullmatch(_HAN_NUMBER, token):
        return _han(token) if marked or not before else ""
    if roman := _ROMAN.fullmatch(token):
        return str(_roman(roman[1]) + _roman(roman[2]))
    cardinals, ordinals = _numbers()
    return ordinals.get(folded(token), "" if before else cardinals.get(folded(token), ""))


def _roman(text: str) -> int:
    values = [{"I": 1, "V": 5, "X": 10, "L": 50}[letter] for letter in text]
    return sum(-value if value < max(values[at:]) else value for at, value in enumerate(values))


def _han(text: str) -> str:
    """Return a number such as 十二 or 三〇 in digits."""
    digits = {letter: value for value, letter in enumerate(_HAN, start=1)} | {"〇": 0, "零": 0, "両": 2, "两": 2}
    total = current = 0
    for letter in text:
        if unit := {"十": 10, "百": 100}.get(letter):
            total, current = total + (current or 1) * unit, 0
        else:
            current = current * 10 + digits[letter]
    return str(total + current)


def _words(kind: str) -> set[str]:
    return {word for language in word_table().values() for word in language.get(kind, ())}


@cache
def _labels(kind: str) -> frozenset[str]:
    return frozenset(map(folded, _words(kind)))


@cache
def _numbers() -> tuple[dict[str, str], dict[str, str]]:
    """Return the words for numbers, folded, and those for what is in that place, with their digits."""
    cardinals: dict[str, str] = {}
    ordinals: dict[str, str] = {}
    for language in word_table().values():
        for value, (cardinal, *others) in enumerate(language.get("numbers", ()), start=1):
            cardinals.setdefault(folded(cardinal), str(value))
            # Zweiter Akt, zweite Szene
            endings = (folded(other) + ending for other in others for ending in ("", "r", "s"))
            ordinals |= {word: str(value) for word in endings if word not in ordinals}
    return cardinals, ordinals


def _alternatives(kind: str) -> str:
    words = _words(kind)
    words |= {folded(word) for word in words if folded(word).isascii()}
    return "|".join(
        re.escape(word) + ("" if _WITHOUT_CASE.match(word) or not word[-1].isalpha() else r"(?![^\W\d_])")
        for word in sorted(words, key=len, reverse=True)
    )


@cache
def _scene_word() -> re.Pattern[str]:
    return re.compile(_alternatives("announces"), re.IGNORECASE)


@cache
def _act_word() -> re.Pattern[str]:
    return re.compile(_alternatives("act"), re.IGNORECASE)


@cache
def _patterns(kind: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what matches a word behind its number, and before it."""
    word = rf"(?P<word>{_alternatives(kind)})"
    between = rf"\s*(?:[#№:.]|[{_DASHES}](?=\s)|(?:n[ro°º]|nummer|number)\.?\s*(?=\d))?\s*"
    behind = rf"(?P<mark>第|제)?\s*{_NUMBER}{_ORDINAL}\s*{word}"
    before = rf"{word}{between}{_NUMBER}(?![^\W_])(?:\s*\[[\d.]+\])?"
    return re.compile(behind, re.IGNORECASE), re.compile(before, re.IGNORECASE)
