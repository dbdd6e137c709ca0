"""A rendered film whose screenplay is edited: which clips are due, what becomes of hand-edited specs, what undoing restores.

The stages are run as ``vtx make`` runs them, on real files; clips are rendered by a stand-in.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from vtx_dagster.core.outline import Outline
from vtx_dagster.core.planner import State
from vtx_dagster.core.shotlist import Shotlist
from vtx_dagster.engines.breakdown.writer import BreakdownWriter
from vtx_dagster.production.story import StoryDesk
from vtx_dagster.production.story_preview import foresee
from vtx_dagster.production.survey import survey
from vtx_dagster.studio.documents import dump_document, load_document
from vtx_dagster.studio.ledger import write_generated
from vtx_dagster.studio.project import Project

SCREENPLAY = """Title: The Ferry

INT. TICKET OFFICE - MORNING

Rain beats on the tin roof. IDA, in a blue coat, counts coins.

IDA
Forty, fifty, and one that is not from here.

NOAH
(at the hatch)
It was my father's. Take it or leave it.

IDA
Then you keep it, and I will pay the rest.

She slides a ticket through the hatch.

NOAH
You never asked me where I go.

EXT. FERRY LANDING - DAY

Ropes creak. The old ferry waits with one lamp lit.

Ida walks along the landing and looks back at the office.

SKIPPER
We are late because of the fog, not because of you.

IDA
I did not say a word about it.

SKIPPER
You looked as if you had.

INT. FERRY CABIN - DAY

Benches, a stove, a clock that stands still at noon.

NOAH
Does it ever move, that clock?

SKIPPER
Twice a day it is right without moving at all.

Noah laughs and warms his hands at the stove.

IDA
We are the only passengers on board.

EXT. DECK - DAY

Grey water on all sides. A gull follows the wake.

Noah leans far over the rail to see the propeller.

IDA
Hold on to something, the sea does not care.

NOAH
Neither did the town.

INT. ENGINE ROOM - DAY

Pistons pound in the red light of a warning lamp.

SKIPPER
The pump has been failing since the second buoy.

IDA
Why did you not turn back at once?

SKIPPER
Because nobody ever comes for this boat.

He strikes the pipe with a heavy wrench and the pump starts again.

EXT. WHEELHOUSE ROOF - DUSK

A torn flag snaps in the wind above the chimney.

Noah climbs the ladder with a signal lamp on his back.

NOAH
There is a light over there, on the left!

IDA
That is the harbour wall, not a ship.

INT. HARBOUR CAFE - NIGHT

Steam on the windows. Plates rattle behind the counter.

WAITRESS
Soup is all that is left tonight, my dears.

NOAH
Soup is all I dreamed of since the morning.

WAITRESS
Then sit where it is warm, both of you.

Ida turns the strange coin on the table until it falls.

EXT. HARBOUR STREET - NIGHT

Wet cobbles shine under a single street lamp.

IDA
Now I ask you. Where do you go?

NOAH
Wherever this coin is worth something.

They walk away from the lamp until the dark has them.
"""

NEW_SCENE = """INT. WAITING ROOM - DAY

A porter sleeps upright between two suitcases.

PORTER
Wake me when the world begins again.

