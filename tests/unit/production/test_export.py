import json
from pathlib import Path

import numpy as np
import pytest
from pypdf import PdfReader

from vtx_dagster.core.errors import AlreadyExistsError, InvalidFileError, InvalidRequestError, NotFoundError
from vtx_dagster.core.export_formats import SCREENPLAY_FORMATS, SHOT_FORMATS, ExportFormat, Paper
from vtx_dagster.engines.clip_writer import ClipWriter
from vtx_dagster.production.export import export_screenplay, export_shots
from vtx_dagster.studio.project import Project, Studio

SCENES = {
    "A01_S01__kitchen": "INT. KITCHEN - NIGHT\n\nMARA opens the door. 漢字\n",
    "A02_S01__garden": "EXT. GARDEN - DAY\n\nMARA\nIt is raining.\n",
    "A01_S10__yard": "EXT. YARD - DAY\n\nShe stops.\n",
}
OUTLINE = """\
version: 1
title: The Film
acts:
- {id: A01, title: One, scenes: [{id: A01_S01, heading: INT. KITCHEN - NIGHT}, {id: A01_S10, heading: EXT. YARD - DAY}]}
- {id: A02, title: Two, scenes: [{id: A02_S01, heading: EXT. GARDEN - DAY}]}
"""
SHOTLIST = """\
version: 1
shots:
- {id: A01_S01_SH010, scene: A01_S01, action: MARA opens the door., characters: [mara]}
- {id: A02_S01_SH010, scene: A02_S01, action: Rain.}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with three scenes and two shots."""
    files = {f"story/03_screenplay/{name}.fountain": text for name, text in SCENES.items()}
    files |= {"story/01_outline.yaml": OUTLINE, "story/04_shotlist.yaml": SHOTLIST}
    return Studio.init(tmp_path / "studio").create_project("film", title="The Film", author="Ana", files=files)


@pytest.fixture
def empty(tmp_path: Path) -> Project:
    """A project without a story."""
    return Studio.init(tmp_path / "studio").create_project("none", title="None")


@pytest.mark.parametrize("file_format", SCREENPLAY_FORMATS)
def test_a_screenplay_is_written_into_the_project(project, file_format: ExportFormat):
    done = export_screenplay(project, file_format)

    assert done.path == project.root / f"story/export/film.{file_format}"
    assert (done.written, done.format) == (True, file_format)
    assert done.path.stat().st_size == done.size_bytes
    assert done.path.read_bytes().startswith(
        {"fountain": b"Title: The Film", "fdx": b"<?xml", "pdf": b"%PDF", "html": b"<!DOCTYPE html>"}[file_format]
    )


def test_scenes_stand_in_story_order_under_their_acts(project):
    text = export_screenplay(project, ExportFormat.FOUNTAIN).path.read_text(encoding="utf-8")

    lines = [line for line in text.splitlines() if line.startswith(("#", "INT", "EXT"))]
    assert lines == ["# One", "INT. KITCHEN - NIGHT", "EXT. YARD - DAY", "# Two", "EXT. GARDEN - DAY"]


def test_without_an_outline_there_are_no_acts(project):
    project.outline_path.unlink()

    text = export_screenplay(project, ExportFormat.FOUNTAIN).path.read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith(("#", "INT", "EXT"))] == [
        "INT. KITCHEN - NIGHT",
        "EXT. YARD - DAY",
        "EXT. GARDEN - DAY",
    ]


def test_the_title_page_is_that_of_the_first_screenplay_that_has_one(project):
    project.source_dir.mkdir(parents=True, exist_ok=True)
    (project.source_dir / "1.fountain").write_text("INT. A\n\nRain.\n", encoding="utf-8")
    (project.source_dir / "2.fountain").write_text(
        "Title:\n    _The_\n    Film\nCredit: Story by\nAuthor: B\nCopyright: 1999\n\nINT. A\n\nRain.\n", encoding="utf-8"
    )
    (project.source_dir / "3.fountain").write_text("Title: Third\n\nINT. A\n\nRain.\n", encoding="utf-8")

    text = export_screenplay(project, ExportFormat.FOUNTAIN).path.read_text(encoding="utf-8")
    assert text.startswith("Title:\n    _The_\n    Film\nCredit: Story by\nAuthor: Ana\nCopyright: 1999\n\n# One\n")


