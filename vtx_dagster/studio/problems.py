"""What is wrong with a document, in plain English: errors of JSON Schema and of pydantic as problems at a path."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema.exceptions import ValidationError as SchemaError
from pydantic import ValidationError

from vtx_dagster.core.ids import ACT_PATTERN, CLIP_PATTERN, SCENE_PATTERN
from vtx_dagster.studio.yaml_source import YamlPath

_MAX_SHOWN_CHARS = 60
_TYPE_NAMES = {
    "string": "text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping (key: value lines)",
    "null": "empty",
}
_KEY_RULE = "1 to 63 of a-z, 0-9, _ and -, starting with a letter or digit"
_PATTERN_RULES = {
    r"^[a-z0-9][a-z0-9_-]{0,62}$": _KEY_RULE,
    r"^#[0-9a-fA-F]{6}$": "a colour such as '#2f4858', in quotes",
    ACT_PATTERN: "an act id such as A01",
    SCENE_PATTERN: "a scene id such as A01_S01",
    CLIP_PATTERN: "a clip id such as A01_S01_SH010",
    r"^[A-Z][A-Z0-9_]*$": "the name of a setting: A-Z, 0-9 and _",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, and where in the document."""

    path: YamlPath
    text: str


def schema_problems(error: SchemaError) -> Iterator[Problem]:
    """Yield the problems that one JSON Schema error stands for, without the noise of its branches."""
    if error.validator == "anyOf":
        yield from _choice_problems(error)
        return
    path = tuple(error.absolute_path)
    if "propertyNames" in error.relative_schema_path and isinstance(error.instance, str):
        yield Problem(path=(*path, error.instance), text=f"{_shown(error.instance)} is no key here: it {_rule(error)}")
    elif error.validator == "additionalProperties":
        yield from _unknown_keys(error, path)
    elif error.validator == "required":
        required: Any = error.validator_value
        missing = [key for key in required if key not in _instance(error)]
        yield from (Problem(path=path, text=f"{key!r} is missing") for key in missing)
    else:
        yield Problem(path=path, text=f"{_shown(error.instance)} {_rule(error)}")


def model_problems(error: ValidationError) -> Iterator[Problem]:
    """Yield what pydantic found that a JSON Schema cannot say, such as two keys that exclude each other."""
    for detail in error.errors(include_url=False, include_context=False):
        yield Problem(path=tuple(detail["loc"]), text=detail["msg"].removeprefix("Value error, "))


def _choice_problems(error: SchemaError) -> Iterator[Problem]:
    # An optional field is "anyOf: [X, null]", and what is wrong is what X says.
    branches: Any = error.validator_value
    real = [index for index, branch in enumerate(branches) if branch.get("type") != "null"]
    if len(real) == 1:
        for inner in error.context or ():
            if inner.relative_schema_path[0] == real[0]:
                yield from schema_problems(inner)
        return
    allowed = " or ".join(_TYPE_NAMES.get(branch.get("type", ""), "another form") for branch in branches)
    yield Problem(path=tuple(error.absolute_path), text=f"{_shown(error.instance)} is not {allowed}")


def _unknown_keys(error: SchemaError, path: YamlPath) -> Iterator[Problem]:
    schema: Mapping[str, Any] = error.schema if isinstance(error.schema, Mapping) else {}
    known = list(schema.get("properties", {}))
    patterns = list(schema.get("patternProperties", {}))
    for key in _instance(error):
        if key in known or any(re.search(pattern, key) for pattern in patterns):
            continue
        if patterns:
            text = f"{_shown(key)} is no key here: use {_pattern_rule(patterns[0])}"
        else:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            text = f"unknown key {_shown(key)}: {hint}"
        yield Problem(path=(*path, key), text=text)


def _instance(error: SchemaError) -> Any:
    return error.instance


def _rule(error: SchemaError) -> str:
    value: Any = error.validator_value
    match error.validator:
        case "type":
            return f"is not {_TYPE_NAMES[value]}{_quote_hint(error.instance, value)}"
        case "enum":
            return f"is not one of {', '.join(str(allowed) for allowed in value)}"
        case "const":
            return f"is not {value!r}, the only value allowed"
        case "pattern":
            return f"is not {_pattern_rule(value)}"
        case "minimum":
            return f"is less than {value}, the least allowed"
        case "maximum":
            return f"is more than {value}, the most allowed"
        case "exclusiveMinimum":
            return f"is not more than {value}"
        case "exclusiveMaximum":
            return f"is not less than {value}"
        case "multipleOf":
            return f"is not a multiple of {value}"
        case "minLength":
            return "is empty" if value == 1 else f"is shorter than {value} characters"
        case "maxLength":
            return f"is longer than {value} characters"
        case _:
            return f"does not fit the schema ({error.validator}: {_shown(value)})"


def _quote_hint(instance: object, wanted: str) -> str:
    if instance is None:
        return ": fill it in or remove the key"
    if wanted == "string" and isinstance(instance, bool | int | float):
        return ": put it in quotes"
    return ""


def _pattern_rule(pattern: str) -> str:
    return _PATTERN_RULES.get(pattern, f"of the form {pattern}")


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN_CHARS else f"{text[: _MAX_SHOWN_CHARS - 4]}...{text[-1]}"
