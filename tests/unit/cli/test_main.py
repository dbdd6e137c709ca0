import subprocess
import sys

import pytest

from vtx_dagster.cli import plan as plan_module
from vtx_dagster.cli.main import main
from vtx_dagster.core.errors import InvalidFileError

HEAVY = ("dagster", "av", "PIL", "numpy", "jsonschema", "openai", "pydantic", "yaml", "vtx_dagster.studio", "vtx_dagster.engines")

COMMANDS = (
    "init",
    "demo",
    "sync",
    "doctor",
    "schema",
    "dev",
    "make",
    "plan",
    "projects new",
    "projects list",
    "projects status",
    "story outline",
    "story treatment",
    "story screenplay",
    "story shotlist",
    "story clips",
    "render clip",
    "render resume",
    "assemble act",
    "assemble final",
)


def test_help_imports_nothing_heavy():
    code = f"""
import sys
from vtx_dagster.cli.main import main
sys.argv = ["vtx", "--help"]
try:
    main()
except SystemExit as stop:
    assert stop.code == 0
print("loaded:", sorted(set({HEAVY!r}) & set(sys.modules)))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "From a screenplay to a finished film" in found.stdout
    assert found.stdout.rstrip().endswith("loaded: []")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(vtx, command):
    result = vtx(*command.split(), "--help")
    assert result.exit_code == 0
    assert "Examples" in result.stdout
    assert f"vtx {command}" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["nope"],
        ["render"],
        ["render", "nope"],
        ["projects", "new", "film"],
        ["plan", "--nope"],
        ["render", "resume", "--max-jobs", "0"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_2(vtx, arguments):
    assert vtx(*arguments).exit_code == 2


def test_the_entry_point_is_called_vtx(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["vtx", "--help"])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 0
    assert "Usage: vtx " in capsys.readouterr().out


def test_errors_go_to_stderr_and_exit_with_1(vtx, tmp_path):
    result = vtx("plan", "--studio", tmp_path / "nowhere")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert "vtx init" in result.stderr


def test_errors_as_json_go_to_stdout(vtx, studio):
    result = vtx("projects", "status", "flim", "--studio", studio.root, "--json")
    assert result.exit_code == 1
    assert result.stderr == ""
    import json

    error = json.loads(result.stdout)["error"]
    assert error["code"] == "not_found"
    assert "did you mean 'film'?" in error["message"]
    assert error["details"] == {"project": "flim"}


def test_studio_may_stand_before_the_command(vtx, studio):
    assert vtx("--studio", studio.root, "projects", "list").exit_code == 0
    assert vtx("--studio", "nowhere", "projects", "list", "--studio", studio.root).exit_code == 0


def test_a_bug_looks_like_a_bug(vtx, studio, monkeypatch):
    monkeypatch.setattr(plan_module, "chosen_records", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        vtx("plan", "--studio", studio.root)


def test_ctrl_c_exits_with_130_and_says_how_to_go_on(vtx, studio, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(plan_module, "chosen_records", interrupted)
    result = vtx("plan", "--studio", studio.root)
    assert result.exit_code == 130
    assert "vtx render resume" in result.stderr


def test_error_without_json_is_only_its_message(vtx, studio, monkeypatch):
    def broken(*_, **__):
        raise InvalidFileError("a.yaml:3: b: wrong")

    monkeypatch.setattr(plan_module, "chosen_records", broken)
    assert vtx("plan", "--studio", studio.root).stderr == "error: a.yaml:3: b: wrong\n"
