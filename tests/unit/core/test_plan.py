import json

import pytest
from pydantic import Field, ValidationError, create_model

from vtx_dagster.core.document import Part
from vtx_dagster.core.plan import Drawing, RenderPlan
from vtx_dagster.core.shot import Camera


class LaterRig(Part):
    """A part that the camera of a later version has."""

    name: str = ""


FIELDS = {
    "clip": "A01_S01_SH001",
    "engine": {"name": "animatic", "version": "1"},
    "pipeline": "distilled",
    "mode": "t2v",
    "prompt": "Caf\u00e9 at night",
    "negative_prompt": "blurry",
    "seed": 7,
    "width": 512,
    "height": 288,
    "fps": 16,
    "content_frames": 48,
    "render_frames": 49,
}


def plan(**fields) -> RenderPlan:
    return RenderPlan.model_validate(FIELDS | fields)


def test_canonical_json_is_the_plan() -> None:
    text = plan().canonical_json()
    assert RenderPlan.model_validate_json(text) == plan()
    assert list(json.loads(text)) == sorted(json.loads(text))
    assert "Caf\u00e9 at night" in text
    assert '", "' not in text


def test_the_hash_does_not_depend_on_the_order_of_keys() -> None:
    assert RenderPlan.model_validate(dict(reversed(FIELDS.items()))).clip_hash() == plan().clip_hash()


def test_the_hash_is_pinned() -> None:
    """The hash names every take on disk: what changes it makes all of them stale, and must be meant."""
    assert plan().clip_hash() == "5481aedffd5ea01074d592ad0a563130a13ca23ae11c2cb3690624620e9999bc"


LaterCamera = create_model("LaterCamera", __base__=Camera, filters=(tuple[str, ...], ()), rig=(LaterRig, LaterRig()))
LaterDrawing = create_model("LaterDrawing", __base__=Drawing, camera=(LaterCamera, ...), weather=(str, ""))
LaterPlan = create_model(
    "LaterPlan",
    __base__=RenderPlan,
    scheduler=(str | None, None),
    loudness=(dict[str, float], Field(default_factory=dict)),
    drawing=(LaterDrawing | None, None),
)
"""The plan of a later version: it can say more at every depth."""

DRAWING = {
    "project": "film",
    "title": "",
    "camera": {"size": "MS"},
    "time_of_day": "night",
    "interior": False,
    "set": "room",
    "place": "",
    "palette": {},
    "figures": [],
    "dialogue": [{"character": "Mara", "text": "Yes."}],
}


@pytest.mark.parametrize("drawing", [None, DRAWING], ids=["not drawn", "drawn"])
def test_a_field_that_says_nothing_is_not_there(drawing: dict[str, object] | None) -> None:
    now, later = plan(drawing=drawing), LaterPlan.model_validate(FIELDS | {"drawing": drawing})
    assert later.canonical_json() == now.canonical_json()
    assert later.clip_hash() == now.clip_hash()
    assert not [nothing for nothing in ("null", '""', "[]", "{}") if nothing in now.canonical_json()]


def test_a_later_field_that_says_something_changes_the_hash() -> None:
    assert LaterPlan.model_validate(FIELDS | {"scheduler": "euler"}).clip_hash() != plan().clip_hash()
    wet = LaterPlan.model_validate(FIELDS | {"drawing": DRAWING | {"weather": "rain"}})
    assert wet.clip_hash() != plan(drawing=DRAWING).clip_hash()


def test_numbers_and_truth_are_said_even_where_they_are_zero() -> None:
    text = plan(inputs=[{"role": "image", "sha256": "ab", "strength": 0.0}], drawing=DRAWING).canonical_json()
    assert '"frame_index":0' in text
    assert '"strength":0.0' in text
    assert '"interior":false' in text


def test_an_item_that_says_nothing_keeps_its_place() -> None:
    """A list without one of its items would be another list."""

    class Marked(RenderPlan):
        marks: tuple[LaterRig, ...] = ()

    one, two = (Marked.model_validate(FIELDS | {"marks": marks}) for marks in ([{}, {"name": "a"}], [{"name": "a"}]))
    assert '"marks":[{},{"name":"a"}]' in one.canonical_json()
    assert one.clip_hash() != two.clip_hash()


@pytest.mark.parametrize(
    "change",
    [
        {"clip": "A01_S01_SH002"},
        {"engine": {"name": "animatic", "version": "2"}},
        {"pipeline": "ti2vid_one_stage"},
        {"mode": "i2v"},
        {"prompt": "Caf\u00e9 at dawn"},
        {"negative_prompt": ""},
        {"seed": 8},
        {"width": 640},
        {"height": 320},
        {"fps": 24},
        {"content_frames": 47},
        {"render_frames": 57},
        {"num_inference_steps": 8},
        {"guidance_scale": 3.0},
        {"inputs": [{"role": "image", "sha256": "ab"}]},
        {"loras": [{"sha256": "ab", "strength": 1.0}]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_everything_that_decides_pixels_changes_the_hash(change: dict[str, object]) -> None:
    assert plan(**change).clip_hash() != plan().clip_hash()


def test_what_repeats_the_previous_clip_is_not_in_the_file() -> None:
    alone = plan()
    assert (alone.echo_frames, alone.file_frames) == (0, alone.render_frames)
    previous = {"clip": "A01_S01_SH000", "clip_hash": "a" * 64, "end_frame": 40, "frames": 9}
    chained = plan(previous=previous)
    assert (chained.echo_frames, chained.file_frames) == (9, chained.render_frames - 9)
    assert len({alone.clip_hash(), chained.clip_hash(), plan(previous={**previous, "clip_hash": "b" * 64}).clip_hash()}) == 3


@pytest.mark.parametrize("field", ["content_frames", "render_frames"])
def test_a_plan_has_frames(field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        plan(**{field: 0})
