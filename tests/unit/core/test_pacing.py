from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.clip import ClipSpec
from vtx_dagster.core.errors import InvalidRequestError
from vtx_dagster.core.frames import FrameGrid
from vtx_dagster.core.pacing import (
    MOVE_S,
    ORIENTATION_S,
    SPEECH_AIR_S,
    Pacing,
    dialogue_seconds,
    line_seconds,
    pace,
    reading_seconds,
    speech_seconds,
)
from vtx_dagster.core.shot import CameraMove, DialogueLine, ShotSize


def clip(**fields) -> ClipSpec:
    return ClipSpec.model_validate({"id": "A01_S01_SH001", **fields})


def paced(*, fps: int = 16, max_frames: int = 257, **fields) -> Pacing:
    return pace(clip(**fields), min_s=1.0, max_s=15.0, fps=fps, max_frames=max_frames)


def speech(num_words: int, **fields) -> dict[str, object]:
    return {"character": "mara", "text": " ".join(["word"] * num_words), **fields}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", Fraction(0), id="nothing"),
        pytest.param(" \n ", Fraction(0), id="white space"),
        pytest.param("?!", Fraction(0), id="punctuation"),
        pytest.param("No.", Fraction(4, 5), id="one word"),
        pytest.param("Who is there?", Fraction(8, 5), id="three words"),
        pytest.param("Don't. I won\u2019t.", Fraction(8, 5), id="apostrophes do not part words"),
        pytest.param("half-hearted", Fraction(6, 5), id="hyphens do"),
        pytest.param("555-0199", Fraction(16, 5), id="digits are words"),
        pytest.param("Well... no", Fraction(17, 10), id="dots hesitate"),
        pytest.param("Well\u2026 no", Fraction(17, 10), id="an ellipsis hesitates"),
        pytest.param("Well--no", Fraction(17, 10), id="two hyphens hesitate"),
        pytest.param("Well\u2014no", Fraction(17, 10), id="an em dash hesitates"),
        pytest.param("Well \u2013 no", Fraction(17, 10), id="an en dash between spaces hesitates"),
        pytest.param("...", Fraction(9, 10), id="only a hesitation"),
        pytest.param("\u4f60\u597d\uff0c\u4e16\u754c", Fraction(6, 5), id="four Chinese characters are two words"),
        pytest.param("\u0939\u093f\u0928\u094d\u0926\u0940 \u092c\u094b\u0932\u094b", Fraction(6, 5), id="two Hindi words"),
    ],
)
def test_speech_seconds(text: str, expected: Fraction) -> None:
    assert speech_seconds(text) == expected


@settings(max_examples=50)
@given(st.text(max_size=60), st.text(max_size=60))
def test_more_said_is_never_shorter(text: str, more: str) -> None:
    assert speech_seconds(f"{text} {more}") >= speech_seconds(text)


@settings(max_examples=30)
@given(st.integers(1, 60), st.integers(1, 60))
def test_a_split_costs_one_air(first: int, second: int) -> None:
    one, other = "word " * first + "end.", "word " * second + "end."
    assert speech_seconds(one) + speech_seconds(other) == speech_seconds(f"{one} {other}") + SPEECH_AIR_S


@pytest.mark.parametrize(
    ("text", "parenthetical", "expected"),
    [
        pytest.param("Who is there?", "", Fraction(8, 5), id="none"),
        pytest.param("Who is there?", "to Jonah", Fraction(8, 5), id="one that takes no time"),
        pytest.param("Who is there?", "(beat)", Fraction(13, 5), id="beat"),
        pytest.param("Who is there?", "beat; pause", Fraction(18, 5), id="two silences"),
        pytest.param("Who is there?", "Slowly", Fraction(19, 10), id="slowly"),
        pytest.param("Who is there?", "a beat, then slowly", Fraction(29, 10), id="both"),
        pytest.param("Who is there?", "beaten, slowed", Fraction(8, 5), id="only whole words count"),
        pytest.param("", "beat", Fraction(1), id="silence without a speech"),
    ],
)
def test_line_seconds(text: str, parenthetical: str, expected: Fraction) -> None:
    assert line_seconds(DialogueLine(character="mara", text=text, parenthetical=parenthetical)) == expected


