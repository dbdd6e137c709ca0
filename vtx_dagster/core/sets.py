"""Which backdrop the animatic draws for a location, from the bible or from the words of its name."""

import re

from vtx_dagster.core.bible import SetKind
from vtx_dagster.core.plan import GivenDrawing

SET_WORDS = {
    SetKind.ROOM: "room bedroom bathroom lounge parlour parlor apartment flat house home cottage cabin hut hotel bar pub cafe"
    " café restaurant church chapel hospital ward cell prison attic cellar basement library shop store theatre theater tent"
    " nursery den gallery museum",
    SetKind.KITCHEN: "kitchen galley scullery canteen bakery",
    SetKind.OFFICE: "office study bureau classroom school desk newsroom studio bank reception",
    SetKind.CORRIDOR: "corridor hall hallway stairs staircase stairwell tunnel passage lobby lift elevator landing",
    SetKind.WORKSHOP: "workshop garage factory warehouse laboratory lab barn shed boathouse mill forge hangar engine lantern lamp"
    " lighthouse",
    SetKind.STATION: "station platform subway metro airport terminal depot",
    SetKind.BOAT: "boat ferry ship wheelhouse deck yacht barge trawler tug tugboat steamer sailboat lifeboat houseboat",
    SetKind.SEA: "sea ocean raft lake river water waves",
    SetKind.VEHICLE: "vehicle car taxi cab bus train carriage truck van lorry cockpit plane tram",
    SetKind.STREET: "street road lane alley avenue square market town village city pavement sidewalk plaza driveway"
    " highway crossroads car taxi cab bus truck van house home hotel cottage shop bar pub cafe café church",
    SetKind.BRIDGE: "bridge footbridge viaduct aqueduct overpass",
    SetKind.ROOFTOP: "rooftop roof balcony terrace tower gallery",
    SetKind.FIELD: "field meadow garden park yard farm prairie desert graveyard cemetery plain hillside lawn campsite",
    SetKind.FOREST: "forest wood woods jungle grove orchard trees path trail",
    SetKind.MOUNTAIN: "mountain mountains hill cliff cliffs peak summit ridge valley canyon quarry",
    SetKind.SHORE: "shore beach coast harbour harbor pier jetty dock quay quayside riverbank lakeside bay cove island lighthouse"
    " boathouse",
    SetKind.BLACK: "black blackness darkness blackout",
}
"""Words that name a backdrop. A word under several means the first one that fits inside or outside, whichever it is."""

_INTERIOR = frozenset(
    (
        SetKind.ROOM,
        SetKind.KITCHEN,
        SetKind.OFFICE,
        SetKind.CORRIDOR,
        SetKind.WORKSHOP,
        SetKind.STATION,
        SetKind.VEHICLE,
        SetKind.BLACK,
    )
)
_INSIDE = _INTERIOR | {SetKind.BOAT}
"""A boat is a wheelhouse inside, and a deck outside or when nothing is known."""

_OPEN_TO_THE_SKY = frozenset(SetKind) - _INTERIOR | {SetKind.STATION}
"""Stations are drawn the same from inside and on the platform."""

_WORD = re.compile(r"[^\W\d_]+")


def drawn_set(given: GivenDrawing) -> tuple[SetKind, bool]:
    """Return the backdrop of a picture, and whether it is indoors.

    What is given is taken. A backdrop that is not given follows from the last word of the place's name (then of its key) that
    names one and fits what is known of inside and outside: names say the more specific thing last, as in ``Lighthouse - Lamp
    Room``. Without any such word it is a room, or outdoors a field.
    """
    kind = given.set
    if kind is None:
        allowed = {None: frozenset(SetKind), True: _INSIDE, False: _OPEN_TO_THE_SKY}[given.interior]
        kind = _named(given.place, allowed) or _named(given.location, allowed)
    if kind is None:
        kind = SetKind.FIELD if given.interior is False else SetKind.ROOM
    return kind, (kind in _INTERIOR if given.interior is None else given.interior)


def _named(name: str, allowed: frozenset[SetKind]) -> SetKind | None:
    for word in reversed(_WORD.findall(name.casefold())):
        for kind in _KINDS.get(word, ()):
            if kind in allowed:
                return kind
    return None


def _kinds_by_word() -> dict[str, tuple[SetKind, ...]]:
    kinds: dict[str, tuple[SetKind, ...]] = {}
    for kind, words in SET_WORDS.items():
        for word in words.split():
            kinds[word] = (*kinds.get(word, ()), kind)
    return kinds


_KINDS = _kinds_by_word()
