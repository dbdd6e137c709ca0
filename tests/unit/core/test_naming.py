import pytest

from vtx_dagster.core.bible import Bible, Character
from vtx_dagster.core.clip import ClipSpec
from vtx_dagster.core.naming import characters_in_frame, display_name, humanised, profile_of


def clip(**fields) -> ClipSpec:
    return ClipSpec.model_validate({"id": "A01_S01_SH001", **fields})


def test_who_speaks_on_screen_is_in_frame() -> None:
    spec = clip(
        characters=["jonah"],
        dialogue=[
            {"character": "mara", "text": "Here."},
            {"character": "stub", "text": "Where?", "off_screen": True},
            {"character": "jonah", "text": "There."},
        ],
    )
    assert characters_in_frame(spec) == ("jonah", "mara")


def test_profile_of() -> None:
    noir = Bible.model_validate({"style": {"default_profile": "noir"}})
    assert profile_of(noir, clip()) == "noir"
    assert profile_of(noir, clip(style_profile="flashback")) == "flashback"


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("old_man", "Old Man"),
        ("the-keeper's-son", "The Keeper's Son"),
        ("MARA", "MARA"),
        ("r2_d2", "R2 D2"),
        ("_x_", "X"),
        ("", ""),
    ],
)
def test_humanised(key: str, name: str) -> None:
    assert humanised(key) == name


def test_display_name() -> None:
    assert display_name("mara", {"mara": Character(name="Mara Voss")}) == "Mara Voss"
    assert display_name("old_man", {}) == "Old Man"
