import itertools
from dataclasses import replace

import numpy as np
import pytest

from vtx_dagster.core.bible import Build, Hair, Palette, SetKind
from vtx_dagster.core.errors import RenderError
from vtx_dagster.core.sets import _INSIDE, _OPEN_TO_THE_SKY
from vtx_dagster.core.shot import Angle, CameraMove, ShotSize, TimeOfDay
from vtx_dagster.engines.animatic.board import Board
from vtx_dagster.engines.animatic.engine import paint_frame
from vtx_dagster.engines.animatic.lettering import Lettering
from vtx_dagster.engines.animatic.page import layout
from vtx_dagster.engines.animatic.palette import light_for, through_window
from vtx_dagster.engines.animatic.scenery.vocabulary import load_set

LETTERING = Lettering()
EXTERIOR = SetKind.SHORE


def picture(plan, frame_index=0):
    return np.asarray(Board(plan, LETTERING).picture(frame_index), dtype=int)


def red_share(image):
    """Return how much of a picture is the wardrobe of the red figure."""
    return float(((image[..., 0] > 120) & (image[..., 0] > image[..., 1] * 2)).mean())


def shift_of(first, second):
    """Return how far content moved right and down from one picture to the next, in pixels, by phase correlation."""
    a, b = (np.fft.fft2(image.mean(axis=2) - image.mean()) for image in (first, second))
    cross = b * np.conj(a)
    peak = np.fft.ifft2(cross / np.maximum(np.abs(cross), 1e-9)).real
    y, x = np.unravel_index(peak.argmax(), peak.shape)
    height, width = peak.shape
    return (x + width // 2) % width - width // 2, (y + height // 2) % height - height // 2


PLACES = [(kind, interior) for interior, kinds in ((True, _INSIDE), (False, _OPEN_TO_THE_SKY)) for kind in sorted(kinds)]
"""Every set, inside and outside wherever it may be."""

TURNED_TO_THE_LIGHT = [kind for kind in SetKind if load_set(kind).mirror == "light"]


@pytest.mark.parametrize("time", [TimeOfDay.DAY, TimeOfDay.NIGHT])
@pytest.mark.parametrize(("kind", "interior"), PLACES)
def test_every_set_is_drawn_by_day_and_with_its_lamps_on(plan, kind, interior, time):
    scene = {"place": kind, "interior": interior, "time": time, "move": CameraMove.TRUCK_LEFT}
    image = picture(plan(**scene, size=ShotSize.WS, frames=1, width=96, height=64))
    assert image.std() > (6 if kind == SetKind.BLACK else 12)


@pytest.mark.parametrize("kind", [SetKind.FIELD, SetKind.ROOM])
def test_every_light_is_another(plan, kind):
    scenes = [plan(place=kind, time=time, size=ShotSize.WS, frames=1, width=96, height=64) for time in TimeOfDay]
    images = [picture(scene) for scene in scenes]
    assert all(image.std() > 12 for image in images)
    assert all(np.abs(one - other).mean() > 2 for one, other in itertools.combinations(images, 2))


def test_places_look_different(plan):
    empty = {"size": ShotSize.WS, "figures": (), "frames": 1, "width": 96, "height": 64}
    # A platform looks the same from inside.
    places = [place for place in PLACES if place != (SetKind.STATION, True)]
    images = [picture(plan(place=kind, interior=interior, **empty)) for kind, interior in places]
    assert all(np.abs(one - other).mean() > 4 for one, other in itertools.combinations(images, 2))


def edges(image):
    """Return where a picture has lines, as 0 and 1."""
    grey = image.mean(axis=2)
    steps = np.abs(np.diff(grey, axis=0))[:, 1:] + np.abs(np.diff(grey, axis=1))[1:]
    return (steps > np.quantile(steps, 0.85)).astype(float)


@pytest.mark.parametrize("kind", [*TURNED_TO_THE_LIGHT, SetKind.SHORE, SetKind.BOAT])
def test_nothing_changes_its_side_from_day_to_night(plan, kind):
    """Light comes from the right by day, and from the left in the morning and at night."""
    times = (TimeOfDay.DAY, TimeOfDay.MORNING, TimeOfDay.NIGHT)
    scenes = [plan(place=kind, time=time, size=ShotSize.WS, figures=(), frames=1, width=192, height=108) for time in times]
    day, *others = (edges(picture(scene)) for scene in scenes)
    for other in others:
        assert (day * other).mean() > 1.3 * (day * other[:, ::-1]).mean()


def test_windows_are_on_either_side_of_rooms_and_light_comes_from_them():
    light = light_for(TimeOfDay.DAY, Palette(), interior=True)
    lights = [through_window(light, place) for place in range(30)]
    assert 6 < sum(each.side == 1 for each in lights) < 24
    assert {each.side for each in lights} == {-1, 1}
    assert {replace(each, side=light.side) for each in lights} == {light}


def test_an_empty_landscape_shows_more_sky_than_one_with_people(plan, figure):
    empty, peopled = (Board(plan(size=ShotSize.WS, figures=people), LETTERING) for people in ((), (figure(),)))
    assert empty._staging.set_y > peopled._staging.set_y


def test_night_is_darker_and_bluer_than_day(plan):
    day, night = (picture(plan(size=ShotSize.WS, time=time)).mean(axis=(0, 1)) for time in (TimeOfDay.DAY, TimeOfDay.NIGHT))
    assert night.mean() < day.mean() * 0.6
    assert night[2] / night[0] > day[2] / day[0]


def test_the_palette_of_the_plan_wins_over_the_time(plan):
    plain = picture(plan(size=ShotSize.EWS, figures=()))
    green = picture(plan(size=ShotSize.EWS, figures=(), palette=Palette(sky="#10c010", light="#80ff80")))
    sky = np.s_[: plain.shape[0] // 3]
    assert green[sky][..., 1].mean() > green[sky][..., 2].mean() + 40
    assert plain[sky][..., 2].mean() > plain[sky][..., 1].mean()


def test_the_tighter_the_shot_the_larger_the_figure(plan):
    shares = [
        red_share(picture(plan(size=size, width=384, height=216, frames=1)))
        for size in (ShotSize.EWS, ShotSize.WS, ShotSize.MWS, ShotSize.MS)
    ]
    assert shares == sorted(shares)
    assert shares[0] > 0
    assert shares[-1] > 10 * shares[0]


@pytest.mark.parametrize("size", ShotSize)
def test_every_size_frames_the_figure(plan, size):
    with_figure, without = picture(plan(size=size)), picture(plan(size=size, figures=()))
    assert (np.abs(with_figure - without).max(axis=2) > 20).any()


@pytest.mark.parametrize("angle", [angle for angle in Angle if angle != Angle.EYE_LEVEL])
@pytest.mark.parametrize("kind", [SetKind.KITCHEN, SetKind.BOAT, SetKind.VEHICLE])
def test_every_angle_changes_the_picture(plan, figure, kind, angle):
    people = (figure("mara"), figure("tom", wardrobe="#2040ff"))
    small = {"figures": people, "frames": 1, "width": 96, "height": 64}
    level, other = (picture(plan(place=kind, angle=each, **small)) for each in (Angle.EYE_LEVEL, angle))
    assert np.abs(level - other).mean() > 3


def test_somebody_stands_before_the_camera_over_the_shoulder_even_of_a_lone_figure(plan):
    level, over = (picture(plan(angle=angle)) for angle in (Angle.EYE_LEVEL, Angle.OVER_SHOULDER))
    changed = np.abs(over - level).mean(axis=2)[level.shape[0] // 2 :]
    thirds = [changed[:, : changed.shape[1] // 3].mean(), changed[:, -changed.shape[1] // 3 :].mean()]
    assert max(thirds) > 1.5 * min(thirds)
    assert over.mean() < level.mean()


def test_the_near_shoulder_wears_what_its_owner_wears(plan, figure):
    people = [(figure("mara", wardrobe="#2040ff"), figure("tom", wardrobe=cloth)) for cloth in ("#ff2020", "#20a020")]
    red, green = (picture(plan(angle=Angle.OVER_SHOULDER, size=ShotSize.CU, figures=each)) for each in people)
    assert red_share(red) > 0.005
    assert red_share(green) == 0


@pytest.mark.parametrize("hair", Hair)
def test_a_near_shoulder_has_the_hair_of_its_owner(plan, figure, hair):
    bald = picture(plan(angle=Angle.OVER_SHOULDER, figures=(figure("a"), figure("b", hair=Hair.BALD))))
    other = picture(plan(angle=Angle.OVER_SHOULDER, figures=(figure("a"), figure("b", hair=hair, hair_colour="#10e010"))))
    green = (other[..., 1] > other[..., 0] * 1.3) & (bald[..., 1] < bald[..., 0] * 1.3)
    assert green.mean() > (0.001 if hair == Hair.BALD else 0.01)


@pytest.mark.parametrize("angle", [Angle.EYE_LEVEL, Angle.PROFILE, Angle.OVERHEAD, Angle.OVER_SHOULDER])
def test_every_build_and_hair_is_told_apart(plan, figure, angle):
    looks = [figure("a", build=build, hair=Hair.SHORT) for build in Build] + [figure("a", hair=hair) for hair in Hair]
    stage = [(figure("z"), look) if angle == Angle.OVER_SHOULDER else (look,) for look in looks]
    small = {"angle": angle, "size": ShotSize.MCU, "frames": 1, "width": 96, "height": 64}
    pictures = [picture(plan(figures=people, **small)) for people in stage]
    different = {image.tobytes() for image in pictures}
    # SHORT hair on an average build is in the list twice; seen from above, builds and hairs share outlines.
    assert len(different) >= (len(looks) - 1 if angle != Angle.OVERHEAD else 6)


@pytest.mark.parametrize(
    ("move", "x", "y"),
    [
        (CameraMove.PAN_RIGHT, -1, 0),
        (CameraMove.PAN_LEFT, 1, 0),
        (CameraMove.TRUCK_RIGHT, -1, 0),
        (CameraMove.TRUCK_LEFT, 1, 0),
        (CameraMove.TILT_UP, 0, 1),
        (CameraMove.TILT_DOWN, 0, -1),
        (CameraMove.CRANE_UP, 0, 1),
        (CameraMove.CRANE_DOWN, 0, -1),
    ],
)
def test_moves_shift_the_picture_against_the_camera(plan, move, x, y):
    board = Board(plan(place=SetKind.ROOM, size=ShotSize.MWS, move=move, frames=33), LETTERING)
    moved = shift_of(*(np.asarray(board.picture(index), dtype=float) for index in (12, 20)))
    assert (np.sign(moved[0]), np.sign(moved[1])) == (x, y)


@pytest.mark.parametrize(
    ("move", "grows"),
    [(CameraMove.DOLLY_IN, 1), (CameraMove.ZOOM_IN, 1), (CameraMove.DOLLY_OUT, -1), (CameraMove.ZOOM_OUT, -1)],
)
def test_dollies_and_zooms_scale_the_figure(plan, move, grows):
    board = Board(plan(size=ShotSize.WS, move=move, frames=17), LETTERING)
    first, last = (red_share(np.asarray(board.picture(index), dtype=int)) for index in (0, 16))
    assert (last > 1.25 * first) if grows > 0 else (first > 1.25 * last)


def test_a_dolly_parts_near_from_far_and_a_zoom_does_not(plan):
    def growth(move, figures):
        board = Board(plan(size=ShotSize.EWS, move=move, figures=figures), LETTERING)
        path = board._path
        return path.views(1.0, 2.0).scale[-1] / path.views(0.1, 2.0).scale[-1]

    assert growth(CameraMove.DOLLY_IN, ()) > 1.15
    assert growth(CameraMove.ZOOM_IN, ()) == 1.0


@pytest.mark.parametrize("move", [CameraMove.STATIC, CameraMove.HANDHELD])
def test_no_clip_stands_still_and_handheld_shakes_more(plan, move):
    board = Board(plan(move=move, size=ShotSize.CU, frames=65), LETTERING)
    first, last = (np.asarray(board.picture(index), dtype=int) for index in (0, 64))
    assert np.abs(first - last).mean() > (0.2 if move == CameraMove.STATIC else 1.0)


def test_the_mouth_moves_while_speaking_and_only_the_speakers(plan, figure):
    people = (figure("mara"), figure("tom", wardrobe="#2040ff"))
    talk = (("MARA", "We have to go now, all of us.", {}),)
    board = Board(plan(size=ShotSize.CU, figures=people, dialogue=talk, frames=33), LETTERING)
    caption = board._captions[0]
    mara, tom = board._cast
    assert len({board._face_at(mara, index, caption).mouth for index in range(32)}) == 3
    assert {board._face_at(tom, index, caption).mouth.value for index in range(32)} == {"closed"}


def test_voices_off_screen_move_no_mouth(plan):
    board = Board(plan(dialogue=(("MARA", "I am not there.", {"off_screen": True}),)), LETTERING)
    assert {board._face_at(board._cast[0], index, board._captions[0]).mouth.value for index in range(16)} == {"closed"}


def test_people_blink(plan):
    board = Board(plan(frames=161), LETTERING)
    closed = [not board._face_at(board._cast[0], index, None).eyes_open for index in range(161)]
    assert 2 <= sum(closed) <= 40


def test_captions_change_their_band_and_nothing_above_it(plan):
    quiet, loud = plan(), plan(dialogue=(("MARA", "Listen to me.", {"parenthetical": "(softly)"}),))
    page = layout(192, 108)
    first, second = (np.asarray(paint_frame(each, 8), dtype=int) for each in (quiet, loud))
    height = page.picture_size[1]
    band = np.s_[page.picture[3] - height // 4 : page.picture[3] - 4]
    assert np.abs(first[band] - second[band]).mean() > 15
    head = np.s_[: page.picture[1]]
    assert np.array_equal(first[head], second[head])


def test_one_speech_follows_another(plan):
    talk = (("MARA", "One.", {}), ("TOM", "Two, and a few words more than one.", {}))
    board = Board(plan(dialogue=talk, frames=33), LETTERING)
    first, second = board._captions
    assert (first.first, second.last, first.last + 1) == (0, 31, second.first)
    assert second.last - second.first > first.last - first.first
    assert board._caption_at(32) is None
    assert board.facts == {"figures": 1, "captions": 2}


@pytest.mark.parametrize("figures", [0, 1], ids=["insert", "with a figure"])
def test_readable_text_is_on_a_card(plan, figure, figures):
    people = (figure(),)[:figures]
    bare, carded = (
        np.asarray(paint_frame(plan(figures=people, action="A gate.", text=text), 0), dtype=int)
        for text in ("", "CLOSED\nuntil spring")
    )
    changed = (np.abs(bare - carded).max(axis=2) > 25).mean()
    assert 0.01 < changed < 0.4


@pytest.mark.parametrize("count", [0, 3, 12])
@pytest.mark.parametrize("size", [ShotSize.ECU, ShotSize.WS])
@pytest.mark.parametrize("angle", [Angle.EYE_LEVEL, Angle.OVERHEAD, Angle.OVER_SHOULDER])
def test_any_number_of_people_fits(plan, figure, count, size, angle):
    people = [figure(f"n{index}", build=list(Build)[index % 4], hair=list(Hair)[index % 6]) for index in range(count)]
    board = Board(plan(place=SetKind.STATION, figures=people, size=size, angle=angle, width=96, height=64, frames=1), LETTERING)
    marks = board._staging.marks
    half = board._aspect / 2
    assert all(-half < mark.x < half for mark in marks)
    assert len(marks) <= count
    if size == ShotSize.WS and angle != Angle.OVER_SHOULDER:
        assert len(marks) == count
    assert board.picture(0).size == board._size


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"drawn": False}, "no drawing"),
        ({"width": 32}, "each side must be from 64"),
        ({"height": 9000}, "to 4096 px"),
        ({"fps": 0}, "0 fps"),
    ],
    ids=["drawing", "small", "large", "fps"],
)
def test_what_cannot_be_drawn_says_why(plan, changes, message):
    with pytest.raises(RenderError, match=message):
        Board(plan(**changes), LETTERING)


@pytest.mark.parametrize("size", [(64, 64), (1024, 64), (64, 1024), (193, 109)], ids=str)
@pytest.mark.parametrize("angle", [Angle.EYE_LEVEL, Angle.DUTCH, Angle.POV])
def test_odd_shapes_are_drawn(plan, size, angle):
    talk = (("MARA", "Words " * 60, {}),)
    shot = plan(
        width=size[0], height=size[1], angle=angle, dialogue=talk, text="A sign " * 20, action="Much. " * 50, lens=1200, frames=1
    )
    assert paint_frame(shot, 0).size == size


@pytest.mark.parametrize(
    "words",
    ["", " \t\n", "日本語のせりふ 😀", "مرحبا بالعالم", "a" * 3000, "\x00\x07\ud800 ok", "e\u0301\u0302\u0303" * 40, "‮RTL‬"],
    ids=["empty", "blank", "cjk", "arabic", "long", "controls", "marks", "bidi"],
)
def test_any_text_is_lettered(plan, words):
    clean = words.replace("\ud800", "")
    shot = plan(dialogue=((clean or "MARA", words, {"parenthetical": clean}),), action=words, text=words, frames=3)
    shot = shot.model_copy(update={"clip": clean or "A01_S01_SH001"})
    assert paint_frame(shot, 1).size == (192, 108)


@pytest.mark.parametrize("frame_index", [-1, 17])
def test_a_frame_that_is_not_there_is_refused(plan, frame_index):
    with pytest.raises(RenderError, match="0 to 16"):
        paint_frame(plan(), frame_index)


def test_the_slate_runs(plan):
    page = layout(768, 432)
    board = Board(plan(width=768, height=432), LETTERING)
    first, second = (np.asarray(board.frame(index).crop((0, 0, 768, page.picture[1])), dtype=int) for index in (0, 1))
    changed = np.nonzero(np.abs(first - second).max(axis=(0, 2)))[0]
    assert changed.size
    assert changed.min() > 768 * 0.7


def test_the_seed_moves_the_wall_but_the_place_stays_the_same(plan):
    boards = [Board(plan(place=SetKind.ROOM, size=ShotSize.MCU, figures=(), seed=seed), LETTERING) for seed in (1, 2)]
    assert boards[0]._staging.set_x != boards[1]._staging.set_x
    assert boards[0]._set_seed == boards[1]._set_seed
