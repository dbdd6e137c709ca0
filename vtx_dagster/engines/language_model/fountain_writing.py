"""A scene as Fountain: what stands in the file is read back exactly as it was meant.

Fountain guesses what a line is from what it looks like. Where it would guess wrong, the line gets a mark (``!`` for action, ``@``
for a cue), stars and underscores are escaped, and a speech that begins like something else has its first letter in italics.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vtx_dagster.core.errors import InvalidRequestError
from vtx_dagster.core.screenplay import ElementKind, SceneText
from vtx_dagster.core.story import Source
from vtx_dagster.engines.screenplay.emphasis import plain_text
from vtx_dagster.engines.screenplay.fountain import parse_scene, reads_as_action, reads_as_cue
from vtx_dagster.engines.screenplay.heading import looks_like_heading

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_NOTE = re.compile(r"\[(?=\[)")
_EMPHASIS = re.compile(r"[*_\\]")
_CUE_MARKS = re.compile(r"[()^]")
_SPEECH_MARKS = "!>~("


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A paragraph or a speech, before it stands on lines of a file.

    Attributes:
        kind: Action, dialogue or a transition.
        text: One paragraph as ``written_text`` returns it.
        speaker: The cue of a speech, as ``cue_text`` returns it.
        parenthetical: Without parentheses.
        off_screen: The speaker is heard and not seen.
        centred: Action that is a title card.
    """

    kind: ElementKind
    text: str
    speaker: str = ""
    parenthetical: str = ""
    off_screen: bool = False
    centred: bool = False


def written_text(text: str) -> str:
    """Return a text as a paragraph of Fountain can say it: no emphasis, single spaces, and nothing that opens a note."""
    return _NOTE.sub("[ ", plain_text(_CONTROL.sub(" ", text)))


def cue_text(name: str) -> str:
    """Return a name as it stands on a cue: in capitals, without what Fountain takes for an extension."""
    return written_text(_CUE_MARKS.sub(" ", name)).upper()


def scene_fountain(heading: str, passages: Sequence[Passage]) -> str:
    """Return a scene file.

    Raises:
        InvalidRequestError: If the heading cannot be one in Fountain, or a passage was not made as it says.
    """
    plain = written_text(heading).lstrip(".")
    line = _literal(plain) if looks_like_heading(plain) else f".{_literal(plain)}"
    text = "\n\n".join((line, *map(_paragraph, passages))) + "\n"
    scene = parse_scene(Source(name="scene", text=text))
    if scene.outside:
        raise InvalidRequestError(
            f"{heading!r} cannot open a scene of a screenplay: write a place and a time, e.g. INT. KITCHEN - DAY", heading=heading
        )
    if scene.heading != plain:
        raise InvalidRequestError(
            f"{heading!r} cannot open a scene of a screenplay: it reads as {scene.heading!r}", heading=heading
        )
    if passages_of(scene) != tuple(passages):
        raise InvalidRequestError(f"the scene {heading!r} does not read back as it was written", heading=heading)
    return text


def passages_of(scene: SceneText) -> tuple[Passage, ...]:
    """Return what a parsed scene says, without the lines that it stands on."""
    return tuple(
        Passage(
            kind=element.kind,
            text=element.text,
            speaker=element.speaker,
            parenthetical=element.parenthetical,
            off_screen=element.off_screen,
            centred=element.centred,
        )
        for element in scene.elements
    )


def _paragraph(passage: Passage) -> str:
    if passage.kind == ElementKind.DIALOGUE:
        return "\n".join(_speech(passage))
    if passage.kind == ElementKind.TRANSITION:
        return f"> {_literal(passage.text, last='<')}"
    if passage.centred:
        return f"> {_literal(passage.text)} <"
    text = _literal(passage.text, first="!")
    return text if reads_as_action(text) else f"!{text}"


def _speech(passage: Passage) -> list[str]:
    name = _literal(passage.speaker)
    cue = f"{name} (O.S.)" if passage.off_screen else name
    parenthetical = [f"({_literal(passage.parenthetical)})"] if passage.parenthetical else []
    # What reads as a heading would open a scene even in a speech.
    first = passage.text[0] if looks_like_heading(passage.text) else _SPEECH_MARKS
    return [cue if reads_as_cue(cue) and name[-1] != ":" else f"@{cue}", *parenthetical, _literal(passage.text, first=first)]


def _literal(text: str, *, first: str = "", last: str = "") -> str:
    """Return a text that Fountain reads as exactly this.

    Args:
        text: What is meant.
        first: Letters that must not begin the line.
        last: Letters that must not end it.
    """
    opens, closes = text[:1] in tuple(first), text[-1:] in tuple(last)
    if not opens and not closes and plain_text(text) == text and "/*" not in text:
        return text
    start, end = (1 if opens else 0), (-1 if closes else None)
    middle = _EMPHASIS.sub(lambda mark: f"\\{mark.group()}", text[start:end])
    return f"{_italic(text[:start])}{middle}{_italic(text[end:]) if end else ''}"


def _italic(letter: str) -> str:
    return f"*{letter}*" if letter else ""
