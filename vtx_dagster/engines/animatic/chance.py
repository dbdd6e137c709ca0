"""Variety that is the same every time: numbers derived from the plan's seed and from keys, never from Python's ``hash``."""

import hashlib

import numpy as np
from numpy.typing import NDArray


def stable_hash(*parts: object) -> int:
    """Return 64 bits that depend on nothing but the text of the parts."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def generator(*parts: object) -> np.random.Generator:
    """Return a random generator that starts at the same place for the same parts."""
    return np.random.Generator(np.random.PCG64(stable_hash(*parts)))


def smooth_noise(length: int, period: float, *parts: object) -> NDArray[np.float64]:
    """Return ``length`` values from -1 to 1 that wander smoothly, turning about every ``period`` steps."""
    knots = generator(*parts).uniform(-1, 1, int(length / period) + 3)
    at = np.arange(length) / period
    index = at.astype(int)
    part = at - index
    part = part * part * (3 - 2 * part)
    return knots[index] * (1 - part) + knots[index + 1] * part
