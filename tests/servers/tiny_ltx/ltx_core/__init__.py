"""What of ``ltx_core`` a worker asks for."""