"""


def scenes_of(text: str) -> list[str]:
    """Return the text before the first scene, and every scene."""
    return re.split(r"(?m)^(?=(?:INT|EXT)\. )", text)


def with_scenes(order: Callable[[list[str]], list[str]]) -> Callable[[str], str]:
    def edit(text: str) -> str:
        before, *scenes = scenes_of(text)
        return before + "".join(one.rstrip("\n") + "\n\n" for one in order(scenes))

    return edit


def replaced(old: str, new: str) -> Callable[[str], str]:
    def edit(text: str) -> str:
        assert text.count(old) == 1
        return text.replace(old, new)

    return edit


def numbered(text: str) -> str:
    """Give every scene a production number, with one ``2A`` among them."""
    numbers = iter(["1", "2", "2A", "3", "4", "5", "6", "7"])
    return re.sub(r"(?m)^((?:INT|EXT)\. .*)$", lambda heading: f"{heading[1]} #{next(numbers)}#", text)


NEW = ("A01_S09_SH010 new", "A01_S09_SH020 new")
EDITS: dict[str, tuple[Callable[[str], str], tuple[str, ...]]] = {
    "a scene put in": (with_scenes(lambda s: [*s[:2], NEW_SCENE, *s[2:]]), NEW),
    "a scene put in front": (with_scenes(lambda s: [NEW_SCENE, *s]), NEW),
    "a scene added at the end": (with_scenes(lambda s: [*s, NEW_SCENE]), NEW),
    "a scene deleted": (with_scenes(lambda s: [*s[:3], *s[4:]]), ()),
    "a scene moved to the end": (with_scenes(lambda s: [*s[:1], *s[2:], s[1]]), ()),
    "two neighbouring scenes swapped": (with_scenes(lambda s: [*s[:4], s[5], s[4], *s[6:]]), ()),
    "a heading renamed": (
        replaced("INT. FERRY CABIN - DAY", "INT. SALOON - DAY"),
        (
            "A01_S03_SH010 changed",
            "A01_S03_SH020 changed",
            "A01_S03_SH030 changed",
            "A01_S03_SH040 changed",
            "A01_S03_SH050 changed",
        ),
    ),
    "a heading and its paragraph rewritten": (
        replaced(
            "EXT. DECK - DAY\n\nGrey water on all sides. A gull follows the wake.",
            "EXT. UPPER DECK - DAY\n\nMist swallows the horizon and every sound.",
        ),
        ("A01_S04_SH009 new", "A01_S04_SH020 changed", "A01_S04_SH030 changed", "A01_S04_SH040 changed"),
    ),
    "a scene split": (
        replaced("He strikes the pipe with", "INT. BILGE - DAY\n\nHe strikes the pipe with"),
        ("A01_S05_SH050 changed",),
    ),
    "two scenes merged": (
        replaced("INT. ENGINE ROOM - DAY\n\n", ""),
        (
            "A01_S05_SH010 changed",
            "A01_S05_SH020 changed",
            "A01_S05_SH030 changed",
            "A01_S05_SH040 changed",
            "A01_S05_SH050 changed",
        ),
    ),
    "a shot moved into another scene": (
        lambda text: replaced("Ropes creak. The old", "She slides a ticket through the hatch.\n\nRopes creak. The old")(
            replaced("She slides a ticket through the hatch.\n\n", "")(text)
        ),
        ("A01_S01_SH050 changed", "A01_S02_SH010 changed"),
    ),
    "an act put before the second scene": (replaced("EXT. FERRY LANDING", "# ACT TWO\n\nEXT. FERRY LANDING"), ()),
    "an act put in front": (
        replaced("INT. TICKET OFFICE", f"# PROLOGUE\n\n{NEW_SCENE}# ACT ONE\n\nINT. TICKET OFFICE"),
        ("A02_S01_SH010 new", "A02_S01_SH020 new"),
    ),
    "production numbers": (numbered, ()),
    "a word of a speech": (replaced("since the second buoy", "since the third buoy"), ("A01_S05_SH020 changed",)),
    "a paragraph put in": (
        replaced("NOAH\nNeither did", "The wake bends slowly towards the open sea.\n\nNOAH\nNeither did"),
        ("A01_S04_SH030 changed", "A01_S04_SH035 new"),
    ),
}
"""By name: the edit, and the clips that are due after it, with why; what is there before is rendered."""


def write_story(project: Project) -> None:
    desk = StoryDesk(project, BreakdownWriter())
    for stage in BreakdownWriter().stages:
        desk.run(stage)


def due_clips(record) -> tuple[str, ...]:
    return tuple(
        f"{clip.clip} {'new' if clip.state == State.PLANNED else 'changed'}" for clip in record.clips if not clip.has_take
    )


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the film is kept once it was made: making it takes longer than copying it."""
    return tmp_path_factory.mktemp("rendered") / "film"


