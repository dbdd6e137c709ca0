r"""A screenplay as Fountain text in which nothing is left to guess.

What is known to be a heading, a cue or action is written so that it is read as that: plainly where ``fountain`` takes the plain
line for it, in forced form (``.HEADING``, ``@cue``, ``!action``, ``> TRANSITION``) everywhere else. Characters that Fountain
would take for marks are escaped, or kept apart by a word joiner, which is invisible.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from vtx_dagster.engines.screenplay.emphasis import JOINER, Run, escaped, plain, plain_text
from vtx_dagster.engines.screenplay.fountain import (
    name_of_cue,
    reads_as_action,
    reads_as_cue,
    reads_as_heading,
    reads_as_speech,
)
from vtx_dagster.engines.screenplay.heading import is_end_card
from vtx_dagster.engines.screenplay.page_marks import is_page_mark
from vtx_dagster.engines.screenplay.title_page import reads_as_entry

_COMMENT_MARKS = re.compile(r"\[(?=\[)|\](?=\])|/(?=\*)")
_SPACES = re.compile(r"[^\S\n]+")
_UNSEEN = re.compile(rf"[\x00-\x08\x0e-\x1b\x7f\ufeff{JOINER}]")
_ASIDE = re.compile(r"\([^()]*[^()\s][^()]*\)")


_LONGEST_MARKED: Final = 10_000
"""Reading marks takes time that grows with the square of a line's length; no line of a screenplay is so long."""


