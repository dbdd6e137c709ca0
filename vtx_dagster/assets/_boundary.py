"""Where the film-making code's errors become Dagster failures."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from vtx_dagster.core.errors import VtxError


@contextmanager
def domain_boundary() -> Iterator[None]:
    """Turn a ``VtxError`` into a ``dg.Failure`` that says what to do, and is retried only where that can help.

    Anything else passes through: a bug must look like a bug.
    """
    try:
        yield
    except VtxError as error:
        raise failure_of(error) from error


def failure_of(error: VtxError) -> dg.Failure:
    """Return the failure that stands for an error."""
    return dg.Failure(
        error.message,
        metadata={"vtx/code": error.code, "vtx/details": dg.MetadataValue.json(error.details)},
        allow_retries=error.retryable,
    )
