"""A screenplay as Final Draft XML (``.fdx``), which Final Draft, Fade In, Highland and others open.

Written here, and not by ``screenplay-tools``: its writer leaves out title page, scene numbers, emphasis, centred text and dual
dialogue. Its parser reads what is written here, as far as it knows those.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from xml.etree import ElementTree as ET

from vtx_dagster.engines.export.emphasis import Run, runs
from vtx_dagster.engines.export.script import Action, Block, DualSpeech, Lyric, PartKind, Scene, Script, Speech, Transition

_NOT_XML = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REPLACEMENT = "\ufffd"


def final_draft_xml(script: Script) -> bytes:
    """Return a script as UTF-8 XML. Lyrics are dialogue in italics; a character that XML cannot hold becomes U+FFFD."""
    root = ET.Element("FinalDraft", DocumentType="Script", Template="No", Version="5")
    content = ET.SubElement(root, "Content")
    for scene in script.scenes:
        _add_scene(content, scene)
    _add_title_page(root, script)
    ET.indent(root)
    return ET.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def _add_title_page(root: ET.Element, script: Script) -> None:
    content = ET.SubElement(ET.SubElement(root, "TitlePage"), "Content")
    credit = ["", "written by", "", script.author] if script.author else []
    for text in (script.title, *credit):
        _add(content, "General", (Run(text),), Alignment="Center")


def _add_scene(content: ET.Element, scene: Scene) -> None:
    for block in scene.before:
        _add_block(content, block)
    number = {"Number": _clean(scene.number)} if scene.number else {}
    _add(content, "Scene Heading", (Run(scene.heading),), **number)
    for block in scene.blocks:
        _add_block(content, block)


def _add_block(content: ET.Element, block: Block) -> None:
    match block:
        case Action(centred=True):
            _add(content, "Action", runs(block.text), Alignment="Center")
        case Action():
            _add(content, "Action", runs(block.text))
        case Transition():
            _add(content, "Transition", runs(block.text))
        case Lyric():
            _add(content, "Action", _sung(block.text))
        case DualSpeech():
            both = ET.SubElement(ET.SubElement(content, "Paragraph"), "DualDialogue")
            _add_speech(both, block.left)
            _add_speech(both, block.right)
        case _:
            _add_speech(content, block)


def _add_speech(content: ET.Element, speech: Speech) -> None:
    _add(content, "Character", runs(speech.cue))
    for part in speech.parts:
        if part.kind == PartKind.PARENTHETICAL:
            _add(content, "Parenthetical", runs(part.text))
        else:
            _add(content, "Dialogue", _sung(part.text) if part.kind == PartKind.LYRIC else runs(part.text))


def _sung(markup: str) -> tuple[Run, ...]:
    return tuple(replace(run, italic=True) for run in runs(markup))


def _add(content: ET.Element, kind: str, text: Iterable[Run], **attributes: str) -> None:
    paragraph = ET.SubElement(content, "Paragraph", {"Type": kind, **attributes})
    for run in text:
        style = "+".join(name for name, on in (("Bold", run.bold), ("Italic", run.italic), ("Underline", run.underlined)) if on)
        ET.SubElement(paragraph, "Text", {"Style": style} if style else {}).text = _clean(run.text)


def _clean(text: str) -> str:
    return _NOT_XML.sub(_REPLACEMENT, text)
