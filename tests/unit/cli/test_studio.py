import json
import os
import shutil
import sys

import dagster as dg
import pytest
from dagster._core.remote_origin import InProcessCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from vtx_dagster.cli.runs import open_registry
from vtx_dagster.cli.studio import dev_command
from vtx_dagster.definitions import defs
from vtx_dagster.studio.demo import DEMO_SLUG, add_demo, demo_files
from vtx_dagster.studio.project import Studio
from vtx_dagster.studio.schemas import SCHEMAS


def test_init_makes_a_studio_and_leaves_what_is_there(vtx, tmp_path):
    home = tmp_path / "home"
    (home / "config").mkdir(parents=True)
    (home / "config/global.env").write_text("VTX_ENGINE=animatic\n", encoding="utf-8")
    result = vtx("init", "home")
    assert result.exit_code == 0
    assert result.stdout == f'{home} is a studio\nnext: vtx projects new my_film --title "My film" --studio {home}\n'
    assert (home / "config/global.env").read_text(encoding="utf-8") == "VTX_ENGINE=animatic\n"
    assert (home / ".dagster/dagster.yaml").is_file()
    assert vtx("init", "home", "--demo").stdout.endswith(f"next: vtx make {DEMO_SLUG} --studio {home}\n")
    assert vtx("init", "home").stdout.endswith(f"next: vtx plan --studio {home}\n")


def test_init_here_with_the_demo(vtx, tmp_path):
    result = vtx("init", "--demo")
    assert result.stdout == f"{tmp_path} is a studio\nnext: vtx make {DEMO_SLUG}\n"
    project = Studio.open(tmp_path, {}).project(DEMO_SLUG)
    assert project.metadata().title == "The Last Ferry"
    assert list(project.source_dir.glob("*.fountain"))
    assert project.bible().characters.characters
    assert project.env_path.is_file()
    assert json.loads(vtx("init", "--demo", "--json").stdout) == {"studio": str(tmp_path), "projects": [DEMO_SLUG]}


def test_the_demo_is_left_as_it_is_once_it_is_there(tmp_path):
    studio = Studio.init(tmp_path)
    brief = add_demo(studio).brief_path
    brief.write_text("mine", encoding="utf-8")
    assert add_demo(studio).brief_path.read_text(encoding="utf-8") == "mine"
    assert {path.split("/")[0] for path in demo_files()} == {"metadata.yaml", "prompts", "story"}


def test_demo_makes_the_film_and_says_how_to_open_it(vtx, film, monkeypatch):
    # The demo film itself takes a minute; a project that is there already is made as it is.
    monkeypatch.setattr("vtx_dagster.studio.demo.DEMO_SLUG", "film")
    result = vtx("demo", film.studio.root)
    assert result.exit_code == 0
    assert f"{film.film_path}\n3.0 s\n" in result.stdout
    assert result.stderr == f"the studio in the browser: vtx dev --studio {film.studio.root}\n"


def test_sync_rebuilds_a_lost_registry_and_renders_nothing(vtx, film):
    at = ("--studio", film.studio.root)
    known = json.loads(vtx("sync", "--json", *at).stdout)
    assert known == {"added": [], "removed": [], "reported": [], "problems": {}}
    shutil.rmtree(film.studio.root / ".dagster")
    found = json.loads(vtx("sync", "--json", *at).stdout)
    clips = [f"film/{clip}" for clip in film.clip_ids()]
    assert found["added"] == ["film", "film/A01", "film/A02", *clips]
    reported = [(one["asset"], one["partition"]) for one in found["reported"]]
    assert sorted(reported) == sorted(
        [
            *((stage, "film") for stage in ("outline", "treatment", "screenplay", "shotlist", "film")),
            *(("clip_spec", clip) for clip in clips),
            *(("rendered_clip", clip) for clip in clips),
        ]
    )
    film.clip_spec_path("A02_S01_SH010").unlink()
    result = vtx("sync", *at)
    assert result.stdout.splitlines() == [
        "- film/A02",
        "- film/A02_S01_SH010",
        "0 partitions added, 2 removed, 0 reported as finished",
    ]


def test_sync_prints_what_it_reports(vtx, film):
    shutil.rmtree(film.studio.root / ".dagster")
    lines = vtx("sync", "--studio", film.studio.root).stdout.splitlines()
    assert lines[:3] == ["+ film", "+ film/A01", "+ film/A02"]
    assert "reported rendered_clip film/A01_S01_SH010" in lines
    assert lines[-1] == "6 partitions added, 0 removed, 11 reported as finished"


