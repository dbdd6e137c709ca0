"""A tiny studio, and stand-ins for the engine and the media tool that are as fast as copying a few bytes."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import dagster as dg
import pytest
import yaml
from pydantic import JsonValue

from vtx_dagster.core.engines import (
    MediaFacts,
    MediaTool,
    Progress,
    RenderEngine,
    RenderReport,
    RenderRequest,
    Segment,
    no_progress,
)
from vtx_dagster.core.errors import VerificationError, VtxError
from vtx_dagster.core.plan import EngineIdentity, RenderPlan
from vtx_dagster.core.planner import ProjectRecord
from vtx_dagster.production.clips import ClipWorkshop
from vtx_dagster.production.survey import survey
from vtx_dagster.resources.ffmpeg import FfmpegResource
from vtx_dagster.resources.ltx import LtxPipeline
from vtx_dagster.resources.studio import StudioResource
from vtx_dagster.studio.project import Project, Studio

FORMAT = {"width": 128, "height": 72, "fps": 8}
FACTS = MediaFacts(
    width=FORMAT["width"],
    height=FORMAT["height"],
    fps=Fraction(FORMAT["fps"]),
    num_frames=1,
    duration_s=Fraction(1, FORMAT["fps"]),
    video_codec="h264",
    pixel_format="yuv420p",
    audio_codec="aac",
    audio_rate_hz=48_000,
    audio_channels=2,
    audio_s=Fraction(1, FORMAT["fps"]),
    size_bytes=0,
)


class FakeEngine:
    """A ``RenderEngine`` that writes the plan's hash in place of a film, counts what it rendered, and fails when told to."""

    def __init__(self) -> None:
        self.version = "1"
        self.draws = False
        self.renders: list[str] = []
        self.errors: dict[str, Exception] = {}
        self.num_sessions = 0
        self.num_open_sessions = 0
        self.key = "fake"
        self.concurrency = 1
        self.refuses: dict[str, VtxError] = {}
        self.requests: list[RenderRequest] = []
        self.facts: dict[str, JsonValue] = {}
        self.gpu_s = 0.0
        self.render_hook: Callable[[RenderRequest], None] = lambda _request: None

    @property
    def identity(self) -> EngineIdentity:
        return EngineIdentity(name="fake", version=self.version)

    def accept(self, plan: RenderPlan, files: Mapping[str, Path]) -> RenderPlan:
        if plan.clip in self.refuses:
            raise self.refuses[plan.clip]
        return plan

    @contextmanager
    def session(self) -> Iterator["FakeEngine"]:
        self.num_sessions += 1
        self.num_open_sessions += 1
        try:
            yield self
        finally:
            self.num_open_sessions -= 1

    def render(self, request: RenderRequest) -> RenderReport:
        plan = request.plan
        self.renders.append(plan.clip)
        self.requests.append(request)
        self.render_hook(request)
        request.log.write_text(f"rendering {plan.clip}\n", encoding="utf-8")
        if plan.clip in self.errors:
            raise self.errors[plan.clip]
        request.output.write_text(f"{plan.clip_hash()} {len(self.renders)}\n", encoding="utf-8")
        request.progress(plan.file_frames, plan.file_frames)
        files: list[JsonValue] = [str(path) for path in sorted(request.files.values())]
        return RenderReport(facts={"files": files, **self.facts}, gpu_s=self.gpu_s)


class FakeMedia:
    """A ``MediaTool`` for what ``FakeEngine`` makes: files of lines, joined by putting them one after another."""

    def __init__(self) -> None:
        self.rejected: set[str] = set()
        self.slates: list[tuple[str, int]] = []
        self.joined: list[tuple[str, ...]] = []
        self.num_frames_lost = 0

    def verify(self, path: Path, plan: RenderPlan) -> MediaFacts:
        if plan.clip in self.rejected:
            raise VerificationError(f"{path}: every frame is black", clip=plan.clip)
        return self._facts(path, plan.file_frames)

    def probe(self, path: Path) -> MediaFacts:
        return self._facts(path, 9)

    def strip(self, path: Path) -> bytes:
        return b"webp of " + path.name.encode()

    def assemble(
        self,
        segments: Sequence[Segment],
        output: Path,
        *,
        fps: int,
        width: int,
        height: int,
        log: Path,
        progress: Progress = no_progress,
    ) -> MediaFacts:
        assert (fps, width, height) == (FORMAT["fps"], FORMAT["width"], FORMAT["height"])
        self.joined.append(tuple(segment.name for segment in segments))
        output.write_text("".join(segment.path.read_text(encoding="utf-8") for segment in segments), encoding="utf-8")
        total = sum(segment.content_frames for segment in segments)
        progress(total, total)
        return self._facts(output, total - self.num_frames_lost)

    def slate(self, output: Path, *, text: str, num_frames: int, fps: int, width: int, height: int) -> None:
        self.slates.append((text, num_frames))
        output.write_text(f"slate {text!r}\n", encoding="utf-8")

    def _facts(self, path: Path, num_frames: int) -> MediaFacts:
        duration_s = Fraction(num_frames, FORMAT["fps"])
        return replace(FACTS, num_frames=num_frames, duration_s=duration_s, audio_s=duration_s, size_bytes=path.stat().st_size)


