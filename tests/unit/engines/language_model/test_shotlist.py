from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from vtx_dagster.core.bible import Bible, Character, Characters, Location, Locations, StyleBible, StyleProfile
from vtx_dagster.core.capsules import Capsules, VisualCapsule, WritingCapsule
from vtx_dagster.core.coverage import prove_coverage
from vtx_dagster.core.errors import BudgetError, InvalidRequestError, NotFoundError, UnfinishedStageError
from vtx_dagster.core.ids import FilmId
from vtx_dagster.core.metadata import Metadata, RenderOptions
from vtx_dagster.core.outline import Beat, Outline, OutlineAct, OutlineScene
from vtx_dagster.core.shot import Angle, CameraMove, ShotSize, TimeOfDay
from vtx_dagster.core.shotlist import Shot, Shotlist
from vtx_dagster.core.stable_ids import Remembered
from vtx_dagster.core.story import Draft, Job, Source
from vtx_dagster.engines.language_model.shotlist import ShotlistStage
from vtx_dagster.engines.screenplay.fountain import parse_scene

SCENE = """\
INT. LAMP ROOM - NIGHT

Mara climbs in.

MARA
(whispering)
Who is there? I heard you.

NOAH (O.S.)
Nobody.

[[SHOT: CU, dolly in, her hands]]
Her hands shake.
"""
BIBLE = Bible(
    characters=Characters(characters={"mara": Character(name="Mara", aliases=("The Keeper",)), "ida": Character(name="Ida")}),
    locations=Locations(locations={"lamp_room": Location(name="Lamp Room")}),
    style=StyleBible(profiles={"flashback": StyleProfile(prefix="Grainy.")}),
)
BEATS = (Beat(id="A01_S01_B01", text="She comes."), Beat(id="A01_S01_B02", text="She is not alone."))


def shot(*elements: int, **facts):
    facts = {"characters": ["mara"], "action": "Mara waits.", **facts}
    return {
        "elements": list(elements),
        "size": "MS",
        "angle": "eye_level",
        "move": "static",
        "lens_mm": 50,
        "beats": [],
        "props": [],
        "continuity": "",
        **facts,
    }


ALL = (shot(1), shot(2), shot(3), shot(4))


def answering(*shots):
    return {"shots": list(shots)}


def outlined(number: int, **facts) -> OutlineScene:
    facts = {
        "heading": "INT. LAMP ROOM - NIGHT",
        "characters": ("mara", "noah"),
        "beats": BEATS,
        "location": "lamp_room",
        **facts,
    }
    return OutlineScene(id=f"A01_S{number:02d}", **facts)


def outline(*scenes: OutlineScene) -> Outline:
    return Outline(title="The Light", acts=(OutlineAct(id="A01", scenes=scenes or (outlined(1),)),))


def source(text: str = SCENE, number: int = 1) -> Source:
    return Source(name=f"story/03_scenes/A01_S{number:02d}__lamp_room.fountain", text=text)


@pytest.fixture
def given(story_of):
    def make(*texts: str, scenes=None, **facts):
        files = {f"A01_S{number:02d}": source(text, number) for number, text in enumerate(texts or (SCENE,), start=1)}
        entries = scenes or tuple(outlined(number) for number in range(1, len(files) + 1))
        return story_of(**{"given_outline": outline(*entries), "scenes": files, "bible": BIBLE, **facts})

    return make


def all_due(story) -> Job:
    return Job(due=frozenset(story.scenes))


class Shooting:
    """A stage that was written: its drafts, proven, and what the model was asked.

    Args:
        answers: What the model says, one after the other; the last one again and again.
    """

    def __init__(self, desk_of, story, *answers) -> None:
        waiting = list(answers)
        desk, model = desk_of(lambda _: answering(*(waiting.pop(0) if len(waiting) > 1 else waiting[0])))
        self.drafts: list[Draft[Shotlist]] = list(ShotlistStage(desk).write(story, all_due(story)))
        self.requests = model.requests
        for draft in self.drafts:
            scene = parse_scene(story.scenes[draft.part])
            assert prove_coverage({draft.part: scene}, draft.value).problems == ()

    @property
    def draft(self) -> Draft[Shotlist]:
        (draft,) = self.drafts
        return draft

    @property
    def shots(self) -> tuple[Shot, ...]:
        return self.draft.value.shots

    @property
    def told(self) -> str:
        """What the model was told of its answer."""
        return self.requests[-1].messages[-1].text


