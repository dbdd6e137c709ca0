import itertools

import pytest

from vtx_dagster.core.bible import Pronoun, SetKind
from vtx_dagster.core.shot import Angle, ShotSize
from vtx_dagster.engines.animatic.staging import staged

ASPECT = 1.9
TIGHT = (ShotSize.MWS, ShotSize.MS, ShotSize.MCU, ShotSize.CU, ShotSize.ECU)


@pytest.fixture
def stage(plan, figure):
    people = {
        "ida": figure("ida", pronoun=Pronoun.SHE, age=40),
        "tom": figure("tom", pronoun=Pronoun.HE, age=40),
        "kid": figure("kid", age=7),
    }

    def stage(action, *names, seed=3, aspect=ASPECT, **shot):
        cast = [people.get(name) or figure(name) for name in names]
        return staged(plan(figures=cast, action=action, **{"place": "room", **shot}).drawing, aspect=aspect, seed=seed)

    return stage


def foot_of(mark):
    return mark.y + mark.actor.sight.skeleton.eye_height * mark.actor.body.scale * mark.head


def sides_of(mark):
    extent = mark.actor.sight.extent()
    unit = mark.head * mark.actor.body.scale
    return mark.x + extent.left * unit, mark.x + extent.right * unit


@pytest.mark.parametrize("size", TIGHT)
@pytest.mark.parametrize("name", ["ida", "kid"])
def test_the_eyes_of_those_who_sit_are_where_those_of_standing_people_are(stage, size, name):
    standing, sitting = (stage(action, name, size=size).marks[0] for action in ("", f"{name.title()} sits."))
    assert sitting.y == pytest.approx(standing.y)
    assert sitting.actor.sight.skeleton.eye_height < standing.actor.sight.skeleton.eye_height - 0.8


@pytest.mark.parametrize("action", ["Ida sits.", "Ida kneels.", "Ida lies on the floor.", "Ida runs.", "Ida sits on the floor."])
@pytest.mark.parametrize("size", [ShotSize.WS, ShotSize.EWS])
def test_in_wide_shots_all_are_on_the_ground(stage, size, action):
    marks = stage(f"{action} Tom waits.", "ida", "tom", "kid", size=size).marks
    assert len({round(foot_of(mark), 6) for mark in marks}) == 1


def test_the_floor_comes_up_for_those_who_sit_and_lie(stage):
    heights = [stage(action, "ida", size=ShotSize.MS).set_y for action in ("", "Ida sits.", "Ida lies on the floor.")]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) == 3
    floor = stage("Ida lies on the floor.", "ida", size=ShotSize.MS)
    assert floor.set_y < foot_of(floor.marks[0])


@pytest.mark.parametrize("size", TIGHT[:4])
def test_eyes_stay_in_the_picture_whoever_sits_and_stands(stage, size):
    for action in ("Ida sits. Tom stands.", "Ida lies on the floor. Tom stands.", "Ida crouches.", "Tom falls. Ida lies in bed."):
        for mark in stage(action, "ida", "tom", "kid", size=size).marks:
            assert -0.5 < mark.y < 0.36
            assert abs(mark.x) < ASPECT / 2


@pytest.mark.parametrize("size", [ShotSize.WS, ShotSize.MWS, ShotSize.MS])
@pytest.mark.parametrize("action", ["", "Ida and Tom sit.", "Ida carries a box. Tom waves.", "Tom aims at Ida."])
def test_the_arms_of_two_people_do_not_touch(stage, size, action):
    first, second = stage(action, "ida", "tom", size=size).marks
    assert sides_of(first)[1] < sides_of(second)[0]


@pytest.mark.parametrize("action", ["Ida hugs Tom.", "They fight.", "Ida dances with Tom."])
def test_two_who_do_something_together_are_close_and_face_each_other(stage, action):
    first, second = stage(action, "ida", "tom", size=ShotSize.MWS).marks
    assert (first.actor.facing, second.actor.facing) == (1, -1)
    assert second.x - first.x == pytest.approx(first.actor.pose.posture.apart * first.head)


def test_two_who_eat_have_one_table_between_them(stage):
    first, second = stage("Ida and Tom sit and eat.", "ida", "tom", size=ShotSize.WS).marks
    middles = [mark.x + mark.actor.sight.shared() * mark.head * mark.actor.body.scale for mark in (first, second)]
    assert middles[0] == pytest.approx(middles[1])
    alone, away = stage("Ida writes.", "ida", "tom", size=ShotSize.WS).marks
    assert alone.actor.sight.shared() > 0
    assert away.actor.sight.shared() is None


def test_partners_stand_side_by_side_whoever_is_between_them_in_the_plan(stage):
    marks = stage("Ida hugs Tom.", "ida", "kid", "tom", size=ShotSize.WS).marks
    assert [mark.actor.figure.key for mark in marks] == ["ida", "tom", "kid"]
    assert marks[1].x - marks[0].x < marks[2].x - marks[1].x


