"""Changing YAML text that a person wrote: where new lines can go. The caller checks what the result means."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from vtx_dagster.studio.yaml_source import events_of

_DEFAULT_INDENT = 2
_ENTRY_DEPTH = 3
"""How many mappings are around a key of an entry: the file's, the section's and the entry's."""


@dataclass(slots=True, kw_only=True)
class _Section:
    """Where a top-level key and its value stand; offsets count characters, lines count from 0."""

    key_line: int
    start: int = 0
    end: int = 0
    indent: int | None = None
    flow: bool = False
    items: int = 0
    last_line: int = 0
    next_key_line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """Where a key of an entry and its value stand; offsets count characters."""

    key: str
    start: int
    end: int
    column: int
    flow: bool


def insertions(text: str, section: str, *, block: str, flow: str) -> Iterator[str]:
    """Yield the texts that adding entries to a section could give, the best first.

    Args:
        text: Valid YAML with a mapping at the top, or only comments.
        section: The top-level key to add under.
        block: The entries as block YAML, not indented, ending with a line end.
        flow: The entries as they would stand between ``{`` and ``}``.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    found = _locate(text, section)
    if found is None:
        lead = "" if not text or text.endswith("\n") else newline
        gap = newline if text.strip() else ""
        yield text + lead + gap + _native(f"{section}:\n{_indented(block, _DEFAULT_INDENT)}", newline)
    elif found.flow and found.items:
        inner, rest = text[: found.end - 1].rstrip(), text[found.end - 1 :]
        # There may be a comma behind the last entry already.
        yield from (f"{inner}{comma} {flow}{rest}" for comma in (",", ""))
    else:
        addition = _native(_indented(block, found.indent or _DEFAULT_INDENT), newline)
        yield from _block_insertions(text, found, addition, newline)


def fillings(text: str, key: str, scalar: str) -> Iterator[str]:
    """Yield the texts that giving a top-level key its value could give, the best first.

    Args:
        text: Valid YAML with a mapping at the top, or only comments.
        key: A top-level key that is missing, or has an empty value.
        scalar: The value as YAML in flow style.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    depth, is_key, is_wanted = 0, True, False
    for event in events_of(text, key):
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth == 1 and _is_whole(event):
            if is_wanted:
                start, end = event.start_mark.index, event.end_mark.index
                yield f"{text[:start]}{' ' if text[start - 1] == ':' else ''}{scalar}{text[end:]}"
            is_wanted = is_key and getattr(event, "value", None) == key
            is_key = not is_key
        depth += isinstance(event, yaml.CollectionStartEvent)
    lead = "" if not text or text.endswith("\n") else newline
    yield f"{text}{lead}{key}: {scalar}{newline}"


def replacements(
    text: str, section: str, entries: Mapping[str, Mapping[str, Any]], *, block: Callable[[Mapping[str, Any]], str]
) -> Iterator[str]:
    """Yield the text in which entries of a section are others, if it is written in a way in which that can be done.

    A key that an entry keeps stays in its place; new ones come where one goes, or behind the last. Comments stay.

    Args:
        text: Valid YAML with a mapping at the top.
        section: The top-level key that has the entries.
        entries: What the entries should be, by key.
        block: Returns pairs as block YAML, not indented, ending with a line end.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    found = _pairs(text, section)
    if not all(found.get(key) for key in entries):
        return
    changes: list[tuple[_Pair, Mapping[str, Any]]] = []
    for key, entry in entries.items():
        changes += zip(found[key], _shared_out([pair.key for pair in found[key]], entry), strict=True)
    for pair, share in sorted(changes, key=lambda change: change[0].start, reverse=True):
        # JSON is YAML in flow style.
        flow = json.dumps(share, ensure_ascii=False)[1:-1]
        new = flow if pair.flow or not share else _indented(block(share), pair.column).strip()
        text = text[: pair.start] + _native(new, newline) + text[pair.end :]
    yield text


def settings(
    text: str, section: str, values: Mapping[str, Any], *, name: str, block: Callable[[Mapping[str, Any]], str]
) -> Iterator[str]:
    """Yield the text in which one key of some entries of a section has other values, if that can be done.

    Everything else stays as it is written. A key that an entry does not have comes before its last one, behind which there may be
    a comment.

    Args:
        text: Valid YAML with a mapping at the top.
        section: The top-level key that has the entries.
        values: The values, by key of the entry.
        name: The key that they are given to.
        block: Returns pairs as block YAML, not indented, ending with a line end.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    found = _pairs(text, section)
    if not all(found.get(key) for key in values):
        return
    places = {key: next((pair for pair in found[key] if pair.key == name), found[key][-1]) for key in values}
    for key, pair in sorted(places.items(), key=lambda place: place[1].start, reverse=True):
        value = {name: values[key]}
        flow = json.dumps(value, ensure_ascii=False)[1:-1]
        new, end = flow if pair.flow else _indented(block(value), pair.column).strip(), pair.end
        if pair.key != name:
            new, end = f"{new}, " if pair.flow else f"{new}\n{' ' * pair.column}", pair.start
        text = text[: pair.start] + _native(new, newline) + text[end:]
    yield text


