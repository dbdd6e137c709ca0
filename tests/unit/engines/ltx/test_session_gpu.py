"""A session says for how long it holds a GPU, so that nobody pays for waiting."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from vtx_dagster.core.clip import InputMode, Pipeline
from vtx_dagster.core.engines import RenderRequest, never
from vtx_dagster.core.errors import EngineLostError, RenderError
from vtx_dagster.core.plan import EngineIdentity, RenderPlan
from vtx_dagster.engines.ltx.jobs import Device, Job, JobResult, Rung, Watch
from vtx_dagster.engines.ltx.session import LaneSession

PLAN = RenderPlan(
    clip="A01_S01_SH010",
    engine=EngineIdentity(name="ltx", version="1.2"),
    pipeline=Pipeline.DISTILLED,
    mode=InputMode.T2V,
    prompt="a kettle",
    negative_prompt="",
    seed=1,
    width=128,
    height=64,
    fps=8,
    content_frames=8,
    render_frames=9,
)


@dataclass
class OneDevice:
    """Lanes and lane of a device on which jobs end as told."""

    device: Device
    ends: list[Exception]
    events: list[str | None] = field(default_factory=list)

    @property
    def devices(self) -> tuple[Device, ...]:
        return (self.device,)

    @contextmanager
    def lane(self, *, cancelled: Callable[[], bool] = never) -> Iterator["OneDevice"]:
        self.events.append("waits")
        yield self

    def run(self, job: Job, *, rung: Rung, watch: Watch) -> JobResult:
        self.events.append("runs")
        raise self.ends.pop(0)

    def close(self) -> None: ...


class Maker:
    ladder = (Rung(name="as configured"),)

    def job(self, request: RenderRequest, *, width: int, height: int, output: Path) -> Job:
        return Job(clip=request.plan.clip, backend="ltx", request={}, output=output)

    def step_of(self, line: str) -> None: ...


@pytest.mark.parametrize(
    ("name", "ends", "events"),
    [
        pytest.param("gpu1", [RenderError("no")], [None, "waits", "gpu1", "runs", None], id="failed"),
        pytest.param(
            "gpu1",
            [EngineLostError("gone"), RenderError("no")],
            [None, "waits", "gpu1", "runs", None, None, "waits", "gpu1", "runs", None],
            id="lost, and begun again",
        ),
        pytest.param("cpu", [RenderError("no")], [None, "waits", None, "runs", None], id="no GPU"),
    ],
)
def test_a_gpu_is_held_from_when_it_is_had_until_the_job_has_ended(
    tmp_path: Path, name: str, ends: Sequence[Exception], events: list[str | None]
) -> None:
    lanes = OneDevice(Device(name=name, visible="" if name == "cpu" else "1"), list(ends))
    request = RenderRequest(plan=PLAN, output=tmp_path / "clip.mp4", log=tmp_path / "log.txt", on_gpu=lanes.events.append)
    with pytest.raises(RenderError):
        LaneSession(lanes, Maker(), timeout_s=10).render(request)
    assert lanes.events == events
