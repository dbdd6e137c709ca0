import pytest

from vtx_dagster.core.shot import Angle, Camera, CameraMove, ShotSize, TimeOfDay
from vtx_dagster.core.shot_language import ANGLE_WORDS, MOVE_WORDS, SIZE_WORDS, TIME_WORDS, camera_words


@pytest.mark.parametrize(
    ("camera", "words"),
    [
        (Camera(), "medium shot, eye level, static camera, 35 mm lens"),
        (
            Camera(size=ShotSize.MCU, angle=Angle.LOW, move=CameraMove.DOLLY_IN, lens_mm=50),
            "medium close-up, low angle, slow dolly in, 50 mm lens",
        ),
    ],
    ids=["default", "dolly"],
)
def test_camera_words(camera: Camera, words: str) -> None:
    assert camera_words(camera) == words


def test_every_word_of_the_shot_language_is_known() -> None:
    for words, values in ((SIZE_WORDS, ShotSize), (ANGLE_WORDS, Angle), (MOVE_WORDS, CameraMove), (TIME_WORDS, TimeOfDay)):
        assert set(words) == set(values)
        assert len(set(words.values())) == len(words)
