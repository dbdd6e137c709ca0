import faulthandler
import json
import os
import runpy
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

from vtx_dagster.engines.ltx.worker import launcher
from vtx_dagster.engines.ltx.worker.device_lock import try_lock
from vtx_dagster.engines.ltx.worker.jobs import WorkerConfig
from vtx_dagster.engines.ltx.worker.server import Server

HERE = Path(launcher.__file__).parent


def test_parents_are_bare_and_lead_to_the_modules():
    modules: dict[str, ModuleType] = {}
    launcher.register_parents(modules, here=HERE)
    assert {name: list(module.__path__) for name, module in modules.items()} == {
        "vtx_dagster": [str(HERE.parents[2])],
        "vtx_dagster.engines": [str(HERE.parents[1])],
        "vtx_dagster.engines.ltx": [str(HERE.parents[0])],
    }


def test_the_worker_needs_the_standard_library_alone():
    code = (
        "import sys, pathlib, runpy\n"
        f"launcher = runpy.run_path({str(HERE / 'launcher.py')!r})\n"
        f"launcher['register_parents'](sys.modules, here=pathlib.Path({str(HERE)!r}))\n"
        "import vtx_dagster.engines.ltx.worker.server, vtx_dagster.engines.ltx.worker.ltx_jobs\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names - {'__main__'}))\n"
        "print(sorted(name for name in sys.modules if name.startswith('vtx_dagster')))\n"
    )
    # -S and -I: no site-packages, no PYTHONPATH, not this package.
    ran = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    outside, ours = ran.stdout.splitlines()
    assert outside == "['vtx_dagster']"
    assert {name.count(".") > 2 for name in eval(ours)} == {True, False}
    assert all("worker" in name for name in eval(ours) if name.count(".") > 2)


def test_it_serves_as_it_is_told(tmp_path, monkeypatch):
    served: list[Server] = []
    ended: list[int] = []
    monkeypatch.setattr(Server, "serve", lambda server: served.append(server))
    monkeypatch.setattr(faulthandler, "enable", lambda all_threads: None)
    held = try_lock(str(tmp_path / "gpu0.lock"))
    other = os.open(os.devnull, os.O_RDONLY)
    assert held is not None
    os.set_inheritable(held, True)
    os.set_inheritable(other, True)
    config = WorkerConfig(
        folder=str(tmp_path),
        device="gpu0",
        backend="ltx",
        config_key="k",
        idle_s=1,
        lock_descriptor=held,
        client_descriptor=other,
        owner="",
        log=str(tmp_path / "log"),
    )
    monkeypatch.setattr(sys, "argv", ["launcher.py", json.dumps(asdict(config))])
    monkeypatch.setattr(sys, "path", [str(HERE), *sys.path])
    monkeypatch.setattr(os, "_exit", lambda code: ended.append(code))
    runpy.run_path(str(HERE / "launcher.py"), run_name="__main__")
    assert [server._config for server in served] == [config]
    assert ended == [0]
    assert not os.get_inheritable(held), "no child keeps the device"
    assert not os.get_inheritable(other), "nor the client"
    assert str(HERE) not in sys.path, "names of its modules hide no others"
    os.close(held)
    os.close(other)


def test_streams_that_are_no_text_files_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(Server, "serve", lambda server: None)
    held = try_lock(str(tmp_path / "gpu0.lock"))
    other = os.open(os.devnull, os.O_RDONLY)
    assert held is not None
    config = WorkerConfig(
        folder="",
        device="gpu0",
        backend="ltx",
        config_key="k",
        idle_s=1,
        lock_descriptor=held,
        client_descriptor=other,
        owner="",
        log="",
    )
    monkeypatch.setattr(sys, "argv", ["launcher.py", json.dumps(asdict(config))])
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(faulthandler, "enable", lambda all_threads: None)
    monkeypatch.setattr(os, "_exit", lambda code: None)
    launcher.main()
    os.close(held)
    os.close(other)
