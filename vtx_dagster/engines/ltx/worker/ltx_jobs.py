"""Jobs of LTX: a pipeline module's own ``main()``, in this process, with the pipeline that it builds kept for the next job.

A main of ``ltx_pipelines`` reads ``sys.argv``, builds one pipeline from a class that is a global of its module, calls it and
encodes what it returns. Here the class is replaced by what returns the pipeline of the last job, where it would be built
with the same arguments. The weights stay, because the pipeline is given a registry that keeps them, which only its Python
interface can do. Nothing else of a pipeline's signature is known here, so a new flag or pipeline needs no change.

Weights are not kept where they are streamed (``offload_mode``): that is asked for where memory is short, and upstream's streaming
from the computer's memory takes the tensors out of what a registry keeps, so that the next build would render from memory that
nobody has written (``StreamingModelBuilder._build_pinned_source`` in 1.2.0).
"""

import contextlib
import gc
import importlib
import importlib.metadata
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from vtx_dagster.engines.ltx.worker.failures import failure_kind
from vtx_dagster.engines.ltx.worker.jobs import JobError

PACKAGES: Final = ("ltx-pipelines", "ltx-core", "torch")
TOO_OLD: Final = (
    "ltx_worker needs ltx-pipelines 1.1.7 or later, whose pipelines can keep their weights: use ltx_cli, or update it"
)
"""1.1.7 (2026-07-07) is the first version whose constructors take an ``alloc_trim_strategy``."""

READ_ANEW: Final = {"weights": "anew"}
"""Option of a job, beside flags: the pipeline stays, and its weights leave the GPU after each stage, as with ``ltx_cli``."""

_ADDRESS: Final = re.compile(r" at 0x[0-9a-f]+")
_QUOTED: Final = re.compile(r"""'(/[^']+)'|"(/[^"]+)\"""")


class LtxJobs:
    """The resident pipeline, and what runs on it."""

    def __init__(self) -> None:
        self._key = ""
        self._pipeline: Any = None
        self._registry: Any = None
        self._loads = 0

    def versions(self) -> dict[str, str]:
        """Return the versions of LTX and torch, of those that are installed."""
        return dict(_versions())

    def run(self, request: Mapping[str, Any], output: str, say: Callable[[str], None]) -> dict[str, Any]:  # noqa: ARG002 - the interface is that of every kind of job
        """Run a module's ``main()``.

        Args:
            request: ``module``; ``argv`` without the program; ``options``, more flags, or ``READ_ANEW``; and ``models``, which
                tells apart files of the same path.
            output: The file that ``argv`` names, too.
            say: Not called, because what main prints is told anyway.

        Raises:
            JobError: If it failed. After a ``ValueError`` or where main ended itself the pipeline is kept, as upstream's own
                resident runner does; after anything else it is dropped.
        """
        options = request.get("options") or {}
        argv = [*request["argv"], *(f"{flag}={value}" for flag, value in options.items() if flag.startswith("--"))]
        keeps_weights = not READ_ANEW.items() <= options.items()
        self._loads = 0
        torch = _cuda()
        if torch:
            torch.cuda.reset_peak_memory_stats()
        try:
            module = importlib.import_module(request["module"])
            with _arguments(module, argv), self._residence(module, request.get("models"), keeps_weights=keeps_weights):
                module.main()
        except JobError:
            raise
        except SystemExit as error:
            if error.code not in (None, 0):
                code = error.code if isinstance(error.code, int) else 1
                told = f"it ended with exit code {code}" if isinstance(error.code, int) else str(error.code)
                raise JobError("exit", told, exit_code=code) from error
        except Exception as error:
            traceback.print_exc()
            failure = _failure(error)
            # The frames hold tensors, which could not be freed.
            traceback.clear_frames(error.__traceback__)
            if not isinstance(error, ValueError):
                self._drop()
            raise failure from error
        torch = _cuda()
        peak_bytes = torch.cuda.max_memory_allocated() if torch else None
        return {"model_loads": self._loads, "peak_memory_bytes": peak_bytes, "versions": self.versions()}

    @contextlib.contextmanager
    def _residence(self, module: ModuleType, models: Any, *, keeps_weights: bool) -> Iterator[None]:
        """Replace the pipeline's class in its module by what returns the resident one."""
        name, pipeline_class = _pipeline_class(module)
        signature = inspect.signature(pipeline_class)
        if not {"registry", "alloc_trim_strategy"} <= signature.parameters.keys():
            raise JobError("error", TOO_OLD)

        def resident(*args: Any, **keywords: Any) -> Any:
            # Methods may name their class, too; main builds one pipeline only.
            setattr(module, name, pipeline_class)
            keeps = keeps_weights and not _is_streamed(signature.bind(*args, **keywords).arguments)
            key = repr((keeps, models, _key_of(module.__name__, name, args, keywords)))
            if key != self._key:
                self._drop()
                self._registry = _new_registry(keeps_weights=keeps)
                trim = importlib.import_module("ltx_core.allocator_trim_strategy").AllocatorTrimStrategy
                kept = {"registry": self._registry, "alloc_trim_strategy": trim.DEFER if keeps else trim.TRIM}
                self._pipeline = pipeline_class(*args, **{**keywords, **kept})
                self._key = key
                self._loads = 1
            elif not keeps:
                self._loads = 1
            return self._pipeline

        setattr(module, name, resident)
        try:
            yield
        finally:
            setattr(module, name, pipeline_class)

    def _drop(self) -> None:
        """Free the pipeline and its weights."""
        if self._registry is not None:
            self._registry.clear()
        self._pipeline, self._registry, self._key = None, None, ""
        gc.collect()
        torch = _cuda()
        if torch:
            torch.cuda.empty_cache()


