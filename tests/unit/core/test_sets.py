import pytest

from vtx_dagster.core.bible import Bible, SetKind
from vtx_dagster.core.clip import ClipSpec
from vtx_dagster.core.continuity import draw
from vtx_dagster.core.sets import SET_WORDS, drawn_set, side_named


def drawn(name: str, *, interior: bool | None = None, **fields) -> tuple[SetKind, bool, str]:
    entry = {"name": name, "interior": interior, **fields}
    return of_bible(Bible.model_validate({"locations": {"locations": {"place": entry}}}), location="place")


def of_bible(bible: Bible, *, location: str | None = None) -> tuple[SetKind, bool, str]:
    given = draw(bible, ClipSpec(id="A01_S01_SH001", location=location), project="film", title="Film")
    return (*drawn_set(given), given.place)


@pytest.mark.parametrize(
    ("name", "interior", "kind"),
    [
        pytest.param("Kitchen", True, SetKind.KITCHEN, id="kitchen"),
        pytest.param("Lighthouse - Kitchen", True, SetKind.KITCHEN, id="the last word is the specific one"),
        pytest.param("Lighthouse - Lamp Room", True, SetKind.WORKSHOP, id="room says less than lamp"),
        pytest.param("Hospital Room", True, SetKind.HOSPITAL, id="room says less than hospital"),
        pytest.param("Sam's Room", True, SetKind.ROOM, id="room and no other word"),
        pytest.param("School - Workroom", True, SetKind.PLAIN, id="a room of another kind is no classroom"),
        pytest.param("Office - Conference Room", True, SetKind.PLAIN, id="a conference room is no office"),
        pytest.param("School - Stillroom", True, SetKind.PLAIN, id="a room of a kind that nobody knows"),
        pytest.param("Corridor. Police Station", True, SetKind.CORRIDOR, id="the first part goes first"),
        pytest.param("Scott's Room, Hospital", True, SetKind.ROOM, id="before a comma"),
        pytest.param("Cara, Hospital", True, SetKind.HOSPITAL, id="a part without a word"),
        pytest.param("High School Stadium", False, SetKind.PLAIN, id="a stadium is no street"),
        pytest.param("Coffee Shop", True, SetKind.RESTAURANT, id="coffee is not sold here but drunk"),
        pytest.param("Dining Room", True, SetKind.ROOM, id="at home"),
        pytest.param("Mustang", True, SetKind.VEHICLE, id="a make of cars"),
        pytest.param("Grand Hall", True, SetKind.PLAIN, id="no corridor"),
        pytest.param("Jet Studio", True, SetKind.PLAIN, id="a studio may be anything"),
        pytest.param("Industrial Park", False, SetKind.CITY, id="no trees in an industrial park"),
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
        pytest.param("Somewhere", True, SetKind.PLAIN, id="inside, no word"),
        pytest.param("Somewhere", False, SetKind.PLAIN, id="outside, no word"),
        pytest.param("Kitchenette", False, SetKind.PLAIN, id="only whole words count"),
        pytest.param("Living Room", True, SetKind.ROOM, id="living room"),
        pytest.param("Hotel Room", True, SetKind.BEDROOM, id="two words say more than the last one"),
        pytest.param("Police Station", True, SetKind.OFFICE, id="no trains at the police"),
        pytest.param("Space Station - Bridge", True, SetKind.SPACESHIP, id="no bridge inside"),
        pytest.param("Car Park", False, SetKind.CAR_PARK, id="no trees in a car park"),
        pytest.param("Hospital", True, SetKind.HOSPITAL, id="inside a hospital"),
        pytest.param("Hospital", False, SetKind.STREET, id="outside of a hospital"),
        pytest.param("Swimming Pool", True, SetKind.POOL, id="indoor pool"),
        pytest.param("Swimming Pool", False, SetKind.POOL, id="open-air pool"),
        pytest.param("Cave", True, SetKind.CAVE, id="inside a cave"),
        pytest.param("Cave", False, SetKind.MOUNTAIN, id="before a cave"),
        pytest.param("KRANKENHAUS", True, SetKind.HOSPITAL, id="German"),
        pytest.param("KÖNIGSTRASSE - STRAßE", False, SetKind.STREET, id="sharp s"),
        pytest.param("HOPITAL", True, SetKind.HOSPITAL, id="French capitals without accents"),
        pytest.param("Une église", True, SetKind.CHURCH, id="French"),
        pytest.param("La iglesia", True, SetKind.CHURCH, id="Spanish"),
        pytest.param("Fifth Avenue", False, SetKind.CITY, id="an avenue is in a city"),
        pytest.param("Sand Dunes", False, SetKind.DESERT, id="dunes"),
        pytest.param("FRIEDHOF", False, SetKind.CEMETERY, id="German cemetery"),
        pytest.param("Jardín", False, SetKind.GARDEN, id="Spanish garden"),
        pytest.param("Michael's Livingroom", True, SetKind.ROOM, id="one word for two"),
        pytest.param("Men\u2019s Room", True, SetKind.BATHROOM, id="a pair with an owner"),
        pytest.param("Tesla\u2019s Room", True, SetKind.ROOM, id="somebody is no car"),
        pytest.param("Mercedes' Room", True, SetKind.ROOM, id="somebody whose name ends in s"),
        pytest.param("Captain's", True, SetKind.PLAIN, id="an owner who is no place"),
        pytest.param("Church's", True, SetKind.CHURCH, id="an owner, and nothing else"),
        pytest.param("Brooklyn Streets", False, SetKind.STREET, id="many streets"),
        pytest.param("Churches", True, SetKind.CHURCH, id="many churches"),
        pytest.param("Barnes, Cafe", True, SetKind.RESTAURANT, id="Barnes is no barn"),
        pytest.param("Baseball Field", False, SetKind.PARK, id="nobody ploughs a baseball field"),
        pytest.param("Bus Depot - Downtown Boston", False, SetKind.STATION, id="a part of a city"),
        pytest.param("Endicott St", False, SetKind.STREET, id="short for street"),
        pytest.param("St. Mary's Cemetery", False, SetKind.CEMETERY, id="short for saint"),
        pytest.param("Mars", False, SetKind.PLAIN, id="short words have no plural"),
        pytest.param("Motel Rooms", True, SetKind.BEDROOM, id="many rooms"),
        pytest.param("Rooms", True, SetKind.ROOM, id="rooms and no other word"),
        pytest.param("Kitchen - Ann's House", True, SetKind.KITCHEN, id="a house has a kitchen in it"),
        pytest.param("Apartment. Bathroom", True, SetKind.BATHROOM, id="an apartment has a bathroom in it"),
        pytest.param("Parking Lot - Motel", False, SetKind.CAR_PARK, id="before a motel"),
        pytest.param("Hospital. Clive's Room", True, SetKind.HOSPITAL, id="a room in a hospital"),
        pytest.param("Suncrest Motel - Room 8", True, SetKind.BEDROOM, id="a motel room behind a dash"),
        pytest.param("Basement of the House of Ed", True, SetKind.WORKSHOP, id="of a house"),
        pytest.param("Temple of Tartaros - Lava Field", False, SetKind.FIELD, id="of ends at a dash"),
        pytest.param("Hallway outside Bedroom", True, SetKind.CORRIDOR, id="what it is beside"),
        pytest.param("Road to the Beach", False, SetKind.STREET, id="where it goes"),
        pytest.param("Outside the Diner", False, SetKind.STREET, id="nothing but what it is beside"),
        pytest.param("Subway Car", True, SetKind.TRAIN, id="no automobile"),
        pytest.param("Station Wagon", True, SetKind.VEHICLE, id="no trains"),
        pytest.param("Shuttle - Cockpit", True, SetKind.PLAIN, id="a cockpit is no car"),
        pytest.param("Plane - Cockpit", True, SetKind.AEROPLANE, id="in a plane"),
        pytest.param("War Room", True, SetKind.PLAIN, id="no living room"),
        pytest.param("Wooden Shack", False, SetKind.PLAIN, id="a shack is no farm"),
        pytest.param("Tyrell Mansion", False, SetKind.STREET, id="a mansion is no garden"),
        pytest.param("Gas Station", False, SetKind.STREET, id="from outside"),
        pytest.param("Gas Station", True, SetKind.PLAIN, id="from inside"),
        pytest.param("Parking Garage", True, SetKind.PLAIN, id="no workshop"),
        pytest.param("Prison Yard", False, SetKind.PLAIN, id="no flowers in a prison yard"),
        pytest.param("Front Lawn", False, SetKind.GARDEN, id="a lawn is no farm"),
        pytest.param("Loading Dock", False, SetKind.PLAIN, id="no ships at a loading dock"),
        pytest.param("Palm Beach Airport", False, SetKind.PLAIN, id="no beach at an airport"),
        pytest.param("Cucina", True, SetKind.KITCHEN, id="Italian"),
    ],
)
def test_a_name_suggests_its_backdrop(name: str, interior: bool, kind: SetKind) -> None:
    assert drawn(name, interior=interior) == (kind, interior, name)


