"""The worker's jobs with real pipelines of diffusers on the CPU, in this process."""

import struct
import sys
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file, save_file
from tiny_ltx2 import SAMPLE_RATE_HZ, make_lora, make_tiny_ltx2

from vtx_dagster.core.plan import EngineIdentity, RenderPlan
from vtx_dagster.engines.conforming import conform
from vtx_dagster.engines.ltx.worker import diffusers_jobs
from vtx_dagster.engines.ltx.worker.diffusers_jobs import DiffusersJobs, says_out_of_memory
from vtx_dagster.engines.ltx.worker.jobs import JobError, load_jobs
from vtx_dagster.engines.verification import verify

NUM_FRAMES = 17


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_tiny_ltx2(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def lora(model, tmp_path_factory):
    return make_lora(tmp_path_factory.mktemp("lora") / "ink.safetensors", model)


@pytest.fixture(scope="module")
def jobs():
    """Jobs whose model stays loaded from test to test: what came before must not matter."""
    return DiffusersJobs()


@pytest.fixture(scope="module")
def plain(jobs, model, tmp_path_factory):
    """The clip of the plain request."""
    output = tmp_path_factory.mktemp("plain") / "clip.mp4"
    jobs.run(request_of(model), str(output), lambda _line: None)
    return output


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "image.png"
    noise = np.random.default_rng(0).integers(0, 255, (90, 160, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    return path


def request_of(model, **changes):
    return {
        "model": str(model),
        "revision": "1",
        "pipeline": "LTX2Pipeline",
        "prompt": "A woman waits for a ferry.",
        "negative_prompt": "blurry",
        "seed": 7,
        "width": 64,
        "height": 64,
        "num_frames": NUM_FRAMES,
        "fps": 8,
        "num_inference_steps": 3,
        **changes,
    }


def lora_of(path: Path, strength: float = 1.0, sha256: str = "a" * 64):
    return {"path": str(path), "strength": strength, "sha256": sha256}


def pictures(path: Path) -> NDArray[np.int16]:
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]).astype(np.int16)


def difference(path: Path, other: Path) -> float:
    return float(np.abs(pictures(path) - pictures(other)).mean())


@pytest.fixture
def render(jobs, model, tmp_path):
    """Renders a request with changes; returns the file, the facts and the lines."""

    def render(*, name="clip.mp4", **changes):
        output, lines = tmp_path / name, []
        facts = jobs.run(request_of(model) | changes, str(output), lines.append)
        return output, facts, lines

    return render


def test_the_worker_finds_these_jobs():
    assert isinstance(load_jobs("diffusers"), DiffusersJobs)
    assert {"diffusers", "torch", "transformers", "peft", "accelerate"} == set(DiffusersJobs().versions())


def test_a_package_that_is_not_there_has_no_version(monkeypatch):
    monkeypatch.setattr(diffusers_jobs, "PACKAGES", ("torch", "no-such-package"))
    assert set(DiffusersJobs().versions()) == {"torch"}


def test_two_clips_take_one_load(model, tmp_path):
    jobs, loads, lines = DiffusersJobs(), [], []
    for name in ("one", "two"):
        facts = jobs.run(request_of(model), str(tmp_path / f"{name}.mp4"), lines.append)
        loads.append(facts["model_loads"])
    assert loads == [1, 0]
    assert facts["torch_device"] == "cpu"
    assert facts["dtype"] == "float32"
    assert facts["peak_memory_bytes"] > 2**20
    assert facts["versions"]["diffusers"]
    assert facts["sound_rate_hz"] == SAMPLE_RATE_HZ
    assert facts["seconds"] > 0
    assert sum(line.startswith("loading") for line in lines) == 1
    assert difference(tmp_path / "one.mp4", tmp_path / "two.mp4") == 0


def test_model_files_that_changed_are_loaded_again(model, tmp_path):
    jobs = DiffusersJobs()
    loads = [
        jobs.run(request_of(model, revision=revision), str(tmp_path / "clip.mp4"), lambda _line: None)["model_loads"]
        for revision in ("1", "2", "2")
    ]
    assert loads == [1, 1, 0]


def test_the_file_needs_only_its_sound_encoded_again(plain, tmp_path):
    with av.open(str(plain)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        context = video.codec_context
        assert (context.name, context.pix_fmt, context.width, context.height) == ("h264", "yuv420p", 64, 64)
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
        assert (video.average_rate, audio.codec_context.name, audio.rate, audio.layout.name) == (
            8,
            "aac",
            SAMPLE_RATE_HZ,
            "stereo",
        )
        packets = [packet for packet in container.demux(video) if packet.dts is not None]
    assert len(packets) == NUM_FRAMES
    assert all(packet.pts == packet.dts for packet in packets)
    conform(plain, tmp_path / "conformed.mp4", num_frames=NUM_FRAMES, fps=8, width=64, height=64)
    plan = RenderPlan(
        clip="A01_S01_SH001",
        engine=EngineIdentity(name="diffusers", version="0.42"),
        pipeline="ti2vid_one_stage",
        mode="t2v",
        prompt="",
        negative_prompt="",
        seed=7,
        width=64,
        height=64,
        fps=8,
        content_frames=16,
        render_frames=NUM_FRAMES,
    )
    facts = verify(tmp_path / "conformed.mp4", plan)
    assert facts.num_frames == NUM_FRAMES


def test_progress_is_said_in_lines(render):
    _, _, lines = render()
    assert lines[-6:] == ["encoding the prompt", "step 1/3", "step 2/3", "step 3/3", "decoding", "encoding"]


def test_the_seed_decides(render, plain):
    same, _, _ = render()
    other, _, _ = render(name="other.mp4", seed=8)
    assert difference(same, plain) == 0
    assert difference(other, plain) > 1


def test_guidance_and_steps_may_be_left_to_diffusers(render, plain, model):
    assert difference(render(guidance_scale=9.0)[0], plain) > 0
    _, _, lines = render(num_inference_steps=None, num_frames=1, width=32, height=32)
    assert "step 30/30" in lines


def test_an_image_begins_the_clip(render, plain, image):
    conditions = [{"path": str(image), "index": 0, "strength": 1.0}]
    clip, facts, _ = render(pipeline="LTX2ImageToVideoPipeline", conditions=conditions)
    assert facts["model_loads"] == 0
    assert difference(clip, plain) > 1


def test_images_and_the_end_of_a_clip_condition_it(render, plain, image):
    window = {"path": str(plain), "first": 8, "count": 9, "index": 0, "strength": 1.0}
    still = {"path": str(image), "index": 2, "strength": 0.6}
    with_window, facts, _ = render(pipeline="LTX2ConditionPipeline", conditions=[window])
    with_both, _, _ = render(name="both.mp4", pipeline="LTX2ConditionPipeline", conditions=[window, still])
    assert facts["model_loads"] == 0
    assert difference(with_window, plain) > 0
    assert difference(with_both, with_window) > 0


def test_a_window_beyond_the_end_of_its_clip(render, plain):
    window = {"path": str(plain), "first": 10, "count": 9, "index": 0, "strength": 1.0}
    with pytest.raises(JobError, match="has no 9 frames from frame 10 on"):
        render(pipeline="LTX2ConditionPipeline", conditions=[window])


def test_a_lora_changes_the_picture_and_leaves_no_trace(render, plain, lora):
    strong, facts, lines = render(name="strong.mp4", loras=[lora_of(lora)])
    weak, _, _ = render(name="weak.mp4", loras=[lora_of(lora, 0.02)])
    nothing, _, _ = render(name="nothing.mp4", loras=[lora_of(lora, 0.0)])
    without, _, _ = render(name="without.mp4")
    assert facts["model_loads"] == 0
    assert f"loading {lora} at 1" in lines
    assert difference(strong, plain) > difference(weak, plain) > 0
    assert difference(nothing, plain) == 0
    assert difference(without, plain) == 0


@pytest.mark.filterwarnings("ignore:Already found a `peft_config`:UserWarning")  # which is what two LoRAs are
def test_two_loras_add_up(render, plain, lora, tmp_path):
    half = [lora_of(lora, 0.5), lora_of(lora, 0.5, "b" * 64)]
    both, _, _ = render(loras=half)
    one, _, _ = render(name="one.mp4", loras=[lora_of(lora)])
    assert difference(both, one) < difference(both, plain)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("transformer.nothing.lora_A.weight", "transformer.nothing.lora_B.weight"), "cannot be applied"),
        (("unet.nothing.lora_A.weight",), "fits no layer"),
    ],
    ids=["names no layer", "of another kind of model"],
)
def test_a_lora_of_another_model_is_refused(render, plain, tmp_path, names, reason):
    path = tmp_path / "other.safetensors"
    save_file({name: torch.zeros(2, 2) for name in names}, path)
    with pytest.raises(JobError, match=reason) as caught:
        render(loras=[lora_of(path, sha256="c" * 64)])
    assert caught.value.kind == "error"
    clip, facts, _ = render(name="after.mp4")
    assert facts["model_loads"] == 0
    assert difference(clip, plain) == 0


