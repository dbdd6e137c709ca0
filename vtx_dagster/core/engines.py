"""The Protocols that engines implement, and the values that cross them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Protocol, Self

from pydantic import JsonValue

from vtx_dagster.core.plan import EngineIdentity, RenderPlan


class Progress(Protocol):
    """Told how far a piece of work is; may be called often and must return fast."""

    def __call__(self, done: int, total: int, stage: str = "") -> None:
        """Take note of frames (or steps) done and their total, and in words of the stage that they belong to."""
        ...


def no_progress(done: int, total: int, stage: str = "") -> None:
    """Ignore progress."""


def no_meter(device: str | None) -> None:
    """Ignore whether a GPU is held."""


def never() -> bool:
    """Say no: nothing was called off."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderRequest:
    """One clip to render.

    Attributes:
        plan: What to render.
        files: Path of each input and LoRA, by the SHA-256 that the plan names; of the previous take by its clip hash.
        output: Where the MP4 goes; its folder exists and the file does not.
        log: Text file to which the engine writes what it did.
        progress: Told about frames or steps.
        cancelled: Says whether the render was called off; may be called from any thread.
        on_gpu: Told the name of the GPU that is held for the clip from now on, empty if it is not known; None while there is
            none, because the engine waits for one or needs none any more. May be called from any thread. Of an engine that
            never calls it all the time counts that it takes.
        limit_s: Seconds that the render may take at most, of what is left of the project's budget.
        may_degrade: Whether a smaller picture, scaled up, is better than none where memory is short.
    """

    plan: RenderPlan
    output: Path
    log: Path
    files: Mapping[str, Path] = field(default_factory=dict)
    progress: Progress = no_progress
    cancelled: Callable[[], bool] = never
    on_gpu: Callable[[str | None], None] = no_meter
    limit_s: float | None = None
    may_degrade: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderReport:
    """What an engine says of a finished render.

    Attributes:
        facts: JSON-ready; they end up in the take's sidecar. ``model_loads`` and ``degraded`` are shown to people.
        gpu_s: Seconds that a GPU was held for it, attempts that failed included; zero without one.
    """

    facts: Mapping[str, JsonValue] = field(default_factory=dict)
    gpu_s: float = 0.0


class RenderSession(Protocol):
    """An engine that is ready: its model, if any, is loaded."""

    def render(self, request: RenderRequest) -> RenderReport:
        """Render one clip to ``request.output``: H.264 yuv420p BT.709, the plan's size, fps and file frames, AAC stereo 48 kHz.

        Called from several threads at once where the engine's ``concurrency`` is more than one.

        Raises:
            RenderError, ProcessError: If the engine could not; the output may be missing or partial. ``details["gpu_s"]`` says
                what it cost, where it cost anything.
            CancelledError: If it was called off.
        """
        ...


class RenderEngine(Protocol):
    """A way to turn plans into clips, hashable.

    Projects whose engines are equal share a session. So engines must be equal only if their sessions would be the same in
    everything: model, endpoint, folders. A frozen dataclass of those settings is; so is a class without ``__eq__``, of which
    every instance has sessions of its own.
    """

    @property
    def identity(self) -> EngineIdentity:
        """Name and version; part of every plan, so a change of version makes clips stale."""
        ...

    @property
    def draws(self) -> bool:
        """Whether plans for this engine carry a ``Drawing``."""
        ...

    @property
    def key(self) -> str:
        """A text that changes whenever ``accept`` may answer otherwise: settings, files, versions. Opens no file."""
        ...

    @property
    def concurrency(self) -> int:
        """How many clips a session renders at the same time, at least one."""
        ...

    def accept(self, plan: RenderPlan, files: Mapping[str, Path]) -> RenderPlan:
        """Return a plan as this engine will render it, with what it adds that decides pixels; nothing is loaded for that.

        Args:
            plan: A plan of this engine's identity.
            files: Path of each input and LoRA, by SHA-256; the previous take may be missing.

        Raises:
            InvalidRequestError: If no render can come of it: the wrong size, a pipeline that takes no such input.
            MissingSettingError, MissingInputError: If a model is not there.
        """
        ...

    def session(self) -> AbstractContextManager[RenderSession]:
        """Return a context in which many clips are rendered with one start-up cost."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFacts:
    """What a media file holds, as found by decoding (``verify``) or demuxing it (``probe``).

    Attributes:
        duration_s: Video length, exactly ``num_frames / fps``.
        audio_s: Audio length from its packets, zero without audio.
    """

    width: int
    height: int
    fps: Fraction
    num_frames: int
    duration_s: Fraction
    video_codec: str
    pixel_format: str
    audio_codec: str
    audio_rate_hz: int
    audio_channels: int
    audio_s: Fraction
    size_bytes: int

    def to_json(self) -> dict[str, JsonValue]:
        """Return the facts as JSON; fractions as text, such as ``"121/16"``."""
        return {name: str(value) if isinstance(value, Fraction) else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, facts: Mapping[str, JsonValue]) -> Self:
        """Return the facts that ``to_json`` wrote.

        Raises:
            TypeError, ValueError: If it did not write them.
        """
        fractions = {name: Fraction(str(facts[name])) for name in ("fps", "duration_s", "audio_s") if name in facts}
        return cls(**{**facts, **fractions})


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One file in a lineup and how many of its frames the film shows, from the first one on."""

    name: str
    path: Path
    content_frames: int


class MediaTool(Protocol):
    """Everything that is done to finished media files."""

    def verify(self, path: Path, plan: RenderPlan) -> MediaFacts:
        """Decode a rendered clip end to end.

        Raises:
            VerificationError: If it is not what the plan asked for, with every reason.
        """
        ...

    def probe(self, path: Path) -> MediaFacts:
        """Return what a file holds, without decoding it.

        Raises:
            VerificationError: If it cannot be read.
        """
        ...

    def strip(self, path: Path) -> bytes:
        """Return three frames of a clip side by side as one WebP, at most 8 kB."""
        ...

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
        """Join files into one and check the result.

        Raises:
            VerificationError: If the result is not as long as its parts, to the frame.
            ProcessError: If ffmpeg failed.
        """
        ...

    def slate(self, output: Path, *, text: str, num_frames: int, fps: int, width: int, height: int) -> None:
        """Draw a still card with a text, conforming to the clip contract, to stand in for a missing clip."""
        ...
