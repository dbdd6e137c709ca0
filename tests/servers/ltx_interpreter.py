"""Makes interpreters that have a stand-in for LTX, and model files for it: real headers, weights of a few bytes."""

import json
import struct
import sys
from pathlib import Path

STAND_IN = Path(__file__).with_name("ltx_stand_in")


def make_interpreter(folder: Path, *, version: str = "1.2.0", like: str = "", break_parsers: bool = False) -> Path:
    """Return a program that runs this Python with a stand-in of that version.

    Args:
        folder: Where it is put.
        version: What its metadata say; empty for a Python without LTX.
        like: Which stand-in it has, where it is another than the version.
        break_parsers: Let the modules fail on import, so that they say nothing about their flags.
    """
    site = folder / f"site-{version or 'none'}"
    site.mkdir(parents=True, exist_ok=True)
    for name in ("ltx-pipelines", "ltx-core") if version else ():
        record = site / f"{name.replace('-', '_')}-{version}.dist-info"
        record.mkdir(exist_ok=True)
        (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    if break_parsers:
        (site / "ltx_pipelines").mkdir(exist_ok=True)
        (site / "ltx_pipelines/__init__.py").write_text("raise ImportError('libcudart.so.13: cannot open shared object file')\n")
    packages = STAND_IN / f"v{(like or version).replace('.', '_')}"
    python = folder / f"python-{version or 'none'}"
    path = ":".join(map(str, (site, packages, STAND_IN / "drawing")))
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{path}"\nexport PYTHONPATH\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return python


def write_safetensors(
    path: Path, tensors: dict[str, str] | list[str], *, metadata: dict[str, str] | None = None, cut: int = 0
) -> Path:
    """Write a safetensors file of tensors with two bytes each.

    Args:
        path: The file.
        tensors: Types by name; ``BF16`` for names alone.
        metadata: What its maker says.
        cut: How many bytes are missing at its end.
    """
    types = tensors if isinstance(tensors, dict) else dict.fromkeys(tensors, "BF16")
    header: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    for index, (name, kind) in enumerate(types.items()):
        header[name] = {"dtype": kind, "shape": [1], "data_offsets": [2 * index, 2 * index + 2]}
    text = json.dumps(header).encode()
    content = struct.pack("<Q", len(text)) + text + bytes(2 * len(types))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content[: len(content) - cut])
    return path


BLOCK = "transformer_blocks.0.attn1.to_q"


def make_models(root: Path) -> dict[str, str]:
    """Write every model file under ``models`` and return the settings that name them."""
    whole = [f"model.diffusion_model.{BLOCK}.weight", "vae.decoder.conv_in.weight"]
    files = {
        "LTX_CHECKPOINT": write_safetensors(root / "models/ltx-2.3-22b-dev.safetensors", whole),
        "LTX_DISTILLED_CHECKPOINT": write_safetensors(root / "models/ltx-2.3-22b-distilled.safetensors", whole),
        "LTX_SPATIAL_UPSAMPLER": write_safetensors(root / "models/upsampler.safetensors", ["conv.weight"]),
        "LTX_DISTILLED_LORA": make_lora(root / "models/distilled-lora.safetensors"),
    }
    gemma = root / "models/gemma"
    gemma.mkdir(exist_ok=True)
    (gemma / "config.json").write_text("{}")
    write_safetensors(gemma / "model.safetensors", ["embed.weight"])
    return {name: str(path) for name, path in files.items()} | {"LTX_GEMMA_ROOT": str(gemma)}


def make_lora(path: Path, *, block: str = BLOCK, prefix: str = "diffusion_model.") -> Path:
    """Write a LoRA for one block."""
    return write_safetensors(path, [f"{prefix}{block}.lora_A.weight", f"{prefix}{block}.lora_B.weight"])
