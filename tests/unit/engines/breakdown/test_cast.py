# ruff: noqa: RUF001 - other alphabets are what is tested here
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtx_dagster.core.bible import Bible, Character, Characters, Location, Locations, Pronoun, SetKind
from vtx_dagster.core.story import Source
from vtx_dagster.engines.breakdown.cast import Cast, film_cast, key_of, missing_bible_entries, spelling_of, title_name
from vtx_dagster.engines.screenplay.fountain import parse_scene

KEY = r"[a-z0-9][a-z0-9_-]{0,62}"
KEY_OF_LI = "li_5484be"

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


KEYS = {
    "plain": ("MARA", "mara"),
    "digits": ("R2-D2", "r2_d2"),
    "nothing": ("...", ""),
    "too long": ("X" * 100, "x" * 63),
    "cut at a space": ("X" * 62 + " Y", "x" * 62),
    "German": ("JÜRGEN GROSS-ßEIN", "jurgen_gross_ssein"),
    "French": ("DR. ÉLODIE ŒUVRE", "dr_elodie_oeuvre"),
    "Danish": ("ØRSTED", "orsted"),
    "Polish": ("ŁUCJA ŻÓŁĆ", "lucja_zolc"),
    "Czech": ("JIŘÍ ŠŤASTNÝ", "jiri_stastny"),
    "Turkish": ("İBRAHİM IŞIK", "ibrahim_isik"),
    "Vietnamese": ("NGUYỄN VĂN ĐỨC", "nguyen_van_duc"),
    "Azerbaijani": ("ƏLİYEV", "eliyev"),
    "Irish": ("O'NEILL", "oneill"),
    "Russian": ("ЮЛИЯ ЩУКИНА", "yuliya_shchukina"),
    "Ukrainian": ("МАР\u2019ЯНА ЇЖАК", "maryana_izhak"),
    "Serbian": ("ЈЕЛЕНА", "jelena"),
    "Greek": ("ΜΑΡΊΑ ΨΩΜΆ", "maria_psoma"),
    "Hindi": ("मीना", "mina"),
    "Bengali": ("তমাল", "tmal"),
    "Tamil": ("ஆனந்த்", "annt"),
    "hiragana": ("さくら", "sakura"),
    "katakana": ("ゲン", "gen"),
    "narrow katakana": ("ｹﾞﾝ", "gen"),
    "kanji": ("田中", "tianzhong"),
    "Chinese": ("李雷", "lilei"),
    "Korean": ("김민준", "gimminjun"),
    "Arabic": ("مُحَمَّد", "mhmd"),
    "Arabic with alef": ("أحمد", "ahmd"),
    "Hebrew": ("מֹשֶׁה", "msh"),
    "Thai": ("สมชาย", "smchay"),
    "Georgian": ("ხათუნა", "khatuna"),
    "Armenian": ("ՀԱՅԿ", "hayk"),
    "Amharic": ("ሰላም", "selam"),
    "a length sign alone": ("ー", "u30fc"),
    "letters that nobody transliterates": ("\u1972\u1973", "u1972u1973"),
}


@pytest.mark.parametrize(("name", "key"), KEYS.values(), ids=KEYS.keys())
def test_key_of(name, key):
    assert key_of(name) == key
    assert key_of(key) == key


@pytest.mark.parametrize(
    ("name", "same"),
    [
        pytest.param("ÉLODIE", "Elodie", id="case and accents"),
        pytest.param("ÉLODIE", unicodedata.normalize("NFD", "Élodie"), id="composition"),
        pytest.param("O'NEILL", "O\u2019NEILL", id="typographic apostrophe"),
        pytest.param("O'NEILL", "O\u02bcNEILL", id="letter apostrophe"),
        pytest.param("OLD MAN", "OLD\u00a0MAN", id="no-break space"),
        pytest.param("OLD MAN", " OLD  MAN ", id="more space"),
        pytest.param("MARA", "MA\u200bRA\ufeff", id="zero width"),
        pytest.param("MARA", "MA\u00adRA", id="soft hyphen"),
        pytest.param("MARA", "MARA.", id="full stop"),
        pytest.param("MARA", "MARA (CONT'D)", id="continued"),
        pytest.param("MARA", "Mara (V.O.) (CONT\u2019D)", id="off screen and continued"),
        pytest.param("मीना", "\u200dमीना (CONT'D)", id="Hindi"),
        pytest.param("ゲン", "ｹﾞﾝ", id="narrow katakana"),
        pytest.param("ゲン", unicodedata.normalize("NFD", "ゲン."), id="katakana, composition"),
        pytest.param("משה", "מֹשֶׁה", id="Hebrew points"),
        pytest.param("محمد", "مُحَمَّد", id="Arabic points"),
    ],
)
def test_one_person_in_two_spellings(name, same):
    assert spelling_of(name) == spelling_of(same) != ""
    cast = Cast(Bible(), [name, same])
    assert cast.character(name) == cast.character(same) == key_of(name)


