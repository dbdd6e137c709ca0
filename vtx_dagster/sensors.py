"""What happens by itself: partitions follow the disk, due clips are rendered, complete films are assembled.

The sensors keep no queue of their own. Every tick asks the planner what is due now and leaves out what unfinished runs are at
work on, so nothing is lost in a crash and nothing is asked for twice. The stages of the story are for people to start: they may
cost money.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, takewhile

import dagster as dg

from vtx_dagster.assets.clips import CLIPS_PER_RUN
from vtx_dagster.assets.passing import PASSING_TAG
from vtx_dagster.assets.story import bible, brief
from vtx_dagster.core.errors import VtxError
from vtx_dagster.core.planner import ProjectRecord, Stage, State, Step, plan_project
from vtx_dagster.jobs import acts_job, film_job, plan_job, render_job
from vtx_dagster.partitions.batches import batches, keys_of_run, links, passable_keys, range_tags
from vtx_dagster.partitions.definitions import act_partitions, clip_partitions, project_partitions
from vtx_dagster.partitions.keys import key_of, split_key
from vtx_dagster.partitions.sync import register
from vtx_dagster.production.clips import utc_now
from vtx_dagster.production.gpu_time import GpuTime
from vtx_dagster.production.story import bible_hash, brief_hash
from vtx_dagster.production.survey import survey_studio
from vtx_dagster.resources.ltx import LtxPipeline
from vtx_dagster.resources.studio import StudioResource
from vtx_dagster.studio.project import Studio

WORK_TAG = "vtx/work"
"""Run tag: hash of what the run was asked to make real. Runs with the same tag are attempts at the same work."""

MAX_ATTEMPTS = 3
"""Work is asked for until so many runs of it failed or were cancelled since the last one that succeeded.

Partitions that shared these runs are then asked for one by one, so that the one that crashes keeps no other waiting. A clip that
failed is not asked for again: its failure is on record. Runs whose failures may pass by themselves do not count.
"""

FIRST_PAUSE = timedelta(minutes=1)
"""How long work waits after a run of it failed for reasons that may pass by themselves; twice as long after each further one."""

MAX_PAUSE = timedelta(hours=6)

MAX_RUNS_IN_FLIGHT = 4
"""Unfinished runs that one sensor asked for. More would only wait in the queue, and the plan may change meanwhile."""

MAX_SPAN = 4 * CLIPS_PER_RUN
"""Registered keys that a batch may span: those among them that are not due cost an event each."""

TICK_S = 15

RUNNING = dg.DefaultSensorStatus.RUNNING
"""A studio that is opened works by itself; `automation` in a project's `metadata.yaml` says what it may not do."""

STOPPED_TAG = "vtx/stopped_with_the_server"
"""Run tag: it was not a person who cancelled the run, but the end of the server, so it is no attempt that came to nothing."""

UNFINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.SUSPENDED,
    dg.DagsterRunStatus.CANCELING,
)


@dg.sensor(
    minimum_interval_seconds=TICK_S,
    default_status=RUNNING,
    description="Keeps the partitions equal to the disk, and observes briefs and bibles that changed.",
)
def studio_watch(context: dg.SensorEvaluationContext, studio: StudioResource) -> dg.SensorResult | dg.SkipReason:
    """Keep the partitions equal to the disk, and observe briefs and bibles that changed."""
    tick = _Tick(context)
    opened = studio.open()
    report = register(context.instance, opened)
    for slug, problem in report.problems.items():
        tick.tell(f"{slug}: {problem}")
    seen = tick.hashes
    tick.hashes = dict(_source_hashes(tick, studio))
    observations = [
        dg.AssetObservation(asset, partition=slug, tags={"dagster/data_version": content_hash})
        for name, content_hash in tick.hashes.items()
        if content_hash != seen.get(name)
        for slug, asset in [name.split("/")]
    ]
    tick.end()
    if not (observations or report.added or report.removed):
        return dg.SkipReason("nothing changed on disk")
    return dg.SensorResult(asset_events=observations)


