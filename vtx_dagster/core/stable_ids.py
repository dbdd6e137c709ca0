"""Numbers that stay: what was numbered once keeps its number when the list around it changes.

Used for acts, scenes and shots. Files, takes and reviews refer to these numbers, so a number that was given once is never given
to anything else.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_SIMILAR = 0.6
"""Least share of common words for an edited text to be the same thing; ``difflib`` recommends it as a rule of thumb."""

_WINDOW = 24
"""How far from its old place an edited text is looked for, so that the cost stays linear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """Something that has a number, and the text by which it is known again."""

    number: int
    text: str


def keep_numbers(
    previous: Sequence[Numbered],
    texts: Sequence[str],
    *,
    step: int = 1,
    retired: Collection[int] = (),
    wanted: Sequence[int] | None = None,
) -> list[int]:
    """Return a number for every text of a list.

    A text that was there before, or is an edited form of one that was, keeps its number. New ones get a number between those of
    their neighbours; where there is none left, those that follow are numbered anew, as few as possible.

    Args:
        previous: What there was, in rising order of number.
        texts: What there is now, in order.
        step: Distance of new numbers at the end of the list, 1 or more.
        retired: Numbers that were given once and are gone.
        wanted: Numbers that the author gives, one for each text. They hold if they rise and none of them belongs, or ever
            belonged, to something else.

    Returns:
        Rising numbers. Each is that of the same thing before, or was never used. The same texts again give the same numbers.
    """
    matches = matched(previous, texts)
    if wanted is not None and _may_have(wanted, previous, matches, retired):
        return list(wanted)
    kept: list[int | None] = [None if match is None else previous[match].number for match in matches]
    used = {numbered.number for numbered in previous} | set(retired)
    return _fill(kept, used, step)


def retired_numbers(previous: Sequence[Numbered], numbers: Collection[int], retired: Collection[int] = ()) -> set[int]:
    """Return the numbers that must not be given again: those retired before, and those of ``previous`` that are gone now."""
    return ({numbered.number for numbered in previous} | set(retired)) - set(numbers)


def _may_have(wanted: Sequence[int], previous: Sequence[Numbered], matches: list[int | None], retired: Collection[int]) -> bool:
    if any(after <= before for before, after in zip((0, *wanted), wanted, strict=False)) or set(wanted) & set(retired):
        return False
    matched = {previous[match].number: index for index, match in enumerate(matches) if match is not None}
    return all(matched.get(number, index) == index for index, number in enumerate(wanted))


def matched(previous: Sequence[Numbered], texts: Sequence[str]) -> list[int | None]:
    """Return for every text the index of what it was before; None for a new one. The indices rise."""
    old = [_normalised(numbered.text) for numbered in previous]
    new = [_normalised(text) for text in texts]
    matches: list[int | None] = [None] * len(new)
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        matches[start] = start
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        matches[len(new) - 1 - end] = len(old) - 1 - end
        end += 1
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, middle_old, middle_new, autojunk=False).get_opcodes():
        if kind == "equal":
            for offset in range(i2 - i1):
                matches[start + j1 + offset] = start + i1 + offset
        elif kind == "replace":
            for new_index, old_index in _similar(middle_old[i1:i2], middle_new[j1:j2]):
                matches[start + j1 + new_index] = start + i1 + old_index
    return matches


def _similar(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Return pairs (new, old) of texts that are edited forms of each other, both rising."""
    pairs: list[tuple[int, int]] = []
    next_old = 0
    for new_index, text in enumerate(new):
        window = range(max(next_old, new_index - _WINDOW), min(len(old), max(next_old, new_index) + _WINDOW))
        best = max(((_similarity(old[index], text), -index) for index in window), default=(0.0, 0))
        if best[0] >= _SIMILAR:
            pairs.append((new_index, -best[1]))
            next_old = 1 - best[1]
    return pairs


def _similarity(old: str, new: str) -> float:
    matcher = SequenceMatcher(None, old.split(), new.split(), autojunk=False)
    if matcher.real_quick_ratio() < _SIMILAR or matcher.quick_ratio() < _SIMILAR:
        return 0.0
    return matcher.ratio()


def _normalised(text: str) -> str:
    return " ".join("".join(letter if letter.isalnum() else " " for letter in text.casefold()).split())


def _fill(kept: list[int | None], used: set[int], step: int) -> list[int]:
    """Return the numbers with every None filled in, giving up kept ones only where there is no room between them."""
    numbers: list[int] = []
    index = 0
    while index < len(kept):
        number = kept[index]
        if number is not None:
            numbers.append(number)
            index += 1
            continue
        after = index
        low = numbers[-1] if numbers else 0
        while True:
            while after < len(kept) and kept[after] is None:
                after += 1
            high = kept[after] if after < len(kept) else None
            free = _free(low, high, used, after - index, step)
            if free is not None:
                break
            kept[after] = None
        numbers += free
        index = after
    return numbers


def _free(low: int, high: int | None, used: set[int], count: int, step: int) -> list[int] | None:
    """Return unused numbers above ``low``: spread out below ``high``, or in steps where there is nothing above."""
    if high is None:
        found: list[int] = []
        number = (low // step + 1) * step
        while len(found) < count:
            if number not in used:
                found.append(number)
            number += step
        return found
    # Enough candidates for a choice, however far apart an author's own numbers are.
    room = [number for number in range(low + 1, min(high, low + 2 + len(used) + 2 * step * count)) if number not in used]
    if len(room) < count:
        return None
    return [room[(position * (len(room) + 1)) // (count + 1) - 1] for position in range(1, count + 1)]
