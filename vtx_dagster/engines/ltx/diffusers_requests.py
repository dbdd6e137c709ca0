"""What a worker is asked for to render a clip by diffusers, and what it says meanwhile.

The request itself is described where it is read: ``worker/diffusers_jobs.py``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from vtx_dagster.core.clip import Pipeline
from vtx_dagster.core.engines import RenderRequest
from vtx_dagster.core.frames import STRIDE
from vtx_dagster.core.plan import RenderPlan
from vtx_dagster.engines.ltx.jobs import Job, Rung
from vtx_dagster.engines.ltx.session import Step

_STEP: Final = re.compile(r"step (\d+)/(\d+)")
_STAGES: Final = (
    ("loading", "loading the model"),
    ("encoding the prompt", "reading the prompt"),
    ("decoding", "decoding"),
    ("encoding", "writing the file"),
)
_ENV: Final = {"PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True"}
_LADDER: Final = (
    Rung(name="as configured"),
    Rung(name="tiled decoding, expandable segments", options={"tiling": "on"}, env=_ENV),
    Rung(name="offload model by model", options={"tiling": "on", "offload": "model"}, env=_ENV),
    Rung(name="offload layer by layer", options={"tiling": "on", "offload": "sequential"}, env=_ENV),
)
_FIRST_RUNG: Final = {"none": 0, "cpu": 2, "disk": 3}


def memory_ladder(offload: str, *, has_gpu: bool) -> tuple[Rung, ...]:
    """Return what to try one after another where memory is short.

    Args:
        offload: ``none``, ``cpu`` or ``disk``, as ``LTX_OFFLOAD`` says: where it begins. diffusers keeps no weights on disk; what
            comes closest is to move them layer by layer.
        has_gpu: Without one there is nowhere to move weights from.
    """
    return _LADDER[_FIRST_RUNG[offload] :] if has_gpu else _LADDER[:2]


def latent_index(frame_index: int, *, num_frames: int) -> int:
    """Return the latent frame that is nearest to a frame: 0 for frame 0, and ``n`` stands at frame ``8 (n - 1) + 1``.

    Args:
        frame_index: From 0, below ``num_frames``.
        num_frames: ``8k + 1``; the last latent frame is ``k``. Frame 12 of 33 gives 2, which stands at frame 9.
    """
    if frame_index == 0:
        return 0
    return min((frame_index - 1 + STRIDE // 2) // STRIDE + 1, (num_frames - 1) // STRIDE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffusersJobMaker:
    """Makes jobs for a worker with diffusers.

    Attributes:
        model: Folder of the model.
        ladder: See ``memory_ladder``.
    """

    model: Path
    ladder: tuple[Rung, ...]

    def job(self, request: RenderRequest, *, width: int, height: int, output: Path) -> Job:
        """Return a request as a job of that size; where images stand a few frames beside what was asked for, its facts say so."""
        plan = request.plan
        images, moved = _images(plan, request.files)
        conditions = [*_window(plan, request.files), *images]
        wanted: dict[str, JsonValue] = {
            "model": str(self.model),
            "revision": ",".join(model.fingerprint for model in plan.models),
            "pipeline": _pipeline(plan, conditions),
            "prompt": plan.prompt,
            "negative_prompt": plan.negative_prompt,
            "seed": plan.seed,
            "width": width,
            "height": height,
            "num_frames": plan.render_frames,
            "fps": plan.fps,
            "num_inference_steps": plan.num_inference_steps,
            "guidance_scale": plan.guidance_scale,
            "conditions": [*conditions],
            "loras": [
                {"path": str(request.files[lora.sha256]), "strength": lora.strength, "sha256": lora.sha256} for lora in plan.loras
            ],
        }
        facts: dict[str, JsonValue] = {"moved_images": [*moved]} if moved else {}
        return Job(clip=plan.clip, backend="diffusers", request=wanted, output=output, facts=facts)

    def step_of(self, line: str) -> Step | None:
        """Return what a line of the worker says of the progress."""
        if found := _STEP.fullmatch(line):
            return Step(stage="rendering", done=int(found[1]), total=int(found[2]))
        return next((Step(stage=stage) for beginning, stage in _STAGES if line.startswith(beginning)), None)


def _pipeline(plan: RenderPlan, conditions: list[dict[str, JsonValue]]) -> str:
    """Return the class that takes these conditions. The one for images knows nothing but a first frame, at full strength."""
    if not conditions:
        return "LTX2Pipeline"
    only, *others = conditions
    is_first_frame = not others and only["index"] == 0 and only["strength"] == 1.0 and "first" not in only
    if is_first_frame and plan.pipeline == Pipeline.TI2VID_ONE_STAGE:
        return "LTX2ImageToVideoPipeline"
    return "LTX2ConditionPipeline"


def _window(plan: RenderPlan, files: Mapping[str, Path]) -> list[dict[str, JsonValue]]:
    """Return the end of the previous clip as a condition: the clip begins with these frames, which are cut off later."""
    if plan.previous is None:
        return []
    previous = plan.previous
    return [
        {
            "path": str(files[previous.clip_hash]),
            "first": previous.end_frame - previous.frames,
            "count": previous.frames,
            "index": 0,
            "strength": previous.strength,
        }
    ]


def _images(plan: RenderPlan, files: Mapping[str, Path]) -> tuple[list[dict[str, JsonValue]], list[dict[str, JsonValue]]]:
    """Return the images as conditions, and which of them stand at another frame than they should."""
    conditions: list[dict[str, JsonValue]] = []
    moved: list[dict[str, JsonValue]] = []
    for image in (given for given in plan.inputs if given.role == "image"):
        index = latent_index(image.frame_index, num_frames=plan.render_frames)
        conditions.append({"path": str(files[image.sha256]), "index": index, "strength": image.strength})
        stands_at = 0 if index == 0 else (index - 1) * STRIDE + 1
        if stands_at != image.frame_index:
            moved.append({"sha256": image.sha256, "frame": image.frame_index, "stands_at": stands_at})
    return conditions, moved
