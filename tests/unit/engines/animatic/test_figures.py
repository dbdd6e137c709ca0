import itertools

import numpy as np
import pytest

from vtx_dagster.core.bible import Build, Hair, Palette, Pronoun
from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.engines.animatic.bodies import draw_body, draw_from_above, draw_over
from vtx_dagster.engines.animatic.brush import Sheet, Window
from vtx_dagster.engines.animatic.costumes import all_costumes
from vtx_dagster.engines.animatic.doings import Kind, all_doings, pose_of
from vtx_dagster.engines.animatic.figures import Actor, Face, Mouth, draw_back, draw_face, draw_head, head_pen
from vtx_dagster.engines.animatic.palette import light_for


def sheet_of(window, *, time=TimeOfDay.DAY):
    return Sheet(window, 24, light=light_for(time, Palette(), interior=False), seed=1)


def arrays(sheet):
    image, mask = sheet.finished()
    return np.asarray(image, dtype=int), np.asarray(mask, dtype=int)


def drawn(actor, face=None, *, time=TimeOfDay.DAY):
    """Return colour and coverage of a whole figure on the ground, 24 px to the head."""
    sheet = sheet_of(Window(-4.5, -1.6, 4.5, 7.2), time=time)
    if actor.from_above:
        draw_from_above(sheet.pen().at(0, 3), actor)
        return arrays(sheet)
    pen = sheet.pen().at(0, 6.7 - actor.sight.skeleton.eye_height)
    draw_body(pen, actor)
    draw_head(head_pen(pen, actor), actor)
    if face is not None:
        draw_face(head_pen(pen, actor), actor, face)
    draw_over(pen, actor)
    return arrays(sheet)


def head(actor, face):
    sheet = sheet_of(Window(-0.8, -1.2, 0.8, 1.2))
    draw_head(sheet.pen(), actor)
    draw_face(sheet.pen(), actor, face)
    return np.asarray(sheet.image)


def doing(name):
    known = all_doings().doings[name]
    return pose_of(name) if known.kind == Kind.POSTURE else pose_of(known.posture or "stand", name)


DOINGS = sorted(all_doings().doings)


@pytest.mark.parametrize("above", [False, True], ids=["level", "above"])
@pytest.mark.parametrize("turn", [0.0, 0.5, -1.0], ids=["front", "half", "left"])
def test_every_doing_looks_like_no_other(figure, turn, above):
    masks = {}
    for name in DOINGS:
        pose = doing(name)
        turned = (-1 if turn < 0 else 1) * max(abs(turn), pose.turn)
        image, mask = drawn(Actor(figure=figure("mara"), turn=turned, pose=pose, from_above=above))
        masks[name] = np.where(mask > 128, image.mean(axis=2), -100.0)
    for one, other in itertools.combinations(DOINGS, 2):
        if {one, other} != {"stand", "hang"}:
            assert (np.abs(masks[one] - masks[other]) > 20).sum() > (20 if above else 60), (one, other)


@pytest.mark.parametrize("build", [{"age": 2}, {"age": 9}, {"build": Build.BROAD}, {"age": 80}], ids=str)
def test_those_who_sit_have_their_feet_on_the_ground_and_their_hands_where_they_reach(figure, build):
    skeleton = Actor(figure=figure("mara", **build), turn=0.5, pose=pose_of("sit", "write")).sight.skeleton
    assert all(abs(leg.toe[1]) < 0.1 for leg in skeleton.legs.values())
    assert all(0 < arm.wrist[1] < skeleton.eyes[1] for arm in skeleton.arms.values())
    seat = max(high[1] for low, high, _ in skeleton.corners() if low[0] < 0 < high[0])
    assert 0 < skeleton.hip[1] - seat < 0.4


def test_whoever_lies_lies(figure):
    bed, ground = (Actor(figure=figure("mara"), turn=1.0, pose=pose_of("lie", inside=inside)) for inside in (True, False))
    assert bed.sight.skeleton.eye_height > 1.8 > 0.8 > ground.sight.skeleton.eye_height
    extent = ground.sight.extent()
    assert extent.width > 5 > extent.height
    assert not ground.pose.furniture


