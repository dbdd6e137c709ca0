from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.engines.cut_plan import packets_per_clip, plan_cuts

LINEUPS = st.lists(st.integers(1, 400), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("frames", "fps", "counts"),
    [
        ([32], 16, [94]),
        ([32, 32, 32], 16, [94, 94, 94]),
        ([32, 32, 32, 32], 16, [94, 94, 93, 94]),
        ([1, 1, 1], 60, [1, 1, 1]),
        ([1, 1, 1, 1, 1], 120, [0, 1, 0, 1, 0]),
    ],
)
def test_examples(frames, fps, counts):
    assert packets_per_clip(frames, fps) == counts


@settings(max_examples=150, deadline=None)
@given(LINEUPS, st.integers(1, 120))
def test_sound_never_leaves_its_picture(frames, fps):
    counts = packets_per_clip(frames, fps)
    rate = Fraction(48000, 1024 * fps)
    shown = packets = 0
    for content, count in zip(frames, counts, strict=True):
        assert floor(content * rate) <= count <= ceil(content * rate)
        shown, packets = shown + content, packets + count
        assert abs(packets - shown * rate) < 1
    assert packets == ceil(shown * rate)


@settings(max_examples=150, deadline=None)
@given(LINEUPS, st.integers(1, 120))
def test_outpoints_cut_exactly(frames, fps):
    for content, count, cut in zip(frames, packets_per_clip(frames, fps), plan_cuts(frames, fps), strict=True):
        assert (cut.frames, cut.packets) == (content, count)
        assert ceil(cut.video_outpoint_s * fps) == content
        assert ceil(cut.audio_outpoint_s * 48000 / 1024) == count
        assert cut.video_outpoint_s == cut.audio_outpoint_s or fps > 46


def test_a_clip_may_be_heard_for_no_packet():
    cuts = plan_cuts([1, 1], 120)
    assert [cut.packets for cut in cuts] == [0, 1]
    assert cuts[0].audio_outpoint_s == 0
