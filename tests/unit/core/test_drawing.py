import pytest

from vtx_dagster.core.bible import Bible, Palette
from vtx_dagster.core.clip import ClipSpec
from vtx_dagster.core.continuity import draw, style_palette
from vtx_dagster.core.figures import given_figures
from vtx_dagster.core.plan import GivenDrawing
from vtx_dagster.core.shot import Camera, CameraMove, DialogueLine, TimeOfDay

BIBLE = Bible.model_validate(
    {
        "style": {
            "profiles": {"default": {"palette": {"light": "#222222", "mid": "#222222"}}, "plain": {}},
            "times": {
                "night": {"sky": "#111111", "light": "#111111", "mid": "#111111", "shadow": "#111111"},
                "day": {"sky": "#eeeeee"},
            },
        },
        "characters": {"characters": {"mara": {"name": "Mara Voss"}}},
        "locations": {
            "locations": {"kitchen": {"name": "Kitchen", "palette": {"mid": "#333333"}}, "field": {"name": "Field"}},
        },
    }
)


def clip(**fields) -> ClipSpec:
    return ClipSpec.model_validate({"id": "A01_S01_SH001", **fields})


def test_the_whole_drawing() -> None:
    spec = clip(
        characters=["mara"],
        location="kitchen",
        time_of_day="night",
        camera={"move": "dolly_in"},
        action=" She  waits. ",
        prompt="Not shown.",
        duration={"readable_text": "EXIT"},
        dialogue=[
            {"character": "mara", "text": "Yes.", "parenthetical": "softly"},
            {"character": "old_man", "text": "No.", "off_screen": True},
        ],
    )
    assert draw(BIBLE, spec, project="my_film", title="My Film") == GivenDrawing(
        project="my_film",
        title="My Film",
        camera=Camera(move=CameraMove.DOLLY_IN),
        time_of_day=TimeOfDay.NIGHT,
        place="Kitchen",
        location="kitchen",
        palette=Palette(sky="#111111", light="#222222", mid="#333333", shadow="#111111"),
        figures=given_figures(BIBLE, spec),
        action="She waits.",
        dialogue=(
            DialogueLine(character="Mara Voss", text="Yes.", parenthetical="softly"),
            DialogueLine(character="Old Man", text="No.", off_screen=True),
        ),
        readable_text="EXIT",
    )


def test_a_bare_clip_is_drawn_by_day_and_shows_its_prompt() -> None:
    drawing = draw(BIBLE, clip(prompt="Rain on\n glass"), project="p", title="T")
    assert (drawing.time_of_day, drawing.action, drawing.figures) == (TimeOfDay.DAY, "Rain on glass", ())
    assert drawing.palette == Palette(sky="#eeeeee", light="#222222", mid="#222222")


@pytest.mark.parametrize(
    ("fields", "time", "expected"),
    [
        pytest.param({"style_profile": "plain"}, TimeOfDay.DAY, Palette(sky="#eeeeee"), id="only the light"),
        pytest.param({"style_profile": "plain", "location": "field"}, TimeOfDay.DUSK, Palette(), id="nobody says"),
        pytest.param(
            {"style_profile": "unknown", "location": "unknown"}, TimeOfDay.DAY, Palette(sky="#eeeeee"), id="unknown keys"
        ),
        pytest.param(
            {"location": "kitchen"}, TimeOfDay.DUSK, Palette(light="#222222", mid="#333333"), id="location over profile"
        ),
    ],
)
def test_style_palette(fields: dict[str, object], time: TimeOfDay, expected: Palette) -> None:
    assert style_palette(BIBLE, clip(**fields), time) == expected
