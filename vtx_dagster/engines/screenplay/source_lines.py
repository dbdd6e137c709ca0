"""The lines of a Fountain file without their comments: notes (``[[ ]]``) and boneyard (``/* */``) taken out, numbers kept."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from vtx_dagster.core.screenplay import Lines, Remark
from vtx_dagster.engines.screenplay.heading import looks_like_heading

_OPENING = re.compile(r"/\*|\[\[")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_CONNECTED_BLANK = "  "
"""Two spaces: a line that looks empty but does not end the note or speech it stands in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What stands between ``[[`` and ``]]``, with white space collapsed."""

    text: str
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """One line without its comments.

    Attributes:
        number: Counted from 1.
        text: What is left, without trailing white space; ``"  "`` for a line of exactly two spaces.
        comment_only: Nothing but comments stands here, so the line neither is blank nor has content.
        inside_comment: The line begins inside a comment that was opened before it.
        closes: The line on which the last comment opened here ends; the line's own number without one.
        notes: The notes that are opened here.
    """

    number: int
    text: str
    comment_only: bool = False
    inside_comment: bool = False
    closes: int
    notes: tuple[Note, ...] = ()

    @property
    def blank(self) -> bool:
        """Whether the line separates paragraphs."""
        return not self.text.strip() and not self.comment_only

    @property
    def connects(self) -> bool:
        """Whether the line is empty to the eye but keeps a speech together (Fountain: two spaces)."""
        return self.text == _CONNECTED_BLANK and not self.comment_only


@dataclass(frozen=True, slots=True)
class SourceText:
    """A file in lines, and what had to be guessed."""

    lines: tuple[SourceLine, ...]
    remarks: tuple[Remark, ...]


def raw_lines(text: str) -> list[str]:
    """Return the lines as an editor counts them: LF, CRLF or CR end a line, and a byte order mark is no text."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def source_lines(text: str) -> SourceText:
    """Return the lines of a Fountain text without notes and boneyard.

    A note that is not closed ends before the next empty line or scene heading; a boneyard that is never closed is none. Control
    characters are left out. Each is remarked upon.
    """
    return _Scanner(raw_lines(text)).scan()


class SceneLines:
    """The lines of a Fountain text as they were written, to be cut into scenes."""

    def __init__(self, text: str) -> None:
        self._raw = raw_lines(text)
        self._lines = source_lines(text).lines

    def of(self, lines: Lines) -> str:
        """Return a range of lines. A boneyard that goes on beyond the range is left out: half of one would hide the rest."""
        first, last = lines.first - 1, lines.last - 1
        kept = self._raw[first : last + 1]
        if self._lines[first].inside_comment:
            kept[0] = _without_boneyard(self._lines[first])
        if last + 1 < len(self._lines) and self._lines[last + 1].inside_comment:
            opened = max(index for index in range(last + 1) if self._lines[index].closes > last + 1)
            kept[max(opened - first, 0) :] = [_without_boneyard(self._lines[opened])] if opened >= first else []
        return "\n".join(kept) + "\n"


def _without_boneyard(line: SourceLine) -> str:
    return " ".join(filter(None, (line.text, *(f"[[{note.text}]]" for note in line.notes))))


@dataclass(slots=True)
class _Comment:
    """A comment that is open."""

    mark: str
    opened_at: int
    closes_at: int
    """The line on which it ends."""
    is_closed: bool
    """It ends at its closing mark, not at the end of that line."""
    content: list[str] = field(default_factory=list)


