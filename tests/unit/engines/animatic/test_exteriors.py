from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from vtx_dagster.core.bible import Palette, SetKind
from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.shot import ShotSize, TimeOfDay
from vtx_dagster.engines.animatic.brush import Sheet, Window
from vtx_dagster.engines.animatic.chance import generator
from vtx_dagster.engines.animatic.palette import Light, light_for, luminance
from vtx_dagster.engines.animatic.scenery.outdoors import Block, Peak, Rays
from vtx_dagster.engines.animatic.scenery.stage import Easel, Stage
from vtx_dagster.engines.animatic.scenery.vocabulary import SetFile, parsed
from vtx_dagster.engines.animatic.sets import eye_height, paint_floor, paint_set
from vtx_dagster.engines.animatic.staging import staged

EXTERIORS = (
    SetKind.STREET,
    SetKind.CITY,
    SetKind.BRIDGE,
    SetKind.ROOFTOP,
    SetKind.FIELD,
    SetKind.FOREST,
    SetKind.MOUNTAIN,
    SetKind.SHORE,
    SetKind.SEA,
    SetKind.BOAT,
    SetKind.DESERT,
    SetKind.CEMETERY,
    SetKind.CAR_PARK,
    SetKind.PARK,
    SetKind.GARDEN,
    SetKind.POOL,
)
UNLIT = {SetKind.FOREST, SetKind.DESERT}
SCALE = 100
PAPER = (250, 250, 250)
WIDE = Window(-1.04, -0.44, 1.04, 0.56)
"""What a wide shot shows of most of them."""


def light_at(time: TimeOfDay) -> Light:
    return light_for(time, Palette(), interior=False)


def sheet_for(light: Light, *, opaque: bool = True) -> Sheet:
    return Sheet(WIDE, SCALE, light=light, seed=1, ground=PAPER if opaque else None)


def easel_on(sheet: Sheet, *, place: int = 1, time: TimeOfDay = TimeOfDay.DAY) -> Easel:
    pen = sheet.pen()
    return Easel(far=pen, mid=pen, light=sheet.light, time=time, interior=False, colours={}, place=place, path=("test",))


def painted(item: Rays | Block | Peak, light: Light, *, place: int = 1) -> np.ndarray:
    sheet = sheet_for(light)
    item.paint(easel_on(sheet, place=place))
    return np.asarray(sheet.finished()[0], dtype=int)


def at(picture: np.ndarray, x: float, y: float) -> tuple[int, int, int]:
    red, green, blue = picture[round((y - WIDE.top) * SCALE), round((x - WIDE.left) * SCALE)].tolist()
    return red, green, blue


def stage_on(far: Sheet, mid: Sheet, light: Light, *, time: TimeOfDay, place: int = 5) -> Stage:
    return Stage(far=far.pen(), mid=mid.pen(), light=light, time=time, interior=False, chance=generator(place))


def seen(kind: SetKind, light: Light, *, time: TimeOfDay = TimeOfDay.NIGHT, place: int = 5) -> np.ndarray:
    sheet = sheet_for(light)
    paint_set(kind, stage_on(sheet, sheet, light, time=time, place=place))
    return np.asarray(sheet.finished()[0], dtype=int)


def test_broad_rays_narrow_towards_their_point() -> None:
    light = light_at(TimeOfDay.DAY)
    picture = painted(Rays(piece="rays", top=0.1, bottom=0.4, x=(0.4, 0.4), count=1, wide=0.2, fill="#204080"), light)
    assert at(picture, 0.4, 0.39) == at(picture, 0.2, 0.2) == light.on((0x20, 0x40, 0x80))
    assert at(picture, 0.2, 0.39) == at(picture, 0.4, 0.2) == at(picture, 0.05, 0.05) == PAPER


def test_thin_rays_are_lines_that_leave_a_gap_in_the_middle() -> None:
    light = light_at(TimeOfDay.DAY)
    rays = Rays(piece="rays", top=0.1, bottom=0.5, x=(-1.0, 1.0), count=5, gap=0.2, ink=2.0)
    dark = painted(rays, light).sum(axis=2) < 300
    below = np.nonzero(dark[round((0.4 - WIDE.top) * SCALE)])[0] / SCALE + WIDE.left
    assert sorted({round(float(x) / 0.4) * 0.4 for x in below}) == pytest.approx([-0.8, -0.4, 0.4, 0.8])
    assert not dark[:, round(-WIDE.left * SCALE)].any()


