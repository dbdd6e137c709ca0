import re
from collections.abc import Callable

import pytest

from vtx_dagster.core.errors import InvalidFileError, NotFoundError
from vtx_dagster.core.ids import FilmId
from vtx_dagster.core.planner import Stage
from vtx_dagster.core.shotlist import Shotlist
from vtx_dagster.engines.breakdown.writer import BreakdownWriter
from vtx_dagster.production.story import StoryDesk, bible_hash, brief_hash
from vtx_dagster.studio.demo import add_demo
from vtx_dagster.studio.documents import dump_document, load_document
from vtx_dagster.studio.files import write_atomic
from vtx_dagster.studio.project import Project

STAGES = BreakdownWriter().stages

FOUNTAIN = """# One

INT. KITCHEN - DAY

MARA pours tea.

MARA
It is late.

EXT. PIER - NIGHT

Waves. TOM waits.

# Two

EXT. PIER - DAY

MARA finds TOM's hat.
"""


def desk(project: Project) -> StoryDesk:
    return StoryDesk(project, BreakdownWriter())


def write_story(project: Project) -> StoryDesk:
    found = desk(project)
    for stage in STAGES:
        found.run(stage)
    return found


def due(project: Project) -> dict[str, str]:
    """Return the stages that are not current, with the reasons."""
    return {record.stage.value: record.reason for record in desk(project).records() if not record.is_current}


@pytest.fixture
def film(make_project) -> Project:
    """A project with a screenplay of two acts and three scenes."""
    project = make_project(clips=())
    (project.source_dir / "film.fountain").write_text(FOUNTAIN)
    return project


@pytest.fixture
def written(film: Project) -> Project:
    write_story(film)
    return film


def scenes(project: Project) -> list[str]:
    return sorted(path.name for path in project.scenes_dir.iterdir())


# -- the whole way ------------------------------------------------------------------------------------------------------------


def test_the_demo_is_broken_down_whole(studio) -> None:
    demo = add_demo(studio)
    assert due(demo) == dict.fromkeys(("outline", "treatment", "screenplay", "shotlist"), "not written yet")
    found = desk(demo)
    done = [found.run(stage) for stage in STAGES]
    shotlist = done[-1]
    assert shotlist.coverage is not None
    assert shotlist.coverage.problems == ()
    assert shotlist.coverage.num_shots == len(demo.clip_ids())
    assert 12 <= len(demo.clip_ids()) <= 18
    assert [stage.kept for stage in done] == [()] * 4
    assert due(demo) == {}
    for stage, result in zip(STAGES, done, strict=True):
        again = found.run(stage)
        assert (again.written, again.content_hash) == ((), result.content_hash), f"{stage} again writes nothing"
        assert found.read(stage).content_hash == result.content_hash


def test_a_brief_is_enough(make_project) -> None:
    project = make_project(clips=())
    assert desk(project).records() == (), "the template's brief has no words of its own"
    project.brief_path.write_text("# Film\n\n## INT. KITCHEN - DAY\n\nMara pours tea.\n")
    assert set(due(project)) == {"outline", "treatment", "screenplay", "shotlist"}
    write_story(project)
    assert len(project.clip_ids()) >= 1
    assert due(project) == {}


def test_without_any_story_each_stage_says_what_to_run(make_project) -> None:
    project = make_project(clips=())
    found = desk(project)
    with pytest.raises(InvalidFileError, match="nothing to break down"):
        found.run(Stage.OUTLINE)
    for stage, command in ((Stage.TREATMENT, "outline"), (Stage.SCREENPLAY, "treatment"), (Stage.SHOTLIST, "outline")):
        with pytest.raises(NotFoundError, match=f"is missing: run `vtx story {command} film` first"):
            found.run(stage)
    with pytest.raises(NotFoundError, match="run `vtx story shotlist film` first"):
        found.write_clips()
    project.outline_path.write_text("version: 1\ntitle: Film\n")
    with pytest.raises(NotFoundError, match=r"03_screenplay has no scene files: run `vtx story screenplay film` first"):
        found.run(Stage.SHOTLIST)