def test_who_looks_at_somebody_is_turned_there(stage):
    for target, side in (("Ida", -1), ("the kid", 1)):
        marks = stage(f"Tom looks at {target}.", "ida", "tom", "kid", size=ShotSize.WS).marks
        assert marks[1].actor.facing == side


def test_two_in_a_bed_lie_side_by_side(stage):
    first, second = stage("Ida and Tom lie in bed.", "ida", "tom", size=ShotSize.WS).marks
    assert first.actor.facing == second.actor.facing
    assert abs(first.x - second.x) < first.head
    assert first.y < second.y - 0.7 * second.head


@pytest.mark.parametrize("size", [ShotSize.WS, ShotSize.MS, ShotSize.MCU])
@pytest.mark.parametrize("seed", range(4))
def test_whoever_lies_behind_in_a_bed_is_not_in_its_headboard(stage, size, seed):
    behind, before = stage("Ida and Tom lie in bed.", "ida", "tom", size=size, seed=seed).marks
    assert (behind.x - before.x) * before.actor.facing > 0
    assert max(abs(behind.x), abs(before.x)) < ASPECT / 2 - 0.7 * before.head


@pytest.mark.parametrize(
    ("place", "action", "lifted"),
    [
        ("room", "Ida sleeps.", True),
        ("room", "Ida sleeps on the floor.", False),
        ("office", "Ida lies down.", False),
        ("office", "Ida sleeps on a couch.", True),
        ("field", "Ida sleeps.", False),
        ("field", "Ida sleeps in a bed.", True),
    ],
)
def test_there_is_a_bed_where_one_may_be(stage, place, action, lifted):
    assert (stage(action, "ida", place=place).marks[0].actor.pose.lift > 0) is lifted


@pytest.mark.parametrize(
    ("place", "action", "lies"),
    [
        ("office", "Ida sleeps.", False),
        ("office", "Ida lies down and sleeps.", True),
        ("office", "Ida sleeps on the floor.", True),
        ("room", "Ida sleeps.", True),
        ("field", "Ida sleeps.", True),
        ("vehicle", "Ida sleeps.", False),
    ],
)
def test_who_sleeps_where_there_is_no_bed_sits(stage, place, action, lies):
    pose = stage(action, "ida", place=place).marks[0].actor.pose
    assert pose.lies is lies
    assert pose.face == "asleep"


def test_in_a_car_people_sit_as_the_car_has_it(stage):
    shot = {"place": SetKind.VEHICLE, "size": ShotSize.MS}
    marks = stage("Ida drives. Tom lies down and drinks.", "ida", "tom", **shot).marks
    assert all(not mark.actor.pose.furniture for mark in marks)
    assert marks[0].actor.pose.held(near=True) is None
    assert marks[1].actor.pose.held(near=True) is not None
    assert abs(marks[0].y - marks[1].y) < 0.1 * marks[0].head


def test_poses_turn_people_as_far_as_they_need(stage):
    for angle in Angle:
        mark = stage("Ida lies down.", "ida", angle=angle).marks[0]
        assert abs(mark.actor.turn) >= 0.97
    assert abs(stage("", "ida", angle=Angle.POV).marks[0].actor.turn) == 0


def test_the_long_lie_in_the_middle(stage):
    for angle in (Angle.EYE_LEVEL, Angle.OVERHEAD):
        left, right = sides_of(stage("Ida lies on the floor.", "ida", size=ShotSize.WS, angle=angle).marks[0])
        assert left + right == pytest.approx(0, abs=0.15)


@pytest.mark.parametrize("count", [6, 7, 9])
def test_those_in_the_second_row_look_over_the_shoulders_of_the_first(stage, count):
    marks = stage("", *(f"n{index}" for index in range(count)), size=ShotSize.WS).marks
    back, front = ([mark.x for mark in marks if (mark.depth < 1) is behind] for behind in (True, False))
    nearest = min(abs(one - other) for one, other in itertools.product(back, front))
    assert nearest > 0.3 * (front[1] - front[0])


def test_the_same_plan_is_staged_the_same(stage):
    assert stage("Ida sits.", "ida", "tom") == stage("Ida sits.", "ida", "tom")


@pytest.mark.parametrize("angle", [Angle.EYE_LEVEL, Angle.LOW, Angle.HIGH, Angle.PROFILE, Angle.OVER_SHOULDER])
@pytest.mark.parametrize("size", [ShotSize.WS, ShotSize.EWS])
@pytest.mark.parametrize("name", ["ida", "tom", "kid"])
def test_whoever_stands_in_a_wide_shot_is_in_it_from_hair_to_feet(stage, size, angle, name):
    for mark in stage("They wait.", name, "noah", size=size, angle=angle).marks:
        assert mark.y - 0.69 * mark.head * mark.actor.body.scale > -0.5
        assert foot_of(mark) < 0.49


@pytest.mark.parametrize("place", [SetKind.CAVE, SetKind.KITCHEN])
def test_the_floor_is_seen_behind_those_who_lie_on_it(stage, place):
    found = stage("IDA lies on the floor.", "ida", place=place, size=ShotSize.MS)
    assert foot_of(found.marks[0]) > found.set_y + 0.08