@pytest.mark.parametrize(("name", "inside"), [("Kitchen", True), ("Beach", False), ("Apartment", None), ("Paris", None)])
def test_a_name_may_tell_the_side(name: str, inside: bool | None) -> None:
    assert side_named(name) is inside


def test_what_is_only_known_outside_is_drawn_so() -> None:
    assert drawn("Woods", interior=True) == (SetKind.FOREST, False, "Woods")


@pytest.mark.parametrize(
    ("name", "kind", "interior"),
    [
        ("Corridor", SetKind.CORRIDOR, True),
        ("The Woods", SetKind.FOREST, False),
        ("Harbour", SetKind.SHORE, False),
        ("Ferry", SetKind.BOAT, False),
        ("Footbridge", SetKind.BRIDGE, False),
        ("Open Sea", SetKind.SEA, False),
        ("Swimming Pool", SetKind.POOL, False),
        ("Somewhere", SetKind.PLAIN, True),
    ],
)
def test_the_backdrop_suggests_whether_it_is_indoors(name: str, kind: SetKind, interior: bool) -> None:
    assert drawn(name) == (kind, interior, name)


def test_what_the_bible_gives_is_taken() -> None:
    assert drawn("Kitchen", interior=False, set="mountain") == (SetKind.MOUNTAIN, False, "Kitchen")
    assert drawn("Kitchen", set="mountain") == (SetKind.MOUNTAIN, False, "Kitchen")


def test_the_key_counts_where_the_name_says_nothing() -> None:
    bible = Bible.model_validate({"locations": {"locations": {"old_pier": {"name": "Where they met"}}}})
    assert of_bible(bible, location="old_pier") == (SetKind.SHORE, False, "Where they met")


def test_an_unknown_location_is_guessed_from_its_key() -> None:
    assert of_bible(Bible(), location="old_pier") == (SetKind.SHORE, False, "Old Pier")


def test_no_location_is_plain_and_has_no_name() -> None:
    assert of_bible(Bible()) == (SetKind.PLAIN, True, "")


def test_every_backdrop_has_its_own_name_as_a_word() -> None:
    """All but the plain one: whoever writes of plains means fields."""
    assert set(SET_WORDS) == set(SetKind)
    assert {kind for kind, words in SET_WORDS.items() if kind.value in words.split()} == set(SetKind) - {SetKind.PLAIN}
