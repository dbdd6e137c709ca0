"""Running assets in this process, on the Dagster instance of a studio, so that the registry always knows."""

import os
import secrets
import socket
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any

import dagster as dg
import yaml
from filelock import FileLock, Timeout
from sqlalchemy.exc import DatabaseError

from vtx_dagster.assets.clips import CLIPS_PER_RUN
from vtx_dagster.assets.registry import report_finished
from vtx_dagster.assets.story import StoryConfig
from vtx_dagster.cli.output import note
from vtx_dagster.cli.watching import Outcomes, watching_clips, watching_frames, watching_parts
from vtx_dagster.core.errors import InvalidFileError, NotFoundError, StorageError, VtxError
from vtx_dagster.core.planner import Forecast, ProjectRecord, Stage, Step, plan_project
from vtx_dagster.definitions import defs
from vtx_dagster.partitions.batches import PARTITION_TAG, batches, range_tags
from vtx_dagster.partitions.definitions import clip_partitions
from vtx_dagster.partitions.keys import key_of, split_key
from vtx_dagster.partitions.sync import SyncReport, register
from vtx_dagster.production.story import StoryDesk
from vtx_dagster.resources.studio import StudioResource
from vtx_dagster.sensors import MAX_SPAN, UNFINISHED
from vtx_dagster.studio.files import storage_errors, write_atomic
from vtx_dagster.studio.locks import forget_run
from vtx_dagster.studio.project import Studio
from vtx_dagster.studio.template import DAGSTER_YAML

ORIGIN_TAGS = {"vtx/started_by": "vtx", "dagster/max_retries": "0"}
"""Of every run of the command line. Dagster's daemon could not start such a run again, so it must not try."""

WORKER_TAG = "vtx/worker"
"""Run tag: names the lock file that the process of the run holds as long as it lives."""


