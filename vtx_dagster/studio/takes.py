"""The take store: finished renders by content hash, the one that each clip shows, and the renders that failed.

A take is ``renders/takes/<clip>/<hash12>.mp4`` with ``.render.json`` (its sidecar) and ``.log.txt`` beside it;
``renders/clips/<clip>.mp4`` is the current one. A sidecar is written last and names the size of its file, so a take is whole or
none, whenever a process was killed. Whether it is whole is
read from the header, a few fields of the sidecar, so that a take stays in use when another version wrote the plan in it; the plan
is read only where it is shown.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeVar

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from vtx_dagster.core.document import Document
from vtx_dagster.core.errors import InvalidFileError, NotFoundError, StorageError
from vtx_dagster.core.plan import RenderPlan
from vtx_dagster.studio.files import file_identity, hash_file, partial_path, read_bytes, storage_errors, write_atomic
from vtx_dagster.studio.project import Project

_HASH_CHARS = 12
_NO_LINKS = frozenset({errno.EPERM, errno.EXDEV, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS})
_R = TypeVar("_R", bound=BaseModel)


class TakeRecord(Document):
    """A take's sidecar: what was rendered, with what, and what the file was found to be."""

    clip: str
    project: str
    clip_hash: str
    size_bytes: int = Field(default=0, description="Size of the MP4; filled in when the take is stored.")
    sha256: str = Field(default="", description="Hash of the MP4; filled in when the take is stored.")
    started_at: str = Field(description="ISO 8601.")
    finished_at: str = Field(description="ISO 8601.")
    render_s: float
    previous_sha256: str = Field(default="", description="Hash of the MP4 from whose end the clip goes on; empty for most.")
    engine: dict[str, JsonValue] = Field(default_factory=dict, description="What the engine reported.")
    verification: dict[str, JsonValue] = Field(default_factory=dict, description="What decoding the file found.")
    plan: RenderPlan

    @classmethod
    def of(
        cls,
        plan: RenderPlan,
        *,
        project: str,
        clip_hash: str,
        started_at: str,
        finished_at: str,
        render_s: float,
        previous_sha256: str = "",
        engine: dict[str, JsonValue] | None = None,
        verification: dict[str, JsonValue] | None = None,
    ) -> Self:
        """Return the record of a render that is about to be stored; the store fills in size and hash of the file."""
        return cls(
            clip=plan.clip,
            project=project,
            clip_hash=clip_hash,
            started_at=started_at,
            finished_at=finished_at,
            render_s=render_s,
            previous_sha256=previous_sha256,
            engine=engine or {},
            verification=verification or {},
            plan=plan,
        )


