"""Documents of a film project: from YAML to a model with errors at file and line, and back to YAML.

A file is checked against the JSON Schema of its model first, then built. What a file means to a film belongs to ``project``.
"""

import functools
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

from vtx_dagster.core.document import Document
from vtx_dagster.core.errors import AlreadyExistsError, InvalidFileError, NotFoundError, StorageError
from vtx_dagster.studio.files import display_name, read_text, write_atomic
from vtx_dagster.studio.problems import Problem, model_problems, schema_problems
from vtx_dagster.studio.schemas import model_schema
from vtx_dagster.studio.yaml_edit import fillings, insertions, replacements, settings
from vtx_dagster.studio.yaml_source import YamlPath, events_of, line_at, parse_yaml, path_text, plain_value, syntax_error

D = TypeVar("D", bound=Document)

MAX_PROBLEMS = 10
"""How many problems of one file an error lists."""

_MAX_COLLECTED = 200
_LINE_CHARS = 110


def load_document(path: Path, model: type[D], *, root: Path | None = None) -> D:
    """Return the document that a YAML file holds.

    A top-level key with nothing after it counts as left out, so that a section can stand there with only comments below it.

    Args:
        path: The file.
        model: What it should hold.
        root: Folder relative to which errors name the file.

    Raises:
        NotFoundError: If there is no such file.
        InvalidFileError: If it is not what it should be; the message has one line ``file:line: path: problem`` per problem,
            at most ``MAX_PROBLEMS``, and ``details`` hold file, line and path of the first.
        StorageError: If it cannot be read.
    """
    return parse_document(read_text(path, root=root), model, name=display_name(path, root))


def parse_document(text: str, model: type[D], *, name: str) -> D:
    """Return the document that a YAML text holds; errors call it ``name``.

    The last few are remembered: a shotlist takes seconds to read, and a command asks for the same one stage after stage.

    Raises:
        InvalidFileError: As ``load_document``.
    """
    return _parsed(text, model, name)


@functools.lru_cache(maxsize=8)
def _parsed(text: str, model: type[D], name: str) -> D:
    value = parse_yaml(text, name)
    if not isinstance(value, dict):
        kind = "a list" if isinstance(value, list) else "a single value"
        raise syntax_error(name, 1, f"the file holds {kind} and should hold 'key: value' lines")
    fields = model.model_fields
    data = {key: item for key, item in value.items() if item is not None or key not in fields or fields[key].is_required()}
    validator = _validator(model)
    if not validator.is_valid(data):
        found = itertools.islice(validator.iter_errors(data), _MAX_COLLECTED)
        raise _invalid(text, name, itertools.chain.from_iterable(map(schema_problems, found)))
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _invalid(text, name, model_problems(error)) from error


def line_of(path: Path, *steps: str | int) -> int:
    """Return the line on which a value of a YAML file stands, for an error about what it means.

    Args:
        path: A file that loads.
        steps: Keys and list positions from the top.
    """
    marks: dict[YamlPath, int] = {}
    parse_yaml(read_text(path), str(path), marks=marks)
    return line_at(marks, steps)


def dump_document(model: Document, *, header: str = "") -> str:
    """Return a document as YAML that loads to an equal one.

    Keys are in the order of the model; what has its default value is left out, except ``version``; text of several lines
    is a block.

    Args:
        model: The document.
        header: Comment for the top, without ``#``.
    """
    comment = "".join(f"# {line}".rstrip() + "\n" for line in header.splitlines())
    return comment + yaml_text({"version": model.version, **model.model_dump(mode="json", exclude_defaults=True)})


def add_entries(path: Path, section: str, entries: Mapping[str, BaseModel]) -> None:
    """Add keys to a mapping at the top level of a YAML file, and leave everything else as it is, byte for byte.

    Only an empty ``{}`` in the place of the section is replaced. The caller holds the project's lock. A missing file is made, and
    a link is followed, so that bibles can be shared.

    Args:
        path: The file, such as ``prompts/characters.yaml``.
        section: Its top-level key, such as ``characters``.
        entries: What to add, by key.

    Raises:
        AlreadyExistsError: If the section has one of the keys.
        InvalidFileError: If the file is not YAML, or is written in a way that cannot be added to; it is unchanged.
        StorageError: If it cannot be read or written, or if somebody saved it meanwhile; what they saved is kept.
    """
    if not entries:
        return
    added = {key: model.model_dump(mode="json", exclude_defaults=True) for key, model in entries.items()}
    _edit(
        path,
        section,
        added,
        changed=lambda old: _with_entries(old, section, added, name=str(path)),
        # JSON is YAML in flow style.
        candidates=lambda text: insertions(
            text, section, block=yaml_text(added), flow=json.dumps(added, ensure_ascii=False)[1:-1]
        ),
    )