def test_shots_are_as_the_model_plans_them(desk_of, given):
    planned = shot(
        1,
        size="WS",
        angle="high",
        move="pan_left",
        lens_mm=24,
        action="Mara *climbs* into the dark.",
        beats=["A01_S01_B01"],
        props=["Brass Key", "brass key", " "],
        continuity="Mara enters left.",
    )
    shooting = Shooting(desk_of, given(), (planned, *ALL[1:]))
    first = shooting.shots[0]
    assert (first.size, first.angle, first.move, first.lens_mm) == (ShotSize.WS, Angle.HIGH, CameraMove.PAN_LEFT, 24)
    assert (first.action, first.beats, first.props, first.continuity) == (
        "Mara climbs into the dark.",
        ("A01_S01_B01",),
        ("brass key",),
        "Mara enters left.",
    )
    assert [shot.id for shot in shooting.shots] == [f"A01_S01_SH{number:03d}" for number in (10, 20, 30, 40)]
    assert len(shooting.requests) == 1


def test_what_the_scene_knows_is_taken_from_it(desk_of, given):
    _, second, third, noted = Shooting(desk_of, given(), ALL).shots
    assert (second.location, second.time_of_day) == ("lamp_room", TimeOfDay.NIGHT)
    assert [(line.character, line.text, line.parenthetical, line.off_screen) for line in (*second.dialogue, *third.dialogue)] == [
        ("mara", "Who is there? I heard you.", "whispering", False),
        ("noah", "Nobody.", "", True),
    ]
    assert (noted.size, noted.move, noted.lens_mm) == (ShotSize.CU, CameraMove.DOLLY_IN, 85)


def test_a_draft_says_how_it_came_to_be(desk_of, given):
    capsules = Capsules(writing={"terse": WritingCapsule(title="Terse")}, visual={"film": VisualCapsule(title="Film")})
    story = given(capsules=capsules)
    answer = (shot(1, characters=["marra"], beats=["A01_S09_B01"]), *ALL[1:])
    provenance = Shooting(desk_of, story, answer).draft.provenance
    assert (provenance.writer, provenance.template, provenance.capsules) == ("saying-1", "shotlist 1", ("visual/film",))
    assert provenance.basis == ShotlistStage(desk_of(lambda _: "")[0]).parts(story)["A01_S01"]
    assert len(provenance.calls) == 1
    assert provenance.remarks == ("shot 1: marra was taken for mara", "shot 1: A01_S09_B01 is no beat of this scene")


@pytest.mark.parametrize(
    ("shots", "problem"),
    [
        (ALL[:3], 'element 4 (action: "Her hands shake.") is in no shot'),
        ((*ALL, shot(9)), "shot 5: there is no element 9; they are numbered 1 to 4"),
        ((*ALL, shot()), "shot 5 covers no element: give it one, or leave the shot out"),
        ((shot(1), shot(3), shot(2), shot(4)), 'shot 3: element 2 (MARA: "Who is there? I heard you.") stands before element 3'),
        ((shot(1), shot(2), shot(3, 4)), "shot 3 goes on beyond a direction: begin a new shot at element 4"),
        (
            (shot(1), shot(2), shot(3), shot(3), shot(4)),
            'element 3 (NOAH: "Nobody.") is in 2 shots and can be cut into 1 at most',
        ),
        ((shot(1, action=" "), *ALL[1:]), "shot 1 has no action: say what is seen"),
        ((shot(1, action="Mara runs. " * 12), *ALL[1:]), "shot 1: what happens in it takes longer than 15 s"),
        ((shot(1, characters=["ida"]), *ALL[1:]), "shot 1: ida is not in this scene: mara, noah can be in frame"),
        (tuple(shot(number, characters=[]) for number in (1, 2, 3, 4)), "mara speaks and is never seen to"),
    ],
    ids=["left out", "no such", "none", "order", "direction", "too many cuts", "no action", "too long", "stranger", "never seen"],
)
def test_what_is_wrong_is_told_to_the_model(desk_of, given, shots, problem):
    shooting = Shooting(desk_of, given(), shots, ALL)
    assert problem in shooting.told
    assert len(shooting.requests) == 2
    assert not any(shot.by_rule for shot in shooting.shots)


