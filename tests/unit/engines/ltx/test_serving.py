import doctest

import pytest

from vtx_dagster.core.clip import Pipeline
from vtx_dagster.engines.ltx import serving
from vtx_dagster.engines.ltx.serving import SERVED, unserved


def test_the_example_holds():
    assert doctest.testmod(serving).failed == 0


@pytest.mark.parametrize("engine", ["ltx_cli", "ltx_worker", "animatic"])
def test_ltx_and_the_animatic_serve_all(engine):
    assert all(unserved(engine, pipeline) is None for pipeline in Pipeline)


def test_every_pipeline_has_an_engine_that_renders_it():
    assert all(any(pipeline in SERVED[engine] for engine in SERVED if engine != "animatic") for pipeline in Pipeline)
