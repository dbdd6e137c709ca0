"""A screenplay as a reader sees it: pages of headings, action and speeches, with the author's line breaks and emphasis.

What a scene says is decided by ``breakdown.fountain``; here its elements are read again from the lines they stand on, because a
breakdown needs neither emphasis nor the place of a parenthetical in a speech. Notes, synopses and comments are left out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby

from vtx_dagster.core.film_order import StoryOrder
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.outline import Outline
from vtx_dagster.core.screenplay import Element, ElementKind, SceneText
from vtx_dagster.core.story import Source
from vtx_dagster.engines.breakdown.fountain import parse_scene
from vtx_dagster.engines.breakdown.heading import looks_like_heading
from vtx_dagster.engines.breakdown.source_lines import SourceLine, source_lines
from vtx_dagster.engines.export.emphasis import escaped, plain

_LEFT_OUT = frozenset({ElementKind.NOTE, ElementKind.SYNOPSIS})
_SPACE = re.compile(r"\s+")


class PartKind(StrEnum):
    """What stands under a cue."""

    DIALOGUE = "dialogue"
    PARENTHETICAL = "parenthetical"
    LYRIC = "lyric"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Consecutive lines of one kind in a speech. ``text`` is marked (``emphasis``) and has the author's line breaks."""

    kind: PartKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """A cue and what is said under it.

    Attributes:
        cue: Name with its extensions, marked: ``MARA (V.O.)``.
        forced: The cue is none by its looks (``McAvoy``), so that Fountain needs an ``@``.
        dual: Spoken at the same time as the speech before.
    """

    cue: str
    parts: tuple[Part, ...]
    forced: bool = False
    dual: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DualSpeech:
    """Two speeches at the same time, side by side."""

    left: Speech
    right: Speech


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What is seen. ``text`` is marked and has the author's line breaks."""

    text: str
    centred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lyric:
    """What is sung by nobody in particular."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """How a scene begins or ends: ``CUT TO:``."""

    text: str

    @property
    def opens(self) -> bool:
        """Whether it begins what follows, as ``FADE IN:`` does, and so stands on the left."""
        return self.text.upper().startswith(("FADE IN", "FADE UP", "IRIS IN"))


Block = Action | Speech | DualSpeech | Lyric | Transition


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One scene.

    Attributes:
        id: ``A01_S01``.
        heading: Without marks, dot and number.
        number: Given by the author, or counted; empty for none.
        before: What stands above the heading: ``FADE IN:``, a title card.
        blocks: What follows it.
    """

    id: str
    heading: str
    number: str = ""
    before: tuple[Block, ...] = ()
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An act; its title is empty where it has none."""

    id: str
    title: str
    scenes: tuple[Scene, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A whole screenplay."""

    title: str
    author: str
    acts: tuple[Act, ...]

    @property
    def scenes(self) -> Iterator[Scene]:
        """All scenes, in story order."""
        return (scene for act in self.acts for scene in act.scenes)


def read_script(scenes: Mapping[str, Source], *, metadata: Metadata, outline: Outline | None = None) -> Script:
    """Return the screenplay of a project.

    Args:
        scenes: The scene files by scene id.
        metadata: Has title and author.
        outline: Has the titles of the acts and the order of the scenes; without it they follow the numbers of their ids.

    Raises:
        InvalidFileError: If a file does not hold exactly one scene; the message says where.
    """
    titles = {act.id: act.title for act in outline.acts} if outline else {}
    order = StoryOrder.of(outline, None)
    return Script(
        title=_one_line(metadata.title),
        author=_one_line(metadata.author),
        acts=tuple(
            Act(id=act, title=_one_line(titles.get(act, "")), scenes=read)
            for act, known in order.acts_of(scenes).items()
            if (read := tuple(_scene(scene, scenes[scene]) for scene in known if scene in scenes))
        ),
    )


def with_scene_numbers(script: Script) -> Script:
    """Return a script with its scenes counted from 1; unchanged if its author numbered any of them."""
    if any(scene.number for scene in script.scenes):
        return script
    acts, count = [], 0
    for act in script.acts:
        scenes = tuple(replace(scene, number=str(number)) for number, scene in enumerate(act.scenes, start=count + 1))
        acts.append(replace(act, scenes=scenes))
        count += len(scenes)
    return replace(script, acts=tuple(acts))


def _scene(scene_id: str, source: Source) -> Scene:
    text, lines = parse_scene(source), source_lines(source)
    heading_line = _heading_line(text, lines)
    elements = [element for element in text.elements if element.kind not in _LEFT_OUT]
    before = [element for element in elements if element.lines.first < heading_line]
    after = elements[len(before) :]
    return Scene(
        id=scene_id,
        heading=text.heading,
        number=text.number,
        before=tuple(_blocks(before, lines)),
        blocks=tuple(_blocks(after, lines)),
    )


