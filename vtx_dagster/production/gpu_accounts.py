"""What a project's GPU time was good for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from vtx_dagster.core.planner import ClipRecord, ProjectRecord
from vtx_dagster.studio.usage import Outcome, Usage, Used

_NO_CLIP = ClipRecord(clip="")


class Waste(StrEnum):
    """Why GPU time was for nothing, as things stand.

    The take of a plan that was changed since is ``stale`` while it is shown; a take that is neither shown nor of a present plan
    (of an older plan, another profile, a clip that is gone, or replaced with ``--force``) is ``unused``.
    """

    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    STALE = "stale"
    UNUSED = "unused"


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuAccount:
    """What a project's GPU time was good for, in seconds of GPU time.

    Attributes:
        useful_s: Of the takes that the present plans have.
        wasted: By reason; only reasons that there are.
        at_most_s: How much of the waste is not known but the most that it can be: attempts were cut short.
        num_open: Attempts that began and have not ended: they run, or were killed.
        film_s: Seconds of film that the useful takes show.
        budget_s: What the project may use; None for no limit.
    """

    useful_s: float = 0.0
    wasted: Mapping[Waste, float] = field(default_factory=dict)
    at_most_s: float = 0.0
    num_open: int = 0
    film_s: Fraction = Fraction(0)
    budget_s: float | None = None

    @property
    def wasted_s(self) -> float:
        """What was for nothing."""
        return sum(self.wasted.values())

    @property
    def spent_s(self) -> float:
        """What was used in all."""
        return self.useful_s + self.wasted_s

    @property
    def per_film_s(self) -> float | None:
        """What a finished second of film cost, waste included; None while there is none."""
        return self.spent_s / float(self.film_s) if self.film_s else None

    @property
    def left_s(self) -> float | None:
        """What is left of the budget; None without one."""
        return None if self.budget_s is None else max(0.0, self.budget_s - self.spent_s)


def account_of(used: Used, record: ProjectRecord, *, budget_s: float | None) -> GpuAccount:
    """Return what a project's GPU time was good for.

    Args:
        used: Its ledger.
        record: What is on its disk.
        budget_s: ``render.budget_gpu_s``.
    """
    clips = {clip.clip: clip for clip in record.clips}
    # A forced render replaces the take of the same plan.
    last = {(one.clip, one.clip_hash): one.id for one in used.ended if one.outcome == Outcome.RENDERED}
    useful_s, film_s = 0.0, Fraction(0)
    wasted = dict.fromkeys(Waste, 0.0)
    for one in used.ended:
        clip = clips.get(one.clip, _NO_CLIP)
        is_last = last.get((one.clip, one.clip_hash)) == one.id
        if is_last and clip.has_take and one.clip_hash == clip.clip_hash:
            useful_s += one.gpu_s
            # Its plan's own rate: clips that cannot be joined yet, because their rates differ, are film all the same.
            film_s += Fraction(clip.content_frames, one.fps)
        else:
            wasted[_waste(one, is_shown=is_last and one.clip_hash == clip.shown_hash)] += one.gpu_s
    return GpuAccount(
        useful_s=useful_s,
        wasted={waste: seconds for waste, seconds in wasted.items() if seconds},
        at_most_s=sum(one.gpu_s for one in used.ended if one.is_at_most),
        num_open=len(used.open),
        film_s=film_s,
        budget_s=budget_s,
    )


def _waste(usage: Usage, *, is_shown: bool) -> Waste:
    if usage.outcome == Outcome.RENDERED:
        return Waste.STALE if is_shown else Waste.UNUSED
    return {Outcome.CANCELLED.value: Waste.CANCELLED, Outcome.LOST.value: Waste.LOST}.get(usage.outcome, Waste.FAILED)
