"""Pauses are counted, not waited for."""

from collections.abc import Callable
from itertools import count

import pytest

from vtx_dagster.core.errors import RejectedRequestError, ServiceError, VtxError
from vtx_dagster.engines.language_model.retries import MAX_WAIT_S, persistently


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr("time.sleep", found.append)
    return found


def failing(error: VtxError, *, times: int) -> Callable[[], int]:
    tries = count(1)

    def send() -> int:
        number = next(tries)
        if number <= times:
            raise error
        return number

    return send


def test_what_succeeds_is_sent_once(pauses: list[float]):
    assert persistently(failing(ServiceError("slow"), times=0), retries=4) == 1
    assert pauses == []


def test_pauses_become_longer_up_to_half_a_minute(pauses: list[float]):
    assert persistently(failing(ServiceError("slow"), times=9), retries=9) == 10
    for pause, least in zip(pauses, (0.5, 1, 2, 4, 8, 16, 30, 30, 30), strict=True):
        assert least <= pause <= least + 0.5
    assert len({pause % 0.5 for pause in pauses}) > 1, "they differ by chance"


@pytest.mark.parametrize("wanted_s", [0.3, 7, MAX_WAIT_S])
def test_a_service_is_left_alone_for_as_long_as_it_wants(pauses: list[float], wanted_s: float):
    assert persistently(failing(ServiceError("busy", retry_after_s=wanted_s), times=2), retries=2) == 3
    assert pauses == [wanted_s] * 2


@pytest.mark.parametrize(
    ("error", "retries", "num_pauses"),
    [
        pytest.param(ServiceError("slow", retry_after_s=None), 3, 3, id="too often"),
        pytest.param(ServiceError("slow"), 0, 0, id="no retries"),
        pytest.param(ServiceError("come back tomorrow", retry_after_s=MAX_WAIT_S + 1), 4, 0, id="too long"),
        pytest.param(RejectedRequestError("no such model"), 4, 0, id="another error"),
    ],
)
def test_the_last_error_is_raised(pauses: list[float], error: VtxError, retries: int, num_pauses: int):
    with pytest.raises(type(error)) as caught:
        persistently(failing(error, times=9), retries=retries)
    assert caught.value is error
    assert len(pauses) == num_pauses
