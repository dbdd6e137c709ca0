import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from vtx_dagster.core.engines import RenderRequest, RenderSession
from vtx_dagster.core.errors import CancelledError, InvalidFileError, MissingInputError, NotFoundError, RenderError, VtxError
from vtx_dagster.core.plan import EngineIdentity, RenderPlan
from vtx_dagster.production.clips import ClipWorkshop, utc_now
from vtx_dagster.production.resolve import Resolver
from vtx_dagster.studio.project import Project

ONE, TWO, THREE = "A01_S01_SH010", "A01_S01_SH020", "A02_S01_SH010"


def test_engines_start_once_and_stop_at_the_end(make_project, workshop, engine) -> None:
    make_project("a")
    make_project("b")
    with workshop() as opened:
        assert engine.num_sessions == 0, "planning needs no engine"
        opened.plan("a", ONE)
        for slug, clip in (("a", ONE), ("a", TWO), ("b", ONE)):
            opened.render(slug, clip)
        assert (engine.num_sessions, engine.num_open_sessions) == (1, 1)
    assert engine.num_open_sessions == 0
    assert engine.renders == [ONE, TWO, ONE]


def test_engines_stop_after_an_error(make_project, workshop, engine) -> None:
    make_project()
    engine.errors[ONE] = RenderError("no")
    with workshop() as opened, pytest.raises(RenderError):
        opened.render("film", ONE)
    assert engine.num_open_sessions == 0


