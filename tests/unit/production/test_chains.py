"""Clips that go on from the end of others: planned before those are rendered, rendered after them."""

import json
import os
import threading
import time
from collections.abc import Sequence

import pytest
import yaml

from vtx_dagster.core.errors import ChangedInputError, InvalidRequestError, MissingInputError, NotFoundError, RenderError
from vtx_dagster.core.plan import PlanModel
from vtx_dagster.core.planner import Stage, State, plan_project
from vtx_dagster.production import resolve as resolve_module
from vtx_dagster.production import survey as survey_module
from vtx_dagster.production.cut import sidecar_of
from vtx_dagster.production.lanes import Lanes
from vtx_dagster.production.resolve import Resolver
from vtx_dagster.studio.locks import clip_lock
from vtx_dagster.studio.project import Project
from vtx_dagster.studio.takes import TakeStore

ONE, TWO, THREE, FOUR = "A01_S01_SH010", "A01_S01_SH020", "A01_S02_SH010", "A02_S01_SH010"
CHAINED = {"from_previous": {"frames": 1, "strength": 0.5}}


@pytest.fixture
def chain(make_project, write_clip) -> Project:
    """Three clips, each of which goes on from the one before, and one that stands alone."""
    project = make_project(clips=(ONE, FOUR))
    for clip in (TWO, THREE):
        write_clip(project, clip, inputs=CHAINED)
    return project


