"""What a session records of attempts that end in ways no engine foresees."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from vtx_dagster.core.clip import InputMode, Pipeline
from vtx_dagster.core.engines import RenderRequest, never
from vtx_dagster.core.errors import CancelledError, StorageError
from vtx_dagster.core.plan import EngineIdentity, RenderPlan
from vtx_dagster.engines.ltx import session as session_module
from vtx_dagster.engines.ltx.jobs import Device, Job, JobResult, Rung, Watch
from vtx_dagster.engines.ltx.session import LaneSession, Step

GPU0 = Device(name="gpu0", visible="0")


class Failing:
    """Lanes of one device, on which every job ends with an error; and what makes the jobs."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.devices = (GPU0,)
        self.device = GPU0
        self.ladder = (Rung(name="as configured"),)

    @contextmanager
    def lane(self, *, cancelled: Callable[[], bool] = never) -> Iterator["Failing"]:
        yield self

    def close(self) -> None: ...

    def run(self, job: Job, *, rung: Rung, watch: Watch) -> JobResult:
        raise self.error

    def job(self, request: RenderRequest, *, width: int, height: int, output: Path) -> Job:
        return Job(clip=request.plan.clip, backend="ltx", request={}, output=output)

    def step_of(self, line: str) -> Step | None:
        return None


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        pytest.param(StorageError("the disk is full"), "storage", id="disk"),
        pytest.param(CancelledError("called off"), "cancelled", id="called off"),
        pytest.param(ZeroDivisionError(), "failed", id="unforeseen"),
        pytest.param(KeyboardInterrupt(), "failed", id="interrupted"),
    ],
)
def test_an_attempt_that_failed_is_not_recorded_as_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, outcome: str
) -> None:
    accounts: list[Any] = []
    account = session_module._Account
    monkeypatch.setattr(session_module, "_Account", lambda: accounts.append(account()) or accounts[-1])
    plan = RenderPlan(
        clip="A01_S01_SH001",
        engine=EngineIdentity(name="ltx", version="1.2"),
        pipeline=Pipeline.DISTILLED,
        mode=InputMode.T2V,
        prompt="a tram",
        negative_prompt="",
        seed=7,
        width=128,
        height=64,
        fps=16,
        content_frames=17,
        render_frames=17,
    )
    failing = Failing(error)
    with pytest.raises(type(error)):
        LaneSession(failing, failing, timeout_s=20).render(
            RenderRequest(plan=plan, files={}, output=tmp_path / "clip.mp4", log=tmp_path / "log.txt")
        )
    assert [one["outcome"] for one in accounts[0].attempts] == [outcome]
