"""Sets and props as data: what their files may say, and that it is painted."""

import itertools

import numpy as np
import pytest

from vtx_dagster.core.bible import Palette, SetKind
from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.sets import _INSIDE, _OPEN_TO_THE_SKY
from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.engines.animatic.brush import Sheet, Window
from vtx_dagster.engines.animatic.chance import generator
from vtx_dagster.engines.animatic.palette import light_for
from vtx_dagster.engines.animatic.scenery import vocabulary
from vtx_dagster.engines.animatic.scenery.painter import paint_file, paint_prop
from vtx_dagster.engines.animatic.scenery.pieces import Perspective
from vtx_dagster.engines.animatic.scenery.shapes import Box, Shape
from vtx_dagster.engines.animatic.scenery.stage import Stage
from vtx_dagster.engines.animatic.scenery.vocabulary import (
    Group,
    OneOf,
    PropFile,
    PropUse,
    SetFile,
    load_prop,
    load_set,
    names,
    parsed,
    uses,
)
from vtx_dagster.engines.animatic.sets import paint_floor

RED = "#ff0000"
FLOOR = "floor: {colour: '#808080', ground: paved}\n"
WINDOW = Window(-1, -1, 1, 1)
PX = 40


def painted(paint="", *, colours="", time=TimeOfDay.DAY, interior=True, place=1, more="", both=False):
    """Return the picture of a set with the lines of ``paint``, red where it is red; with ``both`` also that of the mid plane."""
    text = f"{FLOOR}{more}\ncolours: {{red: '{RED}'{colours}}}\npaint:\n" + "".join(
        f"  - {{{line}}}\n" for line in paint.splitlines()
    )
    return painted_set(parsed(SetFile, "sets/test.yaml", text), time=time, interior=interior, place=place, both=both)


def painted_set(found, *, time=TimeOfDay.DAY, interior=True, place=1, both=False):
    light = light_for(time, Palette(), interior=interior)
    far, mid = (Sheet(WINDOW, PX, light=light, seed=1, ground=(128, 128, 128)) for _ in range(2))
    paint_file(
        "test",
        found,
        Stage(far=far.pen(), mid=mid.pen(), light=light, time=time, interior=interior, chance=generator(place)),
    )
    images = [np.asarray(sheet.finished()[0], dtype=int) for sheet in (far, mid)]
    return images if both else images[0]


def red(image):
    """Return where a picture is red."""
    return (image[..., 0] > image[..., 1] + 40) & (image[..., 0] > image[..., 2] + 40)


def middle_of(mask):
    """Return the middle of what a mask holds, in units."""
    y, x = np.nonzero(mask)
    return x.mean() / PX - 1, y.mean() / PX - 1


# The files of the package


@pytest.mark.parametrize("kind", SetKind)
def test_every_kind_of_set_has_a_file_that_loads_and_says_where_its_sizes_come_from(kind):
    assert load_set(kind).sources


@pytest.mark.parametrize("name", names("props"))
def test_every_prop_loads_and_leaves_a_mark_at_any_place_and_scale(name):
    assert load_prop(name).sources
    light = light_for(TimeOfDay.DAY, Palette(), interior=True)
    images = []
    for x, scale in ((0.0, 1.0), (0.3, 0.5)):
        sheet = Sheet(WINDOW, PX, light=light, seed=1, ground=light.mid)
        paint_prop(name, sheet.pen().at(x, 0.3, scale), light, generator(1))
        images.append(np.asarray(sheet.finished()[0], dtype=int))
    assert all((np.abs(image - np.array(light.mid)).max(axis=2) > 20).any() for image in images)
    assert (images[0] != images[1]).any()


def test_there_are_no_files_but_those_of_kinds_and_of_props_that_are_used():
    assert set(names("sets")) == {str(kind) for kind in SetKind}
    used = {use.prop for kind in SetKind for _, use in uses(load_set(kind).paint)}
    used |= {use.prop for name in names("props") for _, use in uses(load_prop(name).paint)}
    assert used <= set(names("props"))