# -- what a person wrote ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", STAGES)
def test_a_file_that_was_edited_is_kept_and_overwritten_when_asked(written: Project, stage: Stage) -> None:
    files = {
        Stage.OUTLINE: written.outline_path,
        Stage.TREATMENT: written.treatment_path,
        Stage.SCREENPLAY: written.scenes_dir / scenes(written)[0],
        Stage.SHOTLIST: written.shotlist_path,
    }
    path = files[stage]
    generated = path.read_text()
    edited = generated + ("# mine\n" if path.suffix == ".yaml" else "\nMine.\n")
    path.write_text(edited)
    kept = desk(written).run(stage)
    assert kept.kept == (path,)
    assert path.read_text() == edited
    assert any(f"{path.relative_to(written.root)} was written or edited by hand and is kept" in note for note in kept.notes)
    replaced = desk(written).run(stage, overwrite=True)
    assert path in replaced.written
    assert replaced.kept == ()
    if stage != Stage.SHOTLIST:
        assert path.read_text() == generated


def test_an_edited_clip_spec_is_kept_and_a_generated_one_follows(written: Project) -> None:
    first, second, *_ = written.clip_ids()
    mine = written.clip_spec_path(first)
    mine.write_text(mine.read_text() + "seed: 7\n")
    before = written.clip_spec_path(second).read_text()
    shotlist = load_document(written.shotlist_path, Shotlist)
    shots = tuple(shot.model_copy(update={"lens_mm": 85}) for shot in shotlist.shots)
    written.shotlist_path.write_text(dump_document(shotlist.model_copy(update={"shots": shots})))
    assert due(written)["shotlist"] == "the shotlist changed since the clip specs were written"
    done = desk(written).write_clips()
    assert mine in done.kept
    assert written.clip_spec(first).seed == 7
    assert written.clip_spec_path(second).read_text() != before
    assert written.clip_spec(second).camera.lens_mm == 85
    assert due(written) == {}
    desk(written).write_clips(overwrite=True)
    assert written.clip_spec(first).seed is None


def test_specs_of_shots_that_are_gone_are_removed_unless_edited(written: Project) -> None:
    first, second, third, *_ = written.clip_ids()
    edited = written.clip_spec_path(second)
    edited.write_text(edited.read_text() + "seed: 7\n")
    shotlist = load_document(written.shotlist_path, Shotlist)
    left = tuple(shot for shot in shotlist.shots if shot.id not in (first, second))
    written.shotlist_path.write_text(dump_document(shotlist.model_copy(update={"shots": left})))
    done = desk(written).write_clips()
    assert written.clip_spec_path(first) in done.written
    assert edited in done.kept
    assert any("is in no shotlist, but in the film" in note for note in done.notes)
    assert (first in written.clip_ids(), second in written.clip_ids(), third in written.clip_ids()) == (False, True, True)


def test_a_shotlist_written_by_hand_is_all_it_takes(make_project) -> None:
    project = make_project(clips=())
    project.shotlist_path.write_text("version: 1\nshots:\n- {id: A01_S01_SH010, scene: A01_S01, action: A door.}\n")
    assert due(project) == {"shotlist": "the shotlist changed since the clip specs were written"}
    done = desk(project).write_clips()
    assert project.clip_ids() == ("A01_S01_SH010",)
    assert done.written == (project.clip_spec_path("A01_S01_SH010"),)
    assert due(project) == {}
    assert desk(project).read(Stage.SHOTLIST).text.splitlines()[-1] == "| A01_S01_SH010 | MS | static | 35 mm |  | A door. |"


