"""What each LTX-2 pipeline takes and needs, and whether a plan fits: LTX itself does not say so before it has rendered."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from vtx_dagster.core.clip import InputMode, Pipeline
from vtx_dagster.core.frames import STRIDE
from vtx_dagster.core.plan import RenderPlan

_IMAGES = frozenset({InputMode.T2V, InputMode.I2V})


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineTraits:
    """What a pipeline takes and needs.

    Attributes:
        size_multiple: Width and height are multiples of this, in pixels.
        modes: What a clip may start from.
        is_guided: It runs the full model with guidance, so it takes a negative prompt, steps and a guidance scale; others run the
            distilled model and take none of these.
        is_two_stage: It renders at half the size first: it needs the spatial upsampler.
        needs_distilled_lora: Its second stage needs the distilled LoRA.
        needs_lora: It does nothing without a LoRA of its own (IC-LoRA).
        takes_mask: The steering video may have a mask.
        needs_audio: It renders for a given sound.
        needs_range: It renders a part of a given video anew.
    """

    size_multiple: int
    modes: frozenset[InputMode]
    is_guided: bool
    is_two_stage: bool
    needs_distilled_lora: bool = False
    needs_lora: bool = False
    takes_mask: bool = False
    needs_audio: bool = False
    needs_range: bool = False


def _two_stage_guided(modes: frozenset[InputMode], *, needs_audio: bool = False) -> PipelineTraits:
    return PipelineTraits(
        size_multiple=64, modes=modes, is_guided=True, is_two_stage=True, needs_distilled_lora=True, needs_audio=needs_audio
    )


PIPELINES: Mapping[Pipeline, PipelineTraits] = MappingProxyType(
    {
        Pipeline.TI2VID_TWO_STAGES: _two_stage_guided(_IMAGES),
        Pipeline.TI2VID_TWO_STAGES_HQ: _two_stage_guided(_IMAGES),
        Pipeline.TI2VID_ONE_STAGE: PipelineTraits(size_multiple=32, modes=_IMAGES, is_guided=True, is_two_stage=False),
        Pipeline.DISTILLED: PipelineTraits(size_multiple=64, modes=_IMAGES, is_guided=False, is_two_stage=True),
        Pipeline.IC_LORA: PipelineTraits(
            size_multiple=64,
            modes=frozenset({InputMode.V2V}),
            is_guided=False,
            is_two_stage=True,
            needs_lora=True,
            takes_mask=True,
        ),
        Pipeline.KEYFRAME_INTERPOLATION: _two_stage_guided(frozenset({InputMode.KEYFRAME_INTERPOLATION})),
        Pipeline.A2VID_TWO_STAGE: _two_stage_guided(_IMAGES, needs_audio=True),
        Pipeline.RETAKE: PipelineTraits(
            size_multiple=32, modes=frozenset({InputMode.V2V}), is_guided=False, is_two_stage=False, needs_range=True
        ),
    }
)
"""Every pipeline. Sizes, stages and inputs as of LTX-2 1.2.0; most of it is checked there only when a render is under way."""


def plan_problems(plan: RenderPlan) -> Iterator[str]:
    """Yield why no render can come of a plan on LTX, in words; nothing if one can.

    Source:
        LTX-2 1.2.0: frame counts other than ``8k + 1`` are floored silently, sizes are asserted once the models are loaded, and
        inputs that a pipeline does not know are no flags of its command line.
    """
    traits = PIPELINES[plan.pipeline]
    name = plan.pipeline.value
    if plan.width % traits.size_multiple or plan.height % traits.size_multiple:
        yield f"{plan.width}x{plan.height}: {name} needs multiples of {traits.size_multiple} ({_nearest_size(plan, traits)})"
    if plan.render_frames % STRIDE != 1:
        yield f"{plan.render_frames} frames are not 8k + 1"
    if plan.mode not in traits.modes:
        modes = ", ".join(sorted(traits.modes))
        yield f"{name} does not take mode {plan.mode} but {modes}; {plan.mode} is for {_takers(plan.mode)}"
    roles = {given.role for given in plan.inputs}
    yield from _one_sided("a sound (inputs.audio)", given="audio" in roles, needed=traits.needs_audio, name=name)
    yield from _one_sided("a range (inputs.retake)", given=plan.retake is not None, needed=traits.needs_range, name=name)
    if "mask" in roles and not traits.takes_mask:
        yield f"{name} takes no mask"
    if traits.needs_lora and not plan.loras:
        yield f"{name} needs a LoRA: name a bundle with its IC-LoRA (lora_bundle)"
    if traits.needs_range and plan.previous is not None:
        yield f"{name} renders a part of a video anew and cannot continue from another clip (from_previous)"


def _one_sided(what: str, *, given: bool, needed: bool, name: str) -> Iterator[str]:
    if given != needed:
        yield f"{name} {'needs' if needed else 'takes no'} {what.removeprefix('a ') if not needed else what}"


def _nearest_size(plan: RenderPlan, traits: PipelineTraits) -> str:
    step = traits.size_multiple
    width, height = (max(step, round(side / step) * step) for side in (plan.width, plan.height))
    return f"such as {width}x{height}"


def _takers(mode: InputMode) -> str:
    return ", ".join(pipeline.value for pipeline, traits in PIPELINES.items() if mode in traits.modes)
