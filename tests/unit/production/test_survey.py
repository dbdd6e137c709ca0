import gc
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from vtx_dagster.core.errors import InvalidFileError, MissingSettingError, RenderError, StorageError
from vtx_dagster.core.planner import Stage, State, Work, plan_project, plan_studio
from vtx_dagster.engines.breakdown.writer import BreakdownWriter
from vtx_dagster.production import survey as survey_module
from vtx_dagster.production.resolve import Resolver
from vtx_dagster.production.survey import survey, survey_studio
from vtx_dagster.studio.locks import clip_lock

ONE, TWO, THREE = "A01_S01_SH010", "A01_S01_SH020", "A02_S01_SH010"


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


def states(record) -> dict[str, State]:
    return {clip.clip: clip.state for clip in record.clips}


def steps(record) -> list[tuple[Stage, str, Work]]:
    return [(step.stage, step.id, step.work) for step in plan_project(record)]


def test_a_clip_goes_through_its_states(make_project, write_clip, look, workshop, engine) -> None:
    project = make_project(clips=(ONE,))
    (planned,) = look(project).clips
    assert (planned.state, planned.content_frames) == (State.PLANNED, 8)

    with clip_lock(project, ONE):
        assert states(look(project)) == {ONE: State.RENDERING}

    engine.errors[ONE] = RenderError("out of ink")
    with workshop() as opened, pytest.raises(RenderError):
        opened.render("film", ONE)
    (failed,) = look(project).clips
    assert (failed.state, failed.failure) == (State.FAILED, "out of ink")

    engine.errors.clear()
    with workshop() as opened:
        opened.render("film", ONE)
    (rendered,) = look(project).clips
    assert (rendered.state, rendered.is_current, rendered.shown_hash, rendered.failure) == (State.RENDERED, True, "", "")

    write_clip(project, ONE, prompt="Rain.")
    (stale,) = look(project).clips
    assert (stale.state, stale.shown_hash) == (State.STALE, rendered.clip_hash)

    write_clip(project, ONE)
    (again,) = look(project).clips
    assert (again.state, again.is_current) == (State.RENDERED, True)


def test_a_damaged_take_is_rendered_again_and_a_killed_render_is_no_damage(make_project, look, render_all) -> None:
    project = make_project(clips=(ONE,))
    render_all(project)
    with project.current_path(ONE).open("r+b") as shown:
        shown.truncate(3)
    (damaged,) = look(project).clips
    assert (damaged.state, damaged.is_damaged, damaged.has_take) == (State.STALE, True, False)
    step, _film = plan_project(look(project))
    assert (step.work, step.reason) == (Work.RENDER, damaged.reason)

    for sidecar in project.takes_dir.glob("*/*.render.json"):
        sidecar.unlink()
    (killed,) = look(project).clips
    assert (killed.state, killed.is_damaged) == (State.PLANNED, False)

    render_all(project)
    assert look(project).clips[0].is_current


def test_going_back_finds_the_old_take(make_project, write_clip, look, render_all, workshop, engine) -> None:
    project = make_project(clips=(ONE,))
    render_all(project)
    write_clip(project, ONE, prompt="Rain.")
    render_all(project)
    write_clip(project, ONE)
    (clip,) = look(project).clips
    assert (clip.state, clip.is_current, bool(clip.shown_hash)) == (State.RENDERED, False, True)
    assert steps(look(project))[0] == (Stage.RENDERED_CLIP, ONE, Work.REUSE)
    with workshop() as opened:
        assert opened.render("film", ONE).was_reused
    assert engine.renders == [ONE, ONE]
    assert look(project).clips[0].is_current


def test_a_clip_that_cannot_be_planned_says_why_and_stops_no_other(make_project, write_clip, look, render_all) -> None:
    project = make_project()
    write_clip(project, ONE, inputs={"mode": "i2v", "images": [{"file": "inputs/no.png"}]})
    project.clip_spec_path(TWO).write_text(f"version: 1\nid: {TWO}\nprmpt: typo\n")
    record = look(project)
    assert states(record) == {ONE: State.BLOCKED, TWO: State.BLOCKED, THREE: State.PLANNED}
    assert "inputs/no.png is missing" in record.clips[0].problem
    assert f"prompts/clips/{TWO}.yaml:3: " in record.clips[1].problem
    assert [entry.clip for entry in record.lineup.entries] == [THREE]
    waiting = {step.id: step.waits_for for step in plan_project(record)}
    assert waiting[ONE] == record.clips[0].problem
    assert waiting[""] == f"blocked clips: {ONE}, {TWO}"


