import io
import zipfile

import pytest

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.screenplay_formats import READABLE_SUFFIXES
from vtx_dagster.engines.screenplay.reading import read_screenplay_file

SCENE = "INT. BAR - NIGHT\n\nRain.\n"


def bundle() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("text.md", SCENE)
    return buffer.getvalue()


FDX = (
    b'<FinalDraft><Content><Paragraph Type="Scene Heading"><Text>INT. BAR - NIGHT</Text></Paragraph>'
    b'<Paragraph Type="Action"><Text>Rain.</Text></Paragraph></Content></FinalDraft>'
)
DATA = {".fdx": FDX, ".highland": SCENE.encode(), ".textbundle": bundle(), ".textpack": bundle()}


@pytest.mark.parametrize("suffix", [suffix for suffix in READABLE_SUFFIXES if suffix != ".pdf"])
def test_the_suffix_in_any_case_chooses_the_reader(suffix):
    for name in (f"film{suffix}", f"FILM{suffix.upper()}"):
        assert read_screenplay_file(name, DATA.get(suffix, SCENE.encode())).text == SCENE


def test_a_pdf_is_read_as_one():
    with pytest.raises(InvalidFileError, match=r"^film\.PDF: not a PDF"):
        read_screenplay_file("film.PDF", SCENE.encode())


def test_fountain_stays_to_the_letter():
    text = "Title: A\r\n\r\nINT. BAR\r\r\nRain\x0c\x0b \u2028.\n"
    assert read_screenplay_file("a.fountain", b"\xef\xbb\xbf" + text.encode()).text == text
    found = read_screenplay_file("a.fountain", b"INT. BAR\n\ncaf\xe9\n")
    assert found.text == "INT. BAR\n\ncafé\n"
    assert found.remarks[0].startswith("a.fountain: not UTF-8 (line 3)")


def test_the_same_file_is_read_once():
    first = read_screenplay_file("once.fdx", FDX)
    assert read_screenplay_file("once.fdx", bytes(bytearray(FDX))) is first


def test_other_formats_are_refused_with_what_to_do():
    with pytest.raises(InvalidFileError, match=r"^film\.docx: Word files are not read: save it as PDF"):
        read_screenplay_file("film.docx", b"PK")
