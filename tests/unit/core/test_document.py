import pytest
from pydantic import TypeAdapter, ValidationError

from vtx_dagster.core.bible import StyleBible
from vtx_dagster.core.document import Document, HexColour, Key
from vtx_dagster.core.shot import Camera, DialogueLine, ShotSize


@pytest.mark.parametrize("key", ["a", "lamp_room", "2-b", "x" * 63])
def test_keys(key: str) -> None:
    assert TypeAdapter(Key).validate_python(key) == key


@pytest.mark.parametrize("key", ["", "A", "_a", "a b", "a.b", "x" * 64, "a\n"])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(ValidationError, match="pattern"):
        TypeAdapter(Key).validate_python(key)


@pytest.mark.parametrize(
    ("colour", "valid"), [("#2f4858", True), ("#FFFFFF", True), ("#fff", False), ("red", False), ("2f4858", False)]
)
def test_colours(colour: str, valid: bool) -> None:
    if valid:
        assert TypeAdapter(HexColour).validate_python(colour) == colour
    else:
        with pytest.raises(ValidationError, match="pattern"):
            TypeAdapter(HexColour).validate_python(colour)


def test_documents_are_version_1_and_say_so() -> None:
    assert Document().model_dump() == {"version": 1}
    with pytest.raises(ValidationError, match="Input should be 1"):
        Document.model_validate({"version": 2})


def test_unknown_keys_are_errors_at_every_depth() -> None:
    with pytest.raises(ValidationError, match=r"profiles\.default\.prefx\s+Extra inputs are not permitted"):
        StyleBible.model_validate({"profiles": {"default": {"prefx": ""}}})


def test_parts_are_immutable() -> None:
    line = DialogueLine(character="mara", text="Hm.")
    with pytest.raises(ValidationError, match="frozen"):
        line.text = "No."


def test_a_camera_without_orders_is_a_plain_medium_shot() -> None:
    assert Camera().model_dump(mode="json") == {"size": "MS", "angle": "eye_level", "move": "static", "lens_mm": 35}


@pytest.mark.parametrize("lens_mm", [7, 1201])
def test_impossible_lenses_are_refused(lens_mm: int) -> None:
    with pytest.raises(ValidationError, match="lens_mm"):
        Camera(lens_mm=lens_mm)


def test_shot_sizes_are_in_order_from_near_to_far() -> None:
    assert [size.value for size in ShotSize] == ["ECU", "CU", "MCU", "MS", "MWS", "WS", "EWS"]
