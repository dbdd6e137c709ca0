"""Stages that are written in parts, by a writer that counts what it is asked for and can fail."""

import hashlib
from collections.abc import Iterator, Mapping
from decimal import Decimal

import pytest

from vtx_dagster.core.bible import Character, Location
from vtx_dagster.core.errors import BudgetError, InvalidFileError, NotFoundError, UnfinishedStageError
from vtx_dagster.core.ids import FilmId
from vtx_dagster.core.outline import Beat, Outline, OutlineAct, OutlineScene
from vtx_dagster.core.plan import EngineIdentity
from vtx_dagster.core.planner import Forecast, ProjectRecord, Stage, plan_project
from vtx_dagster.core.screenplay import Lines
from vtx_dagster.core.shotlist import Shot, Shotlist, ShotSource
from vtx_dagster.core.story import WHOLE, Basis, BibleProposal, CallFacts, Draft, Job, PromptText, Provenance, SceneFile, Story
from vtx_dagster.engines.breakdown.writer import BreakdownWriter
from vtx_dagster.production import progress, story_parts, story_run
from vtx_dagster.production.story import StoryDesk
from vtx_dagster.production.story_files import StoryFiles
from vtx_dagster.studio.calls import CallStore, StoredCall
from vtx_dagster.studio.documents import dump_document, load_document
from vtx_dagster.studio.project import Project

CENT = Decimal("0.01")


def digest(*values: object) -> str:
    return hashlib.sha256(repr(values).encode()).hexdigest()


