import random
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vtx_dagster.core.film_order import FilmOrder, StoryOrder
from vtx_dagster.core.ids import FilmId, numbers_of
from vtx_dagster.core.outline import Outline, OutlineAct, OutlineScene
from vtx_dagster.core.shotlist import Shot, Shotlist


def outline(acts: Mapping[str, Sequence[str]]) -> Outline:
    return Outline(
        title="Film",
        acts=tuple(
            OutlineAct(id=act, scenes=tuple(OutlineScene(id=scene, heading="INT. A") for scene in scenes))
            for act, scenes in acts.items()
        ),
    )


def shotlist(shots: Sequence[tuple[str, str]], retired: Sequence[str] = ()) -> Shotlist:
    return Shotlist(shots=tuple(Shot(id=clip, scene=scene) for scene, clip in shots), retired=tuple(retired))


STORY = StoryOrder.of(
    outline({"A02": ["A02_S01"], "A01": ["A01_S09", "A01_S01"]}),
    shotlist(
        [
            ("A01_S01", "A01_S01_SH010"),
            ("A01_S01", "A01_S01_SH020"),
            ("A01_S09", "A01_S01_SH030"),
            ("A01_S09", "A01_S09_SH010"),
            ("A02_S01", "A02_S01_SH020"),
            ("A02_S01", "A02_S01_SH010"),
        ],
        retired=["A01_S01_SH040", "A01_S01_SH010"],
    ),
)
LISTED = ("A02_S01_SH020", "A02_S01_SH010", "A01_S01_SH030", "A01_S09_SH010", "A01_S01_SH010", "A01_S01_SH020")


def test_acts_and_scenes_follow_the_outline_and_shots_the_shotlist() -> None:
    film = FilmOrder.of(STORY, random.Random(1).sample(LISTED, len(LISTED)))
    assert film.clips == LISTED
    assert film.clips_by_act() == {"A02": LISTED[:2], "A01": LISTED[2:]}
    assert film.scenes["A01_S01_SH030"] == "A01_S09", "it was moved there"
    assert (film.aside, film.missing) == ((), ())
    assert [film.before(clip) for clip in (*LISTED, "A09_S01_SH010")] == ["", *LISTED[:-1], ""]


def test_a_retired_clip_is_set_aside_and_a_shot_without_a_spec_is_missing() -> None:
    film = FilmOrder.of(STORY, ["A01_S01_SH040", "A01_S01_SH020"])
    assert film.clips == ("A01_S01_SH020",)
    assert film.aside == ("A01_S01_SH040",)
    assert film.missing == tuple(clip for clip in LISTED if clip != "A01_S01_SH020")
    assert film.acts == {"A02": ("A02_S01",), "A01": ("A01_S09", "A01_S01")}


@pytest.mark.parametrize(
    ("clip", "before"),
    [
        pytest.param("A01_S01_SH015", "A01_S01_SH010", id="between two by number"),
        pytest.param("A01_S01_SH005", "A01_S09_SH010", id="first of its scene"),
        pytest.param("A02_S01_SH030", "A02_S01_SH010", id="last of its scene"),
        pytest.param("A02_S01_SH015", "A02_S01_SH010", id="behind the last lower one, where shots are not in order"),
        pytest.param("A01_S05_SH010", "A01_S01_SH020", id="in a scene that the outline does not have"),
        pytest.param("A03_S01_SH010", "A01_S01_SH020", id="in an act that the outline does not have"),
        pytest.param("A01_S09_SH005", "A01_S01_SH030", id="before its own, behind one that was moved in"),
    ],
)
def test_a_clip_that_was_never_a_shot_stands_in_its_scene_by_its_number(clip: str, before: str) -> None:
    film = FilmOrder.of(STORY, [clip, *LISTED])
    assert film.before(clip) == before
    assert tuple(one for one in film.clips if one != clip) == LISTED


IDS = st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(1, 1200)).map(lambda numbers: str(FilmId(numbers)))


@settings(max_examples=60)
@given(st.sets(IDS))
def test_without_outline_and_shotlist_the_numbers_are_the_order(clips: set[str]) -> None:
    film = FilmOrder.of(StoryOrder(), clips)
    assert list(film.clips) == sorted(clips, key=numbers_of)
    assert all(clip.startswith(f"{act}_") for act, of_act in film.clips_by_act().items() for clip in of_act)


@settings(max_examples=60)
@given(st.sets(IDS), st.permutations(LISTED))
def test_every_clip_is_in_the_film_once_or_aside(more: set[str], listed: Sequence[str]) -> None:
    film = FilmOrder.of(STORY, {*more, *listed})
    assert sorted((*film.clips, *film.aside)) == sorted({*more, *listed})
    assert sorted(clip for clips in film.clips_by_act().values() for clip in clips) == sorted(film.clips)


def test_a_shot_that_is_listed_twice_is_there_once() -> None:
    story = StoryOrder.of(None, shotlist([("A01_S02", "A01_S01_SH010"), ("A01_S01", "A01_S01_SH010")]))
    assert FilmOrder.of(story, ["A01_S01_SH010"]).scenes == {"A01_S01_SH010": "A01_S02"}


def test_scenes_in_order() -> None:
    assert STORY.scenes_in_order(["A01_S01", "A01_S05", "A02_S01"]) == ("A02_S01", "A01_S01", "A01_S05")
    assert StoryOrder().scenes_in_order(["A10_S01", "A02_S10", "A02_S09"]) == ("A02_S09", "A02_S10", "A10_S01")


@pytest.mark.parametrize(
    ("clip", "earlier", "may"),
    [
        (LISTED[1], LISTED[0], True),
        (LISTED[0], LISTED[1], False),
        (LISTED[0], LISTED[0], False),
        (LISTED[1], "A09_S01_SH010", True),
        (LISTED[1], "A01_S01_SH040", False),
        ("A01_S01_SH040", LISTED[-1], True),
    ],
    ids=["earlier", "later", "itself", "unknown, which is another error", "set aside", "from one that is set aside"],
)
def test_what_a_clip_may_go_on_from(clip: str, earlier: str, may: bool) -> None:
    assert FilmOrder.of(STORY, ["A01_S01_SH040", *LISTED]).may_follow(clip, earlier) is may