DIFFERENT = {
    "Hindi vowels": ("मीना", "मोना"),
    "Hindi names of one transliteration": ("मन", "मण"),
    "kana": ("ケン", "ゲン"),
    "kana, long and short": ("ケン", "ケーン"),
    "kana and kanji": ("さくら", "桜"),
    "Chinese": ("李", "理", "丽"),
    "Thai tones": ("ไม่", "ไม้"),
    "Arabic": ("سارة", "صارة"),
    "Hebrew": ("טל", "תל"),
    "too long": ("A" * 63 + "B", "A" * 63 + "C"),
    "too long, and cut at a space": ("A" * 62 + " B", "A" * 62 + " C"),
}


@pytest.mark.parametrize("names", DIFFERENT.values(), ids=DIFFERENT.keys())
def test_different_names_have_different_keys(names):
    keys = [Cast(Bible(), names).character(name) for name in names]
    assert len({*keys}) == len(names)
    assert [Cast(Bible(), reversed(names)).character(name) for name in names] == keys, "their order does not matter"
    assert all(re.fullmatch(KEY, key) for key in keys)
    places = Cast(Bible(), places=names)
    assert [places.location(name) for name in names] == keys
    # Once they are in the bible, each keeps its key, whoever else comes or goes.
    entries = {key: Character(name=title_name(name)) for key, name in zip(keys, names, strict=True)}
    for name, key in zip(names, keys, strict=True):
        alone = Bible(characters=Characters(characters={key: entries[key]}))
        cast = Cast(alone, [*names, "ZOË"])
        assert cast.character(name) == key
        assert len({cast.character(other) for other in names}) == len(names)
    assert [Cast(Bible(characters=Characters(characters=entries))).character(name) for name in names] == keys


@pytest.mark.parametrize(("name", "latin"), [("김", "GIM"), ("A" * 63 + "B", "A" * 63), ("A" * 62 + " B", "A" * 62)])
def test_a_name_that_is_spelled_like_a_key_has_it(name, latin):
    cast = Cast(Bible(), [name, latin])
    assert cast.character(latin) == latin.casefold()
    assert cast.character(name).startswith(latin[:56].casefold() + "_")
    bible = Bible(characters=Characters(characters={latin.casefold(): Character(name=name)}))
    assert Cast(bible, [name, latin]).character(latin) == latin.casefold(), "the bible is asked by key, too"


def test_keys_of_an_earlier_version_stay():
    bible = Bible(characters=Characters(characters={"u92e_u928": Character(name="मीना"), "u674e": Character(name="Li")}))
    cast = Cast(bible, ["मीना", "मोना"])
    assert (cast.character("मीना"), cast.character("मोना")) == ("u92e_u928", "mona")
    assert cast.knows_character("मीना")
    assert not cast.knows_character("मोना")


@pytest.mark.parametrize(
    ("entry", "keys"),
    [
        pytest.param(Character(name="Meena"), ("mina", "mona"), id="the entry is called otherwise: its key decides"),
        pytest.param(Character(name="Mina"), ("mina", "mona"), id="in Latin letters"),
        pytest.param(Character(name="Mina", aliases=("मिना",)), ("mina_4b0e01", "mona"), id="an alias says who else it is"),
        pytest.param(Character(name="मिना"), ("mina_4b0e01", "mona"), id="its name says who else it is"),
    ],
)
def test_an_entry_that_may_be_meant(entry, keys):
    cast = Cast(Bible(characters=Characters(characters={"mina": entry})), ["मीना", "मोना"])
    assert (cast.character("मीना"), cast.character("मोना")) == keys
    assert Cast(Bible(characters=Characters(characters={"mina": entry}))).character("मीना") == keys[0], "asked for alone"


