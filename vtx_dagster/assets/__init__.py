"""The stages of a film as Dagster assets."""

import warnings

import dagster as dg

# The design leans on backfill policies, and a test shows when they change. Users can do nothing about the warning.
warnings.filterwarnings("ignore", message="Parameter `backfill_policy`", category=dg.BetaWarning)
