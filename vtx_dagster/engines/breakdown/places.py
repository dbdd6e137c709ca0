"""Where scenes are: places that a heading leaves to the scene before, and spellings that mean one place.

**Minor slugs.** A heading without INT. or EXT. (``.THE ROCKS``) that comes after one with it is inside or outside as the scene
before, and so is its light; ``.INSIDE THE VAN`` says it itself, and another place is seen from the side as before, or
as its name tells (``.THE KITCHEN``). Its place is

1. that of the scene before, where it says only when or which side (``.LATER``, ``.INSIDE``), names somebody (``.ANN``), or
   directs the camera (``.BACK TO SCENE``);
2. else the last earlier place of which it is a part: ``.BACK IN THE APARTMENT`` after ``INT. SCOTT'S APARTMENT``;
3. else its own, if it has a word for a place in it or says the light (``.NAK'S BEDROOM``, ``.PARIS - NIGHT``);
4. else a spot in the place of the scene before (``.THE DOOR``).

A screenplay without any INT. or EXT. has no minor slugs: each of its headings is a place. What announces a scene by its number is
none either, if it names a place.

**One place.** Names are one place if their letters and digits are the same once articles at their beginning, apostrophes and the
order of their parts are left aside: ``SCOTT'S FLAT - KITCHEN``, ``Kitchen, Scotts flat``. Numbers stay apart: ``ROOM 1-2`` is not
``ROOM 12``. What is more than case and marks is remarked upon. The bible's names and aliases go first.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from vtx_dagster.core.screenplay import SceneText
from vtx_dagster.core.sets import SET_WORDS, side_named
from vtx_dagster.engines.screenplay.heading import inside_or_outside, says_light, says_only_when

_PARTS = re.compile(r"\s+[-\u2013\u2014]+\s+|\s*[,;/|]\s*")
_ARTICLE = re.compile(r"^(?:the|an?|der|die|das|le|la|les|el|los|las|il|lo|gli|o|os|as|de|het)\s+(?=\S)", re.IGNORECASE)
_APOSTROPHE = re.compile(r"['\u2019\u02bc\u00b4`]")
_NOT_BETWEEN_NUMBERS = re.compile(r"(?<!\d) +| +(?!\d)")
_CAMERA = re.compile(
    r"^(?:(?:back|return|cut(?: back)?) to|another angle|reverse(?: angle| shot)?|angle|close|closer|wide|wider|tight|favou?ring"
    r"|insert|pov|point of view|push(?:ing)? in|pull(?:ing)? back|tracking|aerial|resume|intercut|series of shots|montage"
    r"|flash(?:back)?)\b"
    r"|\bpov\b",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(
    r"^(?:(?:back|in|at|to|on|into|onto|inside|outside|from|near|by|under|behind|over|the|an?|his|her|their|our|my)\s+)+(?=\S)",
    re.IGNORECASE,
)
_PLACE_WORDS = frozenset(word for words in SET_WORDS.values() for word in words.split())
_MOST_WORDS = 4
"""A slug of more words describes what is seen."""


class _Earlier:
    """The places of the scenes before, found by their words."""

    def __init__(self) -> None:
        self._of_word: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._sides: dict[str, bool | None] = {}

    def add(self, place: str, *, interior: bool | None) -> None:
        """Remember a place as the last one, and from which side it was seen."""
        self._sides[place] = interior
        for word in _words(place):
            self._of_word[word].pop(place, None)
            self._of_word[word][place] = None

    def side(self, place: str) -> bool | None:
        """Return from which side a place was seen last, else the one that its words tell; None where neither is known."""
        return self._sides.get(place, side_named(place))

    def last_of(self, words: Collection[str], *, ends_in: str) -> str:
        """Return the last place that has all of some words, and a part that ends in one of them; empty if there is none."""
        fewest = min((self._of_word.get(word, {}) for word in words), key=len)
        for place in reversed(fewest):
            if set(_words(place)).issuperset(words) and any(_words(part)[-1:] == [ends_in] for part in _PARTS.split(place)):
                return place
        return ""


def placed_scenes(scenes: Iterable[SceneText], *, is_name: Callable[[str], bool]) -> list[SceneText]:
    """Return scenes, in story order, with place and inside or outside filled in from those before where a heading leaves it.

    Args:
        scenes: As they were read.
        is_name: Says whether a text is the name of somebody.
    """
    found: list[SceneText] = []
    earlier = _Earlier()
    before: SceneText | None = None
    for scene in scenes:
        placed = scene
        if before is not None and not scene.outside:
            placed = _placed(scene, before, earlier, is_name)
        found.append(placed)
        if not scene.outside and (before is not None or not scene.minor):
            before = placed
            earlier.add(placed.place, interior=placed.interior)
    return found


def _placed(scene: SceneText, before: SceneText, earlier: _Earlier, is_name: Callable[[str], bool]) -> SceneText:
    if not scene.minor:
        return scene if scene.place else scene.model_copy(update={"place": before.place})
    side = inside_or_outside(scene.place)
    stays = not scene.place or side is not None or says_only_when(scene.place) or is_name(scene.place.strip(" ,.:"))
    place = before.place if stays or _CAMERA.search(scene.place) else _minor_place(scene, before.place, earlier, is_name)
    if side is None and (lead_in := _LEAD_IN.match(scene.place)):
        side = inside_or_outside(lead_in[0])
    if side is None and place != before.place:
        side = earlier.side(place)
    return scene.model_copy(update={"interior": before.interior if side is None else side, "place": place})


def _minor_place(scene: SceneText, before: str, earlier: _Earlier, is_name: Callable[[str], bool]) -> str:
    """Return where a minor slug is that is more than a name, a time or a side."""
    about, _, rest = scene.place.partition(" ")
    named = is_name(about.strip(" ,.:"))
    core = _LEAD_IN.sub("", (rest if named else scene.place).strip(" ,.:"))
    words = _words(core)
    place = next((word for word in reversed(words) if word in _PLACE_WORDS), "")
    # Somebody who does something somewhere: only the word for the place counts.
    wanted = {place} if named and place else set(words)
    if wanted and (known := earlier.last_of(wanted, ends_in=place or words[-1])):
        return known
    is_place = says_light(scene.time) or (place and len(words) <= _MOST_WORDS)
    return core if words and is_place and not named else before


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", _APOSTROPHE.sub("", text.casefold()))


def same_place_key(place: str) -> tuple[str, ...]:
    """Return what two spellings of one place have in common: the letters and digits of its parts, in no particular order."""
    parts = (_ARTICLE.sub("", part.strip()) for part in _PARTS.split(place.casefold()))
    return tuple(sorted(filter(None, map(_letters, parts))))


def respelled(places: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the places that are taken for another one although they have other words or another order, with that one."""
    first: dict[tuple[str, ...], str] = {}
    said: set[str] = set()
    for place in places:
        known = first.setdefault(same_place_key(place), place)
        if place not in said and _in_order(place) != _in_order(known):
            said.add(place)
            yield place, known


def _in_order(place: str) -> str:
    return _letters(place.casefold().removeprefix("the "))


def _letters(text: str) -> str:
    """Return the letters, digits and vowel signs of a text, and a space between numbers: 1-2 is not 12."""
    kept = (letter if unicodedata.category(letter)[0] in "LNM" else " " for letter in _APOSTROPHE.sub("", text))
    return _NOT_BETWEEN_NUMBERS.sub("", "".join(kept).strip())
