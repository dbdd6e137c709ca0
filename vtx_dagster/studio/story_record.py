"""How the parts of a story came to be: ``story/.stages.json``. It may be deleted; everything generated is then due again."""

import logging
from collections.abc import Collection, Mapping
from pathlib import Path

from pydantic import Field, ValidationError

from vtx_dagster.core.document import Document
from vtx_dagster.core.errors import InvalidFileError, NotFoundError
from vtx_dagster.core.story import Provenance
from vtx_dagster.studio.files import read_bytes, write_atomic
from vtx_dagster.studio.project import Project

logger = logging.getLogger(__name__)


class StoryRecordFile(Document):
    """``story/.stages.json``."""

    stages: dict[str, dict[str, Provenance]] = Field(
        default_factory=dict, description="By stage, then by part; the part of a stage that is written in one piece is empty."
    )


class StoryLog:
    """What was noted of the parts of a project's story.

    Args:
        project: The project. Whoever notes something holds its story lock.
    """

    def __init__(self, project: Project) -> None:
        self._project = project

    @property
    def path(self) -> Path:
        """Where the notes are."""
        return self._project.story_dir / ".stages.json"

    def parts(self, stage: str) -> Mapping[str, Provenance]:
        """Return how the parts of a stage came to be, as far as it is known.

        Raises:
            StorageError: If the file cannot be read.
        """
        return self._load().stages.get(stage, {})

    def note(self, stage: str, parts: Mapping[str, Provenance], *, present: Mapping[str, object] | None = None) -> None:
        """Note how parts came to be.

        Args:
            stage: The stage.
            parts: What to note, by part.
            present: The parts that the stage has now; notes of others are dropped. None keeps them.

        Raises:
            StorageError: If the disk refuses.
        """
        before = self._load()
        noted = {**before.stages.get(stage, {}), **parts}
        if present is not None:
            noted = {part: provenance for part, provenance in noted.items() if part in present}
        after = StoryRecordFile(stages={**before.stages, stage: noted})
        if after != before:
            write_atomic(self.path, after.model_dump_json(indent=1, exclude_defaults=True) + "\n")

    def forget(self, stage: str, parts: Collection[str]) -> None:
        """Forget parts, so that they are due again."""
        before = self._load()
        kept = {part: provenance for part, provenance in before.stages.get(stage, {}).items() if part not in parts}
        write_atomic(self.path, StoryRecordFile(stages={**before.stages, stage: kept}).model_dump_json(indent=1) + "\n")

    def _load(self) -> StoryRecordFile:
        try:
            return StoryRecordFile.model_validate_json(read_bytes(self.path))
        except NotFoundError:
            return StoryRecordFile()
        except (ValidationError, InvalidFileError):
            logger.warning("%s is damaged: every generated part of the story counts as due", self.path)
            return StoryRecordFile()
