"""Who and what a clip names of the bible, and how that is written where the bible does not have it."""

import re
from collections.abc import Mapping

from vtx_dagster.core.bible import Bible, Character
from vtx_dagster.core.clip import ClipSpec


def characters_in_frame(clip: ClipSpec) -> tuple[str, ...]:
    """Return the keys of the characters that a clip shows: those it lists, then whoever speaks on screen."""
    speakers = (line.character for line in clip.dialogue if not line.off_screen)
    return tuple(dict.fromkeys((*clip.characters, *speakers)))


def profile_of(bible: Bible, clip: ClipSpec) -> str:
    """Return the key of the style profile that a clip is seen in; the bible need not have it."""
    return clip.style_profile or bible.style.default_profile


def display_name(key: str, known: Mapping[str, Character]) -> str:
    """Return a character's name, or its key as a name where the bible does not have it."""
    return known[key].name if key in known else humanised(key)


def humanised(key: str) -> str:
    """Return a key as people write it: ``old_man`` as ``Old Man``. Capitals that are there stay."""
    return " ".join(word[:1].upper() + word[1:] for word in re.split(r"[\s_-]+", key) if word)
