"""A model in the layout of diffusers: what names its content, and whether a LoRA fits it. Only headers are read."""

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from vtx_dagster.core.errors import MissingInputError
from vtx_dagster.engines.ltx.model_files import fingerprint, transformer_modules
from vtx_dagster.engines.ltx.safetensors_header import read_header
from vtx_dagster.studio.files import FileIdentity, file_identity

SETTING: Final = "VTX_DIFFUSERS_MODEL"

_PREFIXES: Final = ("diffusion_model.", "transformer.")
_MARKS: Final = (".lora_A.", ".lora_B.", ".lora_down.", ".lora_up.")
_BLOCKS: Final = "transformer_blocks."


def model_fingerprint(model: Path) -> str:
    """Return what names the content of a model folder.

    Raises:
        MissingInputError: If no model is there, or one that is no LTX-2.
        StorageError: If it cannot be read.
    """
    try:
        kind = json.loads((model / "model_index.json").read_text(encoding="utf-8")).get("_class_name")
    except (OSError, ValueError, AttributeError) as error:
        raise MissingInputError(
            f"{SETTING}={model}: no model in the layout of diffusers is there (model_index.json): download one, or correct the "
            f"setting",
            setting=SETTING,
            path=str(model),
        ) from error
    if not str(kind).startswith("LTX2"):
        raise MissingInputError(
            f"{SETTING}={model}: a model of {kind} is there, and no LTX-2: correct the setting", setting=SETTING, path=str(model)
        )
    return fingerprint(model)


def lora_problems(lora: Path, model: Path) -> Iterator[str]:
    """Yield why a LoRA cannot be applied, in words; nothing if it can, or if only loading it will tell.

    Names outside the transformer's blocks differ between LTX and diffusers, which translates them: they are let through.

    Raises:
        MissingInputError: If the file is not there.
        InvalidRequestError: If it is no safetensors file, or was cut off.
    """
    modules, shown = _lora_modules(lora, file_identity(lora))
    if not modules:
        yield f"LoRA {lora.name} has no keys of a LoRA (it has such as {shown})"
        return
    blocks = {name for name in modules if name.startswith(_BLOCKS)}
    weights = sorted((model / "transformer").glob("*.safetensors"))
    if blocks and not any(blocks & transformer_modules(path) for path in weights):
        yield f"LoRA {lora.name} matches nothing in {model.name}: it was made for another model ({min(blocks)})"


@functools.lru_cache(maxsize=256)
def _lora_modules(lora: Path, _identity: FileIdentity | None) -> tuple[frozenset[str], str]:
    """Return what a LoRA changes, and the first of its keys; found once per process as long as it is the same file."""
    keys = read_header(lora).dtypes
    return frozenset(_module(key) for key in keys if any(mark in key for mark in _MARKS)), min(keys, default="none")


def _module(key: str) -> str:
    name = min((key.partition(mark)[0] for mark in _MARKS), key=len)
    prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix)), "")
    return name.removeprefix(prefix)