def test_sync_of_a_broken_project_does_the_others_and_fails(vtx, studio):
    studio.create_project("broken", title="B").metadata_path.write_text("titel: B\n", encoding="utf-8")
    result = vtx("sync", "--studio", studio.root)
    assert result.exit_code == 1
    assert "+ broken\n+ film\n" in result.stdout
    assert "broken: metadata.yaml:1" in result.stderr


def test_doctor_finds_a_healthy_studio(vtx, finished):
    result = vtx("doctor", "--studio", finished[0])
    words = " ".join(result.stdout.split())
    assert result.exit_code == 0
    assert "ok engine animatic" in words
    assert "ok project film 3 clips" in words
    assert "0 problems" in words


def test_doctor_fails_with_a_remedy(vtx, studio):
    (studio.root / "config/global.env").write_text("VTX_FFMPEG=/nowhere\nOPENAI_API_KEY=sk-1\n", encoding="utf-8")
    result = vtx("doctor", "film", "--json", "--studio", studio.root)
    assert result.exit_code == 1
    findings = {finding["what"]: finding for finding in json.loads(result.stdout)["findings"]}
    assert findings["ffmpeg"]["level"] == "fail"
    assert findings["ffmpeg"]["remedy"] == "VTX_FFMPEG is set here: config/global.env:1"
    assert "setting VTX_ENGINE" not in findings
    assert findings["setting OPENAI_API_KEY"]["found"] == "******** (config/global.env:2)"
    assert "sk-1" not in result.stdout


def test_schema_lists_and_prints(vtx):
    assert vtx("schema").stdout.split() == list(SCHEMAS)
    assert json.loads(vtx("schema", "--json").stdout) == list(SCHEMAS)
    assert json.loads(vtx("schema", "clip").stdout)["$id"] == "urn:vtx-dagster:schema:clip:1"
    result = vtx("schema", "clips")
    assert (result.exit_code, "did you mean 'clip'?" in result.stderr) == (1, True)


def test_dev_registers_and_serves(vtx, studio, monkeypatch):
    seen, seen_by_another = [], []
    with open_registry(studio) as registry:
        origin = RemoteJobOrigin(
            RemoteRepositoryOrigin(InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="m"), location_name="vtx"), "r"),
            "render_clips",
        )
        registry.instance.create_run_for_job(
            defs.resolve_job_def("render_clips"), status=dg.DagsterRunStatus.STARTED, remote_job_origin=origin
        )

    def served(command, environment, *, address, on_ready, on_stop):
        seen.append((command, environment, address))
        on_ready()
        on_stop(lambda: False)
        seen_by_another.append(vtx("dev", "--studio", studio.root))

    monkeypatch.setattr("vtx_dagster.cli.serving.serve", served)
    result = vtx("dev", "--port", "3456", "--studio", studio.root)
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "1 run of a server that was killed: failed, and started again; what is finished is kept",
        f"{studio.root}: Dagster is starting (Ctrl-C stops it)",
        "ready: http://127.0.0.1:3456",
        "stopped",
    ]
    assert seen_by_another[0].exit_code == 1
    assert "at http://127.0.0.1:3456: wait for it or stop it" in seen_by_another[0].stderr
    ((command, environment, address),) = seen
    assert address == ("127.0.0.1", 3456)
    assert command[0] == sys.executable
    assert command[3:8] == ["-m", "dagster", "dev", "-m", "vtx_dagster.definitions"]
    assert command[-4:] == ["--host", "127.0.0.1", "--port", "3456"]
    assert environment["VTX_HOME"] == str(studio.root)
    assert environment["DAGSTER_HOME"] == str(studio.root / ".dagster")
    assert environment["PATH"] == os.environ["PATH"]
    assert "+" not in vtx("sync", "--studio", studio.root).stdout
    again = vtx("dev", "--port", "3456", "--studio", studio.root)
    assert again.stderr.splitlines() == result.stderr.splitlines()[1:]


def test_dev_keeps_a_dagster_home_that_is_set(studio, tmp_path):
    chosen = Studio.open(studio.root, {"DAGSTER_HOME": str(tmp_path / "dagster")})
    _, environment = dev_command(chosen, host="0.0.0.0", port=1)
    assert environment["DAGSTER_HOME"] == str(tmp_path / "dagster")


@pytest.mark.parametrize("port", ["0", "65536", "x"])
def test_dev_refuses_a_bad_port(vtx, studio, port):
    assert vtx("dev", "--port", port, "--studio", studio.root).exit_code == 2