@pytest.mark.parametrize(("time", "lit", "bright"), [("night", 1.0, True), ("night", 0.0, False), ("day", 1.0, False)])
def test_windows_of_a_block_are_lit_when_lamps_burn(time: str, lit: float, bright: bool) -> None:
    light = light_at(TimeOfDay(time))
    quad = ((-0.5, -0.4), (0.5, -0.4), (0.5, 0.4), (-0.5, 0.4))
    block = Block(piece="block", quad=quad, columns=2, rows=2, lit=lit, fill="#807870", glass="#404850", pane=(0.5, 0.5))
    picture = painted(block, light)
    wall = luminance(at(picture, 0.0, 0.0))
    for x, y in ((-0.25, -0.2), (0.25, -0.2), (-0.25, 0.2), (0.25, 0.2)):
        assert (luminance(at(picture, x, y)) > wall) is bright
    assert at(picture, 0.0, 0.0) == at(picture, 0.0, -0.3) == light.on((0x80, 0x78, 0x70))


def test_windows_follow_the_perspective_of_their_block() -> None:
    light = light_at(TimeOfDay.DAY)
    quad = ((-0.8, -0.4), (0.8, -0.1), (0.8, 0.1), (-0.8, 0.4))
    picture = painted(Block(piece="block", quad=quad, columns=4, rows=1, pane=(0.5, 0.8), fill="#c0b8b0", ink=0), light)
    heights = [int((picture[:, round((x - WIDE.left) * SCALE)].sum(axis=1) < 400).sum()) for x in (-0.6, -0.2, 0.2, 0.6)]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] > 1.5 * heights[-1] > 0


def test_each_place_has_one_of_the_colours_of_a_block_and_its_far_side_is_shaded() -> None:
    light = light_at(TimeOfDay.DAY)
    quad = ((-0.5, -0.4), (0.5, -0.4), (0.5, 0.4), (-0.5, 0.4))
    block = Block(piece="block", quad=quad, columns=1, rows=1, pane=(0.1, 0.1), fill=("#806040", "#405060"), form=0.5)
    pictures = [painted(block, light, place=place) for place in range(8)]
    assert {at(picture, 0.3, 0.3) for picture in pictures} == {light.on((0x80, 0x60, 0x40)), light.on((0x40, 0x50, 0x60))}
    assert all(luminance(at(picture, -0.45, 0.3)) < luminance(at(picture, 0.3, 0.3)) for picture in pictures)


@pytest.mark.parametrize("time", [TimeOfDay.MORNING, TimeOfDay.DAY])
def test_a_peak_is_white_above_and_darker_away_from_the_light(time: TimeOfDay) -> None:
    light = light_at(time)
    peak = Peak(piece="peak", at=(0.0, 0.3), size=(0.8, 0.6), fill="#606468", snow=0.6)
    picture = painted(peak, light)
    assert luminance(at(picture, 0.03 * light.side, -0.22)) > luminance(at(picture, 0.2 * light.side, 0.2)) + 0.2
    assert luminance(at(picture, -0.45 * light.side, 0.25)) < luminance(at(picture, 0.45 * light.side, 0.25))
    assert at(picture, -0.9, -0.3) == PAPER


def test_a_peak_without_snow_is_stone_to_its_top() -> None:
    light = light_at(TimeOfDay.DAY)
    peak = Peak(piece="peak", at=(0.0, 0.3), size=(0.8, 0.6), fill="#606468", snow=1, ink=0)
    picture = painted(peak, light)
    stone = light.on((0x60, 0x64, 0x68))
    assert at(picture, 0.02, -0.2) == at(picture, 0.3, 0.25) == stone


def test_what_shines_is_the_same_in_every_light() -> None:
    day, night = (easel_on(sheet_for(light_at(time))) for time in (TimeOfDay.DAY, TimeOfDay.NIGHT))
    assert day.colour("#5fe0ff!") == night.colour("#5fe0ff!") == (0x5F, 0xE0, 0xFF)
    assert day.colour("#5fe0ff") != night.colour("#5fe0ff")
    with pytest.raises(ValidationError, match="pattern"):
        Rays(piece="rays", top=0.1, bottom=0.4, x=(0, 1), count=1, fill="#5fe0ff?")


def test_the_eyes_of_a_set_say_how_much_ground_is_seen(plan) -> None:
    assert eye_height(SetKind.FOREST, interior=False) == 0.26
    assert eye_height(SetKind.BOAT, interior=False) == 0.12
    assert eye_height(SetKind.BOAT, interior=True) == 0.55
    wide = {
        place: staged(plan(place=place, size=ShotSize.WS).drawing, aspect=1.8, seed=1).set_y
        for place in ("forest", "pool", "room")
    }
    assert wide["forest"] == pytest.approx(wide["pool"] + 0.14)
    assert wide["room"] > wide["forest"]


def test_far_off_the_horizon_stays_above_the_knees(plan) -> None:
    staging = staged(plan(place="forest", size=ShotSize.EWS).drawing, aspect=1.8, seed=1)
    mark = staging.marks[0]
    assert mark.y < staging.set_y == pytest.approx(mark.y + 3.0 * mark.head, abs=0.01)


