import random
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.stable_ids import Remembered, Thing, hash_of_words, kept_ids, new_numbers, remembering

A, B, C = "Mara climbs the long stair.", "Noah waits at the door below.", "The lamp goes out at midnight."
D = "A gull cries twice over the dark and empty harbour while nobody is there to hear it."


def things(*texts: str, place: str = "") -> list[Thing]:
    """Return things with the numbers from 1 as their ids."""
    return [Thing.of(text, place=place, id_text=str(number)) for number, text in enumerate(texts, start=1)]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param([], [A], [None], id="all new"),
        pytest.param([A, B], [A, B], ["1", "2"], id="unchanged"),
        pytest.param([A, B], [A, C, B], ["1", None, "2"], id="one between"),
        pytest.param([A, B], [C, A, B], [None, "1", "2"], id="one before"),
        pytest.param([A, B, C], [A, C], ["1", "3"], id="one gone"),
        pytest.param([A, B, C], [B, A, C], ["2", "1", "3"], id="two swapped"),
        pytest.param([A, B, C], [B, C, A], ["2", "3", "1"], id="one moved to the end"),
        pytest.param([A], ["Mara climbs the long, steep stair!"], ["1"], id="edited"),
        pytest.param([A, B], [A + " Slowly.", B + " Alone."], ["1", "2"], id="both edited"),
        pytest.param([A], [C], [None], id="replaced"),
        pytest.param([A + " " + B + " " + C], [A, B + " " + C], ["1", None], id="split: the first part keeps it"),
        pytest.param([A, D + " " + B], [D + " " + B + " " + A, C], ["2", None], id="merged into the later one's words first"),
        pytest.param([A + " " + D, B], [A + " " + D + " " + B], ["1"], id="merged: the first one's id"),
        pytest.param(["Yes.", C, "Yes."], [C, "Yes."], ["2", "3"], id="one of two alike is gone"),
        pytest.param([A, D, D], [A + " Slowly.", D], ["1", "2"], id="a copy is gone, and another one edited"),
        pytest.param([A, B, D, B, D, C], [A + " Slowly.", B, D, C], ["1", "2", "3", "6"], id="two copies are gone"),
        pytest.param(["", A], [A, ""], ["2", "1"], id="nothing said"),
        pytest.param([A, B], [D, B, D], [None, "2", None], id="the same twice is new twice"),
        pytest.param([D, A, B], [A, B, D.replace("dark", "black")], ["2", "3", "1"], id="moved and edited"),
        pytest.param(["Ann says no.", C], [C, "Ann says yes."], ["2", None], id="too few words to be edited and moved"),
    ],
)
def test_kept_ids(before: Sequence[str], now: Sequence[str], expected: list[str | None]) -> None:
    assert kept_ids(things(*before), [Thing.of(text) for text in now]) == expected


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param([A], ["9"], id="back in its place"),
        pytest.param([A, A], ["9", None], id="only one of two"),
        pytest.param(["Mara climbs the very long stair."], [None], id="not with other words"),
        pytest.param(["Yes."], ["7"], id="short, in its place"),
    ],
)
def test_what_is_gone_gets_its_id_back(texts: Sequence[str], expected: list[str | None]) -> None:
    retired = [
        Remembered(id="9", place="S1", words=hash_of_words(A)),
        Remembered(id="8", place="S2", words=hash_of_words("Yes.")),
        Remembered(id="7", place="S1", words=hash_of_words("Yes.")),
    ]
    assert kept_ids([], [Thing.of(text, place="S1") for text in texts], remembered=retired) == expected


@pytest.mark.parametrize(("text", "expected"), [(A, "9"), ("Yes.", None)], ids=["telling", "said everywhere"])
def test_what_is_gone_comes_back_elsewhere_if_its_words_tell(text: str, expected: str | None) -> None:
    retired = [Remembered(id="9", place="S1", words=hash_of_words(text))]
    assert kept_ids([], [Thing.of(text, place="S2")], remembered=retired) == [expected]


def test_words_that_a_thing_had_before_are_its_own_again() -> None:
    """Also where nothing is alike, and although something that is gone had the same words."""
    remembered = [Remembered(id="9", words=hash_of_words(A)), Remembered(id="1", words=hash_of_words(A))]
    assert kept_ids(things(C, B), [Thing.of(A)], remembered=remembered) == ["1"]
    assert kept_ids(things(C, B), [Thing.of(C), Thing.of(A)], remembered=remembered) == ["1", "9"]


