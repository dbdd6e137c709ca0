"""Scenes that belong together: places that the film comes back to, and chases that are cut between places."""

import re
from collections.abc import Sequence
from itertools import groupby

from vtx_dagster.core.coverage import action_texts
from vtx_dagster.core.screenplay import SceneText

_MOMENT = 4
"""After how many scenes a place is still known to the audience."""

_CHASE = re.compile(
    r"\b(?:chas(?:es?|ed|ing)|pursu(?:es?|ed|ing|it)|runs?|running|flees?|fleeing|sprint(?:s|ing)?|races?|racing|speeds?|speeding"
    r"|screech(?:es|ing)?|brakes|accelerat(?:es|ing)|swerv(?:es|ing)|gallops?|galloping|gain(?:s|ing) on|catch(?:es|ing) up"
    r"|after (?:him|her|them|it)|on (?:his|her|their) heels"
    r"|verfolg(?:t|en)|rennt|rennen|flieht|fliehen|rast|rasen|poursui(?:t|vent)|court|courent|fuit|fuient|fonce|foncent"
    r"|persiguen?|corren?|huyen?|insegu(?:e|ono)|corrono|fugg(?:e|ono)|foge|fogem)\b",
    re.IGNORECASE,
)
_FEWEST_SCENES = 3


def visits(locations: Sequence[str | None]) -> list[int]:
    """Return how often every place was come back to, each time within a moment; 0 where it is new, long gone or has no name."""
    found: list[int] = []
    for index, location in enumerate(locations):
        recent = [at for at in range(max(0, index - _MOMENT), index) if location is not None and locations[at] == location]
        found.append(found[recent[-1]] + 1 if recent else 0)
    return found


def chases(scenes: Sequence[SceneText], locations: Sequence[str | None]) -> list[bool]:
    """Say of every scene whether it is one of a chase.

    A chase is cut back and forth between places, for three scenes or more; in more than a third of them somebody runs, flees or
    drives fast.
    """
    is_between = [_is_between(locations, index) for index in range(len(locations))]
    found = [False] * len(scenes)
    for goes_on, group in groupby(range(len(scenes)), key=is_between.__getitem__):
        indices = list(group)
        places = {locations[index] for index in indices}
        fast = sum(_is_fast(scenes[index]) for index in indices)
        if goes_on and len(indices) >= _FEWEST_SCENES and len(places) > 1 and 3 * fast > len(indices):
            for index in indices:
                found[index] = True
    return found


def _is_between(locations: Sequence[str | None], index: int) -> bool:
    """Say whether a scene is cut against others: its place, or one that stands before it, comes again within a moment."""
    before, after = set(locations[max(0, index - _MOMENT) : index]), set(locations[index + 1 : index + 1 + _MOMENT])
    return bool(({locations[index]} & (before | after) | before & after) - {None})


def _is_fast(scene: SceneText) -> bool:
    return any(map(_CHASE.search, action_texts(scene)))
