import json
import logging
from pathlib import Path

import pytest

from vtx_dagster.core.errors import InvalidRequestError, StorageError
from vtx_dagster.studio import ledger as ledger_module
from vtx_dagster.studio.files import write_atomic
from vtx_dagster.studio.ledger import FileState, Ledger, remove_generated, write_generated
from vtx_dagster.studio.project import Project


def generate(project: Project, text: str, *, input_hash: str = "h1", overwrite: bool = False, name: str = "") -> tuple[Path, ...]:
    path = project.root / name if name else project.outline_path
    return write_generated(project, {path: text}, generator="breakdown 1", input_hash=input_hash, overwrite=overwrite)


def test_generated_file_is_known_until_a_person_edits_it(project: Project):
    path = project.outline_path
    assert Ledger.load(project).state(path) == FileState.MISSING
    assert generate(project, "one\n") == (path,)
    ledger = Ledger.load(project)
    assert (ledger.state(path), ledger.input_hash(path), ledger.generator(path)) == (FileState.GENERATED, "h1", "breakdown 1")
    path.write_text("mine\n")
    ledger = Ledger.load(project)
    assert (ledger.state(path), ledger.input_hash(path), ledger.generator(path)) == (FileState.WRITTEN, None, None)
    assert generate(project, "two\n") == ()
    assert path.read_text() == "mine\n"
    path.write_text("one\n")
    assert Ledger.load(project).state(path) == FileState.GENERATED, "an edit that was undone is none"


STORED_OTHERWISE = {
    "CRLF": "éin\r\n\r\ntwo\r\n",
    "CR": "éin\r\rtwo\r",
    "byte order mark": "\ufeff\u00e9in\n\ntwo\n",
    "trailing space": "\u00e9in \t\n\ntwo \n",
    "empty lines at the end": "\u00e9in\n\ntwo\n\n\n",
    "no line end at the end": "\u00e9in\n\ntwo",
    "NFD": "e\u0301in\n\ntwo\n",
}


@pytest.mark.parametrize("stored", STORED_OTHERWISE.values(), ids=STORED_OTHERWISE.keys())
def test_a_file_that_is_stored_otherwise_is_still_generated(project: Project, stored: str):
    path = project.outline_path
    generate(project, "éin\n\ntwo\n")
    path.write_bytes(stored.encode())
    ledger = Ledger.load(project)
    assert (ledger.state(path), ledger.input_hash(path), ledger.generator(path)) == (FileState.GENERATED, "h1", "breakdown 1")
    assert generate(project, "éin\n\ntwo\n", input_hash="h2") == ()
    assert path.read_bytes() == stored.encode(), "it is left as its program stored it"
    assert Ledger.load(project).input_hash(path) == "h2"
    assert generate(project, "other\n") == (path,)
    assert path.read_text() == "other\n"


def test_a_text_that_is_not_plain_is_known_by_its_words(project: Project):
    generate(project, "one \ntwo\n")
    project.outline_path.write_bytes(b"one\r\ntwo")
    assert Ledger.load(project).state(project.outline_path) == FileState.GENERATED


@pytest.mark.parametrize("stored", [b"one \r\ne\xcc\x81\r\n", b"\xef\xbb\xbfone \ne\xcc\x81\n", b"one \re\xcc\x81\r"])
def test_notes_of_earlier_versions_have_no_hash_of_the_words(project: Project, stored: bytes):
    sha256 = "7cbe20f440e91d646e006c5780079bc3ae1fabe2976bd67a8e70359cac29e0fe"
    note = {"sha256": sha256, "previous": None, "generator": "breakdown 1", "input_hash": "h1"}
    (project.story_dir / ".generated.json").write_text(json.dumps({"version": 1, "files": {"story/01_outline.yaml": note}}))
    project.outline_path.write_bytes(stored)
    ledger = Ledger.load(project)
    assert (ledger.state(project.outline_path), ledger.input_hash(project.outline_path)) == (FileState.GENERATED, "h1")


def test_two_spaces_of_a_speech_are_no_end_of_a_line(project: Project):
    path = project.scenes_dir / "a.fountain"
    generate(project, "MARA\nOne.\n  \nTwo.\n", name="story/03_screenplay/a.fountain")
    path.write_bytes(b"MARA\r\nOne.\r\n  \r\nTwo.\r\n")
    assert Ledger.load(project).state(path) == FileState.GENERATED
    path.write_text("MARA\nOne.\n\nTwo.\n")
    assert Ledger.load(project).state(path) == FileState.WRITTEN, "now somebody else says the second line"


def test_a_file_that_is_no_text_is_somebody_elses(project: Project):
    generate(project, "one\n")
    project.outline_path.write_bytes(b"\xff\n")
    assert Ledger.load(project).state(project.outline_path) == FileState.WRITTEN