def test_what_is_remembered() -> None:
    known = [Remembered(id="1", words="first"), Remembered(id="2", words="gone")]
    before = [Thing(marks=(f"{number}th",), id="1") for number in range(2, 6)] + [Thing(marks=("a", "b"), id="3")]
    now = [Thing(marks=("2th",), id="1"), Thing(marks=("c", "b"), id="3")]
    found = remembering(known, before, now)
    assert [(one.id, one.words) for one in found] == [("2", "gone"), ("1", "3th"), ("1", "4th"), ("1", "5th")]
    assert [one.id for one in remembering(found, now, [*now, Thing(marks=("gone",), id="2")])] == ["1", "1", "1"]


def test_what_is_the_same_goes_before_what_is_gone() -> None:
    retired = [Remembered(id="9", words=hash_of_words(A))]
    assert kept_ids(things(A), [Thing.of(A)], remembered=retired) == ["1"]


def in_places(*placed: tuple[str, str]) -> list[Thing]:
    return [Thing.of(text, place=place, id_text=str(number)) for number, (place, text) in enumerate(placed, start=1)]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param([("S1", A), ("S1", "Yes."), ("S2", B), ("S2", "No."), ("S2", C)], list("12345"), id="unchanged"),
        pytest.param(
            [("S1", A), ("S9", "Yes."), ("S9", B)], ["1", None, "3"], id="said everywhere, from another scene than its neighbour"
        ),
        pytest.param([("S9", B), ("S9", "No."), ("S9", C)], ["3", "4", "5"], id="moved together"),
        pytest.param([("S9", "No."), ("S9", C)], ["4", "5"], id="known by what follows it"),
        pytest.param([("S9", "No.")], [None], id="alone"),
        pytest.param([("S2", A), ("S2", B)], ["1", "3"], id="moved into a scene that stays"),
        pytest.param([("S1", B), ("S2", A)], ["3", "1"], id="exchanged between scenes"),
    ],
)
def test_things_stay_themselves_in_other_places(now: Sequence[tuple[str, str]], expected: list[str | None]) -> None:
    before = in_places(("S1", A), ("S1", "Yes."), ("S2", B), ("S2", "No."), ("S2", C))
    assert kept_ids(before, [Thing.of(text, place=place) for place, text in now]) == expected


def test_the_same_place_goes_before_others() -> None:
    before = in_places(("S1", A), ("S2", A))
    assert kept_ids(before, [Thing.of(B, place="S2"), Thing.of(A, place="S2")]) == [None, "2"]


def test_one_mark_in_common_is_enough() -> None:
    before = [Thing(marks=("old", "beats"), id="1"), Thing(marks=("text",), id="2")]
    now = [Thing(marks=("text", "beats 2")), Thing(marks=("new", "beats"), text="so many words are enough")]
    assert kept_ids(before, now) == ["2", "1"]


def test_long_texts_are_compared_by_pairs_of_words() -> None:
    words = [f"word{number}" for number in range(600)]
    edited = [word if number % 9 else "other" for number, word in enumerate(words)]
    assert kept_ids(things(" ".join(words)), [Thing.of(" ".join(edited))]) == ["1"]
    assert kept_ids(things(" ".join(words)), [Thing.of(" ".join(reversed(words)))]) == [None]


def test_what_has_no_words_is_like_nothing() -> None:
    assert kept_ids([Thing(marks=("a",), id="1")], [Thing(marks=("b",))]) == [None]


def test_a_film_of_90_000_shots_costs_seconds() -> None:
    """A bound far above what it takes: what must not happen is that it grows with the square."""
    chance = random.Random(7)
    words = [f"w{number}" for number in range(4_000)]
    texts = [" ".join(chance.choices(words, k=9)) for _ in range(90_000)]
    before = [Thing.of(text, place=f"S{index // 30}", id_text=str(index)) for index, text in enumerate(texts)]
    edited = [f"{text} more" if index % 10 == 0 else text for index, text in enumerate(texts)]
    now = [Thing.of(text, place=f"S{index // 30}") for index, text in enumerate(edited)]
    started = time.process_time()
    assert kept_ids(before, now) == [thing.id for thing in before]
    assert time.process_time() - started < 60


