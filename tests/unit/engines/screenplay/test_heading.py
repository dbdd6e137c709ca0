# ruff: noqa: RUF001 - other alphabets are what is tested here
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.engines.screenplay.heading import (
    inside_or_outside,
    is_end_card,
    is_transition,
    looks_like_heading,
    read_heading,
    reads_as_slug,
    says_only_when,
    time_of_day,
    without_number,
)

DAWN, MORNING, DAY, AFTERNOON = TimeOfDay.DAWN, TimeOfDay.MORNING, TimeOfDay.DAY, TimeOfDay.AFTERNOON
DUSK, EVENING, NIGHT = TimeOfDay.DUSK, TimeOfDay.EVENING, TimeOfDay.NIGHT


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("NIGHT", NIGHT),
        ("EARLY MORNING", MORNING),
        ("DAY 3", DAY),
        ("NIGHT (FLASHBACK)", NIGHT),
        ("MAGIC HOUR", DUSK),
        ("First light", DAWN),
        ("MIDNIGHT", NIGHT),
        ("NUIT", NIGHT),
        ("PRE-DAWN", DAWN),
        ("NIGHTFALL", DUSK),
        ("DAY/NIGHT", NIGHT),
        ("NEXT DAY - DUSK", DUSK),
        ("LATER THAT NIGHT", NIGHT),
        ("NIGHT - CONTINUOUS", NIGHT),
        ("3 AM", NIGHT),
        ("6 a.m.", DAWN),
        ("EARLY A.M.", MORNING),
        ("12 am", NIGHT),
        ("9:30", MORNING),
        ("12 PM", DAY),
        ("4 p.m.", AFTERNOON),
        ("19.15 UHR", DUSK),
        ("9 o'clock", MORNING),
        ("21:00", EVENING),
        ("23h30", NIGHT),
        ("CONTINUOUS", EVENING),
        ("MOMENTS LATER", EVENING),
        ("TEN MINUTES LATER", EVENING),
        ("TWO DAYS LATER", EVENING),
        ("Same.", EVENING),
        ("1987", EVENING),
        ("RAIN", EVENING),
        ("WHENEVER", EVENING),
        ("", EVENING),
    ],
)
def test_time_of_day(time, expected):
    assert time_of_day(time, EVENING) == expected


