import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vtx_dagster.core.clip import InputMode, Pipeline
from vtx_dagster.core.errors import InvalidFileError, NotFoundError, StorageError
from vtx_dagster.core.plan import EngineIdentity, RenderPlan
from vtx_dagster.studio.project import Project
from vtx_dagster.studio.takes import FailureRecord, Take, TakeRecord, TakeStore, read_sidecar

CLIP = "A01_S01_SH001"


def plan(seed: int = 1, clip: str = CLIP) -> RenderPlan:
    return RenderPlan(
        clip=clip,
        engine=EngineIdentity(name="fake", version="1"),
        pipeline=Pipeline.DISTILLED,
        mode=InputMode.T2V,
        prompt="Rain.",
        negative_prompt="",
        seed=seed,
        width=64,
        height=64,
        fps=16,
        content_frames=16,
        render_frames=17,
    )


def record(seed: int = 1, *, finished_at: str = "2026-01-01T00:00:01+00:00") -> TakeRecord:
    one = plan(seed)
    return TakeRecord.of(
        one,
        project="film",
        clip_hash=one.clip_hash(),
        started_at="2026-01-01T00:00:00+00:00",
        finished_at=finished_at,
        render_s=1.0,
        engine={"steps": 3},
        verification={"num_frames": 17},
    )


@pytest.fixture
def store(project: Project) -> TakeStore:
    return TakeStore(project)


def put(store: TakeStore, seed: int = 1, content: bytes = b"movie", **changes: str) -> Take:
    with store.scratch(CLIP) as folder:
        (folder / "clip.mp4").write_bytes(content)
        (folder / "log.txt").write_text("log")
        return store.store(folder / "clip.mp4", record(seed, **changes), log=folder / "log.txt")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_take_is_found_by_its_hash(store: TakeStore):
    clip_hash = plan().clip_hash()
    assert store.find(CLIP, clip_hash) is None
    take = put(store)
    assert store.find(CLIP, clip_hash) == take
    assert take.path == store.take_path(CLIP, clip_hash) == store.project.takes_dir / CLIP / f"{clip_hash[:12]}.mp4"
    assert (take.path.read_bytes(), take.log_path.read_text()) == (b"movie", "log")
    found = store.record(take)
    assert (found.size_bytes, found.sha256) == (5, hashlib.sha256(b"movie").hexdigest())
    assert (found.engine, found.verification, found.plan) == ({"steps": 3}, {"num_frames": 17}, plan())
    assert store.find(CLIP, clip_hash[:12] + "0" * 52) is None, "the whole hash counts"
    assert store.find("A01_S01_SH002", clip_hash) is None
    assert names(store.project.scratch_dir) == [".lock"]


def test_render_without_log_is_a_take(store: TakeStore, tmp_path: Path):
    (tmp_path / "x.mp4").write_bytes(b"movie")
    take = store.store(tmp_path / "x.mp4", record(), log=tmp_path / "none.txt")
    assert not take.log_path.exists()
    assert store.make_current(take)
    assert names(store.project.current_dir) == [f"{CLIP}.mp4", f"{CLIP}.render.json"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda take: take.path.write_bytes(b"mov"),
        lambda take: take.sidecar_path.write_text(take.sidecar_path.read_text()[:40]),
        lambda take: take.sidecar_path.write_text("[]"),
        lambda take: take.sidecar_path.write_bytes(b"\xff\xfe"),
        lambda take: take.sidecar_path.unlink(),
        lambda take: take.path.unlink(),
    ],
    ids=["truncated", "half a sidecar", "other json", "no text", "no sidecar", "no file"],
)
def test_damaged_take_is_none_and_can_be_stored_anew(store: TakeStore, damage):
    take = put(store)
    damage(take)
    assert store.find(take.clip, take.clip_hash) is None
    assert store.takes(CLIP) == ()
    again = put(store, content=b"whole")
    assert again == take
    assert store.find(take.clip, take.clip_hash) == take
    assert take.path.read_bytes() == b"whole"


