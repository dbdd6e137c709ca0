"""Behaves like ``ltx_pipelines`` 1.2.0 towards a caller: its command lines, log lines, files and failures; draws a pattern."""
