"""As in ltx_core 1.2.0."""
