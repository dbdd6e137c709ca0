import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.bible import Bible, LoraBundle
from vtx_dagster.core.clip import ClipSpec
from vtx_dagster.core.continuity import PromptPack, bundle_of, compile_prompt, derived_seed, draw
from vtx_dagster.core.errors import InvalidRequestError

BIBLE = Bible.model_validate(
    {
        "style": {
            "prefix": "35mm film,  muted colours",
            "negative": "blurry, text, Watermark",
            "profiles": {
                "default": {"prefix": "Naturalistic light."},
                "flashback": {"prefix": "Faded Super 8.", "negative": "modern clothes, watermark."},
            },
        },
        "characters": {
            "characters": {
                "mara": {
                    "name": "Mara Voss",
                    "age": 34,
                    "descriptor": "a tall woman with short grey hair",
                    "wardrobe": "a yellow oilskin coat.",
                },
                "jonah": {"name": "Jonah", "descriptor": "A thin man. He limps.", "wardrobe": "a grey suit"},
                "stub": {"name": "The Keeper", "age": 0},
            }
        },
        "locations": {
            "locations": {
                "lamp_room": {
                    "name": "Lighthouse - Lamp Room",
                    "interior": True,
                    "descriptor": "a round room of brass and glass",
                },
                "rocks": {"name": "the rocks", "interior": False},
                "nowhere": {"name": "Nowhere"},
            }
        },
        "loras": {"bundles": {"core": {"description": "everywhere"}, "flashback": {}}},
    }
)
PLAIN = "Medium shot, eye level, static camera, 35 mm lens."


def clip(**fields) -> ClipSpec:
    return ClipSpec.model_validate({"id": "A01_S01_SH001", **fields})


def compiled(bible: Bible, **fields) -> PromptPack:
    return compile_prompt(bible, clip(**fields))


def test_golden_everything_in_its_order() -> None:
    pack = compiled(
        BIBLE,
        characters=["mara"],
        location="lamp_room",
        time_of_day="night",
        camera={"size": "MCU", "move": "dolly_in", "lens_mm": 50},
        action="Mara climbs the last step",
        props=["brass key", "lantern"],
        prompt="Dust in the light;  her lantern swings.. ",
        negative_prompt="BLURRY, cartoon, ",
        duration={"readable_text": 'NO  "ENTRY"'},
        dialogue=[
            {"character": "mara", "text": "Who is there?"},
            {"character": "jonah", "text": "Only “me”", "off_screen": True, "parenthetical": "(softly)"},
        ],
    )
    assert pack.positive.split("\n") == [
        "35mm film, muted colours. Naturalistic light. "
        "Mara Voss, 34, a tall woman with short grey hair, wearing a yellow oilskin coat. "
        "Lighthouse - Lamp Room, interior, at night, a round room of brass and glass. "
        "Medium close-up, eye level, slow dolly in, 50 mm lens. "
        "Mara climbs the last step. In the frame: brass key. Readable text in the frame: \"NO 'ENTRY'\". "
        "Dust in the light; her lantern swings. "
        'MARA VOSS says: "Who is there?" '
        "JONAH, off screen, says (softly): \"Only 'me'.\""
    ]
    assert pack.negative == "blurry, text, Watermark, cartoon"
    assert pack.warnings == ()


