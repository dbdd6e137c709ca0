from vtx_dagster.core.errors import RenderError
from vtx_dagster.production.progress import Settled, report, settle, watching


def test_the_listener_is_told_inside_the_block_alone() -> None:
    frames: list[tuple[str, int, int, str]] = []
    outer: list[tuple[str, int, int, str]] = []
    settled: list[Settled] = []
    failed = Settled(stage="rendered_clip", key="film/A01_S01_SH010", error=RenderError("no"))
    with watching(lambda *told: outer.append(told)):
        with watching(lambda *told: frames.append(told), settled=settled.append):
            report("film/A01_S01_SH010", 3, 9)
            settle(failed)
        report("film", 1, 2)
        settle(failed)
    report("nobody", 1, 1)
    settle(failed)
    assert frames == [("film/A01_S01_SH010", 3, 9, "")]
    assert outer == [("film", 1, 2, "")]
    assert settled == [failed]
    assert failed.facts == {}


def test_the_listener_is_gone_after_an_error() -> None:
    told: list[str] = []
    try:
        with watching(lambda key, *_: told.append(key)):
            raise RenderError("no")
    except RenderError:
        report("late", 1, 1)
    assert told == []
