"""A proposal goes into the bible's files where these say nothing, and nowhere else."""

import pytest

from vtx_dagster.core.bible import Bible, Character, Location, SetKind
from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.shotlist import Shotlist
from vtx_dagster.core.story import BibleProposal
from vtx_dagster.production.bible_proposal import add_to_bible, apply_proposal, new_names, proposal_diff
from vtx_dagster.production.story_files import StoryFiles
from vtx_dagster.studio.project import Project

CHARACTERS = """# who
characters:
  mara:
    name: Mara
    stub: true   # later

  # by hand
  tom: {name:   Tom}
version: 1
"""
LOCATIONS = """version: 1
locations:
  pier:
    name: Pier
    interior: false
    stub: true
"""
MARA = Character(name="Mara", descriptor="lean, grey eyes", age=61)
TOM = Character(name="Tom", descriptor="tall")
PIER = Location(name="Pier", interior=False, descriptor="wet planks", set=SetKind.SHORE)


@pytest.fixture
def film(make_project) -> Project:
    project = make_project(clips=())
    project.characters_path.write_text(CHARACTERS)
    project.locations_path.write_text(LOCATIONS)
    return project


def test_stubs_are_filled_in_and_everything_else_stays(film: Project) -> None:
    story = StoryFiles(film)
    proposal = BibleProposal(characters={"mara": MARA, "ida": Character(name="Ida", age=7)}, locations={"pier": PIER})
    assert "-  stub: true" in proposal_diff(story.bible, proposal)
    assert apply_proposal(story, proposal) == [
        "added to prompts/characters.yaml: ida",
        "filled in stubs of prompts/characters.yaml: mara",
        "filled in stubs of prompts/locations.yaml: pier",
    ]
    filled = CHARACTERS.replace("stub: true ", "age: 61\n    descriptor: lean, grey eyes ")
    filled = filled.replace("  tom: {name:   Tom}\n", "  tom: {name:   Tom}\n  ida:\n    name: Ida\n    age: 7\n")
    assert film.characters_path.read_text() == filled
    assert film.locations_path.read_text() == LOCATIONS.replace("stub: true", "descriptor: wet planks\n    set: shore")
    assert story.bible == film.bible(), "the story at hand is as the files are"
    assert proposal_diff(film.bible(), proposal) == ""
    assert apply_proposal(StoryFiles(film), proposal) == []


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param("{name: Tom}", id="no stub"),
        pytest.param("{name: Tom, stub: true, age: 40}", id="age"),
        pytest.param("{name: Tom, stub: true, voice: low}", id="voice"),
        pytest.param("{name: Tom, stub: true, aliases: [Tommy]}", id="aliases"),
        pytest.param("{name: Tom, stub: true, figure: {hair: cap}}", id="figure"),
    ],
)
def test_what_a_person_filled_in_stays(film: Project, entry: str) -> None:
    before = CHARACTERS.replace("{name:   Tom}", entry)
    film.characters_path.write_text(before)
    assert apply_proposal(StoryFiles(film), BibleProposal(characters={"tom": TOM})) == [
        "proposed otherwise and left as they are: tom (`vtx story bible film` shows how)"
    ]
    assert film.characters_path.read_text() == before


@pytest.mark.parametrize("entry", ["descriptor: by the sea", "set: street", "palette: {sky: '#aabbcc'}", "aliases: [Jetty]"])
def test_a_place_that_a_person_filled_in_stays(film: Project, entry: str) -> None:
    before = f"{LOCATIONS}    {entry}\n"
    film.locations_path.write_text(before)
    (note,) = apply_proposal(StoryFiles(film), BibleProposal(locations={"pier": PIER}))
    assert note.startswith("proposed otherwise and left as they are: pier")
    assert film.locations_path.read_text() == before


def test_a_stub_takes_no_stub_s_place(film: Project) -> None:
    proposal = BibleProposal(characters={"mara": Character(name="Mara Lind", stub=True)})
    (note,) = apply_proposal(StoryFiles(film), proposal)
    assert note.startswith("proposed otherwise and left as they are: mara")
    assert film.characters_path.read_text() == CHARACTERS


def test_a_file_in_which_nothing_can_be_replaced_is_left_and_the_rest_is_done(film: Project) -> None:
    before = "x: &stub {name: Mara, stub: true}\ncharacters: {mara: *stub}\n"
    path = film.characters_path
    story = StoryFiles(film)
    assert story.bible.characters.characters["mara"].stub
    path.write_text(before)
    proposal = BibleProposal(characters={"mara": MARA}, style_prefix="35mm")
    with pytest.raises(InvalidFileError, match="write by hand"):
        apply_proposal(story, proposal)
    assert path.read_text() == before
    assert "35mm" in film.style_path.read_text()


def test_new_entries_are_added_to_the_story_at_hand(film: Project) -> None:
    story = StoryFiles(film)
    assert add_to_bible(story, {}, {}) == []
    assert add_to_bible(story, {"ida": Character(name="Ida")}, {}) == ["added to prompts/characters.yaml: ida"]
    assert story.bible == film.bible()


def test_without_a_screenplay_there_are_no_new_names():
    assert new_names((), (), Shotlist(), Bible()) == BibleProposal()