def test_dialogue_lines_follow_each_other() -> None:
    line = DialogueLine(character="mara", text="Who is there?")
    assert dialogue_seconds(()) == 0
    assert dialogue_seconds((line, line)) == Fraction(16, 5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", Fraction(0), id="nothing"),
        pytest.param("  ", Fraction(0), id="white space"),
        pytest.param("NO ENTRY", Fraction(5, 3), id="sign"),
        pytest.param("NO\n  ENTRY", Fraction(5, 3), id="white space counts once"),
        pytest.param("x" * 72, Fraction(7), id="two full lines"),
        pytest.param("\u51fa\u53e3", Fraction(4, 3), id="wide letters count twice"),
    ],
)
def test_reading_seconds(text: str, expected: Fraction) -> None:
    assert reading_seconds(text) == expected


@pytest.mark.parametrize(
    ("fields", "seconds", "decisive"),
    [
        pytest.param({}, 3, "3 s of action (1.5 s to take in the MS, 1.5 s for 1 beat)", id="one beat in a medium shot"),
        pytest.param(
            {"duration": {"beats": 0}}, Fraction(3, 2), "1.5 s of picture (1.5 s to take in the MS)", id="nothing happens"
        ),
        pytest.param(
            {"duration": {"beats": 3}, "camera": {"size": "EWS"}},
            7,
            "7 s of action (2.5 s to take in the EWS, 4.5 s for 3 beats)",
            id="three beats in an extreme wide",
        ),
        pytest.param(
            {"action": "word " * 10, "camera": {"size": "CU"}},
            3,
            "3 s of action (1 s to take in the CU, 2 s for 10 words of action)",
            id="many words of action",
        ),
        pytest.param({"camera": {"move": "crane_up"}}, 4, "4 s of camera move, crane up", id="a crane"),
        pytest.param({"camera": {"move": "dolly_in", "size": "CU"}}, 3, "3 s of camera move, dolly in", id="a dolly on a face"),
        pytest.param({"dialogue": [speech(14)]}, 6, "6 s of dialogue (1 speech)", id="a speech"),
        pytest.param({"dialogue": [speech(9), speech(9)]}, 8, "8 s of dialogue (2 speeches)", id="two speeches"),
        pytest.param({"duration": {"readable_text": "x" * 36}}, 4, "4 s of readable text", id="a letter to read"),
        pytest.param(
            {"duration": {"readable_text": "x" * 36}, "dialogue": [speech(9)]},
            8,
            "8 s of dialogue and readable text (4 s to listen, 4 s to read)",
            id="nobody reads and listens at once",
        ),
    ],
)
def test_content_decides(fields: dict[str, object], seconds: Fraction | int, decisive: str) -> None:
    result = paced(**fields)
    assert result.seconds == seconds
    assert result.reasons[0] == decisive
    assert result.clamps == ()


def test_every_reason_is_named_longest_first() -> None:
    result = paced(dialogue=[speech(14)], camera={"move": "pan_left", "size": "WS"})
    assert result.reasons == (
        "6 s of dialogue (1 speech)",
        "3.5 s of action (2 s to take in the WS, 1.5 s for 1 beat)",
        "3 s of camera move, pan left",
    )


def test_the_result_is_on_the_frame_grid() -> None:
    assert paced(dialogue=[speech(9)], fps=24) == Pacing(
        seconds=Fraction(4),
        frames=FrameGrid(content_frames=96, render_frames=97),
        reasons=("4 s of dialogue (1 speech)", "3 s of action (1.5 s to take in the MS, 1.5 s for 1 beat)"),
    )


def test_seconds_are_those_of_the_frames() -> None:
    result = paced(dialogue=[speech(8)])
    assert result.reasons[0] == "3.6 s of dialogue (1 speech)"
    assert result.seconds == Fraction(58, 16)


