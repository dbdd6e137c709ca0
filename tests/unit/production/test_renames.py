"""People and places whose names change in the screenplay keep their entries in the bible, and with them keys and figures."""

import pytest

from vtx_dagster.core.planner import Stage
from vtx_dagster.core.story import BibleProposal
from vtx_dagster.engines.breakdown.writer import BreakdownWriter
from vtx_dagster.production.story import StoryDesk
from vtx_dagster.studio.documents import load_document
from vtx_dagster.studio.project import Project, Studio

SCREENPLAY = """INT. BAR - NIGHT

STEEL waits.

STEEL
Where is the boat? It should have been here at nine.

IDA
It sank, STEEL.

INT. BAR - DAY

A glass falls.
"""
STEEL = """  steel:   # the hero
    descriptor:   "tall, grey eyes"   # locked
    aliases: [THE CAPTAIN]
    name: Steel # as he is called
"""
STONE = SCREENPLAY.replace("STEEL", "STONE")
STAGES = (Stage.OUTLINE, Stage.TREATMENT, Stage.SCREENPLAY, Stage.SHOTLIST)


def run(project: Project, *stages: Stage) -> list[str]:
    """Run stages; return what they say."""
    desk = StoryDesk(project, BreakdownWriter())
    return [note for stage in stages or STAGES for note in desk.run(stage).notes]


def speakers(project: Project) -> set[str]:
    return {line.character for clip in project.clip_ids() for line in project.clip_spec(clip).dialogue}


def is_current(project: Project) -> bool:
    return all(record.is_current for record in StoryDesk(project, BreakdownWriter()).records())


def source(project: Project, text: str) -> None:
    (project.source_dir / "film.fountain").write_text(text)


@pytest.fixture
def film(make_project) -> Project:
    """A film that was broken down, and in which a person described Steel and the bar."""
    project = make_project(clips=())
    source(project, SCREENPLAY)
    run(project)
    characters, locations = project.characters_path, project.locations_path
    stub = "  steel:\n    name: Steel\n    told: STEEL waits.\n    stub: true\n"
    assert stub in characters.read_text()
    characters.write_text(characters.read_text().replace(stub, STEEL))
    locations.write_text(locations.read_text().replace("    stub: true\n", "    descriptor: long and low\n"))
    run(project, Stage.SHOTLIST)
    assert is_current(project)
    return project


@pytest.fixture
def proposing(film: Project) -> Project:
    return Studio.open(film.studio.root, {**film.studio.environ, "VTX_STORY_BIBLE": "propose"}).project(film.slug)


def test_a_renamed_person_keeps_the_entry_and_gains_an_alias(film: Project) -> None:
    before = film.characters_path.read_text()
    source(film, STONE)
    notes = run(film)
    assert notes == [
        "the screenplay calls Steel Stone now: prompts/characters.yaml keeps the entry steel, with this alias"
        " (change its name if the film is to show the new one)"
    ]
    after = before.replace("aliases: [THE CAPTAIN]", "aliases:\n    - THE CAPTAIN\n    - Stone")
    assert film.characters_path.read_text() == after, "nothing else is changed"
    assert speakers(film) == {"steel", "ida"}
    assert is_current(film)
    assert run(film) == []


def test_a_stub_that_nobody_filled_in_has_the_new_name(film: Project) -> None:
    before = film.characters_path.read_text()
    source(film, SCREENPLAY.replace("IDA", "EDA"))
    assert run(film) == ["the screenplay calls Ida Eda now: prompts/characters.yaml keeps the entry ida, with this name"]
    assert film.characters_path.read_text() == before.replace("name: Ida", "name: Eda")
    assert speakers(film) == {"steel", "ida"}
    source(film, SCREENPLAY.replace("IDA", "ADA"))
    run(film)
    assert film.bible().characters.characters["ida"].name == "Ada"
    assert is_current(film)


