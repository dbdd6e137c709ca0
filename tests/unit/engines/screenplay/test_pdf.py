import io
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.export_formats import Paper
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.story import Source
from vtx_dagster.engines.export.fountain import fountain_text
from vtx_dagster.engines.export.pdf import printed
from vtx_dagster.engines.export.script import read_script
from vtx_dagster.engines.screenplay import pdf
from vtx_dagster.engines.screenplay.imported import ImportedScreenplay
from vtx_dagster.engines.screenplay.pdf import read_pdf

SCENE = ["INT. BAR - NIGHT", "", "Rain falls on the roof.", "", "           ANN", "     Yes."]


def drawn(*pages: Callable[[Canvas], None], size: tuple[float, float] = (612, 792)) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=size, invariant=1)
    for page in pages:
        canvas.setFont("Courier", 12)
        page(canvas)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def typed(*lines: str, font: str = "Courier") -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        for row, line in enumerate(lines):
            canvas.setFont(font, 12)
            canvas.drawString(108 + 7.2 * (len(line) - len(line.lstrip())), 700 - 12 * row, line.lstrip())

    return draw


def read(*pages: Callable[[Canvas], None], size: tuple[float, float] = (612, 792)) -> ImportedScreenplay:
    return read_pdf(drawn(*pages, size=size), name="f.pdf")


FULL = """INT. LIGHTHOUSE - LAMP ROOM - NIGHT #1#

Rain falls on the roof, and the keeper looks at the clock on the wall, which has stopped at a quarter to six again.

MARA (V.O.)
(low)
It was the last winter, and the longest one that any of us would remember in the years to come.
(louder)
Nobody came.

> THE *LAST* WINTER <

MARA
Go!

TOM ^
Never in my life, not for you and not for her.

!BANG

> DISSOLVE TO:
"""


@pytest.mark.parametrize("paper", list(Paper))
def test_what_is_printed_comes_back(paper):
    scenes = {f"A01_S{n:02d}": Source(name=f"A01_S{n:02d}", text=FULL.replace("#1#", f"#{n}#")) for n in range(1, 9)}
    script = read_script(scenes, metadata=Metadata(title="The Keeper", author="A. Writer"), outline=None)
    found = read_pdf(printed(script, paper=paper).data, name="f.pdf")
    expected = fountain_text(script).split("\n\n", 1)[1].replace("\nDISSOLVE", "\n> DISSOLVE")
    assert found.text.split("\n\n", 1)[1].split() == expected.split()
    assert found.text.startswith("Title: The Keeper\nCredit: written by\nAuthor: A. Writer\n\n")
    assert len(found.remarks) == 1
    assert "a line in capitals on its own was taken as action, not as a scene: page 2 (“BANG”" in found.remarks[0]


def test_bold_and_italic_stay_where_the_pdf_says_so():
    def page(canvas: Canvas) -> None:
        typed(*SCENE)(canvas)
        canvas.drawString(108, 600, "She is ")
        canvas.setFont("Courier-Bold", 12)
        canvas.drawString(108 + 7 * 7.2, 600, "very")
        canvas.setFont("Courier-Oblique", 12)
        canvas.drawString(108 + 12 * 7.2, 600, "late")

    assert "She is **very** *late*\n" in read(page).text


def test_letters_printed_twice_count_once_and_ligatures_stay_whole():
    def page(canvas: Canvas) -> None:
        typed(*SCENE, *("", "Off. Too.") * 6)(canvas)
        canvas.drawString(108.4, 700, "INT. BAR - NIGHT")

    assert read(page).text == "INT. BAR - NIGHT\n\nRain falls on the roof.\n\nANN\nYes.\n" + "\nOff. Too.\n" * 6


def test_text_without_spaces_in_it_is_parted_by_its_gaps():
    def page(canvas: Canvas) -> None:
        for row, line in enumerate(SCENE):
            for column, letter in enumerate(line):
                if letter != " ":
                    canvas.drawString(108 + 7.2 * column, 700 - 12 * row, letter)

    assert read(page).text == "INT. BAR - NIGHT\n\nRain falls on the roof.\n\nANN\nYes.\n"


