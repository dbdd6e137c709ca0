"""Model files: what names their content in plans, and what of them does not go together.

Weights have tens of gigabytes, so they are told apart by samples; LTX finds out what does not fit after minutes, or never.
"""

import functools
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vtx_dagster.core.clip import Pipeline
from vtx_dagster.core.errors import MissingInputError
from vtx_dagster.core.pipelines import PIPELINES
from vtx_dagster.core.plan import PlanModel
from vtx_dagster.engines.ltx.safetensors_header import SafetensorsHeader, read_header
from vtx_dagster.studio.files import FileIdentity, file_identity, storage_errors

SAMPLES: Final = 64
SAMPLE_BYTES: Final = 64 * 1024

ROLES: Final[Mapping[str, str]] = {
    "--checkpoint-path": "checkpoint",
    "--distilled-checkpoint-path": "checkpoint",
    "--transformer-path": "transformer",
    "--gemma-root": "text_encoder",
    "--text-encoder-path": "text_encoder",
    "--video-vae-path": "video_vae",
    "--audio-vae-path": "audio_vae",
    "--spatial-upsampler-path": "spatial_upsampler",
    "--distilled-lora": "distilled_lora",
}
"""What the plan calls a model file, by its flag. The duration head is not there: every render is told how long it is."""

TRANSFORMERS: Final = ("--checkpoint-path", "--distilled-checkpoint-path", "--transformer-path")

_CHECKED_ONLY: Final = ("--spatial-upsampler-path", "--text-encoder-path", "--video-vae-path", "--audio-vae-path")
_WHOLE_BYTES: Final = SAMPLES * SAMPLE_BYTES
_HEADER_BYTES: Final = 1 << 20
_SAYS_WHAT_IT_IS: Final = ("modelspec.title", "model_type", "variant", "name")
_PREFIXES: Final = ("model.diffusion_model.", "diffusion_model.", "transformer.", "model.")
_LORA_ENDS: Final = (".lora_A.weight", ".lora_B.weight")
_DISTILLED: Final = re.compile(r"(?<![a-z])distilled(?![a-z])")
_FULL: Final = re.compile(r"(?<![a-z])dev(?![a-z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineModels:
    """The model files of a pipeline, looked at.

    Attributes:
        paths: Files by flag.
        problems: What of them does not go together, in words.
        in_plan: What names them in plans.
    """

    paths: Mapping[str, Path]
    problems: tuple[str, ...]
    in_plan: tuple[PlanModel, ...]


def fingerprint(path: Path) -> str:
    """Return what names the content of a model file or folder: 64 hexadecimal digits.

    Of a file: the SHA-256 of its size, its first MiB (where safetensors have their header) and 64 evenly spaced samples of 64
    KiB; of all of it where that is no more. Of a folder: of the names and fingerprints of its files, hidden ones left out.
    Found once per process as long as nothing changes.

    Raises:
        MissingInputError: If there is nothing.
        StorageError: If it cannot be read.
    """
    if path.is_dir():
        lines = [f"{file.relative_to(path).as_posix()}\0{fingerprint(file)}\n" for file in _files_of(path)]
        return hashlib.sha256("".join(lines).encode()).hexdigest()
    identity = file_identity(path)
    if identity is None:
        raise MissingInputError(f"{path} is not there: put it back, or correct the setting that names it", path=str(path))
    return _fingerprint(str(path), identity)


def stamp_of(path: Path) -> str:
    """Return a text that changes whenever a model file or a file of a model folder does; opens nothing."""
    if path.is_dir():
        return ";".join(f"{file.relative_to(path).as_posix()}={stamp_of(file)}" for file in _files_of(path))
    identity = file_identity(path)
    return "-" if identity is None else ",".join(map(str, identity))


def plan_models(paths: Mapping[str, Path], *, distilled_lora_strength: float | None) -> tuple[PlanModel, ...]:
    """Return the models of a plan, by role.

    Args:
        paths: Model files by flag.
        distilled_lora_strength: Where it is not LTX's own.

    Raises:
        MissingInputError, StorageError: If one cannot be read.
    """
    return tuple(
        PlanModel(
            role=ROLES[flag],
            fingerprint=fingerprint(path),
            strength=distilled_lora_strength if flag == "--distilled-lora" else None,
        )
        for flag, path in sorted(paths.items())
        if flag in ROLES
    )


def pipeline_models(
    pipeline: Pipeline, paths: Mapping[str, Path], *, quantization: str | None, distilled_lora_strength: float | None
) -> PipelineModels:
    """Return what is to know of a pipeline's model files.

    Args:
        pipeline: The pipeline.
        paths: Model files by flag.
        quantization: What ``--quantization`` will be.
        distilled_lora_strength: Where it is not LTX's own.

    Raises:
        InvalidRequestError: If a file is damaged.
        MissingInputError: If one is not there.
        StorageError: If one cannot be read.
    """
    return PipelineModels(
        paths=paths,
        problems=tuple(_problems(pipeline, paths, quantization)),
        in_plan=plan_models(paths, distilled_lora_strength=distilled_lora_strength),
    )


def _problems(pipeline: Pipeline, paths: Mapping[str, Path], quantization: str | None) -> Iterator[str]:
    path = transformer_of(paths)
    transformer = read_header(path)
    for flag in _CHECKED_ONLY:
        if flag in paths:
            read_header(paths[flag])
    yield from _kind_problems(pipeline, path, transformer)
    yield from _quantization_problems(path, transformer, quantization)
    if "--distilled-lora" in paths:
        yield from lora_problems(paths["--distilled-lora"], path)


def transformer_of(paths: Mapping[str, Path]) -> Path:
    """Return the file with the transformer, of model files by flag."""
    return next(paths[flag] for flag in TRANSFORMERS if flag in paths)


def lora_problems(lora: Path, transformer: Path) -> tuple[str, ...]:
    """Return why a LoRA would do nothing: LTX passes over keys that it does not know, without a word.

    Found once per process as long as both are the same files.

    Raises:
        InvalidRequestError: If a file is damaged.
        MissingInputError: If one is not there.

    Source:
        ltx_core 1.2.0, ``loader/fuse_loras.py``: keys are ``[diffusion_model.]<module>.lora_A.weight`` and ``lora_B``.
    """
    return _lora_problems(lora, transformer, (file_identity(lora), file_identity(transformer)))


@functools.lru_cache(maxsize=256)
def _lora_problems(lora: Path, transformer: Path, _identities: tuple[FileIdentity | None, ...]) -> tuple[str, ...]:
    keys = read_header(lora).dtypes
    halves = [{_module(key, end) for key in keys if key.endswith(end)} for end in _LORA_ENDS]
    touched = halves[0] & halves[1]
    if not touched:
        shown = next(iter(sorted(keys)), "none")
        return (
            f"LoRA {lora.name} has no keys that LTX knows (it has such as {shown}): convert it to .lora_A.weight/.lora_B.weight",
        )
    if not touched & transformer_modules(transformer):
        return (f"LoRA {lora.name} matches nothing in {transformer.name}: it was made for another model ({min(touched)})",)
    return ()


def _module(key: str, end: str) -> str:
    return key.removesuffix(end).removeprefix("diffusion_model.")


def transformer_modules(path: Path) -> frozenset[str]:
    """Return the names of everything that has a weight in a transformer, as LTX calls them."""
    return _weight_names(str(path), file_identity(path))


@functools.lru_cache(maxsize=16)
def _weight_names(path: str, _identity: FileIdentity | None) -> frozenset[str]:
    names = (name.removesuffix(".weight") for name in read_header(Path(path)).dtypes if name.endswith(".weight"))
    return frozenset(_without_prefix(name) for name in names)


def _without_prefix(name: str) -> str:
    prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix)), "")
    return name.removeprefix(prefix)


