"""How far LTX is, read from what it prints: log lines of its blocks, and progress bars.

Source: ltx_pipelines 1.2.0, ``utils/blocks.py``, ``utils/samplers.py`` and ``utils/media_io/encode.py``; it has no callback and
no structured progress. A bar does not say of what it is: steps, chunks of the picture and files that are read look alike.
"""

import re
from typing import Final

from vtx_dagster.engines.ltx.session import Step

_BAR: Final = re.compile(r"\d+%\|.*\| *(?P<done>\d+)/(?P<total>\d+) \[")
_STAGES: Final = (
    ("Building text encoder from", "reading the prompt"),
    ("Prompt encoding complete", "prompt read"),
    ("Building transformer", "loading the transformer"),
    ("Building video encoder + spatial upsampler", "scaling up"),
    # The sound is decoded first, although the picture's decoder is announced before; its frames come as the file is written.
    ("Building video decoder", "decoding"),
    ("Building audio decoder", "decoding"),
    ("Video saved to", "written"),
)
_LOOP: Final = re.compile(r"Running denoising loop \((?P<steps>\d+) steps")


def step_of(line: str) -> Step | None:
    """Return what a line says of the progress, or None. A bar is of the stage that goes on.

    >>> step_of(" 38%|███▊      | 3/8 [00:12<00:20,  4.10s/it]")
    Step(stage='', done=3, total=8)
    """
    if found := _BAR.search(line):
        return Step(stage="", done=int(found["done"]), total=int(found["total"]))
    if found := _LOOP.search(line):
        return Step(stage="rendering", total=int(found["steps"]))
    return next((Step(stage=stage) for marker, stage in _STAGES if marker in line), None)