def test_a_pen_for_the_head_lies_down_with_the_body(figure):
    pen = sheet_of(Window(-1, -1, 1, 1)).pen()
    upright, lying = (head_pen(pen, Actor(figure=figure("mara"), turn=1.0, pose=pose_of(name))) for name in ("stand", "lie"))
    crown = [pen.place([(0.0, -0.5)])[0] - pen.place([(0.0, 0.0)])[0] for pen in (upright, lying)]
    assert abs(crown[0][0]) < abs(crown[0][1])
    assert crown[1][0] < -abs(crown[1][1])


def test_a_head_that_points_at_us_is_drawn_upright(figure):
    pen = sheet_of(Window(-1, -1, 1, 1)).pen()
    actor = Actor(figure=figure("mara"), turn=0.0, pose=pose_of("stand"), from_above=True)
    assert head_pen(pen, actor) is pen


def test_whoever_sleeps_keeps_the_eyes_closed_and_whoever_shouts_the_mouth_open(figure):
    faces = {
        name: Actor(figure=figure("mara"), turn=0.5, pose=doing(name)).held_face(Face())
        for name in ("sleep", "shout", "cry", "laugh", "smile", "sit")
    }
    assert faces == {
        "sleep": Face(eyes_open=False),
        "cry": Face(eyes_open=False),
        "shout": Face(mouth=Mouth.OPEN),
        "laugh": Face(eyes_open=False, mouth=Mouth.OPEN),
        "smile": Face(),
        "sit": Face(),
    }


def test_whoever_cries_has_tears(figure):
    tears = []
    for name in ("sleep", "cry"):
        actor = Actor(figure=figure("mara"), turn=0.2, pose=doing(name))
        sheet = Sheet(Window(-0.6, -0.6, 0.6, 0.6), 150, light=light_for(TimeOfDay.DAY, Palette(), interior=False), seed=1)
        draw_head(sheet.pen(), actor)
        draw_face(sheet.pen(), actor, Face())
        face = np.asarray(sheet.image, dtype=int)
        tears.append(int(((face[..., 2] > face[..., 0] + 10) & (face[..., 2] > 180)).sum()))
    assert tears[1] > tears[0] + 20


def test_whoever_laughs_shows_more_teeth_than_whoever_shouts(figure):
    teeth = []
    for name in ("shout", "laugh"):
        actor = Actor(figure=figure("mara"), turn=0.2, pose=doing(name))
        sheet = Sheet(Window(-0.6, -0.6, 0.6, 0.6), 150, light=light_for(TimeOfDay.DAY, Palette(), interior=False), seed=1)
        draw_head(sheet.pen(), actor)
        draw_face(sheet.pen(), actor, Face(eyes_open=False))
        teeth.append(int((np.asarray(sheet.image, dtype=int)[110:].min(axis=2) > 205).sum()))
    assert teeth[1] > teeth[0] * 1.3


def test_a_hand_before_the_face_covers_it(figure):
    actor = Actor(figure=figure("mara"), turn=0.2, pose=doing("cry"))
    sheet = sheet_of(Window(-1.5, -1.5, 1.5, 1.5))
    draw_head(sheet.pen(), actor)
    before = np.asarray(sheet.image).copy()
    draw_over(sheet.pen(), actor)
    assert (before != np.asarray(sheet.image)).any()
    nothing = Actor(figure=figure("mara"), turn=0.2)
    before = np.asarray(sheet.image).copy()
    draw_over(sheet.pen(), nothing)
    assert (before == np.asarray(sheet.image)).all()


def test_builds_differ_in_width_and_height(figure):
    masks = {build: drawn(Actor(figure=figure("mara", build=build), turn=0.0))[1] > 128 for build in Build}
    across = {build: int(mask.any(axis=0).sum()) for build, mask in masks.items()}
    tall = {build: int(mask.any(axis=1).sum()) for build, mask in masks.items()}
    assert across[Build.SLIGHT] < across[Build.AVERAGE] < across[Build.BROAD]
    assert tall[Build.CHILD] < 0.8 * tall[Build.AVERAGE]


