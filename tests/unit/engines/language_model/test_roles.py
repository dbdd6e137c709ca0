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


def test_a_name_of_another_script_is_near_in_its_own_letters():
    bible = Bible(characters=Characters(characters={"zhangxiaolongren": Character(name="张小龙人")}))
    cast = roles("zhangxiaolongren", bible=bible)
    assert cast.find("李小龙人") == ("zhangxiaolongren", "李小龙人 was taken for zhangxiaolongren")
    assert cast.find("张小红任") == (None, "")


def test_a_key_is_no_second_name_of_who_is_heard():
    cast = Roles(["li"], Bible(), heard=["李"], others=["李", "理"])
    assert (cast.cast.character("李"), cast.find("李")) == ("li", ("li", ""))
    assert cast.find("理") == (None, "")
