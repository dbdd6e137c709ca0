"""The lineup: which clips an act or a film shows, in which order and for how many frames. Equal lineups are the same film."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, Self

from vtx_dagster.core.errors import InvalidRequestError, NotFoundError

_MAX_LISTED = 10


class Shown(Protocol):
    """What a lineup needs to know of a clip; a ``RenderPlan`` knows it."""

    @property
    def clip(self) -> str:
        """The clip id."""
        ...

    @property
    def content_frames(self) -> int:
        """Frames that the film shows."""
        ...

    @property
    def fps(self) -> int:
        """Frames per second."""
        ...

    @property
    def width(self) -> int:
        """Width in pixels."""
        ...

    @property
    def height(self) -> int:
        """Height in pixels."""
        ...

    def clip_hash(self) -> str:
        """Return the hash of the clip's render plan."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LineupEntry:
    """One clip of a lineup, by the hash of its render plan, and the act that it stands in."""

    clip: str
    clip_hash: str
    content_frames: int
    act: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineup:
    """The clips of an act or a film in the order in which they play, all of one picture size and frame rate.

    Raises:
        InvalidRequestError: If a clip is there twice.
    """

    entries: tuple[LineupEntry, ...]
    fps: int
    width: int
    height: int

    def __post_init__(self) -> None:
        twice = [clip for clip, times in Counter(entry.clip for entry in self.entries).items() if times > 1]
        if twice:
            raise InvalidRequestError(f"{twice[0]} is in the lineup more than once", clip=twice[0])

    @classmethod
    def of(cls, clips: Iterable[Shown], *, acts: Mapping[str, str]) -> Self:
        """Return the lineup of clips that are given in the order in which they play.

        Args:
            clips: The clips.
            acts: The act of each of them, by clip id.

        Raises:
            InvalidRequestError: If there is no clip, one is there twice, or some differ in size or frame rate from most.
        """
        ordered = list(clips)
        if not ordered:
            raise InvalidRequestError("a lineup needs at least one clip, and none is given")
        width, height, fps = _one_format(ordered)
        entries = (
            LineupEntry(clip=clip.clip, clip_hash=clip.clip_hash(), content_frames=clip.content_frames, act=acts[clip.clip])
            for clip in ordered
        )
        return cls(entries=tuple(entries), fps=fps, width=width, height=height)

    @property
    def num_frames(self) -> int:
        """Frames of the whole lineup."""
        return sum(entry.content_frames for entry in self.entries)

    @property
    def duration_s(self) -> Fraction:
        """Length of the whole lineup in seconds."""
        return Fraction(self.num_frames, self.fps)

    def acts(self) -> tuple[str, ...]:
        """Return the ids of the acts that have clips, in the order in which they play."""
        return tuple(dict.fromkeys(entry.act for entry in self.entries))

    def act(self, act_id: str) -> "Lineup":
        """Return the lineup of one act.

        Raises:
            NotFoundError: If no clip of that act is here.
        """
        entries = tuple(entry for entry in self.entries if entry.act == act_id)
        if not entries:
            raise NotFoundError(f"no clip of act {act_id!r} is in the lineup; its acts are {', '.join(self.acts())}", act=act_id)
        return Lineup(entries=entries, fps=self.fps, width=self.width, height=self.height)

    def lineup_hash(self) -> str:
        """Return the SHA-256 of clips, order, lengths, size and frame rate, 64 hexadecimal digits."""
        facts = {
            "clips": [[entry.clip, entry.clip_hash, entry.content_frames] for entry in self.entries],
            "fps": self.fps,
            "size": [self.width, self.height],
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _one_format(clips: list[Shown]) -> tuple[int, int, int]:
    """Return the width, height and fps that all clips have; the error names those that differ from most."""
    formats = Counter((clip.width, clip.height, clip.fps) for clip in clips)
    usual = max(formats, key=lambda found: formats[found])
    if len(formats) == 1:
        return usual
    odd = [clip for clip in clips if (clip.width, clip.height, clip.fps) != usual]
    listed = ", ".join(f"{clip.clip} is {clip.width}x{clip.height} at {clip.fps} fps" for clip in odd[:_MAX_LISTED])
    more = f" and {len(odd) - _MAX_LISTED} more" if len(odd) > _MAX_LISTED else ""
    raise InvalidRequestError(
        f"clips of one film must have one size and frame rate: most are {usual[0]}x{usual[1]} at {usual[2]} fps, but "
        f"{listed}{more}; give them the same render profile",
        clips=[clip.clip for clip in odd],
    )
