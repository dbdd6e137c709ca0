"""Ids that stay: what was there before is known again, wherever it stands now, and new things get numbers of their own.

Used for acts, scenes, shots and beats. Files, takes and reviews refer to these ids, so an id is a name: it does not say where its
thing stands, and what was given once is never given to anything else.
"""

import hashlib
import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial
from itertools import count, pairwise
from typing import TypeVar

from pydantic import Field

from vtx_dagster.core.document import Part

T = TypeVar("T")

_WORD = re.compile(r"[^\W_]+")

_SIMILAR = 0.6
"""Least likeness of an edited form; ``difflib`` recommends it as a rule of thumb for the share of common words."""

_SIMILAR_ELSEWHERE = 0.7
"""The same for what also stands elsewhere now: nothing around it says that it is the same."""

_TELLING_WORDS = 4
"""With fewer words a text says too little to be known again far from where it was: *Yes* is said in every scene."""

_SAME_PLACE, _SAME_OPENING = 0.15, 0.1
"""What standing between the same neighbours, and beginning with the same words, adds to the likeness when several could be it."""

_OPENING_WORDS = 8
_FEW_PAIRS = 6
_LONG_TEXT_WORDS = 200
_WINDOW = 24
_COMMON_PAIR = 32
_BEST_ELSEWHERE = 6
"""Bounds of what is compared with what, so that the cost stays near to linear for a film of 90,000 shots."""


_WORDINGS = 3
"""So many earlier wordings of a thing are remembered."""