ENGLISH = [
    ("INT. KITCHEN - NIGHT", True, "KITCHEN", "NIGHT"),
    ("INT. KITCHEN, NIGHT", True, "KITCHEN", "NIGHT"),
    ("INT. KITCHEN. NIGHT", True, "KITCHEN", "NIGHT"),
    ("INT. KITCHEN (NIGHT)", True, "KITCHEN", "(NIGHT)"),
    ("INT. KITCHEN NIGHT", True, "KITCHEN", "NIGHT"),
    ("INT. KITCHEN- NIGHT", True, "KITCHEN", "NIGHT"),
    ("INT. KITCHEN -NIGHT", True, "KITCHEN", "NIGHT"),
    ("INT. KITCHEN -- NIGHT", True, "KITCHEN", "NIGHT"),
    ("INT. KITCHEN – NIGHT", True, "KITCHEN", "NIGHT"),
    ("INT. KITCHEN / NIGHT", True, "KITCHEN", "NIGHT"),
    ("INT. KITCHEN - NIGHT [DREAM]", True, "KITCHEN", "NIGHT [DREAM]"),
    ("INT. KITCHEN - DAY [STORY VERSION]", True, "KITCHEN", "DAY [STORY VERSION]"),
    ("INT. KITCHEN - NIGHT - [THE STORM]", True, "KITCHEN", "NIGHT - [THE STORM]"),
    ("INT. KITCHEN - NIGHT (1973)", True, "KITCHEN", "NIGHT (1973)"),
    ("INT. KITCHEN - NIGHT - FLASHBACK", True, "KITCHEN", "NIGHT - FLASHBACK"),
    ("INT. KITCHEN - NIGHT - 1987", True, "KITCHEN", "NIGHT - 1987"),
    ("INT. KITCHEN - NIGHT, RAIN", True, "KITCHEN", "NIGHT, RAIN"),
    ("INT. KITCHEN - (PRESENT) DAY", True, "KITCHEN", "(PRESENT) DAY"),
    ("INT. KITCHEN - TEN MINUTES LATER", True, "KITCHEN", "TEN MINUTES LATER"),
    ("INT. KITCHEN, A BIT LATER", True, "KITCHEN", "A BIT LATER"),
    ("INT. KITCHEN - THAT MOMENT", True, "KITCHEN", "THAT MOMENT"),
    ("INT. KITCHEN - CONTINUOUS ACTION", True, "KITCHEN", "CONTINUOUS ACTION"),
    ("INT. KITCHEN CONTINUOUS", True, "KITCHEN", "CONTINUOUS"),
    ("INT. KITCHEN EARLY MORNING", True, "KITCHEN", "EARLY MORNING"),
    ("INT.CABIN.DAY", True, "CABIN", "DAY"),
    ("INT - KELVIN'S BEDROOM - DAY", True, "KELVIN'S BEDROOM", "DAY"),
    ("INT: KITCHEN - NIGHT", True, "KITCHEN", "NIGHT"),
    ("INT. ST. MARY'S HOSPITAL, ROOM 12 - 3 AM", True, "ST. MARY'S HOSPITAL, ROOM 12", "3 AM"),
    ("INT. BAR (BACK ROOM) - DAY", True, "BAR (BACK ROOM)", "DAY"),
    ("INT. BAR (BACK ROOM)", True, "BAR (BACK ROOM)", ""),
    ("INT. BAR (BACK", True, "BAR (BACK", ""),
    ("INT. BAR - NIGHT [", True, "BAR", "NIGHT ["),
    ("INT. HOUSE - NIGHT - ANN'S POV", True, "HOUSE - ANN'S POV", "NIGHT"),
    ("INT. HOTEL - NIGHT - ROOM 12 - CONTINUOUS", True, "HOTEL - ROOM 12", "NIGHT - CONTINUOUS"),
    ("INT. JOUR - CUISINE", True, "CUISINE", "JOUR"),
    ("INT. JOUR - CUISINE - PLUS TARD", True, "CUISINE", "JOUR - PLUS TARD"),
    ("EXT DAY: MALL (WINTER 1945)", False, "MALL", "DAY - (WINTER 1945)"),
    ("INT. NIGHT CLUB", True, "NIGHT CLUB", ""),
    ("INT. LAKE SUMMER", True, "LAKE SUMMER", ""),
    ("INT. THE HOUSE OF DAWN", True, "THE HOUSE OF DAWN", ""),
    ("INT. NIGHT", True, "", "NIGHT"),
    ("INT. - NIGHT", True, "", "NIGHT"),
    ("EXT. SEA/INT. BOAT - DAY", False, "SEA/BOAT", "DAY"),
    ("INT. CAR - DAY / EXT. ROAD - DAY", True, "CAR / ROAD", "DAY"),
    ("INT. NIGHT - EXT", True, "EXT", "NIGHT"),
    ("INT. BAR-NIGHT", True, "BAR", "NIGHT"),
    ("INT. BAR-BACK ROOM-LATER", True, "BAR-BACK ROOM", "LATER"),
    ("INT. X-RAY ROOM", True, "X-RAY ROOM", ""),
    ("INT. MID-DAY DINER", True, "MID-DAY DINER", ""),
    ("INT. BAR - A LITTLE LATER", True, "BAR", "A LITTLE LATER"),
    ("FLASHBACK - INT. BAR", True, "BAR", "FLASHBACK"),
    ("FLASHBACK: INT. BAR - NIGHT", True, "BAR", "NIGHT - FLASHBACK"),
    ("DREAM SEQUENCE - EXT. BEACH", False, "BEACH", "DREAM SEQUENCE"),
    ("EST. 1921 HOUSE - DAY", False, "1921 HOUSE", "DAY"),
    ("Int. the old kitchen - night.", True, "the old kitchen", "night"),
    ("int. the old kitchen.", True, "the old kitchen", ""),
    ("INT. MOMENTS LATER", True, "", "MOMENTS LATER"),
    ("INT. LATER. BEDROOM", True, "BEDROOM", "LATER"),
    ("EXT. SAME TIME. CHURCH HALL - NIGHT", False, "CHURCH HALL", "SAME TIME - NIGHT"),
    ("INT. OFFICE - MIDDLE OF THE NIGHT", True, "OFFICE", "MIDDLE OF THE NIGHT"),
    ("EXT. VW GTI - EVENING, MOVING", False, "VW GTI", "EVENING, MOVING"),
    ("EXT. LONDON, ENGLAND - DUSK", False, "LONDON, ENGLAND", "DUSK"),
    ("EXT. HALL/BAR/YARD - DAY", False, "HALL/BAR/YARD", "DAY"),
    ("EXT. SPRING ROAD - SUMMER 1944", False, "SPRING ROAD", "SUMMER 1944"),
    ("EXT. HIGHWAY 61 - MILE 3", False, "HIGHWAY 61 - MILE 3", ""),
    ("EXT. ROOM - 12", False, "ROOM - 12", ""),
    ("EST. CITY", False, "CITY", ""),
    ("EXT/INT. CAR - DUSK", None, "CAR", "DUSK"),
    ("INT. & EXT. CAR - DUSK", None, "CAR", "DUSK"),
    ("INT./EXT. CAR – DUSK", None, "CAR", "DUSK"),
    ("I/E CAR - DUSK", None, "CAR", "DUSK"),
    ("Int. Kitchen - Night", True, "Kitchen", "Night"),
    ("INTERIOR - KITCHEN - NIGHT", True, "KITCHEN", "NIGHT"),
]


