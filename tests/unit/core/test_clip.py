import pytest
from pydantic import ValidationError

from vtx_dagster.core.clip import ClipInputs, ClipSpec, DurationHints, InputMode

IMAGE = {"file": "inputs/a.png"}
VIDEO = {"file": "inputs/a.mp4"}


def test_a_clip_needs_only_its_id() -> None:
    clip = ClipSpec(id="A01_S01_SH001")
    assert (clip.inputs.mode, clip.duration.beats, clip.seed) == (InputMode.T2V, 1, None)
    assert ClipSpec.model_validate_json(clip.model_dump_json()) == clip


@pytest.mark.parametrize("clip_id", ["A01", "A01_S01", "A1_S01_SH001", "../x", "A01_S01_SH001 ", "A01_S01_SH\u0660\u0661\u0662"])
def test_what_is_no_clip_id_is_refused(clip_id: str) -> None:
    with pytest.raises(ValidationError, match="id\n"):
        ClipSpec(id=clip_id)


@pytest.mark.parametrize("seed", [-1, 2**31])
def test_seeds_have_31_bits(seed: int) -> None:
    with pytest.raises(ValidationError, match="seed"):
        ClipSpec(id="A01_S01_SH001", seed=seed)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="text"),
        pytest.param({"mode": "i2v", "images": [IMAGE]}, id="image"),
        pytest.param({"mode": "i2v", "images": [IMAGE, IMAGE | {"at_s": 2.5, "strength": 0.5}]}, id="images"),
        pytest.param({"mode": "v2v", "video": VIDEO}, id="video"),
        pytest.param({"mode": "v2v", "video": VIDEO, "images": [IMAGE]}, id="video and image"),
        pytest.param({"mode": "keyframe_interpolation", "images": [IMAGE, IMAGE | {"at_s": 4}]}, id="keyframes"),
        pytest.param({"mode": "i2v", "images": [IMAGE | {"frame": 12}]}, id="image by frame"),
        pytest.param({"mode": "v2v", "video": VIDEO, "mask": IMAGE, "retake": {"start_s": 0, "end_s": 1}}, id="mask and range"),
        pytest.param({"audio": {"file": "inputs/a.wav", "start_s": 1.5}}, id="sound"),
        pytest.param({"from_previous": {}}, id="from the clip before"),
        pytest.param({"mode": "i2v", "from_previous": {"frames": 17, "clip": "A01_S01_SH001"}}, id="from an earlier clip"),
        pytest.param({"mode": "keyframe_interpolation", "images": [IMAGE], "from_previous": {}}, id="keyframe from before"),
    ],
)
def test_inputs_that_fit_their_mode(fields: dict[str, object]) -> None:
    assert ClipInputs.model_validate(fields).mode == fields.get("mode", "t2v")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        pytest.param({"images": [IMAGE]}, "mode t2v takes no images: use i2v or keyframe_interpolation", id="text with image"),
        pytest.param({"video": VIDEO}, "mode t2v takes no video", id="text with video"),
        pytest.param({"mode": "i2v"}, r"mode i2v needs at least 1 image\(s\), and 0 are given", id="image without"),
        pytest.param({"mode": "i2v", "images": [IMAGE], "video": VIDEO}, "mode i2v takes no video", id="image with video"),
        pytest.param({"mode": "v2v"}, "mode v2v needs a video", id="video without"),
        pytest.param({"mode": "keyframe_interpolation", "images": [IMAGE]}, "needs at least 2 image", id="one keyframe"),
        pytest.param({"mode": "i2v", "images": [IMAGE | {"at_s": -1}]}, "at_s", id="before the clip"),
        pytest.param({"mode": "i2v", "images": [IMAGE | {"strength": 1.1}]}, "strength", id="too strong"),
        pytest.param(
            {"mode": "i2v", "images": [IMAGE | {"frame": 1, "at_s": 1}]}, "give one of at_s and frame", id="two moments"
        ),
        pytest.param({"mode": "i2v", "images": [IMAGE | {"frame": -8}]}, "frame", id="negative frame"),
        pytest.param({"mask": IMAGE}, "mask is about a video", id="mask without video"),
        pytest.param({"retake": {"start_s": 0, "end_s": 1}}, "retake is about a video", id="range without video"),
        pytest.param(
            {"mode": "v2v", "video": VIDEO, "retake": {"start_s": 2, "end_s": 2}}, r"start_s \(2\) is not before", id="no range"
        ),
        pytest.param({"from_previous": {"frames": 12}}, r"frames \(12\) is not 8k \+ 1: use 9 or 17", id="off the grid"),
        pytest.param({"from_previous": {"frames": 57}}, "frames", id="too many frames"),
        pytest.param({"from_previous": {"clip": "A01_S01"}}, "clip", id="no clip"),
    ],
)
def test_inputs_that_do_not_fit_their_mode_are_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ClipInputs.model_validate(fields)


@pytest.mark.parametrize(
    "fields", [{"min_s": 2, "max_s": 2}, {"min_s": 3}, {"max_s": 3}, {"seconds": 60}], ids=["equal", "min", "max", "longest"]
)
def test_duration_hints(fields: dict[str, float]) -> None:
    assert DurationHints.model_validate(fields).model_dump(exclude_unset=True) == fields


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        pytest.param({"min_s": 3, "max_s": 2.5}, r"min_s \(3\) is above max_s \(2.5\)", id="limits cross"),
        pytest.param({"seconds": 0}, "seconds", id="zero"),
        pytest.param({"seconds": 61}, "seconds", id="too long"),
        pytest.param({"seconds": float("nan")}, "seconds", id="not a number"),
        pytest.param({"beats": -1}, "beats", id="negative beats"),
    ],
)
def test_bad_duration_hints_are_refused(fields: dict[str, float], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        DurationHints.model_validate(fields)