def test_stubs_are_added_to_the_bible_and_nothing_there_is_changed(film: Project) -> None:
    film.characters_path.write_text("# my people\ncharacters:\n  mara: {name: Mara, age: 61}\n")
    found = write_story(film)
    text = film.characters_path.read_text()
    assert text.startswith("# my people\ncharacters:\n  mara: {name: Mara, age: 61}\n")
    assert film.bible().characters.characters["mara"].stub is False
    assert {key for key, place in film.bible().locations.locations.items() if place.stub} >= {"kitchen", "pier"}
    assert due(film) == {}, "the stubs that a stage adds do not make it due"
    assert not any("to be filled in" in note for note in found.run(Stage.SHOTLIST).notes)


# -- parts --------------------------------------------------------------------------------------------------------------------


def test_only_a_scene_or_an_act(written: Project) -> None:
    names = scenes(written)
    first, last = written.scenes_dir / names[0], written.scenes_dir / names[-1]
    for path in (first, last):
        path.write_text(path.read_text() + "\nA bell.\n")
    done = desk(written).run(Stage.SCREENPLAY, only=FilmId.parse("A02"), overwrite=True)
    assert done.written == (last,)
    assert "A bell." in first.read_text()

    before = load_document(written.shotlist_path, Shotlist).shots
    last.write_text(last.read_text() + "\nA second bell.\n")
    desk(written).run(Stage.SHOTLIST, only=FilmId.parse("A01_S01"))
    after = load_document(written.shotlist_path, Shotlist).shots
    assert [shot for shot in after if shot.scene != "A01_S01"] == [shot for shot in before if shot.scene != "A01_S01"]
    assert any("A bell." in shot.action for shot in after if shot.scene == "A01_S01")
    assert "shotlist" in due(written), "a part alone does not make the stage current"
    desk(written).run(Stage.SHOTLIST)
    assert any("A second bell." in shot.action for shot in load_document(written.shotlist_path, Shotlist).shots)

    gone = written.clip_spec_path(written.clip_ids()[0])
    gone.unlink()
    other = written.clip_spec_path(written.clip_ids()[-1])
    other.unlink()
    assert desk(written).write_clips(only=FilmId.parse("A01")).written == (gone,)


def test_scenes_that_are_gone_or_renamed_lose_their_files_unless_edited(written: Project) -> None:
    first, second, third = (written.scenes_dir / name for name in scenes(written))
    third.write_text(third.read_text() + "\nMine.\n")
    source = written.source_dir / "film.fountain"
    source.write_text(FOUNTAIN[: FOUNTAIN.index("# Two")].replace("INT. KITCHEN", "INT. OLD KITCHEN"))
    found = desk(written)
    found.run(Stage.OUTLINE)
    found.run(Stage.TREATMENT)
    done = found.run(Stage.SCREENPLAY)
    assert first in done.written
    assert not first.exists()
    assert third in done.kept
    assert third.exists()
    assert any("old_kitchen" in name for name in scenes(written))
    assert second.exists()


# -- what is current ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edit", "stages"),
    [
        (lambda p: write_atomic(p.source_dir / "film.fountain", FOUNTAIN + "\nRain.\n"), {"outline", "screenplay"}),
        (lambda p: write_atomic(p.brief_path, "A new brief."), {"outline"}),
        (
            lambda p: write_atomic(p.outline_path, p.outline_path.read_text() + "# mine\n"),
            {"treatment", "screenplay", "shotlist"},
        ),
        (lambda p: write_atomic(p.treatment_path, "Mine."), {"screenplay"}),
        (lambda p: write_atomic(p.scenes_dir / scenes(p)[0], "INT. KITCHEN - DAY\n\nTea.\n"), {"shotlist"}),
        (lambda p: write_atomic(p.shotlist_path, "version: 1\n"), {"shotlist"}),
        (lambda p: p.characters_path.write_text("characters: {mara: {name: Mara Voss}}\n"), {"shotlist"}),
        (lambda p: p.treatment_path.unlink(), {"treatment", "screenplay"}),
        (lambda p: (p.story_dir / ".stages.json").unlink(), {"shotlist"}),
        (lambda p: (p.story_dir / ".stages.json").write_text("{"), {"shotlist"}),
        (lambda p: (p.story_dir / ".stages.json").write_text("[]"), {"shotlist"}),
        (
            lambda p: [(p.story_dir / name).unlink() for name in (".stages.json", ".generated.json")],
            {"shotlist"},
        ),
        (
            lambda p: ((p.story_dir / ".stages.json").unlink(), write_atomic(p.brief_path, "A new brief.")),
            {"outline", "shotlist"},
        ),
    ],
    ids=[
        "screenplay",
        "brief",
        "outline",
        "treatment",
        "scene",
        "shotlist",
        "characters",
        "no treatment",
        "no stages",
        "cut stages",
        "other stages",
        "no ledger",
        "no stages and a new brief",
    ],
)
def test_an_edit_makes_what_is_made_of_it_due(written: Project, edit: Callable[[Project], object], stages: set[str]) -> None:
    edit(written)
    assert set(due(written)) == stages


