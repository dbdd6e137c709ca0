import pytest

from vtx_dagster.core.bible import Bible, Character, Characters
from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.engines.language_model.roles import Role, Roles

BIBLE = Bible(
    characters=Characters(
        characters={
            "mara": Character(name="Mara Quist", aliases=("The Keeper",), age=60, voice="dry"),
            "noah_young": Character(name="Noah (young)"),
            "elodie": Character(name="Élodie"),
        }
    )
)


def roles(*keys: str, bible: Bible = BIBLE) -> Roles:
    return Roles(keys, bible)


def test_a_role_is_what_the_bible_says_of_a_character():
    assert roles("mara", "old_man", "mara").roles == (
        Role(key="mara", name="Mara Quist", aliases=("The Keeper",), age=60, voice="dry"),
        Role(key="old_man", name="Old Man"),
    )


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("mara", ("mara", "")),
        ("MARA QUIST", ("mara", "")),
        ("The Keeper", ("mara", "")),
        ("MARA QUIST (CONT'D)", ("mara", "")),
        ("Old man", ("old_man", "")),
        ("marra", ("mara", "marra was taken for mara")),
        ("old_men", ("old_man", "old_men was taken for old_man")),
        ("elodie", (None, "")),
        ("stranger", (None, "")),
        ("(beat)", (None, "")),
    ],
)
def test_a_name_is_one_of_those_who_are_there(name, found):
    assert roles("mara", "old_man").find(name) == found


@pytest.mark.parametrize(
    ("key", "cue"),
    [("mara", "MARA QUIST"), ("noah_young", "NOAH YOUNG"), ("elodie", "ÉLODIE"), ("old_man", "OLD MAN"), ("u738b", "U738B")],
)
def test_a_cue_leads_back_to_its_character(key, cue):
    cast = roles(key)
    assert cast.cue(key) == cue
    assert cast.cast.character(cue) == key


def test_a_name_that_two_have_is_nobodys_second_cue():
    bible = Bible(
        characters=Characters(
            characters={"ida": Character(name="Ida"), "girl": Character(name="Ida", aliases=("Ida the Younger",))}
        )
    )
    assert roles("girl", bible=bible).cue("girl") == "IDA THE YOUNGER"


def test_a_character_without_a_name_of_its_own_cannot_speak():
    bible = Bible(characters=Characters(characters={"ida": Character(name="Ida"), "ida-2": Character(name="Ida")}))
    with pytest.raises(
        InvalidFileError, match=r"characters.yaml: characters.ida-2: a speech under 'IDA' would be somebody else's"
    ):
        roles("ida-2", bible=bible).cue("ida-2")