def test_files_say_the_same_about_inside_and_outside_as_the_words_of_places():
    for kind in SetKind:
        inside = load_set(kind).inside
        assert (kind in _INSIDE) == (inside is not False), kind
        assert (kind in _OPEN_TO_THE_SKY) == (inside is not True), kind


@pytest.mark.parametrize("time", [TimeOfDay.DAY, TimeOfDay.NIGHT])
def test_every_set_differs_from_every_other(time):
    images = {kind: painted_set(load_set(kind), time=time, interior=load_set(kind).inside is not False) for kind in SetKind}
    for (one, first), (other, second) in itertools.combinations(images.items(), 2):
        assert np.abs(first - second).mean() > 4, (one, other)


EVERYWHERE = {"sky", "heaven", "ridge", "ground", "water", "tufts", "shell", "skyline"}
"""Pieces that say little about where we are."""


def things_in(items):
    """Yield what the items show, wherever it stands: props by name, pieces by what they look like, shapes by their outline."""
    for item in items:
        match item:
            case Group() | OneOf():
                yield from things_in(item.group if isinstance(item, Group) else item.one_of)
            case PropUse():
                yield item.prop
            case Perspective():
                yield from (("panel", panel.side, panel.count, panel.across) for panel in item.panels)
            case Shape():
                outline = np.asarray(next(getattr(item, name) for name in type(item).__annotations__))
                # Of an ellipse and a box only the size counts.
                if outline.ndim == 1:
                    outline = outline[2:] - (outline[:2] if isinstance(item, Box) else 0)
                else:
                    outline = outline - outline.mean(axis=0)
                yield (type(item).__name__, *np.round(outline, 2).ravel().tolist())
            case _ if getattr(item, "piece", "") not in {"", *EVERYWHERE}:
                yield repr(item.model_copy(update={"at": None, "plane": None, "mirror": None, "chance": 1.0}))


@pytest.mark.parametrize("kind", [kind for kind in SetKind if kind not in {SetKind.PLAIN, SetKind.BLACK}])
def test_every_set_but_those_that_are_nowhere_has_three_things_that_no_other_has(kind):
    elsewhere = {thing for other in SetKind if other != kind for thing in things_in(load_set(other).paint)}
    assert len(set(things_in(load_set(kind).paint)) - elsewhere) >= 3


def test_places_of_one_kind_differ_and_one_place_is_always_the_same():
    again, *images = (painted_set(load_set("room"), place=place) for place in (1, 1, 2, 3, 4, 5))
    assert (images[0] == again).all()
    assert np.mean([np.abs(one - other).mean() for one, other in itertools.combinations(images, 2)]) > 4


def test_the_ground_from_above_is_what_its_file_says():
    images = []
    for kind in (SetKind.ROOM, SetKind.WORKSHOP, SetKind.KITCHEN, SetKind.CAVE, SetKind.FIELD):
        light = light_for(TimeOfDay.DAY, Palette(), interior=True)
        sheet = Sheet(WINDOW, PX, light=light, seed=1, ground=light.mid)
        pen = sheet.pen()
        stage = Stage(far=pen, mid=pen, light=light, time=TimeOfDay.DAY, interior=True, chance=generator(1))
        paint_floor(kind, stage)
        images.append(np.asarray(sheet.finished()[0], dtype=int))
    assert all(np.abs(one - other).mean() > 4 for one, other in itertools.combinations(images, 2))
    rug, bare = (
        np.abs(image[25:55, 25:55].mean(axis=(0, 1)) - image[65:75, 25:55].mean(axis=(0, 1))).max() for image in images[:2]
    )
    assert rug > 2 * bare


