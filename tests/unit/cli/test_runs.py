import json
import os
import signal
import subprocess
import sys

import pytest

from vtx_dagster.cli import runs
from vtx_dagster.cli.runs import WORKER_TAG, Registry, clips_due, dagster_home, error_of, open_registry
from vtx_dagster.cli.studio_folder import records
from vtx_dagster.core.errors import InvalidFileError, RenderError, StorageError
from vtx_dagster.core.planner import Stage
from vtx_dagster.engines.ffmpeg import Ffmpeg
from vtx_dagster.studio.project import Studio

KILLED = """
import os, signal, sys
from pathlib import Path
from vtx_dagster.cli.runs import open_registry
from vtx_dagster.core.planner import Stage
from vtx_dagster.production.story import StoryDesk
from vtx_dagster.studio.project import Studio

StoryDesk.run = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
with open_registry(Studio.open(Path(sys.argv[1]), dict(os.environ))) as registry:
    registry.write(Stage.OUTLINE, "film")
"""


def test_a_killed_command_blocks_nobody(studio, instance_runs):
    command = [sys.executable, "-W", "ignore", "-c", KILLED, str(studio.root)]
    assert subprocess.run(command, check=False, timeout=60, capture_output=True).returncode == -signal.SIGKILL
    (run,) = instance_runs(studio.root / ".dagster")
    assert run.status.value == "STARTED"
    assert list((studio.root / ".dagster/workers").glob("*.lock"))
    with open_registry(studio) as registry:
        registry.write(Stage.OUTLINE, "film")
    latest, killed = instance_runs(studio.root / ".dagster")
    assert (latest.status.value, killed.status.value) == ("SUCCESS", "FAILURE")
    assert killed.tags["vtx/pid"] != str(os.getpid())
    assert not list((studio.root / ".dagster/workers").glob("*.lock"))


def test_ctrl_c_fails_the_run_at_once_and_nothing_is_tried_again(vtx, film, edit, monkeypatch, instance_runs):
    edit(film.clip_spec_path("A01_S01_SH010"), "camera:", "seed: 7\ncamera:")
    monkeypatch.setattr(Ffmpeg, "verify", lambda *_: signal.raise_signal(signal.SIGINT))
    result = vtx("render", "resume", "--studio", film.studio.root)
    assert result.exit_code == 130
    assert "vtx render resume" in result.stderr
    latest = instance_runs(film.studio.root / ".dagster")[0]
    assert latest.status.value == "FAILURE"
    assert json.loads(vtx("plan", "--json", "--studio", film.studio.root).stdout)["steps"][0]["reason"].startswith("the plan")


def test_what_may_pass_is_tried_again(film, edit, monkeypatch):
    verify, refused = Ffmpeg.verify, []

    def full_once(self, path, plan):
        if not refused:
            refused.append(plan.clip)
            raise StorageError("the disk is full")
        return verify(self, path, plan)

    monkeypatch.setattr("vtx_dagster.assets._batch.RETRY_DELAYS_S", (0, 0))
    monkeypatch.setattr(Ffmpeg, "verify", full_once)
    edit(film.clip_spec_path("A01_S01_SH010"), "camera:", "seed: 7\ncamera:")
    with open_registry(film.studio) as registry:
        outcomes = registry.render(["film/A01_S01_SH010"], is_quiet=True)
    assert (len(outcomes.rendered), outcomes.failed, refused) == (1, [], ["A01_S01_SH010"])


def test_a_run_that_fails_before_its_clips_fails_them_all(film, monkeypatch):
    def refuse(*_, **__):
        raise StorageError("no room")

    with open_registry(film.studio) as registry:
        monkeypatch.setattr(Registry, "run", refuse)
        outcomes = registry.render(["film/A01_S01_SH010", "film/A01_S01_SH020"], is_quiet=True)
    assert [one.error.message for one in outcomes.failed if one.error] == ["no room", "no room"]


def test_a_living_command_is_left_alone(studio):
    with open_registry(studio) as first:
        first.write(Stage.OUTLINE, "film")
        (finished,) = first.instance.get_runs()
        started = finished.with_status(type(finished.status).STARTED)
        first.instance.delete_run(finished.run_id)
        first.instance.add_run(started)
        with open_registry(studio) as second:
            assert second.instance.get_run_by_id(started.run_id).status.value == "STARTED"
            assert started.tags[WORKER_TAG]
    with open_registry(studio) as third:
        assert third.instance.get_run_by_id(started.run_id).status.value == "FAILURE"


