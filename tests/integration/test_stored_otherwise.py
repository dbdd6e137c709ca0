"""Line ends, spaces, the composition of letters: what an editor or git does to a file is no edit, and nothing is paid for it."""

import json
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import story_author
from model_server import ModelServer

from vtx_dagster.core.planner import Stage
from vtx_dagster.engines.choice import story_writer
from vtx_dagster.production.story import StoryDesk, brief_hash
from vtx_dagster.studio.ledger import FileState, Ledger
from vtx_dagster.studio.project import Project, Studio

BEFORE = json.loads(Path(__file__).with_name("written_before.json").read_text())
"""The story files of small films as the version before plain forms wrote and noted them."""

SCREENPLAY = """Title: Café

INT. CAFÉ - NIGHT

A kettle steams.
ÉLODIE waits.

ÉLODIE
It never boils.
{two_spaces}
Never.

EXT. SEA - DAY

A gull cries.
""".replace("{two_spaces}", "  ")
BRIEF = """# Fähre

A woman waits for a ferry
that does not come.

A man has a lamp. They row.
"""
TEMPLATE = """---
version: 1
max_output_tokens: 2000
---
# system

Write treatments.

# user

This is treatment {{ variant }} of {{ variants }}.
"""


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(story_author.write) as server:
        yield server


def studio(folder: Path, server: ModelServer, writer: str) -> Studio:
    return Studio.init(folder / "studio", {**server.settings, "VTX_STORY_WRITER": writer})


def run(project: Project) -> list[Path]:
    """Run every stage; return the files that were written."""
    writer = story_writer(project)
    results = [StoryDesk(project, writer).run(stage) for stage in writer.stages]
    return [path for result in results for path in result.written]


def due(project: Project) -> dict[str, str]:
    return {
        record.stage: record.reason for record in StoryDesk(project, story_writer(project)).records() if not record.is_current
    }


def texts(project: Project) -> list[Path]:
    """Return the files of the story, with the clip specs that it made."""
    found = [*project.story_dir.rglob("*"), *project.clips_dir.glob("*.yaml")]
    return [path for path in found if path.suffix in (".md", ".yaml", ".fountain") and path.is_file()]


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def by_hand(project: Project) -> list[Path]:
    ledger = Ledger.load(project)
    theirs = (project.brief_path, project.source_dir / "film.fountain", project.story_dir / "templates/treatment.md")
    return [path for path in texts(project) if path not in theirs and ledger.state(path) != FileState.GENERATED]


def spaced(text: str) -> str:
    """Put spaces at the ends of all lines that have something on them."""
    return "".join(f"{line} \t\n" if line.strip() else f"{line}\n" for line in text.splitlines())


OTHERWISE: dict[str, Callable[[str], str]] = {
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "byte order mark": lambda text: "\ufeff" + text,
    "trailing space": spaced,
    "empty lines at the end": lambda text: text + "\n\n\n",
    "no line end at the end": lambda text: text.rstrip("\n"),
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "all of it": lambda text: "\ufeff" + unicodedata.normalize("NFD", spaced(text) + "\n").replace("\n", "\r\n"),
}


@pytest.mark.parametrize("otherwise", OTHERWISE.values(), ids=OTHERWISE.keys())
@pytest.mark.parametrize(
    ("writer", "has_screenplay"),
    [
        pytest.param("breakdown", True, id="rules"),
        pytest.param("openai", False, id="model"),
        pytest.param("openai", True, id="model shoots a screenplay"),
    ],
)
def test_a_file_that_is_stored_otherwise_is_the_same(tmp_path, server, writer, has_screenplay, otherwise) -> None:
    project = studio(tmp_path, server, writer).create_project("film", title="Café")
    write(project.brief_path, BRIEF)
    write(project.story_dir / "templates/treatment.md", TEMPLATE)
    if has_screenplay:
        write(project.source_dir / "film.fountain", SCREENPLAY)
    run(project)
    run(project)  # the outline of a screenplay calls people as the bible does, which was written after it
    assert (due(project), by_hand(project)) == ({}, [])
    observed, num_asked = brief_hash(project), len(server.requests)
    for path in texts(project):
        write(path, otherwise(path.read_text()))
    assert brief_hash(project) == observed
    assert (due(project), by_hand(project)) == ({}, [])
    assert run(project) == []
    assert len(server.requests) == num_asked

    # The files still count as generated: what is written next arrives.
    source = project.source_dir / "film.fountain" if has_screenplay else project.brief_path
    with source.open("a", encoding="utf-8") as file:
        file.write("\r\n\r\nEXT. PIER - DUSK\r\n\r\nÉlodie waves.\r\n")
    assert Stage.OUTLINE in due(project)
    run(project)
    assert (due(project), by_hand(project)) == ({}, [])


