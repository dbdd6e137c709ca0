import re
from itertools import combinations

import pytest

from vtx_dagster.core.bible import Bible, Build, Hair
from vtx_dagster.core.clip import ClipSpec
from vtx_dagster.core.figures import GREY_HAIR, HAIR_COLOURS, SKINS, WARDROBES, drawn_figure, given_figures
from vtx_dagster.core.plan import DrawnFigure


def bible(*keys: str, **characters: dict[str, object]) -> Bible:
    entries = {key: {"name": key.title()} for key in keys} | characters
    return Bible.model_validate({"characters": {"characters": entries}})


def figures(of: Bible, *keys: str) -> tuple[DrawnFigure, ...]:
    return tuple(map(drawn_figure, given_figures(of, ClipSpec(id="A01_S01_SH001", characters=keys))))


def test_what_the_bible_gives_is_taken() -> None:
    given = {"build": "broad", "hair": "bun", "hair_colour": "#010203", "skin": "#040506", "wardrobe": "#070809"}
    assert figures(bible(mara={"name": "Mara Voss", "age": 8, "figure": given}), "mara") == (
        DrawnFigure(
            key="mara",
            name="Mara Voss",
            age=8,
            build=Build.BROAD,
            hair=Hair.BUN,
            hair_colour="#010203",
            skin="#040506",
            wardrobe="#070809",
        ),
    )


def test_what_is_missing_is_pinned_to_the_key() -> None:
    """Figures are pixels: if a derivation changes, every animatic clip is stale."""
    assert figures(bible("mara"), "mara") == (
        DrawnFigure(
            key="mara",
            name="Mara",
            build=Build.SLIGHT,
            hair=Hair.BUN,
            hair_colour="#1c1714",
            skin="#e0ac80",
            wardrobe="#85a832",
        ),
    )


def test_unknown_characters_are_drawn_and_named_after_their_key() -> None:
    (figure,) = figures(Bible(), "old_man")
    assert figure.name == "Old Man"
    assert figure.wardrobe in WARDROBES


@pytest.mark.parametrize(("age", "child", "grey"), [(12, True, False), (13, False, False), (59, False, False), (60, False, True)])
def test_age_shows(age: int, child: bool, grey: bool) -> None:
    (figure,) = figures(bible(x={"name": "X", "age": age}), "x")
    assert (figure.build is Build.CHILD, figure.hair_colour == GREY_HAIR) == (child, grey)


def test_women_and_men_look_it() -> None:
    keys = [f"person_{number}" for number in range(60)]

    def looks(**known: object) -> tuple[set[Build], set[Hair]]:
        people = figures(bible(**{key: {"name": key, **known} for key in keys}), *keys)
        return {figure.build for figure in people}, {figure.hair for figure in people}

    assert looks(pronoun="she") == ({Build.SLIGHT, Build.AVERAGE}, {Hair.LONG, Hair.BUN, Hair.CURLY, Hair.SHORT})
    assert looks(pronoun="he") == ({Build.AVERAGE, Build.BROAD}, {Hair.SHORT, Hair.CURLY, Hair.CAP, Hair.BALD})
    assert looks(pronoun="they") == looks() == ({Build.SLIGHT, Build.AVERAGE, Build.BROAD}, set(Hair))
    assert looks(pronoun="she", age=6) == ({Build.CHILD}, {Hair.LONG, Hair.BUN, Hair.CURLY})
    assert looks(age=6) == ({Build.CHILD}, {Hair.SHORT, Hair.CURLY, Hair.CAP, Hair.LONG})


def test_what_the_bible_does_not_give_is_not_in_the_plan() -> None:
    (given,) = given_figures(
        bible(x={"name": "X", "descriptor": "tall\n and  thin"}), ClipSpec(id="A01_S01_SH001", characters=("x",))
    )
    assert given.model_dump(exclude_defaults=True).keys() == {"key", "name", "wardrobe", "descriptor"}
    assert given.descriptor == "tall and thin"


def test_wardrobes_differ_as_long_as_there_are_colours() -> None:
    keys = [f"person_{number}" for number in range(len(WARDROBES))]
    drawn = figures(bible(*keys), *keys)
    assert {figure.wardrobe for figure in drawn} == set(WARDROBES)
    (stranger,) = figures(bible(*keys), "one_more")
    assert stranger.wardrobe in WARDROBES


def test_strangers_do_not_take_the_colour_of_a_known_character() -> None:
    known = bible(*(f"person_{number}" for number in range(6)))
    taken = {figure.wardrobe for figure in figures(known, *known.characters.characters)}
    strangers = figures(known, *(f"stranger_{number}" for number in range(6)))
    assert len(taken | {figure.wardrobe for figure in strangers}) == 12


def test_a_character_added_at_the_end_changes_no_other() -> None:
    keys = [f"person_{number}" for number in range(8)]
    before = figures(bible(*keys), *keys)
    assert figures(bible(*keys, "late", "later"), *keys) == before


def test_a_figure_given_by_hand_changes_no_other() -> None:
    keys = [f"person_{number}" for number in range(8)]
    before = figures(bible(*keys), *keys[1:])
    given = {"person_0": {"name": "Person 0", "figure": {"wardrobe": before[0].wardrobe}}}
    assert figures(bible(*keys, **given), *keys[1:]) == before


def test_derived_traits_vary() -> None:
    keys = [f"person_{number}" for number in range(80)]
    drawn = figures(bible(*keys), *keys)
    assert {figure.build for figure in drawn} == {Build.SLIGHT, Build.AVERAGE, Build.BROAD}
    assert {figure.hair for figure in drawn} == set(Hair)
    assert {figure.skin for figure in drawn} == set(SKINS)
    assert {figure.hair_colour for figure in drawn} == set(HAIR_COLOURS)


def test_wardrobes_can_be_told_apart() -> None:
    def rgb(text: str) -> tuple[int, ...]:
        return tuple(int(pair, 16) for pair in re.findall("[0-9a-f]{2}", text))

    for one, other in combinations(WARDROBES, 2):
        assert sum(abs(a - b) for a, b in zip(rgb(one), rgb(other), strict=True)) >= 48, (one, other)
