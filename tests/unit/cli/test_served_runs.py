"""Runs of a server that was killed, and of one that is asked to stop; the server is a stand-in on the loopback address."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_origin import InProcessCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from vtx_dagster.cli import served_runs
from vtx_dagster.cli.served_runs import fail_left_behind, stop_runs
from vtx_dagster.definitions import defs
from vtx_dagster.sensors import STOPPED_TAG
from vtx_dagster.studio.locks import run_lock

STATUS = dg.DagsterRunStatus
OURS = "vtx_dagster.definitions"


@pytest.fixture
def home(sqlite_instance) -> Path:
    return Path(sqlite_instance.root_directory)


@pytest.fixture
def launched(sqlite_instance):
    """Return a function that puts a run of a code location into the instance."""

    def launch(status: dg.DagsterRunStatus, location: str | None = OURS, **tags: str) -> str:
        origin = location and RemoteJobOrigin(
            RemoteRepositoryOrigin(
                InProcessCodeLocationOrigin(LoadableTargetOrigin(module_name="m"), location_name=location), "__repository__"
            ),
            "render_clips",
        )
        job = defs.resolve_job_def("render_clips")
        return sqlite_instance.create_run_for_job(job, status=status, tags=tags, remote_job_origin=origin or None).run_id

    return launch


class Answers(BaseHTTPRequestHandler):
    """Ends the runs that it is asked to end, or says what it was told to."""

    instance: dg.DagsterInstance
    asked: list[dict[str, Any]]
    answer: bytes = b""

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(query)
        for run_id in [] if self.answer else query["variables"]["runs"]:
            run = self.instance.get_run_by_id(run_id)
            assert run is not None
            self.instance.report_run_canceled(run)
        body = self.answer or b'{"data": {}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server(sqlite_instance) -> Iterator[tuple[str, type[Answers]]]:
    handler = type("Handler", (Answers,), {"instance": sqlite_instance, "asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_address[1]}", handler
        http.shutdown()


def statuses(instance: dg.DagsterInstance) -> dict[str, str]:
    return {run.run_id: run.status.value for run in instance.get_runs()}


def test_runs_of_a_server_that_was_killed_are_failed(sqlite_instance, home, launched):
    dead = [launched(STATUS.STARTED), launched(STATUS.STARTING), launched(STATUS.STARTED, "vtx")]
    cancelled = launched(STATUS.CANCELING)
    alone = {
        launched(STATUS.QUEUED): "QUEUED",
        launched(STATUS.SUCCESS): "SUCCESS",
        launched(STATUS.STARTED, "somebody.elses"): "STARTED",
        launched(STATUS.STARTED, None): "STARTED",
        launched(STATUS.STARTED, **{"vtx/started_by": "vtx"}): "STARTED",
    }
    killed = home / "workers" / f"run-{dead[0]}.lock"
    killed.parent.mkdir(exist_ok=True)
    killed.touch()
    with run_lock(home, living := launched(STATUS.STARTED)):
        assert fail_left_behind(sqlite_instance, home) == 4
    expected = dict.fromkeys(dead, "FAILURE") | {cancelled: "CANCELED", living: "STARTED"} | alone
    assert statuses(sqlite_instance) == expected
    assert not killed.exists()


def test_runs_are_cancelled_before_the_server_stops(sqlite_instance, launched, server, capsys):
    url, handler = server
    cancelled = launched(STATUS.CANCELING)
    running, others = launched(STATUS.STARTED), launched(STATUS.STARTED, "somebody.elses")
    stop_runs(sqlite_instance, url, is_impatient=lambda: False)
    assert statuses(sqlite_instance) == {running: "CANCELED", cancelled: "CANCELED", others: "STARTED"}
    assert [query["variables"] for query in handler.asked] == [{"runs": [running, cancelled]}]
    assert STOPPED_TAG in sqlite_instance.get_run_by_id(running).tags
    assert STOPPED_TAG not in sqlite_instance.get_run_by_id(cancelled).tags
    assert capsys.readouterr().err == "stopping 2 runs: what is finished is kept, and the next start goes on\n"
    stop_runs(sqlite_instance, url, is_impatient=lambda: False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("answer", [b"{", b'{"errors": [{"message": "no such run"}]}', b'{"errors": [{}]}'])
def test_a_server_that_does_not_end_its_runs_is_stopped_all_the_same(sqlite_instance, launched, server, capsys, answer):
    url, handler = server
    handler.answer = answer
    launched(STATUS.STARTED)
    stop_runs(sqlite_instance, url, is_impatient=lambda: False)
    assert "the server does not answer (" in capsys.readouterr().err


@pytest.mark.parametrize(("impatient", "stop_s"), [(True, 600.0), (False, 0.0)])
def test_nobody_waits_for_ever(sqlite_instance, launched, server, monkeypatch, impatient, stop_s):
    url, handler = server
    handler.answer = b'{"data": {}}'
    running = launched(STATUS.STARTED)
    looks = iter([False, impatient])
    monkeypatch.setattr(served_runs, "_STOP_S", stop_s or 5.0)
    if not impatient:
        clock = iter([0.0, 1.0, 9.0])
        monkeypatch.setattr(served_runs.time, "monotonic", lambda: next(clock))
    stop_runs(sqlite_instance, url, is_impatient=lambda: next(looks))
    assert statuses(sqlite_instance) == {running: "STARTED"}


def test_a_server_that_is_gone_is_said(sqlite_instance, launched, capsys):
    launched(STATUS.STARTED)
    stop_runs(sqlite_instance, "http://127.0.0.1:9", is_impatient=lambda: False)
    assert "the server does not answer (" in capsys.readouterr().err
