from dataclasses import replace
from fractions import Fraction

import pytest

from vtx_dagster.core.errors import IncompleteLineupError, NotFoundError
from vtx_dagster.core.lineup import Lineup, LineupEntry
from vtx_dagster.core.planner import (
    ClipRecord,
    CutRecord,
    ProjectRecord,
    Stage,
    State,
    Step,
    StoryRecord,
    Work,
    plan_project,
    plan_studio,
)

ONE, TWO, THREE = "A01_S01_SH010", "A01_S01_SH020", "A02_S01_SH010"


def clip(name: str, **facts: object) -> ClipRecord:
    return ClipRecord(**{"clip": name, "act": name[:3], "clip_hash": f"hash of {name}", "content_frames": 16, **facts})


def done(name: str) -> ClipRecord:
    return clip(name, has_take=True, is_current=True)


def project(*clips: ClipRecord, **facts: object) -> ProjectRecord:
    entries = tuple(
        LineupEntry(clip=record.clip, clip_hash=record.clip_hash, content_frames=16, act=record.act)
        for record in clips
        if not record.problem
    )
    lineup = Lineup(entries=entries, fps=8, width=128, height=72) if entries else None
    return ProjectRecord(**{"project": "film", "clips": clips, "lineup": lineup, **facts})


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({}, State.PLANNED),
        ({"problem": "no input"}, State.BLOCKED),
        ({"problem": "no input", "has_take": True}, State.BLOCKED),
        ({"is_locked": True}, State.RENDERING),
        ({"is_locked": True, "failure": "before", "shown_hash": "old"}, State.RENDERING),
        ({"has_take": True}, State.RENDERED),
        ({"has_take": True, "is_locked": True, "failure": "before"}, State.RENDERED),
        ({"failure": "no ink", "shown_hash": "old"}, State.FAILED),
        ({"shown_hash": "old"}, State.STALE),
        ({"is_damaged": True}, State.STALE),
        ({"is_damaged": True, "is_locked": True}, State.RENDERING),
        ({"continues": "x"}, State.PLANNED),
        ({"continues": "x", "broken_link": "continues x, which failed"}, State.BLOCKED),
        ({"continues": "x", "broken_link": "continues x, which failed", "has_take": True}, State.RENDERED),
    ],
    ids=[
        "planned",
        "blocked",
        "blocked with a take",
        "rendering",
        "rendering again",
        "rendered",
        "rendered above all",
        "failed",
        "stale",
        "damaged",
        "damaged and rendering",
        "chained",
        "chain broken",
        "chain broken behind it",
    ],
)
def test_the_state_follows_from_what_was_found(facts: dict[str, object], state: State) -> None:
    assert clip(ONE, **facts).state == state


@pytest.mark.parametrize(
    ("record", "work", "reason"),
    [
        (done(ONE), None, ""),
        (clip(ONE, has_take=True, shown_hash="old"), Work.REUSE, "not the one shown"),
        (clip(ONE), Work.RENDER, "never rendered"),
        (clip(ONE, shown_hash="old"), Work.RENDER, "the plan changed"),
        (clip(ONE, is_damaged=True, shown_hash="old"), Work.RENDER, "its take is damaged"),
        (clip(ONE, failure="no ink"), Work.RENDER, "failed before: no ink"),
        (clip(ONE, is_locked=True), Work.RENDER, "by another process"),
        (clip(ONE, problem="no input", clip_hash="", content_frames=0), Work.RENDER, "cannot be planned"),
    ],
    ids=["current", "reuse", "planned", "stale", "damaged", "failed", "rendering", "blocked"],
)
def test_what_is_due_of_a_clip_and_why(record: ClipRecord, work: Work | None, reason: str) -> None:
    steps = [step for step in plan_project(project(record)) if step.stage == Stage.RENDERED_CLIP]
    assert bool(record.reason) == bool(steps)
    assert [step.work for step in steps] == ([work] if work else [])
    for step in steps:
        assert reason in step.reason
        assert (step.id, step.work_hash, step.waits_for) == (ONE, record.clip_hash, record.problem)
        assert step.num_frames == record.content_frames


