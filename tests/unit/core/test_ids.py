import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.errors import InvalidRequestError
from vtx_dagster.core.ids import FilmId, checked_slug, story_order

NUMBERS = st.lists(st.integers(0, 100_000), min_size=1, max_size=3).map(tuple)


@pytest.mark.parametrize("slug", ["a", "my_film", "2-die", "x" * 63])
def test_slugs(slug: str) -> None:
    assert checked_slug(slug) == slug


@pytest.mark.parametrize(
    "slug",
    [
        pytest.param("", id="empty"),
        pytest.param("x" * 64, id="long"),
        pytest.param("My", id="capital"),
        pytest.param("_a", id="underscore first"),
        pytest.param("..", id="parent"),
        pytest.param("a/b", id="slash"),
        pytest.param("a b", id="space"),
        pytest.param("a\n", id="newline"),
        pytest.param("caf\u00e9", id="accent"),
    ],
)
def test_what_is_no_slug_is_refused(slug: str) -> None:
    with pytest.raises(InvalidRequestError, match="is not a project slug: use 1 to 63 of a-z") as caught:
        checked_slug(slug)
    assert caught.value.details == {"slug": slug}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("A01", (1,)),
        ("A100", (100,)),
        ("A01_S02", (1, 2)),
        ("A01_S100", (1, 100)),
        ("A01_S02_SH030", (1, 2, 30)),
        ("A12_S34_SH5678", (12, 34, 5678)),
    ],
)
def test_ids_are_read_and_written(text: str, numbers: tuple[int, ...]) -> None:
    assert FilmId.parse(text) == FilmId(numbers)
    assert str(FilmId(numbers)) == text
    assert story_order(text) == numbers


@pytest.mark.parametrize(
    "text",
    ["", "A1", "A001", "a01", "A01_", "A01_S1", "A01_SH001", "A01_S01_SH01", "A01_S01_SH0001", "A01\n", " A01", "A\u0660\u0661"],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="is not an id: acts are written A01, scenes A01_S01") as caught:
        FilmId.parse(text)
    assert caught.value.details == {"id": text}


@settings(max_examples=60)
@given(NUMBERS)
def test_every_id_survives_writing(numbers: tuple[int, ...]) -> None:
    assert FilmId.parse(str(FilmId(numbers))) == FilmId(numbers)


@settings(max_examples=60)
@given(NUMBERS, NUMBERS)
def test_order_is_by_number(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    assert (FilmId(one) < FilmId(other)) == (one < other) == (story_order(str(FilmId(one))) < story_order(str(FilmId(other))))


def test_sorted_ids_are_in_story_order() -> None:
    wanted = ["A01", "A01_S01", "A01_S01_SH999", "A01_S01_SH1000", "A01_S02_SH001", "A02", "A10", "A100"]
    shuffled = random.Random(2).sample(wanted, len(wanted))
    assert list(map(str, sorted(map(FilmId.parse, shuffled)))) == wanted
    assert sorted(shuffled, key=story_order) == wanted
    assert FilmId.of(10) >= FilmId.of(2)


def test_of() -> None:
    assert (str(FilmId.of(1)), str(FilmId.of(1, 2)), str(FilmId.of(1, 2, 3))) == ("A01", "A01_S02", "A01_S02_SH003")


def test_ancestors() -> None:
    clip = FilmId.of(1, 2, 3)
    assert (clip.act, clip.scene) == (FilmId.of(1), FilmId.of(1, 2))
    assert FilmId.of(1).scene == FilmId.of(1)


@pytest.mark.parametrize(
    ("outer", "inner", "contains"),
    [
        ("A01", "A01_S02_SH003", True),
        ("A01_S02", "A01_S02_SH003", True),
        ("A01", "A01", True),
        ("A01_S02", "A01", False),
        ("A01", "A10_S01", False),
        ("A01_S02", "A01_S03_SH001", False),
    ],
)
def test_contains(outer: str, inner: str, contains: bool) -> None:
    assert FilmId.parse(outer).contains(FilmId.parse(inner)) is contains
