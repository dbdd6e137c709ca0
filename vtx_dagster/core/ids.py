"""Names of projects, acts, scenes and clips: how they are written and read.

An id is a name that was made of where its thing stood first. Where it stands now is in the outline and the shotlist, and in
``film_order``. Numbers are zero-padded to a width and grow past it.
"""

import functools
import re
from dataclasses import dataclass
from typing import Self

from vtx_dagster.core.errors import InvalidRequestError

SLUG_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,62}$"
# [0-9], not \d, which also matches the digits of other scripts.
ACT_PATTERN = r"^A(?:[0-9]{2}|[1-9][0-9]{2,})$"
SCENE_PATTERN = r"^A(?:[0-9]{2}|[1-9][0-9]{2,})_S(?:[0-9]{2}|[1-9][0-9]{2,})$"
CLIP_PATTERN = r"^A(?:[0-9]{2}|[1-9][0-9]{2,})_S(?:[0-9]{2}|[1-9][0-9]{2,})_SH(?:[0-9]{3}|[1-9][0-9]{3,})$"
BEAT_PATTERN = r"^A(?:[0-9]{2}|[1-9][0-9]{2,})_S(?:[0-9]{2}|[1-9][0-9]{2,})_B(?:[0-9]{2}|[1-9][0-9]{2,})$"

_PREFIXES = ("A", "S", "SH")
_WIDTHS = (2, 2, 3)
_NUMBERS = re.compile(r"\d+")


def checked_slug(slug: str) -> str:
    """Return a project slug unchanged.

    Raises:
        InvalidRequestError: If it could not be a folder name and partition key on every system.
    """
    if not re.fullmatch(SLUG_PATTERN, slug):
        raise InvalidRequestError(
            f"{slug!r} is not a project slug: use 1 to 63 of a-z, 0-9, _ and -, starting with a letter or digit", slug=slug
        )
    return slug


@dataclass(frozen=True, slots=True)
class FilmId:
    """The id of an act (``A01``), a scene (``A01_S01``) or a clip (``A01_S01_SH010``), as its one to three numbers."""

    numbers: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the id that a text spells.

        Raises:
            InvalidRequestError: If the text is not exactly how an id is written (``A1`` and ``A001`` are not).
        """
        for pattern in (ACT_PATTERN, SCENE_PATTERN, CLIP_PATTERN):
            if re.fullmatch(pattern, text):
                return cls(tuple(int(number) for number in _NUMBERS.findall(text)))
        raise InvalidRequestError(f"{text!r} is not an id: acts are written A01, scenes A01_S01 and clips A01_S01_SH010", id=text)

    @classmethod
    def of(cls, act: int, scene: int | None = None, shot: int | None = None) -> Self:
        """Return the id with these numbers; ``FilmId.of(1, 2)`` is scene ``A01_S02``."""
        return cls(tuple(number for number in (act, scene, shot) if number is not None))

    def __str__(self) -> str:
        return "_".join(
            f"{prefix}{number:0{width}d}" for prefix, width, number in zip(_PREFIXES, _WIDTHS, self.numbers, strict=False)
        )


@functools.lru_cache(maxsize=16_384)
def numbers_of(id_text: str) -> tuple[int, ...]:
    """Return the numbers that an id is made of: ``(1, 2, 10)`` for ``A01_S02_SH010``; the text must be a valid id."""
    return tuple(int(number) for number in _NUMBERS.findall(id_text))


def number_in(id_text: str, parent: str) -> int | None:
    """Return the last number of an id that was made of the id ``parent``; None for one that was made of another.

    ``A01_S02_SH010`` has the number 10 in ``A01_S02``, wherever that shot stands now.
    """
    *made_of, number = numbers_of(id_text)
    return number if tuple(made_of) == numbers_of(parent) else None
