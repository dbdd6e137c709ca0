import pytest
from pydantic import ValidationError

from vtx_dagster.core.bible import Bible, Palette, StyleBible, StyleProfile
from vtx_dagster.core.capsules import Capsules, VisualCapsule, WritingCapsule, with_visual_capsules
from vtx_dagster.core.clip import ClipSpec
from vtx_dagster.core.continuity import compile_prompt, style_palette
from vtx_dagster.core.shot import TimeOfDay

GRAIN = VisualCapsule(
    title="Grain",
    descriptors=("super 8 film,", "coarse grain."),
    negative=("gloss", "Text"),
    times={TimeOfDay.DAY: Palette(sky="#111111", light="#222222"), TimeOfDay.NIGHT: Palette(sky="#333333")},
)
NEON = VisualCapsule(title="Neon", descriptors=("neon light",), times={TimeOfDay.DAY: Palette(sky="#444444", accent="#555555")})
BIBLE = Bible(
    style=StyleBible(
        prefix="Slow cinema,", negative="text", times={TimeOfDay.DAY: Palette(sky="#000000")}, default_profile="main"
    )
)
CLIP = ClipSpec(id="A01_S01_SH010", time_of_day=TimeOfDay.DAY, prompt="She waits.")


def look(**visual: VisualCapsule) -> Capsules:
    return Capsules(visual=visual)


def test_the_names_of_capsules_are_in_the_order_of_the_project() -> None:
    capsules = Capsules(
        writing={"terse": WritingCapsule(title="Terse"), "dry": WritingCapsule(title="Dry")}, visual={"grain": GRAIN}
    )
    assert capsules.names() == ("writing/terse", "writing/dry", "visual/grain")
    assert Capsules().names() == ()


def test_without_a_visual_capsule_the_bible_is_the_same() -> None:
    assert with_visual_capsules(BIBLE, Capsules(writing={"terse": WritingCapsule(title="Terse")})) is BIBLE


def test_words_follow_the_bible_in_the_order_of_the_capsules() -> None:
    style = with_visual_capsules(BIBLE, look(neon=NEON, grain=GRAIN)).style
    assert style.prefix == "Slow cinema. Neon light. Super 8 film, coarse grain."
    assert style.negative == "text, gloss, Text"
    assert with_visual_capsules(Bible(), look(neon=NEON)).style.prefix == "Neon light."


def test_colours_fill_what_the_bible_leaves_open_and_the_first_capsule_decides() -> None:
    times = with_visual_capsules(BIBLE, look(grain=GRAIN, neon=NEON)).style.times
    assert times == {
        TimeOfDay.DAY: Palette(sky="#000000", light="#222222", accent="#555555"),
        TimeOfDay.NIGHT: Palette(sky="#333333"),
    }
    assert BIBLE.style.times == {TimeOfDay.DAY: Palette(sky="#000000")}, "the bible itself stays as it is"


def test_a_look_is_in_the_prompt_and_colours_of_every_clip() -> None:
    profiled = BIBLE.model_copy(
        update={"style": BIBLE.style.model_copy(update={"profiles": {"main": StyleProfile(prefix="rain")}})}
    )
    bible = with_visual_capsules(profiled, look(grain=GRAIN))
    prompt = compile_prompt(bible, CLIP)
    assert prompt.positive.startswith("Slow cinema. Super 8 film, coarse grain. rain. By day.")
    assert prompt.negative == "text, gloss", "each once"
    assert style_palette(bible, CLIP, TimeOfDay.DAY) == Palette(sky="#000000", light="#222222")


def test_nothing_else_of_the_bible_changes() -> None:
    bible = with_visual_capsules(BIBLE, look(empty=VisualCapsule(title="Empty")))
    assert bible.style.model_fields_set == BIBLE.style.model_fields_set
    assert compile_prompt(bible, CLIP) == compile_prompt(BIBLE, CLIP)


@pytest.mark.parametrize("key", ["Terse", "a b", ""])
def test_a_key_is_one_that_people_can_type(key: str) -> None:
    with pytest.raises(ValidationError, match="pattern"):
        Capsules(writing={key: WritingCapsule(title="Terse")})
