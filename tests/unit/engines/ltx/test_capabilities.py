import json
import os
import runpy
import sys
from pathlib import Path

import pytest
from ltx_interpreter import STAND_IN, make_interpreter

from vtx_dagster.core.clip import Pipeline
from vtx_dagster.core.errors import MissingSettingError, ProcessError, StorageError
from vtx_dagster.engines.ltx import capabilities as module
from vtx_dagster.engines.ltx import probe
from vtx_dagster.engines.ltx.capabilities import Capabilities, Flag, find_capabilities


def found(python: Path, cache: Path, **options: bool) -> Capabilities:
    return find_capabilities(python, cache=cache, environ=os.environ, **options)


@pytest.mark.parametrize(("version", "release"), [("1.2.0", "1.2"), ("1.0.0", "1.0")])
def test_known_versions_have_tables(tmp_path: Path, version: str, release: str) -> None:
    answer = found(make_interpreter(tmp_path, version=version), tmp_path / "cache")
    assert (answer.version, answer.source, answer.release, answer.warning) == (version, "table", release, "")
    assert answer.packages == {"ltx-pipelines": version, "ltx-core": version}
    assert set(answer.modules) == {pipeline.value for pipeline in Pipeline}
    assert answer.flags(Pipeline.DISTILLED)["--prompt"] == Flag(required=True)
    assert ("--offload" in answer.flags(Pipeline.RETAKE)) == (version == "1.2.0")


def test_the_table_is_what_the_parsers_of_that_version_have() -> None:
    flags = json.loads((STAND_IN / "v1_2_0/flags.json").read_text())
    table = json.loads((Path(module.__file__).with_name("tables") / "1.2.0.json").read_text())["modules"]
    for name, written in flags.items():
        told = {flag["flags"][-1]: (flag["required"], flag["repeatable"], flag["choices"] or []) for flag in written}
        told.pop("--help", None)
        listed = {
            flag: (facts.get("required", False), facts.get("repeatable", False), facts.get("choices", []))
            for flag, facts in table[name].items()
        }
        assert {flag: facts[:2] for flag, facts in listed.items()} == {flag: facts[:2] for flag, facts in told.items()}, name


def test_other_versions_are_asked_for_their_parsers(tmp_path: Path) -> None:
    answer = found(make_interpreter(tmp_path, version="1.3.1", like="1.2.0"), tmp_path / "cache")
    known = found(make_interpreter(tmp_path, version="1.2.0"), tmp_path / "cache")
    assert (answer.source, answer.release) == ("parser", "1.3")
    assert {name: set(flags) for name, flags in answer.modules.items()} == {
        name: set(flags) for name, flags in known.modules.items()
    }
    assert answer.flags(Pipeline.IC_LORA)["--video-conditioning"] == Flag(required=True, repeatable=True)
    again = found(tmp_path / "python-1.3.1", tmp_path / "cache")
    assert (again, again.modules) == (answer, answer.modules)


def test_where_parsers_do_not_speak_help_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object) -> None:
        raise ProcessError("no answer")

    python = make_interpreter(tmp_path, version="1.3.1", like="1.2.0")
    monkeypatch.setattr(module, "_from_parsers", silent)
    answer = found(python, tmp_path / "cache")
    assert answer.source == "help"
    table = module._tables()["1.2.0"]
    assert {name: set(flags) for name, flags in answer.modules.items()} == {name: set(flags) for name, flags in table.items()}
    assert answer.flags(Pipeline.DISTILLED)["--lora"].repeatable


@pytest.mark.parametrize(("version", "nearest"), [("1.1.2", "1.0.0"), ("2.0", "1.2.0"), ("0.9", "1.0.0")])
def test_a_version_that_says_nothing_is_taken_for_the_nearest(tmp_path: Path, version: str, nearest: str) -> None:
    answer = found(make_interpreter(tmp_path, version=version, like="1.2.0", break_parsers=True), tmp_path / "cache")
    assert answer.source == "nearest table"
    assert answer.warning == f"ltx-pipelines {version} did not say which flags it has; those of {nearest} are sent"
    assert answer.modules == module._tables()[nearest]


