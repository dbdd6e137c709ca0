"""Letters that a font lacks come from others: here Vera, which comes with reportlab, and the bundled font under other names."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import reportlab
from PIL import Image, ImageDraw

from vtx_dagster.engines import animatic
from vtx_dagster.engines.animatic import lettering
from vtx_dagster.engines.animatic.lettering import Lettering
from vtx_dagster.engines.animatic.typefaces import KNOWN_FONTS, has, installed, loaded

BUNDLED = Path(animatic.__file__).parent / "fonts/DejaVuSansCondensed.ttf"
VERA = Path(reportlab.__file__).parent / "fonts/Vera.ttf"
SIZE = 40


@pytest.fixture
def folder(tmp_path):
    """A folder of fonts: one below it, a broken one, and one that is not known."""
    (tmp_path / "truetype").mkdir()
    shutil.copy(BUNDLED, tmp_path / "truetype" / "NotoSansCJK-Regular.ttc")
    shutil.copy(VERA, tmp_path / "malgun.ttf")
    shutil.copy(BUNDLED, tmp_path / "unknown.ttf")
    (tmp_path / "msgothic.ttc").write_text("no font", encoding="utf-8")
    return tmp_path


def written(face, line, *, anchor="lm", stroke=None):
    """Return a line as it is written around the middle of a sheet."""
    sheet = Image.new("L", (600, 100))
    face.write(ImageDraw.Draw(sheet), (300, 50), line, fill=255, anchor=anchor, stroke=stroke)
    return np.asarray(sheet, dtype=int)


@pytest.mark.parametrize(
    ("font", "character", "there"),
    [
        (BUNDLED, "Ж", True),
        (BUNDLED, "م", True),
        (BUNDLED, "日", False),
        (VERA, "é", True),
        (VERA, "Ж", False),
        (VERA, "a", True),
    ],
)
def test_whether_a_font_has_a_letter(font, character, there):
    assert has(font, character) == there


def test_known_fonts_are_found_in_folders_in_the_order_of_choice(folder):
    assert len(set(KNOWN_FONTS)) == len(KNOWN_FONTS)
    found = installed((folder / "none", folder, Path("~nobody-of-this-name/fonts")))
    assert found == (folder / "truetype" / "NotoSansCJK-Regular.ttc", folder / "malgun.ttf")


def test_a_letter_that_the_font_lacks_comes_from_one_of_the_machine(monkeypatch, folder):
    monkeypatch.setattr(lettering, "_BUNDLED", VERA)
    letters = Lettering(folders=(folder,))
    face = letters.face(SIZE)
    parts = (("a", VERA), ("Ж", BUNDLED), ("b", VERA))
    assert face.getlength("aЖb") == sum(loaded(font, SIZE).getlength(part) for part, font in parts)
    alone = written(Lettering(BUNDLED).face(SIZE), "Ж")
    assert (written(face, "Ж") == alone).all()
    assert np.abs(written(face, "Жa")[:, :320] - alone[:, :320]).mean() < 25
    assert not letters.missing
    assert not letters.lacks("Жa")


def test_letters_of_all_fonts_stand_on_one_line_around_the_anchor(monkeypatch, folder):
    monkeypatch.setattr(lettering, "_BUNDLED", VERA)
    face = Lettering(folders=(folder,)).face(SIZE)
    left, middle = (np.nonzero(written(face, "HЖH", anchor=anchor) > 128) for anchor in ("lm", "mm"))
    assert 300 <= left[1].min() < 310
    assert (middle[1].min() + middle[1].max()) / 2 == pytest.approx(300, abs=3)
    assert set(middle[0]) == set(np.nonzero(written(face, "H", anchor="mm") > 128)[0])
    assert (written(face, "HЖ", stroke=(2, (255,))) > 128).sum() > 1.2 * (written(face, "HЖ") > 128).sum()
    assert not written(face, "").any()


def test_the_users_font_is_helped_out_by_the_bundled_one(folder):
    face = Lettering(VERA, folders=()).face(SIZE)
    assert (written(face, "Ж") == written(Lettering(folders=()).face(SIZE), "Ж")).all()


def test_what_no_font_has_is_a_box_and_is_told_of():
    letters = Lettering(folders=())
    assert written(letters.face(SIZE), "é日本 a\u0301日\u200d\u0301").any()
    assert letters.missing == {"日", "本"}
    assert letters.lacks("語")
    assert not letters.lacks("\u0301a")
    assert letters.missing == {"日", "本"}
