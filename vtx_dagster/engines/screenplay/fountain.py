"""Fountain text to ``core.screenplay.Screenplay``: every element with the lines it stands on and the marks it is written in.

This is the one reader of screenplays: breakdown, language model and exports use what it returns. It takes whatever people write
and reads it in the most sensible way; what it had to guess is in the remarks. Other formats are turned into Fountain first.

Why a reader of our own: Fountain lets the context decide what a line is, and real files bend the rules (emphasised headings,
numbers before them, other languages, title pages without indents). The library tried before, ``screenplay-tools``, guesses from
the line alone and keeps neither line numbers nor the places of parentheticals, so every line had to be classified before it saw
it, and nothing was left for it to do.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.screenplay import (
    ActText,
    Aside,
    Element,
    ElementKind,
    Lines,
    Remark,
    SceneText,
    Screenplay,
    SpeechPart,
)
from vtx_dagster.core.story import Source
from vtx_dagster.engines.screenplay.announced import act_of, announced
from vtx_dagster.engines.screenplay.cues import is_manner, is_no_name, is_off_screen
from vtx_dagster.engines.screenplay.emphasis import JOINER, escaped, plain_text
from vtx_dagster.engines.screenplay.heading import (
    Heading,
    is_end_card,
    is_transition,
    looks_like_heading,
    read_heading,
    reads_as_slug,
    without_number,
)
from vtx_dagster.engines.screenplay.page_marks import is_page_mark
from vtx_dagster.engines.screenplay.scene_lines import PROSE, ActLine, Announcement, Found, HeadingLine, Item, settled
from vtx_dagster.engines.screenplay.source_lines import Note, SourceLine, source_lines
from vtx_dagster.engines.screenplay.title_page import read_title_page

OUTSIDE = "Black"
"""The place of text that stands in no scene and under no section."""

_FORCED_HEADING = re.compile(rf"^\.(?=[*_\"“«'(\[]*[^\W_]|{JOINER})")
_FORCED_ACTION = re.compile(r"^!(?:!(?=[^\W_]))?")
"""``!!`` is how Beat marks a shot."""
_FORCED_CUE = re.compile(r"^@\s*[^\s(^]")
_SECTION = re.compile(r"^(?P<marks>#+)\s*(?P<text>.*)$")
_EXTENSION_ALONE = re.compile(
    r"\((?:V\.?\s?O\.?|O\.?\s?S\.?|O\.?\s?C\.?|OFF|CONT(?:['\u2019]?D)?\.?|VOICE[ -]OVER|OFF[ -]?SCREEN)\)", re.IGNORECASE
)
_OPEN_EXTENSION = re.compile(r"(?<=\S)\s+(?P<extension>V/O|O/S|O/C|V\.\s?O\.?|O\.\s?S\.?|O\.\s?C\.?)$")
_BARE_NUMBER = re.compile(r"\d{1,3}")
_FEWEST_PAGE_NUMBERS = 3
_MOST_LINES_OF_ASIDE = 4
_LISTED = 8


def parse_screenplay(source: Source) -> Screenplay:
    """Read a Fountain screenplay.

    Top-level sections are acts. What stands before the first heading of an act, or after a sequence's section, without being
    prose (``FADE IN:``, a centred title card, a note, a synopsis) belongs to the scene that follows. Prose there is a scene of
    its own, without a heading. An inline note stands before the paragraph or speech that it is in.

    Raises:
        InvalidFileError: If there is nothing to see or to hear in it.
    """
    text = source_lines(source.text)
    title_page, first = read_title_page(text.lines)
    plain_page = {key: "\n".join(map(plain_text, value.split("\n"))) for key, value in title_page.items()}
    reader = _Reader(text.lines[first:])
    grouping = _Grouping()
    acts = grouping.acts(reader.items)
    if not acts:
        raise InvalidFileError(
            f"{source.name}:1: there is nothing to see or hear in it: write at least one scene, e.g. INT. KITCHEN - DAY and what"
            " happens there",
            path=source.name,
        )
    remarks = [*text.remarks, *reader.remarks, *_outside_remarks(acts), *grouping.remarks()]
    return Screenplay(title_page=plain_page, acts=acts, remarks=tuple(sorted(remarks, key=lambda remark: remark.line)))


def parse_scene(source: Source) -> SceneText:
    """Read a scene file. The last few thousand are remembered, since a command asks for the same ones stage after stage.

    Raises:
        InvalidFileError: If it does not hold exactly one scene.
    """
    return _read_scene(source.name, source.text)


@lru_cache(maxsize=4096)
def _read_scene(name: str, text: str) -> SceneText:
    acts = _Grouping().acts(_Reader(source_lines(text).lines).items)
    scenes = [scene for act in acts for scene in act.scenes]
    if not scenes:
        raise InvalidFileError(f"{name}:1: no scene in it: begin with a line such as INT. KITCHEN - DAY", path=name)
    if len(scenes) > 1:
        what = f"a second scene heading ({scenes[1].heading})" if not scenes[1].outside else "text of a second scene"
        raise InvalidFileError(
            f"{name}:{scenes[1].lines.first}: {what}: a scene file holds one scene;"
            " add the scene to the outline, or turn the heading into action with a leading !",
            path=name,
        )
    return scenes[0]


def reads_as_action(line: str, *, starts: bool = True) -> bool:
    """Say whether a line is plain action without a mark, whatever stands below it.

    Args:
        line: The line, stripped; not empty.
        starts: No prose stands directly above it.
    """
    plain = plain_text(line)
    if line[0] == "@" or (starts and (is_end_card(plain) or _BARE_NUMBER.fullmatch(plain) or is_page_mark(plain))):
        return False
    opens = _is_full_heading(line) or _is_full_heading(plain)
    return not opens and all(_kind_of(line, starts=starts, ends=ends) == _Kind.PLAIN for ends in (True, False))


def reads_as_heading(line: str) -> bool:
    """Say whether a line that stands apart is a scene heading, with or without a mark."""
    return _kind_of(line, starts=True, ends=True) == _Kind.HEADING


def reads_as_announcement(line: str) -> bool:
    """Say whether a line that stands apart announces a scene by its number: ``SCENE 7``, ``> SCENE 7 <``, ``## Scene 7``."""
    kind = _kind_of(line, starts=True, ends=True)
    text = plain_text(line.strip("#> <") if kind in {_Kind.CENTRED, _Kind.SECTION} else line)
    return kind == _Kind.ANNOUNCED or (kind in {_Kind.CENTRED, _Kind.SECTION} and announced(text) is not None)


