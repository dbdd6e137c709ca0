"""The vocabulary of a shot in the words that video models understand."""

from vtx_dagster.core.shot import Angle, Camera, CameraMove, Posture, ShotSize, TimeOfDay

SIZE_WORDS = {
    ShotSize.ECU: "extreme close-up",
    ShotSize.CU: "close-up",
    ShotSize.MCU: "medium close-up",
    ShotSize.MS: "medium shot",
    ShotSize.MWS: "medium wide shot",
    ShotSize.WS: "wide shot",
    ShotSize.EWS: "extreme wide shot",
}
ANGLE_WORDS = {
    Angle.EYE_LEVEL: "eye level",
    Angle.LOW: "low angle",
    Angle.HIGH: "high angle",
    Angle.OVERHEAD: "seen from directly overhead",
    Angle.DUTCH: "tilted Dutch angle",
    Angle.OVER_SHOULDER: "over the shoulder",
    Angle.POV: "point of view",
    Angle.PROFILE: "in profile",
}
MOVE_WORDS = {
    CameraMove.STATIC: "static camera",
    CameraMove.PAN_LEFT: "slow pan left",
    CameraMove.PAN_RIGHT: "slow pan right",
    CameraMove.TILT_UP: "slow tilt up",
    CameraMove.TILT_DOWN: "slow tilt down",
    CameraMove.DOLLY_IN: "slow dolly in",
    CameraMove.DOLLY_OUT: "slow dolly out",
    CameraMove.TRUCK_LEFT: "camera tracks left",
    CameraMove.TRUCK_RIGHT: "camera tracks right",
    CameraMove.CRANE_UP: "crane shot rising",
    CameraMove.CRANE_DOWN: "crane shot descending",
    CameraMove.ZOOM_IN: "slow zoom in",
    CameraMove.ZOOM_OUT: "slow zoom out",
    CameraMove.HANDHELD: "handheld camera",
}
POSTURE_WORDS = {Posture.SIT: "sitting", Posture.LIE: "lying down", Posture.KNEEL: "kneeling"}

TIME_WORDS = {
    TimeOfDay.DAWN: "at dawn",
    TimeOfDay.MORNING: "in the morning",
    TimeOfDay.DAY: "by day",
    TimeOfDay.AFTERNOON: "in the afternoon",
    TimeOfDay.DUSK: "at dusk",
    TimeOfDay.EVENING: "in the evening",
    TimeOfDay.NIGHT: "at night",
}


def camera_words(camera: Camera) -> str:
    """Return size, angle, move and lens: ``medium close-up, eye level, slow dolly in, 50 mm lens``."""
    return f"{SIZE_WORDS[camera.size]}, {ANGLE_WORDS[camera.angle]}, {MOVE_WORDS[camera.move]}, {camera.lens_mm} mm lens"
