"""The JSON Schema of an answer as strict structured output takes it.

Strict mode wants every property required, no others allowed, and only some keywords of JSON Schema; what else a model's fields
ask for is checked when the answer is read. References are written out, because strict mode takes no description beside one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

MAX_ENUM = 250
"""Longer lists of keys are left out of a schema: services limit the values of all enums together to 1,000."""

_KEPT = frozenset(
    {
        *("type", "enum", "const", "description", "pattern", "minItems", "maxItems"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    }
)


def strict_schema(model: type[BaseModel], *, keys: Mapping[str, Sequence[str]] | None = None) -> dict[str, Any]:
    """Return the strict JSON Schema of an answer model.

    Args:
        model: The answer: an object of texts, numbers, enums, lists and other models; no mappings, no
            tuples of fixed form, nothing recursive.
        keys: What a field of text, or of a list of texts, may hold, by its name at any depth. An empty list, and one longer than
            ``MAX_ENUM``, leaves the field open.

    Raises:
        TypeError: If strict mode has no form for a field of the model.
        ValueError: If the model has no field of a name in ``keys``.
    """
    source = model.model_json_schema()
    writer = _Writer(model.__name__, source.get("$defs", {}), dict(keys or {}))
    schema = writer.node(source, ())
    if schema.get("type") != "object":
        raise TypeError(f"{model.__name__}: a strict answer is an object")
    if unused := sorted(writer.keys.keys() - writer.used):
        raise ValueError(f"{model.__name__} has no field of text called {', '.join(unused)}")
    return schema


class _Writer:
    def __init__(self, model: str, definitions: Mapping[str, Any], keys: dict[str, Sequence[str]]) -> None:
        self.keys = keys
        self.used: set[str] = set()
        self._model = model
        self._definitions = definitions

    def node(self, node: Mapping[str, Any], inside: tuple[str, ...]) -> dict[str, Any]:
        """Return one schema; ``inside`` are the definitions around it."""
        if "$ref" in node:
            name = node["$ref"].rpartition("/")[2]
            if name in inside:
                raise TypeError(f"{self._model}: {name} contains itself: strict answers are not recursive")
            return self.node({**self._definitions[name], **{key: node[key] for key in node if key != "$ref"}}, (*inside, name))
        schema = {key: value for key, value in node.items() if key in _KEPT}
        choices = node.get("anyOf", node.get("oneOf"))
        if choices is not None:
            schema["anyOf"] = [self.node(choice, inside) for choice in choices]
        elif schema.get("type") == "array":
            if "items" not in node or "prefixItems" in node:
                raise TypeError(f"{self._model}: strict answers have no tuples of fixed form and no lists of anything")
            schema["items"] = self.node(node["items"], inside)
        elif schema.get("type") == "object":
            if "properties" not in node:
                raise TypeError(f"{self._model}: strict answers have no mappings: use a list of objects with a key")
            schema["properties"] = {
                name: self._with_keys(name, self.node(child, inside)) for name, child in node["properties"].items()
            }
            schema["required"] = list(schema["properties"])
            schema["additionalProperties"] = False
        elif "type" not in schema and "enum" not in schema and "const" not in schema:
            raise TypeError(f"{self._model}: strict answers say of every field what it holds")
        return schema

    def _with_keys(self, name: str, schema: dict[str, Any]) -> dict[str, Any]:
        if name not in self.keys:
            return schema
        if schema.get("type") == "string" and "enum" not in schema:
            self.used.add(name)
            allowed = list(dict.fromkeys(self.keys[name]))
            if not 0 < len(allowed) <= MAX_ENUM:
                return schema
            return {key: value for key, value in schema.items() if key != "pattern"} | {"enum": allowed}
        if "anyOf" in schema:
            return schema | {"anyOf": [self._with_keys(name, choice) for choice in schema["anyOf"]]}
        if schema.get("type") == "array":
            return schema | {"items": self._with_keys(name, schema["items"])}
        return schema
