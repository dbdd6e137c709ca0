"""Inserts: close shots of a thing. Which thing a text names, and how it is drawn before the set, without people.

What is known of each thing is data: ``inserts.yaml``; the drawings are props of the scenery.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
import yaml
from PIL import Image, ImageDraw
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.plan import Drawing
from vtx_dagster.core.shot import ShotSize
from vtx_dagster.engines.animatic.brush import SUPERSAMPLING, Pen, box
from vtx_dagster.engines.animatic.camera import Views
from vtx_dagster.engines.animatic.chance import generator
from vtx_dagster.engines.animatic.lettering import Lettering, plain
from vtx_dagster.engines.animatic.palette import Colour, colour
from vtx_dagster.engines.animatic.scenery.painter import paint_prop
from vtx_dagster.engines.animatic.scenery.vocabulary import load_prop
from vtx_dagster.engines.animatic.staging import STRANGER, Staging
from vtx_dagster.engines.animatic.titles import Lines, set_lines

UNKNOWN: Final = "slip"
"""What is drawn of a thing that has no drawing: a slip of paper with its name."""

_SCALES: Final = {ShotSize.ECU: 1.12, ShotSize.CU: 1.0, ShotSize.MCU: 0.84, ShotSize.MS: 0.66}
"""How large things are drawn; in sizes that are not here there are no inserts."""
_READABLE: Final = 0.95
"""How large they are at least if there is something to be read on them."""
_WIDE: Final = 1.35
"""Width of the widest things, in units of theirs: in a narrow picture they are smaller."""
_SMALLEST: Final = 0.36
"""How large they are at least, so that no arm ends within the picture."""
_BLUR: Final = 0.010
"""Of the set behind a thing, at least, in heights of the picture."""
_LARGEST: Final = 0.16
"""Size of the largest type on a thing, in heights of the picture."""
_TOKEN: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*|[^\w\s]")
_SENTENCE_ENDS: Final = frozenset(".!?:-")
_NEAR: Final = 4
"""How many words may stand between a place and what says that it is one, and the place included."""


class Thing(BaseModel):
    """What is known of a thing; see ``inserts.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    body: bool = False
    text: tuple[float, float, float, float] | None = None
    rows: int = Field(default=0, ge=0, le=20)
    shines: tuple[str, ...] = ()
    back: str | None = None
    en: tuple[str, ...] = ()
    de: tuple[str, ...] = ()
    fr: tuple[str, ...] = ()
    es: tuple[str, ...] = ()
    it: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """In all languages."""
        return self.en + self.de + self.fr + self.es + self.it


