import pytest

from vtx_dagster.core.bible import Bible, Character, Characters, Location, Locations
from vtx_dagster.core.shot import DialogueLine
from vtx_dagster.core.shotlist import Shot, Shotlist
from vtx_dagster.core.story import Source
from vtx_dagster.engines.breakdown.renames import renamed_characters, renamed_places
from vtx_dagster.engines.screenplay.fountain import parse_screenplay

BIBLE = Bible(
    characters=Characters(
        characters={"steel": Character(name="Steel", aliases=("THE CAPTAIN",)), "ida": Character(name="Ida")},
    ),
    locations=Locations(locations={"bar": Location(name="Bar"), "sea": Location(name="Sea")}),
)
BEFORE = """INT. BAR - NIGHT

STEEL waits.

STEEL
Where is the boat? It should have been here at nine.

IDA
It sank.

EXT. SEA - DAY

THE CAPTAIN
Then we swim. You first.

INT. BAR - DAY

A glass falls.
"""


def parsed(text: str):
    return [scene for act in parse_screenplay(Source(name="film", text=text)).acts for scene in act.scenes]


def said(*lines: tuple[str, str]) -> Shotlist:
    shots = [
        Shot(id=f"A01_S01_SH{number:03d}", scene="A01_S01", dialogue=(DialogueLine(character=key, text=text),))
        for number, (key, text) in enumerate(lines, start=1)
    ]
    return Shotlist(shots=tuple(shots))


SHOTS = said(
    ("steel", "Where is the boat?"),
    ("steel", "It should have been here at nine."),
    ("ida", "It sank."),
    ("steel", "Then we swim. You first."),
)


STONE = BEFORE.replace("STEEL", "STONE").replace("THE CAPTAIN", "STONE")


@pytest.mark.parametrize(
    ("now", "found"),
    [
        pytest.param(STONE, {"steel": "Stone"}, id="everywhere"),
        pytest.param(STONE.replace("waits", "waits for the captain"), {"steel": "Stone"}, id="a role"),
        pytest.param(BEFORE.replace("STEEL", "STONE"), {}, id="one cue is left, by an alias"),
        pytest.param(STONE.replace("STONE waits", "STEEL waits"), {}, id="he is still in action"),
        pytest.param(
            STONE.replace("Then we swim. You first.", "Swim, then!"),
            {"steel": "Stone"},
            id="rewritten a little",
        ),
        pytest.param(
            STONE.replace("Where is the boat? It should have been here at nine.", "Well?"),
            {},
            id="rewritten for the most part",
        ),
        pytest.param(
            STONE + "\nSTONE\n" + "I have so much more to say now than he ever had. " * 3,
            {},
            id="somebody who says much more",
        ),
        pytest.param(BEFORE, {}, id="nobody"),
        pytest.param(BEFORE.replace("STEEL", "IDA").replace("THE CAPTAIN", "IDA"), {}, id="somebody of the bible says it"),
        pytest.param(
            BEFORE.replace("STEEL", "STONE").replace("THE CAPTAIN", "IRON"),
            {"steel": "Stone"},
            id="two say it, one the most of it",
        ),
        pytest.param(BEFORE.replace("IDA\n", "EDA\n"), {"ida": "Eda"}, id="few words"),
        pytest.param(BEFORE.replace("IDA\nIt sank.", "A boat sinks."), {}, id="nobody says it any more"),
        pytest.param(BEFORE.replace("IDA\n", "EDA\n").replace("It sank.", "?!"), {}, id="no words"),
    ],
)
def test_a_person_who_was_renamed_says_the_same(now, found):
    assert renamed_characters(parsed(now), SHOTS, BIBLE) == found


def test_two_people_who_were_renamed_together():
    now = STONE.replace("IDA\n", "EDA\n")
    assert renamed_characters(parsed(now), SHOTS, BIBLE) == {"steel": "Stone", "ida": "Eda"}


def test_two_people_who_became_one_are_none_of_them():
    now = parsed("INT. BAR - DAY\n\nSTONE\nThree, two, one.\n\nSTONE\nFour, six, nine.\n")
    assert renamed_characters(now, said(("steel", "Three, two, one."), ("ida", "Eleven.")), BIBLE) == {"steel": "Stone"}
    assert renamed_characters(now, said(("steel", "Three, two, one."), ("ida", "Four, six, nine.")), BIBLE) == {}


@pytest.mark.parametrize(
    ("now", "found"),
    [
        pytest.param(BEFORE.replace("INT. BAR", "INT. TAVERN"), {"bar": "Tavern"}, id="everywhere"),
        pytest.param(
            BEFORE.replace("INT. BAR", "INT. TAVERN").replace("STEEL\n", "STONE\n"),
            {"bar": "Tavern"},
            id="and a cue",
        ),
        pytest.param(BEFORE.replace("INT. BAR - NIGHT", "INT. TAVERN - NIGHT"), {}, id="one scene is left there"),
        pytest.param(BEFORE.replace("INT. BAR", "EXT. TAVERN"), {}, id="outside"),
        pytest.param(BEFORE.replace("INT. BAR", "INT. TAVERN").replace("falls", "breaks"), {}, id="another scene"),
        pytest.param(BEFORE.replace("INT. BAR", "INT. TAVERN").replace("A glass falls.", ""), {}, id="an empty scene"),
        pytest.param(BEFORE.replace("BAR - NIGHT", "TAVERN - NIGHT").replace("BAR - DAY", "INN - DAY"), {}, id="two places"),
        pytest.param(BEFORE.replace("INT. BAR", "INT. SEA"), {}, id="a place of the bible"),
        pytest.param(BEFORE, {}, id="nothing"),
    ],
)
def test_a_place_that_was_renamed_has_the_same_scenes(now, found):
    assert renamed_places(parsed(now), parsed(BEFORE), BIBLE) == found


def test_two_places_that_became_one_are_none_of_them():
    before = parsed("INT. BAR - DAY\n\nA glass falls.\n\nINT. SEA - DAY\n\nA gull cries.\n")
    now = parsed("INT. INN - DAY\n\nA glass falls.\n\nINT. INN - DAY\n\nA gull cries.\n")
    assert renamed_places(now, before, BIBLE) == {}


def test_a_scene_without_anything_tells_nothing_of_its_place():
    assert renamed_places(parsed("INT. INN - DAY\n"), parsed("INT. BAR - DAY\n"), BIBLE) == {}


def test_a_stub_is_called_by_its_key_again_once_a_rename_is_undone():
    bible = Bible(
        characters=Characters(
            characters={
                "steel": Character(name="Stone", stub=True),
                "mara": Character(name="Mara V.", stub=True),
                "noah": Character(name="Noah B.", descriptor="tall"),
            }
        ),
        locations=Locations(locations={"bar": Location(name="Pub", stub=True), "yard": Location(name="Yard", stub=True)}),
    )
    text = "INT. BAR - DAY\n\nSTEEL\nYes.\n\nNOAH\nNo.\n\nEXT. YARD - DAY\n\nMARA\nSo.\n\nMARA V.\nSo.\n"
    scenes = [scene for act in parse_screenplay(Source(name="a", text=text)).acts for scene in act.scenes]
    assert renamed_characters(scenes, Shotlist(), bible) == {"steel": "Steel"}
    assert renamed_places(scenes, (), bible) == {"bar": "Bar"}
