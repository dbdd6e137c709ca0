"""Dagster resources: one for each outside thing."""
