"""Seeds that nobody chose: the same for the same clip of the same project, on every machine."""

import hashlib


def derived_seed(project: str, clip_id: str) -> int:
    """Return the seed of a clip that names none: 31 bits of the SHA-256 of project slug and clip id."""
    return int.from_bytes(hashlib.sha256(f"{project}/{clip_id}".encode()).digest()[:4], "big") >> 1