def _kind_problems(pipeline: Pipeline, path: Path, header: SafetensorsHeader) -> Iterator[str]:
    """Yield whether a distilled model is where a full one belongs, or the other way round; grain comes of it, no error."""
    said = " ".join(header.metadata.get(key, "") for key in _SAYS_WHAT_IT_IS).lower()
    name = said if _DISTILLED.search(said) or _FULL.search(said) else path.name.lower()
    is_distilled = _DISTILLED.search(name) is not None
    is_full = not is_distilled and _FULL.search(name) is not None
    if PIPELINES[pipeline].is_guided and is_distilled:
        yield f"{pipeline} is guided and needs the full model, and {path.name} is a distilled one: correct LTX_CHECKPOINT"
    if not PIPELINES[pipeline].is_guided and is_full:
        yield f"{pipeline} needs the distilled model, and {path.name} is a full one: correct LTX_DISTILLED_CHECKPOINT"


def _quantization_problems(path: Path, header: SafetensorsHeader, quantization: str | None) -> Iterator[str]:
    """Yield whether weights are to be read as what they are not: LTX raises once it has loaded them, or renders noise.

    Source:
        ltx_core 1.2.0, ``quantization/``: ``fp8_scaled_mm.py`` wants ``.weight_scale`` beside weights of 8 bits, ``fp8_cast.py``
        casts to 8 bits what has more, ``nvfp4/prequant.py`` wants ``.weight_scale_2``.
    """
    ends = {name.rpartition(".")[2] for name in header.dtypes}
    if "weight_scale_2" in ends:
        kind, fitting, remedy = "4 bits", ("nvfp4-prequant",), "set it to nvfp4-prequant"
    elif not header.has_fp8:
        remedy = "remove it, or set it to fp8-cast or nvfp4-cast"
        kind, fitting = "16 bits or more", (None, "fp8-cast", "nvfp4-cast")
    elif "weight_scale" in ends:
        kind, fitting, remedy = "8 bits with scales", ("fp8-scaled-mm",), "set it to fp8-scaled-mm"
    else:
        kind, fitting, remedy = "8 bits without scales", ("fp8-cast",), "set it to fp8-cast"
    if quantization not in fitting:
        yield f"LTX_QUANTIZATION is {quantization or 'not set'}, and {path.name} has weights of {kind}: {remedy}"


def _files_of(folder: Path) -> list[Path]:
    with storage_errors(folder, doing="look at"):
        found = (path for path in folder.rglob("*") if not any(part.startswith(".") for part in path.relative_to(folder).parts))
        return sorted(path for path in found if path.is_file())


@functools.lru_cache(maxsize=4096)
def _fingerprint(name: str, identity: FileIdentity) -> str:
    path, size = Path(name), identity[0]
    digest = hashlib.sha256(f"{size}\n".encode())
    with storage_errors(path, doing="read"), path.open("rb") as file:
        if size <= _HEADER_BYTES + _WHOLE_BYTES:
            digest.update(file.read())
            return digest.hexdigest()
        digest.update(file.read(_HEADER_BYTES))
        for index in range(SAMPLES):
            file.seek((size - SAMPLE_BYTES) * index // (SAMPLES - 1))
            digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()
