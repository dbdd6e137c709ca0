"""From a shot to the clip spec that a person may then edit."""

from vtx_dagster.core.clip import ClipSpec, DurationHints
from vtx_dagster.core.shot import Camera
from vtx_dagster.core.shotlist import Shot


def shot_to_clip(shot: Shot) -> ClipSpec:
    """Return the clip spec of a shot.

    What decides about rendering (pipeline, profile, LoRAs, seed, inputs) is left unset, so that the project's settings hold.
    """
    return ClipSpec(
        id=shot.id,
        style_profile=shot.style_profile,
        prompt=shot.action,
        camera=Camera(size=shot.size, angle=shot.angle, move=shot.move, lens_mm=shot.lens_mm),
        action=shot.action,
        characters=shot.characters,
        postures=shot.postures,
        location=shot.location,
        interior=shot.interior,
        time_of_day=shot.time_of_day,
        props=shot.props,
        insert=shot.insert,
        dialogue=shot.dialogue,
        duration=DurationHints(seconds=shot.seconds, beats=min(len(shot.beats), 100), readable_text=shot.readable_text),
        transition=shot.transition,
        notes=shot.continuity,
    )
