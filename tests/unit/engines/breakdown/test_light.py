"""The light of a scene, by its heading and its first lines."""

import pytest

from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.core.story import Source
from vtx_dagster.engines.breakdown.light import light_of
from vtx_dagster.engines.screenplay.fountain import parse_scene

RAIN = "Rain falls on the roofs."


@pytest.mark.parametrize(
    ("text", "light"),
    [
        pytest.param("EXT. PIER - DUSK\n\nMoonlight on the water.", TimeOfDay.DUSK, id="the heading says it"),
        pytest.param("EXT. PIER\n\nMoonlight on the water.", TimeOfDay.NIGHT, id="the action tells it"),
        pytest.param(f"EXT. PIER - LATER\n\n{RAIN}\n\nThe sun rises.", TimeOfDay.DAWN, id="the second line"),
        pytest.param(f"EXT. PIER\n\n{RAIN}\n\n{RAIN}\n\nThe sun rises.", TimeOfDay.EVENING, id="too late"),
        pytest.param("EXT. PIER\n\nMARA\nThe sun rises.", TimeOfDay.EVENING, id="only said"),
        pytest.param("EXT. PIER\n\nMara is a knight.", TimeOfDay.EVENING, id="as before"),
        pytest.param("AU\u00dfEN. PIER\n\nMondlicht.", TimeOfDay.NIGHT, id="in German"),
    ],
)
def test_light(text, light):
    assert light_of(parse_scene(Source(name="a", text=text)), TimeOfDay.EVENING) is light
