"""Clips through ``ltx_cli``, end to end, with a stand-in that decodes its inputs and writes real files."""

import hashlib
import os
import threading
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from ltx_interpreter import make_interpreter, make_lora, make_models
from PIL import Image

from vtx_dagster.core.clip import InputMode, Pipeline, RetakeRange
from vtx_dagster.core.engines import RenderEngine, RenderReport, RenderRequest
from vtx_dagster.core.errors import (
    BudgetError,
    CancelledError,
    EngineLostError,
    InvalidRequestError,
    MissingSettingError,
    OutOfMemoryError,
    RenderError,
    VerificationError,
    VtxError,
)
from vtx_dagster.core.plan import EngineIdentity, PlanInput, PlanLora, PlanPrevious, RenderPlan
from vtx_dagster.engines.choice import render_engine
from vtx_dagster.engines.ltx.jobs import Device
from vtx_dagster.engines.ltx.quarantine import note_failure
from vtx_dagster.engines.verification import verify
from vtx_dagster.studio.settings import Settings

CLIP = "A01_S01_SH001"
Files = dict[str, Path]


class Studio:
    """A studio with a stand-in for LTX; renders one clip after another."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.environ = {
            **make_models(root),
            "VTX_LTX_PYTHON": str(make_interpreter(root)),
            "VTX_WORKERS_DIR": str(root / "w"),
            "VTX_GPUS": "0,1",
        }
        self.files: Files = {}
        self._rendered = 0

    def settings(self, **changes: str) -> Settings:
        return Settings.load(self.root, None, self.environ | changes)

    def engine(self, name: str = "ltx_cli", **changes: str) -> RenderEngine:
        return render_engine(self.settings(**changes), name=name)

    def add(self, path: Path) -> str:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        self.files[sha256] = path
        return sha256

    def plan(self, pipeline: Pipeline = Pipeline.DISTILLED, **fields: Any) -> RenderPlan:
        return RenderPlan(
            **{
                "clip": CLIP,
                "engine": EngineIdentity(name="ltx", version="1.2"),
                "pipeline": pipeline,
                "mode": InputMode.T2V,
                "prompt": "--no words, -x",
                "negative_prompt": "",
                "seed": 7,
                "width": 128,
                "height": 64,
                "fps": 16,
                "content_frames": 17,
                "render_frames": 17,
                **fields,
            }
        )

    def render(
        self, plan: RenderPlan, engine: RenderEngine | None = None, **request: Any
    ) -> tuple[RenderReport, Path, RenderPlan]:
        engine = engine or self.engine()
        plan = engine.accept(plan, self.files)
        self._rendered += 1
        folder = self.root / f"scratch{self._rendered}"
        folder.mkdir()
        asked = RenderRequest(plan=plan, files=self.files, output=folder / "clip.mp4", log=folder / "log.txt", **request)
        with engine.session() as session:
            report = session.render(asked)
        verify(asked.output, plan)
        return report, asked.output, plan


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Studio:
    return Studio(tmp_path, monkeypatch)


def still(path: Path, shade: int = 200) -> Path:
    Image.new("RGB", (96, 64), (shade, 20, 20)).save(path)
    return path


def sound(path: Path, *, seconds: float = 3.0, loud_from_s: float = 0.0, channels: int = 1) -> Path:
    samples = np.zeros(round(seconds * 16_000), dtype=np.int16)
    start = round(loud_from_s * 16_000)
    samples[start:] = (12_000 * np.sin(2 * np.pi * 440 * np.arange(len(samples) - start) / 16_000)).astype(np.int16)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.repeat(channels).tobytes())
    return path


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]


def loudness(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.abs(np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)[0])


def red(picture: np.ndarray) -> float:
    return float(picture[..., 0].mean() - picture[..., 1].mean())


Given = Callable[[Studio, Callable[..., Path]], dict[str, Any]]


def plain(studio: Studio, make_clip: Callable[..., Path]) -> dict[str, Any]:
    return {}


def image(studio: Studio, make_clip: Callable[..., Path]) -> dict[str, Any]:
    sha256 = studio.add(still(studio.root / "still.png"))
    return {"mode": InputMode.I2V, "inputs": (PlanInput(role="image", sha256=sha256, frame_index=8, strength=0.9),)}


def keyframes(studio: Studio, make_clip: Callable[..., Path]) -> dict[str, Any]:
    shades = {0: 90, 8: 200, 16: 250}
    inputs = [
        PlanInput(role="image", sha256=studio.add(still(studio.root / f"{shade}.png", shade)), frame_index=frame)
        for frame, shade in shades.items()
    ]
    return {"mode": InputMode.KEYFRAME_INTERPOLATION, "inputs": tuple(inputs)}


def audio(studio: Studio, make_clip: Callable[..., Path]) -> dict[str, Any]:
    sha256 = studio.add(sound(studio.root / "voice.wav"))
    return {"inputs": (PlanInput(role="audio", sha256=sha256, start_s=0.5),)}


def steered(studio: Studio, make_clip: Callable[..., Path]) -> dict[str, Any]:
    video = studio.add(make_clip(studio.root / "pose.mp4", num_frames=20))
    mask = studio.add(make_clip(studio.root / "mask.mp4", num_frames=17, seed=3))
    lora = studio.add(make_lora(studio.root / "pose.safetensors"))
    return {
        "mode": InputMode.V2V,
        "inputs": (PlanInput(role="video", sha256=video, strength=0.8), PlanInput(role="mask", sha256=mask, strength=0.5)),
        "loras": (PlanLora(sha256=lora, strength=0.7),),
    }


def retake(studio: Studio, make_clip: Callable[..., Path]) -> dict[str, Any]:
    video = studio.add(make_clip(studio.root / "old.mp4", num_frames=17, width=128, height=64))
    return {
        "mode": InputMode.V2V,
        "inputs": (PlanInput(role="video", sha256=video),),
        "retake": RetakeRange(start_s=0.25, end_s=0.75),
    }


CASES: dict[str, tuple[Pipeline, Given]] = {
    "two stages": (Pipeline.TI2VID_TWO_STAGES, plain),
    "two stages from an image": (Pipeline.TI2VID_TWO_STAGES, image),
    "two stages, hq": (Pipeline.TI2VID_TWO_STAGES_HQ, image),
    "one stage": (Pipeline.TI2VID_ONE_STAGE, plain),
    "distilled": (Pipeline.DISTILLED, plain),
    "distilled from an image": (Pipeline.DISTILLED, image),
    "steered by a video and a mask": (Pipeline.IC_LORA, steered),
    "keyframes": (Pipeline.KEYFRAME_INTERPOLATION, keyframes),
    "for a sound": (Pipeline.A2VID_TWO_STAGE, audio),
    "a part anew": (Pipeline.RETAKE, retake),
}


@pytest.mark.parametrize("name", ["ltx_cli", "ltx_worker"])
@pytest.mark.parametrize("case", CASES)
def test_every_pipeline_renders_what_it_takes(studio: Studio, make_clip: Callable[..., Path], case: str, name: str) -> None:
    pipeline, given = CASES[case]
    steps = []
    report, output, plan = studio.render(
        studio.plan(pipeline, **given(studio, make_clip)),
        studio.engine(name, VTX_WORKER_IDLE_S="0"),
        progress=lambda *step: steps.append(step),
    )
    facts: Any = report.facts
    assert facts["request"]["module"] == f"ltx_pipelines.{pipeline.value}"
    assert f"--prompt={plan.prompt}" in facts["request"]["argv"]
    assert facts["model_loads"] == 1
    assert facts["versions"]["ltx-pipelines"] == "1.2.0"
    assert [(one["outcome"], one["rung"], one["size"]) for one in facts["attempts"]] == [("done", "as configured", "128x64")]
    assert facts["conformed"]["picture"] == "encoded"
    assert report.gpu_s > 0
    assert steps[:2] == [(0, 0, "reading the prompt"), (2, 2, "reading the prompt")]
    assert [step for step in steps if step[2] in ("rendering", "decoding")] == [
        (0, 8, "rendering"),
        (4, 8, "rendering"),
        (8, 8, "rendering"),
        (0, 0, "decoding"),
        (0, 0, "decoding"),
        *((done, 17, "decoding") for done in range(1, 18)),
    ]
    assert {model.role for model in plan.models} >= {"checkpoint", "text_encoder"}
    made = ["sound.wav"] if case == "for a sound" else []
    assert sorted(path.name for path in output.parent.iterdir()) == ["clip.mp4", "log.txt", *made]


def take(studio: Studio, make_clip: Callable[..., Path], *, frames: int = 25, end: int = 20, window: int = 9) -> PlanPrevious:
    """A previous take of which the film shows 20 frames, each of another shade."""

    def shade(index: int) -> np.ndarray:
        return np.full((64, 128, 3), 10 * index, dtype=np.uint8)

    path = make_clip(studio.root / "take.mp4", num_frames=frames, width=128, height=64, picture=shade)
    studio.files["a" * 64] = path
    return PlanPrevious(clip="A01_S01_SH000", clip_hash="a" * 64, end_frame=end, frames=window)


def test_a_clip_goes_on_from_the_frames_that_the_film_shows(studio: Studio, make_clip: Callable[..., Path]) -> None:
    previous = take(studio, make_clip)
    plan = studio.plan(previous=previous, render_frames=33, content_frames=20)
    report, output, _ = studio.render(plan)
    facts: Any = report.facts
    argv = facts["request"]["argv"]
    sent = [argv[place + 1 : place + 4] for place, word in enumerate(argv) if word == "--image"]
    assert [(Path(path).name, frame, strength) for path, frame, strength in sent] == [
        ("previous000.png", "0", "1"),
        ("previous008.png", "8", "1"),
    ]
    shades = [np.asarray(Image.open(path)).mean() for path, _, _ in sent]
    assert shades == pytest.approx([110, 190], abs=8)
    assert facts["conformed"]["because"] == "its first 9 frames repeat the previous clip"
    assert len(pictures(output)) == 24


@pytest.mark.parametrize("case", ["mono", "5.1", "too short"])
def test_ltx_is_given_stereo_that_lasts_as_long_as_the_render(studio: Studio, case: str) -> None:
    path = sound(studio.root / "a.wav", channels=6 if case == "5.1" else 1, seconds=0.75 if case == "too short" else 3.0)
    heard = PlanInput(role="audio", sha256=studio.add(path), start_s=0.25)
    report, output, _ = studio.render(studio.plan(Pipeline.A2VID_TWO_STAGE, inputs=(heard,)))
    facts: Any = report.facts
    argv = facts["request"]["argv"]
    assert argv[argv.index("--audio-start-time") + 1] == "0"
    with wave.open(argv[argv.index("--audio-path") + 1]) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 48_000, 17 * 3000)
    assert loudness(output)[:12_000].max() > 0.05


def test_sound_of_a_clip_that_goes_on_begins_after_the_echo(studio: Studio, make_clip: Callable[..., Path]) -> None:
    voice = studio.add(sound(studio.root / "voice.wav", seconds=3, loud_from_s=1.0))
    plan = studio.plan(
        Pipeline.A2VID_TWO_STAGE,
        previous=take(studio, make_clip),
        render_frames=33,
        content_frames=20,
        inputs=(PlanInput(role="audio", sha256=voice, start_s=0.5),),
    )
    _, output, _ = studio.render(plan)
    heard = loudness(output)
    assert heard[: round(0.46 * 48_000)].max() < 0.02
    assert heard[round(0.54 * 48_000) : round(0.6 * 48_000)].max() > 0.2


@pytest.mark.parametrize("name", ["ltx_cli", "ltx_worker"])
def test_sound_that_is_missing_becomes_silence(studio: Studio, name: str) -> None:
    engine = studio.engine(name, VTX_WORKER_IDLE_S="1")
    report, output, _ = studio.render(studio.plan(prompt="%mute%"), engine)
    facts: Any = report.facts
    assert facts["conformed"]["sound"] == "silence: the render has none"
    assert loudness(output).max() == 0


@pytest.mark.parametrize("offload", ["none", "cpu", "disk"])
def test_a_worker_renders_the_same_take(studio: Studio, offload: str) -> None:
    cli = studio.engine("ltx_cli")
    worker = studio.engine("ltx_worker", VTX_WORKER_IDLE_S="1", VTX_GPUS="0", LTX_OFFLOAD=offload)
    assert cli.identity == worker.identity == EngineIdentity(name="ltx", version="1.2")
    assert cli.accept(studio.plan(), {}).clip_hash() == worker.accept(studio.plan(), {}).clip_hash()
    assert (cli.concurrency, worker.concurrency, cli.draws) == (2, 1, False)
    first, one, _ = studio.render(studio.plan(), cli)
    second, two, _ = studio.render(studio.plan(), worker)
    third, _, _ = studio.render(studio.plan(seed=8), worker)
    assert [report.facts["model_loads"] for report in (first, second, third)] == [1, 1, int(offload != "none")]
    assert np.array_equal(pictures(one), pictures(two))


@pytest.mark.parametrize(
    ("word", "error", "says"),
    [
        ("%exit:3%", RenderError, "LTX failed with exit code 3"),
        ("%refuse%", RenderError, "ValueError: the prompt cannot be rendered"),
        ("%nothing%", RenderError, "wrote no file"),
        ("%garbage%", VerificationError, "cannot be read"),
        ("%short%", VerificationError, "it has 8 frames and not 17"),
        ("%slow-rate%", VerificationError, "it runs at 15 fps and not 16"),
        ("%oom%", OutOfMemoryError, "with as configured, expandable segments, offload cpu, offload disk tried"),
        ("%die%", EngineLostError, "killed by SIGKILL"),
    ],
)
def test_what_goes_wrong_is_told(studio: Studio, word: str, error: type[VtxError], says: str) -> None:
    with pytest.raises(error, match=says) as caught:
        studio.render(studio.plan(prompt=word), studio.engine(VTX_GPUS="0,1,2,3"))
    assert type(caught.value) is error
    gpu_s, attempts = caught.value.details["gpu_s"], caught.value.details["attempts"]
    assert isinstance(gpu_s, float)
    assert gpu_s > 0
    assert isinstance(attempts, list)
    assert len(attempts) == {OutOfMemoryError: 4, EngineLostError: 4}.get(error, 1)
    assert not list(studio.root.glob("scratch1/*.raw.mp4")) or error not in (VerificationError,)


def test_what_cannot_be_conformed_is_kept_for_a_look(studio: Studio) -> None:
    with pytest.raises(VerificationError):
        studio.render(studio.plan(prompt="%garbage%"))
    assert (studio.root / "scratch1/clip.mp4").read_bytes().startswith(b"<html>")


def test_the_ladder_is_climbed_once_for_clips_as_large(studio: Studio) -> None:
    engine = studio.engine()
    plan = engine.accept(studio.plan(prompt="%oom-unless:cpu%"), {})
    tried = []
    with engine.session() as session:
        for number, frames in enumerate((17, 25, 9)):
            sized = plan.model_copy(update={"render_frames": frames, "content_frames": frames})
            folder = studio.root / f"clip{number}"
            folder.mkdir()
            report = session.render(RenderRequest(plan=sized, output=folder / "clip.mp4", log=folder / "log.txt"))
            attempts: Any = report.facts["attempts"]
            tried.append([(one["rung"], one["outcome"]) for one in attempts])
    climbed = [("as configured", "out_of_memory"), ("expandable segments", "out_of_memory"), ("offload cpu", "done")]
    assert tried == [climbed, [("offload cpu", "done")], climbed]


def test_a_clip_that_fits_nowhere_slows_down_no_other(studio: Studio) -> None:
    engine = studio.engine()
    plan = engine.accept(studio.plan(prompt="%oom%"), {})
    with engine.session() as session:
        for name in ("one", "two"):
            (studio.root / name).mkdir()
        one, two = ((studio.root / name / "clip.mp4", studio.root / name / "log.txt") for name in ("one", "two"))
        with pytest.raises(OutOfMemoryError):
            session.render(RenderRequest(plan=plan, output=one[0], log=one[1]))
        report = session.render(RenderRequest(plan=plan.model_copy(update={"prompt": "fine"}), output=two[0], log=two[1]))
    attempts: Any = report.facts["attempts"]
    assert [(one["rung"], one["outcome"]) for one in attempts] == [("as configured", "done")]


def test_a_worker_gives_up_residence_before_it_offloads(studio: Studio) -> None:
    engine = studio.engine("ltx_worker", VTX_WORKER_IDLE_S="1", VTX_GPUS="0")
    report, _, plan = studio.render(studio.plan(prompt="%oom-if-kept%"), engine)
    facts: Any = report.facts
    assert [one["rung"] for one in facts["attempts"]] == ["as configured", "expandable segments", "weights read anew"]
    assert facts["request"]["models"] == [model.fingerprint for model in plan.models]


def test_a_smaller_picture_is_a_last_resort_that_is_told(studio: Studio) -> None:
    plan = studio.plan(prompt="%oom:5%", width=256, height=256)
    report, output, _ = studio.render(plan, may_degrade=True)
    facts: Any = report.facts
    assert [one["size"] for one in facts["attempts"]] == ["256x256"] * 4 + ["128x128", "64x64"]
    assert facts["degraded"].startswith("rendered at 64x64 and scaled up to 256x256: the memory of gpu")
    assert pictures(output)[0].shape == (256, 256, 3)


def test_a_lost_process_does_not_count_against_the_clip(studio: Studio) -> None:
    report, _, _ = studio.render(studio.plan(prompt="%die-once%"))
    facts: Any = report.facts
    assert [one["outcome"] for one in facts["attempts"]] == ["engine_lost", "done"]


def test_devices_that_lose_renders_again_and_again_are_left_out(studio: Studio) -> None:
    engine = studio.engine(VTX_GPUS="0")
    for _ in range(2):
        note_failure(studio.root / "w", Device(name="gpu0"), clip="A01_S01_SH009", reason="lost")
    with pytest.raises(EngineLostError, match="every device is left out"):
        studio.render(studio.plan(prompt="%die-loading%"), engine)


def test_a_render_that_hangs_ends_at_its_limit(studio: Studio) -> None:
    with pytest.raises(RenderError, match="still rendering after 1 s"):
        studio.render(studio.plan(prompt="%hang%"), studio.engine(VTX_RENDER_TIMEOUT_S="1"))


@pytest.mark.parametrize("limit_s", [0.5, 0.0])
def test_a_render_ends_with_the_budget(studio: Studio, limit_s: float) -> None:
    with pytest.raises(BudgetError, match=r"raise render\.budget_gpu_s"):
        studio.render(studio.plan(prompt="%hang%"), limit_s=limit_s)


def test_called_off_the_device_is_free_within_seconds(studio: Studio) -> None:
    is_off = threading.Event()
    threading.Timer(1.0, is_off.set).start()
    started = time.monotonic()
    with pytest.raises(CancelledError):
        studio.render(studio.plan(prompt="%hang%"), cancelled=is_off.is_set)
    assert time.monotonic() - started < 6
    studio.render(studio.plan(), studio.engine(VTX_GPUS="0"))


def test_secrets_stay_out_of_facts_and_logs(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_verysecret")
    engine = studio.engine(HF_TOKEN="hf_verysecret")
    report, output, _ = studio.render(studio.plan(prompt="hf_verysecret %tell:HF_TOKEN%"), engine)
    assert "hf_verysecret" not in str(report.facts)
    log = output.with_name("log.txt").read_text()
    assert "hf_verysecret" not in log
    assert "HF_TOKEN=***" in log


def test_a_process_has_its_device_and_not_our_packages(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    report, output, _ = studio.render(studio.plan(prompt="%tell:CUDA_VISIBLE_DEVICES%"), studio.engine(VTX_GPUS="3"))
    assert report.facts["device"] == "gpu3"
    assert "CUDA_VISIBLE_DEVICES=3" in output.with_name("log.txt").read_text()


def test_without_a_gpu_no_gpu_time_is_spent(studio: Studio) -> None:
    report, _, _ = studio.render(studio.plan(), studio.engine(VTX_GPUS="cpu"))
    assert (report.facts["device"], report.gpu_s) == ("cpu", 0.0)


def old(studio: Studio, name: str = "ltx_cli", **changes: str) -> RenderEngine:
    return studio.engine(name, VTX_LTX_PYTHON=str(make_interpreter(studio.root, version="1.0.0")), **changes)


def test_the_version_of_the_package_index_renders_too(studio: Studio, make_clip: Callable[..., Path]) -> None:
    engine = old(studio, LTX_OFFLOAD="cpu")
    assert engine.identity.version == "1.0"
    steps = []
    report, _, _ = studio.render(
        studio.plan(Pipeline.TI2VID_TWO_STAGES, **image(studio, make_clip)), engine, progress=lambda *step: steps.append(step)
    )
    facts: Any = report.facts
    assert [steps[0], steps[-1]] == [(8, 8, "working"), (17, 17, "working")]
    assert facts["left_out"] == ["LTX_OFFLOAD=cpu: ltx-pipelines 1.0.0 has no --offload"]
    assert (facts["flags_from"], facts["attempts"][0]["rung"]) == ("table", "as configured")


def test_the_version_of_the_package_index_cannot_do_everything(studio: Studio, make_clip: Callable[..., Path]) -> None:
    anew = studio.plan(Pipeline.RETAKE, **retake(studio, make_clip))
    with pytest.raises(InvalidRequestError, match=r"1\.0\.0 cannot render it: retake has no --distilled-checkpoint-path"):
        old(studio).accept(anew, studio.files)
    with pytest.raises(InvalidRequestError, match=r"ltx_worker needs ltx-pipelines 1\.1\.7"):
        old(studio, "ltx_worker").accept(studio.plan(), {})


def test_what_distilled_pipelines_have_no_use_for_is_told(studio: Studio) -> None:
    plan = studio.plan(negative_prompt="blurry", num_inference_steps=30, guidance_scale=3.0)
    report, _, _ = studio.render(plan)
    left_out: Any = report.facts["left_out"]
    assert left_out == [f"distilled takes no {name}" for name in ("negative_prompt", "num_inference_steps", "guidance_scale")]


def test_hq_has_strengths_of_its_own(studio: Studio) -> None:
    report, _, plan = studio.render(studio.plan(Pipeline.TI2VID_TWO_STAGES_HQ), studio.engine(LTX_DISTILLED_LORA_STRENGTH="0.5"))
    assert report.facts["left_out"] == [
        "LTX_DISTILLED_LORA_STRENGTH: ti2vid_two_stages_hq has a strength of its own for each stage"
    ]
    assert all(model.strength is None for model in plan.models)


def test_an_engine_is_a_value(studio: Studio) -> None:
    one, same, other = studio.engine(), studio.engine(), studio.engine(LTX_QUANTIZATION="fp8-cast")
    assert (one, hash(one), one.key) == (same, hash(same), same.key)
    assert one != other
    assert one.key != other.key
    key = one.key
    os.utime(studio.environ["LTX_CHECKPOINT"], (1, 1))
    assert one.key == key
    assert studio.engine().key != key


def test_models_and_what_is_done_to_them_are_in_the_plan(studio: Studio) -> None:
    plan = studio.plan(Pipeline.TI2VID_TWO_STAGES)
    plain_plan = studio.engine().accept(plan, {})
    changed = studio.engine(LTX_QUANTIZATION="fp8-cast", LTX_DISTILLED_LORA_STRENGTH="0.8").accept(plan, {})
    roles = {model.role: model for model in changed.models}
    assert sorted(roles) == ["checkpoint", "distilled_lora", "spatial_upsampler", "text_encoder"]
    assert (changed.quantization, roles["distilled_lora"].strength) == ("fp8-cast", 0.8)
    assert plain_plan.clip_hash() != changed.clip_hash()
    Path(studio.environ["LTX_SPATIAL_UPSAMPLER"]).write_bytes(Path(studio.environ["LTX_CHECKPOINT"]).read_bytes())
    assert studio.engine().accept(plan, {}).clip_hash() != plain_plan.clip_hash()


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"VTX_LTX_PYTHON": ""}, MissingSettingError, "VTX_LTX_PYTHON is not set"),
        ({"VTX_LTX_PYTHON": "/no/python"}, MissingSettingError, "there is no such interpreter"),
        ({"LTX_QUANTIZATION": "int4"}, InvalidRequestError, "LTX_QUANTIZATION: 'int4' is not one of"),
        ({"LTX_OFFLOAD": "moon"}, InvalidRequestError, "LTX_OFFLOAD"),
        ({"LTX_DISTILLED_LORA_STRENGTH": "much"}, InvalidRequestError, "is not a number"),
    ],
)
def test_settings_that_make_no_sense(studio: Studio, changes: dict[str, str], error: type[VtxError], says: str) -> None:
    with pytest.raises(error, match=says):
        studio.engine(**changes)


def test_a_plan_that_does_not_fit_is_refused_at_once(studio: Studio) -> None:
    with pytest.raises(InvalidRequestError, match="needs multiples of 64"):
        studio.engine().accept(studio.plan(width=100), {})
    with pytest.raises(MissingSettingError, match="LTX_DISTILLED_CHECKPOINT"):
        studio.engine(LTX_DISTILLED_CHECKPOINT="").accept(studio.plan(), {})
    guided = studio.environ["LTX_CHECKPOINT"]
    with pytest.raises(InvalidRequestError, match="distilled needs the distilled model"):
        studio.engine(LTX_DISTILLED_CHECKPOINT=guided).accept(studio.plan(), {})
