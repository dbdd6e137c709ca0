"""The three partitions definitions, their keys and their lineage."""
