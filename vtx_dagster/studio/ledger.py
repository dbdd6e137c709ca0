"""Which story files were generated, and from what: ``story/.generated.json``. What a person wrote or edited wins.

An entry is written before its file and keeps the hash of the text before, so that a crash in between never makes a generated file
look like a person's work: the file then holds the one or the other.
"""

import hashlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError

from vtx_dagster.core.document import Document, Part
from vtx_dagster.core.errors import InvalidFileError, InvalidRequestError, NotFoundError
from vtx_dagster.studio.files import hash_file, read_bytes, storage_errors, write_atomic
from vtx_dagster.studio.locks import project_lock
from vtx_dagster.studio.project import Project

logger = logging.getLogger(__name__)

_LOCK = "ledger"


class FileState(StrEnum):
    """Whose a story file is."""

    MISSING = "missing"
    GENERATED = "generated"
    WRITTEN = "written"


class LedgerEntry(Part):
    """What was generated into one file."""

    sha256: str
    previous: str | None = Field(default=None, description="What the file held before, if that was generated too.")
    generator: str
    input_hash: str


class LedgerFile(Document):
    """``story/.generated.json``."""

    files: dict[str, LedgerEntry] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The generated files of a project, as they were noted.

    Attributes:
        entries: By path in the project, with ``/``.
        is_damaged: The file could not be read, and so everything counts as written by hand.
    """

    project: Project
    entries: Mapping[str, LedgerEntry] = field(default_factory=dict)
    is_damaged: bool = False

    @classmethod
    def load(cls, project: Project) -> Self:
        """Return the ledger of a project. A damaged one is empty, with a warning: then nothing is taken for generated.

        Raises:
            StorageError: If the file cannot be read.
        """
        path = _ledger_path(project)
        try:
            return cls(project=project, entries=LedgerFile.model_validate_json(read_bytes(path)).files)
        except NotFoundError:
            return cls(project=project)
        except (ValidationError, InvalidFileError):
            logger.warning("%s is damaged: every story file of %s counts as written by hand and is kept", path, project.slug)
            return cls(project=project, is_damaged=True)

    def state(self, path: Path) -> FileState:
        """Return whose a file is.

        Args:
            path: A path in the project's folder.

        Raises:
            InvalidRequestError: If it is outside.
            StorageError: If it cannot be read.
        """
        return self._look(path)[0]

    def input_hash(self, path: Path) -> str | None:
        """Return what a file was generated from, or None if it is missing, edited, or still holds the text before."""
        state, digest = self._look(path)
        entry = self.entries.get(_key(self.project, path))
        return entry.input_hash if entry and state == FileState.GENERATED and digest == entry.sha256 else None

    def generator(self, path: Path) -> str | None:
        """Return what generated a file, or None if it was not generated or was edited since."""
        entry = self.entries.get(_key(self.project, path))
        return entry.generator if entry and self.state(path) == FileState.GENERATED else None

    def _look(self, path: Path) -> tuple[FileState, str | None]:
        entry = self.entries.get(_key(self.project, path))
        try:
            digest = hash_file(path)
        except NotFoundError:
            return FileState.MISSING, None
        is_ours = entry is not None and digest in (entry.sha256, entry.previous)
        return (FileState.GENERATED if is_ours else FileState.WRITTEN), digest


def write_generated(
    project: Project,
    files: Mapping[Path, str],
    *,
    generator: str,
    input_hash: str | Mapping[Path, str],
    overwrite: bool = False,
    adopt: bool = True,
) -> tuple[Path, ...]:
    """Write generated files, except where a person wrote or edited one, and note them.

    Args:
        project: The project.
        files: Texts by path in the project's folder.
        generator: What made them, such as ``breakdown 1``.
        input_hash: Hash of what they were made from, of all together or of each.
        overwrite: Replace what a person wrote, too.
        adopt: Whether a file that a person wrote counts as generated once it was replaced. Not if their words are still in it.

    Returns:
        The files whose text changed, in the order given.

    Raises:
        InvalidRequestError: If a path is outside the project.
        StorageError: If the disk refuses; what was written until then is noted.
    """
    with project_lock(project, _LOCK):
        ledger = Ledger.load(project)
        entries = dict(ledger.entries)
        changed: list[Path] = []
        for path, text in files.items():
            state, digest = ledger._look(path)  # noqa: SLF001 - the same concept, and hashing every file twice is slow
            new = hashlib.sha256(text.encode()).hexdigest()
            if state == FileState.WRITTEN and not overwrite:
                continue
            previous = digest if state == FileState.GENERATED and digest != new else None
            made_of = input_hash if isinstance(input_hash, str) else input_hash[path]
            if state != FileState.WRITTEN or adopt:
                entry = LedgerEntry(sha256=new, previous=previous, generator=generator, input_hash=made_of)
                entries[_key(project, path)] = entry
            if digest != new:
                changed.append(path)
        _write(ledger, entries)
        for path in changed:
            write_atomic(path, files[path])
        return tuple(changed)


def remove_generated(project: Project, paths: Iterable[Path]) -> tuple[Path, ...]:
    """Remove generated files that are not wanted any more, unless a person edited them.

    Returns:
        The files that were removed. Those that a person wrote stay, and so do their entries.

    Raises:
        InvalidRequestError: If a path is outside the project.
        StorageError: If the disk refuses.
    """
    with project_lock(project, _LOCK):
        ledger = Ledger.load(project)
        entries = dict(ledger.entries)
        removed: list[Path] = []
        for path in paths:
            state = ledger.state(path)
            if state == FileState.GENERATED:
                with storage_errors(path, doing="remove"):
                    path.unlink()
                removed.append(path)
            if state != FileState.WRITTEN:
                entries.pop(_key(project, path), None)
        if len(entries) != len(ledger.entries):
            _write(ledger, entries)
        return tuple(removed)


def _write(ledger: Ledger, entries: Mapping[str, LedgerEntry]) -> None:
    path = _ledger_path(ledger.project)
    if ledger.is_damaged:
        with storage_errors(path):
            path.replace(path.with_name(path.name + ".damaged"))
    if entries != ledger.entries or ledger.is_damaged:
        write_atomic(path, LedgerFile(files=dict(sorted(entries.items()))).model_dump_json(indent=1) + "\n")


def _ledger_path(project: Project) -> Path:
    return project.story_dir / ".generated.json"


def _key(project: Project, path: Path) -> str:
    if not path.is_relative_to(project.root) or ".." in path.parts:
        raise InvalidRequestError(f"{path} is not in the project {project.slug}", path=str(path), project=project.slug)
    return path.relative_to(project.root).as_posix()
