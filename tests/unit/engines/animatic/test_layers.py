import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from vtx_dagster.core.bible import Palette
from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.engines.animatic import layers
from vtx_dagster.engines.animatic.brush import Sheet, Window, arc, box
from vtx_dagster.engines.animatic.layers import SURPLUS_PX, Layer, lay
from vtx_dagster.engines.animatic.palette import light_for

LIGHT = light_for(TimeOfDay.DAY, Palette(), interior=False)
WINDOW = Window(-1.0, -0.5, 1.0, 0.5)


def laid(layer, seen=WINDOW, size=(200, 100)):
    picture = Image.new("RGB", size, (0, 0, 255))
    lay(picture, layer, seen)
    return np.asarray(picture, dtype=int)


def square():
    sheet = Sheet(WINDOW, 100, light=LIGHT, seed=1)
    sheet.pen().fill(box(-0.2, -0.2, 0.2, 0.2), (255, 0, 0))
    return Layer.of(sheet)


def test_a_layer_is_cropped_and_lies_where_it_was_painted():
    layer = square()
    assert layer.image.width < 60
    image = laid(layer)
    red = np.argwhere(image[..., 0] > 200)
    assert np.allclose(red.mean(axis=0), (49.5, 99.5), atol=1)
    assert image[0, 0].tolist() == [0, 0, 255]


def test_copied_and_resampled_layers_agree():
    layer = square()
    copied = laid(layer, Window(-0.9, -0.5, 1.1, 0.5))
    resampled = laid(layer, Window(-0.9, -0.5, 1.1003, 0.50015))
    assert np.abs(copied - resampled).mean() < 2


def test_a_quarter_of_a_pixel_is_seen():
    layer = square()
    rest, moved = laid(layer), laid(layer, Window(-1.0025, -0.5, 0.9975, 0.5))
    assert rest[50, :, 0].argmax() == moved[50, :, 0].argmax() or not np.array_equal(rest, moved)
    assert not np.array_equal(rest, moved)


def test_a_camera_that_trembles_never_changes_the_sharpness():
    def steepest(left, *, trembles):
        picture = Image.new("RGB", (200, 100), (0, 0, 255))
        lay(picture, layer, Window(left, -0.5, left + 2, 0.5), trembles=trembles)
        return int(np.abs(np.diff(np.asarray(picture, dtype=int)[50, :, 0])).max())

    layer = square()
    places = [-1 + step / 791 for step in range(1, 25)]
    assert len({steepest(left, trembles=True) for left in places}) == 1
    assert len({steepest(left, trembles=False) for left in places}) == 3


def test_each_quarter_of_a_pixel_is_what_pillow_makes_of_it_in_one_go():
    layer = square()
    for across, down in itertools.product(range(4), range(4)):
        left, top = 1 + across / 4, 2 + down / 4
        image, x, y = layer.moved(left, top, (40, 40), trembles=False)
        expected = layer.image.resize((40, 40), Image.Resampling.BILINEAR, box=(left, top, left + 40, top + 40))
        assert image.crop((x, y, x + 40, y + 40)) == expected


def test_a_layer_out_of_sight_changes_nothing():
    assert (laid(square(), Window(5, 5, 7, 6)) == (0, 0, 255)).all()
    assert (laid(square(), Window(0.1999, -0.5, 400.2, 199.5)) == (0, 0, 255)).all()


def test_an_empty_sheet_is_an_invisible_layer():
    assert (laid(Layer.of(Sheet(WINDOW, 100, light=LIGHT, seed=1))) == (0, 0, 255)).all()


