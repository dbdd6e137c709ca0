import subprocess
import sys
import threading
import time

import pytest

from vtx_dagster.core.errors import BusyError, CancelledError, StorageError
from vtx_dagster.studio import locks
from vtx_dagster.studio.locks import clip_lock, holder, is_locked, is_run_held, locked_clips, project_lock, run_lock, server_lock
from vtx_dagster.studio.project import Project

CLIP = "A01_S01_SH001"
HOLD = """
import sys; from pathlib import Path
from vtx_dagster.studio.locks import clip_lock
from vtx_dagster.studio.project import Studio
with clip_lock(Studio.open(Path(sys.argv[1]), {}).project("film"), sys.argv[2]):
    print("held", flush=True); sys.stdin.read()
"""


@pytest.fixture
def other(project: Project):
    command = [sys.executable, "-c", HOLD, str(project.studio.root), CLIP]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_another_process_is_waited_for_and_named(project: Project, other: subprocess.Popen):
    assert is_locked(project, CLIP)
    assert locked_clips(project, among=[CLIP]) == {CLIP}
    assert holder(project, CLIP) == f"process {other.pid} on {__import__('socket').gethostname()}"
    with (
        pytest.raises(BusyError, match=rf"film/{CLIP} is being rendered by process {other.pid} on") as caught,
        clip_lock(project, CLIP, timeout_s=0),
    ):
        pass
    assert caught.value.retryable
    other.kill()
    with clip_lock(project, CLIP, timeout_s=10):
        assert is_locked(project, CLIP)
    assert not is_locked(project, CLIP)


def test_who_waits_can_be_called_off(project: Project, other: subprocess.Popen):
    started = time.monotonic()
    with (
        pytest.raises(CancelledError, match=rf"by process {other.pid} on .*, and the wait for it was called off"),
        clip_lock(project, CLIP, cancelled=lambda: time.monotonic() - started > 0.3),
    ):
        pass
    assert time.monotonic() - started < 5


def test_locks_of_clips_and_of_work_are_apart(project: Project):
    both = [CLIP, "A01_S01_SH002"]
    assert locked_clips(project, among=both) == frozenset()
    assert holder(project, CLIP) is None
    with project_lock(project, "story"), clip_lock(project, CLIP), clip_lock(project, "A01_S01_SH002"):
        assert locked_clips(project, among=both) == frozenset(both)
        with pytest.raises(BusyError, match="story of film is being worked on"), project_lock(project, "story", timeout_s=0):
            pass
    assert locked_clips(project, among=both) == frozenset()


def test_only_the_locks_that_are_asked_about_are_looked_at(project: Project, monkeypatch: pytest.MonkeyPatch):
    looked_at: list[str] = []
    monkeypatch.setattr(locks, "is_locked", lambda _, clip: looked_at.append(clip) or True)
    with clip_lock(project, CLIP), clip_lock(project, "A01_S01_SH002"):
        assert locked_clips(project, among=[CLIP, "A01_S01_SH003"]) == {CLIP}
        assert looked_at == [CLIP]
        assert locked_clips(project, among=[]) == frozenset()


def test_only_one_thread_at_a_time(project: Project):
    inside, most = [], []

    def work() -> None:
        with clip_lock(project, CLIP):
            inside.append(1)
            most.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 6


def test_lock_is_let_go_after_an_error(project: Project):
    with pytest.raises(ValueError, match="x"), clip_lock(project, CLIP):
        raise ValueError("x")
    assert not is_locked(project, CLIP)


def test_holder_that_did_not_write_its_name(project: Project):
    with clip_lock(project, CLIP):
        (project.locks_dir / f"{CLIP}.lock").write_text("")
        assert holder(project, CLIP) == "another process"


def test_lock_folder_that_cannot_be_made(project: Project):
    project.locks_dir.write_text("in the way")
    with pytest.raises(StorageError, match="cannot lock"), clip_lock(project, CLIP):
        pass
    with pytest.raises(StorageError, match="cannot look at"):
        is_locked(project, CLIP)
    with pytest.raises(StorageError, match="cannot read"):
        locked_clips(project, among=[CLIP])


def test_who_serves_second_is_told_the_address(tmp_path):
    with (
        server_lock(tmp_path, "http://127.0.0.1:3000"),
        pytest.raises(BusyError, match=r"this studio is being served by process \d+ on \S+ at http://127.0.0.1:3000: "),
        server_lock(tmp_path, "http://127.0.0.1:3001"),
    ):
        pass


def test_the_lock_of_a_run_is_held_and_leaves_nothing(tmp_path):
    with run_lock(tmp_path, "4711"):
        assert is_run_held(tmp_path, "4711")
        assert not is_run_held(tmp_path, "4712")
    assert not is_run_held(tmp_path, "4711")
    assert list((tmp_path / "workers").iterdir()) == []
