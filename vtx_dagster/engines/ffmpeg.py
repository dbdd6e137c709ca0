"""``core.engines.MediaTool`` with ffmpeg and PyAV: finds the program, and gathers what is done to finished media."""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import imageio_ffmpeg

from vtx_dagster.core.engines import MediaFacts, Progress, Segment, no_progress
from vtx_dagster.core.errors import MissingSettingError, ProcessError
from vtx_dagster.core.plan import RenderPlan
from vtx_dagster.engines import assembly, frame_strip, media_reading, slates, verification
from vtx_dagster.engines.process import run_process

SETTING: Final = "VTX_FFMPEG"
_VERSION: Final = re.compile(r"^ffmpeg version (\S+)", re.MULTILINE)
_VERSION_TIMEOUT_S: Final = 20.0


def find_ffmpeg(setting: str | None) -> Path:
    """Return the ffmpeg to run: what ``VTX_FFMPEG`` names, else the one on ``PATH``, else the one of the wheel imageio-ffmpeg.

    Args:
        setting: Value of ``VTX_FFMPEG``: a path, or a name on ``PATH``; empty means not set.

    Raises:
        MissingSettingError: If the setting names no program, or there is no ffmpeg at all.
    """
    if setting:
        found = shutil.which(Path(setting).expanduser())
        if found is None:
            raise MissingSettingError(
                f"{SETTING}={setting}: there is no such program; correct the setting, or remove it to use the built-in ffmpeg",
                setting=SETTING,
                path=setting,
            )
        return Path(found).absolute()
    found = shutil.which("ffmpeg")
    if found is not None:
        return Path(found).absolute()
    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise MissingSettingError(
            f"no ffmpeg on PATH and none built in for this machine; install ffmpeg, or set {SETTING} to its path", setting=SETTING
        ) from error


def ffmpeg_version(path: Path) -> str:
    """Return the version that an ffmpeg gives itself, such as ``7.1.1``.

    Raises:
        ProcessError: If it cannot be run, or is another program.
    """
    words = run_process([str(path), "-version"], timeout_s=_VERSION_TIMEOUT_S).tail
    found = _VERSION.search(words)
    if found is None:
        raise ProcessError(
            f"{path}: does not answer as ffmpeg does; set {SETTING} to an ffmpeg", program=str(path), tail=words[-500:]
        )
    return found[1]


@dataclass(frozen=True, slots=True)
class Ffmpeg:
    """The media tool of this package.

    Attributes:
        executable: The ffmpeg that assembles, 5.1 or later; everything else is done in process with PyAV.
        timeout_s: Limit for one run of it, in seconds.
    """

    executable: Path
    timeout_s: float = 3600.0

    def verify(self, path: Path, plan: RenderPlan) -> MediaFacts:
        """Decode a rendered clip end to end and compare it with its plan; see ``verification``."""
        return verification.verify(path, plan)

    def probe(self, path: Path) -> MediaFacts:
        """Return what a file holds, without decoding it; see ``media_reading``."""
        return media_reading.probe(path)

    def strip(self, path: Path) -> bytes:
        """Return three frames of a clip side by side as one WebP, at most 8 kB; see ``frame_strip``."""
        return frame_strip.strip(path)

    def assemble(
        self,
        segments: Sequence[Segment],
        output: Path,
        *,
        fps: int,
        width: int,
        height: int,
        log: Path,
        progress: Progress = no_progress,
    ) -> MediaFacts:
        """Join files into one and check the result; see ``assembly``."""
        return assembly.assemble(
            self.executable,
            segments,
            output,
            fps=fps,
            width=width,
            height=height,
            log=log,
            timeout_s=self.timeout_s,
            progress=progress,
        )

    def slate(self, output: Path, *, text: str, num_frames: int, fps: int, width: int, height: int) -> None:
        """Write a still card with a text, conforming to the clip contract; see ``slates``."""
        slates.slate(output, text=text, num_frames=num_frames, fps=fps, width=width, height=height)
