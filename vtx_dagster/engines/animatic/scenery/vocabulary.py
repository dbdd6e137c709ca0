"""The files of sets and props: what they may say, and how they are loaded.

Units: one unit is the height of the picture in a wide shot; y = 0 is the foot of the wall or the horizon, and y grows downwards;
x = 0 is the middle. A standing adult is 0.73 high at the plane of the figures. A prop has its origin at its foot.

What may stand in ``paint``, each named by its own field (see ``shapes``, ``pieces`` and ``stage`` for the fields):
shapes ``box``, ``poly``, ``curve``, ``ellipse``, ``line``, ``glow``, ``gradient``, ``cast``; ``piece``, painted by Python;
``prop``, another file; ``group``, several items moved, repeated or left out together; ``one_of``, one of several by place.
All take ``plane``, ``when``, ``chance``, ``mirror`` and ``repeat``. Beyond what was first agreed there are ``group``, ``one_of``,
``strength`` below 1 for thin washes, ``hatch``, ``to`` (a box's second colour), ``mirror: place`` and ``always`` and a ``mirror``
of a whole set, ``repeat`` with ``down`` (along y) and from ``far`` to ``near`` (in perspective), ``panels`` of ``perspective``,
the pieces ``skyline``, ``bush`` (rocks, too), ``wheel``, ``rays``, ``block`` and ``peak``, what lies ``above`` the ground and the
``eye`` of a set, the colour ``lamp``, colours that shine by themselves and are the same in every light (``"#5fe0ff!"``), and
colours made of others: ``{of: wall, shade: 0.2, tint: [accent, 0.3]}``. Props take ``turn``; ``limb`` is a shape.
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Final, Literal, TypeVar

import yaml
from pydantic import BaseModel, Discriminator, Field, Tag, ValidationError

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.engines.animatic.scenery.pieces import Piece
from vtx_dagster.engines.animatic.scenery.shapes import Box, Cast, Curve, Ellipse, Glow, Gradient, Limb, Line, Poly
from vtx_dagster.engines.animatic.scenery.stage import LIGHT_COLOURS, ColourName, Item, Model, Paint, Point, Share

Hex = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Pigment = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}!?$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
_KINDS: Final = (
    "piece",
    "prop",
    "group",
    "one_of",
    "box",
    "poly",
    "curve",
    "ellipse",
    "limb",
    "line",
    "glow",
    "gradient",
    "cast",
)
_KIND = {name: Tag(name) for name in _KINDS}


def _kind(value: Any) -> str | None:
    return next((name for name in _KINDS if name in value), None) if isinstance(value, dict) else None


class PropUse(Item):
    """A prop at a place, turned clockwise by ``turn`` degrees before it is mirrored, with ``colours`` that are not the prop's."""

    prop: str
    at: Point = (0.0, 0.0)
    scale: float = Field(default=1.0, gt=0)
    turn: float = 0.0
    colours: dict[str, Paint] = Field(default_factory=dict)


class Group(Item):
    """Several items that belong together."""

    group: tuple["AnyItem", ...]
    at: Point = (0.0, 0.0)
    scale: float = Field(default=1.0, gt=0)


class OneOf(Item):
    """One of several items, the same in a place for ever."""

    one_of: Annotated[tuple["AnyItem", ...], Field(min_length=1)]


AnyItem = Annotated[
    Annotated[Piece, _KIND["piece"]]
    | Annotated[PropUse, _KIND["prop"]]
    | Annotated[Group, _KIND["group"]]
    | Annotated[OneOf, _KIND["one_of"]]
    | Annotated[Box, _KIND["box"]]
    | Annotated[Poly, _KIND["poly"]]
    | Annotated[Curve, _KIND["curve"]]
    | Annotated[Ellipse, _KIND["ellipse"]]
    | Annotated[Limb, _KIND["limb"]]
    | Annotated[Line, _KIND["line"]]
    | Annotated[Glow, _KIND["glow"]]
    | Annotated[Gradient, _KIND["gradient"]]
    | Annotated[Cast, _KIND["cast"]],
    Discriminator(
        _kind,
        custom_error_type="unknown_item",
        custom_error_message=f"is none of {', '.join(_KINDS)}",
    ),
]


class Derived(Model):
    """A colour made of another one."""

    of: Paint
    shade: Share = 0.0
    tint: tuple[Paint, Share] | None = None


class GroundKind(StrEnum):
    """What one walks on."""

    BOARDS = "boards"
    PAVED = "paved"
    EARTH = "earth"


class Floor(Model):
    """The ground as it is seen from straight above."""

    colour: Hex
    ground: GroundKind
    rug: bool = False


class PropFile(Model):
    """A prop.

    Attributes:
        colours: By name: one, several of which each place has one, or one made of others named before it.
        sources: Where sizes and colours come from.
        paint: What it consists of, in this order.
    """

    colours: dict[
        Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")],
        Pigment | Annotated[tuple[Pigment, ...], Field(min_length=1)] | Derived,
    ] = Field(default_factory=dict)
    sources: tuple[str, ...] = ()
    paint: Annotated[tuple[AnyItem, ...], Field(min_length=1)]