def test_a_lora_may_be_too_much_for_memory(render, lora, monkeypatch):
    def refuse(*_arguments, **_options):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr("diffusers.LTX2Pipeline.load_lora_weights", refuse)
    with pytest.raises(JobError) as caught:
        render(loras=[lora_of(lora)])
    assert caught.value.kind == "oom"


@pytest.mark.parametrize(
    "options", [{"tiling": "on"}, {"tiling": "on", "offload": "model"}], ids=lambda options: "+".join(options)
)
def test_saving_memory_changes_no_picture(render, plain, options):
    frugal, _, _ = render(options=options)
    again, _, _ = render(name="again.mp4")
    # Other kernels may round otherwise, which an encoder may turn into a level or two.
    assert difference(frugal, plain) < 0.5
    assert difference(again, plain) < 0.5


def test_weights_are_moved_layer_by_layer_where_memory_is_very_short(model):
    """On a CPU accelerate cannot run a model like that, so here it is only looked whether it was asked to."""
    loaded = diffusers_jobs._Model((str(model), "1"))
    frugal = loaded.arranged(request_of(model, options={"offload": "sequential"}), lambda _line: None)
    assert hasattr(frugal.transformer.proj_in, "_hf_hook")
    usual = loaded.arranged(request_of(model), lambda _line: None)
    assert not hasattr(usual.transformer.proj_in, "_hf_hook")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"pipeline": "StableDiffusionPipeline"}, "is not among LTX2Pipeline"),
        ({"options": {"offload": "moon"}}, "offload is 'moon'"),
    ],
    ids=["pipeline", "offload"],
)
def test_requests_that_make_no_sense(render, changes, reason):
    with pytest.raises(JobError, match=reason):
        render(**changes)


