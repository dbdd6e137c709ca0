import pytest

from vtx_dagster.core.suggestions import did_you_mean


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("mraa", ["tom", "mara"], " (did you mean 'mara'?)"),
        ("xyz", ["tom", "mara"], " (known: mara, tom)"),
        ("xyz", [f"k{number:02d}" for number in range(20)], f" (known: {', '.join(f'k{number:02d}' for number in range(12))})"),
        ("xyz", [], " (none is defined)"),
    ],
    ids=["near", "far", "many", "none"],
)
def test_the_nearest_name_or_the_known_ones(name: str, known: list[str], hint: str) -> None:
    assert did_you_mean(name, iter(known)) == hint