def reads_as_cue(line: str) -> bool:
    """Say whether a line above a speech is a cue without a mark."""
    return _kind_of(line, starts=True, ends=False) == _Kind.CUE and not line.startswith("@")


def reads_as_speech(line: str) -> bool:
    """Say whether a line below a cue is said as it stands: it is no parenthetical, has no mark, and opens no scene."""
    return line[0] not in "(!>~" and not _is_full_heading(line)


def has_form_of_cue(text: str) -> bool:
    """Say whether a line has the form of a cue: a name in capitals of any alphabet, and extensions in parentheses."""
    name = name_of_cue(text)
    has_form = bool(name) and name == name.upper() and any(letter.isupper() for letter in name) and not {"(", "^"} & set(name)
    return has_form and not is_no_name(name)


def name_of_cue(text: str) -> str:
    """Return the name on a cue without its extensions and marks."""
    return _parts_of_cue(text.removeprefix("@"))[0]


def _parts_of_cue(text: str) -> tuple[str, list[str]]:
    """Return the name on a cue, and what stands behind it in parentheses, the last first."""
    name, extensions = text.rstrip().removesuffix("^").rstrip(), []
    while name.endswith(")"):
        before, opened, inside = name[:-1].rpartition("(")
        if not opened or ")" in inside:
            break
        name = before.rstrip()
        extensions.append(inside)
    if found := _OPEN_EXTENSION.search(name):
        name = name[: found.start()]
        extensions.append(found["extension"])
    return plain_text(name), extensions


# -- lines --------------------------------------------------------------------------------------------------------------------


