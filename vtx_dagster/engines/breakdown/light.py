"""The light of a scene whose heading does not say it, as its first lines of action tell it."""

import re

from vtx_dagster.core.coverage import action_texts
from vtx_dagster.core.screenplay import SceneText
from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.engines.screenplay.heading import says_light, time_of_day

_TOLD = tuple(
    (light, re.compile(rf"\b(?:{words})\b", re.IGNORECASE))
    for light, words in (
        (TimeOfDay.DAWN, r"at dawn|dawn breaks|sun rises|sunrise|first light|im morgengrauen|à l'aube|al amanecer|all'alba"),
        (TimeOfDay.DUSK, r"at dusk|dusk falls|sun sets|setting sun|sunset|twilight|in der dämmerung|au crépuscule|al atardecer"),
        (
            TimeOfDay.NIGHT,
            r"moonlight|moonlit|moonbeams?|starlight|starlit|starry|night sky|at night|night falls|midnight|in der nacht"
            r"|bei nacht|mondlicht|la nuit|clair de lune|de noche|luz de la luna|di notte|chiaro di luna|à noite",
        ),
        (TimeOfDay.MORNING, r"morning sun|morning light|early morning|am morgen|le matin|por la mañana"),
        (TimeOfDay.DAY, r"sun is shining|sun shines|blazing sun|midday|high noon|broad daylight|gorgeous day|sunny day"),
    )
)
_LINES = 2
"""Of action at the beginning of a scene, in which its light may be told."""


def light_of(scene: SceneText, before: TimeOfDay) -> TimeOfDay:
    """Return the light of a scene: as its heading says, else as its first action tells, else as in the scene before."""
    if not says_light(scene.time):
        actions = action_texts(scene)[:_LINES]
        for light, told in _TOLD:
            if any(told.search(action) for action in actions):
                return light
    return time_of_day(scene.time, before)