# What a file may say


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("paint: [", "props/x.yaml: is not YAML"),
        ("[]", "props/x.yaml: the file: Input should be"),
        ("{}", "props/x.yaml: paint: Field required"),
        ("paint: [{box: [0, 0, 1, 1], colour: red}]", "props/x.yaml: paint.0.box.colour: Extra inputs"),
        ("paint: [{bx: [0, 0, 1, 1]}]", "props/x.yaml: paint.0: is none of piece, prop, group"),
        ("paint: [7]", "props/x.yaml: paint.0: is none of piece, prop, group"),
        ("paint: [{box: [0, 0, 1]}]", "props/x.yaml: paint.0.box.box.3: Field required"),
        ("paint: [{piece: sofa}]", "props/x.yaml: paint.0.piece: Input tag 'sofa'"),
        ("paint: [{piece: window, at: [0, 0], size: [1, 1], panes: 0}]", "props/x.yaml: paint.0.piece.window.panes: "),
        ("paint: [{box: [0, 0, 1, 1], when: never}]", "props/x.yaml: paint.0.box.when"),
        (
            "paint: [{box: [0, 0, 1, 1], fill: blue}]",
            "props/x.yaml: paint.0.fill: no colour is named 'blue' here; there are accent",
        ),
        ("paint: [{group: [{box: [0, 0, 1, 1], tint: [blue, 1]}]}]", "props/x.yaml: paint.0.group.0.tint.0: no colour is named"),
        ("colours: {light: '#ffffff'}\npaint: [{box: [0, 0, 1, 1]}]", "props/x.yaml: colours.light: is a colour of the light"),
        (
            "colours: {a: {of: b}, b: '#ffffff'}\npaint: [{box: [0, 0, 1, 1]}]",
            "props/x.yaml: colours.a.of: no colour is named 'b'",
        ),
        ("colours: {a: white}\npaint: [{box: [0, 0, 1, 1]}]", "props/x.yaml: colours.a"),
        ("paint: [{prop: nothing}]", "props/x.yaml: paint.0.prop: there is no other prop named 'nothing'"),
        ("paint: [{group: [{prop: x}]}]", "props/x.yaml: paint.0.group.0.prop: there is no other prop named 'x'"),
        (
            "paint: [{one_of: [{prop: sofa, colours: {leg: ink}}]}]",
            "props/x.yaml: paint.0.one_of.0.colours: sofa has no colour named leg",
        ),
    ],
)
def test_an_error_names_file_and_field(text, message):
    with pytest.raises(InvalidFileError) as error:
        parsed(PropFile, "props/x.yaml", text)
    assert str(error.value).startswith(message)


def test_props_do_not_contain_each_other(monkeypatch):
    holder = parsed(PropFile, "props/lamp_holder.yaml", "paint: [{prop: sofa}]")
    monkeypatch.setattr(vocabulary, "_prop", lambda name: holder)
    with pytest.raises(InvalidFileError, match=r"props/sofa.yaml: paint.0.prop: there is no other prop named 'sofa'"):
        parsed(PropFile, "props/x.yaml", "paint: [{prop: sofa}]")


def test_shapes_are_filled_where_they_are():
    for line in (
        "box: [0.2, 0.2, 0.6, 0.6], fill: red",
        "box: [0.2, 0.2, 0.6, 0.6], fill: red, to: red",
        "poly: [[0.2, 0.2], [0.6, 0.2], [0.6, 0.6], [0.2, 0.6]], fill: red",
        "curve: [[0.2, 0.2], [0.6, 0.2], [0.6, 0.6], [0.2, 0.6]], fill: red, ink: 0, form: 0.1",
        "ellipse: [0.4, 0.4, 0.2, 0.2], fill: red",
        "line: [[0.2, 0.4], [0.6, 0.4]], fill: red, ink: 8",
        "glow: [0.4, 0.4], radius: 0.3, fill: red, strength: 1",
    ):
        assert middle_of(red(painted(line))) == pytest.approx((0.4, 0.4), abs=0.05), line


def test_gradients_run_over_the_whole_width_and_boxes_from_colour_to_colour():
    image = painted("gradient: [-0.5, 0.5], fill: red, to: '#000000'")
    assert red(image)[22].all()
    assert not red(image)[[5, 75]].any()
    image = painted("box: [-0.5, -0.5, 0.5, 0.5], fill: red, to: '#000000', ink: 0")[:, 40, 0]
    assert image[22] > image[40] > image[58]


