"""The memory of a story's language model: ``story/calls``, one JSON file per question that was answered.

``<key>.json`` is an answer, stored before it is used. ``<key>.sent.json`` is a question that was sent: with no answer beside
it, it counts as the most that it can have cost. Answers that could not be used are in ``failed``, those that a person wanted
anew in ``replaced``; what they cost still counts.
"""

import itertools
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from pydantic import Field, JsonValue, ValidationError

from vtx_dagster.core.document import Document
from vtx_dagster.core.errors import InvalidFileError, NotFoundError
from vtx_dagster.core.planner import Stage
from vtx_dagster.core.story import WHOLE
from vtx_dagster.studio.files import FileIdentity, display_name, file_identity, read_bytes, storage_errors, write_atomic
from vtx_dagster.studio.project import Project

_KEY_CHARS = 16
_SENT = ".sent.json"

D = TypeVar("D", bound=Document)


class SentCall(Document):
    """A question that was sent and has no answer yet."""

    key: str = Field(description="SHA-256 of everything that is sent.")
    stage: str
    part: str
    model: str
    usd: Decimal | None = Field(description="The most that the answer can cost; None where the model has no known price.")
    lost_usd: Decimal = Field(default=Decimal(0), description="The same of earlier sendings of the question; none was answered.")

    @property
    def total_usd(self) -> Decimal:
        """What the question cost at most; 0 where nobody knows."""
        return (self.usd or Decimal(0)) + self.lost_usd


class StoredCall(Document):
    """A question and its answer. Neither the address of the service nor anything that identifies the user is in it."""

    key: str = Field(description="SHA-256 of everything that was sent.")
    stage: str
    part: str
    attempt: int = Field(description="1 is the question, 2 and 3 are repairs.")
    model: str
    response_id: str
    usd: Decimal | None = Field(description="None where the model has no known price.")
    lost_usd: Decimal = Field(default=Decimal(0), description="The most that earlier sendings cost that were never answered.")
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    seconds: float
    ending: str = Field(description="complete, truncated, refused or failed")
    detail: str = Field(default="", description="What the service said about an ending that is not complete.")
    moderation: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="Flags by moderation model that was asked.")
    text: str = Field(description="What the model said.")
    request: dict[str, JsonValue] = Field(description="The body that was sent.")
    raw: JsonValue = Field(description="The body that came back; as text where it is not JSON.")

    @property
    def total_usd(self) -> Decimal:
        """What the question cost at most; 0 where nobody knows."""
        return (self.usd or Decimal(0)) + self.lost_usd


