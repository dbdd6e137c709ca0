"""How characters are drawn in the animatic where the bible does not say: distinct, and the same in every clip."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

from vtx_dagster.core.bible import Bible, Build, Character, Figure, Hair
from vtx_dagster.core.clip import ClipSpec
from vtx_dagster.core.naming import characters_in_frame, display_name
from vtx_dagster.core.plan import DrawnFigure

WARDROBES = (
    "#c0392b",
    "#2471a3",
    "#d4ac0d",
    "#1e8449",
    "#7d3c98",
    "#d35400",
    "#117a65",
    "#b03a6f",
    "#5d6d7e",
    "#7b5b3a",
    "#85a832",
    "#34495e",
)
"""Far apart in hue and of middle lightness, so that a figure stands out from a dark set as well as from a bright one."""

SKINS = ("#f1c9a5", "#e0ac80", "#c68e5f", "#a66e43", "#7d4e2d", "#5a3720")
HAIR_COLOURS = ("#1c1714", "#3b2618", "#6b4423", "#a8763e", "#d9b36c", "#8a2f1c")
GREY_HAIR = "#b8b8b4"
GREY_AGE = 60
CHILD_AGE = 12
"""The oldest age at which a figure without a build is drawn as a child."""

_T = TypeVar("_T")

_BUILDS = (Build.SLIGHT, Build.AVERAGE, Build.BROAD)
_HAIRS = tuple(Hair)


def drawn_figures(bible: Bible, clip: ClipSpec) -> tuple[DrawnFigure, ...]:
    """Return the characters in frame as the animatic draws them, in the order of the clip.

    What the bible gives is taken. The rest follows from the character's key, so that it never changes; only the wardrobe also
    looks at the characters that stand before it in ``characters.yaml``, to take a colour that none of them has. A character
    that is added at the end of the file therefore changes no other. Colours repeat from the 13th character on.
    """
    characters = bible.characters.characters
    keys = characters_in_frame(clip)
    strangers = tuple(key for key in keys if key not in characters)
    wardrobes = dict(zip((*characters, *strangers), _wardrobes((*characters, *strangers)), strict=True))
    return tuple(_drawn(key, characters.get(key), display_name(key, characters), wardrobes[key]) for key in keys)


def _drawn(key: str, character: Character | None, name: str, wardrobe: str) -> DrawnFigure:
    figure = character.figure if character else Figure()
    age = character.age if character else None
    derived_build = Build.CHILD if age is not None and age <= CHILD_AGE else _pick(key, "build", _BUILDS)
    derived_hair = GREY_HAIR if age is not None and age >= GREY_AGE else _pick(key, "hair_colour", HAIR_COLOURS)
    return DrawnFigure(
        key=key,
        name=name,
        build=figure.build or derived_build,
        hair=figure.hair or _pick(key, "hair", _HAIRS),
        hair_colour=figure.hair_colour or derived_hair,
        skin=figure.skin or _pick(key, "skin", SKINS),
        wardrobe=figure.wardrobe or wardrobe,
    )


@lru_cache(maxsize=1024)
def _wardrobes(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return a colour for every key: its own choice, or the next one that no earlier key has, as long as there is one."""
    taken: list[str] = []
    for key in keys:
        first = _number(key, "wardrobe") % len(WARDROBES)
        wanted = WARDROBES[first:] + WARDROBES[:first]
        taken.append(next((colour for colour in wanted if colour not in taken), wanted[0]))
    return tuple(taken)


def _pick(key: str, trait: str, choices: Sequence[_T]) -> _T:
    return choices[_number(key, trait) % len(choices)]


def _number(key: str, trait: str) -> int:
    """Return a large number that every machine derives from the key, another one for every trait."""
    return int.from_bytes(hashlib.sha256(f"{trait}/{key}".encode()).digest()[:8], "big")
