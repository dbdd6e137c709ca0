"""Ids of acts, scenes and shots: kept from the outline and shotlist before, given anew only where something is new."""

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby

from vtx_dagster.core.ids import FilmId, story_order
from vtx_dagster.core.outline import Outline, OutlineAct, OutlineScene
from vtx_dagster.core.shotlist import Shot, Shotlist
from vtx_dagster.core.stable_ids import Numbered, keep_numbers, retired_numbers
from vtx_dagster.engines.breakdown.shots import SHOT_STEP

_SCENE_NUMBER = re.compile(r"[1-9]\d{0,4}")


def numbered_outline(
    outline: Outline, previous: Outline | None, *, given: Sequence[Sequence[str]], scene_step: int = 1
) -> Outline:
    """Return an outline with its acts and scenes numbered.

    Args:
        outline: Its ids are placeholders.
        previous: The outline before; its ids stay with what is the same.
        given: The scene numbers of every act as the screenplay gives them, empty where it gives none. They are used if all scenes
            of an act have one and they are whole numbers that rise.
        scene_step: Distance of the numbers of new scenes at the end of an act, 1 or more.
    """
    previous = previous or Outline(title="")
    retired = [story_order(id_text) for id_text in previous.retired]
    acts_before = [Numbered(number=story_order(act.id)[0], text=_act_text(act)) for act in previous.acts]
    retired_acts = {numbers[0] for numbers in retired} - {act.number for act in acts_before}
    act_numbers = keep_numbers(acts_before, [_act_text(act) for act in outline.acts], retired=retired_acts)
    before_of = {story_order(act.id)[0]: act.scenes for act in previous.acts}
    acts = []
    for act, number, wanted in zip(outline.acts, act_numbers, given, strict=True):
        gone = {numbers[1] for numbers in retired if numbers[0] == number}
        scenes = _numbered_scenes(
            act.scenes, before_of.get(number, ()), number, step=scene_step, retired=gone, wanted=_whole_numbers(wanted)
        )
        acts.append(act.model_copy(update={"id": str(FilmId.of(number)), "scenes": scenes}))
    ids = {scene.id for act in acts for scene in act.scenes}
    known = {*previous.retired, *(scene.id for act in previous.acts for scene in act.scenes)}
    return outline.model_copy(update={"acts": tuple(acts), "retired": _in_order(known - ids)})


def with_new_scenes(outline: Outline, act_id: str, scenes: Sequence[OutlineScene], *, scene_step: int = 1) -> Outline:
    """Return an outline in which one act has other scenes; those that are the same as before keep their ids.

    Args:
        outline: The outline before; it has the act.
        act_id: The act, which keeps its own id.
        scenes: Their ids are placeholders.
        scene_step: Distance of the numbers of new scenes at the end of the act, 1 or more.
    """
    number = story_order(act_id)[0]
    gone = {story_order(id_text)[1] for id_text in outline.retired if story_order(id_text)[0] == number}
    acts = tuple(
        act.model_copy(
            update={"scenes": _numbered_scenes(scenes, act.scenes, number, step=scene_step, retired=gone, wanted=None)}
        )
        if act.id == act_id
        else act
        for act in outline.acts
    )
    known = {*outline.retired, *(scene.id for act in outline.acts for scene in act.scenes)}
    ids = {scene.id for act in acts for scene in act.scenes}
    return outline.model_copy(update={"acts": acts, "retired": _in_order(known - ids)})


def _numbered_scenes(
    scenes: Sequence[OutlineScene],
    before: Sequence[OutlineScene],
    act: int,
    *,
    step: int,
    retired: Collection[int],
    wanted: Sequence[int] | None,
) -> tuple[OutlineScene, ...]:
    """Return the scenes of an act with their ids: those of ``before`` where the scene is the same."""
    numbered = [Numbered(number=story_order(scene.id)[1], text=_scene_text(scene)) for scene in before]
    numbers = keep_numbers(numbered, [_scene_text(scene) for scene in scenes], step=step, retired=retired, wanted=wanted)
    return tuple(
        scene.model_copy(update={"id": str(FilmId.of(act, number))}) for scene, number in zip(scenes, numbers, strict=True)
    )


def numbered_shots(shots: Iterable[Shot], previous: Shotlist | None) -> Shotlist:
    """Return the shots of a film, scene after scene, with their ids: those of ``previous`` where the shot is the same."""
    previous = previous or Shotlist()
    before_of: dict[str, list[Numbered]] = {}
    for shot in previous.shots:
        before_of.setdefault(shot.scene, []).append(Numbered(number=story_order(shot.id)[2], text=_shot_text(shot)))
    gone_of: dict[str, set[int]] = {}
    for id_text in previous.retired:
        film_id = FilmId.parse(id_text)
        gone_of.setdefault(str(film_id.scene), set()).add(film_id.numbers[2])
    numbered: list[Shot] = []
    retired: set[str] = set(previous.retired)
    for scene, group in groupby(shots, key=lambda shot: shot.scene):
        scene_shots = list(group)
        before, gone = before_of.pop(scene, []), gone_of.get(scene, set())
        numbers = keep_numbers(before, [_shot_text(shot) for shot in scene_shots], step=SHOT_STEP, retired=gone)
        numbered += [
            shot.model_copy(update={"id": _shot_id(scene, number)}) for shot, number in zip(scene_shots, numbers, strict=True)
        ]
        retired |= {_shot_id(scene, number) for number in retired_numbers(before, numbers, gone)}
    retired |= {_shot_id(scene, numbered_shot.number) for scene, before in before_of.items() for numbered_shot in before}
    return Shotlist(shots=tuple(numbered), retired=_in_order(retired))


def _shot_id(scene: str, number: int) -> str:
    return str(FilmId((*FilmId.parse(scene).numbers, number)))


def _in_order(ids: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(ids, key=story_order))


def _whole_numbers(given: Sequence[str]) -> list[int] | None:
    return [int(number) for number in given] if all(_SCENE_NUMBER.fullmatch(number) for number in given) else None


def _act_text(act: OutlineAct) -> str:
    return " ".join((act.title, *(scene.heading for scene in act.scenes)))


def _scene_text(scene: OutlineScene) -> str:
    return " ".join((scene.heading, *(beat.text for beat in scene.beats)))


def _shot_text(shot: Shot) -> str:
    return " ".join((shot.action, *(f"{line.character} {line.text}" for line in shot.dialogue)))
