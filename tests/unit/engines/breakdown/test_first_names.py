"""What bearers of a first name are usually called."""

import pytest

from vtx_dagster.core.bible import Bible, Pronoun
from vtx_dagster.core.story import Source
from vtx_dagster.engines.breakdown.cast import film_cast, missing_bible_entries
from vtx_dagster.engines.breakdown.first_names import pronoun_of_first_name
from vtx_dagster.engines.screenplay.fountain import parse_scene

SHE, HE = Pronoun.SHE, Pronoun.HE


@pytest.mark.parametrize(
    ("name", "pronoun"),
    [
        ("ANNA", SHE),
        ("DR. ANNA BELL", SHE),
        ("Élodie", SHE),
        ("ELODIE", SHE),
        ("JEAN-LUC", HE),
        ("HENRY'S", None),
        ("BELL ANNA", None),
        ("ALEX", None),
        ("", None),
        ("7", None),
    ],
)
def test_first_names(name, pronoun):
    assert pronoun_of_first_name(name) is pronoun


def told(body: str) -> dict[str, tuple[Pronoun | None, str]]:
    scene = parse_scene(Source(name="a", text=f"INT. ROOM - DAY\n\n{body}"))
    entries, _ = missing_bible_entries({"A01_S01": scene}, Bible())
    return {key: (entry.pronoun, entry.told) for key, entry in entries.items()}


def test_a_first_name_tells_what_nothing_else_does():
    assert told("ANNA\nHello.\n\nKIM\nHello.") == {"anna": (SHE, "called she by the first name"), "kim": (None, "")}


def test_the_first_name_of_whom_cues_call_by_the_last_one():
    assert told("ANNA BELL (30) waits.\n\nBELL\nHello.")["bell"] == (SHE, "ANNA BELL (30) waits.")


def test_the_screenplay_knows_better_than_a_name():
    once, often = "Anna rubs his eyes.", "Anna waits. He nods. " * 5
    assert told(f"{once}\n\nANNA\nHello.")["anna"][0] is SHE
    assert told(f"{often}\n\nANNA\nHello.")["anna"][0] is HE


def test_synopses_tell_pronouns_too():
    cast = film_cast(
        Bible(), [parse_scene(Source(name="a", text="INT. ROOM - DAY\n\n= Kim takes out her phone.\n\nKIM\nHello."))]
    )
    assert cast.pronouns == {"kim": SHE}
