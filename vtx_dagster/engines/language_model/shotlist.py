"""The shotlist: how every scene is shot, planned by the model and filled in and completed by rule.

The model sees the scene as numbered elements and answers shots that cover them. Who says what, place, light and the lines of the
file come from the scene. What the model leaves out is shown to it and asked again; what is still left out then is shot by rule.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from vtx_dagster.core.capsules import Capsules
from vtx_dagster.core.errors import InvalidRequestError, NotFoundError
from vtx_dagster.core.outline import Outline, OutlineScene
from vtx_dagster.core.pacing import line_seconds
from vtx_dagster.core.planner import Forecast, Stage
from vtx_dagster.core.screenplay import SceneText
from vtx_dagster.core.shot import DialogueLine, TimeOfDay
from vtx_dagster.core.shotlist import Shot, Shotlist
from vtx_dagster.core.story import Basis, Draft, Job, Provenance, Source, Story
from vtx_dagster.engines.breakdown.cast import Cast
from vtx_dagster.engines.breakdown.numbering import numbered_shots
from vtx_dagster.engines.breakdown.planned import planned_shots
from vtx_dagster.engines.breakdown.rules import check_known, longest_clip_s, named_profile
from vtx_dagster.engines.breakdown.takes import SceneSetting, direction_remarks
from vtx_dagster.engines.language_model.asking import AnswerProblems
from vtx_dagster.engines.language_model.basis import aspect_hash
from vtx_dagster.engines.language_model.desk import ModelDesk
from vtx_dagster.engines.language_model.guess import expected_scenes, guessed
from vtx_dagster.engines.language_model.parallel import PartFailure, attempted, in_parallel
from vtx_dagster.engines.language_model.prompt import Prompt
from vtx_dagster.engines.language_model.roles import Roles
from vtx_dagster.engines.language_model.shot_answer import Board, ShotsAnswer, read_plan
from vtx_dagster.engines.screenplay.fountain import parse_scene
from vtx_dagster.engines.screenplay.heading import read_heading, time_of_day

_TEMPLATE = "shotlist"
_MISSING_TOKENS = 1_500
"""What the elements of a scene add to a question, where it is not written yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filled:
    """The shots of a scene, not numbered yet."""

    shots: tuple[Shot, ...]
    remarks: tuple[str, ...] = ()


