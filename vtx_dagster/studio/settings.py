"""Settings in layers: which file or environment variable decides a value. Pure: nothing here reads or writes ``os.environ``."""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Self, TypeVar

from dotenv.parser import parse_stream

from vtx_dagster.core.errors import InvalidFileError, InvalidRequestError, MissingSettingError, NotFoundError
from vtx_dagster.studio.files import display_name, read_text

V = TypeVar("V", bound=str)

ENVIRONMENT = "environment"
"""Source of a setting that comes from the process environment."""
DEFAULT = "default"
"""Source of a known setting that nobody set."""
NOT_SET = "not set"
"""Source of a known setting that nobody set and that has no default."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET_WORDS = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)
_FLAGS = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSetting:
    """A setting that the project reads.

    Attributes:
        purpose: What it does, for ``vtx doctor`` and the comments of ``global.env``.
        default: What holds when it is not set; empty if nothing does.
        models: Whether its place is ``models.env``, else ``global.env``.
        secret: Whether its value is never shown.
    """

    name: str
    purpose: str
    default: str = ""
    models: bool = False
    secret: bool = False


KNOWN: Mapping[str, KnownSetting] = MappingProxyType(
    {
        setting.name: setting
        for setting in (
            KnownSetting(name="VTX_HOME", purpose="The studio folder, when --studio is not given."),
            KnownSetting(name="VTX_PRODUCE_IN_ACTS", purpose="Whether films are cut act by act.", default="false"),
            KnownSetting(name="VTX_ENGINE", purpose="What renders clips.", default="animatic"),
            KnownSetting(name="VTX_STORY_WRITER", purpose="What writes the story.", default="breakdown"),
            KnownSetting(name="VTX_FFMPEG", purpose="Path of ffmpeg; found on PATH or in imageio-ffmpeg when not set."),
            KnownSetting(name="VTX_FONT", purpose="Path of a TrueType font for captions; the one of the package when not set."),
            KnownSetting(name="VTX_PROMPT_MAX_CHARS", purpose="Longer prompts give a warning.", default="2000"),
            KnownSetting(
                name="VTX_FFMPEG_TIMEOUT_S", purpose="How long one call of ffmpeg may take, in seconds.", default="3600"
            ),
            KnownSetting(
                name="LTX_MAX_FRAMES", purpose="The most frames that a clip is rendered with.", default="257", models=True
            ),
            KnownSetting(name="OPENAI_API_KEY", purpose="Key of the language model service.", models=True, secret=True),
            KnownSetting(
                name="OPENAI_BASE_URL", purpose="Address of the language model service; OpenAI's when not set.", models=True
            ),
            KnownSetting(
                name="VTX_STORY_MODEL", purpose="The language model that writes the story.", default="gpt-5-mini", models=True
            ),
            KnownSetting(
                name="VTX_STORY_API",
                purpose="How the service is asked: responses (OpenAI) or chat (chat completions, as most local servers have).",
                default="responses",
            ),
            KnownSetting(
                name="VTX_STORY_TIMEOUT_S", purpose="How long the service may take to answer, in seconds.", default="300"
            ),
            KnownSetting(
                name="VTX_STORY_RETRIES", purpose="How often a question is sent again when the service fails.", default="4"
            ),
            KnownSetting(name="VTX_STORY_CONCURRENCY", purpose="Questions that may be open at the same time.", default="4"),
            KnownSetting(
                name="VTX_STORY_BUDGET_USD", purpose="The most that a project's story may cost in all; no limit when not set."
            ),
            KnownSetting(
                name="VTX_STORY_CONTEXT_TOKENS", purpose="How long a question may be, in tokens estimated high.", default="24000"
            ),
            KnownSetting(name="VTX_STORY_TEMPERATURE", purpose="Sampling temperature, 0 to 2; not sent when not set."),
            KnownSetting(
                name="VTX_STORY_REASONING", purpose="Reasoning effort, such as low, medium or high; not sent when not set."
            ),
            KnownSetting(
                name="VTX_STORY_MODERATION",
                purpose="Moderation model that checks answers, such as omni-moderation-latest; no check when not set.",
            ),
            KnownSetting(
                name="VTX_STORY_BIBLE",
                purpose="Whether what a story needs is added to the bible (add) or only proposed (propose).",
                default="add",
            ),
        )
    }
)
"""Every setting that the project reads, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A value and where it comes from: ``environment``, ``default``, or file and line such as ``config/global.env:3``."""

    name: str
    value: str
    source: str


def is_secret(name: str) -> bool:
    """Say whether the value of a setting must not be shown: by the table, or by its name if it is not in the table."""
    return KNOWN[name].secret if name in KNOWN else _SECRET_WORDS.search(name) is not None


def masked(setting: Setting) -> str:
    """Return the value for people to see: of a secret only that it is set."""
    return "********" if is_secret(setting.name) else setting.value


def parse_env(text: str, name: str) -> dict[str, Setting]:
    """Return the settings of an ``.env`` text; of equal names the last one holds. Nothing is expanded.

    Args:
        text: Lines ``NAME=value``, with quotes and comments as dotenv knows them.
        name: How sources and errors call the file.

    Raises:
        InvalidFileError: At a line that is neither; starts with ``name:line:``.
    """
    settings: dict[str, Setting] = {}
    for binding in parse_stream(io.StringIO(text, newline="")):
        written = binding.original.string
        blank = len(written) - len(written.lstrip())
        line = binding.original.line + len(re.findall(r"\r\n|\n|\r", written[:blank]))
        if binding.error or (binding.key is not None and binding.value is None):
            message = f"{name}:{line}: not a setting: write NAME=value, and close what is quoted"
            raise InvalidFileError(message, file=name, line=line)
        if binding.key is None or binding.value is None:
            continue
        if not _NAME.fullmatch(binding.key):
            message = f"{name}:{line}: {binding.key!r} is not a setting name: use letters, digits and _"
            raise InvalidFileError(message, file=name, line=line)
        settings[binding.key] = Setting(name=binding.key, value=binding.value, source=f"{name}:{line}")
    return settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a studio, or of one project in it.

    An empty value means "not set here or below": ``NAME=`` in ``project.env`` hides what the other layers say.

    Attributes:
        layers: Settings by name, the deciding layer first.
        files: Where a missing setting can be put, relative to the studio.
        root: The studio folder, from which relative paths go.
    """

    layers: tuple[Mapping[str, Setting], ...]
    files: tuple[str, ...] = ()
    root: Path = field(default=Path())

    @classmethod
    def load(cls, studio_root: Path, project_root: Path | None, environ: Mapping[str, str]) -> Self:
        """Return the settings of a project (or of the studio, without one).

        ``project.env`` decides over the process environment, that over ``config/global.env``, that over ``config/models.env``.
        A file that does not exist is an empty layer.

        Raises:
            InvalidFileError: If one of the files is malformed.
            StorageError: If one cannot be read.
        """
        project_env = project_root / "project.env" if project_root else None
        shared = (studio_root / "config/global.env", studio_root / "config/models.env")
        own = {name: Setting(name=name, value=value, source=ENVIRONMENT) for name, value in environ.items()}
        layers = [own, *(_file_layer(path, studio_root) for path in shared)]
        files = [display_name(path, studio_root) for path in shared]
        if project_env is not None:
            layers.insert(0, _file_layer(project_env, studio_root))
            files.insert(0, display_name(project_env, studio_root))
        return cls(layers=tuple(layers), files=tuple(files), root=studio_root)

    def lookup(self, name: str) -> Setting | None:
        """Return a setting with its source, or None if it is not set or set to nothing."""
        for layer in self.layers:
            if name in layer:
                return layer[name] if layer[name].value.strip() else None
        return None

    def get(self, name: str) -> str | None:
        """Return the value of a setting, or None."""
        found = self.lookup(name)
        return found.value if found else None

    def require(self, name: str) -> str:
        """Return the value of a setting that there is no way without.

        Raises:
            MissingSettingError: If it is not set; names the files where it can be.
        """
        found = self.lookup(name)
        if found is None:
            places = ", ".join((*self.files, "the environment"))
            purpose = f" ({KNOWN[name].purpose})" if name in KNOWN else ""
            raise MissingSettingError(f"{name} is not set{purpose}: put {name}=... into one of {places}", setting=name)
        return found.value

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a setting as yes or no: 1, true, yes, on or 0, false, no, off, in any case.

        Raises:
            InvalidFileError: If a file sets it to something else; names file and line.
            InvalidRequestError: If the environment does.
        """
        found = self.lookup(name)
        if found is None:
            return default
        value = _FLAGS.get(found.value.strip().lower())
        if value is None:
            raise _bad_value(found, "is not one of true, false, yes, no, on, off, 1, 0")
        return value

    def integer(self, name: str, *, default: int, minimum: int | None = None, maximum: int | None = None) -> int:
        """Return a setting as a whole number within limits, both included.

        Raises:
            InvalidFileError: If a file sets it to something else; names file and line.
            InvalidRequestError: If the environment does.
        """
        found = self.lookup(name)
        if found is None:
            return default
        if not re.fullmatch(r"[-+]?[0-9]{1,18}", found.value.strip()):
            raise _bad_value(found, "is not a whole number")
        value = int(found.value)
        _check_limits(found, value, minimum, maximum)
        return value

    def decimal(self, name: str, *, minimum: int | None = None, maximum: int | None = None) -> Decimal | None:
        """Return a setting as an exact number within limits, both included, or None.

        Raises:
            InvalidFileError: If a file sets it to something else; names file and line.
            InvalidRequestError: If the environment does.
        """
        found = self.lookup(name)
        if found is None:
            return None
        if not re.fullmatch(r"[-+]?[0-9]{1,12}(\.[0-9]{1,12})?", found.value.strip()):
            raise _bad_value(found, "is not a number such as 2.50")
        value = Decimal(found.value.strip())
        _check_limits(found, value, minimum, maximum)
        return value

    def choice(self, name: str, among: tuple[V, ...]) -> V:
        """Return a setting that has one of a few values, in any case; not set, the first of them.

        Raises:
            InvalidFileError: If a file sets it to something else; names file and line.
            InvalidRequestError: If the environment does.
        """
        found = self.lookup(name)
        if found is None:
            return among[0]
        chosen = next((value for value in among if value == found.value.strip().lower()), None)
        if chosen is None:
            raise _bad_value(found, f"is not one of {', '.join(among)}")
        return chosen

    def path(self, name: str) -> Path | None:
        """Return a setting as a path, or None: relative ones go from the studio folder, ``~/`` from ``HOME``."""
        value = self.get(name)
        if value is None:
            return None
        home = self.get("HOME")
        if value.startswith("~/") and home:
            return Path(home, value[2:])
        return self.root / value

    def all_known(self) -> tuple[Setting, ...]:
        """Return every known setting with what holds, the defaults included; not set and without default, its value is empty."""
        return tuple(
            self.lookup(known.name) or Setting(name=known.name, value=known.default, source=DEFAULT if known.default else NOT_SET)
            for known in KNOWN.values()
        )


def commented_settings(*, models: bool) -> Iterator[str]:
    """Yield the lines of a starter ``.env`` file: every known setting, commented out, with what it does."""
    for known in KNOWN.values():
        if known.models == models and known.name != "VTX_HOME":
            yield f"# {known.purpose}"
            yield f"# {known.name}={known.default}"
            yield ""


def _file_layer(path: Path, root: Path) -> Mapping[str, Setting]:
    try:
        text = read_text(path, root=root)
    except NotFoundError:
        return {}
    return parse_env(text, display_name(path, root))


def _check_limits(setting: Setting, value: int | Decimal, minimum: int | None, maximum: int | None) -> None:
    if minimum is not None and value < minimum:
        raise _bad_value(setting, f"is less than {minimum}, the least allowed")
    if maximum is not None and value > maximum:
        raise _bad_value(setting, f"is more than {maximum}, the most allowed")


def _bad_value(setting: Setting, problem: str) -> InvalidFileError | InvalidRequestError:
    shown = masked(setting)
    if setting.source == ENVIRONMENT:
        return InvalidRequestError(f"environment: {setting.name}: {shown!r} {problem}", setting=setting.name)
    file, _, line = setting.source.rpartition(":")
    message = f"{setting.source}: {setting.name}: {shown!r} {problem}"
    return InvalidFileError(message, file=file, line=int(line), setting=setting.name)
