import pytest

from vtx_dagster.cli.gpu_words import about, gpu_time, outlook, outlook_json, work_json
from vtx_dagster.core.gpu_forecast import GpuForecast, GpuKind, GpuWork

DISTILLED, GUIDED = GpuKind("ltx", "distilled"), GpuKind("ltx", "ti2vid_two_stages", 30)
TWELVE = GpuForecast(seconds=720, low_s=540, high_s=960, num_clips=3, num_samples=34, unknown={DISTILLED: 12, GUIDED: 1})


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (8.44, "8.4 s"),
        (9.96, "10 s"),
        (119, "119 s"),
        (720, "12 min"),
        (130, "2.2 min"),
        (12_240, "3.4 h"),
        (7.2e6, "2,000 h"),
    ],
)
def test_time_for_people(seconds: float, text: str) -> None:
    assert gpu_time(seconds) == text


def test_a_forecast_has_one_unit() -> None:
    assert about(TWELVE) == "12 min (9.0 to 16)"


def test_an_outlook_says_what_is_not_known() -> None:
    assert outlook(TWELVE) == (
        "GPU time: about 12 min (9.0 to 16), from 34 renders; no history for ltx distilled yet: 12 clips cannot be forecast; "
        "no history for ltx ti2vid_two_stages with 30 steps yet: 1 clip cannot be forecast"
    )
    assert outlook(GpuForecast()) == ""
    assert outlook(GpuForecast(unknown={DISTILLED: 1})) == "no history for ltx distilled yet: 1 clip cannot be forecast"


def test_as_json() -> None:
    assert outlook_json(TWELVE) == {
        "gpu_s": 720,
        "low_s": 540,
        "high_s": 960,
        "clips": 3,
        "samples": 34,
        "no_history": [
            {"engine": "ltx", "pipeline": "distilled", "steps": None, "clips": 12},
            {"engine": "ltx", "pipeline": "ti2vid_two_stages", "steps": 30, "clips": 1},
        ],
    }
    work = GpuWork(GUIDED, 1000, 500, 9)
    told = work_json(work, GpuForecast(seconds=5, low_s=4, high_s=6, num_clips=1), is_beyond=True)
    assert told == {
        "engine": "ltx",
        "pipeline": "ti2vid_two_stages",
        "steps": 30,
        "megapixel_frames": 4.5,
        "gpu_s": 5,
        "low_s": 4,
        "high_s": 6,
        "over_budget": True,
    }
    unknown = work_json(work, GpuForecast(unknown={GUIDED: 1}), is_beyond=False)
    assert (unknown["gpu_s"], unknown["low_s"], unknown["over_budget"]) == (None, None, False)