class ShotlistStage:
    """Writes the shots of one scene at a time."""

    def __init__(self, desk: ModelDesk) -> None:
        self._desk = desk

    def parts(self, story: Story) -> dict[str, Basis]:
        """Return the scenes that have a file.

        Raises:
            NotFoundError: If the outline is not written yet.
        """
        entries = _Entries(story)
        return {scene: self._basis(story, entries, scene) for scene in story.scenes}

    def prompts(self, story: Story, job: Job) -> list[tuple[str, Prompt]]:
        """Return what would be sent for every scene that is due; nothing for one in which nothing happens.

        Raises:
            InvalidFileError: If a scene file cannot be read, or a direction in it cannot be followed.
            NotFoundError: If there is a file of no scene in the outline, or no scene file.
        """
        return self._prompts(story, self._boards(story, job))

    def forecast(self, story: Story, job: Job) -> Forecast:
        """Return what the scenes that are due would cost at most; a guess for those that are not written.

        Raises:
            InvalidFileError: If a scene file cannot be read, or a direction in it cannot be followed.
            NotFoundError: If there is a file of no scene in the outline.
        """
        expected = expected_scenes(story, job)
        if not (story.outline_source.text and story.scenes):
            return self._guess(story, expected)
        unwritten = [scene for scene in expected if scene.id in job.due and scene.id not in story.scenes]
        known = self._forecast(story, self._boards(story, job))
        return known + self._guess(story, unwritten) if unwritten else known

    def write(self, story: Story, job: Job) -> Iterator[Draft[Shotlist]]:
        """Yield the shots of the scenes that are due, as they are written.

        Raises:
            BudgetError: If they could cost more than is left; nothing is sent then.
            UnfinishedStageError: At the end, if scenes could not be shot.
            InvalidFileError: If a scene file cannot be read, or a direction in it cannot be followed; nothing is sent then.
            InvalidRequestError: If a scene is too long for one question; nothing is sent then.
            NotFoundError: If there is a file of no scene in the outline, or no outline; nothing is sent then.
        """
        boards = self._boards(story, job)
        self._desk.asker.afford(self._forecast(story, boards), stage=Stage.SHOTLIST)
        entries = _Entries(story)

        def shot(scene: str) -> Iterator[Draft[Shotlist] | PartFailure]:
            yield attempted(scene, partial(self._scene, story, entries, scene, boards[scene]))

        yield from in_parallel(list(boards), shot, concurrency=self._desk.concurrency, stage=Stage.SHOTLIST)

    def _scene(self, story: Story, entries: "_Entries", scene: str, board: Board) -> Draft[Shotlist]:
        provenance = Provenance(basis=self._basis(story, entries, scene), writer=self._desk.model)
        if not board.elements:
            nothing = provenance.model_copy(update={"remarks": ("there is nothing to shoot in the scene",)})
            return Draft(part=scene, value=numbered_shots((), story.shotlist, scene=scene), provenance=nothing)
        prompt = self._prompt(story, board)
        answered = self._desk.asker.ask(prompt, partial(_checked, board=board), stage=Stage.SHOTLIST, part=scene)
        shotlist = numbered_shots(answered.value.shots, story.shotlist, scene=scene)
        followed = direction_remarks(board.scene, board.setting, board.roles.cast)
        remarks = (*followed, *prompt.cuts, *answered.remarks, *answered.value.remarks, *_by_rule(shotlist))
        provenance = provenance.model_copy(
            update={
                "template": prompt.template,
                "capsules": Capsules(visual=story.capsules.visual).names(),
                "calls": answered.calls,
                "remarks": remarks,
            }
        )
        return Draft(part=scene, value=shotlist, provenance=provenance)

    def _basis(self, story: Story, entries: "_Entries", scene: str) -> dict[str, str]:
        text = story.scenes[scene].text
        entry = entries.scenes.get(scene)
        if entry is None:
            return {"scene": aspect_hash(text)}
        metadata = story.metadata
        place = story.bible.locations.locations.get(entry.location or "")
        names = [[role.key, role.name, list(role.aliases)] for role in Roles(entries.keys(scene, text), story.bible).roles]
        override = self._desk.library.override_hash(_TEMPLATE)
        return {
            "scene": aspect_hash(text),
            "outline": aspect_hash(
                entry.location, entries.lights[scene], list(entry.characters), [[beat.id, beat.text] for beat in entry.beats]
            ),
            "names": aspect_hash(names, [place.name, list(place.aliases)] if place else None),
            "format": aspect_hash(str(longest_clip_s(metadata))),
            "style": aspect_hash(list(story.capsules.visual.items()), named_profile(entry.heading, story.bible)),
        } | ({"template": override} if override else {})

    def _boards(self, story: Story, job: Job) -> dict[str, Board]:
        if not story.scenes:
            raise NotFoundError("there are no scene files: run `vtx story screenplay` first")
        check_known(story.scenes, story.outline)
        entries = _Entries(story)
        sources = {scene: source for scene, source in story.scenes.items() if scene in job.due}
        texts = {scene: parse_scene(source) for scene, source in sources.items()}
        # Whose key is whose is decided for all of them together: the other scenes' speakers are in the bible.
        others = tuple(dict.fromkeys(element.speaker for text in texts.values() for element in text.elements if element.speaker))
        return {
            scene: _board(story, entries, scene, source, text=texts[scene], others=others) for scene, source in sources.items()
        }

    def _guess(self, story: Story, scenes: Sequence[OutlineScene]) -> Forecast:
        """Return what scenes would cost at most that are not written yet."""
        entries = _Entries(story, scenes)
        stand_ins = {scene.id: Source(name=scene.id, text=f".{scene.id}\n") for scene in scenes}
        boards = (
            _board(story, entries, scene, source, text=parse_scene(source), others=()) for scene, source in stand_ins.items()
        )
        prompts = [self._prompt(story, board) for board in boards]
        return guessed(self._desk, prompts, more_input_tokens=_MISSING_TOKENS)

    def _forecast(self, story: Story, boards: Mapping[str, Board]) -> Forecast:
        return self._desk.asker.forecast(prompt for _, prompt in self._prompts(story, boards))

    def _prompts(self, story: Story, boards: Mapping[str, Board]) -> list[tuple[str, Prompt]]:
        return [(scene, self._prompt(story, board)) for scene, board in boards.items() if board.elements]

    def _prompt(self, story: Story, board: Board) -> Prompt[ShotsAnswer]:
        location = story.bible.locations.locations.get(board.setting.location or "")
        values = {
            "scene": board.setting.id,
            "heading": board.scene.heading,
            "location": location,
            "light": board.setting.time_of_day,
            "roles": board.roles.roles,
            "beats": [beat for beat in board.beats if beat.id],
            "elements": [_shown(board, index) for index in range(len(board.elements))],
            "longest_s": f"{float(board.setting.longest_s):g}",
            "capsules": story.capsules,
        }
        keys = {"characters": board.roles.keys, "beats": board.beat_ids}
        try:
            return self._desk.library.render(_TEMPLATE, ShotsAnswer, values=values, keys=keys)
        except InvalidRequestError as error:
            scene = board.setting.id
            raise InvalidRequestError(f"{scene}: {error.message}", **error.details | {"scene": scene}) from error