@pytest.mark.parametrize(
    "change",
    [
        lambda sidecar: sidecar | {"graded": True},
        lambda sidecar: sidecar | {"version": 2},
        lambda sidecar: sidecar | {"plan": sidecar["plan"] | {"scheduler": "euler"}},
        lambda sidecar: sidecar | {"plan": {"pipeline": "gone"}},
        lambda sidecar: {key: value for key, value in sidecar.items() if key not in ("plan", "render_s")},
    ],
    ids=["new field", "new version", "new field of the plan", "old plan", "no plan"],
)
def test_take_of_another_version_stays_in_use(store: TakeStore, change):
    take = put(store)
    store.make_current(take)
    sidecar = change(json.loads(take.sidecar_path.read_text()))
    take.sidecar_path.write_text(json.dumps(sidecar))
    assert store.find(take.clip, take.clip_hash) == take
    assert store.takes(CLIP) == (take,)
    assert store.current_hash(CLIP) == take.clip_hash
    with pytest.raises(InvalidFileError, match=r"render\.json:1: the plan of another version of vtx .* stays in use"):
        store.record(take)
    found = store.record(take, plan=plan())
    assert (found.plan, found.clip_hash, found.size_bytes) == (plan(), take.clip_hash, 5)
    take.sidecar_path.write_text("{}")
    with pytest.raises(InvalidFileError, match="not a take's sidecar"):
        store.record(take, plan=plan())
    assert (found.finished_at, found.render_s) == ("2026-01-01T00:00:01+00:00", sidecar.get("render_s", 0.0))


def test_truncated_file_is_set_aside(store: TakeStore):
    take = put(store)
    take.path.write_bytes(b"mov")
    put(store, content=b"whole")
    assert take.path.with_suffix(".mp4.damaged").read_bytes() == b"mov"


def test_take_can_be_replaced_by_one_of_the_same_plan(store: TakeStore):
    store.make_current(put(store))
    take = put(store, content=b"MOVIE")
    assert take.path.read_bytes() == b"MOVIE"
    assert not take.path.with_suffix(".mp4.damaged").exists()
    assert store.project.current_path(CLIP).read_bytes() == b"movie", "the current take is a link of its own"
    assert store.make_current(take)
    assert store.project.current_path(CLIP).read_bytes() == b"MOVIE"


def test_current_take_is_a_link_and_changes_only_when_it_must(store: TakeStore):
    project = store.project
    assert store.current_hash(CLIP) is None
    first, second = put(store, 1, b"one"), put(store, 2, b"two!")
    assert store.make_current(first) is True
    assert store.make_current(first) is False
    assert project.current_path(CLIP).samefile(first.path)
    assert store.current_hash(CLIP) == first.clip_hash
    assert store.make_current(second) is True
    assert (project.current_path(CLIP).read_bytes(), store.current_hash(CLIP)) == (b"two!", second.clip_hash)
    assert store.make_current(first) is True
    assert names(project.current_dir) == [f"{CLIP}.log.txt", f"{CLIP}.mp4", f"{CLIP}.render.json"]
    assert first.path.read_bytes() == b"one"
    assert second.path.read_bytes() == b"two!"


def test_crash_while_making_current_is_mended(store: TakeStore):
    first, second = put(store, 1, b"one"), put(store, 2, b"two")
    store.make_current(first)
    current = store.project.current_path(CLIP)
    current.with_suffix(".render.json").unlink()
    current.unlink()
    os.link(second.path, current)
    assert store.current_hash(CLIP) is None
    assert store.make_current(first) is True
    assert (current.read_bytes(), store.current_hash(CLIP)) == (b"one", first.clip_hash)


def test_link_of_the_same_file_leaves_no_partial(store: TakeStore):
    take = put(store)
    store.make_current(take)
    current = store.project.current_path(CLIP)
    current.with_suffix(".render.json").unlink()
    assert store.make_current(take) is True
    assert names(store.project.current_dir) == [f"{CLIP}.log.txt", f"{CLIP}.mp4", f"{CLIP}.render.json"]


def test_copies_where_the_disk_has_no_links(store: TakeStore, monkeypatch: pytest.MonkeyPatch):
    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    take = put(store)
    assert store.make_current(take) is True
    current = store.project.current_path(CLIP)
    assert not current.samefile(take.path)
    assert (current.read_bytes(), store.current_hash(CLIP)) == (b"movie", take.clip_hash)
    assert store.make_current(take) is False, "a copy is known again"


