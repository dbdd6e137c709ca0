"""The loop over many partitions in one run, and when a step is tried again."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import dagster as dg

from vtx_dagster.assets._boundary import domain_boundary, failure_of
from vtx_dagster.assets.passing import tag_if_passing
from vtx_dagster.core.errors import VtxError
from vtx_dagster.production.lanes import Batch, Lanes, Work
from vtx_dagster.production.progress import Settled, settle

RETRY_DELAYS_S = (10, 20)
"""Waiting times before a step is tried again of whose failed partitions one may succeed without anyone changing anything."""


_FAILED = "vtx/failed_for_good"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionReport:
    """What is reported of one finished partition.

    Attributes:
        is_shown: The partition now stands for this work. Else (a take in another profile) it is only observed.
    """

    data_version: str
    metadata: Mapping[str, dg.MetadataValue | str | int | float | bool] = field(default_factory=dict)
    is_shown: bool = True


@contextmanager
def retrying_boundary(context: dg.AssetExecutionContext) -> Iterator[None]:
    """As ``domain_boundary``, and have the step tried again after what may pass by itself.

    Raises:
        dagster.RetryRequested: Instead of the failure, a few times.
    """
    with domain_boundary():
        try:
            yield
        except VtxError as error:
            if _may_retry(context, [error]):
                context.log.error("%s", error.message)  # noqa: TRY400 - the message is the remedy; a trace adds nothing
                raise _retry(context) from error
            tag_if_passing(context, [error])
            raise


def each_partition(
    context: dg.AssetExecutionContext, work: Work[PartitionReport], *, batch_of: Callable[[Sequence[str]], Batch] = Batch.of_keys
) -> Iterator[dg.MaterializeResult]:
    """Do the work for every partition of a run, reporting each as soon as it is done, so that a crash loses what is in hand.

    Where the batch has several lanes, the work is done in other threads; all of it is reported from this one. When this one is
    interrupted, the work in hand is called off, and what was finished by then is reported before the interrupt goes on.

    A failing partition does not stop the others. A run of one partition yields its result, so that later steps of the same
    run go on from it; a run of several logs them one by one and yields nothing, because Dagster would report the result of a
    yield for every partition of the run, with one shared data version.

    Args:
        context: Of the asset, which must have ``output_required=False``.
        work: Does one partition, by key.
        batch_of: Returns in which order partitions are done, and how many at the same time.

    Raises:
        dagster.Failure: At the end, if partitions failed; it lists them all. At once, if the run has several partitions and
            several assets: Dagster would skip the later ones and call that success.
        dagster.RetryRequested: Instead, a few times, if one of them may succeed when it is tried again. What failed for good is
            not tried again, and is noted as an observation, so that the last try lists it, too.
    """
    keys = context.partition_keys
    if len(keys) > 1 and len(context.job_def.nodes) > 1:
        raise dg.Failure(
            f"a run of {len(keys)} partitions can make one asset only: select rendered_clip alone (it makes the plans it needs)",
            allow_retries=False,
        )
    done, failures = _earlier_tries(context)
    left = [key for key in keys if key not in done and key not in failures]
    lanes = Lanes(batch_of(left), work)
    try:
        for key, finish in lanes:
            result = _settled(context, key, finish, failures)
            if result is not None:
                yield result
    except BaseException:
        for key, finish in lanes.stop():
            _settled(context, key, finish, failures)
        raise
    if not failures:
        return
    if _may_retry(context, failures.values()):
        for key in left:
            if key in failures and not failures[key].retryable:
                error = dg.MetadataValue.json(failures[key].to_json())
                context.log_event(dg.AssetObservation(context.asset_key, partition=key, metadata={_FAILED: error}))
        raise _retry(context)
    for key, error in failures.items():
        if error.retryable:
            settle(Settled(stage=context.asset_key.to_user_string(), key=key, error=error))
    tag_if_passing(context, failures.values())
    raise _failure(failures, num_done=len(keys) - len(failures))


def _settled(
    context: dg.AssetExecutionContext, key: str, finish: Callable[[], PartitionReport], failures: dict[str, VtxError]
) -> dg.MaterializeResult | None:
    """Report what came of one partition; of a run's only one the result is returned instead."""
    try:
        report = finish()
    except VtxError as error:
        context.log.error("%s: %s", key, error.message)  # noqa: TRY400 - the message is the remedy; a trace adds nothing
        failures[key] = error
        if not error.retryable:
            settle(Settled(stage=context.asset_key.to_user_string(), key=key, error=error))
        return None
    result = None
    if not report.is_shown:
        context.log_event(dg.AssetObservation(context.asset_key, partition=key, metadata=report.metadata))
    elif len(context.partition_keys) == 1:
        result = dg.MaterializeResult(data_version=dg.DataVersion(report.data_version), metadata=report.metadata)
    else:
        context.log_event(materialization(context.asset_key, key, report))
    settle(Settled(stage=context.asset_key.to_user_string(), key=key, facts=report.metadata))
    return result


def materialization(asset_key: dg.AssetKey, key: str, report: PartitionReport) -> dg.AssetMaterialization:
    """Return the event that reports one partition, with its own data version."""
    return dg.AssetMaterialization(
        asset_key,
        partition=key,
        metadata=report.metadata,
        tags={"dagster/data_version": report.data_version},
    )


def _failure(failures: Mapping[str, VtxError], *, num_done: int) -> dg.Failure:
    if len(failures) == 1 and num_done == 0:
        return failure_of(next(iter(failures.values())))
    rows = [f"- `{key}`: {error.message}" for key, error in failures.items()]
    return dg.Failure(
        f"{len(failures)} of {len(failures) + num_done} failed: {', '.join(list(failures)[:10])}",
        metadata={
            "vtx/failed": dg.MetadataValue.md("\n".join(rows)),
            "vtx/codes": dg.MetadataValue.json({key: error.code for key, error in failures.items()}),
        },
        allow_retries=all(error.retryable for error in failures.values()),
    )


def _may_retry(context: dg.AssetExecutionContext, errors: Collection[VtxError]) -> bool:
    return context.retry_number < len(RETRY_DELAYS_S) and any(error.retryable for error in errors)


def _retry(context: dg.AssetExecutionContext) -> dg.RetryRequested:
    # Not a RetryPolicy: with one, Dagster also tries again what a person interrupted, and what failed because of a bug.
    return dg.RetryRequested(max_retries=len(RETRY_DELAYS_S), seconds_to_wait=RETRY_DELAYS_S[context.retry_number])


def _earlier_tries(context: dg.AssetExecutionContext) -> tuple[frozenset[str], dict[str, VtxError]]:
    """Return the partitions that earlier tries of this step reported, and why others failed for good in them.

    A second report would call a partition found, not rendered.
    """
    if context.retry_number == 0:
        return frozenset(), {}
    kinds = {dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_OBSERVATION}
    records = context.instance.get_records_for_run(context.run.run_id, of_type=kinds).records
    told = {str(record.partition_key): record for record in records if record.asset_key == context.asset_key}
    failed = {
        key: VtxError.from_json(dict(error.value or {}))
        for key, record in told.items()
        if (seen := record.asset_observation) is not None
        and isinstance(error := seen.metadata.get(_FAILED), dg.JsonMetadataValue)
    }
    return frozenset(told.keys() - failed.keys()), failed
