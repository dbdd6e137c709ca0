"""LTX-2 as a ``RenderEngine``: what a plan must be for it, and sessions of processes or of resident workers.

Takes of both are the same: which one rendered a clip is in its facts, not in its plan.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pydantic import JsonValue

from vtx_dagster.core.clip import Pipeline
from vtx_dagster.core.engines import RenderRequest
from vtx_dagster.core.errors import InvalidRequestError
from vtx_dagster.core.pipelines import plan_problems
from vtx_dagster.core.plan import EngineIdentity, RenderPlan
from vtx_dagster.engines.ltx.capabilities import SETTING as PYTHON
from vtx_dagster.engines.ltx.capabilities import Capabilities, capabilities_folder, clean_environment, find_capabilities
from vtx_dagster.engines.ltx.command import OPTIONAL_MODELS, Materials, ltx_command
from vtx_dagster.engines.ltx.devices import devices_of, workers_folder
from vtx_dagster.engines.ltx.inputs import check_inputs, render_sound, tail_frames
from vtx_dagster.engines.ltx.jobs import Device, Job, Lanes, Rung
from vtx_dagster.engines.ltx.log_progress import step_of
from vtx_dagster.engines.ltx.memory_ladder import OFFLOAD, OFFLOADS_WITH, memory_ladder
from vtx_dagster.engines.ltx.model_files import PipelineModels, lora_problems, pipeline_models, stamp_of, transformer_of
from vtx_dagster.engines.ltx.process_lanes import ProcessLanes
from vtx_dagster.engines.ltx.session import LaneSession, Step
from vtx_dagster.engines.ltx.worker.ltx_jobs import TOO_OLD
from vtx_dagster.engines.ltx.worker_client import WorkerRecipe
from vtx_dagster.engines.ltx.worker_lanes import WorkerLanes
from vtx_dagster.studio.settings import KNOWN, Setting, Settings

NAME: Final = "ltx"
RESIDENT_SINCE: Final = (1, 1, 7)
QUANTIZATIONS: Final = ("", "fp8-cast", "fp8-scaled-mm", "nvfp4-cast", "nvfp4-prequant")
OFFLOADS: Final = ("none", "cpu", "disk")
MODEL_SETTINGS: Final = tuple(name for name, known in KNOWN.items() if known.models and name.startswith("LTX_"))


@dataclass(frozen=True, kw_only=True)
class LtxEngine:
    """Renders by the command lines of ltx-pipelines.

    Model files are looked at once for each engine, not for each clip: whoever wants to know of others makes another engine.

    Attributes:
        python: The interpreter that has it.
        capabilities: What it can do.
        devices: What to render on.
        folder: Where devices are locked and workers listen.
        models: The settings of model files, as they are.
        root: From where relative paths go.
        files: Where a missing setting can be put.
        is_resident: Whether workers keep the model between clips, or each clip has a process.
        offload: ``none``, ``cpu`` or ``disk``.
        timeout_s: Limit for one job.
        idle_s: Seconds after which a worker without a client ends.
        silence_s: Seconds without a sign of life after which a worker is taken for hung.
        start_s: Seconds that the start of a worker may take.
        secrets: Texts that must not get into logs and facts.
    """

    python: Path
    capabilities: Capabilities
    devices: tuple[Device, ...]
    folder: Path
    models: tuple[Setting, ...]
    root: Path
    files: tuple[str, ...] = ()
    is_resident: bool = False
    offload: str = "none"
    timeout_s: float = 3600.0
    idle_s: float = 300.0
    silence_s: float = 120.0
    start_s: float = 600.0
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def identity(self) -> EngineIdentity:
        """``ltx`` and the major and minor version of ltx-pipelines."""
        return EngineIdentity(name=NAME, version=self.capabilities.release)

    @property
    def draws(self) -> bool:
        """Always false."""
        return False

    @property
    def key(self) -> str:
        """Version, settings of models, and what their files look like from outside."""
        return self._key

    @property
    def concurrency(self) -> int:
        """One clip per device."""
        return len(self.devices)

    def accept(self, plan: RenderPlan, files: Mapping[str, Path]) -> RenderPlan:
        """Return the plan with models and quantization in it; see ``RenderEngine.accept``.

        Raises:
            InvalidRequestError: If the plan does not fit the pipeline, the inputs or models do not fit the plan, or the LTX that
                is there lacks a flag that the plan needs.
            MissingSettingError, MissingInputError: If a model is not there.
        """
        _refuse(plan, plan_problems(plan))
        _refuse(plan, self.pipeline_problems(plan.pipeline))
        models, settings = self._models(plan.pipeline), self._settings()
        _refuse(plan, check_inputs(plan, files))
        _refuse(plan, _lora_problems(plan, files, transformer_of(models.paths)))
        accepted = plan.model_copy(update={"models": models.in_plan, "quantization": _quantization(settings)})
        window = [(0, Path("previous.png"))] if plan.previous is not None else []
        strength = _strength_for(plan.pipeline, _strength(settings))
        materials = Materials(inputs=files, models=models.paths, distilled_lora_strength=strength, window=window)
        ltx_command(accepted, materials, self.capabilities, width=plan.width, height=plan.height, output=Path("clip.mp4"))
        return accepted

    def pipeline_problems(self, pipeline: Pipeline) -> Iterator[str]:
        """Yield why no clip of a pipeline can be rendered as things are, in words: what ``accept`` refuses whatever the plan.

        Raises:
            MissingSettingError, MissingInputError: If a model is not there.
            InvalidRequestError: If one is damaged.
        """
        if self.is_resident and self.capabilities.numbers < RESIDENT_SINCE:
            yield f"{TOO_OLD} ({self.capabilities.version} is there)"
        flags, quantization = self.capabilities.flags(pipeline), _quantization(self._settings())
        if self.offload != "none" and OFFLOAD in flags and quantization not in OFFLOADS_WITH:
            yield (
                f"LTX_OFFLOAD={self.offload} and LTX_QUANTIZATION={quantization} do not go together: LTX offloads weights of 16 "
                f"bits and of fp8-cast only: remove one of the two settings"
            )
        models = self._models(pipeline)
        lacking = [flag for flag in models.paths if flag not in flags and flag not in OPTIONAL_MODELS]
        if lacking:
            what = f"{pipeline} has no {', '.join(lacking)}" if flags else f"it has no {pipeline}"
            yield f"ltx-pipelines {self.capabilities.version} cannot render it: {what}: use another version or pipeline"
        yield from models.problems

    @contextmanager
    def session(self) -> Iterator[LaneSession]:
        """Return a session on all devices. Workers start with their first clip and stay for the next session."""
        settings = self._settings()
        maker = LtxJobMaker(
            capabilities=self.capabilities,
            models=settings.require_model_paths,
            distilled_lora_strength=_strength(settings),
            offload=self.offload,
            quantization=_quantization(settings),
            is_resident=self.is_resident,
        )
        lanes = self._lanes()
        try:
            yield LaneSession(lanes, maker, timeout_s=self.timeout_s, secrets=self.secrets)
        finally:
            lanes.close()

    def _lanes(self) -> Lanes:
        env = clean_environment(os.environ)
        if not self.is_resident:
            return ProcessLanes(devices=self.devices, python=self.python, folder=self.folder, env=env, secrets=self.secrets)
        recipe = WorkerRecipe(
            python=str(self.python),
            backend=NAME,
            config_key=json.dumps(sorted(self.capabilities.packages.items())),
            folder=self.folder,
            env=env,
            idle_s=self.idle_s,
            silence_s=self.silence_s,
            start_s=self.start_s,
            secrets=self.secrets,
        )
        return WorkerLanes(self.devices, recipe)

    def _models(self, pipeline: Pipeline) -> PipelineModels:
        if pipeline not in self._looked_at:
            settings = self._settings()
            self._looked_at[pipeline] = pipeline_models(
                pipeline,
                settings.require_model_paths(pipeline),
                quantization=_quantization(settings),
                distilled_lora_strength=_strength_for(pipeline, _strength(settings)),
            )
        return self._looked_at[pipeline]

    @cached_property
    def _key(self) -> str:
        settings = self._settings()
        paths = [path for setting in self.models if (path := settings.path(setting.name)) is not None]
        values = [(setting.name, setting.value) for setting in self.models]
        stamps = [stamp_of(path) for path in paths]
        return json.dumps([self.capabilities.version, self.capabilities.source, self.is_resident, values, stamps])

    @cached_property
    def _looked_at(self) -> dict[Pipeline, PipelineModels]:
        return {}

    def _settings(self) -> Settings:
        layer = MappingProxyType({setting.name: setting for setting in self.models})
        return Settings(layers=(layer,), files=self.files, root=self.root)


@dataclass(frozen=True, slots=True, kw_only=True)
class LtxJobMaker:
    """Makes jobs for the command lines of LTX.

    Attributes:
        capabilities: The LTX that renders.
        models: Returns the model files of a pipeline, by flag.
        distilled_lora_strength: None leaves it to LTX.
        offload: As ``LTX_OFFLOAD`` says.
        quantization: As ``LTX_QUANTIZATION`` says.
        is_resident: Whether workers keep the model between clips.
    """

    capabilities: Capabilities
    models: Callable[[Pipeline], Mapping[str, Path]]
    distilled_lora_strength: float | None = None
    offload: str = "none"
    quantization: str | None = None
    is_resident: bool = False

    @property
    def ladder(self) -> tuple[Rung, ...]:
        """See ``memory_ladder``."""
        return memory_ladder(
            self.offload, quantization=self.quantization, has_offload=self._has_offload(), is_resident=self.is_resident
        )

    def job(self, request: RenderRequest, *, width: int, height: int, output: Path) -> Job:
        """Return a request as a job of that size; frames of the previous clip, and the sound, go beside the output.

        Raises:
            InvalidRequestError: As ``ltx_command`` does.
            MissingSettingError, MissingInputError: If a model is not there any more.
            VerificationError: If the previous take or the sound cannot be read.
        """
        plan, folder = request.plan, output.parent
        materials = Materials(
            inputs=request.files,
            models=self.models(plan.pipeline),
            distilled_lora_strength=_strength_for(plan.pipeline, self.distilled_lora_strength),
            window=_window(request, folder),
            sound=_sound(request, folder),
        )
        command = ltx_command(plan, materials, self.capabilities, width=width, height=height, output=output)
        left_out = [*command.left_out]
        if self.offload != "none" and not self._has_offload():
            left_out.append(f"LTX_OFFLOAD={self.offload}: ltx-pipelines {self.capabilities.version} has no {OFFLOAD}")
        if self.distilled_lora_strength != materials.distilled_lora_strength:
            left_out.append(f"LTX_DISTILLED_LORA_STRENGTH: {plan.pipeline} has a strength of its own for each stage")
        facts: dict[str, JsonValue] = {
            "versions": dict(self.capabilities.packages),
            "flags_from": self.capabilities.source,
            **({"left_out": [*left_out]} if left_out else {}),
            **({"warning": self.capabilities.warning} if self.capabilities.warning else {}),
        }
        loaded = [*(model.fingerprint for model in plan.models), *(lora.sha256 for lora in plan.loras)]
        wanted: dict[str, JsonValue] = {"module": command.module, "argv": [*command.argv], "models": [*loaded]}
        return Job(clip=plan.clip, backend=NAME, request=wanted, output=output, facts=facts)

    def step_of(self, line: str) -> Step | None:
        """Return what a line of LTX says of the progress."""
        return step_of(line)

    def _has_offload(self) -> bool:
        return all(OFFLOAD in flags for flags in self.capabilities.modules.values())


def ltx_engine(settings: Settings, *, is_resident: bool) -> LtxEngine:
    """Return the engine that a project's settings describe.

    Raises:
        MissingSettingError: If the interpreter is not set, is not there, or has no LTX.
        ProcessError: If it cannot be run.
        InvalidRequestError, InvalidFileError: If a setting has a value that makes no sense.
    """
    settings.require(PYTHON)
    python = settings.path(PYTHON)
    assert python is not None  # noqa: S101 - it was required just now
    _quantization(settings)
    _strength(settings)
    found = [settings.lookup(name) for name in (*MODEL_SETTINGS, "HOME")]
    return LtxEngine(
        python=python,
        capabilities=find_capabilities(python, cache=capabilities_folder(settings), environ=os.environ),
        devices=devices_of(settings),
        folder=workers_folder(settings),
        models=tuple(setting for setting in found if setting is not None),
        root=settings.root,
        files=settings.files,
        is_resident=is_resident,
        offload=settings.choice("LTX_OFFLOAD", OFFLOADS),
        timeout_s=settings.integer("VTX_RENDER_TIMEOUT_S", default=3600, minimum=1),
        idle_s=settings.integer("VTX_WORKER_IDLE_S", default=300, minimum=0),
        silence_s=settings.integer("VTX_WORKER_SILENCE_S", default=120, minimum=1),
        start_s=settings.integer("VTX_WORKER_START_S", default=600, minimum=1),
        secrets=settings.secrets(),
    )


def _quantization(settings: Settings) -> str | None:
    return settings.choice("LTX_QUANTIZATION", QUANTIZATIONS) or None


def _strength(settings: Settings) -> float | None:
    found = settings.decimal("LTX_DISTILLED_LORA_STRENGTH", minimum=-4, maximum=4)
    return None if found is None else float(found)


def _strength_for(pipeline: Pipeline, strength: float | None) -> float | None:
    """Return the strength of the distilled LoRA for a pipeline: ``hq`` parses it and takes those of its stages instead."""
    return None if pipeline == Pipeline.TI2VID_TWO_STAGES_HQ else strength


def _refuse(plan: RenderPlan, problems: Iterator[str]) -> None:
    found = [*problems]
    if found:
        raise InvalidRequestError(f"{plan.clip}: {'; '.join(found)}", clip=plan.clip, problems=[*found])


def _lora_problems(plan: RenderPlan, files: Mapping[str, Path], transformer: Path) -> Iterator[str]:
    for lora in sorted({files[lora.sha256] for lora in plan.loras}):
        yield from lora_problems(lora, transformer)


def _window(request: RenderRequest, folder: Path) -> tuple[tuple[int, Path], ...]:
    previous = request.plan.previous
    if previous is None:
        return ()
    take = request.files[previous.clip_hash]
    return tail_frames(take, folder, end_frame=previous.end_frame, frames=previous.frames)


def _sound(request: RenderRequest, folder: Path) -> Path | None:
    """Return the sound that a clip is rendered for: LTX takes nothing but stereo that lasts as long as the render."""
    plan = request.plan
    sound = next((given for given in plan.inputs if given.role == "audio"), None)
    if sound is None:
        return None
    return render_sound(
        request.files[sound.sha256],
        folder / "sound.wav",
        start_s=sound.start_s or 0.0,
        echo_frames=plan.echo_frames,
        render_frames=plan.render_frames,
        fps=plan.fps,
    )
