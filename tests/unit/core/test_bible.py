import pytest
from pydantic import ValidationError

from vtx_dagster.core.bible import Bible, Character, Lora, Palette, StyleBible
from vtx_dagster.core.shot import TimeOfDay


def test_an_empty_bible_is_valid() -> None:
    bible = Bible()
    assert (bible.style.default_profile, bible.characters.characters, bible.locations.locations) == ("default", {}, {})
    assert bible.loras.bundles == {}


def test_a_bible_survives_json() -> None:
    bible = Bible.model_validate(
        {
            "style": {"times": {"night": {"sky": "#000011"}}},
            "characters": {"characters": {"mara": {"name": "Mara", "figure": {"hair": "bun"}}}},
            "loras": {"bundles": {"core": {"loras": [{"env_path": "LORA_CORE", "strength": 0.5}]}}},
        }
    )
    assert bible.style.times[TimeOfDay.NIGHT] == Palette(sky="#000011")
    assert Bible.model_validate_json(bible.model_dump_json()) == bible


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="neither"),
        pytest.param({"path": "a.safetensors", "env_path": "LORA_A"}, id="both"),
    ],
)
def test_a_lora_has_exactly_one_source(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="give exactly one of path and env_path"):
        Lora.model_validate(fields)


@pytest.mark.parametrize("fields", [{"path": "a.safetensors"}, {"env_path": "LORA_A"}], ids=["path", "setting"])
def test_a_lora_has_full_strength_unless_said(fields: dict[str, str]) -> None:
    assert Lora.model_validate(fields).strength == 1.0


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        pytest.param({"env_path": "lora_a"}, "env_path", id="a setting in small letters"),
        pytest.param({"path": "a", "strength": 5}, "strength", id="too strong"),
    ],
)
def test_bad_loras_are_refused(fields: dict[str, object], where: str) -> None:
    with pytest.raises(ValidationError, match=where):
        Lora.model_validate(fields)


@pytest.mark.parametrize("age", [-1, 1000])
def test_impossible_ages_are_refused(age: int) -> None:
    with pytest.raises(ValidationError, match="age"):
        Character(name="Mara", age=age)


def test_keys_of_profiles_are_checked() -> None:
    with pytest.raises(ValidationError, match="pattern"):
        StyleBible.model_validate({"profiles": {"Flash Back": {}}})