def test_clips_share_runs(film, edit, instance_runs):
    for clip in film.clip_ids():
        edit(film.clip_spec_path(clip), "camera:", "seed: 7\ncamera:")
    before = len(instance_runs(film.studio.root / ".dagster"))
    with open_registry(film.studio) as registry:
        (record,) = records(film.studio)
        outcomes = registry.render(clips_due(record), is_quiet=True)
    assert [one.key for one in outcomes.rendered] == [f"film/{clip}" for clip in film.clip_ids()]
    runs = instance_runs(film.studio.root / ".dagster")[: -before or None]
    assert len(runs) == 2
    assert runs[0].tags["dagster/asset_partition_range_start"] == "film/A01_S01_SH010"


def test_dagster_home_wins(studio, tmp_path):
    assert dagster_home(studio) == studio.root / ".dagster"
    chosen = Studio.open(studio.root, {"DAGSTER_HOME": str(tmp_path / "dagster")})
    with open_registry(chosen) as registry:
        assert registry.register().added == ("film",)
    assert (tmp_path / "dagster/history").is_dir()
    assert "enabled: false" in (tmp_path / "dagster/dagster.yaml").read_text(encoding="utf-8")


def test_a_dagster_yaml_of_someone_s_own_is_left_alone(studio, tmp_path):
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    with open_registry(Studio.open(studio.root, {"DAGSTER_HOME": str(tmp_path)})) as registry:
        assert registry.register().added == ("film",)
    assert (tmp_path / "dagster.yaml").read_text(encoding="utf-8") == "telemetry: {enabled: false}\n"


def test_a_lost_dagster_yaml_is_written_again(studio):
    path = studio.root / ".dagster/dagster.yaml"
    text = path.read_text(encoding="utf-8")
    path.unlink()
    with open_registry(studio):
        assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("text", ["storage: {", "nonsense: true\n"], ids=["syntax", "unknown"])
def test_a_bad_dagster_yaml_is_named(studio, text):
    (studio.root / ".dagster/dagster.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidFileError, match=r"dagster\.yaml"), open_registry(studio):
        pass


def test_a_record_of_runs_that_cannot_be_used_is_one_clear_error(studio):
    home = studio.root / ".dagster/history"
    home.mkdir(exist_ok=True)
    (home / "runs.db").write_bytes(b"not a database, and long enough to be looked at" * 30)
    with pytest.raises(StorageError, match="vtx sync"), open_registry(studio):
        pass


def test_a_home_that_cannot_be_made(studio, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    chosen = Studio.open(studio.root, {"DAGSTER_HOME": str(tmp_path / "file")})
    with pytest.raises(StorageError, match="in the way"), open_registry(chosen):
        pass


def test_a_bug_in_an_asset_passes_through(studio, monkeypatch):
    monkeypatch.setattr("vtx_dagster.production.story.StoryDesk.run", lambda *_, **__: 1 / 0)
    with open_registry(studio) as registry, pytest.raises(ZeroDivisionError):
        registry.write(Stage.OUTLINE, "film")


def test_failures_stand_for_the_error_behind_them():
    import dagster as dg

    failure = dg.Failure("no paint")
    assert error_of(failure).message == "no paint"
    failure.__cause__ = RenderError("no paint at all")
    assert error_of(failure) is failure.__cause__
    assert error_of(dg.Failure()).message == "the run failed"


@pytest.mark.parametrize("size", [1, 2, 25])
def test_batches_come_in_the_turn_of_their_chains(monkeypatch, size):
    monkeypatch.setattr(runs, "CLIPS_PER_RUN", size)
    order = [f"film/A01_S01_SH{number:03d}" for number in (10, 40, 20, 30)]
    after = {order[1]: order[3], order[3]: order[2], order[0]: "film/A01_S01_SH005"}
    found = list(runs._in_turn([*order, "film/A01_S01_SH999"], order, passable=(), after=after))
    turns = {key: index for index, batch in enumerate(found) for key in batch}
    assert sorted(turns) == sorted(order), "one that nobody renders holds up nothing"
    assert turns[order[2]] <= turns[order[3]] < turns[order[1]]
    assert max(map(len, found)) <= size