def replace_entries(path: Path, section: str, entries: Mapping[str, BaseModel]) -> None:
    """Give entries of a mapping at the top level of a YAML file other values; everything else stays as it is, byte for byte.

    Comments stay, inside the entries too. The caller holds the project's lock. A link is followed.

    Args:
        path: The file, such as ``prompts/characters.yaml``.
        section: Its top-level key, such as ``characters``.
        entries: What the entries should be, by key.

    Raises:
        NotFoundError: If there is no such file, or the section does not have one of the keys; nothing was changed.
        InvalidFileError: If the file is not YAML, or is written in a way in which nothing can be replaced; it is unchanged.
        StorageError: If it cannot be read or written, or if somebody saved it meanwhile; what they saved is kept.
    """
    if not entries:
        return
    replaced = {key: model.model_dump(mode="json", exclude_defaults=True) for key, model in entries.items()}
    by_hand = f"write by hand:\n{yaml_text({section: replaced})}"
    _rewrite(
        path,
        read_text(path),
        changed=lambda old: _with_replaced(old, section, replaced, name=str(path)),
        candidates=lambda text: replacements(text, section, replaced, block=yaml_text),
        refusal=f"{section}: nothing can be replaced in a file written like this: {by_hand}",
    )


def add_aliases(path: Path, section: str, names: Mapping[str, Sequence[str]]) -> None:
    """Add names to the ``aliases`` of entries of a YAML file; everything else stays as it is, byte for byte.

    Args:
        path: The file, such as ``prompts/characters.yaml``; a link is followed.
        section: Its top-level key, such as ``characters``, which has the entries.
        names: The names to add, by key of the entry.

    Raises:
        InvalidFileError: If the file is written in a way in which nothing can be added; it is unchanged.
        StorageError: If it cannot be read or written, or if somebody saved it meanwhile; what they saved is kept.
    """
    if not names:
        return
    text = read_text(path)
    present = _present(parse_yaml(text, str(path)), section, name=str(path))
    aliases = {key: [*(present[key].get("aliases") or ()), *names[key]] for key in names}
    wanted = {key: {**present[key], "aliases": aliases[key]} for key in names}
    _rewrite(
        path,
        text,
        changed=lambda old: _with_replaced(old, section, wanted, name=str(path)),
        candidates=lambda text: settings(text, section, aliases, name="aliases", block=yaml_text),
        refusal=f"{section}: nothing can be added to an entry written like this: write by hand:\n{yaml_text({section: wanted})}",
    )


def fill_text(path: Path, key: str, value: str) -> None:
    """Give a top-level key of a YAML file its text, where it has none; everything else stays as it is, byte for byte.

    Args:
        path: The file, such as ``prompts/style_bible.yaml``. A missing one is made.
        key: The key; it may be missing, ``""`` or empty.
        value: The text.

    Raises:
        AlreadyExistsError: If the key has a text.
        InvalidFileError: If the file is not YAML, or is written in a way that cannot be filled in; it is unchanged.
        StorageError: If it cannot be read or written, or if somebody saved it meanwhile; what they saved is kept.
    """
    _edit(
        path,
        key,
        value,
        changed=lambda old: _with_text(old, key, value, name=str(path)),
        candidates=lambda text: fillings(text, key, json.dumps(value, ensure_ascii=False)),
    )


def _edit(
    path: Path,
    key: str,
    value: Any,
    *,
    changed: Callable[[Any], dict[str, Any]],
    candidates: Callable[[str], Iterator[str]],
) -> None:
    """Give a YAML file the first of some texts that means what is wanted, or make it if it is missing.

    Args:
        path: The file; a link is followed.
        key: The top-level key that is edited.
        value: What is added to it, for the error, and for a file that is made.
        changed: What the file should hold, by what it holds.
        candidates: The texts to choose from, by the text that is there.
    """
    try:
        before = read_text(path)
    except NotFoundError:
        write_atomic(path, yaml_text({"version": 1, key: value}))
        return
    refusal = f"{key}: nothing can be added to a file written like this: add by hand:\n{yaml_text({key: value})}"
    _rewrite(path, before, changed=changed, candidates=candidates, refusal=refusal)


