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

from vtx_dagster.core.clip import Pipeline
from vtx_dagster.core.errors import (
    InvalidFileError,
    InvalidRequestError,
    MissingInputError,
    MissingSettingError,
    NotFoundError,
)
from vtx_dagster.core.pipelines import PIPELINES
from vtx_dagster.studio.files import display_name, read_text

V = TypeVar("V", bound=str)

ENVIRONMENT = "environment"
"""Source of a setting that comes from the process environment."""
DEFAULT = "default"
"""Source of a known setting that nobody set."""
NOT_SET = "not set"
"""Source of a known setting that nobody set and that has no default."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPLIT_PARTS = ("LTX_TRANSFORMER", "LTX_DISTILLED_TRANSFORMER", "LTX_TEXT_ENCODER", "LTX_AUDIO_VAE")
"""Settings that say that a model comes in several files."""
_MIN_SECRET_CHARACTERS = 6
"""A shorter value is no secret, and would be cut out of every number."""
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
            KnownSetting(
                name="VTX_ENGINE", purpose="What renders clips: animatic, ltx_cli, ltx_worker or diffusers.", default="animatic"
            ),
            KnownSetting(name="VTX_STORY_WRITER", purpose="What writes the story.", default="breakdown"),
            KnownSetting(name="VTX_FFMPEG", purpose="Path of ffmpeg; found on PATH or in imageio-ffmpeg when not set."),
            KnownSetting(
                name="VTX_FONT",
                purpose="Path of a TrueType font for captions; the one of the package when not set. "
                "Letters that it lacks are taken from the machine's fonts.",
            ),
            KnownSetting(name="VTX_PROMPT_MAX_CHARS", purpose="Longer prompts give a warning.", default="2000"),
            KnownSetting(
                name="VTX_FFMPEG_TIMEOUT_S", purpose="How long one call of ffmpeg may take, in seconds.", default="3600"
            ),
            KnownSetting(
                name="LTX_MAX_FRAMES", purpose="The most frames that a clip is rendered with.", default="257", models=True
            ),
            KnownSetting(
                name="VTX_LTX_PYTHON", purpose="The Python that has ltx-pipelines, for the engines ltx_cli and ltx_worker."
            ),
            KnownSetting(name="VTX_DIFFUSERS_PYTHON", purpose="The Python that has diffusers and torch; vtx's own when not set."),
            KnownSetting(
                name="VTX_GPUS",
                purpose="Which GPUs render, such as 0,1; auto asks nvidia-smi, cpu uses none.",
                default="auto",
            ),
            KnownSetting(
                name="VTX_RENDER_TIMEOUT_S", purpose="How long one clip may render on a GPU, in seconds.", default="3600"
            ),
            KnownSetting(
                name="VTX_WORKER_IDLE_S",
                purpose="How long a worker keeps its models with nothing to do, in seconds.",
                default="300",
            ),
            KnownSetting(
                name="VTX_WORKER_SILENCE_S", purpose="How long a worker may give no sign of life, in seconds.", default="120"
            ),
            KnownSetting(name="VTX_WORKER_START_S", purpose="How long a worker may take to start, in seconds.", default="600"),
            KnownSetting(
                name="VTX_WORKERS_DIR",
                purpose="Folder where GPUs are locked and workers listen; /tmp/vtx-<user id> when not set.",
            ),
            KnownSetting(
                name="LTX_OFFLOAD",
                purpose="Where weights wait: none (on the GPU), cpu or disk; the picture is the same.",
                default="none",
            ),
            KnownSetting(
                name="LTX_CHECKPOINT",
                purpose="The full model in one file, for guided pipelines; with LTX_GEMMA_ROOT.",
                models=True,
            ),
            KnownSetting(
                name="LTX_DISTILLED_CHECKPOINT",
                purpose="The distilled model in one file, for distilled, ic_lora and retake; with LTX_GEMMA_ROOT.",
                models=True,
            ),
            KnownSetting(
                name="LTX_GEMMA_ROOT", purpose="Folder of the Gemma text encoder, with a model in one file.", models=True
            ),
            KnownSetting(
                name="LTX_TRANSFORMER",
                purpose="The full model's transformer, where the model comes in several files; in place of LTX_CHECKPOINT.",
                models=True,
            ),
            KnownSetting(
                name="LTX_DISTILLED_TRANSFORMER",
                purpose="The distilled transformer, likewise; in place of LTX_DISTILLED_CHECKPOINT.",
                models=True,
            ),
            KnownSetting(
                name="LTX_TEXT_ENCODER", purpose="Text encoder in one file, where the model comes in several files.", models=True
            ),
            KnownSetting(
                name="LTX_VIDEO_VAE",
                purpose="Video VAE, where the model comes in several files; else in place of that of the one file.",
                models=True,
            ),
            KnownSetting(
                name="LTX_AUDIO_VAE", purpose="Audio VAE and vocoder, where the model comes in several files.", models=True
            ),
            KnownSetting(
                name="LTX_DURATION_HEAD", purpose="Duration head, where the model comes in several files; optional.", models=True
            ),
            KnownSetting(
                name="LTX_SPATIAL_UPSAMPLER", purpose="The spatial upsampler, for pipelines of two stages.", models=True
            ),
            KnownSetting(
                name="LTX_DISTILLED_LORA", purpose="The distilled LoRA, for the second stage of guided pipelines.", models=True
            ),
            KnownSetting(
                name="LTX_DISTILLED_LORA_STRENGTH", purpose="Strength of the distilled LoRA; LTX's own when not set.", models=True
            ),
            KnownSetting(
                name="LTX_QUANTIZATION",
                purpose="How weights are made smaller: fp8-cast, fp8-scaled-mm, nvfp4-cast or nvfp4-prequant.",
                models=True,
            ),
            KnownSetting(name="VTX_DIFFUSERS_MODEL", purpose="Folder of an LTX-2 model in the layout of diffusers.", models=True),
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

    def require_model_paths(self, pipeline: Pipeline) -> Mapping[str, Path]:
        """Return the model files that a pipeline of LTX needs, by the flag of its command line.

        The pipeline's own model decides the layout: one file (``--checkpoint-path`` or ``--distilled-checkpoint-path``, with
        ``--gemma-root``), or several (``--transformer-path`` and so on). Settings of the other layout are left alone, because
        another pipeline may use them. ``LTX_VIDEO_VAE`` belongs to both: beside a model in one file it takes the place of the one
        in it, unless other settings say that it is a part of a model in several files.

        Returns:
            Such as ``{"--checkpoint-path": ..., "--gemma-root": ...}``; every path is there.

        Raises:
            MissingSettingError: If settings are missing; names all of them.
            InvalidRequestError: If the model is given in both layouts, or the video VAE may be of either.
            MissingInputError: If paths that are set lead nowhere; names all of them.
        """
        traits = PIPELINES[pipeline]
        kind = "" if traits.is_guided else "DISTILLED_"
        whole, transformer = f"LTX_{kind}CHECKPOINT", f"LTX_{kind}TRANSFORMER"
        if self.lookup(whole) and self.lookup(transformer):
            raise InvalidRequestError(
                f"{whole} and {transformer} are both set, and {pipeline} takes its model in one file or in several: "
                f"remove one of the two settings",
                settings=[whole, transformer],
            )
        parts = (transformer, "LTX_TEXT_ENCODER", "LTX_AUDIO_VAE")
        is_split = not self.lookup(whole) and any(self.lookup(name) for name in parts)
        if is_split:
            needed = {
                "--transformer-path": transformer,
                "--text-encoder-path": "LTX_TEXT_ENCODER",
                "--video-vae-path": "LTX_VIDEO_VAE",
                "--audio-vae-path": "LTX_AUDIO_VAE",
            }
            optional = {"--duration-head-path": "LTX_DURATION_HEAD"}
        else:
            needed = {f"--{kind.lower().replace('_', '-')}checkpoint-path": whole, "--gemma-root": "LTX_GEMMA_ROOT"}
            optional = {"--video-vae-path": "LTX_VIDEO_VAE"}
        if traits.is_two_stage:
            needed["--spatial-upsampler-path"] = "LTX_SPATIAL_UPSAMPLER"
        if traits.needs_distilled_lora:
            needed["--distilled-lora"] = "LTX_DISTILLED_LORA"
        strays = () if is_split else tuple(filter(self.lookup, _SPLIT_PARTS))
        self._check_all_set(pipeline, tuple(needed.values()), stray=tuple(name for name in strays if name in parts))
        if strays and self.lookup("LTX_VIDEO_VAE"):
            raise InvalidRequestError(
                f"LTX_VIDEO_VAE would take the place of the video VAE in {whole} for {pipeline}, and {', '.join(strays)} says "
                f"that it is a part of another model: keep the settings of one of the two; project.env can differ by project",
                settings=["LTX_VIDEO_VAE", *strays],
            )
        return self._existing(needed | {flag: name for flag, name in optional.items() if self.lookup(name)})

    def _check_all_set(self, pipeline: Pipeline, names: tuple[str, ...], *, stray: tuple[str, ...]) -> None:
        missing = [name for name in names if self.lookup(name) is None]
        if not missing:
            return
        hint = f" ({', '.join(stray)} is for a model in several files)" if stray else ""
        other = " (or those of a model in several files, such as LTX-2.5)" if "LTX_GEMMA_ROOT" in missing and not stray else ""
        raise MissingSettingError(
            f"{pipeline} needs {', '.join(missing)}{other}, not set{hint}: put the paths into one of "
            f"{', '.join((*self.files, 'the environment'))}; docs/ltx.md has a table",
            setting=missing[0],
            settings=list(missing),
        )

    def _existing(self, names: Mapping[str, str]) -> Mapping[str, Path]:
        found = {flag: (name, path) for flag, name in names.items() if (path := self.path(name)) is not None}
        gone = [(name, path) for name, path in found.values() if not path.exists()]
        if gone:
            raise MissingInputError(
                f"model files are not there: {', '.join(f'{path} ({name})' for name, path in gone)}; "
                f"download them or correct the settings",
                settings=[name for name, _ in gone],
                paths=[str(path) for _, path in gone],
            )
        return MappingProxyType({flag: path for flag, (_, path) in found.items()})

    def secrets(self) -> tuple[str, ...]:
        """Return the values of all settings whose names are those of secrets, of every layer, to cut them out of texts."""
        found = (setting.value for layer in self.layers for name, setting in layer.items() if is_secret(name))
        return tuple(sorted({value for value in found if len(value) >= _MIN_SECRET_CHARACTERS}))

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
