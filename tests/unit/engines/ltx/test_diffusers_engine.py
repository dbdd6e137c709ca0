"""The diffusers engine without diffusers: what it makes of settings and plans, and a worker that lacks its packages."""

import json
import struct
import sys
from importlib import metadata
from pathlib import Path

import pytest

from vtx_dagster.core.clip import InputMode, Pipeline
from vtx_dagster.core.engines import RenderRequest
from vtx_dagster.core.errors import InvalidRequestError, MissingInputError, MissingSettingError, RenderError
from vtx_dagster.core.plan import EngineIdentity, PlanLora, PlanModel, RenderPlan
from vtx_dagster.engines.ltx.diffusers_engine import diffusers_engine
from vtx_dagster.engines.ltx.diffusers_model import model_fingerprint
from vtx_dagster.engines.ltx.jobs import Device
from vtx_dagster.studio.settings import Setting, Settings

PACKAGES = {
    "diffusers": "0.42.1",
    "torch": "2.13.0",
    "transformers": "5.14.1",
    "accelerate": "1.15.0",
    "peft": "0.21.2",
    "av": "18.1.0",
}
LORA = "1" * 64


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "ltx2"
    (folder / "transformer").mkdir(parents=True)
    (folder / "model_index.json").write_text('{"_class_name": "LTX2Pipeline"}', encoding="utf-8")
    return folder


@pytest.fixture
def make(model, tmp_path, monkeypatch):
    """Makes an engine from settings, of an installation that has all packages."""
    monkeypatch.setattr(metadata, "version", PACKAGES.__getitem__)
    monkeypatch.setenv("PYTHONPATH", "/somewhere")

    def make(**changes):
        values = {
            "VTX_DIFFUSERS_MODEL": str(model),
            "VTX_GPUS": "cpu",
            "VTX_WORKERS_DIR": str(tmp_path / "w"),
            "VTX_WORKER_IDLE_S": "1",
            **changes,
        }
        layer = {name: Setting(name=name, value=value, source="test") for name, value in values.items()}
        return diffusers_engine(Settings(layers=(layer,), root=tmp_path))

    return make


def plan_of(engine, **changes):
    return RenderPlan(
        **{
            "clip": "A01_S01_SH001",
            "engine": engine.identity,
            "pipeline": Pipeline.TI2VID_ONE_STAGE,
            "mode": InputMode.T2V,
            "prompt": "A woman waits.",
            "negative_prompt": "",
            "seed": 7,
            "width": 96,
            "height": 64,
            "fps": 8,
            "content_frames": 16,
            "render_frames": 17,
            **changes,
        }
    )


