"""Who and where: names as written in a screenplay, and the keys that they have in the bible."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from vtx_dagster.core.bible import Bible, Character, Location, SetKind
from vtx_dagster.core.screenplay import SceneText
from vtx_dagster.engines.breakdown.places import placed_scenes, same_place_key
from vtx_dagster.engines.breakdown.pronouns import described_pronoun

_LATIN = {"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i", "ħ": "h"}


def _sounds(letters: str, sounds: str) -> dict[str, str]:
    return dict(zip(letters, sounds.split(), strict=True))


_CYRILLIC = _sounds(
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ",
    "a b v g d e e zh z i i k l m n o p r s t u f kh ts ch sh shch - y - e yu ya i i ie g",
)
_GREEK = _sounds("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o")
_LETTERS = {**_LATIN, **_CYRILLIC, **_GREEK}
_ARTICLE = re.compile(r"\b(?:the|an?|his|her|their|this|that)\s+$", re.IGNORECASE)
_MAX_KEY = 63


@lru_cache(maxsize=10_000)  # a screenplay says the same few names thousands of times
def key_of(name: str) -> str:
    """Return the key of a name: ``DR. ÉLODIE SANTOS`` gives ``dr_elodie_santos``; empty for a name without letters or digits.

    Latin, Cyrillic and Greek letters are spelled in ASCII; letters of other scripts by their code point, so that names differ.
    """
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    spelled = "".join(_spell(letter) for letter in decomposed if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "_", spelled)[: _MAX_KEY + 1].strip("_")[:_MAX_KEY]


def _spell(letter: str) -> str:
    if letter in "'\u2019":
        return ""
    if letter in _LETTERS:
        return _LETTERS[letter].replace("-", "")
    if letter.isascii() or not letter.isalnum():
        return letter
    return f"u{ord(letter):x}"


class Cast:
    """The characters and locations of a film, by every name under which a screenplay may call them.

    Args:
        bible: Its names and aliases win.
        speakers: Names on the cues of the whole screenplay; those that the bible does not know get a key of their own.
        places: Places of the whole screenplay, in order; spellings of one place have the key of the first.

    Attributes:
        pronouns: What the characters are called, by key, as far as the bible tells.
    """

    def __init__(self, bible: Bible, speakers: Iterable[str] = (), places: Iterable[str] = ()) -> None:
        self._characters = _by_name(bible.characters.characters)
        self._locations = _by_name(bible.locations.locations)
        self._places = {
            same_place_key(name): key for key, entry in bible.locations.locations.items() for name in (key, entry.name)
        }
        for place in places:
            if key := self.location(place):
                self._places.setdefault(same_place_key(place), key)
        names = [name for entry in bible.characters.characters.values() for name in (entry.name, *entry.aliases)]
        speakers = sorted(set(speakers))
        self._names = {name.casefold(): self.character(name) for name in (*names, *speakers) if key_of(name)}
        alternatives = "|".join(re.escape(name) for name in sorted(self._names, key=lambda name: (-len(name), name)))
        self._mention = re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE) if alternatives else None
        self._display = {key: entry.name for key, entry in bible.characters.characters.items()}
        told = ((key, described_pronoun(entry.descriptor)) for key, entry in bible.characters.characters.items())
        self.pronouns = {key: pronoun for key, pronoun in told if pronoun is not None}
        for speaker in speakers:
            self._display.setdefault(self.character(speaker), title_name(speaker))

    def character(self, name: str) -> str:
        """Return the key of a character; a name without letters is ``unnamed``."""
        key = key_of(name)
        return self._characters.get(key, key) or "unnamed"

    def knows_character(self, name: str) -> bool:
        """Say whether the bible has this character."""
        return key_of(name) in self._characters

    def display_name(self, key: str) -> str:
        """Return how a person writes a character's name in prose."""
        return self._display.get(key, key)

    def location(self, place: str) -> str | None:
        """Return the key of a place: that of the whole name if the bible knows it, else of its most specific part, else its own.

        Returns:
            ``LIGHTHOUSE - LAMP ROOM`` is looked up as a whole, then as ``LAMP ROOM``, then as ``LIGHTHOUSE``; unknown, it is
            ``lighthouse_lamp_room``. None for a place without a name.
        """
        whole = key_of(place)
        parts = [key_of(part) for part in place.split(" - ")]
        if whole in self._locations:
            return self._locations[whole]
        if same := self._places.get(same_place_key(place)):
            return self._locations.get(same, same)
        for key in reversed(parts):
            if key in self._locations:
                return self._locations[key]
        return whole or None

    def is_name(self, text: str) -> bool:
        """Say whether a text is the name of a character and nothing else."""
        return text.strip().casefold() in self._names

    def mentioned(self, text: str) -> tuple[str, ...]:
        """Return the keys of the characters that a text names, in order of first mention.

        A name has a capital, or is a role with an article: ``the boy`` is the Boy, and ``she will go`` is not about Will.
        """
        if self._mention is None:
            return ()
        found = [match for match in self._mention.finditer(text) if _names_somebody(match)]
        return tuple(
            dict.fromkeys(self._names[match.group().casefold()] for match in found if match.group().casefold() in self._names)
        )


def _names_somebody(match: re.Match[str]) -> bool:
    return match.group()[0].isupper() or _ARTICLE.search(match.string[max(0, match.start() - 8) : match.start()]) is not None


def title_name(name: str) -> str:
    """Return a name in capitals as a person writes it: ``DR. ÉLODIE O'NEILL`` gives ``Dr. Élodie O'Neill``."""
    return (
        re.sub(r"[^\W\d_]+(?:['\u2019](?=[^\W\d_]\b)[^\W\d_])?", lambda word: word.group().capitalize(), name)
        if name.isupper()
        else name
    )


def film_cast(bible: Bible, scenes: Iterable[SceneText]) -> Cast:
    """Return the cast of a film: who speaks in its scenes, and where they are."""
    scenes = list(scenes)
    speakers = {element.speaker for scene in scenes for element in scene.elements if element.speaker}
    return Cast(bible, speakers, [scene.place for scene in scenes if not scene.minor])


def missing_bible_entries(scenes: Mapping[str, SceneText], bible: Bible) -> tuple[dict[str, Character], dict[str, Location]]:
    """Return stubs for the characters and locations that the scenes have and the bible has not.

    Only who speaks is a character: capitals in action are props and sounds as often as people. Text outside of scenes is shown
    over black.

    Returns:
        New entries by key, in order of appearance, ``stub`` set; none of their keys is in the bible.
    """
    cast = film_cast(bible, scenes.values())
    characters: dict[str, Character] = {}
    locations: dict[str, Location] = {}
    for scene in placed_scenes(scenes.values(), is_name=cast.is_name):
        location = cast.location(scene.place)
        if location and location not in bible.locations.locations:
            backdrop = SetKind.BLACK if scene.outside else None
            stub = Location(name=title_name(scene.place), interior=scene.interior, set=backdrop, stub=True)
            locations.setdefault(location, stub)
        for element in scene.elements:
            if element.speaker and not cast.knows_character(element.speaker):
                characters.setdefault(cast.character(element.speaker), Character(name=title_name(element.speaker), stub=True))
    return characters, locations


def _by_name(entries: Mapping[str, Character] | Mapping[str, Location]) -> dict[str, str]:
    """Return the key of every entry under what it may be called; its own key and name come before the aliases of others."""
    known = {key: key for key in entries}
    for key, entry in entries.items():
        known.setdefault(key_of(entry.name), key)
    for key, entry in entries.items():
        for alias in entry.aliases:
            known.setdefault(key_of(alias), key)
    known.pop("", None)
    return known
