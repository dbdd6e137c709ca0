"""LTX-2 on GPUs: one process per clip, resident workers, or diffusers."""
