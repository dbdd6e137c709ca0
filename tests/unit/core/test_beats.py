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


@pytest.mark.parametrize(
    ("given", "where", "problem"),
    [
        (outline(A01_S01=[], A01_S02=[]), None, ""),
        (outline(A02_S01=[]), ("acts", 0, "scenes", 0, "id"), "A02_S01 is not the id of a scene of act A01"),
        (outline(A01_S02=[], A01_S01=[]), ("acts", 0, "scenes", 1, "id"), "A01_S01 stands behind a higher id"),
        (
            outline(A01_S01=[("a", "A01_S01_B01")], A01_S02=[("b", None), ("c", "A01_S01_B01")]),
            ("acts", 0, "scenes", 1, "beats", 1, "id"),
            "A01_S01_B01 is the id of two beats",
        ),
    ],
    ids=["right", "other act", "order", "beat twice"],
)
def test_ids_must_fit_together(given: Outline, where: tuple | None, problem: str) -> None:
    found = list(id_problems(given))
    assert [place for place, _ in found] == ([where] if where else [])
    assert all(text.startswith(problem) for _, text in found)


def test_a_scene_twice() -> None:
    one = outline(A01_S01=[]).acts[0]
    twice = Outline(title="Film", acts=(one.model_copy(update={"scenes": one.scenes * 2}),))
    assert list(id_problems(twice)) == [(("acts", 0, "scenes", 1, "id"), "A01_S01 is the id of two scenes")]
