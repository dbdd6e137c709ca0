"""Places that are come back to, and chases."""

import pytest

from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.story import Source, StoryContext
from vtx_dagster.engines.breakdown.rules import Breakdown
from vtx_dagster.engines.breakdown.sequences import chases, visits
from vtx_dagster.engines.screenplay.fountain import parse_screenplay

STREET, CAR = "EXT. STREET - DAY", "INT. CAR - DAY"


def chased(*scenes: tuple[str, str]) -> list[bool]:
    source = Source(name="a", text="\n\n".join(f"{heading}\n\n{action}" for heading, action in scenes))
    texts = [scene for act in parse_screenplay(source).acts for scene in act.scenes]
    return chases(texts, [scene.place or None for scene in texts])


def test_visits():
    assert visits(["pier", "car", "pier", "car", "pier"]) == [0, 0, 1, 1, 2]
    assert visits(["pier", "a", "b", "c", "d", "pier"]) == [0, 0, 0, 0, 0, 0]
    assert visits(["pier", "a", "b", "c", "pier", "pier"]) == [0, 0, 0, 0, 1, 2]
    assert visits([None, None]) == [0, 0]


@pytest.mark.parametrize(
    ("scenes", "expected"),
    [
        pytest.param(((STREET, "Ann runs."), (CAR, "Ben waits."), (STREET, "Ann runs on.")), [True] * 3, id="back and forth"),
        pytest.param(((STREET, "Ann waits."), (CAR, "Ben waits."), (STREET, "Ann sits.")), [False] * 3, id="nobody runs"),
        pytest.param(((STREET, "Ann runs."), (CAR, "Ben races."), ("INT. SHOP - DAY", "A race.")), [False] * 3, id="no return"),
        pytest.param(((STREET, "Ann runs."), (STREET, "Ben runs."), (STREET, "Ann falls.")), [False] * 3, id="one place"),
        pytest.param(((STREET, "ANN\nBen runs."), (CAR, "Ann rests."), (STREET, "Ann sits.")), [False] * 3, id="only said"),
        pytest.param(
            (("INT. HALL - DAY", "Ann runs."), (STREET, "Ann runs."), (CAR, "Ben brakes."), (STREET, "Ann hides.")),
            [False, True, True, True],
            id="what comes before is no part of it",
        ),
    ],
)
def test_chases(scenes, expected):
    assert chased(*scenes) == expected


def test_a_chase_is_cut_as_one():
    text = "\n\n".join(
        f"{heading}\n\n{action}"
        for heading, action in ((STREET, "Ann runs."), (CAR, "Ben drives."), (STREET, "Ann runs left."), (CAR, "Ben brakes."))
    )
    context = StoryContext(
        metadata=Metadata(title="T"), brief=Source(name="b", text=""), screenplays=(Source(name="a.fountain", text=text),)
    )
    breakdown = Breakdown()
    outline = breakdown.outline(context)
    scenes = {file.scene: Source(name=file.scene, text=file.text) for file in breakdown.screenplay(context, outline, "")}
    shots = breakdown.shotlist(context, outline, scenes).shots
    assert [(shot.size.value, shot.angle.value, shot.move.value) for shot in shots] == [
        ("EWS", "eye_level", "truck_right"),
        ("WS", "eye_level", "pan_right"),
        ("MWS", "low", "truck_right"),
        ("MWS", "low", "handheld"),
    ]