def test_a_bible_that_nobody_edits_is_read_once(make_project, workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    make_project()
    of, made = Resolver.of, []
    monkeypatch.setattr(Resolver, "of", lambda project, **more: made.append(project.slug) or of(project, **more))
    with workshop() as opened:
        for clip in (ONE, TWO, THREE):
            opened.render("film", clip)
    assert made == ["film"]


EDITS = {
    "style": ("prompts/style_bible.yaml", "prefix: In ink."),
    "characters": ("prompts/characters.yaml", "characters: {}\n"),
    "locations": ("prompts/locations.yaml", "locations: {}\n"),
    "loras": ("prompts/loras.yaml", "bundles: {}\n"),
    "metadata": ("metadata.yaml", None),
    "project settings": ("project.env", "LTX_MAX_FRAMES=17\n"),
    "studio settings": ("../../config/global.env", "LTX_MAX_FRAMES=17\n"),
    "models": ("../../config/models.env", "LTX_MAX_FRAMES=17\n"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_holds_from_the_next_clip_on(make_project, workshop, monkeypatch: pytest.MonkeyPatch, edit: str) -> None:
    project = make_project()
    of, made = Resolver.of, []
    monkeypatch.setattr(Resolver, "of", lambda project, **more: made.append(project.slug) or of(project, **more))
    name, text = EDITS[edit]
    path = project.root / name
    with workshop() as opened:
        opened.render("film", ONE)
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{path.read_text()}\n# edited\n" if text is None else text)
        opened.render("film", TWO)
        opened.render("film", THREE)
    assert made == ["film", "film"]


def test_after_an_edit_of_the_bible_no_take_is_stale_at_once(make_project, workshop, look) -> None:
    project = make_project()
    with workshop() as opened:
        opened.render("film", ONE)
        project.style_path.write_text("prefix: In ink.\n")
        opened.render("film", TWO)
    assert [clip.has_take for clip in look(project).clips] == [False, True, False]


def test_a_project_that_is_mended_goes_on(make_project, workshop) -> None:
    project = make_project()
    project.style_path.write_text("prefix: [\n")
    with workshop() as opened:
        with pytest.raises(InvalidFileError):
            opened.render("film", ONE)
        project.style_path.write_text("prefix: In ink.\n")
        assert not opened.render("film", ONE).was_reused


@dataclass(frozen=True)
class Rented:
    """An engine at some address."""

    address: str
    started: list[str] = field(compare=False)
    at_work: RenderSession = field(compare=False)
    draws: bool = False
    concurrency: int = 1

    @property
    def key(self) -> str:
        return self.address

    def accept(self, plan: RenderPlan, files: Mapping[str, Path]) -> RenderPlan:
        return plan

    @property
    def identity(self) -> EngineIdentity:
        return EngineIdentity(name="rented", version="1")

    @contextmanager
    def session(self) -> Iterator[RenderSession]:
        self.started.append(self.address)
        yield self.at_work


def test_engines_of_other_settings_have_sessions_of_their_own(make_project, studio, engine, media) -> None:
    started: list[str] = []
    addresses = {"a": "here", "b": "there", "c": "here"}
    for slug in addresses:
        make_project(slug)
    engines = {slug: Rented(address, started, engine) for slug, address in addresses.items()}
    with ClipWorkshop(studio, engine_for=lambda project, _name: engines[project.slug], media_for=lambda _: media) as opened:
        for slug in addresses:
            opened.render(slug, ONE)
    assert started == ["here", "there"], "the engines of a and c are equal"


def test_a_broken_project_fails_in_the_same_way_for_each_clip(make_project, workshop, engine) -> None:
    project = make_project("broken")
    make_project("whole")
    project.style_path.write_text("prefix: [\n")
    with workshop() as opened:
        errors: list[VtxError] = []
        for clip in (ONE, TWO):
            with pytest.raises(InvalidFileError, match=r"style_bible\.yaml:") as caught:
                opened.render("broken", clip)
            errors.append(caught.value)
        assert errors[0] is errors[1]
        assert not opened.render("whole", ONE).was_reused
        with pytest.raises(NotFoundError, match="there is no project 'no'"):
            opened.plan("no", ONE)


def test_a_plan_is_written_by_planning_and_by_rendering(make_project, workshop) -> None:
    project = make_project()
    with workshop() as opened:
        planned = opened.plan("film", ONE)
        opened.render("film", TWO)
    for clip in (ONE, TWO):
        assert project.plan_path(clip).is_file()
    assert planned.plan.model_dump_json(indent=2) + "\n" == project.plan_path(ONE).read_text()


def test_another_profile_makes_a_take_that_is_not_shown(make_project, workshop, engine) -> None:
    project = make_project()
    with workshop() as opened:
        small = opened.render("film", ONE, profile="small")
        assert (small.is_shown, small.record.plan.width) == (False, 64)
        assert not project.current_path(ONE).exists()
        assert not project.plan_path(ONE).exists()
        own = opened.render("film", ONE, profile="tiny")
        assert own.is_shown, "the clip's own profile by name is no other profile"
        assert opened.render("film", ONE).was_reused
        assert opened.find("film", ONE).take == own.take
        assert opened.strip("film", own) == b"webp of " + own.take.path.name.encode()
    assert engine.renders == [ONE, ONE]


def test_an_edit_during_a_render_does_not_lose_the_take(make_project, workshop, engine) -> None:
    project = make_project()

    def edit(_request: RenderRequest) -> None:
        for path in (project.style_path, project.metadata_path, project.env_path):
            path.write_text("version: [\n")

    engine.render_hook = edit
    with workshop() as opened:
        rendered = opened.render("film", ONE)
        assert opened.strip("film", rendered) == b"webp of " + rendered.take.path.name.encode()


def test_a_strip_of_a_take_that_another_workshop_rendered(make_project, workshop) -> None:
    make_project()
    with workshop() as opened:
        rendered = opened.render("film", ONE)
    assert workshop().strip("film", rendered) == b"webp of " + rendered.take.path.name.encode()


def test_finding_needs_a_take(make_project, workshop, write_clip) -> None:
    project = make_project()
    with workshop() as opened:
        with pytest.raises(NotFoundError, match="render it first"):
            opened.find("film", ONE)
        write_clip(project, TWO, inputs={"mode": "i2v", "images": [{"file": "inputs/no.png"}]})
        with pytest.raises(MissingInputError):
            opened.find("film", TWO)


def test_a_workshop_for_planning_cannot_render(make_project, studio, engine) -> None:
    make_project()
    with ClipWorkshop(studio, engine_for=lambda *_: engine) as opened, pytest.raises(TypeError, match="media_for"):
        opened.render("film", ONE)


@pytest.fixture
def killed(make_project) -> Project:
    """A project in which a process was killed while it rendered."""
    project = make_project()
    script = (
        "import os,sys; from pathlib import Path\n"
        "from vtx_dagster.studio.project import Studio; from vtx_dagster.studio.takes import TakeStore\n"
        "with TakeStore(Studio.open(Path(sys.argv[1]), {}).project('film')).scratch('A01_S01_SH010') as folder:\n"
        "    (folder / 'clip.mp4').write_text('half'); os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(project.studio.root)], check=False)
    assert list(project.scratch_dir.rglob("clip.mp4")), "the test needs something to sweep"
    return project


def test_rendering_sweeps_up_what_a_killed_process_left(killed: Project, workshop) -> None:
    with workshop() as opened:
        opened.plan("film", ONE)
        opened.render("film", ONE)
    assert not list(killed.scratch_dir.rglob("clip.mp4"))


def test_the_time_is_that_of_the_whole_world() -> None:
    assert utc_now().tzname() == "UTC"


def test_who_waits_for_an_engine_can_be_called_off(make_project, workshop, engine) -> None:
    make_project()
    begun, go_on = threading.Event(), threading.Event()

    def hook(_request: RenderRequest) -> None:
        begun.set()
        assert go_on.wait(20)

    engine.render_hook = hook
    answers = iter([False, True])
    with workshop() as opened:
        first = threading.Thread(target=opened.render, args=("film", ONE))
        first.start()
        assert begun.wait(20)
        with pytest.raises(CancelledError, match=f"{TWO} was called off before its render began"):
            opened.render("film", TWO, cancelled=lambda: next(answers))
        go_on.set()
        first.join()
    assert engine.renders == [ONE]


def test_a_workshop_that_only_finds_takes_starts_no_engine(make_project, workshop, engine, render_all) -> None:
    render_all(make_project())
    engine.num_sessions = 0
    with workshop() as opened:
        assert opened.render("film", ONE).was_reused
    assert engine.num_sessions == 0


def test_an_engine_is_told_what_it_may_do(make_project, workshop, engine) -> None:
    make_project("strict", clips=(ONE,))
    make_project("lax", clips=(ONE,), render={"allow_degrade": True})
    engine.gpu_s = 2.5
    called_off = False
    with workshop() as opened:
        for slug in ("strict", "lax"):
            rendered = opened.render(slug, ONE, cancelled=lambda: called_off)
            assert rendered.record.engine["gpu_s"] == 2.5
    assert [request.may_degrade for request in engine.requests] == [False, True]
    assert [request.cancelled() for request in engine.requests] == [False, False]
    called_off = True
    assert engine.requests[0].cancelled()
