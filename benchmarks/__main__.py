"""Run every benchmark and write ``docs/benchmarks.md``: ``make bench``."""

import datetime
import os
import platform
from pathlib import Path

from benchmarks import animatic, assembly, orchestration, planning, residency, story

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
CHAPTERS = (
    ("Drawing clips", animatic, "seconds", "Ratio to ffmpeg. Wanted: at most 2.0 for drawing and encoding."),
    (
        "Orchestration",
        orchestration,
        "seconds per clip",
        "Ratio to a bare Python process. Wanted: at most 5 for batches, and a run per clip at least 50 times as much.",
    ),
    (
        "Keeping the model",
        residency,
        "seconds per clip",
        "A tiny LTX-2 with random weights by diffusers, 64x64, 17 frames, 4 steps, on the CPU. Ratio to a process per clip. "
        "Wanted: at most 0.02 s per clip for the worker and its protocol.",
    ),
    (
        "Planning",
        planning,
        "seconds (peak memory)",
        "Ratio to the smaller studio. Wanted for 90,000 clips: under 5 s and 1 GB, and at most 10 times the time of 9,000.",
    ),
    (
        "Writing",
        story,
        "seconds",
        "Ratio to one question at a time, of a service that takes 0.1 s for an answer. Wanted: at most 0.35 for four at a time.",
    ),
    ("Assembly", assembly, "seconds", "Ratio to plain ffmpeg. Wanted: at most 1.3."),
)


def main() -> None:
    machine = f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, {platform.system()}"
    lines = [
        "# Benchmarks",
        "",
        f"Measured by `make bench` on {datetime.datetime.now(datetime.UTC):%Y-%m-%d}, on {machine}.",
        "Machines differ and are shared, so read the ratios: both sides of each were measured in one run, in turns.",
    ]
    for title, module, unit, wanted in CHAPTERS:
        print(f"{title} ...", flush=True)
        lines += ["", f"## {title}", "", wanted, "", f"| what | {unit} | ratio |", "|---|---|---|"]
        for row in module.rows():
            print(f"  {' | '.join(row)}", flush=True)
            lines.append(f"| {' | '.join(row)} |")
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