@pytest.fixture
def film(rendered, make_project, render_all) -> Project:
    project = make_project(clips=())
    if rendered.exists():
        shutil.rmtree(project.root)
        shutil.copytree(rendered, project.root)
        return project
    edit_screenplay(project, str)
    write_story(project)
    render_all(project)
    shutil.copytree(project.root, rendered)
    return project


def edit_screenplay(project: Project, edit: Callable[[str], str]) -> None:
    path = project.source_dir / "film.fountain"
    path.write_text(edit(SCREENPLAY), encoding="utf-8")


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_touches_what_it_changes_and_undoing_it_renders_nothing(film, engine, look, render_all, name) -> None:
    before = film.clip_ids()
    edit, expected = EDITS[name]
    edit_screenplay(film, edit)
    record = survey(film, engine_for=lambda *_: engine, writer=BreakdownWriter())
    effect = foresee(film, record, BreakdownWriter(), engine_for=lambda *_: engine)
    assert effect is not None
    assert tuple(" ".join(one) for one in effect.render) == expected, "as it was said beforehand"
    write_story(film)
    assert due_clips(look(film)) == expected
    assert set(before) - set(film.clip_ids()) == set(effect.gone)
    render_all(film)
    rendered = len(engine.renders)

    edit_screenplay(film, str)
    write_story(film)
    assert due_clips(look(film)) == ()
    assert film.clip_ids() == before
    render_all(film)
    assert len(engine.renders) == rendered


def test_a_character_that_is_renamed_changes_clips_and_no_ids(film, look, engine) -> None:
    def foreseen() -> tuple[str, ...]:
        record = survey(film, engine_for=lambda *_: engine, writer=BreakdownWriter())
        effect = foresee(film, record, BreakdownWriter(), engine_for=lambda *_: engine)
        assert effect is not None
        return tuple(" ".join(one) for one in effect.render)

    before = film.clip_ids()
    edit_screenplay(film, lambda text: text.replace("IDA", "EVE").replace("Ida", "Eve"))
    said = foreseen()
    write_story(film)
    assert film.clip_ids() == before
    assert said == due_clips(look(film))
    assert 0 < len(said) < len(before)
    edit_screenplay(film, str)
    write_story(film)
    assert (film.clip_ids(), due_clips(look(film))) == (before, ())


def test_the_order_is_that_of_the_screenplay_not_of_the_ids(film, look) -> None:
    edit_screenplay(film, EDITS["an act put in front"][0])
    write_story(film)
    record = look(film)
    assert [clip.clip for clip in record.clips][:3] == ["A02_S01_SH010", "A02_S01_SH020", "A01_S01_SH010"]
    assert record.lineup is not None
    assert record.lineup.acts() == ("A02", "A01")
    edit_screenplay(film, EDITS["an act put before the second scene"][0])
    write_story(film)
    record = look(film)
    assert [(clip.clip, clip.act) for clip in record.clips if clip.clip in ("A01_S01_SH010", "A01_S02_SH010")] == [
        ("A01_S01_SH010", "A01"),
        ("A01_S02_SH010", "A03"),
    ], "the number of the prologue, which is gone, is not given again"


def test_a_moved_block_of_an_outline_that_a_person_edits_is_honoured(film, look, engine) -> None:
    edit_screenplay(film, EDITS["an act put before the second scene"][0])
    write_story(film)
    outline = load_document(film.outline_path, Outline)
    first, second = outline.acts
    moved = (
        first.model_copy(update={"scenes": (*first.scenes, second.scenes[3])}),
        second.model_copy(update={"scenes": (*second.scenes[:3], *second.scenes[4:])}),
    )
    film.outline_path.write_text(dump_document(outline.model_copy(update={"acts": moved})), encoding="utf-8")
    write_story(film)
    record = look(film)
    assert due_clips(record) == ()
    assert [act for act in ("A01", "A02") if "A01_S05_SH010" in [entry.clip for entry in record.lineup.act(act).entries]] == [
        "A01"
    ]
    order = list(film.clip_ids())
    assert order.index("A01_S05_SH010") < order.index("A01_S02_SH010")


