from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import vtx_dagster.studio
from vtx_dagster.core.bible import Bible, Characters, Locations, LoraBundles, StyleBible, StyleProfile
from vtx_dagster.core.coverage import prove_coverage
from vtx_dagster.core.errors import InvalidFileError, NotFoundError
from vtx_dagster.core.metadata import Metadata, RenderOptions, RenderProfile
from vtx_dagster.core.outline import Beat, Outline, OutlineAct, OutlineScene
from vtx_dagster.core.shot import TimeOfDay
from vtx_dagster.core.shotlist import Shot, Shotlist
from vtx_dagster.core.story import SceneFile, Source, StoryContext, StoryWriter
from vtx_dagster.engines.breakdown.cast import missing_bible_entries
from vtx_dagster.engines.breakdown.rules import Breakdown
from vtx_dagster.engines.screenplay.fountain import parse_scene

WRITER: StoryWriter = Breakdown()

FILM = """\
Title: The Light
Logline: A light goes out.

FADE IN:

# The stair
= She climbs.

INT. LIGHTHOUSE - NIGHT

= The climb.

MARA climbs the stair. It is long.

INT. LAMP ROOM - CONTINUOUS

The lamp is out.

MARA
Who was here?

NOAH (O.S.)
I was.

It rains.

# The door

EXT. DOOR - DAWN

MARA
Go.
"""


def context(*screenplays: str, brief: str = "", bible: Bible | None = None, **metadata) -> StoryContext:
    sources = tuple(Source(name=f"story/source/{number}.fountain", text=text) for number, text in enumerate(screenplays, start=1))
    return StoryContext(
        metadata=Metadata(title="The Light", **metadata),
        brief=Source(name="story/00_brief.md", text=brief),
        screenplays=sources,
        bible=bible or Bible(),
    )


def scene_sources(files: tuple[SceneFile, ...]) -> dict[str, Source]:
    return {file.scene: Source(name=f"{file.scene}__{file.slug}.fountain", text=file.text) for file in files}


def broken_down(given: StoryContext) -> tuple[Outline, dict[str, Source], Shotlist]:
    outline = WRITER.outline(given)
    sources = scene_sources(WRITER.screenplay(given, outline, ""))
    return outline, sources, WRITER.shotlist(given, outline, sources)


def scene_ids(outline: Outline) -> list[str]:
    return [scene.id for act in outline.acts for scene in act.scenes]


def test_identity():
    assert (WRITER.identity.name, WRITER.identity.version) == ("breakdown", "1")


def test_outline():
    outline = WRITER.outline(context(FILM))
    assert (outline.title, outline.logline) == ("The Light", "A light goes out.")
    assert [(act.id, act.title, act.synopsis) for act in outline.acts] == [
        ("A01", "The stair", "She climbs."),
        ("A02", "The door", ""),
    ]
    first, second, third = (scene for act in outline.acts for scene in act.scenes)
    assert first == OutlineScene(
        id="A01_S01",
        heading="INT. LIGHTHOUSE - NIGHT",
        synopsis="The climb.",
        location="lighthouse",
        time_of_day=TimeOfDay.NIGHT,
        characters=("mara",),
        beats=(Beat(text="MARA climbs the stair. It is long."),),
        seconds=5.0,
        words=first.words,
    )
    assert len({first.words, second.words, third.words}) == 3
    assert (second.time_of_day, second.synopsis, second.characters) == (TimeOfDay.NIGHT, "The lamp is out.", ("mara", "noah"))
    assert [beat.text for beat in second.beats] == ["The lamp is out.", "Mara and Noah: “Who was here?” “I was.”", "It rains."]
    assert (third.id, third.time_of_day, third.synopsis) == ("A02_S01", TimeOfDay.DAWN, "")


def test_treatment():
    given = context(FILM, author="A. Writer")
    assert WRITER.treatment(given, WRITER.outline(given)) == (
        "# The Light\n\nBy A. Writer\n\n*A light goes out.*\n\n## The stair\n\nShe climbs.\n\n"
        "### A01_S01: INT. LIGHTHOUSE - NIGHT\n\n*The climb.*\n\nMARA climbs the stair. It is long.\n\n"
        "### A01_S02: INT. LAMP ROOM - CONTINUOUS\n\nThe lamp is out. Mara and Noah: “Who was here?” “I was.” It rains.\n\n"
        "## The door\n\n### A02_S01: EXT. DOOR - DAWN\n\nMara: “Go.”\n"
    )