def test_a_sensor_leaves_failed_clips_alone_and_a_person_does_not() -> None:
    record = project(clip(ONE, failure="no ink"), clip(TWO))
    assert [step.id for step in plan_project(record, retry_failed=False)] == [TWO, ""]
    assert [step.id for step in plan_project(record)] == [ONE, TWO, ""]


FAILED, AFTER, LAST = clip(ONE, failure="no ink"), clip(TWO, continues=ONE), clip(THREE, continues=TWO)
BROKEN = [
    replace(AFTER, broken_link=f"continues {ONE}, which failed: no ink"),
    replace(LAST, broken_link=f"continues {TWO}, which goes back to {ONE}, which failed: no ink"),
]


def clip_steps(*clips: ClipRecord, retry_failed: bool = True) -> list[tuple[str, str, str]]:
    steps = plan_project(project(*clips), retry_failed=retry_failed)
    return [(step.id, step.reason, step.waits_for) for step in steps if step.stage == Stage.RENDERED_CLIP]


def test_a_chain_is_due_one_after_another() -> None:
    assert clip_steps(clip(ONE), AFTER, LAST) == [
        (ONE, "never rendered", ""),
        (TWO, f"never rendered; after {ONE}", ""),
        (THREE, f"never rendered; after {TWO}", ""),
    ]
    assert clip_steps(done(ONE), AFTER) == [(TWO, "never rendered", "")]
    found = replace(done(TWO), continues=ONE, is_current=False)
    assert clip_steps(clip(ONE), found)[1] == (TWO, found.reason, ""), "a take needs no other one"


def test_a_broken_chain_waits_for_a_person_who_has_its_beginning_tried_again() -> None:
    assert clip_steps(FAILED, *BROKEN, retry_failed=False) == [
        (record.clip, record.broken_link, record.broken_link) for record in BROKEN
    ]
    assert [(name, waits_for) for name, _, waits_for in clip_steps(FAILED, *BROKEN)] == [(ONE, ""), (TWO, ""), (THREE, "")]


def test_a_chain_whose_beginning_cannot_be_planned_waits() -> None:
    problem = f"{TWO} continues {ONE}, which cannot be planned: no still"
    blocked = clip(ONE, problem="no still"), replace(AFTER, problem=problem)
    assert [waits_for for _, _, waits_for in clip_steps(*blocked)] == ["no still", problem]


def test_steps_come_in_an_order_in_which_they_can_be_done() -> None:
    story = (
        StoryRecord(stage=Stage.OUTLINE, is_current=True),
        StoryRecord(stage=Stage.SHOTLIST, is_current=False, reason="its sources changed"),
    )
    record = project(clip(ONE), done(TWO), clip(THREE), story=story, produces_in_acts=True)
    steps = list(plan_project(record))
    assert [(step.stage, step.id, step.work) for step in steps] == [
        (Stage.SHOTLIST, "", Work.WRITE),
        (Stage.RENDERED_CLIP, ONE, Work.RENDER),
        (Stage.RENDERED_CLIP, THREE, Work.RENDER),
        (Stage.ACT, "A01", Work.ASSEMBLE),
        (Stage.ACT, "A02", Work.ASSEMBLE),
        (Stage.FILM, "", Work.ASSEMBLE),
    ]
    assert steps[0].reason == "its sources changed"
    assert [step.film_s for step in steps] == [0, 2, 2, 4, 2, 6]
    assert steps[-1].film_s == Fraction(48, 8)


@pytest.mark.parametrize(
    ("current", "follow"),
    [
        ("1111", ()),
        ("0101", (Stage.TREATMENT, Stage.SHOTLIST)),
        ("1101", (Stage.SHOTLIST,)),
        ("0000", ()),
        ("1110", ()),
    ],
    ids=["none due", "two due", "one due", "all due", "last due"],
)
def test_what_may_follow_what_is_due_of_a_story(current: str, follow: tuple[Stage, ...]) -> None:
    stages = (Stage.OUTLINE, Stage.TREATMENT, Stage.SCREENPLAY, Stage.SHOTLIST)
    story = tuple(StoryRecord(stage=stage, is_current=one == "1") for stage, one in zip(stages, current, strict=True))
    assert project(story=story).story_to_follow() == follow