def test_disk_that_refuses_links_otherwise_is_an_error(store: TakeStore, monkeypatch: pytest.MonkeyPatch):
    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    take = put(store)
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with pytest.raises(StorageError, match="the disk is full"):
        store.make_current(take)


def test_takes_folder_on_another_disk(store: TakeStore, monkeypatch: pytest.MonkeyPatch):
    real = Path.replace

    def other_disk(self: Path, target: Path) -> Path:
        if "renders/takes" in str(target) and "renders/takes" not in str(self):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", other_disk)
    take = put(store)
    assert store.find(CLIP, take.clip_hash) == take
    assert take.path.read_bytes() == b"movie"


def test_disk_that_refuses_a_take_keeps_the_render(store: TakeStore, monkeypatch: pytest.MonkeyPatch):
    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with store.scratch(CLIP) as folder:
        (folder / "clip.mp4").write_bytes(b"movie")
        with pytest.raises(StorageError, match="the disk is full"):
            store.store(folder / "clip.mp4", record())
        assert (folder / "clip.mp4").read_bytes() == b"movie"


def test_copy_that_fails_leaves_no_partial(store: TakeStore, monkeypatch: pytest.MonkeyPatch):
    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "replace", refuse)
    with store.scratch(CLIP) as folder:
        (folder / "clip.mp4").write_bytes(b"movie")
        with pytest.raises(StorageError, match="cannot store"):
            store.store(folder / "clip.mp4", record())
        assert (folder / "clip.mp4").read_bytes() == b"movie", "the render is not lost"
    assert names(store.project.takes_dir / CLIP) == []


def test_takes_of_a_clip_are_in_order_of_time(store: TakeStore):
    assert store.takes(CLIP) == ()
    late = put(store, 1, finished_at="2026-01-03T00:00:00+00:00")
    early = put(store, 2, finished_at="2026-01-02T00:00:00+00:00")
    assert store.takes(CLIP) == (early, late)


def test_sidecar_that_is_corrupt_or_missing(tmp_path: Path):
    with pytest.raises(NotFoundError):
        read_sidecar(tmp_path / "none.render.json")
    (tmp_path / "x.render.json").write_text('{"version": 1}')
    with pytest.raises(InvalidFileError, match=r"x\.render\.json:1: not a take's sidecar"):
        read_sidecar(tmp_path / "x.render.json")


def test_disk_that_refuses_to_be_read(store: TakeStore):
    take = put(store)
    take.sidecar_path.unlink()
    take.sidecar_path.mkdir()
    with pytest.raises(StorageError, match="cannot read"):
        store.find(CLIP, take.clip_hash)
    take.path.unlink()
    take.path.symlink_to(take.path)
    with pytest.raises(StorageError, match="cannot look at"):
        store.find(CLIP, take.clip_hash)


def failure(seed: int = 1) -> FailureRecord:
    return FailureRecord(
        clip=CLIP, clip_hash=plan(seed).clip_hash(), code="render", message="It broke.", failed_at="2026-01-01T00:00:00Z"
    )


def test_failure_is_kept_with_its_file_until_a_take_is_stored(store: TakeStore):
    clip_hash = plan().clip_hash()
    assert store.failure(CLIP, clip_hash) is None
    with store.scratch(CLIP) as folder:
        (folder / "clip.mp4").write_bytes(b"black")
        store.record_failure(failure(), rendered=folder / "clip.mp4", log=folder / "none.txt")
    assert store.failure(CLIP, clip_hash) == failure()
    assert store.failure(CLIP, plan(2).clip_hash()) is None
    assert names(store.project.takes_dir / CLIP) == [f"{clip_hash[:12]}.failed.json", f"{clip_hash[:12]}.failed.mp4"]
    assert store.takes(CLIP) == ()
    put(store)
    assert store.failure(CLIP, clip_hash) is None
    assert not [name for name in names(store.project.takes_dir / CLIP) if "failed" in name]


def test_what_is_kept_of_a_failure_is_of_the_latest_one(store: TakeStore):
    folder = store.project.takes_dir / CLIP
    base = plan().clip_hash()[:12]
    with store.scratch(CLIP) as scratch:
        (scratch / "clip.mp4").write_bytes(b"black")
        (scratch / "log.txt").write_text("drawn", encoding="utf-8")
        kept = store.record_failure(failure(), rendered=scratch / "clip.mp4", log=scratch / "log.txt")
    assert kept == folder / f"{base}.failed.log.txt"
    assert kept.read_text(encoding="utf-8") == "drawn"
    assert names(folder) == [f"{base}.failed{suffix}" for suffix in (".json", ".log.txt", ".mp4")]
    assert store.record_failure(failure(), log=scratch / "log.txt") is None
    assert names(folder) == [f"{base}.failed.json"]


