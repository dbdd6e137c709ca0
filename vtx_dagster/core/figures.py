"""How characters are drawn in the animatic: as the bible says, else fitting, distinct, and the same in every clip."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

from vtx_dagster.core.bible import Bible, Build, Character, Hair, Pronoun
from vtx_dagster.core.clip import ClipSpec
from vtx_dagster.core.naming import characters_in_frame, display_name
from vtx_dagster.core.plan import DrawnFigure, GivenFigure

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

_BUILDS = {
    Pronoun.SHE: (Build.SLIGHT, Build.SLIGHT, Build.AVERAGE),
    Pronoun.HE: (Build.AVERAGE, Build.AVERAGE, Build.BROAD),
    None: (Build.SLIGHT, Build.AVERAGE, Build.BROAD),
}
_HAIRS = {
    Pronoun.SHE: (Hair.LONG, Hair.LONG, Hair.BUN, Hair.CURLY, Hair.SHORT),
    Pronoun.HE: (Hair.SHORT, Hair.SHORT, Hair.CURLY, Hair.CAP, Hair.BALD),
    None: tuple(Hair),
}
_HAIRS_OF_CHILDREN = {
    Pronoun.SHE: (Hair.LONG, Hair.BUN, Hair.CURLY),
    Pronoun.HE: (Hair.SHORT, Hair.CURLY, Hair.CAP),
    None: (Hair.SHORT, Hair.CURLY, Hair.CAP, Hair.LONG),
}
"""Several of a kind are more often."""


def given_figures(bible: Bible, clip: ClipSpec) -> tuple[GivenFigure, ...]:
    """Return what is known of the characters in frame, in the order of the clip.

    What the bible does not give is left open, but for the colour of the wardrobe: that follows from the key and looks at the
    characters that stand before it in ``characters.yaml``, to take a colour that none of them has. A character that is added at
    the end of the file therefore changes no other. Colours repeat from the 13th character on.
    """
    characters = bible.characters.characters
    keys = characters_in_frame(clip)
    strangers = tuple(key for key in keys if key not in characters)
    wardrobes = dict(zip((*characters, *strangers), _wardrobes((*characters, *strangers)), strict=True))
    given = (_given(key, characters.get(key), display_name(key, characters), wardrobes[key]) for key in keys)
    return tuple(figure.model_copy(update={"posture": clip.postures.get(figure.key)}) for figure in given)


def _given(key: str, character: Character | None, name: str, wardrobe: str) -> GivenFigure:
    if character is None:
        return GivenFigure(key=key, name=name, wardrobe=wardrobe)
    figure = character.figure
    return GivenFigure(
        key=key,
        name=name,
        build=figure.build,
        hair=figure.hair,
        hair_colour=figure.hair_colour or "",
        skin=figure.skin or "",
        wardrobe=figure.wardrobe or wardrobe,
        age=character.age,
        pronoun=character.pronoun,
        descriptor=" ".join(character.descriptor.split()),
    )


def drawn_figure(given: GivenFigure) -> DrawnFigure:
    """Return a figure in full: what is not given fits the age and the pronoun, and follows from the key, so that it stays."""
    is_child = given.age is not None and given.age <= CHILD_AGE
    is_grey = given.age is not None and given.age >= GREY_AGE
    called = given.pronoun if given.pronoun != Pronoun.THEY else None
    hairs = _HAIRS_OF_CHILDREN if is_child else _HAIRS
    chosen = {
        "build": Build.CHILD if is_child else _pick(given.key, "build", _BUILDS[called]),
        "hair": _pick(given.key, "hair", hairs[called]),
        "hair_colour": GREY_HAIR if is_grey else _pick(given.key, "hair_colour", HAIR_COLOURS),
        "skin": _pick(given.key, "skin", SKINS),
    }
    return DrawnFigure(**{**chosen, **given.model_dump(exclude_defaults=True)})


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
