"""Rebuilding a registry from what is on disk."""

from pathlib import Path

import dagster as dg
import pytest

from vtx_dagster.assets.clips import clip_spec, rendered_clip
from vtx_dagster.assets.cut import act, film
from vtx_dagster.assets.registry import report_finished
from vtx_dagster.assets.story import STORY_ASSETS
from vtx_dagster.core.errors import VerificationError
from vtx_dagster.core.planner import Stage
from vtx_dagster.engines.breakdown.writer import BreakdownWriter
from vtx_dagster.partitions.batches import range_tags
from vtx_dagster.partitions.sync import register
from vtx_dagster.production.story import StoryDesk
from vtx_dagster.resources.story import StoryModel

STORY = [STORY_ASSETS[stage] for stage in BreakdownWriter().stages]
ASSETS = [*STORY, clip_spec, rendered_clip, act, film]
FOUNTAIN = """# One

INT. KITCHEN - DAY

MARA pours tea.

# Two

EXT. PIER - NIGHT

Waves.
"""


def registry_of(instance: dg.DagsterInstance) -> dict[str, dict[str, tuple[str | None, set[str]]]]:
    """Return data version and metadata keys of the last materialisation of every partition."""
    found: dict[str, dict[str, tuple[str | None, set[str]]]] = {}
    for asset in ASSETS:
        keys = instance.get_materialized_partitions(asset.key)
        by_key = {}
        for key in keys:
            records = instance.fetch_materializations(
                dg.AssetRecordsFilter(asset_key=asset.key, asset_partitions=[key]), limit=1
            ).records
            event = records[0].asset_materialization
            by_key[key] = ((event.tags or {}).get("dagster/data_version"), set(event.metadata) - {"vtx/notes"})
        found[asset.key.to_user_string()] = by_key
    return found


@pytest.fixture
def report(studio, engine, media):
    def report(instance: dg.DagsterInstance) -> list[tuple[str, str]]:
        return list(
            report_finished(
                instance,
                studio,
                engine_for=lambda *_: engine,
                media_for=lambda _: media,
                writer_for=lambda _: BreakdownWriter(),
            )
        )

    return report


def test_a_new_instance_shows_the_same_partitions(
    ephemeral_instance, studio, studio_resource, ltx_with, ffmpeg_with, engine, media, make_project, report
) -> None:
    project = make_project(clips=(), produce_in_acts=True)
    (project.source_dir / "two.fountain").write_text(FOUNTAIN)
    make_project("broken", clips=()).metadata_path.write_text("title: [\n")
    make_project("empty", clips=())
    resources = {
        "studio": studio_resource,
        "ltx": ltx_with(engine),
        "ffmpeg": ffmpeg_with(media),
        "story": StoryModel(),
    }

    def run(assets: list[dg.AssetsDefinition], keys: tuple[str, ...]) -> None:
        register(ephemeral_instance, studio)
        dg.materialize(
            ASSETS,
            selection=assets,
            instance=ephemeral_instance,
            resources=resources,
            partition_key=keys[0] if len(keys) == 1 else None,
            tags=range_tags(keys),
        )

    run(STORY, ("film",))
    clips = tuple(f"film/{clip}" for clip in project.clip_ids())
    assert len(clips) >= 2
    run([clip_spec], clips)
    run([rendered_clip], clips)
    for name in ("A01", "A02"):
        run([act], (f"film/{name}",))
    run([film], ("film",))
    old = registry_of(ephemeral_instance)
    assert {name: len(keys) for name, keys in old.items()} == {
        **dict.fromkeys(("outline", "treatment", "screenplay", "shotlist", "film"), 1),
        "clip_spec": len(clips),
        "rendered_clip": len(clips),
        "act": 2,
    }
    renders = list(engine.renders)

    with dg.DagsterInstance.ephemeral() as fresh:
        register(fresh, studio)
        reported = report(fresh)
        assert registry_of(fresh) == old
        assert len(reported) == len(set(reported)) == sum(map(len, old.values()))
        assert report(fresh) == []
        assert engine.renders == renders
    assert report(ephemeral_instance) == []


def test_only_what_is_finished_and_what_is_asked_for_now_is_reported(
    ephemeral_instance, studio, make_project, workshop, write_clip, report
) -> None:
    project = make_project()
    with workshop() as opened:
        opened.render("film", "A01_S01_SH010")
        opened.render("film", "A01_S01_SH020")
        opened.plan("film", "A02_S01_SH010")
    write_clip(project, "A01_S01_SH020", prompt="Rain.")
    register(ephemeral_instance, studio)
    assert report(ephemeral_instance) == [
        ("clip_spec", "film/A01_S01_SH010"),
        ("rendered_clip", "film/A01_S01_SH010"),
        ("clip_spec", "film/A01_S01_SH020"),
        ("clip_spec", "film/A02_S01_SH010"),
    ]


def test_what_is_damaged_is_left_out_and_stops_nothing(
    ephemeral_instance, studio, make_project, render_all, report, media, monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    project = make_project("film", clips=("A01_S01_SH010", "A01_S01_SH020"))
    render_all(project)
    register(ephemeral_instance, studio)
    strip = media.strip

    def look_at(path: Path) -> bytes:
        if "A01_S01_SH010" in str(path):
            raise VerificationError(f"{path}: cannot be decoded")
        return strip(path)

    monkeypatch.setattr(media, "strip", look_at)
    clips = [key for name, key in report(ephemeral_instance) if name == "rendered_clip"]
    assert clips == ["film/A01_S01_SH020"]
    assert "rendered_clip film/A01_S01_SH010 is left out of the registry" in caplog.text


def test_a_clip_without_a_written_plan_has_no_plan_reported(ephemeral_instance, studio, make_project, render_all, report) -> None:
    project = make_project("film", clips=("A01_S01_SH010", "A01_S01_SH020"))
    render_all(project)
    project.plan_path("A01_S01_SH020").unlink()
    register(ephemeral_instance, studio)
    report(ephemeral_instance)
    assert set(registry_of(ephemeral_instance)["clip_spec"]) == {"film/A01_S01_SH010"}
    assert len(registry_of(ephemeral_instance)["rendered_clip"]) == 2


def test_a_story_that_a_model_wrote_is_reported_with_what_it_cost(
    ephemeral_instance, studio, make_project, engine, media, asking
) -> None:
    project = make_project(clips=())
    (project.source_dir / "two.fountain").write_text(FOUNTAIN)
    desk = StoryDesk(project, asking)
    for stage in asking.stages:
        desk.run(stage)
    register(ephemeral_instance, studio)
    found = report_finished(
        ephemeral_instance, studio, engine_for=lambda *_: engine, media_for=lambda _: media, writer_for=lambda _: asking
    )
    assert [asset for asset, key in found if key == "film"] == [stage.value for stage in asking.stages]
    event = ephemeral_instance.get_latest_materialization_event(STORY_ASSETS[Stage.BIBLE_PROPOSAL].key)
    metadata = event.asset_materialization.metadata
    assert (metadata["vtx/calls"].value, metadata["vtx/cost_usd"].value) == (1, 0.01)
    assert "ines:" in metadata["vtx/text"].value
