"""The stages of a film as Dagster assets."""
