import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.errors import InvalidRequestError
from vtx_dagster.core.ids import FilmId, checked_slug, number_in, numbers_of

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
    assert numbers_of(text) == numbers


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


def test_of() -> None:
    assert (str(FilmId.of(1)), str(FilmId.of(1, 2)), str(FilmId.of(1, 2, 3))) == ("A01", "A01_S02", "A01_S02_SH003")


@pytest.mark.parametrize(
    ("id_text", "parent", "number"),
    [
        ("A01_S02_SH030", "A01_S02", 30),
        ("A01_S02", "A01", 2),
        ("A01", "A01", None),
        ("A01_S02_SH030", "A01", None),
        ("A10_S01", "A01", None),
        ("A01_S03_SH001", "A01_S02", None),
    ],
)
def test_the_number_in_what_an_id_was_made_of(id_text: str, parent: str, number: int | None) -> None:
    assert number_in(id_text, parent) == number
