"""The vtx command: parses, calls, prints."""
