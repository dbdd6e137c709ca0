"""What the LTX of an interpreter can do: its version and the flags of its command lines, found once and kept.

The flags of the versions known to this package come from its tables, of others from their own parsers; see ``probe``.
"""

import functools
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from vtx_dagster.core.clip import Pipeline
from vtx_dagster.core.errors import MissingSettingError, ProcessError, StorageError
from vtx_dagster.engines.process import run_process
from vtx_dagster.studio.files import write_atomic
from vtx_dagster.studio.settings import Settings

SETTING: Final = "VTX_LTX_PYTHON"

_CACHE: Final = ".cache/ltx"
_PROBE: Final = Path(__file__).with_name("probe.py")
_TABLES: Final = Path(__file__).with_name("tables")
_MARK: Final = "vtx-probe "
_VERSION_S: Final = 60.0
_FLAGS_S: Final = 600.0
"""Importing LTX imports torch, which on a cold disk takes minutes."""
_FORMAT: Final = 1
_HELP_FLAG: Final = re.compile(r"(?<![\w-])--[a-z0-9][a-z0-9-]*")
_PYTHON_VARIABLES: Final = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A flag of a command line.

    Attributes:
        required: It must be given.
        repeatable: It may be given several times.
        choices: The values that it takes; empty where it takes any.
    """

    required: bool = False
    repeatable: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """An installation of LTX.

    Attributes:
        version: Of ltx-pipelines, such as ``1.2.0``.
        source: Where the flags come from: ``table``, ``parser``, ``help`` or ``nearest table``.
        warning: What the user should know of them; empty where they are certain.
        packages: Versions of the packages that matter, by name.
        modules: Flags by name, by module; a module that is not there is missing.
    """

    version: str
    source: str
    warning: str = ""
    packages: Mapping[str, str] = field(default_factory=dict, compare=False)
    modules: Mapping[str, Mapping[str, Flag]] = field(default_factory=dict, compare=False)

    @property
    def release(self) -> str:
        """Major and minor version: patch releases draw the same."""
        major, minor, _ = self.numbers
        return f"{major}.{minor}"

    @property
    def numbers(self) -> tuple[int, int, int]:
        """Major, minor and patch version."""
        return _numbers(self.version)

    def flags(self, pipeline: Pipeline) -> Mapping[str, Flag]:
        """Return the flags of a pipeline's module, none if the module is not there."""
        return self.modules.get(pipeline.value, {})


