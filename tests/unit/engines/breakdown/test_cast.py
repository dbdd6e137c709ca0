# ruff: noqa: RUF001 - other alphabets are what is tested here
import pytest

from vtx_dagster.core.bible import Bible, Character, Characters, Location, Locations
from vtx_dagster.core.story import Source
from vtx_dagster.engines.breakdown.cast import Cast, key_of, missing_bible_entries, title_name
from vtx_dagster.engines.screenplay.fountain import parse_scene

BIBLE = Bible(
    characters=Characters(
        characters={
            "mara": Character(name="Mara", aliases=("THE KEEPER", "MISS VOSS", "!")),
            "keeper": Character(name="The Keeper"),
        }
    ),
    locations=Locations(
        locations={"lamp_room": Location(name="Lamp Room"), "lighthouse": Location(name="Lighthouse", aliases=("TOWER",))}
    ),
)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("MARA", "mara"),
        ("DR. ÉLODIE SANTOS", "dr_elodie_santos"),
        ("ØRSTED", "orsted"),
        ("Straße", "strasse"),
        ("O'NEILL", "oneill"),
        ("ЮЛИЯ ЩУКИНА", "yuliya_shchukina"),
        ("ΜΑΡΙΑ", "maria"),
        ("李雷", "u674eu96f7"),
        ("R2-D2", "r2_d2"),
        ("...", ""),
        ("X" * 100, "x" * 63),
    ],
)
def test_key_of(name, key):
    assert key_of(name) == key


def test_characters_are_found_by_name_and_alias():
    cast = Cast(BIBLE, ["MARA", "NOAH", "DR. VOSS"])
    assert [cast.character(name) for name in ("Mara", "THE KEEPER", "NOAH", "?!")] == ["mara", "keeper", "noah", "unnamed"]
    assert cast.mentioned("Noah sees Miss Voss. Marathon. MARA and Dr. Voss, and Noah.") == ("noah", "mara", "dr_voss")
    assert [cast.display_name(key) for key in ("mara", "noah", "nobody")] == ["Mara", "Noah", "nobody"]
    assert cast.is_name(" Noah ")
    assert not cast.is_name("Noah's hand")


def test_a_word_is_not_a_name():
    cast = Cast(Bible(), ["WILL", "BOY"])
    assert cast.mentioned("She will go.") == ()
    assert cast.mentioned("Will goes, and the boy stays.") == ("will", "boy")


def test_nobody_is_mentioned_where_nobody_is_known():
    assert Cast(Bible()).mentioned("MARA") == ()


@pytest.mark.parametrize(
    ("place", "key"),
    [
        ("LIGHTHOUSE - LAMP ROOM", "lamp_room"),
        ("TOWER - STAIRS", "lighthouse"),
        ("PIER - END", "pier_end"),
        ("?", None),
    ],
)
def test_locations(place, key):
    assert Cast(BIBLE).location(place) == key


@pytest.mark.parametrize(
    ("name", "written"), [("DR. ÉLODIE O'NEILL", "Dr. Élodie O'Neill"), ("McAvoy", "McAvoy"), ("ANNE-MARIE'S", "Anne-Marie's")]
)
def test_title_name(name, written):
    assert title_name(name) == written


def test_missing_entries_are_stubs_of_those_who_speak():
    text = "EXT. PIER - DAY\n\nA GULL lands. MARA waits.\n\nOLD MAN (O.S.)\nMara!\n\nMARA\nYes."
    scene = parse_scene(Source(name="a", text=text))
    lamp = parse_scene(Source(name="b", text="INT. TOWER - LAMP ROOM\n\nLight."))
    characters, locations = missing_bible_entries({"A01_S01": scene, "A01_S02": lamp}, BIBLE)
    assert characters == {"old_man": Character(name="Old Man", stub=True)}
    assert locations == {"pier": Location(name="Pier", interior=False, stub=True)}
