"""Which diffusers an interpreter has: asked once, and remembered as long as it is the same installation."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from vtx_dagster.core.errors import MissingSettingError, ProcessError, StorageError
from vtx_dagster.engines.process import run_process
from vtx_dagster.studio.files import write_atomic

SETTING: Final = "VTX_DIFFUSERS_PYTHON"
OLDEST: Final = (0, 42)
"""The first release whose LTX-2 pipelines were tried: what they take differed before."""

_NEEDED: Final = ("diffusers", "torch", "transformers", "accelerate", "peft", "av")
_MARK: Final = "vtx-diffusers "
_ASK_S: Final = 60.0
_QUESTION: Final = f"""
import json, sys
from importlib import metadata
versions, records = {{}}, {{}}
for name in sys.argv[1:]:
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        continue
    versions[name], records[name] = found.version, str(found._path)
print({_MARK!r} + json.dumps({{"versions": versions, "records": records}}))
"""
# The interpreter reads what tells which packages are there; no package is imported, which for torch alone takes seconds.


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffusersInstallation:
    """A diffusers that can render.

    Attributes:
        version: Such as ``0.42.1``.
        packages: Versions of the packages that matter, by name.
    """

    version: str
    packages: Mapping[str, str] = field(compare=False)

    @property
    def release(self) -> str:
        """Major and minor version: patch releases draw the same."""
        return ".".join(str(number) for number in _release(self.version))


def find_diffusers(python: Path | None, *, cache: Path, environ: Mapping[str, str]) -> DiffusersInstallation:
    """Return the diffusers of an interpreter.

    Args:
        python: The interpreter; this one when None.
        cache: Folder where answers of other interpreters are kept; it may be deleted at any time.
        environ: The environment for the interpreter.

    Raises:
        MissingSettingError: If the interpreter is not there, lacks packages, or has a diffusers that is too old; says what to do.
        ProcessError: If it cannot be run.
    """
    if python is None:
        return _checked(_here(), place="this Python", remedy="pip install 'vtx-dagster[diffusers]'")
    if not python.is_file():
        raise MissingSettingError(f"{SETTING}={python}: there is no such interpreter: correct the setting", setting=SETTING)
    entry = cache / f"diffusers-{hashlib.sha256(str(python.absolute()).encode()).hexdigest()[:16]}.json"
    packages = _kept(entry, python)
    if packages is None:
        packages = _asked(entry, python, environ)
    install = f"{python} -m pip install 'diffusers>={OLDEST[0]}.{OLDEST[1]}' torch transformers accelerate peft av"
    return _checked(packages, place=f"{SETTING}={python}", remedy=install)


def _here() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _NEEDED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _asked(entry: Path, python: Path, environ: Mapping[str, str]) -> dict[str, str]:
    said = run_process([str(python), "-c", _QUESTION, *_NEEDED], timeout_s=_ASK_S, env=environ).tail
    answers = [line.removeprefix(_MARK) for line in said.splitlines() if line.startswith(_MARK)]
    try:
        answer = json.loads(answers[-1])
    except (IndexError, json.JSONDecodeError) as error:
        raise ProcessError(f"{python}: does not answer as a Python does; check {SETTING}", program=str(python)) from error
    stamps = {path: _stamp(Path(path)) for path in (str(python), *answer["records"].values())}
    # A studio that is read-only can still be looked at; whatever lacks packages is asked again, because they may come.
    if set(answer["versions"]) == set(_NEEDED):
        _keep(entry, {"python": str(python.absolute()), "versions": answer["versions"], "stamps": stamps})
    return answer["versions"]


def _keep(entry: Path, record: Mapping[str, Any]) -> None:
    try:
        write_atomic(entry, json.dumps(record, indent=1) + "\n")
    except StorageError:
        return


def _kept(entry: Path, python: Path) -> dict[str, str] | None:
    """Return the versions that were kept, if none of the packages was installed anew since."""
    try:
        record = json.loads(entry.read_text(encoding="utf-8"))
        is_same = record["python"] == str(python.absolute()) and all(
            _stamp(Path(path)) == stamp for path, stamp in record["stamps"].items()
        )
        return dict(record["versions"]) if is_same else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        # The cache may be of another version of this package, half deleted, or anything: it is found anew then.
        return None


def _stamp(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_mtime_ns, found.st_ino]


def _checked(packages: Mapping[str, str], *, place: str, remedy: str) -> DiffusersInstallation:
    missing = [name for name in _NEEDED if name not in packages]
    if missing:
        raise MissingSettingError(f"{place} has no {', '.join(missing)}: {remedy}", setting=SETTING, packages=[*missing])
    version = packages["diffusers"]
    if _release(version) < OLDEST:
        raise MissingSettingError(
            f"{place} has diffusers {version}, and {OLDEST[0]}.{OLDEST[1]} or later is needed: {remedy}", setting=SETTING
        )
    return DiffusersInstallation(version=version, packages=dict(packages))


def _release(version: str) -> tuple[int, int]:
    major, minor, *_ = [*map(int, re.findall(r"\d+", version)[:2]), 0, 0]
    return major, minor
