"""Who and where: names as written in a screenplay, and the keys that they have in the bible.

A *spelling* is what all ways to write one name have in common. A *key* is a spelling in ASCII, for files and people. Names of
different spellings can be the same in ASCII; within a film they have different keys all the same.
"""

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from anyascii import anyascii

from vtx_dagster.core.bible import Bible, Character, Location, SetKind
from vtx_dagster.core.coverage import action_texts
from vtx_dagster.core.screenplay import ElementKind, SceneText
from vtx_dagster.core.sets import named_set
from vtx_dagster.engines.breakdown.first_names import pronoun_of_first_name
from vtx_dagster.engines.breakdown.people import People, is_of_all, is_role, is_voice, joint_names, people_words
from vtx_dagster.engines.breakdown.places import placed_scenes, same_place_key
from vtx_dagster.engines.breakdown.pronouns import described_pronoun, used_pronouns

_LATIN = {"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i", "ħ": "h"}


def _sounds(letters: str, sounds: str) -> dict[str, str]:
    return dict(zip(letters, sounds.split(), strict=True))


_CYRILLIC = _sounds(
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ",
    "a b v g d e e zh z i i k l m n o p r s t u f kh ts ch sh shch - y - e yu ya i i ie g",
)
_GREEK = _sounds("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o")
_LETTERS = {**_LATIN, **_CYRILLIC, **_GREEK}
_SILENT = {"\u0627": "a"}
"""Alef, which anyascii leaves out."""

