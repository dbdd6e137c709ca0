"""What of ``story/source`` is read as the screenplay, and what is said about the rest."""

import hashlib
from pathlib import Path

import pytest

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.planner import Stage
from vtx_dagster.core.story import Source
from vtx_dagster.engines.breakdown.writer import BreakdownWriter
from vtx_dagster.production.story import StoryDesk, brief_hash
from vtx_dagster.production.story_files import StoryFiles, source_folder
from vtx_dagster.studio.files import hash_file
from vtx_dagster.studio.project import Project

SCENE = "INT. BAR - NIGHT\n\nRain.\n"
FDX = (
    '<FinalDraft><Content><Paragraph Type="Scene Heading"><Text>INT. BAR - NIGHT</Text></Paragraph>'
    '<Paragraph Type="Beat"><Text>Rain.</Text></Paragraph></Content></FinalDraft>'
)


@pytest.fixture
def project(make_project) -> Project:
    return make_project(clips=())


def put(project: Project, **files: str) -> None:
    for name, text in files.items():
        (project.source_dir / name.replace("__", ".")).write_text(text, encoding="utf-8")


def read(project: Project) -> list[str]:
    return [path.name for path in source_folder(project).screenplays]


def test_fountain_files_are_read_in_name_order_whatever_the_case_of_their_suffix(project):
    put(project, b__FOUNTAIN=SCENE, a__fountain=SCENE, c__Spmd=SCENE)
    assert read(project) == ["a.fountain", "b.FOUNTAIN", "c.Spmd"]
    assert [source.name for source in StoryFiles(project).screenplays] == [
        "story/source/a.fountain",
        "story/source/b.FOUNTAIN",
        "story/source/c.Spmd",
    ]


def test_hidden_files_are_nobodys_screenplay(project):
    put(project, film__fountain=SCENE)
    (project.source_dir / "._film.fountain").write_bytes(b"\0\5\x16\7")
    (project.source_dir / ".#film.fountain").symlink_to("user@host.1234")
    (project.source_dir / ".DS_Store").write_bytes(b"\0")
    (project.source_dir / "old").mkdir()
    assert read(project) == ["film.fountain"]
    assert StoryFiles(project).passed_over == ()


def test_without_fountain_all_formats_are_read_each_name_once(project):
    put(project, b__fdx=FDX, b__pdf="%PDF", a__txt=SCENE, c__md=SCENE)
    assert read(project) == ["a.txt", "b.fdx", "c.md"]
    files = StoryFiles(project)
    assert [(source.name, source.text) for source in files.screenplays] == [
        ("story/source/a.txt (as Fountain)", SCENE),
        ("story/source/b.fdx (as Fountain)", SCENE),
        ("story/source/c.md (as Fountain)", SCENE),
    ]
    assert files.screenplays[1].remarks == ("story/source/b.fdx:1: paragraphs of type 'Beat' are taken as action",)
    assert files.passed_over == ("story/source/b.pdf is not read: b.fdx is read instead: keep one of them here",)


def test_beside_fountain_nothing_else_is_read_and_all_of_it_is_named(project):
    put(project, film__fountain=SCENE, film__pdf="%PDF", notes__md="Buy milk.", film__docx="PK", film__xyz="")
    (project.source_dir / "film.textbundle").mkdir()
    assert read(project) == ["film.fountain"]
    assert [remark.removeprefix("story/source/") for remark in StoryFiles(project).passed_over] == [
        "film.docx is not read: Word files are not read: save it as PDF",
        "film.pdf is not read: film.fountain is read instead: keep one of them here",
        "film.textbundle is not read: a folder: compress it to a zip file of that name, or put the text in it here",
        "film.xyz is not read: only .fountain, .spmd, .fdx, .highland, .textbundle, .textpack, .txt, .md or .pdf files are read",
        "notes.md is not read: film.fountain is read instead: keep one of them here",
    ]


def test_notes_are_no_screenplay_and_an_empty_fountain_file_is_a_mistake(project):
    put(project, notes__txt="Buy milk.")
    files = StoryFiles(project)
    assert files.screenplays == ()
    assert files.passed_over == ("story/source/notes.txt: no scene heading in it: not read as a screenplay",)
    put(project, film__fountain="")
    with pytest.raises(InvalidFileError, match="there is nothing to see or hear in it"):
        StoryDesk(project, BreakdownWriter()).run(Stage.OUTLINE)


def test_a_project_without_the_folder_has_no_screenplay(project):
    project.source_dir.rename(project.story_dir / "elsewhere")
    assert StoryFiles(project).screenplays == ()


def test_what_decides_a_fountain_screenplay_is_what_it_always_was(project):
    put(project, film__fountain=SCENE)
    source = StoryFiles(project).screenplays[0].model_copy(update={"remarks": ("anything",)})
    assert source.model_dump_json() == '{"name":"story/source/film.fountain","text":"INT. BAR - NIGHT\\n\\nRain.\\n"}'
    assert Source.model_validate_json(source.model_dump_json()).remarks == ()
    brief, film = project.brief_path, project.source_dir / "film.fountain"
    expected = "".join(f"{path.name}\0{hash_file(path)}\0" for path in (brief, film))
    assert brief_hash(project) == hashlib.sha256(expected.encode()).hexdigest()
    put(project, film__pdf="%PDF")
    assert brief_hash(project) == hashlib.sha256(expected.encode()).hexdigest()


def test_the_outline_says_what_was_unsure_and_what_was_not_read(project: Project):
    put(project, film__fdx=FDX, film__docx="PK")
    written = StoryDesk(project, BreakdownWriter()).run(Stage.OUTLINE)
    assert written.notes == (
        "story/source/film.docx is not read: Word files are not read: save it as PDF",
        "story/source/film.fdx:1: paragraphs of type 'Beat' are taken as action",
    )
    assert Path(project.outline_path).read_text(encoding="utf-8").count("INT. BAR - NIGHT") == 1
