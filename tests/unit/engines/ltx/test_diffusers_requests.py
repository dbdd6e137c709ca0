from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.clip import InputMode, Pipeline
from vtx_dagster.core.engines import RenderRequest
from vtx_dagster.core.plan import EngineIdentity, PlanInput, PlanLora, PlanModel, PlanPrevious, RenderPlan
from vtx_dagster.engines.ltx.diffusers_requests import DiffusersJobMaker, latent_index, memory_ladder
from vtx_dagster.engines.ltx.session import Step

IMAGE, OTHER, LORA, TAKE = "1" * 64, "2" * 64, "3" * 64, "4" * 64
FILES = {IMAGE: Path("/in/a.png"), OTHER: Path("/in/b.png"), LORA: Path("/in/ink.safetensors"), TAKE: Path("/takes/before.mp4")}


def plan_of(**changes):
    return RenderPlan(
        **{
            "clip": "A01_S01_SH001",
            "engine": EngineIdentity(name="diffusers", version="0.42"),
            "pipeline": Pipeline.TI2VID_ONE_STAGE,
            "mode": InputMode.I2V,
            "prompt": "A woman waits.",
            "negative_prompt": "blurry",
            "seed": 7,
            "width": 768,
            "height": 512,
            "fps": 24,
            "content_frames": 30,
            "render_frames": 33,
            "models": (PlanModel(role="diffusers", fingerprint="f" * 64),),
            **changes,
        }
    )


def job_of(*, width=768, height=512, **changes):
    maker = DiffusersJobMaker(model=Path("/models/ltx2"), ladder=memory_ladder("none", has_gpu=True))
    request = RenderRequest(plan=plan_of(**changes), files=FILES, output=Path("/out/clip.mp4"), log=Path("/out/clip.log"))
    return maker.job(request, width=width, height=height, output=Path("/out/clip.raw.mp4"))


def image(sha256=IMAGE, **changes):
    return PlanInput(role="image", sha256=sha256, **changes)


def test_a_text_becomes_a_request():
    job = job_of(num_inference_steps=20, guidance_scale=4.0, loras=(PlanLora(sha256=LORA, strength=0.8),))
    assert (job.clip, job.backend, job.output, dict(job.facts)) == ("A01_S01_SH001", "diffusers", Path("/out/clip.raw.mp4"), {})
    assert job.request == {
        "model": "/models/ltx2",
        "revision": "f" * 64,
        "pipeline": "LTX2Pipeline",
        "prompt": "A woman waits.",
        "negative_prompt": "blurry",
        "seed": 7,
        "width": 768,
        "height": 512,
        "num_frames": 33,
        "fps": 24,
        "num_inference_steps": 20,
        "guidance_scale": 4.0,
        "conditions": [],
        "loras": [{"path": "/in/ink.safetensors", "strength": 0.8, "sha256": LORA}],
    }


def test_a_smaller_picture_is_asked_for_where_memory_is_short():
    assert {"width": 384, "height": 256}.items() <= job_of(width=384, height=256).request.items()


@pytest.mark.parametrize(
    ("changes", "pipeline"),
    [
        ({"inputs": (image(),)}, "LTX2ImageToVideoPipeline"),
        ({"inputs": (image(strength=0.5),)}, "LTX2ConditionPipeline"),
        ({"inputs": (image(frame_index=9),)}, "LTX2ConditionPipeline"),
        ({"inputs": (image(), image(OTHER, frame_index=25))}, "LTX2ConditionPipeline"),
        ({"inputs": (image(),), "pipeline": Pipeline.KEYFRAME_INTERPOLATION}, "LTX2ConditionPipeline"),
        (
            {"previous": PlanPrevious(clip="A01_S01_SH000", clip_hash=TAKE, end_frame=30, frames=9)},
            "LTX2ConditionPipeline",
        ),
    ],
    ids=["first frame", "weakly", "later frame", "two images", "keyframes", "the end of a clip"],
)
def test_the_conditions_decide_the_class(changes, pipeline):
    assert job_of(**changes).request["pipeline"] == pipeline


def test_the_end_of_the_clip_before_is_the_beginning():
    previous = PlanPrevious(clip="A01_S01_SH000", clip_hash=TAKE, end_frame=30, frames=17, strength=0.9)
    job = job_of(previous=previous, inputs=(image(frame_index=25, strength=0.7),))
    assert job.request["conditions"] == [
        {"path": "/takes/before.mp4", "first": 13, "count": 17, "index": 0, "strength": 0.9},
        {"path": "/in/a.png", "index": 4, "strength": 0.7},
    ]
    assert dict(job.facts) == {}


def test_an_image_between_latent_frames_is_moved_and_said_to_be():
    job = job_of(inputs=(image(), image(OTHER, frame_index=12)))
    assert [condition["index"] for condition in job.request["conditions"]] == [0, 2]
    assert dict(job.facts) == {"moved_images": [{"sha256": OTHER, "frame": 12, "stands_at": 9}]}


@pytest.mark.parametrize(
    ("frame", "index"),
    [(0, 0), (1, 1), (4, 1), (5, 2), (9, 2), (12, 2), (13, 3), (25, 4), (32, 4)],
)
def test_latent_frames_of_33_frames(frame, index):
    assert latent_index(frame, num_frames=33) == index


@settings(max_examples=50)
@given(k=st.integers(1, 60), share=st.floats(0, 1))
def test_no_other_latent_frame_is_nearer(k, share):
    num_frames = 8 * k + 1
    frame = round(share * (num_frames - 1))
    places = [0, *(8 * (index - 1) + 1 for index in range(1, k + 1))]
    chosen = latent_index(frame, num_frames=num_frames)
    candidates = places if frame == 0 else places[1:]  # latent frame 0 is the first frame alone, and replaces it
    assert abs(places[chosen] - frame) == min(abs(place - frame) for place in candidates)


@pytest.mark.parametrize(
    ("offload", "has_gpu", "last_options"),
    [
        ("none", True, [{}, {"tiling": "on"}, {"tiling": "on", "offload": "model"}, {"tiling": "on", "offload": "sequential"}]),
        ("cpu", True, [{"tiling": "on", "offload": "model"}, {"tiling": "on", "offload": "sequential"}]),
        ("disk", True, [{"tiling": "on", "offload": "sequential"}]),
        ("cpu", False, [{}, {"tiling": "on"}]),
    ],
    ids=["none", "cpu", "disk", "no GPU"],
)
def test_the_ladder_begins_where_the_setting_says(offload, has_gpu, last_options):
    assert [dict(rung.options) for rung in memory_ladder(offload, has_gpu=has_gpu)] == last_options


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("step 3/30", Step(stage="rendering", done=3, total=30)),
        ("loading /models/ltx2", Step(stage="loading the model")),
        ("encoding the prompt", Step(stage="reading the prompt")),
        ("decoding", Step(stage="decoding")),
        ("encoding", Step(stage="writing the file")),
        ("Loading weights: 100%", None),
        ("step by step", None),
    ],
)
def test_lines_become_progress(line, step):
    maker = DiffusersJobMaker(model=Path("/models/ltx2"), ladder=())
    assert maker.step_of(line) == step
