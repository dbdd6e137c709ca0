"""The animatic as a ``RenderEngine``: plans with a ``Drawing`` in, conforming MP4 files out."""

import hashlib
import logging
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from vtx_dagster.core.engines import RenderReport, RenderRequest
from vtx_dagster.core.errors import MissingSettingError, RenderError, VtxError
from vtx_dagster.core.plan import EngineIdentity, RenderPlan
from vtx_dagster.engines.animatic.board import Board
from vtx_dagster.engines.animatic.lettering import Lettering
from vtx_dagster.engines.clip_writer import ClipWriter
from vtx_dagster.studio.files import storage_errors

logger = logging.getLogger(__name__)

_MOST_TOLD: Final = 40
"""Letters that one line names."""

DRAWING_VERSION: Final = "3"
"""Raised when the same plan would give another picture. What was drawn before stands; ``vtx make --renew`` draws it again."""


@dataclass(frozen=True, slots=True)
class AnimaticEngine:
    """Draws clips.

    Args:
        font: A TrueType or OpenType file to letter with, in place of the bundled DejaVu Sans Condensed. Its content is part
            of the engine's version.

    Raises:
        MissingSettingError: If the font file cannot be read.
    """

    font: Path | None = None
    _version: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_version", _version_with(self.font))

    @property
    def identity(self) -> EngineIdentity:
        """Name and version of the drawing."""
        return EngineIdentity(name="animatic", version=self._version)

    @property
    def draws(self) -> bool:
        """Always true: plans carry a ``Drawing``."""
        return True

    @property
    def key(self) -> str:
        """The version: nothing else decides what is drawn."""
        return self._version

    @property
    def concurrency(self) -> int:
        """One: the encoder has the other cores."""
        return 1

    def accept(self, plan: RenderPlan, files: Mapping[str, Path]) -> RenderPlan:  # noqa: ARG002 - the signature of all engines
        """Return the plan as it is: everything can be drawn, and inputs and pipelines are not looked at."""
        return plan

    @contextmanager
    def session(self) -> Iterator["AnimaticSession"]:
        """Return a session; there is nothing to load but the font."""
        yield AnimaticSession(Lettering(self.font))


class AnimaticSession:
    """An engine at work."""

    def __init__(self, lettering: Lettering) -> None:
        self._lettering = lettering
        self._told_of: set[str] = set()

    def render(self, request: RenderRequest) -> RenderReport:
        """Draw and encode one clip.

        Raises:
            RenderError: If the plan cannot be drawn, be it for an error in the drawing itself; no output is left, and the log has
                the trace.
            StorageError: If the output or the log cannot be written.
        """
        plan = request.plan
        self._lettering.missing.clear()
        told = f"animatic {plan.engine.version}: {plan.clip}, {plan.width}x{plan.height} at {plan.fps} fps\n"
        try:
            facts = self._drawn(request)
            told += "".join(f"{name}: {value}\n" for name, value in facts.items()) + self._boxes(plan)
        except RenderError:
            told += traceback.format_exc()
            raise
        finally:
            with storage_errors(request.log):
                request.log.write_text(told, encoding="utf-8", errors="replace")
        return RenderReport(facts=facts)

    def _boxes(self, plan: RenderPlan) -> str:
        """Return a line about letters that no font has, or nothing; of each letter the session warns once."""
        missing = self._lettering.missing
        if not missing:
            return ""
        letters = "".join(sorted(missing)[:_MOST_TOLD])
        line = f"empty boxes for {letters}: no font here has them; install one, or name one in VTX_FONT\n"
        if not missing <= self._told_of:
            self._told_of |= missing
            logger.warning("%s: %s", plan.clip, line.rstrip())
        return line

    def _drawn(self, request: RenderRequest) -> dict[str, int]:
        plan = request.plan
        with _drawing(plan, "the scene"):
            board = Board(plan, self._lettering)
        with ClipWriter(
            request.output, width=plan.width, height=plan.height, fps=plan.fps, num_frames=plan.file_frames
        ) as writer:
            for index in range(plan.file_frames):
                with _drawing(plan, f"frame {index} of {plan.file_frames}"):
                    picture = np.asarray(board.frame(index))
                writer.write_rgb(picture)
                request.progress(index + 1, plan.file_frames)
        return {**board.facts, "frames": plan.file_frames, "bytes": request.output.stat().st_size}


@contextmanager
def _drawing(plan: RenderPlan, what: str) -> Iterator[None]:
    """Say of an error in the drawing that it is one: it fails its clip, with a trace in the log, and not those after it."""
    try:
        yield
    except VtxError:
        raise
    except Exception as error:
        raise RenderError(
            f"{plan.clip}: {what} cannot be drawn, for an error in vtx ({type(error).__name__}: {error}); report it with the log "
            "and the clip's plan, and meanwhile try another size, angle or move",
            clip=plan.clip,
        ) from error


def _version_with(font: Path | None) -> str:
    if font is None:
        return DRAWING_VERSION
    try:
        content = font.read_bytes()
    except OSError as error:
        raise MissingSettingError(f"{font}: the font cannot be read ({error}); name another file", path=str(font)) from error
    return f"{DRAWING_VERSION}+font.{hashlib.sha256(content).hexdigest()[:12]}"


def paint_frame(plan: RenderPlan, frame_index: int, *, font: Path | None = None) -> Image.Image:
    """Return one frame of a plan as it will be encoded, RGB; to look at a shot without rendering it.

    Raises:
        RenderError: If the plan cannot be drawn, or has no such frame.
    """
    if not 0 <= frame_index < plan.render_frames:
        raise RenderError(
            f"{plan.clip}: there is no frame {frame_index}; the clip has 0 to {plan.render_frames - 1}", clip=plan.clip
        )
    return Board(plan, Lettering(font)).frame(frame_index)
