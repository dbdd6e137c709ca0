"""The files in which people bring a screenplay along, by suffix: which are read, and what to do with the others."""

from pathlib import PurePosixPath
from typing import Final

READABLE_SUFFIXES: Final = {
    ".fountain": "Fountain",
    ".spmd": "Fountain",
    ".fdx": "Final Draft",
    ".highland": "Highland",
    ".textbundle": "TextBundle",
    ".textpack": "TextBundle",
    ".txt": "plain text",
    ".md": "Markdown",
    ".pdf": "PDF",
}
"""What each suffix is, those first that say most about a screenplay: they go before others of the same name."""

FOUNTAIN_SUFFIXES: Final = frozenset({".fountain", ".spmd"})

_EXPORT: Final = "export it as Fountain or Final Draft (.fdx)"
_REMEDIES: Final = {
    ".celtx": f"Celtx files are not read: {_EXPORT}, or as plain text, in Celtx",
    ".doc": "Word files are not read: save it as PDF",
    ".docx": "Word files are not read: save it as PDF",
    ".fadein": f"Fade In files are not read: {_EXPORT} in Fade In",
    ".fdr": "files of Final Draft 7 and older are not read: save it as .fdx in a newer Final Draft, or print it to a PDF",
    ".fdxt": "templates of Final Draft are not read: save it as a document (.fdx)",
    ".kitsp": f"KIT Scenarist files are not read: {_EXPORT} in KIT Scenarist",
    ".mmx": f"Movie Magic files are not read: {_EXPORT} in Movie Magic",
    ".mmsw": f"Movie Magic files are not read: {_EXPORT} in Movie Magic",
    ".odt": "OpenDocument files are not read: save it as PDF",
    ".pages": "Pages files are not read: export it as PDF",
    ".rtf": "RTF files are not read: save it as PDF",
    ".scriv": f"Scrivener projects are not read: compile it and {_EXPORT}",
    ".starc": f"STARC files are not read: {_EXPORT} in STARC",
    ".tex": "LaTeX files are not read: make a PDF of it",
    ".trelby": f"Trelby files are not read: {_EXPORT} in Trelby",
    ".wdz": f"WriterDuet files are not read: {_EXPORT} in WriterDuet",
    ".zip": "zip files are not read: unpack it",
}


def suffix_of(name: str) -> str:
    """Return the suffix of a file's name in lower case, with its dot; empty without one."""
    return PurePosixPath(name).suffix.lower()


def is_readable(name: str) -> bool:
    """Say whether a file is read as a screenplay, by its name. One that begins with a dot is another program's leftover."""
    return suffix_of(name) in READABLE_SUFFIXES and not name.startswith(".")


def spelled_suffixes() -> str:
    """Return the readable suffixes, as a person reads them: ``.fountain, .spmd, .fdx, ... or .pdf``."""
    *others, last = READABLE_SUFFIXES
    return f"{', '.join(others)} or {last}"


def remedy_for(name: str) -> str:
    """Return why a file is not read, and what to do about it; empty for one that is read."""
    suffix = suffix_of(name)
    if suffix in READABLE_SUFFIXES:
        return ""
    return _REMEDIES.get(suffix, f"only {spelled_suffixes()} files are read")
