import os
import re
import shutil
from pathlib import Path

import pytest
from dagster import DagsterInstance

from vtx_dagster.core.bible import Bible
from vtx_dagster.core.clip import ClipSpec
from vtx_dagster.core.errors import (
    AlreadyExistsError,
    InvalidFileError,
    InvalidRequestError,
    MissingInputError,
    NotFoundError,
    StorageError,
)
from vtx_dagster.studio import project as project_module
from vtx_dagster.studio.documents import dump_document
from vtx_dagster.studio.files import write_atomic
from vtx_dagster.studio.project import Project, Studio


def files_in(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_init_is_idempotent_and_never_overwrites(tmp_path: Path):
    studio = Studio.init(tmp_path / "s")
    assert set(files_in(studio.root)) == {
        "README.txt",
        "config/global.env",
        "config/models.env",
        "config/policy.yaml",
        "config/prices.yaml",
        "library/README.txt",
        ".dagster/dagster.yaml",
    }
    (studio.root / "config/global.env").write_text("VTX_ENGINE=animatic\n")
    before = files_in(studio.root)
    Studio.init(tmp_path / "s")
    assert files_in(studio.root) == before
    assert Studio.open(tmp_path / "s", {"A": "b"}).settings().get("VTX_ENGINE") == "animatic"
    assert Studio.open(tmp_path / "s", {"A": "b"}).settings().get("A") == "b"


def test_dagster_accepts_the_instance_settings(studio: Studio):
    with DagsterInstance.from_config(str(studio.root / ".dagster")) as instance:
        assert type(instance.run_coordinator).__name__ == "QueuedRunCoordinator"
        concurrency = instance.get_concurrency_config()
        assert concurrency.run_queue_config is not None
        assert concurrency.run_queue_config.max_concurrent_runs == 4
        assert concurrency.pool_config.default_pool_limit == 1
        assert str(concurrency.pool_config.pool_granularity) == "PoolGranularity.RUN"
        assert instance.telemetry_enabled is False
        assert instance.nux_enabled is False
        assert instance.run_monitoring_enabled is True
        assert (instance.run_retries_enabled, instance.run_retries_max_retries) == (True, 2)
        assert instance.run_retries_retry_on_asset_or_op_failure is False
        assert instance.managed_python_loggers == ["vtx_dagster"]


def test_environment_is_not_shown(tmp_path: Path):
    assert "hunter2" not in repr(Studio(root=tmp_path, environ={"TOKEN": "hunter2"}))


@pytest.mark.parametrize("made", [(), ("config",), ("projects",)])
def test_folder_that_is_no_studio_names_the_remedy(tmp_path: Path, made: tuple[str, ...]):
    for name in made:
        (tmp_path / name).mkdir()
    with pytest.raises(NotFoundError, match=rf"is not a studio folder: make one with `vtx init {tmp_path}`"):
        Studio.open(tmp_path, {})


def test_init_over_a_file(tmp_path: Path):
    (tmp_path / "s").write_text("")
    with pytest.raises(StorageError, match="a file is in the way"):
        Studio.init(tmp_path / "s")


def test_slugs_are_sorted_and_only_projects(studio: Studio):
    for name in ("b", "a10", "a2", ".hidden", ".new-x-1", "Upper", "with space"):
        (studio.projects_dir / name).mkdir()
    (studio.projects_dir / "file").write_text("")
    (studio.projects_dir / "loop").symlink_to(studio.projects_dir / "loop")
    (studio.projects_dir / "unplugged").symlink_to("/nowhere")
    assert studio.slugs() == ("a10", "a2", "b", "loop", "unplugged")
    for slug in ("loop", "unplugged"):
        with pytest.raises(NotFoundError, match="is a link to a folder that is not there: mount its disk"):
            studio.project(slug)
    shutil.rmtree(studio.projects_dir)
    with pytest.raises(StorageError, match="cannot read"):
        studio.slugs()


@pytest.mark.parametrize("slug", ["../x", "", "a/b", "A", ".hidden", "x" * 64, "a\n", "ä", "a\x00"])
def test_unsafe_slugs_are_refused(studio: Studio, slug: str):
    with pytest.raises(InvalidRequestError, match="is not a project slug"):
        studio.project(slug)
    with pytest.raises(InvalidRequestError, match="is not a project slug"):
        studio.create_project(slug, title="T")


def test_unknown_project_suggests(project: Project):
    with pytest.raises(NotFoundError, match="did you mean 'film'"):
        project.studio.project("flim")
    with pytest.raises(NotFoundError, match="vtx projects new zzz"):
        project.studio.project("zzz")


def test_project_that_is_a_link_out_of_the_studio_is_refused(studio: Studio, tmp_path: Path):
    (tmp_path / "outside").mkdir()
    (studio.projects_dir / "evil").symlink_to(tmp_path / "outside")
    with pytest.raises(InvalidRequestError, match="leads out of the studio"):
        studio.project("evil")
    (studio.root / "disk2").mkdir()
    (studio.projects_dir / "moved").symlink_to(studio.root / "disk2")
    assert studio.project("moved").slug == "moved"


def test_new_project_holds_the_template_and_loads(studio: Studio, tmp_path: Path):
    source = tmp_path / "My Film.fountain"
    source.write_text("INT. HUT - DAY\n\nRain.\n")
    project = studio.create_project("film", title='A "T": {x}', logline="One line.", screenplay=source)
    assert (project.metadata().title, project.metadata().logline) == ('A "T": {x}', "One line.")
    assert project.metadata().render.profile == "final"
    assert project.bible().characters == Bible().characters
    assert set(project.bible().style.profiles) == {"default"}
    assert (project.source_dir / "My Film.fountain").read_text() == source.read_text()
    assert '# A "T": {x}' in project.brief_path.read_text()
    assert project.settings().layers[0] == {}
    for folder in ("renders/takes", "renders/final", "review/notes", "logs", "inputs", "prompts/clips", "story/source"):
        assert (project.root / folder).is_dir()
    assert project.clip_ids() == ()
    assert [path.name for path in studio.projects_dir.iterdir()] == ["film"]
    assert studio.project("film") == project


def test_missing_metadata_names_the_remedy(project: Project):
    project.metadata_path.unlink()
    with pytest.raises(NotFoundError, match=r"film/metadata\.yaml is missing: write one with at least 'title: \.\.\.'"):
        project.metadata()


def test_commented_starters_load_when_uncommented(studio: Studio):
    project = studio.create_project("film", title="T")
    for path in (project.style_path, project.characters_path, project.locations_path, project.loras_path):
        path.write_text(re.sub(r"(?m)^  # ", "  ", path.read_text()))
    text = project.style_path.read_text().replace("  A look that clips choose with `style_profile: flashback`.\n", "")
    project.style_path.write_text(text)
    bible = project.bible()
    assert bible.characters.characters["mara"].age == 61
    assert bible.locations.locations["lamp_room"].interior is True
    assert bible.loras.bundles["core"].loras[1].env_path == "LORA_CAMERA"
    assert set(bible.style.profiles) == {"default", "flashback"}
    project.metadata_path.write_text(
        "\n".join(
            line.removeprefix("# ") if ": " in line or line.endswith(":") else line
            for line in project.metadata_path.read_text().splitlines()
        )
    )
    assert project.metadata().render.profile == "preview"
    assert project.metadata().produce_in_acts is True


def test_existing_project_is_refused_and_unharmed(project: Project):
    before = files_in(project.root)
    with pytest.raises(AlreadyExistsError, match="exists already: choose another slug"):
        project.studio.create_project("film", title="Other")
    assert files_in(project.root) == before


def test_two_who_make_one_project_at_once(studio: Studio, monkeypatch: pytest.MonkeyPatch):
    def other_is_faster(path: Path, text: str) -> None:
        write_atomic(path, text)
        write_atomic(studio.projects_dir / "film/metadata.yaml", "version: 1\ntitle: Theirs\n")

    monkeypatch.setattr(project_module, "write_atomic", other_is_faster)
    with pytest.raises(AlreadyExistsError):
        studio.create_project("film", title="Ours")
    assert studio.project("film").metadata().title == "Theirs"
    assert [path.name for path in studio.projects_dir.iterdir()] == ["film"]


def test_nothing_is_left_of_a_project_that_could_not_be_made(studio: Studio, monkeypatch: pytest.MonkeyPatch):
    shutil.rmtree(studio.projects_dir)
    studio.projects_dir.write_text("")
    with pytest.raises(StorageError, match="cannot make"):
        studio.create_project("film", title="T")

    def refuse(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    studio.projects_dir.unlink()
    studio.projects_dir.mkdir()
    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(StorageError, match="the disk is full"):
        studio.create_project("film", title="T")
    assert list(studio.projects_dir.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "error", "problem"),
    [
        ({"title": ""}, InvalidRequestError, "title: String should have at least 1 character"),
        (
            {"screenplay": "film.docx"},
            InvalidRequestError,
            "film.docx cannot be a project's screenplay: Word files are not read: save it as PDF",
        ),
        ({"screenplay": ".film.fountain"}, InvalidRequestError, "its name begins with a dot"),
        ({"screenplay": "none.fountain"}, NotFoundError, "does not exist"),
        ({"screenplay": "folder.fountain"}, InvalidFileError, "not a regular file"),
    ],
    ids=["no title", "other format", "hidden", "missing", "folder"],
)
def test_project_is_not_made_from_bad_things(studio: Studio, tmp_path: Path, change: dict, error: type[Exception], problem: str):
    (tmp_path / "folder.fountain").mkdir()
    if "screenplay" in change:
        change = {"screenplay": tmp_path / change["screenplay"]}
    with pytest.raises(error, match=problem):
        studio.create_project("film", **{"title": "T", **change})
    assert studio.slugs() == ()


@pytest.mark.parametrize("name", ["film.fountain", "FILM.FOUNTAIN", "film.fdx", "film.pdf", "film.txt"])
def test_a_screenplay_of_any_format_is_copied_as_it_is(studio: Studio, tmp_path: Path, name: str):
    (tmp_path / name).write_bytes(b"\xffINT.\r\ncaf\xe9\n")
    project = studio.create_project("film", title="T", screenplay=tmp_path / name)
    assert (project.source_dir / name).read_bytes() == b"\xffINT.\r\ncaf\xe9\n"


def test_every_file_has_its_place(project: Project):
    root = project.root
    wanted = {
        "metadata_path": "metadata.yaml",
        "env_path": "project.env",
        "story_dir": "story",
        "brief_path": "story/00_brief.md",
        "source_dir": "story/source",
        "outline_path": "story/01_outline.yaml",
        "treatment_path": "story/02_treatment.md",
        "scenes_dir": "story/03_screenplay",
        "shotlist_path": "story/04_shotlist.yaml",
        "style_path": "prompts/style_bible.yaml",
        "characters_path": "prompts/characters.yaml",
        "locations_path": "prompts/locations.yaml",
        "loras_path": "prompts/loras.yaml",
        "clips_dir": "prompts/clips",
        "inputs_dir": "inputs",
        "plans_dir": "renders/plans",
        "takes_dir": "renders/takes",
        "current_dir": "renders/clips",
        "acts_dir": "renders/acts",
        "final_dir": "renders/final",
        "film_path": "renders/final/film__final.mp4",
        "locks_dir": "renders/.locks",
        "scratch_dir": "renders/.scratch",
        "logs_dir": "logs",
        "notes_dir": "review/notes",
    }
    assert {name: getattr(project, name) for name in wanted} == {name: root / path for name, path in wanted.items()}
    assert project.clip_spec_path("A01_S01_SH001") == root / "prompts/clips/A01_S01_SH001.yaml"
    assert project.plan_path("A01_S01_SH001") == root / "renders/plans/A01_S01_SH001.json"
    assert project.current_path("A01_S01_SH001") == root / "renders/clips/A01_S01_SH001.mp4"
    assert project.act_path("A01") == root / "renders/acts/A01.mp4"


@pytest.mark.parametrize("act", ["../../x", "A1", "A01_S01", "", "A" + "9" * 5000, "A\u0660\u0661"])
def test_act_that_is_none_has_no_path(project: Project, act: str):
    with pytest.raises(InvalidRequestError, match="is not an act id"):
        project.act_path(act)


def test_clip_ids_are_in_story_order(project: Project):
    for clip in ("A02_S01_SH001", "A10_S01_SH001", "A01_S100_SH001", "A01_S99_SH1000", "A01_S99_SH999"):
        project.clip_spec_path(clip).write_text("")
    for other in (".A01_S01_SH001.yaml.1-2.partial", ".x.yaml", "notes.txt", "A01_S01_SH001.yaml~"):
        (project.clips_dir / other).write_text("")
    assert project.clip_ids() == ("A01_S99_SH999", "A01_S99_SH1000", "A01_S100_SH001", "A02_S01_SH001", "A10_S01_SH001")


@pytest.mark.parametrize("name", ["opening.yaml", "A1_S1_SH1.yaml", "A01_S01_SH001.yml", f"A01_S01_SH{'9' * 200}.yaml"])
def test_clip_file_with_another_name_is_an_error(project: Project, name: str):
    (project.clips_dir / name).write_text("")
    with pytest.raises(InvalidFileError) as caught:
        project.clip_ids()
    assert caught.value.message.startswith(f"prompts/clips/{name}:1: this is not the name of a clip")


def test_clips_folder_that_is_missing_or_no_folder(project: Project):
    project.clips_dir.rmdir()
    assert project.clip_ids() == ()
    project.clips_dir.write_text("")
    with pytest.raises(StorageError, match="cannot read"):
        project.clip_ids()


def test_clip_spec_loads(project: Project):
    spec = ClipSpec(id="A01_S01_SH010", prompt="Rain.")
    project.clip_spec_path(spec.id).write_text(dump_document(spec))
    assert project.clip_spec(spec.id) == spec
    with pytest.raises(NotFoundError, match=r"film has no clip A01_S01_SH100: did you mean A01_S01_SH010\?"):
        project.clip_spec("A01_S01_SH100")


def test_missing_clip_names_the_command(project: Project):
    with pytest.raises(NotFoundError, match="`vtx story clips film` writes"):
        project.clip_spec("A01_S01_SH100")


def test_clip_spec_of_another_clip_names_the_line(project: Project):
    project.clip_spec_path("A01_S01_SH010").write_text("# c\nversion: 1\nid: A01_S01_SH020\n")
    with pytest.raises(InvalidFileError) as caught:
        project.clip_spec("A01_S01_SH010")
    assert caught.value.message.startswith("prompts/clips/A01_S01_SH010.yaml:3: id: 'A01_S01_SH020' does not match")


@pytest.mark.parametrize("clip", ["../../../etc/passwd", "A01", "A01_S01_SH001\n", "", "A01_S01_SH" + "9" * 5000])
def test_absurd_clip_ids_are_refused(project: Project, clip: str):
    with pytest.raises(InvalidRequestError, match="is not a clip id"):
        project.clip_spec(clip)


def test_broken_bible_names_file_and_line(project: Project):
    project.characters_path.write_text("version: 1\ncharacters:\n  mara:\n    name: Mara\n    age: forty\n")
    with pytest.raises(InvalidFileError, match=r"^prompts/characters\.yaml:5: characters\.mara\.age: 'forty' is not an integer"):
        project.bible()
    for path in (project.style_path, project.characters_path, project.locations_path, project.loras_path):
        path.unlink()
    assert project.bible() == Bible()


def test_inputs_are_inside_the_project(project: Project):
    still = project.inputs_dir / "a b/still é.png"
    write_atomic(still, b"png")
    assert project.resolve_input("inputs/a b/still é.png") == still
    (project.root / "inputs/again.png").symlink_to(still)
    assert project.resolve_input("inputs/again.png").read_bytes() == b"png"


@pytest.mark.parametrize(
    "relative",
    [
        "/etc/passwd",
        "../other/x.png",
        "inputs/../../x",
        "",
        ".",
        "inputs/\x00x",
        "//etc/passwd",
        "inputs/out.png",
        "inputs/dir/passwd",
    ],
)
def test_paths_out_of_the_project_are_refused(project: Project, tmp_path: Path, relative: str):
    (tmp_path / "passwd").write_text("")
    (project.root / "inputs/out.png").symlink_to(tmp_path / "passwd")
    (project.root / "inputs/dir").symlink_to(tmp_path)
    with pytest.raises(InvalidRequestError, match=r"path inside the project|leads out of the project"):
        project.resolve_input(relative)


@pytest.mark.parametrize("relative", ["inputs/none.png", "inputs", "inputs/loop", "x" * 5000, "metadata.yaml/x"])
def test_inputs_that_are_missing(project: Project, relative: str):
    (project.root / "inputs/loop").symlink_to(project.root / "inputs/loop")
    with pytest.raises(MissingInputError):
        project.resolve_input(relative)


@pytest.mark.parametrize(
    ("metadata", "env", "wanted"),
    [
        ("", "", False),
        ("", "VTX_PRODUCE_IN_ACTS=1", True),
        ("produce_in_acts: false", "VTX_PRODUCE_IN_ACTS=1", False),
        ("produce_in_acts: true", "", True),
    ],
)
def test_metadata_decides_over_settings_about_acts(project: Project, metadata: str, env: str, wanted: bool):
    project.metadata_path.write_text(f"title: T\n{metadata}\n")
    project.env_path.write_text(env)
    assert project.produces_in_acts() is wanted


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_studio(studio: Studio):
    studio.projects_dir.chmod(0o500)
    with pytest.raises(StorageError, match="no permission"):
        studio.create_project("film", title="T")


def test_inputs_may_be_in_the_library_of_the_studio(project: Project):
    still = project.studio.library_dir / "stills/door.png"
    write_atomic(still, b"png")
    assert project.resolve_input("library/stills/door.png") == still == project.input_path("library/stills/door.png")
    (project.root / "inputs/shared.png").symlink_to(still)
    (project.studio.library_dir / "own.yaml").symlink_to(project.metadata_path)
    with pytest.raises(InvalidRequestError, match="leads out of the project"):
        project.resolve_input("inputs/shared.png")
    with pytest.raises(InvalidRequestError, match="leads out of the library"):
        project.resolve_input("library/own.yaml")
    with pytest.raises(InvalidRequestError, match="not a path inside the project"):
        project.resolve_input("library/../projects/x.png")
    with pytest.raises(MissingInputError, match=r"library/no\.png is missing in the library"):
        project.resolve_input("library/no.png")
    with pytest.raises(MissingInputError, match="library/stills in the library is not a file"):
        project.resolve_input("library/stills")
