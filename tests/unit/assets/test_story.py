"""Story assets as Dagster runs them, with the real breakdown on a tiny screenplay."""

from typing import Any

import dagster as dg
import pytest

from vtx_dagster.assets import _reports
from vtx_dagster.assets.story import STORY_ASSETS, bible_proposal, outline, screenplay, shotlist, treatment
from vtx_dagster.partitions.sync import register
from vtx_dagster.production.story import StoryDesk
from vtx_dagster.resources.story import StoryModel
from vtx_dagster.studio.project import Project

STORY = list(STORY_ASSETS.values())
FOUNTAIN = """Title: Two

# One

INT. KITCHEN - DAY

MARA pours tea.

MARA
It is late.

EXT. PIER - NIGHT

Waves.
"""


@pytest.fixture
def run(ephemeral_instance, studio, studio_resource) -> Any:
    def run(*assets: dg.AssetsDefinition, **config: object) -> dg.ExecuteInProcessResult:
        register(ephemeral_instance, studio)
        return dg.materialize(
            STORY,
            selection=list(assets),
            instance=ephemeral_instance,
            resources={"studio": studio_resource, "story": StoryModel()},
            partition_key="film",
            run_config={"ops": {asset.op.name: {"config": config} for asset in assets if config}},
            raise_on_error=False,
        )

    return run


