"""The outline: acts, scenes and beats, before anyone speaks. ``story/01_outline.yaml``."""

from pydantic import Field

from vtx_dagster.core.document import Document, Part
from vtx_dagster.core.ids import ACT_PATTERN, BEAT_PATTERN, SCENE_PATTERN
from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.core.stable_ids import Remembered


class Beat(Part):
    """One thing that changes in a scene."""

    text: str
    purpose: str = ""
    id: str | None = Field(
        default=None, pattern=BEAT_PATTERN, description="Stays with the beat wherever it is moved to; given by its first scene."
    )


class OutlineScene(Part):
    """A scene in the outline."""

    id: str = Field(pattern=SCENE_PATTERN)
    heading: str
    synopsis: str = ""
    location: str | None = Field(default=None, description="Key in locations.yaml.")
    time_of_day: TimeOfDay | None = None
    characters: tuple[str, ...] = ()
    beats: tuple[Beat, ...] = ()
    seconds: float | None = Field(default=None, gt=0.0, description="Estimated length.")
    words: str | None = Field(
        default=None, description="Hash of what the screenplay says there: by it the scene is known again when it was moved."
    )


class OutlineAct(Part):
    """An act in the outline."""

    id: str = Field(pattern=ACT_PATTERN)
    title: str = ""
    synopsis: str = ""
    scenes: tuple[OutlineScene, ...] = ()


class Outline(Document):
    """``story/01_outline.yaml``."""

    title: str
    logline: str = ""
    acts: tuple[OutlineAct, ...] = ()
    retired: tuple[str, ...] = Field(
        default=(), description="Ids of acts and scenes that are gone; never given to anything else."
    )
    remembered: tuple[Remembered, ...] = Field(
        default=(), description="By which words acts and scenes were known that are gone, or that have other words now."
    )
