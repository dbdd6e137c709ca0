import json
import struct

import pytest

from vtx_dagster.core.errors import InvalidRequestError, MissingInputError
from vtx_dagster.engines.ltx.diffusers_model import lora_problems, model_fingerprint


def write_tensors(path, names):
    """Write a safetensors file with a number in each tensor."""
    facts = {name: {"dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]} for i, name in enumerate(names)}
    header = json.dumps(facts).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 4 * len(names))
    return path


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "ltx2"
    folder.mkdir()
    (folder / "model_index.json").write_text('{"_class_name": "LTX2Pipeline"}', encoding="utf-8")
    write_tensors(folder / "transformer" / "a-00001-of-00002.safetensors", ["proj_in.weight"])
    write_tensors(folder / "transformer" / "a-00002-of-00002.safetensors", ["transformer_blocks.0.attn1.to_q.weight"])
    return folder


def test_the_fingerprint_changes_with_any_file(model):
    before = model_fingerprint(model)
    assert before == model_fingerprint(model)
    (model / "vae").mkdir()
    (model / "vae" / "config.json").write_text("{}", encoding="utf-8")
    assert model_fingerprint(model) != before


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "no model in the layout of diffusers is there"),
        ("{", "no model in the layout of diffusers is there"),
        ("[]", "no model in the layout of diffusers is there"),
        ('{"_class_name": "FluxPipeline"}', "a model of FluxPipeline is there, and no LTX-2"),
        ("{}", "a model of None is there, and no LTX-2"),
    ],
    ids=["no index", "no JSON", "no object", "another model", "nameless"],
)
def test_a_folder_without_ltx2(model, text, reason):
    index = model / "model_index.json"
    index.unlink()
    if text is not None:
        index.write_text(text, encoding="utf-8")
    with pytest.raises(MissingInputError, match=f"VTX_DIFFUSERS_MODEL=.*{reason}"):
        model_fingerprint(model)


@pytest.mark.parametrize(
    "names",
    [
        [
            "transformer.transformer_blocks.0.attn1.to_q.lora_A.weight",
            "transformer.transformer_blocks.9.attn1.to_q.lora_A.weight",
        ],
        ["diffusion_model.transformer_blocks.0.attn1.to_q.lora_B.weight"],
        ["transformer_blocks.0.attn1.to_q.lora_down.weight"],
        ["diffusion_model.adaln_single.linear.lora_A.weight"],
        ["text_embedding_projection.aggregate_embed.lora_up.weight"],
    ],
    ids=["diffusers, one of two known", "LTX", "bare", "renamed by diffusers", "connectors"],
)
def test_loras_that_may_fit(model, tmp_path, names):
    assert list(lora_problems(write_tensors(tmp_path / "ink.safetensors", names), model)) == []


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["proj.weight"], "LoRA ink.safetensors has no keys of a LoRA (it has such as proj.weight)"),
        ([], "LoRA ink.safetensors has no keys of a LoRA (it has such as none)"),
        (
            ["transformer.transformer_blocks.5.attn7.to_q.lora_A.weight"],
            "LoRA ink.safetensors matches nothing in ltx2: it was made for another model (transformer_blocks.5.attn7.to_q)",
        ),
    ],
    ids=["no LoRA", "empty", "another model"],
)
def test_loras_that_fit_nothing(model, tmp_path, names, problem):
    assert list(lora_problems(write_tensors(tmp_path / "ink.safetensors", names), model)) == [problem]


def test_a_lora_that_was_cut_off(model, tmp_path):
    path = write_tensors(tmp_path / "ink.safetensors", ["a.lora_A.weight"])
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(InvalidRequestError):
        list(lora_problems(path, model))
