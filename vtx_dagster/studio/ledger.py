"""Which story files were generated, and from what: ``story/.generated.json``. What a person wrote or edited wins.

An entry is written before its file and keeps the hash of the text before, so that a crash in between never makes a generated file
look like a person's work: the file then holds the one or the other.

Editors and version control systems store a text with line ends of their own. That is no edit: what counts is the plain form.
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
from vtx_dagster.core.plain_form import plain_form
from vtx_dagster.studio.files import hash_file, is_fountain, read_bytes, read_text, storage_errors, write_atomic
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
    words: str | None = Field(default=None, description="Hash of its plain form, where that is another.")
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
        return self._look(path).state

    def input_hash(self, path: Path) -> str | None:
        """Return what a file was generated from, or None if it is missing, edited, or still holds the text before."""
        entry = self.entries.get(_key(self.project, path))
        return entry.input_hash if entry and self._look(path).is_latest else None

    def generator(self, path: Path) -> str | None:
        """Return what generated a file, or None if it was not generated or was edited since."""
        entry = self.entries.get(_key(self.project, path))
        return entry.generator if entry and self.state(path) == FileState.GENERATED else None

    def _look(self, path: Path) -> "_Found":
        entry = self.entries.get(_key(self.project, path))
        try:
            digest = hash_file(path)
        except NotFoundError:
            return _Found(state=FileState.MISSING)
        if entry is None:
            return _Found(state=FileState.WRITTEN, digest=digest)
        # A file has to be read only if somebody else stored it; those that are as they were written are thousands.
        hashes = {digest} if digest in (entry.sha256, entry.previous) else {digest, *_hashes_of_words(path)}
        is_latest = bool(hashes & {entry.sha256, entry.words})
        is_ours = is_latest or entry.previous in hashes
        return _Found(state=FileState.GENERATED if is_ours else FileState.WRITTEN, digest=digest, is_latest=is_latest)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What is there of a file.

    Attributes:
        digest: Hash of its bytes.
        is_latest: It says what was generated last.
    """

    state: FileState
    digest: str | None = None
    is_latest: bool = False


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
            found = ledger._look(path)  # noqa: SLF001 - the same concept, and hashing every file twice is slow
            new = _hash(text)
            if found.state == FileState.WRITTEN and not overwrite:
                continue
            words = _hash(plain_form(text, is_fountain=is_fountain(path)))
            is_same = found.digest == new or (found.digest is not None and words in _hashes_of_words(path))
            previous = found.digest if found.state == FileState.GENERATED and not is_same else None
            made_of = input_hash if isinstance(input_hash, str) else input_hash[path]
            if found.state != FileState.WRITTEN or adopt:
                entry = LedgerEntry(
                    sha256=new,
                    words=words if words != new else None,
                    previous=previous,
                    generator=generator,
                    input_hash=made_of,
                )
                entries[_key(project, path)] = entry
            if not is_same:
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


def _hashes_of_words(path: Path) -> set[str]:
    """Return the hashes under which a text may have been noted: that of its plain form, and that with only its line ends unified.

    Notes of earlier versions are of the text as it was generated, which had line feeds, and nearly always was in plain form.
    """
    try:
        text = read_text(path)
    except InvalidFileError:
        return set()
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    return {_hash(plain_form(text, is_fountain=is_fountain(path))), _hash(unified)}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _ledger_path(project: Project) -> Path:
    return project.story_dir / ".generated.json"


def _key(project: Project, path: Path) -> str:
    if not path.is_relative_to(project.root) or ".." in path.parts:
        raise InvalidRequestError(f"{path} is not in the project {project.slug}", path=str(path), project=project.slug)
    return path.relative_to(project.root).as_posix()
