"""Names that a model writes, and the keys that they get."""

import pytest

from vtx_dagster.core.bible import Bible, Character, Characters, Location, Locations
from vtx_dagster.engines.breakdown.cast import Cast
from vtx_dagster.engines.language_model.names import cast_lines, known_keys, place_lines, spoken_name

BIBLE = Bible(
    characters=Characters(
        characters={
            "ida": Character(name="Ida Brandt", aliases=("The Ferrywoman",), age=66, descriptor="short and upright"),
            "old_woman": Character(name="Old Woman"),
            "guard_1": Character(name="Guard 1", age=30),
        }
    ),
    locations=Locations(
        locations={"lamp_room": Location(name="Lamp Room", descriptor="round, with brass"), "pier": Location(name="Pier")}
    ),
)


@pytest.mark.parametrize(
    ("names", "keys", "remarks"),
    [
        pytest.param(["Ida Brandt", "IDA"], ["ida", "ida"], [], id="its own names"),
        pytest.param(["the ferrywoman"], ["ida"], [], id="an alias"),
        pytest.param(["Ida Brand"], ["ida"], ["Ida Brand was taken for Ida Brandt of the bible"], id="misspelt"),
        pytest.param(
            ["The Ferry Woman"], ["ida"], ["The Ferry Woman was taken for Ida Brandt of the bible"], id="misspelt alias"
        ),
        pytest.param(["Noah"], ["noah"], [], id="somebody new"),
        pytest.param(["Old Man", "Old Woman"], ["old_man", "old_woman"], [], id="near one that is there, too"),
        pytest.param(["Old Women"], ["old_woman"], ["Old Women was taken for Old Woman of the bible"], id="near one that is not"),
        pytest.param(["Guard 2"], ["guard_2"], [], id="another number"),
        pytest.param([], [], [], id="nobody"),
    ],
)
def test_a_name_has_the_key_of_the_bible_where_it_is_near(names: list[str], keys: list[str], remarks: list[str]) -> None:
    found, told = known_keys(names, BIBLE.characters.characters, exact=Cast(BIBLE).character, introduced={})
    assert [found[name] for name in names] == keys
    assert list(told) == remarks


@pytest.mark.parametrize(
    ("name", "key", "remarks"),
    [
        pytest.param("Old Women", "old_women", [], id="near one of the bible"),
        pytest.param("Old Woman", "old_woman", [], id="one of the bible"),
        pytest.param("The Pier End", "end", [], id="a key of its own"),
        pytest.param("Old Womens", "old_womens", [], id="nearer to it than to one of the bible"),
        pytest.param("Waitress", "waitress", [], id="near it and somebody else"),
        pytest.param("Old Womam", "old_woman", ["Old Womam was taken for Old Woman of the bible"], id="nearest to the bible"),
        pytest.param("Guard 2", "guard_2", [], id="another number"),
    ],
)
def test_a_name_that_the_story_has_introduced_stays_itself(name: str, key: str, remarks: list[str]) -> None:
    introduced = {"old_women": "Old Women", "end": "The Pier End", "ida": "Ida", "guard_3": "Guard 3", "waiter": "Waiter"}
    found, told = known_keys([name], BIBLE.characters.characters, exact=Cast(BIBLE).character, introduced=introduced)
    assert (found, list(told)) == ({name: key}, remarks)


def test_a_place_without_an_entry_has_a_key_of_its_own() -> None:
    found, told = known_keys(
        ["Lighthouse - Lamp Room", "Harbour"], BIBLE.locations.locations, exact=Cast(BIBLE).location, introduced={}
    )
    assert found == {"Lighthouse - Lamp Room": "lamp_room", "Harbour": "harbour"}
    assert told == ()


def test_a_key_reads_as_a_name() -> None:
    assert spoken_name("dr_elodie_santos") == "Dr Elodie Santos"


def test_people_are_listed_with_what_is_known_of_them() -> None:
    lines = cast_lines(BIBLE, {"ida": "Ida", "noah": "Noah"})
    assert lines.splitlines() == [
        "- Ida Brandt (also The Ferrywoman): aged 66, short and upright",
        "- Old Woman",
        "- Guard 1: aged 30",
        "- Noah",
    ]


def test_places_are_listed_with_what_is_known_of_them() -> None:
    lines = place_lines(BIBLE, {"pier": "Pier", "harbour": "Harbour"})
    assert lines.splitlines() == ["- Lamp Room: round, with brass", "- Pier", "- Harbour"]


def test_an_empty_bible_lists_nothing() -> None:
    assert cast_lines(Bible(), {}) == ""
    assert place_lines(Bible(), {}) == ""


def test_names_that_are_near_in_ascii_alone_are_not_near() -> None:
    bible = Bible(characters=Characters(characters={"lixiaolong": Character(name="李小龙")}))
    found, told = known_keys(
        ["李小红"], bible.characters.characters, exact=Cast(bible, ["李小红"]).character, introduced={"mina": "मीना"}
    )
    assert (found, told) == ({"李小红": "lixiaohong"}, ())
