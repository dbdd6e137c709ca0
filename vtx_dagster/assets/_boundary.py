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
    metadata: dict[str, dg.MetadataValue] = {
        "vtx/code": dg.MetadataValue.text(error.code),
        "vtx/details": dg.MetadataValue.json(error.details),
    }
    parts = error.details.get("parts")
    if isinstance(parts, dict):
        told = (f"- `{part or 'whole'}`: {reason['message']}" for part, reason in parts.items() if isinstance(reason, dict))
        metadata["vtx/parts"] = dg.MetadataValue.md("\n".join(told))
    return dg.Failure(error.message, metadata=metadata, allow_retries=error.retryable)