class _Kind:
    """What a line is, outside of speeches."""

    PLAIN = "plain"
    SECTION = "section"
    SYNOPSIS = "synopsis"
    PAGE_BREAK = "page break"
    LYRIC = "lyric"
    FORCED_ACTION = "forced action"
    CENTRED = "centred"
    TRANSITION = "transition"
    HEADING = "heading"
    CUE = "cue"
    ANNOUNCED = "announced scene"


def _kind_of(text: str, *, starts: bool, ends: bool) -> str:
    """Return what a line is.

    Args:
        text: The line, stripped; not empty.
        starts: No prose stands directly above it.
        ends: Nothing stands directly below it.
    """
    if text[0] in "*_":
        # Emphasis hides no heading, cue or transition.
        plain = plain_text(text)
        if starts and text[-1] in "*_" and announced(plain):
            return _Kind.ANNOUNCED
        kind = _kind_of(plain, starts=starts, ends=ends) if plain and plain[0] not in "*_" else _Kind.PLAIN
        seen = {_Kind.HEADING, _Kind.CUE, _Kind.TRANSITION, _Kind.CENTRED, _Kind.ANNOUNCED}
        return kind if kind in seen else _Kind.PLAIN
    match text[0]:
        case "#":
            return _Kind.SECTION
        case "=":
            return _Kind.PAGE_BREAK if not text.strip("=") and len(text) >= 3 else _equals(text, starts=starts)
        case "!":
            return _Kind.FORCED_ACTION
        case "~":
            return _Kind.LYRIC
        case ">":
            return _Kind.CENTRED if text.endswith("<") and len(text) > 1 else _Kind.TRANSITION
        case "@":
            # A forced cue without a speech is action.
            return _Kind.PLAIN if ends or not _FORCED_CUE.match(text) else _Kind.CUE
    return _by_context(text, starts=starts, ends=ends)


def _equals(text: str, *, starts: bool) -> str:
    if text.startswith("=="):
        # === SCENE 3 ===
        return _Kind.ANNOUNCED if starts and announced(text) else _Kind.PLAIN
    return _Kind.SYNOPSIS


def _by_context(text: str, *, starts: bool, ends: bool) -> str:
    if starts and (_FORCED_HEADING.match(text) or looks_like_heading(text)):
        return _Kind.HEADING
    if starts and (found := announced(text)) and (ends or found.bare or text == text.upper()):
        # "Scene 3: the harbour, where" may go on in the next line.
        return _Kind.ANNOUNCED
    if starts and is_transition(text):
        return _Kind.TRANSITION
    if starts and ends and reads_as_slug(text):
        return _Kind.HEADING
    if starts and not ends and has_form_of_cue(text):
        return _Kind.CUE
    return _Kind.PLAIN


def _is_full_heading(text: str) -> bool:
    """Say whether a line is a heading wherever it stands: in capitals, with INT. or EXT., a dot after it, and a time."""
    is_marked = text[:1] in f"(!>~@#={JOINER}"
    return not is_marked and text == text.upper() and "." in text and looks_like_heading(text) and bool(read_heading(text).time)


# -- elements -----------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Speech:
    """A speech that is being read."""

    speaker: str
    cue: str
    cue_line: int
    last: int
    off_screen: bool
    dual: bool
    forced: bool
    manner: tuple[str, ...] = ()
    spoken: bool = False


@dataclass(slots=True)
class _Paragraph:
    """An element that is being read."""

    kind: ElementKind
    first: int
    last: int
    marked: list[str] = field(default_factory=list)
    parts: list[SpeechPart] = field(default_factory=list)
    centred: bool = False
    goes_on: bool = False


