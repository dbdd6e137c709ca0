import json
import shutil
from pathlib import Path

import pytest

from vtx_dagster.cli import runs
from vtx_dagster.cli.runs import open_registry
from vtx_dagster.core.engines import MediaFacts
from vtx_dagster.core.errors import VerificationError
from vtx_dagster.core.plan import RenderPlan
from vtx_dagster.engines.ffmpeg import Ffmpeg

CLIP = "A01_S01_SH010"


@pytest.fixture
def refuses_first_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the verification find the first clip wanting, whatever is rendered."""
    verify = Ffmpeg.verify

    def refuse(self: Ffmpeg, path: Path, plan: RenderPlan) -> MediaFacts:
        if plan.clip == CLIP:
            raise VerificationError("the picture is frozen")
        return verify(self, path, plan)

    monkeypatch.setattr(Ffmpeg, "verify", refuse)


def test_a_clip_that_is_there_is_reused(vtx, film):
    result = vtx("render", "clip", "film", CLIP, "--studio", film.studio.root)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"film/{CLIP}  reused: {film.takes_dir}")


def test_one_clip_is_shown_as_it_is_rendered_unless_json_is_wanted(vtx, film, monkeypatch):
    asked = []
    watch = runs.watching_clips
    monkeypatch.setattr(runs, "watching_clips", lambda keys, **how: asked.append(how) or watch(keys, **how))
    for option in ([], ["--json"]):
        vtx("render", "clip", "film", film.clip_ids()[0], *option, "--studio", film.studio.root)
    assert asked == [{"is_quiet": False, "tells_each": False}, {"is_quiet": True, "tells_each": False}]


def test_force_renders_again(vtx, film):
    found = json.loads(vtx("render", "clip", "film", CLIP, "--force", "--json", "--studio", film.studio.root).stdout)
    assert (found["clip"], found["outcome"]) == (f"film/{CLIP}", "rendered")
    assert found["render_s"] > 0


def test_another_profile_leaves_the_film_as_it_is(vtx, film):
    shown = film.current_path(CLIP).stat().st_ino
    found = json.loads(vtx("render", "clip", "film", CLIP, "--profile", "large", "--json", "--studio", film.studio.root).stdout)
    assert found["outcome"] == "rendered"
    assert film.current_path(CLIP).stat().st_ino == shown
    assert vtx("plan", "film", "--check", "--studio", film.studio.root).exit_code == 0


def test_an_unknown_profile_is_one_clear_error(vtx, film):
    result = vtx("render", "clip", "film", CLIP, "--profile", "larg", "--json", "--studio", film.studio.root)
    assert result.exit_code == 1
    assert "did you mean 'large'?" in json.loads(result.stdout)["error"]["message"]
    assert result.stderr == ""


def test_an_unknown_clip_and_a_broken_file_are_one_clear_error(vtx, film):
    result = vtx("render", "clip", "film", "A01_S01_SH011", "--studio", film.studio.root)
    assert (result.exit_code, "film has no clip A01_S01_SH011" in result.stderr) == (1, True)
    film.clip_spec_path(CLIP).write_text("sede: 7\n", encoding="utf-8")
    result = vtx("render", "clip", "film", CLIP, "--studio", film.studio.root)
    assert (result.exit_code, f"prompts/clips/{CLIP}.yaml:1: sede" in result.stderr) == (1, True)


@pytest.mark.usefixtures("refuses_first_clip")
def test_resume_goes_on_past_what_fails_and_what_is_blocked(vtx, film, edit):
    studio = film.studio
    studio.create_project("broken", title="B").metadata_path.write_text("titel: B\n", encoding="utf-8")
    edit(film.clip_spec_path(CLIP), "camera:", "seed: 7\ncamera:")
    film.clip_spec_path("A01_S01_SH020").write_text("sede: 7\n", encoding="utf-8")
    edit(film.clip_spec_path("A02_S01_SH010"), "camera:", "seed: 7\ncamera:")
    result = vtx("render", "resume", "--json", "--studio", studio.root)
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert {clip["clip"]: clip["outcome"] for clip in found["clips"]} == {
        f"film/{CLIP}": "failed",
        "film/A02_S01_SH010": "rendered",
    }
    assert (found["rendered"], found["reused"], found["failed"]) == (1, 0, 1)
    assert "frozen" in found["clips"][0]["error"]["message"]
    assert "sede" in found["blocked"]["film/A01_S01_SH020"]
    assert "metadata.yaml:1" in found["problems"]["broken"]
    result = vtx("make", "film", "--studio", studio.root)
    assert result.exit_code == 1
    words = " ".join(result.stdout.split())
    assert f"film/{CLIP} failed the picture is frozen" in words
    assert "film/A01_S01_SH020 blocked prompts/clips/A01_S01_SH020.yaml:1" in words
    assert "clips: 0 rendered, 0 reused, 1 failed, 1 blocked" in words
    assert words.endswith("film: no new film, because clips are missing")


def test_resume_stops_after_so_many_clips(vtx, film, edit):
    for clip in film.clip_ids():
        edit(film.clip_spec_path(clip), "camera:", "seed: 7\ncamera:")
    result = vtx("render", "resume", "--project", "film", "--max-jobs", "2", "--studio", film.studio.root)
    assert result.exit_code == 0
    assert "clips: 2 rendered in " in result.stdout
    left = json.loads(vtx("plan", "--json", "--studio", film.studio.root).stdout)["steps"]
    assert [step["id"] for step in left] == ["A02_S01_SH010", ""]


def test_resume_with_nothing_to_do(vtx, film):
    result = vtx("render", "resume", "--studio", film.studio.root)
    assert (result.exit_code, result.stdout) == (0, "every clip is rendered\n")


def test_reverting_shows_the_old_take_again(vtx, film, edit):
    edit(film.clip_spec_path(CLIP), "camera:", "seed: 7\ncamera:")
    vtx("render", "resume", "--studio", film.studio.root)
    edit(film.clip_spec_path(CLIP), "seed: 7\n", "")
    result = vtx("render", "resume", "--studio", film.studio.root)
    assert "clips: 0 rendered, 1 reused, 0 failed, 0 blocked" in result.stdout
    assert vtx("plan", "--check", "--studio", film.studio.root).exit_code == 0


@pytest.mark.usefixtures("refuses_first_clip")
def test_a_clip_that_fails_is_one_clear_error(vtx, film):
    result = vtx("render", "clip", "film", CLIP, "--force", "--studio", film.studio.root)
    first, second = result.stderr.splitlines()
    assert (result.exit_code, first) == (1, "error: the picture is frozen")
    assert second.startswith("log: ")
    assert Path(second.removeprefix("log: ")).is_file()


def test_resume_renders_nothing_that_was_not_asked_for(vtx, film, edit):
    other = film.studio.create_project("next", title="N", files={"metadata.yaml": film.metadata_path.read_text("utf-8")})
    shutil.copytree(film.clips_dir, other.clips_dir, dirs_exist_ok=True)
    vtx("sync", "--studio", film.studio.root)
    late = "A02_S01_SH020"
    shutil.copy(film.clip_spec_path("A02_S01_SH010"), film.clip_spec_path(late))
    edit(film.clip_spec_path(late), "A02_S01_SH010", late)
    edit(film.clip_spec_path("A02_S01_SH010"), "camera:", "seed: 7\ncamera:")
    result = vtx("render", "resume", "--project", "film", "--json", "--studio", film.studio.root)
    assert json.loads(result.stdout)["rendered"] == 2
    assert not list(other.takes_dir.glob("*/*.mp4"))


def test_resume_stops_after_so_many_clips_even_if_they_lie_apart(vtx, film, edit):
    with open_registry(film.studio) as registry:
        for clip in film.clip_ids():
            edit(film.clip_spec_path(clip), "camera:", "seed: 7\ncamera:")
        outcomes = registry.render([f"film/{CLIP}", "film/A02_S01_SH010"], is_quiet=True)
    assert len(outcomes.rendered) == 2
    steps = json.loads(vtx("plan", "--json", "--studio", film.studio.root).stdout)["steps"]
    assert [step["id"] for step in steps] == ["A01_S01_SH020", ""]


def test_a_clip_of_a_project_that_cannot_be_read_says_why(vtx, film):
    (film.studio.root / ".dagster").rename(film.studio.root / "lost")
    (film.clips_dir / "notes.yaml").write_text("")
    result = vtx("render", "clip", "film", CLIP, "--studio", film.studio.root)
    assert result.exit_code == 1
    assert f"film has no {CLIP} that could be rendered: " in result.stderr
    assert "notes.yaml" in result.stderr


@pytest.fixture
def chained(film):
    """The second clip goes on from the first one, and the third from the second; nothing of them is rendered yet."""
    clips = film.clip_ids()
    for clip in clips[1:]:
        path = film.clip_spec_path(clip)
        path.write_text(path.read_text(encoding="utf-8") + "inputs:\n  from_previous: {frames: 1}\n", encoding="utf-8")
    path = film.clip_spec_path(clips[0])
    path.write_text(path.read_text(encoding="utf-8") + "seed: 8\n", encoding="utf-8")
    return clips


def test_a_chain_is_rendered_in_its_order(vtx, film, chained):
    status = vtx("projects", "status", "film", "--studio", film.studio.root).stdout
    assert f"continues: none -> {chained[0]}" in " ".join(status.split())
    result = vtx("render", "resume", "--json", "--studio", film.studio.root)
    found = json.loads(result.stdout)
    assert [one["clip"] for one in found["clips"]] == [f"film/{clip}" for clip in chained]
    assert (found["rendered"], found["failed"], found["blocked"]) == (3, 0, {})
    assert vtx("render", "resume", "--studio", film.studio.root).stdout.strip() == "every clip is rendered"


def test_a_chain_whose_beginning_fails_is_tried_again_as_a_whole(vtx, film, chained):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ffmpeg, "verify", lambda *_: (_ for _ in ()).throw(VerificationError("the picture is frozen")))
        first = json.loads(vtx("render", "resume", "--json", "--studio", film.studio.root).stdout)
    assert [one["error"]["code"] for one in first["clips"]] == ["verification", "missing_input", "missing_input"]
    status = vtx("projects", "status", "film", "--studio", film.studio.root).stdout
    assert f"continues {chained[0]}, which failed: the picture is frozen" in " ".join(status.split())
    assert "failed" in vtx("projects", "list", "--studio", film.studio.root).stdout
    again = json.loads(vtx("render", "resume", "--json", "--studio", film.studio.root).stdout)
    assert [one["outcome"] for one in again["clips"]] == ["rendered"] * 3


def test_a_clip_of_a_chain_is_blocked_where_its_beginning_cannot_be_planned(vtx, film, chained):
    path = film.clip_spec_path(chained[0])
    path.write_text(path.read_text(encoding="utf-8") + "profile: larg\n", encoding="utf-8")
    result = vtx("render", "resume", "--json", "--studio", film.studio.root)
    found = json.loads(result.stdout)
    assert list(found["blocked"]) == [f"film/{clip}" for clip in chained]
    assert "cannot be planned" in found["blocked"][f"film/{chained[1]}"]
    assert found["clips"] == []
