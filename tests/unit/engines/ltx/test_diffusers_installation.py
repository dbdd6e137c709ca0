import json
import os
import sys
from importlib import metadata

import pytest

from vtx_dagster.core.errors import MissingSettingError, ProcessError
from vtx_dagster.engines.ltx import diffusers_installation
from vtx_dagster.engines.ltx.diffusers_installation import find_diffusers

PACKAGES = {
    "diffusers": "0.42.1",
    "torch": "2.13.0",
    "transformers": "5.14.1",
    "accelerate": "1.15.0",
    "peft": "0.21.2",
    "av": "18.1.0",
}


def make_python(folder, packages=PACKAGES):
    """Make an interpreter that has packages by name and version, and writes down each time it is asked."""
    site = folder / "site"
    for name, version in packages.items():
        record = site / f"{name}-{version}.dist-info"
        record.mkdir(parents=True, exist_ok=True)
        (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    python = folder / "python"
    # Isolated and without site-packages, so that what this Python has besides does not show.
    script = f'#!/bin/sh\necho asked >> {folder}/asked\nPYTHONPATH={site} exec {sys.executable} -S "$@"\n'
    python.write_text(script, encoding="utf-8")
    python.chmod(0o755)
    return python


def find(python, tmp_path):
    return find_diffusers(python, cache=tmp_path / "cache", environ=os.environ)


def times_asked(tmp_path):
    return len((tmp_path / "asked").read_text(encoding="utf-8").splitlines())


def test_another_interpreter_is_asked_once(tmp_path):
    python = make_python(tmp_path)
    found = [find(python, tmp_path) for _ in range(3)]
    assert {installation.version for installation in found} == {"0.42.1"}
    assert found[0].release == "0.42"
    assert found[2].packages == PACKAGES
    assert times_asked(tmp_path) == 1


def test_it_is_asked_again_after_an_upgrade(tmp_path):
    python = make_python(tmp_path)
    find(python, tmp_path)
    (tmp_path / "site" / "diffusers-0.42.1.dist-info" / "METADATA").unlink()
    (tmp_path / "site" / "diffusers-0.42.1.dist-info").rmdir()
    make_python(tmp_path, {"diffusers": "0.43.0"})
    assert find(python, tmp_path).release == "0.43"


@pytest.mark.parametrize("junk", ["", "[]", '{"python": 1}'], ids=["empty", "a list", "another record"])
def test_a_damaged_memory_is_asked_anew(tmp_path, junk):
    python = make_python(tmp_path)
    find(python, tmp_path)
    (entry,) = (tmp_path / "cache").iterdir()
    assert json.loads(entry.read_text(encoding="utf-8"))["versions"] == PACKAGES
    entry.write_text(junk, encoding="utf-8")
    assert find(python, tmp_path).version == "0.42.1"
    assert times_asked(tmp_path) == 2


def test_without_a_place_for_the_memory_it_is_asked_each_time(tmp_path):
    python = make_python(tmp_path)
    (tmp_path / "cache").write_text("a file where a folder should be", encoding="utf-8")
    assert find(python, tmp_path) == find(python, tmp_path)
    assert times_asked(tmp_path) == 2


def test_packages_that_are_missing_are_named_with_the_remedy(tmp_path):
    python = make_python(tmp_path, {"diffusers": "0.42.1", "torch": "2.13.0"})
    expected = r"VTX_DIFFUSERS_PYTHON=.* has no transformers, accelerate, peft, av: .*-m pip install 'diffusers>=0.42'"
    for _ in range(2):
        with pytest.raises(MissingSettingError, match=expected):
            find(python, tmp_path)
    assert times_asked(tmp_path) == 2


def test_a_diffusers_that_is_too_old(tmp_path):
    python = make_python(tmp_path, PACKAGES | {"diffusers": "0.37.0"})
    with pytest.raises(MissingSettingError, match=r"has diffusers 0\.37\.0, and 0\.42 or later is needed"):
        find(python, tmp_path)


def test_no_interpreter_there(tmp_path):
    with pytest.raises(MissingSettingError, match="there is no such interpreter"):
        find(tmp_path / "nowhere", tmp_path)


def test_a_program_that_is_no_python(tmp_path):
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho Hello\n", encoding="utf-8")
    program.chmod(0o755)
    with pytest.raises(ProcessError, match="does not answer as a Python does"):
        find(program, tmp_path)


def test_this_python_is_looked_at_directly(tmp_path, monkeypatch):
    monkeypatch.setattr(metadata, "version", PACKAGES.__getitem__)
    assert find(None, tmp_path).packages == PACKAGES


def test_this_python_without_the_extra(tmp_path, monkeypatch):
    def version(name):
        if name != "av":
            raise metadata.PackageNotFoundError(name)
        return "18.1.0"

    monkeypatch.setattr(diffusers_installation.metadata, "version", version)
    with pytest.raises(
        MissingSettingError, match=r"this Python has no diffusers, .*peft: pip install 'vtx-dagster\[diffusers\]'"
    ):
        find(None, tmp_path)