class TakeHeader(BaseModel):
    """What every version reads of a take's sidecar: which file it vouches for. All else in it is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    clip: str
    clip_hash: str
    size_bytes: int
    sha256: str = ""
    previous_sha256: str = ""
    started_at: str = ""
    finished_at: str = ""
    render_s: float = 0.0


class FailureRecord(Document):
    """Why a plan could not be rendered."""

    clip: str
    clip_hash: str
    code: str = Field(description="Code of the error class.")
    message: str
    details: dict[str, JsonValue] = Field(default_factory=dict, description="Facts of the error for machines.")
    failed_at: str = Field(description="ISO 8601.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """A finished, verified, immutable render of one plan.

    Attributes:
        sha256: Hash of the MP4; empty if an older version did not note it.
        previous_sha256: Hash of the MP4 from whose end the clip goes on; empty for most.
    """

    clip: str
    clip_hash: str
    path: Path
    sidecar_path: Path
    sha256: str = field(default="", compare=False)
    previous_sha256: str = field(default="", compare=False)

    def goes_on_from(self, previous: "Take") -> bool:
        """Say whether this is a take of a clip that went on from that very take; of one that does not tell, yes."""
        return not self.previous_sha256 or self.previous_sha256 == previous.sha256

    @property
    def log_path(self) -> Path:
        """What the engine wrote while it rendered; may not exist."""
        return self.path.with_suffix(".log.txt")


def read_sidecar(path: Path) -> TakeRecord:
    """Return what a sidecar says.

    Raises:
        NotFoundError: If there is none.
        InvalidFileError: If it is corrupt, or of a version whose plans this one cannot read.
        StorageError: If it cannot be read.
    """
    content = read_bytes(path)
    try:
        return TakeRecord.model_validate_json(content)
    except ValidationError as error:
        problems = f"({error.error_count()} problems)"
        if _parsed(content, TakeHeader) is None:
            message = f"{path}:1: not a take's sidecar {problems}: delete it to have the clip rendered again"
        else:
            message = f"{path}:1: the plan of another version of vtx {problems}: read it there; the take itself stays in use"
        raise InvalidFileError(message, file=str(path), line=1) from error


class TakeStore:
    """The takes of one project. Whoever stores holds the clip's lock; finding needs none."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._takes = str(project.takes_dir)

    def take_path(self, clip: str, clip_hash: str) -> Path:
        """Return where the take of a plan is or would be."""
        return Path(self._base(clip, clip_hash) + ".mp4")

    def find(self, clip: str, clip_hash: str) -> Take | None:
        """Return the take of a plan, or None if there is none that is whole.

        A file whose size is not the one in its sidecar, and a sidecar that is corrupt or of another plan, count as no take. Costs
        one ``stat`` and, if there is a file, the reading of its sidecar.

        Raises:
            StorageError: If the disk refuses to say.
        """
        base = self._base(clip, clip_hash)
        header = _whole_header(base)
        if header is None or header.clip_hash != clip_hash or header.clip != clip:
            return None
        return _take(header, base)

    def record(self, take: Take, *, plan: RenderPlan | None = None) -> TakeRecord:
        """Return a take's sidecar; as ``read_sidecar``.

        Args:
            take: The take.
            plan: The plan that it is a take of, by its hash. With it, a sidecar of another version is no error: the record has
                this plan and what the header says.
        """
        try:
            return read_sidecar(take.sidecar_path)
        except InvalidFileError:
            header = _parsed(read_bytes(take.sidecar_path), TakeHeader)
            if plan is None or header is None:
                raise
            return TakeRecord(project=self.project.slug, plan=plan, **header.model_dump())

    def takes(self, clip: str) -> tuple[Take, ...]:
        """Return every whole take of a clip, the oldest first."""
        folder = Path(self._takes, clip)
        bases = [str(path).removesuffix(".render.json") for path in folder.glob("*.render.json")]
        found = [(header, base) for base in bases if (header := _whole_header(base))]
        return tuple(_take(header, base) for header, base in sorted(found, key=lambda one: (one[0].finished_at, one[1])))

    def of_another_version(self, plan: RenderPlan) -> RenderPlan | None:
        """Return the plan of the latest take in which another version of the engine rendered what a plan asks for.

        Costs the reading of a folder, and of every sidecar in it until one is found.

        Raises:
            StorageError: If the disk refuses to say.
        """
        for take in reversed(self.takes(plan.clip)):
            try:
                record = read_sidecar(take.sidecar_path)
            except (InvalidFileError, NotFoundError):
                # The take of a version whose plans cannot be compared, or one that was removed meanwhile.
                continue
            if record.plan.engine.version != plan.engine.version and plan.asks_for_the_same(record.plan):
                return record.plan
        return None

    def store(self, rendered: Path, record: TakeRecord, *, log: Path | None = None) -> Take:
        """Move a verified render into the store and return it as a take.

        A take of the same plan is replaced. A file that was found damaged is kept beside it as ``.mp4.damaged``.

        Args:
            rendered: The MP4; it is gone from there afterwards.
            record: Its sidecar; size and hash of the file are filled in.
            log: The engine's log, moved as well if it exists.

        Raises:
            StorageError: If the disk refuses; the render is then still where it was, or a whole take.
        """
        base = self._base(record.clip, record.clip_hash)
        video, sidecar = Path(base + ".mp4"), Path(base + ".render.json")
        with storage_errors(video, doing="store"):
            video.parent.mkdir(parents=True, exist_ok=True)
            _sync(rendered)
            done = record.model_copy(update={"size_bytes": rendered.stat().st_size, "sha256": hash_file(rendered)})
            if sidecar.exists() and video.exists() and self.find(record.clip, record.clip_hash) is None:
                video.replace(video.with_suffix(".mp4.damaged"))
            # From here to the end there is no take, so that an old sidecar can never vouch for a new file.
            sidecar.unlink(missing_ok=True)
            if log is not None and log.exists():
                _move(log, Path(base + ".log.txt"))
            _move(rendered, video)
            write_atomic(sidecar, done.model_dump_json(indent=2) + "\n")
        self.clear_failure(record.clip, record.clip_hash)
        return _take(done, base)

    def make_current(self, take: Take) -> bool:
        """Make a take the one in ``renders/clips``: as hard links, or as copies where the disk has no links.

        Returns:
            Whether anything had to change.

        Raises:
            StorageError: If the disk refuses.
        """
        video = self.project.current_path(take.clip)
        sidecar, log = video.with_suffix(".render.json"), video.with_suffix(".log.txt")
        with storage_errors(video):
            if _is_same(take.path, video) and _is_same(take.sidecar_path, sidecar):
                return False
            video.parent.mkdir(parents=True, exist_ok=True)
            # Without its sidecar the clip has no current take, so a crash in between is seen and mended by the next call.
            sidecar.unlink(missing_ok=True)
            _link(take.path, video)
            log.unlink(missing_ok=True)
            if take.log_path.exists():
                _link(take.log_path, log)
            _link(take.sidecar_path, sidecar)
        return True

    def current_hash(self, clip: str) -> str | None:
        """Return the hash of the take in ``renders/clips``, or None if there is none that is whole."""
        header = _whole_header(f"{self.project.root}/renders/clips/{clip}")
        return header.clip_hash if header else None

    def record_failure(self, failure: FailureRecord, *, rendered: Path | None = None, log: Path | None = None) -> Path | None:
        """Keep why a plan failed, and for a look the file and the log, if there are any, in place of those of earlier failures.

        Returns:
            Where the log is kept, or None if there was none.

        Raises:
            StorageError: If the disk refuses.
        """
        base = self._base(failure.clip, failure.clip_hash)
        kept_log = Path(base + ".failed.log.txt")
        with storage_errors(Path(base + ".failed.json")):
            Path(base).parent.mkdir(parents=True, exist_ok=True)
            for source, kept in ((rendered, Path(base + ".failed.mp4")), (log, kept_log)):
                kept.unlink(missing_ok=True)
                if source is not None and source.exists():
                    _move(source, kept)
        write_atomic(Path(base + ".failed.json"), failure.model_dump_json(indent=2) + "\n")
        return kept_log if kept_log.exists() else None

    def failure(self, clip: str, clip_hash: str) -> FailureRecord | None:
        """Return why a plan failed, or None if it did not; a corrupt record counts as none, so that the clip is tried again."""
        record = _read(self._base(clip, clip_hash) + ".failed.json", FailureRecord)
        return record if record is not None and record.clip_hash == clip_hash else None

    def clear_failure(self, clip: str, clip_hash: str) -> None:
        """Forget that a plan failed.

        Raises:
            StorageError: If the disk refuses.
        """
        base = self._base(clip, clip_hash)
        for suffix in (".failed.json", ".failed.mp4", ".failed.log.txt"):
            with storage_errors(Path(base + suffix), doing="remove"), suppress(FileNotFoundError):
                Path(base + suffix).unlink()

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """Give a fresh folder on the store's disk, removed afterwards; ``sweep_scratch`` removes it if the process is killed.

        Args:
            name: What it is for, such as the clip's id.

        Raises:
            StorageError: If the disk refuses.
        """
        root = self.project.scratch_dir
        folder = partial_path(root / name).with_suffix(".tmp")
        own = FileLock(folder / ".lock", thread_local=False)
        with storage_errors(folder, doing="make"):
            root.mkdir(parents=True, exist_ok=True)
            with FileLock(root / ".lock", thread_local=False):
                folder.mkdir()
                own.acquire()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            own.release()

    def sweep_scratch(self) -> int:
        """Remove the scratch folders whose processes are dead, and return how many.

        Raises:
            StorageError: If the disk refuses.
        """
        root = self.project.scratch_dir
        if not root.is_dir():
            return 0
        with storage_errors(root, doing="clean"), FileLock(root / ".lock", thread_local=False):
            return sum(_sweep(folder) for folder in sorted(root.iterdir()) if folder.is_dir())

    def _base(self, clip: str, clip_hash: str) -> str:
        return f"{self._takes}/{clip}/{clip_hash[:_HASH_CHARS]}"