def test_what_is_assembled_from_this_very_lineup_is_not_due() -> None:
    record = project(done(ONE), done(TWO), done(THREE), produces_in_acts=True)
    current = replace(
        record,
        film=CutRecord(assembled_hash=record.lineup.lineup_hash()),
        acts=tuple((act, CutRecord(assembled_hash=record.lineup.act(act).lineup_hash())) for act in ("A01", "A02")),
    )
    assert list(plan_project(current)) == []
    old = replace(current, acts=(("A01", CutRecord(assembled_hash="other")),))
    assert [(step.id, step.reason, step.work_hash) for step in plan_project(old)] == [
        ("A01", "its lineup changed", record.lineup.act("A01").lineup_hash()),
        ("A02", "never assembled", record.lineup.act("A02").lineup_hash()),
    ]


def test_an_act_waits_for_its_own_blocked_clips_alone() -> None:
    blocked = [clip(f"A01_S01_SH{number:03d}", problem="no input") for number in range(1, 8)]
    record = project(*blocked, done(ONE), done(THREE), produces_in_acts=True)
    waits = {step.id or "film": step.waits_for for step in plan_project(record) if step.stage != Stage.RENDERED_CLIP}
    assert waits == {
        "A01": "blocked clips: A01_S01_SH001, A01_S01_SH002, A01_S01_SH003, A01_S01_SH004, A01_S01_SH005 ...",
        "A02": "",
        "film": waits["A01"],
    }


def test_a_film_whose_clips_do_not_fit_waits_and_says_why() -> None:
    record = replace(project(done(ONE)), lineup=None, lineup_problem="two rates")
    (step,) = plan_project(record)
    assert (step.stage, step.waits_for) == (Stage.FILM, "two rates")
    assert record.fps == 1
    with pytest.raises(IncompleteLineupError, match="film: two rates"):
        record.cut_lineup()


def test_projects_come_by_slug() -> None:
    records = [replace(project(clip(ONE)), project=slug) for slug in ("b", "a", "c")]
    records.append(ProjectRecord(project="broken", problem="bad YAML"))
    steps = list(plan_studio(records))
    assert [(step.project, step.stage) for step in steps] == [
        (slug, stage) for slug in "abc" for stage in (Stage.RENDERED_CLIP, Stage.FILM)
    ]
    failed = [replace(project(clip(ONE, failure="no ink")), project="a")]
    assert [step.stage for step in plan_studio(failed, retry_failed=False)] == [Stage.FILM]


def test_the_lineup_of_a_cut() -> None:
    record = project(done(ONE), clip(TWO), done(THREE), clip("A10_S01_SH010"))
    assert record.cut_lineup() is record.lineup
    assert [entry.clip for entry in record.cut_lineup("A01").entries] == [ONE, TWO]
    with pytest.raises(NotFoundError, match=r"film has no act A11 \(did you mean 'A"):
        record.cut_lineup("A11")
    assert [found.clip for found in record.clips_of("A01")] == [ONE, TWO]
    assert [found.clip for found in record.unfinished()] == [TWO, "A10_S01_SH010"]
    assert [found.clip for found in record.unfinished("A01")] == [TWO]
    assert record.unfinished("A02") == ()


@pytest.mark.parametrize(
    ("clips", "problem"),
    [((), "there are no clips to assemble"), ((clip(ONE, problem="no input"),), "none of its clips has a plan.*no input")],
    ids=["no clips", "all blocked"],
)
def test_no_lineup_says_why(clips: tuple[ClipRecord, ...], problem: str) -> None:
    with pytest.raises(IncompleteLineupError, match=f"film: .*{problem}"):
        project(*clips).cut_lineup()


def test_a_step_makes_seconds_of_film() -> None:
    step = Step(project="film", stage=Stage.FILM, work=Work.ASSEMBLE, reason="", num_frames=121, fps=16)
    assert step.film_s == Fraction(121, 16)