@pytest.mark.parametrize(
    "brief",
    [
        pytest.param(BRIEF.replace("ferry\nthat", "ferry that").replace("lamp. They", "lamp.\nThey"), id="wrapped otherwise"),
        pytest.param(BRIEF + "\n<!-- ask Ida\nabout the lamp -->\n", id="a comment"),
        pytest.param(BRIEF.replace("A man", "<!-- who? -->A man"), id="a comment in a line"),
        pytest.param(BRIEF.replace("\n\n", "\n\n\n\n"), id="more space between paragraphs"),
    ],
)
@pytest.mark.parametrize("writer", ["breakdown", "openai"])
def test_a_brief_with_the_same_words_is_the_same(tmp_path, server, writer, brief) -> None:
    project = studio(tmp_path, server, writer).create_project("film", title="Café")
    write(project.brief_path, BRIEF)
    run(project)
    num_asked = len(server.requests)
    write(project.brief_path, brief)
    assert due(project) == {}
    assert run(project) == []
    assert len(server.requests) == num_asked
    write(project.brief_path, brief.replace("lamp", "lantern"))
    assert due(project)[Stage.OUTLINE] in ("its brief changed", "its sources changed")


def before(folder: Path, server: ModelServer, film: str) -> Project:
    project = studio(folder, server, "openai" if "model" in film else "breakdown").create_project("crossing", title="Crossing")
    for name, text in BEFORE[film].items():
        write(project.root / name, text)
    return project


@pytest.mark.parametrize("film", BEFORE)
def test_nothing_is_due_in_a_film_that_an_earlier_version_wrote(tmp_path, server, film) -> None:
    project = before(tmp_path, server, film)
    assert due(project) == {}
    if film == "model_screenplay_odd":
        return  # run again, its outline would call people as the bible does, which was written after it
    # An outline by rule costs nothing; this version also notes in it by which words scenes are known.
    by_rule = ["01_outline.yaml"] * (film == "model_screenplay")
    assert [path.name for path in run(project) if path.parent != project.clips_dir and "rules" not in film] == by_rule
    assert (due(project), server.requests) == ({}, [])
    assert by_hand(project) == [project.treatment_path, *sorted(project.scenes_dir.glob("A01_S10*"))] * (film == "model_odd")

    # Noted by this version now, so that the next who stores it otherwise changes nothing.
    for path in texts(project):
        write(path, path.read_text(encoding="utf-8-sig").replace("\r\n", "\n"))
    assert (due(project), server.requests) == ({}, [])


def test_a_word_in_a_film_of_an_earlier_version_asks_for_its_scene_and_no_other(tmp_path, server) -> None:
    project = before(tmp_path, server, "model_screenplay")
    source = project.source_dir / "film.fountain"
    source.write_text(source.read_text().replace("gull cries", "gull calls"))
    run(project)
    assert [request.schema_name for request in server.requests] == ["bible", "shotlist"]
    assert "A gull calls." in server.requests[1].user
    assert "id: A01_S01_B" not in project.outline_path.read_text()
    assert due(project) == {}


@pytest.mark.parametrize(
    ("film", "otherwise"),
    [
        *(
            pytest.param(film, change, id=f"{film} {name}")
            for film in ("rules_plain", "model_plain")
            for name, change in OTHERWISE.items()
        ),
        *(
            pytest.param(film, OTHERWISE[name], id=f"{film} {name}")
            for film in ("rules", "model")
            for name in ("CRLF", "CR", "byte order mark")
        ),
    ],
)
def test_files_of_an_earlier_version_are_the_same_when_stored_otherwise(tmp_path, server, film, otherwise) -> None:
    project = before(tmp_path, server, film)
    for path in texts(project):
        write(path, otherwise(path.read_bytes().decode()))
    assert due(project) == {}
    run(project)
    assert server.requests == []
