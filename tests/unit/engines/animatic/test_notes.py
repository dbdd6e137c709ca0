import numpy as np
import pytest

from vtx_dagster.core.pacing import reading_seconds
from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.engines.animatic.board import Board
from vtx_dagster.engines.animatic.lettering import ELLIPSIS, Lettering
from vtx_dagster.engines.animatic.notes import is_title, notes, repeats_text
from vtx_dagster.engines.animatic.page import Overlay, layout

LETTERING = Lettering()
LONG = (
    "Ann walks through the door, and light comes pouring in through the windows onto the dusty floor. Nobody has been here for "
    "years. She looks at Dr. Santos. He does not move. A clock ticks somewhere, patient and slow, in a room that she cannot see "
    "from where she stands."
)


def notes_of(plan, *, width=512, height=288, frames=961, place="THE PLACE", **more):
    shot = plan(width=width, height=height, **more)
    drawing = shot.drawing.model_copy(update={"place": place})
    return notes(drawing, layout(width, height), LETTERING, num_frames=frames, fps=16)


def said(found):
    return " ".join(line for note in found.pages for line in note.lines)


def test_a_short_action_is_one_page(plan):
    found = notes_of(plan, action="She waits.")
    assert [note.lines for note in found.pages] == [("She waits.",)]
    assert found.turned(layout(512, 288), LETTERING) == ()


def test_no_action_is_an_empty_page(plan):
    assert [(note.first, note.lines) for note in notes_of(plan).pages] == [(0, ())]


@pytest.mark.parametrize("size", [(512, 288), (128, 72), (64, 64), (700, 160), (1024, 64)], ids=str)
@pytest.mark.parametrize(
    "action", [LONG, "日本語のせりふ" * 30, "مرحبا بالعالم " * 20, "a" * 700], ids=["en", "ja", "ar", "word"]
)
def test_pages_lose_nothing_and_fit(plan, size, action):
    found = notes_of(plan, width=size[0], height=size[1], action=action)
    assert said(found).replace(" ", "") == action.replace(" ", "")
    assert len(found.pages) > 1 or size[0] >= 700
    face, page = LETTERING.face(layout(*size).small), layout(*size)
    for note in found.pages:
        assert 1 <= len(note.lines) <= 2
        assert all(len(line) == 1 or found.left + face.getlength(line) <= page.note[2] + 1 for line in note.lines)


def test_pages_turn_at_the_ends_of_sentences(plan):
    assert all(note.lines[-1].endswith(".") for note in notes_of(plan, action=LONG).pages)


def test_each_page_is_there_long_enough_to_be_read(plan):
    found = notes_of(plan, action=LONG, frames=16 * 40)
    ends = [*(note.first for note in found.pages[1:]), 16 * 40]
    for note, end in zip(found.pages, ends, strict=True):
        assert (end - note.first) / 16 >= float(reading_seconds(" ".join(note.lines))) - 1 / 16


def test_in_a_clip_too_short_for_that_pages_share_it_evenly(plan):
    found = notes_of(plan, action=LONG, width=256, height=144, frames=50)
    lasts = np.diff([*(note.first for note in found.pages), 50])
    assert len(lasts) > 2
    assert lasts.max() - lasts.min() <= 1


@pytest.mark.parametrize("frames", [1, 2])
def test_more_pages_than_frames_say_that_there_is_more(plan, frames):
    found = notes_of(plan, action=LONG, width=192, height=108, frames=frames)
    assert len(found.pages) == frames
    assert found.pages[-1].lines[-1].endswith(ELLIPSIS)


def test_the_page_turns_in_the_picture(plan):
    shot = plan(action=LONG, width=512, height=288, frames=161)
    board, page = Board(shot, LETTERING), layout(512, 288)
    second = notes(shot.drawing, page, LETTERING, num_frames=160, fps=16).pages[1].first
    below = np.s_[page.picture[3] :]
    shown = {index: np.asarray(board.frame(index))[below].tobytes() for index in (0, second - 1, second, 160)}
    assert shown[0] == shown[second - 1] != shown[second] == shown[160]


