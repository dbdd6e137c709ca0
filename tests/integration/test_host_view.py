"""What Dagster's host processes make of the code location, and a backfill as the UI launches it.

Hosts (webserver, daemon) get the asset graph over the wire and never import user code. There is no public way to be one in a
test, so this module alone imports a few internals of Dagster: a workspace with a code server of its own, the GraphQL schema that
the UI talks to, and one round of the backfill daemon. Runs are executed in this process.
"""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster._daemon.backfill import execute_backfill_iteration
from dagster_graphql.schema import create_schema

from vtx_dagster.partitions.sync import register
from vtx_dagster.studio.project import Studio

pytestmark = [
    # Both are raised inside Dagster, by its own code: when a backfill is launched, and when it leaves an event loop.
    pytest.mark.filterwarnings("ignore:Function `AssetSelection.sources` is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:coroutine 'BaseEventLoop.shutdown_asyncgens' was never awaited:RuntimeWarning"),
]

CLIPS = ("A01_S01_SH010", "A02_S01_SH010")
LAUNCH = """
mutation ($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""


@pytest.fixture
def host(tmp_path: Path, empty_dagster_home: Path, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A host with a code server, on an instance that runs everything in this process."""
    home = tmp_path / "dagster"
    shutil.copytree(empty_dagster_home, home)
    config = {
        "telemetry": {"enabled": False},
        "run_coordinator": {"module": "dagster._core.run_coordinator", "class": "DefaultRunCoordinator"},
        "run_launcher": {
            "module": "dagster._core.launcher.sync_in_memory_run_launcher",
            "class": "SyncInMemoryRunLauncher",
        },
    }
    (home / "dagster.yaml").write_text(yaml.safe_dump(config))
    monkeypatch.setenv("VTX_HOME", str(studio.root))
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    target = ModuleTarget(module_name="vtx_dagster.definitions", attribute=None, working_directory=None, location_name=None)
    with dg.DagsterInstance.from_config(str(home)) as instance, WorkspaceProcessContext(instance, target) as process:
        yield process


def backfill(host: Any, **params: Any) -> Any:
    """Launch a backfill as the UI does, and return it when it has ended."""
    answer = create_schema().execute(LAUNCH, variables={"params": params}, context=host.create_request_context())
    assert answer.errors is None, answer.errors
    launched = answer.data["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    for _ in range(12):
        errors = [error for error in execute_backfill_iteration(host, logging.getLogger("backfill")) if error]
        assert errors == []
        found = host.instance.get_backfill(launched["backfillId"])
        if found.status.value not in ("REQUESTED", "COMPLETING"):
            return found
    pytest.fail("the backfill does not end")


@pytest.mark.filterwarnings(
    "ignore:Function `AssetSelection.sources` is deprecated:DeprecationWarning"
)  # Dagster calls it itself
def test_a_film_of_every_project_through_the_ui(host: Any, studio: Studio, make_project, write_clip) -> None:
    for slug in ("m1", "m2"):
        project = make_project(slug, clips=())
        for clip in CLIPS:
            write_clip(project, clip, action="Waves.", camera={"move": "pan_left"})
    register(host.instance, studio)

    # The mapping between levels arrives as Dagster's own, so that the host does not assume the identity.
    graph = host.create_request_context().asset_graph
    for name, upstream in (("film", "rendered_clip"), ("film", "act"), ("act", "rendered_clip"), ("clip_spec", "bible")):
        mapping = graph.get_partition_mapping(dg.AssetKey(name), dg.AssetKey(upstream))
        assert type(mapping) is dg.AllPartitionMapping, f"{name} on {upstream}"

    # Takes and films of two projects in one backfill: the films wait for the takes.
    both = backfill(host, assetSelection=[{"path": ["rendered_clip"]}, {"path": ["film"]}], allPartitions=True)
    assert both.status.value == "COMPLETED_SUCCESS", both.error
    instance = host.instance
    assert instance.get_materialized_partitions(dg.AssetKey("film")) == {"m1", "m2"}
    assert instance.get_materialized_partitions(dg.AssetKey("rendered_clip")) == {
        f"{slug}/{clip}" for slug in ("m1", "m2") for clip in CLIPS
    }
    assert all(studio.project(slug).film_path.is_file() for slug in ("m1", "m2"))

    # Films alone: with the identity, this failed with "depends on non-existent partitions".
    films = backfill(host, assetSelection=[{"path": ["film"]}], partitionNames=["m1", "m2"])
    assert films.status.value == "COMPLETED_SUCCESS", films.error
