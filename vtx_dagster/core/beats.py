"""Ids of beats, and what must hold of the ids in an outline that a person edits."""

import itertools
from collections.abc import Iterator

from vtx_dagster.core.ids import story_order
from vtx_dagster.core.outline import Beat, Outline, OutlineScene
from vtx_dagster.core.stable_ids import Numbered, matched


def numbered_beats(outline: Outline, previous: Outline | None = None) -> Outline:
    """Return an outline in which every beat has an id, such as ``A01_S02_B03``.

    A beat that has one keeps it, wherever it stands now: beats can be reordered, split, merged and moved. Of a scene in which
    none has an id, beats that the outline before had in that scene keep theirs. Every other one gets the next free number of its
    scene.

    Args:
        outline: The outline.
        previous: The outline before it was written anew.
    """
    taken = {beat.id for scene in _scenes(outline) for beat in scene.beats if beat.id}
    before = {scene.id: scene for scene in _scenes(previous)} if previous is not None else {}
    acts = []
    for act in outline.acts:
        scenes = []
        for scene in act.scenes:
            numbers = _numbers(scene, before.get(scene.id), taken)
            beats = tuple(_with_id(beat, scene.id, number) for beat, number in zip(scene.beats, numbers, strict=True))
            scenes.append(scene.model_copy(update={"beats": beats}))
        acts.append(act.model_copy(update={"scenes": tuple(scenes)}))
    return outline.model_copy(update={"acts": tuple(acts)})


def id_problems(outline: Outline) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield what is wrong with the ids of an outline: where, as keys and positions from the top, and what."""
    seen: set[str] = set()
    last: tuple[int, ...] = ()
    for act_index, act in enumerate(outline.acts):
        for index, scene in enumerate(act.scenes):
            where = ("acts", act_index, "scenes", index)
            if not scene.id.startswith(f"{act.id}_"):
                yield (*where, "id"), f"{scene.id} is not the id of a scene of act {act.id}"
            elif story_order(scene.id) == last:
                yield (*where, "id"), f"{scene.id} is the id of two scenes"
            elif story_order(scene.id) < last:
                yield (*where, "id"), f"{scene.id} stands behind a higher id: scenes play in the order of their ids"
            last = max(last, story_order(scene.id))
            for position, beat in enumerate(scene.beats):
                if beat.id in seen:
                    yield (*where, "beats", position, "id"), f"{beat.id} is the id of two beats: leave it out of the new one"
                seen |= {beat.id} if beat.id else set()


def _numbers(scene: OutlineScene, before: OutlineScene | None, taken: set[str]) -> list[int | None]:
    """Return a number for every beat of a scene that has no id, by position."""
    used = {story_order(id_text)[2] for id_text in taken if id_text.startswith(f"{scene.id}_")}
    kept: list[int | None] = [None] * len(scene.beats)
    if before is not None and not any(beat.id for beat in scene.beats):
        own = [beat for beat in before.beats if beat.id and beat.id not in taken and beat.id.startswith(f"{scene.id}_")]
        known = [Numbered(number=story_order(str(beat.id))[2], text=beat.text) for beat in own]
        used |= {one.number for one in known}
        found = matched(known, [beat.text for beat in scene.beats])
        kept = [None if index is None else known[index].number for index in found]
    free = itertools.count(max(used, default=0) + 1)
    return [number if number or beat.id else next(free) for number, beat in zip(kept, scene.beats, strict=True)]


def _with_id(beat: Beat, scene: str, number: int | None) -> Beat:
    return beat if beat.id else beat.model_copy(update={"id": f"{scene}_B{number:02d}"})


def _scenes(outline: Outline) -> Iterator[OutlineScene]:
    for act in outline.acts:
        yield from act.scenes
