"""The lines of a Fountain file without their comments: notes (``[[ ]]``) and boneyard (``/* */``) taken out, numbers kept."""

import re
from dataclasses import dataclass

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.story import Source

_OPENING = re.compile(r"/\*|\[\[")
_CLOSING = {"/*": "*/", "[[": "]]"}
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


def raw_lines(text: str) -> list[str]:
    """Return the lines as an editor counts them: LF, CRLF or CR end a line, and a byte order mark is no text."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def source_lines(source: Source) -> list[SourceLine]:
    """Return the lines of a Fountain file without notes and boneyard.

    Raises:
        InvalidFileError: If a comment is never closed, a note has an empty line in it, or the file is not text.
    """
    return _Scanner(source.name).scan(raw_lines(source.text))


class _Scanner:
    """Takes comments out, line by line."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._mark = ""
        self._opened_at = 0
        self._content: list[str] = []
        self._closed_at: dict[int, int] = {}
        self._notes: dict[int, list[Note]] = {}

    def scan(self, lines: list[str]) -> list[SourceLine]:
        kept: list[tuple[int, str, bool, bool]] = []
        for number, line in enumerate(lines, start=1):
            if found := _CONTROL.search(line):
                raise InvalidFileError(
                    f"{self._name}:{number}: control character U+{ord(found.group()):04X}:"
                    " save the screenplay as plain UTF-8 text",
                    path=self._name,
                )
            inside = bool(self._mark)
            text = self._without_comments(line, number)
            touched = inside or text != line
            text = text if text == _CONNECTED_BLANK else text.rstrip()
            kept.append((number, text, touched and not text.strip(), inside))
        if self._mark:
            raise self._error(f"{self._mark} is never closed: write {_CLOSING[self._mark]} where the comment ends")
        return [
            SourceLine(
                number=number,
                text=text,
                comment_only=comment_only,
                inside_comment=inside,
                closes=self._closed_at.get(number, number),
                notes=tuple(self._notes.get(number, ())),
            )
            for number, text, comment_only, inside in kept
        ]

    def _without_comments(self, line: str, number: int) -> str:
        kept: list[str] = []
        position = 0
        if self._mark == "[[" and not line.strip() and line != _CONNECTED_BLANK:
            raise self._error("[[ is not closed before the empty line: write ]], or two spaces in the empty line")
        while True:
            if self._mark:
                end = line.find(_CLOSING[self._mark], position)
                self._content.append(line[position:] if end < 0 else line[position:end])
                if end < 0:
                    return "".join(kept)
                self._close(number)
                position = end + 2
            opening = _OPENING.search(line, position)
            if opening is None:
                kept.append(line[position:])
                return "".join(kept)
            kept.append(line[position : opening.start()])
            self._mark, self._opened_at, self._content = opening.group(), number, []
            position = opening.end()

    def _close(self, number: int) -> None:
        if self._mark == "[[":
            text = " ".join(" ".join(self._content).split())
            self._notes.setdefault(self._opened_at, []).append(Note(text=text, first=self._opened_at, last=number))
        self._closed_at[self._opened_at] = number
        self._mark = ""

    def _error(self, what: str) -> InvalidFileError:
        return InvalidFileError(f"{self._name}:{self._opened_at}: {what}", path=self._name)