class _Scanner:
    """Takes comments out, line by line."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = [_CONTROL.sub("", line) for line in lines]
        self._remarks = list(_control_remarks(lines))
        self._comment: _Comment | None = None
        self._never_closed_on = 0
        self._closed_at: dict[int, int] = {}
        self._notes: dict[int, list[Note]] = {}
        self._last_boneyard_end = max((number for number, line in enumerate(self._lines, start=1) if "*/" in line), default=0)

    def scan(self) -> SourceText:
        kept: list[tuple[int, str, bool, bool]] = []
        for number, line in enumerate(self._lines, start=1):
            inside = self._comment is not None
            text = self._without_comments(line, number)
            touched = inside or text != line
            text = text if text == _CONNECTED_BLANK else text.rstrip()
            kept.append((number, text, touched and not text.strip(), inside))
        lines = tuple(
            SourceLine(
                number=number,
                text=text,
                comment_only=comment_only,
                inside_comment=inside,
                closes=self._closed_at.get(number, number),
                notes=tuple(self._notes.get(number, ())),
            )
            for number, text, comment_only, inside in kept
        )
        return SourceText(lines, tuple(sorted(self._remarks, key=lambda remark: remark.line)))

    def _without_comments(self, line: str, number: int) -> str:
        kept: list[str] = []
        position = 0
        while True:
            if comment := self._comment:
                end = line.find("]]" if comment.mark == "[[" else "*/", position) if number == comment.closes_at else -1
                is_closed = end >= 0 and comment.is_closed
                comment.content.append(line[position:end] if is_closed else line[position:])
                if number < comment.closes_at:
                    return "".join(kept)
                self._close(comment)
                if not is_closed:
                    return "".join(kept)
                position = end + 2
                if kept and kept[-1].endswith(" ") and line.startswith(" ", position):
                    # Of the spaces around a comment, one is left.
                    position += 1
            opening = self._opening(line, position, number)
            if opening is None:
                kept.append(line[position:])
                return "".join(kept)
            kept.append(line[position : opening.start()])
            position = opening.end()

    def _opening(self, line: str, position: int, number: int) -> re.Match[str] | None:
        """Find where the next comment opens, and open it."""
        for opening in _OPENING.finditer(line, position):
            if opening.group() == "/*" and number == self._never_closed_on:
                continue
            if opening.group() == "[[":
                closes_at, is_closed = self._end_of_note(line, opening.end(), number)
            else:
                closes_at, is_closed = self._end_of_boneyard(line, opening.end(), number), True
            if closes_at:
                self._comment = _Comment(opening.group(), number, closes_at, is_closed)
                if not is_closed:
                    self._remark(
                        number, "[[ is not closed with ]]: the note is taken to end before the next empty line or scene heading"
                    )
                return opening
            self._never_closed_on = number
            self._remark(number, "/* is never closed with */: it is taken as text")
        return None

    def _end_of_note(self, line: str, position: int, number: int) -> tuple[int, bool]:
        if line.find("]]", position) >= 0:
            return number, True
        last = number
        for after in range(number + 1, len(self._lines) + 1):
            text = self._lines[after - 1]
            if (not text.strip() and text != _CONNECTED_BLANK) or looks_like_heading(text.strip()):
                break
            if "]]" in text:
                return after, True
            last = after
        return last, False

    def _end_of_boneyard(self, line: str, position: int, number: int) -> int:
        """Return the line on which a boneyard ends; 0 if it is never closed."""
        if line.find("*/", position) >= 0:
            return number
        if number >= self._last_boneyard_end:
            return 0
        return next((after for after in range(number + 1, len(self._lines) + 1) if "*/" in self._lines[after - 1]), 0)

    def _close(self, comment: _Comment) -> None:
        if comment.mark == "[[":
            text = " ".join(" ".join(comment.content).split())
            note = Note(text=text, first=comment.opened_at, last=comment.closes_at)
            self._notes.setdefault(comment.opened_at, []).append(note)
        self._closed_at[comment.opened_at] = comment.closes_at
        self._comment = None

    def _remark(self, number: int, text: str) -> None:
        self._remarks.append(Remark(line=number, text=text))


def _control_remarks(lines: list[str]) -> Iterator[Remark]:
    for number, line in enumerate(lines, start=1):
        if found := _CONTROL.search(line):
            yield Remark(line=number, text=f"control character U+{ord(found.group()):04X} is left out")
