"""A self-hosted film studio on Dagster: from a screenplay to a finished film, every stage an asset."""

__version__ = "0.1.0"
