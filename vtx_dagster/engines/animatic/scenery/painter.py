"""Paints sets and props as their files say."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.engines.animatic.brush import Pen
from vtx_dagster.engines.animatic.chance import generator
from vtx_dagster.engines.animatic.palette import Colour, Light
from vtx_dagster.engines.animatic.scenery.shapes import tinted
from vtx_dagster.engines.animatic.scenery.stage import Easel, Stage, mirrored
from vtx_dagster.engines.animatic.scenery.vocabulary import (
    AnyItem,
    Derived,
    Group,
    OneOf,
    PropFile,
    PropUse,
    SetFile,
    load_prop,
)


def paint_file(name: str, found: SetFile, stage: Stage) -> None:
    """Paint a set on both planes of a stage."""
    _paint(found.paint, _easel(name, found, stage))


def paint_above(name: str, found: SetFile, stage: Stage) -> None:
    """Paint what lies on the ground of a set as it is seen from straight above."""
    _paint(found.above, _easel(name, found, stage).under("above"))


def _easel(name: str, found: SetFile, stage: Stage) -> Easel:
    easel = Easel(
        far=stage.far,
        mid=stage.mid,
        light=stage.light,
        time=stage.time,
        interior=stage.interior,
        colours={},
        place=int(stage.chance.integers(2**62)),
        path=(name,),
    )
    return mirrored(_coloured(easel, name, found, {}), found.mirror)


def paint_prop(
    name: str,
    pen: Pen,
    light: Light,
    chance: np.random.Generator,
    *,
    colours: Mapping[str, Colour] | None = None,
    time: TimeOfDay = TimeOfDay.DAY,
    interior: bool = True,
) -> None:
    """Paint a prop on any sheet.

    Args:
        name: Of the prop.
        pen: Its origin is the prop's foot, its unit the unit of sets.
        light: The light that it stands in.
        chance: What varies with the place; one number is taken from it.
        colours: Colours of the prop, by their names in its file, as the light shows them; others are the file's.
        time: Of day.
        interior: Whether that is inside.

    Raises:
        InvalidFileError: If the file of the prop does not say what it may.
    """
    easel = Easel(
        far=pen,
        mid=pen,
        light=light,
        time=time,
        interior=interior,
        colours={},
        place=int(chance.integers(2**62)),
        path=(name,),
    )
    found = load_prop(name)
    _paint(found.paint, _coloured(easel, name, found, colours or {}))


def _coloured(easel: Easel, file: str, found: PropFile, given: Mapping[str, Colour]) -> Easel:
    """Return the easel with the colours of a file: the same ones wherever in a place the file is used."""
    own: dict[str, Colour] = {}
    coloured = replace(easel, colours=own)
    for name, value in found.colours.items():
        match value:
            case _ if name in given:
                own[name] = given[name]
            case str():
                own[name] = coloured.colour(value)
            case Derived():
                own[name] = tinted(coloured, value.of, value.tint, value.shade)
            case _:
                own[name] = coloured.colour(value[int(generator(easel.place, file, name).integers(len(value)))])

    return coloured


def _paint(items: tuple[AnyItem, ...], easel: Easel) -> None:
    for number, item in enumerate(items):
        _paint_item(item, easel.under(number))


def _placed(easel: Easel, item: PropUse | Group, flip: int) -> Easel:
    """Return the easel at the place of an item; what turns round where it stands is placed by the ``flip`` around it."""
    x, y = item.at
    stays = item.mirror in ("always", "never")
    return easel.at(x * flip * easel.flip if stays else x, y, item.scale)


def _paint_item(item: AnyItem, easel: Easel) -> None:
    if not item.is_there(easel):
        return
    for spot in item.easels(easel):
        match item:
            case PropUse():
                found = load_prop(item.prop)
                given = {name: spot.colour(value) for name, value in item.colours.items()}
                moved = _placed(spot, item, easel.flip).turned(item.turn * spot.flip)
                _paint(found.paint, _coloured(moved, item.prop, found, given))
            case Group():
                _paint(item.group, _placed(spot, item, easel.flip))
            case OneOf():
                chosen = int(spot.chance("one_of").integers(len(item.one_of)))
                _paint_item(item.one_of[chosen], spot.under(chosen))
            case _:
                item.paint(spot)
