"""Who there is in a film, by how screenplays introduce people."""

import pytest

from vtx_dagster.core.bible import Bible, Pronoun
from vtx_dagster.core.story import Source
from vtx_dagster.engines.breakdown.cast import film_cast, missing_bible_entries
from vtx_dagster.engines.breakdown.people import (
    People,
    Phrases,
    Told,
    age_in,
    is_of_all,
    is_role,
    is_voice,
    joint_names,
    pronoun_of,
)
from vtx_dagster.engines.screenplay.fountain import parse_screenplay

SHE, HE = Pronoun.SHE, Pronoun.HE


def scenes(body: str):
    source = Source(name="a", text=f"INT. ROOM - DAY\n\n{body}")
    return [scene for act in parse_screenplay(source).acts for scene in act.scenes]


def told(body: str) -> list[tuple]:
    return [(one.name, one.age, one.pronoun) for one in People.of(scenes(body)).told if one.silent]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("IDA (70), in a blue coat, walks along the water.", [("IDA", 70, None)], id="age in brackets"),
        pytest.param("A GUARD, fifty, bored, reads a paper.", [("GUARD", 50, None)], id="a role and an age in words"),
        pytest.param("The DRIVER, a man in his forties, waits.", [("DRIVER", 45, HE)], id="described by a noun"),
        pytest.param("NIKO (6) cries.", [("NIKO", 6, None)], id="a child"),
        pytest.param("An OLD WOMAN with a patch opens.", [("OLD WOMAN", 72, SHE)], id="a role says both"),
        pytest.param("MAYA waters a tree. Maya smiles.", [("MAYA", None, None)], id="does something, and is a name elsewhere"),
        pytest.param("RITA, in a red dress, stands there. Rita waits.", [("RITA", None, None)], id="described"),
        pytest.param("The ROPE snaps. A rope hangs there.", [], id="a thing in small letters elsewhere"),
        pytest.param("SMOKE rises.", [], id="never written as a name"),
        pytest.param("A LOUD BANG. Ben FALLS. He is GONE.", [], id="sounds and verbs"),
        pytest.param("CLOSE ON the LETTER, the seal broken.", [], id="camera words"),
        pytest.param("A CADILLAC (1967) stops.", [], id="a year is no age"),
        pytest.param("He sings “OLD MAN RIVER”.", [], id="a song"),
        pytest.param("A RED AND VERY OLD FIRE ENGINE MAN stops.", [], id="too many words"),
        pytest.param("A BOY AT THE GATE.", [], id="all in capitals"),
        pytest.param("Two BOYS run past.", [("BOY 1", None, HE), ("BOY 2", None, HE)], id="a group is its members"),
        pytest.param("3 TALL MEN wait.", [(f"TALL MAN {n}", None, HE) for n in (1, 2, 3)], id="counted in digits"),
        pytest.param("WOMEN wait.", [(f"WOMAN {n}", None, SHE) for n in (1, 2, 3)], id="not counted"),
        pytest.param("NINE COPS wait.", [(f"COP {n}", None, None) for n in (1, 2, 3, 4)], id="counted in capitals"),
        pytest.param("Ten KIDS wait. 10 KIDS wait.", [(f"KID {n}", 9, None) for n in (1, 2, 3, 4)], id="not more than four"),
        pytest.param("SAM SPADE (late 40s) enters. Sam sits.", [("SAM SPADE", 48, None)], id="late forties"),
        pytest.param("KIM (30's) waits. KIM, a woman of 31, waits.", [("KIM", 35, SHE)], id="told twice"),
        pytest.param("X (30) waits.", [], id="a letter is no name"),
        pytest.param("NIKO (6) cries. NIKO (29) cries.", [("NIKO", 29, None)], id="years go by"),
        pytest.param("NIKO (29) cries. NIKO (6) cries.", [("NIKO", 29, None)], id="a flashback"),
        pytest.param(
            "A TEENAGE GIRL, a girl of the seventies, waits. A TEENAGE GIRL waits.",
            [("TEENAGE GIRL", 15, SHE)],
            id="a role says it",
        ),
        pytest.param("NIKO (29) cries. NIKO (30) cries.", [("NIKO", 29, None)], id="nearly the same age"),
        pytest.param("MOUSER (17), a cat, waits.", [], id="an animal"),
        pytest.param("His trusty cat MOUSER (17) waits.", [], id="somebody's animal"),
        pytest.param("A MEGASTORE, garish, waits. Megastore.", [], id="a place"),
        pytest.param("A sign reads: RITA waits. Rita.", [], id="what is read"),
    ],
)
def test_who_is_introduced(body, expected):
    assert told(body) == expected


def test_who_speaks_is_known_by_a_part_of_the_name():
    people = People.of(scenes("DETECTIVE SAM SPADE, late 40s, enters.\n\nSPADE\nHi.\n\nOLD MAN\nHello."))
    assert people.told == (
        Told(name="SPADE", full="DETECTIVE SAM SPADE", age=48, source="DETECTIVE SAM SPADE, late 40s, enters.", silent=False),
        Told(name="OLD MAN", age=72, pronoun=HE, silent=False),
    )


def test_the_first_name_alone_is_the_same_person():
    (sam,) = People.of(scenes("MS. SAM SPADE (40) enters. Sam sits down.")).told
    assert (sam.also, sam.pronoun) == (("SAM",), SHE)
    cast = film_cast(Bible(), scenes("MS. SAM SPADE (40) enters. Sam sits down."))
    assert cast.mentioned("Sam nods.") == ("ms_sam_spade",)


