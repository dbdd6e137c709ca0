import dagster as dg
import pytest
from sqlalchemy.exc import IntegrityError

from vtx_dagster.partitions import sync
from vtx_dagster.partitions.sync import register


def keys(instance: dg.DagsterInstance) -> dict[str, list[str]]:
    return {name: list(instance.get_dynamic_partitions(name)) for name in ("projects", "acts", "clips")}


def test_what_is_on_disk_is_registered_in_story_order(ephemeral_instance, studio, make_project, monkeypatch) -> None:
    monkeypatch.setattr(sync, "KEYS_PER_CALL", 2)
    make_project("beta", clips=("A01_S01_SH010",))
    make_project("alpha", clips=("A02_S01_SH010", "A01_S10_SH010", "A01_S02_SH1000", "A01_S02_SH999", "A100_S01_SH010"))
    report = register(ephemeral_instance, studio)
    assert keys(ephemeral_instance) == {
        "projects": ["alpha", "beta"],
        "acts": ["alpha/A01", "alpha/A02", "alpha/A100", "beta/A01"],
        "clips": [
            "alpha/A01_S02_SH999",
            "alpha/A01_S02_SH1000",
            "alpha/A01_S10_SH010",
            "alpha/A02_S01_SH010",
            "alpha/A100_S01_SH010",
            "beta/A01_S01_SH010",
        ],
    }
    assert report.added == tuple(key for level in keys(ephemeral_instance).values() for key in level)
    assert (report.removed, dict(report.problems)) == ((), {})
    again = register(ephemeral_instance, studio)
    assert (again.added, again.removed) == ((), ())


def test_what_is_gone_is_retired_and_a_broken_project_keeps_its_keys(
    ephemeral_instance, studio, make_project, write_clip
) -> None:
    whole, broken, gone = make_project("whole"), make_project("broken"), make_project("gone", clips=("A01_S01_SH010",))
    register(ephemeral_instance, studio)
    whole.clip_spec_path("A02_S01_SH010").unlink()
    write_clip(whole, "A01_S01_SH015")
    broken.clip_spec_path("A01_S01_SH010").unlink()
    (broken.clips_dir / "scene one.yaml").write_text("id: what\n")
    gone.root.rename(studio.root / "elsewhere")

    report = register(ephemeral_instance, studio)

    assert report.added == ("whole/A01_S01_SH015",)
    assert report.removed == ("gone", "gone/A01", "whole/A02", "gone/A01_S01_SH010", "whole/A02_S01_SH010")
    assert list(report.problems) == ["broken"]
    assert "prompts/clips/scene one.yaml:1:" in report.problems["broken"]
    assert "broken/A01_S01_SH010" in keys(ephemeral_instance)["clips"]
    assert keys(ephemeral_instance)["projects"] == ["broken", "whole"]


def test_a_project_that_was_broken_from_the_start_is_known_by_name(ephemeral_instance, studio, make_project) -> None:
    broken = make_project("broken", clips=())
    (broken.clips_dir / "x.yaml").write_text("")
    report = register(ephemeral_instance, studio)
    assert report.added == ("broken",)
    assert set(report.problems) == {"broken"}


def test_who_registers_second_looks_again(ephemeral_instance, studio, make_project, monkeypatch) -> None:
    make_project("film", clips=("A01_S01_SH010", "A01_S01_SH020"))
    add = type(ephemeral_instance).add_dynamic_partitions
    raced: list[str] = []

    def race(instance: dg.DagsterInstance, name: str, new: list[str]) -> None:
        if name not in raced:
            raced.append(name)
            add(instance, name, new[:1])
            raise IntegrityError("INSERT", None, Exception("UNIQUE constraint failed"))
        add(instance, name, new)

    monkeypatch.setattr(type(ephemeral_instance), "add_dynamic_partitions", race)
    register(ephemeral_instance, studio)
    assert raced == ["projects", "acts", "clips"]
    assert keys(ephemeral_instance)["clips"] == ["film/A01_S01_SH010", "film/A01_S01_SH020"]


def test_an_instance_that_never_takes_a_key_is_an_error(ephemeral_instance, studio, make_project, monkeypatch) -> None:
    make_project("film", clips=("A01_S01_SH010",))

    def refuse(*_: object) -> None:
        raise IntegrityError("INSERT", None, Exception("UNIQUE constraint failed"))

    monkeypatch.setattr(type(ephemeral_instance), "add_dynamic_partitions", refuse)
    with pytest.raises(IntegrityError):
        register(ephemeral_instance, studio)
