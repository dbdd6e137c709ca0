"""The coverage proof: everything in the scenes is in exactly one shot, and every shot says which lines it covers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter

from vtx_dagster.core.screenplay import Element, ElementKind, Lines, SceneText
from vtx_dagster.core.shotlist import Shot, Shotlist, ShotSource

_COVERED = frozenset({ElementKind.ACTION, ElementKind.DIALOGUE, ElementKind.LYRIC})


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageReport:
    """What the proof found.

    Attributes:
        num_elements: Action paragraphs, speeches and lyrics in all scenes.
        num_shots: Shots in the shotlist.
        problems: What is wrong, each with the scene and the lines of its file (``A01_S02:14-16: ...``); empty if the proof holds.
    """

    num_elements: int
    num_shots: int
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def covered_elements(scene: SceneText) -> tuple[Element, ...]:
    """Return the elements that must be in a shot: action, speeches and lyrics."""
    return tuple(element for element in scene.elements if element.kind in _COVERED)


def action_texts(scene: SceneText) -> list[str]:
    """Return what the action of a scene says, paragraph by paragraph: everything that must be in a shot and nobody speaks."""
    return [element.text for element in covered_elements(scene) if not element.speaker]


def prove_coverage(scenes: Mapping[str, SceneText], shotlist: Shotlist) -> CoverageReport:
    """Check that every element of every scene is in exactly one shot.

    An element may be cut over several shots: then every part of it is in exactly one. What is said in the shots must be, word for
    word, what the scene says; action may be put in other words.

    Args:
        scenes: The parsed scene files by scene id.
        shotlist: The shots of all of them; those of one scene in order.

    Returns:
        A report; nothing is raised for a shotlist that is wrong.
    """
    problems = [*_id_problems(shotlist.shots)]
    shots_of: dict[str, list[Shot]] = {}
    for shot in shotlist.shots:
        shots_of.setdefault(shot.scene, []).append(shot)
    strangers = [(scene_id, shots[0].id) for scene_id, shots in shots_of.items() if scene_id not in scenes]
    problems += [f"{scene_id}: {shot_id} belongs to a scene that has no file" for scene_id, shot_id in strangers]
    num_elements = 0
    for scene_id, scene in scenes.items():
        num_elements += len(covered_elements(scene))
        problems += _Scene(scene_id, scene).problems(shots_of.get(scene_id, []))
    return CoverageReport(num_elements=num_elements, num_shots=len(shotlist.shots), problems=tuple(problems))


def _id_problems(shots: Iterable[Shot]) -> Iterable[str]:
    seen: set[str] = set()
    for shot in shots:
        if shot.id in seen:
            yield f"{shot.scene}: {shot.id} is the id of two shots"
        seen.add(shot.id)


@dataclass(frozen=True, slots=True)
class _Scene:
    """One scene and what is to be covered in it."""

    id: str
    text: SceneText

    def problems(self, shots: list[Shot]) -> list[str]:
        elements = covered_elements(self.text)
        by_line = {line: index for index, element in enumerate(elements) for line in _span(element.lines)}
        cited: dict[int, list[tuple[ShotSource, Shot]]] = {index: [] for index in range(len(elements))}
        spoken: dict[int, list[tuple[int, str]]] = {}
        problems: list[str] = []
        for shot in shots:
            if not shot.sources:
                problems.append(f"{self.id}: {shot.id} cites no lines")
            speeches: list[tuple[int, ShotSource]] = []
            for source in shot.sources:
                found = sorted({by_line[line] for line in _span(source.lines, self.text) if line in by_line})
                problems += self._citation_problems(shot, source, [elements[index] for index in found])
                for index in found:
                    cited[index].append((source, shot))
                    if elements[index].speaker:
                        speeches.append((index, source))
            wanted = sum(source.spoken for _, source in speeches)
            if wanted != len(shot.dialogue):
                problems.append(f"{self.id}: {shot.id} has {len(shot.dialogue)} dialogue lines and cites {wanted} speeches")
            said = iter(shot.dialogue)
            for index, source in speeches:
                spoken.setdefault(index, []).extend((source.part, line.text) for line in islice(said, source.spoken))
        for index, element in enumerate(elements):
            problems += self._element_problems(element, cited[index], spoken.get(index, []))
        return problems

    def _citation_problems(self, shot: Shot, source: ShotSource, found: list[Element]) -> Iterable[str]:
        where = self._where(source)
        if not found:
            yield f"{where}: {shot.id} cites lines in which there is no action and no speech"
        elif any(element.lines.first < source.lines.first or element.lines.last > source.lines.last for element in found):
            yield f"{where}: {shot.id} cites half a paragraph"
        elif source.parts > 1 and len(found) > 1:
            yield f"{where}: {shot.id} cites a part of several paragraphs at once"

    def _element_problems(
        self, element: Element, citations: list[tuple[ShotSource, Shot]], spoken: list[tuple[int, str]]
    ) -> Iterable[str]:
        where = self._where(element)
        shots = ", ".join(shot.id for _, shot in citations)
        if not citations:
            yield f"{where}: in no shot: {element.text[:60]}"
            return
        parts = {source.parts for source, _ in citations}
        if len(parts) > 1:
            yield f"{where}: in {shots}, cut into different numbers of parts"
            return
        wanted = list(range(1, parts.pop() + 1))
        got = [source.part for source, _ in citations]
        if got != wanted:
            what = (
                "in more than one shot"
                if len(wanted) == 1
                else f"parts {got} of {len(wanted)} are covered, each must be once, in order"
            )
            yield f"{where}: {what} ({shots})"
        elif element.speaker and _words("".join(text for _, text in sorted(spoken, key=itemgetter(0)))) != _words(element.text):
            yield f"{where}: {shots} say something else than the scene: {element.text[:60]}"

    def _where(self, at: ShotSource | Element) -> str:
        lines = at.lines
        return f"{self.id}:{lines.first}" if lines.first == lines.last else f"{self.id}:{lines.first}-{lines.last}"


def _span(lines: Lines, within: SceneText | None = None) -> range:
    """Return the line numbers of a range; cut to a scene, so that an absurd range costs nothing."""
    last = lines.last if within is None else min(lines.last, within.lines.last)
    return range(lines.first, last + 1)


def _words(text: str) -> str:
    """Return a text without white space: cut and joined, a text is the same."""
    return "".join(text.split())