def capabilities_folder(settings: Settings) -> Path:
    """Return where the studio keeps what interpreters answered; it may be deleted at any time."""
    return settings.root / _CACHE


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment for another Python: without what would lead it to the packages of this one."""
    return {name: value for name, value in environ.items() if name not in _PYTHON_VARIABLES}


def find_capabilities(python: Path, *, cache: Path, environ: Mapping[str, str], anew: bool = False) -> Capabilities:
    """Return what the LTX of an interpreter can do, from the cache as long as it is the same installation.

    Args:
        python: The interpreter; a virtual environment's own path, links not followed.
        cache: Folder where answers are kept; it may be deleted at any time.
        environ: The environment for the interpreter.
        anew: Ask even if the answer is known.

    Raises:
        MissingSettingError: If the interpreter is not there, or has no ltx-pipelines.
        ProcessError: If it cannot be run.
    """
    if not python.is_file():
        raise MissingSettingError(f"{SETTING}={python}: there is no such interpreter: correct the setting", setting=SETTING)
    name = hashlib.sha256(str(python.absolute()).encode()).hexdigest()[:16]
    entry = cache / f"{name}.json"
    kept = None if anew else _kept(entry, python)
    if kept is not None:
        return kept
    env = clean_environment(environ)
    answer = _ask(python, "version", env=env, timeout_s=_VERSION_S)
    packages = dict(answer["packages"])
    if "ltx-pipelines" not in packages:
        raise MissingSettingError(
            f"{SETTING}={python}: this Python has no ltx-pipelines: install LTX-2 there, or name the Python that has it",
            setting=SETTING,
        )
    found = _with_flags(python, packages, env)
    record = {
        "format": _FORMAT,
        "python": str(python.absolute()),
        "stamp": _stamp(python),
        "record": answer["record"],
        "record_stamp": _stamp(Path(answer["record"])) if answer["record"] else None,
        "version": found.version,
        "source": found.source,
        "warning": found.warning,
        "packages": packages,
        "modules": {} if found.source == "table" else {name: _as_json(flags) for name, flags in found.modules.items()},
    }
    try:
        write_atomic(entry, json.dumps(record, indent=1) + "\n")
    except StorageError:
        # A studio that is read-only can still be looked at; the answer is found again next time.
        return found
    return found


def _with_flags(python: Path, packages: Mapping[str, str], env: Mapping[str, str]) -> Capabilities:
    """Return the flags of a version: from a table, its parsers, its help, or the table of the nearest older version."""
    version = packages["ltx-pipelines"]
    tables = _tables()
    public = version.partition("+")[0]
    if public in tables:
        return Capabilities(version=version, source="table", packages=packages, modules=tables[public])
    modules = [pipeline.value for pipeline in Pipeline]
    sources: tuple[tuple[str, Callable[[], Mapping[str, Mapping[str, Flag]]]], ...] = (
        ("parser", lambda: _from_parsers(python, modules, env)),
        ("help", lambda: _from_help(python, modules, env)),
    )
    for source, ask in sources:
        try:
            return Capabilities(version=version, source=source, packages=packages, modules=ask())
        except ProcessError:
            continue
    nearest = max((known for known in tables if _numbers(known) <= _numbers(version)), key=_numbers, default=min(tables))
    warning = f"ltx-pipelines {version} did not say which flags it has; those of {nearest} are sent"
    return Capabilities(version=version, source="nearest table", warning=warning, packages=packages, modules=tables[nearest])


def _from_parsers(python: Path, modules: list[str], env: Mapping[str, str]) -> Mapping[str, Mapping[str, Flag]]:
    return _from_json(_ask(python, "flags", *modules, env=env, timeout_s=_FLAGS_S))


def _from_help(python: Path, modules: list[str], env: Mapping[str, str]) -> Mapping[str, Mapping[str, Flag]]:
    """Return the flags that ``--help`` names. It does not say which repeat; those of the newest table that do, do here."""
    newest = _tables()[max(_tables(), key=_numbers)]
    wide = {**env, "COLUMNS": "10000"}  # argparse breaks long flags at their hyphens
    found: dict[str, Mapping[str, Flag]] = {}
    for module in modules:
        said = run_process([str(python), "-m", f"ltx_pipelines.{module}", "--help"], timeout_s=_FLAGS_S, env=wide).tail
        names = set(_HELP_FLAG.findall(said)) - {"--help"}
        found[module] = {name: newest[module].get(name, Flag()) for name in sorted(names)}
    return found


def _ask(python: Path, *arguments: str, env: Mapping[str, str], timeout_s: float) -> Any:
    said = run_process([str(python), str(_PROBE), *arguments], timeout_s=timeout_s, env=env).tail
    answers = [line.removeprefix(_MARK) for line in said.splitlines() if line.startswith(_MARK)]
    try:
        return json.loads(answers[-1])
    except (IndexError, json.JSONDecodeError) as error:
        raise ProcessError(f"{python}: does not answer as a Python does; check {SETTING}", program=str(python)) from error


def _kept(entry: Path, python: Path) -> Capabilities | None:
    """Return an answer that was kept, if it is of this interpreter and installation."""
    try:
        record = json.loads(entry.read_text(encoding="utf-8"))
        is_same = (
            record["format"] == _FORMAT
            and record["python"] == str(python.absolute())
            and record["stamp"] == _stamp(python)
            and record["record"]
            and record["record_stamp"] == _stamp(Path(record["record"]))
        )
        if not is_same:
            return None
        source, version = record["source"], record["version"]
        modules = _tables()[version.partition("+")[0]] if source == "table" else _from_json(record["modules"])
        return Capabilities(
            version=version, source=source, warning=record["warning"], packages=record["packages"], modules=modules
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        # The cache may be of another version of this package, half deleted, or anything: it is found anew then.
        return None


def _stamp(path: Path) -> list[int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return [found.st_mtime_ns, found.st_ino]


@functools.cache
def _tables() -> Mapping[str, Mapping[str, Mapping[str, Flag]]]:
    """Return the tables of this package, by version."""
    tables = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(_TABLES.glob("*.json"))]
    return {table["version"]: _from_json(table["modules"]) for table in tables}


def _from_json(modules: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Mapping[str, Mapping[str, Flag]]:
    return {
        module: {
            name: Flag(
                required=flag.get("required", False),
                repeatable=flag.get("repeatable", False),
                choices=tuple(flag.get("choices", ())),
            )
            for name, flag in flags.items()
        }
        for module, flags in modules.items()
    }


def _as_json(flags: Mapping[str, Flag]) -> dict[str, Any]:
    return {name: asdict(flag) for name, flag in flags.items()}


def _numbers(version: str) -> tuple[int, int, int]:
    found = [int(number) for number in re.findall(r"\d+", version.partition("+")[0])[:3]]
    major, minor, patch = [*found, 0, 0, 0][:3]
    return major, minor, patch
