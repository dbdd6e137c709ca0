"""The diffusers engine from end to end on the CPU: a real worker, real pipelines, conformed and verified clips."""

import os
import sys
import threading
import time
from contextlib import closing

import av
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from tiny_ltx2 import make_lora, make_tiny_ltx2

from vtx_dagster.core.clip import InputMode, Pipeline
from vtx_dagster.core.engines import RenderRequest, never
from vtx_dagster.core.errors import CancelledError, InvalidRequestError, RenderError
from vtx_dagster.core.plan import PlanInput, PlanLora, PlanPrevious, RenderPlan
from vtx_dagster.engines.ltx.diffusers_engine import diffusers_engine
from vtx_dagster.engines.ltx.worker_client import find_worker
from vtx_dagster.engines.verification import verify
from vtx_dagster.studio.settings import Setting, Settings

CLIP = "A01_S01_SH001"
LORA, IMAGE, TAKE = "1" * 64, "2" * 64, "3" * 64


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("studio")


@pytest.fixture(scope="module")
def model(folder):
    return make_tiny_ltx2(folder / "model")


def settings_of(values, root):
    layer = {name: Setting(name=name, value=value, source="test") for name, value in values.items()}
    return Settings(layers=(layer,), root=root)


@pytest.fixture(scope="module")
def engine(folder, model):
    values = {
        "VTX_DIFFUSERS_MODEL": str(model),
        "VTX_GPUS": "cpu",
        "VTX_WORKERS_DIR": str(folder / "w"),
        "VTX_WORKER_IDLE_S": "1",
    }
    return diffusers_engine(settings_of(values, folder))


@pytest.fixture(scope="module")
def session(engine):
    with engine.session() as session:
        yield session


@pytest.fixture(scope="module")
def files(folder, model):
    noise = np.random.default_rng(0).integers(0, 255, (90, 160, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "image.png")
    return {LORA: make_lora(folder / "ink.safetensors", model), IMAGE: folder / "image.png"}


def plan_of(engine, **changes):
    return RenderPlan(
        **{
            "clip": CLIP,
            "engine": engine.identity,
            "pipeline": Pipeline.TI2VID_ONE_STAGE,
            "mode": InputMode.T2V,
            "prompt": "A woman waits for a ferry.",
            "negative_prompt": "blurry",
            "seed": 7,
            "width": 64,
            "height": 64,
            "fps": 8,
            "content_frames": 16,
            "render_frames": 17,
            "num_inference_steps": 3,
            **changes,
        }
    )


@pytest.fixture
def render(engine, session, files, tmp_path):
    """Renders a plan with changes as production does: accepted, rendered, verified."""

    def render(*, name="clip.mp4", progress=lambda *_told: None, cancelled=never, known=files, **changes):
        plan = engine.accept(plan_of(engine, **changes), known)
        output = tmp_path / name
        request = RenderRequest(
            plan=plan, files=known, output=output, log=tmp_path / "log.txt", progress=progress, cancelled=cancelled
        )
        report = session.render(request)
        verify(output, plan)
        return output, report

    return render


def pictures(path):
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]).astype(np.int16)


def test_two_clips_one_load_and_what_the_takes_say(render):
    told = []
    first, report = render(name="one.mp4", progress=lambda *step: told.append(step))
    second, again = render(name="two.mp4", seed=8)
    assert (report.facts["model_loads"], again.facts["model_loads"]) == (1, 0)
    assert [step for step in told if step[2] == "rendering"] == [(done, 3, "rendering") for done in (1, 2, 3)]
    assert told[-2:] == [(0, 0, "decoding"), (0, 0, "writing the file")]
    assert report.gpu_s == 0
    assert report.facts["device"] == "cpu"
    assert report.facts["torch_device"] == "cpu"
    assert report.facts["conformed"]["picture"] == "copied"
    assert report.facts["conformed"]["sound"] == "kept"
    assert np.abs(pictures(first) - pictures(second)).mean() > 1


def test_an_image_a_lora_and_the_end_of_a_clip(render, files):
    plain, _ = render(name="plain.mp4")
    lora, report = render(name="lora.mp4", loras=(PlanLora(sha256=LORA, strength=1.0),))
    nothing, _ = render(name="nothing.mp4", loras=(PlanLora(sha256=LORA, strength=0.0),))
    image = PlanInput(role="image", sha256=IMAGE)
    i2v, _ = render(name="i2v.mp4", mode=InputMode.I2V, inputs=(image,))
    keyframes = (image, image.model_copy(update={"frame_index": 12}))
    between, moved = render(
        name="between.mp4",
        pipeline=Pipeline.KEYFRAME_INTERPOLATION,
        mode=InputMode.KEYFRAME_INTERPOLATION,
        inputs=keyframes,
    )
    previous = PlanPrevious(clip=CLIP, clip_hash=TAKE, end_frame=16, frames=9)
    after, _ = render(name="after.mp4", previous=previous, render_frames=25, known={**files, TAKE: plain})
    assert report.facts["loras"] == [{"sha256": LORA, "strength": 1.0, "file": "ink.safetensors"}]
    assert np.abs(pictures(lora) - pictures(plain)).mean() > 1
    assert (pictures(nothing) == pictures(plain)).all()
    assert np.abs(pictures(i2v) - pictures(plain)).mean() > 1
    assert moved.facts["moved_images"] == [{"sha256": IMAGE, "frame": 12, "stands_at": 9}]
    assert len(pictures(between)) == 17
    assert len(pictures(after)) == 16  # the echo of nine frames is cut off


def test_a_clip_that_fails_says_why_and_the_next_is_rendered(render, files, folder):
    other = folder / "other.safetensors"
    parts = ("lora_A", "lora_B")
    save_file({f"transformer.nothing.{part}.weight": torch.zeros(2, 2) for part in parts}, other)
    with pytest.raises((RenderError, InvalidRequestError), match="other"):
        render(loras=(PlanLora(sha256=TAKE, strength=1.0),), known={**files, TAKE: other})
    _, report = render(name="next.mp4")
    assert report.facts["model_loads"] == 0


def test_a_pipeline_that_diffusers_does_not_serve(render):
    with pytest.raises(InvalidRequestError, match=r"does not serve ic_lora: ltx_cli and ltx_worker do"):
        render(pipeline=Pipeline.IC_LORA)


def has_gone(pid: int) -> bool:
    """Say whether a process has ended. Its number is gone once the thread that waits for it has taken note, a moment later."""
    for _ in range(500):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


def test_calling_off_ends_the_process_and_leaves_nothing(render, engine, tmp_path):
    render(name="before.mp4")
    with closing(find_worker(engine._recipe(), engine.devices[0])) as worker:
        pid = worker.pid
    called_off = threading.Event()

    def progress(done, _total, stage):
        if stage == "rendering" and done == 2:
            called_off.set()

    with pytest.raises(CancelledError):
        render(progress=progress, cancelled=called_off.is_set, num_inference_steps=2000)
    assert has_gone(pid)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["before.mp4", "log.txt"]
    _, report = render(name="after.mp4")
    assert report.facts["model_loads"] == 1


def test_the_interpreter_may_be_named(engine, folder, model):
    values = {
        "VTX_DIFFUSERS_MODEL": str(model),
        "VTX_DIFFUSERS_PYTHON": sys.executable,
        "VTX_GPUS": "cpu",
        "VTX_WORKERS_DIR": str(folder / "w"),
    }
    named = diffusers_engine(settings_of(values, folder))
    assert named.identity == engine.identity
    assert named.installation.packages == engine.installation.packages
