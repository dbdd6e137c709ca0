import json
import os
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from vtx_dagster.core.errors import IncompleteLineupError, NotFoundError, StorageError, VerificationError
from vtx_dagster.core.planner import Stage, plan_project
from vtx_dagster.production.cut import assemble, assembled_hash, find_cut, replacing_take, sidecar_of
from vtx_dagster.studio.locks import project_lock

ONE, TWO, THREE = "A01_S01_SH010", "A01_S01_SH020", "A02_S01_SH010"


def cuts_due(record) -> list[str]:
    return [step.id or "film" for step in plan_project(record) if step.stage in (Stage.ACT, Stage.FILM)]


def test_a_film_shows_its_clips_in_story_order(make_project, look, render_all, media) -> None:
    project = make_project()
    render_all(project)
    record = look(project)
    told: list[tuple[int, int]] = []
    cut = assemble(project, lambda: look(project), media=media, progress=lambda *frames: told.append(frames))
    assert media.joined == [(ONE, TWO, THREE)]
    assert told == [(24, 24)]
    assert (cut.path, cut.facts.num_frames, cut.slates) == (project.film_path, 24, ())
    assert cut.data_version == record.lineup.lineup_hash() == assembled_hash(project.film_path)
    hashes = {clip.clip: clip.clip_hash for clip in record.clips}
    assert [line.split()[0] for line in project.film_path.read_text().splitlines()] == [hashes[ONE], hashes[TWO], hashes[THREE]]
    sidecar = json.loads(sidecar_of(project.film_path).read_text())
    assert sidecar["clips"] == [ONE, TWO, THREE]
    assert (sidecar["project"], sidecar["num_frames"], sidecar["fps"]) == ("film", 24, 8)
    assert cuts_due(look(project)) == []
    assert find_cut(project, record) == cut
    assert not any(path.is_file() for path in project.scratch_dir.rglob("*") if path.name != ".lock")


def test_a_film_in_acts_is_joined_from_its_acts(make_project, look, render_all, media, write_clip) -> None:
    project = make_project(produce_in_acts=True)
    render_all(project)
    with pytest.raises(IncompleteLineupError, match=r"its present clips: A01, A02 \(vtx make film\)") as caught:
        assemble(project, lambda: look(project), media=media)
    assert caught.value.details["acts"] == ["A01", "A02"]
    for act in ("A01", "A02", ""):
        cut = assemble(project, lambda: look(project), media=media, act=act)
    assert media.joined == [(ONE, TWO), (THREE,), ("A01", "A02")]
    assert cut.facts.num_frames == 24
    assert find_cut(project, look(project), "A02").path == project.act_path("A02")

    write_clip(project, THREE, prompt="Rain.")
    render_all(project)
    assert cuts_due(look(project)) == ["A02", "film"]
    assert find_cut(project, look(project), "A02") is None
    with pytest.raises(IncompleteLineupError, match="present clips: A02"):
        assemble(project, lambda: look(project), media=media)


def test_whoever_waited_for_another_looks_again(make_project, look, render_all, media, write_clip) -> None:
    project = make_project()
    render_all(project)
    looks: list[str] = []

    def look_here():
        looks.append("waiting" if project.film_path.exists() else "first")
        return look(project)

    with ThreadPoolExecutor() as pool, project_lock(project, "cut-film"):
        waiting = pool.submit(assemble, project, look_here, media=media)
        assert wait([waiting], timeout=0.2).not_done
        write_clip(project, ONE, prompt="Rain.")
        render_all(project)
        assert looks == [], "what is looked up before the lock is had may be old when it is"
    assert waiting.result().lineup == look(project).lineup
    assert assembled_hash(project.film_path) == look(project).lineup.lineup_hash()

    again = assemble(project, look_here, media=media)
    assert again == waiting.result(), "it is current"
    assert (len(media.joined), looks) == (1, ["first", "waiting"])


def test_slates_never_take_the_place_of_a_film_that_needs_none(make_project, look, render_all, media) -> None:
    project = make_project()
    render_all(project)
    whole = assemble(project, lambda: look(project), media=media)
    assert assemble(project, lambda: look(project), media=media, allow_missing=True) == whole
    assert len(media.joined) == 1