class CallStore:
    """The calls of one project. Several threads and processes may use it, if no two of them ask the same question."""

    def __init__(self, project: Project) -> None:
        self._root = project.root
        self._folder = project.story_dir / "calls"
        self._costs: dict[Path, tuple[FileIdentity | None, Decimal]] = {}

    def path(self, key: str) -> Path:
        """Return where the answer to a question is, or would be."""
        return self._folder / f"{key[:_KEY_CHARS]}.json"

    def find(self, key: str) -> StoredCall | None:
        """Return the answer to a question, or None.

        Raises:
            InvalidFileError: If its file is damaged.
            StorageError: If it cannot be read.
        """
        found = self._read(self.path(key), StoredCall)
        return found if found is not None and found.key == key else None

    def mark_sent(self, call: SentCall) -> None:
        """Note that a question is about to be sent. If it was sent before and not answered, that cost is kept.

        Raises:
            InvalidFileError: If the note of the earlier sending is damaged.
            StorageError: If the disk refuses; then the question must not be sent.
        """
        path = self._sent_path(call.key)
        before = self._read(path, SentCall)
        lost = before.total_usd if before is not None else Decimal(0)
        write_atomic(path, _text(call.model_copy(update={"lost_usd": lost})))

    def unmark(self, key: str) -> None:
        """Take back the last note: the service did no work. What earlier sendings may have cost is kept.

        Raises:
            StorageError: If the disk refuses.
        """
        path = self._sent_path(key)
        marker = self._read(path, SentCall)
        if marker is None or not marker.lost_usd:
            _remove(path)
        else:
            write_atomic(path, _text(marker.model_copy(update={"usd": None})))

    def store(self, call: StoredCall) -> StoredCall:
        """Keep an answer, and return it with what unanswered sendings of its question may have cost.

        Raises:
            StorageError: If the disk refuses.
        """
        marker = self._read(self._sent_path(call.key), SentCall)
        stored = call if marker is None else call.model_copy(update={"lost_usd": marker.lost_usd})
        write_atomic(self.path(call.key), _text(stored))
        _remove(self._sent_path(call.key))
        return stored

    def set_aside(self, keys: Iterable[str]) -> tuple[Path, ...]:
        """Move answers that cannot be used to ``failed``, so that their questions are asked again; return where they are.

        Raises:
            StorageError: If the disk refuses.
        """
        return tuple(self._move(path, "failed") for path in map(self.path, dict.fromkeys(keys)) if path.exists())

    def forget(self, stage: Stage, parts: Collection[str]) -> tuple[Path, ...]:
        """Move the answers of some parts to ``replaced``, so that their questions are asked again; return where they are.

        Args:
            stage: The stage that asked.
            parts: Its parts; the whole stage (``""``) has all of them in it.

        Raises:
            InvalidFileError: If an answer's file is damaged.
            StorageError: If the disk refuses.
        """
        found = [(path, self._read(path, StoredCall)) for path in self._answers(self._folder)]
        wanted = [path for path, call in found if call and call.stage == stage and (WHOLE in parts or call.part in parts)]
        return tuple(self._move(path, "replaced") for path in wanted)

    def restore(self, moved: Iterable[Path]) -> None:
        """Take back answers that were forgotten.

        Args:
            moved: What ``forget`` returned; nothing was asked since.

        Raises:
            StorageError: If the disk refuses.
        """
        for path in moved:
            with storage_errors(path):
                path.rename(self._folder / f"{path.stem.rpartition('-')[0]}.json")

    def spent(self) -> Decimal:
        """Return what all questions cost in USD at most. Answers of models without a known price count as nothing.

        Raises:
            InvalidFileError: If a file is damaged, so that nobody can say.
            StorageError: If one cannot be read.
        """
        costs = [self._cost(path, StoredCall) for path in self._all_answers()]
        costs += [self._cost(path, SentCall) for path in self._unanswered()]
        return sum(costs, Decimal(0))

    def answers(self) -> Iterator[StoredCall]:
        """Yield every answer, those that were set aside or replaced included.

        Raises:
            InvalidFileError: If a file is damaged.
            StorageError: If one cannot be read.
        """
        found = (self._read(path, StoredCall) for path in self._all_answers())
        return (call for call in found if call is not None)

    def unanswered(self) -> Iterator[SentCall]:
        """Yield every question that was sent and has no answer.

        Raises:
            InvalidFileError: If a file is damaged.
            StorageError: If one cannot be read.
        """
        found = (self._read(path, SentCall) for path in self._unanswered())
        return (call for call in found if call is not None)

    def _all_answers(self) -> list[Path]:
        return [path for name in ("", "failed", "replaced") for path in self._answers(self._folder / name)]

    def _unanswered(self) -> list[Path]:
        answered = {path.name for path in self._answers(self._folder)}
        return [path for path in self._files(self._folder, _SENT) if path.name.replace(_SENT, ".json") not in answered]

    def _cost(self, path: Path, model: type[StoredCall] | type[SentCall]) -> Decimal:
        # Every question of a run asks for the sum, and a feature film has thousands of answers.
        identity = file_identity(path)
        known = self._costs.get(path)
        if known is not None and known[0] == identity:
            return known[1]
        call = self._read(path, model)
        cost = call.total_usd if call is not None else Decimal(0)
        self._costs[path] = (identity, cost)
        return cost

    def _move(self, path: Path, folder: str) -> Path:
        with storage_errors(path):
            target = self._folder / folder
            target.mkdir(exist_ok=True)
            names = (target / f"{path.stem}-{number}.json" for number in itertools.count(1))
            return path.rename(next(name for name in names if not name.exists()))

    def _sent_path(self, key: str) -> Path:
        return self._folder / f"{key[:_KEY_CHARS]}{_SENT}"

    def _answers(self, folder: Path) -> Iterator[Path]:
        return (path for path in self._files(folder, ".json") if not path.name.endswith(_SENT))

    def _files(self, folder: Path, suffix: str) -> list[Path]:
        with storage_errors(folder, doing="read"):
            if not folder.is_dir():
                return []
            return [path for path in sorted(folder.iterdir()) if path.name.endswith(suffix) and path.name[0] != "."]

    def _read(self, path: Path, model: type[D]) -> D | None:
        try:
            return model.model_validate_json(read_bytes(path))
        except NotFoundError:
            return None
        except ValidationError as error:
            name = display_name(path, self._root)
            message = (
                f"{name}: the file is damaged, so that what it cost is not known: restore it from a backup, "
                "or remove it to ask the question again"
            )
            raise InvalidFileError(message, file=name) from error


def _text(call: Document) -> str:
    return call.model_dump_json(indent=1) + "\n"


def _remove(path: Path) -> None:
    with storage_errors(path, doing="remove"):
        path.unlink(missing_ok=True)
