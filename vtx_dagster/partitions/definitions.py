"""The three partitions definitions. Their keys are registered by ``partitions.sync``, from what is on disk."""

import dagster as dg

project_partitions = dg.DynamicPartitionsDefinition(name="projects")
act_partitions = dg.DynamicPartitionsDefinition(name="acts")
clip_partitions = dg.DynamicPartitionsDefinition(name="clips")

LEVELS = (project_partitions, act_partitions, clip_partitions)
"""From coarse to fine: a project has acts, an act has clips."""