class Kind(StrEnum):
    """What a paragraph of a screenplay is."""

    HEADING = "heading"
    ACTION = "action"
    CENTRED = "centred"
    CUE = "cue"
    PARENTHETICAL = "parenthetical"
    DIALOGUE = "dialogue"
    LYRIC = "lyric"
    TRANSITION = "transition"
    NOTE = "note"
    SYNOPSIS = "synopsis"
    SECTION = "section"
    PAGE_BREAK = "page break"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph of a screenplay.

    Attributes:
        text: What it says, in one or more lines.
        number: Of a scene, as the screenplay gives it.
        dual: A cue whose speech is said at the same time as the one before.
        level: Of a section; 1 is an act.
        notes: Notes in the margin.
        where: Where it stands in what was read, for remarks: ``page 12``, ``line 40``.
    """

    kind: Kind
    text: tuple[Run, ...] = ()
    number: str = ""
    dual: bool = False
    level: int = 1
    notes: tuple[str, ...] = ()
    where: str = ""

    @property
    def words(self) -> str:
        """What it says, without emphasis and with single spaces."""
        return " ".join(_UNSEEN.sub("", "".join(run.text for run in self.text)).split())


_SPOKEN = frozenset({Kind.PARENTHETICAL, Kind.DIALOGUE, Kind.LYRIC})
_Block = tuple[str, ...]


def fountain_text(
    paragraphs: Iterable[Paragraph], *, title_page: Mapping[str, Sequence[str]] | None = None
) -> tuple[str, list[str]]:
    """Return a screenplay as Fountain, and remarks on what could not be what it was said to be.

    Args:
        paragraphs: The screenplay.
        title_page: Lines by key, in order.
    """
    writer = _Writer()
    blocks = list(_without_entries(writer.blocks(paragraphs)))
    entries = list(_title_entries(title_page or {}))
    head = "\n".join(entries) + "\n\n" if entries else ""
    return head + "\n\n".join("\n".join(block) for block in blocks) + "\n" * bool(blocks), writer.remarks


def _without_entries(blocks: Iterable[_Block]) -> Iterator[_Block]:
    """Yield blocks of lines; the first is marked where ``Monday: rain.`` would be a title page, or an entry more of one."""
    is_first = True
    for block in blocks:
        first, *rest = block
        if not is_first or not any(map(reads_as_entry, block)):
            yield block
        elif rest and reads_as_cue(first):
            yield (f"@{first}", *rest)
        else:
            yield tuple(f"!{line.removeprefix('!')}" for line in block)
        is_first = is_first and first.startswith("[[")


def marked(text: Sequence[Run]) -> str:
    """Return text with its emphasis marked: well nested, spaces outside. Marks that would not be read back are left out."""
    text = [replace(run, text=_UNSEEN.sub("", run.text)) for run in text]
    if not any(run.bold or run.italic or run.underlined for run in text):
        return _protected(escaped("".join(run.text for run in text)))
    lines = ["".join(map(_marked_run, line)) for line in _lines(text)]
    shown = ["".join(run.text for run in line) for line in _lines(text)]
    pairs = zip(lines, shown, strict=True)
    safe = [line if len(line) < _LONGEST_MARKED and plain(line) == words else escaped(words) for line, words in pairs]
    return _protected("\n".join(safe))


def _marked_run(run: Run) -> str:
    inner = run.text.strip()
    if not inner:
        return run.text
    stars = "*" * (2 * run.bold + run.italic)
    before, after = run.text[: run.text.index(inner)], run.text[run.text.index(inner) + len(inner) :]
    line = "_" if run.underlined else ""
    return f"{before}{line}{stars}{escaped(inner)}{stars}{line}{after}"


def _lines(text: Sequence[Run]) -> list[list[Run]]:
    """Return runs line by line, neighbours of one style joined and spaces between them single."""
    lines: list[list[Run]] = [[]]
    for run in text:
        for number, part in enumerate(run.text.split("\n")):
            if number:
                lines.append([])
            if not part:
                continue
            last = lines[-1][-1] if lines[-1] else None
            piece = replace(run, text=part)
            if last is not None and (not part.strip() or replace(last, text="") == replace(piece, text="")):
                lines[-1][-1] = replace(last, text=last.text + part)
            else:
                lines[-1].append(piece)
    return lines


def _protected(markup: str) -> str:
    return _COMMENT_MARKS.sub(lambda found: found.group() + JOINER, markup)


def _one_line(text: Sequence[Run]) -> str:
    return " ".join(marked([replace(run, text=run.text.replace("\n", " ")) for run in text]).split())


def _text_lines(text: Sequence[Run]) -> list[str]:
    """Return the lines that hold words."""
    return [line for raw in marked(text).split("\n") if (line := _SPACES.sub(" ", raw).strip())]


def _note(text: str) -> str:
    words = " ".join(text.split()).replace("[[", "[ [").replace("]]", "] ]")
    return f"[[{words} ]]" if words.endswith("]") else f"[[{words}]]"


def _title_entries(title_page: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for key, values in title_page.items():
        lines = [" ".join(_protected(escaped(value)).split()) for value in values if value.strip()]
        if len(lines) == 1:
            yield f"{key}: {lines[0]}"
        elif lines:
            yield f"{key}:"
            yield from (f"    {line}" for line in lines)


class _Writer:
    """Puts paragraphs into blocks of lines, between which there is an empty line."""

    def __init__(self) -> None:
        self.remarks: list[str] = []
        self._speech: list[str] = []
        self._cue: Paragraph | None = None
        self._is_spoken = False

    def blocks(self, paragraphs: Iterable[Paragraph]) -> Iterator[_Block]:
        for paragraph in paragraphs:
            if paragraph.kind in _SPOKEN and self._cue is not None:
                self._speech += _with_notes(self._spoken(paragraph), paragraph)
                self._is_spoken |= paragraph.kind != Kind.PARENTHETICAL and bool(paragraph.words)
                continue
            yield from self._ended_speech()
            if paragraph.kind == Kind.CUE and paragraph.words:
                self._cue = paragraph
            elif lines := self._lines(paragraph):
                yield tuple(_with_notes(lines, paragraph))
            else:
                yield from ((_note(note),) for note in paragraph.notes)
        yield from self._ended_speech()

    def _ended_speech(self) -> Iterator[_Block]:
        cue, speech, is_spoken = self._cue, self._speech, self._is_spoken
        self._cue, self._speech, self._is_spoken = None, [], False
        if cue is None:
            return
        if not is_spoken:
            self._remark(cue, f"the name {cue.words!r} has no speech below it: taken as action")
        if speech:
            yield (_cue_line(cue), *speech)
        else:
            yield tuple(_with_notes([_action_line(_one_line(cue.text), starts=True)], cue))

    def _lines(self, paragraph: Paragraph) -> list[str]:
        if paragraph.kind == Kind.PAGE_BREAK:
            return ["==="]
        if not paragraph.words:
            return []
        match paragraph.kind:
            case Kind.HEADING if _WORD.search(paragraph.words):
                return [_heading_line(paragraph)]
            case Kind.HEADING:
                self._remark(paragraph, f"a scene heading without a word: taken as action ({_short(paragraph.words)})")
            case Kind.CENTRED:
                return [f"> {line} <" for line in _text_lines(paragraph.text)]
            case Kind.TRANSITION:
                line = _one_line(paragraph.text)
                if is_end_card(paragraph.words):
                    return [f"> {line} <"]
                return [f"> {line}{JOINER}" if line.endswith("<") else f"> {line}"]
            case Kind.NOTE:
                return [_note(paragraph.words)]
            case Kind.SYNOPSIS:
                return [f"= {line}" for line in _text_lines(paragraph.text)]
            case Kind.SECTION:
                return ["#" * paragraph.level + " " + _one_line(paragraph.text)]
            case Kind.LYRIC:
                return [f"~{line}" for line in _text_lines(paragraph.text)]
            case Kind.DIALOGUE | Kind.PARENTHETICAL:
                self._remark(paragraph, f"a speech without a name above it: taken as action ({_short(paragraph.words)})")
        return _action_lines(paragraph)

    def _spoken(self, paragraph: Paragraph) -> list[str]:
        match paragraph.kind:
            case Kind.PARENTHETICAL:
                return _parenthetical(_one_line(paragraph.text))
            case Kind.LYRIC:
                return [f"~{line}" for line in _text_lines(paragraph.text)]
        return list(map(_spoken_line, _text_lines(paragraph.text)))

    def _remark(self, paragraph: Paragraph, text: str) -> None:
        self.remarks.append(f"{paragraph.where}: {text}" if paragraph.where else text)


def _short(words: str) -> str:
    return words if len(words) <= _SHORT else f"{words[:_SHORT].rsplit(' ', 1)[0]} …"


_SHORT: Final = 60
_WORD = re.compile(r"[^\W_]")


def _with_notes(lines: list[str], paragraph: Paragraph) -> list[str]:
    """Return lines with the notes of their paragraph behind the last one, where they break nothing."""
    notes = " ".join(map(_note, paragraph.notes))
    return [*lines[:-1], f"{lines[-1]} {notes}"] if notes and lines else lines


def _heading_line(paragraph: Paragraph) -> str:
    words = _protected(escaped(paragraph.words))
    number = _protected(escaped("".join(paragraph.number.split()).replace("#", "")))
    whole = f"{words} #{number}#" if number else words
    if words[0] != "." and reads_as_heading(whole):
        return whole
    forced = f".{whole.lstrip('.')}"
    # A forced heading begins with a letter: what begins otherwise stands behind a joiner.
    return forced if reads_as_heading(forced) else f".{JOINER}{whole}"


def _cue_line(paragraph: Paragraph) -> str:
    words = _protected(escaped(paragraph.words.rstrip("^ ") or paragraph.words))
    shown = words if reads_as_cue(words) else f"@{JOINER if words[0] in '(^' else ''}{words}"
    if not name_of_cue(shown):
        # "(ALL)" is the whole name, and no extension.
        shown += JOINER
    return _with_notes([f"{shown} ^" if paragraph.dual else shown], paragraph)[0]


def _parenthetical(words: str) -> list[str]:
    inner = words[1:-1] if words.startswith("(") and words.endswith(")") else words
    if not inner.strip("() "):
        return []
    return [f"({JOINER}{inner})" if is_page_mark(f"({inner})") else f"({inner})"]


def _spoken_line(line: str) -> str:
    """Return a line of a speech. One in parentheses is how somebody speaks, whatever it was typed as."""
    is_aside = _ASIDE.fullmatch(line) and not is_page_mark(plain_text(line))
    return line if is_aside or reads_as_speech(line) else f"{JOINER}{line}"


def _action_lines(paragraph: Paragraph) -> list[str]:
    lines = _text_lines(paragraph.text)
    return [_action_line(line, starts=number == 0) for number, line in enumerate(lines)]


def _action_line(line: str, *, starts: bool) -> str:
    if reads_as_action(line, starts=starts):
        return line
    # With "!!" Beat marks a shot.
    return f"!{JOINER}{line}" if line[0] == "!" else f"!{line}"