def test_a_key_with_digits_is_found_though_its_entry_was_renamed():
    bible = Bible(characters=Characters(characters={"li": Character(name="李"), KEY_OF_LI: Character(name="Li the younger")}))
    assert Cast(bible, ["李", "理"]).character("理") == KEY_OF_LI
    assert Cast(bible, ["李", "理"]).knows_character("理")


def test_digits_are_added_until_a_key_is_its_own():
    cast = Cast(Bible(), ["李", "理", KEY_OF_LI.upper()])
    keys = [cast.character(name) for name in ("李", "理", KEY_OF_LI.upper())]
    assert len({*keys}) == 3
    assert KEY_OF_LI in keys[2]
    assert [len(key) for key in keys] == [2, 11, 9]


NAMES = st.text(alphabet="ab é'.-मीनमोणケゲンーـ李理김דم่ไ", max_size=70)


@given(st.lists(NAMES, max_size=8))
def test_keys_are_keys_and_each_is_one_persons(names):
    cast = Cast(Bible(), names)
    of_spelling = {spelling_of(name): cast.character(name) for name in names if key_of(name)}
    assert len({*of_spelling.values()}) == len(of_spelling)
    for name in names:
        assert key_of(key_of(name)) == key_of(name)
        assert spelling_of(spelling_of(name)) == spelling_of(name)
        assert re.fullmatch(KEY, cast.character(name))


def test_characters_are_found_by_name_and_alias():
    cast = Cast(BIBLE, ["MARA", "NOAH", "DR. VOSS"])
    assert [cast.character(name) for name in ("Mara", "THE KEEPER", "NOAH", "?!")] == ["mara", "keeper", "noah", "unnamed"]
    assert cast.mentioned("Noah sees Miss Voss. Marathon. MARA and Dr. Voss, and Noah.") == ("noah", "mara", "dr_voss")
    assert [cast.display_name(key) for key in ("mara", "noah", "nobody")] == ["Mara", "Noah", "nobody"]
    assert cast.is_name(" Noah ")
    assert not cast.is_name("Noah's hand")


def test_a_name_is_found_however_it_is_spelled():
    cast = Cast(Bible(), ["O\u2019NEILL", "OLD\u00a0MAN.", "DR. VOSS"])
    assert cast.mentioned("O'Neill helps the old man, and Dr. Voss.") == ("oneill", "old_man", "dr_voss")
    assert cast.is_name("Old man.")


def test_a_word_is_not_a_name():
    cast = Cast(Bible(), ["WILL", "BOY"])
    assert cast.mentioned("She will go.") == ()
    assert cast.mentioned("Will goes, and the boy stays.") == ("will", "boy")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("magician waits.", ("magician",), id="a long name at the beginning"),
        pytest.param("Rain. magician waits.", ("magician",), id="at the beginning of a sentence"),
        pytest.param("Rain on magician.", (), id="a long name elsewhere"),
        pytest.param("boy waits.", (), id="a short name"),
        pytest.param("Rain falls on old man.", ("old_man",), id="two words"),
    ],
)
def test_names_in_small_letters(text, found):
    assert Cast(Bible(), ["MAGICIAN", "BOY", "OLD MAN"]).mentioned(text) == found


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
    ("name", "written"),
    [
        ("DR. ÉLODIE O'NEILL", "Dr. Élodie O'Neill"),
        ("McAvoy", "McAvoy"),
        ("ANNE-MARIE'S", "Anne-Marie's"),
        ("MA\u200bRA\u00a0 VOSS", "Mara Voss"),
        (unicodedata.normalize("NFD", "ÉLODIE"), "Élodie"),
    ],
)
def test_title_name(name, written):
    assert title_name(name) == written


