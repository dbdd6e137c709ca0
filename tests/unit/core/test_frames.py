from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.errors import InvalidRequestError
from vtx_dagster.core.frames import (
    FrameGrid,
    content_frames,
    exact_seconds,
    fit_frames,
    frame_at,
    frames_covering,
    timecode,
)

SECONDS = st.fractions(min_value=Fraction(1, 1000), max_value=100, max_denominator=1000)
FPS = st.integers(1, 120)


@pytest.mark.parametrize(
    ("duration_s", "rate", "stride", "expected"),
    [
        pytest.param(Fraction(5), 24, 8, 121, id="five seconds at 24"),
        pytest.param(Fraction(15), 16, 8, 241, id="fifteen seconds at 16"),
        pytest.param(Fraction(121, 24), 24, 8, 121, id="already on the grid"),
        pytest.param(Fraction(122, 24), 24, 8, 129, id="one frame past the grid"),
        pytest.param(Fraction(1, 1000), 24, 8, 1, id="less than a frame"),
        pytest.param(Fraction(5), Fraction(24000, 1001), 8, 121, id="fractional rate"),
        pytest.param(Fraction(5), 24, 1, 120, id="no stride"),
    ],
)
def test_frames_covering(duration_s: Fraction, rate: Fraction | int, stride: int, expected: int) -> None:
    assert frames_covering(duration_s, rate, stride=stride) == expected


@settings(max_examples=60)
@given(SECONDS, FPS, st.integers(1, 32))
def test_frames_covering_is_the_smallest_on_the_grid(duration_s: Fraction, rate: int, stride: int) -> None:
    count = frames_covering(duration_s, rate, stride=stride)
    assert (count - 1) % stride == 0
    assert Fraction(count, rate) >= duration_s
    assert count == 1 or Fraction(count - stride, rate) < duration_s


@pytest.mark.parametrize(
    ("seconds", "fps", "expected"),
    [
        pytest.param(Fraction(15), 16, 240, id="whole"),
        pytest.param(Fraction(1, 32), 16, 1, id="half a frame goes up"),
        pytest.param(Fraction(3, 32), 16, 2, id="one and a half goes up"),
        pytest.param(Fraction(5, 32), 16, 3, id="two and a half goes up, not to even"),
        pytest.param(Fraction(1, 10000), 16, 1, id="at least one"),
        pytest.param(Fraction(314, 100), 24, 75, id="nearest below"),
    ],
)
def test_content_frames(seconds: Fraction, fps: int, expected: int) -> None:
    assert content_frames(seconds, fps) == expected


@pytest.mark.parametrize(
    ("content", "max_frames", "expected"),
    [
        pytest.param(240, 257, FrameGrid(content_frames=240, render_frames=241), id="fifteen seconds at 16"),
        pytest.param(1, 257, FrameGrid(content_frames=1, render_frames=1), id="one frame"),
        pytest.param(2, 257, FrameGrid(content_frames=2, render_frames=9), id="two frames"),
        pytest.param(257, 257, FrameGrid(content_frames=257, render_frames=257), id="exactly full"),
        pytest.param(258, 257, FrameGrid(content_frames=257, render_frames=257, clamped_from=258), id="one too many"),
        pytest.param(249, 250, FrameGrid(content_frames=249, render_frames=249), id="limit off the grid, fits"),
        pytest.param(250, 250, FrameGrid(content_frames=249, render_frames=249, clamped_from=250), id="limit off the grid"),
        pytest.param(9, 1, FrameGrid(content_frames=1, render_frames=1, clamped_from=9), id="a single frame allowed"),
    ],
)
def test_fit_frames(content: int, max_frames: int, expected: FrameGrid) -> None:
    assert fit_frames(content, max_frames=max_frames) == expected


@settings(max_examples=100)
@given(st.integers(1, 2000), st.integers(1, 1000))
def test_fit_frames_stays_on_the_grid_and_under_the_limit(content: int, max_frames: int) -> None:
    grid = fit_frames(content, max_frames=max_frames)
    assert grid.render_frames % 8 == 1
    assert grid.content_frames <= grid.render_frames <= max_frames
    assert grid.render_frames - grid.content_frames < 8
    if grid.clamped_from is None:
        assert grid.content_frames == content
    else:
        assert grid.clamped_from == content > grid.content_frames == grid.render_frames > max_frames - 8


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param(Fraction(0), 0, id="start"),
        pytest.param(Fraction(5, 2), 40, id="middle"),
        pytest.param(Fraction(1, 32), 1, id="half goes up"),
        pytest.param(0.28125, 5, id="a float is its decimal"),
        pytest.param(Fraction(159, 32), 79, id="rounds past the end"),
        pytest.param(Fraction(5), 79, id="the end is the last frame"),
    ],
)
def test_frame_at(seconds: float | Fraction, expected: int) -> None:
    assert frame_at(seconds, 16, num_frames=80) == expected


