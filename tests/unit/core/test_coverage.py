import pytest

from vtx_dagster.core.coverage import covered_elements, prove_coverage
from vtx_dagster.core.screenplay import Element, ElementKind, Lines, SceneText
from vtx_dagster.core.shot import DialogueLine
from vtx_dagster.core.shotlist import Shot, Shotlist, ShotSource

SCENE = SceneText(
    heading="INT. A",
    interior=True,
    place="A",
    lines=Lines(first=1, last=9),
    elements=(
        Element(kind=ElementKind.NOTE, text="note", lines=Lines(first=2, last=2)),
        Element(kind=ElementKind.ACTION, text="Rain.", lines=Lines(first=3, last=4)),
        Element(kind=ElementKind.DIALOGUE, text="One two. Three.", speaker="MARA", lines=Lines(first=6, last=7)),
        Element(kind=ElementKind.LYRIC, text="La la", lines=Lines(first=9, last=9)),
    ),
)


def cite(first: int, last: int | None = None, part: int = 1, parts: int = 1) -> ShotSource:
    return ShotSource(lines=Lines(first=first, last=last or first), part=part, parts=parts)


def shot(number: int, *sources: ShotSource, says: tuple[str, ...] = (), scene: str = "A01_S01") -> Shot:
    lines = tuple(DialogueLine(character="mara", text=text) for text in says)
    return Shot(id=f"A01_S01_SH{number:03d}", scene=scene, sources=sources, dialogue=lines)


ACTION = shot(10, cite(3, 4))
SPEECH = shot(20, cite(6, 7), says=("One two.  Three.",))
LYRIC = shot(30, cite(9))


def test_what_must_be_covered():
    assert [element.kind for element in covered_elements(SCENE)] == [ElementKind.ACTION, ElementKind.DIALOGUE, ElementKind.LYRIC]


@pytest.mark.parametrize(
    "shots",
    [
        pytest.param((ACTION, SPEECH, LYRIC), id="one each"),
        pytest.param((shot(10, cite(1, 9), says=("One two. Three.",)),), id="all in one"),
        pytest.param(
            (
                shot(10, cite(3, 4), cite(6, 7, 1, 2), says=("One two.",)),
                shot(20, cite(6, 7, 2, 2), cite(9), says=("Three.",)),
            ),
            id="a speech cut in two",
        ),
        pytest.param((SPEECH, ACTION, LYRIC), id="in another order than their numbers"),
        pytest.param((shot(5, cite(3, 4, 1, 2)), shot(10, cite(3, 4, 2, 2)), SPEECH, LYRIC), id="an action cut in two"),
    ],
)
def test_the_proof_holds(shots):
    report = prove_coverage({"A01_S01": SCENE}, Shotlist(shots=shots))
    assert (report.holds, report.problems) == (True, ())
    assert (report.num_elements, report.num_shots) == (3, len(shots))


@pytest.mark.parametrize(
    ("shots", "problem"),
    [
        pytest.param((ACTION, SPEECH), "A01_S01:9: in no shot: La la", id="not covered"),
        pytest.param(
            (ACTION, SPEECH, LYRIC, shot(40, cite(9))),
            "A01_S01:9: in more than one shot (A01_S01_SH030, A01_S01_SH040)",
            id="twice",
        ),
        pytest.param((ACTION, SPEECH, LYRIC, shot(40)), "A01_S01: A01_S01_SH040 cites no lines", id="nothing cited"),
        pytest.param(
            (ACTION, SPEECH, LYRIC, shot(40, cite(2))),
            "A01_S01:2: A01_S01_SH040 cites lines in which there is no",
            id="only a note",
        ),
        pytest.param(
            (ACTION, SPEECH, LYRIC, shot(40, cite(90, 10**9))), "A01_S01:90-1000000000: A01_S01_SH040 cites", id="no such lines"
        ),
        pytest.param((shot(10, cite(3)), SPEECH, LYRIC), "A01_S01:3: A01_S01_SH010 cites half a paragraph", id="half"),
        pytest.param(
            (shot(10, cite(1, 9, 1, 2), says=("One two. Three.",)),),
            "A01_S01:1-9: A01_S01_SH010 cites a part of several",
            id="part of several",
        ),
        pytest.param(
            (ACTION, shot(20, cite(6, 7, 1, 2), says=("One two.",)), LYRIC),
            "A01_S01:6-7: parts [1] of 2 are covered",
            id="a part is missing",
        ),
        pytest.param(
            (ACTION, shot(20, cite(6, 7, 1, 2), says=("One",)), shot(25, cite(6, 7, 2, 3), says=("two",)), LYRIC),
            "A01_S01:6-7: in A01_S01_SH020, A01_S01_SH025, cut into different numbers of parts",
            id="different cuts",
        ),
        pytest.param(
            (ACTION, shot(20, cite(6, 7), says=("One.",)), LYRIC),
            "A01_S01:6-7: A01_S01_SH020 say something else",
            id="other words",
        ),
        pytest.param(
            (ACTION, shot(20, cite(6, 7)), LYRIC), "A01_S01: A01_S01_SH020 has 0 dialogue lines and cites 1", id="nothing said"
        ),
        pytest.param((ACTION, ACTION, SPEECH, LYRIC), "A01_S01: A01_S01_SH010 is the id of two shots", id="same id"),
        pytest.param(
            (ACTION, SPEECH, LYRIC, shot(40, cite(1), scene="A01_S02")),
            "A01_S02: A01_S01_SH040 belongs to a scene that has no file",
            id="no scene",
        ),
    ],
)
def test_what_breaks_the_proof(shots, problem):
    report = prove_coverage({"A01_S01": SCENE}, Shotlist(shots=shots))
    assert not report.holds
    assert any(found.startswith(problem) for found in report.problems), report.problems
