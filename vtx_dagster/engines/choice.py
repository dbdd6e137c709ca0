"""Which engine, writer and media tool a project's settings ask for."""

from vtx_dagster.core.engines import RenderEngine
from vtx_dagster.core.errors import InvalidRequestError
from vtx_dagster.core.story import StoryWriter
from vtx_dagster.core.suggestions import did_you_mean
from vtx_dagster.engines.ffmpeg import Ffmpeg, find_ffmpeg
from vtx_dagster.studio.project import Project
from vtx_dagster.studio.settings import Settings

ENGINES = ("animatic", "ltx_cli", "ltx_worker", "diffusers")
WRITERS = ("breakdown", "openai")


def render_engine(settings: Settings, *, name: str = "") -> RenderEngine:
    """Return the engine of that name; without one, the engine that ``VTX_ENGINE`` names.

    Args:
        settings: The project's settings.
        name: What ``metadata.yaml`` or the engine resource says.

    Raises:
        InvalidRequestError: If there is no such engine, or a setting of it makes no sense.
        MissingSettingError: If the engine needs a setting that is not set.
        ProcessError: If its interpreter cannot be run.
    """
    chosen = name or settings.get("VTX_ENGINE") or ENGINES[0]
    if name and name not in ENGINES:
        message = (
            f"engine {name!r} is not known{did_you_mean(name, ENGINES)}: correct render.engine, or engine of the render profile, "
            "in metadata.yaml (or in the configuration of the engine resource, if you gave it one)"
        )
        raise InvalidRequestError(message, engine=name)
    _checked("VTX_ENGINE", chosen, ENGINES)
    if chosen in ("ltx_cli", "ltx_worker"):
        from vtx_dagster.engines.ltx.engine import ltx_engine

        return ltx_engine(settings, is_resident=chosen == "ltx_worker")
    if chosen == "diffusers":
        from vtx_dagster.engines.ltx.diffusers_engine import diffusers_engine

        return diffusers_engine(settings)
    from vtx_dagster.engines.animatic.engine import AnimaticEngine

    return AnimaticEngine(font=settings.path("VTX_FONT"))


def story_writer(project: Project, *, name: str = "") -> StoryWriter:
    """Return the writer of that name for a project; without one, the writer that ``VTX_STORY_WRITER`` names.

    Raises:
        InvalidRequestError: If there is no such writer.
        MissingSettingError: If the writer needs a setting that is not set.
        InvalidFileError: If a file that tells it how to write is not valid.
    """
    if story_writer_name(project.settings(), name=name) == "openai":
        from vtx_dagster.engines.language_model.desk import model_desk
        from vtx_dagster.engines.language_model.writer import LanguageModelWriter

        return LanguageModelWriter(model_desk(project))
    from vtx_dagster.engines.breakdown.writer import BreakdownWriter

    return BreakdownWriter()


def story_writer_name(settings: Settings, *, name: str = "") -> str:
    """Return the name itself, or without one what ``VTX_STORY_WRITER`` says.

    Raises:
        InvalidRequestError: If there is no such writer.
    """
    name = name or settings.get("VTX_STORY_WRITER") or WRITERS[0]
    _checked("VTX_STORY_WRITER", name, WRITERS)
    return name


def media_tool(settings: Settings, *, executable: str = "") -> Ffmpeg:
    """Return the media tool with the given ffmpeg; without one, that of ``VTX_FFMPEG``, of the PATH or of the bundled wheel.

    Raises:
        MissingSettingError: If the program that is named does not exist, or none is named and none found.
    """
    timeout_s = settings.integer("VTX_FFMPEG_TIMEOUT_S", default=3600, minimum=1)
    return Ffmpeg(find_ffmpeg(executable or settings.get("VTX_FFMPEG")), timeout_s=timeout_s)


def _checked(setting: str, name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        raise InvalidRequestError(f"{setting}={name!r} is not known{did_you_mean(name, known)}", setting=setting)