def test_a_group_is_all_of_its_members():
    cast = film_cast(Bible(), scenes("Two BOYS run past."))
    assert cast.seen("The boys stop.") == ("boy_1", "boy_2")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("RADIO", True), ("MAN'S VOICE", True), ("ANSWERING MACHINE", True), ("P.A.", True), ("MARA", False), ("PHONETTE", False)],
)
def test_voices_and_machines(name, expected):
    assert is_voice(name) is expected


@pytest.mark.parametrize(
    ("name", "expected"), [("WOMAN", True), ("GUARD #2", True), ("OLD MAN", True), ("MARA", False), ("7", False)]
)
def test_roles(name, expected):
    assert is_role(name) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ANN AND BEN", ("ANN", "BEN")),
        ("ANN & BEN", ("ANN", "BEN")),
        ("ANN/BEN", ("ANN", "BEN")),
        ("ANN, BEN and CLEO", ("ANN", "BEN", "CLEO")),
        ("ANNANDBEN", ("ANNANDBEN",)),
        ("&", ("&",)),
    ],
)
def test_cues_of_several(name, expected):
    assert joint_names(name) == expected


@pytest.mark.parametrize(("name", "expected"), [("ALL", True), ("ALLE", True), ("ALL MEN", False), ("...", False)])
def test_cues_of_all(name, expected):
    assert is_of_all(name) is expected


@pytest.mark.parametrize(("name", "expected"), [("OLD WOMAN", SHE), ("MR. GREY", HE), ("GUARD", None), ("MAN AND WOMAN", None)])
def test_names_that_say_a_pronoun(name, expected):
    assert pronoun_of(name) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("70", 70),
        ("early 20s", 22),
        ("mid-30s", 35),
        ("a teen", 15),
        ("in her forties", 45),
        ("a three-year-old boy", 3),
        ("twelve years old", 12),
        ("many years old", 72),
        ("1967", None),
        ("at 9 pm", None),
        ("", None),
    ],
)
def test_ages(text, expected):
    assert age_in(text) == expected


def test_stubs_say_what_is_told_and_where():
    found, _ = missing_bible_entries(
        {
            "A01_S01": scenes(
                "IDA (70), in a blue coat, waits. She sits.\n\nANN AND BEN\nHi.\n\nBEN\nHi.\n\nALL\nHi.\n\nRADIO\nHo."
            )[0]
        },
        Bible(),
    )
    ida = found["ida"]
    assert (ida.name, ida.age, ida.pronoun, ida.told, ida.stub) == ("Ida", 70, SHE, "IDA (70), in a blue coat, waits.", True)
    assert list(found) == ["ann", "ben", "radio", "ida"]
    assert (found["radio"].age, found["radio"].pronoun) == (None, None)


def test_a_group_that_speaks_is_called_by_its_own_name():
    cast = film_cast(Bible(), scenes("Two BOYS run past.\n\nBOYS\nHey!"))
    assert cast.seen("The boys stop.") == ("boys",)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param("Mia sits down. Mia smiles. Mia quietly waits.", ["MIA"], id="acts again and again"),
        pytest.param("Mia sits down. Mia smiles.", [], id="not often"),
        pytest.param("Rain falls. Rain runs down. Rain beats the roof, and the rain stops.", [], id="is written small elsewhere"),
        pytest.param("Rain falls. Rain beats. Rain drums.", [], id="does not do what people do"),
        pytest.param("NASA looks on. NASA waits. NASA smiles.", [], id="capitals"),
        pytest.param("Mia sits. Mia nods. Mia waits.\n\nMIA\nYes.", [], id="speaks"),
    ],
)
def test_who_does_what_people_do_is_one(body, found):
    assert [one.name for one in People.of(scenes(body)).told if one.silent] == found


@pytest.mark.parametrize(
    ("body", "cue", "also"),
    [
        pytest.param("Sébastien waits. Sébastien smiles.\n\nSEB\nHello.", "SEB", ("SÉBASTIEN",), id="without the accent"),
        pytest.param("Sebastian waits.\n\nSEB\nHello.", "SEB", (), id="named once"),
        pytest.param("Sebastian waits. Sebastian nods. Seb sits.\n\nSEB\nHello.", "SEB", (), id="the short name is used"),
        pytest.param("Sebastian and Seba wait. Sebastian and Seba sit.\n\nSEB\nHello.", "SEB", (), id="either of two"),
        pytest.param("Anders waits. Anders sits.\n\nAN\nHello.", "AN", (), id="too short"),
        pytest.param("Anders waits. Anders sits.\n\nAND\nHi.\n\nANDERS\nHi.", "AND", (), id="somebody else"),
        pytest.param("Chains hang. Chains and chains wait.\n\nCHA\nHello.", "CHA", (), id="a word"),
        pytest.param("K9 waits. K9 sits.\n\nMR. K\nHello.", "MR. K", (), id="no single word"),
    ],
)
def test_a_cue_may_be_short_for_a_name(body, cue, also):
    (told,) = (one for one in People.of(scenes(body)).told if one.name == cue)
    assert told.also == also


@pytest.mark.parametrize(
    ("text", "places"),
    [("Ann SITS at the table.", [(4, "sits"), (9, "at")]), ("İ sits.", [(2, "sits")]), ("Ann visits the table.", [])],
)
def test_phrases_are_found_in_any_case_where_they_stand(text, places):
    phrases = Phrases(sits=["sits"], at=["at the * table"])
    assert [(found.start(), found.lastgroup) for found in phrases.finditer(text)] == places
    assert (phrases.search(text) is None) is not bool(places)
