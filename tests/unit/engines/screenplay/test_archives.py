import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.engines.screenplay import archives
from vtx_dagster.engines.screenplay.archives import read_archive


def packed(files: dict[str, str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "files",
    [
        {"a.textbundle/info.json": "{}", "a.textbundle/text.md": "INT. A\n"},
        {"other.md": "no", "deep/text.fountain": "INT. A\n", "._text.md": "no"},
        {"b.txt": "no", "a.TXT": "INT. A\n"},
    ],
)
def test_the_text_of_a_bundle(files):
    assert read_archive(packed(files), name="f").text == "INT. A\n"


def test_a_highland_document_may_be_the_text_itself():
    assert read_archive(b"Title: A\n", name="f").text == "Title: A\n"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"PK\x03\x04junk", "^f: cannot be unpacked"),
        (packed({"info.json": "{}"}), "^f: no text in it: export it as Fountain"),
        (packed({"text.md": "x" * 2000})[:-60], "^f: cannot be unpacked"),
        (packed({f"{n}.md": "" for n in range(4)}), "^f: 4 files in it are too many"),
        (packed({"text.md": "x" * 1001}), "^f: its text has more than 1000 bytes"),
    ],
    ids=["no zip", "no text", "cut off", "many files", "large"],
)
def test_what_cannot_be_unpacked_is_one_clear_error(monkeypatch, data, problem):
    monkeypatch.setattr(archives, "_MAX_FILES", 3)
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 1000)
    with pytest.raises(InvalidFileError, match=problem):
        read_archive(data, name="f")


def problem_of(data: bytes) -> str:
    try:
        read_archive(data, name="f")
    except InvalidFileError as error:
        return error.message
    return "f: none"


METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def test_damaged_lzma_is_an_error_too():
    whole = packed({"text.md": "INT. A\n"}, zipfile.ZIP_LZMA)
    header = whole.index(b"text.md") + len(b"text.md") + 4  # behind the size of the properties
    assert problem_of(whole[:header] + b"\xff" + whole[header + 1 :]).startswith("f: cannot be unpacked")


@given(st.binary(max_size=60), st.integers(0, 140), st.binary(max_size=4), st.sampled_from(METHODS))
def test_junk_is_an_error_and_nothing_else(data, position, patch, method):
    whole = packed({"text.md": "INT. A\n"}, method)
    for one in (b"PK" + data, whole[:position] + patch + whole[position + len(patch) :]):
        assert problem_of(one).startswith("f:")
