import pytest
from pydantic import ValidationError

from vtx_dagster.core.clip import Pipeline
from vtx_dagster.core.metadata import DEFAULT_PROFILES, Metadata, RenderOptions, RenderProfile


def test_a_title_is_enough() -> None:
    metadata = Metadata(title="Fog")
    assert metadata.render.profiles[metadata.render.profile] == DEFAULT_PROFILES["final"]
    assert (metadata.automation.render, metadata.automation.assemble, metadata.produce_in_acts) == (True, True, None)
    assert Metadata.model_validate_json(metadata.model_dump_json()) == metadata


@pytest.mark.parametrize("name", DEFAULT_PROFILES)
def test_default_profiles_are_16_to_9_and_on_the_grid_of_their_pipeline(name: str) -> None:
    profile = DEFAULT_PROFILES[name]
    grid = 32 if profile.pipeline == Pipeline.TI2VID_ONE_STAGE else 64
    assert profile.width * 9 == profile.height * 16
    assert profile.width % grid == profile.height % grid == 0


def test_projects_do_not_share_their_profiles() -> None:
    RenderOptions().profiles["mine"] = RenderProfile(width=64, height=64)
    assert set(RenderOptions().profiles) == set(DEFAULT_PROFILES) == {"preview", "final"}


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        pytest.param({"title": ""}, "title", id="no title"),
        pytest.param({"title": "x" * 201}, "title", id="long title"),
        pytest.param({"length_s": 0}, "length_s", id="no length"),
        pytest.param({"render": {"max_clip_s": 15.1}}, "max_clip_s", id="clips over 15 s"),
        pytest.param({"render": {"min_clip_s": 0}}, "min_clip_s", id="clips of nothing"),
        pytest.param({"render": {"profiles": {"x": {"width": 63, "height": 64}}}}, "width", id="too small"),
        pytest.param({"render": {"profiles": {"x": {"width": 101, "height": 64}}}}, "width", id="odd"),
        pytest.param({"render": {"profiles": {"x": {"width": 64, "height": 100_000}}}}, "height", id="absurd size"),
        pytest.param(
            {"render": {"profiles": {"x": {"width": 64, "height": 64, "fps": 23.976}}}}, "fps", id="fraction of a frame"
        ),
        pytest.param({"render": {"profiles": {"x": {"width": 64, "height": 64, "fps": 0}}}}, "fps", id="no frames"),
        pytest.param({"render": {"budget_gpu_s": 0}}, "budget_gpu_s", id="no GPU time"),
        pytest.param({"render": {"engine": "LTX CLI"}}, "engine", id="no name of an engine"),
    ],
)
def test_bad_metadata_is_refused(fields: dict[str, object], where: str) -> None:
    with pytest.raises(ValidationError, match=where):
        Metadata.model_validate({"title": "Fog", **fields})
