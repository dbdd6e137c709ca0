"""Behaves like ``ltx_pipelines`` 1.0.0: fewer flags, no help without a checkpoint, and with one a crash in most modules."""