def _versions() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            yield package, importlib.metadata.version(package)


def _cuda() -> Any:
    """Return torch, if a job has loaded it and it has a GPU."""
    torch = sys.modules.get("torch")
    return torch if torch is not None and torch.cuda.is_available() else None


@contextlib.contextmanager
def _arguments(module: ModuleType, argv: list[str]) -> Iterator[None]:
    before = sys.argv
    sys.argv = [str(module.__file__), *argv]
    try:
        yield
    finally:
        sys.argv = before


def _pipeline_class(module: ModuleType) -> tuple[str, type]:
    """Return the one class of a module that its ``main`` mentions."""
    mentioned = inspect.unwrap(module.main).__code__.co_names
    named = ((name, getattr(module, name, None)) for name in mentioned)
    found = [(name, value) for name, value in named if inspect.isclass(value) and value.__module__ == module.__name__]
    if len(found) != 1:
        names = ", ".join(name for name, _ in found) or "none"
        raise JobError("error", f"{module.__name__}: main() should build one pipeline class of its module ({names}): use ltx_cli")
    return found[0]


def _is_streamed(arguments: Mapping[str, Any]) -> bool:
    """Say whether a pipeline is built to stream its weights: ``offload_mode`` is an enumeration whose values are the flag's."""
    mode = arguments.get("offload_mode")
    return mode is not None and getattr(mode, "value", mode) != "none"


def _new_registry(*, keeps_weights: bool) -> Any:
    registries = importlib.import_module("ltx_core.loader.registry")
    if hasattr(registries, "ModelRegistry"):
        return registries.ModelRegistry(cache_weights=keeps_weights)
    # Before 1.2.0 there was a class for each.
    return registries.StateDictRegistry() if keeps_weights else registries.DummyRegistry()


def _key_of(module: str, name: str, args: tuple[Any, ...], keywords: Mapping[str, Any]) -> str:
    """Return a text that is equal for pipelines that would be built alike from the same files.

    Callables of a quantization policy are made anew by each main: they count by name, not by address.
    """
    text = _ADDRESS.sub("", repr((module, name, args, sorted(keywords.items(), key=lambda item: item[0]))))
    return repr((text, [_state(Path(single or double)) for single, double in _QUOTED.findall(text)]))


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return (facts.st_size, facts.st_mtime_ns, facts.st_ino)


def _failure(error: Exception) -> JobError:
    text = f"{type(error).__name__}: {error}"
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return JobError("oom" if kinds & {"OutOfMemoryError", "MemoryError"} else failure_kind(text), text)
