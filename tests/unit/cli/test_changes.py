import pytest

from vtx_dagster.cli.changes import changes
from vtx_dagster.core.bible import Build, Hair, Palette, SetKind
from vtx_dagster.core.clip import InputMode, Pipeline
from vtx_dagster.core.plan import Drawing, DrawnFigure, EngineIdentity, PlanInput, RenderPlan
from vtx_dagster.core.shot import Camera, DialogueLine, TimeOfDay

FIGURE = DrawnFigure(
    key="mara", name="Mara", build=Build.SLIGHT, hair=Hair.SHORT, hair_colour="#000000", skin="#c68e5f", wardrobe="#26323a"
)
DRAWING = Drawing(
    project="film",
    title="The Film",
    camera=Camera(),
    time_of_day=TimeOfDay.DAY,
    interior=True,
    set=SetKind.WORKSHOP,
    place="KITCHEN",
    palette=Palette(),
    figures=(FIGURE,),
)
PLAN = RenderPlan(
    clip="A01_S01_SH010",
    engine=EngineIdentity(name="animatic", version="1"),
    pipeline=Pipeline.TI2VID_ONE_STAGE,
    mode=InputMode.T2V,
    prompt="a weathered woman with short grey hair opens the door",
    negative_prompt="text",
    seed=7,
    width=128,
    height=72,
    fps=8,
    content_frames=16,
    render_frames=17,
    drawing=DRAWING,
)
LONG = " ".join(f"word{number}" for number in range(30))


def drawn(**changed: object) -> RenderPlan:
    return PLAN.model_copy(update={"drawing": DRAWING.model_copy(update=changed)})


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        (PLAN, ()),
        (PLAN.model_copy(update={"seed": 8}), ("seed: 7 -> 8",)),
        (PLAN.model_copy(update={"guidance_scale": 3.5}), ("guidance_scale: none -> 3.5",)),
        (
            PLAN.model_copy(update={"prompt": "a weathered woman with long white hair opens the door"}),
            ('prompt: "short grey" -> "long white"',),
        ),
        (PLAN.model_copy(update={"negative_prompt": "logo"}), ('negative_prompt: "text" -> "logo"',)),
        (PLAN.model_copy(update={"negative_prompt": "two  words"}), ('negative_prompt: "text" -> "two  words"',)),
        (
            PLAN.model_copy(update={"content_frames": 24, "render_frames": 25}),
            ("content_frames: 16 -> 24 (2.00 s -> 3.00 s)", "render_frames: 17 -> 25 (2.12 s -> 3.12 s)"),
        ),
        (
            PLAN.model_copy(update={"engine": EngineIdentity(name="animatic", version="2")}),
            ('engine.version: "1" -> "2"',),
        ),
        (
            drawn(figures=(FIGURE.model_copy(update={"wardrobe": "#ffffff"}),)),
            ('drawing.figures[mara].wardrobe: "#26323a" -> "#ffffff"',),
        ),
        (drawn(figures=()), ("drawing.figures: Mara -> none",)),
        (drawn(dialogue=(DialogueLine(character="Mara", text="No."),)), ("drawing.dialogue: none -> No.",)),
        (drawn(interior=False), ("drawing.interior: True -> False",)),
        (
            PLAN.model_copy(update={"inputs": (PlanInput(role="image", sha256="ab" * 32),)}),
            ("inputs: none -> abababababab",),
        ),
        (
            PLAN.model_copy(update={"prompt": f"the {LONG}"}),
            (
                'prompt: "a weathered woman with short grey hair opens the door" -> "the word0 word1 word2 word3 word4 word5'
                ' word6 word7 word8 word9 word10 word11 word12 ..."',
            ),
        ),
    ],
    ids=lambda value: value[0].split(":")[0] if isinstance(value, tuple) and value else "",
)
def test_changes_in_words(changed, lines):
    assert changes(PLAN, changed) == lines


def test_white_space_alone_is_shown_whole():
    other = PLAN.model_copy(update={"negative_prompt": "a  b"})
    assert changes(PLAN.model_copy(update={"negative_prompt": "a b"}), other) == ('negative_prompt: "a b" -> "a  b"',)
