"""A whole screenplay as one Fountain text."""

import re
from collections.abc import Iterator

from vtx_dagster.engines.export.script import (
    Act,
    Action,
    Block,
    Lyric,
    Note,
    PageBreak,
    Part,
    PartKind,
    Scene,
    Script,
    Section,
    Speech,
    Synopsis,
    Transition,
)
from vtx_dagster.engines.export.title_page import TitlePage
from vtx_dagster.engines.screenplay.emphasis import escaped
from vtx_dagster.engines.screenplay.fountain import OUTSIDE, reads_as_action
from vtx_dagster.engines.screenplay.heading import looks_like_heading


def fountain_text(script: Script) -> str:
    """Return title page, acts as sections, and scenes, as ``screenplay.fountain.parse_screenplay`` reads them.

    Whatever a reader could take for something else is written in Fountain's forced form. An act is a section if it has a title or
    is not the first. Text outside of scenes has a heading where it would go on with the scene above it.
    """
    text = "\n\n".join(_paragraphs(script)) + "\n"
    # A comment that is never closed is text, until the text of another scene closes it.
    return text.replace("/*", "/\\*") if "*/" in text else text


def _paragraphs(script: Script) -> Iterator[str]:
    yield "\n".join(_title_page(script.title_page))
    for number, act in enumerate(script.acts, start=1):
        if act.title or number > 1:
            yield f"# {escaped(act.title or f'Act {number}')}"
        if act.synopsis:
            yield f"= {escaped(act.synopsis)}"
        yield from _act(act)


def _title_page(page: TitlePage) -> Iterator[str]:
    for key, value in page.entries.items():
        if "\n" in value:
            yield f"{key.capitalize()}:"
            yield from (f"    {line}" for line in value.split("\n"))
        else:
            yield f"{key.capitalize()}: {value}".rstrip()


def _act(act: Act) -> Iterator[str]:
    in_scene = False
    for number, scene in enumerate(act.scenes):
        yield from map(_block, scene.before)
        if scene.heading:
            yield _heading(scene.heading, scene.number)
            in_scene = True
        elif in_scene or (number and not _begins_with_section(scene)):
            yield _heading(OUTSIDE, "")
            in_scene = True
        yield from map(_block, scene.blocks)


def _begins_with_section(scene: Scene) -> bool:
    """Say whether a section stands above all text of a scene."""
    first = next(block for block in scene.blocks if isinstance(block, Section | Action | Speech | Lyric))
    return isinstance(first, Section)


def _heading(heading: str, number: str) -> str:
    forced = "" if looks_like_heading(heading) else "."
    return f"{forced}{escaped(heading)}{f' #{number}#' if number else ''}"


def _block(block: Block) -> str:
    match block:
        case Action(centred=True):
            return f"> {block.text} <"
        case Action():
            return "\n".join(_action(block.text.split("\n")))
        case Transition():
            is_plain = block.text.endswith(" TO:") and block.text == block.text.upper() and block.text[0].isalpha()
            return block.text if is_plain and not looks_like_heading(block.text) else f"> {block.text}"
        case Lyric():
            return _sung(block.text)
        case Section():
            return f"{'#' * block.level} {block.text}"
        case Note():
            return f"[[{block.text}]]"
        case Synopsis():
            return f"= {block.text}"
        case PageBreak():
            return "==="
        case _:
            return _speech(block)


def _action(lines: list[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        is_plain = reads_as_action(line.strip(), starts=not number)
        yield line if is_plain else f"!{line}"


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