def test_a_take_that_is_replaced_makes_its_act_and_the_film_due(make_project, look, render_all, workshop, media) -> None:
    project = make_project(produce_in_acts=True)
    render_all(project)
    for act in ("A01", "A02", ""):
        assemble(project, lambda: look(project), media=media, act=act)
    with workshop() as opened:
        opened.render("film", THREE, force=True, profile="small")
        opened.render("film", THREE)
        assert cuts_due(look(project)) == [], "what the film shows is as it was"
        opened.render("film", THREE, force=True)
    assert cuts_due(look(project)) == ["A02", "film"]
    for act in ("A02", ""):
        assemble(project, lambda: look(project), media=media, act=act)
    take = project.current_path(THREE).read_text().split()
    assert project.film_path.read_text().splitlines()[-1].split()[: len(take)] == take
    assert cuts_due(look(project)) == []


def test_nobody_assembles_while_a_take_is_replaced(make_project, look, render_all, media) -> None:
    project = make_project()
    render_all(project)
    with ThreadPoolExecutor() as pool, replacing_take(project, ONE):
        waiting = pool.submit(assemble, project, lambda: look(project), media=media)
        assert wait([waiting], timeout=0.2).not_done
    assert waiting.result().path == project.film_path


def test_an_act_can_be_cut_where_the_film_is_not(make_project, look, workshop, media) -> None:
    project = make_project()
    with workshop() as opened:
        opened.render("film", THREE)
    assert assemble(project, lambda: look(project), media=media, act="A02").facts.num_frames == 8
    with pytest.raises(NotFoundError, match=r"no act A03 \(did you mean 'A02'"):
        assemble(project, lambda: look(project), media=media, act="A03")


def test_missing_clips_are_listed(make_project, look, workshop, media, write_clip) -> None:
    project = make_project()
    with workshop() as opened:
        opened.render("film", ONE)
    write_clip(project, THREE, profile="no")
    with pytest.raises(IncompleteLineupError) as caught:
        assemble(project, lambda: look(project), media=media)
    first, *rest = caught.value.message.splitlines()
    assert first.startswith("film: 2 of 3 clips are not rendered, so the film cannot be assembled (vtx render resume")
    assert rest[0] == f"  {TWO}: planned"
    assert rest[1].startswith(f"  {THREE}: blocked ({THREE}: render profile 'no'")
    assert caught.value.details["clips"] == [TWO, THREE]
    with pytest.raises(IncompleteLineupError, match="1 of 2 clips are not rendered, so A01 "):
        assemble(project, lambda: look(project), media=media, act="A01")
    assert media.joined == []
    assert not project.film_path.exists()


def test_a_long_list_of_missing_clips_is_cut(make_project, look, media) -> None:
    project = make_project(clips=[f"A01_S01_SH{number:03d}" for number in range(25)])
    with pytest.raises(IncompleteLineupError, match=r"A01_S01_SH019: planned\n  \.\.\. and 5 more$"):
        assemble(project, lambda: look(project), media=media)


def test_slates_stand_in_for_missing_clips_and_the_film_stays_due(make_project, look, workshop, render_all, media) -> None:
    project = make_project(produce_in_acts=True)
    with workshop() as opened:
        opened.render("film", TWO)
    record = look(project)
    cut = assemble(project, lambda: look(project), media=media, allow_missing=True)
    assert media.slates == [(f"film\n{ONE}\nmissing", 8), (f"film\n{THREE}\nmissing", 8)]
    assert media.joined == [(ONE, TWO, THREE)]
    assert (cut.slates, cut.facts.num_frames) == ((ONE, THREE), 24)
    assert cut.data_version == f"incomplete-{record.lineup.lineup_hash()}"
    assert find_cut(project, look(project)) is None
    assert "film" in cuts_due(look(project))
    render_all(project)
    assert "film" in cuts_due(look(project)), "the lineup is the same, and yet the film is not"


def test_a_clip_without_a_plan_has_no_slate_and_is_named(make_project, look, workshop, media, write_clip) -> None:
    project = make_project()
    with workshop() as opened:
        opened.render("film", ONE)
        opened.render("film", TWO)
    write_clip(project, THREE, profile="no")
    cut = assemble(project, lambda: look(project), media=media, allow_missing=True)
    assert (media.joined, media.slates, cut.slates) == ([(ONE, TWO)], [], (THREE,))
    assert "film" in cuts_due(look(project))


