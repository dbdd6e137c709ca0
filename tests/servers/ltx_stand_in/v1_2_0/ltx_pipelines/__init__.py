"""Stand-in for ltx_pipelines 1.2.0."""
