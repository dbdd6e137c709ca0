"""Story assets as Dagster runs them, with the real breakdown on a tiny screenplay."""

from typing import Any

import dagster as dg
import pytest

from vtx_dagster.assets import _reports
from vtx_dagster.assets.story import outline, screenplay, shotlist, treatment
from vtx_dagster.partitions.sync import register
from vtx_dagster.production.story import StoryDesk
from vtx_dagster.resources.story import StoryModel

STORY = [outline, treatment, screenplay, shotlist]
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
    assert list(found) == ["outline", "treatment", "screenplay", "shotlist"]
    assert found["outline"]["vtx/text"].startswith("```\nversion: 1")
    assert found["treatment"]["vtx/text"].startswith("# ")
    assert found["shotlist"]["vtx/text"].startswith("| shot | size |")
    assert found["outline"]["vtx/file"] == str(project.outline_path)
    assert {facts["vtx/writer"] for facts in found.values()} == {"breakdown 1"}
    assert [facts["vtx/written"] for facts in found.values()] == [1, 1, 2, 1 + len(project.clip_ids())]
    assert "to be filled in: mara" in found["shotlist"]["vtx/notes"]
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
