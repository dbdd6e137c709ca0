"""Shots of scenes that are as they were: they stay, whatever was edited elsewhere and whatever the rules are by now.

A shotlist says of every scene what its shots were made of. One that an earlier version wrote does not; there the shots of a scene
stay if they still say all of its words, by the same people, in the same place and light.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from vtx_dagster.core.coverage import covered_elements
from vtx_dagster.core.screenplay import Element, Lines, SceneText
from vtx_dagster.core.shotlist import Shot, Shotlist
from vtx_dagster.engines.breakdown.cast import Cast
from vtx_dagster.engines.breakdown.directions import is_direction
from vtx_dagster.engines.breakdown.numbering import words_of_scene
from vtx_dagster.engines.breakdown.pronouns import pronouns_in
from vtx_dagster.engines.breakdown.takes import SceneSetting


def basis_of(scene: SceneText, source: str, setting: SceneSetting, cast: Cast) -> str:
    """Return the hash of everything that decides the shots of a scene, besides the rules and what only varies them.

    Args:
        scene: The scene.
        source: Its text as it was written.
        setting: What is the same in all its shots.
        cast: Who may be in it.
    """
    texts = [element.text for element in scene.elements if not element.speaker]
    asides = [aside.text for element in scene.elements for aside in element.asides]
    speaking = [key for element in scene.elements if element.speaker for key in cast.speakers(element.speaker)]
    keys = sorted({*speaking, *cast.mentioned(" ".join((*texts, *asides))), *setting.recent})
    says_pronouns = any(map(pronouns_in, texts))
    told = [
        [key, str(cast.pronouns.get(key) or "") if says_pronouns else "", cast.display_name(key), cast.is_heard_only(key)]
        for key in keys
    ]
    place = [setting.location, setting.time_of_day, setting.style_profile, str(setting.longest_s), scene.interior]
    before = [bool(setting.visit), sorted(setting.elsewhere.items()), sorted(setting.recent)]
    basis = json.dumps([words_of_scene(source), place, before, told], ensure_ascii=False)
    return hashlib.sha256(basis.encode()).hexdigest()


def standing_shots(scene: SceneText, setting: SceneSetting, cast: Cast, basis: str, previous: Shotlist) -> list[Shot] | None:
    """Return the shots that a scene had, with the lines that it stands on now; None if they are to be made anew.

    Args:
        scene: The scene.
        setting: What is the same in all its shots.
        cast: Who may be in it.
        basis: What its shots are made of now.
        previous: The shotlist before.
    """
    shots = [shot for shot in previous.shots if shot.scene == setting.id]
    known = previous.made_of.get(setting.id)
    stays = known == basis if known is not None else _says_the_same(scene, setting, cast, shots)
    return list(_on_lines_of(scene, shots)) if shots and stays and _fits(scene, shots) else None


def _fits(scene: SceneText, shots: Sequence[Shot]) -> bool:
    """Say whether the shots cover as many elements as the scene has."""
    return len(_lines_of(shots)) == len(covered_elements(scene))


def _lines_of(shots: Sequence[Shot]) -> list[Lines]:
    """Return the lines of every element that shots cover, in order."""
    found = {(source.lines.first, source.lines.last): source.lines for shot in shots for source in shot.sources}
    return [found[place] for place in sorted(found)]


def _on_lines_of(scene: SceneText, shots: Sequence[Shot]) -> Iterator[Shot]:
    """Yield shots with the lines on which their elements stand now: an empty line more is no edit."""
    now: Mapping[Lines, Lines] = dict(zip(_lines_of(shots), (element.lines for element in covered_elements(scene)), strict=True))
    for shot in shots:
        sources = tuple(source.model_copy(update={"lines": now[source.lines]}) for source in shot.sources)
        yield shot.model_copy(update={"sources": sources})


def _says_the_same(scene: SceneText, setting: SceneSetting, cast: Cast, shots: Sequence[Shot]) -> bool:
    """Say whether shots of an earlier version say all words of a scene that nobody directed, by the same people, in one place."""
    if any(map(is_direction, scene.elements)):
        return False
    elements = covered_elements(scene)
    places = {(shot.location, shot.time_of_day, shot.style_profile) for shot in shots}
    speakers = [cast.character(element.speaker) for element in elements if element.speaker]
    spoken = [line.character for shot in shots for line in shot.dialogue]
    return (
        places == {(setting.location, setting.time_of_day, setting.style_profile)}
        and Counter(_words(elements)) == Counter(word for shot in shots for word in _said(shot))
        and set(speakers) == set(spoken)
    )


def _words(elements: Sequence[Element]) -> Iterator[str]:
    for element in elements:
        yield from element.text.split()


def _said(shot: Shot) -> Iterator[str]:
    yield from shot.action.split()
    for line in shot.dialogue:
        yield from line.text.split()
