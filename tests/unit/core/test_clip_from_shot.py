from vtx_dagster.core.clip import ClipSpec, DurationHints
from vtx_dagster.core.clip_from_shot import shot_to_clip
from vtx_dagster.core.shot import Angle, Camera, CameraMove, DialogueLine, ShotSize, TimeOfDay
from vtx_dagster.core.shotlist import Shot


def test_a_shot_becomes_a_clip_spec():
    line = DialogueLine(character="mara", text="Hello.")
    shot = Shot(
        id="A01_S02_SH010",
        scene="A01_S02",
        size=ShotSize.CU,
        angle=Angle.LOW,
        move=CameraMove.TILT_UP,
        lens_mm=85,
        action="Mara looks up.",
        characters=("mara",),
        location="pier",
        time_of_day=TimeOfDay.DUSK,
        style_profile="flashback",
        dialogue=(line,),
        props=("key",),
        continuity="Follows on.",
        beats=("Mara looks up.",),
        transition="CUT TO:",
        seconds=4.0,
        readable_text="EXIT",
    )
    assert shot_to_clip(shot) == ClipSpec(
        id="A01_S02_SH010",
        style_profile="flashback",
        prompt="Mara looks up.",
        camera=Camera(size=ShotSize.CU, angle=Angle.LOW, move=CameraMove.TILT_UP, lens_mm=85),
        action="Mara looks up.",
        characters=("mara",),
        location="pier",
        time_of_day=TimeOfDay.DUSK,
        props=("key",),
        dialogue=(line,),
        duration=DurationHints(seconds=4.0, beats=1, readable_text="EXIT"),
        transition="CUT TO:",
        notes="Follows on.",
    )
