"""What changed between two render plans of a clip, in words."""

import difflib
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from vtx_dagster.core.plan import RenderPlan

_MAX_WORDS = 14


def changes(old: RenderPlan, new: RenderPlan) -> tuple[str, ...]:
    """Return what changed from one plan to another, a line per field.

    Args:
        old: The plan of the take that is shown.
        new: The plan as it is now.

    Returns:
        Lines such as ``seed: 7 -> 8`` and ``prompt: "short grey hair" -> "long hair"``; of long texts only what differs. Empty
        for equal plans.
    """
    if old == new:
        return ()
    lines = list(_differences("", old.model_dump(mode="json"), new.model_dump(mode="json")))
    return tuple(_readable(line, old, new) for line in lines)


def _differences(name: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield from _differences(f"{name}.{key}" if name else key, old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            label = after.get("key") or after.get("character") if isinstance(after, Mapping) else None
            yield from _differences(f"{name}[{label or index}]", before, after)
    else:
        yield name, old, new


def _readable(difference: tuple[str, Any, Any], old: RenderPlan, new: RenderPlan) -> str:
    name, before, after = difference
    if name in ("content_frames", "render_frames"):
        return f"{name}: {before} -> {after} ({_seconds(before, old.fps)} -> {_seconds(after, new.fps)})"
    if isinstance(before, str) and isinstance(after, str):
        before, after = _differing_words(before, after)
        return f'{name}: "{before}" -> "{after}"'
    return f"{name}: {_value(before)} -> {_value(after)}"


def _seconds(frames: int, fps: int) -> str:
    return f"{float(Fraction(frames, fps)):.2f} s"


def _differing_words(old: str, new: str) -> tuple[str, str]:
    """Return the parts of two texts from their first to their last different word."""
    before, after = old.split(), new.split()
    if len(before) <= 1 or len(after) <= 1:
        return old, new
    blocks = [
        block for block in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if block[0] != "equal"
    ]
    if not blocks:
        return old, new
    _, start_old, _, start_new, _ = blocks[0]
    _, _, end_old, _, end_new = blocks[-1]
    return _shortened(before[start_old:end_old]), _shortened(after[start_new:end_new])


def _shortened(words: list[str]) -> str:
    return " ".join(words) if len(words) <= _MAX_WORDS else f"{' '.join(words[:_MAX_WORDS])} ..."


def _value(value: Any) -> str:
    if value is None or value in ([], {}):
        return "none"
    if isinstance(value, list):
        return ", ".join(_value(item) for item in value)
    if isinstance(value, Mapping):
        return str(value.get("name") or value.get("text") or str(value.get("sha256", ""))[:12] or dict(value))
    return str(value)