class _Reader:
    """Reads lines into elements and headings, one after the other.

    Attributes:
        items: What was read.
        remarks: What was guessed.
    """

    def __init__(self, lines: Sequence[SourceLine]) -> None:
        self._found: list[Found] = []
        self.remarks: list[Remark] = []
        self._speech: _Speech | None = None
        self._paragraph: _Paragraph | None = None
        self._left_out: list[SourceLine] = []
        self._page_numbers = _page_numbers(lines)
        self._read(lines)
        self.items = settled(self._found)

    def _read(self, lines: Sequence[SourceLine]) -> None:
        content = [line for line in lines if not line.comment_only]
        followed = {line.number: _follows(after.text.strip(), line.text.strip()) for line, after in pairwise(content)}
        self._above_sections = {line.number for line, after in pairwise(content) if after.text.startswith("#")}
        self._below = {
            line.number: [after.text.strip() for after in content[at + 1 : at + 1 + _MOST_LINES_OF_ASIDE]]
            for at, line in enumerate(content)
            if line.text.lstrip().startswith("(")
        }
        self._aside: list[str] = []
        for line in lines:
            if line.comment_only:
                if not (self._speech or line.inside_comment):
                    self._end_paragraph()
                self._read_notes(line.notes)
            elif line.blank:
                self._aside = []
                if self._speech and line.connects:
                    self._read_empty_line()
                else:
                    self._end_speech()
            else:
                self._read_notes(line.notes)
                self._read_line(line, ends=not followed.get(line.number, False))
        self._end_speech()
        if self._left_out:
            named = ", ".join(str(line.number) for line in self._left_out[:_LISTED])
            more = f" and {len(self._left_out) - _LISTED} more" if len(self._left_out) > _LISTED else ""
            text = f"page numbers, (MORE) and CONTINUED: are left out (lines {named}{more})"
            self.remarks.append(Remark(line=self._left_out[0].number, text=text))

    def _read_notes(self, notes: tuple[Note, ...]) -> None:
        for note in notes:
            self._found.append(Element(kind=ElementKind.NOTE, text=note.text, lines=Lines(first=note.first, last=note.last)))

    def _read_line(self, line: SourceLine, *, ends: bool) -> None:
        text = line.text.strip()
        if self._speech and not _is_full_heading(text):
            self._read_spoken(self._speech, line, text)
            return
        starts = self._paragraph is None
        if starts and (line.number in self._page_numbers or (ends and is_page_mark(plain_text(text)))):
            self._left_out.append(line)
            return
        kind = _kind_of(text, starts=starts, ends=ends)
        if kind == _Kind.PLAIN and _is_full_heading(text):
            kind = _Kind.HEADING
        if starts and line.number in self._above_sections and _kind_of(text, starts=True, ends=True) == _Kind.ANNOUNCED:
            # A section ends a paragraph, though a line of a speech may begin with its mark.
            kind = _Kind.ANNOUNCED
        bare = plain_text(text) if text[0] in "*_" else text
        match kind:
            case _Kind.SECTION:
                self._read_section(line, text)
            case _Kind.SYNOPSIS:
                self._read_single(ElementKind.SYNOPSIS, line, text[1:])
            case _Kind.PAGE_BREAK:
                self._end_speech()
                self._add(ElementKind.PAGE_BREAK, line, "")
            case _Kind.LYRIC:
                self._read_prose(ElementKind.LYRIC, line, text[1:].strip())
            case _Kind.FORCED_ACTION:
                self._read_prose(ElementKind.ACTION, line, _FORCED_ACTION.sub("", text))
            case _Kind.CENTRED:
                self._end_speech()
                self._read_centred(line, bare[1:-1].strip())
            case _Kind.TRANSITION:
                self._read_transition(line, bare)
            case _Kind.HEADING:
                self._read_heading(line, bare)
            case _Kind.CUE:
                self._start_speech(line, text)
            case _Kind.ANNOUNCED:
                self._read_announced(line, bare)
            case _:
                self._read_plain(line, text.removeprefix("@"))
        if starts and ends and kind in {_Kind.PLAIN, _Kind.CENTRED}:
            self._mark_act(bare[1:-1] if kind == _Kind.CENTRED else bare)

    def _read_plain(self, line: SourceLine, text: str) -> None:
        if self._paragraph is None and is_end_card(plain_text(text)):
            self._read_card(line, text)
            return
        self._read_prose(ElementKind.ACTION, line, f"{_indent(line.text)}{text}")

    def _read_announced(self, line: SourceLine, text: str) -> bool:
        """Read a line that may announce a scene, and say whether it does."""
        found = announced(plain_text(text))
        if found is None:
            return False
        self._end_speech()
        # The notes on its line were read before it, and stand in the scene.
        at = len(self._found) - len(line.notes)
        self._found.insert(at, Announcement(found=found, line=line.number, last=line.closes))
        return True

    def _read_centred(self, line: SourceLine, text: str) -> None:
        if not self._read_announced(line, text):
            self._read_card(line, text)

    def _mark_act(self, text: str) -> None:
        """Take the line that was just read for that of an act, if it has the form of one."""
        if title := act_of(plain_text(text)):
            self._end_speech()
            read = self._found[-1]
            if isinstance(read, Element):
                self._found[-1] = ActLine(title=title, otherwise=read)

    def _read_spoken(self, speech: _Speech, line: SourceLine, text: str) -> None:
        if text[0] in ">!" and not self._aside:
            self._end_speech()
            self._read_line(line, ends=False)
            return
        speech.last = line.closes
        if self._aside:
            self._aside.append(text)
            if text.endswith(")"):
                aside, self._aside = " ".join(self._aside), []
                self._read_aside(line, aside)
        elif text[0] == "(" and text.endswith(")"):
            if self._paragraph is None and _EXTENSION_ALONE.fullmatch(text):
                # (V.O.) belongs behind the name, and many put it below.
                speech.cue = f"{speech.cue} {text}"
                speech.off_screen = speech.off_screen or is_off_screen(text)
            elif not is_page_mark(text):
                self._read_aside(line, text)
        elif text[0] == "(" and ")" not in text and self._aside_closes_below(line):
            self._aside = [text]
        elif text[0] == "~":
            self._read_prose(ElementKind.LYRIC, line, text[1:].strip())
        else:
            # "Est. 1921" or "#1 in the charts" may be said.
            self._read_prose(ElementKind.DIALOGUE, line, text)

    def _read_empty_line(self) -> None:
        """Keep an empty line that stands in a speech."""
        parts = self._paragraph.parts if self._paragraph else []
        if parts and not parts[-1].parenthetical:
            parts[-1] = SpeechPart(text=f"{parts[-1].text}\n")

    def _aside_closes_below(self, line: SourceLine) -> bool:
        for below in self._below.get(line.number, ()):
            if not below or below[0] == "(" or _is_full_heading(below):
                return False
            if ")" in below:
                return below.endswith(")")
        return False

    def _read_section(self, line: SourceLine, text: str) -> None:
        self._end_speech()
        found = _SECTION.match(text)
        if found and (title := plain_text(found["text"])):
            self._add(ElementKind.SECTION, line, title, level=len(found["marks"]), marked=found["text"].strip())
            section = self._found[-1]
            if isinstance(section, Element) and (scene := announced(title)):
                self._found[-1] = Announcement(found=scene, line=line.number, last=line.closes, section=section)

    def _read_single(self, kind: ElementKind, line: SourceLine, text: str) -> None:
        self._end_speech()
        if plain := plain_text(text):
            self._add(kind, line, plain, marked=text.strip())

    def _read_card(self, line: SourceLine, text: str) -> None:
        self._read_prose(ElementKind.ACTION, line, text, centred=True)
        self._end_paragraph()

    def _read_transition(self, line: SourceLine, text: str) -> None:
        text = text.removeprefix(">").strip()
        if is_end_card(plain_text(text)):
            self._end_speech()
            self._read_card(line, text)
        else:
            self._read_single(ElementKind.TRANSITION, line, text)

    def _read_heading(self, line: SourceLine, text: str) -> None:
        self._end_speech()
        plain = plain_text(_FORCED_HEADING.sub("", text))
        # The notes on its line were read before it, and stand in the scene.
        at = len(self._found) - len(line.notes)
        if found := announced(plain, forced=True):
            heading, bare = found.heading, found.text
        else:
            bare, number = without_number(plain)
            heading = read_heading(bare)
            heading = replace(heading, number=number or heading.number)
        item = HeadingLine(heading=heading, text=bare, line=line.number, last=line.closes, announces=found is not None)
        self._found.insert(at, item)

    def _read_prose(self, kind: ElementKind, line: SourceLine, text: str, *, centred: bool = False) -> None:
        speech = self._speech
        if speech and self._paragraph and all(part.parenthetical for part in self._paragraph.parts):
            # What stands in parentheses belongs to what is said or sung below it.
            self._paragraph.kind = kind
        if self._paragraph and (self._paragraph.kind != kind or centred):
            self._end_paragraph()
        if self._paragraph is None:
            self._paragraph = self._new_paragraph(kind, line, centred=centred)
        if speech and plain_text(text):
            speech.spoken = True
        paragraph = self._paragraph
        paragraph.last = line.closes
        if speech is None:
            paragraph.marked.append(text)
        elif paragraph.parts and not paragraph.parts[-1].parenthetical:
            paragraph.parts[-1] = SpeechPart(text=f"{paragraph.parts[-1].text}\n{text}")
        else:
            paragraph.parts.append(SpeechPart(text=text))

    def _new_paragraph(self, kind: ElementKind, line: SourceLine, *, centred: bool = False) -> _Paragraph:
        speech = self._speech
        first = speech.cue_line if speech and not speech.spoken else line.number
        return _Paragraph(kind, first, line.closes, centred=centred, goes_on=speech is not None and speech.spoken)

    def _read_aside(self, line: SourceLine, text: str) -> None:
        if not self._speech or not plain_text(text.strip("()")):
            return
        if self._paragraph is None:
            self._paragraph = self._new_paragraph(ElementKind.DIALOGUE, line)
        self._paragraph.parts.append(SpeechPart(text=text, parenthetical=True))
        self._paragraph.last = self._speech.last = line.closes

    def _start_speech(self, line: SourceLine, text: str) -> None:
        self._end_speech()
        forced = text.startswith("@")
        written = text.removeprefix("@").strip()
        dual = written.endswith("^")
        cue = written.removesuffix("^").rstrip()
        name, extensions = _parts_of_cue(cue)
        self._speech = _Speech(
            # MARA: is how many write a cue; with an @ the colon is meant.
            speaker=name if forced else name.rstrip(":").rstrip(),
            cue=cue,
            cue_line=line.number,
            last=line.closes,
            off_screen=any(map(is_off_screen, extensions)),
            dual=dual,
            forced=forced,
            manner=tuple(filter(is_manner, reversed(extensions))),
        )

    def _end_speech(self) -> None:
        """End a paragraph, and the speech that it may be in."""
        speech, paragraph = self._speech, self._paragraph
        self._aside = []
        if speech and not speech.spoken:
            # A cue and a parenthetical without a word: MARA (nods). Somebody acts, nobody speaks.
            asides = "; ".join(plain_text(part.text.strip("()")) for part in paragraph.parts if part.text) if paragraph else ""
            text = f"{plain_text(speech.cue)} ({asides})" if asides else plain_text(speech.cue)
            lines = Lines(first=speech.cue_line, last=speech.last)
            self._found.append(Element(kind=ElementKind.ACTION, text=text, lines=lines, marked=escaped(text)))
            self._paragraph = None
        self._end_paragraph()
        self._speech = None

    def _end_paragraph(self) -> None:
        paragraph, self._paragraph = self._paragraph, None
        if paragraph is None:
            return
        speech = self._speech
        lines = Lines(first=paragraph.first, last=paragraph.last)
        if speech is None:
            if text := plain_text(" ".join(paragraph.marked)):
                keeps_indent = paragraph.kind == ElementKind.ACTION and not paragraph.centred
                lines_of_it = (
                    f"{_indent(line) if keeps_indent else ''}{line.strip()}" for line in paragraph.marked if line.strip()
                )
                marked = "\n".join(lines_of_it)
                self._found.append(Element(kind=paragraph.kind, text=text, lines=lines, centred=paragraph.centred, marked=marked))
            return
        text, asides = _told(paragraph.parts)
        if text:
            self._found.append(
                Element(
                    kind=paragraph.kind,
                    text=text,
                    lines=lines,
                    speaker=speech.speaker,
                    asides=asides
                    if paragraph.goes_on
                    else (
                        *(Aside(text=manner.lower() if manner.isupper() else manner, after=0) for manner in speech.manner),
                        *asides,
                    ),
                    off_screen=speech.off_screen,
                    dual=speech.dual,
                    cue=speech.cue,
                    forced=speech.forced,
                    parts=tuple(_trimmed(paragraph.parts)),
                    goes_on=paragraph.goes_on,
                )
            )

    def _add(self, kind: ElementKind, line: SourceLine, text: str, *, marked: str = "", level: int = 0) -> None:
        lines = Lines(first=line.number, last=line.closes)
        self._found.append(Element(kind=kind, text=text, lines=lines, marked=marked, level=level))


