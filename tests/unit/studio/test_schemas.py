import json

import pytest
from jsonschema import Draft202012Validator

from vtx_dagster.core.errors import NotFoundError
from vtx_dagster.studio import schemas
from vtx_dagster.studio.schemas import SCHEMAS, model_schema, schema, schema_path, schema_text, write_schemas


@pytest.mark.parametrize("name", SCHEMAS)
def test_shipped_schema_is_the_one_of_the_model(name: str):
    shipped = schema_path(name).read_text(encoding="utf-8")
    assert shipped == schema_text(name), "run python -m vtx_dagster.studio.schemas"


def test_nothing_else_is_shipped():
    assert sorted(path.name for path in schemas.SCHEMA_DIR.iterdir()) == sorted(f"{name}.schema.json" for name in SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_is_draft_2020_12_and_closed_at_every_level(name: str):
    one = schema(name)
    Draft202012Validator.check_schema(one)
    assert one["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert one["$id"] == f"urn:vtx-dagster:schema:{name}:1"
    assert one["title"] == SCHEMAS[name].__name__
    for part in (one, *one.get("$defs", {}).values()):
        if part.get("type") == "object":
            assert part["additionalProperties"] is False


def test_keys_of_mappings_are_checked():
    validator = Draft202012Validator(schema("characters"))
    assert validator.is_valid({"version": 1, "characters": {"mara": {"name": "Mara"}}})
    assert not validator.is_valid({"version": 1, "characters": {"Mara Voss": {"name": "Mara"}}})
    assert not validator.is_valid({"version": 2})


def test_schema_is_a_new_value_every_time():
    schema("clip")["title"] = "spoilt"
    assert schema("clip")["title"] == "ClipSpec"
    assert "$id" not in model_schema(SCHEMAS["clip"])


@pytest.mark.parametrize(
    ("name", "hint"), [("charcters", "did you mean 'characters'"), ("zzz", "there are metadata, style_bible")]
)
def test_unknown_schema_suggests(name: str, hint: str):
    with pytest.raises(NotFoundError, match=hint):
        schema(name)


def test_schemas_can_be_rewritten(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(schemas, "SCHEMA_DIR", tmp_path / "schema_files")
    write_schemas()
    assert json.loads(schema_path("loras").read_text())["title"] == "LoraBundles"
    assert len(list((tmp_path / "schema_files").iterdir())) == len(SCHEMAS)
