import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vtx_dagster.core.engines import RenderReport, RenderRequest, RenderSession
from vtx_dagster.core.errors import (
    CancelledError,
    ChangedInputError,
    EngineLostError,
    NotFoundError,
    OutOfMemoryError,
    ProcessError,
    RenderError,
    StorageError,
    VerificationError,
    VtxError,
)
from vtx_dagster.engines.animatic.board import Board
from vtx_dagster.engines.animatic.engine import AnimaticEngine
from vtx_dagster.production.render import find_take, render_clip, write_plan
from vtx_dagster.production.resolve import ResolvedClip, Resolver
from vtx_dagster.studio.project import Project
from vtx_dagster.studio.takes import TakeStore

CLIP = "A01_S01_SH010"
START = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


class Clock:
    """Moves on by a second whenever it is read."""

    def __init__(self) -> None:
        self.now = START - timedelta(seconds=1)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def project(make_project) -> Project:
    return make_project(clips=(CLIP,))


@pytest.fixture
def resolved(project: Project, engine) -> ResolvedClip:
    return Resolver.of(project, engine_for=lambda *_: engine).resolve(project.clip_spec(CLIP))


def files_under(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


def test_a_clip_is_rendered_verified_kept_and_shown(project, resolved, engine, media) -> None:
    told: list[tuple[int, int]] = []
    rendered = render_clip(
        project, resolved, session=engine, media=media, clock=Clock(), progress=lambda *frames: told.append(frames)
    )
    record = rendered.record
    assert (rendered.was_reused, rendered.is_shown) == (False, True)
    assert (record.clip, record.project, record.clip_hash, record.plan) == (CLIP, "film", resolved.clip_hash, resolved.plan)
    assert (record.started_at, record.render_s) == (START.isoformat(), 1.0)
    assert record.verification["num_frames"] == 9
    assert record.engine == {"files": []}
    assert record.size_bytes == rendered.take.path.stat().st_size
    assert told == [(9, 9)]
    assert project.current_path(CLIP).read_text() == f"{resolved.clip_hash} 1\n"
    assert rendered.take.log_path.read_text() == f"rendering {CLIP}\n"
    hash12 = resolved.clip_hash[:12]
    assert files_under(project.root / "renders") - {f".locks/{CLIP}.lock"} == {
        *(f"takes/{CLIP}/{hash12}{suffix}" for suffix in (".mp4", ".render.json", ".log.txt")),
        *(f"clips/{CLIP}{suffix}" for suffix in (".mp4", ".render.json", ".log.txt")),
    }

    again = render_clip(project, resolved, session=engine, media=media, clock=Clock())
    assert (again.was_reused, again.take, again.record) == (True, rendered.take, record)
    assert engine.renders == [CLIP]
    assert find_take(project, resolved).record == record


def test_force_renders_again_and_not_showing_leaves_what_is_shown(project, resolved, engine, media) -> None:
    render_clip(project, resolved, session=engine, media=media, clock=Clock(), show=False)
    assert not project.current_path(CLIP).exists()
    forced = render_clip(project, resolved, session=engine, media=media, clock=Clock(), force=True)
    assert not forced.was_reused
    assert project.current_path(CLIP).read_text() == f"{resolved.clip_hash} 2\n"


@pytest.mark.parametrize(
    "error", [RenderError("no ink"), ProcessError("exit 1"), OutOfMemoryError("too large")], ids=["engine", "process", "memory"]
)
def test_a_failure_is_on_record_until_a_later_success(project, resolved, engine, media, error: VtxError) -> None:
    store = TakeStore(project)
    engine.errors[CLIP] = error
    with pytest.raises(type(error), match=error.message):
        render_clip(project, resolved, session=engine, media=media, clock=Clock())
    failure = store.failure(CLIP, resolved.clip_hash)
    assert failure is not None
    assert (failure.clip, failure.code, failure.message) == (CLIP, error.code, error.message)
    hash12 = resolved.clip_hash[:12]
    log = project.takes_dir / CLIP / f"{hash12}.failed.log.txt"
    assert log.read_text() == f"rendering {CLIP}\n"
    assert error.details["log"] == str(log)
    assert not project.current_path(CLIP).exists()
    with pytest.raises(NotFoundError, match="film/A01_S01_SH010 has no take"):
        find_take(project, resolved)

    engine.errors.clear()
    render_clip(project, resolved, session=engine, media=media, clock=Clock())
    assert store.failure(CLIP, resolved.clip_hash) is None
    assert not [name for name in files_under(project.takes_dir) if "failed" in name]


def test_no_log_is_named_that_is_not_there(project, resolved, engine, media) -> None:
    engine.errors[CLIP] = RenderError("no ink")
    with pytest.raises(RenderError) as first:
        render_clip(project, resolved, session=engine, media=media, clock=Clock())
    log = Path(str(first.value.details["log"]))
    assert log.exists()

    def fail(request: RenderRequest) -> None:
        raise RenderError("no pen")

    engine.render_hook = fail
    with pytest.raises(RenderError, match="no pen") as second:
        render_clip(project, resolved, session=engine, media=media, clock=Clock())
    assert "log" not in second.value.details
    assert not log.exists()


def test_the_log_of_a_clip_that_cannot_be_drawn_is_there(make_project, media, monkeypatch) -> None:
    def fail(board: Board, frame_index: int) -> None:
        raise ValueError("a height of 0")

    monkeypatch.setattr(Board, "frame", fail)
    project = make_project(clips=(CLIP,))
    engine = AnimaticEngine()
    drawn = Resolver.of(project, engine_for=lambda *_: engine).resolve(project.clip_spec(CLIP))
    with engine.session() as session, pytest.raises(RenderError, match="cannot be drawn") as told:
        render_clip(project, drawn, session=session, media=media, clock=Clock())
    assert "ValueError: a height of 0" in Path(str(told.value.details["log"])).read_text(encoding="utf-8")


def test_what_was_not_verified_is_kept_for_a_look_and_is_no_take(project, resolved, engine, media) -> None:
    media.rejected.add(CLIP)
    with pytest.raises(VerificationError, match="every frame is black"):
        render_clip(project, resolved, session=engine, media=media, clock=Clock())
    kept = project.takes_dir / CLIP / f"{resolved.clip_hash[:12]}.failed.mp4"
    assert kept.read_text() == f"{resolved.clip_hash} 1\n"
    assert TakeStore(project).find(CLIP, resolved.clip_hash) is None
    assert json.loads(kept.with_suffix(".json").read_text())["code"] == "verification"


def test_a_failed_forced_render_leaves_the_take_that_there_was(project, resolved, engine, media) -> None:
    first = render_clip(project, resolved, session=engine, media=media, clock=Clock())
    media.rejected.add(CLIP)
    with pytest.raises(VerificationError):
        render_clip(project, resolved, session=engine, media=media, clock=Clock(), force=True)
    assert find_take(project, resolved).take == first.take
    assert project.current_path(CLIP).read_text() == f"{resolved.clip_hash} 1\n"


@pytest.mark.parametrize("kind", [EngineLostError, CancelledError])
def test_what_says_nothing_of_the_clip_is_not_held_against_it(project, resolved, engine, media, kind: type[VtxError]) -> None:
    engine.errors[CLIP] = kind("all machines are taken")
    with pytest.raises(kind):
        render_clip(project, resolved, session=engine, media=media, clock=Clock())
    assert TakeStore(project).failure(CLIP, resolved.clip_hash) is None
    assert files_under(project.root / "renders") == {f".locks/{CLIP}.lock"}


class Replacing:
    """A session during which somebody replaces an input file."""

    def __init__(self, session: RenderSession, path: Path) -> None:
        self._session = session
        self._path = path

    def render(self, request: RenderRequest) -> RenderReport:
        partial = self._path.with_suffix(".new")
        partial.write_bytes(self._path.read_bytes()[::-1])
        partial.replace(self._path)
        return self._session.render(request)


@pytest.mark.parametrize("error", [None, RenderError("half a picture")], ids=["rendered", "failed"])
def test_a_take_of_other_inputs_than_planned_is_not_kept(project, write_clip, engine, media, error: VtxError | None) -> None:
    picture = project.inputs_dir / "boat.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(b"boat")
    write_clip(project, CLIP, inputs={"mode": "i2v", "images": [{"file": "inputs/boat.png"}]})
    resolver = Resolver.of(project, engine_for=lambda *_: engine)
    planned = resolver.resolve(project.clip_spec(CLIP))
    if error is not None:
        engine.errors[CLIP] = error
    with pytest.raises(ChangedInputError, match=r"boat\.png changed while the clip was rendered") as caught:
        render_clip(project, planned, session=Replacing(engine, picture), media=media, clock=Clock())
    assert caught.value.retryable
    assert files_under(project.root / "renders") == {f".locks/{CLIP}.lock"}

    engine.errors.clear()
    again = resolver.resolve(project.clip_spec(CLIP))
    assert again.clip_hash != planned.clip_hash
    assert render_clip(project, again, session=engine, media=media, clock=Clock()).record.plan == again.plan


class FullDisk:
    """A session on a disk without room."""

    def render(self, request: RenderRequest) -> RenderReport:
        request.output.write_text("half")
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("given", ["raw", "stated"])
def test_a_disk_that_refuses_is_not_held_against_the_clip(project, resolved, engine, media, given: str) -> None:
    engine.errors[CLIP] = StorageError("the disk is full")
    session = FullDisk() if given == "raw" else engine
    with pytest.raises(StorageError):
        render_clip(project, resolved, session=session, media=media, clock=Clock())
    assert TakeStore(project).failure(CLIP, resolved.clip_hash) is None
    assert files_under(project.root / "renders") == {f".locks/{CLIP}.lock"}


def test_a_bug_passes_through_and_leaves_nothing(project, resolved, engine, media) -> None:
    engine.errors[CLIP] = ZeroDivisionError("a bug")
    with pytest.raises(ZeroDivisionError):
        render_clip(project, resolved, session=engine, media=media, clock=Clock())
    assert files_under(project.root / "renders") == {f".locks/{CLIP}.lock"}


def test_a_plan_is_written_once(project, resolved) -> None:
    assert write_plan(project, resolved)
    path = project.plan_path(CLIP)
    assert type(resolved.plan).model_validate_json(path.read_bytes()) == resolved.plan
    assert not write_plan(project, resolved)
    path.write_bytes(b"\xff not what it was")
    assert write_plan(project, resolved)
