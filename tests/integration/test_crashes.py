"""Real processes with the real engine on one project: killed at any moment, or two at once."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from vtx_dagster.cli.studio_folder import engine_for
from vtx_dagster.engines.choice import media_tool
from vtx_dagster.production.cut import assembled_hash, sidecar_of
from vtx_dagster.production.survey import survey
from vtx_dagster.studio.project import Project
from vtx_dagster.studio.takes import TakeStore, read_sidecar

CLIPS = tuple(f"A{act:02d}_S01_SH{number:03d}" for act in (1, 2) for number in (10, 20, 30, 40, 50))
NUM_KILLS = 10
LONGEST_S = 0.5

FOREMAN = """
import os, sys
from pathlib import Path
from vtx_dagster.engines.animatic.engine import AnimaticEngine
from vtx_dagster.engines.choice import media_tool, render_engine
from vtx_dagster.production.clips import ClipWorkshop
from vtx_dagster.production.cut import assemble
from vtx_dagster.production.survey import survey
from vtx_dagster.studio.project import Studio

def make():
    studio = Studio.open(Path(sys.argv[1]), {})
    project = studio.project("film")
    engine = render_engine(project.settings())
    with ClipWorkshop(
        studio, engine_for=lambda *_: engine, media_for=lambda project: media_tool(project.settings())
    ) as workshop:
        reused = [workshop.render("film", clip).was_reused for clip in project.clip_ids()]
    assemble(project, lambda: survey(project, engine_for=lambda *_: engine), media=media_tool(project.settings()))
    return reused.count(False)

print("ready", flush=True)
for line in sys.stdin:
    worker = os.fork()
    if worker == 0:
        os._exit(100 + make())
    print(worker, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]), flush=True)
"""
"""Forks a worker for each line that it reads, and prints its process id and how it ended: with 100 and the clips it rendered."""


class Foreman:
    """A process that makes the film again and again, each time in a new process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return int(self.read())

    def read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def finished(self) -> int:
        """Wait for the worker and return how many clips it rendered."""
        code = int(self.read())
        assert code >= 100, f"the worker ended with {code}"
        return code - 100


@contextmanager
def foreman(project: Project) -> Iterator[Foreman]:
    command = [sys.executable, "-c", FOREMAN, str(project.studio.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        found = Foreman(process)
        assert found.read() == "ready"
        yield found
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def film(make_project, write_clip) -> Project:
    project = make_project(clips=())
    for clip in CLIPS:
        write_clip(project, clip, action="Mara pours tea.", camera={"move": "dolly_in"})
    return project


def assert_nothing_is_corrupt(project: Project) -> set[Path]:
    """Check every file that somebody vouches for, and return the takes."""
    takes = {take.path: take for clip in CLIPS for take in TakeStore(project).takes(clip)}
    media = media_tool(project.settings())
    for path, take in takes.items():
        record = read_sidecar(take.sidecar_path)
        assert hashlib.sha256(path.read_bytes()).hexdigest() == record.sha256
        media.verify(path, record.plan)
    for shown in project.current_dir.glob("*.mp4"):
        assert shown.stat().st_ino in {path.stat().st_ino for path in takes}
    if sidecar_of(project.film_path).exists():
        assert media.probe(project.film_path).num_frames == 8 * len(CLIPS)
    parts = [path for path in project.root.joinpath("renders").rglob("*.mp4*") if ".scratch" not in path.parts]
    assert set(parts) <= {*takes, *project.current_dir.glob("*.mp4"), project.film_path}, "nothing half-made lies around"
    return set(takes)


def test_killed_at_any_moment_nothing_is_lost_or_corrupt(film: Project) -> None:
    chance = random.Random(7)
    finished: dict[Path, int] = {}
    num_killed = 0
    with foreman(film) as works:
        for _ in range(NUM_KILLS):
            worker = works.start()
            time.sleep(chance.uniform(0.0, LONGEST_S))
            with suppress(ProcessLookupError):  # on a fast machine it may have finished
                os.kill(worker, signal.SIGKILL)
            num_killed += int(works.read()) == -signal.SIGKILL
            takes = assert_nothing_is_corrupt(film)
            assert {path: path.stat().st_ino for path in finished} == finished, "a finished take was made again"
            finished = {path: path.stat().st_ino for path in takes}
        works.start()
        assert works.finished() == len(CLIPS) - len(finished)
        assert num_killed >= 3
        record = survey(film, engine_for=engine_for)
        assert all(clip.is_current for clip in record.clips)
        assert all(TakeStore(film).current_hash(clip.clip) == clip.clip_hash for clip in record.clips)
        assert assembled_hash(film.film_path) == record.lineup.lineup_hash()
        assert_nothing_is_corrupt(film)
        works.start()
        assert works.finished() == 0
    assert not [path for path in film.scratch_dir.rglob("*") if path.is_file() and path.name != ".lock"]


def test_two_processes_at_once_render_each_clip_once(film: Project) -> None:
    with foreman(film) as one, foreman(film) as two:
        one.start()
        two.start()
        assert one.finished() + two.finished() == len(CLIPS)
    assert len(assert_nothing_is_corrupt(film)) == len(CLIPS)
    record = survey(film, engine_for=engine_for)
    assert assembled_hash(film.film_path) == record.lineup.lineup_hash()