@pytest.mark.parametrize("seconds", [Fraction(-1, 100), Fraction(501, 100)], ids=["before", "after"])
def test_frame_at_outside_the_clip_is_refused(seconds: Fraction) -> None:
    with pytest.raises(InvalidRequestError, match="outside a clip of 80 frames at 16 fps: give a time from 0 to 5 s") as caught:
        frame_at(seconds, 16, num_frames=80)
    assert caught.value.details == {"seconds": float(seconds), "num_frames": 80, "fps": 16}


@settings(max_examples=60)
@given(st.integers(1, 500), FPS, st.data())
def test_frame_at_finds_the_frame_that_starts_at_its_time(num_frames: int, fps: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, num_frames - 1))
    assert frame_at(Fraction(index, fps), fps, num_frames=num_frames) == index


@pytest.mark.parametrize(
    ("frame_index", "fps", "expected"),
    [
        pytest.param(0, 24, "00:00:00:00", id="zero"),
        pytest.param(90, 24, "00:00:03:18", id="docstring"),
        pytest.param(16 * 3600 - 1, 16, "00:59:59:15", id="before the hour"),
        pytest.param(16 * 3600 * 101, 16, "101:00:00:00", id="past 99 hours"),
        pytest.param(119, 120, "00:00:00:119", id="more than 100 fps"),
    ],
)
def test_timecode(frame_index: int, fps: int, expected: str) -> None:
    assert timecode(frame_index, fps) == expected


def test_timecode_of_a_negative_frame_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="frame -1 has no timecode"):
        timecode(-1, 24)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        pytest.param(lambda: frames_covering(Fraction(0), 24), "duration_s", id="duration"),
        pytest.param(lambda: frames_covering(Fraction(1), Fraction(-1)), "rate", id="rate"),
        pytest.param(lambda: frames_covering(Fraction(1), 24, stride=0), "stride", id="stride"),
        pytest.param(lambda: content_frames(Fraction(-1, 2), 24), "seconds", id="seconds"),
        pytest.param(lambda: content_frames(Fraction(1), 0), "fps", id="fps"),
        pytest.param(lambda: fit_frames(0), "content_frames", id="content"),
        pytest.param(lambda: fit_frames(1, max_frames=0), "max_frames", id="limit"),
        pytest.param(lambda: frame_at(Fraction(0), 16, num_frames=0), "num_frames", id="frames"),
        pytest.param(lambda: timecode(0, 0), "fps", id="timecode"),
    ],
)
def test_what_is_not_positive_is_refused(call, name: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"{name} is .*: give a number greater than zero") as caught:
        call()
    assert caught.value.details == {"argument": name}


def test_exact_seconds_is_the_decimal_that_was_typed() -> None:
    assert exact_seconds(0.1) == Fraction(1, 10)
    assert exact_seconds(3) == Fraction(3)
    assert exact_seconds(1e-07) == Fraction(1, 10_000_000)
    assert exact_seconds(Fraction(1, 3)) == Fraction(1, 3)


@pytest.mark.parametrize(
    ("content", "echo", "max_frames", "grid"),
    [
        pytest.param(8, 9, 257, FrameGrid(content_frames=8, render_frames=17), id="fits exactly"),
        pytest.param(240, 9, 257, FrameGrid(content_frames=240, render_frames=249), id="long"),
        pytest.param(248, 9, 257, FrameGrid(content_frames=248, render_frames=257), id="longest"),
        pytest.param(249, 9, 257, FrameGrid(content_frames=248, render_frames=257, clamped_from=249), id="cut"),
    ],
)
def test_an_echo_takes_its_place_in_the_render(content: int, echo: int, max_frames: int, grid: FrameGrid) -> None:
    assert fit_frames(content, max_frames=max_frames, echo_frames=echo) == grid


def test_an_echo_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="no room for 9 that repeat another clip"):
        fit_frames(8, max_frames=16, echo_frames=9)
