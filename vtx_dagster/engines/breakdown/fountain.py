"""Fountain text to ``core.screenplay.Screenplay``, every element with the lines it stands on.

The parsing is that of ``screenplay-tools``, fed one line at a time. Where Fountain lets the context decide what a line is
(headings, cues, transitions), the library guesses from the line alone; so that context is resolved here (``_explicit``), and the
library is given the line in Fountain's forced form (``.HEADING``, ``@CUE``, ``> TRANSITION``). Comments are taken out before.
"""

import re
from dataclasses import dataclass, field
from itertools import pairwise

from screenplay_tools.fountain.parser import Parser
from screenplay_tools.screenplay import Character, Lyric, PageBreak, Parenthetical, SceneHeading, Section, Synopsis, Transition
from screenplay_tools.screenplay import Element as ParsedElement

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.screenplay import ActText, Element, ElementKind, Lines, SceneText, Screenplay
from vtx_dagster.core.story import Source
from vtx_dagster.engines.breakdown.heading import looks_like_heading, read_heading
from vtx_dagster.engines.breakdown.source_lines import Note, SourceLine, source_lines

_SHIELD = "\u2060"
"""Word joiner, invisible and no white space: a line that begins with it is plain text to the library."""

_TITLE_ENTRY = re.compile(r"^(?P<key>[^\W_][^:]{0,60}?)\s*:\s*(?P<value>.*)$")
_TITLE_CONTINUED = re.compile(r"^(?: {3,}|\t)\s*\S")
_FADE = re.compile(r"^(?:(?:FADE|IRIS) (?:IN|OUT|UP)|(?:FADE|CUT|SMASH) TO (?:BLACK|WHITE))[.:]?$", re.IGNORECASE)
_FORCED_HEADING = re.compile(r"^\.(?=[^\W_])")
_FORCED_CUE = re.compile(r"^@\s*[^\s(^]")
_CUE_TAIL = re.compile(r"(?:\s*\([^()]*\))*\s*\^?$")
_OFF_SCREEN = re.compile(r"\b(?:V\.?\s?O|O\.?\s?S|O\.?\s?C|OFF|VOICE[ -]OVER|OFF[ -]SCREEN|OFF[ -]CAMERA)\b", re.IGNORECASE)
_EMPHASIS = (
    (re.compile(r"(?<!\\)(\*{1,3})(?=[^\s*])(.+?)(?<=[^\s\\])\1"), r"\2"),
    (re.compile(r"(?<![\w\\])_(?=\S)(.+?)(?<=[^\s\\])_(?!\w)"), r"\1"),
    (re.compile(r"\\([*_\\])"), r"\1"),
)
_PROSE = frozenset({ElementKind.ACTION, ElementKind.DIALOGUE, ElementKind.LYRIC})


def parse_screenplay(source: Source) -> Screenplay:
    """Parse a Fountain screenplay.

    Top-level sections are acts. What stands before a scene's heading without being prose (``FADE IN:``, a centred title card, a
    note, a synopsis) belongs to that scene. An inline note stands before the paragraph or speech that it is in.

    Raises:
        InvalidFileError: If there is nothing in it, no scene heading, prose before the first heading of an act, or a comment
            that is never closed; the message says where.
    """
    lines = source_lines(source)
    if not any(line.text.strip() for line in lines):
        raise InvalidFileError(
            f"{source.name}:1: the screenplay is empty: write at least one scene, e.g. INT. KITCHEN - DAY",
            path=source.name,
        )
    title_page, first = _title_page(lines)
    acts = _Reader(source.name, lines).read(first)
    if not acts:
        raise InvalidFileError(
            f"{source.name}:1: no scene heading: begin every scene with a line such as INT. KITCHEN - DAY, or .KITCHEN",
            path=source.name,
        )
    return Screenplay(title_page=title_page, acts=acts)


def parse_scene(source: Source) -> SceneText:
    """Parse a scene file.

    Raises:
        InvalidFileError: If it does not hold exactly one scene.
    """
    scenes = [scene for act in parse_screenplay(source).acts for scene in act.scenes]
    if len(scenes) != 1:
        raise InvalidFileError(
            f"{source.name}:{scenes[1].lines.first}: a second scene heading ({scenes[1].heading}): a scene file holds one scene;"
            " add the scene to the outline, or turn the heading into action with a leading !",
            path=source.name,
        )
    return scenes[0]


