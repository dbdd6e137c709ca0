import json

import pytest
from pydantic import ValidationError

from vtx_dagster.core.plan import RenderPlan

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
    """The hash names every take on disk: a default added to the plan makes all of them stale, and must be meant."""
    assert plan().clip_hash() == "4472ac270c27b038e2ff3986c9f29f92711ff4eaafab46780805b341adb304b3"


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


@pytest.mark.parametrize("field", ["content_frames", "render_frames"])
def test_a_plan_has_frames(field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        plan(**{field: 0})