def test_children_grow(figure):
    bodies = [Actor(figure=figure("mara", age=age), turn=0.0).body for age in (0, 2, 5, 9, 14, 18)]
    heads = [body.foot_y + 0.57 for body in bodies]
    assert [round(each, 1) for each in heads] == [3.8, 4.0, 5.0, 6.0, 7.0, 7.3]
    heights = [each * body.scale for each, body in zip(heads, bodies, strict=True)]
    assert heights == sorted(heights)


def test_women_men_and_the_old_have_other_shapes(figure):
    looks = {
        "she": {"pronoun": Pronoun.SHE},
        "he": {"pronoun": Pronoun.HE},
        "they": {"pronoun": Pronoun.THEY},
        "old": {"age": 75},
    }
    bodies = {name: Actor(figure=figure("mara", **look), turn=0.0).body for name, look in looks.items()}
    assert bodies["she"].shoulder < bodies["they"].shoulder < bodies["he"].shoulder
    assert bodies["she"].hip > bodies["he"].hip
    assert bodies["old"].stoop > 0
    assert bodies["old"].foot_y < bodies["they"].foot_y


@pytest.mark.parametrize("turn", [0.0, 1.0], ids=["front", "side"])
def test_faces_are_those_of_women_men_children_and_the_old(figure, turn):
    looks = [{"pronoun": pronoun} for pronoun in Pronoun] + [{"age": 6}, {"age": 80}, {"age": 80, "pronoun": Pronoun.HE}]
    heads = [head(Actor(figure=figure("a", **look), turn=turn), Face()) for look in looks]
    assert all((one != other).any() for one, other in itertools.combinations(heads[1 if turn else 0 :: 2], 2))


@pytest.mark.parametrize("turn", [0.0, 1.0], ids=["front", "side"])
def test_some_men_have_beards_and_boys_and_women_have_none(figure, turn):
    kinds = {}
    for index in range(60):
        key = f"m{index}"
        man = Actor(figure=figure(key, pronoun=Pronoun.HE, age=40), turn=turn)
        kinds.setdefault(man.beard, man)
        assert Actor(figure=figure(key, pronoun=Pronoun.SHE, age=40), turn=turn).beard == 0
        assert Actor(figure=figure(key, pronoun=Pronoun.HE, age=12), turn=turn).beard == 0
    assert set(kinds) == {0, 1, 2, 3}
    chins = {kind: head(man, Face())[77:80].mean() for kind, man in kinds.items()}
    assert chins[3] < chins[0]
    assert (head(kinds[1], Face()) != head(kinds[2], Face())).any()


@pytest.mark.parametrize("turn", [0.0, 1.0], ids=["front", "side"])
def test_some_wear_glasses_and_nobody_of_whom_nothing_is_known(figure, turn):
    keys = [f"g{index}" for index in range(30)]
    wearers = [key for key in keys if Actor(figure=figure(key, pronoun=Pronoun.SHE), turn=turn).wears_glasses]
    assert 1 <= len(wearers) <= 12
    assert not any(Actor(figure=figure(key), turn=turn).wears_glasses for key in keys)
    with_glasses = head(Actor(figure=figure(wearers[0], pronoun=Pronoun.SHE), turn=turn), Face())
    without = head(Actor(figure=figure(wearers[0], pronoun=Pronoun.SHE, age=8), turn=turn), Face())
    assert (with_glasses != without).any()


def test_some_wear_skirts(figure):
    # Of women, and of people with long hair of whom nothing is known, one in three does: "a" does and "b" does not.
    knees = [drawn(Actor(figure=figure(key, hair=Hair.LONG), turn=0.0))[1][int(6.4 * 24)] for key in "ab"]
    assert (knees[0] > 128).sum() > (knees[1] > 128).sum()
    men = [drawn(Actor(figure=figure(key, hair=Hair.LONG, pronoun=Pronoun.HE), turn=0.0))[1][int(6.4 * 24)] for key in "ab"]
    assert (men[0] > 128).sum() == (men[1] > 128).sum()


