"""Text files that are not said to be Fountain: Fountain all the same, a formatted screenplay typed with spaces, or Markdown."""

import html
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.screenplay import ElementKind
from vtx_dagster.core.story import Source
from vtx_dagster.engines.screenplay.announced import announced
from vtx_dagster.engines.screenplay.decoding import decode_text
from vtx_dagster.engines.screenplay.doubled_lines import are_doubled, single_spaced
from vtx_dagster.engines.screenplay.emphasis import Run, plain
from vtx_dagster.engines.screenplay.fountain import parse_screenplay, reads_as_announcement, reads_as_heading
from vtx_dagster.engines.screenplay.imported import ImportedScreenplay
from vtx_dagster.engines.screenplay.page_marks import page_number
from vtx_dagster.engines.screenplay.transcript import from_transcript, is_transcript
from vtx_dagster.engines.screenplay.typed_lines import (
    CHARACTER_PT,
    LINE_PT,
    Piece,
    TypedLine,
    TypedPage,
    begins_script,
    is_heading,
    is_name,
    may_be_name,
)
from vtx_dagster.engines.screenplay.typed_pages import read_typed_pages

_PIECE = re.compile(r"\S+(?: {1,2}\S+)*")
_INDENT: Final = 8
"""Columns right of the left margin from which on a name is a cue of a formatted screenplay."""

_LEAST_NAMES: Final = 2
_LEAST_SPEECHES: Final = 2
_PAGE_COLUMNS, _PAGE_LINES = 85, 66
_MOST_TITLE_LINES: Final = 45
_LONGEST_LINE: Final = 5000
"""Longer lines are text: marks are not looked for in them, which would take time that grows with the square of their length."""

_ATX = re.compile(r"^ {0,3}(?P<marks>#{1,6})\s+(?P<text>\S.*)$")
_RULE = re.compile(r"^ {0,3}(?:[-*_]\s*){3,}$")
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)")
_WRAPPED = re.compile(r"^(\*{1,3}|_{1,3})(?=\S)(?P<text>.*\S)\1$")
_SPEECH = re.compile(r"^(?:\*\*|__)(?P<name>[^*_:]+?)\s*:?(?:\*\*|__)\s*:?\s*(?P<aside>\([^)]*\)\s*)?:?\s*(?P<words>\S.*)$")
_COMMENT = re.compile(r"<!--((?:(?!<!--).)*?)-->", re.DOTALL)
_TAG = re.compile(r"</?(?:b|br|i|u|p|pre|html|head|body|center|font|script|title)\b[^<>\n]{0,200}>", re.IGNORECASE)
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?P<entries>(?:[^\n]*\n)*?)---[ \t]*\n")
_ENTRY = re.compile(r"^(?P<key>[A-Za-z][\w -]*):\s*(?P<value>\S.*?)\s*$")
_QUOTES: Final = "\"'"
_ACT = re.compile(r"^(?:act|acto|ato|acte|akt|atto)\b", re.IGNORECASE)


def read_text_file(data: bytes, *, name: str) -> ImportedScreenplay:
    """Return a ``.txt`` as Fountain: formatted pages by where lines begin, transcripts, else as it is. Empty if it is none."""
    decoded = decode_text(data, name=name)
    lines = _lines(_TAG.sub("", _COMMENT.sub("", decoded.text)))
    expanded = [line.expandtabs(8) for line in lines]
    doubled = are_doubled(expanded)
    if is_transcript(expanded):
        return _with_scenes(from_transcript(expanded, doubled=doubled), decoded.remarks, name)
    if doubled:
        expanded = single_spaced(expanded)
    if _is_typed(expanded):
        read = read_typed_pages(list(_typed_pages(expanded)), name=name)
        return ImportedScreenplay(text=read.text, remarks=(*decoded.remarks, *read.remarks))
    text = "\n".join(line.rstrip("\f").replace("\f", "\n\n===\n\n") for line in lines)
    return _with_scenes(text, decoded.remarks, name)


def read_markdown(data: bytes, *, name: str) -> ImportedScreenplay:
    """Return a screenplay in Markdown as Fountain. Empty if it is none."""
    decoded = decode_text(data, name=name)
    text, remarks = _from_markdown("\n".join(_lines(decoded.text)), name)
    return _with_scenes(text, (*decoded.remarks, *remarks), name)