def _take(known: TakeRecord | TakeHeader, base: str) -> Take:
    return Take(
        clip=known.clip,
        clip_hash=known.clip_hash,
        path=Path(base + ".mp4"),
        sidecar_path=Path(base + ".render.json"),
        sha256=known.sha256,
        previous_sha256=known.previous_sha256,
    )


def _whole_header(base: str) -> TakeHeader | None:
    facts = file_identity(base + ".mp4")
    header = _read(base + ".render.json", TakeHeader) if facts is not None else None
    return header if facts is not None and header is not None and header.size_bytes == facts[0] else None


def _read(path: str, model: type[_R]) -> _R | None:
    try:
        content = Path(path).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}", path=path) from error
    return _parsed(content, model)


def _parsed(content: bytes, model: type[_R]) -> _R | None:
    try:
        return model.model_validate_json(content)
    except ValidationError:
        return None


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _move(source: Path, target: Path) -> None:
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(source, target)
        source.unlink()


def _link(source: Path, target: Path) -> None:
    partial = partial_path(target)
    try:
        partial.hardlink_to(source)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _copy(source, target)
    else:
        partial.replace(target)
        # Renaming one link of a file over another does nothing, by POSIX, and leaves both.
        partial.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    partial = partial_path(target)
    try:
        shutil.copy2(source, partial)
        _sync(partial)
        partial.replace(target)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise


def _is_same(one: Path, other: Path) -> bool:
    # A copy keeps size and modification time, so it is known again without being read.
    try:
        first, second = one.stat(), other.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(first, second) or (first.st_size, first.st_mtime_ns) == (second.st_size, second.st_mtime_ns)


def _sweep(folder: Path) -> bool:
    lock = FileLock(folder / ".lock", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        return False
    shutil.rmtree(folder)
    lock.release()
    return True
