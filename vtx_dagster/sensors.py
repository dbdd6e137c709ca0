"""What happens by itself: partitions follow the disk, due clips are rendered, complete films are assembled.

The sensors keep no queue of their own. Every tick asks the planner what is due now and leaves out what unfinished runs are at
work on, so nothing is lost in a crash and nothing is asked for twice.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg

from vtx_dagster.assets.clips import CLIPS_PER_RUN
from vtx_dagster.assets.story import bible, brief
from vtx_dagster.core.errors import VtxError
from vtx_dagster.core.planner import ProjectRecord, Stage, Step, plan_project
from vtx_dagster.jobs import acts_job, film_job, plan_job, render_job
from vtx_dagster.partitions.batches import PARTITION_TAG, batches, keys_of_run, passable_keys, range_tags
from vtx_dagster.partitions.definitions import clip_partitions
from vtx_dagster.partitions.keys import key_of
from vtx_dagster.partitions.sync import register
from vtx_dagster.production.story import bible_hash, brief_hash
from vtx_dagster.production.survey import survey_studio
from vtx_dagster.resources.ltx import LtxPipeline
from vtx_dagster.resources.studio import StudioResource

WORK_TAG = "vtx/work"
"""Run tag: hash of what the run was asked to make real. Runs with the same tag are attempts at the same work."""

MAX_ATTEMPTS = 3
"""A run that crashed is asked for this often in all. A clip that failed is not asked for again: its failure is on record."""

MAX_RUNS_IN_FLIGHT = 4
"""Unfinished runs that one sensor asked for. More would only wait in the queue, and the plan may change meanwhile."""

MAX_SPAN = 4 * CLIPS_PER_RUN
"""Registered keys that a batch may span: those among them that are not due cost an event each."""

TICK_S = 15

RUNNING = dg.DefaultSensorStatus.RUNNING
"""A studio that is opened works by itself; `automation` in a project's `metadata.yaml` says what it may not do."""

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
    opened = studio.open()
    report = register(context.instance, opened)
    for slug, problem in report.problems.items():
        context.log.warning("%s: %s", slug, problem)
    seen: dict[str, str] = json.loads(context.cursor or "{}")
    now = dict(_source_hashes(context, studio, seen))
    observations = [
        dg.AssetObservation(asset, partition=slug, tags={"dagster/data_version": content_hash})
        for name, content_hash in now.items()
        if content_hash != seen.get(name)
        for slug, asset in [name.split("/")]
    ]
    if not (observations or report.added or report.removed):
        return dg.SkipReason("nothing changed on disk")
    return dg.SensorResult(asset_events=observations, cursor=json.dumps(now))


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

    Clips that failed with exactly this plan are left for a person. `automation.render: false` in `metadata.yaml` turns it off.
    """
    opened = studio.open()
    register(context.instance, opened)
    order = context.instance.get_dynamic_partitions(str(clip_partitions.name))
    runs = _runs_in_flight(context)
    busy = {key for run in runs for key in keys_of_run(run.tags, order)}
    due: dict[str, str] = {}
    passable: set[str] = set()
    for record in survey_studio(opened, engine_for=ltx.engine_for):
        steps = _steps(context, record, Stage.RENDERED_CLIP) if record.may_render else ()
        due |= {key: step.work_hash for step in steps if (key := key_of(step.project, step.id)) not in busy}
        passable.update(passable_keys(record))
    work = (
        [_Work(job=job.name, hashes={key: due[key] for key in batch}) for job in (plan_job, render_job)]
        for batch in batches(due, order, size=CLIPS_PER_RUN, span=MAX_SPAN, passable=passable)
    )
    yield from _requests(context, work, num_in_flight=len(runs))


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
    opened = studio.open()
    register(context.instance, opened)
    runs = _runs_in_flight(context)
    busy = {run.tags.get(PARTITION_TAG) for run in runs}
    work: list[_Work] = []
    for record in survey_studio(opened, engine_for=ltx.engine_for):
        if not record.may_assemble:
            continue
        acts = [step for step in _steps(context, record, Stage.ACT) if not record.unfinished(step.id)]
        films = [] if acts or record.unfinished() else _steps(context, record, Stage.FILM)
        work += [_Work(job=acts_job.name, hashes={key_of(step.project, step.id): step.work_hash}) for step in acts]
        work += [_Work(job=film_job.name, hashes={step.project: step.work_hash}) for step in films]
    yield from _requests(context, ([piece] for piece in work if busy.isdisjoint(piece.hashes)), num_in_flight=len(runs))


ALL_SENSORS = (studio_watch, auto_render, auto_assemble)


def _source_hashes(
    context: dg.SensorEvaluationContext, studio: StudioResource, seen: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield ``slug/asset`` and content hash of every brief and bible; of one that cannot be read, the hash seen before."""
    opened = studio.open()
    for slug in opened.slugs():
        for spec, content_hash in ((brief, brief_hash), (bible, bible_hash)):
            name = f"{slug}/{spec.key.to_user_string()}"
            try:
                yield name, content_hash(opened.project(slug))
            except VtxError as error:
                context.log.warning("%s: %s", slug, error.message)
                if name in seen:
                    yield name, seen[name]


def _steps(context: dg.SensorEvaluationContext, record: ProjectRecord, stage: Stage) -> Iterator[Step]:
    """Yield what can be done at one stage of a project; say what cannot."""
    if record.problem:
        context.log.warning("%s: %s", record.project, record.problem)
    for step in plan_project(record, retry_failed=False):
        if step.stage != stage:
            continue
        if step.waits_for:
            context.log.warning("%s %s waits: %s", step.project, step.id or stage, step.waits_for)
        else:
            yield step


def _runs_in_flight(context: dg.SensorEvaluationContext) -> Sequence[dg.DagsterRun]:
    """Return the unfinished runs that this sensor asked for."""
    tags = {"dagster/sensor_name": context.sensor_name}
    return context.instance.get_runs(dg.RunsFilter(tags=tags, statuses=UNFINISHED))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """What one run is to make real: a job, and the hash that is wanted of each of its partitions."""

    job: str
    hashes: dict[str, str]

    @property
    def digest(self) -> str:
        named = [self.job, self.hashes]
        return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()[:32]


def _requests(
    context: dg.SensorEvaluationContext, work: Iterable[Sequence[_Work]], *, num_in_flight: int
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Yield a run request for each piece of work, until enough runs are in flight; pieces that belong together, together."""
    num_asked = 0
    for pieces in work:
        if num_in_flight + num_asked + len(pieces) > MAX_RUNS_IN_FLIGHT:
            break
        for request in _attempts(context, pieces):
            num_asked += 1
            yield request
    if not num_asked:
        yield dg.SkipReason("nothing to start: all is done, at work, or waits for a person (see the log of this tick)")


def _attempts(context: dg.SensorEvaluationContext, pieces: Iterable[_Work]) -> Iterator[dg.RunRequest]:
    """Yield the next attempt at each piece of work that was not attempted often enough."""
    for piece in pieces:
        keys = tuple(piece.hashes)
        attempts = context.instance.get_runs_count(dg.RunsFilter(tags={WORK_TAG: piece.digest}))
        if attempts >= MAX_ATTEMPTS:
            context.log.error("gave up after %d runs: %s; see their logs, then `vtx render resume`", attempts, ", ".join(keys))
            continue
        yield dg.RunRequest(
            run_key=f"{piece.digest}-{attempts}",
            tags={WORK_TAG: piece.digest, **(range_tags(keys) if len(keys) > 1 else {})},
            partition_key=keys[0] if len(keys) == 1 else None,
            job_name=piece.job,
        )
