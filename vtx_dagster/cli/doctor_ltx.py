"""What `vtx doctor` looks at of LTX: interpreter, version, where its flags are known from, devices and every model file."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from vtx_dagster.cli.findings import Finding, Level, tried
from vtx_dagster.core.clip import Pipeline
from vtx_dagster.core.errors import VtxError
from vtx_dagster.studio.settings import Settings

if TYPE_CHECKING:
    from vtx_dagster.engines.ltx.engine import LtxEngine

_REMEDY = "see docs/ltx.md"
_ENGINES = ("ltx_cli", "ltx_worker")


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
    from vtx_dagster.engines.ltx.capabilities import capabilities_folder, find_capabilities

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
    """Yield what each engine can render, and why not the rest: of the engine that is chosen, or of both, as profiles choose."""
    chosen = settings.get("VTX_ENGINE")
    reasons: list[str] = []
    for name in (chosen,) if chosen in _ENGINES else _ENGINES:
        engine = _engine(settings, name)
        problems = {pipeline: _problems(settings, engine, pipeline) for pipeline in Pipeline}
        ready = [pipeline.value for pipeline, found in problems.items() if not found]
        cannot = Level.FAIL if name == chosen else Level.WARN
        yield Finding(
            level=Level.OK if ready else cannot,
            what="pipelines",
            found=f"{name} can render {', '.join(ready) or 'none'}",
            remedy="" if ready else _REMEDY,
        )
        reasons += [problem for found in problems.values() for problem in found]
    yield from (Finding(level=Level.WARN, what="pipelines", found=reason) for reason in dict.fromkeys(reasons))


def _engine(settings: Settings, name: str) -> "LtxEngine | VtxError":
    from vtx_dagster.engines.ltx.engine import ltx_engine

    try:
        return ltx_engine(settings, is_resident=name == "ltx_worker")
    except VtxError as error:
        return error


def _problems(settings: Settings, engine: "LtxEngine | VtxError", pipeline: Pipeline) -> list[str]:
    """Return why a pipeline cannot be rendered; without an engine that is one reason, and models that are missing another."""
    try:
        if not isinstance(engine, VtxError):
            return [*engine.pipeline_problems(pipeline)]
        settings.require_model_paths(pipeline)
    except VtxError as error:
        return [error.message]
    return [engine.message]
