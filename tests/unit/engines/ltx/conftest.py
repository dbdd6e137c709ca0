import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vtx_dagster.engines.ltx.worker_states import device_states, kill_worker


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where workers listen: pytest's own folders are too long for a socket. No worker outlives the test."""
    with tempfile.TemporaryDirectory(prefix="vtx", dir="/tmp") as name:
        yield Path(name)
        deadline = time.monotonic() + 10
        while any(state.state != "free" for state in device_states(Path(name), ())):
            for state in device_states(Path(name), ()):
                kill_worker(Path(name), state.device)
            assert time.monotonic() < deadline, "a device is held after the test"
