"""Where scenes are: places that a heading leaves to the scene before, and spellings that mean one place.

**What a heading leaves out.** One without INT. or EXT. (``.THE ROCKS``) is inside or outside as the scene before, and so is its
light. Where it names no place (``.LATER``, ``.INSIDE``, ``.ANN``, ``INT. MOMENTS LATER``) the place is that of the scene before.

**One place.** Names are one place if their letters and digits are the same once articles at their beginning, apostrophes and the
order of their parts are left aside: ``SCOTT'S FLAT - KITCHEN``, ``Kitchen, Scotts flat``. The bible's names and aliases go first.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from vtx_dagster.core.screenplay import SceneText
from vtx_dagster.engines.screenplay.heading import inside_or_outside, says_only_when

_PARTS = re.compile(r"\s+[-\u2013\u2014]+\s+|\s*[,;/|]\s*")
_ARTICLE = re.compile(r"^(?:the|an?|der|die|das|le|la|les|el|los|las|il|lo|gli|o|os|as|de|het)\s+(?=\S)", re.IGNORECASE)
_APOSTROPHE = re.compile(r"['\u2019\u02bc\u00b4`]")
_CAMERA = re.compile(
    r"^(?:(?:back|return|cut(?: back)?) to\b|(?:angle|close|closer|wider?|tight|favou?ring|another angle|reverse angle|insert|pov|point of view"
    r"|push(?:ing)? in|pull(?:ing)? back|tracking|aerial|resume|intercut|series of shots|montage|flash(?:back)?)\b)|\bpov\b",
    re.IGNORECASE,
)


def placed_scenes(scenes: Iterable[SceneText], *, is_name: Callable[[str], bool]) -> list[SceneText]:
    """Return scenes, in story order, with place and inside or outside filled in from the scene before where a heading leaves it.

    Args:
        scenes: As they were read.
        is_name: Says whether a text is the name of somebody; a heading that is one names no place.
    """
    found: list[SceneText] = []
    before: SceneText | None = None
    for scene in scenes:
        placed = scene if scene.outside else _placed(scene, before, is_name)
        found.append(placed)
        if not placed.outside:
            before = placed
    return found


def _placed(scene: SceneText, before: SceneText | None, is_name: Callable[[str], bool]) -> SceneText:
    if before is None or (not scene.minor and scene.place):
        return scene
    side = inside_or_outside(scene.place) if scene.minor else None
    nowhere = not scene.place or side is not None or says_only_when(scene.place)
    if scene.minor and not nowhere:
        nowhere = is_name(scene.place) or _CAMERA.search(scene.place) is not None
    interior = scene.interior
    if scene.minor:
        interior = before.interior if side is None else side
    return scene.model_copy(update={"interior": interior, "place": before.place if nowhere else scene.place})


def same_place_key(place: str) -> tuple[str, ...]:
    """Return what two spellings of one place have in common: the letters and digits of its parts, in no particular order."""
    parts = (_ARTICLE.sub("", part.strip()) for part in _PARTS.split(place.casefold()))
    letters = ("".join(letter for letter in _APOSTROPHE.sub("", part) if letter.isalnum()) for part in parts)
    return tuple(sorted(filter(None, letters)))


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
    return "".join(letter for letter in _APOSTROPHE.sub("", place.casefold()) if letter.isalnum()).removeprefix("the")
