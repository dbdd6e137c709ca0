import pytest

from vtx_dagster.cli.changes import changes, in_short
from vtx_dagster.core.bible import Build, Hair, Palette, SetKind
from vtx_dagster.core.clip import InputMode, Pipeline
from vtx_dagster.core.plan import EngineIdentity, GivenDrawing, GivenFigure, PlanInput, RenderPlan
from vtx_dagster.core.shot import Angle, Camera, CameraMove, DialogueLine, ShotSize, TimeOfDay

FIGURE = GivenFigure(
    key="mara", name="Mara", build=Build.SLIGHT, hair=Hair.SHORT, hair_colour="#000000", skin="#c68e5f", wardrobe="#26323a"
)
DRAWING = GivenDrawing(
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
        (PLAN.model_copy(update={"seed": 8}), ("seed 7 -> 8",)),
        (PLAN.model_copy(update={"guidance_scale": 3.5}), ("guidance_scale none -> 3.5",)),
        (
            PLAN.model_copy(update={"prompt": "a weathered woman with long white hair opens the door"}),
            ('prompt "short grey" -> "long white"',),
        ),
        (
            PLAN.model_copy(update={"prompt": "a woman with short grey hair slowly opens a door"}),
            ('prompt without "weathered", with "slowly", "the" -> "a"',),
        ),
        (PLAN.model_copy(update={"negative_prompt": "logo"}), ('negative prompt "text" -> "logo"',)),
        (PLAN.model_copy(update={"negative_prompt": "text "}), ("negative prompt in its white space",)),
        (PLAN.model_copy(update={"content_frames": 21, "render_frames": 25}), ("length 2.0 s -> 2.62 s",)),
        (
            PLAN.model_copy(update={"content_frames": 32, "render_frames": 33, "fps": 16}),
            ("fps 8 -> 16",),
        ),
        (
            PLAN.model_copy(update={"engine": EngineIdentity(name="animatic", version="2")}),
            ("engine version 1 -> 2",),
        ),
        (
            drawn(camera=Camera(size=ShotSize.CU, angle=Angle.LOW, move=CameraMove.DOLLY_IN, lens_mm=50)),
            ("size MS -> CU", "angle eye_level -> low", "move static -> dolly_in", "lens 35 mm -> 50 mm"),
        ),
        (
            drawn(time_of_day=TimeOfDay.NIGHT, palette=Palette(sky="#000000")),
            ("time of day day -> night",),
        ),
        (drawn(palette=Palette(sky="#000000")), ("palette.sky none -> #000000",)),
        (drawn(figures=(FIGURE.model_copy(update={"wardrobe": "#ffffff"}),)), ("mara.wardrobe #26323a -> #ffffff",)),
        (drawn(figures=()), ("characters Mara -> none",)),
        (drawn(dialogue=(DialogueLine(character="Mara", text="No."),)), ("dialogue none -> No.",)),
        (
            drawn(interior=False, place="GARDEN").model_copy(update={"prompt": PLAN.prompt.replace("door", "gate")}),
            ('prompt "door" -> "gate"',),
        ),
        (drawn(interior=False), ("interior True -> False",)),
        (
            PLAN.model_copy(update={"inputs": (PlanInput(role="image", sha256="ab" * 32),)}),
            ("inputs none -> abababababab",),
        ),
        (
            PLAN.model_copy(update={"prompt": f"{PLAN.prompt} {LONG}"}),
            (f'prompt with "{" ".join(LONG.split()[:12])} ..."',),
        ),
        (
            PLAN.model_copy(update={"prompt": "one a two weathered three woman four with five short"}),
            ('prompt with "one", with "two", with "three", and 3 more places',),
        ),
    ],
    ids=lambda value: value[0][:24] if isinstance(value, tuple) and value else "",
)
def test_changes_in_words(changed, lines):
    assert tuple(change.line() for change in changes(PLAN, changed)) == lines


def test_a_plan_that_is_not_drawn_is_compared_by_its_own_fields():
    (camera, *rest) = changes(PLAN, PLAN.model_copy(update={"drawing": None}))
    assert camera.name == "project"
    assert {change.name for change in rest} >= {"characters", "place"}