def test_overwrite_replaces_what_a_person_wrote(project: Project):
    project.outline_path.write_text("mine\n")
    assert Ledger.load(project).state(project.outline_path) == FileState.WRITTEN
    assert generate(project, "one\n", overwrite=True) == (project.outline_path,)
    assert Ledger.load(project).state(project.outline_path) == FileState.GENERATED


def test_same_text_from_other_sources_is_noted_and_not_written(project: Project):
    generate(project, "one\n")
    before = project.outline_path.stat()
    assert generate(project, "one\n", input_hash="h2") == ()
    assert project.outline_path.stat().st_mtime_ns == before.st_mtime_ns
    assert Ledger.load(project).input_hash(project.outline_path) == "h2"


def test_same_text_that_a_person_wrote_stays_theirs(project: Project):
    project.outline_path.write_text("one\n")
    assert generate(project, "one\n") == ()
    assert Ledger.load(project).state(project.outline_path) == FileState.WRITTEN


def test_some_files_written_by_hand_among_generated_ones(project: Project):
    first, second = project.scenes_dir / "a.fountain", project.scenes_dir / "b.fountain"
    first.write_text("mine")
    files = {first: "one", second: "two"}
    assert write_generated(project, files, generator="g", input_hash="h") == (second,)
    assert (first.read_text(), second.read_text()) == ("mine", "two")


@pytest.mark.parametrize("before", ["", "one\n"], ids=["new file", "generated before"])
def test_crash_between_ledger_and_file_leaves_no_orphan(project: Project, monkeypatch: pytest.MonkeyPatch, before: str):
    path = project.outline_path
    if before:
        generate(project, before)

    def crash(target: Path, text: str) -> None:
        if target == path:
            raise StorageError("crash")
        write_atomic(target, text)

    with monkeypatch.context() as patch:
        patch.setattr(ledger_module, "write_atomic", crash)
        with pytest.raises(StorageError):
            generate(project, "two\n", input_hash="h2")
    ledger = Ledger.load(project)
    assert ledger.state(path) == (FileState.GENERATED if before else FileState.MISSING)
    assert ledger.input_hash(path) is None, "it is not what the new sources give"
    assert generate(project, "two\n", input_hash="h2") == (path,)
    assert Ledger.load(project).input_hash(path) == "h2"


@pytest.mark.parametrize("content", [b"{", b"\xff", b'{"version": 1, "files": {"a": 3}}', b""])
def test_damaged_ledger_loses_nobodys_text(project: Project, caplog: pytest.LogCaptureFixture, content: bytes):
    generate(project, "one\n")
    path = project.story_dir / ".generated.json"
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert Ledger.load(project).state(project.outline_path) == FileState.WRITTEN
    assert "every story file of film counts as written by hand" in caplog.text
    assert generate(project, "two\n") == ()
    assert project.outline_path.read_text() == "one\n"
    assert path.with_name(".generated.json.damaged").read_bytes() == content
    assert not Ledger.load(project).is_damaged


def test_ledger_that_is_a_folder_is_damaged(project: Project, caplog: pytest.LogCaptureFixture):
    (project.story_dir / ".generated.json").mkdir()
    assert Ledger.load(project).is_damaged
    assert "is damaged" in caplog.text


def test_removing_takes_only_what_nobody_edited(project: Project):
    kept, gone, never = (project.clip_spec_path(f"A01_S01_SH00{number}") for number in (1, 2, 3))
    write_generated(project, {kept: "a", gone: "b"}, generator="g", input_hash="h")
    kept.write_text("mine")
    never.write_text("theirs")
    missing = project.clip_spec_path("A01_S01_SH009")
    assert remove_generated(project, [kept, gone, never, missing]) == (gone,)
    assert (kept.read_text(), never.read_text(), gone.exists()) == ("mine", "theirs", False)
    assert set(Ledger.load(project).entries) == {"prompts/clips/A01_S01_SH001.yaml"}


def test_entry_of_a_file_that_somebody_removed_is_forgotten(project: Project):
    generate(project, "one\n")
    project.outline_path.unlink()
    assert remove_generated(project, [project.outline_path]) == ()
    assert Ledger.load(project).entries == {}


def test_nothing_generated_writes_no_ledger(project: Project):
    assert write_generated(project, {}, generator="g", input_hash="h") == ()
    assert remove_generated(project, []) == ()
    assert not (project.story_dir / ".generated.json").exists()


@pytest.mark.parametrize("name", ["../../x", "/etc/x"])
def test_files_outside_the_project_are_refused(project: Project, name: str):
    with pytest.raises(InvalidRequestError, match="is not in the project film"):
        generate(project, "x", name=name)