def test_a_treatment_of_little():
    assert WRITER.treatment(context(FILM), Outline(title="X", acts=(OutlineAct(id="A01"),))) == "# X\n\n## Act 1\n"
    bare = OutlineScene(id="A01_S01", heading="INT. A")
    assert WRITER.treatment(context(FILM), Outline(title="X", acts=(OutlineAct(id="A01", scenes=(bare,)),))).endswith("INT. A\n")


def test_scene_files_hold_what_was_written():
    _, sources, _ = broken_down(context(FILM))
    assert [source.name for source in sources.values()] == [
        "A01_S01__lighthouse.fountain",
        "A01_S02__lamp_room.fountain",
        "A02_S01__door.fountain",
    ]
    assert sources["A02_S01"].text == "EXT. DOOR - DAWN\n\nMARA\nGo.\n"
    assert sources["A01_S01"].text.startswith("FADE IN:\n\n# The stair")


def test_a_scene_that_only_the_outline_has_is_written_from_its_beats():
    given = context(FILM)
    outline = WRITER.outline(given)
    added = OutlineScene(id="A02_S02", heading="EXT. SEA - DAY", synopsis="Free.", beats=(Beat(text="She swims."),))
    bare = OutlineScene(id="A02_S03", heading="?")
    act = outline.acts[1].model_copy(update={"scenes": (*outline.acts[1].scenes, added, bare)})
    files = WRITER.screenplay(given, outline.model_copy(update={"acts": (outline.acts[0], act)}), "")
    assert [(file.scene, file.slug) for file in files[2:]] == [("A02_S01", "door"), ("A02_S02", "sea"), ("A02_S03", "scene")]
    assert files[3].text == "EXT. SEA - DAY\n\n= Free.\n\n!She swims.\n"
    assert files[4].text == ".?\n"


def test_an_outline_without_any_source_is_enough():
    outline = Outline(title="X", acts=(OutlineAct(id="A01", scenes=(OutlineScene(id="A01_S01", heading="Home"),)),))
    assert [file.text for file in WRITER.screenplay(context(), outline, "")] == [".Home\n"]


def test_files_are_joined():
    one = WRITER.outline(context("INT. A - DAY\n\nRain.", "INT. B - DAY\n\nSnow.\n\n# Two\n\nINT. C - DAY\n\nSun."))
    assert [(act.title, scene_ids(Outline(title="", acts=(act,)))) for act in one.acts] == [
        ("", ["A01_S01", "A01_S02"]),
        ("Two", ["A02_S01"]),
    ]


def test_shotlist():
    given = context(FILM)
    outline, sources, shotlist = broken_down(given)
    assert [shot.id for shot in shotlist.shots] == [
        "A01_S01_SH010",
        *("A01_S02_SH010", "A01_S02_SH020", "A01_S02_SH030", "A01_S02_SH040"),
        "A02_S01_SH010",
    ]
    assert {shot.scene for shot in shotlist.shots} == set(scene_ids(outline))
    assert prove_coverage({scene: parse_scene(source) for scene, source in sources.items()}, shotlist).holds
    assert WRITER.shotlist(given, outline, sources, previous=shotlist) == shotlist


def test_a_scene_file_without_a_scene_in_the_outline():
    given = context(FILM)
    with pytest.raises(NotFoundError, match=r"^x\.fountain: scene A09_S01 is not in the outline"):
        WRITER.shotlist(given, WRITER.outline(given), {"A09_S01": Source(name="x.fountain", text="INT. A\n\nRain.")})


def test_shots_keep_their_ids():
    given = context(FILM)
    outline, sources, before = broken_down(given)
    text = sources["A01_S02"].text
    edited = text.replace("The lamp is out.", "The lamp is out.\n\nA gull cries over the dark water.").replace(
        "\n\nIt rains.", ""
    )
    after = WRITER.shotlist(given, outline, sources | {"A01_S02": Source(name="x", text=edited)}, previous=before)
    ids = [shot.id for shot in after.shots if shot.scene == "A01_S02"]
    assert ids == ["A01_S02_SH010", "A01_S02_SH015", "A01_S02_SH020", "A01_S02_SH030"]
    assert after.retired == ("A01_S02_SH040",)
    again = WRITER.shotlist(given, outline, sources, previous=after)
    assert [shot.id for shot in again.shots if shot.scene == "A01_S02"][-1] == "A01_S02_SH040", "it is back"
    assert again.retired == ("A01_S02_SH015",)
    assert again.shots == before.shots
    shorter = WRITER.shotlist(given, outline, {"A02_S01": sources["A02_S01"]}, previous=before)
    assert [shot.id for shot in shorter.shots] == ["A02_S01_SH010"]
    assert len(shorter.retired) == 5


