"""One way in for all formats: the name and the bytes of a file, and the Fountain text that it becomes."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.screenplay_formats import remedy_for, suffix_of
from vtx_dagster.engines.screenplay.archives import read_archive
from vtx_dagster.engines.screenplay.decoding import decode_text
from vtx_dagster.engines.screenplay.final_draft import read_final_draft
from vtx_dagster.engines.screenplay.imported import ImportedScreenplay
from vtx_dagster.engines.screenplay.pdf import read_pdf
from vtx_dagster.engines.screenplay.plain_text import read_markdown, read_text_file


@lru_cache(maxsize=8)
def read_screenplay_file(name: str, data: bytes) -> ImportedScreenplay:
    """Return a screenplay as Fountain. The last few are remembered, since a command asks for the same one stage after stage.

    Args:
        name: The file's name or path; its suffix, in any case, says what it is.
        data: The bytes of the file.

    Returns:
        Its text. That of a Fountain file is as it was written; that of a text or Markdown file without a scene is empty.

    Raises:
        InvalidFileError: If the file is not what its suffix says, is broken, or of a kind that is not read; says what to do.
    """
    reader = _READERS.get(suffix_of(name))
    if reader is None:
        raise InvalidFileError(f"{name}: {remedy_for(name)}", file=name)
    return reader(data, name=name)


def _fountain(data: bytes, *, name: str) -> ImportedScreenplay:
    decoded = decode_text(data, name=name)
    return ImportedScreenplay(text=decoded.text, remarks=decoded.remarks)


def _archive(data: bytes, *, name: str) -> ImportedScreenplay:
    decoded = read_archive(data, name=name)
    return ImportedScreenplay(text=decoded.text, remarks=decoded.remarks)


_READERS: Final[dict[str, Callable[..., ImportedScreenplay]]] = {
    ".fountain": _fountain,
    ".spmd": _fountain,
    ".fdx": read_final_draft,
    ".highland": _archive,
    ".textbundle": _archive,
    ".textpack": _archive,
    ".txt": read_text_file,
    ".md": read_markdown,
    ".pdf": read_pdf,
}
