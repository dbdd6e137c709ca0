"""The studio as a person sees it in the browser: Dagster's UI against a real `vtx dev`.

The tests share one studio and go through its life in order; each asks by its fixtures for what must have happened before, so
each can be run alone. The two projects start with `automation` switched off, so that nothing but the clicks renders.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import av
import pytest
import yaml

from vtx_dagster.studio.project import Project, Studio

if TYPE_CHECKING:
    from studio_browser import Screen

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ASSETS = {
    "story": {"brief", "outline", "treatment", "screenplay", "shotlist"},
    "continuity": {"bible", "bible_proposal"},
    "clips": {"clip_spec", "rendered_clip"},
    "cut": {"act", "film"},
}
FPS = 8
CLIPS = {"harbour": ("A01_S01_SH010", "A01_S01_SH020", "A02_S01_SH010"), "lantern": ("A01_S01_SH010", "A01_S01_SH020")}
KEYS = {f"{project}/{clip}" for project, clips in CLIPS.items() for clip in clips}
DROPPED = "A01_S01_SH015"

_TRACEBACK = re.compile(r"^Traceback .*\n(?:[ \t]+.*\n)+\S.*", re.MULTILINE)
_CLOSED_CHANNEL = "grpc._cython.cygrpc.PollerCompletionQueue._handle_events"
"""gRPC's own complaint about an event loop that has ended: https://github.com/grpc/grpc/issues/25364."""


def write_yaml(path: Path, content: Mapping[str, object]) -> None:
    path.write_text(yaml.safe_dump({"version": 1, **content}, sort_keys=False), encoding="utf-8")


def write_metadata(project: Project, *, automation: bool) -> None:
    write_yaml(
        project.metadata_path,
        {
            "title": project.slug.title(),
            "render": {"profile": "tiny", "profiles": {"tiny": {"width": 128, "height": 72, "fps": FPS}}},
            "automation": {"render": automation, "assemble": automation},
        },
    )


def write_clip(project: Project, clip: str) -> None:
    """Write the spec of a clip of one second in which the whole picture moves."""
    spec = {"id": clip, "action": "The tide turns.", "camera": {"move": "dolly_in"}, "duration": {"seconds": 1}}
    write_yaml(project.clip_spec_path(clip), spec)


def num_frames(path: Path) -> int:
    with av.open(str(path)) as film:
        return sum(1 for _ in film.decode(video=0))


@pytest.fixture(scope="module")
def studio_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    studio = Studio.init(tmp_path_factory.mktemp("studio"), {})
    for slug, clips in CLIPS.items():
        project = studio.create_project(slug, title=slug.title())
        write_metadata(project, automation=False)
        for clip in clips:
            write_clip(project, clip)
    return studio.root


@pytest.fixture(scope="module")
def studio(studio_root: Path) -> Studio:
    return Studio.open(studio_root, {})


@pytest.fixture(scope="module")
def backfills(screen: "Screen") -> tuple[str, str]:
    """Launch two backfills of missing clips at once: of plans and takes together, and of takes alone; wait for their runs."""
    both = screen.materialize(group_page("clips"), "Missing")
    takes = screen.materialize("/assets/rendered_clip", "Missing")
    for backfill, num_runs in ((both, 2), (takes, 1)):
        screen.until(
            f"{num_runs} finished runs of backfill {backfill}",
            lambda backfill=backfill, num_runs=num_runs: (
                [status for status, _ in screen.server.runs_of(backfill) if status in ("SUCCESS", "FAILURE", "CANCELED")]
                == ["SUCCESS"] * num_runs
            ),
            timeout_s=180,
        )
    return both, takes


@pytest.fixture(scope="module")
def films_backfill(screen: "Screen", backfills: tuple[str, str]) -> str:
    backfill = screen.materialize("/assets/film", "All")
    screen.until("two films", lambda: screen.server.partitions("film")["materialized"] == set(CLIPS), timeout_s=120)
    return backfill


@pytest.fixture(scope="module")
def dropped(films_backfill: str, studio: Studio) -> Project:
    """A new clip in one project while the other is broken, with the sensors at work."""
    (studio.root / "projects/lantern/metadata.yaml").write_text("version: 1\ntitle: Lantern\nrender: [broken\n", encoding="utf-8")
    harbour = studio.project("harbour")
    write_metadata(harbour, automation=True)
    write_clip(harbour, DROPPED)
    return harbour


def group_page(group: str) -> str:
    from studio_browser import LOCATION

    return f"{LOCATION}/asset-groups/{group}"