def test_without_clips_there_is_no_film(make_project, look, media, write_clip) -> None:
    project = make_project(clips=())
    with pytest.raises(IncompleteLineupError, match="film: there are no clips"):
        assemble(project, lambda: look(project), media=media)
    write_clip(project, ONE, profile="no")
    with pytest.raises(IncompleteLineupError, match=f"none of its clips has a plan; the first one: {ONE}: render profile 'no'"):
        assemble(project, lambda: look(project), media=media, allow_missing=True)


@pytest.mark.parametrize("damage", ["sidecar gone", "sidecar cut", "sidecar of nothing", "film longer", "film gone"])
def test_a_file_that_nobody_vouches_for_is_due(make_project, look, render_all, media, damage: str) -> None:
    project = make_project()
    render_all(project)
    assemble(project, lambda: look(project), media=media)
    film, sidecar = project.film_path, sidecar_of(project.film_path)
    match damage:
        case "sidecar gone":
            sidecar.unlink()
        case "sidecar cut":
            os.truncate(sidecar, 20)
        case "sidecar of nothing":
            sidecar.write_text("{}")
        case "film longer":
            film.write_text(film.read_text() + "x")
        case "film gone":
            film.unlink()
    assert assembled_hash(film) == ""
    assert find_cut(project, look(project)) is None
    assert cuts_due(look(project)) == ["film"]
    assemble(project, lambda: look(project), media=media)
    assert cuts_due(look(project)) == []


def test_a_crash_between_film_and_sidecar_is_seen(make_project, look, render_all, media, monkeypatch, write_clip) -> None:
    project = make_project()
    render_all(project)
    assemble(project, lambda: look(project), media=media)

    def crash(path: Path, text: str) -> None:
        raise KeyboardInterrupt

    write_clip(project, ONE, prompt="Rain.")
    render_all(project)
    monkeypatch.setattr("vtx_dagster.production.cut.write_atomic", crash)
    with pytest.raises(KeyboardInterrupt):
        assemble(project, lambda: look(project), media=media)
    assert not sidecar_of(project.film_path).exists()
    assert cuts_due(look(project)) == ["film"]


def test_joining_that_fails_leaves_the_film_as_it_was(make_project, look, render_all, media, monkeypatch, write_clip) -> None:
    project = make_project()
    render_all(project)
    assemble(project, lambda: look(project), media=media)
    before, old = project.film_path.read_text(), assembled_hash(project.film_path)
    write_clip(project, ONE, prompt="Rain.")
    render_all(project)

    def fail(*args, **more):
        raise VerificationError("a frame too short")

    with monkeypatch.context() as patch:
        patch.setattr(media, "assemble", fail)
        with pytest.raises(VerificationError):
            assemble(project, lambda: look(project), media=media)
    assert (project.film_path.read_text(), assembled_hash(project.film_path)) == (before, old)


def test_a_disk_that_refuses_is_one_clear_error(make_project, look, render_all, media) -> None:
    project = make_project()
    render_all(project)
    project.film_path.mkdir(parents=True)
    (project.film_path / "in the way").write_text("")
    with pytest.raises(StorageError, match=r"film__final\.mp4"):
        assemble(project, lambda: look(project), media=media)


def test_a_sidecar_that_cannot_be_read_is_one_clear_error(make_project) -> None:
    project = make_project()
    sidecar_of(project.film_path).mkdir(parents=True)
    with pytest.raises(StorageError, match=r"film__final\.render\.json"):
        assembled_hash(project.film_path)


@pytest.mark.parametrize("facts", [{}, {"fps": "fast"}], ids=["other version", "no number"])
def test_facts_of_another_version_are_not_taken_for_ours(make_project, look, render_all, media, facts: dict[str, str]) -> None:
    project = make_project()
    render_all(project)
    assemble(project, lambda: look(project), media=media)
    sidecar = sidecar_of(project.film_path)
    sidecar.write_text(json.dumps({**json.loads(sidecar.read_text()), "facts": facts}))
    assert find_cut(project, look(project)) is None