class PartWriter:
    """A ``StoryWriter`` that asks one cent per part, and notes which parts it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails: set[str] = set()
        self.budget = Decimal(100)
        self.tone = "calm"
        self.proposal = BibleProposal()

    identity = EngineIdentity(name="parts", version="1")
    stages = (Stage.OUTLINE, Stage.TREATMENT, Stage.BIBLE_PROPOSAL, Stage.SCREENPLAY, Stage.SHOTLIST)

    def parts(self, stage: Stage, story: Story) -> Mapping[str, Basis]:
        tone = {"tone": self.tone}
        if stage == Stage.OUTLINE:
            return {WHOLE: {"brief": digest(story.brief.text), **tone}}
        if not story.outline_source.text:
            return {}
        scenes = {scene.id: scene for act in story.outline.acts for scene in act.scenes}
        if stage == Stage.TREATMENT:
            return {str(number): {"title": story.outline.title} for number in range(1, story.metadata.story.treatments + 1)}
        if stage == Stage.BIBLE_PROPOSAL:
            return {WHOLE: {"treatment": digest(story.treatment_source.text)}}
        if stage == Stage.SCREENPLAY:
            return {
                key: {"beats": digest(scene.beats), "treatment": digest(story.treatment_source.text)}
                for key, scene in scenes.items()
            }
        names = digest(sorted(story.bible.characters.characters))
        return {scene: {"scene": digest(source.text), "names": names} for scene, source in story.scenes.items()}

    def forecast(self, stage: Stage, story: Story, job: Job) -> Forecast:
        return Forecast(num_calls=len(job.due), input_tokens=10 * len(job.due), usd=CENT * len(job.due))

    def prompts(self, stage: Stage, story: Story, job: Job) -> tuple[PromptText, ...]:
        return tuple(
            PromptText(part=part, template="t 1", messages=(), request={}, input_tokens=1, max_output_tokens=1)
            for part in sorted(job.due)
        )

    def afford(self, forecast: Forecast, *, what: str) -> None:
        if forecast.usd is not None and forecast.usd > self.budget:
            raise BudgetError(f"{what} could cost {forecast.usd}")

    def outline(self, story: Story, job: Job) -> Draft[Outline]:
        scenes = (
            OutlineScene(id="A01_S01", heading="INT. KITCHEN - DAY", beats=(Beat(text="Tea."),)),
            OutlineScene(id="A01_S02", heading="EXT. PIER - DAY", beats=(Beat(text="Rain."),)),
        )
        return self._draft(Stage.OUTLINE, story, WHOLE, Outline(title=self.tone, acts=(OutlineAct(id="A01", scenes=scenes),)))

    def treatments(self, story: Story, job: Job) -> Iterator[Draft[str]]:
        yield from self._each(Stage.TREATMENT, story, job, lambda part: f"Treatment {part}.\n")

    def bible(self, story: Story, job: Job) -> Draft[BibleProposal]:
        return self._draft(Stage.BIBLE_PROPOSAL, story, WHOLE, self.proposal)

    def screenplay(self, story: Story, job: Job) -> Iterator[Draft[tuple[SceneFile, ...]]]:
        scenes = {scene.id: scene for act in story.outline.acts for scene in act.scenes}

        def scene_file(part: str) -> tuple[SceneFile, ...]:
            scene = scenes[part]
            text = f"{scene.heading}\n\n" + "\n\n".join(beat.text for beat in scene.beats) + "\n"
            return (SceneFile(scene=part, slug=scene.heading.split()[1].lower(), text=text),)

        yield from self._each(Stage.SCREENPLAY, story, job, scene_file)

    def shotlist(self, story: Story, job: Job) -> Iterator[Draft[Shotlist]]:
        def shots(part: str) -> Shotlist:
            lines = ShotSource(lines=Lines(first=3, last=3))
            shot = Shot(id=f"{part}_SH010", scene=part, action=story.scenes[part].text.splitlines()[2], sources=(lines,))
            return Shotlist(shots=(shot,))

        yield from self._each(Stage.SHOTLIST, story, job, shots)

    def _each(self, stage: Stage, story: Story, job: Job, make) -> Iterator[Draft]:
        failed = []
        for part in self.parts(stage, story):
            if part in job.due and part in self.fails:
                failed.append(part)
            elif part in job.due:
                yield self._draft(stage, story, part, make(part))
        if failed:
            raise UnfinishedStageError(f"{stage}: {', '.join(failed)} failed")

    def _draft(self, stage: Stage, story: Story, part: str, value) -> Draft:
        self.asked.append(f"{stage} {part}".strip())
        call = CallFacts(key=digest(stage, part), model="m", input_tokens=10, output_tokens=5, usd=CENT)
        provenance = Provenance(basis=dict(self.parts(stage, story)[part]), writer="m", template="t 1", calls=(call,))
        return Draft(part=part, value=value, provenance=provenance)


def store_call(calls: CallStore, key: str, *, part: str) -> None:
    calls.store(
        StoredCall(
            key=key,
            stage="screenplay",
            part=part,
            attempt=1,
            model="m",
            response_id="",
            usd=CENT,
            input_tokens=1,
            cached_tokens=0,
            output_tokens=1,
            seconds=0.1,
            ending="complete",
            text="{}",
            request={},
            raw="",
        )
    )


@pytest.fixture
def film(make_project) -> Project:
    project = make_project(clips=())
    project.brief_path.write_text("A woman waits for a ferry.\n")
    return project


@pytest.fixture
def writer() -> PartWriter:
    return PartWriter()


@pytest.fixture
def desk(film: Project, writer: PartWriter) -> StoryDesk:
    return StoryDesk(film, writer)


@pytest.fixture
def written(film: Project, writer: PartWriter, desk: StoryDesk) -> Project:
    for stage in writer.stages:
        desk.run(stage)
    writer.asked.clear()
    return film


def due(desk: StoryDesk) -> dict[str, str]:
    return {record.stage.value: record.reason for record in desk.records() if not record.is_current}


def edit_outline(project: Project, old: str, new: str) -> None:
    project.outline_path.write_text(project.outline_path.read_text().replace(old, new))


def test_everything_is_written_part_by_part_and_then_current(film: Project, writer: PartWriter, desk: StoryDesk) -> None:
    assert due(desk) == dict.fromkeys(map(str, writer.stages), "not written yet")
    done = {stage: desk.run(stage) for stage in writer.stages}
    assert writer.asked == [
        *("outline", "treatment 1", "treatment 2", "treatment 3", "bible_proposal"),
        *("screenplay A01_S01", "screenplay A01_S02", "shotlist A01_S01", "shotlist A01_S02"),
    ]
    assert due(desk) == {}
    assert film.clip_ids() == ("A01_S01_SH010", "A01_S02_SH010")
    assert done[Stage.SHOTLIST].coverage is not None
    assert done[Stage.SHOTLIST].coverage.holds
    assert done[Stage.SCREENPLAY].usd == 2 * CENT
    assert [call.model for call in done[Stage.SCREENPLAY].calls] == ["m", "m"]
    assert done[Stage.TREATMENT].text == "Treatment 1.\n"
    writer.asked.clear()
    for stage in writer.stages:
        again = desk.run(stage)
        assert (again.written, again.calls, again.diff) == ((), (), "")
        assert desk.read(stage).content_hash == again.content_hash == done[stage].content_hash
    assert writer.asked == []
    assert desk.read(Stage.SCREENPLAY).usd == 2 * CENT, "what is on record says what it cost"


def test_one_scene_s_beats_make_that_scene_due_and_nothing_else(written: Project, writer: PartWriter, desk: StoryDesk) -> None:
    other = (written.clip_spec_path("A01_S01_SH010").read_text(), written.scenes_dir / "A01_S01__kitchen.fountain")
    edit_outline(written, "Rain.", "Snow.")
    assert due(desk) == {"screenplay": "A01_S02: its beats changed"}
    (record,) = [record for record in desk.records() if not record.is_current]
    assert (record.due, record.forecast.num_calls) == ((("A01_S02", "its beats changed"),), 1)
    done = desk.run(Stage.SCREENPLAY)
    assert writer.asked == ["screenplay A01_S02"]
    assert done.written == (written.scenes_dir / "A01_S02__pier.fountain",)
    assert "-Rain." in done.diff
    assert "+Snow." in done.diff
    assert due(desk) == {"shotlist": "A01_S02: its scene changed"}
    desk.run(Stage.SHOTLIST)
    assert writer.asked == ["screenplay A01_S02", "shotlist A01_S02"]
    assert written.clip_spec("A01_S02_SH010").action == "Snow."
    assert (written.clip_spec_path("A01_S01_SH010").read_text(), other[1].exists()) == (other[0], True)
    assert due(desk) == {}


def test_a_part_that_fails_loses_no_other(film: Project, writer: PartWriter, desk: StoryDesk) -> None:
    desk.run(Stage.OUTLINE)
    desk.run(Stage.TREATMENT)
    writer.fails = {"A01_S01"}
    with pytest.raises(UnfinishedStageError, match="A01_S01 failed"):
        desk.run(Stage.SCREENPLAY)
    assert [path.name for path in film.scenes_dir.iterdir()] == ["A01_S02__pier.fountain"]
    assert due(desk)["screenplay"] == "A01_S01: not written yet"
    writer.fails = {"A01_S02"}
    with pytest.raises(UnfinishedStageError):
        desk.run(Stage.SHOTLIST, only=FilmId.parse("A01_S02"))
    assert not film.shotlist_path.exists(), "with no draft there is nothing to store"


def test_a_shotlist_of_which_a_scene_fails_keeps_the_others(written: Project, writer: PartWriter, desk: StoryDesk) -> None:
    for scene in ("A01_S01__kitchen", "A01_S02__pier"):
        path = written.scenes_dir / f"{scene}.fountain"
        path.write_text(path.read_text().replace("Tea.", "Milk.").replace("Rain.", "Snow."))
    writer.fails = {"A01_S01"}
    with pytest.raises(UnfinishedStageError):
        desk.run(Stage.SHOTLIST)
    shots = load_document(written.shotlist_path, Shotlist).shots
    assert [(shot.id, shot.action) for shot in shots] == [("A01_S01_SH010", "Tea."), ("A01_S02_SH010", "Snow.")]
    writer.fails.clear()
    writer.asked.clear()
    desk.run(Stage.SHOTLIST)
    assert writer.asked == ["shotlist A01_S01"]


def test_scenes_are_stored_while_others_are_written(
    film: Project, writer: PartWriter, desk: StoryDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.run(Stage.OUTLINE)
    desk.run(Stage.TREATMENT)
    monkeypatch.setattr(story_run, "_FLUSH_S", -1.0)
    seen: list[tuple[str, int, int, int]] = []

    def listen(key: str, done: int, total: int, stage: str) -> None:
        seen.append((key, done, total, len(list(film.scenes_dir.iterdir()))))

    with progress.watching(listen):
        desk.run(Stage.SCREENPLAY)
    assert seen == [("film screenplay", 1, 2, 1), ("film screenplay", 2, 2, 2)]


# -- what a person wrote ------------------------------------------------------------------------------------------------------


def test_nothing_is_paid_for_what_a_person_wrote(written: Project, writer: PartWriter, desk: StoryDesk) -> None:
    mine = written.scenes_dir / "A01_S02__pier.fountain"
    mine.write_text("EXT. PIER - DAY\n\nMine.\n")
    edit_outline(written, "Rain.", "Snow.")
    (record,) = [record for record in desk.records() if record.stage == Stage.SCREENPLAY]
    assert (record.reason, record.forecast.num_calls) == ("A01_S02: its beats changed", 0)
    done = desk.run(Stage.SCREENPLAY)
    assert writer.asked == []
    assert done.kept == (mine,)
    assert done.notes == (
        "story/03_screenplay/A01_S02__pier.fountain was written or edited by hand and is kept (--overwrite replaces it)",
    )
    assert "screenplay" not in due(desk)
    desk.run(Stage.SCREENPLAY, overwrite=True)
    assert writer.asked == ["screenplay A01_S02"]
    assert "Snow." in mine.read_text()


def test_a_scene_that_a_person_renamed_is_kept_under_its_name(written: Project, writer: PartWriter, desk: StoryDesk) -> None:
    mine = written.scenes_dir / "A01_S02__mine.fountain"
    (written.scenes_dir / "A01_S02__pier.fountain").unlink()
    mine.write_text("EXT. PIER - DAY\n\nMine.\n")
    edit_outline(written, "Rain.", "Snow.")
    free = PartWriter()
    free.forecast = lambda stage, story, job: Forecast()  # type: ignore[method-assign]
    done = StoryDesk(written, free).run(Stage.SCREENPLAY)
    assert done.kept == (mine,)
    assert sorted(path.name for path in written.scenes_dir.iterdir()) == ["A01_S01__kitchen.fountain", mine.name]
    assert "is kept" in done.notes[0]


def test_a_generated_scene_under_a_new_name_leaves_no_old_file(written: Project, desk: StoryDesk) -> None:
    edit_outline(written, "EXT. PIER - DAY", "EXT. HARBOUR - DAY")
    edit_outline(written, "Rain.", "Snow.")
    desk.run(Stage.SCREENPLAY)
    assert sorted(path.name for path in written.scenes_dir.iterdir()) == [
        "A01_S01__kitchen.fountain",
        "A01_S02__harbour.fountain",
    ]


def test_a_scene_that_is_gone_from_the_outline_goes_everywhere(written: Project, writer: PartWriter, desk: StoryDesk) -> None:
    outline = load_document(written.outline_path, Outline)
    act = outline.acts[0]
    less = outline.model_copy(update={"acts": (act.model_copy(update={"scenes": act.scenes[:1]}),)})
    written.outline_path.write_text(dump_document(less))
    assert due(desk) == {"screenplay": "A01_S02 is not in it any more"}
    desk.run(Stage.SCREENPLAY)
    assert [path.name for path in written.scenes_dir.iterdir()] == ["A01_S01__kitchen.fountain"]
    assert due(desk) == {"shotlist": "A01_S02 is not in it any more"}
    desk.run(Stage.SHOTLIST)
    assert written.clip_ids() == ("A01_S01_SH010",)
    assert due(desk) == {}
    assert writer.asked == []


# -- anew ---------------------------------------------------------------------------------------------------------------------


def test_a_scene_anew(written: Project, writer: PartWriter, desk: StoryDesk) -> None:
    desk.run(Stage.SCREENPLAY, only=FilmId.parse("A01_S02"), again=True)
    assert writer.asked == ["screenplay A01_S02"]
    assert due(desk) == {}


def test_anew_goes_on_where_it_failed(written: Project, writer: PartWriter, desk: StoryDesk) -> None:
    writer.fails = {"A01_S01"}
    with pytest.raises(UnfinishedStageError):
        desk.run(Stage.SCREENPLAY, again=True)
    assert due(desk) == {"screenplay": "A01_S01: asked for anew"}
    writer.fails.clear()
    desk.run(Stage.SCREENPLAY, again=True)
    assert writer.asked == ["screenplay A01_S02", "screenplay A01_S01"], "what was asked anew is not asked a third time"
    assert due(desk) == {}
    desk.run(Stage.SCREENPLAY, again=True)
    assert len(writer.asked) == 4


def test_anew_beyond_the_budget_forgets_nothing(written: Project, writer: PartWriter, desk: StoryDesk) -> None:
    calls = CallStore(written)
    store_call(calls, "a" * 64, part="A01_S01")
    writer.budget = CENT
    with pytest.raises(BudgetError, match=r"screenplay of film, asked for anew could cost 0\.02"):
        desk.run(Stage.SCREENPLAY, again=True)
    assert calls.find("a" * 64) is not None
    assert due(desk) == {}
    writer.budget = 2 * CENT
    desk.run(Stage.SCREENPLAY, again=True)
    assert calls.find("a" * 64) is None


def test_anew_leaves_what_a_person_wrote(written: Project, writer: PartWriter, desk: StoryDesk) -> None:
    mine = written.scenes_dir / "A01_S02__pier.fountain"
    mine.write_text("EXT. PIER - DAY\n\nMine.\n")
    desk.run(Stage.SCREENPLAY, again=True)
    assert writer.asked == ["screenplay A01_S01"]
    assert "Mine." in mine.read_text()
    desk.run(Stage.SCREENPLAY, again=True, overwrite=True)
    assert writer.asked == ["screenplay A01_S01", "screenplay A01_S01", "screenplay A01_S02"]


@pytest.mark.parametrize("stage", [Stage.SCREENPLAY, Stage.SHOTLIST])
@pytest.mark.parametrize("again", [False, True])
def test_a_scene_that_is_not_there_is_said_to_be_missing(written: Project, desk: StoryDesk, stage: Stage, again: bool) -> None:
    with pytest.raises(NotFoundError, match=rf"film has no {stage} of A01_S22 \(did you mean 'A01_S02'\?\)"):
        desk.run(stage, only=FilmId.parse("A01_S22"), again=again)


def test_an_act_of_the_outline_again_leaves_the_outline_current(written: Project, writer: PartWriter, desk: StoryDesk) -> None:
    desk.run(Stage.OUTLINE, only=FilmId.parse("A01"), again=True)
    assert writer.asked == ["outline"]
    assert due(desk) == {}


def test_only_a_part_of_a_stage_in_one_piece_does_not_make_it_current(
    written: Project, writer: PartWriter, desk: StoryDesk
) -> None:
    writer.tone = "stormy"
    assert due(desk) == {"outline": "its tone changed"}
    desk.run(Stage.OUTLINE, only=FilmId.parse("A01"))
    assert due(desk)["outline"] == "its tone changed"


def test_what_another_writer_was_paid_for_stays(written: Project, writer: PartWriter) -> None:
    """The setting is missing in another shell: nothing that cost something is lost, and nothing of it is bought again."""
    (written.source_dir / "film.fountain").write_text("INT. KITCHEN - DAY\n\nTea.\n")
    texts = {path: path.read_text() for path in (written.outline_path, written.treatment_path, written.shotlist_path)}
    rules = StoryDesk(written, BreakdownWriter())
    assert due(rules) == {}
    for stage in BreakdownWriter().stages:
        done = rules.run(stage)
        assert (done.written, len(done.kept) > 0) == ((), True)
        assert "was paid for with another story writer and is kept (--overwrite replaces it)" in done.notes[0]
    assert {path: path.read_text() for path in texts} == texts
    written.source_dir.joinpath("film.fountain").unlink()
    desk = StoryDesk(written, writer)
    assert due(desk) == {}
    rules.run(Stage.OUTLINE, overwrite=True)
    assert "A woman waits for a ferry." in written.outline_path.read_text()
    assert due(desk)["outline"] == "its brief and tone and sources changed"


def test_what_another_writer_wrote_for_nothing_is_due(film: Project, writer: PartWriter) -> None:
    rules = StoryDesk(film, BreakdownWriter())
    for stage in BreakdownWriter().stages:
        rules.run(stage)
    assert due(StoryDesk(film, writer)) == {
        "outline": "its brief and tone and sources changed",
        "treatment": "not written yet",
        "bible_proposal": "not written yet",
        "screenplay": "A01_S01: another writer wrote it",
        "shotlist": "A01_S01: another writer wrote it",
    }


def test_many_parts_are_told_in_short(
    written: Project, writer: PartWriter, desk: StoryDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story_parts, "_NAMED_PARTS", 1)
    edit_outline(written, "Rain.", "Snow.")
    (written.scenes_dir / "A01_S01__kitchen.fountain").unlink()
    assert due(desk)["screenplay"] == "A01_S01: not written yet; and 1 more"
    edit_outline(written, "Tea.", "Milk.")
    (written.scenes_dir / "A01_S02__pier.fountain").unlink()
    assert due(desk)["screenplay"] == "not written yet"


# -- a shotlist that a person edited --------------------------------------------------------------------------------------------


def edit_shot(project: Project, shot: str, **changes: object) -> None:
    shotlist = load_document(project.shotlist_path, Shotlist)
    shots = tuple(one.model_copy(update=changes) if one.id == shot else one for one in shotlist.shots)
    project.shotlist_path.write_text(dump_document(shotlist.model_copy(update={"shots": shots})))


def test_an_edited_shot_stays_and_other_scenes_follow(written: Project, writer: PartWriter, desk: StoryDesk) -> None:
    edit_shot(written, "A01_S01_SH010", lens_mm=85)
    edit_outline(written, "Rain.", "Snow.")
    desk.run(Stage.SCREENPLAY)
    done = desk.run(Stage.SHOTLIST)
    assert writer.asked == ["screenplay A01_S02", "shotlist A01_S02"]
    assert done.coverage is not None
    assert done.coverage.holds
    assert (written.clip_spec("A01_S01_SH010").camera.lens_mm, written.clip_spec("A01_S02_SH010").action) == (85, "Snow.")
    edit_outline(written, "Tea.", "Milk.")
    desk.run(Stage.SCREENPLAY)
    kept = desk.run(Stage.SHOTLIST)
    assert kept.kept == (written.shotlist_path,)
    assert kept.notes == (
        "story/04_shotlist.yaml was written or edited by hand and is kept (--scene and --overwrite replace the shots of A01_S01)",
    )
    assert written.clip_spec("A01_S01_SH010").camera.lens_mm == 85
    assert due(desk) == {}


def test_an_edited_shot_stays_where_another_would_cost_nothing(written: Project) -> None:
    edit_shot(written, "A01_S02_SH010", lens_mm=85)
    path = written.scenes_dir / "A01_S02__pier.fountain"
    path.write_text(path.read_text().replace("Rain.", "Snow."))
    remembering = PartWriter()
    remembering.forecast = lambda stage, story, job: Forecast()  # type: ignore[method-assign]
    assert StoryDesk(written, remembering).run(Stage.SHOTLIST).kept == (written.shotlist_path,)
    assert remembering.asked == []
    assert written.clip_spec("A01_S02_SH010").camera.lens_mm == 85


def test_replacing_one_scene_s_shots_protects_the_others_still(written: Project, writer: PartWriter, desk: StoryDesk) -> None:
    edit_shot(written, "A01_S02_SH010", lens_mm=85)
    edit_shot(written, "A01_S01_SH010", lens_mm=24)
    desk.run(Stage.SHOTLIST, only=FilmId.parse("A01_S01"), overwrite=True)
    assert written.clip_spec("A01_S01_SH010").camera.lens_mm == 35
    path = written.scenes_dir / "A01_S02__pier.fountain"
    path.write_text(path.read_text().replace("Rain.", "Snow."))
    desk.run(Stage.SHOTLIST)
    assert written.clip_spec("A01_S02_SH010").camera.lens_mm == 85
    writer.asked.clear()
    desk.run(Stage.SHOTLIST, overwrite=True)
    assert writer.asked == ["shotlist A01_S02"], "only what a person edited is written anew"


def test_comments_in_a_shotlist_are_never_lost(written: Project, writer: PartWriter, desk: StoryDesk) -> None:
    text = written.shotlist_path.read_text().replace("shots:", "shots: # my notes")
    written.shotlist_path.write_text(text)
    path = written.scenes_dir / "A01_S02__pier.fountain"
    path.write_text(path.read_text().replace("Rain.", "Snow."))
    desk.run(Stage.SHOTLIST)
    assert written.shotlist_path.read_text() == text
    assert writer.asked == []


def test_an_edited_outline_stays_protected_when_one_act_is_replaced(
    written: Project, writer: PartWriter, desk: StoryDesk
) -> None:
    edit_outline(written, "Rain.", "Snow.")
    desk.run(Stage.OUTLINE, only=FilmId.parse("A01"), overwrite=True)
    written.brief_path.write_text("Another brief.\n")
    edit_outline(written, "Rain.", "Hail.")
    assert desk.run(Stage.OUTLINE).kept == (written.outline_path,)
    assert "Hail." in written.outline_path.read_text()


# -- treatments ---------------------------------------------------------------------------------------------------------------


def test_the_first_treatment_stands_until_one_is_chosen(written: Project, writer: PartWriter, desk: StoryDesk) -> None:
    assert "treatment 1 of 3 stands, because none was chosen" in desk.run(Stage.TREATMENT).notes[0]
    desk.choose_treatment(chosen=2)
    assert due(desk) == {"treatment": "another treatment was chosen"}
    done = desk.run(Stage.TREATMENT)
    assert (done.text, done.notes) == ("Treatment 2.\n", ())
    assert set(due(desk)) == {"bible_proposal", "screenplay"}
    assert writer.asked == []
    with pytest.raises(NotFoundError, match=r"film has no treatment 9 \(there are: 1, 2, 3\)"):
        desk.choose_treatment(chosen=9)


def test_more_treatments_to_choose_from(written: Project, writer: PartWriter, desk: StoryDesk) -> None:
    desk.choose_treatment(variants=4)
    assert due(desk) == {"treatment": "4: not written yet"}
    desk.run(Stage.TREATMENT)
    assert writer.asked == ["treatment 4"]
    desk.choose_treatment(chosen=4)
    desk.choose_treatment(variants=1)
    assert due(desk)["treatment"] == "2, 3, 4 are not in it any more"
    assert desk.run(Stage.TREATMENT).text == "Treatment 4.\n", "what was chosen stands"
    assert "treatment" not in due(desk)
    with pytest.raises(NotFoundError, match="there are: none"):
        StoryDesk(written.studio.create_project("other", title="Other"), writer).choose_treatment(chosen=1)


def test_a_treatment_by_hand_needs_no_choice(film: Project, writer: PartWriter, desk: StoryDesk) -> None:
    desk.run(Stage.OUTLINE)
    film.treatment_path.write_text("Mine.\n")
    assert "treatment" not in due(desk)
    done = desk.run(Stage.TREATMENT)
    assert (done.text, writer.asked) == ("Mine.\n", ["outline"])


def test_a_treatment_that_fails_leaves_the_others_to_stand(film: Project, writer: PartWriter, desk: StoryDesk) -> None:
    desk.run(Stage.OUTLINE)
    writer.fails = {"1"}
    with pytest.raises(UnfinishedStageError):
        desk.run(Stage.TREATMENT)
    assert not film.treatment_path.exists(), "the first one stands, and it is missing"
    assert due(desk)["treatment"] == "1: not written yet"
    writer.fails.clear()
    assert desk.run(Stage.TREATMENT).text == "Treatment 1.\n"
    assert writer.asked.count("treatment 2") == 1


# -- the bible ----------------------------------------------------------------------------------------------------------------

PROPOSAL = BibleProposal(
    characters={"mara": Character(name="Mara", descriptor="grey hair"), "tom": Character(name="Tom", descriptor="tall")},
    locations={"pier": Location(name="PIER", descriptor="wet planks")},
    style_prefix="35mm",
    style_negative="text",
)


def test_a_proposal_is_added_and_what_a_person_wrote_stays(film: Project, writer: PartWriter, desk: StoryDesk) -> None:
    film.characters_path.write_text("characters:\n  mara: {name: Mara, descriptor: red hair} # mine\n")
    film.style_path.write_text("prefix: ''\nnegative: blur # mine\n")
    writer.proposal = PROPOSAL
    desk.run(Stage.OUTLINE)
    desk.run(Stage.TREATMENT)
    done = desk.run(Stage.BIBLE_PROPOSAL)
    assert "-  descriptor: red hair" in done.diff
    assert "+  descriptor: grey hair" in done.diff
    assert "+pier:" in done.diff
    bible = film.bible()
    assert {key: one.descriptor for key, one in bible.characters.characters.items()} == {"mara": "red hair", "tom": "tall"}
    assert film.characters_path.read_text().startswith("characters:\n  mara: {name: Mara, descriptor: red hair} # mine\n")
    assert (bible.style.prefix, bible.style.negative) == ("35mm", "blur")
    assert bible.locations.locations["pier"].descriptor == "wet planks"
    assert done.notes == (
        "added to prompts/characters.yaml: tom",
        "added to prompts/locations.yaml: pier",
        "prompts/style_bible.yaml has a prefix now: 35mm",
        "proposed otherwise and left as they are: mara (`vtx story bible film` shows how)",
    )
    again = desk.run(Stage.BIBLE_PROPOSAL)
    assert "+pier:" not in again.diff
    assert "+  descriptor: grey hair" in again.diff
    assert "bible_proposal" not in due(desk)


def test_a_proposal_may_wait_for_a_person(film: Project, writer: PartWriter, desk: StoryDesk) -> None:
    film.env_path.write_text("VTX_STORY_BIBLE=propose\n")
    film = film.studio.project("film")
    desk = StoryDesk(film, writer)
    with pytest.raises(NotFoundError, match="run `vtx story bible film` first"):
        desk.apply_bible_proposal()
    writer.proposal = PROPOSAL
    desk.run(Stage.OUTLINE)
    desk.run(Stage.TREATMENT)
    assert desk.run(Stage.BIBLE_PROPOSAL).notes == ()
    assert film.bible().characters.characters == {}
    assert desk.apply_bible_proposal()[0] == "added to prompts/characters.yaml: mara, tom"
    assert set(film.bible().characters.characters) == {"mara", "tom"}
    assert desk.apply_bible_proposal() == ()


def test_a_proposal_that_was_added_by_half_is_finished(
    film: Project, writer: PartWriter, desk: StoryDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.proposal = PROPOSAL
    desk.run(Stage.OUTLINE)
    desk.run(Stage.TREATMENT)
    film.locations_path.write_text("{version: 1, locations: {}}\n")
    with pytest.raises(InvalidFileError, match="nothing can be added"):
        desk.run(Stage.BIBLE_PROPOSAL)
    assert "tom" in film.bible().characters.characters
    film.locations_path.unlink()
    assert due(desk)["bible_proposal"] == "not all of it was added to the bible"
    writer.asked.clear()
    desk.run(Stage.BIBLE_PROPOSAL)
    assert (writer.asked, "bible_proposal" in due(desk)) == ([], False)
    assert "pier" in film.bible().locations.locations


def test_a_breakdown_proposes_nothing(film: Project) -> None:
    done = StoryDesk(film, BreakdownWriter()).run(Stage.BIBLE_PROPOSAL)
    assert (done.text, done.written) == ("", ())
    assert done.notes == ("breakdown 1 writes no bible_proposal: the shotlist adds stubs of what the bible lacks",)


# -- money and prompts --------------------------------------------------------------------------------------------------------


def test_the_budget_is_checked_for_all_that_is_due(written: Project, writer: PartWriter, desk: StoryDesk) -> None:
    edit_outline(written, "Rain.", "Snow.")
    assert desk.check_budget() == Forecast(num_calls=2, input_tokens=20, usd=2 * CENT), "the scene, and its shots"
    writer.budget = CENT
    with pytest.raises(BudgetError, match=r"the story of film could cost 0\.02"):
        desk.check_budget()


def test_what_may_follow_is_in_the_estimate(written: Project, writer: PartWriter, desk: StoryDesk) -> None:
    """What is written anew is taken for missing, so that stages that are current now say what they may cost then."""
    assert desk.check_budget() == Forecast()
    seen: dict[Stage, tuple[bool, bool, list[str], list[str]]] = {}
    forecast = PartWriter.forecast

    def look(stage: Stage, story: Story, job: Job) -> Forecast:
        has_outline, has_treatment = bool(story.outline_source.text), bool(story.treatment_source.text)
        seen[stage] = (has_outline, has_treatment, sorted(story.scenes), sorted(job.due))
        return forecast(writer, stage, story, job)

    writer.forecast = look  # type: ignore[method-assign]
    both = ["A01_S01", "A01_S02"]
    desk.choose_treatment(chosen=2)
    desk.records()
    assert seen[Stage.SCREENPLAY] == (True, False, [], [])
    assert seen[Stage.SHOTLIST] == (True, False, [], both)
    desk.choose_treatment(chosen=1)
    seen.clear()
    edit_outline(written, "Rain.", "Snow.")
    desk.records()
    assert seen == {
        Stage.SCREENPLAY: (True, True, both, ["A01_S02"]),
        Stage.SHOTLIST: (True, True, ["A01_S01"], ["A01_S02"]),
    }
    written.brief_path.write_text("Another.\n")
    written.outline_path.write_text(dump_document(load_document(written.outline_path, Outline)))
    desk.run(Stage.OUTLINE, overwrite=True)
    written.brief_path.write_text("And another.\n")
    desk.records()
    assert seen[Stage.TREATMENT] == (False, False, [], [])
    assert seen[Stage.SHOTLIST][:3] == (False, False, [])


def test_the_shots_of_a_new_scene_are_not_written_yet(written: Project, writer: PartWriter, desk: StoryDesk) -> None:
    outline = load_document(written.outline_path, Outline)
    act = outline.acts[0]
    new = OutlineScene(id="A01_S03", heading="EXT. SEA - DAY", beats=(Beat(text="Waves."),))
    more = outline.model_copy(update={"acts": (act.model_copy(update={"scenes": (*act.scenes, new)}),)})
    written.outline_path.write_text(dump_document(more))
    desk.run(Stage.SCREENPLAY)
    assert due(desk) == {"shotlist": "A01_S03: not written yet"}


def test_prompts_of_a_part(written: Project, desk: StoryDesk) -> None:
    assert [prompt.part for prompt in desk.prompts(Stage.SCREENPLAY)] == ["A01_S01", "A01_S02"]
    assert [prompt.part for prompt in desk.prompts(Stage.SCREENPLAY, only=FilmId.parse("A01_S02"))] == ["A01_S02"]


def test_an_outline_with_a_beat_twice_is_refused_with_its_line(written: Project, desk: StoryDesk) -> None:
    text = written.outline_path.read_text().replace("text: Rain.", "text: Rain.\n      id: A01_S01_B01")
    written.outline_path.write_text(text.replace("text: Tea.", "text: Tea.\n      id: A01_S01_B01"))
    with pytest.raises(InvalidFileError, match=r"story/01_outline.yaml:\d+: A01_S01_B01 is the id of two beats"):
        desk.run(Stage.SCREENPLAY)


def test_what_cannot_be_written_now_waits_and_says_why(written: Project, writer: PartWriter, desk: StoryDesk) -> None:
    def refuse(stage: Stage, story: Story, job: Job) -> Forecast:
        raise InvalidFileError("story/03_screenplay/A01_S02__pier.fountain:3: two scenes")

    edit_outline(written, "Rain.", "Snow.")
    writer.forecast = refuse  # type: ignore[method-assign]
    (record,) = [record for record in desk.records() if not record.is_current]
    assert record.problem == "story/03_screenplay/A01_S02__pier.fountain:3: two scenes"
    (step,) = plan_project(ProjectRecord(project="film", story=(record,)))
    assert (step.stage, step.waits_for) == (Stage.SCREENPLAY, record.problem)


def test_beats_of_an_outline_that_a_person_edits_keep_their_ids(written: Project, desk: StoryDesk) -> None:
    """A beat without an id gets one, and keeps it when another one is put above it."""
    text = written.outline_path.read_text().replace(
        "    - text: Rain.", "    - text: Rain.\n      id: A01_S02_B01\n    - text: Thunder."
    )
    written.outline_path.write_text(text)
    desk.run(Stage.SCREENPLAY)
    edit_outline(written, "    - text: Thunder.", "    - text: Wind.\n    - text: Thunder.")
    beats = StoryFiles(written).outline.acts[0].scenes[1].beats
    assert [(beat.text, beat.id) for beat in beats] == [
        ("Rain.", "A01_S02_B01"),
        ("Wind.", "A01_S02_B03"),
        ("Thunder.", "A01_S02_B02"),
    ]