def _shared_out(old: Sequence[str], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return for every key that an entry has what comes in its place."""
    shares = [{key: new[key]} if key in new else {} for key in old]
    places = [index for index, share in enumerate(shares) if not share] or [len(old) - 1]
    for index, key in enumerate(key for key in new if key not in old):
        shares[places[min(index, len(places) - 1)]][key] = new[key]
    return shares


def _pairs(text: str, section: str) -> dict[str, list[_Pair]]:
    """Return where the keys and values of every entry of a section stand."""
    found: dict[str, list[_Pair]] = {}
    # Of everything that is open: the key whose value is awaited, and whether it is in flow style.
    keys: list[Any] = []
    flows: list[bool] = []
    end = 0
    for event in events_of(text, section):
        if isinstance(event, yaml.CollectionEndEvent):
            keys.pop()
            flows.pop()
        if _is_whole(event):
            # A block's end is where the next thing starts: what counts is the end of the last thing in it.
            start_mark: Any = event.start_mark
            end_mark: Any = event.end_mark
            end = end_mark.index if end_mark.index > start_mark.index or isinstance(event, yaml.ScalarEvent) else end
            key: Any = keys[-1] if len(keys) == _ENTRY_DEPTH and _value_of(keys[0]) == section else None
            if key is not None:
                mark: Any = key.start_mark
                pair = _Pair(key=_value_of(key), start=mark.index, end=end, column=mark.column, flow=flows[-1])
                found.setdefault(_value_of(keys[1]), []).append(pair)
            if keys:
                keys[-1] = event if keys[-1] is None else None
        elif isinstance(event, yaml.CollectionStartEvent):
            keys.append(None)
            flows.append(bool(event.flow_style))
    return found


def _value_of(key: Any) -> str:
    return getattr(key, "value", "")


def _block_insertions(text: str, found: _Section, addition: str, newline: str) -> Iterator[str]:
    if found.flow:
        text = text[: found.start] + text[found.end :]
    lines = text.splitlines(keepends=True)
    limit = len(lines) if found.next_key_line is None else found.next_key_line
    indented = [index for index in range(found.key_line + 1, limit) if lines[index].strip() and lines[index][0] in " \t"]
    last = max([found.key_line, *indented, found.last_line])
    for position in dict.fromkeys((last + 1, limit)):
        before = "".join(lines[:position])
        lead = "" if before.endswith("\n") else newline
        yield before + lead + addition + "".join(lines[position:])


def _indented(block: str, width: int) -> str:
    return re.sub(r"^(?=.)", " " * width, block, flags=re.MULTILINE)


def _native(text: str, newline: str) -> str:
    return text.replace("\n", newline)


def _locate(text: str, section: str) -> _Section | None:
    depth = 0
    is_key = True
    found: _Section | None = None
    inside = False
    for event in events_of(text, section):
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if found is not None and inside:
            _extend(found, event, depth)
        mark: Any = event.start_mark
        if depth == 1 and _is_whole(event):
            if is_key and found is not None and found.next_key_line is None:
                found.next_key_line = mark.line
            elif is_key and found is None and getattr(event, "value", None) == section:
                found, inside = _Section(key_line=mark.line, last_line=mark.line), True
            elif not is_key:
                inside = False
            is_key = not is_key
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
    return found


def _is_whole(event: Any) -> bool:
    return isinstance(event, yaml.ScalarEvent | yaml.AliasEvent | yaml.CollectionEndEvent)


def _extend(found: _Section, event: Any, depth: int) -> None:
    start: Any = event.start_mark
    end: Any = event.end_mark
    if depth == 1:
        if isinstance(event, yaml.MappingStartEvent):
            found.flow, found.start = bool(event.flow_style), start.index
        found.end = end.index
    elif depth == 2 and found.indent is None and not found.flow:
        found.indent = start.column
    if depth == 2:
        found.items += 1
    # A block's end is where the next thing starts, so only what ends where it is written counts.
    is_text = isinstance(event, yaml.ScalarEvent) and event.style not in ("|", ">") and event.value != ""
    if is_text or (isinstance(event, yaml.CollectionEndEvent) and end.index > start.index):
        found.last_line = end.line
