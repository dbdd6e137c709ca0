from collections.abc import Callable

import pytest

from vtx_dagster.core.bible import Build, Hair, Palette, SetKind
from vtx_dagster.core.clip import InputMode, Pipeline
from vtx_dagster.core.plan import DrawnFigure, EngineIdentity, GivenDrawing, GivenFigure, RenderPlan
from vtx_dagster.core.sets import _INTERIOR
from vtx_dagster.core.shot import Angle, Camera, CameraMove, DialogueLine, ShotSize, TimeOfDay


def make_figure(
    key="mara",
    *,
    build=Build.AVERAGE,
    hair=Hair.SHORT,
    wardrobe="#ff2020",
    hair_colour="#3a2a22",
    age=None,
    pronoun=None,
    descriptor="",
    name=None,
) -> DrawnFigure:
    return DrawnFigure(
        key=key,
        name=name or key.upper(),
        build=build,
        hair=hair,
        hair_colour=hair_colour,
        skin="#d9a582",
        wardrobe=wardrobe,
        age=age,
        pronoun=pronoun,
        descriptor=descriptor,
    )


def make_plan(
    *,
    place="shore",
    time=TimeOfDay.DAY,
    size=ShotSize.MS,
    angle=Angle.EYE_LEVEL,
    move=CameraMove.STATIC,
    lens=35,
    figures=None,
    dialogue=(),
    action="",
    text="",
    insert="",
    palette=None,
    width=192,
    height=108,
    fps=16,
    frames=17,
    seed=7,
    drawn=True,
    interior=None,
) -> RenderPlan:
    drawing = GivenDrawing(
        project="lamp",
        title="The Last Lamp",
        camera=Camera(size=size, angle=angle, move=move, lens_mm=lens),
        time_of_day=time,
        interior=SetKind(place) in _INTERIOR if interior is None else interior,
        set=SetKind(place),
        place="THE PLACE",
        palette=palette or Palette(),
        figures=tuple(GivenFigure(**dict(one)) for one in ([make_figure()] if figures is None else figures)),
        action=action,
        dialogue=tuple(DialogueLine(character=name, text=words, **more) for name, words, more in dialogue),
        readable_text=text,
        insert=insert,
    )
    return RenderPlan(
        clip="A01_S01_SH001",
        engine=EngineIdentity(name="animatic", version="2"),
        pipeline=Pipeline.TI2VID_ONE_STAGE,
        mode=InputMode.T2V,
        prompt="",
        negative_prompt="",
        seed=seed,
        width=width,
        height=height,
        fps=fps,
        content_frames=max(1, frames - 1),
        render_frames=frames,
        drawing=drawing if drawn else None,
    )


@pytest.fixture(scope="session")
def plan() -> Callable[..., RenderPlan]:
    return make_plan


@pytest.fixture(scope="session")
def figure() -> Callable[..., DrawnFigure]:
    return make_figure