class Things(BaseModel):
    """All things, and the words that help to find them in a text; see ``inserts.yaml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    verbs: frozenset[str]
    articles: frozenset[str]
    places: frozenset[str]
    looks: frozenset[str]
    things: dict[str, Thing]


@dataclass(frozen=True, slots=True)
class _Named:
    """A thing that a text names, and which of its words do."""

    thing: str
    first: int
    end: int


def parsed_things(text: str) -> Things:
    """Return what the text of ``inserts.yaml`` says.

    Raises:
        InvalidFileError: If it is no YAML or has a wrong field; names file and field.
    """
    try:
        return Things.model_validate(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506 - safe
    except yaml.YAMLError as error:
        raise InvalidFileError(f"inserts.yaml: is not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InvalidFileError(f"inserts.yaml: {field}: {first['msg']}") from error


@cache
def things() -> Things:
    """Return the things of the package."""
    return parsed_things((files("vtx_dagster.engines.animatic") / "inserts.yaml").read_text(encoding="utf-8"))


@cache
def _phrases() -> Mapping[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    for name, thing in things().things.items():
        for words in thing.words:
            found.setdefault(_tokens(words), name)
    return found


def _tokens(text: str) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(unicodedata.normalize("NFC", text.casefold().replace("\u2019", "'").replace("'", " "))))


def insert_for(text: str) -> str:
    """Return the thing that a close shot of what a text says would show: what it names last or as its object; empty for none.

    "He opens the card" is a ``card``, "Ann's trembling hands" are ``hands``, "The key on the table beside a cup" is a ``key``.
    """
    tokens = _tokens(text)
    named = list(_named(tokens))
    whole = [each for each in named if not things().things[each.thing].body] or named
    objects = [each for each in whole if not _is_place(tokens, each, named)]
    return (objects or whole)[-1].thing if named else ""


def _named(tokens: tuple[str, ...]) -> Iterator[_Named]:
    phrases = _phrases()
    longest = max(map(len, phrases))
    at = 0
    while at < len(tokens):
        end = next((end for end in range(min(len(tokens), at + longest), at, -1) if tokens[at:end] in phrases), 0)
        if end and not _is_verb(tokens, at, end):
            yield _Named(phrases[tokens[at:end]], at, end)
            at = end
        else:
            at += 1


def _is_verb(tokens: tuple[str, ...], at: int, end: int) -> bool:
    """Say whether a word that is a verb, too, is one here: ``They watch``."""
    opens = at == 0 or tokens[at - 1] in _SENTENCE_ENDS
    if end - at > 1 or tokens[at] not in things().verbs or opens:
        return False
    reach = 1 if tokens[at].endswith("s") else 2
    return not any(word in things().articles for word in tokens[max(0, at - reach) : at])


def _is_place(tokens: tuple[str, ...], named: _Named, others: list[_Named]) -> bool:
    """Say whether a thing only says where another one is: ``on the table``."""
    start = max([0, *(each.end for each in others if each.end <= named.first)], default=0)
    for at in range(named.first - 1, max(start, named.first - _NEAR) - 1, -1):
        if not tokens[at][0].isalpha():
            return False
        if tokens[at] in things().places:
            return not (at and tokens[at - 1] in things().looks)
    return False


def thing_of(insert: str) -> str:
    """Return the thing with a drawing that an insert asks for, by its name or by a word that means it."""
    name = "_".join(insert.casefold().split())
    return name if name in things().things else insert_for(insert) or UNKNOWN


def shows_insert(drawing: Drawing) -> bool:
    """Say whether a shot is one of a thing: it is to be, and is close enough. Of one without a drawing its owner says more."""
    is_close = bool(plain(drawing.insert)) and drawing.camera.size in _SCALES
    return is_close and not (drawing.figures and thing_of(drawing.insert) == UNKNOWN)


def staged_insert(staging: Staging) -> Staging:
    """Return the composition without its people, hands and car, its set out of focus."""
    blur = staging.blur if staging.from_above else max(staging.blur, _BLUR)
    return replace(staging, marks=(), shoulder=None, hands=False, blur=blur)


@dataclass(frozen=True, slots=True)
class Insert:
    """A thing as it is to be drawn.

    Attributes:
        prop: Its drawing.
        scale: How large that is.
        area: Where its words are, in units of the prop; None without any.
        lines: To be lettered there; None where there is nothing to be read, or no room for it.
        rows: To be scribbled there.
        shines: Colours of the prop that give light.
    """

    prop: str
    scale: float
    area: tuple[float, float, float, float] | None
    lines: Lines | None
    rows: int
    shines: tuple[str, ...]


def insert_of(drawing: Drawing, lettering: Lettering, *, views: Views, px_per_unit: float, smallest_px: float) -> Insert:
    """Return how the thing of a shot is to be drawn.

    Args:
        drawing: Of a shot that shows an insert.
        lettering: The typeface.
        views: What the camera sees of the thing's plane: words stay in frame in a push.
        px_per_unit: Resolution at which it is drawn, in pixels for a height of the picture.
        smallest_px: Size of the smallest type, at that resolution; words that would be smaller are not lettered on the thing.
    """
    name = thing_of(drawing.insert)
    thing = things().things[name]
    words = drawing.readable_text if plain(drawing.readable_text) else (plain(drawing.insert).upper() if name == UNKNOWN else "")
    widest = views.aspect / _WIDE
    scale = max(_SMALLEST, min(_SCALES[drawing.camera.size], widest))
    lines = None
    if words and thing.text is not None:
        left, top, right, bottom = thing.text
        in_frame = 0.48 / views.closest() * min(1 / max(-top, bottom), views.aspect / max(-left, right))
        larger = min(max(scale, min(_READABLE, widest)), in_frame)
        lines = _lettered(words, thing.text, lettering, px=larger * px_per_unit, smallest_px=smallest_px)
        scale = larger if lines else scale
    prop = thing.back if thing.back is not None and lines is not None else f"insert_{name}"
    return Insert(prop, scale, thing.text, lines, 0 if lines else thing.rows, thing.shines)


def _lettered(
    words: str, area: tuple[float, float, float, float], lettering: Lettering, *, px: float, smallest_px: float
) -> Lines | None:
    room = ((area[2] - area[0]) * px, (area[3] - area[1]) * px)
    smallest = max(4, round(smallest_px))
    lines = set_lines(words, lettering, room=room, sizes=(smallest, max(smallest, round(_LARGEST * px))))
    face = lettering.face(lines.size_px, bold=True)
    fits = lines.height_px <= room[1] * 1.02 and all(face.getlength(line) <= room[0] for line in lines.lines)
    return lines if fits else None


def paint_insert(pen: Pen, insert: Insert, drawing: Drawing, lettering: Lettering, *, seed: int) -> None:
    """Paint a thing in the middle of the picture.

    Args:
        pen: In stage units.
        insert: What to paint.
        drawing: Of the shot: the first of its figures is who holds it.
        lettering: The typeface.
        seed: Of the place, which decides about colours.
    """
    thing = pen.at(0, 0, insert.scale)
    light = pen.light
    holder = drawing.figures[0] if drawing.figures else STRANGER
    own = {"skin": holder.skin, "sleeve": holder.wardrobe, "hair": holder.hair_colour}
    there = load_prop(insert.prop).colours
    paint_prop(
        insert.prop,
        thing,
        light,
        generator(seed, "insert"),
        colours={name: light.on(colour(value)) for name, value in own.items() if name in there}
        | {name: colour(str(there[name])) for name in insert.shines},
        time=drawing.time_of_day,
        interior=drawing.interior,
    )
    if insert.area is not None and insert.lines is not None:
        _letter(thing, insert.area, insert.lines, lettering, ink=light.ink)
    elif insert.area is not None and insert.rows:
        _scribble(thing, insert.area, insert.rows, seed)


def _letter(pen: Pen, area: tuple[float, float, float, float], lines: Lines, lettering: Lettering, *, ink: Colour) -> None:
    """Letter lines in the middle of an area, turned as the pen is."""
    size = lines.size_px * SUPERSAMPLING
    face = lettering.face(size, bold=True)
    corners = pen.place(box(*area))
    middle, along = corners.mean(axis=0), corners[1] - corners[0]
    wide = round(max(face.getlength(line) for line in lines.lines)) + 2 * size
    tall = round(lines.height_px * SUPERSAMPLING) + 2 * size
    mask = Image.new("L", (wide, tall), 0)
    draw = ImageDraw.Draw(mask)
    top = float(size)
    for line in lines.lines:
        high = Lines((line,), size).height_px
        face.write(draw, (wide / 2, top + high / 2), line, fill=230, anchor="mm")
        top += high
    turned = mask.rotate(-float(np.degrees(np.arctan2(along[1], along[0]))), Image.Resampling.BICUBIC, expand=True)
    corner = (round(middle[0] - turned.width / 2), round(middle[1] - turned.height / 2))
    pen.sheet.image.paste(ink, corner, turned)


def _scribble(pen: Pen, area: tuple[float, float, float, float], rows: int, seed: int) -> None:
    """Fill an area with lines that look like writing from afar."""
    left, top, right, bottom = area
    chance = generator(seed, "scribble")
    pitch = (bottom - top) / rows
    for row in range(rows):
        y = top + pitch * (row + 0.5)
        end = right if row < rows - 1 else left + (right - left) * float(chance.uniform(0.3, 0.8))
        x = np.arange(left, end, pitch * 0.22)
        wave = chance.uniform(-0.16, 0.16, len(x)) * pitch
        words = chance.random(len(x)) > 0.16
        runs = np.split(np.stack([x, y + wave], axis=1), np.flatnonzero(~words))
        for run in runs:
            if len(run) > 2:
                pen.stroke(run[1:], 0.55, smooth=True)