@pytest.mark.parametrize(
    ("fields", "seconds", "clamps"),
    [
        pytest.param(
            {"dialogue": [speech(42)]},
            15,
            ["17.2 s of dialogue cut to the clip limit of 15 s"],
            id="longer than the project allows",
        ),
        pytest.param({"duration": {"seconds": 4}}, 4, [], id="seconds win"),
        pytest.param(
            {"duration": {"seconds": 0.5}},
            1,
            ["0.5 s asked for by duration.seconds raised to the project's minimum of 1 s"],
            id="shorter than the project allows",
        ),
        pytest.param(
            {"duration": {"seconds": 4}, "dialogue": [speech(14)]},
            4,
            ["6 s of dialogue cut to the duration.seconds of 4 s"],
            id="seconds that leave no time for the words",
        ),
        pytest.param(
            {"duration": {"min_s": 5}},
            5,
            ["3 s of action raised to the clip's own min_s of 5 s"],
            id="own minimum",
        ),
        pytest.param(
            {"duration": {"max_s": 2.5}},
            Fraction(5, 2),
            ["3 s of action cut to the clip's own max_s of 2.5 s"],
            id="own maximum",
        ),
        pytest.param(
            {"duration": {"seconds": 30, "max_s": 20}},
            15,
            [
                "30 s asked for by duration.seconds cut to the clip's own max_s of 20 s",
                "20 s cut to the clip limit of 15 s",
            ],
            id="own maximum, then the project's",
        ),
        pytest.param({"duration": {"min_s": 2, "max_s": 4}}, 3, [], id="limits that do not bind"),
    ],
)
def test_every_clamp_is_reported(fields: dict[str, object], seconds: Fraction | int, clamps: list[str]) -> None:
    result = paced(**fields)
    assert result.seconds == seconds
    assert list(result.clamps) == clamps


def test_what_does_not_fit_into_one_render_is_cut_and_reported() -> None:
    result = paced(dialogue=[speech(42)], fps=24)
    assert result.frames == FrameGrid(content_frames=257, render_frames=257, clamped_from=360)
    assert result.seconds == Fraction(257, 24)
    assert result.clamps == (
        "17.2 s of dialogue cut to the clip limit of 15 s",
        "15 s (360 frames) cut to 10.71 s: one render has at most 257 frames, here at 24 fps",
    )


def test_seconds_asked_for_come_first_among_the_reasons() -> None:
    assert paced(duration={"seconds": 0.1 + 0.2 + 3}).reasons == (
        "3.3 s asked for by duration.seconds",
        "3 s of action (1.5 s to take in the MS, 1.5 s for 1 beat)",
    )


def test_limits_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(
        InvalidRequestError, match=r"A01_S01_SH001: no clip can be at least 5 s and at most 4 s: .*min_clip_s"
    ) as caught:
        pace(clip(), min_s=5, max_s=Fraction(4), fps=16, max_frames=257)
    assert caught.value.details == {"clip": "A01_S01_SH001"}


def test_every_size_and_every_move_is_known() -> None:
    assert set(ORIENTATION_S) == set(ShotSize)
    assert set(CameraMove) - set(MOVE_S) == {CameraMove.STATIC, CameraMove.HANDHELD}
    assert list(ORIENTATION_S.values()) == sorted(ORIENTATION_S.values()), "a wider shot never takes less time"


@st.composite
def specs(draw: st.DrawFn) -> dict[str, object]:
    return {
        "dialogue": [speech(count) for count in draw(st.lists(st.integers(0, 12), max_size=3))],
        "action": "word " * draw(st.integers(0, 40)),
        "camera": {"size": draw(st.sampled_from(ShotSize)), "move": draw(st.sampled_from(CameraMove))},
        "duration": {"beats": draw(st.integers(0, 4)), "readable_text": "x" * draw(st.integers(0, 40))},
    }


@settings(max_examples=60)
@given(specs(), st.integers(0, 20))
def test_more_content_is_never_shorter(fields: dict, more: int) -> None:
    before = paced(**fields).seconds
    hints = fields["duration"]
    assert paced(**{**fields, "dialogue": [*fields["dialogue"], speech(more)]}).seconds >= before
    assert paced(**{**fields, "action": fields["action"] + "word " * more}).seconds >= before
    assert paced(**{**fields, "duration": {**hints, "beats": hints["beats"] + more}}).seconds >= before
    assert paced(**{**fields, "duration": {**hints, "readable_text": hints["readable_text"] + "x" * more}}).seconds >= before


@settings(max_examples=60)
@given(specs(), st.sampled_from([8, 16, 24, 25, 30, 60]), st.integers(9, 257))
def test_limits_hold_and_every_change_is_reported(fields: dict, fps: int, max_frames: int) -> None:
    result = paced(**fields, fps=fps, max_frames=max_frames)
    half_frame = Fraction(1, 2 * fps)
    assert result.seconds == Fraction(result.frames.content_frames, fps) <= 15
    assert result.frames.render_frames <= max_frames
    if not result.clamps:
        free = pace(clip(**fields), min_s=Fraction(1, 100), max_s=1000, fps=1000, max_frames=10**6 + 1)
        assert abs(result.seconds - free.seconds) <= half_frame + Fraction(1, 2000)
