"""Names that a model reads and writes, and their keys."""

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping

from vtx_dagster.core.bible import Bible, Character, Location
from vtx_dagster.engines.breakdown.cast import key_of, spelling_of, title_name

_NEAR = 0.85
"""Least similarity of a misspelt name. Two names that are spelt with care can be as near (old man, old woman), which is why a
name is never taken for one that the same answer uses, too."""


def known_keys(
    names: Iterable[str],
    entries: Mapping[str, Character] | Mapping[str, Location],
    *,
    exact: Callable[[str], str | None],
    introduced: Mapping[str, str],
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the key of every name, and what was taken for something else.

    Args:
        names: As a model wrote them; each has a letter or a digit.
        entries: What the bible has, by key.
        exact: The key of a name as the bible or the story know it; a key of its own for other names.
        introduced: Names that the story has used before, by key; those that the bible has, too, do not matter.

    Returns:
        The keys by name: of the bible or the story where they have the name, of the bible where its name is the nearest, else a
        key of the name's own; and a remark for each name that was taken for a near one. None is taken for a near one of the
        story: the model has just made those, and a waitress is not a misspelt waiter.
    """
    new = {key: name for key, name in introduced.items() if key not in entries}
    keys_of_new = {spelling_of(name): key for key, name in new.items()} | {key: key for key in new}
    keys = {name: exact(name) or key_of(name) for name in dict.fromkeys(names)}
    keys = {name: key if key in entries else keys_of_new.get(spelling_of(name), key) for name, key in keys.items()}
    spellings = _spellings(entries) | keys_of_new
    used = set(keys.values())
    remarks: list[str] = []
    for name, key in keys.items():
        near = None if key in entries or key in new else _nearest(spelling_of(name), spellings, used)
        if near is not None and near in entries:
            keys[name] = near
            remarks.append(f"{name} was taken for {entries[near].name} of the bible")
    return keys, tuple(remarks)


def spoken_name(key: str) -> str:
    """Return how a key reads as a name: ``dr_santos`` gives ``Dr Santos``."""
    return title_name(key.replace("_", " ").upper())


def cast_lines(bible: Bible, introduced: Mapping[str, str]) -> str:
    """Return who there is: the characters of the bible, then those that the story has introduced."""
    known = bible.characters.characters
    lines = []
    for character in known.values():
        also = f" (also {', '.join(character.aliases)})" if character.aliases else ""
        age = f"aged {character.age}" if character.age is not None else ""
        told = ", ".join(part for part in (age, character.descriptor) if part)
        lines.append(f"- {character.name}{also}{': ' if told else ''}{told}")
    lines += [f"- {name}" for key, name in introduced.items() if key not in known]
    return "\n".join(lines)


def place_lines(bible: Bible, introduced: Mapping[str, str]) -> str:
    """Return where the story can play: the locations of the bible, then those that the story has introduced."""
    known = bible.locations.locations
    lines = [f"- {place.name}{': ' if place.descriptor else ''}{place.descriptor}" for place in known.values()]
    lines += [f"- {name}" for key, name in introduced.items() if key not in known]
    return "\n".join(lines)


def _spellings(entries: Mapping[str, Character] | Mapping[str, Location]) -> dict[str, str]:
    """Return the keys of the bible by what its names and aliases are spelled as."""
    return {spelling_of(name): key for key, entry in entries.items() for name in (*entry.aliases, entry.name, key)}


def _nearest(name: str, spellings: Mapping[str, str], used: Collection[str]) -> str | None:
    """Return whose name is nearest to one, if it is near, has the same numbers in it, and is not used itself.

    Spellings are compared, not keys: names of other scripts are often near in ASCII and far in their own letters.
    """
    candidates = [spelling for spelling, whose in spellings.items() if whose not in used and _digits(spelling) == _digits(name)]
    near = difflib.get_close_matches(name, candidates, n=1, cutoff=_NEAR)
    return spellings[near[0]] if near else None


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())