def write_yaml(path: Path, content: Mapping[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump({"version": 1, **content}, sort_keys=False), encoding="utf-8")


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio.init(tmp_path / "studio", {})


@pytest.fixture
def write_clip() -> Callable[..., Path]:
    """Write the spec of a clip of one second."""

    def write(project: Project, clip: str, **fields: object) -> Path:
        path = project.clip_spec_path(clip)
        write_yaml(path, {"id": clip, "duration": {"seconds": 1}, **fields})
        return path

    return write


@pytest.fixture
def write_metadata() -> Callable[..., None]:
    """Write a ``metadata.yaml`` with the tiny format."""

    def write(project: Project, *, title: str = "Film", render: Mapping[str, object] | None = None, **fields: object) -> None:
        profiles = {"tiny": FORMAT, "small": {**FORMAT, "width": 64, "height": 64}, "slow": {**FORMAT, "fps": 4}}
        options = {"profile": "tiny", "profiles": profiles, **(render or {})}
        write_yaml(project.metadata_path, {"title": title, "render": options, **fields})

    return write


@pytest.fixture
def write_bible() -> Callable[..., None]:
    """Write one file of a bible, such as ``characters``."""

    def write(project: Project, name: str, **fields: object) -> None:
        write_yaml(project.root / "prompts" / f"{name}.yaml", fields)

    return write


@pytest.fixture
def make_project(studio: Studio, write_clip: Callable[..., Path], write_metadata: Callable[..., None]) -> Callable[..., Project]:
    """Make a project with clips of one second each at 128x72 and 8 fps."""
    three = ("A01_S01_SH010", "A01_S01_SH020", "A02_S01_SH010")

    def make(slug: str = "film", clips: Sequence[str] = three, **meta: object) -> Project:
        project = studio.create_project(slug, title="Film")
        write_metadata(project, **meta)
        for clip in clips:
            write_clip(project, clip)
        return project

    return make


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def media() -> FakeMedia:
    return FakeMedia()


@pytest.fixture
def workshop(studio: Studio, engine: FakeEngine, media: FakeMedia) -> Callable[[], ClipWorkshop]:
    """Make a workshop with the fakes."""
    return lambda: ClipWorkshop(studio, engine_for=lambda _project, _name: engine, media_for=lambda _: media)


@pytest.fixture
def render_all(workshop: Callable[[], ClipWorkshop]) -> Callable[[Project], None]:
    """Render every clip of a project with the fakes, as far as need be."""

    def render(project: Project) -> None:
        with workshop() as opened:
            for clip in project.clip_ids():
                opened.render(project.slug, clip)

    return render


@pytest.fixture
def look(engine: FakeEngine) -> Callable[[Project], ProjectRecord]:
    """Survey a project with the fake engine."""
    return lambda project: survey(project, engine_for=lambda _project, _name: engine)


@pytest.fixture
def ltx_with() -> Callable[[RenderEngine], LtxPipeline]:
    """Make the engine resource hand out a given engine."""

    def make(given: RenderEngine) -> LtxPipeline:
        class GivenEngine(LtxPipeline):
            def engine_for(self, project: Project, name: str = "") -> RenderEngine:
                return given

        return GivenEngine()

    return make


@pytest.fixture
def ffmpeg_with() -> Callable[[MediaTool], FfmpegResource]:
    """Make the media resource hand out a given tool."""

    def make(given: MediaTool) -> FfmpegResource:
        class GivenTool(FfmpegResource):
            def media_for(self, project: Project) -> MediaTool:
                return given

        return GivenTool()

    return make


@pytest.fixture
def studio_resource(studio: Studio) -> StudioResource:
    return StudioResource(home=str(studio.root))


@pytest.fixture(scope="session")
def empty_dagster_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance on disk that was never used: making one takes a second or more, copying it is quick."""
    home = tmp_path_factory.mktemp("dagster")
    with dg.DagsterInstance.local_temp(str(home)) as instance:
        instance.get_runs()
        instance.get_dynamic_partitions("clips")
    return home


@pytest.fixture
def sqlite_instance(tmp_path: Path, empty_dagster_home: Path) -> Iterator[dg.DagsterInstance]:
    """An instance on disk, as sensors need it."""
    home = tmp_path / "dagster"
    shutil.copytree(empty_dagster_home, home)
    with dg.DagsterInstance.local_temp(str(home)) as instance:
        yield instance


@pytest.fixture
def ephemeral_instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance
