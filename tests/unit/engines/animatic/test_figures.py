import itertools

import numpy as np
import pytest

from vtx_dagster.core.bible import Build, Hair, Palette
from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.engines.animatic.brush import Sheet, Window
from vtx_dagster.engines.animatic.figures import Actor, Face, Mouth, Pose, draw_body, draw_face, draw_head
from vtx_dagster.engines.animatic.palette import light_for


def drawn(actor, face=None, *, time=TimeOfDay.DAY):
    """Return colour and coverage of a whole figure, 24 px to the head."""
    sheet = Sheet(Window(-2.2, -1.0, 2.2, 7.2), 24, light=light_for(time, Palette(), interior=False), seed=1)
    draw_body(sheet.pen(), actor)
    draw_head(sheet.pen(), actor)
    if face is not None:
        draw_face(sheet.pen(), actor, face)
    image, mask = sheet.finished()
    return np.asarray(image, dtype=int), np.asarray(mask, dtype=int)


def head(actor, face):
    sheet = Sheet(Window(-0.8, -0.8, 0.8, 1.2), 24, light=light_for(TimeOfDay.DAY, Palette(), interior=False), seed=1)
    draw_head(sheet.pen(), actor)
    draw_face(sheet.pen(), actor, face)
    return sheet.image


def test_poses_have_silhouettes_of_their_own(figure):
    masks = [drawn(Actor(figure=figure("mara"), turn=0.5, pose=pose))[1] for pose in Pose]
    assert all((first != second).mean() > 0.002 for first, second in itertools.combinations(masks, 2))


def test_a_raised_hand_is_higher_than_a_hanging_one(figure):
    wide = [drawn(Actor(figure=figure("mara"), turn=0.5, pose=pose))[1] for pose in (Pose.RAISED, Pose.HANGING)]
    beside_chest = np.s_[2 * 24 : 4 * 24, 80:]
    assert wide[0][beside_chest].sum() > wide[1][beside_chest].sum()


def test_builds_differ_in_width_and_height(figure):
    masks = {build: drawn(Actor(figure=figure("mara", build=build), turn=0.0))[1] > 128 for build in Build}
    across = {build: mask[2 * 24].sum() for build, mask in masks.items()}
    tall = {build: int(np.flatnonzero(mask.any(axis=1)).max()) for build, mask in masks.items()}
    assert across[Build.SLIGHT] < across[Build.AVERAGE] < across[Build.BROAD]
    assert tall[Build.CHILD] < 0.8 * tall[Build.AVERAGE]


def test_some_wear_skirts(figure):
    # Of people with long hair one in three does, by the hash of the key: "a" does and "b" does not.
    knees = [drawn(Actor(figure=figure(key, hair=Hair.LONG), turn=0.0, pose=Pose.HANGING))[1][int(4.8 * 24)] for key in "ab"]
    assert (knees[0] > 128).sum() > (knees[1] > 128).sum()


@pytest.mark.parametrize("turn", [0.0, 0.6, -1.0, 1.0], ids=["front", "half", "left", "right"])
@pytest.mark.parametrize("hair", Hair)
def test_every_face_of_a_head_is_told_apart(figure, turn, hair):
    actor = Actor(figure=figure("mara", hair=hair), turn=turn)
    faces = [Face(), Face(eyes_open=False), Face(mouth=Mouth.SMALL), Face(mouth=Mouth.OPEN)]
    images = [np.asarray(head(actor, face)) for face in faces]
    assert all((first != second).any() for first, second in itertools.combinations(images, 2))


def test_heads_look_where_they_turn(figure):
    left, right = (drawn(Actor(figure=figure("mara", hair=Hair.BALD), turn=turn))[1] for turn in (-1.0, 1.0))
    bridge, tip = 23, 28  # rows of the sheet, 24 px to the head
    assert np.flatnonzero(left[tip]).min() < np.flatnonzero(left[bridge]).min()
    assert np.flatnonzero(right[tip]).max() > np.flatnonzero(right[bridge]).max()


def test_the_light_falls_on_people_too(figure):
    day, night = (drawn(Actor(figure=figure("mara"), turn=0.0), time=time)[0].mean() for time in (TimeOfDay.DAY, TimeOfDay.NIGHT))
    assert night < day