@dg.sensor(
    jobs=[plan_job, render_job],
    minimum_interval_seconds=TICK_S,
    default_status=RUNNING,
    description="Renders new and changed clips, once per content hash. Off for projects with `automation.render: false`.",
)
def auto_render(
    context: dg.SensorEvaluationContext, studio: StudioResource, ltx: LtxPipeline
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Render new and changed clips, in batches, once per content hash.

    Clips that failed with exactly this plan, or that `render.budget_gpu_s` will not do for, are left for a person.
    `automation.render: false` in `metadata.yaml` turns it off.
    """
    tick = _Tick(context)
    opened = studio.open()
    register(context.instance, opened)
    order = context.instance.get_dynamic_partitions(str(clip_partitions.name))
    wanted: dict[str, str] = {}
    busy = _keys_at_work(context, clip_partitions)
    passable: set[str] = set()
    after: dict[str, str] = {}
    gpu = GpuTime(opened, clock=utc_now)
    for record in survey_studio(opened, engine_for=ltx.engine_for):
        steps = _affordable(tick, gpu, opened, record) if record.may_render else ()
        wanted |= {key_of(step.project, step.id): step.work_hash for step in steps}
        busy |= {key_of(record.project, clip.clip) for clip in record.clips if clip.state == State.RENDERING}
        passable.update(passable_keys(record))
        after.update(links(record))
    due = {key: work_hash for key, work_hash in wanted.items() if key not in busy}
    tick.hashes = {key: work_hash for key, work_hash in tick.hashes.items() if wanted.get(key) == work_hash}
    together = batches(due.keys() - tick.hashes, order, size=CLIPS_PER_RUN, span=MAX_SPAN, passable=passable, after=after)
    alone = batches(due.keys() & tick.hashes, order, size=1, span=1, after=after)
    work = (
        [_Work(job=job.name, hashes={key: due[key] for key in batch}) for job in (plan_job, render_job)]
        for batch in (*together, *alone)
    )
    yield from _requests(tick, work)
    tick.end()


@dg.sensor(
    jobs=[acts_job, film_job],
    minimum_interval_seconds=TICK_S,
    default_status=RUNNING,
    description="Assembles acts and films that changed and are complete. Off for projects with `automation.assemble: false`.",
)
def auto_assemble(
    context: dg.SensorEvaluationContext, studio: StudioResource, ltx: LtxPipeline
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Assemble acts and films whose lineup changed and whose clips are all there.

    `automation.assemble: false` in `metadata.yaml` turns it off.
    """
    tick = _Tick(context)
    opened = studio.open()
    register(context.instance, opened)
    busy = _keys_at_work(context, act_partitions) | _keys_at_work(context, project_partitions)
    work: list[_Work] = []
    for record in survey_studio(opened, engine_for=ltx.engine_for):
        if not record.may_assemble:
            continue
        acts = [step for step in _steps(tick, record, Stage.ACT) if not record.unfinished(step.id)]
        films = [] if acts or record.unfinished() else _steps(tick, record, Stage.FILM)
        work += [_Work(job=acts_job.name, hashes={key_of(step.project, step.id): step.work_hash}) for step in acts]
        work += [_Work(job=film_job.name, hashes={step.project: step.work_hash}) for step in films]
    yield from _requests(tick, ([piece] for piece in work if busy.isdisjoint(piece.hashes)))
    tick.end()


ALL_SENSORS = (studio_watch, auto_render, auto_assemble)


class _Tick:
    """One tick of a sensor: what it remembers of the one before, in the sensor's cursor, and what it tells a person.

    Attributes:
        hashes: Content that was seen, by name. `studio_watch`: of each brief and bible. `auto_render`: of the clips that are
            asked for one by one, because the runs that they shared with others kept failing.
    """

    def __init__(self, context: dg.SensorEvaluationContext) -> None:
        remembered = json.loads(context.cursor or "{}")
        self.context = context
        self.hashes: dict[str, str] = remembered.get("hashes", {})
        self._told_before = frozenset(remembered.get("told", ()))
        self._told: set[str] = set()

    def tell(self, line: str, level: int = logging.WARNING) -> None:
        """Log a line, unless the tick before did: Dagster keeps a file of each tick that logs something."""
        if line not in self._told_before | self._told:
            self.context.log.log(level, "%s", line)
        self._told.add(line)

    def end(self) -> None:
        """Remember this tick."""
        self.context.update_cursor(json.dumps({"hashes": self.hashes, "told": sorted(self._told)}))


def _source_hashes(tick: _Tick, studio: StudioResource) -> Iterator[tuple[str, str]]:
    """Yield ``slug/asset`` and content hash of every brief and bible; of one that cannot be read, the hash seen before."""
    opened = studio.open()
    for slug in opened.slugs():
        for spec, content_hash in ((brief, brief_hash), (bible, bible_hash)):
            name = f"{slug}/{spec.key.to_user_string()}"
            try:
                yield name, content_hash(opened.project(slug))
            except VtxError as error:
                tick.tell(f"{slug}: {error.message}")
                if name in tick.hashes:
                    yield name, tick.hashes[name]


def _steps(tick: _Tick, record: ProjectRecord, stage: Stage) -> list[Step]:
    """Return what can be done at one stage of a project; say what cannot, in one line."""
    if record.problem:
        tick.tell(f"{record.project}: {record.problem}")
    steps = [step for step in plan_project(record, retry_failed=False) if step.stage == stage]
    waiting = [step for step in steps if step.waits_for]
    if waiting:
        noun = "clip" if stage == Stage.RENDERED_CLIP else stage.value
        count = f"1 {noun} waits" if len(waiting) == 1 else f"{len(waiting)} {noun}s wait"
        tick.tell(": ".join(filter(None, (record.project, count, waiting[0].id, waiting[0].waits_for))))
    return [step for step in steps if not step.waits_for]


def _affordable(tick: _Tick, gpu: GpuTime, studio: Studio, record: ProjectRecord) -> list[Step]:
    """Return the clips of a project that can be rendered within its budget of GPU time; say which cannot, in one line."""
    steps = _steps(tick, record, Stage.RENDERED_CLIP)
    works = {step.id: step.gpu for step in steps if step.gpu is not None}
    if record.budget_gpu_s is None or not works:
        return steps
    try:
        told = gpu.beyond(studio.project(record.project), works.values(), record.budget_gpu_s)
    except VtxError as error:
        tick.tell(f"{record.project}: {error.message}")
        return [step for step in steps if step.gpu is None]
    beyond = [clip for clip, is_beyond in zip(works, told, strict=True) if is_beyond]
    if beyond:
        tick.tell(
            f"{record.project}: render.budget_gpu_s in metadata.yaml will not do for {', '.join(beyond[:5])}"
            f"{f' and {len(beyond) - 5} more' if len(beyond) > 5 else ''}: raise it to go on"
        )
    left_out = frozenset(beyond)
    return [step for step in steps if step.id not in left_out]


def _keys_at_work(context: dg.SensorEvaluationContext, level: dg.DynamicPartitionsDefinition) -> set[str]:
    """Return the partitions that unfinished runs cover, whoever started these.

    Runs of the command line do not count: one that was killed is unfinished until the next command, and the clip that a living
    one has in hand is locked.
    """
    order = context.instance.get_dynamic_partitions(str(level.name))
    runs = context.instance.get_runs(dg.RunsFilter(statuses=list(UNFINISHED)))
    return {key for run in runs if "vtx/started_by" not in run.tags for key in keys_of_run(run.tags, order)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What one run is to make real: a job, and the hash that is wanted of each of its partitions."""

    job: str
    hashes: dict[str, str]

    @property
    def digest(self) -> str:
        named = [self.job, self.hashes]
        return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()[:32]


def _requests(tick: _Tick, work: Iterable[Sequence[_Work]]) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Yield a run request for each piece of work, until enough runs are in flight; pieces that belong together, together."""
    own = dg.RunsFilter(tags={"dagster/sensor_name": tick.context.sensor_name}, statuses=list(UNFINISHED))
    num_in_flight = tick.context.instance.get_runs_count(own)
    num_asked = 0
    given_up: list[str] = []
    for pieces in work:
        if num_in_flight + num_asked + len(pieces) > MAX_RUNS_IN_FLIGHT:
            break
        attempts = [_runs_of(tick.context, piece) for piece in pieces]
        paused_until = max(map(_paused_until, attempts))
        if paused_until > utc_now():
            keys = ", ".join(sorted({key for piece in pieces for key in piece.hashes})[:5])
            tick.tell(
                f"runs of {keys} failed for reasons that may pass, see their logs: not tried before {paused_until:%F %H:%M} UTC"
            )
        elif max(map(_num_failed, attempts)) < MAX_ATTEMPTS:
            num_asked += len(pieces)
            yield from (_request(piece, attempt=len(runs)) for piece, runs in zip(pieces, attempts, strict=True))
        elif len(pieces[0].hashes) > 1:
            tick.hashes |= pieces[0].hashes
        else:
            given_up += pieces[0].hashes
    for slug, keys in groupby(sorted(given_up), key=lambda key: split_key(key)[0]):
        why = f"{MAX_ATTEMPTS} runs of each failed or were cancelled: see their logs, then `vtx make {slug}`"
        tick.tell(f"{slug}: gave up on {', '.join(keys)}: {why}", logging.ERROR)
    if not num_asked:
        yield dg.SkipReason("nothing to start: all is done, at work, or waits for a person (see the latest tick with a log)")


def _runs_of(context: dg.SensorEvaluationContext, piece: _Work) -> Sequence[dg.RunRecord]:
    """Return the attempts at a piece of work, the latest first."""
    return context.instance.get_run_records(dg.RunsFilter(tags={WORK_TAG: piece.digest}))


def _num_failed(runs: Iterable[dg.RunRecord]) -> int:
    """Return how many runs came to nothing since the last that succeeded, those aside whose failures may pass.

    A person who cancels a run wants no more of it, too; who stops the server wants it to go on at the next start.
    """
    failed = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
    return sum(
        run.dagster_run.status in failed and STOPPED_TAG not in run.dagster_run.tags and not _may_pass(run)
        for run in _since_success(runs)
    )


def _paused_until(runs: Iterable[dg.RunRecord]) -> datetime:
    """Return until when work is left alone because its latest runs failed for reasons that may pass by themselves."""
    passing = list(takewhile(_may_pass, _since_success(runs)))
    if not passing:
        return datetime.min.replace(tzinfo=UTC)
    pause = min(FIRST_PAUSE * 2 ** min(len(passing) - 1, 20), MAX_PAUSE)
    return passing[0].update_timestamp + pause


def _since_success(runs: Iterable[dg.RunRecord]) -> Iterator[dg.RunRecord]:
    return takewhile(lambda run: run.dagster_run.status != dg.DagsterRunStatus.SUCCESS, runs)


def _may_pass(run: dg.RunRecord) -> bool:
    return run.dagster_run.status == dg.DagsterRunStatus.FAILURE and PASSING_TAG in run.dagster_run.tags


def _request(piece: _Work, *, attempt: int) -> dg.RunRequest:
    keys = tuple(piece.hashes)
    return dg.RunRequest(
        run_key=f"{piece.digest}-{attempt}",
        tags={WORK_TAG: piece.digest, **(range_tags(keys) if len(keys) > 1 else {})},
        partition_key=keys[0] if len(keys) == 1 else None,
        job_name=piece.job,
    )