def _heading_line(text: SceneText, lines: Sequence[SourceLine]) -> int:
    """Return the number of the line that the heading stands on. Above it is nothing that begins as headings do."""
    span = lines[text.lines.first - 1 : text.lines.last]
    return next(line.number for line in span if _begins_scene(line.text.strip()))


def _begins_scene(text: str) -> bool:
    return text.startswith(".") or looks_like_heading(text)


def _blocks(elements: Sequence[Element], lines: Sequence[SourceLine]) -> Iterator[Block]:
    """Yield what elements look like; two speeches at the same time as one block."""
    left: Speech | None = None
    for speech in _single_blocks(elements, lines):
        if left is not None and isinstance(speech, Speech) and speech.dual:
            yield DualSpeech(left=left, right=speech)
            left = None
            continue
        if left is not None:
            yield left
        left = speech if isinstance(speech, Speech) else None
        if left is None:
            yield speech
    if left is not None:
        yield left


def _single_blocks(elements: Sequence[Element], lines: Sequence[SourceLine]) -> Iterator[Block]:
    speech: list[Element] = []
    for element in elements:
        if speech and not _goes_on(speech[-1], element, lines):
            yield _speech(speech, lines)
            speech = []
        if element.speaker:
            speech.append(element)
        elif element.kind == ElementKind.TRANSITION:
            yield Transition(text=_marked(element, _content(element, lines)[:1], ">"))
        elif element.kind == ElementKind.LYRIC:
            yield Lyric(text=_marked(element, _content(element, lines), "~"))
        elif element.centred:
            yield Action(
                text=_marked(element, [line.removesuffix("<").strip() for line in _content(element, lines)[:1]], ">"),
                centred=True,
            )
        else:
            yield Action(text=_marked(element, _content(element, lines), "!@"))
    if speech:
        yield _speech(speech, lines)


def _goes_on(before: Element, element: Element, lines: Sequence[SourceLine]) -> bool:
    """Say whether an element is in the same speech as the one before: nothing in between ends a speech."""
    between = lines[before.lines.last : element.lines.first - 1]
    return bool(element.speaker) and all(line.comment_only or line.connects or line.text.strip() == "~" for line in between)


def _content(element: Element, lines: Sequence[SourceLine]) -> list[str]:
    """Return the lines of an element, without comments and with single spaces."""
    span = lines[element.lines.first - 1 : element.lines.last]
    return [_one_line(line.text) for line in span if not line.comment_only]


def _marked(element: Element, content: Sequence[str], marks: str) -> str:
    """Return the lines of an element without the marks that force its kind.

    Where they do not say what the parser read in them (a cue without a word is action to it), its reading is shown.
    """
    shown = (line[1:].strip() if line[:1] and line[0] in marks else line for line in content)
    text = "\n".join(line for line in shown if line)
    return text if _one_line(plain(text)) == element.text else escaped(element.text)


def _speech(elements: Sequence[Element], lines: Sequence[SourceLine]) -> Speech:
    speaker = elements[0].speaker
    cue, *first = _content(elements[0], lines)
    if not plain(cue.removeprefix("@")).strip().startswith(speaker):
        # A lone ~ under the cue: the parser begins the speech below it.
        first = [cue, *first]
        cue = f"@{escaped(speaker)}{' (V.O.)' if elements[0].off_screen else ''}"
    spoken = [first, *(_content(element, lines) for element in elements[1:])]
    parts: list[Part] = []
    for element, content in zip(elements, spoken, strict=True):
        parts += _parts(element, content)
    return Speech(
        cue=cue.removeprefix("@").removesuffix("^").strip(),
        parts=tuple(parts),
        forced=cue.startswith("@"),
        dual=elements[0].dual,
    )


def _parts(element: Element, content: Sequence[str]) -> list[Part]:
    """Return the parts of a speech; as the parser read them, where the lines say something else."""
    parts = [
        Part(kind=kind, text="\n".join(line.removeprefix("~").strip() if kind == PartKind.LYRIC else line for line in group))
        for kind, group in groupby(content, key=_part_kind)
    ]
    said = " ".join(plain(part.text) for part in parts if part.kind != PartKind.PARENTHETICAL)
    if _one_line(said) == element.text:
        return parts
    kind = PartKind.LYRIC if element.kind == ElementKind.LYRIC else PartKind.DIALOGUE
    aside = [Part(kind=PartKind.PARENTHETICAL, text=f"({escaped(element.parenthetical)})")] if element.parenthetical else []
    return [*aside, Part(kind=kind, text=escaped(element.text))]


def _part_kind(line: str) -> PartKind:
    if line.startswith("(") and line.endswith(")"):
        return PartKind.PARENTHETICAL
    return PartKind.LYRIC if line.startswith("~") else PartKind.DIALOGUE


def _one_line(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
