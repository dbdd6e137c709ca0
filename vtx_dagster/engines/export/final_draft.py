"""A screenplay as Final Draft XML (``.fdx``), which Final Draft, Fade In, Highland and others open.

Acts and sections are paragraphs of the types that Final Draft has for them (``New Act``, ``Outline 1`` and so on), and a program
that does not know these shows their text. In the ``SceneProperties`` of the next scene, those that have none would be lost; as
action, they would be part of the film.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final
from xml.etree import ElementTree as ET

from vtx_dagster.engines.export.script import (
    Action,
    Block,
    DualSpeech,
    Lyric,
    Note,
    PageBreak,
    PartKind,
    Script,
    Section,
    Speech,
    Synopsis,
    Transition,
    side_by_side,
)
from vtx_dagster.engines.export.title_page import TitlePage
from vtx_dagster.engines.screenplay.emphasis import Run, runs

_NOT_XML = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT = "\ufffd"
_TITLE_LINES: Final = 54
_ABOVE_TITLE: Final = 17


def final_draft_xml(script: Script) -> bytes:
    """Return a script as UTF-8 XML. Lyrics are dialogue in italics; a character that XML cannot hold becomes U+FFFD."""
    root = ET.Element("FinalDraft", DocumentType="Script", Template="No", Version="5")
    writer = _Writer(ET.SubElement(root, "Content"))
    for number, act in enumerate(script.acts, start=1):
        if script.has_acts:
            writer.add("New Act", (Run(act.title or f"Act {number}"),))
        if act.synopsis:
            writer.add("Summary", (Run(act.synopsis),))
        for scene in act.scenes:
            writer.add_blocks(scene.before)
            if scene.heading:
                writer.add("Scene Heading", (Run(scene.heading),), number=scene.number)
            writer.add_blocks(scene.blocks)
    writer.end()
    _add_title_page(root, script.title_page)
    ET.indent(root)
    return ET.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def _add_title_page(root: ET.Element, page: TitlePage) -> None:
    """Add the title page line by line, on the lines where Final Draft's own has them: there is no other way to say where."""
    content = ET.SubElement(ET.SubElement(root, "TitlePage"), "Content")
    middle = [("Center", line) for line in "\n\n".join(page.centred).split("\n")]
    low = [(side, line) for side, text in (("Right", page.right), ("Left", page.left)) if text for line in text.split("\n")]
    gap = max(1, _TITLE_LINES - _ABOVE_TITLE - len(middle) - len(low)) if low else 0
    for alignment, line in [*[("Center", "")] * _ABOVE_TITLE, *middle, *[("Left", "")] * gap, *low]:
        _add(content, "General", runs(line), Alignment=alignment)


class _Writer:
    """Writes paragraphs. Notes are in the one that follows them, and a page break is said by the next that is printed."""

    def __init__(self, content: ET.Element) -> None:
        self._content = content
        self._last = content
        self._notes: list[str] = []
        self._num_notes = 0
        self._breaks = False

    def add_blocks(self, blocks: Iterable[Block]) -> None:
        """Write what stands in a scene."""
        for block in side_by_side(blocks):
            self._add_block(block)

    def add(
        self, kind: str, text: Iterable[Run], *, number: str = "", alignment: str = "", dual: ET.Element | None = None
    ) -> None:
        """Write a paragraph; one of two that stand side by side into ``dual``."""
        attributes = {"Number": _clean(number), "Alignment": alignment}
        breaks = {} if kind.startswith(("Outline", "Summary")) else self._page_break()
        given = {name: value for name, value in attributes.items() if value}
        self._last = _add(self._content if dual is None else dual, kind, text, **given, **breaks)
        self._place_notes()

    def end(self) -> None:
        """Put notes that nothing follows into the last paragraph."""
        self._place_notes()

    def _add_block(self, block: Block | DualSpeech) -> None:
        match block:
            case Action(centred=True):
                self.add("Action", runs(block.text), alignment="Center")
            case Action():
                self.add("Action", runs(block.text))
            case Transition():
                self.add("Transition", runs(block.text))
            case Lyric():
                self.add("Action", _sung(block.text))
            case Section():
                self.add(f"Outline {block.level - 1}", runs(block.text))
            case Synopsis():
                self.add("Summary", runs(block.text))
            case Note():
                self._notes.append(block.text)
            case PageBreak():
                self._breaks = True
            case DualSpeech():
                both = ET.SubElement(ET.SubElement(self._content, "Paragraph", self._page_break()), "DualDialogue")
                self._add_speech(block.left, dual=both)
                self._add_speech(block.right, dual=both)
            case _:
                self._add_speech(block)

    def _add_speech(self, speech: Speech, *, dual: ET.Element | None = None) -> None:
        self.add("Character", runs(speech.cue), dual=dual)
        for part in speech.parts:
            kind = "Parenthetical" if part.kind == PartKind.PARENTHETICAL else "Dialogue"
            self.add(kind, _sung(part.text) if part.kind == PartKind.LYRIC else runs(part.text), dual=dual)

    def _page_break(self) -> dict[str, str]:
        breaks, self._breaks = self._breaks, False
        return {"StartsNewPage": "Yes"} if breaks else {}

    def _place_notes(self) -> None:
        for note in self._notes:
            self._num_notes += 1
            element = ET.Element("ScriptNote", ID=str(self._num_notes))
            _add(element, "General", (Run(note),))
            self._last.insert(len(self._last.findall("ScriptNote")), element)
        self._notes = []


def _sung(markup: str) -> tuple[Run, ...]:
    return tuple(replace(run, italic=True) for run in runs(markup))


def _add(content: ET.Element, kind: str, text: Iterable[Run], **attributes: str) -> ET.Element:
    paragraph = ET.SubElement(content, "Paragraph", {"Type": kind, **attributes})
    for run in text:
        style = "+".join(name for name, on in (("Bold", run.bold), ("Italic", run.italic), ("Underline", run.underlined)) if on)
        ET.SubElement(paragraph, "Text", {"Style": style} if style else {}).text = _clean(run.text)
    return paragraph


def _clean(text: str) -> str:
    return _NOT_XML.sub(_REPLACEMENT, text)
