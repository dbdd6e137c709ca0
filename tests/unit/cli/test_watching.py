import io

import pytest

from vtx_dagster.cli import watching
from vtx_dagster.cli.render import print_outcomes
from vtx_dagster.cli.watching import Outcomes, outcome_of, watching_clips, watching_frames, watching_parts
from vtx_dagster.core.errors import RenderError
from vtx_dagster.production.progress import Settled, report, settle

KEYS = ("film/A01_S01_SH010", "film/A01_S01_SH020")


def settled(key: str, *, was_reused: bool = False, stage: str = "rendered_clip") -> Settled:
    return Settled(stage=stage, key=key, facts={"vtx/reused": was_reused, "vtx/render_s": 1.25, "vtx/file": "a.mp4"})


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_outcomes_in_words_and_json():
    rendered, reused = outcome_of(settled(KEYS[0])), outcome_of(settled(KEYS[1], was_reused=True))
    failed = outcome_of(Settled(stage="rendered_clip", key=KEYS[0], error=RenderError("no paint")))
    logged = outcome_of(Settled(stage="rendered_clip", key=KEYS[0], error=RenderError("no paint", log="a/b.log.txt")))
    assert logged.line() == f"{KEYS[0]}  failed: no paint (log: a/b.log.txt)"
    assert [one.line() for one in (rendered, reused, failed)] == [
        "film/A01_S01_SH010  rendered in 1.2 s",
        "film/A01_S01_SH020  reused",
        "film/A01_S01_SH010  failed: no paint",
    ]
    assert rendered.to_json() == {"clip": KEYS[0], "outcome": "rendered", "render_s": 1.25, "file": "a.mp4"}
    assert reused.to_json()["outcome"] == "reused"
    assert failed.to_json()["error"]["code"] == "render"
    outcomes = Outcomes({"a": rendered, "b": reused})
    outcomes.fail(["c"], RenderError("late"))
    assert outcomes.to_json() | {"clips": 3} == {"rendered": 1, "reused": 1, "failed": 1, "clips": 3}


def test_without_a_terminal_every_clip_is_a_line(capsys):
    with watching_clips(KEYS) as outcomes:
        report(KEYS[0], 1, 9)
        settle(settled(KEYS[0]))
        settle(settled("film/A09_S01_SH010"))
        settle(settled(KEYS[1], stage="clip_spec"))
        settle(settled(KEYS[1], was_reused=True))
    assert capsys.readouterr().err == "film/A01_S01_SH010  rendered in 1.2 s\nfilm/A01_S01_SH020  reused\n"
    assert list(outcomes.by_key) == list(KEYS)


def test_quiet_shows_nothing(capsys):
    with watching_clips(KEYS, is_quiet=True) as outcomes, watching_frames("assembling", is_quiet=True):
        report("x", 1, 9)
    with watching_clips(KEYS, is_quiet=True) as outcomes:
        report(KEYS[0], 1, 9)
        settle(settled(KEYS[0]))
    assert capsys.readouterr() == ("", "")
    assert len(outcomes.rendered) == 1


@pytest.mark.parametrize(
    ("keys", "bars"), [(KEYS, ("2 clips", "1/2")), (KEYS[:1], ("1 clip", KEYS[0], "1/1"))], ids=["several", "one"]
)
def test_on_a_terminal_there_are_bars(monkeypatch, keys, bars):
    screen = Terminal()
    monkeypatch.setattr(watching.sys, "stderr", screen)
    with watching_clips(keys):
        report(keys[0], 4, 9)
        settle(settled(keys[0]))
    text = screen.getvalue()
    assert "film/A01_S01_SH010  rendered in 1.2 s" in text
    assert all(bar in text for bar in bars)
    assert "/?" not in text


