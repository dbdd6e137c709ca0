"""Which backdrop the animatic draws for a location, from the bible or from the words of its name."""

import re
import unicodedata

from vtx_dagster.core.bible import SetKind
from vtx_dagster.core.plan import GivenDrawing

SET_WORDS = {
    SetKind.ROOM: "appartment breakfast_room room living_room sitting_room lounge parlour parlor apartment flat house home"
    " cottage cabin hut hotel attic loft library nursery dining_room mansion villa residence shack hostel motel condo"
    " penthouse mansarde wohnzimmer wohnung stube salon soggiorno salotto salón appartement appartamento apartamento den"
    " family_room great_room main_room bungalow brownstone townhouse farmhouse ranch household manor chateau apt inn suite"
    " trailer quarters pool_house front_room drawing_room",
    SetKind.BEDROOM: "rm bedroom bed_room hotel_room motel_room guest_room guestroom dormitory schlafzimmer hotelzimmer"
    " gästezimmer kinderzimmer chambre dormitorio habitación alcoba dorm dorm_room guest_bedroom hotel_suite honeymoon_suite"
    " motel_suite",
    SetKind.BATHROOM: "bathroom bath_room bath washroom restroom toilet toilets lavatory shower badezimmer toilette toiletten"
    " baño aseo bagno rest_room mens_room ladies_room womens_room powder_room shower_room",
    SetKind.KITCHEN: "kitchen kitchen_table galley scullery bakery küche cuisine cocina cucina cozinha kuchnia кухня",
    SetKind.OFFICE: "sheriffs_station sheriff_station ofc office study bureau desk newsroom bank reception call_centre"
    " call_center police_station headquarters boardroom büro arbeitszimmer polizeiwache commissariat comisaría oficina"
    " despacho ufficio board_room squad_room bullpen precinct cubicle law_firm station_house",
    SetKind.CORRIDOR: "apartment_building apt_building apt_bldg corridor hall hallway tunnel passage lobby foyer lift elevator"
    " flur korridor couloir pasillo corridoio vestíbulo passageway entryway entry vestibule entrance entrance_hall",
    SetKind.STAIRS: "stairs staircase stairwell landing treppe treppenhaus escalier escaliers escalera scala",
    SetKind.WORKSHOP: "packing_plant processing_plant power_plant workshop garage factory warehouse laboratory lab barn shed"
    " boathouse mill forge hangar engine lantern lamp lighthouse cellar basement werkstatt scheune keller fabrik atelier usine"
    " taller fábrica fabbrica garaje hanger boiler_room loading_dock loading_bay auto_shop body_shop machine_shop repair_shop"
    " slaughterhouse",
    SetKind.HOSPITAL: "icu medical_wing mortuary hospital ward clinic infirmary surgery emergency_room operating_room"
    " operating_theatre sickroom hospice morgue krankenhaus klinik hôpital clinique clínica ospedale clinica больница 病院 医院"
    " patient_room exam_room examination_room recovery_room delivery_room operating_theater intensive_care medical_center"
    " medical_centre sickbay sick_bay sanatorium sanitarium nurses_station nurse_station nursing_station",
    SetKind.CHURCH: "church chapel cathedral nave vestry temple monastery abbey kirche kapelle dom église chapelle cathédrale"
    " iglesia capilla catedral chiesa cappella cattedrale duomo igreja kościół церковь convent confessional",
    SetKind.SHOP: "home_depot newsagent shop store supermarket megastore mall shopping_mall pharmacy grocery bookshop boutique"
    " laden geschäft supermarkt apotheke magasin supermarché tienda supermercado negozio supermercato farmacia drugstore"
    " bodega beauty_salon hair_salon nail_salon market shopping_center shopping_centre",
    SetKind.RESTAURANT: "truck_stop canteen restaurant cafe café coffee_shop coffeehouse diner bistro cafeteria pizzeria"
    " food_court gaststätte speisesaal gasthaus restaurante cafetería ristorante trattoria deli steakhouse steak_house"
    " coffee_house eatery grill snack_bar mess_hall pizza_parlor cream_parlor tea_room",
    SetKind.BAR: "bar pub saloon tavern nightclub night_club club supper_club cabaret casino kneipe taberna taverna"
    " discothèque discoteca disco cocktail_lounge pool_hall pool_room speakeasy",
    SetKind.PRISON: "correctional_facility prison cell jail dungeon gaol gefängnis zelle kerker cachot cárcel celda prigione"
    " cella cellblock cell_block penitentiary lockup detention_center",
    SetKind.CLASSROOM: "junior_high schoolhouse classroom class_room school schoolroom lecture_hall klassenzimmer schule"
    " hörsaal école escuela aula scuola",
    SetKind.THEATRE: "theatre theater stage auditorium cinema opera concert_hall bühne kino théâtre cinéma teatro cine"
    " opera_house playhouse music_hall movie_house backstage",
    SetKind.AIRPORT: "airport terminal departure_lounge departures gate flughafen abflughalle aéroport aeropuerto aeroporto",
    SetKind.AEROPLANE: "aeroplane airplane plane aircraft airliner jet plane_cabin boeing flugzeug avion avión aereo"
    " first_class business_class learjet",
    SetKind.TRAIN: "engine_cab locomotive passenger_coach train carriage railcar dining_car sleeping_car train_compartment"
    " compartment abteil zug zugabteil waggon tren treno wagon vagón vagone boxcar box_car subway_car train_car railroad_car"
    " freight_car club_car",
    SetKind.STATION: "station platform subway metro depot railway_station train_station bahnhof bahnsteig gare estación andén"
    " stazione binario",
    SetKind.BOAT: "boat ferry ship wheelhouse deck yacht barge trawler tug tugboat steamer sailboat lifeboat houseboat boot"
    " schiff fähre bateau navire barco buque barca traghetto galleon freighter tanker schooner speedboat motorboat pilot_house",
    SetKind.SEA: "sea ocean raft lake river creek stream swamp pond meer ozean mer océan mar océano mare oceano lac rivière"
    " lago fiume rowboat canoe dinghy kayak lagoon marsh bayou water waves",
    SetKind.VEHICLE: "hummer studebaker copter landcruiser cruiser hatchback coupe ferrari lexus bentley jaguar corvette"
    " camaro tesla hyundai renault peugeot citroen gti vehicle car taxi cab bus truck van lorry sedan suv minivan limo"
    " limousine jeep pickup convertible winnebago mustang dodge chevy chevrolet buick cadillac ford toyota nissan honda mazda"
    " subaru volvo volkswagen porsche mercedes bmw audi fiat prius camper rv driver_seat passenger_seat back_seat backseat"
    " tram ambulance auto lastwagen voiture camion coche camión macchina automobile helicopter chopper hearse escalade humvee"
    " pontiac oldsmobile chrysler station_wagon motorhome motor_home taxicab drivers_seat passengers_seat",
    SetKind.SPACESHIP: "spaceship starship spacecraft space_station raumschiff vaisseau astronef nave_espacial astronave"
    " space_shuttle mothership airlock escape_pod lunar_module lunar_lander command_module",
    SetKind.CAVE: "cave cavern grotto mine höhle grotte bergwerk cueva caverna grotta",
    SetKind.STREET: "st"
    " sheriffs_station sheriff_station music_hall junior_high sidestreet newsagent loft garage bldg"
    " shopping_center shopping_centre truck_stop household slums shantytown funeral_home funeral_parlor polling_station"
    " fire_station gas_station petrol_station service_station radio_station tv_station police_station street road lane alley"
    " square market town village pavement sidewalk plaza driveway highway crossroads road_side roadside freeway motorway"
    " expressway raceway racetrack blvd intersection underpass neighborhood neighbourhood suburb suburbs front_door doorstep"
    " porch building motel car taxi cab bus truck van sedan suv jeep house home hotel cottage shop store bar pub cafe café"
    " restaurant church chapel hospital school prison theatre theater cinema bank apartment flat strasse gasse platz"
    " marktplatz dorf rue ruelle calle callejón strada vicolo piazza alleyway roadway parkway turnpike interstate curb"
    " phone_booth telephone_booth vehicle limo limousine pickup minivan ambulance apt bungalow brownstone townhouse residence"
    " inn office precinct headquarters library warehouse courthouse court_house museum embassy mall supermarket pharmacy"
    " drugstore bakery deli diner steakhouse pizzeria nightclub night_club club saloon tavern casino clinic temple cathedral"
    " auditorium city_hall town_hall opera_house firehouse fire_house schoolhouse art_gallery"
    " mansion mcmansion villa manor",
    SetKind.CITY: "cityscape city industrial_park business_park downtown uptown skyline metropolis avenue boulevard"
    " business_district district skyscraper skyscrapers ave lagos stadt grossstadt innenstadt ville ciudad città metrópoli"
    " metropoli",
    SetKind.BRIDGE: "bridge footbridge viaduct aqueduct overpass brücke pont puente ponte",
    SetKind.ROOFTOP: "rooftop roof balcony terrace tower gallery dach dachterrasse balkon toit balcon azotea balcón tetto"
    " terrazza balcone observation_deck",
    SetKind.FIELD: "field fields meadow farm farmyard farmland pasture vineyard prairie plain plains hillside hilltop"
    " grassland airstrip stables campsite countryside cornfield wheatfield barn barnyard ranch farmhouse feld acker wiese"
    " bauernhof champ pré ferme campo prado granja prato fattoria",
    SetKind.PARK: "baseball_field softball_field ball_field play_field playing_field football_field soccer_field sports_field"
    " park playground campus quad university college grounds golf_course schoolyard school_yard spielplatz stadtpark parc"
    " parque parco",
    SetKind.GARDEN: "garden backyard back_garden patio orchard greenhouse yard lawn back_deck back_porch garten jardin jardín"
    " giardino",
    SetKind.POOL: "pool swimming_pool poolside schwimmbad schwimmbecken freibad hallenbad piscine piscina pool_house pool_deck",
    SetKind.CAR_PARK: "car_park parking_lot parking_garage carpark parkplatz parkhaus parking aparcamiento parcheggio car_lot"
    " parking_area parking_structure parking_deck",
    SetKind.CEMETERY: "cemetary cemetery graveyard churchyard church_yard grave graves graveside tomb friedhof cimetière"
    " cementerio cimitero",
    SetKind.DESERT: "desert dunes dune oasis sahara wüste désert desierto deserto",
    SetKind.FOREST: "undergrowth forest wood woods clearing campfire jungle grove trees path trail wald forêt bosque selva"
    " bosco foresta treeline tree_line",
    SetKind.MOUNTAIN: "boulders mine mountain mountains hill cliff cliffs peak summit ridge valley canyon quarry cave berg"
    " gebirge gipfel tal montagne montaña montagna ravine gorge mountainside mountaintop foothills cliffside glacier",
    SetKind.SHORE: "shore beach coast harbour harbor pier jetty dock quay quayside riverbank river_bank lakeside bay cove"
    " island lighthouse boathouse seaside seashore waterfront marina strand küste ufer insel hafen plage côte playa costa"
    " puerto spiaggia porto wharf boardwalk beachfront shoreline coastline lakeshore riverside",
    SetKind.PLAIN: "boxing_club battlefield drilling_platform security_station jail_yard bowling_alley funeral_home"
    " funeral_parlor skating_rink ice_rink stadium football_stadium arena tent museum gym gymnasium casino_floor vault embassy"
    " film_studio recording_studio tv_studio studio grand_hall great_hall town_hall city_hall village_hall banquet_hall"
    " dining_hall dance_hall ballroom throne_room council_chamber sports_hall frozen_lake workroom server_room conference_room"
    " meeting_room waiting_room locker_room dressing_room changing_room control_room engine_room store_room storage_room"
    " back_room polling_station fire_station gas_station petrol_station service_station radio_station tv_station power_station"
    " gallery airport airfield runway tarmac soundstage sound_stage courtroom court_room courthouse court_house white_house"
    " firehouse fire_house church_hall meeting_hall assembly_hall union_hall exhibition_hall country_club golf_club yacht_club"
    " tennis_club health_club interrogation_room interview_room holding_room briefing_room ready_room records_room"
    " evidence_room jury_room press_room situation_room war_room command_room laundry_room utility_room mail_room copy_room"
    " break_room surveillance_room security_room training_room weight_room viewing_room observation_room screening_room"
    " visiting_room visitation_room hearing_room supply_room maintenance_room conf_room processing_room trailer_park car_pool"
    " motor_pool prison_yard train_yard rail_yard railyard shipyard ship_yard junkyard junk_yard scrapyard scrap_yard"
    " lumber_yard loading_dock loading_bay docking_bay cargo_bay landing_area landing_strip landing_pad landing_bay"
    " launch_platform oil_platform parking_garage parking_structure flight_deck tree_house treehouse greenhouse green_house"
    " barracks castle palace",
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
_UNDER_THE_SKY = _OUTDOORS - {SetKind.STREET, SetKind.CITY, SetKind.ROOFTOP}
"""What nobody builds: it is outside whatever a heading says. The word for a street or a roof may be that of a building."""

_EITHER = frozenset((SetKind.PLAIN, SetKind.STATION, SetKind.BOAT, SetKind.POOL))
"""A boat is a wheelhouse inside, and a deck outside or when nothing is known; a platform looks the same from inside."""

_INSIDE = frozenset(SetKind) - _OUTDOORS
_OPEN_TO_THE_SKY = _OUTDOORS | _EITHER
_INTERIOR = _INSIDE - {SetKind.BOAT, SetKind.POOL}
"""Where one is inside if nothing says otherwise."""

_WORD = re.compile(r"[^\W\d_]+(?:'s?(?!\w))?")
_OWNER = re.compile(r"'s?(?!\w)")
_WITHIN = re.compile(r"(?:\s-\s|[/|])(?!\s*rooms?\b)")
_BESIDE = re.compile(
    r"\s(?:outside|inside|near|behind|above|below|beneath|under|across|opposite|overlooking|approaching|beside|between|along|past"
    r"|over|around|down|by|to|towards?|from|into|through|in|on|at)\s.*?(?=\s-\s|[.,;]\s|$)"
)
"""What stands behind it only says where the place is: the house of ``House on the hill``."""

_PLURAL = re.compile(r"(?:(?<=ch|sh|ss)e)?s$")
_SHORTEST_PLURAL = 5
_BUILDINGS = (
    "st house home household cottage cabin apartment apt flat brownstone bungalow townhouse hotel motel inn mansion manor villa"
    " residence building school hospital prison church bank airport terminal mall bar pub club nightclub restaurant diner casino"
    " theatre theater cinema opera_house grounds campus city town village downtown uptown district neighborhood neighbourhood"
)
"""Places that have others in them: the kitchen of a house is named ``House - Kitchen`` or ``Kitchen - House``."""

_WHOLES = frozenset(_BUILDINGS.split())


def drawn_set(given: GivenDrawing) -> tuple[SetKind, bool]:
    """Return the backdrop of a picture, and whether it is indoors.

    What is given is taken. A backdrop that is not given follows from the last word of the place's name (then of its key) that
    names one and fits what is known of inside and outside: names say the more specific thing last, as in ``Beach House``, but
    first before a comma, a full stop or *of*, as in ``Corridor. Police Station``. What has other places in it says less than
    they do: ``Kitchen - Ann's House``. Owners (``Tesla's Room``) and what the place is beside (``Hall outside Bedroom``) count
    only where nothing else does. *Room* alone says least: a ``Hospital Room`` is in a hospital, and a room of another kind
    (``School - Workroom``) is no classroom. A place inside whose words are only known outside is drawn outside: ``INT. WOODS``.
    Without any such word the backdrop is plain: nothing is pretended.
    """
    kind = given.set
    if kind is None:
        allowed = {None: frozenset(SetKind), True: _INSIDE, False: _OPEN_TO_THE_SKY}[given.interior]
        names = (given.place, given.location)
        kind = next((found for name in names if (found := named_set(name, allowed))), None)
        if kind is None and given.interior:
            kind = next((found for name in names if (found := named_set(name, _UNDER_THE_SKY))), None)
            if kind:
                return kind, False
        kind = kind or SetKind.PLAIN
    return kind, (kind in _INTERIOR if given.interior is None else given.interior)


def named_set(name: str, allowed: frozenset[SetKind] = frozenset(SetKind)) -> SetKind | None:
    """Return the one of some backdrops that the name of a place means; None where it means none of them."""
    text = _folded(name).replace("\u2019", "'")
    return _named_in(_BESIDE.sub("", text), allowed) or _named_in(_OWNER.sub("", text), allowed)


def side_named(name: str) -> bool | None:
    """Return whether a place is inside, by its name; None where that may be of both sides, or tells nothing."""
    inside, outside = (named_set(name, allowed) not in (None, SetKind.PLAIN) for allowed in (_INTERIOR, _OUTDOORS))
    return None if inside == outside else inside


def _named_in(text: str, allowed: frozenset[SetKind]) -> SetKind | None:
    found = [one for part in re.split(r"[.,;]\s+", text) for one in _kinds_in(part, allowed)]
    return next((kind for kind, is_whole in found if not is_whole), found[0][0] if found else None)


def _kinds_in(part: str, allowed: frozenset[SetKind]) -> list[tuple[SetKind, bool]]:
    """Return what is named between two commas, the last first, and whether it is a whole that has other places in it."""
    texts = [piece for text in reversed(_WITHIN.split(part)) for piece in re.split(r"\bof\b", text)]
    found = [one for text in texts if (one := _last_kind(_WORD.findall(text), allowed))]
    is_room = SetKind.ROOM in allowed and re.search(r"(?<![^\W\d_])rooms?(?![^\W\d_])", part)
    return found or ([(SetKind.ROOM, True)] if is_room else [])


def _last_kind(words: list[str], allowed: frozenset[SetKind]) -> tuple[SetKind, bool] | None:
    for index in reversed(range(len(words))):
        word = words[index]
        pair = [f"{words[index - 1]}_{word}".replace("'", "")] if index else []
        # LIVINGROOM is two words.
        for name in (*pair, re.sub(r"(?<=\w)room$", "_room", word), word):
            if name in ("room", "rooms"):
                continue
            for kind in _kinds_of(name):
                if kind in allowed:
                    return kind, name in _WHOLES
        if re.search(r"\wrooms?$", word):
            return SetKind.PLAIN, False
    return None


def _kinds_of(word: str) -> tuple[SetKind, ...]:
    """Return what a word or its singular names."""
    singular = _PLURAL.sub("", word) if len(word) >= _SHORTEST_PLURAL else word
    return _KINDS.get(word) or _KINDS.get(singular, ())


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