def _rewrite(
    path: Path,
    before: str,
    *,
    changed: Callable[[Any], dict[str, Any]],
    candidates: Callable[[str], Iterator[str]],
    refusal: str,
) -> None:
    """Give a YAML file the first of some texts that means what is wanted.

    Args:
        path: The file; a link is followed.
        before: Its text.
        changed: What the file should hold, by what it holds.
        candidates: The texts to choose from, by the text that is there.
        refusal: Key, problem and remedy where none of them means what is wanted.
    """
    name = str(path)
    has_content = any(isinstance(event, yaml.DocumentStartEvent) for event in events_of(before, name))
    wanted = changed(parse_yaml(before, name) if has_content else {})
    after = next((text for text in candidates(before) if _means(text, wanted)), None)
    if after is None:
        raise InvalidFileError(f"{name}:1: {refusal}", file=name, path=refusal.partition(":")[0])
    mark = "\ufeff" if path.read_bytes().startswith(b"\xef\xbb\xbf") else ""
    if read_text(path) != before:
        raise StorageError(f"{path} was changed by someone else just now: try again", path=name)
    write_atomic(path.resolve(), mark + after)


def _with_text(old: Any, key: str, value: str, *, name: str) -> dict[str, Any]:
    if not isinstance(old, dict):
        raise InvalidFileError(f"{name}:1: should be a mapping (key: value lines)", file=name, line=1, path=key)
    if old.get(key):
        raise AlreadyExistsError(f"{name}: {key} has a text already: nothing was changed", path=name, keys=[key])
    return {**old, key: value}


def _with_entries(old: Any, section: str, added: Mapping[str, Any], *, name: str) -> dict[str, Any]:
    present = _present(old, section, name=name)
    taken = [key for key in added if key in present]
    if taken:
        message = f"{name}: {section} has {', '.join(taken)} already: nothing was added"
        raise AlreadyExistsError(message, path=name, keys=list(taken))
    return {**old, section: {**present, **added}}


def _with_replaced(old: Any, section: str, replaced: Mapping[str, Any], *, name: str) -> dict[str, Any]:
    present = _present(old, section, name=name)
    missing = [key for key in replaced if key not in present]
    if missing:
        message = f"{name}: {section} has no {', '.join(missing)}: nothing was changed"
        raise NotFoundError(message, path=name, keys=list(missing))
    return {**old, section: {**present, **replaced}}


def _present(old: Any, section: str, *, name: str) -> dict[str, Any]:
    """Return the entries that a section of a file's mapping has."""
    present = old.get(section) if isinstance(old, dict) else None
    if not isinstance(old, dict) or not isinstance(present, dict | None):
        raise InvalidFileError(f"{name}:1: {section}: should be a mapping (key: value lines)", file=name, line=1, path=section)
    return present or {}


def _means(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return parse_yaml(text, "") == wanted
    except InvalidFileError:
        return False


@functools.cache
def _validator(model: type[Document]) -> Draft202012Validator:
    # References are written out: looking each one up took four fifths of the time of a check.
    schema = model_schema(model)
    return Draft202012Validator(_inlined(schema, schema.pop("$defs", {})))


def _inlined(node: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inlined(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    rest = {key: _inlined(value, definitions) for key, value in node.items() if key not in ("$ref", "default")}
    if "$ref" not in node:
        return rest
    return {**_inlined(definitions[node["$ref"].removeprefix("#/$defs/")], definitions), **rest}


def _invalid(text: str, name: str, problems: Iterable[Problem]) -> InvalidFileError:
    marks: dict[YamlPath, int] = {}
    parse_yaml(text, name, marks=marks)
    located = sorted({(line_at(marks, problem.path), path_text(problem.path), problem.text) for problem in problems})
    lines = [f"{name}:{line}: {path}: {what}" if path else f"{name}:{line}: {what}" for line, path, what in located]
    if len(lines) > MAX_PROBLEMS:
        lines = [*lines[:MAX_PROBLEMS], f"{name}: and {len(lines) - MAX_PROBLEMS} more problems"]
    first_line, first_path, _ = located[0]
    return InvalidFileError("\n".join(lines), file=name, line=first_line, path=first_path, problems=list(lines))


_DUMPER: Any = yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper


class _Dumper(_DUMPER):
    """Writes YAML that readers of 1.1 and of 1.2 understand alike."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        # Text is quoted when either version would read it as something else: "no" (1.1) as well as "0o17" and "1e5" (1.2).
        if kind is yaml.ScalarNode and implicit[0]:
            try:
                meant = plain_value(value)
            except ValueError:
                return "tag:yaml.org,2002:float"
            if not isinstance(meant, str):
                return _TAGS[type(meant)]
        return super().resolve(kind, value, implicit)


_TAGS = {
    bool: "tag:yaml.org,2002:bool",
    int: "tag:yaml.org,2002:int",
    float: "tag:yaml.org,2002:float",
    type(None): "tag:yaml.org,2002:null",
}


def _text_node(dumper: Any, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text_node)


def yaml_text(data: Mapping[str, Any]) -> str:
    """Return data as YAML in the style of the project: keys in the order given, text of several lines as a block."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=_LINE_CHARS)