def test_missing_entries_are_stubs_of_those_who_speak():
    text = "EXT. PIER - DAY\n\nA GULL lands. MARA waits.\n\nOLD MAN (O.S.)\nMara!\n\nMARA\nYes."
    scene = parse_scene(Source(name="a", text=text))
    lamp = parse_scene(Source(name="b", text="INT. TOWER - LAMP ROOM\n\nLight."))
    characters, locations = missing_bible_entries({"A01_S01": scene, "A01_S02": lamp}, BIBLE)
    assert characters == {
        "old_man": Character(name="Old Man", age=72, pronoun=Pronoun.HE, told="called he in the action", stub=True)
    }
    assert locations == {"pier": Location(name="Pier", interior=False, stub=True)}


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Mara waits for Noah.", ("mara",)),
        ("Mara looks at Noah.", ("mara", "noah")),
        ("Mara looks at a photo of Noah.", ("mara",)),
        ("Mara reads a letter from Noah to Noah.", ("mara",)),
        ("Mara stands in front of Noah.", ("mara", "noah")),
        ("Noah's car stops.", ()),
        ("Noah's hands tremble.", ("noah",)),
        ("A hand touches Noah's neck.", ("noah",)),
        ("Noah's dazed.", ("noah",)),
        ("Mara reads the words THIS IS NOAH.", ("mara",)),
        ("Mara is drawing Noah's face on a pad.", ("mara",)),
        ("Noah Mara waits.", ("noah",)),
        ("Noah, Mara wait.", ("noah", "mara")),
        ("Noah's in the car.", ("noah",)),
        ("Noah's leather car stops.", ()),
        ("Mara thinks of Noah.", ("mara",)),
        ("Mara remembers old Noah.", ("mara",)),
        ("Mara, without Noah, goes.", ("mara",)),
        ("Dear Mara, come home. Noah.", ()),
        ('A sign says "Noah was here". Mara waits.', ("mara",)),
        ("The picture falls. Noah turns.", ("noah",)),
        ("Nobody is there.", ()),
    ],
)
def test_who_is_seen_and_who_is_only_spoken_of(text, seen):
    assert Cast(Bible(), ["MARA", "NOAH"]).seen(text) == seen


def test_cues_of_several_are_their_members():
    cast = Cast(Bible(), ["ANN", "BEN", "ANN AND BEN", "BEN & CLEO", "SALT AND PEPPER", "ALL"])
    assert cast.speakers("ANN AND BEN") == ("ann", "ben")
    assert cast.speakers("BEN & CLEO") == ("ben", "cleo")
    assert cast.speakers("SALT AND PEPPER") == ("salt_and_pepper",)
    assert cast.character("ANN AND BEN") == "ann"
    assert cast.mentioned("ANN AND BEN wait.") == ("ann", "ben")
    assert (cast.everybody, cast.is_heard_only("all"), cast.is_heard_only("ann")) == ({"all"}, True, False)


def test_machines_and_voices_have_no_figure():
    cast = Cast(Bible(), ["RADIO", "MAN'S VOICE", "ANN"])
    assert [cast.is_heard_only(key) for key in ("radio", "mans_voice", "ann")] == [True, True, False]
    assert cast.mentioned("The RADIO plays. Ann listens.") == ("ann",)


def test_the_guard_is_the_only_guard_there_is():
    assert Cast(Bible(), ["SECURITY GUARD"]).mentioned("The guard nods.") == ("security_guard",)
    assert Cast(Bible(), ["SECURITY GUARD", "BANK GUARD"]).mentioned("The guard nods.") == ()
    assert Cast(Bible(), ["SECURITY GUARD", "GUARD"]).mentioned("The guard nods.") == ("guard",)
    assert Cast(Bible(), ["GUARD 2"]).mentioned("The 2 guards nod.") == ()


def test_pronouns_of_a_film():
    text = "INT. A - DAY\n\nAnn sits. She sings.\n\nBEN, a boy, waits.\n\nANN\nOh.\n\nBEN\nAh."
    assert film_cast(Bible(), [parse_scene(Source(name="a", text=text))]).pronouns == {"ann": Pronoun.SHE, "ben": Pronoun.HE}
    known = Bible.model_validate({"characters": {"characters": {"ann": {"name": "Ann", "pronoun": "they"}}}})
    assert film_cast(known, [parse_scene(Source(name="a", text=text))]).pronouns["ann"] == Pronoun.THEY


def test_where_one_drives_inside_one_is_in_a_car():
    heads = ("INT. STREET - DRIVING", "INT. TRAIN (MOVING)", "EXT. ROAD - DRIVING", "INT. HALL - DAY")
    scenes = {
        f"A01_S0{number}": parse_scene(Source(name="a", text=f"{head}\n\nRain.")) for number, head in enumerate(heads, start=1)
    }
    _, places = missing_bible_entries(scenes, Bible())
    assert [place.set for place in places.values()] == [SetKind.VEHICLE, None, None, None]