def test_fragments_of_a_line_are_read_from_left_to_right():
    def page(canvas: Canvas) -> None:
        typed(*SCENE)(canvas)
        canvas.drawString(200, 600, "comes last")
        canvas.drawString(108, 600, "What it is")

    assert "What it is comes last\n" in read(page).text


def test_overprinted_columns_stay_apart():
    def page(canvas: Canvas) -> None:
        typed(*SCENE)(canvas)
        canvas.drawString(108, 600, "One column here")
        canvas.drawString(190, 600, "another")

    assert "One column here another\n" in read(page).text


def test_a_watermark_is_left_out_and_said_so():
    def page(canvas: Canvas) -> None:
        typed(*SCENE)(canvas)
        canvas.rotate(45)
        canvas.drawString(400, 100, "CONFIDENTIAL")

    found = read(page, typed("Snow."))
    assert "CONFIDENTIAL" not in found.text
    assert found.remarks == ("f.pdf: slanted text, such as a watermark, was left out: page 1",)


def test_letters_far_off_the_page_are_left_out():
    def page(canvas: Canvas) -> None:
        typed(*SCENE)(canvas)
        canvas.drawString(3e5, 100, "Far")

    assert read(page).text == read(typed(*SCENE)).text


def test_a_page_without_text_is_said_to_have_none():
    def picture(canvas: Canvas) -> None:
        canvas.rect(100, 100, 50, 50)

    found = read(typed(*SCENE), picture, picture)
    assert found.remarks == ("f.pdf: no text on page 2, 3: what stands there, if anything, is a picture",)
    with pytest.raises(InvalidFileError, match=r"^f\.pdf: none of its 2 pages has text, only pictures: run text recognition"):
        read(picture, picture)


def test_another_document_is_no_screenplay():
    with pytest.raises(InvalidFileError, match=r"^f\.pdf: no scene heading such as INT\. KITCHEN - DAY on any page"):
        read(typed("Dear Ann,", "", "thank you for the cake."))


def test_a_password_is_asked_for_in_words():
    writer = PdfWriter(PdfReader(io.BytesIO(drawn(typed(*SCENE)))))
    writer.encrypt("secret", algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    with pytest.raises(InvalidFileError, match=r"^f\.pdf: the PDF asks for a password: save it without one"):
        read_pdf(buffer.getvalue(), name="f.pdf")


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4\n", b"PK\x03\x04"])
def test_what_is_no_pdf_is_one_clear_error(data):
    with pytest.raises(InvalidFileError, match=r"^f\.pdf: not a PDF that can be read"):
        read_pdf(data, name="f.pdf")


def test_far_too_much_is_refused(monkeypatch):
    data = drawn(typed(*SCENE), typed(*SCENE))
    monkeypatch.setattr(pdf, "MAX_PAGES", 1)
    with pytest.raises(InvalidFileError, match=r"^f\.pdf: 2 pages are too many: at most 1 are read"):
        read_pdf(data, name="f.pdf")
    monkeypatch.undo()
    monkeypatch.setattr(pdf, "MAX_PAGE_CHARACTERS", 20)
    with pytest.raises(InvalidFileError, match=r"^f\.pdf: page 1 has \d+ characters, and a page of a screenplay at most 20"):
        read_pdf(data, name="f.pdf")


def test_a_page_that_is_not_there_is_one_clear_error():
    data = drawn(typed(*SCENE), typed("Snow."))
    broken = data.replace(b"/Count 2", b"/Count 9")
    with pytest.raises(InvalidFileError, match=r"^f\.pdf: page 3 of the PDF is broken"):
        read_pdf(broken, name="f.pdf")


def problem_of(data: bytes) -> str:
    try:
        read_pdf(data, name="f")
    except InvalidFileError as error:
        return error.message
    return "f: none"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3000), st.binary(max_size=12), st.integers(0, 3000))
def test_junk_is_an_error_and_nothing_else(position, patch, cut):
    data = drawn(typed(*SCENE))
    for one in (data[:position] + patch + data[position + len(patch) :], data[:cut]):
        assert problem_of(one).startswith("f:")