def test_one_clip_shows_that_it_waits_then_its_stages_and_leaves_the_outcome_to_the_caller(monkeypatch, capsys):
    with watching_clips(KEYS[:1], tells_each=False) as outcomes:
        settle(settled(KEYS[0]))
    assert (capsys.readouterr(), list(outcomes.by_key)) == (("", ""), list(KEYS[:1]))
    screen = Terminal()
    monkeypatch.setattr(watching.sys, "stderr", screen)
    with watching_clips(KEYS[:1], tells_each=False):
        pass
    assert "1 clip, waiting for its turn" in screen.getvalue()
    with watching_clips(KEYS[:1], tells_each=False):
        report(KEYS[0], 3, 8, "stage one")
    assert f"{KEYS[0]}  stage one" in screen.getvalue()
    assert "3/8" in screen.getvalue()
    with watching_clips(KEYS[:1], tells_each=False):
        settle(settled(KEYS[0]))
    assert "1/1" in screen.getvalue()
    assert "rendered in" not in screen.getvalue()


def test_frames_of_an_assembly_on_a_terminal(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(watching.sys, "stderr", screen)
    with watching_frames("assembling film"):
        report("film", 5, 9)
    assert "5/9" in screen.getvalue()
    assert "/?" not in screen.getvalue()


def test_a_stage_shows_from_the_start_and_then_its_parts(monkeypatch, capsys):
    with watching_parts("film outline"):
        report("film outline", 1, 1)
    assert capsys.readouterr() == ("", "")
    screen = Terminal()
    monkeypatch.setattr(watching.sys, "stderr", screen)
    with watching_parts("film screenplay"):
        pass
    assert "film screenplay" in screen.getvalue()
    with watching_parts("film screenplay"):
        report("film screenplay", 2, 7)
    assert "2/7" in screen.getvalue()
    assert "/?" not in screen.getvalue()


def test_what_an_engine_says_is_told():
    facts = {"vtx/reused": False, "vtx/render_s": 3.0, "vtx/file": "a.mp4"}
    said = {"vtx/model_loads": 1, "vtx/gpu_s": 2.5, "vtx/degraded": "rendered at 512x288 and scaled up"}
    first = outcome_of(Settled(stage="rendered_clip", key=KEYS[0], facts=facts | said))
    second = outcome_of(Settled(stage="rendered_clip", key=KEYS[1], facts=facts | {"vtx/model_loads": 0}))
    assert first.line() == f"{KEYS[0]}  rendered in 3.0 s; degraded: rendered at 512x288 and scaled up"
    assert first.to_json() | {"degraded": ""} == second.to_json() | {
        "clip": KEYS[0],
        "model_loads": 1,
        "gpu_s": 2.5,
        "degraded": "",
    }
    assert Outcomes({"a": first, "b": second}).to_json()["model_loads"] == 1
    silent = Outcomes({"a": outcome_of(settled(KEYS[0]))})
    assert (silent.model_loads, "model_loads" in silent.to_json()) == (None, False)


def test_the_summary_counts_model_loads(capsys):
    facts = {"vtx/reused": False, "vtx/render_s": 3.0, "vtx/file": "a.mp4", "vtx/model_loads": 1}
    outcomes = Outcomes({key: outcome_of(Settled(stage="rendered_clip", key=key, facts=facts)) for key in KEYS})
    print_outcomes(outcomes, blocked={}, problems={})
    assert "2 rendered in 6.0 s with 2 model loads, 0 reused" in capsys.readouterr().out


def test_on_a_terminal_each_clip_in_hand_has_a_bar_with_its_stage(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(watching.sys, "stderr", screen)
    with watching_clips(KEYS):
        report(KEYS[0], 4, 9, "denoising")
        report(KEYS[1], 1, 8, "decoding")
        settle(settled(KEYS[0]))
        report(KEYS[1], 2, 8, "decoding")
    text = screen.getvalue()
    assert all(bar in text for bar in (f"{KEYS[0]}  denoising", f"{KEYS[1]}  decoding", "4/9", "2/8"))
