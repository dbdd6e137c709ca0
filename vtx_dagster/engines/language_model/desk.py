"""What every stage of a story needs to ask a language model."""

from dataclasses import dataclass

from vtx_dagster.engines.language_model.asking import Asker, model_asker
from vtx_dagster.engines.language_model.prompt import PromptLibrary
from vtx_dagster.studio.project import Project
from vtx_dagster.studio.settings import KNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDesk:
    """The prompts, who answers them, and how many are asked at a time.

    Attributes:
        model: Name of the model.
        concurrency: Questions that may be open at once, 1 or more.
    """

    library: PromptLibrary
    asker: Asker
    model: str
    concurrency: int


def model_desk(project: Project) -> ModelDesk:
    """Return the desk of a project, as its settings and the files of the studio ask for it. Nothing is sent.

    Raises:
        InvalidFileError, InvalidRequestError: If a setting, a price table or a policy is not valid.
    """
    settings = project.settings()
    folders = (("project", project.story_dir / "templates"), ("studio", project.studio.root / "config/templates"))
    return ModelDesk(
        library=PromptLibrary(folders, context_tokens=settings.integer("VTX_STORY_CONTEXT_TOKENS", default=24_000, minimum=1000)),
        asker=model_asker(project),
        model=settings.get("VTX_STORY_MODEL") or KNOWN["VTX_STORY_MODEL"].default,
        concurrency=settings.integer("VTX_STORY_CONCURRENCY", default=4, minimum=1, maximum=64),
    )
