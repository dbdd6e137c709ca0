from enum import StrEnum
from typing import Any, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field, RootModel

from vtx_dagster.engines.language_model.strict_schema import MAX_ENUM, strict_schema


class Size(StrEnum):
    """How near."""

    CLOSE = "CU"
    WIDE = "WS"


class Camera(BaseModel):
    """How it is shot."""

    size: Size = Size.WIDE
    lens_mm: int | None = Field(default=None, ge=8, le=300)


class Line(BaseModel):
    speaker: str = Field(pattern=r"^[a-z]+$", description="Who says it.")
    off_screen: bool = False
    kind: Literal["dialogue"] = "dialogue"


class Silence(BaseModel):
    kind: Literal["silence"] = "silence"
    seconds: float = Field(gt=0)


class Scene(BaseModel):
    """A scene."""

    title: str = Field(min_length=1, max_length=90)
    description: str = ""
    characters: tuple[str, ...] = ()
    location: str | None = None
    camera: Camera = Field(default=Camera(), description="Its own words.")
    elements: list[Line | Silence] = Field(default_factory=list, min_length=1, max_length=9)
    default_size: Size = Size.CLOSE


KEYS = {"speaker": ["ida", "noah", "ida"], "characters": ["ida", "noah"], "location": ["deck"]}
ANSWER: dict[str, Any] = {
    "title": "The ferry",
    "description": "",
    "characters": ["ida"],
    "location": "deck",
    "camera": {"size": "CU", "lens_mm": None},
    "elements": [
        {"speaker": "noah", "off_screen": True, "kind": "dialogue"},
        {"kind": "silence", "seconds": 1.5},
    ],
    "default_size": "WS",
}


def objects_of(node: object) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [found for item in node for found in objects_of(item)]
    if not isinstance(node, dict):
        return []
    own = [node] if node.get("type") == "object" else []
    return own + [found for item in node.values() for found in objects_of(item)]


def test_every_object_is_closed_and_asks_for_all_it_has() -> None:
    schema = strict_schema(Scene, keys=KEYS)
    objects = objects_of(schema)
    assert len(objects) == 4
    for found in objects:
        assert found["additionalProperties"] is False
        assert found["required"] == list(found["properties"])


def test_what_strict_mode_refuses_is_gone_and_descriptions_stay() -> None:
    schema = strict_schema(Scene, keys=KEYS)
    Draft202012Validator.check_schema(schema)
    text = str(schema)
    assert not [word for word in ("'$ref'", "'$defs'", "'default'", "minLength", "maxLength", "'oneOf'") if word in text]
    assert schema["description"] == "A scene."
    assert schema["properties"]["title"] == {"type": "string"}, "a property may be called title; its own title is left out"
    assert schema["properties"]["description"] == {"type": "string"}
    assert schema["properties"]["camera"]["description"] == "Its own words.", "a field's words go before its type's"
    assert schema["properties"]["default_size"] == {"type": "string", "enum": ["CU", "WS"], "description": "How near."}
    assert schema["properties"]["elements"]["maxItems"] == 9
    lens = schema["properties"]["camera"]["properties"]["lens_mm"]
    assert lens == {"anyOf": [{"type": "integer", "minimum": 8, "maximum": 300}, {"type": "null"}]}


def test_keys_are_enums_wherever_their_field_is() -> None:
    properties = strict_schema(Scene, keys=KEYS)["properties"]
    assert properties["characters"]["items"] == {"type": "string", "enum": ["ida", "noah"]}
    assert properties["location"]["anyOf"][0] == {"type": "string", "enum": ["deck"]}
    speaker = properties["elements"]["items"]["anyOf"][0]["properties"]["speaker"]
    assert speaker == {"type": "string", "description": "Who says it.", "enum": ["ida", "noah"]}


@pytest.mark.parametrize("names", [[], [f"key_{number}" for number in range(MAX_ENUM + 1)]], ids=["none", "too many"])
def test_a_list_that_cannot_be_an_enum_leaves_the_field_open(names: list[str]) -> None:
    schema = strict_schema(Scene, keys={"characters": names, "speaker": names})
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["characters"]["items"] == {"type": "string"}
    assert "pattern" in schema["properties"]["elements"]["items"]["anyOf"][0]["properties"]["speaker"]


def test_a_right_answer_is_valid() -> None:
    Draft202012Validator(strict_schema(Scene, keys=KEYS)).validate(ANSWER)
    Scene.model_validate(ANSWER)


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"characters": ["ghost"]},
        {"location": "moon"},
        {"camera": {"size": "CU"}},
        {"camera": {"size": "huge", "lens_mm": 50}},
        {"camera": {"size": "CU", "lens_mm": 5}},
        {"elements": []},
        {"elements": [{"kind": "silence", "seconds": 0}]},
        {"elements": [{"speaker": "ghost", "off_screen": True, "kind": "dialogue"}]},
        {"title": None},
    ],
    ids=["extra", "character", "location", "missing", "enum", "minimum", "no items", "exclusive", "speaker", "null"],
)
def test_a_wrong_answer_is_not(change: dict[str, Any]) -> None:
    assert not Draft202012Validator(strict_schema(Scene, keys=KEYS)).is_valid(ANSWER | change)


def test_a_field_is_required_even_if_it_has_a_default() -> None:
    validator = Draft202012Validator(strict_schema(Scene))
    assert validator.is_valid(ANSWER)
    for name in ANSWER:
        assert not validator.is_valid({key: value for key, value in ANSWER.items() if key != name}), name


def test_a_choice_by_a_field_is_a_plain_choice() -> None:
    class Element(BaseModel):
        element: Line | Silence = Field(discriminator="kind")

    schema = strict_schema(Element)["properties"]["element"]
    assert [branch["properties"]["kind"]["const"] for branch in schema["anyOf"]] == ["dialogue", "silence"]
    assert set(schema) == {"anyOf"}


class Tree(BaseModel):
    children: list["Tree"] = Field(default_factory=list)


class Mapped(BaseModel):
    names: dict[str, str]


class Fixed(BaseModel):
    pair: tuple[int, str]


class Loose(BaseModel):
    items: list


class Open(BaseModel):
    value: Any


class Many(RootModel[list[int]]):
    pass


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        (Tree, "Tree contains itself"),
        (Mapped, "no mappings"),
        (Fixed, "no tuples"),
        (Open, "Open.*what it holds"),
        (Loose, "what it holds"),
        (Many, "Many.*an object"),
    ],
    ids=["recursive", "mapping", "tuple", "any", "list of any", "no object"],
)
def test_a_model_without_a_strict_form_is_refused(model: type[BaseModel], problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        strict_schema(model)


@pytest.mark.parametrize("name", ["speakers", "lens_mm", "size"], ids=["unknown", "number", "has an enum"])
def test_keys_for_no_field_of_text_are_a_mistake(name: str) -> None:
    with pytest.raises(ValueError, match=f"Scene has no field of text called {name}"):
        strict_schema(Scene, keys={name: ["a"]})
