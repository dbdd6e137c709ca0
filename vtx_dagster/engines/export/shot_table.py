"""The shotlist as a table: one row per shot, in words, with the names that the bible has."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from fractions import Fraction

from vtx_dagster.core.bible import Bible
from vtx_dagster.core.clip_from_shot import shot_to_clip
from vtx_dagster.core.frames import MAX_FRAMES
from vtx_dagster.core.metadata import DEFAULT_PROFILES, Metadata
from vtx_dagster.core.naming import display_name, humanised
from vtx_dagster.core.pacing import pace
from vtx_dagster.core.shot import DialogueLine
from vtx_dagster.core.shotlist import Shot, Shotlist

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""With these a cell begins that a spreadsheet would calculate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotRow:
    """One shot. The fields are the columns of the table, in their order; new ones come last.

    Attributes:
        seconds: Length in the film, by the rules of pacing.
        dialogue: A line per speech: ``MARA (V.O.): text``; a parenthetical stands before the text.
    """

    shot: str
    scene: str
    heading: str
    size: str
    angle: str
    move: str
    lens_mm: int
    seconds: float
    location: str
    time_of_day: str
    characters: str
    action: str
    dialogue: str
    props: str
    continuity: str
    transition: str


COLUMNS = tuple(column.name for column in fields(ShotRow))


def shot_rows(shotlist: Shotlist, *, headings: Mapping[str, str], bible: Bible, metadata: Metadata) -> list[ShotRow]:
    """Return the shots of a film as rows.

    Args:
        shotlist: The shots.
        headings: The headings by scene id; a scene without one has none.
        bible: Has the names of characters and places; a key that it lacks is written as a name.
        metadata: Has the rate and the limits that decide how long a shot is.
    """
    return [_row(shot, headings.get(shot.scene, ""), bible, metadata) for shot in shotlist.shots]


def shots_csv(rows: Iterable[ShotRow]) -> bytes:
    """Return rows as CSV (RFC 4180) in UTF-8 with a byte order mark, as spreadsheets want it.

    A text that a spreadsheet would take for a formula is given an apostrophe in front.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    writer.writerows([_guarded(cell) for cell in astuple(row)] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


def _guarded(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA) else cell


def _row(shot: Shot, heading: str, bible: Bible, metadata: Metadata) -> ShotRow:
    characters = bible.characters.characters
    location = bible.locations.locations.get(shot.location or "")
    return ShotRow(
        shot=shot.id,
        scene=shot.scene,
        heading=heading,
        size=shot.size.value,
        angle=shot.angle.replace("_", " "),
        move=shot.move.replace("_", " "),
        lens_mm=shot.lens_mm,
        seconds=round(float(_seconds(shot, metadata)), 3),
        location=location.name if location else humanised(shot.location or ""),
        time_of_day=shot.time_of_day.value if shot.time_of_day else "",
        characters=", ".join(display_name(key, characters) for key in shot.characters),
        action=shot.action,
        dialogue="\n".join(_spoken(line, display_name(line.character, characters)) for line in shot.dialogue),
        props=", ".join(shot.props),
        continuity=shot.continuity,
        transition=shot.transition,
    )


def _spoken(line: DialogueLine, name: str) -> str:
    aside = f"({line.parenthetical}) " if line.parenthetical else ""
    return f"{name}{' (V.O.)' if line.off_screen else ''}: {aside}{line.text}"


def _seconds(shot: Shot, metadata: Metadata) -> Fraction:
    render = metadata.render
    fps = render.profiles.get(render.profile, DEFAULT_PROFILES["final"]).fps
    pacing = pace(shot_to_clip(shot), min_s=render.min_clip_s, max_s=render.max_clip_s, fps=fps, max_frames=MAX_FRAMES)
    return pacing.seconds