@pytest.mark.parametrize(
    ("fields", "positive"),
    [
        pytest.param({}, PLAIN, id="only the camera"),
        pytest.param({"characters": ["jonah"]}, f"Jonah, A thin man. He limps. Wearing a grey suit. {PLAIN}", id="two sentences"),
        pytest.param({"characters": ["stub"]}, f"The Keeper, 0. {PLAIN}", id="a stub"),
        pytest.param({"time_of_day": "dawn"}, f"At dawn. {PLAIN}", id="only a time"),
        pytest.param({"location": "rocks"}, f"the rocks, exterior. {PLAIN}", id="exterior"),
        pytest.param({"location": "nowhere", "time_of_day": "day"}, f"Nowhere, by day. {PLAIN}", id="neither inside nor outside"),
        pytest.param(
            {"action": "She runs.", "prompt": "At last  she RUNS home"}, f"{PLAIN} At last she RUNS home.", id="action said"
        ),
        pytest.param({"action": "She runs!", "prompt": "Rain"}, f"{PLAIN} She runs! Rain.", id="action not said"),
        pytest.param({"props": ["key"], "action": "A Key falls"}, f"{PLAIN} A Key falls.", id="prop in the action"),
        pytest.param({"duration": {"readable_text": "STOP"}, "prompt": "A sign: stop"}, f"{PLAIN} A sign: stop.", id="text said"),
        pytest.param({"prompt": "And then..."}, f"{PLAIN} And then...", id="an ellipsis stays"),
        pytest.param({"prompt": 'He reads "Stop."'}, f'{PLAIN} He reads "Stop."', id="a quote that ends"),
        pytest.param({"prompt": 'He reads "Stop"'}, f'{PLAIN} He reads "Stop".', id="a quote that does not"),
        pytest.param({"prompt": " \n\t "}, PLAIN, id="white space only"),
        pytest.param({"dialogue": [{"character": "mara", "text": " ", "off_screen": True}]}, PLAIN, id="nothing said"),
    ],
)
def test_sentences(fields: dict[str, object], positive: str) -> None:
    bible = BIBLE.model_copy(update={"style": Bible().style})
    assert compiled(bible, **fields).positive == positive


def test_who_speaks_on_screen_is_described() -> None:
    line = {"character": "mara", "text": "Here."}
    assert "Mara Voss, 34" in compiled(BIBLE, dialogue=[line]).positive
    assert "Mara Voss, 34" not in compiled(BIBLE, dialogue=[line | {"off_screen": True}]).positive


def test_a_style_profile_adds_its_prefix_and_negatives() -> None:
    pack = compiled(BIBLE, style_profile="flashback", negative_prompt="Modern Clothes")
    assert pack.positive == f"35mm film, muted colours. Faded Super 8. {PLAIN}"
    assert pack.negative == "blurry, text, Watermark, modern clothes"


@pytest.mark.parametrize(
    ("fields", "positive", "warning"),
    [
        pytest.param(
            {"characters": ["mra"]},
            f"Mra. {PLAIN}",
            "character 'mra' is not in prompts/characters.yaml, so only its name is in the prompt (did you mean 'mara'?)",
            id="character",
        ),
        pytest.param(
            {"characters": ["old_man"], "dialogue": [{"character": "old_man", "text": "Hm."}]},
            f'Old Man. {PLAIN} OLD MAN says: "Hm."',
            "character 'old_man' is not in prompts/characters.yaml, so only its name is in the prompt (known: jonah, mara, stub)",
            id="a speaker is named once",
        ),
        pytest.param(
            {"location": "lamproom", "time_of_day": "dusk"},
            f"Lamproom, at dusk. {PLAIN}",
            "location 'lamproom' is not in prompts/locations.yaml, so only its name is in the prompt (did you mean 'lamp_room'?)",
            id="location",
        ),
        pytest.param(
            {"style_profile": "flash-back"},
            f"Flash Back. {PLAIN}",
            "style profile 'flash-back' is not in prompts/style_bible.yaml, so only its name is in the prompt"
            " (did you mean 'flashback'?)",
            id="style profile",
        ),
    ],
)
def test_unknown_keys_warn_and_keep_the_name(fields: dict[str, object], positive: str, warning: str) -> None:
    pack = compiled(BIBLE, **fields)
    assert pack.positive.removeprefix("35mm film, muted colours. ").removeprefix("Naturalistic light. ") == positive
    assert pack.warnings == (f"A01_S01_SH001: {warning}",)


def test_a_default_profile_that_was_named_must_be_there() -> None:
    named = Bible.model_validate({"style": {"default_profile": "noir"}})
    assert compiled(named).positive == f"Noir. {PLAIN}"
    assert compiled(named).warnings == (
        "A01_S01_SH001: style profile 'noir' is not in prompts/style_bible.yaml, so only its name is in the prompt"
        " (none is defined)",
    )
    assert compiled(Bible()) == PromptPack(positive=PLAIN, negative="")


