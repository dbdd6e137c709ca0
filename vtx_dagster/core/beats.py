"""Ids of beats, and what must hold of the ids in an outline that a person edits."""

import itertools
from collections.abc import Collection, Iterator, Mapping

from vtx_dagster.core.ids import numbers_of
from vtx_dagster.core.outline import Beat, Outline, OutlineScene
from vtx_dagster.core.stable_ids import Thing, kept_ids


def numbered_beats(outline: Outline, previous: Outline | None = None, *, known: Mapping[str, str] = {}) -> Outline:
    """Return an outline in which every beat has an id, such as ``A01_S02_B03``.

    A beat that has one keeps it, wherever it stands now: beats can be reordered, split, merged and moved. One that has none gets
    the id that a beat of this scene with its text, or nearly its text, had before, if nothing else has that now; else the next
    number of the scene that never was given.

    Args:
        outline: The outline.
        previous: The outline before it was written anew.
        known: Texts of beats by the ids that they were given at any time, whether the beats are still there or not.
    """
    before = (beat for scene in _scenes(previous) for beat in scene.beats) if previous is not None else ()
    known = dict(known) | {beat.id: beat.text for beat in before if beat.id}
    taken = {beat.id for scene in _scenes(outline) for beat in scene.beats if beat.id}
    given: dict[str, dict[int, str]] = {}
    for id_text, text in known.items():
        given.setdefault(_scene_of(id_text), {})[numbers_of(id_text)[2]] = text
    used: dict[str, set[int]] = {}
    for id_text in taken:
        used.setdefault(_scene_of(id_text), set()).add(numbers_of(id_text)[2])
    acts = []
    for act in outline.acts:
        scenes = []
        for scene in act.scenes:
            numbers = _numbers(scene, given.get(scene.id, {}), used.get(scene.id, set()))
            beats = tuple(_with_id(beat, scene.id, number) for beat, number in zip(scene.beats, numbers, strict=True))
            scenes.append(scene.model_copy(update={"beats": beats}))
        acts.append(act.model_copy(update={"scenes": tuple(scenes)}))
    return outline.model_copy(update={"acts": tuple(acts)})


def id_problems(outline: Outline) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield what is wrong with the ids of an outline: where, as keys and positions from the top, and what."""
    seen: set[str | None] = set()
    for act_index, act in enumerate(outline.acts):
        if act.id in seen:
            yield ("acts", act_index, "id"), f"{act.id} is the id of two acts"
        seen.add(act.id)
        for index, scene in enumerate(act.scenes):
            where = ("acts", act_index, "scenes", index)
            if scene.id in seen:
                yield (*where, "id"), f"{scene.id} is the id of two scenes"
            seen.add(scene.id)
            for position, beat in enumerate(scene.beats):
                if beat.id in seen:
                    yield (*where, "beats", position, "id"), f"{beat.id} is the id of two beats: leave it out of the new one"
                seen |= {beat.id} if beat.id else set()


def _numbers(scene: OutlineScene, given: Mapping[int, str], used: Collection[int]) -> list[int | None]:
    """Return a number for every beat of a scene that has no id, by position.

    Args:
        scene: The scene.
        given: Texts by the numbers that were ever given to beats of the scene.
        used: Numbers of the scene's that some beat has now, wherever it stands.
    """
    free = [Thing.of(text, id_text=str(number)) for number, text in given.items() if number not in used]
    without = [index for index, beat in enumerate(scene.beats) if not beat.id]
    numbers: list[int | None] = [None] * len(scene.beats)
    for index, kept in zip(without, kept_ids(free, [Thing.of(scene.beats[index].text) for index in without]), strict=True):
        numbers[index] = int(kept) if kept is not None else None
    new = itertools.count(max((*given, *used), default=0) + 1)
    return [number if number or beat.id else next(new) for number, beat in zip(numbers, scene.beats, strict=True)]


def _with_id(beat: Beat, scene: str, number: int | None) -> Beat:
    return beat if beat.id else beat.model_copy(update={"id": f"{scene}_B{number:02d}"})


def _scene_of(beat: str) -> str:
    return beat.rpartition("_")[0]


def _scenes(outline: Outline) -> Iterator[OutlineScene]:
    for act in outline.acts:
        yield from act.scenes
