"""Which backdrop the animatic draws for a location, from the bible or from the words of its name."""

import re
import unicodedata

from vtx_dagster.core.bible import SetKind
from vtx_dagster.core.plan import GivenDrawing

SET_WORDS = {
    SetKind.PLAIN: "stadium football_stadium arena polling_station fire_station gas_station petrol_station"
    " service_station radio_station tv_station tent museum den gym gymnasium casino_floor vault embassy"
    " film_studio recording_studio tv_studio studio grand_hall great_hall town_hall city_hall"
    " village_hall banquet_hall dining_hall dance_hall ballroom throne_room council_chamber sports_hall"
    " frozen_lake workroom server_room conference_room meeting_room waiting_room locker_room"
    " dressing_room changing_room control_room engine_room store_room storage_room back_room",
    SetKind.ROOM: "room living_room sitting_room lounge parlour parlor apartment flat house home cottage cabin hut"
    " hotel attic loft library nursery dining_room mansion villa residence shack hostel motel condo"
    " penthouse mansarde wohnzimmer wohnung stube salon soggiorno salotto salón appartement appartamento"
    " apartamento",
    SetKind.BEDROOM: "rm bedroom bed_room hotel_room motel_room guest_room guestroom dormitory schlafzimmer hotelzimmer"
    " gästezimmer kinderzimmer chambre dormitorio alcoba habitación",
    SetKind.BATHROOM: "bathroom bath_room bath washroom restroom toilet toilets lavatory shower badezimmer toilette"
    " toiletten baño aseo bagno",
    SetKind.KITCHEN: "kitchen kitchen_table galley scullery bakery küche cuisine cocina cucina cozinha kuchnia кухня",
    SetKind.OFFICE: "office study bureau desk newsroom bank reception call_centre call_center police_station"
    " headquarters boardroom büro arbeitszimmer polizeiwache commissariat comisaría oficina despacho"
    " ufficio",
    SetKind.CORRIDOR: "corridor hall hallway tunnel passage lobby foyer lift elevator flur korridor couloir pasillo"
    " corridoio vestíbulo",
    SetKind.STAIRS: "stairs staircase stairwell landing treppe treppenhaus escalier escaliers escalera scala",
    SetKind.WORKSHOP: "workshop garage factory warehouse laboratory lab barn shed boathouse mill forge hangar engine"
    " lantern lamp lighthouse cellar basement werkstatt scheune keller fabrik atelier usine taller"
    " fábrica fabbrica garaje",
    SetKind.HOSPITAL: "hospital ward clinic infirmary surgery emergency_room operating_room operating_theatre sickroom"
    " hospice morgue krankenhaus klinik hôpital clinique clínica ospedale clinica больница 病院 医院",
    SetKind.CHURCH: "church chapel cathedral nave vestry temple monastery abbey kirche kapelle dom église chapelle"
    " cathédrale iglesia capilla catedral chiesa cappella cattedrale duomo igreja kościół церковь",
    SetKind.SHOP: "shop store supermarket megastore mall shopping_mall pharmacy grocery bookshop boutique laden"
    " geschäft supermarkt apotheke magasin supermarché tienda supermercado negozio supermercato farmacia",
    SetKind.RESTAURANT: "canteen restaurant cafe café coffee_shop coffeehouse diner bistro cafeteria pizzeria food_court"
    " gaststätte speisesaal gasthaus restaurante cafetería ristorante trattoria",
    SetKind.BAR: "bar pub saloon tavern nightclub night_club club supper_club cabaret casino kneipe taberna taverna"
    " discothèque discoteca",
    SetKind.PRISON: "prison cell jail dungeon gaol gefängnis zelle kerker cachot cárcel celda prigione cella",
    SetKind.CLASSROOM: "schoolhouse classroom class_room school schoolroom lecture_hall klassenzimmer schule hörsaal école"
    " escuela aula scuola",
    SetKind.THEATRE: "theatre theater stage auditorium cinema opera concert_hall bühne kino théâtre cinéma teatro cine",
    SetKind.AIRPORT: "airport terminal departure_lounge departures gate flughafen abflughalle aéroport aeropuerto aeroporto",
    SetKind.AEROPLANE: "aeroplane airplane plane aircraft airliner jet plane_cabin boeing flugzeug avion avión aereo",
    SetKind.TRAIN: "train carriage railcar dining_car sleeping_car train_compartment compartment abteil zug zugabteil"
    " waggon tren treno wagon vagón vagone",
    SetKind.STATION: "station platform subway metro depot railway_station train_station bahnhof bahnsteig gare estación"
    " andén stazione binario",
    SetKind.BOAT: "boat ferry ship wheelhouse deck yacht barge trawler tug tugboat steamer sailboat lifeboat"
    " houseboat boot schiff fähre bateau navire barco buque barca traghetto",
    SetKind.SEA: "sea ocean raft lake river creek stream swamp pond water waves meer ozean mer océan mar océano mare"
    " oceano lac rivière lago fiume",
    SetKind.VEHICLE: "landcruiser cruiser hatchback coupe ferrari lexus bentley jaguar corvette camaro tesla hyundai"
    " renault peugeot citroen gti vehicle car taxi cab bus truck van lorry sedan suv minivan limo"
    " limousine jeep pickup convertible winnebago mustang dodge chevy chevrolet buick cadillac ford"
    " toyota nissan honda mazda subaru volvo volkswagen porsche mercedes bmw audi fiat prius camper rv"
    " driver_seat passenger_seat back_seat backseat cockpit tram ambulance auto lastwagen voiture camion"
    " coche camión macchina automobile",
    SetKind.SPACESHIP: "spaceship starship spacecraft space_station raumschiff vaisseau astronef nave_espacial astronave",
    SetKind.CAVE: "cave cavern grotto mine höhle grotte bergwerk cueva caverna grotta",
    SetKind.STREET: "polling_station fire_station gas_station petrol_station service_station radio_station tv_station"
    " police_station street road lane alley square market town village pavement sidewalk plaza driveway"
    " highway crossroads road_side roadside freeway motorway expressway raceway racetrack blvd"
    " intersection underpass neighborhood neighbourhood suburb suburbs front_door doorstep porch"
    " building motel car taxi cab bus truck van sedan suv jeep house home hotel cottage shop store bar"
    " pub cafe café restaurant church chapel hospital school prison theatre theater cinema bank"
    " apartment flat strasse gasse platz marktplatz dorf rue ruelle calle callejón strada vicolo piazza",
    SetKind.CITY: "city industrial_park business_park downtown uptown skyline metropolis avenue boulevard"
    " business_district district skyscraper skyscrapers stadt grossstadt innenstadt ville ciudad città"
    " metrópoli metropoli",
    SetKind.BRIDGE: "bridge footbridge viaduct aqueduct overpass brücke pont puente ponte",
    SetKind.ROOFTOP: "rooftop roof balcony terrace tower gallery dach dachterrasse balkon toit balcon azotea balcón"
    " tetto terrazza balcone",
    SetKind.FIELD: "field fields meadow yard farm farmyard farmland pasture vineyard prairie plain plains hillside"
    " hilltop grassland battlefield airstrip stables shack lawn campsite feld acker wiese bauernhof"
    " champ pré ferme campo prado granja prato fattoria",
    SetKind.PARK: "park playground campus quad university college spielplatz stadtpark parc parque parco",
    SetKind.GARDEN: "garden mansion villa residence backyard back_garden patio orchard greenhouse garten jardin jardín giardino",
    SetKind.POOL: "pool swimming_pool poolside schwimmbad schwimmbecken freibad hallenbad piscine piscina",
    SetKind.CAR_PARK: "car_park parking_lot parking_garage carpark parkplatz parkhaus parking aparcamiento parcheggio",
    SetKind.CEMETERY: "cemetery graveyard churchyard grave graves graveside tomb friedhof cimetière cementerio cimitero",
    SetKind.DESERT: "desert dunes dune oasis sahara wüste désert desierto deserto",
    SetKind.FOREST: "forest wood woods clearing campfire jungle grove trees path trail wald forêt bosque selva bosco foresta",
    SetKind.MOUNTAIN: "mountain mountains hill cliff cliffs peak summit ridge valley canyon quarry cave berg gebirge"
    " gipfel tal montagne montaña montagna",
    SetKind.SHORE: "shore beach coast harbour harbor pier jetty dock quay quayside riverbank river_bank lakeside bay"
    " cove island lighthouse boathouse seaside seashore waterfront marina strand küste ufer insel hafen"
    " plage côte playa costa puerto spiaggia porto",
    SetKind.BLACK: "black blackness darkness blackout",
}
"""Words that name a backdrop, in the languages that screenplays are written in; ``car_park`` stands for two words.

A word under several means the first one that fits inside or outside, whichever it is.
"""