def _with_scenes(text: str, remarks: Sequence[str], name: str) -> ImportedScreenplay:
    """Return a text if it has a scene, or people who speak; else nothing, and why."""
    lines = (line.strip() for line in text.split("\n") if line.strip())
    if not (any(reads_as_heading(line) or reads_as_announcement(line) for line in lines) or _has_conversation(text, name)):
        return ImportedScreenplay(text="", remarks=(*remarks, f"{name}: no scene heading in it: not read as a screenplay"))
    return ImportedScreenplay(text=text, remarks=tuple(remarks))


def _has_conversation(text: str, name: str) -> bool:
    """Say whether a text without scenes has cues with speeches in it, so that it is a screenplay all the same."""
    if not text.strip():
        return False
    try:
        read = parse_screenplay(Source(name=name, text=text))
    except InvalidFileError:
        return False
    elements = (element for act in read.acts for scene in act.scenes for element in scene.elements)
    return sum(element.kind == ElementKind.DIALOGUE and not element.goes_on for element in elements) >= _LEAST_SPEECHES


def _lines(text: str) -> list[str]:
    return re.split(r"\r\n?|\n", text)


# -- formatted pages ------------------------------------------------------------------------------------------------------------


def _is_typed(lines: Sequence[str]) -> bool:
    """Say whether speeches are set in from headings, as on a typed page; Fountain begins all lines at the margin."""
    heads = [_indent(line) for line in lines if is_heading(line)]
    if not heads:
        return False
    left = min(heads)
    names = 0
    for line, below in pairwise(lines):
        names += (
            _indent(line) >= left + _INDENT and may_be_name(line.strip()) and bool(below.strip()) and _indent(below) > left + 2
        )
    return names >= _LEAST_NAMES


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _typed_pages(lines: Sequence[str]) -> Iterator[TypedPage]:
    """Yield typed text page by page: parted at form feeds, or above page numbers that rise by one."""
    left = min(_indent(line.replace("\f", "")) for line in lines if line.strip())
    for number, rows in enumerate(_with_title_apart(_paged(lines)), start=1):
        typed = [
            TypedLine(y=row * LINE_PT, pieces=tuple(_pieces(line[left:])))
            for row, line in enumerate(rows, start=3)
            if line.strip()
        ]
        height = max(_PAGE_LINES, len(rows) + 6) * LINE_PT
        yield TypedPage(label=f"page {number}", width=_PAGE_COLUMNS * CHARACTER_PT, height=height, lines=tuple(typed))


def _pieces(line: str) -> Iterator[Piece]:
    for found in _PIECE.finditer(line):
        text = re.sub(r"\s+", " ", found.group())
        yield Piece(left=(found.start() + 14) * CHARACTER_PT, right=(found.end() + 14) * CHARACTER_PT, runs=(Run(text),))


def _paged(lines: Sequence[str]) -> list[list[str]]:
    pages: list[list[str]] = [[]]
    last = 0
    for line in lines:
        before, *others = line.split("\f")
        number = page_number(before.strip())
        if number is not None and (number == last + 1 if last else number <= 2):
            last = number
            pages.append([])
        else:
            pages[-1].append(before)
        pages += [[other] for other in others]
    return pages


def _with_title_apart(pages: list[list[str]]) -> list[list[str]]:
    """Return the pages, with what stands above the first heading or FADE IN on a page of its own."""
    first = pages[0]
    start = next((number for number, line in enumerate(first) if begins_script(line)), 0)
    if not 0 < start <= _MOST_TITLE_LINES or not any(line.strip() for line in first[:start]):
        return pages
    return [first[:start], first[start:], *pages[1:]]


# -- Markdown -------------------------------------------------------------------------------------------------------------------


