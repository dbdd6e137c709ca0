import numpy as np
import pytest

from vtx_dagster.core.shot import Camera
from vtx_dagster.engines.animatic.lettering import Lettering
from vtx_dagster.engines.animatic.page import Slate, blank_page, captions, card, layout, shot_words, timecode

LETTERING = Lettering()


@pytest.mark.parametrize(
    ("frame_index", "fps", "expected"),
    [(0, 16, "00:00:00:00"), (15, 16, "00:00:00:15"), (16, 16, "00:00:01:00"), (16 * 3661 + 5, 16, "01:01:01:05")],
)
def test_timecode(frame_index, fps, expected):
    assert timecode(frame_index, fps) == expected


def test_the_camera_in_words():
    assert shot_words(Camera(size="MS", move="dolly_in", lens_mm=50, angle="low")) == "MS  ·  dolly in  ·  50 mm  ·  low"


@pytest.mark.parametrize("size", [(64, 64), (192, 108), (768, 432), (4096, 4096), (4096, 64), (64, 4096)], ids=str)
def test_picture_slate_and_note_share_the_page(size):
    page = layout(*size)
    left, top, right, bottom = page.picture
    assert 0 < left < right < size[0]
    assert 0 < top < bottom < size[1]
    assert page.note[1] == bottom


@pytest.mark.parametrize("title", ["T", "A title that goes on and on " * 5])
def test_slate_texts_never_reach_the_timecode(plan, title):
    shot = plan(width=512, height=288)
    drawing = shot.drawing.model_copy(update={"title": title})
    page = layout(512, 288)
    left = Slate(shot, page, LETTERING).left
    line = np.asarray(blank_page(shot, drawing, page, LETTERING, slate_left=left).convert("L"))[: page.picture[1]]
    assert line[:, :left].min() < 100
    assert line[:, left - 2 :].min() > 180


def test_long_speeches_are_paged_and_share_the_clip_by_words(plan):
    shot = plan(dialogue=(("MARA", "word " * 60, {}), ("TOM", "Yes.", {})), frames=97)
    page = layout(192, 108)
    found = captions(shot.drawing, page, LETTERING, num_frames=96)
    assert len(found) > 4
    assert [caption.first for caption in found] == [0, *[caption.last + 1 for caption in found[:-1]]]
    assert found[-1].last == 95
    lengths = [caption.last - caption.first for caption in found]
    assert lengths[-1] == min(lengths)


def test_more_captions_than_frames_show_one_frame_each(plan):
    shot = plan(dialogue=tuple(("MARA", f"{index}", {}) for index in range(9)), frames=3)
    found = captions(shot.drawing, layout(192, 108), LETTERING, num_frames=3)
    assert [(caption.first, caption.last) for caption in found] == [(0, 0), (1, 1), (2, 2)]


def test_cards_stand_inside_the_picture():
    page = layout(768, 432)
    for centred, left_side in ((True, False), (False, True), (False, False)):
        found = card("A LONG SIGN " * 30, page, LETTERING, centred=centred, left_side=left_side)
        assert found is not None
        assert page.picture[0] <= found.left
        assert found.left + found.image.width <= page.picture[2]
        assert page.picture[1] <= found.top
        assert found.top + found.image.height < page.picture[3] - (page.picture_size[1] // 5)
    assert card(" ", page, LETTERING, centred=True, left_side=True) is None