_OUTDOORS = frozenset(
    (
        SetKind.SEA,
        SetKind.STREET,
        SetKind.CITY,
        SetKind.BRIDGE,
        SetKind.ROOFTOP,
        SetKind.FIELD,
        SetKind.PARK,
        SetKind.GARDEN,
        SetKind.CAR_PARK,
        SetKind.CEMETERY,
        SetKind.DESERT,
        SetKind.FOREST,
        SetKind.MOUNTAIN,
        SetKind.SHORE,
    )
)
_EITHER = frozenset((SetKind.PLAIN, SetKind.STATION, SetKind.BOAT, SetKind.POOL))
"""A boat is a wheelhouse inside, and a deck outside or when nothing is known; a platform looks the same from inside."""

_INSIDE = frozenset(SetKind) - _OUTDOORS
_OPEN_TO_THE_SKY = _OUTDOORS | _EITHER
_INTERIOR = _INSIDE - {SetKind.BOAT, SetKind.POOL}
"""Where one is inside if nothing says otherwise."""

_WORD = re.compile(r"[^\W\d_]+")


def drawn_set(given: GivenDrawing) -> tuple[SetKind, bool]:
    """Return the backdrop of a picture, and whether it is indoors.

    What is given is taken. A backdrop that is not given follows from the last word of the place's name (then of its key) that
    names one and fits what is known of inside and outside: names say the more specific thing last, as in ``Beach House``, but
    first before a comma or a full stop, as in ``Corridor. Police Station``. *Room* alone says least: a ``Hospital Room`` is in a
    hospital, and a room of another kind (``School - Workroom``) is no classroom. Without any such word the backdrop is plain:
    nothing is pretended.
    """
    kind = given.set
    if kind is None:
        allowed = {None: frozenset(SetKind), True: _INSIDE, False: _OPEN_TO_THE_SKY}[given.interior]
        kind = _named(given.place, allowed) or _named(given.location, allowed) or SetKind.PLAIN
    return kind, (kind in _INTERIOR if given.interior is None else given.interior)


