from pathlib import Path

import pytest
from ltx_interpreter import make_interpreter, make_models, write_safetensors

from vtx_dagster.cli.doctor_ltx import look_at_ltx
from vtx_dagster.cli.findings import Finding, Level
from vtx_dagster.studio.settings import Settings


def look(root: Path, **environ: str) -> list[Finding]:
    return list(look_at_ltx(Settings.load(root, None, environ)))


def named(findings: list[Finding], what: str) -> list[Finding]:
    return [finding for finding in findings if finding.what == what]


def test_nothing_is_said_where_ltx_is_not_wanted(tmp_path: Path) -> None:
    assert look(tmp_path) == []
    assert look(tmp_path, VTX_ENGINE="animatic", **make_models(tmp_path)) == []


def test_an_installation_that_is_whole(tmp_path: Path) -> None:
    python = make_interpreter(tmp_path)
    found = look(tmp_path, VTX_LTX_PYTHON=str(python), VTX_GPUS="0,1", LTX_MAX_FRAMES="121", **make_models(tmp_path))
    assert {finding.level for finding in found} == {Level.OK}
    told = {finding.what: finding.found for finding in found}
    assert told["ltx"] == f"ltx-pipelines 1.2.0, ltx-core 1.2.0 at {python}; flags from table"
    assert told["devices"] == "gpu0, gpu1"
    assert told["model LTX_CHECKPOINT"] == f"0.0 GB, 2 tensors (BF16) at {tmp_path}/models/ltx-2.3-22b-dev.safetensors"
    assert told["model LTX_DISTILLED_LORA"].startswith("0.0 GB, LoRA of 1 parts (BF16)")
    assert told["model LTX_GEMMA_ROOT"] == f"folder of 0.0 GB at {tmp_path}/models/gemma"
    assert told["pipelines"].endswith("keyframe_interpolation, a2vid_two_stage, retake")
    assert "model LTX_MAX_FRAMES" not in told


def test_what_is_missing_is_told_with_a_remedy(tmp_path: Path) -> None:
    found = look(tmp_path, VTX_ENGINE="ltx_cli", VTX_GPUS="many")
    (ltx,) = named(found, "ltx")
    assert (ltx.level, ltx.remedy) == (Level.FAIL, "see docs/ltx.md")
    assert "VTX_LTX_PYTHON is not set" in ltx.found
    assert named(found, "devices")[0].level == Level.FAIL
    none, *reasons = named(found, "pipelines")
    assert (none.level, none.found) == (Level.FAIL, "ltx_cli can render none")
    assert len(reasons) == 8
    assert "ti2vid_two_stages needs LTX_CHECKPOINT, LTX_GEMMA_ROOT" in reasons[0].found


def test_what_does_not_go_together_is_told(tmp_path: Path) -> None:
    models = make_models(tmp_path)
    lora = write_safetensors(tmp_path / "lora.safetensors", ["lora_unet.lora_down.weight"])
    broken = write_safetensors(tmp_path / "up.safetensors", ["a"], cut=1)
    python = make_interpreter(tmp_path, version="7.0", like="1.2.0", break_parsers=True)
    changes = {"VTX_LTX_PYTHON": str(python), "LTX_DISTILLED_LORA": str(lora), "LTX_SPATIAL_UPSAMPLER": str(broken)}
    found = look(tmp_path, **models | changes)
    (ltx,) = named(found, "ltx")
    assert (ltx.level, ltx.found.rpartition(": ")[2]) == (
        Level.WARN,
        "ltx-pipelines 7.0 did not say which flags it has; those of 1.2.0 are sent",
    )
    assert named(found, "model LTX_SPATIAL_UPSAMPLER")[0].level == Level.FAIL
    ready, also, damaged = named(found, "pipelines")
    assert ready.found == "ltx_cli can render ti2vid_one_stage, retake"
    assert also.found == "ltx_worker can render ti2vid_one_stage, retake"
    assert "download it again" in damaged.found


def test_an_engine_that_is_there_without_models(tmp_path: Path) -> None:
    none, *reasons = named(look(tmp_path, VTX_ENGINE="ltx_cli", VTX_LTX_PYTHON=str(make_interpreter(tmp_path))), "pipelines")
    assert (none.level, none.found, len(reasons)) == (Level.FAIL, "ltx_cli can render none", 8)


def test_models_without_an_engine(tmp_path: Path) -> None:
    none, reason = named(look(tmp_path, VTX_ENGINE="ltx_worker", **make_models(tmp_path)), "pipelines")
    assert (none.level, none.found) == (Level.FAIL, "ltx_worker can render none")
    assert "VTX_LTX_PYTHON is not set" in reason.found


@pytest.mark.parametrize(
    ("version", "changes", "says"),
    [
        ("1.2.0", {"LTX_QUANTIZATION": "fp8-scaled-mm"}, "LTX_QUANTIZATION is fp8-scaled-mm"),
        ("1.2.0", {"LTX_QUANTIZATION": "nvfp4-cast", "LTX_OFFLOAD": "cpu"}, "do not go together"),
        ("1.0.0", {}, "ltx_worker needs ltx-pipelines 1.1.7"),
    ],
)
def test_where_nothing_can_be_rendered_it_is_not_green(tmp_path: Path, version: str, changes: dict[str, str], says: str) -> None:
    python = make_interpreter(tmp_path, version=version)
    found = look(tmp_path, VTX_ENGINE="ltx_worker", VTX_LTX_PYTHON=str(python), **make_models(tmp_path) | changes)
    none, *reasons = named(found, "pipelines")
    assert (none.level, none.found, none.remedy) == (Level.FAIL, "ltx_worker can render none", "see docs/ltx.md")
    assert any(says in reason.found for reason in reasons)


def test_what_a_version_lacks_is_told(tmp_path: Path) -> None:
    python = make_interpreter(tmp_path, version="1.0.0")
    ready, lacking = named(look(tmp_path, VTX_ENGINE="ltx_cli", VTX_LTX_PYTHON=str(python), **make_models(tmp_path)), "pipelines")
    assert "retake" not in ready.found
    assert "1.0.0 cannot render it: retake has no --distilled-checkpoint-path" in lacking.found
