import pytest

from vtx_dagster.core.errors import InvalidFileError
from vtx_dagster.engines.export.script import (
    Action,
    DualSpeech,
    Lyric,
    Part,
    PartKind,
    Speech,
    Transition,
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
        DualSpeech(left=speech("McAvoy", (D, "You lie."), forced=True), right=speech("MARA", (D, "I do not!"), dual=True)),
        speech("JÓZEF", (D, "Nor I."), dual=True),
        Action(text="TOM\n(nods)"),
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
        pytest.param("MARA (V.O.)\n(nods)\n(waits)\n", (Action(text="MARA (nods; waits)"),), id="wordless"),
        pytest.param("MARA\n~La\n(stops)\n", (speech("MARA", (L, "La"), (P, "(stops)")),), id="only-sung"),
        pytest.param("MARA (V.O.)\n~\nHello.\n", (speech("MARA (V.O.)", (D, "Hello."), forced=True),), id="lone-lyric-mark"),
        pytest.param("mara\n\nMARA\n~\nHi.\n", (Action(text="mara"), speech("MARA", (D, "Hi."), forced=True)), id="on-screen"),
        pytest.param("MARA\nOne.\n>\nMARA\nTwo.\n", (speech("MARA", (D, "One.")), speech("MARA", (D, "Two."))), id="no-card"),
        pytest.param("He stops.\n!\nHe waits.\n", (Action(text="He stops.\nHe waits."),), id="lone-action-mark"),
        pytest.param("He [[a\nb]] ~runs\n", (Action(text="He"), Lyric(text="runs")), id="two-kinds-on-a-line"),
    ],
)
def test_blocks(read, text: str, blocks: tuple[object, ...]):
    assert next(read([f"INT. A\n\n{text}"]).scenes).blocks == blocks


def test_a_speech_is_shown_as_it_was_read_where_its_lines_say_something_else(read):
    (block,) = next(read(["INT. A\n\nMARA\n(low)\nOne *two\n(beat)\nthree* four.\n"]).scenes).blocks
    (sung,) = next(read(["INT. A\n\nMARA\n~One *two\n~(beat)\n~three* four.\n"]).scenes).blocks

    assert block == speech("MARA", (P, "(low; beat)"), (D, "One two three four."))
    assert sung == speech("MARA", (L, "One *two\n(beat)\nthree* four."))


def test_acts_have_the_titles_of_the_outline(read):
    script = read(["INT. A\n\nA.", "INT. B\n\nB."], ["INT. C\n\nC."], titles=("One",), title="  The \n Film ", author="Ana")

    assert [(act.id, act.title, [scene.heading for scene in act.scenes]) for act in script.acts] == [
        ("A01", "One", ["INT. A", "INT. B"]),
        ("A02", "", ["INT. C"]),
    ]
    assert (script.title, script.author) == ("The Film", "Ana")


def test_scenes_are_counted_over_all_acts(read):
    script = with_scene_numbers(read(["INT. A\n\nA.", "INT. B\n\nB."], ["INT. C\n\nC."]))

    assert [scene.number for scene in script.scenes] == ["1", "2", "3"]


def test_numbers_of_the_author_stay(read):
    script = read(["INT. A #7#\n\nA.", "INT. B\n\nB."])

    assert with_scene_numbers(script) is script


def test_a_file_of_two_scenes_is_refused(read):
    with pytest.raises(InvalidFileError, match=r"A01_S01\.fountain:5"):
        read(["INT. A\n\nA.\n\nINT. B\n\nB."])