def _from_markdown(text: str, name: str) -> tuple[str, list[str]]:
    entries: list[str] = []
    if found := _FRONT_MATTER.match(text):
        text = text[found.end() :]
        entries = [
            f"{entry['key'].capitalize()}: {entry['value'].strip(_QUOTES)}"
            for line in found["entries"].split("\n")
            if (entry := _ENTRY.match(line))
        ]
    text = _COMMENT.sub(lambda found: "/*" + found[1].replace("*/", "* /") + "*/", html.unescape(text))
    lines = text.split("\n")
    start = next((number for number, line in enumerate(lines) if _heading(line)), len(lines))
    announces = start == len(lines)
    if announces:
        start = _start_without_headings(lines, name)
    head, remarks = [], []
    for line in lines[:start]:
        title = _ATX.match(line)
        if title and title["marks"] == "#" and not any(entry.startswith("Title:") for entry in entries):
            entries.insert(0, f"Title: {plain(_unclosed(title['text']))}")
        elif not _RULE.match(line) and not _FENCE.match(line):
            head.append(line)
    body = [part for line in lines[start:] for part in _markdown_line(line, announces=announces)]
    notes = _preface(head)
    if notes:
        remarks.append(f"{name}: what stands above the first scene heading was kept as notes")
    blocks = ["\n".join(entries), *notes, "\n".join(body).strip("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n\n".join(block for block in blocks if block)) + "\n", remarks


def _start_without_headings(lines: Sequence[str], name: str) -> int:
    """Return where the film begins: where a scene is announced, else below the title if there are people who speak."""
    for number, line in enumerate(lines):
        if line.strip() and len(line) <= _LONGEST_LINE and reads_as_announcement(line.strip()):
            return number
    title = next((number for number, line in enumerate(lines) if line.strip() and not _RULE.match(line)), 0)
    start = title + bool(lines[title].startswith("# "))
    spoken = "\n".join(part for line in lines[start:] for part in _markdown_line(line, announces=False))
    return start if _has_conversation(spoken, name) else len(lines)


def _preface(lines: Sequence[str]) -> list[str]:
    """Return text that stands above the first scene: what begins in Fountain as it is, all else as notes."""
    kept = []
    for paragraph in re.split(r"\n[^\S\n]*\n", "\n".join(lines)):
        shown = plain(paragraph) if len(paragraph) < _LONGEST_LINE else paragraph
        words = " ".join(shown.replace("[[", "[ [").replace("]]", "] ]").split())
        if words.startswith(("/*", ">", "Title:")) or begins_script(words):
            kept.append(paragraph.strip("\n"))
        elif words:
            kept.append(f"[[{words.lstrip('# ')}]]")
    return kept


def _heading(line: str) -> str:
    """Return the scene heading that a line of Markdown is; empty for anything else."""
    if len(line) > _LONGEST_LINE:
        return ""
    atx = _ATX.match(line)
    text = _unwrapped(_unclosed(atx["text"]) if atx else line.strip())
    return text if is_heading(text) else ""


def _unclosed(text: str) -> str:
    """Return what a Markdown heading says without the marks that may end it: ``## Act one ##``."""
    return text.rstrip().rstrip("#").rstrip()


def _unwrapped(text: str) -> str:
    while found := _WRAPPED.match(text):
        text = found["text"]
    return text


def _markdown_line(line: str, *, announces: bool) -> list[str]:
    if len(line) > _LONGEST_LINE:
        return [line]
    line = line.rstrip().removesuffix("\\").rstrip()
    if heading := _heading(line):
        return ["", heading, ""]
    if atx := _ATX.match(line):
        text = plain(_unclosed(atx["text"]))
        if announces and (scene := announced(text)):
            return ["", scene.text, ""]
        return ["", f"# {text}" if _ACT.match(text) else f"## {text}", ""]
    if _RULE.match(line) or _FENCE.match(line):
        return [""]
    if line.startswith("> ") and not line.endswith("<") and not is_name(line[2:]):
        line = line[2:].lstrip()
    name = plain(line.strip())
    if name != line.strip() and is_name(name):
        return ["", name.rstrip(":")]
    if (speech := _SPEECH.match(line)) and is_name(speech["name"]):
        return ["", speech["name"], *([speech["aside"].strip()] if speech["aside"] else []), speech["words"], ""]
    aside = _unwrapped(line.strip())
    return [aside if aside.startswith("(") and aside.endswith(")") else line]
