"""What changed between two render plans of a clip, in the words of its film."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from vtx_dagster.core.clip import RetakeRange
from vtx_dagster.core.plan import GivenDrawing, PlanModel, PlanPrevious, RenderPlan

_MAX_WORDS = 12
_MAX_PLACES = 3
_MAX_SHORT_CHARS = 40

_IN_PROMPT = frozenset({"action", "dialogue", "interior", "place", "readable_text", "set"})
"""What a drawing shows that the prompt says in words, too."""

_OWN_NAMES = {"figures": "characters", "readable_text": "readable text", "engine.version": "engine version"}
_PROMPT, _NEGATIVE = "prompt", "negative prompt"
_CONTINUES = "continues:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that changed.

    Attributes:
        name: What, as a clip spec calls it: ``size``, ``length``, ``prompt``.
        difference: From what to what: ``MS -> CU``.
    """

    name: str
    difference: str

    def line(self) -> str:
        """Return the change in full."""
        return f"{self.name} {self.difference}"

    def short(self) -> str:
        """Return the change in a few words: of a long difference only what changed."""
        is_short = self.name not in (_PROMPT, _NEGATIVE) and len(self.difference) <= _MAX_SHORT_CHARS
        return self.line() if is_short else self.name


def changes(old: RenderPlan, new: RenderPlan) -> tuple[Change, ...]:
    """Return what changed from one plan to another.

    What follows from something else is left out: the frames of a new length, and what a drawing shows of a prompt's new words.

    Args:
        old: The plan of the take that is shown.
        new: The plan as it is now.

    Returns:
        Changes such as ``size MS -> CU`` and ``prompt "short grey" -> "long white"``; none for equal plans.
    """
    return tuple(Change(name=name, difference=difference) for name, difference in _all_changes(old, new))


def in_short(found: Iterable[Change]) -> str:
    """Return changes in one short line: ``size MS -> CU, prompt``."""
    return ", ".join(change.short() for change in found)


def _all_changes(old: RenderPlan, new: RenderPlan) -> Iterator[tuple[str, str]]:
    if old.drawing is not None and new.drawing is not None:
        yield from _camera_and_time(old.drawing, new.drawing)
    before_s, after_s = (Fraction(plan.content_frames, plan.fps) for plan in (old, new))
    if before_s != after_s:
        yield "length", f"{_seconds(before_s)} -> {_seconds(after_s)}"
    for name, (before, after) in {
        _PROMPT: (old.prompt, new.prompt),
        _NEGATIVE: (old.negative_prompt, new.negative_prompt),
    }.items():
        if before != after:
            yield name, _words_that_differ(before, after)
    yield from _previous(old.previous, new.previous)
    if old.engine.name == new.engine.name:
        yield from _models(old.models, new.models)
    if old.retake != new.retake:
        yield "retake", f"{_range(old.retake)} -> {_range(new.retake)}"
    told = _told_otherwise(old, new)
    if old.engine.name != new.engine.name:
        # What only one of the two has follows from that.
        yield "engine", f"{old.engine.name} -> {new.engine.name}"
        told |= {"engine", "pipeline", "quantization", *GivenDrawing.model_fields}
    for name, before, after in _differences("", _fields(old, without=told), _fields(new, without=told)):
        yield _OWN_NAMES.get(name, name), f"{_value(before)} -> {_value(after)}"


def _previous(old: PlanPrevious | None, new: PlanPrevious | None) -> Iterator[tuple[str, str]]:
    """Yield what changed of the clip from whose end this one goes on."""
    if old is None or new is None or old.clip != new.clip:
        if old != new:
            yield _CONTINUES, f"{old.clip if old else 'none'} -> {new.clip if new else 'none'}"
        return
    if (old.clip_hash, old.end_frame) != (new.clip_hash, new.end_frame):
        yield _CONTINUES, f"{new.clip} changed"
    if old.frames != new.frames:
        yield "continued frames", f"{old.frames} -> {new.frames}"
    if old.strength != new.strength:
        yield "continued strength", f"{old.strength:g} -> {new.strength:g}"


