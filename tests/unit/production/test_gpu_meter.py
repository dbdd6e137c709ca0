import itertools
import threading
from datetime import UTC, datetime, timedelta

import pytest

from vtx_dagster.core.errors import StorageError
from vtx_dagster.production import gpu_meter
from vtx_dagster.production.gpu_meter import LATE_S, GpuMeter, Held, forget_notes, last_note

START = datetime(2026, 2, 3, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "locks/a.gpu.json"


def test_only_the_time_counts_for_which_a_gpu_is_held(path, clock) -> None:
    with GpuMeter(path, clock=clock) as meter:
        clock.passes(100)
        assert (meter.seconds, meter.device) == (0.0, "")
        meter.told("gpu1")
        clock.passes(10)
        assert meter.seconds == 10.0
        meter.told("gpu1")
        clock.passes(5)
        meter.told(None)
        clock.passes(1000)
        meter.told("")
        clock.passes(2)
    clock.passes(1000)
    assert (meter.seconds, meter.device) == (17.0, "gpu1")
    assert last_note(path) == Held(seconds=17.0, device=None)


def test_without_a_path_nothing_is_noted(clock) -> None:
    num_threads = threading.active_count()
    with GpuMeter(None, clock=clock) as meter:
        meter.told("gpu1")
        clock.passes(3)
        assert threading.active_count() == num_threads
    assert meter.seconds == 3.0


def test_a_clock_that_was_set_back_gives_no_time_back(clock) -> None:
    with GpuMeter(None, clock=clock) as meter:
        meter.told("gpu1")
        clock.passes(3)
        meter.told("")
        clock.passes(-60)
        assert meter.seconds == 3.0


def test_while_a_gpu_is_held_the_time_is_noted_again_and_again(path, monkeypatch) -> None:
    monkeypatch.setattr(gpu_meter, "BEAT_S", 0.005)
    ticks = itertools.count()
    noted: list[Held] = []
    with GpuMeter(path, clock=lambda: START + timedelta(seconds=next(ticks))) as meter:
        meter.told("gpu1")
        while len(noted) < 3:
            note = last_note(path)
            assert note is not None
            noted += [note] if note not in noted else []
    assert [one.device for one in noted] == ["gpu1"] * 3
    seconds = [one.seconds for one in noted]
    assert seconds == sorted(seconds)
    assert noted[-1].at_most_s == seconds[-1] + LATE_S


def test_a_disk_that_refuses_stops_no_render(path, clock, caplog) -> None:
    path.parent.write_text("a file in the way", encoding="utf-8")
    with GpuMeter(path, clock=clock) as meter:
        meter.told("gpu1")
        clock.passes(3)
    assert meter.seconds == 3.0
    assert "could not be noted: cannot write" in caplog.text
    with pytest.raises(StorageError, match="cannot read"):
        last_note(path)
    with pytest.raises(StorageError, match="cannot remove"):
        forget_notes(path)


@pytest.mark.parametrize("text", [None, "", "{}", '{"seconds": -1, "device": null}'])
def test_no_note_is_no_note(path, text: str | None) -> None:
    if text is not None:
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
    assert last_note(path) is None
    forget_notes(path)
    assert not path.exists()