def test_an_answer_is_kept_until_something_else_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python, cache = make_interpreter(tmp_path), tmp_path / "cache"
    asked = []
    ask = module._ask
    monkeypatch.setattr(module, "_ask", lambda *words, **options: asked.append(words[1]) or ask(*words, **options))
    for _ in range(2):
        found(python, cache)
    assert asked == ["version"]
    found(python, cache, anew=True)
    assert asked == ["version"] * 2
    (tmp_path / "site-1.2.0/ltx_pipelines-1.2.0.dist-info").rename(tmp_path / "site-1.2.0/ltx_pipelines-1.2.0.old")
    with pytest.raises(MissingSettingError, match="has no ltx-pipelines"):
        found(python, cache)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 1}', "null"])
def test_a_spoilt_cache_is_found_anew(tmp_path: Path, content: str) -> None:
    python, cache = make_interpreter(tmp_path), tmp_path / "cache"
    answer = found(python, cache)
    (entry,) = cache.iterdir()
    entry.write_text(content)
    assert found(python, cache) == answer
    assert json.loads(entry.read_text())["version"] == "1.2.0"


def test_a_cache_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file in the way")
    assert found(make_interpreter(tmp_path), tmp_path / "cache").version == "1.2.0"
    with pytest.raises(StorageError):
        module.write_atomic(tmp_path / "cache/x", "")


def test_interpreters_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(MissingSettingError, match="there is no such interpreter"):
        found(tmp_path / "python", tmp_path / "cache")
    with pytest.raises(MissingSettingError, match="has no ltx-pipelines: install LTX-2 there"):
        found(make_interpreter(tmp_path, version="", like="1.2.0"), tmp_path / "cache")
    parrot = tmp_path / "parrot"
    parrot.write_text("#!/bin/sh\necho vtx-probe hello\n")
    parrot.chmod(0o755)
    with pytest.raises(ProcessError, match="does not answer as a Python does"):
        found(parrot, tmp_path / "cache")


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(STAND_IN / "drawing"))
    monkeypatch.syspath_prepend(str(STAND_IN / "v1_2_0"))
    yield
    for name in [name for name in sys.modules if name.startswith(("ltx_pipelines", "ltx_core", "ltx_stand_in"))]:
        del sys.modules[name]


def test_the_probe_catches_a_parser_in_its_main(
    stand_in: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    argv = ["probe.py", "flags", "retake"]
    monkeypatch.setattr(sys, "argv", argv)
    probe.main()
    said = capsys.readouterr().out
    assert said.startswith(probe.MARK)
    assert json.loads(said.removeprefix(probe.MARK))["retake"]["--video-path"] == {"required": True}
    assert sys.argv is argv


def write_module(folder: Path, body: str) -> None:
    (folder / "ltx_pipelines").mkdir()
    (folder / "ltx_pipelines/__init__.py").touch()
    (folder / "ltx_pipelines/mine.py").write_text(f"import argparse\ndef main():\n{body}")


@pytest.mark.usefixtures("stand_in")
def test_the_probe_passes_early_parsers_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = """
    early = argparse.ArgumentParser(add_help=False)
    early.add_argument("--checkpoint-path", required=True)
    open(early.parse_known_args()[0].checkpoint_path).close()
    parser = argparse.ArgumentParser()
    parser.add_argument("--prompt")
    parser.add_argument("--word", action="append")
    parser.add_argument("-q")
    try:
        parser.parse_known_args()
    except Exception:
        pass
"""
    write_module(tmp_path, body)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert probe.flags("mine") == {"--prompt": {}, "--word": {"repeatable": True}}


@pytest.mark.usefixtures("stand_in")
def test_the_probe_says_where_there_is_nothing_to_catch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_module(tmp_path, "    pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(SystemExit, match="returned without parsing arguments"):
        probe.flags("mine")


def test_the_probe_runs_as_a_file(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["probe.py", "version"])
    runpy.run_path(str(Path(probe.__file__)), run_name="__main__")
    assert json.loads(capsys.readouterr().out.removeprefix(probe.MARK))["python"] == sys.version.split()[0]


def test_the_probe_tells_the_versions_that_are_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert probe.versions()["record"] is None
    make_interpreter(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "site-1.2.0"))
    told = probe.versions()
    assert told["packages"]["ltx-pipelines"] == "1.2.0"
    assert told["record"].endswith("ltx_pipelines-1.2.0.dist-info")