def test_clips_of_two_rates_cannot_be_one_film(make_project, write_clip, look) -> None:
    project = make_project()
    write_clip(project, TWO, profile="slow")
    record = look(project)
    assert record.lineup is None
    assert TWO in record.lineup_problem
    assert record.fps == 1
    last = list(plan_project(record))[-1]
    assert (last.stage, last.waits_for) == (Stage.FILM, record.lineup_problem)


def test_folders_that_are_not_there_hold_nothing(make_project, look) -> None:
    project = make_project(clips=(ONE,))
    shutil.rmtree(project.root / "renders")
    assert states(look(project)) == {ONE: State.PLANNED}


def test_a_project_without_clips(make_project, look) -> None:
    record = look(make_project(clips=(), automation={"render": False, "assemble": False}))
    assert (record.clips, record.lineup, record.lineup_problem, record.acts) == ((), None, "", ())
    assert (record.may_render, record.may_assemble) == (False, False)
    assert steps(record) == []


def test_acts_are_looked_at_where_the_film_is_produced_in_acts(make_project, look, studio) -> None:
    record = look(make_project("whole"))
    assert (record.produces_in_acts, record.acts) == (False, ())
    record = look(make_project("in_acts", produce_in_acts=True))
    assert [act for act, _ in record.acts] == ["A01", "A02"]
    assert [(stage, id_) for stage, id_, work in steps(record) if work == Work.ASSEMBLE] == [
        (Stage.ACT, "A01"),
        (Stage.ACT, "A02"),
        (Stage.FILM, ""),
    ]


def test_editing_one_clip_makes_it_its_act_and_the_film_due(make_project, write_clip, look, render_all, media) -> None:
    from vtx_dagster.production.cut import assemble

    project = make_project(produce_in_acts=True)
    render_all(project)
    for act in ("A01", "A02", ""):
        assemble(project, lambda: look(project), media=media, act=act)
    assert steps(look(project)) == []
    write_clip(project, TWO, prompt="Rain.")
    assert steps(look(project)) == [
        (Stage.RENDERED_CLIP, TWO, Work.RENDER),
        (Stage.ACT, "A01", Work.ASSEMBLE),
        (Stage.FILM, "", Work.ASSEMBLE),
    ]
    write_clip(project, TWO)
    assert steps(look(project)) == []


def test_editing_a_character_makes_exactly_their_clips_due(make_project, write_clip, write_bible, look, render_all) -> None:
    project = make_project()
    write_bible(project, "characters", characters={"mara": {"name": "Mara"}, "tom": {"name": "Tom"}})
    write_clip(project, ONE, characters=["mara"])
    write_clip(project, TWO, characters=["tom"])
    write_clip(project, THREE, dialogue=[{"character": "mara", "text": "Yes."}])
    render_all(project)
    people = {"mara": {"name": "Mara", "descriptor": "tall, grey-haired"}, "tom": {"name": "Tom"}}
    write_bible(project, "characters", characters=people)
    assert states(look(project)) == {ONE: State.STALE, TWO: State.RENDERED, THREE: State.STALE}


# -- the memory ---------------------------------------------------------------------------------------------------------------


def test_what_was_found_is_found_again_without_looking(make_project, look, render_all, resolved: list[str]) -> None:
    project = make_project()
    first = look(project)
    assert resolved == [ONE, TWO, THREE]
    memory = project.root / "renders/.survey.json"
    written = memory.stat().st_mtime_ns
    resolved.clear()
    assert look(project) == first
    assert resolved == []
    assert memory.stat().st_mtime_ns == written, "nothing changed, so nothing is written"
    render_all(project)
    resolved.clear()
    after = look(project)
    assert set(states(after).values()) == {State.RENDERED}
    assert look(project) == after
    assert resolved == []


def test_a_young_file_is_not_remembered(make_project, write_clip, look, resolved: list[str], monkeypatch) -> None:
    monkeypatch.setattr(survey_module, "SETTLED_NS", 10**12)
    project = make_project()
    look(project)
    look(project)
    assert resolved == [ONE, TWO, THREE] * 2