@pytest.mark.parametrize(("text", "interior", "place", "time"), ENGLISH, ids=[row[0] for row in ENGLISH])
def test_headings(text, interior, place, time):
    found = read_heading(text)
    assert (found.interior, found.place, found.time) == (interior, place, time)
    assert looks_like_heading(text)


LANGUAGES = [
    ("INNEN. KÜCHE - NACHT", True, "KÜCHE", NIGHT),
    ("AUSSEN - HOF - MORGENS", False, "HOF", MORNING),
    ("KÜCHE - INNEN - TAG", True, "KÜCHE", DAY),
    ("BILD 4 - INT. KÜCHE - ABEND", True, "KÜCHE", EVENING),
    ("INT. CUISINE - NUIT", True, "CUISINE", NIGHT),
    ("EXT. RUE - CRÉPUSCULE", False, "RUE", DUSK),
    ("INT. CUISINE - L'AUBE", True, "CUISINE", DAWN),
    ("INT. CUISINE - À L\u2019AUBE", True, "CUISINE", DAWN),
    ("INT. CUCINA - ALL'ALBA", True, "CUCINA", DAWN),
    ("EXTÉRIEUR. RUE - APRÈS-MIDI", False, "RUE", AFTERNOON),
    ("INT. COCINA - AMANECER", True, "COCINA", DAWN),
    ("EXTERIOR. PLAYA - MAÑANA", False, "PLAYA", MORNING),
    ("INTERNO. CUCINA - NOTTE", True, "CUCINA", NIGHT),
    ("CUCINA - INT. NOTTE", True, "CUCINA", NIGHT),
    ("4. CUCINA - INT NOTTE", True, "CUCINA", NIGHT),
    ("K9 UNIT - INT. NIGHT", True, "K9 UNIT", NIGHT),
    ("ESTERNO - STRADA - TRAMONTO", False, "STRADA", DUSK),
    ("INT. COZINHA / MANHÃ", True, "COZINHA", MORNING),
    ("EXT. RUA - ENTARDECER", False, "RUA", DUSK),
    ("BINNEN. KEUKEN - OCHTEND", True, "KEUKEN", MORNING),
    ("BUITEN. STRAAT - SCHEMERING", False, "STRAAT", DUSK),
    ("INT. KÖK - KVÄLL", True, "KÖK", EVENING),
    ("UTE. GÅRD - GRYNING", False, "GÅRD", DAWN),
    ("WN. KUCHNIA - WIECZÓR", True, "KUCHNIA", EVENING),
    ("PLENER. PARK - ŚWIT", False, "PARK", DAWN),
    ("INTERIÉR. KUCHYNĚ - RÁNO", True, "KUCHYNĚ", MORNING),
    ("EXT. DVŮR - VEČER", False, "DVŮR", EVENING),
    ("İÇ. MUTFAK - GECE", True, "MUTFAK", NIGHT),
    ("DIŞ. SOKAK - ŞAFAK", False, "SOKAK", DAWN),
    ("ИНТ. КУХНЯ - НОЧЬ", True, "КУХНЯ", NIGHT),
    ("НАТ. УЛИЦА. УТРО", False, "УЛИЦА", MORNING),
    ("КВАРТИРА. ИНТ. ВЕЧЕР", True, "КВАРТИРА", EVENING),
    ("ІНТ. КУХНЯ - НІЧ", True, "КУХНЯ", NIGHT),
    ("НАТ. ДВІР - СВІТАНОК", False, "ДВІР", DAWN),
    ("○キッチン（夜）", None, "キッチン", NIGHT),
    ("1 教室 内 朝", True, "教室", MORNING),
    ("12 学校・教室 内 夜", True, "学校/教室", NIGHT),
    ("第1场 教室 内 日", True, "教室", DAY),
    ("第一场 日 内 教室", True, "教室", DAY),
    ("1-1 教室 日 外", False, "教室", DAY),
    ("S#1. 교실 / 밤", None, "교실", NIGHT),
    ("S#12. 실내. 교실 - 밤", True, "교실", NIGHT),
    ("屋外 海岸 夕方", False, "海岸", DUSK),
    ("INT. 台所 - 夜", True, "台所", NIGHT),
    ("INT。 病院-夜", True, "病院", NIGHT),
    ("内景 厨房 - 夜", True, "厨房", NIGHT),
    ("1. 外 街道 清晨", False, "街道", DAWN),
    ("실내. 부엌 - 밤", True, "부엌", NIGHT),
    ("실외 - 거리 - 새벽", False, "거리", DAWN),
    ("अंदर - रसोई - रात", True, "रसोई", NIGHT),
    ("बाहर. गली - सुबह", False, "गली", MORNING),
]