def test_shade_tint_strength_hatch_and_the_outline_change_a_shape():
    plain = "box: [-0.5, -0.5, 0.5, 0.5], fill: red, ink: 0"
    images = [painted(plain)]
    images += [
        painted(f"{plain}, {more}")
        for more in ("shade: 0.5", "tint: ['#0000ff', 0.5]", "strength: 0.5", "hatch: 0.8", "form: 0.6")
    ]
    images += [painted(plain.replace("ink: 0", "ink: 4")), painted("box: [-0.5, -0.5, 0.5, 0.5]")]
    assert all((one != other).any() for one, other in itertools.combinations(images, 2))


def test_a_cast_shadow_darkens_the_ground():
    assert painted("cast: [0, 0, 0.3, 0.3]")[40, 40].max() < 110


def test_things_stand_on_their_plane_and_glow_on_the_far_one():
    far, mid = painted("box: [0, 0, 0.5, 0.5], fill: red, plane: mid", both=True)
    assert red(mid).any()
    assert not red(far).any()
    far, mid = painted("plane: mid, group: [{glow: [0, 0], radius: 0.5, fill: red, strength: 1}]", both=True)
    assert red(far).any()
    assert not red(mid).any()


@pytest.mark.parametrize(
    ("when", "time", "interior", "there"),
    [
        ("lamps", TimeOfDay.NIGHT, True, True),
        ("lamps", TimeOfDay.DAY, True, False),
        ("no_lamps", TimeOfDay.DAY, True, True),
        ("night", TimeOfDay.EVENING, True, False),
        ("day", TimeOfDay.EVENING, True, True),
        ("inside", TimeOfDay.DAY, True, True),
        ("outside", TimeOfDay.DAY, True, False),
        ("outside", TimeOfDay.DAY, False, True),
        ("[inside, lamps]", TimeOfDay.NIGHT, True, True),
        ("[inside, lamps]", TimeOfDay.DAY, True, False),
    ],
)
def test_when(when, time, interior, there):
    image = painted(f"when: {when}, box: [0, 0, 0.5, 0.5], fill: red, ink: 0", time=time, interior=interior)
    assert (image != 128).any() == there


def test_chance_decides_by_place_alone():
    seen = [bool(red(painted("chance: 0.5, box: [0, 0, 0.5, 0.5], fill: red", place=place)).any()) for place in range(30)]
    assert 6 < sum(seen) < 24
    at_night = painted("chance: 0.5, box: [0, 0, 0.5, 0.5], fill: red", place=seen.index(True), time=TimeOfDay.NIGHT)
    assert (at_night != 128).any()


def test_one_of_several_and_colours_are_chosen_by_place():
    line = "one_of: [{box: [0.2, 0, 0.6, 0.5], fill: red}, {box: [-0.6, 0, -0.2, 0.5], fill: red}]"
    assert {round(middle_of(red(painted(line, place=place)))[0], 1) for place in range(12)} == {-0.4, 0.4}
    line = "box: [0, 0, 0.5, 0.5], fill: some, ink: 0"
    images = [painted(line, colours=", some: ['#ff0000', '#0000ff']", place=place) for place in range(12)]
    assert {bool(red(image).any()) for image in images} == {True, False}
    derived = painted("box: [0, 0, 0.5, 0.5], fill: dim, ink: 0", colours=", dim: {of: red, shade: 0.6}")
    assert derived[50, 50, 0] < painted("box: [0, 0, 0.5, 0.5], fill: red, ink: 0")[50, 50, 0]


