"""What `vtx doctor` looks at of LTX: interpreter, version, where its flags are known from, devices and every model file."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from vtx_dagster.cli.findings import Finding, Level, tried
from vtx_dagster.core.clip import Pipeline
from vtx_dagster.core.errors import VtxError
from vtx_dagster.studio.settings import Settings

_REMEDY = "see docs/ltx.md"


def look_at_ltx(settings: Settings) -> Iterator[Finding]:
    """Yield what was found of LTX; nothing where it is neither chosen nor set up. The interpreter is asked anew.

    Args:
        settings: Of a project or a studio.
    """
    chosen = (settings.get("VTX_ENGINE") or "").startswith("ltx")
    if not chosen and settings.lookup("VTX_LTX_PYTHON") is None:
        return
    yield _installation(settings)
    yield tried("devices", lambda: _devices(settings), settings)
    yield from _models(settings)
    yield from _pipelines(settings)


def _installation(settings: Settings) -> Finding:
    from vtx_dagster.engines.ltx.capabilities import find_capabilities
    from vtx_dagster.engines.ltx.engine import capabilities_folder

    try:
        settings.require("VTX_LTX_PYTHON")
        python = settings.path("VTX_LTX_PYTHON") or Path()
        found = find_capabilities(python, cache=capabilities_folder(settings), environ=os.environ, anew=True)
    except VtxError as error:
        return Finding(level=Level.FAIL, what="ltx", found=error.message, remedy=_REMEDY)
    packages = ", ".join(f"{name} {version}" for name, version in found.packages.items())
    told = f"{packages} at {python}; flags from {found.source}"
    if found.warning:
        return Finding(level=Level.WARN, what="ltx", found=f"{told}: {found.warning}", remedy=_REMEDY)
    return Finding(what="ltx", found=told)


def _devices(settings: Settings) -> str:
    from vtx_dagster.engines.ltx.devices import devices_of

    return ", ".join(device.name for device in devices_of(settings))


def _models(settings: Settings) -> Iterator[Finding]:
    from vtx_dagster.engines.ltx.engine import MODEL_SETTINGS

    for name in MODEL_SETTINGS:
        path = settings.path(name) if settings.lookup(name) is not None else None
        if path is not None and name not in ("LTX_MAX_FRAMES", "LTX_QUANTIZATION", "LTX_DISTILLED_LORA_STRENGTH"):
            yield tried(f"model {name}", lambda path=path: _described(path), settings)


def _described(path: Path) -> str:
    from vtx_dagster.engines.ltx.safetensors_header import read_header

    if path.is_dir():
        total = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        return f"folder of {total / 1e9:.1f} GB at {path}"
    header = read_header(path)
    kinds = ", ".join(kind for kind, _ in Counter(header.dtypes.values()).most_common(3))
    adapters = sum(name.endswith(".lora_A.weight") for name in header.dtypes)
    what = f"LoRA of {adapters} parts" if adapters else f"{len(header.dtypes)} tensors"
    return f"{header.size_bytes / 1e9:.1f} GB, {what} ({kinds}) at {path}"


def _pipelines(settings: Settings) -> Iterator[Finding]:
    """Yield which pipelines have their models, and why others cannot be rendered."""
    from vtx_dagster.engines.ltx.model_files import installation_problems

    ready: list[str] = []
    reasons: list[str] = []
    for pipeline in Pipeline:
        try:
            paths = settings.require_model_paths(pipeline)
            reasons += installation_problems(pipeline, paths, quantization=settings.get("LTX_QUANTIZATION"))
            ready.append(pipeline.value)
        except VtxError as error:
            reasons.append(error.message)
    yield Finding(
        level=Level.OK if ready else Level.WARN,
        what="pipelines",
        found=f"models are there for {', '.join(ready) or 'none'}",
        remedy="" if ready else _REMEDY,
    )
    yield from (Finding(level=Level.WARN, what="pipelines", found=reason) for reason in dict.fromkeys(reasons))
