import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from tiny_worker import TINY_LTX

from vtx_dagster.engines.ltx.worker import ltx_jobs
from vtx_dagster.engines.ltx.worker.jobs import JobError
from vtx_dagster.engines.ltx.worker.ltx_jobs import READ_ANEW, LtxJobs


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The tiny LTX in this process, and nothing of it afterwards."""
    monkeypatch.syspath_prepend(str(TINY_LTX))
    yield importlib.import_module("ltx_pipelines.tiny")
    for name in [name for name in sys.modules if name.partition(".")[0] in ("ltx_pipelines", "ltx_core")]:
        del sys.modules[name]


@pytest.fixture
def render(tmp_path: Path):
    jobs = LtxJobs()

    def run(
        *flags: str, module: str = "ltx_pipelines.tiny", models: Any = (), anew: bool = False, **options: str
    ) -> dict[str, Any]:
        output = tmp_path / "out.mp4"
        argv = ["--prompt=tea", f"--output-path={output}", *flags]
        told = {f"--{name}": value for name, value in options.items()} | (READ_ANEW if anew else {})
        request = {"module": module, "argv": argv, "options": told, "models": models}
        facts = jobs.run(request, str(output), lambda text: None)
        return {**facts, "text": output.read_text() if output.exists() else None}

    return run


def test_one_load_for_clips_alike(render, tiny, capfd):
    arguments = sys.argv
    loads = [render()["model_loads"], render("--do=write")["model_loads"], render("--lora=a")["model_loads"]]
    loads += [render("--lora=a")["model_loads"], render("--lora=a", offload="cpu")["model_loads"], render()["model_loads"]]
    assert loads == [1, 0, 1, 0, 1, 1]
    assert tiny.TinyPipeline.built == 4
    assert render()["text"] == f"tea by DEFER, weights kept, pid {os.getpid()}"
    assert sys.argv is arguments
    assert capfd.readouterr().out.count("Building transformer") == 4


@pytest.mark.parametrize("offload", ["cpu", "disk"])
def test_weights_that_are_streamed_are_not_kept(render, tiny, offload):
    """The real builder takes them out of the registry, and finds nothing there when it builds again."""
    rendered = [render(offload=offload) for _ in range(2)]
    assert [one["text"] for one in rendered] == [f"tea by TRIM, weights read anew, pid {os.getpid()}"] * 2
    assert [one["model_loads"] for one in rendered] == [1, 1]
    assert tiny.TinyPipeline.built == 1


def test_weights_can_be_read_anew_where_the_gpu_has_no_room_for_them_all(render, tiny):
    rendered = [render(), render(anew=True), render(anew=True), render(), render()]
    assert ["read anew" in one["text"] for one in rendered] == [False, True, True, False, False]
    assert [one["model_loads"] for one in rendered] == [1, 1, 1, 1, 0]
    assert tiny.TinyPipeline.built == 3


def test_models_of_the_same_path_are_told_apart(render):
    assert [render(models=models)["model_loads"] for models in (["a"], ["a"], ["b"], ["b"])] == [1, 0, 1, 0]


@pytest.mark.parametrize("name", ["lora.safetensors", "Anna's LoRA.safetensors", 'the "good" one.safetensors'])
def test_a_file_that_was_replaced_is_loaded_again(render, tmp_path, name):
    lora = tmp_path / name
    lora.write_bytes(b"one")
    assert [render(f"--lora={lora}")["model_loads"] for _ in range(2)] == [1, 0]
    lora.write_bytes(b"another")
    assert [render(f"--lora={lora}")["model_loads"] for _ in range(2)] == [1, 0]


@pytest.mark.parametrize(
    ("do", "kind", "message", "is_kept"),
    [
        pytest.param("oom", "oom", "OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 GiB", False, id="memory"),
        pytest.param("fail:CUBLAS_STATUS_ALLOC_FAILED", "oom", "RuntimeError: CUBLAS_STATUS_ALLOC_FAILED", False, id="cublas"),
        pytest.param("fail:CUDA error x", "lost", "RuntimeError: CUDA error x", False, id="device"),
        pytest.param("fail:shape", "error", "RuntimeError: shape", False, id="its own error"),
        pytest.param("refuse:shape", "error", "ValueError: shape", True, id="a value that it does not take"),
        pytest.param("full", "storage", "OSError: [Errno 28] No space left on device", False, id="disk"),
        pytest.param("exit:3", "exit", "it ended with exit code 3", True, id="exit code"),
        pytest.param("leave:no checkpoint", "exit", "no checkpoint", True, id="exit with a reason"),
    ],
)
def test_failures_are_told_apart(render, tiny, capsys, do, kind, message, is_kept):
    render()
    with pytest.raises(JobError) as failure:
        render(f"--do={do}")
    assert (failure.value.kind, failure.value.message) == (kind, message)
    assert failure.value.exit_code == {"exit:3": 3, "leave:no checkpoint": 1}.get(do)
    assert render()["model_loads"] == (0 if is_kept else 1)
    assert ("Traceback" in capsys.readouterr().err) == (kind != "exit"), "for the log"


def test_arguments_that_main_does_not_know(render):
    with pytest.raises(JobError, match="exit code 2") as failure:
        render("--what")
    assert failure.value.exit_code == 2


def test_an_end_without_error_is_none(render):
    assert render("--do=exit:0")["text"] is None


def test_a_module_that_is_not_there(render):
    with pytest.raises(JobError, match=r"No module named 'ltx_pipelines\.none'") as failure:
        render(module="ltx_pipelines.none")
    assert failure.value.kind == "lost", "no clip can do anything about it"


class Old:
    def __init__(self, checkpoint_path: str) -> None: ...


class Other:
    pass


def builds_old():
    Old("a")


def builds_two():
    return (Old, Other)


def builds_nothing():
    return None


@pytest.mark.parametrize(
    ("main", "message"),
    [
        pytest.param(builds_old, "ltx_worker needs ltx-pipelines 1.1.7 or later", id="before 1.1.7"),
        pytest.param(builds_two, r"one pipeline class of its module \(Old, Other\): use ltx_cli", id="two classes"),
        pytest.param(builds_nothing, r"one pipeline class of its module \(none\): use ltx_cli", id="no class"),
    ],
)
def test_what_cannot_be_kept_is_refused(render, monkeypatch, main, message):
    module = ModuleType(__name__)
    module.__file__ = "old.py"
    vars(module).update(main=main, Old=Old, Other=Other)
    monkeypatch.setitem(sys.modules, __name__, module)
    with pytest.raises(JobError, match=message) as failure:
        render(module=__name__)
    assert failure.value.kind == "error"


def test_the_registry_had_another_name_once(render, monkeypatch):
    registries = importlib.import_module("ltx_core.loader.registry")
    monkeypatch.setattr(registries, "StateDictRegistry", registries.ModelRegistry, raising=False)
    monkeypatch.setattr(registries, "DummyRegistry", lambda: SimpleNamespace(cache_weights=False, clear=dict), raising=False)
    monkeypatch.delattr(registries, "ModelRegistry")
    assert "weights kept" in render()["text"]
    assert "weights read anew" in render(offload="cpu")["text"]


def test_gpu_memory_is_measured_and_freed(render, monkeypatch):
    calls: list[str] = []
    cuda = SimpleNamespace(
        is_available=lambda: True,
        reset_peak_memory_stats=lambda: calls.append("reset"),
        max_memory_allocated=lambda: 7,
        empty_cache=lambda: calls.append("empty"),
    )
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    assert render()["peak_memory_bytes"] == 7
    assert calls == ["reset", "empty"]
    with pytest.raises(JobError):
        render("--do=oom")
    assert calls == ["reset", "empty", "reset", "empty"]
    cuda.is_available = lambda: False
    assert render()["peak_memory_bytes"] is None


def test_a_file_that_is_named_need_not_be_there(render):
    assert [render("--lora=/none.safetensors")["model_loads"] for _ in range(2)] == [1, 0]


def test_versions_of_what_is_installed(monkeypatch):
    monkeypatch.setattr(ltx_jobs, "PACKAGES", ("pydantic", "not-installed-anywhere"))
    assert list(LtxJobs().versions()) == ["pydantic"]