@pytest.mark.parametrize("change", [{"author": "Me"}, {"title": "Another"}, {"render": {"max_clip_s": 4}}], ids=str)
def test_metadata_makes_due_what_uses_it(written: Project, write_metadata, change: dict[str, object]) -> None:
    write_metadata(written, **change)
    assert set(due(written)) == {"outline", "treatment", "shotlist"}
    write_metadata(written, automation={"render": False})
    assert due(written) == {}


def test_a_new_look_in_the_bible_may_be_named_by_headings(written: Project, write_bible) -> None:
    write_bible(written, "style_bible", prefix="Grain.", profiles={"flashback": {}})
    assert set(due(written)) == {"shotlist"}


def test_editing_a_description_leaves_the_story_alone(written: Project) -> None:
    path = written.characters_path
    path.write_text(re.sub(r"(\n  mara:\n)", r"\1    descriptor: tall\n", path.read_text(), count=1))
    assert written.bible().characters.characters["mara"].descriptor == "tall"
    assert due(written) == {}


def test_what_a_person_wrote_without_sources_is_current(make_project) -> None:
    project = make_project(clips=())
    project.outline_path.write_text("version: 1\ntitle: Mine\n")
    project.treatment_path.write_text("Mine.\n")
    (project.scenes_dir / "A01_S01__kitchen.fountain").write_text("INT. KITCHEN - DAY\n\nTea.\n")
    current = {record.stage for record in desk(project).records() if record.is_current}
    assert current == {Stage.OUTLINE, Stage.TREATMENT, Stage.SCREENPLAY}


def test_a_source_that_changes_while_a_stage_runs_makes_it_due(film: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    outline = BreakdownWriter.outline

    def slow(self, story, job):
        draft = outline(self, story, job)
        (film.source_dir / "film.fountain").write_text(FOUNTAIN + "\nRain.\n")
        return draft

    monkeypatch.setattr(BreakdownWriter, "outline", slow)
    desk(film).run(Stage.OUTLINE)
    assert due(film)["outline"] == "its sources changed"


@pytest.mark.parametrize(
    ("name", "problem"),
    [("notes.fountain", "the name must be a scene id and a slug"), ("A01_S01__again.fountain", "scene A01_S01 is also in")],
)
def test_scene_files_with_wrong_names_are_refused(written: Project, name: str, problem: str) -> None:
    (written.scenes_dir / name).write_text("INT. X - DAY\n")
    with pytest.raises(InvalidFileError, match=rf"story/03_screenplay/A?.*: {problem}"):
        desk(written).records()


def test_hashes_of_what_people_write(film: Project) -> None:
    brief, bible = brief_hash(film), bible_hash(film)
    (film.source_dir / "film.fountain").rename(film.source_dir / "renamed.fountain")
    assert brief_hash(film) != brief
    brief = brief_hash(film)
    film.brief_path.write_bytes(b"\xff\n")
    assert brief_hash(film) != brief, "a file that is no text has a hash, too"
    film.loras_path.unlink()
    assert bible_hash(film) != bible
    assert len(bible) == 64