def test_what_is_still_left_out_is_shot_by_rule_and_said(desk_of, given):
    shooting = Shooting(desk_of, given(), (shot(2), shot(3)))
    assert len(shooting.requests) == 3
    assert [shot.by_rule for shot in shooting.shots] == [True, False, False, True]
    said = " ".join(shooting.draft.provenance.remarks)
    assert 'element 1 (action: "Mara climbs in.") is in no shot' in said
    assert "A01_S01_SH010 was added by rule: nothing covered lines 3-3" in said
    assert "A01_S01_SH040 was added by rule" in said


def test_an_answer_without_a_shot_is_a_scene_by_rule(desk_of, given):
    assert all(shot.by_rule for shot in Shooting(desk_of, given(), ()).shots)


def test_a_speech_may_be_cut_away_from(desk_of, given):
    answer = (shot(1), shot(2), shot(2, characters=["noah"], action="Noah listens."), shot(3), shot(4))
    _, speaker, listener, *_ = Shooting(desk_of, given(), answer).shots
    assert [(line.text, line.off_screen) for line in (*speaker.dialogue, *listener.dialogue)] == [
        ("Who is there?", False),
        ("I heard you.", True),
    ]


def test_ids_stay_with_their_shots(desk_of, given):
    before = Shooting(desk_of, given(), ALL).shots
    elsewhere = before[0].model_copy(update={"id": "A01_S02_SH020", "scene": "A01_S02"})
    remembered = [Remembered(id=f"A01_S0{scene}_SH090", place=f"A01_S0{scene}", words="x") for scene in (1, 2)]
    retired = tuple(one.id for one in remembered)
    shotlist = Shotlist(shots=(*before, elsewhere), retired=retired, remembered=tuple(remembered))
    story = given(scenes=(outlined(1, beats=BEATS[:1]),), shotlist=shotlist)
    listening = shot(2, characters=["noah"], action="Noah listens.")
    again = Shooting(desk_of, story, (shot(1), shot(2), listening, shot(3), shot(4))).draft.value
    assert [shot.id for shot in again.shots] == [f"A01_S01_SH{number:03d}" for number in (10, 20, 25, 30, 40)]
    assert again.retired == ("A01_S01_SH090",)
    assert {one.id for one in again.remembered} == {"A01_S01_SH020", "A01_S01_SH090"}, "one has other words now, and one is gone"


def test_a_scene_in_which_nothing_happens_asks_nothing(desk_of, given):
    story = given("INT. LAMP ROOM - NIGHT\n\n[[nothing yet]]\n")
    shooting = Shooting(desk_of, story, ALL)
    assert (shooting.draft.value, shooting.requests) == (Shotlist(), [])
    assert shooting.draft.provenance.remarks == ("there is nothing to shoot in the scene",)
    assert ShotlistStage(desk_of(lambda _: "")[0]).prompts(story, all_due(story)) == []


def test_the_prompt_shows_the_scene_as_numbered_elements(desk_of, given):
    desk, _ = desk_of(lambda _: "")
    story = given(SCENE + "\n> THE END <\n")
    ((part, prompt),) = ShotlistStage(desk).prompts(story, all_due(story))
    text = prompt.messages[1].text
    for told_to_model in (
        "## INT. LAMP ROOM - NIGHT\n\nScene: A01_S01\nLight: night\nPlace: Lamp Room\n",
        "- `mara`: Mara (also The Keeper)\n- `noah`: Noah\n",
        "- `A01_S01_B01`: She comes.\n",
        '1. Mara climbs in.\n2. `mara`, whispering (2.8 s): "Who is there? I heard you."\n',
        '\n3. `noah`, off screen (0.8 s): "Nobody."\n',
        "(direction for the shot that begins here: CU, dolly in, her hands)\n4. Her hands shake.\n5. Title card: THE END\n",
        "elements 1 to 5",
    ):
        assert told_to_model in text
    properties = prompt.schema["properties"]["shots"]["items"]["properties"]
    assert properties["characters"]["items"]["enum"] == ["mara", "noah"]
    assert properties["beats"]["items"]["enum"] == ["A01_S01_B01", "A01_S01_B02"]
    assert properties["size"]["enum"] == [size.value for size in ShotSize]
    assert part == "A01_S01"