def test_an_edited_or_new_clip_is_looked_at_and_a_removed_one_forgotten(make_project, write_clip, look, resolved) -> None:
    project = make_project()
    look(project)
    resolved.clear()
    write_clip(project, TWO, prompt="Rain.")
    write_clip(project, "A01_S02_SH010")
    project.clip_spec_path(THREE).unlink()
    assert list(states(look(project))) == [ONE, TWO, "A01_S02_SH010"]
    assert resolved == [TWO, "A01_S02_SH010"]
    assert THREE not in json.loads((project.root / "renders/.survey.json").read_text())["clips"]


@pytest.mark.parametrize("change", ["bible", "metadata", "setting", "engine", "draws", "lora setting"])
def test_what_all_clips_share_empties_the_memory(
    make_project, write_bible, write_metadata, look, engine, resolved, studio, change: str
) -> None:
    project = make_project()
    (project.root / "a.bin").write_text("a")
    (project.root / "b.bin").write_text("b")
    env = project.env_path
    env.write_text(f"LORA={project.root}/a.bin\n")
    write_bible(project, "loras", bundles={"core": {"loras": [{"env_path": "LORA"}]}})
    look(studio.project("film"))
    resolved.clear()
    match change:
        case "bible":
            write_bible(project, "locations", locations={"pier": {"name": "Pier"}})
        case "metadata":
            write_metadata(project, title="Another")
        case "setting":
            env.write_text(f"LORA={project.root}/a.bin\nLTX_MAX_FRAMES=9\n")
        case "engine":
            engine.version = "2"
        case "draws":
            engine.draws = True
        case "lora setting":
            env.write_text(f"LORA={project.root}/b.bin\n")
    look(studio.project("film"))
    assert resolved == [ONE, TWO, THREE]


def test_an_input_that_changed_or_went_is_seen(make_project, write_clip, look, resolved) -> None:
    project = make_project(clips=(TWO,))
    still = project.inputs_dir / "still.png"
    still.write_text("one")
    write_clip(project, ONE, inputs={"mode": "i2v", "images": [{"file": "inputs/still.png"}]})
    before = look(project).clips[0].clip_hash
    resolved.clear()
    still.unlink()
    still.write_text("two")
    changed = look(project).clips[0].clip_hash
    assert changed != before
    still.unlink()
    assert states(look(project))[ONE] == State.BLOCKED
    still.write_text("one")
    assert look(project).clips[0].clip_hash == before
    assert set(resolved) == {ONE}


def test_of_two_files_with_equal_content_either_may_change(make_project, write_clip, look, resolved) -> None:
    project = make_project(clips=(TWO,))
    images = [{"file": "inputs/a.png"}, {"file": "inputs/b.png", "at_s": 0.5}]
    stills = [project.inputs_dir / name for name in ("a.png", "b.png")]
    write_clip(project, ONE, inputs={"mode": "keyframe_interpolation", "images": images})
    hashes = set()
    for changed in stills:
        for still in stills:
            still.write_text("same")
        hashes.add(look(project).clips[0].clip_hash)
        changed.unlink()
        changed.write_text("else")
        hashes.add(look(project).clips[0].clip_hash)
    assert len(hashes) == 3


def test_a_blocked_clip_is_remembered_until_what_blocks_it_changes(
    make_project, write_clip, write_bible, look, resolved, studio
) -> None:
    project = make_project(clips=())
    still, lora = project.inputs_dir / "no.png", studio.root / "no.bin"
    write_clip(project, ONE, inputs={"mode": "i2v", "images": [{"file": "inputs/no.png"}]})
    write_clip(project, TWO, lora_bundle="core")
    project.clip_spec_path(THREE).write_text(f"version: 1\nid: {THREE}\nprmpt: typo\n")
    write_bible(project, "loras", bundles={"core": {"loras": [{"env_path": "LORA"}]}})

    def problems() -> dict[str, str]:
        resolved.clear()
        return {clip.clip: clip.problem for clip in look(studio.project("film")).clips}

    first = problems()
    assert ("inputs/no.png" in first[ONE], "LORA is not set" in first[TWO], "prmpt" in first[THREE]) == (True, True, True)
    assert resolved == [ONE, TWO]
    assert problems() == first
    assert resolved == []

    still.write_text("here")
    write_clip(project, THREE)
    assert problems() == {ONE: "", TWO: first[TWO], THREE: ""}
    assert resolved == [ONE, THREE]

    project.env_path.write_text("LORA=no.bin\n")
    second = problems()
    assert str(lora) in second[TWO]
    assert problems() == second
    assert resolved == []

    lora.write_text("here")
    assert set(problems().values()) == {""}
    assert resolved == [TWO]


