"""What the LTX engine finds of its models and settings, without rendering anything."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ltx_interpreter import make_interpreter, make_lora, make_models

from vtx_dagster.core.clip import InputMode, Pipeline
from vtx_dagster.core.errors import InvalidRequestError, MissingInputError
from vtx_dagster.core.plan import EngineIdentity, PlanLora, RenderPlan
from vtx_dagster.engines.ltx.engine import LtxEngine, ltx_engine
from vtx_dagster.studio.settings import Settings

Make = Callable[..., LtxEngine]
PLAN = RenderPlan(
    clip="A01_S01_SH001",
    engine=EngineIdentity(name="ltx", version="1.2"),
    pipeline=Pipeline.DISTILLED,
    mode=InputMode.T2V,
    prompt="rain",
    negative_prompt="",
    seed=1,
    width=64,
    height=64,
    fps=16,
    content_frames=9,
    render_frames=9,
)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    models = make_models(tmp_path)

    def made(*, version: str = "1.2.0", is_resident: bool = False, **changes: str) -> LtxEngine:
        python = str(make_interpreter(tmp_path, version=version))
        environ = models | {"VTX_LTX_PYTHON": python, "VTX_WORKERS_DIR": str(tmp_path / "w"), "VTX_GPUS": "0"} | changes
        return ltx_engine(Settings.load(tmp_path, None, environ), is_resident=is_resident)

    return made


def test_models_are_looked_at_once_for_each_engine(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make()
    accepted, key = engine.accept(PLAN, {}), engine.key
    looks: list[Path] = []

    def looked(path: Path, *arguments: Any, **keywords: Any) -> Any:
        looks.append(path)
        raise AssertionError(path)

    with monkeypatch.context() as patched:
        for name in ("stat", "rglob", "exists", "open"):
            patched.setattr(Path, name, looked)
        assert (engine.accept(PLAN, {}), engine.key) == (accepted, key)
    assert looks == []
    Path(tmp_path / "models/gemma/config.json").write_text('{"another": 1}')
    assert engine.accept(PLAN, {}) == accepted
    assert make().accept(PLAN, {}) != accepted
    assert make().key != key
    assert make() == engine


def test_models_that_come_late_are_found(make: Make, tmp_path: Path) -> None:
    engine = make(LTX_SPATIAL_UPSAMPLER="late.safetensors")
    with pytest.raises(MissingInputError, match=r"late\.safetensors"):
        engine.accept(PLAN, {})
    make_lora(tmp_path / "late.safetensors")
    assert engine.accept(PLAN, {}).models


@pytest.mark.parametrize("offload", ["cpu", "disk"])
@pytest.mark.parametrize("quantization", ["nvfp4-cast", "fp8-cast", ""])
def test_offloading_goes_with_some_quantizations_only(make: Make, offload: str, quantization: str) -> None:
    engine = make(LTX_OFFLOAD=offload, LTX_QUANTIZATION=quantization)
    if quantization != "nvfp4-cast":
        assert engine.accept(PLAN, {}).quantization == (quantization or None)
        return
    with pytest.raises(
        InvalidRequestError, match=f"LTX_OFFLOAD={offload} and LTX_QUANTIZATION=nvfp4-cast do not go together.*remove one"
    ):
        engine.accept(PLAN, {})


def test_a_version_that_does_not_offload_is_not_asked_to(make: Make) -> None:
    engine = make(version="1.0.0", LTX_OFFLOAD="cpu", LTX_QUANTIZATION="nvfp4-cast")
    assert [*engine.pipeline_problems(Pipeline.DISTILLED)] == []


def test_a_pipeline_that_is_not_there(make: Make) -> None:
    engine = make()
    for flags in ({}, {"distilled": {"--gemma-root": None}}):
        object.__setattr__(engine.capabilities, "modules", flags)
        lacking = "it has no distilled" if not flags else "distilled has no --distilled-checkpoint-path, --spatial-upsampler-path"
        assert [*engine.pipeline_problems(Pipeline.DISTILLED)] == [
            f"ltx-pipelines 1.2.0 cannot render it: {lacking}: use another version or pipeline"
        ]


def test_a_lora_of_another_model_is_refused(make: Make, tmp_path: Path) -> None:
    lora = make_lora(tmp_path / "ink.safetensors", block="double_blocks.0.img_attn")
    plan = PLAN.model_copy(update={"loras": (PlanLora(sha256="1" * 64, strength=1.0),)})
    with pytest.raises(InvalidRequestError, match="matches nothing in"):
        make().accept(plan, {"1" * 64: lora})


@pytest.mark.parametrize("is_resident", [True, False])
def test_secrets_are_not_shown(make: Make, monkeypatch: pytest.MonkeyPatch, is_resident: bool) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_verysecret")
    engine = make(HF_TOKEN="hf_verysecret", is_resident=is_resident)
    assert engine.secrets == ("hf_verysecret",)
    with engine.session() as session:
        lanes: Any = session._lanes
        shown = repr((engine, getattr(lanes, "_recipe", lanes), lanes))
    assert "hf_verysecret" not in shown