_ARTICLE = re.compile(
    r"\b(?:the|an?|another|his|her|their|this|that)\s+(?:(?!of|in|on|at|with|and|to)[a-z-]+\s+)?$"
    r"|\b(?:two|three|four|five|six|several|some)\s+$",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(r"^(?:['\u2019]s|(?<=s)['\u2019])\s+(?P<owned>(?:\S+\s+)?\S+)")
_IS = re.compile(
    r"(?:\w+(?:ed|ing)|an?|the|not|in|on|at|by|with|already|now|still|just|been|got|gone|here|there|back|too|so|very|all|both|about|alone"
    r"|asleep|awake|dead|alive|ready|right|left)\b"
)
"""What comes behind ``Ann's`` where it means that Ann is something."""
_OF_THE_BODY = re.compile(
    r"\b(?:hands?|fingers?|fists?|arms?|legs?|knees?|feet|foot|face|eyes?|lips?|mouth|head|hair|back|shoulders?|chest|body|cheeks?|gaze|look"
    r"|ears?|earlobe|neck|throat|wrists?|elbows?|waist|nose|chin|forehead|beard|thumbs?|palms?|lap|side|breath|skin|toes?"
    r"|smile|pov|point)\b",
    re.IGNORECASE,
)
_LOOKED_FOR = re.compile(
    r"(?:\s{3}by|\b(?:look|wait|search|ask|call|long|hunt)(?:s|ing|ed)? (?:out )?for"
    r"|\b(?:city|town|village|castle|sheriff|duke|king|queen|people|gates?|walls|streets|outskirts) of"
    r"|\b(?:think|dream|hear|speak|talk|learn)(?:s|ing)? (?:of|about)|\b(?:draw|paint|sketch)(?:s|es|ing|ed)?|\bdear)\s+$",
    re.IGNORECASE,
)
_WRITTEN_TO = re.compile(r"\b(?:sends?|texts?|emails?|e-mails?|mails?|writes?)\s+$", re.IGNORECASE)
_LETTER = re.compile(r"^[\"“]?Dear\s", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“«](?![A-Z]+[\"”])[^\"”»]*[\"”»]?")
"""What is quoted; a name in capitals alone is none: ``"BRILL" turns left``."""
_READ = re.compile(r"\b(?:words?|reads?|reading|says|titled|labell?ed|marked|headlines?)\b:?\s+[^a-z.!?]{4,}(?=[.!?]|$)")
"""Capitals that are written somewhere: ``the words THIS IS ALEX``."""
_DRIVING = re.compile(r"\b(?:driving|moving|travell?ing)\b", re.IGNORECASE)
_RIDDEN = frozenset((SetKind.AEROPLANE, SetKind.BOAT, SetKind.SEA, SetKind.SPACESHIP, SetKind.TRAIN))
_LONG_NAME = 6
_NEAR = 40
"""How many letters before a name may say that it is only spoken of."""

_NOBODY = People()
_MAX_KEY = 63
_SHORTEST_DIGEST, _STEP = 6, 2

_APOSTROPHES = "'\u2018\u2019\u02b9\u02bb\u02bc\u2032"
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""What nobody sees in a name: soft hyphen, joiners, marks of direction, byte order mark."""

_ACCENT = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
"""Marks with and without which a name is the same: accents, and the vowel points of Hebrew and Arabic. Those of Indic scripts, of
Thai or of kana are not among them: there they make another name, as another letter does."""

_EXTENSION = re.compile(
    r"(?:\s*\((?:CONT(?:['\u2019]?D)?\.?|CONTINUED|MORE|V\.?\s?O\.?|O\.?\s?S\.?|O\.?\s?C\.?)\))+\s*$", re.IGNORECASE
)


@lru_cache(maxsize=10_000)  # a screenplay says the same few names thousands of times
def spelling_of(name: str) -> str:
    """Return what all ways to write one name have in common; empty for a name without letters or digits.

    Case, accents, apostrophes, space, punctuation, extensions of cues and what nobody sees make no difference. Latin, Cyrillic
    and Greek letters are in ASCII; those of other scripts stay as they are: ``DR. ÉLODIE (CONT'D)`` gives ``dr_elodie``, and
    ``मीना 2`` gives ``मीना_2``.
    """
    shown = _EXTENSION.sub("", _UNSEEN.sub("", name))
    letters = unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFKD", shown.casefold())))
    return re.sub("_+", "_", "".join(map(_folded, letters))).strip("_")


@lru_cache(maxsize=10_000)
def key_of(name: str) -> str:
    """Return the key that a name has where no other name has it: ``DR. ÉLODIE SANTOS`` gives ``dr_elodie_santos``.

    Letters of other scripts than Latin, Cyrillic and Greek are transliterated one by one: ``मीना`` gives ``mina``, ``李雷`` gives
    ``lilei``.

    Returns:
        At most 63 of ``a-z``, ``0-9`` and ``_``; empty for a name without letters or digits.
    """
    spelling = spelling_of(name)
    spelled = "".join(letter if letter.isascii() else _transliterated(letter) for letter in spelling).strip("_")
    if not spelled:  # nothing of it can be transliterated
        spelled = "".join(f"u{ord(letter):x}" for letter in spelling)
    return re.sub("_+", "_", spelled)[:_MAX_KEY].rstrip("_")


def _folded(letter: str) -> str:
    if letter in _APOSTROPHES:
        return ""
    if letter in _LETTERS:
        return _LETTERS[letter].replace("-", "")
    if letter.isascii():
        return letter if re.match("[a-z0-9]", letter) else "_"
    return letter if unicodedata.category(letter)[0] in "LMN" else "_"


def _transliterated(letter: str) -> str:
    """Return a letter in ASCII; empty for what is silent or has no transliteration."""
    return re.sub("[^a-z0-9]", "", _SILENT.get(letter) or anyascii(letter).casefold())


class _Keys:
    """The keys of all characters, or all places, of a film.

    Of several names that are the same in ASCII, or were cut to it, the one that an entry of the bible is called by has the plain
    key, else the first in alphabetical order; to the others' a few digits are added that depend on nothing but the name.

    Args:
        entries: What the bible has, by key.
        names: The names that the film has; those that the bible does not know get keys of their own.
    """

    def __init__(self, entries: Mapping[str, Character] | Mapping[str, Location], names: Iterable[str]) -> None:
        self._entries = entries
        self._known = _by_name(entries)
        self._new: dict[str, str] = {}
        self._given: set[str] = set()
        for spelling in sorted({spelling_of(name) for name in names} - self._known.keys() - {""}):
            self._new[spelling] = self._own(spelling)
            self._given.add(self._new[spelling])

    def __contains__(self, name: str) -> bool:
        """Say whether the bible has a name."""
        return self.of(name) in self._entries

    def of(self, name: str) -> str:
        """Return the key of a name; empty for one without letters or digits."""
        spelling = spelling_of(name)
        return self._known.get(spelling) or self._new.get(spelling) or self._own(spelling)

    def _own(self, spelling: str) -> str:
        """Return the key of a name that the bible does not know by its name."""
        plain = key_of(spelling)
        if plain not in self._given and not self._is_anothers(plain):
            return plain
        digest = hashlib.sha256(spelling.encode()).hexdigest()
        lengths = range(_SHORTEST_DIGEST, len(digest), _STEP)
        keys = (f"{plain[: _MAX_KEY - 1 - length].rstrip('_')}_{digest[:length]}" for length in lengths)
        return next(key for key in keys if key not in self._given)

    def _is_anothers(self, key: str) -> bool:
        """Say whether an entry of the bible has its key from its name. Else anybody whose name leads to the key may be meant."""
        entry = self._entries.get(key)
        names = (entry.name, *entry.aliases) if entry is not None else ()
        return any(spelling_of(name) != key and key_of(name) == key for name in names)


class Cast:
    """The characters and locations of a film, by every name under which a screenplay may call them.

    Args:
        bible: Its names and aliases win.
        speakers: Names on the cues of the whole screenplay; those that the bible does not know get a key of their own.
        places: Names of places in its headings, in order; spellings of one place have the key of the first.
        others: More names of the film, which are not looked for in action; only that nobody else gets their keys.
        people: Who is introduced in action, and what is told of everybody.

    Attributes:
        pronouns: What the characters are called, by key, as far as bible and screenplay tell.
        roles: Keys of those who have no name, but a word for a person.
        everybody: Keys of cues such as ``ALL``.
        people: Who is introduced in action, and what is told of everybody.
    """

    def __init__(
        self,
        bible: Bible,
        speakers: Iterable[str] = (),
        *,
        places: Iterable[str] = (),
        others: Iterable[str] = (),
        people: People = _NOBODY,
    ) -> None:
        speakers = sorted(set(speakers))
        silent = [told.name for told in people.told if told.silent]
        self._characters = _Keys(bible.characters.characters, (*speakers, *silent, *others))
        self._spellings = {
            same_place_key(name): name for key, entry in bible.locations.locations.items() for name in (key, entry.name)
        }
        for place in places:
            self._spellings.setdefault(same_place_key(place), place)
        self._locations = _Keys(bible.locations.locations, self._spellings.values())
        known = [name for entry in bible.characters.characters.values() for name in (entry.name, *entry.aliases)]
        self._joint = {name: members for name in speakers if (members := self._members(name, (*known, *speakers, *silent)))}
        heard = {name for name in speakers if is_voice(name) or is_of_all(name)} - {*known}
        self._heard = frozenset(map(self.character, heard))
        self.everybody = frozenset(self.character(name) for name in heard if is_of_all(name))
        self.people = people
        alone = [name for name in speakers if name not in self._joint and name not in heard]
        alone += [part for name in self._joint for part in joint_names(name) if part not in alone]
        things = people.things - {*known}
        names = {_written(name) for name in (*known, *alone, *silent) if spelling_of(name) and name not in things}
        self._names: dict[str, tuple[str, ...]] = {spelling_of(name): (self.character(name),) for name in names}
        also: defaultdict[str, list[str]] = defaultdict(list)
        for told in people.told:
            for name in map(_written, told.also):
                also[name].append(self.character(told.name))
        for name, keys in also.items():
            if spelling_of(name) not in self._names and self._heard.isdisjoint(keys):
                names.add(name)
                self._names[spelling_of(name)] = tuple(keys)
        roles = {name.split()[-1]: name for name in (*alone, *silent) if is_role(name) and not name.split()[-1].isdigit()}
        for last, name in roles.items():
            # THE GUARD is the SECURITY GUARD, as long as there is one guard only.
            is_only = sum(name.split()[-1] == last for name in (*alone, *silent)) == 1
            if is_only and spelling_of(last) not in self._names:
                names.add(last)
                self._names[spelling_of(last)] = (self.character(name),)
        alternatives = "|".join(map(_pattern, sorted(names, key=lambda name: (-len(name), name))))
        self._mention = re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE) if alternatives else None
        # The same actions are asked for again and again.
        self._known_mentions: dict[str, tuple[str, ...]] = {}
        self._known_sights: dict[str, tuple[str, ...]] = {}
        self._display = {key: entry.name for key, entry in bible.characters.characters.items()}
        entries = bible.characters.characters.items()
        self.pronouns = {self.character(told.name): told.pronoun for told in people.told if told.pronoun}
        given = ((key, entry.pronoun or described_pronoun(entry.descriptor)) for key, entry in entries)
        self.pronouns |= {key: pronoun for key, pronoun in given if pronoun is not None}
        self.only_named: frozenset[str] = frozenset()
        self.roles = frozenset(self.character(name) for name in (*alone, *silent) if is_role(name))
        for name in (*alone, *silent, *heard):
            self._display.setdefault(self.character(name), title_name(name))

    def _members(self, name: str, known: Iterable[str]) -> tuple[str, ...]:
        """Return the keys of those on a cue of several, if one of them is known without the others."""
        parts = joint_names(name)
        spellings = {spelling_of(one) for one in known}
        is_joint = len(parts) > 1 and any(spelling_of(part) in spellings for part in parts)
        return tuple(dict.fromkeys(self._characters.of(part) or "unnamed" for part in parts)) if is_joint else ()

    def character(self, name: str) -> str:
        """Return the key of a character, of a cue of several the first one; a name without letters is ``unnamed``."""
        return self.speakers(name)[0]

    def speakers(self, name: str) -> tuple[str, ...]:
        """Return the keys of all who say what stands under a cue; of everybody (``ALL``) one key that nobody has."""
        return self._joint.get(name) or (self._characters.of(name) or "unnamed",)

    def is_heard_only(self, key: str) -> bool:
        """Say whether somebody has no figure: a machine, a voice, or all together."""
        return key in self._heard

    def knows_character(self, name: str) -> bool:
        """Say whether the bible has this character."""
        return name in self._characters

    def display_name(self, key: str) -> str:
        """Return how a person writes a character's name in prose."""
        return self._display.get(key, key)

    def location(self, place: str) -> str | None:
        """Return the key of a place: that of the whole name if the bible knows it, else of its most specific part, else its own.

        Returns:
            ``LIGHTHOUSE - LAMP ROOM`` is looked up as a whole, then as ``LAMP ROOM``, then as ``LIGHTHOUSE``; unknown, it is
            ``lighthouse_lamp_room``. None for a place without a name.
        """
        if place in self._locations:
            return self._locations.of(place)
        same = self._spellings.get(same_place_key(place), place)
        names = (same, *reversed(place.split(" - ")))
        known = next((name for name in names if name in self._locations), same)
        return self._locations.of(known) or None

    def is_name(self, text: str) -> bool:
        """Say whether a text is the name of a character and nothing else."""
        return spelling_of(text) in self._names

    def mentioned(self, text: str) -> tuple[str, ...]:
        """Return the keys of the characters that a text names, in order of first mention.

        A name has a capital, or is a role with an article: ``the boy`` is the Boy, and ``she will go`` is not about Will.
        """
        found = self._known_mentions.get(text)
        if found is None:
            found = self._known_mentions[text] = self._mentioned(text)
        return found

    def _mentioned(self, text: str) -> tuple[str, ...]:
        if self._mention is None:
            return ()
        return self._keys_of(match for match in self._mention.finditer(text) if _names_somebody(match))

    def seen(self, text: str) -> tuple[str, ...]:
        """Return the keys of the characters that an action puts in frame, in order; who is only spoken of is not among them.

        ``Ann looks at a photo of Ben`` shows Ann, ``Ben's car`` shows nobody, ``Ben's hands`` show Ben.
        """
        found = self._known_sights.get(text)
        if found is None:
            found = self._known_sights[text] = self._seen(text)
        return found

    def _seen(self, text: str) -> tuple[str, ...]:
        if not self.mentioned(text) or _LETTER.match(text):
            return ()
        shown = _READ.sub(lambda read: " " * len(read.group()), text)
        shown = _QUOTED.sub(lambda quoted: " " * len(quoted.group()), shown)
        named = self._mention.finditer(shown) if self._mention is not None else ()
        return self._keys_of(match for match in named if _names_somebody(match) and _is_seen(match))

    def _keys_of(self, matches: Iterable[re.Match[str]]) -> tuple[str, ...]:
        spellings = (spelling_of(match.group()) for match in _without_surnames(matches))
        return tuple(dict.fromkeys(key for spelling in spellings for key in self._names.get(spelling, ())))


def _without_surnames(matches: Iterable[re.Match[str]]) -> Iterator[re.Match[str]]:
    """Yield names but those right behind another: ``Paul Getty`` is Paul, whoever is called Getty."""
    end = -2
    for match in matches:
        is_surname = match.start() == end + 1 and match.string[end] == " " and match.group()[0].isupper()
        end = match.end()
        if not is_surname:
            yield match


def _is_seen(match: re.Match[str]) -> bool:
    """Say whether somebody who is named is there, and not only spoken of."""
    before, after = match.string[max(0, match.start() - _NEAR) : match.start()], match.string[match.end() :]
    words = people_words()
    owned = _POSSESSIVE.match(after)
    if owned and not (_OF_THE_BODY.search(owned["owned"]) or _IS.match(owned["owned"])):
        return False
    if _LOOKED_FOR.search(before) or (_WRITTEN_TO.search(before) and re.match(r"\s+(?:an?|the)\b", after)):
        return False
    said = re.split(r"[.,;!?]", before)[-1]
    pictured = [*words.pictures.finditer(said)]
    if pictured and re.match(r"\s+(?:of|from|to|about|by|for|with)\s+(?:[\w-]+\s+){0,3}$", said[pictured[-1].end() :]):
        return False
    absent = [found for found in words.absent.finditer(said) if not is_role(said[: found.start()].strip(" ,").split(" ")[-1])]
    return not (absent and re.match(r"\s+(?:(?:the|an?|his|her|their|young|old)\s+)*$", said[absent[-1].end() :]))


def _names_somebody(match: re.Match[str]) -> bool:
    """Say whether a name has a capital or an article, or is hardly anything else: two words, or a long one at the beginning."""
    name = match.group()
    begins = re.search(r"(?:^|[.!?][\"'”\u2019)]*\s+)$", match.string[: match.start()]) is not None
    if " " in name or (begins and len(name) >= _LONG_NAME):
        return True
    return name[0].isupper() or _ARTICLE.search(match.string[max(0, match.start() - 8) : match.start()]) is not None


def _written(name: str) -> str:
    """Return a name as it is looked for in action: without space at its ends, and without a full stop that ends a cue."""
    return " ".join(_UNSEEN.sub("", name).split()).rstrip(".").rstrip()


def _pattern(name: str) -> str:
    """Return a pattern of a name, whatever its apostrophes."""
    return "".join(f"[{_APOSTROPHES}]" if letter in _APOSTROPHES else re.escape(letter) for letter in name)


def title_name(name: str) -> str:
    """Return a name in capitals as a person writes it: ``DR. ÉLODIE O'NEILL`` gives ``Dr. Élodie O'Neill``."""
    name = unicodedata.normalize("NFC", " ".join(_UNSEEN.sub("", name).split()))
    return (
        re.sub(r"[^\W\d_]+(?:['\u2019](?=[^\W\d_]\b)[^\W\d_])?", lambda word: word.group().capitalize(), name)
        if name.isupper()
        else name
    )


def film_cast(bible: Bible, scenes: Iterable[SceneText]) -> Cast:
    """Return the cast of a film: who speaks in its scenes or is introduced there, and where they are."""
    scenes = list(scenes)
    speakers = {element.speaker for scene in scenes for element in scene.elements if element.speaker}
    cast = Cast(bible, speakers, places=[scene.place for scene in scenes if not scene.minor], people=People.of(scenes))
    synopses = (element.text for scene in scenes for element in scene.elements if element.kind == ElementKind.SYNOPSIS)
    actions = (text for scene in scenes for text in action_texts(scene))
    texts = (*actions, *synopses)
    named = {cast.character(one.name): pronoun_of_first_name(one.full or one.name) for one in cast.people.told}
    usual = {key: pronoun for key, pronoun in named.items() if pronoun is not None}
    cast.only_named = frozenset(usual) - frozenset((*used_pronouns(texts, mentioned=cast.mentioned), *cast.pronouns))
    cast.pronouns = used_pronouns(texts, mentioned=cast.mentioned, usual=usual) | cast.pronouns
    return cast


def _ride(scene: SceneText) -> SetKind | None:
    """Return that a scene is in a car, where its heading says only that one drives: ``INT. STREET - DRIVING``."""
    rides = scene.interior and _DRIVING.search(scene.time) and named_set(scene.place) not in _RIDDEN
    return SetKind.VEHICLE if rides else None


def missing_bible_entries(scenes: Mapping[str, SceneText], bible: Bible) -> tuple[dict[str, Character], dict[str, Location]]:
    """Return stubs for the characters and locations that the scenes have and the bible has not.

    Who speaks is a character, and who is introduced in action (see ``people``): of them the stub says what the screenplay tells,
    and where. Text outside of scenes is shown over black.

    Returns:
        New entries by key, in order of appearance, ``stub`` set; none of their keys is in the bible.
    """
    cast = film_cast(bible, scenes.values())
    characters: dict[str, Character] = {}
    locations: dict[str, Location] = {}
    for scene in placed_scenes(scenes.values(), is_name=cast.is_name):
        location = cast.location(scene.place)
        if location and location not in bible.locations.locations:
            backdrop = SetKind.BLACK if scene.outside else _ride(scene)
            stub = Location(name=title_name(scene.place), interior=scene.interior, set=backdrop, stub=True)
            locations.setdefault(location, stub)
        for element in scene.elements:
            for key in cast.speakers(element.speaker) if element.speaker and not is_of_all(element.speaker) else ():
                if key not in bible.characters.characters:
                    characters.setdefault(key, Character(name=cast.display_name(key), stub=True))
    for told in cast.people.told:
        key = cast.character(told.name)
        if told.silent and key not in bible.characters.characters:
            characters.setdefault(key, Character(name=title_name(told.name), stub=True))
        if key in characters and not cast.is_heard_only(key):
            pronoun = cast.pronouns.get(key)
            by = "by the first name" if key in cast.only_named else "in the action"
            source = told.source or (f"called {pronoun} {by}" if pronoun else "")
            known = {"age": told.age, "pronoun": pronoun, "told": source}
            characters[key] = characters[key].model_copy(update=known)
    return characters, locations


def _by_name(entries: Mapping[str, Character] | Mapping[str, Location]) -> dict[str, str]:
    """Return the key of every entry under what it may be called; its own key and name come before the aliases of others."""
    known = {key: key for key in entries}
    for key, entry in entries.items():
        known.setdefault(spelling_of(entry.name), key)
    for key, entry in entries.items():
        for alias in entry.aliases:
            known.setdefault(spelling_of(alias), key)
    known.pop("", None)
    return known
