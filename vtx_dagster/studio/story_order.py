"""The order of a film as its outline and shotlist have it, remembered in ``renders/.order.json``.

A long shotlist takes seconds to parse, and each tick of a sensor asks for the order. That file may be deleted at any time.
"""

import logging
import time
from collections.abc import Mapping
from pathlib import Path

from vtx_dagster.core.document import Part
from vtx_dagster.core.errors import StorageError
from vtx_dagster.core.film_order import StoryOrder
from vtx_dagster.core.outline import Outline
from vtx_dagster.core.shotlist import Shotlist
from vtx_dagster.studio.documents import load_document
from vtx_dagster.studio.files import FileIdentity, file_identity, storage_errors, write_atomic

logger = logging.getLogger(__name__)

SETTLED_NS = 2_000_000_000
"""A file that changed less than two seconds ago may change again without its times showing it, so it is not remembered yet."""


def story_order(root: Path, *, outline: Path, shotlist: Path) -> StoryOrder:
    """Return what the outline and the shotlist of a project say of its order; nothing if there is neither.

    Args:
        root: The project's folder.
        outline: Its outline.
        shotlist: Its shotlist.

    Raises:
        InvalidFileError: If one of them is not valid.
        StorageError: If the disk refuses.
    """
    # Before they are read: a file that changes meanwhile is read again the next time.
    now = file_identity(outline), file_identity(shotlist)
    if now == (None, None):
        return StoryOrder()
    path = root / "renders" / ".order.json"
    known = _remembered(path)
    acts, shots, retired = known.acts, known.shots, known.retired
    if known.outline != now[0]:
        acts = StoryOrder.of(load_document(outline, Outline, root=root) if now[0] is not None else None, None).acts
    if known.shotlist != now[1]:
        read = StoryOrder.of(None, load_document(shotlist, Shotlist, root=root) if now[1] is not None else None)
        shots, retired = read.shots, read.retired
    memory = _Memory()
    if _is_settled(now[0]):
        memory = memory.model_copy(update={"outline": now[0], "acts": acts})
    if _is_settled(now[1]):
        memory = memory.model_copy(update={"shotlist": now[1], "shots": shots, "retired": retired})
    if memory != known:
        _remember(path, memory)
    return StoryOrder(acts=acts, shots=shots, retired=retired)


def _is_settled(identity: FileIdentity | None) -> bool:
    return identity is not None and identity[1] < time.time_ns() - SETTLED_NS


class _Memory(Part):
    """``renders/.order.json``: what was read, with the identity of the file; nothing of one that may change unseen."""

    outline: FileIdentity | None = None
    shotlist: FileIdentity | None = None
    acts: Mapping[str, tuple[str, ...]] = {}
    shots: Mapping[str, tuple[str, ...]] = {}
    retired: frozenset[str] = frozenset()


def _remembered(path: Path) -> _Memory:
    with storage_errors(path, doing="read"):
        try:
            return _Memory.model_validate_json(path.read_bytes())
        except (FileNotFoundError, ValueError):
            return _Memory()


def _remember(path: Path, memory: _Memory) -> None:
    try:
        write_atomic(path, memory.model_dump_json())
    except StorageError as error:
        # Looking must be possible on a disk that is full or read-only; it is only slower next time.
        logger.warning("the order of %s is not remembered: %s", path.parent.parent, error.message)