@pytest.mark.parametrize(
    ("brief", "page"),
    [
        pytest.param("Title: Other\nSource: a novel\n\nINT. A\n\nRain.\n", "Source: a novel\n", id="fountain"),
        pytest.param("# Title\n\nSource: a novel\n", "", id="markdown"),
    ],
)
def test_a_brief_that_is_a_screenplay_has_a_title_page(project, brief: str, page: str):
    project.brief_path.write_text(brief, encoding="utf-8")

    text = export_screenplay(project, ExportFormat.FOUNTAIN).path.read_text(encoding="utf-8")
    assert ("Source: a novel\n" if "Source: a novel" in text else "") == page
    assert text.startswith("Title: The Film\n")


@pytest.mark.parametrize("file_format", SCREENPLAY_FORMATS)
def test_notes_are_there_on_request(project, file_format: ExportFormat):
    (project.scenes_dir / "A01_S10__yard.fountain").write_text("INT. A\n\n[[Why?]]\nRain.\n", encoding="utf-8")
    without = export_screenplay(project, file_format).path.read_bytes()
    path = export_screenplay(project, file_format, notes=True).path

    if file_format == ExportFormat.PDF:
        assert "[Why?]" in PdfReader(path).pages[1].extract_text()
    else:
        assert (b"Why?" in without, b"Why?" in path.read_bytes()) == (False, True)


def test_scenes_are_numbered_when_asked(project):
    text = export_screenplay(project, ExportFormat.FOUNTAIN, scene_numbers=True).path.read_text(encoding="utf-8")

    assert "EXT. GARDEN - DAY #3#" in text


def test_what_a_pdf_cannot_show_is_noted(project):
    done = export_screenplay(project, ExportFormat.PDF, paper=Paper.A4)

    assert done.num_pages == 1
    (note,) = done.notes
    assert note.startswith("the PDF shows □ for characters that it cannot set: 字 (U+5B57, 1 times), 漢 (U+6F22, 1 times);")
    assert b"841.89" in done.path.read_bytes()


def test_of_many_characters_some_are_named(project):
    path = project.scenes_dir / "A01_S10__yard.fountain"
    path.write_text("EXT. YARD\n\n" + "".join(chr(0x4E00 + number) for number in range(20)), encoding="utf-8")

    (note,) = export_screenplay(project, ExportFormat.PDF).notes
    assert " and 12 more;" in note
    assert note.count("U+") == 10


def test_a_pdf_that_shows_everything_has_no_notes(project):
    (project.scenes_dir / "A01_S01__kitchen.fountain").write_text("INT. A\n\nHe waits.", encoding="utf-8")

    assert export_screenplay(project, ExportFormat.PDF).notes == ()


@pytest.mark.parametrize("file_format", SHOT_FORMATS)
def test_shots_are_written_into_the_project(project, file_format: ExportFormat):
    done = export_shots(project, file_format)
    text = done.path.read_text(encoding="utf-8-sig")

    assert done.path == project.root / f"story/export/film_shots.{file_format}"
    assert (done.num_pages, done.notes) == (None, ())
    assert all(word in text for word in ("A02_S01_SH010", "EXT. GARDEN - DAY", "MARA opens the door.", "Mara"))


def test_shots_have_pictures_of_what_is_rendered(project):
    clip = project.current_path("A02_S01_SH010")
    clip.parent.mkdir(parents=True, exist_ok=True)
    with ClipWriter(clip, width=64, height=48, fps=8, num_frames=8) as writer:
        for level in range(8):
            writer.write_rgb(np.full((48, 64, 3), level * 30, dtype=np.uint8))

    plain = export_shots(project, ExportFormat.HTML).path.read_text(encoding="utf-8")
    shown = export_shots(project, ExportFormat.HTML, pictures=True).path.read_text(encoding="utf-8")

    assert "data:image/webp" not in plain
    assert shown.count("data:image/webp;base64,UklGR") == 1