def _title_page(lines: list[SourceLine]) -> tuple[dict[str, str], int]:
    """Return the title page and the index of the first line after it.

    Read here, not by the library: that takes ``FADE IN:`` for an entry, and loses keys that are not ASCII and text that goes on
    after a value.
    """
    first = next(index for index, line in enumerate(lines) if line.text.strip())
    entry = _TITLE_ENTRY.match(lines[first].text)
    if entry is None or _is_transition(lines[first].text.strip()) or looks_like_heading(lines[first].text):
        return {}, 0
    values: dict[str, list[str]] = {}
    current: list[str] = []
    after = first
    for line in lines[first:]:
        text = line.text
        if entry := None if looks_like_heading(text) else _TITLE_ENTRY.match(text):
            current = values.setdefault(entry["key"].casefold(), [])
            text = entry["value"]
        elif not _TITLE_CONTINUED.match(text) and not line.comment_only:
            break
        if text.strip():
            current.append(plain_text(text))
        after += 1
    return {key: "\n".join(value) for key, value in values.items()}, after


def plain_text(text: str) -> str:
    """Return a text without emphasis marks and with single spaces."""
    for pattern, replacement in _EMPHASIS:
        text = pattern.sub(replacement, text)
    return " ".join(text.split())


def _is_transition(text: str) -> bool:
    """Say whether a line is a transition; ``FADE OUT.`` is one to every writer, though Fountain asks for ``TO:``."""
    return _FADE.match(text) is not None or (text.endswith(" TO:") and text == text.upper())


def _is_cue(text: str) -> bool:
    """Say whether a line has the form of a cue: a name in capitals of any alphabet, and extensions in parentheses."""
    name = _CUE_TAIL.sub("", text, count=1)
    return bool(name) and name == name.upper() and any(letter.isupper() for letter in name) and not {"(", "^"} & set(name)


def _explicit(text: str, *, starts: bool, ends: bool, speech: bool) -> str:
    """Return a line in the form in which Fountain leaves nothing to guess.

    Args:
        text: The line, stripped; not empty.
        starts: No prose stands directly above it.
        ends: Nothing stands directly below it.
        speech: It is inside a speech.
    """
    if speech:
        # "Est. 1921" or "#1 in the charts" may be said; the library would open a scene or a section.
        return text if text[0] in "!>~(" else _SHIELD + text
    if text[0] in "#=!>~":
        return text
    if text[0] == "@":
        # A forced cue without a speech: the library would take the next paragraph for one.
        return _SHIELD + text.removeprefix("@").strip() if ends or not _FORCED_CUE.match(text) else text
    if starts and (looks_like_heading(text) or _FORCED_HEADING.match(text)):
        # X: the library knows forced headings by an ASCII letter only.
        return ".X" + text.removeprefix(".")
    if starts and ends and _is_transition(text):
        # The library knows A-Z only, and takes FADE IN: for a heading.
        return "> " + text
    if starts and not ends and _is_cue(text):
        # The library wants a first letter in A-Z.
        return "@" + text
    return _SHIELD + text


def reads_as_action(line: str) -> bool:
    """Say whether a line between blank lines, or above others, is plain action without a mark."""
    return all(_explicit(line, starts=True, ends=ends, speech=False) == _SHIELD + line for ends in (True, False))


def reads_as_cue(line: str) -> bool:
    """Say whether a line above a speech is a cue without a mark."""
    return _explicit(line, starts=True, ends=False, speech=False) == f"@{line}"


@dataclass(slots=True)
class _Speech:
    """A speech that is being read."""

    speaker: str
    cue_line: int
    last: int
    off_screen: bool
    dual: bool
    spoken: bool = False


@dataclass(slots=True)
class _Paragraph:
    """An element that is being read."""

    kind: ElementKind
    first: int
    last: int
    texts: list[str] = field(default_factory=list)
    parentheticals: list[str] = field(default_factory=list)
    centred: bool = False


@dataclass(slots=True)
class _Scene:
    """A scene that is being read."""

    heading: str
    number: str
    first: int
    last: int
    elements: list[Element]


@dataclass(slots=True)
class _Act:
    """An act that is being read."""

    title: str = ""
    synopsis: list[str] = field(default_factory=list)
    scenes: list[SceneText] = field(default_factory=list)


