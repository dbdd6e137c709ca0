"""The runs of the server when it starts and stops: those that its end left behind are failed, those under way are cancelled."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import dagster as dg

from vtx_dagster.cli.output import counted, note
from vtx_dagster.sensors import STOPPED_TAG
from vtx_dagster.studio.locks import forget_run, is_run_held

_AT_WORK = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING)
_LOCATIONS = ("vtx_dagster.definitions", "vtx")
"""How the code location is called under ``vtx dev`` and under ``workspace.yaml``."""

_STOP_S: Final = 20.0
"""How long runs that were asked to end have for it."""

_POLL_S: Final = 0.2
_TERMINATE: Final = "mutation ($runs: [String!]!) {terminateRuns(runIds: $runs, terminatePolicy: SAFE_TERMINATE) {__typename}}"


def fail_left_behind(instance: dg.DagsterInstance, home: Path) -> int:
    """Fail the runs that a server which is no more left unfinished, so that they free their places; return how many.

    A power cut, or a server that was killed, leaves them so; Dagster would count them as running for ever. Only for who holds the
    lock of the server. Runs of other code locations, and those whose process lives on, are left alone.
    """
    left = [run for run in _served(instance, _AT_WORK) if not is_run_held(home, run.run_id)]
    for run in left:
        forget_run(home, run.run_id)
        if run.status == dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, "the server ended while this run was being cancelled")
        else:
            instance.report_run_failed(run, "the server ended while this run was at work; what it finished is kept")
    return len(left)


def stop_runs(instance: dg.DagsterInstance, url: str, *, is_impatient: Callable[[], bool]) -> None:
    """Cancel the runs of a server that is about to stop, and wait for them, so that none is killed at its work.

    Args:
        instance: The Dagster instance that it serves.
        url: Where it answers.
        is_impatient: Says whether the wait was called off.
    """
    runs = _served(instance, _AT_WORK)
    if not runs:
        return
    note(f"stopping {counted(len(runs), 'run')}: what is finished is kept, and the next start goes on")
    # What a person is cancelling is not to go on at the next start.
    for run in (run for run in runs if run.status != dg.DagsterRunStatus.CANCELING):
        instance.add_run_tags(run.run_id, {STOPPED_TAG: "true"})
    try:
        _terminate(url, [run.run_id for run in runs])
    except (OSError, ValueError) as error:
        note(f"the server does not answer ({error}): its runs end with it")
        return
    until = time.monotonic() + _STOP_S
    while _served(instance, _AT_WORK) and not is_impatient() and time.monotonic() < until:
        time.sleep(_POLL_S)


def _served(instance: dg.DagsterInstance, statuses: Sequence[dg.DagsterRunStatus]) -> list[dg.DagsterRun]:
    """Return the runs of this code location in some states that the command line did not start."""
    runs = instance.get_runs(dg.RunsFilter(statuses=list(statuses)))
    return [run for run in runs if "vtx/started_by" not in run.tags and _location(run) in _LOCATIONS]


def _location(run: dg.DagsterRun) -> str:
    origin = run.remote_job_origin
    return origin.repository_origin.code_location_origin.location_name if origin else ""


def _terminate(url: str, runs: Sequence[str]) -> None:
    body = json.dumps({"query": _TERMINATE, "variables": {"runs": list(runs)}}).encode()
    request = urllib.request.Request(f"{url}/graphql", body, {"Content-Type": "application/json"})  # noqa: S310 - our own server
    with urllib.request.urlopen(request, timeout=_STOP_S) as response:  # noqa: S310
        answer = json.load(response)
    if "errors" in answer:
        raise ValueError(answer["errors"][0].get("message", "it refused to end them"))
