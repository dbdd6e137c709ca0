"""Stand-in for ltx_pipelines 1.0.0."""