class _Reader:
    """Feeds the library and puts what it finds into acts and scenes."""

    def __init__(self, name: str, lines: list[SourceLine]) -> None:
        self._name = name
        self._lines = lines
        self._parser = Parser()
        self._parser.mergeActions = False
        self._parser.mergeDialogue = False
        self._parser.add_line("")  # ends the library's own title page
        self._acts = [_Act()]
        self._scene: _Scene | None = None
        self._waiting: list[Element] = []
        self._sequence_line = 0
        self._speech: _Speech | None = None
        self._paragraph: _Paragraph | None = None
        self._stage_directions: list[str] = []

    def read(self, first: int) -> tuple[ActText, ...]:
        """Return the acts that have scenes, from the line with this index on."""
        content = [line for line in self._lines[first:] if not line.comment_only]
        followed = {line.number: bool(after.text.strip()) for line, after in pairwise(content)}
        for line in self._lines[first:]:
            if line.comment_only:
                if not self._speech:
                    self._end_paragraph()
                self._read_notes(line.notes)
            elif line.blank:
                self._read_blank(line)
            else:
                self._read_line(line, ends=not followed.get(line.number, False))
        self._end_speech()
        self._end_scene()
        if stray := next((element for element in self._waiting if element.kind in _PROSE), None):
            raise self._outside(stray)
        return tuple(
            ActText(title=act.title, synopsis=" ".join(act.synopsis), scenes=tuple(act.scenes))
            for act in self._acts
            if act.scenes
        )

    def _read_blank(self, line: SourceLine) -> None:
        if self._speech and line.connects:
            return
        self._end_speech()
        self._parser.add_line("")

    def _read_notes(self, notes: tuple[Note, ...]) -> None:
        for note in notes:
            self._add(Element(kind=ElementKind.NOTE, text=note.text, lines=Lines(first=note.first, last=note.last)))

    def _read_line(self, line: SourceLine, *, ends: bool) -> None:
        text = line.text.strip()
        explicit = _explicit(text, starts=self._paragraph is None, ends=ends, speech=self._speech is not None)
        known = len(self._parser.script.elements)
        self._parser.add_line(explicit)
        # Every line is in forced form, so the library never holds one back; of an empty one (a lone "!") it makes nothing.
        added = self._parser.script.elements[known:]
        parsed = added[-1] if added else None
        if isinstance(parsed, SceneHeading):
            self._start_scene(parsed, line)
            self._read_notes(line.notes)
            return
        self._read_notes(line.notes)
        if explicit.startswith(_SHIELD):
            self._read_plain(line, text)
        elif parsed is not None:
            self._read_marked(parsed, line, text)

    def _read_plain(self, line: SourceLine, text: str) -> None:
        """Read a line without a mark.

        Whether it is inside a speech is known better here: the library goes on with a speech after an empty line when it ended in
        a parenthetical, ends it after a lyric, and knows no second parenthetical in a row.
        """
        if not self._speech:
            self._read_prose(ElementKind.ACTION, line, text.removeprefix("@"))
        elif text.startswith("(") and text.endswith(")"):
            self._read_parenthetical(text, line)
        else:
            self._read_prose(ElementKind.DIALOGUE, line, text)

    def _read_marked(self, parsed: ParsedElement, line: SourceLine, text: str) -> None:
        match parsed:
            case Section():
                self._start_section(parsed, line)
            case Character():
                self._start_speech(parsed, line)
            case Parenthetical():
                self._read_parenthetical(text, line)
            case Lyric():
                self._read_prose(ElementKind.LYRIC, line, text[1:])
            case Transition():
                self._read_single(ElementKind.TRANSITION, line, text.removeprefix(">"))
            case Synopsis():
                self._read_single(ElementKind.SYNOPSIS, line, text[1:])
            case PageBreak():
                self._end_speech()
            case _ if text.startswith(">"):
                self._end_speech()
                self._read_prose(ElementKind.ACTION, line, text[1:-1], centred=True)
                self._end_paragraph()
            case _ if text.startswith("!"):
                if self._speech:
                    self._end_speech()
                self._read_prose(ElementKind.ACTION, line, text[1:])
            case _:
                self._read_plain(line, text)

    def _read_prose(self, kind: ElementKind, line: SourceLine, text: str, *, centred: bool = False) -> None:
        if self._paragraph and self._paragraph.kind != kind:
            self._end_paragraph()
        if self._paragraph is None:
            first = line.number
            if self._speech and not self._speech.spoken:
                first = self._speech.cue_line
            self._paragraph = _Paragraph(kind, first, line.closes, parentheticals=self._stage_directions, centred=centred)
            self._stage_directions = []
        if self._speech:
            self._speech.spoken = True
        self._paragraph.texts.append(text)
        self._paragraph.last = line.closes

    def _read_single(self, kind: ElementKind, line: SourceLine, text: str) -> None:
        self._end_speech()
        if plain := plain_text(text):
            self._add(Element(kind=kind, text=plain, lines=Lines(first=line.number, last=line.closes)))

    def _read_parenthetical(self, text: str, line: SourceLine) -> None:
        plain = plain_text(text.strip("()"))
        if not plain:
            return
        if self._paragraph:
            self._paragraph.parentheticals.append(plain)
            self._paragraph.last = line.closes
        elif self._speech:  # pragma: no branch - a parenthetical is one only inside a speech
            self._stage_directions.append(plain)
            self._speech.last = line.closes

    def _start_speech(self, parsed: Character, line: SourceLine) -> None:
        self._end_speech()
        self._speech = _Speech(
            speaker=plain_text(parsed.name),
            cue_line=line.number,
            last=line.closes,
            off_screen=bool(_OFF_SCREEN.search(parsed.extension or "")),
            dual=parsed.is_dual_dialogue,
        )

    def _end_speech(self) -> None:
        """End a paragraph, and the speech that it may be in."""
        speech = self._speech
        if speech and not speech.spoken and self._stage_directions:
            # A cue and a parenthetical without a word: MARA (nods). Somebody acts, nobody speaks.
            text = f"{speech.speaker} ({'; '.join(self._stage_directions)})"
            lines = Lines(first=speech.cue_line, last=speech.last)
            self._stage_directions = []
            self._speech = None
            self._add(Element(kind=ElementKind.ACTION, text=text, lines=lines))
        self._end_paragraph()
        self._speech = None

    def _end_paragraph(self) -> None:
        paragraph, self._paragraph = self._paragraph, None
        if paragraph is None:
            return
        text = plain_text(" ".join(paragraph.texts))
        if not text:
            return
        speech = self._speech
        self._add(
            Element(
                kind=paragraph.kind,
                text=text,
                lines=Lines(first=paragraph.first, last=paragraph.last),
                speaker=speech.speaker if speech else "",
                parenthetical="; ".join(paragraph.parentheticals),
                off_screen=speech is not None and speech.off_screen,
                dual=speech is not None and speech.dual,
                centred=paragraph.centred,
            )
        )

    def _start_section(self, parsed: Section, line: SourceLine) -> None:
        self._end_speech()
        if parsed.level > 1:
            self._sequence_line = self._sequence_line or line.number
            return
        self._end_scene()
        self._sequence_line = 0
        self._acts.append(_Act(title=plain_text(parsed.text_raw)))

    def _start_scene(self, parsed: SceneHeading, line: SourceLine) -> None:
        self._end_speech()
        waiting, self._waiting = self._waiting, []
        first = min([line.number, *(element.lines.first for element in waiting)])
        if self._sequence_line and waiting:
            first = min(first, self._sequence_line)
        self._sequence_line = 0
        self._end_scene()
        if line.inside_comment or self._lines[first - 1].inside_comment:
            raise InvalidFileError(
                f"{self._name}:{line.number}: a comment ends where a scene begins: begin the scene on a line of its own",
                path=self._name,
            )
        heading = plain_text(parsed.text_raw.removeprefix("X"))
        self._scene = _Scene(heading, parsed.scene_number or "", first, line.closes, waiting)

    def _end_scene(self) -> None:
        scene, self._scene = self._scene, None
        if scene is None:
            return
        if self._sequence_line:
            for element in self._waiting:
                scene.elements.append(element)
                scene.last = max(scene.last, element.lines.last)
            self._waiting = []
            self._sequence_line = 0
        heading = read_heading(scene.heading)
        self._acts[-1].scenes.append(
            SceneText(
                heading=scene.heading,
                number=scene.number,
                interior=heading.interior,
                place=heading.place,
                time=heading.time,
                lines=Lines(first=scene.first, last=scene.last),
                elements=tuple(scene.elements),
            )
        )

    def _add(self, element: Element) -> None:
        """Put an element where it belongs: the scene, the act, or the scene to come."""
        prose = element.kind in _PROSE and not element.centred
        if self._scene and self._sequence_line and prose:
            # A sequence that has no heading of its own goes on with the scene.
            self._sequence_line = 0
            waiting, self._waiting = self._waiting, []
            for held in waiting:
                self._add(held)
        if self._scene and not self._sequence_line:
            self._scene.elements.append(element)
            self._scene.last = max(self._scene.last, element.lines.last)
        elif prose:
            raise self._outside(element)
        elif element.kind == ElementKind.SYNOPSIS and not self._scene and not self._sequence_line:
            self._acts[-1].synopsis.append(element.text)
        else:
            self._waiting.append(element)

    def _outside(self, element: Element) -> InvalidFileError:
        return InvalidFileError(
            f"{self._name}:{element.lines.first}: this text stands in no scene:"
            " put a scene heading above it, e.g. INT. KITCHEN - DAY",
            path=self._name,
        )