class _Entries:
    """What the outline says of every scene.

    Attributes:
        scenes: The scenes by id.
        lights: Their light; ``CONTINUOUS`` takes that of the scene before.
    """

    def __init__(self, story: Story, scenes: Sequence[OutlineScene] | None = None) -> None:
        listed = _scenes(story.outline) if scenes is None else scenes
        self.scenes = {scene.id: scene for scene in listed}
        self.lights: dict[str, TimeOfDay] = {}
        self._cast = Cast(story.bible)
        light = TimeOfDay.DAY
        for scene in listed:
            light = scene.time_of_day or time_of_day(read_heading(scene.heading).time, light)
            self.lights[scene.id] = light

    def keys(self, scene: str, text: str) -> tuple[str, ...]:
        """Return who is in a scene: by the outline, and by name in its text."""
        return tuple(dict.fromkeys((*self.scenes[scene].characters, *self._cast.mentioned(text))))


def _scenes(outline: Outline) -> list[OutlineScene]:
    return [scene for act in outline.acts for scene in act.scenes]


def _board(story: Story, entries: _Entries, scene_id: str, source: Source, *, text: SceneText, others: Sequence[str]) -> Board:
    entry, scene = entries.scenes[scene_id], text
    speakers = tuple(dict.fromkeys(element.speaker for element in scene.elements if element.speaker))
    cast = Cast(story.bible, speakers, others=others)
    keys = (*entries.keys(scene_id, source.text), *map(cast.character, speakers))
    roles = Roles(keys, story.bible, heard=speakers, others=others)
    location = _location(entry, scene, roles.cast)
    place = story.bible.locations.locations.get(location or "")
    setting = SceneSetting(
        id=scene_id,
        file=source.name,
        location=location,
        interior=None if place is None or place.interior == scene.interior else scene.interior,
        time_of_day=time_of_day(scene.time, entries.lights[scene_id]) if scene.time else entries.lights[scene_id],
        longest_s=longest_clip_s(story.metadata),
        style_profile=named_profile(scene.heading, story.bible),
    )
    return Board.of(scene, setting, roles, beats=entry.beats)


def _location(entry: OutlineScene, scene: SceneText, cast: Cast) -> str | None:
    """Return where a scene is: as the outline says, unless its file has another place in its heading."""
    if entry.location and scene.place.casefold() == read_heading(entry.heading).place.casefold():
        return entry.location
    return cast.location(scene.place)


def _shown(board: Board, index: int) -> dict[str, object]:
    """Return an element as the template shows it."""
    element = board.elements[index]
    line = DialogueLine(character="", text=element.text, parenthetical=element.parenthetical)
    return {
        "number": index + 1,
        "speaker": board.roles.cast.character(element.speaker) if element.speaker else "",
        "is_card": element.centred,
        "text": element.text,
        "parenthetical": element.parenthetical,
        "off_screen": element.off_screen,
        "seconds": f"{float(line_seconds(line)):.1f}" if element.speaker else "",
        "note": board.notes.get(index, ""),
    }


def _checked(answer: ShotsAnswer, *, board: Board) -> _Filled:
    """Return the shots of an answer.

    Raises:
        AnswerProblems: If it leaves something out or covers it twice; its partial value is completed by rule.
    """
    reading = read_plan(answer, board)
    shots = planned_shots(board.scene, board.setting, board.roles.cast, reading.plan)
    filled = _Filled(shots=tuple(shots), remarks=reading.remarks)
    if reading.problems:
        raise AnswerProblems(reading.problems, partial=filled)
    return filled


def _by_rule(shotlist: Shotlist) -> tuple[str, ...]:
    """Return a remark for every shot that the model left out."""
    return tuple(
        f"{shot.id} was added by rule: nothing covered lines {shot.sources[0].lines.first}-{shot.sources[-1].lines.last}"
        for shot in shotlist.shots
        if shot.by_rule
    )