def test_two_scenes_that_look_the_same_are_two_questions(desk_of, given):
    story = given(SCENE, SCENE)
    prompts = dict(ShotlistStage(desk_of(lambda _: "")[0]).prompts(story, all_due(story)))
    for scene, prompt in prompts.items():
        assert f"## INT. LAMP ROOM - NIGHT\n\nScene: {scene}\n" in prompt.messages[1].text


def test_a_scene_without_people_or_beats_can_be_shot(desk_of, given):
    empty = outlined(1, heading="EXT. SEA - DAY", characters=(), beats=(), location=None)
    story = given("EXT. SEA - DAY\n\nWaves.\n", scenes=(empty,))
    shooting = Shooting(desk_of, story, (shot(1, characters=["ida"]),), (shot(1, characters=[]),))
    assert "ida is not in this scene: nobody can be in frame" in shooting.told
    assert shooting.shots[0].location == "sea"


@pytest.mark.parametrize(
    ("heading", "entry", "light", "location"),
    [
        ("INT. LAMP ROOM - NIGHT", {}, TimeOfDay.NIGHT, "lamp_room"),
        ("INT. LAMP ROOM - CONTINUOUS", {"heading": "INT. LAMP ROOM - CONTINUOUS"}, TimeOfDay.DUSK, "lamp_room"),
        ("INT. LAMP ROOM", {"time_of_day": TimeOfDay.DAWN}, TimeOfDay.DAWN, "lamp_room"),
        ("INT. LAMP ROOM - MORNING", {"time_of_day": TimeOfDay.DAWN}, TimeOfDay.MORNING, "lamp_room"),
        ("INT. TOWER - NIGHT", {"heading": "INT. TOWER - NIGHT", "location": "lamp_room"}, TimeOfDay.NIGHT, "lamp_room"),
        ("INT. CELLAR - NIGHT", {}, TimeOfDay.NIGHT, "cellar"),
        ("INT. LAMP ROOM - NIGHT", {"location": None}, TimeOfDay.NIGHT, "lamp_room"),
    ],
    ids=["file", "goes on", "outline", "file has its own light", "outline has the key", "file has its own place", "no key"],
)
def test_place_and_light(desk_of, given, heading, entry, light, location):
    first = outlined(1, heading="EXT. SHORE - DUSK")
    story = given("EXT. SHORE - DUSK\n\nWaves.\n", f"{heading}\n\nMara waits.\n", scenes=(first, outlined(2, **entry)))
    (shots,) = [draft.value.shots for draft in Shooting(desk_of, story, (shot(1),)).drafts if draft.part == "A01_S02"]
    assert (shots[0].time_of_day, shots[0].location) == (light, location)


def test_a_heading_names_the_style_profile(desk_of, given):
    story = given("INT. LAMP ROOM - DAY (FLASHBACK)\n\nMara waits.\n")
    assert Shooting(desk_of, story, (shot(1),)).shots[0].style_profile == "flashback"


