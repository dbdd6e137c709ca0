import pytest

from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.engines.screenplay.heading import time_of_day


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("NIGHT", TimeOfDay.NIGHT),
        ("EARLY MORNING", TimeOfDay.MORNING),
        ("DAY 3", TimeOfDay.DAY),
        ("NIGHT (FLASHBACK)", TimeOfDay.NIGHT),
        ("MAGIC HOUR", TimeOfDay.DUSK),
        ("First light", TimeOfDay.DAWN),
        ("MIDNIGHT", TimeOfDay.NIGHT),
        ("NUIT", TimeOfDay.NIGHT),
        ("CONTINUOUS", TimeOfDay.EVENING),
        ("MOMENTS LATER", TimeOfDay.EVENING),
        ("Same.", TimeOfDay.EVENING),
        ("WHENEVER", TimeOfDay.EVENING),
        ("", TimeOfDay.EVENING),
    ],
)
def test_time_of_day(time, expected):
    assert time_of_day(time, TimeOfDay.EVENING) == expected
