"""Which backdrop the animatic draws for a location, from the bible or from the words of its name."""

import re

from vtx_dagster.core.bible import Bible, SetKind
from vtx_dagster.core.clip import ClipSpec
from vtx_dagster.core.naming import humanised

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
    SetKind.BOAT: "boat ferry ship wheelhouse deck yacht barge trawler tug tugboat steamer sailboat lifeboat houseboat"
    " boot schiff fähre bateau navire barco barca traghetto",
    SetKind.SEA: "sea ocean raft lake river water waves meer ozean mer océan lac rivière mar océano lago mare oceano fiume",
    SetKind.VEHICLE: "vehicle car taxi cab bus train carriage truck van lorry cockpit plane tram",
    SetKind.STREET: "street road lane alley square market town village pavement sidewalk plaza driveway courtyard highway"
    " crossroads car taxi cab bus truck van house home hotel cottage shop bar pub cafe café church straße"
    " strasse gasse dorf rue ruelle calle pueblo strada vicolo piazza",
    SetKind.CITY: "city metropolis downtown uptown skyline avenue boulevard skyscraper skyscrapers stadt großstadt"
    " innenstadt ville ciudad metrópolis città metropoli",
    SetKind.BRIDGE: "bridge footbridge viaduct aqueduct overpass brücke pont puente ponte",
    SetKind.ROOFTOP: "rooftop roof balcony terrace tower gallery dach dachterrasse balkon toit azotea tejado tetto terrazza",
    SetKind.PARK: "park playground stadtpark spielplatz parc parque parco",
    SetKind.GARDEN: "garden gardens backyard yard lawn garten vorgarten jardin jardín giardino",
    SetKind.POOL: "pool poolside lido schwimmbad freibad hallenbad piscine piscina",
    SetKind.CAR_PARK: "car_park carpark parking parking_lot parking_garage parkplatz parkhaus aparcamiento estacionamiento"
    " parcheggio",
    SetKind.CEMETERY: "cemetery graveyard churchyard grave graves graveside friedhof cimetière cementerio cimitero",
    SetKind.FIELD: "field fields meadow farm farmyard farmland prairie plain hillside campsite vineyard pasture feld"
    " acker wiese bauernhof champ champs ferme campo granja fattoria prato",
    SetKind.FOREST: "forest wood woods jungle grove orchard trees path trail wald dschungel forêt bosque selva bosco foresta",
    SetKind.MOUNTAIN: "mountain mountains hill cliff cliffs peak summit ridge valley canyon quarry alps berg berge gebirge"
    " gipfel montagne montagnes montaña montañas montagna",
    SetKind.DESERT: "desert dune dunes oasis sahara mesa wüste désert desierto deserto",
    SetKind.SHORE: "shore beach coast harbour harbor pier jetty dock quay quayside riverbank lakeside seaside seashore"
    " waterfront marina bay cove island lighthouse boathouse strand ufer hafen küste insel plage playa"
    " puerto spiaggia porto molo",
    SetKind.BLACK: "black blackness darkness blackout",
}
"""Words that name a backdrop, two of them joined as in ``car_park``. A word under several means the first one that fits inside or
outside, whichever it is."""

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
_INSIDE = _INTERIOR | {SetKind.BOAT, SetKind.POOL}
"""A boat is a wheelhouse inside, and a deck outside or when nothing is known; a pool may be inside, too."""

_OPEN_TO_THE_SKY = frozenset(SetKind) - _INTERIOR | {SetKind.STATION}
"""Stations are drawn the same from inside and on the platform."""

_WORD = re.compile(r"[^\W\d_]+")


def drawn_set(bible: Bible, clip: ClipSpec) -> tuple[SetKind, bool, str]:
    """Return the backdrop of a clip, whether it is indoors, and the name of the place.

    What ``locations.yaml`` gives is taken. A backdrop that is not given follows from the last word of the name (then of the
    key) that names one and fits what is known of inside and outside: names say the more specific thing last, as in
    ``Lighthouse - Lamp Room``. Without any such word it is a room, or outdoors a field.
    """
    location = bible.locations.locations.get(clip.location or "")
    place = location.name if location else humanised(clip.location or "")
    interior = location.interior if location else None
    kind = location.set if location else None
    if kind is None:
        allowed = {None: frozenset(SetKind), True: _INSIDE, False: _OPEN_TO_THE_SKY}[interior]
        kind = _named(place, allowed) or _named(clip.location or "", allowed)
    if kind is None:
        kind = SetKind.FIELD if interior is False else SetKind.ROOM
    return kind, (kind in _INTERIOR if interior is None else interior), place


def _named(name: str, allowed: frozenset[SetKind]) -> SetKind | None:
    words = _WORD.findall(name.casefold())
    for before, word in reversed(list(zip([None, *words], words, strict=False))):
        for kind in (*_KINDS.get(f"{before}_{word}", ()), *_KINDS.get(word, ())):
            if kind in allowed:
                return kind
    return None


def _kinds_by_word() -> dict[str, tuple[SetKind, ...]]:
    kinds: dict[str, tuple[SetKind, ...]] = {}
    for kind, words in SET_WORDS.items():
        for word in words.casefold().split():
            kinds[word] = (*kinds.get(word, ()), kind)
    return kinds


_KINDS = _kinds_by_word()
