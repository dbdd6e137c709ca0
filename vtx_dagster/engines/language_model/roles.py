"""The characters that a scene may have: what a model is told of them, and what it may call them."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from vtx_dagster.core.bible import Bible
from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.engines.breakdown.cast import Cast, spelling_of
from vtx_dagster.engines.language_model.fountain_writing import cue_text
from vtx_dagster.engines.language_model.names import spoken_name

_NEAR = 0.75
"""Least similarity of a misspelt key. Lower than where a name may be new: here every name must be one of a few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A character as a model is told of it. What is empty is not known."""

    key: str
    name: str
    aliases: tuple[str, ...] = ()
    age: int | None = None
    voice: str = ""


class Roles:
    """The characters of one scene.

    Args:
        keys: Their keys, in order; the bible need not know them.
        bible: Its names and aliases win.
        heard: Names on the cues of the scene, which may be new.
        others: More names of the film: nobody else gets their keys.

    Attributes:
        roles: What a model is told of them.
    """

    def __init__(self, keys: Iterable[str], bible: Bible, *, heard: Iterable[str] = (), others: Iterable[str] = ()) -> None:
        entries = bible.characters.characters
        keys, heard, others = tuple(dict.fromkeys(keys)), tuple(heard), tuple(others)
        self._bible = bible
        self._others = others
        # A key as a name would be another name than the one of another script that the key is from.
        known = {*entries, *map(Cast(bible, heard, others=others).character, heard)}
        self._new_names = (*heard, *(spoken_name(key) for key in keys if key not in known))
        self.roles = tuple(
            Role(key=key, name=entry.name, aliases=entry.aliases, age=entry.age, voice=entry.voice)
            if (entry := entries.get(key))
            else Role(key=key, name=spoken_name(key))
            for key in keys
        )

    @cached_property
    def cast(self) -> Cast:
        """They and all others of the bible, by name."""
        return Cast(self._bible, self._new_names, others=self._others)

    @property
    def keys(self) -> tuple[str, ...]:
        """Their keys."""
        return tuple(role.key for role in self.roles)

    def find(self, name: str) -> tuple[str | None, str]:
        """Return the key that is meant by a key, a name or a misspelt one, and a remark if it was misspelt.

        Returns:
            None for somebody who is not in the scene.
        """
        known, name = self.keys, name.partition("(")[0].strip() or name
        key = name if name in known else self.cast.character(name)
        if key in known:
            return key, ""
        if self.cast.knows_character(name):
            return None, ""
        # Names of other scripts are often near in ASCII and far in their own letters.
        spelling = spelling_of(name)
        by_name = {spelling_of(role.name): role.key for role in self.roles}
        candidates = {key: key for key in known} if spelling.isascii() else by_name
        near = difflib.get_close_matches(spelling, candidates, n=1, cutoff=_NEAR)
        return (candidates[near[0]], f"{name} was taken for {candidates[near[0]]}") if near else (None, "")

    def cue(self, key: str) -> str:
        """Return the name on the cues of a character: the first of its names that leads back to it.

        Raises:
            InvalidFileError: If all of them are names of others, too.
        """
        role = next(role for role in self.roles if role.key == key)
        cues = [cue_text(name) for name in (role.name, *role.aliases, spoken_name(key))]
        for cue in cues:
            if cue and self.cast.character(cue) == key:
                return cue
        raise InvalidFileError(
            f"prompts/characters.yaml: characters.{key}: a speech under {cues[0]!r} would be somebody else's:"
            " give the character a name or an alias of its own",
            path="prompts/characters.yaml",
        )