class SetFile(PropFile):
    """A set.

    Attributes:
        inside: Whether it is only indoors (true) or only outdoors (false); None where it may be either.
        walls: Whether y = 0 is the foot of a wall (true) or the horizon (false); None where that follows from the scene.
        middle: Whether it is made around its middle, from which close shots do not wander.
        eye: How far above y = 0 the eyes of people are in a wide shot: the more, the less ground and the more sky is seen. None
            is 0.55 for sets with walls and 0.12 for others.
        mirror: Of all of it.
        floor: Its ground from straight above.
        above: What lies on the ground and is seen from straight above, where one unit is 1.6 m and people are in the middle.
    """

    inside: bool | None = None
    walls: bool | None = None
    middle: bool = False
    eye: float | None = Field(default=None, ge=0, le=1)
    mirror: Literal["light", "place"] | None = None
    floor: Floor
    above: tuple[AnyItem, ...] = ()


Group.model_rebuild()
OneOf.model_rebuild()

File = TypeVar("File", bound=PropFile)
_PACKAGE: Final = "vtx_dagster.engines.animatic.scenery"


@cache
def load_set(kind: str) -> SetFile:
    """Return a set of the package.

    Raises:
        InvalidFileError: If the file, or that of a prop in it, does not say what it may; names file and field.
    """
    return parsed(SetFile, f"sets/{kind}.yaml", (files(_PACKAGE) / "sets" / f"{kind}.yaml").read_text(encoding="utf-8"))


@cache
def load_prop(name: str) -> PropFile:
    """Return a prop of the package.

    Raises:
        InvalidFileError: If the file, or that of a prop in it, does not say what it may; names file and field.
    """
    found = _prop(name)
    _check_props(found, f"props/{name}.yaml", (name,))
    return found


@cache
def _prop(name: str) -> PropFile:
    """Return a prop whose own props are not looked at."""
    return _read(PropFile, f"props/{name}.yaml", (files(_PACKAGE) / "props" / f"{name}.yaml").read_text(encoding="utf-8"))


@cache
def names(folder: Literal["sets", "props"]) -> tuple[str, ...]:
    """Return the names of all sets or props of the package."""
    return tuple(sorted(file.name.removesuffix(".yaml") for file in (files(_PACKAGE) / folder).iterdir()))


def parsed(model: type[File], file: str, text: str) -> File:
    """Return what the text of a file says.

    Args:
        model: ``SetFile`` or ``PropFile``.
        file: Its name for messages, such as ``props/bed.yaml``.
        text: YAML.

    Raises:
        InvalidFileError: If it is no YAML, has a wrong field, names a colour or prop that there is not, or contains itself.
    """
    found = _read(model, file, text)
    _check_props(found, file, (file.removeprefix("props/").removesuffix(".yaml"),))
    return found


def _read(model: type[File], file: str, text: str) -> File:
    try:
        found = model.model_validate(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506 - safe
    except yaml.YAMLError as error:
        raise InvalidFileError(f"{file}: is not YAML: {error}") from error
    except ValidationError as error:
        raise InvalidFileError(f"{file}: {_first(error)}") from error
    _check_colours(found, file)
    return found


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "the file"
    return f"{field}: {first['msg']} (found {first['input']!r:.80})"


def _check_colours(found: PropFile, file: str) -> None:
    known = set(LIGHT_COLOURS)
    for name, value in found.colours.items():
        if name in LIGHT_COLOURS:
            raise InvalidFileError(f"{file}: colours.{name}: is a colour of the light; choose another name")
        _require(value, f"colours.{name}", known=known, file=file)
        known.add(name)
    for field, items in _lists(found):
        for number, item in enumerate(items):
            _require(item, f"{field}.{number}", known=known, file=file)


def _lists(found: PropFile) -> Iterator[tuple[str, tuple[AnyItem, ...]]]:
    yield "paint", found.paint
    if isinstance(found, SetFile):
        yield "above", found.above


def _require(value: object, where: str, *, known: set[str], file: str) -> None:
    for field, name in _colour_names(value):
        if not name.startswith("#") and name not in known:
            raise InvalidFileError(
                f"{file}: {where}{field}: no colour is named {name!r} here; there are {', '.join(sorted(known))}"
            )


def _colour_names(value: object, field: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, ColourName):
        yield field, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _colour_names(getattr(value, name), f"{field}.{name}")
    elif isinstance(value, tuple | dict):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _colour_names(each, f"{field}.{key}")


def _check_props(found: PropFile, file: str, above: tuple[str, ...]) -> None:
    """Look at the props of a file and at theirs; none may be one of those ``above``, which contain it."""
    for where, use in (each for field, items in _lists(found) for each in uses(items, f"{field}.")):
        if use.prop in above or use.prop not in names("props"):
            raise InvalidFileError(f"{file}: {where}.prop: there is no other prop named {use.prop!r}")
        inner = _prop(use.prop)
        unknown = use.colours.keys() - inner.colours.keys()
        if unknown:
            raise InvalidFileError(f"{file}: {where}.colours: {use.prop} has no colour named {', '.join(sorted(unknown))}")
        _check_props(inner, f"props/{use.prop}.yaml", (*above, use.prop))


def uses(items: tuple[AnyItem, ...], where: str = "") -> Iterator[tuple[str, PropUse]]:
    """Yield the props that items use, and where."""
    for number, item in enumerate(items):
        match item:
            case PropUse():
                yield f"{where}{number}", item
            case Group():
                yield from uses(item.group, f"{where}{number}.group.")
            case OneOf():
                yield from uses(item.one_of, f"{where}{number}.one_of.")
            case _:
                pass