def _models(old: Iterable[PlanModel], new: Iterable[PlanModel]) -> Iterator[tuple[str, str]]:
    """Yield which model files are others or count for more or less, or are there for the first time or no more."""
    before, after = _by_role(old), _by_role(new)
    for role in dict.fromkeys((*before, *after)):
        one, other = before.get(role, ()), after.get(role, ())
        if one != other:
            yield f"model {role.replace('_', ' ')}", _difference(one, other)


def _by_role(models: Iterable[PlanModel]) -> dict[str, tuple[PlanModel, ...]]:
    found = tuple(models)
    return {role: tuple(model for model in found if model.role == role) for role in dict.fromkeys(model.role for model in found)}


def _difference(old: tuple[PlanModel, ...], new: tuple[PlanModel, ...]) -> str:
    if not (old and new):
        return "added" if new else "removed"
    if [model.fingerprint for model in old] != [model.fingerprint for model in new]:
        return "changed"
    strengths = (
        ", ".join("the usual" if model.strength is None else f"{model.strength:g}" for model in models) for models in (old, new)
    )
    return f"strength {' -> '.join(strengths)}"


def _range(retake: RetakeRange | None) -> str:
    return "none" if retake is None else f"{retake.start_s:g} to {retake.end_s:g} s"


def _camera_and_time(old: GivenDrawing, new: GivenDrawing) -> Iterator[tuple[str, str]]:
    one, other = old.camera, new.camera
    for name, before, after in (
        ("size", one.size, other.size),
        ("angle", one.angle, other.angle),
        ("move", one.move, other.move),
        ("lens", f"{one.lens_mm} mm", f"{other.lens_mm} mm"),
        ("time of day", old.time_of_day, new.time_of_day),
    ):
        if before != after:
            yield name, f"{before} -> {after}"


def _seconds(seconds: Fraction) -> str:
    return f"{float(seconds):.2f}".removesuffix("0") + " s"


def _told_otherwise(old: RenderPlan, new: RenderPlan) -> frozenset[str]:
    """Return the fields of plan and drawing that are told already, or follow from what is."""
    told = {"content_frames", "render_frames", "prompt", "negative_prompt", "drawing", "previous", "models", "retake"}
    if old.drawing is not None and new.drawing is not None:
        told |= {"camera", "time_of_day"}
        if old.drawing.time_of_day != new.drawing.time_of_day:
            told.add("palette")
    return frozenset(told | _IN_PROMPT if old.prompt != new.prompt else told)


def _fields(plan: RenderPlan, *, without: frozenset[str]) -> dict[str, Any]:
    """Return the fields of a plan and those of its drawing, whose names are others, side by side."""
    fields = plan.model_dump(mode="json")
    both = {**fields, **(fields["drawing"] or {})}
    return {name: value for name, value in both.items() if name not in without}


def _differences(name: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield from _differences(f"{name}.{key}" if name else key, old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            label = after.get("key") if isinstance(after, Mapping) else None
            yield from _differences(label or f"{name}[{index}]", before, after)
    else:
        yield name, old, new


def _words_that_differ(old: str, new: str) -> str:
    """Return the first places at which two texts differ, word by word."""
    before, after = old.split(), new.split()
    blocks = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    places = [_place(_quoted(before[i1:i2]), _quoted(after[j1:j2])) for kind, i1, i2, j1, j2 in blocks if kind != "equal"]
    if not places:
        return "in its white space"
    more = [f"and {len(places) - _MAX_PLACES} more places"] if len(places) > _MAX_PLACES else []
    return ", ".join([*places[:_MAX_PLACES], *more])


def _place(before: str, after: str) -> str:
    if not before:
        return f"with {after}"
    return f"{before} -> {after}" if after else f"without {before}"


def _quoted(words: list[str]) -> str:
    if not words:
        return ""
    return f'"{" ".join(words[:_MAX_WORDS])}{" ..." if len(words) > _MAX_WORDS else ""}"'


def _value(value: Any) -> str:
    if value is None or value in ([], {}, ""):
        return "none"
    if isinstance(value, list):
        return ", ".join(_value(item) for item in value)
    if isinstance(value, Mapping):
        return str(value.get("name") or value.get("text") or str(value.get("sha256", ""))[:12] or dict(value))
    return str(value)