def test_a_link_that_leads_out_and_a_disk_that_refuses_are_looked_at_again(make_project, write_clip, look, resolved) -> None:
    project = make_project(clips=())
    outside = project.root.parent.parent / "outside.png"
    outside.write_text("out")
    for clip, name, target in ((ONE, "link.png", outside), (TWO, "loop.png", "loop.png")):
        (project.inputs_dir / name).symlink_to(target)
        write_clip(project, clip, inputs={"mode": "i2v", "images": [{"file": f"inputs/{name}"}]})
    record = look(project)
    assert "leads out of the project" in record.clips[0].problem
    assert "loop.png" in record.clips[1].problem
    (project.inputs_dir / "link.png").unlink()
    outside.rename(project.inputs_dir / "link.png")
    assert states(look(project)) == {ONE: State.PLANNED, TWO: State.BLOCKED}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"context": 1}',
        b"\xff\xfe",
        b'{"clips": [], "context": "CONTEXT"}',
        b'{"clips": {"A01_S01_SH010": [1]}, "context": "CONTEXT"}',
        b'{"clips": {"A01_S01_SH010": [[1, 2], {}, "no"]}, "context": "CONTEXT"}',
    ],
    ids=["empty", "cut", "list", "half", "binary", "clips as list", "short row", "short identity"],
)
def test_a_damaged_memory_is_made_anew(make_project, look, resolved, content: bytes) -> None:
    project = make_project()
    first = look(project)
    memory = project.root / "renders/.survey.json"
    context = json.loads(memory.read_text())["context"]
    memory.write_bytes(content.replace(b"CONTEXT", context.encode()))
    resolved.clear()
    assert look(project) == first
    assert resolved == [ONE, TWO, THREE]
    resolved.clear()
    look(project)
    assert resolved == []


def test_a_clip_that_was_half_shown_is_shown_again(make_project, look, render_all, engine, resolved) -> None:
    project = make_project(clips=(ONE,))
    render_all(project)
    look(project)
    sidecar = project.current_path(ONE).with_suffix(".render.json")
    sidecar.unlink()
    assert steps(look(project))[0] == (Stage.RENDERED_CLIP, ONE, Work.REUSE)
    render_all(project)
    assert sidecar.exists()
    assert look(project).clips[0].is_current
    assert engine.renders == [ONE]


def test_a_take_that_was_damaged_or_removed_is_missed(make_project, look, render_all, resolved) -> None:
    project = make_project()
    render_all(project)
    look(project)
    damages = {
        ONE: Path.unlink,
        TWO: lambda path: path.write_text("cut"),
        THREE: lambda path: path.with_suffix(".render.json").unlink(),
    }
    for clip, damage in damages.items():
        (take,) = (project.takes_dir / clip).glob("*.mp4")
        damage(take)
    assert State.RENDERED not in states(look(project)).values()


def test_a_survey_only_reads_so_a_disk_that_cannot_be_written_is_no_problem(
    make_project, look, caplog, resolved, monkeypatch
) -> None:
    project = make_project()

    def refuse(path, data):
        raise StorageError(f"cannot write {path}: the disk is read-only")

    monkeypatch.setattr(survey_module, "write_atomic", refuse)
    assert states(look(project)) == dict.fromkeys((ONE, TWO, THREE), State.PLANNED)
    assert "cannot write" in caplog.text


# -- many projects ------------------------------------------------------------------------------------------------------------