@pytest.mark.parametrize("share", [0.7, 0.9999, 1.3, 1.7])
def test_a_push_moves_things_evenly(share):
    """In a slow push a square is where the camera says to within a pixel, and moves without jerks."""
    layer = square()
    errors = []
    for step in range(12):
        half = 0.5 * share + 0.0004 * step
        image = laid(layer, Window(0.05 - 2 * half, 0.03 - half, 0.05 + 2 * half, 0.03 + half))[..., 0].astype(float)
        across = (image.sum(axis=0) * (np.arange(200) + 0.5)).sum() / image.sum()
        errors.append(across - (0.0 - (0.05 - 2 * half)) * 100 / (2 * half))
    assert np.abs(errors).max() < 1
    assert np.ptp(errors) < 0.4


def test_resampling_reaches_the_edges_of_the_picture():
    sheet = Sheet(Window(-1.1, -0.6, 1.1, 0.6), 100, light=LIGHT, seed=1, ground=(255, 0, 0))
    image = laid(Layer.of(sheet), Window(-0.9503, -0.4704, 0.9321, 0.4708))
    assert (image[..., 0] == 255).all()
    assert (image[..., 2] == 0).all()


@pytest.mark.parametrize("side", ["left", "top", "right", "bottom"])
@pytest.mark.parametrize("share", [0.6, 0.8547, 1.17, 1.9])
def test_as_much_of_a_layer_is_drawn_as_is_in_frame_however_little(side, share):
    layer = square()
    wide, tall = 2 * share, share
    across, down = min(0.4, wide) * 100 / share, min(0.4, tall) * 100 / share
    length = down if side in ("left", "right") else across
    for step in range(60):
        shown = 0.2 * step / 60
        left, top = {
            "left": (0.2 - shown, -tall / 2),
            "top": (-wide / 2, 0.2 - shown),
            "right": (shown - 0.2 - wide, -tall / 2),
            "bottom": (-wide / 2, shown - 0.2 - tall),
        }[side]
        red = laid(layer, Window(left, top, left + wide, top + tall))[..., 0] > 127
        assert red.sum() == pytest.approx(shown * 100 / share * length, abs=3 * length)


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 200), st.floats(0, 1), st.floats(0, 1), st.integers(1, 300))
def test_scaling_takes_at_least_a_pixel_to_at_least_a_pixel(limit, one, other, size):
    low, high = sorted((one * limit, other * limit))
    assume(high - low > 1e-3)
    first, end, start, count = layers._whole(low, high, size, limit)
    assert 0 <= first < end <= limit
    assert count > 0
    assert start <= SURPLUS_PX * size / (high - low) + 1


def test_the_same_part_is_scaled_once():
    layer, seen = square(), Window(-0.9, -0.45, 0.9, 0.45)
    laid(layer, seen)
    kept = dict(layer.latest)
    laid(layer, seen)
    assert layer.latest == kept
    assert next(iter(layer.latest.values())) is next(iter(kept.values()))


def test_drawing_beside_the_sheet_is_harmless():
    sheet = Sheet(WINDOW, 100, light=LIGHT, seed=1, ground=(9, 9, 9))
    pen = sheet.pen().at(50, 50)
    away = arc(0, 0, 1, 1)
    pen.fill(away, (255, 0, 0))
    pen.wash(away, (255, 0, 0), 0.5)
    pen.cast(away, 0.5)
    pen.shade(away, 0.5, shift=(0.1, 0))
    pen.hatch(away)
    pen.stroke(away)
    pen.shape(away, (255, 0, 0), smooth=True)
    pen.glow(0, 0, 1, (255, 0, 0), 1)
    assert pen.pixels(WINDOW) == (0, 0, 400, 200)
    assert (np.asarray(sheet.finished()[0]) == 9).all()


def test_hatching_stays_inside_its_area():
    sheet = Sheet(WINDOW, 100, light=LIGHT, seed=1, ground=(255, 255, 255))
    sheet.pen().hatch(box(-0.2, -0.2, 0.2, 0.2), strength=1.0)
    image = np.asarray(sheet.finished()[0], dtype=int).mean(axis=2)
    assert image[35:65, 85:115].min() < 200
    assert image[:25].min() == 255
