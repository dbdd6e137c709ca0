"""From a plan to the arguments of an LTX module: for a process of its own and for a worker alike.

Only flags are sent that the module has. What decides the picture and cannot be said to it stops the clip; the rest is left out
and recorded.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vtx_dagster.core.errors import InvalidRequestError
from vtx_dagster.core.pipelines import PIPELINES
from vtx_dagster.core.plan import PlanInput, RenderPlan
from vtx_dagster.engines.ltx.capabilities import Capabilities, Flag
from vtx_dagster.engines.ltx.worker.protocol import MAX_MESSAGE_BYTES

OPTIONAL_MODELS: Final = ("--duration-head-path",)
"""Model files that no render misses: every render is told how long it is."""

MAX_ARGUMENT_BYTES: Final = 128 * 1024 - 1
"""What Linux gives to a new process in one argument (MAX_ARG_STRLEN, with its last NUL)."""

MAX_COMMAND_BYTES: Final = MAX_MESSAGE_BYTES // 2
"""All arguments as JSON: half of what a worker takes in one message, for there is more in it than these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Materials:
    """What a plan is rendered from, as files.

    Attributes:
        inputs: Path of each input and LoRA, by SHA-256.
        models: Model files, by flag.
        distilled_lora_strength: None leaves it to LTX.
        window: Frames of the previous clip, each with the rendered frame that repeats it.
        sound: What the sound among the inputs was made, as long as the render and with the clip's start at its own; without it,
            the input is named as it is.
    """

    inputs: Mapping[str, Path]
    models: Mapping[str, Path]
    distilled_lora_strength: float | None = None
    window: Sequence[tuple[int, Path]] = ()
    sound: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A module and its arguments.

    Attributes:
        module: Such as ``ltx_pipelines.distilled``.
        argv: Without program and module.
        left_out: What could not be said, and why; it does not decide the picture.
    """

    module: str
    argv: tuple[str, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Argument:
    flag: str
    values: tuple[str, ...]
    is_needed: bool = True
    is_text: bool = False
    """Whether it is joined to its flag: a text may begin with hyphens."""


def ltx_command(
    plan: RenderPlan, materials: Materials, capabilities: Capabilities, *, width: int, height: int, output: Path
) -> Command:
    """Return the module and the arguments that render a plan.

    Args:
        plan: The plan, with its quantization.
        materials: What it is rendered from.
        capabilities: The LTX that will do it.
        width: In pixels; the plan's, or less.
        height: Likewise.
        output: The MP4 to write.

    Raises:
        InvalidRequestError: If the module is not there, has no flag for something that decides the picture, does not take a
            value, or needs something that this package does not know; or if an argument is longer than a process or a worker
            takes.
    """
    flags = capabilities.flags(plan.pipeline)
    if not flags:
        raise _refusal(plan, capabilities, [f"it has no {plan.pipeline}"])
    argv: list[str] = []
    left_out: list[str] = []
    problems: list[str] = []
    sent: set[str] = set()
    arguments = [*_arguments(plan, materials, width=width, height=height, output=output)]
    for argument in arguments:
        flag = flags.get(argument.flag)
        if flag is None:
            where = problems if argument.is_needed else left_out
            where.append(f"{plan.pipeline} has no {argument.flag}")
            continue
        problems += _value_problems(argument, flag, is_again=argument.flag in sent)
        sent.add(argument.flag)
        argv += [f"{argument.flag}={argument.values[0]}"] if argument.is_text else [argument.flag, *argument.values]
    problems += _length_problems(argv)
    unknown = [name for name, flag in flags.items() if flag.required and name not in sent]
    problems += [f"{plan.pipeline} needs {name}, which vtx does not know" for name in unknown]
    if problems:
        raise _refusal(plan, capabilities, list(dict.fromkeys(problems)))
    left_out += _not_taken(plan)
    return Command(module=f"ltx_pipelines.{plan.pipeline.value}", argv=tuple(argv), left_out=tuple(left_out))


def _arguments(plan: RenderPlan, materials: Materials, *, width: int, height: int, output: Path) -> Iterator[_Argument]:
    traits = PIPELINES[plan.pipeline]
    yield from _models(materials)
    yield _Argument("--prompt", (plan.prompt,), is_text=True)
    if traits.is_guided:
        if plan.negative_prompt:
            yield _Argument("--negative-prompt", (plan.negative_prompt,), is_text=True)
        if plan.num_inference_steps is not None:
            yield _Argument("--num-inference-steps", (str(plan.num_inference_steps),))
        if plan.guidance_scale is not None:
            yield _Argument("--video-cfg-guidance-scale", (_number(plan.guidance_scale),))
    yield _Argument("--seed", (str(plan.seed),))
    if not traits.needs_range:
        yield _Argument("--width", (str(width),))
        yield _Argument("--height", (str(height),))
        yield _Argument("--num-frames", (str(plan.render_frames),))
        yield _Argument("--frame-rate", (str(plan.fps),))
    strength = plan.previous.strength if plan.previous is not None else 1.0
    for frame_index, path in materials.window:
        yield _Argument("--image", (_path(path), str(frame_index), _number(strength)))
    for given in plan.inputs:
        yield from _input(plan, given, materials)
    for lora in plan.loras:
        yield _Argument("--lora", (_path(materials.inputs[lora.sha256]), _number(lora.strength)))
    if plan.quantization is not None:
        yield _Argument("--quantization", (plan.quantization,))
    yield _Argument("--output-path", (_path(output),))


def _models(materials: Materials) -> Iterator[_Argument]:
    for flag, path in materials.models.items():
        strength = materials.distilled_lora_strength if flag == "--distilled-lora" else None
        values = (_path(path),) if strength is None else (_path(path), _number(strength))
        yield _Argument(flag, values, is_needed=flag not in OPTIONAL_MODELS)


def _input(plan: RenderPlan, given: PlanInput, materials: Materials) -> Iterator[_Argument]:
    path = _path(materials.inputs[given.sha256])
    strength = _number(given.strength)
    if given.role == "image":
        yield _Argument("--image", (path, str(given.frame_index), strength))
    elif given.role == "mask":
        yield _Argument("--conditioning-attention-mask", (path, strength))
    elif given.role == "audio":
        yield _Argument("--audio-path", (path if materials.sound is None else _path(materials.sound),))
        yield _Argument("--audio-start-time", (_number((given.start_s or 0.0) if materials.sound is None else 0.0),))
    elif plan.retake is not None:
        yield _Argument("--video-path", (path,))
        yield _Argument("--start-time", (_number(plan.retake.start_s),))
        yield _Argument("--end-time", (_number(plan.retake.end_s),))
    else:
        yield _Argument("--video-conditioning", (path, strength))


def _length_problems(argv: Sequence[str]) -> Iterator[str]:
    """Yield which arguments no process can be given. The clip is to blame, and not the device that it would be tried on."""
    for word in argv:
        name, num_bytes = word.partition("=")[0], len(os.fsencode(word))
        if num_bytes > MAX_ARGUMENT_BYTES:
            yield f"{name} has {num_bytes} bytes, and a process takes {MAX_ARGUMENT_BYTES}: shorten it"
        if "\0" in word:
            yield f"{name} has a NUL character: take it out"
    num_bytes = len(json.dumps(argv))
    if num_bytes > MAX_COMMAND_BYTES:
        yield f"its arguments have {num_bytes} bytes as JSON, and {MAX_COMMAND_BYTES} are taken: shorten the prompts"


def _value_problems(argument: _Argument, flag: Flag, *, is_again: bool) -> Iterator[str]:
    value = argument.values[0]
    if flag.choices and value not in flag.choices:
        yield f"{argument.flag} takes {', '.join(flag.choices)} and not {value}"
    if is_again and not flag.repeatable:
        yield f"{argument.flag} is taken once only"


def _not_taken(plan: RenderPlan) -> Iterator[str]:
    """Yield what of a render profile the distilled pipelines have no use for: profiles are shared by all."""
    if PIPELINES[plan.pipeline].is_guided:
        return
    given = {
        "negative_prompt": plan.negative_prompt,
        "num_inference_steps": plan.num_inference_steps,
        "guidance_scale": plan.guidance_scale,
    }
    yield from (f"{plan.pipeline} takes no {name}" for name, value in given.items() if value)


def _refusal(plan: RenderPlan, capabilities: Capabilities, problems: list[str]) -> InvalidRequestError:
    return InvalidRequestError(
        f"{plan.clip}: ltx-pipelines {capabilities.version} cannot render it: {'; '.join(problems)}: "
        f"use another version or pipeline",
        clip=plan.clip,
        problems=[*problems],
        version=capabilities.version,
    )


def _path(path: Path) -> str:
    return str(path.absolute())


def _number(value: float) -> str:
    """Return a number as Python reads it back, whole ones without a point."""
    return str(int(value)) if value == int(value) else repr(float(value))
