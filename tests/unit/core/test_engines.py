import json
from dataclasses import FrozenInstanceError
from fractions import Fraction
from pathlib import Path

import pytest

from vtx_dagster.core.clip import InputMode, Pipeline
from vtx_dagster.core.engines import MediaFacts, RenderReport, RenderRequest, no_progress
from vtx_dagster.core.plan import EngineIdentity, RenderPlan


def request_() -> RenderRequest:
    plan = RenderPlan(
        clip="A01_S01_SH001",
        engine=EngineIdentity(name="animatic", version="1"),
        pipeline=Pipeline.DISTILLED,
        mode=InputMode.T2V,
        prompt="",
        negative_prompt="",
        seed=1,
        width=64,
        height=64,
        fps=16,
        content_frames=1,
        render_frames=1,
    )
    return RenderRequest(plan=plan, output=Path("clip.mp4"), log=Path("clip.log.txt"))


def test_a_request_without_inputs_or_listener() -> None:
    request = request_()
    assert request.files == {}
    assert request.progress is no_progress
    assert request.progress(1, 2) is None


def test_requests_do_not_share_their_files() -> None:
    assert request_().files is not request_().files
    assert RenderReport().facts == {}


def test_values_that_cross_are_immutable() -> None:
    with pytest.raises(FrozenInstanceError):
        request_().output = Path("other.mp4")


FACTS = MediaFacts(
    width=512,
    height=288,
    fps=Fraction(16),
    num_frames=121,
    duration_s=Fraction(121, 16),
    video_codec="h264",
    pixel_format="yuv420p",
    audio_codec="aac",
    audio_rate_hz=48_000,
    audio_channels=2,
    audio_s=Fraction(15121, 2000),
    size_bytes=12_345,
)


def test_facts_survive_json_exactly() -> None:
    written = json.loads(json.dumps(FACTS.to_json()))
    assert (written["duration_s"], written["fps"], written["num_frames"]) == ("121/16", "16", 121)
    assert MediaFacts.from_json(written) == FACTS


@pytest.mark.parametrize(
    "change",
    [{"fps": "fast"}, {"duration_s": None}, {"colour": "red"}],
    ids=["no number", "nothing", "unknown"],
)
def test_facts_that_nobody_wrote_are_refused(change: dict[str, str | None]) -> None:
    with pytest.raises((TypeError, ValueError)):
        MediaFacts.from_json({**FACTS.to_json(), **change})


def test_facts_that_are_cut_short_are_refused() -> None:
    facts = FACTS.to_json()
    del facts["fps"]
    with pytest.raises(TypeError, match="fps"):
        MediaFacts.from_json(facts)