EDITED = "A01_S05_SH040"


@pytest.fixture
def mine(film, render_all) -> Project:
    """A film with a clip spec that a person edited."""
    path = film.clip_spec_path(EDITED)
    path.write_text(path.read_text(encoding="utf-8") + "seed: 7\n", encoding="utf-8")
    render_all(film)
    return film


@pytest.mark.parametrize(
    "name", ["a scene put in front", "two neighbouring scenes swapped", "an act put before the second scene"]
)
def test_a_spec_that_a_person_edited_goes_with_its_shot(mine, look, name) -> None:
    edit_screenplay(mine, EDITS[name][0])
    write_story(mine)
    assert mine.clip_spec(EDITED).seed == 7
    assert due_clips(look(mine)) == EDITS[name][1]
    assert load_document(mine.shotlist_path, Shotlist).retired == ()


def test_an_edited_spec_without_its_shot_is_out_of_the_film_until_the_shot_is_back(mine, look, engine, render_all) -> None:
    edit_screenplay(mine, with_scenes(lambda scenes: [*scenes[:4], *scenes[5:]]))
    record = survey(mine, engine_for=lambda *_: engine, writer=BreakdownWriter())
    effect = foresee(mine, record, BreakdownWriter(), engine_for=lambda *_: engine)
    assert effect is not None
    assert effect.aside == (EDITED,)
    assert [clip for clip in mine.clip_ids() if clip.startswith("A01_S05") and clip != EDITED] == list(effect.gone)
    write_story(mine)
    record = look(mine)
    assert record.aside == (EDITED,)
    assert EDITED not in mine.clip_ids()
    assert record.lineup is not None
    assert EDITED not in [entry.clip for entry in record.lineup.entries]
    assert mine.clip_spec_path(EDITED).is_file()
    assert not mine.clip_spec_path("A01_S05_SH010").exists()
    done = StoryDesk(mine, BreakdownWriter()).write_clips()
    assert any(f"{EDITED}.yaml is no shot any more" in note for note in done.notes)

    edit_screenplay(mine, str)
    write_story(mine)
    assert (look(mine).aside, due_clips(look(mine))) == ((), ())
    assert mine.clip_spec(EDITED).seed == 7
    rendered = len(engine.renders)
    render_all(mine)
    assert len(engine.renders) == rendered


def test_a_clip_that_a_person_puts_in_stands_in_its_scene_by_its_number(film, write_clip, look) -> None:
    write_clip(film, "A01_S02_SH025", action="A gull lands on the lamp.")
    edit_screenplay(film, EDITS["a scene moved to the end"][0])
    write_story(film)
    order = film.clip_ids()
    at = order.index("A01_S02_SH025")
    assert order[at - 1 : at + 2] == ("A01_S02_SH020", "A01_S02_SH025", "A01_S02_SH030")
    assert at > order.index("A01_S08_SH010")
    assert film.clip_spec_path("A01_S02_SH025").is_file()


def test_a_film_of_before_ids_were_remembered_keeps_them_and_its_takes(film, look) -> None:
    """Outline and shotlist as an earlier version wrote them, without what this one adds."""
    for path in (film.outline_path, film.shotlist_path):
        text = re.sub(r"(?m)^ +words: .*\n", "", path.read_text(encoding="utf-8"))
        write_generated(film, {path: text}, generator="breakdown 1", input_hash="", overwrite=True)
    assert "words:" not in film.outline_path.read_text(encoding="utf-8")
    assert due_clips(look(film)) == ()
    for name in ("two neighbouring scenes swapped", "a scene put in front"):
        edit_screenplay(film, EDITS[name][0])
        write_story(film)
        assert due_clips(look(film)) == EDITS[name][1]
