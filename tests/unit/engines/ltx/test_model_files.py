import os
from pathlib import Path

import pytest
from ltx_interpreter import BLOCK, make_lora, write_safetensors

from vtx_dagster.core.clip import Pipeline
from vtx_dagster.core.errors import InvalidRequestError, MissingInputError
from vtx_dagster.engines.ltx import model_files
from vtx_dagster.engines.ltx.model_files import fingerprint, lora_problems, pipeline_models, plan_models, stamp_of
from vtx_dagster.engines.ltx.safetensors_header import read_header

WEIGHT = f"model.diffusion_model.{BLOCK}.weight"


def problems(path: Path, pipeline: Pipeline = Pipeline.DISTILLED, *, quantization: str | None = None) -> tuple[str, ...]:
    flag = "--checkpoint-path" if pipeline == Pipeline.TI2VID_ONE_STAGE else "--transformer-path"
    return pipeline_models(pipeline, {flag: path}, quantization=quantization, distilled_lora_strength=None).problems


def test_a_header_tells_types_and_metadata(tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "a.safetensors", {"x": "BF16", "y": "F8_E4M3"}, metadata={"model_version": "2.3"})
    header = read_header(path)
    assert (header.dtypes, header.metadata) == ({"x": "BF16", "y": "F8_E4M3"}, {"model_version": "2.3"})
    assert header.has_fp8
    assert header.size_bytes == path.stat().st_size
    assert read_header(path) is header
    write_safetensors(path, ["z"])
    assert set(read_header(path).dtypes) == {"z"}
    assert not read_header(path).has_fp8


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no safetensors file"),
        (b"<html>not found</html>", "no safetensors file"),
        (b"\x02" + bytes(7) + b"no", "header cannot be read"),
        (b"\x02" + bytes(7) + b"[]", "header cannot be read"),
        (b"\x09" + bytes(7) + b'{"a": {}}', "header cannot be read"),
        (b"\x02" + bytes(7) + b"{}" + b"more", "it has 14 bytes and its header speaks of 10"),
    ],
)
def test_files_that_are_none(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    with pytest.raises(InvalidRequestError, match=f"{says}.*: download it again"):
        read_header(path)


def test_a_download_that_was_cut_off(tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "a.safetensors", ["x", "y"], cut=1)
    with pytest.raises(InvalidRequestError, match="its header speaks of"):
        read_header(path)
    with pytest.raises(MissingInputError, match="is not there"):
        read_header(tmp_path / "b.safetensors")


def test_a_fingerprint_follows_the_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_files, "_HEADER_BYTES", 1000)
    monkeypatch.setattr(model_files, "_WHOLE_BYTES", 4000)
    monkeypatch.setattr(model_files, "SAMPLE_BYTES", 10)
    path = tmp_path / "weights"
    large = bytearray(os.urandom(100_000))
    seen = []
    for place in (None, 0, 99_999, 999):
        if place is not None:
            large[place] ^= 1
        path.write_bytes(large)
        seen.append(fingerprint(path))
    assert len(set(seen)) == 4
    assert all(len(name) == 64 for name in seen)
    path.write_bytes(large + b"x")
    assert fingerprint(path) not in seen
    copy = tmp_path / "copy"
    copy.write_bytes(large)
    assert fingerprint(copy) == seen[-1]
    copy.write_bytes(b"small")
    small = fingerprint(copy)
    copy.write_bytes(b"smalt")
    assert fingerprint(copy) != small


def test_a_folder_is_its_files_and_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "gemma"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep/a").write_text("1")
    first, stamp = fingerprint(folder), stamp_of(folder)
    (folder / ".cache").mkdir()
    (folder / ".cache/lock").touch()
    assert (fingerprint(folder), stamp_of(folder)) == (first, stamp)
    (folder / "deep/a").rename(folder / "deep/b")
    second = fingerprint(folder)
    (folder / "deep/b").write_text("2")
    assert len({first, second, fingerprint(folder)}) == 3
    assert stamp_of(folder) != stamp
    assert stamp_of(tmp_path / "nothing") == "-"
    with pytest.raises(MissingInputError):
        fingerprint(tmp_path / "nothing")


def test_models_of_a_plan(tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "a.safetensors", ["x"])
    flags = ("--gemma-root", "--checkpoint-path", "--distilled-lora", "--duration-head-path")
    found = plan_models(dict.fromkeys(flags, path), distilled_lora_strength=0.5)
    assert [(model.role, model.strength) for model in found] == [
        ("checkpoint", None),
        ("distilled_lora", 0.5),
        ("text_encoder", None),
    ]