def facts(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    return {
        event.materialization.asset_key.to_user_string(): {
            "version": (event.materialization.tags or {})["dagster/data_version"],
            **{name: value.value for name, value in event.materialization.metadata.items()},
        }
        for event in result.get_asset_materialization_events()
    }


def test_from_screenplay_to_clip_specs(run, make_project, monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project(clips=())
    (project.source_dir / "two.fountain").write_text(FOUNTAIN)
    result = run(*STORY)
    assert result.success
    found = facts(result)
    assert list(found) == ["outline", "treatment", "bible_proposal", "screenplay", "shotlist"]
    assert found["outline"]["vtx/text"].startswith("```\nversion: 1")
    assert found["treatment"]["vtx/text"].startswith("# ")
    assert found["shotlist"]["vtx/text"].startswith("| shot | size |")
    assert found["outline"]["vtx/file"] == str(project.outline_path)
    assert {facts["vtx/writer"] for facts in found.values()} == {"breakdown 1"}
    assert [facts["vtx/written"] for facts in found.values()] == [1, 1, 0, 2, 1 + len(project.clip_ids())]
    assert "breakdown 1 writes no bible_proposal" in found["bible_proposal"]["vtx/notes"]
    assert not any("vtx/calls" in facts for facts in found.values())
    assert "prompts/characters.yaml: mara, to be filled in" in found["shotlist"]["vtx/notes"]
    (check,) = result.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == ("covers_screenplay", True)
    assert check.metadata["vtx/problems"].value == "none"

    # A hand-written shotlist wins, and the check says what it leaves out.
    kept = project.clip_ids()[0]
    project.shotlist_path.write_text(f"version: 1\nshots:\n- {{id: {kept}, scene: {kept[:7]}, action: Mine.}}\n")
    edited = run(shotlist)
    assert edited.success
    (check,) = edited.get_asset_check_evaluations()
    assert not check.passed
    assert "- A01_S0" in check.metadata["vtx/problems"].value
    assert facts(edited)["shotlist"]["vtx/kept"] >= 1
    assert facts(edited)["shotlist"]["version"] != found["shotlist"]["version"]
    assert project.clip_ids() == (kept,)

    only_clips = run(shotlist, clips_only=True, part="A01", overwrite=True)
    assert only_clips.success
    assert "Mine." in project.shotlist_path.read_text()

    monkeypatch.setattr(_reports, "MAX_TEXT_CHARS", 10)
    long = facts(run(treatment))["treatment"]["vtx/text"]
    assert (len(long), long[-4:]) == (14, "\n...")


def test_a_stage_without_its_sources_says_which_to_run(run, make_project) -> None:
    make_project(clips=())
    for asset, problem in ((treatment, "run `vtx story outline film` first"), (outline, "nothing to break down")):
        result = run(asset)
        (event,) = [event for event in result.all_events if event.is_step_failure]
        assert problem in event.step_failure_data.user_failure_data.description


def test_a_part_that_is_no_id_is_refused(run, make_project) -> None:
    make_project(clips=())
    result = run(shotlist, part="act one")
    (event,) = [event for event in result.all_events if event.is_step_failure]
    assert "'act one' is not an id" in event.step_failure_data.user_failure_data.description


def test_the_version_is_the_content(make_project) -> None:
    project = make_project(clips=())
    (project.source_dir / "two.fountain").write_text(FOUNTAIN)
    desk = StoryDesk(project, StoryModel().writer_for(project))
    from vtx_dagster.core.planner import Stage

    first, second = desk.run(Stage.OUTLINE), desk.run(Stage.OUTLINE)
    assert first.content_hash == second.content_hash == desk.read(Stage.OUTLINE).content_hash


@pytest.fixture
def film(make_project) -> Project:
    project = make_project(clips=())
    (project.source_dir / "two.fountain").write_text(FOUNTAIN)
    return project


def test_what_a_model_was_asked_is_reported(run, film: Project, asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_reports, "_MAX_RESPONSES", 2)
    asking.num_reused = 2
    asking.capsules = ("writing/noir", "visual/super8")
    found = facts(run(outline, treatment))
    assert {name: value for name, value in found["treatment"].items() if name not in ("version", "vtx/text", "vtx/file")} == {
        "vtx/writer": "asking 1",
        "vtx/written": 4,
        "vtx/kept": 0,
        "vtx/notes": "- treatment 1 of 3 stands, because none was chosen: compare them with `vtx story treatments film`, choose "
        "one with --choose",
        "vtx/cost_usd": 0.02,
        "vtx/calls": 3,
        "vtx/calls_reused": 1,
        "vtx/input_tokens": 2000,
        "vtx/output_tokens": 1000,
        "vtx/answer_s": 0.0,
        "vtx/model": "gpt-test",
        "vtx/template": "treatment 1",
        "vtx/capsules": "writing/noir, visual/super8",
        "vtx/response_ids": "resp_2, resp_3 and 1 more",
    }
    asking.usd, asking.capsules = None, ()
    again = facts(run(treatment, again=True))["treatment"]
    assert (again["vtx/cost_usd"], again["vtx/capsules"]) == ("unknown", "none")
    assert not any(name.startswith("vtx/calls") for name in facts(run(treatment))["treatment"]), "nothing was asked"


def test_treatments_are_counted_and_chosen(run, film: Project, asking) -> None:
    run(outline)
    assert facts(run(treatment, variants=2))["treatment"]["vtx/written"] == 3
    chosen = facts(run(treatment, choose=2))["treatment"]
    assert "vtx/calls" not in chosen
    assert "vtx/notes" not in chosen
    assert film.treatment_path.read_text().startswith("# Version 2")
    assert chosen["vtx/diff"].startswith("```diff\n--- before\n+++ now\n@@")
    assert "-# Version 1\n+# Version 2" in chosen["vtx/diff"]
    failed = run(treatment, choose=7)
    (event,) = [event for event in failed.all_events if event.is_step_failure]
    assert "film has no treatment 7 (there are: 1, 2)" in event.step_failure_data.user_failure_data.description


def test_a_difference_is_cut_and_fenced(run, film: Project, asking, monkeypatch: pytest.MonkeyPatch) -> None:
    run(outline, treatment, bible_proposal)
    monkeypatch.setattr(_reports, "MAX_TEXT_CHARS", 60)
    film.treatment_path.write_text("```` four\n")
    diff = facts(run(treatment, overwrite=True))["treatment"]["vtx/diff"]
    assert diff.startswith("`````diff\n--- before")
    assert diff.endswith("\n...\n`````")


def test_a_proposal_shows_what_is_new(run, film: Project, asking) -> None:
    found = facts(run(outline, treatment, bible_proposal))["bible_proposal"]
    assert "+ines:" in found["vtx/diff"]
    assert "added to prompts/characters.yaml: ines" in found["vtx/notes"]
    assert "tall, in a yellow coat" in film.characters_path.read_text()


def test_parts_that_failed_are_named_with_their_reasons(run, film: Project, asking) -> None:
    run(outline, treatment)
    asking.fails = {"A01_S02": "the model refused: no waves"}
    result = run(screenplay)
    assert not result.success
    (event,) = [event for event in result.all_events if event.is_step_failure]
    failure = event.step_failure_data.user_failure_data
    assert failure.metadata["vtx/parts"].value == "- `A01_S02`: the model refused: no waves"
    assert failure.metadata["vtx/code"].value == "unfinished_stage"
    assert [path.name[:7] for path in film.scenes_dir.iterdir()] == ["A01_S01"]
    asking.fails, asking.asked = {}, []
    assert run(screenplay).success
    assert asking.asked == ["screenplay A01_S02"]
