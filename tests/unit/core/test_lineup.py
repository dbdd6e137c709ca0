from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

import pytest

from vtx_dagster.core.clip import InputMode, Pipeline
from vtx_dagster.core.errors import InvalidRequestError, NotFoundError
from vtx_dagster.core.lineup import Lineup, LineupEntry
from vtx_dagster.core.plan import EngineIdentity, RenderPlan


def plan(clip: str, **fields) -> RenderPlan:
    defaults = {
        "engine": EngineIdentity(name="animatic", version="1"),
        "pipeline": Pipeline.DISTILLED,
        "mode": InputMode.T2V,
        "prompt": f"prompt of {clip}",
        "negative_prompt": "",
        "seed": 1,
        "width": 512,
        "height": 288,
        "fps": 16,
        "content_frames": 48,
        "render_frames": 49,
    }
    return RenderPlan.model_validate({"clip": clip, **defaults, **fields})


CLIPS = ["A01_S01_SH001", "A01_S01_SH002", "A01_S10_SH001", "A02_S01_SH999", "A02_S01_SH1000", "A100_S01_SH001"]


def lineup_of(plans: Iterable[RenderPlan]) -> Lineup:
    """Return the lineup of clips that all stand in the acts that their ids are made of."""
    plans = list(plans)
    return Lineup.of(plans, acts={made.clip: made.clip.partition("_")[0] for made in plans})


def lineup() -> Lineup:
    return lineup_of(plan(clip) for clip in CLIPS)


def test_clips_stay_in_the_order_in_which_they_are_given() -> None:
    given = [CLIPS[3], CLIPS[0], CLIPS[1]]
    made = Lineup.of(map(plan, given), acts={CLIPS[3]: "A07", CLIPS[0]: "A07", CLIPS[1]: "A01"})
    assert [entry.clip for entry in made.entries] == given
    assert made.acts() == ("A07", "A01")
    assert [entry.clip for entry in made.act("A07").entries] == given[:2]


def test_which_act_a_clip_stands_in_does_not_count_for_the_hash() -> None:
    assert Lineup.of([plan(CLIPS[0])], acts={CLIPS[0]: "A02"}).lineup_hash() == lineup_of([plan(CLIPS[0])]).lineup_hash()


def test_entries_name_the_plan_by_its_hash() -> None:
    shown = plan("A01_S01_SH001", content_frames=10)
    made = lineup_of([shown])
    assert made.entries == (LineupEntry(clip="A01_S01_SH001", clip_hash=shown.clip_hash(), content_frames=10, act="A01"),)
    assert (made.fps, made.width, made.height) == (16, 512, 288)


def test_length() -> None:
    made = lineup_of([plan("A01_S01_SH001", content_frames=10), plan("A01_S01_SH002", content_frames=15)])
    assert made.num_frames == 25
    assert made.duration_s == Fraction(25, 16)


def test_acts() -> None:
    assert lineup().acts() == ("A01", "A02", "A100")
    assert lineup().act("A02") == lineup_of([plan("A02_S01_SH999"), plan("A02_S01_SH1000")])


@pytest.mark.parametrize("act", ["A03", "A1", "A10"])
def test_an_act_without_clips_is_not_found(act: str) -> None:
    with pytest.raises(NotFoundError, match=f"no clip of act '{act}' is in the lineup; its acts are A01, A02, A100") as caught:
        lineup().act(act)
    assert caught.value.details == {"act": act}


def test_the_hash_is_pinned() -> None:
    """The hash names films on disk: if this changes, every film of every studio is assembled again."""
    entry = LineupEntry(clip="A01_S01_SH001", clip_hash="ab" * 32, content_frames=48, act="A01")
    pinned = Lineup(entries=(entry,), fps=16, width=512, height=288).lineup_hash()
    assert pinned == "443c2bdc109ccf1aeba6daf93f8ce6a9933e4a0d2970c26602a1a2d853300759"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda made: replace(made, fps=24), id="fps"),
        pytest.param(lambda made: replace(made, width=1024), id="width"),
        pytest.param(lambda made: replace(made, height=576), id="height"),
        pytest.param(lambda made: replace(made, entries=made.entries[:-1]), id="a clip less"),
        pytest.param(lambda made: replace(made, entries=(replace(made.entries[0], clip_hash="x"), *made.entries[1:])), id="plan"),
        pytest.param(
            lambda made: replace(made, entries=(replace(made.entries[0], content_frames=7), *made.entries[1:])), id="length"
        ),
    ],
)
def test_every_part_counts_for_the_hash(change) -> None:
    assert change(lineup()).lineup_hash() != lineup().lineup_hash()


def test_the_order_of_equal_lengths_counts_for_the_hash() -> None:
    one, other = (LineupEntry(clip=CLIPS[0], clip_hash=name, content_frames=48, act="A01") for name in ("x", "y"))
    first = Lineup(entries=(one, replace(other, clip=CLIPS[1])), fps=16, width=512, height=288)
    second = Lineup(entries=(other, replace(one, clip=CLIPS[1])), fps=16, width=512, height=288)
    assert first.lineup_hash() != second.lineup_hash()


def test_a_clip_twice_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="A01_S01_SH001 is in the lineup more than once"):
        lineup_of(map(plan, ["A01_S01_SH001", "A01_S01_SH002", "A01_S01_SH001"]))


def test_no_clip_is_no_lineup() -> None:
    with pytest.raises(InvalidRequestError, match="at least one clip"):
        lineup_of([])


def test_clips_that_differ_from_most_are_named() -> None:
    plans = [plan(CLIPS[0], width=1024, height=576), plan(CLIPS[1]), plan(CLIPS[2], fps=24), plan(CLIPS[3])]
    with pytest.raises(InvalidRequestError) as caught:
        lineup_of(plans)
    assert caught.value.message == (
        "clips of one film must have one size and frame rate: most are 512x288 at 16 fps, but "
        "A01_S01_SH001 is 1024x576 at 16 fps, A01_S10_SH001 is 512x288 at 24 fps; give them the same render profile"
    )
    assert caught.value.details == {"clips": ["A01_S01_SH001", "A01_S10_SH001"]}


def test_a_long_list_of_odd_clips_is_cut_in_the_message_only() -> None:
    odd = [f"A01_S01_SH{number:03d}" for number in range(1, 13)]
    usual = [f"A02_S01_SH{number:03d}" for number in range(1, 21)]
    with pytest.raises(InvalidRequestError, match="A01_S01_SH010 is 512x288 at 24 fps and 2 more; give") as caught:
        lineup_of([*(plan(clip, fps=24) for clip in odd), *map(plan, usual)])
    assert caught.value.details["clips"] == odd
