"""The vocabulary of a shot: size, angle, move, time of day, and the lines spoken in it."""

from enum import StrEnum

from pydantic import Field

from vtx_dagster.core.document import Part


class ShotSize(StrEnum):
    """How much of a person is in frame, from eyes only (ECU) to a landscape with people in it (EWS)."""

    ECU = "ECU"
    CU = "CU"
    MCU = "MCU"
    MS = "MS"
    MWS = "MWS"
    WS = "WS"
    EWS = "EWS"


class Angle(StrEnum):
    """Where the camera stands relative to the subject."""

    EYE_LEVEL = "eye_level"
    LOW = "low"
    HIGH = "high"
    OVERHEAD = "overhead"
    DUTCH = "dutch"
    OVER_SHOULDER = "over_shoulder"
    POV = "pov"
    PROFILE = "profile"


class Posture(StrEnum):
    """How somebody is who does not stand."""

    SIT = "sit"
    LIE = "lie"
    KNEEL = "kneel"


class CameraMove(StrEnum):
    """What the camera does during the shot."""

    STATIC = "static"
    PAN_LEFT = "pan_left"
    PAN_RIGHT = "pan_right"
    TILT_UP = "tilt_up"
    TILT_DOWN = "tilt_down"
    DOLLY_IN = "dolly_in"
    DOLLY_OUT = "dolly_out"
    TRUCK_LEFT = "truck_left"
    TRUCK_RIGHT = "truck_right"
    CRANE_UP = "crane_up"
    CRANE_DOWN = "crane_down"
    ZOOM_IN = "zoom_in"
    ZOOM_OUT = "zoom_out"
    HANDHELD = "handheld"


class TimeOfDay(StrEnum):
    """The light of a scene."""

    DAWN = "dawn"
    MORNING = "morning"
    DAY = "day"
    AFTERNOON = "afternoon"
    DUSK = "dusk"
    EVENING = "evening"
    NIGHT = "night"


class Camera(Part):
    """How a shot is framed and moved."""

    size: ShotSize = ShotSize.MS
    angle: Angle = Angle.EYE_LEVEL
    move: CameraMove = CameraMove.STATIC
    lens_mm: int = Field(default=35, ge=8, le=1200, description="Focal length, full-frame equivalent, in millimetres.")


class DialogueLine(Part):
    """One speech, or the part of it that falls into one shot."""

    character: str = Field(description="Key of the speaker in characters.yaml.")
    text: str
    parenthetical: str = ""
    off_screen: bool = Field(default=False, description="Voice-over or off-screen: the speaker is not in frame.")
