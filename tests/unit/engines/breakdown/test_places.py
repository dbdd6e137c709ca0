import pytest

from vtx_dagster.core.bible import Bible
from vtx_dagster.core.story import Source
from vtx_dagster.engines.breakdown.cast import Cast, film_cast
from vtx_dagster.engines.breakdown.places import placed_scenes, respelled, same_place_key
from vtx_dagster.engines.screenplay.fountain import parse_screenplay


def placed(*headings: str) -> list[tuple]:
    """Return inside or outside, and the place, of scenes with these headings."""
    text = "\n\n".join(f"{heading}\n\nRain." for heading in headings)
    scenes = [scene for act in parse_screenplay(Source(name="a", text=text)).acts for scene in act.scenes]
    cast = Cast(Bible(), ["ANN", "BEN"])
    return [(scene.interior, scene.place) for scene in placed_scenes(scenes, is_name=cast.is_name)]


@pytest.mark.parametrize(
    ("slug", "expected"),
    [
        (".LATER", (False, "BEACH")),
        (".THE NEXT MORNING", (False, "BEACH")),
        (".INSIDE", (True, "BEACH")),
        (".BACK OUTSIDE", (False, "BEACH")),
        (".INSIDE THE VAN", (True, "VAN")),
        (".BACK INSIDE THE APARTMENT", (True, "ANN'S APARTMENT")),
        (".INSIDE THE STRANGE THING", (True, "BEACH")),
        (".ANN", (False, "BEACH")),
        (".BEN,", (False, "BEACH")),
        (".IN !", (False, "BEACH")),
        (".BACK TO SCENE", (False, "BEACH")),
        (".SNIPER SCOPE POV", (False, "BEACH")),
        (".THE ROCKS", (False, "BEACH")),
        (".AT THE DOOR", (False, "BEACH")),
        (".THE PAIR, DRINKING BEER IN THE LIVING ROOM.", (False, "BEACH")),
        (".BACK IN THE APARTMENT", (True, "ANN'S APARTMENT")),
        (".ANN REENTERING HER APARTMENT,", (True, "ANN'S APARTMENT")),
        (".BEN IN THE CELLAR", (False, "BEACH")),
        (".BEN'S BEDROOM", (True, "BEN'S BEDROOM")),
        (".THE KITCHEN", (True, "KITCHEN")),
        (".ANNS", (False, "BEACH")),
        (".PARIS - NIGHT", (False, "PARIS")),
        (".A CLIFF HIGH ABOVE THE LONG LAKE - DAWN", (False, "CLIFF HIGH ABOVE THE LONG LAKE")),
        (".THE APARTMENT - NIGHT", (True, "ANN'S APARTMENT")),
        (".PARIS - LATER", (False, "BEACH")),
        (".ANN - NIGHT", (False, "BEACH")),
        (".POV THROUGH THE SCOPE - NIGHT", (False, "BEACH")),
        ("INT. MOMENTS LATER", (True, "BEACH")),
        ("INT. CAR - DAY", (True, "CAR")),
    ],
)
def test_what_a_heading_leaves_to_the_scene_before(slug, expected):
    assert placed("INT. ANN'S APARTMENT - DAY", "EXT. BEACH - NIGHT", slug)[-1] == expected


def test_a_minor_slug_goes_on_with_another():
    assert placed("EXT. BEACH - NIGHT", ".INSIDE", ".LATER") == [(False, "BEACH"), (True, "BEACH"), (True, "BEACH")]


def test_without_int_or_ext_every_heading_is_a_place():
    assert placed(".The lamp room", ".The rocks", ".Later") == [(None, "The lamp room"), (None, "The rocks"), (None, "")]


def test_a_scene_announced_by_its_number_is_where_it_says_or_goes_on():
    assert placed("EXT. BEACH - NIGHT", "SCENE 2", "SCENE 3: THE DOOR", ".LATER") == [
        (False, "BEACH"),
        (False, "BEACH"),
        (None, "THE DOOR"),
        (None, "THE DOOR"),
    ]
    assert placed("SCENE 1", "SCENE 2: PIER", "SCENE 3") == [(None, ""), (None, "PIER"), (None, "PIER")]


def test_text_outside_of_scenes_is_no_scene_before():
    text = "EXT. BEACH\n\nRain.\n\n# Two\n\nSnow.\n\n.LATER\n\nSun."
    scenes = [scene for act in parse_screenplay(Source(name="a", text=text)).acts for scene in act.scenes]
    assert [scene.place for scene in placed_scenes(scenes, is_name=lambda _: False)] == ["BEACH", "Two", "BEACH"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("SCOTT'S FLAT - KITCHEN", "Kitchen, Scotts flat", True),
        ("THE KITCHEN", "Kitchen", True),
        ("LIVING-ROOM", "Living Room", True),
        ("SCOTT\u2019S FLAT", "SCOTT'S FLAT", True),
        ("SCOTT'S FLAT", "SCOTT FLAT", False),
        ("KITCHEN", "SCOTT'S KITCHEN", False),
        ("ROOM 1", "ROOM 12", False),
        ("ROOM 1-2", "ROOM 12", False),
        ("ROOM 1-2", "Room 1.2", True),
        ("ROOM 12-B", "ROOM 12B", True),
    ],
)
def test_spellings_of_one_place(one, other, same):
    assert (same_place_key(one) == same_place_key(other)) is same


def test_the_first_spelling_is_the_key_of_all():
    text = "INT. SCOTT'S FLAT - KITCHEN\n\nRain.\n\nINT. KITCHEN, SCOTTS FLAT\n\nRain.\n\nINT. KITCHEN\n\nRain.\n\nINT. LATER"
    scenes = [scene for act in parse_screenplay(Source(name="a", text=text)).acts for scene in act.scenes]
    cast = film_cast(Bible(), scenes)
    assert [cast.location(scene.place) for scene in scenes] == ["scotts_flat_kitchen", "scotts_flat_kitchen", "kitchen", None]


def test_other_words_and_orders_are_told_and_other_spellings_are_not():
    places = ["SCOTT'S FLAT - KITCHEN", "SCOTTS FLAT, KITCHEN", "KITCHEN, SCOTT'S FLAT", "KITCHEN, SCOTT'S FLAT", "YARD"]
    assert list(respelled([*places, "THE YARD"])) == [("KITCHEN, SCOTT'S FLAT", "SCOTT'S FLAT - KITCHEN")]
    assert list(respelled(["APARTMENT", "Apartment", "LA APARTMENT"])) == [("LA APARTMENT", "APARTMENT")]


def test_many_places_are_found_in_time_that_grows_with_their_number():
    headings = [f".ANN'S ROOM {number}" for number in range(20_000)]
    found = placed("INT. ANN'S ROOM - DAY", *headings)
    assert found[1:3] == [(True, "ANN'S ROOM 0"), (True, "ANN'S ROOM 1")]
    assert len(set(found)) == 20_001