def other_python(folder):
    """Make an interpreter that has nothing but the standard library, and says that it has all packages."""
    site = folder / "site"
    for name, version in PACKAGES.items():
        record = site / f"{name}-{version}.dist-info"
        record.mkdir(parents=True)
        (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={site} exec {sys.executable} -S "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    return python


def test_settings_make_an_engine(make, model, tmp_path):
    engine = make(LTX_OFFLOAD="cpu", VTX_RENDER_TIMEOUT_S="60", VTX_GPUS="0,1", OPENAI_API_KEY="sk-secret")
    assert engine.identity == EngineIdentity(name="diffusers", version="0.42")
    assert not engine.draws
    assert engine.concurrency == 2
    assert (engine.model, engine.python, engine.offload, engine.timeout_s) == (model, None, "cpu", 60)
    assert engine.secrets == ("sk-secret",)
    assert engine == make(LTX_OFFLOAD="cpu", VTX_RENDER_TIMEOUT_S="60", VTX_GPUS="0,1", OPENAI_API_KEY="sk-secret")
    assert engine != make()
    assert hash(engine) != hash(make())


def test_the_model_must_be_set(make):
    with pytest.raises(MissingSettingError, match="VTX_DIFFUSERS_MODEL is not set"):
        make(VTX_DIFFUSERS_MODEL="")


def test_model_files_are_looked_at_once_for_each_engine(make, model, monkeypatch):
    engine = make()
    before, accepted = engine.key, engine.accept(plan_of(engine), {})
    assert before == make().key
    (model / "transformer" / "config.json").write_text("{}", encoding="utf-8")
    with monkeypatch.context() as patched:
        for name in ("stat", "rglob", "glob", "open", "read_text"):
            patched.setattr(Path, name, None)
        assert (engine.key, engine.accept(plan_of(engine), {})) == (before, accepted)
    assert make().key != before
    assert make().accept(plan_of(engine), {}) != accepted


def test_no_secret_is_shown_and_every_one_is_cut_out(make, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_verysecret")
    engine = make(HF_TOKEN="hf_verysecret", OPENAI_API_KEY="sk-secret")
    assert engine.secrets == ("hf_verysecret", "sk-secret")
    assert engine._recipe().secrets == engine.secrets
    shown = repr((engine, engine._recipe()))
    assert not any(secret in shown for secret in engine.secrets)


def test_an_accepted_plan_names_the_model(make, model):
    engine = make()
    plan = plan_of(engine)
    accepted = engine.accept(plan, {})
    assert accepted == plan.model_copy(update={"models": (PlanModel(role="diffusers", fingerprint=model_fingerprint(model)),)})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"pipeline": Pipeline.DISTILLED}, "does not serve distilled: ltx_cli and ltx_worker do"),
        ({"width": 100}, "100x64: ti2vid_one_stage needs multiples of 32"),
        ({"render_frames": 16}, "16 frames are not 8k"),
    ],
    ids=["pipeline", "size", "frames"],
)
def test_plans_that_cannot_be_rendered(make, changes, reason):
    engine = make()
    with pytest.raises(InvalidRequestError, match=f"A01_S01_SH001: .*{reason}") as caught:
        engine.accept(plan_of(engine, **changes), {})
    assert len(caught.value.details["problems"]) == 1


def test_a_lora_of_another_model_is_refused_before_anything_is_loaded(make, tmp_path):
    engine, header = make(), json.dumps({"x.weight": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}).encode()
    lora = tmp_path / "ink.safetensors"
    lora.write_bytes(struct.pack("<Q", len(header)) + header)
    with pytest.raises(InvalidRequestError, match=r"LoRA ink\.safetensors has no keys of a LoRA"):
        engine.accept(plan_of(engine, loras=(PlanLora(sha256=LORA, strength=1.0),)), {LORA: lora})


def test_a_model_that_is_not_there(make, model):
    engine = make()
    (model / "model_index.json").unlink()
    with pytest.raises(MissingInputError, match="no model in the layout of diffusers is there"):
        engine.accept(plan_of(engine), {})


@pytest.mark.parametrize(
    ("gpus", "first", "num_rungs"),
    [("cpu", "as configured", 2), ("0", "offload model by model", 2)],
    ids=["without a GPU there is nothing to offload from", "with a GPU the setting holds"],
)
def test_a_session_begins_where_offloading_is_set(make, gpus, first, num_rungs):
    with make(VTX_GPUS=gpus, LTX_OFFLOAD="cpu").session() as session:
        ladder = session._maker.ladder
    assert (ladder[0].name, len(ladder)) == (first, num_rungs)


def test_workers_run_in_this_python_or_in_the_one_that_is_named(make, tmp_path):
    own = make()._recipe()
    named = make(VTX_DIFFUSERS_PYTHON=str(other_python(tmp_path)))._recipe()
    assert (own.python, own.env["PYTHONPATH"]) == (sys.executable, "/somewhere")
    assert named.python == str(tmp_path / "python")
    assert "PYTHONPATH" not in named.env
    assert named.env["HF_HUB_OFFLINE"] == "1"
    assert own.config_key == named.config_key
    assert list((tmp_path / ".cache" / "ltx").iterdir())


def test_a_worker_without_its_packages_says_so(make, tmp_path):
    engine = make(VTX_DIFFUSERS_PYTHON=str(other_python(tmp_path)))
    request = RenderRequest(plan=engine.accept(plan_of(engine), {}), output=tmp_path / "clip.mp4", log=tmp_path / "log.txt")
    with engine.session() as session, pytest.raises(RenderError, match="ModuleNotFoundError: No module named 'torch'"):
        session.render(request)
    assert engine.devices == (Device(name="cpu", visible=""),)
    assert not request.output.exists()
