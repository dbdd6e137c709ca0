"""The title page of a Fountain file: entries such as ``Title: The Kettle`` above the first scene."""

import re
from collections.abc import Sequence

from vtx_dagster.engines.screenplay.emphasis import escaped, plain_text
from vtx_dagster.engines.screenplay.heading import is_transition, looks_like_heading
from vtx_dagster.engines.screenplay.source_lines import SourceLine

_ENTRY = re.compile(r"^(?P<key>[^\W_][^:\uff1a]{0,60}?)\s*[:\uff1a](?:\s+(?P<value>.*)|(?P<close>\S.*)?)$")
_CONTINUED = re.compile(r"^(?: {2,}|\t)\s*\S")
_RULE = re.compile(r"^(?:={3,}|-{3,})$")
KNOWN_KEYS = frozenset(
    """
    title credit author authors source draft_date date draft contact copyright notes note revision version format logline subtitle
    episode series genre font header footer written_by writer writers based_on adaptation language email phone address company
    producer director published website url tagline short_title watermark tl tc tr bl br cc
    titel autor autoren autorin quelle fassung datum kontakt titre auteur auteurs titolo autore autori titulo título autora
    crédito fecha contacto название автор 作者 标题 タイトル 作
    """.split()  # noqa: SIM905 - easier to read, and to add to
)
"""Keys that open a title page. Anything else before a colon on the first line, such as ``SUPER:``, is text of the film."""


def read_title_page(lines: Sequence[SourceLine]) -> tuple[dict[str, str], int]:
    """Return the title page and the index of the first line after it.

    It begins on the first line that is not empty, and only with a known key (or a key above a known one). An entry goes on in
    the lines below it, indented or not. It ends at an empty line, unless another known entry follows.

    Returns:
        Values by lower-case key in the order of the file, with their emphasis marks; an empty page and 0 where there is none.
    """
    first = next((index for index, line in enumerate(lines) if line.text.strip()), len(lines))
    if first < len(lines) and _RULE.match(lines[first].text.strip()):
        # Between rules, as front matter in Markdown.
        first += 1
    if not _opens(lines, first):
        return {}, 0
    values: dict[str, list[str]] = {}
    current: list[str] = []
    index = first
    while index < len(lines):
        line = lines[index]
        text = line.text
        if not text.strip() and not line.comment_only:
            if not _opens(lines, index + 1):
                break
        elif _RULE.match(text.strip()):
            index += text.strip().startswith("-")
            break
        elif not line.comment_only:
            entry = _entry(text)
            if entry is None and not _CONTINUED.match(text) and _is_script(text.strip()):
                break
            if entry is not None and (not _CONTINUED.match(text) or entry[0] in KNOWN_KEYS):
                current = values.setdefault(entry[0], [])
                text = entry[1]
            if plain_text(text):
                current.append(" ".join(text.split()))
        index += 1
    return {key.replace("_", " "): "\n".join(value) for key, value in values.items()}, index


def reads_as_entry(line: str) -> bool:
    """Say whether a line has the form of an entry, ``Key: value``; on the first line of a file some readers take any key."""
    return _entry(line) is not None


def _opens(lines: Sequence[SourceLine], index: int) -> bool:
    """Say whether a title page, or another entry of it, begins at a line."""
    for line in lines[index:]:
        if line.comment_only:
            continue
        entry = _entry(line.text) if line.text.strip() else None
        if entry is None:
            return False
        if entry[0] in KNOWN_KEYS:
            return True
        if is_transition(line.text.strip()) or line.text == line.text.upper():
            return False
    return False


def _entry(text: str) -> tuple[str, str] | None:
    stripped = plain_text(text)
    found = _ENTRY.match(stripped)
    if found is None or _is_script(stripped):
        return None
    key = "_".join(found["key"].casefold().split())
    if found["close"] is not None and key not in KNOWN_KEYS:
        return None
    value = found["value"] or found["close"] or ""
    marked = re.split("[:\uff1a]", text, maxsplit=1)[1].strip()
    # In **Title: X** the marks go over key and value.
    return key, marked if plain_text(marked) == value else escaped(value)


def _is_script(text: str) -> bool:
    """Say whether a line belongs to the screenplay and to no title page."""
    return looks_like_heading(text) or is_transition(text) or text[:1] in {"#", ".", ">", "@", "!", "~"}
