import pytest

from vtx_dagster.core.clip import InputMode, Pipeline, RetakeRange
from vtx_dagster.core.frames import STRIDE
from vtx_dagster.core.pipelines import PIPELINES, plan_problems
from vtx_dagster.core.plan import EngineIdentity, PlanInput, PlanLora, PlanPrevious, RenderPlan

PREVIOUS = PlanPrevious(clip="A01_S01_SH010", clip_hash="a" * 64, end_frame=40, frames=9)


def plan(pipeline: Pipeline, mode: InputMode = InputMode.T2V, *, roles: tuple[str, ...] = (), **fields: object) -> RenderPlan:
    return RenderPlan.model_validate(
        {
            "clip": "A01_S01_SH020",
            "engine": EngineIdentity(name="ltx", version="1.2"),
            "pipeline": pipeline,
            "mode": mode,
            "prompt": "A boat.",
            "negative_prompt": "",
            "seed": 7,
            "width": 1024,
            "height": 576,
            "fps": 16,
            "content_frames": 40,
            "render_frames": 41,
            "inputs": tuple(PlanInput(role=role, sha256="b" * 64) for role in roles),
            **fields,
        }
    )


LORA = (PlanLora(sha256="c" * 64, strength=1.0),)
RANGE = RetakeRange(start_s=1.0, end_s=2.0)

GOOD = {
    "two stages": plan(Pipeline.TI2VID_TWO_STAGES),
    "two stages, images and a previous clip": plan(
        Pipeline.TI2VID_TWO_STAGES, InputMode.I2V, roles=("image", "image"), previous=PREVIOUS
    ),
    "high quality": plan(Pipeline.TI2VID_TWO_STAGES_HQ),
    "one stage, on the finer grid": plan(Pipeline.TI2VID_ONE_STAGE, width=512, height=288),
    "distilled": plan(Pipeline.DISTILLED, InputMode.I2V, roles=("image",)),
    "steered by a masked video": plan(Pipeline.IC_LORA, InputMode.V2V, roles=("video", "mask"), loras=LORA),
    "key frames": plan(Pipeline.KEYFRAME_INTERPOLATION, InputMode.KEYFRAME_INTERPOLATION, roles=("image", "image")),
    "for a sound": plan(Pipeline.A2VID_TWO_STAGE, roles=("audio",)),
    "a part anew": plan(Pipeline.RETAKE, InputMode.V2V, roles=("video",), retake=RANGE),
}

BAD = {
    "size": (
        plan(Pipeline.TI2VID_TWO_STAGES, height=570),
        "1024x570: ti2vid_two_stages needs multiples of 64 (such as 1024x576)",
    ),
    "tiny size": (plan(Pipeline.RETAKE, InputMode.V2V, retake=RANGE, width=10, height=64), "(such as 32x64)"),
    "frames": (plan(Pipeline.DISTILLED, render_frames=40), "40 frames are not 8k + 1"),
    "mode": (
        plan(Pipeline.TI2VID_TWO_STAGES, InputMode.V2V, roles=("video",)),
        "ti2vid_two_stages does not take mode v2v but i2v, t2v; v2v is for ic_lora, retake",
    ),
    "sound missing": (plan(Pipeline.A2VID_TWO_STAGE), "a2vid_two_stage needs a sound (inputs.audio)"),
    "sound too many": (plan(Pipeline.DISTILLED, roles=("audio",)), "distilled takes no sound (inputs.audio)"),
    "range missing": (plan(Pipeline.RETAKE, InputMode.V2V, roles=("video",)), "retake needs a range (inputs.retake)"),
    "range too many": (plan(Pipeline.DISTILLED, retake=RANGE), "distilled takes no range (inputs.retake)"),
    "mask": (plan(Pipeline.RETAKE, InputMode.V2V, roles=("video", "mask"), retake=RANGE), "retake takes no mask"),
    "lora": (plan(Pipeline.IC_LORA, InputMode.V2V, roles=("video",)), "ic_lora needs a LoRA"),
    "retake of a chain": (
        plan(Pipeline.RETAKE, InputMode.V2V, roles=("video",), retake=RANGE, previous=PREVIOUS),
        "cannot continue from another clip (from_previous)",
    ),
}


def test_every_pipeline_is_in_the_table_and_here() -> None:
    assert set(PIPELINES) == set(Pipeline) == {good.pipeline for good in GOOD.values()}
    assert all(traits.size_multiple % STRIDE == 0 for traits in PIPELINES.values())


@pytest.mark.parametrize("good", GOOD.values(), ids=GOOD.keys())
def test_what_fits_has_no_problem(good: RenderPlan) -> None:
    assert list(plan_problems(good)) == []


@pytest.mark.parametrize(("bad", "reason"), BAD.values(), ids=BAD.keys())
def test_what_does_not_fit_has_one_that_says_why(bad: RenderPlan, reason: str) -> None:
    (problem,) = plan_problems(bad)
    assert reason in problem
