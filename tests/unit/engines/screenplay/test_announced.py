# ruff: noqa: RUF001 - other alphabets are what is tested here
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtx_dagster.engines.screenplay.announced import act_of, announced, setting_told, tells_setting

SCENES = [
    ("SCENE 1", "1", "", ""),
    ("Scene 2", "2", "", ""),
    ("SCENE TWO", "2", "", ""),
    ("Scene Twelve", "12", "", ""),
    ("SCENE IV", "4", "", ""),
    ("SCENE XII", "12", "", ""),
    ("SCENE XLIX", "49", "", ""),
    ("SCENE 4A", "4A", "", ""),
    ("SCENE 007", "7", "", ""),
    ("SCENE 0", "0", "", ""),
    ("Scene 12.1", "12.1", "", ""),
    ("Scene #3", "3", "", ""),
    ("Scene: 1", "1", "", ""),
    ("SCENE - 3", "3", "", ""),
    ("Scene No. 4", "4", "", ""),
    ("Scene 3:", "3", "", ""),
    ("SCENE 12 #12A#", "12A", "", ""),
    ("SCENE 7: THE PIER - NIGHT", "7", "THE PIER", "NIGHT"),
    ("SCENE 7 - NIGHT", "7", "", "NIGHT"),
    ("SCENE 7 (NIGHT)", "7", "", "NIGHT"),
    ("SCENE 7 (KITCHEN)", "7", "KITCHEN", ""),
    ("Scene 3 - Kitchen (night)", "3", "Kitchen", "(night)"),
    ("Scene 3 - kitchen, a long way from home, at night", "3", "kitchen, a long way from home", "at night"),
    ("Scene 3: the old pier", "3", "the old pier", ""),
    ("Scene 3: The pier. Night.", "3", "The pier", "Night"),
    ("SCENE 1 [1.1]: IN BABYLON", "1", "IN BABYLON", ""),
    ("SCENE I. Elsinore. A platform before the castle.", "1", "Elsinore. A platform before the castle", ""),
    ("Scene 1: The Kitchen (0:00 - 0:30)", "1", "The Kitchen", ""),
    ("SCENE 5 | KITCHEN | 35s", "5", "KITCHEN", ""),
    ("SCENE 5 | KITCHEN | 1944", "5", "KITCHEN", "1944"),
    ("--- SCENE 3 ---", "3", "", ""),
    ("[SZENE 1 - CAFÉ GEMÜTLICH (VORMITTAG) | 0:35 - 2:15]", "1", "CAFÉ GEMÜTLICH", "(VORMITTAG)"),
    ("[SZENE 0 - TEASER | 0:00 - 0:35]", "0", "TEASER", ""),
    ("【第3場】", "3", "", ""),
    ("[BONUS-SZENE | nach Abspann]", "", "", ""),
    ("Szene 4: Am See", "4", "Am See", ""),
    ("1. SZENE", "1", "", ""),
    ("2. BILD: Küche. Abend", "2", "Küche", "Abend"),
    ("ERSTE SZENE", "1", "", ""),
    ("Scène 3 : La cuisine, nuit", "3", "La cuisine", "nuit"),
    ("SCÈNE PREMIÈRE", "1", "", ""),
    ("1ère scène", "1", "", ""),
    ("SEQUENCE 4. CUISINE. NUIT", "4", "CUISINE", "NUIT"),
    ("ESCENA 2. COCINA. NOCHE", "2", "COCINA", "NOCHE"),
    ("ESCENA SEGUNDA", "2", "", ""),
    ("SCENA TERZA", "3", "", ""),
    ("Cena 2: Praia, manhã", "2", "Praia", "manhã"),
    ("SCÈNE 2 - KEUKEN - AVOND", "2", "KEUKEN", "AVOND"),
    ("SCEN TVÅ", "2", "", ""),
    ("SCENA 3. KUCHNIA. NOC", "3", "KUCHNIA", "NOC"),
    ("3. OBRAZ", "3", "", ""),
    ("SAHNE 3 - MUTFAK - GECE", "3", "MUTFAK", "GECE"),
    ("Сцена 5. Кухня", "5", "Кухня", ""),
    ("СЦЕНА ПЕРВАЯ", "1", "", ""),
    ("Сцена 2. Кухня. Ніч", "2", "Кухня", "Ніч"),
    ("シーン4", "4", "", ""),
    ("第3場", "3", "", ""),
    ("第３場　教室　夜", "3", "教室", "夜"),
    ("第十二场 街道 夜", "12", "街道", "夜"),
    ("场景三", "3", "", ""),
    ("場景二〇", "20", "", ""),
    ("第一百零三場", "103", "", ""),
    ("씬 5", "5", "", ""),
    ("장면 3: 학교 앞, 밤", "3", "학교 앞", "밤"),
    ("제2장", "2", "", ""),
    ("S#12", "12", "", ""),
    ("दृश्य ३", "3", "", ""),
]


@pytest.mark.parametrize(("text", "number", "place", "time"), SCENES, ids=[row[0] for row in SCENES])
def test_lines_that_announce_a_scene(text, number, place, time):
    found = announced(text)
    assert found is not None
    assert (found.heading.number, found.heading.place, found.heading.time) == (number, place, time)
    assert (found.heading.interior, found.heading.named) == (None, bool(place))
    assert announced(found.text, forced=True) is not None