@pytest.mark.parametrize(
    ("name", "metadata", "pipeline", "says"),
    [
        ("ltx-2.3-22b-dev.safetensors", None, Pipeline.DISTILLED, "needs the distilled model"),
        ("ltx-2.3-22b-distilled.safetensors", None, Pipeline.TI2VID_ONE_STAGE, "needs the full model"),
        ("ltx-2.3-22b-distilled.safetensors", None, Pipeline.DISTILLED, ""),
        ("ltx-2.3-22b-dev-fp8.safetensors", None, Pipeline.TI2VID_ONE_STAGE, ""),
        ("mine.safetensors", None, Pipeline.DISTILLED, ""),
        ("development.safetensors", None, Pipeline.DISTILLED, ""),
        ("my-undistilled.safetensors", None, Pipeline.TI2VID_ONE_STAGE, ""),
        ("mine.safetensors", {"name": "undistilled"}, Pipeline.TI2VID_ONE_STAGE, ""),
        ("LTX_distilled2.safetensors", None, Pipeline.TI2VID_ONE_STAGE, "needs the full model"),
        ("mine.safetensors", {"modelspec.title": "LTX-2.3 distilled"}, Pipeline.TI2VID_ONE_STAGE, "needs the full model"),
        ("distilled.safetensors", {"variant": "dev"}, Pipeline.TI2VID_ONE_STAGE, ""),
    ],
)
def test_the_wrong_kind_of_model(
    tmp_path: Path, name: str, metadata: dict[str, str] | None, pipeline: Pipeline, says: str
) -> None:
    path = write_safetensors(tmp_path / name, [WEIGHT], metadata=metadata)
    found = problems(path, pipeline)
    assert len(found) == bool(says)
    assert says in "".join(found)


SCALED = {WEIGHT: "F8_E4M3", f"{WEIGHT}_scale": "F32"}
NVFP4 = {WEIGHT: "U8", f"{WEIGHT}_scale": "F8_E4M3", f"{WEIGHT}_scale_2": "F32"}


@pytest.mark.parametrize(
    ("tensors", "quantization", "says"),
    [
        ({WEIGHT: "BF16"}, None, ""),
        ({WEIGHT: "BF16"}, "fp8-cast", ""),
        ({WEIGHT: "BF16"}, "nvfp4-cast", ""),
        ({WEIGHT: "BF16"}, "fp8-scaled-mm", "has weights of 16 bits or more: remove it, or set it to fp8-cast or nvfp4-cast"),
        ({WEIGHT: "BF16"}, "nvfp4-prequant", "remove it"),
        (SCALED, "fp8-scaled-mm", ""),
        (
            SCALED,
            None,
            "LTX_QUANTIZATION is not set, and m.safetensors has weights of 8 bits with scales: set it",
        ),
        (
            SCALED,
            "fp8-cast",
            "is fp8-cast, and m.safetensors has weights of 8 bits with scales: set it to fp8-scaled-mm",
        ),
        ({WEIGHT: "F8_E4M3"}, "fp8-cast", ""),
        ({WEIGHT: "F8_E4M3"}, None, "has weights of 8 bits without scales: set it to fp8-cast"),
        ({WEIGHT: "F8_E4M3"}, "fp8-scaled-mm", "set it to fp8-cast"),
        (NVFP4, "nvfp4-prequant", ""),
        (NVFP4, "fp8-scaled-mm", "has weights of 4 bits: set it to nvfp4-prequant"),
        (NVFP4, None, "set it to nvfp4-prequant"),
    ],
)
def test_quantization_must_fit_the_weights(tmp_path: Path, tensors: dict[str, str], quantization: str | None, says: str) -> None:
    found = problems(write_safetensors(tmp_path / "m.safetensors", tensors), quantization=quantization)
    assert len(found) == bool(says)
    assert says in "".join(found)


@pytest.mark.parametrize("prefix", ["model.diffusion_model.", "diffusion_model.", ""])
@pytest.mark.parametrize("lora_prefix", ["diffusion_model.", ""])
def test_loras_that_match(tmp_path: Path, prefix: str, lora_prefix: str) -> None:
    transformer = write_safetensors(tmp_path / "m.safetensors", [f"{prefix}{BLOCK}.weight"])
    assert lora_problems(make_lora(tmp_path / "l.safetensors", prefix=lora_prefix), transformer) == ()


def test_loras_that_would_do_nothing(tmp_path: Path) -> None:
    transformer = write_safetensors(tmp_path / "m.safetensors", [WEIGHT])
    other = make_lora(tmp_path / "other.safetensors", block="double_blocks.0.img_attn")
    kohya = write_safetensors(tmp_path / "kohya.safetensors", ["lora_unet_x.lora_down.weight"])
    assert [*lora_problems(kohya, transformer), *lora_problems(other, transformer)] == [
        "LoRA kohya.safetensors has no keys that LTX knows (it has such as lora_unet_x.lora_down.weight): "
        "convert it to .lora_A.weight/.lora_B.weight",
        "LoRA other.safetensors matches nothing in m.safetensors: it was made for another model (double_blocks.0.img_attn)",
    ]
    make_lora(other)
    assert lora_problems(other, transformer) == ()


def test_the_models_of_a_pipeline(tmp_path: Path) -> None:
    lora = write_safetensors(tmp_path / "l.safetensors", ["x"])
    paths = {"--transformer-path": write_safetensors(tmp_path / "m.safetensors", [WEIGHT]), "--distilled-lora": lora}
    found = pipeline_models(Pipeline.TI2VID_TWO_STAGES, paths, quantization=None, distilled_lora_strength=0.5)
    assert found.paths == paths
    assert "LoRA l.safetensors has no keys that LTX knows" in "".join(found.problems)
    assert found.in_plan == plan_models(paths, distilled_lora_strength=0.5)
    damaged = write_safetensors(tmp_path / "up.safetensors", ["x"], cut=1)
    with pytest.raises(InvalidRequestError, match="download it again"):
        pipeline_models(
            Pipeline.DISTILLED, paths | {"--spatial-upsampler-path": damaged}, quantization=None, distilled_lora_strength=None
        )
