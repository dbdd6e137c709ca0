"""Outside things behind the Protocols of core: ffmpeg, the animatic painter, the breakdown writer. No Dagster."""