@pytest.mark.parametrize("turn", [0.0, 0.6, -1.0], ids=["front", "half", "left"])
def test_professions_are_dressed(figure, turn):
    names = list(all_costumes().costumes)
    words = [costume.words["en"][0] for costume in all_costumes().costumes.values()]
    actors = [Actor(figure=figure("a", descriptor=f"A tired {word}, 40"), turn=turn) for word in words]
    assert [actor.costume for actor in actors] == [all_costumes().costumes[name] for name in names]
    plain = drawn(Actor(figure=figure("a"), turn=turn))[0]
    images = [drawn(actor)[0] for actor in actors]
    assert all(np.abs(one - other).mean() > 0.5 for one, other in itertools.combinations([plain, *images], 2))


def test_a_profession_is_a_word_of_its_own(figure):
    assert Actor(figure=figure("a", descriptor="a cookie seller, copious hair"), turn=0.0).costume is None
    assert Actor(figure=figure("a", name="DR. WEST"), turn=0.0).costume is not None


@pytest.mark.parametrize("hair", Hair)
def test_backs_of_heads_have_their_hair_and_hats(figure, hair):
    def back(**look):
        sheet = sheet_of(Window(-1.4, -1.2, 1.4, 2))
        draw_back(sheet.pen(), Actor(figure=figure("a", hair=hair, **look), turn=0.0))
        return np.asarray(sheet.image)

    bare = back()
    for profession in ("police", "nurse", "worker"):
        assert (bare != back(descriptor=profession)).any()
    assert (back(pronoun=Pronoun.SHE) != back(pronoun=Pronoun.HE)).any()


@pytest.mark.parametrize("turn", [0.0, 0.6, -1.0, 1.0], ids=["front", "half", "left", "right"])
@pytest.mark.parametrize("hair", Hair)
def test_every_face_of_a_head_is_told_apart(figure, turn, hair):
    actor = Actor(figure=figure("mara", hair=hair), turn=turn)
    faces = [Face(), Face(eyes_open=False), Face(mouth=Mouth.SMALL), Face(mouth=Mouth.OPEN)]
    images = [head(actor, face) for face in faces]
    assert all((first != second).any() for first, second in itertools.combinations(images, 2))


def test_heads_look_where_they_turn(figure):
    left, right = (drawn(Actor(figure=figure("mara", hair=Hair.BALD), turn=turn))[1] for turn in (-1.0, 1.0))
    bridge, tip = 37, 42  # rows of the sheet, 24 px to the head
    assert np.flatnonzero(left[tip]).min() < np.flatnonzero(left[bridge]).min()
    assert np.flatnonzero(right[tip]).max() > np.flatnonzero(right[bridge]).max()


@pytest.mark.parametrize("hair", Hair)
def test_every_hair_is_seen_from_above(figure, hair):
    others = [drawn(Actor(figure=figure("a", hair=each), turn=1.0, from_above=True))[0] for each in Hair if each != hair]
    own = drawn(Actor(figure=figure("a", hair=hair), turn=1.0, from_above=True))[0]
    assert sum((own != other).any() for other in others) >= 3


def test_the_light_falls_on_people_too(figure):
    day, night = (drawn(Actor(figure=figure("mara"), turn=0.0), time=time)[0].mean() for time in (TimeOfDay.DAY, TimeOfDay.NIGHT))
    assert night < day


def test_whoever_smiles_and_speaks_moves_the_mouth(figure):
    faces = {}
    for name in ("hang", "smile"):
        for mouth in (Mouth.CLOSED, Mouth.OPEN):
            actor = Actor(figure=figure("mara"), turn=0.2, pose=doing(name))
            sheet = Sheet(Window(-0.6, -0.6, 0.6, 0.6), 150, light=light_for(TimeOfDay.DAY, Palette(), interior=False), seed=1)
            draw_face(sheet.pen(), actor, Face(mouth=mouth))
            faces[name, mouth] = np.asarray(sheet.image).copy()
    assert (faces["hang", Mouth.CLOSED] != faces["smile", Mouth.CLOSED]).any()
    assert (faces["hang", Mouth.OPEN] == faces["smile", Mouth.OPEN]).all()
