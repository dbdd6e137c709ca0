from datetime import UTC, datetime
from fractions import Fraction

import pytest

from vtx_dagster.core.lineup import Lineup
from vtx_dagster.core.planner import ClipRecord, ProjectRecord
from vtx_dagster.production.gpu_accounts import GpuAccount, Waste, account_of
from vtx_dagster.studio.usage import Attempt, Outcome, Usage, Used

ONE, TWO = "A01_S01_SH010", "A01_S01_SH020"
AT = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


class Cut:
    """A clip of a lineup."""

    def __init__(self, clip: str) -> None:
        self.clip, self.content_frames, self.fps, self.width, self.height = clip, 16, 8, 64, 64

    def clip_hash(self) -> str:
        return "now"


def usage(id_: str, clip: str, clip_hash: str, gpu_s: float, outcome: str = Outcome.RENDERED, **fields) -> Usage:
    size = {"engine": "ltx", "pipeline": "distilled", "width": 64, "height": 64, "fps": 8, "render_frames": 17, "at": AT}
    return Usage(id=id_, clip=clip, clip_hash=clip_hash, outcome=outcome, gpu_s=gpu_s, **{**size, **fields})


def record(*clips: ClipRecord) -> ProjectRecord:
    return ProjectRecord(project="film", clips=clips, lineup=Lineup.of([Cut(ONE), Cut(TWO)], acts={ONE: "A01", TWO: "A01"}))


def clip(name: str, *, has_take: bool = True, shown_hash: str = "") -> ClipRecord:
    return ClipRecord(clip=name, clip_hash="now", content_frames=16, has_take=has_take, shown_hash=shown_hash)


def test_nothing_used() -> None:
    account = account_of(Used((), ()), record(clip(ONE)), budget_s=None)
    assert account == GpuAccount()
    assert (account.spent_s, account.wasted_s, account.per_film_s, account.left_s) == (0, 0, None, None)


@pytest.mark.parametrize(
    ("one", "of", "waste"),
    [
        pytest.param(usage("a", ONE, "now", 5.0), clip(ONE), None, id="take of the present plan"),
        pytest.param(usage("a", ONE, "now", 5.0), clip(ONE, has_take=False), Waste.UNUSED, id="its take is gone"),
        pytest.param(usage("a", ONE, "old", 5.0), clip(ONE, shown_hash="old"), Waste.STALE, id="shown, plan changed"),
        pytest.param(usage("a", ONE, "older", 5.0), clip(ONE, shown_hash="old"), Waste.UNUSED, id="never shown again"),
        pytest.param(usage("a", TWO, "now", 5.0), clip(ONE), Waste.UNUSED, id="clip is gone"),
        pytest.param(usage("a", ONE, "now", 5.0, Outcome.FAILED), clip(ONE), Waste.FAILED, id="failed"),
        pytest.param(usage("a", ONE, "now", 5.0, Outcome.CANCELLED), clip(ONE), Waste.CANCELLED, id="cancelled"),
        pytest.param(usage("a", ONE, "now", 5.0, Outcome.LOST), clip(ONE), Waste.LOST, id="lost"),
        pytest.param(usage("a", ONE, "now", 5.0, "dreamt"), clip(ONE), Waste.FAILED, id="of a later version"),
    ],
)
def test_what_an_attempt_was_good_for(one: Usage, of: ClipRecord, waste: Waste | None) -> None:
    account = account_of(Used((one,), ()), record(of), budget_s=None)
    assert account.spent_s == 5.0
    assert account.useful_s == (5.0 if waste is None else 0.0)
    assert account.wasted == ({} if waste is None else {waste: 5.0})
    assert account.film_s == (2 if waste is None else 0)


def test_a_forced_render_makes_the_one_before_unused() -> None:
    ended = (usage("a", ONE, "now", 5.0), usage("b", ONE, "now", 7.0), usage("c", TWO, "now", 8.0))
    account = account_of(Used(ended, ()), record(clip(ONE), clip(TWO)), budget_s=None)
    assert (account.useful_s, account.wasted, account.film_s) == (15.0, {Waste.UNUSED: 5.0}, Fraction(4))


def test_a_second_of_film_is_as_long_as_the_take_says_whatever_the_others_rates_are() -> None:
    ended = (usage("a", ONE, "now", 5.0), usage("b", TWO, "now", 5.0, fps=16))
    account = account_of(Used(ended, ()), record(clip(ONE), clip(TWO)), budget_s=None)
    assert account.film_s == Fraction(16, 8) + Fraction(16, 16)


def test_reasons_budget_and_price_of_a_second() -> None:
    ended = (
        usage("a", ONE, "now", 10.0),
        usage("b", TWO, "now", 2.0, Outcome.FAILED),
        usage("c", TWO, "now", 3.0, Outcome.FAILED),
        usage("d", TWO, "now", 4.0, Outcome.LOST, is_at_most=True),
        usage("e", TWO, "now", 0.0, Outcome.CANCELLED),
    )
    running = Attempt(**{name: getattr(ended[0], name) for name in Attempt.__dataclass_fields__})
    account = account_of(Used(ended, (running,)), record(clip(ONE), clip(TWO, has_take=False)), budget_s=100.0)
    assert account.wasted == {Waste.FAILED: 5.0, Waste.LOST: 4.0}
    assert (account.wasted_s, account.spent_s, account.at_most_s, account.num_open) == (9.0, 19.0, 4.0, 1)
    assert account.per_film_s == 9.5
    assert account.left_s == 81.0
    assert account_of(Used(ended, ()), record(clip(ONE)), budget_s=10.0).left_s == 0.0
