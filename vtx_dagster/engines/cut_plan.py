"""Where sound is cut when clips are joined. Arithmetic only.

An AAC packet is 1,024 samples, 21.33 ms, and hardly a clip is as long as a whole number of them. Cutting each clip's sound on its
own lets the error grow with each joint: up to 19 s over 900 clips. So the packets are shared out over the whole lineup.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import ceil, floor
from typing import Final

from vtx_dagster.engines.clip_writer import AUDIO_PACKET_SAMPLES, AUDIO_RATE_HZ

PACKET_S: Final = Fraction(AUDIO_PACKET_SAMPLES, AUDIO_RATE_HZ)
"""Length of an AAC packet in seconds, 21.33 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How much of a clip is shown, and where ffmpeg stops reading it.

    Attributes:
        frames: Frames shown, from the first one on.
        packets: AAC packets heard, from the first one on.
        video_outpoint_s: A time after the last of the frames and before the next one.
        audio_outpoint_s: The same for packets; the same time wherever one serves both.
    """

    frames: int
    packets: int
    video_outpoint_s: Fraction
    audio_outpoint_s: Fraction


def plan_cuts(content_frames: Sequence[int], fps: int) -> list[Cut]:
    """Return the cut of each clip of a lineup; arguments as for ``packets_per_clip``.

    Up to 46 fps, where a packet is shorter than a frame, both outpoints are always the same.
    """
    cuts: list[Cut] = []
    for frames, packets in zip(content_frames, packets_per_clip(content_frames, fps), strict=True):
        shared = _shared_outpoint_s(frames, packets, fps)
        video = Fraction(2 * frames - 1, 2 * fps) if shared is None else shared
        audio = max(Fraction(0), (packets - Fraction(1, 2)) * PACKET_S) if shared is None else shared
        cuts.append(Cut(frames=frames, packets=packets, video_outpoint_s=video, audio_outpoint_s=audio))
    return cuts


def packets_per_clip(content_frames: Sequence[int], fps: int) -> list[int]:
    """Return how many AAC packets each clip contributes.

    Every clip contributes its length in packets, rounded down or up. So does all that lies before a joint: to the nearest, where
    the neighbours allow. The whole is rounded up. So sound is never more than 21.33 ms away from its picture, usually less than
    10.67 ms, and the result has as many packets as a clip of that length: joined files can be joined again.

    Args:
        content_frames: Frames shown of each clip, each at least one.
        fps: Frames per second.

    Returns:
        One count per clip. Three clips of 32 frames at 16 fps (93.75 packets each) give 94, 94 and 94 of 281.25: 94, 188, 282.
    """
    rate = Fraction(AUDIO_RATE_HZ, AUDIO_PACKET_SAMPLES * fps)
    lengths = [frames * rate for frames in content_frames]
    ends = list(accumulate(lengths))
    # The least that each joint must have for those after it to still reach the end, each with its length rounded up.
    after = list(accumulate((ceil(length) for length in reversed(lengths)), initial=0))[:-1][::-1]
    counts: list[int] = []
    so_far = 0
    for length, end, reachable in zip(lengths, ends, after, strict=True):
        lowest = max(so_far + floor(length), ceil(ends[-1]) - reachable)
        joint = min(max(floor(end + Fraction(1, 2)), lowest), so_far + ceil(length))
        counts.append(joint - so_far)
        so_far = joint
    return counts


def _shared_outpoint_s(frames: int, packets: int, fps: int) -> Fraction | None:
    """Return the middle of the times that have exactly these frames and packets before them, or None if there is none.

    32 frames and 93 packets at 16 fps give 1.9733 s, between packet 92 at 1.9627 s and packet 93 at 1.984 s.
    """
    earliest = max(Fraction(frames - 1, fps), (packets - 1) * PACKET_S)
    latest = min(Fraction(frames, fps), packets * PACKET_S)
    return (earliest + latest) / 2 if latest > earliest else None