def test_a_prompt_over_its_budget_warns_and_stays_whole() -> None:
    spec = clip(prompt="word " * 100)
    free = compile_prompt(Bible(), spec)
    length = len(free.positive)
    assert compile_prompt(Bible(), spec, max_chars=length) == free
    tight = compile_prompt(Bible(), spec, max_chars=length - 1)
    assert tight.positive == free.positive
    assert tight.warnings == (
        f"A01_S01_SH001: the prompt has {length} characters and the budget is {length - 1}; "
        "shorten the clip's own text or the descriptors in the bible",
    )


TEXT = st.text(alphabet="ab .,;:!?\"'\n", max_size=12)


@settings(max_examples=80)
@given(TEXT, TEXT, TEXT)
def test_prompts_are_clean(prefix: str, action: str, prompt: str) -> None:
    bible = Bible.model_validate({"style": {"prefix": prefix, "negative": f"{prefix},{action}"}})
    pack = compiled(bible, action=action, prompt=prompt, negative_prompt=prompt)
    assert pack.positive == " ".join(pack.positive.split())
    assert pack.positive.endswith((".", "!", "?", '"', "'"))
    items = pack.negative.split(", ") if pack.negative else []
    assert len({item.casefold() for item in items}) == len(items)
    assert all(items)


@pytest.mark.parametrize(
    ("own", "default", "expected"),
    [
        pytest.param(None, None, None, id="none"),
        pytest.param(None, "core", LoraBundle(description="everywhere"), id="the project's"),
        pytest.param("flashback", "core", LoraBundle(), id="its own"),
    ],
)
def test_bundle_of(own: str | None, default: str | None, expected: LoraBundle | None) -> None:
    assert bundle_of(BIBLE, clip(lora_bundle=own), default) == expected


def test_an_unknown_bundle_is_refused() -> None:
    message = r"A01_S01_SH001: LoRA bundle 'flashbak' is not in prompts/loras.yaml \(did you mean 'flashback'\?\)"
    with pytest.raises(InvalidRequestError, match=message) as caught:
        bundle_of(BIBLE, clip(lora_bundle="flashbak"), None)
    assert caught.value.details == {"clip": "A01_S01_SH001", "bundle": "flashbak"}


@settings(max_examples=50)
@given(st.text(max_size=20), st.text(max_size=20))
def test_a_seed_has_31_bits(project: str, clip: str) -> None:
    assert 0 <= derived_seed(project, clip) < 2**31


def test_seeds_are_pinned() -> None:
    """A seed decides the pixels of every clip that names none: if this changes, all of them are stale."""
    assert derived_seed("my_film", "A01_S01_SH001") == 867468773


def test_seeds_differ_by_clip_and_by_project() -> None:
    clips = [(project, f"A01_S01_SH{number:03d}") for project in ("one", "two") for number in range(100)]
    assert len({derived_seed(*clip) for clip in clips}) == len(clips)


def test_a_clip_says_itself_whether_it_is_inside() -> None:
    outside = clip(location="lamp_room", interior=False)
    assert "Lighthouse - Lamp Room, exterior, a round room" in compile_prompt(BIBLE, outside).positive
    assert [
        draw(BIBLE, one, project="p", title="T").interior
        for one in (outside, clip(location="lamp_room"), clip(location="nowhere"))
    ] == [False, True, None]


def test_who_does_not_stand_is_said_and_drawn() -> None:
    seated = clip(characters=["mara", "jonah", "stub"], postures={"mara": "sit", "jonah": "sit", "stub": "lie"})
    text = compile_prompt(BIBLE, seated).positive
    assert "Mara Voss and Jonah are sitting. The Keeper is lying down." in text
    assert [figure.posture for figure in draw(BIBLE, seated, project="p", title="T").figures] == ["sit", "sit", "lie"]
