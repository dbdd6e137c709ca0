"""Which engine serves which pipeline: the table that engines refuse plans by and that the documentation shows."""

from collections.abc import Mapping
from types import MappingProxyType

from vtx_dagster.core.clip import Pipeline

SERVED: Mapping[str, frozenset[Pipeline]] = MappingProxyType(
    {
        "animatic": frozenset(Pipeline),
        "ltx_cli": frozenset(Pipeline),
        "ltx_worker": frozenset(Pipeline),
        "diffusers": frozenset({Pipeline.TI2VID_ONE_STAGE, Pipeline.KEYFRAME_INTERPOLATION}),
    }
)
"""Pipelines of every engine, by its name in settings. The animatic draws every clip, whatever it is to be rendered with."""


def unserved(engine: str, pipeline: Pipeline) -> str | None:
    """Say why an engine does not render a pipeline and who does, or return None if it does.

    >>> unserved("diffusers", Pipeline.RETAKE)
    'the engine diffusers does not serve retake: ltx_cli and ltx_worker do; it serves keyframe_interpolation and ti2vid_one_stage'
    """
    if pipeline in SERVED[engine]:
        return None
    others = " and ".join(name for name, served in SERVED.items() if pipeline in served and name != "animatic")
    own = " and ".join(sorted(SERVED[engine]))
    return f"the engine {engine} does not serve {pipeline.value}: {others} do; it serves {own}"