def _indent(line: str) -> str:
    """Return the white space that a line of action begins with, a tab as four spaces. One space alone is no indent."""
    indent = line[: len(line) - len(line.lstrip())].replace("\t", "    ")
    return "" if indent == " " else indent


def _trimmed(parts: Iterable[SpeechPart]) -> Iterator[SpeechPart]:
    """Yield the parts of a speech without empty lines at their ends."""
    for part in parts:
        if text := part.text.strip("\n"):
            yield SpeechPart(text=text, parenthetical=part.parenthetical)


def _follows(text: str, above: str) -> bool:
    """Say whether a line belongs to the one above it."""
    if not text or text[0] in ">!" or _is_full_heading(text):
        return False
    # ACT I, and SCENE II on the next line
    return not (act_of(plain_text(above)) and announced(plain_text(text)))


def _told(parts: Iterable[SpeechPart]) -> tuple[str, tuple[Aside, ...]]:
    """Return what is said in a speech, and its parentheticals with their places."""
    said: list[str] = []
    asides: list[Aside] = []
    letters = 0
    for part in parts:
        if part.parenthetical:
            asides.append(Aside(text=plain_text(part.text.strip("()")), after=letters))
        else:
            said.append(plain_text(part.text))
            letters += sum(map(len, said[-1].split()))
    return " ".join(filter(None, said)), tuple(asides)


