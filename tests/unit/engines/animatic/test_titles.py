import itertools

import numpy as np
import pytest

from vtx_dagster.core.bible import Palette
from vtx_dagster.core.engines import RenderRequest
from vtx_dagster.core.shot import ShotSize, TimeOfDay
from vtx_dagster.engines import verification
from vtx_dagster.engines.animatic.board import Board
from vtx_dagster.engines.animatic.engine import AnimaticEngine
from vtx_dagster.engines.animatic.lettering import Lettering, written_lines
from vtx_dagster.engines.animatic.titles import set_lines, title_path

LETTERING = Lettering()
TEXTS = {
    "end": "THE END",
    "lines": "THE LAST LAMP\n\n\nA film by\nAnn Example\n",
    "sentence": "Based on true events. Some names have been changed to protect those who are still alive.",
    "very long": "A word that goes on. " * 150,
    "japanese": "むかしむかしあるところにおじいさんとおばあさんがいました。" * 3,
    "arabic": "مرحبا بالعالم هذا فيلم قصير",
    "one word": "W" * 90,
}
SIZES = [(64, 64), (128, 72), (512, 288), (700, 160), (64, 700), (160, 700)]


def title(plan, text, **more):
    shown = {"figures": (), "action": text, "text": text, "place": "room", "size": ShotSize.WS, **more}
    return plan(**shown)


def words_in(board, index):
    """Return which pixels of a frame's picture are words."""
    words, board._middle = board._middle, None
    without = np.asarray(board.picture(index), dtype=int)
    board._middle = words
    return np.abs(np.asarray(board.picture(index), dtype=int) - without).max(axis=2) > 12


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_words_are_within_the_frame(plan, text, size):
    board = Board(title(plan, text, width=size[0], height=size[1], frames=33), LETTERING)
    rolls = bool(board._path.walk_y.any())
    for index in (0, 16, 32):
        seen = words_in(board, index)
        assert seen.any()
        assert not seen[:, 0].any()
        assert not seen[:, -1].any()
        if not rolls:
            assert not seen[0].any()
            assert not seen[-1].any()
    assert rolls or text != TEXTS["very long"] or min(size) > 300
    if rolls:
        # It begins with its first line, and ends with its last one.
        assert not words_in(board, 0)[0].any()
        assert not words_in(board, 32)[-1].any()


def test_a_title_is_large_and_in_the_middle(plan):
    board = Board(title(plan, "THE END", width=512, height=288), LETTERING)
    rows, columns = np.nonzero(words_in(board, 8))
    height, width = board._size[1], board._size[0]
    assert np.ptp(columns) > 0.35 * width
    assert abs((rows.min() + rows.max()) / 2 - height / 2) < 0.06 * height
    assert abs((columns.min() + columns.max()) / 2 - width / 2) < 0.03 * width


def test_lines_are_kept_as_they_were_written():
    found = set_lines(TEXTS["lines"], LETTERING, room=(400, 200), sizes=(8, 60))
    assert found.lines == ("THE LAST LAMP", "", "A film by", "Ann Example")
    assert written_lines(" \n\n a \n \n\t\n b\x07 \n\n") == ["a", "", "b"]
    assert written_lines("\n ") == []


def test_a_long_line_is_broken_only_where_it_would_be_much_smaller():
    short = set_lines("THE LAST LAMP ALIVE\nby Ann", LETTERING, room=(400, 200), sizes=(8, 60))
    long = set_lines(TEXTS["sentence"], LETTERING, room=(400, 200), sizes=(8, 60))
    assert len(short.lines) == 2
    assert len(long.lines) > 2
    assert long.size_px > 14
    widths = [LETTERING.face(long.size_px, bold=True).getlength(line) for line in long.lines]
    assert min(widths) > 0.6 * max(widths)


@pytest.mark.parametrize("text", ["Where are you?", "Waterlogged Waterlogged", "a b c d e f g incomprehensibilities"])
def test_words_are_not_broken(text):
    found = set_lines(text, LETTERING, room=(90, 200), sizes=(6, 60))
    assert " ".join(found.lines) == text


@pytest.mark.parametrize("width", range(60, 500, 20))
def test_lines_fit_their_room_and_lose_nothing(width):
    for text in TEXTS.values():
        found = set_lines(text, LETTERING, room=(width, 150), sizes=(8, 60))
        face = LETTERING.face(found.size_px, bold=True)
        assert all(len(line) == 1 or face.getlength(line) <= width for line in found.lines)
        assert "".join("".join(found.lines).split()) == "".join(text.split())
        assert found.height_px <= 150 or found.size_px == 8


def test_a_roll_passes_every_line_at_an_even_pace():
    path = title_path(num_frames=101, fps=16, roll=3.0)
    steps = np.diff(path.walk_y)
    assert (path.walk_y[0], path.walk_y[-1]) == (-1.5, 1.5)
    assert steps.min() > 0
    assert steps.max() < 1.5 * steps.mean()
    assert not path.push.any()


def test_a_title_that_fits_comes_slowly_closer():
    path = title_path(num_frames=101, fps=16, roll=0.0)
    assert path.push[0] == 0 < path.push[-1] < 0.5
    assert not path.walk_y.any()


def test_titles_have_the_colours_of_the_light(plan):
    boards = [Board(title(plan, "THE END", time=time), LETTERING) for time in (TimeOfDay.DUSK, TimeOfDay.NIGHT)]
    dusk, night = (np.asarray(board.picture(0), dtype=float).mean(axis=(0, 1)) for board in boards)
    assert dusk[0] / dusk[2] > night[0] / night[2]


@pytest.mark.parametrize("paint", ["#000000", "#ffffff", "#ff0000", None])
@pytest.mark.parametrize("frames", [8, 49])
def test_titles_pass_verification(plan, tmp_path, paint, frames):
    palette = Palette(**dict.fromkeys(Palette.model_fields))
    with AnimaticEngine().session() as session:
        for number, (fps, text) in enumerate(itertools.product((1, 25, 120), ("THE END", "A word. " * 90))):
            shot = title(plan, text, palette=palette, frames=frames, fps=fps, width=96, height=64)
            output = tmp_path / f"{number}.mp4"
            session.render(RenderRequest(plan=shot, output=output, log=tmp_path / "log.txt"))
            assert verification.verify(output, shot).num_frames == frames


@pytest.mark.parametrize("paint", ["#000000", "#ffffff", "#7f2010", None])
def test_words_stand_out_from_a_field_that_is_dark_but_not_black(plan, paint):
    shot = title(plan, "THE END", palette=Palette(**dict.fromkeys(Palette.model_fields)))
    image = np.asarray(Board(shot, LETTERING).picture(0).convert("L"), dtype=float)
    field = np.median(image)
    assert 8 < field < 75
    assert image.max() > field + 110
