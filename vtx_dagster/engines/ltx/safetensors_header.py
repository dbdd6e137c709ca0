"""The header of a safetensors file: which tensors it holds and what its maker says of it, without reading any weights.

Source: https://huggingface.co/docs/safetensors (format): eight bytes with the length of the header, the header as JSON, the data.
"""

import functools
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from vtx_dagster.core.errors import InvalidRequestError, MissingInputError
from vtx_dagster.studio.files import FileIdentity, file_identity, storage_errors

MAX_HEADER_BYTES: Final = 100_000_000
"""The limit of the format's own reader."""

_LENGTH_BYTES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetensorsHeader:
    """What a file says of itself.

    Attributes:
        size_bytes: Of the whole file.
        metadata: Texts of its maker.
        dtypes: Type of each tensor by name, such as ``BF16`` or ``F8_E4M3``.
    """

    size_bytes: int
    metadata: Mapping[str, str]
    dtypes: Mapping[str, str]

    @property
    def has_fp8(self) -> bool:
        """Whether weights are stored in eight bits."""
        return any(dtype.startswith("F8") for dtype in self.dtypes.values())


def read_header(path: Path) -> SafetensorsHeader:
    """Return the header of a file; read once per process as long as it is the same file.

    Raises:
        MissingInputError: If it is not there.
        InvalidRequestError: If it is no safetensors file, or was cut off.
        StorageError: If it cannot be read.
    """
    identity = file_identity(path)
    if identity is None:
        raise MissingInputError(f"{path} is not there: put it back, or correct the setting that names it", path=str(path))
    return _read(str(path), identity)


@functools.lru_cache(maxsize=256)
def _read(name: str, identity: FileIdentity) -> SafetensorsHeader:
    path, size_bytes = Path(name), identity[0]
    with storage_errors(path, doing="read"), path.open("rb") as file:
        start = file.read(_LENGTH_BYTES)
        length = struct.unpack("<Q", start)[0] if len(start) == _LENGTH_BYTES else 0
        if not 2 <= length <= min(MAX_HEADER_BYTES, size_bytes - _LENGTH_BYTES):
            raise _damaged(path, "it is no safetensors file")
        text = file.read(length)
    try:
        header: dict[str, Any] = json.loads(text)
        metadata = {str(key): str(value) for key, value in (header.pop("__metadata__", None) or {}).items()}
        dtypes = {tensor: str(facts["dtype"]) for tensor, facts in header.items()}
        end = max((int(facts["data_offsets"][1]) for facts in header.values()), default=0)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise _damaged(path, "its header cannot be read") from error
    expected = _LENGTH_BYTES + length + end
    if size_bytes != expected:
        raise _damaged(path, f"it has {size_bytes} bytes and its header speaks of {expected}")
    return SafetensorsHeader(size_bytes=size_bytes, metadata=metadata, dtypes=dtypes)


def _damaged(path: Path, what: str) -> InvalidRequestError:
    return InvalidRequestError(f"{path}: {what}: download it again", path=str(path))
