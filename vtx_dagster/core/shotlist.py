"""The shotlist: every shot of the film, in order, and the lines of the screenplay that it covers. ``story/04_shotlist.yaml``."""

from pydantic import Field

from vtx_dagster.core.document import Document, Key, Part
from vtx_dagster.core.ids import CLIP_PATTERN, SCENE_PATTERN
from vtx_dagster.core.screenplay import Lines
from vtx_dagster.core.shot import Angle, CameraMove, DialogueLine, Posture, ShotSize, TimeOfDay
from vtx_dagster.core.stable_ids import Remembered


class ShotSource(Part):
    """Which lines of which scene file a shot covers. A long speech is split: ``part`` of ``parts`` then says which piece."""

    lines: Lines
    part: int = Field(default=1, ge=1)
    parts: int = Field(default=1, ge=1)
    spoken: int = Field(
        default=1, ge=1, description="Of a speech: in how many dialogue lines it is said. A parenthetical in it begins a new one."
    )


class Shot(Part):
    """One shot: a camera position and what happens in front of it."""

    id: str = Field(pattern=CLIP_PATTERN, description="Its name, whatever scene it stands in now.")
    scene: str = Field(pattern=SCENE_PATTERN, description="The scene that it stands in.")
    size: ShotSize = ShotSize.MS
    angle: Angle = Angle.EYE_LEVEL
    move: CameraMove = CameraMove.STATIC
    lens_mm: int = Field(default=35, ge=8, le=1200)
    action: str = ""
    characters: tuple[str, ...] = Field(default=(), description="Keys of the characters in frame.")
    postures: dict[str, Posture] = Field(default_factory=dict, description="Who sits, lies or kneels, by key; all others stand.")
    location: str | None = None
    interior: bool | None = Field(
        default=None, description="Inside or outside, where that is not the side that the bible has of the location."
    )
    time_of_day: TimeOfDay | None = None
    style_profile: Key | None = Field(default=None, description="Profile of the style bible, such as ``flashback``.")
    dialogue: tuple[DialogueLine, ...] = ()
    props: tuple[str, ...] = ()
    insert: str = Field(default="", description="The thing that a close shot shows instead of a person: hands, letter, phone ...")
    continuity: str = Field(default="", description="What must match the shots before and after it.")
    beats: tuple[str, ...] = ()
    transition: str = ""
    seconds: float | None = Field(default=None, gt=0.0, le=60.0)
    readable_text: str = ""
    sources: tuple[ShotSource, ...] = Field(default=(), description="The elements of the scene file that it covers, in order.")
    by_rule: bool = Field(default=False, description="Added by rule, because a language model left these elements out.")


class Shotlist(Document):
    """``story/04_shotlist.yaml``."""

    shots: tuple[Shot, ...] = ()
    retired: tuple[str, ...] = Field(
        default=(), description="Ids of shots that are gone: their clips are out of the film; never given to anything else."
    )
    remembered: tuple[Remembered, ...] = Field(
        default=(), description="By which words shots were known that are gone, or that have other words now."
    )
    made_of: dict[str, str] = Field(
        default_factory=dict,
        description="Of every scene that was broken down by rule, what its shots were made of: they stay while it is the same.",
    )