@pytest.mark.parametrize("kind", EXTERIORS)
def test_every_place_outside_has_things_on_both_sides_of_who_stands_in_the_middle(kind: SetKind) -> None:
    light = light_at(TimeOfDay.DAY)
    far, mid = sheet_for(light), sheet_for(light, opaque=False)
    paint_set(kind, stage_on(far, mid, light, time=TimeOfDay.DAY))
    cover = mid.finished()[1]
    assert cover is not None
    drawn = np.asarray(cover) > 128
    middle = drawn.shape[1] // 2
    for side in (drawn[:, : middle - 20], drawn[:, middle + 20 :]):
        assert side.mean() > 0.02


@pytest.mark.parametrize("kind", EXTERIORS)
def test_lamps_and_windows_are_lit_when_lamps_burn(kind: SetKind) -> None:
    light = light_at(TimeOfDay.NIGHT)
    lit, dark = seen(kind, light), seen(kind, replace(light, lamps=False))
    brighter = (lit.sum(axis=2) - dark.sum(axis=2) > 60).sum()
    assert bool(brighter > 60) is (kind not in UNLIT)


@pytest.mark.parametrize("kind", EXTERIORS)
def test_a_place_is_the_same_for_ever_and_unlike_others(kind: SetKind) -> None:
    light = light_at(TimeOfDay.DAY)
    first, again, other = (seen(kind, light, time=TimeOfDay.DAY, place=place) for place in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def floor_of(kind: SetKind, *, interior: bool = False, place: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Return the colours of a floor from above, and how far each point of it is covered on the middle plane."""
    light = light_for(TimeOfDay.DAY, Palette(), interior=interior)
    far, mid = sheet_for(light), sheet_for(light, opaque=False)
    stage = replace(stage_on(far, mid, light, time=TimeOfDay.DAY, place=place), interior=interior)
    paint_floor(kind, stage)
    cover = mid.finished()[1]
    assert cover is not None
    return np.asarray(far.finished()[0], dtype=int), np.asarray(cover, dtype=int)


@pytest.mark.parametrize("kind", EXTERIORS)
def test_things_seen_from_above_lie_around_who_stands_in_the_middle(kind: SetKind) -> None:
    ground, cover = floor_of(kind)
    assert (cover > 128).mean() > 0.01
    middle = (slice(round(-WIDE.top * SCALE) - 15, round(-WIDE.top * SCALE) + 15), slice(80, 128))
    assert not (cover[middle] > 128).any()
    assert np.array_equal(ground, floor_of(kind)[0])


def test_a_place_has_the_same_colours_from_above() -> None:
    light = light_at(TimeOfDay.DAY)
    roads = []
    for place in range(6):
        ground = floor_of(SetKind.CAR_PARK, place=place)[0]
        front = seen(SetKind.CAR_PARK, light, time=TimeOfDay.DAY, place=place)
        asphalt = [light.on(base) for base in ((0x77, 0x77, 0x7C), (0x7D, 0x7B, 0x7A), (0x6F, 0x72, 0x78))]
        above, before = (
            min(range(3), key=lambda each: sum(abs(a - b) for a, b in zip(asphalt[each], colour, strict=True)))
            for colour in (ground[90, 20].tolist(), front[95, 104].tolist())
        )
        roads.append((above, before))
    assert len(set(roads)) > 1
    assert all(above == before for above, before in roads)


def test_only_rooms_have_tables_when_nothing_else_is_said() -> None:
    assert floor_of(SetKind.PLAIN)[1].max() == 0
    assert floor_of(SetKind.PLAIN, interior=True)[1].max() == 255


def test_a_living_room_has_a_rug_and_a_kitchen_has_none() -> None:
    for kind, rug in ((SetKind.ROOM, True), (SetKind.KITCHEN, False)):
        floor = floor_of(kind, interior=True)[0]
        inside, beside = floor[48:60, 110:118].mean(axis=(0, 1)), floor[48:60, 12:20].mean(axis=(0, 1))
        assert bool(np.abs(inside - beside).max() > 25) is rug


def test_a_boat_is_a_wheelhouse_from_above_within() -> None:
    outside, within = floor_of(SetKind.BOAT)[0], floor_of(SetKind.BOAT, interior=True)[0]
    assert not np.array_equal(outside, within)


@pytest.mark.parametrize(
    ("above", "message"),
    [
        ("[{box: [0, 0, 1, 1], fill: pink}]", "sets/x.yaml: above.0.fill: no colour is named 'pink' here"),
        ("[{prop: nothing}]", "sets/x.yaml: above.0.prop: there is no other prop named 'nothing'"),
        ("[{prop: rock, colours: {moss: light}}]", "sets/x.yaml: above.0.colours: rock has no colour named moss"),
    ],
)
def test_what_lies_on_the_ground_is_checked_as_what_is_painted(above: str, message: str) -> None:
    text = f"{{floor: {{colour: '#808080', ground: earth}}, paint: [{{box: [0, 0, 1, 1]}}], above: {above}}}"
    with pytest.raises(InvalidFileError) as caught:
        parsed(SetFile, "sets/x.yaml", text)
    assert message in str(caught.value)
