"""YAML as text with lines: values by the YAML 1.2 core rules, and the line that each value stands on.

Events of libyaml's parser are turned into values here, iteratively, because PyYAML's own loaders follow YAML 1.1 (``no`` is
false, ``12:30`` is 750, ``2026-01-02`` a date), keep the last of two equal keys, and recurse for every bracket.
"""

import math
import re
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from vtx_dagster.core.errors import InvalidFileError

YamlPath = tuple[str | int, ...]
"""Where a value is: keys and list positions from the top."""

MAX_DEPTH = 64
"""The deepest nesting that is read; the deepest file of a project needs seven."""

MAX_ALIASED_VALUES = 100_000
"""How many values all aliases of a file may stand for together: enough to share, too little for a bomb."""

_MAX_NUMBER_CHARS = 40
_LOADER: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_START = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_STR_TAG = "tag:yaml.org,2002:str"


def plain_value(text: str) -> str | int | float | bool | None:
    """Return what an unquoted scalar means by the YAML 1.2 core schema: ``no`` and ``12:30`` are text, ``0o17`` is 15.

    Raises:
        ValueError: If it is a number too long to be meant, infinite or not a number.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_START:
        return text
    is_integer = _INTEGER.fullmatch(text) is not None
    if not is_integer and _FLOAT.fullmatch(text) is None:
        return text
    if len(text) > _MAX_NUMBER_CHARS:
        raise ValueError(f"a number of {len(text)} characters is too long: put it in quotes if it is text")
    if is_integer:
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return int(text, base)
    number = float(text.replace(".inf", "inf").replace(".nan", "nan")) if text.lower()[-3:] not in ("inf", "nan") else math.inf
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a finite number: put it in quotes if it is text")
    return number


def parse_yaml(text: str, name: str, *, marks: MutableMapping[YamlPath, int] | None = None) -> Any:
    """Return the value of a YAML text of one document.

    Aliases give the same object; merge keys and tags are refused; keys are always text.

    Args:
        text: The YAML.
        name: How errors name the file.
        marks: Filled with the line, counted from 1, of every value (for a mapping's value: the line of its key).

    Returns:
        Dicts, lists, strings, finite numbers, booleans and None, at most ``MAX_DEPTH`` deep.

    Raises:
        InvalidFileError: At the first thing that is not YAML, or that is refused; starts with ``name:line:``.
    """
    builder = _Builder(name=name, marks=marks)
    for event in events_of(text, name):
        builder.take(event)
    if not builder.has_value:
        raise builder.problem(1, "the file is empty: write at least 'version: 1'")
    return builder.value


def events_of(text: str, name: str) -> Iterator[Any]:
    """Yield the parser's events of a YAML text; marks count characters and lines from 0.

    Raises:
        InvalidFileError: At the first thing that is not YAML; starts with ``name:line:``.
    """
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise syntax_error(name, line, _plain_syntax(error, text, line)) from error
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        shown = f"{error.character:#06x}" if isinstance(error.character, int) else repr(error.character)
        raise syntax_error(name, line, f"character {shown} is not allowed in YAML: remove it") from error


def syntax_error(name: str, line: int, message: str) -> InvalidFileError:
    """Return the error for one line of a file."""
    return InvalidFileError(f"{name}:{line}: {message}", file=name, line=line)


def _plain_syntax(error: yaml.MarkedYAMLError, text: str, line: int) -> str:
    lines = text.splitlines()
    shown = lines[line - 1] if line <= len(lines) else ""
    if "\t" in shown[: len(shown) - len(shown.lstrip())]:
        return "a tab is used for indentation: use spaces"
    context = f" ({error.context})" if error.context else ""
    return f"not valid YAML: {error.problem or 'unreadable'}{context}"


@dataclass(slots=True, kw_only=True)
class _Frame:
    """A mapping or list that is being filled."""

    value: dict[str, Any] | list[Any]
    anchor: str | None
    key: str | None = None
    key_lines: dict[str, int] = field(default_factory=dict)
    size: int = 1
    height: int = 1


@dataclass(slots=True, kw_only=True)
class _Anchored:
    """A finished value with a name: how many values it stands for, and how deep it is."""

    value: Any
    size: int
    height: int


@dataclass(slots=True, kw_only=True)
class _Builder:
    """Builds a value from parser events without recursion."""

    name: str
    marks: MutableMapping[YamlPath, int] | None
    value: Any = None
    has_value: bool = False
    _stack: list[_Frame] = field(default_factory=list)
    _anchors: dict[str, _Anchored] = field(default_factory=dict)
    _aliased: int = 0

    def problem(self, line: int, message: str) -> InvalidFileError:
        return syntax_error(self.name, line, message)

    def take(self, event: Any) -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._scalar(event)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._open(event, {} if kind is yaml.MappingStartEvent else [])
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            frame = self._stack.pop()
            done = _Anchored(value=frame.value, size=frame.size, height=frame.height)
            self._put(done, frame.anchor)
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent and self.has_value:
            raise self.problem(event.start_mark.line + 1, "a second document starts here: keep one per file")

    def _expects_key(self) -> bool:
        return bool(self._stack) and isinstance(self._stack[-1].value, dict) and self._stack[-1].key is None

    def _scalar(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if event.tag not in (None, "!", _STR_TAG):
            raise self.problem(line, f"the tag {event.tag} is not supported: remove it")
        if self._expects_key():
            self._key(event.value, line)
            return
        value = event.value
        if event.implicit[0] and event.tag is None:
            try:
                value = plain_value(event.value)
            except ValueError as error:
                raise self.problem(line, str(error)) from error
        self._mark_item(line)
        self._put(_Anchored(value=value, size=1, height=0), event.anchor)

    def _key(self, key: str, line: int) -> None:
        frame = self._stack[-1]
        if key in frame.key_lines:
            first = frame.key_lines[key]
            path = path_text((*self._path()[:-1], key))
            raise self.problem(line, f"{path}: the key is on line {first} already: remove one of the two")
        if key == "<<":
            raise self.problem(line, "merge keys (<<) are not supported: write the keys out")
        frame.key = key
        frame.key_lines[key] = line
        if self.marks is not None:
            self.marks[self._path()] = line

    def _open(self, event: Any, value: dict[str, Any] | list[Any]) -> None:
        line = event.start_mark.line + 1
        if event.tag not in (None, "!"):
            raise self.problem(line, f"the tag {event.tag} is not supported: remove it")
        if self._expects_key():
            raise self.problem(line, "a key must be text, not a list or mapping: put it in quotes if it is meant as text")
        if len(self._stack) >= MAX_DEPTH:
            raise self.problem(line, f"nested more than {MAX_DEPTH} levels deep")
        self._mark_item(line)
        self._stack.append(_Frame(value=value, anchor=event.anchor))
        if event.anchor:
            self._anchors.pop(event.anchor, None)

    def _alias(self, event: Any) -> None:
        line = event.start_mark.line + 1
        target = self._anchors.get(event.anchor)
        if target is None:
            raise self.problem(line, f"*{event.anchor} stands for something that is not finished before this line")
        if self._expects_key():
            raise self.problem(line, "an alias cannot be a key: write the key out")
        self._aliased += target.size
        if self._aliased > MAX_ALIASED_VALUES:
            raise self.problem(line, f"the aliases stand for more than {MAX_ALIASED_VALUES} values: write fewer")
        if len(self._stack) + target.height > MAX_DEPTH:
            raise self.problem(line, f"nested more than {MAX_DEPTH} levels deep")
        self._mark_item(line)
        self._put(target, None)

    def _put(self, done: _Anchored, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = done
        if not self._stack:
            self.value, self.has_value = done.value, True
            return
        frame = self._stack[-1]
        if isinstance(frame.value, list):
            frame.value.append(done.value)
        else:
            frame.value[str(frame.key)] = done.value
            frame.key = None
        frame.size += done.size
        frame.height = max(frame.height, done.height + 1)

    def _path(self) -> YamlPath:
        return tuple(frame.key or "" if isinstance(frame.value, dict) else len(frame.value) for frame in self._stack)

    def _mark_item(self, line: int) -> None:
        # What stands in a mapping was marked with its key.
        if self.marks is not None and not (self._stack and isinstance(self._stack[-1].value, dict)):
            self.marks[self._path()] = line


def path_text(path: YamlPath) -> str:
    """Return a path as people write it: ``shots[3].camera.size``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def line_at(marks: MutableMapping[YamlPath, int], path: YamlPath) -> int:
    """Return the line of a value, or of the nearest thing around it that has one."""
    for length in range(len(path), 0, -1):
        if path[:length] in marks:
            return marks[path[:length]]
    return marks.get((), 1)