@pytest.mark.parametrize(
    ("kept", "used", "step", "wanted", "expected"),
    [
        pytest.param([], set(), 1, [], [], id="nothing"),
        pytest.param([None, None], set(), 10, [], [10, 20], id="all new"),
        pytest.param([10, None, 20], {10, 20}, 10, [], [10, 15, 20], id="one between"),
        pytest.param([None, 10, 20], {10, 20}, 10, [], [5, 10, 20], id="one before"),
        pytest.param([10, 20, None], {10, 20}, 10, [], [10, 20, 30], id="one after"),
        pytest.param([10, None], {10, 20}, 10, [], [10, 30], id="used numbers are not given again"),
        pytest.param([10, None, 12], {10, 11, 12}, 10, [], [10, 20, 12], id="no room: at the end"),
        pytest.param([1, None, 2], {1, 2}, 1, [], [1, 3, 2], id="nothing is renumbered"),
        pytest.param([None, 1], {1}, 1, [], [2, 1], id="before the first"),
        pytest.param([20, None, 10], {10, 20}, 10, [], [20, 30, 10], id="between two that were swapped"),
        pytest.param([1, None, None, 9], {1, 9}, 1, [], [1, 3, 6, 9], id="spread out"),
        pytest.param([None, None], set(), 1, [12, 3], [12, 3], id="the author's"),
        pytest.param([1, None], {1, 2}, 1, [5, 2], [1, 3], id="the author's are taken"),
        pytest.param([None, None], set(), 1, [None, 1], [2, 1], id="the author's come first"),
        pytest.param([None, None], set(), 1, [4, 4], [4, 5], id="the author's twice"),
        pytest.param([10**9, None, 1], {1, 10**9}, 1, [], [10**9, 10**9 + 1, 1], id="far numbers cost nothing"),
    ],
)
def test_new_numbers(kept, used, step, wanted, expected) -> None:
    assert new_numbers(kept, used, step=step, wanted=wanted) == expected


def test_far_numbers_cost_nothing() -> None:
    assert new_numbers([1, None, 10**9], {1, 10**9})[1] in range(2, 100)


WORDS = [f"{first}{second}" for first in "bdfgklmnprst" for second in ("all", "end", "ink", "old", "urn", "ask", "ost", "ump")]
PARAGRAPHS = [" ".join(random.Random(seed).sample(WORDS, 8)) for seed in range(40)]
EDIT = st.tuples(st.sampled_from(["insert", "delete", "move", "edit", "split", "merge"]), st.integers(0, 99), st.integers(0, 99))


def edited(texts: list[str], edits: Sequence[tuple[str, int, int]], *, new: Sequence[str]) -> list[str]:
    """Return texts after some edits by chance."""
    texts, fresh = list(texts), iter(new)
    for kind, one, other in edits:
        at = one % len(texts)
        if kind == "insert":
            texts.insert(at, next(fresh))
        elif kind == "delete" and len(texts) > 1:
            del texts[at]
        elif kind == "move":
            texts.insert(other % len(texts), texts.pop(at))
        elif kind == "edit":
            words = texts[at].split()
            words[other % len(words)] = "changed"
            texts[at] = " ".join(words)
        elif kind == "split" and len(texts[at].split()) > 3:
            words = texts[at].split()
            texts[at : at + 1] = [" ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :])]
        elif kind == "merge" and at + 1 < len(texts):
            texts[at : at + 2] = [" ".join(texts[at : at + 2])]
    return texts


class History:
    """Versions of a list, each numbered by the one before it, as a stage does."""

    def __init__(self) -> None:
        self.now: list[Thing] = []
        self.remembered: tuple[Remembered, ...] = ()
        self.given: set[int] = set()

    def write(self, texts: Sequence[str]) -> list[str]:
        kept = kept_ids(self.now, [Thing.of(text) for text in texts], remembered=self.remembered)
        numbers = new_numbers([int(known) if known is not None else None for known in kept], self.given, step=10)
        ids = [str(number) for number in numbers]
        assert len(set(ids)) == len(ids)
        assert not {int(one) for one, known in zip(ids, kept, strict=True) if known is None} & self.given, "given twice"
        now = [Thing.of(text, id_text=id_text) for text, id_text in zip(texts, ids, strict=True)]
        there = {thing.id for thing in self.now}
        known_by = {one.words: one.id for one in self.remembered}
        assert all(known_by[thing.marks[0]] == thing.id for thing in now if int(thing.id) in self.given and thing.id not in there)
        self.remembered = remembering(self.remembered, self.now, now)
        self.now, self.given = now, self.given | set(numbers)
        return ids


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 20), st.lists(EDIT, max_size=6), st.lists(EDIT, max_size=6))
def test_whatever_is_edited_ids_are_unique_stay_and_come_back(length, first, second) -> None:
    history = History()
    original = PARAGRAPHS[:length]
    ids = history.write(original)
    assert history.write(original) == ids
    after = edited(original, first, new=PARAGRAPHS[20:])
    numbered = history.write(after)
    assert history.write(after) == numbered
    unchanged = set(original) & set(after)
    assert all(numbered[after.index(text)] == ids[original.index(text)] for text in unchanged if after.count(text) == 1)
    assert history.write(original) == ids, "undone"
    history.write(edited(original, second, new=PARAGRAPHS[30:]))
    assert history.write(original) == ids, "undone again"
