"""Runs that failed for reasons that may pass by themselves, which says nothing about what they were asked to make."""

from collections.abc import Collection

import dagster as dg

from vtx_dagster.core.errors import BudgetError, VtxError

PASSING_TAG = "vtx/may_pass"
"""Run tag: every failure of the run was of a kind that may pass: a device was lost, a disk full, a budget used up."""


def tag_if_passing(context: dg.AssetExecutionContext, errors: Collection[VtxError]) -> None:
    """Tag a run that is about to fail because of some errors, if all of them may pass without anyone changing the film."""
    if all(error.retryable or isinstance(error, BudgetError) for error in errors):
        context.instance.add_run_tags(context.run.run_id, {PASSING_TAG: "true"})
