"""Where scenes are: places that a heading leaves to the scene before, and spellings that mean one place.

**Minor slugs.** A heading without INT. or EXT. (``.THE ROCKS``) that comes after one with it is inside or outside as the scene
before, and so is its light. Its place is

1. that of the scene before, where it says only when or which side (``.LATER``, ``.INSIDE``), names somebody (``.ANN``), or
   directs the camera (``.BACK TO SCENE``);
2. else the last earlier place of which it is a part: ``.BACK IN THE APARTMENT`` after ``INT. SCOTT'S APARTMENT``;
3. else its own, if it has a word for a place in it (``.NAK'S BEDROOM``);
4. else a spot in the place of the scene before (``.THE DOOR``).

A screenplay without any INT. or EXT. has no minor slugs: each of its headings is a place.

**One place.** Names are one place if their letters and digits are the same once articles at their beginning, apostrophes and the
order of their parts are left aside: ``SCOTT'S FLAT - KITCHEN``, ``Kitchen, Scotts flat``. The bible's names and aliases go first.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence

from vtx_dagster.core.screenplay import SceneText
from vtx_dagster.core.sets import SET_WORDS
from vtx_dagster.engines.screenplay.heading import inside_or_outside, says_only_when

_PARTS = re.compile(r"\s+[-\u2013\u2014]+\s+|\s*[,;/|]\s*")
_ARTICLE = re.compile(r"^(?:the|an?|der|die|das|le|la|les|el|los|las|il|lo|gli|o|os|as|de|het)\s+(?=\S)", re.IGNORECASE)
_APOSTROPHE = re.compile(r"['\u2019\u02bc\u00b4`]")
_CAMERA = re.compile(
    r"^(?:(?:back|return|cut(?: back)?) to|another angle|reverse angle|angle|close|closer|wide|wider|tight|favou?ring|insert|pov"
    r"|point of view|push(?:ing)? in|pull(?:ing)? back|tracking|aerial|resume|intercut|series of shots|montage|flash(?:back)?)\b"
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


def placed_scenes(scenes: Iterable[SceneText], *, is_name: Callable[[str], bool]) -> list[SceneText]:
    """Return scenes, in story order, with place and inside or outside filled in from those before where a heading leaves it.

    Args:
        scenes: As they were read.
        is_name: Says whether a text is the name of somebody.
    """
    found: list[SceneText] = []
    earlier: list[str] = []
    before: SceneText | None = None
    for scene in scenes:
        placed = scene
        if before is not None and not scene.outside:
            placed = _placed(scene, before, earlier, is_name)
        found.append(placed)
        if not scene.outside and (before is not None or not scene.minor):
            before = placed
            earlier.append(placed.place)
    return found


def _placed(scene: SceneText, before: SceneText, earlier: Sequence[str], is_name: Callable[[str], bool]) -> SceneText:
    if not scene.minor:
        return scene if scene.place else scene.model_copy(update={"place": before.place})
    side = inside_or_outside(scene.place)
    stays = not scene.place or side is not None or says_only_when(scene.place) or is_name(scene.place.strip(" ,.:"))
    place = before.place if stays or _CAMERA.search(scene.place) else _minor_place(scene.place, before.place, earlier, is_name)
    return scene.model_copy(update={"interior": before.interior if side is None else side, "place": place})


def _minor_place(slug: str, before: str, earlier: Sequence[str], is_name: Callable[[str], bool]) -> str:
    """Return where a minor slug is that is more than a name, a time or a side."""
    about, _, rest = slug.partition(" ")
    named = is_name(about.strip(" ,.:"))
    core = _LEAD_IN.sub("", (rest if named else slug).strip(" ,.:"))
    words = _words(core)
    place = next((word for word in reversed(words) if word in _PLACE_WORDS), "")
    # Somebody who does something somewhere: only the word for the place counts.
    wanted = {place} if named and place else set(words)
    if wanted:
        for known in reversed(earlier):
            if any(wanted <= set(_words(known)) and _words(part)[-1:] == [place or words[-1]] for part in _PARTS.split(known)):
                return known
    return core if place and not named and len(words) <= _MOST_WORDS else before


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", _APOSTROPHE.sub("", text.casefold()))


def same_place_key(place: str) -> tuple[str, ...]:
    """Return what two spellings of one place have in common: the letters and digits of its parts, in no particular order."""
    parts = (_ARTICLE.sub("", part.strip()) for part in _PARTS.split(place.casefold()))
    return tuple(sorted(filter(None, map(_letters, parts))))


def respelled(places: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the places that are taken for another one although their words stand in another order, with that one."""
    first: dict[tuple[str, ...], str] = {}
    said: set[str] = set()
    for place in places:
        known = first.setdefault(same_place_key(place), place)
        if place not in said and _in_order(place) != _in_order(known):
            said.add(place)
            yield place, known


def _in_order(place: str) -> str:
    return _letters(_ARTICLE.sub("", place.casefold()))


def _letters(text: str) -> str:
    """Return the letters, digits and vowel signs of a text."""
    return "".join(letter for letter in _APOSTROPHE.sub("", text) if unicodedata.category(letter)[0] in "LNM")
