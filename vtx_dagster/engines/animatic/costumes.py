"""What people wear by their profession: data, in ``costumes.yaml``."""

import re
from enum import StrEnum
from functools import cache, lru_cache

from pydantic import Field

from vtx_dagster.core.document import HexColour, Key, Part
from vtx_dagster.engines.animatic.doings import packaged


class Style(StrEnum):
    """The cut of what is worn above the waist."""

    UNIFORM = "uniform"
    LAPELS = "lapels"
    COLLAR = "collar"
    VEST = "vest"
    STRIPES = "stripes"
    APRON = "apron"


class Hat(StrEnum):
    """What is worn on the head."""

    PEAKED = "peaked"
    HELMET = "helmet"
    STEEL = "steel"
    TOQUE = "toque"
    NURSE = "nurse"


class Costume(Part):
    """What one profession wears."""

    words: dict[str, tuple[str, ...]] = Field(min_length=1)
    coat: HexColour | None = None
    legs: HexColour | None = None
    shoes: HexColour | None = None
    style: Style
    hat: Hat | None = None
    hat_fill: HexColour = "#303030"


class Costumes(Part):
    """``costumes.yaml``."""

    costumes: dict[Key, Costume]


@cache
def all_costumes() -> Costumes:
    """Return what ``costumes.yaml`` says.

    Raises:
        InvalidFileError: If the file was edited and is not valid any more.
    """
    return packaged("costumes.yaml", Costumes)


@lru_cache(maxsize=1024)
def costume_of(text: str) -> Costume | None:
    """Return what somebody wears whose name and descriptor are this text, if a profession is in it."""
    words = " ".join(["", *re.findall(r"\w+", text.casefold()), ""])
    for costume in all_costumes().costumes.values():
        if any(f" {word.casefold()} " in words for named in costume.words.values() for word in named):
            return costume
    return None
