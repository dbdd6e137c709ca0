"""Ids of acts, scenes and shots: kept from the outline and shotlist before, given anew only where something is new."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from vtx_dagster.core.ids import FilmId, number_in, numbers_of
from vtx_dagster.core.outline import Outline, OutlineAct, OutlineScene
from vtx_dagster.core.shotlist import Shot, Shotlist
from vtx_dagster.core.stable_ids import Thing, hash_of_words, kept_ids, new_numbers, remembering
from vtx_dagster.engines.breakdown.shots import SHOT_STEP

_SCENE_NUMBER = re.compile(r"[1-9]\d{0,4}")
_NOT_ITS_WORDS = re.compile(r"#[\w.)-]+#[ \t]*$|^[ \t]*#.*$", re.MULTILINE)
"""Production numbers, and headings of acts: they change around a scene that stays the same."""


def numbered_outline(
    outline: Outline,
    previous: Outline | None,
    *,
    given: Sequence[Sequence[str]],
    texts: Sequence[str] = (),
    texts_before: Mapping[str, str] | None = None,
    scene_step: int = 1,
) -> Outline:
    """Return an outline with ids for its acts and scenes.

    Args:
        outline: Its ids are placeholders.
        previous: The outline before; its ids stay with what is the same, wherever it stands now.
        given: The scene numbers of every act as the screenplay gives them, empty where it gives none. A new scene is called by
            its number if that is a whole one and free.
        texts: The text of every scene, where they are written already: scenes are known by it, and without it by their beats.
        texts_before: The texts that scenes of ``previous`` have, by id.
        scene_step: Distance of the numbers of new scenes at the end of an act, 1 or more.
    """
    previous = previous or Outline(title="")
    before = [_thing(scene, (texts_before or {}).get(scene.id, "")) for scene in _scenes(previous)]
    scenes = list(_scenes(outline))
    texts = texts or [""] * len(scenes)
    now = [_thing(scene, text) for scene, text in zip(scenes, texts, strict=True)]
    ids = kept_ids(before, now, remembered=[one for one in previous.remembered if _is_scene(one.id)])
    kept = iter(ids)
    kept_of = [[next(kept) for _ in act.scenes] for act in outline.acts]
    act_ids = _act_ids(outline.acts, kept_of, previous)
    words = iter([words_of_scene(text) if text else None for text in texts])
    used = _known(previous)
    acts = []
    for act, act_id, kept_scenes, numbers in zip(outline.acts, act_ids, kept_of, given, strict=True):
        wanted = [int(number) if _SCENE_NUMBER.fullmatch(number) else None for number in numbers]
        scene_ids = _ids_in(act_id, kept_scenes, used, step=scene_step, wanted=wanted)
        used |= set(scene_ids)
        numbered = tuple(
            scene.model_copy(update={"id": scene_id, "words": next(words)})
            for scene, scene_id in zip(act.scenes, scene_ids, strict=True)
        )
        acts.append(act.model_copy(update={"id": act_id, "scenes": numbered}))
    return _retiring(outline.model_copy(update={"acts": tuple(acts)}), previous, before)


def words_of_scene(text: str) -> str:
    """Return the hash of what is written in a scene, as ``OutlineScene.words`` has it."""
    return hash_of_words(_own_words(text))


def with_new_scenes(outline: Outline, act_id: str, scenes: Sequence[OutlineScene], *, scene_step: int = 1) -> Outline:
    """Return an outline in which one act has other scenes; those that are the same as before keep their ids.

    Args:
        outline: The outline before; it has the act.
        act_id: The act, which keeps its own id.
        scenes: Their ids are placeholders.
        scene_step: Distance of the numbers of new scenes at the end of the act, 1 or more.
    """
    before = [_thing(scene) for act in outline.acts if act.id == act_id for scene in act.scenes]
    elsewhere = {scene.id for act in outline.acts if act.id != act_id for scene in act.scenes}
    remembered = [one for one in outline.remembered if _is_scene(one.id) and one.id not in elsewhere]
    kept = kept_ids(before, [_thing(scene) for scene in scenes], remembered=remembered)
    ids = _ids_in(act_id, kept, _known(outline), step=scene_step)
    numbered = tuple(scene.model_copy(update={"id": scene_id}) for scene, scene_id in zip(scenes, ids, strict=True))
    acts = tuple(act.model_copy(update={"scenes": numbered}) if act.id == act_id else act for act in outline.acts)
    return _retiring(outline.model_copy(update={"acts": acts}), outline, before)


def numbered_shots(shots: Iterable[Shot], previous: Shotlist | None, *, scene: str = "") -> Shotlist:
    """Return shots with their ids: those of ``previous`` where the shot is the same, also if it stands in another scene now.

    Args:
        shots: Scene after scene; their ids are placeholders.
        previous: The shotlist before.
        scene: The only scene that the shots are of. Scenes that are written one by one must not take shots from each other, so
            they are known again only where they were.

    Returns:
        The shots, and what was retired.
    """
    previous, shots = previous or Shotlist(), list(shots)
    before = previous if not scene else _of_scene(previous, scene)
    kept = kept_ids(
        [_shot_thing(shot) for shot in before.shots], [_shot_thing(shot) for shot in shots], remembered=before.remembered
    )
    used: defaultdict[str, set[str]] = defaultdict(set)
    for known in (*(shot.id for shot in previous.shots), *previous.retired):
        used[known.rpartition("_")[0]].add(known)
    by_scene: dict[str, list[int]] = {}
    for index, shot in enumerate(shots):
        by_scene.setdefault(shot.scene, []).append(index)
    numbered = list(shots)
    for scene_id, indices in by_scene.items():
        ids = _ids_in(scene_id, [kept[index] for index in indices], used[scene_id], step=SHOT_STEP)
        for index, shot_id in zip(indices, ids, strict=True):
            numbered[index] = shots[index].model_copy(update={"id": shot_id})
    return with_retired(numbered, before)


def with_retired(shots: Iterable[Shot], *before: Shotlist) -> Shotlist:
    """Return a shotlist of shots that retires, and remembers, all that shotlists before it had and that are gone."""
    shots = tuple(shots)
    known = [one for shotlist in before for one in shotlist.remembered]
    had = [shot for shotlist in before for shot in shotlist.shots]
    retired = {*(id_text for shotlist in before for id_text in shotlist.retired), *(shot.id for shot in had)}
    return Shotlist(
        shots=shots,
        retired=_sorted(retired - {shot.id for shot in shots}),
        remembered=remembering(known, map(_shot_thing, had), map(_shot_thing, shots)),
    )


def _of_scene(shotlist: Shotlist, scene: str) -> Shotlist:
    """Return the shots of one scene, and what is remembered of it."""
    shots = tuple(shot for shot in shotlist.shots if shot.scene == scene)
    # Where a shot stood last decides, so that no two scenes find the same one again.
    last = {one.id: one.place for one in shotlist.remembered} | {shot.id: shot.scene for shot in shotlist.shots}
    remembered = tuple(one for one in shotlist.remembered if last[one.id] == scene)
    gone = {one.id for one in remembered} - {shot.id for shot in shots}
    return Shotlist(shots=shots, retired=_sorted(gone), remembered=remembered)


def _retiring(outline: Outline, previous: Outline, scenes_before: Sequence[Thing]) -> Outline:
    """Return an outline that retires, and remembers, what the one before had and it has not."""
    before = [*map(_act_thing, previous.acts), *scenes_before]
    now = [*map(_act_thing, outline.acts), *(_thing(scene) for scene in _scenes(outline))]
    present = {thing.id for thing in now}
    return outline.model_copy(
        update={
            "retired": _sorted(_known(previous) - present),
            "remembered": remembering(previous.remembered, before, now),
        }
    )


def _act_ids(acts: Sequence[OutlineAct], scenes: Sequence[Sequence[str | None]], previous: Outline) -> list[str]:
    """Return the ids of acts: an act is the same if scenes of it are, above all if it is called the same or begins the same.

    Args:
        acts: The acts now.
        scenes: For each the ids that its scenes keep; None for new scenes.
        previous: The outline before.
    """
    had = {act.id: [scene.id for scene in act.scenes] for act in previous.acts}
    staying = {scene for kept in scenes for scene in kept}
    marks = [_act_mark(act.title, kept) for act, kept in zip(acts, scenes, strict=True)]
    called = defaultdict(list)
    for one in reversed(previous.remembered):
        if not _is_scene(one.id):
            called[one.words].append(one.id)
    ranked = []
    for new, act in enumerate(acts):
        begins = next((scene for scene in scenes[new] if scene), None)
        for old, before in enumerate(previous.acts):
            shared = set(scenes[new]).intersection(had[before.id])
            has_title = bool(act.title) and act.title == before.title
            first = next((scene for scene in had[before.id] if scene in staying), None)
            is_or_was_called_so = marks[new] == _act_mark(before.title, had[before.id]) or before.id in called[marks[new]]
            rank = 0 if shared and is_or_was_called_so else 2
            if shared or has_title:
                ranked.append((rank, first not in shared, begins not in shared, -len(shared), new, old, before.id))
        # An act that is gone comes back under the name that it had.
        ranked += [(1, False, False, 0, new, age, gone) for age, gone in enumerate(called[marks[new]]) if gone not in had]
    found: dict[int, str] = {}
    for *_, new, _, act_id in sorted(ranked):
        if new not in found and act_id not in found.values():
            found[new] = act_id
    used = {numbers_of(known)[0] for known in _known(previous)}
    kept = [numbers_of(found[new])[0] if new in found else None for new in range(len(acts))]
    return [str(FilmId.of(number)) for number in new_numbers(kept, used)]


def _ids_in(
    parent: str, kept: Sequence[str | None], used: Collection[str], *, step: int, wanted: Sequence[int | None] = ()
) -> list[str]:
    """Return ids for all that stands in an act or scene: kept ones, and new ones that are made of its id.

    Args:
        parent: The id of the act or scene.
        kept: Ids that stay; they may be made of others. None for what is new.
        used: All ids that were ever given, of this act or scene at least.
        step: Distance of new numbers at the end.
        wanted: Numbers that the author gives, one for each.
    """
    own = [index for index, known in enumerate(kept) if known is None or number_in(known, parent) is not None]
    numbers = new_numbers(
        [None if (known := kept[index]) is None else number_in(known, parent) for index in own],
        {number for known in used if (number := number_in(known, parent)) is not None},
        step=step,
        wanted=[wanted[index] for index in own] if wanted else (),
    )
    made = {index: str(FilmId((*numbers_of(parent), number))) for index, number in zip(own, numbers, strict=True)}
    return [made.get(index, known or "") for index, known in enumerate(kept)]


def _thing(scene: OutlineScene, text: str = "") -> Thing:
    """Return by what a scene is known: the words that the screenplay has for it, or its heading and beats."""
    told = " ".join((scene.heading, *(beat.text for beat in scene.beats)))
    own = _own_words(text)
    marks = (scene.words, words_of_scene(text) if own else None, hash_of_words(told))
    return Thing(marks=tuple(mark for mark in marks if mark), text=own or told, id=scene.id)


def _is_scene(id_text: str) -> bool:
    return len(numbers_of(id_text)) > 1


def _own_words(text: str) -> str:
    return _NOT_ITS_WORDS.sub("", text)


def _act_mark(title: str, scenes: Sequence[str | None]) -> str:
    return hash_of_words(title or f"{next((scene for scene in scenes if scene), '')}")


def _act_thing(act: OutlineAct) -> Thing:
    return Thing(marks=(_act_mark(act.title, [scene.id for scene in act.scenes]),), id=act.id)


def _shot_thing(shot: Shot) -> Thing:
    """Return by what a shot is known: what happens and who says what, or, where people have other names now, what is said."""
    told = " ".join((shot.action, *(f"{line.character} {line.text}" for line in shot.dialogue)))
    said = " ".join((shot.action, *(line.text for line in shot.dialogue)))
    marks = dict.fromkeys((hash_of_words(told), hash_of_words(said)))
    return Thing(marks=tuple(marks), text=told, place=shot.scene, id=shot.id)


def _known(outline: Outline) -> set[str]:
    """Return every id that was given to an act or a scene."""
    return {*outline.retired, *(act.id for act in outline.acts), *(scene.id for scene in _scenes(outline))}


def _scenes(outline: Outline) -> Iterator[OutlineScene]:
    for act in outline.acts:
        yield from act.scenes


def _sorted(ids: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted(ids, key=numbers_of))