def test_a_renamed_place_keeps_the_entry(film: Project) -> None:
    clips = film.clip_ids()
    source(film, SCREENPLAY.replace("INT. BAR", "INT. TAVERN"))
    assert [note for note in run(film) if "locations" in note] == [
        "the screenplay calls Bar Tavern now: prompts/locations.yaml keeps the entry bar, with this alias"
        " (change its name if the film is to show the new one)"
    ]
    assert film.bible().locations.locations["bar"].aliases == ("Tavern",)
    assert {film.clip_spec(clip).location for clip in film.clip_ids()} == {"bar"}
    assert film.clip_ids() == clips
    assert is_current(film)


def test_a_scene_file_that_cannot_be_read_tells_nothing_of_places(film: Project) -> None:
    next(film.scenes_dir.glob("A01_S01*")).write_text("INT. BAR - DAY\n\nA.\n\nINT. INN - DAY\n\nB.\n")
    source(film, SCREENPLAY.replace("INT. BAR", "INT. TAVERN"))
    assert run(film, Stage.OUTLINE) == []


def test_a_rename_in_the_scene_files_is_followed_too(film: Project) -> None:
    for path in film.scenes_dir.glob("*.fountain"):
        path.write_text(path.read_text().replace("STEEL", "STONE"))
    assert any("the screenplay calls Steel Stone now" in note for note in run(film, Stage.SHOTLIST))
    assert speakers(film) == {"steel", "ida"}
    assert is_current(film)


def test_a_proposal_that_was_edited_by_hand_is_not_said_to_have_the_alias(proposing: Project) -> None:
    film = proposing
    by_hand = "character_aliases:\n  ida: [Idda] # my own\n"
    film.bible_proposal_path.write_text(by_hand)
    source(film, STONE)
    (told,) = set(run(film))
    assert "steel: Stone" in told
    assert "these entries are used, and story/02_bible_proposal.yaml, which was edited by hand, is left" in told
    assert film.bible_proposal_path.read_text() == by_hand
    assert speakers(film) == {"steel", "ida"}
    assert is_current(film)


def test_where_the_bible_is_proposed_to_the_alias_waits(proposing: Project) -> None:
    film = proposing
    before = film.characters_path.read_text()
    source(film, STONE)
    assert len(set(run(film))) == 1
    source(film, STONE.replace("INT. BAR", "INT. TAVERN"))
    told = (
        "the screenplay has new names for entries of the bible (steel: Stone; bar: Tavern): these entries are used, and"
        " story/02_bible_proposal.yaml proposes the names as aliases (`vtx story bible film --apply` adds them)"
    )
    assert set(run(film)) == {told}
    proposal = BibleProposal(character_aliases={"steel": ("Stone",)}, location_aliases={"bar": ("Tavern",)})
    assert load_document(film.bible_proposal_path, BibleProposal) == proposal
    assert film.characters_path.read_text() == before
    assert speakers(film) == {"steel", "ida"}, "the entries are used"
    assert is_current(film)

    # However much is rewritten next, the name is still proposed.
    source(film, STONE.replace("INT. BAR", "INT. TAVERN").replace("Where is the boat? It should have been here at nine.", "So?"))
    assert set(run(film)) == {told}
    assert speakers(film) == {"steel", "ida"}
    assert is_current(film)

    shown = StoryDesk(film, BreakdownWriter()).run(Stage.BIBLE_PROPOSAL)
    assert shown.path == film.bible_proposal_path
    assert "+  - Stone\n" in shown.diff
    assert "+  - Tavern\n" in shown.diff
    assert len(StoryDesk(film, BreakdownWriter()).apply_bible_proposal()) == 2
    assert StoryDesk(film, BreakdownWriter()).run(Stage.BIBLE_PROPOSAL).diff == ""
    assert film.bible().characters.characters["steel"].aliases == ("THE CAPTAIN", "Stone")
    assert film.bible().locations.locations["bar"].aliases == ("Tavern",)
    run(film)
    assert (speakers(film), is_current(film)) == ({"steel", "ida"}, True)
    assert StoryDesk(film, BreakdownWriter()).apply_bible_proposal() == ()


def test_a_new_entry_of_that_name_says_that_it_is_somebody_else(proposing: Project) -> None:
    film = proposing
    source(film, STONE)
    run(film)
    film.characters_path.write_text(film.characters_path.read_text() + "  stone: {name: Stone}\n")
    assert run(film) == []
    assert speakers(film) == {"stone", "ida"}
