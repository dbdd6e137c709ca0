from functools import partial

import pytest

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.core.metadata import Metadata
from vtx_dagster.core.outline import Outline, OutlineAct, OutlineScene
from vtx_dagster.core.story import Source
from vtx_dagster.engines.export.script import (
    Action,
    DualSpeech,
    Lyric,
    Note,
    PageBreak,
    Part,
    PartKind,
    Section,
    Speech,
    Synopsis,
    Transition,
    read_script,
    side_by_side,
    with_scene_numbers,
)

D, P, L = PartKind.DIALOGUE, PartKind.PARENTHETICAL, PartKind.LYRIC


def speech(cue: str, *parts: tuple[PartKind, str], forced: bool = False, dual: bool = False) -> Speech:
    return Speech(cue=cue, parts=tuple(Part(kind=kind, text=text) for kind, text in parts), forced=forced, dual=dual)


def test_a_scene_is_read_as_it_is_written(full):
    scene = next(full.scenes)

    assert (scene.id, scene.heading, scene.number) == ("A01_S01", "int. kitchen - night", "12A")
    assert scene.before == (Transition(text="FADE IN:"), Action(text="THE *LAST* FERRY", centred=True))
    assert scene.blocks == (
        Action(text="MARA, 40, *opens* the **door** — it _creaks_ twice.\nOn the table: \\*a\\* letter. 😀 漢字"),
        speech(
            "MARA (V.O.)",
            (P, "(softly)"),
            (D, "I knew it.\n\nIt was **always\nhere**."),
            (P, "(beat)"),
            (D, "Always."),
            (L, "And she sings"),
        ),
        speech("McAvoy", (D, "You lie."), forced=True),
        speech("MARA", (D, "I do not!"), dual=True),
        speech("JÓZEF", (D, "Nor I."), dual=True),
        Action(text="TOM (nods)"),
        Action(text="INT. IS A WORD\nAnd !so on."),
        Action(text="lonely"),
        Lyric(text="A song of nobody\nin two lines"),
        Transition(text="Fade slowly."),
        Transition(text="CUT TO:"),
    )


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        pytest.param("MARA\nHello.\n\nTOM\nHi.\n", (speech("MARA", (D, "Hello.")), speech("TOM", (D, "Hi."))), id="two-speeches"),
        pytest.param("MARA\nHello.\n> CARD <\n", (speech("MARA", (D, "Hello.")), Action(text="CARD", centred=True)), id="ended"),
        pytest.param("MARA\nHello.\n\nMARA\nHi.\n", (speech("MARA", (D, "Hello.")), speech("MARA", (D, "Hi."))), id="same-name"),
        pytest.param("MARA (V.O.)\n(nods)\n(waits)\n", (Action(text="MARA (V.O.) (nods; waits)"),), id="wordless"),
        pytest.param("MARA\n~La\n(stops)\n", (speech("MARA", (L, "La"), (P, "(stops)")),), id="only-sung"),
        pytest.param("MARA (V.O.)\n~\nHello.\n", (speech("MARA (V.O.)", (D, "Hello.")),), id="lone-lyric-mark"),
        pytest.param("mara\n\nMARA\n~\nHi.\n", (Action(text="mara"), speech("MARA", (D, "Hi."))), id="on-screen"),
        pytest.param("MARA\nOne.\n>\nMARA\nTwo.\n", (speech("MARA", (D, "One.")), speech("MARA", (D, "Two."))), id="no-card"),
        pytest.param("He stops.\n!\nHe waits.\n", (Action(text="He stops.\nHe waits."),), id="lone-action-mark"),
        pytest.param("He [[a\nb]] ~runs\n", (Action(text="He"), Lyric(text="runs")), id="two-kinds-on-a-line"),
    ],
)
def test_blocks(read, text: str, blocks: tuple[object, ...]):
    assert next(read([f"INT. A\n\n{text}"]).scenes).blocks == blocks


def test_what_is_no_part_of_the_film_is_there_on_request(read):
    text = "= What it is\n\n> CARD <\n\nINT. A\n\n[[a]]\nA.\n\n## Part *one*\n\n===\n\nB.\n\n= So\n"
    scene, _ = read([f"## S\n\n{text}", "INT. B\n\nB."], notes=True).scenes
    without, _ = read([f"## S\n\n{text}", "INT. B\n\nB."]).scenes

    assert scene.before == (
        Section(text="S", level=2),
        Synopsis(text="What it is"),
        Action(text="CARD", centred=True),
    )
    assert scene.blocks == (
        Note(text="a"),
        Action(text="A."),
        Section(text="Part *one*", level=2),
        PageBreak(),
        Action(text="B."),
        Synopsis(text="So"),
    )
    assert without.before == tuple(block for block in scene.before if not isinstance(block, Synopsis))
    assert without.blocks == tuple(block for block in scene.blocks if not isinstance(block, Note | Synopsis))


