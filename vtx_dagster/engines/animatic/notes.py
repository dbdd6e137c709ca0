"""The notes below the picture: the slugline, and the action in pages."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from PIL import Image, ImageDraw

from vtx_dagster.core.bible import SetKind
from vtx_dagster.core.pacing import reading_seconds
from vtx_dagster.core.plan import Drawing
from vtx_dagster.engines.animatic.lettering import Lettering, ellipsized, fitted, fitted_around, plain, wrapped
from vtx_dagster.engines.animatic.page import FADED, Layout, Overlay, paper, spans
from vtx_dagster.engines.animatic.palette import INK, mix
from vtx_dagster.engines.animatic.typefaces import Face
from vtx_dagster.engines.breakdown.prose import split_to_fit

_NOTE_LINES: Final = 2
_PITCH: Final = 1.28
"""Of lines, in sizes of the type."""
_TITLE_LABELS: Final = ("card", "chyron", "endcard", "endtitle", "intertitle", "super", "title", "titlecard")


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One page of the action, below the picture.

    Attributes:
        first: First frame in which it shows; it stays until the next one comes.
        lines: Of text; none where nothing happens.
    """

    first: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notes:
    """The slugline below the picture, and the action beside it, in pages.

    Attributes:
        where: The slugline, shortened to fit.
        pages: At least one.
        left: Where the action begins, in pixels.
    """

    where: str
    pages: tuple[Note, ...]
    left: float

    def write(self, sheet: Image.Image, page: Layout, lettering: Lettering) -> None:
        """Write the slugline and the first page of the action on a whole page."""
        at = (page.note[0], self._top(page))
        lettering.face(page.small, bold=True).write(ImageDraw.Draw(sheet), at, self.where, fill=INK, anchor="lm")
        self._write_lines(self.pages[0], sheet, page, lettering)

    def turned(self, page: Layout, lettering: Lettering) -> tuple[tuple[int, Overlay], ...]:
        """Return the pages after the first: the frame in which each begins, and what then lies over the page before it."""
        corner = (max(0, int(self.left) - 1), page.note[1])
        overlays: list[tuple[int, Overlay]] = []
        for note in self.pages[1:]:
            sheet = paper(*page.size).copy()
            self._write_lines(note, sheet, page, lettering)
            overlays.append((note.first, Overlay(sheet.crop((*corner, *page.size)), *corner)))
        return tuple(overlays)

    def _top(self, page: Layout) -> float:
        """Return the middle of the first line, in pixels; it is the same on all pages."""
        rows = max(1, *(len(note.lines) for note in self.pages))
        return (page.note[1] + page.note[3] - page.small * _PITCH * (rows - 1)) / 2

    def _write_lines(self, note: Note, sheet: Image.Image, page: Layout, lettering: Lettering) -> None:
        draw, face = ImageDraw.Draw(sheet), lettering.face(page.small)
        for row, line in enumerate(note.lines):
            at = (self.left, self._top(page) + row * page.small * _PITCH)
            face.write(draw, at, line, fill=mix(INK, FADED, 0.35), anchor="lm")


def notes(drawing: Drawing, page: Layout, lettering: Lettering, *, num_frames: int, fps: int) -> Notes:
    """Return what is written below the picture.

    An action that needs more than two lines is shown in pages, which turn at the ends of sentences wherever they can. Each is
    there for as long as it takes to read; in a clip too short for that, each for an equal share.

    Args:
        drawing: What is on screen. Of a title, what is to be read in the picture is not written again below it.
        page: Where things are.
        lettering: The typeface.
        num_frames: Of the clip, 1 or more.
        fps: Frames per second.
    """
    bold, face = lettering.face(page.small, bold=True), lettering.face(page.small)
    width, gap = page.note[2] - page.note[0], page.small * 1.2
    action = "" if repeats_text(drawing) else plain(drawing.action)
    where = _where(drawing, bold, max(width * 0.42, width - gap - face.getlength(action)))
    indent = bold.getlength(where) + gap
    pages = _pages(action, face, room=width - indent, most=num_frames)
    needs = [reading_seconds(" ".join(lines)) for lines in pages]
    weights = [float(need) for need in needs] if 0 < sum(needs) <= Fraction(num_frames, fps) else [1.0] * len(pages)
    shown = zip(pages, spans(weights, num_frames), strict=True)
    return Notes(where, tuple(Note(first=first, lines=tuple(lines)) for lines, (first, _) in shown), page.note[0] + indent)


def _pages(action: str, face: Face, *, room: float, most: int) -> list[list[str]]:
    """Return the lines of each page: at least one page, at most ``most``, of which the last one then says that there was more."""
    if not action:
        return [[]]
    parts = split_to_fit(action, seconds=lambda part: Fraction(len(wrapped(part, face, room))), limit_s=Fraction(_NOTE_LINES))
    pages = [wrapped(part, face, room) for part in parts]
    if len(pages) <= most:
        return pages
    rest = [line for lines in pages[most - 1 :] for line in lines]
    return [*pages[: most - 1], ellipsized(rest, _NOTE_LINES, face, room)]


def repeats_text(drawing: Drawing) -> bool:
    """Say whether the action is nothing but the text that is to be read, or its label and the text: ``TITLE: Berlin``."""
    action, text = _letters(drawing.action), _letters(drawing.readable_text)
    return bool(text) and any(action == label + text for label in ("", *_TITLE_LABELS))


def is_title(drawing: Drawing) -> bool:
    """Say whether a shot is a title: text that is to be read, and nobody and nothing else."""
    if drawing.figures or drawing.dialogue or not plain(drawing.readable_text):
        return False
    return repeats_text(drawing) or drawing.set == SetKind.BLACK or not (plain(drawing.action) or drawing.insert)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _where(drawing: Drawing, face: Face, room: float) -> str:
    """Return the slugline; black and titles are neither inside nor outside, at no time of day.

    A place that is too long is shortened in its middle, and given up before the light is.
    """
    place = plain(drawing.place)
    if is_title(drawing):
        return fitted("TITLE", face, room)
    if drawing.set == SetKind.BLACK:
        return fitted(place, face, room)
    before, light = "INT. " if drawing.interior else "EXT. ", drawing.time_of_day.value.upper()
    after = f" - {light}"
    shorter = fitted_around(place, face, room - face.getlength(before + after))
    choices = ((f"{before}{shorter}{after}",) if shorter else ()) + (before + light,)
    return next((choice for choice in choices if face.getlength(choice) <= room), light)
