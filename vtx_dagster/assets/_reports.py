"""What the Dagster UI shows of a finished partition: what a person wants to look at, under ``vtx/`` keys."""

import base64
import re
from collections.abc import Iterable
from typing import Any

import dagster as dg

from vtx_dagster.assets._batch import PartitionReport
from vtx_dagster.production.cut import Cut
from vtx_dagster.production.render import Rendered
from vtx_dagster.production.resolve import ResolvedClip
from vtx_dagster.production.story_run import WrittenStage

MAX_TEXT_CHARS = 20_000
"""Longer texts are cut in the UI; the file has them whole."""

_MAX_RESPONSES = 10
"""So many ids of answers are named; `story/calls` has all of them."""


_COSTS = frozenset({"model_loads", "gpu_s"})
"""Facts of the render itself: a take that was found cost nothing now, and these would be counted again."""

_ENGINE_FACTS = ("degraded", "model_loads", "gpu_s", "device", "attempts")
"""What an engine may say of a render that people want to know; ``degraded`` is not what was asked for."""


def story_stage(written: WrittenStage) -> dict[str, dg.MetadataValue]:
    """Return the metadata of a story stage; what is longest comes last."""
    metadata = {
        "vtx/file": dg.MetadataValue.path(written.path),
        "vtx/writer": dg.MetadataValue.text(written.writer),
        "vtx/written": dg.MetadataValue.int(len(written.written)),
        "vtx/kept": dg.MetadataValue.int(len(written.kept)),
    }
    if written.notes:
        metadata["vtx/notes"] = dg.MetadataValue.md("\n".join(f"- {note}" for note in written.notes))
    metadata |= _asked(written) if written.calls else {}
    if written.diff:
        metadata["vtx/diff"] = dg.MetadataValue.md(_fenced(_cut(written.diff), "diff"))
    return {**metadata, "vtx/text": dg.MetadataValue.md(_as_markdown(written))}


def _asked(written: WrittenStage) -> dict[str, dg.MetadataValue]:
    """Return what a language model was asked for a stage; tokens and price are those of the questions that were sent."""
    sent = [call for call in written.calls if not call.reused]
    provenances = written.provenance.values()
    responses = [call.response_id for call in written.calls if call.response_id]
    more = f" and {len(responses) - _MAX_RESPONSES} more" if len(responses) > _MAX_RESPONSES else ""
    usd = written.usd
    return {
        "vtx/cost_usd": dg.MetadataValue.text("unknown") if usd is None else dg.MetadataValue.float(float(usd)),
        "vtx/calls": dg.MetadataValue.int(len(written.calls)),
        "vtx/calls_reused": dg.MetadataValue.int(len(written.calls) - len(sent)),
        "vtx/input_tokens": dg.MetadataValue.int(sum(call.input_tokens for call in sent)),
        "vtx/output_tokens": dg.MetadataValue.int(sum(call.output_tokens for call in sent)),
        "vtx/answer_s": dg.MetadataValue.float(sum((call.seconds for call in sent), start=0.0)),
        "vtx/model": _each_once(call.model for call in written.calls),
        "vtx/template": _each_once(provenance.template for provenance in provenances),
        "vtx/capsules": _each_once(capsule for provenance in provenances for capsule in provenance.capsules),
        "vtx/response_ids": dg.MetadataValue.text(", ".join(responses[:_MAX_RESPONSES]) + more),
    }


def _each_once(words: Iterable[str]) -> dg.TextMetadataValue:
    return dg.MetadataValue.text(", ".join(filter(None, dict.fromkeys(words))) or "none")


