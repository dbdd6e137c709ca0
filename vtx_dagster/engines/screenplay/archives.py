"""Zip files with a Fountain text in them: Highland documents and TextBundles."""

import io
import lzma
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import Final

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.engines.screenplay.decoding import DecodedText, decode_text

MAX_UNPACKED_BYTES: Final = 64 * 1024 * 1024
_MAX_FILES: Final = 10_000
_TEXTS: Final = (".fountain", ".md", ".markdown", ".txt")


def read_archive(data: bytes, *, name: str) -> DecodedText:
    """Return the Fountain text in a Highland document or a packed TextBundle. Some of the former are the text itself.

    Raises:
        InvalidFileError: If the zip file is broken, asks for a password, has no text in it, or one that is far too large.
    """
    if not data.startswith(b"PK"):
        return decode_text(data, name=name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return decode_text(_text_of(archive, name), name=name)
    except (
        zipfile.BadZipFile,
        RuntimeError,
        NotImplementedError,
        EOFError,
        OSError,
        ValueError,
        zlib.error,
        lzma.LZMAError,
    ) as error:
        # RuntimeError: a password is asked for. NotImplementedError: packed in a way that Python does not know.
        raise InvalidFileError(
            f"{name}: cannot be unpacked ({error}): save it anew, or export it as Fountain", file=name
        ) from error


def _text_of(archive: zipfile.ZipFile, name: str) -> bytes:
    members = archive.infolist()
    if len(members) > _MAX_FILES:
        raise InvalidFileError(f"{name}: {len(members)} files in it are too many: export it as Fountain", file=name)
    texts = [
        member
        for member in members
        if PurePosixPath(member.filename).suffix.lower() in _TEXTS and not PurePosixPath(member.filename).name.startswith(".")
    ]
    texts.sort(
        key=lambda member: (PurePosixPath(member.filename).stem.lower() != "text", member.filename.count("/"), member.filename)
    )
    if not texts:
        raise InvalidFileError(f"{name}: no text in it: export it as Fountain", file=name)
    with archive.open(texts[0]) as file:
        data = file.read(MAX_UNPACKED_BYTES + 1)
    if len(data) > MAX_UNPACKED_BYTES:
        raise InvalidFileError(f"{name}: its text has more than {MAX_UNPACKED_BYTES} bytes: no screenplay has", file=name)
    return data
