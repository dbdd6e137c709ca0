"""Final Draft XML (``.fdx``) as Fountain: every word of the script once, in order; nothing of how Final Draft shows it.

The XML is read by expat without a document type: a file that brings one along is refused, so there are no entities that could
grow or lead to other files.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final
from xml.parsers import expat

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.engines.screenplay.decoding import decode_text
from vtx_dagster.engines.screenplay.emphasis import Run
from vtx_dagster.engines.screenplay.fountain_form import Kind, Paragraph, fountain_text
from vtx_dagster.engines.screenplay.heading import is_transition
from vtx_dagster.engines.screenplay.imported import ImportedScreenplay
from vtx_dagster.engines.screenplay.typed_title_page import TitleLine, title_page_entries

_MAX_DEPTH: Final = 200
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_ENCODING = re.compile(rb"<\?xml[^>]*encoding=[\"']([A-Za-z0-9._-]+)[\"']")
_REFERENCE = re.compile(r"&#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,10}));")
_KINDS: Final = {
    "scene heading": Kind.HEADING,
    "action": Kind.ACTION,
    "character": Kind.CUE,
    "parenthetical": Kind.PARENTHETICAL,
    "dialogue": Kind.DIALOGUE,
    "dialog": Kind.DIALOGUE,
    "transition": Kind.TRANSITION,
    "shot": Kind.ACTION,
    "general": Kind.ACTION,
    "singing": Kind.LYRIC,
    "lyrics": Kind.LYRIC,
    "lyric": Kind.LYRIC,
    "new act": Kind.SECTION,
    "end of act": Kind.NOTE,
    "cast list": Kind.NOTE,
    "show/ep. title": Kind.NOTE,
    "outline body": Kind.SYNOPSIS,
    "synopsis": Kind.SYNOPSIS,
    "summary": Kind.SYNOPSIS,
    "note": Kind.NOTE,
}
_OUTLINE = re.compile(r"outline (\d)")
_LAYOUT: Final = frozenset({"DynamicLabel", "Tag", "Tags"})
"""What may stand in a paragraph without being text of it."""

_STRUCK: Final = ("strikeout", "strikethrough")


@dataclass(slots=True)
class _Node:
    """An XML element."""

    tag: str
    attributes: dict[str, str]
    line: int
    children: "list[_Node]" = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def first(self, tag: str) -> "_Node | None":
        return next((child for child in self.children if child.tag == tag), None)

    def all_words(self) -> str:
        """Return the words of the element and all below it."""
        found: list[str] = []
        waiting = [self]
        while waiting:
            node = waiting.pop()
            # Texts of one paragraph belong together: "ca" and "t" are one word.
            found.append(node.words())
            waiting += [child for child in reversed(node.children) if child.tag != "Text"]
        return " ".join(" ".join(found).split())

    def words(self) -> str:
        """Return the text of a paragraph as it is."""
        return "".join("".join(child.text) for child in self.children if child.tag == "Text")


def read_final_draft(data: bytes, *, name: str) -> ImportedScreenplay:
    """Return a Final Draft document as Fountain.

    Args:
        data: The bytes of the file.
        name: The file's, for errors and remarks.

    Raises:
        InvalidFileError: If it is no XML (says on which line), brings a document type along, or is no Final Draft document.
    """
    text, remarks = _xml_text(data, name)
    if not text.strip():
        raise InvalidFileError(f"{name}:1: the file is empty: save the script anew", file=name, line=1)
    root = _parsed(text, name)
    content = root.first("Content")
    if root.tag != "FinalDraft" or content is None:
        message = f"{name}:{root.line}: not a Final Draft document: <{root.tag}> holds no script; save it as .fdx in Final Draft"
        raise InvalidFileError(message, file=name, line=root.line)
    reader = _Reader(name)
    paragraphs = list(reader.paragraphs(content))
    title_page = root.first("TitlePage") or content.first("TitlePage")
    entries = title_page_entries(list(_title_lines(title_page.first("Content") or title_page))) if title_page is not None else {}
    fountain, more = fountain_text(paragraphs, title_page=entries)
    return ImportedScreenplay(text=fountain, remarks=(*remarks, *reader.remarks(), *more))


def _xml_text(data: bytes, name: str) -> tuple[str, list[str]]:
    """Return the XML as text without its declaration, on the same lines, and without what XML cannot hold."""
    declared = _ENCODING.search(data[:200])
    codec = declared[1].decode().lower() if declared else ""
    if codec not in ("", "utf-8", "utf8", "utf-16", "us-ascii"):
        # Declared by mistake: decode_text finds out, and says so.
        with suppress(LookupError, UnicodeError):
            data = data.decode(codec).encode()
    decoded = decode_text(data, name=name)
    text = _DECLARATION.sub(lambda found: "\n" * found.group().count("\n"), decoded.text.replace("\ufeff", ""))
    kept = _REFERENCE.sub(_reference, re.sub("[\x0b\x0c\ufffe\uffff\ud800-\udfff]", " ", text))
    return kept, list(decoded.remarks)


def _reference(found: re.Match[str]) -> str:
    """Return a character reference; a space for one that XML does not allow."""
    code = int(found[1], 16) if found[1] else int(found[2])
    is_allowed = code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    return found.group() if is_allowed else " "


def _parsed(text: str, name: str) -> _Node:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    top = _Node("", {}, 1)
    stack = [top]

    def refuse(*_: object) -> None:
        line = parser.CurrentLineNumber
        message = f"{name}:{line}: a document type has no place in a Final Draft file: save it anew in Final Draft"
        raise InvalidFileError(message, file=name, line=line)

    def start(tag: str, attributes: dict[str, str]) -> None:
        line = parser.CurrentLineNumber
        if len(stack) > _MAX_DEPTH:
            raise InvalidFileError(f"{name}:{line}: more than {_MAX_DEPTH} elements in one another", file=name, line=line)
        node = _Node(tag, attributes, line)
        stack[-1].children.append(node)
        stack.append(node)

    def end(_: str) -> None:
        stack.pop()

    def characters(data: str) -> None:
        stack[-1].text.append(data)

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    try:
        parser.Parse(text, True)  # noqa: FBT003 - that is all of it
    except expat.ExpatError as error:
        message = f"{name}:{error.lineno}: not well-formed XML ({expat.ErrorString(error.code)}): save it anew as .fdx"
        raise InvalidFileError(message, file=name, line=error.lineno) from error
    return top.children[0]


class _Reader:
    """Reads the paragraphs of a script."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._unknown: dict[str, int] = {}
        self._struck: list[str] = []
        self._left_out: list[str] = []

    def remarks(self) -> list[str]:
        """Return what a person should know of how the script was read."""
        return [
            *(f"{self._name}:{line}: paragraphs of type {kind!r} are taken as action" for kind, line in self._unknown.items()),
            *(f"{self._name}:{text}" for text in (*self._struck, *self._left_out)),
        ]

    def paragraphs(self, content: _Node) -> Iterator[Paragraph]:
        for node in content.children:
            if node.tag == "Paragraph":
                yield from self._paragraph(node)
            elif node.tag not in {"TitlePage"} and (words := node.all_words()):
                self._left_out.append(f"{node.line}: <{node.tag}> is no part of a script and was left out: {words[:80]}")

    def _paragraph(self, node: _Node) -> Iterator[Paragraph]:
        if node.attributes.get("StartsNewPage") == "Yes":
            yield Paragraph(kind=Kind.PAGE_BREAK)
        one = self._read(node)
        duals = [child for child in node.children if child.tag == "DualDialogue"]
        if one.words or one.number or not duals:
            yield one
        elif one.notes:
            yield replace(one, kind=Kind.ACTION, text=())
        yield from self._synopses(node)
        for dual in duals:
            cues = 0
            for paragraph in self.paragraphs(dual):
                cues += paragraph.kind == Kind.CUE
                yield replace(paragraph, dual=paragraph.kind == Kind.CUE and cues % 2 == 0)

    def _read(self, node: _Node) -> Paragraph:
        kind, level = self._kind(node)
        text = tuple(self._runs(node))
        notes = [words for child in node.children if child.tag == "ScriptNote" and (words := child.all_words())]
        for child in node.children:
            is_known = child.tag in {"Text", "ScriptNote", "SceneProperties", "DualDialogue", *_LAYOUT}
            if not is_known and (words := child.all_words()):
                self._left_out.append(f"{child.line}: <{child.tag}> was left out: {words[:80]}")
        words = "".join(run.text for run in text).strip()
        alignment = node.attributes.get("Alignment", "")
        if kind == Kind.ACTION and alignment == "Center" and words:
            kind = Kind.CENTRED
        is_loud = words.endswith((":", ".")) and words == words.upper()
        if kind == Kind.ACTION and alignment == "Right" and (is_loud or is_transition(words)):
            kind = Kind.TRANSITION
        number = node.attributes.get("Number", "") if kind == Kind.HEADING else ""
        return Paragraph(kind=kind, text=text, level=level, number=number, notes=tuple(notes), where=f"{self._name}:{node.line}")

    def _kind(self, node: _Node) -> tuple[Kind, int]:
        named = node.attributes.get("Type", "")
        known = " ".join(named.lower().split())
        if outline := _OUTLINE.fullmatch(known):
            return Kind.SECTION, min(int(outline[1]) + 1, 6)
        if known and known not in _KINDS:
            self._unknown.setdefault(named, node.line)
        return _KINDS.get(known, Kind.ACTION), 1

    def _runs(self, node: _Node) -> Iterator[Run]:
        for child in node.children:
            text = "".join(child.text)
            if child.tag != "Text" or not text:
                continue
            style = child.attributes.get("Style", "").lower()
            if any(mark in style for mark in _STRUCK) or child.attributes.get("ChangeType", "").lower().startswith("delet"):
                self._struck.append(f"{child.line}: struck out, and left out: {' '.join(text.split())[:80]}")
                continue
            yield Run(
                text.upper() if "allcaps" in style else text,
                bold="bold" in style,
                italic="italic" in style,
                underlined="underline" in style,
            )

    def _synopses(self, node: _Node) -> Iterator[Paragraph]:
        for properties in (child for child in node.children if child.tag == "SceneProperties"):
            for child in properties.children:
                if child.tag == "Summary" and (words := child.all_words()):
                    yield Paragraph(kind=Kind.SYNOPSIS, text=(Run(words),))


def _title_lines(content: _Node) -> Iterator[TitleLine]:
    paragraphs = [node for node in content.children if node.tag == "Paragraph"]
    texts = [node.words() for node in paragraphs]
    num_lines = sum(text.count("\n") + 1 for text in texts)
    row = 0
    for node, text in zip(paragraphs, texts, strict=True):
        centred = node.attributes.get("Alignment", "Left") == "Center"
        for line in text.split("\n"):
            row += 1
            yield TitleLine(text=line, centred=centred, low=not centred and row > num_lines // 2)