def test_scenes_keep_their_ids():
    before = WRITER.outline(context(FILM))
    new_scene = "INT. CELLAR - NIGHT\n\nRats.\n\nINT. LAMP ROOM"
    after = WRITER.outline(context(FILM.replace("INT. LAMP ROOM", new_scene)), previous=before)
    assert scene_ids(after) == ["A01_S01", "A01_S03", "A01_S02", "A02_S01"]
    assert after.retired == ()
    undone = WRITER.outline(context(FILM), previous=after)
    assert (undone.acts, undone.retired) == (before.acts, ("A01_S03",))
    assert WRITER.outline(context(FILM.replace("INT. LAMP ROOM", new_scene)), previous=undone) == after
    without_act = FILM[: FILM.index("# The stair")] + FILM[FILM.index("# The door") :]
    gone = WRITER.outline(context(without_act), previous=before)
    assert ([act.id for act in gone.acts], gone.retired) == (["A02"], ("A01", "A01_S01", "A01_S02"))
    back = WRITER.outline(context(FILM), previous=gone)
    assert (back.acts, back.retired, back.remembered) == (before.acts, (), ())


@pytest.mark.parametrize(
    ("numbers", "ids"),
    [
        pytest.param(("#3#", "#12#"), ["A01_S03", "A01_S12"], id="rising"),
        pytest.param(("#12#", "#3#"), ["A01_S12", "A01_S03"], id="not rising"),
        pytest.param(("#3#", "#3A#"), ["A01_S03", "A01_S04"], id="not whole"),
        pytest.param(("#3#", ""), ["A01_S03", "A01_S04"], id="not all"),
        pytest.param(("", "#1#"), ["A01_S02", "A01_S01"], id="the second is given"),
        pytest.param(("#3#", "#3#"), ["A01_S03", "A01_S04"], id="twice"),
    ],
)
def test_scene_numbers_of_the_author(numbers, ids):
    text = f"INT. A - DAY {numbers[0]}\n\nRain.\n\nINT. B - DAY {numbers[1]}\n\nSnow."
    assert scene_ids(WRITER.outline(context(text))) == ids


def test_a_brief_is_broken_down():
    brief = "# The Light\n\nA light goes out.\n\n## Home\n\nMara waits.\n\n- She sleeps.\n"
    outline, sources, shotlist = broken_down(context(brief=brief))
    assert (outline.logline, scene_ids(outline)) == ("A light goes out.", ["A01_S01"])
    assert sources["A01_S01"].text == ".Home\n\n!Mara waits.\n\n!She sleeps.\n"
    assert [shot.action for shot in shotlist.shots] == ["Mara waits.", "She sleeps."]


def test_a_brief_may_be_a_screenplay():
    assert scene_ids(WRITER.outline(context(brief=FILM))) == ["A01_S01", "A01_S02", "A02_S01"]


def test_nothing_to_break_down():
    with pytest.raises(
        InvalidFileError, match=r"^story/00_brief\.md:1: nothing to break down: put a screenplay into story/source/"
    ):
        WRITER.outline(context(brief="# The Light\n\n<!-- What is it about? -->\n"))


def test_a_heading_names_the_style_profile():
    bible = Bible(style=StyleBible(profiles={"default": StyleProfile(), "flashback": StyleProfile()}))
    text = "INT. A - DAY (FLASHBACK)\n\nRain.\n\nINT. B - DEFAULT - DAY\n\nSnow."
    _, _, shotlist = broken_down(context(text, bible=bible))
    assert [shot.style_profile for shot in shotlist.shots] == ["flashback", None]


@pytest.mark.parametrize(
    ("render", "num_shots"),
    [
        pytest.param(RenderOptions(), 2, id="15 s"),
        pytest.param(RenderOptions(max_clip_s=8), 6, id="the project's limit"),
        pytest.param(
            RenderOptions(profile="x", profiles={"x": RenderProfile(width=64, height=64, fps=32)}), 6, id="one render at 32 fps"
        ),
    ],
)
def test_no_clip_passes_the_limits(render, num_shots):
    text = "INT. A - DAY\n\nMARA\n" + "This is a sentence of ten words, more or less. " * 6
    assert len(broken_down(context(text, render=render))[2].shots) == num_shots


