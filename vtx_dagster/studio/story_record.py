"""How the parts of a story came to be: ``story/.stages.json``.

Without it, a generated file is current as long as the ledger knows it was made of what its sources say now.
"""

import logging
from collections.abc import Collection, Mapping
from pathlib import Path

from pydantic import Field, ValidationError

from vtx_dagster.core.document import Document
from vtx_dagster.core.errors import InvalidFileError, NotFoundError
from vtx_dagster.core.story import Provenance
from vtx_dagster.studio.files import FileIdentity, file_identity, read_bytes, write_atomic
from vtx_dagster.studio.project import Project

logger = logging.getLogger(__name__)


class StoryRecordFile(Document):
    """``story/.stages.json``."""

    stages: dict[str, dict[str, Provenance]] = Field(
        default_factory=dict, description="By stage, then by part; the part of a stage that is written in one piece is empty."
    )
    owed: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="By stage: parts that a person wants anew and that are not written yet."
    )
    beats: dict[str, str] = Field(default_factory=dict, description="Ids that beats were given, and their texts then.")


class StoryLog:
    """What was noted of a project's story. Whoever notes something holds the project's story lock.

    Args:
        project: The project.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._read: tuple[FileIdentity | None, StoryRecordFile] | None = None

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

    def owed(self, stage: str) -> tuple[str, ...]:
        """Return the parts of a stage that a person wants anew and that are not written yet."""
        return self._load().owed.get(stage, ())

    def beats(self) -> Mapping[str, str]:
        """Return the ids that beats were ever given, with their texts."""
        return self._load().beats

    def note(self, stage: str, parts: Mapping[str, Provenance], *, present: Collection[str] | None = None) -> None:
        """Note how parts came to be; they are no longer owed.

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
        after = before.model_copy(update={"stages": {**before.stages, stage: noted}})
        self._save(before, _owing(after, stage, [part for part in before.owed.get(stage, ()) if part not in parts]))

    def owe(self, stage: str, parts: Collection[str]) -> None:
        """Note which parts a person wants anew, instead of those that were owed before.

        Raises:
            StorageError: If the disk refuses.
        """
        before = self._load()
        self._save(before, _owing(before, stage, parts))

    def note_beats(self, beats: Mapping[str, str]) -> None:
        """Note the ids that beats have, so that they keep them and nothing else is given one of them.

        Raises:
            StorageError: If the disk refuses.
        """
        before = self._load()
        self._save(before, before.model_copy(update={"beats": {**before.beats, **beats}}))

    def _load(self) -> StoryRecordFile:
        """Return the notes; they are asked for part by part, and read again only when the file is another one."""
        identity = file_identity(self.path)
        if self._read is None or self._read[0] != identity:
            self._read = identity, self._parsed()
        return self._read[1]

    def _parsed(self) -> StoryRecordFile:
        try:
            return StoryRecordFile.model_validate_json(read_bytes(self.path))
        except NotFoundError:
            return StoryRecordFile()
        except (ValidationError, InvalidFileError):
            logger.warning("%s is damaged: nothing is known of how the story came to be", self.path)
            return StoryRecordFile()

    def _save(self, before: StoryRecordFile, after: StoryRecordFile) -> None:
        if after != before:
            write_atomic(self.path, after.model_dump_json(indent=1, exclude_defaults=True) + "\n")


def _owing(record: StoryRecordFile, stage: str, parts: Collection[str]) -> StoryRecordFile:
    others = {name: owed for name, owed in record.owed.items() if name != stage}
    return record.model_copy(update={"owed": {**others, **({stage: tuple(parts)} if parts else {})}})
