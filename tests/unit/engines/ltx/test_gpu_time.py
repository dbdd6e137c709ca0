"""Which time of a session is that of a GPU."""

import time
from contextlib import nullcontext
from pathlib import Path

import pytest

from vtx_dagster.core.clip import InputMode, Pipeline
from vtx_dagster.core.engines import RenderRequest
from vtx_dagster.core.errors import RenderError
from vtx_dagster.core.plan import EngineIdentity, RenderPlan
from vtx_dagster.engines.ltx.jobs import Device, Job, Rung
from vtx_dagster.engines.ltx.session import LaneSession


class Failing:
    """Lanes, lane and maker of jobs that fail after a moment."""

    ladder = (Rung(name="as configured"),)

    def __init__(self, device: Device) -> None:
        self.device = device
        self.devices = (device,)

    def lane(self, *, cancelled):
        return nullcontext(self)

    def job(self, request, *, width, height, output):
        return Job(clip=request.plan.clip, backend="ltx", request={}, output=output)

    def step_of(self, line):
        return None

    def run(self, job, *, rung, watch):
        time.sleep(0.01)
        raise RenderError("it failed", clip=job.clip)

    def close(self):
        return None


@pytest.mark.parametrize(
    ("device", "held", "spends"),
    [
        pytest.param(Device(name="gpu0", visible="0"), "gpu0", True, id="a GPU"),
        pytest.param(Device(name="cpu"), "cpu", True, id="nothing listed, and nothing hidden"),
        pytest.param(Device(name="cpu", visible=""), None, False, id="every GPU hidden"),
    ],
)
def test_time_is_free_only_where_no_gpu_can_be_seen(tmp_path: Path, device: Device, held: str | None, spends: bool) -> None:
    plan = RenderPlan(
        clip="A01_S01_SH001",
        engine=EngineIdentity(name="ltx", version="1.2"),
        pipeline=Pipeline.DISTILLED,
        mode=InputMode.T2V,
        prompt="",
        negative_prompt="",
        seed=1,
        width=64,
        height=64,
        fps=16,
        content_frames=9,
        render_frames=9,
    )
    told: list[str | None] = []
    request = RenderRequest(plan=plan, output=tmp_path / "clip.mp4", log=tmp_path / "log.txt", on_gpu=told.append)
    failing = Failing(device)
    with pytest.raises(RenderError) as caught:
        LaneSession(failing, failing, timeout_s=9).render(request)
    assert (caught.value.details["gpu_s"] != 0) is spends
    assert told == [None, held, None]
