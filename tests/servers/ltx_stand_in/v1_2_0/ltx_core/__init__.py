"""Stand-in for ltx_core 1.2.0."""