def change(story, field):
    """Return a story in which one thing is different."""
    mara = BIBLE.characters.characters["mara"]

    def bible(**facts):
        people = {**BIBLE.characters.characters, "mara": mara.model_copy(update=facts)}
        return replace(story, bible=BIBLE.model_copy(update={"characters": Characters(characters=people)}))

    def entry(**facts):
        return replace(story, given_outline=outline(outlined(1, **facts), outlined(2)))

    places = Locations(locations={"lamp_room": Location(name="Lamp Room", aliases=("The Top",))})
    return {
        "scene": lambda: replace(story, scenes={**story.scenes, "A01_S01": source(SCENE.replace("shake", "rest"))}),
        "synopsis": lambda: entry(synopsis="Other."),
        "light": lambda: entry(time_of_day=TimeOfDay.DAWN),
        "characters": lambda: entry(characters=("mara", "noah", "ida")),
        "beats": lambda: entry(beats=BEATS[:1]),
        "alias": lambda: bible(aliases=()),
        "voice": lambda: bible(voice="loud", descriptor="tall"),
        "place": lambda: replace(story, bible=BIBLE.model_copy(update={"locations": places})),
        "longest": lambda: replace(story, metadata=Metadata(title="Film", render=RenderOptions(max_clip_s=8))),
        "title": lambda: replace(story, metadata=Metadata(title="Other")),
        "look": lambda: replace(story, capsules=Capsules(visual={"film": VisualCapsule(title="Film")})),
        "words": lambda: replace(story, capsules=Capsules(writing={"terse": WritingCapsule(title="Terse")})),
    }[field]()


@pytest.mark.parametrize(
    ("field", "aspects"),
    [
        ("scene", {"scene"}),
        ("synopsis", set()),
        ("light", {"outline"}),
        ("characters", {"outline", "names"}),
        ("beats", {"outline"}),
        ("alias", {"names"}),
        ("voice", set()),
        ("place", {"names"}),
        ("longest", {"format"}),
        ("title", set()),
        ("look", {"style"}),
        ("words", set()),
    ],
)
def test_what_decides_the_shots_of_a_scene(desk_of, given, field, aspects):
    stage = ShotlistStage(desk_of(lambda _: "")[0])
    story = given(SCENE, SCENE)
    before, after = stage.parts(story), stage.parts(change(story, field))
    assert list(before) == ["A01_S01", "A01_S02"]
    assert {aspect for aspect in before["A01_S01"] if before["A01_S01"][aspect] != after["A01_S01"][aspect]} == aspects
    if field in {"scene", "light", "characters", "beats"}:
        assert before["A01_S02"] == after["A01_S02"]


