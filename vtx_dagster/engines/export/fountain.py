"""A whole screenplay as one Fountain text."""

import re
from collections.abc import Iterator

from vtx_dagster.engines.export.emphasis import escaped
from vtx_dagster.engines.export.script import Action, Block, DualSpeech, Lyric, Part, PartKind, Script, Speech, Transition
from vtx_dagster.engines.screenplay.heading import looks_like_heading

_ASIDE = re.compile(r"\([^()]*\)")
_FADE = re.compile(r"(?:fade|iris|cut|smash)\b", re.IGNORECASE)
_MARKS = frozenset(".@!>~#=")


def fountain_text(script: Script) -> str:
    """Return title page, acts as sections, and scenes, as ``breakdown.fountain.parse_screenplay`` reads them.

    Whatever a parser could take for something else is written in Fountain's forced form. An act is a section if it has a title or
    is not the first.
    """
    return "\n\n".join(_paragraphs(script)) + "\n"


def _paragraphs(script: Script) -> Iterator[str]:
    page = [f"Title: {escaped(script.title)}"]
    if script.author:
        page += ["Credit: written by", f"Author: {escaped(script.author)}"]
    yield "\n".join(page)
    for number, act in enumerate(script.acts, start=1):
        if act.title or number > 1:
            yield f"# {escaped(act.title or f'Act {number}')}"
        for scene in act.scenes:
            for block in scene.before:
                yield _block(block)
            yield _heading(scene.heading, scene.number)
            for block in scene.blocks:
                yield _block(block)


def _heading(heading: str, number: str) -> str:
    forced = "" if looks_like_heading(heading) else "."
    return f"{forced}{escaped(heading)}{f' #{number}#' if number else ''}"


def _block(block: Block) -> str:
    match block:
        case Action(centred=True):
            return f"> {block.text} <"
        case Action():
            return f"!{block.text}" if _needs_force(block.text) else block.text
        case Transition():
            return block.text if block.text.endswith(" TO:") and block.text == block.text.upper() else f"> {block.text}"
        case Lyric():
            return _sung(block.text)
        case DualSpeech():
            return f"{_speech(block.left)}\n\n{_speech(block.right)}"
        case _:
            return _speech(block)


def _needs_force(text: str) -> bool:
    """Say whether a paragraph begins as something else than action does."""
    first = _ASIDE.sub("", text.split("\n", 1)[0])
    return text[0] in _MARKS or looks_like_heading(text) or first == first.upper() or _FADE.match(text) is not None


def _speech(speech: Speech) -> str:
    cue = f"{'@' if speech.forced else ''}{speech.cue}{' ^' if speech.dual else ''}"
    return "\n".join([cue, *map(_part, speech.parts)])


def _part(part: Part) -> str:
    if part.kind == PartKind.LYRIC:
        return _sung(part.text)
    # Two spaces: a line that looks empty and does not end the speech.
    return re.sub(r"^$", "  ", part.text, flags=re.MULTILINE)


def _sung(text: str) -> str:
    return "\n".join(f"~{line}" for line in text.split("\n"))
