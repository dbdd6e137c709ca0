"""Text in which a speech stands behind the name of who says it, ``MARA (softly): Wait!``: transcripts, and many plays."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from vtx_dagster.engines.screenplay.heading import is_end_card, is_transition
from vtx_dagster.engines.screenplay.typed_lines import has_room, is_heading, is_name, usual_end

_SPEECH = re.compile(r"^\s*(?P<name>[^\s():][^():]{0,40}?)\s*(?P<manner>\([^()]{1,80}\))?\s*:\s+(?P<words>\S.*)$")
_LEAST_SPEECHES: Final = 20
_LEAST_SHARE: Final = 0.1
_MARGIN_SHARE: Final = 0.9


def is_transcript(lines: Sequence[str]) -> bool:
    """Say whether a text has many lines that begin with a name and a colon, and two who speak more than once."""
    names = Counter(found["name"] for line in lines if (found := _labelled(line)))
    number = sum(bool(line.strip()) for line in lines)
    return names.total() >= max(_LEAST_SPEECHES, _LEAST_SHARE * number) and sum(times > 1 for times in names.values()) > 1


def from_transcript(lines: Sequence[str], *, doubled: bool) -> str:
    """Return a transcript as Fountain: what stands in parentheses at the margin is action, and so is all that nobody says.

    Args:
        lines: Lines without tabs.
        doubled: Every line has an empty one below it, so that these part nothing.
    """
    kept = [line.rstrip() for line in lines if line.strip() or not doubled]
    margin = usual_end((len(line) for line in kept if line.strip()), 0, share=_MARGIN_SHARE)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(_fountain_lines(kept, margin=margin))).strip("\n") + "\n"


def _labelled(line: str) -> re.Match[str] | None:
    found = _SPEECH.match(line)
    return found if found and is_name(found["name"]) and not is_transition(f"{found['name']}:") else None


def _fountain_lines(lines: Sequence[str], *, margin: float) -> Iterator[str]:
    above = ""
    is_aside = False
    for line in lines:
        words = line.strip()
        if found := _labelled(line):
            yield from ("", found["name"], *([found["manner"]] if found["manner"] else []), found["words"])
            is_aside = False
        elif is_heading(line) or is_transition(words) or is_end_card(words):
            yield from ("", words, "")
        elif is_aside or words.startswith("("):
            if not is_aside:
                yield ""
            yield words
            is_aside = words.count(")") < words.count("(") + is_aside
            if not is_aside:
                yield ""
        elif words and has_room(above, words, margin=margin) and line[0] != " ":
            yield from ("", words)
        else:
            yield words
        above = line