def test_another_engine_is_one_change():
    other = {"engine": EngineIdentity(name="ltx", version="1.2"), "drawing": None, "pipeline": Pipeline.DISTILLED, "fps": 25}
    told = {change.name for change in changes(PLAN, PLAN.model_copy(update=other))}
    assert {"engine", "fps"} <= told <= {"engine", "fps", "length"}
    assert "engine animatic -> ltx" in [change.line() for change in changes(PLAN, PLAN.model_copy(update=other))]


def test_changes_in_short():
    found = changes(
        PLAN,
        drawn(camera=Camera(size=ShotSize.CU), title="A title that is much too long to be read in passing").model_copy(
            update={"prompt": "close"}
        ),
    )
    assert in_short(found) == "size MS -> CU, prompt, title"


PREVIOUS = {"clip": "A01_S01_SH000", "clip_hash": "a" * 64, "end_frame": 40, "frames": 9, "strength": 1.0}
LORA = {"role": "distilled_lora", "fingerprint": "a" * 64, "strength": 0.5}
MODEL = {"role": "text_encoder", "fingerprint": "a" * 64}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ({}, {"previous": PREVIOUS}, ["continues: none -> A01_S01_SH000"]),
        ({"previous": PREVIOUS}, {}, ["continues: A01_S01_SH000 -> none"]),
        (
            {"previous": PREVIOUS},
            {"previous": PREVIOUS | {"clip": "A01_S01_SH001"}},
            ["continues: A01_S01_SH000 -> A01_S01_SH001"],
        ),
        ({"previous": PREVIOUS}, {"previous": PREVIOUS | {"clip_hash": "b" * 64}}, ["continues: A01_S01_SH000 changed"]),
        ({"previous": PREVIOUS}, {"previous": PREVIOUS | {"end_frame": 41}}, ["continues: A01_S01_SH000 changed"]),
        (
            {"previous": PREVIOUS},
            {"previous": PREVIOUS | {"frames": 17, "strength": 0.5}},
            ["continued frames 9 -> 17", "continued strength 1 -> 0.5"],
        ),
        ({"models": [MODEL]}, {"models": [MODEL | {"fingerprint": "b" * 64}]}, ["model text encoder changed"]),
        ({"models": [LORA]}, {"models": [LORA | {"strength": 0.8}]}, ["model distilled lora strength 0.5 -> 0.8"]),
        ({"models": [LORA]}, {"models": [LORA | {"strength": None}]}, ["model distilled lora strength 0.5 -> the usual"]),
        (
            {"models": [LORA, LORA | {"fingerprint": "b" * 64}]},
            {"models": [LORA | {"fingerprint": "c" * 64}, LORA | {"fingerprint": "b" * 64}]},
            ["model distilled lora changed"],
        ),
        ({"models": [MODEL]}, {}, ["model text encoder removed"]),
        ({}, {"models": [MODEL]}, ["model text encoder added"]),
        ({}, {"retake": {"start_s": 1, "end_s": 2.5}}, ["retake none -> 1 to 2.5 s"]),
        ({"quantization": "fp8-cast"}, {}, ["quantization fp8-cast -> none"]),
        ({"previous": PREVIOUS, "models": [MODEL]}, {"previous": PREVIOUS, "models": [MODEL]}, []),
    ],
)
def test_chains_models_and_ranges_in_words(old: dict, new: dict, told: list[str]) -> None:
    assert [change.line() for change in changes(chained(**old), chained(**new))] == told
    assert [change.short() for change in changes(chained(**old), chained(**new))] == told


def chained(**fields: object) -> RenderPlan:
    base = {"clip": "A01_S01_SH001", "engine": {"name": "ltx", "version": "1.2"}, "pipeline": "distilled", "mode": "t2v"}
    text = {"prompt": "Fog.", "negative_prompt": "", "seed": 7}
    size = {"width": 512, "height": 288, "fps": 16, "content_frames": 48, "render_frames": 49}
    return RenderPlan.model_validate(base | text | size | fields)
