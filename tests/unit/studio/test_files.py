import errno
import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from vtx_dagster.core.errors import InvalidFileError, NotFoundError, StorageError
from vtx_dagster.studio import files
from vtx_dagster.studio.files import display_name, file_identity, hash_file, read_text, storage_errors, write_atomic


def test_write_makes_parents_and_leaves_nothing_else(tmp_path: Path):
    target = tmp_path / "a/b/c.txt"
    write_atomic(target, "grüße\r\n")
    assert target.read_bytes() == "grüße\r\n".encode()
    write_atomic(target, b"\x00\xff")
    assert target.read_bytes() == b"\x00\xff"
    assert [path.name for path in target.parent.iterdir()] == ["c.txt"]


def test_write_keeps_the_permissions_of_a_file(tmp_path: Path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    target.chmod(0o640)
    write_atomic(target, "new")
    assert target.stat().st_mode & 0o777 == 0o640


def test_write_replaces_a_link_and_not_what_it_points_to(tmp_path: Path):
    outside = tmp_path / "outside.txt"
    outside.write_text("theirs")
    link = tmp_path / "link.txt"
    link.symlink_to(outside)
    write_atomic(link, "ours")
    assert (outside.read_text(), link.read_text(), link.is_symlink()) == ("theirs", "ours", False)


def test_file_in_the_way_of_a_folder_is_named(tmp_path: Path):
    (tmp_path / "a").write_text("")
    with pytest.raises(StorageError, match=r"cannot write .*a/b.txt: a file is in the way") as caught:
        write_atomic(tmp_path / "a/b.txt", "x")
    assert caught.value.details["path"] == str(tmp_path / "a/b.txt")
    assert caught.value.retryable


def test_folder_in_the_way_of_a_file_leaves_no_partial(tmp_path: Path):
    (tmp_path / "a").mkdir()
    with pytest.raises(StorageError, match="a folder is in the way"):
        write_atomic(tmp_path / "a", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_disk_that_refuses_bytes_keeps_the_old_content(tmp_path: Path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    program = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from vtx_dagster.core.errors import StorageError\n"
        "from vtx_dagster.studio.files import write_atomic\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try: write_atomic(Path(sys.argv[1]), 'x' * 100_000)\n"
        "except StorageError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(target)], capture_output=True, text=True, check=True)
    assert f"cannot write {target}: the file is larger than this disk or session allows" in done.stdout
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EACCES, "no permission"),
        (errno.EIO, "check the disk"),
    ],
    ids=["full", "read-only", "forbidden", "other"],
)
def test_storage_errors_name_path_and_remedy(code: int, remedy: str):
    with pytest.raises(StorageError, match=rf"cannot write /films/x: {remedy}"), storage_errors(Path("/films/x")):
        raise OSError(code, os.strerror(code))


def test_storage_error_without_number_keeps_the_words():
    with pytest.raises(StorageError, match="strange disk"), storage_errors(Path("/films/x")):
        raise OSError("strange disk")


def test_concurrent_writers_leave_one_whole_text(tmp_path: Path):
    target = tmp_path / "a.txt"
    texts = [str(number) * 50_000 for number in range(4)]
    threads = [threading.Thread(target=write_atomic, args=(target, text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert target.read_text() in texts
    assert len(list(tmp_path.iterdir())) == 1


def test_hash_of_a_file(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"abc")
    assert hash_file(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize("read", [hash_file, read_text])
def test_missing_and_unreadable_files(tmp_path: Path, read):
    with pytest.raises(NotFoundError, match=r"none\.txt does not exist"):
        read(tmp_path / "none.txt")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(StorageError, match="symbolic links"):
        read(tmp_path / "loop")


def test_text_keeps_line_ends_and_drops_the_byte_order_mark(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\n")
    assert read_text(path) == "one\r\ntwo\n"


def test_text_that_is_not_utf8_names_the_line(tmp_path: Path):
    path = tmp_path / "story/a.fountain"
    path.parent.mkdir()
    path.write_bytes(b"one\ntwo\nna\xefve\n")
    with pytest.raises(InvalidFileError, match=r"^story/a\.fountain:3: byte 0xef is not UTF-8") as caught:
        read_text(path, root=tmp_path)
    assert caught.value.details == {"file": "story/a.fountain", "line": 3}
    with pytest.raises(InvalidFileError, match=rf"^{path}:3"):
        read_text(path)


def test_pipes_folders_and_giants_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(InvalidFileError, match="not a regular file"):
            read_text(path)
    monkeypatch.setattr(files, "MAX_TEXT_BYTES", 3)
    (tmp_path / "big").write_text("1234")
    with pytest.raises(InvalidFileError, match="4 bytes are too many"):
        read_text(tmp_path / "big")


def test_names_are_relative_to_a_root_that_they_lie_in():
    assert display_name(Path("/s/projects/f/a.yaml"), Path("/s")) == "projects/f/a.yaml"
    assert display_name(Path("/t/a.yaml"), Path("/s")) == "/t/a.yaml"


def test_identity_changes_with_whatever_may_have_changed_the_content(tmp_path: Path):
    target, link = tmp_path / "a.txt", tmp_path / "link.txt"
    target.write_text("one")
    link.symlink_to(target)
    found, facts = file_identity(target), target.stat()
    assert found == file_identity(str(target)) == file_identity(link)
    assert found == (3, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino)
    while target.stat().st_ctime_ns == facts.st_ctime_ns:
        target.write_text("two")
        os.utime(target, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert target.stat().st_mtime_ns == facts.st_mtime_ns
    assert file_identity(target) != found


def test_what_is_not_there_has_no_identity(tmp_path: Path):
    (tmp_path / "file").write_text("")
    assert file_identity(tmp_path / "no") is None
    assert file_identity(tmp_path / "file/below") is None


def test_identity_that_the_disk_does_not_give_is_an_error(tmp_path: Path):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(StorageError, match=r"cannot look at .*loop") as caught:
        file_identity(loop)
    assert caught.value.details == {"path": str(loop), "errno": errno.ELOOP}