class Registry:
    """The Dagster instance of a studio, and the running of assets on it.

    Use ``open_registry``.
    """

    def __init__(self, studio: Studio, instance: dg.DagsterInstance, *, worker: str, is_verbose: bool) -> None:
        self.studio = studio
        self.instance = instance
        self._worker = worker
        self._log_level = "INFO" if is_verbose else "CRITICAL"
        self._resources = {**(defs.resources or {}), "studio": StudioResource(home=str(studio.root))}

    def register(self) -> SyncReport:
        """Make the registered partitions those that are on disk."""
        return register(self.instance, self.studio)

    def report_finished(self) -> Iterator[tuple[str, str]]:
        """Report what is finished on disk and unknown to the instance; yield asset and partition key of each."""
        ltx, ffmpeg, story = (self._resources[name] for name in ("ltx", "ffmpeg", "story"))
        return report_finished(
            self.instance,
            self.studio,
            engine_for=ltx.engine_for,
            media_for=ffmpeg.media_for,
            writer_for=story.writer_for,
        )

    def check_budget(self, slug: str) -> Forecast:
        """Return what all of a project's story that is due costs at most.

        Raises:
            BudgetError: If it could pass what is left of the project's budget.
        """
        project = self.studio.project(slug)
        return StoryDesk(project, self._resources["story"].writer_for(project)).check_budget()

    def write(self, stage: Stage, slug: str, config: StoryConfig | None = None, *, is_quiet: bool = False) -> dict[str, Any]:
        """Run one story stage of a project, and return what was reported of it.

        Args:
            stage: The stage.
            slug: The project.
            config: Run options; none for what is due.
            is_quiet: Show no progress.

        Raises:
            VtxError: If it failed.
        """
        self.register()
        options = (config or StoryConfig()).model_dump()
        try:
            with watching_parts(f"{slug} {stage}", is_quiet=is_quiet):
                result = self.run([stage], {PARTITION_TAG: slug}, config={stage: options})
        except KeyboardInterrupt:
            if (self.studio.project(slug).story_dir / "calls").is_dir():
                note(f"{slug} {stage}: every answer that arrived is in story/calls, and will not be asked or paid for again")
            raise
        self.register()
        return reported(result, stage)

    def render(
        self,
        keys: Iterable[str],
        *,
        passable: Iterable[str] = (),
        after: Mapping[str, str] = MappingProxyType({}),
        force: bool = False,
        profile: str = "",
        is_quiet: bool = False,
        tells_each: bool = True,
    ) -> Outcomes:
        """Render clips in batches, project by project, and no others. A clip that fails stops no other.

        Args:
            keys: Partition keys of the clips, those of a project together. One that is not registered, because its project
                cannot be read, fails.
            passable: Clips that are rendered and shown already, so that a batch may reach across them.
            after: Clips that must be rendered before others, by these (see ``batches.links``).
            force: Render even where there is a take.
            profile: Another render profile than the clips' own.
            is_quiet: Show no progress.
            tells_each: Print a line about each clip that is settled.

        Raises:
            VtxError: If a run failed as a whole.
        """
        wanted = tuple(keys)
        problems = self.register().problems
        order = self.instance.get_dynamic_partitions(str(clip_partitions.name))
        config = {"rendered_clip": {"force": force, "profile": profile}}
        # `force` and `profile` hold for every clip of a range, so then none may be passed.
        passed = frozenset() if force or profile else frozenset(passable)
        with watching_clips(wanted, is_quiet=is_quiet, tells_each=tells_each) as outcomes:
            for key in sorted(set(wanted).difference(order)):
                outcomes.fail([key], _unregistered(key, problems))
            for _, group in groupby(wanted, key=lambda key: split_key(key)[0]):
                for batch in _in_turn(group, order, passable=passed, after=after):
                    self._render_batch(batch, config, outcomes)
        return outcomes

    def _render_batch(self, batch: Sequence[str], config: Mapping[str, Any], outcomes: Outcomes) -> None:
        # Two runs: a step over many partitions yields no output that a next step of the same run could go on from.
        with suppress(VtxError):  # a plan that cannot be made fails again, and is noted, when its clip is rendered
            self.run(["clip_spec"], range_tags(batch))
        try:
            self.run(["rendered_clip"], range_tags(batch), config=config)
        except VtxError as error:
            outcomes.fail([key for key in batch if key not in outcomes.by_key], error)

    def assemble(self, slug: str, act: str = "", *, allow_missing: bool = False, is_quiet: bool = False) -> dict[str, Any]:
        """Assemble an act or the film of a project, and return what was reported of it.

        Raises:
            VtxError: If it failed.
        """
        stage, key = (Stage.ACT, key_of(slug, act)) if act else (Stage.FILM, slug)
        with watching_frames(f"assembling {key}", is_quiet=is_quiet):
            result = self.run([stage], {PARTITION_TAG: key}, config={stage: {"allow_missing": allow_missing}})
        return reported(result, stage)

    def run(
        self, selection: Sequence[str], tags: Mapping[str, str], *, config: Mapping[str, Mapping[str, Any]] | None = None
    ) -> dg.ExecuteInProcessResult:
        """Run assets for the partitions that the tags name.

        Raises:
            VtxError: If an asset failed for a reason that the user can mend.
            Exception: Whatever else an asset raised.
        """
        run_config = {
            "ops": {name: {"config": values} for name, values in (config or {}).items()},
            "loggers": {"console": {"config": {"log_level": self._log_level}}},
        }
        try:
            return dg.materialize(
                [asset for asset in defs.assets or () if isinstance(asset, dg.AssetsDefinition | dg.AssetSpec)],
                selection=list(selection),
                instance=self.instance,
                resources=self._resources,
                partition_key=tags.get(PARTITION_TAG),
                run_config=run_config,
                tags={**ORIGIN_TAGS, WORKER_TAG: self._worker, "vtx/pid": str(os.getpid()), **tags},
            )
        except dg.Failure as failure:
            raise error_of(failure) from failure
        except dg.DagsterExecutionInterruptedError as interrupt:
            raise KeyboardInterrupt from interrupt


@contextmanager
def open_registry(studio: Studio, *, is_verbose: bool = False) -> Iterator[Registry]:
    """Open the Dagster instance of a studio: in ``DAGSTER_HOME`` if that is set, else in the studio's ``.dagster``.

    Runs whose command was killed are marked as failed first, so that nothing waits for them.

    Raises:
        InvalidFileError: If ``dagster.yaml`` is not valid.
        StorageError: If the disk refuses.
    """
    home = dagster_home(studio)
    with _registry_errors(home):
        instance = _instance(home)
        with instance, _working(home) as worker:
            _fail_abandoned(instance, home)
            yield Registry(studio, instance, worker=worker, is_verbose=is_verbose)


def dagster_home(studio: Studio) -> Path:
    """Return the folder of the Dagster instance."""
    chosen = studio.environ.get("DAGSTER_HOME", "").strip()
    return Path(chosen).expanduser().absolute() if chosen else studio.root / ".dagster"


