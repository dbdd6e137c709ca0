import pytest

from vtx_dagster.core.bible import Bible, SetKind
from vtx_dagster.core.clip import ClipSpec
from vtx_dagster.core.sets import SET_WORDS, drawn_set


def drawn(name: str, *, interior: bool | None = None, **fields) -> tuple[SetKind, bool, str]:
    entry = {"name": name, "interior": interior, **fields}
    bible = Bible.model_validate({"locations": {"locations": {"place": entry}}})
    return drawn_set(bible, ClipSpec(id="A01_S01_SH001", location="place"))


@pytest.mark.parametrize(
    ("name", "interior", "kind"),
    [
        pytest.param("Kitchen", True, SetKind.KITCHEN, id="kitchen"),
        pytest.param("Lighthouse - Lamp Room", True, SetKind.ROOM, id="the last word is the specific one"),
        pytest.param("Office Building Rooftop", False, SetKind.ROOFTOP, id="rooftop of an office"),
        pytest.param("Beach House", True, SetKind.ROOM, id="inside a beach house"),
        pytest.param("Beach House", False, SetKind.STREET, id="outside of a house"),
        pytest.param("Kitchen Garden", False, SetKind.GARDEN, id="kitchen garden"),
        pytest.param("Lighthouse", False, SetKind.SHORE, id="lighthouse from outside"),
        pytest.param("Lighthouse", True, SetKind.WORKSHOP, id="lighthouse from inside"),
        pytest.param("Beach Hut", True, SetKind.ROOM, id="a beach is not inside"),
        pytest.param("Station", False, SetKind.STATION, id="platform"),
        pytest.param("Ferry - Wheelhouse", True, SetKind.BOAT, id="wheelhouse"),
        pytest.param("Cabin of the Yacht", True, SetKind.BOAT, id="cabin of a boat"),
        pytest.param("Ferry Landing", False, SetKind.BOAT, id="a landing is inside"),
        pytest.param("CAR", True, SetKind.VEHICLE, id="inside a car"),
        pytest.param("Ship", True, SetKind.BOAT, id="inside a ship"),
        pytest.param("Ship", False, SetKind.BOAT, id="outside of a ship"),
        pytest.param("Somewhere", True, SetKind.ROOM, id="inside, no word"),
        pytest.param("Somewhere", False, SetKind.FIELD, id="outside, no word"),
        pytest.param("Supermarket Car Park", False, SetKind.CAR_PARK, id="two words that mean one thing"),
        pytest.param("Old Car, City Park", False, SetKind.PARK, id="a park for people"),
        pytest.param("Großstadt", False, SetKind.CITY, id="German"),
        pytest.param("Le cimetière", False, SetKind.CEMETERY, id="French"),
        pytest.param("Jardín", False, SetKind.GARDEN, id="Spanish"),
        pytest.param("Piscina", False, SetKind.POOL, id="Italian"),
        pytest.param("Indoor Pool", True, SetKind.POOL, id="a pool within"),
        pytest.param("Sand Dunes", False, SetKind.DESERT, id="dunes"),
        pytest.param("Kitchenette", False, SetKind.FIELD, id="only whole words count"),
    ],
)
def test_a_name_suggests_its_backdrop(name: str, interior: bool, kind: SetKind) -> None:
    assert drawn(name, interior=interior) == (kind, interior, name)


@pytest.mark.parametrize(
    ("name", "kind", "interior"),
    [
        ("Corridor", SetKind.CORRIDOR, True),
        ("The Woods", SetKind.FOREST, False),
        ("Harbour", SetKind.SHORE, False),
        ("Ferry", SetKind.BOAT, False),
        ("Footbridge", SetKind.BRIDGE, False),
        ("Open Sea", SetKind.SEA, False),
        ("Somewhere", SetKind.ROOM, True),
    ],
)
def test_the_backdrop_suggests_whether_it_is_indoors(name: str, kind: SetKind, interior: bool) -> None:
    assert drawn(name) == (kind, interior, name)


def test_what_the_bible_gives_is_taken() -> None:
    assert drawn("Kitchen", interior=False, set="mountain") == (SetKind.MOUNTAIN, False, "Kitchen")
    assert drawn("Kitchen", set="mountain") == (SetKind.MOUNTAIN, False, "Kitchen")


def test_the_key_counts_where_the_name_says_nothing() -> None:
    bible = Bible.model_validate({"locations": {"locations": {"old_pier": {"name": "Where they met"}}}})
    spec = ClipSpec(id="A01_S01_SH001", location="old_pier")
    assert drawn_set(bible, spec) == (SetKind.SHORE, False, "Where they met")


def test_an_unknown_location_is_guessed_from_its_key() -> None:
    assert drawn_set(Bible(), ClipSpec(id="A01_S01_SH001", location="old_pier")) == (SetKind.SHORE, False, "Old Pier")


def test_no_location_is_a_room_without_a_name() -> None:
    assert drawn_set(Bible(), ClipSpec(id="A01_S01_SH001")) == (SetKind.ROOM, True, "")


def test_every_backdrop_has_its_own_name_as_a_word() -> None:
    assert set(SET_WORDS) == set(SetKind)
    for kind, words in SET_WORDS.items():
        assert kind.value in words.split()