def test_graph_shows_every_asset_inside_its_group(screen: "Screen") -> None:
    screen.open_graph()
    names = {*ASSETS, *(name for names in ASSETS.values() for name in names)}
    screen.until(f"boxes for {sorted(names)}", lambda: names <= screen.boxes().keys())
    boxes = screen.boxes()

    def group_around(asset: str) -> list[str]:
        left, top, right, bottom = boxes[asset]
        sides = {group: boxes[group] for group in ASSETS}
        return [group for group, (x1, y1, x2, y2) in sides.items() if x1 <= left and y1 <= top and right <= x2 and bottom <= y2]

    assert {asset: group_around(asset) for names in ASSETS.values() for asset in names} == {
        asset: [group] for group, names in ASSETS.items() for asset in names
    }


def test_sensors_are_on_without_being_switched_on(screen: "Screen") -> None:
    screen.open("/automation")
    screen.see("studio_watch", "auto_render", "auto_assemble")
    # The checkboxes of the rows come before their switches; only a switch can be on here.
    on = "return document.querySelectorAll('input[type=checkbox]:checked').length"
    screen.until("three switches that are on", lambda: screen.driver.execute_script(on) == 3)


def test_missing_clips_are_rendered_from_the_dialog(screen: "Screen", backfills: tuple[str, str], studio: Studio) -> None:
    assert screen.server.partitions("rendered_clip")["materialized"] == KEYS
    screen.open("/assets/rendered_clip?view=partitions")
    screen.see("Materialized (5)", "Missing (0)", "Failed (0)", *KEYS)
    for slug, clips in CLIPS.items():
        project = studio.project(slug)
        for clip in clips:
            assert num_frames(project.current_path(clip)) == FPS + 1
            assert len(list((project.takes_dir / clip).glob("*.mp4"))) == 1, "two backfills asked, one render"


def test_plans_and_takes_of_one_backfill_are_runs_of_their_own(screen: "Screen", backfills: tuple[str, str]) -> None:
    runs = screen.server.runs_of(backfills[0])
    assert sorted(runs, key=str) == [("SUCCESS", {"clip_spec"}), ("SUCCESS", {"rendered_clip"})]
    assert screen.server.partitions("clip_spec")["materialized"] == KEYS


def test_partition_page_shows_the_frames_of_a_clip(screen: "Screen", backfills: tuple[str, str]) -> None:
    width, height = screen.open_strip("harbour/A01_S01_SH020")
    assert height == 72
    assert width > 3 * 128


def test_backfill_of_two_films_makes_both(screen: "Screen", films_backfill: str, studio: Studio) -> None:
    screen.open("/assets/film?view=partitions")
    screen.see("Materialized (2)", "Missing (0)", *CLIPS)
    made = {slug: num_frames(studio.project(slug).film_path) for slug in CLIPS}
    assert made == {slug: FPS * len(clips) for slug, clips in CLIPS.items()}


def test_new_clip_becomes_a_take_and_a_new_film_by_itself(screen: "Screen", dropped: Project) -> None:
    length = FPS * (len(CLIPS["harbour"]) + 1)
    screen.until("a film with the new clip", lambda: num_frames(dropped.film_path) == length, timeout_s=150)
    key = f"harbour/{DROPPED}"
    screen.open("/assets/rendered_clip?view=partitions")
    screen.see("Materialized (6)", key)
    assert key in screen.server.partitions("rendered_clip")["materialized"]


def test_broken_project_is_named_with_file_and_line(screen: "Screen", dropped: Project) -> None:
    for sensor in ("auto_render", "auto_assemble"):
        screen.see_in_recent_ticks(sensor, "lantern: metadata.yaml:4")
    assert {key for key in screen.server.partitions("rendered_clip")["materialized"] if key.startswith("lantern/")} == {
        f"lantern/{clip}" for clip in CLIPS["lantern"]
    }


def test_partition_of_a_deleted_clip_disappears(screen: "Screen", dropped: Project) -> None:
    gone = "A02_S01_SH010"
    before = set().union(*screen.server.partitions("rendered_clip").values())
    dropped.clip_spec_path(gone).unlink()
    after = before - {f"harbour/{gone}"}
    screen.until("the key is gone", lambda: set().union(*screen.server.partitions("rendered_clip").values()) == after)
    assert set().union(*screen.server.partitions("act").values()) == {"harbour/A01", "lantern/A01"}
    screen.open("/assets/rendered_clip?view=partitions")
    screen.see(f"{len(after)} Partitions Selected", "harbour/A01_S01_SH010")
    assert f"harbour/{gone}" not in screen.text


def test_backfills_ended_well(screen: "Screen", backfills: tuple[str, str], films_backfill: str) -> None:
    for backfill in (*backfills, films_backfill):
        assert screen.finish(backfill) == "COMPLETED_SUCCESS"
    screen.open("/runs?view=backfills")
    screen.see(*backfills, films_backfill, "Success")


def test_console_shows_no_warnings_of_ours(screen: "Screen", dropped: Project) -> None:
    console = screen.server.log.read_text(encoding="utf-8", errors="replace")
    assert "BetaWarning" not in console
    assert [trace for trace in _TRACEBACK.findall(console) if _CLOSED_CHANNEL not in trace] == []