def clips_due(record: ProjectRecord) -> list[str]:
    """Return the keys of the clips that can be rendered or shown now, in story order; what failed is tried again."""
    return [key_of(step.project, step.id) for step in _clip_steps(record) if not step.waits_for]


def clips_of_another_version(record: ProjectRecord) -> list[str]:
    """Return the keys of the clips whose takes stand, though another version of an engine made them, in story order."""
    return [key_of(record.project, clip.clip) for clip in record.clips if clip.older and clip.has_take]


def clips_blocked(record: ProjectRecord) -> dict[str, str]:
    """Return why clips cannot be rendered, by key."""
    return {key_of(step.project, step.id): step.waits_for for step in _clip_steps(record) if step.waits_for}


def _clip_steps(record: ProjectRecord) -> Iterator[Step]:
    return (step for step in plan_project(record) if step.stage == Stage.RENDERED_CLIP)


def _in_turn(
    due: Iterable[str], order: Sequence[str], *, passable: Collection[str], after: Mapping[str, str]
) -> Iterator[tuple[str, ...]]:
    """Yield the due keys in batches, each clip in the batch of the one that it continues or in a later one."""
    left = set(due).intersection(order)
    while left:
        waits_for = {key: previous for key, previous in after.items() if previous in left}
        for batch in list(batches(left, order, size=CLIPS_PER_RUN, span=MAX_SPAN, passable=passable, after=waits_for)):
            yield batch
            left.difference_update(batch)


def reported(result: dg.ExecuteInProcessResult, stage: str) -> dict[str, Any]:
    """Return what a run that succeeded reported of its one partition of an asset, by metadata key."""
    events = result.get_asset_materialization_events()
    materialization = next(event.materialization for event in events if event.asset_key == dg.AssetKey(stage))
    return {name: value.value for name, value in materialization.metadata.items()}


def error_of(failure: dg.Failure) -> VtxError:
    """Return the error that a failure stands for."""
    cause = failure.__cause__
    return cause if isinstance(cause, VtxError) else VtxError(failure.description or "the run failed")


def _unregistered(key: str, problems: Mapping[str, str]) -> VtxError:
    slug, clip = split_key(key)
    problem = problems.get(slug, "it is no shot any more, or not on disk (see vtx projects status)")
    return NotFoundError(f"{slug} has no {clip} that could be rendered: {problem}", project=slug, clip=clip)


def _instance(home: Path) -> dg.DagsterInstance:
    with storage_errors(home, doing="make"):
        home.mkdir(parents=True, exist_ok=True)
    # In a DAGSTER_HOME of someone's choice, too: without it Dagster sends telemetry, and runs know no pools and no retries.
    if not (home / "dagster.yaml").exists():
        write_atomic(home / "dagster.yaml", DAGSTER_YAML)
    return dg.DagsterInstance.from_config(str(home))


@contextmanager
def _registry_errors(home: Path) -> Iterator[None]:
    try:
        yield
    except (dg.DagsterInvalidConfigError, yaml.YAMLError) as error:
        path = home / "dagster.yaml"
        raise InvalidFileError(f"{path}: {error}", file=str(path)) from error
    except DatabaseError as error:
        raise StorageError(
            f"Dagster's record of runs in {home} cannot be used: {error.orig}; make room or make it writable, or move the folder"
            " away: `vtx sync` rebuilds it",
            path=str(home),
        ) from error


@contextmanager
def _working(home: Path) -> Iterator[str]:
    """Hold a lock under a new name for as long as this process works; the kernel lets go of it however the process dies."""
    worker = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    lock = _worker_lock(home, worker)
    with storage_errors(home, doing="lock"):
        lock.acquire()
    try:
        yield worker
    finally:
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def _worker_lock(home: Path, worker: str) -> FileLock:
    folder = home / "workers"
    folder.mkdir(exist_ok=True)
    return FileLock(folder / f"{worker}.lock", timeout=0, thread_local=False)


def _fail_abandoned(instance: dg.DagsterInstance, home: Path) -> None:
    """Mark the runs of commands that are no more as failed: nobody else would, and Dagster would count them as running."""
    for run in instance.get_runs(dg.RunsFilter(tags={"vtx/started_by": "vtx"}, statuses=list(UNFINISHED))):
        lock = _worker_lock(home, run.tags.get(WORKER_TAG, "unknown"))
        try:
            lock.acquire()
        except Timeout:
            continue
        instance.report_run_failed(run, f"the process of this run ({run.tags.get('vtx/pid')}) is gone: it was killed or crashed")
        forget_run(home, run.run_id)
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()