@pytest.mark.parametrize(
    "line",
    [
        "box: [0.2, 0, 0.6, 0.5], fill: red",
        "ellipse: [0.4, 0.2, 0.2, 0.2], fill: red",
        "line: [[0.2, 0.2], [0.6, 0.2]], fill: red, ink: 8",
        "glow: [0.4, 0.2], radius: 0.2, fill: red, strength: 1",
        "group: [{box: [-0.2, 0, 0.2, 0.5], fill: red}], at: [0.4, 0]",
        "repeat: {from: 0.2, to: 0.4, step: 0.2}, box: [0, 0, 0.2, 0.5], fill: red",
        "piece: tree, at: [0.4, 0.5], fill: red, trunk: red",
        "piece: pine, at: [0.4, 0.5], fill: red",
        "piece: bush, at: [0.4, 0.5], size: 0.3, fill: red",
        "piece: bush, at: [0.4, 0.5], size: 0.3, fill: red, smooth: false",
        "piece: door, at: [0.4, 0.5], fill: red",
        "piece: picture, at: [0.4, 0.1], size: [0.4, 0.3], fill: red, paper: red, frame: red",
        "piece: bookcase, at: [0.4, 0.5], fill: red, fills: [red]",
        "piece: facade, at: [0.1, 0.5], size: [0.6, 1.2], fill: [red, red]",
        "piece: facade, at: [0.1, 0.5], size: [0.6, 1.2], fill: red, shop: false",
        "piece: wheel, at: [0.4, 0.2], fill: red, spoke: red",
        "prop: sofa, at: [0.4, 0.2], scale: 0.5, colours: {cloth: red, cushion: red}",
    ],
)
def test_mirroring_moves_things_to_the_other_side(line):
    away = "light" if light_for(TimeOfDay.DAY, Palette(), interior=True).side == -1 else None
    assert away is None  # by day light comes from the right, at night from the left
    assert middle_of(red(painted(line)))[0] == pytest.approx(0.4, abs=0.12)
    assert middle_of(red(painted(f"mirror: light, {line}")))[0] == pytest.approx(0.4, abs=0.12)
    morning = painted(f"mirror: light, {line}", time=TimeOfDay.MORNING)
    assert middle_of(red(morning))[0] == pytest.approx(-0.4, abs=0.12)
    whole = painted(line, time=TimeOfDay.MORNING, more="mirror: light")
    assert middle_of(red(whole))[0] == pytest.approx(-0.4, abs=0.12)


def test_props_and_groups_can_turn_where_they_stand_and_undo_a_mirroring():
    group = "group: [{box: [0, 0, 0.2, 0.5], fill: red}], at: [0.4, 0]"
    assert middle_of(red(painted(f"{group}, mirror: always")))[0] == pytest.approx(0.3, abs=0.05)
    assert middle_of(red(painted("box: [0.2, 0, 0.6, 0.5], fill: red, mirror: always")))[0] == pytest.approx(-0.4, abs=0.05)
    mirrored = {"time": TimeOfDay.MORNING, "more": "mirror: light"}
    assert middle_of(red(painted(group, **mirrored)))[0] == pytest.approx(-0.5, abs=0.05)
    assert middle_of(red(painted(f"{group}, mirror: never", **mirrored)))[0] == pytest.approx(-0.3, abs=0.05)
    assert middle_of(red(painted(f"{group}, mirror: always", **mirrored)))[0] == pytest.approx(-0.3, abs=0.05)


def test_half_of_the_places_are_mirrored():
    line = "box: [0.2, 0, 0.6, 0.5], fill: red, mirror: place"
    assert {round(middle_of(red(painted(line, place=place)))[0], 1) for place in range(12)} == {-0.4, 0.4}


def test_repeat():
    row = red(painted("repeat: {from: -0.8, to: 0.8, step: 0.4}, box: [-0.1, 0, 0.1, 0.2], fill: red"))
    assert (np.diff(row[44].astype(int)) == 1).sum() == 5
    column = red(painted("repeat: {from: -0.8, to: 0.8, step: 0.4, down: true}, box: [0, -0.1, 0.2, 0.1], fill: red"))
    assert (np.diff(column[:, 44].astype(int)) == 1).sum() == 5
    scattered = red(
        painted("repeat: {count: 30, x: [0, 0.8], y: [-0.5, 0.5], size: [0.5, 1]}, ellipse: [0, 0, 0.05, 0.05], fill: red")
    )
    assert scattered[:, :30].sum() == 0
    assert scattered[:, 45:].sum() > 60
    into = red(
        painted("repeat: {count: 3, far: [0, -0.4, 0.25], near: [0, 0.6, 1]}, box: [-0.4, -0.1, 0.4, 0.1], fill: red, ink: 0")
    )
    rows = np.nonzero(into[:, 40])[0] / PX - 1
    assert rows.min() == pytest.approx(-0.4, abs=0.05)
    assert rows.max() == pytest.approx(0.6, abs=0.12)
    assert into[64].sum() > 2.5 * into[16].sum()


def test_a_prop_takes_the_colours_that_it_is_given():
    light = light_for(TimeOfDay.DAY, Palette(), interior=True)
    sheets = [Sheet(WINDOW, PX, light=light, seed=1, ground=(128, 128, 128)) for _ in range(2)]
    paint_prop("sofa", sheets[0].pen().at(0, 0.3, 2), light, generator(1))
    paint_prop("sofa", sheets[1].pen().at(0, 0.3, 2), light, generator(1), colours={"cloth": (255, 0, 0)}, time=TimeOfDay.NIGHT)
    shares = [red(np.asarray(sheet.finished()[0], dtype=int)).mean() for sheet in sheets]
    assert shares[1] > shares[0] + 0.05


# Pieces


@pytest.mark.parametrize(
    "lines",
    [
        ("piece: sky", "piece: sky, bottom: 0.5", "piece: sky, box: [-0.5, -0.5, 0.5, 0.5]", "piece: heaven, clouds: 0"),
        ("piece: ridge, height: 0.3", "piece: ridge, height: 0.3, ink: 0", "piece: ridge, height: 0.3, at: [0, 0.4]"),
        ("piece: skyline", "piece: skyline, ink: 1", "piece: skyline, windows: true"),
        ("piece: ground, near: red, far: red", "piece: water", "piece: tufts, fill: red, count: 200"),
        ("piece: shell, wall: red, floor: red", "piece: shell, wall: red, floor: red, boards: false",
         "piece: shell, wall: red, floor: red, tiles: true", "piece: shell, wall: red, floor: red, skirting: false",
         "piece: shell, wall: red, floor: red, ceiling: '#0000ff', height: 0.6"),
        ("piece: window, at: [0, -0.4], size: [0.8, 0.8]", "piece: window, at: [0, -0.4], size: [0.8, 0.8], round: true",
         "piece: window, at: [0, -0.4], size: [0.8, 0.8], curtains: true",
         "piece: window, at: [0, -0.4], size: [0.8, 0.8], curtains: true, cloth: red",
         "piece: window, at: [0, -0.4], size: [0.8, 0.8], blinds: 5, bar: false, beam: false",
         "piece: window, at: [0, -0.4], size: [0.12, 0.8]"),
        ("piece: door", "piece: door, glazed: true"),
        ("piece: bookcase, wide: 1", "piece: bookcase, wide: 1, goods: tins", "piece: bookcase, wide: 1, goods: bottles"),
        ("piece: lamp", "piece: lamp, hang: 0.5", "piece: lamp, size: 2"),
        ("piece: wheel, fill: red, spoke: red", "piece: wheel, fill: red, spoke: red, spokes: 0"),
        ("piece: perspective, wall: red, floor: '#808080'",
         "piece: perspective, wall: red, floor: '#808080', ink: 0, back: '#00ff00', ceiling: '#0000ff'",
         "piece: perspective, wall: red, floor: '#808080', panels: [{side: walls, fill: '#0000ff', count: 4}]",
         "piece: perspective, wall: red, floor: '#808080', panels: [{side: left, fill: '#0000ff', strength: 0.5, ink: 0}]",
         "piece: perspective, wall: red, floor: red, panels: [{side: ceiling, fill: '#0000ff'}, {side: floor, fill: '#0000ff'}]"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("time", [TimeOfDay.MORNING, TimeOfDay.EVENING, TimeOfDay.NIGHT])
def test_every_parameter_of_a_piece_changes_the_picture(lines, time):
    images = [painted(line, time=time) for line in lines]
    assert all((image != 128).any() for image in images)
    assert all((one != other).any() for one, other in itertools.combinations(images, 2))


def test_sun_stars_and_clouds_follow_the_time_of_day():
    images = [painted("piece: heaven", time=time, interior=False) for time in TimeOfDay]
    assert all(np.abs(one - other).mean() > 3 for one, other in itertools.combinations(images, 2))