@pytest.fixture
def resolver(engine):
    return lambda project: Resolver.of(project, engine_for=lambda *_: engine)


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The clips whose plans were resolved, in order. Clips are remembered at once, however young their files are."""
    clips: list[str] = []
    resolve = Resolver.resolve

    def counted(self, spec, **more):
        clips.append(spec.id)
        return resolve(self, spec, **more)

    monkeypatch.setattr(Resolver, "resolve", counted)
    monkeypatch.setattr(survey_module, "SETTLED_NS", -(10**12))
    return clips


def hashes(record) -> dict[str, str]:
    return {clip.clip: clip.clip_hash for clip in record.clips}


# -- plans --------------------------------------------------------------------------------------------------------------------


def test_a_plan_names_what_it_goes_on_from(chain, resolver) -> None:
    found = resolver(chain)
    first, second = found.resolve_clip(ONE), found.resolve_clip(TWO)
    previous = second.plan.previous
    assert previous is not None
    assert (previous.clip, previous.clip_hash, previous.end_frame) == (ONE, first.clip_hash, first.plan.content_frames)
    assert (previous.frames, previous.strength) == (1, 0.5)
    assert (second.plan.content_frames, second.plan.render_frames, second.plan.file_frames) == (8, 9, 8)
    assert first.plan.previous is None


def test_other_model_files_are_other_plans_of_a_whole_chain(chain, resolver, engine) -> None:
    def accept(plan, _files):
        return plan.model_copy(update={"models": (PlanModel(role="checkpoint", fingerprint=engine.key),)})

    engine.accept = accept
    found = resolver(chain)
    before = found.resolve_clip(THREE).clip_hash
    engine.key = "other files"
    after = found.resolve_clip(THREE)
    assert after.clip_hash != before
    assert after.plan.previous is not None
    assert after.plan.previous.clip_hash == found.resolve_clip(TWO).clip_hash


def test_the_order_is_looked_up_once_as_long_as_no_clip_comes_or_goes(chain, resolver, write_clip, monkeypatch) -> None:
    listed: list[str] = []
    film = Project.film
    monkeypatch.setattr(Project, "film", lambda project: listed.append(project.slug) or film(project))
    found = resolver(chain)
    young = time.time_ns()
    os.utime(chain.clips_dir, ns=(young, young))
    for _ in range(2):
        found.resolve_clip(TWO)
    assert listed == ["film"] * 2, "a folder that changed just now may change again unseen"
    settled = young - 10 * resolve_module.SETTLED_NS
    os.utime(chain.clips_dir, ns=(settled, settled))
    for _ in range(2):
        found.resolve_clip(TWO)
    assert listed == ["film"] * 3
    write_clip(chain, "A01_S01_SH015")
    previous = found.resolve_clip(TWO).plan.previous
    assert previous is not None
    assert (previous.clip, listed) == ("A01_S01_SH015", ["film"] * 4)


def test_a_clip_may_go_on_from_all_frames_of_another(chain, resolver, write_clip) -> None:
    write_clip(chain, ONE, duration={"seconds": 1.125})
    write_clip(chain, TWO, inputs={"from_previous": {"frames": 9}})
    plan = resolver(chain).resolve_clip(TWO).plan
    assert (plan.previous.end_frame, plan.previous.frames) == (9, 9)


def test_images_come_after_the_echo(chain, resolver, write_clip) -> None:
    (chain.inputs_dir / "a.png").write_text("still")
    write_clip(chain, ONE, duration={"seconds": 2})
    images = [{"file": "inputs/a.png", "frame": 3}]
    write_clip(chain, TWO, inputs={"mode": "i2v", "images": images, "from_previous": {}})
    plan = resolver(chain).resolve_clip(TWO).plan
    assert [image.frame_index for image in plan.inputs] == [12]
    assert (plan.echo_frames, plan.content_frames, plan.render_frames) == (9, 8, 17)


def test_a_clip_may_go_on_from_any_earlier_one(chain, resolver, write_clip) -> None:
    write_clip(chain, FOUR, inputs={"from_previous": {"frames": 1, "clip": ONE}})
    previous = resolver(chain).resolve_clip(FOUR).plan.previous
    assert previous is not None
    assert previous.clip == ONE


def in_this_order(project: Project, *clips: str, retired: Sequence[str] = ()) -> None:
    """Write a shotlist that has clips in an order of its own, all in one scene."""
    shots = [{"id": clip, "scene": "A01_S01"} for clip in clips]
    project.shotlist_path.write_text(yaml.safe_dump({"version": 1, "shots": shots, "retired": list(retired)}))


def test_the_order_of_the_shotlist_decides_what_is_earlier(chain, resolver, look, write_clip, resolved) -> None:
    """THREE names FOUR, which is later; it can be planned as soon as it is not, and the clip before TWO is another one then."""
    write_clip(chain, THREE, inputs={"from_previous": {"frames": 1, "clip": FOUR}})
    assert f"{FOUR} is no earlier clip" in next(clip for clip in look(chain).clips if clip.clip == THREE).problem
    in_this_order(chain, FOUR, THREE, TWO, ONE)
    record = look(chain)
    assert [(clip.clip, clip.problem, clip.continues) for clip in record.clips] == [
        (FOUR, "", ""),
        (THREE, "", FOUR),
        (TWO, "", THREE),
        (ONE, "", ""),
    ]
    assert resolver(chain).resolve_clip(TWO).plan.previous.clip == THREE
    in_this_order(chain, ONE, TWO, THREE, FOUR)
    record = look(chain)
    assert f"{FOUR} is no earlier clip" in next(clip for clip in record.clips if clip.clip == THREE).problem


def test_clips_that_name_each_other_block_those_after_them(chain, look, write_clip) -> None:
    write_clip(chain, ONE, inputs={"from_previous": {"frames": 1, "clip": TWO}})
    problems = {clip.clip: clip.problem for clip in look(chain).clips}
    assert f"{TWO} is no earlier clip" in problems[ONE]
    assert problems[TWO].startswith(f"{TWO} continues {ONE}, which cannot be planned: ")
    assert problems[THREE].startswith(f"{THREE} continues {TWO}, which goes back to {ONE}, which cannot be planned: ")


def test_no_clip_goes_on_from_one_that_is_set_aside(chain, resolver, look, write_clip) -> None:
    write_clip(chain, THREE, inputs={"from_previous": {"frames": 1, "clip": TWO}})
    in_this_order(chain, ONE, THREE, FOUR, retired=[TWO])
    problem = f"inputs.from_previous.clip {TWO} is no earlier clip"
    record = look(chain)
    assert record.aside == (TWO,)
    assert problem in next(clip for clip in record.clips if clip.clip == THREE).problem
    with pytest.raises(InvalidRequestError, match=problem):
        resolver(chain).resolve_clip(THREE)


@pytest.mark.parametrize(
    ("clip", "fields", "problem"),
    [
        (ONE, {"inputs": {"from_previous": {}}}, f"{ONE} is the first clip, so there is none to continue from"),
        (TWO, {"inputs": {"from_previous": {"clip": TWO}}}, f"inputs.from_previous.clip {TWO} is no earlier clip"),
        (TWO, {"inputs": {"from_previous": {"clip": THREE}}}, f"inputs.from_previous.clip {THREE} is no earlier clip"),
        (THREE, {"inputs": {"from_previous": {"clip": FOUR}}}, f"inputs.from_previous.clip {FOUR} is no earlier clip"),
        (TWO, {"inputs": {"from_previous": {}}}, f"cannot continue the last 9 frames of {ONE}, which has 8"),
        (TWO, {"inputs": CHAINED, "profile": "slow"}, f"cannot continue {ONE}: that is 128x72 at 8 fps and this 128x72 at 4 fps"),
        (TWO, {"inputs": CHAINED, "profile": "small"}, f"cannot continue {ONE}: that is 128x72 at 8 fps and this 64x64 at 8 fps"),
    ],
    ids=["first", "itself", "each other", "later", "too short", "other rate", "other size"],
)
def test_what_cannot_be_continued_says_why(chain, resolver, look, write_clip, clip, fields, problem) -> None:
    write_clip(chain, clip, **fields)
    with pytest.raises(InvalidRequestError) as caught:
        resolver(chain).resolve_clip(clip)
    assert problem in caught.value.message
    assert next(one.problem for one in look(chain).clips if one.clip == clip) == caught.value.message


def test_a_clip_is_not_resolved_without_the_plan_that_it_needs(chain, resolver) -> None:
    with pytest.raises(InvalidRequestError, match="the plan of the clip that it continues is needed first"):
        resolver(chain).resolve(chain.clip_spec(TWO))


BREAKS = {
    "cannot be planned": (ONE, {"profile": "tinny"}, f"{ONE}, which cannot be planned: {ONE}: render profile 'tinny'"),
    "cannot be read": (ONE, None, f"{ONE}, which cannot be planned: prompts/clips/{ONE}.yaml:2: "),
    "has nothing before it": (ONE, {"inputs": CHAINED}, f"{ONE}, which cannot be planned: {ONE} is the first clip"),
}


@pytest.mark.parametrize(("clip", "fields", "problem"), BREAKS.values(), ids=BREAKS.keys())
def test_a_chain_says_which_clip_of_it_is_to_blame(chain, resolver, look, write_clip, clip, fields, problem) -> None:
    if fields is None:
        chain.clip_spec_path(clip).write_text("version: [\n")
    else:
        write_clip(chain, clip, **fields)
    found = {one.clip: one.problem for one in look(chain).clips}
    assert problem in found[TWO]
    assert found[TWO].startswith(f"{TWO} continues {ONE}, which cannot")
    assert found[THREE].startswith(f"{THREE} continues {TWO}, which goes back to {problem}")
    for clip_id in (TWO, THREE):
        with pytest.raises(InvalidRequestError) as caught:
            resolver(chain).resolve_clip(clip_id)
        assert caught.value.message == found[clip_id]
        assert caught.value.details["blocked_by"] == ONE
    assert [clip.continues for clip in look(chain).clips] == ["", ONE, TWO, ""] if fields != {"inputs": CHAINED} else True


def test_a_clip_that_is_not_there_cannot_be_continued(chain, resolver, look, write_clip) -> None:
    gone = "A01_S01_SH015"
    write_clip(chain, TWO, inputs={"from_previous": {"frames": 1, "clip": gone}})
    with pytest.raises(InvalidRequestError, match=f"{TWO} continues {gone}, which cannot be planned: film has no clip {gone}"):
        resolver(chain).resolve_clip(TWO)
    assert f"{TWO} continues {gone}, which cannot be planned: there is no such clip" in look(chain).clips[1].problem
    with pytest.raises(NotFoundError):
        resolver(chain).resolve_clip(gone)
    write_clip(chain, gone)
    assert look(chain).clips[2].problem == ""


def test_another_profile_holds_for_the_whole_chain(chain, resolver) -> None:
    found = resolver(chain)
    small = found.resolve_clip(THREE, profile="small").plan
    assert small.width == 64
    assert small.previous is not None
    assert small.previous.clip_hash == found.resolve_clip(TWO, profile="small").clip_hash != found.resolve_clip(TWO).clip_hash


def test_a_chain_is_resolved_again_only_where_it_changed(chain, resolver, write_clip, resolved) -> None:
    found = resolver(chain)
    first = found.resolve_clip(THREE)
    assert resolved == [ONE, TWO, THREE]
    assert found.resolve_clip(THREE).plan == first.plan
    assert resolved == [ONE, TWO, THREE, THREE]
    resolved.clear()
    write_clip(chain, ONE, prompt="Rain.")
    assert found.resolve_clip(THREE).clip_hash != first.clip_hash
    assert resolved == [ONE, TWO, THREE]


# -- surveys ------------------------------------------------------------------------------------------------------------------


def test_what_changes_before_makes_what_follows_stale(chain, look, render_all, write_clip) -> None:
    render_all(chain)
    assert {clip.state for clip in look(chain).clips} == {State.RENDERED}
    write_clip(chain, ONE, prompt="Rain.")
    assert [clip.state for clip in look(chain).clips] == [State.STALE, State.STALE, State.STALE, State.RENDERED]
    write_clip(chain, ONE)
    assert {clip.state for clip in look(chain).clips} == {State.RENDERED}


def test_a_survey_remembers_chains_until_something_before_changes(chain, look, write_clip, resolved) -> None:
    first = look(chain)
    assert resolved == [ONE, TWO, THREE, FOUR]
    resolved.clear()
    assert look(chain) == first
    assert resolved == []
    write_clip(chain, TWO, inputs=CHAINED, prompt="Rain.")
    second = hashes(look(chain))
    assert resolved == [TWO, THREE]
    assert [second[clip] == hashes(first)[clip] for clip in (ONE, TWO, THREE, FOUR)] == [True, False, False, True]


def test_a_clip_that_is_put_between_is_the_one_before(chain, look, write_clip, resolved) -> None:
    look(chain)
    resolved.clear()
    write_clip(chain, "A01_S01_SH015")
    assert [clip.continues for clip in look(chain).clips] == ["", "", "A01_S01_SH015", TWO, ""]
    assert resolved == ["A01_S01_SH015", TWO, THREE]


def test_a_first_clip_that_is_no_longer_the_first_is_looked_at_again(make_project, write_clip, look, resolved) -> None:
    project = make_project(clips=())
    write_clip(project, TWO, inputs=CHAINED)
    assert [clip.state for clip in look(project).clips] == [State.BLOCKED]
    resolved.clear()
    write_clip(project, ONE)
    assert [clip.state for clip in look(project).clips] == [State.PLANNED, State.PLANNED]
    chained = look(project).clips[1]
    assert chained.continues == ONE


def test_what_blocks_a_chain_is_remembered_and_mended_at_its_beginning(chain, look, write_clip, resolved) -> None:
    write_clip(chain, ONE, profile="tinny")
    first = look(chain)
    resolved.clear()
    assert look(chain) == first
    assert resolved == []
    write_clip(chain, ONE, profile="tinier")
    assert "'tinier'" in look(chain).clips[2].problem
    write_clip(chain, ONE)
    assert [clip.problem for clip in look(chain).clips] == [""] * 4


def test_a_failure_breaks_the_chain_behind_it(chain, look, engine, workshop) -> None:
    engine.errors[ONE] = RenderError("no ink")
    with workshop() as opened:
        with pytest.raises(RenderError):
            opened.render("film", ONE)
        with pytest.raises(MissingInputError, match=f"{TWO} continues {ONE}, which failed: no ink; render that one first"):
            opened.render("film", TWO)
        with pytest.raises(MissingInputError, match=f"{THREE} continues {TWO}, which has no take of its present plan yet"):
            opened.render("film", THREE)
    record = look(chain)
    assert [clip.state for clip in record.clips] == [State.FAILED, State.BLOCKED, State.BLOCKED, State.PLANNED]
    assert record.clips[1].broken_link == f"continues {ONE}, which failed: no ink"
    assert record.clips[2].broken_link == f"continues {TWO}, which goes back to {ONE}, which failed: no ink"
    assert engine.renders == [ONE]
    alone = [
        step.id for step in plan_project(record, retry_failed=False) if step.stage == Stage.RENDERED_CLIP and not step.waits_for
    ]
    assert alone == [FOUR]


def test_what_is_rendered_stands_although_what_it_continues_failed_since(chain, look, engine, workshop, render_all) -> None:
    render_all(chain)
    for path in (chain.takes_dir / ONE).iterdir():
        path.unlink()
    engine.errors[ONE] = RenderError("no ink")
    with workshop() as opened, pytest.raises(RenderError):
        opened.render("film", ONE)
    assert [clip.state for clip in look(chain).clips] == [State.FAILED, *[State.RENDERED] * 3]


def test_the_end_of_the_take_before_is_handed_to_the_engine(chain, engine, render_all, look) -> None:
    render_all(chain)
    record = hashes(look(chain))
    requests = {request.plan.clip: request for request in engine.requests}
    assert dict(requests[ONE].files) == {}
    assert dict(requests[TWO].files) == {record[ONE]: TakeStore(chain).take_path(ONE, record[ONE])}
    assert requests[THREE].files[record[TWO]].is_file()


def test_long_chains_take_as_long_as_they_are(make_project, write_clip, look, resolver, resolved) -> None:
    project = make_project(clips=(ONE,))
    clips = [ONE, *(f"A01_S01_SH{number:03d}" for number in range(20, 320))]
    for clip in clips[1:]:
        write_clip(project, clip, inputs=CHAINED)
    record = look(project)
    assert (len(resolved), {clip.state for clip in record.clips}) == (len(clips), {State.PLANNED})
    resolved.clear()
    started = time.perf_counter()
    assert look(project) == record
    assert (resolved, time.perf_counter() - started < 1.0) == ([], True)
    found = resolver(project)
    assert found.resolve_clip(clips[-1]).clip_hash == record.clips[-1].clip_hash
    assert resolved == clips
    resolved.clear()
    found.resolve_clip(clips[-1])
    assert resolved == clips[-1:]
    write_clip(project, ONE, profile="tinny")
    last = look(project).clips[-1].problem
    assert len(last) < 400, "a chain is not told clip by clip"


def test_what_goes_on_in_another_profile_says_in_which_one_to_render(chain, workshop) -> None:
    with workshop() as opened:
        opened.render("film", ONE)
        with pytest.raises(MissingInputError) as caught:
            opened.render("film", TWO, profile="small")
    remedy = f"render that one first in profile small (vtx render clip film {ONE} --profile small)"
    assert caught.value.message == f"{TWO} continues {ONE}, which has no take of its present plan yet; {remedy}"


def test_a_clip_that_is_rendered_again_has_those_behind_it_rendered_again(chain, engine, workshop, look, render_all) -> None:
    render_all(chain)
    chain.film_path.parent.mkdir(parents=True, exist_ok=True)
    sidecar_of(chain.film_path).write_text("{}")
    assert look(chain) == look(chain)
    with workshop() as opened:
        opened.render("film", ONE, force=True)
        record = look(chain)
        assert [(clip.state, clip.reason) for clip in record.clips] == [
            (State.RENDERED, ""),
            (State.STALE, f"{ONE} was rendered again"),
            (State.STALE, f"{TWO} is to be rendered again"),
            (State.RENDERED, ""),
        ]
        assert not any(clip.has_take or clip.is_damaged or clip.has_other_plan for clip in record.clips[1:3])
        assert [step.id for step in plan_project(record) if step.stage == Stage.RENDERED_CLIP] == [TWO, THREE]
        assert [opened.render("film", clip).was_reused for clip in (TWO, THREE, FOUR)] == [False, False, True]
    assert engine.renders == [ONE, TWO, THREE, FOUR, ONE, TWO, THREE]
    assert {clip.reason for clip in look(chain).clips} == {""}
    assert not sidecar_of(chain.film_path).exists(), "it holds the takes that were replaced"


def test_takes_that_do_not_say_what_they_go_on_from_stay(chain, look, render_all, workshop) -> None:
    render_all(chain)
    take = TakeStore(chain).find(TWO, look(chain).clips[1].clip_hash)
    assert take is not None
    for path in (take.sidecar_path, chain.current_path(TWO).with_suffix(".render.json")):
        facts = json.loads(path.read_text())
        path.write_text(json.dumps(facts | {"previous_sha256": ""}))
    with workshop() as opened:
        opened.render("film", ONE, force=True)
        assert {clip.state for clip in look(chain).clips} == {State.RENDERED}
        assert opened.render("film", TWO).was_reused


def test_sidecars_of_chains_are_read_once(chain, look, render_all, monkeypatch) -> None:
    monkeypatch.setattr(survey_module, "SETTLED_NS", -(10**12))
    render_all(chain)
    look(chain)
    read: list[str] = []
    find = TakeStore.find
    monkeypatch.setattr(TakeStore, "find", lambda store, clip, clip_hash: read.append(clip) or find(store, clip, clip_hash))
    assert {clip.state for clip in look(chain).clips} == {State.RENDERED}
    assert read == []


def test_a_take_that_is_replaced_while_its_end_is_looked_at(chain, engine, workshop, look) -> None:
    with workshop() as opened, workshop() as other:
        opened.render("film", ONE)

        def hook(request) -> None:
            if request.plan.clip == TWO:
                engine.render_hook = lambda _request: None
                other.render("film", ONE, force=True)

        engine.render_hook = hook
        with pytest.raises(ChangedInputError, match=f"{TWO}: .*{ONE}.* changed while the clip was rendered"):
            opened.render("film", TWO)
        assert look(chain).clips[1].state == State.PLANNED
        opened.render("film", TWO)
    assert look(chain).clips[1].state == State.RENDERED


def test_a_clip_that_is_rendered_anew_breaks_no_chain(chain, look, engine, workshop) -> None:
    engine.errors[ONE] = RenderError("no ink")
    with workshop() as opened, pytest.raises(RenderError):
        opened.render("film", ONE)
    assert [clip.state for clip in look(chain).clips[:3]] == [State.FAILED, State.BLOCKED, State.BLOCKED]
    with clip_lock(chain, ONE):
        assert [clip.state for clip in look(chain).clips[:3]] == [State.RENDERING, State.PLANNED, State.PLANNED]


# -- batches ------------------------------------------------------------------------------------------------------------------


def test_a_batch_knows_what_must_come_before_and_what_shares_a_model(chain, workshop, write_clip, engine) -> None:
    engine.concurrency = 2
    write_clip(chain, FOUR, pipeline="distilled")
    with workshop() as opened:
        batch = opened.batch({f"key of {clip}": ("film", clip) for clip in (FOUR, THREE, TWO)})
        links = [(item.key, item.after) for item in batch.items]
        assert links == [(f"key of {TWO}", ""), (f"key of {THREE}", f"key of {TWO}"), (f"key of {FOUR}", "")]
        kinds = [item.affinity for item in batch.items]
        assert (kinds[0] == kinds[1], kinds[1] == kinds[2], batch.num_lanes) == (True, False, 2)
        chain.clip_spec_path(ONE).write_text("version: [\n")
        broken = opened.batch({"a": ("film", ONE), "b": ("film", TWO), "c": ("film", FOUR)})
        assert [(item.key, item.after) for item in broken.items] == [("a", ""), ("b", ""), ("c", "")]


def test_a_batch_that_is_called_off_waits_for_nobody_s_lock(chain, workshop, engine) -> None:
    engine.concurrency = 2
    keys = {clip: ("film", clip) for clip in (ONE, FOUR)}
    with clip_lock(chain, FOUR), workshop() as opened:
        lanes = Lanes(opened.batch(keys), lambda clip, watch: opened.render("film", clip, cancelled=watch.cancelled))
        key, finish = next(iter(lanes))
        assert (key, finish().was_reused) == (ONE, False)
        started = time.monotonic()
        assert list(lanes.stop(timeout_s=20.0)) == []
        assert time.monotonic() - started < 5.0


def test_an_engine_for_one_renders_one_at_a_time_whoever_asks(chain, workshop, engine) -> None:
    at_work, most, lock = 0, 0, threading.Lock()

    def hook(_request) -> None:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        time.sleep(0.02)
        with lock:
            at_work -= 1

    engine.render_hook = hook
    with workshop() as opened:
        threads = [threading.Thread(target=opened.render, args=("film", clip)) for clip in (ONE, FOUR)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (sorted(engine.renders), most, engine.num_sessions) == ([ONE, FOUR], 1, 1)
