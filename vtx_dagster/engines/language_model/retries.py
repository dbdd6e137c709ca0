"""Asking a service again that failed for now: after as long as it wants, or else after longer and longer pauses."""

from collections.abc import Callable
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential, wait_random

from vtx_dagster.core.errors import ServiceError

T = TypeVar("T")

MAX_WAIT_S = 120
"""A service that wants a longer pause than this is not asked again in the same run."""

# Pauses differ by chance, so that questions that failed together do not come back together.
_PAUSES = wait_exponential(multiplier=0.5, max=30) + wait_random(0, 0.5)


def persistently(send: Callable[[], T], *, retries: int) -> T:
    """Return what sending gives, after retries if the service fails.

    Args:
        send: Sends once. A ``ServiceError`` of it may have ``retry_after_s`` in its details: the pause that the service wants.
        retries: How often it is called again at most.

    Raises:
        ServiceError: The last one.
        Exception: Whatever else ``send`` raises, at once.
    """
    last = stop_after_attempt(retries + 1)
    return Retrying(stop=last, wait=_pause_s, retry=retry_if_exception(_may_pass), reraise=True)(send)


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, ServiceError) and (_wanted_s(error) or 0) <= MAX_WAIT_S


def _pause_s(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome is not None else None
    wanted_s = _wanted_s(error) if isinstance(error, ServiceError) else None
    return _PAUSES(state) if wanted_s is None else wanted_s


def _wanted_s(error: ServiceError) -> float | None:
    wanted_s = error.details.get("retry_after_s")
    return wanted_s if isinstance(wanted_s, int | float) else None