def test_a_folder_without_a_model(render, tmp_path):
    with pytest.raises(JobError, match="is no LTX-2 model in the layout of diffusers") as caught:
        render(model=str(tmp_path / "empty"))
    assert caught.value.kind == "error"


def test_numbers_that_are_none_become_an_error_and_no_black_clip(model, tmp_path):
    broken = tmp_path / "broken"
    make_tiny_ltx2(broken)
    weights = broken / "transformer" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(weights)
    save_file({name: torch.full_like(tensor, torch.nan) for name, tensor in tensors.items()}, weights)
    output = tmp_path / "clip.mp4"
    with pytest.raises(JobError, match=r"NaN.* damaged, or a LoRA"):
        DiffusersJobs().run(request_of(broken), str(output), lambda _line: None)
    assert not output.exists()


def test_a_frame_count_off_the_grid_is_noticed(render):
    with pytest.raises(JobError, match=r"a video of shape \[9, 64, 64, 3\] where \[12, 64, 64, 3\] was due"):
        render(num_frames=12)


@pytest.mark.parametrize(
    ("error", "is_memory"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)"), True),
        (MemoryError(), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory is a film"), False),
    ],
    ids=["torch", "allocator of the CPU", "cuBLAS", "Python", "shapes", "another kind of error"],
)
def test_how_too_little_memory_is_recognised(error, is_memory):
    assert says_out_of_memory(error) == is_memory


