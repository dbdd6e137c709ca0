"""The film as data and rules. Values in, values out: no Dagster, disk, clock, environment or subprocess."""
