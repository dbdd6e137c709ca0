import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.errors import InvalidRequestError
from vtx_dagster.core.ids import FilmId
from vtx_dagster.partitions.keys import PartitionKey, key_of, split_key

slugs = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True)
numbers = st.integers(min_value=0, max_value=5000)
film_ids = st.one_of(st.none(), st.builds(FilmId.of, numbers), st.builds(FilmId.of, numbers, numbers, numbers))


@settings(max_examples=60, deadline=None)
@given(slugs, film_ids)
def test_every_key_is_read_as_it_was_written(project: str, film_id: FilmId | None) -> None:
    key = PartitionKey(project, film_id)
    assert PartitionKey.parse(str(key)) == key
    if film_id is None:
        assert split_key(str(key)) == (project, "")
    else:
        assert str(key) == key_of(project, str(film_id))
        assert split_key(str(key)) == (project, str(film_id))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not a project slug"),
        ("My Film", "not a project slug"),
        ("../film/A01", "not a project slug"),
        ("film/", "not an id"),
        ("film/A1", "not an id"),
        ("film/A01_S01_SH1", "not an id"),
        ("film/A01/A02", "not an id"),
        ("film/A01_S01", "names a scene"),
    ],
    ids=["empty", "spaces", "traversal", "no id", "short act", "short shot", "two ids", "scene"],
)
def test_what_is_no_key_is_refused(text: str, problem: str) -> None:
    with pytest.raises(InvalidRequestError, match=problem):
        PartitionKey.parse(text)
