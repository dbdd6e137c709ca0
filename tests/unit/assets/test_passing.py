"""A run says of itself whether its failures may pass."""

import dagster as dg
import pytest

from vtx_dagster.assets import _batch
from vtx_dagster.assets.clips import clip_spec, rendered_clip
from vtx_dagster.assets.cut import act
from vtx_dagster.assets.passing import PASSING_TAG
from vtx_dagster.core.errors import BudgetError, EngineLostError, RenderError, StorageError, VtxError
from vtx_dagster.partitions.sync import register

ONE, TWO = "A01_S01_SH010", "A01_S01_SH020"


@pytest.fixture
def materialize(studio_resource, ltx_with, engine, ffmpeg_with, media, ephemeral_instance, monkeypatch):
    monkeypatch.setattr(_batch, "RETRY_DELAYS_S", ())

    def run(assets, selection: str, **options) -> dg.DagsterRun:
        result = dg.materialize(
            assets,
            selection=[selection],
            instance=ephemeral_instance,
            raise_on_error=False,
            resources={"studio": studio_resource, "ltx": ltx_with(engine), "ffmpeg": ffmpeg_with(media)},
            **options,
        )
        found = ephemeral_instance.get_run_by_id(result.run_id)
        assert found is not None
        return found

    return run


@pytest.mark.parametrize(
    ("first", "second", "may_pass"),
    [
        pytest.param(EngineLostError("gone"), BudgetError("spent"), True, id="lost, and no budget"),
        pytest.param(EngineLostError("gone"), RenderError("no ink"), False, id="one is on record"),
        pytest.param(RenderError("no ink"), None, False, id="on record"),
        pytest.param(StorageError("full"), None, True, id="disk"),
        pytest.param(None, None, False, id="no failure"),
    ],
)
def test_clips(
    materialize, make_project, engine, ephemeral_instance, first: VtxError | None, second: VtxError | None, may_pass: bool
) -> None:
    project = make_project("film", clips=(ONE, TWO))
    register(ephemeral_instance, project.studio)
    engine.errors |= {clip: error for clip, error in ((ONE, first), (TWO, second)) if error is not None}
    tags = {
        "dagster/asset_partition_range_start": f"film/{ONE}",
        "dagster/asset_partition_range_end": f"film/{TWO}",
    }
    run = materialize([clip_spec, rendered_clip], "rendered_clip", tags=tags)
    assert run.is_failure == (first is not None)
    assert (PASSING_TAG in run.tags) == may_pass


@pytest.mark.parametrize(
    ("error", "may_pass"), [(StorageError("full"), True), (RenderError("odd"), False)], ids=["may pass", "may not"]
)
def test_a_cut(materialize, make_project, render_all, media, ephemeral_instance, monkeypatch, error, may_pass: bool) -> None:
    project = make_project("film", clips=(ONE,))
    register(ephemeral_instance, project.studio)
    render_all(project)

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(media, "assemble", fail)
    run = materialize([clip_spec, rendered_clip, act], "act", partition_key="film/A01")
    assert run.is_failure
    assert (PASSING_TAG in run.tags) == may_pass
