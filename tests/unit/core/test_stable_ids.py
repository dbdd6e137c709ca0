import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.stable_ids import Numbered, keep_numbers, retired_numbers

A, B, C = "Mara climbs the long stair.", "Noah waits at the door below.", "The lamp goes out at midnight."


def before(*pairs: tuple[int, str]) -> list[Numbered]:
    return [Numbered(number=number, text=text) for number, text in pairs]


@pytest.mark.parametrize(
    ("previous", "texts", "step", "retired", "expected"),
    [
        pytest.param([], [A, B], 10, (), [10, 20], id="all new"),
        pytest.param([(10, A), (20, B)], [A, B], 10, (), [10, 20], id="unchanged"),
        pytest.param([(10, A), (20, B)], [A, C, B], 10, (), [10, 15, 20], id="one between"),
        pytest.param([(10, A), (20, B)], [C, A, B], 10, (), [5, 10, 20], id="one before"),
        pytest.param([(10, A), (20, B)], [A, B, C], 10, (), [10, 20, 30], id="one after"),
        pytest.param([(10, A), (20, B), (30, C)], [A, C], 10, (), [10, 30], id="one gone"),
        pytest.param([(10, A)], ["Mara climbs the long, steep stair!"], 10, (), [10], id="edited"),
        pytest.param([(10, A), (20, B)], [A + " Slowly.", B + " Alone."], 10, (), [10, 20], id="both edited"),
        pytest.param([(10, A)], [C], 10, (), [20], id="replaced"),
        pytest.param([(10, A)], [A, C], 10, (20,), [10, 30], id="retired numbers are not given again"),
        pytest.param([(10, A), (12, B)], [A, C, B], 10, (11,), [10, 20, 30], id="no room but a retired one"),
        pytest.param([(1, A), (2, B)], [A, C, B], 1, (), [1, 3, 4], id="no room"),
        pytest.param([(1, A), (2, B), (9, C)], [A, "new", B, C], 1, (), [1, 4, 6, 9], id="renumbered as few as possible"),
        pytest.param([], [], 1, (), [], id="nothing"),
    ],
)
def test_keep_numbers(previous, texts, step, retired, expected):
    assert keep_numbers(before(*previous), texts, step=step, retired=retired) == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param([1, 2], [1, 2], id="the same"),
        pytest.param([3, 12], [3, 12], id="free ones"),
        pytest.param([2, 3], [1, 2], id="taken by another"),
        pytest.param([2, 1], [1, 2], id="not rising"),
        pytest.param([0, 1], [1, 2], id="zero"),
        pytest.param([1, 7], [1, 2], id="retired"),
        pytest.param(None, [1, 2], id="none"),
    ],
)
def test_numbers_given_by_the_author(wanted, expected):
    assert keep_numbers(before((1, A), (2, B)), [A, B], retired={7}, wanted=wanted) == expected


def test_retired_numbers():
    assert retired_numbers(before((1, A), (2, B)), [2, 3], [7]) == {1, 7}


def test_far_numbers_cost_nothing():
    assert keep_numbers(before((1, A), (10**9, B)), [A, C, B])[1] in range(2, 100)


TEXTS = st.lists(st.text(alphabet="abc ", max_size=8), max_size=8)


@settings(max_examples=150, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=5), st.sampled_from([1, 10]))
def test_numbers_rise_and_never_come_back(versions, step):
    numbered: list[Numbered] = []
    retired: set[int] = set()
    for texts in versions:
        numbers = keep_numbers(numbered, texts, step=step, retired=retired)
        assert numbers == sorted(set(numbers))
        assert not set(numbers) & retired
        retired = retired_numbers(numbered, numbers, retired)
        numbered = [Numbered(number=number, text=text) for number, text in zip(numbers, texts, strict=True)]
        assert keep_numbers(numbered, texts, step=step, retired=retired) == numbers
