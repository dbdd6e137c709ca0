"""Short of memory: what is tried one after another, and whether the kernel killed for it. No setting changes the picture."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from vtx_dagster.engines.ltx.jobs import Rung
from vtx_dagster.engines.ltx.worker.ltx_jobs import READ_ANEW

OFFLOAD: Final = "--offload"
OFFLOADS_WITH: Final = (None, "fp8-cast")
"""LTX streams layers of 16 bits, or of fp8-cast; with any other quantization it refuses."""

_ENV: Final = {"PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True"}
_COUNTERS: Final = (Path("/proc/vmstat"), Path("/sys/fs/cgroup/memory.events"))


def memory_ladder(offload: str, *, quantization: str | None, has_offload: bool, is_resident: bool) -> tuple[Rung, ...]:
    """Return the rungs, the first as configured.

    Args:
        offload: ``none``, ``cpu`` or ``disk``, as ``LTX_OFFLOAD`` says.
        quantization: As ``LTX_QUANTIZATION`` says.
        has_offload: Whether the LTX that is there knows ``--offload``.
        is_resident: Whether the weights of all models stay on the GPU between clips; then giving that up comes before offloading.

    Source:
        LTX-2 1.2.0: ``--offload`` streams weights (README, docs/optimization.md), and ``expandable_segments`` is recommended.
    """
    can_offload = has_offload and quantization in OFFLOADS_WITH
    own = {OFFLOAD: offload} if has_offload and offload != "none" else {}
    return (
        Rung(name="as configured", options=own),
        Rung(name="expandable segments", options=own, env=_ENV),
        *(Rung(name="weights read anew", options=READ_ANEW, env=_ENV) for _ in range(is_resident and not own)),
        *(Rung(name=f"offload {where}", options={OFFLOAD: where}, env=_ENV) for where in _offloads_below(offload) if can_offload),
    )


def _offloads_below(offload: str) -> Iterator[str]:
    order = ("none", "cpu", "disk")
    yield from order[order.index(offload) + 1 :]


def host_kills(counters: tuple[Path, ...] = _COUNTERS) -> int:
    """Return how many processes the kernel has killed for want of memory, as far as it tells; zero where it does not.

    A process that died of SIGKILL while this grew had too much memory; one that died so without was killed by somebody.
    """
    kills = 0
    for path in counters:
        with contextlib.suppress(OSError):
            kills += sum(int(line.split()[1]) for line in path.read_text().splitlines() if line.startswith("oom_kill "))
    return kills