def test_speeches_at_the_same_time_stand_side_by_side():
    one, two = speech("A", (D, "One.")), speech("B", (D, "Two."), dual=True)
    note = Note(text="now")

    assert list(side_by_side([two, two, one])) == [DualSpeech(left=two, right=two), one]
    assert list(side_by_side([note, one, note, two, note])) == [note, note, DualSpeech(left=one, right=two), note]
    assert list(side_by_side([one, note, PageBreak(), two])) == [one, note, PageBreak(), two]
    assert list(side_by_side([one, note])) == [one, note]


def test_acts_have_the_titles_of_the_outline(read):
    script = read(["INT. A\n\nA.", "INT. B\n\nB."], ["INT. C\n\nC."], titles=("One",), title="  The \n Film ", author="Ana")

    assert [(act.title, [scene.heading for scene in act.scenes]) for act in script.acts] == [
        ("One", ["INT. A", "INT. B"]),
        ("", ["INT. C"]),
    ]
    assert (script.title, script.author) == ("The Film", "Ana")


def test_without_an_outline_there_is_one_act():
    scenes = {f"A0{number}_S01": Source(name="a", text="INT. A\n\nA.") for number in (1, 2)}

    assert [len(act.scenes) for act in read_script(scenes, metadata=Metadata(title="T")).acts] == [2]
    by_id = read_script(scenes, metadata=Metadata(title="T"), outline=Outline(title="T"))
    assert [len(act.scenes) for act in by_id.acts] == [1, 1]


def test_a_scene_that_the_outline_does_not_have_goes_on_with_the_act_before_it():
    scenes = {scene: Source(name="a", text=f"INT. {scene}\n\nA.") for scene in ("A01_S01", "A02_S01", "A02_S02")}
    acts = (
        OutlineAct(id="A01", title="One", synopsis="It\nbegins.", scenes=(OutlineScene(id="A01_S01", heading=""),)),
        OutlineAct(id="A03", title="Empty"),
        OutlineAct(id="A02", title="Two", scenes=(OutlineScene(id="A02_S01", heading=""),)),
    )
    read = partial(read_script, scenes, metadata=Metadata(title="T"), outline=Outline(title="T", acts=acts))

    assert [(act.title, len(act.scenes)) for act in read().acts] == [("One", 1), ("Two", 2)]
    assert [[act.synopsis for act in read(notes=notes).acts] for notes in (True, False)] == [["It begins.", ""], ["", ""]]


def test_text_outside_of_scenes_has_no_heading(read):
    script = read(["# Pro*logue*\n\nRain.", "INT. B\n\nB.", "# Later\n\nSnow.", "## Part\n\nSun."])

    assert script.acts[0].title == "Prologue"
    assert [(scene.heading, scene.blocks) for scene in script.scenes] == [
        ("", (Action(text="Rain."),)),
        ("INT. B", (Action(text="B."),)),
        ("", (Section(text="Later", level=2), Action(text="Snow."))),
        ("", (Section(text="Part", level=2), Action(text="Sun."))),
    ]
    assert next(read(["# Old\n\nRain."], titles=("New",)).scenes).blocks == (Action(text="Rain."),)
    assert read(["# Old\n\nRain."], titles=("New",)).acts[0].title == "New"
    assert [scene.number for scene in with_scene_numbers(script).scenes] == ["", "1", "", ""]


def test_scenes_are_counted_over_all_acts(read):
    script = with_scene_numbers(read(["INT. A\n\nA.", "INT. B\n\nB."], ["INT. C\n\nC."]))

    assert [scene.number for scene in script.scenes] == ["1", "2", "3"]


def test_numbers_of_the_author_stay(read):
    script = read(["INT. A #7#\n\nA.", "INT. B\n\nB."])

    assert with_scene_numbers(script) is script


def test_a_file_of_two_scenes_is_refused(read):
    with pytest.raises(InvalidFileError, match=r"A01_S01\.fountain:5"):
        read(["INT. A\n\nA.\n\nINT. B\n\nB."])
