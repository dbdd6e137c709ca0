"""Acts and films as Dagster assets, with stand-ins."""

from typing import Any

import dagster as dg
import pytest

from vtx_dagster.assets import _batch
from vtx_dagster.assets.cut import act, film
from vtx_dagster.core.errors import StorageError, VerificationError, VtxError
from vtx_dagster.partitions.sync import register
from vtx_dagster.production.progress import watching

ONE, TWO, THREE = "A01_S01_SH010", "A01_S01_SH020", "A02_S01_SH010"


@pytest.fixture
def run(ephemeral_instance, studio, studio_resource, ltx_with, ffmpeg_with, engine, media) -> Any:
    resources = {"studio": studio_resource, "ltx": ltx_with(engine), "ffmpeg": ffmpeg_with(media)}

    def run(asset: dg.AssetsDefinition, key: str, **config: object) -> dg.ExecuteInProcessResult:
        register(ephemeral_instance, studio)
        return dg.materialize(
            [act, film],
            selection=[asset],
            instance=ephemeral_instance,
            resources=resources,
            partition_key=key,
            run_config={"ops": {asset.op.name: {"config": config}}},
            raise_on_error=False,
        )

    return run


def facts(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (event,) = result.get_asset_materialization_events()
    version = (event.materialization.tags or {})["dagster/data_version"]
    return {"version": version, **{name: value.value for name, value in event.materialization.metadata.items()}}


def check(result: dg.ExecuteInProcessResult) -> tuple[bool, str, dict[str, object]]:
    (found,) = result.get_asset_check_evaluations()
    assert found.check_name == "matches_timeline"
    return found.passed, found.severity.value, {name: value.value for name, value in found.metadata.items()}


def test_acts_and_film_with_what_a_person_wants_to_know(run, make_project, render_all, look, media) -> None:
    project = make_project(produce_in_acts=True)
    missing = run(film, "film")
    (failure,) = [event for event in missing.all_events if event.is_step_failure]
    assert "3 of 3 clips are not rendered" in failure.step_failure_data.user_failure_data.description
    assert failure.step_failure_data.user_failure_data.metadata["vtx/code"].value == "incomplete_lineup"

    render_all(project)
    told: list[tuple[str, int, int, str]] = []
    with watching(lambda *frames: told.append(frames)):
        acts = [run(act, f"film/{name}") for name in ("A01", "A02")]
    assert told == [("film/A01", 16, 16, ""), ("film/A02", 8, 8, "")]
    lineup = look(project).lineup
    assert [facts(result)["version"] for result in acts] == [lineup.act(name).lineup_hash() for name in ("A01", "A02")]
    whole = run(film, "film")
    assert media.joined[-1] == ("A01", "A02")
    assert facts(whole) == {
        "version": lineup.lineup_hash(),
        "vtx/file": str(project.film_path),
        "vtx/clips": 3,
        "vtx/frames": 24,
        "vtx/seconds": 3.0,
        "vtx/audio_s": 3.0,
        "vtx/size": "128x72 at 8 fps",
        "vtx/size_bytes": project.film_path.stat().st_size,
    }
    assert check(whole) == (True, "WARN", {"vtx/frames": 24, "vtx/frames_of_lineup": 24, "vtx/slates": 0})


def test_slates_and_wrong_lengths_do_not_match_the_timeline(run, make_project, workshop, render_all, media, look) -> None:
    project = make_project()
    with workshop() as opened:
        opened.render("film", TWO)
    incomplete = run(film, "film", allow_missing=True)
    assert facts(incomplete)["vtx/slates"] == f"{ONE}, {THREE}"
    assert facts(incomplete)["version"] == f"incomplete-{look(project).lineup.lineup_hash()}"
    assert check(incomplete) == (False, "WARN", {"vtx/frames": 24, "vtx/frames_of_lineup": 24, "vtx/slates": 2})

    render_all(project)
    media.num_frames_lost = 1
    short = run(act, "film/A01")
    assert check(short) == (False, "ERROR", {"vtx/frames": 15, "vtx/frames_of_lineup": 16, "vtx/slates": 0})


@pytest.mark.parametrize(
    ("error", "num_tries"), [(StorageError("the disk is full"), 3), (VerificationError("too short"), 1)], ids=["passes", "stays"]
)
def test_only_what_may_pass_is_tried_again(
    run, make_project, render_all, media, monkeypatch: pytest.MonkeyPatch, error: VtxError, num_tries: int
) -> None:
    monkeypatch.setattr(_batch, "RETRY_DELAYS_S", (0, 0))
    render_all(make_project())
    tries: list[str] = []

    def fail(*_args: object, **_more: object) -> None:
        tries.append("film")
        raise error

    monkeypatch.setattr(media, "assemble", fail)
    result = run(film, "film")
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert failure.step_failure_data.user_failure_data.description == error.message
    assert len(tries) == num_tries


def test_a_film_is_there_once_the_disk_has_room_again(run, make_project, render_all, media, monkeypatch) -> None:
    monkeypatch.setattr(_batch, "RETRY_DELAYS_S", (0, 0))
    render_all(make_project())
    join, errors = media.assemble, [StorageError("the disk is full")]

    def full_once(*args: Any, **more: Any) -> Any:
        if errors:
            raise errors.pop()
        return join(*args, **more)

    monkeypatch.setattr(media, "assemble", full_once)
    result = run(film, "film")
    assert result.success
    assert facts(result)["vtx/clips"] == 3