JUNK = st.sampled_from(
    [
        *(
            "",
            "INT. A - DAY",
            "EXT. Ü - LATER #7#",
            "MARA",
            "ÉLODIE (V.O.) ^",
            "(beat)",
            "Rain falls on the KEY.",
            "They run.",
            "# Act",
        ),
        *(
            "## Part",
            "= It is so.",
            "~la la",
            "> CUT TO:",
            "> CARD <",
            "[[SHOT: CU, 3s]]",
            "[[SHOT: the door]]",
            "[[a note]]",
            "/* x */",
        ),
        *('A sign reads "NO".', "word " * 50, "雨" * 90, "!", "FADE IN:", "  "),
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(JUNK, max_size=25).map("\n".join), st.sampled_from(["\n", "\n\n"]))
def test_whatever_can_be_read_is_covered(text, gap):
    film = context(f"INT. FIRST - DAY\n\n{text}".replace("\n", gap))
    try:
        outline, sources, shotlist = broken_down(film)
    except InvalidFileError:
        return
    scenes = {scene: parse_scene(source) for scene, source in sources.items()}
    assert prove_coverage(scenes, shotlist).problems == ()
    assert list(scenes) == scene_ids(outline)
    assert WRITER.outline(film, previous=outline) == outline
    assert WRITER.shotlist(film, outline, sources, previous=shotlist) == shotlist


DEMO = Path(vtx_dagster.studio.__file__).parent / "demo"


def demo() -> StoryContext:
    def load(name: str):
        return yaml.safe_load((DEMO / name).read_text(encoding="utf-8"))

    (screenplay,) = (DEMO / "story" / "source").glob("*.fountain")
    return StoryContext(
        metadata=Metadata(**load("metadata.yaml")),
        brief=Source(name="story/00_brief.md", text=(DEMO / "story" / "00_brief.md").read_text(encoding="utf-8")),
        screenplays=(Source(name=screenplay.name, text=screenplay.read_text(encoding="utf-8")),),
        bible=Bible(
            style=StyleBible(**load("prompts/style_bible.yaml")),
            characters=Characters(**load("prompts/characters.yaml")),
            locations=Locations(**load("prompts/locations.yaml")),
            loras=LoraBundles(**load("prompts/loras.yaml")),
        ),
    )


def test_the_demo_film():
    outline, sources, shotlist = broken_down(demo())
    assert (len(outline.acts), len(scene_ids(outline))) == (3, 6)
    assert 12 <= len(shotlist.shots) <= 18
    seconds = sum(scene.seconds or 0 for act in outline.acts for scene in act.scenes)
    assert 60 <= seconds <= 100
    scenes = {scene: parse_scene(source) for scene, source in sources.items()}
    assert prove_coverage(scenes, shotlist).holds
    assert missing_bible_entries(scenes, demo().bible) == ({}, {})


def test_the_demo_shows_what_there_is():
    shots: tuple[Shot, ...] = broken_down(demo())[2].shots
    assert len({shot.size for shot in shots}) >= 6
    assert len({shot.move for shot in shots}) >= 7
    assert {shot.time_of_day for shot in shots} == {TimeOfDay.DUSK, TimeOfDay.NIGHT, TimeOfDay.DAY, TimeOfDay.DAWN}
    assert {shot.style_profile for shot in shots} == {None, "flashback"}
    assert [shot.readable_text for shot in shots if shot.readable_text] == ["LAST FERRY 21:40", "IDA BRANDT BRIDGE", "THE END"]
    assert any(line.off_screen for shot in shots for line in shot.dialogue)
    assert {key for shot in shots for key in shot.characters} == {"ida", "noah", "boy"}


def test_what_a_reader_should_know_is_remarked_upon():
    first = Source(name="a.fountain", text="INT. A - DAY\n\n= They wait.\n\nINT. B - DAY\n\nRain.\n")
    second = Source(name="b.fountain", text="Rain.\n\nINT. B, HALL - DAY\n\nSun.\n\nINT. HALL - B\n\nSun.\n", remarks=("odd",))
    given = StoryContext(metadata=Metadata(title="T"), brief=Source(name="b", text=""), screenplays=(first, second))
    assert WRITER.remarks(given) == (
        "2 files are read as one film, in this order: a.fountain, b.fountain",
        "odd",
        "a.fountain:1: nothing is seen or heard in INT. A - DAY: it has no clip",
        "b.fountain:1: this text stands in no scene: it becomes a scene of its own, in black",
        "HALL - B is taken for B, HALL",
    )
