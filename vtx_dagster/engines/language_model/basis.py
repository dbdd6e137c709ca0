"""Hashes of what decides a part of a story."""

import hashlib
import json

from pydantic import BaseModel


def aspect_hash(*values: object) -> str:
    """Return the SHA-256 of values: models, texts, numbers, None, and lists and mappings of these. Equal values, equal hash."""
    return hashlib.sha256(json.dumps(values, default=_plain, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def either(now: str, before: str) -> str:
    """Return the hash of what decides a part, with the one that an earlier version noted for the same, where that is another."""
    return now if now == before else f"{now} {before}"


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_defaults=True)
    raise TypeError(f"{type(value).__name__} has no hash")
