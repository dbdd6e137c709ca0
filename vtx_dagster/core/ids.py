"""Names of projects, acts, scenes and clips: how they are written, read and ordered.

Ids are ordered by number, never as text: ``A2 < A10``. Numbers are zero-padded to a width and grow past it.
"""

import functools
import re
from dataclasses import dataclass
from functools import total_ordering
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


@total_ordering
@dataclass(frozen=True, slots=True)
class FilmId:
    """The id of an act (``A01``), a scene (``A01_S01``) or a clip (``A01_S01_SH010``), as its one to three numbers.

    Ordering is by number and an ancestor sorts before its descendants, so sorted ids are in story order.
    """

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

    @property
    def act(self) -> "FilmId":
        """The act this is or belongs to."""
        return FilmId(self.numbers[:1])

    @property
    def scene(self) -> "FilmId":
        """The scene this is or belongs to; an act has none and returns itself."""
        return FilmId(self.numbers[:2])

    def contains(self, other: "FilmId") -> bool:
        """Say whether ``other`` is this id or lies inside it."""
        return other.numbers[: len(self.numbers)] == self.numbers

    def __lt__(self, other: "FilmId") -> bool:
        return self.numbers < other.numbers

    def __str__(self) -> str:
        return "_".join(
            f"{prefix}{number:0{width}d}" for prefix, width, number in zip(_PREFIXES, _WIDTHS, self.numbers, strict=False)
        )


@functools.lru_cache(maxsize=4096)
def story_order(id_text: str) -> tuple[int, ...]:
    """Return the sort key that puts id texts in story order; the text must be a valid id."""
    return tuple(int(number) for number in _NUMBERS.findall(id_text))
