"""LTX-2 by the pipelines of diffusers, as a ``RenderEngine``: one resident worker per device, one model load for many clips.

torch and diffusers are in the worker's interpreter alone; this module asks only which versions are there.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from vtx_dagster.core.errors import InvalidRequestError
from vtx_dagster.core.pipelines import plan_problems
from vtx_dagster.core.plan import EngineIdentity, PlanModel, RenderPlan
from vtx_dagster.engines.ltx.capabilities import capabilities_folder, clean_environment
from vtx_dagster.engines.ltx.devices import devices_of, workers_folder
from vtx_dagster.engines.ltx.diffusers_installation import SETTING as PYTHON
from vtx_dagster.engines.ltx.diffusers_installation import DiffusersInstallation, find_diffusers
from vtx_dagster.engines.ltx.diffusers_model import SETTING as MODEL
from vtx_dagster.engines.ltx.diffusers_model import lora_problems, model_fingerprint
from vtx_dagster.engines.ltx.diffusers_requests import DiffusersJobMaker, memory_ladder
from vtx_dagster.engines.ltx.inputs import check_inputs
from vtx_dagster.engines.ltx.jobs import Device
from vtx_dagster.engines.ltx.model_files import stamp_of
from vtx_dagster.engines.ltx.serving import unserved
from vtx_dagster.engines.ltx.session import LaneSession
from vtx_dagster.engines.ltx.worker_client import WorkerRecipe
from vtx_dagster.engines.ltx.worker_lanes import WorkerLanes
from vtx_dagster.studio.settings import Settings

NAME: Final = "diffusers"


@dataclass(frozen=True, kw_only=True)
class DiffusersEngine:
    """Renders by diffusers.

    The model is looked at once for each engine, not for each clip: whoever wants to know of another makes another engine.

    Attributes:
        model: Folder of the model in diffusers' layout.
        python: The interpreter of the workers; this one when None.
        installation: The diffusers that it has.
        devices: What to render on.
        folder: Where devices are locked and workers listen.
        offload: ``none``, ``cpu`` or ``disk``, as ``LTX_OFFLOAD`` says.
        timeout_s: Limit for one job.
        idle_s: Seconds after which a worker without a client ends.
        silence_s: Seconds without a sign of life after which a worker is taken for hung.
        start_s: Seconds that the start of a worker may take.
        secrets: Texts that must not get into logs and facts.
    """

    model: Path
    python: Path | None
    installation: DiffusersInstallation
    devices: tuple[Device, ...]
    folder: Path
    offload: str = "none"
    timeout_s: float = 3600.0
    idle_s: float = 300.0
    silence_s: float = 120.0
    start_s: float = 600.0
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def identity(self) -> EngineIdentity:
        """``diffusers`` and its major and minor version: patch releases make nothing stale."""
        return EngineIdentity(name=NAME, version=self.installation.release)

    @property
    def draws(self) -> bool:
        """Always false."""
        return False

    @property
    def key(self) -> str:
        """Version, model folder, and what its files look like from outside."""
        return self._key

    @property
    def concurrency(self) -> int:
        """One clip per device."""
        return len(self.devices)

    def accept(self, plan: RenderPlan, files: Mapping[str, Path]) -> RenderPlan:
        """Return the plan with the model in it; see ``RenderEngine.accept``.

        Raises:
            InvalidRequestError: If diffusers does not serve the pipeline, or the plan does not fit it.
            MissingInputError: If the model folder is not there, or holds no LTX-2.
        """
        problems = [*self._problems(plan, files)]
        if problems:
            raise InvalidRequestError(f"{plan.clip}: {'; '.join(problems)}", clip=plan.clip, problems=[*problems])
        return plan.model_copy(update={"models": (PlanModel(role=NAME, fingerprint=self._fingerprint),)})

    @contextmanager
    def session(self) -> Iterator[LaneSession]:
        """Return a session on the workers of all devices; they start with their first clip and stay for the next session."""
        has_gpu = any(not device.name.startswith("cpu") for device in self.devices)
        maker = DiffusersJobMaker(model=self.model, ladder=memory_ladder(self.offload, has_gpu=has_gpu))
        lanes = WorkerLanes(self.devices, self._recipe())
        try:
            yield LaneSession(lanes, maker, timeout_s=self.timeout_s, secrets=self.secrets)
        finally:
            lanes.close()

    @cached_property
    def _key(self) -> str:
        return json.dumps([self.installation.version, str(self.model), stamp_of(self.model)])

    @cached_property
    def _fingerprint(self) -> str:
        return model_fingerprint(self.model)

    def _problems(self, plan: RenderPlan, files: Mapping[str, Path]) -> Iterator[str]:
        refusal = unserved(NAME, plan.pipeline)
        if refusal is not None:
            yield refusal
            return
        yield from plan_problems(plan)
        yield from check_inputs(plan, files)
        for lora in plan.loras:
            yield from lora_problems(files[lora.sha256], self.model)

    def _recipe(self) -> WorkerRecipe:
        environ = dict(os.environ) if self.python is None else clean_environment(os.environ)
        return WorkerRecipe(
            python=str(self.python) if self.python is not None else sys.executable,
            backend=NAME,
            config_key=json.dumps(sorted(self.installation.packages.items())),
            folder=self.folder,
            # The model is a folder, and nothing is to be asked of the network, nor told to it.
            env=environ | {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"},
            idle_s=self.idle_s,
            silence_s=self.silence_s,
            start_s=self.start_s,
            secrets=self.secrets,
        )


def diffusers_engine(settings: Settings) -> DiffusersEngine:
    """Return the engine that a project's settings describe.

    Raises:
        MissingSettingError: If the model is not set, or the interpreter has no diffusers that can be used.
        ProcessError: If the interpreter that is set cannot be run.
        InvalidRequestError, InvalidFileError: If a setting has a value that makes no sense.
    """
    settings.require(MODEL)
    model, python = settings.path(MODEL), settings.path(PYTHON)
    assert model is not None  # noqa: S101 - it was required just now
    folder = workers_folder(settings)
    return DiffusersEngine(
        model=model,
        python=python,
        installation=find_diffusers(python, cache=capabilities_folder(settings), environ=clean_environment(os.environ)),
        devices=devices_of(settings),
        folder=folder,
        offload=settings.choice("LTX_OFFLOAD", ("none", "cpu", "disk")),
        timeout_s=settings.integer("VTX_RENDER_TIMEOUT_S", default=3600, minimum=1),
        idle_s=settings.integer("VTX_WORKER_IDLE_S", default=300, minimum=0),
        silence_s=settings.integer("VTX_WORKER_SILENCE_S", default=120, minimum=1),
        start_s=settings.integer("VTX_WORKER_START_S", default=600, minimum=1),
        secrets=settings.secrets(),
    )
