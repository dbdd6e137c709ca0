"""From a brief of five lines to a film: the real client over HTTP, against a service that fails in every way it can."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import story_author
from model_server import ModelServer, Request, answer, refusal, slow, status, truncated

from vtx_dagster.core.errors import BudgetError, UnfinishedStageError
from vtx_dagster.core.ids import FilmId
from vtx_dagster.core.planner import Stage
from vtx_dagster.engines.choice import media_tool, story_writer
from vtx_dagster.production.story import StoryDesk
from vtx_dagster.studio.files import read_text
from vtx_dagster.studio.project import Project, Studio

BRIEF = """A woman waits for a ferry.
It does not come.
A man has a lamp.
They row.
Morning.
"""

METADATA = """version: 1
title: The Crossing
length_s: 60
render:
  profile: tiny
  profiles:
    tiny: {width: 128, height: 64, fps: 8, pipeline: ti2vid_one_stage}
"""

VTX = (sys.executable, "-c", "from vtx_dagster.cli.main import main; main()")


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(story_author.write) as server:
        yield server


def new_film(folder: Path, environ: dict[str, str], *, brief: str = BRIEF) -> Project:
    studio = Studio.init(folder / "studio", environ)
    project = studio.create_project("crossing", title="The Crossing")
    project.metadata_path.write_text(METADATA)
    project.brief_path.write_text(brief)
    return project


@pytest.fixture
def environ(server: ModelServer) -> dict[str, str]:
    return {**server.settings, "VTX_STORY_WRITER": "openai", "VTX_STORY_RETRIES": "2"}


@pytest.fixture
def film(tmp_path: Path, environ: dict[str, str]) -> Project:
    return new_film(tmp_path, environ)


def vtx(film: Project, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a user does, in a process of its own."""
    environ = {**os.environ, **film.studio.environ, "VTX_HOME": str(film.studio.root), "NO_COLOR": "1", **settings}
    return subprocess.run([*VTX, *arguments], env=environ, capture_output=True, text=True, timeout=110, check=False)


def write(film: Project) -> StoryDesk:
    """Write the whole story in this process."""
    desk = StoryDesk(film, story_writer(film))
    for stage in story_writer(film).stages:
        desk.run(stage)
    return desk


def asked(server: ModelServer) -> Counter[str]:
    """Count what was asked, by stage."""
    return Counter(request.schema_name for request in server.requests)


def assert_no_secret(film: Project, *printed: str) -> None:
    """Look for the key, and the header that it is sent in, in everything that a run leaves behind."""
    paths = [path for path in film.studio.root.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in paths), "Dagster's events are among them"
    secrets = (ModelServer.key.encode(), b"Bearer ", ModelServer.key[3:15].encode())
    for path in paths:
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret in content], path
    for text in printed:
        assert ModelServer.key not in text


def test_from_a_brief_to_a_film_through_every_fault(film: Project, server: ModelServer) -> None:
    server.will(
        *(status(429, retry_after_s=0.05), status(500), slow(0.2)),  # the acts, at the third attempt
        *(answer("{not JSON"), answer({"scenes": []})),  # the scenes of an act: two repairs
    )
    made = vtx(film, "make", "crossing")
    assert made.returncode == 0, made.stdout + made.stderr
    facts = media_tool(film.settings()).probe(film.film_path)
    assert facts.num_frames > 8 * 16
    assert (facts.width, facts.height, facts.fps) == (128, 64, 8)
    assert film.bible().characters.characters["mara"].descriptor.startswith("lean person")
    assert "35mm film" in json.loads(film.plan_path(film.clip_ids()[0]).read_text())["prompt"]
    for request in server.requests:
        assert request.body["text"]["format"]["strict"] is True
        assert request.body["store"] is False
    assert asked(server) == {"outline_acts": 3, "outline_scenes": 4, "treatment": 3, "bible": 1, "screenplay": 4, "shotlist": 4}
    assert_no_secret(film, made.stdout, made.stderr)

    num_asked = len(server.requests)
    again = vtx(film, "make", "crossing")
    assert (again.returncode, len(server.requests)) == (0, num_asked), again.stdout + again.stderr
    assert vtx(film, "plan", "--check").returncode == 0

    takes = {path.name: path.stat().st_ino for path in film.current_dir.glob("*.mp4")}
    outline = film.outline_path.read_text().replace("Tom brings a lamp to the pier.", "Tom drops the lamp into the water.")
    film.outline_path.write_text(outline)
    plan = vtx(film, "plan", "crossing")
    assert "A01_S20: its beats changed" in plan.stdout.replace("\n", " ")
    changed = vtx(film, "make", "crossing")
    assert changed.returncode == 0, changed.stdout + changed.stderr
    later = server.requests[num_asked:]
    assert [request.schema_name for request in later] == ["screenplay", "shotlist"]
    assert {story_author.part_of(request) for request in later} == {"EXT. PIER - DUSK"}
    same = {path.name for path in film.current_dir.glob("*.mp4") if takes.get(path.name) == path.stat().st_ino}
    other = {name for name in takes if not name.startswith("A01_S20")}
    assert other <= same
    assert same - other < {name for name in takes if name.startswith("A01_S20")}, "shots of the new beat were rendered again"
    assert_no_secret(film, changed.stdout, changed.stderr)