def test_a_template_of_the_project_decides_too(desk_of, given, tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/shotlist.md").write_text("---\nmax_output_tokens: 100\n---\n# system\nShoot.\n# user\n{{ heading }}\n")
    assert "template" in ShotlistStage(desk_of(lambda _: "")[0]).parts(given())["A01_S01"]


def test_only_what_is_due_is_written(desk_of, given):
    desk, model = desk_of(lambda _: answering(*ALL))
    drafts = list(ShotlistStage(desk).write(given(SCENE, SCENE.replace("shake", "rest")), Job(due=frozenset({"A01_S02"}))))
    assert ([draft.part for draft in drafts], len(model.requests)) == (["A01_S02"], 1)
    assert {shot.scene for shot in drafts[0].value.shots} == {"A01_S02"}


def test_a_scene_that_fails_does_not_lose_the_others(desk_of, given):
    desk, _ = desk_of(lambda request: "no JSON" if "rest" in request.messages[1].text else answering(*ALL))
    story = given(SCENE, SCENE.replace("shake", "rest"))
    drafts = ShotlistStage(desk).write(story, all_due(story))
    assert next(drafts).part == "A01_S01"
    with pytest.raises(UnfinishedStageError, match="1 of 2 parts failed: A01_S02"):
        next(drafts)


def test_a_file_of_no_scene_is_an_error_before_anything_is_sent(desk_of, given):
    desk, model = desk_of(lambda _: answering(*ALL))
    story = given(SCENE, SCENE, scenes=(outlined(1),))
    assert list(ShotlistStage(desk).parts(story)["A01_S02"]) == ["scene"]
    with pytest.raises(NotFoundError, match=r"A01_S02__lamp_room\.fountain: scene A01_S02 is not in the outline"):
        list(ShotlistStage(desk).write(story, all_due(story)))
    assert model.requests == []


def test_a_direction_that_cannot_be_followed_is_said(desk_of, given):
    desk, _ = desk_of(lambda _: answering(*ALL))
    story = given(SCENE + "\n[[SHOT: CU]]\n")
    (draft,) = ShotlistStage(desk).write(story, all_due(story))
    assert any("nothing stands under this SHOT note" in remark for remark in draft.provenance.remarks)


def test_without_scenes_there_is_nothing_to_shoot(desk_of, given):
    desk, _ = desk_of(lambda _: "")
    with pytest.raises(NotFoundError, match="run `vtx story screenplay` first"):
        list(ShotlistStage(desk).write(replace(given(), scenes={}), Job()))


def test_the_forecast_is_what_is_not_answered_yet(desk_of, given):
    desk, _ = desk_of(lambda _: answering(*ALL))
    story = given(SCENE, SCENE.replace("shake", "rest"))
    before = ShotlistStage(desk).forecast(story, all_due(story))
    assert (before.num_calls, before.is_guess, before.output_tokens) == (2, False, 32_000)
    list(ShotlistStage(desk).write(story, Job(due=frozenset({"A01_S01"}))))
    assert ShotlistStage(desk).forecast(story, all_due(story)).num_calls == 1


@pytest.mark.parametrize(
    ("facts", "job", "num_calls"),
    [
        ({"given_outline": None}, Job(), 12),
        ({}, Job(), 2),
        ({}, Job(only=FilmId.of(1, 2)), 1),
    ],
    ids=["nothing", "outline", "one scene"],
)
def test_what_is_not_written_yet_is_guessed(desk_of, given, facts, job, num_calls):
    desk, _ = desk_of(lambda _: "")
    story = given(SCENE, SCENE, **{"scenes": None, **facts})
    story = replace(story, scenes={})
    forecast = ShotlistStage(desk).forecast(story, job)
    assert (forecast.num_calls, forecast.is_guess) == (num_calls, True)


def test_over_budget_nothing_is_sent(desk_of, given):
    desk, model = desk_of(lambda _: answering(*ALL), budget_usd="0.01")
    story = given()
    with pytest.raises(BudgetError):
        list(ShotlistStage(desk).write(story, all_due(story)))
    assert model.requests == []


def test_a_scene_that_is_too_long_for_one_question_is_named(desk_of, given):
    desk, model = desk_of(lambda _: answering(*ALL), context_tokens=1000)
    story = given()
    with pytest.raises(InvalidRequestError, match="A01_S01: the prompt 'shotlist 1' needs") as caught:
        list(ShotlistStage(desk).write(story, all_due(story)))
    assert (caught.value.details["scene"], caught.value.details["context_tokens"], model.requests) == ("A01_S01", 1000, [])


SHOTS = st.builds(
    lambda elements, characters, action, beats: shot(*elements, characters=characters, action=action, beats=beats),
    st.lists(st.integers(-1, 6), max_size=4),
    st.lists(st.sampled_from(["mara", "noah", "ida", "maraa", "nobody"]), max_size=3),
    st.sampled_from(["", "Mara waits.", "Mara runs. " * 20]),
    st.lists(st.sampled_from(["A01_S01_B01", "B01"]), max_size=2),
)


@drawn(st.lists(SHOTS, max_size=6), st.integers(1, 10**9))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_proof_holds_for_every_answer(desk_of, given, shots, number):
    # The place is another one in every example, so that none is answered from memory.
    assert Shooting(desk_of, given(SCENE.replace("LAMP ROOM", f"ROOM {number}")), tuple(shots)).shots


def test_names_that_are_the_same_in_ascii_are_two_people_though_in_two_scenes(desk_of, given):
    scenes = tuple(outlined(number, characters=(), beats=()) for number in (1, 2))
    story = given("INT. A - DAY\n\n@理\nYes.\n", "INT. B - DAY\n\n@李\nNo.\n", scenes=scenes, bible=Bible())
    drafts = sorted(Shooting(desk_of, story, [shot(1, beats=[])]).drafts, key=lambda draft: draft.part)
    first, second = (draft.value.shots[0].dialogue[0].character for draft in drafts)
    assert second == "li"
    assert first.startswith("li_")