class Remembered(Part):
    """By what a thing was known that is gone, or has other words now: it is known again when these words return."""

    id: str
    place: str = Field(default="", description="The scene that a shot stood in.")
    words: str = Field(description="Hash of its words.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """Something that may be known again.

    Attributes:
        marks: Hashes of its words; two things that share one are the same. Those before others count first.
        text: Its words; empty where only the marks are known.
        place: What it stands in: of a shot its scene.
        id: Its id; empty for what has none yet.
    """

    marks: tuple[str, ...]
    text: str = ""
    place: str = ""
    id: str = ""

    @classmethod
    def of(cls, text: str, *, place: str = "", id_text: str = "") -> "Thing":
        """Return a thing that is known by its text alone."""
        return cls(marks=(hash_of_words(text),), text=text, place=place, id=id_text)


def hash_of_words(text: str) -> str:
    """Return what is the same for texts that differ in punctuation, capitals and white space alone, 16 hexadecimal digits."""
    return hashlib.sha256(" ".join(_words(text)).encode()).hexdigest()[:16]


def kept_ids(before: Sequence[Thing], now: Sequence[Thing], *, remembered: Iterable[Remembered] = ()) -> list[str | None]:
    """Return the ids that things keep; None for new ones.

    What is the same is looked for where it was, then anywhere, then among what is remembered, and after that edited forms. Of
    the parts of a thing that was split the first one keeps the id, and of things that were merged the first one's id is kept.

    Args:
        before: What there was, in order, each with its id.
        now: What there is, in order.
        remembered: What was there once, and what others were before: known again only with exactly its words.

    Returns:
        An id or None for each, no id twice.
    """
    search = _Search(before, now)
    search.find_where_it_was()
    search.find_elsewhere()
    returned = search.find_remembered(remembered)
    search.find_edited()
    return [returned.get(index) or (None if old is None else before[old].id) for index, old in enumerate(search.found)]


def remembering(known: Iterable[Remembered], before: Iterable[Thing], now: Iterable[Thing]) -> tuple[Remembered, ...]:
    """Return what must be remembered once a list has changed: how things were known that are gone or have other words now.

    Args:
        known: What was remembered before.
        before: What there was, each with its id.
        now: What there is, each with its id.
    """
    marks = {thing.id: thing.marks for thing in now}
    wordings = {(one.id, one.words): one for one in known}
    for thing in before:
        one = Remembered(id=thing.id, place=thing.place, words=thing.marks[0])
        if not set(thing.marks).intersection(marks.get(thing.id, ())):
            wordings[one.id, one.words] = one
    left = [one for one in wordings.values() if one.words not in marks.get(one.id, ())]
    num_later: Counter[str] = Counter()
    kept = []
    for one in reversed(left):
        num_later[one.id] += 1
        if num_later[one.id] <= _WORDINGS:
            kept.append(one)
    return tuple(reversed(kept))


def new_numbers(
    kept: Sequence[int | None], used: Collection[int], *, step: int = 1, wanted: Sequence[int | None] = ()
) -> list[int]:
    """Return the numbers of a list, with one that was never used for each that has none; the others stay.

    Args:
        kept: The numbers that things have, in order of the things, not necessarily of the numbers.
        used: All numbers that were ever given.
        step: Distance of new numbers at the end, 1 or more.
        wanted: Numbers that the author gives to new things, one for each in ``kept``. They hold if they are free.

    Returns:
        Numbers. Those between two others that leave room are spread out there, the rest come after the highest.
        ``new_numbers([10, None, 20], {10, 20}, step=10)`` is ``[10, 15, 20]``.
    """
    numbers = list(kept)
    taken = {*used, *(number for number in kept if number is not None)}
    for index, number in enumerate(wanted):
        if numbers[index] is None and number is not None and number not in taken:
            numbers[index] = number
            taken.add(number)
    filled: list[int] = []
    index = 0
    while index < len(numbers):
        number = numbers[index]
        if number is not None:
            filled.append(number)
            index += 1
            continue
        after = next((at for at in range(index, len(numbers)) if numbers[at] is not None), len(numbers))
        high = numbers[after] if after < len(numbers) else None
        low = filled[-1] if filled else 0
        new = _between(low, high, taken, after - index, step)
        if new is None:
            highest = max((*filled, *(number for number in numbers[after:] if number is not None)), default=0)
            new = _after(highest, taken, after - index, step)
        filled += new
        taken.update(new)
        index = after
    return filled


def _between(low: int, high: int | None, taken: Collection[int], wanted: int, step: int) -> list[int] | None:
    """Return free numbers spread out between two; None if there are not enough."""
    if high is None or high <= low:
        return None
    # Enough candidates for a choice, however far apart an author's own numbers are.
    room = [number for number in range(low + 1, min(high, low + 2 + len(taken) + 2 * step * wanted)) if number not in taken]
    if len(room) < wanted:
        return None
    return [room[(position * (len(room) + 1)) // (wanted + 1) - 1] for position in range(1, wanted + 1)]


def _after(highest: int, taken: Collection[int], wanted: int, step: int) -> list[int]:
    free = (number for number in count((highest // step + 1) * step, step) if number not in taken)
    return [next(free) for _ in range(wanted)]


class _Search:
    """Looks for what there is now among what there was.

    Attributes:
        found: For each thing of now the index of what it was; None as long as it is not known.
        free: Indices of what there was that is not known again.
    """

    def __init__(self, before: Sequence[Thing], now: Sequence[Thing]) -> None:
        self._before = before
        self._now = now
        self._returned: set[int] = set()
        self.found: list[int | None] = [None] * len(now)
        self.free = dict.fromkeys(range(len(before)))

    def find_where_it_was(self) -> None:
        """Find what is the same, in the same place and order."""
        places: defaultdict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for index, thing in enumerate(self._before):
            places[thing.place][0].append(index)
        for index, thing in enumerate(self._now):
            places[thing.place][1].append(index)
        for old, new in places.values():
            marks = [self._before[index].marks[0] for index in old], [self._now[index].marks[0] for index in new]
            for old_at, new_at in _in_order(*marks):
                self._match(new[new_at], old[old_at])

    def find_elsewhere(self) -> None:
        """Find what is the same and was moved: by itself if its words tell, else together with what stands beside it."""
        same: defaultdict[str, list[int]] = defaultdict(list)
        for index in self.free:
            for mark in self._before[index].marks:
                same[mark].append(index)
        if same:
            self._find_same(same, self._unknown(), self._tells)
            self._find_same(same, self._unknown(), partial(self._came_with, by=-1))
            self._find_same(same, self._unknown()[::-1], partial(self._came_with, by=1))

    def find_remembered(self, remembered: Iterable[Remembered]) -> dict[int, str]:
        """Find what has words again that it had before; return the ids of what was gone, by the index of the thing now."""
        known: defaultdict[str, list[Remembered]] = defaultdict(list)
        for one in remembered:
            known[one.words].append(one)
        there = {thing.id: index for index, thing in enumerate(self._before)}
        taken: set[str] = set()
        returned: dict[int, str] = {}
        for new in self._unknown() if known else ():
            thing = self._now[new]
            candidates = [
                (one.place != thing.place, one.id not in there, position, one)
                for mark in thing.marks
                for position, one in enumerate(known.get(mark, ()))
                if there.get(one.id, -1) in self.free or (one.id not in there and one.id not in taken)
            ]
            is_elsewhere, is_gone, _, one = min(candidates, default=(True, True, 0, None), key=lambda found: found[:3])
            if one is None or (is_elsewhere and len(_words(thing.text)) < _TELLING_WORDS):
                continue
            if is_gone:
                returned[new] = one.id
                taken.add(one.id)
                self._returned.add(new)
            else:
                self._match(new, there[one.id])
        return returned

    def find_edited(self) -> None:
        """Find what has other words now, but enough of the same ones."""
        unknown = self._unknown()
        if not (unknown and self.free):
            return
        texts = _Texts(self._before, self._now)
        pairs: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        for old in self.free:
            for pair in texts.old_pairs(old):
                pairs[pair].append(old)
        ranked: list[tuple[float, int, int]] = []
        between = self._between_the_same()
        for new in unknown:
            beside = set(between[new])
            postings = (pairs.get(pair, ()) for pair in texts.new_pairs(new))
            shared = Counter(old for found in postings if len(found) <= _COMMON_PAIR for old in found)
            for old in beside | {old for old, _ in shared.most_common(_BEST_ELSEWHERE)}:
                likeness = texts.likeness(new, old)
                is_enough = likeness >= _SIMILAR if old in beside else likeness >= _SIMILAR_ELSEWHERE and texts.tells(new, old)
                if is_enough:
                    more = _SAME_PLACE * (old in beside) + _SAME_OPENING * texts.opens_alike(new, old)
                    ranked.append((-likeness - more, new, old))
        for _, new, old in sorted(ranked):
            if self.found[new] is None and old in self.free:
                self._match(new, old)

    def _find_same(self, same: Mapping[str, Sequence[int]], unknown: Sequence[int], is_sure: Callable[[int, int], bool]) -> None:
        for new in unknown:
            thing = self._now[new]
            candidates = [old for mark in thing.marks for old in same.get(mark, ()) if old in self.free and is_sure(new, old)]
            if candidates:
                self._match(new, min(candidates, key=lambda old: self._before[old].place != thing.place))

    def _match(self, new: int, old: int) -> None:
        self.found[new] = old
        del self.free[old]

    def _unknown(self) -> list[int]:
        return [index for index, old in enumerate(self.found) if old is None and index not in self._returned]

    def _tells(self, new: int, old: int) -> bool:
        return self._now[new].place == self._before[old].place or len(_words(self._now[new].text)) >= _TELLING_WORDS

    def _came_with(self, new: int, old: int, *, by: int) -> bool:
        """Say whether what stands before or behind a thing was moved here from the same place."""
        beside = new + by
        if not 0 <= beside < len(self._now) or self._now[beside].place != self._now[new].place:
            return False
        origin = self.found[beside]
        return origin is not None and self._before[origin].place == self._before[old].place

    def _between_the_same(self) -> dict[int, list[int]]:
        """Return for everything unknown what stood there: in its place, between the same neighbours, not too far off."""
        free: defaultdict[str, list[int]] = defaultdict(list)
        for old in self.free:
            free[self._before[old].place].append(old)
        highs: dict[int, int] = {}
        high: defaultdict[str, int] = defaultdict(lambda: len(self._before))
        for new in range(len(self._now) - 1, -1, -1):
            place = self._now[new].place
            highs[new] = high[place] = self._origin(new, default=high[place])
        between: dict[int, list[int]] = {}
        low: defaultdict[str, int] = defaultdict(lambda: -1)
        ahead: Counter[str] = Counter()
        for new, thing in enumerate(self._now):
            place, old = thing.place, self._origin(new, default=None)
            if old is not None:
                low[place], ahead[place] = old, 0
                continue
            if self.found[new] is None and new not in self._returned:
                first = bisect_right(free[place], low[place])
                last = bisect_left(free[place], highs[new])
                middle = first + ahead[place]
                between[new] = free[place][max(first, middle - _WINDOW) : min(last, middle + _WINDOW)]
                ahead[place] += 1
        return between

    def _origin(self, new: int, *, default: T) -> int | T:
        """Return what a thing was, if that stood in the same place."""
        old = self.found[new]
        return old if old is not None and self._before[old].place == self._now[new].place else default


class _Texts:
    """How alike things are, by their words."""

    def __init__(self, before: Sequence[Thing], now: Sequence[Thing]) -> None:
        self._before = before
        self._now = now
        self._old: dict[int, tuple[list[str], frozenset[tuple[str, str]]]] = {}
        self._new: dict[int, tuple[list[str], frozenset[tuple[str, str]]]] = {}

    def old_pairs(self, old: int) -> frozenset[tuple[str, str]]:
        """Return the pairs of words that follow each other in a thing of before."""
        return self._read(self._before, old, self._old)[1]

    def new_pairs(self, new: int) -> frozenset[tuple[str, str]]:
        """Return the pairs of words that follow each other in a thing of now."""
        return self._read(self._now, new, self._new)[1]

    def tells(self, new: int, old: int) -> bool:
        """Say whether both have so many words that their likeness means something anywhere."""
        return min(len(self._read(self._now, new, self._new)[0]), len(self._read(self._before, old, self._old)[0])) > _FEW_PAIRS

    def opens_alike(self, new: int, old: int) -> bool:
        """Say whether both begin with the same words."""
        one, other = self._read(self._now, new, self._new)[0], self._read(self._before, old, self._old)[0]
        length = min(_OPENING_WORDS, len(one), len(other))
        return length >= _TELLING_WORDS - 1 and one[:length] == other[:length]

    def likeness(self, new: int, old: int) -> float:
        """Return how alike two are, from 0 to 1; 1 also where all of one is in the other, as after a split."""
        (one, pairs), (other, other_pairs) = self._read(self._now, new, self._new), self._read(self._before, old, self._old)
        if not (one and other):
            return 0.0
        common, fewer = len(pairs & other_pairs), min(len(pairs), len(other_pairs))
        inside = common / fewer if fewer >= _FEW_PAIRS or (fewer and self.opens_alike(new, old)) else 0.0
        if max(len(one), len(other)) > _LONG_TEXT_WORDS:
            return max(inside, 2 * common / (len(pairs) + len(other_pairs)))
        # In one order, because the ratio depends on it and what was undone must be known again as it was.
        matcher = SequenceMatcher(None, *sorted((one, other)), autojunk=False)
        if matcher.real_quick_ratio() < _SIMILAR or matcher.quick_ratio() < _SIMILAR:
            return inside
        return max(inside, matcher.ratio())

    def _read(
        self, things: Sequence[Thing], index: int, known: dict[int, tuple[list[str], frozenset[tuple[str, str]]]]
    ) -> tuple[list[str], frozenset[tuple[str, str]]]:
        if index not in known:
            words = _words(things[index].text)
            known[index] = words, frozenset(pairwise(words))
        return known[index]


def _in_order(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the positions of what is the same in two lists, both rising. Of two alike of which one is gone, the first stays."""
    num_old, num_new = Counter(old), Counter(new)
    start, end = 0, 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        yield start, start
        start += 1
    while end < min(len(old), len(new)) - start and (mark := old[-1 - end]) == new[-1 - end] and num_old[mark] == num_new[mark]:
        yield len(old) - 1 - end, len(new) - 1 - end
        end += 1
    middle = SequenceMatcher(None, old[start : len(old) - end], new[start : len(new) - end], autojunk=False)
    for block in middle.get_matching_blocks():
        for offset in range(block.size):
            yield start + block.a + offset, start + block.b + offset


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