def test_a_service_that_only_has_chat_completions(film: Project, server: ModelServer, environ: dict[str, str]) -> None:
    film = Studio.open(film.studio.root, {**environ, "VTX_STORY_API": "chat"}).project("crossing")
    server.will(truncated(), answer("[]"))
    desk = write(film)
    assert all(request.is_chat for request in server.requests)
    assert server.requests[0].body["response_format"]["type"] == "json_schema"
    assert all(record.is_current for record in desk.records())
    assert len(film.clip_ids()) == 16


def test_killed_in_mid_screenplay_only_what_was_missing_is_sent(film: Project, server: ModelServer) -> None:
    def slowly(request: Request) -> dict[str, Any]:
        time.sleep(0.25 if request.schema_name == "screenplay" else 0)
        return story_author.write(request)

    server.author = slowly
    environ = {**os.environ, **film.studio.environ, "VTX_HOME": str(film.studio.root), "VTX_STORY_CONCURRENCY": "1"}
    with subprocess.Popen([*VTX, "make", "crossing"], env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        while asked(server)["screenplay"] < 3:
            assert process.poll() is None, process.stdout.read().decode() if process.stdout else ""
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    killed_at = asked(server)["screenplay"]
    server.author = story_author.write
    made = vtx(film, "make", "crossing")
    assert made.returncode == 0, made.stdout + made.stderr
    sent = Counter(json.dumps(request.body, sort_keys=True) for request in server.requests)
    again = [json.loads(body) for body, times in sent.items() if times > 1]
    assert len(again) <= 1, "only the question that was open when the process died is asked twice"
    assert asked(server)["screenplay"] <= 4 + len(again)
    assert killed_at >= 3
    assert film.film_path.is_file()


def test_one_scene_s_failure_loses_no_other(film: Project, server: ModelServer) -> None:
    def stubborn(request: Request) -> Any:
        is_pier = request.schema_name == "screenplay" and "PIER" in story_author.part_of(request)
        return refusal() if is_pier else story_author.write(request)

    server.author = stubborn
    with pytest.raises(UnfinishedStageError, match=r"screenplay: 1 of 4 parts failed: A01_S20: .*refused") as caught:
        write(film)
    (error,) = caught.value.details["parts"].values()  # type: ignore[union-attr]
    assert (error["code"], error["details"]["part"], error["details"]["attempt"]) == ("refused_answer", "A01_S20", 1)
    assert "cannot help" in read_text(Path(error["details"]["raw"]))
    assert len(list(film.scenes_dir.iterdir())) == 3
    server.author = story_author.write
    server.requests.clear()
    write(film)
    assert asked(server) == {"screenplay": 1, "shotlist": 4}


def test_a_budget_one_cent_below_the_estimate_sends_nothing(film: Project, server: ModelServer, environ: dict[str, str]) -> None:
    plan = json.loads(vtx(film, "plan", "crossing", "--json").stdout)
    estimate = sum(step["forecast"]["usd"] for step in plan["steps"])
    assert 0.01 < estimate < 10
    less = vtx(film, "make", "crossing", VTX_STORY_BUDGET_USD=f"{estimate - 0.01:.6f}")
    assert less.returncode == 1
    assert "budget" in less.stderr
    assert server.requests == []
    enough = vtx(film, "make", "crossing", VTX_STORY_BUDGET_USD=f"{estimate + 0.000001:.6f}")
    assert enough.returncode == 0, enough.stdout + enough.stderr

    tight = Studio.open(film.studio.root, {**environ, "VTX_STORY_BUDGET_USD": "0.01"}).project("crossing")
    tight.brief_path.write_text("Another story.\n")
    num_asked = len(server.requests)
    with pytest.raises(BudgetError):
        StoryDesk(tight, story_writer(tight)).run(Stage.OUTLINE)
    assert len(server.requests) == num_asked


def test_a_feature_of_120_scenes_four_at_a_time(tmp_path: Path, server: ModelServer, environ: dict[str, str]) -> None:
    def long_film(request: Request) -> dict[str, Any]:
        value = story_author.write(request)
        if request.schema_name == "outline_scenes":
            scenes = [scene for _ in range(30) for scene in value["scenes"]]
            value = {"scenes": [{**scene, "place": f"{scene['place']} {number}"} for number, scene in enumerate(scenes)]}
        elif request.schema_name == "screenplay":
            time.sleep(0.01)
        return value

    server.author = long_film
    film = new_film(tmp_path / "feature", {**environ, "VTX_STORY_CONTEXT_TOKENS": "60000"})
    film.metadata_path.write_text(METADATA.replace("length_s: 60", "length_s: 7200"))
    desk = StoryDesk(film, story_writer(film))
    for stage in story_writer(film).stages[:-1]:
        desk.run(stage)
    assert asked(server)["screenplay"] == 120
    assert 2 <= server.most_open <= 4
    assert len(list(film.scenes_dir.iterdir())) == 120
    (film.scenes_dir / "A02_S70__ferry_deck_6.fountain").unlink()
    desk.run(Stage.SCREENPLAY)
    assert asked(server)["screenplay"] == 120, "the answer is remembered"


def test_one_act_of_the_outline_again(film: Project, server: ModelServer) -> None:
    desk = write(film)
    server.requests.clear()
    desk.run(Stage.OUTLINE, only=FilmId.parse("A02"), again=True)
    assert [request.schema_name for request in server.requests] == ["outline_scenes"]
    assert all(record.is_current for record in desk.records())