def clip_spec(resolved: ResolvedClip) -> PartitionReport:
    """Return the report of a resolved plan."""
    plan = resolved.plan
    metadata = {
        "vtx/prompt": dg.MetadataValue.text(plan.prompt),
        "vtx/negative_prompt": dg.MetadataValue.text(plan.negative_prompt),
        "vtx/seed": dg.MetadataValue.int(plan.seed),
        "vtx/size": dg.MetadataValue.text(f"{plan.width}x{plan.height} at {plan.fps} fps"),
        "vtx/frames": dg.MetadataValue.int(plan.content_frames),
        "vtx/seconds": dg.MetadataValue.float(plan.content_frames / plan.fps),
        "vtx/pacing": dg.MetadataValue.md("\n".join(f"- {reason}" for reason in resolved.pacing.reasons)),
        "vtx/engine": dg.MetadataValue.text(f"{plan.engine.name} {plan.engine.version}"),
        "vtx/pipeline": dg.MetadataValue.text(plan.pipeline.value),
    }
    if resolved.warnings:
        metadata["vtx/warnings"] = dg.MetadataValue.md("\n".join(f"- {warning}" for warning in resolved.warnings))
    return PartitionReport(data_version=resolved.clip_hash, metadata=metadata)


def rendered_clip(rendered: Rendered, *, strip: bytes) -> PartitionReport:
    """Return the report of a take, with three of its frames."""
    plan, record = rendered.record.plan, rendered.record
    told = [name for name in _ENGINE_FACTS if not (rendered.was_reused and name in _COSTS)]
    said = {f"vtx/{name}": _engine_fact(record.engine[name]) for name in told if record.engine.get(name) is not None}
    picture = base64.b64encode(strip).decode()
    metadata = {
        "vtx/frames_strip": dg.MetadataValue.md(f"![{plan.clip}](data:image/webp;base64,{picture})"),
        "vtx/file": dg.MetadataValue.path(rendered.take.path),
        "vtx/reused": dg.MetadataValue.bool(rendered.was_reused),
        "vtx/seconds": dg.MetadataValue.float(plan.content_frames / plan.fps),
        "vtx/frames": dg.MetadataValue.int(plan.content_frames),
        "vtx/render_s": dg.MetadataValue.float(record.render_s),
        "vtx/engine": dg.MetadataValue.text(f"{plan.engine.name} {plan.engine.version}"),
        "vtx/seed": dg.MetadataValue.int(plan.seed),
        "vtx/prompt": dg.MetadataValue.text(plan.prompt),
        "vtx/size_bytes": dg.MetadataValue.int(record.size_bytes),
        **said,
    }
    return PartitionReport(data_version=record.clip_hash, metadata=metadata, is_shown=rendered.is_shown)


def _engine_fact(value: Any) -> dg.MetadataValue:
    """Return what an engine said of a render as Dagster shows it best."""
    if isinstance(value, str):
        return dg.MetadataValue.text(value)
    if isinstance(value, int):
        return dg.MetadataValue.int(value)
    return dg.MetadataValue.float(value) if isinstance(value, float) else dg.MetadataValue.json(value)


def cut(assembled: Cut) -> dict[str, dg.MetadataValue]:
    """Return the metadata of an act or film."""
    facts = assembled.facts
    metadata = {
        "vtx/file": dg.MetadataValue.path(assembled.path),
        "vtx/clips": dg.MetadataValue.int(len(assembled.lineup.entries)),
        "vtx/frames": dg.MetadataValue.int(facts.num_frames),
        "vtx/seconds": dg.MetadataValue.float(float(facts.duration_s)),
        "vtx/audio_s": dg.MetadataValue.float(float(facts.audio_s)),
        "vtx/size": dg.MetadataValue.text(f"{facts.width}x{facts.height} at {facts.fps} fps"),
        "vtx/size_bytes": dg.MetadataValue.int(facts.size_bytes),
    }
    if assembled.slates:
        metadata["vtx/slates"] = dg.MetadataValue.text(", ".join(assembled.slates))
    return metadata


def _as_markdown(written: WrittenStage) -> str:
    text = _cut(written.text)
    return text if written.is_markdown else _fenced(text)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT_CHARS else f"{text[:MAX_TEXT_CHARS]}\n..."


def _fenced(text: str, language: str = "") -> str:
    """Return a text as a code block, whose fence is longer than any in the text."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"