@pytest.mark.parametrize(
    "text",
    [
        "Scene of the crime.",
        "Scene stealer",
        "SCENE MISSING",
        "SCENE 1 MISSING",
        "SCENE 3 BEGINS",
        "SCENE 3'S END",
        "SCENE NO ONE",
        "Scene breakdown",
        "SCENE",
        "SCENEI",
        "SCENES 1",
        "SCENE 1944",
        "SCENE MIX",
        "SCENE I LOVE",
        "THE SCENE 3",
        "END OF SCENE 3",
        "[END SCENE]",
        "[DELETED SCENE]",
        "[Deleted scene | see below]",
        "BONUS SCENE | end",
        "[BONUS SONG | end]",
        "scene 3",
        "Scene 3 is the best.",
        "Scene 3, which we cut",
        "Scene 3. He dies.",
        "Scene one. We see him.",
        "Scene 3 - the one that we all would hate",
        "SCENE 1: Mara enters the room and sees the body.",
        "SCENE 3. THE PIER, THE SEA AND A VERY LONG LIST OF OTHER THINGS THAT FOLLOW HERE NOW",
        "Scene 3-4 are missing",
        "Scene: 3 men enter.",
        "1. Scene with a dog",
        "- Scene 3: the pier",
        "ONE SCENE",
        "TWO SCENES",
        "三場",
        "一场雨",
        "第3場面",
        "場内",
        "BILD DIR DEINE MEINUNG",
        "Scène de ménage",
        "---",
        "SCENE 1 " + "-" * 300,
    ],
)
def test_lines_that_announce_none(text):
    assert announced(text) is None


def test_what_a_heading_is_worded_as_is_one_behind_a_number():
    found = announced("[SCENE 4 - INT. BAR - NIGHT | 0:30 - 1:00]")
    assert found is not None
    assert (found.text, found.heading.number, found.heading.interior, found.heading.place) == (
        "INT. BAR - NIGHT",
        "4",
        True,
        "BAR",
    )


def test_a_forced_heading_may_say_more():
    for text in ("scene 3", "Scene 3, which we cut", "BONUS SCENE | end"):
        assert announced(text, forced=True) is not None
    assert announced("The rocks", forced=True) is None


@pytest.mark.parametrize(
    ("text", "act", "number", "place"),
    [
        ("ACT I, SCENE II", "ACT I", "2", ""),
        ("Act I, scene 2: The castle", "Act I", "2", "The castle"),
        ("ZWEITER AKT, ERSTE SZENE", "ZWEITER AKT", "1", ""),
        ("第一幕 第二場", "第一幕", "2", ""),
        ("제1막 제2장", "제1막", "2", ""),
    ],
)
def test_an_act_may_stand_before_the_scene(text, act, number, place):
    found = announced(text)
    assert found is not None
    assert (found.act, found.heading.number, found.heading.place) == (act, number, place)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ACT I", "ACT I"),
        ("--- Act Two: The fall ---", "Act Two: The fall"),
        ("ACTE DEUXIÈME", "ACTE DEUXIÈME"),
        ("ZWEITER AKT", "ZWEITER AKT"),
        ("Действие первое", "Действие первое"),
        ("第一幕", "第一幕"),
        ("ACT NATURAL", ""),
        ("ACT I IS LONG", ""),
        ("Actors", ""),
        ("ACT I" + " " * 300, ""),
    ],
)
def test_acts(text, expected):
    assert act_of(text) == expected


@pytest.mark.parametrize(
    ("lines", "place", "time"),
    [
        (["Location: Der See. Früher Morgen. Nebel über dem Wasser."], "Der See", "Früher Morgen"),
        (["Location: the pier"], "the pier", ""),
        (["Ort: Am See", "Zeit: Nacht"], "Am See", "Nacht"),
        (["Time: Dawn", "Setting: The Hidden Shrine Beneath the City"], "The Hidden Shrine Beneath the City", "Dawn"),
        (["Setting: The pier, night", "Place: The shore", "Time: Dawn"], "The pier", "night"),
        (["Time: he has none"], "", ""),
        (["Location: Das Café ist gut besucht."], "", ""),
        (["Location: " + "The Pier " * 8], "", ""),
        (["Location: Night"], "", ""),
        (["場所：海岸"], "海岸", ""),
        (["Ann walks in.", "Location: the pier"], "", ""),
        (["Location: " + "the pier " * 200], "", ""),
        (["Motto: the pier"], "", ""),
    ],
)
def test_where_and_when_is_told_below(lines, place, time):
    told = setting_told([line.translate({ord("："): ":"}) for line in lines])
    assert (told.interior, told.place, told.time) == (None, place, time)


def test_a_heading_may_be_told_below():
    told = setting_told(["Setting: INT. BAR - NIGHT"])
    assert (told.interior, told.place, told.time) == (True, "BAR", "NIGHT")


def test_what_tells_nothing_but_where_and_when():
    assert tells_setting(["Location: The pier", "Time: Dawn"])
    assert not tells_setting(["Location: The pier", "Ann walks in."])


@given(st.text(st.sampled_from("SCENE Scene 12IVX.:-()[]|#一第場씬ACT\t"), max_size=60))
def test_any_text_can_be_read(text):
    found = announced(text)
    assert found is None or len(found.heading.place.replace(" ", "")) <= len(text)
    assert isinstance(act_of(text), str)