def _named(name: str, allowed: frozenset[SetKind]) -> SetKind | None:
    parts = [part for part in re.split(r"[.,;]\s+", name) if part.strip()]
    return next((kind for part in parts if (kind := _named_in(part, allowed))), None)


def _named_in(part: str, allowed: frozenset[SetKind]) -> SetKind | None:
    words = _WORD.findall(_folded(part))
    is_room = False
    for index in reversed(range(len(words))):
        for word in ("_".join(words[max(0, index - 1) : index + 1]), words[index]):
            if word == "room":
                is_room = True
                continue
            for kind in _KINDS.get(word, ()):
                if kind in allowed:
                    return kind
            if word.endswith("room") and "_" not in word:
                return SetKind.PLAIN
    return SetKind.ROOM if is_room and SetKind.ROOM in allowed else None


def _folded(text: str) -> str:
    """Return a text without case and accents, since headings in capitals often lack them."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter))


def _kinds_by_word() -> dict[str, tuple[SetKind, ...]]:
    kinds: dict[str, tuple[SetKind, ...]] = {}
    for kind, words in SET_WORDS.items():
        for word in dict.fromkeys(_folded(words).split()):
            kinds[word] = (*kinds.get(word, ()), kind)
    return kinds


_KINDS = _kinds_by_word()

PLACE_WORDS = frozenset(word for word, kinds in _KINDS.items() if kinds != (SetKind.BLACK,))
"""All of these words that name a place, without accents."""
