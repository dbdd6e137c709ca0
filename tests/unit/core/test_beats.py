from collections.abc import Sequence

import pytest

from vtx_dagster.core.beats import id_problems, numbered_beats
from vtx_dagster.core.outline import Beat, Outline, OutlineAct, OutlineScene


def outline(**scenes: Sequence[tuple[str, str | None]]) -> Outline:
    """Return an outline of one act with these scenes; beats are given as text and id."""
    return Outline(
        title="Film",
        acts=(
            OutlineAct(
                id="A01",
                scenes=tuple(
                    OutlineScene(id=scene, heading="INT. A", beats=tuple(Beat(text=text, id=id_text) for text, id_text in beats))
                    for scene, beats in scenes.items()
                ),
            ),
        ),
    )


def ids(numbered: Outline) -> list[str | None]:
    return [beat.id for act in numbered.acts for scene in act.scenes for beat in scene.beats]


def test_beats_are_numbered_in_order() -> None:
    numbered = numbered_beats(outline(A01_S01=[("a", None), ("b", None)], A01_S02=[("c", None)]))
    assert ids(numbered) == ["A01_S01_B01", "A01_S01_B02", "A01_S02_B01"]
    assert numbered_beats(numbered) == numbered


def test_ids_go_with_their_beats() -> None:
    """Reordered, split (the new half has no id), merged (one id is gone) and moved to another scene."""
    edited = outline(
        A01_S01=[("b", "A01_S01_B02"), ("a", "A01_S01_B01"), ("a, second half", None), ("c", "A01_S02_B01")],
        A01_S02=[("new", None), ("d and e", "A01_S02_B02")],
    )
    assert ids(numbered_beats(edited)) == [
        "A01_S01_B02",
        "A01_S01_B01",
        "A01_S01_B03",
        "A01_S02_B01",
        "A01_S02_B03",
        "A01_S02_B02",
    ]


def test_an_outline_written_anew_keeps_the_ids_of_the_same_beats() -> None:
    before = numbered_beats(outline(A01_S01=[("Mara pours tea.", None), ("Tom waits in the rain.", None)]))
    after = outline(A01_S01=[("A bell rings.", None), ("Tom waits in the cold rain.", None)], A01_S02=[("End.", None)])
    assert ids(numbered_beats(after, before)) == ["A01_S01_B03", "A01_S01_B02", "A01_S02_B01"]
    again = outline(A01_S01=[("Mara pours tea.", None), ("Tom waits in the rain.", None)])
    assert numbered_beats(again, before) == before


def test_an_outline_written_anew_keeps_ids_of_beats_that_stand_elsewhere() -> None:
    """Reordered in their scene, or moved to another one by hand: their numbers stay theirs."""
    before = outline(A01_S01=[("Tea.", "A01_S01_B01"), ("Rain.", "A01_S01_B02")], A01_S02=[("Bells.", "A01_S01_B03")])
    after = outline(A01_S01=[("Rain.", None), ("Tea.", None), ("A knock.", None)])
    assert ids(numbered_beats(after, before)) == ["A01_S01_B02", "A01_S01_B01", "A01_S01_B04"]


KNOWN = {"A01_S01_B01": "Mara pours tea.", "A01_S01_B02": "Tom waits in the rain.", "A01_S01_B03": "A bell rings."}


@pytest.mark.parametrize(
    ("beats", "expected"),
    [
        pytest.param([("Tom waits in the rain.", None), ("A bell rings.", None)], [2, 3], id="one gone"),
        pytest.param([("A bell rings.", None), ("Mara pours tea.", None)], [3, 1], id="another order"),
        pytest.param([("First of all.", None), ("Mara pours tea.", None), ("Last.", None)], [4, 1, 5], id="others around it"),
        pytest.param([("New.", None), ("Mara pours tea.", "A01_S01_B01")], [4, 1], id="the last one's number is not given again"),
        pytest.param([("New.", None), ("Tom waits in the cold rain!", None)], [4, 2], id="edited"),
        pytest.param([("Mara pours tea.", None), ("Else.", "A01_S01_B01")], [4, 1], id="in use"),
        pytest.param([("A bell rings.", None), ("A bell rings.", None)], [3, 4], id="twice"),
    ],
)
def test_a_beat_is_known_by_its_text(beats: Sequence[tuple[str, str | None]], expected: list[int]) -> None:
    numbered = numbered_beats(outline(A01_S01=beats), known=KNOWN)
    assert ids(numbered) == [f"A01_S01_B{number:02d}" for number in expected]


def test_a_beat_is_known_in_its_scene_only() -> None:
    assert ids(numbered_beats(outline(A01_S02=[("A bell rings.", None)]), known=KNOWN)) == ["A01_S02_B01"]


def test_ids_known_before_stay_when_more_beats_without_ids_come() -> None:
    """A person's outline has no ids in its file: what is given to it is known by its text from then on."""
    texts = ["Tea.", "Rain.", "Bells."]
    known: dict[str, str] = {}
    for position, new in enumerate(("A knock.", "First of all.", "In between.")):
        texts.insert(position, new)
        numbered = numbered_beats(outline(A01_S01=[(text, None) for text in texts]), known=known)
        found = {str(beat.id): beat.text for beat in numbered.acts[0].scenes[0].beats}
        assert known.items() <= found.items()
        known = found


@pytest.mark.parametrize(
    ("given", "where", "problem"),
    [
        (outline(A01_S01=[], A01_S02=[]), None, ""),
        (outline(A02_S02=[], A01_S01=[]), None, ""),
        (
            outline(A01_S01=[("a", "A01_S01_B01")], A01_S02=[("b", None), ("c", "A01_S01_B01")]),
            ("acts", 0, "scenes", 1, "beats", 1, "id"),
            "A01_S01_B01 is the id of two beats",
        ),
    ],
    ids=["right", "of another act and in another order", "beat twice"],
)
def test_ids_must_fit_together(given: Outline, where: tuple | None, problem: str) -> None:
    found = list(id_problems(given))
    assert [place for place, _ in found] == ([where] if where else [])
    assert all(text.startswith(problem) for _, text in found)


def test_a_scene_twice() -> None:
    one = outline(A01_S01=[]).acts[0]
    twice = Outline(title="Film", acts=(one.model_copy(update={"scenes": one.scenes * 2}),))
    assert list(id_problems(twice)) == [(("acts", 0, "scenes", 1, "id"), "A01_S01 is the id of two scenes")]


def test_an_act_twice() -> None:
    acts = (OutlineAct(id="A01"), OutlineAct(id="A02"), OutlineAct(id="A01"))
    assert list(id_problems(Outline(title="Film", acts=acts))) == [(("acts", 2, "id"), "A01 is the id of two acts")]
