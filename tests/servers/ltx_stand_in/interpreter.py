"""Makes a Python that has a stand-in for LTX: a shell script that runs this one with the packages of a folder before its own."""

import os
import shlex
import sys
from pathlib import Path

HERE = Path(__file__).parent


def make_interpreter(path: Path, version: str = "1.2.0") -> Path:
    """Write the script and return its path.

    Args:
        path: Where; its folder is made.
        version: ``1.2.0`` or ``1.0.0``, the version that the stand-in says it is and behaves like.
    """
    packages = HERE / {"1.2.0": "v1_2", "1.0.0": "v1_0"}[version]
    path.parent.mkdir(parents=True, exist_ok=True)
    folders = shlex.quote(os.pathsep.join((str(packages), str(HERE / "shared"))))
    path.write_text(f'#!/bin/sh\nPYTHONPATH={folders} exec {shlex.quote(sys.executable)} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path