@pytest.mark.parametrize("light", TimeOfDay)
@pytest.mark.parametrize("size", [(512, 288), (160, 90), (64, 64), (700, 160)], ids=str)
def test_a_long_place_keeps_its_light(plan, size, light):
    place = "THE OLD LIGHTHOUSE ON THE SKERRIES BEYOND THE HARBOUR WALL - STAIRS"
    found = notes_of(plan, width=size[0], height=size[1], place=place, time=light, action=LONG)
    assert found.where.endswith(light.value.upper())
    page = layout(*size)
    assert LETTERING.face(page.small, bold=True).getlength(found.where) <= max(0.42 * (page.note[2] - page.note[0]), 50)


def test_a_place_is_shortened_in_its_middle(plan):
    found = notes_of(
        plan, place="THE OLD LIGHTHOUSE ON THE SKERRIES BEYOND THE HARBOUR WALL - STAIRS", interior=True, action=LONG
    )
    assert found.where.startswith("INT. THE OLD ")
    assert ELLIPSIS in found.where
    assert found.where.endswith("STAIRS - DAY")


@pytest.mark.parametrize(
    ("width", "place", "expected"),
    [(512, "THE PLACE", "EXT. THE PLACE - DAY"), (512, " ", "EXT. DAY"), (100, "W" * 40, "EXT. DAY"), (64, "THE PLACE", "DAY")],
    ids=["whole", "nowhere", "no place", "light only"],
)
def test_what_is_given_up_before_the_light(plan, width, place, expected):
    assert notes_of(plan, width=width, height=1000, place=place, action=LONG).where == expected


def test_where_little_happens_the_place_has_more_room(plan):
    place = "THE OLD LIGHTHOUSE BEYOND THE HARBOUR"
    assert notes_of(plan, place=place, action="Rain.").where == f"EXT. {place} - DAY"
    assert notes_of(plan, place=place, action=LONG).where != f"EXT. {place} - DAY"


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"text": "THE END", "action": "THE END"}, True),
        ({"text": "THE END", "action": "The end."}, True),
        ({"text": "Berlin, 1944", "action": 'TITLE CARD: "Berlin, 1944"'}, True),
        ({"text": "THE END", "action": ""}, True),
        ({"text": "日本", "action": "日本"}, True),
        ({"text": "1944", "action": "Waves break.", "place": "black"}, True),
        ({"text": "CLOSED", "action": "A gate with a sign that reads CLOSED."}, False),
        ({"text": "Come home", "action": "", "insert": "letter"}, False),
        ({"text": "", "action": ""}, False),
        ({"text": " \n", "action": "x"}, False),
        ({"text": "...", "action": "Waves break."}, False),
        ({"text": "THE END", "action": "THE END", "dialogue": (("TOM", "Goodbye.", {}),)}, False),
        ({"text": "THE END", "action": "THE END", "figures": None}, False),
    ],
)
def test_is_title(plan, changes, title):
    assert is_title(plan(**{"figures": (), **changes}).drawing) is title


def test_a_title_is_not_written_twice(plan):
    found = notes_of(plan, text="THE END", action="THE END", figures=())
    assert (found.where, said(found)) == ("TITLE", "")
    assert not repeats_text(plan(action="", text="").drawing)


def test_black_is_nowhere_at_no_time(plan):
    assert notes_of(plan, place="BLACK", action="Waves.").where != "BLACK"
    shot = plan(place="black", width=512, height=288, action="Waves.")
    assert notes(shot.drawing, layout(512, 288), LETTERING, num_frames=9, fps=16).where == "THE PLACE"


def test_pages_lie_on_the_paper(plan):
    for first, overlay in notes_of(plan, action=LONG).turned(layout(512, 288), LETTERING):
        assert first > 0
        assert isinstance(overlay, Overlay)
        assert overlay.image.mode == "RGB"
        assert (overlay.left + overlay.image.width, overlay.top + overlay.image.height) == (512, 288)
