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


def sound(path: Path, *, seconds: float = 3.0, loud_from_s: float = 0.0) -> Path:
    samples = np.zeros(round(seconds * 16_000), dtype=np.int16)
    start = round(loud_from_s * 16_000)
    samples[start:] = (12_000 * np.sin(2 * np.pi * 440 * np.arange(len(samples) - start) / 16_000)).astype(np.int16)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.tobytes())
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


@pytest.mark.parametrize("case", CASES)
def test_every_pipeline_renders_what_it_takes(studio: Studio, make_clip: Callable[..., Path], case: str) -> None:
    pipeline, given = CASES[case]
    steps = []
    report, output, plan = studio.render(
        studio.plan(pipeline, **given(studio, make_clip)), progress=lambda *step: steps.append(step)
    )
    facts: Any = report.facts
    assert facts["request"]["module"] == f"ltx_pipelines.{pipeline.value}"
    assert f"--prompt={plan.prompt}" in facts["request"]["argv"]
    assert facts["model_loads"] == 1
    assert facts["versions"]["ltx-pipelines"] == "1.2.0"
    assert [(one["outcome"], one["rung"], one["size"]) for one in facts["attempts"]] == [("done", "as configured", "128x64")]
    assert facts["conformed"]["picture"] == "encoded"
    assert report.gpu_s > 0
    assert (17, 17, "rendering") in steps
    assert {model.role for model in plan.models} >= {"checkpoint", "text_encoder"}
    assert sorted(path.name for path in output.parent.iterdir()) == ["clip.mp4", "log.txt"]
