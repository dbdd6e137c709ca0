"""Where things stand on the pages of one screenplay, learned from the pages: margins differ by program and paper."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from vtx_dagster.engines.screenplay.typed_lines import TypedLine, TypedPage, heading_lefts, is_name, pitch_of, usual_end

_MOST: Final = 0.8
_LONG: Final = 0.97


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Where things stand on the pages of one screenplay.

    Attributes:
        character: Width of a character.
        pitch: Distance of lines.
        action: Where headings and action begin.
        speech: Where dialogue begins; beyond the page where there is none.
        margin: Where lines of action end.
        speech_margin: Where lines of dialogue end.
        middle: The middle between the margins.
        are_headings_bold: Headings are bold, and action is not.
        heading_gap: The least gap above a heading; beyond the page where it is that above any paragraph.
    """

    character: float
    pitch: float
    action: float
    speech: float
    margin: float
    speech_margin: float
    middle: float
    are_headings_bold: bool
    heading_gap: float

    @classmethod
    def of(cls, pages: Sequence[TypedPage]) -> "Grid | None":
        """Return what can be learned from pages; None without a heading."""
        lines = [line for page in pages for line in page.lines]
        widths = sorted((piece.right - piece.left) / len(piece.text) for line in lines for piece in line.pieces)
        character = widths[len(widths) // 2] if widths else 0.0
        if character <= 0.0:
            return None
        action = _action_left(lines, character)
        ordinary = [line for line in lines if len(line.pieces) == 1 and not is_name(line.text) and line.text[0] != "("]
        if action is None:
            return None
        speech = _speech_left([line.left for line in ordinary if line.left > action + 2.5 * character], character)
        margin = usual_end(
            [line.right for line in ordinary if abs(line.left - action) < character], action + 60 * character, share=_LONG
        )
        speech_margin = usual_end([line.right for line in ordinary if abs(line.left - speech) < character], margin, share=_LONG)
        pitch = pitch_of(pages)
        headings = [line for line in lines if heading_lefts(line)]
        others = [line for line in ordinary if abs(line.left - action) < character]
        return cls(
            character=character,
            pitch=pitch,
            action=action,
            speech=speech,
            margin=margin,
            speech_margin=speech_margin,
            middle=(action + margin) / 2,
            are_headings_bold=_share(headings, is_bold) > _MOST and _share(others, is_bold) < 1 - _MOST,
            heading_gap=_heading_gap(pages, action=action, character=character, pitch=pitch),
        )


def _share(lines: Sequence[TypedLine], condition: Callable[[TypedLine], bool]) -> float:
    return sum(map(condition, lines)) / len(lines) if lines else 0.0


def is_bold(line: TypedLine) -> bool:
    """Say whether all of a line is bold."""
    return all(run.bold or not run.text.strip() for piece in line.pieces for run in piece.runs)


def _heading_gap(pages: Sequence[TypedPage], *, action: float, character: float, pitch: float) -> float:
    """Return from which gap on a line is a heading, where headings stand further below than paragraphs of action do."""
    above_headings: list[float] = []
    above_action: list[float] = []
    for page in pages:
        for above, line in pairwise(page.lines):
            gap = line.y - above.y
            if heading_lefts(line):
                above_headings.append(gap)
            elif abs(line.left - action) < character and gap > 1.5 * pitch and not is_name(line.text):
                above_action.append(gap)
    if not above_headings or not above_action:
        return float("inf")
    usual, least = sorted(above_action)[len(above_action) // 2], sorted(above_headings)[len(above_headings) // 4]
    return least - pitch / 4 if least > usual + pitch / 2 else float("inf")


def _action_left(lines: Sequence[TypedLine], character: float) -> float | None:
    """Return where action begins: where headings do, or where most lines do that are left of names.

    Returns:
        None if there are no headings, and no speeches either.
    """
    lefts = Counter(round(line.left / character * 2) for line in lines if not heading_lefts(line))
    headings = [found for line in lines if (found := heading_lefts(line))]
    if headings:
        low = Counter(round(found[0]) for found in headings).most_common(1)[0][0]
        high = Counter(round(found[-1]) for found in headings).most_common(1)[0][0]
        near = [line.left for line in lines if low - character < line.left < high + 2 * character and not heading_lefts(line)]
        at = Counter(map(round, near)).most_common(1)
        return float(at[0][0] if at else high)
    names = [above for above, below in pairwise(lines) if is_name(above.text) and below.left < above.left - character]
    common = [key for key, count in lefts.items() if count >= max(3, 0.01 * lefts.total())]
    return min(common) * character / 2 if len(names) >= 3 and common else None


def _speech_left(lefts: Sequence[float], character: float) -> float:
    """Return the indent that most lines have, those that are nearly as far in counted with it."""
    counts = Counter(round(left / character * 2) for left in lefts)
    if not counts:
        return float("inf")
    near = {key: sum(counts[key + step] for step in (-1, 0, 1)) for key in counts}
    best = max(near, key=lambda key: (near[key], -key))
    return min(left for left in lefts if abs(round(left / character * 2) - best) <= 1)
