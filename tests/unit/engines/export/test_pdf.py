# ruff: noqa: RUF001 - other alphabets are what is tested
import io

import pytest
from pypdf import PdfReader

from vtx_dagster.core.export_formats import Paper
from vtx_dagster.engines.export.pdf import PrintedScript, printed
from vtx_dagster.engines.export.script import with_scene_numbers


def opened(pdf: PrintedScript) -> PdfReader:
    return PdfReader(io.BytesIO(pdf.data), strict=True)


def words(pdf: PrintedScript, page: int) -> str:
    """Return the text of a page with single spaces; page 0 is the title page."""
    return " ".join(opened(pdf).pages[page].extract_text().split())


def bookmarks(items: list) -> list:
    return [bookmarks(item) if isinstance(item, list) else item.title for item in items]


def test_title_page(full):
    pdf = printed(full)

    assert words(pdf, 0) == "The Film: a_story_ written by Ana Żółć"
    metadata = opened(pdf).metadata
    assert metadata is not None
    assert (metadata.title, metadata.author) == ("The Film: a_story_", "Ana Żółć")


def test_a_title_page_without_author_has_the_title(read):
    assert words(printed(read(["INT. A\n\nHe waits."])), 0) == "The Film"


def test_a_whole_title_page(read):
    entries = {"title": "**The**\nFilm", "credit": "Story by", "author": "Ana", "contact": "A street", "draft date": "May"}
    pdf = printed(read(["INT. A\n\nHe waits."], entries=entries))

    assert words(pdf, 0) == "The Film Story by Ana A street May"
    assert pdf.num_pages == 1


def test_a_page_break_and_what_is_on_request(read):
    pdf = printed(read(["INT. A\n\n[[why?]]\n    He waits.\n\n===\n\n## Later\n\nHe runs."], notes=True))

    assert [words(pdf, page) for page in (1, 2)] == ["INT. A [why?] He waits.", "2. He runs."]
    assert bookmarks(opened(pdf).outline) == ["INT. A", "Later"]


def test_text_can_be_found(full):
    text = words(printed(full), 1)

    assert "12A int. kitchen - night 12A" in text
    assert "MARA, 40, opens the door — it creaks twice." in text
    assert "JÓZEF Nor I." in text
    assert "CUT TO:" in text


def test_what_cannot_be_set_is_shown_as_a_box_and_counted(full, read):
    pdf = printed(full)

    assert pdf.unshown == {"漢": 1, "字": 1, "😀": 1}
    assert "letter. □ □□" in words(pdf, 1)
    assert printed(read(["INT. A\n\nשלום and سلام."])).unshown == dict.fromkeys("םולשسلام", 1)


def test_other_alphabets_are_set(read):
    pdf = printed(read(["INT. КУХНЯ - НОЧЬ\n\nЖурнал. Ελλάς. Zażółć. A\u200bB\ufe0f e\u0301 x\u0303 → ♥\n\n@Ёлка\nДа."]))

    assert pdf.unshown == {}
    text = words(pdf, 1).replace(" ", "")
    assert text == "INT.КУХНЯ-НОЧЬЖурнал.Ελλάς.Zażółć.ABéx\u0303→♥ЁлкаДа."


def test_emphasis_takes_other_fonts(full, read):
    def fonts(pdf: PrintedScript) -> set[str]:
        found = opened(pdf).pages[1]["/Resources"]["/Font"].values()  # type: ignore[index]
        return {font.get_object()["/BaseFont"].split("+")[-1] for font in found}

    plain = fonts(printed(read(["INT. A\n\nHe waits."])))
    rich = fonts(printed(full))

    assert {"CourierPrime"} <= plain
    assert {"CourierPrime", "CourierPrime-Bold", "CourierPrime-Italic"} <= rich
    assert not {"CourierPrime-Bold", "CourierPrime-Italic"} & plain


def test_pages_are_numbered_from_the_second(read):
    pdf = printed(read(["INT. A\n\n" + "\n".join(f"line {n}" for n in range(120))]))

    assert pdf.num_pages == 3
    assert [words(pdf, page)[:6] for page in range(4)] == ["The Fi", "INT. A", "2. lin", "3. lin"]


def test_acts_and_scenes_are_bookmarks(read):
    script = read(["INT. A\n\nHe waits.", "INT. B\n\nHe waits."], ["INT. C\n\nHe waits."], titles=("One", "Two"))

    assert bookmarks(opened(printed(script)).outline) == ["One", ["INT. A", "INT. B"], "Two", ["INT. C"]]


def test_scene_numbers_stand_in_both_margins(read):
    assert words(printed(with_scene_numbers(read(["INT. A\n\nHe waits."]))), 1) == "1 INT. A 1 He waits."


@pytest.mark.parametrize(
    ("paper", "size"),
    [pytest.param(Paper.LETTER, (612, 792), id="letter"), pytest.param(Paper.A4, (595.28, 841.89), id="a4")],
)
def test_paper(full, paper: Paper, size: tuple[float, float]):
    box = opened(printed(full, paper=paper)).pages[1].mediabox

    assert (float(box.width), float(box.height)) == pytest.approx(size)


def test_the_same_script_gives_the_same_bytes(full):
    assert printed(full).data == printed(full).data