@pytest.mark.parametrize(
    ("error", "kind"),
    [(torch.OutOfMemoryError("CUDA out of memory."), "oom"), (RuntimeError("a bug"), "error")],
    ids=["memory", "a bug"],
)
def test_after_an_unforeseen_error_no_model_is_left(model, tmp_path, monkeypatch, capsys, error, kind):
    jobs, output = DiffusersJobs(), tmp_path / "clip.mp4"

    def fail(*_arguments, **_options):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr("diffusers.LTX2Pipeline.encode_prompt", fail)
        with pytest.raises(JobError, match=str(error)) as caught:
            jobs.run(request_of(model), str(output), lambda _line: None)
    assert caught.value.kind == kind
    assert caught.value.__cause__ is None
    assert "Traceback" in capsys.readouterr().err
    assert jobs.run(request_of(model), str(output), lambda _line: None)["model_loads"] == 1


def test_an_interpreter_without_torch_says_so(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(JobError, match="ModuleNotFoundError: import of torch") as caught:
        DiffusersJobs().run(request_of(model), str(tmp_path / "clip.mp4"), lambda _line: None)
    assert caught.value.kind == "error"


def test_an_interrupt_ends_it_at_the_next_step(model, tmp_path):
    lines = []

    def say(line):
        lines.append(line)
        if line == "step 2/3":
            raise KeyboardInterrupt

    output = tmp_path / "clip.mp4"
    with pytest.raises(KeyboardInterrupt):
        DiffusersJobs().run(request_of(model), str(output), say)
    assert lines[-1] == "step 2/3"
    assert not output.exists()


def test_an_output_that_cannot_be_written(render, tmp_path):
    with pytest.raises(JobError, match="cannot be written") as caught:
        render(name="no/such/folder.mp4")
    assert caught.value.kind == "storage"


def test_an_interrupt_leaves_no_part_of_a_file(jobs, model, tmp_path, monkeypatch):
    def stop(*_arguments, **_options):
        (tmp_path / "clip.mp4").write_bytes(struct.pack(">I", 32))
        raise KeyboardInterrupt

    monkeypatch.setattr(diffusers_jobs, "_encode", stop)
    with pytest.raises(KeyboardInterrupt):
        jobs.run(request_of(model), str(tmp_path / "clip.mp4"), lambda _line: None)
    assert not (tmp_path / "clip.mp4").exists()


def test_one_channel_of_sound_becomes_two():
    class Mono:
        num_timesteps = 1
        transformer = torch.nn.Linear(1, 1)

        def __call__(self, **_call):
            class Result:
                frames = np.zeros((1, 1, 32, 32, 3), dtype=np.float32)
                audio = torch.full((1, 1, 100), 2.0)

            return Result()

    request = request_of(Path(), width=32, height=32, num_frames=1)
    frames, sound = diffusers_jobs._generate(Mono(), request, lambda _line: None)
    assert frames.shape == (1, 32, 32, 3)
    assert sound.shape == (2, 100)
    assert (sound == 1.0).all()


def test_memory_of_a_gpu_is_measured(monkeypatch):
    calls = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda: calls.append("reset"))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: 5)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA H100")
    measure = diffusers_jobs._Measure()
    assert calls == ["reset"]
    assert {"torch_device": "NVIDIA H100", "peak_memory_bytes": 5}.items() <= measure.facts().items()