def test_failure_of_a_clip_with_nothing_to_show(store: TakeStore):
    store.record_failure(failure())
    store.clear_failure(CLIP, plan().clip_hash())
    store.clear_failure(CLIP, plan().clip_hash())
    assert names(store.project.takes_dir / CLIP) == []


def test_corrupt_failure_counts_as_none(store: TakeStore):
    store.record_failure(failure())
    (store.project.takes_dir / CLIP / f"{plan().clip_hash()[:12]}.failed.json").write_text("{")
    assert store.failure(CLIP, plan().clip_hash()) is None


def test_scratch_is_removed_and_swept(store: TakeStore):
    assert store.sweep_scratch() == 0
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from vtx_dagster.studio.project import Studio\n"
        "from vtx_dagster.studio.takes import TakeStore\n"
        "with TakeStore(Studio.open(Path(sys.argv[1]), {}).project('film')).scratch('dead') as folder:\n"
        "    (folder / 'clip.mp4').write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(store.project.studio.root)], check=False)
    assert done.returncode == -signal.SIGKILL
    with store.scratch("living") as folder:
        (folder / "clip.mp4").write_text("half")
        assert len(names(store.project.scratch_dir)) == 3
        assert store.sweep_scratch() == 1
        assert (folder / "clip.mp4").exists()
    assert names(store.project.scratch_dir) == [".lock"]


def test_scratch_is_removed_after_an_error(store: TakeStore):
    with pytest.raises(ValueError, match="x"), store.scratch(CLIP):
        raise ValueError("x")
    assert names(store.project.scratch_dir) == [".lock"]


def test_scratch_that_cannot_be_made(store: TakeStore):
    store.project.scratch_dir.write_text("")
    with pytest.raises(StorageError, match="cannot make"), store.scratch(CLIP):
        pass


FORKS = """
import os, signal, sys
from pathlib import Path
from vtx_dagster.studio.project import Studio
from vtx_dagster.studio.takes import TakeRecord, TakeStore

store = TakeStore(Studio.open(Path(sys.argv[1]), {}).project("film"))
record = TakeRecord.model_validate_json(sys.argv[2])
rendered = store.project.root / "renders/x.mp4"
CALLS = {"os.rename", "os.link", "os.remove", "os.mkdir", "open", "shutil.copyfile"}

def work(left):
    def count(event, arguments):
        nonlocal left
        if event in CALLS and str(store.project.root) in str(arguments[0]):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    rendered.write_bytes(b"whole movie")
    sys.addaudithook(count)
    store.make_current(store.store(rendered, record))
    os._exit(0)

for line in sys.stdin:
    child = os.fork() or work(int(line))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_kill_at_any_moment_leaves_a_whole_take_or_none(store: TakeStore):
    """A fork is killed before its first, second, third... change of the disk, on top of an older take of the same clip."""
    old = put(store, 2, b"old movie")
    store.make_current(old)
    one = record()
    contents = {one.clip_hash: b"whole movie", old.clip_hash: b"old movie"}
    command = [sys.executable, "-c", FORKS, str(store.project.studio.root), one.model_dump_json()]
    kills = whole = 0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as forks:
        assert forks.stdin is not None
        assert forks.stdout is not None
        while True:
            print(kills, file=forks.stdin, flush=True)
            code = int(forks.stdout.readline())
            take, current = store.find(CLIP, one.clip_hash), store.current_hash(CLIP)
            whole += take is not None
            assert take is None or take.path.read_bytes() == b"whole movie"
            assert current is None or store.project.current_path(CLIP).read_bytes() == contents[current]
            assert store.find(CLIP, old.clip_hash) == old
            if code == 0:
                break
            assert code == -signal.SIGKILL
            kills += 1
    assert kills > 10
    assert whole > 3, "some of them died after the take was whole"
    assert store.current_hash(CLIP) == one.clip_hash
