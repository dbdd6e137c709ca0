"""The studio folder on disk: layout, YAML, settings, sidecars, takes and locks. No Dagster."""