@pytest.mark.parametrize(("text", "interior", "place", "light"), LANGUAGES, ids=[row[0] for row in LANGUAGES])
def test_headings_of_many_languages(text, interior, place, light):
    found = read_heading(text)
    assert (found.interior, found.place, time_of_day(found.time, TimeOfDay.DAY)) == (interior, place, light)
    assert looks_like_heading(text)


@pytest.mark.parametrize(
    "text",
    [
        "Est maintenant.",
        "Est. 1921, the hotel has seen better days.",
        "EST. 1921",
        "4 outside broadcast vans park.",
        "12 outside of town",
        "Int. calls were free.",
        "Int house",
        "EXTRA. Bread.",
        "INT.",
        "INT. - ",
        "Inside the house, night falls.",
        "INSIDE",
        "INSIDE THE HOUSE",
        "NAT. УЛИЦА",
        "KITCHEN - NIGHT",
        "KÜCHE - INNEN",
        "外は雨だった。",
        "Kitchen - innen - Tag",
        "○",
        "INT. " + "A" * 300,
    ],
)
def test_lines_that_are_no_headings(text):
    assert not looks_like_heading(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("KITCHEN - NIGHT", True),
        ("BEDROOM - CONTINUOUS", True),
        ("KITCHEN, NIGHT", True),
        ("KITCHEN (NIGHT)", True),
        ("Kitchen - Night", False),
        ("SILENCE. NIGHT.", False),
        ("AND THEN, NIGHT.", False),
        ("THE NEXT DAY, NIGHT", False),
        ("SUPER: LONDON - DAY", False),
        ("KITCHEN NIGHT", False),
        ("KITCHEN - 1987", False),
        ("NIGHT - ", False),
        ("12 - 3", False),
    ],
)
def test_a_slug_without_int_or_ext(text, expected):
    assert reads_as_slug(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INT. BAR - DAY #12#", ("INT. BAR - DAY", "12")),
        ("INT. BAR - DAY #2A#", ("INT. BAR - DAY", "2A")),
        ("12 INT. BAR - DAY 12", ("INT. BAR - DAY", "12")),
        ("12A. INT. BAR - DAY", ("INT. BAR - DAY", "12A")),
        ("3) EXT. BAR", ("EXT. BAR", "3")),
        ("(3) EXT. BAR", ("EXT. BAR", "3")),
        ("[3] EXT. BAR", ("EXT. BAR", "3")),
        ("A12 INT. BAR - DAY A12", ("INT. BAR - DAY", "A12")),
        ("12.1 INT. BAR", ("INT. BAR", "12.1")),
        ("#12#", ("#12#", "")),
        ("SCENE 4: INT. BAR", ("INT. BAR", "4")),
        ("Szene 7 - INT. BAR", ("INT. BAR", "7")),
        ("CUCINA 4", ("CUCINA 4", "")),
        ("747 FLYING", ("747 FLYING", "")),
    ],
)
def test_the_number_of_a_scene(text, expected):
    assert without_number(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("INSIDE", True), ("BACK OUTSIDE", False), ("The outside", False), ("INSIDE THE CAR", None), ("ANN", None)],
)
def test_inside_or_outside(text, expected):
    assert inside_or_outside(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"), [("LATER", True), ("THE NEXT MORNING", True), ("3 AM", True), ("[DREAM]", True), ("THE DOOR", False)]
)
def test_what_says_only_when(text, expected):
    assert says_only_when(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CUT TO:", True),
        ("ÇA VA TO:", True),
        ("FADE OUT.", True),
        ("FADE TO BLACK.", True),
        ("SMASH CUT:", True),
        ("INTERCUT WITH: THE YARD:", True),
        ("SCHNITT AUF:", True),
        ("COUPE À :", True),
        ("CORTE A:", True),
        ("ЗТМ.", True),
        ("切至：", True),
        ("Fade out.", False),
        ("MARA:", False),
        ("FADE IN: not here", False),
        ("12:", False),
    ],
)
def test_transitions(text, expected):
    assert is_transition(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"), [("THE END", True), ("- Fin -", False), ("FIN.", True), ("THE END IS NEAR", False)]
)
def test_end_cards(text, expected):
    assert is_end_card(text) is expected


@given(st.text(st.sampled_from("INT. EXT/-,()[]#:0123456789abAB NIGHTDAYé夜İ"), max_size=40))
def test_any_text_can_be_read(text):
    found = read_heading(text)
    assert len(found.place.replace(" ", "")) <= len(text)
    assert time_of_day(found.time, DAY) in TimeOfDay


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DINING ROOM", True),
        ("THE GREENHOUSE", True),
        ("KITCHEN TABLE", True),
        ("BACK ALLEY", True),
        ("LA CUISINE", False),
        ("KITCHEN", False),
        ("Dining Room", False),
        ("DOWN THE HALL", False),
        ("SHE LEAVES THE ROOM", False),
        ("THE END", False),
        ("CUT BLACK", False),
        ("MARA RUNS", False),
    ],
)
def test_the_name_of_a_place_alone_is_a_slug(text, expected):
    assert reads_as_slug(text) is expected