@pytest.mark.parametrize(
    ("export", "message"),
    [
        pytest.param(
            lambda project: export_screenplay(project, ExportFormat.PDF),
            "story/03_screenplay has no scene files to export: run `vtx story screenplay none` first",
            id="screenplay",
        ),
        pytest.param(
            lambda project: export_shots(project, ExportFormat.CSV),
            "story/04_shotlist.yaml has no shots to export: run `vtx story shotlist none` first",
            id="shots",
        ),
    ],
)
def test_what_is_not_written_yet_cannot_be_exported(empty, export, message: str):
    with pytest.raises(NotFoundError) as caught:
        export(empty)
    assert caught.value.message == message
    assert not (empty.story_dir / "export").exists()


def test_a_shotlist_without_shots_cannot_be_exported(project):
    project.shotlist_path.write_text("version: 1\nshots: []\n", encoding="utf-8")

    with pytest.raises(NotFoundError, match="no shots"):
        export_shots(project, ExportFormat.CSV)


def test_a_format_of_the_other_kind_is_refused(project):
    with pytest.raises(
        InvalidRequestError, match="a screenplay cannot be exported as csv: choose one of fountain, fdx, pdf, html"
    ):
        export_screenplay(project, ExportFormat.CSV)
    with pytest.raises(InvalidRequestError, match="a shotlist cannot be exported as pdf: choose one of csv, html"):
        export_shots(project, ExportFormat.PDF)


@pytest.mark.parametrize("inside", [True, False])
def test_an_export_replaces_itself(project, tmp_path: Path, inside: bool):
    output = None if inside else tmp_path / "elsewhere" / "film.fountain"
    first = export_screenplay(project, ExportFormat.FOUNTAIN, output=output)
    again = export_screenplay(project, ExportFormat.FOUNTAIN, output=output)
    (project.scenes_dir / "A01_S10__yard.fountain").write_text("EXT. NEW YARD\n\nShe runs.\n", encoding="utf-8")
    changed = export_screenplay(project, ExportFormat.FOUNTAIN, output=output)

    assert (first.written, again.written, changed.written) == (True, False, True)
    assert "NEW YARD" in changed.path.read_text(encoding="utf-8")
    files = json.loads((project.story_dir / "export/.exported.json").read_text(encoding="utf-8"))["files"]
    assert list(files) == ["story/export/film.fountain" if inside else str(output)]


def test_what_a_person_wrote_is_kept_unless_asked(project, tmp_path: Path):
    output = tmp_path / "mine.fountain"
    output.write_text("mine", encoding="utf-8")

    with pytest.raises(AlreadyExistsError, match="--overwrite"):
        export_screenplay(project, ExportFormat.FOUNTAIN, output=output)
    assert output.read_text(encoding="utf-8") == "mine"
    assert export_screenplay(project, ExportFormat.FOUNTAIN, output=output, overwrite=True).written


def test_an_export_that_was_edited_is_kept_unless_asked(project):
    path = export_screenplay(project, ExportFormat.FOUNTAIN).path
    path.write_text("edited", encoding="utf-8")

    with pytest.raises(AlreadyExistsError):
        export_screenplay(project, ExportFormat.FOUNTAIN)
    assert export_screenplay(project, ExportFormat.FOUNTAIN, overwrite=True).written


def test_an_export_that_was_not_remembered_is_known_by_what_it_says(project):
    export_screenplay(project, ExportFormat.FOUNTAIN)
    (project.story_dir / "export/.exported.json").unlink()

    assert not export_screenplay(project, ExportFormat.FOUNTAIN).written


def test_a_folder_is_no_file(project, tmp_path: Path):
    with pytest.raises(InvalidRequestError, match="is a folder: name the file to write"):
        export_screenplay(project, ExportFormat.FOUNTAIN, output=tmp_path)


def test_a_scene_that_cannot_be_read_says_where(project):
    (project.scenes_dir / "A01_S10__yard.fountain").write_text("= Nothing.\n", encoding="utf-8")

    with pytest.raises(InvalidFileError, match=r"story/03_screenplay/A01_S10__yard\.fountain:1"):
        export_screenplay(project, ExportFormat.HTML)