def test_a_broken_project_stops_no_other(make_project, studio, engine) -> None:
    make_project("whole")
    for slug in ("bad_yaml", "loop", "bad_settings", "bad_take_folder", "bad_memory"):
        make_project(slug)
    (studio.project("bad_memory").root / "renders/.survey.json").mkdir()
    studio.project("bad_yaml").characters_path.write_text("characters:\n  mara:\n    age: old\n")
    studio.project("bad_settings").env_path.write_text("LTX_MAX_FRAMES=few\n")
    spec = studio.project("loop").clip_spec_path(ONE)
    spec.unlink()
    spec.symlink_to(spec)
    studio.project("bad_take_folder").takes_dir.rmdir()
    studio.project("bad_take_folder").takes_dir.write_text("not a folder")
    found = {record.project: record for record in survey_studio(studio, engine_for=lambda *_: engine)}
    assert list(found) == ["bad_memory", "bad_settings", "bad_take_folder", "bad_yaml", "loop", "whole"]
    assert "prompts/characters.yaml:3: characters.mara.age: " in found["bad_yaml"].problem
    assert "LTX_MAX_FRAMES" in found["bad_settings"].problem
    assert "takes" in found["bad_take_folder"].problem
    assert ".survey.json" in found["bad_memory"].problem
    assert states(found["loop"]) == {ONE: State.BLOCKED, TWO: State.PLANNED, THREE: State.PLANNED}
    assert (found["whole"].problem, len(found["whole"].clips)) == ("", 3)
    order = [step.project for step in plan_studio(reversed(found.values())) if step.stage == Stage.FILM]
    assert order == ["loop", "whole"]


def test_only_the_projects_that_are_asked_for(make_project, studio, engine) -> None:
    for slug in ("a", "b", "c"):
        make_project(slug, clips=())
    found = list(
        survey_studio(studio, engine_for=lambda *_: engine, writer_for=lambda _: BreakdownWriter(), only=["c", "a", "no"])
    )
    assert [record.project for record in found] == ["a", "c", "no"]
    assert "there is no project 'no'" in found[2].problem


def test_a_survey_of_one_broken_project_raises(make_project, engine) -> None:
    project = make_project()
    project.metadata_path.write_text("title: [1\n")
    with pytest.raises(InvalidFileError, match=r"metadata\.yaml:"):
        survey(project, engine_for=lambda *_: engine)


def test_a_lock_of_a_dead_process_is_no_rendering(make_project, look) -> None:
    project = make_project(clips=(ONE,))
    script = (
        "import os,sys; from pathlib import Path\n"
        "from vtx_dagster.studio.project import Studio; from vtx_dagster.studio.locks import clip_lock\n"
        "project = Studio.open(Path(sys.argv[1]), {}).project('film')\n"
        "with clip_lock(project, sys.argv[2]): os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(project.studio.root), ONE], env=dict(os.environ), check=False)
    assert (project.locks_dir / f"{ONE}.lock").exists()
    assert states(look(project)) == {ONE: State.PLANNED}


def test_a_survey_leaves_the_collector_as_it_was(studio, make_project, engine) -> None:
    make_project("film", clips=("A01_S01_SH010",))
    gc.disable()
    try:
        list(survey_studio(studio, engine_for=lambda *_: engine))
        assert not gc.isenabled()
    finally:
        gc.enable()
    list(survey_studio(studio, engine_for=lambda *_: engine))
    assert gc.isenabled()


def test_an_engine_that_only_a_profile_names_blocks_its_own_clips(make_project, write_clip, engine, resolved) -> None:
    profiles = {
        "tiny": {"width": 128, "height": 72, "fps": 8},
        "fine": {"width": 128, "height": 72, "fps": 8, "engine": "theirs"},
    }
    project = make_project(render={"profiles": profiles})
    write_clip(project, TWO, profile="fine")
    is_there = False

    def engine_for(_project, name: str):
        if name and not is_there:
            raise MissingSettingError(f"{name} is not installed")
        return engine

    first = survey(project, engine_for=engine_for)
    assert [clip.problem for clip in first.clips] == ["", "theirs is not installed", ""]
    resolved.clear()
    assert survey(project, engine_for=engine_for) == first
    assert resolved == []
    is_there = True
    assert [clip.problem for clip in survey(project, engine_for=engine_for).clips] == [""] * 3
    resolved.clear()
    engine.key = "other models"
    survey(project, engine_for=engine_for)
    assert resolved == [ONE, TWO, THREE], "what an engine accepts may be another now"