def _page_numbers(lines: Sequence[SourceLine]) -> frozenset[int]:
    """Return the lines that are page numbers without a dot: bare numbers between empty lines that rise through the file."""
    found: list[tuple[int, int]] = []
    for before, line, after in zip([None, *lines], lines, [*lines[1:], None], strict=False):
        alone = (before is None or before.blank) and (after is None or after.blank)
        if alone and _BARE_NUMBER.fullmatch(line.text.strip()):
            found.append((int(line.text), line.number))
    rises = all(later[0] > earlier[0] for earlier, later in pairwise(found))
    return frozenset(number for _, number in found) if len(found) >= _FEWEST_PAGE_NUMBERS and rises else frozenset()


# -- scenes -------------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Scene:
    """A scene that is being put together."""

    heading: HeadingLine | None
    title: str
    first: int
    last: int
    elements: list[Element]
    before: int = 0


@dataclass(slots=True)
class _Act:
    """An act that is being put together."""

    title: str = ""
    line: int = 0
    synopsis: list[str] = field(default_factory=list)
    scenes: list[SceneText] = field(default_factory=list)


class _Grouping:
    """Puts elements into acts and scenes."""

    def __init__(self) -> None:
        self._acts = [_Act()]
        self._scene: _Scene | None = None
        self._waiting: list[Element] = []
        """What belongs to the scene to come, if one comes: since a section, or since the beginning of the act."""

    def acts(self, items: Iterable[Item]) -> tuple[ActText, ...]:
        """Return the acts that have scenes."""
        for item in items:
            if isinstance(item, HeadingLine):
                self._start_scene(item)
            elif item.kind == ElementKind.SECTION:
                self._section(item)
            else:
                self._add(item)
        self._end_scene()
        self._end_waiting()
        return tuple(
            ActText(title=act.title, synopsis=" ".join(act.synopsis), scenes=tuple(act.scenes))
            for act in self._acts
            if act.scenes
        )

    def remarks(self) -> Iterator[Remark]:
        """Yield which acts are left out because nothing is seen or heard in them."""
        for act in self._acts:
            if act.line and not act.scenes:
                yield Remark(line=act.line, text=f"nothing is seen or heard under {act.title!r}: it is left out")

    def _section(self, section: Element) -> None:
        if section.level > 1:
            if self._scene and self._scene.heading is None:
                self._end_scene()
            self._waiting.append(section)
            return
        self._end_scene()
        if any(element.kind in PROSE for element in self._waiting):
            self._end_waiting()
        elif self._acts[-1].scenes:
            # A sequence that nothing came of.
            self._waiting = []
        self._acts.append(_Act(title=section.text, line=section.lines.first))

    def _add(self, element: Element) -> None:
        prose = element.kind in PROSE and not element.centred
        if self._scene and self._waiting and prose:
            # A sequence that has no heading of its own goes on with the scene.
            self._take_waiting(self._scene)
        if self._scene and not self._waiting:
            self._scene.elements.append(element)
            self._scene.last = max(self._scene.last, element.lines.last)
        elif self._scene:
            self._waiting.append(element)
        elif prose:
            self._start_outside(element)
        elif element.kind == ElementKind.SYNOPSIS and not self._waits_under_section() and not self._acts[-1].scenes:
            self._acts[-1].synopsis.append(element.text)
        else:
            self._waiting.append(element)

    def _waits_under_section(self) -> bool:
        return any(element.kind == ElementKind.SECTION for element in self._waiting)

    def _start_scene(self, heading: HeadingLine) -> None:
        waiting = self._waiting
        if self._scene:
            # A boneyard may end on the line on which the next scene begins.
            self._scene.last = min(self._scene.last, heading.line - 1)
        first = min([heading.line, *(element.lines.first for element in waiting)])
        self._waiting = []
        self._end_scene()
        self._scene = _Scene(heading, heading.text, first, heading.last, waiting, before=len(waiting))

    def _start_outside(self, element: Element | None) -> None:
        """Begin a scene without a heading, under the section that stands above it."""
        waiting, self._waiting = self._waiting, []
        act = self._acts[-1]
        section = next((one for one in reversed(waiting) if one.kind == ElementKind.SECTION), None)
        elements = [*waiting, *([element] if element else [])]
        first = min(one.lines.first for one in elements)
        title = section.text if section else ""
        if not section and act.title and not act.scenes:
            title, first = act.title, min(first, act.line)
        last = max(one.lines.last for one in elements)
        self._scene = _Scene(None, title, first, last, elements)

    def _end_waiting(self) -> None:
        """Let what waits for a scene that does not come be one, if there is something to see in it."""
        if any(element.kind in PROSE for element in self._waiting):
            self._start_outside(None)
            self._end_scene()

    def _take_waiting(self, scene: _Scene) -> None:
        scene.elements += self._waiting
        scene.last = max([scene.last, *(element.lines.last for element in self._waiting)])
        self._waiting = []

    def _end_scene(self) -> None:
        scene, self._scene = self._scene, None
        if scene is None:
            return
        if self._waiting:
            # A section at the end of a scene: what stands under it belongs to the scene.
            self._take_waiting(scene)
        heading = scene.heading
        read = heading.heading if heading else Heading(interior=None, place=scene.title or OUTSIDE, time="")
        self._acts[-1].scenes.append(
            SceneText(
                heading=scene.title,
                number=read.number,
                interior=read.interior,
                place=read.place,
                time=read.time,
                lines=Lines(first=scene.first, last=scene.last),
                elements=tuple(scene.elements),
                before=scene.before,
                outside=heading is None,
                minor=heading is not None and not read.named,
            )
        )


def _outside_remarks(acts: Sequence[ActText]) -> Iterator[Remark]:
    """Yield where text stands outside of scenes; once for a file that has no heading at all."""
    scenes = [scene for act in acts for scene in act.scenes]
    outside = [scene for scene in scenes if scene.outside]
    if len(outside) == len(scenes):
        what = "one scene" if len(scenes) == 1 else f"{len(scenes)} scenes, one for each section"
        yield Remark(line=1, text=f"no scene heading such as INT. KITCHEN - DAY in it: it is taken as {what}")
        return
    for scene in outside:
        first = next(element for element in scene.elements if element.kind in PROSE)
        where = f"under {scene.heading!r}" if scene.heading else "in black"
        yield Remark(line=first.lines.first, text=f"this text stands in no scene: it becomes a scene of its own, {where}")
